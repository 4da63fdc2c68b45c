/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/rsa_samples.h"

#include <string.h>

START_TEST(pss_salt_is_exact)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    struct cfr_span digest = cfr_span_text("a digest of thirty-two octets!!!");
    static const size_t salts[] = {0, 1, 20, 32, 222};

    for (size_t i = 0; i < COUNT_OF(salts); i++) {
        struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_PSS,
                                        .hash = CFR_HASH_SHA256,
                                        .mgf_hash = CFR_HASH_SHA256,
                                        .salt_len = salts[i]};
        AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, &scheme);
        uint8_t signature[256];

        ASSERT_OK(cfr_rsa_sign(signing, digest, signature));
        for (size_t j = 0; j < COUNT_OF(salts); j++) {
            struct cfr_rsa_scheme other = scheme;
            AUTO(rsa_op) *verifying = NULL;

            other.salt_len = salts[j];
            verifying = new_op(keymat, CFR_RSA_VERIFY, &other);
            ASSERT_RV(cfr_rsa_verify(verifying, digest, cfr_span_of(signature, 256)),
                      i == j ? CKR_OK : CKR_SIGNATURE_INVALID);
        }
    }
}
END_TEST

static const struct {
    const char *key;
    enum cfr_rsa_padding padding;
    enum cfr_hash hash;
    size_t salt_len;
    CK_RV rv;
} fits[] = {
    {"rsa1024_2", CFR_RSA_OAEP, CFR_HASH_SHA384, 0, CKR_OK},
    {"rsa1024_2", CFR_RSA_OAEP, CFR_HASH_SHA512, 0, CKR_KEY_SIZE_RANGE},
    {"rsa1024_2", CFR_RSA_OAEP, CFR_HASH_SHA3_512, 0, CKR_KEY_SIZE_RANGE},
    {"rsa1024_2", CFR_RSA_PSS, CFR_HASH_SHA512, 62, CKR_OK},
    {"rsa1024_2", CFR_RSA_PSS, CFR_HASH_SHA512, 63, CKR_MECHANISM_PARAM_INVALID},
    {"rsa1024_2", CFR_RSA_PSS, CFR_HASH_SHA512, SIZE_MAX, CKR_MECHANISM_PARAM_INVALID},
    {"rsa1024_2", CFR_RSA_PSS, CFR_HASH_SHA1, (size_t)1 << 32, CKR_MECHANISM_PARAM_INVALID},
    {"rsa1024_2", CFR_RSA_V15, CFR_HASH_SHA512, 0, CKR_OK},
};

START_TEST(schemes_must_fit_the_key)
{
    AUTO(keymat) *keymat = fixture_rsa_private(fits[_i].key);
    struct cfr_rsa_scheme scheme = {.padding = fits[_i].padding,
                                    .hash = fits[_i].hash,
                                    .mgf_hash = fits[_i].hash,
                                    .salt_len = fits[_i].salt_len};
    AUTO(rsa_op) *op = NULL;

    ASSERT_RV(cfr_rsa_op_new(keymat, fits[_i].padding == CFR_RSA_OAEP ? CFR_RSA_ENCRYPT : CFR_RSA_SIGN,
                             &scheme, &op),
              fits[_i].rv);
    ck_assert_int_eq(op != NULL, fits[_i].rv == CKR_OK);
}
END_TEST

START_TEST(longest_inputs)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    struct cfr_rsa_scheme oaep = {
        .padding = CFR_RSA_OAEP, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA1};
    AUTO(rsa_op) *raw_op = new_op(keymat, CFR_RSA_SIGN, &raw);
    AUTO(rsa_op) *v15_op = new_op(keymat, CFR_RSA_SIGN, &v15);
    AUTO(rsa_op) *oaep_op = new_op(keymat, CFR_RSA_ENCRYPT, &oaep);

    ck_assert_uint_eq(cfr_rsa_op_max_in(raw_op), 256);
    ck_assert_uint_eq(cfr_rsa_op_max_in(v15_op), 245);
    ck_assert_uint_eq(cfr_rsa_op_max_in(oaep_op), 190);
    cfr_rsa_op_drop(NULL);
}
END_TEST

