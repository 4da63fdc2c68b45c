/* SPDX-License-Identifier: Apache-2.0 */
#include "session/session.h"

#include "base/alloc.h"
#include "session/keys.h"
#include "session/object_table.h"

enum { PAGE_LEN = 64, PAGES_MAX = CFR_SESSIONS_MAX / PAGE_LEN, INDEX_BITS = 16 };

_Static_assert(CFR_SESSIONS_MAX <= 1 << INDEX_BITS, "a handle's low bits hold every index");

/* Pages appear one after the other and stay; @c count is stored after the page that it includes. */
static struct {
    struct cfr_lock lock; /* rank SESSIONS; guards the list of closed records and the making of pages */
    _Atomic(struct cfr_session *) pages[PAGES_MAX];
    atomic_size_t count; /* records in pages */
    uint32_t first_free; /* 1 + index; 0: none */
    uint64_t first_use;  /* above every use before the last C_Finalize: no handle comes again */
} table;

CK_RV cfr_session_table_up(void)
{
    TRY(cfr_lock_init(&table.lock, CFR_RANK_SESSIONS));
    atomic_store(&table.count, 0);
    table.first_free = 0;
    return CKR_OK;
}

static struct cfr_session *record_at(size_t index)
{
    return &atomic_load_explicit(&table.pages[index / PAGE_LEN], memory_order_acquire)[index % PAGE_LEN];
}

static void drop_kept(struct cfr_session *session)
{
    for (int use = 0; use < CFR_USE_COUNT; use++) {
        cfr_operation_drop(&session->operations[use]);
    }
    for (int use = 0; use < CFR_MESSAGE_USES; use++) {
        cfr_operation_drop(&session->messages[use]);
    }
    cfr_find_end(&session->find);
    cfr_job_leave(session->job);
    session->job = NULL;
}

void cfr_session_table_clear(void)
{
    size_t count = atomic_load(&table.count);

    for (size_t index = 0; index < count; index++) {
        if (record_at(index)->uses > table.first_use) {
            table.first_use = record_at(index)->uses;
        }
        drop_kept(record_at(index));
        cfr_lock_clear(&record_at(index)->lock);
    }
    for (size_t page = 0; page < count / PAGE_LEN; page++) {
        cfr_free(atomic_exchange(&table.pages[page], NULL));
    }
    atomic_store(&table.count, 0);
    table.first_free = 0;
    cfr_lock_clear(&table.lock);
}

void cfr_session_table_forked(void)
{
    size_t count = atomic_load(&table.count);

    for (size_t index = 0; index < count; index++) {
        /* Should the application have no more mutexes, the system's serves. */
        (void)!cfr_lock_init(&record_at(index)->lock, CFR_RANK_SESSION);
    }
}

void cfr_session_table_abandon(void)
{
    for (size_t page = 0; page < PAGES_MAX; page++) {
        atomic_store(&table.pages[page], NULL);
    }
    atomic_store(&table.count, 0);
    table.first_free = 0;
}

/* Another page of closed records. Under the table's lock. */
static CK_RV add_page_locked(void)
{
    size_t count = atomic_load_explicit(&table.count, memory_order_relaxed);
    struct cfr_session *page;

    FAIL_UNLESS(count < CFR_SESSIONS_MAX, CKR_SESSION_COUNT);
    page = cfr_alloc_array(PAGE_LEN, sizeof(*page));
    FAIL_UNLESS(page != NULL, CKR_HOST_MEMORY);
    for (uint32_t i = 0; i < PAGE_LEN; i++) {
        CK_RV rv = cfr_lock_init(&page[i].lock, CFR_RANK_SESSION);

        if (rv != CKR_OK) {
            while (i-- > 0) {
                cfr_lock_clear(&page[i].lock);
            }
            cfr_free(page);
            return rv;
        }
        page[i].index = (uint32_t)count + i;
        page[i].uses = table.first_use;
        page[i].next_free = i + 1 < PAGE_LEN ? (uint32_t)count + i + 2 : 0;
    }
    atomic_store_explicit(&table.pages[count / PAGE_LEN], page, memory_order_release);
    atomic_store_explicit(&table.count, count + PAGE_LEN, memory_order_release);
    table.first_free = (uint32_t)count + 1;
    return CKR_OK;
}

static CK_RV take_record(struct cfr_session **ret_session)
{
    AUTO(hold) hold = cfr_hold_take(&table.lock);

    if (table.first_free == 0) {
        TRY(add_page_locked());
    }
    *ret_session = record_at(table.first_free - 1);
    table.first_free = (*ret_session)->next_free;
    return CKR_OK;
}

static void give_record(struct cfr_session *session)
{
    AUTO(hold) hold = cfr_hold_take(&table.lock);

    session->next_free = table.first_free;
    table.first_free = session->index + 1;
}

