/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of a test, and flags that processes share. */
#ifndef CFR_TESTS_INTEGRATION_SUPPORT_PROCESS_H
#define CFR_TESTS_INTEGRATION_SUPPORT_PROCESS_H

#include <sys/types.h>

/** Fork and run @p body in the child, which ends by _exit() with what it returns; the child's pid. */
pid_t child_start(int (*body)(void *arg), void *arg);

/** The same, but the child ends by exit(), with all its handlers. */
pid_t child_start_exiting(int (*body)(void *arg), void *arg);

/** Wait for a child, 60 s at most: its exit code, or minus the signal that ended it. */
int child_end(pid_t pid);

/** child_start() and child_end(). */
int child_run(int (*body)(void *arg), void *arg);

/** A count that processes share, zero at first. */
struct tally;
struct tally *tally_new(void);
unsigned tally_get(const struct tally *tally);

/** Add one; the count before. */
unsigned tally_add(struct tally *tally);

/** Wait until it is @p count or more; 60 s at most, then the test fails. */
void tally_await(const struct tally *tally, unsigned count);

void sleep_ms(unsigned ms);

#endif
