/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate that many threads pass and one may close: whoever closes it waits until all who are inside have
 * left.
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
};

/** Go in; false, and not inside, when the gate is closed. Not recursive while someone may close it. */
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

#endif
