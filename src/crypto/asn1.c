/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/asn1.h"

static struct cfr_span fail(struct cfr_der *der)
{
    der->failed = true;
    der->rest = cfr_span_of(NULL, 0);
    return der->rest;
}

unsigned cfr_der_peek(const struct cfr_der *der)
{
    return der->rest.len == 0 ? 0 : der->rest.ptr[0];
}

/*
 * Length octets at rest[1]; returns the header's own length, or 0 when they are not DER or run past the end.
 */
static size_t parse_header(struct cfr_span rest, size_t *ret_len)
{
    size_t len = 0;
    size_t count;

    if (rest.len < 2 || (rest.ptr[0] & 0x1f) == 0x1f) {
        return 0;
    }
    if (rest.ptr[1] < 0x80) {
        *ret_len = rest.ptr[1];
        return rest.len - 2 >= *ret_len ? 2 : 0;
    }
    count = rest.ptr[1] & 0x7f;
    if (count == 0 || count > 4 || rest.len < 2 + count || rest.ptr[2] == 0) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        len = len << 8 | rest.ptr[2 + i];
    }
    *ret_len = len;
    return len >= 0x80 && rest.len - 2 - count >= len ? 2 + count : 0;
}

struct cfr_span cfr_der_take_any(struct cfr_der *der)
{
    struct cfr_span whole;
    size_t len = 0;
    size_t header = parse_header(der->rest, &len);

    if (der->failed || header == 0) {
        return fail(der);
    }
    whole = cfr_span_of(der->rest.ptr, header + len);
    der->rest = cfr_span_after(der->rest, header + len);
    return whole;
}

struct cfr_span cfr_der_take(struct cfr_der *der, unsigned tag)
{
    struct cfr_span whole;
    size_t len = 0;

    if (der->failed || cfr_der_peek(der) != tag) {
        return fail(der);
    }
    whole = cfr_der_take_any(der);
    return cfr_span_after(whole, parse_header(whole, &len));
}

struct cfr_der cfr_der_enter(struct cfr_der *der, unsigned tag)
{
    struct cfr_span contents = cfr_der_take(der, tag);

    return (struct cfr_der){.rest = contents, .failed = der->failed};
}

struct cfr_span cfr_der_take_unsigned(struct cfr_der *der)
{
    struct cfr_span number = cfr_der_take(der, CFR_DER_INTEGER);

    if (number.len == 0 || (number.ptr[0] & 0x80) != 0) {
        return fail(der);
    }
    if (number.len > 1 && number.ptr[0] == 0) {
        if ((number.ptr[1] & 0x80) == 0) {
            return fail(der);
        }
        return cfr_span_after(number, 1);
    }
    return number;
}

struct cfr_span cfr_der_take_bits(struct cfr_der *der)
{
    struct cfr_span bits = cfr_der_take(der, CFR_DER_BIT_STRING);

    if (bits.len == 0 || bits.ptr[0] != 0) {
        return fail(der);
    }
    return cfr_span_after(bits, 1);
}

CK_RV cfr_der_out_begin(size_t max_len, struct cfr_der_out *ret_out)
{
    struct cfr_secret *secret = NULL;

    TRY(cfr_secret_new(max_len, &secret));
    *ret_out = (struct cfr_der_out){.secret = secret, .start = max_len};
    return CKR_OK;
}

void cfr_der_prepend(struct cfr_der_out *out, struct cfr_span octets)
{
    if (out->failed || octets.len > out->start) {
        out->failed = true;
        return;
    }
    out->start -= octets.len;
    cfr_copy(cfr_secret_edit(out->secret) + out->start, octets.ptr, octets.len);
}

size_t cfr_der_mark(const struct cfr_der_out *out)
{
    return cfr_secret_view(out->secret).len - out->start;
}

void cfr_der_wrap(struct cfr_der_out *out, unsigned tag, size_t mark)
{
    size_t len = cfr_der_mark(out) - mark;
    uint8_t header[6];
    size_t at = sizeof(header);

    if (len < 0x80) {
        header[--at] = (uint8_t)len;
    } else {
        for (size_t rest = len; rest != 0 && at > 2; rest >>= 8) {
            header[--at] = (uint8_t)rest;
        }
        header[at - 1] = (uint8_t)(0x80 | (sizeof(header) - at));
        at--;
    }
    header[--at] = (uint8_t)tag;
    cfr_der_prepend(out, cfr_span_of(header + at, sizeof(header) - at));
}

void cfr_der_prepend_element(struct cfr_der_out *out, unsigned tag, struct cfr_span contents)
{
    size_t mark = cfr_der_mark(out);

    cfr_der_prepend(out, contents);
    cfr_der_wrap(out, tag, mark);
}

void cfr_der_prepend_unsigned(struct cfr_der_out *out, struct cfr_span magnitude)
{
    static const uint8_t zero = 0;
    size_t mark = cfr_der_mark(out);

    while (magnitude.len > 0 && magnitude.ptr[0] == 0) {
        magnitude = cfr_span_after(magnitude, 1);
    }
    cfr_der_prepend(out, magnitude);
    if (magnitude.len == 0 || (magnitude.ptr[0] & 0x80) != 0) {
        cfr_der_prepend(out, cfr_span_of(&zero, 1));
    }
    cfr_der_wrap(out, CFR_DER_INTEGER, mark);
}

CK_RV cfr_der_out_finish(struct cfr_der_out *out, struct cfr_secret **ret_text)
{
    struct cfr_span view = cfr_secret_view(out->secret);

    FAIL_UNLESS(!out->failed, CKR_HOST_MEMORY);
    memmove(cfr_secret_edit(out->secret), view.ptr + out->start, view.len - out->start);
    cfr_secret_trim(out->secret, view.len - out->start);
    *ret_text = MOVE(out->secret);
    return CKR_OK;
}
