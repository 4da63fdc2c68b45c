/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results that were changed on the way, and data of a length that a mechanism does not take: which code, and
 * that it ends the operation.
 */
#include "integration/cryptoki/subject.h"
#include "support/main.h"

static CK_SESSION_HANDLE session;
static struct octets made;
static struct octets out;

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

static size_t middle_length(const struct subject *subject)
{
    size_t lengths[SUBJECT_LENGTHS_MAX];
    size_t count = subject_lengths(subject, lengths);

    return lengths[count / 2];
}

/* --- Signatures --- */

static void expect_refused(struct subject *subject, CK_RV wanted, struct cfr_span data,
                           struct cfr_span signature, const char *what)
{
    struct operation verify = subject_op(subject, CKF_VERIFY, data.len);
    CK_RV rv = run_verify(&verify, data, signature);

    ck_assert_msg(rv == wanted, "%s: %s: %s, not %s", subject->name, what, rv_text(rv), rv_text(wanted));
    expect_idle(&verify, what);
    if (subject->row->in_parts) {
        rv = run_verify_parts(&verify, data, 7, signature);
        ck_assert_msg(rv == wanted, "%s: %s, in parts: %s", subject->name, what, rv_text(rv));
        expect_idle(&verify, what);
    }
}

static void check_signature(struct subject *subject)
{
    struct cfr_span data = subject_data(subject, middle_length(subject));
    static struct octets other;

    reference_sign(subject, data, &made);
    for (size_t at = 0; at < made.len; at += made.len / 5 + 1) {
        made.at[at] ^= 0x04;
        expect_refused(subject, CKR_SIGNATURE_INVALID, data, octets_view(&made), "a changed signature");
        made.at[at] ^= 0x04;
    }
    made.at[made.len - 1] ^= 0x80;
    expect_refused(subject, CKR_SIGNATURE_INVALID, data, octets_view(&made), "its last bit changed");
    made.at[made.len - 1] ^= 0x80;
    other.len = data.len;
    memcpy(other.at, data.ptr, data.len);
    other.at[data.len - 1] ^= 0x01;
    expect_refused(subject, CKR_SIGNATURE_INVALID, octets_view(&other), octets_view(&made), "changed data");
}

static void check_signature_len(struct subject *subject)
{
    struct cfr_span data = subject_data(subject, middle_length(subject));

    reference_sign(subject, data, &made);
    expect_refused(subject, CKR_SIGNATURE_LEN_RANGE, data, cfr_span_of(made.at, made.len - 1),
                   "a short signature");
    made.at[made.len] = 0;
    expect_refused(subject, CKR_SIGNATURE_LEN_RANGE, data, cfr_span_of(made.at, made.len + 1),
                   "a long signature");
    expect_refused(subject, CKR_SIGNATURE_LEN_RANGE, data, cfr_span_of(made.at, 0), "an empty signature");
}

START_TEST(signature_invalid)
{
    subject_each(session, (enum family)_i, CKF_VERIFY, check_signature);
}
END_TEST

START_TEST(signature_len_range)
{
    subject_each(session, (enum family)_i, CKF_VERIFY, check_signature_len);
}
END_TEST

/* --- Ciphertexts that authenticate themselves --- */

static void expect_undecryptable(struct subject *subject, size_t data_len, struct cfr_span coded,
                                 CK_RV wanted, const char *what)
{
    struct operation decrypt = subject_op(subject, CKF_DECRYPT, data_len);
    CK_RV rv = run_once(&decrypt, coded, &out);

    ck_assert_msg(rv == wanted, "%s: %s of %zu: %s, not %s", subject->name, what, coded.len, rv_text(rv),
                  rv_text(wanted));
    expect_idle(&decrypt, what);
    if (subject->row->in_parts) {
        rv = run_parts(&decrypt, coded, 7, &out);
        ck_assert_msg(rv == wanted, "%s: %s of %zu in parts: %s", subject->name, what, coded.len,
                      rv_text(rv));
        ck_assert_msg(out.len == 0 || subject->row->family == FAMILY_CBC_PAD ||
                          wanted != CKR_ENCRYPTED_DATA_INVALID,
                      "%s gave out what is not authentic", subject->name);
        expect_idle(&decrypt, what);
    }
}

static void check_authentic(struct subject *subject)
{
    struct cfr_span data = subject_data(subject, middle_length(subject));

    (void)subject_op(subject, CKF_ENCRYPT, data.len);
    reference_encrypt(subject, data, &made);
    for (size_t at = 0; at < made.len; at += made.len / 7 + 1) {
        made.at[at] ^= 0x20;
        expect_undecryptable(subject, data.len, octets_view(&made), CKR_ENCRYPTED_DATA_INVALID,
                             "changed ciphertext");
        made.at[at] ^= 0x20;
    }
}

