/* SPDX-License-Identifier: Apache-2.0 */
/* The mechanism table, row by row: what a row promises, it has. And the registry over it. */
#include "crypto/ossl.h"
#include "crypto/pq.h"
#include "mech/registry.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void up(void)
{
    ASSERT_OK(cfr_ossl_up());
    cfr_registry_probe();
}

static bool is(const struct cfr_mechanism *row, CK_FLAGS flags)
{
    return (row->flags & flags) != 0;
}

/* All but the post-quantum mechanisms are of any libcrypto. */
static bool lists(const struct cfr_mechanism *row)
{
    CK_KEY_TYPE type = row->key_types[0];
    bool is_post_quantum = type == CKK_ML_KEM || type == CKK_ML_DSA || type == CKK_SLH_DSA;

    return !is_post_quantum || cfr_pq_is_available(CFR_KEY_ML_DSA);
}

START_TEST(rows_rise_and_are_found)
{
    for (size_t i = 0; i < cfr_mechanism_count(); i++) {
        const struct cfr_mechanism *row = cfr_mechanism_row(i);
        const struct cfr_mechanism *found = NULL;

        ck_assert_msg(i == 0 || row->type > cfr_mechanism_row(i - 1)->type, "%s", row->name);
        ck_assert_int_eq(strncmp(row->name, "CKM_", 4), 0);
        ck_assert_str_eq(cfr_registry_name(row->type), row->name);
        ASSERT_RV(cfr_registry_find(row->type, row->flags, &found),
                  lists(row) ? CKR_OK : CKR_MECHANISM_INVALID);
        ck_assert_ptr_eq(found, lists(row) ? row : NULL);
    }
}
END_TEST

START_TEST(unknown_mechanisms_are_refused)
{
    static const CK_MECHANISM_TYPE unknown[] = {CKM_DES_CBC, CKM_MD5, CKM_RC4, CKM_VENDOR_DEFINED | 1,
                                                CK_UNAVAILABLE_INFORMATION};
    const struct cfr_mechanism *found = NULL;

    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        ASSERT_RV(cfr_registry_find(unknown[i], 0, &found), CKR_MECHANISM_INVALID);
        ck_assert_ptr_null(found);
        ck_assert_ptr_null(cfr_registry_name(unknown[i]));
    }
}
END_TEST

START_TEST(each_function_is_the_rows_own)
{
    static const CK_FLAGS functions[] = {
        CKF_ENCRYPT,      CKF_DECRYPT,        CKF_DIGEST,      CKF_SIGN,       CKF_VERIFY,
        CKF_WRAP,         CKF_UNWRAP,         CKF_DERIVE,      CKF_GENERATE,   CKF_GENERATE_KEY_PAIR,
        CKF_SIGN_RECOVER, CKF_VERIFY_RECOVER, CKF_ENCAPSULATE, CKF_DECAPSULATE};

    for (size_t i = 0; i < cfr_mechanism_count(); i++) {
        const struct cfr_mechanism *row = cfr_mechanism_row(i);

        for (size_t j = 0; j < COUNT_OF(functions); j++) {
            const struct cfr_mechanism *found = NULL;

            ASSERT_RV(cfr_registry_find(row->type, functions[j], &found),
                      lists(row) && is(row, functions[j]) ? CKR_OK : CKR_MECHANISM_INVALID);
        }
    }
}
END_TEST

