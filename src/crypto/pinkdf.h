/* SPDX-License-Identifier: Apache-2.0 */
/* From a PIN to a key, slowly: Argon2id (RFC 9106), by libcrypto where it has it (3.2), else by libargon2. */
#ifndef CFR_CRYPTO_PINKDF_H
#define CFR_CRYPTO_PINKDF_H

#include "base/secret.h"
#include "crypto/ossl.h"

enum {
    CFR_PINKDF_SALT_LEN = 16,
    CFR_PINKDF_KEY_LEN = 32,
    CFR_PINKDF_MEMORY_DEFAULT_KIB = 65536, /* 64 MiB, 3 passes: 0.28 s of CPU on the reference machine */
    CFR_PINKDF_PASSES_DEFAULT = 3,
    CFR_PINKDF_MEMORY_MIN_KIB = 19456, /* OWASP's floor, for small containers, with 2 passes */
    CFR_PINKDF_PASSES_MIN = 1,
    CFR_PINKDF_MEMORY_MAX_KIB = 4194304,
    CFR_PINKDF_PASSES_MAX = 64,
};

/**
 * Cost of one guess. One lane always: more would start threads in the host for no gain. Kept with each PIN.
 */
struct cfr_pinkdf_cost {
    uint32_t memory_kib;
    uint32_t passes;
};

/**
 * Derive CFR_PINKDF_KEY_LEN octets.
 *
 * @param salt  CFR_PINKDF_SALT_LEN octets
 *
 * @retval CKR_HOST_MEMORY    the memory of @p cost is not to be had
 * @retval CKR_GENERAL_ERROR  refused by the library
 */
NODISCARD CK_RV cfr_pinkdf_derive(struct cfr_span pin, struct cfr_span salt,
                                  const struct cfr_pinkdf_cost *cost, struct cfr_secret **ret_key);

#endif
