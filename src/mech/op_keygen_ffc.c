/* SPDX-License-Identifier: Apache-2.0 */
/* Generators of Diffie-Hellman keys and domain parameters. */
#include "crypto/ffc.h"
#include "mech/op.h"

bool cfr_probe_ffc(const struct cfr_mechanism *mechanism)
{
    return cfr_ffc_is_available((enum cfr_key_family)mechanism->variant);
}

CK_RV cfr_keygen_ffc(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                     struct cfr_keymat **ret_keymat)
{
    struct cfr_ffc_domain domain = {request->prime, request->subprime, request->base};

    return cfr_ffc_generate((enum cfr_key_family)mechanism->variant, &domain, request->value_bits,
                            ret_keymat);
}

CK_RV cfr_keygen_ffc_domain(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                            struct cfr_keymat **ret_keymat)
{
    return cfr_ffc_generate_domain((enum cfr_key_family)mechanism->variant, request->prime_bits,
                                   request->subprime_bits, ret_keymat);
}
