/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of messages: every call in every state, what ends a run and what does not, keys, logins, and threads.
 */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/messages.h"
#include "support/main.h"

#include <pthread.h>
#include <stdatomic.h>

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE aes;
static CK_OBJECT_HANDLE hmac;
static struct octets out;

static void set_up(void)
{
    CK_BYTE value[32];

    scratch_setup();
    session = client_ready();
    random_octets(value, sizeof(value));
    aes = secret_make(session, CKK_AES, value, sizeof(value));
    hmac = secret_make(session, CKK_GENERIC_SECRET, value, sizeof(value));
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

/* --- One call of each kind, for each use --- */

static const CK_FLAGS functions[] = {CKF_ENCRYPT, CKF_DECRYPT, CKF_SIGN, CKF_VERIFY};

static bool is_crypt(CK_FLAGS function)
{
    return function == CKF_ENCRYPT || function == CKF_DECRYPT;
}

static CK_RV init(CK_FLAGS function)
{
    return is_crypt(function) ? messages_init(session, function, MECHANISM(CKM_AES_GCM), aes)
                              : messages_init(session, function, MECHANISM(CKM_SHA256_HMAC), hmac);
}

static CK_RV once(CK_FLAGS function)
{
    struct message message = message_of(CKM_AES_GCM, 0);

    out.len = sizeof(out.at);
    switch (function) {
    case CKF_SIGN:
        return p11->C_SignMessage(session, NULL, 0, out.at, 16, out.at + 32, &out.len);
    case CKF_VERIFY:
        return p11->C_VerifyMessage(session, NULL, 0, out.at, 16, out.at, 32);
    default:
        return message_once(session, function, &message, pattern(16), out.at, &out.len);
    }
}

static CK_RV begin(CK_FLAGS function)
{
    struct message message = message_of(CKM_AES_GCM, 0);

    switch (function) {
    case CKF_SIGN:
        return p11->C_SignMessageBegin(session, NULL, 0);
    case CKF_VERIFY:
        return p11->C_VerifyMessageBegin(session, NULL, 0);
    default:
        return message_begin(session, function, &message);
    }
}

static CK_RV part(CK_FLAGS function)
{
    struct message message = message_of(CKM_AES_GCM, 0);

    out.len = sizeof(out.at);
    switch (function) {
    case CKF_SIGN:
        return p11->C_SignMessageNext(session, NULL, 0, out.at, 16, NULL, NULL);
    case CKF_VERIFY:
        return p11->C_VerifyMessageNext(session, NULL, 0, out.at, 16, NULL, 0);
    default:
        return message_next(session, function, &message, pattern(16), out.at, &out.len, 0);
    }
}

/* The last part, which a verdict ends too. */
static CK_RV last(CK_FLAGS function)
{
    struct message message = message_of(CKM_AES_GCM, 0);

    out.len = sizeof(out.at);
    switch (function) {
    case CKF_SIGN:
        return p11->C_SignMessageNext(session, NULL, 0, out.at, 16, out.at, &out.len);
    case CKF_VERIFY:
        return p11->C_VerifyMessageNext(session, NULL, 0, out.at, 16, out.at, 32);
    default:
        return message_next(session, function, &message, pattern(16), out.at, &out.len, CKF_END_OF_MESSAGE);
    }
}

/* What comes of a message whose tag or signature is made up. */
static CK_RV verdict(CK_FLAGS function)
{
    return function == CKF_DECRYPT  ? CKR_AEAD_DECRYPT_FAILED
           : function == CKF_VERIFY ? CKR_SIGNATURE_INVALID
                                    : CKR_OK;
}

/* --- States --- */

static void expect_no_run(CK_FLAGS function)
{
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, once(function));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, begin(function));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, part(function));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, last(function));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, messages_final(session, function));
    EXPECT(CKR_ARGUMENTS_BAD, messages_cancel(session, function));
}

static void expect_between_messages(CK_FLAGS function)
{
    EXPECT(CKR_OPERATION_ACTIVE, init(function));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, part(function));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, last(function));
    EXPECT(verdict(function), once(function));
}

static void expect_within_a_message(CK_FLAGS function)
{
    EXPECT(CKR_OPERATION_ACTIVE, init(function));
    EXPECT(CKR_OPERATION_ACTIVE, once(function));
    EXPECT(CKR_OPERATION_ACTIVE, begin(function));
    EXPECT(CKR_OPERATION_ACTIVE, messages_final(session, function));
    OK(part(function));
}

