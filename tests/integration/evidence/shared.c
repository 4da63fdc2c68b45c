/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/evidence/published.h"

static const size_t chunks[] = {1, 7, 16, 4096};

static struct octets out;

bool is_listed(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM_INFO info;

    return p11->C_GetMechanismInfo(slot_of(session), type, &info) == CKR_OK;
}

CK_OBJECT_HANDLE case_key(CK_SESSION_HANDLE session, struct vectors *vectors, CK_KEY_TYPE type)
{
    struct cfr_span key = vectors_octets(vectors, "key");

    return secret_make(session, type, key.ptr, key.len);
}

/* --- Operations --- */

void expect_result(const struct operation *op, struct cfr_span in, struct cfr_span wanted)
{
    OK(run_once(op, in, &out));
    expect_octets(octets_view(&out), wanted, "%s 0x%lx", op_name(op->function), op->mechanism.mechanism);
    for (size_t i = 0; i < COUNT(chunks); i++) {
        OK(run_parts(op, in, chunks[i], &out));
        expect_octets(octets_view(&out), wanted, "%s 0x%lx in parts of %zu", op_name(op->function),
                      op->mechanism.mechanism, chunks[i]);
    }
}

void expect_both_ways(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE key,
                      struct cfr_span plain, struct cfr_span coded)
{
    struct operation encrypt = {session, CKF_ENCRYPT, mechanism, key};
    struct operation decrypt = {session, CKF_DECRYPT, mechanism, key};

    expect_result(&encrypt, plain, coded);
    expect_result(&decrypt, coded, plain);
}

void expect_signature(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE private,
                      CK_OBJECT_HANDLE public, struct cfr_span message, struct cfr_span signature)
{
    struct operation sign = {session, CKF_SIGN, mechanism, private};
    struct operation verify = {session, CKF_VERIFY, mechanism, public};
    static struct octets wrong;

    if (private != CK_INVALID_HANDLE) {
        OK(run_once(&sign, message, &out));
        expect_octets(octets_view(&out), signature, "signature");
        OK(run_parts(&sign, message, 7, &out));
        expect_octets(octets_view(&out), signature, "signature in parts");
    }
    OK(run_verify(&verify, message, signature));
    OK(run_verify_parts(&verify, message, 7, signature));
    memcpy(wrong.at, signature.ptr, signature.len);
    wrong.at[signature.len / 2] ^= 1;
    wrong.len = signature.len;
    EXPECT(CKR_SIGNATURE_INVALID, run_verify(&verify, message, octets_view(&wrong)));
}

void expect_verdict(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE public,
                    struct cfr_span message, struct cfr_span signature, bool is_valid)
{
    struct operation verify = {session, CKF_VERIFY, mechanism, public};
    CK_RV rv = run_verify(&verify, message, signature);

    ck_assert_msg(is_valid ? rv == CKR_OK : rv == CKR_SIGNATURE_INVALID || rv == CKR_SIGNATURE_LEN_RANGE,
                  "0x%lx: %s", mechanism.mechanism, rv_text(rv));
}

/* --- Keys from the parts that a case gives --- */

CK_OBJECT_HANDLE rsa_public(CK_SESSION_HANDLE session, struct cfr_span modulus, struct cfr_span exponent)
{
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_PUBLIC_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_RSA);
    bag_octets(&bag, CKA_MODULUS, modulus.ptr, modulus.len);
    bag_octets(&bag, CKA_PUBLIC_EXPONENT, exponent.ptr, exponent.len);
    bag_bool(&bag, CKA_VERIFY, true);
    bag_bool(&bag, CKA_ENCRYPT, true);
    return object_make(session, &bag);
}

static CK_KEY_TYPE type_of_curve(const char *curve)
{
    return strncmp(curve, "ED", 2) == 0                                 ? CKK_EC_EDWARDS
           : strcmp(curve, "X25519") == 0 || strcmp(curve, "X448") == 0 ? CKK_EC_MONTGOMERY
                                                                        : CKK_EC;
}

static void begin_ec(struct bag *bag, CK_OBJECT_CLASS class, const char *curve)
{
    struct cfr_span params = ec_params(curve);

    bag_clear(bag);
    bag_ulong(bag, CKA_CLASS, class);
    bag_ulong(bag, CKA_KEY_TYPE, type_of_curve(curve));
    bag_octets(bag, CKA_EC_PARAMS, params.ptr, params.len);
}

CK_RV try_ec_public(CK_SESSION_HANDLE session, const char *curve, struct cfr_span point,
                    CK_OBJECT_HANDLE *ret_key)
{
    static struct bag bag;
    uint8_t der[1024] = {0x04, (uint8_t)point.len};
    size_t head = 2;

    ck_assert_uint_le(point.len, 255);
    if (point.len > 127) {
        der[1] = 0x81;
        der[2] = (uint8_t)point.len;
        head = 3;
    }
    cfr_copy(der + head, point.ptr, point.len);
    begin_ec(&bag, CKO_PUBLIC_KEY, curve);
    bag_octets(&bag, CKA_EC_POINT, der, head + point.len);
    if (type_of_curve(curve) != CKK_EC_MONTGOMERY) {
        bag_bool(&bag, CKA_VERIFY, true);
    }
    return try_object(session, &bag, ret_key);
}

CK_OBJECT_HANDLE ec_public(CK_SESSION_HANDLE session, const char *curve, struct cfr_span point)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    OK(try_ec_public(session, curve, point, &key));
    return key;
}

CK_RV try_ec_private(CK_SESSION_HANDLE session, const char *curve, struct cfr_span value,
                     CK_OBJECT_HANDLE *ret_key)
{
    static struct bag bag;

    begin_ec(&bag, CKO_PRIVATE_KEY, curve);
    bag_octets(&bag, CKA_VALUE, value.ptr, value.len);
    bag_bool(&bag, CKA_SIGN, type_of_curve(curve) != CKK_EC_MONTGOMERY);
    bag_bool(&bag, CKA_DERIVE, type_of_curve(curve) != CKK_EC_EDWARDS);
    return try_object(session, &bag, ret_key);
}

CK_OBJECT_HANDLE ec_private(CK_SESSION_HANDLE session, const char *curve, struct cfr_span value)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    OK(try_ec_private(session, curve, value, &key));
    return key;
}

/* --- Derivations --- */

CK_OBJECT_HANDLE public_from_private(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_PUB_KEY_FROM_PRIV_KEY);
    CK_OBJECT_HANDLE public = CK_INVALID_HANDLE;

    OK(p11->C_DeriveKey(session, &mechanism, private, NULL, 0, &public));
    return public;
}

CK_RV try_agree(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE private,
                struct cfr_span peer, size_t len, struct octets *ret_secret)
{
    CK_ECDH1_DERIVE_PARAMS params = {
        .kdf = CKD_NULL, .ulPublicDataLen = peer.len, .pPublicData = UNCONST(peer.ptr)};
    CK_MECHANISM mechanism = MECHANISM_WITH(type, &params);
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                               ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_ULONG(CKA_VALUE_LEN, len),
                               ATTR_BOOL(CKA_SENSITIVE, false), ATTR_BOOL(CKA_EXTRACTABLE, true)};
    CK_OBJECT_HANDLE derived = CK_INVALID_HANDLE;
    CK_RV rv = p11->C_DeriveKey(session, &mechanism, private, TEMPLATE(template), &derived);

    if (rv == CKR_OK) {
        read_octets(session, derived, CKA_VALUE, ret_secret);
        OK(p11->C_DestroyObject(session, derived));
    }
    return rv;
}
