/* SPDX-License-Identifier: Apache-2.0 */
/* C_SessionCancel: which flag cancels what. */
#ifndef CFR_SESSION_CANCEL_H
#define CFR_SESSION_CANCEL_H

#include "base/rv.h"

struct cfr_session;

/**
 * Cancel the operations of a session that @p flags name, CKF_ENCRYPT … CKF_FIND_OBJECTS; each by itself, so
 * that half of a dual-function operation may go on alone. A flag of an operation that is not active, or that
 * has none, is passed over (PKCS#11 5.6.7).
 */
void cfr_session_cancel(struct cfr_session *session, CK_FLAGS flags);

#endif
