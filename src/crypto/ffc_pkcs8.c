/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ffc_pkcs8.h"

#include "crypto/ffc.h"

/* dhKeyAgreement (PKCS #3) and dhpublicnumber (RFC 3279, 2.3.3), DER with header. */
static const uint8_t oid_dh[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x03, 0x01};
static const uint8_t oid_x942[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3e, 0x02, 0x01};

enum cfr_key_family cfr_ffc_pkcs8_family(struct cfr_span oid)
{
    return cfr_span_equal(oid, cfr_span_of(oid_dh, sizeof(oid_dh)))       ? CFR_KEY_DH
           : cfr_span_equal(oid, cfr_span_of(oid_x942, sizeof(oid_x942))) ? CFR_KEY_X942_DH
                                                                          : CFR_KEY_SECRET;
}

static CK_RV put_number(const struct cfr_keymat *keymat, enum cfr_ffc_part part, struct cfr_der_out *out)
{
    AUTO(secret) *number = NULL;

    TRY(cfr_ffc_number(keymat, part, &number));
    cfr_der_prepend_unsigned(out, cfr_secret_view(number));
    return CKR_OK;
}

CK_RV cfr_ffc_pkcs8_put(const struct cfr_keymat *keymat, struct cfr_der_out *out)
{
    return put_number(keymat, CFR_FFC_PRIVATE, out);
}

CK_RV cfr_ffc_pkcs8_put_algorithm(const struct cfr_keymat *keymat, struct cfr_der_out *out)
{
    bool is_dh = cfr_keymat_family(keymat) == CFR_KEY_DH;
    size_t mark = cfr_der_mark(out);

    if (!is_dh) {
        TRY(put_number(keymat, CFR_FFC_SUBPRIME, out));
    }
    TRY(put_number(keymat, CFR_FFC_BASE, out));
    TRY(put_number(keymat, CFR_FFC_PRIME, out));
    cfr_der_wrap(out, CFR_DER_SEQUENCE, mark);
    cfr_der_prepend(out,
                    is_dh ? cfr_span_of(oid_dh, sizeof(oid_dh)) : cfr_span_of(oid_x942, sizeof(oid_x942)));
    return CKR_OK;
}

CK_RV cfr_ffc_pkcs8_get(enum cfr_key_family family, struct cfr_der *algorithm, struct cfr_span text,
                        struct cfr_keymat **ret_keymat)
{
    struct cfr_der params = cfr_der_enter(algorithm, CFR_DER_SEQUENCE);
    struct cfr_der key = cfr_der_of(text);
    struct cfr_span value = cfr_der_take_unsigned(&key);
    struct cfr_ffc_domain domain = {0};

    domain.prime = cfr_der_take_unsigned(&params);
    domain.base = cfr_der_take_unsigned(&params);
    if (family != CFR_KEY_DH) {
        domain.subprime = cfr_der_take_unsigned(&params);
    } else if (cfr_der_peek(&params) == CFR_DER_INTEGER) {
        (void)cfr_der_take_unsigned(&params); /* privateValueLength, which x has by itself */
    }
    /* Cofactor and validation "should not be used"; who does writes them behind. */
    if (family != CFR_KEY_DH && cfr_der_peek(&params) == CFR_DER_INTEGER) {
        (void)cfr_der_take_unsigned(&params);
    }
    if (family != CFR_KEY_DH && cfr_der_peek(&params) == CFR_DER_SEQUENCE) {
        (void)cfr_der_take_any(&params);
    }
    FAIL_UNLESS(cfr_der_done(&params) && cfr_der_done(algorithm) && cfr_der_done(&key),
                CKR_WRAPPED_KEY_INVALID);
    return cfr_ffc_import_private(family, &domain, value, ret_keymat);
}
