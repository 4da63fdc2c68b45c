/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/params_derive.h"

#include "base/proc.h"
#include "crypto/cipher.h"
#include "crypto/mac.h"
#include "mech/hash_map.h"
#include "mech/op.h"
#include "mech/registry.h"

static bool is_bool(CK_BBOOL value)
{
    return value == CK_TRUE || value == CK_FALSE;
}

CK_RV cfr_params_key(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    struct cfr_derive_params *derive = ret_params->derive;
    CK_OBJECT_HANDLE given = CK_INVALID_HANDLE;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    derive->others[derive->other_count++] = given;
    return CKR_OK;
}

CK_RV cfr_params_string_data(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_KEY_DERIVATION_STRING_DATA given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    return cfr_params_octets(given.pData, given.ulLen, "pData", &ret_params->derive->data);
}

CK_RV cfr_params_extract(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_EXTRACT_PARAMS given = 0;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    ret_params->derive->first_bit = given;
    return CKR_OK;
}

static CK_RV check_blocks(struct cfr_span data)
{
    if (data.len == 0 || data.len % CFR_AES_BLOCK_LEN != 0) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "%zu octets to be encrypted", data.len);
    }
    return CKR_OK;
}

CK_RV cfr_params_ecb_data(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    TRY(cfr_params_string_data(mechanism, for_wrap, ret_params));
    return check_blocks(ret_params->derive->data);
}

CK_RV cfr_params_cbc_data(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_AES_CBC_ENCRYPT_DATA_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    TRY(cfr_params_octets(given.pData, given.length, "pData", &ret_params->derive->data));
    ret_params->is_given = true;
    /* The vector itself stays where the application has it. */
    ret_params->iv =
        cfr_span_of((const uint8_t *)mechanism->pParameter + offsetof(CK_AES_CBC_ENCRYPT_DATA_PARAMS, iv),
                    sizeof(given.iv));
    return check_blocks(ret_params->derive->data);
}

/* The row of HMAC with a hash: whose keys are keys of a derivation that runs on it. */
static const struct cfr_mechanism *hmac_of(enum cfr_hash hash)
{
    const struct cfr_mechanism *row;
    size_t index = 0;

    while ((row = cfr_registry_next(&index)) != NULL) {
        if (row->op == &cfr_op_mac && row->variant == CFR_MAC_HMAC && row->hash == hash) {
            return row;
        }
    }
    return NULL;
}

static CK_RV read_salt(const CK_HKDF_PARAMS *given, struct cfr_derive_params *derive)
{
    switch (given->ulSaltType) {
    case CKF_HKDF_SALT_NULL:
        return CKR_OK;
    case CKF_HKDF_SALT_DATA:
        return cfr_params_octets(given->pSalt, given->ulSaltLen, "pSalt", &derive->salt);
    case CKF_HKDF_SALT_KEY:
        derive->salt_is_key = true;
        derive->others[derive->other_count++] = given->hSaltKey;
        return CKR_OK;
    default:
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulSaltType is %lu", given->ulSaltType);
    }
}

/* The base hash by its digest mechanism; SunPKCS11 of JDK 25 names its HMAC instead, which says the same. */
static CK_RV read_hkdf_hash(CK_MECHANISM_TYPE type, struct cfr_params *ret_params)
{
    const struct cfr_mechanism *row = NULL;
    enum cfr_hash hash = cfr_hash_of_mechanism(type);

    if (hash == CFR_HASH_NONE && cfr_registry_find(type, CKF_SIGN, &row) == CKR_OK &&
        row->op == &cfr_op_mac && row->variant == CFR_MAC_HMAC && row->params == cfr_params_none) {
        hash = row->hash;
    }
    ret_params->hash = hash;
    ret_params->derive->prf = hash == CFR_HASH_NONE ? NULL : hmac_of(hash);
    if (ret_params->derive->prf == NULL) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "prfHashMechanism is 0x%lx", type);
    }
    return CKR_OK;
}

