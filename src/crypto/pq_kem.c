/* SPDX-License-Identifier: Apache-2.0 */
/* Key encapsulation with ML-KEM. */
#include "crypto/keymat_private.h"
#include "crypto/pq.h"

/* The context of the last time, or a new one. */
static CK_RV context(struct cfr_keymat *keymat, enum cfr_way way, EVP_PKEY_CTX **ret_ctx)
{
    EVP_PKEY_CTX *ctx = cfr_keymat_take(keymat, way);
    bool is_ready = ctx != NULL;

    if (!is_ready) {
        TRY(cfr_keymat_context(keymat, &ctx));
        is_ready = OSSL_OK(way == CFR_WAY_ENCAPSULATE ? EVP_PKEY_encapsulate_init(ctx, NULL)
                                                      : EVP_PKEY_decapsulate_init(ctx, NULL));
    }
    if (!is_ready) {
        EVP_PKEY_CTX_free(ctx);
        return CKR_FUNCTION_FAILED;
    }
    *ret_ctx = ctx;
    return CKR_OK;
}

/* Give a context up: what failed is not used again. */
static CK_RV settle(struct cfr_keymat *keymat, enum cfr_way way, EVP_PKEY_CTX *ctx, bool is_done)
{
    if (!is_done) {
        EVP_PKEY_CTX_free(ctx);
        return CKR_FUNCTION_FAILED;
    }
    cfr_keymat_keep(keymat, way, ctx);
    return CKR_OK;
}

CK_RV cfr_pq_encapsulate(struct cfr_keymat *keymat, uint8_t *ret_ciphertext, struct cfr_secret **ret_shared)
{
    size_t ciphertext_len = keymat->set->output_len;
    size_t shared_len = CFR_PQ_SHARED_LEN;
    AUTO(secret) *shared = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    bool is_done;

    TRY(cfr_secret_new(shared_len, &shared));
    TRY(context(keymat, CFR_WAY_ENCAPSULATE, &ctx));
    is_done = OSSL_OK(
        EVP_PKEY_encapsulate(ctx, ret_ciphertext, &ciphertext_len, cfr_secret_edit(shared), &shared_len));
    TRY(settle(keymat, CFR_WAY_ENCAPSULATE, ctx, is_done && shared_len == CFR_PQ_SHARED_LEN));
    *ret_shared = MOVE(shared);
    return CKR_OK;
}

CK_RV cfr_pq_decapsulate(struct cfr_keymat *keymat, struct cfr_span ciphertext,
                         struct cfr_secret **ret_shared)
{
    size_t shared_len = CFR_PQ_SHARED_LEN;
    AUTO(secret) *shared = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    bool is_done;

    FAIL_UNLESS(ciphertext.len == keymat->set->output_len, CKR_WRAPPED_KEY_LEN_RANGE);
    TRY(cfr_secret_new(shared_len, &shared));
    TRY(context(keymat, CFR_WAY_DECAPSULATE, &ctx));
    is_done = OSSL_OK(
        EVP_PKEY_decapsulate(ctx, cfr_secret_edit(shared), &shared_len, ciphertext.ptr, ciphertext.len));
    TRY(settle(keymat, CFR_WAY_DECAPSULATE, ctx, is_done && shared_len == CFR_PQ_SHARED_LEN));
    *ret_shared = MOVE(shared);
    return CKR_OK;
}
