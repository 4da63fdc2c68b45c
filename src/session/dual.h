/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dual-function operations (PKCS#11 5.17): one part through two operations of a session that were begun apart
 * and end apart. Either both take the part, or, for a length query or a buffer that is too small, neither; an
 * error of one leaves the other where it was, unless that has taken the part already and ends too.
 */
#ifndef CFR_SESSION_DUAL_H
#define CFR_SESSION_DUAL_H

#include "session/session.h"

/**
 * Encrypt a part and give it to @p other, CFR_USE_DIGEST or CFR_USE_SIGN. Output may lie over the input.
 *
 * @retval CKR_OPERATION_NOT_INITIALIZED  not both are active; neither changes
 * @retval CKR_BUFFER_TOO_SMALL, CKR_ARGUMENTS_BAD, CKR_USER_NOT_LOGGED_IN, and what the operations return
 */
NODISCARD CK_RV cfr_dual_encrypt(struct cfr_session *session, enum cfr_use other, struct cfr_span in,
                                 const struct cfr_output *out);

/** Decrypt a part and give what comes out to @p other, CFR_USE_DIGEST or CFR_USE_VERIFY. */
NODISCARD CK_RV cfr_dual_decrypt(struct cfr_session *session, enum cfr_use other, struct cfr_span in,
                                 const struct cfr_output *out);

#endif
