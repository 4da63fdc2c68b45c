/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions: what they see, what they leave behind, when they conflict, and how much they carry. */
#include "store/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(a_new_store_is_empty)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn = begin(store, CFR_STORE_READ);

    ck_assert_str_eq(get_text(txn, "a"), "<none>");
    ck_assert_str_eq(range_text(txn, "", ""), "");
    store->ops->abort(txn);
    ck_assert_uint_ne(store->ops->version(store), 0);
    store->ops->close(store);
}
END_TEST

START_TEST(a_commit_is_seen_by_later_transactions)
{
    struct cfr_store *store = backend_open(_i);

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "a"), "1");
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("2")), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "a"), "2");
    ck_assert_int_eq(del_one(store, "a"), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "a"), "<none>");
    ck_assert_int_eq(del_one(store, "a"), CFR_STORE_OK);
    store->ops->close(store);
}
END_TEST

START_TEST(an_abort_leaves_nothing)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);

    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("a"), cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_str_eq(get_text(txn, "a"), "1");
    store->ops->abort(txn);
    ck_assert_str_eq(get_one(store, "a"), "<none>");
    store->ops->close(store);
}
END_TEST

START_TEST(a_snapshot_does_not_change)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn;
    struct cfr_span view;

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("old")), CFR_STORE_OK);
    txn = begin(store, CFR_STORE_READ);
    ck_assert_int_eq(store->ops->get(txn, cfr_span_text("a"), &view), CFR_STORE_OK);
    for (unsigned i = 0; i < 20; i++) {
        ck_assert_int_eq(put_elsewhere(store, "a", pattern(3000, i)), CFR_STORE_OK);
        ck_assert_int_eq(put_elsewhere(store, "b", pattern(30, i)), CFR_STORE_OK);
    }
    ck_assert(cfr_span_equal(view, cfr_span_text("old")));
    ck_assert_str_eq(get_text(txn, "a"), "old");
    ck_assert_str_eq(range_text(txn, "", ""), "a=old");
    store->ops->abort(txn);
    ck_assert_uint_eq(count_all(store), 2);
    store->ops->close(store);
}
END_TEST

START_TEST(a_transaction_sees_its_own_writes)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn;

    ck_assert_int_eq(put_one(store, "b", cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_int_eq(put_one(store, "d", cfr_span_text("2")), CFR_STORE_OK);
    ck_assert_int_eq(put_one(store, "f", cfr_span_text("3")), CFR_STORE_OK);
    txn = begin(store, CFR_STORE_WRITE);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("a"), cfr_span_text("new")), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("d"), cfr_span_text("other")), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->del(txn, cfr_span_text("b")), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->del(txn, cfr_span_text("nothing")), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("e"), cfr_span_of(NULL, 0)), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("g"), cfr_span_text("x")), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->del(txn, cfr_span_text("g")), CFR_STORE_OK);
    ck_assert_str_eq(get_text(txn, "a"), "new");
    ck_assert_str_eq(get_text(txn, "b"), "<none>");
    ck_assert_str_eq(get_text(txn, "e"), "");
    ck_assert_str_eq(get_text(txn, "g"), "<none>");
    ck_assert_str_eq(range_text(txn, "", ""), "a=new d=other e= f=3");
    ck_assert_str_eq(range_text(txn, "a", "d"), "a=new");
    ck_assert_str_eq(range_text(txn, "b", "f"), "d=other e=");
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    txn = begin(store, CFR_STORE_READ);
    ck_assert_str_eq(range_text(txn, "", ""), "a=new d=other e= f=3");
    store->ops->abort(txn);
    store->ops->close(store);
}
END_TEST

START_TEST(a_removed_key_can_be_written_again)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn;

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    txn = begin(store, CFR_STORE_WRITE);
    ck_assert_int_eq(store->ops->del(txn, cfr_span_text("a")), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("a"), cfr_span_text("2")), CFR_STORE_OK);
    ck_assert_str_eq(get_text(txn, "a"), "2");
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "a"), "2");
    store->ops->close(store);
}
END_TEST

