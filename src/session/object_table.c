/* SPDX-License-Identifier: Apache-2.0 */
#include "session/object_table.h"

#include "base/alloc.h"
#include "object/persist.h"
#include "session/built_in.h"

/*
 * A token object that is kept ready, and the generation of the space at which it was known to be as stored.
 */
struct cached {
    struct cfr_object *object;
    uint64_t checked_at;
    bool was_used; /* since it was read, and since the clock hand came by */
};

CK_OBJECT_HANDLE cfr_objects_handle(struct cfr_token *token, const struct cfr_object *object)
{
    uint64_t login = cfr_object_bool(object, CFR_B_PRIVATE) ? atomic_load(&token->epoch) : 0;

    return cfr_handle_make(cfr_object_is_token(object) ? CFR_HANDLE_TOKEN : CFR_HANDLE_SESSION,
                           login & CFR_HANDLE_LOGIN_MAX, object->id);
}

static void drop_cached(struct cached *cached)
{
    if (cached != NULL) {
        cfr_object_drop(cached->object);
        cfr_free(cached);
    }
}

void cfr_objects_forget_locked(struct cfr_token *token, uint64_t number)
{
    size_t cursor = 0;
    struct cached *cached;

    if (number != 0) {
        drop_cached(cfr_hashmap_take(&token->cache, number));
        return;
    }
    while ((cached = cfr_hashmap_next(&token->cache, &cursor)) != NULL) {
        drop_cached(cached);
    }
    cfr_hashmap_clear(&token->cache);
}

/*
 * Make room by the clock: the first object under the hand that was not used since it last came by. What was read
 * once and never again goes first.
 */
static void evict_locked(struct cfr_token *token)
{
    while (token->cache.count >= CFR_CACHE_MAX) {
        struct cached *cached = cfr_hashmap_next(&token->cache, &token->cache_hand);

        if (cached == NULL) {
            token->cache_hand = 0;
        } else if (cached->was_used) {
            cached->was_used = false;
        } else {
            drop_cached(cfr_hashmap_take(&token->cache, cached->object->id));
        }
    }
}

static void cache_locked(struct cfr_token *token, struct cfr_object *object, uint64_t generation)
{
    struct cached *cached = cfr_hashmap_get(&token->cache, object->id);

    if (cached == NULL) {
        evict_locked(token);
        cached = cfr_alloc(sizeof(*cached));
        if (cached == NULL || cfr_hashmap_put(&token->cache, object->id, cached) != CKR_OK) {
            cfr_free(cached); /* then it is read again next time */
            return;
        }
    }
    if (cached->object != object) {
        cfr_object_drop(cached->object);
        cached->object = cfr_object_share(object);
    }
    cached->checked_at = generation;
}

/*
 * Whether the cache is still that of the space and, for a private object, of the login that it was read with:
 * another thread may have found meanwhile that the token has a new life, or has logged out.
 */
static bool may_cache_locked(const struct cfr_token *token, const struct cfr_access *access, uint64_t number)
{
    return token->open == access->open &&
           (!cfr_object_number_is_private(number) || token->login == access->login);
}

/* Another thread may have committed since this was read, and may have removed or replaced the object. */
static void keep_locked(struct cfr_token *token, const struct cfr_access *access, struct cfr_object *object,
                        uint64_t generation)
{
    if (generation >= token->generation && may_cache_locked(token, access, object->id)) {
        cache_locked(token, object, generation);
    }
}

void cfr_objects_cache(struct cfr_token *token, const struct cfr_access *access, struct cfr_object *object,
                       uint64_t generation)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    keep_locked(token, access, object, generation);
}

void cfr_objects_committed(struct cfr_token *token, const struct cfr_access *access,
                           const struct cfr_objects_change *change, uint64_t generation)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    if (token->open != access->open) {
        return; /* it has another life meanwhile, and knows nothing of this one's generations */
    }
    cfr_token_committed_locked(token, generation);
    for (size_t i = 0; i < change->added_count; i++) {
        keep_locked(token, access, change->added[i], generation);
    }
    if (change->replacing != NULL) {
        /* Also when the new one is not to be kept: another login may have read the old one meanwhile. */
        cfr_objects_forget_locked(token, change->replacing->id);
        keep_locked(token, access, change->replacing, generation);
    }
    if (change->removed != 0) {
        cfr_objects_forget_locked(token, change->removed);
    }
}

