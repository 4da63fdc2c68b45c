/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/alloc.h"

#include <stdlib.h>

void cfr_buf_clear(struct cfr_buf *buf)
{
    cfr_free(buf->ptr);
    *buf = CFR_BUF(buf->limit);
}

static bool make_room(struct cfr_buf *buf, size_t more)
{
    size_t room = buf->room == 0 ? 64 : buf->room;
    uint8_t *larger;

    if (buf->failed || more > buf->limit - buf->len) {
        return false;
    }
    if (more <= buf->room - buf->len) {
        return true;
    }
    while (room - buf->len < more) {
        room = room > buf->limit / 2 ? buf->limit : 2 * room;
    }
    larger = cfr_alloc(room);
    if (larger == NULL) {
        return false;
    }
    cfr_copy(larger, buf->ptr, buf->len);
    cfr_free(buf->ptr);
    buf->ptr = larger;
    buf->room = room;
    return true;
}

CK_RV cfr_buf_reserve(struct cfr_buf *buf, size_t len)
{
    FAIL_UNLESS(make_room(buf, len), CKR_HOST_MEMORY);
    return CKR_OK;
}

void cfr_buf_put(struct cfr_buf *buf, struct cfr_span octets)
{
    if (!make_room(buf, octets.len)) {
        buf->failed = true;
        return;
    }
    if (octets.len != 0) {
        cfr_copy(buf->ptr + buf->len, octets.ptr, octets.len);
        buf->len += octets.len;
    }
}

void cfr_buf_put_zeros(struct cfr_buf *buf, size_t len)
{
    if (!make_room(buf, len)) {
        buf->failed = true;
        return;
    }
    if (len != 0) {
        memset(buf->ptr + buf->len, 0, len);
        buf->len += len;
    }
}

void cfr_buf_put_u8(struct cfr_buf *buf, uint8_t value)
{
    cfr_buf_put(buf, cfr_span_of(&value, 1));
}

void cfr_buf_put_be32(struct cfr_buf *buf, uint32_t value)
{
    uint8_t octets[4];

    cfr_store_be32(octets, value);
    cfr_buf_put(buf, cfr_span_of(octets, sizeof(octets)));
}

void cfr_buf_put_be64(struct cfr_buf *buf, uint64_t value)
{
    uint8_t octets[8];

    cfr_store_be64(octets, value);
    cfr_buf_put(buf, cfr_span_of(octets, sizeof(octets)));
}

void cfr_buf_put_varint(struct cfr_buf *buf, uint64_t value)
{
    uint8_t octets[10];
    size_t len = 0;

    while (value >= 0x80) {
        octets[len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    octets[len++] = (uint8_t)value;
    cfr_buf_put(buf, cfr_span_of(octets, len));
}

void cfr_buf_put_counted(struct cfr_buf *buf, struct cfr_span octets)
{
    cfr_buf_put_varint(buf, octets.len);
    cfr_buf_put(buf, octets);
}

CK_RV cfr_buf_check(const struct cfr_buf *buf)
{
    FAIL_UNLESS(!buf->failed, CKR_HOST_MEMORY);
    return CKR_OK;
}

struct cfr_span cfr_read_octets(struct cfr_reader *reader, size_t len)
{
    struct cfr_span octets;

    if (reader->failed || len > reader->rest.len) {
        reader->failed = true;
        return cfr_span_of(NULL, 0);
    }
    octets = cfr_span_of(reader->rest.ptr, len);
    reader->rest = cfr_span_after(reader->rest, len);
    return octets;
}

void cfr_read_into(struct cfr_reader *reader, void *to, size_t len)
{
    struct cfr_span octets = cfr_read_octets(reader, len);

    cfr_copy(to, octets.ptr, octets.len);
}

uint8_t cfr_read_u8(struct cfr_reader *reader)
{
    struct cfr_span octets = cfr_read_octets(reader, 1);

    return octets.len == 0 ? 0 : octets.ptr[0];
}

uint32_t cfr_read_be32(struct cfr_reader *reader)
{
    struct cfr_span octets = cfr_read_octets(reader, 4);

    return octets.len == 0 ? 0 : cfr_load_be32(octets.ptr);
}

uint64_t cfr_read_be64(struct cfr_reader *reader)
{
    struct cfr_span octets = cfr_read_octets(reader, 8);

    return octets.len == 0 ? 0 : cfr_load_be64(octets.ptr);
}

uint64_t cfr_read_varint(struct cfr_reader *reader)
{
    uint64_t value = 0;
    uint8_t octet;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        octet = cfr_read_u8(reader);
        if ((shift == 63 && octet > 1) || (shift > 0 && octet == 0)) {
            break;
        }
        value |= (uint64_t)(octet & 0x7f) << shift;
        if ((octet & 0x80) == 0) {
            return reader->failed ? 0 : value;
        }
    }
    reader->failed = true;
    return 0;
}

struct cfr_span cfr_read_counted(struct cfr_reader *reader)
{
    uint64_t len = cfr_read_varint(reader);

    if (len > reader->rest.len) {
        reader->failed = true;
        return cfr_span_of(NULL, 0);
    }
    return cfr_read_octets(reader, (size_t)len);
}
