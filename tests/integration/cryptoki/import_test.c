/* SPDX-License-Identifier: Apache-2.0 */
/* Key material that is none: points off the curve, numbers that do not fit, and DER that is cut short. */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <stdio.h>

/* An empty number is as good as a missing one. */
static bool is_refusal(CK_RV rv)
{
    return rv == CKR_TEMPLATE_INCOMPLETE || rv == CKR_ATTRIBUTE_VALUE_INVALID ||
           rv == CKR_TEMPLATE_INCONSISTENT || rv == CKR_DOMAIN_PARAMS_INVALID ||
           rv == CKR_CURVE_NOT_SUPPORTED;
}

/* C_CreateObject's codes for a value that is wrong in itself or beside the others. */
static void expect_refused(CK_SESSION_HANDLE session, const struct bag *bag, const char *what)
{
    struct picture before;
    CK_RV rv;

    picture_take(session, &before);
    rv = try_object_once(session, bag);
    ck_assert_msg(is_refusal(rv), "%s: %s", what, rv_text(rv));
    expect_unchanged(session, &before, what);
}

/* --- Elliptic curves --- */

static const char *const curves[] = {"P-256", "P-384", "P-521", "secp256k1", "brainpoolP256r1"};

static void public_of(struct bag *bag, const char *curve)
{
    EVP_PKEY *pkey = pkey_new(curve);

    bag_clear(bag);
    bag_public_key(bag, pkey);
    EVP_PKEY_free(pkey);
}

/* CKA_EC_POINT: the DER of an OCTET STRING; the points here are shorter than 256 octets. */
static void set_point(struct bag *bag, const uint8_t *point, size_t len)
{
    uint8_t der[260] = {0x04, (uint8_t)len};
    size_t head = 2;

    if (len > 127) {
        der[1] = 0x81;
        der[2] = (uint8_t)len;
        head = 3;
    }
    memcpy(der + head, point, len);
    bag_octets(bag, CKA_EC_POINT, der, head + len);
}

START_TEST(points_that_are_none_are_refused)
{
    static struct bag bag;
    static struct octets point;
    static const uint8_t infinity[1] = {0};
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *pkey = pkey_new(curves[_i]);

    pkey_point(pkey, &point);
    bag_public_key(&bag, pkey);
    OK(try_object_once(session, &bag));
    point.at[point.len - 1] ^= 1;
    set_point(&bag, point.at, point.len);
    expect_refused(session, &bag, "a point off the curve");
    point.at[point.len - 1] ^= 1;
    set_point(&bag, point.at, point.len - 1);
    expect_refused(session, &bag, "a cut point");
    point.at[point.len] = 0;
    set_point(&bag, point.at, point.len + 1);
    expect_refused(session, &bag, "a point with more behind it");
    set_point(&bag, infinity, sizeof(infinity));
    expect_refused(session, &bag, "the point at infinity");
    set_point(&bag, infinity, 0);
    expect_refused(session, &bag, "no point");
    bag_octets(&bag, CKA_EC_POINT, infinity, 0);
    expect_refused(session, &bag, "an empty CKA_EC_POINT");
    point.at[0] = 0x05;
    set_point(&bag, point.at, point.len);
    expect_refused(session, &bag, "a point of unknown form");
    memset(point.at + 1, 0xff, point.len - 1);
    point.at[0] = 0x04;
    set_point(&bag, point.at, point.len);
    expect_refused(session, &bag, "coordinates beyond the field");
    memset(point.at + 1, 0, point.len - 1);
    set_point(&bag, point.at, point.len);
    expect_refused(session, &bag, "(0, 0)");
    EVP_PKEY_free(pkey);
    module_stop();
}
END_TEST

START_TEST(a_point_of_another_curve_is_refused)
{
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();
    struct cfr_span p256 = ec_params("P-256");

    for (size_t i = 1; i < COUNT(curves); i++) {
        public_of(&bag, curves[i]);
        bag_octets(&bag, CKA_EC_PARAMS, p256.ptr, p256.len);
        expect_refused(session, &bag, curves[i]);
    }
    module_stop();
}
END_TEST

START_TEST(private_values_outside_the_order_are_refused)
{
    static struct bag bag;
    static struct octets order;
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *pkey = pkey_new(curves[_i]);
    BIGNUM *n = NULL;

    ck_assert_int_eq(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_ORDER, &n), 1);
    order.len = (CK_ULONG)BN_bn2bin(n, order.at);
    bag_private_key(&bag, pkey);
    OK(try_object_once(session, &bag));
    bag_octets(&bag, CKA_VALUE, order.at, order.len);
    expect_refused(session, &bag, "d = n");
    order.at[order.len - 1]++;
    bag_octets(&bag, CKA_VALUE, order.at, order.len);
    expect_refused(session, &bag, "d = n + 1");
    memset(order.at, 0, order.len);
    bag_octets(&bag, CKA_VALUE, order.at, order.len);
    expect_refused(session, &bag, "d = 0");
    bag_octets(&bag, CKA_VALUE, order.at, 0);
    expect_refused(session, &bag, "no d");
    memset(order.at, 0xff, sizeof(order.at));
    bag_octets(&bag, CKA_VALUE, order.at, 600);
    expect_refused(session, &bag, "a d of 600 octets");
    BN_free(n);
    EVP_PKEY_free(pkey);
    module_stop();
}
END_TEST

