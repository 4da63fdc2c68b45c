/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking PKCS#1 v1.5 encryption padding off without telling whether it was there (implicit rejection, as in
 * draft-irtf-cfrg-rsa-guidance and as OpenSSL does from 3.2 on; 3.0 has it not). Constant-time.
 */
#ifndef CFR_CRYPTO_RSA_V15_H
#define CFR_CRYPTO_RSA_V15_H

#include "crypto/keymat.h"

/** SHA-256 of the private exponent, padded to the modulus' length: what synthetic messages are keyed with. */
NODISCARD CK_RV cfr_rsa_v15_secret(const struct cfr_keymat *keymat, struct cfr_secret **ret_secret);

/**
 * The message in @p block, or a synthetic one when the padding is wrong.
 *
 * @param secret      from cfr_rsa_v15_secret()
 * @param ciphertext  as long as the modulus
 * @param block       the decrypted block, as long as the modulus
 *
 * @retval CKR_HOST_MEMORY, CKR_GENERAL_ERROR  never because of the padding
 */
NODISCARD CK_RV cfr_rsa_v15_unpad(struct cfr_span secret, struct cfr_span ciphertext,
                                  const struct cfr_secret *block, struct cfr_secret **ret_message);

#endif
