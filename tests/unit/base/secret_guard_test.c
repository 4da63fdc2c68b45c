/* SPDX-License-Identifier: Apache-2.0 */
/* How secrets are kept from neighbours, dumps, children, swap and other threads. */
#include "base/log.h"
#include "base/proc.h"
#include "support/main.h"
#include "unit/base/secret_samples.h"

#include <grp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What /proc says of the mapping that holds an address. */
struct mapping {
    uintptr_t start;
    uintptr_t end;
    char access[8];
    char flags[256];
};

static bool find_mapping(uintptr_t address, struct mapping *ret_mapping)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    bool is_ours = false;
    char line[512];

    ck_assert_ptr_nonnull(file);
    *ret_mapping = (struct mapping){0};
    while (fgets(line, sizeof(line), file) != NULL) {
        struct mapping found = {0};

        if (sscanf(line, "%lx-%lx %7s", &found.start, &found.end, found.access) == 3) {
            is_ours = found.start <= address && address < found.end;
            if (is_ours) {
                *ret_mapping = found;
            }
        }
        if (is_ours && strncmp(line, "VmFlags:", 8) == 0) {
            (void)snprintf(ret_mapping->flags, sizeof(ret_mapping->flags), " %.250s", line + 8);
        }
    }
    (void)fclose(file);
    return ret_mapping->end != 0;
}

START_TEST(pages_are_guarded_and_kept_out_of_dumps_children_and_swap)
{
    AUTO(secret) *secret = new_secret(lengths[_i]);
    uintptr_t address = (uintptr_t)cfr_secret_view(secret).ptr;
    struct mapping inner;
    struct mapping guard;

    ck_assert(find_mapping(address, &inner));
    ck_assert_str_eq(inner.access, "rw-p");
    ck_assert_msg(strstr(inner.flags, " dd") != NULL, "may be dumped: %s", inner.flags);
    ck_assert_msg(strstr(inner.flags, " wf") != NULL, "survives a fork: %s", inner.flags);
    /* The sanitizers' mlock() does nothing. */
    ck_assert_msg(HARNESS_SANITIZED || strstr(inner.flags, " lo") != NULL, "may be swapped: %s", inner.flags);
    ck_assert(find_mapping(inner.start - 1, &guard));
    ck_assert_str_eq(guard.access, "---p");
    ck_assert(find_mapping(inner.end, &guard));
    ck_assert_str_eq(guard.access, "---p");
}
END_TEST

/* Touch what is @p offset octets away from the pages of a secret of LARGE_LEN octets. */
static int read_outside(void *arg)
{
    long offset = *(const long *)arg;
    struct cfr_secret *secret = NULL;
    const volatile uint8_t *octets;
    size_t mapped = (LARGE_LEN + 8 + PAGE - 1) / PAGE * PAGE;

    if (cfr_secret_new(LARGE_LEN, &secret) != CKR_OK) {
        return 2;
    }
    octets = cfr_secret_view(secret).ptr;
    return octets[offset < 0 ? offset : (long)mapped + offset] == 0 ? 0 : 1;
}

static int write_outside(void *arg)
{
    long offset = *(const long *)arg;
    struct cfr_secret *secret = NULL;
    volatile uint8_t *octets;
    size_t mapped = (LARGE_LEN + 8 + PAGE - 1) / PAGE * PAGE;

    if (cfr_secret_new(LARGE_LEN, &secret) != CKR_OK) {
        return 2;
    }
    octets = cfr_secret_edit(secret);
    octets[offset < 0 ? offset : (long)mapped + offset] = 1;
    return 0;
}

START_TEST(guard_pages_fault)
{
    static const long offsets[] = {-1, -PAGE, 0, PAGE - 1};

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        long offset = offsets[i];

        harness_child_dies(read_outside, &offset, SIGSEGV);
        harness_child_dies(write_outside, &offset, SIGSEGV);
    }
}
END_TEST

/* One octet too many, then drop. The length fills its place, so that the canary comes next. */
static int overrun(void *arg)
{
    size_t len = *(const size_t *)arg;
    struct cfr_secret *secret = NULL;

    if (cfr_secret_new(len, &secret) != CKR_OK) {
        return 2;
    }
    ((volatile uint8_t *)cfr_secret_edit(secret))[len] ^= 1;
    cfr_secret_drop(secret);
    return 0;
}

START_TEST(overrun_aborts)
{
    static const size_t full[] = {56, 120, 248, 504, 1016, 2040, 4088, 2 * PAGE - 8};

    for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
        size_t len = full[i];

        harness_child_dies(overrun, &len, SIGABRT);
    }
}
END_TEST

static int child_sees_zeros(void *arg)
{
    struct cfr_secret **secrets = arg;

    for (int i = 0; secrets[i] != NULL; i++) {
        if (!is_all(cfr_secret_view(secrets[i]), 0)) {
            return 1 + i;
        }
    }
    return 0;
}

