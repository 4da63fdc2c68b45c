/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <sys/mman.h>
#include <unistd.h>

START_TEST(watching_twice_counts_once)
{
    ASSERT_OK(cfr_proc_watch());
    ASSERT_OK(cfr_proc_watch());
    ck_assert_uint_eq(cfr_proc_generation(), cfr_proc_generation());
}
END_TEST

static int generations_since(void *arg)
{
    return (int)(cfr_proc_generation() - *(const uint32_t *)arg);
}

static int in_grandchild(void *arg)
{
    return 10 * generations_since(arg) + harness_child(generations_since, arg);
}

START_TEST(child_and_grandchild_are_new_generations)
{
    uint32_t own;

    ASSERT_OK(cfr_proc_watch());
    ASSERT_OK(cfr_proc_watch());
    own = cfr_proc_generation();
    ck_assert_int_eq(harness_child(generations_since, &own), 1);
    ck_assert_int_eq(harness_child(generations_since, &own), 1);
    ck_assert_int_eq(harness_child(in_grandchild, &own), 12);
    ck_assert_uint_eq(cfr_proc_generation(), own);
}
END_TEST

static void watch(unsigned index, void *arg)
{
    (void)index;
    (void)arg;
    ASSERT_OK(cfr_proc_watch());
}

START_TEST(threads_may_begin_watching_together)
{
    uint32_t own = 0;

    harness_threads(8, watch, NULL);
    own = cfr_proc_generation();
    ck_assert_int_eq(harness_child(generations_since, &own), 1);
}
END_TEST

static bool is_kept;
static int parent_calls;

static bool prepare(void)
{
    return is_kept;
}

static void in_parent(void)
{
    parent_calls++;
}

static void in_child(void)
{
    parent_calls = -1;
}

static const struct cfr_proc_keeper keeper = {prepare, in_parent, in_child};

static int look_at_counts(void *arg)
{
    const uint32_t *own = arg;

    return (cfr_proc_generation() != own[0] ? 1 : 0) + (cfr_proc_fork_count() != own[1] ? 2 : 0) +
           (parent_calls == -1 ? 4 : 0);
}

/* 1: another generation, 2: another fork count, 4: told in the child. */
START_TEST(a_keeper_decides_over_the_generation)
{
    uint32_t own[2];

    ASSERT_OK(cfr_proc_watch());
    own[0] = cfr_proc_generation();
    own[1] = cfr_proc_fork_count();
    ck_assert_int_eq(harness_child(look_at_counts, own), 3);
    cfr_proc_keep(&keeper);
    ck_assert_int_eq(harness_child(look_at_counts, own), 3);
    ck_assert_int_eq(parent_calls, 0);
    is_kept = true;
    ck_assert_int_eq(harness_child(look_at_counts, own), 6);
    ck_assert_int_eq(parent_calls, 1);
    cfr_proc_keep(NULL);
    ck_assert_int_eq(harness_child(look_at_counts, own), 3);
    ck_assert_int_eq(parent_calls, 1);
    ck_assert_int_eq(look_at_counts(own), 0);
}
END_TEST

START_TEST(memory_is_read_where_there_is_some)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t read[4] = {0};

    ck_assert_ptr_ne(pages, MAP_FAILED);
    memcpy(pages + page - 4, "read", 4);
    ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
    ck_assert(cfr_proc_read((uintptr_t)(pages + page - 4), read, 4));
    ck_assert_int_eq(memcmp(read, "read", 4), 0);
    ck_assert(!cfr_proc_read((uintptr_t)(pages + page - 3), read, 4));
    ck_assert(!cfr_proc_read((uintptr_t)(pages + page), read, 4));
    ck_assert(!cfr_proc_read(0, read, 4));
    ck_assert(!cfr_proc_read(UINTPTR_MAX - 3, read, 4));
    ck_assert_int_eq(munmap(pages, 2 * page), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *proc = suite_create("proc");
    TCase *tcase = tcase_create("proc");

    tcase_add_test(tcase, watching_twice_counts_once);
    tcase_add_test(tcase, memory_is_read_where_there_is_some);
    tcase_add_test(tcase, child_and_grandchild_are_new_generations);
    tcase_add_test(tcase, a_keeper_decides_over_the_generation);
    tcase_add_test(tcase, threads_may_begin_watching_together);
    suite_add_tcase(proc, tcase);
    return proc;
}

TEST_MAIN(suite)
