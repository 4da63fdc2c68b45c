/* SPDX-License-Identifier: Apache-2.0 */
/* Diffie-Hellman: pairs in every group, agreements with libcrypto, and what is refused. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/fields.h"
#include "support/main.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>

static CK_SESSION_HANDLE session;
static struct octets value;
static struct octets wanted;
static struct bag bag;

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

/* --- Pairs --- */

static const struct {
    const char *group;
    CK_KEY_TYPE type;
    CK_ULONG bits;
} groups[] = {
    {"ffdhe2048", CKK_DH, 2048},         {"ffdhe3072", CKK_DH, 3072},
    {"ffdhe4096", CKK_DH, 4096},         {"ffdhe6144", CKK_DH, 6144},
    {"ffdhe8192", CKK_DH, 8192},         {"modp_2048", CKK_DH, 2048},
    {"modp_3072", CKK_DH, 3072},         {"modp_4096", CKK_DH, 4096},
    {"modp_6144", CKK_DH, 6144},         {"modp_8192", CKK_DH, 8192},
    {"ffdhe2048", CKK_X9_42_DH, 2048},   {"dh_2048_224", CKK_X9_42_DH, 2048},
    {"dh_2048_256", CKK_X9_42_DH, 2048},
};

START_TEST(pairs_in_every_group_agree_with_libcrypto)
{
    CK_KEY_TYPE type = groups[_i].type;
    EVP_PKEY *pkey = field_key(groups[_i].group);
    struct key_pair pair = {0};
    static struct octets prime;

    OK(try_field_pair(session, type, pkey, 0, &pair));
    field_number(pkey, OSSL_PKEY_PARAM_FFC_P, &prime);
    read_octets(session, pair.private, CKA_PRIME, &value);
    expect_octets(octets_view(&value), octets_view(&prime), "CKA_PRIME");
    field_number(pkey, OSSL_PKEY_PARAM_FFC_G, &prime);
    read_octets(session, pair.private, CKA_BASE, &value);
    expect_octets(octets_view(&value), octets_view(&prime), "CKA_BASE");
    EXPECT(type == CKK_DH ? CKR_ATTRIBUTE_TYPE_INVALID : CKR_OK,
           try_read(session, pair.private, CKA_SUBPRIME, &value));
    ck_assert(read_bool(session, pair.private, CKA_LOCAL) && read_bool(session, pair.public, CKA_LOCAL));
    ck_assert_uint_eq(read_ulong(session, pair.public, CKA_KEY_GEN_MECHANISM),
                      type == CKK_DH ? CKM_DH_PKCS_KEY_PAIR_GEN : CKM_X9_42_DH_KEY_PAIR_GEN);
    expect_field_agreement(session, type, pair, pkey);
    EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(value_bits_are_the_length_of_x)
{
    static const CK_ULONG right[] = {224, 256, 2047};
    static const CK_ULONG wrong[] = {1, 160, 223, 2048, CK_UNAVAILABLE_INFORMATION};
    EVP_PKEY *pkey = field_key("ffdhe2048");
    struct key_pair pair = {0};

    for (size_t i = 0; i < COUNT(right); i++) {
        OK(try_field_pair(session, CKK_DH, pkey, right[i], &pair));
        ck_assert_uint_eq(read_ulong(session, pair.private, CKA_VALUE_BITS), right[i]);
        read_octets(session, pair.private, CKA_VALUE, &value);
        ck_assert_uint_eq(value.len, (right[i] + 7) / 8);
        expect_field_agreement(session, CKK_DH, pair, pkey);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_field_pair(session, CKK_DH, pkey, wrong[i], &pair));
    }
    /* X9.42 keys have not the attribute. */
    EVP_PKEY_free(pkey);
    pkey = field_key("dh_2048_256");
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_field_pair(session, CKK_X9_42_DH, pkey, 256, &pair));
    EVP_PKEY_free(pkey);
}
END_TEST

