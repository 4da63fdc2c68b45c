/* SPDX-License-Identifier: Apache-2.0 */
/* Finite field keys as libcrypto's numbers, for the files that make and check them. */
#ifndef CFR_CRYPTO_FFC_PRIVATE_H
#define CFR_CRYPTO_FFC_PRIVATE_H

#include "crypto/ffc.h"
#include "crypto/keymat_private.h"

#include <openssl/bn.h>

/** The numbers at work; wiped when dropped. x is a secure BIGNUM. */
struct cfr_ffc {
    enum cfr_key_family family;
    BIGNUM *p;
    BIGNUM *q; /**< NULL for CFR_KEY_DH */
    BIGNUM *g;
    BIGNUM *y;
    BIGNUM *x;
    BN_CTX *ctx;
};

void cfr_ffc_dropp(struct cfr_ffc *ffc);

/** Domain parameters of the right sizes, from octets. As cfr_ffc_import_domain(). @p ret_ffc is dropped by the caller. */
NODISCARD CK_RV cfr_ffc_load(enum cfr_key_family family, const struct cfr_ffc_domain *domain,
                             struct cfr_ffc *ret_ffc);

/** Whether y is one for the group. CKR_ATTRIBUTE_VALUE_INVALID, CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_ffc_check_public(const struct cfr_ffc *ffc);

/** Key material of the numbers that are there. */
NODISCARD CK_RV cfr_ffc_build(const struct cfr_ffc *ffc, struct cfr_keymat **ret_keymat);

/** libcrypto's name of a family. */
const char *cfr_ffc_type(enum cfr_key_family family);

/** Whether p = 2q + 1. */
bool cfr_ffc_is_safe(const struct cfr_ffc *ffc);

#endif
