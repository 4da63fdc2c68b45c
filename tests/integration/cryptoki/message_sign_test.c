/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every mechanism that signs, message by message (PKCS #11 5.14, 5.16): many messages of all lengths within one
 * run, whole and in parts, against libcrypto in both directions.
 */
#include "integration/cryptoki/messages.h"
#include "integration/cryptoki/subject.h"
#include "support/main.h"

static const size_t chunks[] = {7, 64, 4096};

static CK_SESSION_HANDLE session;
static struct octets made;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

static void init(struct subject *subject, CK_FLAGS function)
{
    struct operation op = subject_op(subject, function, 16);

    OK(messages_init(session, function, op.mechanism, op.key));
}

static CK_RV sign(struct cfr_span data)
{
    CK_ULONG len = 0;

    OK(p11->C_SignMessage(session, NULL, 0, UNCONST(data.ptr), data.len, NULL, &len));
    ck_assert_uint_gt(len, 0);
    made.len = len - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL,
           p11->C_SignMessage(session, NULL, 0, UNCONST(data.ptr), data.len, made.at, &made.len));
    ck_assert_uint_eq(made.len, len);
    return p11->C_SignMessage(session, NULL, 0, UNCONST(data.ptr), data.len, made.at, &made.len);
}

static CK_RV sign_parts(struct cfr_span data, size_t chunk)
{
    CK_ULONG len = 0;

    OK(p11->C_SignMessageBegin(session, NULL, 0));
    for (; data.len > chunk; data = cfr_span_after(data, chunk)) {
        OK(p11->C_SignMessageNext(session, NULL, 0, UNCONST(data.ptr), chunk, NULL, NULL));
    }
    OK(p11->C_SignMessageNext(session, NULL, 0, UNCONST(data.ptr), data.len, NULL, &len));
    made.len = len - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL,
           p11->C_SignMessageNext(session, NULL, 0, UNCONST(data.ptr), data.len, made.at, &made.len));
    return p11->C_SignMessageNext(session, NULL, 0, UNCONST(data.ptr), data.len, made.at, &made.len);
}

static CK_RV verify(struct cfr_span data, struct cfr_span signature)
{
    return p11->C_VerifyMessage(session, NULL, 0, UNCONST(data.ptr), data.len, UNCONST(signature.ptr),
                                signature.len);
}

static CK_RV verify_parts(struct cfr_span data, size_t chunk, struct cfr_span signature)
{
    OK(p11->C_VerifyMessageBegin(session, NULL, 0));
    for (; data.len > chunk; data = cfr_span_after(data, chunk)) {
        OK(p11->C_VerifyMessageNext(session, NULL, 0, UNCONST(data.ptr), chunk, NULL, 0));
    }
    return p11->C_VerifyMessageNext(session, NULL, 0, UNCONST(data.ptr), data.len, UNCONST(signature.ptr),
                                    signature.len);
}

static void check_whole(struct subject *subject, struct cfr_span data)
{
    OK(sign(data));
    ck_assert_msg(reference_verify(subject, data, octets_view(&made)), "%s: libcrypto verifies %zu",
                  subject->name, data.len);
    reference_sign(subject, data, &made);
    OK(verify(data, octets_view(&made)));
    made.at[made.len - 1] ^= 1;
    EXPECT(CKR_SIGNATURE_INVALID, verify(data, octets_view(&made)));
    made.at[made.len - 1] ^= 1;
    EXPECT(CKR_SIGNATURE_LEN_RANGE, verify(data, cfr_span_of(made.at, made.len - 1)));
    OK(verify(data, octets_view(&made)));
}

static void check_parts(struct subject *subject, struct cfr_span data)
{
    for (size_t i = 0; i < COUNT(chunks) && data.len / chunks[i] < 300; i++) {
        OK(sign_parts(data, chunks[i]));
        ck_assert_msg(reference_verify(subject, data, octets_view(&made)), "%s: %zu in parts of %zu",
                      subject->name, data.len, chunks[i]);
        OK(verify_parts(data, chunks[i], octets_view(&made)));
        made.at[0] ^= 0x20;
        EXPECT(CKR_SIGNATURE_INVALID, verify_parts(data, chunks[i], octets_view(&made)));
        EXPECT(CKR_SIGNATURE_LEN_RANGE, verify_parts(data, chunks[i], cfr_span_of(made.at, made.len - 1)));
    }
}

static void check_no_parts(void)
{
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignMessageBegin(session, NULL, 0));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyMessageBegin(session, NULL, 0));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED,
           p11->C_SignMessageNext(session, NULL, 0, made.at, 1, made.at, &made.len));
}

static void check_flags(const struct subject *subject)
{
    static const CK_FLAGS flags =
        CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE;
    CK_MECHANISM_INFO info;

    OK(p11->C_GetMechanismInfo(slot_of(session), subject->row->type, &info));
    ck_assert_uint_eq(info.flags & flags, CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY |
                                              (subject->row->in_parts ? CKF_MULTI_MESSAGE : 0));
}

