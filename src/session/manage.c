/* SPDX-License-Identifier: Apache-2.0 */
#include "session/manage.h"

#include "object/persist.h"
#include "object/template.h"
#include "session/built_in.h"
#include "session/object_table.h"

static CK_RV check_place(const struct cfr_session *session, bool is_token, bool is_private,
                         const struct cfr_actor *actor)
{
    if (is_token && !session->is_rw) {
        return cfr_fail(CKR_SESSION_READ_ONLY, "a token object in a read-only session");
    }
    if (is_private && !actor->is_user) {
        return cfr_fail(CKR_USER_NOT_LOGGED_IN, "a private object, and the normal user is not logged in");
    }
    return CKR_OK;
}

CK_RV cfr_manage_check_place(const struct cfr_session *session, const struct cfr_attrs *given,
                             const struct cfr_actor *actor)
{
    return check_place(session, cfr_attrs_bool(given, CFR_B_TOKEN), cfr_attrs_bool(given, CFR_B_PRIVATE),
                       actor);
}

/* A transaction that adds objects, replaces one, or removes one. */
struct change {
    const struct cfr_access *access;
    struct cfr_objects_change what;
    uint64_t generation;
};

static CK_RV change_body(struct cfr_store_txn *txn, void *arg)
{
    struct change *change = arg;
    const struct cfr_view *view = &change->access->view;
    struct cfr_changes changes;

    TRY(cfr_changes_begin(&view->space->catalogue, txn, &changes));
    for (size_t i = 0; i < change->what.added_count; i++) {
        TRY(cfr_persist_add(view, &changes, change->what.added[i]));
    }
    if (change->what.replacing != NULL) {
        TRY(cfr_persist_replace(view, &changes, change->what.replacing));
    }
    if (change->what.removed != 0) {
        TRY(cfr_persist_remove(view, &changes, change->what.removed));
    }
    TRY(cfr_changes_finish(&changes, true));
    change->generation = changes.generation.generation;
    return CKR_OK;
}

/* Commit, then let the tables follow: nothing is seen that is not durable. */
static CK_RV commit(struct cfr_token *token, const struct cfr_access *access,
                    const struct cfr_objects_change *what)
{
    struct change change = {.access = access, .what = *what};

    TRY(cfr_store_run_shared(access->view.space->store, change_body, &change));
    if (what->replacing != NULL) {
        what->replacing->revision++;
    }
    cfr_objects_committed(token, access, what, change.generation);
    return CKR_OK;
}

static CK_RV store_objects(struct cfr_token *token, struct cfr_object *const *objects, size_t count)
{
    const struct cfr_objects_change change = {.added = objects, .added_count = count};
    AUTO(access) access = {0};

    TRY(cfr_token_refresh(token));
    TRY(cfr_token_access(token, &access));
    return commit(token, &access, &change);
}

/* Session objects of a call that fails with @p rv are taken out again. Returns @p rv. */
static CK_RV undo_session(struct cfr_token *token, struct cfr_object *const *objects, size_t count, CK_RV rv)
{
    for (size_t i = 0; i < count; i++) {
        if (!cfr_object_is_token(objects[i]) && objects[i]->id != 0 &&
            cfr_objects_remove_session(token, objects[i]->id) != CKR_OK) {
            return CKR_GENERAL_ERROR; /* nobody else knows their handles yet */
        }
    }
    return rv;
}

static CK_RV place_all(struct cfr_session *session, struct cfr_object *const *objects, size_t count)
{
    struct cfr_object *stored[CFR_PLACE_MAX];
    size_t stored_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (cfr_object_is_token(objects[i])) {
            stored[stored_count++] = objects[i];
            continue;
        }
        objects[i]->owner = session->handle;
        TRY(cfr_objects_add_session(session->token, objects[i]));
        session->owned_objects++;
    }
    return stored_count == 0 ? CKR_OK : store_objects(session->token, stored, stored_count);
}

CK_RV cfr_manage_place(struct cfr_session *session, struct cfr_object *const *objects, size_t count,
                       CK_OBJECT_HANDLE *ret_handles)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    CK_RV rv;

    for (size_t i = 0; i < count; i++) {
        TRY(check_place(session, cfr_object_is_token(objects[i]), cfr_object_bool(objects[i], CFR_B_PRIVATE),
                        &actor));
    }
    rv = place_all(session, objects, count);
    if (rv != CKR_OK) {
        return undo_session(session->token, objects, count, rv);
    }
    for (size_t i = 0; i < count; i++) {
        ret_handles[i] = cfr_objects_handle(session->token, objects[i]);
    }
    return CKR_OK;
}