/* So does a change of what is authenticated only. */
static void check_associated(struct subject *subject)
{
    struct cfr_span data = subject_data(subject, middle_length(subject));

    (void)subject_op(subject, CKF_ENCRYPT, data.len);
    reference_encrypt(subject, data, &made);
    subject->aad[0] ^= 1;
    if (subject->row->family != FAMILY_RSA_OAEP || subject->params.oaep.ulSourceDataLen != 0) {
        expect_undecryptable(subject, data.len, octets_view(&made), CKR_ENCRYPTED_DATA_INVALID,
                             "another label or AAD");
    }
    subject->aad[0] ^= 1;
    subject->iv[0] ^= 1;
    if (subject->row->family != FAMILY_RSA_OAEP) {
        expect_undecryptable(subject, data.len, octets_view(&made), CKR_ENCRYPTED_DATA_INVALID,
                             "another nonce");
    }
    subject->iv[0] ^= 1;
}

START_TEST(encrypted_data_invalid)
{
    static const enum family families[] = {FAMILY_GCM, FAMILY_CCM,      FAMILY_KW,
                                           FAMILY_KWP, FAMILY_RSA_OAEP, FAMILY_CHACHA20_POLY1305};

    subject_each(session, families[_i], CKF_DECRYPT, check_authentic);
    if (families[_i] != FAMILY_KW && families[_i] != FAMILY_KWP) {
        subject_each(session, families[_i], CKF_DECRYPT, check_associated);
    }
}
END_TEST

/* PKCS #1 v1.5 padding tells nothing: what is wrong gives octets, the same each time. */
static void check_implicit_rejection(struct subject *subject)
{
    struct cfr_span data = subject_data(subject, 20);
    struct operation decrypt = subject_op(subject, CKF_DECRYPT, 20);
    static struct octets first;

    reference_encrypt(subject, data, &made);
    made.at[made.len / 2] ^= 1;
    OK(run_once(&decrypt, octets_view(&made), &first));
    OK(run_once(&decrypt, octets_view(&made), &out));
    expect_octets(octets_view(&out), octets_view(&first), "a synthetic message");
    ck_assert(!cfr_span_equal(octets_view(&out), data));
}

START_TEST(rsa_v15_is_rejected_implicitly)
{
    subject_each(session, FAMILY_RSA_V15, CKF_DECRYPT, check_implicit_rejection);
}
END_TEST

/* --- Lengths --- */

/* k stands for the modulus' length, which is added to the number after it. */
enum { K = 100000 };

static const struct {
    enum family family;
    CK_FLAGS function;
    size_t lengths[5]; /* up to 0 after the first */
    CK_RV wanted;
} length_rules[] = {
    {FAMILY_ECB, CKF_ENCRYPT, {1, 15, 17, 4095}, CKR_DATA_LEN_RANGE},
    {FAMILY_ECB, CKF_DECRYPT, {1, 15, 17, 4095}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_CBC, CKF_ENCRYPT, {1, 15, 17, 4095}, CKR_DATA_LEN_RANGE},
    {FAMILY_CBC, CKF_DECRYPT, {1, 15, 17, 4095}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_CBC_PAD, CKF_DECRYPT, {0, 1, 15, 17, 4095}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_XTS, CKF_ENCRYPT, {0, 1, 15}, CKR_DATA_LEN_RANGE},
    {FAMILY_XTS, CKF_DECRYPT, {0, 1, 15}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_CTS, CKF_ENCRYPT, {0, 1, 15}, CKR_DATA_LEN_RANGE},
    {FAMILY_CTS, CKF_DECRYPT, {0, 1, 15}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_CHACHA20_POLY1305, CKF_DECRYPT, {0, 1, 15}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_GCM, CKF_DECRYPT, {0, 1, 11}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_CCM, CKF_ENCRYPT, {0, 1, 15, 17}, CKR_DATA_LEN_RANGE},
    {FAMILY_CCM, CKF_DECRYPT, {0, 1, 3, 33}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_KW, CKF_ENCRYPT, {0, 7, 8, 17, 20}, CKR_DATA_LEN_RANGE},
    {FAMILY_KW, CKF_DECRYPT, {0, 8, 16, 23, 25}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_KWP, CKF_ENCRYPT, {0}, CKR_DATA_LEN_RANGE},
    {FAMILY_KWP, CKF_DECRYPT, {0, 8, 15, 17, 25}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_RSA_V15, CKF_ENCRYPT, {K - 10, K, K + 1}, CKR_DATA_LEN_RANGE},
    {FAMILY_RSA_V15, CKF_DECRYPT, {0, 1, K - 1, K + 1}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_RSA_V15, CKF_SIGN, {K - 10, K, K + 1}, CKR_DATA_LEN_RANGE},
    {FAMILY_RSA_RAW, CKF_ENCRYPT, {K + 1, K + 100}, CKR_DATA_LEN_RANGE},
    {FAMILY_RSA_RAW, CKF_DECRYPT, {0, 1, K - 1, K + 1}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_RSA_RAW, CKF_SIGN, {K + 1, K + 100}, CKR_DATA_LEN_RANGE},
    {FAMILY_RSA_OAEP, CKF_ENCRYPT, {K - 65, K, K + 1}, CKR_DATA_LEN_RANGE},
    {FAMILY_RSA_OAEP, CKF_DECRYPT, {0, 1, K - 1, K + 1}, CKR_ENCRYPTED_DATA_LEN_RANGE},
    {FAMILY_RSA_PSS, CKF_SIGN, {0, 31, 33, K}, CKR_DATA_LEN_RANGE},
};

