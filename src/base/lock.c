/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct cfr_lock_app app_functions;

#ifndef NDEBUG
static _Thread_local unsigned held_ranks __attribute__((tls_model("initial-exec")));

static void rank_enter(enum cfr_lock_rank rank)
{
    if ((held_ranks >> rank) != 0) {
        dprintf(STDERR_FILENO, "coffer: lock of rank %d taken while ranks %#x are held\n", (int)rank,
                held_ranks);
        abort();
    }
    held_ranks |= 1U << rank;
}

static void rank_leave(enum cfr_lock_rank rank)
{
    held_ranks &= ~(1U << rank);
}
#else
static void rank_enter(enum cfr_lock_rank rank)
{
    (void)rank;
}

static void rank_leave(enum cfr_lock_rank rank)
{
    (void)rank;
}
#endif

void cfr_lock_use_app(const struct cfr_lock_app *app)
{
    app_functions = app == NULL ? (struct cfr_lock_app){0} : *app;
}

CK_RV cfr_lock_init(struct cfr_lock *lock, enum cfr_lock_rank rank)
{
    lock->app = NULL;
    lock->rank = rank;
    if (app_functions.create != NULL) {
        FAIL_UNLESS(app_functions.create(&lock->app) == CKR_OK && lock->app != NULL, CKR_CANT_LOCK);
        return CKR_OK;
    }
    FAIL_UNLESS(pthread_mutex_init(&lock->os, NULL) == 0, CKR_HOST_MEMORY);
    return CKR_OK;
}

void cfr_lock_clear(struct cfr_lock *lock)
{
    if (lock->app != NULL) {
        (void)app_functions.destroy(lock->app);
        lock->app = NULL;
        return;
    }
    (void)pthread_mutex_destroy(&lock->os);
}

void cfr_lock_acquire(struct cfr_lock *lock)
{
    rank_enter(lock->rank);
    if (CFR_UNLIKELY(lock->app != NULL)) {
        (void)app_functions.lock(lock->app);
        return;
    }
    (void)pthread_mutex_lock(&lock->os);
}

void cfr_lock_release(struct cfr_lock *lock)
{
    rank_leave(lock->rank);
    if (CFR_UNLIKELY(lock->app != NULL)) {
        (void)app_functions.unlock(lock->app);
        return;
    }
    (void)pthread_mutex_unlock(&lock->os);
}
