/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "support.h"

#include <math.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Two passes that differ by more than this are not two digits. */
static const double SPREAD_MAX = .05;

/* The benchmark itself makes a load of 1: above 2, another process has had a core. */
static const double LOAD_MAX = 2;

static size_t module_index(struct bench_report *report, const char *name)
{
    for (size_t i = 0; i < report->module_count; i++) {
        if (strcmp(report->modules[i].name, name) == 0) {
            return i;
        }
    }
    if (report->module_count == BENCH_MODULES_MAX) {
        bench_die("too many modules for one report");
    }
    snprintf(report->modules[report->module_count].name, sizeof(report->modules[0].name), "%s", name);
    return report->module_count++;
}

static void result_add(struct bench_report *report, const struct bench_result *result)
{
    if (report->result_count == report->result_room) {
        report->result_room = report->result_room == 0 ? 256 : report->result_room * 2;
        struct bench_result *grown = reallocarray(report->results, report->result_room, sizeof(*grown));
        if (grown == NULL) {
            bench_die("out of memory");
        }
        report->results = grown;
    }
    report->results[report->result_count++] = *result;
    module_index(report, result->module);
}

/* Lines that begin with "@" come from the script: "@module name text", "@mode text", tabs between. */
static bool remark_add(struct bench_report *report, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    const char *kind = strsep(&line, "\t");
    const char *first = strsep(&line, "\t");

    if (first != NULL && strcmp(kind, "@mode") == 0) {
        snprintf(report->mode, sizeof(report->mode), "%s", first);
    } else if (first != NULL && line != NULL && strcmp(kind, "@module") == 0) {
        const size_t i = module_index(report, first);
        snprintf(report->modules[i].description, sizeof(report->modules[i].description), "%s", line);
    } else {
        return false;
    }
    return true;
}

static void file_read(struct bench_report *report, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[512];

    if (file == NULL) {
        bench_die("cannot read %s", path);
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        struct bench_result result;
        if (line[0] == '@' ? !remark_add(report, line) : !bench_result_parse(line, &result)) {
            bench_die("%s: not a result: %s", path, line);
        }
        if (line[0] != '@') {
            result_add(report, &result);
        }
    }
    fclose(file);
}

/* Values of several passes become one: times and memory the lowest, ratios and rates the mean. */
static double passes_join(const struct bench_row *row, double before, double value, size_t pass_count)
{
    const bool takes_lowest = row->unit == BENCH_US || row->unit == BENCH_MS;

    if (pass_count == 1) {
        return value;
    }
    if (takes_lowest) {
        return value < before ? value : before;
    }
    return before + (value - before) / (double)pass_count;
}

static double farther_from_one(double a, double b)
{
    return isnan(a) || fabs(b - 1) > fabs(a - 1) ? b : a;
}

static void pass_add(const struct bench_row *row, const struct bench_result *pass, struct bench_cell *cell)
{
    cell->is_known = true;
    if (isnan(pass->value)) {
        cell->note = pass->note;
        return;
    }
    cell->is_possible = true;
    cell->pass_count++;
    cell->value = passes_join(row, cell->value, pass->value, cell->pass_count);
    cell->cpu_ratio = passes_join(row, cell->cpu_ratio, pass->cpu_ratio, cell->pass_count);
    cell->raw_us = cell->pass_count == 1 || pass->raw_us < cell->raw_us ? pass->raw_us : cell->raw_us;
    cell->own_us = cell->pass_count == 1 || pass->own_us < cell->own_us ? pass->own_us : cell->own_us;
    cell->noise = farther_from_one(cell->noise, pass->noise);
    cell->cpu_noise = farther_from_one(cell->cpu_noise, pass->cpu_noise);
    cell->load = cell->pass_count == 1 || pass->load > cell->load ? pass->load : cell->load;
    cell->note = strcmp(pass->note, "-") == 0 ? cell->note : pass->note;
}

static struct bench_cell cell_blank(void)
{
    const double none = (double)NAN;

    return (struct bench_cell){.value = none,
                               .wall_value = none,
                               .cpu_ratio = none,
                               .raw_us = none,
                               .own_us = none,
                               .noise = none,
                               .cpu_noise = none,
                               .load = none,
                               .note = ""};
}

static void id_write(const struct bench_row *row, unsigned long size, char *to, size_t len)
{
    if (strchr(row->id, '@') != NULL) {
        snprintf(to, len, "%s%lu", row->id, size);
    } else {
        snprintf(to, len, "%s", row->id);
    }
}

static bool out_of_bounds(double noise)
{
    return noise < BENCH_NOISE_LOW || noise > BENCH_NOISE_HIGH;
}

static struct bench_cell cell_measured(const struct bench_report *report, size_t module,
                                       const struct bench_row *row, unsigned long size)
{
    struct bench_cell cell = cell_blank();
    double lowest = HUGE_VAL;
    double highest = -HUGE_VAL;
    char id[64];

    id_write(row, size, id, sizeof(id));
    for (size_t i = 0; i < report->result_count; i++) {
        const struct bench_result *pass = &report->results[i];
        if (strcmp(pass->id, id) == 0 && strcmp(pass->module, report->modules[module].name) == 0) {
            pass_add(row, pass, &cell);
            lowest = pass->value < lowest ? pass->value : lowest;
            highest = pass->value > highest ? pass->value : highest;
        }
    }
    cell.spread = cell.pass_count > 1 && cell.value > 0 ? (highest - lowest) / cell.value : 0;
    cell.wall_value = cell.value;
    bool is_noisy = out_of_bounds(cell.noise);
    const bool is_one_thread = strcmp(row->section, "crypto") == 0 ||
                               strcmp(row->section, "session-key") == 0 ||
                               strcmp(row->id, "store.sign@") == 0;
    if (cell.is_possible && is_one_thread && !isnan(cell.cpu_ratio) && (is_noisy || cell.load > LOAD_MAX)) {
        cell.is_cpu = true;
        cell.value = cell.cpu_ratio;
        is_noisy = out_of_bounds(cell.cpu_noise);
    }
    cell.is_uncertain = is_noisy || (row->unit == BENCH_RATIO && cell.spread > SPREAD_MAX);
    return cell;
}

