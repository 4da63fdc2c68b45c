/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <pthread.h>
#include <sys/uio.h>
#include <unistd.h>

atomic_uint cfr_proc_lives;
atomic_uint cfr_proc_forks;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered_error;
static _Atomic(const struct cfr_proc_keeper *) keeper;

/* Who keeps things whole through the fork that this thread is at; NULL: nobody. */
static _Thread_local const struct cfr_proc_keeper *keeping __attribute__((tls_model("initial-exec")));

static void before_fork(void)
{
    const struct cfr_proc_keeper *candidate = atomic_load(&keeper);

    keeping = candidate != NULL && candidate->prepare() ? candidate : NULL;
}

static void after_fork_in_parent(void)
{
    if (keeping != NULL) {
        keeping->parent();
    }
    keeping = NULL;
}

static void after_fork_in_child(void)
{
    atomic_fetch_add_explicit(&cfr_proc_forks, 1, memory_order_relaxed);
    if (keeping != NULL) {
        keeping->child();
    } else {
        atomic_fetch_add_explicit(&cfr_proc_lives, 1, memory_order_relaxed);
    }
    keeping = NULL;
}

static void register_handlers(void)
{
    registered_error = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

CK_RV cfr_proc_watch(void)
{
    pthread_once(&once, register_handlers);
    FAIL_UNLESS(registered_error == 0, CKR_HOST_MEMORY);
    return CKR_OK;
}

void cfr_proc_keep(const struct cfr_proc_keeper *new_keeper)
{
    atomic_store(&keeper, new_keeper);
}

bool cfr_proc_read(uintptr_t address, void *to, size_t len)
{
    struct iovec local = {.iov_base = to, .iov_len = len};
    /* An address that came as a number; the kernel follows it, not we. */
    struct iovec foreign = {.iov_base = (void *)address, .iov_len = len};

    return process_vm_readv(getpid(), &local, 1, &foreign, 1, 0) == (ssize_t)len;
}
