/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that the tests have twice: in libcrypto's default context, which the module does not use, and as
 * templates for the module. And the hashes by all their names.
 */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_KEYS_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_KEYS_H

#include "integration/cryptoki/support.h"

#include <openssl/evp.h>

/** A hash, and the mechanisms that have it in their names; 0 where there is no such mechanism. */
struct hash_row {
    const char *name;       /**< in tests/vectors */
    const char *wycheproof; /**< in Project Wycheproof's files */
    const char *md;         /**< in libcrypto */
    size_t len;
    CK_MECHANISM_TYPE digest;
    CK_MECHANISM_TYPE hmac;
    CK_MECHANISM_TYPE hmac_general;
    CK_MECHANISM_TYPE keygen;
    CK_KEY_TYPE key_type;
    CK_MECHANISM_TYPE rsa;
    CK_MECHANISM_TYPE pss;
    CK_MECHANISM_TYPE ecdsa;
    CK_RSA_PKCS_MGF_TYPE mgf;
    CK_EC_KDF_TYPE kdf;
    CK_EC_KDF_TYPE kdf_sp800;
    CK_MECHANISM_TYPE derivation;
    CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE pbkdf2;
};

enum { HASH_COUNT = 11 };
extern const struct hash_row hashes[HASH_COUNT];

/** The row with a name, in whichever of the three spellings; NULL for none. */
const struct hash_row *hash_find(const char *name);

/** Digest by libcrypto. */
struct cfr_span hash_digest(const struct hash_row *hash, struct cfr_span data, uint8_t out[64]);

/** The RSA key of tests/vectors/rsa_keys.txt with an id; the caller frees it. */
EVP_PKEY *pkey_rsa(const char *id);

/** A new key: a curve's name ("P-256", "secp256k1" …) or "ED25519", "ED448", "X25519", "X448". */
EVP_PKEY *pkey_new(const char *name);

/** DER of CKA_EC_PARAMS for such a name: its object identifier. */
struct cfr_span ec_params(const char *name);

/**
 * The attributes of a half of a pair: class, key type, what makes the key; every use that the type has is
 * allowed, and the private half may be read. Whatever else is in the bag stays.
 */
void bag_public_key(struct bag *bag, EVP_PKEY *pkey);
void bag_private_key(struct bag *bag, EVP_PKEY *pkey);

/** The point of a key: uncompressed, or as RFC 7748 and RFC 8032 have it. */
void pkey_point(EVP_PKEY *pkey, struct octets *ret);

/** The private value as CKA_VALUE wants it. */
void pkey_value(EVP_PKEY *pkey, struct octets *ret);

/** C_GenerateKeyPair, which fails without leaving an object. */
CK_RV pair_generate(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, const struct bag *public_bag,
                    const struct bag *private_bag, struct key_pair *ret_pair);

/** A key says of itself that it was made here, by a mechanism. */
void expect_generated(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE mechanism);

/** Import a half. */
CK_OBJECT_HANDLE public_make(CK_SESSION_HANDLE session, EVP_PKEY *pkey);
CK_OBJECT_HANDLE private_make(CK_SESSION_HANDLE session, EVP_PKEY *pkey);

#endif
