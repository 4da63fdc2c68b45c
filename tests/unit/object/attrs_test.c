/* SPDX-License-Identifier: Apache-2.0 */
/* Attribute sets, and their form on disk. */
#include "unit/object/fixture.h"

#include <string.h>

static struct cfr_secret *encode(const struct cfr_attrs *attrs)
{
    struct cfr_secret *text = NULL;

    ASSERT_OK(cfr_attrs_encode(attrs, &text));
    return text;
}

/* From the heap and of the exact length, so that AddressSanitizer sees every octet too many. */
static CK_RV decode(struct cfr_span text, struct cfr_attrs *attrs)
{
    uint8_t *copy = malloc(text.len + (text.len == 0));
    CK_RV rv;

    cfr_copy(copy, text.ptr, text.len);
    rv = cfr_attrs_decode(cfr_span_of(copy, text.len), attrs);
    free(copy);
    return rv;
}

static CK_RV try_decode(struct cfr_span text)
{
    AUTO(attrs) attrs = CFR_ATTRS;

    return decode(text, &attrs);
}

/* One of every kind. */
static void fill(struct cfr_attrs *attrs)
{
    static const CK_MECHANISM_TYPE mechanisms[] = {CKM_AES_GCM, CKM_RSA_PKCS, CK_UNAVAILABLE_INFORMATION};
    AUTO(attrs) inner = CFR_ATTRS;
    AUTO(secret) *inner_text = NULL;

    cfr_attrs_set_bool(attrs, CFR_B_TOKEN, true);
    cfr_attrs_set_bool(attrs, CFR_B_PRIVATE, false);
    cfr_attrs_set_bool(attrs, CFR_B_ALWAYS_AUTHENTICATE, true);
    ASSERT_OK(cfr_attrs_set_ulong(attrs, CKA_CLASS, CKO_SECRET_KEY));
    ASSERT_OK(cfr_attrs_set_ulong(attrs, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION));
    ASSERT_OK(cfr_attrs_set(attrs, CKA_LABEL, cfr_span_text("a label")));
    ASSERT_OK(cfr_attrs_set(attrs, CKA_ID, cfr_span_of(NULL, 0)));
    ASSERT_OK(cfr_attrs_set(attrs, CKA_VALUE, cfr_span_text("a secret value")));
    ASSERT_OK(cfr_attrs_set(attrs, CKA_MODULUS, cfr_span_of("\0\1\2", 3)));
    ASSERT_OK(cfr_attrs_set(attrs, CKA_START_DATE, cfr_span_text("20240229")));
    ASSERT_OK(cfr_attrs_set(attrs, CKA_ALLOWED_MECHANISMS, cfr_span_of(mechanisms, sizeof(mechanisms))));
    cfr_attrs_set_bool(&inner, CFR_B_EXTRACTABLE, false);
    ASSERT_OK(cfr_attrs_set_ulong(&inner, CKA_KEY_TYPE, CKK_AES));
    inner_text = encode(&inner);
    ASSERT_OK(cfr_attrs_set(attrs, CKA_WRAP_TEMPLATE, cfr_secret_view(inner_text)));
}

static bool are_equal(const struct cfr_attrs *a, const struct cfr_attrs *b)
{
    const struct cfr_attr_row *row;

    for (size_t i = 0; (row = cfr_attr_row(i)) != NULL; i++) {
        if (cfr_attrs_has(a, row) != cfr_attrs_has(b, row) ||
            (cfr_attrs_has(a, row) && !cfr_attrs_same(a, b, row))) {
            return false;
        }
    }
    return true;
}

