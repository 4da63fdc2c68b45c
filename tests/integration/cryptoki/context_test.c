/* SPDX-License-Identifier: Apache-2.0 */
/* CKA_ALWAYS_AUTHENTICATE: a PIN for each use of a private key, by CKU_CONTEXT_SPECIFIC (4.9). */
#include "integration/cryptoki/keys.h"
#include "support/main.h"

static struct key_pair guarded_pair(CK_SESSION_HANDLE session)
{
    CK_MECHANISM keygen = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public[] = {ATTR_ULONG(CKA_MODULUS_BITS, 2048), ATTR_BOOL(CKA_ENCRYPT, true),
                             ATTR_BOOL(CKA_VERIFY, true)};
    CK_ATTRIBUTE private[] = {ATTR_BOOL(CKA_PRIVATE, true), ATTR_BOOL(CKA_ALWAYS_AUTHENTICATE, true),
                              ATTR_BOOL(CKA_SIGN, true),    ATTR_BOOL(CKA_DECRYPT, true),
                              ATTR_BOOL(CKA_TOKEN, true),   ATTR_TEXT(CKA_LABEL, "guarded")};
    struct key_pair pair;

    OK(p11->C_GenerateKeyPair(session, &keygen, TEMPLATE(public), TEMPLATE(private), &pair.public,
                              &pair.private));
    ck_assert(read_bool(session, pair.private, CKA_ALWAYS_AUTHENTICATE));
    return pair;
}

static CK_MECHANISM sha256_rsa = {CKM_SHA256_RSA_PKCS, NULL, 0};
static CK_BYTE signature[256];

static CK_RV try_sign_now(CK_SESSION_HANDLE session)
{
    CK_ULONG len = sizeof(signature);

    return p11->C_Sign(session, octets_of("text"), 4, signature, &len);
}

static CK_RV try_context_login(CK_SESSION_HANDLE session, const char *pin)
{
    return try_login(session, CKU_CONTEXT_SPECIFIC, pin);
}

START_TEST(each_use_wants_the_pin)
{
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = guarded_pair(session);

    for (int round = 0; round < 2; round++) {
        OK(p11->C_SignInit(session, &sha256_rsa, pair.private));
        EXPECT(CKR_USER_NOT_LOGGED_IN, try_sign_now(session));
        EXPECT(CKR_OPERATION_NOT_INITIALIZED, try_sign_now(session));
        OK(p11->C_SignInit(session, &sha256_rsa, pair.private));
        OK(try_context_login(session, USER_PIN));
        OK(try_sign_now(session));
        OK(p11->C_VerifyInit(session, &sha256_rsa, pair.public));
        OK(p11->C_Verify(session, octets_of("text"), 4, signature, sizeof(signature)));
        ck_assert_uint_eq(state_of(session), CKS_RW_USER_FUNCTIONS);
    }
    module_stop();
}
END_TEST

START_TEST(an_operation_in_parts_wants_it_once)
{
    CK_ULONG len = sizeof(signature);
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = guarded_pair(session);

    OK(p11->C_SignInit(session, &sha256_rsa, pair.private));
    EXPECT(CKR_USER_NOT_LOGGED_IN, p11->C_SignUpdate(session, octets_of("te"), 2));
    OK(p11->C_SignInit(session, &sha256_rsa, pair.private));
    OK(try_context_login(session, USER_PIN));
    OK(p11->C_SignUpdate(session, octets_of("te"), 2));
    OK(p11->C_SignUpdate(session, octets_of("xt"), 2));
    OK(p11->C_SignFinal(session, NULL, &len));
    OK(p11->C_SignFinal(session, signature, &len));
    OK(p11->C_VerifyInit(session, &sha256_rsa, pair.public));
    OK(p11->C_Verify(session, octets_of("text"), 4, signature, len));
    module_stop();
}
END_TEST

START_TEST(decryption_wants_it_too)
{
    CK_MECHANISM rsa = {CKM_RSA_PKCS, NULL, 0};
    CK_BYTE cipher[256];
    CK_BYTE text[256];
    CK_ULONG cipher_len = sizeof(cipher);
    CK_ULONG len = sizeof(text);
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = guarded_pair(session);

    OK(p11->C_EncryptInit(session, &rsa, pair.public));
    OK(p11->C_Encrypt(session, octets_of("text"), 4, cipher, &cipher_len));
    OK(p11->C_DecryptInit(session, &rsa, pair.private));
    EXPECT(CKR_USER_NOT_LOGGED_IN, p11->C_Decrypt(session, cipher, cipher_len, text, &len));
    OK(p11->C_DecryptInit(session, &rsa, pair.private));
    OK(try_context_login(session, USER_PIN));
    OK(p11->C_Decrypt(session, cipher, cipher_len, text, &len));
    ck_assert_uint_eq(len, 4);
    module_stop();
}
END_TEST

