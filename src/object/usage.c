/* SPDX-License-Identifier: Apache-2.0 */
#include "object/usage.h"

#include "mech/registry.h"
#include "object/profile.h"
#include "object/template.h"

/* Which attribute allows a function, and which half of a pair performs it. */
static const struct {
    CK_FLAGS flag;
    enum cfr_bool bit;
    CK_OBJECT_CLASS pair_half;
} functions[] = {
    {CKF_ENCRYPT, CFR_B_ENCRYPT, CKO_PUBLIC_KEY},
    {CKF_DECRYPT, CFR_B_DECRYPT, CKO_PRIVATE_KEY},
    {CKF_SIGN, CFR_B_SIGN, CKO_PRIVATE_KEY},
    {CKF_VERIFY, CFR_B_VERIFY, CKO_PUBLIC_KEY},
    {CKF_WRAP, CFR_B_WRAP, CKO_PUBLIC_KEY},
    {CKF_UNWRAP, CFR_B_UNWRAP, CKO_PRIVATE_KEY},
    {CKF_DERIVE, CFR_B_DERIVE, CKO_PRIVATE_KEY},
    {CKF_SIGN_RECOVER, CFR_B_SIGN_RECOVER, CKO_PRIVATE_KEY},
    {CKF_VERIFY_RECOVER, CFR_B_VERIFY_RECOVER, CKO_PUBLIC_KEY},
    {CKF_ENCAPSULATE, CFR_B_ENCAPSULATE, CKO_PUBLIC_KEY},
    {CKF_DECAPSULATE, CFR_B_DECAPSULATE, CKO_PRIVATE_KEY},
};

static CK_RV check_allowed(const struct cfr_object *key, const struct cfr_mechanism *mechanism)
{
    struct cfr_span list;

    if (!cfr_attrs_get(&key->attrs, CKA_ALLOWED_MECHANISMS, &list)) {
        return CKR_OK;
    }
    for (size_t at = 0; at + sizeof(CK_MECHANISM_TYPE) <= list.len; at += sizeof(CK_MECHANISM_TYPE)) {
        CK_MECHANISM_TYPE allowed;

        cfr_copy(&allowed, list.ptr + at, sizeof(allowed));
        if (allowed == mechanism->type) {
            return CKR_OK;
        }
    }
    return cfr_fail(CKR_MECHANISM_INVALID, "CKA_ALLOWED_MECHANISMS has not %s", mechanism->name);
}

static CK_RV check_size(struct cfr_object *key, const struct cfr_mechanism *mechanism)
{
    AUTO(keymat) *keymat = NULL;

    if ((mechanism->traits & CFR_TRAIT_SIZE_OF_NEW) != 0) {
        return CKR_OK;
    }
    TRY(cfr_object_keymat(key, &keymat));
    if (!cfr_mechanism_takes_size(mechanism, cfr_keymat_bits(keymat))) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "%s with a key of %zu bits", mechanism->name,
                        cfr_keymat_bits(keymat));
    }
    return CKR_OK;
}

/* Whether the row takes keys of a class for the function that @p pair_half of a pair performs. */
static bool takes_class(const struct cfr_mechanism *mechanism, const struct cfr_class *class,
                        CK_OBJECT_CLASS pair_half)
{
    bool is_secret = class->class == CKO_SECRET_KEY;

    if ((mechanism->traits & (CFR_TRAIT_ANY_SECRET | CFR_TRAIT_PRF_KEYS)) != 0) {
        return is_secret;
    }
    if ((mechanism->traits & CFR_TRAIT_ANY_PRIVATE) != 0) {
        return class->class == CKO_PRIVATE_KEY;
    }
    return cfr_mechanism_takes_type(mechanism, class->subtype) && (is_secret || class->class == pair_half);
}

CK_RV cfr_usage_check(struct cfr_object *key, const struct cfr_mechanism *mechanism, CK_FLAGS flag,
                      enum cfr_profile profile)
{
    size_t i = 0;

