/* SPDX-License-Identifier: Apache-2.0 */
/* The folder and the files: modes, kinds, file systems, and content that is not a store. */
#include "store/guard.h"
#include "store/guard_io.h"
#include "token-store/lmdb/place.h"
#include "token-store/lmdb/store_lmdb.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {"coffer.mdb", "coffer.mdb-lock", "guard"};

enum { FILES = 3 };

static const char *store_file(const char *name)
{
    char relative[64];

    (void)snprintf(relative, sizeof(relative), "store/%s", name);
    return fixture_file(relative);
}

static unsigned mode_of(const char *path)
{
    struct stat info;

    ck_assert_int_eq(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void make_store(void)
{
    struct cfr_store *store = lmdb_open(0);

    put_many(store, "k", 300, 100);
    store->ops->close(store);
}

static void refused(const char *reason)
{
    struct cfr_store *store = NULL;

    log_keep();
    ck_assert_int_eq(lmdb_try(0, &store), CFR_STORE_UNAVAIL);
    ck_assert_msg(log_has(reason), "the log does not say: %s", reason);
    ck_assert(log_has(fixture_path));
}

START_TEST(a_new_store_is_closed_to_others_whatever_the_umask)
{
    (void)umask(_i == 0 ? 0 : 0077);
    make_store();
    ck_assert_uint_eq(mode_of(fixture_store()), 0700);
    for (int i = 0; i < FILES; i++) {
        ck_assert_uint_eq(mode_of(store_file(names[i])), 0600);
    }
}
END_TEST

START_TEST(a_group_shares_a_folder_that_it_may_write)
{
    (void)umask(0077);
    ck_assert_int_eq(mkdir(fixture_store(), 0700), 0);
    ck_assert_int_eq(chmod(fixture_store(), 02770), 0);
    make_store();
    for (int i = 0; i < FILES; i++) {
        ck_assert_uint_eq(mode_of(store_file(names[i])), 0660);
    }
}
END_TEST

START_TEST(files_that_were_open_to_all_are_closed)
{
    make_store();
    for (int i = 0; i < FILES; i++) {
        ck_assert_int_eq(chmod(store_file(names[i]), 0666), 0);
    }
    log_keep();
    make_store();
    for (int i = 0; i < FILES; i++) {
        ck_assert_uint_eq(mode_of(store_file(names[i])), 0660);
    }
    ck_assert(log_has("had mode 0666"));
}
END_TEST

START_TEST(a_symbolic_link_is_not_followed)
{
    make_store();
    ck_assert_int_eq(rename(store_file(names[_i]), fixture_file("target")), 0);
    ck_assert_int_eq(symlink(fixture_file("target"), store_file(names[_i])), 0);
    refused("symbolic link is not followed");
}
END_TEST

START_TEST(a_folder_that_is_a_symbolic_link_is_refused)
{
    make_store();
    ck_assert_int_eq(rename(fixture_store(), fixture_file("target")), 0);
    ck_assert_int_eq(symlink(fixture_file("target"), fixture_store()), 0);
    refused("symbolic link is not followed");
}
END_TEST

START_TEST(only_regular_files_are_opened)
{
    make_store();
    ck_assert_int_eq(unlink(store_file(names[_i])), 0);
    ck_assert_int_eq(mkfifo(store_file(names[_i]), 0600), 0);
    refused("is not a regular file");
}
END_TEST

START_TEST(a_folder_that_anyone_may_write_is_refused)
{
    struct cfr_store *store = NULL;

    make_store();
    ck_assert_int_eq(chmod(fixture_store(), 0777), 0);
    refused("anyone may write in this folder");
    ck_assert_int_eq(chmod(fixture_store(), 01777), 0); /* sticky and ours */
    ck_assert_int_eq(lmdb_try(0, &store), CFR_STORE_OK);
    store->ops->close(store);
    ck_assert_int_eq(chmod(fixture_store(), 0700), 0);
    ck_assert_int_eq(chmod(fixture_path, 0777), 0);
    refused("anyone may write in the parent folder");
    ck_assert_int_eq(chmod(fixture_path, 01777), 0);
    ck_assert_int_eq(lmdb_try(0, &store), CFR_STORE_OK);
    store->ops->close(store);
}
END_TEST

START_TEST(a_folder_is_made_but_not_its_parents)
{
    struct cfr_store_config config = {.path = fixture_file("none/store")};
    struct cfr_store *store = NULL;

    ck_assert_int_eq(cfr_store_lmdb.open(&config, &store), CFR_STORE_UNAVAIL);
    config.path = "";
    ck_assert_int_eq(cfr_store_lmdb.open(&config, &store), CFR_STORE_UNAVAIL);
    config.path = fixture_file("store//");
    ck_assert_int_eq(cfr_store_lmdb.open(&config, &store), CFR_STORE_OK);
    store->ops->close(store);
    ck_assert_uint_eq(mode_of(fixture_store()), 0700);
}
END_TEST

START_TEST(network_file_systems_are_refused)
{
    static const unsigned long remote[] = {0x6969UL,     0xFF534D42UL, 0xFE534D42UL,
                                           0x65735546UL, 0x01021997UL, 0x517BUL};
    static const unsigned long local[] = {0xEF53UL,     0x58465342UL, 0x9123683EUL, 0x2FC12FC1UL,
                                          0x01021994UL, 0x794C7630UL, 0xF2F52010UL, 0x858458F6UL};
    struct cfr_store_config config = {.allow_remote_fs = true};
    struct cfr_store *store = NULL;

    for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
        guard_io_pretend_fs(remote[i]);
        refused("is not known to be local");
        ck_assert_int_ne(access(store_file("coffer.mdb"), F_OK), 0);
    }
    config.path = fixture_store();
    ck_assert_int_eq(cfr_store_lmdb.open(&config, &store), CFR_STORE_OK);
    store->ops->close(store);
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
        guard_io_pretend_fs(local[i]);
        ck_assert_int_eq(lmdb_try(0, &store), CFR_STORE_OK);
        store->ops->close(store);
    }
}
END_TEST