/* The published numbers, which integration/evidence agrees on, for what else is to be said. */
static const struct {
    const char *file;
    size_t cases;
} files[] = {{"dh_acvp", 5}, {"x942_dh_rfc5114", 4}, {"x942_dh_acvp", 4}};

/* --- X9.42's derivation functions --- */

static void by_libcrypto(const char *name, struct cfr_span shared, struct cfr_span info,
                         const char *algorithm, struct octets *ret)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t) "SHA1", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, UNCONST(shared.ptr), shared.len),
        algorithm == NULL
            ? OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, UNCONST(info.ptr), info.len)
            : OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_CEK_ALG, (char *)(uintptr_t)algorithm, 0),
        OSSL_PARAM_END,
    };

    ck_assert_int_eq(EVP_KDF_derive(ctx, ret->at, ret->len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static const uint8_t other_info[] = {0x30, 0x1d, 0x30, 0x13, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                     0x0d, 0x01, 0x09, 0x10, 0x03, 0x06, 0x04, 0x04, 0x00, 0x00, 0x00,
                                     0x07, 0xa2, 0x06, 0x04, 0x04, 0x00, 0x00, 0x00, 0xc0};

START_TEST(derivation_functions_are_those_of_x942)
{
    struct vectors *vectors = vectors_open("x942_dh_rfc5114");

    while (vectors_next(vectors)) {
        CK_X9_42_DH1_DERIVE_PARAMS params;
        CK_MECHANISM mechanism = field_agreement_of_case(vectors, &params);
        CK_OBJECT_HANDLE private = field_make_of_case(session, vectors, true);

        params.pOtherInfo = UNCONST(other_info);
        for (size_t len = 0; len <= sizeof(other_info); len += sizeof(other_info)) {
            params.kdf = CKD_SHA1_KDF_CONCATENATE;
            params.ulOtherInfoLen = len;
            wanted.len = 50;
            by_libcrypto("X963KDF", vectors_octets(vectors, "z"), cfr_span_of(other_info, len), NULL,
                         &wanted);
            derived_template(&bag, CKK_GENERIC_SECRET, 50);
            derive_expect(session, &mechanism, private, &bag, octets_view(&wanted), "concatenation");
        }
        /* libcrypto makes the same OtherInfo of the algorithm's name; the counter in ours does not matter. */
        params.kdf = CKD_SHA1_KDF_ASN1;
        wanted.len = 24;
        by_libcrypto("X942KDF-ASN1", vectors_octets(vectors, "z"), cfr_span_of(NULL, 0),
                     "id-smime-alg-CMS3DESwrap", &wanted);
        derived_template(&bag, CKK_GENERIC_SECRET, 24);
        derive_expect(session, &mechanism, private, &bag, octets_view(&wanted), "ASN.1");
        OK(p11->C_DestroyObject(session, private));
    }
    vectors_close(vectors, 4);
}
END_TEST

static void spoil(int kind, CK_MECHANISM *mechanism, CK_X9_42_DH1_DERIVE_PARAMS *params)
{
    switch (kind) {
    case 0:
        mechanism->pParameter = NULL;
        break;
    case 1:
        mechanism->ulParameterLen--;
        break;
    case 2:
        params->pPublicData = NULL;
        break;
    case 3:
        params->ulPublicDataLen = 0;
        break;
    case 4:
        params->kdf = CKD_SHA256_KDF;
        break;
    case 5:
        params->ulOtherInfoLen = 1;
        break;
    case 6: /* "With CKD_NULL, pOtherInfo must be NULL" */
        params->pOtherInfo = UNCONST(other_info);
        params->ulOtherInfoLen = sizeof(other_info);
        break;
    default: /* "With CKD_SHA1_KDF_ASN1, pOtherInfo must be supplied" */
        params->kdf = CKD_SHA1_KDF_ASN1;
        break;
    }
}

START_TEST(bad_parameters_are_refused)
{
    struct vectors *vectors = vectors_open("x942_dh_rfc5114");
    CK_X9_42_DH1_DERIVE_PARAMS good;
    CK_MECHANISM mechanism;
    CK_OBJECT_HANDLE private;
    static const size_t headers[] = {0, 1, 2, 3, 4, 5, 17, 18};
    uint8_t info[sizeof(other_info)];

    ck_assert(vectors_next(vectors));
    private = field_make_of_case(session, vectors, true);
    mechanism = field_agreement_of_case(vectors, &good);
    derived_template(&bag, CKK_GENERIC_SECRET, 16);
    for (int kind = 0; kind < 8; kind++) {
        CK_X9_42_DH1_DERIVE_PARAMS params = good;

        mechanism = MECHANISM_WITH(CKM_X9_42_DH_DERIVE, &params);
        spoil(kind, &mechanism, &params);
        derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, private, &bag, "X9.42");
    }
    /* The headers in front of the counter: both SEQUENCEs, the identifier's, the counter's own. */
    for (size_t i = 0; i < COUNT(headers); i++) {
        CK_X9_42_DH1_DERIVE_PARAMS params = good;

        memcpy(info, other_info, sizeof(info));
        info[headers[i]] ^= 0x04;
        params.kdf = CKD_SHA1_KDF_ASN1;
        params.pOtherInfo = info;
        params.ulOtherInfoLen = sizeof(info);
        mechanism = MECHANISM_WITH(CKM_X9_42_DH_DERIVE, &params);
        derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, private, &bag, "OtherInfo");
    }
    while (vectors_next(vectors)) {
    }
    vectors_close(vectors, 4);
}
END_TEST

