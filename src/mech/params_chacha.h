/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of ChaCha20 and of what is built on it. */
#ifndef CFR_MECH_PARAMS_CHACHA_H
#define CFR_MECH_PARAMS_CHACHA_H

#include "mech/params.h"

/** CK_CHACHA20_PARAMS: 96 bits of nonce with 32 of counter (RFC 8439), or 64 with 64 (the original). */
CK_RV cfr_params_chacha20(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_SALSA20_CHACHA20_POLY1305_PARAMS with a nonce of 96 bits (RFC 8439). */
CK_RV cfr_params_chacha20_poly1305(const CK_MECHANISM *mechanism, bool for_wrap,
                                   struct cfr_params *ret_params);

#endif
