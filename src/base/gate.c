/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gate.h"

#include <sched.h>
#include <time.h>

/*
 * 1 + the stripe of this thread; threads share a stripe from the 33rd on, which is correct and a little
 * slower.
 */
static _Thread_local unsigned own_stripe __attribute__((tls_model("initial-exec")));
static atomic_uint next_stripe;

static atomic_ulong *counter_of_thread(struct cfr_gate *gate)
{
    if (CFR_UNLIKELY(own_stripe == 0)) {
        own_stripe = 1 + atomic_fetch_add_explicit(&next_stripe, 1, memory_order_relaxed) % CFR_GATE_STRIPES;
    }
    return &gate->stripe[own_stripe - 1].inside;
}

static void sleep_a_little(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

/* Whether it is worth trying again: the gate was only paused. It is open again before it is no longer paused. */
static bool wait_while_paused(struct cfr_gate *gate)
{
    while (atomic_load(&gate->is_paused)) {
        sleep_a_little();
    }
    return atomic_load(&gate->is_open);
}

bool cfr_gate_enter(struct cfr_gate *gate)
{
    atomic_ulong *inside = counter_of_thread(gate);

    /*
     * Sequentially consistent on both sides: either the closer sees this count, or this thread sees it
     * closed.
     */
    atomic_fetch_add(inside, 1);
    while (CFR_UNLIKELY(!atomic_load(&gate->is_open))) {
        atomic_fetch_sub(inside, 1);
        if (!wait_while_paused(gate)) {
            return false;
        }
        atomic_fetch_add(inside, 1);
    }
    return true;
}

void cfr_gate_leave(struct cfr_gate *gate)
{
    atomic_fetch_sub_explicit(counter_of_thread(gate), 1, memory_order_release);
}

void cfr_gate_open(struct cfr_gate *gate)
{
    atomic_store(&gate->is_open, true);
}

static void wait_for_zero(atomic_ulong *count)
{
    for (unsigned spins = 0; atomic_load(count) != 0; spins++) {
        if (spins < 100) {
            sched_yield();
        } else {
            sleep_a_little();
        }
    }
}

static void wait_until_empty(struct cfr_gate *gate)
{
    for (int i = 0; i < CFR_GATE_STRIPES; i++) {
        wait_for_zero(&gate->stripe[i].inside);
    }
}

bool cfr_gate_close(struct cfr_gate *gate)
{
    bool expected = true;

    if (!atomic_compare_exchange_strong(&gate->is_open, &expected, false)) {
        return false;
    }
    /* Who rests counts himself in again before he counts himself out there. */
    wait_for_zero(&gate->resting);
    wait_until_empty(gate);
    return true;
}

bool cfr_gate_pause(struct cfr_gate *gate)
{
    if (!atomic_load(&gate->is_open)) {
        return false;
    }
    atomic_store(&gate->is_paused, true);
    atomic_store(&gate->is_open, false);
    wait_until_empty(gate);
    return true;
}

void cfr_gate_resume(struct cfr_gate *gate)
{
    atomic_store(&gate->is_open, true);
    atomic_store(&gate->is_paused, false);
}

/* The next pause may have begun: then either it waits for this count, or this thread sees it. */
static bool try_return(struct cfr_gate *gate)
{
    atomic_fetch_add(counter_of_thread(gate), 1);
    if (!atomic_load(&gate->is_paused)) {
        return true;
    }
    atomic_fetch_sub(counter_of_thread(gate), 1);
    return false;
}

void cfr_gate_rest(struct cfr_gate *gate)
{
    if (CFR_LIKELY(!atomic_load_explicit(&gate->is_paused, memory_order_relaxed))) {
        return;
    }
    atomic_fetch_add(&gate->resting, 1);
    atomic_fetch_sub(counter_of_thread(gate), 1);
    do {
        (void)wait_while_paused(gate);
    } while (!try_return(gate));
    atomic_fetch_sub(&gate->resting, 1);
}

void cfr_gate_forked(struct cfr_gate *gate)
{
    for (int i = 0; i < CFR_GATE_STRIPES; i++) {
        atomic_store(&gate->stripe[i].inside, 0);
    }
    atomic_store(&gate->resting, 0);
    atomic_store(&gate->is_paused, false);
}
