/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process whose children go on with what it has open: "each process will get its own copy of all session objects,
 * session states, login states, and encryption states", and keeps the handles of token objects (PKCS#11 3.2,
 * CKF_INTERFACE_FORK_SAFE). The option `fork = keep` does the same for the other interfaces.
 */
#ifndef CFR_TESTS_INTEGRATION_PROCESS_KEEP_H
#define CFR_TESTS_INTEGRATION_PROCESS_KEEP_H

#include "integration/process/quiet.h"

/** How it is asked for; most tests are run with each. */
enum { BY_INTERFACE, BY_OPTION, WAYS };

enum { CHILDREN = 4, ROUNDS = 40 };

extern CK_FUNCTION_LIST_3_2 *keep_plain; /**< the functions of the interface without the flag */

/** What keep_begin() has made: a session with the user logged in, and token keys. */
extern CK_SLOT_ID slot;
extern CK_SESSION_HANDLE session;
extern CK_OBJECT_HANDLE aes;
extern struct key_pair ec;

/** Check fixtures. */
void keep_setup(void);
void keep_teardown(void);

/** Initialise, and make the above. */
void keep_begin(int way);

/** Run @p body in several children at once, while the parent does the same, and give the verdict. */
void keep_with_children(int (*body)(void *arg), void *arg);

/** Whether session, login and handles are what they were, and the keys work. Not by two threads at once. */
bool keep_all_works(void);

#endif
