/* SPDX-License-Identifier: Apache-2.0 */
/* Every crypto case, one thread: with a token key, then with a session key. */
#include "result.h"
#include "slice.h"
#include "support.h"
#include "work.h"

#include <stdlib.h>

enum { RAW, MODULE, RAW_AGAIN, SIDES };

static void case_compare(const struct bench *b, const struct bench_case *c, const char *id,
                         CK_OBJECT_HANDLE key)
{
    struct bench_work *work = bench_work_open(b, c, b->session, key);
    const CK_RV rv = bench_work_try(work);

    if (rv != CKR_OK) {
        bench_put_missing(b, id, "first use", rv);
        bench_work_close(work);
        return;
    }
    const struct bench_side sides[SIDES] = {
        [RAW] = {.op = c->raw_op, .work = work},
        [MODULE] = {.op = c->module_op, .work = work},
        [RAW_AGAIN] = {.op = c->raw_op, .work = work},
    };
    struct bench_rounds *rounds = bench_rounds_run_quiet(sides, SIDES, RAW_AGAIN, &b->effort);
    if (rounds == NULL) {
        bench_put_missing(b, id, "while measuring", work->rv);
    } else {
        bench_put_rounds(b, id, rounds, MODULE, RAW_AGAIN);
    }
    bench_rounds_free(rounds);
    bench_work_close(work);
}

/* Post-quantum cases: both sides must have them, or there is no row. */
static bool is_possible(const struct bench *b, const struct bench_case *c)
{
    const bool is_new = c->mechanism == CKM_ML_DSA || c->mechanism == CKM_ML_KEM;

    return bench_keys_has(&b->keys, c->key) && (!is_new || bench_module_lists(&b->module, c->mechanism));
}

static void case_run(const struct bench *b, const struct bench_case *c, bool is_token)
{
    char *id = bench_text("%s.%s", is_token ? "crypto" : "session-key", c->id);
    const struct bench_import import = {.kind = c->key, .is_token = is_token, .label = c->id};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    if (bench_wants(b, id) && is_possible(b, c)) {
        const CK_RV rv = c->key == BENCH_KEY_NONE
                             ? CKR_OK
                             : bench_key_import(&b->module, b->session, &b->keys, &import, &key);
        if (rv != CKR_OK) {
            bench_put_missing(b, id, "C_CreateObject", rv);
        } else {
            case_compare(b, c, id, key);
        }
        if (key != CK_INVALID_HANDLE) {
            bench_rv_need(b->module.f->C_DestroyObject(b->session, key), "C_DestroyObject");
        }
    }
    free(id);
}

void bench_theme_crypto(struct bench *b)
{
    for (size_t i = 0; i < bench_case_count; i++) {
        case_run(b, &bench_case_table[i], true);
    }
    for (size_t i = 0; i < bench_case_count; i++) {
        if (bench_case_table[i].key != BENCH_KEY_NONE) {
            case_run(b, &bench_case_table[i], false);
        }
    }
}
