/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"
#include "base/turn.h"
#include "support/main.h"
#include "unit/base/harness.h"

enum { THREADS = 8, TURNS = 200 };

static struct cfr_turn turn;
static unsigned count; /* guarded by the turn */

static void take_turns(unsigned index, void *arg)
{
    (void)index;
    (void)arg;
    for (unsigned i = 0; i < TURNS; i++) {
        cfr_turn_take(&turn);
        count++;
        cfr_turn_give(&turn);
    }
}

START_TEST(one_thread_at_a_time)
{
    harness_threads(THREADS, take_turns, NULL);
    ck_assert_uint_eq(count, THREADS * TURNS);
}
END_TEST

static int take_turns_in_child(void *arg)
{
    (void)arg;
    harness_threads(THREADS, take_turns, NULL);
    return count == THREADS * TURNS ? 0 : 1;
}

/* The parent holds it, and goes on holding it. */
START_TEST(a_child_is_not_bound_by_its_parent)
{
    ASSERT_OK(cfr_proc_watch());
    cfr_turn_take(&turn);
    ck_assert_int_eq(harness_child(take_turns_in_child, NULL), 0);
    ck_assert_int_eq(harness_child(take_turns_in_child, NULL), 0);
    ck_assert_uint_ne(atomic_load(&turn.holder), 0);
    cfr_turn_give(&turn);
    take_turns(0, NULL);
    ck_assert_uint_eq(count, TURNS);
}
END_TEST

static Suite *suite(void)
{
    Suite *turn_suite = suite_create("turn");
    TCase *tcase = tcase_create("turn");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, one_thread_at_a_time);
    tcase_add_test(tcase, a_child_is_not_bound_by_its_parent);
    suite_add_tcase(turn_suite, tcase);
    return turn_suite;
}

TEST_MAIN(suite)
