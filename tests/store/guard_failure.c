/* SPDX-License-Identifier: Apache-2.0 */
/* System calls and allocations that fail, reader slots that run out, and records that no commit wrote. */
#include "base/fault.h"
#include "store/guard.h"
#include "store/guard_io.h"
#include "store/raw_lmdb.h"
#include "token-store/lmdb/store_lmdb.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Open, read, write, commit; the first failure. @p ret_store is open unless NULL. */
static enum cfr_store_status work(struct cfr_store **ret_store)
{
    enum cfr_store_status status = lmdb_try(0, ret_store);
    struct cfr_store_txn *txn;
    struct cfr_span value;

    if (status != CFR_STORE_OK) {
        *ret_store = NULL;
        return status;
    }
    status = (*ret_store)->ops->begin(*ret_store, CFR_STORE_WRITE, &txn);
    if (status != CFR_STORE_OK) {
        return status;
    }
    status = (*ret_store)->ops->get(txn, cfr_span_text("a"), &value);
    if (status == CFR_STORE_OK) {
        status = (*ret_store)->ops->put(txn, cfr_span_text("b"), cfr_span_text("2"));
    }
    if (status == CFR_STORE_OK) {
        return (*ret_store)->ops->commit(txn);
    }
    (*ret_store)->ops->abort(txn);
    return status;
}

static int next_fd(void)
{
    int fd = dup(0);

    close(fd);
    return fd;
}

static void make_store(void)
{
    struct cfr_store *store = lmdb_open(0);

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    store->ops->close(store);
}

/* The record is there, the store goes on, and no descriptor is lost. */
static void check_and_close(struct cfr_store *store, int fd)
{
    if (store == NULL) {
        store = lmdb_open(0);
    }
    ck_assert_str_eq(get_one(store, "a"), "1");
    ck_assert_int_eq(put_one(store, "c", cfr_span_text("3")), CFR_STORE_OK);
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
    store->ops->close(store);
    ck_assert_int_eq(next_fd(), fd);
}

static int fail_each_call(void *arg)
{
    int error = *(int *)arg;
    bool fired = true;
    int fd;

    make_store();
    fd = next_fd();
    for (unsigned nth = 1; fired; nth++) {
        struct cfr_store *store;
        enum cfr_store_status status;

        guard_io_fail(GUARD_IO_ANY, nth, error);
        status = work(&store);
        fired = guard_io_fired();
        guard_io_fail(GUARD_IO_ANY, 0, 0);
        ck_assert(fired || (status == CFR_STORE_OK && nth > 30));
        ck_assert_int_ne(status, CFR_STORE_CORRUPT);
        ck_assert_int_ne(status, CFR_STORE_INUSE);
        check_and_close(store, fd);
    }
    return 0;
}

/* In a child: where a descriptor seems to have changed, an environment is given up. */
START_TEST(whichever_system_call_fails_nothing_is_lost)
{
    static const int errors[] = {EIO, ENOSPC, ENOMEM, EMFILE};
    int error = errors[_i];

    ck_assert_int_eq(child_run(fail_each_call, &error), 0);
}
END_TEST

/* The same where there is no store yet: half of one must not bar the way to a whole one. */
static int fail_each_call_of_making(void *arg)
{
    bool fired = true;

    for (unsigned nth = 1; fired; nth++) {
        struct cfr_store *store;
        int fd = next_fd();

        guard_io_fail(GUARD_IO_ANY, nth, *(int *)arg);
        if (lmdb_try(0, &store) == CFR_STORE_OK) {
            store->ops->close(store);
        }
        fired = guard_io_fired();
        guard_io_fail(GUARD_IO_ANY, 0, 0);
        make_store();
        check_and_close(NULL, fd);
        fixture_remove_store();
    }
    return 0;
}

START_TEST(a_store_is_made_after_any_failure)
{
    int error = _i == 0 ? EIO : ENOSPC;

    ck_assert_int_eq(child_run(fail_each_call_of_making, &error), 0);
}
END_TEST

START_TEST(a_commit_that_cannot_be_synced_has_not_happened)
{
    int fd = next_fd();
    struct cfr_store *store = lmdb_open(0);

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    guard_io_fail(GUARD_IO_SYNC, 1, EIO);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("2")), CFR_STORE_UNAVAIL);
    ck_assert(guard_io_fired());
    ck_assert_str_eq(get_one(store, "a"), "1");
    guard_io_fail(GUARD_IO_WRITE, 1, ENOSPC);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("2")), CFR_STORE_FULL);
    ck_assert_str_eq(get_one(store, "a"), "1");
    check_and_close(store, fd);
}
END_TEST

