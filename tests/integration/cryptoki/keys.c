/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/keys.h"

#include "support/vectors.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

/* clang-format off */
#define HASH(spelled, wycheproof_, md_, len_, digest_, tag, rsa_, pss_, ecdsa_)                                   \
    {.name = spelled, .wycheproof = wycheproof_, .md = md_, .len = len_, .digest = digest_,                       \
     .hmac = CKM_##tag##_HMAC, .hmac_general = CKM_##tag##_HMAC_GENERAL, .keygen = CKM_##tag##_KEY_GEN,           \
     .key_type = CKK_##tag##_HMAC, .rsa = rsa_, .pss = pss_, .ecdsa = ecdsa_
#define FULL(tag, family)                                                                                         \
    , .mgf = CKG_MGF1_##family, .kdf = CKD_##family##_KDF, .kdf_sp800 = CKD_##family##_KDF_SP800,                \
    .derivation = CKM_##family##_KEY_DERIVATION
#define PASSWORDS(family) , .pbkdf2 = CKP_PKCS5_PBKD2_HMAC_##family}

const struct hash_row hashes[HASH_COUNT] = {
    HASH("SHA1", "SHA-1", "SHA1", 20, CKM_SHA_1, SHA_1, CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS, CKM_ECDSA_SHA1)
        FULL(SHA_1, SHA1) PASSWORDS(SHA1),
    HASH("SHA224", "SHA-224", "SHA2-224", 28, CKM_SHA224, SHA224, CKM_SHA224_RSA_PKCS, CKM_SHA224_RSA_PKCS_PSS,
         CKM_ECDSA_SHA224) FULL(SHA224, SHA224) PASSWORDS(SHA224),
    HASH("SHA256", "SHA-256", "SHA2-256", 32, CKM_SHA256, SHA256, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS,
         CKM_ECDSA_SHA256) FULL(SHA256, SHA256) PASSWORDS(SHA256),
    HASH("SHA384", "SHA-384", "SHA2-384", 48, CKM_SHA384, SHA384, CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS,
         CKM_ECDSA_SHA384) FULL(SHA384, SHA384) PASSWORDS(SHA384),
    HASH("SHA512", "SHA-512", "SHA2-512", 64, CKM_SHA512, SHA512, CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS,
         CKM_ECDSA_SHA512) FULL(SHA512, SHA512) PASSWORDS(SHA512),
    HASH("SHA512_224", "SHA-512/224", "SHA2-512/224", 28, CKM_SHA512_224, SHA512_224, 0, 0, 0),
     .derivation = CKM_SHA512_224_KEY_DERIVATION PASSWORDS(SHA512_224),
    HASH("SHA512_256", "SHA-512/256", "SHA2-512/256", 32, CKM_SHA512_256, SHA512_256, 0, 0, 0),
     .derivation = CKM_SHA512_256_KEY_DERIVATION PASSWORDS(SHA512_256),
    HASH("SHA3_224", "SHA3-224", "SHA3-224", 28, CKM_SHA3_224, SHA3_224, CKM_SHA3_224_RSA_PKCS,
         CKM_SHA3_224_RSA_PKCS_PSS, CKM_ECDSA_SHA3_224) FULL(SHA3_224, SHA3_224)},
    HASH("SHA3_256", "SHA3-256", "SHA3-256", 32, CKM_SHA3_256, SHA3_256, CKM_SHA3_256_RSA_PKCS,
         CKM_SHA3_256_RSA_PKCS_PSS, CKM_ECDSA_SHA3_256) FULL(SHA3_256, SHA3_256)},
    HASH("SHA3_384", "SHA3-384", "SHA3-384", 48, CKM_SHA3_384, SHA3_384, CKM_SHA3_384_RSA_PKCS,
         CKM_SHA3_384_RSA_PKCS_PSS, CKM_ECDSA_SHA3_384) FULL(SHA3_384, SHA3_384)},
    HASH("SHA3_512", "SHA3-512", "SHA3-512", 64, CKM_SHA3_512, SHA3_512, CKM_SHA3_512_RSA_PKCS,
         CKM_SHA3_512_RSA_PKCS_PSS, CKM_ECDSA_SHA3_512) FULL(SHA3_512, SHA3_512)},
};
/* clang-format on */

const struct hash_row *hash_find(const char *name)
{
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (strcmp(name, hashes[i].name) == 0 || strcmp(name, hashes[i].wycheproof) == 0 ||
            strcmp(name, hashes[i].md) == 0) {
            return &hashes[i];
        }
    }
    return NULL;
}

struct cfr_span hash_digest(const struct hash_row *hash, struct cfr_span data, uint8_t out[64])
{
    static const uint8_t nothing[1];
    size_t len = 64;

    ck_assert_int_eq(
        EVP_Q_digest(NULL, hash->md, NULL, data.len == 0 ? nothing : data.ptr, data.len, out, &len), 1);
    ck_assert_uint_eq(len, hash->len);
    return cfr_span_of(out, len);
}

