/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attribute registry: every attribute that Coffer knows, its type, and its number on disk. Which objects
 * have it, and what may be done to it, is in class_table.c. An attribute without a row is refused.
 */
#ifndef CFR_OBJECT_ATTR_TABLE_H
#define CFR_OBJECT_ATTR_TABLE_H

#include "base/bytes.h"
#include "base/rv.h"

/** Form of a value. Booleans are kept as bits; every other kind as octets. */
enum cfr_attr_kind {
    CFR_ATTR_BOOL,
    CFR_ATTR_ULONG,      /**< CK_ULONG in memory, varint on disk */
    CFR_ATTR_BYTES,      /**< any octets */
    CFR_ATTR_BIGINT,     /**< big-endian, unsigned */
    CFR_ATTR_TEXT,       /**< UTF-8, not terminated */
    CFR_ATTR_DATE,       /**< CK_DATE, or empty */
    CFR_ATTR_MECHANISMS, /**< array of CK_MECHANISM_TYPE in memory, varints on disk */
    CFR_ATTR_TEMPLATE,   /**< CK_ATTRIBUTE array outside, an encoded attribute set inside */
};

/** A row. */
struct cfr_attr_row {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
    enum cfr_attr_kind kind;
    uint8_t number; /**< on disk, never reused: a bit for booleans, an id for the others */
    bool is_secret; /**< held in the secret type: key values, and the value of a data object */
};

/** Bits of the boolean attributes: their numbers on disk. */
enum cfr_bool {
    CFR_B_TOKEN,
    CFR_B_PRIVATE,
    CFR_B_MODIFIABLE,
    CFR_B_COPYABLE,
    CFR_B_DESTROYABLE,
    CFR_B_SENSITIVE,
    CFR_B_EXTRACTABLE,
    CFR_B_ALWAYS_SENSITIVE,
    CFR_B_NEVER_EXTRACTABLE,
    CFR_B_LOCAL,
    CFR_B_ENCRYPT,
    CFR_B_DECRYPT,
    CFR_B_SIGN,
    CFR_B_VERIFY,
    CFR_B_SIGN_RECOVER,
    CFR_B_VERIFY_RECOVER,
    CFR_B_WRAP,
    CFR_B_UNWRAP,
    CFR_B_DERIVE,
    CFR_B_TRUSTED,
    CFR_B_WRAP_WITH_TRUSTED,
    CFR_B_ALWAYS_AUTHENTICATE,
    CFR_B_RESET_ON_INIT,
    CFR_B_HAS_RESET,
    CFR_B_ENCAPSULATE,
    CFR_B_DECAPSULATE,
    CFR_B_COUNT
};

/** Longest value of any attribute, octets; a template is bounded as a whole by CFR_ATTRS_MAX_LEN. */
enum { CFR_ATTR_MAX_LEN = 1 << 20 };

/** The row of an attribute, or NULL. Rows rise by type. */
const struct cfr_attr_row *cfr_attr_find(CK_ATTRIBUTE_TYPE type);

/** The row with a number on disk, or NULL. */
const struct cfr_attr_row *cfr_attr_by_number(bool is_bool, uint64_t number);

/** Rows by index, for documents and tests; NULL at the end. */
const struct cfr_attr_row *cfr_attr_row(size_t index);

enum { CFR_ATTR_ROWS_MAX = 128 };

/** The index of a row, below CFR_ATTR_ROWS_MAX. */
size_t cfr_attr_index(const struct cfr_attr_row *row);

#endif