/* What CKA_EC_PARAMS may not be, for a curve and for an Edwards key alike. */
START_TEST(curve_parameters_that_are_none_are_refused)
{
    static const struct {
        const char *what;
        const char *octets;
        size_t len;
    } params[] = {
        {"empty", "", 0},
        {"a tag", "\x06", 1},
        {"an identifier cut short", "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01", 9},
        {"an identifier with more behind it", "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x00", 11},
        {"an unknown identifier", "\x06\x03\x2a\x03\x04", 5},
        {"a length of four octets", "\x06\x84\xff\xff\xff\xff", 6},
        {"an endless length", "\x06\x80\x2a\x00\x00", 5},
        {"an unknown name", "\x13\x05nosuc", 7},
        {"implicitly given parameters", "\x05\x00", 2},
        {"an empty sequence", "\x30\x00", 2},
        {"a sequence of an integer", "\x30\x03\x02\x01\x01", 5},
        {"noise", "\xff\xff\xff\xff\xff\xff\xff\xff", 8},
    };
    static const char *const names[] = {"P-256", "ED25519", "X25519"};
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *pkey = pkey_new(names[_i]);
    CK_MECHANISM keygen = {_i == 0   ? CKM_EC_KEY_PAIR_GEN
                           : _i == 1 ? CKM_EC_EDWARDS_KEY_PAIR_GEN
                                     : CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
                           NULL, 0};
    struct key_pair pair;

    for (size_t i = 0; i < COUNT(params); i++) {
        CK_ATTRIBUTE given = ATTR_OCTETS(CKA_EC_PARAMS, UNCONST(params[i].octets), params[i].len);
        CK_RV rv;

        bag_clear(&bag);
        bag_public_key(&bag, pkey);
        bag_octets(&bag, CKA_EC_PARAMS, params[i].octets, params[i].len);
        expect_refused(session, &bag, params[i].what);
        bag_clear(&bag);
        bag_private_key(&bag, pkey);
        bag_octets(&bag, CKA_EC_PARAMS, params[i].octets, params[i].len);
        expect_refused(session, &bag, params[i].what);
        rv = p11->C_GenerateKeyPair(session, &keygen, &given, 1, NULL, 0, &pair.public, &pair.private);
        ck_assert_msg(is_refusal(rv), "generation, %s: %s", params[i].what, rv_text(rv));
    }
    EVP_PKEY_free(pkey);
    module_stop();
}
END_TEST

START_TEST(edwards_and_montgomery_keys_have_one_length)
{
    static const char *const names[] = {"ED25519", "ED448", "X25519", "X448"};
    static struct bag bag;
    static struct octets octets;
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *pkey = pkey_new(names[_i]);

    pkey_point(pkey, &octets);
    bag_public_key(&bag, pkey);
    OK(try_object_once(session, &bag));
    set_point(&bag, octets.at, octets.len - 1);
    expect_refused(session, &bag, "a short point");
    set_point(&bag, octets.at, octets.len + 1);
    expect_refused(session, &bag, "a long point");
    bag_clear(&bag);
    pkey_value(pkey, &octets);
    bag_private_key(&bag, pkey);
    OK(try_object_once(session, &bag));
    bag_octets(&bag, CKA_VALUE, octets.at, octets.len - 1);
    expect_refused(session, &bag, "a short value");
    bag_octets(&bag, CKA_VALUE, octets.at, octets.len + 1);
    expect_refused(session, &bag, "a long value");
    EVP_PKEY_free(pkey);
    module_stop();
}
END_TEST

/* --- RSA --- */

/* An attribute of the good key, with a small number added to it. */
static void add_to(struct bag *bag, CK_ATTRIBUTE_TYPE type, BN_ULONG what)
{
    for (CK_ULONG i = 0; i < bag->count; i++) {
        if (bag->attrs[i].type == type) {
            BIGNUM *number = BN_bin2bn(bag->attrs[i].pValue, (int)bag->attrs[i].ulValueLen, NULL);
            uint8_t octets[1024];

            ck_assert_int_eq(BN_add_word(number, what), 1);
            bag_octets(bag, type, octets, (size_t)BN_bn2bin(number, octets));
            BN_free(number);
            return;
        }
    }
    ck_abort_msg("no attribute 0x%lx", type);
}

