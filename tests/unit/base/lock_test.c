/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <signal.h>
#include <sys/wait.h>

/* A mutex as an application might supply it; counts what is done to it. */
struct app_mutex {
    pthread_mutex_t os;
    unsigned locked;
};

static struct {
    unsigned created;
    unsigned destroyed;
    CK_RV create_rv;
    bool give_null;
} app;

static CK_RV app_create(CK_VOID_PTR_PTR ret_mutex)
{
    struct app_mutex *mutex;

    if (app.create_rv != CKR_OK || app.give_null) {
        *ret_mutex = NULL;
        return app.create_rv;
    }
    mutex = calloc(1, sizeof(*mutex));
    pthread_mutex_init(&mutex->os, NULL);
    app.created++;
    *ret_mutex = mutex;
    return CKR_OK;
}

static CK_RV app_destroy(CK_VOID_PTR handle)
{
    struct app_mutex *mutex = handle;

    pthread_mutex_destroy(&mutex->os);
    free(mutex);
    app.destroyed++;
    return CKR_OK;
}

static CK_RV app_lock(CK_VOID_PTR handle)
{
    struct app_mutex *mutex = handle;

    pthread_mutex_lock(&mutex->os);
    mutex->locked++;
    return CKR_OK;
}

static CK_RV app_unlock(CK_VOID_PTR handle)
{
    struct app_mutex *mutex = handle;

    return pthread_mutex_unlock(&mutex->os) == 0 ? CKR_OK : CKR_MUTEX_NOT_LOCKED;
}

static const struct cfr_lock_app app_functions = {app_create, app_destroy, app_lock, app_unlock};

START_TEST(lock_opens_and_closes)
{
    struct cfr_lock lock;

    ASSERT_OK(cfr_lock_init(&lock, CFR_RANK_TOKEN));
    for (int i = 0; i < 3; i++) {
        cfr_lock_acquire(&lock);
        ck_assert_int_ne(pthread_mutex_trylock(&lock.os), 0);
        cfr_lock_release(&lock);
        ck_assert_int_eq(pthread_mutex_trylock(&lock.os), 0);
        ck_assert_int_eq(pthread_mutex_unlock(&lock.os), 0);
    }
    cfr_lock_clear(&lock);
}
END_TEST

START_TEST(hold_releases_at_the_end_of_its_scope)
{
    struct cfr_lock lock;

    ASSERT_OK(cfr_lock_init(&lock, CFR_RANK_STORE));
    {
        AUTO(hold) hold = cfr_hold_take(&lock);
        AUTO(hold) nothing = {NULL};

        ck_assert_ptr_eq(hold.lock, &lock);
        ck_assert_ptr_null(nothing.lock);
        ck_assert_int_ne(pthread_mutex_trylock(&lock.os), 0);
    }
    ck_assert_int_eq(pthread_mutex_trylock(&lock.os), 0);
    ck_assert_int_eq(pthread_mutex_unlock(&lock.os), 0);
    cfr_lock_clear(&lock);
}
END_TEST

/* Two ranks to be taken in this order; one pair for each child. */
struct rank_pair {
    enum cfr_lock_rank first;
    enum cfr_lock_rank second;
};

static int take_pair(void *arg)
{
    const struct rank_pair *pair = arg;
    struct cfr_lock first;
    struct cfr_lock second;

    if (cfr_lock_init(&first, pair->first) != CKR_OK || cfr_lock_init(&second, pair->second) != CKR_OK) {
        return 2;
    }
    cfr_lock_acquire(&first);
    cfr_lock_acquire(&second);
    cfr_lock_release(&first);
    cfr_lock_release(&second);
    return 0;
}

START_TEST(ranks_must_rise)
{
    for (int first = CFR_RANK_MODULE; first <= CFR_RANK_STORE; first++) {
        for (int second = CFR_RANK_MODULE; second <= CFR_RANK_STORE; second++) {
            struct rank_pair pair = {(enum cfr_lock_rank)first, (enum cfr_lock_rank)second};

            if (first < second) {
                ck_assert_int_eq(harness_child(take_pair, &pair), 0);
                continue;
            }
#ifndef NDEBUG
            harness_child_dies(take_pair, &pair, SIGABRT);
#endif
        }
    }
}
END_TEST

