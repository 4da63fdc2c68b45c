/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that the module makes: all kinds, what they are good for, and what their templates may say. */
#include "integration/cryptoki/mechanisms.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <openssl/bn.h>

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

static void strict_set_up(void)
{
    scratch_setup();
    scratch_configure("token.profile = strict\n");
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

static CK_RV try_key(CK_MECHANISM_TYPE type, struct bag *bag, CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = MECHANISM(type);
    size_t before = objects_seen(session);
    CK_RV rv = p11->C_GenerateKey(session, &mechanism, BAG(bag), ret_key);

    ck_assert_uint_eq(objects_seen(session), before + (rv == CKR_OK));
    return rv;
}

/* The rules for invalid values name the first code; the second says the same of sizes. */
static void expect_bad_size(CK_RV rv, size_t size)
{
    ck_assert_msg(rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_KEY_SIZE_RANGE, "size %zu: %s", size,
                  rv_text(rv));
}

/* --- RSA --- */

static void begin_rsa(CK_ULONG bits, const void *exponent, size_t exponent_len)
{
    bag_clear(&public_bag);
    bag_clear(&private_bag);
    bag_ulong(&public_bag, CKA_MODULUS_BITS, bits);
    if (exponent != NULL) {
        bag_octets(&public_bag, CKA_PUBLIC_EXPONENT, exponent, exponent_len);
    }
    bag_bool(&private_bag, CKA_SENSITIVE, false);
    bag_bool(&private_bag, CKA_EXTRACTABLE, true);
}

static BIGNUM *number(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type)
{
    read_octets(session, key, type, &value);
    return BN_bin2bn(value.at, (int)value.len, NULL);
}

/* p q = n, e d = 1 mod p - 1 and q - 1, and both halves say the same. */
static void expect_rsa_numbers(CK_ULONG bits, CK_ULONG exponent)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = number(pair.public, CKA_MODULUS);
    BIGNUM *also_n = number(pair.private, CKA_MODULUS);
    BIGNUM *e = number(pair.public, CKA_PUBLIC_EXPONENT);
    BIGNUM *d = number(pair.private, CKA_PRIVATE_EXPONENT);
    BIGNUM *primes[2] = {number(pair.private, CKA_PRIME_1), number(pair.private, CKA_PRIME_2)};
    BIGNUM *product = BN_new();

    ck_assert_int_eq(BN_num_bits(n), (int)bits);
    ck_assert_int_eq(BN_cmp(n, also_n), 0);
    ck_assert(BN_is_word(e, exponent));
    ck_assert_int_eq(BN_mul(product, primes[0], primes[1], ctx), 1);
    ck_assert_int_eq(BN_cmp(product, n), 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(BN_num_bits(primes[i]), (int)bits / 2);
        ck_assert_int_eq(BN_check_prime(primes[i], ctx, NULL), 1);
        ck_assert_int_eq(BN_sub_word(primes[i], 1), 1);
        ck_assert_int_eq(BN_mod_mul(product, e, d, primes[i], ctx), 1);
        ck_assert(BN_is_one(product));
        BN_free(primes[i]);
    }
    BN_free(product);
    BN_free(n);
    BN_free(also_n);
    BN_free(e);
    BN_free(d);
    BN_CTX_free(ctx);
}

static const CK_BYTE f4[] = {0x01, 0x00, 0x01};

static const struct {
    CK_ULONG bits;
    CK_BYTE exponent[4];
    size_t exponent_len;
    CK_ULONG number;
} rsa_pairs[] = {
    {1024, {0x03}, 1, 3},  {1024, {0x00, 0x01, 0x00, 0x01}, 4, 65537}, {2048, {0}, 0, 65537},
    {2048, {0x11}, 1, 17}, {3072, {0x01, 0x00, 0x01}, 3, 65537},       {4096, {0x01, 0x00, 0x01}, 3, 65537},
};

START_TEST(rsa)
{
    size_t exponent_len = rsa_pairs[_i].exponent_len;

    begin_rsa(rsa_pairs[_i].bits, exponent_len == 0 ? NULL : rsa_pairs[_i].exponent, exponent_len);
    OK(try_pair(CKM_RSA_PKCS_KEY_PAIR_GEN));
    expect_rsa_numbers(rsa_pairs[_i].bits, rsa_pairs[_i].number);
    ck_assert_uint_eq(read_ulong(session, pair.public, CKA_MODULUS_BITS), rsa_pairs[_i].bits);
    expect_generated(session, pair.public, CKM_RSA_PKCS_KEY_PAIR_GEN);
    expect_generated(session, pair.private, CKM_RSA_PKCS_KEY_PAIR_GEN);
    expect_pair_works(session, CKM_SHA256_RSA_PKCS, pair);
}
END_TEST

