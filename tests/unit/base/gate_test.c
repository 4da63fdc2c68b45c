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

struct pauses {
    struct cfr_gate gate;
    unsigned owner; /* written in pauses only */
    atomic_uint entries;
    atomic_bool is_over;
};

/* One pauses; of the others some go in and out, and some rest within. */
static void crowd_is_paused(unsigned index, void *arg)
{
    struct pauses *pauses = arg;

    if (index == 0) {
        for (unsigned i = 1; i <= CLOSINGS; i++) {
            ck_assert(cfr_gate_pause(&pauses->gate));
            pauses->owner = i;
            sched_yield();
            cfr_gate_resume(&pauses->gate);
            sched_yield();
        }
        atomic_store(&pauses->is_over, true);
        return;
    }
    while (!atomic_load(&pauses->is_over)) {
        if (!cfr_gate_enter(&pauses->gate)) {
            ck_abort_msg("a gate that is only paused let nobody in");
        }
        for (unsigned i = 0; i < (index % 2 == 0 ? 20 : 1); i++) {
            unsigned seen = pauses->owner;

            sched_yield();
            if (seen != pauses->owner) {
                ck_abort_msg("the pause began around a thread inside");
            }
            cfr_gate_rest(&pauses->gate);
        }
        cfr_gate_leave(&pauses->gate);
        atomic_fetch_add(&pauses->entries, 1);
    }
}

START_TEST(a_pause_waits_and_lets_wait)
{
    static struct pauses pauses;

    ck_assert(!cfr_gate_pause(&pauses.gate));
    cfr_gate_open(&pauses.gate);
    harness_threads(12, crowd_is_paused, &pauses);
    ck_assert_uint_gt(atomic_load(&pauses.entries), 0);
    ck_assert(cfr_gate_close(&pauses.gate));
    ck_assert(!cfr_gate_enter(&pauses.gate));
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
    tcase_add_test(tcase, a_pause_waits_and_lets_wait);
    suite_add_tcase(gate, tcase);
    return gate;
}

TEST_MAIN(suite)
