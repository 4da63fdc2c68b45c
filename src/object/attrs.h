/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of attributes: of an object, of a template, of a template within a template. Booleans are two bit
 * masks; other values are octets, secret ones in the secret type. One thread writes; a finished set is read
 * by any.
 */
#ifndef CFR_OBJECT_ATTRS_H
#define CFR_OBJECT_ATTRS_H

#include "base/buf.h"
#include "base/secret.h"
#include "object/attr_table.h"

enum { CFR_ATTRS_MAX = 64, CFR_ATTRS_MAX_LEN = CFR_ATTR_MAX_LEN + 65536 /* octets of all values of a set */ };

/** Where a value lies: in the set's plain or secret octets. */
struct cfr_attr_value {
    const struct cfr_attr_row *row;
    uint32_t at;
    uint32_t len;
};

/** Make it with CFR_ATTRS; give it up with cfr_attrs_clear(). */
struct cfr_attrs {
    uint64_t bool_has;   /**< booleans that the set has */
    uint64_t bool_value; /**< their values; zero where bool_has is */
    struct cfr_attr_value *values;
    size_t count;
    size_t room;
    struct cfr_buf plain;
    struct cfr_secret *secret;
};

#define CFR_ATTRS ((struct cfr_attrs){.plain = CFR_BUF(CFR_ATTRS_MAX_LEN)})

void cfr_attrs_clear(struct cfr_attrs *attrs);

static inline void cfr_attrs_dropp(struct cfr_attrs *attrs)
{
    cfr_attrs_clear(attrs);
}

static inline bool cfr_attrs_has_bool(const struct cfr_attrs *attrs, enum cfr_bool bit)
{
    return (attrs->bool_has >> bit & 1) != 0;
}

/** Value of a boolean; false when the set has it not. */
static inline bool cfr_attrs_bool(const struct cfr_attrs *attrs, enum cfr_bool bit)
{
    return (attrs->bool_value >> bit & 1) != 0;
}

static inline void cfr_attrs_set_bool(struct cfr_attrs *attrs, enum cfr_bool bit, bool value)
{
    attrs->bool_has |= (uint64_t)1 << bit;
    attrs->bool_value = (attrs->bool_value & ~((uint64_t)1 << bit)) | (uint64_t)value << bit;
}

/**
 * Whether the set has an attribute that is not a boolean, and its octets. The view is valid until the next
 * write.
 */
bool cfr_attrs_get(const struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type, struct cfr_span *ret_value);

/** The octets of a value, empty when the set has it not. */
struct cfr_span cfr_attrs_value(const struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type);

/** A number, or @p otherwise when the set has it not. */
CK_ULONG cfr_attrs_ulong(const struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise);

/** Whether the set has the attribute, boolean or not. */
bool cfr_attrs_has(const struct cfr_attrs *attrs, const struct cfr_attr_row *row);

/** Set or replace a value; copies it. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_attrs_set(struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type, struct cfr_span value);
NODISCARD CK_RV cfr_attrs_set_ulong(struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type, CK_ULONG value);

/** The same for an attribute that is not a boolean, given by its row. */
NODISCARD CK_RV cfr_attrs_put(struct cfr_attrs *attrs, const struct cfr_attr_row *row, struct cfr_span value);

/** Take a value out, if it is there. */
void cfr_attrs_remove(struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type);

/** Octets of a value of the set. */
struct cfr_span cfr_attrs_view(const struct cfr_attrs *attrs, const struct cfr_attr_value *value);

/** Set all of @p from in @p to, replacing what is there. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_attrs_merge(struct cfr_attrs *to, const struct cfr_attrs *from);

/** Whether both have the attribute with the same value. Not constant-time: never for a sensitive value. */
bool cfr_attrs_same(const struct cfr_attrs *a, const struct cfr_attrs *b, const struct cfr_attr_row *row);

/**
 * The set as octets, in the form that records have: varint bool_has, varint bool_value, then for each value
 * its number (varint) and, by kind, a varint, or a varint length and the octets. CKR_HOST_MEMORY.
 */
NODISCARD CK_RV cfr_attrs_encode(const struct cfr_attrs *attrs, struct cfr_secret **ret_text);

/** A set from such octets. @p attrs is empty before. CKR_DEVICE_ERROR: not such octets; CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_attrs_decode(struct cfr_span text, struct cfr_attrs *attrs);

#endif
