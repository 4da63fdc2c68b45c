/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/params_chacha.h"

enum { NONCE_BITS = 96, TAG_LEN = 16 /* octets */ };

CK_RV cfr_params_chacha20(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_CHACHA20_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    if (!(given.blockCounterBits == 32 && given.ulNonceBits == NONCE_BITS) &&
        !(given.blockCounterBits == 64 && given.ulNonceBits == 64)) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ChaCha20 with %lu bits of counter and %lu of nonce",
                        given.blockCounterBits, given.ulNonceBits);
    }
    TRY(cfr_params_octets(given.pBlockCounter, given.blockCounterBits / 8, "pBlockCounter",
                          &ret_params->counter));
    TRY(cfr_params_octets(given.pNonce, given.ulNonceBits / 8, "pNonce", &ret_params->iv));
    ret_params->is_given = true;
    ret_params->counter_bits = (unsigned)given.blockCounterBits;
    return CKR_OK;
}

CK_RV cfr_params_chacha20_poly1305(const CK_MECHANISM *mechanism, bool for_wrap,
                                   struct cfr_params *ret_params)
{
    CK_SALSA20_CHACHA20_POLY1305_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    /* In bits, says the specification; there are callers who count octets, and no nonce has 12 bits. */
    if (given.ulNonceLen != NONCE_BITS && given.ulNonceLen != NONCE_BITS / 8) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulNonceLen is %lu", given.ulNonceLen);
    }
    TRY(cfr_params_octets(given.pNonce, NONCE_BITS / 8, "pNonce", &ret_params->iv));
    TRY(cfr_params_octets(given.pAAD, given.ulAADLen, "pAAD", &ret_params->aad));
    ret_params->is_given = true;
    ret_params->tag_len = TAG_LEN;
    return CKR_OK;
}
