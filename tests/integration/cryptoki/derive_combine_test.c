/* SPDX-License-Identifier: Apache-2.0 */
/* The simple derivations: concatenation, exclusive or, extraction, digests of keys, encrypted data. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/keys.h"
#include "support/main.h"

static CK_SESSION_HANDLE session;
static struct bag template;

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

static const uint8_t first[] = {0x01, 0x23, 0x45, 0x67};
static const uint8_t second[] = {0x89, 0xab, 0xcd, 0xef};
static const uint8_t both[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
static const uint8_t swapped[] = {0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67};
static const uint8_t eights[] = {0x88, 0x88, 0x88, 0x88};

static CK_OBJECT_HANDLE first_key(void)
{
    return secret_make(session, CKK_GENERIC_SECRET, first, sizeof(first));
}

/* A template without a type: a generic secret comes out. */
static void untyped(size_t len)
{
    derived_template(&template, CKK_GENERIC_SECRET, len);
    bag_remove(&template, CKA_KEY_TYPE);
    bag_remove(&template, CKA_CLASS);
}

/* The mechanisms with the examples of their sections. */
static CK_OBJECT_HANDLE other_key;
static CK_KEY_DERIVATION_STRING_DATA data = {UNCONST(second), sizeof(second)};
static const struct example {
    CK_MECHANISM mechanism;
    const uint8_t *result;
    size_t len;
} examples[] = {
    {{CKM_CONCATENATE_BASE_AND_KEY, &other_key, sizeof(other_key)}, both, 8},
    {{CKM_CONCATENATE_BASE_AND_DATA, &data, sizeof(data)}, both, 8},
    {{CKM_CONCATENATE_DATA_AND_BASE, &data, sizeof(data)}, swapped, 8},
    {{CKM_XOR_BASE_AND_DATA, &data, sizeof(data)}, eights, 4},
};

static CK_OBJECT_HANDLE begin_example(void)
{
    other_key = secret_make(session, CKK_SHA256_HMAC, second, sizeof(second));
    return first_key();
}

START_TEST(examples_of_the_specification)
{
    const struct example *example = &examples[_i];
    CK_OBJECT_HANDLE base = begin_example();
    CK_OBJECT_HANDLE key;

    untyped(0);
    derive_expect(session, &example->mechanism, base, &template, cfr_span_of(example->result, example->len),
                  "whole");
    OK(derive_try(session, &example->mechanism, base, &template, &key));
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_TYPE), CKK_GENERIC_SECRET);
    ck_assert_uint_eq(read_ulong(session, key, CKA_CLASS), CKO_SECRET_KEY);
    ck_assert_uint_eq(read_ulong(session, key, CKA_VALUE_LEN), example->len);
    for (size_t len = 1; len <= example->len; len++) {
        untyped(len);
        derive_expect(session, &example->mechanism, base, &template, cfr_span_of(example->result, len),
                      "its head");
        derived_template(&template, CKK_HKDF, len);
        derive_expect(session, &example->mechanism, base, &template, cfr_span_of(example->result, len),
                      "typed");
    }
}
END_TEST

/* "If the requested type of key requires more bytes than are available", and types without a length. */
START_TEST(lengths_and_types)
{
    const struct example *example = &examples[_i];
    CK_OBJECT_HANDLE base = begin_example();

    untyped(example->len + 1);
    derive_refused(session, CKR_KEY_SIZE_RANGE, &example->mechanism, base, &template, "one too many");
    bag_ulong(&template, CKA_VALUE_LEN, 65537);
    derive_refused(session, CKR_ATTRIBUTE_VALUE_INVALID, &example->mechanism, base, &template,
                   "far too many");
    derived_template(&template, CKK_GENERIC_SECRET, 0);
    derive_refused(session, CKR_TEMPLATE_INCOMPLETE, &example->mechanism, base, &template, "a type alone");
    derived_template(&template, CKK_AES, 0);
    derive_refused(session, CKR_TEMPLATE_INCOMPLETE, &example->mechanism, base, &template, "AES alone");
    derived_template(&template, CKK_AES, 4);
    derive_refused(session, CKR_KEY_SIZE_RANGE, &example->mechanism, base, &template, "no length of AES");
    untyped(0);
    bag_ulong(&template, CKA_CLASS, CKO_DATA);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &example->mechanism, base, &template, "no secret key");
}
END_TEST

