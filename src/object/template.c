/* SPDX-License-Identifier: Apache-2.0 */
#include "object/template.h"

const char *cfr_attr_name(CK_ATTRIBUTE_TYPE type, char *scratch)
{
    const struct cfr_attr_row *row = cfr_attr_find(type);

    if (row != NULL) {
        return row->name;
    }
    (void)snprintf(scratch, 32, "attribute 0x%lx", type);
    return scratch;
}

static CK_RV fail_attr(CK_RV rv, CK_ATTRIBUTE_TYPE type, const char *why)
{
    char scratch[32];

    return cfr_fail(rv, "%s %s", cfr_attr_name(type, scratch), why);
}

static CK_RV check_array(const CK_ATTRIBUTE *template, CK_ULONG count)
{
    FAIL_UNLESS(template != NULL || count == 0, CKR_ARGUMENTS_BAD);
    if (count > CFR_TEMPLATE_MAX) {
        return cfr_fail(CKR_ARGUMENTS_BAD, "a template of %lu attributes", count);
    }
    return CKR_OK;
}

/* Lengths that a kind allows. */
static bool is_len_right(enum cfr_attr_kind kind, CK_ULONG len)
{
    switch (kind) {
    case CFR_ATTR_BOOL:
        return len == sizeof(CK_BBOOL);
    case CFR_ATTR_ULONG:
        return len == sizeof(CK_ULONG);
    case CFR_ATTR_DATE:
        return len == 0 || len == sizeof(CK_DATE);
    case CFR_ATTR_MECHANISMS:
        return len % sizeof(CK_MECHANISM_TYPE) == 0 && len <= CFR_ATTR_MAX_LEN;
    case CFR_ATTR_TEMPLATE:
        return len % sizeof(CK_ATTRIBUTE) == 0 && len / sizeof(CK_ATTRIBUTE) <= CFR_TEMPLATE_MAX;
    case CFR_ATTR_BYTES:
    case CFR_ATTR_BIGINT:
    case CFR_ATTR_TEXT:
        return len <= CFR_ATTR_MAX_LEN;
    }
    return false;
}

static CK_RV read_bool(const CK_ATTRIBUTE *given, const struct cfr_attr_row *row, struct cfr_attrs *attrs)
{
    CK_BBOOL value = *(const CK_BBOOL *)given->pValue;
    enum cfr_bool bit = (enum cfr_bool)row->number;

    if (value != CK_TRUE && value != CK_FALSE) {
        return fail_attr(CKR_ATTRIBUTE_VALUE_INVALID, row->type, "is neither CK_TRUE nor CK_FALSE");
    }
    if (cfr_attrs_has_bool(attrs, bit) && cfr_attrs_bool(attrs, bit) != (value == CK_TRUE)) {
        return fail_attr(CKR_TEMPLATE_INCONSISTENT, row->type, "is given twice, with two values");
    }
    cfr_attrs_set_bool(attrs, bit, value == CK_TRUE);
    return CKR_OK;
}

static CK_RV read_octets(const struct cfr_attr_row *row, struct cfr_span octets, struct cfr_attrs *attrs)
{
    struct cfr_span earlier;

    if (cfr_attrs_get(attrs, row->type, &earlier)) {
        if (!cfr_span_equal(earlier, octets)) {
            return fail_attr(CKR_TEMPLATE_INCONSISTENT, row->type, "is given twice, with two values");
        }
        return CKR_OK;
    }
    return cfr_attrs_put(attrs, row, octets);
}

static CK_RV read_attr(const CK_ATTRIBUTE *given, bool is_nested, struct cfr_attrs *attrs);

