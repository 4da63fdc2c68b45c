/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post-quantum keys: from their encodings, to them, and new ones. No engine can have methods for these key types, so
 * that they need no names of our own (shield.c).
 */
#include "base/ct.h"
#include "crypto/keymat_private.h"
#include "crypto/pq.h"

/* The same string for ML-DSA and ML-KEM; headers before 3.5 have neither name. */
#define PARAM_SEED "seed"

static CK_RV wrap_take(const struct cfr_pq_set *set, bool is_private, EVP_PKEY *pkey,
                       struct cfr_keymat **ret_keymat)
{
    TRY(cfr_keymat_from_pkey_take(set->family, is_private, pkey, ret_keymat));
    (*ret_keymat)->bits = 8 * (size_t)set->public_len;
    (*ret_keymat)->set = set;
    return CKR_OK;
}

static OSSL_PARAM octets_param(const char *name, struct cfr_span octets)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)octets.ptr, octets.len);
}

/* Parameters stay where the caller has them: libcrypto copies secrets into the key alone. */
static CK_RV import(const struct cfr_pq_set *set, bool is_private, OSSL_PARAM *params,
                    struct cfr_keymat **ret_keymat)
{
    int selection = is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = cfr_fault_hit(CFR_FAULT_CRYPTO)
                            ? NULL
                            : EVP_PKEY_CTX_new_from_name(cfr_ossl.context, set->name, NULL);
    bool is_key;

    FAIL_UNLESS(ctx != NULL, CKR_HOST_MEMORY);
    is_key = EVP_PKEY_fromdata_init(ctx) > 0 && EVP_PKEY_fromdata(ctx, &pkey, selection, params) > 0;
    EVP_PKEY_CTX_free(ctx);
    if (!is_key) {
        EVP_PKEY_free(pkey);
        return cfr_ossl_fail(CKR_ATTRIBUTE_VALUE_INVALID, set->name, __FILE__, __LINE__);
    }
    return wrap_take(set, is_private, pkey, ret_keymat);
}

CK_RV cfr_pq_import_public(const struct cfr_pq_set *set, struct cfr_span value,
                           struct cfr_keymat **ret_keymat)
{
    OSSL_PARAM params[2] = {octets_param(OSSL_PKEY_PARAM_PUB_KEY, value), OSSL_PARAM_construct_end()};

    FAIL_UNLESS(value.len == set->public_len, CKR_ATTRIBUTE_VALUE_INVALID);
    return import(set, false, params, ret_keymat);
}

/* libcrypto takes the seed's word where it is given both. */
static CK_RV check_agree(const struct cfr_keymat *keymat, struct cfr_span value)
{
    AUTO(secret) *made = NULL;

    TRY(cfr_pq_private(keymat, &made));
    FAIL_UNLESS(cfr_ct_equal(cfr_secret_view(made), value), CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

CK_RV cfr_pq_import_private(const struct cfr_pq_set *set, struct cfr_span seed, struct cfr_span value,
                            struct cfr_keymat **ret_keymat)
{
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
    AUTO(keymat) *keymat = NULL;

    FAIL_UNLESS(seed.len != 0 || value.len != 0, CKR_TEMPLATE_INCOMPLETE);
    FAIL_UNLESS(seed.len == 0 || seed.len == set->seed_len, CKR_ATTRIBUTE_VALUE_INVALID);
    FAIL_UNLESS(value.len == 0 || value.len == set->private_len, CKR_ATTRIBUTE_VALUE_INVALID);
    params[0] =
        seed.len != 0 ? octets_param(PARAM_SEED, seed) : octets_param(OSSL_PKEY_PARAM_PRIV_KEY, value);
    TRY(import(set, true, params, &keymat));
    keymat->has_seed = seed.len != 0;
    if (seed.len != 0 && value.len != 0) {
        TRY(check_agree(keymat, value));
    }
    *ret_keymat = MOVE(keymat);
    return CKR_OK;
}

/* Pairwise consistency (FIPS 140-3 IG 10.3.A): libcrypto makes the public key again and compares. */
static CK_RV test_pairwise(const struct cfr_keymat *keymat)
{
    EVP_PKEY_CTX *ctx = NULL;
    bool is_pair;

    TRY(cfr_keymat_context(keymat, &ctx));
    is_pair = OSSL_OK(EVP_PKEY_pairwise_check(ctx));
    EVP_PKEY_CTX_free(ctx);
    FAIL_UNLESS(is_pair, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV cfr_pq_generate(const struct cfr_pq_set *set, struct cfr_keymat **ret_keymat)
{
    AUTO(keymat) *keymat = NULL;
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = cfr_fault_hit(CFR_FAULT_CRYPTO)
                            ? NULL
                            : EVP_PKEY_CTX_new_from_name(cfr_ossl.context, set->name, NULL);
    bool generated;

    FAIL_UNLESS(ctx != NULL, CKR_HOST_MEMORY);
    generated = EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_generate(ctx, &pkey) > 0;
    EVP_PKEY_CTX_free(ctx);
    FAIL_UNLESS(generated, CKR_FUNCTION_FAILED);
    TRY(wrap_take(set, true, pkey, &keymat));
    keymat->has_seed = set->seed_len != 0;
    TRY(test_pairwise(keymat));
    *ret_keymat = MOVE(keymat);
    return CKR_OK;
}

/* Asked for what is there: libcrypto can but be out of memory. */
static CK_RV get_octets(const struct cfr_keymat *keymat, const char *name, size_t len,
                        struct cfr_secret **ret_octets)
{
    AUTO(secret) *octets = NULL;
    size_t got = 0;

    TRY(cfr_secret_new(len, &octets));
    OSSL_TRY(EVP_PKEY_get_octet_string_param(keymat->pkey, name, cfr_secret_edit(octets), len, &got),
             CKR_HOST_MEMORY);
    FAIL_UNLESS(got == len, CKR_GENERAL_ERROR);
    *ret_octets = MOVE(octets);
    return CKR_OK;
}

CK_RV cfr_pq_public(const struct cfr_keymat *keymat, struct cfr_secret **ret_value)
{
    return get_octets(keymat, OSSL_PKEY_PARAM_PUB_KEY, keymat->set->public_len, ret_value);
}

CK_RV cfr_pq_private(const struct cfr_keymat *keymat, struct cfr_secret **ret_value)
{
    FAIL_UNLESS(keymat->is_private, CKR_ATTRIBUTE_TYPE_INVALID);
    return get_octets(keymat, OSSL_PKEY_PARAM_PRIV_KEY, keymat->set->private_len, ret_value);
}

CK_RV cfr_pq_seed(const struct cfr_keymat *keymat, struct cfr_secret **ret_seed)
{
    FAIL_UNLESS(keymat->has_seed, CKR_ATTRIBUTE_TYPE_INVALID);
    return get_octets(keymat, PARAM_SEED, keymat->set->seed_len, ret_seed);
}
