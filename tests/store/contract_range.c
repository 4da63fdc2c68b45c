/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges: order, bounds, and the visitor that has seen enough. */
#include "store/contract.h"

START_TEST(keys_are_ordered_by_octets)
{
    static const struct cfr_span keys[] = {
        {(const uint8_t *)"\x00", 1},    {(const uint8_t *)"\x00\x00", 2}, {(const uint8_t *)"\x00\xFF", 2},
        {(const uint8_t *)"A", 1},       {(const uint8_t *)"AA", 2},       {(const uint8_t *)"B", 1},
        {(const uint8_t *)"\x7F", 1},    {(const uint8_t *)"\x80", 1},     {(const uint8_t *)"\xFF", 1},
        {(const uint8_t *)"\xFF\xFF", 2}};
    enum { COUNT = sizeof(keys) / sizeof(keys[0]) };
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);

    for (size_t i = 0; i < COUNT; i++) {
        uint8_t number = (uint8_t)('0' + (i * 7) % COUNT);

        ck_assert_int_eq(store->ops->put(txn, keys[(i * 7) % COUNT], cfr_span_of(&number, 1)), CFR_STORE_OK);
    }
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    txn = begin(store, CFR_STORE_READ);
    ck_assert_str_eq(range_text(txn, "A", "C"), "A=3 AA=4 B=5");
    store->ops->abort(txn);
    ck_assert_uint_eq(count_all(store), COUNT);
    store->ops->close(store);
}
END_TEST

START_TEST(low_is_in_and_high_is_out)
{
    static const struct {
        const char *low, *high, *found;
    } rows[] = {
        {"", "", "b=1 d=2 f=3"}, {"a", "", "b=1 d=2 f=3"},
        {"b", "f", "b=1 d=2"},   {"b", "fa", "b=1 d=2 f=3"},
        {"c", "e", "d=2"},       {"d", "d", ""},
        {"e", "c", ""},          {"c", "d", ""},
        {"g", "", ""},           {"", "b", ""},
        {"", "c", "b=1"},        {"da", "f", ""},
    };
    struct cfr_store *store = backend_open(_i);

    ck_assert_int_eq(put_one(store, "b", cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_int_eq(put_one(store, "d", cfr_span_text("2")), CFR_STORE_OK);
    ck_assert_int_eq(put_one(store, "f", cfr_span_text("3")), CFR_STORE_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cfr_store_txn *txn = begin(store, i % 2 == 0 ? CFR_STORE_READ : CFR_STORE_WRITE);

        ck_assert_str_eq(range_text(txn, rows[i].low, rows[i].high), rows[i].found);
        ck_assert_str_eq(range_text(txn, rows[i].low, rows[i].high), rows[i].found);
        store->ops->abort(txn);
    }
    store->ops->close(store);
}
END_TEST

START_TEST(bounds_hold_for_own_writes_too)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);

    for (char key[] = "a"; key[0] <= 'e'; key[0]++) {
        ck_assert_int_eq(store->ops->put(txn, cfr_span_text(key), cfr_span_text(key)), CFR_STORE_OK);
    }
    ck_assert_str_eq(range_text(txn, "b", "d"), "b=b c=c");
    ck_assert_str_eq(range_text(txn, "bb", ""), "c=c d=d e=e");
    ck_assert_str_eq(range_text(txn, "f", ""), "");
    store->ops->abort(txn);
    store->ops->close(store);
}
END_TEST

/* Stops at the third record. */
static bool see_three(void *arg, struct cfr_span key, struct cfr_span value)
{
    int *seen = arg;

    (void)key;
    (void)value;
    return ++*seen < 3;
}

START_TEST(a_visitor_can_stop)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn;

    put_many(store, "k", 10, 10);
    for (int own = 0; own < 2; own++) {
        int seen = 0;

        txn = begin(store, CFR_STORE_WRITE);
        for (char key[] = "a"; own == 1 && key[0] <= 'e'; key[0]++) {
            ck_assert_int_eq(store->ops->put(txn, cfr_span_text(key), cfr_span_text(key)), CFR_STORE_OK);
        }
        ck_assert_int_eq(store->ops->range(txn, cfr_span_of(NULL, 0), cfr_span_of(NULL, 0), see_three, &seen),
                         CFR_STORE_OK);
        ck_assert_int_eq(seen, 3);
        store->ops->abort(txn);
    }
    store->ops->close(store);
}
END_TEST

struct rising {
    uint8_t last[CFR_STORE_KEY_MAX_LEN];
    size_t last_len;
    size_t count;
};

static bool see_rising(void *arg, struct cfr_span key, struct cfr_span value)
{
    struct rising *rising = arg;
    unsigned number = 0;

    ck_assert_int_gt(cfr_span_compare(key, cfr_span_of(rising->last, rising->last_len)), 0);
    ck_assert_uint_eq(key.len, 7); /* of put_many(): "k", six digits */
    for (size_t i = 1; i < key.len; i++) {
        number = number * 10 + (unsigned)(key.ptr[i] - '0');
    }
    ck_assert(cfr_span_equal(value, pattern(value.len, number)));
    cfr_copy(rising->last, key.ptr, key.len);
    rising->last_len = key.len;
    rising->count++;
    return true;
}

START_TEST(long_ranges_are_whole_and_rising)
{
    struct cfr_store *store = backend_open(_i);
    struct rising rising = {.count = 0};
    struct cfr_store_txn *txn;

    put_many(store, "k", 3000, 60);
    txn = begin(store, CFR_STORE_READ);
    ck_assert_int_eq(store->ops->range(txn, cfr_span_text("k"), cfr_span_text("l"), see_rising, &rising),
                     CFR_STORE_OK);
    ck_assert_uint_eq(rising.count, 3000);
    rising = (struct rising){.count = 0};
    ck_assert_int_eq(
        store->ops->range(txn, cfr_span_text("k001000"), cfr_span_text("k002000"), see_rising, &rising),
        CFR_STORE_OK);
    ck_assert_uint_eq(rising.count, 1000);
    store->ops->abort(txn);
    store->ops->close(store);
}
END_TEST

TCase *contract_range_case(void)
{
    const TTest *const tests[] = {
        keys_are_ordered_by_octets, low_is_in_and_high_is_out,        bounds_hold_for_own_writes_too,
        a_visitor_can_stop,         long_ranges_are_whole_and_rising,
    };
    TCase *tcase = tcase_create("ranges");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        tcase_add_loop_test(tcase, tests[i], 0, BACKENDS);
    }
    return tcase;
}
