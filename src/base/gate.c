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

bool cfr_gate_enter(struct cfr_gate *gate)
{
    atomic_ulong *inside = counter_of_thread(gate);

    /*
     * Sequentially consistent on both sides: either the closer sees this count, or this thread sees it
     * closed.
     */
    atomic_fetch_add(inside, 1);
    if (CFR_UNLIKELY(!atomic_load(&gate->is_open))) {
        atomic_fetch_sub(inside, 1);
        return false;
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

bool cfr_gate_close(struct cfr_gate *gate)
{
    bool expected = true;

    if (!atomic_compare_exchange_strong(&gate->is_open, &expected, false)) {
        return false;
    }
    for (int i = 0; i < CFR_GATE_STRIPES; i++) {
        for (unsigned spins = 0; atomic_load(&gate->stripe[i].inside) != 0; spins++) {
            if (spins < 100) {
                sched_yield();
            } else {
                nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
            }
        }
    }
    return true;
}
