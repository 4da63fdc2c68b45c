/* SPDX-License-Identifier: Apache-2.0 */
#include "slice.h"

#include "support.h"

#include <math.h>
#include <stdlib.h>

enum {
    BATCH_NS = 20000,         /* 2 x 25 ns of clock in 20 us: 0.3 % */
    WARM_UP_NS = 3000000,     /* caches, branch predictors, first-use set-up of a context */
    BATCHES_KEPT_MAX = 65536, /* of each side; more do not move a median */
    BATCH_MAX = 4096,
};

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *values, size_t count)
{
    if (count == 0) {
        return 0;
    }
    qsort(values, count, sizeof(*values), compare_doubles);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void batches_add(struct bench_batches *log, double ns)
{
    if (log->count == BATCHES_KEPT_MAX) {
        return;
    }
    if (log->count == log->room) {
        log->room = log->room == 0 ? 1024 : log->room * 2;
        double *grown = reallocarray(log->ns, log->room, sizeof(*grown));
        if (grown == NULL) {
            bench_die("out of memory");
        }
        log->ns = grown;
    }
    log->ns[log->count++] = ns;
}

static bool batch_run(const struct bench_side *side, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!side->op(side->work)) {
            return false;
        }
    }
    return true;
}

bool bench_slice_run(const struct bench_side *side, int64_t end_ns, size_t batch, struct bench_batches *log,
                     struct bench_slice *ret_slice)
{
    const size_t limit = side->slice_op_max == 0 ? SIZE_MAX : side->slice_op_max;
    const int64_t cpu_before = bench_thread_cpu_ns();
    const int64_t begun = bench_now_ns();
    int64_t now = begun;
    uint64_t done = 0;

    do {
        const int64_t before = now;
        const size_t count = batch < limit - done ? batch : limit - (size_t)done;
        if (!batch_run(side, count)) {
            return false;
        }
        done += count;
        now = bench_now_ns();
        if (log != NULL) {
            batches_add(log, (double)(now - before) / (double)count);
        }
    } while (now < end_ns && done < limit);

    const int64_t cpu_ns = bench_thread_cpu_ns() - cpu_before;
    *ret_slice = (struct bench_slice){.rate = (double)done * 1e9 / (double)(now - begun),
                                      .cpu_rate = (double)done * 1e9 / (double)(cpu_ns > 0 ? cpu_ns : 1),
                                      .op_count = done,
                                      .wall_ns = now - begun};
    return true;
}

bool bench_batch_size(const struct bench_side *side, size_t *ret_batch)
{
    struct bench_slice first;

    if (side->ready != NULL && !side->ready(side->work)) {
        return false;
    }
    if (!bench_slice_run(side, bench_now_ns() + WARM_UP_NS, 1, NULL, &first)) {
        return false;
    }
    const double fit = BATCH_NS * first.rate / 1e9;
    *ret_batch = fit < 1 ? 1 : fit > BATCH_MAX ? BATCH_MAX : (size_t)fit;
    return true;
}

struct bench_rounds *bench_rounds_new(size_t side_count)
{
    struct bench_rounds *rounds = bench_alloc(sizeof(*rounds));

    rounds->side_count = side_count;
    return rounds;
}

struct bench_slice *bench_rounds_add(struct bench_rounds *rounds)
{
    if (rounds->round_count == rounds->room) {
        rounds->room = rounds->room == 0 ? 64 : rounds->room * 2;
        struct bench_slice *grown =
            reallocarray(rounds->slices, rounds->room * rounds->side_count, sizeof(*grown));
        if (grown == NULL) {
            bench_die("out of memory");
        }
        rounds->slices = grown;
    }
    return &rounds->slices[rounds->round_count++ * rounds->side_count];
}

void bench_rounds_free(struct bench_rounds *rounds)
{
    if (rounds != NULL) {
        for (size_t i = 0; i < BENCH_SIDES_MAX; i++) {
            free(rounds->batches[i].ns);
        }
        free(rounds->slices);
        free(rounds);
    }
}

/* One slice of each side, beginning with another side each time so that no side always follows the same. */
static bool round_run(struct bench_rounds *rounds, const struct bench_side *sides, const size_t *batch)
{
    const size_t first = rounds->round_count;
    struct bench_slice *slices = bench_rounds_add(rounds);

    for (size_t i = 0; i < rounds->side_count; i++) {
        const size_t s = (first + i) % rounds->side_count;
        if (sides[s].ready != NULL && !sides[s].ready(sides[s].work)) {
            return false;
        }
        if (!bench_slice_run(&sides[s], bench_now_ns() + BENCH_SLICE_NS, batch[s], &rounds->batches[s],
                             &slices[s])) {
            return false;
        }
    }
    return true;
}

