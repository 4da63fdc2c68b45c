/* SPDX-License-Identifier: Apache-2.0 */
/* The same random work on the lmdb backend and on the reference, which have to agree at every step. */
#include "store/contract.h"
#include "token-store/lmdb/store_lmdb.h"

#include <string.h>

enum { STORES = 2, KEYS = 400, ROUNDS = 250 };

struct twins {
    struct cfr_store *store[STORES]; /* reference, lmdb */
    struct cfr_store_txn *txn[STORES];
    uint64_t random;
};

static unsigned draw(struct twins *twins, unsigned below)
{
    twins->random = twins->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(twins->random >> 33) % below;
}

/* Few distinct keys, so that they meet; of many lengths, so that pages split unevenly. */
static struct cfr_span draw_key(struct twins *twins)
{
    static uint8_t key[CFR_STORE_KEY_MAX_LEN];
    unsigned number = draw(twins, KEYS);
    size_t len = 2 + number * 37 % (CFR_STORE_KEY_MAX_LEN - 1);

    memset(key, (int)(number % 5), sizeof(key));
    key[0] = (uint8_t)(number >> 8);
    key[1] = (uint8_t)number;
    return cfr_span_of(key, len);
}

/* Mostly small, some in overflow pages. Never empty: whether an empty one was written twice is not told. */
static struct cfr_span draw_value(struct twins *twins)
{
    static const unsigned limits[] = {20, 200, 1500, 3000, 30000};

    return pattern(1 + draw(twins, limits[draw(twins, 5)]), draw(twins, 1000));
}

static void begin_both(struct twins *twins, enum cfr_store_mode mode)
{
    for (int i = 0; i < STORES; i++) {
        twins->txn[i] = begin(twins->store[i], mode);
    }
}

static enum cfr_store_status commit_both(struct twins *twins)
{
    enum cfr_store_status status[STORES];

    for (int i = 0; i < STORES; i++) {
        status[i] = twins->store[i]->ops->commit(twins->txn[i]);
    }
    ck_assert_int_eq(status[0], status[1]);
    return status[0];
}

static void get_both(struct twins *twins)
{
    struct cfr_span key = draw_key(twins);
    struct cfr_span value[STORES] = {{NULL, 0}, {NULL, 0}};
    enum cfr_store_status status[STORES];

    for (int i = 0; i < STORES; i++) {
        status[i] = twins->store[i]->ops->get(twins->txn[i], key, &value[i]);
    }
    ck_assert_int_eq(status[0], status[1]);
    ck_assert(cfr_span_equal(value[0], value[1]));
}

static void write_both(struct twins *twins)
{
    struct cfr_span key = draw_key(twins);
    struct cfr_span value = draw_value(twins);
    bool is_removal = draw(twins, 3) == 0;
    enum cfr_store_status status[STORES];

    for (int i = 0; i < STORES; i++) {
        const struct cfr_store_ops *ops = twins->store[i]->ops;

        status[i] = is_removal ? ops->del(twins->txn[i], key) : ops->put(twins->txn[i], key, value);
    }
    ck_assert_int_eq(status[0], status[1]);
    ck_assert(status[0] == CFR_STORE_OK || status[0] == CFR_STORE_LIMIT);
}

/* A digest of what was visited, in order. */
struct digest {
    uint64_t hash;
    size_t count;
    size_t limit;
};

static bool add_to_digest(void *arg, struct cfr_span key, struct cfr_span value)
{
    struct digest *digest = arg;

    for (size_t i = 0; i < key.len; i++) {
        digest->hash = (digest->hash ^ key.ptr[i]) * UINT64_C(1099511628211);
    }
    digest->hash = (digest->hash ^ key.len) * UINT64_C(1099511628211);
    for (size_t i = 0; i < value.len; i++) {
        digest->hash = (digest->hash ^ value.ptr[i]) * UINT64_C(1099511628211);
    }
    return ++digest->count < digest->limit;
}

static void range_both(struct twins *twins, bool is_whole)
{
    struct digest digest[STORES];
    uint8_t low_octets[CFR_STORE_KEY_MAX_LEN];
    struct cfr_span low = draw_key(twins);
    struct cfr_span high;
    size_t limit = draw(twins, 4) == 0 ? 1 + draw(twins, 50) : SIZE_MAX;

    cfr_copy(low_octets, low.ptr, low.len);
    low.ptr = low_octets;
    high = draw_key(twins);
    if (is_whole) {
        low = high = cfr_span_of(NULL, 0);
        limit = SIZE_MAX;
    }
    for (int i = 0; i < STORES; i++) {
        digest[i] = (struct digest){.limit = limit};
        ck_assert_int_eq(twins->store[i]->ops->range(twins->txn[i], low, high, add_to_digest, &digest[i]),
                         CFR_STORE_OK);
    }
    ck_assert_uint_eq(digest[0].count, digest[1].count);
    ck_assert_uint_eq(digest[0].hash, digest[1].hash);
}

/* Somebody else commits a write while the transaction is open. */
static void disturb_both(struct twins *twins)
{
    char key[3] = {0};
    struct cfr_span drawn = draw_key(twins);

    key[0] = (char)(drawn.ptr[0] + 1); /* a text, for put_elsewhere() */
    key[1] = (char)(drawn.ptr[1] == 0 ? 1 : drawn.ptr[1]);
    for (int i = 0; i < STORES; i++) {
        ck_assert_int_eq(put_elsewhere(twins->store[i], key, pattern(100, 7)), CFR_STORE_OK);
    }
}

static void one_round(struct twins *twins)
{
    enum cfr_store_mode mode = draw(twins, 4) == 0 ? CFR_STORE_READ : CFR_STORE_WRITE;
    unsigned steps = draw(twins, 40);

    begin_both(twins, mode);
    for (unsigned i = 0; i < steps; i++) {
        switch (draw(twins, 8)) {
        case 0:
        case 1:
            get_both(twins);
            break;
        case 2:
            range_both(twins, false);
            break;
        case 3:
            if (draw(twins, 20) == 0) {
                disturb_both(twins);
            }
            break;
        default:
            if (mode == CFR_STORE_WRITE) {
                write_both(twins);
            }
            break;
        }
    }
    if (draw(twins, 6) == 0) {
        for (int i = 0; i < STORES; i++) {
            twins->store[i]->ops->abort(twins->txn[i]);
        }
    } else {
        (void)commit_both(twins);
    }
}

START_TEST(lmdb_does_what_the_reference_does)
{
    struct twins twins = {.random = (uint64_t)_i * 7919 + 1};

    twins.store[0] = backend_open(BACKEND_MEMORY);
    twins.store[1] = backend_open(BACKEND_LMDB);
    for (int round = 0; round < ROUNDS; round++) {
        one_round(&twins);
        if (round % 50 == 49) {
            ck_assert_int_eq(cfr_store_lmdb_check(twins.store[1]), CFR_STORE_OK);
            twins.store[1]->ops->close(twins.store[1]);
            twins.store[1] = backend_open(BACKEND_LMDB);
        }
        begin_both(&twins, CFR_STORE_READ);
        range_both(&twins, true);
        (void)commit_both(&twins);
    }
    twins.store[0]->ops->close(twins.store[0]);
    twins.store[1]->ops->close(twins.store[1]);
}
END_TEST

TCase *contract_model_case(void)
{
    TCase *tcase = tcase_create("model");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, lmdb_does_what_the_reference_does, 0, UNDER_TSAN ? 1 : 8);
    return tcase;
}
