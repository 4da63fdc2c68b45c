/* SPDX-License-Identifier: Apache-2.0 */
/* Signing and MACing functions (PKCS#11 5.13). */
#include "api/args.h"
#include "api/call.h"
#include "session/async.h"

CK_RV cfr_do_C_SignInit(struct cfr_session *session, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
    return cfr_operation_begin(session, CFR_USE_SIGN, pMechanism, hKey);
}

CK_RV cfr_do_C_Sign(struct cfr_session *session, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
                    CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
    struct cfr_span data = cfr_input(pData, ulDataLen);

    return cfr_async_sign(session, &data, &(struct cfr_output){pSignature, pulSignatureLen});
}

CK_RV cfr_do_C_SignUpdate(struct cfr_session *session, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
    return cfr_operation_update(session, CFR_USE_SIGN, cfr_input(pPart, ulPartLen), NULL);
}

CK_RV cfr_do_C_SignFinal(struct cfr_session *session, CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
    return cfr_async_sign(session, NULL, &(struct cfr_output){pSignature, pulSignatureLen});
}

CK_RV cfr_do_C_SignRecoverInit(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                               CK_OBJECT_HANDLE hKey)
{
    return cfr_operation_begin(session, CFR_USE_SIGN_RECOVER, pMechanism, hKey);
}

CK_RV cfr_do_C_SignRecover(struct cfr_session *session, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
                           CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
    return cfr_operation_once(session, CFR_USE_SIGN_RECOVER, cfr_input(pData, ulDataLen),
                              &(struct cfr_output){pSignature, pulSignatureLen});
}
