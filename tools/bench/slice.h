/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slice engine: several sides of a comparison take turns in short slices, so that a neighbour's load
 * falls on all of them alike. A figure is the median over the rounds of a quotient taken within one round.
 */
#ifndef BENCH_SLICE_H
#define BENCH_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_SLICE_NS = 20000000, BENCH_ROUNDS_MIN = 3, BENCH_SIDES_MAX = 5 };

/** What one side does. Nothing here may allocate on behalf of the engine: op is what is measured. */
struct bench_side {
    bool (*op)(void *work);    /* one operation; false: it failed, the reason is in the work */
    bool (*ready)(void *work); /* before each slice, not measured; NULL: nothing to do */
    void *work;
    size_t slice_op_max; /* ends a slice early; 0: time alone does */
};

/** How long a comparison lasts, and how often it may be repeated. */
struct bench_effort {
    double seconds;
    size_t try_count;
};

/** One slice. A team's slice adds up its members. */
struct bench_slice {
    double rate;     /* operations a second of wall time */
    double cpu_rate; /* operations a second of CPU time */
    uint64_t op_count;
    int64_t wall_ns;
};

/** All slices of a run: side s of round r is slices[r * side_count + s]. */
struct bench_rounds {
    size_t side_count;
    size_t round_count;
    size_t room;
    struct bench_slice *slices;
    struct bench_batches {
        double *ns; /* time of an operation, averaged over a batch of them */
        size_t count;
        size_t room;
    } batches[BENCH_SIDES_MAX];
};

/** Run one side until @p end_ns, in batches of @p batch; @p log, if not NULL, gets the time of each batch. */
bool bench_slice_run(const struct bench_side *side, int64_t end_ns, size_t batch, struct bench_batches *log,
                     struct bench_slice *ret_slice);

/** How many operations of @p side fill about 20 us, so that reading the clock costs nothing; warms it up. */
bool bench_batch_size(const struct bench_side *side, size_t *ret_batch);

/**
 * Let the sides take turns for @p seconds, three rounds at least; each round begins with another side.
 *
 * @return NULL when an operation failed; otherwise the caller frees it with bench_rounds_free().
 */
struct bench_rounds *bench_rounds_run(const struct bench_side *sides, size_t side_count, double seconds);

/** Bounds of raw against raw within which a machine counts as quiet. */
#define BENCH_NOISE_LOW  .97
#define BENCH_NOISE_HIGH 1.03

/**
 * Whether to run a comparison once more, waiting for a quieter moment: keeps the quieter of @p *best and
 * @p next, which it takes over, and says true while that is outside the bounds. The choice looks at raw
 * against raw only, never at the module's figure.
 *
 * @param again  side that is raw once more
 */
bool bench_rounds_retry(struct bench_rounds **best, struct bench_rounds *next, size_t again);

/** bench_rounds_run(), up to @p try_count times while the machine is busy. */
struct bench_rounds *bench_rounds_run_quiet(const struct bench_side *sides, size_t side_count, size_t again,
                                            const struct bench_effort *effort);

/** An empty record, for those who make slices in another way, and one more round for it. */
struct bench_rounds *bench_rounds_new(size_t side_count);
struct bench_slice *bench_rounds_add(struct bench_rounds *rounds);
void bench_rounds_free(struct bench_rounds *rounds);

/** Median over the rounds of rate(side) / rate(reference), by wall time and by CPU time. */
double bench_rounds_ratio(const struct bench_rounds *rounds, size_t side, size_t reference);
double bench_rounds_cpu_ratio(const struct bench_rounds *rounds, size_t side, size_t reference);

/** The same from total time: for operations whose own cost varies, such as a search for primes. */
double bench_rounds_total_ratio(const struct bench_rounds *rounds, size_t side, size_t reference);

/** Median time of an operation, the lowest mean of a slice, and the mean over all slices; us. */
double bench_rounds_p50_us(const struct bench_rounds *rounds, size_t side);
double bench_rounds_lowest_us(const struct bench_rounds *rounds, size_t side);
double bench_rounds_mean_us(const struct bench_rounds *rounds, size_t side);

/** Median rate of a side, operations a second. */
double bench_rounds_rate(const struct bench_rounds *rounds, size_t side);

/** Median; sorts @p values. 0 of none. */
double bench_median(double *values, size_t count);

#endif
