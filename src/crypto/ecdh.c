/* SPDX-License-Identifier: Apache-2.0 */
/* Key agreement: ECDH with and without cofactor, X25519, X448. */
#include "crypto/curve_private.h"
#include "crypto/ec.h"
#include "crypto/keymat_private.h"

#include <openssl/ec.h>

static CK_RV prepare(EVP_PKEY_CTX *ctx, const struct cfr_keymat *keymat, bool cofactor)
{
    int mode = cofactor ? 1 : 0;
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};

    /* Where the cofactor is 1 the two modes are the same function. */
    if (keymat->family == CFR_KEY_EC && !keymat->curve->cofactor_is_one) {
        params[0] = OSSL_PARAM_construct_int(OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE, &mode);
    }
    OSSL_TRY(EVP_PKEY_derive_init_ex(ctx, params), CKR_FUNCTION_FAILED);
    return CKR_OK;
}

static CK_RV agree(EVP_PKEY_CTX *ctx, const struct cfr_keymat *peer, struct cfr_secret *shared)
{
    size_t len = cfr_secret_view(shared).len;

    /* The peer's point was checked when it was imported: validating it again would triple the cost. */
    OSSL_TRY(EVP_PKEY_derive_set_peer_ex(ctx, peer->pkey, 0), CKR_PUBLIC_KEY_INVALID);
    OSSL_TRY(EVP_PKEY_derive(ctx, cfr_secret_edit(shared), &len), CKR_PUBLIC_KEY_INVALID);
    return CKR_OK;
}

CK_RV cfr_ec_derive(struct cfr_keymat *keymat, struct cfr_span peer_point, bool cofactor,
                    struct cfr_secret **ret_shared)
{
    const enum cfr_way way = cofactor ? CFR_WAY_AGREE_COFACTOR : CFR_WAY_AGREE;
    AUTO(keymat) *peer = NULL;
    AUTO(secret) *shared = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    CK_RV rv = CKR_OK;

    TRY_MAP(cfr_ec_import_public(keymat->curve, peer_point, &peer), CKR_ATTRIBUTE_VALUE_INVALID,
            CKR_PUBLIC_KEY_INVALID);
    TRY(cfr_secret_new(keymat->curve->field_len, &shared));
    ctx = cfr_keymat_take(keymat, way);
    if (ctx == NULL) {
        TRY(cfr_keymat_context(keymat, &ctx));
        rv = prepare(ctx, keymat, cofactor);
    }
    rv = rv == CKR_OK ? agree(ctx, peer, shared) : rv;
    if (rv != CKR_OK) {
        EVP_PKEY_CTX_free(ctx);
        return rv;
    }
    cfr_keymat_keep(keymat, way, ctx);
    *ret_shared = MOVE(shared);
    return CKR_OK;
}
