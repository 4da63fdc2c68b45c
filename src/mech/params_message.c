/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/params_message.h"

enum {
    RANDOM_LIMIT_BITS = 32,  /* 2^32 messages under one key, where IVs are random (SP 800-38D 8.3) */
    RANDOM_MARGIN_BITS = 32, /* at most one chance in 2^33 that two of a run are equal */
    COUNT_MAX_BITS = 63,     /* what is counted in 64 bits */
    CHACHA20_NONCE_LEN = 12, /* octets */
    CHACHA20_TAG_LEN = 16,
};

static CK_RV read_struct(struct cfr_span given, void *to, size_t len)
{
    if (given.ptr == NULL || given.len != len) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "parameter of a message has %zu octets, not %zu",
                        given.len, len);
    }
    cfr_copy(to, given.ptr, len);
    return CKR_OK;
}

static unsigned least(size_t a, size_t b)
{
    return (unsigned)(a < b ? a : b);
}

/*
 * How many IVs a generator may make, from the number of bits that it has for itself. @p counter_bits: as many a
 * counter may have used in this mechanism.
 */
static CK_RV settle_limit(struct cfr_message_params *params, size_t counter_bits)
{
    size_t free_bits = 8 * params->iv_len - params->fixed_bits;

    switch (params->generator) {
    case CKG_NO_GENERATE:
        return CKR_OK;
    case CKG_GENERATE:
        FAIL_UNLESS(free_bits >= RANDOM_LIMIT_BITS, CKR_MECHANISM_PARAM_INVALID);
        params->limit_bits = RANDOM_LIMIT_BITS;
        return CKR_OK;
    case CKG_GENERATE_RANDOM:
        FAIL_UNLESS(free_bits >= RANDOM_MARGIN_BITS, CKR_MECHANISM_PARAM_INVALID);
        params->limit_bits = least((free_bits - RANDOM_MARGIN_BITS) / 2, RANDOM_LIMIT_BITS);
        return CKR_OK;
    case CKG_GENERATE_COUNTER:
    case CKG_GENERATE_COUNTER_XOR:
        params->limit_bits = least(least(free_bits, counter_bits), COUNT_MAX_BITS);
        return CKR_OK;
    default:
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "IV generator 0x%lx", params->generator);
    }
}

/* What decryption ignores of the structures. */
static CK_RV read_generator(CK_GENERATOR_FUNCTION generator, CK_ULONG fixed_bits, size_t counter_bits,
                            struct cfr_message_params *ret_params)
{
    if (generator != CKG_NO_GENERATE) {
        FAIL_UNLESS(fixed_bits <= 8 * ret_params->iv_len, CKR_MECHANISM_PARAM_INVALID);
        ret_params->fixed_bits = fixed_bits;
    }
    ret_params->generator = generator;
    return settle_limit(ret_params, counter_bits);
}

CK_RV cfr_params_message_gcm(struct cfr_span given, enum cfr_use use, struct cfr_message_params *ret_params)
{
    CK_GCM_MESSAGE_PARAMS read;

    TRY(read_struct(given, &read, sizeof(read)));
    if (read.pIv == NULL || read.ulIvLen == 0 || read.ulIvLen > CFR_GCM_IV_MAX_LEN) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulIvLen is %lu", read.ulIvLen);
    }
    if (read.ulTagBits % 8 != 0 || read.ulTagBits < 8 * CFR_GCM_TAG_MIN_LEN || read.ulTagBits > 128) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulTagBits is %lu", read.ulTagBits);
    }
    *ret_params = (struct cfr_message_params){
        .iv = read.pIv,
        .iv_len = read.ulIvLen,
        .tag = read.pTag,
        .tag_len = read.ulTagBits / 8,
    };
    if (use == CFR_USE_DECRYPT) {
        return CKR_OK;
    }
    /* Only counters in IVs of 96 bits may go above 2^32 (SP 800-38D 8.3). */
    return read_generator(read.ivGenerator, read.ulIvFixedBits,
                          read.ulIvLen == 12 ? COUNT_MAX_BITS : RANDOM_LIMIT_BITS, ret_params);
}

CK_RV cfr_params_message_ccm(struct cfr_span given, enum cfr_use use, struct cfr_message_params *ret_params)
{
    CK_CCM_MESSAGE_PARAMS read;

    TRY(read_struct(given, &read, sizeof(read)));
    if (read.pNonce == NULL || read.ulNonceLen < 7 || read.ulNonceLen > 13) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulNonceLen is %lu", read.ulNonceLen);
    }
    if (read.ulMACLen < 4 || read.ulMACLen > 16 || read.ulMACLen % 2 != 0) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulMACLen is %lu", read.ulMACLen);
    }
    /* The nonce leaves 15 - nonce octets for the length of the text (SP 800-38C A.1). */
    if (read.ulDataLen > INT32_MAX ||
        (read.ulNonceLen > 11 && read.ulDataLen >> (8 * (15 - read.ulNonceLen)) != 0)) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulDataLen is %lu", read.ulDataLen);
    }
    *ret_params = (struct cfr_message_params){
        .iv = read.pNonce,
        .iv_len = read.ulNonceLen,
        .tag = read.pMAC,
        .tag_len = read.ulMACLen,
        .data_len = read.ulDataLen,
    };
    return use == CFR_USE_DECRYPT
               ? CKR_OK
               : read_generator(read.nonceGenerator, read.ulNonceFixedBits, COUNT_MAX_BITS, ret_params);
}

CK_RV cfr_params_message_chacha20_poly1305(struct cfr_span given, enum cfr_use use,
                                           struct cfr_message_params *ret_params)
{
    CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS read;

    (void)use;
    TRY(read_struct(given, &read, sizeof(read)));
    /* In bits or in octets, as in the parameter of whole operations. */
    if (read.pNonce == NULL ||
        (read.ulNonceLen != 8 * CHACHA20_NONCE_LEN && read.ulNonceLen != CHACHA20_NONCE_LEN)) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulNonceLen is %lu", read.ulNonceLen);
    }
    *ret_params = (struct cfr_message_params){
        .iv = read.pNonce,
        .iv_len = CHACHA20_NONCE_LEN,
        .tag = read.pTag,
        .tag_len = CHACHA20_TAG_LEN,
    };
    return CKR_OK;
}