CK_RV cfr_manage_create(struct cfr_session *session, const CK_ATTRIBUTE *template, CK_ULONG count,
                        CK_OBJECT_HANDLE *ret_handle)
{
    AUTO(attrs) given = CFR_ATTRS;
    AUTO(object) *object = NULL;
    struct cfr_actor actor = cfr_token_actor(session->token);
    struct cfr_origin origin = {.action = CFR_ACTION_CREATE, .actor = &actor, .given = &given};

    TRY(cfr_template_read(template, count, &given));
    TRY(cfr_manage_check_place(session, &given, &actor));
    TRY(cfr_build(&origin, &object));
    return cfr_manage_place(session, &object, 1, ret_handle);
}

CK_RV cfr_manage_copy(struct cfr_session *session, CK_OBJECT_HANDLE source, const CK_ATTRIBUTE *template,
                      CK_ULONG count, CK_OBJECT_HANDLE *ret_handle)
{
    AUTO(attrs) given = CFR_ATTRS;
    AUTO(object) *original = NULL;
    AUTO(object) *copy = NULL;
    struct cfr_actor actor;

    TRY(cfr_objects_find(session->token, source, &original));
    actor = cfr_token_actor(session->token);
    TRY(cfr_template_read(template, count, &given));
    TRY(cfr_build_changed(CFR_ACTION_COPY, original, &given, &actor, &copy));
    return cfr_manage_place(session, &copy, 1, ret_handle);
}

/* A token object may be changed or destroyed in read-write sessions only. */
static CK_RV check_writable(const struct cfr_session *session, const struct cfr_object *object)
{
    if (cfr_object_is_token(object) && !session->is_rw) {
        return cfr_fail(CKR_SESSION_READ_ONLY, "a token object in a read-only session");
    }
    return CKR_OK;
}

CK_RV cfr_manage_destroy(struct cfr_session *session, CK_OBJECT_HANDLE handle, bool *ret_is_kept)
{
    AUTO(object) *object = NULL;
    AUTO(access) access = {0};

    TRY(cfr_objects_find(session->token, handle, &object));
    if (object->class->is_built_in || !cfr_object_bool(object, CFR_B_DESTROYABLE)) {
        return cfr_fail(CKR_ACTION_PROHIBITED, "CKA_DESTROYABLE of the %s is false", object->class->name);
    }
    TRY(check_writable(session, object));
    if (!cfr_object_is_token(object)) {
        TRY(cfr_objects_remove_session(session->token, object->id));
        *ret_is_kept = cfr_object_was_begun_with(object);
        return CKR_OK;
    }
    TRY(cfr_token_access(session->token, &access));
    TRY(commit(session->token, &access, &(struct cfr_objects_change){.removed = object->id}));
    *ret_is_kept = true;
    return CKR_OK;
}

static CK_RV set_once(struct cfr_session *session, CK_OBJECT_HANDLE handle, const struct cfr_attrs *given)
{
    AUTO(object) *object = NULL;
    AUTO(object) *changed = NULL;
    AUTO(access) access = {0};
    struct cfr_actor actor;

    TRY(cfr_objects_find(session->token, handle, &object));
    TRY(check_writable(session, object));
    actor = cfr_token_actor(session->token);
    TRY(cfr_build_changed(CFR_ACTION_SET, object, given, &actor, &changed));
    if (!cfr_object_is_token(object)) {
        return cfr_objects_replace_session(session->token, changed);
    }
    TRY(cfr_token_access(session->token, &access));
    return commit(session->token, &access, &(struct cfr_objects_change){.replacing = changed});
}

/* Whether the value of the monotonic counter is asked for, which makes it count. */
static bool counts(const struct cfr_object *object, const CK_ATTRIBUTE *template, CK_ULONG count)
{
    if (object->class->class != CKO_HW_FEATURE || object->class->subtype != CKH_MONOTONIC_COUNTER) {
        return false;
    }
    for (CK_ULONG i = 0; i < count && count <= CFR_TEMPLATE_MAX; i++) {
        if (template[i].type == CKA_VALUE) {
            return true;
        }
    }
    return false;
}

CK_RV cfr_manage_get(struct cfr_session *session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *template,
                     CK_ULONG count)
{
    AUTO(object) *object = NULL;
    AUTO(object) *counted = NULL;

    TRY(cfr_objects_find(session->token, handle, &object));
    if (CFR_UNLIKELY(counts(object, template, count))) {
        TRY(cfr_built_in_count(session->token, object, &counted));
    }
    return cfr_template_fill(counted != NULL ? counted : object, template, count);
}

CK_RV cfr_manage_set(struct cfr_session *session, CK_OBJECT_HANDLE handle, const CK_ATTRIBUTE *template,
                     CK_ULONG count)
{
    AUTO(attrs) given = CFR_ATTRS;
    CK_RV rv = CKR_FUNCTION_FAILED;

    TRY(cfr_template_read(template, count, &given));
    /* Another process may change the object between our reading and our writing it; then begin again. */
    for (int tries = 0; rv == CKR_FUNCTION_FAILED && tries < 100; tries++) {
        rv = set_once(session, handle, &given);
    }
    return rv;
}
