/* SPDX-License-Identifier: Apache-2.0 */
/* Published vectors of RSA, ECDSA, EdDSA and key agreement, through the C_* functions. */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"
#include "support/vectors.h"

#include <openssl/crypto.h>

/* From this libcrypto on, EdDSA has its variants with parameters. */
enum { FIRST_WITH_VARIANTS = 0x30200000 };

static CK_SESSION_HANDLE session;
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

static struct operation operation(CK_FLAGS function, CK_MECHANISM mechanism, CK_OBJECT_HANDLE key)
{
    return (struct operation){session, function, mechanism, key};
}

static void forget(CK_OBJECT_HANDLE key)
{
    OK(p11->C_DestroyObject(session, key));
}

/* --- Keys from the parts that a case gives --- */

static CK_OBJECT_HANDLE rsa_public(struct cfr_span modulus, struct cfr_span exponent)
{
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_PUBLIC_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_RSA);
    bag_octets(&bag, CKA_MODULUS, modulus.ptr, modulus.len);
    bag_octets(&bag, CKA_PUBLIC_EXPONENT, exponent.ptr, exponent.len);
    bag_bool(&bag, CKA_VERIFY, true);
    return object_make(session, &bag);
}

static CK_OBJECT_HANDLE rsa_private(const char *id)
{
    EVP_PKEY *pkey = pkey_rsa(id);
    CK_OBJECT_HANDLE key = private_make(session, pkey);

    EVP_PKEY_free(pkey);
    return key;
}

static CK_OBJECT_HANDLE rsa_public_of(const char *id)
{
    EVP_PKEY *pkey = pkey_rsa(id);
    CK_OBJECT_HANDLE key = public_make(session, pkey);

    EVP_PKEY_free(pkey);
    return key;
}

static CK_KEY_TYPE type_of_curve(const char *curve)
{
    return strncmp(curve, "ED", 2) == 0                                 ? CKK_EC_EDWARDS
           : strcmp(curve, "X25519") == 0 || strcmp(curve, "X448") == 0 ? CKK_EC_MONTGOMERY
                                                                        : CKK_EC;
}

static void begin_ec(struct bag *bag, CK_OBJECT_CLASS class, const char *curve)
{
    struct cfr_span params = ec_params(curve);

    bag_clear(bag);
    bag_ulong(bag, CKA_CLASS, class);
    bag_ulong(bag, CKA_KEY_TYPE, type_of_curve(curve));
    bag_octets(bag, CKA_EC_PARAMS, params.ptr, params.len);
}

static CK_OBJECT_HANDLE ec_public(const char *curve, struct cfr_span point)
{
    static struct bag bag;
    uint8_t der[256] = {0x04, (uint8_t)point.len};
    size_t head = 2;

    if (point.len > 127) {
        der[1] = 0x81;
        der[2] = (uint8_t)point.len;
        head = 3;
    }
    memcpy(der + head, point.ptr, point.len);
    begin_ec(&bag, CKO_PUBLIC_KEY, curve);
    bag_octets(&bag, CKA_EC_POINT, der, head + point.len);
    bag_bool(&bag, CKA_VERIFY, true);
    return object_make(session, &bag);
}

static CK_OBJECT_HANDLE ec_private(const char *curve, struct cfr_span value)
{
    static struct bag bag;

    begin_ec(&bag, CKO_PRIVATE_KEY, curve);
    bag_octets(&bag, CKA_VALUE, value.ptr, value.len);
    bag_bool(&bag, CKA_SIGN, type_of_curve(curve) != CKK_EC_MONTGOMERY);
    bag_bool(&bag, CKA_DERIVE, type_of_curve(curve) != CKK_EC_EDWARDS);
    return object_make(session, &bag);
}

/* --- RSA --- */

/* A deterministic signature is made exactly, verified, and does not verify with an octet changed. */
static void expect_signature(CK_MECHANISM mechanism, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public,
                             struct cfr_span message, struct cfr_span signature)
{
    struct operation sign = operation(CKF_SIGN, mechanism, private);
    struct operation verify = operation(CKF_VERIFY, mechanism, public);
    static struct octets wrong;