START_TEST(keys_that_do_not_fit)
{
    const struct example *example = &examples[_i];
    CK_OBJECT_HANDLE base = begin_example();
    EVP_PKEY *pkey = pkey_new("P-256");
    CK_OBJECT_HANDLE private_key = private_make(session, pkey);
    CK_OBJECT_HANDLE fixed = first_key();

    OK(try_set_bool(session, fixed, CKA_DERIVE, false));
    untyped(0);
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &example->mechanism, private_key, &template,
                   "private");
    derive_refused(session, CKR_KEY_FUNCTION_NOT_PERMITTED, &example->mechanism, fixed, &template,
                   "CKA_DERIVE");
    derive_refused(session, CKR_KEY_HANDLE_INVALID, &example->mechanism,
                   data_make(session, "x", false, false), &template, "a data object");
    if (example->mechanism.mechanism == CKM_CONCATENATE_BASE_AND_KEY) {
        other_key = fixed;
        derive_refused(session, CKR_KEY_FUNCTION_NOT_PERMITTED, &example->mechanism, base, &template,
                       "the other");
        other_key = private_key;
        derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &example->mechanism, base, &template, "the other");
        other_key = CK_INVALID_HANDLE;
        derive_refused(session, CKR_KEY_HANDLE_INVALID, &example->mechanism, base, &template, "the other");
        other_key = base;
        derive_expect(session, &example->mechanism, base, &template,
                      cfr_span_of("\x01\x23\x45\x67\x01\x23\x45\x67", 8), "twice the same key");
    }
    EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(secrecy_of_the_parts)
{
    const struct example *example = &examples[_i];
    CK_KEY_DERIVATION_STRING_DATA long_data = {UNCONST(pattern(32).ptr), 32};
    CK_MECHANISM mechanism = example->mechanism;
    bool has_key = mechanism.mechanism == CKM_CONCATENATE_BASE_AND_KEY;

    if (!has_key) {
        mechanism.pParameter = &long_data;
    }
    heritage_check(session, HERITAGE_SECRECY, &mechanism, has_key ? &other_key : NULL, CKK_GENERIC_SECRET);
}
END_TEST

/* What the other key's CKA_DERIVE_TEMPLATE asks counts as much as the base key's. */
START_TEST(derive_template_of_the_other_key)
{
    CK_ATTRIBUTE added[] = {ATTR_BOOL(CKA_EXTRACTABLE, false)};
    CK_MECHANISM mechanism = {CKM_CONCATENATE_BASE_AND_KEY, &other_key, sizeof(other_key)};
    CK_OBJECT_HANDLE base = first_key();
    CK_OBJECT_HANDLE key;

    bag_clear(&template);
    bag_ulong(&template, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    bag_octets(&template, CKA_VALUE, second, sizeof(second));
    bag_bool(&template, CKA_DERIVE, true);
    bag_bool(&template, CKA_EXTRACTABLE, true);
    bag_octets(&template, CKA_DERIVE_TEMPLATE, added, sizeof(added));
    other_key = object_make(session, &template);
    untyped(0);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, base, &template, "extractable");
    bag_remove(&template, CKA_EXTRACTABLE);
    OK(derive_try(session, &mechanism, base, &template, &key));
    ck_assert(!read_bool(session, key, CKA_EXTRACTABLE));
    ck_assert_uint_eq(read_ulong(session, key, CKA_VALUE_LEN), 8);
}
END_TEST

START_TEST(string_data)
{
    CK_KEY_DERIVATION_STRING_DATA given = {NULL, 4};
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_CONCATENATE_BASE_AND_DATA, &given);
    CK_OBJECT_HANDLE base = first_key();

    untyped(0);
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "NULL");
    given = (CK_KEY_DERIVATION_STRING_DATA){UNCONST(second), (CK_ULONG)-1};
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "no end");
    given = (CK_KEY_DERIVATION_STRING_DATA){NULL, 0};
    derive_expect(session, &mechanism, base, &template, cfr_span_of(first, 4), "nothing");
    mechanism.mechanism = CKM_XOR_BASE_AND_DATA;
    derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base, &template, "nothing");
    mechanism.ulParameterLen = 0;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "no parameter");
}
END_TEST

