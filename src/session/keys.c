/* SPDX-License-Identifier: Apache-2.0 */
#include "session/keys.h"

#include "mech/params_derive.h"
#include "object/build.h"
#include "object/profile.h"
#include "object/template.h"
#include "session/manage.h"

CK_RV cfr_keys_mechanism(const CK_MECHANISM *given, CK_FLAGS flag, const struct cfr_actor *actor,
                         const struct cfr_mechanism **ret_row, struct cfr_params *ret_params)
{
    bool for_wrap = flag == CKF_WRAP || flag == CKF_UNWRAP;

    FAIL_UNLESS(given != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_profile_find_mechanism(given->mechanism, flag, actor->profile, ret_row));
    FAIL_UNLESS(given->pParameter != NULL || given->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID);
    TRY((*ret_row)->params(given, for_wrap, ret_params));
    TRY(cfr_profile_check_mechanism(*ret_row, flag, actor->profile));
    return actor->profile == CFR_PROFILE_STRICT ? cfr_profile_check_params(*ret_row, ret_params) : CKR_OK;
}

/* Of use only to whoever may wrap it under a server's key, and 48 octets long; the template may say so. */
static CK_RV settle_premaster(const struct cfr_mechanism *row, struct cfr_attrs *attrs)
{
    CK_ULONG len = cfr_attrs_ulong(attrs, CKA_VALUE_LEN, row->size.min);

    if (len != row->size.min) {
        return cfr_fail(CKR_TEMPLATE_INCONSISTENT, "CKA_VALUE_LEN of a pre-master secret is %lu", len);
    }
    if (!cfr_attrs_has_bool(attrs, CFR_B_EXTRACTABLE)) {
        cfr_attrs_set_bool(attrs, CFR_B_EXTRACTABLE, true);
    }
    return cfr_attrs_set_ulong(attrs, CKA_VALUE_LEN, len);
}

/* The class of the new object; a length that the class fixes need not be given. */
static CK_RV settle_class(const struct cfr_mechanism *row, struct cfr_attrs *attrs,
                          const struct cfr_class **ret_class)
{
    const struct cfr_class *class = NULL;
    size_t len;

    if ((row->traits & CFR_TRAIT_MAKES_DOMAIN) != 0) {
        *ret_class = cfr_class_find(CKO_DOMAIN_PARAMETERS, row->key_types[0]);
        return CKR_OK;
    }
    if ((row->traits & CFR_TRAIT_MAKES_PREMASTER) != 0) {
        TRY(settle_premaster(row, attrs));
    }
    class = cfr_class_find(CKO_SECRET_KEY, row->key_types[0]);
    if ((row->traits & CFR_TRAIT_TEMPLATE_TYPE) != 0) {
        TRY(cfr_build_class(attrs, CKO_SECRET_KEY, &class));
        FAIL_UNLESS(class->class == CKO_SECRET_KEY, CKR_TEMPLATE_INCONSISTENT);
        len = cfr_attrs_ulong(attrs, CKA_VALUE_LEN, 0);
        FAIL_UNLESS(len == 0 || cfr_class_takes_len(class, len), CKR_KEY_SIZE_RANGE);
    }
    /* The tables of DES keys have no CKA_VALUE_LEN; that of ChaCha20 keys wants it, though it is fixed too. */
    len = (row->traits & CFR_TRAIT_TEMPLATE_TYPE) != 0 || class->has_parity ? cfr_class_fixed_len(class) : 0;
    if (len != 0 && cfr_attrs_ulong(attrs, CKA_VALUE_LEN, 0) == 0) {
        TRY(cfr_attrs_set_ulong(attrs, CKA_VALUE_LEN, len));
    }
    *ret_class = class;
    return CKR_OK;
}

CK_RV cfr_keys_generate(struct cfr_session *session, const CK_MECHANISM *mechanism, struct cfr_given given,
                        CK_OBJECT_HANDLE *ret_key)
{
    struct cfr_actor actor = cfr_token_actor(session->token);
    const struct cfr_mechanism *row = NULL;
    struct cfr_derive_params derive = {0};
    struct cfr_params params = {.derive = &derive};
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(keymat) *keymat = NULL;
    AUTO(object) *object = NULL;
    struct cfr_origin origin = {.action = CFR_ACTION_GENERATE, .actor = &actor, .given = &attrs};
    struct cfr_keygen_request request;

    TRY(cfr_keys_mechanism(mechanism, CKF_GENERATE, &actor, &row, &params));
    TRY(cfr_template_read(given.template, given.count, &attrs));
    TRY(settle_class(row, &attrs, &origin.class));
    origin.mechanism = row->type;
    TRY(cfr_manage_check_place(session, &attrs, &actor));
    TRY(cfr_build_check(&origin));
    request = cfr_build_request(&attrs);
    request.params = &params;
    TRY(row->keygen(row, &request, &keymat));
    origin.keymat = keymat;
    TRY(cfr_build(&origin, &object));
    return cfr_manage_place(session, &object, 1, ret_key);
}
