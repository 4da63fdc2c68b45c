/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/seal/fixture.h"

#include "crypto/ossl.h"

#include <stdio.h>
#include <unistd.h>

struct seal_world world;

struct cfr_store *seal_new_store(void)
{
    struct cfr_store *store = NULL;

    ck_assert_int_eq(cfr_store_memory.open(&(struct cfr_store_config){0}, &store), CFR_STORE_OK);
    return store;
}

void seal_up(void)
{
    ASSERT_OK(cfr_ossl_up());
    (void)snprintf(world.folder, sizeof(world.folder), "/tmp/coffer-seal-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(world.folder));
    (void)snprintf(world.anchor, sizeof(world.anchor), "%s/anchor", world.folder);
    world.store = seal_new_store();
    ASSERT_OK(cfr_master_open(world.store, world.anchor, &world.master));
}

void seal_down(void)
{
    cfr_master_drop(world.master);
    world.store->ops->close(world.store);
    (void)unlink(world.anchor);
    ck_assert_int_eq(rmdir(world.folder), 0);
}

struct cfr_span seal_peek_record(struct cfr_span key, uint8_t *out, size_t room)
{
    const struct cfr_store_ops *ops = world.store->ops;
    struct cfr_store_txn *txn = NULL;
    struct cfr_span value = {0};

    ck_assert_int_eq(ops->begin(world.store, CFR_STORE_READ, &txn), CFR_STORE_OK);
    ck_assert_int_eq(ops->get(txn, key, &value), CFR_STORE_OK);
    ck_assert_uint_le(value.len, room);
    cfr_copy(out, value.ptr, value.len);
    ops->abort(txn);
    return cfr_span_of(out, value.len);
}

void seal_poke_record(struct cfr_span key, const struct cfr_span *value)
{
    const struct cfr_store_ops *ops = world.store->ops;
    struct cfr_store_txn *txn = NULL;

    ck_assert_int_eq(ops->begin(world.store, CFR_STORE_WRITE, &txn), CFR_STORE_OK);
    ck_assert_int_eq(value == NULL ? ops->del(txn, key) : ops->put(txn, key, *value), CFR_STORE_OK);
    ck_assert_int_eq(ops->commit(txn), CFR_STORE_OK);
}
