/* SPDX-License-Identifier: Apache-2.0 */
/* Fresh processes: this program again, as "coffer-bench worker <kind>", with a pipe to it and one from it. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include "options.h"

#include <sys/types.h>

struct bench_child {
    pid_t pid;
    int to;
    int from;
};

/**
 * Start a worker with the parent's options and, unless NULL, another label and case; dies with the parent.
 */
void bench_child_start(const struct bench_options *options, const char *kind, const char *label,
                       const char *case_id, struct bench_child *ret_child);

/** Send one line. */
bool bench_child_send(const struct bench_child *child, const char *line);

/** Receive one line without its end; false when the worker ends, or says nothing for @p timeout_ms. */
bool bench_child_receive(const struct bench_child *child, char *line, size_t len, int timeout_ms);

/**
 * Close the pipes and wait; a worker that does not end by itself within seconds is killed. One that met a
 * wrong result takes this process with it.
 */
void bench_child_end(struct bench_child *child);

#endif
