/* SPDX-License-Identifier: Apache-2.0 */
/* Templates of applications: reading them, searching with them, filling them in (PKCS #11 5.7.5, 4.9.1). */
#include "unit/object/fixture.h"

#include <string.h>

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static CK_BBOOL neither = 2;
static CK_ULONG number = 5;
static CK_BYTE octets[64] = "20240229";
static CK_ATTRIBUTE nested[] = {{CKA_TOKEN, &yes, 1}, {CKA_CLASS, &number, sizeof(number)}};
static CK_ATTRIBUTE nested_twice[] = {{CKA_WRAP_TEMPLATE, nested, sizeof(nested)}};
static CK_ATTRIBUTE nested_unknown[] = {{0x12345678, octets, 1}};
static CK_ATTRIBUTE nested_wrong[] = {{CKA_TOKEN, &yes, 2}};

#define VALUE_INVALID CKR_ATTRIBUTE_VALUE_INVALID
#define TYPE_INVALID  CKR_ATTRIBUTE_TYPE_INVALID
#define INCONSISTENT  CKR_TEMPLATE_INCONSISTENT

#define ONE(...) {__VA_ARGS__}, 1
#define TWO(a_type, a_value, a_len, b_type, b_value, b_len)                                                  \
    {{a_type, a_value, a_len}, {b_type, b_value, b_len}}, 2

static const struct {
    const char *what;
    CK_ATTRIBUTE template[2];
    CK_ULONG count;
    CK_RV rv;
} readings[] = {
    /* clang-format off */
    {"a boolean",                      ONE({CKA_TOKEN, &yes, 1}), CKR_OK},
    {"a boolean of no octets",         ONE({CKA_TOKEN, &yes, 0}), VALUE_INVALID},
    {"a boolean as a number",          ONE({CKA_TOKEN, &number, sizeof(number)}), VALUE_INVALID},
    {"a boolean that is neither",      ONE({CKA_TOKEN, &neither, 1}), VALUE_INVALID},
    {"a number",                       ONE({CKA_CLASS, &number, sizeof(number)}), CKR_OK},
    {"half a number",                  ONE({CKA_CLASS, &number, sizeof(number) / 2}), VALUE_INVALID},
    {"two numbers",                    ONE({CKA_CLASS, octets, 2 * sizeof(number)}), VALUE_INVALID},
    {"an empty number",                ONE({CKA_CLASS, NULL, 0}), VALUE_INVALID},
    {"a date",                         ONE({CKA_START_DATE, octets, 8}), CKR_OK},
    {"an empty date",                  ONE({CKA_START_DATE, NULL, 0}), CKR_OK},
    {"seven octets of a date",         ONE({CKA_START_DATE, octets, 7}), VALUE_INVALID},
    {"nine octets of a date",          ONE({CKA_START_DATE, octets, 9}), VALUE_INVALID},
    {"a label",                        ONE({CKA_LABEL, octets, 8}), CKR_OK},
    {"an empty label",                 ONE({CKA_LABEL, NULL, 0}), CKR_OK},
    {"NULL with a length",             ONE({CKA_LABEL, NULL, 1}), VALUE_INVALID},
    {"a label of all ones",            ONE({CKA_LABEL, octets, CK_UNAVAILABLE_INFORMATION}), VALUE_INVALID},
    {"a label beyond the ceiling",     ONE({CKA_LABEL, octets, CFR_ATTR_MAX_LEN + 1}), VALUE_INVALID},
    {"mechanisms",
     ONE({CKA_ALLOWED_MECHANISMS, octets, 2 * sizeof(CK_MECHANISM_TYPE)}), CKR_OK},
    {"no mechanisms",                  ONE({CKA_ALLOWED_MECHANISMS, NULL, 0}), CKR_OK},
    {"half a mechanism",               ONE({CKA_ALLOWED_MECHANISMS, octets, 12}), VALUE_INVALID},
    {"a template within",              ONE({CKA_WRAP_TEMPLATE, nested, sizeof(nested)}), CKR_OK},
    {"an empty template within",       ONE({CKA_WRAP_TEMPLATE, NULL, 0}), CKR_OK},
    {"half a template within",         ONE({CKA_WRAP_TEMPLATE, nested, sizeof(nested) - 1}), VALUE_INVALID},
    {"a template too deep",
     ONE({CKA_WRAP_TEMPLATE, nested_twice, sizeof(nested_twice)}), INCONSISTENT},
    {"one with an unknown attribute",
     ONE({CKA_WRAP_TEMPLATE, nested_unknown, sizeof(nested_unknown)}), TYPE_INVALID},
    {"one with a wrong length",
     ONE({CKA_UNWRAP_TEMPLATE, nested_wrong, sizeof(nested_wrong)}), VALUE_INVALID},
    {"an unknown attribute",           ONE({0x12345678, octets, 1}), TYPE_INVALID},
    {"a vendor's attribute",           ONE({CKA_VENDOR_DEFINED | 1, octets, 1}), TYPE_INVALID},
    {"a boolean twice",                TWO(CKA_TOKEN, &yes, 1, CKA_TOKEN, &yes, 1), CKR_OK},
    {"a boolean with two values",      TWO(CKA_TOKEN, &yes, 1, CKA_TOKEN, &no, 1), INCONSISTENT},
    {"a label twice",                  TWO(CKA_LABEL, octets, 3, CKA_LABEL, octets, 3), CKR_OK},
    {"a label with two values",        TWO(CKA_LABEL, octets, 3, CKA_LABEL, octets, 2), INCONSISTENT},
    {"a label, then an empty one",     TWO(CKA_LABEL, octets, 3, CKA_LABEL, NULL, 0), INCONSISTENT},
    {"right, then unknown",            TWO(CKA_LABEL, octets, 3, 0x12345678, octets, 1), TYPE_INVALID},
    /* clang-format on */
};

