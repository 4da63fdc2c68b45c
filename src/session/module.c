/* SPDX-License-Identifier: Apache-2.0 */
#include "session/module.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/turn.h"
#include "crypto/rng.h"
#include "mech/registry.h"
#include "session/built_in.h"
#include "session/job.h"
#include "session/session.h"
#include "session/slot.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

struct cfr_module cfr_module;

/*
 * Keeps C_Initialize and C_Finalize apart; never held while libcrypto loads configuration. A second thread in
 * C_Initialize is answered when the first has done, and finds a module that is up.
 */
static struct cfr_turn changing;

/* Whether this thread holds it: an engine or a log target may call us back. */
static _Thread_local bool is_changing __attribute__((tls_model("initial-exec")));

/* Calls within calls that this thread is in. */
static _Thread_local unsigned depth __attribute__((tls_model("initial-exec")));

static bool is_up(void)
{
    return atomic_load_explicit(&cfr_module.gate.is_open, memory_order_acquire) &&
           atomic_load_explicit(&cfr_module.forks, memory_order_relaxed) == cfr_proc_generation();
}

static void begin_change(void)
{
    cfr_turn_take(&changing);
    is_changing = true;
}

static void end_change(void)
{
    is_changing = false;
    cfr_turn_give(&changing);
}

/*
 * --- A fork that the child goes on after ---
 *
 * Nobody is inside when it happens, so that no lock of ours or of our libcrypto context is held, and nothing is half
 * done; except by those who rest in the midst of long work, who hold the locks of their sessions.
 */

static bool before_fork(void)
{
    /* From within a call, by a signal handler say: it cannot be waited for. */
    if (is_changing || depth != 0) {
        return false;
    }
    begin_change();
    if (atomic_load(&cfr_module.forks) == cfr_proc_generation() && cfr_module.keeps_forks &&
        (atomic_load(&cfr_module.is_inherited) || cfr_gate_pause(&cfr_module.gate))) {
        return true;
    }
    end_change();
    return false;
}

static void after_fork_in_parent(void)
{
    if (!atomic_load(&cfr_module.is_inherited)) {
        cfr_gate_resume(&cfr_module.gate);
    }
    end_change();
}

static void after_fork_in_child(void)
{
    cfr_gate_forked(&cfr_module.gate);
    atomic_store(&cfr_module.is_inherited, true);
    end_change();
}

static const struct cfr_proc_keeper keeper = {before_fork, after_fork_in_parent, after_fork_in_child};

/* Make what was inherited this process's own: at the first call, because most children call exec() instead. */
static void take_over(void)
{
    uint32_t count = cfr_proc_fork_count();

    begin_change();
    if (atomic_load(&cfr_module.is_inherited)) {
        cfr_secret_forked();
        cfr_session_table_forked();
        cfr_jobs_forked();
        /* libcrypto's generators tell processes apart by their pid; one may come again. */
        if (cfr_rng_add(cfr_span_of((const uint8_t *)&count, sizeof(count))) != CKR_OK) {
            cfr_log(CFR_LOG_WARN, "the random generator could not be reseeded after a fork");
        }
        if (cfr_module.store != NULL && cfr_module.store->ops->forked(cfr_module.store) != CFR_STORE_OK) {
            cfr_log(CFR_LOG_ERROR, "store %s: it could not be opened after a fork; each call will try again",
                    cfr_module.config.text[CFR_OPT_STORE]);
        }
        atomic_store(&cfr_module.is_inherited, false);
        cfr_gate_open(&cfr_module.gate);
    }
    end_change();
}

static void take_over_if_inherited(void)
{
    if (CFR_UNLIKELY(atomic_load(&cfr_module.is_inherited)) && !is_changing &&
        atomic_load(&cfr_module.forks) == cfr_proc_generation() && !cfr_ossl_is_gone()) {
        take_over();
    }
}

