/* SPDX-License-Identifier: Apache-2.0 */
/* Derivations whose results are read back at once: for published vectors, and for comparison with libcrypto. */
#ifndef CFR_TESTS_INTEGRATION_EVIDENCE_DERIVE_H
#define CFR_TESTS_INTEGRATION_EVIDENCE_DERIVE_H

#include "integration/cryptoki/keys.h"

/** Extraction and expansion with a hash; an empty salt is none. Points to @p salt and @p info. */
CK_HKDF_PARAMS hkdf_params(const struct hash_row *hash, struct cfr_span salt, struct cfr_span info);

/** CKM_HKDF_DATA; on CKR_OK the data. */
CK_RV hkdf_data_make(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const CK_HKDF_PARAMS *params,
                     size_t len, struct octets *ret_data);

struct pbkdf2 {
    const struct hash_row *hash;
    struct cfr_span password;
    struct cfr_span salt;
    size_t iterations;
};

/** CKM_PKCS5_PBKD2; on CKR_OK the key's octets. */
CK_RV pbkdf2_make(CK_SESSION_HANDLE session, const struct pbkdf2 *from, size_t len, struct octets *ret_key);

#endif