/* The meta page is the last thing written; whether the disk has it is not known. */
static int fail_the_meta_page(void *arg)
{
    int fd = next_fd();
    struct cfr_store *store = lmdb_open(0);
    uint64_t version;

    (void)arg;
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
        version = store->ops->version(store);
        guard_io_fail(GUARD_IO_META, 1, EIO);
        ck_assert_int_eq(put_one(store, "b", cfr_span_text("2")), CFR_STORE_UNKNOWN);
        ck_assert(guard_io_fired());
        ck_assert_uint_ne(store->ops->version(store), version);
        ck_assert_str_eq(get_one(store, "a"), "1");
    }
    check_and_close(store, fd);
    return 0;
}

START_TEST(a_commit_without_its_meta_page_is_unknown)
{
    ck_assert_int_eq(child_run(fail_the_meta_page, NULL), 0);
}
END_TEST

struct writer {
    struct cfr_store *store;
    char key[8];
    enum cfr_store_status status;
    pthread_t thread;
};

static void *write_one(void *arg)
{
    struct writer *writer = arg;

    writer->status = put_one(writer->store, writer->key, cfr_span_text("1"));
    return NULL;
}

/* While another process holds LMDB's write lock, commits queue; the second transaction is shared by most of
 * them. */
START_TEST(commits_that_fail_together_are_tried_alone)
{
    enum { WRITERS = 8 };
    struct cfr_store *store = lmdb_open(0);
    struct flag *ready = flag_new();
    struct writer writers[WRITERS];
    pid_t pid;

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    pid = child_start(raw_write_and_wait, ready);
    flag_await(ready);
    for (int i = 0; i < WRITERS; i++) {
        writers[i].store = store;
        (void)snprintf(writers[i].key, sizeof(writers[i].key), "w%d", i);
        ck_assert_int_eq(pthread_create(&writers[i].thread, NULL, write_one, &writers[i]), 0);
    }
    usleep(200000);
    guard_io_fail(GUARD_IO_SYNC, 2, ENOSPC);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    for (int i = 0; i < WRITERS; i++) {
        ck_assert_int_eq(pthread_join(writers[i].thread, NULL), 0);
        ck_assert_int_eq(writers[i].status, CFR_STORE_OK);
    }
    ck_assert(guard_io_fired());
    ck_assert_int_eq(child_end(pid), -SIGKILL);
    ck_assert_uint_eq(count_all(store), 1 + WRITERS);
    store->ops->close(store);
}
END_TEST

#ifdef CFR_FAULTS
START_TEST(whichever_allocation_fails_nothing_is_lost)
{
    enum cfr_fault_kind kind = _i == 0 ? CFR_FAULT_MEMORY : CFR_FAULT_STORE;
    bool fired = true;
    int fd;

    make_store();
    fd = next_fd();
    for (uint64_t nth = 1; fired; nth++) {
        struct cfr_store *store;
        enum cfr_store_status status;

        cfr_fault_arm(kind, nth);
        status = work(&store);
        fired = cfr_fault_fired(kind);
        cfr_fault_arm(kind, 0);
        /* Without memory for its path LMDB says what it says without room for its map; the next try succeeds.
         */
        ck_assert(status == CFR_STORE_OK || (fired && status == CFR_STORE_UNAVAIL));
        ck_assert(fired || nth > 3);
        check_and_close(store, fd);
    }
}
END_TEST
#endif

/* --- Snapshots --- */

static void *count_one(void *arg)
{
    ck_assert_uint_eq(count_all(arg), 100);
    return NULL;
}

enum { SNAPSHOTS = 150 };

static void hold_many(struct cfr_store *store)
{
    struct cfr_store_txn *txns[SNAPSHOTS];
    struct cfr_store_health health;

    for (int i = 0; i < SNAPSHOTS; i++) {
        txns[i] = begin(store, CFR_STORE_READ);
    }
    ck_assert_int_eq(store->ops->health(store, &health), CFR_STORE_OK);
    ck_assert_uint_eq(health.readers, SNAPSHOTS);
    for (int i = 0; i < SNAPSHOTS; i++) {
        store->ops->abort(txns[i]);
    }
    ck_assert_int_eq(store->ops->health(store, &health), CFR_STORE_OK);
    ck_assert_uint_eq(health.readers, 0);
}

START_TEST(more_threads_than_slots_have_snapshots)
{
    struct cfr_store *store = lmdb_open(0);
    pthread_t threads[SNAPSHOTS];

    put_many(store, "k", 100, 10);
    hold_many(store);
    for (int i = 0; i < SNAPSHOTS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_one, store), 0);
    }
    for (int i = 0; i < SNAPSHOTS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    hold_many(store);
    store->ops->close(store);
}
END_TEST

