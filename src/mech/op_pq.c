/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of ML-DSA and SLH-DSA: of a message, of its hash, or of a hash that is given; and key encapsulation. */
#include "mech/op_pq.h"

#include "base/alloc.h"
#include "crypto/digest.h"
#include "crypto/pq.h"
#include "mech/op.h"

/* Encoded hash: two octets, the context, an object identifier, the hash. */
enum { ENCODED_MAX_LEN = 2 + CFR_PQ_CONTEXT_MAX_LEN + 11 + CFR_HASH_MAX_LEN };

struct pq_op {
    struct cfr_op base;
    struct cfr_pq_signer *signer;
    struct cfr_digest *digest; /* mechanisms that hash */
    enum cfr_hash hash;        /* the mechanism's, or the parameter's; NONE: the message itself is signed */
    size_t len;                /* octets of a signature */
    bool begun;
    bool is_deterministic;
    uint8_t context[CFR_PQ_CONTEXT_MAX_LEN];
    size_t context_len;
    struct cfr_buf gathered; /* a message in parts, where the message itself is signed */
};

static struct pq_op *self_of(struct cfr_op *op)
{
    return (struct pq_op *)op;
}

bool cfr_probe_pq(const struct cfr_mechanism *mechanism)
{
    return cfr_pq_is_available((enum cfr_key_family)mechanism->variant) &&
           (mechanism->hash == CFR_HASH_NONE || cfr_pq_takes_hash(mechanism->hash));
}

static void drop(struct cfr_op *op)
{
    struct pq_op *self = self_of(op);

    cfr_pq_signer_drop(self->signer);
    cfr_digest_drop(self->digest);
    cfr_buf_clear(&self->gathered);
    cfr_free(self);
}

static enum cfr_hash hash_of(const struct cfr_mechanism *mechanism, const struct cfr_params *params)
{
    return mechanism->hash != CFR_HASH_NONE ? mechanism->hash : params->hash;
}

/* Randomness matters to the signer alone: who verifies may give any number. */
static CK_RV check_hedge(enum cfr_use use, const struct cfr_params *params)
{
    if (use == CFR_USE_SIGN && params->hedge > CKH_DETERMINISTIC_REQUIRED) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "hedgeVariant is %lu", params->hedge);
    }
    return CKR_OK;
}

static CK_RV fill(struct pq_op *self, struct cfr_keymat *keymat, const struct cfr_params *params)
{
    struct cfr_pq_signing how = {.context = params->label, .is_encoded = self->hash != CFR_HASH_NONE};

    self->is_deterministic = params->hedge == CKH_DETERMINISTIC_REQUIRED;
    how.is_deterministic = self->is_deterministic;
    self->context_len = params->label.len;
    cfr_copy(self->context, params->label.ptr, params->label.len);
    TRY(cfr_pq_signer_new(keymat, self->base.use == CFR_USE_SIGN, &how, &self->signer));
    return self->base.mechanism->hash == CFR_HASH_NONE ? CKR_OK : cfr_digest_new(self->hash, &self->digest);
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct pq_op *self;
    CK_RV rv;

    TRY(check_hedge(use, params));
    self = cfr_alloc(sizeof(*self));
    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    self->hash = hash_of(mechanism, params);
    self->len = cfr_pq_set_of(keymat)->output_len;
    self->gathered = CFR_BUF(CFR_GATHER_MAX_LEN);
    rv = fill(self, keymat, params);
    if (rv != CKR_OK) {
        drop(&self->base);
        return rv;
    }
    *ret_op = &self->base;
    return CKR_OK;
}

static bool fits(const struct cfr_op *op, const struct cfr_params *params)
{
    const struct pq_op *self = (const struct pq_op *)op;

    return (op->use == CFR_USE_VERIFY ||
            (params->hedge <= CKH_DETERMINISTIC_REQUIRED &&
             self->is_deterministic == (params->hedge == CKH_DETERMINISTIC_REQUIRED))) &&
           self->hash == hash_of(op->mechanism, params) &&
           cfr_span_equal(cfr_span_of(self->context, self->context_len), params->label);
}

/* Another message is no danger: what hides the key is drawn, or made from the message, anew for each. */
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
    return step == CFR_STEP_UPDATE ? 0 : ((const struct pq_op *)op)->len;
}

static CK_RV sign(struct pq_op *self, struct cfr_span message, struct cfr_out *out)
{
    out->len = self->len;
    return cfr_pq_sign(self->signer, message, out->ptr);
}

static CK_RV encode(struct pq_op *self, struct cfr_span digest, struct cfr_buf *encoded)
{
    FAIL_UNLESS(digest.len == cfr_hash_len(self->hash), CKR_DATA_LEN_RANGE);
    return cfr_pq_encode_digest(self->hash, digest, cfr_span_of(self->context, self->context_len), encoded);
}

