/* SPDX-License-Identifier: Apache-2.0 */
/* Between attributes and key material: what a class of keys, or of domain parameters, is made of. */
#ifndef CFR_OBJECT_MATERIAL_H
#define CFR_OBJECT_MATERIAL_H

#include "crypto/keymat.h"
#include "object/attrs.h"

/** How a class of keys is read from attributes and written to them. Constant. */
struct cfr_material {
    enum cfr_key_family family;

    /**
     * Make key material from a key's attributes, checking every number.
     *
     * @retval CKR_ATTRIBUTE_VALUE_INVALID  a number out of range, a point off the curve, numbers that
     * disagree
     * @retval CKR_TEMPLATE_INCOMPLETE      too few
     * @retval CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_PARAMETER_SET_NOT_SUPPORTED, CKR_HOST_MEMORY
     */
    CK_RV (*load)(const struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat);

    /** Put all the numbers of a key into attributes, in their one form. CKR_HOST_MEMORY. */
    CK_RV (*store)(const struct cfr_keymat *keymat, struct cfr_attrs *attrs);

    /**
     * Checks of numbers from outside that would take too long whenever a key is loaded; NULL: there are none.
     * CKR_DOMAIN_PARAMS_INVALID, CKR_HOST_MEMORY.
     */
    CK_RV (*validate)(const struct cfr_keymat *keymat);
};

extern const struct cfr_material cfr_material_secret;
extern const struct cfr_material cfr_material_rsa_public;
extern const struct cfr_material cfr_material_rsa_private;
extern const struct cfr_material cfr_material_ec_public;
extern const struct cfr_material cfr_material_ec_private;
extern const struct cfr_material cfr_material_edwards_public;
extern const struct cfr_material cfr_material_edwards_private;
extern const struct cfr_material cfr_material_montgomery_public;
extern const struct cfr_material cfr_material_montgomery_private;
extern const struct cfr_material cfr_material_ml_kem_public;
extern const struct cfr_material cfr_material_ml_kem_private;
extern const struct cfr_material cfr_material_ml_dsa_public;
extern const struct cfr_material cfr_material_ml_dsa_private;
extern const struct cfr_material cfr_material_slh_dsa_public;
extern const struct cfr_material cfr_material_slh_dsa_private;
extern const struct cfr_material cfr_material_dh_public;
extern const struct cfr_material cfr_material_dh_private;
extern const struct cfr_material cfr_material_dh_domain;
extern const struct cfr_material cfr_material_x942_dh_public;
extern const struct cfr_material cfr_material_x942_dh_private;
extern const struct cfr_material cfr_material_x942_dh_domain;
extern const struct cfr_material cfr_material_dsa_public;
extern const struct cfr_material cfr_material_dsa_domain;

#endif
