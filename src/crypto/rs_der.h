/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of two numbers r and s: side by side in PKCS#11, a DER SEQUENCE in libcrypto (RFC 3279, 2.2.2). */
#ifndef CFR_CRYPTO_RS_DER_H
#define CFR_CRYPTO_RS_DER_H

#include "base/bytes.h"

enum { CFR_RS_NUMBER_MAX_LEN = 72, CFR_RS_DER_MAX_LEN = 2 * (CFR_RS_NUMBER_MAX_LEN + 3) + 4 };

/** Encode the halves of @p signature, 1 to CFR_RS_NUMBER_MAX_LEN octets each; returns the length. */
size_t cfr_rs_to_der(struct cfr_span signature, uint8_t out[CFR_RS_DER_MAX_LEN]);

#endif
