/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ct.h"
#include "support/main.h"
#include "unit/base/harness.h"

static const uint32_t edges[] = {
    0,     1,          2,          254,        255,        256,        65535,
    65536, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff,
};
enum { EDGES = sizeof(edges) / sizeof(edges[0]), SMALL = 300 };

static uint32_t mask_of(bool fact)
{
    return fact ? UINT32_MAX : 0;
}

START_TEST(is_zero_small_range_and_edges)
{
    bool right = true;

    for (uint32_t value = 0; value < 1U << 20; value++) {
        right &= cfr_ct_is_zero(value) == mask_of(value == 0);
    }
    ck_assert(right);
    for (int i = 0; i < EDGES; i++) {
        ck_assert_uint_eq(cfr_ct_is_zero(edges[i]), mask_of(edges[i] == 0));
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        ck_assert_uint_eq(cfr_ct_is_zero(1U << bit), 0);
        ck_assert_uint_eq(cfr_ct_is_zero(~(1U << bit)), 0);
    }
}
END_TEST

START_TEST(mask_eq_small_range_and_edges)
{
    bool right = true;

    for (uint32_t a = 0; a < SMALL; a++) {
        for (uint32_t b = 0; b < SMALL; b++) {
            right &= cfr_ct_mask_eq(a, b) == mask_of(a == b);
        }
    }
    ck_assert(right);
    for (int i = 0; i < EDGES; i++) {
        for (int j = 0; j < EDGES; j++) {
            ck_assert_uint_eq(cfr_ct_mask_eq(edges[i], edges[j]), mask_of(i == j));
        }
    }
}
END_TEST

START_TEST(mask_lt_small_range_and_edges)
{
    bool right = true;

    for (uint32_t a = 0; a < SMALL; a++) {
        for (uint32_t b = 0; b < SMALL; b++) {
            right &= cfr_ct_mask_lt(a, b) == mask_of(a < b);
        }
    }
    ck_assert(right);
    /* Both operands are below 2^31. */
    for (int i = 0; i < EDGES && edges[i] < 0x80000000U; i++) {
        for (int j = 0; j < EDGES && edges[j] < 0x80000000U; j++) {
            ck_assert_uint_eq(cfr_ct_mask_lt(edges[i], edges[j]), mask_of(edges[i] < edges[j]));
        }
    }
}
END_TEST

START_TEST(select_takes_one_side_whole)
{
    bool right = true;

    for (int i = 0; i < EDGES; i++) {
        for (int j = 0; j < EDGES; j++) {
            ck_assert_uint_eq(cfr_ct_select(UINT32_MAX, edges[i], edges[j]), edges[i]);
            ck_assert_uint_eq(cfr_ct_select(0, edges[i], edges[j]), edges[j]);
        }
    }
    for (uint32_t a = 0; a < 256; a++) {
        for (uint32_t b = 0; b < 256; b++) {
            right &= cfr_ct_select(UINT32_MAX, a, b) == a && cfr_ct_select(0, a, b) == b;
        }
    }
    ck_assert(right);
}
END_TEST

START_TEST(equal_sees_every_bit)
{
    uint8_t a[67];
    uint8_t b[67];
    bool right = true;

    harness_fill(a, sizeof(a));
    for (size_t len = 0; len <= sizeof(a); len++) {
        cfr_copy(b, a, sizeof(a));
        ck_assert(cfr_ct_equal(cfr_span_of(a, len), cfr_span_of(b, len)));
        for (size_t bit = 0; bit < 8 * len; bit++) {
            b[bit / 8] ^= (uint8_t)(1U << bit % 8);
            right &= !cfr_ct_equal(cfr_span_of(a, len), cfr_span_of(b, len));
            b[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
    ck_assert(right);
}
END_TEST

START_TEST(equal_compares_lengths)
{
    uint8_t a[8] = {0};

    for (size_t i = 0; i <= sizeof(a); i++) {
        for (size_t j = 0; j <= sizeof(a); j++) {
            ck_assert_int_eq(cfr_ct_equal(cfr_span_of(a, i), cfr_span_of(a, j)), i == j);
        }
    }
    ck_assert(cfr_ct_equal(cfr_span_of(NULL, 0), cfr_span_of(a, 0)));
    ck_assert(cfr_ct_equal(cfr_span_of(NULL, 0), cfr_span_of(NULL, 0)));
}
END_TEST

static Suite *suite(void)
{
    Suite *ct = suite_create("ct");
    TCase *tcase = tcase_create("ct");

    tcase_add_test(tcase, is_zero_small_range_and_edges);
    tcase_add_test(tcase, mask_eq_small_range_and_edges);
    tcase_add_test(tcase, mask_lt_small_range_and_edges);
    tcase_add_test(tcase, select_takes_one_side_whole);
    tcase_add_test(tcase, equal_sees_every_bit);
    tcase_add_test(tcase, equal_compares_lengths);
    suite_add_tcase(ct, tcase);
    return ct;
}

TEST_MAIN(suite)