/* A template within a template is kept encoded; one within that is refused (4.9.1 lets us). */
static CK_RV read_nested(const CK_ATTRIBUTE *given, const struct cfr_attr_row *row, struct cfr_attrs *attrs)
{
    AUTO(attrs) inner = CFR_ATTRS;
    AUTO(secret) *text = NULL;

    for (CK_ULONG i = 0; i < given->ulValueLen / sizeof(CK_ATTRIBUTE); i++) {
        CK_ATTRIBUTE element;

        cfr_copy(&element, (const uint8_t *)given->pValue + i * sizeof(element), sizeof(element));
        TRY(read_attr(&element, true, &inner));
    }
    TRY(cfr_attrs_encode(&inner, &text));
    return read_octets(row, cfr_secret_view(text), attrs);
}

static CK_RV read_attr(const CK_ATTRIBUTE *given, bool is_nested, struct cfr_attrs *attrs)
{
    const struct cfr_attr_row *row = cfr_attr_find(given->type);

    if (row == NULL) {
        return fail_attr(CKR_ATTRIBUTE_TYPE_INVALID, given->type, "is not known");
    }
    if (given->pValue == NULL && given->ulValueLen != 0) {
        return fail_attr(CKR_ATTRIBUTE_VALUE_INVALID, row->type, "has a length but no value");
    }
    if (!is_len_right(row->kind, given->ulValueLen)) {
        return fail_attr(CKR_ATTRIBUTE_VALUE_INVALID, row->type, "has a wrong length");
    }
    if (row->kind == CFR_ATTR_BOOL) {
        return read_bool(given, row, attrs);
    }
    if (row->kind == CFR_ATTR_TEMPLATE) {
        if (is_nested) {
            return fail_attr(CKR_TEMPLATE_INCONSISTENT, row->type, "stands in a template within a template");
        }
        return read_nested(given, row, attrs);
    }
    return read_octets(row, cfr_span_of(given->pValue, given->ulValueLen), attrs);
}

CK_RV cfr_template_read(const CK_ATTRIBUTE *template, CK_ULONG count, struct cfr_attrs *attrs)
{
    TRY(check_array(template, count));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_ATTRIBUTE given = template[i];

        TRY(read_attr(&given, false, attrs));
    }
    return CKR_OK;
}

CK_RV cfr_template_read_search(const CK_ATTRIBUTE *template, CK_ULONG count, struct cfr_attrs *attrs,
                               bool *ret_impossible)
{
    *ret_impossible = false;
    TRY(check_array(template, count));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_ATTRIBUTE given = template[i];
        CK_RV rv;

        if (given.pValue == NULL && given.ulValueLen != 0) {
            return fail_attr(CKR_ATTRIBUTE_VALUE_INVALID, given.type, "has a length but no value");
        }
        rv = read_attr(&given, false, attrs);
        FAIL_UNLESS(rv != CKR_HOST_MEMORY, CKR_HOST_MEMORY);
        *ret_impossible = *ret_impossible || rv != CKR_OK;
    }
    return CKR_OK;
}

/* Steps 3 to 5 of 5.7.5 for a value that may be revealed. */
static CK_RV hand_out(CK_ATTRIBUTE *wanted, struct cfr_span value)
{
    if (wanted->pValue == NULL) {
        wanted->ulValueLen = value.len;
        return CKR_OK;
    }
    if (wanted->ulValueLen < value.len) {
        wanted->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    cfr_copy(wanted->pValue, value.ptr, value.len);
    wanted->ulValueLen = value.len;
    return CKR_OK;
}

/* The n-th attribute of a set, booleans first. */
static const struct cfr_attr_row *nth_row(const struct cfr_attrs *attrs, size_t n)
{
    for (unsigned bit = 0; bit < CFR_B_COUNT; bit++) {
        if (cfr_attrs_has_bool(attrs, (enum cfr_bool)bit) && n-- == 0) {
            return cfr_attr_by_number(true, bit);
        }
    }
    return n < attrs->count ? attrs->values[n].row : NULL;
}

static size_t count_of(const struct cfr_attrs *attrs)
{
    return (size_t)__builtin_popcountll(attrs->bool_has) + attrs->count;
}

static CK_RV hand_out_element(const struct cfr_attrs *inner, const struct cfr_attr_row *row,
                              CK_ATTRIBUTE *element)
{
    CK_BBOOL flag;

    element->type = row->type;
    if (row->kind == CFR_ATTR_BOOL) {
        flag = cfr_attrs_bool(inner, (enum cfr_bool)row->number) ? CK_TRUE : CK_FALSE;
        return hand_out(element, cfr_span_of(&flag, sizeof(flag)));
    }
    return hand_out(element, cfr_attrs_value(inner, row->type));
}

/*
 * Whether the caller left all types open, as 4.9.1 has it (all ones) or as older callers do (zeroed memory).
 */
static bool are_types_open(const uint8_t *array, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CK_ATTRIBUTE element;

        cfr_copy(&element, array + i * sizeof(element), sizeof(element));
        if (element.type != CK_UNAVAILABLE_INFORMATION &&
            (element.type != 0 || element.pValue != NULL || element.ulValueLen != 0)) {
            return false;
        }
    }
    return true;
}

