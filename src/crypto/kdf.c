/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"

#include "crypto/ossl_private.h"

enum { PARAMS_MAX = 5, TLS_PARAMS_MAX = 3 + CFR_TLS_SEEDS_MAX };

static OSSL_PARAM octets(const char *name, struct cfr_span span)
{
    /* An empty octet string still wants a pointer. */
    const void *ptr = span.len == 0 ? "" : (const void *)span.ptr;

    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)ptr, span.len);
}

/* @p params has room for two more, which this adds: the digest and the end. */
static CK_RV derive_with(EVP_KDF *algorithm, const char *digest, OSSL_PARAM *params, size_t count, size_t len,
                         struct cfr_secret **ret_key)
{
    AUTO(secret) *key = NULL;
    EVP_KDF_CTX *ctx;
    int derived;

    TRY(cfr_secret_new(len, &key));
    params[count] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)digest, 0);
    params[count + 1] = OSSL_PARAM_construct_end();
    ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_KDF_CTX_new(algorithm);
    FAIL_UNLESS(ctx != NULL, CKR_HOST_MEMORY);
    derived = cfr_fault_hit(CFR_FAULT_CRYPTO) ? 0 : EVP_KDF_derive(ctx, cfr_secret_edit(key), len, params);
    EVP_KDF_CTX_free(ctx);
    OSSL_TRY(derived, CKR_GENERAL_ERROR);
    *ret_key = MOVE(key);
    return CKR_OK;
}

static CK_RV derive(EVP_KDF *algorithm, enum cfr_hash hash, OSSL_PARAM *params, size_t count, size_t len,
                    struct cfr_secret **ret_key)
{
    return derive_with(algorithm, cfr_hash_name(hash), params, count, len, ret_key);
}

CK_RV cfr_kdf_hkdf(const struct cfr_hkdf *hkdf, size_t len, struct cfr_secret **ret_key)
{
    static const int modes[] = {
        [CFR_HKDF_BOTH] = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND,
        [CFR_HKDF_EXTRACT] = EVP_KDF_HKDF_MODE_EXTRACT_ONLY,
        [CFR_HKDF_EXPAND] = EVP_KDF_HKDF_MODE_EXPAND_ONLY,
    };
    int mode = modes[hkdf->part];
    OSSL_PARAM params[PARAMS_MAX + 1] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        octets(OSSL_KDF_PARAM_KEY, hkdf->key),
        octets(OSSL_KDF_PARAM_SALT, hkdf->salt),
        octets(OSSL_KDF_PARAM_INFO, hkdf->info),
    };

    return derive(cfr_ossl.hkdf, hkdf->hash, params, 4, len, ret_key);
}

CK_RV cfr_kdf_hkdf_sha256(struct cfr_span key, struct cfr_span salt, struct cfr_span info, size_t len,
                          struct cfr_secret **ret_key)
{
    struct cfr_hkdf hkdf = {CFR_HKDF_BOTH, CFR_HASH_SHA256, key, salt, info};

    return cfr_kdf_hkdf(&hkdf, len, ret_key);
}

CK_RV cfr_kdf_pbkdf2(enum cfr_hash hash, struct cfr_span password, struct cfr_span salt, uint64_t iterations,
                     size_t len, struct cfr_secret **ret_key)
{
    /* The lower bounds of SP 800-132 are for new keys; old ones must be made again. */
    int no_bounds = 1;
    OSSL_PARAM params[PARAMS_MAX + 1] = {
        octets(OSSL_KDF_PARAM_PASSWORD, password),
        octets(OSSL_KDF_PARAM_SALT, salt),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &no_bounds),
    };

    return derive(cfr_ossl.pbkdf2, hash, params, 4, len, ret_key);
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

bool cfr_kdf_has_tls(void)
{
    return cfr_ossl.tls1_prf != NULL;
}

CK_RV cfr_kdf_tls(const struct cfr_tls_prf *prf, size_t len, struct cfr_secret **ret_key)
{
    const char *digest = prf->hash == CFR_HASH_NONE ? "MD5-SHA1" : cfr_hash_name(prf->hash);
    OSSL_PARAM params[TLS_PARAMS_MAX] = {octets(OSSL_KDF_PARAM_SECRET, prf->secret)};
    size_t count = 1;

    /* Seeds are put one behind the other. */
    for (size_t i = 0; i < CFR_TLS_SEEDS_MAX; i++) {
        if (prf->seeds[i].len != 0) {
            params[count++] = octets(OSSL_KDF_PARAM_SEED, prf->seeds[i]);
        }
    }
    return derive_with(cfr_ossl.tls1_prf, digest, params, count, len, ret_key);
}
