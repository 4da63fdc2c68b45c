/* SPDX-License-Identifier: Apache-2.0 */
/* May this key do this, by its attributes: the one place where usage is decided. */
#ifndef CFR_OBJECT_USAGE_H
#define CFR_OBJECT_USAGE_H

#include "mech/mechanism.h"
#include "object/policy.h"

/**
 * Check a key for a mechanism and a function, in the order of error priority of 5.1.7.
 *
 * @param flag  CKF_ENCRYPT, _DECRYPT, _SIGN, _VERIFY, _SIGN_RECOVER, _VERIFY_RECOVER, _WRAP, _UNWRAP or _DERIVE
 *
 * @retval CKR_KEY_HANDLE_INVALID          the object is no key
 * @retval CKR_KEY_TYPE_INCONSISTENT       not of a type, or not the half of a pair, that the mechanism uses
 * for it
 * @retval CKR_KEY_SIZE_RANGE              too small or too large
 * @retval CKR_KEY_FUNCTION_NOT_PERMITTED  the usage attribute is false
 * @retval CKR_MECHANISM_INVALID           not in CKA_ALLOWED_MECHANISMS, or against the strict profile
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_usage_check(struct cfr_object *key, const struct cfr_mechanism *mechanism, CK_FLAGS flag,
                                enum cfr_profile profile);

/**
 * Whether the value of a key may be digested (5.12.4). Sensitive keys may, as the specification has nothing
 * against it, but not on a token with the strict profile.
 *
 * @retval CKR_KEY_HANDLE_INVALID  the object is no key
 * @retval CKR_KEY_INDIGESTIBLE    not a secret key, or a rule of the strict profile
 */
NODISCARD CK_RV cfr_usage_check_digest(const struct cfr_object *key, enum cfr_profile profile);

/**
 * Whether @p wrapping may wrap @p target (5.18.2; 4.9 and 4.10 for the attributes).
 *
 * @retval CKR_KEY_HANDLE_INVALID  target is no key, or CKA_WRAP_TEMPLATE does not match it
 * @retval CKR_KEY_UNEXTRACTABLE   CKA_EXTRACTABLE is false
 * @retval CKR_KEY_NOT_WRAPPABLE   CKA_WRAP_WITH_TRUSTED, or a rule of the strict profile
 */
NODISCARD CK_RV cfr_usage_check_wrap(const struct cfr_object *wrapping, struct cfr_object *target,
                                     enum cfr_profile profile);

/**
 * Add a key's CKA_UNWRAP_TEMPLATE or CKA_DERIVE_TEMPLATE to what a caller gives for the new key.
 *
 * @retval CKR_TEMPLATE_INCONSISTENT  the two differ
 * @retval CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_usage_apply_template(const struct cfr_object *key, CK_ATTRIBUTE_TYPE template_type,
                                         struct cfr_attrs *given);

#endif
