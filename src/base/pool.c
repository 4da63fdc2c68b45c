/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

static _Thread_local unsigned own_slot __attribute__((tls_model("initial-exec")));
static atomic_uint next_slot;

static unsigned first_slot(void)
{
    if (CFR_UNLIKELY(own_slot == 0)) {
        own_slot = 1 + atomic_fetch_add_explicit(&next_slot, 1, memory_order_relaxed) % CFR_POOL_SLOTS;
    }
    return own_slot - 1;
}

void *cfr_pool_take(struct cfr_pool *pool)
{
    unsigned first = first_slot();

    for (unsigned i = 0; i < CFR_POOL_SLOTS; i++) {
        _Atomic(void *) *slot = &pool->slot[(first + i) % CFR_POOL_SLOTS];
        void *object = atomic_load_explicit(slot, memory_order_relaxed);

        if (object != NULL && atomic_compare_exchange_strong_explicit(
                                  slot, &object, NULL, memory_order_acquire, memory_order_relaxed)) {
            return object;
        }
    }
    return NULL;
}

void *cfr_pool_give(struct cfr_pool *pool, void *object)
{
    unsigned first = first_slot();

    for (unsigned i = 0; i < CFR_POOL_SLOTS; i++) {
        _Atomic(void *) *slot = &pool->slot[(first + i) % CFR_POOL_SLOTS];
        void *empty = NULL;

        if (atomic_compare_exchange_strong_explicit(slot, &empty, object, memory_order_release,
                                                    memory_order_relaxed)) {
            return NULL;
        }
    }
    return object;
}
