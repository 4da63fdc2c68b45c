/* SPDX-License-Identifier: Apache-2.0 */
/* Message digests, FIPS 180-4 and FIPS 202. A context is used by one thread at a time. */
#ifndef CFR_CRYPTO_DIGEST_H
#define CFR_CRYPTO_DIGEST_H

#include "crypto/ossl.h"

struct cfr_digest;

/** A context for @p hash, not started. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_digest_new(enum cfr_hash hash, struct cfr_digest **ret_digest);
void cfr_digest_drop(struct cfr_digest *digest);
CFR_DEFINE_DROPP(digest)

/** Begin a message; whatever was begun is forgotten. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_digest_start(struct cfr_digest *digest);

/** More of the message; any length, 0 too. CKR_GENERAL_ERROR. */
NODISCARD CK_RV cfr_digest_update(struct cfr_digest *digest, struct cfr_span data);

/** End the message and write cfr_hash_len() octets to @p out. CKR_GENERAL_ERROR. */
NODISCARD CK_RV cfr_digest_finish(struct cfr_digest *digest, uint8_t *out);

/** Start, update, finish. */
NODISCARD CK_RV cfr_digest_once(struct cfr_digest *digest, struct cfr_span data, uint8_t *out);

/** A copy in the same state. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_digest_dup(const struct cfr_digest *digest, struct cfr_digest **ret_digest);

/** Extendable-output functions, FIPS 202. */
enum cfr_xof { CFR_XOF_SHAKE128, CFR_XOF_SHAKE256, CFR_XOF_COUNT };

/**
 * The first @p len octets that @p xof gives for a message.
 *
 * @retval CKR_HOST_MEMORY    out of memory
 * @retval CKR_GENERAL_ERROR  libcrypto has it not, or refused
 */
NODISCARD CK_RV cfr_xof_once(enum cfr_xof xof, struct cfr_span data, uint8_t *out, size_t len);

enum cfr_hash cfr_digest_hash(const struct cfr_digest *digest);

#endif
