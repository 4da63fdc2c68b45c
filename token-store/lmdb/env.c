/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/lmdb/env.h"

#include "base/alloc.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/*
 * The archive is not position-independent in one place: it names libc's stderr directly. With --wrap=stderr
 * it names this instead, and can be linked into a shared object. It is never read: on_assert() of env_open.c
 * does not return.
 */
extern FILE *__wrap_stderr;
FILE *__wrap_stderr;

/*
 * LMDB calls strdup() and later free(). In a module loaded with RTLD_DEEPBIND into a program that brings an
 * allocator of its own, libc's strdup() takes memory from that allocator, and free(), bound in our scope, is
 * libc's: the program dies. The module is linked with --wrap=strdup, so that LMDB calls this, and the memory
 * is ours.
 */
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
    return cfr_alloc_text(text);
}

static enum cfr_store_status status_of(int code)
{
    switch (code) {
    case MDB_SUCCESS:
        return CFR_STORE_OK;
    case MDB_NOTFOUND:
        return CFR_STORE_NOTFOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
        return CFR_STORE_FULL;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PAGE_FULL:
    case MDB_CURSOR_FULL:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
        return CFR_STORE_CORRUPT;
    default:
        return code > 0 ? cfr_place_status(code) : CFR_STORE_UNAVAIL;
    }
}

enum cfr_store_status cfr_env_status(const struct cfr_env *env, int code, const char *what)
{
    enum cfr_store_status status = status_of(code);

    if (status != CFR_STORE_OK && status != CFR_STORE_NOTFOUND) {
        cfr_log(CFR_LOG_ERROR, "store %s: %s: %s", env->path, what, mdb_strerror(code));
    }
    return status;
}

bool cfr_env_revision(const MDB_val *value, uint64_t *ret_revision)
{
    if (value->mv_size == 0) {
        *ret_revision = CFR_REVISION_EMPTY;
        return true;
    }
    if (value->mv_size <= sizeof(uint64_t)) {
        return false;
    }
    *ret_revision = cfr_load_be64(value->mv_data);
    return true;
}

/* --- Replacing and moving --- */

/*
 * The gate is closed. LMDB closes its descriptors by number, which are closed only while they are its files.
 */
static void shut_checked_locked(struct cfr_env *env, bool is_sound)
{
    struct stat data;

    cfr_env_shut_locked(env, is_sound && env->guard != NULL && cfr_guard_is_intact(env->guard, &data));
}

enum cfr_store_status cfr_env_replace_locked(struct cfr_env *env, bool is_sound)
{
    enum cfr_store_status status;

    (void)!cfr_gate_close(&env->gate);
    shut_checked_locked(env, is_sound);
    status = cfr_env_open_locked(env);
    if (status == CFR_STORE_OK) {
        cfr_log(CFR_LOG_WARN, "store %s: opened anew", env->path);
        atomic_fetch_add(&env->turn, 1);
        cfr_gate_open(&env->gate);
    }
    /* Why it cannot be opened is in the log; to a transaction it is only that it cannot. */
    return status == CFR_STORE_OK || status == CFR_STORE_CORRUPT ? status : CFR_STORE_UNAVAIL;
}

/* @p map_len 0 is what LMDB's newest meta page says. */
static enum cfr_store_status move_map_locked(struct cfr_env *env, size_t map_len)
{
    bool was_open = cfr_gate_close(&env->gate);
    int rc = mdb_env_set_mapsize(env->mdb, map_len);

    if (rc != MDB_SUCCESS && was_open) {
        /* LMDB has unmapped the old map by now; a new environment may still find room for a smaller one. */
        cfr_log(CFR_LOG_WARN, "store %s: cannot move the map: %s", env->path, mdb_strerror(rc));
        return cfr_env_replace_locked(env, true);
    }
    if (rc != MDB_SUCCESS) {
        return cfr_env_status(env, rc, "cannot move the map while the store is being opened");
    }
    atomic_fetch_add(&env->turn, 1);
    if (was_open) {
        cfr_gate_open(&env->gate);
    }
    return CFR_STORE_OK;
}

enum cfr_store_status cfr_env_follow_locked(struct cfr_env *env)
{
    cfr_log(CFR_LOG_INFO, "store %s: another process has grown it", env->path);
    return move_map_locked(env, 0);
}

enum cfr_store_status cfr_env_grow_locked(struct cfr_env *env)
{
    enum cfr_store_status status;
    MDB_envinfo before;
    MDB_envinfo after;

