/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From result files to a report: one line for each row, and size where a row has several; one cell a module.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "result.h"
#include "rows.h"

enum { BENCH_MODULES_MAX = 16, BENCH_SIZES_MAX = 16 };

/* What is judged and printed of one figure. */
struct bench_cell {
    bool is_known;     /* measured, or found to be impossible */
    bool is_possible;  /* there is a value */
    bool is_cpu;       /* the value is the ratio by CPU time, because the wall clock was too noisy */
    bool is_uncertain; /* the machine was too busy for two digits */
    bool is_missed;    /* a goal that is judged is missed */
    double value;
    double wall_value;
    double cpu_ratio;
    double raw_us;
    double own_us;
    double noise;
    double cpu_noise;
    double load;
    double spread; /* (highest - lowest) / mean of the passes */
    size_t pass_count;
    const char *note;
};

struct bench_report {
    const struct bench_options *options;
    struct bench_result *results;
    size_t result_count;
    size_t result_room;
    struct {
        char name[32];
        char description[96];
    } modules[BENCH_MODULES_MAX];
    size_t module_count;
    char mode[128]; /* how it was run, in the words of the script */
    bool is_openssl_35;
};

/** One module's figure for a row. @p size: what stands behind "@"; ignored by rows without it. */
struct bench_cell bench_report_cell(const struct bench_report *report, size_t module,
                                    const struct bench_row *row, unsigned long size);

/** The sizes at which a row has figures, ascending; one size 0 for a row without "@". Returns how many. */
size_t bench_report_sizes(const struct bench_report *report, const struct bench_row *row,
                          unsigned long ret_sizes[BENCH_SIZES_MAX]);

/** Processor, cores and kernel that the figures were measured on. The caller frees it. */
char *bench_report_machine(void);

/** A number as the tables print it: two digits where two digits hold. */
void bench_report_number(double value, char *to, size_t len);

void bench_report_markdown(const struct bench_report *report);
void bench_report_json(const struct bench_report *report);

/** Verb "report". */
int bench_report(const struct bench_options *options);

#endif
