/* SPDX-License-Identifier: Apache-2.0 */
#include "object/policy.h"

#include "mech/hash_map.h"
#include "mech/registry.h"
#include "object/profile.h"
#include "object/template.h"

static CK_RV refuse(CK_RV rv, CK_ATTRIBUTE_TYPE type, const struct cfr_class *class, const char *why)
{
    char name[32];

    return cfr_fail(rv, "%s of a %s %s", cfr_attr_name(type, name), class->name, why);
}

/* The n-th attribute of a set with its row; booleans first, by bit. NULL at the end. */
static const struct cfr_attr_row *next_given(const struct cfr_attrs *given, size_t *cursor)
{
    if (*cursor < CFR_B_COUNT) {
        uint64_t rest = given->bool_has >> *cursor;

        if (rest != 0) {
            size_t bit = *cursor + (size_t)__builtin_ctzll(rest);

            *cursor = bit + 1;
            return cfr_attr_by_number(true, bit);
        }
        *cursor = CFR_B_COUNT;
    }
    if (*cursor - CFR_B_COUNT < given->count) {
        return given->values[(*cursor)++ - CFR_B_COUNT].row;
    }
    return NULL;
}

static unsigned bar_of(enum cfr_action action)
{
    switch (action) {
    case CFR_ACTION_CREATE:
        return F2_BAR_ON_CREATE;
    case CFR_ACTION_GENERATE:
        return F4_BAR_ON_GENERATE;
    case CFR_ACTION_UNWRAP:
    case CFR_ACTION_DERIVE:
        return F6_BAR_ON_UNWRAP;
    case CFR_ACTION_COPY:
    case CFR_ACTION_SET:
        break;
    }
    return 0;
}

static unsigned need_of(enum cfr_action action)
{
    return action == CFR_ACTION_CREATE     ? F1_NEED_ON_CREATE
           : action == CFR_ACTION_GENERATE ? F3_NEED_ON_GENERATE
           : action == CFR_ACTION_UNWRAP   ? F5_NEED_ON_UNWRAP
                                           : 0;
}

static CK_RV check_value(const struct cfr_rule *rule, const struct cfr_attr_row *row,
                         const struct cfr_attrs *given, const struct cfr_class *class,
                         const struct cfr_actor *actor)
{
    if ((rule->notes & F10_SO_SETS_TRUE) != 0 && cfr_attrs_bool(given, (enum cfr_bool)row->number) &&
        !actor->is_so) {
        return refuse(CKR_ATTRIBUTE_READ_ONLY, row->type, class, "is set by the security officer alone");
    }
    if (rule->check != NULL && rule->check(cfr_attrs_value(given, row->type)) != CKR_OK) {
        return refuse(CKR_ATTRIBUTE_VALUE_INVALID, row->type, class, "cannot have this value");
    }
    return CKR_OK;
}

/* Footnotes 2 to 4 of the table "X.509 Certificate Object Attributes". */
static CK_RV check_certificate(const struct cfr_class *class, const struct cfr_attrs *given)
{
    static const CK_ATTRIBUTE_TYPE hashes[] = {CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CKA_HASH_OF_ISSUER_PUBLIC_KEY};

    if (cfr_attrs_value(given, CKA_URL).len == 0) {
        return cfr_attrs_value(given, CKA_VALUE).len != 0
                   ? CKR_OK
                   : refuse(CKR_TEMPLATE_INCOMPLETE, CKA_VALUE, class, "is empty, and so is CKA_URL");
    }
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (cfr_attrs_value(given, hashes[i]).len == 0) {
            return refuse(CKR_TEMPLATE_INCOMPLETE, hashes[i], class, "is empty, and CKA_URL is not");
        }
    }
    return CKR_OK;
}

/* Footnote 2 of the table "Trust Object Attributes": to trust a certificate is to know which one. */
static bool wants_certificate_hash(const struct cfr_attrs *attrs)
{
    static const CK_ATTRIBUTE_TYPE uses[] = {
        CKA_TRUST_SERVER_AUTH, CKA_TRUST_CLIENT_AUTH,   CKA_TRUST_CODE_SIGNING, CKA_TRUST_EMAIL_PROTECTION,
        CKA_TRUST_IPSEC_IKE,   CKA_TRUST_TIME_STAMPING, CKA_TRUST_OCSP_SIGNING};

    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        CK_TRUST trust = cfr_attrs_ulong(attrs, uses[i], CKT_TRUST_UNKNOWN);

        if (trust != CKT_TRUST_UNKNOWN && trust != CKT_NOT_TRUSTED) {
            return true;
        }
    }
    return false;
}

