/* SPDX-License-Identifier: Apache-2.0 */
/* What message_crypt.c and message_sign.c have in common. */
#ifndef CFR_SESSION_MESSAGE_PRIVATE_H
#define CFR_SESSION_MESSAGE_PRIVATE_H

#include "session/message.h"
#include "session/operation_private.h"
#include "session/session.h"

/**
 * Whether a message may begin: a run is active, none in parts is, and the key may be used.
 * CKR_OPERATION_NOT_INITIALIZED, CKR_OPERATION_ACTIVE, CKR_USER_NOT_LOGGED_IN.
 */
NODISCARD CK_RV cfr_message_enter(struct cfr_session *session, enum cfr_use use);

/** Whether the next part of a message may come. CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN. */
NODISCARD CK_RV cfr_message_enter_next(struct cfr_session *session, enum cfr_use use);

/** Every way in which a message ends, whole or in parts; its run goes on. Returns @p rv. */
CK_RV cfr_message_end(struct cfr_operation *operation, CK_RV rv);

#endif
