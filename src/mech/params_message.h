/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of what comes with each message: CK_GCM_MESSAGE_PARAMS, CK_CCM_MESSAGE_PARAMS,
 * CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS.
 */
#ifndef CFR_MECH_PARAMS_MESSAGE_H
#define CFR_MECH_PARAMS_MESSAGE_H

#include "mech/message.h"

CK_RV cfr_params_message_gcm(struct cfr_span given, enum cfr_use use, struct cfr_message_params *ret_params);
CK_RV cfr_params_message_ccm(struct cfr_span given, enum cfr_use use, struct cfr_message_params *ret_params);
CK_RV cfr_params_message_chacha20_poly1305(struct cfr_span given, enum cfr_use use,
                                           struct cfr_message_params *ret_params);

#endif
