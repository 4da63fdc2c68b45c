/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that close descriptors they do not know, as daemons do, and open files of their own which get the
 * numbers. The module works on, and never writes to what is not its own. Everything happens in children, which
 * may close what Check has open.
 */
#include "integration/process/quiet.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST = 3, HOST_FILES = 24, LIMIT = 64 };

static const char host_text[] = "The host's own file, which nobody else may write to.\n";

static CK_SLOT_ID slot;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE aes;
static struct key_pair pair;

static void close_from(int first)
{
    for (int fd = first; fd < LIMIT; fd++) {
        (void)close(fd);
    }
}

/* --- The host's files --- */

static const char *host_file(int number)
{
    char name[16];

    (void)snprintf(name, sizeof(name), "host-%d", number);
    return scratch_file(name);
}

/* They get the lowest numbers that are free. */
static bool open_host_files(int flags)
{
    for (int i = 0; i < HOST_FILES; i++) {
        int fd = open(host_file(i), O_RDWR | O_CREAT | flags, 0600);

        if (!QUIET_TRUE(fd >= 0) ||
            !QUIET_TRUE(pwrite(fd, host_text, sizeof(host_text), 0) == (ssize_t)sizeof(host_text))) {
            return false;
        }
    }
    return true;
}

/* Whether a descriptor is open on the host's file with the number @p number. */
static bool is_open_on(int fd, int number)
{
    struct stat ours;
    struct stat file;

    return fstat(fd, &ours) == 0 && stat(host_file(number), &file) == 0 && ours.st_dev == file.st_dev &&
           ours.st_ino == file.st_ino;
}

static bool is_host_file_whole(int number)
{
    char text[sizeof(host_text) + 1];
    int fd = open(host_file(number), O_RDONLY);
    ssize_t len = read(fd, text, sizeof(text));

    (void)close(fd);
    return len == (ssize_t)sizeof(host_text) && memcmp(text, host_text, sizeof(host_text)) == 0;
}

/* Open under the numbers that they got, and with their content. */
static bool are_host_files_untouched(void)
{
    for (int i = 0; i < HOST_FILES; i++) {
        if (!is_open_on(FIRST + i, i) || !is_host_file_whole(i)) {
            quiet_note("the host's file with descriptor %d was closed or written to", FIRST + i);
            return false;
        }
    }
    return true;
}

/* --- What the module does afterwards --- */

static bool use_keys(void)
{
    return quiet_aes_works(session, aes) && quiet_pair_works(session, pair);
}

static bool find_keys(void)
{
    return QUIET_TRUE(quiet_find(session, CKO_SECRET_KEY, "aes") == aes) &&
           QUIET_TRUE(quiet_find(session, CKO_PRIVATE_KEY, "ec") == pair.private);
}

static bool make_and_destroy(void)
{
    CK_OBJECT_HANDLE key;

    return QUIET(CKR_OK, try_aes_make(session, true, "new", &key)) && quiet_aes_works(session, key) &&
           QUIET(CKR_OK, p11->C_DestroyObject(session, key));
}

static bool login_again(void)
{
    return QUIET(CKR_OK, p11->C_Logout(session)) && QUIET(CKR_OK, try_login(session, CKU_USER, USER_PIN)) &&
           QUIET_TRUE(quiet_find(session, CKO_PRIVATE_KEY, "ec") != CK_INVALID_HANDLE);
}

static bool start_again(void)
{
    return QUIET(CKR_OK, p11->C_Finalize(NULL)) && quiet_ready(slot, &session) &&
           quiet_aes_works(session, quiet_find(session, CKO_SECRET_KEY, "aes"));
}

static bool draw(void)
{
    CK_BYTE octets[32];

    return QUIET(CKR_OK, p11->C_GenerateRandom(session, octets, sizeof(octets)));
}

static bool fail_and_log(void)
{
    CK_SESSION_INFO info;
    unsigned before = scratch_logged("C_GetSessionInfo: CKR_SESSION_HANDLE_INVALID");

    return QUIET(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(CK_INVALID_HANDLE, &info)) &&
           QUIET_TRUE(scratch_logged("C_GetSessionInfo: CKR_SESSION_HANDLE_INVALID") == before + 1);
}

static bool (*const deeds[])(void) = {use_keys,    find_keys, make_and_destroy, login_again,
                                      start_again, draw,      fail_and_log};

