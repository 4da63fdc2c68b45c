/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: one ordered keyspace of octet strings, read through snapshots and changed by transactions that
 * commit whole or not at all. It sees blinded keys and sealed values only and knows nothing of PKCS#11.
 *
 * A transaction sees the store as it was at its begin, and its own writes. Writes are buffered. A commit
 * succeeds only if every key that a read-write transaction has read with get() is still as it was read;
 * otherwise it is a CONFLICT and the caller runs its function again (cfr_store_run). Ranges are not part of
 * that check.
 *
 * A successful commit is durable: it survives the death of the process and of the machine. Backends: lmdb
 * (default), memory (reference and tests). tests/store/contract_test.c is what every backend must pass.
 *
 * Threads: a store is used by any number of threads, a transaction by one. A thread has at most one
 * transaction open at a time and holds none across calls of the PKCS#11 API.
 */
#ifndef CFR_TOKEN_STORE_STORE_H
#define CFR_TOKEN_STORE_STORE_H

#include "base/bytes.h"
#include "base/rv.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfr_store;
struct cfr_store_txn;

/** What a store operation came to. */
enum cfr_store_status {
    CFR_STORE_OK,
    CFR_STORE_NOTFOUND, /**< get: no such key */
    CFR_STORE_CONFLICT, /**< commit: something read has changed; nothing was written; run again */
    CFR_STORE_UNKNOWN,  /**< commit: it may or may not have happened; never resend blindly */
    CFR_STORE_UNAVAIL,  /**< cannot be reached or opened now; the log says why */
    CFR_STORE_CORRUPT,  /**< not a store, or a damaged one; the log says where */
    CFR_STORE_FULL,     /**< no room on the device or in the map */
    CFR_STORE_LIMIT,    /**< key, value, or number or size of writes beyond struct cfr_store_limits */
    CFR_STORE_INUSE,    /**< open already in this process, by another copy of the module */
};

/** Ceilings that every backend accepts; more is CFR_STORE_LIMIT. */
enum {
    CFR_STORE_KEY_MAX_LEN = 128,           /* octets; 1 at least */
    CFR_STORE_VALUE_MAX_LEN = 2 * 1048576, /* octets; 0 is allowed */
    CFR_STORE_WRITES_MAX = 100,            /* keys that one transaction puts or deletes */
    CFR_STORE_COMMIT_MAX_LEN = 4 * 1048576 /* octets of keys and values written in one transaction */
};

/** How to open a store. */
struct cfr_store_config {
    const char *path;     /**< folder that holds it; made, with mode 0700, when its parent exists */
    size_t map_len;       /**< lmdb: address space to reserve, octets; 0 for 16 GiB */
    bool allow_remote_fs; /**< lmdb: accept a file system that is not known to be local */
};

/** State of a store, for diagnostics. */
struct cfr_store_health {
    uint64_t version;   /**< as cfr_store_ops.version() */
    uint64_t used_len;  /**< octets in use */
    uint64_t limit_len; /**< octets it can grow to */
    uint32_t readers;   /**< snapshots now held, all processes */
};

/**
 * Called for each record of a range, in rising key order; the views are valid during the call. false stops.
 */
typedef bool (*cfr_store_visit_fn)(void *arg, struct cfr_span key, struct cfr_span value);

enum cfr_store_mode { CFR_STORE_READ, CFR_STORE_WRITE };

/**
 * A backend. The table is constant and lives as long as the process. Members are only ever added at the end,
 * and
 * @c abi then rises.
 */
struct cfr_store_ops {
    uint32_t abi; /**< 2 */
    const char *name;

    /** Open or make a store. OK, UNAVAIL, CORRUPT, INUSE, FULL. */
    enum cfr_store_status (*open)(const struct cfr_store_config *config, struct cfr_store **ret_store);

    /** Close it; no transaction is open. */
    void (*close)(struct cfr_store *store);

    /**
     * In a forked child: forget the parent's store. Touches nothing that is shared with the parent: no lock,
     * no descriptor, no file. Its memory is leaked on purpose. No other call on @p store may follow.
     */
    void (*abandon)(struct cfr_store *store);

    /**
     * Take a snapshot. OK, UNAVAIL, CORRUPT. Without system call or allocation for CFR_STORE_READ, once warm.
     */
    enum cfr_store_status (*begin)(struct cfr_store *store, enum cfr_store_mode mode,
                                   struct cfr_store_txn **ret_txn);

