/* SPDX-License-Identifier: Apache-2.0 */
#include "base/turn.h"

#include "base/proc.h"

#include <stdbool.h>
#include <time.h>

/* From nobody, or from a thread of the parent's that is not in this process. */
static bool try_take(struct cfr_turn *turn)
{
    unsigned own = cfr_proc_generation() + 1;
    unsigned seen = atomic_load(&turn->holder);

    return seen != own && atomic_compare_exchange_strong(&turn->holder, &seen, own);
}

void cfr_turn_take(struct cfr_turn *turn)
{
    const struct timespec pause = {.tv_nsec = 200000};

    while (!try_take(turn)) {
        (void)nanosleep(&pause, NULL);
    }
}

void cfr_turn_give(struct cfr_turn *turn)
{
    atomic_store(&turn->holder, 0);
}
