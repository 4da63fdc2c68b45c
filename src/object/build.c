/* SPDX-License-Identifier: Apache-2.0 */
#include "object/build.h"

#include "crypto/des.h"
#include "crypto/rng.h"
#include "object/certificate.h"
#include "object/inherit.h"
#include "object/template.h"

enum { UNIQUE_ID_LEN = 36, STRICT_DERIVED_MIN_LEN = 14 /* octets: 112 bits */ };

/* A random UUID (RFC 9562, version 4) as CKA_UNIQUE_ID. */
static CK_RV set_unique_id(struct cfr_attrs *attrs)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t octets[CFR_RNG_ID_LEN];
    char text[UNIQUE_ID_LEN];
    size_t at = 0;

    TRY(cfr_rng_id(octets));
    octets[6] = (uint8_t)((octets[6] & 0x0f) | 0x40);
    octets[8] = (uint8_t)((octets[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof(octets); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        text[at++] = digits[octets[i] >> 4];
        text[at++] = digits[octets[i] & 15];
    }
    return cfr_attrs_set(attrs, CKA_UNIQUE_ID, cfr_span_of(text, UNIQUE_ID_LEN));
}

CK_RV cfr_build_class(const struct cfr_attrs *given, CK_OBJECT_CLASS default_class,
                      const struct cfr_class **ret_class)
{
    CK_OBJECT_CLASS class = cfr_attrs_ulong(given, CKA_CLASS, default_class);
    CK_ATTRIBUTE_TYPE subtype_attr;
    CK_ULONG subtype = CK_UNAVAILABLE_INFORMATION;
    const struct cfr_class *found;
    char name[32];

    if (class == CK_UNAVAILABLE_INFORMATION && !cfr_attrs_has(given, cfr_attr_find(CKA_CLASS))) {
        return cfr_fail(CKR_TEMPLATE_INCOMPLETE, "CKA_CLASS is missing");
    }
    if (!cfr_class_is_known(class)) {
        return cfr_fail(CKR_ATTRIBUTE_VALUE_INVALID, "CKA_CLASS 0x%lx is not supported", class);
    }
    subtype_attr = cfr_class_subtype_attr(class);
    if (subtype_attr != 0) {
        if (!cfr_attrs_has(given, cfr_attr_find(subtype_attr))) {
            return cfr_fail(CKR_TEMPLATE_INCOMPLETE, "%s is missing", cfr_attr_name(subtype_attr, name));
        }
        subtype = cfr_attrs_ulong(given, subtype_attr, CK_UNAVAILABLE_INFORMATION);
    }
    found = cfr_class_find(class, subtype);
    if (found == NULL || found->is_built_in) {
        return cfr_fail(CKR_ATTRIBUTE_VALUE_INVALID,
                        "CKA_CLASS: no object of class 0x%lx and type 0x%lx can be made", class, subtype);
    }
    *ret_class = found;
    return CKR_OK;
}

/* The class is implied by a generator's mechanism; a template may repeat it and not differ. */
static CK_RV check_implied(const struct cfr_origin *origin)
{
    CK_OBJECT_CLASS class = cfr_attrs_ulong(origin->given, CKA_CLASS, origin->class->class);
    CK_KEY_TYPE type = cfr_attrs_ulong(origin->given, CKA_KEY_TYPE, origin->class->subtype);

    if (class != origin->class->class || type != origin->class->subtype) {
        return cfr_fail(CKR_TEMPLATE_INCONSISTENT, "the mechanism makes a %s, not class 0x%lx, type 0x%lx",
                        origin->class->name, class, type);
    }
    return CKR_OK;
}

/* "DES3 secret key objects": a key with the wrong parity is refused. */
static CK_RV check_parity(const struct cfr_origin *origin, const struct cfr_class *class,
                          const struct cfr_attrs *attrs)
{
    if (class->has_parity && !cfr_des_has_parity(cfr_attrs_value(attrs, CKA_VALUE))) {
        return cfr_fail(origin->action == CFR_ACTION_UNWRAP ? CKR_WRAPPED_KEY_INVALID
                                                            : CKR_ATTRIBUTE_VALUE_INVALID,
                        "the parity of a %s", class->name);
    }
    return CKR_OK;
}

static CK_RV check_value_len(const struct cfr_origin *origin, const struct cfr_class *class,
                             const struct cfr_attrs *attrs)
{
    size_t len = cfr_attrs_value(attrs, CKA_VALUE).len;
    CK_ULONG wanted = cfr_attrs_ulong(origin->given, CKA_VALUE_LEN, len);

    if (cfr_class_takes_len(class, len) && wanted == len) {
        return check_parity(origin, class, attrs);
    }
    return cfr_fail(origin->action == CFR_ACTION_UNWRAP   ? CKR_WRAPPED_KEY_LEN_RANGE
                    : origin->action == CFR_ACTION_DERIVE ? CKR_KEY_SIZE_RANGE
                                                          : CKR_ATTRIBUTE_VALUE_INVALID,
                    "a %s of %zu octets", class->name, len);
}

/* Numbers that a template gives for a public half must be those of the key. */
static CK_RV check_kept(const struct cfr_origin *origin, const struct cfr_attrs *attrs)
{
    for (size_t i = 0; i < origin->given->count; i++) {
        const struct cfr_attr_row *row = origin->given->values[i].row;

        if (!cfr_attrs_same(origin->given, attrs, row)) {
            return cfr_fail(CKR_TEMPLATE_INCONSISTENT, "%s is not that of the private key", row->name);
        }
    }
    return CKR_OK;
}

/* A derived key "of type DES": "parity bits will be set properly", whatever was derived. */
static CK_RV take_value(const struct cfr_origin *origin, const struct cfr_class *class,
                        struct cfr_attrs *attrs)
{
    AUTO(secret) *copy = NULL;

    if (origin->action != CFR_ACTION_DERIVE || !class->has_parity) {
        return cfr_attrs_set(attrs, CKA_VALUE, cfr_secret_view(origin->value));
    }
    TRY(cfr_secret_from(cfr_secret_view(origin->value), &copy));
    cfr_des_set_parity(cfr_secret_edit(copy), cfr_secret_view(copy).len);
    return cfr_attrs_set(attrs, CKA_VALUE, cfr_secret_view(copy));
}

/* What comes from outside; what was generated or is there already has passed. */
static CK_RV validate_material(const struct cfr_origin *origin, const struct cfr_class *class,
                               const struct cfr_keymat *keymat)
{
    CK_RV rv = CKR_OK;

    if (class->material->validate != NULL &&
        (origin->action == CFR_ACTION_CREATE || origin->action == CFR_ACTION_UNWRAP)) {
        rv = class->material->validate(keymat);
    }
    return rv == CKR_DOMAIN_PARAMS_INVALID && origin->action == CFR_ACTION_UNWRAP ? CKR_WRAPPED_KEY_INVALID
                                                                                  : rv;
}

/*
 * Settle the key: read what a template gives, or write what a function contributes; either way in its one
 * form.
 */
static CK_RV settle_material(const struct cfr_origin *origin, const struct cfr_class *class,
                             struct cfr_attrs *attrs, struct cfr_keymat **ret_keymat)
{
    AUTO(keymat) *keymat = cfr_keymat_share(origin->keymat);

    if (origin->value != NULL) {
        TRY(take_value(origin, class, attrs));
    }
    if (class->material == NULL) {
        return CKR_OK;
    }
    if (keymat == NULL && class->class == CKO_SECRET_KEY) {
        TRY(check_value_len(origin, class, attrs));
        return CKR_OK; /* its value is its material */
    }
    if (keymat == NULL) {
        TRY(class->material->load(attrs, &keymat));
    }
    if (cfr_keymat_family(keymat) != class->material->family) {
        return cfr_fail(CKR_WRAPPED_KEY_INVALID, "the key is no %s", class->name);
    }
    TRY(validate_material(origin, class, keymat));
    TRY(class->material->store(keymat, attrs));
    if (origin->action == CFR_ACTION_DERIVE) {
        TRY(check_kept(origin, attrs));
    }
    *ret_keymat = MOVE(keymat);
    return CKR_OK;
}

/* What no template can give. */
static CK_RV set_module_attributes(const struct cfr_origin *origin, const struct cfr_class *class,
                                   struct cfr_attrs *attrs)
{
    bool is_generated = origin->action == CFR_ACTION_GENERATE;
    bool is_half = origin->action == CFR_ACTION_DERIVE && class->class == CKO_PUBLIC_KEY;

    TRY(cfr_attrs_set_ulong(attrs, CKA_CLASS, class->class));
    TRY(set_unique_id(attrs));
    if (class->material == NULL) {
        return CKR_OK;
    }
    TRY(cfr_attrs_set_ulong(attrs, CKA_KEY_TYPE, class->subtype));
    cfr_attrs_set_bool(attrs, CFR_B_LOCAL, is_generated);
    if (!cfr_class_is_key(class)) {
        return CKR_OK;
    }
    cfr_inherit_history(origin, attrs);
    return cfr_attrs_set_ulong(attrs, CKA_KEY_GEN_MECHANISM,
                               is_generated || is_half ? origin->mechanism : CK_UNAVAILABLE_INFORMATION);
}

/* Attributes that follow from the key may be given, and must then agree with it; they are not kept. */
static CK_RV check_computed(struct cfr_object *object, const struct cfr_origin *origin)
{
    AUTO(buf) scratch = CFR_BUF(CFR_ATTRS_MAX_LEN);

    /* From the end: taking a value out puts the last one, which has been looked at, in its place. */
    for (size_t i = object->attrs.count; i-- > 0;) {
        struct cfr_span given = cfr_attrs_view(&object->attrs, &object->attrs.values[i]);
        const struct cfr_rule *rule = cfr_class_rule(object->class, object->attrs.values[i].row->type);
        char name[32];

        if (rule == NULL || rule->compute == NULL || given.len == 0) {
            continue;
        }
        scratch.len = 0;
        TRY(rule->compute(object, &scratch));
        if (!cfr_span_equal(given, cfr_buf_view(&scratch))) {
            return cfr_fail(origin->action == CFR_ACTION_UNWRAP && rule->type == CKA_VALUE_LEN
                                ? CKR_WRAPPED_KEY_LEN_RANGE
                                : CKR_ATTRIBUTE_VALUE_INVALID,
                            "%s does not fit the key", cfr_attr_name(rule->type, name));
        }
        cfr_attrs_remove(&object->attrs, rule->type);
    }
    return CKR_OK;
}

/* Strict: what is unwrapped stays inside, unless the unwrapping key's own template says otherwise. */
static CK_RV check_unwrapped(const struct cfr_origin *origin, const struct cfr_attrs *attrs)
{
    bool stays = cfr_attrs_bool(attrs, CFR_B_SENSITIVE) && !cfr_attrs_bool(attrs, CFR_B_EXTRACTABLE);

    if (origin->action == CFR_ACTION_UNWRAP && origin->actor->profile == CFR_PROFILE_STRICT && !stays &&
        !cfr_attrs_has(&origin->base->attrs, cfr_attr_find(CKA_UNWRAP_TEMPLATE))) {
        return cfr_fail(CKR_TEMPLATE_INCONSISTENT, "strict profile, rule unwrapped-keys-stay-inside");
    }
    return CKR_OK;
}

/* Strict: a derived key that can be guessed tells what it was derived from (CVE-2015-5464). */
static CK_RV check_derived(const struct cfr_origin *origin, const struct cfr_class *class)
{
    if (origin->action == CFR_ACTION_DERIVE && origin->actor->profile == CFR_PROFILE_STRICT &&
        class->class == CKO_SECRET_KEY && cfr_secret_view(origin->value).len < STRICT_DERIVED_MIN_LEN) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "strict profile, rule derived-keys-112-bits");
    }
    return CKR_OK;
}

