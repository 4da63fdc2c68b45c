/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption functions (PKCS#11 5.8). */
#include "api/args.h"
#include "api/call.h"

CK_RV cfr_do_C_EncryptInit(struct cfr_session *session, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hKey)
{
    return cfr_operation_begin(session, CFR_USE_ENCRYPT, pMechanism, hKey);
}

CK_RV cfr_do_C_Encrypt(struct cfr_session *session, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
                       CK_BYTE_PTR pEncryptedData, CK_ULONG_PTR pulEncryptedDataLen)
{
    return cfr_operation_once(session, CFR_USE_ENCRYPT, cfr_input(pData, ulDataLen),
                              &(struct cfr_output){pEncryptedData, pulEncryptedDataLen});
}

CK_RV cfr_do_C_EncryptUpdate(struct cfr_session *session, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
                             CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
    return cfr_operation_update(session, CFR_USE_ENCRYPT, cfr_input(pPart, ulPartLen),
                                &(struct cfr_output){pEncryptedPart, pulEncryptedPartLen});
}

CK_RV cfr_do_C_EncryptFinal(struct cfr_session *session, CK_BYTE_PTR pLastEncryptedPart,
                            CK_ULONG_PTR pulLastEncryptedPartLen)
{
    return cfr_operation_finish(session, CFR_USE_ENCRYPT,
                                &(struct cfr_output){pLastEncryptedPart, pulLastEncryptedPartLen});
}
