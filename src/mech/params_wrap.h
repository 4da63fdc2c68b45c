/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of wrapping: nonces that the module makes, and tags apart from the text. */
#ifndef CFR_MECH_PARAMS_WRAP_H
#define CFR_MECH_PARAMS_WRAP_H

#include "mech/params.h"

/** CK_GCM_PARAMS; to wrap and unwrap also CK_GCM_WRAP_PARAMS, which is longer. */
CK_RV cfr_params_gcm_wrap(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_CCM_PARAMS; to wrap and unwrap also CK_CCM_WRAP_PARAMS, which is longer. */
CK_RV cfr_params_ccm_wrap(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);

/** For authenticated wrapping: CK_GCM_MESSAGE_PARAMS and CK_CCM_MESSAGE_PARAMS. */
CK_RV cfr_params_gcm_apart(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_ccm_apart(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);

/**
 * The nonce for a wrapping: made in @p room if the parameters ask for one, which params->iv then is. Nothing is
 * written to the application's memory; see cfr_params_return_nonce().
 *
 * Counters (CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR) begin at zero with each call, because wrapping has no
 * Init that would make one last: they would give every key the same nonce, and are refused.
 *
 * @param room  outlives the use of @p params
 *
 * @retval CKR_MECHANISM_PARAM_INVALID  an unknown generator, a counter, or too few bits left to choose
 * @retval CKR_FUNCTION_FAILED          no random octets
 */
NODISCARD CK_RV cfr_params_make_nonce(struct cfr_params *params, uint8_t room[CFR_GCM_IV_MAX_LEN]);

/** Give the application the nonce that was made for it. */
void cfr_params_return_nonce(const struct cfr_params *params);

#endif
