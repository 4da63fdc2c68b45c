/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/mechanisms.h"

#define CRYPT   (CKF_ENCRYPT | CKF_DECRYPT)
#define SIG     (CKF_SIGN | CKF_VERIFY)
#define WRAPS   (CKF_WRAP | CKF_UNWRAP)
#define RECOVER (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)

/* What C_GetMechanismInfo says of curves: prime and binary fields, by identifier or name, points in both forms. */
#define MODERN      (CKF_EC_OID | CKF_EC_CURVENAME)
#define WEIERSTRASS (CKF_EC_F_P | CKF_EC_F_2M | MODERN | CKF_EC_UNCOMPRESS | CKF_EC_COMPRESS)

/* Derivations from secret keys; WEAK: not in a strict token. */
#define DERIVATION(t)                                                                                        \
    {                                                                                                        \
        NAMED(t), FAMILY_DERIVATION, CKF_DERIVE, CKF_DERIVE                                                  \
    }
#define WEAK(t)                                                                                              \
    {                                                                                                        \
        NAMED(t), FAMILY_DERIVATION, CKF_DERIVE, 0                                                           \
    }

/* Those of TLS from a master secret, or to one. */
#define TLS(t, strict)                                                                                       \
    {                                                                                                        \
        NAMED(t), FAMILY_DERIVATION, CKF_DERIVE, strict, SIZE(48, 48), .key_type = CKK_GENERIC_SECRET        \
    }

#define FINITE_FIELD(t, function, key, min, max)                                                             \
    {                                                                                                        \
        NAMED(t), FAMILY_FINITE_FIELD, function, function, SIZE(min, max), .key_type = CKK_##key             \
    }

#define NAMED(t)       .type = CKM_##t, .name = "CKM_" #t
#define SIZE(min, max) .min_size = (min), .max_size = (max)
#define RSA_SIZE       SIZE(1024, 16384), .key_type = CKK_RSA
#define EC_SIZE        SIZE(112, 571), .key_type = CKK_EC
#define AES_SIZE       SIZE(16, 32), .key_type = CKK_AES
#define CHACHA_SIZE    SIZE(256, 256), .key_type = CKK_CHACHA20

/* Sizes of generic and HMAC keys: in bits for the generator of generic ones, in octets for all others. */
enum { SECRET_MAX_LEN = 1 << 16 };

