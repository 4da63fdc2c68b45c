/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate that many threads pass and one may close: whoever closes it waits until all who are inside have
 * left. It may also be paused for the moment of a fork: then all wait, inside or outside.
 *
 * C_Finalize closes the module's gate, a map that must move closes the store's. The counters are striped over
 * cache lines, so that passing costs two uncontended atomic additions and threads do not slow each other.
 */
#ifndef CFR_BASE_GATE_H
#define CFR_BASE_GATE_H

#include "base/rv.h"

#include <stdatomic.h>
#include <stdbool.h>

enum { CFR_GATE_STRIPES = 32 };

/** Zero-initialised means closed. */
struct cfr_gate {
    struct {
        _Alignas(64) atomic_ulong inside;
    } stripe[CFR_GATE_STRIPES];
    _Alignas(64) atomic_bool is_open;
    atomic_bool is_paused; /**< not open for the moment: who comes waits */
    atomic_ulong resting;  /**< inside, but gone out for as long as the pause lasts */
};

/**
 * Go in; false, and not inside, when the gate is closed. Waits while it is paused. Not recursive while someone may
 * close or pause it.
 */
NODISCARD bool cfr_gate_enter(struct cfr_gate *gate);

/** Go out; by the thread that went in. */
void cfr_gate_leave(struct cfr_gate *gate);

/** Open it. */
void cfr_gate_open(struct cfr_gate *gate);

/**
 * Close it and wait until nobody is inside. The caller is not inside. Returns false, at once, when it was
 * closed already: somebody else is at it.
 */
NODISCARD bool cfr_gate_close(struct cfr_gate *gate);

/**
 * Close it for a moment, for a fork: wait until nobody is inside but those who rest; who comes waits outside. The
 * caller is not inside, and sees to it that nobody closes it meanwhile. False, at once, when it is closed.
 */
NODISCARD bool cfr_gate_pause(struct cfr_gate *gate);

/** End the pause. */
void cfr_gate_resume(struct cfr_gate *gate);

/**
 * A point within long work where a pause may take place: while there is one, the caller counts as outside. He is
 * inside, and holds nothing that a fork would leave unusable in the child. Costs a load otherwise.
 */
void cfr_gate_rest(struct cfr_gate *gate);

/** In the child of a fork in a pause: nobody is inside, nobody rests, and the gate is closed. */
void cfr_gate_forked(struct cfr_gate *gate);

#endif
