/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/xaes.h"
#include "unit/crypto/fixture.h"

#include <string.h>

enum { TEXT_MAX_LEN = 300 };

static struct cfr_xaes *new_xaes(struct cfr_span key)
{
    struct cfr_xaes *xaes = NULL;

    ASSERT_OK(cfr_xaes_new(key, &xaes));
    return xaes;
}

START_TEST(published_cases)
{
    struct vectors *vectors = vectors_open("xaes");

    while (vectors_next(vectors)) {
        struct cfr_span nonce = vectors_octets(vectors, "nonce");
        struct cfr_span aad = vectors_octets(vectors, "aad");
        struct cfr_span plain = vectors_octets(vectors, "pt");
        AUTO(xaes) *xaes = new_xaes(vectors_octets(vectors, "key"));
        uint8_t out[TEXT_MAX_LEN];
        uint8_t tag[CFR_XAES_TAG_LEN];

        ck_assert_uint_eq(nonce.len, CFR_XAES_NONCE_LEN);
        ASSERT_OK(cfr_xaes_seal(xaes, nonce.ptr, aad, plain, out, tag));
        ASSERT_SPAN(cfr_span_of(out, plain.len), vectors_octets(vectors, "ct"));
        ASSERT_SPAN(cfr_span_of(tag, sizeof(tag)), vectors_octets(vectors, "tag"));
        ASSERT_OK(cfr_xaes_open(xaes, nonce.ptr, aad, cfr_span_of(out, plain.len), out, tag));
        ASSERT_SPAN(cfr_span_of(out, plain.len), plain);
    }
    vectors_close(vectors, 2);
}
END_TEST

/*
 * C2SP's accumulated test: 10,000 messages drawn from SHAKE128 of nothing, and one digest by SHAKE128 of all
 * that they are sealed to.
 */
START_TEST(published_accumulation)
{
    static const uint8_t want[32] = {0xe6, 0xb9, 0xed, 0xf2, 0xdf, 0x6c, 0xec, 0x60, 0xc8, 0xcb, 0xd8,
                                     0x64, 0xe2, 0x21, 0x1b, 0x59, 0x7f, 0xb6, 0x9a, 0x52, 0x91, 0x60,
                                     0xcd, 0x04, 0x0d, 0x56, 0xc0, 0xc2, 0x10, 0x08, 0x19, 0x39};
    enum { ROUNDS = 10000, DRAWN_LEN = ROUNDS * (32 + 24 + 2 + 2 * 255) };
    uint8_t *drawn = malloc(DRAWN_LEN);
    EVP_MD_CTX *source = EVP_MD_CTX_new();
    EVP_MD_CTX *sink = EVP_MD_CTX_new();
    const uint8_t *at = drawn;
    uint8_t got[32];

    ck_assert_int_eq(EVP_DigestInit_ex(source, EVP_shake128(), NULL), 1);
    ck_assert_int_eq(EVP_DigestFinalXOF(source, drawn, DRAWN_LEN), 1);
    ck_assert_int_eq(EVP_DigestInit_ex(sink, EVP_shake128(), NULL), 1);
    for (int i = 0; i < ROUNDS; i++) {
        AUTO(xaes) *xaes = new_xaes(cfr_span_of(at, 32));
        const uint8_t *nonce = at + 32;
        struct cfr_span plain = cfr_span_of(at + 57, at[56]);
        struct cfr_span aad = cfr_span_of(plain.ptr + plain.len + 1, plain.ptr[plain.len]);
        uint8_t out[256 + CFR_XAES_TAG_LEN];

        at = aad.ptr + aad.len;
        ASSERT_OK(cfr_xaes_seal(xaes, nonce, aad, plain, out, out + plain.len));
        ck_assert_int_eq(EVP_DigestUpdate(sink, out, plain.len + CFR_XAES_TAG_LEN), 1);
    }
    ck_assert_int_eq(EVP_DigestFinalXOF(sink, got, sizeof(got)), 1);
    ck_assert_mem_eq(got, want, sizeof(want));
    EVP_MD_CTX_free(source);
    EVP_MD_CTX_free(sink);
    free(drawn);
}
END_TEST

