/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/derivation.h"

#include <stdio.h>

void derived_template(struct bag *bag, CK_KEY_TYPE type, size_t len)
{
    bag_clear(bag);
    bag_ulong(bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(bag, CKA_KEY_TYPE, type);
    bag_bool(bag, CKA_SENSITIVE, false);
    bag_bool(bag, CKA_EXTRACTABLE, true);
    if (len != 0) {
        bag_ulong(bag, CKA_VALUE_LEN, len);
    }
}

CK_RV derive_try(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
                 const struct bag *bag, CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM copy = *mechanism;
    size_t before = objects_seen(session);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_RV rv =
        p11->C_DeriveKey(session, &copy, base, (CK_ATTRIBUTE_PTR)(uintptr_t)bag->attrs, bag->count, &key);

    ck_assert_uint_eq(objects_seen(session), before + (rv == CKR_OK));
    ck_assert_int_eq(rv == CKR_OK, key != CK_INVALID_HANDLE);
    *ret_key = key;
    return rv;
}

void derive_expect(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
                   const struct bag *bag, struct cfr_span wanted, const char *what)
{
    static struct octets value;
    CK_OBJECT_HANDLE key;
    CK_RV rv = derive_try(session, mechanism, base, bag, &key);

    ck_assert_msg(rv == CKR_OK, "%s: %s", what, rv_text(rv));
    read_octets(session, key, CKA_VALUE, &value);
    expect_octets(octets_view(&value), wanted, "%s by 0x%lx", what, mechanism->mechanism);
    OK(p11->C_DestroyObject(session, key));
}

void derive_refused(CK_SESSION_HANDLE session, CK_RV wanted, const CK_MECHANISM *mechanism,
                    CK_OBJECT_HANDLE base, const struct bag *bag, const char *what)
{
    CK_OBJECT_HANDLE key;
    CK_RV rv = derive_try(session, mechanism, base, bag, &key);

    ck_assert_msg(rv == wanted, "%s: %s, not %s", what, rv_text(rv), rv_text(wanted));
}

/* --- Heritage --- */

static const struct kind {
    bool is_generated;
    bool sensitive;
    bool extractable;
} kinds[HERITAGE_KINDS] = {
    {true, true, false}, {true, false, true}, {true, true, true}, {true, false, false}, {false, true, false},
};

CK_OBJECT_HANDLE heritage_key(CK_SESSION_HANDLE session, CK_KEY_TYPE type, size_t kind)
{
    static struct bag bag;
    CK_MECHANISM mechanism = MECHANISM(type == CKK_AES ? CKM_AES_KEY_GEN : CKM_GENERIC_SECRET_KEY_GEN);
    CK_OBJECT_HANDLE key;

    bag_clear(&bag);
    bag_bool(&bag, CKA_SENSITIVE, kinds[kind].sensitive);
    bag_bool(&bag, CKA_EXTRACTABLE, kinds[kind].extractable);
    bag_bool(&bag, CKA_DERIVE, true);
    if (kinds[kind].is_generated) {
        bag_ulong(&bag, CKA_VALUE_LEN, 32);
        OK(p11->C_GenerateKey(session, &mechanism, BAG(&bag), &key));
        return key;
    }
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, type);
    bag_octets(&bag, CKA_VALUE, pattern(32).ptr, 32);
    return object_make(session, &bag);
}

/* A boolean of a template: given or not. */
enum choice { SILENT, NO, YES, CHOICES };

static void bag_choice(struct bag *bag, CK_ATTRIBUTE_TYPE type, int choice)
{
    if (choice != SILENT) {
        bag_bool(bag, type, choice == YES);
    }
}

struct outcome {
    CK_RV rv;
    bool sensitive;
    bool extractable;
    bool always_sensitive;
    bool never_extractable;
};

