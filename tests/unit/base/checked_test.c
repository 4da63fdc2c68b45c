/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checked.h"
#include "support/main.h"
#include "unit/base/harness.h"

enum { UNTOUCHED = 42 };

START_TEST(sums)
{
    size_t sum = UNTOUCHED;

    ck_assert(!cfr_checked_add(SIZE_MAX, 1, &sum));
    ck_assert(!cfr_checked_add(1, SIZE_MAX, &sum));
    ck_assert(!cfr_checked_add(SIZE_MAX, SIZE_MAX, &sum));
    ck_assert(!cfr_checked_add(SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1, &sum));
    ck_assert_uint_eq(sum, UNTOUCHED);
    ck_assert(cfr_checked_add(SIZE_MAX, 0, &sum));
    ck_assert_uint_eq(sum, SIZE_MAX);
    ck_assert(cfr_checked_add(SIZE_MAX / 2 + 1, SIZE_MAX / 2, &sum));
    ck_assert_uint_eq(sum, SIZE_MAX);
    ck_assert(cfr_checked_add(0, 0, &sum));
    ck_assert_uint_eq(sum, 0);
}
END_TEST

START_TEST(products)
{
    size_t product = UNTOUCHED;

    ck_assert(!cfr_checked_mul(SIZE_MAX, 2, &product));
    ck_assert(!cfr_checked_mul((size_t)1 << 32, (size_t)1 << 32, &product));
    ck_assert(!cfr_checked_mul(SIZE_MAX / 3 + 1, 3, &product));
    ck_assert_uint_eq(product, UNTOUCHED);
    ck_assert(cfr_checked_mul(SIZE_MAX / 3, 3, &product));
    ck_assert_uint_eq(product, SIZE_MAX);
    ck_assert(cfr_checked_mul(SIZE_MAX, 0, &product));
    ck_assert_uint_eq(product, 0);
    ck_assert(cfr_checked_mul(1, SIZE_MAX, &product));
    ck_assert_uint_eq(product, SIZE_MAX);
}
END_TEST

static Suite *suite(void)
{
    Suite *checked = suite_create("checked");
    TCase *tcase = tcase_create("checked");

    tcase_add_test(tcase, sums);
    tcase_add_test(tcase, products);
    suite_add_tcase(checked, tcase);
    return checked;
}

TEST_MAIN(suite)
