/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-GCM, AES-CCM and ChaCha20-Poly1305, message by message with one key context. The tag is apart from the text. No plaintext
 * leaves before the tag was checked: what is decrypted in parts comes out with the last one.
 */
#include "base/alloc.h"
#include "crypto/aead.h"
#include "mech/nonce.h"
#include "mech/op.h"
#include "mech/params_message.h"

struct message_op {
    struct cfr_op base;
    struct cfr_aead *aead;
    enum cfr_aead_kind kind;
    struct cfr_nonce nonce; /* its last IV is that of the running message, in decryption too */
    /* Of a message in parts: */
    struct cfr_aead_start start; /* its views are of nonce.last and aad here */
    struct cfr_buf aad;          /* and the text: of all but GCM encryption */
    struct cfr_buf gathered;
};

static struct message_op *self_of(struct cfr_op *op)
{
    return (struct message_op *)op;
}

static const struct message_op *const_self_of(const struct cfr_op *op)
{
    return (const struct message_op *)op;
}

static void reset(struct cfr_op *op)
{
    cfr_buf_clear(&self_of(op)->aad);
    cfr_buf_clear(&self_of(op)->gathered);
}

static void drop(struct cfr_op *op)
{
    reset(op);
    cfr_aead_drop(self_of(op)->aead);
    cfr_free(op);
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  struct cfr_op **ret_op)
{
    struct message_op *self = cfr_alloc(sizeof(*self));
    CK_RV rv;

    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    self->kind = (enum cfr_aead_kind)mechanism->variant;
    self->aad = CFR_BUF(CFR_GATHER_MAX_LEN);
    self->gathered = CFR_BUF(CFR_GATHER_MAX_LEN);
    rv = cfr_aead_new(self->kind, use == CFR_USE_ENCRYPT, cfr_keymat_secret(keymat), &self->aead);
    if (rv != CKR_OK) {
        drop(&self->base);
        return rv;
    }
    *ret_op = &self->base;
    return CKR_OK;
}

static bool streams(const struct message_op *self)
{
    return self->kind != CFR_AEAD_CCM && self->base.use == CFR_USE_ENCRYPT;
}

static size_t bound(const struct cfr_op *op, enum cfr_step step, size_t in_len)
{
    const struct message_op *self = const_self_of(op);

    if (step == CFR_STEP_ONCE || streams(self)) {
        return in_len;
    }
    return step == CFR_STEP_UPDATE ? 0 : self->gathered.len + in_len;
}

/* Text may be replaced where it is; anything between that and apart would be read after it was written. */
static CK_RV check_place(struct cfr_span in, const uint8_t *out)
{
    uintptr_t from = (uintptr_t)in.ptr;
    uintptr_t to = (uintptr_t)out;

    if (from != to && from < to + in.len && to < from + in.len) {
        return cfr_fail(CKR_ARGUMENTS_BAD, "the text in and the text out overlap, and are not in one place");
    }
    return CKR_OK;
}

/* CCM has the length of the text in its first block. */
static CK_RV check_len(const struct message_op *self, size_t stated_len, size_t text_len)
{
    if (self->kind == CFR_AEAD_CCM && text_len != stated_len) {
        return cfr_fail(cfr_op_len_error(&self->base), "a message of %zu octets was stated to have %zu",
                        text_len, stated_len);
    }
    return CKR_OK;
}

/* Settles the IV of start: what is given, or what the run's generator makes. */
static CK_RV take_iv(struct message_op *self, const struct cfr_message_params *params,
                     struct cfr_aead_start *start)
{
    if (self->base.use == CFR_USE_ENCRYPT) {
        TRY(cfr_nonce_next(&self->nonce, params));
    } else {
        cfr_copy(self->nonce.last, params->iv, params->iv_len);
    }
    start->iv = cfr_span_of(self->nonce.last, params->iv_len);
    return CKR_OK;
}

static void give_iv(const struct message_op *self, const struct cfr_message_params *params)
{
    if (params->generator != CKG_NO_GENERATE) {
        cfr_copy(params->iv, self->nonce.last, params->iv_len);
    }
}

/* The tag is copied on its way in, because the application may have it where the text goes. */
static CK_RV unseal(struct message_op *self, const struct cfr_message_params *params,
                    const struct cfr_aead_start *start, struct cfr_span in, uint8_t *out)
{
    uint8_t tag[16];
    CK_RV rv;

    cfr_copy(tag, params->tag, start->tag_len);
    rv = cfr_aead_open(self->aead, start, in, out, cfr_span_of(tag, start->tag_len));
    TRY_MAP(rv == CKR_DATA_LEN_RANGE ? CKR_ENCRYPTED_DATA_LEN_RANGE : rv, CKR_ENCRYPTED_DATA_INVALID,
            CKR_AEAD_DECRYPT_FAILED);
    return CKR_OK;
}

