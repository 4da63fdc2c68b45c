/* SPDX-License-Identifier: Apache-2.0 */
/* Attribute sets as octets. Every number has one form, so that a set read and written again is the same. */
#include "object/attrs.h"

enum { PLAIN_USUAL_LEN = 512 /* what most sets need at most, taken in one piece */ };

/* Writes into a secret of the right length; sizes were counted before. */
struct writer {
    uint8_t *at; /* NULL: only count */
    size_t len;
};

static void put(struct writer *writer, struct cfr_span octets)
{
    if (writer->at != NULL) {
        cfr_copy(writer->at + writer->len, octets.ptr, octets.len);
    }
    writer->len += octets.len;
}

static void put_varint(struct writer *writer, uint64_t value)
{
    uint8_t octet;

    do {
        octet = (uint8_t)((value & 0x7f) | (value >= 0x80 ? 0x80 : 0));
        put(writer, cfr_span_of(&octet, 1));
        value >>= 7;
    } while (value != 0);
}

static CK_ULONG ulong_at(const uint8_t *octets)
{
    CK_ULONG number;

    cfr_copy(&number, octets, sizeof(number));
    return number;
}

/*
 * The specification's CK_UNAVAILABLE_INFORMATION is all ones in every width; on disk it is 64 bits of them.
 */
static uint64_t widen(CK_ULONG number)
{
    return number == CK_UNAVAILABLE_INFORMATION ? UINT64_MAX : number;
}

static void put_value(struct writer *writer, const struct cfr_attr_row *row, struct cfr_span value)
{
    put_varint(writer, row->number);
    if (row->kind == CFR_ATTR_ULONG) {
        put_varint(writer, value.len == sizeof(CK_ULONG) ? widen(ulong_at(value.ptr)) : 0);
        return;
    }
    if (row->kind == CFR_ATTR_MECHANISMS) {
        put_varint(writer, value.len / sizeof(CK_ULONG));
        for (size_t i = 0; i + sizeof(CK_ULONG) <= value.len; i += sizeof(CK_ULONG)) {
            put_varint(writer, widen(ulong_at(value.ptr + i)));
        }
        return;
    }
    put_varint(writer, value.len);
    put(writer, value);
}

static void put_attrs(struct writer *writer, const struct cfr_attrs *attrs)
{
    put_varint(writer, attrs->bool_has);
    put_varint(writer, attrs->bool_value);
    for (size_t i = 0; i < attrs->count; i++) {
        put_value(writer, attrs->values[i].row, cfr_attrs_view(attrs, &attrs->values[i]));
    }
}

CK_RV cfr_attrs_encode(const struct cfr_attrs *attrs, struct cfr_secret **ret_text)
{
    struct writer writer = {0};
    AUTO(secret) *text = NULL;

    put_attrs(&writer, attrs);
    TRY(cfr_secret_new(writer.len, &text));
    writer = (struct writer){.at = cfr_secret_edit(text)};
    put_attrs(&writer, attrs);
    *ret_text = MOVE(text);
    return CKR_OK;
}

static CK_RV get_ulong(struct cfr_reader *reader, CK_ULONG *ret_number)
{
    uint64_t number = cfr_read_varint(reader);

    FAIL_UNLESS(!reader->failed, CKR_DEVICE_ERROR);
    *ret_number = (CK_ULONG)number;
    return CKR_OK;
}

static CK_RV get_mechanisms(struct cfr_reader *reader, const struct cfr_attr_row *row,
                            struct cfr_attrs *attrs)
{
    uint64_t count = cfr_read_varint(reader);
    AUTO(buf) list = CFR_BUF(CFR_ATTR_MAX_LEN);

    FAIL_UNLESS(count <= reader->rest.len, CKR_DEVICE_ERROR);
    for (uint64_t i = 0; i < count; i++) {
        CK_ULONG number = 0;

        TRY(get_ulong(reader, &number));
        cfr_buf_put(&list, cfr_span_of(&number, sizeof(number)));
    }
    TRY(cfr_buf_check(&list));
    return cfr_attrs_put(attrs, row, cfr_buf_view(&list));
}

static CK_RV get_value(struct cfr_reader *reader, struct cfr_attrs *attrs)
{
    const struct cfr_attr_row *row = cfr_attr_by_number(false, cfr_read_varint(reader));
    struct cfr_span octets;
    CK_ULONG number = 0;

    FAIL_UNLESS(row != NULL && !cfr_attrs_has(attrs, row), CKR_DEVICE_ERROR);
    if (row->kind == CFR_ATTR_ULONG) {
        TRY(get_ulong(reader, &number));
        return cfr_attrs_put(attrs, row, cfr_span_of(&number, sizeof(number)));
    }
    if (row->kind == CFR_ATTR_MECHANISMS) {
        return get_mechanisms(reader, row, attrs);
    }
    octets = cfr_read_counted(reader);
    FAIL_UNLESS(!reader->failed, CKR_DEVICE_ERROR);
    return cfr_attrs_put(attrs, row, octets);
}

CK_RV cfr_attrs_decode(struct cfr_span text, struct cfr_attrs *attrs)
{
    struct cfr_reader reader = cfr_reader_of(text);

    attrs->bool_has = cfr_read_varint(&reader);
    attrs->bool_value = cfr_read_varint(&reader);
    FAIL_UNLESS((attrs->bool_value & ~attrs->bool_has) == 0 && attrs->bool_has >> CFR_B_COUNT == 0,
                CKR_DEVICE_ERROR);
    TRY(cfr_buf_reserve(&attrs->plain, text.len < PLAIN_USUAL_LEN ? text.len : PLAIN_USUAL_LEN));
    while (!reader.failed && reader.rest.len != 0) {
        TRY(get_value(&reader, attrs));
    }
    FAIL_UNLESS(cfr_reader_done(&reader), CKR_DEVICE_ERROR);
    return CKR_OK;
}
