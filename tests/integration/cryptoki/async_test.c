/* SPDX-License-Identifier: Apache-2.0 */
/* Asynchronous generation of key pairs: what is pending, how it is collected, what may come in between (5.21). */
#include "integration/cryptoki/async.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <pthread.h>

/* --- Key pairs --- */

START_TEST(a_key_pair_is_generated)
{
    bool is_token = _i == 1;
    struct key_pair pair;
    CK_ASYNC_DATA data;

    async_start();
    EXPECT(CKR_PENDING, try_pair(session, QUICK_BITS, is_token, true, &pair));
    OK(async_complete(session, "C_GenerateKeyPair", &data));
    ck_assert_uint_eq(data.ulVersion, 0);
    ck_assert_ptr_null(data.pValue);
    pair = (struct key_pair){data.hObject, data.hAdditionalObject};
    ck_assert_uint_eq(find_one(session, CKO_PUBLIC_KEY, "pair"), pair.public);
    ck_assert_uint_eq(find_one(session, CKO_PRIVATE_KEY, "pair"), pair.private);
    expect_pair_works(session, CKM_SHA256_RSA_PKCS, pair);
    EXPECT(CKR_OPERATION_NOT_INITIALIZED,
           p11->C_AsyncComplete(session, octets_of("C_GenerateKeyPair"), &data));
    module_stop();
    module_start();
    session = session_open(slot);
    login_user(session);
    ck_assert_int_eq(find_one(session, CKO_PRIVATE_KEY, "pair") != CK_INVALID_HANDLE, is_token);
}
END_TEST

/* Nothing is there before it is collected; the session is free for everything else. */
START_TEST(the_session_works_meanwhile)
{
    CK_ASYNC_DATA data;
    CK_SESSION_INFO info;
    struct key_pair pair;

    async_start();
    begin_pair(SLOW_BITS);
    EXPECT(CKR_PENDING, p11->C_AsyncComplete(session, octets_of("C_GenerateKeyPair"), &data));
    ck_assert_uint_eq(find_one(session, CKO_PRIVATE_KEY, "pair"), CK_INVALID_HANDLE);
    expect_aes_works(session, aes_make(session, false, "meanwhile"));
    expect_pair_works(session, CKM_ECDSA_SHA256, ec_make(session, true, "meanwhile"));
    EXPECT(CKR_OPERATION_ACTIVE, try_pair(session, QUICK_BITS, false, true, &pair));
    OK(p11->C_GetSessionInfo(session, &info));
    ck_assert_uint_eq(info.flags, CKF_SERIAL_SESSION | CKF_RW_SESSION | CKF_ASYNC_SESSION);
    OK(p11->C_SessionCancel(session, CKF_GENERATE_KEY_PAIR));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED,
           p11->C_AsyncComplete(session, octets_of("C_GenerateKeyPair"), &data));
    begin_pair(QUICK_BITS);
    OK(async_complete(session, "C_GenerateKeyPair", &data));
}
END_TEST

START_TEST(what_the_rules_forbid_is_told_at_once)
{
    struct key_pair pair;
    CK_ASYNC_DATA data = {0};

    async_start();
    EXPECT(CKR_PENDING, try_pair(session, 512, true, true, &pair));
    EXPECT(CKR_KEY_SIZE_RANGE, async_complete(session, "C_GenerateKeyPair", &data));
    OK(p11->C_Logout(session));
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_pair(session, QUICK_BITS, true, true, &pair));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED,
           p11->C_AsyncComplete(session, octets_of("C_GenerateKeyPair"), &data));
}
END_TEST

START_TEST(quick_functions_are_not_pending)
{
    struct key_pair pair;
    CK_OBJECT_HANDLE key;

    async_start();
    OK(try_ec_make(session, false, "ec", &pair));
    expect_pair_works(session, CKM_ECDSA_SHA256, pair);
    OK(try_aes_make(session, true, "aes", &key));
    expect_aes_works(session, key);
    OK(try_pair(session_open(slot), 1024, false, true, &pair));
}
END_TEST

