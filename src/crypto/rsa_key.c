/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys: from numbers, to numbers, and new ones. */
#include "crypto/keymat_private.h"
#include "crypto/rsa.h"

#include <openssl/bn.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

static const char *const part_names[CFR_RSA_PARTS] = {
    [CFR_RSA_N] = OSSL_PKEY_PARAM_RSA_N,          [CFR_RSA_E] = OSSL_PKEY_PARAM_RSA_E,
    [CFR_RSA_D] = OSSL_PKEY_PARAM_RSA_D,          [CFR_RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
    [CFR_RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,    [CFR_RSA_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
    [CFR_RSA_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2, [CFR_RSA_QI] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/*
 * The numbers at work, wiped when dropped. They are secure BIGNUMs, so that the parameters which libcrypto
 * copies them to are wiped too.
 */
struct cfr_numbers {
    BIGNUM *part[CFR_RSA_PARTS];
    BN_CTX *ctx;
};

static void cfr_numbers_dropp(struct cfr_numbers *numbers)
{
    for (int i = 0; i < CFR_RSA_PARTS; i++) {
        BN_clear_free(numbers->part[i]);
    }
    BN_CTX_free(numbers->ctx);
}

static CK_RV load(const struct cfr_rsa_numbers *from, struct cfr_numbers *to)
{
    to->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : BN_CTX_secure_new_ex(cfr_ossl.context);
    FAIL_UNLESS(to->ctx != NULL, CKR_HOST_MEMORY);
    for (int i = 0; i < CFR_RSA_PARTS; i++) {
        if (from->part[i].len == 0) {
            continue;
        }
        FAIL_UNLESS(from->part[i].len <= CFR_RSA_MAX_BITS / 8 + 8, CKR_ATTRIBUTE_VALUE_INVALID);
        to->part[i] = BN_secure_new();
        FAIL_UNLESS(to->part[i] != NULL, CKR_HOST_MEMORY);
        FAIL_UNLESS(BN_bin2bn(from->part[i].ptr, (int)from->part[i].len, to->part[i]) != NULL,
                    CKR_HOST_MEMORY);
        if (i != CFR_RSA_N && i != CFR_RSA_E) {
            BN_set_flags(to->part[i], BN_FLG_CONSTTIME);
        }
    }
    return CKR_OK;
}

static CK_RV check_public(const BIGNUM *n, const BIGNUM *e)
{
    int bits = BN_num_bits(n);

    FAIL_UNLESS(bits >= CFR_RSA_MIN_BITS && bits <= CFR_RSA_MAX_BITS, CKR_ATTRIBUTE_VALUE_INVALID);
    FAIL_UNLESS(BN_is_odd(n), CKR_ATTRIBUTE_VALUE_INVALID);
    FAIL_UNLESS(BN_is_odd(e) && !BN_is_one(e), CKR_ATTRIBUTE_VALUE_INVALID);
    FAIL_UNLESS(BN_num_bits(e) <= CFR_RSA_EXPONENT_MAX_BITS && BN_cmp(e, n) < 0, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

static CK_RV make_keymat(const struct cfr_numbers *numbers, bool is_private, struct cfr_keymat **ret_keymat)
{
    OSSL_PARAM_BLD *builder = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey;
    bool built = builder != NULL;

    for (int i = 0; built && i < (is_private ? CFR_RSA_PARTS : CFR_RSA_D); i++) {
        built = OSSL_PARAM_BLD_push_BN(builder, part_names[i], numbers->part[i]) == 1;
    }
    pkey = built
               ? cfr_pkey_from_params_take(CFR_PKEY_RSA, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                                           OSSL_PARAM_BLD_to_param(builder))
               : NULL;
    OSSL_PARAM_BLD_free(builder);
    FAIL_UNLESS(pkey != NULL, CKR_HOST_MEMORY);
    return cfr_keymat_from_pkey_take(CFR_KEY_RSA, is_private, pkey, ret_keymat);
}

CK_RV cfr_rsa_import_public(const struct cfr_rsa_numbers *from, struct cfr_keymat **ret_keymat)
{
    AUTO(numbers) numbers = {0};

    FAIL_UNLESS(from->part[CFR_RSA_N].len != 0 && from->part[CFR_RSA_E].len != 0, CKR_TEMPLATE_INCOMPLETE);
    TRY(load(from, &numbers));
    TRY(check_public(numbers.part[CFR_RSA_N], numbers.part[CFR_RSA_E]));
    return make_keymat(&numbers, false, ret_keymat);
}

/* One temporary BIGNUM that is wiped on every path out. */
struct cfr_bn {
    BIGNUM *bn;
};

static void cfr_bn_dropp(struct cfr_bn *bn)
{
    BN_clear_free(bn->bn);
}

static CK_RV new_bn(BIGNUM **ret_bn)
{
    *ret_bn = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : BN_secure_new();
    FAIL_UNLESS(*ret_bn != NULL, CKR_HOST_MEMORY);
    BN_set_flags(*ret_bn, BN_FLG_CONSTTIME);
    return CKR_OK;
}

/* e = d^-1 mod (p-1)(q-1), for a key that was given without its public exponent. */
static CK_RV compute_e(struct cfr_numbers *numbers)
{
    AUTO(bn) p1 = {NULL};
    AUTO(bn) q1 = {NULL};
    BIGNUM **e = &numbers->part[CFR_RSA_E];

    TRY(new_bn(&p1.bn));
    TRY(new_bn(&q1.bn));
    TRY(new_bn(e));
    OSSL_TRY(BN_sub(p1.bn, numbers->part[CFR_RSA_P], BN_value_one()), CKR_HOST_MEMORY);
    OSSL_TRY(BN_sub(q1.bn, numbers->part[CFR_RSA_Q], BN_value_one()), CKR_HOST_MEMORY);
    /* lcm(p-1, q-1) divides their product; d may be reduced by either, so reduce by the lcm. */
    OSSL_TRY(BN_gcd(*e, p1.bn, q1.bn, numbers->ctx), CKR_HOST_MEMORY);
    OSSL_TRY(BN_div(p1.bn, NULL, p1.bn, *e, numbers->ctx), CKR_HOST_MEMORY);
    OSSL_TRY(BN_mul(p1.bn, p1.bn, q1.bn, numbers->ctx), CKR_HOST_MEMORY);
    FAIL_UNLESS(BN_mod_inverse(*e, numbers->part[CFR_RSA_D], p1.bn, numbers->ctx) != NULL,
                CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

/* One try of SP 800-56B appendix C: a square root of 1 mod n that is neither 1 nor -1 gives p. */
static CK_RV try_factor(struct cfr_numbers *numbers, const BIGNUM *odd, int twos, BIGNUM *x, BIGNUM *y,
                        bool *ret_found)
{
    const BIGNUM *n = numbers->part[CFR_RSA_N];

    *ret_found = false;
    OSSL_TRY(BN_priv_rand_range_ex(x, n, 0, numbers->ctx), CKR_FUNCTION_FAILED);
    OSSL_TRY(BN_mod_exp(x, x, odd, n, numbers->ctx), CKR_HOST_MEMORY);
    for (int i = 0; i < twos; i++) {
        OSSL_TRY(BN_mod_sqr(y, x, n, numbers->ctx), CKR_HOST_MEMORY);
        if (BN_is_one(y)) {
            OSSL_TRY(BN_sub(y, x, BN_value_one()), CKR_HOST_MEMORY);
            OSSL_TRY(BN_gcd(y, y, n, numbers->ctx), CKR_HOST_MEMORY);
            *ret_found = !BN_is_one(y) && BN_cmp(y, n) != 0;
            return CKR_OK;
        }
        FAIL_UNLESS(BN_copy(x, y) != NULL, CKR_HOST_MEMORY);
    }
    /* x^(ed - 1) is not 1: d does not belong to e, and no other x would find a factor. */
    return cfr_fail(CKR_ATTRIBUTE_VALUE_INVALID, "the exponents of an RSA key do not agree");
}

/* p and q from n, e and d; the CRT then makes every use of the key three to four times as fast. */
static CK_RV compute_factors(struct cfr_numbers *numbers)
{
    AUTO(bn) odd = {NULL};
    AUTO(bn) x = {NULL};
    BIGNUM **p = &numbers->part[CFR_RSA_P];
    BIGNUM **q = &numbers->part[CFR_RSA_Q];
    bool found = false;
    int twos = 0;

    TRY(new_bn(&odd.bn));
    TRY(new_bn(&x.bn));
    TRY(new_bn(p));
    TRY(new_bn(q));
    OSSL_TRY(BN_mul(odd.bn, numbers->part[CFR_RSA_E], numbers->part[CFR_RSA_D], numbers->ctx),
             CKR_HOST_MEMORY);
    OSSL_TRY(BN_sub_word(odd.bn, 1), CKR_HOST_MEMORY);
    FAIL_UNLESS(!BN_is_zero(odd.bn) && !BN_is_odd(odd.bn), CKR_ATTRIBUTE_VALUE_INVALID);
    while (!BN_is_odd(odd.bn)) {
        OSSL_TRY(BN_rshift1(odd.bn, odd.bn), CKR_HOST_MEMORY);
        twos++;
    }
    for (int tries = 0; !found && tries < 64; tries++) {
        TRY(try_factor(numbers, odd.bn, twos, x.bn, *p, &found));
    }
    FAIL_UNLESS(found, CKR_ATTRIBUTE_VALUE_INVALID);
    OSSL_TRY(BN_div(*q, NULL, numbers->part[CFR_RSA_N], *p, numbers->ctx), CKR_HOST_MEMORY);
    /* The greater first, by custom, and so that every import of a key gives the same numbers. */
    if (BN_cmp(*p, *q) < 0) {
        BN_swap(*p, *q);
    }
    return CKR_OK;
}

/* Check or fill in dP (or dQ): d mod (prime - 1), and that e times it is 1 there. */
static CK_RV settle_crt_exponent(struct cfr_numbers *numbers, enum cfr_rsa_part prime,
                                 enum cfr_rsa_part exponent)
{
    AUTO(bn) less1 = {NULL};
    AUTO(bn) expected = {NULL};
    AUTO(bn) one = {NULL};

    TRY(new_bn(&less1.bn));
    TRY(new_bn(&expected.bn));
    TRY(new_bn(&one.bn));
    OSSL_TRY(BN_sub(less1.bn, numbers->part[prime], BN_value_one()), CKR_HOST_MEMORY);
    OSSL_TRY(BN_mod(expected.bn, numbers->part[CFR_RSA_D], less1.bn, numbers->ctx), CKR_HOST_MEMORY);
    OSSL_TRY(BN_mod_mul(one.bn, expected.bn, numbers->part[CFR_RSA_E], less1.bn, numbers->ctx),
             CKR_HOST_MEMORY);
    FAIL_UNLESS(BN_is_one(one.bn), CKR_ATTRIBUTE_VALUE_INVALID);
    if (numbers->part[exponent] == NULL) {
        numbers->part[exponent] = MOVE(expected.bn);
        return CKR_OK;
    }
    FAIL_UNLESS(BN_cmp(numbers->part[exponent], expected.bn) == 0, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

static CK_RV settle_coefficient(struct cfr_numbers *numbers)
{
    AUTO(bn) expected = {NULL};

    TRY(new_bn(&expected.bn));
    FAIL_UNLESS(
        BN_mod_inverse(expected.bn, numbers->part[CFR_RSA_Q], numbers->part[CFR_RSA_P], numbers->ctx) != NULL,
        CKR_ATTRIBUTE_VALUE_INVALID);
    if (numbers->part[CFR_RSA_QI] == NULL) {
        numbers->part[CFR_RSA_QI] = MOVE(expected.bn);
        return CKR_OK;
    }
    FAIL_UNLESS(BN_cmp(numbers->part[CFR_RSA_QI], expected.bn) == 0, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

static CK_RV check_factors(struct cfr_numbers *numbers)
{
    AUTO(bn) product = {NULL};
    const BIGNUM *p = numbers->part[CFR_RSA_P];
    const BIGNUM *q = numbers->part[CFR_RSA_Q];

    TRY(new_bn(&product.bn));
    FAIL_UNLESS(BN_is_odd(p) && BN_is_odd(q) && !BN_is_one(p) && !BN_is_one(q), CKR_ATTRIBUTE_VALUE_INVALID);
    OSSL_TRY(BN_mul(product.bn, p, q, numbers->ctx), CKR_HOST_MEMORY);
    FAIL_UNLESS(BN_cmp(product.bn, numbers->part[CFR_RSA_N]) == 0 && BN_cmp(p, q) != 0,
                CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

CK_RV cfr_rsa_import_private(const struct cfr_rsa_numbers *from, struct cfr_keymat **ret_keymat)
{
    AUTO(numbers) numbers = {0};
    bool has_factors = from->part[CFR_RSA_P].len != 0 && from->part[CFR_RSA_Q].len != 0;
    bool has_more = from->part[CFR_RSA_DP].len + from->part[CFR_RSA_DQ].len + from->part[CFR_RSA_QI].len != 0;

    FAIL_UNLESS(from->part[CFR_RSA_N].len != 0 && from->part[CFR_RSA_D].len != 0, CKR_TEMPLATE_INCOMPLETE);
    FAIL_UNLESS(has_factors || from->part[CFR_RSA_E].len != 0, CKR_TEMPLATE_INCOMPLETE);
    FAIL_UNLESS(has_factors || (from->part[CFR_RSA_P].len == 0 && from->part[CFR_RSA_Q].len == 0),
                CKR_TEMPLATE_INCOMPLETE);
    /* Which of two computed factors a given exponent goes with would be a guess. */
    FAIL_UNLESS(has_factors || !has_more, CKR_TEMPLATE_INCOMPLETE);
    TRY(load(from, &numbers));
    if (has_factors) {
        TRY(check_factors(&numbers));
    }
    if (numbers.part[CFR_RSA_E] == NULL) {
        TRY(compute_e(&numbers));
    }
    TRY(check_public(numbers.part[CFR_RSA_N], numbers.part[CFR_RSA_E]));
    FAIL_UNLESS(BN_cmp(numbers.part[CFR_RSA_D], numbers.part[CFR_RSA_N]) < 0, CKR_ATTRIBUTE_VALUE_INVALID);
    if (!has_factors) {
        TRY(compute_factors(&numbers));
    }
    TRY(settle_crt_exponent(&numbers, CFR_RSA_P, CFR_RSA_DP));
    TRY(settle_crt_exponent(&numbers, CFR_RSA_Q, CFR_RSA_DQ));
    TRY(settle_coefficient(&numbers));
    return make_keymat(&numbers, true, ret_keymat);
}

/* A generation that may be given up. */
struct watched {
    const struct cfr_progress *progress;
    bool is_cancelled;
};

/* libcrypto calls this at each candidate, without a lock. */
static int on_candidate(EVP_PKEY_CTX *ctx)
{
    struct watched *watched = EVP_PKEY_CTX_get_app_data(ctx);

    watched->is_cancelled = watched->is_cancelled || !watched->progress->go_on(watched->progress->arg);
    return watched->is_cancelled ? 0 : 1;
}

/* libcrypto takes the exponent as a BIGNUM; both numbers were checked. */
static CK_RV generate_pkey(EVP_PKEY_CTX *ctx, size_t bits, BIGNUM *e, const struct cfr_progress *progress,
                           EVP_PKEY **ret_pkey)
{
    struct watched watched = {.progress = progress};
    int generated;

    OSSL_TRY(EVP_PKEY_keygen_init(ctx), CKR_HOST_MEMORY);
    OSSL_TRY(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits), CKR_HOST_MEMORY);
    OSSL_TRY(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e), CKR_HOST_MEMORY);
    if (progress != NULL) {
        EVP_PKEY_CTX_set_app_data(ctx, &watched);
        EVP_PKEY_CTX_set_cb(ctx, on_candidate);
    }
    generated = EVP_PKEY_generate(ctx, ret_pkey);
    FAIL_UNLESS(!watched.is_cancelled, CKR_FUNCTION_CANCELED);
    OSSL_TRY(generated, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

static CK_RV test_pairwise(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(cfr_ossl.context, pkey, NULL);
    int ok = ctx == NULL ? 0 : EVP_PKEY_pairwise_check(ctx);

    EVP_PKEY_CTX_free(ctx);
    OSSL_TRY(ok, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV cfr_rsa_generate(size_t bits, struct cfr_span exponent, struct cfr_keymat **ret_keymat)
{
    return cfr_rsa_generate_while(bits, exponent, NULL, ret_keymat);
}

CK_RV cfr_rsa_generate_while(size_t bits, struct cfr_span exponent, const struct cfr_progress *progress,
                             struct cfr_keymat **ret_keymat)
{
    AUTO(bn) e = {NULL};
    EVP_PKEY_CTX *ctx;
    EVP_PKEY *pkey = NULL;
    CK_RV rv;

    FAIL_UNLESS(bits >= CFR_RSA_MIN_BITS && bits <= CFR_RSA_MAX_BITS && bits % 8 == 0,
                CKR_ATTRIBUTE_VALUE_INVALID);
    FAIL_UNLESS(exponent.len != 0 && exponent.len <= CFR_RSA_EXPONENT_MAX_BITS / 8,
                CKR_ATTRIBUTE_VALUE_INVALID);
    e.bn = BN_bin2bn(exponent.ptr, (int)exponent.len, NULL);
    FAIL_UNLESS(e.bn != NULL, CKR_HOST_MEMORY);
    FAIL_UNLESS(BN_is_odd(e.bn) && !BN_is_one(e.bn), CKR_ATTRIBUTE_VALUE_INVALID);

    ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL
                                          : EVP_PKEY_CTX_new_from_name(cfr_ossl.context, CFR_PKEY_RSA, NULL);
    FAIL_UNLESS(ctx != NULL, CKR_HOST_MEMORY);
    rv = generate_pkey(ctx, bits, e.bn, progress, &pkey);
    EVP_PKEY_CTX_free(ctx);
    if (rv != CKR_OK) {
        EVP_PKEY_free(pkey); /* one that was finished when it was given up */
        return rv;
    }
    rv = test_pairwise(pkey);
    if (rv != CKR_OK) {
        EVP_PKEY_free(pkey);
        return rv;
    }
    return cfr_keymat_from_pkey_take(CFR_KEY_RSA, true, pkey, ret_keymat);
}

CK_RV cfr_rsa_number(const struct cfr_keymat *keymat, enum cfr_rsa_part part, struct cfr_secret **ret_number)
{
    static const char *const companions[CFR_RSA_PARTS] = {
        [CFR_RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR2,
        [CFR_RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR1,
        [CFR_RSA_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
        [CFR_RSA_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
    };
    AUTO(secret) *padded = NULL;
    struct cfr_span view;

    TRY(cfr_keymat_number(keymat, part_names[part], companions[part], cfr_rsa_len(keymat), &padded));
    view = cfr_secret_view(padded);
    while (view.len > 1 && view.ptr[0] == 0) {
        view = cfr_span_after(view, 1);
    }
    return cfr_secret_from(view, ret_number);
}

size_t cfr_rsa_len(const struct cfr_keymat *keymat)
{
    return (keymat->bits + 7) / 8;
}
