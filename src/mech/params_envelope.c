/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/params_envelope.h"

#include "mech/hash_map.h"

static CK_RV set_aes_len(CK_ULONG bits, struct cfr_params *ret_params)
{
    if (bits != 128 && bits != 192 && bits != 256) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulAESKeyBits is %lu", bits);
    }
    ret_params->aes_len = bits / 8;
    return CKR_OK;
}

CK_RV cfr_params_rsa_aes(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_RSA_AES_KEY_WRAP_PARAMS given;
    CK_MECHANISM oaep = {.mechanism = CKM_RSA_PKCS_OAEP, .ulParameterLen = sizeof(*given.pOAEPParams)};

    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    TRY(set_aes_len(given.ulAESKeyBits, ret_params));
    oaep.pParameter = given.pOAEPParams;
    return cfr_params_oaep(&oaep, for_wrap, ret_params);
}

CK_RV cfr_params_ecdh_aes(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_ECDH_AES_KEY_WRAP_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    TRY(set_aes_len(given.ulAESKeyBits, ret_params));
    TRY(cfr_params_octets(given.pSharedData, given.ulSharedDataLen, "pSharedData", &ret_params->shared));
    ret_params->is_given = true;
    if (given.kdf == CKD_NULL) {
        FAIL_UNLESS(given.ulSharedDataLen == 0, CKR_MECHANISM_PARAM_INVALID);
        return CKR_OK;
    }
    ret_params->hash = cfr_hash_of_kdf(given.kdf, &ret_params->sp800_kdf);
    if (ret_params->hash == CFR_HASH_NONE) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "kdf is 0x%lx", given.kdf);
    }
    return CKR_OK;
}
