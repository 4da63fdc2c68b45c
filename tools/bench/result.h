/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One measured figure on its way to the report: a line of tab-separated fields,
 * module, id, value, raw_us, own_us, cpu_ratio, noise, cpu_noise, load, note; "-" stands for an absent field.
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include "bench.h"
#include "slice.h"

#include <stdio.h>

/* Absent numbers are NAN. */
struct bench_result {
    char module[32];
    char id[64];
    double value;     /* in the row's unit; absent: the module cannot, and note says why */
    double raw_us;    /* raw side's time of an operation, p50 */
    double own_us;    /* module's, p50 */
    double cpu_ratio; /* ratio by CPU time */
    double noise;     /* the raw side against itself, in the same rounds */
    double cpu_noise; /* the same by CPU time */
    double load;      /* load average when it was measured */
    char note[96];
};

/** Whether the row of this id, size or not, is asked for. */
bool bench_wants(const struct bench *b, const char *id);

/** Write a plain figure. */
void bench_put(const struct bench *b, const char *id, double value);

/** Write a plain figure with the raw side's time beside it. */
void bench_put_beside(const struct bench *b, const char *id, double value, double raw_us);

/** Write that the module cannot: it shows as n/a. */
void bench_put_missing(const struct bench *b, const char *id, const char *where, CK_RV rv);

/** Write a comparison: side 0 is raw, side @p own the module, side @p again raw once more. */
void bench_put_rounds(const struct bench *b, const char *id, const struct bench_rounds *rounds, size_t own,
                      size_t again);

/** The same for a team: times come from the rate of all members together. */
void bench_put_team(const struct bench *b, const char *id, const struct bench_rounds *rounds, size_t own,
                    size_t again);

/** Write any figure. */
void bench_put_result(const struct bench *b, const struct bench_result *result);

/** An id with a size behind it; the caller frees it. */
char *bench_sized(const char *id, size_t size);

/** Read one line; false when it is not a result. */
bool bench_result_parse(char *line, struct bench_result *ret_result);

/** A result with nothing in it but this id. */
struct bench_result bench_result_blank(const char *id);

#endif
