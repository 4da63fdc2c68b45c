/* SPDX-License-Identifier: Apache-2.0 */
/* Functions for verifying signatures and MACs (PKCS#11 5.15). */
#include "api/args.h"
#include "api/call.h"

CK_RV cfr_do_C_VerifyInit(struct cfr_session *session, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
    return cfr_operation_begin(session, CFR_USE_VERIFY, pMechanism, hKey);
}

CK_RV cfr_do_C_Verify(struct cfr_session *session, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
                      CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
    return cfr_operation_verify(session, cfr_input(pData, ulDataLen), cfr_input(pSignature, ulSignatureLen));
}

CK_RV cfr_do_C_VerifyUpdate(struct cfr_session *session, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
    return cfr_operation_update(session, CFR_USE_VERIFY, cfr_input(pPart, ulPartLen), NULL);
}

CK_RV cfr_do_C_VerifyFinal(struct cfr_session *session, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
    return cfr_operation_verify_finish(session, cfr_input(pSignature, ulSignatureLen));
}
