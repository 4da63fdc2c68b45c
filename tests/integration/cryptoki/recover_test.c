/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures that their data are recovered from (5.13.6, 5.15.5): against published signatures, and against
 * what libcrypto recovers.
 */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"
#include "support/vectors.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

enum { MODULUS_LEN = 256 };

static CK_SESSION_HANDLE session;
static struct key_pair pair;
static EVP_PKEY *pkey;
static CK_MECHANISM v15 = {CKM_RSA_PKCS, NULL, 0};
static CK_MECHANISM raw = {CKM_RSA_X_509, NULL, 0};
static struct octets signature;
static struct octets data;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
    pkey = pkey_rsa("rsa2048_1");
    pair = (struct key_pair){public_make(session, pkey), private_make(session, pkey)};
}

static void tear_down(void)
{
    EVP_PKEY_free(pkey);
    module_stop();
    scratch_teardown();
}

static CK_RV sign_now(struct cfr_span in)
{
    signature.len = sizeof(signature.at);
    return p11->C_SignRecover(session, UNCONST(in.ptr), in.len, signature.at, &signature.len);
}

static CK_RV sign(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, struct cfr_span in)
{
    CK_RV rv = p11->C_SignRecoverInit(session, mechanism, key);

    return rv == CKR_OK ? sign_now(in) : rv;
}

static CK_RV recover_now(struct cfr_span from)
{
    data.len = sizeof(data.at);
    return p11->C_VerifyRecover(session, UNCONST(from.ptr), from.len, data.at, &data.len);
}

static CK_RV recover(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, struct cfr_span from)
{
    CK_RV rv = p11->C_VerifyRecoverInit(session, mechanism, key);

    return rv == CKR_OK ? recover_now(from) : rv;
}

static struct cfr_span signed_octets(void)
{
    return octets_view(&signature);
}

static void expect_sign_idle(void)
{
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, sign_now(pattern(16)));
}

static void expect_recover_idle(void)
{
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, recover_now(pattern(16)));
}