START_TEST(several_sessions_at_once)
{
    CK_SESSION_HANDLE sessions[6];
    CK_ASYNC_DATA data;
    struct key_pair pair;

    async_start();
    for (size_t i = 0; i < COUNT(sessions); i++) {
        sessions[i] = open_async();
        EXPECT(CKR_PENDING, try_pair(sessions[i], 1024, false, true, &pair));
    }
    for (size_t i = COUNT(sessions); i-- > 0;) {
        OK(async_complete(sessions[i], "C_GenerateKeyPair", &data));
        expect_pair_works(sessions[i], CKM_SHA256_RSA_PKCS,
                          (struct key_pair){data.hObject, data.hAdditionalObject});
    }
}
END_TEST

/* --- Arguments, names, identifiers --- */

START_TEST(arguments_are_checked)
{
    CK_ASYNC_DATA data = {.ulVersion = 1};
    CK_ULONG id = 7;

    async_start();
    begin_pair(SLOW_BITS);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_AsyncComplete(session, NULL, &data));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_AsyncComplete(session, octets_of("C_GenerateKeyPair"), NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_AsyncComplete(session, octets_of("C_GenerateKeyPair"), &data));
    data.ulVersion = 0;
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_AsyncComplete(session, octets_of("C_GenerateKey"), &data));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_AsyncComplete(session, octets_of(""), &data));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_AsyncComplete(session, octets_of("C_Sign"), &data));
    EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_AsyncComplete(0, octets_of("C_GenerateKeyPair"), &data));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED,
           p11->C_AsyncComplete(open_async(), octets_of("C_GenerateKeyPair"), &data));
    EXPECT(CKR_STATE_UNSAVEABLE, p11->C_AsyncGetID(session, octets_of("C_GenerateKeyPair"), &id));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_AsyncGetID(session, octets_of("C_Sign"), &id));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_AsyncGetID(session, octets_of("C_GenerateKeyPair"), NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_AsyncGetID(session, NULL, &id));
    ck_assert_uint_eq(id, 7);
    EXPECT(CKR_SAVED_STATE_INVALID, p11->C_AsyncJoin(session, octets_of("C_GenerateKeyPair"), 7, NULL, 0));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_AsyncJoin(session, NULL, 7, NULL, 0));
    EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_AsyncJoin(0, octets_of("C_Sign"), 7, NULL, 0));
    EXPECT(CKR_PENDING, p11->C_AsyncComplete(session, octets_of("C_GenerateKeyPair"), &data));
}
END_TEST

/* --- An end before the end --- */

static void close_session(void)
{
    OK(p11->C_CloseSession(session));
}

static void close_all(void)
{
    OK(p11->C_CloseAllSessions(slot));
}

static void finalize(void)
{
    OK(p11->C_Finalize(NULL));
}

static void nothing(void) {}

/* Each of these takes its time only if the work cannot be given up: 16384 bits take minutes. */
static void (*const ends[])(void) = {close_session, close_all, finalize, nothing};

START_TEST(it_is_given_up)
{
    async_start();
    begin_pair(16384);
    sleep_ms(_i == 0 ? 0 : 50);
    ends[_i]();
}
END_TEST

static int exit_amid(void *arg)
{
    async_start();
    begin_pair(16384);
    sleep_ms(*(const unsigned *)arg);
    return 0;
}

/* With handlers, libcrypto's among them, while the thread of the library computes. */
START_TEST(the_process_exits)
{
    static const unsigned pauses[] = {0, 20, 200};

    ck_assert_int_eq(child_end(child_start_exiting(exit_amid, (void *)(uintptr_t)&pauses[_i])), 0);
}
END_TEST

static int look(void *arg)
{
    (void)arg;
    return p11->C_CloseSession(session) == CKR_CRYPTOKI_NOT_INITIALIZED &&
                   p11->C_Initialize(NULL) == CKR_OK && p11->C_Finalize(NULL) == CKR_OK
               ? 0
               : 1;
}