START_TEST(every_call_in_every_state)
{
    CK_FLAGS function = functions[_i];

    expect_no_run(function);
    OK(init(function));
    expect_between_messages(function);
    OK(begin(function));
    expect_within_a_message(function);
    expect_within_a_message(function);
    EXPECT(verdict(function), last(function));
    expect_between_messages(function);
    OK(begin(function));
    EXPECT(verdict(function), last(function));
    OK(messages_final(session, function));
    expect_no_run(function);
    OK(init(function));
    OK(messages_cancel(session, function));
    expect_no_run(function);
    OK(init(function));
    OK(begin(function));
    OK(part(function));
    OK(messages_cancel(session, function));
    expect_no_run(function);
    OK(init(function));
    expect_between_messages(function);
}
END_TEST

START_TEST(cancel_what_the_flags_say)
{
    static const CK_FLAGS flags[] = {CKF_MESSAGE_ENCRYPT, CKF_MESSAGE_DECRYPT, CKF_MESSAGE_SIGN,
                                     CKF_MESSAGE_VERIFY};

    for (size_t i = 0; i < COUNT(functions); i++) {
        OK(init(functions[i]));
        OK(begin(functions[i]));
    }
    OK(p11->C_SessionCancel(session, functions[_i] | CKF_FIND_OBJECTS | CKF_MULTI_MESSAGE));
    OK(p11->C_SessionCancel(session, flags[_i]));
    for (size_t i = 0; i < COUNT(functions); i++) {
        EXPECT((int)i == _i ? CKR_OPERATION_NOT_INITIALIZED : CKR_OK, part(functions[i]));
    }
    expect_no_run(functions[_i]);
    OK(p11->C_SessionCancel(session, flags[_i]));
}
END_TEST

/* All runs and all operations of a session at once, each with its own state. */
START_TEST(runs_stand_beside_operations)
{
    CK_BYTE iv[16] = {0};
    CK_MECHANISM cbc = {CKM_AES_CBC_PAD, iv, sizeof(iv)};
    CK_MECHANISM mac = MECHANISM(CKM_SHA256_HMAC);

    for (size_t i = 0; i < COUNT(functions); i++) {
        OK(init(functions[i]));
    }
    OK(p11->C_EncryptInit(session, &cbc, aes));
    OK(p11->C_SignInit(session, &mac, hmac));
    for (size_t i = 0; i < COUNT(functions); i++) {
        OK(begin(functions[i]));
    }
    out.len = sizeof(out.at);
    OK(p11->C_Encrypt(session, UNCONST(pattern(16).ptr), 16, out.at, &out.len));
    out.len = sizeof(out.at);
    OK(p11->C_Sign(session, UNCONST(pattern(16).ptr), 16, out.at, &out.len));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_EncryptFinal(session, out.at, &out.len));
    for (size_t i = 0; i < COUNT(functions); i++) {
        OK(part(functions[i]));
        EXPECT(verdict(functions[i]), last(functions[i]));
        OK(messages_final(session, functions[i]));
    }
}
END_TEST

START_TEST(states_of_runs_are_not_saved)
{
    CK_MECHANISM sha256 = MECHANISM(CKM_SHA256);

    OK(p11->C_DigestInit(session, &sha256));
    OK(init(CKF_SIGN));
    out.len = sizeof(out.at);
    EXPECT(CKR_STATE_UNSAVEABLE, p11->C_GetOperationState(session, out.at, &out.len));
    OK(messages_final(session, CKF_SIGN));
    OK(p11->C_GetOperationState(session, out.at, &out.len));
}
END_TEST

/* --- Keys --- */

