/* SPDX-License-Identifier: Apache-2.0 */
/* Post-quantum keys: parameter set, value, and the seed where it is known. */
#include "crypto/pq.h"
#include "object/material.h"

static CK_RV find_set(enum cfr_key_family family, const struct cfr_attrs *attrs,
                      const struct cfr_pq_set **ret_set)
{
    return cfr_pq_find(family, cfr_attrs_ulong(attrs, CKA_PARAMETER_SET, 0), ret_set);
}

static CK_RV load_public(enum cfr_key_family family, const struct cfr_attrs *attrs,
                         struct cfr_keymat **ret_keymat)
{
    const struct cfr_pq_set *set = NULL;

    TRY(find_set(family, attrs, &set));
    return cfr_pq_import_public(set, cfr_attrs_value(attrs, CKA_VALUE), ret_keymat);
}

static CK_RV load_private(enum cfr_key_family family, const struct cfr_attrs *attrs,
                          struct cfr_keymat **ret_keymat)
{
    const struct cfr_pq_set *set = NULL;

    TRY(find_set(family, attrs, &set));
    return cfr_pq_import_private(set, cfr_attrs_value(attrs, CKA_SEED), cfr_attrs_value(attrs, CKA_VALUE),
                                 ret_keymat);
}

static CK_RV store_public(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    AUTO(secret) *value = NULL;

    TRY(cfr_attrs_set_ulong(attrs, CKA_PARAMETER_SET, cfr_pq_set_of(keymat)->number));
    TRY(cfr_pq_public(keymat, &value));
    return cfr_attrs_set(attrs, CKA_VALUE, cfr_secret_view(value));
}

static CK_RV store_seed(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    AUTO(secret) *seed = NULL;
    CK_RV rv = cfr_pq_seed(keymat, &seed);

    if (rv == CKR_ATTRIBUTE_TYPE_INVALID) {
        cfr_attrs_remove(attrs, CKA_SEED); /* given empty */
        return CKR_OK;
    }
    TRY(rv);
    return cfr_attrs_set(attrs, CKA_SEED, cfr_secret_view(seed));
}

static CK_RV store_private(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    AUTO(secret) *value = NULL;

    TRY(cfr_attrs_set_ulong(attrs, CKA_PARAMETER_SET, cfr_pq_set_of(keymat)->number));
    TRY(cfr_pq_private(keymat, &value));
    TRY(cfr_attrs_set(attrs, CKA_VALUE, cfr_secret_view(value)));
    return store_seed(keymat, attrs);
}

static CK_RV load_ml_kem_public(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_public(CFR_KEY_ML_KEM, attrs, ret_keymat);
}

static CK_RV load_ml_kem_private(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_private(CFR_KEY_ML_KEM, attrs, ret_keymat);
}

static CK_RV load_ml_dsa_public(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_public(CFR_KEY_ML_DSA, attrs, ret_keymat);
}

static CK_RV load_ml_dsa_private(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_private(CFR_KEY_ML_DSA, attrs, ret_keymat);
}

static CK_RV load_slh_dsa_public(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_public(CFR_KEY_SLH_DSA, attrs, ret_keymat);
}

static CK_RV load_slh_dsa_private(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_private(CFR_KEY_SLH_DSA, attrs, ret_keymat);
}

const struct cfr_material cfr_material_ml_kem_public = {CFR_KEY_ML_KEM, load_ml_kem_public, store_public,
                                                        NULL};
const struct cfr_material cfr_material_ml_kem_private = {CFR_KEY_ML_KEM, load_ml_kem_private, store_private,
                                                         NULL};
const struct cfr_material cfr_material_ml_dsa_public = {CFR_KEY_ML_DSA, load_ml_dsa_public, store_public,
                                                        NULL};
const struct cfr_material cfr_material_ml_dsa_private = {CFR_KEY_ML_DSA, load_ml_dsa_private, store_private,
                                                         NULL};
const struct cfr_material cfr_material_slh_dsa_public = {CFR_KEY_SLH_DSA, load_slh_dsa_public, store_public,
                                                         NULL};
const struct cfr_material cfr_material_slh_dsa_private = {CFR_KEY_SLH_DSA, load_slh_dsa_private,
                                                          store_private, NULL};