static CK_RV sign_digest(struct pq_op *self, struct cfr_span digest, struct cfr_out *out)
{
    AUTO(buf) encoded = CFR_BUF(ENCODED_MAX_LEN);

    TRY(encode(self, digest, &encoded));
    return sign(self, cfr_buf_view(&encoded), out);
}

static CK_RV verify_digest(struct pq_op *self, struct cfr_span digest, struct cfr_span signature)
{
    AUTO(buf) encoded = CFR_BUF(ENCODED_MAX_LEN);

    TRY(encode(self, digest, &encoded));
    return cfr_pq_verify(self->signer, cfr_buf_view(&encoded), signature);
}

/* --- the message itself --- */

static CK_RV once_pure(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    return sign(self_of(op), in, out);
}

static CK_RV verify_pure(struct cfr_op *op, struct cfr_span data, struct cfr_span signature)
{
    return cfr_pq_verify(self_of(op)->signer, data, signature);
}

static CK_RV update_pure(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    (void)out;
    return cfr_op_gather(op, &self_of(op)->gathered, in);
}

static CK_RV finish_pure(struct cfr_op *op, struct cfr_out *out)
{
    return sign(self_of(op), cfr_buf_view(&self_of(op)->gathered), out);
}

static CK_RV verify_finish_pure(struct cfr_op *op, struct cfr_span signature)
{
    return verify_pure(op, cfr_buf_view(&self_of(op)->gathered), signature);
}

/* --- a hash that is given --- */

static CK_RV once_given(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    return sign_digest(self_of(op), in, out);
}

static CK_RV verify_given(struct cfr_op *op, struct cfr_span data, struct cfr_span signature)
{
    return verify_digest(self_of(op), data, signature);
}

/* --- the message's hash --- */

static CK_RV begin(struct pq_op *self)
{
    if (!self->begun) {
        TRY(cfr_digest_start(self->digest));
        self->begun = true;
    }
    return CKR_OK;
}

static CK_RV update_hash(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    (void)out;
    TRY(begin(self_of(op)));
    return cfr_digest_update(self_of(op)->digest, in);
}

static CK_RV finish_hash(struct cfr_op *op, struct cfr_out *out)
{
    struct pq_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    TRY(begin(self));
    TRY(cfr_digest_finish(self->digest, digest));
    return sign_digest(self, cfr_span_of(digest, cfr_hash_len(self->hash)), out);
}

static CK_RV verify_finish_hash(struct cfr_op *op, struct cfr_span signature)
{
    struct pq_op *self = self_of(op);
    uint8_t digest[CFR_HASH_MAX_LEN];

    TRY(begin(self));
    TRY(cfr_digest_finish(self->digest, digest));
    return verify_digest(self, cfr_span_of(digest, cfr_hash_len(self->hash)), signature);
}

static CK_RV once_hash(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    self_of(op)->begun = false;
    TRY(update_hash(op, in, NULL));
    return finish_hash(op, out);
}

static CK_RV verify_hash(struct cfr_op *op, struct cfr_span data, struct cfr_span signature)
{
    self_of(op)->begun = false;
    TRY(update_hash(op, data, NULL));
    return verify_finish_hash(op, signature);
}

const struct cfr_op_impl cfr_op_pq = {
    .name = "pq",
    .make = make,
    .fits = fits,
    .start = start,
    .restart = restart,
    .bound = bound,
    .once = once_pure,
    .update = update_pure,
    .finish = finish_pure,
    .verify = verify_pure,
    .verify_finish = verify_finish_pure,
    .drop = drop,
};

const struct cfr_op_impl cfr_op_pq_digest = {
    .name = "pq-digest",
    .make = make,
    .fits = fits,
    .start = start,
    .restart = restart,
    .bound = bound,
    .once = once_given,
    .verify = verify_given,
    .drop = drop,
};

const struct cfr_op_impl cfr_op_pq_hash = {
    .name = "pq-hash",
    .make = make,
    .fits = fits,
    .start = start,
    .restart = restart,
    .bound = bound,
    .once = once_hash,
    .update = update_hash,
    .finish = finish_hash,
    .verify = verify_hash,
    .verify_finish = verify_finish_hash,
    .drop = drop,
};

CK_RV cfr_keygen_pq(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                    struct cfr_keymat **ret_keymat)
{
    const struct cfr_pq_set *set = NULL;

    TRY(cfr_pq_find((enum cfr_key_family)mechanism->variant, request->parameter_set, &set));
    return cfr_pq_generate(set, ret_keymat);
}

static size_t ciphertext_len(const struct cfr_keymat *keymat)
{
    return cfr_pq_set_of(keymat)->output_len;
}

static CK_RV encapsulate(struct cfr_keymat *keymat, struct cfr_out *out, struct cfr_secret **ret_shared)
{
    out->len = ciphertext_len(keymat);
    return cfr_pq_encapsulate(keymat, out->ptr, ret_shared);
}

const struct cfr_kem_impl cfr_kem_pq = {ciphertext_len, encapsulate, cfr_pq_decapsulate};
