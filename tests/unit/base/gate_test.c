/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gate.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <sched.h>
#include <time.h>

START_TEST(zeroed_gate_is_closed)
{
    struct cfr_gate gate = {0};

    ck_assert(!cfr_gate_enter(&gate));
    ck_assert(!cfr_gate_close(&gate));
}
END_TEST

START_TEST(open_gate_lets_in_until_closed)
{
    struct cfr_gate gate = {0};

    for (int round = 0; round < 3; round++) {
        cfr_gate_open(&gate);
        for (int i = 0; i < 5; i++) {
            ck_assert(cfr_gate_enter(&gate));
            cfr_gate_leave(&gate);
        }
        ck_assert(cfr_gate_close(&gate));
        ck_assert(!cfr_gate_close(&gate));
        ck_assert(!cfr_gate_enter(&gate));
    }
}
END_TEST

START_TEST(refused_entry_leaves_no_trace)
{
    struct cfr_gate gate = {0};

    for (int i = 0; i < 1000; i++) {
        ck_assert(!cfr_gate_enter(&gate));
    }
    cfr_gate_open(&gate);
    /* Would wait for ever if a refused entry had been counted. */
    ck_assert(cfr_gate_close(&gate));
}
END_TEST

struct slow {
    struct cfr_gate gate;
    atomic_bool is_inside;
    atomic_bool has_left;
};

static void stay_inside(unsigned index, void *arg)
{
    struct slow *slow = arg;

    if (index == 0) {
        while (!atomic_load(&slow->is_inside)) {
            sched_yield();
        }
        /* Fails when the gate counts as closed while the other is still inside. */
        ck_assert(cfr_gate_close(&slow->gate));
        ck_assert(atomic_load(&slow->has_left));
        return;
    }
    ck_assert(cfr_gate_enter(&slow->gate));
    atomic_store(&slow->is_inside, true);
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000}, NULL);
    atomic_store(&slow->has_left, true);
    cfr_gate_leave(&slow->gate);
}

START_TEST(closing_waits_for_who_is_inside)
{
    static struct slow slow;

    cfr_gate_open(&slow.gate);
    harness_threads(2, stay_inside, &slow);
}
END_TEST

enum { CLOSINGS = 100 };

/* More threads than stripes; @c owner is written without a lock by whoever has closed the gate. */
struct crowd {
    struct cfr_gate gate;
    unsigned owner;
    unsigned closings;
    atomic_ulong entries;
    atomic_bool is_over;
};

static void crowd_passes(unsigned index, void *arg)
{
    struct crowd *crowd = arg;

    if (index == 0) {
        for (unsigned i = 1; i <= CLOSINGS; i++) {
            ck_assert(cfr_gate_close(&crowd->gate));
            crowd->owner = i;
            crowd->closings++;
            cfr_gate_open(&crowd->gate);
            sched_yield();
        }
        atomic_store(&crowd->is_over, true);
        return;
    }
    while (!atomic_load(&crowd->is_over)) {
        if (cfr_gate_enter(&crowd->gate)) {
            unsigned seen = crowd->owner;

            sched_yield();
            if (seen != crowd->owner) {
                ck_abort_msg("the gate was closed around a thread inside");
            }
            cfr_gate_leave(&crowd->gate);
            atomic_fetch_add(&crowd->entries, 1);
        }
        sched_yield();
    }
}

START_TEST(nobody_is_inside_a_closed_gate)
{
    static struct crowd crowd;

    cfr_gate_open(&crowd.gate);
    harness_threads(CFR_GATE_STRIPES + 8, crowd_passes, &crowd);
    ck_assert_uint_eq(crowd.closings, CLOSINGS);
    ck_assert_uint_gt(atomic_load(&crowd.entries), 0);
    ck_assert(cfr_gate_close(&crowd.gate));
}
END_TEST

struct closers {
    struct cfr_gate gate;
    atomic_uint closed;
};

static void close_once(unsigned index, void *arg)
{
    struct closers *closers = arg;

    (void)index;
    atomic_fetch_add(&closers->closed, cfr_gate_close(&closers->gate));
}

START_TEST(one_of_many_closers_wins)
{
    static struct closers closers;

    for (unsigned round = 1; round <= 50; round++) {
        cfr_gate_open(&closers.gate);
        harness_threads(8, close_once, &closers);
        ck_assert_uint_eq(atomic_load(&closers.closed), round);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *gate = suite_create("gate");
    TCase *tcase = tcase_create("gate");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, zeroed_gate_is_closed);
    tcase_add_test(tcase, open_gate_lets_in_until_closed);
    tcase_add_test(tcase, refused_entry_leaves_no_trace);
    tcase_add_test(tcase, closing_waits_for_who_is_inside);
    tcase_add_test(tcase, nobody_is_inside_a_closed_gate);
    tcase_add_test(tcase, one_of_many_closers_wins);
    suite_add_tcase(gate, tcase);
    return gate;
}

TEST_MAIN(suite)
