/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that uses the deprecated ENGINE interface: to find out what the host has put before
 * libcrypto. shield.c keeps engines away from EVP's key operations; below those, RSA, EC, DH and DSA implementations
 * and the random generator still ask for a default engine. libp11's and rdrand's leave results as they are,
 * and hosts make them default without a thought (`openssl -engine`, curl, Apache, kinit): those that pass a
 * trial are borne, and logged. One that answers wrongly, or calls us to do its work, fails it.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/log.h"
#include "crypto/ec.h"
#include "crypto/ffc.h"
#include "crypto/keymat_private.h"
#include "crypto/rsa.h"

#include <openssl/bn.h>
#include <openssl/engine.h>
#include <openssl/rand.h>

#ifndef OPENSSL_NO_ENGINE
/* A key made for this trial; nothing else uses it. */
static const uint8_t trial_modulus[] = {
    0xd9, 0x46, 0xc7, 0xb4, 0x7c, 0xa7, 0x10, 0xce, 0xd0, 0xe4, 0x21, 0x6a, 0x9e, 0x50, 0x3e, 0x5c,
    0x17, 0x32, 0x87, 0xa7, 0x11, 0xe9, 0xa2, 0x9e, 0x6b, 0xb8, 0xa5, 0x8c, 0x10, 0xe9, 0xf1, 0x1a,
    0x9c, 0x38, 0x72, 0x63, 0xe3, 0x32, 0x2f, 0xfd, 0xf1, 0xac, 0xb9, 0xbd, 0xcd, 0xc1, 0x20, 0xb1,
    0xda, 0x6e, 0xe3, 0xb4, 0x36, 0x6f, 0xe1, 0x8f, 0x36, 0xc4, 0xe8, 0x52, 0x0d, 0x1c, 0x35, 0xb4,
    0xa3, 0x15, 0x31, 0x95, 0xb1, 0x01, 0xe8, 0x97, 0x9a, 0x46, 0x10, 0x81, 0xbd, 0xe3, 0xf6, 0x7a,
    0xc1, 0x8e, 0xd5, 0x1d, 0x4c, 0x7d, 0xc1, 0x7b, 0x0e, 0x51, 0x68, 0x2b, 0xe9, 0xd6, 0x28, 0xc4,
    0x83, 0x95, 0xef, 0xc9, 0xc7, 0xd5, 0x4a, 0xe4, 0xfe, 0xd8, 0xa5, 0x98, 0x84, 0xd0, 0xd4, 0x50,
    0x8c, 0x9a, 0x5e, 0x82, 0x9d, 0xdc, 0x16, 0x82, 0xae, 0x89, 0x17, 0xcd, 0x1f, 0x04, 0xff, 0x63};
static const uint8_t trial_exponent[] = {0x01, 0x00, 0x01};
static const uint8_t trial_private[] = {
    0xbb, 0x02, 0xc8, 0xf0, 0xf8, 0x39, 0x73, 0xa6, 0x0e, 0xf5, 0xcc, 0x2d, 0x50, 0x86, 0x10, 0xa6,
    0x82, 0xf0, 0xe3, 0x01, 0x51, 0xd1, 0x9e, 0x3e, 0x6c, 0xc9, 0x48, 0xf3, 0xfd, 0xba, 0xdd, 0xe2,
    0xe1, 0x83, 0x54, 0x31, 0xd5, 0x63, 0x65, 0x1b, 0x55, 0xe0, 0x2d, 0x1e, 0xc8, 0xf1, 0xe9, 0x8a,
    0x2b, 0x50, 0x36, 0x7c, 0xee, 0x3d, 0xee, 0x0e, 0xae, 0x3d, 0x5d, 0x19, 0x02, 0x5f, 0xbd, 0x78,
    0x5d, 0xda, 0x8f, 0x38, 0x40, 0x2b, 0x4a, 0xdd, 0x60, 0x40, 0x50, 0xf9, 0xa7, 0x3c, 0x00, 0xdf,
    0x17, 0x6b, 0x4d, 0x61, 0x00, 0x7d, 0x27, 0x52, 0x17, 0x4c, 0x9a, 0x47, 0xf8, 0x9e, 0x12, 0xa0,
    0x17, 0x9d, 0x2a, 0x57, 0x6d, 0xce, 0xa0, 0xce, 0x9a, 0xd7, 0xce, 0xc1, 0x52, 0x0d, 0xdf, 0xeb,
    0x06, 0xfa, 0xbb, 0x27, 0x62, 0x30, 0x16, 0x4b, 0x78, 0x84, 0x1b, 0xa1, 0x1f, 0x07, 0x92, 0x01};
