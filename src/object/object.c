/* SPDX-License-Identifier: Apache-2.0 */
#include "object/object.h"

#include "base/alloc.h"

CK_RV cfr_object_new_take(const struct cfr_class *class, struct cfr_attrs *attrs,
                          struct cfr_object **ret_object)
{
    struct cfr_object *object = cfr_alloc(sizeof(*object));

    FAIL_UNLESS(object != NULL, CKR_HOST_MEMORY);
    atomic_store_explicit(&object->shares, 1, memory_order_relaxed);
    object->class = class;
    object->attrs = *attrs;
    *attrs = CFR_ATTRS;
    *ret_object = object;
    return CKR_OK;
}

struct cfr_object *cfr_object_share(struct cfr_object *object)
{
    if (object != NULL) {
        atomic_fetch_add_explicit(&object->shares, 1, memory_order_relaxed);
    }
    return object;
}

void cfr_object_drop(struct cfr_object *object)
{
    if (object != NULL && atomic_fetch_sub_explicit(&object->shares, 1, memory_order_acq_rel) == 1) {
        cfr_keymat_drop(atomic_load_explicit(&object->keymat, memory_order_relaxed));
        cfr_attrs_clear(&object->attrs);
        cfr_free(object);
    }
}

CK_RV cfr_object_keymat(struct cfr_object *object, struct cfr_keymat **ret_keymat)
{
    struct cfr_keymat *keymat = atomic_load_explicit(&object->keymat, memory_order_acquire);
    struct cfr_keymat *expected = NULL;

    FAIL_UNLESS(object->class->material != NULL, CKR_KEY_TYPE_INCONSISTENT);
    if (keymat == NULL) {
        /* The values were checked when the object was made. */
        TRY_MAP(object->class->material->load(&object->attrs, &keymat), CKR_ATTRIBUTE_VALUE_INVALID,
                CKR_GENERAL_ERROR);
        /* Two threads may both have made one; the first stays. */
        if (!atomic_compare_exchange_strong(&object->keymat, &expected, keymat)) {
            cfr_keymat_drop(keymat);
            keymat = expected;
        }
    }
    *ret_keymat = cfr_keymat_share(keymat);
    return CKR_OK;
}

void cfr_object_set_keymat(struct cfr_object *object, struct cfr_keymat *keymat)
{
    struct cfr_keymat *expected = NULL;

    if (keymat != NULL && atomic_compare_exchange_strong(&object->keymat, &expected, keymat)) {
        (void)cfr_keymat_share(keymat);
    }
}

CK_RV cfr_object_value(struct cfr_object *object, CK_ATTRIBUTE_TYPE type, struct cfr_buf *scratch,
                       struct cfr_span *ret_value)
{
    static const uint8_t bools[2] = {CK_FALSE, CK_TRUE};
    const struct cfr_attr_row *row = cfr_attr_find(type);
    const struct cfr_rule *rule;

    if (row == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (row->kind == CFR_ATTR_BOOL) {
        enum cfr_bool bit = (enum cfr_bool)row->number;

        *ret_value = cfr_span_of(&bools[cfr_object_bool(object, bit)], 1);
        return cfr_attrs_has_bool(&object->attrs, bit) ? CKR_OK : CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (cfr_attrs_get(&object->attrs, type, ret_value)) {
        return CKR_OK;
    }
    rule = cfr_class_rule(object->class, type);
    if (rule == NULL || rule->compute == NULL) {
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    scratch->len = 0;
    TRY(rule->compute(object, scratch));
    *ret_value = cfr_buf_view(scratch);
    return CKR_OK;
}

bool cfr_object_hides(const struct cfr_object *object, CK_ATTRIBUTE_TYPE type)
{
    const struct cfr_rule *rule = cfr_class_rule(object->class, type);

    if (rule == NULL || (rule->notes & F7_HIDE_IF_SENSITIVE) == 0) {
        return false;
    }
    return cfr_object_bool(object, CFR_B_SENSITIVE) || !cfr_object_bool(object, CFR_B_EXTRACTABLE);
}

CK_RV cfr_object_matches(struct cfr_object *object, const struct cfr_attrs *template, bool *ret_matches)
{
    AUTO(buf) scratch = CFR_BUF(CFR_ATTRS_MAX_LEN);
    bool matches = (template->bool_has & ~object->attrs.bool_has) == 0 &&
                   (object->attrs.bool_value & template->bool_has) == template->bool_value;

    for (size_t i = 0; matches && i < template->count; i++) {
        CK_ATTRIBUTE_TYPE type = template->values[i].row->type;
        struct cfr_span value = {0};
        CK_RV rv = cfr_object_hides(object, type) ? CKR_ATTRIBUTE_TYPE_INVALID
                                                  : cfr_object_value(object, type, &scratch, &value);

        FAIL_UNLESS(rv == CKR_OK || rv == CKR_ATTRIBUTE_TYPE_INVALID, rv);
        matches = rv == CKR_OK && cfr_span_equal(value, cfr_attrs_view(template, &template->values[i]));
    }
    *ret_matches = matches;
    return CKR_OK;
}

size_t cfr_object_size(const struct cfr_object *object)
{
    size_t size = sizeof(object->attrs.bool_has) + sizeof(object->attrs.bool_value);

    for (size_t i = 0; i < object->attrs.count; i++) {
        size += sizeof(CK_ATTRIBUTE_TYPE) + object->attrs.values[i].len;
    }
    return size;
}
