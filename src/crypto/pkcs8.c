/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs8.h"

#include "crypto/asn1.h"
#include "crypto/curve_private.h"
#include "crypto/ec.h"
#include "crypto/ffc_pkcs8.h"
#include "crypto/keymat_private.h"
#include "crypto/pq_pkcs8.h"
#include "crypto/rsa.h"

enum { ENCODING_OVERHEAD_LEN = 512, VERSION_1 = 0, VERSION_2 = 1, EC_VERSION = 1 };

/* rsaEncryption (RFC 8017) and id-ecPublicKey (RFC 5480), DER with header. */
static const uint8_t oid_rsa[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t oid_ec[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

static void prepend_small(struct cfr_der_out *out, uint8_t value)
{
    cfr_der_prepend_unsigned(out, cfr_span_of(&value, 1));
}

/* RSAPrivateKey, RFC 8017 A.1.2; written backwards. */
static CK_RV put_rsa(const struct cfr_keymat *keymat, struct cfr_der_out *out)
{
    size_t mark = cfr_der_mark(out);

    for (int part = CFR_RSA_QI; part >= CFR_RSA_N; part--) {
        AUTO(secret) *number = NULL;

        TRY_MAP(cfr_rsa_number(keymat, (enum cfr_rsa_part)part, &number), CKR_ATTRIBUTE_TYPE_INVALID,
                CKR_KEY_NOT_WRAPPABLE);
        cfr_der_prepend_unsigned(out, cfr_secret_view(number));
    }
    prepend_small(out, 0);
    cfr_der_wrap(out, CFR_DER_SEQUENCE, mark);
    return CKR_OK;
}

/* ECPrivateKey, RFC 5915, with the public key and without parameters (PKCS#11 6.7). */
static CK_RV put_ec(const struct cfr_keymat *keymat, struct cfr_der_out *out)
{
    AUTO(secret) *value = NULL;
    uint8_t point[1 + CFR_EC_POINT_MAX_LEN] = {0}; /* no unused bits, then the point */
    size_t point_len = 0;
    size_t mark = cfr_der_mark(out);

    TRY(cfr_ec_value(keymat, &value));
    TRY(cfr_ec_point(keymat, point + 1, &point_len));
    cfr_der_prepend_element(out, CFR_DER_BIT_STRING, cfr_span_of(point, 1 + point_len));
    cfr_der_wrap(out, CFR_DER_CONTEXT_1, mark);
    cfr_der_prepend_element(out, CFR_DER_OCTET_STRING, cfr_secret_view(value));
    prepend_small(out, EC_VERSION);
    cfr_der_wrap(out, CFR_DER_SEQUENCE, mark);
    return CKR_OK;
}

/* CurvePrivateKey, RFC 8410. */
static CK_RV put_modern(const struct cfr_keymat *keymat, struct cfr_der_out *out)
{
    AUTO(secret) *value = NULL;

    TRY(cfr_ec_value(keymat, &value));
    cfr_der_prepend_element(out, CFR_DER_OCTET_STRING, cfr_secret_view(value));
    return CKR_OK;
}

static CK_RV put_key(const struct cfr_keymat *keymat, struct cfr_der_out *out)
{
    switch (keymat->family) {
    case CFR_KEY_RSA:
        return put_rsa(keymat, out);
    case CFR_KEY_EC:
        return put_ec(keymat, out);
    case CFR_KEY_EDWARDS:
    case CFR_KEY_MONTGOMERY:
        return put_modern(keymat, out);
    case CFR_KEY_ML_KEM:
    case CFR_KEY_ML_DSA:
    case CFR_KEY_SLH_DSA:
        return cfr_pq_pkcs8_put(keymat, out);
    case CFR_KEY_DH:
    case CFR_KEY_X942_DH:
        return cfr_ffc_pkcs8_put(keymat, out);
    case CFR_KEY_DSA:
    case CFR_KEY_SECRET:
        break;
    }
    return CKR_KEY_NOT_WRAPPABLE;
}

static bool is_ffc(enum cfr_key_family family)
{
    return family == CFR_KEY_DH || family == CFR_KEY_X942_DH;
}

static CK_RV put_algorithm(const struct cfr_keymat *keymat, struct cfr_der_out *out)
{
    size_t mark = cfr_der_mark(out);

    if (is_ffc(keymat->family)) {
        TRY(cfr_ffc_pkcs8_put_algorithm(keymat, out));
    } else if (keymat->family == CFR_KEY_RSA) {
        cfr_der_prepend_element(out, CFR_DER_NULL, cfr_span_of(NULL, 0));
        cfr_der_prepend(out, cfr_span_of(oid_rsa, sizeof(oid_rsa)));
    } else if (keymat->set != NULL) {
        uint8_t oid[CFR_PQ_OID_LEN];

        cfr_pq_oid(keymat->set, oid);
        cfr_der_prepend(out, cfr_span_of(oid, sizeof(oid)));
    } else {
        cfr_der_prepend(out, cfr_curve_params(keymat->curve));
        if (keymat->family == CFR_KEY_EC) {
            cfr_der_prepend(out, cfr_span_of(oid_ec, sizeof(oid_ec)));
        }
    }
    cfr_der_wrap(out, CFR_DER_SEQUENCE, mark);
    return CKR_OK;
}

CK_RV cfr_pkcs8_encode(const struct cfr_keymat *keymat, struct cfr_secret **ret_text)
{
    AUTO(der_out) out = {0};

    /*
     * RSA: eight numbers, none longer than the modulus, five of half its length. Post-quantum private keys are at most
     * twice as long as the public ones, which bits are of, and have a seed. Diffie-Hellman has four numbers.
     */
    TRY(cfr_der_out_begin(ENCODING_OVERHEAD_LEN + 5 * (keymat->bits / 8 + 8), &out));
    TRY(put_key(keymat, &out));
    cfr_der_wrap(&out, CFR_DER_OCTET_STRING, 0);
    TRY(put_algorithm(keymat, &out));
    prepend_small(&out, VERSION_1);
    cfr_der_wrap(&out, CFR_DER_SEQUENCE, 0);
    return cfr_der_out_finish(&out, ret_text);
}

static CK_RV get_rsa(struct cfr_span text, struct cfr_keymat **ret_keymat)
{
    struct cfr_rsa_numbers numbers = {0};
    struct cfr_der outer = cfr_der_of(text);
    struct cfr_der key = cfr_der_enter(&outer, CFR_DER_SEQUENCE);
    struct cfr_span version = cfr_der_take_unsigned(&key);

    for (int part = CFR_RSA_N; part < CFR_RSA_PARTS; part++) {
        numbers.part[part] = cfr_der_take_unsigned(&key);
    }
    FAIL_UNLESS(cfr_der_done(&key) && cfr_der_done(&outer), CKR_WRAPPED_KEY_INVALID);
    FAIL_UNLESS(version.len == 1 && version.ptr[0] == 0, CKR_WRAPPED_KEY_INVALID);
    return cfr_rsa_import_private(&numbers, ret_keymat);
}

/* The optional members of ECPrivateKey must agree with what is known without them. */
static CK_RV check_ec_extras(struct cfr_der *key, const struct cfr_keymat *keymat)
{
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    size_t point_len = 0;

    if (cfr_der_peek(key) == CFR_DER_CONTEXT_0) {
        struct cfr_span params = cfr_der_take(key, CFR_DER_CONTEXT_0);

        FAIL_UNLESS(cfr_span_equal(params, cfr_curve_params(keymat->curve)), CKR_WRAPPED_KEY_INVALID);
    }
    if (cfr_der_peek(key) == CFR_DER_CONTEXT_1) {
        struct cfr_der wrapper = cfr_der_enter(key, CFR_DER_CONTEXT_1);
        struct cfr_span bits = cfr_der_take_bits(&wrapper);
        AUTO(keymat) *given = NULL;
        uint8_t given_point[CFR_EC_POINT_MAX_LEN];
        size_t given_len = 0;

        FAIL_UNLESS(cfr_der_done(&wrapper), CKR_WRAPPED_KEY_INVALID);
        TRY(cfr_ec_import_public(keymat->curve, bits, &given));
        TRY(cfr_ec_point(given, given_point, &given_len));
        TRY(cfr_ec_point(keymat, point, &point_len));
        FAIL_UNLESS(cfr_span_equal(cfr_span_of(point, point_len), cfr_span_of(given_point, given_len)),
                    CKR_WRAPPED_KEY_INVALID);
    }
    return CKR_OK;
}

static CK_RV get_ec(struct cfr_span params, struct cfr_span text, struct cfr_keymat **ret_keymat)
{
    AUTO(keymat) *keymat = NULL;
    const struct cfr_curve *curve = NULL;
    struct cfr_der outer = cfr_der_of(text);
    struct cfr_der key = cfr_der_enter(&outer, CFR_DER_SEQUENCE);
    struct cfr_span version = cfr_der_take_unsigned(&key);
    struct cfr_span value = cfr_der_take(&key, CFR_DER_OCTET_STRING);

    FAIL_UNLESS(!key.failed && cfr_der_done(&outer), CKR_WRAPPED_KEY_INVALID);
    FAIL_UNLESS(version.len == 1 && version.ptr[0] == EC_VERSION, CKR_WRAPPED_KEY_INVALID);
    TRY(cfr_curve_find(CFR_KEY_EC, params, &curve));
    TRY(cfr_ec_import_private(curve, value, &keymat));
    TRY(check_ec_extras(&key, keymat));
    FAIL_UNLESS(cfr_der_done(&key), CKR_WRAPPED_KEY_INVALID);
    *ret_keymat = MOVE(keymat);
    return CKR_OK;
}

static CK_RV get_modern(struct cfr_span oid, struct cfr_span text, struct cfr_keymat **ret_keymat)
{
    const struct cfr_curve *curve = NULL;
    struct cfr_der outer = cfr_der_of(text);
    struct cfr_span value = cfr_der_take(&outer, CFR_DER_OCTET_STRING);

    FAIL_UNLESS(cfr_der_done(&outer), CKR_WRAPPED_KEY_INVALID);
    if (cfr_curve_find(CFR_KEY_EDWARDS, oid, &curve) != CKR_OK) {
        TRY(cfr_curve_find(CFR_KEY_MONTGOMERY, oid, &curve));
    }
    return cfr_ec_import_private(curve, value, ret_keymat);
}

static CK_RV get_key(struct cfr_der *algorithm, struct cfr_span text, struct cfr_keymat **ret_keymat)
{
    unsigned tag = cfr_der_peek(algorithm);
    struct cfr_span oid = cfr_der_take_any(algorithm);

    FAIL_UNLESS(tag == CFR_DER_OID, CKR_WRAPPED_KEY_INVALID);
    if (cfr_span_equal(oid, cfr_span_of(oid_rsa, sizeof(oid_rsa)))) {
        struct cfr_span null = cfr_der_take(algorithm, CFR_DER_NULL);

        FAIL_UNLESS(cfr_der_done(algorithm) && null.len == 0, CKR_WRAPPED_KEY_INVALID);
        return get_rsa(text, ret_keymat);
    }
    if (cfr_span_equal(oid, cfr_span_of(oid_ec, sizeof(oid_ec)))) {
        struct cfr_span params;

        tag = cfr_der_peek(algorithm);
        params = cfr_der_take_any(algorithm);
        /* A curve's name, which CKA_EC_PARAMS may have, is not for this place (RFC 5480 2.1.1). */
        FAIL_UNLESS(cfr_der_done(algorithm) && tag != CFR_DER_PRINTABLE_STRING, CKR_WRAPPED_KEY_INVALID);
        return get_ec(params, text, ret_keymat);
    }
    if (cfr_ffc_pkcs8_family(oid) != CFR_KEY_SECRET) {
        return cfr_ffc_pkcs8_get(cfr_ffc_pkcs8_family(oid), algorithm, text, ret_keymat);
    }
    FAIL_UNLESS(cfr_der_done(algorithm), CKR_WRAPPED_KEY_INVALID);
    if (cfr_pq_find_oid(oid) != NULL) {
        return cfr_pq_pkcs8_get(cfr_pq_find_oid(oid), text, ret_keymat);
    }
    return get_modern(oid, text, ret_keymat);
}

/* Every way in which the numbers can be wrong is one answer here: an unwrapping must not tell them apart. */
static CK_RV as_wrapped_key_error(CK_RV rv)
{
    bool is_about_key = rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_TEMPLATE_INCOMPLETE ||
                        rv == CKR_DOMAIN_PARAMS_INVALID || rv == CKR_PUBLIC_KEY_INVALID;

    return is_about_key ? CKR_WRAPPED_KEY_INVALID : rv;
}

CK_RV cfr_pkcs8_decode(struct cfr_span text, struct cfr_keymat **ret_keymat)
{
    struct cfr_der outer = cfr_der_of(text);
    struct cfr_der info = cfr_der_enter(&outer, CFR_DER_SEQUENCE);
    struct cfr_span version = cfr_der_take_unsigned(&info);
    struct cfr_der algorithm = cfr_der_enter(&info, CFR_DER_SEQUENCE);
    struct cfr_span key = cfr_der_take(&info, CFR_DER_OCTET_STRING);

    FAIL_UNLESS(!info.failed && cfr_der_done(&outer), CKR_WRAPPED_KEY_INVALID);
    FAIL_UNLESS(version.len == 1 && version.ptr[0] <= VERSION_2, CKR_WRAPPED_KEY_INVALID);
    /* Attributes, and in version 2 the public key, may follow; Cryptoki takes neither from here. */
    if (cfr_der_peek(&info) == CFR_DER_CONTEXT_0) {
        (void)cfr_der_take_any(&info);
    }
    if (version.ptr[0] == VERSION_2 && (cfr_der_peek(&info) & 0x9f) == 0x81) {
        (void)cfr_der_take_any(&info);
    }
    FAIL_UNLESS(cfr_der_done(&info), CKR_WRAPPED_KEY_INVALID);
    return as_wrapped_key_error(get_key(&algorithm, key, ret_keymat));
}
