/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA over what is given or over its hash, and EdDSA. */
#include "base/alloc.h"
#include "crypto/digest.h"
#include "crypto/ec.h"
#include "mech/op.h"

struct ec_op {
    struct cfr_op base;
    struct cfr_ecdsa *ecdsa; /* one of these two */
    struct cfr_eddsa *eddsa;
    struct cfr_digest *digest; /* ECDSA mechanisms with a hash */
    size_t len;                /* octets of a signature */
    bool begun;
    bool has_params; /* EdDSA: what made the operation, for fits() */
    bool prehash;
    uint8_t context[255];
    size_t context_len;
    struct cfr_buf gathered; /* EdDSA in parts: the message is read twice */
};

static struct ec_op *self_of(struct cfr_op *op)
{
    return (struct ec_op *)op;
}

static bool probe(const struct cfr_mechanism *mechanism)
{
    return mechanism->hash == CFR_HASH_NONE || cfr_hash_is_available(mechanism->hash);
}

static void drop(struct cfr_op *op)
{
    struct ec_op *self = self_of(op);

    cfr_ecdsa_drop(self->ecdsa);
    cfr_eddsa_drop(self->eddsa);
    cfr_digest_drop(self->digest);
    cfr_buf_clear(&self->gathered);
    cfr_free(self);
}

static CK_RV new_op(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                    struct ec_op **ret_op)
{
    struct ec_op *self = cfr_alloc(sizeof(*self));

    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    self->len = 2 * cfr_curve_order_len(cfr_ec_curve(keymat));
    self->gathered = CFR_BUF(CFR_GATHER_MAX_LEN);
    *ret_op = self;
    return CKR_OK;
}

static CK_RV make_ecdsa(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                        const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct ec_op *self = NULL;
    CK_RV rv;

    (void)params;
    TRY(new_op(mechanism, use, keymat, &self));
    rv = cfr_ecdsa_new(keymat, use == CFR_USE_SIGN, &self->ecdsa);
    if (rv == CKR_OK && mechanism->hash != CFR_HASH_NONE) {
        rv = cfr_digest_new(mechanism->hash, &self->digest);
    }
    if (rv != CKR_OK) {
        drop(&self->base);
        return rv;
    }
    *ret_op = &self->base;
    return CKR_OK;
}

static CK_RV make_eddsa(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                        const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct cfr_eddsa_variant variant = {
        .has_params = params->is_given, .prehash = params->prehash, .context = params->label};
    struct ec_op *self = NULL;
    CK_RV rv;

    TRY(new_op(mechanism, use, keymat, &self));
    self->has_params = params->is_given;
    self->prehash = params->prehash;
    self->context_len = params->label.len;
    cfr_copy(self->context, params->label.ptr, params->label.len);
    rv = cfr_eddsa_new(keymat, use == CFR_USE_SIGN, &variant, &self->eddsa);
    if (rv != CKR_OK) {
        drop(&self->base);
        return rv;
    }
    *ret_op = &self->base;
    return CKR_OK;
}

static bool fits_eddsa(const struct cfr_op *op, const struct cfr_params *params)
{
    const struct ec_op *self = (const struct ec_op *)op;

    return self->has_params == params->is_given && self->prehash == params->prehash &&
           cfr_span_equal(cfr_span_of(self->context, self->context_len), params->label);
}

static void restart(struct cfr_op *op)
{
    self_of(op)->begun = false;
    cfr_buf_clear(&self_of(op)->gathered);
}

static CK_RV start(struct cfr_op *op, const struct cfr_params *params)
{
    (void)params;
    restart(op);
    return CKR_OK;
}

static size_t bound(const struct cfr_op *op, enum cfr_step step, size_t in_len)
{
    (void)in_len;
    return step == CFR_STEP_UPDATE ? 0 : ((const struct ec_op *)op)->len;
}