    FAIL_UNLESS(cfr_class_is_key(key->class), CKR_KEY_HANDLE_INVALID);
    while (functions[i].flag != flag) {
        i++;
    }
    if (!takes_class(mechanism, key->class, functions[i].pair_half)) {
        return cfr_fail(CKR_KEY_TYPE_INCONSISTENT, "%s with a %s", mechanism->name, key->class->name);
    }
    TRY(check_size(key, mechanism));
    if ((mechanism->traits & CFR_TRAIT_ANY_PRIVATE) == 0 && !cfr_object_bool(key, functions[i].bit)) {
        return cfr_fail(CKR_KEY_FUNCTION_NOT_PERMITTED, "%s of the %s is false",
                        cfr_attr_by_number(true, functions[i].bit)->name, key->class->name);
    }
    TRY(check_allowed(key, mechanism));
    return cfr_profile_check_mechanism(mechanism, flag, profile);
}

CK_RV cfr_usage_check_digest(const struct cfr_object *key, enum cfr_profile profile)
{
    FAIL_UNLESS(cfr_class_is_key(key->class), CKR_KEY_HANDLE_INVALID);
    if (key->class->class != CKO_SECRET_KEY) {
        return cfr_fail(CKR_KEY_INDIGESTIBLE, "a %s has no single value to digest", key->class->name);
    }
    return profile == CFR_PROFILE_STRICT ? cfr_profile_check_digest(key) : CKR_OK;
}

CK_RV cfr_usage_check_wrap(const struct cfr_object *wrapping, struct cfr_object *target,
                           enum cfr_profile profile)
{
    struct cfr_span encoded;
    bool is_secret = target->class->class == CKO_SECRET_KEY || target->class->class == CKO_PRIVATE_KEY;

    FAIL_UNLESS(cfr_class_is_key(target->class), CKR_KEY_HANDLE_INVALID);
    FAIL_UNLESS(is_secret, CKR_KEY_NOT_WRAPPABLE);
    FAIL_UNLESS(cfr_object_bool(target, CFR_B_EXTRACTABLE), CKR_KEY_UNEXTRACTABLE);
    if (cfr_object_bool(target, CFR_B_WRAP_WITH_TRUSTED) && !cfr_object_bool(wrapping, CFR_B_TRUSTED)) {
        return cfr_fail(CKR_KEY_NOT_WRAPPABLE,
                        "CKA_WRAP_WITH_TRUSTED is true and the wrapping key is not trusted");
    }
    if (cfr_attrs_get(&wrapping->attrs, CKA_WRAP_TEMPLATE, &encoded)) {
        AUTO(attrs) wanted = CFR_ATTRS;
        bool matches = false;

        TRY(cfr_attrs_decode(encoded, &wanted));
        TRY(cfr_object_matches(target, &wanted, &matches));
        if (!matches) {
            return cfr_fail(CKR_KEY_HANDLE_INVALID, "CKA_WRAP_TEMPLATE does not match the key");
        }
    }
    return profile == CFR_PROFILE_STRICT ? cfr_profile_check_wrap(wrapping, target) : CKR_OK;
}

/* Whether the two sets agree wherever both say something. */
static CK_RV check_agree(const struct cfr_attrs *a, const struct cfr_attrs *b,
                         CK_ATTRIBUTE_TYPE template_type)
{
    char name[32];
    bool agree = ((a->bool_value ^ b->bool_value) & a->bool_has & b->bool_has) == 0;

    for (size_t i = 0; agree && i < b->count; i++) {
        agree = !cfr_attrs_has(a, b->values[i].row) || cfr_attrs_same(a, b, b->values[i].row);
    }
    if (!agree) {
        return cfr_fail(CKR_TEMPLATE_INCONSISTENT, "the template is against the key's %s",
                        cfr_attr_name(template_type, name));
    }
    return CKR_OK;
}

CK_RV cfr_usage_apply_template(const struct cfr_object *key, CK_ATTRIBUTE_TYPE template_type,
                               struct cfr_attrs *given)
{
    AUTO(attrs) wanted = CFR_ATTRS;
    struct cfr_span encoded;

    if (!cfr_attrs_get(&key->attrs, template_type, &encoded)) {
        return CKR_OK;
    }
    TRY(cfr_attrs_decode(encoded, &wanted));
    TRY(check_agree(given, &wanted, template_type));
    return cfr_attrs_merge(given, &wanted);
}
