/* SPDX-License-Identifier: Apache-2.0 */
/* CKM_PUB_KEY_FROM_PRIV_KEY: for every type of private key, with the defaults and copies of its table. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/keys.h"
#include "support/main.h"

#include <openssl/bn.h>

enum { SLOW_S = 60 /* RSA pairs, under a sanitizer, on a busy machine */ };

static CK_SESSION_HANDLE session;
static struct bag template;
static const CK_MECHANISM mechanism = {CKM_PUB_KEY_FROM_PRIV_KEY, NULL, 0};

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

static const struct kind {
    const char *name;
    CK_MECHANISM_TYPE generator;
    CK_ATTRIBUTE_TYPE numbers[3];
} kinds[] = {
    {"RSA", CKM_RSA_PKCS_KEY_PAIR_GEN, {CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_MODULUS_BITS}},
    {"P-256", CKM_EC_KEY_PAIR_GEN, {CKA_EC_POINT, CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO}},
    {"P-521", CKM_EC_KEY_PAIR_GEN, {CKA_EC_POINT, CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO}},
    {"ED25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, {CKA_EC_POINT, CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO}},
    {"ED448", CKM_EC_EDWARDS_KEY_PAIR_GEN, {CKA_EC_POINT, CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO}},
    {"X25519", CKM_EC_MONTGOMERY_KEY_PAIR_GEN, {CKA_EC_POINT, CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO}},
    {"X448", CKM_EC_MONTGOMERY_KEY_PAIR_GEN, {CKA_EC_POINT, CKA_EC_PARAMS, CKA_PUBLIC_KEY_INFO}},
};

/* A pair whose private half is sensitive, stays inside and may not derive; halves[0] is public. */
static void generate(const struct kind *kind, const struct bag *private_extra, CK_OBJECT_HANDLE halves[2])
{
    static struct bag public_bag;
    static struct bag private_bag;
    CK_MECHANISM generator = MECHANISM(kind->generator);

    bag_clear(&public_bag);
    bag_clear(&private_bag);
    if (kind->generator == CKM_RSA_PKCS_KEY_PAIR_GEN) {
        bag_ulong(&public_bag, CKA_MODULUS_BITS, 2048);
    } else {
        struct cfr_span curve = ec_params(kind->name);

        bag_octets(&public_bag, CKA_EC_PARAMS, curve.ptr, curve.len);
    }
    bag_bool(&private_bag, CKA_SENSITIVE, true);
    bag_bool(&private_bag, CKA_EXTRACTABLE, false);
    bag_bool(&private_bag, CKA_DERIVE, false);
    if (private_extra != NULL) {
        bag_add(&private_bag, private_extra);
    }
    OK(p11->C_GenerateKeyPair(session, &generator, BAG(&public_bag), BAG(&private_bag), &halves[0],
                              &halves[1]));
}

static void expect_same(CK_OBJECT_HANDLE one, CK_ATTRIBUTE_TYPE one_type, CK_OBJECT_HANDLE other,
                        CK_ATTRIBUTE_TYPE other_type, const char *what)
{
    static struct octets values[2];

    EXPECT(CKR_OK, try_read(session, one, one_type, &values[0]));
    EXPECT(CKR_OK, try_read(session, other, other_type, &values[1]));
    expect_octets(octets_view(&values[0]), octets_view(&values[1]), "%s, attribute 0x%lx", what, one_type);
}

/* The remainder of value * x^64 by ECMA-182's polynomial, as libcrypto divides such polynomials. */
static void reference_crc64(struct cfr_span value, CK_BYTE ret[8])
{
    /* x^64 + x^62 + … + 1; the list ends with -1 */
    static const int polynomial[] = {64, 62, 57, 55, 54, 53, 52, 47, 46, 45, 40, 39, 38, 37, 35, 33, 32, 31,
                                     29, 27, 24, 23, 22, 21, 19, 17, 13, 12, 10, 9,  7,  4,  1,  0,  -1};
    BIGNUM *number = BN_bin2bn(value.ptr, (int)value.len, NULL);

    ck_assert_int_eq(BN_lshift(number, number, 64), 1);
    ck_assert_int_eq(BN_GF2m_mod_arr(number, number, polynomial), 1);
    ck_assert_int_eq(BN_bn2binpad(number, ret, 8), 8);
    BN_free(number);
}

/* kinds[].numbers begins with what the check is over. */
static void expect_crc64(const struct kind *kind, CK_OBJECT_HANDLE key)
{
    static struct octets value;
    static struct octets crc;
    CK_BYTE wanted[8];

    EXPECT(CKR_OK, try_read(session, key, kind->numbers[0], &value));
    EXPECT(CKR_OK, try_read(session, key, CKA_PUBLIC_CRC64_VALUE, &crc));
    reference_crc64(octets_view(&value), wanted);
    expect_octets(octets_view(&crc), cfr_span_of(wanted, sizeof(wanted)), "%s", kind->name);
}

START_TEST(numbers)
{
    const struct kind *kind = &kinds[_i];
    CK_OBJECT_HANDLE halves[2];
    CK_OBJECT_HANDLE key;

    generate(kind, NULL, halves);
    bag_clear(&template);
    OK(derive_try(session, &mechanism, halves[1], &template, &key));
    ck_assert_uint_eq(read_ulong(session, key, CKA_CLASS), CKO_PUBLIC_KEY);
    expect_same(key, CKA_KEY_TYPE, halves[0], CKA_KEY_TYPE, kind->name);
    for (size_t i = 0; i < COUNT(kind->numbers); i++) {
        expect_same(key, kind->numbers[i], halves[0], kind->numbers[i], kind->name);
    }
    expect_same(key, CKA_PUBLIC_KEY_INFO, halves[1], CKA_PUBLIC_KEY_INFO, kind->name);
    expect_same(key, CKA_PUBLIC_CRC64_VALUE, halves[1], CKA_PUBLIC_CRC64_VALUE, kind->name);
    expect_crc64(kind, key);
    expect_same(key, CKA_KEY_GEN_MECHANISM, halves[1], CKA_KEY_GEN_MECHANISM, kind->name);
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_GEN_MECHANISM), kind->generator);
}
END_TEST

