/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slice engine for several threads or processes at once. A leader tells the members which side to run
 * from when to when; all run the same side at the same time, so raw is measured under the same crowding as
 * the module. The members sit behind pipes: threads and processes are led alike.
 */
#ifndef BENCH_TEAM_H
#define BENCH_TEAM_H

#include "slice.h"

enum { BENCH_TEAM_MAX = 64 };

struct bench_member {
    int to;   /* leader writes orders */
    int from; /* leader reads answers */
};

/** What a member does until its pipe closes. */
void bench_member_serve(int from, int to, const struct bench_side *sides);

/** A team on its way. */
struct bench_team {
    const struct bench_member *members;
    size_t member_count;
    size_t side_count;
    int64_t slice_ns; /* see bench_team_slice_ns() */
};

/** Lead the members through rounds of all sides, three rounds at least; NULL when a member failed. */
struct bench_rounds *bench_team_run(const struct bench_team *team, double seconds);

/** The same up to effort->try_count times while the machine is busy; the last side is raw once more. */
struct bench_rounds *bench_team_run_quiet(const struct bench_team *team, const struct bench_effort *effort);

/** Slice length for a team: 20 ms for each member that a core has to serve, two cores assumed at least. */
int64_t bench_team_slice_ns(size_t member_count);

/** A team of threads of this process. sides_of[i] are the sides of thread i. */
struct bench_thread_team;
struct bench_thread_team *bench_thread_team_open(const struct bench_side *const *sides_of,
                                                 size_t member_count);
const struct bench_member *bench_thread_team_members(const struct bench_thread_team *team);
void bench_thread_team_close(struct bench_thread_team *team);

#endif
