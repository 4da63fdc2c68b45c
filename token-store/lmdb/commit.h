/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commits. Threads that commit at the same time share one LMDB transaction, and so the two flushes that a
 * durable commit costs: while one thread writes, the others queue, and the first of them writes for all of
 * them next.
 */
#ifndef CFR_LMDB_COMMIT_H
#define CFR_LMDB_COMMIT_H

#include "token-store/lmdb/change.h"
#include "token-store/lmdb/env.h"
#include "token-store/store.h"

/**
 * Check what @p change has read and write what it has written, durably. The caller holds no snapshot and not
 * the lock. As cfr_store_ops.commit().
 */
enum cfr_store_status cfr_commit(struct cfr_env *env, const struct cfr_change *change);

/** Check only, against the snapshot @p txn. OK, CONFLICT, CORRUPT. */
enum cfr_store_status cfr_commit_check(struct cfr_env *env, MDB_txn *txn, const struct cfr_change *change);

#endif