static void good_private(struct bag *bag, EVP_PKEY *pkey)
{
    bag_clear(bag);
    bag_private_key(bag, pkey);
}

static const CK_ATTRIBUTE_TYPE private_numbers[] = {CKA_MODULUS,    CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT,
                                                    CKA_PRIME_1,    CKA_PRIME_2,         CKA_EXPONENT_1,
                                                    CKA_EXPONENT_2, CKA_COEFFICIENT};

START_TEST(rsa_numbers_must_fit_each_other)
{
    static struct bag bag;
    char what[64];
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *pkey = pkey_rsa("rsa2048_1");

    good_private(&bag, pkey);
    OK(try_object_once(session, &bag));
    for (size_t i = 0; i < COUNT(private_numbers); i++) {
        (void)snprintf(what, sizeof(what), "attribute 0x%lx changed by 2", private_numbers[i]);
        good_private(&bag, pkey);
        add_to(&bag, private_numbers[i], 2);
        expect_refused(session, &bag, what);
        (void)snprintf(what, sizeof(what), "attribute 0x%lx zero", private_numbers[i]);
        good_private(&bag, pkey);
        bag_octets(&bag, private_numbers[i], "", 1);
        expect_refused(session, &bag, what);
    }
    EVP_PKEY_free(pkey);
    module_stop();
}
END_TEST

START_TEST(rsa_primes_of_another_key_are_refused)
{
    static struct bag bag;
    static struct bag other;
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *pkey = pkey_rsa("rsa2048_1");
    EVP_PKEY *made = EVP_RSA_gen(2048);

    good_private(&bag, pkey);
    good_private(&other, made);
    for (CK_ULONG i = 0; i < other.count; i++) {
        if (other.attrs[i].type == CKA_PRIME_1 || other.attrs[i].type == CKA_PRIME_2) {
            bag_octets(&bag, other.attrs[i].type, other.attrs[i].pValue, other.attrs[i].ulValueLen);
        }
    }
    expect_refused(session, &bag, "p and q of another key");
    EVP_PKEY_free(made);
    EVP_PKEY_free(pkey);
    module_stop();
}
END_TEST

/* n, e and d suffice; and p and q give what is left out. */
START_TEST(rsa_numbers_that_may_be_missing)
{
    static const CK_ATTRIBUTE_TYPE crt[] = {CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT};
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *pkey = pkey_rsa("rsa2048_1");
    struct key_pair pair = {.public = public_make(session, pkey)};

    good_private(&bag, pkey);
    for (size_t i = 0; i < COUNT(crt); i++) {
        bag_remove(&bag, crt[i]);
        pair.private = object_make(session, &bag);
        expect_pair_works(session, CKM_SHA256_RSA_PKCS, pair);
    }
    /* Half of the factors: whether the other is computed is the module's choice; a wrong key is not. */
    bag_remove(&bag, CKA_PRIME_1);
    ck_assert(is_refusal(try_object_once(session, &bag)));
    bag_remove(&bag, CKA_PRIME_2);
    pair.private = object_make(session, &bag);
    expect_pair_works(session, CKM_SHA256_RSA_PKCS, pair);
    bag_remove(&bag, CKA_PRIVATE_EXPONENT);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &bag));
    good_private(&bag, pkey);
    bag_remove(&bag, CKA_MODULUS);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &bag));
    EVP_PKEY_free(pkey);
    module_stop();
}
END_TEST

static void random_modulus(struct bag *bag, CK_ULONG bits, uint8_t last_bit)
{
    static uint8_t octets[4096];
    size_t len = bits / 8;

    random_octets(octets, len);
    octets[0] |= 0x80;
    octets[len - 1] = (uint8_t)((octets[len - 1] & 0xfe) | last_bit);
    bag_octets(bag, CKA_MODULUS, octets, len);
}