START_TEST(set_get_replace_remove)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    struct cfr_span value;

    ck_assert(!cfr_attrs_get(&attrs, CKA_LABEL, &value));
    ck_assert_uint_eq(cfr_attrs_value(&attrs, CKA_LABEL).len, 0);
    ck_assert_uint_eq(cfr_attrs_ulong(&attrs, CKA_CLASS, 77), 77);
    fill(&attrs);
    ASSERT_SPAN(cfr_attrs_value(&attrs, CKA_LABEL), cfr_span_text("a label"));
    ASSERT_SPAN(cfr_attrs_value(&attrs, CKA_VALUE), cfr_span_text("a secret value"));
    ck_assert(cfr_attrs_get(&attrs, CKA_ID, &value));
    ck_assert_uint_eq(value.len, 0);
    ck_assert_uint_eq(cfr_attrs_ulong(&attrs, CKA_CLASS, 77), CKO_SECRET_KEY);
    ASSERT_OK(cfr_attrs_set(&attrs, CKA_LABEL, cfr_span_text("another, longer label")));
    ASSERT_OK(cfr_attrs_set(&attrs, CKA_VALUE, cfr_span_text("")));
    ASSERT_SPAN(cfr_attrs_value(&attrs, CKA_LABEL), cfr_span_text("another, longer label"));
    ck_assert(cfr_attrs_get(&attrs, CKA_VALUE, &value));
    ck_assert_uint_eq(value.len, 0);
    cfr_attrs_remove(&attrs, CKA_LABEL);
    cfr_attrs_remove(&attrs, CKA_LABEL);
    ck_assert(!cfr_attrs_get(&attrs, CKA_LABEL, &value));
    ASSERT_SPAN(cfr_attrs_value(&attrs, CKA_MODULUS), cfr_span_of("\0\1\2", 3));
    cfr_attrs_set_bool(&attrs, CFR_B_TOKEN, false);
    ck_assert(cfr_attrs_has_bool(&attrs, CFR_B_TOKEN) && !cfr_attrs_bool(&attrs, CFR_B_TOKEN));
    ASSERT_RV(cfr_attrs_set(&attrs, CKA_TOKEN, cfr_span_text("x")), CKR_GENERAL_ERROR);
    ASSERT_RV(cfr_attrs_set(&attrs, 0x7fffffff, cfr_span_text("x")), CKR_GENERAL_ERROR);
}
END_TEST

/* Key values lie in the secret type and nowhere else. */
START_TEST(secret_values_are_kept_apart)
{
    AUTO(attrs) attrs = CFR_ATTRS;

    fill(&attrs);
    ck_assert_ptr_null(memmem(attrs.plain.ptr, attrs.plain.len, "a secret value", 14));
    ck_assert_ptr_eq(cfr_attrs_value(&attrs, CKA_VALUE).ptr, cfr_secret_view(attrs.secret).ptr);
    ck_assert_uint_eq(cfr_secret_in_use(), 14);
    cfr_attrs_clear(&attrs);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(every_attribute_fits_in_a_set)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(attrs) decoded = CFR_ATTRS;
    AUTO(secret) *text = NULL;
    const struct cfr_attr_row *row;

    for (size_t i = 0; (row = cfr_attr_row(i)) != NULL; i++) {
        CK_ULONG number = i;

        if (row->kind == CFR_ATTR_BOOL) {
            cfr_attrs_set_bool(&attrs, (enum cfr_bool)row->number, i % 2 == 0);
        } else {
            ASSERT_OK(cfr_attrs_set(&attrs, row->type, cfr_span_of(&number, sizeof(number))));
        }
    }
    text = encode(&attrs);
    ASSERT_OK(decode(cfr_secret_view(text), &decoded));
    ck_assert(are_equal(&attrs, &decoded));
}
END_TEST

START_TEST(merge_replaces)
{
    AUTO(attrs) to = CFR_ATTRS;
    AUTO(attrs) from = CFR_ATTRS;

    fill(&to);
    cfr_attrs_set_bool(&from, CFR_B_TOKEN, false);
    cfr_attrs_set_bool(&from, CFR_B_WRAP, true);
    ASSERT_OK(cfr_attrs_set(&from, CKA_LABEL, cfr_span_text("b")));
    ASSERT_OK(cfr_attrs_set(&from, CKA_SUBJECT, cfr_span_text("s")));
    ASSERT_OK(cfr_attrs_merge(&to, &from));
    ck_assert(!cfr_attrs_bool(&to, CFR_B_TOKEN) && cfr_attrs_bool(&to, CFR_B_WRAP));
    ck_assert(cfr_attrs_bool(&to, CFR_B_ALWAYS_AUTHENTICATE));
    ASSERT_SPAN(cfr_attrs_value(&to, CKA_LABEL), cfr_span_text("b"));
    ASSERT_SPAN(cfr_attrs_value(&to, CKA_SUBJECT), cfr_span_text("s"));
    ASSERT_SPAN(cfr_attrs_value(&to, CKA_VALUE), cfr_span_text("a secret value"));
}
END_TEST