START_TEST(messages_come_back_also_in_place)
{
    uint8_t octets[32 + 24 + 64 + TEXT_MAX_LEN];
    uint8_t out[TEXT_MAX_LEN];
    uint8_t tag[CFR_XAES_TAG_LEN];

    harness_fill(octets, sizeof(octets));
    for (size_t len = 0; len <= TEXT_MAX_LEN; len++) {
        AUTO(xaes) *xaes = new_xaes(cfr_span_of(octets, 32));
        struct cfr_span plain = cfr_span_of(len == 0 ? NULL : octets + 120, len);
        struct cfr_span aad = cfr_span_of(octets + 56, len % 65);

        cfr_copy(out, plain.ptr, len);
        ASSERT_OK(cfr_xaes_seal(xaes, octets + 32, aad, cfr_span_of(out, len), out, tag));
        ASSERT_OK(cfr_xaes_open(xaes, octets + 32, aad, cfr_span_of(out, len), out, tag));
        ASSERT_SPAN(cfr_span_of(out, len), plain);
    }
}
END_TEST

/* Whatever is changed, nothing of the text comes out. */
START_TEST(every_change_is_noticed_and_leaves_no_plaintext)
{
    uint8_t parts[4][24] = {"nonce of 192 bits is 24", "associated data", "plain text of 24 octets"};
    static const size_t lens[4] = {24, 15, 24, 16};
    AUTO(xaes) *xaes = new_xaes(cfr_span_text("0123456789abcdef0123456789abcdef"));
    uint8_t plain[24];
    uint8_t out[24];

    cfr_copy(plain, parts[2], 24);
    ASSERT_OK(cfr_xaes_seal(xaes, parts[0], cfr_span_of(parts[1], 15), cfr_span_of(parts[2], 24), parts[2],
                            parts[3]));
    for (int part = 0; part < 4; part++) {
        for (size_t bit = 0; bit < 8 * lens[part]; bit++) {
            parts[part][bit / 8] ^= (uint8_t)(1U << bit % 8);
            memset(out, 0xee, sizeof(out));
            ASSERT_RV(cfr_xaes_open(xaes, parts[0], cfr_span_of(parts[1], 15), cfr_span_of(parts[2], 24), out,
                                    parts[3]),
                      CKR_ENCRYPTED_DATA_INVALID);
            parts[part][bit / 8] ^= (uint8_t)(1U << bit % 8);
            for (size_t i = 0; i + 4 <= sizeof(out); i++) {
                ck_assert_msg(memcmp(out + i, plain + i, 4) != 0, "plaintext after a failure");
            }
        }
    }
    ASSERT_OK(
        cfr_xaes_open(xaes, parts[0], cfr_span_of(parts[1], 15), cfr_span_of(parts[2], 24), out, parts[3]));
    ck_assert_mem_eq(out, plain, 24);
}
END_TEST

START_TEST(key_of_another_length_is_refused)
{
    static const uint8_t key[64] = {1};

    for (size_t len = 0; len <= sizeof(key); len++) {
        AUTO(xaes) *xaes = NULL;

        ck_assert_int_eq(cfr_xaes_new(cfr_span_of(key, len), &xaes) == CKR_OK, len == CFR_XAES_KEY_LEN);
    }
    cfr_xaes_drop(NULL);
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(xaes) *xaes = NULL;
    uint8_t text[20] = "plain text plain te";
    uint8_t tag[CFR_XAES_TAG_LEN];
    const uint8_t *nonce = (const uint8_t *)"nonce of 192 bits is 24";
    struct cfr_span in = cfr_span_of(text, sizeof(text));

    (void)arg;
    TRY(cfr_xaes_new(cfr_span_text("0123456789abcdef0123456789abcdef"), &xaes));
    TRY(cfr_xaes_seal(xaes, nonce, cfr_span_text("aad"), in, text, tag));
    TRY(cfr_xaes_open(xaes, nonce, cfr_span_text("aad"), in, text, tag));
    ck_assert_mem_eq(text, "plain text plain te", 20);
    return CKR_OK;
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, NULL, 3, 17);
}
END_TEST

static Suite *suite(void)
{
    Suite *xaes = suite_create("xaes");
    TCase *tcase = tcase_create("xaes");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, published_cases);
    tcase_add_test(tcase, published_accumulation);
    tcase_add_test(tcase, messages_come_back_also_in_place);
    tcase_add_test(tcase, every_change_is_noticed_and_leaves_no_plaintext);
    tcase_add_test(tcase, key_of_another_length_is_refused);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(xaes, tcase);
    return xaes;
}

TEST_MAIN(suite)
