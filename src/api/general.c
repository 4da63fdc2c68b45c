/* SPDX-License-Identifier: Apache-2.0 */
/* General-purpose functions (PKCS#11 5.4). */
#include "api/args.h"
#include "api/call.h"
#include "coffer/version.h"
#include "crypto/ossl.h"
#include "session/module.h"

/* All four mutex functions or none, and nothing in the reserved member. */
static CK_RV check_init_args(const CK_C_INITIALIZE_ARGS *args)
{
    int given;

    if (args == NULL) {
        return CKR_OK;
    }
    given = (args->CreateMutex != NULL) + (args->DestroyMutex != NULL) + (args->LockMutex != NULL) +
            (args->UnlockMutex != NULL);
    FAIL_UNLESS(given == 0 || given == 4, CKR_ARGUMENTS_BAD);
    FAIL_UNLESS(args->pReserved == NULL, CKR_ARGUMENTS_BAD);
    return CKR_OK;
}

static CK_RV initialize(CK_VOID_PTR pInitArgs, bool fork_safe)
{
    CK_C_INITIALIZE_ARGS args = {0};
    CK_RV rv;

    if (pInitArgs != NULL) {
        args = *(const CK_C_INITIALIZE_ARGS *)pInitArgs;
    }
    rv = check_init_args(pInitArgs == NULL ? NULL : &args);
    if (rv == CKR_OK) {
        bool outer_keeps = cfr_ossl_errors_begin();

        if (!cfr_ossl_is_gone()) {
            cfr_ossl_errors_keep();
        }
        rv = cfr_module_up(pInitArgs == NULL ? NULL : &args, fork_safe);
        cfr_ossl_errors_end(outer_keeps);
    }
    return cfr_call_report(CFR_CALL_C_Initialize, rv);
}

CK_DEFINE_FUNCTION(CK_RV, C_Initialize)(CK_VOID_PTR pInitArgs)
{
    return initialize(pInitArgs, false);
}

CK_RV cfr_initialize_fork_safe(CK_VOID_PTR pInitArgs)
{
    return initialize(pInitArgs, true);
}

CK_DEFINE_FUNCTION(CK_RV, C_Finalize)(CK_VOID_PTR pReserved)
{
    CK_RV rv = CKR_ARGUMENTS_BAD;

    if (pReserved == NULL) {
        rv = cfr_module_down();
    }
    return cfr_call_report(CFR_CALL_C_Finalize, rv);
}

CK_RV cfr_do_C_GetInfo(CK_INFO_PTR pInfo)
{
    FAIL_UNLESS(pInfo != NULL, CKR_ARGUMENTS_BAD);
    memset(pInfo, 0, sizeof(*pInfo));
    pInfo->cryptokiVersion = (CK_VERSION){3, 2};
    cfr_put_padded(pInfo->manufacturerID, sizeof(pInfo->manufacturerID), CFR_MANUFACTURER);
    cfr_put_padded(pInfo->libraryDescription, sizeof(pInfo->libraryDescription),
                   "Coffer cryptographic module");
    pInfo->libraryVersion = (CK_VERSION){COFFER_VERSION_MAJOR, COFFER_VERSION_MINOR};
    return CKR_OK;
}
