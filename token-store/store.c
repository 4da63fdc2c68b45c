/* SPDX-License-Identifier: Apache-2.0 */
/* What is the same for every backend: the retry loop, and what a status means to a caller of PKCS#11. */
#include "token-store/store.h"

#include "base/clock.h"

#include <errno.h>
#include <time.h>

enum {
    RUN_LIMIT_MS = 10000,
    PAUSE_FIRST_US = 50,
    PAUSE_LIMIT_US = 8000 /* about what a durable commit takes on a slow disk */
};

static const struct {
    const char *name;
    CK_RV rv;
} statuses[] = {
    [CFR_STORE_OK] = {"ok", CKR_OK},
    [CFR_STORE_NOTFOUND] = {"not found", CKR_DEVICE_ERROR},
    [CFR_STORE_CONFLICT] = {"conflict", CKR_DEVICE_ERROR},
    [CFR_STORE_UNKNOWN] = {"outcome unknown", CKR_DEVICE_ERROR},
    [CFR_STORE_UNAVAIL] = {"unavailable", CKR_DEVICE_ERROR},
    [CFR_STORE_CORRUPT] = {"corrupt", CKR_DEVICE_ERROR},
    [CFR_STORE_FULL] = {"full", CKR_DEVICE_MEMORY},
    [CFR_STORE_LIMIT] = {"over a limit", CKR_DEVICE_MEMORY},
    [CFR_STORE_INUSE] = {"in use", CKR_CANT_LOCK},
};

const char *cfr_store_status_name(enum cfr_store_status status)
{
    return (size_t)status < sizeof(statuses) / sizeof(statuses[0]) ? statuses[status].name : "invalid status";
}

CK_RV cfr_store_rv(enum cfr_store_status status, const char *what)
{
    CK_RV rv = CKR_GENERAL_ERROR;

    if (status == CFR_STORE_OK) {
        return CKR_OK;
    }
    if ((size_t)status < sizeof(statuses) / sizeof(statuses[0])) {
        rv = statuses[status].rv;
    }
    return cfr_fail(rv, "store: %s: %s", what, cfr_store_status_name(status));
}

/*
 * Between half of @p limit_us and all of it. Two threads or processes that met once must not keep step, which
 * the clock's low digits and the address of a local are enough for; nothing secret hangs on it.
 */
static void pause_about(uint64_t limit_us)
{
    struct timespec now;
    uint64_t mixed;
    uint64_t pause_us;

    clock_gettime(CLOCK_MONOTONIC, &now);
    mixed = ((uint64_t)now.tv_nsec ^ (uint64_t)(uintptr_t)&now) * UINT64_C(0x9E3779B97F4A7C15);
    pause_us = limit_us / 2 + (mixed >> 32) % (limit_us / 2);
    now = (struct timespec){.tv_nsec = (long)(pause_us * 1000)};
    while (nanosleep(&now, &now) != 0 && errno == EINTR) {
    }
}

static CK_RV run_once(struct cfr_store *store, cfr_store_body_fn body, void *arg,
                      enum cfr_store_status *ret_status)
{
    AUTO(store_txn) *txn = NULL;

    TRY(cfr_store_rv(store->ops->begin(store, CFR_STORE_WRITE, &txn), "begin"));
    TRY(body(txn, arg));
    *ret_status = store->ops->commit(MOVE(txn));
    return CKR_OK;
}

CK_RV cfr_store_run(struct cfr_store *store, cfr_store_body_fn body, void *arg)
{
    int64_t give_up_ms = cfr_clock_monotonic_ms() + RUN_LIMIT_MS;
    uint64_t pause_us = PAUSE_FIRST_US;
    enum cfr_store_status status;

    for (;;) {
        TRY(run_once(store, body, arg, &status));
        if (status != CFR_STORE_CONFLICT || cfr_clock_monotonic_ms() >= give_up_ms) {
            return cfr_store_rv(status, "commit");
        }
        pause_about(pause_us);
        pause_us = pause_us * 2 < PAUSE_LIMIT_US ? pause_us * 2 : PAUSE_LIMIT_US;
    }
}
