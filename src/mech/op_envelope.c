/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapping with key pairs and AES at once: a key for one wrapping, made known to the private key's owner in what
 * comes first, and the target under it by AES-KWP in what follows. For C_WrapKey and C_UnwrapKey alone.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "crypto/asn1.h"
#include "crypto/ec.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "crypto/rng.h"
#include "crypto/rsa.h"
#include "mech/op.h"

enum { POINT_ROOM = CFR_EC_POINT_MAX_LEN + 3 /* with the header of an OCTET STRING */ };

struct envelope_op {
    struct cfr_op base;
    struct cfr_keymat *keymat;
    struct cfr_rsa_op *rsa;
    struct cfr_params params; /* its views are of text */
    struct cfr_buf text;      /* label, or shared data */
    size_t head_len;          /* octets of what comes first, as it is made here */
};

static struct envelope_op *self_of(struct cfr_op *op)
{
    return (struct envelope_op *)op;
}

static enum cfr_envelope variant_of(const struct envelope_op *self)
{
    return (enum cfr_envelope)self->base.mechanism->variant;
}

static void drop(struct cfr_op *op)
{
    struct envelope_op *self = self_of(op);

    cfr_rsa_op_drop(self->rsa);
    cfr_keymat_drop(self->keymat);
    cfr_buf_clear(&self->text);
    cfr_free(self);
}

static CK_RV fill_rsa(struct envelope_op *self)
{
    bool wrapping = self->base.use == CFR_USE_ENCRYPT;
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_OAEP,
                                    .hash = self->params.hash,
                                    .mgf_hash = self->params.mgf_hash,
                                    .label = cfr_buf_view(&self->text)};

    TRY(cfr_rsa_op_new(self->keymat, wrapping ? CFR_RSA_ENCRYPT : CFR_RSA_DECRYPT, &scheme, &self->rsa));
    FAIL_UNLESS(!wrapping || cfr_rsa_op_max_in(self->rsa) >= self->params.aes_len, CKR_KEY_SIZE_RANGE);
    self->head_len = cfr_rsa_len(self->keymat);
    return CKR_OK;
}

/* A transport key's point, in the form that the mechanism gives it. */
static CK_RV write_point(const struct envelope_op *self, const struct cfr_keymat *transport,
                         uint8_t out[POINT_ROOM], size_t *ret_len)
{
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    size_t len = 0;
    AUTO(der_out) der = {0};
    AUTO(secret) *text = NULL;

    if (variant_of(self) != CFR_ENVELOPE_ECDH_COFACTOR) {
        return cfr_ec_point(transport, out, ret_len);
    }
    TRY(cfr_ec_point(transport, point, &len));
    TRY(cfr_der_out_begin(POINT_ROOM, &der));
    cfr_der_prepend_element(&der, CFR_DER_OCTET_STRING, cfr_span_of(point, len));
    TRY(cfr_der_out_finish(&der, &text));
    *ret_len = cfr_secret_view(text).len;
    cfr_copy(out, cfr_secret_view(text).ptr, *ret_len);
    return CKR_OK;
}

static CK_RV fill_ecdh(struct envelope_op *self)
{
    uint8_t point[POINT_ROOM];

    /* "The length of the public key material of the transport key is the same" as that of this one. */
    return write_point(self, self->keymat, point, &self->head_len);
}

static CK_RV fill(struct envelope_op *self, const struct cfr_params *params)
{
    self->params = *params;
    cfr_buf_put(&self->text, variant_of(self) == CFR_ENVELOPE_RSA ? params->label : params->shared);
    TRY(cfr_buf_check(&self->text));
    self->params.label = cfr_buf_view(&self->text);
    self->params.shared = cfr_buf_view(&self->text);
    return variant_of(self) == CFR_ENVELOPE_RSA ? fill_rsa(self) : fill_ecdh(self);
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct envelope_op *self = cfr_alloc(sizeof(*self));
    CK_RV rv;

    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    self->keymat = cfr_keymat_share(keymat);
    self->text = CFR_BUF(CFR_PARAM_MAX_LEN);
    rv = fill(self, params);
    if (rv != CKR_OK) {
        drop(&self->base);
        return rv;
    }
    *ret_op = &self->base;
    return CKR_OK;
}

static CK_RV start(struct cfr_op *op, const struct cfr_params *params)
{
    (void)op;
    (void)params;
    return CKR_OK;
}

static size_t bound(const struct cfr_op *op, enum cfr_step step, size_t in_len)
{
    const struct envelope_op *self = (const struct envelope_op *)op;

    (void)step;
    if (op->use == CFR_USE_DECRYPT) {
        return in_len;
    }
    return in_len == 0 ? 0 : self->head_len + cfr_keywrap_len(true, in_len);
}

/* The first octets of what the agreement gives (PKCS#11, "ECDH AES KEY WRAP"). */
static CK_RV agree(const struct envelope_op *self, struct cfr_keymat *own, struct cfr_span point,
                   struct cfr_secret **ret_key)
{
    const struct cfr_params *params = &self->params;
    bool cofactor = variant_of(self) == CFR_ENVELOPE_ECDH_COFACTOR;
    AUTO(secret) *shared = NULL;
    struct cfr_span view;

