/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/base/harness.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Tests ask for absurd amounts of memory and expect NULL, as an allocator without a sanitizer answers. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1:die_after_fork=0";
}

/* Present in a coverage build only: children leave through _exit(), which would lose their counts. */
extern void __gcov_dump(void) __attribute__((weak));

void harness_assert_rv(CK_RV got, CK_RV want, const char *call, const char *file, int line)
{
    const struct cfr_note *note = cfr_note_last();

    if (got != want) {
        ck_abort_msg("%s:%d: %s gave 0x%lx and not 0x%lx; note: %s:%d: %s", file, line, call, got, want,
                     note->file == NULL ? "-" : note->file, note->line,
                     note->file == NULL ? "-" : note->words);
    }
}

void harness_assert_span(struct cfr_span got, struct cfr_span want, const char *what, const char *file,
                         int line)
{
    size_t at = 0;

    while (at < got.len && at < want.len && got.ptr[at] == want.ptr[at]) {
        at++;
    }
    if (at < got.len && at < want.len) {
        ck_abort_msg("%s:%d: %s: octet %zu is %02x and not %02x", file, line, what, at, got.ptr[at],
                     want.ptr[at]);
    }
    if (got.len != want.len) {
        ck_abort_msg("%s:%d: %s: %zu octets and not %zu", file, line, what, got.len, want.len);
    }
}

/* xorshift64*; quality does not matter here, repeatability does. */
static uint64_t random_state = 0x9e3779b97f4a7c15ULL;

static uint64_t next_random(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1dULL;
}

void harness_fill(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(next_random() >> 56);
    }
}

uint32_t harness_number(uint32_t below)
{
    return (uint32_t)(next_random() >> 32) % below;
}

static void run_child(harness_child_fn body, void *arg, bool is_quiet)
{
    int null_fd = is_quiet ? open("/dev/null", O_WRONLY) : -1;
    int code;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    (void)alarm(30);
    if (null_fd >= 0) {
        (void)dup2(null_fd, STDERR_FILENO);
    }
    /* A sanitizer turns these into an exit code; here the signal is what is looked for. */
    (void)signal(SIGSEGV, SIG_DFL);
    (void)signal(SIGBUS, SIG_DFL);
    (void)signal(SIGABRT, SIG_DFL);
    code = body(arg);
    if (__gcov_dump != NULL) {
        __gcov_dump();
    }
    _exit(code);
}

static int wait_for_child(harness_child_fn body, void *arg, bool is_quiet)
{
    int status = 0;
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        run_child(body, arg, is_quiet);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

int harness_child(harness_child_fn body, void *arg)
{
    int status = wait_for_child(body, arg, false);

    ck_assert_msg(WIFEXITED(status), "the child was ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

void harness_child_dies(harness_child_fn body, void *arg, int signal_number)
{
    int status = wait_for_child(body, arg, true);

    ck_assert_msg(WIFSIGNALED(status), "the child lived and ended with code %d", WEXITSTATUS(status));
    ck_assert_int_eq(WTERMSIG(status), signal_number);
}

struct thread {
    pthread_t id;
    unsigned index;
    pthread_barrier_t *start;
    harness_thread_fn body;
    void *arg;
};

static void *run_thread(void *arg)
{
    struct thread *thread = arg;

    (void)pthread_barrier_wait(thread->start);
    thread->body(thread->index, thread->arg);
    return NULL;
}

void harness_threads(unsigned count, harness_thread_fn body, void *arg)
{
    static struct thread threads[HARNESS_THREADS_MAX];
    pthread_barrier_t start;

    ck_assert_uint_le(count, HARNESS_THREADS_MAX);
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, count), 0);
    for (unsigned i = 0; i < count; i++) {
        threads[i] = (struct thread){.index = i, .start = &start, .body = body, .arg = arg};
        ck_assert_int_eq(pthread_create(&threads[i].id, NULL, run_thread, &threads[i]), 0);
    }
    for (unsigned i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_join(threads[i].id, NULL), 0);
    }
    ck_assert_int_eq(pthread_barrier_destroy(&start), 0);
}