START_TEST(a_context_login_needs_an_operation_that_waits)
{
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = guarded_pair(session);
    struct key_pair plain = ec_make(session, false, "plain");
    CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};

    EXPECT(CKR_OPERATION_NOT_INITIALIZED, try_context_login(session, USER_PIN));
    OK(p11->C_SignInit(session, &ecdsa, plain.private));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, try_context_login(session, USER_PIN));
    /* The operation is not affected. */
    OK(try_sign_now(session));
    OK(p11->C_SignInit(session, &sha256_rsa, pair.private));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, try_context_login(session_open(slot_of(session)), USER_PIN));
    OK(try_context_login(session, USER_PIN));
    OK(try_sign_now(session));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, try_context_login(session, USER_PIN));
    module_stop();
}
END_TEST

START_TEST(a_wrong_pin_counts_and_the_operation_waits_on)
{
    CK_SESSION_HANDLE session;
    struct key_pair pair;

    scratch_configure("pin.attempts = 3\n");
    session = client_ready();
    pair = guarded_pair(session);
    OK(p11->C_SignInit(session, &sha256_rsa, pair.private));
    EXPECT(CKR_PIN_INCORRECT, try_context_login(session, "wrong"));
    EXPECT(CKR_PIN_INCORRECT, try_context_login(session, SO_PIN));
    ck_assert_uint_ne(token_flags(slot_of(session)) & CKF_USER_PIN_FINAL_TRY, 0);
    ck_assert_uint_eq(state_of(session), CKS_RW_USER_FUNCTIONS);
    OK(try_context_login(session, USER_PIN));
    OK(try_sign_now(session));
    ck_assert_uint_eq(token_flags(slot_of(session)) & CKF_USER_PIN_COUNT_LOW, 0);
    module_stop();
}
END_TEST

START_TEST(a_locked_pin_logs_the_user_out)
{
    CK_SESSION_HANDLE session;
    struct key_pair pair;

    scratch_configure("pin.attempts = 2\n");
    session = client_ready();
    pair = guarded_pair(session);
    OK(p11->C_SignInit(session, &sha256_rsa, pair.private));
    EXPECT(CKR_PIN_INCORRECT, try_context_login(session, "wrong"));
    EXPECT(CKR_PIN_INCORRECT, try_context_login(session, "wrong"));
    EXPECT(CKR_PIN_LOCKED, try_context_login(session, USER_PIN));
    ck_assert_uint_eq(state_of(session), CKS_RW_PUBLIC_SESSION);
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_sign_now(session));
    EXPECT(CKR_PIN_LOCKED, try_login(session, CKU_USER, USER_PIN));
    module_stop();
}
END_TEST

START_TEST(only_private_objects_want_the_pin)
{
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *pkey = pkey_new("P-256");

    bag_private_key(&bag, pkey);
    bag_bool(&bag, CKA_ALWAYS_AUTHENTICATE, true);
    bag_bool(&bag, CKA_PRIVATE, false);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_object_once(session, &bag));
    bag_bool(&bag, CKA_PRIVATE, true);
    OK(try_object_once(session, &bag));
    EVP_PKEY_free(pkey);
    module_stop();
}
END_TEST

START_TEST(a_copy_wants_the_pin_too_and_it_cannot_be_taken_away)
{
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = guarded_pair(session);
    CK_OBJECT_HANDLE copy;

    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set_bool(session, pair.private, CKA_ALWAYS_AUTHENTICATE, false));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY,
           try_copy_bool(session, pair.private, CKA_ALWAYS_AUTHENTICATE, false, NULL));
    OK(p11->C_CopyObject(session, pair.private, NULL, 0, &copy));
    OK(p11->C_SignInit(session, &sha256_rsa, copy));
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_sign_now(session));
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("context");
    TCase *tcase = tcase_create("context");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, each_use_wants_the_pin);
    tcase_add_test(tcase, an_operation_in_parts_wants_it_once);
    tcase_add_test(tcase, decryption_wants_it_too);
    tcase_add_test(tcase, a_context_login_needs_an_operation_that_waits);
    tcase_add_test(tcase, a_wrong_pin_counts_and_the_operation_waits_on);
    tcase_add_test(tcase, a_locked_pin_logs_the_user_out);
    tcase_add_test(tcase, only_private_objects_want_the_pin);
    tcase_add_test(tcase, a_copy_wants_the_pin_too_and_it_cannot_be_taken_away);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