START_TEST(rows_have_what_they_promise)
{
    static const unsigned any_key = CFR_TRAIT_ANY_SECRET | CFR_TRAIT_ANY_PRIVATE | CFR_TRAIT_TEMPLATE_TYPE;

    for (size_t i = 0; i < cfr_mechanism_count(); i++) {
        const struct cfr_mechanism *row = cfr_mechanism_row(i);
        bool runs =
            is(row, CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN | CKF_VERIFY | CKF_WRAP | CKF_UNWRAP);

        ck_assert_msg(row->params != NULL && row->parameter != NULL && row->section != NULL, "%s", row->name);
        ck_assert_msg((row->op != NULL) == runs, "%s", row->name);
        ck_assert_msg((row->keygen != NULL) == is(row, CKF_GENERATE | CKF_GENERATE_KEY_PAIR), "%s",
                      row->name);
        ck_assert_msg((row->kem != NULL) == is(row, CKF_ENCAPSULATE | CKF_DECAPSULATE), "%s", row->name);
        ck_assert_msg((row->derive != NULL || (row->traits & CFR_TRAIT_MAKES_PUBLIC) != 0) ==
                          is(row, CKF_DERIVE),
                      "%s", row->name);
        ck_assert_msg((row->strict & ~row->flags) == 0, "%s is stricter with more functions", row->name);
        ck_assert_msg((row->traits & CFR_TRAIT_WRAP_ZERO_PAD) == 0 ||
                          (is(row, CKF_WRAP) && row->wrap_unit > 1),
                      "%s", row->name);
        ck_assert_msg(row->size.min <= row->size.max, "%s", row->name);
        ck_assert_msg((is(row, CKF_DIGEST) || (row->traits & any_key) != 0) ==
                          (row->key_types[0] == CK_UNAVAILABLE_INFORMATION),
                      "%s", row->name);
        ck_assert_msg(!is(row, CKF_DIGEST) || row->size.unit == CFR_SIZE_NONE, "%s", row->name);
    }
}
END_TEST

START_TEST(adapters_are_whole)
{
    for (size_t i = 0; i < cfr_mechanism_count(); i++) {
        const struct cfr_mechanism *row = cfr_mechanism_row(i);
        const struct cfr_op_impl *op = row->op;

        if (op == NULL) {
            continue;
        }
        ck_assert_msg(op->make != NULL && op->start != NULL && op->bound != NULL && op->drop != NULL, "%s",
                      row->name);
        ck_assert_msg(!is(row, CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN | CKF_WRAP) ||
                          op->once != NULL,
                      "%s", row->name);
        ck_assert_msg(!is(row, CKF_VERIFY) || op->verify != NULL, "%s", row->name);
        /* Parts that go in come to an end. */
        ck_assert_msg((op->update != NULL) == (op->finish != NULL || op->verify_finish != NULL), "%s",
                      row->name);
        ck_assert_msg(!is(row, CKF_VERIFY) || (op->update != NULL) == (op->verify_finish != NULL), "%s",
                      row->name);
    }
}
END_TEST

/* Units of C_GetMechanismInfo, which the specification gives in the section of each mechanism. */
static const struct {
    CK_MECHANISM_TYPE type;
    enum cfr_size_unit unit;
    CK_ULONG least; /* sizes that must lie within, where the algorithm fixes them */
    CK_ULONG most;
} sizes[] = {
    {CKM_RSA_PKCS_KEY_PAIR_GEN, CFR_SIZE_BITS, 2048, 4096},
    {CKM_RSA_PKCS_OAEP, CFR_SIZE_BITS, 2048, 4096},
    {CKM_SHA256_RSA_PKCS_PSS, CFR_SIZE_BITS, 2048, 4096},
    {CKM_EC_KEY_PAIR_GEN, CFR_SIZE_BITS, 256, 521},
    {CKM_ECDSA_SHA256, CFR_SIZE_BITS, 256, 521},
    {CKM_ECDH1_DERIVE, CFR_SIZE_BITS, 256, 521},
    {CKM_EDDSA, CFR_SIZE_BITS, 255, 448},
    {CKM_GENERIC_SECRET_KEY_GEN, CFR_SIZE_BITS, 8, 2048},
    {CKM_AES_KEY_GEN, CFR_SIZE_OCTETS, 16, 32},
    {CKM_DH_PKCS_KEY_PAIR_GEN, CFR_SIZE_BITS, 2048, 8192},
    {CKM_DH_PKCS_DERIVE, CFR_SIZE_BITS, 2048, 8192},
    {CKM_DH_PKCS_PARAMETER_GEN, CFR_SIZE_BITS, 2048, 8192},
    {CKM_X9_42_DH_DERIVE, CFR_SIZE_BITS, 2048, 8192},
    {CKM_DSA_SHA256, CFR_SIZE_BITS, 1024, 3072},
    {CKM_AES_ECB, CFR_SIZE_OCTETS, 16, 32},
    {CKM_AES_GCM, CFR_SIZE_OCTETS, 16, 32},
    {CKM_AES_CMAC, CFR_SIZE_OCTETS, 16, 32},
    {CKM_AES_XTS, CFR_SIZE_OCTETS, 32, 64},
};

