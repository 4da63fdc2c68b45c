/* SPDX-License-Identifier: Apache-2.0 */
/* Key derivation: HKDF (RFC 5869) for the store's own keys, and the functions that follow a key agreement. */
#ifndef CFR_CRYPTO_KDF_H
#define CFR_CRYPTO_KDF_H

#include "base/secret.h"
#include "crypto/ossl.h"

/** HKDF-SHA256, extract and expand: @p len octets (at most 8,160). CKR_HOST_MEMORY, CKR_GENERAL_ERROR. */
NODISCARD CK_RV cfr_kdf_hkdf_sha256(struct cfr_span key, struct cfr_span salt, struct cfr_span info,
                                    size_t len, struct cfr_secret **ret_key);

/**
 * ANSI X9.63 / SEC 1 3.6.1 with @p hash: @p len octets from a shared secret and optional shared information.
 *
 * @retval CKR_GENERAL_ERROR  libcrypto refused
 * @retval CKR_HOST_MEMORY    out of memory
 */
NODISCARD CK_RV cfr_kdf_x963(enum cfr_hash hash, struct cfr_span shared, struct cfr_span info, size_t len,
                             struct cfr_secret **ret_key);

/** SP 800-56C one-step derivation with @p hash; otherwise as cfr_kdf_x963(). */
NODISCARD CK_RV cfr_kdf_one_step(enum cfr_hash hash, struct cfr_span shared, struct cfr_span info, size_t len,
                                 struct cfr_secret **ret_key);

#endif
