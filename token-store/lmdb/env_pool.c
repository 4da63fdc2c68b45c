/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read transactions that are reset and renewed instead of ended and begun. Each thread has a slot of its own,
 * found by a number that it is given once; threads beyond the number of slots share them, which is right and
 * slower.
 */
#include "base/alloc.h"
#include "token-store/lmdb/env.h"

#include <errno.h>

/* 1 + the number of this thread; initial-exec, so that first use does not allocate. */
static _Thread_local unsigned own_number __attribute__((tls_model("initial-exec")));
static atomic_uint next_number;

static unsigned own_slot(void)
{
    if (CFR_UNLIKELY(own_number == 0)) {
        own_number =
            1 + atomic_fetch_add_explicit(&next_number, 1, memory_order_relaxed) % CFR_ENV_POOL_SLOTS;
    }
    return own_number - 1;
}

static int txn_new(struct cfr_env *env, struct cfr_env_txn **ret_txn)
{
    struct cfr_env_txn *txn = cfr_alloc(sizeof(*txn));
    int rc;

    if (txn == NULL) {
        return ENOMEM;
    }
    rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn->snapshot);
    if (rc != MDB_SUCCESS) {
        cfr_free(txn);
        return rc;
    }
    txn->head.store = &env->head;
    *ret_txn = txn;
    return MDB_SUCCESS;
}

static void txn_drop(struct cfr_env_txn *txn, bool is_sound)
{
    if (txn != NULL && is_sound) {
        if (txn->cursor != NULL) {
            mdb_cursor_close(txn->cursor);
        }
        mdb_txn_abort(txn->snapshot);
    }
    cfr_free(txn);
}

/* From another's slot; only where threads share slots, so that a slot's owner finds it full. */
static struct cfr_env_txn *take_any(struct cfr_env *env)
{
    struct cfr_env_txn *txn = NULL;

    if (atomic_load_explicit(&next_number, memory_order_relaxed) <= CFR_ENV_POOL_SLOTS) {
        return NULL;
    }
    for (unsigned i = 0; txn == NULL && i < CFR_ENV_POOL_SLOTS; i++) {
        if (atomic_load_explicit(&env->pool[i].txn, memory_order_relaxed) != NULL) {
            txn = atomic_exchange(&env->pool[i].txn, NULL);
        }
    }
    return txn;
}

static void put_back(struct cfr_env *env, struct cfr_env_txn *txn)
{
    unsigned own = own_slot();

    for (unsigned i = 0; i < CFR_ENV_POOL_SLOTS; i++) {
        struct cfr_env_txn *expected = NULL;

        if (atomic_compare_exchange_strong(&env->pool[(own + i) % CFR_ENV_POOL_SLOTS].txn, &expected, txn)) {
            return;
        }
    }
    txn_drop(txn, true);
}

int cfr_env_pool_take(struct cfr_env *env, struct cfr_env_txn **ret_txn)
{
    struct cfr_env_txn *txn = atomic_exchange(&env->pool[own_slot()].txn, NULL);
    int rc;

    if (CFR_UNLIKELY(txn == NULL)) {
        txn = take_any(env);
    }
    if (CFR_UNLIKELY(txn == NULL)) {
        return txn_new(env, ret_txn);
    }
    rc = mdb_txn_renew(txn->snapshot);
    if (CFR_UNLIKELY(rc != MDB_SUCCESS)) {
        /* Not reset: its slot in the reader table may be another process's by now. */
        put_back(env, txn);
        return rc;
    }
    *ret_txn = txn;
    return MDB_SUCCESS;
}

void cfr_env_pool_give(struct cfr_env *env, struct cfr_env_txn *txn)
{
    mdb_txn_reset(txn->snapshot);
    put_back(env, txn);
}

void cfr_env_pool_drain(struct cfr_env *env, bool is_sound)
{
    for (unsigned i = 0; i < CFR_ENV_POOL_SLOTS; i++) {
        txn_drop(atomic_exchange(&env->pool[i].txn, NULL), is_sound);
    }
}