/* --- libcrypto's side --- */

static const char *const rsa_names[8] = {"n", "e", "d", "p", "q", "dp", "dq", "qi"};
static const char *const rsa_params[8] = {
    OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
    OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
    OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};
static const CK_ATTRIBUTE_TYPE rsa_attributes[8] = {CKA_MODULUS,    CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT,
                                                    CKA_PRIME_1,    CKA_PRIME_2,         CKA_EXPONENT_1,
                                                    CKA_EXPONENT_2, CKA_COEFFICIENT};

static EVP_PKEY *rsa_of_case(struct vectors *vectors)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *numbers[8] = {NULL};
    OSSL_PARAM *params;
    EVP_PKEY *pkey = NULL;

    for (int i = 0; i < 8; i++) {
        if (vectors_has(vectors, rsa_names[i])) {
            struct cfr_span octets = vectors_octets(vectors, rsa_names[i]);

            numbers[i] = BN_bin2bn(octets.ptr, (int)octets.len, NULL);
            ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, rsa_params[i], numbers[i]), 1);
        }
    }
    params = OSSL_PARAM_BLD_to_param(builder);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    for (int i = 0; i < 8; i++) {
        BN_clear_free(numbers[i]);
    }
    return pkey;
}

EVP_PKEY *pkey_rsa(const char *id)
{
    struct vectors *vectors = vectors_open("rsa_keys");
    EVP_PKEY *pkey = NULL;
    size_t cases = 0;

    while (vectors_next(vectors)) {
        cases++;
        if (strcmp(vectors_word(vectors, "id"), id) == 0) {
            pkey = rsa_of_case(vectors);
        }
    }
    vectors_close(vectors, cases);
    ck_assert_msg(pkey != NULL, "rsa_keys.txt has no %s", id);
    return pkey;
}

static bool is_modern(const char *name)
{
    return strncmp(name, "ED", 2) == 0 || strncmp(name, "X25519", 6) == 0 || strncmp(name, "X448", 4) == 0;
}

EVP_PKEY *pkey_new(const char *name)
{
    EVP_PKEY *pkey = is_modern(name) ? EVP_PKEY_Q_keygen(NULL, NULL, name) : EVP_EC_gen(name);

    ck_assert_msg(pkey != NULL, "libcrypto makes no %s", name);
    return pkey;
}

struct cfr_span ec_params(const char *name)
{
    static uint8_t texts[4][16];
    static unsigned next;
    uint8_t *text = texts[next++ % 4];
    uint8_t *end = text;
    int nid = EC_curve_nist2nid(name);
    int len;

    nid = nid == NID_undef ? OBJ_txt2nid(name) : nid;
    ck_assert_msg(nid != NID_undef, "libcrypto knows no %s", name);
    len = i2d_ASN1_OBJECT(OBJ_nid2obj(nid), &end);
    ck_assert(len > 2 && (size_t)len <= sizeof(texts[0]));
    return cfr_span_of(text, (size_t)len);
}

void pkey_point(EVP_PKEY *pkey, struct octets *ret)
{
    size_t len = sizeof(ret->at);

    if (EVP_PKEY_is_a(pkey, "EC")) {
        ck_assert_int_eq(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, ret->at, len, &len),
                         1);
    } else {
        ck_assert_int_eq(EVP_PKEY_get_raw_public_key(pkey, ret->at, &len), 1);
    }
    ret->len = len;
}

void pkey_value(EVP_PKEY *pkey, struct octets *ret)
{
    size_t len = sizeof(ret->at);
    BIGNUM *value = NULL;

    if (!EVP_PKEY_is_a(pkey, "EC")) {
        ck_assert_int_eq(EVP_PKEY_get_raw_private_key(pkey, ret->at, &len), 1);
        ret->len = len;
        return;
    }
    ck_assert_int_eq(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &value), 1);
    /* Cryptoki's big integers may have zeros in front; as long as the order is what the module gives back. */
    len = ((size_t)EVP_PKEY_get_bits(pkey) + 7) / 8;
    ck_assert_int_eq(BN_bn2binpad(value, ret->at, (int)len), (int)len);
    ret->len = len;
    BN_clear_free(value);
}

/* --- The module's side --- */

static CK_KEY_TYPE type_of(EVP_PKEY *pkey)
{
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        return CKK_RSA;
    }
    if (EVP_PKEY_is_a(pkey, "EC")) {
        return CKK_EC;
    }
    return EVP_PKEY_is_a(pkey, "ED25519") || EVP_PKEY_is_a(pkey, "ED448") ? CKK_EC_EDWARDS
                                                                          : CKK_EC_MONTGOMERY;
}

