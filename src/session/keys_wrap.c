/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapping and unwrapping of keys. */
#include "crypto/pkcs8.h"
#include "object/build.h"
#include "object/template.h"
#include "object/usage.h"
#include "session/keys.h"
#include "session/manage.h"
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

static CK_RV find_wrapping_key(struct cfr_session *session, CK_OBJECT_HANDLE handle,
                               const struct cfr_mechanism *row, bool unwrap, enum cfr_profile profile,
                               struct cfr_object **ret_key)
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

/* An operation for one wrapping, dropped by AUTO(wrap_op). */
struct cfr_wrap_op {
    struct cfr_op *op;
};

static void cfr_wrap_op_dropp(struct cfr_wrap_op *wrap)
{
    if (wrap->op != NULL) {
        wrap->op->mechanism->op->drop(wrap->op);
    }
}

static CK_RV begin_wrap_op(const struct cfr_mechanism *row, enum cfr_use use, struct cfr_object *key,
                           const struct cfr_params *params, struct cfr_wrap_op *wrap)
{
    AUTO(keymat) *keymat = NULL;

    TRY(cfr_object_keymat(key, &keymat));
    TRY(row->op->make(row, use, keymat, params, &wrap->op));
    return row->op->start(wrap->op, params);
}

CK_RV cfr_keys_wrap(struct cfr_session *session, const CK_MECHANISM *mechanism,
                    CK_OBJECT_HANDLE wrapping_handle, CK_OBJECT_HANDLE handle,
                    const struct cfr_output *output)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    const struct cfr_mechanism *row = NULL;
    struct cfr_params params = {0};
    AUTO(object) *wrapping = NULL;
    AUTO(object) *target = NULL;
    AUTO(secret) *input = NULL;
    AUTO(wrap_op) wrap = {NULL};
    struct cfr_out out;
    size_t need;

    TRY(cfr_keys_mechanism(mechanism, CKF_WRAP, &actor, &row, &params));
    TRY(find_wrapping_key(session, wrapping_handle, row, false, actor.profile, &wrapping));
    TRY_MAP(cfr_objects_find(session->token, handle, &target), CKR_OBJECT_HANDLE_INVALID,
            CKR_KEY_HANDLE_INVALID);
    TRY(cfr_usage_check_wrap(wrapping, target, actor.profile));
    TRY(wrap_input(target, row, &input));
    TRY(begin_wrap_op(row, CFR_USE_ENCRYPT, wrapping, &params, &wrap));
    need = row->op->bound(wrap.op, CFR_STEP_ONCE, cfr_secret_view(input).len);
    FAIL_UNLESS(need != 0, CKR_KEY_SIZE_RANGE);
    if (!cfr_output_fits(output, need)) {
        return cfr_output_need(output, need);
    }
    out = (struct cfr_out){.ptr = output->ptr, .room = *output->len};
    TRY_MAP(row->op->once(wrap.op, cfr_secret_view(input), &out), CKR_DATA_LEN_RANGE, CKR_KEY_SIZE_RANGE);
    *output->len = out.len;
    return CKR_OK;
}

/* Two codes for everything that can be wrong with what was wrapped, whichever check found it. */
static CK_RV as_wrapped_error(CK_RV rv)
{
    switch (rv) {
    case CKR_ENCRYPTED_DATA_LEN_RANGE:
    case CKR_DATA_LEN_RANGE:
        return CKR_WRAPPED_KEY_LEN_RANGE;
    case CKR_ENCRYPTED_DATA_INVALID:
    case CKR_DATA_INVALID:
        return CKR_WRAPPED_KEY_INVALID;
    default:
        return rv;
    }
}

static CK_RV unwrap_octets(const struct cfr_mechanism *row, struct cfr_object *unwrapping,
                           const struct cfr_params *params, struct cfr_span wrapped,
                           struct cfr_secret **ret_octets)
{
    AUTO(wrap_op) wrap = {NULL};
    AUTO(secret) *octets = NULL;
    struct cfr_out out;
    size_t bound;

    TRY(begin_wrap_op(row, CFR_USE_DECRYPT, unwrapping, params, &wrap));
    bound = row->op->bound(wrap.op, CFR_STEP_ONCE, wrapped.len);
    TRY(cfr_secret_new(bound, &octets));
    out = (struct cfr_out){.ptr = cfr_secret_edit(octets), .room = bound};
    TRY(as_wrapped_error(row->op->once(wrap.op, wrapped, &out)));
    cfr_secret_trim(octets, out.len);
    *ret_octets = MOVE(octets);
    return CKR_OK;
}

/* Cut a filled-up secret key back: CKA_VALUE_LEN says how long it is; less than a unit may be cut (6.14). */
static CK_RV cut_padding(const struct cfr_mechanism *row, const struct cfr_attrs *given,
                         struct cfr_secret **octets)
{
    size_t len = cfr_secret_view(*octets).len;
    CK_ULONG wanted = cfr_attrs_ulong(given, CKA_VALUE_LEN, len);
    AUTO(secret) *tail = NULL;

