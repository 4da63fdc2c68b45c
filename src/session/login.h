/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in and out, and PINs. Every try at a PIN is counted and committed before the key derivation runs,
 * and the count is taken back after a right one: no crash and no second process gives an attempt for nothing.
 */
#ifndef CFR_SESSION_LOGIN_H
#define CFR_SESSION_LOGIN_H

#include "session/token.h"

struct cfr_session;

/**
 * C_Login as SO or normal user.
 *
 * @retval CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, CKR_SESSION_READ_ONLY_EXISTS
 * @retval CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_USER_PIN_NOT_INITIALIZED, CKR_TOKEN_NOT_INITIALIZED
 * @retval CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_login(struct cfr_token *token, enum cfr_user user, struct cfr_span pin);

/**
 * C_Login with CKU_CONTEXT_SPECIFIC, for an operation that waits. CKR_OPERATION_NOT_INITIALIZED, CKR_PIN_….
 */
NODISCARD CK_RV cfr_login_context(struct cfr_session *session, struct cfr_span pin);

/** C_Logout. CKR_USER_NOT_LOGGED_IN. The caller sweeps the sessions afterwards. */
NODISCARD CK_RV cfr_logout(struct cfr_token *token);

/** C_InitPIN: set the user's PIN, as the SO; objects stay. CKR_USER_NOT_LOGGED_IN, CKR_PIN_LEN_RANGE. */
NODISCARD CK_RV cfr_login_init_pin(struct cfr_token *token, struct cfr_span pin);

/**
 * C_SetPIN for whoever is logged in, or the normal user. CKR_PIN_INCORRECT, CKR_PIN_LOCKED,
 * CKR_PIN_LEN_RANGE.
 */
NODISCARD CK_RV cfr_login_set_pin(struct cfr_token *token, struct cfr_span old_pin, struct cfr_span new_pin);

/** A keyslot with its space key, after its PIN was given. */
struct cfr_opened_slot {
    struct cfr_keyslot slot;
    struct cfr_secret *space_key;
};

/**
 * Try a PIN: count, commit, derive, and take the count back when it was right. The caller holds the token's
 * login_lock.
 *
 * @retval CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_USER_PIN_NOT_INITIALIZED, CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_login_try(struct cfr_token *token, const struct cfr_access *access, uint32_t principal,
                              struct cfr_span pin, struct cfr_opened_slot *ret_opened);

/** Check the length of a PIN that is to be set, and that it is UTF-8. CKR_PIN_LEN_RANGE, CKR_PIN_INVALID. */
NODISCARD CK_RV cfr_login_check_new_pin(struct cfr_span pin, uint32_t min_len, uint32_t max_len);

/** The KDF's cost for PINs set from now on. */
struct cfr_pinkdf_cost cfr_login_cost(void);

#endif