START_TEST(rank_may_be_taken_again_once_released)
{
    struct cfr_lock low;
    struct cfr_lock high;

    ASSERT_OK(cfr_lock_init(&low, CFR_RANK_SESSION));
    ASSERT_OK(cfr_lock_init(&high, CFR_RANK_TOKEN));
    cfr_lock_acquire(&low);
    cfr_lock_acquire(&high);
    cfr_lock_release(&high);
    cfr_lock_acquire(&high);
    cfr_lock_release(&low);
    cfr_lock_release(&high);
    cfr_lock_acquire(&low);
    cfr_lock_release(&low);
    cfr_lock_clear(&low);
    cfr_lock_clear(&high);
}
END_TEST

/* Ranks are a matter of each thread; @c counter is plain memory under the lock. */
struct counting {
    struct cfr_lock low;
    struct cfr_lock high;
    unsigned long counter;
};

static void count_up(unsigned index, void *arg)
{
    struct counting *counting = arg;

    for (int i = 0; i < 2000; i++) {
        struct cfr_lock *lock = &counting->high;

        if (index % 2 == 0) {
            cfr_lock_acquire(&counting->low);
        }
        cfr_lock_acquire(lock);
        counting->counter++;
        cfr_lock_release(lock);
        if (index % 2 == 0) {
            cfr_lock_release(&counting->low);
        }
    }
}

static void run_counting(void)
{
    static struct counting counting;

    counting.counter = 0;
    ASSERT_OK(cfr_lock_init(&counting.low, CFR_RANK_SESSION));
    ASSERT_OK(cfr_lock_init(&counting.high, CFR_RANK_TOKEN));
    harness_threads(8, count_up, &counting);
    ck_assert_uint_eq(counting.counter, 8 * 2000);
    cfr_lock_clear(&counting.low);
    cfr_lock_clear(&counting.high);
}

START_TEST(lock_excludes_threads)
{
    run_counting();
}
END_TEST

START_TEST(application_mutexes_exclude_threads)
{
    cfr_lock_use_app(&app_functions);
    run_counting();
    ck_assert_uint_eq(app.created, 2);
    ck_assert_uint_eq(app.destroyed, 2);
    cfr_lock_use_app(NULL);
}
END_TEST

START_TEST(application_functions_are_used_and_given_up)
{
    struct cfr_lock lock;

    cfr_lock_use_app(&app_functions);
    ASSERT_OK(cfr_lock_init(&lock, CFR_RANK_MODULE));
    ck_assert_ptr_nonnull(lock.app);
    cfr_lock_acquire(&lock);
    cfr_lock_release(&lock);
    cfr_lock_acquire(&lock);
    cfr_lock_release(&lock);
    ck_assert_uint_eq(((struct app_mutex *)lock.app)->locked, 2);
    cfr_lock_clear(&lock);
    ck_assert_uint_eq(app.created, 1);
    ck_assert_uint_eq(app.destroyed, 1);
    cfr_lock_use_app(NULL);
    ASSERT_OK(cfr_lock_init(&lock, CFR_RANK_MODULE));
    ck_assert_ptr_null(lock.app);
    cfr_lock_clear(&lock);
    ck_assert_uint_eq(app.created, 1);
}
END_TEST

START_TEST(application_may_fail_to_create)
{
    struct cfr_lock lock;

    cfr_lock_use_app(&app_functions);
    app.create_rv = CKR_HOST_MEMORY;
    ASSERT_RV(cfr_lock_init(&lock, CFR_RANK_MODULE), CKR_CANT_LOCK);
    app.create_rv = CKR_OK;
    app.give_null = true;
    ASSERT_RV(cfr_lock_init(&lock, CFR_RANK_MODULE), CKR_CANT_LOCK);
    cfr_lock_use_app(NULL);
}
END_TEST

static Suite *suite(void)
{
    Suite *lock = suite_create("lock");
    TCase *tcase = tcase_create("lock");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, lock_opens_and_closes);
    tcase_add_test(tcase, hold_releases_at_the_end_of_its_scope);
    tcase_add_test(tcase, ranks_must_rise);
    tcase_add_test(tcase, rank_may_be_taken_again_once_released);
    tcase_add_test(tcase, lock_excludes_threads);
    tcase_add_test(tcase, application_mutexes_exclude_threads);
    tcase_add_test(tcase, application_functions_are_used_and_given_up);
    tcase_add_test(tcase, application_may_fail_to_create);
    suite_add_tcase(lock, tcase);
    return lock;
}

TEST_MAIN(suite)