START_TEST(digests_have_the_length_of_their_hash)
{
    static const enum cfr_rsa_padding paddings[] = {CFR_RSA_V15, CFR_RSA_PSS};
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    uint8_t octets[256] = {1};

    for (size_t i = 0; i < COUNT_OF(paddings); i++) {
        struct cfr_rsa_scheme scheme = {
            .padding = paddings[i], .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA256, .salt_len = 10};
        AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, &scheme);
        AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, &scheme);

        for (size_t len = 0; len <= 70; len++) {
            uint8_t out[256];

            if (len != 32) {
                ASSERT_RV(cfr_rsa_sign(signing, cfr_span_of(octets, len), out), CKR_DATA_LEN_RANGE);
                ASSERT_RV(cfr_rsa_verify(verifying, cfr_span_of(octets, len), cfr_span_of(octets, 256)),
                          CKR_DATA_LEN_RANGE);
            }
        }
    }
}
END_TEST

START_TEST(signatures_are_as_long_as_the_modulus)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    const struct cfr_rsa_scheme schemes[] = {
        {.padding = CFR_RSA_V15, .hash = CFR_HASH_SHA256},
        {.padding = CFR_RSA_PSS, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA256, .salt_len = 32},
        {.padding = CFR_RSA_RAW},
    };
    static const size_t lens[] = {0, 1, 255, 257, 512};
    uint8_t octets[512] = {0};

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, &schemes[i]);
        struct cfr_span digest = cfr_span_text("a digest of thirty-two octets!!!");

        for (size_t j = 0; j < COUNT_OF(lens); j++) {
            ASSERT_RV(cfr_rsa_verify(verifying, digest, cfr_span_of(octets, lens[j])),
                      CKR_SIGNATURE_LEN_RANGE);
        }
        ASSERT_RV(cfr_rsa_verify(verifying, digest, cfr_span_of(octets, 256)), CKR_SIGNATURE_INVALID);
        memset(octets, 0xff, 256);
        ASSERT_RV(cfr_rsa_verify(verifying, digest, cfr_span_of(octets, 256)), CKR_SIGNATURE_INVALID);
        memset(octets, 0, 256);
    }
}
END_TEST

/* V15 without a hash signs what it is given, of any length that leaves room for the padding. */
START_TEST(v15_signs_data_without_a_hash)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, &v15);
    AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, &v15);
    uint8_t data[300];
    uint8_t signature[256];

    harness_fill(data, sizeof(data));
    for (size_t len = 0; len <= 245; len += 7) {
        struct cfr_span span = cfr_span_of(len == 0 ? NULL : data, len);

        ASSERT_OK(cfr_rsa_sign(signing, span, signature));
        ASSERT_OK(cfr_rsa_verify(verifying, span, cfr_span_of(signature, 256)));
        ASSERT_RV(cfr_rsa_verify(verifying, cfr_span_of(data, len + (len == 245 ? 0 : 1)),
                                 cfr_span_of(signature, 256)),
                  len == 245 ? CKR_OK : CKR_SIGNATURE_INVALID);
    }
    ASSERT_RV(cfr_rsa_sign(signing, cfr_span_of(data, 246), signature), CKR_DATA_LEN_RANGE);
    ASSERT_RV(cfr_rsa_verify(verifying, cfr_span_of(data, 246), cfr_span_of(signature, 256)),
              CKR_DATA_LEN_RANGE);
}
END_TEST

