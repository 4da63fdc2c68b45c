/* SPDX-License-Identifier: Apache-2.0 */
/* Asynchronous signatures (5.21), where libcrypto has slow ones. */
#include "integration/cryptoki/async.h"
#include "integration/support/process.h"
#include "support/main.h"

enum { SIGNATURE_MAX_LEN = 50000 };

static struct key_pair slh_dsa;

/* Whether there is SLH-DSA; the pair is made asynchronously too. */
static bool sign_start(void)
{
    CK_MECHANISM mechanism = {CKM_SLH_DSA_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public[] = {ATTR_ULONG(CKA_PARAMETER_SET, CKP_SLH_DSA_SHA2_192S),
                             ATTR_BOOL(CKA_VERIFY, true)};
    CK_ATTRIBUTE private[] = {ATTR_BOOL(CKA_SIGN, true), ATTR_BOOL(CKA_PRIVATE, true)};
    CK_MECHANISM_INFO info;
    CK_ASYNC_DATA data;

    async_start();
    if (p11->C_GetMechanismInfo(slot, CKM_SLH_DSA, &info) != CKR_OK) {
        return false;
    }
    EXPECT(CKR_PENDING, p11->C_GenerateKeyPair(session, &mechanism, TEMPLATE(public), TEMPLATE(private),
                                               &slh_dsa.public, &slh_dsa.private));
    OK(async_complete(session, "C_GenerateKeyPair", &data));
    slh_dsa = (struct key_pair){data.hObject, data.hAdditionalObject};
    return true;
}

static CK_MECHANISM signing = {CKM_SLH_DSA, NULL, 0};
static CK_BYTE signature[SIGNATURE_MAX_LEN];

static CK_RV begin_sign(const char *text, CK_ULONG room)
{
    CK_ULONG len = room;
    CK_RV rv;

    OK(p11->C_SignInit(session, &signing, slh_dsa.private));
    rv = p11->C_Sign(session, octets_of(text), strlen(text), signature, &len);
    ck_assert_uint_eq(len, rv == CKR_PENDING ? room : len);
    return rv;
}

static void expect_good(const char *text, const CK_ASYNC_DATA *data)
{
    ck_assert_ptr_eq(data->pValue, signature);
    OK(p11->C_VerifyInit(session, &signing, slh_dsa.public));
    OK(p11->C_Verify(session, octets_of(text), strlen(text), signature, data->ulValue));
}

START_TEST(a_signature_is_made)
{
    CK_ULONG len = 0;
    CK_ASYNC_DATA data;

    if (!sign_start()) {
        return;
    }
    OK(p11->C_SignInit(session, &signing, slh_dsa.private));
    OK(p11->C_Sign(session, octets_of("text"), 4, NULL, &len));
    ck_assert_uint_gt(len, 1000);
    len -= 1;
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_Sign(session, octets_of("text"), 4, signature, &len));
    EXPECT(CKR_PENDING, p11->C_Sign(session, octets_of("text"), 4, signature, &len));
    EXPECT(CKR_OPERATION_ACTIVE, p11->C_Sign(session, octets_of("text"), 4, signature, &len));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Sign(session, octets_of("text"), 4, signature, NULL));
    EXPECT(CKR_OPERATION_ACTIVE, p11->C_SignUpdate(session, octets_of("text"), 4));
    EXPECT(CKR_OPERATION_ACTIVE, p11->C_SignFinal(session, signature, &len));
    EXPECT(CKR_OPERATION_ACTIVE, p11->C_SignInit(session, &signing, slh_dsa.private));
    EXPECT(CKR_STATE_UNSAVEABLE, p11->C_GetOperationState(session, NULL, &len));
    EXPECT(CKR_STATE_UNSAVEABLE, p11->C_AsyncGetID(session, octets_of("C_Sign"), &len));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_AsyncComplete(session, octets_of("C_SignFinal"), &data));
    OK(async_complete(session, "C_Sign", &data));
    expect_good("text", &data);
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_AsyncComplete(session, octets_of("C_Sign"), &data));
    EXPECT(CKR_PENDING, begin_sign("again", sizeof(signature)));
    OK(async_complete(session, "C_Sign", &data));
    expect_good("again", &data);
}
END_TEST

START_TEST(a_signature_of_parts_is_made)
{
    CK_ULONG len = sizeof(signature);
    CK_ASYNC_DATA data;

    if (!sign_start()) {
        return;
    }
    OK(p11->C_SignInit(session, &signing, slh_dsa.private));
    OK(p11->C_SignUpdate(session, octets_of("first"), 5));
    OK(p11->C_SignUpdate(session, octets_of("second"), 6));
    EXPECT(CKR_PENDING, p11->C_SignFinal(session, signature, &len));
    OK(async_complete(session, "C_SignFinal", &data));
    expect_good("firstsecond", &data);
}
END_TEST

START_TEST(a_signature_and_a_pair_are_pending_together)
{
    CK_ASYNC_DATA data;

    if (!sign_start()) {
        return;
    }
    EXPECT(CKR_PENDING, begin_sign("text", sizeof(signature)));
    begin_pair(QUICK_BITS);
    OK(async_complete(session, "C_Sign", &data));
    expect_good("text", &data);
    OK(async_complete(session, "C_GenerateKeyPair", &data));
}
END_TEST

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

static void logout(void)
{
    OK(p11->C_Logout(session));
}

static void cancel(void)
{
    OK(p11->C_SessionCancel(session, CKF_SIGN));
}

static void cancel_by_init(void)
{
    OK(p11->C_SignInit(session, NULL, 0));
}

static void destroy(void)
{
    OK(p11->C_DestroyObject(session, slh_dsa.private));
}

static const struct {
    void (*act)(void);
    CK_RV rv;
    bool gives_address;
} signature_ends[] = {
    {logout, CKR_USER_NOT_LOGGED_IN, true},
    {cancel, CKR_OPERATION_NOT_INITIALIZED, false},
    {cancel_by_init, CKR_OPERATION_NOT_INITIALIZED, false},
    {destroy, CKR_OK, true}, /* an operation keeps the key that it was begun with */
    {close_session, CKR_SESSION_HANDLE_INVALID, false},
    {close_all, CKR_SESSION_HANDLE_INVALID, false},
    {finalize, CKR_CRYPTOKI_NOT_INITIALIZED, false},
};

START_TEST(a_signature_is_given_up)
{
    CK_ASYNC_DATA data;
    CK_BYTE untouched[64];

    if (!sign_start()) {
        return;
    }
    memset(signature, 0x5a, sizeof(signature));
    memset(untouched, 0x5a, sizeof(untouched));
    EXPECT(CKR_PENDING, begin_sign("text", sizeof(signature)));
    signature_ends[_i].act();
    EXPECT(signature_ends[_i].rv, async_complete(session, "C_Sign", &data));
    ck_assert_int_eq(data.pValue == signature, signature_ends[_i].gives_address);
    if (signature_ends[_i].rv != CKR_OK) {
        sleep_ms(100);
        ck_assert_mem_eq(signature, untouched, sizeof(untouched));
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("async_sign");
    TCase *tcase = tcase_create("async_sign");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_test(tcase, a_signature_is_made);
    tcase_add_test(tcase, a_signature_of_parts_is_made);
    tcase_add_test(tcase, a_signature_and_a_pair_are_pending_together);
    tcase_add_loop_test(tcase, a_signature_is_given_up, 0, (int)COUNT(signature_ends));
    suite_add_tcase(made, tcase);
    return made;
}

TEST_MAIN(suite)
