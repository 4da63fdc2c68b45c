/* SPDX-License-Identifier: Apache-2.0 */
#include "object/public_half.h"

static const struct {
    enum cfr_bool of_public;
    enum cfr_bool of_private;
} uses[] = {
    {CFR_B_ENCRYPT, CFR_B_DECRYPT}, {CFR_B_VERIFY, CFR_B_SIGN},   {CFR_B_VERIFY_RECOVER, CFR_B_SIGN_RECOVER},
    {CFR_B_WRAP, CFR_B_UNWRAP},     {CFR_B_DERIVE, CFR_B_DERIVE}, {CFR_B_ENCAPSULATE, CFR_B_DECAPSULATE},
};

static const CK_ATTRIBUTE_TYPE values[] = {CKA_ID, CKA_START_DATE, CKA_END_DATE, CKA_SUBJECT,
                                           CKA_ALLOWED_MECHANISMS};

/* The curve in the form in which the private key has it; the template can only repeat it. */
static CK_RV settle_curve(const struct cfr_object *private_key, struct cfr_attrs *template)
{
    struct cfr_span own;
    struct cfr_span given;

    if (!cfr_attrs_get(&private_key->attrs, CKA_EC_PARAMS, &own)) {
        return CKR_OK;
    }
    if (cfr_attrs_get(template, CKA_EC_PARAMS, &given)) {
        FAIL_UNLESS(cfr_span_equal(given, own), CKR_TEMPLATE_INCONSISTENT);
        return CKR_OK;
    }
    return cfr_attrs_set(template, CKA_EC_PARAMS, own);
}

CK_RV cfr_public_half_settle(const struct cfr_object *private_key, struct cfr_attrs *template)
{
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        if (!cfr_attrs_has_bool(template, uses[i].of_public)) {
            cfr_attrs_set_bool(template, uses[i].of_public, cfr_object_bool(private_key, uses[i].of_private));
        }
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct cfr_span value;

        if (!cfr_attrs_has(template, cfr_attr_find(values[i])) &&
            cfr_attrs_get(&private_key->attrs, values[i], &value)) {
            TRY(cfr_attrs_set(template, values[i], value));
        }
    }
    return settle_curve(private_key, template);
}
