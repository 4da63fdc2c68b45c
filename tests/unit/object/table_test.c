/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attribute registry and the class table, held against each other and against the footnotes of the
 * specification's tables, which are repeated here.
 */
#include "unit/object/fixture.h"

#include <string.h>

START_TEST(attributes_rise_and_are_found)
{
    const struct cfr_attr_row *row;
    CK_ATTRIBUTE_TYPE last = 0;

    for (size_t i = 0; (row = cfr_attr_row(i)) != NULL; i++) {
        ck_assert_msg(i == 0 || row->type > last, "%s", row->name);
        ck_assert_ptr_eq(cfr_attr_find(row->type), row);
        ck_assert_int_eq(strncmp(row->name, "CKA_", 4), 0);
        last = row->type;
    }
    ck_assert_ptr_null(cfr_attr_find(CKA_VENDOR_DEFINED));
    ck_assert_ptr_null(cfr_attr_find(CK_UNAVAILABLE_INFORMATION));
    ck_assert_ptr_null(cfr_attr_find(last + 1));
}
END_TEST

START_TEST(numbers_on_disk_are_unique)
{
    const struct cfr_attr_row *row;
    unsigned bools = 0;

    for (size_t i = 0; (row = cfr_attr_row(i)) != NULL; i++) {
        bool is_bool = row->kind == CFR_ATTR_BOOL;

        ck_assert_msg(cfr_attr_by_number(is_bool, row->number) == row, "%s", row->name);
        ck_assert(is_bool || row->number != 0);
        bools += is_bool;
    }
    ck_assert_uint_eq(bools, CFR_B_COUNT);
    ck_assert_ptr_null(cfr_attr_by_number(true, CFR_B_COUNT));
    ck_assert_ptr_null(cfr_attr_by_number(false, 0));
    ck_assert_ptr_null(cfr_attr_by_number(false, 255));
    ck_assert_ptr_null(cfr_attr_by_number(false, UINT64_MAX));
    ck_assert_ptr_null(cfr_attr_by_number(true, UINT64_MAX));
}
END_TEST

/* Stores hold these numbers: none may ever mean something else. */
START_TEST(numbers_on_disk_stay)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        unsigned number;
    } kept[] = {
        {CKA_TOKEN, 0},
        {CKA_PRIVATE, 1},
        {CKA_MODIFIABLE, 2},
        {CKA_COPYABLE, 3},
        {CKA_DESTROYABLE, 4},
        {CKA_SENSITIVE, 5},
        {CKA_EXTRACTABLE, 6},
        {CKA_ALWAYS_SENSITIVE, 7},
        {CKA_TRUSTED, 19},
        {CKA_WRAP_WITH_TRUSTED, 20},
        {CKA_CLASS, 1},
        {CKA_UNIQUE_ID, 2},
        {CKA_LABEL, 3},
        {CKA_KEY_TYPE, 4},
        {CKA_ID, 5},
        {CKA_VALUE, 16},
        {CKA_EC_PARAMS, 29},
        {CKA_EC_POINT, 30},
        {CKA_MODULUS, 20},
        {CKA_PRIVATE_EXPONENT, 23},
        {CKA_WRAP_TEMPLATE, 11},
        {CKA_UNWRAP_TEMPLATE, 12},
        {CKA_DERIVE_TEMPLATE, 13},
        {CKA_ALLOWED_MECHANISMS, 9},
        {CKA_PRIME, 63},
        {CKA_SUBPRIME, 64},
        {CKA_BASE, 65},
        {CKA_PRIME_BITS, 66},
        {CKA_SUBPRIME_BITS, 67},
        {CKA_VALUE_BITS, 68},
    };

    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        ck_assert_uint_eq(cfr_attr_find(kept[i].type)->number, kept[i].number);
    }
}
END_TEST

/* What is hidden from reading is held in the secret type, and what is held there is no boolean. */
START_TEST(hidden_attributes_are_secret)
{
    const struct cfr_class *class;

    for (size_t i = 0; (class = cfr_class_row(i)) != NULL; i++) {
        const struct cfr_rule *rule;
        size_t cursor = 0;

        while ((rule = cfr_class_next_rule(class, &cursor)) != NULL) {
            const struct cfr_attr_row *row = cfr_attr_find(rule->type);

            ck_assert_msg((rule->notes & F7_HIDE_IF_SENSITIVE) == 0 || row->is_secret, "%s of a %s",
                          row->name, class->name);
        }
    }
}
END_TEST