    OK(run_once(&sign, message, &out));
    expect_octets(octets_view(&out), signature, "signature");
    OK(run_parts(&sign, message, 7, &out));
    expect_octets(octets_view(&out), signature, "signature in parts");
    OK(run_verify(&verify, message, signature));
    OK(run_verify_parts(&verify, message, 7, signature));
    memcpy(wrong.at, signature.ptr, signature.len);
    wrong.at[signature.len / 2] ^= 1;
    wrong.len = signature.len;
    EXPECT(CKR_SIGNATURE_INVALID, run_verify(&verify, message, octets_view(&wrong)));
}

START_TEST(rsa_v15_signatures)
{
    struct vectors *vectors = vectors_open("rsa_v15_sign");
    size_t without_mechanism = 0;

    while (vectors_next(vectors)) {
        const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
        CK_OBJECT_HANDLE private;
        CK_OBJECT_HANDLE public;

        if (hash->rsa == 0) {
            without_mechanism++;
            continue;
        }
        private = rsa_private(vectors_word(vectors, "key"));
        public = rsa_public_of(vectors_word(vectors, "key"));
        expect_signature(MECHANISM(hash->rsa), private, public, vectors_octets(vectors, "msg"),
                         vectors_octets(vectors, "sig"));
        forget(private);
        forget(public);
    }
    vectors_close(vectors, 8);
    ck_assert_uint_le(without_mechanism, 2);
}
END_TEST

START_TEST(rsa_v15_verifications)
{
    struct vectors *vectors = vectors_open("rsa_v15_verify");
    size_t valid = 0;
    CK_OBJECT_HANDLE key;
    struct operation verify;

    ck_assert(vectors_next(vectors));
    key = rsa_public(vectors_octets(vectors, "n"), vectors_octets(vectors, "e"));
    verify = operation(CKF_VERIFY, MECHANISM(CKM_SHA256_RSA_PKCS), key);
    while (vectors_next(vectors)) {
        bool is_valid = strcmp(vectors_word(vectors, "result"), "valid") == 0;
        struct cfr_span signature = vectors_octets(vectors, "sig");
        CK_RV wanted = is_valid               ? CKR_OK
                       : signature.len == 256 ? CKR_SIGNATURE_INVALID
                                              : CKR_SIGNATURE_LEN_RANGE;
        CK_RV rv = run_verify(&verify, vectors_octets(vectors, "msg"), signature);

        ck_assert_msg(rv == wanted, "case %s: %s", vectors_word(vectors, "id"), rv_text(rv));
        valid += is_valid;
    }
    vectors_close(vectors, 45);
    ck_assert_uint_gt(valid, 0);
}
END_TEST

START_TEST(rsa_pss_verifications)
{
    struct vectors *vectors = vectors_open("rsa_pss");
    size_t inexpressible = 0;

    while (vectors_next(vectors)) {
        const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
        const struct hash_row *mgf = hash_find(vectors_word(vectors, "mgf"));
        CK_RSA_PKCS_PSS_PARAMS params = {hash->digest, mgf->mgf, vectors_number(vectors, "salt")};
        bool is_valid = vectors_number(vectors, "valid") == 1;
        struct cfr_span message = vectors_octets(vectors, "msg");
        uint8_t digest[64];
        CK_OBJECT_HANDLE key;
        struct operation whole;
        struct operation bare;

        if (mgf->mgf == 0) {
            inexpressible++;
            continue;
        }
        key = rsa_public(vectors_octets(vectors, "n"), vectors_octets(vectors, "e"));
        bare = operation(CKF_VERIFY, MECHANISM_WITH(CKM_RSA_PKCS_PSS, &params), key);
        EXPECT(is_valid ? CKR_OK : CKR_SIGNATURE_INVALID,
               run_verify(&bare, hash_digest(hash, message, digest), vectors_octets(vectors, "sig")));
        if (hash->pss != 0) {
            whole = operation(CKF_VERIFY, MECHANISM_WITH(hash->pss, &params), key);
            EXPECT(is_valid ? CKR_OK : CKR_SIGNATURE_INVALID,
                   run_verify(&whole, message, vectors_octets(vectors, "sig")));
        }
        forget(key);
    }
    vectors_close(vectors, 30);
    ck_assert_uint_lt(inexpressible, 15);
}
END_TEST

