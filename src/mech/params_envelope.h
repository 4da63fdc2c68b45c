/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of the wrappings that put a key pair and AES together. */
#ifndef CFR_MECH_PARAMS_ENVELOPE_H
#define CFR_MECH_PARAMS_ENVELOPE_H

#include "mech/params.h"

/** CK_RSA_AES_KEY_WRAP_PARAMS, with OAEP's within. */
CK_RV cfr_params_rsa_aes(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_ECDH_AES_KEY_WRAP_PARAMS. */
CK_RV cfr_params_ecdh_aes(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);

#endif