/* clang-format off */
static const struct mechanism_row fixed[] = {
    {NAMED(RSA_PKCS_KEY_PAIR_GEN), FAMILY_RSA_KEYGEN, CKF_GENERATE_KEY_PAIR, CKF_GENERATE_KEY_PAIR, RSA_SIZE},
    {NAMED(RSA_PKCS), FAMILY_RSA_V15, CRYPT | SIG | RECOVER | WRAPS, SIG | RECOVER, RSA_SIZE},
    {NAMED(RSA_X_509), FAMILY_RSA_RAW, CRYPT | SIG | RECOVER | WRAPS, 0, RSA_SIZE},
    {NAMED(RSA_PKCS_OAEP), FAMILY_RSA_OAEP, CRYPT | WRAPS, CRYPT | WRAPS, RSA_SIZE},
    {NAMED(RSA_PKCS_PSS), FAMILY_RSA_PSS, SIG, SIG, RSA_SIZE, .has_bare_hash = true},
    {NAMED(EC_KEY_PAIR_GEN), FAMILY_EC_KEYGEN, CKF_GENERATE_KEY_PAIR, CKF_GENERATE_KEY_PAIR, WEIERSTRASS, EC_SIZE},
    {NAMED(EC_EDWARDS_KEY_PAIR_GEN), FAMILY_EC_KEYGEN, CKF_GENERATE_KEY_PAIR, CKF_GENERATE_KEY_PAIR, MODERN,
     SIZE(255, 448), .key_type = CKK_EC_EDWARDS},
    {NAMED(EC_MONTGOMERY_KEY_PAIR_GEN), FAMILY_EC_KEYGEN, CKF_GENERATE_KEY_PAIR, CKF_GENERATE_KEY_PAIR, MODERN,
     SIZE(255, 448), .key_type = CKK_EC_MONTGOMERY},
    {NAMED(ECDSA), FAMILY_ECDSA, SIG, SIG, WEIERSTRASS, EC_SIZE},
    {NAMED(EDDSA), FAMILY_EDDSA, SIG, SIG, MODERN, SIZE(255, 448), .key_type = CKK_EC_EDWARDS, .in_parts = true},
    {NAMED(ECDH1_DERIVE), FAMILY_ECDH, CKF_DERIVE, CKF_DERIVE, WEIERSTRASS, EC_SIZE},
    {NAMED(ECDH1_COFACTOR_DERIVE), FAMILY_ECDH, CKF_DERIVE, CKF_DERIVE, WEIERSTRASS, EC_SIZE},
    FINITE_FIELD(DH_PKCS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, DH, 2048, 8192),
    FINITE_FIELD(DH_PKCS_PARAMETER_GEN, CKF_GENERATE, DH, 2048, 8192),
    FINITE_FIELD(DH_PKCS_DERIVE, CKF_DERIVE, DH, 2048, 8192),
    FINITE_FIELD(X9_42_DH_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, X9_42_DH, 2048, 8192),
    FINITE_FIELD(X9_42_DH_PARAMETER_GEN, CKF_GENERATE, X9_42_DH, 2048, 8192),
    FINITE_FIELD(X9_42_DH_DERIVE, CKF_DERIVE, X9_42_DH, 2048, 8192),
    FINITE_FIELD(DSA, CKF_VERIFY, DSA, 1024, 3072),
    FINITE_FIELD(DSA_SHA1, CKF_VERIFY, DSA, 1024, 3072),
    FINITE_FIELD(DSA_SHA224, CKF_VERIFY, DSA, 1024, 3072),
    FINITE_FIELD(DSA_SHA256, CKF_VERIFY, DSA, 1024, 3072),
    FINITE_FIELD(DSA_SHA384, CKF_VERIFY, DSA, 1024, 3072),
    FINITE_FIELD(DSA_SHA512, CKF_VERIFY, DSA, 1024, 3072),
    FINITE_FIELD(DSA_SHA3_224, CKF_VERIFY, DSA, 1024, 3072),
    FINITE_FIELD(DSA_SHA3_256, CKF_VERIFY, DSA, 1024, 3072),
    FINITE_FIELD(DSA_SHA3_384, CKF_VERIFY, DSA, 1024, 3072),
    FINITE_FIELD(DSA_SHA3_512, CKF_VERIFY, DSA, 1024, 3072),
    {NAMED(AES_KEY_GEN), FAMILY_SECRET_KEYGEN, CKF_GENERATE, CKF_GENERATE, AES_SIZE},
    {NAMED(AES_XTS_KEY_GEN), FAMILY_SECRET_KEYGEN, CKF_GENERATE, CKF_GENERATE, SIZE(32, 64), .key_type = CKK_AES_XTS},
    {NAMED(GENERIC_SECRET_KEY_GEN), FAMILY_SECRET_KEYGEN, CKF_GENERATE, CKF_GENERATE, SIZE(8, 8 * SECRET_MAX_LEN),
     .key_type = CKK_GENERIC_SECRET},
    {NAMED(HKDF_KEY_GEN), FAMILY_SECRET_KEYGEN, CKF_GENERATE, CKF_GENERATE, SIZE(1, SECRET_MAX_LEN), .key_type = CKK_HKDF},
    {NAMED(HKDF_DERIVE), FAMILY_DERIVATION, CKF_DERIVE, CKF_DERIVE, SIZE(1, SECRET_MAX_LEN)},
    {NAMED(HKDF_DATA), FAMILY_DERIVATION, CKF_DERIVE, 0, SIZE(1, SECRET_MAX_LEN)},
    {NAMED(SP800_108_COUNTER_KDF), FAMILY_DERIVATION, CKF_DERIVE, CKF_DERIVE, SIZE(8, 8 * SECRET_MAX_LEN)},
    {NAMED(SP800_108_FEEDBACK_KDF), FAMILY_DERIVATION, CKF_DERIVE, CKF_DERIVE, SIZE(8, 8 * SECRET_MAX_LEN)},
    {NAMED(SP800_108_DOUBLE_PIPELINE_KDF), FAMILY_DERIVATION, CKF_DERIVE, CKF_DERIVE, SIZE(8, 8 * SECRET_MAX_LEN)},
    DERIVATION(PUB_KEY_FROM_PRIV_KEY),
    {NAMED(PKCS5_PBKD2), FAMILY_DERIVATION, CKF_GENERATE, 0},
    WEAK(CONCATENATE_BASE_AND_KEY),
    WEAK(CONCATENATE_BASE_AND_DATA),
    WEAK(CONCATENATE_DATA_AND_BASE),
    WEAK(XOR_BASE_AND_DATA),
    WEAK(EXTRACT_KEY_FROM_KEY),
    WEAK(SHA1_KEY_DERIVATION),
    DERIVATION(SHA224_KEY_DERIVATION),
    DERIVATION(SHA256_KEY_DERIVATION),
    DERIVATION(SHA384_KEY_DERIVATION),
    DERIVATION(SHA512_KEY_DERIVATION),
    DERIVATION(SHA512_224_KEY_DERIVATION),
    DERIVATION(SHA512_256_KEY_DERIVATION),
    DERIVATION(SHA3_224_KEY_DERIVATION),
    DERIVATION(SHA3_256_KEY_DERIVATION),
    DERIVATION(SHA3_384_KEY_DERIVATION),
    DERIVATION(SHA3_512_KEY_DERIVATION),
    DERIVATION(SHAKE_128_KEY_DERIVATION),
    DERIVATION(SHAKE_256_KEY_DERIVATION),
    {NAMED(AES_ECB_ENCRYPT_DATA), FAMILY_DERIVATION, CKF_DERIVE, 0, AES_SIZE},
    {NAMED(AES_CBC_ENCRYPT_DATA), FAMILY_DERIVATION, CKF_DERIVE, 0, AES_SIZE},
    {NAMED(AES_ECB), FAMILY_ECB, CRYPT | WRAPS, 0, AES_SIZE, .in_parts = true},
    {NAMED(AES_CBC), FAMILY_CBC, CRYPT | WRAPS, CRYPT, AES_SIZE, .in_parts = true},
    {NAMED(AES_CBC_PAD), FAMILY_CBC_PAD, CRYPT | WRAPS, CRYPT, AES_SIZE, .in_parts = true},
    {NAMED(AES_CTR), FAMILY_CTR, CRYPT | WRAPS, CRYPT, AES_SIZE, .in_parts = true},
    {NAMED(AES_GCM), FAMILY_GCM, CRYPT | WRAPS, CRYPT | WRAPS, AES_SIZE, .in_parts = true},
    {NAMED(AES_CCM), FAMILY_CCM, CRYPT | WRAPS, CRYPT | WRAPS, AES_SIZE, .in_parts = true},
    {NAMED(AES_XTS), FAMILY_XTS, CRYPT, CRYPT, SIZE(32, 64), .key_type = CKK_AES_XTS, .in_parts = true},
    {NAMED(AES_OFB), FAMILY_STREAM, CRYPT | WRAPS, CRYPT, AES_SIZE, .in_parts = true},
    {NAMED(AES_CFB1), FAMILY_STREAM, CRYPT | WRAPS, CRYPT, AES_SIZE, .in_parts = true},
    {NAMED(AES_CFB8), FAMILY_STREAM, CRYPT | WRAPS, CRYPT, AES_SIZE, .in_parts = true},
    {NAMED(AES_CFB128), FAMILY_STREAM, CRYPT | WRAPS, CRYPT, AES_SIZE, .in_parts = true},
    {NAMED(AES_CTS), FAMILY_CTS, CRYPT | WRAPS, CRYPT, AES_SIZE, .in_parts = true},
    {NAMED(CHACHA20_KEY_GEN), FAMILY_SECRET_KEYGEN, CKF_GENERATE, CKF_GENERATE, SIZE(32, 32), .key_type = CKK_CHACHA20},
    {NAMED(CHACHA20), FAMILY_CHACHA20, CRYPT | WRAPS, CRYPT, CHACHA_SIZE, .in_parts = true},
    {NAMED(CHACHA20_POLY1305), FAMILY_CHACHA20_POLY1305, CRYPT, CRYPT, CHACHA_SIZE, .in_parts = true},
    {NAMED(AES_KEY_WRAP), FAMILY_KW, CRYPT | WRAPS, CRYPT | WRAPS, AES_SIZE},
    {NAMED(AES_KEY_WRAP_KWP), FAMILY_KWP, CRYPT | WRAPS, CRYPT | WRAPS, AES_SIZE},
    {NAMED(RSA_AES_KEY_WRAP), FAMILY_ENVELOPE, WRAPS, WRAPS, RSA_SIZE},
    {NAMED(ECDH_AES_KEY_WRAP), FAMILY_ENVELOPE, WRAPS, WRAPS, WEIERSTRASS, EC_SIZE},
    {NAMED(ECDH_COF_AES_KEY_WRAP), FAMILY_ENVELOPE, WRAPS, WRAPS, WEIERSTRASS, EC_SIZE},
    {NAMED(ECDH_X_AES_KEY_WRAP), FAMILY_ENVELOPE, WRAPS, WRAPS, MODERN, SIZE(255, 448), .key_type = CKK_EC_MONTGOMERY},
    {NAMED(SSL3_PRE_MASTER_KEY_GEN), FAMILY_DERIVATION, CKF_GENERATE, 0, SIZE(48, 48), .key_type = CKK_GENERIC_SECRET},
    {NAMED(TLS_PRE_MASTER_KEY_GEN), FAMILY_DERIVATION, CKF_GENERATE, 0, SIZE(48, 48), .key_type = CKK_GENERIC_SECRET},
    TLS(TLS12_MASTER_KEY_DERIVE, 0),
    TLS(TLS12_MASTER_KEY_DERIVE_DH, CKF_DERIVE),
    TLS(TLS12_EXTENDED_MASTER_KEY_DERIVE, 0),
    TLS(TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, CKF_DERIVE),
    TLS(TLS12_KEY_AND_MAC_DERIVE, 0),
    TLS(TLS12_KEY_SAFE_DERIVE, CKF_DERIVE),
    {NAMED(TLS_KDF), FAMILY_DERIVATION, CKF_DERIVE, CKF_DERIVE, SIZE(1, SECRET_MAX_LEN), .key_type = CKK_GENERIC_SECRET},
    {NAMED(TLS12_KDF), FAMILY_DERIVATION, CKF_DERIVE, CKF_DERIVE, SIZE(1, SECRET_MAX_LEN), .key_type = CKK_GENERIC_SECRET},
    {NAMED(TLS_MAC), FAMILY_TLS_MAC, SIG, SIG, SIZE(1, SECRET_MAX_LEN), .key_type = CKK_GENERIC_SECRET, .in_parts = true},
    {NAMED(TLS12_MAC), FAMILY_TLS_MAC, SIG, SIG, SIZE(1, SECRET_MAX_LEN), .key_type = CKK_GENERIC_SECRET, .in_parts = true},
    {NAMED(AES_CMAC), FAMILY_CMAC, SIG, SIG, AES_SIZE, .in_parts = true},
    {NAMED(AES_CMAC_GENERAL), FAMILY_CMAC, SIG, SIG, AES_SIZE, .is_general = true, .in_parts = true},
    {NAMED(AES_GMAC), FAMILY_GMAC, SIG, SIG, AES_SIZE, .in_parts = true},
};
/* clang-format on */

