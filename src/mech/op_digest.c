/* SPDX-License-Identifier: Apache-2.0 */
/* Message digests. */
#include "base/alloc.h"
#include "crypto/digest.h"
#include "mech/op.h"

struct digest_op {
    struct cfr_op base;
    struct cfr_digest *digest;
    bool begun;
};

static struct digest_op *self_of(struct cfr_op *op)
{
    return (struct digest_op *)op;
}

static bool probe(const struct cfr_mechanism *mechanism)
{
    return cfr_hash_is_available(mechanism->hash);
}

static void drop(struct cfr_op *op)
{
    cfr_digest_drop(self_of(op)->digest);
    cfr_free(op);
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct digest_op *self = cfr_alloc(sizeof(*self));
    CK_RV rv;

    (void)keymat;
    (void)params;
    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    rv = cfr_digest_new(mechanism->hash, &self->digest);
    if (rv != CKR_OK) {
        drop(&self->base);
        return rv;
    }
    *ret_op = &self->base;
    return CKR_OK;
}

static CK_RV start(struct cfr_op *op, const struct cfr_params *params)
{
    (void)params;
    self_of(op)->begun = false;
    return CKR_OK;
}

static size_t bound(const struct cfr_op *op, enum cfr_step step, size_t in_len)
{
    (void)in_len;
    return step == CFR_STEP_UPDATE ? 0 : cfr_hash_len(op->mechanism->hash);
}

static CK_RV once(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    out->len = cfr_hash_len(op->mechanism->hash);
    return cfr_digest_once(self_of(op)->digest, in, out->ptr);
}

static CK_RV begin(struct digest_op *self)
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
    TRY(begin(self_of(op)));
    out->len = cfr_hash_len(op->mechanism->hash);
    return cfr_digest_finish(self_of(op)->digest, out->ptr);
}

static CK_RV dup(const struct cfr_op *op, struct cfr_op **ret_op)
{
    const struct digest_op *self = (const struct digest_op *)op;
    struct digest_op *copy = cfr_alloc(sizeof(*copy));
    CK_RV rv;

    FAIL_UNLESS(copy != NULL, CKR_HOST_MEMORY);
    *copy = *self;
    rv = cfr_digest_dup(self->digest, &copy->digest);
    if (rv != CKR_OK) {
        cfr_free(copy);
        return rv;
    }
    *ret_op = &copy->base;
    return CKR_OK;
}

const struct cfr_op_impl cfr_op_digest = {
    .name = "digest",
    .sure = CKF_DIGEST,
    .probe = probe,
    .make = make,
    .start = start,
    .bound = bound,
    .once = once,
    .update = update,
    .finish = finish,
    .dup = dup,
    .drop = drop,
};
