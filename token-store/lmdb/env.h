/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One open LMDB environment with what makes it fit to live in a foreign process: the map grows and moves
 * while nobody looks at it, an environment whose descriptors the host has closed is replaced by a new one,
 * and read transactions are reused, so that taking a snapshot neither allocates nor enters the kernel.
 *
 * Who may touch what: a thread with a snapshot is inside the gate and may use the environment until it
 * releases the snapshot. Whoever holds the lock may write, and may move or replace the environment after
 * closing the gate. A thread inside the gate never waits for the lock. Hence, for callers of the store: while
 * a transaction is open, its thread waits for no lock that another thread may hold while it begins one.
 */
#ifndef CFR_LMDB_ENV_H
#define CFR_LMDB_ENV_H

#include "base/gate.h"
#include "base/lock.h"
#include "base/proc.h"
#include "token-store/lmdb/change.h"
#include "token-store/lmdb/guard.h"
#include "token-store/store.h"

#include <lmdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    CFR_ENV_PATH_MAX_LEN = 4096,
    CFR_ENV_POOL_SLOTS = 64,
    CFR_ENV_READERS_MAX = 4096, /* snapshots of all processes together: 64 octets of lock file each */
    CFR_ENV_TRIES_MAX = 64      /* moves of the map and the like that one call sits out */
};

/** Address space at first: room for millions of records, and a tenth of a percent of what a process has. */
#define CFR_ENV_MAP_LEN (sizeof(size_t) > 4 ? (size_t)1 << 34 : (size_t)1 << 29)
/** What the map may grow to. */
#define CFR_ENV_MAP_LIMIT_LEN (sizeof(size_t) > 4 ? (size_t)1 << 40 : (size_t)1 << 30)

struct cfr_commit_request;

/** A transaction: a snapshot and, when it writes, what it has gathered. Reused through the pool. */
struct cfr_env_txn {
    struct cfr_store_txn head;
    MDB_txn *snapshot;         /**< LMDB's read transaction, reset while in the pool */
    MDB_cursor *cursor;        /**< made at the first range, then renewed */
    struct cfr_change *change; /**< NULL in a CFR_STORE_READ transaction */
};

/** Where cfr_env_version() reads; never freed before the environment, so that it needs no lock. */
struct cfr_env_source {
    const size_t *txnid; /**< newest transaction, in LMDB's lock file */
    uint64_t base;       /**< rises each time the environment is replaced */
    void *map;
    struct cfr_env_source *next;
};

/** The lmdb backend's store. */
struct cfr_env {
    struct cfr_store head;
    void *memory; /**< what was allocated; the struct within is aligned for the gate */
    char *path;   /**< of the folder, absolute: the host may change its directory */
    bool allow_remote_fs;
    uint32_t generation; /**< cfr_proc_generation() of the process that opened it */

    struct cfr_gate gate; /**< open while mdb may be used */
    struct cfr_lock lock; /**< rank STORE; see above */
    atomic_uint turn;     /**< counts moves and replacements; written under the lock */

    /* Written under the lock with the gate closed. */
    MDB_env *mdb; /**< NULL after a replacement failed; the gate is then closed */
    MDB_dbi dbi;
    struct cfr_guard *guard;
    size_t page_len;
    size_t map_len; /**< to ask for */

    /* Under the lock: a file that is rightly shorter than its last page, as found by a whole check. */
    size_t short_len;
    size_t short_last_page;

    _Atomic(struct cfr_env_source *) source;
    _Atomic(struct cfr_commit_request *) queue; /**< of commit.c */
    struct {
        _Alignas(64) _Atomic(struct cfr_env_txn *) txn;
    } pool[CFR_ENV_POOL_SLOTS];
};

static inline struct cfr_env *cfr_env_of(struct cfr_store *store)
{
    return (struct cfr_env *)(void *)store;
}

static inline struct cfr_env_txn *cfr_env_txn_of(struct cfr_store_txn *txn)
{
    return (struct cfr_env_txn *)(void *)txn;
}

/** Whether this is still the process that opened it, and not a forked child. */
static inline bool cfr_env_is_own(const struct cfr_env *env)
{
    return env->generation == cfr_proc_generation();
}