/* Count a new session of a token. */
static CK_RV enter_token(struct cfr_token *token, bool is_rw)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    if (!is_rw && token->login != NULL && token->login->user == CFR_USER_SO) {
        return cfr_fail(CKR_SESSION_READ_WRITE_SO_EXISTS, "a read-only session while the SO is logged in");
    }
    token->sessions++;
    token->ro_sessions += !is_rw;
    return CKR_OK;
}

/* The last session takes the login with it. */
static void leave_token(struct cfr_token *token, bool is_rw, CK_SESSION_HANDLE owner)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    if (owner != 0) {
        cfr_objects_sweep_locked(token, owner);
    }
    token->sessions--;
    token->ro_sessions -= !is_rw;
    if (token->sessions == 0) {
        cfr_token_logout_locked(token);
    }
}

CK_RV cfr_session_open(struct cfr_token *token, bool is_rw, bool is_async, CK_SESSION_HANDLE *ret_handle)
{
    struct cfr_session *session = NULL;
    CK_RV rv;

    if (is_async && !cfr_jobs_are_allowed()) {
        return cfr_fail(CKR_SESSION_ASYNC_NOT_SUPPORTED, "C_Initialize was told to make no threads");
    }
    TRY(take_record(&session));
    rv = enter_token(token, is_rw);
    if (rv != CKR_OK) {
        give_record(session);
        return rv;
    }
    cfr_lock_acquire(&session->lock);
    session->uses++;
    session->token = token;
    session->is_rw = is_rw;
    session->is_async = is_async;
    session->owned_objects = 0;
    session->handle = session->uses << INDEX_BITS | session->index;
    *ret_handle = session->handle;
    cfr_lock_release(&session->lock);
    return CKR_OK;
}

CK_RV cfr_session_acquire(CK_SESSION_HANDLE handle, struct cfr_session **ret_session)
{
    size_t index = handle & ((1U << INDEX_BITS) - 1);
    struct cfr_session *session;

    FAIL_UNLESS(handle >> INDEX_BITS != 0 && index < atomic_load_explicit(&table.count, memory_order_acquire),
                CKR_SESSION_HANDLE_INVALID);
    session = record_at(index);
    cfr_lock_acquire(&session->lock);
    if (CFR_UNLIKELY(session->handle != handle)) {
        cfr_lock_release(&session->lock);
        return cfr_fail(CKR_SESSION_HANDLE_INVALID, "session 0x%lx is not open", handle);
    }
    *ret_session = session;
    return CKR_OK;
}

void cfr_session_release(struct cfr_session *session)
{
    cfr_lock_release(&session->lock);
}

void cfr_session_close_locked(struct cfr_session *session)
{
    CK_SESSION_HANDLE owner = session->owned_objects != 0 ? session->handle : 0;

    drop_kept(session);
    session->handle = 0;
    leave_token(session->token, session->is_rw, owner);
    give_record(session);
}

/* Call @p act for every open session of a token, each under its lock. */
static void each_session(struct cfr_token *token,
                         void (*act)(struct cfr_session *session, CK_OBJECT_HANDLE key), CK_OBJECT_HANDLE key)
{
    size_t count = atomic_load_explicit(&table.count, memory_order_acquire);

    for (size_t index = 0; index < count; index++) {
        struct cfr_session *session = record_at(index);

        cfr_lock_acquire(&session->lock);
        if (session->handle != 0 && session->token == token) {
            act(session, key);
        }
        cfr_lock_release(&session->lock);
    }
}

static void close_one(struct cfr_session *session, CK_OBJECT_HANDLE key)
{
    (void)key;
    cfr_session_close_locked(session);
}

void cfr_session_close_all(struct cfr_token *token)
{
    each_session(token, close_one, 0);
}

static void sweep_one(struct cfr_session *session, CK_OBJECT_HANDLE key)
{
    for (int use = 0; use < CFR_USE_COUNT; use++) {
        cfr_operation_sweep(&session->operations[use], key);
    }
    for (int use = 0; use < CFR_MESSAGE_USES; use++) {
        cfr_operation_sweep(&session->messages[use], key);
    }
    if (key == CK_INVALID_HANDLE) {
        cfr_keys_sweep_pair(session);
    }
}

void cfr_session_sweep(struct cfr_token *token, CK_OBJECT_HANDLE key)
{
    each_session(token, sweep_one, key);
}

CK_STATE cfr_session_state(const struct cfr_session *session)
{
    struct cfr_actor actor = cfr_token_actor(session->token);

    if (actor.is_so) {
        return CKS_RW_SO_FUNCTIONS;
    }
    if (actor.is_user) {
        return session->is_rw ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
    }
    return session->is_rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}
