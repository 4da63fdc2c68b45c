/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test keys and the raw side's library context. Asymmetric keys are made once and kept as PEM files in
 * the scratch folder, so that every process of a run checks the module against the same keys. Both sides of
 * a comparison use the same key.
 */
#ifndef BENCH_KEYS_H
#define BENCH_KEYS_H

#include "module.h"

#include <openssl/evp.h>

enum bench_key_kind {
    BENCH_KEY_NONE,
    BENCH_KEY_RSA2048,
    BENCH_KEY_RSA2048_PUBLIC,
    BENCH_KEY_RSA3072,
    BENCH_KEY_P256,
    BENCH_KEY_ED25519,
    BENCH_KEY_ML_DSA65,
    BENCH_KEY_ML_DSA65_PUBLIC,
    BENCH_KEY_ML_KEM768,
    BENCH_KEY_ML_KEM768_PUBLIC,
    BENCH_KEY_AES,
    BENCH_KEY_HMAC,
    BENCH_KEY_CHACHA20,
};

enum { BENCH_SECRET_LEN = 32, BENCH_POINT_LEN = 65 };

/** libcrypto for the raw side: a context of its own, everything fetched once. */
struct bench_raw {
    OSSL_LIB_CTX *lib;
    EVP_MD *sha256;
    EVP_CIPHER *gcm;
    EVP_CIPHER *cbc;
    EVP_CIPHER *chacha20_poly1305;
    EVP_MAC *hmac;
};

struct bench_keys {
    EVP_PKEY *rsa2048;
    EVP_PKEY *rsa3072;
    EVP_PKEY *p256;
    EVP_PKEY *ed25519;
    EVP_PKEY *ml_dsa65; /* NULL, as the next one: this libcrypto lacks the algorithm */
    EVP_PKEY *ml_kem768;
    EVP_PKEY *peer; /* the other party of the P-256 agreement */
    unsigned char secret[BENCH_SECRET_LEN];
};

/** Make the context and fetch the algorithms; ends the process when that fails. */
void bench_raw_open(struct bench_raw *ret_raw);
void bench_raw_close(struct bench_raw *raw);

/** Load the keys from the folder, or make and save them; ends the process when that fails. */
void bench_keys_open(const struct bench_raw *raw, const char *scratch, struct bench_keys *ret_keys);
void bench_keys_close(struct bench_keys *keys);

/** The P-256 key alone, for processes that need no other; freed with EVP_PKEY_free(). */
EVP_PKEY *bench_keys_p256(const struct bench_raw *raw, const char *scratch);

/** Whether keys of a kind are there: this libcrypto may lack the post-quantum ones. */
bool bench_keys_has(const struct bench_keys *keys, enum bench_key_kind kind);

/** The key of a kind that is an EVP_PKEY; NULL for the others. */
EVP_PKEY *bench_keys_pick(const struct bench_keys *keys, enum bench_key_kind kind);

/** The public point of a P-256 key, uncompressed. */
void bench_keys_point(EVP_PKEY *key, unsigned char ret_point[BENCH_POINT_LEN]);

/** Verify a PKCS#11 ECDSA signature (r and s, 64 octets) over a 32-octet digest with libcrypto. */
bool bench_ecdsa_check(const struct bench_raw *raw, EVP_PKEY *key, const unsigned char digest[32],
                       const unsigned char signature[64]);

/** What bench_key_import() needs to know beyond the key itself. */
struct bench_import {
    enum bench_key_kind kind;
    bool is_token;
    const char *label; /* also CKA_ID */
};

/** Create the key as an object of the module: private and sensitive, unless it is a public key. */
CK_RV bench_key_import(const struct bench_module *module, CK_SESSION_HANDLE session,
                       const struct bench_keys *keys, const struct bench_import *import,
                       CK_OBJECT_HANDLE *ret_key);

#endif
