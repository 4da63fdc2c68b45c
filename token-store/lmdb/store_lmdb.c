/* SPDX-License-Identifier: Apache-2.0 */
/* The default backend: one LMDB file, shared by processes. This file is the vtable; env.h does the work. */
#include "token-store/lmdb/store_lmdb.h"

#include "base/fault.h"
#include "base/log.h"
#include "token-store/lmdb/commit.h"
#include "token-store/lmdb/env.h"

#include <errno.h>

static struct cfr_env *env_of_txn(const struct cfr_env_txn *txn)
{
    return cfr_env_of(txn->head.store);
}

static struct cfr_span span_of(const MDB_val *value)
{
    return cfr_span_of(value->mv_data, value->mv_size);
}

static enum cfr_store_status lmdb_open(const struct cfr_store_config *config, struct cfr_store **ret_store)
{
    struct cfr_env *env;
    enum cfr_store_status status = cfr_env_open(config, &env);

    if (status == CFR_STORE_OK) {
        *ret_store = &env->head;
    }
    return status;
}

static void lmdb_close(struct cfr_store *store)
{
    cfr_env_close(cfr_env_of(store));
}

/* The map, the descriptors and the memory stay: closing any of them here could reach the parent. */
static void lmdb_abandon(struct cfr_store *store)
{
    (void)store;
}

static enum cfr_store_status lmdb_forked(struct cfr_store *store)
{
    return cfr_env_forked(cfr_env_of(store));
}

static enum cfr_store_status lmdb_begin(struct cfr_store *store, enum cfr_store_mode mode,
                                        struct cfr_store_txn **ret_txn)
{
    struct cfr_env *env = cfr_env_of(store);
    struct cfr_env_txn *txn;
    enum cfr_store_status status;

    if (cfr_fault_hit(CFR_FAULT_STORE)) {
        return CFR_STORE_UNAVAIL;
    }
    status = cfr_env_snapshot(env, &txn);
    if (status != CFR_STORE_OK) {
        return status;
    }
    if (mode == CFR_STORE_WRITE) {
        txn->change = cfr_change_new();
        if (txn->change == NULL) {
            cfr_env_release(env, txn);
            return CFR_STORE_UNAVAIL;
        }
    }
    *ret_txn = &txn->head;
    return CFR_STORE_OK;
}

static enum cfr_store_status malformed(const struct cfr_env_txn *txn, struct cfr_span key)
{
    cfr_log(CFR_LOG_ERROR, "store %s: damaged: a record of kind '%c' has no revision", env_of_txn(txn)->path,
            key.len != 0 && key.ptr[0] > ' ' && key.ptr[0] < 0x7F ? key.ptr[0] : '?');
    return CFR_STORE_CORRUPT;
}

/* Split what LMDB has into revision and value. */
static bool split(const MDB_val *data, uint64_t *ret_revision, struct cfr_span *ret_value)
{
    if (!cfr_env_revision(data, ret_revision)) {
        return false;
    }
    *ret_value = cfr_span_after(span_of(data), sizeof(uint64_t));
    return true;
}

static enum cfr_store_status look_up(struct cfr_env_txn *txn, struct cfr_span key, uint64_t *ret_revision,
                                     struct cfr_span *ret_value)
{
    MDB_val name = {key.len, (void *)(uintptr_t)key.ptr};
    MDB_val data;
    int rc = key.len == 0 ? MDB_NOTFOUND : mdb_get(txn->snapshot, env_of_txn(txn)->dbi, &name, &data);

    if (rc == MDB_NOTFOUND) {
        *ret_revision = CFR_REVISION_ABSENT;
        return CFR_STORE_NOTFOUND;
    }
    if (rc != MDB_SUCCESS) {
        return cfr_env_status(env_of_txn(txn), rc, "cannot read");
    }
    return split(&data, ret_revision, ret_value) ? CFR_STORE_OK : malformed(txn, key);
}

static enum cfr_store_status lmdb_get(struct cfr_store_txn *txn, struct cfr_span key,
                                      struct cfr_span *ret_value)
{
    struct cfr_env_txn *self = cfr_env_txn_of(txn);
    const struct cfr_change_write *write = self->change == NULL ? NULL : cfr_change_find(self->change, key);
    struct cfr_span value = {NULL, 0};
    enum cfr_store_status status;
    uint64_t revision = CFR_REVISION_ABSENT;