static size_t rule; /* for the check that is a callback */

static void check_length(struct subject *subject)
{
    CK_FLAGS function = length_rules[rule].function;
    struct operation op = subject_op(subject, function, 16);
    size_t modulus = subject->pkey == NULL ? 0 : (size_t)EVP_PKEY_get_size(subject->pkey);

    if (subject->row->hash != NULL) {
        return;
    }
    for (size_t i = 0; i < 5 && (i == 0 || length_rules[rule].lengths[i] != 0); i++) {
        size_t len = length_rules[rule].lengths[i];
        CK_RV rv;

        len = len > K / 2 ? len - K + modulus : len;
        rv = run_once(&op, pattern(len), &out);
        ck_assert_msg(rv == length_rules[rule].wanted, "%s: %s of %zu: %s, not %s", subject->name,
                      op_name(function), len, rv_text(rv), rv_text(length_rules[rule].wanted));
        expect_idle(&op, "a wrong length");
        if (subject->row->in_parts) {
            rv = run_parts(&op, pattern(len), 7, &out);
            ck_assert_msg(rv == length_rules[rule].wanted, "%s: %s of %zu in parts: %s, not %s",
                          subject->name, op_name(function), len, rv_text(rv),
                          rv_text(length_rules[rule].wanted));
            expect_idle(&op, "a wrong length in parts");
        }
    }
}

START_TEST(data_len_range)
{
    rule = (size_t)_i;
    subject_each(session, length_rules[rule].family, length_rules[rule].function, check_length);
}
END_TEST

/* --- Numbers that are not below the modulus --- */

static void check_too_great(struct subject *subject)
{
    struct operation encrypt = subject_op(subject, CKF_ENCRYPT, 0);
    struct operation decrypt = subject_op(subject, CKF_DECRYPT, 0);
    struct operation sign = subject_op(subject, CKF_SIGN, 0);

    made.len = (CK_ULONG)EVP_PKEY_get_size(subject->pkey);
    memset(made.at, 0xff, made.len);
    EXPECT(CKR_ENCRYPTED_DATA_INVALID, run_once(&decrypt, octets_view(&made), &out));
    if (subject->row->family == FAMILY_RSA_RAW) {
        EXPECT(CKR_DATA_INVALID, run_once(&encrypt, octets_view(&made), &out));
        EXPECT(CKR_DATA_INVALID, run_once(&sign, octets_view(&made), &out));
    }
}

START_TEST(not_below_the_modulus)
{
    subject_each(session, FAMILY_RSA_RAW, CKF_DECRYPT, check_too_great);
    subject_each(session, FAMILY_RSA_OAEP, CKF_DECRYPT, check_too_great);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("op_results");
    TCase *tcase = tcase_create("results");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, signature_invalid, FAMILY_HMAC, FAMILY_EDDSA + 1);
    tcase_add_loop_test(tcase, signature_len_range, FAMILY_HMAC, FAMILY_EDDSA + 1);
    tcase_add_loop_test(tcase, encrypted_data_invalid, 0, 6);
    tcase_add_test(tcase, rsa_v15_is_rejected_implicitly);
    tcase_add_loop_test(tcase, data_len_range, 0, COUNT(length_rules));
    tcase_add_test(tcase, not_below_the_modulus);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
