/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several threads, each with a session of its own: crypto with one shared token key, and making token keys.
 */
#include "generate.h"
#include "result.h"
#include "support.h"
#include "team.h"
#include "work.h"

#include <stdlib.h>

enum { RAW, MODULE, RAW_AGAIN, SIDES, THREADS_MAX = 8, CREATE_SLICE_NS = 100000000, CREATE_TURNS_MAX = 64 };

struct crypto_thread {
    struct bench_work *work;
    struct bench_side sides[SIDES];
};

/* The working set of one thread: own session, own contexts, the key shared. */
static CK_RV thread_prepare(const struct bench *b, const struct bench_case *c, CK_OBJECT_HANDLE key,
                            struct crypto_thread *ret_thread)
{
    struct bench_work *work = bench_work_open(b, c, bench_session_open(&b->module), key);

    *ret_thread = (struct crypto_thread){
        .work = work,
        .sides = {[RAW] = {.op = c->raw_op, .work = work},
                  [MODULE] = {.op = c->module_op, .work = work},
                  [RAW_AGAIN] = {.op = c->raw_op, .work = work}},
    };
    return bench_work_try(work);
}

static void crypto_measure(const struct bench *b, const char *id, struct crypto_thread *threads, size_t count)
{
    const struct bench_side *sides_of[THREADS_MAX];

    for (size_t i = 0; i < count; i++) {
        sides_of[i] = threads[i].sides;
    }
    struct bench_thread_team *team = bench_thread_team_open(sides_of, count);
    struct bench_rounds *rounds =
        bench_team_run_quiet(&(struct bench_team){.members = bench_thread_team_members(team),
                                                  .member_count = count,
                                                  .side_count = SIDES,
                                                  .slice_ns = bench_team_slice_ns(count)},
                             &b->effort);
    bench_thread_team_close(team);
    if (rounds == NULL) {
        bench_put_missing(b, id, "while measuring", threads[0].work->rv);
    } else {
        bench_put_team(b, id, rounds, MODULE, RAW_AGAIN);
    }
    bench_rounds_free(rounds);
}

static void crypto_run(const struct bench *b, const struct bench_case *c, CK_OBJECT_HANDLE key, size_t count)
{
    struct crypto_thread threads[THREADS_MAX] = {{0}};
    char *stem = bench_text("threads.%s@", c->id);
    char *id = bench_sized(stem, count);
    CK_RV rv = CKR_OK;
    size_t opened = 0;

    while (opened < count && rv == CKR_OK) {
        rv = thread_prepare(b, c, key, &threads[opened++]);
    }
    if (rv != CKR_OK) {
        bench_put_missing(b, id, "first use", rv);
    } else {
        crypto_measure(b, id, threads, count);
    }
    for (size_t i = 0; i < opened; i++) {
        b->module.f->C_CloseSession(threads[i].work->session);
        bench_work_close(threads[i].work);
    }
    free(id);
    free(stem);
}

static void case_run(const struct bench *b, const char *case_id)
{
    static const size_t thread_counts[] = {1, 2, 4, THREADS_MAX};
    const struct bench_case *c = bench_case_find(case_id);
    const struct bench_import import = {.kind = c->key, .is_token = true, .label = c->id};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    char *stem = bench_text("threads.%s@", case_id);
    const bool is_wanted = bench_wants(b, stem);

    free(stem);
    if (!is_wanted || bench_key_import(&b->module, b->session, &b->keys, &import, &key) != CKR_OK) {
        return;
    }
    for (size_t i = 0; i < sizeof(thread_counts) / sizeof(thread_counts[0]); i++) {
        crypto_run(b, c, key, thread_counts[i]);
    }
    bench_rv_need(b->module.f->C_DestroyObject(b->session, key), "C_DestroyObject");
}

/* Median rate of a few slices of all members of a team; 0 when one failed. */
static double create_rate(const struct bench_team *team)
{
    struct bench_rounds *rounds = bench_team_run(team, 0);
    const double rate = rounds == NULL ? 0 : bench_rounds_rate(rounds, 0);

    bench_rounds_free(rounds);
    return rate;
}

/* One thread and all of them take turns, because the disk's pace changes while they are measured. */
static bool create_measure(const struct bench *b, const struct bench_member *members)
{
    const struct bench_team one = {
        .members = members, .member_count = 1, .side_count = 1, .slice_ns = CREATE_SLICE_NS};
    struct bench_team all = one;
    double rates_of_one[CREATE_TURNS_MAX];
    double rates_of_all[CREATE_TURNS_MAX];
    size_t count = 0;
    bool is_good = true;
    const int64_t end_ns = bench_now_ns() + (int64_t)(2e9 * b->effort.seconds);

    all.member_count = THREADS_MAX;
    while (is_good && count < CREATE_TURNS_MAX && (count == 0 || bench_now_ns() < end_ns)) {
        rates_of_one[count] = create_rate(&one);
        rates_of_all[count] = create_rate(&all);
        is_good = rates_of_one[count] > 0 && rates_of_all[count] > 0;
        count++;
    }
    if (is_good) {
        bench_put(b, "threads.create@1", bench_median(rates_of_one, count));
        bench_put(b, "threads.create@8", bench_median(rates_of_all, count));
    }
    return is_good;
}

static void create_run(const struct bench *b)
{
    struct bench_generator *generators[THREADS_MAX] = {NULL};
    struct bench_side sides[THREADS_MAX];
    const struct bench_side *sides_of[THREADS_MAX];

    for (size_t i = 0; i < THREADS_MAX; i++) {
        generators[i] = bench_generator_open(b, bench_session_open(&b->module), BENCH_MAKE_AES, true);
        sides[i] = bench_generator_side(generators[i]);
        sides_of[i] = &sides[i];
    }
    struct bench_thread_team *team = bench_thread_team_open(sides_of, THREADS_MAX);
    if (!create_measure(b, bench_thread_team_members(team))) {
        bench_put_missing(b, "threads.create@1", "C_GenerateKey", bench_generator_rv(generators[0]));
    }
    bench_thread_team_close(team);
    for (size_t i = 0; i < THREADS_MAX; i++) {
        bench_generator_close(generators[i]);
    }
}

void bench_theme_threads(struct bench *b)
{
    static const char *const case_ids[] = {"rsa2048-sign", "ecdsa-p256", "gcm-16", "gcm-4k"};

    for (size_t i = 0; i < sizeof(case_ids) / sizeof(case_ids[0]); i++) {
        case_run(b, case_ids[i]);
    }
    if (bench_wants(b, "threads.create@")) {
        create_run(b);
    }
}
