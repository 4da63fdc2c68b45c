/* SPDX-License-Identifier: Apache-2.0 */
/* A token with N keys: filling it, creating and destroying in it, using one key among N, disk. */
#include "durable.h"
#include "result.h"
#include "slice.h"
#include "store.h"
#include "support.h"
#include "work.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BURST_MAX = 32,
    FORECAST_AFTER_NS = 5000000,
    FORECAST_AFTER_COUNT = 100,
    RAW = 0,
    MODULE = 1,
    RAW_AGAIN = 2
};

char *bench_filler_label(size_t i)
{
    return bench_text("key-%08zu", i);
}

char *bench_filler_id(size_t i)
{
    return bench_text("id-%08zu", i);
}

void bench_store_put(const struct bench *b, const char *stem, double value)
{
    char *id = bench_sized(stem, b->options->object_count);

    bench_put(b, id, value);
    free(id);
}

void bench_store_put_missing(const struct bench *b, const char *stem, const char *where, CK_RV rv)
{
    char *id = bench_sized(stem, b->options->object_count);

    bench_put_missing(b, id, where, rv);
    free(id);
}

CK_RV bench_filler_create(const struct bench *b, const char *label, const char *id, CK_OBJECT_HANDLE *ret_key)
{
    static CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    static CK_KEY_TYPE key_type = CKK_AES;
    static CK_BBOOL yes = CK_TRUE;
    static CK_BBOOL no = CK_FALSE;
    unsigned char value[BENCH_SECRET_LEN];
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_KEY_TYPE, &key_type, sizeof(key_type)},
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SENSITIVE, &yes, sizeof(yes)},
        {CKA_EXTRACTABLE, &no, sizeof(no)},
        {CKA_ENCRYPT, &yes, sizeof(yes)},
        {CKA_DECRYPT, &yes, sizeof(yes)},
        {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
        {CKA_ID, (void *)(uintptr_t)id, strlen(id)},
        {CKA_VALUE, value, sizeof(value)},
    };

    if (RAND_bytes_ex(b->raw.lib, value, sizeof(value), 0) != 1) {
        bench_die("no random octets");
    }
    return b->module.f->C_CreateObject(b->session, template, sizeof(template) / sizeof(template[0]), ret_key);
}

/* Gives up as soon as the pace so far says that the limit will not hold. */
static void fill_forecast(const struct bench *b, size_t done, int64_t begun_ns)
{
    const int64_t spent_ns = bench_now_ns() - begun_ns;
    const double forecast_s = (double)spent_ns / 1e9 * (double)b->options->object_count / (double)done;

    if (done >= FORECAST_AFTER_COUNT && spent_ns > FORECAST_AFTER_NS &&
        forecast_s > b->options->fill_seconds_max) {
        bench_say("%s: %zu objects would take %.0f s: given up", b->options->name, b->options->object_count,
                  forecast_s);
        exit(BENCH_EXIT_INCOMPLETE);
    }
}

void bench_fill(struct bench *b)
{
    const size_t count = b->options->object_count;
    const struct bench_import signer = {.kind = BENCH_KEY_P256, .is_token = true, .label = BENCH_SIGNER};
    const int64_t begun_ns = bench_now_ns();
    double *times_ms = bench_alloc(count * sizeof(*times_ms));
    CK_OBJECT_HANDLE key;

    bench_rv_need(bench_key_import(&b->module, b->session, &b->keys, &signer, &key), "C_CreateObject");
    for (size_t i = 0; i < count; i++) {
        char *label = bench_filler_label(i);
        char *id = bench_filler_id(i);
        const int64_t before_ns = bench_now_ns();
        bench_rv_need(bench_filler_create(b, label, id, &key), "C_CreateObject");
        times_ms[i] = (double)(bench_now_ns() - before_ns) / 1e6;
        free(label);
        free(id);
        fill_forecast(b, i + 1, begun_ns);
    }
    if (count != 0 && bench_wants(b, "store.fill@")) {
        bench_store_put(b, "store.fill@", bench_median(times_ms, count));
    }
    free(times_ms);
}

