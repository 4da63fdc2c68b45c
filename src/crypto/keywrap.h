/* SPDX-License-Identifier: Apache-2.0 */
/* AES key wrap, with and without padding: SP 800-38F, RFC 3394, RFC 5649. */
#ifndef CFR_CRYPTO_KEYWRAP_H
#define CFR_CRYPTO_KEYWRAP_H

#include "base/secret.h"
#include "crypto/ossl.h"

/** One wrap: who with, and under which initial value. */
struct cfr_keywrap {
    struct cfr_span key; /**< 16, 24 or 32 octets */
    struct cfr_span iv;  /**< empty for the standard's own; else 8 octets, padded 4 */
    bool padded;         /**< RFC 5649: any length from 1; else multiples of 8 from 16 */
};

/** Octets that wrapping @p len octets gives; 0 when the length cannot be wrapped. */
size_t cfr_keywrap_len(bool padded, size_t len);

/**
 * Wrap @p in into @p out, which has room for cfr_keywrap_len() octets.
 *
 * @retval CKR_KEY_SIZE_RANGE  @p wrap->key is not an AES key
 * @retval CKR_DATA_LEN_RANGE  @p in cannot be wrapped for its length
 * @retval CKR_HOST_MEMORY     out of memory
 */
NODISCARD CK_RV cfr_keywrap_seal(const struct cfr_keywrap *wrap, struct cfr_span in, uint8_t *out);

/**
 * Unwrap.
 *
 * @retval CKR_KEY_SIZE_RANGE            @p wrap->key is not an AES key
 * @retval CKR_ENCRYPTED_DATA_LEN_RANGE  @p in has a length that no wrap gives
 * @retval CKR_ENCRYPTED_DATA_INVALID    the integrity check failed
 * @retval CKR_HOST_MEMORY               out of memory
 */
NODISCARD CK_RV cfr_keywrap_open(const struct cfr_keywrap *wrap, struct cfr_span in,
                                 struct cfr_secret **ret_out);

#endif
