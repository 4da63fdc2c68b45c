/* SPDX-License-Identifier: Apache-2.0 */
/* A call of the TLS 1.2 mechanisms in the making: parameters that are right, to be spoilt one by one. */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_TLS_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_TLS_H

#include "integration/cryptoki/operations.h"

enum { TLS_MASTER_LEN = 48, TLS_RANDOM_LEN = 32 };

/** All parameters over the same random values, with the hash SHA-256; what the module writes goes in here too. */
struct tls_call {
    CK_BYTE client[TLS_RANDOM_LEN];
    CK_BYTE server[TLS_RANDOM_LEN];
    CK_BYTE session_hash[64];
    CK_VERSION version;
    CK_BYTE ivs[2][64];
    CK_SSL3_KEY_MAT_OUT out;
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS master;
    CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS extended;
    CK_TLS12_KEY_MAT_PARAMS block;
    CK_TLS_KDF_PARAMS kdf;
};

/** The only one, made anew: 20 octets of MAC key, 16 of key, 16 of IV; the label "EXPERIMENTAL label". */
extern struct tls_call tls_call;
void tls_begin(void);

/** Both random values. */
void tls_randoms(struct cfr_span client, struct cfr_span server);

/** Lengths of a key block, octets. */
void tls_block_lens(size_t mac, size_t key, size_t iv);

/** C_DeriveKey for a key block, without a place for a handle. */
CK_RV tls_derive_block(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE master,
                       const struct bag *bag);

/** Destroy the keys of tls_call.out, which are as many as @p count, and set it back. */
void tls_destroy_block(CK_SESSION_HANDLE session, size_t count);

/** tls_call.out is a block: MAC keys, keys, IVs, each the client's first. Lengths in octets. */
void tls_expect_block(CK_SESSION_HANDLE session, struct cfr_span out, size_t mac, size_t key, size_t iv);

/** The pseudorandom function of TLS by libcrypto, "MD5-SHA1" for that of TLS 1.0 and 1.1. Static. */
struct cfr_span tls_prf_direct(const char *md, struct cfr_span secret, struct cfr_span label,
                               struct cfr_span seed, size_t len);

/** HKDF-Expand with SHA-256 and the HkdfLabel of TLS 1.3 (RFC 8446 7.1), which is static. */
CK_HKDF_PARAMS tls13_expansion(struct cfr_span label, struct cfr_span context, size_t len);

/** A generic secret of 48 octets, generated, with CKA_DERIVE and CKA_SIGN. */
CK_OBJECT_HANDLE tls_master(CK_SESSION_HANDLE session, bool sensitive, bool extractable);

#endif