START_TEST(what_was_signed_is_recovered)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, &v15);
    AUTO(rsa_op) *signing_raw = new_op(keymat, CFR_RSA_SIGN, &raw);
    AUTO(rsa_op) *recovering = new_op(keymat, CFR_RSA_RECOVER, &v15);
    AUTO(rsa_op) *whole = new_op(keymat, CFR_RSA_RECOVER, &raw);
    static const size_t lengths[] = {0, 1, 100, 245};
    uint8_t data[256];
    uint8_t signature[256];
    uint8_t out[256];
    size_t len = 0;

    memset(data, 0x5a, sizeof(data));
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        ASSERT_OK(cfr_rsa_sign(signing, cfr_span_of(data, lengths[i]), signature));
        ASSERT_OK(cfr_rsa_recover(recovering, cfr_span_of(signature, 256), out, &len));
        ck_assert(cfr_span_equal(cfr_span_of(out, len), cfr_span_of(data, lengths[i])));
        ASSERT_OK(cfr_rsa_recover(whole, cfr_span_of(signature, 256), out, &len));
        ck_assert_uint_eq(len, 256);
        ck_assert(out[0] == 0 && out[1] == 1 && out[2] == 0xff && out[255 - lengths[i]] == 0);
    }
    ASSERT_RV(cfr_rsa_recover(recovering, cfr_span_of(signature, 255), out, &len), CKR_SIGNATURE_LEN_RANGE);
    ASSERT_OK(cfr_rsa_sign(signing_raw, cfr_span_of(data, 256), signature));
    ASSERT_RV(cfr_rsa_recover(recovering, cfr_span_of(signature, 256), out, &len), CKR_SIGNATURE_INVALID);
    memset(signature, 0xff, sizeof(signature));
    ASSERT_RV(cfr_rsa_recover(whole, cfr_span_of(signature, 256), out, &len), CKR_SIGNATURE_INVALID);
    ASSERT_RV(cfr_rsa_recover(signing, cfr_span_of(signature, 256), out, &len), CKR_GENERAL_ERROR);
}
END_TEST

START_TEST(raw_numbers_are_below_the_modulus)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, &raw);
    AUTO(rsa_op) *encrypting = new_op(keymat, CFR_RSA_ENCRYPT, &raw);
    AUTO(rsa_op) *decrypting = new_op(keymat, CFR_RSA_DECRYPT, &raw);
    AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, &raw);
    AUTO(secret) *n = NULL;
    struct cfr_secret *opened = NULL;
    uint8_t out[257] = {0};

    ASSERT_OK(cfr_rsa_number(keymat, CFR_RSA_N, &n));
    ASSERT_RV(cfr_rsa_sign(signing, cfr_secret_view(n), out), CKR_DATA_INVALID);
    ASSERT_RV(cfr_rsa_encrypt(encrypting, cfr_secret_view(n), out), CKR_DATA_INVALID);
    ASSERT_RV(cfr_rsa_decrypt(decrypting, cfr_secret_view(n), &opened), CKR_ENCRYPTED_DATA_INVALID);
    ASSERT_RV(cfr_rsa_verify(verifying, cfr_span_of(out, 10), cfr_secret_view(n)), CKR_SIGNATURE_INVALID);
    ASSERT_RV(cfr_rsa_sign(signing, cfr_span_of(out, 257), out), CKR_DATA_LEN_RANGE);
    ASSERT_RV(cfr_rsa_encrypt(encrypting, cfr_span_of(out, 257), out), CKR_DATA_LEN_RANGE);
    ck_assert_ptr_null(opened);
    /* The operations go on. */
    ASSERT_OK(cfr_rsa_sign(signing, cfr_span_of("1", 1), out));
    ASSERT_OK(cfr_rsa_verify(verifying, cfr_span_of("1", 1), cfr_span_of(out, 256)));
    ASSERT_RV(cfr_rsa_verify(verifying, cfr_span_of("2", 1), cfr_span_of(out, 256)), CKR_SIGNATURE_INVALID);
}
END_TEST

START_TEST(ciphertexts_are_as_long_as_the_modulus)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    const struct cfr_rsa_scheme schemes[] = {
        raw, v15, {.padding = CFR_RSA_OAEP, .hash = CFR_HASH_SHA1, .mgf_hash = CFR_HASH_SHA1}};
    static const size_t lens[] = {0, 1, 255, 257, 512};
    static uint8_t octets[512] = {1};

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        AUTO(rsa_op) *decrypting = new_op(keymat, CFR_RSA_DECRYPT, &schemes[i]);
        struct cfr_secret *opened = NULL;

        for (size_t j = 0; j < COUNT_OF(lens); j++) {
            ASSERT_RV(cfr_rsa_decrypt(decrypting, cfr_span_of(octets, lens[j]), &opened),
                      CKR_ENCRYPTED_DATA_LEN_RANGE);
        }
        memset(octets, 0xff, 256);
        ASSERT_RV(cfr_rsa_decrypt(decrypting, cfr_span_of(octets, 256), &opened), CKR_ENCRYPTED_DATA_INVALID);
        memset(octets, 0, 256);
        ck_assert_ptr_null(opened);
    }
}
END_TEST

