/* SPDX-License-Identifier: Apache-2.0 */
/* What a theme is given, and the themes. A theme measures the rows of its name and writes their results. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "keys.h"
#include "module.h"
#include "options.h"
#include "slice.h"

struct bench {
    const struct bench_options *options;
    struct bench_module module;
    CK_SESSION_HANDLE session; /* read/write, the user logged in */
    struct bench_raw raw;
    struct bench_keys keys;
    struct bench_effort effort; /* for each comparison */
};

/** Themes, each in the file of its name. */
void bench_theme_crypto(struct bench *b);
void bench_theme_generate(struct bench *b);
void bench_theme_threads(struct bench *b);
void bench_theme_processes(struct bench *b);
void bench_theme_session(struct bench *b);
void bench_theme_store(struct bench *b);
void bench_theme_start(struct bench *b); /* is given options only: nothing is loaded */

/** Verb "fill": objects into an empty token, and what creating them costs. */
void bench_fill(struct bench *b);

/** Label of the P-256 key that bench_fill() leaves in every token. */
#define BENCH_SIGNER "signer"

/** Label of filler key @p i; the caller frees it. */
char *bench_filler_label(size_t i);

#endif
