/* SPDX-License-Identifier: Apache-2.0 */
/* AES-ECB, -CBC, -CBC-PAD, -CTR and -XTS. */
#include "base/alloc.h"
#include "crypto/cipher.h"
#include "mech/op.h"

enum {
    BLOCK = CFR_AES_BLOCK_LEN,
    XTS_MAX_LEN = BLOCK << 20 /* octets of a data unit: IEEE 1619 5.1, 2^20 blocks */
};

struct cipher_op {
    struct cfr_op base;
    struct cfr_cipher *cipher;
    enum cfr_cipher_mode mode;
    uint8_t iv[BLOCK];
    uint64_t blocks_left; /* CTR: before the counter would come round */
    uint64_t total_in;    /* octets of the message so far */
    bool begun;
    struct cfr_buf gathered; /* XTS: its last blocks depend on each other */
};

static struct cipher_op *self_of(struct cfr_op *op)
{
    return (struct cipher_op *)op;
}

static const struct cipher_op *const_self_of(const struct cfr_op *op)
{
    return (const struct cipher_op *)op;
}

static void drop(struct cfr_op *op)
{
    struct cipher_op *self = self_of(op);

    cfr_cipher_drop(self->cipher);
    cfr_buf_clear(&self->gathered);
    cfr_free(self);
}

static CK_RV make(const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
                  const struct cfr_params *params, struct cfr_op **ret_op)
{
    struct cipher_op *self = cfr_alloc(sizeof(*self));
    CK_RV rv;

    (void)params;
    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->base = (struct cfr_op){.mechanism = mechanism, .use = use};
    self->mode = (enum cfr_cipher_mode)mechanism->variant;
    self->gathered = CFR_BUF(CFR_GATHER_MAX_LEN);
    rv = cfr_cipher_new(self->mode, use == CFR_USE_ENCRYPT, cfr_keymat_secret(keymat), &self->cipher);
    if (rv != CKR_OK) {
        drop(&self->base);
        return rv;
    }
    *ret_op = &self->base;
    return CKR_OK;
}

/*
 * Blocks until a counter of @p bits, the low end of @p block, has gone once round; 2^64 - 1 stands for more.
 */
static uint64_t blocks_until_wrap(const uint8_t *block, unsigned bits)
{
    uint64_t low = cfr_load_be64(block + 8);
    uint64_t high = cfr_load_be64(block);

    if (bits < 64) {
        uint64_t period = (uint64_t)1 << bits;

        return period - (low & (period - 1));
    }
    if (bits > 64) {
        uint64_t mask = bits == 128 ? UINT64_MAX : ((uint64_t)1 << (bits - 64)) - 1;

        if ((high & mask) != mask) {
            return UINT64_MAX;
        }
    }
    return low == 0 ? UINT64_MAX : 0 - low;
}

static CK_RV start(struct cfr_op *op, const struct cfr_params *params)
{
    struct cipher_op *self = self_of(op);

    cfr_copy(self->iv, params->iv.ptr, params->iv.len);
    self->total_in = 0;
    self->begun = false;
    cfr_buf_clear(&self->gathered);
    if (self->mode == CFR_CIPHER_CTR) {
        self->blocks_left = blocks_until_wrap(self->iv, params->counter_bits);
    }
    return CKR_OK;
}

static CK_RV begin(struct cipher_op *self)
{
    TRY(cfr_cipher_start(self->cipher, cfr_span_of(self->iv, sizeof(self->iv))));
    self->begun = true;
    return CKR_OK;
}

/* Octets that a padding decryption has put out after @p in_len of input: the last block waits for the end. */
static uint64_t padded_out(uint64_t in_len)
{
    return in_len == 0 ? 0 : (in_len - 1) / BLOCK * BLOCK;
}

static size_t bound_update(const struct cipher_op *self, size_t in_len)
{
    switch (self->mode) {
    case CFR_CIPHER_CTR:
        return in_len;
    case CFR_CIPHER_XTS:
        return 0;
    case CFR_CIPHER_CBC_PAD:
        if (self->base.use == CFR_USE_DECRYPT) {
            return (size_t)(padded_out(self->total_in + in_len) - padded_out(self->total_in));
        }
        break;
    case CFR_CIPHER_ECB:
    case CFR_CIPHER_CBC:
        break;
    }
    return (size_t)(self->total_in % BLOCK + in_len) / BLOCK * BLOCK;
}

static size_t bound(const struct cfr_op *op, enum cfr_step step, size_t in_len)
{
    const struct cipher_op *self = const_self_of(op);
    bool padding = self->mode == CFR_CIPHER_CBC_PAD;

    if (step == CFR_STEP_UPDATE) {
        return bound_update(self, in_len);
    }
    if (step == CFR_STEP_FINISH) {
        return self->mode == CFR_CIPHER_XTS ? self->gathered.len : padding ? BLOCK : 0;
    }
    return padding && op->use == CFR_USE_ENCRYPT ? (in_len / BLOCK + 1) * BLOCK : in_len;
}