CK_RV cfr_params_hkdf(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    struct cfr_derive_params *derive = ret_params->derive;
    CK_HKDF_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    FAIL_UNLESS(is_bool(given.bExtract) && is_bool(given.bExpand), CKR_MECHANISM_PARAM_INVALID);
    FAIL_UNLESS(given.bExtract == CK_TRUE || given.bExpand == CK_TRUE, CKR_MECHANISM_PARAM_INVALID);
    ret_params->is_given = true;
    TRY(read_hkdf_hash(given.prfHashMechanism, ret_params));
    derive->extract = given.bExtract == CK_TRUE;
    derive->expand = given.bExpand == CK_TRUE;
    /* What the wanted parts do not use is ignored, and may be anything ("HKDF derive"). */
    if (derive->extract) {
        TRY(read_salt(&given, derive));
    }
    if (derive->expand) {
        TRY(cfr_params_octets(given.pInfo, given.ulInfoLen, "pInfo", &derive->info));
    }
    return CKR_OK;
}

/* "PKCS #5 PBKDF2 Key Generation: Pseudo-random functions", but the GOST hash. */
static enum cfr_hash hash_of_prf(CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf)
{
    static const struct {
        CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf;
        enum cfr_hash hash;
    } prfs[] = {
        {CKP_PKCS5_PBKD2_HMAC_SHA1, CFR_HASH_SHA1},
        {CKP_PKCS5_PBKD2_HMAC_SHA224, CFR_HASH_SHA224},
        {CKP_PKCS5_PBKD2_HMAC_SHA256, CFR_HASH_SHA256},
        {CKP_PKCS5_PBKD2_HMAC_SHA384, CFR_HASH_SHA384},
        {CKP_PKCS5_PBKD2_HMAC_SHA512, CFR_HASH_SHA512},
        {CKP_PKCS5_PBKD2_HMAC_SHA512_224, CFR_HASH_SHA512_224},
        {CKP_PKCS5_PBKD2_HMAC_SHA512_256, CFR_HASH_SHA512_256},
    };

    for (size_t i = 0; i < sizeof(prfs) / sizeof(prfs[0]); i++) {
        if (prfs[i].prf == prf && cfr_hash_is_available(prfs[i].hash)) {
            return prfs[i].hash;
        }
    }
    return CFR_HASH_NONE;
}

/*
 * CK_PKCS5_PBKD2_PARAMS, which NSS gives to this day, has the same size and the address of the length in the length's
 * place. No address is as small as the longest password that is taken.
 */
static CK_RV read_password_len(CK_ULONG given, CK_ULONG *ret_len)
{
    CK_ULONG len = given;

    if (given > CFR_PBKDF2_PASSWORD_MAX_LEN &&
        (given % sizeof(CK_ULONG) != 0 || !cfr_proc_read((uintptr_t)given, &len, sizeof(len)))) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulPasswordLen is %lu", given);
    }
    FAIL_UNLESS(len <= CFR_PBKDF2_PASSWORD_MAX_LEN, CKR_MECHANISM_PARAM_INVALID);
    *ret_len = len;
    return CKR_OK;
}

CK_RV cfr_params_pbkdf2(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    struct cfr_derive_params *derive = ret_params->derive;
    CK_PKCS5_PBKD2_PARAMS2 given;
    CK_ULONG password_len = 0;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    ret_params->hash = hash_of_prf(given.prf);
    if (ret_params->hash == CFR_HASH_NONE || given.pPrfData != NULL || given.ulPrfDataLen != 0) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "prf is %lu, with %lu octets", given.prf,
                        given.ulPrfDataLen);
    }
    FAIL_UNLESS(given.saltSource == CKZ_SALT_SPECIFIED, CKR_MECHANISM_PARAM_INVALID);
    TRY(cfr_params_octets(given.pSaltSourceData, given.ulSaltSourceDataLen, "pSaltSourceData",
                          &derive->salt));
    if (given.iterations == 0 || given.iterations > CFR_PBKDF2_MAX_ITERATIONS) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "iterations is %lu", given.iterations);
    }
    derive->iterations = given.iterations;
    TRY(read_password_len(given.ulPasswordLen, &password_len));
    return cfr_params_octets(given.pPassword, password_len, "pPassword", &derive->password);
}
