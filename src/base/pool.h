/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handful of spare objects of one kind, shared by all threads without a lock: a thread takes one, uses it
 * alone, and puts it back. Each thread looks first at a slot of its own, so that threads seldom meet.
 */
#ifndef CFR_BASE_POOL_H
#define CFR_BASE_POOL_H

#include "base/rv.h"

#include <stdatomic.h>
#include <stddef.h>

enum { CFR_POOL_SLOTS = 16 };

/** Zero-initialised means empty. */
struct cfr_pool {
    _Atomic(void *) slot[CFR_POOL_SLOTS];
};

/** A spare object, or NULL when there is none: make one then. */
void *cfr_pool_take(struct cfr_pool *pool);

/** Put an object back. Returns NULL, or the object when the pool is full: drop it then. */
NODISCARD void *cfr_pool_give(struct cfr_pool *pool, void *object);

#endif
