/* SPDX-License-Identifier: Apache-2.0 */
/* Domain parameters: what is a group, and new ones. */
#include "crypto/ffc_seen.h"

#include <openssl/dh.h>

enum { GROUP_NAME_MAX_LEN = 64 };

/* The safe primes of RFC 7919; libcrypto's names. */
static const struct {
    size_t bits;
    const char *name;
} named[] = {
    {2048, "ffdhe2048"}, {3072, "ffdhe3072"}, {4096, "ffdhe4096"}, {6144, "ffdhe6144"}, {8192, "ffdhe8192"},
};

static CK_RV load_number(struct cfr_span from, BIGNUM **ret_number)
{
    FAIL_UNLESS(from.len != 0 && from.len <= CFR_FFC_MAX_BITS / 8 + 8, CKR_DOMAIN_PARAMS_INVALID);
    *ret_number = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : BN_bin2bn(from.ptr, (int)from.len, NULL);
    FAIL_UNLESS(*ret_number != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

/* FIPS 186-4, 4.2; 1024 bits are for old signatures. */
static bool is_dsa_size(int p_bits, int q_bits)
{
    return (p_bits == 1024 && q_bits == 160) || (p_bits == 2048 && (q_bits == 224 || q_bits == 256)) ||
           (p_bits == 3072 && q_bits == 256);
}

static CK_RV check_sizes(const struct cfr_ffc *ffc)
{
    int p_bits = BN_num_bits(ffc->p);
    int q_bits = ffc->q == NULL ? 0 : BN_num_bits(ffc->q);
    bool fits;

    if (ffc->family == CFR_KEY_DSA) {
        fits = is_dsa_size(p_bits, q_bits);
    } else {
        fits = p_bits >= CFR_FFC_MIN_BITS && p_bits <= CFR_FFC_MAX_BITS &&
               (ffc->q == NULL || (q_bits >= CFR_FFC_SUBPRIME_BITS && q_bits < p_bits));
    }
    if (!fits) {
        return cfr_fail(CKR_DOMAIN_PARAMS_INVALID, "a prime of %d bits, a subprime of %d", p_bits, q_bits);
    }
    return CKR_OK;
}

/* 1 < g < p - 1, and q divides p - 1. */
static CK_RV check_shape(const struct cfr_ffc *ffc)
{
    BIGNUM *less = BN_dup(ffc->p);
    bool fits;

    FAIL_UNLESS(less != NULL, CKR_HOST_MEMORY);
    fits = BN_is_odd(ffc->p) && BN_sub_word(less, 1) == 1 && !BN_is_zero(ffc->g) && !BN_is_one(ffc->g) &&
           BN_cmp(ffc->g, less) < 0;
    if (fits && ffc->q != NULL) {
        fits = BN_is_odd(ffc->q) && BN_mod(less, less, ffc->q, ffc->ctx) == 1 && BN_is_zero(less);
    }
    BN_free(less);
    FAIL_UNLESS(fits, CKR_DOMAIN_PARAMS_INVALID);
    return CKR_OK;
}

CK_RV cfr_ffc_load(enum cfr_key_family family, const struct cfr_ffc_domain *domain, struct cfr_ffc *ret_ffc)
{
    ret_ffc->family = family;
    ret_ffc->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : BN_CTX_secure_new_ex(cfr_ossl.context);
    FAIL_UNLESS(ret_ffc->ctx != NULL, CKR_HOST_MEMORY);
    TRY(load_number(domain->prime, &ret_ffc->p));
    TRY(load_number(domain->base, &ret_ffc->g));
    if (family != CFR_KEY_DH) {
        TRY(load_number(domain->subprime, &ret_ffc->q));
    }
    TRY(check_sizes(ret_ffc));
    return check_shape(ret_ffc);
}

void cfr_ffc_dropp(struct cfr_ffc *ffc)
{
    BN_free(ffc->p);
    BN_free(ffc->q);
    BN_free(ffc->g);
    BN_free(ffc->y);
    BN_clear_free(ffc->x);
    BN_CTX_free(ffc->ctx);
}

bool cfr_ffc_is_safe(const struct cfr_ffc *ffc)
{
    /* q is odd and divides p - 1: it is the half of that, or at most a quarter. */
    return ffc->q == NULL || BN_num_bits(ffc->q) == BN_num_bits(ffc->p) - 1;
}

/* --- Groups that nobody knows --- */

static CK_RV test_prime(const BIGNUM *number, BN_CTX *ctx)
{
    int answer = cfr_fault_hit(CFR_FAULT_CRYPTO) ? -1 : BN_check_prime(number, ctx, NULL);

    FAIL_UNLESS(answer >= 0, CKR_HOST_MEMORY);
    FAIL_UNLESS(answer == 1, CKR_DOMAIN_PARAMS_INVALID);
    return CKR_OK;
}

/* base^exponent = 1 mod p. */
static CK_RV test_power(const BIGNUM *base, const BIGNUM *exponent, const struct cfr_ffc *ffc)
{
    BIGNUM *power = BN_new();
    bool computed = power != NULL && OSSL_OK(BN_mod_exp(power, base, exponent, ffc->p, ffc->ctx));
    bool is_one = computed && BN_is_one(power);

    BN_free(power);
    FAIL_UNLESS(computed, CKR_HOST_MEMORY);
    FAIL_UNLESS(is_one, CKR_DOMAIN_PARAMS_INVALID);
    return CKR_OK;
}

/*
 * A safe prime: with q = (p - 1) / 2 prime, p is prime if 2^(p - 1) = 1 and 2^2 - 1 has no factor in common with p
 * (Pocklington). Any g then generates q elements, or 2q.
 */
static CK_RV test_safe(struct cfr_ffc *ffc)
{
    BIGNUM *four = BN_new();
    BIGNUM *q = BN_new();
    CK_RV rv = CKR_HOST_MEMORY;

    if (four != NULL && q != NULL && BN_set_word(four, 4) == 1 && BN_rshift1(q, ffc->p) == 1) {
        rv = BN_mod_word(ffc->p, 3) == 0 ? CKR_DOMAIN_PARAMS_INVALID : test_prime(q, ffc->ctx);
        rv = rv == CKR_OK ? test_power(four, q, ffc) : rv;
    }
    BN_free(four);
    BN_free(q);
    return rv;
}

static CK_RV test_group(struct cfr_ffc *ffc)
{
    if (cfr_ffc_is_safe(ffc)) {
        TRY(test_safe(ffc));
        return ffc->q == NULL ? CKR_OK : test_power(ffc->g, ffc->q, ffc);
    }
    if (ffc->family == CFR_KEY_DSA) {
        /* For old signatures alone: composite numbers endanger the signer, whose key must be trusted anyway. */
        return test_power(ffc->g, ffc->q, ffc);
    }
    TRY(test_prime(ffc->q, ffc->ctx));
    TRY(test_prime(ffc->p, ffc->ctx));
    return test_power(ffc->g, ffc->q, ffc);
}

static bool is_named(const struct cfr_keymat *keymat)
{
    char name[GROUP_NAME_MAX_LEN];
    size_t len = 0;

    return keymat->family != CFR_KEY_DSA &&
           EVP_PKEY_get_group_name(keymat->pkey, name, sizeof(name), &len) == 1 && len != 0;
}

static CK_RV take_number(const struct cfr_keymat *keymat, const char *name, BIGNUM **ret_number)
{
    OSSL_TRY(EVP_PKEY_get_bn_param(keymat->pkey, name, ret_number), CKR_HOST_MEMORY);
    return CKR_OK;
}

CK_RV cfr_ffc_validate(const struct cfr_keymat *keymat)
{
    AUTO(ffc) ffc = {.family = keymat->family};
    struct cfr_ffc_print print;

    if (is_named(keymat)) {
        return CKR_OK;
    }
    if (keymat->bits > CFR_FFC_UNKNOWN_BITS) {
        return cfr_fail(CKR_DOMAIN_PARAMS_INVALID, "an unknown group of %zu bits, more than are tested",
                        keymat->bits);
    }
    ffc.ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : BN_CTX_new_ex(cfr_ossl.context);
    FAIL_UNLESS(ffc.ctx != NULL, CKR_HOST_MEMORY);
    TRY(take_number(keymat, OSSL_PKEY_PARAM_FFC_P, &ffc.p));
    TRY(take_number(keymat, OSSL_PKEY_PARAM_FFC_G, &ffc.g));
    if (keymat->family != CFR_KEY_DH) {
        TRY(take_number(keymat, OSSL_PKEY_PARAM_FFC_Q, &ffc.q));
    }
    TRY(cfr_ffc_print_of(&ffc, &print));
    if (!cfr_ffc_seen(&print)) {
        TRY(test_group(&ffc));
        cfr_ffc_remember(&print);
    }
    return CKR_OK;
}

/* --- New groups --- */

static const char *name_of(size_t prime_bits)
{
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (named[i].bits == prime_bits) {
            return named[i].name;
        }
    }
    return NULL;
}

/* libcrypto's settings for a group: its name, or sizes for FIPS 186-4. */
static CK_RV find_settings(enum cfr_key_family family, size_t *prime_bits, size_t *subprime_bits,
                           OSSL_PARAM settings[4])
{
    bool is_safe = family == CFR_KEY_DH || *subprime_bits == *prime_bits - 1;
    const char *name = is_safe ? name_of(*prime_bits) : NULL;
    bool can_make = *prime_bits == 2048 && (*subprime_bits == 224 || *subprime_bits == 256);

    if (name != NULL) {
        settings[0] =
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)name, 0);
        settings[1] = OSSL_PARAM_construct_end();
        return CKR_OK;
    }
    if (is_safe || !can_make) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "no group of %zu and %zu bits", *prime_bits, *subprime_bits);
    }
    settings[0] =
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_FFC_TYPE, (char *)(uintptr_t) "fips186_4", 0);
    settings[1] = OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_FFC_PBITS, prime_bits);
    settings[2] = OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_FFC_QBITS, subprime_bits);
    settings[3] = OSSL_PARAM_construct_end();
    return CKR_OK;
}

CK_RV cfr_ffc_generate_domain(enum cfr_key_family family, size_t prime_bits, size_t subprime_bits,
                              struct cfr_keymat **ret_keymat)
{
    OSSL_PARAM settings[4];
    EVP_PKEY_CTX *ctx;
    EVP_PKEY *pkey = NULL;
    bool made;

    TRY(find_settings(family, &prime_bits, &subprime_bits, settings));
    ctx = cfr_fault_hit(CFR_FAULT_CRYPTO)
              ? NULL
              : EVP_PKEY_CTX_new_from_name(cfr_ossl.context, cfr_ffc_type(family), NULL);
    FAIL_UNLESS(ctx != NULL, CKR_HOST_MEMORY);
    made = EVP_PKEY_paramgen_init(ctx) > 0 && EVP_PKEY_CTX_set_params(ctx, settings) > 0 &&
           OSSL_OK(EVP_PKEY_generate(ctx, &pkey));
    EVP_PKEY_CTX_free(ctx);
    FAIL_UNLESS(made, CKR_FUNCTION_FAILED);
    return cfr_keymat_from_pkey_take(family, false, pkey, ret_keymat);
}
