/* SPDX-License-Identifier: Apache-2.0 */
/* The key schedule of TLS 1.2: pre-master secret, master secret, key block, exported keys. */
#include "crypto/kdf.h"
#include "crypto/rng.h"
#include "mech/op.h"
#include "mech/params_derive.h"
#include "mech/params_tls.h"

bool cfr_probe_tls(const struct cfr_mechanism *mechanism)
{
    (void)mechanism;
    return cfr_kdf_has_tls();
}

CK_RV cfr_keygen_premaster(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                           struct cfr_keymat **ret_keymat)
{
    const CK_VERSION *version = &request->params->derive->version;
    AUTO(secret) *secret = NULL;

    (void)mechanism;
    TRY(cfr_rng_secret(CFR_TLS_MASTER_LEN, &secret));
    cfr_secret_edit(secret)[0] = version->major;
    cfr_secret_edit(secret)[1] = version->minor;
    return cfr_keymat_from_secret(secret, ret_keymat);
}

CK_RV cfr_derive_tls(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                     struct cfr_secret **ret_octets)
{
    const struct cfr_derive_params *derive = request->params->derive;
    struct cfr_tls_prf prf = {
        .hash = request->params->hash,
        .secret = cfr_keymat_secret(request->base),
        .seeds = {derive->label, derive->seeds[0], derive->seeds[1], derive->seeds[2], derive->seeds[3]},
    };
    size_t len = 2 * derive->block.iv_len;

    (void)mechanism;
    for (size_t i = 0; i < request->count; i++) {
        if (request->lens[i] == 0) {
            return cfr_fail(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
        }
        len += request->lens[i];
    }
    return cfr_kdf_tls(&prf, len, ret_octets);
}
