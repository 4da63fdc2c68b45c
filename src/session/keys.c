/* SPDX-License-Identifier: Apache-2.0 */
#include "session/keys.h"

#include "crypto/pkcs8.h"
#include "mech/registry.h"
#include "object/build.h"
#include "object/profile.h"
#include "object/template.h"
#include "object/usage.h"
#include "session/manage.h"
#include "session/object_table.h"

/* A mechanism for a function, with its parameter read and the profile asked. */
static CK_RV settle_mechanism(const CK_MECHANISM *given, CK_FLAGS flag, const struct cfr_actor *actor,
                              const struct cfr_mechanism **ret_row, struct cfr_params *ret_params)
{
    bool for_wrap = flag == CKF_WRAP || flag == CKF_UNWRAP;

    FAIL_UNLESS(given != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_registry_find(given->mechanism, flag, ret_row));
    FAIL_UNLESS(given->pParameter != NULL || given->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID);
    TRY((*ret_row)->params(given, for_wrap, ret_params));
    return actor->profile == CFR_PROFILE_STRICT ? cfr_profile_check_mechanism(*ret_row, flag) : CKR_OK;
}

CK_RV cfr_keys_generate(struct cfr_session *session, const CK_MECHANISM *mechanism, struct cfr_given given,
                        CK_OBJECT_HANDLE *ret_key)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    const struct cfr_mechanism *row = NULL;
    struct cfr_params params = {0};
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(keymat) *keymat = NULL;
    AUTO(object) *object = NULL;
    struct cfr_origin origin = {.action = CFR_ACTION_GENERATE, .actor = &actor, .given = &attrs};
    struct cfr_keygen_request request;

    TRY(settle_mechanism(mechanism, CKF_GENERATE, &actor, &row, &params));
    TRY(cfr_template_read(given.template, given.count, &attrs));
    origin.class = cfr_class_find(CKO_SECRET_KEY, row->key_types[0]);
    origin.mechanism = row->type;
    TRY(cfr_manage_check_place(session, &attrs, &actor));
    TRY(cfr_policy_check_new(CFR_ACTION_GENERATE, origin.class, &attrs, &actor));
    request = cfr_build_request(&attrs);
    TRY(row->keygen(row, &request, &keymat));
    origin.keymat = keymat;
    TRY(cfr_build(&origin, &object));
    return cfr_manage_place(session, &object, 1, ret_key);
}

/* One half of a pair: its template is checked before the slow part, and built after it. */
struct half {
    CK_OBJECT_CLASS class;
    struct cfr_given given;
    struct cfr_attrs attrs;
    struct cfr_origin origin;
};

static CK_RV check_half(struct cfr_session *session, const struct cfr_mechanism *row,
                        const struct cfr_actor *actor, struct half *half)
{
    TRY(cfr_template_read(half->given.template, half->given.count, &half->attrs));
    half->origin = (struct cfr_origin){
        .action = CFR_ACTION_GENERATE,
        .actor = actor,
        .given = &half->attrs,
        .class = cfr_class_find(half->class, row->key_types[0]),
        .mechanism = row->type,
    };
    TRY(cfr_manage_check_place(session, &half->attrs, actor));
    return cfr_policy_check_new(CFR_ACTION_GENERATE, half->origin.class, &half->attrs, actor);
}

static CK_RV make_pair(struct cfr_session *session, const struct cfr_mechanism *row, struct half halves[2],
                       CK_OBJECT_HANDLE ret_handles[2])
{
    struct cfr_keygen_request request = cfr_build_request(&halves[0].attrs);
    AUTO(keymat) *keymat = NULL;
    AUTO(object) *public_object = NULL;
    AUTO(object) *private_object = NULL;

    TRY(row->keygen(row, &request, &keymat));
    halves[0].origin.keymat = keymat;
    halves[1].origin.keymat = keymat;
    TRY(cfr_build(&halves[0].origin, &public_object));
    TRY(cfr_build(&halves[1].origin, &private_object));
    return cfr_manage_place(session, (struct cfr_object *[]){public_object, private_object}, 2, ret_handles);
}