/* Lengths that a whole message may not have. */
static CK_RV check_len(const struct cipher_op *self, size_t len)
{
    bool decrypting = self->base.use == CFR_USE_DECRYPT;

    switch (self->mode) {
    case CFR_CIPHER_ECB:
    case CFR_CIPHER_CBC:
        FAIL_UNLESS(len % BLOCK == 0, cfr_op_len_error(&self->base));
        return CKR_OK;
    case CFR_CIPHER_CBC_PAD:
        FAIL_UNLESS(!decrypting || (len != 0 && len % BLOCK == 0), CKR_ENCRYPTED_DATA_LEN_RANGE);
        return CKR_OK;
    case CFR_CIPHER_XTS:
        FAIL_UNLESS(len >= BLOCK && len <= XTS_MAX_LEN, cfr_op_len_error(&self->base));
        return CKR_OK;
    case CFR_CIPHER_CTR:
        return CKR_OK;
    }
    return CKR_GENERAL_ERROR;
}

/* A counter that came round would use key stream twice. The code is the same for decryption. */
static CK_RV check_counter(const struct cipher_op *self, size_t in_len)
{
    uint64_t blocks = (self->total_in + in_len) / BLOCK + ((self->total_in + in_len) % BLOCK != 0);

    FAIL_UNLESS(self->mode != CFR_CIPHER_CTR || blocks <= self->blocks_left, CKR_DATA_LEN_RANGE);
    return CKR_OK;
}

static CK_RV once(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    struct cipher_op *self = self_of(op);
    size_t tail = 0;

    self->total_in = 0;
    TRY(check_len(self, in.len));
    TRY(check_counter(self, in.len));
    TRY(begin(self));
    TRY(cfr_cipher_update(self->cipher, in, out->ptr, &out->len));
    TRY_MAP(cfr_cipher_finish(self->cipher, out->ptr + out->len, &tail), CKR_DATA_LEN_RANGE,
            op->use == CFR_USE_DECRYPT ? CKR_ENCRYPTED_DATA_INVALID : CKR_DATA_LEN_RANGE);
    out->len += tail;
    return CKR_OK;
}

static CK_RV update(struct cfr_op *op, struct cfr_span in, struct cfr_out *out)
{
    struct cipher_op *self = self_of(op);

    if (self->mode == CFR_CIPHER_XTS) {
        out->len = 0;
        return cfr_op_gather(op, &self->gathered, in);
    }
    TRY(check_counter(self, in.len));
    if (!self->begun) {
        TRY(begin(self));
    }
    TRY(cfr_cipher_update(self->cipher, in, out->ptr, &out->len));
    self->total_in += in.len;
    return CKR_OK;
}

static CK_RV finish(struct cfr_op *op, struct cfr_out *out)
{
    struct cipher_op *self = self_of(op);

    if (self->mode == CFR_CIPHER_XTS) {
        return once(op, cfr_buf_view(&self->gathered), out);
    }
    FAIL_UNLESS(self->mode == CFR_CIPHER_CTR || self->mode == CFR_CIPHER_CBC_PAD ||
                    self->total_in % BLOCK == 0,
                cfr_op_len_error(op));
    if (self->mode == CFR_CIPHER_CBC_PAD && op->use == CFR_USE_DECRYPT) {
        FAIL_UNLESS(self->total_in != 0 && self->total_in % BLOCK == 0, CKR_ENCRYPTED_DATA_LEN_RANGE);
    }
    if (!self->begun) {
        TRY(begin(self));
    }
    TRY_MAP(cfr_cipher_finish(self->cipher, out->ptr, &out->len), CKR_DATA_LEN_RANGE,
            op->use == CFR_USE_DECRYPT ? CKR_ENCRYPTED_DATA_INVALID : CKR_DATA_LEN_RANGE);
    return CKR_OK;
}

static CK_RV dup(const struct cfr_op *op, struct cfr_op **ret_op)
{
    const struct cipher_op *self = const_self_of(op);
    struct cipher_op *copy = cfr_alloc(sizeof(*copy));
    CK_RV rv;

    FAIL_UNLESS(copy != NULL, CKR_HOST_MEMORY);
    *copy = *self;
    copy->cipher = NULL;
    copy->gathered = CFR_BUF(CFR_GATHER_MAX_LEN);
    cfr_buf_put(&copy->gathered, cfr_buf_view(&self->gathered));
    rv = cfr_buf_check(&copy->gathered);
    rv = rv == CKR_OK ? cfr_cipher_dup(self->cipher, &copy->cipher) : rv;
    if (rv != CKR_OK) {
        drop(&copy->base);
        return rv;
    }
    *ret_op = &copy->base;
    return CKR_OK;
}

const struct cfr_op_impl cfr_op_cipher = {
    .name = "cipher",
    .sure = CKF_ENCRYPT,
    .make = make,
    .start = start,
    .bound = bound,
    .once = once,
    .update = update,
    .finish = finish,
    .dup = dup,
    .drop = drop,
};