    TRY(cfr_ec_derive(own, point, cofactor, &shared));
    view = cfr_secret_view(shared);
    if (params->hash == CFR_HASH_NONE) {
        FAIL_UNLESS(view.len >= params->aes_len, CKR_MECHANISM_PARAM_INVALID);
        return cfr_secret_from(cfr_span_of(view.ptr, params->aes_len), ret_key);
    }
    return params->sp800_kdf ? cfr_kdf_one_step(params->hash, view, params->shared, params->aes_len, ret_key)
                             : cfr_kdf_x963(params->hash, view, params->shared, params->aes_len, ret_key);
}

/* A new key, and what tells it to the owner of the private key. */
static CK_RV seal_key(const struct envelope_op *self, uint8_t *head, size_t *ret_len,
                      struct cfr_secret **ret_key)
{
    AUTO(keymat) *transport = NULL;
    AUTO(secret) *key = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    size_t len = 0;

    if (variant_of(self) == CFR_ENVELOPE_RSA) {
        TRY(cfr_rng_secret(self->params.aes_len, &key));
        TRY(cfr_rsa_encrypt(self->rsa, cfr_secret_view(key), head));
        *ret_len = self->head_len;
    } else {
        TRY(cfr_ec_generate(cfr_ec_curve(self->keymat), &transport));
        TRY(cfr_ec_point(self->keymat, point, &len));
        TRY(agree(self, transport, cfr_span_of(point, len), &key));
        TRY(write_point(self, transport, head, ret_len));
    }
    *ret_key = MOVE(key);
    return CKR_OK;
}

static CK_RV seal(const struct envelope_op *self, struct cfr_span in, struct cfr_out *out)
{
    AUTO(secret) *key = NULL;
    struct cfr_keywrap wrap = {.padded = true};
    size_t head_len = 0;

    TRY(seal_key(self, out->ptr, &head_len, &key));
    wrap.key = cfr_secret_view(key);
    TRY(cfr_keywrap_seal(&wrap, in, out->ptr + head_len));
    out->len = head_len + cfr_keywrap_len(true, in.len);
    return CKR_OK;
}

/*
 * A key that OAEP does not give up is replaced by chance, so that what follows fails in the same way and takes as
 * long: whether the padding was right is for nobody to know (Manger 2001).
 */
static CK_RV open_rsa(const struct envelope_op *self, struct cfr_span head, struct cfr_secret **ret_key)
{
    AUTO(secret) *chance = NULL;
    AUTO(secret) *key = NULL;
    CK_RV rv;

    TRY(cfr_rng_secret(self->params.aes_len, &chance));
    rv = cfr_rsa_decrypt(self->rsa, head, &key);
    if (rv != CKR_OK && rv != CKR_ENCRYPTED_DATA_INVALID) {
        return rv;
    }
    if (rv == CKR_OK && cfr_secret_view(key).len == self->params.aes_len) {
        *ret_key = MOVE(key);
    } else {
        *ret_key = MOVE(chance);
    }
    return CKR_OK;
}

/* Cut what comes first off @p in: the modulus' length, the point's length, or what a DER header says. */
static CK_RV take_head(const struct envelope_op *self, struct cfr_span *in, struct cfr_span *ret_head)
{
    if (variant_of(self) == CFR_ENVELOPE_ECDH_COFACTOR) {
        struct cfr_der der = cfr_der_of(*in);

        *ret_head = cfr_der_take(&der, CFR_DER_OCTET_STRING);
        FAIL_UNLESS(!der.failed, CKR_ENCRYPTED_DATA_INVALID);
        *in = der.rest;
        return CKR_OK;
    }
    FAIL_UNLESS(in->len > self->head_len, CKR_ENCRYPTED_DATA_LEN_RANGE);
    *ret_head = cfr_span_of(in->ptr, self->head_len);
    *in = cfr_span_after(*in, self->head_len);
    return CKR_OK;
}

static CK_RV open(const struct envelope_op *self, struct cfr_span in, struct cfr_secret **ret_plain)
{
    AUTO(secret) *key = NULL;
    struct cfr_keywrap wrap = {.padded = true};
    struct cfr_span head;

    TRY(take_head(self, &in, &head));
    if (variant_of(self) == CFR_ENVELOPE_RSA) {
        TRY(open_rsa(self, head, &key));
    } else {
        TRY_MAP(agree(self, self->keymat, head, &key), CKR_PUBLIC_KEY_INVALID, CKR_ENCRYPTED_DATA_INVALID);
    }
    wrap.key = cfr_secret_view(key);
    return cfr_keywrap_open(&wrap, in, ret_plain);
}

static CK_RV once(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    AUTO(secret) *plain = NULL;
    struct cfr_span view;

    if (op->use == CFR_USE_ENCRYPT) {
        return seal(self_of(op), in, out);
    }
    TRY(open(self_of(op), in, &plain));
    view = cfr_secret_view(plain);
    cfr_copy(out->ptr, view.ptr, view.len);
    out->len = view.len;
    return CKR_OK;
}

const struct cfr_op_impl cfr_op_envelope = {
    .name = "envelope",
    .make = make,
    .start = start,
    .bound = bound,
    .once = once,
    .drop = drop,
};
