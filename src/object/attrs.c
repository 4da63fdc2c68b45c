/* SPDX-License-Identifier: Apache-2.0 */
#include "object/attrs.h"

#include "base/alloc.h"

void cfr_attrs_clear(struct cfr_attrs *attrs)
{
    cfr_free(attrs->values);
    cfr_buf_clear(&attrs->plain);
    cfr_secret_drop(attrs->secret);
    *attrs = CFR_ATTRS;
}

static struct cfr_attr_value *find(const struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type)
{
    for (size_t i = 0; i < attrs->count; i++) {
        if (attrs->values[i].row->type == type) {
            return &attrs->values[i];
        }
    }
    return NULL;
}

struct cfr_span cfr_attrs_view(const struct cfr_attrs *attrs, const struct cfr_attr_value *value)
{
    const uint8_t *base = value->row->is_secret ? cfr_secret_view(attrs->secret).ptr : attrs->plain.ptr;

    return cfr_span_of(value->len == 0 ? NULL : base + value->at, value->len);
}

bool cfr_attrs_get(const struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type, struct cfr_span *ret_value)
{
    const struct cfr_attr_value *value = find(attrs, type);

    if (value == NULL) {
        return false;
    }
    *ret_value = cfr_attrs_view(attrs, value);
    return true;
}

struct cfr_span cfr_attrs_value(const struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type)
{
    struct cfr_span value = {0};

    (void)cfr_attrs_get(attrs, type, &value);
    return value;
}

CK_ULONG cfr_attrs_ulong(const struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise)
{
    struct cfr_span value = cfr_attrs_value(attrs, type);
    CK_ULONG number = otherwise;

    if (value.len == sizeof(number)) {
        cfr_copy(&number, value.ptr, sizeof(number));
    }
    return number;
}

bool cfr_attrs_has(const struct cfr_attrs *attrs, const struct cfr_attr_row *row)
{
    bool has = false;

    if (row->kind == CFR_ATTR_BOOL) {
        return cfr_attrs_has_bool(attrs, (enum cfr_bool)row->number);
    }
    for (size_t i = 0; !has && i < attrs->count; i++) {
        has = attrs->values[i].row == row;
    }
    return has;
}

static CK_RV new_value(struct cfr_attrs *attrs, const struct cfr_attr_row *row,
                       struct cfr_attr_value **ret_value)
{
    if (attrs->count == attrs->room) {
        size_t room = attrs->room == 0 ? 16 : 2 * attrs->room;
        struct cfr_attr_value *larger = cfr_alloc_array(room, sizeof(*larger));

        FAIL_UNLESS(larger != NULL, CKR_HOST_MEMORY);
        cfr_copy(larger, attrs->values, attrs->count * sizeof(*larger));
        cfr_free(attrs->values);
        attrs->values = larger;
        attrs->room = room;
    }
    *ret_value = &attrs->values[attrs->count];
    **ret_value = (struct cfr_attr_value){.row = row};
    return CKR_OK;
}

/*
 * Put octets at the end of the plain or the secret ones; what a replaced value leaves behind is small and
 * dies soon.
 */
static CK_RV store_octets(struct cfr_attrs *attrs, const struct cfr_attr_row *row, struct cfr_span octets,
                          uint32_t *ret_at)
{
    size_t at = row->is_secret ? cfr_secret_view(attrs->secret).len : attrs->plain.len;

    if (row->is_secret) {
        FAIL_UNLESS(at + octets.len <= CFR_ATTRS_MAX_LEN, CKR_HOST_MEMORY);
        TRY(cfr_secret_append(&attrs->secret, octets));
    } else {
        cfr_buf_put(&attrs->plain, octets);
        TRY(cfr_buf_check(&attrs->plain));
    }
    *ret_at = (uint32_t)at;
    return CKR_OK;
}

CK_RV cfr_attrs_put(struct cfr_attrs *attrs, const struct cfr_attr_row *row, struct cfr_span octets)
{
    struct cfr_attr_value *value = NULL;
    bool is_new = true;
    uint32_t at = 0;

    for (size_t i = 0; is_new && i < attrs->count; i++) {
        value = &attrs->values[i];
        is_new = value->row != row;
    }
    if (is_new) {
        TRY(new_value(attrs, row, &value));
    }
    TRY(store_octets(attrs, row, octets, &at));
    value->at = at;
    value->len = (uint32_t)octets.len;
    attrs->count += is_new;
    return CKR_OK;
}

CK_RV cfr_attrs_set(struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type, struct cfr_span octets)
{
    const struct cfr_attr_row *row = cfr_attr_find(type);

    FAIL_UNLESS(row != NULL && row->kind != CFR_ATTR_BOOL, CKR_GENERAL_ERROR);
    return cfr_attrs_put(attrs, row, octets);
}

CK_RV cfr_attrs_set_ulong(struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    return cfr_attrs_set(attrs, type, cfr_span_of(&value, sizeof(value)));
}

void cfr_attrs_remove(struct cfr_attrs *attrs, CK_ATTRIBUTE_TYPE type)
{
    struct cfr_attr_value *value = find(attrs, type);

    if (value != NULL) {
        *value = attrs->values[--attrs->count];
    }
}

CK_RV cfr_attrs_merge(struct cfr_attrs *to, const struct cfr_attrs *from)
{
    to->bool_value = (to->bool_value & ~from->bool_has) | from->bool_value;
    to->bool_has |= from->bool_has;
    for (size_t i = 0; i < from->count; i++) {
        TRY(cfr_attrs_put(to, from->values[i].row, cfr_attrs_view(from, &from->values[i])));
    }
    return CKR_OK;
}

bool cfr_attrs_same(const struct cfr_attrs *a, const struct cfr_attrs *b, const struct cfr_attr_row *row)
{
    struct cfr_span in_a;
    struct cfr_span in_b;

    if (row->kind == CFR_ATTR_BOOL) {
        uint64_t bit = (uint64_t)1 << row->number;

        return (a->bool_has & b->bool_has & bit) != 0 && ((a->bool_value ^ b->bool_value) & bit) == 0;
    }
    return cfr_attrs_get(a, row->type, &in_a) && cfr_attrs_get(b, row->type, &in_b) &&
           cfr_span_equal(in_a, in_b);
}