/* --- Extraction --- */

/* Bit by bit, as the section describes it. */
static void extract_by_definition(struct cfr_span key, size_t bit, uint8_t *out, size_t len)
{
    memset(out, 0, len);
    for (size_t i = 0; i < 8 * len; i++) {
        size_t from = (bit + i) % (8 * key.len);
        unsigned value = (unsigned)key.ptr[from / 8] >> (7 - from % 8) & 1U;

        out[i / 8] = (uint8_t)(out[i / 8] | value << (7 - i % 8));
    }
}

START_TEST(extraction)
{
    static const uint8_t key[] = {0x32, 0x9f, 0x84, 0xa9};
    CK_EXTRACT_PARAMS bit = 21;
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_EXTRACT_KEY_FROM_KEY, &bit);
    CK_OBJECT_HANDLE base = secret_make(session, CKK_GENERIC_SECRET, key, sizeof(key));

    untyped(2);
    derive_expect(session, &mechanism, base, &template, cfr_span_of("\x95\x26", 2), "the example");
    for (bit = 0; bit < 32; bit++) {
        for (size_t len = 1; len <= sizeof(key); len++) {
            uint8_t want[sizeof(key)];

            extract_by_definition(cfr_span_of(key, sizeof(key)), bit, want, len);
            untyped(len);
            derive_expect(session, &mechanism, base, &template, cfr_span_of(want, len), "any bit");
        }
    }
    bit = 32;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "beyond the key");
    bit = (CK_ULONG)-1;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "far beyond");
    bit = 0;
    untyped(5);
    derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base, &template, "more than the key has");
    untyped(0);
    derive_refused(session, CKR_TEMPLATE_INCOMPLETE, &mechanism, base, &template, "no length");
    derived_template(&template, CKK_AES, 0);
    derive_refused(session, CKR_TEMPLATE_INCOMPLETE, &mechanism, base, &template, "a type alone");
}
END_TEST

START_TEST(extraction_secrecy)
{
    CK_EXTRACT_PARAMS bit = 3;
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_EXTRACT_KEY_FROM_KEY, &bit);

    heritage_check(session, HERITAGE_SECRECY, &mechanism, NULL, CKK_AES);
}
END_TEST

/* --- Digests of keys --- */

static const struct {
    const char *hash;
    CK_MECHANISM_TYPE mechanism;
} digests[] = {
    {"SHA1", CKM_SHA1_KEY_DERIVATION},
    {"SHA224", CKM_SHA224_KEY_DERIVATION},
    {"SHA256", CKM_SHA256_KEY_DERIVATION},
    {"SHA384", CKM_SHA384_KEY_DERIVATION},
    {"SHA512", CKM_SHA512_KEY_DERIVATION},
    {"SHA512_224", CKM_SHA512_224_KEY_DERIVATION},
    {"SHA512_256", CKM_SHA512_256_KEY_DERIVATION},
    {"SHA3_224", CKM_SHA3_224_KEY_DERIVATION},
    {"SHA3_256", CKM_SHA3_256_KEY_DERIVATION},
    {"SHA3_384", CKM_SHA3_384_KEY_DERIVATION},
    {"SHA3_512", CKM_SHA3_512_KEY_DERIVATION},
};

