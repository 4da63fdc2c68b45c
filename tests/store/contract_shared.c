/* SPDX-License-Identifier: Apache-2.0 */
/* cfr_store_run_shared(): one commit for several callers, and each caller's result its own. */
#include "store/contract.h"
#include "support/store_fault.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOGETHER = 8 /* bodies that share a transaction */, CALLERS_MAX = 20 };

/* A thread that changes the store. */
struct caller {
    struct cfr_store *store;
    const char *key; /* that it writes, "1" */
    CK_RV refusal;   /* what its body returns, having written */
    sem_t *may_go;   /* its body waits for that; NULL: it does not wait */
    sem_t *is_in;    /* posted when its body runs */
    unsigned runs;
    unsigned seen; /* callers whose key its body saw, the last time */
    CK_RV rv;
    pthread_t thread;
};

static bool count_record(void *arg, struct cfr_span key, struct cfr_span value)
{
    unsigned *count = arg;

    (void)key;
    (void)value;
    (*count)++;
    return true;
}

static CK_RV write_key(struct cfr_store_txn *txn, void *arg)
{
    struct caller *caller = arg;
    struct cfr_span old;

    caller->runs++;
    caller->seen = 0;
    if (caller->is_in != NULL && caller->runs == 1) {
        (void)sem_post(caller->is_in);
        while (sem_wait(caller->may_go) != 0) {
        }
    }
    ck_assert_int_eq(
        txn->store->ops->range(txn, cfr_span_text("k"), cfr_span_text("l"), count_record, &caller->seen),
        CFR_STORE_OK);
    /* What all of them read and write, as changes of one token do. */
    (void)txn->store->ops->get(txn, cfr_span_text("shared"), &old);
    TRY(cfr_store_rv(txn->store->ops->put(txn, cfr_span_text("shared"), cfr_span_text(caller->key)), "put"));
    TRY(cfr_store_rv(txn->store->ops->put(txn, cfr_span_text(caller->key), cfr_span_text("1")), "put"));
    return caller->refusal;
}

static void *call(void *arg)
{
    struct caller *caller = arg;

    caller->rv = cfr_store_run_shared(caller->store, write_key, caller);
    return NULL;
}

/* One caller leads and is held up in its body, while others queue up behind it in their order. */
struct queue {
    struct cfr_store *store;
    struct caller first;
    struct caller callers[CALLERS_MAX];
    char keys[CALLERS_MAX][16];
    unsigned count;
    sem_t is_in;
    sem_t may_go;
    uint64_t version; /* of the store, before all of them */
};

static void queue_start(struct queue *queue, int backend, unsigned count)
{
    *queue = (struct queue){.store = backend_open(backend), .count = count};
    ck_assert_int_eq(put_one(queue->store, "shared", cfr_span_text("0")), CFR_STORE_OK);
    queue->version = queue->store->ops->version(queue->store);
    (void)sem_init(&queue->is_in, 0, 0);
    (void)sem_init(&queue->may_go, 0, 0);
    queue->first = (struct caller){
        .store = queue->store, .key = "first", .is_in = &queue->is_in, .may_go = &queue->may_go};
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(queue->keys[i], sizeof(queue->keys[i]), "k%02u", i);
        queue->callers[i] = (struct caller){.store = queue->store, .key = queue->keys[i]};
    }
}

static void begin_call(struct caller *caller)
{
    ck_assert_int_eq(pthread_create(&caller->thread, NULL, call, caller), 0);
}

static void queue_run(struct queue *queue)
{
    begin_call(&queue->first);
    while (sem_wait(&queue->is_in) != 0) {
    }
    for (unsigned i = 0; i < queue->count; i++) {
        struct cfr_store_member *before = atomic_load(&queue->store->waiting);

        begin_call(&queue->callers[i]);
        while (atomic_load(&queue->store->waiting) == before) {
            sched_yield();
        }
    }
    (void)sem_post(&queue->may_go);
    ck_assert_int_eq(pthread_join(queue->first.thread, NULL), 0);
    for (unsigned i = 0; i < queue->count; i++) {
        ck_assert_int_eq(pthread_join(queue->callers[i].thread, NULL), 0);
    }
    ck_assert_uint_eq(queue->first.rv, CKR_OK);
    ck_assert_ptr_null(atomic_load(&queue->store->waiting));
}

static void queue_end(struct queue *queue)
{
    (void)sem_destroy(&queue->is_in);
    (void)sem_destroy(&queue->may_go);
    queue->store->ops->close(queue->store);
}

/* Commits since the first caller's own. */
static uint64_t commits_of(const struct queue *queue)
{
    return queue->store->ops->version(queue->store) - queue->version - 1;
}

