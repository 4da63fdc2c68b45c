/* SPDX-License-Identifier: Apache-2.0 */
#include "support/store_stand_in.h"

#include "base/fault.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the module gets: the inner store with hooks before it. */
struct stand_in {
    struct cfr_store head;
};

struct stand_in_txn {
    struct cfr_store_txn head;
    struct cfr_store_txn *inner;
};

struct kept {
    struct kept *next;
    struct cfr_span key;
    struct cfr_span value;
};

static struct cfr_store *inner;
static struct kept *saved;

static struct cfr_store_txn *inner_of(struct cfr_store_txn *txn)
{
    return ((struct stand_in_txn *)(void *)txn)->inner;
}

/* The tests' own memory is not counted among what can fail, and there is always enough. */
static void *memory(size_t size)
{
    void *got = calloc(1, size == 0 ? 1 : size);

    if (got == NULL) {
        abort();
    }
    return got;
}

struct cfr_store *stand_in_inner(void)
{
    if (inner == NULL && cfr_store_memory.open(&(struct cfr_store_config){0}, &inner) != CFR_STORE_OK) {
        inner = NULL;
    }
    return inner;
}

void stand_in_reset(void)
{
    if (inner != NULL) {
        inner->ops->close(inner);
        inner = NULL;
    }
}

static struct cfr_span copy_of(struct cfr_span from)
{
    uint8_t *octets = memory(from.len);

    cfr_copy(octets, from.ptr, from.len);
    return cfr_span_of(octets, from.len);
}

static bool keep(void *arg, struct cfr_span key, struct cfr_span value)
{
    struct kept *kept = memory(sizeof(*kept));

    (void)arg;
    *kept = (struct kept){.next = saved, .key = copy_of(key), .value = copy_of(value)};
    saved = kept;
    return true;
}

static void must(enum cfr_store_status status)
{
    if (status != CFR_STORE_OK) {
        (void)fprintf(stderr, "stand-in store: %s\n", cfr_store_status_name(status));
        abort();
    }
}

void stand_in_save(void)
{
    struct cfr_store *store = stand_in_inner();
    struct cfr_store_txn *txn = NULL;

    while (saved != NULL) {
        struct kept *next = saved->next;

        free((void *)(uintptr_t)saved->key.ptr);
        free((void *)(uintptr_t)saved->value.ptr);
        free(saved);
        saved = next;
    }
    must(store->ops->begin(store, CFR_STORE_READ, &txn));
    must(store->ops->range(txn, cfr_span_of(NULL, 0), cfr_span_of(NULL, 0), keep, NULL));
    store->ops->abort(txn);
}

void stand_in_restore(void)
{
    struct cfr_store *store;

    stand_in_reset();
    store = stand_in_inner();
    for (const struct kept *kept = saved; kept != NULL; kept = kept->next) {
        struct cfr_store_txn *txn = NULL;

        must(store->ops->begin(store, CFR_STORE_WRITE, &txn));
        must(store->ops->put(txn, kept->key, kept->value));
        must(store->ops->commit(txn));
    }
}

/* The folder with the file that says a store is there, as the module looks for it. */
static void mark(const char *folder)
{
    char path[512];
    int fd;

    (void)mkdir(folder, 0700);
    (void)snprintf(path, sizeof(path), "%s/coffer.mdb", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
    }
}

static const struct cfr_store_ops hooked;

static enum cfr_store_status stand_in_open(const struct cfr_store_config *config,
                                           struct cfr_store **ret_store)
{
    struct stand_in *store;

    if (cfr_fault_hit(CFR_FAULT_STORE) || stand_in_inner() == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    mark(config->path);
    store = memory(sizeof(*store));
    store->head.ops = &hooked;
    *ret_store = &store->head;
    return CFR_STORE_OK;
}

static void stand_in_close(struct cfr_store *store)
{
    free(store);
}

static void stand_in_abandon(struct cfr_store *store)
{
    (void)store;
}

static enum cfr_store_status stand_in_forked(struct cfr_store *store)
{
    (void)store;
    return CFR_STORE_OK;
}

static enum cfr_store_status stand_in_begin(struct cfr_store *store, enum cfr_store_mode mode,
                                            struct cfr_store_txn **ret_txn)
{
    struct stand_in_txn *txn;
    enum cfr_store_status status;

    if (cfr_fault_hit(CFR_FAULT_STORE)) {
        return CFR_STORE_UNAVAIL;
    }
    txn = memory(sizeof(*txn));
    txn->head.store = store;
    status = inner->ops->begin(inner, mode, &txn->inner);
    if (status != CFR_STORE_OK) {
        free(txn);
        return status;
    }
    *ret_txn = &txn->head;
    return CFR_STORE_OK;
}

static enum cfr_store_status stand_in_get(struct cfr_store_txn *txn, struct cfr_span key,
                                          struct cfr_span *ret_value)
{
    return cfr_fault_hit(CFR_FAULT_STORE) ? CFR_STORE_CORRUPT
                                          : inner->ops->get(inner_of(txn), key, ret_value);
}

static enum cfr_store_status stand_in_range(struct cfr_store_txn *txn, struct cfr_span low,
                                            struct cfr_span high, cfr_store_visit_fn visit, void *arg)
{
    return cfr_fault_hit(CFR_FAULT_STORE) ? CFR_STORE_CORRUPT
                                          : inner->ops->range(inner_of(txn), low, high, visit, arg);
}

static enum cfr_store_status stand_in_put(struct cfr_store_txn *txn, struct cfr_span key,
                                          struct cfr_span value)
{
    return cfr_fault_hit(CFR_FAULT_STORE) ? CFR_STORE_LIMIT : inner->ops->put(inner_of(txn), key, value);
}

static enum cfr_store_status stand_in_del(struct cfr_store_txn *txn, struct cfr_span key)
{
    return cfr_fault_hit(CFR_FAULT_STORE) ? CFR_STORE_UNAVAIL : inner->ops->del(inner_of(txn), key);
}

static void stand_in_abort(struct cfr_store_txn *txn)
{
    inner->ops->abort(inner_of(txn));
    free(txn);
}

static enum cfr_store_status stand_in_commit(struct cfr_store_txn *txn)
{
    enum cfr_store_status status;

    if (cfr_fault_hit(CFR_FAULT_STORE)) {
        stand_in_abort(txn);
        return CFR_STORE_FULL;
    }
    status = inner->ops->commit(inner_of(txn));
    free(txn);
    return status;
}

static uint64_t stand_in_version(struct cfr_store *store)
{
    (void)store;
    return inner->ops->version(inner);
}

static enum cfr_store_status stand_in_health(struct cfr_store *store, struct cfr_store_health *ret_health)
{
    (void)store;
    return inner->ops->health(inner, ret_health);
}

static const struct cfr_store_ops hooked = {
    .abi = 2,
    .name = "stand-in",
    .open = stand_in_open,
    .close = stand_in_close,
    .abandon = stand_in_abandon,
    .begin = stand_in_begin,
    .get = stand_in_get,
    .range = stand_in_range,
    .put = stand_in_put,
    .del = stand_in_del,
    .commit = stand_in_commit,
    .abort = stand_in_abort,
    .version = stand_in_version,
    .health = stand_in_health,
    .forked = stand_in_forked,
};

const struct cfr_store_ops cfr_store_lmdb = {
    .abi = 2,
    .name = "stand-in",
    .open = stand_in_open,
};