START_TEST(the_process_forks)
{
    CK_ASYNC_DATA data;

    async_start();
    begin_pair(4096);
    ck_assert_int_eq(child_run(look, NULL), 0);
    /* What a child inherits it gives up, and cannot free. */
    if (!UNDER_ASAN) {
        ck_assert_int_eq(child_end(child_start_exiting(look, NULL)), 0);
    }
    OK(async_complete(session, "C_GenerateKeyPair", &data));
}
END_TEST

static int complete_own(void *arg)
{
    CK_ASYNC_DATA data;

    (void)arg;
    return async_complete(session, "C_GenerateKeyPair", &data) == CKR_OK && p11->C_Finalize(NULL) == CKR_OK
               ? 0
               : 1;
}

/* A child that goes on with everything generates a key pair of its own. */
START_TEST(the_process_forks_and_goes_on)
{
    CK_ASYNC_DATA data;

    scratch_configure("fork = keep\n");
    async_start();
    EXPECT(CKR_PENDING, try_pair(session, 3072, false, true, &(struct key_pair){0}));
    ck_assert_int_eq(child_run(complete_own, NULL), 0);
    OK(async_complete(session, "C_GenerateKeyPair", &data));
    expect_pair_works(session, CKM_SHA256_RSA_PKCS, (struct key_pair){data.hObject, data.hAdditionalObject});
}
END_TEST

START_TEST(a_logout_takes_it_along)
{
    CK_SESSION_HANDLE other;
    CK_ASYNC_DATA data;

    async_start();
    other = session_open(slot);
    begin_pair(_i == 0 ? SLOW_BITS : QUICK_BITS);
    sleep_ms(_i == 0 ? 0 : 1000);
    OK(p11->C_Logout(other));
    if (_i == 2) {
        login_user(other);
    }
    EXPECT(CKR_USER_NOT_LOGGED_IN, async_complete(session, "C_GenerateKeyPair", &data));
    if (_i != 2) {
        login_user(other);
    }
    ck_assert_uint_eq(find_one(other, CKO_PRIVATE_KEY, "pair"), CK_INVALID_HANDLE);
    ck_assert_uint_eq(find_one(other, CKO_PUBLIC_KEY, "pair"), CK_INVALID_HANDLE);
}
END_TEST

/* What needs no login survives one. */
START_TEST(public_pairs_survive_a_login)
{
    CK_ASYNC_DATA data;
    struct key_pair pair;

    async_start();
    OK(p11->C_Logout(session));
    EXPECT(CKR_PENDING, try_pair(session, QUICK_BITS, false, false, &pair));
    login_user(session);
    OK(async_complete(session, "C_GenerateKeyPair", &data));
    expect_pair_works(session, CKM_SHA256_RSA_PKCS, (struct key_pair){data.hObject, data.hAdditionalObject});
}
END_TEST

/* --- Without threads --- */

static const CK_FLAGS without_threads[] = {CKF_LIBRARY_CANT_CREATE_OS_THREADS,
                                           CKF_LIBRARY_CANT_CREATE_OS_THREADS | CKF_OS_LOCKING_OK};

START_TEST(an_application_may_forbid_threads)
{
    CK_C_INITIALIZE_ARGS args = {.flags = without_threads[_i]};
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION | CKF_ASYNC_SESSION;
    CK_TOKEN_INFO info;

    module_start();
    slot = token_make("token");
    OK(p11->C_GetTokenInfo(slot, &info));
    ck_assert_uint_ne(info.flags & CKF_ASYNC_SESSION_SUPPORTED, 0);
    module_stop();
    OK(p11->C_Initialize(&args));
    OK(p11->C_GetTokenInfo(slot, &info));
    ck_assert_uint_eq(info.flags & CKF_ASYNC_SESSION_SUPPORTED, 0);
    EXPECT(CKR_SESSION_ASYNC_NOT_SUPPORTED, p11->C_OpenSession(slot, flags, NULL, NULL, &session));
    OK(p11->C_OpenSession(slot, flags & ~(CK_FLAGS)CKF_ASYNC_SESSION, NULL, NULL, &session));
}
END_TEST

