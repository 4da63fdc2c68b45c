/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XAES-256-GCM (C2SP): AES-256-GCM with a key derived for each message from half of a 192-bit nonce, by the
 * counter-mode CMAC derivation of SP 800-108r1. Random nonces are safe for any number of messages: what is
 * sealed in the store is sealed with it. A context is used by one thread at a time.
 */
#ifndef CFR_CRYPTO_XAES_H
#define CFR_CRYPTO_XAES_H

#include "base/secret.h"
#include "crypto/ossl.h"

enum { CFR_XAES_KEY_LEN = 32, CFR_XAES_NONCE_LEN = 24, CFR_XAES_TAG_LEN = 16 };

struct cfr_xaes;

/** A context with a key of CFR_XAES_KEY_LEN octets. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_xaes_new(struct cfr_span key, struct cfr_xaes **ret_xaes);
void cfr_xaes_drop(struct cfr_xaes *xaes);
CFR_DEFINE_DROPP(xaes)

/** Encrypt @p in to @p out (as long), and write the tag. @p nonce: fresh and random. CKR_GENERAL_ERROR. */
NODISCARD CK_RV cfr_xaes_seal(struct cfr_xaes *xaes, const uint8_t *nonce, struct cfr_span aad,
                              struct cfr_span in, uint8_t *out, uint8_t *tag);

/**
 * Decrypt @p in to @p out. On failure @p out holds no plaintext.
 *
 * @retval CKR_ENCRYPTED_DATA_INVALID  key, nonce, aad, text or tag do not belong together
 */
NODISCARD CK_RV cfr_xaes_open(struct cfr_xaes *xaes, const uint8_t *nonce, struct cfr_span aad,
                              struct cfr_span in, uint8_t *out, const uint8_t *tag);

#endif
