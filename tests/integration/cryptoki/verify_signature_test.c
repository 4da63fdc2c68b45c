/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C_VerifySignature (5.15.7 to 5.15.10): "any mechanism that supports C_VerifyInit must also support
 * C_VerifySignatureInit", over signatures that libcrypto makes.
 */
#include "integration/cryptoki/subject.h"
#include "support/main.h"

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

static CK_RV begin(const struct operation *op, struct cfr_span signature)
{
    CK_MECHANISM mechanism = op->mechanism;

    return p11->C_VerifySignatureInit(session, &mechanism, op->key, UNCONST(signature.ptr), signature.len);
}

static CK_RV whole(struct cfr_span data)
{
    return p11->C_VerifySignature(session, UNCONST(data.ptr), data.len);
}

static CK_RV update(struct cfr_span data)
{
    return p11->C_VerifySignatureUpdate(session, UNCONST(data.ptr), data.len);
}

static CK_RV run_whole(const struct operation *op, struct cfr_span data, struct cfr_span signature)
{
    CK_RV rv = begin(op, signature);

    return rv == CKR_OK ? whole(data) : rv;
}

static CK_RV run_split(const struct operation *op, struct cfr_span data, struct cfr_span signature)
{
    size_t half = data.len / 2;
    CK_RV rv = begin(op, signature);

    rv = rv == CKR_OK ? update(cfr_span_of(data.ptr, half)) : rv;
    rv = rv == CKR_OK ? update(cfr_span_of(data.ptr + half, data.len - half)) : rv;
    return rv == CKR_OK ? p11->C_VerifySignatureFinal(session) : rv;
}

static void expect_none(void)
{
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, whole(pattern(1)));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, update(pattern(1)));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_VerifySignatureFinal(session));
}

/* The code that C_Verify gives for the same, and here. */
static void expect_same(struct subject *subject, struct cfr_span data, struct cfr_span signature)
{
    struct operation op = subject_op(subject, CKF_VERIFY, data.len);
    CK_RV wanted = run_verify(&op, data, signature);
    CK_RV rv = run_whole(&op, data, signature);

    ck_assert_msg(rv == wanted, "%s: %s, C_Verify %s", subject->name, rv_text(rv), rv_text(wanted));
    expect_none();
    if (subject->row->in_parts) {
        rv = run_split(&op, data, signature);
        ck_assert_msg(rv == wanted, "%s in parts: %s, C_Verify %s", subject->name, rv_text(rv),
                      rv_text(wanted));
        expect_none();
    }
}

static void try_subject(struct subject *subject)
{
    size_t lengths[SUBJECT_LENGTHS_MAX];
    size_t count = subject_lengths(subject, lengths);
    struct cfr_span data = subject_data(subject, lengths[count - 1]);
    struct operation op = subject_op(subject, CKF_VERIFY, data.len);

    reference_sign(subject, data, &made);
    OK(run_whole(&op, data, octets_view(&made)));
    if (subject->row->in_parts) {
        OK(run_split(&op, data, octets_view(&made)));
    } else {
        OK(begin(&op, octets_view(&made)));
        EXPECT(CKR_OPERATION_NOT_INITIALIZED, update(data));
        expect_none();
    }
    expect_same(subject, cfr_span_of(data.ptr, lengths[0]), octets_view(&made));
    made.at[made.len / 2] ^= 1;
    expect_same(subject, data, octets_view(&made));
    expect_same(subject, data, cfr_span_of(made.at, made.len - 1));
    expect_same(subject, data, cfr_span_of(NULL, 0));
}

START_TEST(every_mechanism_that_verifies)
{
    static struct subject subject;
    size_t tried = 0;

    for (size_t i = 0; i < MECHANISM_COUNT; i++) {
        const struct mechanism_row *row = mechanism_row(i);

        if ((row->functions & CKF_VERIFY) != 0 && subject_count(row) != 0) {
            subject_make(&subject, session, row, 0);
            try_subject(&subject);
            subject_drop(&subject);
            tried++;
        }
    }
    ck_assert_uint_gt(tried, 40);
}
END_TEST

static struct operation hmac(void)
{
    CK_OBJECT_HANDLE key = secret_make(session, CKK_GENERIC_SECRET, pattern(32).ptr, 32);

    return (struct operation){session, CKF_VERIFY, MECHANISM(CKM_SHA256_HMAC), key};
}

/* @p op's MAC of a message, made by C_Sign. */
static struct cfr_span mac_of(struct operation op, struct cfr_span data)
{
    op.function = CKF_SIGN;
    OK(run_once(&op, data, &made));
    return octets_view(&made);
}