/* Creates a burst of keys, or destroys one. */
struct burst {
    const struct bench *b;
    CK_RV rv;
    size_t count;
    CK_OBJECT_HANDLE handles[BURST_MAX];
};

static bool burst_create(void *work)
{
    struct burst *burst = work;
    char name[32];

    snprintf(name, sizeof(name), "burst-%zu", burst->count);
    burst->rv = bench_filler_create(burst->b, name, name, &burst->handles[burst->count]);
    burst->count += burst->rv == CKR_OK;
    return burst->rv == CKR_OK;
}

static bool burst_destroy(void *work)
{
    struct burst *burst = work;

    burst->rv = burst->b->module.f->C_DestroyObject(burst->b->session, burst->handles[--burst->count]);
    return burst->rv == CKR_OK;
}

static bool burst_clear(void *work)
{
    struct burst *burst = work;

    while (burst->count != 0) {
        if (!burst_destroy(burst)) {
            return false;
        }
    }
    return true;
}

static bool burst_refill(void *work)
{
    struct burst *burst = work;

    while (burst->count < BURST_MAX) {
        if (!burst_create(burst)) {
            return false;
        }
    }
    return true;
}

/* Beside a bare LMDB commit, which is the limit of any store that is built on LMDB. */
static void burst_measure(const struct bench *b, const char *stem, bool destroys)
{
    struct burst burst = {.b = b};
    struct bench_durable *lmdb = bench_durable_open(b, BENCH_RAW_NOTHING, BENCH_SYNC_LMDB);
    const struct bench_side sides[] = {
        bench_durable_side(lmdb),
        {.op = destroys ? burst_destroy : burst_create,
         .ready = destroys ? burst_refill : burst_clear,
         .work = &burst,
         .slice_op_max = BURST_MAX},
    };
    struct bench_rounds *rounds = bench_rounds_run(sides, 2, b->effort.seconds);

    if (rounds == NULL) {
        bench_store_put_missing(b, stem, "while measuring", burst.rv);
    } else {
        char *id = bench_sized(stem, b->options->object_count);
        bench_put_beside(b, id, bench_rounds_lowest_us(rounds, MODULE) / 1e3,
                         bench_rounds_lowest_us(rounds, RAW));
        free(id);
    }
    bench_rounds_free(rounds);
    bench_durable_close(lmdb);
    burst_clear(&burst);
}

static void sign_measure(const struct bench *b)
{
    const struct bench_case *c = bench_case_find("ecdsa-p256");
    struct bench_work *work =
        bench_work_open(b, c, b->session, bench_find_label(&b->module, b->session, BENCH_SIGNER));
    const CK_RV rv = bench_work_try(work);
    const struct bench_side sides[] = {
        {.op = c->raw_op, .work = work}, {.op = c->module_op, .work = work}, {.op = c->raw_op, .work = work}};
    struct bench_rounds *rounds =
        rv != CKR_OK ? NULL : bench_rounds_run_quiet(sides, 3, RAW_AGAIN, &b->effort);

    if (rounds == NULL) {
        bench_store_put_missing(b, "store.sign@", "C_Sign", rv != CKR_OK ? rv : work->rv);
    } else {
        char *id = bench_sized("store.sign@", b->options->object_count);
        bench_put_rounds(b, id, rounds, MODULE, RAW_AGAIN);
        free(id);
    }
    bench_rounds_free(rounds);
    bench_work_close(work);
}

void bench_theme_store(struct bench *b)
{
    if (bench_wants(b, "store.disk@") && b->options->store != NULL) {
        bench_store_put(b, "store.disk@", (double)bench_disk_len(b->options->store) / 1024);
    }
    bench_store_find(b);
    if (bench_wants(b, "store.sign@")) {
        sign_measure(b);
    }
    if (bench_wants(b, "start.visible@")) {
        bench_store_watch(b);
    }
    if (bench_wants(b, "store.create@")) {
        burst_measure(b, "store.create@", false);
    }
    if (bench_wants(b, "store.destroy@")) {
        burst_measure(b, "store.destroy@", true);
    }
}