START_TEST(rsa_refused)
{
    static const struct {
        CK_BYTE exponent[2];
        size_t len;
    } exponents[] = {{{0}, 1}, {{1}, 1}, {{2}, 1}, {{4}, 1}, {{0x01, 0x00}, 2}};
    static const CK_ULONG sizes[] = {1, 512, 1023, 16385, 1UL << 20, ~0UL};

    for (size_t i = 0; i < COUNT(exponents); i++) {
        begin_rsa(2048, exponents[i].exponent, exponents[i].len);
        EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_pair(CKM_RSA_PKCS_KEY_PAIR_GEN));
    }
    for (size_t i = 0; i < COUNT(sizes); i++) {
        begin_rsa(sizes[i], f4, sizeof(f4));
        expect_bad_size(try_pair(CKM_RSA_PKCS_KEY_PAIR_GEN), sizes[i]);
    }
    begin_rsa(2048, f4, sizeof(f4));
    bag_remove(&public_bag, CKA_MODULUS_BITS);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, try_pair(CKM_RSA_PKCS_KEY_PAIR_GEN));
}
END_TEST

/* --- Curves: keygen_curves_test has the rest of them --- */

static void begin_p256(void)
{
    struct cfr_span params = ec_params("P-256");

    bag_clear(&public_bag);
    bag_clear(&private_bag);
    bag_octets(&public_bag, CKA_EC_PARAMS, params.ptr, params.len);
}

/* --- Secret keys --- */

static bool is_good_len(const struct mechanism_row *row, CK_ULONG len)
{
    switch (row->key_type) {
    case CKK_AES:
        return len == 16 || len == 24 || len == 32;
    case CKK_AES_XTS:
        return len == 32 || len == 64;
    case CKK_CHACHA20:
        return len == 32;
    default:
        return true;
    }
}

static void check_secret(const struct mechanism_row *row, CK_ULONG len)
{
    static struct bag bag;
    static struct octets first;
    CK_OBJECT_HANDLE key;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_VALUE_LEN, len);
    bag_bool(&bag, CKA_SENSITIVE, false);
    bag_bool(&bag, CKA_EXTRACTABLE, true);
    if (!is_good_len(row, len)) {
        expect_bad_size(try_key(row->type, &bag, &key), len);
        return;
    }
    OK(try_key(row->type, &bag, &key));
    ck_assert_uint_eq(read_ulong(session, key, CKA_CLASS), CKO_SECRET_KEY);
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_TYPE), row->key_type);
    ck_assert_uint_eq(read_ulong(session, key, CKA_VALUE_LEN), len);
    expect_generated(session, key, row->type);
    read_octets(session, key, CKA_VALUE, &first);
    ck_assert_uint_eq(first.len, len);
    OK(try_key(row->type, &bag, &key));
    read_octets(session, key, CKA_VALUE, &value);
    ck_assert(len < 8 || memcmp(value.at, first.at, len) != 0);
}

START_TEST(secret_keys)
{
    static const CK_ULONG lens[] = {1, 15, 16, 17, 20, 24, 32, 33, 48, 64, 65, 1000};
    static struct bag bag;
    CK_OBJECT_HANDLE key;

    for (size_t i = 0; i < MECHANISM_COUNT; i++) {
        const struct mechanism_row *row = mechanism_row(i);

        for (size_t at = 0; row->family == FAMILY_SECRET_KEYGEN && at < COUNT(lens); at++) {
            check_secret(row, lens[at]);
        }
        if (row->family == FAMILY_SECRET_KEYGEN) {
            bag_clear(&bag);
            EXPECT(CKR_TEMPLATE_INCOMPLETE, try_key(row->type, &bag, &key));
            bag_ulong(&bag, CKA_VALUE_LEN, (1 << 16) + 1);
            expect_bad_size(try_key(row->type, &bag, &key), (1 << 16) + 1);
        }
    }
}
END_TEST

/* --- What a key was from its beginning --- */