static bool recover_by(EVP_PKEY *key, int padding, struct cfr_span from, struct octets *ret)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    size_t len = sizeof(ret->at);
    bool ok;

    ck_assert_ptr_nonnull(ctx);
    ck_assert_int_eq(EVP_PKEY_verify_recover_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
    ok = EVP_PKEY_verify_recover(ctx, ret->at, &len, from.ptr, from.len) == 1;
    ret->len = ok ? len : 0;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* Padding alone: libcrypto 3.5 takes what is empty for a failure, 3.0 does not. */
static bool is_empty(EVP_PKEY *key, struct cfr_span from)
{
    static struct octets block;
    size_t ones = 2;

    if (!recover_by(key, RSA_NO_PADDING, from, &block)) {
        return false;
    }
    while (ones < block.len && block.at[ones] == 0xff) {
        ones++;
    }
    return block.at[0] == 0 && block.at[1] == 1 && ones == block.len - 1 && block.at[ones] == 0;
}

/* What libcrypto recovers with PKCS #1 v1.5 padding; false: nothing. */
static bool reference_recover(EVP_PKEY *key, struct cfr_span from, struct octets *ret)
{
    return recover_by(key, RSA_PKCS1_PADDING, from, ret) || is_empty(key, from);
}

/* --- Published signatures --- */

static EVP_PKEY *public_of(struct cfr_span n, struct cfr_span e)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *modulus = BN_bin2bn(n.ptr, (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn(e.ptr, (int)e.len, NULL);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params;

    ck_assert(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
              OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1);
    params = OSSL_PARAM_BLD_to_param(build);
    ck_assert(EVP_PKEY_fromdata_init(ctx) == 1 &&
              EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    BN_free(exponent);
    BN_free(modulus);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* Forged ones: what libcrypto finds in them, and nothing where it finds nothing. */
START_TEST(forged_signatures)
{
    struct vectors *vectors = vectors_open("rsa_v15_verify");
    static struct octets info;
    CK_OBJECT_HANDLE public;
    EVP_PKEY *key;

    ck_assert(vectors_next(vectors));
    key = public_of(vectors_octets(vectors, "n"), vectors_octets(vectors, "e"));
    public = public_make(session, key);
    while (vectors_next(vectors)) {
        struct cfr_span given = vectors_octets(vectors, "sig");
        bool is_good = reference_recover(key, given, &info);
        CK_RV wanted = given.len != MODULUS_LEN ? CKR_SIGNATURE_LEN_RANGE
                       : is_good                ? CKR_OK
                                                : CKR_SIGNATURE_INVALID;
        CK_RV rv = recover(&v15, public, given);

        ck_assert_msg(rv == wanted, "case %s: %s", vectors_word(vectors, "id"), rv_text(rv));
        if (rv == CKR_OK) {
            expect_octets(octets_view(&data), octets_view(&info), "%s", vectors_word(vectors, "id"));
        }
    }
    vectors_close(vectors, 45);
    EVP_PKEY_free(key);
}
END_TEST

/* --- Data of every length --- */

START_TEST(v15_data_come_back)
{
    static const size_t lengths[] = {0, 1, 20, MODULUS_LEN - 12, MODULUS_LEN - 11};
    struct operation verify = {session, CKF_VERIFY, v15, pair.public};

    for (size_t i = 0; i < COUNT(lengths); i++) {
        OK(sign(&v15, pair.private, pattern(lengths[i])));
        ck_assert_uint_eq(signature.len, MODULUS_LEN);
        OK(recover(&v15, pair.public, signed_octets()));
        expect_octets(octets_view(&data), pattern(lengths[i]), "%zu octets", lengths[i]);
        OK(run_verify(&verify, pattern(lengths[i]), signed_octets()));
    }
    EXPECT(CKR_DATA_LEN_RANGE, sign(&v15, pair.private, pattern(MODULUS_LEN - 10)));
    expect_sign_idle();
}
END_TEST

/* The whole block comes back, zeros in front. */
START_TEST(raw_data_come_back)
{
    static const size_t lengths[] = {1, 20, MODULUS_LEN};
    static CK_BYTE block[MODULUS_LEN];

    for (size_t i = 0; i < COUNT(lengths); i++) {
        memset(block, 0, sizeof(block));
        memcpy(block + sizeof(block) - lengths[i], pattern(lengths[i]).ptr, lengths[i]);
        OK(sign(&raw, pair.private, cfr_span_of(block + sizeof(block) - lengths[i], lengths[i])));
        OK(recover(&raw, pair.public, signed_octets()));
        expect_octets(octets_view(&data), cfr_span_of(block, sizeof(block)), "%zu octets", lengths[i]);
    }
    EXPECT(CKR_DATA_LEN_RANGE, sign(&raw, pair.private, pattern(MODULUS_LEN + 1)));
    memset(block, 0xff, sizeof(block));
    EXPECT(CKR_DATA_INVALID, sign(&raw, pair.private, cfr_span_of(block, sizeof(block))));
    expect_sign_idle();
}
END_TEST

/* A block whose padding is nearly right, made with raw RSA. */
START_TEST(bad_padding)
{
    static const struct {
        size_t at;
        CK_BYTE octet;
    } damage[] = {{0, 1}, {1, 2}, {1, 0}, {5, 0}, {9, 0}, {9, 0xfe}, {200, 1}};
    static CK_BYTE block[MODULUS_LEN];

    for (size_t i = 0; i < COUNT(damage); i++) {
        memset(block, 0xff, sizeof(block));
        block[0] = 0;
        block[1] = 1;
        block[200] = 0;
        OK(sign(&raw, pair.private, cfr_span_of(block, sizeof(block))));
        OK(recover(&v15, pair.public, signed_octets()));
        ck_assert_uint_eq(data.len, MODULUS_LEN - 201);
        block[damage[i].at] = damage[i].octet;
        OK(sign(&raw, pair.private, cfr_span_of(block, sizeof(block))));
        EXPECT(CKR_SIGNATURE_INVALID, recover(&v15, pair.public, signed_octets()));
        expect_recover_idle();
    }
    memset(block, 0xff, sizeof(block));
    block[0] = 0;
    block[1] = 1;
    OK(sign(&raw, pair.private, cfr_span_of(block, sizeof(block))));
    EXPECT(CKR_SIGNATURE_INVALID, recover(&v15, pair.public, signed_octets()));
}
END_TEST

/* --- Output --- */

START_TEST(lengths_and_short_buffers)
{
    CK_ULONG len = 0;

    OK(p11->C_SignRecoverInit(session, &v15, pair.private));
    OK(p11->C_SignRecover(session, UNCONST(pattern(20).ptr), 20, NULL, &len));
    ck_assert_uint_eq(len, MODULUS_LEN);
    len = MODULUS_LEN - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL,
           p11->C_SignRecover(session, UNCONST(pattern(20).ptr), 20, signature.at, &len));
    ck_assert_uint_eq(len, MODULUS_LEN);
    OK(sign_now(pattern(20)));
    expect_sign_idle();

    OK(p11->C_VerifyRecoverInit(session, &v15, pair.public));
    OK(p11->C_VerifyRecover(session, signature.at, MODULUS_LEN, NULL, &len));
    ck_assert_uint_ge(len, 20);
    len = 19;
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_VerifyRecover(session, signature.at, MODULUS_LEN, data.at, &len));
    ck_assert_uint_eq(len, 20);
    OK(p11->C_VerifyRecover(session, signature.at, MODULUS_LEN, data.at, &len));
    expect_octets(cfr_span_of(data.at, len), pattern(20), "the buffer that is just enough");
    expect_recover_idle();
    /* "if C_VerifyRecover is supplied with an invalid signature, it will never return CKR_BUFFER_TOO_SMALL" */
    signature.at[100] ^= 1;
    OK(p11->C_VerifyRecoverInit(session, &v15, pair.public));
    len = 0;
    EXPECT(CKR_SIGNATURE_INVALID, p11->C_VerifyRecover(session, signature.at, MODULUS_LEN, data.at, &len));
    expect_recover_idle();
    OK(p11->C_VerifyRecoverInit(session, &v15, pair.public));
    EXPECT(CKR_SIGNATURE_LEN_RANGE,
           p11->C_VerifyRecover(session, signature.at, MODULUS_LEN - 1, data.at, &len));
    expect_recover_idle();
}
END_TEST

/* --- The life of the operation --- */

START_TEST(begun_and_cancelled)
{
    CK_ULONG len = sizeof(data.at);

    expect_sign_idle();
    expect_recover_idle();
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SignRecoverInit(session, NULL, 0));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_VerifyRecoverInit(session, NULL, 0));
    OK(p11->C_SignRecoverInit(session, &v15, pair.private));
    EXPECT(CKR_OPERATION_ACTIVE, p11->C_SignRecoverInit(session, &v15, pair.private));
    OK(p11->C_SignRecoverInit(session, NULL, 0));
    expect_sign_idle();
    OK(p11->C_VerifyRecoverInit(session, &v15, pair.public));
    EXPECT(CKR_OPERATION_ACTIVE, p11->C_VerifyRecoverInit(session, &v15, pair.public));
    OK(p11->C_VerifyRecoverInit(session, NULL, 0));
    expect_recover_idle();
    OK(p11->C_SignRecoverInit(session, &v15, pair.private));
    OK(p11->C_VerifyRecoverInit(session, &v15, pair.public));
    OK(p11->C_SessionCancel(session, CKF_SIGN | CKF_VERIFY | CKF_VERIFY_RECOVER));
    expect_recover_idle();
    OK(sign_now(pattern(20)));
    OK(p11->C_SignRecoverInit(session, &v15, pair.private));
    OK(p11->C_SessionCancel(session, CKF_SIGN_RECOVER));
    expect_sign_idle();
    OK(p11->C_SignRecoverInit(session, &v15, pair.private));
    EXPECT(CKR_STATE_UNSAVEABLE, p11->C_GetOperationState(session, NULL, &len));
    OK(p11->C_Logout(session));
    EXPECT(CKR_USER_NOT_LOGGED_IN, sign_now(pattern(20)));
    expect_sign_idle();
}
END_TEST