START_TEST(puts_copy_what_they_are_given)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);
    char key[] = "a";
    char value[] = "1";

    ck_assert_int_eq(store->ops->put(txn, cfr_span_text(key), cfr_span_text(value)), CFR_STORE_OK);
    key[0] = 'z';
    value[0] = 'z';
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "a"), "1");
    store->ops->close(store);
}
END_TEST

/* --- Conflicts: what changed between begin and commit, and whether it had been read --- */

/* Begin, read @p read unless NULL, let @p change happen, write "w", commit. */
static enum cfr_store_status read_change_write(struct cfr_store *store, const char *read,
                                               enum cfr_store_status (*change)(struct cfr_store *store))
{
    struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);

    if (read != NULL) {
        (void)get_text(txn, read);
    }
    ck_assert_int_eq(change(store), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("w"), cfr_span_text("written")), CFR_STORE_OK);
    return store->ops->commit(txn);
}

static enum cfr_store_status change_a(struct cfr_store *store)
{
    return put_elsewhere(store, "a", cfr_span_text("changed"));
}

static enum cfr_store_status rewrite_a(struct cfr_store *store)
{
    return put_elsewhere(store, "a", cfr_span_text("1"));
}

static enum cfr_store_status empty_a(struct cfr_store *store)
{
    return put_elsewhere(store, "a", cfr_span_of(NULL, 0));
}

static enum cfr_store_status remove_a(struct cfr_store *store)
{
    return del_elsewhere(store, "a");
}

static enum cfr_store_status replace_a(struct cfr_store *store)
{
    ck_assert_int_eq(del_elsewhere(store, "a"), CFR_STORE_OK);
    return put_elsewhere(store, "a", cfr_span_text("1"));
}

static enum cfr_store_status make_b(struct cfr_store *store)
{
    return put_elsewhere(store, "b", cfr_span_text("made"));
}

static enum cfr_store_status make_empty_b(struct cfr_store *store)
{
    return put_elsewhere(store, "b", cfr_span_of(NULL, 0));
}

static enum cfr_store_status make_and_remove_b(struct cfr_store *store)
{
    ck_assert_int_eq(put_elsewhere(store, "b", cfr_span_text("made")), CFR_STORE_OK);
    return del_elsewhere(store, "b");
}

START_TEST(a_changed_key_conflicts)
{
    enum cfr_store_status (*const changes[])(struct cfr_store *) = {change_a, rewrite_a, empty_a, remove_a,
                                                                    replace_a};
    struct cfr_store *store = backend_open(_i);

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
        ck_assert_int_eq(read_change_write(store, "a", changes[i]), CFR_STORE_CONFLICT);
        ck_assert_str_eq(get_one(store, "w"), "<none>");
        ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
        ck_assert_int_eq(read_change_write(store, NULL, changes[i]), CFR_STORE_OK);
        ck_assert_int_eq(del_one(store, "w"), CFR_STORE_OK);
    }
    store->ops->close(store);
}
END_TEST

START_TEST(a_key_that_was_absent_conflicts_once_it_is_there)
{
    struct cfr_store *store = backend_open(_i);

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_int_eq(read_change_write(store, "b", make_b), CFR_STORE_CONFLICT);
    ck_assert_int_eq(del_one(store, "b"), CFR_STORE_OK);
    ck_assert_int_eq(read_change_write(store, "b", make_empty_b), CFR_STORE_CONFLICT);
    ck_assert_int_eq(del_one(store, "b"), CFR_STORE_OK);
    ck_assert_int_eq(read_change_write(store, "b", make_and_remove_b), CFR_STORE_OK);
    ck_assert_int_eq(read_change_write(store, "c", make_b), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "w"), "written");
    store->ops->close(store);
}
END_TEST

