/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsa.h"
#include "crypto/rsa_v15.h"
#include "unit/crypto/fixture.h"

#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <string.h>

enum { MAX_LEN = 512, KEY_LEN = 32 };

static const char key_id[] = "rsa2048_1";

/* Valid ciphertexts give their message, the others what OpenSSL 4.0 makes of them with the same key. */
START_TEST(published_decryptions)
{
    struct vectors *vectors = vectors_open("rsa_v15_decrypt");
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_V15};
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    AUTO(rsa_op) *decrypting = NULL;
    unsigned rejected = 0;

    ASSERT_OK(cfr_rsa_op_new(keymat, CFR_RSA_DECRYPT, &scheme, &decrypting));
    while (vectors_next(vectors)) {
        AUTO(secret) *message = NULL;

        ck_assert_str_eq(vectors_word(vectors, "key"), key_id);
        ASSERT_OK(cfr_rsa_decrypt(decrypting, vectors_octets(vectors, "ct"), &message));
        ASSERT_SPAN(cfr_secret_view(message), vectors_octets(vectors, "msg"));
        rejected += vectors_number(vectors, "valid") == 0;
    }
    ck_assert_uint_eq(rejected, 31);
    vectors_close(vectors, 41);
}
END_TEST

/* The draft's functions, written to be read: branches, no constant time, libcrypto's HMAC. */
static void prf_model(const uint8_t *key, const char *label, uint8_t *out, size_t len)
{
    uint8_t block[KEY_LEN];
    uint8_t input[32];
    size_t label_len = strlen(label);
    unsigned block_len = 0;

    for (size_t at = 0; at < len; at += KEY_LEN) {
        input[0] = (uint8_t)(at / KEY_LEN >> 8);
        input[1] = (uint8_t)(at / KEY_LEN);
        cfr_copy(input + 2, label, label_len);
        input[2 + label_len] = (uint8_t)(8 * len >> 8);
        input[3 + label_len] = (uint8_t)(8 * len);
        ck_assert_ptr_nonnull(HMAC(EVP_sha256(), key, KEY_LEN, input, 4 + label_len, block, &block_len));
        cfr_copy(out + at, block, len - at < KEY_LEN ? len - at : KEY_LEN);
    }
}

static struct cfr_span synthetic_model(const uint8_t *key, size_t block_len, uint8_t *out)
{
    uint8_t candidates[256];
    size_t mask = 1;
    size_t len = 0;

    while (mask < block_len - 10) {
        mask = 2 * mask + 1;
    }
    prf_model(key, "length", candidates, sizeof(candidates));
    prf_model(key, "message", out, block_len);
    for (size_t i = 0; i < sizeof(candidates); i += 2) {
        size_t candidate = ((size_t)candidates[i] << 8 | candidates[i + 1]) & mask;

        len = candidate < block_len - 10 ? candidate : len;
    }
    return cfr_span_of(out + block_len - len, len);
}

static struct cfr_span unpad_model(struct cfr_span secret, struct cfr_span ciphertext, struct cfr_span block,
                                   uint8_t *out)
{
    uint8_t key[KEY_LEN];
    unsigned key_len = 0;
    size_t at = 2;

    if (block.ptr[0] == 0 && block.ptr[1] == 2) {
        while (at < block.len && block.ptr[at] != 0) {
            at++;
        }
        if (at >= 10 && at < block.len) {
            return cfr_span_after(block, at + 1);
        }
    }
    ck_assert_ptr_nonnull(
        HMAC(EVP_sha256(), secret.ptr, (int)secret.len, ciphertext.ptr, ciphertext.len, key, &key_len));
    return synthetic_model(key, block.len, out);
}

/* A block like one that a key might give: mostly right, wrong in one way or another, or noise. */
static void make_block(uint8_t *block, size_t len)
{
    size_t separator = harness_number((uint32_t)len + 8);

    for (size_t i = 0; i < len; i++) {
        block[i] = (uint8_t)(1 + harness_number(255));
    }
    if (harness_number(8) == 0) {
        return;
    }
    block[0] = harness_number(8) == 0 ? (uint8_t)harness_number(4) : 0;
    block[1] = harness_number(8) == 0 ? (uint8_t)harness_number(4) : 2;
    if (harness_number(4) == 0) {
        separator = harness_number(14);
    }
    if (separator < len && separator >= 2) {
        block[separator] = 0;
        for (size_t i = separator + 1; i < len; i++) {
            block[i] = (uint8_t)harness_number(256);
        }
    }
}

static const size_t block_lens[] = {64, 65, 127, 128, 129, 255, 256, 257, 512};

