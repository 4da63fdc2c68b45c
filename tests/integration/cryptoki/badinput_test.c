/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that no application should make: in the wrong state, with dead handles, NULL pointers, and lengths
 * that cannot be. Each is refused with its code, and nothing has changed afterwards.
 */
#include "integration/cryptoki/calls.h"
#include "integration/cryptoki/keys.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <stdio.h>

static const CK_ULONG absurd[] = {0x80000000UL, 0xffffffffUL, (CK_ULONG)INTPTR_MAX,
                                  CK_UNAVAILABLE_INFORMATION - 15, CK_UNAVAILABLE_INFORMATION};

/* --- Before C_Initialize, after C_Finalize, in a forked child --- */

static void expect_all(CK_SESSION_HANDLE session, CK_RV rv, const char *when)
{
    const struct call_case *call;
    size_t seen = 0;

    for (size_t i = 0; (call = call_case(i)) != NULL; i++) {
        if (call->kind == CALL_LIBRARY || call->kind == CALL_SESSION) {
            CK_RV got = call->with(session);

            ck_assert_msg(got == rv, "%s, %s: %s, not %s", call->name, when, rv_text(got), rv_text(rv));
            seen++;
        }
    }
    ck_assert_uint_ge(seen, 50);
}

static int child_is_apart(void *arg)
{
    expect_all(*(const CK_SESSION_HANDLE *)arg, CKR_CRYPTOKI_NOT_INITIALIZED, "in a child");
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    return 0;
}

START_TEST(nothing_works_before_initialize_or_after_finalize)
{
    CK_SESSION_HANDLE session;

    module_load();
    expect_all(1, CKR_CRYPTOKI_NOT_INITIALIZED, "before C_Initialize");
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    session = client_ready();
    ck_assert_int_eq(child_run(child_is_apart, &session), 0);
    ck_assert_uint_eq(state_of(session), CKS_RW_USER_FUNCTIONS);
    module_stop();
    expect_all(session, CKR_CRYPTOKI_NOT_INITIALIZED, "after C_Finalize");
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
}
END_TEST

START_TEST(initialize_checks_its_arguments)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK, .pReserved = &args};

    module_load();
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Initialize(&args));
    args.pReserved = NULL;
    args.CreateMutex = (CK_CREATEMUTEX)(void (*)(void))abort;
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Initialize(&args));
    args.UnlockMutex = (CK_UNLOCKMUTEX)(void (*)(void))abort;
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Initialize(&args));
    OK(p11->C_Initialize(NULL));
    EXPECT(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Finalize(&args));
    OK(p11->C_Finalize(NULL));
}
END_TEST

/* --- Handles of sessions --- */

START_TEST(a_handle_that_is_no_open_session_is_refused_by_every_function)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE closed = session_open(slot_of(session));
    CK_OBJECT_HANDLE object = data_make(session, "object", true, false);
    CK_SESSION_HANDLE handles[] = {CK_INVALID_HANDLE,     closed, closed + 1,   session + 1,
                                   session ^ (1UL << 63), object, 0xffffffffUL, CK_UNAVAILABLE_INFORMATION};
    const struct call_case *call;
    struct picture before;

    OK(p11->C_CloseSession(closed));
    picture_take(session, &before);
    for (size_t i = 0; (call = call_case(i)) != NULL; i++) {
        for (size_t j = 0; call_wants_session(call) && j < COUNT(handles); j++) {
            CK_RV rv = call->with(handles[j]);

            ck_assert_msg(rv == CKR_SESSION_HANDLE_INVALID, "%s with 0x%lx: %s", call->name, handles[j],
                          rv_text(rv));
        }
    }
    for (size_t j = 0; j < COUNT(handles); j++) {
        EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_Logout(handles[j]));
        EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_DestroyObject(handles[j], object));
    }
    expect_unchanged(session, &before, "dead handles");
    module_stop();
}
END_TEST

