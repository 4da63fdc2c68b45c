/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END_PATIENCE_NS = 1000000000, END_POLL_NS = 2000000 };

static char *self_path(void)
{
    char path[2048];
    const ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (len <= 0) {
        bench_die("cannot find this program");
    }
    return bench_text("%.*s", (int)len, path);
}

/* argv of the worker: the parent's options, then what is different, then the kind. */
static char **worker_argv(const struct bench_options *options, const char *kind, const char *label,
                          const char *case_id)
{
    char **argv = bench_alloc(sizeof(*argv) * ((size_t)options->argc + 8));
    size_t n = 0;

    argv[n++] = options->argv[0];
    argv[n++] = (char *)(uintptr_t) "worker";
    for (int i = 2; i < options->first; i++) {
        argv[n++] = options->argv[i];
    }
    if (label != NULL) {
        argv[n++] = (char *)(uintptr_t) "--label";
        argv[n++] = (char *)(uintptr_t)label;
    }
    if (case_id != NULL) {
        argv[n++] = (char *)(uintptr_t) "--case-id";
        argv[n++] = (char *)(uintptr_t)case_id;
    }
    argv[n++] = (char *)(uintptr_t)kind;
    return argv;
}

void bench_child_start(const struct bench_options *options, const char *kind, const char *label,
                       const char *case_id, struct bench_child *ret_child)
{
    int down[2];
    int up[2];
    posix_spawn_file_actions_t actions;
    char *path = self_path();
    char **argv = worker_argv(options, kind, label, case_id);

    if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0) {
        bench_die("no pipe");
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, down[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, up[1], STDOUT_FILENO);
    if (posix_spawn(&ret_child->pid, path, &actions, NULL, argv, environ) != 0) {
        bench_die("cannot start a worker");
    }
    posix_spawn_file_actions_destroy(&actions);
    close(down[0]);
    close(up[1]);
    ret_child->to = down[1];
    ret_child->from = up[0];
    free(argv);
    free(path);
}

bool bench_child_send(const struct bench_child *child, const char *line)
{
    return bench_write_all(child->to, line, strlen(line)) && bench_write_all(child->to, "\n", 1);
}

bool bench_child_receive(const struct bench_child *child, char *line, size_t len, int timeout_ms)
{
    struct pollfd wait_for = {.fd = child->from, .events = POLLIN};
    size_t got = 0;

    while (got + 1 < len) {
        if (poll(&wait_for, 1, timeout_ms) != 1 || !bench_read_all(child->from, line + got, 1)) {
            return false;
        }
        if (line[got] == '\n') {
            line[got] = '\0';
            return true;
        }
        got++;
    }
    return false;
}

void bench_child_end(struct bench_child *child)
{
    const int64_t patience_end = bench_now_ns() + END_PATIENCE_NS;
    int status = 0;

    close(child->to);
    close(child->from);
    while (waitpid(child->pid, &status, WNOHANG) == 0) {
        if (bench_now_ns() > patience_end) {
            kill(child->pid, SIGKILL);
            waitpid(child->pid, NULL, 0);
            return;
        }
        bench_sleep_until(bench_now_ns() + END_POLL_NS);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == BENCH_EXIT_WRONG) {
        exit(BENCH_EXIT_WRONG);
    }
}