    (void)mdb_env_info(env->mdb, &before);
    if (before.me_mapsize >= CFR_ENV_MAP_LIMIT_LEN) {
        return cfr_env_status(env, MDB_MAP_FULL, "the map has its greatest size");
    }
    env->map_len = before.me_mapsize * 2;
    cfr_log(CFR_LOG_INFO, "store %s: map grows to %zu octets", env->path, env->map_len);
    status = move_map_locked(env, env->map_len);
    if (status != CFR_STORE_OK) {
        return status;
    }
    (void)mdb_env_info(env->mdb, &after);
    return after.me_mapsize > before.me_mapsize
               ? CFR_STORE_OK
               : cfr_env_status(env, MDB_MAP_FULL, "no address space for a larger map");
}

/*
 * Whether LMDB may write with what it has open; if not, it is opened anew. @p ret_data is the data file's
 * state.
 */
static enum cfr_store_status make_intact_locked(struct cfr_env *env, struct stat *ret_data)
{
    enum cfr_store_status status;

    if (env->mdb != NULL && cfr_guard_is_intact(env->guard, ret_data)) {
        return CFR_STORE_OK;
    }
    if (env->mdb != NULL) {
        cfr_log(CFR_LOG_WARN, "store %s: descriptors were closed or exchanged by the host program",
                env->path);
    }
    status = cfr_env_replace_locked(env, false);
    if (status == CFR_STORE_OK && !cfr_guard_is_intact(env->guard, ret_data)) {
        return CFR_STORE_UNAVAIL;
    }
    return status;
}

enum cfr_store_status cfr_env_ready_locked(struct cfr_env *env)
{
    struct stat data;
    enum cfr_store_status status = make_intact_locked(env, &data);
    int dead = 0;
    int rc;

    if (status != CFR_STORE_OK) {
        return status;
    }
    status = cfr_env_check_len_locked(env, (size_t)data.st_size);
    if (status != CFR_STORE_OK) {
        return status;
    }
    rc = mdb_reader_check(env->mdb, &dead);
    if (dead > 0) {
        cfr_log(CFR_LOG_INFO, "store %s: cleared %d snapshots of dead processes", env->path, dead);
    }
    return cfr_env_status(env, rc, "cannot clear the snapshots of dead processes");
}

enum cfr_store_status cfr_env_verify(struct cfr_env *env)
{
    AUTO(hold) held = cfr_hold_take(&env->lock);
    enum cfr_store_status status = cfr_env_ready_locked(env);

    (void)held;
    return status == CFR_STORE_OK ? cfr_env_check_locked(env) : status;
}

/* Cure what kept a snapshot from being taken. OK: try again. */
static enum cfr_store_status mend_locked(struct cfr_env *env, int rc)
{
    int dead = 0;

    if (env->mdb == NULL) {
        return cfr_env_replace_locked(env, false);
    }
    switch (rc) {
    case MDB_MAP_RESIZED:
        return cfr_env_follow_locked(env);
    case MDB_READERS_FULL:
        (void)mdb_reader_check(env->mdb, &dead);
        return dead > 0 ? CFR_STORE_OK : cfr_env_status(env, rc, "cannot take a snapshot");
    case MDB_BAD_RSLOT: /* somebody took us for dead: the host has closed the descriptor our locks hang on */
        return cfr_env_replace_locked(env, false);
    case MDB_PANIC: /* a meta page could not be written */
        return cfr_env_replace_locked(env, true);
    default:
        return cfr_env_status(env, rc, "cannot take a snapshot");
    }
}

static enum cfr_store_status mend(struct cfr_env *env, int rc, unsigned turn)
{
    AUTO(hold) held = cfr_hold_take(&env->lock);

    (void)held;
    if (env->mdb != NULL && (rc == MDB_SUCCESS || atomic_load(&env->turn) != turn)) {
        return CFR_STORE_OK;
    }
    return mend_locked(env, rc);
}

/* --- Snapshots and version --- */

enum cfr_store_status cfr_env_snapshot(struct cfr_env *env, struct cfr_env_txn **ret_txn)
{
    for (int i = 0; i < CFR_ENV_TRIES_MAX; i++) {
        unsigned turn = atomic_load_explicit(&env->turn, memory_order_relaxed);
        enum cfr_store_status status;
        int rc = MDB_SUCCESS;

        if (CFR_UNLIKELY(!cfr_env_is_own(env))) {
            cfr_log(CFR_LOG_ERROR, "store %s: used in a forked child; it has to be opened there", env->path);
            return CFR_STORE_UNAVAIL;
        }
        if (CFR_LIKELY(cfr_gate_enter(&env->gate))) {
            rc = cfr_env_pool_take(env, ret_txn);
            if (CFR_LIKELY(rc == MDB_SUCCESS)) {
                return CFR_STORE_OK;
            }
            cfr_gate_leave(&env->gate);
        }
        status = mend(env, rc, turn);
        if (status != CFR_STORE_OK) {
            return status;
        }
    }
    cfr_log(CFR_LOG_ERROR, "store %s: no snapshot after %d tries", env->path, CFR_ENV_TRIES_MAX);
    return CFR_STORE_UNAVAIL;
}