START_TEST(every_function_with_nothing_but_a_session_fails_or_does_no_harm)
{
    static const char *const harmless[] = {"C_CloseSession", "C_SessionCancel", "C_SeedRandom",
                                           "C_GenerateRandom", "C_FindObjectsInit"};
    CK_SESSION_HANDLE session = client_ready();
    const struct call_case *call;
    struct picture before;

    picture_take(session, &before);
    for (size_t i = 0; (call = call_case(i)) != NULL; i++) {
        CK_SESSION_HANDLE other = session_open(slot_of(session));
        bool may_succeed = call->kind != CALL_SESSION;
        CK_RV rv;

        for (size_t j = 0; j < COUNT(harmless); j++) {
            may_succeed = may_succeed || strcmp(harmless[j], call->name) == 0;
        }
        if (call->kind == CALL_SESSION || call->kind == CALL_ABSENT) {
            rv = call->with(other);
            ck_assert_msg(may_succeed || rv != CKR_OK, "%s succeeded", call->name);
            ck_assert_msg(rv != CKR_GENERAL_ERROR && rv != CKR_DEVICE_ERROR && rv != CKR_FUNCTION_FAILED &&
                              rv != CKR_HOST_MEMORY,
                          "%s: %s", call->name, rv_text(rv));
        }
        (void)p11->C_CloseSession(other);
    }
    expect_unchanged(session, &before, "calls without arguments");
    module_stop();
}
END_TEST

/* --- NULL pointers --- */

