/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on curves: from points and values, to them, and new ones. */
#include "crypto/curve_private.h"
#include "crypto/ec.h"
#include "crypto/edwards_point.h"
#include "crypto/keymat_private.h"

#include <openssl/ec.h>
#include <openssl/param_build.h>

struct cfr_ec_numbers {
    EC_POINT *point;
    BIGNUM *value;
    BN_CTX *ctx;
};

static void cfr_ec_numbers_dropp(struct cfr_ec_numbers *numbers)
{
    EC_POINT_free(numbers->point);
    BN_clear_free(numbers->value);
    BN_CTX_free(numbers->ctx);
}

static CK_RV begin(const struct cfr_curve *curve, struct cfr_ec_numbers *numbers)
{
    numbers->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : BN_CTX_secure_new_ex(cfr_ossl.context);
    numbers->point = numbers->ctx == NULL ? NULL : EC_POINT_new(curve->group);
    FAIL_UNLESS(numbers->point != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

/*
 * SEC 1 3.2.2.1: not infinity, on the curve; the order only matters where the cofactor leaves other
 * subgroups.
 */
static CK_RV load_point(const struct cfr_curve *curve, struct cfr_span octets, struct cfr_ec_numbers *numbers)
{
    const BIGNUM *order = EC_GROUP_get0_order(curve->group);
    EC_POINT *multiple;
    bool in_group;

    OSSL_TRY(EC_POINT_oct2point(curve->group, numbers->point, octets.ptr, octets.len, numbers->ctx),
             CKR_ATTRIBUTE_VALUE_INVALID);
    FAIL_UNLESS(!EC_POINT_is_at_infinity(curve->group, numbers->point), CKR_ATTRIBUTE_VALUE_INVALID);
    if (curve->cofactor_is_one) {
        return CKR_OK;
    }
    multiple = EC_POINT_new(curve->group);
    in_group = multiple != NULL &&
               EC_POINT_mul(curve->group, multiple, NULL, numbers->point, order, numbers->ctx) == 1 &&
               EC_POINT_is_at_infinity(curve->group, multiple);
    EC_POINT_free(multiple);
    FAIL_UNLESS(in_group, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

static size_t encode_point(const struct cfr_curve *curve, const struct cfr_ec_numbers *numbers, uint8_t *out)
{
    return EC_POINT_point2oct(curve->group, numbers->point, POINT_CONVERSION_UNCOMPRESSED, out,
                              CFR_EC_POINT_MAX_LEN, numbers->ctx);
}

static CK_RV wrap_weierstrass_take(const struct cfr_curve *curve, bool is_private, EVP_PKEY *pkey,
                                   struct cfr_keymat **ret_keymat)
{
    FAIL_UNLESS(pkey != NULL, CKR_HOST_MEMORY);
    TRY(cfr_keymat_from_pkey_take(CFR_KEY_EC, is_private, pkey, ret_keymat));
    (*ret_keymat)->bits = curve->bits;
    (*ret_keymat)->curve = curve;
    return CKR_OK;
}

/* A public key from an uncompressed point; libcrypto checks that it is on the curve. */
static CK_RV build_public(const struct cfr_curve *curve, struct cfr_span point,
                          struct cfr_keymat **ret_keymat)
{
    EVP_PKEY *pkey = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_PKEY_dup(curve->blank);

    FAIL_UNLESS(pkey != NULL, CKR_HOST_MEMORY);
    if (EVP_PKEY_set1_encoded_public_key(pkey, point.ptr, point.len) != 1) {
        EVP_PKEY_free(pkey);
        return cfr_fail(CKR_ATTRIBUTE_VALUE_INVALID, "the point is not on the curve");
    }
    return wrap_weierstrass_take(curve, false, pkey, ret_keymat);
}

static CK_RV build_private(const struct cfr_curve *curve, const struct cfr_ec_numbers *numbers,
                           struct cfr_keymat **ret_keymat)
{
    OSSL_PARAM_BLD *builder = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : OSSL_PARAM_BLD_new();
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    size_t point_len = encode_point(curve, numbers, point);
    EVP_PKEY *pkey = NULL;

    if (builder != NULL && point_len != 0 &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, OBJ_nid2sn(curve->nid), 0) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_len) &&
        OSSL_PARAM_BLD_push_BN_pad(builder, OSSL_PKEY_PARAM_PRIV_KEY, numbers->value, curve->order_len)) {
        pkey = cfr_pkey_from_params_take(CFR_PKEY_EC, EVP_PKEY_KEYPAIR, OSSL_PARAM_BLD_to_param(builder));
    }
    OSSL_PARAM_BLD_free(builder);
    return wrap_weierstrass_take(curve, true, pkey, ret_keymat);
}

static const char *modern_type(const struct cfr_curve *curve)
{
    switch (curve->nid) {
    case NID_ED25519:
        return CFR_PKEY_ED25519;
    case NID_ED448:
        return CFR_PKEY_ED448;
    case NID_X25519:
        return CFR_PKEY_X25519;
    default:
        return CFR_PKEY_X448;
    }
}

static CK_RV build_modern(const struct cfr_curve *curve, bool is_private, EVP_PKEY *pkey,
                          struct cfr_keymat **ret_keymat)
{
    TRY(cfr_keymat_from_pkey_take(curve->family, is_private, pkey, ret_keymat));
    (*ret_keymat)->bits = curve->bits;
    (*ret_keymat)->curve = curve;
    return CKR_OK;
}

static CK_RV import_modern(const struct cfr_curve *curve, bool is_private, struct cfr_span octets,
                           struct cfr_keymat **ret_keymat)
{
    EVP_PKEY *pkey = NULL;

    FAIL_UNLESS(octets.len == curve->order_len, CKR_ATTRIBUTE_VALUE_INVALID);
    if (!cfr_fault_hit(CFR_FAULT_CRYPTO)) {
        pkey = is_private ? EVP_PKEY_new_raw_private_key_ex(cfr_ossl.context, modern_type(curve), NULL,
                                                            octets.ptr, octets.len)
                          : EVP_PKEY_new_raw_public_key_ex(cfr_ossl.context, modern_type(curve), NULL,
                                                           octets.ptr, octets.len);
    }
    FAIL_UNLESS(pkey != NULL, CKR_HOST_MEMORY);
    return build_modern(curve, is_private, pkey, ret_keymat);
}

CK_RV cfr_ec_import_public(const struct cfr_curve *curve, struct cfr_span point,
                           struct cfr_keymat **ret_keymat)
{
    AUTO(ec_numbers) numbers = {0};
    uint8_t octets[CFR_EC_POINT_MAX_LEN];
    size_t point_len;

    if (curve->family == CFR_KEY_EDWARDS) {
        FAIL_UNLESS(point.len == curve->order_len, CKR_ATTRIBUTE_VALUE_INVALID);
        TRY(cfr_edwards_point_check(curve->nid == NID_ED25519, point));
    }
    if (curve->family != CFR_KEY_EC) {
        return import_modern(curve, false, point, ret_keymat);
    }
    if (curve->cofactor_is_one && point.len > 1 && point.ptr[0] == POINT_CONVERSION_UNCOMPRESSED) {
        return build_public(curve, point, ret_keymat);
    }
    TRY(begin(curve, &numbers));
    TRY(load_point(curve, point, &numbers));
    point_len = encode_point(curve, &numbers, octets);
    FAIL_UNLESS(point_len != 0, CKR_HOST_MEMORY);
    return build_public(curve, cfr_span_of(octets, point_len), ret_keymat);
}

static CK_RV load_value(const struct cfr_curve *curve, struct cfr_span value, struct cfr_ec_numbers *numbers)
{
    while (value.len > curve->order_len && value.ptr[0] == 0) {
        value = cfr_span_after(value, 1);
    }
    FAIL_UNLESS(value.len != 0 && value.len <= curve->order_len, CKR_ATTRIBUTE_VALUE_INVALID);
    /* Secure, so that the parameters which libcrypto copies it to are wiped too. */
    numbers->value = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : BN_secure_new();
    FAIL_UNLESS(numbers->value != NULL, CKR_HOST_MEMORY);
    FAIL_UNLESS(BN_bin2bn(value.ptr, (int)value.len, numbers->value) != NULL, CKR_HOST_MEMORY);
    BN_set_flags(numbers->value, BN_FLG_CONSTTIME);
    FAIL_UNLESS(!BN_is_zero(numbers->value) && BN_cmp(numbers->value, EC_GROUP_get0_order(curve->group)) < 0,
                CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

CK_RV cfr_ec_import_private(const struct cfr_curve *curve, struct cfr_span value,
                            struct cfr_keymat **ret_keymat)
{
    AUTO(ec_numbers) numbers = {0};

    if (curve->family != CFR_KEY_EC) {
        return import_modern(curve, true, value, ret_keymat);
    }
    TRY(begin(curve, &numbers));
    TRY(load_value(curve, value, &numbers));
    OSSL_TRY(EC_POINT_mul(curve->group, numbers.point, numbers.value, NULL, NULL, numbers.ctx),
             CKR_HOST_MEMORY);
    return build_private(curve, &numbers, ret_keymat);
}

static CK_RV generate_pkey(const struct cfr_curve *curve, EVP_PKEY **ret_pkey)
{
    const char *type = curve->family == CFR_KEY_EC ? CFR_PKEY_EC : modern_type(curve);
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx =
        cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_PKEY_CTX_new_from_name(cfr_ossl.context, type, NULL);
    bool generated;

    FAIL_UNLESS(ctx != NULL, CKR_HOST_MEMORY);
    if (curve->family == CFR_KEY_EC) {
        params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                     (char *)(uintptr_t)OBJ_nid2sn(curve->nid), 0);
    }
    generated = EVP_PKEY_keygen_init(ctx) > 0 && EVP_PKEY_CTX_set_params(ctx, params) > 0 &&
                EVP_PKEY_generate(ctx, ret_pkey) > 0;
    EVP_PKEY_CTX_free(ctx);
    FAIL_UNLESS(generated, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

/*
 * Pairwise consistency (FIPS 140-3 IG 10.3.A): the pair makes a signature that it accepts, or agrees with
 * itself.
 */
static CK_RV test_pairwise(struct cfr_keymat *keymat)
{
    static const uint8_t message[32] = "pairwise consistency test";
    AUTO(ecdsa) *signing = NULL;
    AUTO(ecdsa) *verifying = NULL;
    uint8_t signature[2 * CFR_EC_FIELD_MAX_LEN] = {0};
    struct cfr_span signed_part = cfr_span_of(signature, 2 * keymat->curve->order_len);

    if (keymat->family != CFR_KEY_EC) {
        return CKR_OK; /* the public half is computed from the private one in the very call that made it */
    }
    TRY(cfr_ecdsa_new(keymat, true, &signing));
    TRY(cfr_ecdsa_new(keymat, false, &verifying));
    TRY(cfr_ecdsa_sign(signing, cfr_span_of(message, sizeof(message)), signature));
    TRY_MAP(cfr_ecdsa_verify(verifying, cfr_span_of(message, sizeof(message)), signed_part),
            CKR_SIGNATURE_INVALID, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV cfr_ec_generate(const struct cfr_curve *curve, struct cfr_keymat **ret_keymat)
{
    AUTO(keymat) *keymat = NULL;
    EVP_PKEY *pkey = NULL;

    TRY(generate_pkey(curve, &pkey));
    TRY(build_modern(curve, true, pkey, &keymat));
    TRY(test_pairwise(keymat));
    *ret_keymat = MOVE(keymat);
    return CKR_OK;
}

const struct cfr_curve *cfr_ec_curve(const struct cfr_keymat *keymat)
{
    return keymat->curve;
}

CK_RV cfr_ec_point(const struct cfr_keymat *keymat, uint8_t *out, size_t *ret_len)
{
    size_t len = CFR_EC_POINT_MAX_LEN;

    if (keymat->family != CFR_KEY_EC) {
        OSSL_TRY(EVP_PKEY_get_raw_public_key(keymat->pkey, out, &len), CKR_HOST_MEMORY);
    } else {
        OSSL_TRY(EVP_PKEY_get_octet_string_param(keymat->pkey, OSSL_PKEY_PARAM_PUB_KEY, out, len, &len),
                 CKR_HOST_MEMORY);
    }
    *ret_len = len;
    return CKR_OK;
}

CK_RV cfr_ec_value(const struct cfr_keymat *keymat, struct cfr_secret **ret_value)
{
    AUTO(secret) *value = NULL;
    size_t len = keymat->curve->order_len;

    if (keymat->family == CFR_KEY_EC) {
        return cfr_keymat_number(keymat, OSSL_PKEY_PARAM_PRIV_KEY, NULL, len, ret_value);
    }
    TRY(cfr_secret_new(len, &value));
    /* EVP_PKEY_get_raw_private_key() would leave a copy on the heap. */
    OSSL_TRY(EVP_PKEY_get_octet_string_param(keymat->pkey, OSSL_PKEY_PARAM_PRIV_KEY, cfr_secret_edit(value),
                                             len, &len),
             CKR_ATTRIBUTE_TYPE_INVALID);
    *ret_value = MOVE(value);
    return CKR_OK;
}
