/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of Diffie-Hellman; see params.h. */
#ifndef CFR_MECH_PARAMS_DH_H
#define CFR_MECH_PARAMS_DH_H

#include "mech/params.h"

/** The peer's public value, big-endian. */
CK_RV cfr_params_dh(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_X9_42_DH1_DERIVE_PARAMS; CKD_SHA1_KDF_ASN1 wants DER of the OtherInfo of X9.42 (RFC 2631, 2.1.2). */
CK_RV cfr_params_x942_dh(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);

#endif
