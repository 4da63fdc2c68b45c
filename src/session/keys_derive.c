/* SPDX-License-Identifier: Apache-2.0 */
/* Derivation of keys: the keys that go in, the templates of what comes out, and everything or nothing. */
#include "base/alloc.h"
#include "mech/params_derive.h"
#include "mech/registry.h"
#include "object/build.h"
#include "object/public_half.h"
#include "object/template.h"
#include "object/usage.h"
#include "session/keys_derive_private.h"
#include "session/object_table.h"

static void cfr_derivation_drop(struct cfr_derivation *derivation)
{
    for (size_t i = 0; derivation != NULL && i < CFR_DERIVE_INPUTS_MAX; i++) {
        cfr_object_drop(derivation->inputs[i]);
        cfr_keymat_drop(derivation->keymats[i]);
    }
    for (size_t i = 0; derivation != NULL && i < derivation->product_count; i++) {
        cfr_attrs_clear(&derivation->products[i].attrs);
        cfr_object_drop(derivation->objects[i]);
    }
    if (derivation != NULL) {
        cfr_secret_drop(derivation->octets);
    }
    cfr_free(derivation);
}
CFR_DEFINE_DROPP(derivation)

void cfr_derivation_add(struct cfr_derivation *derivation, struct cfr_given given,
                        CK_OBJECT_HANDLE *ret_handle)
{
    derivation->products[derivation->product_count++] =
        (struct cfr_product){.given = given, .ret_handle = ret_handle, .attrs = CFR_ATTRS};
}

/* --- Keys that go in --- */

/* A key of a derivation that runs on a PRF is one of the mechanism's own types, or one for the PRF. */
static CK_RV check_prf(const struct cfr_derivation *derivation, struct cfr_object *base)
{
    const struct cfr_mechanism *prf = derivation->derive.prf;
    CK_KEY_TYPE type = base->class->subtype;

    if (prf == NULL || cfr_mechanism_takes_type(derivation->row, type) ||
        cfr_mechanism_takes_type(prf, type)) {
        return CKR_OK;
    }
    return cfr_fail(CKR_KEY_TYPE_INCONSISTENT, "%s on %s with a %s", derivation->row->name, prf->name,
                    base->class->name);
}

/* "HKDF derive": a data object as long as the hash may be the key, if a salt makes a secret of it. */
static CK_RV take_data(const struct cfr_derivation *derivation, const struct cfr_object *object,
                       struct cfr_keymat **ret_keymat)
{
    const struct cfr_derive_params *derive = &derivation->derive;
    struct cfr_span value = cfr_attrs_value(&object->attrs, CKA_VALUE);
    AUTO(secret) *secret = NULL;

    FAIL_UNLESS(derive->extract && (derive->salt_is_key || derive->salt.len != 0),
                CKR_MECHANISM_PARAM_INVALID);
    FAIL_UNLESS(value.len == cfr_hash_len(derivation->params.hash), CKR_KEY_SIZE_RANGE);
    TRY(cfr_secret_from(value, &secret));
    return cfr_keymat_from_secret(secret, ret_keymat);
}

static CK_RV take_key(const struct cfr_derivation *derivation, bool is_base, struct cfr_object *object,
                      struct cfr_keymat **ret_keymat)
{
    const struct cfr_mechanism *row = derivation->row;

    if (is_base && (row->traits & CFR_TRAIT_DATA_BASE) != 0 && object->class->class == CKO_DATA) {
        return take_data(derivation, object, ret_keymat);
    }
    TRY(cfr_usage_check(object, row, CKF_DERIVE, derivation->actor.profile));
    if (is_base) {
        TRY(check_prf(derivation, object));
    }
    /* What is public is no use of the private key. */
    FAIL_UNLESS((row->traits & CFR_TRAIT_MAKES_PUBLIC) != 0 ||
                    !cfr_object_bool(object, CFR_B_ALWAYS_AUTHENTICATE),
                CKR_USER_NOT_LOGGED_IN);
    return cfr_object_keymat(object, ret_keymat);
}

static CK_RV add_input(struct cfr_derivation *derivation, CK_OBJECT_HANDLE handle)
{
    size_t at = derivation->input_count;

    TRY_MAP(cfr_objects_find(derivation->session->token, handle, &derivation->inputs[at]),
            CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID);
    TRY(take_key(derivation, at == 0, derivation->inputs[at], &derivation->keymats[at]));
    derivation->input_count++;
    return CKR_OK;
}

static CK_RV add_inputs(struct cfr_derivation *derivation, CK_OBJECT_HANDLE base)
{
    TRY(add_input(derivation, base));
    for (size_t i = 0; i < derivation->derive.other_count; i++) {
        TRY(add_input(derivation, derivation->derive.others[i]));
    }
    return CKR_OK;
}

