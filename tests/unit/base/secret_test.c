/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/proc.h"
#include "base/secret.h"
#include "support/main.h"
#include "support/nth.h"
#include "unit/base/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE_LEN = 10000, PAGE = 4096 };

static bool is_all(struct cfr_span span, uint8_t value)
{
    for (size_t i = 0; i < span.len; i++) {
        if (span.ptr[i] != value) {
            return false;
        }
    }
    return true;
}

static struct cfr_secret *new_secret(size_t len)
{
    struct cfr_secret *secret = NULL;

    ASSERT_OK(cfr_secret_new(len, &secret));
    return secret;
}

static struct cfr_secret *filled_secret(size_t len, uint8_t value)
{
    struct cfr_secret *secret = new_secret(len);

    if (len != 0) {
        memset(cfr_secret_edit(secret), value, len);
    }
    return secret;
}

/* Lengths on both sides of every size class and of a page. */
static const size_t lengths[] = {0,    1,    8,    55,   56,   57,   64,    119,   120,   121,    247,
                                 248,  249,  503,  504,  505,  1015, 1016,  1017,  2039,  2040,   2041,
                                 4087, 4088, 4089, 4096, 8184, 8185, 16376, 16384, 65536, 100000, 1 << 20};
enum { LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };

START_TEST(new_secret_is_zero_and_writable)
{
    size_t len = lengths[_i];
    size_t before = cfr_secret_in_use();

    /* Twice, so that the second is made of what the first gave back. */
    for (int round = 0; round < 2; round++) {
        AUTO(secret) *secret = new_secret(len);

        ck_assert_uint_eq(cfr_secret_view(secret).len, len);
        ck_assert_uint_eq(cfr_secret_in_use(), before + len);
        ck_assert_ptr_eq(cfr_secret_edit(secret), cfr_secret_view(secret).ptr);
        ck_assert(is_all(cfr_secret_view(secret), 0));
        memset(cfr_secret_edit(secret), 0xa5, len);
        ck_assert(is_all(cfr_secret_view(secret), 0xa5));
    }
    ck_assert_uint_eq(cfr_secret_in_use(), before);
}
END_TEST