/* The table of the section, with everything that may be copied set. */
START_TEST(defaults_and_copies)
{
    static const struct {
        CK_ATTRIBUTE_TYPE of_public;
        CK_ATTRIBUTE_TYPE of_private;
    } copies[] = {{CKA_ENCRYPT, CKA_DECRYPT},
                  {CKA_VERIFY, CKA_SIGN},
                  {CKA_VERIFY_RECOVER, CKA_SIGN_RECOVER},
                  {CKA_WRAP, CKA_UNWRAP},
                  {CKA_DERIVE, CKA_DERIVE},
                  {CKA_ID, CKA_ID},
                  {CKA_START_DATE, CKA_START_DATE},
                  {CKA_END_DATE, CKA_END_DATE},
                  {CKA_SUBJECT, CKA_SUBJECT},
                  {CKA_ALLOWED_MECHANISMS, CKA_ALLOWED_MECHANISMS}};
    static const CK_MECHANISM_TYPE allowed[] = {CKM_RSA_PKCS, CKM_PUB_KEY_FROM_PRIV_KEY};
    static struct bag extra;
    CK_OBJECT_HANDLE halves[2];
    CK_OBJECT_HANDLE key;

    bag_clear(&extra);
    bag_bool(&extra, CKA_DECRYPT, (_i & 1) != 0);
    bag_bool(&extra, CKA_SIGN, (_i & 1) == 0);
    bag_bool(&extra, CKA_UNWRAP, (_i & 2) != 0);
    bag_bool(&extra, CKA_DERIVE, (_i & 2) == 0);
    bag_bool(&extra, CKA_TOKEN, true);
    bag_bool(&extra, CKA_MODIFIABLE, false);
    bag_octets(&extra, CKA_ID, "id", 2);
    bag_text(&extra, CKA_LABEL, "private");
    bag_octets(&extra, CKA_SUBJECT, "\x30\x00", 2);
    bag_octets(&extra, CKA_START_DATE, "20260101", 8);
    bag_octets(&extra, CKA_END_DATE, "20270101", 8);
    bag_octets(&extra, CKA_ALLOWED_MECHANISMS, allowed, sizeof(allowed));
    generate(&kinds[0], &extra, halves);
    bag_clear(&template);
    OK(derive_try(session, &mechanism, halves[1], &template, &key));
    for (size_t i = 0; i < COUNT(copies); i++) {
        expect_same(key, copies[i].of_public, halves[1], copies[i].of_private, "copied");
    }
    ck_assert(!read_bool(session, key, CKA_TOKEN));
    ck_assert(!read_bool(session, key, CKA_PRIVATE));
    ck_assert(read_bool(session, key, CKA_MODIFIABLE));
    ck_assert(!read_bool(session, key, CKA_LOCAL));
    ck_assert(read_bool(session, key, CKA_COPYABLE));
    ck_assert(read_bool(session, key, CKA_DESTROYABLE));
    ck_assert(!read_bool(session, key, CKA_TRUSTED));
}
END_TEST

