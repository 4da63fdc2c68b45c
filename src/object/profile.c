/* SPDX-License-Identifier: Apache-2.0 */
#include "object/profile.h"

#include "mech/registry.h"

enum { RSA_MIN_LEN = 2048 / 8, FIELD_MIN_LEN = 2048 / 8 };

static bool both(const struct cfr_attrs *attrs, enum cfr_bool one, enum cfr_bool other)
{
    return cfr_attrs_bool(attrs, one) && cfr_attrs_bool(attrs, other);
}

/* Clulow 2003, Delaune et al. 2008: a key that wraps and decrypts reads what it wraps. */
static bool no_wrap_with_decrypt(const struct cfr_class *class, const struct cfr_attrs *attrs)
{
    (void)class;
    return !both(attrs, CFR_B_WRAP, CFR_B_DECRYPT);
}

static bool no_unwrap_with_encrypt(const struct cfr_class *class, const struct cfr_attrs *attrs)
{
    (void)class;
    return !both(attrs, CFR_B_UNWRAP, CFR_B_ENCRYPT);
}

/* The halves of one RSA pair: its public half wraps what the private half decrypts. */
static bool no_unwrap_with_decrypt(const struct cfr_class *class, const struct cfr_attrs *attrs)
{
    return class->class != CKO_PRIVATE_KEY || !both(attrs, CFR_B_UNWRAP, CFR_B_DECRYPT);
}

static bool no_unwrap_with_sign_or_derive(const struct cfr_class *class, const struct cfr_attrs *attrs)
{
    (void)class;
    return !both(attrs, CFR_B_UNWRAP, CFR_B_SIGN) && !both(attrs, CFR_B_UNWRAP, CFR_B_DERIVE);
}

static bool secret_is_private(const struct cfr_class *class, const struct cfr_attrs *attrs)
{
    bool is_secret = class->class == CKO_PRIVATE_KEY || class->class == CKO_SECRET_KEY;

    return !is_secret || cfr_attrs_bool(attrs, CFR_B_PRIVATE);
}

static struct cfr_span significant(struct cfr_span number)
{
    while (number.len != 0 && number.ptr[0] == 0) {
        number = cfr_span_after(number, 1);
    }
    return number;
}

static bool rsa_is_2048(const struct cfr_class *class, const struct cfr_attrs *attrs)
{
    struct cfr_span modulus = significant(cfr_attrs_value(attrs, CKA_MODULUS));

    return class->subtype != CKK_RSA || class->material == NULL || modulus.len >= RSA_MIN_LEN;
}

static bool exponent_is_f4(const struct cfr_class *class, const struct cfr_attrs *attrs)
{
    struct cfr_span exponent = significant(cfr_attrs_value(attrs, CKA_PUBLIC_EXPONENT));

    return class->subtype != CKK_RSA || class->material == NULL || exponent.len >= 3;
}

static bool field_is_2048(const struct cfr_class *class, const struct cfr_attrs *attrs)
{
    struct cfr_span prime = significant(cfr_attrs_value(attrs, CKA_PRIME));

    return cfr_class_rule(class, CKA_PRIME) == NULL || prime.len >= FIELD_MIN_LEN;
}

static const struct {
    const char *name;
    CK_RV rv;
    bool (*holds)(const struct cfr_class *class, const struct cfr_attrs *attrs);
} rules[] = {
    /* clang-format off */
    {"no-wrap-with-decrypt",          CKR_TEMPLATE_INCONSISTENT,   no_wrap_with_decrypt},
    {"no-unwrap-with-encrypt",        CKR_TEMPLATE_INCONSISTENT,   no_unwrap_with_encrypt},
    {"no-unwrap-with-decrypt",        CKR_TEMPLATE_INCONSISTENT,   no_unwrap_with_decrypt},
    {"no-unwrap-with-sign-or-derive", CKR_TEMPLATE_INCONSISTENT,   no_unwrap_with_sign_or_derive},
    {"secret-keys-are-private",       CKR_TEMPLATE_INCONSISTENT,   secret_is_private},
    {"rsa-2048-bits",                 CKR_ATTRIBUTE_VALUE_INVALID, rsa_is_2048},
    {"rsa-exponent-65537",            CKR_ATTRIBUTE_VALUE_INVALID, exponent_is_f4},
    {"finite-field-2048-bits",        CKR_ATTRIBUTE_VALUE_INVALID, field_is_2048},
    /* clang-format on */
};

enum { RULE_COUNT = sizeof(rules) / sizeof(rules[0]) };

CK_RV cfr_profile_check_whole(const struct cfr_class *class, const struct cfr_attrs *attrs)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (!rules[i].holds(class, attrs)) {
            return cfr_fail(rules[i].rv, "strict profile, rule %s, for a %s", rules[i].name, class->name);
        }
    }
    return CKR_OK;
}

