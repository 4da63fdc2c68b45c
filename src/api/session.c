/* SPDX-License-Identifier: Apache-2.0 */
/* Session management functions (PKCS#11 5.6). */
#include "session/session.h"

#include "api/args.h"
#include "api/call.h"
#include "session/cancel.h"
#include "session/login.h"
#include "session/saved_state.h"
#include "session/slot.h"

CK_RV cfr_do_C_OpenSession(CK_SLOT_ID slotID, CK_FLAGS flags, CK_VOID_PTR pApplication, CK_NOTIFY Notify,
                           CK_SESSION_HANDLE_PTR phSession)
{
    struct cfr_token *token = NULL;

    (void)pApplication; /* there are no notifications to make: no reader, no surrender */
    (void)Notify;
    FAIL_UNLESS(phSession != NULL, CKR_ARGUMENTS_BAD);
    FAIL_UNLESS((flags & CKF_SERIAL_SESSION) != 0, CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    TRY(cfr_slot_find(slotID, &token));
    return cfr_session_open(token, (flags & CKF_RW_SESSION) != 0, (flags & CKF_ASYNC_SESSION) != 0,
                            phSession);
}

CK_RV cfr_do_C_CloseSession(struct cfr_session *session)
{
    cfr_session_close_locked(session);
    return CKR_OK;
}

CK_RV cfr_do_C_CloseAllSessions(CK_SLOT_ID slotID)
{
    struct cfr_token *token = NULL;

    TRY(cfr_slot_find(slotID, &token));
    cfr_session_close_all(token);
    return CKR_OK;
}

CK_RV cfr_do_C_GetSessionInfo(struct cfr_session *session, CK_SESSION_INFO_PTR pInfo)
{
    FAIL_UNLESS(pInfo != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_token_refresh(session->token));
    *pInfo = (CK_SESSION_INFO){
        .slotID = session->token->id,
        .state = cfr_session_state(session),
        .flags = CKF_SERIAL_SESSION | (session->is_rw ? CKF_RW_SESSION : 0) |
                 (session->is_async ? CKF_ASYNC_SESSION : 0),
    };
    return CKR_OK;
}

CK_RV cfr_do_C_GetOperationState(struct cfr_session *session, CK_BYTE_PTR pOperationState,
                                 CK_ULONG_PTR pulOperationStateLen)
{
    FAIL_UNLESS(pulOperationStateLen != NULL, CKR_ARGUMENTS_BAD);
    return cfr_saved_get(session, &(struct cfr_output){pOperationState, pulOperationStateLen});
}

CK_RV cfr_do_C_SetOperationState(struct cfr_session *session, CK_BYTE_PTR pOperationState,
                                 CK_ULONG ulOperationStateLen, CK_OBJECT_HANDLE hEncryptionKey,
                                 CK_OBJECT_HANDLE hAuthenticationKey)
{
    struct cfr_span name;

    TRY(cfr_required(pOperationState, ulOperationStateLen, &name));
    return cfr_saved_set(session, name, hEncryptionKey, hAuthenticationKey);
}

CK_RV cfr_do_C_Login(struct cfr_session *session, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
                     CK_ULONG ulPinLen)
{
    struct cfr_span pin;

    FAIL_UNLESS(userType == CKU_SO || userType == CKU_USER || userType == CKU_CONTEXT_SPECIFIC,
                CKR_USER_TYPE_INVALID);
    TRY(cfr_pin(pPin, ulPinLen, &pin));
    if (userType == CKU_CONTEXT_SPECIFIC) {
        return cfr_login_context(session, pin);
    }
    return cfr_login(session->token, userType == CKU_SO ? CFR_USER_SO : CFR_USER_NORMAL, pin);
}

/*
 * The two users have no names. Somebody with a name is nobody here, and his PIN is tried on nobody else: no
 * attempt is counted, and the name is not even read.
 */
CK_RV cfr_do_C_LoginUser(struct cfr_session *session, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
                         CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pUsername, CK_ULONG ulUsernameLen)
{
    if (ulUsernameLen == 0) {
        return cfr_do_C_Login(session, userType, pPin, ulPinLen);
    }
    FAIL_UNLESS(userType == CKU_SO || userType == CKU_USER || userType == CKU_CONTEXT_SPECIFIC,
                CKR_USER_TYPE_INVALID);
    FAIL_UNLESS(pPin != NULL && pUsername != NULL, CKR_ARGUMENTS_BAD);
    return cfr_fail(CKR_PIN_INCORRECT, "the token has no users with names");
}

/* The other sessions are swept when this one is no longer locked. */
CK_RV cfr_do_C_Logout(CK_SESSION_HANDLE hSession)
{
    struct cfr_session *session = NULL;
    struct cfr_token *token;
    CK_RV rv;

    TRY(cfr_session_acquire(hSession, &session));
    token = session->token;
    rv = cfr_logout(token);
    cfr_session_release(session);
    if (rv == CKR_OK) {
        cfr_session_sweep(token, CK_INVALID_HANDLE);
    }
    return rv;
}

CK_RV cfr_do_C_SessionCancel(struct cfr_session *session, CK_FLAGS flags)
{
    cfr_session_cancel(session, flags);
    return CKR_OK;
}

/* No validation, so no operation that met one. */
CK_RV cfr_do_C_GetSessionValidationFlags(struct cfr_session *session, CK_SESSION_VALIDATION_FLAGS_TYPE type,
                                         CK_FLAGS_PTR pFlags)
{
    (void)session;
    FAIL_UNLESS(type == CKS_LAST_VALIDATION_OK && pFlags != NULL, CKR_ARGUMENTS_BAD);
    *pFlags = 0;
    return CKR_OK;
}
