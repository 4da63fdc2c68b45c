/* SPDX-License-Identifier: Apache-2.0 */
/* Keys over finite fields: from numbers, to them, and new ones. */
#include "crypto/ffc_private.h"

#include <openssl/param_build.h>

static const char *const part_names[] = {
    [CFR_FFC_PRIME] = OSSL_PKEY_PARAM_FFC_P,      [CFR_FFC_SUBPRIME] = OSSL_PKEY_PARAM_FFC_Q,
    [CFR_FFC_BASE] = OSSL_PKEY_PARAM_FFC_G,       [CFR_FFC_PUBLIC] = OSSL_PKEY_PARAM_PUB_KEY,
    [CFR_FFC_PRIVATE] = OSSL_PKEY_PARAM_PRIV_KEY,
};

const char *cfr_ffc_type(enum cfr_key_family family)
{
    return family == CFR_KEY_DH ? CFR_PKEY_DH : family == CFR_KEY_X942_DH ? CFR_PKEY_DHX : CFR_PKEY_DSA;
}

bool cfr_ffc_is_available(enum cfr_key_family family)
{
    EVP_KEYMGMT *keymgmt = EVP_KEYMGMT_fetch(cfr_ossl.context, cfr_ffc_type(family), NULL);

    EVP_KEYMGMT_free(keymgmt);
    return keymgmt != NULL;
}

/* --- From numbers --- */

static bool push(OSSL_PARAM_BLD *builder, enum cfr_ffc_part part, const BIGNUM *number)
{
    return number == NULL || OSSL_PARAM_BLD_push_BN(builder, part_names[part], number) == 1;
}

static int selection_of(const struct cfr_ffc *ffc)
{
    return ffc->x != NULL ? EVP_PKEY_KEYPAIR : ffc->y != NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEY_PARAMETERS;
}

CK_RV cfr_ffc_build(const struct cfr_ffc *ffc, struct cfr_keymat **ret_keymat)
{
    OSSL_PARAM_BLD *builder = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;

    if (builder != NULL && push(builder, CFR_FFC_PRIME, ffc->p) && push(builder, CFR_FFC_SUBPRIME, ffc->q) &&
        push(builder, CFR_FFC_BASE, ffc->g) && push(builder, CFR_FFC_PUBLIC, ffc->y) &&
        push(builder, CFR_FFC_PRIVATE, ffc->x)) {
        pkey = cfr_pkey_from_params_take(cfr_ffc_type(ffc->family), selection_of(ffc),
                                         OSSL_PARAM_BLD_to_param(builder));
    }
    OSSL_PARAM_BLD_free(builder);
    FAIL_UNLESS(pkey != NULL, CKR_HOST_MEMORY);
    return cfr_keymat_from_pkey_take(ffc->family, ffc->x != NULL, pkey, ret_keymat);
}