static CK_RV check_given(const struct cfr_origin *origin, const struct cfr_class **ret_class)
{
    const struct cfr_class *class = origin->class;

    if (class == NULL) {
        TRY(cfr_build_class(origin->given, CK_UNAVAILABLE_INFORMATION, &class));
    } else {
        TRY(check_implied(origin));
    }
    TRY(cfr_policy_check_new(origin->action, class, origin->given, origin->actor));
    *ret_class = class;
    return CKR_OK;
}

CK_RV cfr_build_check(struct cfr_origin *origin)
{
    TRY(check_given(origin, &origin->class));
    origin->is_checked = true;
    return CKR_OK;
}

CK_RV cfr_build(const struct cfr_origin *origin, struct cfr_object **ret_object)
{
    const struct cfr_class *class = origin->class;
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(keymat) *keymat = NULL;
    AUTO(object) *object = NULL;

    TRY(origin->is_checked ? CKR_OK : check_given(origin, &class));
    TRY(cfr_attrs_merge(&attrs, origin->given));
    TRY(settle_material(origin, class, &attrs, &keymat));
    if (class->class == CKO_CERTIFICATE && class->subtype == CKC_X_509) {
        TRY(cfr_certificate_settle(&attrs));
    }
    TRY(cfr_inherit_secrecy(origin, &attrs));
    TRY(cfr_policy_complete(origin->action, class, origin->actor, &attrs));
    TRY(set_module_attributes(origin, class, &attrs));
    TRY(cfr_policy_check_whole(class, &attrs, origin->actor));
    TRY(check_unwrapped(origin, &attrs));
    TRY(check_derived(origin, class));
    TRY(cfr_object_new_take(class, &attrs, &object));
    cfr_object_set_keymat(object, keymat);
    TRY(check_computed(object, origin));
    *ret_object = MOVE(object);
    return CKR_OK;
}

