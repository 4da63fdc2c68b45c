/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of the post-quantum signatures; see params.h. */
#ifndef CFR_MECH_PARAMS_PQ_H
#define CFR_MECH_PARAMS_PQ_H

#include "mech/params.h"

/** Nothing, or CK_SIGN_ADDITIONAL_CONTEXT. */
CK_RV cfr_params_sign_context(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);

/** CK_HASH_SIGN_ADDITIONAL_CONTEXT. */
CK_RV cfr_params_hash_sign_context(const CK_MECHANISM *mechanism, bool for_wrap,
                                   struct cfr_params *ret_params);

#endif
