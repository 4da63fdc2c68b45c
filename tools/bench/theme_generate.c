/* SPDX-License-Identifier: Apache-2.0 */
/* Making and destroying keys, against libcrypto and against what durability alone costs. */
#include "durable.h"
#include "generate.h"
#include "result.h"
#include "support.h"

#include <math.h>
#include <string.h>

enum { RAW, MODULE, RAW_AGAIN, LMDB, SIDES_MAX, RSA_PATIENCE = 4 };

/* One row; lmdb_id: the row that holds the same against a bare LMDB commit, or NULL. */
struct make_row {
    const char *id;
    const char *lmdb_id;
    enum bench_make what;
    enum bench_raw_key raw;
    bool is_token;
    bool destroys;
};

static const struct make_row make_table[] = {
    {"generate.aes-session", NULL, BENCH_MAKE_AES, BENCH_RAW_AES, false, false},
    {"generate.aes-token", "generate.aes-token-lmdb", BENCH_MAKE_AES, BENCH_RAW_AES, true, false},
    {"generate.p256-session", NULL, BENCH_MAKE_P256, BENCH_RAW_P256, false, false},
    {"generate.p256-token", NULL, BENCH_MAKE_P256, BENCH_RAW_P256, true, false},
    {"generate.rsa2048-token", NULL, BENCH_MAKE_RSA2048, BENCH_RAW_RSA2048, true, false},
    {"generate.destroy-session", NULL, BENCH_MAKE_AES, BENCH_RAW_NOTHING, false, true},
    {"generate.destroy-token", NULL, BENCH_MAKE_AES, BENCH_RAW_NOTHING, true, true},
};

static void rounds_put(const struct bench *b, const struct make_row *row, const struct bench_rounds *rounds)
{
    if (row->destroys && !row->is_token) { /* raw would be freeing 32 octets: no ratio */
        bench_put(b, row->id, bench_rounds_p50_us(rounds, MODULE));
        return;
    }
    if (row->what != BENCH_MAKE_RSA2048) {
        bench_put_rounds(b, row->id, rounds, MODULE, RAW_AGAIN);
    } else {
        struct bench_result result = bench_result_blank(row->id);
        result.value = bench_rounds_total_ratio(rounds, MODULE, RAW);
        result.raw_us = bench_rounds_mean_us(rounds, RAW);
        result.own_us = bench_rounds_mean_us(rounds, MODULE);
        bench_put_result(b, &result);
    }
    if (row->lmdb_id != NULL) {
        struct bench_result result = bench_result_blank(row->lmdb_id);
        result.value = bench_rounds_ratio(rounds, MODULE, LMDB);
        result.raw_us = bench_rounds_p50_us(rounds, LMDB);
        result.own_us = bench_rounds_p50_us(rounds, MODULE);
        bench_put_result(b, &result);
    }
}

static void row_run(const struct bench *b, const struct make_row *row)
{
    const bool is_rsa = row->what == BENCH_MAKE_RSA2048;
    struct bench_generator *generator = bench_generator_open(b, b->session, row->what, row->is_token);
    struct bench_durable *raw =
        bench_durable_open(b, row->raw, row->is_token ? BENCH_SYNC_FILE : BENCH_SYNC_NONE);
    struct bench_durable *lmdb =
        row->lmdb_id == NULL ? NULL : bench_durable_open(b, row->raw, BENCH_SYNC_LMDB);
    struct bench_side sides[SIDES_MAX] = {
        [RAW] = bench_durable_side(raw),
        [MODULE] = row->destroys ? bench_generator_destroy_side(generator) : bench_generator_side(generator),
        [RAW_AGAIN] = bench_durable_side(raw),
        [LMDB] = bench_durable_side(lmdb),
    };
    /* The search for primes varies by itself: raw against raw says nothing, more keys do. */
    const size_t side_count = is_rsa ? RAW_AGAIN : lmdb == NULL ? LMDB : SIDES_MAX;
    struct bench_rounds *rounds = is_rsa
                                      ? bench_rounds_run(sides, side_count, b->effort.seconds * RSA_PATIENCE)
                                      : bench_rounds_run_quiet(sides, side_count, RAW_AGAIN, &b->effort);

    if (rounds != NULL) {
        rounds_put(b, row, rounds);
    } else {
        bench_put_missing(b, row->id, "while measuring", bench_generator_rv(generator));
        if (row->lmdb_id != NULL) {
            bench_put_missing(b, row->lmdb_id, "while measuring", bench_generator_rv(generator));
        }
    }
    bench_rounds_free(rounds);
    bench_generator_close(generator);
    bench_durable_close(raw);
    bench_durable_close(lmdb);
}

void bench_theme_generate(struct bench *b)
{
    for (size_t i = 0; i < sizeof(make_table) / sizeof(make_table[0]); i++) {
        const struct make_row *row = &make_table[i];
        if (bench_wants(b, row->id) || (row->lmdb_id != NULL && bench_wants(b, row->lmdb_id))) {
            row_run(b, row);
        }
    }
}