    /**
     * The value of @p key. OK, NOTFOUND, CORRUPT. In a CFR_STORE_WRITE transaction the key joins what commit
     * checks, also when it is absent, unless the transaction has written it; UNAVAIL without memory for that.
     * The view is valid until the transaction ends or writes that key.
     */
    enum cfr_store_status (*get)(struct cfr_store_txn *txn, struct cfr_span key, struct cfr_span *ret_value);

    /**
     * Visit the records with @p low <= key < @p high; an empty @p high has no upper bound. OK (also when the
     * visitor stopped), CORRUPT. Own writes of the transaction are seen. The visitor calls nothing of @p txn.
     */
    enum cfr_store_status (*range)(struct cfr_store_txn *txn, struct cfr_span low, struct cfr_span high,
                                   cfr_store_visit_fn visit, void *arg);

    /**
     * Write a record at commit. OK, LIMIT, UNAVAIL (no memory). CFR_STORE_WRITE only. Copies what it is
     * given.
     */
    enum cfr_store_status (*put)(struct cfr_store_txn *txn, struct cfr_span key, struct cfr_span value);

    /** Remove a record at commit; removing what is not there is OK. As put otherwise. */
    enum cfr_store_status (*del)(struct cfr_store_txn *txn, struct cfr_span key);

    /**
     * Check, write durably, and end the transaction, whatever the outcome. OK, CONFLICT, UNKNOWN, FULL,
     * UNAVAIL, CORRUPT. A transaction without writes is only checked.
     */
    enum cfr_store_status (*commit)(struct cfr_store_txn *txn);

    /** End a transaction and forget its writes. */
    void (*abort)(struct cfr_store_txn *txn);

    /**
     * A number that differs from what it was whenever any process has committed in between. Nanoseconds, no
     * lock, no system call; what lets caches be trusted at every use of a key. 0 is never returned. Fill a
     * cache in this order: version, begin, read; what was read is then at least as new as that version.
     */
    uint64_t (*version)(struct cfr_store *store);

    /** Report on it. OK, UNAVAIL. */
    enum cfr_store_status (*health)(struct cfr_store *store, struct cfr_store_health *ret_health);

    /**
     * In a child forked while nobody was inside the store: go on with it, as this process's own. Touches nothing
     * that is shared with the parent. OK, UNAVAIL, CORRUPT; when it is not OK, the next begin() tries again. Since
     * abi 2.
     */
    enum cfr_store_status (*forked)(struct cfr_store *store);
};

struct cfr_store_member;

/** Every backend's struct begins with this, so that the calls below need no backend argument. */
struct cfr_store {
    const struct cfr_store_ops *ops;
    _Atomic(struct cfr_store_member *) waiting; /**< cfr_store_run_shared()'s; NULL at first */
};

/** Every backend's transaction begins with this. */
struct cfr_store_txn {
    struct cfr_store *store;
};

extern const struct cfr_store_ops cfr_store_lmdb;
extern const struct cfr_store_ops cfr_store_memory;

/** For AUTO: a transaction that is given up on every path out unless commit has taken it. */
static inline void cfr_store_txn_dropp(struct cfr_store_txn **txn)
{
    if (*txn != NULL) {
        (*txn)->store->ops->abort(*txn);
    }
}

/** Body of a read-write transaction: pure but for @p txn and @p arg, because it may run several times. */
typedef CK_RV (*cfr_store_body_fn)(struct cfr_store_txn *txn, void *arg);

/**
 * Run @p body in a read-write transaction and commit, again on CONFLICT (with a short random pause), at most
 * for ten seconds.
 *
 * @retval CKR_OK              committed, durable
 * @retval CKR_DEVICE_MEMORY   the store is full
 * @retval CKR_DEVICE_ERROR    unavailable, damaged, outcome unknown, or ten seconds of conflicts
 * @return what @p body returned when that is not CKR_OK; nothing was then written
 */
NODISCARD CK_RV cfr_store_run(struct cfr_store *store, cfr_store_body_fn body, void *arg);

/**
 * The same, but several threads' bodies may share one transaction and its commit: each is run in a thread of the
 * others, after theirs, and sees what they write. It succeeds or fails by itself all the same: a body that fails in
 * company is run again without, and what it left is given up. For bodies that take no lock of a rank below STORE.
 */
NODISCARD CK_RV cfr_store_run_shared(struct cfr_store *store, cfr_store_body_fn body, void *arg);

/**
 * The CKR_ code that a status means to a caller of PKCS#11; OK is CKR_OK, LIMIT and FULL CKR_DEVICE_MEMORY.
 */
NODISCARD CK_RV cfr_store_rv(enum cfr_store_status status, const char *what);

/** The status as a word, for the log. */
const char *cfr_store_status_name(enum cfr_store_status status);

#endif