START_TEST(templates_are_read_strictly)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    CK_RV rv = cfr_template_read(readings[_i].template, readings[_i].count, &attrs);

    ck_assert_msg(rv == readings[_i].rv, "%s: 0x%lx", readings[_i].what, rv);
}
END_TEST

/* A search for what no object can have finds nothing and is no error; a pointer that lacks is one. */
START_TEST(searches_are_read_leniently)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    const CK_ATTRIBUTE *first = &readings[_i].template[0];
    bool is_impossible = false;
    CK_RV rv = cfr_template_read_search(readings[_i].template, readings[_i].count, &attrs, &is_impossible);

    if (first->pValue == NULL && first->ulValueLen != 0) {
        ASSERT_RV(rv, CKR_ATTRIBUTE_VALUE_INVALID);
        return;
    }
    ck_assert_msg(rv == CKR_OK, "%s: 0x%lx", readings[_i].what, rv);
    ck_assert_msg(is_impossible == (readings[_i].rv != CKR_OK), "%s", readings[_i].what);
}
END_TEST

START_TEST(arrays_have_a_limit)
{
    static CK_ATTRIBUTE many[CFR_TEMPLATE_MAX + 1];
    AUTO(attrs) attrs = CFR_ATTRS;
    bool is_impossible;

    for (size_t i = 0; i < COUNT_OF(many); i++) {
        many[i] = (CK_ATTRIBUTE){CKA_TOKEN, &yes, 1};
    }
    ASSERT_RV(cfr_template_read(NULL, 1, &attrs), CKR_ARGUMENTS_BAD);
    ASSERT_OK(cfr_template_read(NULL, 0, &attrs));
    ASSERT_OK(cfr_template_read(many, CFR_TEMPLATE_MAX, &attrs));
    ASSERT_RV(cfr_template_read(many, CFR_TEMPLATE_MAX + 1, &attrs), CKR_ARGUMENTS_BAD);
    ASSERT_RV(cfr_template_read(many, (CK_ULONG)-1, &attrs), CKR_ARGUMENTS_BAD);
    ASSERT_RV(cfr_template_read_search(NULL, 1, &attrs, &is_impossible), CKR_ARGUMENTS_BAD);
    ASSERT_RV(cfr_template_read_search(many, CFR_TEMPLATE_MAX + 1, &attrs, &is_impossible),
              CKR_ARGUMENTS_BAD);
}
END_TEST

/* Applications on other platforms align as they like. */
START_TEST(values_need_no_alignment)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    CK_BYTE room[sizeof(nested) + sizeof(number) + 2];
    CK_ATTRIBUTE template[] = {{CKA_CLASS, room + 1, sizeof(number)},
                               {CKA_WRAP_TEMPLATE, room + sizeof(number) + 1, sizeof(nested)}};

    memcpy(room + 1, &number, sizeof(number));
    memcpy(room + sizeof(number) + 1, nested, sizeof(nested));
    ASSERT_OK(cfr_template_read(TEMPLATE(template), &attrs));
    ck_assert_uint_eq(cfr_attrs_ulong(&attrs, CKA_CLASS, 0), 5);
}
END_TEST

