/* SPDX-License-Identifier: Apache-2.0 */
#include "session/find.h"

#include "object/search.h"
#include "object/template.h"
#include "session/built_in.h"
#include "session/object_table.h"
#include "session/session.h"

void cfr_find_end(struct cfr_find *find)
{
    cfr_buf_clear(&find->handles);
    *find = (struct cfr_find){0};
}

/* Objects that a search compares with its template, and how many it may still leave in the cache. */
struct candidates {
    struct cfr_objects_snapshot snapshot;
    unsigned keeps;
};

static CK_RV load_candidate(void *arg, struct cfr_store_txn *txn, uint64_t number,
                            struct cfr_object **ret_object)
{
    struct candidates *candidates = arg;
    bool is_kept = candidates->keeps != 0;

    (void)txn;
    candidates->keeps -= is_kept;
    return cfr_objects_read(&candidates->snapshot, number, is_kept, ret_object);
}

/* Numbers, 8 octets each from @p first on, become handles of the same size in place. */
static void make_handles(struct cfr_buf *numbers, size_t first, enum cfr_handle_kind kind, uint64_t epoch)
{
    for (size_t at = first; at < numbers->len; at += sizeof(uint64_t)) {
        uint64_t number;
        CK_OBJECT_HANDLE handle;

        cfr_copy(&number, numbers->ptr + at, sizeof(number));
        handle = cfr_handle_make(
            kind, kind == CFR_HANDLE_TOKEN && cfr_object_number_is_private(number) ? epoch : 0, number);
        cfr_copy(numbers->ptr + at, &handle, sizeof(handle));
    }
}

static CK_RV find_token_objects(struct cfr_token *token, const struct cfr_attrs *template,
                                struct cfr_buf *handles)
{
    AUTO(access) access = {0};
    AUTO(store_txn) *txn = NULL;
    struct candidates candidates = {.keeps = CFR_CACHE_FOUND_MAX};
    size_t first = handles->len;
    struct cfr_store *store;
    uint64_t epoch;

    TRY(cfr_token_refresh(token));
    epoch = atomic_load(&token->epoch);
    TRY_MAP(cfr_token_access(token, &access), CKR_TOKEN_NOT_INITIALIZED, CKR_OK);
    store = access.view.space->store;
    TRY(cfr_store_rv(store->ops->begin(store, CFR_STORE_READ, &txn), "begin"));
    cfr_objects_snapshot(token, &access, txn, &candidates.snapshot);
    TRY(cfr_search(&access.view, txn, template, load_candidate, &candidates, handles));
    make_handles(handles, first, CFR_HANDLE_TOKEN, epoch & CFR_HANDLE_LOGIN_MAX);
    return CKR_OK;
}

static CK_RV find_session_objects(struct cfr_token *token, const struct cfr_attrs *template,
                                  struct cfr_buf *handles)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);
    struct cfr_object *object;
    size_t cursor = 0;

    while ((object = cfr_hashmap_next(&token->session_objects, &cursor)) != NULL) {
        bool matches = false;

        TRY(cfr_object_matches(object, template, &matches));
        if (matches) {
            CK_OBJECT_HANDLE handle = cfr_objects_handle(token, object);

            cfr_buf_put(handles, cfr_span_of(&handle, sizeof(handle)));
        }
    }
    return cfr_buf_check(handles);
}

static CK_RV find_built_in(struct cfr_token *token, const struct cfr_attrs *template, struct cfr_buf *handles)
{
    size_t first = handles->len;

    TRY(cfr_built_in_search(template, cfr_token_actor(token).profile, handles));
    make_handles(handles, first, CFR_HANDLE_BUILT_IN, 0);
    return CKR_OK;
}

static CK_RV collect(struct cfr_token *token, const struct cfr_attrs *template, struct cfr_buf *handles)
{
    TRY(find_token_objects(token, template, handles));
    TRY(find_session_objects(token, template, handles));
    return find_built_in(token, template, handles);
}

CK_RV cfr_find_begin(struct cfr_session *session, const CK_ATTRIBUTE *given, CK_ULONG count)
{
    AUTO(attrs) template = CFR_ATTRS;
    bool is_impossible = false;
    CK_RV rv = CKR_OK;

    FAIL_UNLESS(!session->find.is_active, CKR_OPERATION_ACTIVE);
    TRY(cfr_template_read_search(given, count, &template, &is_impossible));
    session->find = (struct cfr_find){.handles = CFR_BUF(CFR_SEARCH_MAX_LEN)};
    if (!is_impossible) {
        rv = collect(session->token, &template, &session->find.handles);
    }
    if (rv != CKR_OK) {
        cfr_find_end(&session->find);
        return rv;
    }
    session->find.is_active = true;
    return CKR_OK;
}

CK_RV cfr_find_next(struct cfr_session *session, CK_OBJECT_HANDLE *handles, CK_ULONG max, CK_ULONG *ret_count)
{
    struct cfr_find *find = &session->find;
    CK_ULONG count;

    FAIL_UNLESS(find->is_active, CKR_OPERATION_NOT_INITIALIZED);
    count = (find->handles.len - find->at) / sizeof(CK_OBJECT_HANDLE);
    count = count < max ? count : max;
    cfr_copy(handles, find->handles.ptr + find->at, count * sizeof(CK_OBJECT_HANDLE));
    find->at += count * sizeof(CK_OBJECT_HANDLE);
    *ret_count = count;
    return CKR_OK;
}
