/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <math.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static void text_print(const char *text)
{
    putchar('"');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            putchar('\\');
        }
        putchar((unsigned char)*at < ' ' ? ' ' : *at);
    }
    putchar('"');
}

static void number_print(const char *name, double value)
{
    if (!isnan(value)) {
        printf(", \"%s\": %.6g", name, value);
    }
}

static void cell_print(const struct bench_report *report, size_t module, const struct bench_cell *cell)
{
    printf("\n      {\"module\": ");
    text_print(report->modules[module].name);
    number_print("value", cell->is_possible ? cell->value : (double)NAN);
    number_print("wall_value", cell->wall_value);
    number_print("cpu_ratio", cell->cpu_ratio);
    number_print("raw_us", cell->raw_us);
    number_print("own_us", cell->own_us);
    number_print("raw_against_raw", cell->noise);
    number_print("raw_against_raw_cpu", cell->cpu_noise);
    number_print("load", cell->load);
    number_print("spread", cell->pass_count > 1 ? cell->spread : (double)NAN);
    if (cell->note[0] != '\0') {
        printf(", \"note\": ");
        text_print(cell->note);
    }
    printf(", \"available\": %s, \"by_cpu_time\": %s, \"uncertain\": %s, \"missed\": %s}",
           cell->is_possible ? "true" : "false", cell->is_cpu ? "true" : "false",
           cell->is_uncertain ? "true" : "false", cell->is_missed ? "true" : "false");
}

static bool line_print(const struct bench_report *report, const struct bench_row *row, unsigned long size,
                       bool is_first)
{
    bool has_cell = false;

    for (size_t i = 0; i < report->module_count; i++) {
        const struct bench_cell cell = bench_report_cell(report, i, row, size);
        if (!cell.is_known) {
            continue;
        }
        if (!has_cell) {
            printf("%s\n    {\"id\": ", is_first ? "" : ",");
            text_print(row->id);
            printf(", \"title\": ");
            text_print(row->title);
            if (strchr(row->id, '@') != NULL) {
                printf(", \"size\": %lu", size);
            }
            if (row->sense != BENCH_NO_GOAL) {
                printf(", \"sense\": \"%s\"", row->sense == BENCH_AT_LEAST ? "at least" : "at most");
                number_print("goal", bench_row_goal(row, size, report->is_openssl_35));
            }
            printf(", \"results\": [");
        }
        printf("%s", has_cell ? "," : "");
        cell_print(report, i, &cell);
        has_cell = true;
    }
    if (has_cell) {
        printf("]}");
    }
    return has_cell;
}

void bench_report_json(const struct bench_report *report)
{
    char *machine = bench_report_machine();
    bool is_first = true;

    printf("{\n  \"machine\": ");
    text_print(machine);
    printf(",\n  \"openssl\": ");
    text_print(OpenSSL_version(OPENSSL_VERSION));
    printf(",\n  \"run\": ");
    text_print(report->mode);
    printf(",\n  \"modules\": [");
    for (size_t i = 0; i < report->module_count; i++) {
        printf("%s\n    {\"name\": ", i == 0 ? "" : ",");
        text_print(report->modules[i].name);
        printf(", \"description\": ");
        text_print(report->modules[i].description);
        printf("}");
    }
    printf("],\n  \"rows\": [");
    for (size_t r = 0; r < bench_row_count; r++) {
        unsigned long sizes[BENCH_SIZES_MAX];
        const size_t count = bench_report_sizes(report, &bench_row_table[r], sizes);
        for (size_t s = 0; s < count; s++) {
            is_first = !line_print(report, &bench_row_table[r], sizes[s], is_first) && is_first;
        }
    }
    printf("]\n}\n");
    free(machine);
}
