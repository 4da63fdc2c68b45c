/* SPDX-License-Identifier: Apache-2.0 */
#include "support/store_fault.h"

#include <stdatomic.h>
#include <stdlib.h>

struct fault_store {
    struct cfr_store head;
    struct cfr_store *inner;
    struct store_fault_plan plan; /* nth 0: disarmed */
    atomic_uint seen;             /* calls that the plan counts */
    atomic_uint fired;
};

struct fault_txn {
    struct cfr_store_txn head;
    struct cfr_store_txn *inner;
};

static struct fault_store *store_of(struct cfr_store *store)
{
    return (struct fault_store *)(void *)store;
}

static struct cfr_store_txn *inner_of(struct cfr_store_txn *txn)
{
    return ((struct fault_txn *)(void *)txn)->inner;
}

static void *memory(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* Whether this call is the one. */
static bool hit(struct fault_store *store, enum store_fault_call call)
{
    unsigned times = store->plan.times == 0 ? 1 : store->plan.times;
    unsigned count;

    if (store->plan.nth == 0 || (store->plan.calls & (unsigned)call) == 0) {
        return false;
    }
    count = atomic_fetch_add(&store->seen, 1) + 1;
    if (count < store->plan.nth || count >= store->plan.nth + times) {
        return false;
    }
    atomic_fetch_add(&store->fired, 1);
    return true;
}

static enum cfr_store_status fault_open(const struct cfr_store_config *config, struct cfr_store **ret_store)
{
    struct cfr_store *inner;
    enum cfr_store_status status = cfr_store_memory.open(config, &inner);

    if (status == CFR_STORE_OK) {
        *ret_store = store_fault_wrap(inner);
    }
    return status;
}

static void fault_close(struct cfr_store *store)
{
    struct fault_store *self = store_of(store);

    self->inner->ops->close(self->inner);
    free(self);
}

static void fault_abandon(struct cfr_store *store)
{
    struct cfr_store *inner = store_of(store)->inner;

    inner->ops->abandon(inner);
}

static enum cfr_store_status fault_forked(struct cfr_store *store)
{
    struct cfr_store *inner = store_of(store)->inner;

    return inner->ops->forked(inner);
}

static enum cfr_store_status fault_begin(struct cfr_store *store, enum cfr_store_mode mode,
                                         struct cfr_store_txn **ret_txn)
{
    struct fault_store *self = store_of(store);
    enum cfr_store_status status;
    struct fault_txn *txn;

    if (hit(self, STORE_FAULT_BEGIN)) {
        return self->plan.status;
    }
    txn = memory(sizeof(*txn));
    txn->head.store = store;
    status = self->inner->ops->begin(self->inner, mode, &txn->inner);
    if (status != CFR_STORE_OK) {
        free(txn);
        return status;
    }
    *ret_txn = &txn->head;
    return CFR_STORE_OK;
}

static enum cfr_store_status fault_get(struct cfr_store_txn *txn, struct cfr_span key,
                                       struct cfr_span *ret_value)
{
    struct fault_store *self = store_of(txn->store);

    return hit(self, STORE_FAULT_GET) ? self->plan.status
                                      : self->inner->ops->get(inner_of(txn), key, ret_value);
}

static enum cfr_store_status fault_range(struct cfr_store_txn *txn, struct cfr_span low, struct cfr_span high,
                                         cfr_store_visit_fn visit, void *arg)
{
    struct fault_store *self = store_of(txn->store);

    return hit(self, STORE_FAULT_RANGE) ? self->plan.status
                                        : self->inner->ops->range(inner_of(txn), low, high, visit, arg);
}

static enum cfr_store_status fault_put(struct cfr_store_txn *txn, struct cfr_span key, struct cfr_span value)
{
    struct fault_store *self = store_of(txn->store);

    return hit(self, STORE_FAULT_PUT) ? self->plan.status : self->inner->ops->put(inner_of(txn), key, value);
}

static enum cfr_store_status fault_del(struct cfr_store_txn *txn, struct cfr_span key)
{
    struct fault_store *self = store_of(txn->store);

    return hit(self, STORE_FAULT_DEL) ? self->plan.status : self->inner->ops->del(inner_of(txn), key);
}

static enum cfr_store_status fault_commit(struct cfr_store_txn *txn)
{
    struct fault_store *self = store_of(txn->store);
    struct cfr_store_txn *inner = inner_of(txn);
    enum cfr_store_status status;

    free(txn);
    if (!hit(self, STORE_FAULT_COMMIT)) {
        return self->inner->ops->commit(inner);
    }
    if (!self->plan.is_done) {
        self->inner->ops->abort(inner);
        return self->plan.status;
    }
    status = self->inner->ops->commit(inner);
    return status == CFR_STORE_OK ? self->plan.status : status;
}

static void fault_abort(struct cfr_store_txn *txn)
{
    struct cfr_store_txn *inner = inner_of(txn);

    inner->store->ops->abort(inner);
    free(txn);
}

static uint64_t fault_version(struct cfr_store *store)
{
    struct cfr_store *inner = store_of(store)->inner;

    return inner->ops->version(inner);
}

static enum cfr_store_status fault_health(struct cfr_store *store, struct cfr_store_health *ret_health)
{
    struct cfr_store *inner = store_of(store)->inner;

    return inner->ops->health(inner, ret_health);
}

static const struct cfr_store_ops fault_ops = {
    .abi = 2,
    .name = "fault",
    .open = fault_open,
    .close = fault_close,
    .abandon = fault_abandon,
    .begin = fault_begin,
    .get = fault_get,
    .range = fault_range,
    .put = fault_put,
    .del = fault_del,
    .commit = fault_commit,
    .abort = fault_abort,
    .version = fault_version,
    .health = fault_health,
    .forked = fault_forked,
};

struct cfr_store *store_fault_wrap(struct cfr_store *inner)
{
    struct fault_store *store = memory(sizeof(*store));

    store->head.ops = &fault_ops;
    store->inner = inner;
    return &store->head;
}

void store_fault_arm(struct cfr_store *store, const struct store_fault_plan *plan)
{
    struct fault_store *self = store_of(store);

    self->plan = plan == NULL ? (struct store_fault_plan){0} : *plan;
    atomic_store(&self->seen, 0);
    atomic_store(&self->fired, 0);
}

unsigned store_fault_fired(struct cfr_store *store)
{
    return atomic_load(&store_of(store)->fired);
}
