/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "support.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum option_kind { TEXT, NUMBER, COUNT, FLAG };

/* Every option. where: offset of its field; help: one line. */
struct option_row {
    const char *name;
    enum option_kind kind;
    size_t where;
    const char *help;
};

#define FIELD(field) offsetof(struct bench_options, field)

/* clang-format off */
static const struct option_row option_table[] = {
    {"module",       TEXT,   FIELD(module_path),      "PKCS#11 module to load"},
    {"name",         TEXT,   FIELD(name),             "its name in the report"},
    {"init-string",  TEXT,   FIELD(init_string),      "pReserved of C_Initialize (NSS softoken's configuration)"},
    {"scratch",      TEXT,   FIELD(scratch),          "folder for test keys and baseline files"},
    {"store",        TEXT,   FIELD(store),            "folder of the module's store, for disk use"},
    {"out",          TEXT,   FIELD(out),              "append results to this file instead of stdout"},
    {"case",         TEXT,   FIELD(glob),             "measure only the rows that match this pattern"},
    {"theme",        TEXT,   FIELD(theme),            "measure only this theme"},
    {"kdf",          TEXT,   FIELD(kdf),              "the module's PIN derivation: argon2id:<KiB>:<passes>, pbkdf2:<rounds>"},
    {"seconds",      NUMBER, FIELD(seconds),          "for each case (1)"},
    {"fill-limit",   NUMBER, FIELD(fill_seconds_max), "seconds that filling a token may take (600)"},
    {"repeats",      COUNT,  FIELD(repeat_count),     "fresh processes for each cold-start figure (5)"},
    {"tries",       COUNT,  FIELD(try_count),        "runs of a case while raw against raw leaves .97-1.03 (1)"},
    {"starts",       COUNT,  FIELD(start_count),      "simultaneous starts when looking for failed ones (100)"},
    {"objects",      COUNT,  FIELD(object_count),     "filler keys in the token (0)"},
    {"json",         FLAG,   FIELD(is_json),          "report: JSON instead of Markdown"},
    {"judge-all",    FLAG,   FIELD(judges_all),       "report: mark missed goals in every column"},
    {"label",        TEXT,   FIELD(label),            "worker: the key to find"},
    {"case-id",      TEXT,   FIELD(case_id),          "worker: the crypto case to serve"},
};
/* clang-format on */

enum { OPTION_COUNT = sizeof(option_table) / sizeof(option_table[0]) };

static double number_parse(const char *name, const char *text)
{
    char *end = NULL;
    const double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= 0 && value < 1e9)) {
        bench_die("--%s: not a number: %s", name, text);
    }
    return value;
}

static void option_set(const struct option_row *row, const char *text, struct bench_options *options)
{
    void *field = (char *)options + row->where;

    switch (row->kind) {
    case TEXT:
        *(const char **)field = text;
        break;
    case NUMBER:
        *(double *)field = number_parse(row->name, text);
        break;
    case COUNT:
        *(size_t *)field = (size_t)number_parse(row->name, text);
        break;
    case FLAG:
        *(bool *)field = true;
        break;
    }
}

void bench_options_parse(int argc, char **argv, struct bench_options *ret_options)
{
    struct option known[OPTION_COUNT + 1] = {{0}};
    int index = 0;
    int got;

    *ret_options = (struct bench_options){.name = "module",
                                          .scratch = ".",
                                          .glob = "*",
                                          .seconds = 1,
                                          .fill_seconds_max = 600,
                                          .repeat_count = 5,
                                          .start_count = 100,
                                          .try_count = 1,
                                          .argc = argc,
                                          .argv = argv};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        known[i].name = option_table[i].name;
        known[i].has_arg = option_table[i].kind == FLAG ? no_argument : required_argument;
    }
    optind = 2;
    while ((got = getopt_long(argc, argv, "", known, &index)) != -1) {
        if (got != 0) {
            exit(BENCH_EXIT_FATAL);
        }
        option_set(&option_table[index], optarg, ret_options);
    }
    ret_options->first = optind;
}

void bench_options_help(void)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        printf("  --%-12s %s\n", option_table[i].name, option_table[i].help);
    }
}
