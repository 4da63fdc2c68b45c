/* SPDX-License-Identifier: Apache-2.0 */
/* Every function of the interface that the module supports, called once. */
#ifndef CFR_TESTS_INTEGRATION_PROCESS_CALLS_H
#define CFR_TESTS_INTEGRATION_PROCESS_CALLS_H

#include "integration/support/client.h"

/** What the calls are about; any of it may be invalid. */
struct call_target {
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key; /**< AES */
    struct key_pair pair; /**< EC */
};

/** Told of each answer. */
typedef void (*call_answer_fn)(const char *call, CK_RV rv);

/**
 * Call everything but C_Initialize, C_Finalize and what gives the function lists, with arguments that are well
 * formed; the sessions of the slot are closed at the end. No Check macros.
 *
 * @return how many calls were made
 */
unsigned call_everything(const struct call_target *target, call_answer_fn answer);

/** How many supported functions the call table has, beside those left out above. */
unsigned call_count(void);

#endif