START_TEST(keys_that_will_not_do)
{
    static struct bag bag;
    CK_OBJECT_HANDLE barred;
    CK_BYTE value[16] = {3};
    CK_MECHANISM gcm = MECHANISM(CKM_AES_GCM);

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_AES);
    bag_octets(&bag, CKA_VALUE, value, sizeof(value));
    bag_bool(&bag, CKA_ENCRYPT, false);
    bag_bool(&bag, CKA_DECRYPT, true);
    barred = object_make(session, &bag);
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, messages_init(session, CKF_ENCRYPT, gcm, barred));
    OK(messages_init(session, CKF_DECRYPT, gcm, barred));
    EXPECT(CKR_KEY_HANDLE_INVALID, messages_init(session, CKF_ENCRYPT, gcm, 0));
    EXPECT(CKR_KEY_HANDLE_INVALID, messages_init(session, CKF_ENCRYPT, gcm, 987654));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, messages_init(session, CKF_ENCRYPT, gcm, hmac));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, messages_init(session, CKF_SIGN, MECHANISM(CKM_SHA256_RSA_PKCS), hmac));
    EXPECT(CKR_MECHANISM_INVALID, messages_init(session, CKF_ENCRYPT, MECHANISM(CKM_AES_ECB), aes));
    EXPECT(CKR_MECHANISM_INVALID, messages_init(session, CKF_SIGN, gcm, aes));
    EXPECT(CKR_MECHANISM_INVALID, messages_init(session, CKF_SIGN, MECHANISM(CKM_SHA256), hmac));
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           messages_init(session, CKF_ENCRYPT, (CK_MECHANISM){CKM_AES_GCM, value, 12}, aes));
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           messages_init(session, CKF_ENCRYPT,
                         (CK_MECHANISM){CKM_AES_GCM, NULL, sizeof(CK_GCM_MESSAGE_PARAMS)}, aes));
    expect_no_run(CKF_ENCRYPT);
    expect_no_run(CKF_SIGN);
}
END_TEST

START_TEST(a_run_keeps_the_key_that_is_destroyed)
{
    OK(init(CKF_ENCRYPT));
    OK(p11->C_DestroyObject(session, aes));
    OK(once(CKF_ENCRYPT));
    OK(messages_final(session, CKF_ENCRYPT));
    EXPECT(CKR_KEY_HANDLE_INVALID, init(CKF_ENCRYPT));
}
END_TEST

START_TEST(logout_ends_runs_with_private_keys)
{
    CK_OBJECT_HANDLE private_key = aes_make(session, true, "private");
    struct message message = message_of(CKM_AES_GCM, 0);

    for (int in_parts = 0; in_parts < 2; in_parts++) {
        OK(messages_init(session, CKF_ENCRYPT, MECHANISM(CKM_AES_GCM), private_key));
        message.iv[0]++;
        OK(run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
        if (in_parts != 0) {
            message.iv[0]++;
            OK(message_begin(session, CKF_ENCRYPT, &message));
        }
        OK(p11->C_Logout(session));
        login_user(session);
        EXPECT(CKR_USER_NOT_LOGGED_IN, in_parts != 0 ? part(CKF_ENCRYPT) : once(CKF_ENCRYPT));
        expect_no_run(CKF_ENCRYPT);
        private_key = find_one(session, CKO_SECRET_KEY, "private");
    }
}
END_TEST

/* Bad arguments meet a message whose key is gone. */
START_TEST(a_part_after_logout_may_be_bad)
{
    struct message message = message_of(CKM_AES_GCM, 0);
    CK_OBJECT_HANDLE private_key = aes_make(session, true, "private");

    OK(messages_init(session, CKF_ENCRYPT, MECHANISM(CKM_AES_GCM), private_key));
    OK(message_begin(session, CKF_ENCRYPT, &message));
    OK(p11->C_Logout(session));
    EXPECT(CKR_ARGUMENTS_BAD, message_next(session, CKF_ENCRYPT, &message, pattern(8), out.at, NULL, 0));
    EXPECT(CKR_USER_NOT_LOGGED_IN, part(CKF_ENCRYPT));
    expect_no_run(CKF_ENCRYPT);
}
END_TEST

START_TEST(a_run_with_a_public_key_goes_on)
{
    static struct bag bag;
    CK_BYTE value[16] = {4};

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_AES);
    bag_octets(&bag, CKA_VALUE, value, sizeof(value));
    bag_bool(&bag, CKA_ENCRYPT, true);
    bag_bool(&bag, CKA_PRIVATE, false);
    aes = object_make(session, &bag);
    OK(init(CKF_ENCRYPT));
    OK(p11->C_Logout(session));
    OK(once(CKF_ENCRYPT));
    OK(messages_final(session, CKF_ENCRYPT));
}
END_TEST

