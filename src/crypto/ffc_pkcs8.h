/* SPDX-License-Identifier: Apache-2.0 */
/* Diffie-Hellman keys within PrivateKeyInfo (PKCS#11, "Wrapping/unwrapping private keys"). For pkcs8.c. */
#ifndef CFR_CRYPTO_FFC_PKCS8_H
#define CFR_CRYPTO_FFC_PKCS8_H

#include "crypto/asn1.h"
#include "crypto/keymat.h"

/** The family that an OBJECT IDENTIFIER, with its header, is for; CFR_KEY_SECRET: none of these. */
enum cfr_key_family cfr_ffc_pkcs8_family(struct cfr_span oid);

/** Put the INTEGER x in front, or the contents of the AlgorithmIdentifier. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_ffc_pkcs8_put(const struct cfr_keymat *keymat, struct cfr_der_out *out);
NODISCARD CK_RV cfr_ffc_pkcs8_put_algorithm(const struct cfr_keymat *keymat, struct cfr_der_out *out);

/**
 * A key of what follows the identifier in the AlgorithmIdentifier, and of the INTEGER x.
 *
 * @retval CKR_WRAPPED_KEY_INVALID  not DER of these
 * @retval CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_ffc_pkcs8_get(enum cfr_key_family family, struct cfr_der *algorithm, struct cfr_span text,
                                  struct cfr_keymat **ret_keymat);

#endif
