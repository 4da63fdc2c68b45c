/* SPDX-License-Identifier: Apache-2.0 */
#include "object/certificate.h"

#include "crypto/asn1.h"

/* The subjectPublicKeyInfo of a Certificate, header included; empty when it is none. */
static struct cfr_span find_public_key_info(struct cfr_span value)
{
    struct cfr_der der = cfr_der_of(value);
    struct cfr_der certificate = cfr_der_enter(&der, CFR_DER_SEQUENCE);
    struct cfr_der tbs = cfr_der_enter(&certificate, CFR_DER_SEQUENCE);
    struct cfr_span info;

    if (cfr_der_peek(&tbs) == CFR_DER_CONTEXT_0) {
        (void)cfr_der_take(&tbs, CFR_DER_CONTEXT_0); /* version */
    }
    (void)cfr_der_take(&tbs, CFR_DER_INTEGER); /* serialNumber */
    for (int i = 0; i < 4; i++) {
        (void)cfr_der_take(&tbs, CFR_DER_SEQUENCE); /* signature, issuer, validity, subject */
    }
    info = cfr_der_peek(&tbs) == CFR_DER_SEQUENCE ? cfr_der_take_any(&tbs) : cfr_span_of(NULL, 0);
    return cfr_der_done(&der) && !tbs.failed ? info : cfr_span_of(NULL, 0);
}

CK_RV cfr_certificate_settle(struct cfr_attrs *attrs)
{
    struct cfr_span info = find_public_key_info(cfr_attrs_value(attrs, CKA_VALUE));
    struct cfr_span given = cfr_attrs_value(attrs, CKA_PUBLIC_KEY_INFO);
    AUTO(buf) copy = CFR_BUF(CFR_ATTRS_MAX_LEN);

    if (info.len == 0) {
        return CKR_OK;
    }
    if (given.len != 0) {
        if (!cfr_span_equal(given, info)) {
            return cfr_fail(CKR_ATTRIBUTE_VALUE_INVALID,
                            "CKA_PUBLIC_KEY_INFO is not that of the certificate");
        }
        return CKR_OK;
    }
    cfr_buf_put(&copy, info);
    TRY(cfr_buf_check(&copy));
    return cfr_attrs_set(attrs, CKA_PUBLIC_KEY_INFO, cfr_buf_view(&copy));
}
