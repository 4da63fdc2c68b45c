/* SPDX-License-Identifier: Apache-2.0 */
/* The map grows and moves; address space, disk and memory run out. */
#include "store/guard.h"
#include "store/raw_lmdb.h"
#include "token-store/lmdb/store_lmdb.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SMALL_MAP_LEN = 1 << 20, MIB = 1 << 20 };

START_TEST(a_full_map_grows_unseen)
{
    struct cfr_store *store = lmdb_open(SMALL_MAP_LEN);

    put_many(store, "k", 2000, 10000);
    ck_assert_uint_eq(count_all(store), 2000);
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
    store->ops->close(store);
    store = lmdb_open(SMALL_MAP_LEN);
    ck_assert_uint_eq(count_all(store), 2000);
    store->ops->close(store);
}
END_TEST

/* In memory that forked processes share. */
struct race {
    struct flag *start;
    struct cfr_store *store;
    atomic_bool is_done;
    atomic_uint looks;
};

static int fill_from_another(void *arg)
{
    struct race *race = arg;
    struct cfr_store *store;

    flag_await(race->start);
    store = lmdb_open(SMALL_MAP_LEN);
    put_many(store, "other", 1500, 10000);
    store->ops->close(store);
    return 0;
}

static void *look_on(void *arg)
{
    struct race *race = arg;

    while (!atomic_load(&race->is_done)) {
        (void)count_all(race->store);
        (void)race->store->ops->version(race->store);
        atomic_fetch_add(&race->looks, 1);
    }
    return NULL;
}

START_TEST(maps_follow_what_another_process_writes)
{
    struct race race = {.start = flag_new()};
    pid_t pid = child_start(fill_from_another, &race);
    pthread_t threads[3];

    race.store = lmdb_open(SMALL_MAP_LEN);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, look_on, &race), 0);
    }
    flag_set(race.start);
    put_many(race.store, "own", 500, 3000);
    ck_assert_int_eq(child_end(pid), 0);
    atomic_store(&race.is_done, true);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_uint_eq(count_all(race.store), 2000);
    ck_assert_uint_gt(atomic_load(&race.looks), 0);
    race.store->ops->close(race.store);
}
END_TEST

/* Its snapshot is of the small map: it is the commit that finds the map too small. */
START_TEST(a_commit_follows_another_process)
{
    struct race race = {.start = flag_new()};
    struct cfr_store *store = lmdb_open(SMALL_MAP_LEN);
    struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);

    ck_assert_int_eq(store->ops->put(txn, cfr_span_text("a"), cfr_span_text("1")), CFR_STORE_OK);
    flag_set(race.start);
    ck_assert_int_eq(child_run(fill_from_another, &race), 0);
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    ck_assert_uint_eq(count_all(store), 1501);
    store->ops->close(store);
}
END_TEST

/* What is checked is a snapshot that LMDB holds, while its meta page and the rest of the file change. */
START_TEST(checks_run_beside_writers)
{
    struct race race = {.start = flag_new()};
    struct cfr_store *store = lmdb_open(SMALL_MAP_LEN);
    pid_t pid = child_start(fill_from_another, &race);
    int status;

    flag_set(race.start);
    for (int i = 0; waitpid(pid, &status, WNOHANG) == 0; i++) {
        ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
        if (i % 4 == 3) {
            store->ops->close(store);
            store = lmdb_open(SMALL_MAP_LEN);
        }
    }
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(count_all(store), 1500);
    store->ops->close(store);
}
END_TEST

static int open_in_little_space(void *arg)
{
    struct rlimit limit = {(rlim_t)600 * MIB, (rlim_t)600 * MIB};
    struct cfr_store *store;

    (void)arg;
    log_keep();
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    store = lmdb_open(0);
    ck_assert(log_has("no address space for a map of 17179869184 octets"));
    put_many(store, "k", 1000, 1000);
    ck_assert_uint_eq(count_all(store), 1000);
    store->ops->close(store);
    return 0;
}

