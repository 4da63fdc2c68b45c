/* SPDX-License-Identifier: Apache-2.0 */
#include "session/operation.h"

#include "base/alloc.h"
#include "crypto/ossl.h"
#include "object/profile.h"
#include "object/usage.h"
#include "session/async.h"
#include "session/object_table.h"
#include "session/operation_private.h"
#include "session/session.h"

/** Longest input of one call, octets; a longer one cannot be meant and is refused before it is read. */
#define INPUT_MAX_LEN ((size_t)INT32_MAX)

static const CK_FLAGS flags_of_use[CFR_USE_COUNT] = {
    [CFR_USE_ENCRYPT] = CKF_ENCRYPT,
    [CFR_USE_DECRYPT] = CKF_DECRYPT,
    [CFR_USE_DIGEST] = CKF_DIGEST,
    [CFR_USE_SIGN] = CKF_SIGN,
    [CFR_USE_VERIFY] = CKF_VERIFY,
    [CFR_USE_SIGN_RECOVER] = CKF_SIGN_RECOVER,
    [CFR_USE_VERIFY_RECOVER] = CKF_VERIFY_RECOVER,
    [CFR_USE_VERIFY_SIGNATURE] = CKF_VERIFY,
};

static void drop_signature(struct cfr_operation *operation)
{
    cfr_free(operation->signature);
    operation->signature = NULL;
    operation->signature_len = 0;
}

CK_FLAGS cfr_operation_flag(enum cfr_use use)
{
    return flags_of_use[use];
}

/* Let go of the context by the hand that made it. */
static void drop_context(struct cfr_operation *operation)
{
    if (operation->form != NULL) {
        operation->form->impl->drop(operation->op);
    } else {
        operation->mechanism->op->drop(operation->op);
    }
    operation->op = NULL;
}

void cfr_operation_drop(struct cfr_operation *operation)
{
    if (operation->op != NULL) {
        drop_context(operation);
    }
    cfr_async_drop(operation);
    cfr_object_drop(operation->key);
    cfr_secret_drop(operation->pending);
    drop_signature(operation);
    *operation = (struct cfr_operation){0};
}

void cfr_operation_cancel(struct cfr_operation *operation)
{
    cfr_operation_drop(operation);
}

void cfr_operation_sweep(struct cfr_operation *operation, CK_OBJECT_HANDLE key)
{
    bool uses_it = key == 0 ? operation->is_private_key : operation->key_handle == key;

    if (operation->job != NULL && key == 0 && uses_it) {
        cfr_async_sweep(operation);
    }
    if (operation->op == NULL || !uses_it) {
        return;
    }
    if (operation->is_active && key != 0) {
        return; /* a running operation keeps the key that it was begun with */
    }
    if (operation->is_active) {
        /* It stays active without its context, so that its next call says why it ended. */
        drop_context(operation);
        cfr_object_drop(operation->key);
        operation->key = NULL;
        return;
    }
    cfr_operation_drop(operation);
}

/* Every way in which an operation ends. What ended well is kept for the next Init. */
static CK_RV end(struct cfr_operation *operation, CK_RV rv)
{
    cfr_secret_drop(operation->pending);
    operation->pending = NULL;
    drop_signature(operation);
    operation->is_active = false;
    operation->is_multi = false;
    if (rv != CKR_OK) {
        cfr_operation_drop(operation);
    }
    return rv;
}

CK_RV cfr_operation_fail(struct cfr_session *session, enum cfr_use use, CK_RV rv)
{
    struct cfr_operation *operation = &session->operations[use];

    return operation->is_active && operation->job == NULL ? end(operation, rv) : rv;
}

void cfr_operation_keep_errors(const struct cfr_operation *operation, enum cfr_use use)
{
    if ((operation->mechanism->op->sure & flags_of_use[use]) == 0) {
        cfr_ossl_errors_keep();
    }
}

CK_RV cfr_operation_read_params(const struct cfr_session *session, const struct cfr_mechanism *row,
                                const CK_MECHANISM *mechanism, struct cfr_params *params)
{
    FAIL_UNLESS(mechanism->pParameter != NULL || mechanism->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID);
    TRY(row->params(mechanism, false, params));
    return params->is_weak && cfr_token_actor(session->token).profile == CFR_PROFILE_STRICT
               ? cfr_profile_check_params(row, params)
               : CKR_OK;
}

/*
 * The quick way in: same mechanism, same key, nothing changed since its rights were checked. A token key is
 * looked at again when any process has committed to the store.
 */
