/* SPDX-License-Identifier: Apache-2.0 */
/* How long a new object takes until another process sees it. */
#include "child.h"
#include "result.h"
#include "slice.h"
#include "store.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

enum { WORKER_PATIENCE_MS = 120000, SIGHTINGS = 20, WATCH_LEAD_NS = 5000000 };

/* One object: created here, sought there. Negative when it is never seen. */
static double sighting(const struct bench *b, const struct bench_child *watcher, size_t i)
{
    char name[32];
    char line[128] = "";
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    double seen_ns;

    snprintf(name, sizeof(name), "news-%zu", i);
    bench_child_send(watcher, name);
    bench_sleep_until(bench_now_ns() + WATCH_LEAD_NS);
    bench_rv_need(bench_filler_create(b, name, name, &key), "C_CreateObject");
    const double created_ns = (double)bench_now_ns();
    const bool is_seen = bench_child_receive(watcher, line, sizeof(line), WORKER_PATIENCE_MS) &&
                         sscanf(line, "seen %lf", &seen_ns) == 1;
    bench_rv_need(b->module.f->C_DestroyObject(b->session, key), "C_DestroyObject");
    if (!is_seen) {
        return -1;
    }
    return seen_ns > created_ns ? (seen_ns - created_ns) / 1e6 : 0;
}

void bench_store_watch(const struct bench *b)
{
    struct bench_child watcher;
    char line[128] = "no answer";
    double times_ms[SIGHTINGS];
    size_t seen = 0;

    bench_child_start(b->options, "watch", BENCH_SIGNER, NULL, &watcher);
    if (!bench_child_receive(&watcher, line, sizeof(line), WORKER_PATIENCE_MS) ||
        strcmp(line, "ready") != 0) {
        bench_store_put_missing(b, "start.visible@", line, CKR_GENERAL_ERROR);
        bench_child_end(&watcher);
        return;
    }
    for (size_t i = 0; i < SIGHTINGS; i++) {
        const double ms = sighting(b, &watcher, i);
        if (ms >= 0) {
            times_ms[seen++] = ms;
        } else if (seen == 0) {
            break; /* blind for good: no use in waiting for the other nineteen */
        }
    }
    bench_child_end(&watcher);
    if (seen == 0) {
        bench_store_put_missing(b, "start.visible@", "never seen", CKR_GENERAL_ERROR);
    } else {
        bench_store_put(b, "start.visible@", bench_median(times_ms, seen));
    }
}
