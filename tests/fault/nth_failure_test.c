/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call of the tables fails at its first, second, third … allocation, libcrypto call and store call. A
 * failure has a legal code, changes nothing, leaks nothing, and the same call succeeds right after it.
 */
#include "base/fault.h"
#include "base/secret.h"
#include "call/call_table.h"
#include "crypto/pq.h"
#include "fault/stage.h"
#include "support/main.h"
#include "support/module_fixture.h"
#include "support/store_stand_in.h"

#include <stdio.h>
#include <string.h>

enum { RECORDS_LEN = 1 << 17, FAILURES_MAX = 5000 };

/* What must be the same after a failure. */
struct picture {
    bool is_up;
    CK_ULONG objects;
    CK_STATE states[2];
    CK_ULONG sessions;
    CK_FLAGS token_flags;
    CK_UTF8CHAR label[32];
};

struct records {
    const struct fault_call *call;
    size_t len;
    uint8_t octets[RECORDS_LEN];
};

static const char *const kinds[CFR_FAULT_KINDS] = {"allocation", "libcrypto call", "store call"};

static const struct fault_call *nth_call(int index)
{
    static const struct fault_call *const tables[] = {
        fault_calls_token,   fault_calls_object,    fault_calls_key, fault_calls_field, fault_calls_tls,
        fault_calls_message, fault_calls_operation, fault_calls_pq,  fault_calls_whole};

    for (size_t i = 0; i < COUNT(tables); i++) {
        for (const struct fault_call *call = tables[i]; call->name != NULL; call++) {
            if (index-- == 0) {
                return call;
            }
        }
    }
    return NULL;
}

/* Attempts at PINs, with the generation that counts changes; the master key of a store made on the way. */
static bool may_change(const struct fault_call *call, uint8_t kind)
{
    return ((call->flags & FAULT_COUNTS_PIN) != 0 && (kind == 'U' || kind == 'G')) ||
           (call->scene == SCENE_NEW && kind == 'M');
}

static bool note_record(void *arg, struct cfr_span key, struct cfr_span value)
{
    struct records *records = arg;

    if (may_change(records->call, key.ptr[0])) {
        return true;
    }
    ck_assert_uint_lt(records->len + key.len + value.len + 4, RECORDS_LEN);
    cfr_store_be32(records->octets + records->len, (uint32_t)(key.len << 16 | value.len));
    cfr_copy(records->octets + records->len + 4, key.ptr, key.len);
    cfr_copy(records->octets + records->len + 4 + key.len, value.ptr, value.len);
    records->len += 4 + key.len + value.len;
    return true;
}

static void read_records(const struct fault_call *call, struct records *records)
{
    struct cfr_store *store = stand_in_inner();
    struct cfr_store_txn *txn = NULL;

    records->len = 0;
    records->call = call;
    ck_assert_int_eq(store->ops->begin(store, CFR_STORE_READ, &txn), CFR_STORE_OK);
    ck_assert_int_eq(store->ops->range(txn, cfr_span_of(NULL, 0), cfr_span_of(NULL, 0), note_record, records),
                     CFR_STORE_OK);
    store->ops->abort(txn);
}

static void take_picture(const struct fault_call *call, const struct stage *stage, struct picture *picture)
{
    const CK_SESSION_HANDLE sessions[2] = {stage->session, stage->other};
    CK_TOKEN_INFO token;
    CK_INFO info;

    *picture = (struct picture){.is_up = C_GetInfo(&info) == CKR_OK};
    if (!picture->is_up) {
        return;
    }
    MUST(C_GetTokenInfo(stage->slot, &token));
    picture->sessions = token.ulSessionCount;
    picture->token_flags = token.flags;
    cfr_copy(picture->label, token.label, sizeof(picture->label));
    if ((call->flags & FAULT_COUNTS_PIN) != 0) {
        picture->token_flags &= ~(CKF_USER_PIN_COUNT_LOW | CKF_SO_PIN_COUNT_LOW);
    }
    for (int i = 0; i < 2; i++) {
        CK_SESSION_INFO session;

        if (sessions[i] != CK_INVALID_HANDLE) {
            MUST(C_GetSessionInfo(sessions[i], &session));
            picture->states[i] = session.state;
        }
    }
    if (stage->session != CK_INVALID_HANDLE) {
        picture->objects = stage_count(stage->session);
    }
}

static void set_up(const struct fault_call *call, struct stage *stage)
{
    stage_set(call->scene, stage);
    if (call->prepare != NULL) {
        call->prepare(stage);
    }
}

/* Codes with which a call may say that it had no memory, that libcrypto failed, that the store did. */
static bool is_legal(const struct fault_call *call, enum cfr_fault_kind kind, CK_RV rv)
{
    bool has_device = (call->flags & FAULT_LIBRARY) == 0;

    switch (rv) {
    case CKR_HOST_MEMORY:
        return kind != CFR_FAULT_STORE;
    case CKR_DEVICE_MEMORY:
        return has_device;
    case CKR_DEVICE_ERROR:
        return has_device; /* the store has no word for want of memory */
    case CKR_GENERAL_ERROR:
    case CKR_FUNCTION_FAILED:
        return kind != CFR_FAULT_MEMORY;
    default:
        return kind == CFR_FAULT_CRYPTO &&
               (call->also[0] == rv || call->also[1] == rv || call->also[2] == rv);
    }
}

struct trial {
    const struct fault_call *call;
    enum cfr_fault_kind kind;
    unsigned nth;
    struct picture before; /* the same for all attempts, taken once: taking it would fill caches */
    struct records *records;
    struct records *records_after;
};

