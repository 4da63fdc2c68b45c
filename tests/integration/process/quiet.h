/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judgement without Check's macros. Those write to a file of the test with each check: that file may be cut
 * short where a process is killed, and the macros end a process, not a thread. What is found wrong here is
 * kept in memory that processes share, and the test fails at its end.
 */
#ifndef CFR_TESTS_INTEGRATION_PROCESS_QUIET_H
#define CFR_TESTS_INTEGRATION_PROCESS_QUIET_H

#include "integration/support/client.h"

/** Check fixtures: scratch_setup(), the module loaded, and nothing wrong yet; and the end of that. */
void quiet_setup(void);
void quiet_teardown(void);

/** In the test itself: fail it with the first thing that was found wrong. */
void quiet_verdict(void);

/** Note what is wrong, unless something was before. */
void quiet_note(const char *format, ...) __attribute__((format(__printf__, 1, 2)));

/** Whether @p actual is @p expected; notes @p what if not. */
bool quiet_rv(CK_RV expected, CK_RV actual, const char *what);

#define QUIET(rv, call) quiet_rv((rv), (call), #call)

/** Whether @p condition holds; noted if not. */
#define QUIET_TRUE(condition)                                                                                \
    ((condition) ? true : (quiet_note("%s:%d: %s", __FILE__, __LINE__, #condition), false))

/** Whether anything was found wrong so far, by anybody. */
bool quiet_is_wrong(void);

/** Run @p body in a process of its own, as the store's only user may do, and give the verdict. */
void quiet_run(int (*body)(void *arg), void *arg);

/** C_Initialize, a read-write session with a slot, and the normal user logged in. */
bool quiet_ready(CK_SLOT_ID slot, CK_SESSION_HANDLE *ret_session);

/** The one object with a class and a label, or CK_INVALID_HANDLE; two are noted. */
CK_OBJECT_HANDLE quiet_find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label);

/** Whether a key does what it is for. */
bool quiet_aes_works(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key);
bool quiet_pair_works(CK_SESSION_HANDLE session, struct key_pair pair);

#endif