/* All messages in one run: whatever one leaves behind would be seen in the next. */
static void check_run(struct subject *subject)
{
    size_t lengths[SUBJECT_LENGTHS_MAX];
    size_t count = subject_lengths(subject, lengths);

    check_flags(subject);
    init(subject, CKF_SIGN);
    init(subject, CKF_VERIFY);
    for (size_t i = 0; i < count; i++) {
        struct cfr_span data = subject_data(subject, lengths[i]);

        check_whole(subject, data);
        if (subject->row->in_parts) {
            check_parts(subject, data);
        }
    }
    if (!subject->row->in_parts) {
        check_no_parts();
        OK(sign(subject_data(subject, lengths[0])));
    }
    OK(messages_final(session, CKF_SIGN));
    OK(messages_final(session, CKF_VERIFY));
}

static const enum family families[] = {FAMILY_HMAC,    FAMILY_TLS_MAC, FAMILY_CMAC,  FAMILY_RSA_V15,
                                       FAMILY_RSA_RAW, FAMILY_RSA_PSS, FAMILY_ECDSA, FAMILY_EDDSA};

START_TEST(agrees_with_libcrypto)
{
    subject_each(session, families[_i], 0, check_run);
}
END_TEST

/* A second message under the nonce of the first would give the key away. */
static void check_refused(struct subject *subject)
{
    struct operation op = subject_op(subject, CKF_SIGN, 16);
    CK_MECHANISM_INFO info;

    EXPECT(CKR_MECHANISM_INVALID, messages_init(session, CKF_SIGN, op.mechanism, op.key));
    EXPECT(CKR_MECHANISM_INVALID, messages_init(session, CKF_VERIFY, op.mechanism, op.key));
    OK(p11->C_GetMechanismInfo(slot_of(session), subject->row->type, &info));
    ck_assert_uint_eq(info.flags & (CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE), 0);
}

START_TEST(gmac_is_good_for_one_message)
{
    subject_each(session, FAMILY_GMAC, 0, check_refused);
}
END_TEST

/* --- Arguments --- */

/* A signature may lie over what it signs. */
START_TEST(a_signature_may_lie_over_its_data)
{
    CK_BYTE value[32] = {1};
    CK_MECHANISM hmac = MECHANISM(CKM_SHA256_HMAC);
    CK_OBJECT_HANDLE key = secret_make(session, CKK_GENERIC_SECRET, value, sizeof(value));
    CK_BYTE text[64];
    CK_BYTE apart[32];
    CK_ULONG len = sizeof(apart);

    OK(messages_init(session, CKF_SIGN, hmac, key));
    OK(messages_init(session, CKF_VERIFY, hmac, key));
    OK(p11->C_SignMessage(session, NULL, 0, UNCONST(pattern(64).ptr), 64, apart, &len));
    for (size_t at = 0; at <= 32; at += 16) {
        cfr_copy(text, pattern(64).ptr, sizeof(text));
        OK(p11->C_SignMessage(session, NULL, 0, text, 64, text + at, &len));
        expect_octets(cfr_span_of(text + at, len), cfr_span_of(apart, 32), "a signature at %zu", at);
        cfr_copy(text, pattern(64).ptr, sizeof(text));
        OK(p11->C_SignMessageBegin(session, NULL, 0));
        OK(p11->C_SignMessageNext(session, NULL, 0, text, 64, text + at, &len));
        expect_octets(cfr_span_of(text + at, len), cfr_span_of(apart, 32), "the end of parts at %zu", at);
        EXPECT(CKR_SIGNATURE_INVALID, p11->C_VerifyMessage(session, NULL, 0, text, 64, text + at, len));
    }
}
END_TEST

START_TEST(arguments)
{
    CK_BYTE value[32] = {1};
    CK_MECHANISM hmac = MECHANISM(CKM_SHA256_HMAC);
    CK_OBJECT_HANDLE key = secret_make(session, CKK_GENERIC_SECRET, value, sizeof(value));
    CK_ULONG len = sizeof(made.at);

    OK(messages_init(session, CKF_SIGN, hmac, key));
    OK(messages_init(session, CKF_VERIFY, hmac, key));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SignMessage(session, NULL, 0, value, 1, made.at, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SignMessage(session, NULL, 0, NULL, 1, made.at, &len));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SignMessage(session, NULL, 0, value, SIZE_MAX, made.at, &len));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_SignMessage(session, value, 1, value, 1, made.at, &len));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_SignMessageBegin(session, value, 1));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_VerifyMessageBegin(session, NULL, 1));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_VerifyMessage(session, NULL, 0, value, 1, NULL, 32));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, p11->C_VerifyMessage(session, NULL, 0, value, 1, NULL, 0));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, p11->C_VerifyMessage(session, NULL, 0, value, 1, made.at, SIZE_MAX));
    OK(p11->C_SignMessageBegin(session, NULL, 0));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SignMessageNext(session, NULL, 0, NULL, 1, NULL, NULL));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignMessageNext(session, NULL, 0, value, 1, NULL, NULL));
    OK(p11->C_VerifyMessageBegin(session, NULL, 0));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_VerifyMessageNext(session, value, 2, value, 1, NULL, 0));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifyMessageNext(session, NULL, 0, value, 1, NULL, 0));
    OK(sign(pattern(40)));
    OK(verify(pattern(40), octets_view(&made)));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("message_sign");
    TCase *tcase = tcase_create("messages");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, agrees_with_libcrypto, 0, COUNT(families));
    tcase_add_test(tcase, gmac_is_good_for_one_message);
    tcase_add_test(tcase, a_signature_may_lie_over_its_data);
    tcase_add_test(tcase, arguments);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
