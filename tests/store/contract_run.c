/* SPDX-License-Identifier: Apache-2.0 */
/* cfr_store_run() and the codes; and each call failing on purpose. */
#include "store/contract.h"
#include "support/store_fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adds one to the number in "n". */
static CK_RV add_one(struct cfr_store_txn *txn, void *arg)
{
    unsigned *runs = arg;
    const char *old = get_text(txn, "n");
    char text[16];

    (*runs)++;
    (void)snprintf(text, sizeof(text), "%ld", strcmp(old, "<none>") == 0 ? 1 : strtol(old, NULL, 10) + 1);
    return cfr_store_rv(txn->store->ops->put(txn, cfr_span_text("n"), cfr_span_text(text)), "put");
}

/* As add_one(), but the first time something else happens in between. */
static CK_RV add_one_disturbed(struct cfr_store_txn *txn, void *arg)
{
    unsigned *runs = arg;
    CK_RV rv = add_one(txn, arg);

    if (*runs == 1) {
        ck_assert_int_eq(put_elsewhere(txn->store, "n", cfr_span_text("10")), CFR_STORE_OK);
    }
    return rv;
}

static CK_RV write_and_refuse(struct cfr_store_txn *txn, void *arg)
{
    (void)add_one(txn, arg);
    return CKR_PIN_INCORRECT;
}

START_TEST(run_commits)
{
    struct cfr_store *store = backend_open(_i);
    unsigned runs = 0;

    ck_assert_uint_eq(cfr_store_run(store, add_one, &runs), CKR_OK);
    ck_assert_uint_eq(cfr_store_run(store, add_one, &runs), CKR_OK);
    ck_assert_str_eq(get_one(store, "n"), "2");
    ck_assert_uint_eq(runs, 2);
    store->ops->close(store);
}
END_TEST

START_TEST(run_runs_again_after_a_conflict)
{
    struct cfr_store *store = backend_open(_i);
    unsigned runs = 0;

    ck_assert_uint_eq(cfr_store_run(store, add_one_disturbed, &runs), CKR_OK);
    ck_assert_str_eq(get_one(store, "n"), "11");
    ck_assert_uint_eq(runs, 2);
    store->ops->close(store);
}
END_TEST

START_TEST(run_writes_nothing_when_the_body_refuses)
{
    struct cfr_store *store = backend_open(_i);
    unsigned runs = 0;

    ck_assert_uint_eq(cfr_store_run(store, write_and_refuse, &runs), CKR_PIN_INCORRECT);
    ck_assert_str_eq(get_one(store, "n"), "<none>");
    ck_assert_uint_eq(runs, 1);
    store->ops->close(store);
}
END_TEST

START_TEST(run_reports_what_a_commit_came_to)
{
    static const struct {
        enum cfr_store_status status;
        CK_RV rv;
    } rows[] = {
        {CFR_STORE_UNKNOWN, CKR_DEVICE_ERROR}, {CFR_STORE_UNAVAIL, CKR_DEVICE_ERROR},
        {CFR_STORE_CORRUPT, CKR_DEVICE_ERROR}, {CFR_STORE_FULL, CKR_DEVICE_MEMORY},
        {CFR_STORE_LIMIT, CKR_DEVICE_MEMORY},
    };
    struct cfr_store *store = backend_open(BACKEND_FAULT_MEMORY + _i);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct store_fault_plan plan = {.calls = STORE_FAULT_COMMIT, .nth = 1, .status = rows[i].status};
        unsigned runs = 0;

        store_fault_arm(store, &plan);
        ck_assert_uint_eq(cfr_store_run(store, add_one, &runs), rows[i].rv);
        ck_assert_uint_eq(runs, 1);
        ck_assert_uint_eq(store_fault_fired(store), 1);
        ck_assert_str_eq(get_one(store, "n"), "<none>");
        plan.calls = STORE_FAULT_BEGIN;
        store_fault_arm(store, &plan);
        ck_assert_uint_eq(cfr_store_run(store, add_one, &runs), rows[i].rv);
        ck_assert_uint_eq(runs, 1);
    }
    store->ops->close(store);
}
END_TEST

START_TEST(run_survives_many_conflicts_but_not_ten_seconds_of_them)
{
    struct cfr_store *store = backend_open(BACKEND_FAULT_MEMORY + _i);
    struct store_fault_plan plan = {
        .calls = STORE_FAULT_COMMIT, .nth = 1, .times = 50, .status = CFR_STORE_CONFLICT};
    unsigned runs = 0;

    store_fault_arm(store, &plan);
    ck_assert_uint_eq(cfr_store_run(store, add_one, &runs), CKR_OK);
    ck_assert_uint_eq(runs, 51);
    ck_assert_str_eq(get_one(store, "n"), "1");
    plan.times = 1000000;
    store_fault_arm(store, &plan);
    ck_assert_uint_eq(cfr_store_run(store, add_one, &runs), CKR_DEVICE_ERROR);
    ck_assert_str_eq(get_one(store, "n"), "1");
    store->ops->close(store);
}
END_TEST

