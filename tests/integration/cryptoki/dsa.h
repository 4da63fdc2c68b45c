/* SPDX-License-Identifier: Apache-2.0 */
/* DSA by libcrypto's default context, and its mechanisms by the hash. */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_DSA_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_DSA_H

#include "integration/cryptoki/keys.h"

enum { DSA_HASH_COUNT = 9, DSA_SIGNATURE_LEN = 56 };

/** Mechanisms that hash, with the hash's name. */
struct dsa_hash {
    CK_MECHANISM_TYPE type;
    const char *hash;
};

extern const struct dsa_hash dsa_hashes[DSA_HASH_COUNT];

/** The one with a hash; there has to be one. */
CK_MECHANISM_TYPE dsa_mechanism(const char *hash);

/** A new key of libcrypto's, with a subprime of 224 bits, and its public half imported. The caller frees it. */
EVP_PKEY *dsa_pair(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *ret_key);

/** The signature of such a key, r and s side by side. */
void dsa_sign(EVP_PKEY *pkey, struct cfr_span digest, uint8_t out[DSA_SIGNATURE_LEN]);

#endif