/* The cached object, if it is known to be as stored. */
static struct cfr_object *find_cached(struct cfr_token *token, uint64_t number)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);
    struct cached *cached = cfr_hashmap_get(&token->cache, number);

    if (cached == NULL || cached->checked_at < token->valid_from) {
        return NULL;
    }
    cached->was_used = true;
    return cfr_object_share(cached->object);
}

/* Whether the stored record has the revision of an object that was read earlier. */
static bool is_unchanged(const struct cfr_space *space, struct cfr_store_txn *txn,
                         const struct cfr_object *object)
{
    struct cfr_record_key key = cfr_key_of_object(space->number, object->id);
    struct cfr_seal_header header = {0};
    struct cfr_span sealed = {0};

    return txn->store->ops->get(txn, cfr_record_key_view(&key), &sealed) == CFR_STORE_OK &&
           cfr_seal_peek(sealed, &header) == CKR_OK && header.revision == object->revision;
}

void cfr_objects_snapshot(struct cfr_token *token, const struct cfr_access *access, struct cfr_store_txn *txn,
                          struct cfr_objects_snapshot *ret_snapshot)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    *ret_snapshot = (struct cfr_objects_snapshot){.token = token, .access = access, .txn = txn};
    /* Nothing was committed from what the token knows to the snapshot, nor since: they are the same. */
    if (token->open == access->open && cfr_token_is_current(token)) {
        ret_snapshot->generation = token->generation;
    }
}

/* What the cache has; *ret_valid: it was as stored at the snapshot, without another look. */
static struct cfr_object *find_known(const struct cfr_objects_snapshot *snapshot, uint64_t number,
                                     bool *ret_valid)
{
    struct cfr_token *token = snapshot->token;
    AUTO(hold) hold = cfr_hold_take(&token->lock);
    struct cached *cached = cfr_hashmap_get(&token->cache, number);

    if (cached == NULL || !may_cache_locked(token, snapshot->access, number)) {
        return NULL;
    }
    cached->was_used = true;
    *ret_valid = cached->checked_at >= token->valid_from && cached->checked_at <= snapshot->generation;
    return cfr_object_share(cached->object);
}

CK_RV cfr_objects_read(const struct cfr_objects_snapshot *snapshot, uint64_t number, bool is_kept,
                       struct cfr_object **ret_object)
{
    const struct cfr_view *view = &snapshot->access->view;
    AUTO(object) *object = NULL;
    bool is_valid = false;

    FAIL_UNLESS(cfr_view_half(view, cfr_object_number_is_private(number)) != NULL, CKR_OBJECT_HANDLE_INVALID);
    object = find_known(snapshot, number, &is_valid);
    if (!is_valid) {
        if (object == NULL || !is_unchanged(view->space, snapshot->txn, object)) {
            cfr_object_drop(object);
            object = NULL;
            TRY(cfr_persist_load(view, snapshot->txn, number, &object));
        }
        if (is_kept && snapshot->generation != 0) {
            cfr_objects_cache(snapshot->token, snapshot->access, object, snapshot->generation);
        }
    }
    *ret_object = MOVE(object);
    return CKR_OK;
}

static CK_RV load(struct cfr_token *token, uint64_t number, struct cfr_object **ret_object)
{
    AUTO(access) access = {0};
    AUTO(store_txn) *txn = NULL;
    struct cfr_objects_snapshot snapshot;
    struct cfr_store *store;

    TRY_MAP(cfr_token_access(token, &access), CKR_TOKEN_NOT_INITIALIZED, CKR_OBJECT_HANDLE_INVALID);
    store = access.view.space->store;
    TRY(cfr_store_rv(store->ops->begin(store, CFR_STORE_READ, &txn), "begin"));
    cfr_objects_snapshot(token, &access, txn, &snapshot);
    if (snapshot.generation == 0) {
        struct cfr_generation generation;

        TRY(cfr_catalogue_read(&access.view.space->catalogue, txn, &generation));
        snapshot.generation = generation.generation;
    }
    return cfr_objects_read(&snapshot, number, true, ret_object);
}

static CK_RV find_token_object(struct cfr_token *token, uint64_t number, struct cfr_object **ret_object)
{
    struct cfr_object *object;

    TRY(cfr_token_refresh(token));
    object = find_cached(token, number);
    if (object != NULL) {
        *ret_object = object;
        return CKR_OK;
    }
    return load(token, number, ret_object);
}

