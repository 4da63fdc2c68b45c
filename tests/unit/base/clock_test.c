/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <time.h>

START_TEST(utc_is_the_system_time)
{
    int64_t before = time(NULL);
    int64_t now = cfr_clock_utc_s();
    int64_t after = time(NULL);

    /* time() may be one tick of the kernel behind. */
    ck_assert_int_ge(now, before - 1);
    ck_assert_int_le(now, after + 1);
}
END_TEST

START_TEST(shifts_add_up)
{
    int64_t before = cfr_clock_utc_s();

    cfr_clock_shift(1000000);
    cfr_clock_shift(-1);
    ck_assert_int_ge(cfr_clock_utc_s(), before + 999999);
    ck_assert_int_le(cfr_clock_utc_s(), before + 999999 + 60);
    cfr_clock_shift(-999999);
    ck_assert_int_le(cfr_clock_utc_s(), before + 60);
}
END_TEST

START_TEST(monotonic_never_goes_back_nor_shifts)
{
    int64_t last = cfr_clock_monotonic_ms();
    int64_t first = last;

    cfr_clock_shift(-1000000);
    for (int i = 0; i < 10000; i++) {
        int64_t now = cfr_clock_monotonic_ms();

        ck_assert_int_ge(now, last);
        last = now;
    }
    ck_assert_int_lt(last - first, 60 * 1000);
}
END_TEST

START_TEST(monotonic_counts_milliseconds)
{
    int64_t first = cfr_clock_monotonic_ms();

    nanosleep(&(struct timespec){.tv_nsec = 30 * 1000000}, NULL);
    ck_assert_int_ge(cfr_clock_monotonic_ms() - first, 29);
    ck_assert_int_lt(cfr_clock_monotonic_ms() - first, 10000);
}
END_TEST

static Suite *suite(void)
{
    Suite *clock_suite = suite_create("clock");
    TCase *tcase = tcase_create("clock");

    tcase_add_test(tcase, utc_is_the_system_time);
    tcase_add_test(tcase, shifts_add_up);
    tcase_add_test(tcase, monotonic_never_goes_back_nor_shifts);
    tcase_add_test(tcase, monotonic_counts_milliseconds);
    suite_add_tcase(clock_suite, tcase);
    return clock_suite;
}

TEST_MAIN(suite)
