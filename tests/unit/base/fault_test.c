/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <stdatomic.h>

#ifdef CFR_FAULTS

START_TEST(nothing_fails_unarmed)
{
    for (int i = 0; i < 100; i++) {
        ck_assert(!cfr_fault_hit(CFR_FAULT_MEMORY));
    }
    ck_assert(!cfr_fault_fired(CFR_FAULT_MEMORY));
}
END_TEST

START_TEST(exactly_the_nth_fails)
{
    for (uint64_t nth = 1; nth <= 10; nth++) {
        cfr_fault_arm(CFR_FAULT_CRYPTO, nth);
        for (uint64_t call = 1; call <= 20; call++) {
            ck_assert_int_eq(cfr_fault_hit(CFR_FAULT_CRYPTO), call == nth);
            ck_assert_int_eq(cfr_fault_fired(CFR_FAULT_CRYPTO), call >= nth);
        }
    }
}
END_TEST

START_TEST(kinds_count_apart)
{
    cfr_fault_arm(CFR_FAULT_MEMORY, 1);
    cfr_fault_arm(CFR_FAULT_STORE, 2);
    ck_assert(!cfr_fault_hit(CFR_FAULT_CRYPTO));
    ck_assert(!cfr_fault_hit(CFR_FAULT_STORE));
    ck_assert(cfr_fault_hit(CFR_FAULT_MEMORY));
    ck_assert(cfr_fault_hit(CFR_FAULT_STORE));
    ck_assert(!cfr_fault_fired(CFR_FAULT_CRYPTO));
}
END_TEST

START_TEST(arming_again_starts_again)
{
    cfr_fault_arm(CFR_FAULT_MEMORY, 1);
    ck_assert(cfr_fault_hit(CFR_FAULT_MEMORY));
    cfr_fault_arm(CFR_FAULT_MEMORY, 3);
    ck_assert(!cfr_fault_fired(CFR_FAULT_MEMORY));
    ck_assert(!cfr_fault_hit(CFR_FAULT_MEMORY));
    cfr_fault_arm(CFR_FAULT_MEMORY, 0);
    for (int i = 0; i < 5; i++) {
        ck_assert(!cfr_fault_hit(CFR_FAULT_MEMORY));
    }
    ck_assert(!cfr_fault_fired(CFR_FAULT_MEMORY));
}
END_TEST

static atomic_uint hits;

static void hit_often(unsigned index, void *arg)
{
    (void)index;
    (void)arg;
    for (int i = 0; i < 1000; i++) {
        atomic_fetch_add(&hits, cfr_fault_hit(CFR_FAULT_MEMORY));
    }
}

START_TEST(one_of_many_threads_meets_it)
{
    cfr_fault_arm(CFR_FAULT_MEMORY, 4000);
    harness_threads(8, hit_often, NULL);
    ck_assert_uint_eq(atomic_load(&hits), 1);
    ck_assert(cfr_fault_fired(CFR_FAULT_MEMORY));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, nothing_fails_unarmed);
    tcase_add_test(tcase, exactly_the_nth_fails);
    tcase_add_test(tcase, kinds_count_apart);
    tcase_add_test(tcase, arming_again_starts_again);
    tcase_add_test(tcase, one_of_many_threads_meets_it);
}

#else

START_TEST(nothing_ever_fails)
{
    for (int kind = 0; kind < CFR_FAULT_KINDS; kind++) {
        ck_assert(!cfr_fault_hit((enum cfr_fault_kind)kind));
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, nothing_ever_fails);
}

#endif

static Suite *suite(void)
{
    Suite *fault = suite_create("fault");
    TCase *tcase = tcase_create("fault");

    add_tests(tcase);
    suite_add_tcase(fault, tcase);
    return fault;
}

TEST_MAIN(suite)