static CK_RV begin(struct ec_op *self)
{
    if (!self->begun) {
        TRY(cfr_digest_start(self->digest));
        self->begun = true;
    }
    return CKR_OK;
}

static struct cfr_span digest_view(const struct cfr_op *op, const uint8_t *digest)
{
    return cfr_span_of(digest, cfr_hash_len(op->mechanism->hash));
}

static CK_RV once_ecdsa(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    struct ec_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    out->len = self->len;
    if (self->digest == NULL) {
        return cfr_ecdsa_sign(self->ecdsa, in, out->ptr);
    }
    TRY(cfr_digest_once(self->digest, in, digest));
    return cfr_ecdsa_sign(self->ecdsa, digest_view(op, digest), out->ptr);
}

static CK_RV verify_ecdsa(struct cfr_op *op, struct cfr_span data, struct cfr_span signature)
{
    struct ec_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    if (self->digest == NULL) {
        return cfr_ecdsa_verify(self->ecdsa, data, signature);
    }
    TRY(cfr_digest_once(self->digest, data, digest));
    return cfr_ecdsa_verify(self->ecdsa, digest_view(op, digest), signature);
}

static CK_RV update_ecdsa(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    (void)out;
    TRY(begin(self_of(op)));
    return cfr_digest_update(self_of(op)->digest, in);
}

static CK_RV finish_ecdsa(struct cfr_op *op, struct cfr_out *out)
{
    struct ec_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    TRY(begin(self));
    TRY(cfr_digest_finish(self->digest, digest));
    out->len = self->len;
    return cfr_ecdsa_sign(self->ecdsa, digest_view(op, digest), out->ptr);
}

static CK_RV verify_finish_ecdsa(struct cfr_op *op, struct cfr_span signature)
{
    struct ec_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    TRY(begin(self));
    TRY(cfr_digest_finish(self->digest, digest));
    return cfr_ecdsa_verify(self->ecdsa, digest_view(op, digest), signature);
}

static CK_RV once_eddsa(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    out->len = self_of(op)->len;
    return cfr_eddsa_sign(self_of(op)->eddsa, in, out->ptr);
}

static CK_RV verify_eddsa(struct cfr_op *op, struct cfr_span data, struct cfr_span signature)
{
    return cfr_eddsa_verify(self_of(op)->eddsa, data, signature);
}

static CK_RV update_eddsa(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    (void)out;
    return cfr_op_gather(op, &self_of(op)->gathered, in);
}

static CK_RV finish_eddsa(struct cfr_op *op, struct cfr_out *out)
{
    return once_eddsa(op, cfr_buf_view(&self_of(op)->gathered), out);
}

static CK_RV verify_finish_eddsa(struct cfr_op *op, struct cfr_span signature)
{
    return verify_eddsa(op, cfr_buf_view(&self_of(op)->gathered), signature);
}

const struct cfr_op_impl cfr_op_ecdsa = {
    .name = "ecdsa",
    .make = make_ecdsa,
    .start = start,
    .restart = restart,
    .bound = bound,
    .once = once_ecdsa,
    .verify = verify_ecdsa,
    .drop = drop,
};

const struct cfr_op_impl cfr_op_ecdsa_hash = {
    .name = "ecdsa-hash",
    .probe = probe,
    .make = make_ecdsa,
    .start = start,
    .restart = restart,
    .bound = bound,
    .once = once_ecdsa,
    .update = update_ecdsa,
    .finish = finish_ecdsa,
    .verify = verify_ecdsa,
    .verify_finish = verify_finish_ecdsa,
    .drop = drop,
};

const struct cfr_op_impl cfr_op_eddsa = {
    .name = "eddsa",
    .make = make_eddsa,
    .fits = fits_eddsa,
    .start = start,
    .restart = restart,
    .bound = bound,
    .once = once_eddsa,
    .update = update_eddsa,
    .finish = finish_eddsa,
    .verify = verify_eddsa,
    .verify_finish = verify_finish_eddsa,
    .drop = drop,
};
