/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapping of keys, and what unwrapping shares with it. */
#include "session/keys_wrap.h"

#include "base/buf.h"
#include "crypto/pkcs8.h"
#include "mech/params_wrap.h"
#include "object/profile.h"
#include "object/usage.h"
#include "session/object_table.h"

/* The codes of C_WrapKey and C_UnwrapKey for what is wrong with the key that does it. */
static CK_RV as_wrapping_error(CK_RV rv, bool unwrap)
{
    switch (rv) {
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_KEY_HANDLE_INVALID:
        return unwrap ? CKR_UNWRAPPING_KEY_HANDLE_INVALID : CKR_WRAPPING_KEY_HANDLE_INVALID;
    case CKR_KEY_TYPE_INCONSISTENT:
        return unwrap ? CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT : CKR_WRAPPING_KEY_TYPE_INCONSISTENT;
    case CKR_KEY_SIZE_RANGE:
        return unwrap ? CKR_UNWRAPPING_KEY_SIZE_RANGE : CKR_WRAPPING_KEY_SIZE_RANGE;
    default:
        return rv;
    }
}

CK_RV cfr_wrap_find_key(struct cfr_session *session, CK_OBJECT_HANDLE handle, const struct cfr_mechanism *row,
                        bool unwrap, enum cfr_profile profile, struct cfr_object **ret_key)
{
    AUTO(object) *key = NULL;
    CK_RV rv = cfr_objects_find(session->token, handle, &key);

    rv = rv == CKR_OK ? cfr_usage_check(key, row, unwrap ? CKF_UNWRAP : CKF_WRAP, profile) : rv;
    TRY(as_wrapping_error(rv, unwrap));
    /*
     * A key that wants a proof for each use can give it to operations; wrapping has no Init to attach it to.
     */
    FAIL_UNLESS(!cfr_object_bool(key, CFR_B_ALWAYS_AUTHENTICATE), CKR_USER_NOT_LOGGED_IN);
    *ret_key = MOVE(key);
    return CKR_OK;
}

CK_RV cfr_wrap_mechanism(const CK_MECHANISM *given, CK_FLAGS flag, const struct cfr_span *associated,
                         const struct cfr_actor *actor, const struct cfr_mechanism **ret_row,
                         struct cfr_params *ret_params)
{
    if (associated == NULL) {
        return cfr_keys_mechanism(given, flag, actor, ret_row, ret_params);
    }
    FAIL_UNLESS(given != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_profile_find_mechanism(given->mechanism, flag, actor->profile, ret_row));
    FAIL_UNLESS((*ret_row)->apart != NULL, CKR_MECHANISM_INVALID);
    TRY((*ret_row)->apart(given, true, ret_params));
    FAIL_UNLESS(associated->len == 0 || associated->ptr != NULL, CKR_ARGUMENTS_BAD);
    FAIL_UNLESS(associated->len <= CFR_PARAM_MAX_LEN, CKR_ARGUMENTS_BAD);
    ret_params->aad = *associated;
    return cfr_profile_check_mechanism(*ret_row, flag, actor->profile);
}

/*
 * What is wrapped: a secret key's octets, or a private key's PKCS#8 form; filled up where the mechanism says
 * so.
 */
static CK_RV wrap_input(struct cfr_object *target, const struct cfr_mechanism *row,
                        struct cfr_secret **ret_input)
{
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *input = NULL;
    size_t len;

    TRY(cfr_object_keymat(target, &keymat));
    if (target->class->class == CKO_SECRET_KEY) {
        TRY(cfr_secret_from(cfr_keymat_secret(keymat), &input));
    } else {
        if ((row->traits & CFR_TRAIT_WRAPS_PRIVATE) == 0) {
            return cfr_fail(CKR_KEY_NOT_WRAPPABLE, "%s wraps no private keys", row->name);
        }
        TRY(cfr_pkcs8_encode(keymat, &input));
    }
    len = cfr_secret_view(input).len;
    if ((row->traits & CFR_TRAIT_WRAP_ZERO_PAD) != 0 && len % row->wrap_unit != 0) {
        TRY(cfr_secret_grow(&input, len + row->wrap_unit - len % row->wrap_unit));
    }
    *ret_input = MOVE(input);
    return CKR_OK;
}

