/* SPDX-License-Identifier: Apache-2.0 */
/* Ciphers without authentication: AES in its modes, ChaCha20, Triple-DES. */
#include "base/alloc.h"
#include "crypto/cipher.h"
#include "mech/op.h"

enum {
    IV_MAX_LEN = CFR_AES_BLOCK_LEN,
    XTS_MAX_LEN = CFR_AES_BLOCK_LEN << 20 /* octets of a data unit: IEEE 1619 5.1, 2^20 blocks */
};

enum shape_trait {
    BLOCKS = 1 << 0, /* takes whole blocks only */
    PADS = 1 << 1,   /* PKCS padding: puts out whole blocks */
    COUNTS = 1 << 2, /* its counter may not come round */
    WHOLE = 1 << 3,  /* its last blocks depend on each other: parts are gathered; a block at the least */
};

/* How lengths go in and out; the rest, OFB and CFB, are streams without conditions. */
static const struct {
    unsigned traits;
    size_t block; /* octets */
} shapes[CFR_CIPHER_MODE_COUNT] = {
    [CFR_CIPHER_ECB] = {BLOCKS, 16},      [CFR_CIPHER_CBC] = {BLOCKS, 16},
    [CFR_CIPHER_CBC_PAD] = {PADS, 16},    [CFR_CIPHER_CTR] = {COUNTS, 16},
    [CFR_CIPHER_XTS] = {WHOLE, 16},       [CFR_CIPHER_CTS] = {WHOLE, 16},
    [CFR_CIPHER_CHACHA20] = {COUNTS, 64}, [CFR_CIPHER_DES3_ECB] = {BLOCKS, 8},
    [CFR_CIPHER_DES3_CBC] = {BLOCKS, 8},  [CFR_CIPHER_DES3_CBC_PAD] = {PADS, 8},
};

struct cipher_op {
    struct cfr_op base;
    struct cfr_cipher *cipher;
    enum cfr_cipher_mode mode;
    uint8_t iv[IV_MAX_LEN];
    size_t iv_len;
    uint64_t blocks_left; /* COUNTS: before the counter would come round */
    uint64_t total_in;    /* octets of the message so far */
    bool begun;
    struct cfr_buf gathered; /* WHOLE: what came in parts */
};

static struct cipher_op *self_of(struct cfr_op *op)
{
    return (struct cipher_op *)op;
}

static const struct cipher_op *const_self_of(const struct cfr_op *op)
{
    return (const struct cipher_op *)op;
}

static bool is(const struct cipher_op *self, unsigned traits)
{
    return (shapes[self->mode].traits & traits) != 0;
}

static size_t block_of(const struct cipher_op *self)
{
    return shapes[self->mode].block;
}

static bool probe(const struct cfr_mechanism *mechanism)
{
    return cfr_cipher_is_available((enum cfr_cipher_mode)mechanism->variant);
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

/* The same for ChaCha20's, of 4 or 8 octets, the least first. */
static uint64_t blocks_until_stream_ends(struct cfr_span counter)
{
    uint64_t number = 0;

    for (size_t i = counter.len; i-- > 0;) {
        number = number << 8 | counter.ptr[i];
    }
    if (counter.len < 8) {
        return ((uint64_t)1 << (8 * counter.len)) - number;
    }
    return number == 0 ? UINT64_MAX : 0 - number;
}

static CK_RV start(struct cfr_op *op, const struct cfr_params *params)
{
    struct cipher_op *self = self_of(op);

    cfr_copy(self->iv, params->counter.ptr, params->counter.len);
    cfr_copy(self->iv + params->counter.len, params->iv.ptr, params->iv.len);
    self->iv_len = params->counter.len + params->iv.len;
    self->total_in = 0;
    self->begun = false;
    cfr_buf_clear(&self->gathered);
    if (is(self, COUNTS)) {
        self->blocks_left = params->counter.len == 0 ? blocks_until_wrap(self->iv, params->counter_bits)
                                                     : blocks_until_stream_ends(params->counter);
    }
    return CKR_OK;
}

static CK_RV begin(struct cipher_op *self)
{
    TRY(cfr_cipher_start(self->cipher, cfr_span_of(self->iv, self->iv_len)));
    self->begun = true;
    return CKR_OK;
}

/* Octets that a padding decryption has put out after @p in_len of input: the last block waits for the end. */
static uint64_t padded_out(uint64_t in_len, size_t block)
{
    return in_len == 0 ? 0 : (in_len - 1) / block * block;
}

static size_t bound_update(const struct cipher_op *self, size_t in_len)
{
    size_t block = block_of(self);

    if (is(self, WHOLE)) {
        return 0;
    }
    if (is(self, PADS) && self->base.use == CFR_USE_DECRYPT) {
        return (size_t)(padded_out(self->total_in + in_len, block) - padded_out(self->total_in, block));
    }
    return is(self, BLOCKS | PADS) ? (size_t)(self->total_in % block + in_len) / block * block : in_len;
}

static size_t bound(const struct cfr_op *op, enum cfr_step step, size_t in_len)
{
    const struct cipher_op *self = const_self_of(op);
    size_t block = block_of(self);

    if (step == CFR_STEP_UPDATE) {
        return bound_update(self, in_len);
    }
    if (step == CFR_STEP_FINISH) {
        return is(self, WHOLE) ? self->gathered.len : is(self, PADS) ? block : 0;
    }
    if (is(self, WHOLE) && in_len < block) {
        return 0;
    }
    return is(self, PADS) && op->use == CFR_USE_ENCRYPT ? (in_len / block + 1) * block : in_len;
}

/* Lengths that a whole message may not have. */
static CK_RV check_len(const struct cipher_op *self, uint64_t len)
{
    size_t block = block_of(self);

    if (is(self, BLOCKS)) {
        FAIL_UNLESS(len % block == 0, cfr_op_len_error(&self->base));
    } else if (is(self, PADS) && self->base.use == CFR_USE_DECRYPT) {
        FAIL_UNLESS(len != 0 && len % block == 0, CKR_ENCRYPTED_DATA_LEN_RANGE);
    } else if (is(self, WHOLE)) {
        FAIL_UNLESS(len >= block, cfr_op_len_error(&self->base));
        FAIL_UNLESS(self->mode != CFR_CIPHER_XTS || len <= XTS_MAX_LEN, cfr_op_len_error(&self->base));
    }
    return CKR_OK;
}

/* A counter that came round would use key stream twice. The code is the same for decryption. */
static CK_RV check_counter(const struct cipher_op *self, size_t in_len)
{
    if (is(self, COUNTS)) {
        uint64_t len = self->total_in + in_len;
        uint64_t blocks = len / block_of(self) + (len % block_of(self) != 0);

        FAIL_UNLESS(blocks <= self->blocks_left, CKR_DATA_LEN_RANGE);
    }
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

    if (is(self, WHOLE)) {
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

    if (is(self, WHOLE)) {
        return once(op, cfr_buf_view(&self->gathered), out);
    }
    TRY(check_len(self, self->total_in));
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