START_TEST(bad_arguments)
{
    CK_ULONG len = sizeof(data.at);

    OK(p11->C_SignRecoverInit(session, &v15, pair.private));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SignRecover(session, data.at, 16, signature.at, NULL));
    expect_sign_idle();
    OK(p11->C_SignRecoverInit(session, &v15, pair.private));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SignRecover(session, NULL, 16, signature.at, &len));
    expect_sign_idle();
    OK(p11->C_VerifyRecoverInit(session, &v15, pair.public));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_VerifyRecover(session, signature.at, 256, data.at, NULL));
    expect_recover_idle();
    OK(p11->C_VerifyRecoverInit(session, &v15, pair.public));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_VerifyRecover(session, NULL, 256, data.at, &len));
    expect_recover_idle();
}
END_TEST

/* Which keys and mechanisms: the other half, another type, another mechanism, the attribute. */
START_TEST(keys_and_mechanisms)
{
    struct key_pair ec = ec_make(session, false, "ec");
    CK_MECHANISM hashed = MECHANISM(CKM_SHA256_RSA_PKCS);
    CK_MECHANISM with = {CKM_RSA_PKCS, data.at, 4};

    ck_assert(read_bool(session, pair.private, CKA_SIGN_RECOVER));
    ck_assert(read_bool(session, pair.public, CKA_VERIFY_RECOVER));
    ck_assert(!read_bool(session, ec.private, CKA_SIGN_RECOVER));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_SignRecoverInit(session, &hashed, pair.private));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_VerifyRecoverInit(session, &hashed, pair.public));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_SignRecoverInit(session, &with, pair.private));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignRecoverInit(session, &v15, pair.public));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, p11->C_VerifyRecoverInit(session, &v15, pair.private));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignRecoverInit(session, &v15, ec.private));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_SignRecoverInit(session, &v15, 0));
    OK(try_set_bool(session, pair.private, CKA_SIGN_RECOVER, false));
    OK(try_set_bool(session, pair.public, CKA_VERIFY_RECOVER, false));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_SignRecoverInit(session, &v15, pair.private));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_VerifyRecoverInit(session, &v15, pair.public));
    /* C_Sign goes by CKA_SIGN alone, and the other way round. */
    OK(p11->C_SignInit(session, &v15, pair.private));
    OK(try_set_bool(session, pair.private, CKA_SIGN_RECOVER, true));
    OK(try_set_bool(session, pair.private, CKA_SIGN, false));
    OK(p11->C_SignRecoverInit(session, &v15, pair.private));
}
END_TEST