/* --- Other users; as root only --- */

enum { OTHER_UID = 65534 };

START_TEST(what_root_makes_belongs_to_the_folders_owner)
{
    struct stat info;

    if (geteuid() != 0) {
        return;
    }
    ck_assert_int_eq(mkdir(fixture_store(), 0700), 0);
    ck_assert_int_eq(chown(fixture_store(), OTHER_UID, OTHER_UID), 0);
    make_store();
    for (int i = 0; i < FILES; i++) {
        ck_assert_int_eq(stat(store_file(names[i]), &info), 0);
        ck_assert_uint_eq(info.st_uid, OTHER_UID);
        ck_assert_uint_eq(info.st_gid, OTHER_UID);
    }
}
END_TEST

static int open_as_other(void *arg)
{
    struct cfr_store *store;

    (void)arg;
    log_keep();
    return seteuid(OTHER_UID) != 0 ? 99 : (int)lmdb_try(0, &store);
}

START_TEST(anothers_files_that_anyone_may_write_are_refused)
{
    if (geteuid() != 0) {
        return;
    }
    make_store();
    ck_assert_int_eq(chmod(fixture_path, 0755), 0);
    ck_assert_int_eq(chmod(fixture_store(), 0755), 0);
    for (int i = 0; i < FILES; i++) {
        ck_assert_int_eq(chmod(store_file(names[i]), 0666), 0);
    }
    ck_assert_int_eq(child_run(open_as_other, NULL), CFR_STORE_UNAVAIL);
    ck_assert(log_has("may be written by anyone and belongs to someone else"));
}
END_TEST

/* --- Content --- */

static void overwrite(const char *name, off_t at, const void *octets, size_t len)
{
    int fd = open(store_file(name), O_WRONLY | O_CREAT, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, octets, len, at), (ssize_t)len);
    close(fd);
}

static void corrupt(void)
{
    struct cfr_store *store = NULL;

    log_keep();
    ck_assert_int_eq(lmdb_try(0, &store), CFR_STORE_CORRUPT);
    ck_assert(log_has("damaged"));
}

START_TEST(a_file_that_is_no_store_is_corrupt)
{
    static const char text[] = "Dear diary, nothing of note happened today.";

    ck_assert_int_eq(mkdir(fixture_store(), 0700), 0);
    overwrite("coffer.mdb", 0, text, sizeof(text));
    corrupt();
    overwrite("coffer.mdb", 100000, text, sizeof(text));
    corrupt();
}
END_TEST

START_TEST(an_unknown_version_is_corrupt)
{
    uint32_t version = 2;

    make_store();
    overwrite("coffer.mdb", 16 + 4, &version, sizeof(version));
    corrupt();
    ck_assert(log_has("unknown version of LMDB's format"));
}
END_TEST

/* What a crash may leave of the very first moment. */
START_TEST(a_file_of_zeros_is_a_new_store)
{
    struct cfr_store *store;

    make_store();
    ck_assert_int_eq(truncate(store_file("coffer.mdb"), 0), 0);
    ck_assert_int_eq(truncate(store_file("coffer.mdb"), _i * 4096), 0);
    store = lmdb_open(0);
    ck_assert_uint_eq(count_all(store), 0);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    store->ops->close(store);
    store = lmdb_open(0);
    ck_assert_str_eq(get_one(store, "a"), "1");
    store->ops->close(store);
}
END_TEST

