/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-GCM, AES-CCM and ChaCha20-Poly1305. Ciphertext is text and tag together. No plaintext leaves before the tag was checked.
 */
#include "base/alloc.h"
#include "crypto/aead.h"
#include "mech/op.h"

struct aead_op {
    struct cfr_op base;
    struct cfr_aead *aead;
    enum cfr_aead_kind kind;
    uint8_t iv[CFR_GCM_IV_MAX_LEN];
    struct cfr_aead_start start; /* its views are of iv and aad here */
    struct cfr_buf aad;
    bool begun;
    struct cfr_buf gathered; /* what came in parts, where it must be whole: CCM, and all decryption */
};

static struct aead_op *self_of(struct cfr_op *op)
{
    return (struct aead_op *)op;
}

static const struct aead_op *const_self_of(const struct cfr_op *op)
{
    return (const struct aead_op *)op;
}

static bool probe(const struct cfr_mechanism *mechanism)
{
    return cfr_aead_is_available((enum cfr_aead_kind)mechanism->variant);
}

static void drop(struct cfr_op *op)
{
    struct aead_op *self = self_of(op);

    cfr_aead_drop(self->aead);
    cfr_buf_clear(&self->aad);
    cfr_buf_clear(&self->gathered);
    cfr_free(self);
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct aead_op *self = cfr_alloc(sizeof(*self));
    CK_RV rv;

    (void)params;
    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    self->kind = (enum cfr_aead_kind)mechanism->variant;
    self->aad = CFR_BUF(CFR_PARAM_MAX_LEN);
    self->gathered = CFR_BUF(CFR_GATHER_MAX_LEN);
    rv = cfr_aead_new(self->kind, use == CFR_USE_ENCRYPT, cfr_keymat_secret(keymat), &self->aead);
    if (rv != CKR_OK) {
        drop(&self->base);
        return rv;
    }
    *ret_op = &self->base;
    return CKR_OK;
}

static CK_RV start(struct cfr_op *op, const struct cfr_params *params)
{
    struct aead_op *self = self_of(op);

    cfr_copy(self->iv, params->iv.ptr, params->iv.len);
    self->aad.len = 0;
    cfr_buf_put(&self->aad, params->aad);
    TRY(cfr_buf_check(&self->aad));
    self->start = (struct cfr_aead_start){
        .iv = cfr_span_of(self->iv, params->iv.len),
        .aad = cfr_buf_view(&self->aad),
        .tag_len = params->tag_len,
        .data_len = params->data_len,
    };
    self->begun = false;
    if (self->gathered.len != 0) {
        cfr_buf_clear(&self->gathered);
    }
    return CKR_OK;
}

static bool streams(const struct aead_op *self)
{
    return self->kind != CFR_AEAD_CCM && self->base.use == CFR_USE_ENCRYPT;
}

static size_t whole_bound(const struct aead_op *self, size_t in_len)
{
    size_t tag_len = self->start.tag_len;

    if (self->base.use == CFR_USE_ENCRYPT) {
        return in_len + tag_len;
    }
    return in_len < tag_len ? 0 : in_len - tag_len;
}

static size_t bound(const struct cfr_op *op, enum cfr_step step, size_t in_len)
{
    const struct aead_op *self = const_self_of(op);

    switch (step) {
    case CFR_STEP_ONCE:
        return whole_bound(self, in_len);
    case CFR_STEP_UPDATE:
        return streams(self) ? in_len : 0;
    case CFR_STEP_FINISH:
        return streams(self) ? self->start.tag_len : whole_bound(self, self->gathered.len);
    }
    return 0;
}

/* CCM fixes the length of the text in advance; a wrapping lets the key decide. */
static CK_RV settle_ccm_len(struct aead_op *self, struct cfr_aead_start *start_with, size_t text_len)
{
    if (self->kind == CFR_AEAD_CCM) {
        FAIL_UNLESS(self->start.data_len == CFR_CCM_LEN_OF_KEY || self->start.data_len == text_len,
                    cfr_op_len_error(&self->base));
        start_with->data_len = text_len;
    }
    return CKR_OK;
}

static CK_RV once(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    struct aead_op *self = self_of(op);
    struct cfr_aead_start start_with = self->start;
    size_t tag_len = start_with.tag_len;
    size_t text_len;

    if (op->use == CFR_USE_ENCRYPT) {
        TRY(settle_ccm_len(self, &start_with, in.len));
        TRY(cfr_aead_seal(self->aead, &start_with, in, out->ptr, out->ptr + in.len));
        out->len = in.len + tag_len;
        return CKR_OK;
    }
    FAIL_UNLESS(in.len >= tag_len, CKR_ENCRYPTED_DATA_LEN_RANGE);
    text_len = in.len - tag_len;
    TRY(settle_ccm_len(self, &start_with, text_len));
    TRY(cfr_aead_open(self->aead, &start_with, cfr_span_of(in.ptr, text_len), out->ptr,
                      cfr_span_of(in.ptr + text_len, tag_len)));
    out->len = text_len;
    return CKR_OK;
}

static CK_RV begin(struct aead_op *self)
{
    TRY(cfr_aead_begin(self->aead, &self->start));
    self->begun = true;
    return CKR_OK;
}

static CK_RV update(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    struct aead_op *self = self_of(op);

    out->len = 0;
    if (!streams(self)) {
        return cfr_op_gather(op, &self->gathered, in);
    }
    if (!self->begun) {
        TRY(begin(self));
    }
    TRY(cfr_aead_update(self->aead, in, out->ptr));
    out->len = in.len;
    return CKR_OK;
}

static CK_RV finish(struct cfr_op *op, struct cfr_out *out)
{
    struct aead_op *self = self_of(op);

    if (!streams(self)) {
        return once(op, cfr_buf_view(&self->gathered), out);
    }
    if (!self->begun) {
        TRY(begin(self));
    }
    TRY(cfr_aead_seal_finish(self->aead, out->ptr, self->start.tag_len));
    out->len = self->start.tag_len;
    return CKR_OK;
}

static CK_RV dup(const struct cfr_op *op, struct cfr_op **ret_op)
{
    const struct aead_op *self = const_self_of(op);
    struct aead_op *copy = cfr_alloc(sizeof(*copy));
    CK_RV rv;

    FAIL_UNLESS(copy != NULL, CKR_HOST_MEMORY);
    *copy = *self;
    copy->aead = NULL;
    copy->aad = CFR_BUF(CFR_PARAM_MAX_LEN);
    copy->gathered = CFR_BUF(CFR_GATHER_MAX_LEN);
    cfr_buf_put(&copy->aad, cfr_buf_view(&self->aad));
    cfr_buf_put(&copy->gathered, cfr_buf_view(&self->gathered));
    copy->start.iv.ptr = copy->iv;
    copy->start.aad = cfr_buf_view(&copy->aad);
    rv = copy->aad.failed || copy->gathered.failed ? CKR_HOST_MEMORY : cfr_aead_dup(self->aead, &copy->aead);
    if (rv != CKR_OK) {
        drop(&copy->base);
        return rv;
    }
    *ret_op = &copy->base;
    return CKR_OK;
}

const struct cfr_op_impl cfr_op_aead = {
    .name = "aead",
    .sure = CKF_ENCRYPT,
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
