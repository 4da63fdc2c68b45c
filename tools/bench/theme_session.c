/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions, login, and the memory of a process with an empty token. */
#include "child.h"
#include "kdf.h"
#include "result.h"
#include "slice.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

enum { WORKER_PATIENCE_MS = 120000 };

static const double LOGIN_SECONDS_MIN = 3; /* ten rounds of a login of 150 ms */

struct session_work {
    const struct bench *b;
    CK_RV rv;
};

static bool open_close(void *work)
{
    struct session_work *w = work;
    CK_FUNCTION_LIST *f = w->b->module.f;
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

    w->rv = f->C_OpenSession(w->b->module.slot, CKF_SERIAL_SESSION, NULL, NULL, &session);
    if (w->rv == CKR_OK) {
        w->rv = f->C_CloseSession(session);
    }
    return w->rv == CKR_OK;
}

/* The user is logged in before and after. */
static bool logout_login(void *work)
{
    struct session_work *w = work;
    CK_FUNCTION_LIST *f = w->b->module.f;

    w->rv = f->C_Logout(w->b->session);
    if (w->rv == CKR_OK) {
        w->rv = f->C_Login(w->b->session, CKU_USER, (CK_UTF8CHAR *)(uintptr_t)BENCH_USER_PIN,
                           strlen(BENCH_USER_PIN));
    }
    return w->rv == CKR_OK;
}

static void open_close_measure(const struct bench *b)
{
    struct session_work work = {.b = b};
    const struct bench_side side = {.op = open_close, .work = &work};
    struct bench_rounds *rounds = bench_rounds_run(&side, 1, b->effort.seconds);

    if (rounds == NULL) {
        bench_put_missing(b, "session.open-close", "while measuring", work.rv);
    } else {
        bench_put(b, "session.open-close", bench_rounds_lowest_us(rounds, 0));
    }
    bench_rounds_free(rounds);
}

static void login_measure(const struct bench *b)
{
    struct session_work work = {.b = b};
    struct bench_kdf *kdf = bench_kdf_open(&b->raw, b->options->kdf);
    const struct bench_side sides[] = {{.op = logout_login, .work = &work}, bench_kdf_side(kdf)};
    const double seconds =
        kdf != NULL && b->effort.seconds < LOGIN_SECONDS_MIN ? LOGIN_SECONDS_MIN : b->effort.seconds;
    struct bench_rounds *rounds = bench_rounds_run(sides, kdf == NULL ? 1 : 2, seconds);

    if (rounds == NULL) {
        bench_put_missing(b, "session.login", "while measuring", work.rv);
    } else {
        const double login_ms = bench_rounds_lowest_us(rounds, 0) / 1e3;
        bench_put(b, "session.login", login_ms);
        if (kdf != NULL) {
            const double kdf_ms = bench_rounds_lowest_us(rounds, 1) / 1e3;
            bench_put(b, "session.kdf", kdf_ms);
            bench_put(b, "session.login-less-kdf", login_ms - kdf_ms);
        }
    }
    bench_rounds_free(rounds);
    bench_kdf_close(kdf);
}

/*
 * A fresh process says how its peak memory grows: libcrypto alone, module and session, login and signature.
 */
static void peak_measure(const struct bench *b)
{
    struct bench_child child;
    char line[128] = "";
    double base_kib = 0;
    double open_kib = 0;
    double used_kib = 0;

    bench_child_start(b->options, "peak", NULL, NULL, &child);
    const bool is_good = bench_child_receive(&child, line, sizeof(line), WORKER_PATIENCE_MS) &&
                         sscanf(line, "ok %lf %lf %lf", &base_kib, &open_kib, &used_kib) == 3;
    bench_child_end(&child);
    if (!is_good) {
        bench_put_missing(b, "session.peak", line, CKR_GENERAL_ERROR);
        return;
    }
    bench_put(b, "session.peak-base", base_kib / 1024);
    bench_put(b, "session.peak", open_kib / 1024);
    bench_put(b, "session.peak-used", used_kib / 1024);
}

void bench_theme_session(struct bench *b)
{
    if (bench_wants(b, "session.open-close")) {
        open_close_measure(b);
    }
    if (bench_wants(b, "session.login")) {
        login_measure(b);
    }
    if (bench_wants(b, "session.peak") || bench_wants(b, "session.peak-base") ||
        bench_wants(b, "session.peak-used")) {
        peak_measure(b);
    }
}
