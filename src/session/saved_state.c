/* SPDX-License-Identifier: Apache-2.0 */
#include "session/saved_state.h"

#include "base/alloc.h"
#include "crypto/rng.h"

static void drop_saved(struct cfr_saved *saved)
{
    for (int use = 0; use < CFR_USE_COUNT; use++) {
        cfr_operation_drop(&saved->operations[use]);
    }
    cfr_free(saved);
}

static bool is_keyed(const struct cfr_saved *saved)
{
    for (int use = 0; use < CFR_USE_COUNT; use++) {
        /* A digest has no key, but may have taken in the value of a private one. */
        if (saved->operations[use].key != NULL || saved->operations[use].is_private_key) {
            return true;
        }
    }
    return false;
}

void cfr_saved_clear_locked(struct cfr_token *token, bool only_keyed)
{
    struct cfr_saved **link = &token->saved;

    while (*link != NULL) {
        struct cfr_saved *saved = *link;

        if (only_keyed && !is_keyed(saved)) {
            link = &saved->next;
            continue;
        }
        *link = saved->next;
        drop_saved(saved);
    }
}

/* A running operation, copied with its context. */
static CK_RV copy_operation(const struct cfr_operation *from, struct cfr_operation *to)
{
    const struct cfr_op_impl *impl = from->mechanism->op;
    struct cfr_op *op = NULL;
    uint8_t *signature = NULL;
    CK_RV rv;

    FAIL_UNLESS(impl->dup != NULL && from->op != NULL && from->pending == NULL, CKR_STATE_UNSAVEABLE);
    if (from->signature != NULL) {
        signature = cfr_alloc(from->signature_len);
        FAIL_UNLESS(signature != NULL, CKR_HOST_MEMORY);
        cfr_copy(signature, from->signature, from->signature_len);
    }
    rv = impl->dup(from->op, &op);
    if (rv != CKR_OK) {
        cfr_free(signature);
        return rv;
    }
    *to = *from;
    to->op = op;
    to->signature = signature;
    to->key = cfr_object_share(from->key);
    return CKR_OK;
}

static CK_RV copy_all(const struct cfr_operation *from, struct cfr_operation *to)
{
    for (int use = 0; use < CFR_USE_COUNT; use++) {
        if (from[use].is_active) {
            TRY(copy_operation(&from[use], &to[use]));
        }
    }
    return CKR_OK;
}

static CK_RV check_saveable(struct cfr_session *session)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    unsigned active = 0;

    for (int use = 0; use < CFR_USE_COUNT; use++) {
        const struct cfr_operation *operation = &session->operations[use];

        if (!operation->is_active) {
            continue;
        }
        active++;
        FAIL_UNLESS(operation->op != NULL && operation->mechanism->op->dup != NULL, CKR_STATE_UNSAVEABLE);
        FAIL_UNLESS(operation->key == NULL || actor.profile != CFR_PROFILE_STRICT, CKR_STATE_UNSAVEABLE);
    }
    for (int use = 0; use < CFR_MESSAGE_USES; use++) {
        FAIL_UNLESS(!session->messages[use].is_active, CKR_STATE_UNSAVEABLE);
    }
    FAIL_UNLESS(active != 0, CKR_OPERATION_NOT_INITIALIZED);
    return CKR_OK;
}

/* Put a state at the head of the list, and let go of the oldest beyond the ceiling. */
static void install(struct cfr_token *token, struct cfr_saved *saved)
{
    AUTO(hold) hold = cfr_hold_take(&token->lock);
    struct cfr_saved **link = &token->saved;

    saved->next = token->saved;
    token->saved = saved;
    for (int count = 0; *link != NULL && count < CFR_SAVED_MAX; count++) {
        link = &(*link)->next;
    }
    while (*link != NULL) {
        struct cfr_saved *oldest = *link;

        *link = oldest->next;
        drop_saved(oldest);
    }
}

CK_RV cfr_saved_get(struct cfr_session *session, const struct cfr_output *output)
{
    struct cfr_saved *saved;
    CK_RV rv;

    TRY(check_saveable(session));
    if (!cfr_output_fits(output, CFR_SAVED_NAME_LEN)) {
        return cfr_output_need(output, CFR_SAVED_NAME_LEN);
    }
    saved = cfr_alloc(sizeof(*saved));
    FAIL_UNLESS(saved != NULL, CKR_HOST_MEMORY);
    saved->epoch = atomic_load(&session->token->epoch);
    saved->is_rw = session->is_rw;
    rv = cfr_rng_fill(saved->name, sizeof(saved->name));
    rv = rv == CKR_OK ? copy_all(session->operations, saved->operations) : rv;
    if (rv != CKR_OK) {
        drop_saved(saved);
        return rv;
    }
    cfr_copy(output->ptr, saved->name, sizeof(saved->name));
    *output->len = sizeof(saved->name);
    install(session->token, saved);
    return CKR_OK;
}

static const enum cfr_use encrypting[] = {CFR_USE_ENCRYPT, CFR_USE_DECRYPT};
static const enum cfr_use authenticating[] = {CFR_USE_SIGN, CFR_USE_VERIFY, CFR_USE_VERIFY_SIGNATURE};

/*
 * A key that the caller names must be the one that the state has, in the first active operation of @p uses.
 */
static CK_RV check_key(const struct cfr_saved *saved, const enum cfr_use *uses, size_t count,
                       CK_OBJECT_HANDLE key)
{
    if (key == CK_INVALID_HANDLE) {
        return CKR_OK;
    }
    for (size_t i = 0; i < count; i++) {
        if (saved->operations[uses[i]].is_active) {
            FAIL_UNLESS(saved->operations[uses[i]].key_handle == key, CKR_KEY_CHANGED);
            return CKR_OK;
        }
    }
    return CKR_KEY_NOT_NEEDED;
}

static CK_RV restore_locked(struct cfr_session *session, struct cfr_span name,
                            CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentication_key,
                            struct cfr_operation *restored)
{
    const struct cfr_saved *saved = session->token->saved;

    while (saved != NULL && !cfr_span_equal(name, cfr_span_of(saved->name, sizeof(saved->name)))) {
        saved = saved->next;
    }
    FAIL_UNLESS(saved != NULL && saved->is_rw == session->is_rw, CKR_SAVED_STATE_INVALID);
    FAIL_UNLESS(!is_keyed(saved) || saved->epoch == atomic_load(&session->token->epoch),
                CKR_SAVED_STATE_INVALID);
    TRY(check_key(saved, encrypting, sizeof(encrypting) / sizeof(encrypting[0]), encryption_key));
    TRY(check_key(saved, authenticating, sizeof(authenticating) / sizeof(authenticating[0]),
                  authentication_key));
    return copy_all(saved->operations, restored);
}

CK_RV cfr_saved_set(struct cfr_session *session, struct cfr_span name, CK_OBJECT_HANDLE encryption_key,
                    CK_OBJECT_HANDLE authentication_key)
{
    struct cfr_operation restored[CFR_USE_COUNT] = {0};
    CK_RV rv;

    cfr_lock_acquire(&session->token->lock);
    rv = restore_locked(session, name, encryption_key, authentication_key, restored);
    cfr_lock_release(&session->token->lock);
    for (int use = 0; use < CFR_USE_COUNT; use++) {
        if (rv != CKR_OK) {
            cfr_operation_drop(&restored[use]);
            continue;
        }
        cfr_operation_drop(&session->operations[use]);
        session->operations[use] = restored[use];
    }
    if (rv == CKR_OK) {
        cfr_find_end(&session->find);
    }
    return rv;
}
