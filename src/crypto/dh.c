/* SPDX-License-Identifier: Apache-2.0 */
/* Diffie-Hellman key agreement. */
#include "crypto/ffc_private.h"

static CK_RV import_peer(const struct cfr_keymat *keymat, struct cfr_span peer, struct cfr_keymat **ret_peer)
{
    AUTO(secret) *prime = NULL;
    AUTO(secret) *subprime = NULL;
    AUTO(secret) *base = NULL;
    struct cfr_ffc_domain domain;

    TRY(cfr_ffc_number(keymat, CFR_FFC_PRIME, &prime));
    TRY(cfr_ffc_number(keymat, CFR_FFC_BASE, &base));
    if (keymat->family != CFR_KEY_DH) {
        TRY(cfr_ffc_number(keymat, CFR_FFC_SUBPRIME, &subprime));
    }
    domain.prime = cfr_secret_view(prime);
    domain.subprime = cfr_secret_view(subprime);
    domain.base = cfr_secret_view(base);
    TRY_MAP(cfr_ffc_import_public(keymat->family, &domain, peer, ret_peer), CKR_ATTRIBUTE_VALUE_INVALID,
            CKR_PUBLIC_KEY_INVALID);
    return CKR_OK;
}

static CK_RV agree(EVP_PKEY_CTX *ctx, const struct cfr_keymat *peer, struct cfr_secret *shared)
{
    unsigned pad = 1;
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_uint(OSSL_EXCHANGE_PARAM_PAD, &pad),
                            OSSL_PARAM_construct_end()};
    size_t len = cfr_secret_view(shared).len;

    OSSL_TRY(EVP_PKEY_derive_init_ex(ctx, params), CKR_FUNCTION_FAILED);
    /* The peer's value was checked when it was imported. */
    OSSL_TRY(EVP_PKEY_derive_set_peer_ex(ctx, peer->pkey, 0), CKR_PUBLIC_KEY_INVALID);
    OSSL_TRY(EVP_PKEY_derive(ctx, cfr_secret_edit(shared), &len), CKR_PUBLIC_KEY_INVALID);
    FAIL_UNLESS(len == cfr_secret_view(shared).len, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV cfr_dh_derive(const struct cfr_keymat *keymat, struct cfr_span peer_value,
                    struct cfr_secret **ret_shared)
{
    AUTO(keymat) *peer = NULL;
    AUTO(secret) *shared = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    CK_RV rv;

    TRY(import_peer(keymat, peer_value, &peer));
    TRY(cfr_secret_new((keymat->bits + 7) / 8, &shared));
    TRY(cfr_keymat_context(keymat, &ctx));
    rv = agree(ctx, peer, shared);
    EVP_PKEY_CTX_free(ctx);
    TRY(rv);
    *ret_shared = MOVE(shared);
    return CKR_OK;
}
