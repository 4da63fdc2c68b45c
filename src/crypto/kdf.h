/* SPDX-License-Identifier: Apache-2.0 */
/* Key derivation: HKDF (RFC 5869), PBKDF2 (RFC 8018), and the functions that follow a key agreement. */
#ifndef CFR_CRYPTO_KDF_H
#define CFR_CRYPTO_KDF_H

#include "base/secret.h"
#include "crypto/ossl.h"

/** HKDF-SHA256, extract and expand: @p len octets (at most 8,160). CKR_HOST_MEMORY, CKR_GENERAL_ERROR. */
NODISCARD CK_RV cfr_kdf_hkdf_sha256(struct cfr_span key, struct cfr_span salt, struct cfr_span info,
                                    size_t len, struct cfr_secret **ret_key);

/** The parts of HKDF that are wanted. */
enum cfr_hkdf_part { CFR_HKDF_BOTH, CFR_HKDF_EXTRACT, CFR_HKDF_EXPAND };

struct cfr_hkdf {
    enum cfr_hkdf_part part;
    enum cfr_hash hash;
    struct cfr_span key;  /**< not empty; to be expanded alone: at least as long as the hash */
    struct cfr_span salt; /**< to extract; empty is as good as zeros */
    struct cfr_span info; /**< to expand */
};

/**
 * HKDF: @p len octets, of the hash's length when extracting alone, otherwise at most 255 times that.
 *
 * @retval CKR_GENERAL_ERROR  libcrypto refused
 * @retval CKR_HOST_MEMORY    out of memory
 */
NODISCARD CK_RV cfr_kdf_hkdf(const struct cfr_hkdf *hkdf, size_t len, struct cfr_secret **ret_key);

/** PBKDF2 with HMAC of @p hash: @p len octets after @p iterations, at least 1. Otherwise as cfr_kdf_x963(). */
NODISCARD CK_RV cfr_kdf_pbkdf2(enum cfr_hash hash, struct cfr_span password, struct cfr_span salt,
                               uint64_t iterations, size_t len, struct cfr_secret **ret_key);

/**
 * ANSI X9.63 / SEC 1 3.6.1 with @p hash: @p len octets from a shared secret and optional shared information.
 *
 * @retval CKR_GENERAL_ERROR  libcrypto refused
 * @retval CKR_HOST_MEMORY    out of memory
 */
NODISCARD CK_RV cfr_kdf_x963(enum cfr_hash hash, struct cfr_span shared, struct cfr_span info, size_t len,
                             struct cfr_secret **ret_key);

/** OtherInfo of X9.42 in DER, with the place of the counter's four octets in it. */
struct cfr_kdf_x942_info {
    struct cfr_span octets;
    size_t counter_at;
};

/** ANSI X9.42 in its ASN.1 form (RFC 2631, 2.1.2) with @p hash; otherwise as cfr_kdf_x963(). */
NODISCARD CK_RV cfr_kdf_x942(enum cfr_hash hash, struct cfr_span shared, const struct cfr_kdf_x942_info *info,
                             size_t len, struct cfr_secret **ret_key);

/** SP 800-56C one-step derivation with @p hash; otherwise as cfr_kdf_x963(). */
NODISCARD CK_RV cfr_kdf_one_step(enum cfr_hash hash, struct cfr_span shared, struct cfr_span info, size_t len,
                                 struct cfr_secret **ret_key);

enum {
    CFR_TLS_SEEDS_MAX = 5,
    CFR_TLS_SEED_MAX_LEN = 1024, /* octets of all seeds: what libcrypto 3.0 has room for */
};

/** The pseudo-random function of TLS 1.2 (RFC 5246 5), or that of TLS 1.0 and 1.1 (RFC 2246 5). */
struct cfr_tls_prf {
    enum cfr_hash hash;     /**< NONE: MD5 and SHA-1, as TLS 1.0 and 1.1 have it */
    struct cfr_span secret; /**< not empty */
    struct cfr_span
        seeds[CFR_TLS_SEEDS_MAX]; /**< label, then seed, in as many pieces; CFR_TLS_SEED_MAX_LEN at most */
};

/** Whether this libcrypto has it. */
bool cfr_kdf_has_tls(void);

/** PRF(secret, seeds): @p len octets, at least 1; otherwise as cfr_kdf_x963(). */
NODISCARD CK_RV cfr_kdf_tls(const struct cfr_tls_prf *prf, size_t len, struct cfr_secret **ret_key);

#endif
