/* SPDX-License-Identifier: Apache-2.0 */
/* The store's master key and the anchor that it is wrapped under. */
#include "token-store/anchor.h"
#include "unit/seal/fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ANCHOR_FILE_LEN = 8 + CFR_ANCHOR_LEN };

static CK_RV open_again(void)
{
    AUTO(master) *again = NULL;
    CK_RV rv = cfr_master_open(world.store, world.anchor, &again);

    ck_assert_int_eq(rv == CKR_OK, again != NULL);
    return rv;
}

static struct cfr_secret *derive(const struct cfr_master *master, const char *purpose, uint32_t space)
{
    struct cfr_secret *key = NULL;

    ASSERT_OK(cfr_master_derive(master, purpose, space, &key));
    ck_assert_uint_eq(cfr_secret_view(key).len, 32);
    return key;
}

static size_t read_anchor(uint8_t *out)
{
    int fd = open(world.anchor, O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, out, 2 * ANCHOR_FILE_LEN);

    (void)close(fd);
    return (size_t)len;
}

static void write_anchor(const uint8_t *octets, size_t len)
{
    int fd = open(world.anchor, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_eq(write(fd, octets, len), (ssize_t)len);
    (void)close(fd);
}

START_TEST(it_is_the_same_every_time)
{
    AUTO(master) *again = NULL;
    AUTO(secret) *first = derive(world.master, "purpose", 1);
    AUTO(secret) *second = NULL;

    ASSERT_OK(cfr_master_open(world.store, world.anchor, &again));
    second = derive(again, "purpose", 1);
    ASSERT_SPAN(cfr_secret_view(first), cfr_secret_view(second));
    ck_assert_int_eq(memcmp(cfr_master_uuid(world.master), cfr_master_uuid(again), CFR_STORE_UUID_LEN), 0);
}
END_TEST

START_TEST(each_purpose_and_space_has_its_key)
{
    static const struct {
        const char *purpose;
        uint32_t space;
    } uses[] = {{"a", 0}, {"b", 0}, {"a", 1}, {"a", 256}, {"ab", 0}, {"", 0}};
    struct cfr_secret *keys[COUNT_OF(uses)];
    struct cfr_secret *none = NULL;

    for (size_t i = 0; i < COUNT_OF(uses); i++) {
        keys[i] = derive(world.master, uses[i].purpose, uses[i].space);
        for (size_t j = 0; j < i; j++) {
            ck_assert(!cfr_span_equal(cfr_secret_view(keys[i]), cfr_secret_view(keys[j])));
        }
    }
    for (size_t i = 0; i < COUNT_OF(uses); i++) {
        cfr_secret_drop(keys[i]);
    }
    ASSERT_RV(cfr_master_derive(world.master,
                                "a purpose of so many letters that there is no room for the space's number",
                                0, &none),
              CKR_GENERAL_ERROR);
}
END_TEST

START_TEST(two_stores_have_nothing_in_common)
{
    struct cfr_store *store = seal_new_store();
    AUTO(master) *other = NULL;
    AUTO(secret) *first = derive(world.master, "purpose", 1);
    AUTO(secret) *second = NULL;

    ASSERT_OK(cfr_master_open(store, world.anchor, &other));
    second = derive(other, "purpose", 1);
    ck_assert(!cfr_span_equal(cfr_secret_view(first), cfr_secret_view(second)));
    ck_assert_int_ne(memcmp(cfr_master_uuid(world.master), cfr_master_uuid(other), CFR_STORE_UUID_LEN), 0);
    store->ops->close(store);
}
END_TEST

START_TEST(every_octet_of_the_record_counts)
{
    struct cfr_record_key key = cfr_key_of_kind('M');
    uint8_t octets[256];
    struct cfr_span value = seal_peek_record(cfr_record_key_view(&key), octets, sizeof(octets));
    struct cfr_span shorter = cfr_span_of(value.ptr, value.len - 1);
    struct cfr_span longer = cfr_span_of(value.ptr, value.len + 1);

    for (size_t at = 0; at < value.len; at++) {
        octets[at] ^= 4;
        seal_poke_record(cfr_record_key_view(&key), &value);
        ASSERT_RV(open_again(), CKR_DEVICE_ERROR);
        octets[at] ^= 4;
    }
    seal_poke_record(cfr_record_key_view(&key), &shorter);
    ASSERT_RV(open_again(), CKR_DEVICE_ERROR);
    seal_poke_record(cfr_record_key_view(&key), &longer);
    ASSERT_RV(open_again(), CKR_DEVICE_ERROR);
    seal_poke_record(cfr_record_key_view(&key), &value);
    ASSERT_OK(open_again());
}
END_TEST

START_TEST(every_octet_of_the_anchor_counts)
{
    uint8_t octets[2 * ANCHOR_FILE_LEN] = {0};

    ck_assert_uint_eq(read_anchor(octets), ANCHOR_FILE_LEN);
    for (size_t at = 0; at < ANCHOR_FILE_LEN; at++) {
        octets[at] ^= 4;
        write_anchor(octets, ANCHOR_FILE_LEN);
        ASSERT_RV(open_again(), CKR_DEVICE_ERROR);
        octets[at] ^= 4;
    }
    for (size_t len = 0; len <= ANCHOR_FILE_LEN + 2; len++) {
        write_anchor(octets, len);
        ASSERT_RV(open_again(), len == ANCHOR_FILE_LEN ? CKR_OK : CKR_DEVICE_ERROR);
    }
}
END_TEST

START_TEST(only_its_owner_may_read_the_anchor)
{
    static const struct {
        mode_t mode;
        CK_RV rv;
    } modes[] = {{0600, CKR_OK},           {0400, CKR_OK},           {0660, CKR_OK},
                 {0604, CKR_DEVICE_ERROR}, {0602, CKR_DEVICE_ERROR}, {0644, CKR_DEVICE_ERROR},
                 {0666, CKR_DEVICE_ERROR}, {0777, CKR_DEVICE_ERROR}};
    struct stat status;

    ck_assert_int_eq(stat(world.anchor, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        ck_assert_int_eq(chmod(world.anchor, modes[i].mode), 0);
        ASSERT_RV(open_again(), modes[i].rv);
    }
}
END_TEST

/* Where the group shares the folder, it shares the anchor. */
START_TEST(new_anchor_follows_its_folder)
{
    AUTO(secret) *anchor = NULL;
    struct stat status;

    ck_assert_int_eq(unlink(world.anchor), 0);
    ck_assert_int_eq(chmod(world.folder, 0770), 0);
    ASSERT_OK(cfr_anchor_read(world.anchor, true, &anchor));
    ck_assert_uint_eq(cfr_secret_view(anchor).len, CFR_ANCHOR_LEN);
    ck_assert_int_eq(stat(world.anchor, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0660);
}
END_TEST

/* A store whose anchor is gone is not given a new one, under which it could not be read. */
START_TEST(missing_anchor_is_not_made_again)
{
    AUTO(secret) *anchor = NULL;
    AUTO(secret) *same = NULL;
    AUTO(secret) *other = NULL;

    ASSERT_OK(cfr_anchor_read(world.anchor, true, &anchor));
    ASSERT_OK(cfr_anchor_read(world.anchor, false, &same));
    ASSERT_SPAN(cfr_secret_view(anchor), cfr_secret_view(same));
    ck_assert_int_eq(unlink(world.anchor), 0);
    ASSERT_RV(open_again(), CKR_DEVICE_ERROR);
    ck_assert_int_eq(access(world.anchor, F_OK), -1);
    ASSERT_OK(cfr_anchor_read(world.anchor, true, &other));
    ck_assert(!cfr_span_equal(cfr_secret_view(anchor), cfr_secret_view(other)));
    ASSERT_RV(open_again(), CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(anchor_is_a_file)
{
    char kept[128];

    (void)snprintf(kept, sizeof(kept), "%s.kept", world.anchor);
    ck_assert_int_eq(rename(world.anchor, kept), 0);
    ck_assert_int_eq(symlink(kept, world.anchor), 0);
    ASSERT_RV(open_again(), CKR_DEVICE_ERROR);
    ck_assert_int_eq(unlink(world.anchor), 0);
    ck_assert_int_eq(mkdir(world.anchor, 0700), 0);
    ASSERT_RV(open_again(), CKR_DEVICE_ERROR);
    ck_assert_int_eq(rmdir(world.anchor), 0);
    ck_assert_int_eq(mkfifo(world.anchor, 0600), 0);
    ASSERT_RV(open_again(), CKR_DEVICE_ERROR);
    ck_assert_int_eq(unlink(world.anchor), 0);
    ck_assert_int_eq(rename(kept, world.anchor), 0);
    ASSERT_OK(open_again());
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(master) *again = NULL;
    AUTO(secret) *key = NULL;

    (void)arg;
    TRY(cfr_master_open(world.store, world.anchor, &again));
    return cfr_master_derive(again, "purpose", 1, &key);
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, NULL, 6, 10);
}
END_TEST

static Suite *suite(void)
{
    Suite *master = suite_create("master");
    TCase *tcase = tcase_create("master");

    tcase_add_checked_fixture(tcase, seal_up, seal_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, it_is_the_same_every_time);
    tcase_add_test(tcase, each_purpose_and_space_has_its_key);
    tcase_add_test(tcase, two_stores_have_nothing_in_common);
    tcase_add_test(tcase, every_octet_of_the_record_counts);
    tcase_add_test(tcase, every_octet_of_the_anchor_counts);
    tcase_add_test(tcase, only_its_owner_may_read_the_anchor);
    tcase_add_test(tcase, new_anchor_follows_its_folder);
    tcase_add_test(tcase, missing_anchor_is_not_made_again);
    tcase_add_test(tcase, anchor_is_a_file);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(master, tcase);
    return master;
}

TEST_MAIN(suite)