START_TEST(sizes_are_in_the_units_of_the_specification)
{
    const struct cfr_mechanism *row = NULL;

    ASSERT_OK(cfr_registry_find(sizes[_i].type, 0, &row));
    ck_assert_msg(row->size.unit == sizes[_i].unit, "%s", row->name);
    ck_assert_msg(row->size.min <= sizes[_i].least && row->size.max >= sizes[_i].most, "%s: %lu to %lu",
                  row->name, row->size.min, row->size.max);
}
END_TEST

START_TEST(keys_are_measured_in_bits)
{
    const struct cfr_mechanism *aes = NULL;
    const struct cfr_mechanism *rsa = NULL;
    const struct cfr_mechanism *digest = NULL;

    ASSERT_OK(cfr_registry_find(CKM_AES_GCM, 0, &aes));
    ASSERT_OK(cfr_registry_find(CKM_RSA_PKCS, 0, &rsa));
    ASSERT_OK(cfr_registry_find(CKM_SHA256, 0, &digest));
    ck_assert(cfr_mechanism_takes_size(aes, 128) && cfr_mechanism_takes_size(aes, 256));
    ck_assert(!cfr_mechanism_takes_size(aes, 120) && !cfr_mechanism_takes_size(aes, 264));
    ck_assert(cfr_mechanism_takes_size(rsa, rsa->size.min) && cfr_mechanism_takes_size(rsa, rsa->size.max));
    ck_assert(!cfr_mechanism_takes_size(rsa, rsa->size.min - 1) &&
              !cfr_mechanism_takes_size(rsa, rsa->size.max + 1));
    ck_assert(cfr_mechanism_takes_size(digest, 0));
    ck_assert(cfr_mechanism_takes_type(aes, CKK_AES) && !cfr_mechanism_takes_type(aes, CKK_AES_XTS));
    ck_assert(cfr_mechanism_takes_type(rsa, CKK_RSA) && !cfr_mechanism_takes_type(rsa, CKK_EC));
}
END_TEST

/* No raw RSA, no v1.5 decryption, no ECB, no wrapping without authentication, no new SHA-1. */
START_TEST(strict_profile_leaves_no_weak_use)
{
    static const struct {
        CK_MECHANISM_TYPE type;
        CK_FLAGS barred;
        CK_FLAGS left;
    } rules[] = {
        {CKM_RSA_X_509, CKF_ENCRYPT | CKF_DECRYPT | CKF_SIGN | CKF_VERIFY | CKF_WRAP | CKF_UNWRAP, 0},
        {CKM_RSA_PKCS, CKF_ENCRYPT | CKF_DECRYPT | CKF_WRAP | CKF_UNWRAP, CKF_SIGN | CKF_VERIFY},
        {CKM_AES_ECB, CKF_ENCRYPT | CKF_DECRYPT | CKF_WRAP | CKF_UNWRAP, 0},
        {CKM_AES_CBC, CKF_WRAP | CKF_UNWRAP, CKF_ENCRYPT | CKF_DECRYPT},
        {CKM_AES_CBC_PAD, CKF_WRAP | CKF_UNWRAP, CKF_ENCRYPT | CKF_DECRYPT},
        {CKM_AES_CTR, CKF_WRAP | CKF_UNWRAP, CKF_ENCRYPT | CKF_DECRYPT},
        {CKM_AES_GCM, 0, CKF_ENCRYPT | CKF_DECRYPT | CKF_WRAP | CKF_UNWRAP},
        {CKM_AES_KEY_WRAP, 0, CKF_WRAP | CKF_UNWRAP},
        {CKM_SHA1_RSA_PKCS, CKF_SIGN, CKF_VERIFY},
        {CKM_ECDSA_SHA1, CKF_SIGN, CKF_VERIFY},
        {CKM_SHA256_RSA_PKCS, 0, CKF_SIGN | CKF_VERIFY},
        /* What shows a key octet by octet (CVE-2015-5464), or as data. */
        {CKM_CONCATENATE_BASE_AND_KEY, CKF_DERIVE, 0},
        {CKM_CONCATENATE_BASE_AND_DATA, CKF_DERIVE, 0},
        {CKM_CONCATENATE_DATA_AND_BASE, CKF_DERIVE, 0},
        {CKM_XOR_BASE_AND_DATA, CKF_DERIVE, 0},
        {CKM_EXTRACT_KEY_FROM_KEY, CKF_DERIVE, 0},
        {CKM_AES_ECB_ENCRYPT_DATA, CKF_DERIVE, 0},
        {CKM_AES_CBC_ENCRYPT_DATA, CKF_DERIVE, 0},
        {CKM_HKDF_DATA, CKF_DERIVE, 0},
        {CKM_SHA1_KEY_DERIVATION, CKF_DERIVE, 0},
        {CKM_SHA256_KEY_DERIVATION, 0, CKF_DERIVE},
        {CKM_HKDF_DERIVE, 0, CKF_DERIVE},
        /* A key that is "made inside" and that a password gives away would wrap sensitive ones. */
        {CKM_PKCS5_PBKD2, CKF_GENERATE, 0},
    };

    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        const struct cfr_mechanism *row = NULL;

        ASSERT_OK(cfr_registry_find(rules[i].type, 0, &row));
        ck_assert_msg((row->strict & rules[i].barred) == 0, "%s", row->name);
        ck_assert_msg((row->strict & rules[i].left) == rules[i].left, "%s", row->name);
    }
}
END_TEST

