/* SPDX-License-Identifier: Apache-2.0 */
#include "session/keys.h"

#include "mech/params_derive.h"
#include "mech/registry.h"
#include "object/build.h"
#include "object/profile.h"
#include "object/template.h"
#include "session/manage.h"

CK_RV cfr_keys_mechanism(const CK_MECHANISM *given, CK_FLAGS flag, const struct cfr_actor *actor,
                         const struct cfr_mechanism **ret_row, struct cfr_params *ret_params)
{
    bool for_wrap = flag == CKF_WRAP || flag == CKF_UNWRAP;

    FAIL_UNLESS(given != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_registry_find(given->mechanism, flag, ret_row));
    FAIL_UNLESS(given->pParameter != NULL || given->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID);
    TRY((*ret_row)->params(given, for_wrap, ret_params));
    return actor->profile == CFR_PROFILE_STRICT ? cfr_profile_check_mechanism(*ret_row, flag) : CKR_OK;
}

/* The class of the new key; a length that the class fixes need not be given. */
static CK_RV settle_class(const struct cfr_mechanism *row, struct cfr_attrs *attrs,
                          const struct cfr_class **ret_class)
{
    const struct cfr_class *class = cfr_class_find(CKO_SECRET_KEY, row->key_types[0]);
    size_t len;

    if ((row->traits & CFR_TRAIT_TEMPLATE_TYPE) != 0) {
        TRY(cfr_build_class(attrs, CKO_SECRET_KEY, &class));
        FAIL_UNLESS(class->class == CKO_SECRET_KEY, CKR_TEMPLATE_INCONSISTENT);
        len = cfr_attrs_ulong(attrs, CKA_VALUE_LEN, cfr_class_fixed_len(class));
        if (len != 0) {
            FAIL_UNLESS(cfr_class_takes_len(class, len), CKR_KEY_SIZE_RANGE);
            TRY(cfr_attrs_set_ulong(attrs, CKA_VALUE_LEN, len));
        }
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
    return cfr_build_check(&half->origin);
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

    TRY(cfr_keys_mechanism(mechanism, CKF_GENERATE_KEY_PAIR, &actor, &row, &params));
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
