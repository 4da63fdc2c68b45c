/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work of an asynchronous session in a thread of its own (PKCS#11 5.21). A job computes and nothing else: it knows no
 * session, token or store, takes no lock, and owns all that it reads. What comes of it is the business of the call
 * that collects it, which also asks the rules again.
 *
 * The thread counts as inside the module, so that C_Finalize and a fork that is kept wait for it; work that can be
 * given up, or rest, says so through cfr_job_progress(). A job belongs to whoever started it until that one collects
 * it, or leaves it: then it ends by itself, and is dropped when somebody comes by.
 */
#ifndef CFR_SESSION_JOB_H
#define CFR_SESSION_JOB_H

#include "base/progress.h"
#include "base/rv.h"

#include <pthread.h>
#include <stdatomic.h>

enum { CFR_JOBS_MAX = 64 /* at once; more are done in the caller's thread */ };

/** The functions that may be pending. */
enum cfr_job_function { CFR_JOB_GENERATE_KEY_PAIR, CFR_JOB_SIGN, CFR_JOB_SIGN_FINAL, CFR_JOB_FUNCTIONS };

/** Begins what a job is embedded in. The owner sets the first members, the rest is job.c's. */
struct cfr_job {
    enum cfr_job_function function;
    CK_RV (*run)(struct cfr_job *job);
    void (*drop)(struct cfr_job *job); /**< frees it, whether it has run or not */
    CK_RV rv;                          /**< what run() came to, once it is done */
    pthread_t thread;
    bool is_joined;
    bool is_left; /**< nobody will collect it */
    atomic_bool is_done;
    atomic_bool is_cancelled;
    struct cfr_job *next;
};

/** Whether the application lets the library have threads: without that there are no asynchronous sessions. */
bool cfr_jobs_are_allowed(void);

/**
 * At C_Initialize and at C_Finalize, and in the child of a fork that does not go on: whether there may be jobs. What is
 * left of the old ones is dropped, in a child forgotten.
 */
void cfr_jobs_up(bool are_allowed);
void cfr_jobs_down(void);
void cfr_jobs_abandon(void);

/** In the child of a fork that is kept: begin again what threads of the parent were at. */
void cfr_jobs_forked(void);

/** Run a job in a thread. CKR_HOST_MEMORY: there is no thread for it, and the caller runs it himself, or drops it. */
NODISCARD CK_RV cfr_job_start(struct cfr_job *job);

/** Whether it has run. Any thread. */
bool cfr_job_is_done(const struct cfr_job *job);

/** Take back a job that is done; it is the caller's alone. */
void cfr_job_collect(struct cfr_job *job);

/** Give up a job that is not wanted any more. NULL is accepted. */
void cfr_job_leave(struct cfr_job *job);

/** Let it end as soon as it can; it still has to be collected or left. */
void cfr_job_cancel(struct cfr_job *job);

/** What run() hands to long work; with NULL for work in the thread of a call. */
struct cfr_progress cfr_job_progress(struct cfr_job *job);

#endif