static void add_rsa_numbers(struct bag *bag, EVP_PKEY *pkey, int first, int count)
{
    uint8_t octets[1024];

    for (int i = first; i < first + count; i++) {
        BIGNUM *number = NULL;
        int len;

        if (EVP_PKEY_get_bn_param(pkey, rsa_params[i], &number) != 1) {
            ck_assert_int_ge(i, 3); /* some published keys have no more than n, e and d */
            continue;
        }
        len = BN_bn2bin(number, octets);
        bag_octets(bag, rsa_attributes[i], octets, (size_t)len);
        BN_clear_free(number);
    }
}

static void add_params(struct bag *bag, EVP_PKEY *pkey)
{
    char name[64];
    size_t len = 0;
    struct cfr_span params;

    if (EVP_PKEY_is_a(pkey, "EC")) {
        ck_assert_int_eq(EVP_PKEY_get_group_name(pkey, name, sizeof(name), &len), 1);
        params = ec_params(name);
    } else {
        params = ec_params(EVP_PKEY_get0_type_name(pkey));
    }
    bag_octets(bag, CKA_EC_PARAMS, params.ptr, params.len);
}

/* DER of an OCTET STRING; the points of the curves here are shorter than 256 octets. */
static void add_point(struct bag *bag, EVP_PKEY *pkey)
{
    static struct octets point;
    uint8_t der[260] = {0x04};
    size_t head = 2;

    pkey_point(pkey, &point);
    if (point.len > 127) {
        der[1] = 0x81;
        head = 3;
    }
    der[head - 1] = (uint8_t)point.len;
    memcpy(der + head, point.at, point.len);
    bag_octets(bag, CKA_EC_POINT, der, head + point.len);
}

void bag_public_key(struct bag *bag, EVP_PKEY *pkey)
{
    CK_KEY_TYPE type = type_of(pkey);

    bag_ulong(bag, CKA_CLASS, CKO_PUBLIC_KEY);
    bag_ulong(bag, CKA_KEY_TYPE, type);
    if (type == CKK_RSA) {
        add_rsa_numbers(bag, pkey, 0, 2);
        bag_bool(bag, CKA_ENCRYPT, true);
        bag_bool(bag, CKA_WRAP, true);
        bag_bool(bag, CKA_VERIFY, true);
        return;
    }
    add_params(bag, pkey);
    add_point(bag, pkey);
    bag_bool(bag, type == CKK_EC_MONTGOMERY ? CKA_DERIVE : CKA_VERIFY, true);
}

void bag_private_key(struct bag *bag, EVP_PKEY *pkey)
{
    static struct octets value;
    CK_KEY_TYPE type = type_of(pkey);

    bag_ulong(bag, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(bag, CKA_KEY_TYPE, type);
    bag_bool(bag, CKA_SENSITIVE, false);
    bag_bool(bag, CKA_EXTRACTABLE, true);
    if (type == CKK_RSA) {
        add_rsa_numbers(bag, pkey, 0, 8);
        bag_bool(bag, CKA_DECRYPT, true);
        bag_bool(bag, CKA_UNWRAP, true);
        bag_bool(bag, CKA_SIGN, true);
        return;
    }
    add_params(bag, pkey);
    pkey_value(pkey, &value);
    bag_octets(bag, CKA_VALUE, value.at, value.len);
    bag_bool(bag, CKA_SIGN, type != CKK_EC_MONTGOMERY);
    bag_bool(bag, CKA_DERIVE, type != CKK_EC_EDWARDS);
}

CK_OBJECT_HANDLE public_make(CK_SESSION_HANDLE session, EVP_PKEY *pkey)
{
    static struct bag bag;

    bag_clear(&bag);
    bag_public_key(&bag, pkey);
    return object_make(session, &bag);
}

CK_OBJECT_HANDLE private_make(CK_SESSION_HANDLE session, EVP_PKEY *pkey)
{
    static struct bag bag;

    bag_clear(&bag);
    bag_private_key(&bag, pkey);
    return object_make(session, &bag);
}

CK_RV pair_generate(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, const struct bag *public_bag,
                    const struct bag *private_bag, struct key_pair *ret_pair)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    size_t before = objects_seen(session);
    CK_RV rv = p11->C_GenerateKeyPair(session, &mechanism, (CK_ATTRIBUTE_PTR)(uintptr_t)public_bag->attrs,
                                      public_bag->count, (CK_ATTRIBUTE_PTR)(uintptr_t)private_bag->attrs,
                                      private_bag->count, &ret_pair->public, &ret_pair->private);

    ck_assert_uint_eq(objects_seen(session), before + (rv == CKR_OK ? 2 : 0));
    return rv;
}

void expect_generated(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism)
{
    static struct octets id;

    ck_assert(read_bool(session, key, CKA_LOCAL));
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_GEN_MECHANISM), mechanism);
    read_octets(session, key, CKA_UNIQUE_ID, &id);
    ck_assert_uint_gt(id.len, 0);
}
