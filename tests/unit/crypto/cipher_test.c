/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cipher.h"
#include "unit/crypto/fixture.h"

#include <string.h>

enum { TEXT_MAX_LEN = 400, ROOM = TEXT_MAX_LEN + 32 };

static const uint8_t key_octets[64] = "a key of the right length, of which XTS takes two halves: it is";
static const uint8_t iv_octets[16] = "initial vector!";

static bool is_des3(enum cfr_cipher_mode mode)
{
    return mode >= CFR_CIPHER_DES3_ECB && mode <= CFR_CIPHER_DES3_CBC_PAD;
}

static bool is_ecb(enum cfr_cipher_mode mode)
{
    return mode == CFR_CIPHER_ECB || mode == CFR_CIPHER_DES3_ECB;
}

static bool is_padded(enum cfr_cipher_mode mode)
{
    return mode == CFR_CIPHER_CBC_PAD || mode == CFR_CIPHER_DES3_CBC_PAD;
}

static size_t block_of(enum cfr_cipher_mode mode)
{
    return is_des3(mode) ? 8 : 16;
}

static struct cfr_span key_of(enum cfr_cipher_mode mode)
{
    return cfr_span_of(key_octets, mode == CFR_CIPHER_XTS ? 64 : is_des3(mode) ? 24 : 32);
}

/* Modes that take a message in one piece, of a block at the least. */
static bool is_one_piece(enum cfr_cipher_mode mode)
{
    return mode == CFR_CIPHER_XTS || mode == CFR_CIPHER_CTS;
}

static struct cfr_span iv_of(enum cfr_cipher_mode mode)
{
    return is_ecb(mode) ? cfr_span_of(NULL, 0) : cfr_span_of(iv_octets, block_of(mode));
}

static struct cfr_cipher *new_cipher(enum cfr_cipher_mode mode, bool encrypt)
{
    struct cfr_cipher *cipher = NULL;

    ASSERT_OK(cfr_cipher_new(mode, encrypt, key_of(mode), &cipher));
    return cipher;
}

/* A whole message in one update; returns what finish gave. */
static CK_RV transform(struct cfr_cipher *cipher, struct cfr_span iv, struct cfr_span in, uint8_t *out,
                       size_t *ret_len)
{
    size_t tail = 0;

    ASSERT_OK(cfr_cipher_start(cipher, iv));
    TRY(cfr_cipher_update(cipher, in, out, ret_len));
    TRY(cfr_cipher_finish(cipher, out + *ret_len, &tail));
    *ret_len += tail;
    return CKR_OK;
}

static const char *const names[CFR_CIPHER_MODE_COUNT] = {
    [CFR_CIPHER_ECB] = "ECB",
    [CFR_CIPHER_CBC] = "CBC",
    [CFR_CIPHER_CBC_PAD] = "CBC",
    [CFR_CIPHER_CTR] = "CTR",
    [CFR_CIPHER_XTS] = "XTS",
    [CFR_CIPHER_OFB] = "OFB",
    [CFR_CIPHER_CFB1] = "CFB1",
    [CFR_CIPHER_CFB8] = "CFB8",
    [CFR_CIPHER_CFB128] = "CFB128",
    [CFR_CIPHER_CTS] = "CBC-CTS",
    [CFR_CIPHER_DES3_ECB] = "DES-EDE3-ECB",
    [CFR_CIPHER_DES3_CBC] = "DES-EDE3-CBC",
    [CFR_CIPHER_DES3_CBC_PAD] = "DES-EDE3-CBC",
};

static enum cfr_cipher_mode mode_of(const char *name)
{
    int mode = 0;

    while (names[mode] == NULL || strcmp(names[mode], name) != 0) {
        mode++;
        ck_assert_int_lt(mode, CFR_CIPHER_CTS);
    }
    return (enum cfr_cipher_mode)mode;
}