START_TEST(lengths_first_then_values)
{
    AUTO(object) *object = object_aes(false, true);
    CK_BYTE value[20];
    CK_ATTRIBUTE wanted[] = {{CKA_VALUE, NULL, 0},
                             {CKA_VALUE, value, 16},
                             {CKA_VALUE, value, 20},
                             {CKA_TOKEN, NULL, 77},
                             {CKA_CLASS, NULL, 0}};

    ASSERT_OK(cfr_template_fill(object, TEMPLATE(wanted)));
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(wanted[i].ulValueLen, 16);
    }
    ck_assert_int_eq(memcmp(value, "sixteen octets!!", 16), 0);
    ck_assert_uint_eq(wanted[3].ulValueLen, sizeof(CK_BBOOL));
    ck_assert_uint_eq(wanted[4].ulValueLen, sizeof(CK_ULONG));
}
END_TEST

/* 5.7.5: what can be had is filled in, whatever is returned; the rest has no length. */
START_TEST(one_refusal_does_not_hide_the_rest)
{
    AUTO(object) *object = object_aes(true, false);
    CK_BYTE value[16];
    CK_ULONG class = 0;
    CK_BYTE small[1];
    const struct {
        CK_ATTRIBUTE wrong;
        CK_RV rv;
    } cases[] = {
        {{CKA_VALUE, value, sizeof(value)}, CKR_ATTRIBUTE_SENSITIVE},
        {{CKA_VALUE, NULL, 0}, CKR_ATTRIBUTE_SENSITIVE},
        {{CKA_MODULUS, value, sizeof(value)}, CKR_ATTRIBUTE_TYPE_INVALID},
        {{0x12345678, value, sizeof(value)}, CKR_ATTRIBUTE_TYPE_INVALID},
        {{CKA_KEY_TYPE, small, sizeof(small)}, CKR_BUFFER_TOO_SMALL},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CK_ATTRIBUTE wanted[] = {cases[i].wrong, {CKA_CLASS, &class, sizeof(class)}};

        memset(value, 0x55, sizeof(value));
        class = 0;
        ASSERT_RV(cfr_template_fill(object, TEMPLATE(wanted)), cases[i].rv);
        ck_assert_uint_eq(wanted[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
        ck_assert_uint_eq(class, CKO_SECRET_KEY);
        for (size_t j = 0; j < sizeof(value); j++) {
            ck_assert_uint_eq(value[j], 0x55);
        }
    }
    ASSERT_RV(cfr_template_fill(object, NULL, 1), CKR_ARGUMENTS_BAD);
}
END_TEST

/* CKA_SENSITIVE or not CKA_EXTRACTABLE: either hides the value, from reading and from searching. */
START_TEST(secrets_are_hidden)
{
    for (int flags = 0; flags < 4; flags++) {
        bool sensitive = (flags & 1) != 0;
        bool extractable = (flags & 2) != 0;
        bool may_read = !sensitive && extractable;
        AUTO(object) *object = object_aes(sensitive, extractable);
        AUTO(attrs) search = CFR_ATTRS;
        CK_BYTE value[16];
        CK_ATTRIBUTE wanted = {CKA_VALUE, value, sizeof(value)};
        bool matches = false;

        ASSERT_RV(cfr_template_fill(object, &wanted, 1), may_read ? CKR_OK : CKR_ATTRIBUTE_SENSITIVE);
        ASSERT_OK(cfr_attrs_set(&search, CKA_VALUE, cfr_span_text("sixteen octets!!")));
        ASSERT_OK(cfr_object_matches(object, &search, &matches));
        ck_assert_int_eq(matches, may_read);
    }
}
END_TEST

/* FIPS 197 C.1's key, and the first three octets of a zero block under it (4.11, CKA_CHECK_VALUE). */
START_TEST(check_values_are_computed)
{
    static const CK_BYTE key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const CK_BYTE want[3] = {0xc6, 0xa1, 0x3b};
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY),
                               ULONG(CKA_KEY_TYPE, CKK_AES),
                               {CKA_VALUE, (CK_VOID_PTR)(uintptr_t)key, sizeof(key)}};
    AUTO(object) *object = object_new(TEMPLATE(template), &user);
    CK_BYTE got[3];
    CK_ATTRIBUTE wanted = {CKA_CHECK_VALUE, got, sizeof(got)};

    ASSERT_OK(cfr_template_fill(object, &wanted, 1));
    ck_assert_int_eq(memcmp(got, want, sizeof(want)), 0);
}
END_TEST

