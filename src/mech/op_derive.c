/* SPDX-License-Identifier: Apache-2.0 */
/* Key agreement. */
#include "crypto/asn1.h"
#include "crypto/ec.h"
#include "crypto/ffc.h"
#include "crypto/kdf.h"
#include "mech/op.h"

/* The peer's point as given, or the contents when it is the DER of an OCTET STRING (PKCS#11 6.3.17). */
static struct cfr_span bare_point(struct cfr_span given)
{
    struct cfr_der der = cfr_der_of(given);
    struct cfr_span contents = cfr_der_take(&der, CFR_DER_OCTET_STRING);

    return cfr_der_done(&der) ? contents : given;
}

/* A raw point that begins with 4 could be taken for an OCTET STRING; try the bare form first. */
static CK_RV agree(struct cfr_keymat *base, struct cfr_span given, bool cofactor,
                   struct cfr_secret **ret_shared)
{
    struct cfr_span bare = bare_point(given);
    CK_RV rv = cfr_ec_derive(base, bare, cofactor, ret_shared);

    if (rv == CKR_PUBLIC_KEY_INVALID && bare.len != given.len) {
        rv = cfr_ec_derive(base, given, cofactor, ret_shared);
    }
    return rv;
}

/* Without a KDF the leading octets are cut off (PKCS#11, "Elliptic Curve Diffie-Hellman key derivation", "PKCS #3 …"). */
static CK_RV keep_last(struct cfr_secret *shared, size_t len, struct cfr_secret **ret_octets)
{
    struct cfr_span view = cfr_secret_view(shared);

    if (len > view.len) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "%zu octets asked of a shared secret of %zu", len, view.len);
    }
    return cfr_secret_from(cfr_span_after(view, view.len - (len == 0 ? view.len : len)), ret_octets);
}

/* The parameter's KDF. The one of X9.63 is X9.42's in its concatenating form. */
static CK_RV finish(const struct cfr_derive_request *request, struct cfr_secret *shared,
                    struct cfr_secret **ret_octets)
{
    const struct cfr_params *params = request->params;
    struct cfr_kdf_x942_info info = {params->shared, params->kdf_counter_at};
    struct cfr_span view = cfr_secret_view(shared);
    size_t len = request->lens[0];
    size_t derived_len = len == 0 ? cfr_hash_len(params->hash) : len;

    if (params->hash == CFR_HASH_NONE) {
        return keep_last(shared, len, ret_octets);
    }
    return params->sp800_kdf  ? cfr_kdf_one_step(params->hash, view, params->shared, derived_len, ret_octets)
           : params->asn1_kdf ? cfr_kdf_x942(params->hash, view, &info, derived_len, ret_octets)
                              : cfr_kdf_x963(params->hash, view, params->shared, derived_len, ret_octets);
}

CK_RV cfr_derive_ecdh1(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                       struct cfr_secret **ret_octets)
{
    AUTO(secret) *shared = NULL;

    TRY(agree(request->base, request->params->public_point, mechanism->variant == 1, &shared));
    return finish(request, shared, ret_octets);
}

CK_RV cfr_derive_dh(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                    struct cfr_secret **ret_octets)
{
    AUTO(secret) *shared = NULL;

    (void)mechanism;
    TRY(cfr_dh_derive(request->base, request->params->public_point, &shared));
    return finish(request, shared, ret_octets);
}