static void check_success(const struct trial *trial, struct stage *stage)
{
    const struct fault_call *call = trial->call;

    if ((call->flags & FAULT_ENDS) == 0 && stage->session != CK_INVALID_HANDLE) {
        ck_assert_msg(stage_count(stage->session) == trial->before.objects + (CK_ULONG)call->made,
                      "%s: objects after success, %s %u", call->name, kinds[trial->kind], trial->nth);
    }
    if (call->check != NULL) {
        call->check(stage);
    }
}

static void check_nothing_changed(const struct trial *trial, const struct stage *stage)
{
    const char *name = trial->call->name;
    const char *kind = kinds[trial->kind];
    struct picture after;

    read_records(trial->call, trial->records_after);
    ck_assert_msg(trial->records->len == trial->records_after->len &&
                      memcmp(trial->records->octets, trial->records_after->octets, trial->records->len) == 0,
                  "%s: failed %s %u changed the store", name, kind, trial->nth);
    for (int i = 0; i < 2; i++) {
        ck_assert_msg(stage->made[i] == CK_INVALID_HANDLE, "%s: failed %s %u gave a handle", name, kind,
                      trial->nth);
    }
    take_picture(trial->call, stage, &after);
    ck_assert_msg(trial->before.is_up == after.is_up, "%s: failed %s %u: module up or down", name, kind,
                  trial->nth);
    ck_assert_msg(trial->before.objects == after.objects, "%s: failed %s %u: %lu objects, not %lu", name,
                  kind, trial->nth, after.objects, trial->before.objects);
    ck_assert_msg(trial->before.sessions == after.sessions, "%s: failed %s %u: %lu sessions, not %lu", name,
                  kind, trial->nth, after.sessions, trial->before.sessions);
    ck_assert_msg(memcmp(trial->before.states, after.states, sizeof(after.states)) == 0,
                  "%s: failed %s %u changed a session's state", name, kind, trial->nth);
    ck_assert_msg(trial->before.token_flags == after.token_flags,
                  "%s: failed %s %u: token flags 0x%lx, not 0x%lx", name, kind, trial->nth, after.token_flags,
                  trial->before.token_flags);
    ck_assert_msg(memcmp(trial->before.label, after.label, sizeof(after.label)) == 0,
                  "%s: failed %s %u changed the label", name, kind, trial->nth);
}

/* One attempt; false when the call had no nth thing left to fail. */
static bool attempt(const struct trial *trial)
{
    const struct fault_call *call = trial->call;
    struct stage stage;
    bool fired;
    CK_RV rv;

    set_up(call, &stage);
    read_records(call, trial->records);
    cfr_fault_arm(trial->kind, trial->nth);
    rv = call->call(&stage);
    fired = cfr_fault_fired(trial->kind);
    cfr_fault_arm(trial->kind, 0);
    if (rv != CKR_OK) {
        ck_assert_msg(fired && is_legal(call, trial->kind, rv), "%s: %s %u gave %s", call->name,
                      kinds[trial->kind], trial->nth, cfr_rv_name(rv));
        check_nothing_changed(trial, &stage);
        rv = call->call(&stage);
        ck_assert_msg(rv == CKR_OK, "%s: %s after failed %s %u", call->name, cfr_rv_name(rv),
                      kinds[trial->kind], trial->nth);
    }
    check_success(trial, &stage);
    stage_clear();
    ck_assert_msg(cfr_secret_in_use() == 0, "%s: %zu octets of secrets left after %s %u", call->name,
                  cfr_secret_in_use(), kinds[trial->kind], trial->nth);
    return fired;
}

static bool can_run(const struct fault_call *call)
{
    return (call->flags & FAULT_PQ) == 0 || cfr_pq_is_available(CFR_KEY_ML_KEM);
}

static void fail_each(int index, enum cfr_fault_kind kind)
{
    struct trial trial = {.call = nth_call(index), .kind = kind, .nth = 1};
    struct stage stage;

    if (!can_run(trial.call)) {
        return;
    }
    trial.records = calloc(2, sizeof(*trial.records));
    ck_assert_ptr_nonnull(trial.records);
    trial.records_after = trial.records + 1;
    set_up(trial.call, &stage);
    take_picture(trial.call, &stage, &trial.before);
    stage_clear();
    while (trial.nth < FAILURES_MAX && attempt(&trial)) {
        trial.nth++;
    }
    ck_assert_uint_lt(trial.nth, FAILURES_MAX);
    ck_assert_msg(trial.nth > trial.call->least[kind], "%s: %u %ss, at least %u were expected",
                  trial.call->name, trial.nth - 1, kinds[kind], trial.call->least[kind]);
    free(trial.records);
}

START_TEST(each_allocation_may_fail)
{
    fail_each(_i, CFR_FAULT_MEMORY);
}
END_TEST

START_TEST(each_libcrypto_call_may_fail)
{
    fail_each(_i, CFR_FAULT_CRYPTO);
}
END_TEST

START_TEST(each_store_call_may_fail)
{
    fail_each(_i, CFR_FAULT_STORE);
}
END_TEST

static Suite *suite(void)
{
    Suite *nth_failure = suite_create("nth_failure");
    TCase *tcase = tcase_create("calls");
    int count = 0;

    while (nth_call(count) != NULL) {
        count++;
    }
    tcase_add_checked_fixture(tcase, stage_build, stage_remove);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, each_allocation_may_fail, 0, count);
    tcase_add_loop_test(tcase, each_libcrypto_call_may_fail, 0, count);
    tcase_add_loop_test(tcase, each_store_call_may_fail, 0, count);
    suite_add_tcase(nth_failure, tcase);
    return nth_failure;
}

TEST_MAIN(suite)