static struct cfr_object *object_with_template(void)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY),
                               ULONG(CKA_KEY_TYPE, CKK_AES),
                               TEXT(CKA_VALUE, "sixteen octets!!"),
                               {CKA_UNWRAP_TEMPLATE, nested, sizeof(nested)}};

    return object_new(TEMPLATE(template), &user);
}

/* 4.9.1: first the number of elements, then their types and lengths, then their values. */
START_TEST(templates_come_out_in_three_steps)
{
    AUTO(object) *object = object_with_template();
    CK_ATTRIBUTE elements[3] = {{CK_UNAVAILABLE_INFORMATION, NULL, 0}, {CK_UNAVAILABLE_INFORMATION, NULL, 0}};
    CK_ATTRIBUTE wanted = {CKA_UNWRAP_TEMPLATE, NULL, 0};
    CK_BBOOL token = CK_FALSE;
    CK_ULONG class = 0;

    ASSERT_OK(cfr_template_fill(object, &wanted, 1));
    ck_assert_uint_eq(wanted.ulValueLen, 2 * sizeof(CK_ATTRIBUTE));
    wanted.pValue = elements;
    ASSERT_OK(cfr_template_fill(object, &wanted, 1));
    ck_assert_uint_eq(elements[0].type, CKA_TOKEN);
    ck_assert_uint_eq(elements[0].ulValueLen, sizeof(token));
    ck_assert_uint_eq(elements[1].type, CKA_CLASS);
    ck_assert_uint_eq(elements[1].ulValueLen, sizeof(class));
    elements[0].pValue = &token;
    elements[1].pValue = &class;
    ASSERT_OK(cfr_template_fill(object, &wanted, 1));
    ck_assert_uint_eq(token, CK_TRUE);
    ck_assert_uint_eq(class, 5);
    ck_assert_uint_eq(wanted.ulValueLen, 2 * sizeof(CK_ATTRIBUTE));
}
END_TEST

START_TEST(templates_need_room)
{
    AUTO(object) *object = object_with_template();
    CK_ATTRIBUTE open[1] = {{CK_UNAVAILABLE_INFORMATION, NULL, 0}};
    CK_BYTE small[1];
    CK_ATTRIBUTE short_value[1] = {{CKA_CLASS, small, sizeof(small)}};
    CK_ATTRIBUTE foreign[1] = {{CKA_LABEL, NULL, 0}};
    CK_ATTRIBUTE wanted = {CKA_UNWRAP_TEMPLATE, open, sizeof(open)};

    ASSERT_RV(cfr_template_fill(object, &wanted, 1), CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(wanted.ulValueLen, CK_UNAVAILABLE_INFORMATION);
    wanted = (CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, short_value, sizeof(short_value)};
    ASSERT_RV(cfr_template_fill(object, &wanted, 1), CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(short_value[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    wanted = (CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, foreign, sizeof(foreign)};
    ASSERT_RV(cfr_template_fill(object, &wanted, 1), CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

static CK_RV attempt(void *arg)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY),
                               ULONG(CKA_KEY_TYPE, CKK_AES),
                               TEXT(CKA_VALUE, "sixteen octets!!"),
                               {CKA_UNWRAP_TEMPLATE, nested, sizeof(nested)}};
    CK_ATTRIBUTE wanted[] = {{CKA_CHECK_VALUE, NULL, 0}, {CKA_UNWRAP_TEMPLATE, NULL, 0}};
    AUTO(object) *object = NULL;

    (void)arg;
    TRY(object_try(CFR_ACTION_CREATE, TEMPLATE(template), &user, &object));
    return cfr_template_fill(object, TEMPLATE(wanted));
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, NULL, 10, 2);
}
END_TEST

static Suite *suite(void)
{
    Suite *template = suite_create("template");
    TCase *tcase = tcase_create("template");

    tcase_add_checked_fixture(tcase, object_up, NULL);
    tcase_add_loop_test(tcase, templates_are_read_strictly, 0, COUNT_OF(readings));
    tcase_add_loop_test(tcase, searches_are_read_leniently, 0, COUNT_OF(readings));
    tcase_add_test(tcase, arrays_have_a_limit);
    tcase_add_test(tcase, values_need_no_alignment);
    tcase_add_test(tcase, lengths_first_then_values);
    tcase_add_test(tcase, one_refusal_does_not_hide_the_rest);
    tcase_add_test(tcase, secrets_are_hidden);
    tcase_add_test(tcase, check_values_are_computed);
    tcase_add_test(tcase, templates_come_out_in_three_steps);
    tcase_add_test(tcase, templates_need_room);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(template, tcase);
    return template;
}

TEST_MAIN(suite)
