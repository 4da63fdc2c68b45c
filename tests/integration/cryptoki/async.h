/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of asynchronous sessions share (5.21). */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_ASYNC_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_ASYNC_H

#include "integration/support/client.h"

enum { SLOW_BITS = 8192, QUICK_BITS = 2048 };

extern CK_SLOT_ID slot;
extern CK_SESSION_HANDLE session; /**< an asynchronous one, after async_start() */

/** A token, an asynchronous session, and the user logged in. */
void async_start(void);

/** Another asynchronous session. */
CK_SESSION_HANDLE open_async(void);

/** C_GenerateKeyPair of RSA keys that sign, labelled "pair". */
CK_RV try_pair(CK_SESSION_HANDLE in, CK_ULONG bits, bool is_token, bool is_private,
               struct key_pair *ret_pair);

/** The same with private token keys, in @c session; it has to be pending. */
void begin_pair(CK_ULONG bits);

/** C_AsyncComplete until it is not CKR_PENDING; the result must not be touched before. */
CK_RV async_complete(CK_SESSION_HANDLE in, const char *function, CK_ASYNC_DATA *data);

#endif
