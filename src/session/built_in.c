/* SPDX-License-Identifier: Apache-2.0 */
#include "session/built_in.h"

#include "base/alloc.h"
#include "mech/registry.h"

/* Profiles whose conditions hold for every token, and whose test cases pass (conformance/profiles). */
static const CK_PROFILE_ID profiles[] = {CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER,
                                         CKP_AUTHENTICATION_TOKEN};

enum { PROFILE_COUNT = sizeof(profiles) / sizeof(profiles[0]) };

/* Filled by cfr_built_in_up() before other threads are in the module. */
static struct cfr_object **objects;
static size_t object_count;

static CK_RV make(CK_OBJECT_CLASS class, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    char id[48];
    int len = snprintf(id, sizeof(id), "%s-%08lx", class == CKO_PROFILE ? "profile" : "mechanism", value);

    TRY(cfr_attrs_set_ulong(&attrs, CKA_CLASS, class));
    TRY(cfr_attrs_set(&attrs, CKA_UNIQUE_ID, cfr_span_of(id, (size_t)len)));
    TRY(cfr_attrs_set_ulong(&attrs, type, value));
    TRY(cfr_object_new_take(cfr_class_find(class, CK_UNAVAILABLE_INFORMATION), &attrs,
                            &objects[object_count]));
    objects[object_count]->id = object_count + 1;
    object_count++;
    return CKR_OK;
}

static CK_RV make_all(void)
{
    const struct cfr_mechanism *row;
    size_t index = 0;

    for (size_t i = 0; i < PROFILE_COUNT; i++) {
        TRY(make(CKO_PROFILE, CKA_PROFILE_ID, profiles[i]));
    }
    while ((row = cfr_registry_next(&index)) != NULL) {
        TRY(make(CKO_MECHANISM, CKA_MECHANISM_TYPE, row->type));
    }
    return CKR_OK;
}

CK_RV cfr_built_in_up(void)
{
    CK_RV rv;

    object_count = 0; /* in a forked child the parent's objects are left where they are */
    objects = cfr_alloc_array(PROFILE_COUNT + cfr_mechanism_count(), sizeof(struct cfr_object *));
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

CK_RV cfr_built_in_search(const struct cfr_attrs *template, struct cfr_buf *numbers)
{
    CK_OBJECT_CLASS asked = cfr_attrs_ulong(template, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
    bool asks_mechanisms = asked == CKO_MECHANISM;

    for (size_t i = 0; i < object_count; i++) {
        CK_OBJECT_CLASS class = objects[i]->class->class;
        bool matches = false;

        /* Before the attributes are compared: nearly every search names a class, and none of these. */
        if ((class == CKO_MECHANISM) != asks_mechanisms ||
            (asked != CK_UNAVAILABLE_INFORMATION && asked != class)) {
            continue;
        }
        TRY(cfr_object_matches(objects[i], template, &matches));
        if (matches) {
            cfr_buf_put(numbers, cfr_span_of(&objects[i]->id, sizeof(objects[i]->id)));
        }
    }
    return cfr_buf_check(numbers);
}