static bool begin(void)
{
    if (!quiet_ready(slot, &session)) {
        return false;
    }
    aes = quiet_find(session, CKO_SECRET_KEY, "aes");
    pair.private = quiet_find(session, CKO_PRIVATE_KEY, "ec");
    pair.public = quiet_find(session, CKO_PUBLIC_KEY, "ec");
    return use_keys();
}

static int close_and_go_on(void *arg)
{
    close_from(FIRST);
    if (!begin()) {
        return 1;
    }
    close_from(FIRST);
    return deeds[*(int *)arg]() && start_again() && make_and_destroy() ? 0 : 1;
}

static int close_and_open_others(void *arg)
{
    close_from(FIRST);
    if (!begin()) {
        return 1;
    }
    close_from(FIRST);
    return open_host_files(0) && deeds[*(int *)arg]() && are_host_files_untouched() && start_again() &&
                   make_and_destroy() && QUIET(CKR_OK, p11->C_Finalize(NULL)) && are_host_files_untouched()
               ? 0
               : 1;
}

static int make_the_token(void *arg)
{
    (void)arg;
    session = client_ready();
    (void)aes_make(session, true, "aes");
    (void)ec_make(session, true, "ec");
    module_stop();
    return 0;
}

static void setup(void)
{
    quiet_setup();
    ck_assert_int_eq(child_run(make_the_token, NULL), 0);
}

START_TEST(a_host_closes_everything)
{
    quiet_run(close_and_go_on, &_i);
}
END_TEST

START_TEST(a_host_closes_everything_and_opens_its_own)
{
    quiet_run(close_and_open_others, &_i);
}
END_TEST

/* --- The log --- */

static int log_to_a_taken_number(void *arg)
{
    (void)arg;
    close_from(FIRST);
    if (!QUIET(CKR_OK, p11->C_Initialize(NULL)) || !fail_and_log()) {
        return 1;
    }
    close_from(FIRST);
    return open_host_files(O_APPEND) && fail_and_log() && are_host_files_untouched() && fail_and_log() &&
                   QUIET(CKR_OK, p11->C_Finalize(NULL)) && are_host_files_untouched() &&
                   QUIET(CKR_OK, p11->C_Initialize(NULL)) && fail_and_log() && are_host_files_untouched()
               ? 0
               : 1;
}

START_TEST(no_line_of_the_log_lands_in_the_hosts_file)
{
    quiet_run(log_to_a_taken_number, NULL);
}
END_TEST

/* --- Standard descriptors --- */

static bool are_standard_numbers_free(void)
{
    for (int fd = 0; fd < FIRST; fd++) {
        if (!QUIET_TRUE(fcntl(fd, F_GETFD) < 0)) {
            return false;
        }
    }
    return true;
}

/* As library code in a daemon does, which does not know that they are closed. */
static void print(void)
{
    for (int fd = 0; fd < FIRST; fd++) {
        ssize_t written = write(fd, host_text, sizeof(host_text));

        written += pwrite(fd, host_text, sizeof(host_text), 0);
        (void)written;
    }
}

static int print_to_nowhere(void *arg)
{
    (void)arg;
    close_from(0);
    if (!begin()) {
        return 1;
    }
    print();
    if (!are_standard_numbers_free() || !use_keys() || !make_and_destroy()) {
        return 1;
    }
    close_from(0);
    for (int i = 0; i < (int)COUNT(deeds); i++) {
        if (deeds[i] != start_again && deeds[i] != login_again && !deeds[i]()) {
            return 1;
        }
        print();
    }
    return start_again() && are_standard_numbers_free() ? 0 : 1;
}

static int check_the_store(void *arg)
{
    (void)arg;
    return begin() && QUIET_TRUE(scratch_logged(host_text) == 0) ? 0 : 1;
}

START_TEST(nothing_of_ours_is_a_standard_descriptor)
{
    quiet_run(print_to_nowhere, NULL);
    quiet_run(check_the_store, NULL);
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("process/descriptors");
    TCase *tests = tcase_create("descriptors");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, quiet_teardown);
    tcase_add_loop_test(tests, a_host_closes_everything, 0, (int)COUNT(deeds));
    tcase_add_loop_test(tests, a_host_closes_everything_and_opens_its_own, 0, (int)COUNT(deeds));
    tcase_add_test(tests, no_line_of_the_log_lands_in_the_hosts_file);
    tcase_add_test(tests, nothing_of_ours_is_a_standard_descriptor);
    suite_add_tcase(made, tests);
    return made;
}

TEST_MAIN(suite)