START_TEST(a_smaller_map_does_where_space_is_short)
{
    if (!UNDER_ASAN && !UNDER_TSAN) {
        ck_assert_int_eq(child_run(open_in_little_space, NULL), 0);
    }
}
END_TEST

/* No room for a larger map: the commit is FULL, and what was there can still be used. */
static int grow_in_little_space(void *arg)
{
    struct rlimit limit = {(rlim_t)120 * MIB, (rlim_t)120 * MIB};
    enum cfr_store_status status = CFR_STORE_OK;
    struct cfr_store *store;
    unsigned count = 0;
    char key[16];

    (void)arg;
    (void)pattern(1, 1);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    store = lmdb_open(SMALL_MAP_LEN);
    while (status == CFR_STORE_OK && count < 1000) {
        (void)snprintf(key, sizeof(key), "k%04u", count);
        status = put_one(store, key, pattern(MIB, count));
        count += status == CFR_STORE_OK ? 1 : 0;
    }
    ck_assert_int_eq(status, CFR_STORE_FULL);
    ck_assert_uint_gt(count, 10);
    ck_assert_uint_eq(count_all(store), count);
    ck_assert_int_eq(del_one(store, "k0000"), CFR_STORE_OK);
    ck_assert_uint_eq(count_all(store), count - 1);
    store->ops->close(store);
    return 0;
}

START_TEST(a_map_that_cannot_grow_is_full)
{
    if (!UNDER_ASAN && !UNDER_TSAN) {
        ck_assert_int_eq(child_run(grow_in_little_space, NULL), 0);
    }
}
END_TEST

static int fill_the_disk(void *arg)
{
    struct rlimit limit;
    enum cfr_store_status status = CFR_STORE_OK;
    struct cfr_store *store = lmdb_open(0);
    unsigned count = 0;
    char key[16];

    (void)arg;
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = 4 * MIB + 1234;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    while (status == CFR_STORE_OK && count < 1000) {
        (void)snprintf(key, sizeof(key), "k%04u", count);
        status = put_one(store, key, pattern(50000, count));
        count += status == CFR_STORE_OK ? 1 : 0;
    }
    ck_assert_int_eq(status, CFR_STORE_FULL);
    ck_assert_uint_eq(count_all(store), count);
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(put_one(store, "more", pattern(50000, 1)), CFR_STORE_OK);
    ck_assert_uint_eq(count_all(store), count + 1);
    store->ops->close(store);
    return 0;
}

START_TEST(a_full_disk_is_full_and_harms_nothing)
{
    ck_assert_int_eq(child_run(fill_the_disk, NULL), 0);
}
END_TEST

START_TEST(a_file_without_its_last_free_pages_is_sound)
{
    struct cfr_store_health health;
    struct cfr_store *store = lmdb_open(0);
    size_t len;

    store->ops->close(store);
    ck_assert_int_eq(child_run(raw_make_short_file, NULL), 0);
    store = lmdb_open(0);
    ck_assert_int_eq(store->ops->health(store, &health), CFR_STORE_OK);
    len = file_len("coffer.mdb");
    ck_assert_uint_lt(len, health.used_len);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_uint_eq(count_all(store), 11);
    put_many(store, "more", 1000, 1000);
    ck_assert_uint_eq(count_all(store), 1011);
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
    store->ops->close(store);
}
END_TEST

TCase *guard_room_case(void)
{
    TCase *tcase = tcase_create("room");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_full_map_grows_unseen);
    tcase_add_test(tcase, maps_follow_what_another_process_writes);
    tcase_add_test(tcase, a_commit_follows_another_process);
    tcase_add_test(tcase, checks_run_beside_writers);
    tcase_add_test(tcase, a_smaller_map_does_where_space_is_short);
    tcase_add_test(tcase, a_map_that_cannot_grow_is_full);
    tcase_add_test(tcase, a_full_disk_is_full_and_harms_nothing);
    tcase_add_test(tcase, a_file_without_its_last_free_pages_is_sound);
    return tcase;
}