static bool can_reuse(struct cfr_session *session, const struct cfr_operation *operation,
                      const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    struct cfr_token *token = session->token;

    return operation->op != NULL && operation->mechanism->type == mechanism->mechanism &&
           operation->key_handle == key &&
           (key == CK_INVALID_HANDLE ||
            (operation->stamp == atomic_load_explicit(&token->stamp, memory_order_acquire) &&
             (!operation->is_token_key || cfr_token_is_current(token))));
}

static CK_RV reuse(const struct cfr_session *session, struct cfr_operation *operation,
                   const CK_MECHANISM *mechanism, bool *ret_done)
{
    const struct cfr_op_impl *impl = operation->mechanism->op;
    struct cfr_params params = {0};

    *ret_done = false;
    TRY(cfr_operation_read_params(session, operation->mechanism, mechanism, &params));
    if (impl->fits != NULL && !impl->fits(operation->op, &params)) {
        return CKR_OK;
    }
    TRY(impl->start(operation->op, &params));
    operation->is_active = true;
    /* A digest may have taken in a private key since its last Init. */
    operation->is_private_key = operation->is_private_key && operation->key != NULL;
    operation->wants_login =
        operation->key != NULL && cfr_object_bool(operation->key, CFR_B_ALWAYS_AUTHENTICATE);
    *ret_done = true;
    return CKR_OK;
}

CK_RV cfr_operation_settle_key(struct cfr_session *session, enum cfr_use use, CK_OBJECT_HANDLE handle,
                               struct cfr_operation *operation)
{
    struct cfr_token *token = session->token;
    struct cfr_actor actor = cfr_token_actor(token);

    /* Read before the key: a change in between makes the next Init look again. */
    operation->stamp = atomic_load(&token->stamp);
    operation->epoch = atomic_load(&token->epoch);
    if (use == CFR_USE_DIGEST) {
        return cfr_profile_check_mechanism(operation->mechanism, CKF_DIGEST, actor.profile);
    }
    TRY_MAP(cfr_objects_find(token, handle, &operation->key), CKR_OBJECT_HANDLE_INVALID,
            CKR_KEY_HANDLE_INVALID);
    TRY(cfr_usage_check(operation->key, operation->mechanism, flags_of_use[use], actor.profile));
    atomic_store_explicit(&operation->key->was_begun_with, true, memory_order_relaxed);
    operation->key_handle = handle;
    operation->is_token_key = cfr_object_is_token(operation->key);
    operation->is_private_key = cfr_object_bool(operation->key, CFR_B_PRIVATE);
    operation->wants_login = cfr_object_bool(operation->key, CFR_B_ALWAYS_AUTHENTICATE);
    return CKR_OK;
}

static CK_RV set_up(struct cfr_session *session, enum cfr_use use, const CK_MECHANISM *mechanism,
                    CK_OBJECT_HANDLE handle, struct cfr_operation *operation)
{
    AUTO(keymat) *keymat = NULL;
    struct cfr_params params = {0};

    TRY(cfr_profile_find_mechanism(mechanism->mechanism, flags_of_use[use],
                                   cfr_token_actor(session->token).profile, &operation->mechanism));
    TRY(cfr_operation_read_params(session, operation->mechanism, mechanism, &params));
    TRY(cfr_operation_settle_key(session, use, handle, operation));
    if (operation->key != NULL) {
        TRY(cfr_object_keymat(operation->key, &keymat));
    }
    TRY(operation->mechanism->op->make(operation->mechanism,
                                       use == CFR_USE_VERIFY_SIGNATURE ? CFR_USE_VERIFY : use, keymat,
                                       &params, &operation->op));
    TRY(operation->mechanism->op->start(operation->op, &params));
    operation->is_active = true;
    return CKR_OK;
}

CK_RV cfr_operation_begin(struct cfr_session *session, enum cfr_use use, const CK_MECHANISM *mechanism,
                          CK_OBJECT_HANDLE key)
{
    struct cfr_operation *operation = &session->operations[use];
    CK_MECHANISM given;
    bool done = false;
    CK_RV rv;

    if (mechanism == NULL) {
        FAIL_UNLESS(operation->is_active, CKR_ARGUMENTS_BAD);
        cfr_operation_cancel(operation);
        return CKR_OK;
    }
    FAIL_UNLESS(!operation->is_active, CKR_OPERATION_ACTIVE);
    given = *mechanism;
    if (CFR_LIKELY(can_reuse(session, operation, &given, key))) {
        TRY(reuse(session, operation, &given, &done));
        if (done) {
            return CKR_OK;
        }
    }
    cfr_ossl_errors_keep();
    cfr_operation_drop(operation);
    rv = set_up(session, use, &given, key, operation);
    if (rv != CKR_OK) {
        cfr_operation_drop(operation);
    }
    return rv;
}

