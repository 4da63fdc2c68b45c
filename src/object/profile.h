/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the strict profile forbids besides the specification's rules. Each rule is a row with a name that the
 * log gives when it refuses; the other profiles have none of them. And the mechanisms that a profile has.
 */
#ifndef CFR_OBJECT_PROFILE_H
#define CFR_OBJECT_PROFILE_H

#include "mech/mechanism.h"
#include "object/policy.h"

/**
 * Rules for a finished set of attributes, however it came to be.
 *
 * @retval CKR_TEMPLATE_INCONSISTENT    conflicting uses, or a secret key that is not private
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  an RSA modulus or a prime field below 2,048 bits, an exponent below 65,537
 */
NODISCARD CK_RV cfr_profile_check_whole(const struct cfr_class *class, const struct cfr_attrs *attrs);

/** Rules for a change: uses are only narrowed. CKR_ATTRIBUTE_READ_ONLY. */
NODISCARD CK_RV cfr_profile_check_change(const struct cfr_object *object, const struct cfr_attrs *changed);

/** What a mechanism is for in tokens of a profile, CKF_ENCRYPT …; no function: they have it not. */
CK_FLAGS cfr_profile_flags(const struct cfr_mechanism *mechanism, enum cfr_profile profile);

/** cfr_registry_find() in a token: what its profile has not is as unknown as anything. CKR_MECHANISM_INVALID. */
NODISCARD CK_RV cfr_profile_find_mechanism(CK_MECHANISM_TYPE type, CK_FLAGS flags, enum cfr_profile profile,
                                           const struct cfr_mechanism **ret_mechanism);

/** Whether a mechanism may be used for @p flag (CKF_SIGN …). CKR_MECHANISM_INVALID. */
NODISCARD CK_RV cfr_profile_check_mechanism(const struct cfr_mechanism *mechanism, CK_FLAGS flag,
                                            enum cfr_profile profile);

/** Whether a mechanism may be used with what its parameter chooses. CKR_MECHANISM_PARAM_INVALID. */
NODISCARD CK_RV cfr_profile_check_params(const struct cfr_mechanism *mechanism,
                                         const struct cfr_params *params);

/** Whether @p target may leave the token under @p wrapping. CKR_KEY_NOT_WRAPPABLE. */
NODISCARD CK_RV cfr_profile_check_wrap(const struct cfr_object *wrapping, const struct cfr_object *target);

/** Whether the value of a key may be digested: not if it is sensitive. CKR_KEY_INDIGESTIBLE. */
NODISCARD CK_RV cfr_profile_check_digest(const struct cfr_object *key);

/** Rules by index, for documents: the rule's name; NULL at the end. */
const char *cfr_profile_rule_name(size_t index);

#endif
