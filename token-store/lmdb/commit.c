/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/lmdb/commit.h"

#include "base/log.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

enum {
    BATCH_MAX = 32,       /* requests that share a transaction: 128 MiB at worst, far below LMDB's limit */
    NO_ROOM_LEN = 1 << 20 /* what LMDB writes in one go may need more than is left, if less than this is */
};

/* A commit that waits its turn; lives on the stack of the thread that waits for it. */
struct cfr_commit_request {
    const struct cfr_change *change;
    enum cfr_store_status status;
    struct cfr_commit_request *next;
    sem_t done;
};

static int find_revision(MDB_txn *txn, MDB_dbi dbi, struct cfr_span key, uint64_t *ret_revision)
{
    MDB_val name = {key.len, (void *)(uintptr_t)key.ptr};
    MDB_val value;
    int rc;

    if (key.len == 0) {
        *ret_revision = CFR_REVISION_ABSENT;
        return MDB_SUCCESS;
    }
    rc = mdb_get(txn, dbi, &name, &value);
    if (rc == MDB_NOTFOUND) {
        *ret_revision = CFR_REVISION_ABSENT;
        return MDB_SUCCESS;
    }
    if (rc != MDB_SUCCESS) {
        return rc;
    }
    return cfr_env_revision(&value, ret_revision) ? MDB_SUCCESS : MDB_CORRUPTED;
}

static int check_reads(MDB_txn *txn, MDB_dbi dbi, const struct cfr_change *change, bool *ret_same)
{
    *ret_same = true;
    for (size_t i = 0; i < change->read_count; i++) {
        const struct cfr_change_read *read = change->reads[i];
        uint64_t revision;
        int rc = find_revision(txn, dbi, cfr_change_read_key(read), &revision);

        if (rc != MDB_SUCCESS) {
            return rc;
        }
        if (revision != read->revision) {
            *ret_same = false;
            return MDB_SUCCESS;
        }
    }
    return MDB_SUCCESS;
}

enum cfr_store_status cfr_commit_check(struct cfr_env *env, MDB_txn *txn, const struct cfr_change *change)
{
    bool is_same;
    int rc = check_reads(txn, env->dbi, change, &is_same);

    if (rc != MDB_SUCCESS) {
        return cfr_env_status(env, rc, "cannot read");
    }
    return is_same ? CFR_STORE_OK : CFR_STORE_CONFLICT;
}

/*
 * MDB_RESERVE saves putting revision and value together in memory first; the room is filled to its last
 * octet.
 */
static int write_one(MDB_txn *txn, MDB_dbi dbi, const struct cfr_change_write *write)
{
    struct cfr_span key = cfr_change_write_key(write);
    struct cfr_span value = cfr_change_write_value(write);
    MDB_val name = {key.len, (void *)(uintptr_t)key.ptr};
    MDB_val data = {value.len == 0 ? 0 : sizeof(uint64_t) + value.len, NULL};
    int rc;

    if (write->is_removal) {
        rc = mdb_del(txn, dbi, &name, NULL);
        return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
    }
    rc = mdb_put(txn, dbi, &name, &data, MDB_RESERVE);
    if (rc == MDB_SUCCESS && value.len != 0) {
        uint8_t *to = data.mv_data;

        cfr_store_be64(to, mdb_txn_id(txn));
        cfr_copy(to + sizeof(uint64_t), value.ptr, value.len);
    }
    return rc;
}

/*
 * The reads are checked against what earlier requests of the batch have written, too: their revision is new.
 */
static int apply(MDB_txn *txn, MDB_dbi dbi, struct cfr_commit_request *request, bool *ret_wrote)
{
    const struct cfr_change *change = request->change;
    bool is_same;
    int rc = check_reads(txn, dbi, change, &is_same);

    if (rc != MDB_SUCCESS || !is_same) {
        request->status = CFR_STORE_CONFLICT;
        return rc;
    }
    for (size_t i = 0; i < change->write_count; i++) {
        rc = write_one(txn, dbi, change->writes[i]);
        if (rc != MDB_SUCCESS) {
            return rc;
        }
    }
    request->status = CFR_STORE_OK;
    *ret_wrote = true;
    return MDB_SUCCESS;
}

/* One LMDB transaction. @p ret_at_end: whether a failure was one of the commit itself. */
static int attempt_locked(struct cfr_env *env, struct cfr_commit_request **batch, size_t count,
                          bool *ret_at_end)
{
    bool wrote = false;
    MDB_txn *txn;
    int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);

    *ret_at_end = false;
    if (rc != MDB_SUCCESS) {
        return rc;
    }
    for (size_t i = 0; i < count; i++) {
        rc = apply(txn, env->dbi, batch[i], &wrote);
        if (rc != MDB_SUCCESS) {
            mdb_txn_abort(txn);
            return rc;
        }
    }
    if (!wrote) {
        mdb_txn_abort(txn);
        return MDB_SUCCESS;
    }
    *ret_at_end = true;
    return mdb_txn_commit(txn);
}

/*
 * LMDB refuses all work once writing a meta page has failed: only then can the commit have happened
 * nonetheless.
 */
static bool has_panicked_locked(struct cfr_env *env)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);

    if (rc == MDB_SUCCESS) {
        mdb_txn_abort(txn);
    }
    return rc == MDB_PANIC;
}