/* The signature is the module's own from Init on. */
START_TEST(the_signature_is_copied)
{
    struct operation op = hmac();
    struct cfr_span mac = mac_of(op, pattern(50));

    OK(begin(&op, mac));
    memset(made.at, 0, sizeof(made.at));
    OK(whole(pattern(50)));
}
END_TEST

/* C_Verify and C_VerifySignature do not end each other's operations. */
START_TEST(beside_c_verify)
{
    struct operation op = hmac();
    struct cfr_span mac = mac_of(op, pattern(50));

    OK(begin(&op, mac));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, op_verify(&op, pattern(50), mac));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, op_verify_final(&op, mac));
    OK(op_init(&op));
    OK(update(pattern(50)));
    OK(op_verify(&op, pattern(50), mac));
    OK(p11->C_VerifySignatureFinal(session));
    expect_none();
}
END_TEST

START_TEST(the_life_of_the_operation)
{
    struct operation op = hmac();
    struct cfr_span mac = mac_of(op, pattern(50));

    expect_none();
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_VerifySignatureInit(session, NULL, 0, NULL, 0));
    OK(begin(&op, mac));
    EXPECT(CKR_OPERATION_ACTIVE, begin(&op, mac));
    OK(p11->C_VerifySignatureInit(session, NULL, 0, NULL, 0));
    expect_none();
    OK(begin(&op, mac));
    OK(p11->C_SessionCancel(session, CKF_VERIFY));
    expect_none();
    OK(begin(&op, mac));
    OK(update(pattern(1)));
    EXPECT(CKR_OPERATION_ACTIVE, whole(pattern(50)));
    expect_none();
    EXPECT(CKR_ARGUMENTS_BAD, begin(&op, cfr_span_of(NULL, 32)));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, begin(&op, cfr_span_of(mac.ptr, ~(size_t)0)));
    expect_none();
    OK(begin(&op, mac));
    EXPECT(CKR_ARGUMENTS_BAD, whole(cfr_span_of(NULL, 50)));
    expect_none();
    OK(begin(&op, mac));
    EXPECT(CKR_ARGUMENTS_BAD, update(cfr_span_of(NULL, 50)));
    expect_none();
    /* An Init that fails begins nothing. */
    op.key = CK_INVALID_HANDLE;
    EXPECT(CKR_KEY_HANDLE_INVALID, begin(&op, mac));
    op.mechanism.mechanism = CKM_AES_CBC;
    EXPECT(CKR_MECHANISM_INVALID, begin(&op, mac));
    expect_none();
}
END_TEST

START_TEST(cka_verify_is_wanted)
{
    struct operation op = hmac();
    struct cfr_span mac = mac_of(op, pattern(50));

    OK(try_set_bool(session, op.key, CKA_VERIFY, false));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, begin(&op, mac));
}
END_TEST

/* A saved state has the signature in it. */
START_TEST(saved_and_restored)
{
    CK_SESSION_HANDLE first = session;
    CK_SESSION_HANDLE other = session_open(slot_of(session));
    struct operation op = hmac();
    struct cfr_span mac = mac_of(op, pattern(50));
    CK_BYTE state[256];
    CK_ULONG len = sizeof(state);

    OK(begin(&op, mac));
    OK(update(pattern(30)));
    OK(p11->C_GetOperationState(session, state, &len));
    OK(update(pattern(50)));
    EXPECT(CKR_SIGNATURE_INVALID, p11->C_VerifySignatureFinal(session));
    memset(made.at, 0, sizeof(made.at));
    EXPECT(CKR_KEY_NOT_NEEDED, p11->C_SetOperationState(other, state, len, op.key, 0));
    EXPECT(CKR_KEY_CHANGED, p11->C_SetOperationState(other, state, len, 0, op.key + 1));
    for (int i = 0; i < 2; i++) {
        session = other;
        OK(p11->C_SetOperationState(other, state, len, 0, op.key));
        OK(update(cfr_span_after(pattern(50), 30)));
        OK(p11->C_VerifySignatureFinal(session));
        expect_none();
    }
    session = first;
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("verify_signature");
    TCase *tcase = tcase_create("verify_signature");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, every_mechanism_that_verifies);
    tcase_add_test(tcase, the_signature_is_copied);
    tcase_add_test(tcase, beside_c_verify);
    tcase_add_test(tcase, the_life_of_the_operation);
    tcase_add_test(tcase, cka_verify_is_wanted);
    tcase_add_test(tcase, saved_and_restored);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
