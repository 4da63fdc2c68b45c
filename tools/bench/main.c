/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer-bench: measures one PKCS#11 module against libcrypto in the same process, and makes the report.
 * tools/bench/run calls it; README.md says how the figures are made.
 */
#include "bench.h"
#include "report.h"
#include "rows.h"
#include "support.h"
#include "worker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void session_begin(struct bench *b)
{
    b->effort = (struct bench_effort){.seconds = b->options->seconds, .try_count = b->options->try_count};
    bench_module_need(b->options, &b->module);
    b->session = bench_session_open(&b->module);
    bench_login(&b->module, b->session);
    bench_raw_open(&b->raw);
    bench_keys_open(&b->raw, b->options->scratch, &b->keys);
}

static void session_end(struct bench *b)
{
    bench_keys_close(&b->keys);
    bench_raw_close(&b->raw);
    bench_module_close(&b->module);
}

static int verb_setup(const struct bench_options *options)
{
    struct bench b = {.options = options};

    bench_module_setup(options);
    bench_raw_open(&b.raw);
    bench_keys_open(&b.raw, options->scratch, &b.keys);
    session_end(&b);
    return 0;
}

static int verb_describe(const struct bench_options *options)
{
    struct bench_module module;
    char text[64];

    bench_module_need(options, &module);
    bench_module_describe(&module, text, sizeof(text));
    printf("%s\n", text);
    bench_module_close(&module);
    return 0;
}

static int verb_fill(const struct bench_options *options)
{
    struct bench b = {.options = options};

    session_begin(&b);
    bench_fill(&b);
    session_end(&b);
    return 0;
}

static int verb_measure(const struct bench_options *options)
{
    static const struct {
        const char *name;
        void (*run)(struct bench *b);
        bool loads_module;
    } theme_table[] = {
        {"crypto", bench_theme_crypto, true},       {"generate", bench_theme_generate, true},
        {"session", bench_theme_session, true},     {"threads", bench_theme_threads, true},
        {"processes", bench_theme_processes, true}, {"store", bench_theme_store, true},
        {"start", bench_theme_start, false},
    };
    struct bench b = {.options = options};

    for (size_t i = 0; i < sizeof(theme_table) / sizeof(theme_table[0]); i++) {
        if (options->theme != NULL && strcmp(options->theme, theme_table[i].name) == 0) {
            if (theme_table[i].loads_module) {
                session_begin(&b);
            }
            theme_table[i].run(&b);
            session_end(&b);
            return 0;
        }
    }
    bench_die("no theme %s", options->theme == NULL ? "given" : options->theme);
}

static int verb_rows(const struct bench_options *options)
{
    bench_rows_list(options->glob);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(const struct bench_options *options);
    const char *help;
} verb_table[] = {
    {"setup", verb_setup, "make a token with PINs in the environment at hand, and the test keys"},
    {"describe", verb_describe, "print what the module calls itself"},
    {"fill", verb_fill, "put --objects keys into an empty token"},
    {"measure", verb_measure, "measure a --theme: crypto generate session threads processes store start"},
    {"report", bench_report, "print the report from the result files named behind the options"},
    {"rows", verb_rows, "list the ids of the rows that --case selects"},
    {"worker", bench_worker, "(internal) what a fresh process is started for"},
};

enum { VERB_COUNT = sizeof(verb_table) / sizeof(verb_table[0]) };

static void help_print(void)
{
    puts("usage: coffer-bench VERB [OPTION...]");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        printf("  %-14s %s\n", verb_table[i].name, verb_table[i].help);
    }
    puts("options:");
    bench_options_help();
}

int main(int argc, char **argv)
{
    struct bench_options options;

    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; argc > 1 && i < VERB_COUNT; i++) {
        if (strcmp(argv[1], verb_table[i].name) == 0) {
            bench_options_parse(argc, argv, &options);
            return verb_table[i].run(&options);
        }
    }
    help_print();
    return argc > 1 && strcmp(argv[1], "--help") == 0 ? 0 : BENCH_EXIT_FATAL;
}
