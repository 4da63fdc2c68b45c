/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/support/process.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

struct tally {
    atomic_uint count;
};

void sleep_ms(unsigned ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep(&pause, &pause) != 0 && errno == EINTR) {
    }
}

pid_t child_start(int (*body)(void *arg), void *arg)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        _exit(body(arg));
    }
    return pid;
}

pid_t child_start_exiting(int (*body)(void *arg), void *arg)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        exit(body(arg));
    }
    return pid;
}

int child_end(pid_t pid)
{
    int status = 0;
    pid_t ended = 0;

    for (unsigned waited = 0; ended == 0; waited += 1) {
        ended = waitpid(pid, &status, WNOHANG);
        if (ended == 0) {
            if (waited == PATIENCE_MS) {
                (void)kill(pid, SIGKILL);
                ck_abort_msg("a child hangs");
            }
            sleep_ms(1);
        }
    }
    ck_assert_int_eq(ended, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int child_run(int (*body)(void *arg), void *arg)
{
    return child_end(child_start(body, arg));
}

struct tally *tally_new(void)
{
    void *memory =
        mmap(NULL, sizeof(struct tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(memory, MAP_FAILED);
    return memory;
}

unsigned tally_get(const struct tally *tally)
{
    return atomic_load(&tally->count);
}

unsigned tally_add(struct tally *tally)
{
    return atomic_fetch_add(&tally->count, 1);
}

void tally_await(const struct tally *tally, unsigned count)
{
    for (unsigned waited = 0; tally_get(tally) < count; waited++) {
        ck_assert_msg(waited < PATIENCE_MS, "%u of %u after %d s", tally_get(tally), count,
                      PATIENCE_MS / 1000);
        sleep_ms(1);
    }
}
