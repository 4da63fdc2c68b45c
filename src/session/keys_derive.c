/* SPDX-License-Identifier: Apache-2.0 */
/* Derivation of keys. */
#include "object/build.h"
#include "object/template.h"
#include "object/usage.h"
#include "session/keys.h"
#include "session/manage.h"
#include "session/object_table.h"

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

    TRY(cfr_keys_mechanism(mechanism, CKF_DERIVE, &actor, &row, &params));
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
