/* SPDX-License-Identifier: Apache-2.0 */
/* Signing and verifying, message by message: the operations of mech/mechanism.h, restarted for each. */
#include "session/message_private.h"

/* No mechanism has a parameter for each message to sign (PKCS#11 6). */
static CK_RV check_arguments(struct cfr_span parameter, struct cfr_span data)
{
    TRY(cfr_operation_check_input(data));
    if (parameter.len != 0) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "a message to sign or verify takes no parameter");
    }
    return CKR_OK;
}

static CK_RV run_sign(const struct cfr_operation *operation, struct cfr_span data,
                      const struct cfr_output *output, bool *ret_again)
{
    const struct cfr_op_impl *impl = operation->mechanism->op;
    size_t bound = impl->bound(operation->op, CFR_STEP_ONCE, data.len);
    struct cfr_out out = {.ptr = output->ptr};

    if (!cfr_output_fits(output, bound)) {
        *ret_again = true;
        return cfr_output_need(output, bound);
    }
    out.room = *output->len;
    impl->restart(operation->op);
    TRY(impl->once(operation->op, data, &out));
    *output->len = out.len;
    return CKR_OK;
}

CK_RV cfr_message_sign(struct cfr_session *session, struct cfr_span parameter, struct cfr_span data,
                       const struct cfr_output *out)
{
    struct cfr_operation *operation = &session->messages[CFR_USE_SIGN];
    bool again = false;
    CK_RV rv;

    FAIL_UNLESS(out->len != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_message_enter(session, CFR_USE_SIGN));
    rv = check_arguments(parameter, data);
    rv = rv == CKR_OK ? run_sign(operation, data, out, &again) : rv;
    return again ? rv : cfr_message_end(operation, rv);
}

static CK_RV run_begin(const struct cfr_operation *operation, struct cfr_span parameter)
{
    const struct cfr_op_impl *impl = operation->mechanism->op;

    TRY(check_arguments(parameter, cfr_span_of(NULL, 0)));
    if (impl->update == NULL) {
        return cfr_fail(CKR_OPERATION_NOT_INITIALIZED, "%s takes whole messages only",
                        operation->mechanism->name);
    }
    impl->restart(operation->op);
    return CKR_OK;
}

CK_RV cfr_message_sign_begin(struct cfr_session *session, enum cfr_use use, struct cfr_span parameter)
{
    struct cfr_operation *operation = &session->messages[use];
    CK_RV rv;

    TRY(cfr_message_enter(session, use));
    rv = run_begin(operation, parameter);
    operation->is_multi = rv == CKR_OK;
    return rv == CKR_OK ? CKR_OK : cfr_message_end(operation, rv);
}

static CK_RV run_last(const struct cfr_operation *operation, struct cfr_span data,
                      const struct cfr_output *output, bool *ret_again)
{
    const struct cfr_op_impl *impl = operation->mechanism->op;
    size_t bound = impl->bound(operation->op, CFR_STEP_FINISH, 0);
    struct cfr_out out = {.ptr = output->ptr};

    if (!cfr_output_fits(output, bound)) {
        *ret_again = true;
        return cfr_output_need(output, bound);
    }
    out.room = *output->len;
    TRY(impl->update(operation->op, data, NULL));
    TRY(impl->finish(operation->op, &out));
    *output->len = out.len;
    return CKR_OK;
}

CK_RV cfr_message_sign_next(struct cfr_session *session, struct cfr_span parameter, struct cfr_span data,
                            const struct cfr_output *out)
{
    struct cfr_operation *operation = &session->messages[CFR_USE_SIGN];
    bool is_last = out != NULL;
    bool again = false;
    CK_RV rv;

    TRY(cfr_message_enter_next(session, CFR_USE_SIGN));
    rv = check_arguments(parameter, data);
    if (rv == CKR_OK) {
        rv = is_last ? run_last(operation, data, out, &again)
                     : operation->mechanism->op->update(operation->op, data, NULL);
    }
    return again || (rv == CKR_OK && !is_last) ? rv : cfr_message_end(operation, rv);
}

static CK_RV run_verify(const struct cfr_operation *operation, struct cfr_span data,
                        struct cfr_span signature)
{
    TRY(cfr_operation_check_signature(signature));
    operation->mechanism->op->restart(operation->op);
    return operation->mechanism->op->verify(operation->op, data, signature);
}

CK_RV cfr_message_verify(struct cfr_session *session, struct cfr_span parameter, struct cfr_span data,
                         struct cfr_span signature)
{
    struct cfr_operation *operation = &session->messages[CFR_USE_VERIFY];
    CK_RV rv;

    TRY(cfr_message_enter(session, CFR_USE_VERIFY));
    rv = check_arguments(parameter, data);
    return cfr_message_end(operation, rv == CKR_OK ? run_verify(operation, data, signature) : rv);
}

static CK_RV run_verify_last(const struct cfr_operation *operation, struct cfr_span data,
                             struct cfr_span signature)
{
    TRY(cfr_operation_check_signature(signature));
    TRY(operation->mechanism->op->update(operation->op, data, NULL));
    return operation->mechanism->op->verify_finish(operation->op, signature);
}

CK_RV cfr_message_verify_next(struct cfr_session *session, struct cfr_span parameter, struct cfr_span data,
                              struct cfr_span signature)
{
    struct cfr_operation *operation = &session->messages[CFR_USE_VERIFY];
    bool is_last = signature.ptr != NULL;
    CK_RV rv;

    TRY(cfr_message_enter_next(session, CFR_USE_VERIFY));
    rv = check_arguments(parameter, data);
    if (rv == CKR_OK) {
        rv = is_last ? run_verify_last(operation, data, signature)
                     : operation->mechanism->op->update(operation->op, data, NULL);
    }
    return rv == CKR_OK && !is_last ? CKR_OK : cfr_message_end(operation, rv);
}