START_TEST(every_class_is_whole)
{
    const struct cfr_class *class;

    for (size_t i = 0; (class = cfr_class_row(i)) != NULL; i++) {
        const struct cfr_rule *rule;
        size_t cursor = 0;
        size_t rules = 0;
        size_t parts = 0;

        ck_assert_ptr_eq(cfr_class_find(class->class, class->subtype), class);
        ck_assert(cfr_class_is_known(class->class));
        while ((rule = cfr_class_next_rule(class, &cursor)) != NULL) {
            const struct cfr_attr_row *row = cfr_attr_find(rule->type);

            ck_assert_msg(row != NULL, "rule 0x%lx of a %s has no attribute", rule->type, class->name);
            ck_assert_msg(cfr_class_rule(class, rule->type) == rule, "%s twice in a %s", row->name,
                          class->name);
            ck_assert_msg(row->kind == CFR_ATTR_BOOL || rule->otherwise <= CFR_DEFAULT_ZERO, "default of %s",
                          row->name);
            ck_assert_msg((rule->notes & (F10_SO_SETS_TRUE | F11_LATCH_TRUE | F12_LATCH_FALSE)) == 0 ||
                              row->kind == CFR_ATTR_BOOL,
                          "%s", row->name);
            rules++;
        }
        for (size_t part = 0; part < CFR_CLASS_PARTS_MAX && class->parts[part] != NULL; part++) {
            parts += class->parts[part]->count;
        }
        ck_assert_uint_eq(rules, parts);
        ck_assert_int_eq(class->material != NULL, cfr_class_subtype_attr(class->class) == CKA_KEY_TYPE);
        ck_assert(class->class != CKO_SECRET_KEY ||
                  (class->value_len.min > 0 && class->value_len.step > 0 &&
                   (class->value_len.max - class->value_len.min) % class->value_len.step == 0));
    }
    ck_assert_ptr_null(cfr_class_find(CKO_SECRET_KEY, CKK_DES2));
    ck_assert_ptr_null(cfr_class_find(CKO_SECRET_KEY, CK_UNAVAILABLE_INFORMATION));
    ck_assert(!cfr_class_is_known(CKO_VENDOR_DEFINED));
    ck_assert_uint_eq(cfr_class_subtype_attr(CKO_CERTIFICATE), CKA_CERTIFICATE_TYPE);
    ck_assert_uint_eq(cfr_class_subtype_attr(CKO_DATA), 0);
}
END_TEST

enum { N1 = 1 << 1, N2 = 1 << 2, N3 = 1 << 3, N4 = 1 << 4, N5 = 1 << 5, N6 = 1 << 6, N7 = 1 << 7 };
enum { N8 = 1 << 8, N9 = 1 << 9, N10 = 1 << 10, N11 = 1 << 11, N12 = 1 << 12, FOOTNOTES = (1 << 13) - 2 };

#define ALL CK_UNAVAILABLE_INFORMATION

