/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/params_wrap.h"

#include "crypto/rng.h"

enum {
    /* Bits of chance below which two wrappings must be feared to share a nonce: 2^16 keys at odds of 2^-33. */
    CHANCE_MIN_BITS = 64,
};

/* Each of these has the fields of a plain structure, whose reader checks them, and those of the nonce. */
static CK_RV read_gcm(const CK_GCM_PARAMS *plain, bool for_wrap, struct cfr_params *ret_params)
{
    CK_MECHANISM as_plain = {CKM_AES_GCM, (CK_VOID_PTR)(uintptr_t)plain, sizeof(*plain)};

    return cfr_params_gcm(&as_plain, for_wrap, ret_params);
}

static CK_RV read_ccm(const CK_CCM_PARAMS *plain, bool for_wrap, struct cfr_params *ret_params)
{
    CK_MECHANISM as_plain = {CKM_AES_CCM, (CK_VOID_PTR)(uintptr_t)plain, sizeof(*plain)};

    return cfr_params_ccm(&as_plain, for_wrap, ret_params);
}

static void set_nonce(CK_BYTE_PTR at, CK_ULONG fixed_bits, CK_GENERATOR_FUNCTION generator,
                      struct cfr_params *ret_params)
{
    ret_params->nonce_at = at;
    ret_params->nonce_fixed_bits = fixed_bits;
    ret_params->nonce_generator = generator;
}

CK_RV cfr_params_gcm_wrap(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_GCM_WRAP_PARAMS given;
    CK_GCM_PARAMS plain;

    if (!for_wrap || mechanism->ulParameterLen != sizeof(given)) {
        return cfr_params_gcm(mechanism, for_wrap, ret_params);
    }
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    plain = (CK_GCM_PARAMS){.pIv = given.pIv,
                            .ulIvLen = given.ulIvLen,
                            .pAAD = given.pAAD,
                            .ulAADLen = given.ulAADLen,
                            .ulTagBits = given.ulTagBits};
    TRY(read_gcm(&plain, for_wrap, ret_params));
    set_nonce(given.pIv, given.ulIvFixedBits, given.ivGenerator, ret_params);
    return CKR_OK;
}

CK_RV cfr_params_ccm_wrap(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_CCM_WRAP_PARAMS given;
    CK_CCM_PARAMS plain;

    if (!for_wrap || mechanism->ulParameterLen != sizeof(given)) {
        return cfr_params_ccm(mechanism, for_wrap, ret_params);
    }
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    /* ulDataLen stays out: "tokens SHALL ignore any value provided in this field". */
    plain = (CK_CCM_PARAMS){.pNonce = given.pNonce,
                            .ulNonceLen = given.ulNonceLen,
                            .pAAD = given.pAAD,
                            .ulAADLen = given.ulAADLen,
                            .ulMACLen = given.ulMACLen};
    TRY(read_ccm(&plain, for_wrap, ret_params));
    set_nonce(given.pNonce, given.ulNonceFixedBits, given.nonceGenerator, ret_params);
    return CKR_OK;
}

static CK_RV set_tag(CK_BYTE_PTR at, struct cfr_params *ret_params)
{
    FAIL_UNLESS(at != NULL, CKR_MECHANISM_PARAM_INVALID);
    ret_params->tag_at = at;
    return CKR_OK;
}

CK_RV cfr_params_gcm_apart(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_GCM_MESSAGE_PARAMS given;
    CK_GCM_PARAMS plain;

    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    plain = (CK_GCM_PARAMS){.pIv = given.pIv, .ulIvLen = given.ulIvLen, .ulTagBits = given.ulTagBits};
    TRY(read_gcm(&plain, for_wrap, ret_params));
    set_nonce(given.pIv, given.ulIvFixedBits, given.ivGenerator, ret_params);
    return set_tag(given.pTag, ret_params);
}

CK_RV cfr_params_ccm_apart(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_CCM_MESSAGE_PARAMS given;
    CK_CCM_PARAMS plain;

    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    plain =
        (CK_CCM_PARAMS){.pNonce = given.pNonce, .ulNonceLen = given.ulNonceLen, .ulMACLen = given.ulMACLen};
    TRY(read_ccm(&plain, for_wrap, ret_params));
    set_nonce(given.pNonce, given.ulNonceFixedBits, given.nonceGenerator, ret_params);
    return set_tag(given.pMAC, ret_params);
}

/* "Zero is always an acceptable value": a CCM nonce of 7 octets, the shortest, may be chance as a whole. */
static CK_RV check_generator(const struct cfr_params *params)
{
    size_t bits = 8 * params->iv.len;
    bool is_ccm = params->data_len == CFR_CCM_LEN_OF_KEY;

    if (params->nonce_generator != CKG_GENERATE && params->nonce_generator != CKG_GENERATE_RANDOM) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "nonce generator 0x%lx", params->nonce_generator);
    }
    if (params->nonce_fixed_bits > bits ||
        (bits - params->nonce_fixed_bits < CHANCE_MIN_BITS && !(is_ccm && params->nonce_fixed_bits == 0))) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "%lu fixed bits leave a nonce of %zu octets no choice",
                        params->nonce_fixed_bits, params->iv.len);
    }
    return CKR_OK;
}

CK_RV cfr_params_make_nonce(struct cfr_params *params, uint8_t room[CFR_GCM_IV_MAX_LEN])
{
    size_t fixed_len = params->nonce_fixed_bits / 8;
    unsigned rest_bits = params->nonce_fixed_bits % 8;

    if (params->nonce_at == NULL || params->nonce_generator == CKG_NO_GENERATE) {
        params->nonce_at = NULL;
        return CKR_OK;
    }
    TRY(check_generator(params));
    TRY(cfr_rng_fill(room, params->iv.len));
    cfr_copy(room, params->iv.ptr, fixed_len);
    if (rest_bits != 0) {
        uint8_t mask = (uint8_t)(0xff00U >> rest_bits);

        room[fixed_len] = (uint8_t)((params->iv.ptr[fixed_len] & mask) | (room[fixed_len] & ~mask));
    }
    params->iv = cfr_span_of(room, params->iv.len);
    return CKR_OK;
}

void cfr_params_return_nonce(const struct cfr_params *params)
{
    if (params->nonce_at != NULL) {
        cfr_copy(params->nonce_at, params->iv.ptr, params->iv.len);
    }
}
