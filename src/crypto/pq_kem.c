/* SPDX-License-Identifier: Apache-2.0 */
/* Key encapsulation with ML-KEM. */
#include "crypto/keymat_private.h"
#include "crypto/pq.h"

CK_RV cfr_pq_encapsulate(const struct cfr_keymat *keymat, uint8_t *ret_ciphertext,
                         struct cfr_secret **ret_shared)
{
    size_t ciphertext_len = keymat->set->output_len;
    size_t shared_len = CFR_PQ_SHARED_LEN;
    AUTO(secret) *shared = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    bool is_done;

    TRY(cfr_secret_new(shared_len, &shared));
    TRY(cfr_keymat_context(keymat, &ctx));
    is_done = OSSL_OK(EVP_PKEY_encapsulate_init(ctx, NULL)) &&
              OSSL_OK(EVP_PKEY_encapsulate(ctx, ret_ciphertext, &ciphertext_len, cfr_secret_edit(shared),
                                           &shared_len));
    EVP_PKEY_CTX_free(ctx);
    FAIL_UNLESS(is_done && shared_len == CFR_PQ_SHARED_LEN, CKR_FUNCTION_FAILED);
    *ret_shared = MOVE(shared);
    return CKR_OK;
}

CK_RV cfr_pq_decapsulate(const struct cfr_keymat *keymat, struct cfr_span ciphertext,
                         struct cfr_secret **ret_shared)
{
    size_t shared_len = CFR_PQ_SHARED_LEN;
    AUTO(secret) *shared = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    bool is_done;

    FAIL_UNLESS(ciphertext.len == keymat->set->output_len, CKR_WRAPPED_KEY_LEN_RANGE);
    TRY(cfr_secret_new(shared_len, &shared));
    TRY(cfr_keymat_context(keymat, &ctx));
    is_done = OSSL_OK(EVP_PKEY_decapsulate_init(ctx, NULL)) &&
              OSSL_OK(EVP_PKEY_decapsulate(ctx, cfr_secret_edit(shared), &shared_len, ciphertext.ptr,
                                           ciphertext.len));
    EVP_PKEY_CTX_free(ctx);
    FAIL_UNLESS(is_done && shared_len == CFR_PQ_SHARED_LEN, CKR_FUNCTION_FAILED);
    *ret_shared = MOVE(shared);
    return CKR_OK;
}
