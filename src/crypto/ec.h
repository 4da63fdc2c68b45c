/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys on elliptic curves: ECDSA and ECDH (SEC 1, FIPS 186-5), EdDSA (RFC 8032), X25519 and X448 (RFC 7748).
 */
#ifndef CFR_CRYPTO_EC_H
#define CFR_CRYPTO_EC_H

#include "crypto/curve.h"
#include "crypto/keymat.h"

enum { CFR_EC_FIELD_MAX_LEN = 72, CFR_EC_POINT_MAX_LEN = 1 + 2 * CFR_EC_FIELD_MAX_LEN };

/**
 * A public key. EC: a point of SEC 1 2.3.3 in any form, on the curve, not infinity, and of the right order;
 * other curves: the octets of RFC 8032 or RFC 7748.
 *
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  no such point
 * @retval CKR_HOST_MEMORY              out of memory
 */
NODISCARD CK_RV cfr_ec_import_public(const struct cfr_curve *curve, struct cfr_span point,
                                     struct cfr_keymat **ret_keymat);

/**
 * A private key; the public half is computed.
 *
 * @param value  EC: big-endian, 1 to order - 1, with any number of leading zeros; others: RFC 8032, RFC 7748
 *
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  out of range
 * @retval CKR_HOST_MEMORY              out of memory
 */
NODISCARD CK_RV cfr_ec_import_private(const struct cfr_curve *curve, struct cfr_span value,
                                      struct cfr_keymat **ret_keymat);

/** A new pair, tested pairwise. CKR_FUNCTION_FAILED, CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_ec_generate(const struct cfr_curve *curve, struct cfr_keymat **ret_keymat);

/** The curve of a key. */
const struct cfr_curve *cfr_ec_curve(const struct cfr_keymat *keymat);

/** The public point, uncompressed for EC; at most CFR_EC_POINT_MAX_LEN octets. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_ec_point(const struct cfr_keymat *keymat, uint8_t *out, size_t *ret_len);

/**
 * The private value, cfr_curve_order_len() octets. CKR_ATTRIBUTE_TYPE_INVALID: a public key; CKR_HOST_MEMORY.
 */
NODISCARD CK_RV cfr_ec_value(const struct cfr_keymat *keymat, struct cfr_secret **ret_value);

/**
 * Agree on a secret with a peer's public point: cfr_curve_field_len() octets (ECDH: the x coordinate).
 *
 * @param peer      as for cfr_ec_import_public()
 * @param cofactor  ECDH with cofactor multiplication (ECC CDH)
 *
 * @retval CKR_PUBLIC_KEY_INVALID  no such point, or the result would be zero
 * @retval CKR_HOST_MEMORY         out of memory
 */
NODISCARD CK_RV cfr_ec_derive(struct cfr_keymat *keymat, struct cfr_span peer, bool cofactor,
                              struct cfr_secret **ret_shared);

/** A prepared ECDSA operation; any number of uses, one thread at a time. */
struct cfr_ecdsa;

NODISCARD CK_RV cfr_ecdsa_new(struct cfr_keymat *keymat, bool sign, struct cfr_ecdsa **ret_ecdsa);
void cfr_ecdsa_drop(struct cfr_ecdsa *ecdsa);
CFR_DEFINE_DROPP(ecdsa)

/** Sign a digest of any length; writes r and s, 2 * cfr_curve_order_len() octets. CKR_FUNCTION_FAILED. */
NODISCARD CK_RV cfr_ecdsa_sign(struct cfr_ecdsa *ecdsa, struct cfr_span digest, uint8_t *out);

/**
 * Verify r and s, each half of @p signature, which may be shorter than full length (PKCS#11 6.3.1).
 *
 * @retval CKR_SIGNATURE_LEN_RANGE  odd, empty or too long
 * @retval CKR_SIGNATURE_INVALID    wrong
 */
NODISCARD CK_RV cfr_ecdsa_verify(struct cfr_ecdsa *ecdsa, struct cfr_span digest, struct cfr_span signature);

/** A prepared EdDSA operation; any number of uses, one thread at a time. */
struct cfr_eddsa;

/** Variant of RFC 8032: pure unless prehash; context at most 255 octets, copied. */
struct cfr_eddsa_variant {
    bool has_params; /**< false: Ed25519, or Ed448 with an empty context */
    bool prehash;
    struct cfr_span context;
};

/** CKR_MECHANISM_PARAM_INVALID: libcrypto has not that variant (before 3.2: only the pure ones). */
NODISCARD CK_RV cfr_eddsa_new(struct cfr_keymat *keymat, bool sign, const struct cfr_eddsa_variant *variant,
                              struct cfr_eddsa **ret_eddsa);
void cfr_eddsa_drop(struct cfr_eddsa *eddsa);
CFR_DEFINE_DROPP(eddsa)

/** Octets of a signature: 64 or 114. */
size_t cfr_eddsa_len(const struct cfr_eddsa *eddsa);

/** Sign a message; writes cfr_eddsa_len() octets. CKR_FUNCTION_FAILED. */
NODISCARD CK_RV cfr_eddsa_sign(struct cfr_eddsa *eddsa, struct cfr_span message, uint8_t *out);

/** CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID. */
NODISCARD CK_RV cfr_eddsa_verify(struct cfr_eddsa *eddsa, struct cfr_span message, struct cfr_span signature);

#endif