/* --- Public values that are none --- */

START_TEST(values_outside_the_group_are_refused)
{
    struct vectors *vectors = vectors_open(files[_i].file);
    CK_X9_42_DH1_DERIVE_PARAMS params;
    CK_MECHANISM mechanism;
    CK_OBJECT_HANDLE private;
    struct cfr_span prime;
    uint8_t y[257] = {0};

    ck_assert(vectors_next(vectors));
    private = field_make_of_case(session, vectors, true);
    prime = vectors_octets(vectors, "p");
    mechanism = field_agreement_of_case(vectors, &params);
    ck_assert_uint_eq(prime.len, 256);
    /* 0, 1, p - 1, p, p + 1; 2^2048 and more. */
    for (int kind = 0; kind < 6; kind++) {
        memset(y, kind == 5 ? 0xff : 0, sizeof(y));
        if (kind >= 2 && kind < 5) {
            memcpy(y + 1, prime.ptr, prime.len);
            if (prime.ptr[255] == 0xff && kind == 4) {
                continue; /* p + 1 would carry; ffc_test.c has it */
            }
            y[256] = (uint8_t)(y[256] + kind - 3);
        } else if (kind == 1) {
            y[256] = 1;
        }
        params.pPublicData = y;
        params.ulPublicDataLen = sizeof(y);
        if (_i == 0) {
            mechanism = dh_with(cfr_span_of(y, sizeof(y)));
        }
        derived_template(&bag, CKK_GENERIC_SECRET, 16);
        derive_refused(session, CKR_PUBLIC_KEY_INVALID, &mechanism, private, &bag, "public value");
        bag_clear(&bag);
        bag_group_of_case(&bag, vectors);
        bag_field_public(&bag, _i == 0 ? CKK_DH : CKK_X9_42_DH, cfr_span_of(y, sizeof(y)));
        EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    }
    derived_template(&bag, CKK_GENERIC_SECRET, 16);
    mechanism = dh_with(cfr_span_of(NULL, 0));
    if (_i == 0) {
        derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, private, &bag, "no parameter");
    }
    while (vectors_next(vectors)) {
    }
    vectors_close(vectors, files[_i].cases);
}
END_TEST