START_TEST(neighbours_do_not_overlap)
{
    enum { COUNT = 300 };
    struct cfr_secret *secrets[COUNT];

    for (int i = 0; i < COUNT; i++) {
        secrets[i] = filled_secret(lengths[i % (LENGTHS - 1)], (uint8_t)i);
    }
    for (int i = 0; i < COUNT; i++) {
        ck_assert(is_all(cfr_secret_view(secrets[i]), (uint8_t)i));
    }
    for (int i = 0; i < COUNT; i += 2) {
        cfr_secret_drop(secrets[i]);
    }
    for (int i = 1; i < COUNT; i += 2) {
        ck_assert(is_all(cfr_secret_view(secrets[i]), (uint8_t)i));
        cfr_secret_drop(secrets[i]);
    }
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(null_is_an_empty_secret)
{
    ck_assert_uint_eq(cfr_secret_view(NULL).len, 0);
    ck_assert_ptr_null(cfr_secret_view(NULL).ptr);
    ck_assert_ptr_null(cfr_secret_share(NULL));
    cfr_secret_drop(NULL);
}
END_TEST

START_TEST(from_takes_the_octets)
{
    uint8_t octets[] = {1, 2, 3, 4};
    AUTO(secret) *secret = NULL;
    AUTO(secret) *empty = NULL;

    ASSERT_OK(cfr_secret_from(cfr_span_of(octets, 4), &secret));
    octets[0] = 9;
    ASSERT_SPAN(cfr_secret_view(secret), cfr_span_of("\1\2\3\4", 4));
    ASSERT_OK(cfr_secret_from(cfr_span_of(NULL, 0), &empty));
    ck_assert_ptr_nonnull(empty);
    ck_assert_uint_eq(cfr_secret_view(empty).len, 0);
}
END_TEST

START_TEST(length_that_no_memory_has_is_refused)
{
    static const size_t absurd[] = {
        SIZE_MAX,
        SIZE_MAX - 1,
        SIZE_MAX - 7,
        SIZE_MAX - 8,
        SIZE_MAX - 9,
        SIZE_MAX - 64,
        SIZE_MAX - PAGE,
        SIZE_MAX - 2 * PAGE - 8,
        SIZE_MAX - 3 * PAGE,
        SIZE_MAX - 4 * PAGE,
        SIZE_MAX / 2,
        SIZE_MAX / 2 + 1,
    };

    for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
        struct cfr_secret *secret = NULL;

        ASSERT_RV(cfr_secret_new(absurd[i], &secret), CKR_HOST_MEMORY);
        ck_assert_ptr_null(secret);
    }
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(the_last_share_wipes)
{
    struct cfr_secret *secret = filled_secret(40, 0x5a);
    const uint8_t *octets = cfr_secret_view(secret).ptr;

    ck_assert_ptr_eq(cfr_secret_share(secret), secret);
    ck_assert_ptr_eq(cfr_secret_share(secret), secret);
    cfr_secret_drop(secret);
    cfr_secret_drop(secret);
    ck_assert(is_all(cfr_span_of(octets, 40), 0x5a));
    ck_assert_uint_eq(cfr_secret_in_use(), 40);
    cfr_secret_drop(secret);
    /* Slabs stay mapped, so the wiped place can be looked at. */
    ck_assert(is_all(cfr_span_of(octets, 40), 0));
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(every_size_class_wipes)
{
    for (size_t len = 56; len <= 4088; len = 2 * len + 8) {
        struct cfr_secret *secret = filled_secret(len, 0x77);
        const uint8_t *octets = cfr_secret_view(secret).ptr;

        cfr_secret_drop(secret);
        ck_assert(is_all(cfr_span_of(octets, len), 0));
    }
}
END_TEST

START_TEST(large_secret_is_unmapped)
{
    struct cfr_secret *secret = filled_secret(LARGE_LEN, 0x77);
    uintptr_t octets = (uintptr_t)cfr_secret_view(secret).ptr;
    unsigned char residency[1];

    ck_assert_uint_eq(octets % PAGE, 0);
    cfr_secret_drop(secret);
    ck_assert_int_eq(mincore((void *)octets, PAGE, residency), -1);
    ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

START_TEST(trim_wipes_what_it_cuts)
{
    AUTO(secret) *secret = filled_secret(50, 0x11);
    const uint8_t *octets = cfr_secret_view(secret).ptr;

    cfr_secret_trim(secret, 60);
    ck_assert_uint_eq(cfr_secret_view(secret).len, 50);
    cfr_secret_trim(secret, 50);
    ck_assert_uint_eq(cfr_secret_view(secret).len, 50);
    cfr_secret_trim(secret, 20);
    ck_assert_uint_eq(cfr_secret_view(secret).len, 20);
    ck_assert_uint_eq(cfr_secret_in_use(), 20);
    ck_assert(is_all(cfr_span_of(octets, 20), 0x11));
    ck_assert(is_all(cfr_span_of(octets + 20, 30), 0));
    cfr_secret_trim(secret, 0);
    ck_assert(is_all(cfr_span_of(octets, 50), 0));
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(grow_keeps_octets_and_adds_zeros)
{
    AUTO(secret) *secret = filled_secret(10, 0x22);

    cfr_secret_trim(secret, 5);
    for (int i = 0; i < LENGTHS; i++) {
        size_t len = lengths[i] < 5 ? 5 : lengths[i];

        ASSERT_OK(cfr_secret_grow(&secret, lengths[i]));
        ck_assert_uint_eq(cfr_secret_view(secret).len, len);
        ck_assert_uint_eq(cfr_secret_in_use(), len);
        ck_assert(is_all(cfr_span_of(cfr_secret_view(secret).ptr, 5), 0x22));
        ck_assert(is_all(cfr_span_after(cfr_secret_view(secret), 5), 0));
    }
}
END_TEST

START_TEST(growth_leaves_nothing_behind)
{
    AUTO(secret) *secret = filled_secret(56, 0x33);
    const uint8_t *before = cfr_secret_view(secret).ptr;

    ASSERT_OK(cfr_secret_grow(&secret, 57));
    ck_assert_ptr_ne(cfr_secret_view(secret).ptr, before);
    ck_assert(is_all(cfr_span_of(before, 56), 0));
}
END_TEST

START_TEST(append_gathers)
{
    static uint8_t expected[20000];
    AUTO(secret) *secret = NULL;
    size_t len = 0;

    harness_fill(expected, sizeof(expected));
    ASSERT_OK(cfr_secret_append(&secret, cfr_span_of(NULL, 0)));
    ck_assert_uint_eq(cfr_secret_view(secret).len, 0);
    while (len < sizeof(expected)) {
        size_t step = harness_number(400);

        step = step < sizeof(expected) - len ? step : sizeof(expected) - len;
        ASSERT_OK(cfr_secret_append(&secret, cfr_span_of(expected + len, step)));
        len += step;
        ck_assert_uint_eq(cfr_secret_in_use(), len);
    }
    ASSERT_SPAN(cfr_secret_view(secret), cfr_span_of(expected, sizeof(expected)));
}
END_TEST

START_TEST(absurd_growth_is_refused_and_changes_nothing)
{
    AUTO(secret) *secret = filled_secret(16, 0x44);
    struct cfr_secret *before = secret;
    uint8_t octet = 1;

    ASSERT_RV(cfr_secret_grow(&secret, SIZE_MAX), CKR_HOST_MEMORY);
    ASSERT_RV(cfr_secret_grow(&secret, SIZE_MAX - 8), CKR_HOST_MEMORY);
    ASSERT_RV(cfr_secret_append(&secret, cfr_span_of(&octet, SIZE_MAX)), CKR_HOST_MEMORY);
    ASSERT_RV(cfr_secret_append(&secret, cfr_span_of(&octet, SIZE_MAX / 2)), CKR_HOST_MEMORY);
    ASSERT_RV(cfr_secret_append(&secret, cfr_span_of(&octet, SIZE_MAX / 4 - 16)), CKR_HOST_MEMORY);
    ck_assert_ptr_eq(secret, before);
    ck_assert_uint_eq(cfr_secret_view(secret).len, 16);
    ck_assert(is_all(cfr_secret_view(secret), 0x44));
}
END_TEST

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

static CK_RV attempt(void *arg)
{
    static const uint8_t octets[100] = {1, 2, 3};
    AUTO(secret) *made = NULL;
    AUTO(secret) *taken = NULL;
    struct cfr_secret *before;
    CK_RV rv;

    (void)arg;
    TRY(cfr_secret_new(50, &made));
    TRY(cfr_secret_from(cfr_span_of(octets, sizeof(octets)), &taken));
    before = taken;
    rv = cfr_secret_grow(&taken, 1000);
    ck_assert(rv == CKR_OK || (taken == before && cfr_secret_view(taken).len == sizeof(octets)));
    TRY(rv);
    before = taken;
    rv = cfr_secret_append(&taken, cfr_span_of(octets, sizeof(octets)));
    ck_assert(rv == CKR_OK || (taken == before && cfr_secret_view(taken).len == 1000));
    ASSERT_SPAN(cfr_span_of(cfr_secret_view(taken).ptr, sizeof(octets)), cfr_span_of(octets, sizeof(octets)));
    return rv;
}

START_TEST(each_allocation_may_fail)
{
    unsigned failures = nth_failure(CFR_FAULT_MEMORY, attempt, NULL);

#ifdef CFR_FAULTS
    ck_assert_uint_ge(failures, 4);
#else
    (void)failures;
#endif
}
END_TEST

static TCase *contents_case(void)
{
    TCase *contents = tcase_create("contents");

    tcase_add_loop_test(contents, new_secret_is_zero_and_writable, 0, LENGTHS);
    tcase_add_test(contents, neighbours_do_not_overlap);
    tcase_add_test(contents, null_is_an_empty_secret);
    tcase_add_test(contents, from_takes_the_octets);
    tcase_add_test(contents, length_that_no_memory_has_is_refused);
    tcase_add_test(contents, the_last_share_wipes);
    tcase_add_test(contents, every_size_class_wipes);
    tcase_add_test(contents, large_secret_is_unmapped);
    tcase_add_test(contents, trim_wipes_what_it_cuts);
    tcase_add_test(contents, grow_keeps_octets_and_adds_zeros);
    tcase_add_test(contents, growth_leaves_nothing_behind);
    tcase_add_test(contents, append_gathers);
    tcase_add_test(contents, absurd_growth_is_refused_and_changes_nothing);
    tcase_add_test(contents, each_allocation_may_fail);
    return contents;
}

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
    tcase_add_test(protection, child_of_busy_threads_does_not_hang);
    tcase_add_test(protection, too_low_a_memory_lock_limit_is_logged_once);
    tcase_add_test(protection, no_address_space_is_an_error);
    tcase_add_test(protection, threads_do_not_share_by_accident);
    return protection;
}

static Suite *suite(void)
{
    Suite *secret = suite_create("secret");

    suite_add_tcase(secret, contents_case());
    suite_add_tcase(secret, protection_case());
    return secret;
}

TEST_MAIN(suite)