static void check_case_with(enum cfr_cipher_mode mode, struct vectors *vectors, struct cfr_span iv)
{
    struct cfr_span plain = vectors_octets(vectors, "pt");
    struct cfr_span coded = vectors_octets(vectors, "ct");
    AUTO(cipher) *encrypting = NULL;
    AUTO(cipher) *decrypting = NULL;
    uint8_t out[1024];
    size_t len = 0;

    ASSERT_OK(cfr_cipher_new(mode, true, vectors_octets(vectors, "key"), &encrypting));
    ASSERT_OK(cfr_cipher_new(mode, false, vectors_octets(vectors, "key"), &decrypting));
    ASSERT_OK(transform(encrypting, iv, plain, out, &len));
    ASSERT_SPAN(cfr_span_of(out, len), coded);
    ASSERT_OK(transform(decrypting, iv, coded, out, &len));
    ASSERT_SPAN(cfr_span_of(out, len), plain);
}

static void check_case(enum cfr_cipher_mode mode, struct vectors *vectors)
{
    check_case_with(mode, vectors, vectors_octets(vectors, "iv"));
}

START_TEST(published_chacha20)
{
    struct vectors *vectors = vectors_open("chacha20");

    while (vectors_next(vectors)) {
        struct cfr_span counter = vectors_octets(vectors, "counter");
        struct cfr_span nonce = vectors_octets(vectors, "iv");
        uint8_t state[16];

        ck_assert_uint_eq(counter.len + nonce.len, sizeof(state));
        cfr_copy(state, counter.ptr, counter.len);
        cfr_copy(state + counter.len, nonce.ptr, nonce.len);
        check_case_with(CFR_CIPHER_CHACHA20, vectors, cfr_span_of(state, sizeof(state)));
    }
    vectors_close(vectors, 9);
}
END_TEST

START_TEST(published_modes)
{
    struct vectors *vectors = vectors_open("aes_modes");

    while (vectors_next(vectors)) {
        check_case(mode_of(vectors_word(vectors, "mode")), vectors);
    }
    vectors_close(vectors, 21);
    vectors = vectors_open("aes_cts");
    while (vectors_next(vectors)) {
        check_case(CFR_CIPHER_CTS, vectors);
    }
    vectors_close(vectors, 6);
    vectors = vectors_open("aes_xts");
    while (vectors_next(vectors)) {
        check_case(CFR_CIPHER_XTS, vectors);
    }
    vectors_close(vectors, 12);
}
END_TEST

START_TEST(published_des3)
{
    struct vectors *vectors = vectors_open("des3");

    while (vectors_next(vectors)) {
        bool is_cbc = strcmp(vectors_word(vectors, "mode"), "CBC") == 0;

        check_case_with(is_cbc ? CFR_CIPHER_DES3_CBC : CFR_CIPHER_DES3_ECB, vectors,
                        is_cbc ? vectors_octets(vectors, "iv") : cfr_span_of(NULL, 0));
    }
    vectors_close(vectors, 59);
}
END_TEST

START_TEST(published_padding)
{
    struct vectors *vectors = vectors_open("aes_cbc_pad");
    size_t valid = 0;

    while (vectors_next(vectors)) {
        AUTO(cipher) *decrypting = NULL;
        uint8_t out[ROOM];
        size_t len = 0;

        if (vectors_number(vectors, "valid") == 1) {
            check_case(CFR_CIPHER_CBC_PAD, vectors);
            valid++;
            continue;
        }
        ASSERT_OK(cfr_cipher_new(CFR_CIPHER_CBC_PAD, false, vectors_octets(vectors, "key"), &decrypting));
        ASSERT_RV(
            transform(decrypting, vectors_octets(vectors, "iv"), vectors_octets(vectors, "ct"), out, &len),
            CKR_DATA_LEN_RANGE);
    }
    ck_assert_uint_eq(valid, 12);
    vectors_close(vectors, 24);
}
END_TEST

/* The same in the default context, in one go; 0 when libcrypto refuses. */
static size_t transform_direct(enum cfr_cipher_mode mode, bool encrypt, struct cfr_span key,
                               struct cfr_span in, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher;
    char name[32];
    int len = 0;
    int tail = 0;

    (void)snprintf(name, sizeof(name), "AES-%zu-%s", 8 * key.len / (mode == CFR_CIPHER_XTS ? 2 : 1),
                   mode == CFR_CIPHER_CFB128 ? "CFB" : names[mode]);
    cipher = EVP_CIPHER_fetch(NULL,
                              mode == CFR_CIPHER_CHACHA20 ? "ChaCha20"
                              : is_des3(mode)             ? names[mode]
                                                          : name,
                              NULL);
    ck_assert_ptr_nonnull(cipher);
    ck_assert_int_eq(EVP_CipherInit_ex(ctx, cipher, NULL, key.ptr, iv_octets, encrypt), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_set_padding(ctx, is_padded(mode)), 1);
    if ((in.len != 0 && EVP_CipherUpdate(ctx, out, &len, in.ptr, (int)in.len) != 1) ||
        EVP_CipherFinal_ex(ctx, out + len, &tail) != 1) {
        len = 0;
        tail = 0;
    }
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return (size_t)(len + tail);
}