START_TEST(null_is_refused_where_a_result_goes)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);
    CK_OBJECT_HANDLE object = data_make(session, "object", false, false);
    CK_MECHANISM keygen = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE len = ATTR_ULONG(CKA_VALUE_LEN, 16);
    CK_ATTRIBUTE class = ATTR_ULONG(CKA_CLASS, CKO_DATA);
    struct picture before;
    CK_OBJECT_HANDLE made;

    picture_take(session, &before);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetInfo(NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetSlotList(CK_TRUE, NULL, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetSlotInfo(slot, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetTokenInfo(slot, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetMechanismList(slot, NULL, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetMechanismInfo(slot, CKM_AES_GCM, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetSessionInfo(session, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetOperationState(session, NULL, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SetOperationState(session, NULL, 8, 0, 0));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_CreateObject(session, &class, 1, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_CreateObject(session, NULL, 1, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_CopyObject(session, object, NULL, 0, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_CopyObject(session, object, NULL, 1, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetObjectSize(session, object, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetAttributeValue(session, object, NULL, 1));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SetAttributeValue(session, object, NULL, 1));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, NULL, 1));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKey(session, NULL, &len, 1, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKey(session, &keygen, NULL, 1, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKey(session, &keygen, &len, 1, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateRandom(session, NULL, 1));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SeedRandom(session, NULL, 1));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL));
    expect_unchanged(session, &before, "NULL pointers");
    module_stop();
}
END_TEST

START_TEST(null_is_refused_by_the_key_functions)
{
    CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_MECHANISM pair = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_MECHANISM ecdh = {CKM_ECDH1_DERIVE, NULL, 0};
    struct cfr_span p256 = ec_params("P-256");
    CK_ATTRIBUTE curve = ATTR_OCTETS(CKA_EC_PARAMS, UNCONST(p256.ptr), p256.len);
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = secret_make(session, CKK_AES, "0123456789abcdef", 16);
    CK_OBJECT_HANDLE made;
    CK_ULONG len = 64;
    CK_BYTE out[64];
    struct picture before;

    picture_take(session, &before);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_WrapKey(session, NULL, key, key, out, &len));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_WrapKey(session, &wrap, key, key, out, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_UnwrapKey(session, NULL, key, out, 24, NULL, 0, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_UnwrapKey(session, &wrap, key, NULL, 24, NULL, 0, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_UnwrapKey(session, &wrap, key, out, 24, NULL, 1, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_UnwrapKey(session, &wrap, key, out, 24, NULL, 0, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_DeriveKey(session, NULL, key, NULL, 0, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_DeriveKey(session, &ecdh, key, NULL, 0, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKeyPair(session, NULL, NULL, 0, NULL, 0, &made, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKeyPair(session, &pair, NULL, 1, NULL, 0, &made, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKeyPair(session, &pair, &curve, 1, NULL, 1, &made, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKeyPair(session, &pair, NULL, 0, NULL, 0, NULL, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKeyPair(session, &pair, NULL, 0, NULL, 0, &made, NULL));
    expect_unchanged(session, &before, "NULL pointers to key functions");
    module_stop();
}
END_TEST

/* --- Counts and lengths --- */

START_TEST(absurd_counts_and_lengths_are_refused)
{
    CK_ULONG huge = absurd[_i];
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE object = data_make(session, "object", false, false);
    CK_OBJECT_HANDLE made;
    CK_ATTRIBUTE one = ATTR_ULONG(CKA_CLASS, CKO_DATA);
    CK_MECHANISM keygen = {CKM_AES_KEY_GEN, NULL, 0};
    CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_BYTE octets[64] = {0};
    struct picture before;
    CK_RV rv;

    picture_take(session, &before);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_CreateObject(session, &one, huge, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_CopyObject(session, object, &one, huge, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetAttributeValue(session, object, &one, huge));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SetAttributeValue(session, object, &one, huge));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, &one, huge));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKey(session, &keygen, &one, huge, &made));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateRandom(session, octets, huge));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SeedRandom(session, octets, huge));
    rv = p11->C_UnwrapKey(session, &wrap, secret_make(session, CKK_AES, octets, 16), octets, huge, NULL, 0,
                          &made);
    ck_assert_msg(rv == CKR_WRAPPED_KEY_LEN_RANGE || rv == CKR_ARGUMENTS_BAD, "%s", rv_text(rv));
    rv = p11->C_SetOperationState(session, octets, huge, 0, 0);
    ck_assert_msg(rv == CKR_SAVED_STATE_INVALID || rv == CKR_ARGUMENTS_BAD, "%s", rv_text(rv));
    before.objects++;
    expect_unchanged(session, &before, "absurd counts");
    module_stop();
}
END_TEST

START_TEST(absurd_data_lengths_are_refused)
{
    CK_ULONG huge = absurd[_i];
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    CK_MECHANISM cbc = {CKM_AES_CBC_PAD, UNCONST("0123456789abcdef"), 16};
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = secret_make(session, CKK_AES, "0123456789abcdef", 16);
    struct key_pair pair = ec_make(session, false, "pair");
    CK_BYTE data[64] = {0};
    CK_ULONG len = 64;
    CK_RV rv;

    OK(p11->C_DigestInit(session, &sha256));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Digest(session, data, huge, data, &len));
    OK(p11->C_DigestInit(session, &sha256));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_DigestUpdate(session, data, huge));
    OK(p11->C_SignInit(session, &ecdsa, pair.private));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Sign(session, data, huge, data, &len));
    OK(p11->C_VerifyInit(session, &ecdsa, pair.public));
    rv = p11->C_Verify(session, data, 3, data, huge);
    EXPECT(CKR_SIGNATURE_LEN_RANGE, rv);
    OK(p11->C_EncryptInit(session, &cbc, key));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Encrypt(session, data, huge, data, &len));
    OK(p11->C_DecryptInit(session, &cbc, key));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_DecryptUpdate(session, data, huge, data, &len));
    expect_aes_works(session, aes_make(session, false, "key"));
    module_stop();
}
END_TEST

START_TEST(absurd_pin_lengths_are_refused)
{
    CK_ULONG huge = absurd[_i];
    CK_UTF8CHAR label[32] = "";
    CK_SESSION_HANDLE session;
    CK_RV rv;

    module_start();
    session = session_open(token_make("token"));
    EXPECT(CKR_PIN_LEN_RANGE, p11->C_InitToken(slot_empty(), octets_of(SO_PIN), huge, label));
    rv = p11->C_Login(session, CKU_USER, octets_of(USER_PIN), huge);
    ck_assert_msg(rv == CKR_PIN_INCORRECT || rv == CKR_ARGUMENTS_BAD, "C_Login: %s", rv_text(rv));
    rv = p11->C_SetPIN(session, octets_of(USER_PIN), huge, octets_of(USER_PIN), strlen(USER_PIN));
    ck_assert_msg(rv == CKR_PIN_INCORRECT || rv == CKR_ARGUMENTS_BAD, "C_SetPIN: %s", rv_text(rv));
    EXPECT(CKR_PIN_LEN_RANGE,
           p11->C_SetPIN(session, octets_of(USER_PIN), strlen(USER_PIN), octets_of(USER_PIN), huge));
    login_so(session);
    EXPECT(CKR_PIN_LEN_RANGE, p11->C_InitPIN(session, octets_of(USER_PIN), huge));
    OK(p11->C_Logout(session));
    login_user(session);
    module_stop();
}
END_TEST

START_TEST(a_mechanisms_parameter_of_absurd_length_is_refused)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_AES_CBC, CKM_AES_CTR, CKM_AES_GCM, CKM_AES_CCM,
                                              CKM_AES_ECB};
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = secret_make(session, CKK_AES, "0123456789abcdef", 16);
    CK_BYTE octets[64] = {0};

    for (size_t i = 0; i < COUNT(types); i++) {
        CK_MECHANISM mechanism = {types[i], octets, absurd[_i]};

        EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptInit(session, &mechanism, key));
    }
    module_stop();
}
END_TEST

/* --- Handles of objects --- */

START_TEST(a_handle_that_is_no_object_is_refused)
{
    static const CK_OBJECT_HANDLE fixed[] = {
        CK_INVALID_HANDLE, 1,         2,         0x7fffffff, 0xffffffffUL,
        1UL << 40,         1UL << 62, 1UL << 63, 3UL << 62,  CK_UNAVAILABLE_INFORMATION};
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};
    CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = secret_make(session, CKK_AES, "0123456789abcdef", 16);
    CK_OBJECT_HANDLE handle = _i < (int)COUNT(fixed)    ? fixed[_i]
                              : _i == (int)COUNT(fixed) ? key + 1
                                                        : session;
    CK_ATTRIBUTE label = ATTR_TEXT(CKA_LABEL, "new");
    CK_BYTE out[64];
    CK_ULONG len = sizeof(out);
    CK_OBJECT_HANDLE made;
    struct picture before;

    picture_take(session, &before);
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_CopyObject(session, handle, NULL, 0, &made));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(session, handle));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(session, handle, &len));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetAttributeValue(session, handle, &label, 1));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_SetAttributeValue(session, handle, &label, 1));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(session, &ecb, handle));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_DecryptInit(session, &ecb, handle));
    EXPECT(CKR_WRAPPING_KEY_HANDLE_INVALID, p11->C_WrapKey(session, &wrap, handle, key, out, &len));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_WrapKey(session, &wrap, key, handle, out, &len));
    EXPECT(CKR_UNWRAPPING_KEY_HANDLE_INVALID,
           p11->C_UnwrapKey(session, &wrap, handle, out, 24, NULL, 0, &made));
    expect_unchanged(session, &before, "an object that is none");
    module_stop();
}
END_TEST

