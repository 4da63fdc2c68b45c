/* SPDX-License-Identifier: Apache-2.0 */
#include "session/dual.h"

/* Before either takes the part: what each would say of itself. */
static CK_RV check_both(struct cfr_session *session, enum cfr_use first, enum cfr_use other,
                        const struct cfr_output *out)
{
    if (out->len == NULL) {
        return cfr_operation_fail(session, first, CKR_ARGUMENTS_BAD);
    }
    FAIL_UNLESS(session->operations[first].is_active && session->operations[other].is_active,
                CKR_OPERATION_NOT_INITIALIZED);
    TRY(cfr_operation_check_part(session, first));
    return cfr_operation_check_part(session, other);
}

static bool overlap(struct cfr_span in, const struct cfr_output *out)
{
    uintptr_t from = (uintptr_t)in.ptr;
    uintptr_t to = (uintptr_t)out->ptr;

    return out->ptr != NULL && (to >= from ? to - from < in.len : from - to < *out->len);
}

/* The first operation has taken its part: @p other gets what is due to it, or both end. */
static CK_RV follow(struct cfr_session *session, enum cfr_use first, enum cfr_use other, struct cfr_span part,
                    const struct cfr_output *out, CK_ULONG room)
{
    CK_RV rv = cfr_operation_update(session, other, part, NULL);

    if (rv != CKR_OK) {
        *out->len = room;
        return cfr_operation_fail(session, first, rv);
    }
    return CKR_OK;
}

CK_RV cfr_dual_encrypt(struct cfr_session *session, enum cfr_use other, struct cfr_span in,
                       const struct cfr_output *out)
{
    AUTO(secret) *plain = NULL;
    CK_ULONG room;
    CK_RV rv;

    TRY(check_both(session, CFR_USE_ENCRYPT, other, out));
    room = *out->len;
    rv = cfr_operation_check_input(in);
    if (rv == CKR_OK && overlap(in, out)) {
        rv = cfr_secret_from(in, &plain);
    }
    if (rv != CKR_OK) {
        return cfr_operation_fail(session, CFR_USE_ENCRYPT, rv);
    }
    TRY(cfr_operation_update(session, CFR_USE_ENCRYPT, in, out));
    if (cfr_output_is_query(out)) {
        return CKR_OK;
    }
    return follow(session, CFR_USE_ENCRYPT, other, plain == NULL ? in : cfr_secret_view(plain), out, room);
}

CK_RV cfr_dual_decrypt(struct cfr_session *session, enum cfr_use other, struct cfr_span in,
                       const struct cfr_output *out)
{
    CK_ULONG room;

    TRY(check_both(session, CFR_USE_DECRYPT, other, out));
    room = *out->len;
    TRY(cfr_operation_update(session, CFR_USE_DECRYPT, in, out));
    if (cfr_output_is_query(out)) {
        return CKR_OK;
    }
    return follow(session, CFR_USE_DECRYPT, other, cfr_span_of(out->ptr, *out->len), out, room);
}
