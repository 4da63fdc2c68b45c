/* SPDX-License-Identifier: Apache-2.0 */
/* Key management functions (PKCS#11 5.18). */
#include "api/args.h"
#include "api/call.h"
#include "session/keys.h"

CK_RV cfr_do_C_GenerateKey(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                           CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phKey)
{
    FAIL_UNLESS(phKey != NULL, CKR_ARGUMENTS_BAD);
    return cfr_keys_generate(session, pMechanism, (struct cfr_given){pTemplate, ulCount}, phKey);
}

CK_RV cfr_do_C_GenerateKeyPair(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                               CK_ATTRIBUTE_PTR pPublicKeyTemplate, CK_ULONG ulPublicKeyAttributeCount,
                               CK_ATTRIBUTE_PTR pPrivateKeyTemplate, CK_ULONG ulPrivateKeyAttributeCount,
                               CK_OBJECT_HANDLE_PTR phPublicKey, CK_OBJECT_HANDLE_PTR phPrivateKey)
{
    FAIL_UNLESS(phPublicKey != NULL && phPrivateKey != NULL, CKR_ARGUMENTS_BAD);
    return cfr_keys_generate_pair(
        session, pMechanism, (struct cfr_given){pPublicKeyTemplate, ulPublicKeyAttributeCount},
        (struct cfr_given){pPrivateKeyTemplate, ulPrivateKeyAttributeCount}, phPublicKey, phPrivateKey);
}

CK_RV cfr_do_C_WrapKey(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                       CK_OBJECT_HANDLE hWrappingKey, CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pWrappedKey,
                       CK_ULONG_PTR pulWrappedKeyLen)
{
    FAIL_UNLESS(pulWrappedKeyLen != NULL, CKR_ARGUMENTS_BAD);
    return cfr_keys_wrap(session, pMechanism, hWrappingKey, hKey, NULL,
                         &(struct cfr_output){pWrappedKey, pulWrappedKeyLen});
}

CK_RV cfr_do_C_UnwrapKey(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                         CK_OBJECT_HANDLE hUnwrappingKey, CK_BYTE_PTR pWrappedKey, CK_ULONG ulWrappedKeyLen,
                         CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount, CK_OBJECT_HANDLE_PTR phKey)
{
    struct cfr_span wrapped;

    FAIL_UNLESS(phKey != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_required(pWrappedKey, ulWrappedKeyLen, &wrapped));
    FAIL_UNLESS(ulWrappedKeyLen <= INT32_MAX, CKR_WRAPPED_KEY_LEN_RANGE);
    return cfr_keys_unwrap(session, pMechanism, hUnwrappingKey, NULL, wrapped,
                           (struct cfr_given){pTemplate, ulAttributeCount}, phKey);
}

CK_RV cfr_do_C_DeriveKey(struct cfr_session *session, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hBaseKey,
                         CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount, CK_OBJECT_HANDLE_PTR phKey)
{
    return cfr_keys_derive(session, pMechanism, hBaseKey, (struct cfr_given){pTemplate, ulAttributeCount},
                           phKey);
}

CK_RV cfr_do_C_WrapKeyAuthenticated(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                                    CK_OBJECT_HANDLE hWrappingKey, CK_OBJECT_HANDLE hKey,
                                    CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen,
                                    CK_BYTE_PTR pWrappedKey, CK_ULONG_PTR pulWrappedKeyLen)
{
    struct cfr_span associated = cfr_input(pAssociatedData, ulAssociatedDataLen);

    FAIL_UNLESS(pulWrappedKeyLen != NULL, CKR_ARGUMENTS_BAD);
    return cfr_keys_wrap(session, pMechanism, hWrappingKey, hKey, &associated,
                         &(struct cfr_output){pWrappedKey, pulWrappedKeyLen});
}

CK_RV cfr_do_C_UnwrapKeyAuthenticated(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                                      CK_OBJECT_HANDLE hUnwrappingKey, CK_BYTE_PTR pWrappedKey,
                                      CK_ULONG ulWrappedKeyLen, CK_ATTRIBUTE_PTR pTemplate,
                                      CK_ULONG ulAttributeCount, CK_BYTE_PTR pAssociatedData,
                                      CK_ULONG ulAssociatedDataLen, CK_OBJECT_HANDLE_PTR phKey)
{
    struct cfr_span associated = cfr_input(pAssociatedData, ulAssociatedDataLen);
    struct cfr_span wrapped;

    FAIL_UNLESS(phKey != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_required(pWrappedKey, ulWrappedKeyLen, &wrapped));
    FAIL_UNLESS(ulWrappedKeyLen <= INT32_MAX, CKR_WRAPPED_KEY_LEN_RANGE);
    return cfr_keys_unwrap(session, pMechanism, hUnwrappingKey, &associated, wrapped,
                           (struct cfr_given){pTemplate, ulAttributeCount}, phKey);
}

CK_RV cfr_do_C_EncapsulateKey(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                              CK_OBJECT_HANDLE hPublicKey, CK_ATTRIBUTE_PTR pTemplate,
                              CK_ULONG ulAttributeCount, CK_BYTE_PTR pCiphertext,
                              CK_ULONG_PTR pulCiphertextLen, CK_OBJECT_HANDLE_PTR phKey)
{
    FAIL_UNLESS(pulCiphertextLen != NULL, CKR_ARGUMENTS_BAD);
    return cfr_keys_encapsulate(session, pMechanism, hPublicKey,
                                (struct cfr_given){pTemplate, ulAttributeCount},
                                &(struct cfr_output){pCiphertext, pulCiphertextLen}, phKey);
}

CK_RV cfr_do_C_DecapsulateKey(struct cfr_session *session, CK_MECHANISM_PTR pMechanism,
                              CK_OBJECT_HANDLE hPrivateKey, CK_ATTRIBUTE_PTR pTemplate,
                              CK_ULONG ulAttributeCount, CK_BYTE_PTR pCiphertext, CK_ULONG ulCiphertextLen,
                              CK_OBJECT_HANDLE_PTR phKey)
{
    struct cfr_span ciphertext;

    FAIL_UNLESS(phKey != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_required(pCiphertext, ulCiphertextLen, &ciphertext));
    return cfr_keys_decapsulate(session, pMechanism, hPrivateKey,
                                (struct cfr_given){pTemplate, ulAttributeCount}, ciphertext, phKey);
}
