/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keywrap.h"
#include "unit/crypto/fixture.h"

#include <string.h>

enum { DATA_MAX_LEN = 300, WRAPPED_MAX_LEN = DATA_MAX_LEN + 16 };

static void check_file(const char *name, bool padded, size_t cases)
{
    struct vectors *vectors = vectors_open(name);

    while (vectors_next(vectors)) {
        struct cfr_keywrap wrap = {.key = vectors_octets(vectors, "key"), .padded = padded};
        struct cfr_span plain = vectors_octets(vectors, "pt");
        struct cfr_span wrapped = vectors_octets(vectors, "ct");
        uint8_t out[WRAPPED_MAX_LEN];
        AUTO(secret) *opened = NULL;

        ck_assert_uint_eq(cfr_keywrap_len(padded, plain.len), wrapped.len);
        ASSERT_OK(cfr_keywrap_seal(&wrap, plain, out));
        ASSERT_SPAN(cfr_span_of(out, wrapped.len), wrapped);
        ASSERT_OK(cfr_keywrap_open(&wrap, wrapped, &opened));
        ASSERT_SPAN(cfr_secret_view(opened), plain);
    }
    vectors_close(vectors, cases);
}

START_TEST(published_wraps)
{
    check_file("keywrap_rfc3394", false, 6);
    check_file("keywrap_rfc5649", true, 2);
}
END_TEST

START_TEST(length_of_the_result)
{
    for (size_t len = 0; len <= 100; len++) {
        ck_assert_uint_eq(cfr_keywrap_len(false, len), len % 8 == 0 && len >= 16 ? len + 8 : 0);
        ck_assert_uint_eq(cfr_keywrap_len(true, len), len == 0 ? 0 : (len + 7) / 8 * 8 + 8);
    }
    ck_assert_uint_eq(cfr_keywrap_len(false, SIZE_MAX - 7), 0);
    ck_assert_uint_eq(cfr_keywrap_len(true, SIZE_MAX), 0);
    ck_assert_uint_eq(cfr_keywrap_len(true, SIZE_MAX - 7), 0);
}
END_TEST

/* The same wrap in the default context. */
static int wrap_direct(const struct cfr_keywrap *wrap, struct cfr_span in, uint8_t *out)
{
    const EVP_CIPHER *ciphers[2][3] = {
        {EVP_aes_128_wrap(), EVP_aes_192_wrap(), EVP_aes_256_wrap()},
        {EVP_aes_128_wrap_pad(), EVP_aes_192_wrap_pad(), EVP_aes_256_wrap_pad()}};
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;

    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, ciphers[wrap->padded][wrap->key.len / 8 - 2], NULL,
                                        wrap->key.ptr, wrap->iv.len == 0 ? NULL : wrap->iv.ptr),
                     1);
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, out, &len, in.ptr, (int)in.len), 1);
    EVP_CIPHER_CTX_free(ctx);
    return len;
}

START_TEST(agrees_with_libcrypto_and_comes_back)
{
    bool padded = _i == 1;
    uint8_t octets[DATA_MAX_LEN + 64];
    uint8_t got[WRAPPED_MAX_LEN];
    uint8_t want[WRAPPED_MAX_LEN];

    for (size_t len = padded ? 1 : 16; len <= DATA_MAX_LEN; len += padded ? 1 : 8) {
        struct cfr_span plain = cfr_span_of(octets + 64, len);
        size_t wrapped_len = cfr_keywrap_len(padded, len);
        struct cfr_keywrap wrap = {.key = cfr_span_of(octets, 16 + 8 * harness_number(3)), .padded = padded};
        AUTO(secret) *opened = NULL;

        if (harness_number(2) == 0) {
            wrap.iv = cfr_span_of(octets + 32, padded ? 4 : 8);
        }
        harness_fill(octets, sizeof(octets));
        memset(got, 0xee, sizeof(got));
        ck_assert_int_eq(wrap_direct(&wrap, plain, want), (int)wrapped_len);
        ASSERT_OK(cfr_keywrap_seal(&wrap, plain, got));
        ASSERT_SPAN(cfr_span_of(got, wrapped_len), cfr_span_of(want, wrapped_len));
        ck_assert(wrapped_len == sizeof(got) || got[wrapped_len] == 0xee);
        ASSERT_OK(cfr_keywrap_open(&wrap, cfr_span_of(got, wrapped_len), &opened));
        ASSERT_SPAN(cfr_secret_view(opened), plain);
    }
}
END_TEST

