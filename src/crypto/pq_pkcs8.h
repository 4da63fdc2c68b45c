/* SPDX-License-Identifier: Apache-2.0 */
/* The private keys of pq.h inside PrivateKeyInfo: RFC 9881 (ML-DSA), RFC 9935 (ML-KEM), RFC 9909 (SLH-DSA). */
#ifndef CFR_CRYPTO_PQ_PKCS8_H
#define CFR_CRYPTO_PQ_PKCS8_H

#include "crypto/asn1.h"
#include "crypto/pq.h"

/** Write the contents of the OCTET STRING privateKey: seed and expanded key, or what there is. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_pq_pkcs8_put(const struct cfr_keymat *keymat, struct cfr_der_out *out);

/**
 * Read them: seed, expanded key, or both.
 *
 * @retval CKR_WRAPPED_KEY_INVALID          none of these
 * @retval CKR_ATTRIBUTE_VALUE_INVALID      see cfr_pq_import_private()
 * @retval CKR_PARAMETER_SET_NOT_SUPPORTED  libcrypto lacks the set
 */
NODISCARD CK_RV cfr_pq_pkcs8_get(const struct cfr_pq_set *set, struct cfr_span text,
                                 struct cfr_keymat **ret_keymat);

#endif
