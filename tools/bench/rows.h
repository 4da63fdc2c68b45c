/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the report: every figure that is measured or derived, with its unit and its goal. This table is
 * the only place where a goal stands.
 *
 * A row id ends in "@" when the figure is taken at several sizes: objects in the token, threads or processes.
 * The size then follows in a result's id ("store.find-label@10000").
 */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <stdbool.h>
#include <stddef.h>

enum bench_unit {
    BENCH_RATIO, /* module's rate / raw rate */
    BENCH_US,
    BENCH_MS,
    BENCH_OCTETS,
    BENCH_KIB,
    BENCH_MIB,
    BENCH_RATE,     /* a second */
    BENCH_QUOTIENT, /* of two figures of the same module */
    BENCH_COUNT,
};

enum bench_sense { BENCH_NO_GOAL, BENCH_AT_LEAST, BENCH_AT_MOST };

enum bench_derived {
    BENCH_MEASURED,
    BENCH_A_OVER_B,   /* a / b */
    BENCH_PER_OBJECT, /* (a - b) / size */
};

struct bench_row {
    const char *section;
    const char *id;
    const char *title;
    enum bench_unit unit;
    enum bench_sense sense;
    double goal;
    double goal_35;    /* with OpenSSL 3.5 or newer; 0: the same */
    double goal_large; /* at a size of 100 000 or more; 0: the same */
    const char *goal_text;
    enum bench_derived derived;
    const char *a; /* ids of the rows it is derived from; an "@" at the end takes the row's own size */
    const char *b;
};

struct bench_section {
    const char *id;
    const char *title;
    const char *size; /* what the number after "@" counts */
};

extern const struct bench_row bench_row_table[];
extern const size_t bench_row_count;
extern const struct bench_section bench_section_table[];
extern const size_t bench_section_count;

/** The row of a result's id, with or without a size; NULL when there is none. */
const struct bench_row *bench_row_find(const char *id);

/** Whether to measure this row: @p id, without its size, is a row and matches @p glob. */
bool bench_row_wanted(const char *id, const char *glob);

/** Print the ids of all measured rows that match. */
void bench_rows_list(const char *glob);

/** The goal that applies, given the size and the OpenSSL at hand. */
double bench_row_goal(const struct bench_row *row, unsigned long size, bool is_openssl_35);

#endif
