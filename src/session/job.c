/* SPDX-License-Identifier: Apache-2.0 */
#include "session/job.h"

#include "base/fault.h"
#include "base/proc.h"
#include "base/turn.h"
#include "crypto/ossl.h"
#include "session/module.h"

#include <signal.h>

/* Every job that has a thread and was not collected; under the turn, which is held for moments, but at exit. */
static struct {
    struct cfr_turn turn;
    struct cfr_job *first;
    unsigned count;
    uint32_t forks; /* fork count of the process whose threads they are */
    atomic_bool are_allowed;
} jobs;

bool cfr_jobs_are_allowed(void)
{
    return atomic_load(&jobs.are_allowed);
}

static bool go_on_with_job(void *arg)
{
    const struct cfr_job *job = arg;

    cfr_module_rest();
    return !atomic_load(&job->is_cancelled) && !cfr_module_is_closing() && !cfr_ossl_is_gone();
}

static bool go_on_with_call(void *arg)
{
    (void)arg;
    cfr_module_rest();
    return true;
}

struct cfr_progress cfr_job_progress(struct cfr_job *job)
{
    return (struct cfr_progress){job == NULL ? go_on_with_call : go_on_with_job, job};
}

static void *work(void *arg)
{
    struct cfr_job *job = arg;

    job->rv = CKR_FUNCTION_CANCELED;
    if (cfr_module_enter() == CKR_OK) {
        if (!atomic_load(&job->is_cancelled)) {
            job->rv = job->run(job);
        }
        atomic_store_explicit(&job->is_done, true, memory_order_release);
        cfr_module_leave();
    } else {
        atomic_store_explicit(&job->is_done, true, memory_order_release);
    }
    return NULL;
}

/* The host's signals are not for a thread that it does not know. */
static bool start_thread(struct cfr_job *job)
{
    sigset_t all;
    sigset_t old;
    bool started;

    if (cfr_fault_hit(CFR_FAULT_MEMORY)) {
        return false;
    }
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) {
        return false;
    }
    started = pthread_create(&job->thread, NULL, work, job) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return started;
}

static void join_held(struct cfr_job *job)
{
    if (!job->is_joined) {
        (void)pthread_join(job->thread, NULL);
        job->is_joined = true;
    }
}

static void unlink_held(struct cfr_job *job)
{
    struct cfr_job **link = &jobs.first;

    while (*link != job) {
        link = &(*link)->next;
    }
    *link = job->next;
    jobs.count--;
}

/* Drop what was left and is done; when @p all, wait for what is not. */
static void reap_held(bool all)
{
    struct cfr_job *next;

    for (struct cfr_job *job = jobs.first; job != NULL; job = next) {
        next = job->next;
        if (job->is_left && (all || cfr_job_is_done(job))) {
            join_held(job);
            unlink_held(job);
            job->drop(job);
        }
    }
}

CK_RV cfr_job_start(struct cfr_job *job)
{
    bool started = false;

    cfr_turn_take(&jobs.turn);
    reap_held(false);
    job->is_joined = false;
    job->is_left = false;
    if (cfr_jobs_are_allowed() && jobs.count < CFR_JOBS_MAX && !cfr_ossl_is_gone()) {
        started = start_thread(job);
    }
    if (started) {
        job->next = jobs.first;
        jobs.first = job;
        jobs.count++;
    }
    cfr_turn_give(&jobs.turn);
    return started ? CKR_OK : CKR_HOST_MEMORY;
}

bool cfr_job_is_done(const struct cfr_job *job)
{
    return atomic_load_explicit(&job->is_done, memory_order_acquire);
}

void cfr_job_collect(struct cfr_job *job)
{
    cfr_turn_take(&jobs.turn);
    join_held(job);
    unlink_held(job);
    cfr_turn_give(&jobs.turn);
}

void cfr_job_cancel(struct cfr_job *job)
{
    atomic_store(&job->is_cancelled, true);
}

void cfr_job_leave(struct cfr_job *job)
{
    if (job == NULL) {
        return;
    }
    cfr_job_cancel(job);
    cfr_turn_take(&jobs.turn);
    job->is_left = true;
    reap_held(false);
    cfr_turn_give(&jobs.turn);
}

/*
 * The process exits, or libcrypto is unloaded: what it is about to free must not be in use. libcrypto frees something
 * when a thread ends, too.
 */
static void end_before_libcrypto(void)
{
    if (jobs.forks != cfr_proc_fork_count()) {
        return;
    }
    cfr_turn_take(&jobs.turn);
    for (struct cfr_job *job = jobs.first; job != NULL; job = job->next) {
        cfr_job_cancel(job);
    }
    for (struct cfr_job *job = jobs.first; job != NULL; job = job->next) {
        join_held(job);
    }
    cfr_turn_give(&jobs.turn);
}

void cfr_jobs_up(bool are_allowed)
{
    cfr_ossl_on_cleanup(end_before_libcrypto);
    jobs.forks = cfr_proc_fork_count();
    atomic_store(&jobs.are_allowed, are_allowed);
}

void cfr_jobs_down(void)
{
    atomic_store(&jobs.are_allowed, false);
    cfr_turn_take(&jobs.turn);
    reap_held(true);
    cfr_turn_give(&jobs.turn);
}

void cfr_jobs_abandon(void)
{
    jobs.first = NULL;
    jobs.count = 0;
    atomic_store(&jobs.are_allowed, false);
}

void cfr_jobs_forked(void)
{
    for (struct cfr_job *job = jobs.first; job != NULL; job = job->next) {
        job->is_joined = true;
        if (cfr_job_is_done(job)) {
            continue;
        }
        job->is_joined = !start_thread(job);
        if (job->is_joined) {
            job->rv = CKR_FUNCTION_CANCELED;
            atomic_store(&job->is_done, true);
        }
    }
    jobs.forks = cfr_proc_fork_count();
}
