/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutual exclusion for what is done once, or seldom: bringing something up, taking it down. Unlike a mutex it
 * binds no forked child: what a thread of the parent was at when the process was forked, nobody is at there.
 */
#ifndef CFR_BASE_TURN_H
#define CFR_BASE_TURN_H

#include <stdatomic.h>

/** Zero-initialised means that it is nobody's turn. */
struct cfr_turn {
    atomic_uint holder; /**< 1 + the process generation whose turn it is; 0: nobody's */
};

/** Wait for one's turn; not recursive. The waiting is done by sleeping. */
void cfr_turn_take(struct cfr_turn *turn);

/** End it; by the thread that took it. */
void cfr_turn_give(struct cfr_turn *turn);

#endif
