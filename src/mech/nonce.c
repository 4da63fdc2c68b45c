/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/nonce.h"

#include "base/proc.h"
#include "crypto/rng.h"

/* The bits of octet @p at that belong to the fixed part. */
static uint8_t fixed_mask(size_t fixed_bits, size_t at)
{
    if (fixed_bits >= 8 * (at + 1)) {
        return 0xff;
    }
    if (fixed_bits <= 8 * at) {
        return 0;
    }
    return (uint8_t)(0xffU << (8 * (at + 1) - fixed_bits));
}

/* @p iv with the fixed part taken from @p fixed. */
static void put_fixed(const struct cfr_message_params *params, const uint8_t *fixed, uint8_t *iv)
{
    for (size_t at = 0; 8 * at < params->fixed_bits; at++) {
        uint8_t mask = fixed_mask(params->fixed_bits, at);

        iv[at] = (uint8_t)((fixed[at] & mask) | (iv[at] & ~mask));
    }
}

static bool same_free_part(const struct cfr_message_params *params, const uint8_t *other)
{
    for (size_t at = params->fixed_bits / 8; at < params->iv_len; at++) {
        if (((params->iv[at] ^ other[at]) & ~fixed_mask(params->fixed_bits, at)) != 0) {
            return false;
        }
    }
    return true;
}

static void add_count(uint8_t *iv, size_t len, uint64_t count)
{
    for (size_t at = len; at-- > 0 && count != 0;) {
        count += iv[at];
        iv[at] = (uint8_t)count;
        count >>= 8;
    }
}

static void xor_count(uint8_t *iv, size_t len, uint64_t count)
{
    for (size_t at = len; at-- > 0 && count != 0; count >>= 8) {
        iv[at] ^= (uint8_t)count;
    }
}

static CK_RV fill_random(uint8_t *iv, size_t len)
{
    cfr_ossl_errors_keep();
    return cfr_rng_fill(iv, len);
}

/* The first IV that a generator makes in a run settles what the others begin with. */
static CK_RV settle(struct cfr_nonce *nonce, const struct cfr_message_params *params)
{
    memset(nonce->base, 0, params->iv_len);
    if (params->generator == CKG_GENERATE) {
        TRY(fill_random(nonce->base, params->iv_len));
    }
    if (params->generator == CKG_GENERATE_COUNTER_XOR) {
        cfr_copy(nonce->base, params->iv, params->iv_len);
    }
    nonce->forks = cfr_proc_fork_count();
    nonce->generator = params->generator;
    nonce->len = params->iv_len;
    nonce->fixed_bits = params->fixed_bits;
    return CKR_OK;
}

/* A child of a fork would make the IVs that its parent makes: it begins elsewhere, or not at all. */
static CK_RV part_from_parent(struct cfr_nonce *nonce, const struct cfr_message_params *params)
{
    if (CFR_LIKELY(nonce->forks == cfr_proc_fork_count()) || params->generator == CKG_GENERATE_RANDOM) {
        return CKR_OK;
    }
    if (params->generator != CKG_GENERATE) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID,
                        "the IVs that are counted are the parent's of this process");
    }
    TRY(fill_random(nonce->base, nonce->len));
    nonce->forks = cfr_proc_fork_count();
    return CKR_OK;
}

static CK_RV check_run(const struct cfr_nonce *nonce, const struct cfr_message_params *params)
{
    if (nonce->generator != params->generator || nonce->len != params->iv_len ||
        nonce->fixed_bits != params->fixed_bits) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "another IV generator within one run of messages");
    }
    /* What came back from the last message is passed again by callers who leave the octets alone. */
    if (nonce->generator == CKG_GENERATE_COUNTER_XOR && !same_free_part(params, nonce->base) &&
        !(nonce->last_len == params->iv_len && same_free_part(params, nonce->last))) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "CKG_GENERATE_COUNTER_XOR with another IV to XOR");
    }
    return CKR_OK;
}

static CK_RV generate(struct cfr_nonce *nonce, const struct cfr_message_params *params, uint8_t *ret_iv)
{
    if (nonce->generator == CKG_NO_GENERATE) {
        TRY(settle(nonce, params));
    }
    TRY(check_run(nonce, params));
    TRY(part_from_parent(nonce, params));
    if (nonce->count >> params->limit_bits != 0) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "the IV generator has made all of its 2^%u IVs",
                        params->limit_bits);
    }
    cfr_copy(ret_iv, nonce->base, params->iv_len);
    if (params->generator == CKG_GENERATE_RANDOM) {
        TRY(fill_random(ret_iv, params->iv_len));
    } else if (params->generator == CKG_GENERATE) {
        add_count(ret_iv, params->iv_len, nonce->count);
    } else {
        xor_count(ret_iv, params->iv_len, nonce->count);
    }
    nonce->count++;
    put_fixed(params, params->iv, ret_iv);
    return CKR_OK;
}

static CK_RV use(struct cfr_nonce *nonce, const uint8_t *iv, size_t len)
{
    if (cfr_span_equal(cfr_span_of(nonce->last, nonce->last_len), cfr_span_of(iv, len))) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "the IV of the last message again");
    }
    cfr_copy(nonce->last, iv, len);
    nonce->last_len = len;
    return CKR_OK;
}

CK_RV cfr_nonce_next(struct cfr_nonce *nonce, const struct cfr_message_params *params)
{
    uint8_t made[CFR_GCM_IV_MAX_LEN];

    if (params->generator == CKG_NO_GENERATE) {
        return use(nonce, params->iv, params->iv_len);
    }
    TRY(generate(nonce, params, made));
    return use(nonce, made, params->iv_len);
}