static CK_RV once(struct cfr_op *op, const struct cfr_message_params *params, struct cfr_span aad,
                  struct cfr_span in, uint8_t *out)
{
    struct message_op *self = self_of(op);
    uint8_t iv[CFR_GCM_IV_MAX_LEN];
    struct cfr_aead_start start = {
        .iv = cfr_span_of(iv, params->iv_len), .aad = aad, .tag_len = params->tag_len, .data_len = in.len};

    FAIL_UNLESS(params->tag != NULL, CKR_MECHANISM_PARAM_INVALID);
    TRY(check_len(self, params->data_len, in.len));
    TRY(check_place(in, out));
    TRY(take_iv(self, params, &start));
    if (op->use == CFR_USE_DECRYPT) {
        return unseal(self, params, &start, in, out);
    }
    TRY(cfr_aead_seal(self->aead, &start, in, out, params->tag));
    give_iv(self, params);
    return CKR_OK;
}

/* What does not stream is run when all of it is here, and its associated data waits with it. */
static CK_RV keep_aad(struct message_op *self, struct cfr_span aad)
{
    cfr_buf_put(&self->aad, aad);
    self->start.aad = cfr_buf_view(&self->aad);
    return cfr_buf_check(&self->aad);
}

static CK_RV begin(struct cfr_op *op, const struct cfr_message_params *params, struct cfr_span aad)
{
    struct message_op *self = self_of(op);

    reset(op);
    self->start =
        (struct cfr_aead_start){.aad = aad, .tag_len = params->tag_len, .data_len = params->data_len};
    if (!streams(self)) {
        TRY(keep_aad(self, aad));
    }
    TRY(take_iv(self, params, &self->start));
    if (streams(self)) {
        TRY(cfr_aead_begin(self->aead, &self->start));
    }
    give_iv(self, params);
    return CKR_OK;
}

static CK_RV gather(struct message_op *self, struct cfr_span in)
{
    if (self->kind == CFR_AEAD_CCM && in.len > self->start.data_len - self->gathered.len) {
        return cfr_fail(cfr_op_len_error(&self->base), "more than the stated %zu octets of a message",
                        self->start.data_len);
    }
    return cfr_op_gather(&self->base, &self->gathered, in);
}

static CK_RV next(struct cfr_op *op, const struct cfr_message_params *params, struct cfr_span in,
                  uint8_t *out)
{
    struct message_op *self = self_of(op);

    FAIL_UNLESS(params->tag_len == self->start.tag_len, CKR_MECHANISM_PARAM_INVALID);
    if (!streams(self)) {
        return gather(self, in);
    }
    TRY(check_place(in, out));
    return cfr_aead_update(self->aead, in, out);
}

static CK_RV end_stream(struct message_op *self, const struct cfr_message_params *params, struct cfr_span in,
                        uint8_t *out)
{
    TRY(check_place(in, out));
    TRY(cfr_aead_update(self->aead, in, out));
    return cfr_aead_seal_finish(self->aead, params->tag, params->tag_len);
}

static CK_RV end(struct cfr_op *op, const struct cfr_message_params *params, struct cfr_span in, uint8_t *out)
{
    struct message_op *self = self_of(op);
    struct cfr_span whole = in;

    FAIL_UNLESS(params->tag_len == self->start.tag_len && params->tag != NULL, CKR_MECHANISM_PARAM_INVALID);
    if (streams(self)) {
        return end_stream(self, params, in, out);
    }
    if (self->gathered.len != 0) {
        TRY(gather(self, in));
        whole = cfr_buf_view(&self->gathered);
    }
    TRY(check_place(whole, out));
    TRY(check_len(self, self->start.data_len, whole.len));
    return op->use == CFR_USE_ENCRYPT ? cfr_aead_seal(self->aead, &self->start, whole, out, params->tag)
                                      : unseal(self, params, &self->start, whole, out);
}

static const struct cfr_message_impl impl = {
    .make = make,
    .bound = bound,
    .once = once,
    .begin = begin,
    .next = next,
    .end = end,
    .reset = reset,
    .drop = drop,
};

const struct cfr_message_form cfr_message_gcm = {
    .parameter = "CK_GCM_MESSAGE_PARAMS",
    .parameter_len = sizeof(CK_GCM_MESSAGE_PARAMS),
    .read = cfr_params_message_gcm,
    .impl = &impl,
};

const struct cfr_message_form cfr_message_ccm = {
    .parameter = "CK_CCM_MESSAGE_PARAMS",
    .parameter_len = sizeof(CK_CCM_MESSAGE_PARAMS),
    .read = cfr_params_message_ccm,
    .impl = &impl,
};

const struct cfr_message_form cfr_message_chacha20_poly1305 = {
    .parameter = "CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS",
    .parameter_len = sizeof(CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS),
    .read = cfr_params_message_chacha20_poly1305,
    .impl = &impl,
};