START_TEST(history)
{
    static struct bag bag;
    CK_OBJECT_HANDLE key;

    for (unsigned bits = 0; bits < 4; bits++) {
        bool sensitive = (bits & 1) != 0;
        bool extractable = (bits & 2) != 0;

        bag_clear(&bag);
        bag_ulong(&bag, CKA_VALUE_LEN, 16);
        bag_bool(&bag, CKA_SENSITIVE, sensitive);
        bag_bool(&bag, CKA_EXTRACTABLE, extractable);
        OK(try_key(CKM_AES_KEY_GEN, &bag, &key));
        ck_assert(read_bool(session, key, CKA_ALWAYS_SENSITIVE) == sensitive);
        ck_assert(read_bool(session, key, CKA_NEVER_EXTRACTABLE) == !extractable);
        ck_assert(try_read(session, key, CKA_VALUE, &value) ==
                  (sensitive || !extractable ? CKR_ATTRIBUTE_SENSITIVE : CKR_OK));
        OK(try_set_bool(session, key, CKA_SENSITIVE, true));
        ck_assert(read_bool(session, key, CKA_ALWAYS_SENSITIVE) == sensitive);
    }
}
END_TEST

/* --- Templates --- */

static CK_RV key_with(CK_ATTRIBUTE_TYPE type, const void *at, size_t len)
{
    static struct bag bag;
    CK_OBJECT_HANDLE key;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_VALUE_LEN, 16);
    bag_octets(&bag, type, at, len);
    return try_key(CKM_AES_KEY_GEN, &bag, &key);
}

START_TEST(key_templates)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_OBJECT_CLASS right_class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_KEY_TYPE right_type = CKK_AES;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL neither = 2;

    OK(key_with(CKA_CLASS, &right_class, sizeof(right_class)));
    OK(key_with(CKA_KEY_TYPE, &right_type, sizeof(right_type)));
    EXPECT(CKR_TEMPLATE_INCONSISTENT, key_with(CKA_CLASS, &class, sizeof(class)));
    EXPECT(CKR_TEMPLATE_INCONSISTENT, key_with(CKA_KEY_TYPE, &type, sizeof(type)));
    EXPECT(CKR_TEMPLATE_INCONSISTENT, key_with(CKA_MODULUS_BITS, &type, sizeof(type)));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, key_with(CKA_VALUE, pattern(16).ptr, 16));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, key_with(CKA_LOCAL, &yes, 1));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, key_with(CKA_ALWAYS_SENSITIVE, &yes, 1));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, key_with(CKA_TRUSTED, &yes, 1));
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, key_with(CKA_ENCRYPT, &neither, 1));
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, key_with(CKA_ENCRYPT, &right_type, sizeof(right_type)));
    EXPECT(CKR_ATTRIBUTE_TYPE_INVALID, key_with(0x7ffffff0, &yes, 1));
}
END_TEST

/* Either half can spoil it, and then there is neither. */
START_TEST(pair_templates)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_SECRET_KEY, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY};

    for (int token = 0; token < 2; token++) {
        begin_p256();
        bag_bool(&public_bag, CKA_TOKEN, token == 1);
        bag_bool(&private_bag, CKA_TOKEN, token == 1);
        bag_ulong(&private_bag, CKA_KEY_TYPE, CKK_RSA);
        EXPECT(CKR_TEMPLATE_INCONSISTENT, try_pair(CKM_EC_KEY_PAIR_GEN));
        bag_ulong(&private_bag, CKA_KEY_TYPE, CKK_EC);
        OK(try_pair(CKM_EC_KEY_PAIR_GEN));
        bag_octets(&private_bag, CKA_VALUE, pattern(32).ptr, 32);
        EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_pair(CKM_EC_KEY_PAIR_GEN));
        bag_remove(&private_bag, CKA_VALUE);
        bag_octets(&private_bag, CKA_MODULUS, pattern(32).ptr, 32);
        EXPECT(CKR_TEMPLATE_INCONSISTENT, try_pair(CKM_EC_KEY_PAIR_GEN));
        bag_remove(&private_bag, CKA_MODULUS);
        bag_octets(&public_bag, CKA_EC_POINT, pattern(67).ptr, 67);
        EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_pair(CKM_EC_KEY_PAIR_GEN));
        bag_remove(&public_bag, CKA_EC_POINT);
        for (size_t i = 0; i < COUNT(classes); i++) {
            bag_ulong(&public_bag, CKA_CLASS, classes[i]);
            EXPECT(classes[i] == CKO_PUBLIC_KEY ? CKR_OK : CKR_TEMPLATE_INCONSISTENT,
                   try_pair(CKM_EC_KEY_PAIR_GEN));
        }
    }
}
END_TEST