/* CKA_ALWAYS_AUTHENTICATE: each message is a use of its own. */
START_TEST(each_message_wants_its_login)
{
    static struct bag bag;
    EVP_PKEY *pkey = pkey_new("P-256");
    CK_OBJECT_HANDLE guarded;
    CK_MECHANISM ecdsa = MECHANISM(CKM_ECDSA_SHA256);

    bag_clear(&bag);
    bag_private_key(&bag, pkey);
    bag_bool(&bag, CKA_PRIVATE, true);
    bag_bool(&bag, CKA_ALWAYS_AUTHENTICATE, true);
    guarded = object_make(session, &bag);
    EVP_PKEY_free(pkey);
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, try_login(session, CKU_CONTEXT_SPECIFIC, USER_PIN));
    OK(messages_init(session, CKF_SIGN, ecdsa, guarded));
    for (int round = 0; round < 2; round++) {
        EXPECT(CKR_USER_NOT_LOGGED_IN, once(CKF_SIGN));
        EXPECT(CKR_USER_NOT_LOGGED_IN, begin(CKF_SIGN));
        OK(try_login(session, CKU_CONTEXT_SPECIFIC, USER_PIN));
        OK(p11->C_SignMessage(session, NULL, 0, out.at, 16, NULL, &out.len));
        OK(once(CKF_SIGN));
        EXPECT(CKR_USER_NOT_LOGGED_IN, once(CKF_SIGN));
        OK(try_login(session, CKU_CONTEXT_SPECIFIC, USER_PIN));
        OK(begin(CKF_SIGN));
        OK(part(CKF_SIGN));
        OK(last(CKF_SIGN));
    }
    EXPECT(CKR_USER_NOT_LOGGED_IN, begin(CKF_SIGN));
    OK(messages_final(session, CKF_SIGN));
}
END_TEST

/* --- Threads, each with a session and a run of its own --- */

enum { THREADS = 2, MESSAGES = 300 };

static CK_SLOT_ID slot;
static atomic_uint wrong;

static bool one_message(CK_SESSION_HANDLE own, const CK_BYTE *text)
{
    CK_BYTE iv[12];
    CK_BYTE tag[16];
    CK_BYTE coded[64];
    CK_BYTE back[64];
    CK_ULONG len = sizeof(coded);
    CK_GCM_MESSAGE_PARAMS params = {iv, sizeof(iv), 0, CKG_GENERATE, tag, 128};

    if (p11->C_EncryptMessage(own, &params, sizeof(params), NULL, 0, UNCONST(text), 64, coded, &len) !=
        CKR_OK) {
        return false;
    }
    len = sizeof(back);
    return p11->C_DecryptMessage(own, &params, sizeof(params), NULL, 0, coded, 64, back, &len) == CKR_OK &&
           memcmp(back, text, 64) == 0;
}

/* No assertions: Check's are for the test's own thread. */
static void *work(void *key)
{
    CK_SESSION_HANDLE own = CK_INVALID_HANDLE;
    CK_MECHANISM gcm = MECHANISM(CKM_AES_GCM);
    CK_BYTE text[64] = {1};

    if (p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &own) != CKR_OK ||
        p11->C_MessageEncryptInit(own, &gcm, *(CK_OBJECT_HANDLE *)key) != CKR_OK ||
        p11->C_MessageDecryptInit(own, &gcm, *(CK_OBJECT_HANDLE *)key) != CKR_OK) {
        wrong++;
        return NULL;
    }
    for (int i = 0; i < MESSAGES; i++) {
        wrong += !one_message(own, text);
    }
    wrong += p11->C_CloseSession(own) != CKR_OK;
    return NULL;
}

START_TEST(two_sessions_in_two_threads)
{
    pthread_t threads[THREADS];
    CK_OBJECT_HANDLE key = aes_make(session, true, "shared");

    slot = slot_of(session);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &key), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("message_rules");
    TCase *tcase = tcase_create("rules");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, every_call_in_every_state, 0, COUNT(functions));
    tcase_add_loop_test(tcase, cancel_what_the_flags_say, 0, COUNT(functions));
    tcase_add_test(tcase, runs_stand_beside_operations);
    tcase_add_test(tcase, states_of_runs_are_not_saved);
    tcase_add_test(tcase, keys_that_will_not_do);
    tcase_add_test(tcase, a_run_keeps_the_key_that_is_destroyed);
    tcase_add_test(tcase, logout_ends_runs_with_private_keys);
    tcase_add_test(tcase, a_part_after_logout_may_be_bad);
    tcase_add_test(tcase, a_run_with_a_public_key_goes_on);
    tcase_add_test(tcase, each_message_wants_its_login);
    tcase_add_test(tcase, two_sessions_in_two_threads);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
