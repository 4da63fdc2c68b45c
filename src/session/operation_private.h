/* SPDX-License-Identifier: Apache-2.0 */
/* What operations and messages have in common. Included by operation.c and message*.c alone. */
#ifndef CFR_SESSION_OPERATION_PRIVATE_H
#define CFR_SESSION_OPERATION_PRIVATE_H

#include "session/operation.h"

/** CKF_ENCRYPT … of a use. */
CK_FLAGS cfr_operation_flag(enum cfr_use use);

/** Find the key and check its rights; fills in what @p operation, whose mechanism is set, keeps of it. */
NODISCARD CK_RV cfr_operation_settle_key(struct cfr_session *session, enum cfr_use use,
                                         CK_OBJECT_HANDLE handle, struct cfr_operation *operation);

/**
 * Read a mechanism's parameter into @p params, which is zero before.
 *
 * @retval CKR_MECHANISM_PARAM_INVALID  see the row's reader; or a choice that the profile refuses
 */
NODISCARD CK_RV cfr_operation_read_params(const struct cfr_session *session, const struct cfr_mechanism *row,
                                          const CK_MECHANISM *mechanism, struct cfr_params *params);

/**
 * What must hold at each call of a running operation. A private key must still be within the login of its Init.
 * CKR_USER_NOT_LOGGED_IN.
 */
NODISCARD CK_RV cfr_operation_check_running(struct cfr_session *session, struct cfr_operation *operation);

/** CKR_ARGUMENTS_BAD: NULL, or longer than can be meant. */
NODISCARD CK_RV cfr_operation_check_input(struct cfr_span in);

/** The same for a signature to verify. CKR_SIGNATURE_LEN_RANGE. */
NODISCARD CK_RV cfr_operation_check_signature(struct cfr_span signature);

/** Before libcrypto is asked for something that it may refuse. */
void cfr_operation_keep_errors(const struct cfr_operation *operation, enum cfr_use use);

#endif