/* Lengths that a whole message of the mode may have. */
static bool is_whole(enum cfr_cipher_mode mode, size_t len)
{
    if (is_ecb(mode) || mode == CFR_CIPHER_CBC || mode == CFR_CIPHER_DES3_CBC) {
        return len % block_of(mode) == 0;
    }
    return !is_one_piece(mode) || len == 0 || len >= 16;
}

START_TEST(agrees_with_libcrypto_and_comes_back)
{
    enum cfr_cipher_mode mode = (enum cfr_cipher_mode)_i;
    AUTO(cipher) *encrypting = new_cipher(mode, true);
    AUTO(cipher) *decrypting = new_cipher(mode, false);
    uint8_t plain[TEXT_MAX_LEN];
    uint8_t got[ROOM];
    uint8_t want[ROOM];
    size_t got_len = 0;
    size_t want_len;

    for (size_t len = 0; len <= TEXT_MAX_LEN; len++) {
        struct cfr_span in = cfr_span_of(plain, len);

        harness_fill(plain, len);
        if (!is_whole(mode, len)) {
            ck_assert_uint_ne(transform(encrypting, iv_of(mode), in, got, &got_len), CKR_OK);
            ck_assert_uint_ne(transform(decrypting, iv_of(mode), in, got, &got_len), CKR_OK);
            continue;
        }
        want_len = transform_direct(mode, true, key_of(mode), in, want);
        ASSERT_OK(transform(encrypting, iv_of(mode), in, got, &got_len));
        ASSERT_SPAN(cfr_span_of(got, got_len), cfr_span_of(want, want_len));
        ck_assert_uint_eq(got_len, is_padded(mode) ? (len / block_of(mode) + 1) * block_of(mode) : len);
        ASSERT_OK(transform(decrypting, iv_of(mode), cfr_span_of(want, want_len), got, &got_len));
        ASSERT_SPAN(cfr_span_of(got, got_len), in);
    }
}
END_TEST

/* Feed @p in in pieces; in place when @p in_place, as PKCS#11 allows. Returns the length of all that came
 * out. */
static size_t transform_in_pieces(struct cfr_cipher *cipher, enum cfr_cipher_mode mode, struct cfr_span in,
                                  uint8_t *out, bool in_place)
{
    size_t written = 0;
    size_t len = 0;

    ASSERT_OK(cfr_cipher_start(cipher, iv_of(mode)));
    while (in.len != 0) {
        size_t step = 1 + harness_number((uint32_t)(in.len < 70 ? in.len : 70));
        uint8_t piece[70 + 32];

        step = step > in.len ? in.len : step;
        cfr_copy(piece, in.ptr, step);
        if (in_place) {
            ASSERT_OK(cfr_cipher_update(cipher, cfr_span_of(piece, step), piece, &len));
            cfr_copy(out + written, piece, len);
        } else {
            ASSERT_OK(cfr_cipher_update(cipher, in, out + written, &len));
            written += len;
            break;
        }
        ck_assert_uint_le(len, step + 15);
        written += len;
        in = cfr_span_after(in, step);
    }
    ASSERT_OK(cfr_cipher_finish(cipher, out + written, &len));
    return written + len;
}

static const enum cfr_cipher_mode piecewise[] = {CFR_CIPHER_ECB,  CFR_CIPHER_CBC,    CFR_CIPHER_CBC_PAD,
                                                 CFR_CIPHER_CTR,  CFR_CIPHER_OFB,    CFR_CIPHER_CFB1,
                                                 CFR_CIPHER_CFB8, CFR_CIPHER_CFB128, CFR_CIPHER_CHACHA20};