    if (wanted == len || wanted > len) {
        return CKR_OK; /* cfr_build() compares the lengths */
    }
    if ((row->traits & CFR_TRAIT_WRAP_FRONT_PAD) != 0) {
        TRY(cfr_secret_from(cfr_span_after(cfr_secret_view(*octets), len - wanted), &tail));
        cfr_secret_drop(*octets);
        *octets = MOVE(tail);
    } else if ((row->traits & CFR_TRAIT_WRAP_ZERO_PAD) != 0 && len - wanted < row->wrap_unit) {
        cfr_secret_trim(*octets, wanted);
    }
    return CKR_OK;
}

/* A private key's encoding without the zeros that fill its last unit. */
static CK_RV decode_private(const struct cfr_mechanism *row, struct cfr_secret *octets,
                            struct cfr_keymat **ret_keymat)
{
    struct cfr_span text = cfr_secret_view(octets);
    CK_RV rv = cfr_pkcs8_decode(text, ret_keymat);

    for (size_t cut = 1; rv == CKR_WRAPPED_KEY_INVALID && (row->traits & CFR_TRAIT_WRAP_ZERO_PAD) != 0 &&
                         cut < row->wrap_unit && text.len > cut && text.ptr[text.len - cut] == 0;
         cut++) {
        rv = cfr_pkcs8_decode(cfr_span_of(text.ptr, text.len - cut), ret_keymat);
    }
    return rv;
}

/* From the wrapped octets to an object; everything that could be refused without them has been checked. */
static CK_RV unwrap_object(const struct cfr_mechanism *row, const struct cfr_params *params,
                           struct cfr_object *unwrapping, struct cfr_span wrapped, struct cfr_origin *origin,
                           const struct cfr_class *class, struct cfr_object **ret_object)
{
    AUTO(secret) *octets = NULL;
    AUTO(keymat) *keymat = NULL;

    FAIL_UNLESS(wrapped.len != 0, CKR_WRAPPED_KEY_LEN_RANGE);
    /* Zeros in front of a key cannot be told from the key's own. */
    FAIL_UNLESS(class->class == CKO_PRIVATE_KEY || (row->traits & CFR_TRAIT_WRAP_FRONT_PAD) == 0 ||
                    cfr_attrs_has(origin->given, cfr_attr_find(CKA_VALUE_LEN)),
                CKR_TEMPLATE_INCOMPLETE);
    TRY(unwrap_octets(row, unwrapping, params, wrapped, &octets));
    origin->base = unwrapping;
    if (class->class == CKO_PRIVATE_KEY) {
        FAIL_UNLESS((row->traits & CFR_TRAIT_WRAPS_PRIVATE) != 0, CKR_WRAPPED_KEY_INVALID);
        TRY(decode_private(row, octets, &keymat));
        origin->keymat = keymat;
    } else {
        TRY(cut_padding(row, origin->given, &octets));
        origin->value = octets;
    }
    return cfr_build(origin, ret_object);
}

CK_RV cfr_keys_unwrap(struct cfr_session *session, const CK_MECHANISM *mechanism,
                      CK_OBJECT_HANDLE unwrapping_handle, struct cfr_span wrapped, struct cfr_given given,
                      CK_OBJECT_HANDLE *ret_key)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    const struct cfr_mechanism *row = NULL;
    struct cfr_params params = {0};
    AUTO(object) *unwrapping = NULL;
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(object) *object = NULL;
    const struct cfr_class *class = NULL;
    struct cfr_origin origin = {.action = CFR_ACTION_UNWRAP, .actor = &actor, .given = &attrs};
    CK_RV rv;

    TRY(cfr_keys_mechanism(mechanism, CKF_UNWRAP, &actor, &row, &params));
    TRY(find_wrapping_key(session, unwrapping_handle, row, true, actor.profile, &unwrapping));
    TRY(cfr_template_read(given.template, given.count, &attrs));
    TRY(cfr_usage_apply_template(unwrapping, CKA_UNWRAP_TEMPLATE, &attrs));
    TRY(cfr_build_class(&attrs, CK_UNAVAILABLE_INFORMATION, &class));
    FAIL_UNLESS(class->class == CKO_SECRET_KEY || class->class == CKO_PRIVATE_KEY, CKR_TEMPLATE_INCONSISTENT);
    TRY(cfr_manage_check_place(session, &attrs, &actor));
    TRY(cfr_policy_check_new(CFR_ACTION_UNWRAP, class, &attrs, &actor));
    rv = unwrap_object(row, &params, unwrapping, wrapped, &origin, class, &object);
    /*
     * Strict: no telling a wrong length from other faults (Bardou et al. 2012); the standard demands the two
     * codes.
     */
    if (rv == CKR_WRAPPED_KEY_LEN_RANGE && actor.profile == CFR_PROFILE_STRICT) {
        rv = CKR_WRAPPED_KEY_INVALID;
    }
    TRY(rv);
    return cfr_manage_place(session, &object, 1, ret_key);
}