    if (write != NULL) {
        if (write->is_removal) {
            return CFR_STORE_NOTFOUND;
        }
        *ret_value = cfr_change_write_value(write);
        return CFR_STORE_OK;
    }
    status = look_up(self, key, &revision, &value);
    if (self->change != NULL && (status == CFR_STORE_OK || status == CFR_STORE_NOTFOUND) &&
        cfr_change_note_read(self->change, key, revision) != CFR_STORE_OK) {
        return CFR_STORE_UNAVAIL;
    }
    if (status == CFR_STORE_OK) {
        *ret_value = value;
    }
    return status;
}

/* A range of the snapshot and of own writes, merged. */
struct range {
    struct cfr_env_txn *txn;
    struct cfr_span high;
    int rc; /* of LMDB's cursor: MDB_SUCCESS while key and data hold a record */
    MDB_val key;
    MDB_val data;
    size_t write; /* the next own write */
};

static int open_cursor(struct cfr_env_txn *txn)
{
    if (txn->cursor != NULL) {
        return mdb_cursor_renew(txn->snapshot, txn->cursor);
    }
    return mdb_cursor_open(txn->snapshot, env_of_txn(txn)->dbi, &txn->cursor);
}

static const struct cfr_change_write *own_write(const struct range *range)
{
    const struct cfr_change *change = range->txn->change;

    return change == NULL || range->write == change->write_count ? NULL : change->writes[range->write];
}

static bool is_below(const struct range *range, struct cfr_span key)
{
    return range->high.len == 0 || cfr_span_compare(key, range->high) < 0;
}

static void step(struct range *range)
{
    range->rc = mdb_cursor_get(range->txn->cursor, &range->key, &range->data, MDB_NEXT);
}

/* One own write, in place of the stored record of the same key if there is one. */
static bool visit_write(struct range *range, const struct cfr_change_write *write, int order,
                        cfr_store_visit_fn visit, void *arg)
{
    if (order == 0) {
        step(range);
    }
    range->write++;
    return write->is_removal || visit(arg, cfr_change_write_key(write), cfr_change_write_value(write));
}

static enum cfr_store_status visit_all(struct range *range, cfr_store_visit_fn visit, void *arg)
{
    for (;;) {
        const struct cfr_change_write *write = own_write(range);
        bool has_record = range->rc == MDB_SUCCESS && is_below(range, span_of(&range->key));
        bool has_write = write != NULL && is_below(range, cfr_change_write_key(write));
        struct cfr_span value;
        uint64_t revision;
        int order = -1;

        if (range->rc != MDB_SUCCESS && range->rc != MDB_NOTFOUND) {
            return cfr_env_status(env_of_txn(range->txn), range->rc, "cannot read a range");
        }
        if (!has_record && !has_write) {
            return CFR_STORE_OK;
        }
        if (has_record && has_write) {
            order = cfr_span_compare(cfr_change_write_key(write), span_of(&range->key));
        }
        if (has_write && order <= 0) {
            if (!visit_write(range, write, order, visit, arg)) {
                return CFR_STORE_OK;
            }
            continue;
        }
        if (!split(&range->data, &revision, &value)) {
            return malformed(range->txn, span_of(&range->key));
        }
        if (!visit(arg, span_of(&range->key), value)) {
            return CFR_STORE_OK;
        }
        step(range);
    }
}

static enum cfr_store_status lmdb_range(struct cfr_store_txn *txn, struct cfr_span low, struct cfr_span high,
                                        cfr_store_visit_fn visit, void *arg)
{
    struct range range = {.txn = cfr_env_txn_of(txn), .high = high};

    range.rc = open_cursor(range.txn);
    if (range.rc != MDB_SUCCESS) {
        return cfr_env_status(env_of_txn(range.txn), range.rc, "cannot open a cursor");
    }
    range.key = (MDB_val){low.len, (void *)(uintptr_t)low.ptr};
    range.rc =
        mdb_cursor_get(range.txn->cursor, &range.key, &range.data, low.len == 0 ? MDB_FIRST : MDB_SET_RANGE);
    range.write = range.txn->change == NULL ? 0 : cfr_change_seek(range.txn->change, low);
    return visit_all(&range, visit, arg);
}

