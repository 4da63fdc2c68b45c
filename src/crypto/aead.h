/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticated encryption: AES-GCM (SP 800-38D), AES-CCM (SP 800-38C), ChaCha20-Poly1305 (RFC 8439). A context has one key and one
 * direction and is used by one thread at a time. Tags are apart from the text.
 */
#ifndef CFR_CRYPTO_AEAD_H
#define CFR_CRYPTO_AEAD_H

#include "base/secret.h"
#include "crypto/ossl.h"

struct cfr_aead;

enum cfr_aead_kind { CFR_AEAD_GCM, CFR_AEAD_CCM, CFR_AEAD_CHACHA20_POLY1305 };

/** One message's nonce, data that is only authenticated, and tag length in octets. */
struct cfr_aead_start {
    struct cfr_span iv;  /**< GCM 1 to 128 octets here (libcrypto's ceiling), CCM 7 to 13, ChaCha20 12 */
    struct cfr_span aad; /**< any length */
    size_t tag_len;      /**< GCM 4 to 16, CCM 4, 6, … 16, ChaCha20 16 */
    size_t data_len;     /**< CCM: octets of text, exactly; others: ignored */
};

/** Whether this libcrypto has it. */
bool cfr_aead_is_available(enum cfr_aead_kind kind);

/**
 * A context with a key of 16, 24 or 32 octets, ChaCha20 of 32, not started.
 *
 * @retval CKR_HOST_MEMORY     out of memory
 * @retval CKR_KEY_SIZE_RANGE  not a key length of the kind
 */
NODISCARD CK_RV cfr_aead_new(enum cfr_aead_kind kind, bool encrypt, struct cfr_span key,
                             struct cfr_aead **ret_aead);
void cfr_aead_drop(struct cfr_aead *aead);
CFR_DEFINE_DROPP(aead)

/**
 * Encrypt a message: @p in.len octets to @p out (may be @p in.ptr), start->tag_len to @p tag.
 *
 * @retval CKR_DATA_LEN_RANGE           CCM: the text has not the length that was stated
 * @retval CKR_MECHANISM_PARAM_INVALID  nonce or tag length refused
 */
NODISCARD CK_RV cfr_aead_seal(struct cfr_aead *aead, const struct cfr_aead_start *start, struct cfr_span in,
                              uint8_t *out, uint8_t *tag);

/**
 * Decrypt a message whose @p tag has start->tag_len octets. On failure @p out holds no plaintext.
 *
 * @retval CKR_ENCRYPTED_DATA_INVALID   the tag does not fit
 * @retval CKR_DATA_LEN_RANGE           CCM: the text has not the length that was stated
 * @retval CKR_MECHANISM_PARAM_INVALID  nonce or tag length refused
 */
NODISCARD CK_RV cfr_aead_open(struct cfr_aead *aead, const struct cfr_aead_start *start, struct cfr_span in,
                              uint8_t *out, struct cfr_span tag);

/** All but CCM in parts: begin, transform (in.len octets out for in.len in), end. For opening, hold the text back. */
NODISCARD CK_RV cfr_aead_begin(struct cfr_aead *aead, const struct cfr_aead_start *start);
NODISCARD CK_RV cfr_aead_update(struct cfr_aead *aead, struct cfr_span in, uint8_t *out);
NODISCARD CK_RV cfr_aead_seal_finish(struct cfr_aead *aead, uint8_t *tag, size_t tag_len);
NODISCARD CK_RV cfr_aead_open_finish(struct cfr_aead *aead, struct cfr_span tag);

/** A copy in the same state. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_aead_dup(const struct cfr_aead *aead, struct cfr_aead **ret_aead);

#endif