static bool is_written(const struct queue *queue, unsigned caller)
{
    return strcmp(get_one(queue->store, queue->keys[caller]), "1") == 0;
}

START_TEST(one_caller_alone_commits)
{
    struct cfr_store *store = backend_open(_i);
    struct caller caller = {.store = store, .key = "k"};

    (void)call(&caller);
    ck_assert_uint_eq(caller.rv, CKR_OK);
    caller.refusal = CKR_PIN_INCORRECT;
    caller.key = "m";
    (void)call(&caller);
    ck_assert_uint_eq(caller.rv, CKR_PIN_INCORRECT);
    ck_assert_uint_eq(caller.runs, 2);
    ck_assert_str_eq(get_one(store, "k"), "1");
    ck_assert_str_eq(get_one(store, "m"), "<none>");
    store->ops->close(store);
}
END_TEST

START_TEST(two_callers_share_a_commit)
{
    struct queue queue;

    queue_start(&queue, _i, 2);
    queue_run(&queue);
    ck_assert_uint_eq(commits_of(&queue), 1);
    for (unsigned i = 0; i < queue.count; i++) {
        ck_assert_uint_eq(queue.callers[i].rv, CKR_OK);
        ck_assert_uint_eq(queue.callers[i].runs, 1);
        ck_assert_uint_eq(queue.callers[i].seen, i);
        ck_assert(is_written(&queue, i));
    }
    ck_assert_str_eq(get_one(queue.store, "shared"), "k01");
    queue_end(&queue);
}
END_TEST

/* The refused one may lead, be led in the middle, or come last. */
START_TEST(one_fails_and_the_others_succeed)
{
    for (unsigned refused = 0; refused < 3; refused++) {
        struct queue queue;

        queue_start(&queue, _i, 3);
        queue.callers[refused].refusal = CKR_PIN_INCORRECT;
        queue_run(&queue);
        ck_assert_uint_eq(commits_of(&queue), 1);
        for (unsigned i = 0; i < queue.count; i++) {
            ck_assert_uint_eq(queue.callers[i].rv, i == refused ? CKR_PIN_INCORRECT : CKR_OK);
            ck_assert(is_written(&queue, i) == (i != refused));
        }
        ck_assert_str_ne(get_one(queue.store, "shared"), queue.keys[refused]);
        for (unsigned i = 0; i < queue.count; i++) {
            (void)del_one(queue.store, queue.keys[i]);
        }
        queue_end(&queue);
    }
}
END_TEST

START_TEST(all_may_fail)
{
    struct queue queue;

    queue_start(&queue, _i, TOGETHER);
    for (unsigned i = 0; i < queue.count; i++) {
        queue.callers[i].refusal = CKR_PIN_INCORRECT + i;
    }
    queue_run(&queue);
    ck_assert_uint_eq(commits_of(&queue), 0);
    for (unsigned i = 0; i < queue.count; i++) {
        ck_assert_uint_eq(queue.callers[i].rv, CKR_PIN_INCORRECT + i);
        ck_assert(!is_written(&queue, i));
    }
    queue_end(&queue);
}
END_TEST

START_TEST(a_longer_queue_takes_more_commits)
{
    struct queue queue;

    queue_start(&queue, _i, 2 * TOGETHER + 1);
    queue_run(&queue);
    ck_assert_uint_eq(commits_of(&queue), 3);
    for (unsigned i = 0; i < queue.count; i++) {
        ck_assert_uint_eq(queue.callers[i].rv, CKR_OK);
        ck_assert(is_written(&queue, i));
    }
    queue_end(&queue);
}
END_TEST

/* The second commit is the shared one. */
static void fail_the_shared_commit(struct queue *queue, int backend, enum cfr_store_status status,
                                   bool is_done)
{
    struct store_fault_plan plan = {
        .calls = STORE_FAULT_COMMIT, .nth = 2, .status = status, .is_done = is_done};

    queue_start(queue, BACKEND_FAULT_MEMORY + backend, 3);
    store_fault_arm(queue->store, &plan);
    queue_run(queue);
    ck_assert_uint_eq(store_fault_fired(queue->store), 1);
}

START_TEST(a_shared_commit_that_meets_another_is_tried_again)
{
    struct queue queue;

    fail_the_shared_commit(&queue, _i, CFR_STORE_CONFLICT, false);
    ck_assert_uint_eq(commits_of(&queue), 1);
    for (unsigned i = 0; i < queue.count; i++) {
        ck_assert_uint_eq(queue.callers[i].rv, CKR_OK);
        ck_assert_uint_eq(queue.callers[i].runs, 2);
        ck_assert(is_written(&queue, i));
    }
    queue_end(&queue);
}
END_TEST

