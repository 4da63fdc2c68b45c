/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One evaluator of the attribute rules, for every way in which an object comes to be or changes. It reads the
 * class table and knows no class and no function by name; the strict profile adds the rules of profile.h.
 */
#ifndef CFR_OBJECT_POLICY_H
#define CFR_OBJECT_POLICY_H

#include "object/object.h"

/** How attributes are about to be set. */
enum cfr_action {
    CFR_ACTION_CREATE,
    CFR_ACTION_GENERATE,
    CFR_ACTION_UNWRAP,
    CFR_ACTION_DERIVE,
    CFR_ACTION_COPY,
    CFR_ACTION_SET,
};

/** Policy profiles of a token (README, "Policy profiles"). The numbers are kept with it (FORMAT.md). */
enum cfr_profile { CFR_PROFILE_STANDARD, CFR_PROFILE_STRICT, CFR_PROFILE_LEGACY, CFR_PROFILE_COUNT };

/** Who does it, on which kind of token. */
struct cfr_actor {
    bool is_user; /**< the normal user is logged in */
    bool is_so;   /**< the security officer is */
    enum cfr_profile profile;
};

/**
 * Check what a template gives for a new object of @p class.
 *
 * @retval CKR_TEMPLATE_INCONSISTENT    an attribute that the class has not
 * @retval CKR_ATTRIBUTE_READ_ONLY      barred on this action, or for this actor
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  refused by the attribute's own check, or a key type that this token has not
 * @retval CKR_TEMPLATE_INCOMPLETE      one that the action needs is missing
 */
NODISCARD CK_RV cfr_policy_check_new(enum cfr_action action, const struct cfr_class *class,
                                     const struct cfr_attrs *given, const struct cfr_actor *actor);

/** Give a new object the defaults of what nobody gave. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_policy_complete(enum cfr_action action, const struct cfr_class *class,
                                    const struct cfr_actor *actor, struct cfr_attrs *attrs);

/**
 * The attributes of @p object after C_SetAttributeValue or C_CopyObject with @p given. A value that is there
 * already is no change. @p ret_attrs is empty before.
 *
 * @retval CKR_ACTION_PROHIBITED      not modifiable, or not copyable
 * @retval CKR_ATTRIBUTE_READ_ONLY    may not be changed, or not in this direction
 * @retval CKR_TEMPLATE_INCONSISTENT  an attribute that the class has not, or a private object made public
 * @retval CKR_ATTRIBUTE_VALUE_INVALID
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_policy_change(enum cfr_action action, struct cfr_object *object,
                                  const struct cfr_attrs *given, const struct cfr_actor *actor,
                                  struct cfr_attrs *ret_attrs);

/** Rules between attributes, for any finished set. CKR_TEMPLATE_INCONSISTENT; strict: see profile.h. */
NODISCARD CK_RV cfr_policy_check_whole(const struct cfr_class *class, const struct cfr_attrs *attrs,
                                       const struct cfr_actor *actor);

#endif
