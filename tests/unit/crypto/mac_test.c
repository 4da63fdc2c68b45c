/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/mac.h"
#include "unit/crypto/fixture.h"

#include <openssl/hmac.h>
#include <string.h>

static const struct cfr_span nothing = {NULL, 0};

static struct cfr_span mac_once(enum cfr_mac_kind kind, enum cfr_hash hash, struct cfr_span key,
                                struct cfr_span iv, struct cfr_span data, uint8_t *out)
{
    AUTO(mac) *mac = NULL;

    ASSERT_OK(cfr_mac_new(kind, hash, key, &mac));
    ASSERT_OK(cfr_mac_start(mac, iv));
    ASSERT_OK(cfr_mac_update(mac, data));
    ASSERT_OK(cfr_mac_finish(mac, out));
    return cfr_span_of(out, cfr_mac_len(mac));
}

static void check_hmac_file(const char *name, size_t cases)
{
    struct vectors *vectors = vectors_open(name);

    while (vectors_next(vectors)) {
        enum cfr_hash hash = fixture_hash(vectors_word(vectors, "hash"));
        struct cfr_span want = vectors_octets(vectors, "mac");
        uint8_t out[CFR_MAC_MAX_LEN];
        struct cfr_span got = mac_once(CFR_MAC_HMAC, hash, vectors_octets(vectors, "key"), nothing,
                                       vectors_octets(vectors, "msg"), out);

        ck_assert_uint_eq(got.len, cfr_hash_len(hash));
        ASSERT_SPAN(cfr_span_of(got.ptr, want.len), want);
    }
    vectors_close(vectors, cases);
}

START_TEST(published_hmacs)
{
    check_hmac_file("hmac_rfc2202", 7);
    check_hmac_file("hmac_rfc4231", 28);
    check_hmac_file("hmac_sha3", 12);
}
END_TEST

START_TEST(published_cmacs)
{
    struct vectors *vectors = vectors_open("cmac");

    while (vectors_next(vectors)) {
        uint8_t out[CFR_MAC_MAX_LEN];

        ASSERT_SPAN(mac_once(CFR_MAC_CMAC, CFR_HASH_NONE, vectors_octets(vectors, "key"), nothing,
                             vectors_octets(vectors, "msg"), out),
                    vectors_octets(vectors, "mac"));
    }
    vectors_close(vectors, 12);
}
END_TEST

START_TEST(published_des3_cmacs)
{
    struct vectors *vectors = vectors_open("des3_cmac");

    while (vectors_next(vectors)) {
        uint8_t out[CFR_MAC_MAX_LEN];

        ASSERT_SPAN(mac_once(CFR_MAC_CMAC_DES3, CFR_HASH_NONE, vectors_octets(vectors, "key"), nothing,
                             vectors_octets(vectors, "msg"), out),
                    vectors_octets(vectors, "mac"));
    }
    vectors_close(vectors, 8);
}
END_TEST

START_TEST(published_gmacs)
{
    struct vectors *vectors = vectors_open("gmac");

    while (vectors_next(vectors)) {
        uint8_t out[CFR_MAC_MAX_LEN];
        struct cfr_span got = mac_once(CFR_MAC_GMAC, CFR_HASH_NONE, vectors_octets(vectors, "key"),
                                       vectors_octets(vectors, "iv"), vectors_octets(vectors, "msg"), out);

        ck_assert_int_eq(cfr_span_equal(got, vectors_octets(vectors, "mac")),
                         vectors_number(vectors, "valid") == 1);
    }
    vectors_close(vectors, 42);
}
END_TEST