struct bench_rounds *bench_rounds_run(const struct bench_side *sides, size_t side_count, double seconds)
{
    struct bench_rounds *rounds = bench_rounds_new(side_count);
    size_t batch[BENCH_SIDES_MAX] = {0};
    bool is_good = true;

    for (size_t s = 0; s < side_count && is_good; s++) {
        is_good = bench_batch_size(&sides[s], &batch[s]);
    }
    const int64_t end = bench_now_ns() + (int64_t)(seconds * 1e9);
    while (is_good && (rounds->round_count < BENCH_ROUNDS_MIN || bench_now_ns() < end)) {
        is_good = round_run(rounds, sides, batch);
    }
    if (is_good) {
        return rounds;
    }
    bench_rounds_free(rounds);
    return NULL;
}

static double median_of(const struct bench_rounds *rounds,
                        double (*value)(const struct bench_slice *, const struct bench_slice *), size_t side,
                        size_t reference)
{
    double *values = bench_alloc(rounds->round_count * sizeof(*values));

    for (size_t r = 0; r < rounds->round_count; r++) {
        const struct bench_slice *slices = &rounds->slices[r * rounds->side_count];
        values[r] = value(&slices[side], &slices[reference]);
    }
    const double median = bench_median(values, rounds->round_count);
    free(values);
    return median;
}

static double wall_quotient(const struct bench_slice *a, const struct bench_slice *b)
{
    return a->rate / b->rate;
}

static double cpu_quotient(const struct bench_slice *a, const struct bench_slice *b)
{
    return a->cpu_rate / b->cpu_rate;
}

static double own_rate(const struct bench_slice *a, const struct bench_slice *b)
{
    (void)b;
    return a->rate;
}

double bench_rounds_ratio(const struct bench_rounds *rounds, size_t side, size_t reference)
{
    return median_of(rounds, wall_quotient, side, reference);
}

double bench_rounds_cpu_ratio(const struct bench_rounds *rounds, size_t side, size_t reference)
{
    return median_of(rounds, cpu_quotient, side, reference);
}

double bench_rounds_rate(const struct bench_rounds *rounds, size_t side)
{
    return median_of(rounds, own_rate, side, side);
}

double bench_rounds_mean_us(const struct bench_rounds *rounds, size_t side)
{
    double wall_us = 0;
    double count = 0;

    for (size_t r = 0; r < rounds->round_count; r++) {
        const struct bench_slice *slice = &rounds->slices[r * rounds->side_count + side];
        wall_us += (double)slice->wall_ns / 1e3;
        count += (double)slice->op_count;
    }
    return wall_us / count;
}

double bench_rounds_total_ratio(const struct bench_rounds *rounds, size_t side, size_t reference)
{
    return bench_rounds_mean_us(rounds, reference) / bench_rounds_mean_us(rounds, side);
}

double bench_rounds_lowest_us(const struct bench_rounds *rounds, size_t side)
{
    double lowest = HUGE_VAL;

    for (size_t r = 0; r < rounds->round_count; r++) {
        const double us = 1e6 / rounds->slices[r * rounds->side_count + side].rate;
        lowest = us < lowest ? us : lowest;
    }
    return lowest;
}

double bench_rounds_p50_us(const struct bench_rounds *rounds, size_t side)
{
    const struct bench_batches *log = &rounds->batches[side];
    double *values = bench_copy(log->ns, log->count * sizeof(*values));
    const double median = bench_median(values, log->count);

    free(values);
    return median / 1e3;
}

static double unrest(const struct bench_rounds *rounds, size_t again)
{
    return fabs(bench_rounds_ratio(rounds, again, 0) - 1);
}

bool bench_rounds_retry(struct bench_rounds **best, struct bench_rounds *next, size_t again)
{
    if (next == NULL) { /* a failure stays a failure */
        bench_rounds_free(*best);
        *best = NULL;
        return false;
    }
    if (*best == NULL || unrest(next, again) < unrest(*best, again)) {
        bench_rounds_free(*best);
        *best = next;
    } else {
        bench_rounds_free(next);
    }
    const double noise = bench_rounds_ratio(*best, again, 0);
    return noise < BENCH_NOISE_LOW || noise > BENCH_NOISE_HIGH;
}

struct bench_rounds *bench_rounds_run_quiet(const struct bench_side *sides, size_t side_count, size_t again,
                                            const struct bench_effort *effort)
{
    struct bench_rounds *best = NULL;

    for (size_t i = 0; i < effort->try_count; i++) {
        if (!bench_rounds_retry(&best, bench_rounds_run(sides, side_count, effort->seconds), again)) {
            break;
        }
    }
    return best;
}