/* @p missing: the code for what is not there. A hash has the length that its algorithm gives. */
static CK_RV check_trust(const struct cfr_class *class, const struct cfr_attrs *attrs, CK_RV missing)
{
    size_t len = cfr_attrs_value(attrs, CKA_HASH_OF_CERTIFICATE).len;
    CK_ULONG algorithm = cfr_attrs_ulong(attrs, CKA_NAME_HASH_ALGORITHM, CK_UNAVAILABLE_INFORMATION);
    enum cfr_hash hash =
        algorithm == CK_UNAVAILABLE_INFORMATION ? CFR_HASH_SHA1 : cfr_hash_of_mechanism(algorithm);

    if (wants_certificate_hash(attrs)) {
        if (len == 0) {
            return refuse(missing, CKA_HASH_OF_CERTIFICATE, class, "is missing");
        }
        if (algorithm == CK_UNAVAILABLE_INFORMATION) {
            return refuse(missing, CKA_NAME_HASH_ALGORITHM, class, "is missing");
        }
    }
    if (hash == CFR_HASH_NONE) {
        return refuse(CKR_ATTRIBUTE_VALUE_INVALID, CKA_NAME_HASH_ALGORITHM, class,
                      "is no digest that Coffer has");
    }
    if (len != 0 && len != cfr_hash_len(hash)) {
        return refuse(CKR_ATTRIBUTE_VALUE_INVALID, CKA_HASH_OF_CERTIFICATE, class,
                      "has not the hash's length");
    }
    return CKR_OK;
}

CK_RV cfr_policy_check_new(enum cfr_action action, const struct cfr_class *class,
                           const struct cfr_attrs *given, const struct cfr_actor *actor)
{
    const unsigned bar = bar_of(action);
    const unsigned need = need_of(action);
    const struct cfr_attr_row *row;
    const struct cfr_rule *rule;
    size_t cursor = 0;

    if (class->is_legacy && actor->profile != CFR_PROFILE_LEGACY) {
        return cfr_fail(CKR_ATTRIBUTE_VALUE_INVALID, "a %s, without the legacy profile", class->name);
    }
    for (row = next_given(given, &cursor); row != NULL; row = next_given(given, &cursor)) {
        rule = cfr_class_rule(class, row->type);
        if (rule == NULL) {
            return refuse(CKR_TEMPLATE_INCONSISTENT, row->type, class, "does not exist");
        }
        if ((rule->notes & bar) != 0) {
            return refuse(CKR_ATTRIBUTE_READ_ONLY, row->type, class, "may not be given here");
        }
        TRY(check_value(rule, row, given, class, actor));
    }
    cursor = 0;
    for (rule = cfr_class_next_rule(class, &cursor); rule != NULL;
         rule = cfr_class_next_rule(class, &cursor)) {
        if ((rule->notes & need) != 0 && !cfr_attrs_has(given, cfr_attr_find(rule->type))) {
            return refuse(CKR_TEMPLATE_INCOMPLETE, rule->type, class, "is missing");
        }
    }
    switch (class->class) {
    case CKO_CERTIFICATE:
        return check_certificate(class, given);
    case CKO_TRUST:
        return check_trust(class, given, CKR_TEMPLATE_INCOMPLETE);
    default:
        return CKR_OK;
    }
}

/*
 * Keys that are secret belong to the user who makes them; a caller who is not logged in can only make public
 * ones.
 */
static bool private_default(const struct cfr_class *class, const struct cfr_actor *actor)
{
    bool is_secret = class->class == CKO_PRIVATE_KEY || class->class == CKO_SECRET_KEY;

    return is_secret && (actor->is_user || actor->profile == CFR_PROFILE_STRICT);
}

