/* SPDX-License-Identifier: Apache-2.0 */
/* Every C_ function as a row that can be called with a session and nothing else: made from the call table. */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_CALLS_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_CALLS_H

#include "integration/support/client.h"

/** How the call table has a function: see call/call_table.def. */
enum call_kind { CALL_OWN, CALL_LIBRARY, CALL_SESSION, CALL_ABSENT };

struct call_case {
    const char *name;
    enum call_kind kind;
    unsigned since; /**< 0x0228: version 2.40 */
    /** Call it with a session, if it takes one, and with NULL and 0 else. NULL for CALL_OWN. */
    CK_RV (*with)(CK_SESSION_HANDLE session);
};

/** Row by index; NULL at the end. */
const struct call_case *call_case(size_t index);

/** Whether a function's first argument is a session that has to be open. */
bool call_wants_session(const struct call_case *call);

#endif
