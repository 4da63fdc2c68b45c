/* SPDX-License-Identifier: Apache-2.0 */
/* RSA: encryption, and signatures over what is given or over its hash. */
#include "base/alloc.h"
#include "base/buf.h"
#include "crypto/digest.h"
#include "crypto/rsa.h"
#include "mech/op.h"

struct rsa_op {
    struct cfr_op base;
    struct cfr_rsa_op *rsa;
    struct cfr_digest *digest; /* mechanisms with a hash */
    struct cfr_rsa_scheme scheme;
    struct cfr_buf label; /* what scheme.label views */
    size_t len;           /* octets of the modulus */
    bool begun;
};

static struct rsa_op *self_of(struct cfr_op *op)
{
    return (struct rsa_op *)op;
}

static bool probe(const struct cfr_mechanism *mechanism)
{
    return mechanism->hash == CFR_HASH_NONE || cfr_hash_is_available(mechanism->hash);
}

static void drop(struct cfr_op *op)
{
    struct rsa_op *self = self_of(op);

    cfr_rsa_op_drop(self->rsa);
    cfr_digest_drop(self->digest);
    cfr_buf_clear(&self->label);
    cfr_free(self);
}

static const enum cfr_rsa_use rsa_uses[CFR_USE_COUNT] = {
    [CFR_USE_ENCRYPT] = CFR_RSA_ENCRYPT,   [CFR_USE_DECRYPT] = CFR_RSA_DECRYPT,
    [CFR_USE_SIGN] = CFR_RSA_SIGN,         [CFR_USE_VERIFY] = CFR_RSA_VERIFY,
    [CFR_USE_SIGN_RECOVER] = CFR_RSA_SIGN, [CFR_USE_VERIFY_RECOVER] = CFR_RSA_RECOVER,
};

static struct cfr_rsa_scheme scheme_of(const struct cfr_mechanism *mechanism, const struct cfr_params *params)
{
    struct cfr_rsa_scheme scheme = {.padding = (enum cfr_rsa_padding)mechanism->variant,
                                    .hash = mechanism->hash};

    if (params->is_given) {
        scheme.hash = params->hash;
        scheme.mgf_hash = params->mgf_hash;
        scheme.salt_len = params->salt_len;
        scheme.label = params->label;
    }
    return scheme;
}

static CK_RV fill(struct rsa_op *self, struct cfr_keymat *keymat)
{
    const struct cfr_mechanism *mechanism = self->base.mechanism;

    /* A PSS mechanism with a hash of its own wants the same one in its parameter. */
    FAIL_UNLESS(mechanism->hash == CFR_HASH_NONE || self->scheme.hash == mechanism->hash,
                CKR_MECHANISM_PARAM_INVALID);
    cfr_buf_put(&self->label, self->scheme.label);
    TRY(cfr_buf_check(&self->label));
    self->scheme.label = cfr_buf_view(&self->label);
    TRY(cfr_rsa_op_new(keymat, rsa_uses[self->base.use], &self->scheme, &self->rsa));
    if (mechanism->hash != CFR_HASH_NONE) {
        TRY(cfr_digest_new(mechanism->hash, &self->digest));
    }
    return CKR_OK;
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct rsa_op *self = cfr_alloc(sizeof(*self));
    CK_RV rv;

    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    self->label = CFR_BUF(CFR_PARAM_MAX_LEN);
    self->len = cfr_rsa_len(keymat);
    self->scheme = scheme_of(mechanism, params);
    rv = fill(self, keymat);
    if (rv != CKR_OK) {
        drop(&self->base);
        return rv;
    }
    *ret_op = &self->base;
    return CKR_OK;
}

static bool fits(const struct cfr_op *op, const struct cfr_params *params)
{
    const struct cfr_rsa_scheme *made = &((const struct rsa_op *)op)->scheme;
    struct cfr_rsa_scheme asked = scheme_of(op->mechanism, params);

    return made->hash == asked.hash && made->mgf_hash == asked.mgf_hash && made->salt_len == asked.salt_len &&
           cfr_span_equal(made->label, asked.label);
}

static void restart(struct cfr_op *op)
{
    self_of(op)->begun = false;
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
    return step == CFR_STEP_UPDATE ? 0 : ((const struct rsa_op *)op)->len;
}

/* Into @p out as far as it has room: only a decryption and a recovery give less than the modulus' length. */
static CK_RV decrypt(struct rsa_op *self, struct cfr_span in, struct cfr_out *out)
{
    AUTO(secret) *plain = NULL;
    struct cfr_span view;

    TRY(cfr_rsa_decrypt(self->rsa, in, &plain));
    view = cfr_secret_view(plain);
    cfr_copy(out->ptr, view.ptr, view.len);
    out->len = view.len;
    return CKR_OK;
}

static CK_RV once(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    struct rsa_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    if (op->use == CFR_USE_DECRYPT) {
        return decrypt(self, in, out);
    }
    if (op->use == CFR_USE_VERIFY_RECOVER) {
        return cfr_rsa_recover(self->rsa, in, out->ptr, &out->len);
    }
    out->len = self->len;
    if (op->use == CFR_USE_ENCRYPT) {
        return cfr_rsa_encrypt(self->rsa, in, out->ptr);
    }
    if (self->digest == NULL) {
        return cfr_rsa_sign(self->rsa, in, out->ptr);
    }
    TRY(cfr_digest_once(self->digest, in, digest));
    return cfr_rsa_sign(self->rsa, cfr_span_of(digest, cfr_hash_len(op->mechanism->hash)), out->ptr);
}

static CK_RV begin(struct rsa_op *self)
{
    if (!self->begun) {
        TRY(cfr_digest_start(self->digest));
        self->begun = true;
    }
    return CKR_OK;
}

static CK_RV update(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    (void)out;
    TRY(begin(self_of(op)));
    return cfr_digest_update(self_of(op)->digest, in);
}

static CK_RV finish(struct cfr_op *op, struct cfr_out *out)
{
    struct rsa_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    TRY(begin(self));
    TRY(cfr_digest_finish(self->digest, digest));
    out->len = self->len;
    return cfr_rsa_sign(self->rsa, cfr_span_of(digest, cfr_hash_len(op->mechanism->hash)), out->ptr);
}

static CK_RV verify(struct cfr_op *op, struct cfr_span data, struct cfr_span signature)
{
    struct rsa_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    if (self->digest == NULL) {
        return cfr_rsa_verify(self->rsa, data, signature);
    }
    TRY(cfr_digest_once(self->digest, data, digest));
    return cfr_rsa_verify(self->rsa, cfr_span_of(digest, cfr_hash_len(op->mechanism->hash)), signature);
}

static CK_RV verify_finish(struct cfr_op *op, struct cfr_span signature)
{
    struct rsa_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    TRY(begin(self));
    TRY(cfr_digest_finish(self->digest, digest));
    return cfr_rsa_verify(self->rsa, cfr_span_of(digest, cfr_hash_len(op->mechanism->hash)), signature);
}

const struct cfr_op_impl cfr_op_rsa = {
    .name = "rsa",
    .make = make,
    .fits = fits,
    .start = start,
    .restart = restart,
    .bound = bound,
    .once = once,
    .verify = verify,
    .drop = drop,
};

const struct cfr_op_impl cfr_op_rsa_hash = {
    .name = "rsa-hash",
    .probe = probe,
    .make = make,
    .fits = fits,
    .start = start,
    .restart = restart,
    .bound = bound,
    .once = once,
    .update = update,
    .finish = finish,
    .verify = verify,
    .verify_finish = verify_finish,
    .drop = drop,
};
