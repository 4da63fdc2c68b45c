/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random octets from libcrypto's generators (SP 800-90A CTR-DRBG, one for each thread, reseeded after a
 * fork).
 */
#ifndef CFR_CRYPTO_RNG_H
#define CFR_CRYPTO_RNG_H

#include "base/secret.h"
#include "crypto/ossl.h"

/**
 * Fill @p out with @p len octets of the public generator: nonces, ids, C_GenerateRandom. CKR_FUNCTION_FAILED.
 */
NODISCARD CK_RV cfr_rng_fill(uint8_t *out, size_t len);

enum { CFR_RNG_ID_LEN = 16 };

/**
 * Fill @p out with CFR_RNG_ID_LEN octets that never come again, to name something. They come from a stock, drawn
 * from the public generator for several names at once, that a forked child does not inherit: whoever reads memory
 * may know them beforehand, so that they are neither keys nor nonces. CKR_FUNCTION_FAILED.
 */
NODISCARD CK_RV cfr_rng_id(uint8_t *out);

/** A secret of @p len octets from the private generator: keys. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED. */
NODISCARD CK_RV cfr_rng_secret(size_t len, struct cfr_secret **ret_secret);

/**
 * Mix @p seed into the generator. It only ever adds: the generator does not depend on it.
 * CKR_FUNCTION_FAILED.
 */
NODISCARD CK_RV cfr_rng_add(struct cfr_span seed);

#endif
