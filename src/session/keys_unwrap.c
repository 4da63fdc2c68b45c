/* SPDX-License-Identifier: Apache-2.0 */
/* Unwrapping of keys. */
#include "base/buf.h"
#include "crypto/pkcs8.h"
#include "object/build.h"
#include "object/template.h"
#include "object/usage.h"
#include "session/keys_wrap.h"
#include "session/manage.h"

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
    AUTO(buf) whole = CFR_BUF(SIZE_MAX);
    struct cfr_out out;
    size_t bound;

    if (params->tag_at != NULL) {
        cfr_buf_put(&whole, wrapped);
        cfr_buf_put(&whole, cfr_span_of(params->tag_at, params->tag_len));
        TRY(cfr_buf_check(&whole));
        wrapped = cfr_buf_view(&whole);
    }
    TRY(cfr_wrap_begin(row, CFR_USE_DECRYPT, unwrapping, params, &wrap));
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
                      CK_OBJECT_HANDLE unwrapping_handle, const struct cfr_span *associated,
                      struct cfr_span wrapped, struct cfr_given given, CK_OBJECT_HANDLE *ret_key)
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

    TRY(cfr_wrap_mechanism(mechanism, CKF_UNWRAP, associated, &actor, &row, &params));
    TRY(cfr_wrap_find_key(session, unwrapping_handle, row, true, actor.profile, &unwrapping));
    TRY(cfr_template_read(given.template, given.count, &attrs));
    TRY(cfr_usage_apply_template(unwrapping, CKA_UNWRAP_TEMPLATE, &attrs));
    TRY(cfr_build_class(&attrs, CK_UNAVAILABLE_INFORMATION, &class));
    FAIL_UNLESS(class->class == CKO_SECRET_KEY || class->class == CKO_PRIVATE_KEY, CKR_TEMPLATE_INCONSISTENT);
    TRY(cfr_manage_check_place(session, &attrs, &actor));
    TRY(cfr_build_check(&origin));
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
