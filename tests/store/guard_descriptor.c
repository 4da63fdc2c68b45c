/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that closes descriptors it does not know and uses their numbers for its own files; and what a
 * snapshot costs. These tests end their processes with _exit(): an environment that was given up is leaked on
 * purpose.
 */
#include "store/guard.h"
#include "store/guard_io.h"
#include "token-store/lmdb/store_lmdb.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FD_LIMIT = 64 };

static const char host_text[] = "The host's own file, which nobody else may write.\n";

/* Whether @p fd is a file in the store's folder. */
static bool is_store_fd(int fd)
{
    static const char *const names[] = {"coffer.mdb", "coffer.mdb-lock", "guard"};
    struct stat info;
    struct stat file;
    char path[512];

    for (size_t i = 0; i < 3 && fstat(fd, &info) == 0; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", fixture_store(), names[i]);
        if (stat(path, &file) == 0 && file.st_dev == info.st_dev && file.st_ino == info.st_ino) {
            return true;
        }
    }
    return false;
}

static int count_store_fds(void)
{
    int count = 0;

    for (int fd = 0; fd < FD_LIMIT; fd++) {
        count += is_store_fd(fd) ? 1 : 0;
    }
    return count;
}

static int open_host_file(void)
{
    int fd = open(fixture_file("host"), O_RDWR | O_CREAT, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, host_text, sizeof(host_text), 0), sizeof(host_text));
    return fd;
}

/* Close the store's descriptors that @p mask selects, in the order of their numbers, and take the numbers. */
static void steal(int host_fd, unsigned mask)
{
    for (int fd = 3; fd < FD_LIMIT; fd++) {
        if (fd != host_fd && is_store_fd(fd)) {
            if ((mask & 1U) != 0) {
                ck_assert_int_eq(dup2(host_fd, fd), fd);
            }
            mask >>= 1;
        }
    }
}

/* As closefrom(3), but for what Check needs. */
static void close_all(void)
{
    for (int fd = 3; fd < FD_LIMIT; fd++) {
        if (is_store_fd(fd)) {
            close(fd);
        }
    }
}

static bool is_host_file_intact(int host_fd)
{
    char text[sizeof(host_text) + 1];
    struct stat info;

    return fstat(host_fd, &info) == 0 && info.st_size == (off_t)sizeof(host_text) &&
           pread(host_fd, text, sizeof(text), 0) == (ssize_t)sizeof(host_text) &&
           memcmp(text, host_text, sizeof(host_text)) == 0;
}

static int read_by_another(void *arg)
{
    struct cfr_store *store = lmdb_open(0);

    ck_assert_str_eq(get_one(store, "after"), arg);
    store->ops->close(store);
    return 0;
}

/* Every choice of the four descriptors. */
static int steal_and_commit(void *arg)
{
    unsigned mask = *(unsigned *)arg;
    struct cfr_store *store = lmdb_open(0);
    int host_fd = open_host_file();
    uint64_t version;

    ck_assert_int_eq(put_one(store, "before", cfr_span_text("1")), CFR_STORE_OK);
    version = store->ops->version(store);
    ck_assert_int_eq(count_store_fds(), 4);
    steal(host_fd, mask);
    log_keep();
    ck_assert_int_eq(put_one(store, "after", cfr_span_text("2")), CFR_STORE_OK);
    ck_assert(log_has("closed or exchanged by the host"));
    ck_assert(is_host_file_intact(host_fd));
    ck_assert_int_eq(count_store_fds(), 4);
    ck_assert_uint_gt(store->ops->version(store), version);
    ck_assert_str_eq(get_one(store, "before"), "1");
    ck_assert_int_eq(child_run(read_by_another, (void *)(uintptr_t) "2"), 0);
    ck_assert_int_eq(put_one(store, "after", cfr_span_text("3")), CFR_STORE_OK);
    ck_assert_int_eq(child_run(read_by_another, (void *)(uintptr_t) "3"), 0);
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
    store->ops->close(store);
    ck_assert(is_host_file_intact(host_fd));
    return count_store_fds();
}

START_TEST(a_commit_never_goes_into_the_hosts_file)
{
    unsigned mask = (unsigned)_i;

    ck_assert_int_eq(child_run(steal_and_commit, &mask), 0);
}
END_TEST

