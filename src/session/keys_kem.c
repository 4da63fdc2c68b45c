/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key encapsulation. What comes of it is to a template what an unwrapped key is (PKCS#11 5.18.8, 5.18.9): not local, with
 * no history, extractable unless the template says otherwise.
 */
#include "object/build.h"
#include "object/template.h"
#include "object/usage.h"
#include "session/keys.h"
#include "session/manage.h"
#include "session/object_table.h"

static CK_RV find_key(struct cfr_session *session, CK_OBJECT_HANDLE handle, const struct cfr_mechanism *row,
                      CK_FLAGS flag, enum cfr_profile profile, struct cfr_object **ret_key)
{
    AUTO(object) *key = NULL;

    TRY_MAP(cfr_objects_find(session->token, handle, &key), CKR_OBJECT_HANDLE_INVALID,
            CKR_KEY_HANDLE_INVALID);
    TRY(cfr_usage_check(key, row, flag, profile));
    /* There is no Init that a proof for this one use could follow. */
    FAIL_UNLESS(!cfr_object_bool(key, CFR_B_ALWAYS_AUTHENTICATE), CKR_USER_NOT_LOGGED_IN);
    *ret_key = MOVE(key);
    return CKR_OK;
}

/* Everything about the new key that can be refused before there is one. */
static CK_RV check_template(const struct cfr_session *session, struct cfr_origin *origin)
{
    TRY(cfr_build_class(origin->given, CKO_SECRET_KEY, &origin->class));
    FAIL_UNLESS(origin->class->class == CKO_SECRET_KEY, CKR_TEMPLATE_INCONSISTENT);
    TRY(cfr_manage_check_place(session, origin->given, origin->actor));
    return cfr_build_check(origin);
}

/* CKA_CLASS may be left out: nothing but a secret key is made here. */
static CK_RV read_template(struct cfr_given given, struct cfr_attrs *attrs)
{
    TRY(cfr_template_read(given.template, given.count, attrs));
    return cfr_attrs_has(attrs, cfr_attr_find(CKA_CLASS))
               ? CKR_OK
               : cfr_attrs_set_ulong(attrs, CKA_CLASS, CKO_SECRET_KEY);
}

/* CKA_ENCAPSULATE_TEMPLATE is compared with the new key, by the rules of a search. */
static CK_RV check_partition(struct cfr_object *public_key, struct cfr_object *made)
{
    AUTO(attrs) wanted = CFR_ATTRS;
    struct cfr_span encoded;
    bool matches = false;

    if (!cfr_attrs_get(&public_key->attrs, CKA_ENCAPSULATE_TEMPLATE, &encoded)) {
        return CKR_OK;
    }
    TRY(cfr_attrs_decode(encoded, &wanted));
    TRY(cfr_object_matches(made, &wanted, &matches));
    if (!matches) {
        return cfr_fail(CKR_KEY_HANDLE_INVALID, "CKA_ENCAPSULATE_TEMPLATE does not match the new key");
    }
    return CKR_OK;
}

/* From a key that may be used to an object; the ciphertext goes to @p out, which has room for it. */
static CK_RV make_encapsulated(const struct cfr_mechanism *row, struct cfr_object *public_key,
                               struct cfr_keymat *keymat, struct cfr_origin *origin, struct cfr_out *out,
                               struct cfr_object **ret_object)
{
    AUTO(secret) *shared = NULL;
    AUTO(object) *object = NULL;

    TRY(row->kem->encapsulate(keymat, out, &shared));
    origin->value = shared;
    origin->base = public_key;
    TRY_MAP(cfr_build(origin, &object), CKR_WRAPPED_KEY_LEN_RANGE, CKR_KEY_SIZE_RANGE);
    TRY(check_partition(public_key, object));
    *ret_object = MOVE(object);
    return CKR_OK;
}

CK_RV cfr_keys_encapsulate(struct cfr_session *session, const CK_MECHANISM *mechanism,
                           CK_OBJECT_HANDLE public_handle, struct cfr_given given,
                           const struct cfr_output *ciphertext, CK_OBJECT_HANDLE *ret_key)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    const struct cfr_mechanism *row = NULL;
    struct cfr_params params = {0};
    AUTO(object) *public_key = NULL;
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(keymat) *keymat = NULL;
    AUTO(object) *object = NULL;
    struct cfr_origin origin = {.action = CFR_ACTION_UNWRAP, .actor = &actor, .given = &attrs};
    struct cfr_out out;
    size_t need;

    TRY(cfr_keys_mechanism(mechanism, CKF_ENCAPSULATE, &actor, &row, &params));
    TRY(find_key(session, public_handle, row, CKF_ENCAPSULATE, actor.profile, &public_key));
    TRY(read_template(given, &attrs));
    TRY(check_template(session, &origin));
    TRY(cfr_object_keymat(public_key, &keymat));
    need = row->kem->ciphertext_len(keymat);
    if (!cfr_output_fits(ciphertext, need)) {
        return cfr_output_need(ciphertext, need);
    }
    FAIL_UNLESS(ret_key != NULL, CKR_ARGUMENTS_BAD);
    out = (struct cfr_out){.ptr = ciphertext->ptr, .room = *ciphertext->len};
    TRY(make_encapsulated(row, public_key, keymat, &origin, &out, &object));
    TRY(cfr_manage_place(session, &object, 1, ret_key));
    *ciphertext->len = out.len;
    return CKR_OK;
}

/* The codes of C_DecapsulateKey for what is wrong with the private key. */
static CK_RV as_decapsulating_error(CK_RV rv)
{
    switch (rv) {
    case CKR_KEY_HANDLE_INVALID:
        return CKR_UNWRAPPING_KEY_HANDLE_INVALID;
    case CKR_KEY_TYPE_INCONSISTENT:
        return CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT;
    case CKR_KEY_SIZE_RANGE:
        return CKR_UNWRAPPING_KEY_SIZE_RANGE;
    default:
        return rv;
    }
}

CK_RV cfr_keys_decapsulate(struct cfr_session *session, const CK_MECHANISM *mechanism,
                           CK_OBJECT_HANDLE private_handle, struct cfr_given given,
                           struct cfr_span ciphertext, CK_OBJECT_HANDLE *ret_key)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    const struct cfr_mechanism *row = NULL;
    struct cfr_params params = {0};
    AUTO(object) *private_key = NULL;
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *shared = NULL;
    AUTO(object) *object = NULL;
    struct cfr_origin origin = {.action = CFR_ACTION_UNWRAP, .actor = &actor, .given = &attrs};

    TRY(cfr_keys_mechanism(mechanism, CKF_DECAPSULATE, &actor, &row, &params));
    TRY(as_decapsulating_error(
        find_key(session, private_handle, row, CKF_DECAPSULATE, actor.profile, &private_key)));
    TRY(read_template(given, &attrs));
    TRY(cfr_usage_apply_template(private_key, CKA_DECAPSULATE_TEMPLATE, &attrs));
    TRY(check_template(session, &origin));
    TRY(cfr_object_keymat(private_key, &keymat));
    TRY(row->kem->decapsulate(keymat, ciphertext, &shared));
    origin.value = shared;
    origin.base = private_key;
    TRY(cfr_build(&origin, &object));
    return cfr_manage_place(session, &object, 1, ret_key);
}