START_TEST(rsa_oaep_decryptions)
{
    struct vectors *vectors = vectors_open("rsa_oaep");
    size_t inexpressible = 0;

    while (vectors_next(vectors)) {
        const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
        const struct hash_row *mgf = hash_find(vectors_word(vectors, "mgf"));
        struct cfr_span label = vectors_octets(vectors, "label");
        CK_RSA_PKCS_OAEP_PARAMS params = {hash->digest, mgf->mgf, CKZ_DATA_SPECIFIED, UNCONST(label.ptr),
                                          label.len};
        CK_OBJECT_HANDLE key;
        struct operation decrypt;

        if (mgf->mgf == 0) {
            inexpressible++;
            continue;
        }
        key = rsa_private(vectors_word(vectors, "key"));
        decrypt = operation(CKF_DECRYPT, MECHANISM_WITH(CKM_RSA_PKCS_OAEP, &params), key);
        if (vectors_number(vectors, "valid") == 1) {
            OK(run_once(&decrypt, vectors_octets(vectors, "ct"), &out));
            expect_octets(octets_view(&out), vectors_octets(vectors, "msg"), "case %s",
                          vectors_word(vectors, "id"));
        } else {
            EXPECT(CKR_ENCRYPTED_DATA_INVALID, run_once(&decrypt, vectors_octets(vectors, "ct"), &out));
        }
        forget(key);
    }
    vectors_close(vectors, 32);
    ck_assert_uint_eq(inexpressible, 8);
}
END_TEST

/* No message tells a wrong padding from a right one: a wrong one gives a synthetic message. */
START_TEST(rsa_v15_decryptions)
{
    struct vectors *vectors = vectors_open("rsa_v15_decrypt");
    CK_OBJECT_HANDLE key = rsa_private("rsa2048_1");
    struct operation decrypt = operation(CKF_DECRYPT, MECHANISM(CKM_RSA_PKCS), key);
    size_t rejected = 0;

    while (vectors_next(vectors)) {
        OK(run_once(&decrypt, vectors_octets(vectors, "ct"), &out));
        expect_octets(octets_view(&out), vectors_octets(vectors, "msg"), "case %s",
                      vectors_word(vectors, "id"));
        rejected += vectors_number(vectors, "valid") == 0;
    }
    vectors_close(vectors, 41);
    ck_assert_uint_gt(rejected, 0);
}
END_TEST

/* --- Signatures over curves --- */

START_TEST(ecdsa_signatures)
{
    struct vectors *vectors = vectors_open("ecdsa_rfc6979");

    while (vectors_next(vectors)) {
        const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
        const char *curve = vectors_word(vectors, "curve");
        struct cfr_span message = vectors_octets(vectors, "msg");
        struct cfr_span signature = vectors_octets(vectors, "sig");
        CK_OBJECT_HANDLE public = ec_public(curve, vectors_octets(vectors, "point"));
        CK_OBJECT_HANDLE private = ec_private(curve, vectors_octets(vectors, "d"));
        struct operation verify = operation(CKF_VERIFY, MECHANISM(hash->ecdsa), public);
        struct operation bare = operation(CKF_VERIFY, MECHANISM(CKM_ECDSA), public);
        struct operation sign = operation(CKF_SIGN, MECHANISM(hash->ecdsa), private);
        uint8_t digest[64];

        OK(run_verify(&verify, message, signature));
        OK(run_verify_parts(&verify, message, 1, signature));
        OK(run_verify(&bare, hash_digest(hash, message, digest), signature));
        OK(run_once(&sign, message, &out));
        ck_assert_uint_eq(out.len, signature.len);
        OK(run_verify(&verify, message, octets_view(&out)));
        out.at[out.len - 1] ^= 1;
        EXPECT(CKR_SIGNATURE_INVALID, run_verify(&verify, message, octets_view(&out)));
        forget(public);
        forget(private);
    }
    vectors_close(vectors, 118);
}
END_TEST

