/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theme "start": fresh processes on a token with N keys. The leader itself does not load the module, so that
 * a start is as cold as it can be without emptying the page cache.
 */
#include "child.h"
#include "result.h"
#include "slice.h"
#include "store.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_MAX = 4, WORKER_PATIENCE_MS = 120000, LINE_UP_NS = 5000000 };

/* One group of processes that start at the same moment: when the last was done, and failures. */
struct start_times {
    double done_ms;
    double less_login_ms; /* the longest of (done - C_Login) */
    size_t failed_count;
    char reason[64];
};

static void answer_add(const char *line, struct start_times *times)
{
    double done_ns;
    double login_ns;

    if (sscanf(line, "ok %lf %lf", &done_ns, &login_ns) != 2) {
        times->failed_count++;
        snprintf(times->reason, sizeof(times->reason), "%.63s", line);
        return;
    }
    const double done_ms = done_ns / 1e6;
    const double rest_ms = (done_ns - login_ns) / 1e6;
    times->done_ms = done_ms > times->done_ms ? done_ms : times->done_ms;
    times->less_login_ms = rest_ms > times->less_login_ms ? rest_ms : times->less_login_ms;
}

static struct start_times group_start(const struct bench *b, const char *kind, const char *label,
                                      size_t count)
{
    struct bench_child children[GROUP_MAX];
    struct start_times times = {0};

    for (size_t i = 0; i < count; i++) {
        bench_child_start(b->options, kind, label, NULL, &children[i]);
    }
    bench_sleep_until(bench_now_ns() + LINE_UP_NS); /* let them reach the line */
    for (size_t i = 0; i < count; i++) {
        bench_child_send(&children[i], "");
    }
    for (size_t i = 0; i < count; i++) {
        char line[128] = "no answer";
        bench_child_receive(&children[i], line, sizeof(line), WORKER_PATIENCE_MS);
        answer_add(line, &times);
    }
    for (size_t i = 0; i < count; i++) {
        bench_child_end(&children[i]);
    }
    return times;
}

/* The lowest of --repeats groups. Groups with a failed start are left out. */
static void start_measure(const struct bench *b, const char *kind, size_t count, const char *stem,
                          const char *less_login_stem)
{
    struct start_times best = {.done_ms = 1e18, .less_login_ms = 1e18};
    char reason[64] = "";

    if (!bench_wants(b, stem) && !bench_wants(b, less_login_stem)) {
        return;
    }
    for (size_t i = 0; i < b->options->repeat_count; i++) {
        const bool finds_filler = strcmp(kind, "find") == 0 && b->options->object_count != 0;
        char *label = finds_filler ? bench_filler_label(i * 7919 % b->options->object_count) : NULL;
        const struct start_times times = group_start(b, kind, finds_filler ? label : BENCH_SIGNER, count);
        free(label);
        if (times.failed_count != 0) {
            snprintf(reason, sizeof(reason), "%s", times.reason);
            continue;
        }
        best.done_ms = times.done_ms < best.done_ms ? times.done_ms : best.done_ms;
        best.less_login_ms =
            times.less_login_ms < best.less_login_ms ? times.less_login_ms : best.less_login_ms;
    }
    if (best.done_ms < 1e18) {
        bench_store_put(b, stem, best.done_ms);
        bench_store_put(b, less_login_stem, best.less_login_ms);
    } else {
        bench_store_put_missing(b, stem, reason, CKR_GENERAL_ERROR);
        bench_store_put_missing(b, less_login_stem, reason, CKR_GENERAL_ERROR);
    }
}

static void failures_count(const struct bench *b)
{
    struct bench_result result;
    char reason[64] = "";
    size_t failed = 0;

    for (size_t i = 0; i < b->options->start_count; i++) {
        const struct start_times times = group_start(b, "start", BENCH_SIGNER, GROUP_MAX);
        failed += times.failed_count;
        if (times.failed_count != 0) {
            snprintf(reason, sizeof(reason), ", %.40s", times.reason);
        }
    }
    char *id = bench_sized("start.failed@", b->options->object_count);
    result = bench_result_blank(id);
    result.value = (double)failed;
    snprintf(result.note, sizeof(result.note), "of %zu%.60s", b->options->start_count * GROUP_MAX, reason);
    bench_put_result(b, &result);
    free(id);
}

static void memory_measure(const struct bench *b)
{
    struct bench_child child;
    char line[128] = "no answer";
    double used_kib;
    double listed_kib;
    char *label = b->options->object_count == 0 ? NULL : bench_filler_label(b->options->object_count / 2);

    bench_child_start(b->options, "memory", label == NULL ? BENCH_SIGNER : label, NULL, &child);
    bench_child_receive(&child, line, sizeof(line), WORKER_PATIENCE_MS);
    bench_child_end(&child);
    if (sscanf(line, "ok %lf %lf", &used_kib, &listed_kib) == 2) {
        bench_store_put(b, "store.anon@", used_kib);
        bench_store_put(b, "store.anon-listed@", listed_kib);
    } else {
        bench_store_put_missing(b, "store.anon@", line, CKR_GENERAL_ERROR);
    }
    free(label);
}

void bench_theme_start(struct bench *b)
{
    start_measure(b, "find", 1, "store.first-found@", "store.first-found-less-login@");
    start_measure(b, "start", 1, "start.one@", "start.one-less-login@");
    start_measure(b, "start", GROUP_MAX, "start.four@", "start.four-less-login@");
    if (bench_wants(b, "start.failed@") && b->options->object_count == 0 && b->options->start_count != 0) {
        failures_count(b);
    }
    if (bench_wants(b, "store.anon@") || bench_wants(b, "store.anon-listed@")) {
        memory_measure(b);
    }
}
