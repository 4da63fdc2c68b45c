/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/params.h"

#include "mech/hash_map.h"

CK_RV cfr_params_struct(const CK_MECHANISM *mechanism, void *to, size_t len)
{
    if (mechanism->pParameter == NULL || mechanism->ulParameterLen != len) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "parameter of mechanism 0x%lx has %lu octets, not %zu",
                        mechanism->mechanism, mechanism->ulParameterLen, len);
    }
    cfr_copy(to, mechanism->pParameter, len);
    return CKR_OK;
}

CK_RV cfr_params_octets(const void *ptr, CK_ULONG len, const char *what, struct cfr_span *ret_span)
{
    if ((ptr == NULL && len != 0) || len > CFR_PARAM_MAX_LEN) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "%s: %lu octets at %s", what, len,
                        ptr == NULL ? "NULL" : "a pointer");
    }
    *ret_span = cfr_span_of(ptr, len);
    return CKR_OK;
}

CK_RV cfr_params_none(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    (void)ret_params;
    if (mechanism->ulParameterLen != 0) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "mechanism 0x%lx takes no parameter",
                        mechanism->mechanism);
    }
    return CKR_OK;
}

static CK_RV read_fixed_iv(const CK_MECHANISM *mechanism, size_t len, bool optional,
                           struct cfr_params *ret_params)
{
    if (optional && mechanism->ulParameterLen == 0) {
        return CKR_OK;
    }
    if (mechanism->pParameter == NULL || mechanism->ulParameterLen != len) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "IV of mechanism 0x%lx has %lu octets, not %zu",
                        mechanism->mechanism, mechanism->ulParameterLen, len);
    }
    ret_params->is_given = true;
    ret_params->iv = cfr_span_of(mechanism->pParameter, len);
    return CKR_OK;
}

CK_RV cfr_params_iv16(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_fixed_iv(mechanism, 16, false, ret_params);
}

CK_RV cfr_params_iv8(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_fixed_iv(mechanism, 8, false, ret_params);
}

CK_RV cfr_params_wrap_iv8(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_fixed_iv(mechanism, 8, true, ret_params);
}

CK_RV cfr_params_wrap_iv4(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_fixed_iv(mechanism, 4, true, ret_params);
}

CK_RV cfr_params_ctr(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_AES_CTR_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    if (given.ulCounterBits == 0 || given.ulCounterBits > 128) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulCounterBits is %lu", given.ulCounterBits);
    }
    ret_params->is_given = true;
    ret_params->counter_bits = (unsigned)given.ulCounterBits;
    /* The block itself stays where the application has it. */
    ret_params->iv = cfr_span_of((const uint8_t *)mechanism->pParameter + offsetof(CK_AES_CTR_PARAMS, cb),
                                 sizeof(given.cb));
    return CKR_OK;
}

static CK_RV read_gcm(const CK_MECHANISM *mechanism, struct cfr_params *ret_params)
{
    CK_GCM_PARAMS given;

    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    TRY(cfr_params_octets(given.pIv, given.ulIvLen, "pIv", &ret_params->iv));
    TRY(cfr_params_octets(given.pAAD, given.ulAADLen, "pAAD", &ret_params->aad));
    if (given.ulIvLen == 0 || given.ulIvLen > CFR_GCM_IV_MAX_LEN) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulIvLen is %lu", given.ulIvLen);
    }
    if (given.ulTagBits % 8 != 0 || given.ulTagBits < 8 * CFR_GCM_TAG_MIN_LEN || given.ulTagBits > 128) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulTagBits is %lu", given.ulTagBits);
    }
    ret_params->is_given = true;
    ret_params->tag_len = given.ulTagBits / 8;
    return CKR_OK;
}

CK_RV cfr_params_gcm(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_gcm(mechanism, ret_params);
}

