/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C_GetOperationState and C_SetOperationState. What the application gets is a random name; the state itself
 * stays inside, on the token, until logout, C_Finalize, or CFR_SAVED_MAX younger ones. So no saved state
 * holds a key, can be changed, or is of use to another token or process.
 */
#ifndef CFR_SESSION_SAVED_STATE_H
#define CFR_SESSION_SAVED_STATE_H

#include "session/session.h"

enum { CFR_SAVED_MAX = 256, CFR_SAVED_NAME_LEN = 24 };

/** One saved state, in the token's list. */
struct cfr_saved {
    uint8_t name[CFR_SAVED_NAME_LEN];
    uint64_t epoch; /**< the token's login epoch when it was saved */
    bool is_rw;
    struct cfr_operation operations[CFR_USE_COUNT];
    struct cfr_saved *next; /**< the next older one */
};

/**
 * Save the active operations of a session.
 *
 * @retval CKR_OPERATION_NOT_INITIALIZED  none is active
 * @retval CKR_STATE_UNSAVEABLE           one cannot be copied, or is keyed on a strict token
 * @retval CKR_BUFFER_TOO_SMALL, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_saved_get(struct cfr_session *session, const struct cfr_output *output);

/**
 * Put a saved state in the place of a session's operations.
 *
 * @retval CKR_SAVED_STATE_INVALID  unknown, of another token, another login, or another kind of session
 * @retval CKR_KEY_CHANGED          a key is given and is not the one
 * @retval CKR_KEY_NOT_NEEDED       a key is given where the state has no such operation
 */
NODISCARD CK_RV cfr_saved_set(struct cfr_session *session, struct cfr_span name,
                              CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentication_key);

/** Forget a token's saved states: all, or on logout the keyed ones. Under the token's lock. */
void cfr_saved_clear_locked(struct cfr_token *token, bool only_keyed);

#endif
