/* SPDX-License-Identifier: Apache-2.0 */
/* DSA: signatures of others are verified, by published numbers and libcrypto's; nothing is signed. */
#include "integration/cryptoki/fields.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

static CK_SESSION_HANDLE session;
static struct octets value;
static struct bag bag;

static const struct {
    CK_MECHANISM_TYPE type;
    const char *hash;
} mechanisms[] = {
    {CKM_DSA_SHA1, "SHA1"},         {CKM_DSA_SHA224, "SHA224"},     {CKM_DSA_SHA256, "SHA256"},
    {CKM_DSA_SHA384, "SHA384"},     {CKM_DSA_SHA512, "SHA512"},     {CKM_DSA_SHA3_224, "SHA3_224"},
    {CKM_DSA_SHA3_256, "SHA3_256"}, {CKM_DSA_SHA3_384, "SHA3_384"}, {CKM_DSA_SHA3_512, "SHA3_512"},
};

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

static CK_MECHANISM_TYPE mechanism_of(const char *hash)
{
    size_t i = 0;

    while (strcmp(mechanisms[i].hash, hash) != 0) {
        i++;
        ck_assert_uint_lt(i, COUNT(mechanisms));
    }
    return mechanisms[i].type;
}

static CK_OBJECT_HANDLE make_of_case(struct vectors *vectors)
{
    bag_clear(&bag);
    bag_group_of_case(&bag, vectors);
    bag_field_public(&bag, CKK_DSA, vectors_octets(vectors, "y"));
    return object_make(session, &bag);
}

START_TEST(published_signatures)
{
    struct vectors *vectors = vectors_open("dsa");
    size_t cases = 0;

    while (vectors_next(vectors)) {
        bool is_right = strcmp(vectors_word(vectors, "result"), "pass") == 0;
        CK_RV rv = is_right ? CKR_OK : CKR_SIGNATURE_INVALID;
        const char *hash = vectors_word(vectors, "hash");
        CK_OBJECT_HANDLE key = make_of_case(vectors);
        struct operation whole = {session, CKF_VERIFY, MECHANISM(mechanism_of(hash)), key};
        struct operation bare = {session, CKF_VERIFY, MECHANISM(CKM_DSA), key};
        struct cfr_span message = vectors_octets(vectors, "msg");
        struct cfr_span signature = vectors_octets(vectors, "sig");
        uint8_t digest[64];

        cases++;
        ck_assert(read_bool(session, key, CKA_VERIFY)); /* by default: it is all that the key can do */
        EXPECT(rv, run_verify(&whole, message, signature));
        EXPECT(rv, run_verify_parts(&whole, message, 7, signature));
        OK(p11->C_VerifySignatureInit(session, &whole.mechanism, key, UNCONST(signature.ptr), signature.len));
        EXPECT(rv, p11->C_VerifySignature(session, UNCONST(message.ptr), message.len));
        EXPECT(rv, run_verify(&bare, hash_digest(hash_find(hash), message, digest), signature));
        EXPECT(CKR_SIGNATURE_LEN_RANGE,
               run_verify(&whole, message, cfr_span_of(signature.ptr, signature.len - 2)));
        EXPECT(CKR_SIGNATURE_LEN_RANGE,
               run_verify(&bare, cfr_span_of(digest, 20), cfr_span_of(signature.ptr, 0)));
        expect_idle(&whole, hash);
        OK(p11->C_DestroyObject(session, key));
    }
    vectors_close(vectors, cases);
    ck_assert_uint_eq(cases, 12);
}
END_TEST

/* The group of NIST's first case with a subprime of 224 bits, for libcrypto. */
static EVP_PKEY *published_group(void)
{
    struct vectors *vectors = vectors_open("dsa");
    static const char *const names[] = {"p", "q", "g"};
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
    BIGNUM *numbers[3] = {NULL};
    EVP_PKEY *group = NULL;
    OSSL_PARAM *params;

    while (vectors_next(vectors)) {
        bool is_first = numbers[2] == NULL && vectors_octets(vectors, "q").len == 28;

        for (int i = 0; is_first && i < 3; i++) {
            struct cfr_span octets = vectors_octets(vectors, names[i]);

            numbers[i] = BN_bin2bn(octets.ptr, (int)octets.len, NULL);
            ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, names[i], numbers[i]), 1);
        }
    }
    vectors_close(vectors, 12);
    params = OSSL_PARAM_BLD_to_param(builder);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &group, EVP_PKEY_KEY_PARAMETERS, params), 1);
    for (int i = 0; i < 3; i++) {
        BN_free(numbers[i]);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    return group;
}

/* A key of libcrypto's, imported; and its signature, r and s side by side. */
static EVP_PKEY *new_pair(CK_OBJECT_HANDLE *ret_key)
{
    EVP_PKEY *group = published_group();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, group, NULL);
    EVP_PKEY *pkey = NULL;

    ck_assert(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_generate(ctx, &pkey) == 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(group);
    bag_clear(&bag);
    bag_group(&bag, CKK_DSA, pkey);
    field_number(pkey, OSSL_PKEY_PARAM_PUB_KEY, &value);
    bag_field_public(&bag, CKK_DSA, octets_view(&value));
    *ret_key = object_make(session, &bag);
    return pkey;
}

static void sign_direct(EVP_PKEY *pkey, struct cfr_span digest, uint8_t out[56])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    uint8_t der[128];
    const uint8_t *at = der;
    size_t len = sizeof(der);
    const BIGNUM *r;
    const BIGNUM *s;
    DSA_SIG *signature;

    ck_assert(EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, der, &len, digest.ptr, digest.len) == 1);
    signature = d2i_DSA_SIG(NULL, &at, (long)len);
    DSA_SIG_get0(signature, &r, &s);
    ck_assert(BN_bn2binpad(r, out, 28) == 28 && BN_bn2binpad(s, out + 28, 28) == 28);
    DSA_SIG_free(signature);
    EVP_PKEY_CTX_free(ctx);
}

