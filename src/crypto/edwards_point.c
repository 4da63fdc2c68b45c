/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/edwards_point.h"

#include "crypto/ossl_private.h"

#include <openssl/bn.h>

enum { MAX_LEN = 57 };

/* Public numbers only, so nothing here is constant-time. BN_CTX_start/end frames hold them all. */
struct cfr_edwards {
    BN_CTX *ctx;
    BIGNUM *p; /* prime of the field */
    BIGNUM *d; /* of a x^2 + y^2 = 1 + d x^2 y^2 */
    BIGNUM *y;
    BIGNUM *yy; /* y^2 */
    BIGNUM *u;  /* x^2 = u / v */
    BIGNUM *v;
    BIGNUM *t;
    bool is_25519; /* then a = -1, else a = 1 */
};

static void cfr_edwards_dropp(struct cfr_edwards *e)
{
    if (e->ctx != NULL) {
        BN_CTX_end(e->ctx);
        BN_CTX_free(e->ctx);
    }
}

static CK_RV begin(struct cfr_edwards *e)
{
    BIGNUM **all[] = {&e->p, &e->d, &e->y, &e->yy, &e->u, &e->v, &e->t};

    e->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : BN_CTX_new_ex(cfr_ossl.context);
    FAIL_UNLESS(e->ctx != NULL, CKR_HOST_MEMORY);
    BN_CTX_start(e->ctx);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        *all[i] = BN_CTX_get(e->ctx);
    }
    FAIL_UNLESS(e->t != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

/* p = 2^255 - 19, d = -121665/121666; p = 2^448 - 2^224 - 1, d = -39081 (RFC 7748 4.1, 4.2). */
static bool set_constants(struct cfr_edwards *e)
{
    if (e->is_25519) {
        return BN_set_bit(e->p, 255) && BN_sub_word(e->p, 19) && BN_set_word(e->t, 121666) &&
               BN_mod_inverse(e->d, e->t, e->p, e->ctx) != NULL && BN_mul_word(e->d, 121665) &&
               BN_sub(e->d, e->p, e->d) && BN_nnmod(e->d, e->d, e->p, e->ctx);
    }
    return BN_set_bit(e->p, 448) && BN_set_bit(e->t, 224) && BN_sub(e->p, e->p, e->t) &&
           BN_sub_word(e->p, 1) && BN_copy(e->d, e->p) != NULL && BN_sub_word(e->d, 39081);
}

static CK_RV load_y(struct cfr_edwards *e, struct cfr_span octets)
{
    uint8_t reversed[MAX_LEN];

    for (size_t i = 0; i < octets.len; i++) {
        reversed[i] = octets.ptr[octets.len - 1 - i];
    }
    reversed[0] &= 0x7f;
    FAIL_UNLESS(BN_bin2bn(reversed, (int)octets.len, e->y) != NULL, CKR_HOST_MEMORY);
    FAIL_UNLESS(BN_cmp(e->y, e->p) < 0, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

/* u = y^2 - 1; v = d y^2 - a, so that x^2 = u / v for either curve. */
static bool compute_ratio(struct cfr_edwards *e)
{
    const BIGNUM *one = BN_value_one();

    return BN_mod_sqr(e->yy, e->y, e->p, e->ctx) && BN_mod_sub(e->u, e->yy, one, e->p, e->ctx) &&
           BN_mod_mul(e->v, e->d, e->yy, e->p, e->ctx) &&
           (e->is_25519 ? BN_mod_add(e->v, e->v, one, e->p, e->ctx)
                        : BN_mod_sub(e->v, e->v, one, e->p, e->ctx));
}

/*
 * Order 1, 2: x = 0, so u = 0. Order 4: y = 0. Order 8, edwards25519 only: the double has y = 0, which is
 * y^2 - a x^2 = 0, that is u + v y^2 = 0.
 */
static bool is_small_order(struct cfr_edwards *e)
{
    if (BN_is_zero(e->u) || BN_is_zero(e->y)) {
        return true;
    }
    return e->is_25519 && BN_mod_mul(e->t, e->v, e->yy, e->p, e->ctx) &&
           BN_mod_add(e->t, e->t, e->u, e->p, e->ctx) && BN_is_zero(e->t);
}

CK_RV cfr_edwards_point_check(bool is_25519, struct cfr_span octets)
{
    AUTO(edwards) e = {.is_25519 = is_25519};

    TRY(begin(&e));
    FAIL_UNLESS(set_constants(&e), CKR_HOST_MEMORY);
    TRY(load_y(&e, octets));
    FAIL_UNLESS(compute_ratio(&e), CKR_HOST_MEMORY);
    /* u / v is a square when u v is one. */
    FAIL_UNLESS(BN_mod_mul(e.t, e.u, e.v, e.p, e.ctx), CKR_HOST_MEMORY);
    FAIL_UNLESS(BN_is_zero(e.t) || BN_kronecker(e.t, e.p, e.ctx) == 1, CKR_ATTRIBUTE_VALUE_INVALID);
    FAIL_UNLESS(!is_small_order(&e), CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}
