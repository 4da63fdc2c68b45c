/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF (RFC 5869), for keys and for data objects. */
#include "crypto/kdf.h"
#include "mech/op.h"
#include "mech/params_derive.h"

enum { BLOCKS_MAX = 255 /* RFC 5869 2.3 */ };

/* Octets to make, when @p asked are; 0: nobody says. */
static CK_RV output_len(const struct cfr_derive_params *derive, size_t hash_len, size_t asked,
                        size_t *ret_len)
{
    size_t len = derive->expand || asked != 0 ? asked : hash_len;

    if (len == 0) {
        return cfr_fail(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN is missing");
    }
    if (derive->expand ? len > BLOCKS_MAX * hash_len : len != hash_len) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "%zu octets asked of HKDF with a hash of %zu", len, hash_len);
    }
    *ret_len = len;
    return CKR_OK;
}

CK_RV cfr_derive_hkdf(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                      struct cfr_secret **ret_octets)
{
    const struct cfr_derive_params *derive = request->params->derive;
    enum cfr_hash hash = request->params->hash;
    struct cfr_hkdf hkdf = {
        .part = !derive->extract ? CFR_HKDF_EXPAND
                : derive->expand ? CFR_HKDF_BOTH
                                 : CFR_HKDF_EXTRACT,
        .hash = hash,
        .key = cfr_keymat_secret(request->base),
        .salt = derive->salt_is_key ? cfr_keymat_secret(request->others[0]) : derive->salt,
        .info = derive->info,
    };
    size_t len = 0;

    (void)mechanism;
    TRY(output_len(derive, cfr_hash_len(hash), request->lens[0], &len));
    if (!derive->extract && hkdf.key.len < cfr_hash_len(hash)) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "a key of %zu octets to be expanded", hkdf.key.len);
    }
    return cfr_kdf_hkdf(&hkdf, len, ret_octets);
}
