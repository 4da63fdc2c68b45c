/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <pthread.h>
#include <sys/uio.h>
#include <unistd.h>

atomic_uint cfr_proc_forks;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int registered_error;

static void on_fork_child(void)
{
    atomic_fetch_add_explicit(&cfr_proc_forks, 1, memory_order_relaxed);
}

static void register_handler(void)
{
    registered_error = pthread_atfork(NULL, NULL, on_fork_child);
}

CK_RV cfr_proc_watch(void)
{
    pthread_once(&once, register_handler);
    FAIL_UNLESS(registered_error == 0, CKR_HOST_MEMORY);
    return CKR_OK;
}

bool cfr_proc_read(uintptr_t address, void *to, size_t len)
{
    struct iovec local = {.iov_base = to, .iov_len = len};
    /* An address that came as a number; the kernel follows it, not we. */
    struct iovec foreign = {.iov_base = (void *)address, .iov_len = len};

    return process_vm_readv(getpid(), &local, 1, &foreign, 1, 0) == (ssize_t)len;
}
