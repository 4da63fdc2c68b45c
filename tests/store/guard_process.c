/* SPDX-License-Identifier: Apache-2.0 */
/* Several instances, forks, and processes that die at the wrong moment. */
#include "store/guard.h"
#include "store/raw_lmdb.h"
#include "token-store/lmdb/store_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int open_guard(void)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/guard", fixture_store());
    return open(path, O_RDWR | O_CLOEXEC);
}

static int guard_octet(int fd, int command, short type, pid_t pid, short *ret_type)
{
    struct flock octet = {.l_type = type, .l_whence = SEEK_SET, .l_start = pid, .l_len = 1};
    int failed = fcntl(fd, command, &octet);

    if (ret_type != NULL) {
        *ret_type = octet.l_type;
    }
    return failed;
}

static bool is_octet_locked(pid_t pid)
{
    int fd = open_guard();
    short type = F_UNLCK;

    ck_assert_int_eq(guard_octet(fd, F_OFD_GETLK, F_WRLCK, pid, &type), 0);
    close(fd);
    return type != F_UNLCK;
}

START_TEST(a_second_open_in_the_process_is_refused)
{
    struct cfr_store *store = lmdb_open(0);
    struct cfr_store *second = NULL;
    struct cfr_store_config config = {0};

    log_keep();
    ck_assert_int_eq(lmdb_try(0, &second), CFR_STORE_INUSE);
    ck_assert(log_has("this process has it open already"));
    /* By another path: the file counts, not its name. */
    ck_assert_int_eq(symlink(".", fixture_file("alias")), 0);
    config.path = fixture_file("alias/store");
    ck_assert_int_eq(cfr_store_lmdb.open(&config, &second), CFR_STORE_INUSE);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    store->ops->close(store);
    ck_assert_int_eq(lmdb_try(0, &second), CFR_STORE_OK);
    ck_assert_str_eq(get_one(second, "a"), "1");
    second->ops->close(second);
}
END_TEST

/* Another copy of the module has another registry; what both know is the octet in the guard file. */
START_TEST(a_second_copy_in_the_process_is_refused)
{
    struct cfr_store *store = lmdb_open(0);
    struct cfr_store *second = NULL;
    int copy;

    ck_assert(is_octet_locked(getpid()));
    store->ops->close(store);
    ck_assert(!is_octet_locked(getpid()));
    copy = open_guard();
    ck_assert_int_eq(guard_octet(copy, F_OFD_SETLK, F_WRLCK, getpid(), NULL), 0);
    log_keep();
    ck_assert_int_eq(lmdb_try(0, &second), CFR_STORE_INUSE);
    ck_assert(log_has("another copy of this module"));
    ck_assert(log_has("pid namespace"));
    close(copy);
    ck_assert_int_eq(lmdb_try(0, &second), CFR_STORE_OK);
    second->ops->close(second);
}
END_TEST

START_TEST(two_stores_in_one_process_do_not_meet)
{
    struct cfr_store_config config = {.path = fixture_file("other")};
    struct cfr_store *store = lmdb_open(0);
    struct cfr_store *other = NULL;

    ck_assert_int_eq(cfr_store_lmdb.open(&config, &other), CFR_STORE_OK);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_int_eq(put_one(other, "a", cfr_span_text("2")), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "a"), "1");
    store->ops->close(store);
    ck_assert_str_eq(get_one(other, "a"), "2");
    ck_assert_int_eq(put_one(other, "b", cfr_span_text("3")), CFR_STORE_OK);
    other->ops->close(other);
}
END_TEST

struct lock_holder {
    struct flag *ready;
    pid_t pid;
};

static int hold_octet(void *arg)
{
    struct lock_holder *holder = arg;
    int fd = open_guard();

    if (guard_octet(fd, F_OFD_SETLK, F_WRLCK, holder->pid, NULL) != 0) {
        return 1;
    }
    flag_set(holder->ready);
    pause();
    return 1;
}

START_TEST(a_process_with_the_same_pid_elsewhere_is_refused)
{
    struct cfr_store *store = lmdb_open(0);
    struct lock_holder holder = {flag_new(), getpid()};
    pid_t pid;

    store->ops->close(store);
    pid = child_start(hold_octet, &holder);
    flag_await(holder.ready);
    log_keep();
    ck_assert_int_eq(lmdb_try(0, &store), CFR_STORE_INUSE);
    ck_assert(log_has("another container (pid namespace)"));
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(child_end(pid), -SIGKILL);
    ck_assert_int_eq(lmdb_try(0, &store), CFR_STORE_OK);
    store->ops->close(store);
}
END_TEST

static int open_in_namespace(void *arg)
{
    struct cfr_store *store;

    (void)arg;
    log_keep();
    return getpid() == 1 ? (int)lmdb_try(0, &store) : 99;
}

static int open_and_wait(void *arg)
{
    (void)lmdb_open(0);
    flag_set(arg);
    pause();
    return 0;
}

