/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of the TLS mechanisms: cfr_params_fn, CKR_MECHANISM_PARAM_INVALID. All but MAC want params->derive set. */
#ifndef CFR_MECH_PARAMS_TLS_H
#define CFR_MECH_PARAMS_TLS_H

#include "mech/mechanism.h"

enum {
    CFR_TLS_MASTER_LEN = 48, /* octets of a pre-master secret with a version, and of every master secret */
    CFR_TLS_RANDOM_LEN = 32, /* octets of each side's random value */
    CFR_TLS_LABEL_LEN = 15,  /* octets of both labels of a MAC */
};

/** CK_VERSION. */
CK_RV cfr_params_tls_version(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_TLS12_MASTER_KEY_DERIVE_PARAMS; for Diffie-Hellman the version has to be NULL. */
CK_RV cfr_params_tls_master(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_tls_master_dh(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS, the same. */
CK_RV cfr_params_tls_extended(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_tls_extended_dh(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_TLS12_KEY_MAT_PARAMS; the second one is without IVs, whatever the parameter says. */
CK_RV cfr_params_tls_block(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_tls_safe_block(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_TLS_KDF_PARAMS. */
CK_RV cfr_params_tls_kdf(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_TLS_MAC_PARAMS: hash (NONE: the function of TLS 1.0), mac_len, label. */
CK_RV cfr_params_tls_mac(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);

#endif