START_TEST(templates)
{
    static struct octets value;
    CK_OBJECT_HANDLE halves[2];
    CK_OBJECT_HANDLE key;

    generate(&kinds[1], NULL, halves);
    bag_clear(&template);
    bag_ulong(&template, CKA_CLASS, CKO_PUBLIC_KEY);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_EC);
    bag_bool(&template, CKA_TOKEN, true);
    bag_bool(&template, CKA_VERIFY, false);
    bag_text(&template, CKA_LABEL, "mine");
    bag_octets(&template, CKA_ID, "other", 5);
    read_octets(session, halves[0], CKA_EC_PARAMS, &value);
    bag_octets(&template, CKA_EC_PARAMS, value.at, value.len);
    OK(derive_try(session, &mechanism, halves[1], &template, &key));
    ck_assert(read_bool(session, key, CKA_TOKEN));
    ck_assert(!read_bool(session, key, CKA_VERIFY));
    read_octets(session, key, CKA_ID, &value);
    expect_octets(octets_view(&value), cfr_span_of("other", 5), "CKA_ID");
    bag_octets(&template, CKA_EC_PARAMS, ec_params("P-384").ptr, ec_params("P-384").len);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, halves[1], &template, "another curve");
    bag_remove(&template, CKA_EC_PARAMS);
    bag_octets(&template, CKA_EC_POINT, "\x04\x01\x04", 3);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, halves[1], &template, "another point");
    read_octets(session, halves[0], CKA_EC_POINT, &value);
    bag_octets(&template, CKA_EC_POINT, value.at, value.len);
    OK(derive_try(session, &mechanism, halves[1], &template, &key));
    bag_bool(&template, CKA_TRUSTED, true);
    derive_refused(session, CKR_ATTRIBUTE_READ_ONLY, &mechanism, halves[1], &template, "CKA_TRUSTED");
    bag_remove(&template, CKA_TRUSTED);
    bag_bool(&template, CKA_SENSITIVE, true);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, halves[1], &template, "of private keys");
    bag_remove(&template, CKA_SENSITIVE);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_RSA);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, halves[1], &template, "another type");
    bag_ulong(&template, CKA_KEY_TYPE, CKK_EC);
    bag_ulong(&template, CKA_CLASS, CKO_PRIVATE_KEY);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, halves[1], &template, "another class");
}
END_TEST

/* The modulus of another key cannot be slipped in. */
START_TEST(modulus_of_another_key)
{
    static struct octets value;
    CK_OBJECT_HANDLE halves[2];

    generate(&kinds[0], NULL, halves);
    read_octets(session, halves[0], CKA_MODULUS, &value);
    value.at[value.len - 1] ^= 2;
    bag_clear(&template);
    bag_octets(&template, CKA_MODULUS, value.at, value.len);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, halves[1], &template, "another modulus");
}
END_TEST

START_TEST(bases)
{
    CK_MECHANISM_TYPE sign_only = CKM_ECDSA;
    static struct bag extra;
    CK_OBJECT_HANDLE halves[2];
    CK_OBJECT_HANDLE key;

    generate(&kinds[1], NULL, halves);
    bag_clear(&template);
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &mechanism, halves[0], &template, "a public key");
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &mechanism,
                   secret_make(session, CKK_AES, pattern(16).ptr, 16), &template, "a secret key");
    derive_refused(session, CKR_KEY_HANDLE_INVALID, &mechanism, data_make(session, "x", false, false),
                   &template, "no key");
    bag_clear(&extra);
    bag_octets(&extra, CKA_ALLOWED_MECHANISMS, &sign_only, sizeof(sign_only));
    generate(&kinds[1], &extra, halves);
    derive_refused(session, CKR_MECHANISM_INVALID, &mechanism, halves[1], &template,
                   "CKA_ALLOWED_MECHANISMS");
    bag_clear(&extra);
    bag_bool(&extra, CKA_PRIVATE, true);
    bag_bool(&extra, CKA_ALWAYS_AUTHENTICATE, true);
    generate(&kinds[1], &extra, halves);
    OK(derive_try(session, &mechanism, halves[1], &template, &key));
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID,
                   &(CK_MECHANISM){CKM_PUB_KEY_FROM_PRIV_KEY, &sign_only, sizeof(sign_only)}, halves[1],
                   &template, "a parameter");
}
END_TEST

/* What the private key signs, the derived key verifies; from imported keys too. */
START_TEST(works)
{
    EVP_PKEY *pkey = pkey_new("P-384");
    CK_OBJECT_HANDLE private_key = private_make(session, pkey);
    struct operation op = {session, CKF_SIGN, MECHANISM(CKM_ECDSA), private_key};
    static struct octets signature;

    OK(run_once(&op, pattern(48), &signature));
    bag_clear(&template);
    OK(derive_try(session, &mechanism, private_key, &template, &op.key));
    op.function = CKF_VERIFY;
    OK(run_verify(&op, pattern(48), octets_view(&signature)));
    EVP_PKEY_free(pkey);
}
END_TEST

static Suite *suite(void)
{
    Suite *public_half = suite_create("derive_public");
    TCase *tcase = tcase_create("public");

    tcase_set_timeout(tcase, SLOW_S);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, numbers, 0, COUNT(kinds));
    tcase_add_loop_test(tcase, defaults_and_copies, 0, 4);
    tcase_add_test(tcase, templates);
    tcase_add_test(tcase, modulus_of_another_key);
    tcase_add_test(tcase, bases);
    tcase_add_test(tcase, works);
    suite_add_tcase(public_half, tcase);
    return public_half;
}

TEST_MAIN(suite)
