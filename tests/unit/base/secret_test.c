/* SPDX-License-Identifier: Apache-2.0 */
#include "support/main.h"
#include "support/nth.h"
#include "unit/base/secret_samples.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

START_TEST(new_secret_is_zero_and_writable)
{
    size_t len = lengths[_i];
    size_t before = cfr_secret_in_use();

    /* Twice, so that the second is made of what the first gave back. */
    for (int round = 0; round < 2; round++) {
        AUTO(secret) *secret = new_secret(len);

        ck_assert_uint_eq(cfr_secret_view(secret).len, len);
        ck_assert_uint_eq(cfr_secret_in_use(), before + len);
        ck_assert_ptr_eq(cfr_secret_edit(secret), cfr_secret_view(secret).ptr);
        ck_assert(is_all(cfr_secret_view(secret), 0));
        memset(cfr_secret_edit(secret), 0xa5, len);
        ck_assert(is_all(cfr_secret_view(secret), 0xa5));
    }
    ck_assert_uint_eq(cfr_secret_in_use(), before);
}
END_TEST

START_TEST(neighbours_do_not_overlap)
{
    enum { COUNT = 300 };
    struct cfr_secret *secrets[COUNT];

    for (int i = 0; i < COUNT; i++) {
        secrets[i] = filled_secret(lengths[i % (LENGTHS - 1)], (uint8_t)i);
    }
    for (int i = 0; i < COUNT; i++) {
        ck_assert(is_all(cfr_secret_view(secrets[i]), (uint8_t)i));
    }
    for (int i = 0; i < COUNT; i += 2) {
        cfr_secret_drop(secrets[i]);
    }
    for (int i = 1; i < COUNT; i += 2) {
        ck_assert(is_all(cfr_secret_view(secrets[i]), (uint8_t)i));
        cfr_secret_drop(secrets[i]);
    }
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(null_is_an_empty_secret)
{
    ck_assert_uint_eq(cfr_secret_view(NULL).len, 0);
    ck_assert_ptr_null(cfr_secret_view(NULL).ptr);
    ck_assert_ptr_null(cfr_secret_share(NULL));
    cfr_secret_drop(NULL);
}
END_TEST

START_TEST(from_takes_the_octets)
{
    uint8_t octets[] = {1, 2, 3, 4};
    AUTO(secret) *secret = NULL;
    AUTO(secret) *empty = NULL;

    ASSERT_OK(cfr_secret_from(cfr_span_of(octets, 4), &secret));
    octets[0] = 9;
    ASSERT_SPAN(cfr_secret_view(secret), cfr_span_of("\1\2\3\4", 4));
    ASSERT_OK(cfr_secret_from(cfr_span_of(NULL, 0), &empty));
    ck_assert_ptr_nonnull(empty);
    ck_assert_uint_eq(cfr_secret_view(empty).len, 0);
}
END_TEST

START_TEST(length_that_no_memory_has_is_refused)
{
    static const size_t absurd[] = {
        SIZE_MAX,
        SIZE_MAX - 1,
        SIZE_MAX - 7,
        SIZE_MAX - 8,
        SIZE_MAX - 9,
        SIZE_MAX - 64,
        SIZE_MAX - PAGE,
        SIZE_MAX - 2 * PAGE - 8,
        SIZE_MAX - 3 * PAGE,
        SIZE_MAX - 4 * PAGE,
        SIZE_MAX / 2,
        SIZE_MAX / 2 + 1,
    };

    for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
        struct cfr_secret *secret = NULL;

        ASSERT_RV(cfr_secret_new(absurd[i], &secret), CKR_HOST_MEMORY);
        ck_assert_ptr_null(secret);
    }
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(the_last_share_wipes)
{
    struct cfr_secret *secret = filled_secret(40, 0x5a);
    const uint8_t *octets = cfr_secret_view(secret).ptr;

    ck_assert_ptr_eq(cfr_secret_share(secret), secret);
    ck_assert_ptr_eq(cfr_secret_share(secret), secret);
    cfr_secret_drop(secret);
    cfr_secret_drop(secret);
    ck_assert(is_all(cfr_span_of(octets, 40), 0x5a));
    ck_assert_uint_eq(cfr_secret_in_use(), 40);
    cfr_secret_drop(secret);
    /* Slabs stay mapped, so the wiped place can be looked at. */
    ck_assert(is_all(cfr_span_of(octets, 40), 0));
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(every_size_class_wipes)
{
    for (size_t len = 56; len <= 4088; len = 2 * len + 8) {
        struct cfr_secret *secret = filled_secret(len, 0x77);
        const uint8_t *octets = cfr_secret_view(secret).ptr;

        cfr_secret_drop(secret);
        ck_assert(is_all(cfr_span_of(octets, len), 0));
    }
}
END_TEST

START_TEST(large_secret_is_unmapped)
{
    struct cfr_secret *secret = filled_secret(LARGE_LEN, 0x77);
    uintptr_t octets = (uintptr_t)cfr_secret_view(secret).ptr;
    unsigned char residency[1];

    ck_assert_uint_eq(octets % PAGE, 0);
    cfr_secret_drop(secret);
    ck_assert_int_eq(mincore((void *)octets, PAGE, residency), -1);
    ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

START_TEST(trim_wipes_what_it_cuts)
{
    AUTO(secret) *secret = filled_secret(50, 0x11);
    const uint8_t *octets = cfr_secret_view(secret).ptr;

    cfr_secret_trim(secret, 60);
    ck_assert_uint_eq(cfr_secret_view(secret).len, 50);
    cfr_secret_trim(secret, 50);
    ck_assert_uint_eq(cfr_secret_view(secret).len, 50);
    cfr_secret_trim(secret, 20);
    ck_assert_uint_eq(cfr_secret_view(secret).len, 20);
    ck_assert_uint_eq(cfr_secret_in_use(), 20);
    ck_assert(is_all(cfr_span_of(octets, 20), 0x11));
    ck_assert(is_all(cfr_span_of(octets + 20, 30), 0));
    cfr_secret_trim(secret, 0);
    ck_assert(is_all(cfr_span_of(octets, 50), 0));
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(grow_keeps_octets_and_adds_zeros)
{
    AUTO(secret) *secret = filled_secret(10, 0x22);

    cfr_secret_trim(secret, 5);
    for (int i = 0; i < LENGTHS; i++) {
        size_t len = lengths[i] < 5 ? 5 : lengths[i];

        ASSERT_OK(cfr_secret_grow(&secret, lengths[i]));
        ck_assert_uint_eq(cfr_secret_view(secret).len, len);
        ck_assert_uint_eq(cfr_secret_in_use(), len);
        ck_assert(is_all(cfr_span_of(cfr_secret_view(secret).ptr, 5), 0x22));
        ck_assert(is_all(cfr_span_after(cfr_secret_view(secret), 5), 0));
    }
}
END_TEST

START_TEST(growth_leaves_nothing_behind)
{
    AUTO(secret) *secret = filled_secret(56, 0x33);
    const uint8_t *before = cfr_secret_view(secret).ptr;

    ASSERT_OK(cfr_secret_grow(&secret, 57));
    ck_assert_ptr_ne(cfr_secret_view(secret).ptr, before);
    ck_assert(is_all(cfr_span_of(before, 56), 0));
}
END_TEST

START_TEST(append_gathers)
{
    static uint8_t expected[20000];
    AUTO(secret) *secret = NULL;
    size_t len = 0;

    harness_fill(expected, sizeof(expected));
    ASSERT_OK(cfr_secret_append(&secret, cfr_span_of(NULL, 0)));
    ck_assert_uint_eq(cfr_secret_view(secret).len, 0);
    while (len < sizeof(expected)) {
        size_t step = harness_number(400);

        step = step < sizeof(expected) - len ? step : sizeof(expected) - len;
        ASSERT_OK(cfr_secret_append(&secret, cfr_span_of(expected + len, step)));
        len += step;
        ck_assert_uint_eq(cfr_secret_in_use(), len);
    }
    ASSERT_SPAN(cfr_secret_view(secret), cfr_span_of(expected, sizeof(expected)));
}
END_TEST

START_TEST(absurd_growth_is_refused_and_changes_nothing)
{
    AUTO(secret) *secret = filled_secret(16, 0x44);
    struct cfr_secret *before = secret;
    uint8_t octet = 1;

    ASSERT_RV(cfr_secret_grow(&secret, SIZE_MAX), CKR_HOST_MEMORY);
    ASSERT_RV(cfr_secret_grow(&secret, SIZE_MAX - 8), CKR_HOST_MEMORY);
    ASSERT_RV(cfr_secret_append(&secret, cfr_span_of(&octet, SIZE_MAX)), CKR_HOST_MEMORY);
    ASSERT_RV(cfr_secret_append(&secret, cfr_span_of(&octet, SIZE_MAX / 2)), CKR_HOST_MEMORY);
    ASSERT_RV(cfr_secret_append(&secret, cfr_span_of(&octet, SIZE_MAX / 4 - 16)), CKR_HOST_MEMORY);
    ck_assert_ptr_eq(secret, before);
    ck_assert_uint_eq(cfr_secret_view(secret).len, 16);
    ck_assert(is_all(cfr_secret_view(secret), 0x44));
}
END_TEST

static CK_RV attempt(void *arg)
{
    static const uint8_t octets[100] = {1, 2, 3};
    AUTO(secret) *made = NULL;
    AUTO(secret) *taken = NULL;
    struct cfr_secret *before;
    CK_RV rv;

    (void)arg;
    TRY(cfr_secret_new(50, &made));
    TRY(cfr_secret_from(cfr_span_of(octets, sizeof(octets)), &taken));
    before = taken;
    rv = cfr_secret_grow(&taken, 1000);
    ck_assert(rv == CKR_OK || (taken == before && cfr_secret_view(taken).len == sizeof(octets)));
    TRY(rv);
    before = taken;
    rv = cfr_secret_append(&taken, cfr_span_of(octets, sizeof(octets)));
    ck_assert(rv == CKR_OK || (taken == before && cfr_secret_view(taken).len == 1000));
    ASSERT_SPAN(cfr_span_of(cfr_secret_view(taken).ptr, sizeof(octets)), cfr_span_of(octets, sizeof(octets)));
    return rv;
}

START_TEST(each_allocation_may_fail)
{
    unsigned failures = nth_failure(CFR_FAULT_MEMORY, attempt, NULL);

#ifdef CFR_FAULTS
    ck_assert_uint_ge(failures, 4);
#else
    (void)failures;
#endif
}
END_TEST

static TCase *contents_case(void)
{
    TCase *contents = tcase_create("contents");

    tcase_add_loop_test(contents, new_secret_is_zero_and_writable, 0, LENGTHS);
    tcase_add_test(contents, neighbours_do_not_overlap);
    tcase_add_test(contents, null_is_an_empty_secret);
    tcase_add_test(contents, from_takes_the_octets);
    tcase_add_test(contents, length_that_no_memory_has_is_refused);
    tcase_add_test(contents, the_last_share_wipes);
    tcase_add_test(contents, every_size_class_wipes);
    tcase_add_test(contents, large_secret_is_unmapped);
    tcase_add_test(contents, trim_wipes_what_it_cuts);
    tcase_add_test(contents, grow_keeps_octets_and_adds_zeros);
    tcase_add_test(contents, growth_leaves_nothing_behind);
    tcase_add_test(contents, append_gathers);
    tcase_add_test(contents, absurd_growth_is_refused_and_changes_nothing);
    tcase_add_test(contents, each_allocation_may_fail);
    return contents;
}

static Suite *suite(void)
{
    Suite *secret = suite_create("secret");

    suite_add_tcase(secret, contents_case());
    return secret;
}

TEST_MAIN(suite)