/* Every failure of OAEP is one code: label, hash and padding are not told apart (Manger 2001). */
START_TEST(oaep_failures_are_one)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    char label[] = "label";
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_OAEP,
                                    .hash = CFR_HASH_SHA256,
                                    .mgf_hash = CFR_HASH_SHA256,
                                    .label = cfr_span_text(label)};
    struct cfr_rsa_scheme others[] = {scheme, scheme, scheme, scheme};
    AUTO(rsa_op) *encrypting = new_op(keymat, CFR_RSA_ENCRYPT, &scheme);
    uint8_t coded[256];
    AUTO(secret) *opened = NULL;
    AUTO(rsa_op) *right = new_op(keymat, CFR_RSA_DECRYPT, &scheme);

    /* The label was copied. */
    label[0] = 'x';
    ASSERT_OK(cfr_rsa_encrypt(encrypting, cfr_span_text("message"), coded));
    ASSERT_OK(cfr_rsa_decrypt(right, cfr_span_of(coded, 256), &opened));
    ASSERT_SPAN(cfr_secret_view(opened), cfr_span_text("message"));
    others[1].label = cfr_span_of(NULL, 0);
    others[2].hash = CFR_HASH_SHA1;
    others[3].mgf_hash = CFR_HASH_SHA1;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        AUTO(rsa_op) *wrong = new_op(keymat, CFR_RSA_DECRYPT, &others[i]);
        struct cfr_secret *none = NULL;

        ASSERT_RV(cfr_rsa_decrypt(wrong, cfr_span_of(coded, 256), &none), CKR_ENCRYPTED_DATA_INVALID);
        ck_assert_ptr_null(none);
    }
    for (size_t bit = 0; bit < 2048; bit += 61) {
        struct cfr_secret *none = NULL;

        coded[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ASSERT_RV(cfr_rsa_decrypt(right, cfr_span_of(coded, 256), &none), CKR_ENCRYPTED_DATA_INVALID);
        coded[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}
END_TEST

START_TEST(public_key_does_neither_sign_nor_decrypt)
{
    AUTO(keymat) *keymat = fixture_rsa_public(key_id);
    const struct cfr_rsa_scheme schemes[] = {raw, v15};
    uint8_t octets[256] = {0, 1};

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        AUTO(rsa_op) *signing = NULL;
        AUTO(rsa_op) *decrypting = NULL;
        struct cfr_secret *opened = NULL;

        ck_assert(cfr_rsa_op_new(keymat, CFR_RSA_SIGN, &schemes[i], &signing) != CKR_OK ||
                  cfr_rsa_sign(signing, cfr_span_of(octets, 32), octets) != CKR_OK);
        ck_assert(cfr_rsa_op_new(keymat, CFR_RSA_DECRYPT, &schemes[i], &decrypting) != CKR_OK ||
                  cfr_rsa_decrypt(decrypting, cfr_span_of(octets, 256), &opened) != CKR_OK);
        ck_assert_ptr_null(opened);
    }
}
END_TEST

static void sign_often(unsigned index, void *arg)
{
    struct cfr_rsa_scheme scheme = {.padding = index % 2 == 0 ? CFR_RSA_V15 : CFR_RSA_PSS,
                                    .hash = CFR_HASH_SHA256,
                                    .mgf_hash = CFR_HASH_SHA256,
                                    .salt_len = 32};
    AUTO(rsa_op) *signing = new_op(arg, CFR_RSA_SIGN, &scheme);
    AUTO(rsa_op) *verifying = new_op(arg, CFR_RSA_VERIFY, &scheme);
    uint8_t digest[32] = {(uint8_t)index};
    uint8_t signature[256];

    for (int i = 0; i < 10; i++) {
        ASSERT_OK(cfr_rsa_sign(signing, cfr_span_of(digest, 32), signature));
        ASSERT_OK(cfr_rsa_verify(verifying, cfr_span_of(digest, 32), cfr_span_of(signature, 256)));
    }
}

START_TEST(threads_share_a_key)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);

    harness_threads(8, sign_often, keymat);
}
END_TEST