/* What is too much together may have room one by one. */
START_TEST(after_a_shared_commit_that_failed_each_goes_alone)
{
    static const enum cfr_store_status statuses[] = {CFR_STORE_FULL, CFR_STORE_UNAVAIL, CFR_STORE_LIMIT};

    for (size_t s = 0; s < sizeof(statuses) / sizeof(statuses[0]); s++) {
        struct queue queue;

        fail_the_shared_commit(&queue, _i, statuses[s], false);
        ck_assert_uint_eq(commits_of(&queue), 3);
        for (unsigned i = 0; i < queue.count; i++) {
            ck_assert_uint_eq(queue.callers[i].rv, CKR_OK);
            ck_assert(is_written(&queue, i));
        }
        for (unsigned i = 0; i < queue.count; i++) {
            (void)del_one(queue.store, queue.keys[i]);
        }
        queue_end(&queue);
    }
}
END_TEST

START_TEST(a_shared_commit_of_unknown_outcome_is_not_repeated)
{
    struct queue queue;

    fail_the_shared_commit(&queue, _i, CFR_STORE_UNKNOWN, true);
    ck_assert_uint_eq(commits_of(&queue), 1);
    for (unsigned i = 0; i < queue.count; i++) {
        ck_assert_uint_eq(queue.callers[i].rv, CKR_DEVICE_ERROR);
        ck_assert_uint_eq(queue.callers[i].runs, 1);
        ck_assert(is_written(&queue, i));
    }
    queue_end(&queue);
}
END_TEST

enum { THREADS = 8, ADDS = UNDER_ASAN || UNDER_TSAN ? 40 : 150 };

static CK_RV add_or_refuse(struct cfr_store_txn *txn, void *arg)
{
    struct cfr_span old = {0};
    char text[16] = "0";

    if (txn->store->ops->get(txn, cfr_span_text("sum"), &old) == CFR_STORE_OK) {
        ck_assert_uint_lt(old.len, sizeof(text));
        cfr_copy(text, old.ptr, old.len);
        text[old.len] = '\0';
    }
    (void)snprintf(text, sizeof(text), "%ld", strtol(text, NULL, 10) + 1);
    TRY(cfr_store_rv(txn->store->ops->put(txn, cfr_span_text("sum"), cfr_span_text(text)), "put"));
    return arg == NULL ? CKR_OK : CKR_PIN_INCORRECT;
}

/* Every third is refused. */
static void *add_often(void *arg)
{
    struct cfr_store *store = arg;

    for (int i = 0; i < ADDS; i++) {
        bool refuses = i % 3 == 2;

        ck_assert_uint_eq(cfr_store_run_shared(store, add_or_refuse, refuses ? store : NULL),
                          refuses ? CKR_PIN_INCORRECT : CKR_OK);
    }
    return NULL;
}

static int add_often_elsewhere(void *arg)
{
    struct cfr_store *store = lmdb_open(0);

    (void)arg;
    (void)add_often(store);
    store->ops->close(store);
    return 0;
}

START_TEST(threads_and_processes_lose_no_addition)
{
    pid_t child = is_lmdb(_i) ? child_start(add_often_elsewhere, NULL) : 0;
    struct cfr_store *store = backend_open(_i);
    pthread_t threads[THREADS];
    char sum[16];

    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, add_often, store), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert(child == 0 || child_end(child) == 0);
    (void)snprintf(sum, sizeof(sum), "%d", (THREADS + (child != 0)) * (ADDS - ADDS / 3));
    ck_assert_str_eq(get_one(store, "sum"), sum);
    store->ops->close(store);
}
END_TEST

TCase *contract_shared_case(void)
{
    TCase *tcase = tcase_create("cfr_store_run_shared");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_loop_test(tcase, one_caller_alone_commits, 0, BACKENDS);
    tcase_add_loop_test(tcase, two_callers_share_a_commit, 0, BACKENDS);
    tcase_add_loop_test(tcase, one_fails_and_the_others_succeed, 0, BACKENDS);
    tcase_add_loop_test(tcase, all_may_fail, 0, BACKENDS);
    tcase_add_loop_test(tcase, a_longer_queue_takes_more_commits, 0, BACKENDS);
    tcase_add_loop_test(tcase, a_shared_commit_that_meets_another_is_tried_again, 0, 2);
    tcase_add_loop_test(tcase, after_a_shared_commit_that_failed_each_goes_alone, 0, 2);
    tcase_add_loop_test(tcase, a_shared_commit_of_unknown_outcome_is_not_repeated, 0, 2);
    tcase_add_loop_test(tcase, threads_and_processes_lose_no_addition, 0, BACKENDS);
    return tcase;
}
