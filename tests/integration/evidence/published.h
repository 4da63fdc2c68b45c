/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runners of published vectors: each puts one case through the C_* functions of the module, in a session of its
 * own that takes its objects along, and fails the test when the result is not the published one.
 */
#ifndef CFR_TESTS_INTEGRATION_EVIDENCE_PUBLISHED_H
#define CFR_TESTS_INTEGRATION_EVIDENCE_PUBLISHED_H

#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/vectors.h"

typedef void (*published_run_fn)(CK_SESSION_HANDLE session, struct vectors *vectors);

#define PUBLISHED(file, cases, runner) void run_##runner(CK_SESSION_HANDLE session, struct vectors *vectors);
#define PUBLISHED_LEGACY               PUBLISHED
#define NOT_PUBLISHED(file, reason)
#include "integration/evidence/published.def"
#undef NOT_PUBLISHED
#undef PUBLISHED_LEGACY
#undef PUBLISHED

/* --- What runners share --- */

/** The case's "key", as a secret key of a type. */
CK_OBJECT_HANDLE case_key(CK_SESSION_HANDLE session, struct vectors *vectors, CK_KEY_TYPE type);

/** The operation's result, whole and in parts of several sizes, is @p wanted. */
void expect_result(const struct operation *op, struct cfr_span in, struct cfr_span wanted);

/** Encryption gives @p coded, and decryption @p plain, whole and in parts. */
void expect_both_ways(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE key,
                      struct cfr_span plain, struct cfr_span coded);

/**
 * A deterministic signature is made, whole and in parts, and verified; one with an octet changed does not verify.
 * @p private may be CK_INVALID_HANDLE: then it is verified only.
 */
void expect_signature(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE private,
                      CK_OBJECT_HANDLE public, struct cfr_span message, struct cfr_span signature);

/** C_Verify says CKR_OK when @p is_valid; otherwise CKR_SIGNATURE_INVALID, or _LEN_RANGE. */
void expect_verdict(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE public,
                    struct cfr_span message, struct cfr_span signature, bool is_valid);

/** A public key of its numbers. */
CK_OBJECT_HANDLE rsa_public(CK_SESSION_HANDLE session, struct cfr_span modulus, struct cfr_span exponent);

/** Halves of a pair on a curve ("P-256", "ED25519" …), with every use that their type has. */
CK_OBJECT_HANDLE ec_public(CK_SESSION_HANDLE session, const char *curve, struct cfr_span point);
CK_OBJECT_HANDLE ec_private(CK_SESSION_HANDLE session, const char *curve, struct cfr_span value);

/** C_CreateObject of the same, with the code. */
CK_RV try_ec_public(CK_SESSION_HANDLE session, const char *curve, struct cfr_span point,
                    CK_OBJECT_HANDLE *ret_key);
CK_RV try_ec_private(CK_SESSION_HANDLE session, const char *curve, struct cfr_span value,
                     CK_OBJECT_HANDLE *ret_key);

/** A template of a post-quantum key without its value, of a set ("ML-DSA-44" …); the private half may be read. */
void bag_pq_key(struct bag *key, CK_OBJECT_CLASS class, const char *set);

/** CKM_PUB_KEY_FROM_PRIV_KEY; the handle of the public key. */
CK_OBJECT_HANDLE public_from_private(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private);

/** C_DeriveKey of CKM_ECDH1_DERIVE or its cofactor form without a KDF; on CKR_OK the secret. */
CK_RV try_agree(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE private,
                struct cfr_span peer, size_t len, struct octets *ret_secret);

/** Whether the token has a mechanism. */
bool is_listed(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);

#endif