static struct mechanism_row rows[MECHANISM_COUNT];
static size_t row_count;

static void add(struct mechanism_row row)
{
    ck_assert_uint_lt(row_count, MECHANISM_COUNT);
    rows[row_count++] = row;
}

/* SHA-1 signs nothing in a strict token; what was signed with it may be verified. */
static CK_FLAGS strict_signature(const struct hash_row *hash)
{
    return strcmp(hash->name, "SHA1") == 0 ? CKF_VERIFY : SIG;
}

static struct mechanism_row signature_row(const struct hash_row *hash, CK_MECHANISM_TYPE type,
                                          const char *name, enum family family)
{
    struct mechanism_row row = {
        .type = type, .name = name, .family = family, .functions = SIG, .hash = hash, .in_parts = true};

    row.strict = strict_signature(hash);
    row.curves = family == FAMILY_ECDSA ? WEIERSTRASS : 0;
    row.min_size = family == FAMILY_ECDSA ? 112 : 1024;
    row.max_size = family == FAMILY_ECDSA ? 571 : 16384;
    row.key_type = family == FAMILY_ECDSA ? CKK_EC : CKK_RSA;
    return row;
}

static void add_hash(const struct hash_row *hash)
{
    struct mechanism_row mac = {.name = hash->name,
                                .family = FAMILY_HMAC,
                                .functions = SIG,
                                .strict = SIG,
                                .min_size = 1,
                                .max_size = SECRET_MAX_LEN,
                                .key_type = hash->key_type,
                                .hash = hash,
                                .in_parts = true};
    struct mechanism_row keygen = mac;

    add((struct mechanism_row){.type = hash->digest,
                               .name = hash->name,
                               .family = FAMILY_DIGEST,
                               .functions = CKF_DIGEST,
                               .strict = CKF_DIGEST,
                               .hash = hash,
                               .in_parts = true});
    mac.type = hash->hmac;
    add(mac);
    mac.type = hash->hmac_general;
    mac.is_general = true;
    add(mac);
    keygen.type = hash->keygen;
    keygen.family = FAMILY_SECRET_KEYGEN;
    keygen.functions = CKF_GENERATE;
    keygen.strict = CKF_GENERATE;
    add(keygen);
    if (hash->rsa != 0) {
        add(signature_row(hash, hash->rsa, hash->name, FAMILY_RSA_V15));
        add(signature_row(hash, hash->pss, hash->name, FAMILY_RSA_PSS));
        add(signature_row(hash, hash->ecdsa, hash->name, FAMILY_ECDSA));
    }
}

static void fill(void)
{
    for (size_t i = 0; i < COUNT(fixed); i++) {
        add(fixed[i]);
    }
    for (size_t i = 0; i < HASH_COUNT; i++) {
        add_hash(&hashes[i]);
    }
    ck_assert_uint_eq(row_count, MECHANISM_COUNT);
}

const struct mechanism_row *mechanism_row(size_t index)
{
    if (row_count == 0) {
        fill();
    }
    return &rows[index];
}

const struct mechanism_row *mechanism_find(CK_MECHANISM_TYPE type)
{
    for (size_t i = 0; i < MECHANISM_COUNT; i++) {
        if (mechanism_row(i)->type == type) {
            return &rows[i];
        }
    }
    return NULL;
}