/* --- Templates of what comes out --- */

/* Octets to derive: CKA_VALUE_LEN, or what the key type fixes; 0: whatever the mechanism gives. */
static CK_RV settle_len(const struct cfr_class *class, const struct cfr_attrs *attrs, size_t *ret_len)
{
    CK_ULONG len = cfr_attrs_ulong(attrs, CKA_VALUE_LEN, 0);

    if (len > class->value_len.max) {
        return cfr_fail(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_VALUE_LEN is %lu for a %s", len, class->name);
    }
    *ret_len = len == 0 ? cfr_class_fixed_len(class) : len;
    return CKR_OK;
}

static CK_RV settle_secret(const struct cfr_derivation *derivation, struct cfr_product *product,
                           size_t *ret_len)
{
    struct cfr_attrs *attrs = &product->attrs;
    bool wants_len = false;

    if ((derivation->row->traits & CFR_TRAIT_GENERIC) != 0) {
        wants_len = cfr_attrs_has(attrs, cfr_attr_find(CKA_KEY_TYPE));
        TRY(wants_len ? CKR_OK : cfr_attrs_set_ulong(attrs, CKA_KEY_TYPE, CKK_GENERIC_SECRET));
    }
    TRY(cfr_build_class(attrs, CKO_SECRET_KEY, &product->class));
    FAIL_UNLESS(product->class->class == CKO_SECRET_KEY, CKR_TEMPLATE_INCONSISTENT);
    TRY(settle_len(product->class, attrs, ret_len));
    if ((wants_len || derivation->product_count > 1) && *ret_len == 0) {
        return cfr_fail(CKR_TEMPLATE_INCOMPLETE, "a %s needs CKA_VALUE_LEN", product->class->name);
    }
    return CKR_OK;
}

/*
 * A data object has no CKA_VALUE_LEN: the template's is the mechanism's alone. Nor has it a key type, which SunPKCS11 of
 * JDK 25 gives all the same.
 */
static CK_RV settle_data(struct cfr_product *product, size_t *ret_len)
{
    struct cfr_attrs *attrs = &product->attrs;

    *ret_len = cfr_attrs_ulong(attrs, CKA_VALUE_LEN, 0);
    cfr_attrs_remove(attrs, CKA_VALUE_LEN);
    if (cfr_attrs_ulong(attrs, CKA_CLASS, CKO_DATA) == CKO_DATA) {
        cfr_attrs_remove(attrs, CKA_KEY_TYPE);
    }
    TRY(cfr_build_class(attrs, CKO_DATA, &product->class));
    FAIL_UNLESS(product->class->class == CKO_DATA, CKR_TEMPLATE_INCONSISTENT);
    FAIL_UNLESS(!cfr_attrs_has(attrs, cfr_attr_find(CKA_VALUE)), CKR_ATTRIBUTE_READ_ONLY);
    return CKR_OK;
}

static CK_RV settle_public(const struct cfr_derivation *derivation, struct cfr_product *product)
{
    product->class = cfr_class_find(CKO_PUBLIC_KEY, derivation->inputs[0]->class->subtype);
    return cfr_public_half_settle(derivation->inputs[0], &product->attrs);
}

static CK_RV settle_product(struct cfr_derivation *derivation, size_t index)
{
    struct cfr_product *product = &derivation->products[index];
    size_t *len = &derivation->lens[index];
    unsigned traits = derivation->row->traits;

    TRY(cfr_template_read(product->given.template, product->given.count, &product->attrs));
    TRY(cfr_block_prepare(derivation, index));
    for (size_t i = 0; i < derivation->input_count; i++) {
        TRY(cfr_usage_apply_template(derivation->inputs[i], CKA_DERIVE_TEMPLATE, &product->attrs));
    }
    TRY((traits & CFR_TRAIT_MAKES_PUBLIC) != 0   ? settle_public(derivation, product)
        : (traits & CFR_TRAIT_MAKES_DATA) != 0   ? settle_data(product, len)
        : (traits & CFR_TRAIT_MAKES_MASTER) != 0 ? cfr_master_settle(derivation)
        : (traits & CFR_TRAIT_MAKES_BLOCK) != 0  ? cfr_block_settle(derivation, index)
                                                 : settle_secret(derivation, product, len));
    TRY(cfr_manage_check_place(derivation->session, &product->attrs, &derivation->actor));
    return cfr_build_check(&(struct cfr_origin){
        .action = CFR_ACTION_DERIVE,
        .actor = &derivation->actor,
        .given = &product->attrs,
        .class = product->class,
    });
}

/* --- The objects --- */

static CK_RV derive(const struct cfr_derivation *derivation, struct cfr_secret **ret_octets)
{
    struct cfr_derive_request request = {
        .params = &derivation->params,
        .base = derivation->keymats[0],
        .others = derivation->keymats + 1,
        .lens = derivation->lens,
        .count = derivation->product_count,
    };

    return derivation->row->derive == NULL ? CKR_OK
                                           : derivation->row->derive(derivation->row, &request, ret_octets);
}

/* Build an object of its part of the octets. */
static CK_RV build_product(struct cfr_derivation *derivation, size_t index, size_t at)
{
    const struct cfr_product *product = &derivation->products[index];
    AUTO(secret) *part = NULL;
    bool is_half = (derivation->row->traits & CFR_TRAIT_MAKES_PUBLIC) != 0;
    struct cfr_origin origin = {
        .action = CFR_ACTION_DERIVE,
        .actor = &derivation->actor,
        .given = &product->attrs,
        .class = product->class,
        .keymat = is_half ? derivation->keymats[0] : NULL,
        .mechanism =
            cfr_attrs_ulong(&derivation->inputs[0]->attrs, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION),
        .inputs = derivation->inputs,
        .input_count = derivation->input_count,
        .inherit = derivation->row->inherit,
        .is_checked = true, /* by settle_product() */
    };

    if (derivation->product_count == 1) {
        part = cfr_secret_share(derivation->octets);
    } else {
        TRY(cfr_secret_from(
            cfr_span_of(cfr_secret_view(derivation->octets).ptr + at, derivation->lens[index]), &part));
    }
    origin.value = part;
    return cfr_build(&origin, &derivation->objects[index]);
}

/*
 * Of several keys the one whose template is at fault is named by an invalid handle ("Deriving Additional Keys").
 * Returns @p rv.
 */
static CK_RV blame(const struct cfr_derivation *derivation, size_t index, CK_RV rv)
{
    if (rv != CKR_OK && derivation->product_count > 1) {
        *derivation->products[index].ret_handle = CK_INVALID_HANDLE;
    }
    return rv;
}

static CK_RV make_products(struct cfr_derivation *derivation)
{
    size_t at = 0;

    for (size_t i = 0; i < derivation->product_count; i++) {
        TRY(blame(derivation, i, settle_product(derivation, i)));
    }
    TRY(derive(derivation, &derivation->octets));
    for (size_t i = 0; i < derivation->product_count; i++) {
        TRY(blame(derivation, i, build_product(derivation, i, at)));
        at += derivation->lens[i];
    }
    return CKR_OK;
}

/* Whether the parameter of a mechanism is where the handles of new keys go. */
static bool takes_handles(const CK_MECHANISM *mechanism)
{
    const struct cfr_mechanism *row = NULL;

    return mechanism != NULL && cfr_registry_find(mechanism->mechanism, CKF_DERIVE, &row) == CKR_OK &&
           (row->traits & CFR_TRAIT_MAKES_BLOCK) != 0;
}

static void plan_products(struct cfr_derivation *derivation, struct cfr_given given,
                          CK_OBJECT_HANDLE *ret_key)
{
    if ((derivation->row->traits & CFR_TRAIT_MAKES_BLOCK) != 0) {
        cfr_block_plan(derivation, given);
        return;
    }
    cfr_derivation_add(derivation, given, ret_key);
    for (size_t i = 0; i < derivation->derive.more_count; i++) {
        const CK_DERIVED_KEY *more = &derivation->derive.more[i];

        cfr_derivation_add(derivation, (struct cfr_given){more->pTemplate, more->ulAttributeCount},
                           more->phKey);
    }
}

CK_RV cfr_keys_derive(struct cfr_session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
                      struct cfr_given given, CK_OBJECT_HANDLE *ret_key)
{
    AUTO(derivation) *derivation = cfr_alloc(sizeof(*derivation));
    CK_OBJECT_HANDLE handles[CFR_DERIVE_PRODUCTS_MAX];

    FAIL_UNLESS(ret_key != NULL || takes_handles(mechanism), CKR_ARGUMENTS_BAD);
    FAIL_UNLESS(derivation != NULL, CKR_HOST_MEMORY);
    derivation->session = session;
    derivation->actor = cfr_token_actor(session->token);
    derivation->params.derive = &derivation->derive;
    TRY(cfr_keys_mechanism(mechanism, CKF_DERIVE, &derivation->actor, &derivation->row, &derivation->params));
    TRY(add_inputs(derivation, base));
    plan_products(derivation, given, ret_key);
    TRY(make_products(derivation));
    TRY(cfr_manage_place(session, derivation->objects, derivation->product_count, handles));
    for (size_t i = 0; i < derivation->product_count; i++) {
        *derivation->products[i].ret_handle = handles[i];
    }
    cfr_tls_give(derivation);
    return CKR_OK;
}
