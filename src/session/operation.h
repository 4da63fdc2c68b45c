/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operation engine: the life of an encryption, decryption, digest, signature or verification in a
 * session, from Init to its end, the same for every mechanism.
 *
 * One operation of each use may be active. Any result but CKR_OK with more to come, a length query, or
 * CKR_BUFFER_TOO_SMALL ends it (PKCS#11 5.8 ff.). What ends well is kept: the next Init with the same key and
 * mechanism finds the context prepared and the key's rights checked, as long as nothing has changed in the
 * token. No operation goes on with a private key after logout.
 */
#ifndef CFR_SESSION_OPERATION_H
#define CFR_SESSION_OPERATION_H

#include "mech/message.h"
#include "object/object.h"
#include "session/output.h"

struct cfr_job;
struct cfr_session;

/** An operation's place in a session; zero-initialised means idle, with nothing kept. */
struct cfr_operation {
    const struct cfr_mechanism *mechanism;
    const struct cfr_message_form *form; /**< what made op, for encryption message by message; else NULL */
    struct cfr_op *op;                   /**< running or kept; NULL: none */
    struct cfr_job *job;                 /**< has the context while its result is pending; else NULL */
    struct cfr_object *key;              /**< a share of the key; NULL for digests */
    CK_OBJECT_HANDLE key_handle;
    uint64_t stamp; /**< the token's when the key's rights were checked */
    uint64_t epoch; /**< the token's login epoch at Init */
    bool is_active;
    bool is_multi;              /**< parts have been given; or a message in parts is running */
    bool is_token_key;          /**< other processes may change the key */
    bool is_private_key;        /**< it dies with the login */
    bool wants_login;           /**< CKA_ALWAYS_AUTHENTICATE, and the user has not proved himself yet */
    struct cfr_secret *pending; /**< a final result that found no room, waiting to be fetched */
    uint8_t *signature;         /**< CFR_USE_VERIFY_SIGNATURE: what was given at Init */
    size_t signature_len;       /**< octets */
};

/**
 * C_EncryptInit and its like. @p mechanism NULL cancels an active operation.
 *
 * @retval CKR_OPERATION_ACTIVE  one of this use is active
 * @retval CKR_ARGUMENTS_BAD     @p mechanism NULL and nothing to cancel
 * @retval CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID
 * @retval CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE,
 * CKR_KEY_FUNCTION_NOT_PERMITTED
 * @retval CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_operation_begin(struct cfr_session *session, enum cfr_use use,
                                    const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);

/**
 * C_VerifySignatureInit: the same for CFR_USE_VERIFY_SIGNATURE, with a copy of the signature. Its length is
 * looked at when it is verified. CKR_SIGNATURE_LEN_RANGE: longer than any can be.
 */
NODISCARD CK_RV cfr_operation_begin_signature(struct cfr_session *session, const CK_MECHANISM *mechanism,
                                              CK_OBJECT_HANDLE key, struct cfr_span signature);

/**
 * The whole message. CKR_OPERATION_NOT_INITIALIZED, CKR_OPERATION_ACTIVE (parts were given),
 * CKR_USER_NOT_LOGGED_IN, CKR_ARGUMENTS_BAD (out->len NULL).
 */
NODISCARD CK_RV cfr_operation_once(struct cfr_session *session, enum cfr_use use, struct cfr_span in,
                                   const struct cfr_output *out);

/** A part of it; @p out NULL for digests, signatures and verifications. */
NODISCARD CK_RV cfr_operation_update(struct cfr_session *session, enum cfr_use use, struct cfr_span in,
                                     const struct cfr_output *out);

/**
 * Whether cfr_operation_update() would go as far as looking at its input. CKR_OPERATION_NOT_INITIALIZED,
 * CKR_USER_NOT_LOGGED_IN.
 */
NODISCARD CK_RV cfr_operation_check_part(struct cfr_session *session, enum cfr_use use);

/** The end of a message that came in parts. */
NODISCARD CK_RV cfr_operation_finish(struct cfr_session *session, enum cfr_use use,
                                     const struct cfr_output *out);

/**
 * Verify a whole message, and one that came in parts; CFR_USE_VERIFY or CFR_USE_VERIFY_SIGNATURE, which takes
 * the signature that was given at Init instead of @p signature. CKR_SIGNATURE_INVALID,
 * CKR_SIGNATURE_LEN_RANGE.
 */
NODISCARD CK_RV cfr_operation_verify(struct cfr_session *session, enum cfr_use use, struct cfr_span data,
                                     struct cfr_span signature);
NODISCARD CK_RV cfr_operation_verify_finish(struct cfr_session *session, enum cfr_use use,
                                            struct cfr_span signature);

/** Whether input may be read. CKR_ARGUMENTS_BAD: NULL, or longer than any can be. */
NODISCARD CK_RV cfr_operation_check_input(struct cfr_span in);

/** End an active operation without a result; what it used is wiped. */
void cfr_operation_cancel(struct cfr_operation *operation);

/** Forget everything, active or kept. */
void cfr_operation_drop(struct cfr_operation *operation);

/** Forget it if it uses the key with this handle; @p key 0: if it uses a private key. */
void cfr_operation_sweep(struct cfr_operation *operation, CK_OBJECT_HANDLE key);

/** End an operation because the caller's arguments were bad, as any error does. Returns @p rv. */
CK_RV cfr_operation_fail(struct cfr_session *session, enum cfr_use use, CK_RV rv);

/** The active operation that waits for a context-specific login, or NULL. */
struct cfr_operation *cfr_operation_awaiting_login(struct cfr_session *session);

#endif