CK_RV cfr_keys_generate_pair(struct cfr_session *session, const CK_MECHANISM *mechanism,
                             struct cfr_given public_given, struct cfr_given private_given,
                             CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    const struct cfr_mechanism *row = NULL;
    struct cfr_params params = {0};
    struct half halves[2] = {
        {.class = CKO_PUBLIC_KEY, .given = public_given, .attrs = CFR_ATTRS},
        {.class = CKO_PRIVATE_KEY, .given = private_given, .attrs = CFR_ATTRS},
    };
    CK_OBJECT_HANDLE handles[2] = {0};
    CK_RV rv;

    TRY(settle_mechanism(mechanism, CKF_GENERATE_KEY_PAIR, &actor, &row, &params));
    rv = check_half(session, row, &actor, &halves[0]);
    rv = rv == CKR_OK ? check_half(session, row, &actor, &halves[1]) : rv;
    rv = rv == CKR_OK ? make_pair(session, row, halves, handles) : rv;
    cfr_attrs_clear(&halves[0].attrs);
    cfr_attrs_clear(&halves[1].attrs);
    TRY(rv);
    *ret_public = handles[0];
    *ret_private = handles[1];
    return CKR_OK;
}

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

    TRY(settle_mechanism(mechanism, CKF_WRAP, &actor, &row, &params));
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

    TRY(settle_mechanism(mechanism, CKF_UNWRAP, &actor, &row, &params));
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

/* Octets to derive: CKA_VALUE_LEN, or what the key type fixes; 0: whatever the mechanism gives. */
static CK_RV derived_len(const struct cfr_class *class, const struct cfr_attrs *attrs, size_t *ret_len)
{
    CK_ULONG len = cfr_attrs_ulong(attrs, CKA_VALUE_LEN, 0);

    if (len > class->value_len.max) {
        return cfr_fail(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN is %lu for a %s", len, class->name);
    }
    *ret_len = len;
    return CKR_OK;
}

CK_RV cfr_keys_derive(struct cfr_session *session, const CK_MECHANISM *mechanism,
                      CK_OBJECT_HANDLE base_handle, struct cfr_given given, CK_OBJECT_HANDLE *ret_key)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    const struct cfr_mechanism *row = NULL;
    struct cfr_params params = {0};
    AUTO(object) *base = NULL;
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *octets = NULL;
    AUTO(object) *object = NULL;
    const struct cfr_class *class = NULL;
    struct cfr_origin origin = {.action = CFR_ACTION_DERIVE, .actor = &actor, .given = &attrs};
    size_t len = 0;

    TRY(settle_mechanism(mechanism, CKF_DERIVE, &actor, &row, &params));
    TRY_MAP(cfr_objects_find(session->token, base_handle, &base), CKR_OBJECT_HANDLE_INVALID,
            CKR_KEY_HANDLE_INVALID);
    TRY(cfr_usage_check(base, row, CKF_DERIVE, actor.profile));
    FAIL_UNLESS(!cfr_object_bool(base, CFR_B_ALWAYS_AUTHENTICATE), CKR_USER_NOT_LOGGED_IN);
    TRY(cfr_template_read(given.template, given.count, &attrs));
    TRY(cfr_usage_apply_template(base, CKA_DERIVE_TEMPLATE, &attrs));
    TRY(cfr_build_class(&attrs, CKO_SECRET_KEY, &class));
    FAIL_UNLESS(class->class == CKO_SECRET_KEY, CKR_TEMPLATE_INCONSISTENT);
    TRY(cfr_manage_check_place(session, &attrs, &actor));
    TRY(cfr_policy_check_new(CFR_ACTION_DERIVE, class, &attrs, &actor));
    TRY(derived_len(class, &attrs, &len));
    TRY(cfr_object_keymat(base, &keymat));
    TRY(row->derive(row, &params, keymat, len, &octets));
    origin.value = octets;
    origin.base = base;
    TRY(cfr_build(&origin, &object));
    return cfr_manage_place(session, &object, 1, ret_key);
}