enum { PIECEWISE_COUNT = sizeof(piecewise) / sizeof(piecewise[0]) };

START_TEST(pieces_in_place_give_the_same_as_the_whole)
{
    enum cfr_cipher_mode mode = piecewise[_i];
    AUTO(cipher) *encrypting = new_cipher(mode, true);
    AUTO(cipher) *decrypting = new_cipher(mode, false);
    uint8_t plain[TEXT_MAX_LEN];
    uint8_t whole[ROOM];
    uint8_t pieces[ROOM];
    size_t len;

    for (int round = 0; round < 300; round++) {
        struct cfr_span in = cfr_span_of(plain, harness_number(TEXT_MAX_LEN / 16) * 16);

        if (mode != CFR_CIPHER_ECB && mode != CFR_CIPHER_CBC) {
            in.len += harness_number(16);
        }
        harness_fill(plain, in.len);
        len = transform_in_pieces(encrypting, mode, in, whole, false);
        ASSERT_SPAN(cfr_span_of(pieces, transform_in_pieces(encrypting, mode, in, pieces, true)),
                    cfr_span_of(whole, len));
        ASSERT_SPAN(
            cfr_span_of(pieces, transform_in_pieces(decrypting, mode, cfr_span_of(whole, len), pieces, true)),
            in);
    }
}
END_TEST

/* A second piece would be a new data unit under the same tweak, and libcrypto would not say so. */
START_TEST(takes_a_message_in_one_piece)
{
    enum cfr_cipher_mode mode = _i == 0 ? CFR_CIPHER_XTS : CFR_CIPHER_CTS;
    AUTO(cipher) *cipher = new_cipher(mode, true);
    AUTO(cipher) *copy = NULL;
    uint8_t octets[64] = {0};
    size_t len = 0;

    ASSERT_OK(cfr_cipher_start(cipher, iv_of(mode)));
    ASSERT_OK(cfr_cipher_update(cipher, cfr_span_of(NULL, 0), octets, &len));
    ASSERT_OK(cfr_cipher_update(cipher, cfr_span_of(octets, 32), octets, &len));
    ck_assert_uint_eq(len, 32);
    ASSERT_OK(cfr_cipher_dup(cipher, &copy));
    ASSERT_RV(cfr_cipher_update(cipher, cfr_span_of(octets, 32), octets, &len), CKR_GENERAL_ERROR);
    ASSERT_RV(cfr_cipher_update(copy, cfr_span_of(octets, 32), octets, &len), CKR_GENERAL_ERROR);
    ASSERT_OK(cfr_cipher_start(cipher, iv_of(mode)));
    ASSERT_OK(cfr_cipher_update(cipher, cfr_span_of(octets, 33), octets, &len));
    ck_assert_uint_eq(len, 33);
}
END_TEST

START_TEST(xts_data_units_have_a_limit)
{
    enum { LIMIT = 1 << 24 }; /* 2^20 blocks, SP 800-38E */
    AUTO(cipher) *cipher = new_cipher(CFR_CIPHER_XTS, true);
    uint8_t *octets = calloc(1, LIMIT + 32);
    size_t len = 0;

    ck_assert_ptr_nonnull(octets);
    ASSERT_OK(transform(cipher, iv_of(CFR_CIPHER_XTS), cfr_span_of(octets, LIMIT), octets, &len));
    ck_assert_uint_ne(transform(cipher, iv_of(CFR_CIPHER_XTS), cfr_span_of(octets, LIMIT + 1), octets, &len),
                      CKR_OK);
    free(octets);
}
END_TEST

START_TEST(xts_with_equal_halves_is_refused)
{
    uint8_t key[64] = {0};
    struct cfr_cipher *cipher = NULL;

    /* FIPS 140-3 IG C.I forbids it for decryption too. */
    for (int encrypt = 0; encrypt <= 1; encrypt++) {
        ASSERT_RV(cfr_cipher_new(CFR_CIPHER_XTS, encrypt == 1, cfr_span_of(key, 64), &cipher),
                  CKR_KEY_SIZE_RANGE);
        ASSERT_RV(cfr_cipher_new(CFR_CIPHER_XTS, encrypt == 1, cfr_span_of(key, 32), &cipher),
                  CKR_KEY_SIZE_RANGE);
    }
    ck_assert_ptr_null(cipher);
    key[63] = 1;
    ASSERT_OK(cfr_cipher_new(CFR_CIPHER_XTS, true, cfr_span_of(key, 64), &cipher));
    cfr_cipher_drop(cipher);
    ASSERT_OK(cfr_cipher_new(CFR_CIPHER_XTS, false, cfr_span_of(key + 32, 32), &cipher));
    cfr_cipher_drop(cipher);
}
END_TEST

