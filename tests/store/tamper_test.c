/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store file with changed octets, exchanged pages or a missing end is opened, read and written: it may be
 * called corrupt, or, where only records have changed, be usable; it never crashes or hangs the process. The
 * records' own protection is above the store.
 */
#include "store/fixture.h"
#include "support/main.h"
#include "token-store/lmdb/store_lmdb.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE_LEN = 4096,
    IMAGE_MAX_LEN = 4 << 20,
    BATCH = 250, /* changes that one child tries */
    CHANGES = UNDER_TSAN   ? 500
              : UNDER_ASAN ? 2500
                           : 10000,
    BATCH_SECONDS = 120 /* a hang, even on a slow machine */
};

/* A file, and an earlier state of it, whose pages may come back. */
struct file {
    size_t len;
    size_t old_len;
    uint8_t octets[IMAGE_MAX_LEN];
    uint8_t old[IMAGE_MAX_LEN];
};

/* What the children report, in shared memory. */
struct report {
    unsigned current; /* the change being tried */
    unsigned sound;
    unsigned corrupt;
};

static struct file template;
static struct file changed;
static struct report *report;

static uint64_t random_state;

static size_t draw(size_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(random_state >> 20) % below;
}

static size_t read_data(uint8_t *octets)
{
    int fd = open(fixture_file("store/coffer.mdb"), O_RDONLY);
    ssize_t len = read(fd, octets, IMAGE_MAX_LEN);

    ck_assert_int_gt(len, 0);
    close(fd);
    return (size_t)len;
}

