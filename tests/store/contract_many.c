/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads and many processes at once. */
#include "store/contract.h"
#include "token-store/lmdb/store_lmdb.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, PROCESSES = 4, ADDS = 100, ACCOUNTS = 10, SUM = 1000 };

static long number_of(struct cfr_store_txn *txn, const char *key)
{
    struct cfr_span value;
    enum cfr_store_status status = txn->store->ops->get(txn, cfr_span_text(key), &value);
    char text[32] = {0};

    if (status == CFR_STORE_NOTFOUND) {
        return 0;
    }
    ck_assert_int_eq(status, CFR_STORE_OK);
    ck_assert_uint_lt(value.len, sizeof(text));
    cfr_copy(text, value.ptr, value.len);
    return strtol(text, NULL, 10);
}

static CK_RV set_number(struct cfr_store_txn *txn, const char *key, long number)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%ld", number);
    return cfr_store_rv(txn->store->ops->put(txn, cfr_span_text(key), cfr_span_text(text)), "put");
}

static CK_RV add_to_counter(struct cfr_store_txn *txn, void *arg)
{
    (void)arg;
    return set_number(txn, "counter", number_of(txn, "counter") + 1);
}

static int hammer(void *arg)
{
    struct flag *flag = arg;
    struct cfr_store *store;

    flag_await(flag);
    store = lmdb_open(0);
    for (int i = 0; i < ADDS; i++) {
        ck_assert_uint_eq(cfr_store_run(store, add_to_counter, NULL), CKR_OK);
    }
    store->ops->close(store);
    return 0;
}

START_TEST(processes_lose_no_addition)
{
    struct cfr_store *store;
    struct flag *flag = flag_new();
    pid_t pids[PROCESSES];
    char sum[16];

    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = child_start(hammer, flag);
    }
    flag_set(flag); /* all four also make the store at once */
    for (int i = 0; i < PROCESSES; i++) {
        ck_assert_int_eq(child_end(pids[i]), 0);
    }
    store = lmdb_open(0);
    (void)snprintf(sum, sizeof(sum), "%d", PROCESSES * ADDS);
    ck_assert_str_eq(get_one(store, "counter"), sum);
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
    store->ops->close(store);
}
END_TEST

static void *hammer_thread(void *arg)
{
    struct cfr_store *store = arg;

    for (int i = 0; i < ADDS; i++) {
        ck_assert_uint_eq(cfr_store_run(store, add_to_counter, NULL), CKR_OK);
    }
    return NULL;
}

static void run_threads(int count, void *(*body)(void *), void *arg)
{
    pthread_t threads[2 * THREADS];

    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, body, arg), 0);
    }
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}

START_TEST(threads_lose_no_addition)
{
    struct cfr_store *store = backend_open(_i);
    char sum[16];

    run_threads(THREADS, hammer_thread, store);
    (void)snprintf(sum, sizeof(sum), "%d", THREADS * ADDS);
    ck_assert_str_eq(get_one(store, "counter"), sum);
    store->ops->close(store);
}
END_TEST

/* Every thread writes keys of its own, so that their commits share transactions and none conflicts. */
struct crowd {
    struct cfr_store *store;
    atomic_uint next;
};

static void *write_own(void *arg)
{
    struct crowd *crowd = arg;
    unsigned own = atomic_fetch_add(&crowd->next, 1);
    char key[32];

    for (unsigned i = 0; i < ADDS; i++) {
        (void)snprintf(key, sizeof(key), "t%02u-%04u", own, i);
        ck_assert_int_eq(put_one(crowd->store, key, pattern(10 + i * 37 % 5000, i)), CFR_STORE_OK);
        if (i % 3 == 2) {
            ck_assert_int_eq(del_one(crowd->store, key), CFR_STORE_OK);
        }
    }
    return NULL;
}

START_TEST(commits_that_share_a_transaction_all_happen)
{
    struct crowd crowd = {.store = backend_open(_i)};

    run_threads(2 * THREADS, write_own, &crowd);
    ck_assert_uint_eq(count_all(crowd.store), 2 * THREADS * (ADDS - ADDS / 3));
    if (_i == BACKEND_LMDB) {
        ck_assert_int_eq(cfr_store_lmdb_check(crowd.store), CFR_STORE_OK);
    }
    crowd.store->ops->close(crowd.store);
}
END_TEST

/* Money moves between accounts; whoever looks, whenever, sees the same sum. */
struct bank {
    struct cfr_store *store;
    atomic_bool is_done;
    atomic_uint looks;
};

static void account_name(char *name, unsigned account)
{
    (void)snprintf(name, 16, "account%u", account);
}