/* The defaults of a secret key here: neither sensitive nor extractable (conformance/attributes.md). */
static struct outcome outcome_of(enum heritage rule, const struct kind *base, const struct kind *other,
                                 int sensitive, int extractable)
{
    bool any_sensitive = base->sensitive || other->sensitive;
    bool all_extractable = base->extractable && other->extractable;
    bool base_always = base->is_generated && base->sensitive;
    bool other_always = other->is_generated && other->sensitive;
    bool base_never = base->is_generated && !base->extractable;
    bool other_never = other->is_generated && !other->extractable;
    struct outcome want = {CKR_OK, sensitive == YES, extractable == YES, base_always, base_never};

    if (rule == HERITAGE_SECRECY) {
        if ((any_sensitive && sensitive == NO) || (!all_extractable && extractable == YES)) {
            want.rv = CKR_TEMPLATE_INCONSISTENT;
        }
        want.sensitive = any_sensitive || sensitive == YES;
        want.extractable = all_extractable && extractable == YES;
        want.always_sensitive = base_always && other_always;
        want.never_extractable = base_never && other_never;
        return want;
    }
    if (rule == HERITAGE_KEPT) {
        want.rv = (base->sensitive && sensitive == NO) || (!base->extractable && extractable == YES)
                      ? CKR_TEMPLATE_INCONSISTENT
                      : CKR_OK;
        want.sensitive = base->sensitive || sensitive == YES;
        want.extractable = base->extractable && extractable != NO;
        return want;
    }
    if (rule == HERITAGE_DEFAULTS) {
        want.sensitive = sensitive == SILENT ? base->sensitive : sensitive == YES;
        want.extractable = extractable == SILENT ? base->extractable : extractable == YES;
        want.always_sensitive = base_always || other_always;
        want.never_extractable = base_never || other_never;
    }
    want.always_sensitive = want.always_sensitive && want.sensitive;
    want.never_extractable = want.never_extractable && !want.extractable;
    return want;
}

static void check_outcome(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
                          const struct bag *bag, const struct outcome *want, const char *what)
{
    CK_OBJECT_HANDLE key;
    CK_RV rv = derive_try(session, mechanism, base, bag, &key);

    ck_assert_msg(rv == want->rv, "%s: %s, not %s", what, rv_text(rv), rv_text(want->rv));
    if (rv != CKR_OK) {
        return;
    }
    ck_assert_msg(read_bool(session, key, CKA_SENSITIVE) == want->sensitive, "%s: CKA_SENSITIVE", what);
    ck_assert_msg(read_bool(session, key, CKA_EXTRACTABLE) == want->extractable, "%s: CKA_EXTRACTABLE", what);
    ck_assert_msg(read_bool(session, key, CKA_ALWAYS_SENSITIVE) == want->always_sensitive,
                  "%s: CKA_ALWAYS_SENSITIVE", what);
    ck_assert_msg(read_bool(session, key, CKA_NEVER_EXTRACTABLE) == want->never_extractable,
                  "%s: CKA_NEVER_EXTRACTABLE", what);
    ck_assert_msg(!read_bool(session, key, CKA_LOCAL), "%s: CKA_LOCAL", what);
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
    OK(p11->C_DestroyObject(session, key));
}

static void check_templates(CK_SESSION_HANDLE session, enum heritage rule, const CK_MECHANISM *mechanism,
                            CK_OBJECT_HANDLE base, const size_t pair[2], size_t len)
{
    static struct bag bag;
    char what[120];

    for (int choice = 0; choice < CHOICES * CHOICES; choice++) {
        int sensitive = choice % CHOICES;
        int extractable = choice / CHOICES;
        struct outcome want = outcome_of(rule, &kinds[pair[0]], &kinds[pair[1]], sensitive, extractable);

        (void)snprintf(what, sizeof(what), "0x%lx, kinds %zu and %zu, template %d %d", mechanism->mechanism,
                       pair[0], pair[1], sensitive, extractable);
        bag_clear(&bag);
        bag_ulong(&bag, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
        bag_ulong(&bag, CKA_VALUE_LEN, len);
        bag_choice(&bag, CKA_SENSITIVE, sensitive);
        bag_choice(&bag, CKA_EXTRACTABLE, extractable);
        check_outcome(session, mechanism, base, &bag, &want, what);
    }
}

static void check_kinds(CK_SESSION_HANDLE session, enum heritage rule, const CK_MECHANISM *mechanism,
                        CK_OBJECT_HANDLE *other, CK_KEY_TYPE key_type, size_t len)
{
    for (size_t i = 0; i < HERITAGE_KINDS; i++) {
        CK_OBJECT_HANDLE base = heritage_key(session, key_type, i);

        for (size_t j = 0; j < (other == NULL ? 1 : HERITAGE_KINDS); j++) {
            if (other != NULL) {
                *other = heritage_key(session, key_type, j);
            }
            check_templates(session, rule, mechanism, base, (size_t[]){i, other == NULL ? i : j}, len);
            if (other != NULL) {
                OK(p11->C_DestroyObject(session, *other));
            }
        }
        OK(p11->C_DestroyObject(session, base));
    }
}

void heritage_check(CK_SESSION_HANDLE session, enum heritage rule, const CK_MECHANISM *mechanism,
                    CK_OBJECT_HANDLE *other, CK_KEY_TYPE key_type)
{
    check_kinds(session, rule, mechanism, other, key_type, 16);
}

void heritage_check_len(CK_SESSION_HANDLE session, enum heritage rule, const CK_MECHANISM *mechanism,
                        size_t len)
{
    check_kinds(session, rule, mechanism, NULL, CKK_GENERIC_SECRET, len);
}
