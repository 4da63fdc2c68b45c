/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drive two modules with the same random calls and report where they answer differently. Every run of a seed is a
 * child process, so that one that dies is a result, too.
 */
#include "coverage.h"
#include "known.h"
#include "module.h"
#include "world.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_SAME = 0, EXIT_DIFFERENT = 1, EXIT_BROKEN = 2, EXIT_SKIPPED = 77 };
enum { RUN_SECONDS = 120 };

struct options {
    const char *paths[SIDES];
    uint64_t seed;
    unsigned steps;
    unsigned runs;
    unsigned seconds;
    bool is_traced;
    bool shows_unused;
};

static const struct {
    unsigned weight;
    void (*act)(struct diff_world *world);
} actions[] = {
    {3, diff_act_session},  {3, diff_act_login},        {1, diff_act_pin},      {1, diff_act_token},
    {8, diff_act_create},   {14, diff_act_object},      {5, diff_act_find},     {3, diff_act_digest},
    {10, diff_act_sign},    {4, diff_act_verify},       {10, diff_act_encrypt}, {5, diff_act_decrypt},
    {5, diff_act_generate}, {8, diff_act_wrap},         {3, diff_act_derive},   {3, diff_act_derive_data},
    {3, diff_act_other},    {2, diff_act_derive_field},
};

/* Session objects are many: when there is hardly a place left, they go. */
static void make_room(struct diff_world *world)
{
    size_t used = 0;

    for (size_t i = 0; i < DIFF_OBJECTS; i++) {
        used += world->objects[i].is_used;
    }
    if (used > DIFF_OBJECTS - 6) {
        diff_sessions_restart(world);
    }
}

static void act(struct diff_world *world)
{
    const size_t count = sizeof(actions) / sizeof(actions[0]);
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        total += actions[i].weight;
    }
    size_t at = diff_below(&world->random, total);

    for (size_t i = 0; i < count; i++) {
        if (at < actions[i].weight) {
            actions[i].act(world);
            return;
        }
        at -= actions[i].weight;
    }
}

static int child(const struct options *options, uint64_t seed, struct diff_shared *shared, const char *folder)
{
    static struct diff_world world;

    world.shared = shared;
    world.seed = seed;
    world.random.state = seed;
    world.is_traced = options->is_traced;
    (void)alarm(RUN_SECONDS);
    shared->step = 0;
    if (!diff_modules_start(&world, folder, options->paths)) {
        return EXIT_BROKEN;
    }
    for (unsigned step = 1; step <= options->steps && !world.is_over; step++) {
        shared->step = step;
        make_room(&world);
        act(&world);
    }
    return EXIT_SAME;
}

/* One seed, and what is left of it. */
static int run(const struct options *options, uint64_t seed, struct diff_shared *shared)
{
    const char *folder = diff_scratch_make();
    int status = 0;

    if (folder == NULL) {
        perror("scratch folder");
        return EXIT_BROKEN;
    }
    (void)fflush(NULL);
    const pid_t pid = fork();

    if (pid == 0) {
        const int result = child(options, seed, shared, folder);

        (void)fflush(NULL);
        _exit(result);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("child process");
        status = EXIT_BROKEN << 8;
    }
    diff_scratch_remove(folder);
    if (WIFSIGNALED(status) || WEXITSTATUS(status) > EXIT_BROKEN) {
        (void)printf("seed %llu, step %u: %s %s %d in %s [%s]\n", (unsigned long long)seed, shared->step,
                     shared->side == COFFER ? "Coffer" : "SoftHSM",
                     WIFSIGNALED(status) ? "died of signal" : "ended the process with status",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), shared->call,
                     shared->hint);
        return EXIT_DIFFERENT;
    }
    return WEXITSTATUS(status);
}

static int report(const struct diff_shared *shared, const struct options *options)
{
    unsigned long met = 0;
    unsigned unused = 0;

    for (size_t i = 0; i < diff_known_count(); i++) {
        const struct diff_known *row = diff_known_at(i);

        met += shared->met[i];
        unused += shared->met[i] == 0;
        if (options->shows_unused && shared->met[i] == 0) {
            (void)printf("never met: %s [%s] %s\n", row->call, row->when, row->tag);
        }
    }
    for (unsigned i = 0; i < shared->finding_count; i++) {
        const struct diff_finding *finding = &shared->findings[i];

        (void)printf("seed %llu, step %u, %u times: %s\n", (unsigned long long)finding->seed, finding->step,
                     finding->count, finding->text);
    }
    diff_coverage_print(shared);
    (void)printf("%lu calls, %lu known differences by %zu rows (%u never met), %u unknown\n", shared->calls,
                 met, diff_known_count(), unused, shared->finding_count);
    return shared->finding_count == 0 ? EXIT_SAME : EXIT_DIFFERENT;
}

static int run_all(const struct options *options)
{
    struct diff_shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const time_t started = time(NULL);
    int worst = EXIT_SAME;

    (void)printf("first seed %llu\n", (unsigned long long)options->seed);
    if (shared == MAP_FAILED) {
        perror("shared memory");
        return EXIT_BROKEN;
    }
    for (unsigned i = 0;
         worst != EXIT_BROKEN && (i < options->runs || time(NULL) - started < options->seconds); i++) {
        const int result = run(options, options->seed + i, shared);

        worst = result > worst ? result : worst;
    }
    const int result = report(shared, options);

    return result > worst ? result : worst;
}

static int usage(void)
{
    (void)fputs(
        "usage: softhsm_diff [--peer MODULE] [--seed N] [--steps N] [--runs N] [--seconds N] [--trace]\n"
        "                    [--unused] MODULE\n"
        "       softhsm_diff --tags\n",
        stderr);
    return EXIT_BROKEN;
}

static int tags(void)
{
    for (size_t i = 0; i < diff_known_count(); i++) {
        (void)puts(diff_known_at(i)->tag);
    }
    return EXIT_SAME;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"peer", required_argument, NULL, 'p'},
        {"seed", required_argument, NULL, 's'},
        {"steps", required_argument, NULL, 'n'},
        {"runs", required_argument, NULL, 'r'},
        {"seconds", required_argument, NULL, 't'},
        {"trace", no_argument, NULL, 'v'},
        {"unused", no_argument, NULL, 'u'},
        {"tags", no_argument, NULL, 'g'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {
        .paths = {NULL, "/usr/lib/softhsm/libsofthsm2.so"}, .seed = 1, .steps = 300, .runs = 1};

    for (int c = getopt_long(argc, argv, "", longs, NULL); c != -1;
         c = getopt_long(argc, argv, "", longs, NULL)) {
        switch (c) {
        case 'p':
            options.paths[SOFTHSM] = optarg;
            break;
        case 's':
            options.seed = strtoull(optarg, NULL, 10);
            break;
        case 'n':
            options.steps = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'r':
            options.runs = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 't':
            options.seconds = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'v':
            options.is_traced = true;
            break;
        case 'u':
            options.shows_unused = true;
            break;
        case 'g':
            return tags();
        default:
            return usage();
        }
    }
    if (optind + 1 != argc) {
        return usage();
    }
    options.paths[COFFER] = argv[optind];
    if (access(options.paths[SOFTHSM], R_OK) != 0) {
        (void)printf("%s is not there\n", options.paths[SOFTHSM]);
        return EXIT_SKIPPED;
    }
    return run_all(&options);
}
