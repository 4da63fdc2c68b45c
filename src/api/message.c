/* SPDX-License-Identifier: Apache-2.0 */
/* Message-based encryption, decryption, signing and verification (PKCS#11 5.9, 5.11, 5.14, 5.16). */
#include "session/message.h"

#include "api/args.h"
#include "api/call.h"

CK_RV cfr_do_C_MessageEncryptInit(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                                  CK_OBJECT_HANDLE hKey)
{
    return cfr_message_init(session, CFR_USE_ENCRYPT, pMechanism, hKey);
}

CK_RV cfr_do_C_EncryptMessage(struct cfr_session *session, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                              CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen,
                              CK_BYTE_PTR pPlaintext, CK_ULONG ulPlaintextLen, CK_BYTE_PTR pCiphertext,
                              CK_ULONG_PTR pulCiphertextLen)
{
    struct cfr_message_input input = {cfr_input(pParameter, ulParameterLen),
                                      cfr_input(pAssociatedData, ulAssociatedDataLen),
                                      cfr_input(pPlaintext, ulPlaintextLen)};

    return cfr_message_crypt(session, CFR_USE_ENCRYPT, &input,
                             &(struct cfr_output){pCiphertext, pulCiphertextLen});
}

CK_RV cfr_do_C_EncryptMessageBegin(struct cfr_session *session, CK_VOID_PTR pParameter,
                                   CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
                                   CK_ULONG ulAssociatedDataLen)
{
    struct cfr_message_input input = {cfr_input(pParameter, ulParameterLen),
                                      cfr_input(pAssociatedData, ulAssociatedDataLen), cfr_input(NULL, 0)};

    return cfr_message_crypt_begin(session, CFR_USE_ENCRYPT, &input);
}

CK_RV cfr_do_C_EncryptMessageNext(struct cfr_session *session, CK_VOID_PTR pParameter,
                                  CK_ULONG ulParameterLen, CK_BYTE_PTR pPlaintextPart,
                                  CK_ULONG ulPlaintextPartLen, CK_BYTE_PTR pCiphertextPart,
                                  CK_ULONG_PTR pulCiphertextPartLen, CK_FLAGS flags)
{
    struct cfr_message_input input = {cfr_input(pParameter, ulParameterLen), cfr_input(NULL, 0),
                                      cfr_input(pPlaintextPart, ulPlaintextPartLen)};

    return cfr_message_crypt_next(session, CFR_USE_ENCRYPT, &input,
                                  &(struct cfr_output){pCiphertextPart, pulCiphertextPartLen}, flags);
}

CK_RV cfr_do_C_MessageEncryptFinal(struct cfr_session *session)
{
    return cfr_message_final(session, CFR_USE_ENCRYPT);
}

CK_RV cfr_do_C_MessageDecryptInit(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                                  CK_OBJECT_HANDLE hKey)
{
    return cfr_message_init(session, CFR_USE_DECRYPT, pMechanism, hKey);
}

CK_RV cfr_do_C_DecryptMessage(struct cfr_session *session, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                              CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen,
                              CK_BYTE_PTR pCiphertext, CK_ULONG ulCiphertextLen, CK_BYTE_PTR pPlaintext,
                              CK_ULONG_PTR pulPlaintextLen)
{
    struct cfr_message_input input = {cfr_input(pParameter, ulParameterLen),
                                      cfr_input(pAssociatedData, ulAssociatedDataLen),
                                      cfr_input(pCiphertext, ulCiphertextLen)};

    return cfr_message_crypt(session, CFR_USE_DECRYPT, &input,
                             &(struct cfr_output){pPlaintext, pulPlaintextLen});
}

CK_RV cfr_do_C_DecryptMessageBegin(struct cfr_session *session, CK_VOID_PTR pParameter,
                                   CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
                                   CK_ULONG ulAssociatedDataLen)
{
    struct cfr_message_input input = {cfr_input(pParameter, ulParameterLen),
                                      cfr_input(pAssociatedData, ulAssociatedDataLen), cfr_input(NULL, 0)};

    return cfr_message_crypt_begin(session, CFR_USE_DECRYPT, &input);
}

