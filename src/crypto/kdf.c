/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"

#include "crypto/ossl_private.h"

enum { PARAMS_MAX = 4 };

static OSSL_PARAM octets(const char *name, struct cfr_span span)
{
    /* An empty octet string still wants a pointer. */
    const void *ptr = span.len == 0 ? "" : (const void *)span.ptr;

    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)ptr, span.len);
}

/* @p params has room for one more, which this adds: the digest. */
static CK_RV derive(EVP_KDF *algorithm, enum cfr_hash hash, OSSL_PARAM *params, size_t count, size_t len,
                    struct cfr_secret **ret_key)
{
    AUTO(secret) *key = NULL;
    EVP_KDF_CTX *ctx;
    int derived;

    TRY(cfr_secret_new(len, &key));
    params[count] =
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)cfr_hash_name(hash), 0);
    params[count + 1] = OSSL_PARAM_construct_end();
    ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_KDF_CTX_new(algorithm);
    FAIL_UNLESS(ctx != NULL, CKR_HOST_MEMORY);
    derived = cfr_fault_hit(CFR_FAULT_CRYPTO) ? 0 : EVP_KDF_derive(ctx, cfr_secret_edit(key), len, params);
    EVP_KDF_CTX_free(ctx);
    OSSL_TRY(derived, CKR_GENERAL_ERROR);
    *ret_key = MOVE(key);
    return CKR_OK;
}

CK_RV cfr_kdf_hkdf_sha256(struct cfr_span key, struct cfr_span salt, struct cfr_span info, size_t len,
                          struct cfr_secret **ret_key)
{
    OSSL_PARAM params[PARAMS_MAX + 1] = {
        octets(OSSL_KDF_PARAM_KEY, key),
        octets(OSSL_KDF_PARAM_SALT, salt),
        octets(OSSL_KDF_PARAM_INFO, info),
    };

    return derive(cfr_ossl.hkdf, CFR_HASH_SHA256, params, 3, len, ret_key);
}

/* X963KDF and SSKDF take the same parameters. */
static CK_RV after_agreement(EVP_KDF *algorithm, enum cfr_hash hash, struct cfr_span shared,
                             struct cfr_span info, size_t len, struct cfr_secret **ret_key)
{
    OSSL_PARAM params[PARAMS_MAX] = {
        octets(OSSL_KDF_PARAM_KEY, shared),
        octets(OSSL_KDF_PARAM_INFO, info),
    };

    return derive(algorithm, hash, params, 2, len, ret_key);
}

CK_RV cfr_kdf_x963(enum cfr_hash hash, struct cfr_span shared, struct cfr_span info, size_t len,
                   struct cfr_secret **ret_key)
{
    return after_agreement(cfr_ossl.x963kdf, hash, shared, info, len, ret_key);
}

CK_RV cfr_kdf_one_step(enum cfr_hash hash, struct cfr_span shared, struct cfr_span info, size_t len,
                       struct cfr_secret **ret_key)
{
    return after_agreement(cfr_ossl.sskdf, hash, shared, info, len, ret_key);
}