struct attempt {
    struct cfr_keymat *keymat;
    struct cfr_rsa_scheme scheme;
};

static CK_RV attempt_signature(void *arg)
{
    const struct attempt *attempt = arg;
    struct cfr_span digest = cfr_span_text("a digest of thirty-two octets!!!");
    AUTO(rsa_op) *signing = NULL;
    AUTO(rsa_op) *verifying = NULL;
    uint8_t signature[256];

    TRY(cfr_rsa_op_new(attempt->keymat, CFR_RSA_SIGN, &attempt->scheme, &signing));
    TRY(cfr_rsa_sign(signing, digest, signature));
    TRY(cfr_rsa_op_new(attempt->keymat, CFR_RSA_VERIFY, &attempt->scheme, &verifying));
    return cfr_rsa_verify(verifying, digest, cfr_span_of(signature, 256));
}

static CK_RV attempt_encryption(void *arg)
{
    const struct attempt *attempt = arg;
    AUTO(rsa_op) *encrypting = NULL;
    AUTO(rsa_op) *decrypting = NULL;
    AUTO(secret) *opened = NULL;
    uint8_t coded[256];
    CK_RV rv;

    TRY(cfr_rsa_op_new(attempt->keymat, CFR_RSA_ENCRYPT, &attempt->scheme, &encrypting));
    TRY(cfr_rsa_encrypt(encrypting, cfr_span_text("message"), coded));
    TRY(cfr_rsa_op_new(attempt->keymat, CFR_RSA_DECRYPT, &attempt->scheme, &decrypting));
    rv = cfr_rsa_decrypt(decrypting, cfr_span_of(coded, 256), &opened);
    ck_assert_int_eq(rv == CKR_OK, opened != NULL);
    return rv;
}

START_TEST(each_call_may_fail)
{
    static const struct cfr_rsa_scheme schemes[] = {
        {.padding = CFR_RSA_RAW},
        {.padding = CFR_RSA_V15},
        {.padding = CFR_RSA_PSS, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA1, .salt_len = 8},
        {.padding = CFR_RSA_OAEP, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA1},
    };
    struct attempt attempt = {.keymat = fixture_rsa_private(key_id), .scheme = schemes[_i]};

    if (attempt.scheme.padding != CFR_RSA_OAEP) {
        nth_failure_both(attempt_signature, &attempt, 2, 6);
    }
    if (attempt.scheme.padding != CFR_RSA_PSS) {
        nth_failure_both(attempt_encryption, &attempt, 3, 6);
    }
    cfr_keymat_drop(attempt.keymat);
}
END_TEST

static Suite *suite(void)
{
    Suite *rsa_op = suite_create("rsa_op");
    TCase *contract = tcase_create("contract");

    tcase_add_checked_fixture(contract, fixture_up, NULL);
    tcase_set_timeout(contract, 240);
    tcase_add_test(contract, pss_salt_is_exact);
    tcase_add_loop_test(contract, schemes_must_fit_the_key, 0, COUNT_OF(fits));
    tcase_add_test(contract, longest_inputs);
    tcase_add_test(contract, digests_have_the_length_of_their_hash);
    tcase_add_test(contract, signatures_are_as_long_as_the_modulus);
    tcase_add_test(contract, v15_signs_data_without_a_hash);
    tcase_add_test(contract, what_was_signed_is_recovered);
    tcase_add_test(contract, raw_numbers_are_below_the_modulus);
    tcase_add_test(contract, ciphertexts_are_as_long_as_the_modulus);
    tcase_add_test(contract, oaep_failures_are_one);
    tcase_add_test(contract, public_key_does_neither_sign_nor_decrypt);
    tcase_add_test(contract, threads_share_a_key);
    tcase_add_loop_test(contract, each_call_may_fail, 0, 4);
    suite_add_tcase(rsa_op, contract);
    return rsa_op;
}

TEST_MAIN(suite)
