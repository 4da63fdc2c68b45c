/* SPDX-License-Identifier: Apache-2.0 */
#include "session/built_in.h"

#include "base/alloc.h"
#include "mech/registry.h"
#include "object/profile.h"
#include "session/module.h"

/* Profiles whose conditions hold for every token, and whose test cases pass (conformance/profiles). */
static const CK_PROFILE_ID profiles[] = {CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER,
                                         CKP_AUTHENTICATION_TOKEN};

static const CK_HW_FEATURE_TYPE features[] = {CKH_CLOCK, CKH_MONOTONIC_COUNTER};

enum {
    PROFILE_COUNT = sizeof(profiles) / sizeof(profiles[0]),
    FEATURE_COUNT = sizeof(features) / sizeof(features[0])
};

/* Filled by cfr_built_in_up() before other threads are in the module. */
static struct cfr_object **objects;
static size_t object_count;

/* An object with one number of its own, which @p type says. */
static CK_RV make(const struct cfr_class *class, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    char id[48];
    int len = snprintf(id, sizeof(id), "%s-%08lx", class->name, value);

    TRY(cfr_attrs_set_ulong(&attrs, CKA_CLASS, class->class));
    TRY(cfr_attrs_set(&attrs, CKA_UNIQUE_ID, cfr_span_of(id, (size_t)len)));
    TRY(cfr_attrs_set_ulong(&attrs, type, value));
    if (value == CKH_MONOTONIC_COUNTER && type == CKA_HW_FEATURE_TYPE) {
        cfr_attrs_set_bool(&attrs, CFR_B_RESET_ON_INIT, false);
        cfr_attrs_set_bool(&attrs, CFR_B_HAS_RESET, false);
    }
    TRY(cfr_object_new_take(class, &attrs, &objects[object_count]));
    objects[object_count]->id = object_count + 1;
    object_count++;
    return CKR_OK;
}

static CK_RV make_all(void)
{
    const struct cfr_class *profile = cfr_class_find(CKO_PROFILE, CK_UNAVAILABLE_INFORMATION);
    const struct cfr_class *mechanism = cfr_class_find(CKO_MECHANISM, CK_UNAVAILABLE_INFORMATION);
    const struct cfr_mechanism *row;
    size_t index = 0;

    for (size_t i = 0; i < FEATURE_COUNT; i++) {
        TRY(make(cfr_class_find(CKO_HW_FEATURE, features[i]), CKA_HW_FEATURE_TYPE, features[i]));
    }
    for (size_t i = 0; i < PROFILE_COUNT; i++) {
        TRY(make(profile, CKA_PROFILE_ID, profiles[i]));
    }
    while ((row = cfr_registry_next(&index)) != NULL) {
        TRY(make(mechanism, CKA_MECHANISM_TYPE, row->type));
    }
    return CKR_OK;
}

CK_RV cfr_built_in_up(void)
{
    CK_RV rv;

    object_count = 0; /* in a forked child the parent's objects are left where they are */
    objects =
        cfr_alloc_array(FEATURE_COUNT + PROFILE_COUNT + cfr_mechanism_count(), sizeof(struct cfr_object *));
    FAIL_UNLESS(objects != NULL, CKR_HOST_MEMORY);
    rv = make_all();
    if (rv != CKR_OK) {
        cfr_built_in_down();
    }
    return rv;
}

void cfr_built_in_down(void)
{
    for (size_t i = 0; i < object_count; i++) {
        cfr_object_drop(objects[i]);
    }
    cfr_free(objects);
    objects = NULL;
    object_count = 0;
}

CK_RV cfr_built_in_find(uint64_t number, struct cfr_object **ret_object)
{
    FAIL_UNLESS(number >= 1 && number <= object_count, CKR_OBJECT_HANDLE_INVALID);
    *ret_object = cfr_object_share(objects[number - 1]);
    return CKR_OK;
}

/* A count, and the object that tells it: made before the commit, after which nothing may fail. */
struct counting {
    const struct cfr_object *counter;
    struct cfr_object *counted;
};

static CK_RV count_body(struct cfr_store_txn *txn, void *arg)
{
    struct counting *counting = arg;
    AUTO(attrs) attrs = CFR_ATTRS;
    uint8_t octets[sizeof(uint64_t)];
    struct cfr_changes changes;

    cfr_object_drop(counting->counted); /* of an attempt that has to be made again */
    counting->counted = NULL;
    TRY(cfr_changes_begin(&cfr_module.tokens, txn, &changes));
    cfr_store_be64(octets, ++changes.generation.counters[CFR_COUNT_MONOTONIC]);
    TRY(cfr_attrs_merge(&attrs, &counting->counter->attrs));
    TRY(cfr_attrs_set(&attrs, CKA_VALUE, cfr_span_of(octets, sizeof(octets))));
    TRY(cfr_object_new_take(counting->counter->class, &attrs, &counting->counted));
    return cfr_changes_finish(&changes, false);
}

CK_RV cfr_built_in_count(struct cfr_token *token, const struct cfr_object *counter,
                         struct cfr_object **ret_counted)
{
    AUTO(access) access = {0};
    struct counting counting = {.counter = counter};
    CK_RV rv;

    TRY(cfr_token_access(token, &access));
    rv = cfr_store_run(access.view.space->store, count_body, &counting);
    if (rv != CKR_OK) {
        cfr_object_drop(counting.counted);
        return rv;
    }
    *ret_counted = counting.counted;
    return CKR_OK;
}

/* Found only by those who ask for their class. */
static bool is_hidden(CK_OBJECT_CLASS class)
{
    return class == CKO_MECHANISM || class == CKO_HW_FEATURE;
}

/* A mechanism that no token of this profile has. */
static bool is_absent(const struct cfr_object *object, enum cfr_profile profile)
{
    const struct cfr_mechanism *row = NULL;
    CK_MECHANISM_TYPE type = cfr_attrs_ulong(&object->attrs, CKA_MECHANISM_TYPE, CK_UNAVAILABLE_INFORMATION);

    return object->class->class == CKO_MECHANISM &&
           cfr_profile_find_mechanism(type, 0, profile, &row) != CKR_OK;
}

CK_RV cfr_built_in_search(const struct cfr_attrs *template, enum cfr_profile profile, struct cfr_buf *numbers)
{
    CK_OBJECT_CLASS asked = cfr_attrs_ulong(template, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
    bool asks_hidden = is_hidden(asked);

    for (size_t i = 0; i < object_count; i++) {
        CK_OBJECT_CLASS class = objects[i]->class->class;
        bool matches = false;

        /* Before the attributes are compared: nearly every search names a class, and none of these. */
        if (is_hidden(class) != asks_hidden || (asked != CK_UNAVAILABLE_INFORMATION && asked != class)) {
            continue;
        }
        TRY(cfr_object_matches(objects[i], template, &matches));
        if (matches && !is_absent(objects[i], profile)) {
            cfr_buf_put(numbers, cfr_span_of(&objects[i]->id, sizeof(objects[i]->id)));
        }
    }
    return cfr_buf_check(numbers);
}