START_TEST(what_is_encoded_comes_back)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(attrs) decoded = CFR_ATTRS;
    AUTO(secret) *text = NULL;
    AUTO(secret) *again = NULL;

    fill(&attrs);
    text = encode(&attrs);
    ASSERT_OK(decode(cfr_secret_view(text), &decoded));
    ck_assert(are_equal(&attrs, &decoded));
    again = encode(&decoded);
    ASSERT_SPAN(cfr_secret_view(again), cfr_secret_view(text));
}
END_TEST

/* Records of earlier versions must stay readable: the form, octet by octet. */
START_TEST(form_on_disk)
{
    static const uint8_t want[] = {
        /* booleans that are there and that are true: TOKEN is bit 0, PRIVATE 1, ALWAYS_AUTHENTICATE 21 */
        0x83, 0x80, 0x80, 0x01, 0x81, 0x80, 0x80, 0x01,
        /* CKA_CLASS is 1, CKO_SECRET_KEY 4 */
        1, 4,
        /* CKA_LABEL is 3 */
        3, 2, 'h', 'i',
        /* CKA_VALUE is 16 */
        16, 1, 0xff,
        /* CKA_ALLOWED_MECHANISMS is 9: two of them, 0x1087 and 1 */
        9, 2, 0x87, 0x21, 1,
        /* CKA_KEY_GEN_MECHANISM is 8; all ones in 64 bits */
        8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    static const CK_MECHANISM_TYPE mechanisms[] = {CKM_AES_GCM, CKM_RSA_PKCS};
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(secret) *text = NULL;

    cfr_attrs_set_bool(&attrs, CFR_B_TOKEN, true);
    cfr_attrs_set_bool(&attrs, CFR_B_PRIVATE, false);
    cfr_attrs_set_bool(&attrs, CFR_B_ALWAYS_AUTHENTICATE, true);
    ASSERT_OK(cfr_attrs_set_ulong(&attrs, CKA_CLASS, CKO_SECRET_KEY));
    ASSERT_OK(cfr_attrs_set(&attrs, CKA_LABEL, cfr_span_text("hi")));
    ASSERT_OK(cfr_attrs_set(&attrs, CKA_VALUE, cfr_span_of("\xff", 1)));
    ASSERT_OK(cfr_attrs_set(&attrs, CKA_ALLOWED_MECHANISMS, cfr_span_of(mechanisms, sizeof(mechanisms))));
    ASSERT_OK(cfr_attrs_set_ulong(&attrs, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION));
    text = encode(&attrs);
    ASSERT_SPAN(cfr_secret_view(text), cfr_span_of(want, sizeof(want)));
}
END_TEST

/* A text cut anywhere is refused, or ends between two values and is then the shorter set. */
START_TEST(truncated_texts_are_refused)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(secret) *text = NULL;
    size_t whole = 0;

    fill(&attrs);
    text = encode(&attrs);
    for (size_t len = 0; len < cfr_secret_view(text).len; len++) {
        AUTO(attrs) decoded = CFR_ATTRS;
        struct cfr_span part = cfr_span_of(cfr_secret_view(text).ptr, len);

        if (decode(part, &decoded) == CKR_OK) {
            AUTO(secret) *again = encode(&decoded);

            ASSERT_SPAN(cfr_secret_view(again), part);
            whole++;
        }
    }
    ck_assert_uint_eq(whole, attrs.count);
}
END_TEST

