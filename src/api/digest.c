/* SPDX-License-Identifier: Apache-2.0 */
/* Message digesting functions (PKCS#11 5.12). */
#include "api/args.h"
#include "api/call.h"
#include "session/digest_key.h"

CK_RV cfr_do_C_DigestInit(struct cfr_session *session, CK_MECHANISM_PTR pMechanism)
{
    return cfr_operation_begin(session, CFR_USE_DIGEST, pMechanism, CK_INVALID_HANDLE);
}

CK_RV cfr_do_C_Digest(struct cfr_session *session, CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pDigest,
                      CK_ULONG_PTR pulDigestLen)
{
    return cfr_operation_once(session, CFR_USE_DIGEST, cfr_input(pData, ulDataLen),
                              &(struct cfr_output){pDigest, pulDigestLen});
}

CK_RV cfr_do_C_DigestUpdate(struct cfr_session *session, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
    return cfr_operation_update(session, CFR_USE_DIGEST, cfr_input(pPart, ulPartLen), NULL);
}

CK_RV cfr_do_C_DigestKey(struct cfr_session *session, CK_OBJECT_HANDLE hKey)
{
    return cfr_digest_key(session, hKey);
}

CK_RV cfr_do_C_DigestFinal(struct cfr_session *session, CK_BYTE_PTR pDigest, CK_ULONG_PTR pulDigestLen)
{
    return cfr_operation_finish(session, CFR_USE_DIGEST, &(struct cfr_output){pDigest, pulDigestLen});
}