/* The child gives the parent's secrets up and works with its own, of every size. */
static int child_starts_afresh(void *arg)
{
    struct cfr_secret **secrets = arg;

    for (int i = 0; secrets[i] != NULL; i++) {
        cfr_secret_drop(secrets[i]);
    }
    for (int i = 0; i < LENGTHS; i++) {
        struct cfr_secret *own = NULL;

        if (cfr_secret_new(lengths[i], &own) != CKR_OK || !is_all(cfr_secret_view(own), 0)) {
            return 1;
        }
        for (int j = 0; secrets[j] != NULL; j++) {
            if (cfr_secret_view(own).ptr == cfr_secret_view(secrets[j]).ptr) {
                return 2;
            }
        }
        memset(cfr_secret_edit(own), 1, lengths[i]);
        cfr_secret_drop(own);
    }
    return 0;
}

static void compare_parent_and_child(void)
{
    struct cfr_secret *secrets[] = {filled_secret(16, 0x66), filled_secret(300, 0x66),
                                    filled_secret(LARGE_LEN, 0x66), NULL};

    ck_assert_int_eq(harness_child(child_sees_zeros, secrets), 0);
    ck_assert_int_eq(harness_child(child_starts_afresh, secrets), 0);
    for (int i = 0; secrets[i] != NULL; i++) {
        ck_assert(is_all(cfr_secret_view(secrets[i]), 0x66));
        cfr_secret_drop(secrets[i]);
    }
}

START_TEST(child_has_none_of_the_secrets)
{
    ASSERT_OK(cfr_proc_watch());
    compare_parent_and_child();
}
END_TEST

/* Whoever uses secrets need not know of proc.h. */
START_TEST(child_has_none_when_nobody_watched_forks_before)
{
    compare_parent_and_child();
}
END_TEST

static int grandchild_of_child(void *arg)
{
    struct cfr_secret *own[] = {NULL, NULL};
    int code = child_starts_afresh(arg);

    if (code != 0 || cfr_secret_from(cfr_span_text("the child's own"), &own[0]) != CKR_OK) {
        return 10 + code;
    }
    return harness_child(child_sees_zeros, own) + harness_child(child_starts_afresh, own);
}

START_TEST(grandchild_has_none_either)
{
    struct cfr_secret *secrets[] = {filled_secret(16, 0x66), NULL};

    ck_assert_int_eq(harness_child(grandchild_of_child, secrets), 0);
    cfr_secret_drop(secrets[0]);
}
END_TEST

static bool keep(void)
{
    return true;
}

static void do_nothing(void) {}

static int child_sees_and_drops(void *arg)
{
    struct cfr_secret **secrets = arg;
    uintptr_t address = (uintptr_t)cfr_secret_view(secrets[0]).ptr;
    struct mapping inner;

    cfr_secret_forked();
    for (int i = 0; secrets[i] != NULL; i++) {
        if (!is_all(cfr_secret_view(secrets[i]), 0x66)) {
            return 1;
        }
    }
    if (!find_mapping(address, &inner) || (!HARNESS_SANITIZED && strstr(inner.flags, " lo") == NULL)) {
        return 2;
    }
    cfr_secret_drop(secrets[0]);
    return secrets[1] != NULL && !is_all(cfr_secret_view(secrets[1]), 0x66) ? 3 : 0;
}

/* Those that were made before, and after; and until it is taken back. */
START_TEST(children_that_go_on_have_them)
{
    static const struct cfr_proc_keeper keeper = {keep, do_nothing, do_nothing};
    struct cfr_secret *secrets[] = {filled_secret(16, 0x66), filled_secret(LARGE_LEN, 0x66), NULL, NULL,
                                    NULL};

    ASSERT_OK(cfr_proc_watch());
    cfr_proc_keep(&keeper);
    cfr_secret_keep_on_fork(true);
    secrets[2] = filled_secret(4000, 0x66);
    secrets[3] = filled_secret(LARGE_LEN, 0x66);
    ck_assert_int_eq(harness_child(child_sees_and_drops, secrets), 0);
    cfr_secret_drop(secrets[3]);
    secrets[3] = NULL;
    ck_assert_int_eq(harness_child(child_sees_and_drops, secrets + 1), 0);
    cfr_secret_keep_on_fork(false);
    cfr_proc_keep(NULL);
    ck_assert_int_eq(harness_child(child_sees_zeros, secrets), 0);
    for (int i = 0; secrets[i] != NULL; i++) {
        ck_assert(is_all(cfr_secret_view(secrets[i]), 0x66));
        cfr_secret_drop(secrets[i]);
    }
}
END_TEST

static atomic_bool churn_is_over;

static int make_one(void *arg)
{
    struct cfr_secret *secret = NULL;

    (void)arg;
    if (cfr_secret_new(100, &secret) != CKR_OK) {
        return 1;
    }
    cfr_secret_drop(secret);
    return 0;
}