void cfr_env_release(struct cfr_env *env, struct cfr_env_txn *txn)
{
    if (CFR_UNLIKELY(!cfr_env_is_own(env))) {
        return;
    }
    cfr_change_drop(txn->change);
    txn->change = NULL;
    cfr_env_pool_give(env, txn);
    cfr_gate_leave(&env->gate);
}

uint64_t cfr_env_version(struct cfr_env *env)
{
    const struct cfr_env_source *source = atomic_load_explicit(&env->source, memory_order_acquire);

    return source->base + __atomic_load_n(source->txnid, __ATOMIC_ACQUIRE);
}

/* --- The store as a whole --- */

static char *absolute(const char *path)
{
    char *text = cfr_alloc(CFR_ENV_PATH_MAX_LEN + 1);
    size_t len = 0;
    size_t path_len = strlen(path);

    while (path_len > 1 && path[path_len - 1] == '/') {
        path_len--;
    }
    if (text != NULL && path[0] != '/') {
        if (getcwd(text, CFR_ENV_PATH_MAX_LEN) == NULL) {
            cfr_free(text);
            return NULL;
        }
        len = strlen(text);
        text[len++] = '/';
    }
    if (text == NULL || path_len == 0 || path_len > CFR_ENV_PATH_MAX_LEN - len) {
        cfr_free(text);
        return NULL;
    }
    cfr_copy(text + len, path, path_len);
    text[len + path_len] = '\0';
    return text;
}

/* The gate keeps its counters on cache lines of their own, which cfr_alloc() does not know about. */
static struct cfr_env *env_new(const struct cfr_store_config *config)
{
    char *path = absolute(config->path);
    void *memory = cfr_alloc(sizeof(struct cfr_env) + _Alignof(struct cfr_env) - 1);
    struct cfr_env *env;

    if (path == NULL || memory == NULL) {
        cfr_log(CFR_LOG_ERROR, "store %s: no memory, or no usable path", config->path);
        cfr_free(path);
        cfr_free(memory);
        return NULL;
    }
    env = (struct cfr_env *)(((uintptr_t)memory + _Alignof(struct cfr_env) - 1) &
                             ~(uintptr_t)(_Alignof(struct cfr_env) - 1));
    env->head.ops = &cfr_store_lmdb;
    env->memory = memory;
    env->path = path;
    env->allow_remote_fs = config->allow_remote_fs;
    env->generation = cfr_proc_generation();
    env->map_len = config->map_len == 0 ? CFR_ENV_MAP_LEN : config->map_len;
    return env;
}

static void env_free(struct cfr_env *env)
{
    cfr_env_free_sources(env);
    cfr_free(env->path);
    cfr_free(env->memory);
}

enum cfr_store_status cfr_env_open(const struct cfr_store_config *config, struct cfr_env **ret_env)
{
    enum cfr_store_status status = CFR_STORE_UNAVAIL;
    struct cfr_env *env;

    if (cfr_proc_watch() != CKR_OK) {
        return CFR_STORE_UNAVAIL;
    }
    env = env_new(config);
    if (env == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    if (cfr_lock_init(&env->lock, CFR_RANK_STORE) == CKR_OK) {
        cfr_lock_acquire(&env->lock);
        status = cfr_env_open_locked(env);
        cfr_lock_release(&env->lock);
        if (status == CFR_STORE_OK) {
            cfr_gate_open(&env->gate);
            *ret_env = env;
            return CFR_STORE_OK;
        }
        cfr_lock_clear(&env->lock);
    }
    env_free(env);
    return status;
}

enum cfr_store_status cfr_env_forked(struct cfr_env *env)
{
    AUTO(hold) held = cfr_hold_take(&env->lock);
    enum cfr_store_status status;

    (void)held;
    cfr_gate_forked(&env->gate);
    (void)!cfr_gate_close(&env->gate);
    cfr_env_disown_locked(env);
    status = cfr_env_open_locked(env);
    if (status == CFR_STORE_OK) {
        atomic_fetch_add(&env->turn, 1);
        cfr_gate_open(&env->gate);
    }
    return status == CFR_STORE_OK || status == CFR_STORE_CORRUPT ? status : CFR_STORE_UNAVAIL;
}

void cfr_env_close(struct cfr_env *env)
{
    if (!cfr_env_is_own(env)) {
        return;
    }
    (void)!cfr_gate_close(&env->gate);
    shut_checked_locked(env, true);
    cfr_lock_clear(&env->lock);
    env_free(env);
}
