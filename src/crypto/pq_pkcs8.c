/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pq_pkcs8.h"

/* [0] IMPLICIT OCTET STRING: a seed by itself. */
enum { DER_SEED = 0x80 };

static CK_RV put_choice(const struct cfr_keymat *keymat, struct cfr_span value, struct cfr_der_out *out)
{
    size_t mark = cfr_der_mark(out);
    AUTO(secret) *seed = NULL;
    CK_RV rv = cfr_pq_seed(keymat, &seed);

    cfr_der_prepend_element(out, CFR_DER_OCTET_STRING, value);
    if (rv == CKR_ATTRIBUTE_TYPE_INVALID) {
        return CKR_OK;
    }
    TRY(rv);
    cfr_der_prepend_element(out, CFR_DER_OCTET_STRING, cfr_secret_view(seed));
    cfr_der_wrap(out, CFR_DER_SEQUENCE, mark);
    return CKR_OK;
}

CK_RV cfr_pq_pkcs8_put(const struct cfr_keymat *keymat, struct cfr_der_out *out)
{
    AUTO(secret) *value = NULL;

    TRY(cfr_pq_private(keymat, &value));
    if (cfr_pq_set_of(keymat)->seed_len == 0) {
        cfr_der_prepend(out, cfr_secret_view(value)); /* SLH-DSA: the octets themselves */
        return CKR_OK;
    }
    return put_choice(keymat, cfr_secret_view(value), out);
}

CK_RV cfr_pq_pkcs8_get(const struct cfr_pq_set *set, struct cfr_span text, struct cfr_keymat **ret_keymat)
{
    struct cfr_der outer = cfr_der_of(text);
    struct cfr_span seed = cfr_span_of(NULL, 0);
    struct cfr_span value = cfr_span_of(NULL, 0);

    if (set->seed_len == 0) {
        value = text;
    } else if (cfr_der_peek(&outer) == DER_SEED) {
        seed = cfr_der_take(&outer, DER_SEED);
        FAIL_UNLESS(cfr_der_done(&outer), CKR_WRAPPED_KEY_INVALID);
    } else if (cfr_der_peek(&outer) == CFR_DER_SEQUENCE) {
        struct cfr_der both = cfr_der_enter(&outer, CFR_DER_SEQUENCE);

        seed = cfr_der_take(&both, CFR_DER_OCTET_STRING);
        value = cfr_der_take(&both, CFR_DER_OCTET_STRING);
        FAIL_UNLESS(cfr_der_done(&both) && cfr_der_done(&outer), CKR_WRAPPED_KEY_INVALID);
        FAIL_UNLESS(seed.len != 0 && value.len != 0, CKR_WRAPPED_KEY_INVALID);
    } else {
        value = cfr_der_take(&outer, CFR_DER_OCTET_STRING);
        FAIL_UNLESS(cfr_der_done(&outer), CKR_WRAPPED_KEY_INVALID);
    }
    TRY(cfr_pq_find(set->family, set->number, &set));
    return cfr_pq_import_private(set, seed, value, ret_keymat);
}