static const struct {
    const char *what;
    const char *octets;
    size_t len;
    CK_RV rv;
} texts[] = {
    {"nothing", "", 0, CKR_DEVICE_ERROR},
    {"the empty set", "\0\0", 2, CKR_OK},
    {"one boolean", "\1\1", 2, CKR_OK},
    {"a value without its boolean", "\0\1", 2, CKR_DEVICE_ERROR},
    {"a boolean beyond the last", "\x80\x80\x80\x80\x80\x80\x80\x80\x40\0", 10, CKR_DEVICE_ERROR},
    {"a number in two octets", "\x81\0\0", 3, CKR_DEVICE_ERROR},
    {"attribute 0", "\0\0\0\0", 4, CKR_DEVICE_ERROR},
    {"an attribute that nobody knows", "\0\0\x7f\0", 4, CKR_DEVICE_ERROR},
    {"an attribute with a large number", "\0\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\1\0", 13,
     CKR_DEVICE_ERROR},
    {"a label", "\0\0\3\1a", 5, CKR_OK},
    {"a label that is longer than the text", "\0\0\3\2a", 5, CKR_DEVICE_ERROR},
    {"a label of 2^63 octets", "\0\0\3\x80\x80\x80\x80\x80\x80\x80\x80\x80\1a", 14, CKR_DEVICE_ERROR},
    {"two labels", "\0\0\3\1a\3\1b", 8, CKR_DEVICE_ERROR},
    {"the same label twice", "\0\0\3\1a\3\1a", 8, CKR_DEVICE_ERROR},
    {"a class without a number", "\0\0\1", 3, CKR_DEVICE_ERROR},
    {"more mechanisms than octets", "\0\0\x09\3\1\1", 6, CKR_DEVICE_ERROR},
    {"2^62 mechanisms", "\0\0\x09\x80\x80\x80\x80\x80\x80\x80\x80\x40\1", 13, CKR_DEVICE_ERROR},
    {"no mechanisms", "\0\0\x09\0", 4, CKR_OK},
};

START_TEST(texts_are_read_strictly)
{
    CK_RV rv = try_decode(cfr_span_of(texts[_i].octets, texts[_i].len));

    ck_assert_msg(rv == texts[_i].rv, "%s: 0x%lx", texts[_i].what, rv);
}
END_TEST

START_TEST(changed_octets_are_read_safely)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(secret) *text = NULL;
    uint8_t *octets;

    fill(&attrs);
    text = encode(&attrs);
    octets = cfr_secret_edit(text);
    for (size_t bit = 0; bit < 8 * cfr_secret_view(text).len; bit++) {
        AUTO(attrs) decoded = CFR_ATTRS;

        octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (decode(cfr_secret_view(text), &decoded) == CKR_OK) {
            AUTO(secret) *again = encode(&decoded);

            ASSERT_OK(try_decode(cfr_secret_view(again)));
        }
        octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(attrs) decoded = CFR_ATTRS;
    AUTO(secret) *text = NULL;
    CK_RV rv;

    (void)arg;
    TRY(cfr_attrs_set(&attrs, CKA_LABEL, cfr_span_text("label")));
    rv = cfr_attrs_set(&attrs, CKA_VALUE, cfr_span_text("value"));
    ck_assert_uint_eq(attrs.count, rv == CKR_OK ? 2 : 1);
    TRY(rv);
    TRY(cfr_attrs_encode(&attrs, &text));
    return cfr_attrs_decode(cfr_secret_view(text), &decoded);
}

START_TEST(each_allocation_may_fail)
{
    unsigned failures = nth_failure(CFR_FAULT_MEMORY, attempt, NULL);

#ifdef CFR_FAULTS
    ck_assert_uint_ge(failures, 7);
#else
    (void)failures;
#endif
}
END_TEST

static Suite *suite(void)
{
    Suite *attrs = suite_create("attrs");
    TCase *tcase = tcase_create("attrs");

    tcase_add_test(tcase, set_get_replace_remove);
    tcase_add_test(tcase, secret_values_are_kept_apart);
    tcase_add_test(tcase, every_attribute_fits_in_a_set);
    tcase_add_test(tcase, merge_replaces);
    tcase_add_test(tcase, what_is_encoded_comes_back);
    tcase_add_test(tcase, form_on_disk);
    tcase_add_test(tcase, truncated_texts_are_refused);
    tcase_add_loop_test(tcase, texts_are_read_strictly, 0, COUNT_OF(texts));
    tcase_add_test(tcase, changed_octets_are_read_safely);
    tcase_add_test(tcase, each_allocation_may_fail);
    suite_add_tcase(attrs, tcase);
    return attrs;
}

TEST_MAIN(suite)
