/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/params_pq.h"

#include "crypto/pq.h"
#include "mech/hash_map.h"

/* hedgeVariant is checked where a signature is made: verification ignores it. */
static CK_RV read_context(CK_HEDGE_TYPE hedge, const void *context, CK_ULONG context_len,
                          struct cfr_params *ret_params)
{
    TRY(cfr_params_octets(context, context_len, "pContext", &ret_params->label));
    if (context_len > CFR_PQ_CONTEXT_MAX_LEN) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulContextLen is %lu", context_len);
    }
    ret_params->is_given = true;
    ret_params->hedge = hedge;
    return CKR_OK;
}

CK_RV cfr_params_sign_context(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_SIGN_ADDITIONAL_CONTEXT given;

    (void)for_wrap;
    if (mechanism->ulParameterLen == 0) {
        return CKR_OK;
    }
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    return read_context(given.hedgeVariant, given.pContext, given.ulContextLen, ret_params);
}

CK_RV cfr_params_hash_sign_context(const CK_MECHANISM *mechanism, bool for_wrap,
                                   struct cfr_params *ret_params)
{
    CK_HASH_SIGN_ADDITIONAL_CONTEXT given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    TRY(read_context(given.hedgeVariant, given.pContext, given.ulContextLen, ret_params));
    ret_params->hash = cfr_hash_of_mechanism(given.hash);
    if (!cfr_pq_takes_hash(ret_params->hash)) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "hash is 0x%lx", given.hash);
    }
    return CKR_OK;
}
