/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host with an allocator of its own that loads the module with RTLD_DEEPBIND, as some servers do with plug-ins:
 * the module's malloc() and free() are then libc's, and those of libc's and libcrypto's functions the host's. What
 * one has made must not be given to the other.
 */
#include "integration/process/calls.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- The host's allocator: libc's, with a header before each block that tells its own from others. --- */

enum { HEADER_LEN = 32 };

#define MARK 0x686f737420626c6bULL

struct header {
    uint64_t mark;
    void *base;
    size_t len;
};

extern void *__libc_memalign(size_t align, size_t len);
extern void __libc_free(void *base);

static atomic_ulong made;

#define EXPORTED __attribute__((visibility("default")))

static struct header *header_of(void *block)
{
    return (struct header *)(void *)((char *)block - sizeof(struct header));
}

static void *allocate(size_t align, size_t len)
{
    size_t gap = align < HEADER_LEN ? HEADER_LEN : align;
    char *base = len > SIZE_MAX / 2 ? NULL : __libc_memalign(gap, len + gap);

    if (base == NULL) {
        return NULL;
    }
    atomic_fetch_add(&made, 1);
    *header_of(base + gap) = (struct header){.mark = MARK, .base = base, .len = len};
    return base + gap;
}

EXPORTED void *malloc(size_t len)
{
    return allocate(1, len);
}

EXPORTED void *calloc(size_t count, size_t size)
{
    size_t len;
    void *block = __builtin_mul_overflow(count, size, &len) ? NULL : allocate(1, len);

    return block == NULL ? NULL : memset(block, 0, len);
}

EXPORTED void free(void *block)
{
    static const char complaint[] = "the host is given a block that it has not made\n";

    if (block == NULL) {
        return;
    }
    if (header_of(block)->mark != MARK) {
        ssize_t written = write(STDERR_FILENO, complaint, sizeof(complaint) - 1);

        (void)written;
        abort();
    }
    header_of(block)->mark = 0;
    __libc_free(header_of(block)->base);
}

EXPORTED void *realloc(void *block, size_t len)
{
    void *larger = allocate(1, len);

    if (larger != NULL && block != NULL) {
        size_t kept = header_of(block)->len;

        memcpy(larger, block, kept < len ? kept : len);
        free(block);
    }
    return larger;
}

EXPORTED int posix_memalign(void **ret_block, size_t align, size_t len)
{
    *ret_block = allocate(align, len);
    return *ret_block == NULL;
}

EXPORTED void *aligned_alloc(size_t align, size_t len)
{
    return allocate(align, len);
}

EXPORTED void *memalign(size_t align, size_t len);

EXPORTED void *memalign(size_t align, size_t len)
{
    return allocate(align, len);
}

/* --- The tests --- */

static void ignore(const char *call, CK_RV rv)
{
    (void)call;
    (void)rv;
}

static int use_everything(void *arg)
{
    struct call_target target;
    unsigned long before;

    p11 = module_open(module_path(), *(int *)arg, NULL);
    before = atomic_load(&made);
    ck_assert_int_eq(OPENSSL_init_crypto(0, NULL), 1);
    ck_assert_uint_gt(atomic_load(&made), before);
    for (int life = 0; life < 3; life++) {
        if (life == 0) {
            target.session = client_ready();
            ck_assert(slot_find("token", &target.slot));
        } else {
            module_start();
            target.session = session_open(target.slot);
            login_user(target.session);
        }
        target.key = aes_make(target.session, true, "aes");
        target.pair = ec_make(target.session, true, "ec");
        expect_aes_works(target.session, target.key);
        expect_pair_works(target.session, CKM_ECDSA_SHA256, target.pair);
        (void)rsa_make(target.session, true, "rsa", 2048);
        (void)call_everything(&target, ignore);
        module_stop();
    }
    return 0;
}

static const int load_flags[] = {RTLD_NOW | RTLD_LOCAL, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND,
                                 RTLD_LAZY | RTLD_LOCAL | RTLD_DEEPBIND};

/* With the handlers at its end, which free what there is. */
START_TEST(blocks_go_back_where_they_come_from)
{
    int flags = load_flags[_i];

    ck_assert_int_eq(child_end(child_start_exiting(use_everything, &flags)), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *made_suite = suite_create("process/deepbind");
    TCase *tests = tcase_create("deepbind");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_add_loop_test(tests, blocks_go_back_where_they_come_from, 0, (int)COUNT(load_flags));
    suite_add_tcase(made_suite, tests);
    return made_suite;
}

TEST_MAIN(suite)