static CK_RV find_session_object(struct cfr_token *token, uint64_t number, struct cfr_object **ret_object)
{
    struct cfr_object *object;

    cfr_lock_acquire(&token->lock);
    object = number == 0 ? NULL : cfr_object_share(cfr_hashmap_get(&token->session_objects, number));
    cfr_lock_release(&token->lock);
    FAIL_UNLESS(object != NULL, CKR_OBJECT_HANDLE_INVALID);
    *ret_object = object;
    return CKR_OK;
}

/* A handle with a login part is of a private object: it must be this login, and the normal user's. */
static CK_RV check_login(struct cfr_token *token, CK_OBJECT_HANDLE handle)
{
    uint64_t login = cfr_handle_login(handle);

    if (login != 0) {
        FAIL_UNLESS(login == (atomic_load(&token->epoch) & CFR_HANDLE_LOGIN_MAX), CKR_OBJECT_HANDLE_INVALID);
    }
    return CKR_OK;
}

CK_RV cfr_objects_find(struct cfr_token *token, CK_OBJECT_HANDLE handle, struct cfr_object **ret_object)
{
    AUTO(object) *object = NULL;
    uint64_t number = cfr_handle_number(handle);

    TRY(check_login(token, handle));
    switch (cfr_handle_kind(handle)) {
    case CFR_HANDLE_TOKEN:
        FAIL_UNLESS(number > 1, CKR_OBJECT_HANDLE_INVALID);
        TRY(find_token_object(token, number, &object));
        break;
    case CFR_HANDLE_SESSION:
        TRY(find_session_object(token, number, &object));
        break;
    case CFR_HANDLE_BUILT_IN:
        TRY(cfr_built_in_find(number, &object));
        break;
    default:
        return cfr_fail(CKR_OBJECT_HANDLE_INVALID, "no such kind of handle");
    }
    /* The whole handle must fit, so that an object has one; the login may have changed on the way here. */
    FAIL_UNLESS(object->class->is_built_in || cfr_objects_handle(token, object) == handle,
                CKR_OBJECT_HANDLE_INVALID);
    *ret_object = MOVE(object);
    return CKR_OK;
}

CK_RV cfr_objects_add_session(struct cfr_token *token, struct cfr_object *object)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    FAIL_UNLESS(token->next_session_object < CFR_HANDLE_NUMBER_MAX, CKR_DEVICE_MEMORY);
    TRY(cfr_hashmap_put(&token->session_objects, token->next_session_object + 1, object));
    object->id = ++token->next_session_object;
    (void)cfr_object_share(object);
    return CKR_OK;
}

CK_RV cfr_objects_replace_session(struct cfr_token *token, struct cfr_object *changed)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);
    struct cfr_object *old = cfr_hashmap_get(&token->session_objects, changed->id);

    FAIL_UNLESS(old != NULL, CKR_OBJECT_HANDLE_INVALID);
    TRY(cfr_hashmap_put(&token->session_objects, changed->id, changed));
    (void)cfr_object_share(changed);
    atomic_store_explicit(&changed->was_begun_with, cfr_object_was_begun_with(old), memory_order_relaxed);
    cfr_object_drop(old);
    atomic_fetch_add(&token->stamp, 1);
    return CKR_OK;
}

CK_RV cfr_objects_remove_session(struct cfr_token *token, uint64_t number)
{
    struct cfr_object *object;

    cfr_lock_acquire(&token->lock);
    object = cfr_hashmap_take(&token->session_objects, number);
    if (object != NULL) {
        atomic_fetch_add(&token->stamp, 1);
    }
    cfr_lock_release(&token->lock);
    FAIL_UNLESS(object != NULL, CKR_OBJECT_HANDLE_INVALID);
    cfr_object_drop(object);
    return CKR_OK;
}

static bool is_swept(const struct cfr_object *object, CK_SESSION_HANDLE owner)
{
    return owner == 0 ? cfr_object_bool(object, CFR_B_PRIVATE) : object->owner == owner;
}

void cfr_objects_sweep_locked(struct cfr_token *token, CK_SESSION_HANDLE owner)
{
    size_t count = token->session_objects.count;
    struct cfr_object *object;
    size_t cursor = 0;

    /*
     * In place, because there is nobody to tell that memory for another map was missing. Taking an entry out
     * may move a later one to where it stood, so the walk goes back by one; none moves further to the front.
     */
    while ((object = cfr_hashmap_next(&token->session_objects, &cursor)) != NULL) {
        if (is_swept(object, owner)) {
            cfr_object_drop(cfr_hashmap_take(&token->session_objects, object->id));
            cursor--;
        }
    }
    if (token->session_objects.count != count) {
        atomic_fetch_add(&token->stamp, 1);
    }
}
