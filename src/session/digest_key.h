/* SPDX-License-Identifier: Apache-2.0 */
/* C_DigestKey: the value of a secret key as a part of what is digested. */
#ifndef CFR_SESSION_DIGEST_KEY_H
#define CFR_SESSION_DIGEST_KEY_H

#include "session/session.h"

/**
 * Give the value of a key to the active digest, which from then on ends with the login if the key is private.
 * A key that is refused leaves the digest as it was.
 *
 * @retval CKR_OPERATION_NOT_INITIALIZED  no digest is active
 * @retval CKR_KEY_HANDLE_INVALID, CKR_KEY_INDIGESTIBLE  see cfr_usage_check_digest()
 * @retval CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_digest_key(struct cfr_session *session, CK_OBJECT_HANDLE handle);

#endif