START_TEST(agrees_with_the_draft)
{
    size_t len = block_lens[_i];
    uint8_t octets[KEY_LEN + MAX_LEN];
    uint8_t synthetic[MAX_LEN];
    unsigned good = 0;

    for (int round = 0; round < 1500; round++) {
        struct cfr_span secret = cfr_span_of(octets, KEY_LEN);
        struct cfr_span ciphertext = cfr_span_of(octets + KEY_LEN, len);
        AUTO(secret) *block = NULL;
        AUTO(secret) *message = NULL;
        struct cfr_span want;

        harness_fill(octets, sizeof(octets));
        ASSERT_OK(cfr_secret_new(len, &block));
        make_block(cfr_secret_edit(block), len);
        want = unpad_model(secret, ciphertext, cfr_secret_view(block), synthetic);
        good += want.ptr < synthetic || want.ptr > synthetic + sizeof(synthetic);
        ASSERT_OK(cfr_rsa_v15_unpad(secret, ciphertext, block, &message));
        ASSERT_SPAN(cfr_secret_view(message), want);
    }
    /* Both sides are exercised. */
    ck_assert_uint_gt(good, 300);
    ck_assert_uint_lt(good, 1400);
}
END_TEST

static struct cfr_secret *unpad(struct cfr_span ciphertext, const uint8_t *octets, size_t len)
{
    AUTO(secret) *block = NULL;
    struct cfr_secret *message = NULL;

    ASSERT_OK(cfr_secret_from(cfr_span_of(octets, len), &block));
    ASSERT_OK(
        cfr_rsa_v15_unpad(cfr_span_text("0123456789abcdef0123456789abcdef"), ciphertext, block, &message));
    return message;
}

/* Where the zero may stand: from octet 10 on, up to the last, which makes an empty message. */
START_TEST(every_place_of_the_separator)
{
    enum { LEN = 128 };
    uint8_t block[LEN] = {0};
    struct cfr_span ciphertext = cfr_span_of(block, LEN);
    AUTO(secret) *rejected = NULL;

    memset(block, 7, sizeof(block));
    block[0] = 0;
    block[1] = 2;
    for (size_t at = 2; at <= LEN; at++) {
        uint8_t text[LEN];
        AUTO(secret) *message = NULL;

        cfr_copy(text, block, LEN);
        if (at < LEN) {
            text[at] = 0;
        }
        message = unpad(ciphertext, text, LEN);
        if (at >= 10 && at < LEN) {
            ASSERT_SPAN(cfr_secret_view(message), cfr_span_of(block + at + 1, LEN - at - 1));
        } else if (rejected == NULL) {
            rejected = MOVE(message);
        } else {
            ASSERT_SPAN(cfr_secret_view(message), cfr_secret_view(rejected));
        }
    }
}
END_TEST

/* What is wrong with the padding does not show: one ciphertext, one synthetic message. */
START_TEST(kinds_of_wrong_padding_are_one)
{
    enum { LEN = 256 };
    uint8_t block[LEN];
    uint8_t octets[LEN] = {0};
    struct cfr_span ciphertext = cfr_span_of(octets, LEN);
    AUTO(secret) *first = NULL;

    harness_fill(octets, LEN);
    for (int kind = 0; kind < 600; kind++) {
        AUTO(secret) *message = NULL;

        for (size_t i = 0; i < LEN; i++) {
            block[i] = (uint8_t)(1 + harness_number(255));
        }
        block[0] = kind % 3 == 0 ? (uint8_t)(1 + harness_number(255)) : 0;
        block[1] = kind % 3 == 1 ? (uint8_t)(3 + harness_number(253)) : 2;
        /* The third kind has its zero too early, or none; the others may have it anywhere. */
        block[2 + (kind % 3 == 2 ? (unsigned)kind % 8 : harness_number(LEN - 2))] = 0;
        message = unpad(ciphertext, block, LEN);
        if (first == NULL) {
            first = MOVE(message);
            continue;
        }
        ASSERT_SPAN(cfr_secret_view(message), cfr_secret_view(first));
    }
}
END_TEST

