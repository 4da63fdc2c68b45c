/* SPDX-License-Identifier: Apache-2.0 */
#include "result.h"

#include "rows.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 10 };

bool bench_wants(const struct bench *b, const char *id)
{
    return bench_row_wanted(id, b->options->glob);
}

char *bench_sized(const char *id, size_t size)
{
    return bench_text("%s%zu", id, size);
}

struct bench_result bench_result_blank(const char *id)
{
    struct bench_result blank = {.value = (double)NAN,
                                 .raw_us = (double)NAN,
                                 .own_us = (double)NAN,
                                 .cpu_ratio = (double)NAN,
                                 .noise = (double)NAN,
                                 .cpu_noise = (double)NAN,
                                 .load = (double)NAN,
                                 .note = "-"};

    snprintf(blank.id, sizeof(blank.id), "%s", id);
    return blank;
}

static void number_put(FILE *to, double value)
{
    if (isnan(value)) {
        fputs("\t-", to);
    } else {
        fprintf(to, "\t%.6g", value);
    }
}

void bench_put_result(const struct bench *b, const struct bench_result *result)
{
    FILE *to = b->options->out == NULL ? stdout : fopen(b->options->out, "ae");

    if (to == NULL) {
        bench_die("cannot write %s", b->options->out);
    }
    if (bench_row_find(result->id) == NULL) {
        bench_die("no row for the result %s", result->id);
    }
    fprintf(to, "%s\t%s", b->options->name, result->id);
    number_put(to, result->value);
    number_put(to, result->raw_us);
    number_put(to, result->own_us);
    number_put(to, result->cpu_ratio);
    number_put(to, result->noise);
    number_put(to, result->cpu_noise);
    number_put(to, bench_load());
    fprintf(to, "\t%s\n", result->note);
    if (to != stdout) {
        fclose(to);
    }
    bench_say("  %-34s %.4g%s%s", result->id, result->value, result->note[0] == '-' ? "" : "  ",
              result->note[0] == '-' ? "" : result->note);
}

void bench_put(const struct bench *b, const char *id, double value)
{
    bench_put_beside(b, id, value, (double)NAN);
}

void bench_put_beside(const struct bench *b, const char *id, double value, double raw_us)
{
    struct bench_result result = bench_result_blank(id);

    result.value = value;
    result.raw_us = raw_us;
    bench_put_result(b, &result);
}

void bench_put_missing(const struct bench *b, const char *id, const char *where, CK_RV rv)
{
    struct bench_result result = bench_result_blank(id);

    snprintf(result.note, sizeof(result.note), "%s: 0x%lx", where, rv);
    bench_put_result(b, &result);
}

void bench_put_rounds(const struct bench *b, const char *id, const struct bench_rounds *rounds, size_t own,
                      size_t again)
{
    struct bench_result result = bench_result_blank(id);

    result.value = bench_rounds_ratio(rounds, own, 0);
    result.cpu_ratio = bench_rounds_cpu_ratio(rounds, own, 0);
    result.noise = bench_rounds_ratio(rounds, again, 0);
    result.cpu_noise = bench_rounds_cpu_ratio(rounds, again, 0);
    result.raw_us = bench_rounds_p50_us(rounds, 0);
    result.own_us = bench_rounds_p50_us(rounds, own);
    bench_put_result(b, &result);
}

void bench_put_team(const struct bench *b, const char *id, const struct bench_rounds *rounds, size_t own,
                    size_t again)
{
    struct bench_result result = bench_result_blank(id);

    result.value = bench_rounds_ratio(rounds, own, 0);
    result.cpu_ratio = bench_rounds_cpu_ratio(rounds, own, 0);
    result.noise = bench_rounds_ratio(rounds, again, 0);
    result.cpu_noise = bench_rounds_cpu_ratio(rounds, again, 0);
    result.raw_us = 1e6 / bench_rounds_rate(rounds, 0);
    result.own_us = 1e6 / bench_rounds_rate(rounds, own);
    bench_put_result(b, &result);
}

static double number_parse(const char *text)
{
    return strcmp(text, "-") == 0 ? (double)NAN : strtod(text, NULL);
}

bool bench_result_parse(char *line, struct bench_result *ret_result)
{
    char *fields[FIELDS];
    size_t count = 0;

    line[strcspn(line, "\n")] = '\0';
    for (char *field = strsep(&line, "\t"); field != NULL && count < FIELDS; field = strsep(&line, "\t")) {
        fields[count++] = field;
    }
    if (count != FIELDS) {
        return false;
    }
    snprintf(ret_result->module, sizeof(ret_result->module), "%s", fields[0]);
    snprintf(ret_result->id, sizeof(ret_result->id), "%s", fields[1]);
    snprintf(ret_result->note, sizeof(ret_result->note), "%s", fields[FIELDS - 1]);
    double *const numbers[] = {&ret_result->value,     &ret_result->raw_us, &ret_result->own_us,
                               &ret_result->cpu_ratio, &ret_result->noise,  &ret_result->cpu_noise,
                               &ret_result->load};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        *numbers[i] = number_parse(fields[i + 2]);
    }
    return true;
}
