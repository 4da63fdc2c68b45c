/* SPDX-License-Identifier: Apache-2.0 */
/* Several processes at once, each with the module loaded and a session of its own, on one token key. */
#include "child.h"
#include "result.h"
#include "support.h"
#include "team.h"
#include "work.h"

#include <stdlib.h>
#include <string.h>

enum { RAW, MODULE, RAW_AGAIN, SIDES, PROCESSES_MAX = 4, WORKER_PATIENCE_MS = 120000 };

static void team_run(const struct bench *b, const char *case_id, size_t count)
{
    struct bench_child children[PROCESSES_MAX];
    struct bench_member members[PROCESSES_MAX];
    char *stem = bench_text("processes.%s@", case_id);
    char *id = bench_sized(stem, count);
    char line[128] = "no answer";
    bool is_ready = true;
    struct bench_rounds *rounds = NULL;

    for (size_t i = 0; i < count; i++) {
        bench_child_start(b->options, "member", case_id, case_id, &children[i]);
        members[i] = (struct bench_member){.to = children[i].to, .from = children[i].from};
        /* One after the other: what becomes of simultaneous starts is a figure of its own. */
        is_ready = is_ready && bench_child_receive(&children[i], line, sizeof(line), WORKER_PATIENCE_MS) &&
                   strcmp(line, "ready") == 0;
    }
    if (is_ready) {
        const struct bench_team team = {.members = members,
                                        .member_count = count,
                                        .side_count = SIDES,
                                        .slice_ns = bench_team_slice_ns(count)};
        rounds = bench_team_run_quiet(&team, &b->effort);
    }
    if (rounds == NULL) {
        bench_put_missing(b, id, line, CKR_GENERAL_ERROR);
    } else {
        bench_put_team(b, id, rounds, MODULE, RAW_AGAIN);
    }
    bench_rounds_free(rounds);
    for (size_t i = 0; i < count; i++) {
        bench_child_end(&children[i]);
    }
    free(id);
    free(stem);
}

static void case_run(const struct bench *b, const char *case_id)
{
    const struct bench_case *c = bench_case_find(case_id);
    const struct bench_import import = {.kind = c->key, .is_token = true, .label = c->id};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    char *stem = bench_text("processes.%s@", case_id);
    const bool is_wanted = bench_wants(b, stem);

    free(stem);
    if (!is_wanted || bench_key_import(&b->module, b->session, &b->keys, &import, &key) != CKR_OK) {
        return;
    }
    team_run(b, case_id, 1);
    team_run(b, case_id, PROCESSES_MAX);
    bench_rv_need(b->module.f->C_DestroyObject(b->session, key), "C_DestroyObject");
}

void bench_theme_processes(struct bench *b)
{
    case_run(b, "rsa2048-sign");
    case_run(b, "ecdsa-p256");
}
