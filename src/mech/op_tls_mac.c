/* SPDX-License-Identifier: Apache-2.0 */
/* The MAC of TLS "finished" messages: the function of TLS over a label and the data, which is gathered first. */
#include "base/alloc.h"
#include "base/ct.h"
#include "crypto/kdf.h"
#include "mech/op.h"
#include "mech/params_tls.h"

enum { DATA_MAX_LEN = CFR_TLS_SEED_MAX_LEN - CFR_TLS_LABEL_LEN };

struct tls_mac_op {
    struct cfr_op base;
    struct cfr_keymat *keymat;
    enum cfr_hash hash; /* NONE: the function of TLS 1.0 */
    uint8_t label[CFR_TLS_LABEL_LEN];
    size_t out_len;
    struct cfr_buf data;
};

static struct tls_mac_op *self_of(struct cfr_op *op)
{
    return (struct tls_mac_op *)op;
}

static void drop(struct cfr_op *op)
{
    cfr_keymat_drop(self_of(op)->keymat);
    cfr_buf_clear(&self_of(op)->data);
    cfr_free(op);
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct tls_mac_op *self = cfr_alloc(sizeof(*self));

    (void)params;
    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    self->keymat = cfr_keymat_share(keymat);
    self->data = CFR_BUF(DATA_MAX_LEN);
    *ret_op = &self->base;
    return CKR_OK;
}

static void restart(struct cfr_op *op)
{
    self_of(op)->data.len = 0;
}

static CK_RV start(struct cfr_op *op, const struct cfr_params *params)
{
    struct tls_mac_op *self = self_of(op);

    restart(op);
    self->hash = params->hash;
    self->out_len = params->mac_len;
    cfr_copy(self->label, params->label.ptr, sizeof(self->label));
    return CKR_OK;
}

static size_t bound(const struct cfr_op *op, enum cfr_step step, size_t in_len)
{
    (void)in_len;
    return step == CFR_STEP_UPDATE ? 0 : ((const struct tls_mac_op *)op)->out_len;
}

static CK_RV update(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    struct cfr_buf *data = &self_of(op)->data;

    (void)out;
    if (in.len > DATA_MAX_LEN - data->len) {
        return cfr_fail(CKR_DATA_LEN_RANGE, "more than %d octets for the MAC of TLS", DATA_MAX_LEN);
    }
    cfr_buf_put(data, in);
    return cfr_buf_check(data);
}

static CK_RV compute(struct tls_mac_op *self, struct cfr_secret **ret_code)
{
    struct cfr_tls_prf prf = {
        .hash = self->hash,
        .secret = cfr_keymat_secret(self->keymat),
        .seeds = {cfr_span_of(self->label, sizeof(self->label)), cfr_buf_view(&self->data)},
    };

    return cfr_kdf_tls(&prf, self->out_len, ret_code);
}

static CK_RV finish(struct cfr_op *op, struct cfr_out *out)
{
    AUTO(secret) *code = NULL;

    TRY(compute(self_of(op), &code));
    cfr_copy(out->ptr, cfr_secret_view(code).ptr, self_of(op)->out_len);
    out->len = self_of(op)->out_len;
    return CKR_OK;
}

static CK_RV once(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    restart(op);
    TRY(update(op, in, NULL));
    return finish(op, out);
}

static CK_RV verify_finish(struct cfr_op *op, struct cfr_span signature)
{
    AUTO(secret) *code = NULL;

    FAIL_UNLESS(signature.len == self_of(op)->out_len, CKR_SIGNATURE_LEN_RANGE);
    TRY(compute(self_of(op), &code));
    FAIL_UNLESS(cfr_ct_equal(cfr_secret_view(code), signature), CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

static CK_RV verify(struct cfr_op *op, struct cfr_span data, struct cfr_span signature)
{
    restart(op);
    TRY(update(op, data, NULL));
    return verify_finish(op, signature);
}

static CK_RV dup(const struct cfr_op *op, struct cfr_op **ret_op)
{
    const struct tls_mac_op *self = (const struct tls_mac_op *)op;
    struct tls_mac_op *copy = cfr_alloc(sizeof(*copy));
    CK_RV rv;

    FAIL_UNLESS(copy != NULL, CKR_HOST_MEMORY);
    *copy = *self;
    copy->keymat = cfr_keymat_share(self->keymat);
    copy->data = CFR_BUF(DATA_MAX_LEN);
    cfr_buf_put(&copy->data, cfr_buf_view(&self->data));
    rv = cfr_buf_check(&copy->data);
    if (rv != CKR_OK) {
        drop(&copy->base);
        return rv;
    }
    *ret_op = &copy->base;
    return CKR_OK;
}

const struct cfr_op_impl cfr_op_tls_mac = {
    .name = "tls_mac",
    .probe = cfr_probe_tls,
    .make = make,
    .start = start,
    .restart = restart,
    .bound = bound,
    .once = once,
    .update = update,
    .finish = finish,
    .verify = verify,
    .verify_finish = verify_finish,
    .dup = dup,
    .drop = drop,
};
