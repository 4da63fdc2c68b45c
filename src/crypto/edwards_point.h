/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the octets of an EdDSA public key are a point worth trusting; libcrypto takes any octets. */
#ifndef CFR_CRYPTO_EDWARDS_POINT_H
#define CFR_CRYPTO_EDWARDS_POINT_H

#include "crypto/ossl.h"

/**
 * Check a public key: y below the prime, a point with that y on the curve, the sign bit clear when x is 0
 * (RFC 8032 5.1.3, 5.2.3), and not of small order, which would accept signatures of anybody.
 *
 * @param is_25519  edwards25519, else edwards448
 * @param octets    32 or 57 octets
 *
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  it is not
 * @retval CKR_HOST_MEMORY              out of memory
 */
NODISCARD CK_RV cfr_edwards_point_check(bool is_25519, struct cfr_span octets);

#endif