/* @p uses: what mechanisms can do with keys of the class. */
static bool bool_default(enum cfr_action action, const struct cfr_class *class, const struct cfr_rule *rule,
                         CK_FLAGS uses, const struct cfr_actor *actor)
{
    bool is_strict = actor->profile == CFR_PROFILE_STRICT;

    switch (rule->otherwise) {
    case CFR_DEFAULT_ON:
        return true;
    case CFR_DEFAULT_PRIVATE:
        return private_default(class, actor);
    case CFR_DEFAULT_USE:
        return !is_strict && (uses & rule->use) != 0;
    case CFR_DEFAULT_EXTRACTABLE:
        return action == CFR_ACTION_UNWRAP && !is_strict;
    case CFR_DEFAULT_OFF:
        return is_strict && rule->type == CKA_SENSITIVE;
    case CFR_DEFAULT_NONE:
    case CFR_DEFAULT_EMPTY:
    case CFR_DEFAULT_ZERO:
        break;
    }
    return false;
}

CK_RV cfr_policy_complete(enum cfr_action action, const struct cfr_class *class,
                          const struct cfr_actor *actor, struct cfr_attrs *attrs)
{
    const CK_FLAGS uses = class->material == NULL ? 0 : cfr_registry_capabilities(class->subtype);
    const struct cfr_rule *rule;
    size_t cursor = 0;

    for (rule = cfr_class_next_rule(class, &cursor); rule != NULL;
         rule = cfr_class_next_rule(class, &cursor)) {
        const struct cfr_attr_row *row =
            rule->otherwise == CFR_DEFAULT_NONE ? NULL : cfr_attr_find(rule->type);

        if (row == NULL || cfr_attrs_has(attrs, row)) {
            continue;
        }
        if (row->kind == CFR_ATTR_BOOL) {
            cfr_attrs_set_bool(attrs, (enum cfr_bool)row->number,
                               bool_default(action, class, rule, uses, actor));
        } else if (rule->otherwise == CFR_DEFAULT_ZERO) {
            TRY(cfr_attrs_set_ulong(attrs, rule->type, 0));
        } else {
            TRY(cfr_attrs_set(attrs, rule->type, cfr_span_of(NULL, 0)));
        }
    }
    return CKR_OK;
}

/* Whether the object has the attribute with the value given, kept or computed. */
static bool is_same(struct cfr_object *object, const struct cfr_attrs *given, const struct cfr_attr_row *row)
{
    AUTO(buf) scratch = CFR_BUF(CFR_ATTRS_MAX_LEN);
    struct cfr_span value;

    if (row->kind == CFR_ATTR_BOOL || cfr_attrs_has(&object->attrs, row)) {
        return cfr_attrs_same(&object->attrs, given, row);
    }
    return cfr_object_value(object, row->type, &scratch, &value) == CKR_OK &&
           cfr_span_equal(value, cfr_attrs_value(given, row->type));
}

/* A change of one attribute, known to be one. */
static CK_RV check_change(enum cfr_action action, const struct cfr_object *object,
                          const struct cfr_rule *rule, const struct cfr_attr_row *row,
                          const struct cfr_attrs *given, const struct cfr_actor *actor)
{
    const struct cfr_class *class = object->class;
    bool may_change = (rule->notes & F8_MODIFIABLE) != 0 ||
                      (action == CFR_ACTION_COPY && (rule->notes & L_COPY_CHANGES) != 0);

    if (!may_change) {
        return refuse(CKR_ATTRIBUTE_READ_ONLY, row->type, class, "may not be changed");
    }
    if (action == CFR_ACTION_SET && class->class == CKO_CERTIFICATE &&
        cfr_attrs_bool(&object->attrs, CFR_B_TRUSTED)) {
        return refuse(CKR_ATTRIBUTE_READ_ONLY, row->type, class, "is fixed: the certificate is trusted");
    }
    if (row->kind == CFR_ATTR_BOOL) {
        enum cfr_bool bit = (enum cfr_bool)row->number;
        bool to = cfr_attrs_bool(given, bit);

        if (((rule->notes & F11_LATCH_TRUE) != 0 && !to) || ((rule->notes & F12_LATCH_FALSE) != 0 && to)) {
            return refuse(CKR_ATTRIBUTE_READ_ONLY, row->type, class, "changes in the other direction only");
        }
        if (bit == CFR_B_PRIVATE && !to) {
            return refuse(CKR_TEMPLATE_INCONSISTENT, row->type, class, "would make a private object public");
        }
    }
    if (rule->compute != NULL) {
        /* It follows from others: it cannot differ, but may be cleared where the class says so. */
        bool clears = (rule->notes & L_CAN_CLEAR) != 0 && cfr_attrs_value(given, row->type).len == 0;

        if (!clears) {
            return refuse(CKR_ATTRIBUTE_VALUE_INVALID, row->type, class, "does not fit the key");
        }
    }
    return check_value(rule, row, given, class, actor);
}