static void check_digest(CK_MECHANISM_TYPE type, struct cfr_span key, struct cfr_span wanted)
{
    CK_MECHANISM mechanism = MECHANISM(type);
    CK_OBJECT_HANDLE base = secret_make(session, CKK_AES, key.ptr, key.len);

    for (size_t len = 1; len <= wanted.len; len += 3) {
        untyped(len);
        derive_expect(session, &mechanism, base, &template, cfr_span_of(wanted.ptr, len), "leading octets");
    }
    derived_template(&template, CKK_AES, 16);
    derive_expect(session, &mechanism, base, &template, cfr_span_of(wanted.ptr, 16), "AES");
    untyped(wanted.len + 1);
    derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base, &template, "more than the digest");
    derived_template(&template, CKK_AES, 0);
    derive_refused(session, CKR_TEMPLATE_INCOMPLETE, &mechanism, base, &template, "a type without a length");
    mechanism.pParameter = &template;
    mechanism.ulParameterLen = 1;
    untyped(1);
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "a parameter");
    OK(p11->C_DestroyObject(session, base));
}

START_TEST(digests_of_keys)
{
    uint8_t key[32];
    uint8_t out[64];

    random_octets(key, sizeof(key));
    for (size_t i = 0; i < COUNT(digests); i++) {
        check_digest(digests[i].mechanism, cfr_span_of(key, sizeof(key)),
                     hash_digest(hash_find(digests[i].hash), cfr_span_of(key, sizeof(key)), out));
    }
}
END_TEST

/* Table 142: 32 octets of SHAKE128, 64 of SHAKE256. */
START_TEST(expansions_of_keys)
{
    static const struct {
        CK_MECHANISM_TYPE mechanism;
        const char *md;
        size_t len;
    } rows[] = {{CKM_SHAKE_128_KEY_DERIVATION, "SHAKE128", 32},
                {CKM_SHAKE_256_KEY_DERIVATION, "SHAKE256", 64}};
    uint8_t key[32];
    uint8_t out[64];

    random_octets(key, sizeof(key));
    for (size_t i = 0; i < COUNT(rows); i++) {
        EVP_MD *md = EVP_MD_fetch(NULL, rows[i].md, NULL);
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        CK_MECHANISM mechanism = MECHANISM(rows[i].mechanism);

        ck_assert_int_eq(EVP_DigestInit_ex(ctx, md, NULL), 1);
        ck_assert_int_eq(EVP_DigestUpdate(ctx, key, sizeof(key)), 1);
        ck_assert_int_eq(EVP_DigestFinalXOF(ctx, out, rows[i].len), 1);
        check_digest(rows[i].mechanism, cfr_span_of(key, sizeof(key)), cfr_span_of(out, rows[i].len));
        untyped(0);
        derive_expect(session, &mechanism, secret_make(session, CKK_GENERIC_SECRET, key, sizeof(key)),
                      &template, cfr_span_of(out, rows[i].len), "the whole");
        EVP_MD_CTX_free(ctx);
        EVP_MD_free(md);
    }
}
END_TEST

START_TEST(digest_secrecy)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_SHA256_KEY_DERIVATION);

    heritage_check(session, HERITAGE_HISTORY, &mechanism, NULL, CKK_AES);
}
END_TEST

/* --- Encrypted data --- */

START_TEST(encryption_refusals)
{
    CK_AES_CBC_ENCRYPT_DATA_PARAMS cbc = {.pData = UNCONST(pattern(64).ptr), .length = 32};
    CK_KEY_DERIVATION_STRING_DATA ecb = {UNCONST(pattern(64).ptr), 32};
    CK_MECHANISM mechanisms[] = {MECHANISM_WITH(CKM_AES_CBC_ENCRYPT_DATA, &cbc),
                                 MECHANISM_WITH(CKM_AES_ECB_ENCRYPT_DATA, &ecb)};
    static const CK_ULONG wrong[] = {0, 1, 15, 17, 31, (CK_ULONG)-16};
    CK_OBJECT_HANDLE base = secret_make(session, CKK_AES, pattern(16).ptr, 16);
    CK_OBJECT_HANDLE generic = secret_make(session, CKK_GENERIC_SECRET, pattern(16).ptr, 16);

    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        CK_ULONG *len = i == 0 ? &cbc.length : &ecb.ulLen;

        untyped(33);
        derive_refused(session, CKR_DATA_LEN_RANGE, &mechanisms[i], base, &template, "the data is too short");
        untyped(32);
        derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &mechanisms[i], generic, &template, "no AES key");
        for (size_t at = 0; at < COUNT(wrong); at++) {
            *len = wrong[at];
            derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanisms[i], base, &template,
                           "no blocks");
        }
        *len = 32;
        mechanisms[i].ulParameterLen--;
        derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanisms[i], base, &template, "cut off");
    }
    cbc.pData = NULL;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &MECHANISM_WITH(CKM_AES_CBC_ENCRYPT_DATA, &cbc),
                   base, &template, "NULL");
}
END_TEST

