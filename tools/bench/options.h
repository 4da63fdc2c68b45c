/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of coffer-bench: one verb, then options that all verbs share. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct bench_options {
    const char *module_path;
    const char *name;        /* column of the report */
    const char *init_string; /* pReserved of C_Initialize; NULL unless --init-string (NSS softoken) */
    const char *scratch;     /* folder for test keys and for the files of the bare-durability baselines */
    const char *store;       /* folder of the module's store, for disk use; NULL: not measured */
    const char *out;         /* results are appended here; NULL: stdout */
    const char *glob;        /* which rows to measure */
    const char *theme;       /* which theme to measure */
    const char *kdf;         /* the module's PIN derivation, e.g. argon2id:65536:3; NULL: unknown */
    double seconds;          /* a case */
    double fill_seconds_max; /* gives up filling a token when it would take longer */
    size_t repeat_count;     /* fresh processes for each figure of a cold start */
    size_t try_count;        /* times that a case is run while raw against raw says the machine is busy */
    size_t start_count;      /* simultaneous starts in the search for failed ones */
    size_t object_count;     /* filler keys in the token at hand */
    bool is_json;            /* report only */
    bool judges_all;         /* report only: mark missed goals in each column, not in Coffer's alone */

    /* For worker processes: what the parent passes on to the fresh process. */
    const char *label;   /* label of the key to find */
    const char *case_id; /* crypto case to serve */

    int argc; /* as main() got them; a worker gets the same and a few more */
    char **argv;
    int first; /* index of the first argument that is not an option */
};

/** Fill in @p ret_options from main()'s arguments; ends the process on a bad one. argv[1] is the verb. */
void bench_options_parse(int argc, char **argv, struct bench_options *ret_options);

/** Print the options and their defaults. */
void bench_options_help(void);

#endif