/* An operand's id: "x@" takes the size of the row, "x@8" and "x" are what they are. */
static struct bench_cell cell_operand(const struct bench_report *report, size_t module, const char *id,
                                      unsigned long size)
{
    const char *at = strchr(id, '@');
    const unsigned long own = at != NULL && at[1] != '\0' ? strtoul(at + 1, NULL, 10) : size;
    const struct bench_row *row = bench_row_find(id);

    if (row == NULL) {
        bench_die("no row %s", id);
    }
    return cell_measured(report, module, row, own);
}

static struct bench_cell cell_derived(const struct bench_report *report, size_t module,
                                      const struct bench_row *row, unsigned long size)
{
    struct bench_cell cell = cell_blank();
    const struct bench_cell a = cell_operand(report, module, row->a, size);
    const struct bench_cell b = cell_operand(report, module, row->b, size);

    cell.is_known = a.is_known && b.is_known;
    cell.is_possible = a.is_possible && b.is_possible && (row->derived == BENCH_PER_OBJECT || b.value > 0);
    cell.is_uncertain = a.is_uncertain || b.is_uncertain;
    if (cell.is_possible && row->derived == BENCH_A_OVER_B) {
        /* Two ratios are compared by the same clock. */
        cell.is_cpu = a.is_cpu || b.is_cpu;
        cell.value = cell.is_cpu ? a.cpu_ratio / b.cpu_ratio : a.value / b.value;
    } else if (cell.is_possible) {
        cell.value = (a.value - b.value) * 1024 / (double)size; /* operands are in KiB */
    }
    cell.wall_value = cell.value;
    return cell;
}

static bool goal_missed(const struct bench_report *report, const struct bench_row *row, unsigned long size,
                        double value)
{
    const double goal = bench_row_goal(row, size, report->is_openssl_35);
    const bool applies =
        row->goal > 0 || row->goal_large <= 0 || goal > 0; /* some goals bind at 100 000 only */

    switch (row->sense) {
    case BENCH_AT_LEAST:
        return applies && value < goal;
    case BENCH_AT_MOST:
        return applies && value > goal;
    case BENCH_NO_GOAL:
        return false;
    }
    return false;
}

struct bench_cell bench_report_cell(const struct bench_report *report, size_t module,
                                    const struct bench_row *row, unsigned long size)
{
    struct bench_cell cell = row->derived == BENCH_MEASURED ? cell_measured(report, module, row, size)
                                                            : cell_derived(report, module, row, size);
    const bool is_judged =
        report->options->judges_all || strcasecmp(report->modules[module].name, "coffer") == 0;

    cell.is_missed = is_judged && cell.is_possible && goal_missed(report, row, size, cell.value);
    return cell;
}

static int compare_sizes(const void *a, const void *b)
{
    const unsigned long x = *(const unsigned long *)a;
    const unsigned long y = *(const unsigned long *)b;

    return (x > y) - (x < y);
}

size_t bench_report_sizes(const struct bench_report *report, const struct bench_row *row,
                          unsigned long ret_sizes[BENCH_SIZES_MAX])
{
    const char *stem = row->derived == BENCH_MEASURED ? row->id : row->a;
    size_t count = 0;

    ret_sizes[0] = 0;
    if (strchr(row->id, '@') == NULL) {
        return 1;
    }
    for (size_t i = 0; i < report->result_count; i++) {
        const char *id = report->results[i].id;
        if (strncmp(id, stem, strlen(stem)) != 0) {
            continue;
        }
        const unsigned long size = strtoul(id + strlen(stem), NULL, 10);
        const bool is_base = row->derived != BENCH_MEASURED && row->b[0] != '\0' && strcmp(id, row->b) == 0;
        bool is_new = !is_base && count < BENCH_SIZES_MAX;
        for (size_t j = 0; j < count && is_new; j++) {
            is_new = ret_sizes[j] != size;
        }
        if (is_new) {
            ret_sizes[count++] = size;
        }
    }
    qsort(ret_sizes, count, sizeof(ret_sizes[0]), compare_sizes);
    return count;
}

char *bench_report_machine(void)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256];
    char model[128] = "unknown CPU";
    struct utsname system;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            snprintf(model, sizeof(model), "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    uname(&system);
    return bench_text("%s, %ld cores, %s %s %s", model, sysconf(_SC_NPROCESSORS_ONLN), system.sysname,
                      system.release, system.machine);
}

void bench_report_number(double value, char *to, size_t len)
{
    const double size = fabs(value);
    const int digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= .095 ? 2 : size >= .0095 ? 3 : 4;

    snprintf(to, len, "%.*f", value == 0 ? 0 : digits, value);
}

int bench_report(const struct bench_options *options)
{
    struct bench_report report = {.options = options, .is_openssl_35 = OpenSSL_version_num() >= 0x30500000UL};

    for (int i = options->first; i < options->argc; i++) {
        file_read(&report, options->argv[i]);
    }
    if (options->is_json) {
        bench_report_json(&report);
    } else {
        bench_report_markdown(&report);
    }
    free(report.results);
    return 0;
}
