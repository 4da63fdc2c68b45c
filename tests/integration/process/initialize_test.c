/* SPDX-License-Identifier: Apache-2.0 */
/* C_Initialize and C_Finalize: arguments, mutexes of the application, configuration, and what is left behind. */
#include "integration/support/client.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static void setup(void)
{
    scratch_setup();
    module_load();
}

static void expect_down(void)
{
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetInfo(&(CK_INFO){0}));
}

static void expect_up(void)
{
    OK(p11->C_GetInfo(&(CK_INFO){0}));
}

/* --- Mutexes of the application --- */

/* What the application counts, and what it is asked to do wrongly. */
static struct {
    unsigned made;
    unsigned destroyed;
    unsigned locked;
    unsigned unlocked;
    unsigned wrong;      /* uses of a mutex in a state in which it must not be so used */
    unsigned refuse_nth; /* creation to fail; 0: none */
    void (*visit)(void); /* called by each creation, and by each lock, if there is one */
} app;

struct app_mutex {
    bool is_locked;
};

static CK_RV make_mutex(CK_VOID_PTR_PTR ret_mutex)
{
    if (app.visit != NULL) {
        app.visit();
    }
    if (app.refuse_nth != 0 && --app.refuse_nth == 0) {
        return CKR_HOST_MEMORY;
    }
    *ret_mutex = calloc(1, sizeof(struct app_mutex));
    app.made++;
    return CKR_OK;
}

static CK_RV destroy_mutex(CK_VOID_PTR mutex)
{
    struct app_mutex *own = mutex;

    app.wrong += own->is_locked;
    app.destroyed++;
    free(own);
    return CKR_OK;
}

static CK_RV lock_mutex(CK_VOID_PTR mutex)
{
    struct app_mutex *own = mutex;

    app.wrong += own->is_locked;
    own->is_locked = true;
    app.locked++;
    if (app.visit != NULL) {
        app.visit();
    }
    return CKR_OK;
}

static CK_RV unlock_mutex(CK_VOID_PTR mutex)
{
    struct app_mutex *own = mutex;

    app.wrong += !own->is_locked;
    own->is_locked = false;
    app.unlocked++;
    return CKR_OK;
}

static CK_C_INITIALIZE_ARGS app_args(CK_FLAGS flags)
{
    return (CK_C_INITIALIZE_ARGS){.CreateMutex = make_mutex,
                                  .DestroyMutex = destroy_mutex,
                                  .LockMutex = lock_mutex,
                                  .UnlockMutex = unlock_mutex,
                                  .flags = flags};
}

static void expect_balanced(void)
{
    ck_assert_uint_eq(app.made, app.destroyed);
    ck_assert_uint_eq(app.locked, app.unlocked);
    ck_assert_uint_eq(app.wrong, 0);
}

static void work(void)
{
    CK_SESSION_HANDLE session = session_open(token_make("token"));

    login_user(session);
    expect_aes_works(session, aes_make(session, true, "token key"));
    expect_pair_works(session, CKM_ECDSA_SHA256, ec_make(session, false, "session keys"));
    EXPECT(CKR_USER_ALREADY_LOGGED_IN, try_login(session, CKU_USER, USER_PIN));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(session, 12345));
}

/* The four ways of the table in the description of C_Initialize, each with and without threads for the library. */
static const struct {
    CK_FLAGS flags;
    bool has_mutexes;
} ways[] = {
    {0, false},
    {CKF_OS_LOCKING_OK, false},
    {0, true},
    {CKF_OS_LOCKING_OK, true},
    {CKF_LIBRARY_CANT_CREATE_OS_THREADS, false},
    {CKF_LIBRARY_CANT_CREATE_OS_THREADS | CKF_OS_LOCKING_OK, false},
    {CKF_LIBRARY_CANT_CREATE_OS_THREADS, true},
    {CKF_LIBRARY_CANT_CREATE_OS_THREADS | CKF_OS_LOCKING_OK, true},
};

static unsigned count_entries(const char *path)
{
    DIR *folder = opendir(path);
    unsigned count = 0;

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count - 2;
}

