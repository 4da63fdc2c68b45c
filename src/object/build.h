/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New objects: a template, what the function contributes, the rules, and the result. Nothing is stored here.
 */
#ifndef CFR_OBJECT_BUILD_H
#define CFR_OBJECT_BUILD_H

#include "mech/mechanism.h"
#include "object/policy.h"

/** Where a new object comes from. */
struct cfr_origin {
    enum cfr_action action;
    const struct cfr_actor *actor;
    const struct cfr_attrs *given; /**< the caller's template */
    const struct cfr_class
        *class; /**< generation, derivation: what the mechanism makes; NULL: the template says */
    struct cfr_keymat *keymat; /**< generation, unwrapping of private keys, a public half: the key; or NULL */
    struct cfr_secret *value;  /**< unwrapping of secret keys, derivation: CKA_VALUE; otherwise NULL */
    CK_MECHANISM_TYPE mechanism;      /**< generation, a public half: CKA_KEY_GEN_MECHANISM */
    const struct cfr_object *base;    /**< unwrapping: the unwrapping key; else NULL */
    struct cfr_object *const *inputs; /**< derivation: the base key, then all others that were taken */
    size_t input_count;
    enum cfr_inherit inherit; /**< derivation: of the mechanism's row */
    bool is_checked;          /**< cfr_build_check() has passed this template */
};

/**
 * The part of cfr_build() that needs nothing but the template: for what comes before slow work. Sets the class when
 * the template names it. The template must stay as it is: cfr_build() does not check it again.
 *
 * @retval CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_VALUE_INVALID
 */
NODISCARD CK_RV cfr_build_check(struct cfr_origin *origin);

/**
 * Build an object. For C_CreateObject, C_GenerateKey(Pair), C_UnwrapKey and C_DeriveKey alike.
 *
 * @retval CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_READ_ONLY,
 *         CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID
 * @retval CKR_KEY_SIZE_RANGE         a derived value is not as long as its type, the template or the profile wants
 * @retval CKR_WRAPPED_KEY_LEN_RANGE  an unwrapped value is not as long as its type or the template wants
 * @retval CKR_WRAPPED_KEY_INVALID    an unwrapped key is not of the template's type
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_build(const struct cfr_origin *origin, struct cfr_object **ret_object);

/**
 * The class that a template names.
 *
 * @param default_class  what counts when it names none (CK_UNAVAILABLE_INFORMATION: that is an error)
 *
 * @retval CKR_TEMPLATE_INCOMPLETE      CKA_CLASS, or the type within the class, is missing
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  no such class or type, or one that cannot be created
 */
NODISCARD CK_RV cfr_build_class(const struct cfr_attrs *given, CK_OBJECT_CLASS default_class,
                                const struct cfr_class **ret_class);

/** The object that C_CopyObject or C_SetAttributeValue makes of @p source; a copy has a new CKA_UNIQUE_ID. */
NODISCARD CK_RV cfr_build_changed(enum cfr_action action, struct cfr_object *source,
                                  const struct cfr_attrs *given, const struct cfr_actor *actor,
                                  struct cfr_object **ret_object);

/** What a template asks of a key generator. The views are of @p given. */
struct cfr_keygen_request cfr_build_request(const struct cfr_attrs *given);

#endif