static void strict_set_up(void)
{
    CK_MECHANISM keygen = MECHANISM(CKM_RSA_PKCS_KEY_PAIR_GEN);
    CK_ATTRIBUTE public[] = {ATTR_ULONG(CKA_MODULUS_BITS, 2048), ATTR_BOOL(CKA_VERIFY_RECOVER, true)};
    CK_ATTRIBUTE private[] = {ATTR_BOOL(CKA_SIGN_RECOVER, true)};

    scratch_setup();
    scratch_configure("token.profile = strict\n");
    session = client_ready();
    OK(p11->C_GenerateKeyPair(session, &keygen, TEMPLATE(public), TEMPLATE(private), &pair.public,
                              &pair.private));
}

static void strict_tear_down(void)
{
    module_stop();
    scratch_teardown();
}

START_TEST(strict_profile)
{
    OK(sign(&v15, pair.private, pattern(20)));
    OK(recover(&v15, pair.public, signed_octets()));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_SignRecoverInit(session, &raw, pair.private));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_VerifyRecoverInit(session, &raw, pair.public));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("recover");
    TCase *tcase = tcase_create("recover");
    TCase *strict = tcase_create("strict");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, forged_signatures);
    tcase_add_test(tcase, v15_data_come_back);
    tcase_add_test(tcase, raw_data_come_back);
    tcase_add_test(tcase, bad_padding);
    tcase_add_test(tcase, lengths_and_short_buffers);
    tcase_add_test(tcase, begun_and_cancelled);
    tcase_add_test(tcase, bad_arguments);
    tcase_add_test(tcase, keys_and_mechanisms);
    suite_add_tcase(s, tcase);
    tcase_add_checked_fixture(strict, strict_set_up, strict_tear_down);
    tcase_set_timeout(strict, 60);
    tcase_add_test(strict, strict_profile);
    suite_add_tcase(s, strict);
    return s;
}

TEST_MAIN(suite)