START_TEST(each_way_of_locking)
{
    CK_C_INITIALIZE_ARGS args =
        ways[_i].has_mutexes ? app_args(ways[_i].flags) : (CK_C_INITIALIZE_ARGS){.flags = ways[_i].flags};
    unsigned threads = count_entries("/proc/self/task");

    OK(p11->C_Initialize(&args));
    work();
    ck_assert_uint_eq(count_entries("/proc/self/task"), threads);
    module_stop();
    expect_balanced();
    /* Without the flag it must use those that it was given; with it, it may choose. */
    if (ways[_i].has_mutexes && (ways[_i].flags & CKF_OS_LOCKING_OK) == 0) {
        ck_assert_uint_gt(app.made, 0);
        ck_assert_uint_gt(app.locked, 0);
    }
}
END_TEST

START_TEST(no_arguments)
{
    OK(p11->C_Initialize(NULL));
    work();
    module_stop();
    expect_down();
}
END_TEST

/* The mutexes of one life are not those of the next. */
START_TEST(another_way_in_the_next_life)
{
    CK_C_INITIALIZE_ARGS args = app_args(0);
    unsigned made;

    OK(p11->C_Initialize(&args));
    module_stop();
    made = app.made;
    module_start();
    work();
    module_stop();
    ck_assert_uint_eq(app.made, made);
    expect_balanced();
}
END_TEST

/* Bits of the loop's number: which of the four are there, and the flag. */
START_TEST(some_mutex_functions_are_not_enough)
{
    CK_C_INITIALIZE_ARGS args = app_args((_i & 16) != 0 ? CKF_OS_LOCKING_OK : 0);

    args.CreateMutex = (_i & 1) != 0 ? args.CreateMutex : NULL;
    args.DestroyMutex = (_i & 2) != 0 ? args.DestroyMutex : NULL;
    args.LockMutex = (_i & 4) != 0 ? args.LockMutex : NULL;
    args.UnlockMutex = (_i & 8) != 0 ? args.UnlockMutex : NULL;
    if ((_i & 15) == 0 || (_i & 15) == 15) {
        OK(p11->C_Initialize(&args));
        module_stop();
        return;
    }
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Initialize(&args));
    expect_down();
    ck_assert_uint_eq(app.made, 0);
}
END_TEST

START_TEST(the_reserved_member_is_null)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK, .pReserved = &args};

    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Initialize(&args));
    expect_down();
    args.pReserved = NULL;
    OK(p11->C_Initialize(&args));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Finalize(&args));
    expect_up();
    module_stop();
}
END_TEST

/* Every creation in turn fails, until one is refused that is never asked for. */
START_TEST(a_mutex_that_cannot_be_made)
{
    CK_C_INITIALIZE_ARGS args = app_args(0);
    CK_RV rv = CKR_CANT_LOCK;
    unsigned nth;

    for (nth = 1; rv != CKR_OK; nth++) {
        ck_assert_uint_lt(nth, 1000);
        app.refuse_nth = nth;
        rv = p11->C_Initialize(&args);
        if (rv != CKR_OK) {
            EXPECT(CKR_CANT_LOCK, rv);
            expect_down();
            expect_balanced();
        }
    }
    ck_assert_uint_gt(nth, 2);
    module_stop();
    expect_balanced();
}
END_TEST

START_TEST(a_sessions_mutex_that_cannot_be_made)
{
    CK_C_INITIALIZE_ARGS args = app_args(0);
    CK_SESSION_HANDLE session;

    OK(p11->C_Initialize(&args));
    app.refuse_nth = 1;
    ck_assert_msg(p11->C_OpenSession(slot_empty(), CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK ||
                      app.refuse_nth != 0,
                  "C_OpenSession succeeds without the mutex that it asked for");
    app.refuse_nth = 0;
    work();
    module_stop();
    expect_balanced();
}
END_TEST

/* --- Calls from within calls --- */

static struct {
    CK_RV initialize;
    CK_RV finalize;
    CK_RV info;
    unsigned count;
} nested;

static void call_back(void)
{
    if (nested.count++ == 0) {
        nested.initialize = p11->C_Initialize(NULL);
        nested.info = p11->C_GetInfo(&(CK_INFO){0});
        nested.finalize = p11->C_Finalize(NULL);
    }
}

START_TEST(calls_from_within_initialize)
{
    CK_C_INITIALIZE_ARGS args = app_args(0);

    app.visit = call_back;
    OK(p11->C_Initialize(&args));
    app.visit = NULL;
    ck_assert_uint_gt(nested.count, 0);
    EXPECT(CKR_CRYPTOKI_ALREADY_INITIALIZED, nested.initialize);
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, nested.info);
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, nested.finalize);
    expect_up();
    module_stop();
    expect_balanced();
}
END_TEST

