/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

#include "bench.h"
#include "support.h"
#include "team.h"
#include "work.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { HANDLES_BLOCK = 256, WATCH_LIMIT_S = 5 };

/* Times of a cold start, ns since the word to go. */
struct start {
    int64_t begun_ns;
    int64_t login_ns; /* C_Login alone */
    int64_t done_ns;
    struct bench_module module;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    unsigned char signature[64];
};

static bool step(CK_RV rv, const char *where)
{
    if (rv != CKR_OK) {
        printf("fail %s 0x%lx\n", where, rv);
    }
    return rv == CKR_OK;
}

/*
 * "find": wait for the word, then from nothing to the labelled key. "start": the same, then a signature with
 * it.
 */
static bool start_find(const struct bench_options *options, struct start *start)
{
    struct bench_fault fault;

    start->begun_ns = bench_now_ns();
    if (!bench_module_open(options, &start->module, &fault)) {
        return step(fault.rv, fault.where);
    }
    CK_FUNCTION_LIST *f = start->module.f;
    if (!step(f->C_OpenSession(start->module.slot, CKF_SERIAL_SESSION, NULL, NULL, &start->session),
              "C_OpenSession")) {
        return false;
    }
    const int64_t before_ns = bench_now_ns();
    if (!step(f->C_Login(start->session, CKU_USER, (CK_UTF8CHAR *)(uintptr_t)BENCH_USER_PIN,
                         strlen(BENCH_USER_PIN)),
              "C_Login")) {
        return false;
    }
    start->login_ns = bench_now_ns() - before_ns;
    CK_ATTRIBUTE template = {CKA_LABEL, (void *)(uintptr_t)options->label, strlen(options->label)};
    CK_ULONG count = 0;
    return step(bench_find(&start->module, start->session, &template, 1, &start->key, 1, &count),
                "C_FindObjects") &&
           step(count == 1 ? CKR_OK : CKR_OBJECT_HANDLE_INVALID, "find");
}

static bool start_sign(struct start *start, CK_OBJECT_HANDLE key)
{
    unsigned char digest[32] = {1};
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_ULONG len = sizeof(start->signature);
    CK_FUNCTION_LIST *f = start->module.f;

    return step(f->C_SignInit(start->session, &mechanism, key), "C_SignInit") &&
           step(f->C_Sign(start->session, digest, sizeof(digest), start->signature, &len), "C_Sign");
}

static bool signature_check(const struct bench_options *options, const struct start *start)
{
    static const unsigned char digest[32] = {1};
    struct bench_raw raw;

    bench_raw_open(&raw);
    EVP_PKEY *key = bench_keys_p256(&raw, options->scratch);
    const bool is_good = bench_ecdsa_check(&raw, key, digest, start->signature);
    EVP_PKEY_free(key);
    bench_raw_close(&raw);
    return is_good;
}

static int start_run(const struct bench_options *options, bool signs)
{
    struct start start = {0};
    char go;

    if (!bench_read_all(STDIN_FILENO, &go, 1) || !start_find(options, &start) ||
        (signs && !start_sign(&start, start.key))) {
        return 1;
    }
    start.done_ns = bench_now_ns();
    if (signs && !signature_check(options, &start)) {
        bench_wrong("%s: first signature of a fresh process", options->name);
    }
    printf("ok %ld %ld\n", (long)(start.done_ns - start.begun_ns), (long)start.login_ns);
    fflush(stdout);
    bench_module_close(&start.module);
    return 0;
}

static int start_work(const struct bench_options *options)
{
    return start_run(options, true);
}

static int find_work(const struct bench_options *options)
{
    return start_run(options, false);
}

/*
 * "memory": private memory once the labelled key is found and the signer has signed; then once all are
 * listed.
 */
