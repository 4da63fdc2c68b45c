/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message by message (PKCS#11 5.9, 5.11, 5.14, 5.16): a run of messages under one mechanism and key, from Init to
 * Final. One run of each use may be active in a session, besides the operations of operation.h.
 *
 * A run outlives the failure of a message: only Final, Init without a mechanism, and the end of the login in which a
 * private key was taken end it. A message in parts ends with its last part and with every error but
 * CKR_BUFFER_TOO_SMALL. With a key of CKA_ALWAYS_AUTHENTICATE each message wants its context-specific login.
 *
 * Where the codes are not said: CKR_OPERATION_NOT_INITIALIZED without a run, or in next() without a begin();
 * CKR_OPERATION_ACTIVE, and nothing changes, where a message in parts is running and another call than next() comes;
 * CKR_USER_NOT_LOGGED_IN; CKR_ARGUMENTS_BAD; CKR_MECHANISM_PARAM_INVALID.
 */
#ifndef CFR_SESSION_MESSAGE_H
#define CFR_SESSION_MESSAGE_H

#include "session/operation.h"

/** CFR_USE_ENCRYPT … CFR_USE_VERIFY have runs of messages. */
enum { CFR_MESSAGE_USES = CFR_USE_VERIFY + 1 };

/**
 * C_MessageEncryptInit and its like. @p mechanism NULL cancels an active run.
 *
 * Encryption takes no parameter here, or one of the size of a message's, whose contents do not count.
 *
 * @retval CKR_OPERATION_ACTIVE   one of this use is active
 * @retval CKR_ARGUMENTS_BAD      @p mechanism NULL and nothing to cancel
 * @retval CKR_MECHANISM_INVALID  also for a mechanism that is not for messages
 * @retval CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE,
 * CKR_KEY_FUNCTION_NOT_PERMITTED
 * @retval CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_message_init(struct cfr_session *session, enum cfr_use use, const CK_MECHANISM *mechanism,
                                 CK_OBJECT_HANDLE key);

/** C_MessageEncryptFinal and its like. */
NODISCARD CK_RV cfr_message_final(struct cfr_session *session, enum cfr_use use);

/** End a run, with the message that is running in it; nothing if there is none. For C_SessionCancel. */
void cfr_message_cancel(struct cfr_session *session, enum cfr_use use);

/** What comes with a message of encryption or decryption. */
struct cfr_message_input {
    struct cfr_span parameter; /**< pParameter */
    struct cfr_span aad;       /**< not for next parts */
    struct cfr_span text;
};

/**
 * Encrypt or decrypt a whole message.
 *
 * @retval CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_LEN_RANGE  CCM: not the length that was stated
 * @retval CKR_AEAD_DECRYPT_FAILED                           the tag does not fit
 */
NODISCARD CK_RV cfr_message_crypt(struct cfr_session *session, enum cfr_use use,
                                  const struct cfr_message_input *input, const struct cfr_output *out);

/** One that comes in parts; the last part ends it. */
NODISCARD CK_RV cfr_message_crypt_begin(struct cfr_session *session, enum cfr_use use,
                                        const struct cfr_message_input *input);
NODISCARD CK_RV cfr_message_crypt_next(struct cfr_session *session, enum cfr_use use,
                                       const struct cfr_message_input *input, const struct cfr_output *out,
                                       CK_FLAGS flags);

/** Sign a whole message; @p parameter must be empty, as no mechanism has one for messages to sign. */
NODISCARD CK_RV cfr_message_sign(struct cfr_session *session, struct cfr_span parameter, struct cfr_span data,
                                 const struct cfr_output *out);

/** One that comes in parts, for CFR_USE_SIGN and CFR_USE_VERIFY. */
NODISCARD CK_RV cfr_message_sign_begin(struct cfr_session *session, enum cfr_use use,
                                       struct cfr_span parameter);

/** A part; @p out NULL: more will come. */
NODISCARD CK_RV cfr_message_sign_next(struct cfr_session *session, struct cfr_span parameter,
                                      struct cfr_span data, const struct cfr_output *out);

/** CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE. */
NODISCARD CK_RV cfr_message_verify(struct cfr_session *session, struct cfr_span parameter,
                                   struct cfr_span data, struct cfr_span signature);

/** A part; @p signature without a pointer: more will come. */
NODISCARD CK_RV cfr_message_verify_next(struct cfr_session *session, struct cfr_span parameter,
                                        struct cfr_span data, struct cfr_span signature);

#endif
