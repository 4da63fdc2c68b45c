/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ciphers without authentication: AES in ECB, CBC, CTR, OFB, CFB (SP 800-38A), CBC with ciphertext stealing
 * (its addendum, variant CS1) and XTS (SP 800-38E); ChaCha20 (RFC 8439); Triple-DES in ECB and
 * CBC (SP 800-67). A context has one key and one direction and is used by one thread at a time.
 */
#ifndef CFR_CRYPTO_CIPHER_H
#define CFR_CRYPTO_CIPHER_H

#include "base/secret.h"
#include "crypto/ossl.h"

struct cfr_cipher;

enum cfr_cipher_mode {
    CFR_CIPHER_ECB,
    CFR_CIPHER_CBC,
    CFR_CIPHER_CBC_PAD,
    CFR_CIPHER_CTR,
    CFR_CIPHER_XTS,
    CFR_CIPHER_OFB,
    CFR_CIPHER_CFB1,
    CFR_CIPHER_CFB8,
    CFR_CIPHER_CFB128,
    CFR_CIPHER_CTS,
    CFR_CIPHER_CHACHA20,
    CFR_CIPHER_DES3_ECB,
    CFR_CIPHER_DES3_CBC,
    CFR_CIPHER_DES3_CBC_PAD,
    CFR_CIPHER_MODE_COUNT
};

enum { CFR_AES_BLOCK_LEN = 16 };

/** Whether this libcrypto has the mode. */
bool cfr_cipher_is_available(enum cfr_cipher_mode mode);

/**
 * A context with a key, not started.
 *
 * @param key  16, 24 or 32 octets; XTS: two keys, 32 or 64 octets; ChaCha20: 32 octets; Triple-DES: 24
 *
 * @retval CKR_HOST_MEMORY     out of memory
 * @retval CKR_KEY_SIZE_RANGE  not a key length of the mode; XTS: two equal keys
 */
NODISCARD CK_RV cfr_cipher_new(enum cfr_cipher_mode mode, bool encrypt, struct cfr_span key,
                               struct cfr_cipher **ret_cipher);
void cfr_cipher_drop(struct cfr_cipher *cipher);
CFR_DEFINE_DROPP(cipher)

/**
 * Begin a message. @p iv: 16 octets, Triple-DES: 8, ECB: ignored; ChaCha20: the end of its state, which is a counter of 4 or 8 octets
 * (little-endian) and a nonce of 12 or 8. libcrypto carries from the first four octets into the next.
 * CKR_GENERAL_ERROR, CKR_MECHANISM_PARAM_INVALID.
 */
NODISCARD CK_RV cfr_cipher_start(struct cfr_cipher *cipher, struct cfr_span iv);

/**
 * Transform more of the message into @p out, which has room for @p in.len + 15 octets and may be @p in.ptr.
 * XTS and CTS take a message, at least a block, and XTS at most 2^20, in one piece.
 *
 * @retval CKR_GENERAL_ERROR  libcrypto refused; XTS, CTS: a second piece
 * @retval CKR_HOST_MEMORY    out of memory
 */
NODISCARD CK_RV cfr_cipher_update(struct cfr_cipher *cipher, struct cfr_span in, uint8_t *out,
                                  size_t *ret_len);

/**
 * End the message; at most 16 octets.
 *
 * @retval CKR_DATA_LEN_RANGE  not padded, and the message did not end with a block; or wrong padding
 */
NODISCARD CK_RV cfr_cipher_finish(struct cfr_cipher *cipher, uint8_t *out, size_t *ret_len);

/** A copy in the same state. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_cipher_dup(const struct cfr_cipher *cipher, struct cfr_cipher **ret_cipher);

#endif