START_TEST(wrong_key_lengths_are_refused)
{
    for (int mode = 0; mode < CFR_CIPHER_MODE_COUNT; mode++) {
        for (size_t len = 0; len <= 64; len++) {
            bool right = mode == CFR_CIPHER_XTS                ? len == 32 || len == 64
                         : mode == CFR_CIPHER_CHACHA20         ? len == 32
                         : is_des3((enum cfr_cipher_mode)mode) ? len == 24
                                                               : len == 16 || len == 24 || len == 32;
            AUTO(cipher) *cipher = NULL;

            ASSERT_RV(cfr_cipher_new((enum cfr_cipher_mode)mode, true, cfr_span_of(key_octets, len), &cipher),
                      right ? CKR_OK : CKR_KEY_SIZE_RANGE);
            ck_assert_int_eq(cipher != NULL, right);
        }
    }
    cfr_cipher_drop(NULL);
}
END_TEST

START_TEST(wrong_initial_vectors_are_refused)
{
    for (int mode = 0; mode < CFR_CIPHER_MODE_COUNT; mode++) {
        AUTO(cipher) *cipher = new_cipher((enum cfr_cipher_mode)mode, true);

        for (size_t len = 0; len <= 32; len++) {
            bool right = is_ecb((enum cfr_cipher_mode)mode) || len == block_of((enum cfr_cipher_mode)mode);

            ASSERT_RV(cfr_cipher_start(cipher, cfr_span_of(key_octets, len)),
                      right ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
        }
    }
}
END_TEST

/* What an earlier message left half done must not show in the next. */
START_TEST(start_forgets)
{
    enum cfr_cipher_mode mode = (enum cfr_cipher_mode)_i;

    for (int encrypt = 0; encrypt <= 1; encrypt++) {
        AUTO(cipher) *cipher = new_cipher(mode, encrypt == 1);
        AUTO(cipher) *fresh = new_cipher(mode, encrypt == 1);
        uint8_t got[ROOM];
        uint8_t want[ROOM];
        size_t got_len = 0;
        size_t want_len = 0;
        CK_RV want_rv;

        ASSERT_OK(cfr_cipher_start(cipher, iv_of(mode)));
        ASSERT_OK(
            cfr_cipher_update(cipher, cfr_span_of(key_octets, is_one_piece(mode) ? 16 : 21), got, &got_len));
        want_rv = transform(fresh, iv_of(mode), cfr_span_of(key_octets, 48), want, &want_len);
        ASSERT_RV(transform(cipher, iv_of(mode), cfr_span_of(key_octets, 48), got, &got_len), want_rv);
        if (want_rv == CKR_OK) {
            ASSERT_SPAN(cfr_span_of(got, got_len), cfr_span_of(want, want_len));
        }
    }
}
END_TEST

START_TEST(counter_carries_over_the_whole_block)
{
    static const uint8_t ones[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    AUTO(cipher) *ctr = new_cipher(CFR_CIPHER_CTR, true);
    AUTO(cipher) *ecb = new_cipher(CFR_CIPHER_ECB, true);
    uint8_t stream[32] = {0};
    uint8_t want[48];
    uint8_t counters[32] = {0};
    size_t len = 0;

    cfr_copy(counters, ones, 16);
    ASSERT_OK(transform(ctr, cfr_span_of(ones, 16), cfr_span_of(stream, 32), stream, &len));
    ASSERT_OK(transform(ecb, cfr_span_of(NULL, 0), cfr_span_of(counters, 32), want, &len));
    ASSERT_SPAN(cfr_span_of(stream, 32), cfr_span_of(want, 32));
}
END_TEST

START_TEST(copy_goes_its_own_way)
{
    enum cfr_cipher_mode mode = piecewise[_i];
    AUTO(cipher) *cipher = new_cipher(mode, true);
    AUTO(cipher) *copy = NULL;
    uint8_t want[ROOM];
    uint8_t first[64];
    uint8_t rest[64];
    size_t want_len = 0;
    size_t first_len = 0;
    size_t rest_len = 0;
    size_t other = 0;

    ASSERT_OK(transform(cipher, iv_of(mode), cfr_span_of(key_octets, 48), want, &want_len));
    ASSERT_OK(cfr_cipher_start(cipher, iv_of(mode)));
    ASSERT_OK(cfr_cipher_update(cipher, cfr_span_of(key_octets, 21), first, &first_len));
    ASSERT_OK(cfr_cipher_dup(cipher, &copy));
    ASSERT_OK(cfr_cipher_update(cipher, cfr_span_of(iv_octets, 7), rest, &other));
    cfr_cipher_drop(cipher);
    cipher = NULL;
    /* In place, so that a copy which has forgotten what is held back shows. */
    cfr_copy(rest, key_octets + 21, 27);
    ASSERT_OK(cfr_cipher_update(copy, cfr_span_of(rest, 27), rest, &rest_len));
    ASSERT_OK(cfr_cipher_finish(copy, rest + rest_len, &other));
    rest_len += other;
    ASSERT_SPAN(cfr_span_of(first, first_len), cfr_span_of(want, first_len));
    ASSERT_SPAN(cfr_span_of(rest, rest_len), cfr_span_of(want + first_len, want_len - first_len));
}
END_TEST

static CK_RV attempt(void *arg)
{
    enum cfr_cipher_mode mode = *(const enum cfr_cipher_mode *)arg;
    AUTO(cipher) *cipher = NULL;
    AUTO(cipher) *copy = NULL;
    uint8_t octets[64] = {0};
    size_t len = 0;
    size_t tail = 0;

    TRY(cfr_cipher_new(mode, true, key_of(mode), &cipher));
    TRY(cfr_cipher_dup(cipher, &copy));
    TRY(cfr_cipher_start(copy, iv_of(mode)));
    TRY(cfr_cipher_update(copy, cfr_span_of(octets, is_one_piece(mode) ? 32 : 21), octets, &len));
    if (!is_one_piece(mode)) {
        TRY(cfr_cipher_update(copy, cfr_span_of(octets, 27), octets, &len));
    }
    return cfr_cipher_finish(copy, octets, &tail);
}

START_TEST(each_call_may_fail)
{
    enum cfr_cipher_mode mode = (enum cfr_cipher_mode)_i;

    nth_failure_both(attempt, &mode, 2, 8);
}
END_TEST

static Suite *suite(void)
{
    Suite *cipher = suite_create("cipher");
    TCase *tcase = tcase_create("cipher");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, published_modes);
    tcase_add_test(tcase, published_chacha20);
    tcase_add_test(tcase, published_des3);
    tcase_add_test(tcase, published_padding);
    tcase_add_loop_test(tcase, agrees_with_libcrypto_and_comes_back, 0, CFR_CIPHER_MODE_COUNT);
    tcase_add_loop_test(tcase, pieces_in_place_give_the_same_as_the_whole, 0, PIECEWISE_COUNT);
    tcase_add_loop_test(tcase, takes_a_message_in_one_piece, 0, 2);
    tcase_add_test(tcase, xts_data_units_have_a_limit);
    tcase_add_test(tcase, xts_with_equal_halves_is_refused);
    tcase_add_test(tcase, wrong_key_lengths_are_refused);
    tcase_add_test(tcase, wrong_initial_vectors_are_refused);
    tcase_add_loop_test(tcase, start_forgets, 0, CFR_CIPHER_MODE_COUNT);
    tcase_add_test(tcase, counter_carries_over_the_whole_block);
    tcase_add_loop_test(tcase, copy_goes_its_own_way, 0, PIECEWISE_COUNT);
    tcase_add_loop_test(tcase, each_call_may_fail, 0, CFR_CIPHER_MODE_COUNT);
    suite_add_tcase(cipher, tcase);
    return cipher;
}

TEST_MAIN(suite)