START_TEST(ranges_and_own_writes_are_not_checked)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn;

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    txn = begin(store, CFR_STORE_WRITE);
    ck_assert_str_eq(range_text(txn, "", ""), "a=1");
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("a"), cfr_span_text("mine")), CFR_STORE_OK);
    ck_assert_str_eq(get_text(txn, "a"), "mine");
    ck_assert_int_eq(change_a(store), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "a"), "mine");
    store->ops->close(store);
}
END_TEST

START_TEST(a_transaction_without_writes_is_only_checked)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn;
    uint64_t version;

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    version = store->ops->version(store);
    txn = begin(store, CFR_STORE_WRITE);
    ck_assert_str_eq(get_text(txn, "a"), "1");
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->commit(begin(store, CFR_STORE_WRITE)), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->commit(begin(store, CFR_STORE_READ)), CFR_STORE_OK);
    ck_assert_uint_eq(store->ops->version(store), version);
    txn = begin(store, CFR_STORE_WRITE);
    ck_assert_str_eq(get_text(txn, "a"), "1");
    ck_assert_int_eq(change_a(store), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_CONFLICT);
    txn = begin(store, CFR_STORE_READ);
    ck_assert_str_eq(get_text(txn, "a"), "changed");
    ck_assert_int_eq(rewrite_a(store), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    store->ops->close(store);
}
END_TEST

START_TEST(the_version_differs_after_each_commit)
{
    struct cfr_store *store = backend_open(_i);
    uint64_t version = store->ops->version(store);
    struct cfr_store_health health;

    for (unsigned i = 0; i < 10; i++) {
        ck_assert_int_eq(put_elsewhere(store, "a", pattern(10, i)), CFR_STORE_OK);
        ck_assert_uint_ne(store->ops->version(store), version);
        version = store->ops->version(store);
        store->ops->abort(begin(store, CFR_STORE_WRITE));
        ck_assert_uint_eq(store->ops->version(store), version);
        ck_assert_int_eq(store->ops->health(store, &health), CFR_STORE_OK);
        ck_assert_uint_eq(health.version, version);
    }
    store->ops->close(store);
}
END_TEST

/* --- How much fits --- */

START_TEST(values_of_all_sizes_come_back)
{
    static const size_t lens[] = {0,      1,    2,    7,    8,    9,     15,    16,      17,
                                  2000,   2030, 2040, 4064, 4096, 65536, 65537, 1 << 20, (2 << 20) - 1,
                                  2 << 20};
    struct cfr_store *store = backend_open(_i);

    for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        struct cfr_span value;
        struct cfr_store_txn *txn;

        ck_assert_int_eq(put_one(store, "a", pattern(lens[i], i)), CFR_STORE_OK);
        txn = begin(store, CFR_STORE_READ);
        ck_assert_int_eq(store->ops->get(txn, cfr_span_text("a"), &value), CFR_STORE_OK);
        ck_assert(cfr_span_equal(value, pattern(lens[i], i)));
        store->ops->abort(txn);
    }
    store->ops->close(store);
}
END_TEST

START_TEST(keys_have_1_to_128_octets)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);
    uint8_t key[129];
    struct cfr_span value;

    memset(key, 0, sizeof(key));
    for (size_t len = 1; len <= 128; len += 127) {
        key[len - 1] = 0xFF;
        ck_assert_int_eq(store->ops->put(txn, cfr_span_of(key, len), cfr_span_text("1")), CFR_STORE_OK);
    }
    ck_assert_int_eq(store->ops->put(txn, cfr_span_of(key, 0), cfr_span_text("1")), CFR_STORE_LIMIT);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_of(key, 129), cfr_span_text("1")), CFR_STORE_LIMIT);
    ck_assert_int_eq(store->ops->del(txn, cfr_span_of(key, 0)), CFR_STORE_LIMIT);
    ck_assert_int_eq(store->ops->del(txn, cfr_span_of(key, 129)), CFR_STORE_LIMIT);
    ck_assert_int_eq(store->ops->get(txn, cfr_span_of(key, 0), &value), CFR_STORE_NOTFOUND);
    ck_assert_int_eq(store->ops->get(txn, cfr_span_of(key, 129), &value), CFR_STORE_NOTFOUND);
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    ck_assert_uint_eq(count_all(store), 2);
    store->ops->close(store);
}
END_TEST

