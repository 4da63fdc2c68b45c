/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys as PrivateKeyInfo (RFC 5208, RFC 5958), the form in which they are wrapped (PKCS#11 6.7). */
#ifndef CFR_CRYPTO_PKCS8_H
#define CFR_CRYPTO_PKCS8_H

#include "crypto/keymat.h"

/** Encode a private key of any asymmetric family. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_pkcs8_encode(const struct cfr_keymat *keymat, struct cfr_secret **ret_text);

/**
 * Decode a private key; its numbers are checked as on import. RSA, EC on a named curve, Edwards, Montgomery,
 * the post-quantum ones, and Diffie-Hellman, whose group is left to cfr_ffc_validate().
 *
 * @retval CKR_WRAPPED_KEY_INVALID  not strict DER of a key of these kinds, or its numbers do not agree
 * @retval CKR_CURVE_NOT_SUPPORTED  a curve that libcrypto lacks
 * @retval CKR_PARAMETER_SET_NOT_SUPPORTED  a parameter set that libcrypto lacks
 * @retval CKR_HOST_MEMORY          out of memory
 */
NODISCARD CK_RV cfr_pkcs8_decode(struct cfr_span text, struct cfr_keymat **ret_keymat);

#endif