START_TEST(synthetic_messages_depend_on_key_and_ciphertext)
{
    uint8_t block[128];
    uint8_t ciphertext[128] = {1};
    AUTO(secret) *one = NULL;
    AUTO(secret) *same = NULL;
    AUTO(secret) *other_ciphertext = NULL;
    AUTO(secret) *other_key = NULL;
    AUTO(secret) *bad = NULL;

    memset(block, 1, sizeof(block));
    one = unpad(cfr_span_of(ciphertext, 128), block, 128);
    same = unpad(cfr_span_of(ciphertext, 128), block, 128);
    ASSERT_SPAN(cfr_secret_view(same), cfr_secret_view(one));
    ciphertext[127] ^= 1;
    other_ciphertext = unpad(cfr_span_of(ciphertext, 128), block, 128);
    ck_assert(!cfr_span_equal(cfr_secret_view(one), cfr_secret_view(other_ciphertext)));
    ciphertext[127] ^= 1;
    ASSERT_OK(cfr_secret_from(cfr_span_of(block, 128), &bad));
    ASSERT_OK(cfr_rsa_v15_unpad(cfr_span_text("1123456789abcdef0123456789abcdef"),
                                cfr_span_of(ciphertext, 128), bad, &other_key));
    ck_assert(!cfr_span_equal(cfr_secret_view(one), cfr_secret_view(other_key)));
}
END_TEST

/* Lengths from none to the longest that a message can have, none of them favoured. */
START_TEST(synthetic_lengths_are_spread)
{
    enum { LEN = 128, ROUNDS = 6000, LONGEST = LEN - 11 };
    uint8_t block[LEN];
    uint8_t ciphertext[LEN];
    unsigned seen[LONGEST + 1] = {0};

    memset(block, 1, sizeof(block));
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(secret) *message = NULL;

        harness_fill(ciphertext, sizeof(ciphertext));
        message = unpad(cfr_span_of(ciphertext, LEN), block, LEN);
        ck_assert_uint_le(cfr_secret_view(message).len, LONGEST);
        seen[cfr_secret_view(message).len]++;
    }
    /* 51 expected of each; 7 standard deviations either way. */
    for (size_t len = 0; len <= LONGEST; len++) {
        ck_assert_uint_gt(seen[len], 5);
        ck_assert_uint_lt(seen[len], 105);
    }
}
END_TEST

/* SHA-256 of the private exponent, padded to the length of the modulus. */
START_TEST(secret_is_the_hash_of_the_exponent)
{
    static const char *const ids[] = {"rsa1024_2", "rsa1536_3", "rsa2048_1", "rsa3072_9"};
    AUTO(keymat) *keymat = fixture_rsa_private(ids[_i]);
    struct cfr_span d = fixture_rsa_numbers(ids[_i]).part[CFR_RSA_D];
    size_t len = cfr_rsa_len(keymat);
    uint8_t padded[MAX_LEN] = {0};
    uint8_t want[KEY_LEN];
    AUTO(secret) *secret = NULL;

    cfr_copy(padded + len - d.len, d.ptr, d.len);
    ck_assert_ptr_nonnull(SHA256(padded, len, want));
    ASSERT_OK(cfr_rsa_v15_secret(keymat, &secret));
    ASSERT_SPAN(cfr_secret_view(secret), cfr_span_of(want, KEY_LEN));
}
END_TEST

START_TEST(public_key_has_no_secret)
{
    AUTO(keymat) *keymat = fixture_rsa_public(key_id);
    struct cfr_secret *secret = NULL;

    ck_assert_uint_ne(cfr_rsa_v15_secret(keymat, &secret), CKR_OK);
    ck_assert_ptr_null(secret);
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(secret) *secret = NULL;
    AUTO(secret) *block = NULL;
    AUTO(secret) *message = NULL;
    uint8_t ciphertext[256] = {1};

    TRY(cfr_rsa_v15_secret(arg, &secret));
    TRY(cfr_secret_new(256, &block));
    TRY(cfr_rsa_v15_unpad(cfr_secret_view(secret), cfr_span_of(ciphertext, 256), block, &message));
    ck_assert_ptr_nonnull(message);
    return CKR_OK;
}

START_TEST(each_call_may_fail)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);

    nth_failure_both(attempt, keymat, 9, 80);
}
END_TEST

static Suite *suite(void)
{
    Suite *rsa_v15 = suite_create("rsa_v15");
    TCase *tcase = tcase_create("rsa_v15");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, published_decryptions);
    tcase_add_loop_test(tcase, agrees_with_the_draft, 0, COUNT_OF(block_lens));
    tcase_add_test(tcase, every_place_of_the_separator);
    tcase_add_test(tcase, kinds_of_wrong_padding_are_one);
    tcase_add_test(tcase, synthetic_messages_depend_on_key_and_ciphertext);
    tcase_add_test(tcase, synthetic_lengths_are_spread);
    tcase_add_loop_test(tcase, secret_is_the_hash_of_the_exponent, 0, 4);
    tcase_add_test(tcase, public_key_has_no_secret);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(rsa_v15, tcase);
    return rsa_v15;
}

TEST_MAIN(suite)
