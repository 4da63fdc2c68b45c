/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutexes with a rank. Locks are taken in rising rank; a debug build aborts at the first that is not.
 *
 * An application may hand its own mutex functions to C_Initialize (PKCS#11 5.4.1, case 3); locks made after
 * cfr_lock_use_app() are then mutexes of the application. There are no condition variables and no read-write
 * locks, because an application could not supply them.
 */
#ifndef CFR_BASE_LOCK_H
#define CFR_BASE_LOCK_H

#include "base/rv.h"

#include <pthread.h>

/** Order in which a thread may take locks; two locks of one rank are never held together. */
enum cfr_lock_rank {
    CFR_RANK_MODULE = 1,
    CFR_RANK_SESSION,
    CFR_RANK_LOGIN,
    CFR_RANK_TOKEN,
    CFR_RANK_SESSIONS,
    CFR_RANK_STORE
};

/** A mutex. Not recursive. @c app is the application's mutex, or NULL when the system's is used. */
struct cfr_lock {
    pthread_mutex_t os;
    void *app;
    enum cfr_lock_rank rank;
};

/** The application's functions, as CK_C_INITIALIZE_ARGS has them: all four, or all NULL. */
struct cfr_lock_app {
    CK_CREATEMUTEX create;
    CK_DESTROYMUTEX destroy;
    CK_LOCKMUTEX lock;
    CK_UNLOCKMUTEX unlock;
};

/** Which functions locks made from now on use; NULL for the system's. Call it while no lock exists. */
void cfr_lock_use_app(const struct cfr_lock_app *app);

/**
 * Make an unlocked lock in place.
 *
 * @retval CKR_HOST_MEMORY  out of memory
 * @retval CKR_CANT_LOCK    the application's CreateMutex failed
 */
NODISCARD CK_RV cfr_lock_init(struct cfr_lock *lock, enum cfr_lock_rank rank);

/** Unmake it. Nobody holds it. */
void cfr_lock_clear(struct cfr_lock *lock);

void cfr_lock_acquire(struct cfr_lock *lock);
void cfr_lock_release(struct cfr_lock *lock);

/** For AUTO: a held lock that is released on every path out. @c lock may be NULL. */
struct cfr_hold {
    struct cfr_lock *lock;
};

static inline struct cfr_hold cfr_hold_take(struct cfr_lock *lock)
{
    cfr_lock_acquire(lock);
    return (struct cfr_hold){.lock = lock};
}

static inline void cfr_hold_dropp(struct cfr_hold *hold)
{
    if (hold->lock != NULL) {
        cfr_lock_release(hold->lock);
    }
}

#endif
