/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The specification's tables of attributes, transcribed: what an object has, the footnotes of each attribute,
 * and its default. They are what the module is compared with, and owe nothing to its own tables.
 */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_FOOTNOTES_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_FOOTNOTES_H

#include "integration/cryptoki/keys.h"

/** Footnotes of the table "Common footnotes for object attribute tables", by number; and three of ours. */
#define NOTE(number) (1U << (number))
#define NOTE_FREE    NOTE(16) /**< no footnote 8, but nothing says that it is fixed: either is right */
#define NOTE_FITS    NOTE(17) /**< follows from the object: may be given where it is right */
#define NOTE_COPY    NOTE(18) /**< C_CopyObject may change it (4.1.3) */

enum note_default {
    IS_ANY, /**< the token's choice, footnote 9, or there is none because it has to be given */
    IS_ABSENT,
    IS_EMPTY,
    IS_ZERO,
    IS_FALSE,
    IS_TRUE,
    IS_UNAVAILABLE, /**< CK_UNAVAILABLE_INFORMATION as a value */
};

enum note_kind { AS_BOOL, AS_ULONG, AS_OCTETS, AS_DATE, AS_MECHANISMS, AS_TEMPLATE };

struct note_row {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
    enum note_kind kind;
    unsigned notes;
    enum note_default otherwise;
};

struct note_table {
    const struct note_row *rows;
    size_t count;
};

enum { NOTE_TABLES_MAX = 5 };

/** An object class with a key type, and the tables that apply to it. */
struct note_class {
    const char *name;
    CK_OBJECT_CLASS class;
    CK_ULONG type;            /**< of the key, or CK_UNAVAILABLE_INFORMATION */
    const char *pkey;         /**< for pkey_new(), "RSA", or NULL */
    size_t value_len;         /**< of a secret key */
    CK_MECHANISM_TYPE keygen; /**< CK_UNAVAILABLE_INFORMATION: none */
    const struct note_table *tables[NOTE_TABLES_MAX];
};

enum { NOTE_CLASS_COUNT = 17 };
extern const struct note_class note_classes[NOTE_CLASS_COUNT];

/** Rows one after the other: start with *cursor 0; NULL at the end. */
const struct note_row *note_next(const struct note_class *class, size_t *cursor);

#endif
