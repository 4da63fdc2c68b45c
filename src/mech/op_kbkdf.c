/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key derivation with a PRF, SP 800-108: counter, feedback and double-pipeline mode. Built over the MACs, because
 * Cryptoki lets the caller order the fields of the PRF's input, and cuts several keys out of disjoint segments.
 */
#include "crypto/mac.h"
#include "mech/op.h"
#include "mech/params_derive.h"

/* A derivation on its way, dropped by AUTO(kbkdf). */
struct cfr_kbkdf {
    const struct cfr_derive_request *request;
    const struct cfr_derive_params *derive;
    struct cfr_mac *mac;
    struct cfr_secret *segment;  /* K(i) */
    struct cfr_secret *pipeline; /* A(i) */
    struct cfr_span iteration;   /* K(i-1), or A(i): what an iteration variable without a length is */
    uint64_t count;              /* segments made */
    uint64_t key_bits;           /* of all keys */
    uint64_t segment_bits;       /* of all segments that they are cut from */
};

static void cfr_kbkdf_dropp(struct cfr_kbkdf *kbkdf)
{
    cfr_mac_drop(kbkdf->mac);
    cfr_secret_drop(kbkdf->segment);
    cfr_secret_drop(kbkdf->pipeline);
}

static CK_RV begin(const struct cfr_derive_request *request, struct cfr_kbkdf *kbkdf)
{
    const struct cfr_mechanism *prf = request->params->derive->prf;
    size_t segment_len;

    kbkdf->request = request;
    kbkdf->derive = request->params->derive;
    TRY(cfr_mac_new((enum cfr_mac_kind)prf->variant, prf->hash, cfr_keymat_secret(request->base),
                    &kbkdf->mac));
    segment_len = cfr_mac_len(kbkdf->mac);
    TRY(cfr_secret_new(segment_len, &kbkdf->segment));
    TRY(cfr_secret_new(segment_len, &kbkdf->pipeline));
    kbkdf->iteration = kbkdf->derive->iv;
    for (size_t i = 0; i < request->count; i++) {
        if (request->lens[i] == 0) {
            return cfr_fail(CKR_TEMPLATE_INCOMPLETE, "CKA_VALUE_LEN of key %zu is missing", i);
        }
        kbkdf->key_bits += 8 * (uint64_t)request->lens[i];
        kbkdf->segment_bits += 8 * ((request->lens[i] + segment_len - 1) / segment_len * segment_len);
    }
    return CKR_OK;
}

/* A counter that is too wide for its field has come to the end of what may be derived. */
static CK_RV put_number(struct cfr_kbkdf *kbkdf, const struct cfr_derive_field *field, uint64_t value)
{
    uint8_t octets[sizeof(value)];
    struct cfr_span span;

    if (field->len < sizeof(value) && value >> (8 * field->len) != 0) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "a number of %zu bits that does not fit", 8 * field->len);
    }
    if (field->is_little_endian) {
        cfr_store_le64(octets, value);
        span = cfr_span_of(octets, field->len);
    } else {
        cfr_store_be64(octets, value);
        span = cfr_span_after(cfr_span_of(octets, sizeof(octets)), sizeof(octets) - field->len);
    }
    return cfr_mac_update(kbkdf->mac, span);
}

static CK_RV put_field(struct cfr_kbkdf *kbkdf, const struct cfr_derive_field *field)
{
    switch (field->kind) {
    case CFR_FIELD_ITERATION:
        return field->len == 0 ? cfr_mac_update(kbkdf->mac, kbkdf->iteration)
                               : put_number(kbkdf, field, kbkdf->count);
    case CFR_FIELD_COUNTER:
        return put_number(kbkdf, field, kbkdf->count);
    case CFR_FIELD_LENGTH:
        return put_number(kbkdf, field, field->of_segments ? kbkdf->segment_bits : kbkdf->key_bits);
    case CFR_FIELD_OCTETS:
        return cfr_mac_update(kbkdf->mac, field->octets);
    case CFR_FIELD_KEY:
        break;
    }
    return cfr_mac_update(kbkdf->mac, cfr_keymat_secret(kbkdf->request->others[field->other]));
}

/* A(1) is made of the fields that stay the same, every later one of the one before ("Double Pipeline Mode KDF"). */
static CK_RV advance_pipeline(struct cfr_kbkdf *kbkdf)
{
    TRY(cfr_mac_start(kbkdf->mac, cfr_span_of(NULL, 0)));
    if (kbkdf->count > 1) {
        TRY(cfr_mac_update(kbkdf->mac, cfr_secret_view(kbkdf->pipeline)));
    }
    for (size_t i = 0; kbkdf->count == 1 && i < kbkdf->derive->field_count; i++) {
        const struct cfr_derive_field *field = &kbkdf->derive->fields[i];

        if (field->kind != CFR_FIELD_ITERATION && field->kind != CFR_FIELD_COUNTER) {
            TRY(put_field(kbkdf, field));
        }
    }
    TRY(cfr_mac_finish(kbkdf->mac, cfr_secret_edit(kbkdf->pipeline)));
    kbkdf->iteration = cfr_secret_view(kbkdf->pipeline);
    return CKR_OK;
}

static CK_RV next_segment(struct cfr_kbkdf *kbkdf, enum cfr_kbkdf_mode mode)
{
    kbkdf->count++;
    if (mode == CFR_KBKDF_PIPELINE) {
        TRY(advance_pipeline(kbkdf));
    }
    TRY(cfr_mac_start(kbkdf->mac, cfr_span_of(NULL, 0)));
    for (size_t i = 0; i < kbkdf->derive->field_count; i++) {
        TRY(put_field(kbkdf, &kbkdf->derive->fields[i]));
    }
    TRY(cfr_mac_finish(kbkdf->mac, cfr_secret_edit(kbkdf->segment)));
    if (mode == CFR_KBKDF_FEEDBACK) {
        kbkdf->iteration = cfr_secret_view(kbkdf->segment);
    }
    return CKR_OK;
}

CK_RV cfr_derive_kbkdf(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                       struct cfr_secret **ret_octets)
{
    AUTO(kbkdf) kbkdf = {0};
    AUTO(secret) *octets = NULL;
    uint8_t *to;

    TRY(begin(request, &kbkdf));
    TRY(cfr_secret_new((size_t)(kbkdf.key_bits / 8), &octets));
    to = cfr_secret_edit(octets);
    for (size_t i = 0; i < request->count; i++) {
        size_t step;

        /* "No key can be created using part of a segment that was used for another key." */
        for (size_t rest = request->lens[i]; rest != 0; rest -= step) {
            struct cfr_span segment;

            TRY(next_segment(&kbkdf, (enum cfr_kbkdf_mode)mechanism->variant));
            segment = cfr_secret_view(kbkdf.segment);
            step = rest < segment.len ? rest : segment.len;
            cfr_copy(to, segment.ptr, step);
            to += step;
        }
    }
    *ret_octets = MOVE(octets);
    return CKR_OK;
}