START_TEST(every_hash_agrees_with_libcrypto)
{
    CK_OBJECT_HANDLE key;
    EVP_PKEY *pkey = new_pair(&key);
    static struct octets info;
    uint8_t *at = info.at;

    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        struct operation op = {session, CKF_VERIFY, MECHANISM(mechanisms[i].type), key};
        struct operation bare = {session, CKF_VERIFY, MECHANISM(CKM_DSA), key};
        struct cfr_span message = pattern(1000);
        uint8_t digest[64];
        uint8_t signature[56];
        struct cfr_span digested = hash_digest(hash_find(mechanisms[i].hash), message, digest);

        sign_direct(pkey, digested, signature);
        OK(run_verify(&op, message, cfr_span_of(signature, 56)));
        OK(run_verify_parts(&op, message, 16, cfr_span_of(signature, 56)));
        OK(run_verify(&bare, digested, cfr_span_of(signature, 56)));
        signature[55] ^= 1;
        EXPECT(CKR_SIGNATURE_INVALID, run_verify(&op, message, cfr_span_of(signature, 56)));
        EXPECT(CKR_SIGNATURE_INVALID, run_verify_parts(&op, message, 16, cfr_span_of(signature, 56)));
    }
    read_octets(session, key, CKA_PUBLIC_KEY_INFO, &value);
    info.len = (CK_ULONG)i2d_PUBKEY(pkey, &at);
    expect_octets(octets_view(&value), octets_view(&info), "CKA_PUBLIC_KEY_INFO");
    EVP_PKEY_free(pkey);
}
END_TEST

/* "DSA: Key And Data Length". */
START_TEST(bare_data_has_the_length_of_a_digest)
{
    struct vectors *vectors = vectors_open("dsa");
    struct operation bare = {session, CKF_VERIFY, MECHANISM(CKM_DSA), CK_INVALID_HANDLE};
    uint8_t signature[40] = {1};
    CK_ULONG len_out = 0;

    ck_assert(vectors_next(vectors));
    bare.key = make_of_case(vectors);
    for (size_t len = 0; len <= 70; len++) {
        bool is_digest = len == 20 || len == 28 || len == 32 || len == 48 || len == 64;

        EXPECT(is_digest ? CKR_SIGNATURE_INVALID : CKR_DATA_LEN_RANGE,
               run_verify(&bare, pattern(len), cfr_span_of(signature, sizeof(signature))));
    }
    OK(op_init(&bare));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, op_update(&bare, pattern(20), NULL, &len_out));
    while (vectors_next(vectors)) {
    }
    vectors_close(vectors, 12);
}
END_TEST

START_TEST(nothing_is_signed_or_generated)
{
    struct vectors *vectors = vectors_open("dsa");
    CK_MECHANISM mechanism = MECHANISM(CKM_DSA_SHA256);
    CK_OBJECT_HANDLE key;
    CK_OBJECT_HANDLE other;

    ck_assert(vectors_next(vectors));
    key = make_of_case(vectors);
    EXPECT(CKR_MECHANISM_INVALID, p11->C_SignInit(session, &mechanism, key));
    mechanism.mechanism = CKM_DSA;
    EXPECT(CKR_MECHANISM_INVALID, p11->C_SignInit(session, &mechanism, key));
    mechanism.mechanism = CKM_DSA_KEY_PAIR_GEN;
    EXPECT(CKR_MECHANISM_INVALID,
           p11->C_GenerateKeyPair(session, &mechanism, BAG(&bag), BAG(&bag), &key, &other));
    mechanism.mechanism = CKM_DSA_PARAMETER_GEN;
    EXPECT(CKR_MECHANISM_INVALID, p11->C_GenerateKey(session, &mechanism, BAG(&bag), &other));
    bag_field_private(&bag, CKK_DSA, cfr_span_of("\1", 1));
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    while (vectors_next(vectors)) {
    }
    vectors_close(vectors, 12);
}
END_TEST

/* A key of 1,024 bits is for old signatures; the strict profile has 2,048 at the least. */
START_TEST(strict_tokens_refuse_short_keys)
{
    struct vectors *vectors = vectors_open("dsa");
    CK_SESSION_HANDLE strict;
    CK_SLOT_ID slot;

    module_stop();
    scratch_configure("token.profile = strict\n");
    module_start();
    slot = token_make("strict");
    strict = session_open(slot);
    login_user(strict);
    while (vectors_next(vectors)) {
        struct cfr_span prime = vectors_octets(vectors, "p");

        bag_clear(&bag);
        bag_group_of_case(&bag, vectors);
        bag_field_public(&bag, CKK_DSA, vectors_octets(vectors, "y"));
        EXPECT(prime.len < 256 ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK, try_object_once(strict, &bag));
    }
    vectors_close(vectors, 12);
}
END_TEST

static Suite *suite(void)
{
    Suite *dsa = suite_create("DSA");
    TCase *tcase = tcase_create("dsa");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, published_signatures);
    tcase_add_test(tcase, every_hash_agrees_with_libcrypto);
    tcase_add_test(tcase, bare_data_has_the_length_of_a_digest);
    tcase_add_test(tcase, nothing_is_signed_or_generated);
    tcase_add_test(tcase, strict_tokens_refuse_short_keys);
    suite_add_tcase(dsa, tcase);
    return dsa;
}

TEST_MAIN(suite)
