/* SPDX-License-Identifier: Apache-2.0 */
/* Two processes, of which one lets the store grow far beyond what the other has mapped when it began. */
#include "integration/process/quiet.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    MIB = 1048576,
    ROOM = 60 * MIB, /* address space that C_Initialize may add: too little for any map but a small one */
    DATA_LEN = MIB / 2,
    DATA_COUNT = 200, /* 100 MiB */
};

struct progress {
    CK_SLOT_ID slot;
    atomic_bool is_open; /* the small process has opened the store */
    atomic_uint written; /* by the other */
    atomic_uint seen;    /* of them, by the small one */
};

static int make_token(void *arg)
{
    struct progress *progress = arg;
    CK_SESSION_HANDLE session = client_ready();

    ck_assert(slot_find("token", &progress->slot));
    (void)aes_make(session, true, "aes");
    module_stop();
    return 0;
}

static void name_data(const char *who, unsigned number, char name[16])
{
    (void)snprintf(name, 16, "%s-%04u", who, number);
}

static bool make_data(CK_SESSION_HANDLE session, const char *name, size_t len)
{
    static CK_BYTE octets[DATA_LEN];
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_BOOL(CKA_TOKEN, true),
                               ATTR_TEXT(CKA_LABEL, name), ATTR_OCTETS(CKA_VALUE, octets, len)};
    CK_OBJECT_HANDLE object;

    memset(octets, name[strlen(name) - 1], len);
    return QUIET(CKR_OK, p11->C_CreateObject(session, TEMPLATE(template), &object));
}

static bool is_data_right(CK_SESSION_HANDLE session, const char *name)
{
    static CK_BYTE octets[DATA_LEN];
    CK_ATTRIBUTE value = {CKA_VALUE, octets, sizeof(octets)};
    CK_OBJECT_HANDLE object = quiet_find(session, CKO_DATA, name);
    CK_BYTE last = (CK_BYTE)name[strlen(name) - 1];

    return QUIET_TRUE(object != CK_INVALID_HANDLE) &&
           QUIET(CKR_OK, p11->C_GetAttributeValue(session, object, &value, 1)) &&
           QUIET_TRUE(value.ulValueLen == DATA_LEN && octets[0] == last && octets[DATA_LEN - 1] == last);
}

static int write_much(void *arg)
{
    struct progress *progress = arg;
    CK_SESSION_HANDLE session;
    char name[16];

    if (!quiet_ready(progress->slot, &session)) {
        return 1;
    }
    for (unsigned i = 0; i < DATA_COUNT; i++) {
        name_data("much", i, name);
        if (!make_data(session, name, DATA_LEN)) {
            return 1;
        }
        atomic_store(&progress->written, i + 1);
    }
    return QUIET(CKR_OK, p11->C_Finalize(NULL)) ? 0 : 1;
}

static rlim_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%lu", &pages) != 1) {
        quiet_note("/proc/self/statm cannot be read");
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* The limit holds only while the store is opened: later there is room to follow. */
static bool begin_small(CK_SLOT_ID slot, CK_SESSION_HANDLE *ret_session)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    struct rlimit usual;
    struct rlimit small;
    CK_RV rv;

    (void)getrlimit(RLIMIT_AS, &usual);
    small = (struct rlimit){.rlim_cur = address_space() + ROOM, .rlim_max = usual.rlim_max};
    (void)setrlimit(RLIMIT_AS, &small);
    rv = p11->C_Initialize(NULL);
    (void)setrlimit(RLIMIT_AS, &usual);
    return QUIET(CKR_OK, rv) && QUIET(CKR_OK, p11->C_OpenSession(slot, flags, NULL, NULL, ret_session)) &&
           QUIET(CKR_OK, try_login(*ret_session, CKU_USER, USER_PIN));
}

/* Reads what the other has just written, uses a key, and writes a little itself. */
static bool go_along(CK_SESSION_HANDLE session, struct progress *progress)
{
    unsigned written = atomic_load(&progress->written);
    unsigned seen = atomic_load(&progress->seen);
    char name[16];

    if (written == seen) {
        sleep_ms(1);
        return true;
    }
    name_data("much", written - 1, name);
    if (!is_data_right(session, name)) {
        return false;
    }
    name_data("little", written, name);
    atomic_store(&progress->seen, written);
    return make_data(session, name, 100) && QUIET_TRUE(quiet_find(session, CKO_DATA, name) != 0) &&
           quiet_aes_works(session, quiet_find(session, CKO_SECRET_KEY, "aes"));
}

static int live_in_little_space(void *arg)
{
    struct progress *progress = arg;
    CK_SESSION_HANDLE session;

    if (!begin_small(progress->slot, &session)) {
        return 1;
    }
    atomic_store(&progress->is_open, true);
    while (atomic_load(&progress->seen) < DATA_COUNT) {
        if (!go_along(session, progress) || quiet_is_wrong()) {
            return 1;
        }
    }
    for (unsigned i = 0; i < DATA_COUNT; i++) {
        char name[16];

        name_data("much", i, name);
        if (!is_data_right(session, name)) {
            return 1;
        }
    }
    return QUIET(CKR_OK, p11->C_Finalize(NULL)) ? 0 : 1;
}

START_TEST(a_process_follows_the_growth_of_another)
{
    struct progress *progress =
        mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t small;

    ck_assert_ptr_ne(progress, MAP_FAILED);
    ck_assert_int_eq(child_run(make_token, progress), 0);
    small = child_start(live_in_little_space, progress);
    while (!atomic_load(&progress->is_open)) {
        quiet_verdict();
        sleep_ms(1);
    }
    quiet_run(write_much, progress);
    ck_assert_int_eq(child_end(small), 0);
    quiet_verdict();
    ck_assert_uint_gt(scratch_logged("no address space for a map"), 0);
    ck_assert_uint_gt(scratch_logged("another process has grown it"), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("process/growth");
    TCase *tests = tcase_create("growth");

    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, quiet_setup, quiet_teardown);
    tcase_add_test(tests, a_process_follows_the_growth_of_another);
    suite_add_tcase(made, tests);
    return made;
}

TEST_MAIN(suite)