/* GCM without text, in the default context: what GMAC is by definition. */
static void gcm_tag(struct cfr_span key, struct cfr_span iv, struct cfr_span data, uint8_t *out)
{
    const EVP_CIPHER *cipher = key.len == 16   ? EVP_aes_128_gcm()
                               : key.len == 24 ? EVP_aes_192_gcm()
                                               : EVP_aes_256_gcm();
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t none[16];
    int len = 0;

    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, cipher, NULL, NULL, NULL), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)iv.len, NULL), 1);
    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, NULL, NULL, key.ptr, iv.ptr), 1);
    ck_assert_int_eq(data.len == 0 ? 1 : EVP_EncryptUpdate(ctx, NULL, &len, data.ptr, (int)data.len), 1);
    ck_assert_int_eq(EVP_EncryptFinal_ex(ctx, none, &len), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out), 1);
    EVP_CIPHER_CTX_free(ctx);
}

static void cmac_direct(struct cfr_span key, struct cfr_span data, uint8_t *out)
{
    static const char *const names[] = {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"};
    size_t len = 0;

    ck_assert_ptr_nonnull(EVP_Q_mac(NULL, "CMAC", NULL, names[key.len / 8 - 2], NULL, key.ptr, key.len,
                                    data.len == 0 ? (const uint8_t *)"" : data.ptr, data.len, out, 16, &len));
    ck_assert_uint_eq(len, 16);
}

START_TEST(gmac_agrees_with_libcrypto)
{
    uint8_t octets[700];
    uint8_t got[CFR_MAC_MAX_LEN];
    uint8_t want[16];

    for (int round = 0; round < 400; round++) {
        struct cfr_span key = cfr_span_of(octets, 16 + 8 * harness_number(3));
        struct cfr_span iv = cfr_span_of(octets + 32, 1 + harness_number(128));
        struct cfr_span data = cfr_span_of(octets + 160, harness_number(540));

        harness_fill(octets, sizeof(octets));
        gcm_tag(key, iv, data, want);
        ASSERT_SPAN(mac_once(CFR_MAC_GMAC, CFR_HASH_NONE, key, iv, data, got), cfr_span_of(want, 16));
    }
}
END_TEST

START_TEST(cmac_agrees_with_libcrypto)
{
    uint8_t octets[400];
    uint8_t got[CFR_MAC_MAX_LEN];
    uint8_t want[16];

    for (size_t len = 0; len <= 300; len++) {
        struct cfr_span key = cfr_span_of(octets, 16 + 8 * (len % 3));

        harness_fill(octets, sizeof(octets));
        cmac_direct(key, cfr_span_of(octets + 32, len), want);
        ASSERT_SPAN(mac_once(CFR_MAC_CMAC, CFR_HASH_NONE, key, nothing, cfr_span_of(octets + 32, len), got),
                    cfr_span_of(want, 16));
    }
}
END_TEST

START_TEST(hmac_agrees_with_libcrypto)
{
    enum cfr_hash hash = (enum cfr_hash)_i;
    uint8_t key[400];
    uint8_t data[400];
    uint8_t got[CFR_MAC_MAX_LEN];
    uint8_t want[CFR_MAC_MAX_LEN];
    unsigned want_len = 0;

    for (int round = 0; round < 300; round++) {
        size_t key_len = round < 200 ? (size_t)round : harness_number(sizeof(key) + 1);
        size_t data_len = harness_number(sizeof(data) + 1);

        harness_fill(key, sizeof(key));
        harness_fill(data, sizeof(data));
        ck_assert_ptr_nonnull(HMAC(fixture_md(hash), key, (int)key_len, data, data_len, want, &want_len));
        ASSERT_SPAN(mac_once(CFR_MAC_HMAC, hash, cfr_span_of(key, key_len), nothing,
                             cfr_span_of(data, data_len), got),
                    cfr_span_of(want, want_len));
    }
}
END_TEST

START_TEST(empty_hmac_key_is_legal)
{
    uint8_t got[CFR_MAC_MAX_LEN];
    uint8_t want[CFR_MAC_MAX_LEN];
    unsigned want_len = 0;

    ck_assert_ptr_nonnull(HMAC(EVP_sha256(), "", 0, (const uint8_t *)"", 0, want, &want_len));
    ASSERT_SPAN(mac_once(CFR_MAC_HMAC, CFR_HASH_SHA256, nothing, nothing, nothing, got),
                cfr_span_of(want, want_len));
}
END_TEST

START_TEST(wrong_key_lengths_are_refused)
{
    static const uint8_t key[65] = {1};

    for (size_t len = 0; len <= sizeof(key); len++) {
        bool right = len == 16 || len == 24 || len == 32;

        for (int kind = CFR_MAC_CMAC; kind <= CFR_MAC_GMAC; kind++) {
            AUTO(mac) *mac = NULL;

            ASSERT_RV(cfr_mac_new((enum cfr_mac_kind)kind, CFR_HASH_NONE, cfr_span_of(key, len), &mac),
                      right ? CKR_OK : CKR_KEY_SIZE_RANGE);
            ck_assert_int_eq(mac != NULL, right);
        }
    }
    cfr_mac_drop(NULL);
}
END_TEST

START_TEST(gmac_nonces_of_no_or_too_many_octets_are_refused)
{
    static const uint8_t octets[1000] = {1};
    AUTO(mac) *mac = NULL;
    uint8_t got[CFR_MAC_MAX_LEN];
    uint8_t want[16];

    ASSERT_OK(cfr_mac_new(CFR_MAC_GMAC, CFR_HASH_NONE, cfr_span_of(octets, 16), &mac));
    ASSERT_RV(cfr_mac_start(mac, nothing), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(cfr_mac_start(mac, cfr_span_of(octets, 129)), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(cfr_mac_start(mac, cfr_span_of(octets, sizeof(octets))), CKR_MECHANISM_PARAM_INVALID);
    /* The context is still good. */
    ASSERT_OK(cfr_mac_start(mac, cfr_span_of(octets, 128)));
    ASSERT_OK(cfr_mac_finish(mac, got));
    gcm_tag(cfr_span_of(octets, 16), cfr_span_of(octets, 128), nothing, want);
    ASSERT_SPAN(cfr_span_of(got, 16), cfr_span_of(want, 16));
}
END_TEST

static const struct {
    enum cfr_mac_kind kind;
    enum cfr_hash hash;
} kinds[] = {
    {CFR_MAC_HMAC, CFR_HASH_SHA1}, {CFR_MAC_HMAC, CFR_HASH_SHA512_224}, {CFR_MAC_HMAC, CFR_HASH_SHA3_384},
    {CFR_MAC_CMAC, CFR_HASH_NONE}, {CFR_MAC_GMAC, CFR_HASH_NONE},
};

/* One context: two messages, one given up, one in pieces; all as if the context were fresh. */
START_TEST(context_serves_many_messages)
{
    struct cfr_span key = cfr_span_text("0123456789abcdef");
    struct cfr_span iv = cfr_span_text("nonce of GMAC");
    struct cfr_span data = cfr_span_text("a message that is longer than one block of the cipher");
    AUTO(mac) *mac = NULL;
    uint8_t want[CFR_MAC_MAX_LEN];
    uint8_t got[CFR_MAC_MAX_LEN];
    struct cfr_span right = mac_once(kinds[_i].kind, kinds[_i].hash, key, iv, data, want);

    ASSERT_OK(cfr_mac_new(kinds[_i].kind, kinds[_i].hash, key, &mac));
    ck_assert_uint_eq(cfr_mac_len(mac), right.len);
    for (size_t cut = 0; cut <= data.len; cut++) {
        ASSERT_OK(cfr_mac_start(mac, iv));
        ASSERT_OK(cfr_mac_update(mac, cfr_span_text("given up")));
        ASSERT_OK(cfr_mac_start(mac, iv));
        ASSERT_OK(cfr_mac_update(mac, cfr_span_of(data.ptr, cut)));
        ASSERT_OK(cfr_mac_update(mac, nothing));
        ASSERT_OK(cfr_mac_update(mac, cfr_span_after(data, cut)));
        ASSERT_OK(cfr_mac_finish(mac, got));
        ASSERT_SPAN(cfr_span_of(got, right.len), right);
    }
}
END_TEST

START_TEST(copy_goes_its_own_way)
{
    struct cfr_span key = cfr_span_text("0123456789abcdef");
    struct cfr_span iv = cfr_span_text("nonce of GMAC");
    AUTO(mac) *mac = NULL;
    AUTO(mac) *fresh = NULL;
    AUTO(mac) *copy = NULL;
    uint8_t want[CFR_MAC_MAX_LEN];
    uint8_t got[CFR_MAC_MAX_LEN];
    struct cfr_span right = mac_once(kinds[_i].kind, kinds[_i].hash, key, iv, cfr_span_text("one two"), want);

    ASSERT_OK(cfr_mac_new(kinds[_i].kind, kinds[_i].hash, key, &mac));
    ASSERT_OK(cfr_mac_dup(mac, &fresh));
    ASSERT_OK(cfr_mac_start(mac, iv));
    ASSERT_OK(cfr_mac_update(mac, cfr_span_text("one")));
    ASSERT_OK(cfr_mac_dup(mac, &copy));
    ASSERT_OK(cfr_mac_update(mac, cfr_span_text(" other")));
    ASSERT_OK(cfr_mac_finish(mac, got));
    ck_assert(!cfr_span_equal(cfr_span_of(got, right.len), right));
    cfr_mac_drop(mac);
    mac = NULL;
    ASSERT_OK(cfr_mac_update(copy, cfr_span_text(" two")));
    ASSERT_OK(cfr_mac_finish(copy, got));
    ck_assert_uint_eq(cfr_mac_len(copy), right.len);
    ASSERT_SPAN(cfr_span_of(got, right.len), right);
    ASSERT_OK(cfr_mac_start(fresh, iv));
    ASSERT_OK(cfr_mac_update(fresh, cfr_span_text("one two")));
    ASSERT_OK(cfr_mac_finish(fresh, got));
    ASSERT_SPAN(cfr_span_of(got, right.len), right);
}
END_TEST

static CK_RV attempt(void *arg)
{
    const int *at = arg;
    struct cfr_span key = cfr_span_text("0123456789abcdef");
    AUTO(mac) *mac = NULL;
    AUTO(mac) *copy = NULL;
    uint8_t want[CFR_MAC_MAX_LEN];
    uint8_t got[CFR_MAC_MAX_LEN];

    TRY(cfr_mac_new(kinds[*at].kind, kinds[*at].hash, key, &mac));
    TRY(cfr_mac_start(mac, key));
    TRY(cfr_mac_update(mac, key));
    TRY(cfr_mac_dup(mac, &copy));
    TRY(cfr_mac_finish(mac, want));
    TRY(cfr_mac_finish(copy, got));
    ck_assert_mem_eq(want, got, cfr_mac_len(mac));
    return CKR_OK;
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, &_i, 2, 7);
}
END_TEST

static Suite *suite(void)
{
    Suite *mac = suite_create("mac");
    TCase *tcase = tcase_create("mac");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, published_hmacs);
    tcase_add_test(tcase, published_cmacs);
    tcase_add_test(tcase, published_des3_cmacs);
    tcase_add_test(tcase, published_gmacs);
    tcase_add_loop_test(tcase, hmac_agrees_with_libcrypto, CFR_HASH_SHA1, CFR_HASH_COUNT);
    tcase_add_test(tcase, cmac_agrees_with_libcrypto);
    tcase_add_test(tcase, gmac_agrees_with_libcrypto);
    tcase_add_test(tcase, empty_hmac_key_is_legal);
    tcase_add_test(tcase, wrong_key_lengths_are_refused);
    tcase_add_test(tcase, gmac_nonces_of_no_or_too_many_octets_are_refused);
    tcase_add_loop_test(tcase, context_serves_many_messages, 0, COUNT_OF(kinds));
    tcase_add_loop_test(tcase, copy_goes_its_own_way, 0, COUNT_OF(kinds));
    tcase_add_loop_test(tcase, each_call_may_fail, 0, COUNT_OF(kinds));
    suite_add_tcase(mac, tcase);
    return mac;
}

TEST_MAIN(suite)
