/* SPDX-License-Identifier: Apache-2.0 */
#include "object/material.h"

#include "crypto/asn1.h"
#include "crypto/ec.h"
#include "crypto/rsa.h"

static CK_RV load_secret(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    AUTO(secret) *secret = NULL;

    TRY(cfr_secret_from(cfr_attrs_value(attrs, CKA_VALUE), &secret));
    return cfr_keymat_from_secret(secret, ret_keymat);
}

static CK_RV store_secret(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    return cfr_attrs_set(attrs, CKA_VALUE, cfr_keymat_secret(keymat));
}

static const CK_ATTRIBUTE_TYPE rsa_attributes[CFR_RSA_PARTS] = {
    [CFR_RSA_N] = CKA_MODULUS,     [CFR_RSA_E] = CKA_PUBLIC_EXPONENT, [CFR_RSA_D] = CKA_PRIVATE_EXPONENT,
    [CFR_RSA_P] = CKA_PRIME_1,     [CFR_RSA_Q] = CKA_PRIME_2,         [CFR_RSA_DP] = CKA_EXPONENT_1,
    [CFR_RSA_DQ] = CKA_EXPONENT_2, [CFR_RSA_QI] = CKA_COEFFICIENT,
};

static struct cfr_rsa_numbers rsa_numbers(const struct cfr_attrs *attrs)
{
    struct cfr_rsa_numbers numbers;

    for (int part = 0; part < CFR_RSA_PARTS; part++) {
        numbers.part[part] = cfr_attrs_value(attrs, rsa_attributes[part]);
    }
    return numbers;
}

static CK_RV load_rsa_public(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    struct cfr_rsa_numbers numbers = rsa_numbers(attrs);

    return cfr_rsa_import_public(&numbers, ret_keymat);
}

static CK_RV load_rsa_private(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    struct cfr_rsa_numbers numbers = rsa_numbers(attrs);

    return cfr_rsa_import_private(&numbers, ret_keymat);
}

static CK_RV store_rsa(const struct cfr_keymat *keymat, struct cfr_attrs *attrs, int parts)
{
    for (int part = 0; part < parts; part++) {
        AUTO(secret) *number = NULL;

        TRY(cfr_rsa_number(keymat, (enum cfr_rsa_part)part, &number));
        TRY(cfr_attrs_set(attrs, rsa_attributes[part], cfr_secret_view(number)));
    }
    return CKR_OK;
}

static CK_RV store_rsa_public(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    return store_rsa(keymat, attrs, CFR_RSA_D);
}

static CK_RV store_rsa_private(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    return store_rsa(keymat, attrs, CFR_RSA_PARTS);
}

/* CKA_EC_POINT is the DER of an OCTET STRING; the bare point is taken too. */
static CK_RV import_point(const struct cfr_curve *curve, struct cfr_span given,
                          struct cfr_keymat **ret_keymat)
{
    struct cfr_der der = cfr_der_of(given);
    struct cfr_span contents = cfr_der_take(&der, CFR_DER_OCTET_STRING);
    CK_RV rv = CKR_ATTRIBUTE_VALUE_INVALID;

    if (cfr_der_done(&der)) {
        rv = cfr_ec_import_public(curve, contents, ret_keymat);
    }
    return rv == CKR_ATTRIBUTE_VALUE_INVALID ? cfr_ec_import_public(curve, given, ret_keymat) : rv;
}

static CK_RV load_point(enum cfr_key_family family, const struct cfr_attrs *attrs,
                        struct cfr_keymat **ret_keymat)
{
    const struct cfr_curve *curve = NULL;

    TRY(cfr_curve_find(family, cfr_attrs_value(attrs, CKA_EC_PARAMS), &curve));
    return import_point(curve, cfr_attrs_value(attrs, CKA_EC_POINT), ret_keymat);
}

static CK_RV load_value(enum cfr_key_family family, const struct cfr_attrs *attrs,
                        struct cfr_keymat **ret_keymat)
{
    const struct cfr_curve *curve = NULL;

    TRY(cfr_curve_find(family, cfr_attrs_value(attrs, CKA_EC_PARAMS), &curve));
    return cfr_ec_import_private(curve, cfr_attrs_value(attrs, CKA_VALUE), ret_keymat);
}

/* The parameters stay in the form in which they were given; a name and an identifier both are right. */
static CK_RV store_params(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    if (cfr_attrs_value(attrs, CKA_EC_PARAMS).len != 0) {
        return CKR_OK;
    }
    return cfr_attrs_set(attrs, CKA_EC_PARAMS, cfr_curve_params(cfr_ec_curve(keymat)));
}

static CK_RV store_point(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    AUTO(der_out) out = {0};
    AUTO(secret) *text = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    size_t len = 0;

    TRY(store_params(keymat, attrs));
    TRY(cfr_ec_point(keymat, point, &len));
    TRY(cfr_der_out_begin(len + 4, &out));
    cfr_der_prepend_element(&out, CFR_DER_OCTET_STRING, cfr_span_of(point, len));
    TRY(cfr_der_out_finish(&out, &text));
    return cfr_attrs_set(attrs, CKA_EC_POINT, cfr_secret_view(text));
}

static CK_RV store_value(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    AUTO(secret) *value = NULL;

    TRY(store_params(keymat, attrs));
    TRY(cfr_ec_value(keymat, &value));
    return cfr_attrs_set(attrs, CKA_VALUE, cfr_secret_view(value));
}

static CK_RV load_ec_public(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_point(CFR_KEY_EC, attrs, ret_keymat);
}

static CK_RV load_ec_private(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_value(CFR_KEY_EC, attrs, ret_keymat);
}

static CK_RV load_edwards_public(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_point(CFR_KEY_EDWARDS, attrs, ret_keymat);
}

static CK_RV load_edwards_private(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_value(CFR_KEY_EDWARDS, attrs, ret_keymat);
}

static CK_RV load_montgomery_public(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_point(CFR_KEY_MONTGOMERY, attrs, ret_keymat);
}

static CK_RV load_montgomery_private(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_value(CFR_KEY_MONTGOMERY, attrs, ret_keymat);
}

const struct cfr_material cfr_material_secret = {CFR_KEY_SECRET, load_secret, store_secret, NULL};
const struct cfr_material cfr_material_rsa_public = {CFR_KEY_RSA, load_rsa_public, store_rsa_public, NULL};
const struct cfr_material cfr_material_rsa_private = {CFR_KEY_RSA, load_rsa_private, store_rsa_private, NULL};
const struct cfr_material cfr_material_ec_public = {CFR_KEY_EC, load_ec_public, store_point, NULL};
const struct cfr_material cfr_material_ec_private = {CFR_KEY_EC, load_ec_private, store_value, NULL};
const struct cfr_material cfr_material_edwards_public = {CFR_KEY_EDWARDS, load_edwards_public, store_point,
                                                         NULL};
const struct cfr_material cfr_material_edwards_private = {CFR_KEY_EDWARDS, load_edwards_private, store_value,
                                                          NULL};
const struct cfr_material cfr_material_montgomery_public = {CFR_KEY_MONTGOMERY, load_montgomery_public,
                                                            store_point, NULL};
const struct cfr_material cfr_material_montgomery_private = {CFR_KEY_MONTGOMERY, load_montgomery_private,
                                                             store_value, NULL};