/* The table of readers is as long as whoever made the lock file wanted it. */
START_TEST(a_full_table_of_readers_is_no_disaster)
{
    enum { SLOTS = 70 };
    struct raw_table table = {flag_new(), SLOTS};
    struct cfr_store_txn *txns[SLOTS + 1];
    struct cfr_store *store;
    pid_t pid;
    int count = 0;

    make_store();
    ck_assert_int_eq(unlink(fixture_file("store/coffer.mdb-lock")), 0);
    pid = child_start(raw_hold_small_table, &table);
    flag_await(table.ready);
    store = lmdb_open(0);
    log_keep();
    while (count <= SLOTS && store->ops->begin(store, CFR_STORE_READ, &txns[count]) == CFR_STORE_OK) {
        count++;
    }
    ck_assert_int_gt(count, SLOTS - 10);
    ck_assert_int_le(count, SLOTS);
    ck_assert(log_has("MDB_READERS_FULL"));
    while (count > 0) {
        store->ops->abort(txns[--count]);
    }
    ck_assert_str_eq(get_one(store, "a"), "1");
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("2")), CFR_STORE_OK);
    store->ops->close(store);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(child_end(pid), -SIGKILL);
}
END_TEST

START_TEST(a_process_has_at_most_32_stores_open)
{
    struct cfr_store *stores[33];
    char name[16];
    int count = 0;

    log_keep();
    for (; count < 33; count++) {
        struct cfr_store_config config = {.path = name, .map_len = 1 << 20};

        (void)snprintf(name, sizeof(name), "store%d", count);
        config.path = fixture_file(name);
        if (cfr_store_lmdb.open(&config, &stores[count]) != CFR_STORE_OK) {
            break;
        }
    }
    ck_assert_int_eq(count, 32);
    ck_assert(log_has("32 other stores open"));
    while (count > 0) {
        count--;
        stores[count]->ops->close(stores[count]);
    }
}
END_TEST

/* --- Records that no commit of ours wrote; in a store too long to be checked when it is opened --- */

static bool see_any(void *arg, struct cfr_span key, struct cfr_span value)
{
    (void)arg;
    (void)key;
    (void)value;
    return true;
}

START_TEST(a_record_without_a_revision_is_corrupt)
{
    struct cfr_store *store = lmdb_open(0);
    struct cfr_store_txn *txn;
    struct cfr_span value;

    for (char key[] = "a"; key[0] < 'k'; key[0]++) {
        ck_assert_int_eq(put_one(store, key, pattern(2 << 20, 1)), CFR_STORE_OK);
    }
    store->ops->close(store);
    ck_assert_int_eq(child_run(raw_put_malformed, NULL), 0);
    store = lmdb_open(0);
    log_keep();
    txn = begin(store, CFR_STORE_WRITE);
    ck_assert_int_eq(store->ops->get(txn, cfr_span_text("malformed"), &value), CFR_STORE_CORRUPT);
    ck_assert(log_has("a record of kind 'm' has no revision"));
    ck_assert_int_eq(store->ops->range(txn, cfr_span_text("m"), cfr_span_text("n"), see_any, NULL),
                     CFR_STORE_CORRUPT);
    ck_assert_int_eq(store->ops->range(txn, cfr_span_text("n"), cfr_span_text("o"), see_any, NULL),
                     CFR_STORE_OK);
    store->ops->abort(txn);
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_CORRUPT);
    ck_assert_int_eq(del_one(store, "malformed"), CFR_STORE_OK);
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
    store->ops->close(store);
}
END_TEST

START_TEST(a_read_record_that_lost_its_revision_is_corrupt)
{
    struct cfr_store *store = lmdb_open(0);
    struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);

    for (int has_writes = 0; has_writes < 2; has_writes++) {
        ck_assert_str_eq(get_text(txn, "malformed"), "<none>");
        if (has_writes == 1) {
            ck_assert_int_eq(store->ops->put(txn, cfr_span_text("a"), cfr_span_text("1")), CFR_STORE_OK);
        }
        ck_assert_int_eq(child_run(raw_put_malformed, NULL), 0);
        ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_CORRUPT);
        ck_assert_int_eq(del_one(store, "malformed"), CFR_STORE_OK);
        txn = begin(store, CFR_STORE_WRITE);
    }
    store->ops->abort(txn);
    store->ops->close(store);
}
END_TEST

TCase *guard_failure_case(void)
{
    TCase *tcase = tcase_create("failures");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, whichever_system_call_fails_nothing_is_lost, 0, 4);
    tcase_add_loop_test(tcase, a_store_is_made_after_any_failure, 0, 2);
    tcase_add_test(tcase, a_commit_that_cannot_be_synced_has_not_happened);
    tcase_add_test(tcase, a_commit_without_its_meta_page_is_unknown);
    tcase_add_test(tcase, commits_that_fail_together_are_tried_alone);
#ifdef CFR_FAULTS
    tcase_add_loop_test(tcase, whichever_allocation_fails_nothing_is_lost, 0, 2);
#endif
    tcase_add_test(tcase, more_threads_than_slots_have_snapshots);
    tcase_add_test(tcase, a_full_table_of_readers_is_no_disaster);
    tcase_add_test(tcase, a_process_has_at_most_32_stores_open);
    tcase_add_test(tcase, a_record_without_a_revision_is_corrupt);
    tcase_add_test(tcase, a_read_record_that_lost_its_revision_is_corrupt);
    return tcase;
}
