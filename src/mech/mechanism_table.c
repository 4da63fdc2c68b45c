/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mechanism registry: every mechanism once, by rising number. Behaviour is in the row (op, keygen,
 * derive), so that no other file switches over mechanisms. To add one: a row here, its vectors in
 * tests/vectors, and an adapter if its family is new.
 */
#include "mech/mechanism_table.h"

#include "crypto/aead.h"
#include "crypto/cipher.h"
#include "crypto/ffc.h"
#include "crypto/mac.h"
#include "crypto/rsa.h"
#include "mech/message.h"
#include "mech/op.h"
#include "mech/op_pq.h"
#include "mech/params_chacha.h"
#include "mech/params_derive.h"
#include "mech/params_dh.h"
#include "mech/params_envelope.h"
#include "mech/params_pq.h"
#include "mech/params_tls.h"
#include "mech/params_wrap.h"

/* Longest secret key, octets: far above what any algorithm here gains from. */
#define SECRET_MAX CFR_SECRET_KEY_MAX_LEN

#define CRYPT   (CKF_ENCRYPT | CKF_DECRYPT)
#define SIG     (CKF_SIGN | CKF_VERIFY)
#define WRAP    (CKF_WRAP | CKF_UNWRAP)
#define RECOVER (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define PAIR    CKF_GENERATE_KEY_PAIR
#define ENCAPS  (CKF_ENCAPSULATE | CKF_DECAPSULATE)

/* How curves may be given: by identifier or by name; points in any form of SEC 1. */
#define MODERN      (CKF_EC_OID | CKF_EC_CURVENAME)
#define WEIERSTRASS (CKF_EC_F_P | CKF_EC_F_2M | MODERN | CKF_EC_UNCOMPRESS | CKF_EC_COMPRESS)

/* Sizes and key types are several columns each; MECH() expands them before MECH_() counts its arguments. */
#define BITS(min, max)   (min), (max), CFR_SIZE_BITS
#define OCTETS(min, max) (min), (max), CFR_SIZE_OCTETS
#define NO_SIZE          0, 0, CFR_SIZE_NONE

#define KEYS(one, other) CKK_##one, CKK_##other
#define NO_KEY           CK_UNAVAILABLE_INFORMATION, CK_UNAVAILABLE_INFORMATION

#define SHORTER   CFR_TRAIT_SHORTER
#define PRIVATE   CFR_TRAIT_WRAPS_PRIVATE
#define ZERO_PAD  CFR_TRAIT_WRAP_ZERO_PAD
#define FRONT_PAD CFR_TRAIT_WRAP_FRONT_PAD

/* What the readers of params.h take. */
#define PARAMETER_none              "none"
#define PARAMETER_iv16              "16 octets"
#define PARAMETER_iv8               "8 octets"
#define PARAMETER_ctr               "CK_AES_CTR_PARAMS"
#define PARAMETER_gcm_wrap          "CK_GCM_PARAMS; wrapping also CK_GCM_WRAP_PARAMS, CK_GCM_MESSAGE_PARAMS"
#define PARAMETER_ccm_wrap          "CK_CCM_PARAMS; wrapping also CK_CCM_WRAP_PARAMS, CK_CCM_MESSAGE_PARAMS"
#define PARAMETER_chacha20          "CK_CHACHA20_PARAMS"
#define PARAMETER_chacha20_poly1305 "CK_SALSA20_CHACHA20_POLY1305_PARAMS"
#define PARAMETER_gmac              "CK_GCM_PARAMS or 12 octets"
#define PARAMETER_wrap_iv8          "none or 8 octets"
#define PARAMETER_wrap_iv4          "none or 4 octets"
#define PARAMETER_mac_general       "CK_MAC_GENERAL_PARAMS"
#define PARAMETER_pss               "CK_RSA_PKCS_PSS_PARAMS"
#define PARAMETER_oaep              "CK_RSA_PKCS_OAEP_PARAMS"
#define PARAMETER_eddsa             "none or CK_EDDSA_PARAMS"
#define PARAMETER_ecdh1             "CK_ECDH1_DERIVE_PARAMS"
#define PARAMETER_dh                "the peer's public value"
#define PARAMETER_x942_dh           "CK_X9_42_DH1_DERIVE_PARAMS"
#define PARAMETER_rsa_aes           "CK_RSA_AES_KEY_WRAP_PARAMS"
#define PARAMETER_ecdh_aes          "CK_ECDH_AES_KEY_WRAP_PARAMS"
#define PARAMETER_hkdf              "CK_HKDF_PARAMS"
#define PARAMETER_kdf_counter       "CK_SP800_108_KDF_PARAMS"
#define PARAMETER_kdf_feedback      "CK_SP800_108_FEEDBACK_KDF_PARAMS"
#define PARAMETER_kdf_pipeline      "CK_SP800_108_KDF_PARAMS"
#define PARAMETER_pbkdf2            "CK_PKCS5_PBKD2_PARAMS2"
#define PARAMETER_tls_version       "CK_VERSION"
#define PARAMETER_tls_master        "CK_TLS12_MASTER_KEY_DERIVE_PARAMS"
#define PARAMETER_tls_master_dh     "CK_TLS12_MASTER_KEY_DERIVE_PARAMS"
#define PARAMETER_tls_extended      "CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS"
#define PARAMETER_tls_extended_dh   "CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS"
#define PARAMETER_tls_block         "CK_TLS12_KEY_MAT_PARAMS"
#define PARAMETER_tls_safe_block    "CK_TLS12_KEY_MAT_PARAMS"
#define PARAMETER_tls_kdf           "CK_TLS_KDF_PARAMS"
#define PARAMETER_tls_mac           "CK_TLS_MAC_PARAMS"
#define PARAMETER_key               "CK_OBJECT_HANDLE"
#define PARAMETER_string_data       "CK_KEY_DERIVATION_STRING_DATA"
#define PARAMETER_extract           "CK_EXTRACT_PARAMS"
#define PARAMETER_ecb_data          "CK_KEY_DERIVATION_STRING_DATA"
#define PARAMETER_cbc_data          "CK_AES_CBC_ENCRYPT_DATA_PARAMS"
#define PARAMETER_sign_context      "none or CK_SIGN_ADDITIONAL_CONTEXT"
#define PARAMETER_hash_sign_context "CK_HASH_SIGN_ADDITIONAL_CONTEXT"