/* 4.9.1: lengths first, then types and lengths, then values; the array may leave elements out by type. */
static CK_RV hand_out_template(struct cfr_span encoded, CK_ATTRIBUTE *wanted)
{
    AUTO(attrs) inner = CFR_ATTRS;
    uint8_t *array = wanted->pValue;
    size_t count = wanted->ulValueLen / sizeof(CK_ATTRIBUTE);
    bool open;
    CK_RV result = CKR_OK;

    TRY(cfr_attrs_decode(encoded, &inner));
    if (array == NULL) {
        wanted->ulValueLen = count_of(&inner) * sizeof(CK_ATTRIBUTE);
        return CKR_OK;
    }
    open = are_types_open(array, count);
    if (open && count < count_of(&inner)) {
        wanted->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    count = count < count_of(&inner) ? count : count_of(&inner);
    for (size_t i = 0; i < count; i++) {
        CK_ATTRIBUTE element;
        const struct cfr_attr_row *row;
        CK_RV rv;

        cfr_copy(&element, array + i * sizeof(element), sizeof(element));
        row = open ? nth_row(&inner, i) : cfr_attr_find(element.type);
        FAIL_UNLESS(row != NULL && cfr_attrs_has(&inner, row), CKR_TEMPLATE_INCONSISTENT);
        rv = hand_out_element(&inner, row, &element);
        cfr_copy(array + i * sizeof(element), &element, sizeof(element));
        result = rv == CKR_OK ? result : rv;
    }
    wanted->ulValueLen = count * sizeof(CK_ATTRIBUTE);
    return result;
}

static CK_RV fill_one(struct cfr_object *object, CK_ATTRIBUTE *wanted, struct cfr_buf *scratch)
{
    const struct cfr_attr_row *row = cfr_attr_find(wanted->type);
    struct cfr_span value = {0};
    CK_RV rv;

    if (cfr_object_hides(object, wanted->type)) {
        wanted->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_ATTRIBUTE_SENSITIVE;
    }
    rv = cfr_object_value(object, wanted->type, scratch, &value);
    if (rv != CKR_OK) {
        wanted->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return rv;
    }
    return row->kind == CFR_ATTR_TEMPLATE ? hand_out_template(value, wanted) : hand_out(wanted, value);
}

CK_RV cfr_template_fill(struct cfr_object *object, CK_ATTRIBUTE *template, CK_ULONG count)
{
    AUTO(buf) scratch = CFR_BUF(CFR_ATTRS_MAX_LEN);
    CK_RV result = CKR_OK;

    FAIL_UNLESS(template != NULL && count != 0, CKR_ARGUMENTS_BAD);
    FAIL_UNLESS(count <= CFR_TEMPLATE_MAX, CKR_ARGUMENTS_BAD);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_RV rv = fill_one(object, &template[i], &scratch);

        if (rv != CKR_OK) {
            char name[32];

            result = cfr_fail(rv, "%s of a %s", cfr_attr_name(template[i].type, name), object->class->name);
        }
    }
    return result;
}