CK_RV cfr_operation_check_running(struct cfr_session *session, struct cfr_operation *operation)
{
    if (operation->is_private_key) {
        if (CFR_UNLIKELY(!cfr_token_is_current(session->token))) {
            TRY(cfr_token_refresh(session->token));
        }
        if (operation->epoch != atomic_load_explicit(&session->token->epoch, memory_order_acquire)) {
            return cfr_fail(CKR_USER_NOT_LOGGED_IN, "the login in which the operation began is over");
        }
    }
    if (CFR_UNLIKELY(operation->wants_login)) {
        return cfr_fail(CKR_USER_NOT_LOGGED_IN,
                        "CKA_ALWAYS_AUTHENTICATE wants a context-specific login first");
    }
    FAIL_UNLESS(operation->op != NULL, CKR_USER_NOT_LOGGED_IN);
    return CKR_OK;
}

CK_RV cfr_operation_check_input(struct cfr_span in)
{
    FAIL_UNLESS(in.ptr != NULL || in.len == 0, CKR_ARGUMENTS_BAD);
    FAIL_UNLESS(in.len <= INPUT_MAX_LEN, CKR_ARGUMENTS_BAD);
    return CKR_OK;
}

/* What may turn out too long for its room goes into a secret first. *ret_full: it did not fit. */
static CK_RV once_by_way_of_secret(struct cfr_operation *operation, struct cfr_span in, size_t bound,
                                   const struct cfr_output *output, bool *ret_full)
{
    AUTO(secret) *result = NULL;
    struct cfr_out out;

    TRY(cfr_secret_new(bound, &result));
    out = (struct cfr_out){.ptr = cfr_secret_edit(result), .room = bound};
    TRY(operation->mechanism->op->once(operation->op, in, &out));
    *ret_full = out.len > *output->len;
    if (!*ret_full) {
        cfr_copy(output->ptr, out.ptr, out.len);
    }
    *output->len = out.len;
    return CKR_OK;
}

/* Decryption, and data recovered from a signature, which must be known to be good before its length tells. */
static bool may_be_shorter(const struct cfr_operation *operation)
{
    enum cfr_use use = operation->op->use;

    return (operation->mechanism->traits & CFR_TRAIT_SHORTER) != 0 &&
           (use == CFR_USE_DECRYPT || use == CFR_USE_VERIFY_RECOVER);
}