static int steal_and_close(void *arg)
{
    struct cfr_store *store = lmdb_open(0);
    int host_fd = open_host_file();
    int numbers = 0;

    ck_assert_int_eq(put_one(store, "before", cfr_span_text("1")), CFR_STORE_OK);
    steal(host_fd, *(unsigned *)arg);
    store->ops->close(store);
    for (int fd = 3; fd < FD_LIMIT; fd++) {
        struct stat info;
        struct stat host;

        numbers += fstat(fd, &info) == 0 && fstat(host_fd, &host) == 0 && info.st_ino == host.st_ino ? 1 : 0;
    }
    ck_assert_int_eq(numbers, 1 + __builtin_popcount(*(unsigned *)arg));
    ck_assert(is_host_file_intact(host_fd));
    ck_assert_int_eq(count_store_fds(), 0);
    store = lmdb_open(0);
    ck_assert_str_eq(get_one(store, "before"), "1");
    store->ops->close(store);
    return 0;
}

START_TEST(closing_leaves_the_hosts_descriptors_open)
{
    unsigned mask = (unsigned)_i;

    ck_assert_int_eq(child_run(steal_and_close, &mask), 0);
}
END_TEST

static int put_from_another(void *arg)
{
    struct cfr_store *store = lmdb_open(0);

    for (unsigned i = 0; i < 20; i++) {
        ck_assert_int_eq(put_one(store, "after", pattern(3000, i)), CFR_STORE_OK);
    }
    ck_assert_int_eq(put_one(store, "after", cfr_span_text(arg)), CFR_STORE_OK);
    store->ops->close(store);
    return 0;
}

/* closefrom(3): no numbers are taken again, all locks are gone, and another process makes the lock file anew.
 */
static int close_all_and_read(void *arg)
{
    struct cfr_store *store = lmdb_open(0);

    (void)arg;
    ck_assert_int_eq(put_one(store, "after", cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "after"), "1");
    close_all();
    ck_assert_int_eq(child_run(put_from_another, (void *)(uintptr_t) "2"), 0);
    ck_assert_str_eq(get_one(store, "after"), "2");
    ck_assert_int_eq(put_one(store, "after", cfr_span_text("3")), CFR_STORE_OK);
    ck_assert_int_eq(child_run(put_from_another, (void *)(uintptr_t) "4"), 0);
    ck_assert_str_eq(get_one(store, "after"), "4");
    store->ops->close(store);
    return 0;
}

START_TEST(a_host_that_closes_everything_reads_on)
{
    ck_assert_int_eq(child_run(close_all_and_read, NULL), 0);
}
END_TEST

static int close_and_move(void *arg)
{
    struct cfr_store_config config = {.path = "store"};
    struct cfr_store *store = NULL;

    (void)arg;
    ck_assert_int_eq(chdir(fixture_path), 0);
    ck_assert_int_eq(cfr_store_lmdb.open(&config, &store), CFR_STORE_OK);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_int_eq(chdir("/"), 0);
    close_all();
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("2")), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "a"), "2");
    store->ops->close(store);
    return 0;
}

START_TEST(a_relative_path_is_remembered_whole)
{
    ck_assert_int_eq(child_run(close_and_move, NULL), 0);
}
END_TEST

/* The store is unavailable for as long as it cannot be opened anew, and no longer. */
static int close_and_hide(void *arg)
{
    struct cfr_store *store = lmdb_open(0);
    struct cfr_store_txn *txn;

    (void)arg;
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    close_all();
    ck_assert_int_eq(rename(fixture_store(), fixture_file("hidden")), 0);
    ck_assert_int_eq(mkdir(fixture_store(), 0777), 0);
    ck_assert_int_eq(chmod(fixture_store(), 0777), 0);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("2")), CFR_STORE_UNAVAIL);
    ck_assert_int_eq(store->ops->begin(store, CFR_STORE_READ, &txn), CFR_STORE_UNAVAIL);
    ck_assert_int_eq(store->ops->begin(store, CFR_STORE_WRITE, &txn), CFR_STORE_UNAVAIL);
    ck_assert_int_eq(rmdir(fixture_store()), 0);
    ck_assert_int_eq(rename(fixture_file("hidden"), fixture_store()), 0);
    ck_assert_str_eq(get_one(store, "a"), "1");
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("2")), CFR_STORE_OK);
    store->ops->close(store);
    return 0;
}

