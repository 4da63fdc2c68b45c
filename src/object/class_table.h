/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object classes: which attributes an object has, and what may be done to each. A rule is a line of one
 * of the specification's tables, its footnotes are bits with the same numbers. What has no rule is refused.
 */
#ifndef CFR_OBJECT_CLASS_TABLE_H
#define CFR_OBJECT_CLASS_TABLE_H

#include "object/attrs.h"
#include "object/material.h"

/** Footnotes of "Common footnotes for object attribute tables" (PKCS#11 4.5), and three of our own. */
enum cfr_footnote {
    F1_NEED_ON_CREATE = 1 << 1,
    F2_BAR_ON_CREATE = 1 << 2,
    F3_NEED_ON_GENERATE = 1 << 3,
    F4_BAR_ON_GENERATE = 1 << 4,
    F5_NEED_ON_UNWRAP = 1 << 5,
    F6_BAR_ON_UNWRAP = 1 << 6, /**< on derivation too */
    F7_HIDE_IF_SENSITIVE = 1 << 7,
    F8_MODIFIABLE = 1 << 8,
    F9_TOKEN_DEFAULT = 1 << 9,
    F10_SO_SETS_TRUE = 1 << 10,
    F11_LATCH_TRUE = 1 << 11,
    F12_LATCH_FALSE = 1 << 12,
    L_TOKEN_SETS = 1 << 16,   /**< the module's alone: no template may give it */
    L_COPY_CHANGES = 1 << 17, /**< C_CopyObject may change it, C_SetAttributeValue not (4.1.3) */
    L_CAN_CLEAR = 1 << 18,    /**< may be given or set empty, and is then not computed (CKA_CHECK_VALUE) */
};

/** What an attribute is when nobody gives it. */
enum cfr_default {
    CFR_DEFAULT_NONE,  /**< the object has it not */
    CFR_DEFAULT_EMPTY, /**< no octets */
    CFR_DEFAULT_ZERO,  /**< the number 0 */
    CFR_DEFAULT_OFF,
    CFR_DEFAULT_ON,
    CFR_DEFAULT_PRIVATE,     /**< true for keys that are secret when the user is logged in */
    CFR_DEFAULT_USE,         /**< true when a mechanism of the key's type does what the rule's flags say */
    CFR_DEFAULT_EXTRACTABLE, /**< true when unwrapped (5.18.3), else false */
};

struct cfr_object;

/** An attribute of a class. */
struct cfr_rule {
    CK_ATTRIBUTE_TYPE type;
    unsigned notes; /**< enum cfr_footnote */
    enum cfr_default otherwise;
    CK_FLAGS use; /**< CFR_DEFAULT_USE: CKF_ENCRYPT … */
    /** Refuses a value that can never be right; NULL: any of the attribute's kind. */
    CK_RV (*check)(struct cfr_span value);
    /** Makes the value when it is read, for attributes that follow from others; NULL: it is kept. */
    CK_RV (*compute)(struct cfr_object *object, struct cfr_buf *out);
};

enum { CFR_CLASS_PARTS_MAX = 6 };

/** A run of rules that several classes share: a table of the specification. */
struct cfr_rules {
    const char *title; /**< the table's caption, for documents */
    const struct cfr_rule *rules;
    size_t count;
};

/** A class of objects, or of objects with one key or certificate type. */
struct cfr_class {
    CK_OBJECT_CLASS class;
    CK_ULONG subtype; /**< CKK_, CKC_ or CKH_ value, or CK_UNAVAILABLE_INFORMATION */
    const char *name; /**< for logs and documents */
    bool is_legacy;   /**< made in tokens of the legacy profile alone */
    bool has_parity;  /**< the value is of DES keys, with their parity bits */
    bool is_built_in; /**< the token's own objects: cannot be created, changed, copied or destroyed */
    const struct cfr_rules *parts[CFR_CLASS_PARTS_MAX];
    const struct cfr_material *material; /**< keys and domain parameters; NULL for the others */
    struct {
        size_t min;
        size_t max;
        size_t step;
    } value_len; /**< secret keys, octets */
};

/** The class of an object, or NULL. */
const struct cfr_class *cfr_class_find(CK_OBJECT_CLASS class, CK_ULONG subtype);

/** Whether a secret key of the class may have @p len octets. */
bool cfr_class_takes_len(const struct cfr_class *class, size_t len);

/** Octets that every secret key of the class has, or 0: they differ. */
size_t cfr_class_fixed_len(const struct cfr_class *class);

/** Whether objects of the class are keys. */
bool cfr_class_is_key(const struct cfr_class *class);

/** Whether any class has this CKA_CLASS value. */
bool cfr_class_is_known(CK_OBJECT_CLASS class);

/** The attribute that says which subtype objects of a class have: CKA_KEY_TYPE, CKA_CERTIFICATE_TYPE, or none (0). */
CK_ATTRIBUTE_TYPE cfr_class_subtype_attr(CK_OBJECT_CLASS class);

/** The rule of an attribute in a class, or NULL. */
const struct cfr_rule *cfr_class_rule(const struct cfr_class *class, CK_ATTRIBUTE_TYPE type);

/** Rules of a class one after the other: start with *cursor 0; NULL at the end. */
const struct cfr_rule *cfr_class_next_rule(const struct cfr_class *class, size_t *cursor);

/** Classes by index, for documents and tests; NULL at the end. */
const struct cfr_class *cfr_class_row(size_t index);

#endif