CK_RV cfr_wrap_begin(const struct cfr_mechanism *row, enum cfr_use use, struct cfr_object *key,
                     const struct cfr_params *params, struct cfr_wrap_op *wrap)
{
    AUTO(keymat) *keymat = NULL;

    TRY(cfr_object_keymat(key, &keymat));
    TRY(as_wrapping_error(row->op->make(row, use, keymat, params, &wrap->op), use == CFR_USE_DECRYPT));
    return row->op->start(wrap->op, params);
}

/* Into a buffer first, because the text goes one way and its tag the other. */
static CK_RV run_apart(struct cfr_op *op, struct cfr_span input, const struct cfr_params *params,
                       const struct cfr_output *output)
{
    const struct cfr_op_impl *impl = op->mechanism->op;
    size_t need = impl->bound(op, CFR_STEP_ONCE, input.len);
    AUTO(buf) whole = CFR_BUF(need);
    struct cfr_out out;

    cfr_buf_put_zeros(&whole, need);
    TRY(cfr_buf_check(&whole));
    out = (struct cfr_out){.ptr = whole.ptr, .room = need};
    TRY(impl->once(op, input, &out));
    *output->len = out.len - params->tag_len;
    cfr_copy(output->ptr, out.ptr, *output->len);
    cfr_copy(params->tag_at, out.ptr + *output->len, params->tag_len);
    return CKR_OK;
}

static CK_RV run(struct cfr_op *op, struct cfr_span input, const struct cfr_params *params,
                 const struct cfr_output *output)
{
    struct cfr_out out = {.ptr = output->ptr, .room = *output->len};

    if (params->tag_at != NULL) {
        return run_apart(op, input, params, output);
    }
    TRY(op->mechanism->op->once(op, input, &out));
    *output->len = out.len;
    return CKR_OK;
}

static CK_RV wrap_target(const struct cfr_mechanism *row, struct cfr_object *wrapping,
                         struct cfr_object *target, struct cfr_params *params,
                         const struct cfr_output *output)
{
    uint8_t nonce[CFR_GCM_IV_MAX_LEN];
    AUTO(secret) *input = NULL;
    AUTO(wrap_op) wrap = {NULL};
    size_t need;

    TRY(wrap_input(target, row, &input));
    TRY(cfr_params_make_nonce(params, nonce));
    TRY(cfr_wrap_begin(row, CFR_USE_ENCRYPT, wrapping, params, &wrap));
    need = row->op->bound(wrap.op, CFR_STEP_ONCE, cfr_secret_view(input).len);
    FAIL_UNLESS(need != 0, CKR_KEY_SIZE_RANGE);
    need -= params->tag_at == NULL ? 0 : params->tag_len;
    if (!cfr_output_fits(output, need)) {
        return cfr_output_need(output, need);
    }
    TRY_MAP(run(wrap.op, cfr_secret_view(input), params, output), CKR_DATA_LEN_RANGE, CKR_KEY_SIZE_RANGE);
    cfr_params_return_nonce(params);
    return CKR_OK;
}

CK_RV cfr_keys_wrap(struct cfr_session *session, const CK_MECHANISM *mechanism,
                    CK_OBJECT_HANDLE wrapping_handle, CK_OBJECT_HANDLE handle,
                    const struct cfr_span *associated, const struct cfr_output *output)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    const struct cfr_mechanism *row = NULL;
    struct cfr_params params = {0};
    AUTO(object) *wrapping = NULL;
    AUTO(object) *target = NULL;

    TRY(cfr_wrap_mechanism(mechanism, CKF_WRAP, associated, &actor, &row, &params));
    TRY(cfr_wrap_find_key(session, wrapping_handle, row, false, actor.profile, &wrapping));
    TRY_MAP(cfr_objects_find(session->token, handle, &target), CKR_OBJECT_HANDLE_INVALID,
            CKR_KEY_HANDLE_INVALID);
    TRY(cfr_usage_check_wrap(wrapping, target, actor.profile));
    return wrap_target(row, wrapping, target, &params, output);
}