START_TEST(a_transaction_writes_100_keys)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);
    char key[16];

    for (int i = 0; i < 100; i++) {
        (void)snprintf(key, sizeof(key), "%03d", 99 - i);
        ck_assert_int_eq(store->ops->put(txn, cfr_span_text(key), cfr_span_text(key)), CFR_STORE_OK);
    }
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("100"), cfr_span_text("1")), CFR_STORE_LIMIT);
    ck_assert_int_eq(store->ops->del(txn, cfr_span_text("100")), CFR_STORE_LIMIT);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("050"), cfr_span_text("again")), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->del(txn, cfr_span_text("051")), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    ck_assert_uint_eq(count_all(store), 99);
    ck_assert_str_eq(get_one(store, "050"), "again");
    store->ops->close(store);
}
END_TEST

START_TEST(a_transaction_writes_4_mib)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);
    struct cfr_span big = pattern(CFR_STORE_VALUE_MAX_LEN, 1);

    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("a"), cfr_span_of(big.ptr, big.len + 1)),
                     CFR_STORE_LIMIT);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("a"), big), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("b"), big), CFR_STORE_LIMIT);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("b"), cfr_span_of(big.ptr, big.len - 2)),
                     CFR_STORE_OK);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("c"), cfr_span_of(NULL, 0)), CFR_STORE_LIMIT);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("a"), cfr_span_text("small")), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("c"), cfr_span_text("fits now")), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "c"), "fits now");
    store->ops->close(store);
}
END_TEST

START_TEST(what_was_committed_is_there_after_a_restart)
{
    struct cfr_store *store = backend_open(_i);

    put_many(store, "k", 1000, 50);
    ck_assert_int_eq(del_one(store, "k000500"), CFR_STORE_OK);
    store->ops->close(store);
    if (is_lmdb(_i)) {
        store = backend_open(_i);
        ck_assert_uint_eq(count_all(store), 999);
        store->ops->close(store);
    }
}
END_TEST

START_TEST(health_tells_what_is_used)
{
    struct cfr_store *store = backend_open(_i);
    struct cfr_store_health before;
    struct cfr_store_health after;
    struct cfr_store_txn *txn;

    ck_assert_int_eq(store->ops->health(store, &before), CFR_STORE_OK);
    ck_assert_uint_eq(before.readers, 0);
    ck_assert_int_eq(put_one(store, "a", pattern(100000, 1)), CFR_STORE_OK);
    txn = begin(store, CFR_STORE_READ);
    ck_assert_int_eq(store->ops->health(store, &after), CFR_STORE_OK);
    store->ops->abort(txn);
    ck_assert_uint_eq(after.readers, 1);
    ck_assert_uint_ge(after.used_len, before.used_len + 100000);
    ck_assert_uint_gt(after.limit_len, after.used_len);
    store->ops->close(store);
}
END_TEST

TCase *contract_txn_case(void)
{
    const TTest *const tests[] = {
        a_new_store_is_empty,
        a_commit_is_seen_by_later_transactions,
        an_abort_leaves_nothing,
        a_snapshot_does_not_change,
        a_transaction_sees_its_own_writes,
        a_removed_key_can_be_written_again,
        puts_copy_what_they_are_given,
        a_changed_key_conflicts,
        a_key_that_was_absent_conflicts_once_it_is_there,
        ranges_and_own_writes_are_not_checked,
        a_transaction_without_writes_is_only_checked,
        the_version_differs_after_each_commit,
        values_of_all_sizes_come_back,
        keys_have_1_to_128_octets,
        a_transaction_writes_100_keys,
        a_transaction_writes_4_mib,
        what_was_committed_is_there_after_a_restart,
        health_tells_what_is_used,
    };
    TCase *tcase = tcase_create("transactions");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        tcase_add_loop_test(tcase, tests[i], 0, BACKENDS);
    }
    return tcase;
}