CK_RV cfr_build_changed(enum cfr_action action, struct cfr_object *source, const struct cfr_attrs *given,
                        const struct cfr_actor *actor, struct cfr_object **ret_object)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(object) *object = NULL;

    TRY(cfr_policy_change(action, source, given, actor, &attrs));
    if (action == CFR_ACTION_COPY) {
        TRY(set_unique_id(&attrs));
    }
    TRY(cfr_object_new_take(source->class, &attrs, &object));
    object->id = action == CFR_ACTION_SET ? source->id : 0;
    object->revision = source->revision;
    object->owner = source->owner;
    cfr_object_set_keymat(object, atomic_load_explicit(&source->keymat, memory_order_acquire));
    *ret_object = MOVE(object);
    return CKR_OK;
}

struct cfr_keygen_request cfr_build_request(const struct cfr_attrs *given)
{
    return (struct cfr_keygen_request){
        .value_len = cfr_attrs_ulong(given, CKA_VALUE_LEN, 0),
        .modulus_bits = cfr_attrs_ulong(given, CKA_MODULUS_BITS, 0),
        .exponent = cfr_attrs_value(given, CKA_PUBLIC_EXPONENT),
        .ec_params = cfr_attrs_value(given, CKA_EC_PARAMS),
        .parameter_set = cfr_attrs_ulong(given, CKA_PARAMETER_SET, 0),
        .prime = cfr_attrs_value(given, CKA_PRIME),
        .subprime = cfr_attrs_value(given, CKA_SUBPRIME),
        .base = cfr_attrs_value(given, CKA_BASE),
        .prime_bits = cfr_attrs_ulong(given, CKA_PRIME_BITS, 0),
        .subprime_bits = cfr_attrs_ulong(given, CKA_SUBPRIME_BITS, 0),
    };
}
