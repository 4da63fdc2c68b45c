/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs over every curve that the module has, by identifier and by name; and curves that it has not. */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

static CK_SESSION_HANDLE session;
static struct octets value;
static struct bag public_bag;
static struct bag private_bag;
static struct key_pair pair;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

static CK_RV try_pair(CK_MECHANISM_TYPE type)
{
    return pair_generate(session, type, &public_bag, &private_bag, &pair);
}

static void drop_pair(void)
{
    OK(p11->C_DestroyObject(session, pair.public));
    OK(p11->C_DestroyObject(session, pair.private));
}

static void begin_ec(struct cfr_span params)
{
    bag_clear(&public_bag);
    bag_clear(&private_bag);
    bag_octets(&public_bag, CKA_EC_PARAMS, params.ptr, params.len);
}

static struct cfr_span oid_of(int nid)
{
    static uint8_t der[16];
    uint8_t *end = der;
    int len = i2d_ASN1_OBJECT(OBJ_nid2obj(nid), &end);

    return cfr_span_of(der, len > 0 ? (size_t)len : 0);
}

/* DER of a PrintableString. */
static struct cfr_span name_of(const char *name)
{
    static uint8_t der[64] = {0x13};

    der[1] = (uint8_t)strlen(name);
    memcpy(der + 2, name, strlen(name));
    return cfr_span_of(der, 2 + strlen(name));
}