/* The footnotes that the specification gives, by class and, where it is one type's, by type. */
static const struct {
    CK_OBJECT_CLASS class;
    CK_ULONG subtype;
    CK_ATTRIBUTE_TYPE type;
    unsigned notes;
} footnotes[] = {
    /* clang-format off */
    /* Common Object Attributes; Common Key Attributes */
    {CKO_SECRET_KEY,  ALL,                CKA_CLASS,                N1},
    {CKO_SECRET_KEY,  ALL,                CKA_UNIQUE_ID,            N2 | N4 | N6},
    {CKO_PUBLIC_KEY,  ALL,                CKA_KEY_TYPE,             N1 | N5},
    {CKO_PRIVATE_KEY, ALL,                CKA_KEY_TYPE,             N1 | N5},
    {CKO_SECRET_KEY,  ALL,                CKA_KEY_TYPE,             N1 | N5},
    {CKO_SECRET_KEY,  ALL,                CKA_ID,                   N8},
    {CKO_SECRET_KEY,  ALL,                CKA_START_DATE,           N8},
    {CKO_SECRET_KEY,  ALL,                CKA_END_DATE,             N8},
    {CKO_SECRET_KEY,  ALL,                CKA_DERIVE,               N8},
    {CKO_SECRET_KEY,  ALL,                CKA_LOCAL,                N2 | N4 | N6},
    {CKO_SECRET_KEY,  ALL,                CKA_KEY_GEN_MECHANISM,    N2 | N4 | N6},
    /* Common Public Key Attributes */
    {CKO_PUBLIC_KEY,  ALL,                CKA_SUBJECT,              N8},
    {CKO_PUBLIC_KEY,  ALL,                CKA_ENCRYPT,              N8 | N9},
    {CKO_PUBLIC_KEY,  ALL,                CKA_VERIFY,               N8 | N9},
    {CKO_PUBLIC_KEY,  ALL,                CKA_VERIFY_RECOVER,       N8 | N9},
    {CKO_PUBLIC_KEY,  ALL,                CKA_WRAP,                 N8 | N9},
    {CKO_PUBLIC_KEY,  ALL,                CKA_TRUSTED,              N10},
    /* Common Private Key Attributes */
    {CKO_PRIVATE_KEY, ALL,                CKA_SENSITIVE,            N8 | N9 | N11},
    {CKO_PRIVATE_KEY, ALL,                CKA_DECRYPT,              N8 | N9},
    {CKO_PRIVATE_KEY, ALL,                CKA_SIGN,                 N8 | N9},
    {CKO_PRIVATE_KEY, ALL,                CKA_SIGN_RECOVER,         N8 | N9},
    {CKO_PRIVATE_KEY, ALL,                CKA_UNWRAP,               N8 | N9},
    {CKO_PRIVATE_KEY, ALL,                CKA_EXTRACTABLE,          N8 | N9 | N12},
    {CKO_PRIVATE_KEY, ALL,                CKA_ALWAYS_SENSITIVE,     N2 | N4 | N6},
    {CKO_PRIVATE_KEY, ALL,                CKA_NEVER_EXTRACTABLE,    N2 | N4 | N6},
    {CKO_PRIVATE_KEY, ALL,                CKA_WRAP_WITH_TRUSTED,    N11},
    {CKO_PRIVATE_KEY, ALL,                CKA_UNWRAP_TEMPLATE,      0},
    {CKO_PRIVATE_KEY, ALL,                CKA_ALWAYS_AUTHENTICATE,  0},
    /* Common Secret Key Attributes */
    {CKO_SECRET_KEY,  ALL,                CKA_SENSITIVE,            N8 | N11},
    {CKO_SECRET_KEY,  ALL,                CKA_ENCRYPT,              N8 | N9},
    {CKO_SECRET_KEY,  ALL,                CKA_DECRYPT,              N8 | N9},
    {CKO_SECRET_KEY,  ALL,                CKA_SIGN,                 N8 | N9},
    {CKO_SECRET_KEY,  ALL,                CKA_VERIFY,               N8 | N9},
    {CKO_SECRET_KEY,  ALL,                CKA_WRAP,                 N8 | N9},
    {CKO_SECRET_KEY,  ALL,                CKA_UNWRAP,               N8 | N9},
    {CKO_SECRET_KEY,  ALL,                CKA_EXTRACTABLE,          N8 | N9 | N12},
    {CKO_SECRET_KEY,  ALL,                CKA_ALWAYS_SENSITIVE,     N2 | N4 | N6},
    {CKO_SECRET_KEY,  ALL,                CKA_NEVER_EXTRACTABLE,    N2 | N4 | N6},
    {CKO_SECRET_KEY,  ALL,                CKA_WRAP_WITH_TRUSTED,    N11},
    {CKO_SECRET_KEY,  ALL,                CKA_TRUSTED,              N10},
    /* AES, generic and HMAC secret keys; CKA_VALUE_LEN's footnote 2 is not enforced, as the table says */
    {CKO_SECRET_KEY,  ALL,                CKA_VALUE,                N1 | N4 | N6 | N7},
    {CKO_SECRET_KEY,  ALL,                CKA_VALUE_LEN,            N3},
    /* RSA */
    {CKO_PUBLIC_KEY,  CKK_RSA,            CKA_MODULUS,              N1 | N4},
    {CKO_PUBLIC_KEY,  CKK_RSA,            CKA_MODULUS_BITS,         N2 | N3},
    {CKO_PUBLIC_KEY,  CKK_RSA,            CKA_PUBLIC_EXPONENT,      N1},
    {CKO_PRIVATE_KEY, CKK_RSA,            CKA_MODULUS,              N1 | N4 | N6},
    {CKO_PRIVATE_KEY, CKK_RSA,            CKA_PRIVATE_EXPONENT,     N1 | N4 | N6 | N7},
    {CKO_PRIVATE_KEY, CKK_RSA,            CKA_PRIME_1,              N4 | N6 | N7},
    {CKO_PRIVATE_KEY, CKK_RSA,            CKA_PRIME_2,              N4 | N6 | N7},
    {CKO_PRIVATE_KEY, CKK_RSA,            CKA_EXPONENT_1,           N4 | N6 | N7},
    {CKO_PRIVATE_KEY, CKK_RSA,            CKA_EXPONENT_2,           N4 | N6 | N7},
    {CKO_PRIVATE_KEY, CKK_RSA,            CKA_COEFFICIENT,          N4 | N6 | N7},
    /* Elliptic curves */
    {CKO_PUBLIC_KEY,  CKK_EC,             CKA_EC_PARAMS,            N1 | N3},
    {CKO_PUBLIC_KEY,  CKK_EC,             CKA_EC_POINT,             N1 | N4},
    {CKO_PRIVATE_KEY, CKK_EC,             CKA_EC_PARAMS,            N1 | N4 | N6},
    {CKO_PRIVATE_KEY, CKK_EC,             CKA_VALUE,                N1 | N4 | N6 | N7},
    {CKO_PRIVATE_KEY, CKK_EC_EDWARDS,     CKA_VALUE,                N1 | N4 | N6 | N7},
    {CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY,  CKA_VALUE,                N1 | N4 | N6 | N7},
    /* Diffie-Hellman, X9.42 Diffie-Hellman, DSA */
    {CKO_PUBLIC_KEY,  CKK_DH,             CKA_PRIME,                N1 | N3},
    {CKO_PUBLIC_KEY,  CKK_DH,             CKA_BASE,                 N1 | N3},
    {CKO_PUBLIC_KEY,  CKK_DH,             CKA_VALUE,                N1 | N4},
    {CKO_PUBLIC_KEY,  CKK_X9_42_DH,       CKA_SUBPRIME,             N1 | N3},
    {CKO_PUBLIC_KEY,  CKK_X9_42_DH,       CKA_VALUE,                N1 | N4},
    {CKO_PUBLIC_KEY,  CKK_DSA,            CKA_PRIME,                N1 | N3},
    {CKO_PUBLIC_KEY,  CKK_DSA,            CKA_SUBPRIME,             N1 | N3},
    {CKO_PUBLIC_KEY,  CKK_DSA,            CKA_BASE,                 N1 | N3},
    {CKO_PUBLIC_KEY,  CKK_DSA,            CKA_VALUE,                N1 | N4},
    {CKO_PRIVATE_KEY, CKK_DH,             CKA_PRIME,                N1 | N4 | N6},
    {CKO_PRIVATE_KEY, CKK_DH,             CKA_BASE,                 N1 | N4 | N6},
    {CKO_PRIVATE_KEY, CKK_DH,             CKA_VALUE,                N1 | N4 | N6 | N7},
    {CKO_PRIVATE_KEY, CKK_DH,             CKA_VALUE_BITS,           N2},
    {CKO_PRIVATE_KEY, CKK_X9_42_DH,       CKA_SUBPRIME,             N1 | N4 | N6},
    {CKO_PRIVATE_KEY, CKK_X9_42_DH,       CKA_VALUE,                N1 | N4 | N6 | N7},
    {CKO_DOMAIN_PARAMETERS, ALL,          CKA_KEY_TYPE,             N1},
    {CKO_DOMAIN_PARAMETERS, ALL,          CKA_PRIME,                N1 | N4},
    {CKO_DOMAIN_PARAMETERS, ALL,          CKA_BASE,                 N1 | N4},
    {CKO_DOMAIN_PARAMETERS, ALL,          CKA_PRIME_BITS,           N2 | N3},
    {CKO_DOMAIN_PARAMETERS, CKK_X9_42_DH, CKA_SUBPRIME,             N1 | N4},
    {CKO_DOMAIN_PARAMETERS, CKK_X9_42_DH, CKA_SUBPRIME_BITS,        N2 | N3},
    {CKO_DOMAIN_PARAMETERS, CKK_DSA,      CKA_SUBPRIME,             N1 | N4},
    /* Common Storage Object Attributes */
    {CKO_DATA,        ALL,                CKA_COPYABLE,             N12},
    /* clang-format on */
};

