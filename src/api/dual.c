/* SPDX-License-Identifier: Apache-2.0 */
/* Dual-function cryptographic functions (PKCS#11 5.17). */
#include "session/dual.h"

#include "api/args.h"
#include "api/call.h"

CK_RV cfr_do_C_DigestEncryptUpdate(struct cfr_session *session, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
                                   CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
    return cfr_dual_encrypt(session, CFR_USE_DIGEST, cfr_input(pPart, ulPartLen),
                            &(struct cfr_output){pEncryptedPart, pulEncryptedPartLen});
}

CK_RV cfr_do_C_DecryptDigestUpdate(struct cfr_session *session, CK_BYTE_PTR pEncryptedPart,
                                   CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)
{
    return cfr_dual_decrypt(session, CFR_USE_DIGEST, cfr_input(pEncryptedPart, ulEncryptedPartLen),
                            &(struct cfr_output){pPart, pulPartLen});
}

CK_RV cfr_do_C_SignEncryptUpdate(struct cfr_session *session, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
                                 CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
    return cfr_dual_encrypt(session, CFR_USE_SIGN, cfr_input(pPart, ulPartLen),
                            &(struct cfr_output){pEncryptedPart, pulEncryptedPartLen});
}

CK_RV cfr_do_C_DecryptVerifyUpdate(struct cfr_session *session, CK_BYTE_PTR pEncryptedPart,
                                   CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)
{
    return cfr_dual_decrypt(session, CFR_USE_VERIFY, cfr_input(pEncryptedPart, ulEncryptedPartLen),
                            &(struct cfr_output){pPart, pulPartLen});
}
