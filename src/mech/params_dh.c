/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/params_dh.h"

#include "crypto/asn1.h"

enum { COUNTER_LEN = 4 };

CK_RV cfr_params_dh(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    FAIL_UNLESS(mechanism->ulParameterLen != 0, CKR_MECHANISM_PARAM_INVALID);
    ret_params->is_given = true;
    return cfr_params_octets(mechanism->pParameter, mechanism->ulParameterLen, "public value",
                             &ret_params->public_point);
}

/*
 * OtherInfo ::= SEQUENCE { keyInfo SEQUENCE { algorithm OBJECT IDENTIFIER, counter OCTET STRING (SIZE (4)) }, … }: where
 * its counter is, which the KDF counts.
 */
static CK_RV find_counter(struct cfr_span info, size_t *ret_at)
{
    struct cfr_der outer = cfr_der_of(info);
    struct cfr_der other_info = cfr_der_enter(&outer, CFR_DER_SEQUENCE);
    struct cfr_der key_info = cfr_der_enter(&other_info, CFR_DER_SEQUENCE);
    struct cfr_span counter;

    (void)cfr_der_take(&key_info, CFR_DER_OID);
    counter = cfr_der_take(&key_info, CFR_DER_OCTET_STRING);
    FAIL_UNLESS(cfr_der_done(&key_info) && cfr_der_done(&outer), CKR_MECHANISM_PARAM_INVALID);
    FAIL_UNLESS(counter.len == COUNTER_LEN, CKR_MECHANISM_PARAM_INVALID);
    *ret_at = (size_t)(counter.ptr - info.ptr);
    return CKR_OK;
}

CK_RV cfr_params_x942_dh(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_X9_42_DH1_DERIVE_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    TRY(cfr_params_octets(given.pOtherInfo, given.ulOtherInfoLen, "pOtherInfo", &ret_params->shared));
    TRY(cfr_params_octets(given.pPublicData, given.ulPublicDataLen, "pPublicData",
                          &ret_params->public_point));
    FAIL_UNLESS(given.ulPublicDataLen != 0, CKR_MECHANISM_PARAM_INVALID);
    ret_params->is_given = true;
    switch (given.kdf) {
    case CKD_NULL:
        FAIL_UNLESS(given.ulOtherInfoLen == 0, CKR_MECHANISM_PARAM_INVALID);
        return CKR_OK;
    case CKD_SHA1_KDF_CONCATENATE:
        ret_params->hash = CFR_HASH_SHA1;
        return CKR_OK;
    case CKD_SHA1_KDF_ASN1:
        ret_params->hash = CFR_HASH_SHA1;
        ret_params->asn1_kdf = true;
        return find_counter(ret_params->shared, &ret_params->kdf_counter_at);
    default:
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "kdf is 0x%lx", given.kdf);
    }
}