/* Footnote 8 is a permission that a table may give more freely than the specification asks. */
START_TEST(footnotes_are_those_of_the_specification)
{
    const struct cfr_class *class;
    unsigned seen = 0;

    for (size_t i = 0; (class = cfr_class_row(i)) != NULL; i++) {
        const struct cfr_rule *rule;

        if (class->class != footnotes[_i].class ||
            (footnotes[_i].subtype != ALL && class->subtype != footnotes[_i].subtype)) {
            continue;
        }
        rule = cfr_class_rule(class, footnotes[_i].type);
        ck_assert_msg(rule != NULL, "a %s has no 0x%lx", class->name, footnotes[_i].type);
        ck_assert_msg(((rule->notes ^ footnotes[_i].notes) & FOOTNOTES & ~(unsigned)N8) == 0 &&
                          (footnotes[_i].notes & ~rule->notes & N8) == 0,
                      "%s of a %s: 0x%x", cfr_attr_find(rule->type)->name, class->name, rule->notes);
        seen++;
    }
    ck_assert_uint_gt(seen, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *table = suite_create("object tables");
    TCase *tcase = tcase_create("tables");

    tcase_add_test(tcase, attributes_rise_and_are_found);
    tcase_add_test(tcase, numbers_on_disk_are_unique);
    tcase_add_test(tcase, numbers_on_disk_stay);
    tcase_add_test(tcase, hidden_attributes_are_secret);
    tcase_add_test(tcase, every_class_is_whole);
    tcase_add_loop_test(tcase, footnotes_are_those_of_the_specification, 0, COUNT_OF(footnotes));
    suite_add_tcase(table, tcase);
    return table;
}

TEST_MAIN(suite)
