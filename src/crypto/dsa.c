/* SPDX-License-Identifier: Apache-2.0 */
/* DSA verification. */
#include "base/alloc.h"
#include "crypto/ffc_private.h"
#include "crypto/rs_der.h"

struct cfr_dsa {
    struct cfr_keymat *keymat;
    EVP_PKEY_CTX *ctx;
    size_t order_len;
};

CK_RV cfr_dsa_new(struct cfr_keymat *keymat, struct cfr_dsa **ret_dsa)
{
    AUTO(dsa) *dsa = cfr_alloc(sizeof(*dsa));
    AUTO(secret) *subprime = NULL;

    FAIL_UNLESS(dsa != NULL, CKR_HOST_MEMORY);
    TRY(cfr_ffc_number(keymat, CFR_FFC_SUBPRIME, &subprime));
    dsa->keymat = cfr_keymat_share(keymat);
    dsa->order_len = cfr_secret_view(subprime).len;
    TRY(cfr_keymat_context(keymat, &dsa->ctx));
    OSSL_TRY(EVP_PKEY_verify_init(dsa->ctx), CKR_FUNCTION_FAILED);
    *ret_dsa = MOVE(dsa);
    return CKR_OK;
}

void cfr_dsa_drop(struct cfr_dsa *dsa)
{
    if (dsa != NULL) {
        EVP_PKEY_CTX_free(dsa->ctx);
        cfr_keymat_drop(dsa->keymat);
        cfr_free(dsa);
    }
}

CK_RV cfr_dsa_verify(struct cfr_dsa *dsa, struct cfr_span digest, struct cfr_span signature)
{
    uint8_t der[CFR_RS_DER_MAX_LEN];
    size_t der_len;

    FAIL_UNLESS(signature.len == 2 * dsa->order_len, CKR_SIGNATURE_LEN_RANGE);
    der_len = cfr_rs_to_der(signature, der);
    OSSL_TRY(EVP_PKEY_verify(dsa->ctx, der, der_len, digest.len == 0 ? (const uint8_t *)"" : digest.ptr,
                             digest.len),
             CKR_SIGNATURE_INVALID);
    return CKR_OK;
}