START_TEST(rsa_public_numbers_in_range)
{
    static const struct {
        const char *what;
        const char *e;
        size_t e_len;
        CK_ULONG bits;
        uint8_t last_bit;
        bool is_right;
    } cases[] = {
        {"e = 65537, 2048 bits", "\x01\x00\x01", 3, 2048, 1, true},
        {"e with zeros in front", "\x00\x00\x01\x00\x01", 5, 2048, 1, true},
        {"e = 3", "\x03", 1, 2048, 1, true},
        {"e = 1", "\x01", 1, 2048, 1, false},
        {"e = 0", "\x00", 1, 2048, 1, false},
        {"e even", "\x01\x00\x00", 3, 2048, 1, false},
        {"no e", "", 0, 2048, 1, false},
        {"n even", "\x01\x00\x01", 3, 2048, 0, false},
        {"512 bits", "\x01\x00\x01", 3, 512, 1, false},
        {"64 bits", "\x01\x00\x01", 3, 64, 1, false},
        {"8 bits", "\x03", 1, 8, 1, false},
        {"32768 bits", "\x01\x00\x01", 3, 32768, 1, false},
    };
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();

    for (size_t i = 0; i < COUNT(cases); i++) {
        bag_clear(&bag);
        bag_ulong(&bag, CKA_CLASS, CKO_PUBLIC_KEY);
        bag_ulong(&bag, CKA_KEY_TYPE, CKK_RSA);
        bag_octets(&bag, CKA_PUBLIC_EXPONENT, cases[i].e, cases[i].e_len);
        random_modulus(&bag, cases[i].bits, cases[i].last_bit);
        if (cases[i].is_right) {
            OK(try_object_once(session, &bag));
        } else {
            expect_refused(session, &bag, cases[i].what);
        }
    }
    bag_octets(&bag, CKA_PUBLIC_EXPONENT, "\x01\x00\x01", 3);
    bag_octets(&bag, CKA_MODULUS, "", 0);
    expect_refused(session, &bag, "no modulus");
    module_stop();
}
END_TEST

START_TEST(an_exponent_as_long_as_the_modulus_is_refused)
{
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();

    bag_ulong(&bag, CKA_CLASS, CKO_PUBLIC_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_RSA);
    random_modulus(&bag, 2048, 1);
    bag_octets(&bag, CKA_PUBLIC_EXPONENT, bag.attrs[2].pValue, bag.attrs[2].ulValueLen);
    expect_refused(session, &bag, "e = n");
    module_stop();
}
END_TEST

/* --- CKA_PUBLIC_KEY_INFO (4.9): right or refused --- */

START_TEST(public_key_info_must_be_the_keys)
{
    static struct bag bag;
    static struct octets info;
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *pkey = pkey_new("P-256");
    EVP_PKEY *other = pkey_new("P-256");

    bag_private_key(&bag, pkey);
    read_octets(session, public_make(session, pkey), CKA_PUBLIC_KEY_INFO, &info);
    bag_octets(&bag, CKA_PUBLIC_KEY_INFO, info.at, info.len);
    OK(try_object_once(session, &bag));
    read_octets(session, public_make(session, other), CKA_PUBLIC_KEY_INFO, &info);
    bag_octets(&bag, CKA_PUBLIC_KEY_INFO, info.at, info.len);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    bag_octets(&bag, CKA_PUBLIC_KEY_INFO, "noise", 5);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(other);
    module_stop();
}
END_TEST

/* "The first three bytes of the SHA-1 hash of the ChaCha20 secret key object's CKA_VALUE"; and 256 bits, no others. */
START_TEST(chacha20_keys)
{
    static const size_t bad[] = {0, 16, 31, 33, 64};
    static struct bag bag;
    static struct octets out;
    CK_BYTE digest[64];
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = secret_make(session, CKK_CHACHA20, pattern(32).ptr, 32);

    read_octets(session, key, CKA_CHECK_VALUE, &out);
    (void)hash_digest(hash_find("SHA1"), pattern(32), digest);
    expect_octets(octets_view(&out), cfr_span_of(digest, 3), "CKA_CHECK_VALUE");
    ck_assert_uint_eq(read_ulong(session, key, CKA_VALUE_LEN), 32);
    for (size_t i = 0; i < COUNT(bad); i++) {
        bag_clear(&bag);
        bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
        bag_ulong(&bag, CKA_KEY_TYPE, CKK_CHACHA20);
        bag_octets(&bag, CKA_VALUE, pattern(bad[i]).ptr, bad[i]);
        EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object(session, &bag, &key));
    }
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("import");
    TCase *tcase = tcase_create("import");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, points_that_are_none_are_refused, 0, COUNT(curves));
    tcase_add_test(tcase, a_point_of_another_curve_is_refused);
    tcase_add_loop_test(tcase, private_values_outside_the_order_are_refused, 0, COUNT(curves));
    tcase_add_loop_test(tcase, curve_parameters_that_are_none_are_refused, 0, 3);
    tcase_add_loop_test(tcase, edwards_and_montgomery_keys_have_one_length, 0, 4);
    tcase_add_test(tcase, rsa_numbers_must_fit_each_other);
    tcase_add_test(tcase, rsa_primes_of_another_key_are_refused);
    tcase_add_test(tcase, rsa_numbers_that_may_be_missing);
    tcase_add_test(tcase, rsa_public_numbers_in_range);
    tcase_add_test(tcase, an_exponent_as_long_as_the_modulus_is_refused);
    tcase_add_test(tcase, public_key_info_must_be_the_keys);
    tcase_add_test(tcase, chacha20_keys);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