/* --- Threads --- */

enum { THREADS = 4 };

static void *generate_and_cancel(void *arg)
{
    unsigned turn = (unsigned)(uintptr_t)arg;
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION | CKF_ASYNC_SESSION;

    for (unsigned i = 0; i < 8; i++, turn++) {
        CK_ASYNC_DATA data = {0};
        CK_SESSION_HANDLE own;
        struct key_pair pair;

        if (p11->C_OpenSession(slot, flags, NULL, NULL, &own) != CKR_OK ||
            try_pair(own, 1024, turn % 2 == 0, true, &pair) != CKR_PENDING) {
            return NULL;
        }
        if (turn % 3 == 0) {
            (void)p11->C_SessionCancel(own, CKF_GENERATE_KEY_PAIR);
        }
        while (turn % 3 == 1 &&
               p11->C_AsyncComplete(own, octets_of("C_GenerateKeyPair"), &data) == CKR_PENDING) {
            sleep_ms(1);
        }
        if (p11->C_CloseSession(own) != CKR_OK) {
            return NULL;
        }
    }
    return &slot;
}

START_TEST(threads_have_sessions_of_their_own)
{
    pthread_t threads[THREADS];
    void *result = NULL;

    async_start();
    for (uintptr_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, generate_and_cancel, (void *)i), 0);
    }
    for (uintptr_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_eq(result, &slot);
    }
    module_stop();
}
END_TEST

static void *complete_in_thread(void *arg)
{
    CK_ASYNC_DATA data = {0};
    CK_RV rv = CKR_PENDING;

    (void)arg;
    while (rv == CKR_PENDING) {
        rv = p11->C_AsyncComplete(session, octets_of("C_GenerateKeyPair"), &data);
        sleep_ms(1);
    }
    return rv == CKR_OK || rv == CKR_OPERATION_NOT_INITIALIZED || rv == CKR_CRYPTOKI_NOT_INITIALIZED ? &slot
                                                                                                     : NULL;
}

/* Many wait for one result: one gets it; and with C_Finalize, none does. */
START_TEST(threads_collect_one_result)
{
    pthread_t threads[THREADS];
    void *result = NULL;

    async_start();
    begin_pair(_i == 0 ? QUICK_BITS : 16384);
    for (uintptr_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, complete_in_thread, NULL), 0);
    }
    if (_i == 1) {
        sleep_ms(20);
        module_stop();
    }
    for (uintptr_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_eq(result, &slot);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("async");
    TCase *tcase = tcase_create("async");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_loop_test(tcase, a_key_pair_is_generated, 0, 2);
    tcase_add_test(tcase, the_session_works_meanwhile);
    tcase_add_test(tcase, what_the_rules_forbid_is_told_at_once);
    tcase_add_test(tcase, quick_functions_are_not_pending);
    tcase_add_test(tcase, several_sessions_at_once);
    tcase_add_test(tcase, arguments_are_checked);
    tcase_add_loop_test(tcase, it_is_given_up, 0, (int)COUNT(ends));
    tcase_add_loop_test(tcase, the_process_exits, 0, 3);
    tcase_add_test(tcase, the_process_forks);
    /* TSan misses the end of the parent's thread in the child. */
    if (!UNDER_TSAN) {
        tcase_add_test(tcase, the_process_forks_and_goes_on);
    }
    tcase_add_loop_test(tcase, a_logout_takes_it_along, 0, 3);
    tcase_add_test(tcase, public_pairs_survive_a_login);
    tcase_add_loop_test(tcase, an_application_may_forbid_threads, 0, (int)COUNT(without_threads));
    tcase_add_test(tcase, threads_have_sessions_of_their_own);
    tcase_add_loop_test(tcase, threads_collect_one_result, 0, 2);
    suite_add_tcase(made, tcase);
    return made;
}

TEST_MAIN(suite)
