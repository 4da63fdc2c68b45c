/* SPDX-License-Identifier: Apache-2.0 */
/* Key generators. */
#include "crypto/cipher.h"
#include "crypto/des.h"
#include "crypto/ec.h"
#include "crypto/rng.h"
#include "crypto/rsa.h"
#include "mech/op.h"

static size_t octets_of_size(const struct cfr_mechanism *mechanism, CK_ULONG size)
{
    return mechanism->size.unit == CFR_SIZE_BITS ? size / 8 : size;
}

/* AES keys have three lengths, XTS keys two; generic ones any in the row's range. */
static bool is_key_len(const struct cfr_mechanism *mechanism, size_t len)
{
    size_t step = (size_t)mechanism->variant;
    size_t min = octets_of_size(mechanism, mechanism->size.min);

    return len >= min && len <= octets_of_size(mechanism, mechanism->size.max) && (len - min) % step == 0;
}

CK_RV cfr_keygen_secret(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                        struct cfr_keymat **ret_keymat)
{
    AUTO(secret) *secret = NULL;

    if (!is_key_len(mechanism, request->value_len)) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "CKA_VALUE_LEN is %zu", request->value_len);
    }
    TRY(cfr_rng_secret(request->value_len, &secret));
    return cfr_keymat_from_secret(secret, ret_keymat);
}

bool cfr_probe_des3(const struct cfr_mechanism *mechanism)
{
    return cfr_cipher_is_available((enum cfr_cipher_mode)mechanism->variant);
}

CK_RV cfr_keygen_des3(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                      struct cfr_keymat **ret_keymat)
{
    AUTO(secret) *secret = NULL;

    (void)mechanism;
    if (request->value_len != CFR_DES3_KEY_LEN) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "CKA_VALUE_LEN is %zu", request->value_len);
    }
    TRY(cfr_rng_secret(CFR_DES3_KEY_LEN, &secret));
    cfr_des_set_parity(cfr_secret_edit(secret), CFR_DES3_KEY_LEN);
    return cfr_keymat_from_secret(secret, ret_keymat);
}

CK_RV cfr_keygen_rsa(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                     struct cfr_keymat **ret_keymat)
{
    static const uint8_t f4[] = {0x01, 0x00, 0x01};
    struct cfr_span exponent = request->exponent.len == 0 ? cfr_span_of(f4, sizeof(f4)) : request->exponent;

    if (request->modulus_bits < mechanism->size.min || request->modulus_bits > mechanism->size.max) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "CKA_MODULUS_BITS is %zu", request->modulus_bits);
    }
    return cfr_rsa_generate_while(request->modulus_bits, exponent, request->progress, ret_keymat);
}

CK_RV cfr_keygen_ec(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                    struct cfr_keymat **ret_keymat)
{
    const struct cfr_curve *curve = NULL;

    if (request->ec_params.len == 0) {
        return cfr_fail(CKR_TEMPLATE_INCOMPLETE, "CKA_EC_PARAMS is missing");
    }
    TRY(cfr_curve_find((enum cfr_key_family)mechanism->variant, request->ec_params, &curve));
    return cfr_ec_generate(curve, ret_keymat);
}