/* clang-format off */
#define MECH(...) MECH_(__VA_ARGS__)
#define MECH_(type_, section_, flags_, strict_, key_, other_, min_, max_, unit_, params_, hash_, variant_,      \
              vectors_, ...)                                                                                    \
    {.type = CKM_##type_, .name = "CKM_" #type_, .section = section_, .flags = (flags_), .strict = (strict_),   \
     .key_types = {key_, other_}, .size = {min_, max_, unit_}, .params = cfr_params_##params_,                  \
     .parameter = PARAMETER_##params_,                                                                          \
     .hash = CFR_HASH_##hash_, .variant = (variant_), .vectors = vectors_, __VA_ARGS__}

/* Families: what their rows have in common. */
#define RSA_KEYS KEYS(RSA, RSA)
#define RSA_SIZE BITS(1024, 16384)
#define EC_SIZE BITS(112, 571)
#define MODERN_SIZE BITS(255, 448)
#define AES_SIZE OCTETS(16, 32)
#define ML_KEM_SIZE OCTETS(800, 1568)
#define ML_DSA_SIZE OCTETS(1312, 2592)
#define SLH_DSA_SIZE OCTETS(32, 64)
#define DH_SIZE BITS(CFR_FFC_MIN_BITS, CFR_FFC_MAX_BITS)
#define DSA_SIZE BITS(CFR_DSA_MIN_BITS, CFR_DSA_MAX_BITS)

#define RSA_KEYGEN(t)                                                                                           \
    MECH(t, "PKCS #1 RSA key pair generation", PAIR, PAIR, RSA_KEYS, RSA_SIZE, none, NONE, 0, NULL,     \
         .keygen = cfr_keygen_rsa, .traits = CFR_TRAIT_SLOW)
#define RSA_BARE(t, flags, strict, params, pad, traits_, vec, section)                                          \
    MECH(t, section, flags, strict, RSA_KEYS, RSA_SIZE, params, NONE, CFR_RSA_##pad, vec,                       \
         .op = &cfr_op_rsa, .traits = (traits_))
#define RSA_V15_HASH(t, hash, strict)                                                                           \
    MECH(t, "PKCS #1 v1.5 RSA signature with hashing", SIG, strict, RSA_KEYS, RSA_SIZE, none, hash,             \
         CFR_RSA_V15, "rsa_v15", .op = &cfr_op_rsa_hash)
#define RSA_PSS_HASH(t, hash, strict, vec)                                                                      \
    MECH(t, "PKCS #1 RSA PSS signature with hashing", SIG, strict, RSA_KEYS, RSA_SIZE, pss, hash,               \
         CFR_RSA_PSS, vec, .op = &cfr_op_rsa_hash)
#define DIGEST(t, hash)                                                                                         \
    MECH(t, "Digest", CKF_DIGEST, CKF_DIGEST, NO_KEY, NO_SIZE, none, hash, 0, "digest", .op = &cfr_op_digest)
#define HMAC(t, key, hash, params, section)                                                                     \
    MECH(t, section, SIG, SIG, KEYS(GENERIC_SECRET, key), OCTETS(1, SECRET_MAX), params, hash, CFR_MAC_HMAC,    \
         "hmac", .op = &cfr_op_mac)
#define SECRET_KEYGEN(t, key, size, step, section)                                                              \
    MECH(t, section, CKF_GENERATE, CKF_GENERATE, KEYS(key, key), size, none, NONE, step, NULL,              \
         .keygen = cfr_keygen_secret)
#define EC_KEYGEN(t, key, size, family, info, section)                                                          \
    MECH(t, section, PAIR | (info), PAIR | (info), KEYS(key, key), size, none, NONE, family, NULL,       \
         .keygen = cfr_keygen_ec)
#define ECDSA_BARE(t)                                                                                           \
    MECH(t, "ECDSA without hashing", SIG | WEIERSTRASS, SIG | WEIERSTRASS, KEYS(EC, EC), EC_SIZE, none, NONE,   \
         0, "ecdsa", .op = &cfr_op_ecdsa)
#define ECDSA_HASH(t, hash, strict)                                                                             \
    MECH(t, "ECDSA with hashing", SIG | WEIERSTRASS, (strict) | WEIERSTRASS, KEYS(EC, EC), EC_SIZE, none,       \
         hash, 0, "ecdsa", .op = &cfr_op_ecdsa_hash)
#define EDDSA_ANY(t)                                                                                            \
    MECH(t, "EdDSA", SIG | MODERN, SIG | MODERN, KEYS(EC_EDWARDS, EC_EDWARDS), MODERN_SIZE, eddsa, NONE, 0,     \
         "eddsa", .op = &cfr_op_eddsa)
#define ECDH(t, keys, cofactor, section)                                                                        \
    MECH(t, section, CKF_DERIVE | WEIERSTRASS, CKF_DERIVE | WEIERSTRASS, keys, EC_SIZE, ecdh1, NONE, cofactor,  \
         "ecdh", .derive = cfr_derive_ecdh1)
#define COMBINE(t, params, variant, adapter, section)                                                           \
    MECH(t, section, CKF_DERIVE, 0, NO_KEY, NO_SIZE, params, NONE, variant, "combine",                          \
         .derive = cfr_derive_##adapter, .inherit = CFR_INHERIT_SECRECY,                                        \
         .traits = CFR_TRAIT_ANY_SECRET | CFR_TRAIT_GENERIC)
#define DIGEST_KEY(t, hash, strict)                                                                             \
    MECH(t, "Hash-based key derivation", CKF_DERIVE, strict, NO_KEY, NO_SIZE, none, hash, 0, "digest",          \
         .derive = cfr_derive_digest, .traits = CFR_TRAIT_ANY_SECRET | CFR_TRAIT_GENERIC)
#define SHAKE_KEY(t, len)                                                                                       \
    MECH(t, "Hash-based key derivation", CKF_DERIVE, CKF_DERIVE, NO_KEY, NO_SIZE, none, NONE, len, "shake",     \
         .derive = cfr_derive_xof, .traits = CFR_TRAIT_ANY_SECRET | CFR_TRAIT_GENERIC)
#define AES_DATA(t, params, mode)                                                                               \
    MECH(t, "Key derivation by data encryption", CKF_DERIVE, 0, KEYS(AES, AES), AES_SIZE, params, NONE,  \
         CFR_CIPHER_##mode, "aes_modes", .derive = cfr_derive_encrypt, .traits = CFR_TRAIT_GENERIC)
#define KBKDF(t, params, mode, section)                                                                          \
    MECH(t, section, CKF_DERIVE, CKF_DERIVE, NO_KEY, BITS(8, 8 * SECRET_MAX), params, NONE, CFR_KBKDF_##mode,   \
         "kbkdf", .derive = cfr_derive_kbkdf, .inherit = CFR_INHERIT_DEFAULTS,                                  \
         .traits = CFR_TRAIT_ANY_SECRET | CFR_TRAIT_PRF_KEYS)
#define HKDF_ANY(t, strict, makes, section)                                                                     \
    MECH(t, section, CKF_DERIVE, strict, KEYS(HKDF, GENERIC_SECRET), OCTETS(1, SECRET_MAX), hkdf, NONE, 0,      \
         "hkdf", .derive = cfr_derive_hkdf, .traits = CFR_TRAIT_PRF_KEYS | CFR_TRAIT_DATA_BASE | (makes))
#define TLS_KEYS KEYS(GENERIC_SECRET, GENERIC_SECRET)
#define MASTER_SIZE OCTETS(CFR_TLS_MASTER_LEN, CFR_TLS_MASTER_LEN)
/* Key transport is by PKCS #1 v1.5, which the strict profile has no encryption with. */
#define TLS_PREMASTER(t)                                                                                        \
    MECH(t, "SSL: Pre-master key generation", CKF_GENERATE, 0, TLS_KEYS, MASTER_SIZE, tls_version, NONE, 0,     \
         NULL, .keygen = cfr_keygen_premaster, .traits = CFR_TRAIT_MAKES_PREMASTER)
#define TLS_MASTER(t, strict, params, traits_, section)                                                         \
    MECH(t, section, CKF_DERIVE, strict, TLS_KEYS, MASTER_SIZE, params, NONE, 0, "tls_prf",                     \
         .derive = cfr_derive_tls, .probe = cfr_probe_tls, .traits = CFR_TRAIT_MAKES_MASTER | (traits_))
#define TLS_BLOCK(t, strict, params, section)                                                                   \
    MECH(t, section, CKF_DERIVE, strict, TLS_KEYS, MASTER_SIZE, params, NONE, 0, "tls_prf",                     \
         .derive = cfr_derive_tls, .probe = cfr_probe_tls, .inherit = CFR_INHERIT_SAME,                         \
         .traits = CFR_TRAIT_MAKES_BLOCK | CFR_TRAIT_TAKES_MASTER)
#define TLS_EXPORT(t)                                                                                           \
    MECH(t, "Generic Key Derivation using the TLS PRF", CKF_DERIVE, CKF_DERIVE, TLS_KEYS,                       \
         OCTETS(1, SECRET_MAX), tls_kdf, NONE, 0, "tls_prf", .derive = cfr_derive_tls,                          \
         .probe = cfr_probe_tls, .inherit = CFR_INHERIT_KEPT, .traits = CFR_TRAIT_TAKES_MASTER)
#define TLS_MAC_ROW(t)                                                                                          \
    MECH(t, "TLS MAC", SIG, SIG, TLS_KEYS, OCTETS(1, SECRET_MAX), tls_mac, NONE, 0, "tls12_connection",         \
         .op = &cfr_op_tls_mac, .traits = CFR_TRAIT_TAKES_MASTER)
#define AES_CRYPT(t, key, size, flags, strict, params, mode, unit, traits_, adapter, vec, section)              \
    MECH(t, section, flags, strict, KEYS(key, key), size, params, NONE, mode, vec, .op = &cfr_op_##adapter,     \
         .wrap_unit = (unit), .traits = (traits_))
#define ECDH_AES(t, keys, size, info, form, section)                                                            \
    MECH(t, section, WRAP | (info), WRAP | (info), keys, size, ecdh_aes, NONE, CFR_ENVELOPE_##form, NULL,       \
         .op = &cfr_op_envelope, .wrap_unit = 1, .traits = SHORTER | PRIVATE)
#define AES_AEAD(t, reader, kind, vec, section)                                                                 \
    MECH(t, section, CRYPT | WRAP, CRYPT | WRAP, KEYS(AES, AES), AES_SIZE, reader##_wrap, NONE,                 \
         CFR_AEAD_##kind, vec, .op = &cfr_op_aead, .wrap_unit = 1, .traits = PRIVATE,                           \
         .message = &cfr_message_##reader, .apart = cfr_params_##reader##_apart)
/* Streams and stolen ciphertext: the rest of the modes, which have no authentication either. */
#define AES_MODE(t, mode, vec, section)                                                                         \
    AES_CRYPT(t, AES, OCTETS(16, 32), CRYPT | WRAP, CRYPT, iv16, CFR_CIPHER_##mode, 1, 0, cipher, vec, section)
#define AES_MAC_ROW(t, params, adapter, kind, vec, section)                                                     \
    MECH(t, section, SIG, SIG, KEYS(AES, AES), AES_SIZE, params, NONE, kind, vec, .op = &cfr_op_##adapter)
#define SLOW_IF_HASHES(key) (CFR_KEY_##key == CFR_KEY_SLH_DSA ? CFR_TRAIT_SLOW : 0)
#define PQ_KEYGEN(t, key, size, section)                                                                        \
    MECH(t, section, PAIR, PAIR, KEYS(key, key), size, none, NONE, CFR_KEY_##key, NULL,                         \
         .keygen = cfr_keygen_pq, .probe = cfr_probe_pq, .traits = SLOW_IF_HASHES(key))
#define PQ_SIGN(t, key, size, params, hash, adapter, vec, section)                                              \
    MECH(t, section, SIG, SIG, KEYS(key, key), size, params, hash, CFR_KEY_##key, vec,                          \
         .op = &cfr_op_##adapter, .probe = cfr_probe_pq, .traits = SLOW_IF_HASHES(key))
#define PQ_KEM(t, key, size, vec, section)                                                                      \
    MECH(t, section, ENCAPS, ENCAPS, KEYS(key, key), size, none, NONE, CFR_KEY_##key, vec,                      \
         .kem = &cfr_kem_pq, .probe = cfr_probe_pq)

#define DH_KEYGEN(t, key, family, section)                                                                       \
    MECH(t, section, PAIR, PAIR, KEYS(key, key), DH_SIZE, none, NONE, CFR_KEY_##family, NULL,                   \
         .keygen = cfr_keygen_ffc, .probe = cfr_probe_ffc)
#define DH_PARAMETERS(t, key, family, size, section)                                                            \
    MECH(t, section, CKF_GENERATE, CKF_GENERATE, KEYS(key, key), size, none, NONE, CFR_KEY_##family, NULL,      \
         .keygen = cfr_keygen_ffc_domain, .traits = CFR_TRAIT_MAKES_DOMAIN, .probe = cfr_probe_ffc)
#define DH_AGREE(t, key, family, params, vec, section)                                                          \
    MECH(t, section, CKF_DERIVE, CKF_DERIVE, KEYS(key, key), DH_SIZE, params, NONE, CFR_KEY_##family, vec,      \
         .derive = cfr_derive_dh, .probe = cfr_probe_ffc)
/* New signatures are none of FIPS 186-5's; old ones may be verified, of SHA-1 too. */
#define DSA_VERIFY(t, hash, adapter, vec, section)                                                              \
    MECH(t, section, CKF_VERIFY, CKF_VERIFY, KEYS(DSA, DSA), DSA_SIZE, none, hash, CFR_KEY_DSA, vec,            \
         .op = &cfr_op_##adapter, .probe = cfr_probe_ffc)
#define DSA_HASH(t, hash, vec) DSA_VERIFY(t, hash, dsa_hash, vec, "DSA with hashing")
#define DES3_CRYPT(t, params, mode, unit, traits_)                                                              \
    MECH(t, "Double and Triple-length DES", CRYPT | WRAP, 0, KEYS(DES3, DES3), NO_SIZE, params, NONE,           \
         CFR_CIPHER_##mode, "des3", .op = &cfr_op_cipher, .wrap_unit = (unit), .traits = (traits_), .is_legacy = true)
#define DES3_MAC_ROW(t, params, section)                                                                        \
    MECH(t, section, SIG, 0, KEYS(DES3, DES3), NO_SIZE, params, NONE, CFR_MAC_CMAC_DES3, "des3_cmac",           \
         .op = &cfr_op_mac, .is_legacy = true)

static const struct cfr_mechanism rows[] = {
    RSA_KEYGEN(RSA_PKCS_KEY_PAIR_GEN),
    RSA_BARE(RSA_PKCS, CRYPT | SIG | RECOVER | WRAP, SIG | RECOVER, none, V15, SHORTER, "rsa_v15",
        "PKCS #1 v1.5 RSA"),
    RSA_BARE(RSA_X_509, CRYPT | SIG | RECOVER | WRAP, 0, none, RAW, SHORTER | FRONT_PAD, "rsa_raw", "X.509 (raw) RSA"),
    RSA_V15_HASH(SHA1_RSA_PKCS, SHA1, CKF_VERIFY),
    RSA_BARE(RSA_PKCS_OAEP, CRYPT | WRAP, CRYPT | WRAP, oaep, OAEP, SHORTER, "rsa_oaep", "PKCS #1 RSA OAEP"),
    RSA_BARE(RSA_PKCS_PSS, SIG, SIG, pss, PSS, 0, "rsa_pss", "PKCS #1 RSA PSS"),
    RSA_PSS_HASH(SHA1_RSA_PKCS_PSS, SHA1, CKF_VERIFY, "rsa_pss"),
    PQ_KEYGEN(ML_KEM_KEY_PAIR_GEN, ML_KEM, ML_KEM_SIZE, "ML-KEM key pair generation"),
    DSA_VERIFY(DSA, NONE, dsa, "dsa", "DSA without hashing"),
    DSA_HASH(DSA_SHA1, SHA1, "dsa"),
    DSA_HASH(DSA_SHA224, SHA224, "dsa"),
    DSA_HASH(DSA_SHA256, SHA256, "dsa"),
    DSA_HASH(DSA_SHA384, SHA384, "dsa"),
    DSA_HASH(DSA_SHA512, SHA512, "dsa"),
    PQ_KEM(ML_KEM, ML_KEM, ML_KEM_SIZE, "mlkem", "ML-KEM Key Agreement"),
    DSA_HASH(DSA_SHA3_224, SHA3_224, NULL),
    DSA_HASH(DSA_SHA3_256, SHA3_256, NULL),
    DSA_HASH(DSA_SHA3_384, SHA3_384, NULL),
    DSA_HASH(DSA_SHA3_512, SHA3_512, NULL),
    PQ_KEYGEN(ML_DSA_KEY_PAIR_GEN, ML_DSA, ML_DSA_SIZE, "ML-DSA key pair generation"),
    PQ_SIGN(ML_DSA, ML_DSA, ML_DSA_SIZE, sign_context, NONE, pq, "mldsa", "ML-DSA Signature"),
    PQ_SIGN(HASH_ML_DSA, ML_DSA, ML_DSA_SIZE, hash_sign_context, NONE, pq_digest, "hash_mldsa", "HashML-DSA Signature"),
    DH_KEYGEN(DH_PKCS_KEY_PAIR_GEN, DH, DH, "PKCS #3 Diffie-Hellman key pair generation"),
    DH_AGREE(DH_PKCS_DERIVE, DH, DH, dh, "dh", "PKCS #3 Diffie-Hellman key derivation"),
    PQ_SIGN(HASH_ML_DSA_SHA224, ML_DSA, ML_DSA_SIZE, sign_context, SHA224, pq_hash, "hash_mldsa", "HashML-DSA Signature with hashing"),
    PQ_SIGN(HASH_ML_DSA_SHA256, ML_DSA, ML_DSA_SIZE, sign_context, SHA256, pq_hash, "hash_mldsa", "HashML-DSA Signature with hashing"),
    PQ_SIGN(HASH_ML_DSA_SHA384, ML_DSA, ML_DSA_SIZE, sign_context, SHA384, pq_hash, "hash_mldsa", "HashML-DSA Signature with hashing"),
    PQ_SIGN(HASH_ML_DSA_SHA512, ML_DSA, ML_DSA_SIZE, sign_context, SHA512, pq_hash, "hash_mldsa", "HashML-DSA Signature with hashing"),
    PQ_SIGN(HASH_ML_DSA_SHA3_224, ML_DSA, ML_DSA_SIZE, sign_context, SHA3_224, pq_hash, "hash_mldsa", "HashML-DSA Signature with hashing"),
    PQ_SIGN(HASH_ML_DSA_SHA3_256, ML_DSA, ML_DSA_SIZE, sign_context, SHA3_256, pq_hash, "hash_mldsa", "HashML-DSA Signature with hashing"),
    PQ_SIGN(HASH_ML_DSA_SHA3_384, ML_DSA, ML_DSA_SIZE, sign_context, SHA3_384, pq_hash, "hash_mldsa", "HashML-DSA Signature with hashing"),
    PQ_SIGN(HASH_ML_DSA_SHA3_512, ML_DSA, ML_DSA_SIZE, sign_context, SHA3_512, pq_hash, "hash_mldsa", "HashML-DSA Signature with hashing"),
    PQ_SIGN(HASH_ML_DSA_SHAKE128, ML_DSA, ML_DSA_SIZE, sign_context, SHAKE128, pq_hash, "hash_mldsa", "HashML-DSA Signature with hashing"),
    PQ_SIGN(HASH_ML_DSA_SHAKE256, ML_DSA, ML_DSA_SIZE, sign_context, SHAKE256, pq_hash, "hash_mldsa", "HashML-DSA Signature with hashing"),
    PQ_KEYGEN(SLH_DSA_KEY_PAIR_GEN, SLH_DSA, SLH_DSA_SIZE, "SLH-DSA key pair generation"),
    PQ_SIGN(SLH_DSA, SLH_DSA, SLH_DSA_SIZE, sign_context, NONE, pq, "slhdsa", "SLH-DSA Signature"),
    DH_KEYGEN(X9_42_DH_KEY_PAIR_GEN, X9_42_DH, X942_DH, "X9.42 Diffie-Hellman key pair generation"),
    DH_AGREE(X9_42_DH_DERIVE, X9_42_DH, X942_DH, x942_dh, "x942_dh", "X9.42 Diffie-Hellman key derivation"),
    PQ_SIGN(HASH_SLH_DSA, SLH_DSA, SLH_DSA_SIZE, hash_sign_context, NONE, pq_digest, "hash_slhdsa", "HashSLH-DSA Signature"),
    PQ_SIGN(HASH_SLH_DSA_SHA224, SLH_DSA, SLH_DSA_SIZE, sign_context, SHA224, pq_hash, NULL, "HashSLH-DSA Signature with hashing"),
    PQ_SIGN(HASH_SLH_DSA_SHA256, SLH_DSA, SLH_DSA_SIZE, sign_context, SHA256, pq_hash, "hash_slhdsa", "HashSLH-DSA Signature with hashing"),
    PQ_SIGN(HASH_SLH_DSA_SHA384, SLH_DSA, SLH_DSA_SIZE, sign_context, SHA384, pq_hash, NULL, "HashSLH-DSA Signature with hashing"),
    PQ_SIGN(HASH_SLH_DSA_SHA512, SLH_DSA, SLH_DSA_SIZE, sign_context, SHA512, pq_hash, "hash_slhdsa", "HashSLH-DSA Signature with hashing"),
    PQ_SIGN(HASH_SLH_DSA_SHA3_224, SLH_DSA, SLH_DSA_SIZE, sign_context, SHA3_224, pq_hash, NULL, "HashSLH-DSA Signature with hashing"),
    PQ_SIGN(HASH_SLH_DSA_SHA3_256, SLH_DSA, SLH_DSA_SIZE, sign_context, SHA3_256, pq_hash, NULL, "HashSLH-DSA Signature with hashing"),
    PQ_SIGN(HASH_SLH_DSA_SHA3_384, SLH_DSA, SLH_DSA_SIZE, sign_context, SHA3_384, pq_hash, NULL, "HashSLH-DSA Signature with hashing"),
    PQ_SIGN(HASH_SLH_DSA_SHA3_512, SLH_DSA, SLH_DSA_SIZE, sign_context, SHA3_512, pq_hash, NULL, "HashSLH-DSA Signature with hashing"),
    PQ_SIGN(HASH_SLH_DSA_SHAKE128, SLH_DSA, SLH_DSA_SIZE, sign_context, SHAKE128, pq_hash, "hash_slhdsa", "HashSLH-DSA Signature with hashing"),
    PQ_SIGN(HASH_SLH_DSA_SHAKE256, SLH_DSA, SLH_DSA_SIZE, sign_context, SHAKE256, pq_hash, "hash_slhdsa", "HashSLH-DSA Signature with hashing"),
    RSA_V15_HASH(SHA256_RSA_PKCS, SHA256, SIG),
    RSA_V15_HASH(SHA384_RSA_PKCS, SHA384, SIG),
    RSA_V15_HASH(SHA512_RSA_PKCS, SHA512, SIG),
    RSA_PSS_HASH(SHA256_RSA_PKCS_PSS, SHA256, SIG, "rsa_pss"),
    RSA_PSS_HASH(SHA384_RSA_PKCS_PSS, SHA384, SIG, "rsa_pss"),
    RSA_PSS_HASH(SHA512_RSA_PKCS_PSS, SHA512, SIG, "rsa_pss"),
    RSA_V15_HASH(SHA224_RSA_PKCS, SHA224, SIG),
    RSA_PSS_HASH(SHA224_RSA_PKCS_PSS, SHA224, SIG, "rsa_pss"),
    DIGEST(SHA512_224, SHA512_224),
    HMAC(SHA512_224_HMAC, SHA512_224_HMAC, SHA512_224, none, "HMAC"),
    HMAC(SHA512_224_HMAC_GENERAL, SHA512_224_HMAC, SHA512_224, mac_general, "General-length HMAC"),
    DIGEST_KEY(SHA512_224_KEY_DERIVATION, SHA512_224, CKF_DERIVE),
    DIGEST(SHA512_256, SHA512_256),
    HMAC(SHA512_256_HMAC, SHA512_256_HMAC, SHA512_256, none, "HMAC"),
    HMAC(SHA512_256_HMAC_GENERAL, SHA512_256_HMAC, SHA512_256, mac_general, "General-length HMAC"),
    DIGEST_KEY(SHA512_256_KEY_DERIVATION, SHA512_256, CKF_DERIVE),
    TLS_MASTER(TLS12_EXTENDED_MASTER_KEY_DERIVE, 0, tls_extended, 0, "Master key derivation"),
    TLS_MASTER(TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, CKF_DERIVE, tls_extended_dh, CFR_TRAIT_SIZE_OF_NEW,
        "Master key derivation for Diffie-Hellman"),
    RSA_V15_HASH(SHA3_256_RSA_PKCS, SHA3_256, SIG),
    RSA_V15_HASH(SHA3_384_RSA_PKCS, SHA3_384, SIG),
    RSA_V15_HASH(SHA3_512_RSA_PKCS, SHA3_512, SIG),
    RSA_PSS_HASH(SHA3_256_RSA_PKCS_PSS, SHA3_256, SIG, "rsa_pss"),
    RSA_PSS_HASH(SHA3_384_RSA_PKCS_PSS, SHA3_384, SIG, NULL),
    RSA_PSS_HASH(SHA3_512_RSA_PKCS_PSS, SHA3_512, SIG, NULL),
    RSA_V15_HASH(SHA3_224_RSA_PKCS, SHA3_224, SIG),
    RSA_PSS_HASH(SHA3_224_RSA_PKCS_PSS, SHA3_224, SIG, NULL),
    MECH(DES3_KEY_GEN, "Double and Triple-length DES", CKF_GENERATE, 0, KEYS(DES3, DES3), NO_SIZE, none, NONE,
        CFR_CIPHER_DES3_ECB, NULL, .keygen = cfr_keygen_des3, .probe = cfr_probe_des3, .is_legacy = true),
    DES3_CRYPT(DES3_ECB, none, DES3_ECB, 8, ZERO_PAD),
    DES3_CRYPT(DES3_CBC, iv8, DES3_CBC, 8, ZERO_PAD),
    DES3_CRYPT(DES3_CBC_PAD, iv8, DES3_CBC_PAD, 1, SHORTER | PRIVATE),
    DES3_MAC_ROW(DES3_CMAC_GENERAL, mac_general, "General-length DES3-MAC"),
    DES3_MAC_ROW(DES3_CMAC, none, "DES3-CMAC"),
    DIGEST(SHA_1, SHA1),
    HMAC(SHA_1_HMAC, SHA_1_HMAC, SHA1, none, "HMAC"),
    HMAC(SHA_1_HMAC_GENERAL, SHA_1_HMAC, SHA1, mac_general, "General-length HMAC"),
    DIGEST(SHA256, SHA256),
    HMAC(SHA256_HMAC, SHA256_HMAC, SHA256, none, "HMAC"),
    HMAC(SHA256_HMAC_GENERAL, SHA256_HMAC, SHA256, mac_general, "General-length HMAC"),
    DIGEST(SHA224, SHA224),
    HMAC(SHA224_HMAC, SHA224_HMAC, SHA224, none, "HMAC"),
    HMAC(SHA224_HMAC_GENERAL, SHA224_HMAC, SHA224, mac_general, "General-length HMAC"),
    DIGEST(SHA384, SHA384),
    HMAC(SHA384_HMAC, SHA384_HMAC, SHA384, none, "HMAC"),
    HMAC(SHA384_HMAC_GENERAL, SHA384_HMAC, SHA384, mac_general, "General-length HMAC"),
    DIGEST(SHA512, SHA512),
    HMAC(SHA512_HMAC, SHA512_HMAC, SHA512, none, "HMAC"),
    HMAC(SHA512_HMAC_GENERAL, SHA512_HMAC, SHA512, mac_general, "General-length HMAC"),
    DIGEST(SHA3_256, SHA3_256),
    HMAC(SHA3_256_HMAC, SHA3_256_HMAC, SHA3_256, none, "HMAC"),
    HMAC(SHA3_256_HMAC_GENERAL, SHA3_256_HMAC, SHA3_256, mac_general, "General-length HMAC"),
    SECRET_KEYGEN(SHA3_256_KEY_GEN, SHA3_256_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    DIGEST(SHA3_224, SHA3_224),
    HMAC(SHA3_224_HMAC, SHA3_224_HMAC, SHA3_224, none, "HMAC"),
    HMAC(SHA3_224_HMAC_GENERAL, SHA3_224_HMAC, SHA3_224, mac_general, "General-length HMAC"),
    SECRET_KEYGEN(SHA3_224_KEY_GEN, SHA3_224_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    DIGEST(SHA3_384, SHA3_384),
    HMAC(SHA3_384_HMAC, SHA3_384_HMAC, SHA3_384, none, "HMAC"),
    HMAC(SHA3_384_HMAC_GENERAL, SHA3_384_HMAC, SHA3_384, mac_general, "General-length HMAC"),
    SECRET_KEYGEN(SHA3_384_KEY_GEN, SHA3_384_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    DIGEST(SHA3_512, SHA3_512),
    HMAC(SHA3_512_HMAC, SHA3_512_HMAC, SHA3_512, none, "HMAC"),
    HMAC(SHA3_512_HMAC_GENERAL, SHA3_512_HMAC, SHA3_512, mac_general, "General-length HMAC"),
    SECRET_KEYGEN(SHA3_512_KEY_GEN, SHA3_512_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    SECRET_KEYGEN(GENERIC_SECRET_KEY_GEN, GENERIC_SECRET, BITS(8, 8 * SECRET_MAX), 1,
        "Generic secret key generation"),
    COMBINE(CONCATENATE_BASE_AND_KEY, key, CFR_CONCATENATE_BEHIND, concatenate,
        "Concatenation of a base key and another key"),
    COMBINE(CONCATENATE_BASE_AND_DATA, string_data, CFR_CONCATENATE_BEHIND, concatenate,
        "Concatenation of a base key and data"),
    COMBINE(CONCATENATE_DATA_AND_BASE, string_data, CFR_CONCATENATE_IN_FRONT, concatenate,
        "Concatenation of data and a base key"),
    COMBINE(XOR_BASE_AND_DATA, string_data, 0, xor, "XORing of a key and data"),
    COMBINE(EXTRACT_KEY_FROM_KEY, extract, 0, extract, "Extraction of one key from another key"),
    TLS_PREMASTER(SSL3_PRE_MASTER_KEY_GEN),
    TLS_PREMASTER(TLS_PRE_MASTER_KEY_GEN),
    DIGEST_KEY(SHA1_KEY_DERIVATION, SHA1, 0),
    DIGEST_KEY(SHA256_KEY_DERIVATION, SHA256, CKF_DERIVE),
    DIGEST_KEY(SHA384_KEY_DERIVATION, SHA384, CKF_DERIVE),
    DIGEST_KEY(SHA512_KEY_DERIVATION, SHA512, CKF_DERIVE),
    DIGEST_KEY(SHA224_KEY_DERIVATION, SHA224, CKF_DERIVE),
    DIGEST_KEY(SHA3_256_KEY_DERIVATION, SHA3_256, CKF_DERIVE),
    DIGEST_KEY(SHA3_224_KEY_DERIVATION, SHA3_224, CKF_DERIVE),
    DIGEST_KEY(SHA3_384_KEY_DERIVATION, SHA3_384, CKF_DERIVE),
    DIGEST_KEY(SHA3_512_KEY_DERIVATION, SHA3_512, CKF_DERIVE),
    SHAKE_KEY(SHAKE_128_KEY_DERIVATION, 32),
    SHAKE_KEY(SHAKE_256_KEY_DERIVATION, 64),
    KBKDF(SP800_108_COUNTER_KDF, kdf_counter, COUNTER, "Counter Mode KDF"),
    KBKDF(SP800_108_FEEDBACK_KDF, kdf_feedback, FEEDBACK, "Feedback Mode KDF"),
    KBKDF(SP800_108_DOUBLE_PIPELINE_KDF, kdf_pipeline, PIPELINE, "Double Pipeline Mode KDF"),
    MECH(PKCS5_PBKD2, "PKCS #5 PBKD2 key generation", CKF_GENERATE, 0, NO_KEY, NO_SIZE, pbkdf2, NONE, 0, "pbkdf2",
        .keygen = cfr_keygen_pbkdf2, .traits = CFR_TRAIT_TEMPLATE_TYPE),
    TLS_MAC_ROW(TLS12_MAC),
    TLS_EXPORT(TLS12_KDF),
    TLS_MASTER(TLS12_MASTER_KEY_DERIVE, 0, tls_master, 0, "Master key derivation"),
    TLS_BLOCK(TLS12_KEY_AND_MAC_DERIVE, 0, tls_block, "Key and MAC derivation"),
    TLS_MASTER(TLS12_MASTER_KEY_DERIVE_DH, CKF_DERIVE, tls_master_dh, CFR_TRAIT_SIZE_OF_NEW,
        "Master key derivation for Diffie-Hellman"),
    TLS_BLOCK(TLS12_KEY_SAFE_DERIVE, CKF_DERIVE, tls_safe_block, "CKM_TLS12_KEY_SAFE_DERIVE"),
    TLS_MAC_ROW(TLS_MAC),
    TLS_EXPORT(TLS_KDF),
    EC_KEYGEN(EC_KEY_PAIR_GEN, EC, EC_SIZE, CFR_KEY_EC, WEIERSTRASS, "Elliptic Curve key pair generation"),
    ECDSA_BARE(ECDSA),
    ECDSA_HASH(ECDSA_SHA1, SHA1, CKF_VERIFY),
    ECDSA_HASH(ECDSA_SHA224, SHA224, SIG),
    ECDSA_HASH(ECDSA_SHA256, SHA256, SIG),
    ECDSA_HASH(ECDSA_SHA384, SHA384, SIG),
    ECDSA_HASH(ECDSA_SHA512, SHA512, SIG),
    ECDSA_HASH(ECDSA_SHA3_224, SHA3_224, SIG),
    ECDSA_HASH(ECDSA_SHA3_256, SHA3_256, SIG),
    ECDSA_HASH(ECDSA_SHA3_384, SHA3_384, SIG),
    ECDSA_HASH(ECDSA_SHA3_512, SHA3_512, SIG),
    ECDH(ECDH1_DERIVE, KEYS(EC, EC_MONTGOMERY), 0, "Elliptic Curve Diffie-Hellman key derivation"),
    ECDH(ECDH1_COFACTOR_DERIVE, KEYS(EC, EC), 1, "Elliptic Curve Diffie-Hellman with cofactor key derivation"),
    ECDH_AES(ECDH_AES_KEY_WRAP, KEYS(EC, EC_MONTGOMERY), EC_SIZE, WEIERSTRASS, ECDH, "ECDH AES KEY WRAP"),
    MECH(RSA_AES_KEY_WRAP, "RSA AES KEY WRAP", WRAP, WRAP, RSA_KEYS, RSA_SIZE, rsa_aes, NONE, CFR_ENVELOPE_RSA,
        NULL, .op = &cfr_op_envelope, .wrap_unit = 1, .traits = SHORTER | PRIVATE),
    EC_KEYGEN(EC_EDWARDS_KEY_PAIR_GEN, EC_EDWARDS, MODERN_SIZE, CFR_KEY_EDWARDS, MODERN,
        "Edwards Elliptic Curve key pair generation"),
    EC_KEYGEN(EC_MONTGOMERY_KEY_PAIR_GEN, EC_MONTGOMERY, MODERN_SIZE, CFR_KEY_MONTGOMERY, MODERN,
        "Montgomery Elliptic Curve key pair generation"),
    EDDSA_ANY(EDDSA),
    AES_CRYPT(AES_XTS, AES_XTS, OCTETS(32, 64), CRYPT, CRYPT, iv16, CFR_CIPHER_XTS, 1, 0, cipher,
        "aes_xts", "AES-XTS"),
    SECRET_KEYGEN(AES_XTS_KEY_GEN, AES_XTS, OCTETS(32, 64), 32, "AES-XTS key generation"),
    SECRET_KEYGEN(AES_KEY_GEN, AES, OCTETS(16, 32), 8, "AES key generation"),
    AES_CRYPT(AES_ECB, AES, OCTETS(16, 32), CRYPT | WRAP, 0, none, CFR_CIPHER_ECB, 16, ZERO_PAD, cipher,
        "aes_modes", "AES-ECB"),
    AES_CRYPT(AES_CBC, AES, OCTETS(16, 32), CRYPT | WRAP, CRYPT, iv16, CFR_CIPHER_CBC, 16, ZERO_PAD,
        cipher, "aes_modes", "AES-CBC"),
    AES_CRYPT(AES_CBC_PAD, AES, OCTETS(16, 32), CRYPT | WRAP, CRYPT, iv16, CFR_CIPHER_CBC_PAD, 1,
        SHORTER | PRIVATE, cipher, "aes_cbc_pad", "AES-CBC with PKCS padding"),
    AES_CRYPT(AES_CTR, AES, OCTETS(16, 32), CRYPT | WRAP, CRYPT, ctr, CFR_CIPHER_CTR, 1, 0, cipher,
        "aes_modes", "AES with Counter Encryption / Decryption"),
    AES_AEAD(AES_GCM, gcm, GCM, "aes_gcm", "AES-GCM Authenticated Encryption / Decryption"),
    AES_AEAD(AES_CCM, ccm, CCM, "aes_ccm", "AES-CCM Authenticated Encryption / Decryption"),
    AES_MODE(AES_CTS, CTS, "aes_cts", "AES CBC with CipherText Stealing CTS"),
    AES_MAC_ROW(AES_CMAC, none, mac, CFR_MAC_CMAC, "cmac", "AES-CMAC"),
    AES_MAC_ROW(AES_CMAC_GENERAL, mac_general, mac, CFR_MAC_CMAC, "cmac", "General-length AES-CMAC"),
    AES_MAC_ROW(AES_GMAC, gmac, gmac, CFR_MAC_GMAC, "gmac", "AES-GMAC"),
    AES_DATA(AES_ECB_ENCRYPT_DATA, ecb_data, ECB),
    AES_DATA(AES_CBC_ENCRYPT_DATA, cbc_data, CBC),
    SECRET_KEYGEN(CHACHA20_KEY_GEN, CHACHA20, OCTETS(32, 32), 1, "ChaCha20 key generation"),
    MECH(CHACHA20, "ChaCha20 mechanism", CRYPT | WRAP, CRYPT, KEYS(CHACHA20, CHACHA20), BITS(256, 256),
        chacha20, NONE, CFR_CIPHER_CHACHA20, "chacha20", .op = &cfr_op_cipher, .wrap_unit = 1),
    DH_PARAMETERS(DH_PKCS_PARAMETER_GEN, DH, DH, DH_SIZE, "PKCS #3 Diffie-Hellman domain parameter generation"),
    DH_PARAMETERS(X9_42_DH_PARAMETER_GEN, X9_42_DH, X942_DH, DH_SIZE, "X9.42 Diffie-Hellman domain parameter generation"),
    AES_MODE(AES_OFB, OFB, "aes_modes", "AES-OFB"),
    AES_MODE(AES_CFB8, CFB8, "aes_modes", "AES-CFB"),
    AES_MODE(AES_CFB128, CFB128, "aes_modes", "AES-CFB"),
    AES_MODE(AES_CFB1, CFB1, "aes_modes", "AES-CFB"),
    AES_CRYPT(AES_KEY_WRAP, AES, OCTETS(16, 32), CRYPT | WRAP, CRYPT | WRAP, wrap_iv8, 0, 8,
        ZERO_PAD | PRIVATE, keywrap, "keywrap_rfc3394", "AES Key Wrap"),
    AES_CRYPT(AES_KEY_WRAP_KWP, AES, OCTETS(16, 32), CRYPT | WRAP, CRYPT | WRAP, wrap_iv4, 1, 1,
        SHORTER | PRIVATE, keywrap, "keywrap_rfc5649", "AES Key Wrap"),
    SECRET_KEYGEN(SHA_1_KEY_GEN, SHA_1_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    SECRET_KEYGEN(SHA224_KEY_GEN, SHA224_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    SECRET_KEYGEN(SHA256_KEY_GEN, SHA256_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    SECRET_KEYGEN(SHA384_KEY_GEN, SHA384_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    SECRET_KEYGEN(SHA512_KEY_GEN, SHA512_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    SECRET_KEYGEN(SHA512_224_KEY_GEN, SHA512_224_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    SECRET_KEYGEN(SHA512_256_KEY_GEN, SHA512_256_HMAC, OCTETS(1, SECRET_MAX), 1, "HMAC key generation"),
    MECH(CHACHA20_POLY1305, "Chacha20/Poly1305 and Salsa20/Poly1305 Authenticated Encryption / Decryption",
        CRYPT, CRYPT, KEYS(CHACHA20, CHACHA20), BITS(256, 256), chacha20_poly1305, NONE,
        CFR_AEAD_CHACHA20_POLY1305, "chacha20_poly1305", .op = &cfr_op_aead, .wrap_unit = 1,
        .message = &cfr_message_chacha20_poly1305),
    HKDF_ANY(HKDF_DERIVE, CKF_DERIVE, 0, "HKDF derive"),
    HKDF_ANY(HKDF_DATA, 0, CFR_TRAIT_MAKES_DATA, "HKDF Data"),
    SECRET_KEYGEN(HKDF_KEY_GEN, HKDF, OCTETS(1, SECRET_MAX), 1, "HKDF Key gen"),
    ECDH_AES(ECDH_X_AES_KEY_WRAP, KEYS(EC_MONTGOMERY, EC_MONTGOMERY), MODERN_SIZE, MODERN, ECDH,
        "ECDH Montgomery AES KEY WRAP"),
    ECDH_AES(ECDH_COF_AES_KEY_WRAP, KEYS(EC, EC), EC_SIZE, WEIERSTRASS, ECDH_COFACTOR,
        "ECDH COFACTOR AES KEY WRAP"),
    MECH(PUB_KEY_FROM_PRIV_KEY, "Public key from private key", CKF_DERIVE, CKF_DERIVE, NO_KEY, NO_SIZE, none, NONE, 0,
        "ecdsa_rfc6979", .traits = CFR_TRAIT_ANY_PRIVATE | CFR_TRAIT_MAKES_PUBLIC),
};
/* clang-format on */

size_t cfr_mechanism_count(void)
{
    return sizeof(rows) / sizeof(rows[0]);
}

const struct cfr_mechanism *cfr_mechanism_row(size_t index)
{
    return &rows[index];
}