CK_RV cfr_module_enter(void)
{
    if (CFR_UNLIKELY(atomic_load_explicit(&cfr_module.forks, memory_order_relaxed) != cfr_proc_generation() ||
                     cfr_ossl_is_gone() || is_changing)) {
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    if (CFR_UNLIKELY(!cfr_gate_enter(&cfr_module.gate))) {
        take_over_if_inherited();
        if (!cfr_gate_enter(&cfr_module.gate)) {
            return CKR_CRYPTOKI_NOT_INITIALIZED;
        }
    }
    depth++;
    return CKR_OK;
}

void cfr_module_leave(void)
{
    depth--;
    cfr_gate_leave(&cfr_module.gate);
}

void cfr_module_rest(void)
{
    cfr_gate_rest(&cfr_module.gate);
}

/* After a pause, the gate is open before it is no longer paused. */
bool cfr_module_is_closing(void)
{
    return !atomic_load(&cfr_module.gate.is_open) && !atomic_load(&cfr_module.gate.is_paused) &&
           !atomic_load(&cfr_module.gate.is_open);
}

/* Whether a store stands in the configured folder: one is only made when a token is. */
static bool store_exists(const char *folder)
{
    AUTO(buf) path = CFR_BUF(PATH_MAX);
    struct stat status;

    cfr_buf_put(&path, cfr_span_text(folder));
    cfr_buf_put(&path, cfr_span_of("/coffer.mdb", sizeof("/coffer.mdb")));
    return !path.failed && (stat((const char *)path.ptr, &status) == 0 || errno == EACCES);
}

/* mkdir -p for the parents of the store's folder, which the store itself makes. */
static void make_parents(const char *folder)
{
    char *path = cfr_alloc_text(folder);

    for (char *slash = path == NULL ? NULL : strchr(path + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    cfr_free(path);
}

static CK_RV open_master(struct cfr_store *store)
{
    AUTO(store_txn) *txn = NULL;

    TRY(cfr_master_open(store, cfr_module.config.text[CFR_OPT_ANCHOR], &cfr_module.master));
    TRY(cfr_catalogue_open(cfr_module.master, CFR_STORE_SPACE, &cfr_module.tokens));
    TRY(cfr_store_rv(store->ops->begin(store, CFR_STORE_READ, &txn), "begin"));
    return cfr_catalogue_verify(&cfr_module.tokens, txn, "TZ");
}

static void close_master(void)
{
    cfr_catalogue_close(&cfr_module.tokens);
    cfr_master_drop(cfr_module.master);
    cfr_module.master = NULL;
}

CK_RV cfr_module_open_store_locked(bool may_create)
{
    const char *folder = cfr_module.config.text[CFR_OPT_STORE];
    struct cfr_store_config config = {
        .path = folder,
        .allow_remote_fs = cfr_module.config.number[CFR_OPT_REMOTE_FS] == 1,
    };
    struct cfr_store *store = NULL;
    enum cfr_store_status status;
    CK_RV rv;

    if (cfr_module.store != NULL || (!may_create && !store_exists(folder))) {
        return CKR_OK;
    }
    make_parents(folder);
    status = cfr_store_lmdb.open(&config, &store);
    if (status == CFR_STORE_INUSE) {
        return cfr_fail(CKR_CANT_LOCK, "the store %.100s is open in this process already", folder);
    }
    TRY(cfr_store_rv(status, folder));
    rv = open_master(store);
    if (rv != CKR_OK) {
        close_master();
        store->ops->close(store);
        return rv;
    }
    cfr_module.store = store;
    return CKR_OK;
}

/*
 * What a forked child inherits is the parent's: forget it without touching the store's files, locks or
 * memory.
 */
static void abandon(void)
{
    if (cfr_module.store != NULL) {
        cfr_module.store->ops->abandon(cfr_module.store);
    }
    cfr_session_table_abandon();
    cfr_jobs_abandon();
    cfr_secret_keep_on_fork(false);
    memset(&cfr_module, 0, sizeof(cfr_module));
}

static void use_mutexes(const CK_C_INITIALIZE_ARGS *args)
{
    struct cfr_lock_app app;

    if (args == NULL || args->CreateMutex == NULL || (args->flags & CKF_OS_LOCKING_OK) != 0) {
        cfr_lock_use_app(NULL);
        return;
    }
    app = (struct cfr_lock_app){args->CreateMutex, args->DestroyMutex, args->LockMutex, args->UnlockMutex};
    cfr_lock_use_app(&app);
}

static void tear_down(void)
{
    cfr_session_table_clear();
    cfr_jobs_down();
    for (size_t i = 0; i < cfr_module.slot_count; i++) {
        cfr_token_drop(cfr_module.slots[i]);
        cfr_module.slots[i] = NULL;
    }
    cfr_module.slot_count = 0;
    cfr_built_in_down();
    close_master();
    if (cfr_module.store != NULL) {
        cfr_module.store->ops->close(cfr_module.store);
        cfr_module.store = NULL;
    }
    cfr_config_clear(&cfr_module.config);
}

/* Everything that a token needs, once libcrypto is up. On failure the caller tears down what was made. */
static CK_RV build_up(void)
{
    CK_RV rv;

    cfr_module.listed_version = UINT64_MAX;
    cfr_registry_probe();
    TRY(cfr_built_in_up());
    TRY(cfr_session_table_up());
    cfr_lock_acquire(&cfr_module.lock);
    rv = cfr_module_open_store_locked(false);
    cfr_lock_release(&cfr_module.lock);
    if (rv == CKR_CANT_LOCK || rv == CKR_HOST_MEMORY) {
        return rv;
    }
    /*
     * A store that cannot be read is no reason to refuse the application: it sees an empty slot, the log says
     * why.
     */
    if (rv != CKR_OK) {
        cfr_log(CFR_LOG_ERROR, "store %s: %s", cfr_module.config.text[CFR_OPT_STORE], cfr_note_last()->words);
    }
    TRY(cfr_slots_refresh());
    cfr_slots_note_all();
    return CKR_OK;
}

static CK_RV set_log(const char *setting)
{
    if (setting != NULL && setting[0] != '\0' && !cfr_log_configure(setting)) {
        return cfr_fail(CKR_GENERAL_ERROR,
                        "COFFER_LOG, or log in the configuration, is not <level>[:<target>]");
    }
    return CKR_OK;
}

/* The log comes first, if it can: it has to say what is wrong with the rest. */
static CK_RV read_config(void)
{
    TRY(set_log(secure_getenv(cfr_option(CFR_OPT_LOG)->environment)));
    TRY(cfr_config_read(&cfr_module.config));
    return set_log(cfr_module.config.text[CFR_OPT_LOG]);
}

/* An application that brings its own mutexes may have threads that are not the system's. */
static bool may_have_threads(const CK_C_INITIALIZE_ARGS *args)
{
    return args == NULL || ((args->flags & CKF_LIBRARY_CANT_CREATE_OS_THREADS) == 0 &&
                            (args->CreateMutex == NULL || (args->flags & CKF_OS_LOCKING_OK) != 0));
}

static void keep_forks(bool keep)
{
    cfr_module.keeps_forks = keep;
    cfr_secret_keep_on_fork(keep);
    cfr_proc_keep(keep ? &keeper : NULL);
}

static CK_RV start(const CK_C_INITIALIZE_ARGS *args, bool fork_safe)
{
    CK_RV rv;

    if (atomic_load(&cfr_module.forks) != cfr_proc_generation()) {
        abandon();
    }
    FAIL_UNLESS(!is_up(), CKR_CRYPTOKI_ALREADY_INITIALIZED);
    use_mutexes(args);
    rv = read_config();
    rv = rv == CKR_OK ? cfr_ossl_up() : rv;
    rv = rv == CKR_OK ? cfr_ossl_check_engines() : rv;
    rv = rv == CKR_OK ? cfr_lock_init(&cfr_module.lock, CFR_RANK_MODULE) : rv;
    if (rv != CKR_OK) {
        cfr_config_clear(&cfr_module.config);
        return rv;
    }
    rv = build_up();
    if (rv != CKR_OK) {
        tear_down();
        cfr_lock_clear(&cfr_module.lock);
        return rv;
    }
    atomic_store(&cfr_module.forks, cfr_proc_generation());
    cfr_jobs_up(may_have_threads(args));
    keep_forks(fork_safe || cfr_module.config.number[CFR_OPT_FORK] == 1);
    cfr_gate_open(&cfr_module.gate);
    return CKR_OK;
}

CK_RV cfr_module_up(const CK_C_INITIALIZE_ARGS *args, bool fork_safe)
{
    CK_RV rv;

    if (is_changing) {
        return cfr_fail(CKR_CRYPTOKI_ALREADY_INITIALIZED, "C_Initialize was called from within C_Initialize");
    }
    if (cfr_ossl_is_gone()) {
        return cfr_fail(CKR_GENERAL_ERROR, "the process is exiting: libcrypto was cleaned up");
    }
    TRY(cfr_proc_watch());
    cfr_ossl_load_config();
    take_over_if_inherited();
    begin_change();
    rv = start(args, fork_safe);
    end_change();
    return rv;
}

CK_RV cfr_module_down(void)
{
    bool closed;

    /* At exit libcrypto may be gone already; what it made can then not be given back, and need not. */
    if (cfr_ossl_is_gone() || atomic_load(&cfr_module.forks) != cfr_proc_generation()) {
        return cfr_ossl_is_gone() ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED;
    }
    FAIL_UNLESS(!is_changing, CKR_CRYPTOKI_NOT_INITIALIZED);
    take_over_if_inherited();
    begin_change();
    closed = cfr_gate_close(&cfr_module.gate);
    if (closed) {
        keep_forks(false);
        tear_down();
        cfr_lock_clear(&cfr_module.lock);
        cfr_log_rest();
    }
    end_change();
    FAIL_UNLESS(closed, CKR_CRYPTOKI_NOT_INITIALIZED);
    return CKR_OK;
}