static enum cfr_store_status lmdb_put(struct cfr_store_txn *txn, struct cfr_span key, struct cfr_span value)
{
    if (cfr_fault_hit(CFR_FAULT_STORE)) {
        return CFR_STORE_UNAVAIL;
    }
    return cfr_change_add_write(cfr_env_txn_of(txn)->change, key, value, false);
}

static enum cfr_store_status lmdb_del(struct cfr_store_txn *txn, struct cfr_span key)
{
    if (cfr_fault_hit(CFR_FAULT_STORE)) {
        return CFR_STORE_UNAVAIL;
    }
    return cfr_change_add_write(cfr_env_txn_of(txn)->change, key, cfr_span_of(NULL, 0), true);
}

/* What was only read must still be so: in a newer snapshot, without LMDB's write lock. */
static enum cfr_store_status check_only(struct cfr_env *env, const struct cfr_change *change)
{
    struct cfr_env_txn *txn;
    enum cfr_store_status status = cfr_env_snapshot(env, &txn);

    if (status != CFR_STORE_OK) {
        return status;
    }
    status = cfr_commit_check(env, txn->snapshot, change);
    cfr_env_release(env, txn);
    return status;
}

/* The snapshot is given up first: whoever waits for LMDB's write lock must not keep the map from growing. */
static enum cfr_store_status lmdb_commit(struct cfr_store_txn *txn)
{
    struct cfr_env_txn *self = cfr_env_txn_of(txn);
    struct cfr_env *env = env_of_txn(self);
    struct cfr_change *change;
    enum cfr_store_status status;

    if (!cfr_env_is_own(env)) {
        return CFR_STORE_UNAVAIL;
    }
    change = MOVE(self->change);
    cfr_env_release(env, self);
    if (change == NULL || (change->write_count == 0 && change->read_count == 0)) {
        status = CFR_STORE_OK;
    } else if (cfr_fault_hit(CFR_FAULT_STORE)) {
        status = CFR_STORE_UNAVAIL;
    } else {
        status = change->write_count == 0 ? check_only(env, change) : cfr_commit(env, change);
    }
    cfr_change_drop(change);
    return status;
}

static void lmdb_abort(struct cfr_store_txn *txn)
{
    cfr_env_release(cfr_env_of(txn->store), cfr_env_txn_of(txn));
}

static uint64_t lmdb_version(struct cfr_store *store)
{
    return cfr_env_version(cfr_env_of(store));
}

/* LMDB lists its readers as text: a header line, then a line each, which ends in a dash for an idle one. */
static int count_reader(const char *line, void *arg)
{
    uint32_t *count = arg;
    size_t len = strlen(line);

    if (strstr(line, "txnid") == NULL && len >= 2 && line[0] != '(' && line[len - 2] != '-') {
        (*count)++;
    }
    return 0;
}

static enum cfr_store_status lmdb_health(struct cfr_store *store, struct cfr_store_health *ret_health)
{
    struct cfr_env *env = cfr_env_of(store);
    struct cfr_store_health health = {.limit_len = CFR_ENV_MAP_LIMIT_LEN};
    struct cfr_env_txn *txn;
    MDB_envinfo info;
    enum cfr_store_status status = cfr_env_snapshot(env, &txn);

    if (status != CFR_STORE_OK) {
        return status;
    }
    (void)mdb_env_info(env->mdb, &info);
    (void)mdb_reader_list(env->mdb, count_reader, &health.readers);
    health.version = cfr_env_version(env);
    health.used_len = (info.me_last_pgno + 1) * (uint64_t)env->page_len;
    health.readers--; /* the one taken here */
    cfr_env_release(env, txn);
    *ret_health = health;
    return CFR_STORE_OK;
}

enum cfr_store_status cfr_store_lmdb_check(struct cfr_store *store)
{
    return cfr_env_verify(cfr_env_of(store));
}

const struct cfr_store_ops cfr_store_lmdb = {
    .abi = 2,
    .name = "lmdb",
    .open = lmdb_open,
    .close = lmdb_close,
    .abandon = lmdb_abandon,
    .begin = lmdb_begin,
    .get = lmdb_get,
    .range = lmdb_range,
    .put = lmdb_put,
    .del = lmdb_del,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .version = lmdb_version,
    .health = lmdb_health,
    .forked = lmdb_forked,
};