/*
 * LMDB reports a write that was cut short as an I/O error; where there is no room left, that is what it was.
 */
static int refine(const struct cfr_env *env, int rc)
{
    int fd = env->guard->files[CFR_GUARD_DATA].fd;
    struct statvfs fs;
    struct rlimit limit;
    struct stat info;

    if (rc != EIO) {
        return rc;
    }
    if (fstatvfs(fd, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize < NO_ROOM_LEN) {
        return ENOSPC;
    }
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && fstat(fd, &info) == 0 &&
        (rlim_t)info.st_size + NO_ROOM_LEN > limit.rlim_cur) {
        return EFBIG;
    }
    return rc;
}

/* CONFLICT: the obstacle is gone, try again. Anything else is the outcome. */
static enum cfr_store_status remedy_locked(struct cfr_env *env, int rc, bool at_end)
{
    enum cfr_store_status status;

    switch (rc) {
    case MDB_MAP_FULL:
        status = cfr_env_grow_locked(env);
        break;
    case MDB_MAP_RESIZED:
        status = cfr_env_follow_locked(env);
        break;
    case MDB_PANIC:
        status = cfr_env_replace_locked(env, true);
        break;
    default:
        status = cfr_env_status(env, refine(env, rc), "cannot commit");
        if (at_end && has_panicked_locked(env)) {
            cfr_log(CFR_LOG_ERROR, "store %s: whether the last commit happened is not known", env->path);
            (void)cfr_env_replace_locked(env, true);
            status = CFR_STORE_UNKNOWN;
        }
        return status;
    }
    return status == CFR_STORE_OK ? CFR_STORE_CONFLICT : status;
}

static enum cfr_store_status try_batch_locked(struct cfr_env *env, struct cfr_commit_request **batch,
                                              size_t count)
{
    for (int i = 0; i < CFR_ENV_TRIES_MAX; i++) {
        enum cfr_store_status status = cfr_env_ready_locked(env);
        bool at_end;
        int rc;

        if (status != CFR_STORE_OK) {
            return status;
        }
        rc = attempt_locked(env, batch, count, &at_end);
        if (rc == MDB_SUCCESS) {
            return CFR_STORE_OK;
        }
        status = remedy_locked(env, rc, at_end);
        if (status != CFR_STORE_CONFLICT) {
            return status;
        }
    }
    cfr_log(CFR_LOG_ERROR, "store %s: no commit after %d tries", env->path, CFR_ENV_TRIES_MAX);
    return CFR_STORE_UNAVAIL;
}

/*
 * What fails together may succeed one by one: a large neighbour must not make a small change fail for want of
 * room.
 */
static void run_batch_locked(struct cfr_env *env, struct cfr_commit_request **batch, size_t count)
{
    enum cfr_store_status status = try_batch_locked(env, batch, count);

    if (status == CFR_STORE_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        enum cfr_store_status own = status;

        if (status == CFR_STORE_FULL && count > 1) {
            own = try_batch_locked(env, &batch[i], 1);
        }
        if (own != CFR_STORE_OK) {
            batch[i]->status = own;
        }
    }
}

/*
 * Add to the queue. True when it was empty: then this thread is the one that writes. The queue is emptied by
 * that thread alone, so it always has one. Once in the queue, the request may be written by others.
 */
static bool enqueue(struct cfr_env *env, struct cfr_commit_request *request)
{
    struct cfr_commit_request *newest = atomic_load_explicit(&env->queue, memory_order_relaxed);

    do {
        request->next = newest;
    } while (!atomic_compare_exchange_weak(&env->queue, &newest, request));
    return newest == NULL;
}

/* Take the queue, oldest first. */
static struct cfr_commit_request *take_queue(struct cfr_env *env)
{
    struct cfr_commit_request *newest = atomic_exchange(&env->queue, NULL);
    struct cfr_commit_request *oldest = NULL;

    while (newest != NULL) {
        struct cfr_commit_request *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void write_queue(struct cfr_env *env, const struct cfr_commit_request *own)
{
    AUTO(hold) held = cfr_hold_take(&env->lock);
    struct cfr_commit_request *batch[BATCH_MAX];
    struct cfr_commit_request *request = take_queue(env);
    size_t count = 0;

    (void)held;
    while (request != NULL || count > 0) {
        if (request != NULL && count < BATCH_MAX) {
            batch[count++] = request;
            request = request->next;
            continue;
        }
        run_batch_locked(env, batch, count);
        for (size_t i = 0; i < count; i++) {
            if (batch[i] != own) {
                (void)sem_post(&batch[i]->done);
            }
        }
        count = 0;
    }
}

enum cfr_store_status cfr_commit(struct cfr_env *env, const struct cfr_change *change)
{
    struct cfr_commit_request own = {.change = change, .status = CFR_STORE_UNAVAIL};
    int cancel_state;

    /* A thread that is cancelled in here would leave the queue with a request on a stack that is gone. */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    (void)sem_init(&own.done, 0, 0);
    if (enqueue(env, &own)) {
        write_queue(env, &own);
    } else {
        while (sem_wait(&own.done) != 0) {
        }
    }
    (void)sem_destroy(&own.done);
    (void)pthread_setcancelstate(cancel_state, NULL);
    return own.status;
}