/* The public half as a key of libcrypto's. */
static EVP_PKEY *pkey_of_pair(const char *group)
{
    OSSL_PARAM params[3] = {OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;
    CK_ULONG head;

    read_octets(session, pair.public, CKA_EC_POINT, &value);
    head = value.at[1] == 0x81 ? 3 : 2;
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, value.at + head, value.len - head);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* What libcrypto says of the private half's signature. */
static void expect_libcrypto_verifies(const char *group)
{
    static struct octets signature;
    struct operation sign = {session, CKF_SIGN, MECHANISM(CKM_ECDSA), pair.private};
    EVP_PKEY *pkey = pkey_of_pair(group);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    ECDSA_SIG *both = ECDSA_SIG_new();
    uint8_t der[256];
    uint8_t *end = der;
    int half;
    int len;

    OK(run_once(&sign, pattern(32), &signature));
    half = (int)signature.len / 2;
    ck_assert_int_eq(
        ECDSA_SIG_set0(both, BN_bin2bn(signature.at, half, NULL), BN_bin2bn(signature.at + half, half, NULL)),
        1);
    len = i2d_ECDSA_SIG(both, &end);
    ck_assert_int_eq(EVP_PKEY_verify_init(ctx), 1);
    ck_assert_msg(EVP_PKEY_verify(ctx, der, (size_t)len, pattern(32).ptr, 32) == 1, "a signature over %s",
                  group);
    ECDSA_SIG_free(both);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

/* Each curve that libcrypto has by identifier, but SM2's, which is for another algorithm. */
START_TEST(curves_by_identifier)
{
    EC_builtin_curve builtin[128];
    size_t count = EC_get_builtin_curves(builtin, COUNT(builtin));
    size_t made = 0;

    ck_assert_uint_le(count, COUNT(builtin));
    for (size_t i = 0; i < count; i++) {
        struct cfr_span oid = oid_of(builtin[i].nid);

        if (builtin[i].nid == NID_sm2 || oid.len <= 2) {
            continue;
        }
        begin_ec(oid);
        OK(try_pair(CKM_EC_KEY_PAIR_GEN));
        read_octets(session, pair.private, CKA_EC_PARAMS, &value);
        expect_octets(octets_view(&value), oid, "CKA_EC_PARAMS of the private half");
        expect_libcrypto_verifies(OBJ_nid2sn(builtin[i].nid));
        drop_pair();
        made++;
    }
    ck_assert_uint_gt(made, 60);
}
END_TEST

static const char *const named[] = {"secp224r1",       "prime256v1",      "secp384r1",
                                    "secp521r1",       "secp256k1",       "brainpoolP256r1",
                                    "brainpoolP384r1", "brainpoolP512r1", "brainpoolP320t1"};

START_TEST(curves_by_name)
{
    for (size_t i = 0; i < COUNT(named); i++) {
        begin_ec(name_of(named[i]));
        OK(try_pair(CKM_EC_KEY_PAIR_GEN));
        expect_libcrypto_verifies(named[i]);
        expect_generated(session, pair.public, CKM_EC_KEY_PAIR_GEN);
        expect_generated(session, pair.private, CKM_EC_KEY_PAIR_GEN);
        drop_pair();
    }
}
END_TEST

static const struct {
    CK_MECHANISM_TYPE mechanism;
    const char *name;
    int nid;
    size_t point_len;
    CK_KEY_TYPE type;
} modern[] = {
    {CKM_EC_EDWARDS_KEY_PAIR_GEN, "edwards25519", NID_ED25519, 32, CKK_EC_EDWARDS},
    {CKM_EC_EDWARDS_KEY_PAIR_GEN, "edwards448", NID_ED448, 57, CKK_EC_EDWARDS},
    {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "curve25519", NID_X25519, 32, CKK_EC_MONTGOMERY},
    {CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "curve448", NID_X448, 56, CKK_EC_MONTGOMERY},
};

/* The point is the one that libcrypto makes of the private value. */
static void expect_modern_pair(int nid, size_t point_len)
{
    static struct octets point;
    uint8_t wanted[64];
    size_t len = sizeof(wanted);
    EVP_PKEY *pkey;

    read_octets(session, pair.private, CKA_VALUE, &value);
    pkey = EVP_PKEY_new_raw_private_key(nid, NULL, value.at, value.len);
    ck_assert_ptr_nonnull(pkey);
    ck_assert_int_eq(EVP_PKEY_get_raw_public_key(pkey, wanted, &len), 1);
    read_octets(session, pair.public, CKA_EC_POINT, &point);
    ck_assert_uint_eq(len, point_len);
    expect_octets(cfr_span_of(point.at + (point.len - point_len), point_len), cfr_span_of(wanted, len),
                  "the point");
    EVP_PKEY_free(pkey);
}

START_TEST(edwards_and_montgomery)
{
    for (int by_name = 0; by_name < 2; by_name++) {
        begin_ec(by_name == 1 ? name_of(modern[_i].name) : oid_of(modern[_i].nid));
        bag_bool(&private_bag, CKA_SENSITIVE, false);
        bag_bool(&private_bag, CKA_EXTRACTABLE, true);
        OK(try_pair(modern[_i].mechanism));
        ck_assert_uint_eq(read_ulong(session, pair.private, CKA_KEY_TYPE), modern[_i].type);
        expect_modern_pair(modern[_i].nid, modern[_i].point_len);
        expect_generated(session, pair.public, modern[_i].mechanism);
        if (modern[_i].type == CKK_EC_EDWARDS) {
            expect_pair_works(session, CKM_EDDSA, pair);
        }
        drop_pair();
    }
}
END_TEST

START_TEST(curves_refused)
{
    static const uint8_t implicit[] = {0x05, 0x00};
    static const uint8_t cut[] = {0x06, 0x08, 0x2a, 0x86};
    static const uint8_t unknown[] = {0x06, 0x03, 0x2a, 0x03, 0x04};
    static const CK_MECHANISM_TYPE mechanisms[] = {CKM_EC_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN,
                                                   CKM_EC_MONTGOMERY_KEY_PAIR_GEN};
    static const int nids[] = {NID_X9_62_prime256v1, NID_ED25519, NID_X25519};

    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        begin_ec(cfr_span_of(unknown, sizeof(unknown)));
        EXPECT(CKR_CURVE_NOT_SUPPORTED, try_pair(mechanisms[i]));
        begin_ec(name_of("no such curve"));
        EXPECT(CKR_CURVE_NOT_SUPPORTED, try_pair(mechanisms[i]));
        begin_ec(cfr_span_of(cut, sizeof(cut)));
        EXPECT(CKR_DOMAIN_PARAMS_INVALID, try_pair(mechanisms[i]));
        begin_ec(cfr_span_of(implicit, sizeof(implicit)));
        EXPECT(CKR_CURVE_NOT_SUPPORTED, try_pair(mechanisms[i]));
        begin_ec(oid_of(nids[(i + 1) % 3]));
        EXPECT(CKR_CURVE_NOT_SUPPORTED, try_pair(mechanisms[i]));
        begin_ec(oid_of(nids[i]));
        bag_remove(&public_bag, CKA_EC_PARAMS);
        EXPECT(CKR_TEMPLATE_INCOMPLETE, try_pair(mechanisms[i]));
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keygen_curves");
    TCase *tcase = tcase_create("curves");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, curves_by_identifier);
    tcase_add_test(tcase, curves_by_name);
    tcase_add_loop_test(tcase, edwards_and_montgomery, 0, COUNT(modern));
    tcase_add_test(tcase, curves_refused);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
