/* SPDX-License-Identifier: Apache-2.0 */
/* Diffie-Hellman and DSA: keys and domain parameters. */
#include "crypto/ffc.h"
#include "object/material.h"

static struct cfr_ffc_domain domain_of(const struct cfr_attrs *attrs)
{
    return (struct cfr_ffc_domain){
        .prime = cfr_attrs_value(attrs, CKA_PRIME),
        .subprime = cfr_attrs_value(attrs, CKA_SUBPRIME),
        .base = cfr_attrs_value(attrs, CKA_BASE),
    };
}

static CK_RV load_domain(enum cfr_key_family family, const struct cfr_attrs *attrs,
                         struct cfr_keymat **ret_keymat)
{
    struct cfr_ffc_domain domain = domain_of(attrs);

    return cfr_ffc_import_domain(family, &domain, ret_keymat);
}

static CK_RV load_public(enum cfr_key_family family, const struct cfr_attrs *attrs,
                         struct cfr_keymat **ret_keymat)
{
    struct cfr_ffc_domain domain = domain_of(attrs);

    return cfr_ffc_import_public(family, &domain, cfr_attrs_value(attrs, CKA_VALUE), ret_keymat);
}

static CK_RV load_private(enum cfr_key_family family, const struct cfr_attrs *attrs,
                          struct cfr_keymat **ret_keymat)
{
    struct cfr_ffc_domain domain = domain_of(attrs);

    return cfr_ffc_import_private(family, &domain, cfr_attrs_value(attrs, CKA_VALUE), ret_keymat);
}

static CK_RV store_number(const struct cfr_keymat *keymat, enum cfr_ffc_part part, CK_ATTRIBUTE_TYPE type,
                          struct cfr_attrs *attrs)
{
    AUTO(secret) *number = NULL;

    TRY(cfr_ffc_number(keymat, part, &number));
    return cfr_attrs_set(attrs, type, cfr_secret_view(number));
}

static CK_RV store_domain(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    TRY(store_number(keymat, CFR_FFC_PRIME, CKA_PRIME, attrs));
    if (cfr_keymat_family(keymat) != CFR_KEY_DH) {
        TRY(store_number(keymat, CFR_FFC_SUBPRIME, CKA_SUBPRIME, attrs));
    }
    return store_number(keymat, CFR_FFC_BASE, CKA_BASE, attrs);
}

static CK_RV store_public(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    TRY(store_domain(keymat, attrs));
    return store_number(keymat, CFR_FFC_PUBLIC, CKA_VALUE, attrs);
}

static CK_RV store_private(const struct cfr_keymat *keymat, struct cfr_attrs *attrs)
{
    TRY(store_domain(keymat, attrs));
    return store_number(keymat, CFR_FFC_PRIVATE, CKA_VALUE, attrs);
}

static CK_RV load_dh_domain(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_domain(CFR_KEY_DH, attrs, ret_keymat);
}

static CK_RV load_dh_public(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_public(CFR_KEY_DH, attrs, ret_keymat);
}

static CK_RV load_dh_private(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_private(CFR_KEY_DH, attrs, ret_keymat);
}

static CK_RV load_x942_dh_domain(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_domain(CFR_KEY_X942_DH, attrs, ret_keymat);
}

static CK_RV load_x942_dh_public(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_public(CFR_KEY_X942_DH, attrs, ret_keymat);
}

static CK_RV load_x942_dh_private(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_private(CFR_KEY_X942_DH, attrs, ret_keymat);
}

static CK_RV load_dsa_domain(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_domain(CFR_KEY_DSA, attrs, ret_keymat);
}

static CK_RV load_dsa_public(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    return load_public(CFR_KEY_DSA, attrs, ret_keymat);
}

#define MATERIAL(name_, family_, store_)                                                                     \
    const struct cfr_material cfr_material_##name_ = {family_, load_##name_, store_, cfr_ffc_validate}

MATERIAL(dh_domain, CFR_KEY_DH, store_domain);
MATERIAL(dh_public, CFR_KEY_DH, store_public);
MATERIAL(dh_private, CFR_KEY_DH, store_private);
MATERIAL(x942_dh_domain, CFR_KEY_X942_DH, store_domain);
MATERIAL(x942_dh_public, CFR_KEY_X942_DH, store_public);
MATERIAL(x942_dh_private, CFR_KEY_X942_DH, store_private);
MATERIAL(dsa_domain, CFR_KEY_DSA, store_domain);
MATERIAL(dsa_public, CFR_KEY_DSA, store_public);
