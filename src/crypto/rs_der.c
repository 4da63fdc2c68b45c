/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rs_der.h"

#include "crypto/asn1.h"

/* An INTEGER at @p out; returns its length. */
static size_t put_integer(struct cfr_span number, uint8_t *out)
{
    size_t at = 2;

    while (number.len > 1 && number.ptr[0] == 0) {
        number = cfr_span_after(number, 1);
    }
    if ((number.ptr[0] & 0x80) != 0) {
        out[at++] = 0;
    }
    cfr_copy(out + at, number.ptr, number.len);
    at += number.len;
    out[0] = CFR_DER_INTEGER;
    out[1] = (uint8_t)(at - 2);
    return at;
}

size_t cfr_rs_to_der(struct cfr_span signature, uint8_t out[CFR_RS_DER_MAX_LEN])
{
    uint8_t body[CFR_RS_DER_MAX_LEN];
    size_t half = signature.len / 2;
    size_t body_len;
    size_t at = 0;

    body_len = put_integer(cfr_span_of(signature.ptr, half), body);
    body_len += put_integer(cfr_span_of(signature.ptr + half, half), body + body_len);
    out[at++] = CFR_DER_SEQUENCE;
    if (body_len >= 0x80) {
        out[at++] = 0x81;
    }
    out[at++] = (uint8_t)body_len;
    cfr_copy(out + at, body, body_len);
    return at + body_len;
}