START_TEST(eddsa_signatures)
{
    struct vectors *vectors = vectors_open("eddsa_rfc8032");
    bool has_variants = OpenSSL_version_num() >= FIRST_WITH_VARIANTS;

    while (vectors_next(vectors)) {
        const char *curve = vectors_word(vectors, "curve");
        struct cfr_span context = vectors_octets(vectors, "context");
        CK_EDDSA_PARAMS params = {.phFlag = vectors_number(vectors, "prehash") == 1,
                                  .ulContextDataLen = context.len,
                                  .pContextData = UNCONST(context.ptr)};
        bool has_params = vectors_number(vectors, "has_params") == 1;
        CK_MECHANISM mechanism = has_params ? MECHANISM_WITH(CKM_EDDSA, &params) : MECHANISM(CKM_EDDSA);
        CK_OBJECT_HANDLE private = ec_private(curve, vectors_octets(vectors, "secret"));
        CK_OBJECT_HANDLE public = ec_public(curve, vectors_octets(vectors, "public"));
        struct operation sign = operation(CKF_SIGN, mechanism, private);

        if (has_params && !has_variants) {
            EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&sign));
        } else {
            expect_signature(mechanism, private, public, vectors_octets(vectors, "msg"),
                             vectors_octets(vectors, "sig"));
        }
        forget(private);
        forget(public);
    }
    vectors_close(vectors, 21);
}
END_TEST

/* --- Key agreement --- */

static void expect_shared(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, CK_ECDH1_DERIVE_PARAMS params,
                          struct cfr_span wanted)
{
    CK_MECHANISM mechanism = MECHANISM_WITH(type, &params);
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                               ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                               ATTR_ULONG(CKA_VALUE_LEN, wanted.len), ATTR_BOOL(CKA_SENSITIVE, false),
                               ATTR_BOOL(CKA_EXTRACTABLE, true)};
    CK_OBJECT_HANDLE derived = CK_INVALID_HANDLE;

    OK(p11->C_DeriveKey(session, &mechanism, base, TEMPLATE(template), &derived));
    read_octets(session, derived, CKA_VALUE, &out);
    expect_octets(octets_view(&out), wanted, "shared secret by 0x%lx", type);
    forget(derived);
}

START_TEST(ecdh)
{
    struct vectors *vectors = vectors_open("ecdh_cavp");

    while (vectors_next(vectors)) {
        struct cfr_span peer = vectors_octets(vectors, "peer");
        CK_OBJECT_HANDLE key = ec_private(vectors_word(vectors, "curve"), vectors_octets(vectors, "d"));
        CK_ECDH1_DERIVE_PARAMS params = {
            .kdf = CKD_NULL, .ulPublicDataLen = peer.len, .pPublicData = UNCONST(peer.ptr)};

        expect_shared(CKM_ECDH1_DERIVE, key, params, vectors_octets(vectors, "z"));
        expect_shared(CKM_ECDH1_COFACTOR_DERIVE, key, params, vectors_octets(vectors, "z"));
        forget(key);
    }
    vectors_close(vectors, 4);
}
END_TEST

START_TEST(xdh)
{
    struct vectors *vectors = vectors_open("xdh_rfc7748");

    while (vectors_next(vectors)) {
        struct cfr_span peer = vectors_octets(vectors, "u");
        CK_OBJECT_HANDLE key = ec_private(vectors_word(vectors, "curve"), vectors_octets(vectors, "scalar"));
        CK_ECDH1_DERIVE_PARAMS params = {
            .kdf = CKD_NULL, .ulPublicDataLen = peer.len, .pPublicData = UNCONST(peer.ptr)};

        expect_shared(CKM_ECDH1_DERIVE, key, params, vectors_octets(vectors, "out"));
        forget(key);
    }
    vectors_close(vectors, 6);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("vectors_asymmetric");
    TCase *tcase = tcase_create("published");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, rsa_v15_signatures);
    tcase_add_test(tcase, rsa_v15_verifications);
    tcase_add_test(tcase, rsa_pss_verifications);
    tcase_add_test(tcase, rsa_oaep_decryptions);
    tcase_add_test(tcase, rsa_v15_decryptions);
    tcase_add_test(tcase, ecdsa_signatures);
    tcase_add_test(tcase, eddsa_signatures);
    tcase_add_test(tcase, ecdh);
    tcase_add_test(tcase, xdh);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