static const uint8_t base_point[] = {
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
    0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
    0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce,
    0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
static const uint8_t doubled_x[] = {0x7c, 0xf2, 0x7b, 0x18, 0x8d, 0x03, 0x4f, 0x7e, 0x8a, 0x52, 0x38,
                                    0x03, 0x04, 0xb5, 0x1a, 0xc3, 0xc0, 0x89, 0x69, 0xe2, 0x77, 0xf2,
                                    0x1b, 0x35, 0xa6, 0x0b, 0x48, 0xfc, 0x47, 0x66, 0x99, 0x78};

/* Everything that crypto/ fetches: libcrypto asks for an engine by these, whatever the context. */
static const int digests[] = {NID_sha1,       NID_sha224,     NID_sha256,   NID_sha384,   NID_sha512,
                              NID_sha512_224, NID_sha512_256, NID_sha3_224, NID_sha3_256, NID_sha3_384,
                              NID_sha3_512,   NID_shake128,   NID_shake256};
static const int ciphers[] = {
    NID_aes_128_ecb,        NID_aes_192_ecb,        NID_aes_256_ecb,        NID_aes_128_cbc,
    NID_aes_192_cbc,        NID_aes_256_cbc,        NID_aes_128_ctr,        NID_aes_192_ctr,
    NID_aes_256_ctr,        NID_aes_128_gcm,        NID_aes_192_gcm,        NID_aes_256_gcm,
    NID_aes_128_ccm,        NID_aes_192_ccm,        NID_aes_256_ccm,        NID_aes_128_xts,
    NID_aes_256_xts,        NID_id_aes128_wrap,     NID_id_aes192_wrap,     NID_id_aes256_wrap,
    NID_id_aes128_wrap_pad, NID_id_aes192_wrap_pad, NID_id_aes256_wrap_pad, NID_aes_128_ofb128,
    NID_aes_192_ofb128,     NID_aes_256_ofb128,     NID_aes_128_cfb1,       NID_aes_192_cfb1,
    NID_aes_256_cfb1,       NID_aes_128_cfb8,       NID_aes_192_cfb8,       NID_aes_256_cfb8,
    NID_aes_128_cfb128,     NID_aes_192_cfb128,     NID_aes_256_cfb128,     NID_chacha20,
    NID_chacha20_poly1305,  NID_des_ede3_ecb,       NID_des_ede3_cbc};

/*
 * The engine's id, which outlives the functional reference @p engine that is given back here; NULL for none.
 */
static const char *id_of_take(ENGINE *engine)
{
    const char *id = NULL;

    if (engine != NULL) {
        id = ENGINE_get_id(engine);
        id = id == NULL ? "(unnamed)" : id;
        ENGINE_finish(engine);
    }
    return id;
}

/* The first engine that is default for a digest or cipher that we use. */
static const char *find_symmetric(void)
{
    const char *id = NULL;

    for (size_t i = 0; id == NULL && i < sizeof(digests) / sizeof(digests[0]); i++) {
        id = id_of_take(ENGINE_get_digest_engine(digests[i]));
    }
    for (size_t i = 0; id == NULL && i < sizeof(ciphers) / sizeof(ciphers[0]); i++) {
        id = id_of_take(ENGINE_get_cipher_engine(ciphers[i]));
    }
    return id;
}

/* Whether @p signature, raised to the public exponent, is @p data: without any RSA implementation. */
static bool is_root_of(const uint8_t *signature, const uint8_t *data)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *modulus = BN_bin2bn(trial_modulus, sizeof(trial_modulus), NULL);
    BIGNUM *exponent = BN_bin2bn(trial_exponent, sizeof(trial_exponent), NULL);
    BIGNUM *root = BN_bin2bn(signature, sizeof(trial_modulus), NULL);
    BIGNUM *number = BN_bin2bn(data, sizeof(trial_modulus), NULL);
    bool is_root = ctx != NULL && modulus != NULL && exponent != NULL && root != NULL && number != NULL &&
                   BN_mod_exp(root, root, exponent, modulus, ctx) == 1 && BN_cmp(root, number) == 0;

    BN_free(number);
    BN_free(root);
    BN_free(exponent);
    BN_free(modulus);
    BN_CTX_free(ctx);
    return is_root;
}

