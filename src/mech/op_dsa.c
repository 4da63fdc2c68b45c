/* SPDX-License-Identifier: Apache-2.0 */
/* DSA over what is given or over its hash: verification alone, as FIPS 186-5 left it. */
#include "base/alloc.h"
#include "crypto/digest.h"
#include "crypto/ffc.h"
#include "mech/op.h"

struct dsa_op {
    struct cfr_op base;
    struct cfr_dsa *dsa;
    struct cfr_digest *digest; /* mechanisms with a hash */
    bool begun;
};

static struct dsa_op *self_of(struct cfr_op *op)
{
    return (struct dsa_op *)op;
}

static bool probe(const struct cfr_mechanism *mechanism)
{
    return mechanism->hash == CFR_HASH_NONE || cfr_hash_is_available(mechanism->hash);
}

static void drop(struct cfr_op *op)
{
    struct dsa_op *self = self_of(op);

    cfr_dsa_drop(self->dsa);
    cfr_digest_drop(self->digest);
    cfr_free(self);
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct dsa_op *self = cfr_alloc(sizeof(*self));
    CK_RV rv;

    (void)params;
    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    rv = cfr_dsa_new(keymat, &self->dsa);
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
    (void)op;
    (void)step;
    (void)in_len;
    return 0;
}

/* "DSA: Key And Data Length": digests. */
static bool is_digest_len(size_t len)
{
    return len == 20 || len == 28 || len == 32 || len == 48 || len == 64;
}

static CK_RV verify(struct cfr_op *op, struct cfr_span data, struct cfr_span signature)
{
    struct dsa_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    if (self->digest == NULL) {
        FAIL_UNLESS(is_digest_len(data.len), CKR_DATA_LEN_RANGE);
        return cfr_dsa_verify(self->dsa, data, signature);
    }
    TRY(cfr_digest_once(self->digest, data, digest));
    return cfr_dsa_verify(self->dsa, cfr_span_of(digest, cfr_hash_len(op->mechanism->hash)), signature);
}

static CK_RV begin(struct dsa_op *self)
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

static CK_RV verify_finish(struct cfr_op *op, struct cfr_span signature)
{
    struct dsa_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    TRY(begin(self));
    TRY(cfr_digest_finish(self->digest, digest));
    return cfr_dsa_verify(self->dsa, cfr_span_of(digest, cfr_hash_len(op->mechanism->hash)), signature);
}

const struct cfr_op_impl cfr_op_dsa = {
    .name = "dsa",
    .make = make,
    .start = start,
    .restart = restart,
    .bound = bound,
    .verify = verify,
    .drop = drop,
};

const struct cfr_op_impl cfr_op_dsa_hash = {
    .name = "dsa-hash",
    .probe = probe,
    .make = make,
    .start = start,
    .restart = restart,
    .bound = bound,
    .update = update,
    .verify = verify,
    .verify_finish = verify_finish,
    .drop = drop,
};
