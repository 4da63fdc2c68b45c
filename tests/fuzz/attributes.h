/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates from fuzzer input. A template is a count, the number of the sample whose values it takes, whether
 * it begins with all that makes the sample, and its own attributes: a type and a form, which says what stands
 * there in the sample's place.
 */
#ifndef CFR_TESTS_FUZZ_ATTRIBUTES_H
#define CFR_TESTS_FUZZ_ATTRIBUTES_H

#include "fuzz/input.h"
#include "fuzz/world.h"

/** How an attribute's value is made. */
enum form {
    FORM_SAMPLE,    /**< the sample's value, or else octets (counted) or a number of the input */
    FORM_TWEAKED,   /**< the same with one octet changed: position, mask */
    FORM_EMPTY,     /**< NULL, length 0 */
    FORM_NULL,      /**< NULL with a length */
    FORM_OCTETS,    /**< octets of the input (long), whatever the kind */
    FORM_LIE,       /**< a length that cannot be true, at a few octets; NULL where output goes */
    FORM_TEMPLATE,  /**< an array of attributes, whatever the kind */
    FORM_UNALIGNED, /**< the sample's value at an odd address */
    FORM_REPEATED,  /**< one octet many times: octet, which of the lengths around the limits */
    FORM_ROW,       /**< a number from the tables: class, key type, mechanism */
    FORM_COUNT
};

/**
 * The count's octet: so many attributes of the input's own, after the sample's if COUNT_WITH_SAMPLE is in it;
 * or one of the extraordinary ones.
 */
enum {
    COUNT_OWN_MAX = 15,
    COUNT_FEW = 0x40, /* 3 at most: the more there are, the surer one of them is refused */
    COUNT_WITH_SAMPLE = 0x80,
    COUNT_MANY = 0xfc,
    COUNT_NULL = 0xfd,
    COUNT_ABSURD = 0xfe,
    COUNT_EMPTY = 0xff,
    MEMORY_MAX = SAMPLE_VALUES_MAX + 16 * 17 + 8
};

/** A template with values in memory of their exact size. */
struct attributes {
    CK_ATTRIBUTE *list; /**< what is handed over; may be NULL */
    CK_ULONG count;     /**< what is said to be there */
    CK_ULONG real_count;
    bool is_for_output;       /**< set before: no buffer is shorter than it is said to be */
    void *memory[MEMORY_MAX]; /**< everything that is to be freed */
    size_t memory_count;
};

/** Read one. It is large: keep it static, and free it. */
void attributes_read(struct input *input, struct attributes *attributes);
void attributes_free(struct attributes *attributes);

/** Make one of attributes that are at hand; values are copied. */
void attributes_set(struct attributes *attributes, const CK_ATTRIBUTE *list, size_t count);

/** Lower CKA_MODULUS_BITS to the least that is allowed: RSA pairs are slow. False: there is no telling. */
bool attributes_lower_modulus(struct attributes *attributes);

/**
 * Four octets: a type that a table has means itself, which keeps old inputs true when rows are added; any
 * other picks a row by its remainder, but one in sixteen stays what it is.
 */
CK_ATTRIBUTE_TYPE input_attribute_type(struct input *input);
CK_MECHANISM_TYPE input_mechanism_type(struct input *input);

#endif