START_TEST(a_cut_file_is_corrupt)
{
    off_t full;

    make_store();
    full = (off_t)file_len("coffer.mdb");
    for (off_t len = full - 1; len > 0; len -= 1361) {
        ck_assert_int_eq(truncate(store_file("coffer.mdb"), len), 0);
        corrupt();
    }
}
END_TEST

START_TEST(a_file_that_is_cut_while_open_is_corrupt)
{
    struct cfr_store *store = lmdb_open(0);

    put_many(store, "k", 300, 100);
    ck_assert_int_eq(truncate(store_file("coffer.mdb"), 3 * 4096), 0);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_CORRUPT);
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_CORRUPT);
    store->ops->close(store);
    corrupt();
}
END_TEST

START_TEST(what_follows_the_last_page_does_no_harm)
{
    struct cfr_store *store;

    make_store();
    ck_assert_int_eq(truncate(store_file("coffer.mdb"), (off_t)file_len("coffer.mdb") + 12345), 0);
    store = lmdb_open(0);
    ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
    ck_assert_uint_eq(count_all(store), 301);
    store->ops->close(store);
}
END_TEST

static int open_cut_lock_file(void *arg)
{
    struct cfr_store *store;

    (void)arg;
    log_keep();
    return (int)lmdb_try(0, &store);
}

/* LMDB makes a lock file anew that nobody uses; of one in use it believes the length. */
START_TEST(a_damaged_lock_file_is_made_anew_or_refused)
{
    static const char garbage[5000] = "garbage";
    struct cfr_store *store;

    for (off_t len = 1; len < 300000; len = len * 3 + 1) {
        make_store();
        ck_assert_int_eq(truncate(store_file("coffer.mdb-lock"), len), 0);
        make_store();
        overwrite("coffer.mdb-lock", 0, garbage, sizeof(garbage));
        make_store();
    }
    store = lmdb_open(0);
    ck_assert_int_eq(truncate(store_file("coffer.mdb-lock"), 100), 0);
    ck_assert_int_eq(child_run(open_cut_lock_file, NULL), CFR_STORE_CORRUPT);
    ck_assert(log_has("is in use and has only 100 octets"));
    ck_assert_int_eq(truncate(store_file("coffer.mdb-lock"), 300000), 0);
    store->ops->close(store);
}
END_TEST

START_TEST(a_deleted_store_is_made_anew)
{
    struct cfr_store *store;

    make_store();
    for (int i = 0; i < FILES; i++) {
        ck_assert_int_eq(unlink(store_file(names[i])), 0);
        store = lmdb_open(0);
        ck_assert_uint_eq(count_all(store), i == 0 ? 0 : 1);
        ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
        store->ops->close(store);
    }
}
END_TEST

TCase *guard_place_case(void)
{
    TCase *tcase = tcase_create("place and content");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_new_store_is_closed_to_others_whatever_the_umask, 0, 2);
    tcase_add_test(tcase, a_group_shares_a_folder_that_it_may_write);
    tcase_add_test(tcase, files_that_were_open_to_all_are_closed);
    tcase_add_loop_test(tcase, a_symbolic_link_is_not_followed, 0, FILES);
    tcase_add_test(tcase, a_folder_that_is_a_symbolic_link_is_refused);
    tcase_add_loop_test(tcase, only_regular_files_are_opened, 0, FILES);
    tcase_add_test(tcase, a_folder_that_anyone_may_write_is_refused);
    tcase_add_test(tcase, a_folder_is_made_but_not_its_parents);
    tcase_add_test(tcase, network_file_systems_are_refused);
    tcase_add_test(tcase, what_root_makes_belongs_to_the_folders_owner);
    tcase_add_test(tcase, anothers_files_that_anyone_may_write_are_refused);
    tcase_add_test(tcase, a_file_that_is_no_store_is_corrupt);
    tcase_add_test(tcase, an_unknown_version_is_corrupt);
    tcase_add_loop_test(tcase, a_file_of_zeros_is_a_new_store, 0, 3);
    tcase_add_test(tcase, a_cut_file_is_corrupt);
    tcase_add_test(tcase, a_file_that_is_cut_while_open_is_corrupt);
    tcase_add_test(tcase, what_follows_the_last_page_does_no_harm);
    tcase_add_test(tcase, a_damaged_lock_file_is_made_anew_or_refused);
    tcase_add_test(tcase, a_deleted_store_is_made_anew);
    return tcase;
}
