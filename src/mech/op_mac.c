/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC, CMAC and AES-GMAC, whole and truncated. */
#include "base/alloc.h"
#include "base/ct.h"
#include "crypto/cipher.h"
#include "crypto/mac.h"
#include "mech/op.h"

struct mac_op {
    struct cfr_op base;
    struct cfr_mac *mac;
    uint8_t iv[CFR_GCM_IV_MAX_LEN]; /* GMAC */
    size_t iv_len;
    size_t out_len;
    bool begun;
};

static struct mac_op *self_of(struct cfr_op *op)
{
    return (struct mac_op *)op;
}

static bool probe(const struct cfr_mechanism *mechanism)
{
    if (mechanism->variant == CFR_MAC_CMAC_DES3) {
        return cfr_cipher_is_available(CFR_CIPHER_DES3_CBC);
    }
    return mechanism->hash == CFR_HASH_NONE || cfr_hash_is_available(mechanism->hash);
}

static void drop(struct cfr_op *op)
{
    cfr_mac_drop(self_of(op)->mac);
    cfr_free(op);
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct mac_op *self = cfr_alloc(sizeof(*self));
    CK_RV rv;

    (void)params;
    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    rv = cfr_mac_new((enum cfr_mac_kind)mechanism->variant, mechanism->hash, cfr_keymat_secret(keymat),
                     &self->mac);
    if (rv != CKR_OK) {
        drop(&self->base);
        return rv;
    }
    *ret_op = &self->base;
    return CKR_OK;
}

static CK_RV start(struct cfr_op *op, const struct cfr_params *params)
{
    struct mac_op *self = self_of(op);
    size_t full_len = cfr_mac_len(self->mac);

    self->out_len = full_len;
    if (op->mechanism->variant == CFR_MAC_GMAC) {
        self->out_len = params->tag_len;
    } else if (params->is_given) {
        if (params->mac_len == 0 || params->mac_len > full_len) {
            return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "a MAC of %zu octets, the whole has %zu",
                            params->mac_len, full_len);
        }
        self->out_len = params->mac_len;
    }
    self->iv_len = params->iv.len;
    cfr_copy(self->iv, params->iv.ptr, params->iv.len);
    self->begun = false;
    return CKR_OK;
}

static void restart(struct cfr_op *op)
{
    self_of(op)->begun = false;
}

static size_t bound(const struct cfr_op *op, enum cfr_step step, size_t in_len)
{
    (void)in_len;
    return step == CFR_STEP_UPDATE ? 0 : ((const struct mac_op *)op)->out_len;
}

static CK_RV begin(struct mac_op *self)
{
    TRY(cfr_mac_start(self->mac, cfr_span_of(self->iv, self->iv_len)));
    self->begun = true;
    return CKR_OK;
}

static CK_RV update(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    struct mac_op *self = self_of(op);

    (void)out;
    if (!self->begun) {
        TRY(begin(self));
    }
    return cfr_mac_update(self->mac, in);
}

static CK_RV finish(struct cfr_op *op, struct cfr_out *out)
{
    struct mac_op *self = self_of(op);
    uint8_t code[CFR_MAC_MAX_LEN];

    if (!self->begun) {
        TRY(begin(self));
    }
    TRY(cfr_mac_finish(self->mac, code));
    cfr_copy(out->ptr, code, self->out_len);
    out->len = self->out_len;
    return CKR_OK;
}

static CK_RV once(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    self_of(op)->begun = false;
    TRY(update(op, in, NULL));
    return finish(op, out);
}

static CK_RV verify_finish(struct cfr_op *op, struct cfr_span signature)
{
    uint8_t code[CFR_MAC_MAX_LEN];
    struct cfr_out out = {.ptr = code, .room = sizeof(code)};

    FAIL_UNLESS(signature.len == self_of(op)->out_len, CKR_SIGNATURE_LEN_RANGE);
    TRY(finish(op, &out));
    FAIL_UNLESS(cfr_ct_equal(cfr_span_of(code, out.len), signature), CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

static CK_RV verify(struct cfr_op *op, struct cfr_span data, struct cfr_span signature)
{
    self_of(op)->begun = false;
    TRY(update(op, data, NULL));
    return verify_finish(op, signature);
}

static CK_RV dup(const struct cfr_op *op, struct cfr_op **ret_op)
{
    const struct mac_op *self = (const struct mac_op *)op;
    struct mac_op *copy = cfr_alloc(sizeof(*copy));
    CK_RV rv;

    FAIL_UNLESS(copy != NULL, CKR_HOST_MEMORY);
    *copy = *self;
    rv = cfr_mac_dup(self->mac, &copy->mac);
    if (rv != CKR_OK) {
        cfr_free(copy);
        return rv;
    }
    *ret_op = &copy->base;
    return CKR_OK;
}

const struct cfr_op_impl cfr_op_mac = {
    .name = "mac",
    .sure = CKF_SIGN | CKF_VERIFY,
    .probe = probe,
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

/* The same but for restart(): the nonce is the operation's. */
const struct cfr_op_impl cfr_op_gmac = {
    .name = "gmac",
    .sure = CKF_SIGN | CKF_VERIFY,
    .probe = probe,
    .make = make,
    .start = start,
    .bound = bound,
    .once = once,
    .update = update,
    .finish = finish,
    .verify = verify,
    .verify_finish = verify_finish,
    .dup = dup,
    .drop = drop,
};