static CK_RV run_once(struct cfr_operation *operation, struct cfr_span in, const struct cfr_output *output,
                      bool *ret_again)
{
    const struct cfr_op_impl *impl = operation->mechanism->op;
    size_t bound = impl->bound(operation->op, CFR_STEP_ONCE, in.len);
    struct cfr_out out = {.ptr = output->ptr};

    if (CFR_LIKELY(cfr_output_fits(output, bound))) {
        out.room = *output->len;
        TRY(impl->once(operation->op, in, &out));
        *output->len = out.len;
        return CKR_OK;
    }
    if (cfr_output_is_query(output) || !may_be_shorter(operation)) {
        *ret_again = true;
        return cfr_output_need(output, bound);
    }
    TRY(once_by_way_of_secret(operation, in, bound, output, ret_again));
    return *ret_again ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

CK_RV cfr_operation_once(struct cfr_session *session, enum cfr_use use, struct cfr_span in,
                         const struct cfr_output *out)
{
    struct cfr_operation *operation = &session->operations[use];
    bool again = false;
    CK_RV rv;

    if (CFR_UNLIKELY(out->len == NULL)) {
        return cfr_operation_fail(session, use, CKR_ARGUMENTS_BAD);
    }
    FAIL_UNLESS(operation->is_active, CKR_OPERATION_NOT_INITIALIZED);
    FAIL_UNLESS(operation->job == NULL, CKR_OPERATION_ACTIVE);
    if (operation->is_multi) {
        return end(operation, CKR_OPERATION_ACTIVE);
    }
    cfr_operation_keep_errors(operation, use);
    rv = cfr_operation_check_running(session, operation);
    rv = rv == CKR_OK ? cfr_operation_check_input(in) : rv;
    rv = rv == CKR_OK ? run_once(operation, in, out, &again) : rv;
    return again ? rv : end(operation, rv);
}

static CK_RV run_update(struct cfr_operation *operation, struct cfr_span in, const struct cfr_output *output,
                        bool *ret_again)
{
    const struct cfr_op_impl *impl = operation->mechanism->op;
    struct cfr_out out = {0};
    size_t bound;

    if (output == NULL) {
        return impl->update(operation->op, in, NULL);
    }
    bound = impl->bound(operation->op, CFR_STEP_UPDATE, in.len);
    if (!cfr_output_fits(output, bound)) {
        *ret_again = true;
        return cfr_output_need(output, bound);
    }
    out = (struct cfr_out){.ptr = output->ptr, .room = *output->len};
    TRY(impl->update(operation->op, in, &out));
    *output->len = out.len;
    return CKR_OK;
}

CK_RV cfr_operation_check_part(struct cfr_session *session, enum cfr_use use)
{
    struct cfr_operation *operation = &session->operations[use];
    CK_RV rv;

    FAIL_UNLESS(operation->is_active, CKR_OPERATION_NOT_INITIALIZED);
    FAIL_UNLESS(operation->job == NULL, CKR_OPERATION_ACTIVE);
    if (operation->mechanism->op->update == NULL || operation->pending != NULL) {
        return end(operation, cfr_fail(CKR_OPERATION_NOT_INITIALIZED, "%s takes whole messages only",
                                       operation->mechanism->name));
    }
    cfr_operation_keep_errors(operation, use);
    rv = cfr_operation_check_running(session, operation);
    return rv == CKR_OK ? CKR_OK : end(operation, rv);
}

CK_RV cfr_operation_update(struct cfr_session *session, enum cfr_use use, struct cfr_span in,
                           const struct cfr_output *out)
{
    struct cfr_operation *operation = &session->operations[use];
    bool again = false;
    CK_RV rv;

    if (CFR_UNLIKELY(out != NULL && out->len == NULL)) {
        return cfr_operation_fail(session, use, CKR_ARGUMENTS_BAD);
    }
    TRY(cfr_operation_check_part(session, use));
    rv = cfr_operation_check_input(in);
    rv = rv == CKR_OK ? run_update(operation, in, out, &again) : rv;
    if (rv != CKR_OK && !again) {
        return end(operation, rv);
    }
    operation->is_multi = operation->is_multi || !again;
    return rv;
}

/* Hand out a final result that was made before, if it fits now. */
static CK_RV fetch_pending(struct cfr_operation *operation, const struct cfr_output *output, bool *ret_again)
{
    struct cfr_span result = cfr_secret_view(operation->pending);

    if (!cfr_output_fits(output, result.len)) {
        *ret_again = true;
        return cfr_output_need(output, result.len);
    }
    cfr_copy(output->ptr, result.ptr, result.len);
    *output->len = result.len;
    return CKR_OK;
}

/* The end of a message can be made only once; when its length is not known before, it waits in a secret. */
static CK_RV run_finish(struct cfr_operation *operation, const struct cfr_output *output, bool *ret_again)
{
    const struct cfr_op_impl *impl = operation->mechanism->op;
    size_t bound = impl->bound(operation->op, CFR_STEP_FINISH, 0);
    struct cfr_out out = {.ptr = output->ptr};

    if (operation->pending != NULL) {
        return fetch_pending(operation, output, ret_again);
    }
    if (cfr_output_fits(output, bound)) {
        out.room = *output->len;
        TRY(impl->finish(operation->op, &out));
        *output->len = out.len;
        return CKR_OK;
    }
    if (cfr_output_is_query(output) || (operation->mechanism->traits & CFR_TRAIT_SHORTER) == 0) {
        *ret_again = true;
        return cfr_output_need(output, bound);
    }
    TRY(cfr_secret_new(bound, &operation->pending));
    out = (struct cfr_out){.ptr = cfr_secret_edit(operation->pending), .room = bound};
    TRY(impl->finish(operation->op, &out));
    cfr_secret_trim(operation->pending, out.len);
    return fetch_pending(operation, output, ret_again);
}

CK_RV cfr_operation_finish(struct cfr_session *session, enum cfr_use use, const struct cfr_output *out)
{
    struct cfr_operation *operation = &session->operations[use];
    bool again = false;
    CK_RV rv;

    if (CFR_UNLIKELY(out->len == NULL)) {
        return cfr_operation_fail(session, use, CKR_ARGUMENTS_BAD);
    }
    FAIL_UNLESS(operation->is_active, CKR_OPERATION_NOT_INITIALIZED);
    FAIL_UNLESS(operation->job == NULL, CKR_OPERATION_ACTIVE);
    if (operation->mechanism->op->finish == NULL) {
        return end(operation, cfr_fail(CKR_OPERATION_NOT_INITIALIZED, "%s takes whole messages only",
                                       operation->mechanism->name));
    }
    cfr_operation_keep_errors(operation, use);
    rv = cfr_operation_check_running(session, operation);
    rv = rv == CKR_OK ? run_finish(operation, out, &again) : rv;
    return again ? rv : end(operation, rv);
}

CK_RV cfr_operation_check_signature(struct cfr_span signature)
{
    FAIL_UNLESS(signature.len <= INPUT_MAX_LEN, CKR_SIGNATURE_LEN_RANGE);
    return cfr_operation_check_input(signature);
}

CK_RV cfr_operation_begin_signature(struct cfr_session *session, const CK_MECHANISM *mechanism,
                                    CK_OBJECT_HANDLE key, struct cfr_span signature)
{
    struct cfr_operation *operation = &session->operations[CFR_USE_VERIFY_SIGNATURE];
    uint8_t *copy;
    CK_RV rv;

    if (mechanism == NULL) {
        return cfr_operation_begin(session, CFR_USE_VERIFY_SIGNATURE, NULL, key);
    }
    TRY(cfr_operation_check_signature(signature));
    copy = cfr_alloc(signature.len);
    FAIL_UNLESS(copy != NULL, CKR_HOST_MEMORY);
    rv = cfr_operation_begin(session, CFR_USE_VERIFY_SIGNATURE, mechanism, key);
    if (rv != CKR_OK) {
        cfr_free(copy);
        return rv;
    }
    cfr_copy(copy, signature.ptr, signature.len);
    operation->signature = copy;
    operation->signature_len = signature.len;
    return CKR_OK;
}

/* The signature that counts: of this call, or of C_VerifySignatureInit. */
static struct cfr_span signature_of(const struct cfr_operation *operation, enum cfr_use use,
                                    struct cfr_span given)
{
    return use == CFR_USE_VERIFY_SIGNATURE ? cfr_span_of(operation->signature, operation->signature_len)
                                           : given;
}

CK_RV cfr_operation_verify(struct cfr_session *session, enum cfr_use use, struct cfr_span data,
                           struct cfr_span signature)
{
    struct cfr_operation *operation = &session->operations[use];
    CK_RV rv;

    FAIL_UNLESS(operation->is_active, CKR_OPERATION_NOT_INITIALIZED);
    if (operation->is_multi) {
        return end(operation, CKR_OPERATION_ACTIVE);
    }
    cfr_operation_keep_errors(operation, use);
    signature = signature_of(operation, use, signature);
    rv = cfr_operation_check_running(session, operation);
    rv = rv == CKR_OK ? cfr_operation_check_input(data) : rv;
    rv = rv == CKR_OK ? cfr_operation_check_signature(signature) : rv;
    return end(operation,
               rv == CKR_OK ? operation->mechanism->op->verify(operation->op, data, signature) : rv);
}

CK_RV cfr_operation_verify_finish(struct cfr_session *session, enum cfr_use use, struct cfr_span signature)
{
    struct cfr_operation *operation = &session->operations[use];
    CK_RV rv;

    FAIL_UNLESS(operation->is_active, CKR_OPERATION_NOT_INITIALIZED);
    if (operation->mechanism->op->verify_finish == NULL) {
        return end(operation, cfr_fail(CKR_OPERATION_NOT_INITIALIZED, "%s takes whole messages only",
                                       operation->mechanism->name));
    }
    cfr_operation_keep_errors(operation, use);
    signature = signature_of(operation, use, signature);
    rv = cfr_operation_check_running(session, operation);
    rv = rv == CKR_OK ? cfr_operation_check_signature(signature) : rv;
    return end(operation,
               rv == CKR_OK ? operation->mechanism->op->verify_finish(operation->op, signature) : rv);
}

struct cfr_operation *cfr_operation_awaiting_login(struct cfr_session *session)
{
    for (int use = 0; use < CFR_USE_COUNT; use++) {
        if (session->operations[use].is_active && session->operations[use].wants_login) {
            return &session->operations[use];
        }
    }
    for (int use = 0; use < CFR_MESSAGE_USES; use++) {
        if (session->messages[use].is_active && session->messages[use].wants_login) {
            return &session->messages[use];
        }
    }
    return NULL;
}