/* Signing and verifying; then encrypting and decrypting, which are the same two powers by another way. */
static CK_RV try_rsa_uses(struct cfr_keymat *key)
{
    const struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_RAW};
    uint8_t number[sizeof(trial_modulus)] = {0, 2, 3, 5, 7};
    uint8_t root[sizeof(trial_modulus)] = {0};
    uint8_t power[sizeof(trial_modulus)] = {0};
    struct cfr_span data = cfr_span_of(number, sizeof(number));
    struct cfr_span signature = cfr_span_of(root, sizeof(root));
    AUTO(rsa_op) *sign = NULL;
    AUTO(rsa_op) *verify = NULL;
    AUTO(rsa_op) *encrypt = NULL;
    AUTO(rsa_op) *decrypt = NULL;
    AUTO(secret) *decrypted = NULL;

    TRY(cfr_rsa_op_new(key, CFR_RSA_SIGN, &scheme, &sign));
    TRY(cfr_rsa_sign(sign, data, root));
    FAIL_UNLESS(is_root_of(root, number), CKR_FUNCTION_FAILED);
    TRY(cfr_rsa_op_new(key, CFR_RSA_ENCRYPT, &scheme, &encrypt));
    TRY(cfr_rsa_encrypt(encrypt, signature, power));
    FAIL_UNLESS(cfr_span_equal(cfr_span_of(power, sizeof(power)), data), CKR_FUNCTION_FAILED);
    TRY(cfr_rsa_op_new(key, CFR_RSA_DECRYPT, &scheme, &decrypt));
    TRY(cfr_rsa_decrypt(decrypt, data, &decrypted));
    FAIL_UNLESS(cfr_span_equal(cfr_secret_view(decrypted), signature), CKR_FUNCTION_FAILED);
    TRY(cfr_rsa_op_new(key, CFR_RSA_VERIFY, &scheme, &verify));
    TRY(cfr_rsa_verify(verify, data, signature));
    number[sizeof(number) - 1] ^= 1;
    return cfr_rsa_verify(verify, data, signature) == CKR_SIGNATURE_INVALID ? CKR_OK : CKR_FUNCTION_FAILED;
}

static CK_RV try_rsa(void)
{
    const struct cfr_rsa_numbers numbers = {
        .part = {
            [CFR_RSA_N] = cfr_span_of(trial_modulus, sizeof(trial_modulus)),
            [CFR_RSA_E] = cfr_span_of(trial_exponent, sizeof(trial_exponent)),
            [CFR_RSA_D] = cfr_span_of(trial_private, sizeof(trial_private)),
        }};
    AUTO(keymat) *key = NULL;

    TRY(cfr_rsa_import_private(&numbers, &key));
    return try_rsa_uses(key);
}

/* A signature has no known answer: it must verify, and not for other data. */
static CK_RV try_ecdsa(struct cfr_keymat *key)
{
    uint8_t octets[32] = {2, 3, 5, 7};
    uint8_t signature[64] = {0};
    struct cfr_span digest = cfr_span_of(octets, sizeof(octets));
    AUTO(ecdsa) *sign = NULL;
    AUTO(ecdsa) *verify = NULL;

    TRY(cfr_ecdsa_new(key, true, &sign));
    TRY(cfr_ecdsa_sign(sign, digest, signature));
    TRY(cfr_ecdsa_new(key, false, &verify));
    TRY(cfr_ecdsa_verify(verify, digest, cfr_span_of(signature, sizeof(signature))));
    octets[0] ^= 1;
    return cfr_ecdsa_verify(verify, digest, cfr_span_of(signature, sizeof(signature))) ==
                   CKR_SIGNATURE_INVALID
               ? CKR_OK
               : CKR_FUNCTION_FAILED;
}