static CK_RV transfer(struct cfr_store_txn *txn, void *arg)
{
    unsigned *step = arg;
    char from[16];
    char to[16];

    account_name(from, *step % ACCOUNTS);
    account_name(to, (*step + 1 + *step / ACCOUNTS % (ACCOUNTS - 1)) % ACCOUNTS);
    TRY(set_number(txn, from, number_of(txn, from) - 1));
    return set_number(txn, to, number_of(txn, to) + 1);
}

static void *transfer_thread(void *arg)
{
    struct bank *bank = arg;

    for (unsigned i = 0; i < ADDS; i++) {
        ck_assert_uint_eq(cfr_store_run(bank->store, transfer, &i), CKR_OK);
    }
    return NULL;
}

static bool add_value(void *arg, struct cfr_span key, struct cfr_span value)
{
    long *sum = arg;
    char text[32] = {0};

    (void)key;
    cfr_copy(text, value.ptr, value.len);
    *sum += strtol(text, NULL, 10);
    return true;
}

static void *look_thread(void *arg)
{
    struct bank *bank = arg;
    const struct cfr_store_ops *ops = bank->store->ops;

    while (!atomic_load(&bank->is_done)) {
        uint64_t before = ops->version(bank->store);
        struct cfr_store_txn *txn = begin(bank->store, CFR_STORE_READ);
        long by_range = 0;
        long by_get = 0;
        char name[16];

        ck_assert_int_eq(ops->range(txn, cfr_span_text("a"), cfr_span_text("b"), add_value, &by_range),
                         CFR_STORE_OK);
        for (unsigned i = 0; i < ACCOUNTS; i++) {
            account_name(name, i);
            by_get += number_of(txn, name);
        }
        ops->abort(txn);
        ck_assert_int_eq(by_range, SUM);
        ck_assert_int_eq(by_get, SUM);
        ck_assert_uint_ge(ops->version(bank->store), before);
        atomic_fetch_add(&bank->looks, 1);
    }
    return NULL;
}

START_TEST(snapshots_are_consistent_beside_writers)
{
    struct bank bank = {.store = backend_open(_i)};
    pthread_t lookers[THREADS / 2];
    struct cfr_store_txn *txn = begin(bank.store, CFR_STORE_WRITE);

    ck_assert_uint_eq(set_number(txn, "account0", SUM), CKR_OK);
    ck_assert_int_eq(bank.store->ops->commit(txn), CFR_STORE_OK);
    for (int i = 0; i < THREADS / 2; i++) {
        ck_assert_int_eq(pthread_create(&lookers[i], NULL, look_thread, &bank), 0);
    }
    run_threads(THREADS / 2, transfer_thread, &bank);
    atomic_store(&bank.is_done, true);
    for (int i = 0; i < THREADS / 2; i++) {
        ck_assert_int_eq(pthread_join(lookers[i], NULL), 0);
    }
    ck_assert_uint_gt(atomic_load(&bank.looks), 0);
    bank.store->ops->close(bank.store);
}
END_TEST

/*
 * What caches rest on: what was read in a snapshot taken after a look at the version is not older than that
 * version. A writer in another process, because there the version is seen rising before the commit has
 * returned.
 */
static int count_up(void *arg)
{
    struct cfr_store *store = lmdb_open(0);

    (void)arg;
    for (int i = 0; i < 4 * ADDS; i++) {
        ck_assert_uint_eq(cfr_store_run(store, add_to_counter, NULL), CKR_OK);
    }
    store->ops->close(store);
    return 0;
}

START_TEST(a_snapshot_is_not_older_than_the_version_seen_before)
{
    struct cfr_store *store = lmdb_open(0);
    uint64_t first = store->ops->version(store);
    pid_t pid = child_start(count_up, NULL);
    long seen = 0;

    while (seen < 4 * ADDS) {
        uint64_t version = store->ops->version(store);
        struct cfr_store_txn *txn = begin(store, CFR_STORE_READ);

        seen = number_of(txn, "counter");
        store->ops->abort(txn);
        ck_assert_uint_ge((uint64_t)seen, version - first); /* each commit is one version and one count */
    }
    ck_assert_int_eq(child_end(pid), 0);
    store->ops->close(store);
}
END_TEST

TCase *contract_many_case(void)
{
    TCase *tcase = tcase_create("many at once");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, processes_lose_no_addition);
    tcase_add_loop_test(tcase, threads_lose_no_addition, 0, BACKENDS);
    tcase_add_loop_test(tcase, commits_that_share_a_transaction_all_happen, 0, BACKENDS);
    tcase_add_loop_test(tcase, snapshots_are_consistent_beside_writers, 0, BACKENDS);
    tcase_add_test(tcase, a_snapshot_is_not_older_than_the_version_seen_before);
    return tcase;
}
