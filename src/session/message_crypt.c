/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption and decryption, message by message. */
#include "session/message_private.h"

static CK_RV read_input(const struct cfr_operation *operation, const struct cfr_message_input *input,
                        struct cfr_message_params *ret_params)
{
    TRY(cfr_operation_check_input(input->aad));
    TRY(cfr_operation_check_input(input->text));
    return operation->form->read(input->parameter, operation->op->use, ret_params);
}

static CK_RV run_once(const struct cfr_operation *operation, const struct cfr_message_input *input,
                      const struct cfr_output *output, bool *ret_again)
{
    const struct cfr_message_impl *impl = operation->form->impl;
    size_t bound = impl->bound(operation->op, CFR_STEP_ONCE, input->text.len);
    struct cfr_message_params params;

    TRY(read_input(operation, input, &params));
    if (CFR_UNLIKELY(!cfr_output_fits(output, bound))) {
        *ret_again = true;
        return cfr_output_need(output, bound);
    }
    TRY(impl->once(operation->op, &params, input->aad, input->text, output->ptr));
    *output->len = bound;
    return CKR_OK;
}

CK_RV cfr_message_crypt(struct cfr_session *session, enum cfr_use use, const struct cfr_message_input *input,
                        const struct cfr_output *out)
{
    struct cfr_operation *operation = &session->messages[use];
    bool again = false;
    CK_RV rv;

    FAIL_UNLESS(out->len != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_message_enter(session, use));
    rv = run_once(operation, input, out, &again);
    return again ? rv : cfr_message_end(operation, rv);
}

static CK_RV run_begin(const struct cfr_operation *operation, const struct cfr_message_input *input)
{
    struct cfr_message_params params;

    TRY(read_input(operation, input, &params));
    return operation->form->impl->begin(operation->op, &params, input->aad);
}

CK_RV cfr_message_crypt_begin(struct cfr_session *session, enum cfr_use use,
                              const struct cfr_message_input *input)
{
    struct cfr_operation *operation = &session->messages[use];
    CK_RV rv;

    TRY(cfr_message_enter(session, use));
    operation->is_multi = true;
    rv = run_begin(operation, input);
    return rv == CKR_OK ? CKR_OK : cfr_message_end(operation, rv);
}

static CK_RV run_next(const struct cfr_operation *operation, const struct cfr_message_input *input,
                      const struct cfr_output *output, bool is_last, bool *ret_again)
{
    const struct cfr_message_impl *impl = operation->form->impl;
    size_t bound = impl->bound(operation->op, is_last ? CFR_STEP_FINISH : CFR_STEP_UPDATE, input->text.len);
    struct cfr_message_params params;

    TRY(read_input(operation, input, &params));
    if (!cfr_output_fits(output, bound)) {
        *ret_again = true;
        return cfr_output_need(output, bound);
    }
    TRY(is_last ? impl->end(operation->op, &params, input->text, output->ptr)
                : impl->next(operation->op, &params, input->text, output->ptr));
    *output->len = bound;
    return CKR_OK;
}

CK_RV cfr_message_crypt_next(struct cfr_session *session, enum cfr_use use,
                             const struct cfr_message_input *input, const struct cfr_output *out,
                             CK_FLAGS flags)
{
    struct cfr_operation *operation = &session->messages[use];
    bool is_last = flags == CKF_END_OF_MESSAGE;
    bool again = false;
    CK_RV rv;

    if (out->len == NULL) {
        return operation->is_active && operation->is_multi ? cfr_message_end(operation, CKR_ARGUMENTS_BAD)
                                                           : CKR_ARGUMENTS_BAD;
    }
    TRY(cfr_message_enter_next(session, use));
    rv = flags == 0 || is_last ? run_next(operation, input, out, is_last, &again)
                               : cfr_fail(CKR_ARGUMENTS_BAD, "flags of a part are 0x%lx", flags);
    return again || (rv == CKR_OK && !is_last) ? rv : cfr_message_end(operation, rv);
}