static CK_RV try_ec(void)
{
    static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const uint8_t two[] = {2};
    const struct cfr_curve *curve = NULL;
    AUTO(keymat) *key = NULL;
    AUTO(secret) *shared = NULL;

    TRY(cfr_curve_find(CFR_KEY_EC, cfr_span_of(p256, sizeof(p256)), &curve));
    TRY(cfr_ec_import_private(curve, cfr_span_of(two, sizeof(two)), &key));
    TRY(cfr_ec_derive(key, cfr_span_of(base_point, sizeof(base_point)), false, &shared));
    FAIL_UNLESS(cfr_span_equal(cfr_secret_view(shared), cfr_span_of(doubled_x, sizeof(doubled_x))),
                CKR_FUNCTION_FAILED);
    return try_ecdsa(key);
}

/* In the group of RFC 7919 with the generator 2: with x = 2, the other side's 2 becomes 4. */
static CK_RV try_dh(void)
{
    static const uint8_t two[] = {2};
    static const uint8_t four[CFR_FFC_MIN_BITS / 8] = {[CFR_FFC_MIN_BITS / 8 - 1] = 4};
    struct cfr_ffc_domain domain = {.base = cfr_span_of(two, sizeof(two))};
    AUTO(keymat) *group = NULL;
    AUTO(secret) *prime = NULL;
    AUTO(keymat) *key = NULL;
    AUTO(secret) *shared = NULL;

    TRY(cfr_ffc_generate_domain(CFR_KEY_DH, CFR_FFC_MIN_BITS, 0, &group));
    TRY(cfr_ffc_number(group, CFR_FFC_PRIME, &prime));
    domain.prime = cfr_secret_view(prime);
    TRY(cfr_ffc_import_private(CFR_KEY_DH, &domain, cfr_span_of(two, sizeof(two)), &key));
    TRY(cfr_dh_derive(key, cfr_span_of(two, sizeof(two)), &shared));
    FAIL_UNLESS(cfr_span_equal(cfr_secret_view(shared), cfr_span_of(four, sizeof(four))),
                CKR_FUNCTION_FAILED);
    return CKR_OK;
}

/* A group of RFC 5114, which has the sizes of DSA's. */
static CK_RV find_dsa_group(struct cfr_keymat **ret_group)
{
    OSSL_PARAM name[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t) "dh_2048_256", 0),
        OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx = cfr_fault_hit(CFR_FAULT_CRYPTO)
                            ? NULL
                            : EVP_PKEY_CTX_new_from_name(cfr_ossl.context, CFR_PKEY_DHX, NULL);
    EVP_PKEY *group = NULL;
    bool found = ctx != NULL && EVP_PKEY_paramgen_init(ctx) > 0 && EVP_PKEY_CTX_set_params(ctx, name) > 0 &&
                 EVP_PKEY_generate(ctx, &group) > 0;

    EVP_PKEY_CTX_free(ctx);
    FAIL_UNLESS(found, CKR_FUNCTION_FAILED);
    return cfr_keymat_from_pkey_take(CFR_KEY_X942_DH, false, group, ret_group);
}

/* The signature of a digest with x = 1 and k = 1: r = g mod q, s = digest + r mod q. */
static bool sign_with_one(const struct cfr_ffc_domain *domain, struct cfr_span digest, uint8_t signature[64])
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *q = BN_bin2bn(domain->subprime.ptr, (int)domain->subprime.len, NULL);
    BIGNUM *r = BN_bin2bn(domain->base.ptr, (int)domain->base.len, NULL);
    BIGNUM *s = BN_bin2bn(digest.ptr, (int)digest.len, NULL);
    bool made = ctx != NULL && q != NULL && r != NULL && s != NULL && BN_mod(r, r, q, ctx) == 1 &&
                BN_mod_add(s, s, r, q, ctx) == 1 && BN_bn2binpad(r, signature, 32) == 32 &&
                BN_bn2binpad(s, signature + 32, 32) == 32;

    BN_free(s);
    BN_free(r);
    BN_free(q);
    BN_CTX_free(ctx);
    return made;
}

