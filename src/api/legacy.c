/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parallel function management functions (PKCS#11 5.20): there has been nothing parallel since version 2.0.
 */
#include "api/call.h"

CK_RV cfr_do_C_GetFunctionStatus(CK_SESSION_HANDLE hSession)
{
    (void)hSession;
    return CKR_FUNCTION_NOT_PARALLEL;
}

CK_RV cfr_do_C_CancelFunction(CK_SESSION_HANDLE hSession)
{
    (void)hSession;
    return CKR_FUNCTION_NOT_PARALLEL;
}