CK_RV cfr_params_gmac(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    if (mechanism->ulParameterLen == 12) {
        ret_params->tag_len = 16;
        return read_fixed_iv(mechanism, 12, false, ret_params);
    }
    TRY(read_gcm(mechanism, ret_params));
    FAIL_UNLESS(ret_params->aad.len == 0, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

CK_RV cfr_params_ccm(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_CCM_PARAMS given;

    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    TRY(cfr_params_octets(given.pNonce, given.ulNonceLen, "pNonce", &ret_params->iv));
    TRY(cfr_params_octets(given.pAAD, given.ulAADLen, "pAAD", &ret_params->aad));
    if (given.ulNonceLen < 7 || given.ulNonceLen > 13) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulNonceLen is %lu", given.ulNonceLen);
    }
    if (given.ulMACLen < 4 || given.ulMACLen > 16 || given.ulMACLen % 2 != 0) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulMACLen is %lu", given.ulMACLen);
    }
    /* The nonce leaves 15 - nonce octets for the length of the text (SP 800-38C A.1). */
    if (given.ulDataLen > INT32_MAX ||
        (given.ulNonceLen > 11 && given.ulDataLen >> (8 * (15 - given.ulNonceLen)) != 0)) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulDataLen is %lu", given.ulDataLen);
    }
    ret_params->is_given = true;
    ret_params->tag_len = given.ulMACLen;
    ret_params->data_len = for_wrap ? CFR_CCM_LEN_OF_KEY : given.ulDataLen;
    return CKR_OK;
}

CK_RV cfr_params_mac_general(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_MAC_GENERAL_PARAMS given = 0;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    ret_params->mac_len = given;
    return CKR_OK;
}

CK_RV cfr_params_pss(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_RSA_PKCS_PSS_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    ret_params->hash = cfr_hash_of_mechanism(given.hashAlg);
    ret_params->mgf_hash = cfr_hash_of_mgf(given.mgf);
    ret_params->salt_len = given.sLen;
    if (ret_params->hash == CFR_HASH_NONE || ret_params->mgf_hash == CFR_HASH_NONE) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "PSS with hashAlg 0x%lx and mgf 0x%lx", given.hashAlg,
                        given.mgf);
    }
    FAIL_UNLESS(given.sLen <= INT32_MAX, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

CK_RV cfr_params_oaep(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_RSA_PKCS_OAEP_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    ret_params->hash = cfr_hash_of_mechanism(given.hashAlg);
    ret_params->mgf_hash = cfr_hash_of_mgf(given.mgf);
    if (ret_params->hash == CFR_HASH_NONE || ret_params->mgf_hash == CFR_HASH_NONE) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "OAEP with hashAlg 0x%lx and mgf 0x%lx", given.hashAlg,
                        given.mgf);
    }
    /* Source 0 with no data is what callers write who do not know CKZ_DATA_SPECIFIED. */
    FAIL_UNLESS(given.source == CKZ_DATA_SPECIFIED || (given.source == 0 && given.ulSourceDataLen == 0),
                CKR_MECHANISM_PARAM_INVALID);
    return cfr_params_octets(given.pSourceData, given.ulSourceDataLen, "pSourceData", &ret_params->label);
}

CK_RV cfr_params_eddsa(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_EDDSA_PARAMS given;

    (void)for_wrap;
    if (mechanism->ulParameterLen == 0) {
        return CKR_OK;
    }
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    FAIL_UNLESS(given.phFlag == CK_TRUE || given.phFlag == CK_FALSE, CKR_MECHANISM_PARAM_INVALID);
    TRY(cfr_params_octets(given.pContextData, given.ulContextDataLen, "pContextData", &ret_params->label));
    FAIL_UNLESS(given.ulContextDataLen <= 255, CKR_MECHANISM_PARAM_INVALID);
    ret_params->is_given = true;
    ret_params->prehash = given.phFlag == CK_TRUE;
    return CKR_OK;
}

CK_RV cfr_params_ecdh1(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_ECDH1_DERIVE_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    TRY(cfr_params_octets(given.pSharedData, given.ulSharedDataLen, "pSharedData", &ret_params->shared));
    TRY(cfr_params_octets(given.pPublicData, given.ulPublicDataLen, "pPublicData",
                          &ret_params->public_point));
    FAIL_UNLESS(given.ulPublicDataLen != 0, CKR_MECHANISM_PARAM_INVALID);
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
