/* SPDX-License-Identifier: Apache-2.0 */
#include "team.h"

#include "support.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { START_DELAY_NS = 1000000 }; /* time for every member to wake up and wait for the common start */

enum order_kind {
    WARM_UP, /* find the batch size of a side */
    READY,   /* run its ready function */
    RUN,
};

struct order {
    enum order_kind kind;
    unsigned int side;
    int64_t begin_ns;
    int64_t end_ns;
};

struct answer {
    bool is_good;
    struct bench_slice slice;
};

static bool order_obey(const struct order *order, const struct bench_side *side, size_t *batch,
                       struct bench_slice *ret_slice)
{
    switch (order->kind) {
    case WARM_UP:
        return bench_batch_size(side, batch);
    case READY:
        return side->ready == NULL || side->ready(side->work);
    case RUN:
        bench_sleep_until(order->begin_ns);
        return bench_slice_run(side, order->end_ns, *batch, NULL, ret_slice);
    }
    return false;
}

void bench_member_serve(int from, int to, const struct bench_side *sides)
{
    size_t batch[BENCH_SIDES_MAX] = {0};
    struct order order;

    while (bench_read_all(from, &order, sizeof(order))) {
        struct answer answer = {0};
        answer.is_good = order_obey(&order, &sides[order.side], &batch[order.side], &answer.slice);
        if (!bench_write_all(to, &answer, sizeof(answer))) {
            return;
        }
    }
}

/* One order to all, then one answer from each; ret_sum adds up the slices. */
static bool team_order(const struct bench_team *team, const struct order *order, struct bench_slice *ret_sum)
{
    struct bench_slice sum = {0};
    double cpu_s = 0;
    bool is_good = true;

    for (size_t i = 0; i < team->member_count; i++) {
        is_good = bench_write_all(team->members[i].to, order, sizeof(*order)) && is_good;
    }
    for (size_t i = 0; i < team->member_count && is_good; i++) {
        struct answer answer;
        is_good = bench_read_all(team->members[i].from, &answer, sizeof(answer)) && answer.is_good;
        if (is_good && order->kind == RUN) {
            sum.rate += answer.slice.rate;
            sum.op_count += answer.slice.op_count;
            sum.wall_ns += answer.slice.wall_ns;
            cpu_s += (double)answer.slice.op_count / answer.slice.cpu_rate;
        }
    }
    sum.cpu_rate = cpu_s > 0 ? (double)sum.op_count / cpu_s : 0;
    *ret_sum = sum;
    return is_good;
}

static bool team_slice(const struct bench_team *team, unsigned int side, struct bench_slice *ret_slice)
{
    struct order order = {.kind = READY, .side = side};

    if (!team_order(team, &order, ret_slice)) {
        return false;
    }
    order.kind = RUN;
    order.begin_ns = bench_now_ns() + START_DELAY_NS;
    order.end_ns = order.begin_ns + team->slice_ns;
    return team_order(team, &order, ret_slice);
}

int64_t bench_team_slice_ns(size_t member_count)
{
    return BENCH_SLICE_NS * (int64_t)(member_count <= 2 ? 1 : (member_count + 1) / 2);
}

struct bench_rounds *bench_team_run(const struct bench_team *team, double seconds)
{
    struct bench_rounds *rounds = bench_rounds_new(team->side_count);
    struct bench_slice ignored;
    bool is_good = true;

    for (unsigned int s = 0; s < team->side_count && is_good; s++) {
        is_good = team_order(team, &(struct order){.kind = WARM_UP, .side = s}, &ignored);
    }
    const int64_t end = bench_now_ns() + (int64_t)(seconds * 1e9);
    while (is_good && (rounds->round_count < BENCH_ROUNDS_MIN || bench_now_ns() < end)) {
        const size_t first = rounds->round_count;
        struct bench_slice *slices = bench_rounds_add(rounds);
        for (size_t i = 0; i < team->side_count && is_good; i++) {
            const size_t s = (first + i) % team->side_count;
            is_good = team_slice(team, (unsigned int)s, &slices[s]);
        }
    }
    if (is_good) {
        return rounds;
    }
    bench_rounds_free(rounds);
    return NULL;
}

struct bench_rounds *bench_team_run_quiet(const struct bench_team *team, const struct bench_effort *effort)
{
    struct bench_rounds *best = NULL;

    for (size_t i = 0; i < effort->try_count; i++) {
        if (!bench_rounds_retry(&best, bench_team_run(team, effort->seconds), team->side_count - 1)) {
            break;
        }
    }
    return best;
}

struct thread {
    pthread_t id;
    int from;
    int to;
    const struct bench_side *sides;
};

struct bench_thread_team {
    size_t count;
    struct thread threads[BENCH_TEAM_MAX];
    struct bench_member members[BENCH_TEAM_MAX];
};

static void *thread_main(void *arg)
{
    const struct thread *thread = arg;

    bench_member_serve(thread->from, thread->to, thread->sides);
    return NULL;
}

struct bench_thread_team *bench_thread_team_open(const struct bench_side *const *sides_of,
                                                 size_t member_count)
{
    struct bench_thread_team *team = bench_alloc(sizeof(*team));

    team->count = member_count;
    for (size_t i = 0; i < member_count; i++) {
        int down[2];
        int up[2];
        if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0) {
            bench_die("no pipe");
        }
        team->members[i] = (struct bench_member){.to = down[1], .from = up[0]};
        team->threads[i] = (struct thread){.from = down[0], .to = up[1], .sides = sides_of[i]};
        if (pthread_create(&team->threads[i].id, NULL, thread_main, &team->threads[i]) != 0) {
            bench_die("no thread");
        }
    }
    return team;
}

const struct bench_member *bench_thread_team_members(const struct bench_thread_team *team)
{
    return team->members;
}

void bench_thread_team_close(struct bench_thread_team *team)
{
    for (size_t i = 0; i < team->count; i++) {
        close(team->members[i].to); /* the thread reads the end of its orders and returns */
        pthread_join(team->threads[i].id, NULL);
        close(team->members[i].from);
        close(team->threads[i].from);
        close(team->threads[i].to);
    }
    free(team);
}