static CK_RV load_value(struct cfr_span from, size_t max_len, BIGNUM *(*make)(void), BIGNUM **ret_number)
{
    FAIL_UNLESS(from.len != 0 && from.len <= max_len + 8, CKR_ATTRIBUTE_VALUE_INVALID);
    *ret_number = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : make();
    FAIL_UNLESS(*ret_number != NULL, CKR_HOST_MEMORY);
    FAIL_UNLESS(BN_bin2bn(from.ptr, (int)from.len, *ret_number) != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

/* y^q = 1 mod p. */
static CK_RV check_order(const struct cfr_ffc *ffc)
{
    BIGNUM *power = BN_new();
    bool computed = power != NULL && OSSL_OK(BN_mod_exp(power, ffc->y, ffc->q, ffc->p, ffc->ctx));
    bool is_one = computed && BN_is_one(power);

    BN_free(power);
    FAIL_UNLESS(computed, CKR_HOST_MEMORY);
    FAIL_UNLESS(is_one, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

/*
 * Modulo a safe prime the group of q elements is that of the squares, which the Legendre symbol tells much faster than
 * a power. Where g is no square, the group is everything, and 1 and -1 were all there was to fear.
 */
static CK_RV check_square(const struct cfr_ffc *ffc)
{
    int of_g = cfr_fault_hit(CFR_FAULT_CRYPTO) ? -2 : BN_kronecker(ffc->g, ffc->p, ffc->ctx);
    int of_y = of_g == 1 ? BN_kronecker(ffc->y, ffc->p, ffc->ctx) : 1;

    FAIL_UNLESS(of_g != -2 && of_y != -2, CKR_HOST_MEMORY);
    FAIL_UNLESS(of_y == 1, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

CK_RV cfr_ffc_check_public(const struct cfr_ffc *ffc)
{
    BIGNUM *less = BN_dup(ffc->p);
    bool in_range;

    FAIL_UNLESS(less != NULL, CKR_HOST_MEMORY);
    in_range =
        BN_sub_word(less, 1) == 1 && !BN_is_zero(ffc->y) && !BN_is_one(ffc->y) && BN_cmp(ffc->y, less) < 0;
    BN_free(less);
    FAIL_UNLESS(in_range, CKR_ATTRIBUTE_VALUE_INVALID);
    return cfr_ffc_is_safe(ffc) ? check_square(ffc) : check_order(ffc);
}

CK_RV cfr_ffc_import_domain(enum cfr_key_family family, const struct cfr_ffc_domain *domain,
                            struct cfr_keymat **ret_keymat)
{
    AUTO(ffc) ffc = {0};

    TRY(cfr_ffc_load(family, domain, &ffc));
    return cfr_ffc_build(&ffc, ret_keymat);
}

CK_RV cfr_ffc_import_public(enum cfr_key_family family, const struct cfr_ffc_domain *domain,
                            struct cfr_span value, struct cfr_keymat **ret_keymat)
{
    AUTO(ffc) ffc = {0};

    TRY(cfr_ffc_load(family, domain, &ffc));
    TRY(load_value(value, (size_t)BN_num_bytes(ffc.p), BN_new, &ffc.y));
    TRY(cfr_ffc_check_public(&ffc));
    return cfr_ffc_build(&ffc, ret_keymat);
}

/* y = g^x. */
static CK_RV compute_public(struct cfr_ffc *ffc)
{
    BN_set_flags(ffc->x, BN_FLG_CONSTTIME);
    ffc->y = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : BN_new();
    FAIL_UNLESS(ffc->y != NULL, CKR_HOST_MEMORY);
    OSSL_TRY(BN_mod_exp(ffc->y, ffc->g, ffc->x, ffc->p, ffc->ctx), CKR_HOST_MEMORY);
    return CKR_OK;
}

/* 0 < x < q, or p - 1 where q is not told: old keys modulo safe primes are as long as p. */
static CK_RV check_private(const struct cfr_ffc *ffc)
{
    BIGNUM *limit = BN_dup(ffc->q != NULL ? ffc->q : ffc->p);
    bool in_range;

    FAIL_UNLESS(limit != NULL, CKR_HOST_MEMORY);
    in_range =
        (ffc->q != NULL || BN_sub_word(limit, 1) == 1) && !BN_is_zero(ffc->x) && BN_cmp(ffc->x, limit) < 0;
    BN_free(limit);
    FAIL_UNLESS(in_range, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

CK_RV cfr_ffc_import_private(enum cfr_key_family family, const struct cfr_ffc_domain *domain,
                             struct cfr_span value, struct cfr_keymat **ret_keymat)
{
    AUTO(ffc) ffc = {0};

    TRY(cfr_ffc_load(family, domain, &ffc));
    TRY(load_value(value, (size_t)BN_num_bytes(ffc.p), BN_secure_new, &ffc.x));
    TRY(check_private(&ffc));
    TRY(compute_public(&ffc));
    return cfr_ffc_build(&ffc, ret_keymat);
}

/* --- New keys --- */

/* SP 800-56A appendix D and RFC 7919 appendix A: what a private value modulo a safe prime has to have, bits. */
static int strong_bits(int prime_bits)
{
    return prime_bits < 3072   ? 225
           : prime_bits < 4096 ? 275
           : prime_bits < 6144 ? 325
           : prime_bits < 8192 ? 375
                               : 400;
}

/* SP 800-56A 5.6.1.1.4: 1 <= x < min(2^N, q). */
static CK_RV draw_any(struct cfr_ffc *ffc)
{
    BIGNUM *limit = BN_new();
    bool made = limit != NULL;

    if (made && cfr_ffc_is_safe(ffc)) {
        made = BN_set_bit(limit, strong_bits(BN_num_bits(ffc->p))) == 1;
    } else if (made) {
        made = BN_copy(limit, ffc->q) != NULL;
    }
    made = made && BN_sub_word(limit, 1) == 1 && OSSL_OK(BN_priv_rand_range_ex(ffc->x, limit, 0, ffc->ctx)) &&
           BN_add_word(ffc->x, 1) == 1;
    BN_free(limit);
    FAIL_UNLESS(made, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

/* PKCS #3, 7.1: 2^(l-1) <= x < 2^l. */
static CK_RV draw_long(struct cfr_ffc *ffc, size_t bits)
{
    if (bits < CFR_FFC_SUBPRIME_BITS || bits >= (size_t)BN_num_bits(ffc->p)) {
        return cfr_fail(CKR_ATTRIBUTE_VALUE_INVALID, "a private value of %zu bits", bits);
    }
    OSSL_TRY(BN_priv_rand_ex(ffc->x, (int)bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY, 0, ffc->ctx),
             CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV cfr_ffc_generate(enum cfr_key_family family, const struct cfr_ffc_domain *domain, size_t value_bits,
                       struct cfr_keymat **ret_keymat)
{
    AUTO(ffc) ffc = {0};
    AUTO(keymat) *group = NULL;

    TRY(cfr_ffc_load(family, domain, &ffc));
    TRY(cfr_ffc_build(&ffc, &group));
    TRY(cfr_ffc_validate(group));
    ffc.x = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : BN_secure_new();
    FAIL_UNLESS(ffc.x != NULL, CKR_HOST_MEMORY);
    TRY(value_bits == 0 ? draw_any(&ffc) : draw_long(&ffc, value_bits));
    TRY(compute_public(&ffc));
    TRY_MAP(cfr_ffc_check_public(&ffc), CKR_ATTRIBUTE_VALUE_INVALID, CKR_FUNCTION_FAILED);
    return cfr_ffc_build(&ffc, ret_keymat);
}

/* --- To numbers --- */

CK_RV cfr_ffc_number(const struct cfr_keymat *keymat, enum cfr_ffc_part part, struct cfr_secret **ret_number)
{
    AUTO(secret) *padded = NULL;
    struct cfr_span number;

    TRY(cfr_keymat_number(keymat, part_names[part], NULL, (keymat->bits + 7) / 8, &padded));
    number = cfr_secret_view(padded);
    while (number.len > 1 && number.ptr[0] == 0) {
        number = cfr_span_after(number, 1);
    }
    return cfr_secret_from(number, ret_number);
}