/* A child that is pid 1 of a namespace of its own; -1 where that is not allowed. */
static pid_t start_in_namespace(int (*body)(void *), void *arg)
{
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

    if (pid == 0) {
        child_exit(body(arg));
    }
    return pid;
}

START_TEST(containers_with_one_pid_exclude_each_other)
{
    struct flag *ready = flag_new();
    pid_t first = start_in_namespace(open_and_wait, ready);

    if (first < 0) {
        return;
    }
    flag_await(ready);
    ck_assert_int_eq(child_end(start_in_namespace(open_in_namespace, NULL)), CFR_STORE_INUSE);
    ck_assert(log_has("also has pid 1 "));
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    ck_assert_int_eq(child_end(first), -SIGKILL);
}
END_TEST

/* --- Fork --- */

static int use_inherited_then_open(void *arg)
{
    struct cfr_store *inherited = arg;
    struct cfr_store_txn *txn = NULL;
    struct cfr_store *own;

    ck_assert_int_eq(inherited->ops->begin(inherited, CFR_STORE_READ, &txn), CFR_STORE_UNAVAIL);
    ck_assert_int_eq(inherited->ops->begin(inherited, CFR_STORE_WRITE, &txn), CFR_STORE_UNAVAIL);
    inherited->ops->abandon(inherited);
    own = lmdb_open(0);
    ck_assert_str_eq(get_one(own, "a"), "parent");
    ck_assert_int_eq(put_one(own, "a", cfr_span_text("child")), CFR_STORE_OK);
    own->ops->close(own);
    return 0;
}

START_TEST(a_child_opens_anew_and_the_parent_goes_on)
{
    struct cfr_store *store = lmdb_open(0);

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("parent")), CFR_STORE_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(child_run(use_inherited_then_open, store), 0);
        ck_assert_str_eq(get_one(store, "a"), "child");
        ck_assert_int_eq(put_one(store, "a", cfr_span_text("parent")), CFR_STORE_OK);
    }
    store->ops->close(store);
}
END_TEST

struct inherited {
    struct cfr_store *store;
    struct cfr_store_txn *txn;
};

static int end_inherited(void *arg)
{
    struct inherited *inherited = arg;

    inherited->store->ops->abort(inherited->txn);
    inherited->store->ops->close(inherited->store);
    return 0;
}

static int commit_inherited(void *arg)
{
    struct inherited *inherited = arg;

    return inherited->store->ops->commit(inherited->txn) == CFR_STORE_UNAVAIL ? 0 : 1;
}

START_TEST(a_child_cannot_end_what_the_parent_has_begun)
{
    struct cfr_store *store = lmdb_open(0);
    struct inherited inherited = {.store = store};

    put_many(store, "k", 500, 100);
    inherited.txn = begin(store, CFR_STORE_READ);
    ck_assert_int_eq(child_run(end_inherited, &inherited), 0);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(put_elsewhere(store, "k000100", pattern(2000, (unsigned)i)), CFR_STORE_OK);
    }
    ck_assert_int_eq(store->ops->get(inherited.txn, cfr_span_text("k000100"), &(struct cfr_span){0}),
                     CFR_STORE_OK);
    store->ops->abort(inherited.txn);
    inherited.txn = begin(store, CFR_STORE_WRITE);
    ck_assert_int_eq(store->ops->put(inherited.txn, cfr_span_text("a"), cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_int_eq(child_run(commit_inherited, &inherited), 0);
    ck_assert_int_eq(store->ops->commit(inherited.txn), CFR_STORE_OK);
    ck_assert_str_eq(get_one(store, "a"), "1");
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
    store->ops->close(store);
}
END_TEST

static int wait_for_flag(void *arg)
{
    flag_await(arg);
    return 0;
}

START_TEST(the_parent_reopens_while_a_child_holds_its_descriptors)
{
    struct cfr_store *store = lmdb_open(0);
    struct flag *flag = flag_new();
    pid_t pid = child_start(wait_for_flag, flag);

    store->ops->close(store);
    store = lmdb_open(0);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    flag_set(flag);
    ck_assert_int_eq(child_end(pid), 0);
    ck_assert(is_octet_locked(getpid()));
    store->ops->close(store);
}
END_TEST

struct orphan {
    struct flag *parent_is_dead;
    struct flag *is_done;
    pid_t parent;
};

/* A daemon: it opened the store, forked, and died; what it inherited must not lock its parent's octet for
 * good. */
static int open_after_parent_died(void *arg)
{
    struct orphan *orphan = arg;
    struct cfr_store *store;

    flag_await(orphan->parent_is_dead);
    ck_assert(is_octet_locked(orphan->parent));
    store = lmdb_open(0);
    ck_assert(!is_octet_locked(orphan->parent));
    ck_assert(is_octet_locked(getpid()));
    store->ops->close(store);
    flag_set(orphan->is_done);
    return 0;
}

static int open_fork_and_die(void *arg)
{
    struct orphan *orphan = arg;

    (void)lmdb_open(0);
    orphan->parent = getpid();
    (void)child_start(open_after_parent_died, orphan);
    return 0;
}

START_TEST(a_daemon_frees_its_parents_octet)
{
    struct orphan orphan = {flag_new(), flag_new(), 0};

    ck_assert_int_eq(child_run(open_fork_and_die, &orphan), 0);
    flag_set(orphan.parent_is_dead);
    flag_await(orphan.is_done);
}
END_TEST

/* --- Death --- */

START_TEST(a_killed_writer_leaves_nothing_and_locks_nobody_out)
{
    struct cfr_store *store = lmdb_open(0);

    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    for (int i = 0; i < 5; i++) {
        struct flag *ready = flag_new();
        pid_t pid = child_start(raw_write_and_wait, ready);

        flag_await(ready);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(put_one(store, "a", pattern(100, (unsigned)i)), CFR_STORE_OK);
        ck_assert_int_eq(child_end(pid), -SIGKILL);
        ck_assert_str_eq(get_one(store, "raw"), "<none>");
    }
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
    store->ops->close(store);
}
END_TEST

START_TEST(dead_readers_do_not_make_the_file_grow)
{
    struct cfr_store *store = lmdb_open(0);
    struct cfr_store_health health;
    size_t before;
    pid_t pids[8];

    for (unsigned i = 0; i < 10; i++) {
        ck_assert_int_eq(put_one(store, "a", pattern(20000, i)), CFR_STORE_OK);
    }
    for (int i = 0; i < 8; i++) {
        struct flag *ready = flag_new();

        pids[i] = child_start(raw_read_and_wait, ready);
        flag_await(ready);
    }
    ck_assert_int_eq(store->ops->health(store, &health), CFR_STORE_OK);
    ck_assert_uint_eq(health.readers, 8);
    before = file_len("coffer.mdb");
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(kill(pids[i], SIGKILL), 0);
        ck_assert_int_eq(child_end(pids[i]), -SIGKILL);
    }
    for (unsigned i = 0; i < 200; i++) {
        ck_assert_int_eq(put_one(store, "a", pattern(20000, i)), CFR_STORE_OK);
    }
    ck_assert_uint_le(file_len("coffer.mdb"), before + 100000);
    ck_assert_int_eq(store->ops->health(store, &health), CFR_STORE_OK);
    ck_assert_uint_eq(health.readers, 0);
    store->ops->close(store);
}
END_TEST