static CK_RV try_dsa(void)
{
    uint8_t octets[32] = {2, 3, 5, 7};
    uint8_t signature[64] = {0};
    struct cfr_ffc_domain domain;
    AUTO(keymat) *group = NULL;
    AUTO(secret) *prime = NULL;
    AUTO(secret) *subprime = NULL;
    AUTO(secret) *base = NULL;
    AUTO(keymat) *key = NULL;
    AUTO(dsa) *dsa = NULL;

    TRY(find_dsa_group(&group));
    TRY(cfr_ffc_number(group, CFR_FFC_PRIME, &prime));
    TRY(cfr_ffc_number(group, CFR_FFC_SUBPRIME, &subprime));
    TRY(cfr_ffc_number(group, CFR_FFC_BASE, &base));
    domain =
        (struct cfr_ffc_domain){cfr_secret_view(prime), cfr_secret_view(subprime), cfr_secret_view(base)};
    FAIL_UNLESS(sign_with_one(&domain, cfr_span_of(octets, sizeof(octets)), signature), CKR_HOST_MEMORY);
    TRY(cfr_ffc_import_public(CFR_KEY_DSA, &domain, domain.base, &key));
    TRY(cfr_dsa_new(key, &dsa));
    TRY(cfr_dsa_verify(dsa, cfr_span_of(octets, sizeof(octets)), cfr_span_of(signature, sizeof(signature))));
    octets[0] ^= 1;
    FAIL_UNLESS(cfr_dsa_verify(dsa, cfr_span_of(octets, sizeof(octets)),
                               cfr_span_of(signature, sizeof(signature))) == CKR_SIGNATURE_INVALID,
                CKR_FUNCTION_FAILED);
    return CKR_OK;
}

static CK_RV try_random(void)
{
    uint8_t first[16] = {0};
    uint8_t second[16] = {0};

    OSSL_TRY(RAND_priv_bytes_ex(cfr_ossl.context, first, sizeof(first), 0), CKR_FUNCTION_FAILED);
    OSSL_TRY(RAND_priv_bytes_ex(cfr_ossl.context, second, sizeof(second), 0), CKR_FUNCTION_FAILED);
    return cfr_span_equal(cfr_span_of(first, sizeof(first)), cfr_span_of(second, sizeof(second)))
               ? CKR_FUNCTION_FAILED
               : CKR_OK;
}

/* Bear what @p id does for @p algorithm, if the trial goes well; NULL: there is no such engine. */
static CK_RV bear(const char *id, const char *algorithm, CK_RV (*attempt)(void))
{
    if (id == NULL) {
        return CKR_OK;
    }
    if (attempt() != CKR_OK) {
        return cfr_fail(
            CKR_GENERAL_ERROR,
            "the OpenSSL engine \"%s\" is the default for %s and fails a trial with a known answer; "
            "remove default_algorithms from openssl.cnf",
            id, algorithm);
    }
    cfr_log(CFR_LOG_WARN,
            "the OpenSSL engine \"%s\" is the default for %s; a trial with a known answer went well", id,
            algorithm);
    return CKR_OK;
}

CK_RV cfr_ossl_check_engines(void)
{
    const char *symmetric = find_symmetric();
    const char *method = RAND_get_rand_method() == RAND_OpenSSL() ? NULL : "(a RAND method)";
    const char *random_engine = id_of_take(ENGINE_get_default_RAND());

    if (symmetric != NULL) {
        return cfr_fail(CKR_GENERAL_ERROR,
                        "the OpenSSL engine \"%s\" is the default for digests or ciphers and would be given "
                        "Coffer's keys; remove default_algorithms from openssl.cnf",
                        symmetric);
    }
    TRY(bear(random_engine != NULL ? random_engine : method, "random numbers", try_random));
    TRY(bear(id_of_take(ENGINE_get_default_RSA()), "RSA", try_rsa));
    TRY(bear(id_of_take(ENGINE_get_default_DH()), "DH", try_dh));
    TRY(bear(id_of_take(ENGINE_get_default_DSA()), "DSA", try_dsa));
    return bear(id_of_take(ENGINE_get_default_EC()), "EC", try_ec);
}
#else
CK_RV cfr_ossl_check_engines(void)
{
    return CKR_OK;
}
#endif