START_TEST(an_object_is_its_tokens)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open(token_make("other"));
    CK_OBJECT_HANDLE stored = data_make(session, "stored", true, false);
    CK_OBJECT_HANDLE object = data_make(session, "object", false, false);
    CK_OBJECT_HANDLE key = aes_make(session, true, "key");
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};
    CK_ULONG size;

    login_user(other);
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(other, stored, &size));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(other, object, &size));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(other, stored));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(other, &ecb, key));
    OK(p11->C_GetObjectSize(session, stored, &size));
    module_stop();
}
END_TEST

START_TEST(an_object_that_is_no_key_is_none)
{
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE data = data_make(session, "data", false, false);

    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(session, &ecb, data));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_SignInit(session, &ecdsa, data));
    module_stop();
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, nothing_works_before_initialize_or_after_finalize);
    tcase_add_test(tcase, initialize_checks_its_arguments);
    tcase_add_test(tcase, a_handle_that_is_no_open_session_is_refused_by_every_function);
    tcase_add_test(tcase, every_function_with_nothing_but_a_session_fails_or_does_no_harm);
    tcase_add_test(tcase, null_is_refused_where_a_result_goes);
    tcase_add_test(tcase, null_is_refused_by_the_key_functions);
    tcase_add_loop_test(tcase, absurd_counts_and_lengths_are_refused, 0, COUNT(absurd));
    tcase_add_loop_test(tcase, absurd_data_lengths_are_refused, 0, COUNT(absurd));
    tcase_add_loop_test(tcase, absurd_pin_lengths_are_refused, 0, COUNT(absurd));
    tcase_add_loop_test(tcase, a_mechanisms_parameter_of_absurd_length_is_refused, 0, COUNT(absurd));
    tcase_add_loop_test(tcase, a_handle_that_is_no_object_is_refused, 0, 12);
    tcase_add_test(tcase, an_object_is_its_tokens);
    tcase_add_test(tcase, an_object_that_is_no_key_is_none);
}

static Suite *suite(void)
{
    Suite *s = suite_create("badinput");
    TCase *tcase = tcase_create("badinput");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    add_tests(tcase);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
