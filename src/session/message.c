/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ossl.h"
#include "object/profile.h"
#include "session/message_private.h"

static const CK_FLAGS message_flags[CFR_MESSAGE_USES] = {
    [CFR_USE_ENCRYPT] = CKF_MESSAGE_ENCRYPT,
    [CFR_USE_DECRYPT] = CKF_MESSAGE_DECRYPT,
    [CFR_USE_SIGN] = CKF_MESSAGE_SIGN,
    [CFR_USE_VERIFY] = CKF_MESSAGE_VERIFY,
};

static CK_RV find_row(struct cfr_session *session, enum cfr_use use, CK_MECHANISM_TYPE type,
                      struct cfr_operation *operation)
{
    CK_FLAGS flag = cfr_operation_flag(use);

    TRY(cfr_profile_find_mechanism(type, flag, cfr_token_actor(session->token).profile,
                                   &operation->mechanism));
    if ((cfr_message_flags(operation->mechanism, flag) & message_flags[use]) == 0) {
        return cfr_fail(CKR_MECHANISM_INVALID, "%s is not for messages", operation->mechanism->name);
    }
    return CKR_OK;
}

/* What encryption takes at Init says nothing: each message has its own. */
static CK_RV make_crypt(struct cfr_operation *operation, enum cfr_use use, const CK_MECHANISM *mechanism,
                        struct cfr_keymat *keymat)
{
    const struct cfr_message_form *form = operation->mechanism->message;

    if (mechanism->ulParameterLen != 0 &&
        (mechanism->pParameter == NULL || mechanism->ulParameterLen != form->parameter_len)) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "%s takes %s or nothing here",
                        operation->mechanism->name, form->parameter);
    }
    TRY(form->impl->make(operation->mechanism, use, keymat, &operation->op));
    operation->form = form;
    return CKR_OK;
}

static CK_RV make_sign(const struct cfr_session *session, struct cfr_operation *operation, enum cfr_use use,
                       const CK_MECHANISM *mechanism, struct cfr_keymat *keymat)
{
    const struct cfr_op_impl *impl = operation->mechanism->op;
    struct cfr_params params = {0};

    TRY(cfr_operation_read_params(session, operation->mechanism, mechanism, &params));
    TRY(impl->make(operation->mechanism, use, keymat, &params, &operation->op));
    return impl->start(operation->op, &params);
}

static CK_RV set_up(struct cfr_session *session, enum cfr_use use, const CK_MECHANISM *mechanism,
                    CK_OBJECT_HANDLE key, struct cfr_operation *operation)
{
    AUTO(keymat) *keymat = NULL;

    TRY(find_row(session, use, mechanism->mechanism, operation));
    TRY(cfr_operation_settle_key(session, use, key, operation));
    TRY(cfr_object_keymat(operation->key, &keymat));
    TRY(use == CFR_USE_ENCRYPT || use == CFR_USE_DECRYPT
            ? make_crypt(operation, use, mechanism, keymat)
            : make_sign(session, operation, use, mechanism, keymat));
    operation->is_active = true;
    return CKR_OK;
}

CK_RV cfr_message_init(struct cfr_session *session, enum cfr_use use, const CK_MECHANISM *mechanism,
                       CK_OBJECT_HANDLE key)
{
    struct cfr_operation *operation = &session->messages[use];
    CK_MECHANISM given;
    CK_RV rv;

    if (mechanism == NULL) {
        FAIL_UNLESS(operation->is_active, CKR_ARGUMENTS_BAD);
        cfr_operation_drop(operation);
        return CKR_OK;
    }
    FAIL_UNLESS(!operation->is_active, CKR_OPERATION_ACTIVE);
    given = *mechanism;
    rv = set_up(session, use, &given, key, operation);
    if (rv != CKR_OK) {
        cfr_operation_drop(operation);
    }
    return rv;
}

void cfr_message_cancel(struct cfr_session *session, enum cfr_use use)
{
    cfr_operation_drop(&session->messages[use]);
}

CK_RV cfr_message_final(struct cfr_session *session, enum cfr_use use)
{
    struct cfr_operation *operation = &session->messages[use];

    FAIL_UNLESS(operation->is_active, CKR_OPERATION_NOT_INITIALIZED);
    FAIL_UNLESS(!operation->is_multi, CKR_OPERATION_ACTIVE);
    cfr_operation_drop(operation);
    return CKR_OK;
}

/* A run whose login is over ends; one that only waits for a login goes on. */
static CK_RV check_key(struct cfr_session *session, enum cfr_use use)
{
    struct cfr_operation *operation = &session->messages[use];
    CK_RV rv = cfr_operation_check_running(session, operation);

    if (CFR_UNLIKELY(rv != CKR_OK)) {
        if (rv == CKR_USER_NOT_LOGGED_IN && (operation->op == NULL || !operation->wants_login)) {
            cfr_operation_drop(operation);
        }
        return rv;
    }
    cfr_operation_keep_errors(operation, use);
    return CKR_OK;
}

CK_RV cfr_message_enter(struct cfr_session *session, enum cfr_use use)
{
    const struct cfr_operation *operation = &session->messages[use];

    FAIL_UNLESS(operation->is_active, CKR_OPERATION_NOT_INITIALIZED);
    FAIL_UNLESS(!operation->is_multi, CKR_OPERATION_ACTIVE);
    return check_key(session, use);
}

CK_RV cfr_message_enter_next(struct cfr_session *session, enum cfr_use use)
{
    const struct cfr_operation *operation = &session->messages[use];

    FAIL_UNLESS(operation->is_active && operation->is_multi, CKR_OPERATION_NOT_INITIALIZED);
    return check_key(session, use);
}

/* What was gathered of a message need not wait for the next one. */
static void forget_parts(const struct cfr_operation *operation)
{
    if (operation->form != NULL) {
        operation->form->impl->reset(operation->op);
    } else {
        operation->mechanism->op->restart(operation->op);
    }
}

CK_RV cfr_message_end(struct cfr_operation *operation, CK_RV rv)
{
    if (operation->op == NULL) {
        return rv; /* a logout took the key, and the next call says so */
    }
    if (operation->is_multi) {
        operation->is_multi = false;
        forget_parts(operation);
    }
    if (CFR_UNLIKELY(operation->is_private_key)) {
        operation->wants_login = cfr_object_bool(operation->key, CFR_B_ALWAYS_AUTHENTICATE);
    }
    return rv;
}