START_TEST(twice_is_once)
{
    CK_C_INITIALIZE_ARGS args = app_args(0);

    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    module_start();
    EXPECT(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(NULL));
    EXPECT(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(&args));
    work();
    ck_assert_uint_eq(app.made, 0);
    module_stop();
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    expect_down();
}
END_TEST

/* --- Configuration --- */

/* No variable, no file, a home with nothing in it: it has to be another's than root's. */
static int live_without_configuration(void *arg)
{
    CK_SLOT_ID slots[2];
    CK_ULONG count = COUNT(slots);
    CK_TOKEN_INFO info;
    const char *home = arg;
    char store[256];

    if ((geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0) || setenv("HOME", home, 1) != 0) {
        return 1;
    }
    (void)umask(0);
    (void)snprintf(store, sizeof(store), "%s/.local/share/coffer", home);
    if (p11->C_Initialize(NULL) != CKR_OK || p11->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK ||
        count != 1 || p11->C_GetTokenInfo(slots[0], &info) != CKR_OK ||
        (info.flags & CKF_TOKEN_INITIALIZED) != 0 || access(store, F_OK) == 0) {
        return 2;
    }
    (void)token_make("token");
    return p11->C_Finalize(NULL) == CKR_OK ? 0 : 3;
}

START_TEST(without_any_configuration)
{
    static const char *const variables[] = {"COFFER_CONF",     "COFFER_STORE",  "COFFER_LOG",
                                            "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"};
    char home[200];
    char store[256];
    struct stat status;

    for (size_t i = 0; i < COUNT(variables); i++) {
        ck_assert_int_eq(unsetenv(variables[i]), 0);
    }
    (void)snprintf(home, sizeof(home), "%s", scratch_file("home"));
    ck_assert_int_eq(mkdir(home, 0700), 0);
    ck_assert_int_eq(chmod(scratch_file(""), 0711), 0);
    ck_assert(geteuid() != 0 || chown(home, NOBODY, NOBODY) == 0);
    ck_assert_int_eq(child_run(live_without_configuration, home), 0);
    (void)snprintf(store, sizeof(store), "%s/.local/share/coffer", home);
    ck_assert_int_eq(stat(store, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0700);
}
END_TEST

static const struct {
    const char *lines;
    const char *logged;
} bad_files[] = {
    {"nonsense\n", "\"nonsense\" is not of the form name = value"},
    {"colour = blue\n", "\"colour\" is no option"},
    {"token.profile = lax\n", "token.profile is one of \"standard strict legacy\", not \"lax\""},
    {"pin.min_len = 0\n", "pin.min_len is a number from 1 to 255, not \"0\""},
    {"pin.attempts = many\n", "pin.attempts is a number from 1 to 1000, not \"many\""},
    {"pin.min_len = 9\npin.max_len = 8\n", "pin.min_len is above pin.max_len"},
    {"anchor = here\n", "anchor is an absolute path, not \"here\""},
};

static void expect_refused(const char *logged)
{
    EXPECT(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
    expect_down();
    ck_assert_msg(scratch_logged(logged) == 1, "not logged once: %s", logged);
}

START_TEST(a_bad_file_is_named)
{
    scratch_configure(bad_files[_i].lines);
    expect_refused(bad_files[_i].logged);
    ck_assert_int_eq(unlink(scratch_file("coffer.conf")), 0);
    scratch_configure("# nothing\n");
    OK(p11->C_Initialize(NULL));
    module_stop();
}
END_TEST

START_TEST(a_file_that_is_not_there)
{
    ck_assert_int_eq(unlink(scratch_file("coffer.conf")), 0);
    expect_refused("which does not exist");
}
END_TEST

START_TEST(a_file_that_others_may_write)
{
    ck_assert_int_eq(chmod(scratch_file("coffer.conf"), 0620), 0);
    expect_refused("may be written by others than its owner");
}
END_TEST

START_TEST(a_folder_is_no_file)
{
    ck_assert_int_eq(setenv("COFFER_CONF", scratch_file(""), 1), 0);
    expect_refused("is not a regular file");
}
END_TEST

/* There is nowhere to log that. */
START_TEST(a_bad_log_setting)
{
    ck_assert_int_eq(setenv("COFFER_LOG", "loud", 1), 0);
    EXPECT(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
    expect_down();
    ck_assert_int_eq(setenv("COFFER_LOG", "off", 1), 0);
    module_start();
}
END_TEST

/* --- What is left behind --- */

enum { CYCLES = UNDER_ASAN || UNDER_TSAN ? 20 : 150, WARM_CYCLES = 10 };

static unsigned count_maps(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    unsigned lines = 0;
    int c;

    ck_assert_ptr_nonnull(file);
    while ((c = fgetc(file)) != EOF) {
        lines += c == '\n';
    }
    (void)fclose(file);
    return lines;
}

static void live_once(void)
{
    CK_SESSION_HANDLE session;
    CK_SLOT_ID slot;

    module_start();
    ck_assert(slot_find("token", &slot));
    session = session_open(slot);
    login_user(session);
    expect_aes_works(session, find_one(session, CKO_SECRET_KEY, "token key"));
    (void)aes_make(session, false, "session key");
    module_stop();
}

START_TEST(cycles_leave_nothing)
{
    unsigned descriptors = count_entries("/proc/self/fd");
    unsigned maps = 0;

    module_start();
    work();
    module_stop();
    for (unsigned i = 0; i < CYCLES; i++) {
        live_once();
        ck_assert_uint_eq(count_entries("/proc/self/fd"), descriptors);
        maps = i == WARM_CYCLES ? count_maps() : maps;
    }
    ck_assert_msg(UNDER_ASAN || UNDER_TSAN || count_maps() <= maps + 2, "%u maps, and %u after %u cycles",
                  maps, count_maps(), CYCLES);
}
END_TEST

START_TEST(a_failed_initialize_leaves_nothing)
{
    unsigned descriptors = count_entries("/proc/self/fd");

    module_start();
    work();
    module_stop();
    scratch_configure("nonsense\n");
    for (unsigned i = 0; i < 20; i++) {
        EXPECT(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
    }
    /* The log may stay open: what comes next is to be logged too. */
    ck_assert_uint_le(count_entries("/proc/self/fd"), descriptors + 1);
}
END_TEST

static void add_argument_tests(TCase *tests)
{
    tcase_add_loop_test(tests, each_way_of_locking, 0, (int)COUNT(ways));
    tcase_add_test(tests, no_arguments);
    tcase_add_test(tests, another_way_in_the_next_life);
    tcase_add_loop_test(tests, some_mutex_functions_are_not_enough, 0, 32);
    tcase_add_test(tests, the_reserved_member_is_null);
    tcase_add_test(tests, a_mutex_that_cannot_be_made);
    tcase_add_test(tests, a_sessions_mutex_that_cannot_be_made);
    tcase_add_test(tests, calls_from_within_initialize);
    tcase_add_test(tests, twice_is_once);
}

static Suite *suite(void)
{
    Suite *made = suite_create("process/initialize");
    TCase *tests = tcase_create("initialize");

    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, setup, scratch_teardown);
    add_argument_tests(tests);
    tcase_add_test(tests, without_any_configuration);
    tcase_add_loop_test(tests, a_bad_file_is_named, 0, (int)COUNT(bad_files));
    tcase_add_test(tests, a_file_that_is_not_there);
    tcase_add_test(tests, a_file_that_others_may_write);
    tcase_add_test(tests, a_folder_is_no_file);
    tcase_add_test(tests, a_bad_log_setting);
    tcase_add_test(tests, cycles_leave_nothing);
    tcase_add_test(tests, a_failed_initialize_leaves_nothing);
    suite_add_tcase(made, tests);
    return made;
}

TEST_MAIN(suite)
