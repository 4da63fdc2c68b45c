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
    bool was_used; /* since the clock hand came by */
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

/* Make room by the clock: the first object under the hand that was not used since it last came by. */
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
    cached->was_used = true;
}

void cfr_objects_cache(struct cfr_token *token, struct cfr_object *object, uint64_t generation)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);

    /* Another thread has committed since this was read, and may have removed or replaced the object. */
    if (generation >= token->generation) {
        cache_locked(token, object, generation);
    }
}

/*
 * The cached object, if it is known to be as stored; *ret_stale: one that must be compared with the store
 * first.
 */
static struct cfr_object *find_cached_locked(struct cfr_token *token, uint64_t number,
                                             struct cfr_object **ret_stale)
{
    struct cached *cached = cfr_hashmap_get(&token->cache, number);

    if (cached == NULL) {
        return NULL;
    }
    cached->was_used = true;
    if (cached->checked_at >= token->valid_from) {
        return cfr_object_share(cached->object);
    }
    *ret_stale = cfr_object_share(cached->object);
    return NULL;
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

static CK_RV load(struct cfr_token *token, uint64_t number, struct cfr_object *stale,
                  struct cfr_object **ret_object)
{
    AUTO(access) access = {0};
    AUTO(store_txn) *txn = NULL;
    AUTO(object) *object = NULL;
    struct cfr_generation generation;
    struct cfr_store *store;

    TRY_MAP(cfr_token_access(token, &access), CKR_TOKEN_NOT_INITIALIZED, CKR_OBJECT_HANDLE_INVALID);
    store = access.view.space->store;
    TRY(cfr_store_rv(store->ops->begin(store, CFR_STORE_READ, &txn), "begin"));
    TRY(cfr_catalogue_read(&access.view.space->catalogue, txn, &generation));
    if (stale != NULL && is_unchanged(access.view.space, txn, stale)) {
        object = cfr_object_share(stale);
    } else {
        TRY(cfr_persist_load(&access.view, txn, number, &object));
    }
    cfr_objects_cache(token, object, generation.generation);
    *ret_object = MOVE(object);
    return CKR_OK;
}

static CK_RV find_token_object(struct cfr_token *token, uint64_t number, struct cfr_object **ret_object)
{
    AUTO(object) *stale = NULL;
    struct cfr_object *object;

    TRY(cfr_token_refresh(token));
    cfr_lock_acquire(&token->lock);
    object = find_cached_locked(token, number, &stale);
    cfr_lock_release(&token->lock);
    if (object != NULL) {
        *ret_object = object;
        return CKR_OK;
    }
    return load(token, number, stale, ret_object);
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
    cfr_object_drop(old);
    atomic_fetch_add(&token->stamp, 1);
    return CKR_OK;
}

CK_RV cfr_objects_remove_session(struct cfr_token *token, uint64_t number)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);
    struct cfr_object *object = cfr_hashmap_take(&token->session_objects, number);

    FAIL_UNLESS(object != NULL, CKR_OBJECT_HANDLE_INVALID);
    cfr_object_drop(object);
    atomic_fetch_add(&token->stamp, 1);
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
