/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asynchronous sessions (PKCS#11 5.21): C_GenerateKeyPair, C_Sign and C_SignFinal are pending there when the mechanism
 * is slow (CFR_TRAIT_SLOW); everything else answers at once, also meanwhile and in the same session. The caller's
 * buffer is written by C_AsyncComplete, and by nothing else.
 */
#ifndef CFR_SESSION_ASYNC_H
#define CFR_SESSION_ASYNC_H

#include "session/session.h"

/**
 * C_Sign and, with @p in NULL, C_SignFinal. CKR_PENDING in an asynchronous session when there is room for the
 * signature; otherwise as cfr_operation_once() and cfr_operation_finish(). CKR_OPERATION_ACTIVE: it is pending.
 */
NODISCARD CK_RV cfr_async_sign(struct cfr_session *session, const struct cfr_span *in,
                               const struct cfr_output *out);

/**
 * C_AsyncComplete.
 *
 * @retval CKR_PENDING                    it is not done; @p result is as it was
 * @retval CKR_OPERATION_NOT_INITIALIZED  no function of that name is pending
 * @retval CKR_USER_NOT_LOGGED_IN         the login in which it began is over
 * @retval CKR_FUNCTION_CANCELED
 * @return what the function comes to. It is over then, unless the result is CKR_PENDING.
 */
NODISCARD CK_RV cfr_async_complete(struct cfr_session *session, const char *function, CK_ASYNC_DATA *result);

/**
 * C_AsyncGetID: a thread ends with its process, so that nothing can be promised beyond the session.
 * CKR_STATE_UNSAVEABLE; CKR_OPERATION_NOT_INITIALIZED: no function of that name is pending.
 */
NODISCARD CK_RV cfr_async_id(struct cfr_session *session, const char *function);

/** Within operation.c: after logout the key goes; whoever collects the result finds that the login is over. */
void cfr_async_sweep(struct cfr_operation *operation);

/** Within operation.c: the job of a signature, if there is one, goes the way of its operation. */
void cfr_async_drop(struct cfr_operation *operation);

#endif