/* Without the macros of Check: each writes to a file that the parent reads, and might be cut short. */
static int commit_until_killed(void *arg)
{
    const struct cfr_store_ops *ops = &cfr_store_lmdb;
    struct cfr_store *store;
    struct cfr_store_txn *txn;
    char key[16];

    if (lmdb_try(0, &store) != CFR_STORE_OK) {
        return 1;
    }
    flag_set(arg);
    for (unsigned i = 0;; i++) {
        (void)snprintf(key, sizeof(key), "k%03u", i % 300);
        if (ops->begin(store, CFR_STORE_WRITE, &txn) != CFR_STORE_OK ||
            (i % 3 == 2 ? ops->del(txn, cfr_span_text(key))
                        : ops->put(txn, cfr_span_text(key), pattern(i * 61 % 6000, i))) != CFR_STORE_OK ||
            ops->commit(txn) != CFR_STORE_OK) {
            return 1;
        }
    }
}

START_TEST(a_store_is_whole_after_any_kill)
{
    for (long i = 0; i < 40; i++) {
        struct flag *ready = flag_new();
        pid_t pid = child_start(commit_until_killed, ready);
        struct cfr_store *store;

        flag_await(ready);
        (void)nanosleep(&(struct timespec){.tv_nsec = i * 977 * 1000}, NULL);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(child_end(pid), -SIGKILL);
        store = lmdb_open(0); /* checks the whole file */
        (void)count_all(store);
        store->ops->close(store);
    }
}
END_TEST

TCase *guard_process_case(void)
{
    TCase *tcase = tcase_create("processes");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_second_open_in_the_process_is_refused);
    tcase_add_test(tcase, a_second_copy_in_the_process_is_refused);
    tcase_add_test(tcase, two_stores_in_one_process_do_not_meet);
    tcase_add_test(tcase, a_process_with_the_same_pid_elsewhere_is_refused);
    tcase_add_test(tcase, containers_with_one_pid_exclude_each_other);
    tcase_add_test(tcase, a_child_opens_anew_and_the_parent_goes_on);
    tcase_add_test(tcase, a_child_cannot_end_what_the_parent_has_begun);
    tcase_add_test(tcase, the_parent_reopens_while_a_child_holds_its_descriptors);
    tcase_add_test(tcase, a_daemon_frees_its_parents_octet);
    tcase_add_test(tcase, a_killed_writer_leaves_nothing_and_locks_nobody_out);
    tcase_add_test(tcase, dead_readers_do_not_make_the_file_grow);
    tcase_add_test(tcase, a_store_is_whole_after_any_kill);
    return tcase;
}