START_TEST(an_unknown_commit_may_have_happened)
{
    struct cfr_store *store = backend_open(BACKEND_FAULT_MEMORY + _i);
    struct store_fault_plan plan = {
        .calls = STORE_FAULT_COMMIT, .nth = 1, .status = CFR_STORE_UNKNOWN, .is_done = true};
    unsigned runs = 0;

    store_fault_arm(store, &plan);
    ck_assert_uint_eq(cfr_store_run(store, add_one, &runs), CKR_DEVICE_ERROR);
    ck_assert_str_eq(get_one(store, "n"), "1");
    ck_assert_uint_eq(runs, 1);
    store->ops->close(store);
}
END_TEST

/* A body of many calls, each of which may be the one that fails. */
static CK_RV move_all(struct cfr_store_txn *txn, void *arg)
{
    const struct cfr_store_ops *ops = txn->store->ops;
    struct cfr_span value;

    TRY(cfr_store_rv(ops->get(txn, cfr_span_text("a"), &value), "get"));
    TRY(cfr_store_rv(ops->put(txn, cfr_span_text("b"), value), "put"));
    TRY(cfr_store_rv(ops->del(txn, cfr_span_text("a")), "del"));
    TRY(cfr_store_rv(ops->get(txn, cfr_span_text("b"), &value), "get"));
    (void)arg;
    return CKR_OK;
}

START_TEST(whichever_call_fails_all_or_nothing_is_written)
{
    struct cfr_store *store = backend_open(BACKEND_FAULT_MEMORY + _i);

    for (unsigned nth = 1;; nth++) {
        struct store_fault_plan plan = {.calls = STORE_FAULT_ANY, .nth = nth, .status = CFR_STORE_UNAVAIL};
        unsigned fired;
        CK_RV rv;

        store_fault_arm(store, NULL);
        ck_assert_int_eq(put_one(store, "a", cfr_span_text("1")), CFR_STORE_OK);
        ck_assert_int_eq(del_one(store, "b"), CFR_STORE_OK);
        store_fault_arm(store, &plan);
        rv = cfr_store_run(store, move_all, NULL);
        fired = store_fault_fired(store);
        store_fault_arm(store, NULL);
        if (fired == 0) {
            ck_assert_uint_eq(rv, CKR_OK);
            ck_assert_uint_eq(nth, 7);
            ck_assert_str_eq(get_one(store, "b"), "1");
            break;
        }
        ck_assert_uint_eq(rv, CKR_DEVICE_ERROR);
        ck_assert_str_eq(get_one(store, "a"), "1");
        ck_assert_str_eq(get_one(store, "b"), "<none>");
    }
    store->ops->close(store);
}
END_TEST

START_TEST(every_status_has_a_name_and_a_code)
{
    for (int status = CFR_STORE_OK; status <= CFR_STORE_INUSE; status++) {
        CK_RV rv = cfr_store_rv((enum cfr_store_status)status, "test");

        ck_assert_str_ne(cfr_store_status_name((enum cfr_store_status)status), "invalid status");
        ck_assert_uint_ne(rv, CKR_GENERAL_ERROR);
        ck_assert((rv == CKR_OK) == (status == CFR_STORE_OK));
    }
    ck_assert_uint_eq(cfr_store_rv(CFR_STORE_INUSE, "open"), CKR_CANT_LOCK);
    ck_assert_str_eq(cfr_note_last()->words, "store: open: in use");
    ck_assert_str_eq(cfr_store_status_name((enum cfr_store_status)99), "invalid status");
    ck_assert_uint_eq(cfr_store_rv((enum cfr_store_status)99, "test"), CKR_GENERAL_ERROR);
}
END_TEST

TCase *contract_run_case(void)
{
    TCase *tcase = tcase_create("cfr_store_run");

    tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, run_commits, 0, BACKENDS);
    tcase_add_loop_test(tcase, run_runs_again_after_a_conflict, 0, BACKENDS);
    tcase_add_loop_test(tcase, run_writes_nothing_when_the_body_refuses, 0, BACKENDS);
    tcase_add_loop_test(tcase, run_reports_what_a_commit_came_to, 0, 2);
    tcase_add_test(tcase, run_survives_many_conflicts_but_not_ten_seconds_of_them);
    tcase_add_loop_test(tcase, an_unknown_commit_may_have_happened, 0, 2);
    tcase_add_loop_test(tcase, whichever_call_fails_all_or_nothing_is_written, 0, 2);
    tcase_add_test(tcase, every_status_has_a_name_and_a_code);
    return tcase;
}
