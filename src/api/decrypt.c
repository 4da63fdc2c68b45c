/* SPDX-License-Identifier: Apache-2.0 */
/* Decryption functions (PKCS#11 5.10). */
#include "api/args.h"
#include "api/call.h"

CK_RV cfr_do_C_DecryptInit(struct cfr_session *session, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
    return cfr_operation_begin(session, CFR_USE_DECRYPT, pMechanism, hKey);
}

CK_RV cfr_do_C_Decrypt(struct cfr_session *session, CK_BYTE_PTR pEncryptedData, CK_ULONG ulEncryptedDataLen,
                       CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen)
{
    return cfr_operation_once(session, CFR_USE_DECRYPT, cfr_input(pEncryptedData, ulEncryptedDataLen),
                              &(struct cfr_output){pData, pulDataLen});
}

CK_RV cfr_do_C_DecryptUpdate(struct cfr_session *session, CK_BYTE_PTR pEncryptedPart,
                             CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)
{
    return cfr_operation_update(session, CFR_USE_DECRYPT, cfr_input(pEncryptedPart, ulEncryptedPartLen),
                                &(struct cfr_output){pPart, pulPartLen});
}

CK_RV cfr_do_C_DecryptFinal(struct cfr_session *session, CK_BYTE_PTR pLastPart, CK_ULONG_PTR pulLastPartLen)
{
    return cfr_operation_finish(session, CFR_USE_DECRYPT, &(struct cfr_output){pLastPart, pulLastPartLen});
}