START_TEST(encryption_secrecy)
{
    CK_KEY_DERIVATION_STRING_DATA ecb = {UNCONST(pattern(64).ptr), 32};
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_AES_ECB_ENCRYPT_DATA, &ecb);

    heritage_check(session, HERITAGE_HISTORY, &mechanism, NULL, CKK_AES);
}
END_TEST

/* --- A token with the strict profile --- */

static void strict_set_up(void)
{
    scratch_setup();
    scratch_configure("token.profile = strict\n");
    session = client_ready();
}

/* Mechanisms that show a key are left out, and no derived key can be guessed. */
START_TEST(strict_profile)
{
    CK_EXTRACT_PARAMS bit = 0;
    CK_KEY_DERIVATION_STRING_DATA ecb = {UNCONST(pattern(64).ptr), 32};
    CK_MECHANISM digest = MECHANISM(CKM_SHA256_KEY_DERIVATION);
    CK_OBJECT_HANDLE base = heritage_key(session, CKK_AES, 0);
    CK_OBJECT_HANDLE key;

    untyped(16);
    bag_remove(&template, CKA_SENSITIVE);
    bag_remove(&template, CKA_EXTRACTABLE);
    for (size_t i = 0; i < COUNT(examples); i++) {
        derive_refused(session, CKR_MECHANISM_INVALID, &examples[i].mechanism, base, &template, "weak");
    }
    derive_refused(session, CKR_MECHANISM_INVALID, &MECHANISM_WITH(CKM_EXTRACT_KEY_FROM_KEY, &bit), base,
                   &template, "weak");
    derive_refused(session, CKR_MECHANISM_INVALID, &MECHANISM_WITH(CKM_AES_ECB_ENCRYPT_DATA, &ecb), base,
                   &template, "weak");
    OK(derive_try(session, &digest, base, &template, &key));
    bag_ulong(&template, CKA_VALUE_LEN, 14);
    OK(derive_try(session, &digest, base, &template, &key));
    bag_ulong(&template, CKA_VALUE_LEN, 13);
    derive_refused(session, CKR_KEY_SIZE_RANGE, &digest, base, &template, "below 112 bits");
}
END_TEST

static Suite *suite(void)
{
    Suite *combine = suite_create("derive_combine");
    TCase *parts = tcase_create("parts");
    TCase *others = tcase_create("others");
    TCase *strict = tcase_create("strict");

    tcase_add_checked_fixture(parts, set_up, tear_down);
    tcase_add_loop_test(parts, examples_of_the_specification, 0, COUNT(examples));
    tcase_add_loop_test(parts, lengths_and_types, 0, COUNT(examples));
    tcase_add_loop_test(parts, keys_that_do_not_fit, 0, COUNT(examples));
    tcase_add_loop_test(parts, secrecy_of_the_parts, 0, COUNT(examples));
    tcase_add_test(parts, derive_template_of_the_other_key);
    tcase_add_test(parts, string_data);
    tcase_add_checked_fixture(others, set_up, tear_down);
    tcase_add_test(others, extraction);
    tcase_add_test(others, extraction_secrecy);
    tcase_add_test(others, digests_of_keys);
    tcase_add_test(others, expansions_of_keys);
    tcase_add_test(others, digest_secrecy);
    tcase_add_test(others, encryption_refusals);
    tcase_add_test(others, encryption_secrecy);
    tcase_add_checked_fixture(strict, strict_set_up, tear_down);
    tcase_add_test(strict, strict_profile);
    suite_add_tcase(combine, parts);
    suite_add_tcase(combine, others);
    suite_add_tcase(combine, strict);
    return combine;
}

TEST_MAIN(suite)
