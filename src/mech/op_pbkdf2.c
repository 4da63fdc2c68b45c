/* SPDX-License-Identifier: Apache-2.0 */
/* Keys from passwords: PBKDF2 (RFC 8018). */
#include "crypto/kdf.h"
#include "mech/op.h"
#include "mech/params_derive.h"

CK_RV cfr_keygen_pbkdf2(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                        struct cfr_keymat **ret_keymat)
{
    const struct cfr_derive_params *derive = request->params->derive;
    size_t hash_len = cfr_hash_len(request->params->hash);
    size_t blocks = (request->value_len + hash_len - 1) / hash_len;
    AUTO(secret) *secret = NULL;

    (void)mechanism;
    if (request->value_len == 0 || blocks > CFR_PBKDF2_MAX_WORK / derive->iterations) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "%zu octets with %zu iterations", request->value_len,
                        derive->iterations);
    }
    TRY(cfr_kdf_pbkdf2(request->params->hash, derive->password, derive->salt, derive->iterations,
                       request->value_len, &secret));
    return cfr_keymat_from_secret(secret, ret_keymat);
}