CK_RV cfr_profile_check_change(const struct cfr_object *object, const struct cfr_attrs *changed)
{
    static const uint64_t uses = 1ULL << CFR_B_ENCRYPT | 1ULL << CFR_B_DECRYPT | 1ULL << CFR_B_SIGN |
                                 1ULL << CFR_B_VERIFY | 1ULL << CFR_B_SIGN_RECOVER |
                                 1ULL << CFR_B_VERIFY_RECOVER | 1ULL << CFR_B_WRAP | 1ULL << CFR_B_UNWRAP |
                                 1ULL << CFR_B_DERIVE | 1ULL << CFR_B_ENCAPSULATE | 1ULL << CFR_B_DECAPSULATE;
    static const uint64_t freedoms = 1ULL << CFR_B_MODIFIABLE | 1ULL << CFR_B_DESTROYABLE;
    uint64_t gained = changed->bool_value & ~object->attrs.bool_value;

    if ((gained & (uses | freedoms)) != 0) {
        return cfr_fail(CKR_ATTRIBUTE_READ_ONLY, "strict profile, rule uses-only-narrow, for a %s",
                        object->class->name);
    }
    return CKR_OK;
}

CK_FLAGS cfr_profile_flags(const struct cfr_mechanism *mechanism, enum cfr_profile profile)
{
    if (mechanism->is_legacy && profile != CFR_PROFILE_LEGACY) {
        return 0;
    }
    return profile == CFR_PROFILE_STRICT ? mechanism->strict : mechanism->flags;
}

CK_RV cfr_profile_find_mechanism(CK_MECHANISM_TYPE type, CK_FLAGS flags, enum cfr_profile profile,
                                 const struct cfr_mechanism **ret_mechanism)
{
    const struct cfr_mechanism *row = NULL;

    TRY(cfr_registry_find(type, flags, &row));
    if (row->is_legacy && profile != CFR_PROFILE_LEGACY) {
        return cfr_fail(CKR_MECHANISM_INVALID, "%s, without the legacy profile", row->name);
    }
    *ret_mechanism = row;
    return CKR_OK;
}

CK_RV cfr_profile_check_mechanism(const struct cfr_mechanism *mechanism, CK_FLAGS flag,
                                  enum cfr_profile profile)
{
    if ((cfr_profile_flags(mechanism, profile) & flag) != flag) {
        return cfr_fail(CKR_MECHANISM_INVALID, "strict profile, rule no-weak-mechanisms, for %s",
                        mechanism->name);
    }
    return CKR_OK;
}

CK_RV cfr_profile_check_params(const struct cfr_mechanism *mechanism, const struct cfr_params *params)
{
    if (params->is_weak) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID,
                        "strict profile, rule no-weak-mechanisms, for the parameter of %s", mechanism->name);
    }
    return CKR_OK;
}

CK_RV cfr_profile_check_wrap(const struct cfr_object *wrapping, const struct cfr_object *target)
{
    bool is_own = cfr_object_bool(wrapping, CFR_B_LOCAL) &&
                  cfr_object_bool(wrapping, CFR_B_ALWAYS_SENSITIVE) &&
                  cfr_object_bool(wrapping, CFR_B_NEVER_EXTRACTABLE);

    if (cfr_object_bool(target, CFR_B_SENSITIVE) && !cfr_object_bool(wrapping, CFR_B_TRUSTED) && !is_own) {
        return cfr_fail(
            CKR_KEY_NOT_WRAPPABLE,
            "strict profile, rule sensitive-keys-leave-under-trusted-keys: the wrapping key is neither "
            "trusted nor made and kept inside");
    }
    return CKR_OK;
}

CK_RV cfr_profile_check_digest(const struct cfr_object *key)
{
    if (cfr_object_bool(key, CFR_B_SENSITIVE) || !cfr_object_bool(key, CFR_B_EXTRACTABLE)) {
        return cfr_fail(CKR_KEY_INDIGESTIBLE,
                        "strict profile, rule sensitive-keys-are-not-digested, for a %s", key->class->name);
    }
    return CKR_OK;
}

const char *cfr_profile_rule_name(size_t index)
{
    static const char *const others[] = {"uses-only-narrow",
                                         "no-weak-mechanisms",
                                         "sensitive-keys-leave-under-trusted-keys",
                                         "unwrapped-keys-stay-inside",
                                         "sensitive-keys-are-not-digested",
                                         "derived-keys-112-bits"};
    size_t other_count = sizeof(others) / sizeof(others[0]);

    return index < RULE_COUNT                 ? rules[index].name
           : index - RULE_COUNT < other_count ? others[index - RULE_COUNT]
                                              : NULL;
}