START_TEST(a_store_that_cannot_be_opened_anew_comes_back_later)
{
    ck_assert_int_eq(child_run(close_and_hide, NULL), 0);
}
END_TEST

START_TEST(no_descriptor_survives_exec_or_close)
{
    for (int i = 0; i < 20; i++) {
        struct cfr_store *store = lmdb_open(0);

        ck_assert_int_eq(put_one(store, "a", pattern(100, (unsigned)i)), CFR_STORE_OK);
        ck_assert_int_eq(count_store_fds(), 4);
        for (int fd = 0; fd < FD_LIMIT; fd++) {
            ck_assert(!is_store_fd(fd) || (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        }
        store->ops->close(store);
        ck_assert_int_eq(count_store_fds(), 0);
    }
}
END_TEST

/* Descriptors of the host on the same files, such as a backup's, are not taken for LMDB's. */
START_TEST(the_hosts_own_descriptors_on_the_file_are_left_alone)
{
    struct cfr_store *store = lmdb_open(0);
    char path[512];
    int fds[2];

    (void)snprintf(path, sizeof(path), "%s/coffer.mdb", fixture_store());
    store->ops->close(store);
    fds[0] = open(path, O_RDONLY);
    fds[1] = open(path, O_RDWR);
    store = lmdb_open(0);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    store->ops->close(store);
    ck_assert_int_eq(count_store_fds(), 2);
    ck_assert_int_eq(close(fds[0]), 0);
    ck_assert_int_eq(close(fds[1]), 0);
}
END_TEST

/* --- The price of a snapshot --- */

static bool see_all(void *arg, struct cfr_span key, struct cfr_span value)
{
    size_t *count = arg;

    *count += key.len + value.len;
    return true;
}

static void read_once(struct cfr_store *store)
{
    struct cfr_store_txn *txn;
    struct cfr_span value;
    size_t count = 0;

    if (store->ops->version(store) != 0 && store->ops->begin(store, CFR_STORE_READ, &txn) == CFR_STORE_OK) {
        (void)store->ops->get(txn, cfr_span_text("k000100"), &value);
        (void)store->ops->range(txn, cfr_span_text("k0002"), cfr_span_text("k00021"), see_all, &count);
        store->ops->abort(txn);
    }
}

/* Strict seccomp kills at the first system call other than read, write and exit. */
static int read_under_seccomp(void *arg)
{
    struct cfr_store *store = lmdb_open(0);
    unsigned long allocations;

    (void)arg;
    put_many(store, "k", 500, 50);
    read_once(store);
    allocations = guard_io_allocations();
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) {
        return 0;
    }
    for (int i = 0; i < 1000; i++) {
        read_once(store);
    }
    syscall(SYS_exit, guard_io_allocations() == allocations ? 0 : 1);
    return 2;
}

START_TEST(a_warm_snapshot_neither_allocates_nor_enters_the_kernel)
{
    if (!UNDER_ASAN && !UNDER_TSAN) {
        ck_assert_int_eq(child_run(read_under_seccomp, NULL), 0);
    }
}
END_TEST

TCase *guard_descriptor_case(void)
{
    TCase *tcase = tcase_create("descriptors");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_commit_never_goes_into_the_hosts_file, 1, 16);
    tcase_add_loop_test(tcase, closing_leaves_the_hosts_descriptors_open, 0, 16);
    tcase_add_test(tcase, a_host_that_closes_everything_reads_on);
    tcase_add_test(tcase, a_relative_path_is_remembered_whole);
    tcase_add_test(tcase, a_store_that_cannot_be_opened_anew_comes_back_later);
    tcase_add_test(tcase, no_descriptor_survives_exec_or_close);
    tcase_add_test(tcase, the_hosts_own_descriptors_on_the_file_are_left_alone);
    tcase_add_test(tcase, a_warm_snapshot_neither_allocates_nor_enters_the_kernel);
    return tcase;
}
