/* SPDX-License-Identifier: Apache-2.0 */
/* What wrapping and unwrapping share. Included by keys_wrap.c and keys_unwrap.c alone. */
#ifndef CFR_SESSION_KEYS_WRAP_H
#define CFR_SESSION_KEYS_WRAP_H

#include "session/keys.h"

/** An operation for one wrapping, dropped by AUTO(wrap_op). */
struct cfr_wrap_op {
    struct cfr_op *op;
};

static inline void cfr_wrap_op_dropp(struct cfr_wrap_op *wrap)
{
    if (wrap->op != NULL) {
        wrap->op->mechanism->op->drop(wrap->op);
    }
}

/**
 * As cfr_keys_mechanism(). With @p associated data, which params->aad then is: for the authenticated functions.
 *
 * @param flag  CKF_WRAP or CKF_UNWRAP
 *
 * @retval CKR_MECHANISM_INVALID  besides: no mechanism of the authenticated functions
 * @retval CKR_ARGUMENTS_BAD      besides: associated data at NULL, or too long
 */
NODISCARD CK_RV cfr_wrap_mechanism(const CK_MECHANISM *given, CK_FLAGS flag,
                                   const struct cfr_span *associated, const struct cfr_actor *actor,
                                   const struct cfr_mechanism **ret_row, struct cfr_params *ret_params);

/** The key that wraps or unwraps, with its rights checked. CKR_WRAPPING_KEY_… or CKR_UNWRAPPING_KEY_… */
NODISCARD CK_RV cfr_wrap_find_key(struct cfr_session *session, CK_OBJECT_HANDLE handle,
                                  const struct cfr_mechanism *row, bool unwrap, enum cfr_profile profile,
                                  struct cfr_object **ret_key);

/** Make and start an operation with it. */
NODISCARD CK_RV cfr_wrap_begin(const struct cfr_mechanism *row, enum cfr_use use, struct cfr_object *key,
                               const struct cfr_params *params, struct cfr_wrap_op *wrap);

#endif