/* The profile adds Triple-DES, which no other kind of token has, and nothing else. */
START_TEST(legacy_rows_are_triple_des)
{
    for (size_t i = 0; i < cfr_mechanism_count(); i++) {
        const struct cfr_mechanism *row = cfr_mechanism_row(i);

        ck_assert_msg(row->is_legacy == cfr_mechanism_takes_type(row, CKK_DES3), "%s", row->name);
        ck_assert_msg(!row->is_legacy || row->strict == 0, "%s", row->name);
    }
}
END_TEST

/* What a type of key can do is what the mechanisms that take it do together. */
START_TEST(capabilities_are_those_of_the_rows)
{
    static const CK_KEY_TYPE types[] = {CKK_RSA,  CKK_EC,      CKK_EC_EDWARDS,     CKK_EC_MONTGOMERY,
                                        CKK_AES,  CKK_AES_XTS, CKK_GENERIC_SECRET, CKK_SHA256_HMAC,
                                        CKK_DES3, CKK_DH,      CKK_X9_42_DH,       CKK_DSA,
                                        CKK_DES2};

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const struct cfr_mechanism *row;
        CK_FLAGS flags = 0;
        size_t index = 0;

        while ((row = cfr_registry_next(&index)) != NULL) {
            flags |= cfr_mechanism_takes_type(row, types[i]) ? row->flags : 0;
        }
        ck_assert_uint_eq(cfr_registry_capabilities(types[i]), flags);
    }
    ck_assert_uint_eq(cfr_registry_capabilities(CKK_DES2), 0);
    ck_assert_uint_eq(cfr_registry_capabilities(CKK_DSA) & (CKF_SIGN | CKF_GENERATE_KEY_PAIR), 0);
    ck_assert_uint_eq(cfr_registry_capabilities(CKK_EC_MONTGOMERY) & (CKF_SIGN | CKF_ENCRYPT), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *table = suite_create("mechanism table");
    TCase *tcase = tcase_create("table");

    tcase_add_checked_fixture(tcase, up, NULL);
    tcase_add_test(tcase, rows_rise_and_are_found);
    tcase_add_test(tcase, unknown_mechanisms_are_refused);
    tcase_add_test(tcase, each_function_is_the_rows_own);
    tcase_add_test(tcase, rows_have_what_they_promise);
    tcase_add_test(tcase, adapters_are_whole);
    tcase_add_loop_test(tcase, sizes_are_in_the_units_of_the_specification, 0, COUNT_OF(sizes));
    tcase_add_test(tcase, keys_are_measured_in_bits);
    tcase_add_test(tcase, strict_profile_leaves_no_weak_use);
    tcase_add_test(tcase, legacy_rows_are_triple_des);
    tcase_add_test(tcase, capabilities_are_those_of_the_rows);
    suite_add_tcase(table, tcase);
    return table;
}

TEST_MAIN(suite)
