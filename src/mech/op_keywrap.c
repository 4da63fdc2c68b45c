/* SPDX-License-Identifier: Apache-2.0 */
/* AES key wrap, as encryption of whole messages; C_WrapKey uses the same. */
#include "base/alloc.h"
#include "crypto/keywrap.h"
#include "mech/op.h"

struct keywrap_op {
    struct cfr_op base;
    struct cfr_keymat *keymat;
    uint8_t iv[8];
    size_t iv_len;
};

static struct keywrap_op *self_of(struct cfr_op *op)
{
    return (struct keywrap_op *)op;
}

static void drop(struct cfr_op *op)
{
    cfr_keymat_drop(self_of(op)->keymat);
    cfr_free(op);
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct keywrap_op *self = cfr_alloc(sizeof(*self));

    (void)params;
    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    self->keymat = cfr_keymat_share(keymat);
    *ret_op = &self->base;
    return CKR_OK;
}

static CK_RV start(struct cfr_op *op, const struct cfr_params *params)
{
    self_of(op)->iv_len = params->iv.len;
    cfr_copy(self_of(op)->iv, params->iv.ptr, params->iv.len);
    return CKR_OK;
}

static struct cfr_keywrap wrap_of(struct cfr_op *op)
{
    struct keywrap_op *self = self_of(op);

    return (struct cfr_keywrap){
        .key = cfr_keymat_secret(self->keymat),
        .iv = cfr_span_of(self->iv, self->iv_len),
        .padded = op->mechanism->variant == 1,
    };
}

static size_t bound(const struct cfr_op *op, enum cfr_step step, size_t in_len)
{
    (void)step;
    if (op->use == CFR_USE_ENCRYPT) {
        return cfr_keywrap_len(op->mechanism->variant == 1, in_len);
    }
    return in_len < 8 ? 0 : in_len - 8;
}

static CK_RV once(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    struct cfr_keywrap wrap = wrap_of(op);
    AUTO(secret) *plain = NULL;
    struct cfr_span view;

    if (op->use == CFR_USE_ENCRYPT) {
        TRY(cfr_keywrap_seal(&wrap, in, out->ptr));
        out->len = cfr_keywrap_len(wrap.padded, in.len);
        return CKR_OK;
    }
    TRY(cfr_keywrap_open(&wrap, in, &plain));
    view = cfr_secret_view(plain);
    cfr_copy(out->ptr, view.ptr, view.len);
    out->len = view.len;
    return CKR_OK;
}

const struct cfr_op_impl cfr_op_keywrap = {
    .name = "keywrap",
    .make = make,
    .start = start,
    .bound = bound,
    .once = once,
    .drop = drop,
};