static void churn(unsigned index, void *arg)
{
    (void)arg;
    if (index == 0) {
        for (int i = 0; i < 60; i++) {
            ck_assert_int_eq(harness_child(make_one, NULL), 0);
        }
        atomic_store(&churn_is_over, true);
        return;
    }
    while (!atomic_load(&churn_is_over)) {
        struct cfr_secret *secret = new_secret(lengths[index]);

        cfr_secret_drop(secret);
    }
}

/*
 * A mutex of the arena may be held at the moment of the fork; the child must not wait for it. The sanitizers'
 * own allocators, unlike glibc's, do not survive such a fork.
 */
START_TEST(child_of_busy_threads_does_not_hang)
{
    if (!HARNESS_SANITIZED) {
        ASSERT_OK(cfr_proc_watch());
        harness_threads(6, churn, NULL);
    }
}
END_TEST

/* Without the right to lock memory, secrets still work and the log says it once. */
static int run_unlocked(void *arg)
{
    struct cfr_secret *secrets[3] = {NULL};

    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)) {
        return 2;
    }
    if (setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0}) != 0 || !cfr_log_configure(arg)) {
        return 3;
    }
    for (size_t i = 0; i < 3; i++) {
        if (cfr_secret_new(i == 2 ? LARGE_LEN : 60 + i * 100, &secrets[i]) != CKR_OK) {
            return 4;
        }
    }
    for (int i = 0; i < 3; i++) {
        cfr_secret_drop(secrets[i]);
    }
    return 0;
}

START_TEST(too_low_a_memory_lock_limit_is_logged_once)
{
    char folder[] = "/tmp/coffer-secret-test-XXXXXX";
    char path[64];
    char setting[80];
    char text[1024] = "";
    FILE *file;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/log", folder);
    (void)snprintf(setting, sizeof(setting), "warn:%s", path);
    file = fopen(path, "w+");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(chmod(folder, 0755) | fchmod(fileno(file), 0666), 0);
    ck_assert_int_eq(harness_child(run_unlocked, setting), 0);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    (void)unlink(path);
    (void)rmdir(folder);
    if (!HARNESS_SANITIZED) {
        ck_assert_ptr_nonnull(strstr(text, "warn: secrets are not locked"));
        ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    }
}
END_TEST

static int exhaust_addresses(void *arg)
{
    struct cfr_secret *secret = NULL;
    CK_RV rv = CKR_OK;

    (void)arg;
    if (setrlimit(RLIMIT_AS, &(struct rlimit){256 << 20, 256 << 20}) != 0) {
        return 2;
    }
    for (int i = 0; rv == CKR_OK && i < 1000; i++) {
        rv = cfr_secret_new(1 << 20, &secret);
    }
    return rv == CKR_HOST_MEMORY ? 0 : 1;
}

START_TEST(no_address_space_is_an_error)
{
    if (!HARNESS_SANITIZED) {
        ck_assert_int_eq(harness_child(exhaust_addresses, NULL), 0);
    }
}
END_TEST

static struct cfr_secret *shared_by_all;

static void use_secrets(unsigned index, void *arg)
{
    uint8_t value = (uint8_t)(index + 1);

    (void)arg;
    for (int i = 0; i < 2000; i++) {
        AUTO(secret) *share = cfr_secret_share(shared_by_all);
        AUTO(secret) *own = filled_secret(lengths[(unsigned)i % 26], value);

        if (!is_all(cfr_secret_view(own), value) || !is_all(cfr_secret_view(share), 0x99)) {
            ck_abort_msg("a secret of another thread");
        }
        if (i % 50 == 0) {
            ASSERT_OK(cfr_secret_append(&own, cfr_secret_view(share)));
        }
    }
}

START_TEST(threads_do_not_share_by_accident)
{
    shared_by_all = filled_secret(33, 0x99);
    harness_threads(8, use_secrets, NULL);
    ck_assert_uint_eq(cfr_secret_in_use(), 33);
    cfr_secret_drop(shared_by_all);
}
END_TEST

static TCase *protection_case(void)
{
    TCase *protection = tcase_create("protection");

    tcase_set_timeout(protection, 120);
    tcase_add_loop_test(protection, pages_are_guarded_and_kept_out_of_dumps_children_and_swap, 0, LENGTHS);
    tcase_add_test(protection, guard_pages_fault);
    tcase_add_test(protection, overrun_aborts);
    tcase_add_test(protection, child_has_none_of_the_secrets);
    tcase_add_test(protection, child_has_none_when_nobody_watched_forks_before);
    tcase_add_test(protection, grandchild_has_none_either);
    tcase_add_test(protection, children_that_go_on_have_them);
    tcase_add_test(protection, child_of_busy_threads_does_not_hang);
    tcase_add_test(protection, too_low_a_memory_lock_limit_is_logged_once);
    tcase_add_test(protection, no_address_space_is_an_error);
    tcase_add_test(protection, threads_do_not_share_by_accident);
    return protection;
}

static Suite *suite(void)
{
    Suite *guard = suite_create("secret_guard");

    suite_add_tcase(guard, protection_case());
    return guard;
}

TEST_MAIN(suite)
