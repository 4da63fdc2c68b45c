/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <math.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void header_print(const struct bench_report *report)
{
    char *machine = bench_report_machine();
    char date[32];
    const time_t now = time(NULL);
    struct tm utc;

    strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &utc));
    printf("- Machine: %s\n- Raw side: %s\n- Date: %s\n", machine, OpenSSL_version(OPENSSL_VERSION), date);
    if (report->mode[0] != '\0') {
        printf("- Run: %s\n", report->mode);
    }
    for (size_t i = 0; i < report->module_count; i++) {
        printf("- %s: %s\n", report->modules[i].name, report->modules[i].description);
    }
    free(machine);
}

static void cell_print(const struct bench_cell *cell, enum bench_unit unit)
{
    char number[32];

    if (!cell->is_possible) {
        printf(" %s |", cell->is_known ? "n/a" : "-");
        return;
    }
    if (unit == BENCH_COUNT) {
        snprintf(number, sizeof(number), "%.0f", cell->value);
    } else {
        bench_report_number(cell->value, number, sizeof(number));
    }
    printf(cell->is_missed ? " **%s** ✗" : " %s", number);
    printf("%s%s%s%s |", cell->is_cpu ? " c" : "", cell->is_uncertain ? " ~" : "",
           cell->note[0] == '\0' ? "" : " ", cell->note);
}

/* Lowest raw time over the modules' runs. */
static void raw_print(const struct bench_cell *cells, size_t count)
{
    double raw_us = (double)NAN;
    char number[32] = "";

    for (size_t i = 0; i < count; i++) {
        raw_us = isnan(raw_us) || cells[i].raw_us < raw_us ? cells[i].raw_us : raw_us;
    }
    if (!isnan(raw_us)) {
        bench_report_number(raw_us, number, sizeof(number));
    }
    printf(" %s |", number);
}

/* Range of raw against raw over the modules' runs. */
static void noise_print(const struct bench_cell *cells, size_t count)
{
    double low = (double)NAN;
    double high = (double)NAN;

    for (size_t i = 0; i < count; i++) {
        low = isnan(low) || cells[i].noise < low ? cells[i].noise : low;
        high = isnan(high) || cells[i].noise > high ? cells[i].noise : high;
    }
    if (isnan(low)) {
        printf(" |");
    } else if (high - low < .005) {
        printf(" %.2f |", low);
    } else {
        printf(" %.2f-%.2f |", low, high);
    }
}

static bool line_print(const struct bench_report *report, const struct bench_row *row,
                       const struct bench_section *section, unsigned long size)
{
    struct bench_cell cells[BENCH_MODULES_MAX];
    bool is_known = false;

    for (size_t i = 0; i < report->module_count; i++) {
        cells[i] = bench_report_cell(report, i, row, size);
        is_known = is_known || cells[i].is_known;
    }
    if (!is_known) {
        return false;
    }
    printf("| %s", row->title);
    if (strchr(row->id, '@') != NULL) {
        printf(", %s = %lu", section->size, size);
    }
    printf(" |");
    raw_print(cells, report->module_count);
    for (size_t i = 0; i < report->module_count; i++) {
        cell_print(&cells[i], row->unit);
    }
    noise_print(cells, report->module_count);
    printf(" %s |\n", row->goal_text);
    return true;
}

static void section_head(const struct bench_report *report, const struct bench_section *section)
{
    printf("\n### %s\n\n| case | raw us |", section->title);
    for (size_t i = 0; i < report->module_count; i++) {
        printf(" %s |", report->modules[i].name);
    }
    printf(" raw/raw | goal |\n|---|---|");
    for (size_t i = 0; i < report->module_count; i++) {
        printf("---|");
    }
    printf("---|---|\n");
}

static bool row_has_figures(const struct bench_report *report, const struct bench_row *row)
{
    unsigned long sizes[BENCH_SIZES_MAX];
    const size_t count = bench_report_sizes(report, row, sizes);

    for (size_t s = 0; s < count; s++) {
        for (size_t i = 0; i < report->module_count; i++) {
            if (bench_report_cell(report, i, row, sizes[s]).is_known) {
                return true;
            }
        }
    }
    return false;
}

static void section_print(const struct bench_report *report, const struct bench_section *section)
{
    unsigned long sizes[BENCH_SIZES_MAX];
    bool has_head = false;

    for (size_t r = 0; r < bench_row_count; r++) {
        const struct bench_row *row = &bench_row_table[r];
        if (strcmp(row->section, section->id) != 0 || !row_has_figures(report, row)) {
            continue;
        }
        if (!has_head) {
            section_head(report, section);
            has_head = true;
        }
        const size_t count = bench_report_sizes(report, row, sizes);
        for (size_t s = 0; s < count; s++) {
            line_print(report, row, section, sizes[s]);
        }
    }
}

/* Reasons behind each "n/a". */
static void missing_print(const struct bench_report *report)
{
    bool has_head = false;

    for (size_t i = 0; i < report->result_count; i++) {
        const struct bench_result *result = &report->results[i];
        if (isnan(result->value)) {
            printf("%s%s %s (%s)", has_head ? "; " : "\nNot available: ", result->module, result->id,
                   result->note);
            has_head = true;
        }
    }
    if (has_head) {
        printf(".\n");
    }
}

static void missed_print(const struct bench_report *report)
{
    size_t missed = 0;

    for (size_t r = 0; r < bench_row_count; r++) {
        unsigned long sizes[BENCH_SIZES_MAX];
        const struct bench_row *row = &bench_row_table[r];
        const size_t count = bench_report_sizes(report, row, sizes);
        for (size_t s = 0; s < count; s++) {
            for (size_t i = 0; i < report->module_count; i++) {
                missed += bench_report_cell(report, i, row, sizes[s]).is_missed;
            }
        }
    }
    printf("\nGoals missed: %zu.\n", missed);
}

void bench_report_markdown(const struct bench_report *report)
{
    header_print(report);
    for (size_t i = 0; i < bench_section_count; i++) {
        section_print(report, &bench_section_table[i]);
    }
    printf(
        "\n**x** ✗ goal missed; c judged by CPU time because of the load; ~ uncertain: raw against raw, or a "
        "second pass, says the machine was too busy; n/a the module cannot; - not measured.\n");
    missing_print(report);
    missed_print(report);
}