START_TEST(every_changed_bit_is_noticed)
{
    static const uint8_t key[32] = {7};
    static const uint8_t plain[] = "an odd length of octets";
    struct cfr_keywrap wrap = {.key = cfr_span_of(key, 32), .padded = _i == 1};
    size_t plain_len = wrap.padded ? 23 : 16;
    size_t len = cfr_keywrap_len(wrap.padded, plain_len);
    uint8_t wrapped[64];

    ASSERT_OK(cfr_keywrap_seal(&wrap, cfr_span_of(plain, plain_len), wrapped));
    for (size_t bit = 0; bit < 8 * len; bit++) {
        struct cfr_secret *opened = NULL;

        wrapped[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ASSERT_RV(cfr_keywrap_open(&wrap, cfr_span_of(wrapped, len), &opened), CKR_ENCRYPTED_DATA_INVALID);
        ck_assert_ptr_null(opened);
        wrapped[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

/* Without padding, with it, and under another initial value are three different things. */
START_TEST(kinds_do_not_open_each_other)
{
    static const uint8_t octets[32] = {3, 1, 4};
    struct cfr_keywrap kinds[] = {
        {.key = {octets, 16}, .padded = false},
        {.key = {octets, 16}, .padded = true},
        {.key = {octets, 16}, .padded = false, .iv = {octets, 8}},
        {.key = {octets, 16}, .padded = true, .iv = {octets, 4}},
        {.key = {octets, 24}, .padded = false},
    };

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        uint8_t wrapped[48];
        struct cfr_span text = cfr_span_of(wrapped, cfr_keywrap_len(kinds[i].padded, sizeof(octets)));

        ASSERT_OK(cfr_keywrap_seal(&kinds[i], cfr_span_of(octets, sizeof(octets)), wrapped));
        for (size_t j = 0; j < COUNT_OF(kinds); j++) {
            AUTO(secret) *opened = NULL;

            ASSERT_RV(cfr_keywrap_open(&kinds[j], text, &opened),
                      i == j ? CKR_OK : CKR_ENCRYPTED_DATA_INVALID);
        }
    }
}
END_TEST

START_TEST(wrong_lengths_are_refused)
{
    static const uint8_t octets[80] = {1};

    for (int padded = 0; padded <= 1; padded++) {
        struct cfr_keywrap wrap = {.key = cfr_span_of(octets, 16), .padded = padded == 1};
        uint8_t out[96];

        for (size_t len = 0; len <= sizeof(octets); len++) {
            struct cfr_secret *opened = NULL;
            struct cfr_span in = cfr_span_of(octets, len);
            bool openable = len % 8 == 0 && len >= (padded ? 16 : 24);

            ASSERT_RV(cfr_keywrap_open(&wrap, in, &opened),
                      openable ? CKR_ENCRYPTED_DATA_INVALID : CKR_ENCRYPTED_DATA_LEN_RANGE);
            ck_assert_ptr_null(opened);
            if (cfr_keywrap_len(padded, len) == 0) {
                ASSERT_RV(cfr_keywrap_seal(&wrap, in, out), CKR_DATA_LEN_RANGE);
            }
        }
    }
}
END_TEST

START_TEST(wrong_keys_and_initial_values_are_refused)
{
    static const uint8_t octets[64] = {1};

    for (size_t len = 0; len <= sizeof(octets); len++) {
        struct cfr_keywrap wrap = {.key = cfr_span_of(octets, len)};
        struct cfr_secret *opened = NULL;
        uint8_t out[24];

        if (len != 16 && len != 24 && len != 32) {
            ASSERT_RV(cfr_keywrap_seal(&wrap, cfr_span_of(octets, 16), out), CKR_KEY_SIZE_RANGE);
            ASSERT_RV(cfr_keywrap_open(&wrap, cfr_span_of(octets, 24), &opened), CKR_KEY_SIZE_RANGE);
        }
        wrap = (struct cfr_keywrap){.key = cfr_span_of(octets, 16), .iv = cfr_span_of(octets, len)};
        for (int padded = 0; padded <= 1; padded++) {
            wrap.padded = padded == 1;
            if (len != 0 && len != (padded ? 4 : 8)) {
                ASSERT_RV(cfr_keywrap_seal(&wrap, cfr_span_of(octets, 16), out), CKR_MECHANISM_PARAM_INVALID);
                ASSERT_RV(cfr_keywrap_open(&wrap, cfr_span_of(octets, 24), &opened),
                          CKR_MECHANISM_PARAM_INVALID);
            }
        }
    }
}
END_TEST

static CK_RV attempt(void *arg)
{
    static const uint8_t octets[32] = {1, 2, 3};
    struct cfr_keywrap wrap = {.key = cfr_span_of(octets, 32), .padded = *(const int *)arg == 1};
    uint8_t wrapped[40];
    AUTO(secret) *opened = NULL;
    CK_RV rv;

    TRY(cfr_keywrap_seal(&wrap, cfr_span_of(octets, 32), wrapped));
    rv = cfr_keywrap_open(&wrap, cfr_span_of(wrapped, sizeof(wrapped)), &opened);
    ck_assert_int_eq(rv == CKR_OK, opened != NULL);
    return rv;
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, &_i, 1, 6);
}
END_TEST

static Suite *suite(void)
{
    Suite *keywrap = suite_create("keywrap");
    TCase *tcase = tcase_create("keywrap");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_add_test(tcase, published_wraps);
    tcase_add_test(tcase, length_of_the_result);
    tcase_add_loop_test(tcase, agrees_with_libcrypto_and_comes_back, 0, 2);
    tcase_add_loop_test(tcase, every_changed_bit_is_noticed, 0, 2);
    tcase_add_test(tcase, kinds_do_not_open_each_other);
    tcase_add_test(tcase, wrong_lengths_are_refused);
    tcase_add_test(tcase, wrong_keys_and_initial_values_are_refused);
    tcase_add_loop_test(tcase, each_call_may_fail, 0, 2);
    suite_add_tcase(keywrap, tcase);
    return keywrap;
}

TEST_MAIN(suite)
