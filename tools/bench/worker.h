/* SPDX-License-Identifier: Apache-2.0 */
/* Verb "worker": what a fresh process is started for. Talks in lines on stdin and stdout. */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include "options.h"

/** Run the kind of worker that the first argument behind the options names; returns the exit code. */
int bench_worker(const struct bench_options *options);

#endif
