/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C_* calls when the process is ending: from atexit() handlers, from OPENSSL_atexit() handlers that run
 * before and after the module's own, and after OPENSSL_cleanup(). Each case ends a process by exit(), with
 * its handlers, and the process must end well.
 */
#include "integration/support/client.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <unistd.h>

/* What the module's answers at exit may be; a handler that sees another ends the process with this status. */
enum { STATUS_WRONG_ANSWER = 77, STATUS_NOT_CALLED = 78 };

static CK_SESSION_HANDLE session;
static struct key_pair pair;
static CK_OBJECT_HANDLE aes;
static CK_SLOT_ID slot;
static struct tally *calls;

static void judge(const char *call, bool is_right, CK_RV rv)
{
    (void)tally_add(calls);
    if (!is_right) {
        (void)fprintf(stderr, "%s at exit: %s\n", call, rv_text(rv));
        _exit(STATUS_WRONG_ANSWER);
    }
}

/* While libcrypto is there everything goes on. */
#define EXPECT_LIVE(call)                                                                                    \
    do {                                                                                                     \
        CK_RV live_rv = (call);                                                                              \
        judge(#call, live_rv == CKR_OK, live_rv);                                                            \
    } while (0)

/* Then nothing does. */
#define EXPECT_LATE(rv, call)                                                                                \
    do {                                                                                                     \
        CK_RV late_rv = (call);                                                                              \
        judge(#call, late_rv == (rv), late_rv);                                                              \
    } while (0)

static void call_live(void)
{
    struct result signature;
    CK_BYTE random[16];
    CK_SESSION_HANDLE other = CK_INVALID_HANDLE;

    EXPECT_LIVE(try_sign(session, CKM_ECDSA_SHA256, pair.private, "late", &signature));
    EXPECT_LIVE(try_verify(session, CKM_ECDSA_SHA256, pair.public, "late", &signature));
    EXPECT_LIVE(try_encrypt(session, aes, "late", &signature));
    EXPECT_LIVE(p11->C_GenerateRandom(session, random, sizeof(random)));
    EXPECT_LIVE(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &other));
    EXPECT_LIVE(p11->C_CloseSession(other));
}

/* Every kind of call, C_Initialize among them; C_Finalize twice, as libp11 does. */
static void call_late(void)
{
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_INTERFACE *interface = NULL;
    CK_FUNCTION_LIST *list = NULL;
    struct result signature = {.len = sizeof(signature.octets)};
    CK_TOKEN_INFO token;
    CK_ULONG count = 0;
    CK_OBJECT_HANDLE key;

    EXPECT_LATE(CKR_OK, p11->C_GetFunctionList(&list));
    EXPECT_LATE(CKR_OK, p11->C_GetInterface(NULL, NULL, &interface, 0));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetSlotList(CK_TRUE, NULL, &count));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetTokenInfo(slot, &token));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_SignInit(session, &mechanism, pair.private));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED,
                p11->C_Sign(session, signature.octets, 32, signature.octets, &signature.len));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, try_encrypt(session, aes, "late", &signature));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GenerateRandom(session, signature.octets, 16));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, try_aes_make(session, true, "late", &key));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_FindObjectsInit(session, NULL, 0));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_DestroyObject(session, aes));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, try_login(session, CKU_USER, USER_PIN));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Logout(session));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_CloseSession(session));
    EXPECT_LATE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_CloseAllSessions(slot));
    EXPECT_LATE(CKR_OK, p11->C_Finalize(NULL));
    EXPECT_LATE(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
    EXPECT_LATE(CKR_OK, p11->C_Finalize(NULL));
}

__attribute__((unused)) static void call_whatever(void)
{
    if (p11->C_GetInfo(&(CK_INFO){0}) == CKR_OK) {
        call_live();
    } else {
        call_late();
    }
}

static void start(void)
{
    session = client_ready();
    pair = ec_make(session, true, "ec");
    aes = aes_make(session, true, "aes");
    slot = 0;
    ck_assert(slot_find("token", &slot));
}

/* libcrypto has been cleaned up: the host's, which is the module's too unless it has one of its own. */
static void call_after_cleanup(void)
{
    if (CFR_BUNDLED) {
        call_live();
    } else {
        call_late();
    }
}

/* exit() runs handlers in reverse order: those of libcrypto and of the module are registered by start(). */
static int before_the_module(void *arg)
{
    (void)arg;
    ck_assert_int_eq(atexit(call_after_cleanup), 0);
    start();
    return 0;
}

static int after_the_module(void *arg)
{
    (void)arg;
    start();
    ck_assert_int_eq(atexit(call_live), 0);
    return 0;
}

/* The module's OPENSSL_atexit() handler runs before this one, which is then late. */
__attribute__((unused)) static int openssl_before_the_module(void *arg)
{
    (void)arg;
    ck_assert_int_eq(OPENSSL_atexit(call_late), 1);
    start();
    return 0;
}

__attribute__((unused)) static int openssl_after_the_module(void *arg)
{
    (void)arg;
    start();
    ck_assert_int_eq(OPENSSL_atexit(call_live), 1);
    return 0;
}

__attribute__((unused)) static int all_at_once(void *arg)
{
    (void)arg;
    ck_assert_int_eq(atexit(call_whatever), 0);
    ck_assert_int_eq(OPENSSL_atexit(call_whatever), 1);
    start();
    ck_assert_int_eq(OPENSSL_atexit(call_whatever), 1);
    ck_assert_int_eq(atexit(call_whatever), 0);
    return 0;
}

static int after_cleanup(void *arg)
{
    (void)arg;
    start();
    OPENSSL_cleanup();
    call_after_cleanup();
    ck_assert_int_eq(atexit(call_after_cleanup), 0);
    return 0;
}

/* C_Finalize in time, then late calls all the same. */
__attribute__((unused)) static int after_finalize(void *arg)
{
    (void)arg;
    ck_assert_int_eq(atexit(call_late), 0);
    start();
    module_stop();
    return 0;
}

/* The module has no handler in libcrypto then. */
__attribute__((unused)) static int never_initialized(void *arg)
{
    (void)arg;
    module_load();
    /* Without this there is nothing to clean up, and libcrypto may be used afterwards. */
    ck_assert_int_eq(OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL), 1);
    OPENSSL_cleanup();
    EXPECT_LATE(CKR_GENERAL_ERROR, p11->C_Initialize(NULL));
    EXPECT_LATE(CKR_OK, p11->C_Finalize(NULL));
    return 0;
}

static const struct {
    int (*run)(void *);
    unsigned calls_min;
#if CFR_BUNDLED
} cases[] = {{before_the_module, 6}, {after_the_module, 6}, {after_cleanup, 12}};
#else
} cases[] = {{before_the_module, 18},       {after_the_module, 6}, {openssl_before_the_module, 18},
             {openssl_after_the_module, 6}, {all_at_once, 48},     {after_cleanup, 36},
             {after_finalize, 18},          {never_initialized, 2}};
#endif

START_TEST(a_late_call_is_answered)
{
    calls = tally_new();
    ck_assert_int_eq(child_end(child_start_exiting(cases[_i].run, NULL)), 0);
    ck_assert_msg(tally_get(calls) >= cases[_i].calls_min, "%u calls, not %u", tally_get(calls),
                  cases[_i].calls_min);
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("process/exit");
    TCase *tests = tcase_create("exit");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_add_loop_test(tests, a_late_call_is_answered, 0, (int)COUNT(cases));
    suite_add_tcase(made, tests);
    return made;
}

TEST_MAIN(suite)