CK_RV cfr_do_C_DecryptMessageNext(struct cfr_session *session, CK_VOID_PTR pParameter,
                                  CK_ULONG ulParameterLen, CK_BYTE_PTR pCiphertextPart,
                                  CK_ULONG ulCiphertextPartLen, CK_BYTE_PTR pPlaintextPart,
                                  CK_ULONG_PTR pulPlaintextPartLen, CK_FLAGS flags)
{
    struct cfr_message_input input = {cfr_input(pParameter, ulParameterLen), cfr_input(NULL, 0),
                                      cfr_input(pCiphertextPart, ulCiphertextPartLen)};

    return cfr_message_crypt_next(session, CFR_USE_DECRYPT, &input,
                                  &(struct cfr_output){pPlaintextPart, pulPlaintextPartLen}, flags);
}

CK_RV cfr_do_C_MessageDecryptFinal(struct cfr_session *session)
{
    return cfr_message_final(session, CFR_USE_DECRYPT);
}

CK_RV cfr_do_C_MessageSignInit(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                               CK_OBJECT_HANDLE hKey)
{
    return cfr_message_init(session, CFR_USE_SIGN, pMechanism, hKey);
}

CK_RV cfr_do_C_SignMessage(struct cfr_session *session, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                           CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
                           CK_ULONG_PTR pulSignatureLen)
{
    return cfr_message_sign(session, cfr_input(pParameter, ulParameterLen), cfr_input(pData, ulDataLen),
                            &(struct cfr_output){pSignature, pulSignatureLen});
}

CK_RV cfr_do_C_SignMessageBegin(struct cfr_session *session, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen)
{
    return cfr_message_sign_begin(session, CFR_USE_SIGN, cfr_input(pParameter, ulParameterLen));
}

CK_RV cfr_do_C_SignMessageNext(struct cfr_session *session, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                               CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
                               CK_ULONG_PTR pulSignatureLen)
{
    struct cfr_output output = {pSignature, pulSignatureLen};

    return cfr_message_sign_next(session, cfr_input(pParameter, ulParameterLen), cfr_input(pData, ulDataLen),
                                 pulSignatureLen == NULL ? NULL : &output);
}

CK_RV cfr_do_C_MessageSignFinal(struct cfr_session *session)
{
    return cfr_message_final(session, CFR_USE_SIGN);
}

CK_RV cfr_do_C_MessageVerifyInit(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                                 CK_OBJECT_HANDLE hKey)
{
    return cfr_message_init(session, CFR_USE_VERIFY, pMechanism, hKey);
}

CK_RV cfr_do_C_VerifyMessage(struct cfr_session *session, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                             CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
                             CK_ULONG ulSignatureLen)
{
    return cfr_message_verify(session, cfr_input(pParameter, ulParameterLen), cfr_input(pData, ulDataLen),
                              cfr_input(pSignature, ulSignatureLen));
}

CK_RV cfr_do_C_VerifyMessageBegin(struct cfr_session *session, CK_VOID_PTR pParameter,
                                  CK_ULONG ulParameterLen)
{
    return cfr_message_sign_begin(session, CFR_USE_VERIFY, cfr_input(pParameter, ulParameterLen));
}

CK_RV cfr_do_C_VerifyMessageNext(struct cfr_session *session, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                                 CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
                                 CK_ULONG ulSignatureLen)
{
    return cfr_message_verify_next(session, cfr_input(pParameter, ulParameterLen),
                                   cfr_input(pData, ulDataLen), cfr_input(pSignature, ulSignatureLen));
}

CK_RV cfr_do_C_MessageVerifyFinal(struct cfr_session *session)
{
    return cfr_message_final(session, CFR_USE_VERIFY);
}
