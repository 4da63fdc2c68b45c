/* SPDX-License-Identifier: Apache-2.0 */
/* Asynchronous function management functions (PKCS#11 5.21). */
#include "session/async.h"

#include "api/args.h"
#include "api/call.h"

CK_RV cfr_do_C_AsyncComplete(struct cfr_session *session, CK_UTF8CHAR_PTR pFunctionName,
                             CK_ASYNC_DATA_PTR pResult)
{
    FAIL_UNLESS(pFunctionName != NULL && pResult != NULL && pResult->ulVersion == 0, CKR_ARGUMENTS_BAD);
    return cfr_async_complete(session, (const char *)pFunctionName, pResult);
}

CK_RV cfr_do_C_AsyncGetID(struct cfr_session *session, CK_UTF8CHAR_PTR pFunctionName, CK_ULONG_PTR pulID)
{
    FAIL_UNLESS(pFunctionName != NULL && pulID != NULL, CKR_ARGUMENTS_BAD);
    return cfr_async_id(session, (const char *)pFunctionName);
}

/* No identifier was ever given out. */
CK_RV cfr_do_C_AsyncJoin(struct cfr_session *session, CK_UTF8CHAR_PTR pFunctionName, CK_ULONG ulID,
                         CK_BYTE_PTR pData, CK_ULONG ulData)
{
    (void)session;
    (void)pData;
    (void)ulData;
    FAIL_UNLESS(pFunctionName != NULL, CKR_ARGUMENTS_BAD);
    return cfr_fail(CKR_SAVED_STATE_INVALID, "there is no asynchronous operation %lu", ulID);
}