static CK_RV check_changes(enum cfr_action action, struct cfr_object *object, const struct cfr_attrs *given,
                           const struct cfr_actor *actor)
{
    const struct cfr_attr_row *row;
    size_t cursor = 0;

    for (row = next_given(given, &cursor); row != NULL; row = next_given(given, &cursor)) {
        const struct cfr_rule *rule = cfr_class_rule(object->class, row->type);

        if (rule == NULL) {
            return refuse(CKR_TEMPLATE_INCONSISTENT, row->type, object->class, "does not exist");
        }
        if (is_same(object, given, row)) {
            continue;
        }
        TRY(check_change(action, object, rule, row, given, actor));
    }
    return CKR_OK;
}

/* Attributes that are computed are not kept, unless they were cleared. */
static void forget_computed(const struct cfr_class *class, struct cfr_attrs *attrs)
{
    const struct cfr_rule *rule;
    size_t cursor = 0;

    for (rule = cfr_class_next_rule(class, &cursor); rule != NULL;
         rule = cfr_class_next_rule(class, &cursor)) {
        if (rule->compute != NULL && cfr_attrs_value(attrs, rule->type).len != 0) {
            cfr_attrs_remove(attrs, rule->type);
        }
    }
}

CK_RV cfr_policy_change(enum cfr_action action, struct cfr_object *object, const struct cfr_attrs *given,
                        const struct cfr_actor *actor, struct cfr_attrs *ret_attrs)
{
    bool is_copy = action == CFR_ACTION_COPY;

    if (object->class->is_built_in || !cfr_object_bool(object, is_copy ? CFR_B_COPYABLE : CFR_B_MODIFIABLE)) {
        return cfr_fail(CKR_ACTION_PROHIBITED, "this %s may not be %s", object->class->name,
                        is_copy ? "copied" : "modified");
    }
    TRY(check_changes(action, object, given, actor));
    TRY(cfr_attrs_merge(ret_attrs, &object->attrs));
    TRY(cfr_attrs_merge(ret_attrs, given));
    forget_computed(object->class, ret_attrs);
    if (is_copy && !actor->is_so && cfr_attrs_bool(&object->attrs, CFR_B_TRUSTED)) {
        /* What the officer trusts is that object; a copy could be given other uses. */
        cfr_attrs_set_bool(ret_attrs, CFR_B_TRUSTED, false);
    }
    if (object->class->class == CKO_TRUST) {
        TRY(check_trust(object->class, ret_attrs, CKR_TEMPLATE_INCONSISTENT));
    }
    if (actor->profile == CFR_PROFILE_STRICT) {
        TRY(cfr_profile_check_change(object, ret_attrs));
    }
    return cfr_policy_check_whole(object->class, ret_attrs, actor);
}

CK_RV cfr_policy_check_whole(const struct cfr_class *class, const struct cfr_attrs *attrs,
                             const struct cfr_actor *actor)
{
    if (cfr_attrs_bool(attrs, CFR_B_ALWAYS_AUTHENTICATE) && !cfr_attrs_bool(attrs, CFR_B_PRIVATE)) {
        return refuse(CKR_TEMPLATE_INCONSISTENT, CKA_ALWAYS_AUTHENTICATE, class, "needs CKA_PRIVATE");
    }
    if (actor->profile == CFR_PROFILE_STRICT) {
        TRY(cfr_profile_check_whole(class, attrs));
    }
    return CKR_OK;
}