static void write_data(const struct file *file)
{
    int fd = open(fixture_file("store/coffer.mdb"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_eq(write(fd, file->octets, file->len), (ssize_t)file->len);
    close(fd);
}

/* Trees of three levels, overflow pages, and a free tree with records of its own. */
static void make_template(void)
{
    struct cfr_store *store = lmdb_open(0);

    put_many(store, "a", 1500, 40);
    put_many(store, "b", 60, 3000);
    put_many(store, "c", 6, 30000);
    put_many(store, "d", 2000, 0);
    template.old_len = read_data(template.old);
    for (unsigned i = 0; i < 1500; i += 3) {
        char key[16];

        (void)snprintf(key, sizeof(key), "a%06u", i);
        ck_assert_int_eq(i % 2 == 0 ? del_one(store, key) : put_one(store, key, pattern(i % 900, i)),
                         CFR_STORE_OK);
    }
    put_many(store, "b", 30, 5000);
    store->ops->close(store);
    template.len = read_data(template.octets);
}

static uint8_t *page_of(size_t number)
{
    return changed.octets + number * PAGE_LEN;
}

static size_t draw_page(void)
{
    return draw(changed.len / PAGE_LEN);
}

static void change_bits(void)
{
    for (size_t i = 1 + draw(8); i > 0; i--) {
        changed.octets[draw(changed.len)] ^= (uint8_t)(1U << draw(8));
    }
}

/* Where LMDB's own fields are: the head, the offsets, the head of a node. */
static uint8_t *draw_field(void)
{
    uint8_t *page = page_of(draw_page());
    uint16_t offset;

    switch (draw(3)) {
    case 0:
        return page + draw(16);
    case 1:
        return page + 16 + draw(64);
    default:
        memcpy(&offset, page + 16 + 2 * draw(20), sizeof(offset));
        return page + (offset < PAGE_LEN - 8 ? offset : 16) + draw(8);
    }
}

static void change_field(void)
{
    *draw_field() = (uint8_t)draw(256);
}

static void change_word(void)
{
    static const uint16_t words[] = {0,    1,    2,    8,    15,   16,   17,     18,
                                     4079, 4080, 4094, 4095, 4096, 4097, 0x7FFF, 0xFFFF};
    uint16_t word = words[draw(sizeof(words) / sizeof(words[0]))];
    size_t at = (size_t)(draw_field() - changed.octets) & ~(size_t)1;

    memcpy(changed.octets + at, &word, sizeof(word));
}

static void swap_pages(void)
{
    static uint8_t kept[PAGE_LEN];
    uint8_t *a = page_of(draw_page());
    uint8_t *b = page_of(draw_page());

    memcpy(kept, a, PAGE_LEN);
    memmove(a, b, PAGE_LEN);
    memcpy(b, kept, PAGE_LEN);
}

/* With its number set right, so that only what it holds is wrong. */
static void copy_page(void)
{
    size_t to = draw_page();

    memmove(page_of(to), page_of(draw_page()), PAGE_LEN);
    if (draw(4) != 0) {
        memcpy(page_of(to), &to, sizeof(to));
    }
}

static void bring_back_old_pages(void)
{
    size_t pages = (changed.old_len < changed.len ? changed.old_len : changed.len) / PAGE_LEN;

    for (size_t i = 1 + draw(4); i > 0; i--) {
        size_t page = draw(pages);

        memcpy(page_of(page), changed.old + page * PAGE_LEN, PAGE_LEN);
    }
}

static void change_meta(void)
{
    uint8_t *field = page_of(draw(2)) + 8 * draw(20);
    uint64_t word = UINT64_C(1) << draw(64);

    if (draw(2) == 0) {
        word = draw(changed.len / PAGE_LEN + 3);
    }
    memcpy(field, &word, 1 + draw(8));
}

static void cut(void)
{
    changed.len = draw(changed.len) & ~(draw(2) == 0 ? (size_t)0 : (size_t)PAGE_LEN - 1);
}

static void fill(void)
{
    size_t at = draw(changed.len);
    size_t len = draw(changed.len - at) % 600;
    int octet = draw(2) == 0 ? 0 : 0xFF;

    memset(changed.octets + at, octet, len);
}

static void change(unsigned seed)
{
    static void (*const changes[])(void) = {change_bits, change_field,        change_word, change_word,
                                            swap_pages,  copy_page,           change_meta, cut,
                                            fill,        bring_back_old_pages};

    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    changed = template;
    for (size_t i = draw(4) == 0 ? 3 : 1; i > 0 && changed.len >= 2 * (size_t)PAGE_LEN; i--) {
        changes[draw(sizeof(changes) / sizeof(changes[0]))]();
    }
}

static bool see(void *arg, struct cfr_span key, struct cfr_span value)
{
    unsigned *sum = arg;

    for (size_t i = 0; i < key.len; i++) {
        *sum += key.ptr[i];
    }
    for (size_t i = 0; i < value.len; i++) {
        *sum += value.ptr[i];
    }
    return true;
}

/* Reads everything, then writes and removes until pages split, merge and come from the free list. */
static void use(struct cfr_store *store)
{
    struct cfr_store_txn *txn = begin(store, CFR_STORE_READ);
    unsigned sum = 0;
    char key[16];

    (void)store->ops->range(txn, cfr_span_of(NULL, 0), cfr_span_of(NULL, 0), see, &sum);
    store->ops->abort(txn);
    for (unsigned round = 0; round < 4; round++) {
        txn = begin(store, CFR_STORE_WRITE);
        for (unsigned i = 0; i < 90; i++) {
            struct cfr_span value;

            (void)snprintf(key, sizeof(key), "%c%06u", 'a' + (int)draw(4), (unsigned)draw(2000));
            (void)store->ops->get(txn, cfr_span_text(key), &value);
            if (draw(3) != 0) {
                (void)store->ops->del(txn, cfr_span_text(key));
            } else {
                (void)store->ops->put(txn, cfr_span_text(key), pattern(draw(8) == 0 ? 9000 : draw(200), i));
            }
        }
        (void)store->ops->commit(txn);
    }
    ck_assert_int_eq(cfr_store_lmdb_check(store), CFR_STORE_OK);
}

static int try_batch(void *arg)
{
    unsigned first = *(unsigned *)arg;

    alarm(BATCH_SECONDS);
    for (unsigned seed = first; seed < first + BATCH; seed++) {
        struct cfr_store *store = NULL;
        enum cfr_store_status status;

        report->current = seed;
        change(seed);
        write_data(&changed);
        status = lmdb_try(0, &store);
        if (status == CFR_STORE_OK) {
            report->sound++;
            use(store);
            store->ops->close(store);
        } else if (status == CFR_STORE_CORRUPT) {
            report->corrupt++;
        } else {
            return 1;
        }
    }
    return 0;
}

START_TEST(a_changed_file_never_crashes_or_hangs)
{
    unsigned first = (unsigned)_i * BATCH;
    int end;

    make_template();
    end = child_run(try_batch, &first);
    ck_assert_msg(end == 0, "change %u ended with %d", report->current, end);
    ck_assert_uint_eq(report->sound + report->corrupt, BATCH);
    ck_assert_uint_gt(report->sound, 0);
    ck_assert_uint_gt(report->corrupt, 0);
}
END_TEST

/* The other files of the store hold no records: whatever they are, the store opens or says why not. */
static int try_lock_files(void *arg)
{
    const char *name = arg;
    struct stat info;

    alarm(BATCH_SECONDS);
    for (unsigned seed = 0; seed < BATCH; seed++) {
        struct cfr_store *store = NULL;
        int fd = open(fixture_file(name), O_RDWR);

        random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
        ck_assert_int_eq(fstat(fd, &info), 0);
        for (size_t i = draw(200); i > 0; i--) {
            uint8_t octet = (uint8_t)draw(256);

            ck_assert_int_eq(pwrite(fd, &octet, 1, (off_t)draw(draw(2) == 0 ? 300 : 262272)), 1);
        }
        if (draw(4) == 0) {
            ck_assert_int_eq(ftruncate(fd, (off_t)draw(300000)), 0);
        }
        close(fd);
        ck_assert_int_eq(lmdb_try(0, &store), CFR_STORE_OK);
        ck_assert_uint_gt(count_all(store), 3000);
        ck_assert_int_eq(put_one(store, "x", pattern(100, seed)), CFR_STORE_OK);
        store->ops->close(store);
    }
    return 0;
}

START_TEST(changed_lock_files_do_no_harm)
{
    make_template();
    ck_assert_int_eq(child_run(try_lock_files, (void *)(uintptr_t) "store/coffer.mdb-lock"), 0);
    ck_assert_int_eq(child_run(try_lock_files, (void *)(uintptr_t) "store/guard"), 0);
}
END_TEST

/* In memory where possible: what is tested does not depend on the disk, and there is much of it. */
static void setup(void)
{
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0) {
        ck_assert_int_eq(setenv("TMPDIR", "/dev/shm", 1), 0);
    }
    fixture_setup();
    report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(report, MAP_FAILED);
}

static Suite *tamper_suite(void)
{
    Suite *suite = suite_create("store tampering");
    TCase *tcase = tcase_create("tampering");

    tcase_add_checked_fixture(tcase, setup, fixture_teardown);
    tcase_set_timeout(tcase, BATCH_SECONDS + 30);
    tcase_add_loop_test(tcase, a_changed_file_never_crashes_or_hangs, 0, CHANGES / BATCH);
    tcase_add_test(tcase, changed_lock_files_do_no_harm);
    suite_add_tcase(suite, tcase);
    return suite;
}

TEST_MAIN(tamper_suite)