START_TEST(arguments_and_sessions)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_AES_KEY_GEN);
    CK_MECHANISM with_parameter = {CKM_AES_KEY_GEN, &mechanism, sizeof(mechanism)};
    CK_SESSION_HANDLE read_only = session_open_ro(slot_of(session));
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_VALUE_LEN, 16), ATTR_BOOL(CKA_TOKEN, true)};
    CK_OBJECT_HANDLE key;

    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKey(session, &mechanism, TEMPLATE(template), NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKey(session, NULL, TEMPLATE(template), &key));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateKey(session, &mechanism, NULL, 2, &key));
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           p11->C_GenerateKey(session, &with_parameter, TEMPLATE(template), &key));
    EXPECT(CKR_SESSION_READ_ONLY, p11->C_GenerateKey(read_only, &mechanism, TEMPLATE(template), &key));
    OK(p11->C_GenerateKey(read_only, &mechanism, template, 1, &key));
    OK(p11->C_Logout(session));
    template[1] = (CK_ATTRIBUTE)ATTR_BOOL(CKA_PRIVATE, true);
    EXPECT(CKR_USER_NOT_LOGGED_IN, p11->C_GenerateKey(session, &mechanism, TEMPLATE(template), &key));
    template[1] = (CK_ATTRIBUTE)ATTR_BOOL(CKA_PRIVATE, false);
    OK(p11->C_GenerateKey(session, &mechanism, TEMPLATE(template), &key));
}
END_TEST

/* Both halves of a pair of token objects are in the store. */
START_TEST(pairs_are_kept)
{
    CK_SLOT_ID slot = 0;

    begin_p256();
    bag_bool(&public_bag, CKA_TOKEN, true);
    bag_bool(&private_bag, CKA_TOKEN, true);
    bag_text(&public_bag, CKA_LABEL, "kept");
    bag_text(&private_bag, CKA_LABEL, "kept");
    OK(try_pair(CKM_EC_KEY_PAIR_GEN));
    module_stop();
    module_start();
    ck_assert(slot_find("token", &slot));
    session = session_open(slot);
    login_user(session);
    pair.public = find_one(session, CKO_PUBLIC_KEY, "kept");
    pair.private = find_one(session, CKO_PRIVATE_KEY, "kept");
    expect_pair_works(session, CKM_ECDSA_SHA256, pair);
}
END_TEST

/* --- A token with the strict profile --- */

START_TEST(strict_profile)
{
    static const CK_BYTE three[] = {3};

    begin_rsa(1024, f4, sizeof(f4));
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_pair(CKM_RSA_PKCS_KEY_PAIR_GEN));
    begin_rsa(2048, three, sizeof(three));
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_pair(CKM_RSA_PKCS_KEY_PAIR_GEN));
    begin_rsa(2048, f4, sizeof(f4));
    bag_bool(&private_bag, CKA_DECRYPT, true);
    bag_bool(&private_bag, CKA_UNWRAP, true);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_pair(CKM_RSA_PKCS_KEY_PAIR_GEN));
    bag_bool(&private_bag, CKA_UNWRAP, false);
    OK(try_pair(CKM_RSA_PKCS_KEY_PAIR_GEN));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("keygen");
    TCase *tcase = tcase_create("standard");
    TCase *strict = tcase_create("strict");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 240);
    tcase_add_loop_test(tcase, rsa, 0, COUNT(rsa_pairs));
    tcase_add_test(tcase, rsa_refused);
    tcase_add_test(tcase, secret_keys);
    tcase_add_test(tcase, history);
    tcase_add_test(tcase, key_templates);
    tcase_add_test(tcase, pair_templates);
    tcase_add_test(tcase, arguments_and_sessions);
    tcase_add_test(tcase, pairs_are_kept);
    suite_add_tcase(s, tcase);
    tcase_add_checked_fixture(strict, strict_set_up, tear_down);
    tcase_set_timeout(strict, 120);
    tcase_add_test(strict, strict_profile);
    suite_add_tcase(s, strict);
    return s;
}

TEST_MAIN(suite)