static int memory_work(const struct bench_options *options)
{
    struct start start = {0};

    if (!start_find(options, &start) ||
        !start_sign(&start, bench_find_label(&start.module, start.session, BENCH_SIGNER))) {
        return 1;
    }
    const size_t used_len = bench_anon_len();
    CK_FUNCTION_LIST *f = start.module.f;
    CK_OBJECT_HANDLE handles[HANDLES_BLOCK];
    CK_ULONG count = HANDLES_BLOCK;
    CK_RV rv = bench_list_begin(&start.module, start.session);
    while (rv == CKR_OK && count != 0) {
        rv = f->C_FindObjects(start.session, handles, HANDLES_BLOCK, &count);
        for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
            char label[64];
            CK_ATTRIBUTE template = {CKA_LABEL, label, sizeof(label)};
            rv = f->C_GetAttributeValue(start.session, handles[i], &template, 1);
        }
    }
    f->C_FindObjectsFinal(start.session);
    if (!step(rv, "listing")) {
        return 1;
    }
    printf("ok %zu %zu\n", used_len / 1024, bench_anon_len() / 1024);
    fflush(stdout);
    bench_module_close(&start.module);
    return 0;
}

/* "peak": peak memory with libcrypto alone, with module and session, after login and a signature. */
static int peak_work(const struct bench_options *options)
{
    struct start start = {0};
    struct bench_raw raw;
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    struct bench_keys keys = {0};
    const struct bench_import import = {.kind = BENCH_KEY_P256, .label = "peak"};

    bench_raw_open(&raw);
    const size_t base_len = bench_peak_len();
    bench_module_need(options, &start.module);
    start.session = bench_session_open(&start.module);
    const size_t open_len = bench_peak_len();
    keys.p256 = bench_keys_p256(&raw, options->scratch);
    bench_login(&start.module, start.session);
    if (!step(bench_key_import(&start.module, start.session, &keys, &import, &key), "C_CreateObject") ||
        !start_sign(&start, key)) {
        return 1;
    }
    printf("ok %zu %zu %zu\n", base_len / 1024, open_len / 1024, bench_peak_len() / 1024);
    fflush(stdout);
    bench_keys_close(&keys);
    bench_raw_close(&raw);
    bench_module_close(&start.module);
    return 0;
}

/* "watch": for each label read, search until the object is there, and say when that was. */
static int watch_work(const struct bench_options *options)
{
    struct start start = {0};
    char label[64];

    if (!start_find(options, &start)) {
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    while (fgets(label, sizeof(label), stdin) != NULL) {
        const int64_t limit_ns = bench_now_ns() + (int64_t)WATCH_LIMIT_S * 1000000000;
        CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
        label[strcspn(label, "\n")] = '\0';
        while (key == CK_INVALID_HANDLE && bench_now_ns() < limit_ns) {
            key = bench_find_label(&start.module, start.session, label);
        }
        printf("%s %ld\n", key == CK_INVALID_HANDLE ? "never" : "seen", (long)bench_now_ns());
        fflush(stdout);
    }
    bench_module_close(&start.module);
    return 0;
}

/* "member": one process of a team, on the token key with the case's label. */
static int member_work(const struct bench_options *options)
{
    struct bench b = {.options = options};
    const struct bench_case *c = bench_case_find(options->case_id);

    bench_module_need(options, &b.module);
    b.session = bench_session_open(&b.module);
    bench_login(&b.module, b.session);
    bench_raw_open(&b.raw);
    bench_keys_open(&b.raw, options->scratch, &b.keys);
    struct bench_work *work =
        bench_work_open(&b, c, b.session, bench_find_label(&b.module, b.session, options->label));
    if (!step(bench_work_try(work), "first use")) {
        return 1;
    }
    const struct bench_side sides[] = {
        {.op = c->raw_op, .work = work}, {.op = c->module_op, .work = work}, {.op = c->raw_op, .work = work}};
    printf("ready\n");
    fflush(stdout);
    bench_member_serve(STDIN_FILENO, STDOUT_FILENO, sides);
    bench_work_close(work);
    bench_keys_close(&b.keys);
    bench_raw_close(&b.raw);
    bench_module_close(&b.module);
    return 0;
}

int bench_worker(const struct bench_options *options)
{
    static const struct {
        const char *kind;
        int (*run)(const struct bench_options *options);
    } kind_table[] = {
        {"find", find_work}, {"start", start_work}, {"memory", memory_work},
        {"peak", peak_work}, {"watch", watch_work}, {"member", member_work},
    };
    const char *kind = options->argv[options->first];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; kind != NULL && i < sizeof(kind_table) / sizeof(kind_table[0]); i++) {
        if (strcmp(kind, kind_table[i].kind) == 0) {
            return kind_table[i].run(options);
        }
    }
    bench_die("no such worker");
}
