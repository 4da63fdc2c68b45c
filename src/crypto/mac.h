/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message authentication codes: HMAC (FIPS 198-1), AES-CMAC and Triple-DES-CMAC (SP 800-38B), AES-GMAC (SP 800-38D).
 * A context is used by one thread at a time. libcrypto keeps the key in its own memory while the context
 * lives.
 */
#ifndef CFR_CRYPTO_MAC_H
#define CFR_CRYPTO_MAC_H

#include "base/secret.h"
#include "crypto/ossl.h"

struct cfr_mac;

enum cfr_mac_kind { CFR_MAC_HMAC, CFR_MAC_CMAC, CFR_MAC_GMAC, CFR_MAC_CMAC_DES3 };

enum { CFR_MAC_MAX_LEN = 64, CFR_CMAC_LEN = 16, CFR_CMAC_DES3_LEN = 8, CFR_GMAC_LEN = 16 };

/**
 * A context with a key, not started.
 *
 * @param hash  for HMAC; CFR_HASH_NONE otherwise
 * @param key   HMAC: any length; CMAC, GMAC: 16, 24 or 32 octets; Triple-DES: 24
 *
 * @retval CKR_HOST_MEMORY     out of memory
 * @retval CKR_KEY_SIZE_RANGE  not a key length of the cipher
 */
NODISCARD CK_RV cfr_mac_new(enum cfr_mac_kind kind, enum cfr_hash hash, struct cfr_span key,
                            struct cfr_mac **ret_mac);
void cfr_mac_drop(struct cfr_mac *mac);
CFR_DEFINE_DROPP(mac)

/**
 * Begin a message; whatever was begun is forgotten.
 *
 * @param iv  GMAC: the nonce, not empty; otherwise ignored
 *
 * @retval CKR_MECHANISM_PARAM_INVALID  GMAC nonce empty or refused
 */
NODISCARD CK_RV cfr_mac_start(struct cfr_mac *mac, struct cfr_span iv);

/** More of the message. CKR_GENERAL_ERROR. */
NODISCARD CK_RV cfr_mac_update(struct cfr_mac *mac, struct cfr_span data);

/** End the message and write cfr_mac_len() octets, at most CFR_MAC_MAX_LEN, to @p out. CKR_GENERAL_ERROR. */
NODISCARD CK_RV cfr_mac_finish(struct cfr_mac *mac, uint8_t *out);

/** Octets of a full code. */
size_t cfr_mac_len(const struct cfr_mac *mac);

/** A copy in the same state. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_mac_dup(const struct cfr_mac *mac, struct cfr_mac **ret_mac);

#endif