/* Uses: CKA_DERIVE, the right type, the private half. */
START_TEST(other_keys_do_not_agree)
{
    EVP_PKEY *pkey = field_key("ffdhe2048");
    static struct octets peer;
    CK_X9_42_DH1_DERIVE_PARAMS params;
    CK_MECHANISM mechanism;
    CK_MECHANISM x942;
    struct key_pair pair = {0};
    CK_OBJECT_HANDLE aes = aes_make(session, false, "aes");

    field_number(pkey, OSSL_PKEY_PARAM_PUB_KEY, &peer);
    mechanism = dh_with(octets_view(&peer));
    params = x942_with(octets_view(&peer));
    x942 = MECHANISM_WITH(CKM_X9_42_DH_DERIVE, &params);
    OK(try_field_pair(session, CKK_DH, pkey, 0, &pair));
    derived_template(&bag, CKK_GENERIC_SECRET, 16);
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &mechanism, pair.public, &bag, "public half");
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &x942, pair.private, &bag, "other type");
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &mechanism, aes, &bag, "secret key");
    OK(try_set_bool(session, pair.private, CKA_DERIVE, false));
    derive_refused(session, CKR_KEY_FUNCTION_NOT_PERMITTED, &mechanism, pair.private, &bag, "CKA_DERIVE");
    EVP_PKEY_free(pkey);
}
END_TEST

/* The rules that end the section: history follows the base key. */
START_TEST(history_is_that_of_the_base_key)
{
    EVP_PKEY *pkey = field_key("ffdhe2048");
    static struct octets peer;
    CK_MECHANISM mechanism;

    field_number(pkey, OSSL_PKEY_PARAM_PUB_KEY, &peer);
    mechanism = dh_with(octets_view(&peer));
    for (int kind = 0; kind < 4; kind++) {
        bool is_secret = (kind & 1) != 0;
        bool was_secret = (kind & 2) != 0;
        CK_MECHANISM keygen = MECHANISM(CKM_DH_PKCS_KEY_PAIR_GEN);
        static struct bag group;
        struct key_pair pair;
        CK_OBJECT_HANDLE key;

        bag_clear(&group);
        bag_group(&group, CKK_DH, pkey);
        bag_clear(&bag);
        bag_bool(&bag, CKA_DERIVE, true);
        bag_bool(&bag, CKA_SENSITIVE, was_secret);
        bag_bool(&bag, CKA_EXTRACTABLE, !was_secret);
        OK(p11->C_GenerateKeyPair(session, &keygen, BAG(&group), BAG(&bag), &pair.public, &pair.private));
        derived_template(&bag, CKK_GENERIC_SECRET, 32);
        bag_bool(&bag, CKA_SENSITIVE, is_secret);
        bag_bool(&bag, CKA_EXTRACTABLE, !is_secret);
        OK(derive_try(session, &mechanism, pair.private, &bag, &key));
        ck_assert(read_bool(session, key, CKA_ALWAYS_SENSITIVE) == (was_secret && is_secret));
        ck_assert(read_bool(session, key, CKA_NEVER_EXTRACTABLE) == (was_secret && is_secret));
        ck_assert(!read_bool(session, key, CKA_LOCAL));
    }
    EVP_PKEY_free(pkey);
}
END_TEST

static Suite *suite(void)
{
    Suite *dh = suite_create("Diffie-Hellman");
    TCase *tcase = tcase_create("dh");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, pairs_in_every_group_agree_with_libcrypto, 0, COUNT(groups));
    tcase_add_test(tcase, value_bits_are_the_length_of_x);
    tcase_add_test(tcase, derivation_functions_are_those_of_x942);
    tcase_add_test(tcase, bad_parameters_are_refused);
    tcase_add_loop_test(tcase, values_outside_the_group_are_refused, 0, COUNT(files));
    tcase_add_test(tcase, other_keys_do_not_agree);
    tcase_add_test(tcase, history_is_that_of_the_base_key);
    suite_add_tcase(dh, tcase);
    return dh;
}

TEST_MAIN(suite)