/** Open or make a store. OK, UNAVAIL, CORRUPT, INUSE, FULL; the log says why. */
enum cfr_store_status cfr_env_open(const struct cfr_store_config *config, struct cfr_env **ret_env);

/** Close it. In a forked child: nothing. */
void cfr_env_close(struct cfr_env *env);

/** As cfr_store_ops.forked(). */
enum cfr_store_status cfr_env_forked(struct cfr_env *env);

/** As cfr_store_ops.version(). */
uint64_t cfr_env_version(struct cfr_env *env);

/** Check the whole file as it is now, whatever its size. No snapshot is held. OK, CORRUPT, UNAVAIL. */
enum cfr_store_status cfr_env_verify(struct cfr_env *env);

/** Take a snapshot. OK, UNAVAIL, CORRUPT (found when the environment had to be replaced). */
enum cfr_store_status cfr_env_snapshot(struct cfr_env *env, struct cfr_env_txn **ret_txn);

/** Give it up, and its change. In a forked child: nothing, the reader table is the parent's too. */
void cfr_env_release(struct cfr_env *env, struct cfr_env_txn *txn);

/** The status that an LMDB or errno code means, and a log line, unless it is a mere NOTFOUND. */
enum cfr_store_status cfr_env_status(const struct cfr_env *env, int code, const char *what);

/** Revision of a record's value as LMDB has it. False when the value is malformed. */
bool cfr_env_revision(const MDB_val *value, uint64_t *ret_revision);

/**
 * What must hold before LMDB's write lock is taken: the descriptors are LMDB's files (else the environment is
 * replaced), the data file has all its pages, and dead readers no longer keep pages from being used again.
 */
enum cfr_store_status cfr_env_ready_locked(struct cfr_env *env);

/** Another process has grown the file beyond the map: follow. OK, UNAVAIL, CORRUPT. */
enum cfr_store_status cfr_env_follow_locked(struct cfr_env *env);

/** The map is full: double it. OK, FULL, UNAVAIL, CORRUPT. */
enum cfr_store_status cfr_env_grow_locked(struct cfr_env *env);

/**
 * Replace the environment by a new one.
 *
 * @param is_sound  LMDB's state is trusted enough to close it; else it is given up, memory and map included
 * @return OK, UNAVAIL, CORRUPT; the gate is open after OK only
 */
enum cfr_store_status cfr_env_replace_locked(struct cfr_env *env, bool is_sound);

/*
 * Within env*.c. What env_open.c opens is not to be used before the gate is open.
 */

/**
 * Open the environment of @p env, with guards and checks. On failure nothing stays open. As cfr_env_open().
 */
enum cfr_store_status cfr_env_open_locked(struct cfr_env *env);

/**
 * Close it, or, unless @p is_sound, give it up: memory, map and what is not surely LMDB's. The gate is
 * closed.
 */
void cfr_env_shut_locked(struct cfr_env *env, bool is_sound);

/** In a forked child: forget the parent's environment; its map and LMDB's memory stay. The gate is closed. */
void cfr_env_disown_locked(struct cfr_env *env);

/** Check the whole file. OK, CORRUPT, UNAVAIL. */
enum cfr_store_status cfr_env_check_locked(struct cfr_env *env);

/**
 * Whether the data file, of @p len octets, has its last page, or is rightly shorter: reading beyond its end
 * would be a SIGBUS. OK, CORRUPT, UNAVAIL.
 */
enum cfr_store_status cfr_env_check_len_locked(struct cfr_env *env, size_t len);

/** Undo what cfr_env_version() reads through. */
void cfr_env_free_sources(struct cfr_env *env);

/** A renewed snapshot without gate or remedy: the lock is held or the gate passed. An LMDB code. */
int cfr_env_pool_take(struct cfr_env *env, struct cfr_env_txn **ret_txn);

/** Put it back. */
void cfr_env_pool_give(struct cfr_env *env, struct cfr_env_txn *txn);

/** Empty the pool; the gate is closed. @p is_sound as above. */
void cfr_env_pool_drain(struct cfr_env *env, bool is_sound);

#endif
