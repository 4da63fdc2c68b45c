/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"
#include "unit/crypto/fixture.h"

#include <string.h>

enum { TEXT_MAX_LEN = 300, AAD_MAX_LEN = 300, IV_MAX_LEN = 128 };

static const uint8_t key_octets[32] = "a key for tests, of 256 bits!!!";

static struct cfr_aead *new_aead(enum cfr_aead_kind kind, bool encrypt, struct cfr_span key)
{
    struct cfr_aead *aead = NULL;

    ASSERT_OK(cfr_aead_new(kind, encrypt, key, &aead));
    return aead;
}

/* Seal and open a published case, each by a fresh context. */
static void check_case(enum cfr_aead_kind kind, struct vectors *vectors, struct cfr_span aad)
{
    struct cfr_span key = vectors_octets(vectors, "key");
    struct cfr_span plain = vectors_octets(vectors, "pt");
    struct cfr_span coded = vectors_octets(vectors, "ct");
    struct cfr_span tag = vectors_octets(vectors, "tag");
    struct cfr_aead_start start = {
        .iv = vectors_octets(vectors, "iv"), .aad = aad, .tag_len = tag.len, .data_len = plain.len};
    AUTO(aead) *sealing = new_aead(kind, true, key);
    AUTO(aead) *opening = new_aead(kind, false, key);
    uint8_t out[TEXT_MAX_LEN];
    uint8_t got_tag[16];

    ASSERT_OK(cfr_aead_seal(sealing, &start, plain, out, got_tag));
    ASSERT_SPAN(cfr_span_of(out, plain.len), coded);
    ASSERT_SPAN(cfr_span_of(got_tag, tag.len), tag);
    ASSERT_OK(cfr_aead_open(opening, &start, coded, out, tag));
    ASSERT_SPAN(cfr_span_of(out, plain.len), plain);
}

START_TEST(published_gcm)
{
    struct vectors *vectors = vectors_open("aes_gcm");

    while (vectors_next(vectors)) {
        check_case(CFR_AEAD_GCM, vectors, vectors_octets(vectors, "aad"));
    }
    vectors_close(vectors, 18);
}
END_TEST

START_TEST(published_chacha20_poly1305)
{
    struct vectors *vectors = vectors_open("chacha20_poly1305");

    while (vectors_next(vectors)) {
        check_case(CFR_AEAD_CHACHA20_POLY1305, vectors, vectors_octets(vectors, "aad"));
    }
    vectors_close(vectors, 2);
}
END_TEST

START_TEST(published_ccm)
{
    struct vectors *vectors = vectors_open("aes_ccm");
    static uint8_t aad[256 * 256];

    while (vectors_next(vectors)) {
        struct cfr_span once = vectors_octets(vectors, "aad");
        size_t repeat = vectors_number(vectors, "repeat");

        ck_assert_uint_le(repeat * once.len, sizeof(aad));
        for (size_t i = 0; i < repeat; i++) {
            cfr_copy(aad + i * once.len, once.ptr, once.len);
        }
        check_case(CFR_AEAD_CCM, vectors, cfr_span_of(aad, repeat * once.len));
    }
    vectors_close(vectors, 4);
}
END_TEST

/* The same in the default context. */
static void seal_direct(enum cfr_aead_kind kind, struct cfr_span key, const struct cfr_aead_start *start,
                        struct cfr_span in, uint8_t *out, uint8_t *tag)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CIPHER *cipher;
    char name[16];
    uint8_t none = 0;
    int len = 0;

    (void)snprintf(name, sizeof(name), "AES-%zu-%s", 8 * key.len, kind == CFR_AEAD_GCM ? "GCM" : "CCM");
    cipher = EVP_CIPHER_fetch(NULL, kind == CFR_AEAD_CHACHA20_POLY1305 ? "ChaCha20-Poly1305" : name, NULL);
    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, cipher, NULL, NULL, NULL), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)start->iv.len, NULL), 1);
    if (kind == CFR_AEAD_CCM) {
        ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)start->tag_len, NULL), 1);
    }
    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, NULL, NULL, key.ptr, start->iv.ptr), 1);
    if (kind == CFR_AEAD_CCM) {
        ck_assert_int_eq(EVP_EncryptUpdate(ctx, NULL, &len, NULL, (int)in.len), 1);
    }
    if (start->aad.len != 0) {
        ck_assert_int_eq(EVP_EncryptUpdate(ctx, NULL, &len, start->aad.ptr, (int)start->aad.len), 1);
    }
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, out, &len, in.len == 0 ? &none : in.ptr, (int)in.len), 1);
    ck_assert_int_eq(EVP_EncryptFinal_ex(ctx, out + len, &len), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)start->tag_len, tag), 1);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
}

struct message {
    uint8_t iv[IV_MAX_LEN];
    uint8_t aad[AAD_MAX_LEN];
    uint8_t plain[TEXT_MAX_LEN];
    struct cfr_aead_start start;
    struct cfr_span text;
};

static void make_message(enum cfr_aead_kind kind, struct message *message)
{
    size_t iv_len = kind == CFR_AEAD_GCM ? 1 + harness_number(IV_MAX_LEN) : 7 + harness_number(7);
    size_t tag_len = kind == CFR_AEAD_GCM ? 4 + harness_number(13) : 4 + 2 * harness_number(7);

    if (kind == CFR_AEAD_CHACHA20_POLY1305) {
        iv_len = 12;
        tag_len = 16;
    }
    if (kind == CFR_AEAD_GCM && harness_number(2) == 0) {
        iv_len = 12;
    }
    harness_fill(message->iv, sizeof(message->iv));
    harness_fill(message->aad, sizeof(message->aad));
    harness_fill(message->plain, sizeof(message->plain));
    message->text = cfr_span_of(message->plain, harness_number(TEXT_MAX_LEN + 1));
    message->start = (struct cfr_aead_start){
        .iv = cfr_span_of(message->iv, iv_len),
        .aad = cfr_span_of(harness_number(3) == 0 ? NULL : message->aad, 0),
        .tag_len = tag_len,
        .data_len = message->text.len,
    };
    message->start.aad.len = message->start.aad.ptr == NULL ? 0 : harness_number(AAD_MAX_LEN + 1);
    if (message->text.len == 0 && harness_number(2) == 0) {
        message->text.ptr = NULL;
    }
}

/* One context for all messages, whatever their lengths; sealing and opening also in place. */
START_TEST(agrees_with_libcrypto_and_comes_back)
{
    static const struct {
        enum cfr_aead_kind kind;
        size_t key_len;
    } cases[] = {{CFR_AEAD_GCM, 16},
                 {CFR_AEAD_GCM, 24},
                 {CFR_AEAD_GCM, 32},
                 {CFR_AEAD_CCM, 16},
                 {CFR_AEAD_CCM, 24},
                 {CFR_AEAD_CCM, 32},
                 {CFR_AEAD_CHACHA20_POLY1305, 32}};
    enum cfr_aead_kind kind = cases[_i].kind;
    struct cfr_span key = cfr_span_of(key_octets, cases[_i].key_len);
    AUTO(aead) *sealing = new_aead(kind, true, key);
    AUTO(aead) *opening = new_aead(kind, false, key);
    struct message message = {0};
    uint8_t want[TEXT_MAX_LEN + 16];
    uint8_t got[TEXT_MAX_LEN + 16];
    uint8_t want_tag[16];
    uint8_t got_tag[16];

    for (int round = 0; round < 500; round++) {
        struct cfr_span tag = {got_tag, 0};

        make_message(kind, &message);
        tag.len = message.start.tag_len;
        seal_direct(kind, key, &message.start, message.text, want, want_tag);
        cfr_copy(got, message.text.ptr, message.text.len);
        ASSERT_OK(cfr_aead_seal(sealing, &message.start,
                                round % 2 == 0 ? message.text : cfr_span_of(got, message.text.len), got,
                                got_tag));
        ASSERT_SPAN(cfr_span_of(got, message.text.len), cfr_span_of(want, message.text.len));
        ASSERT_SPAN(tag, cfr_span_of(want_tag, tag.len));
        ASSERT_OK(cfr_aead_open(opening, &message.start,
                                cfr_span_of(round % 2 == 0 ? want : got, message.text.len), got, tag));
        ASSERT_SPAN(cfr_span_of(got, message.text.len), message.text);
    }
}
END_TEST

/* Opening what was changed anywhere fails, leaves no plaintext, and the context works on. */
START_TEST(every_change_is_noticed)
{
    enum cfr_aead_kind kind = (enum cfr_aead_kind)_i;
    struct cfr_span key = cfr_span_of(key_octets, 32);
    AUTO(aead) *sealing = new_aead(kind, true, key);
    AUTO(aead) *opening = new_aead(kind, false, key);
    uint8_t parts[4][24] = {"nonce of 12!", "associated data", "plain text of 24 octets"};
    struct cfr_aead_start start = {
        .iv = {parts[0], 12}, .aad = {parts[1], 15}, .tag_len = 16, .data_len = 24};
    static const size_t lens[4] = {12, 15, 24, 16};
    uint8_t plain[24];
    uint8_t out[24];

    cfr_copy(plain, parts[2], 24);
    ASSERT_OK(cfr_aead_seal(sealing, &start, cfr_span_of(parts[2], 24), parts[2], parts[3]));
    for (int part = 0; part < 4; part++) {
        for (size_t bit = 0; bit < 8 * lens[part]; bit++) {
            memset(out, 0xee, sizeof(out));
            parts[part][bit / 8] ^= (uint8_t)(1U << bit % 8);
            ASSERT_RV(
                cfr_aead_open(opening, &start, cfr_span_of(parts[2], 24), out, cfr_span_of(parts[3], 16)),
                CKR_ENCRYPTED_DATA_INVALID);
            parts[part][bit / 8] ^= (uint8_t)(1U << bit % 8);
            for (size_t i = 0; i + 4 <= sizeof(out); i++) {
                ck_assert_msg(memcmp(out + i, plain + i, 4) != 0, "plaintext after a failure");
            }
        }
    }
    ASSERT_OK(cfr_aead_open(opening, &start, cfr_span_of(parts[2], 24), out, cfr_span_of(parts[3], 16)));
    ck_assert_mem_eq(out, plain, 24);
}
END_TEST

START_TEST(failure_in_place_leaves_no_plaintext)
{
    enum cfr_aead_kind kind = (enum cfr_aead_kind)_i;
    AUTO(aead) *sealing = new_aead(kind, true, cfr_span_of(key_octets, 32));
    AUTO(aead) *opening = new_aead(kind, false, cfr_span_of(key_octets, 32));
    struct cfr_aead_start start = {.iv = {key_octets, 12}, .tag_len = 16, .data_len = 200};
    uint8_t text[200];
    uint8_t tag[16];

    memset(text, 'P', sizeof(text));
    ASSERT_OK(cfr_aead_seal(sealing, &start, cfr_span_of(text, sizeof(text)), text, tag));
    tag[15] ^= 0x80;
    ASSERT_RV(cfr_aead_open(opening, &start, cfr_span_of(text, sizeof(text)), text, cfr_span_of(tag, 16)),
              CKR_ENCRYPTED_DATA_INVALID);
    ck_assert_ptr_null(memmem(text, sizeof(text), "PPPP", 4));
}
END_TEST

START_TEST(wrong_key_lengths_are_refused)
{
    static const uint8_t key[65] = {1};

    for (size_t len = 0; len <= sizeof(key); len++) {
        for (int kind = CFR_AEAD_GCM; kind <= CFR_AEAD_CHACHA20_POLY1305; kind++) {
            bool right = len == 32 || (kind != CFR_AEAD_CHACHA20_POLY1305 && (len == 16 || len == 24));
            AUTO(aead) *aead = NULL;

            ASSERT_RV(cfr_aead_new((enum cfr_aead_kind)kind, true, cfr_span_of(key, len), &aead),
                      right ? CKR_OK : CKR_KEY_SIZE_RANGE);
            ck_assert_int_eq(aead != NULL, right);
        }
    }
    cfr_aead_drop(NULL);
}
END_TEST

/* Sealing and opening with lengths of nonce and tag that may not be. */
static void check_lengths(enum cfr_aead_kind kind, size_t iv_len, size_t tag_len, bool right)
{
    AUTO(aead) *sealing = new_aead(kind, true, cfr_span_of(key_octets, 32));
    AUTO(aead) *opening = new_aead(kind, false, cfr_span_of(key_octets, 32));
    uint8_t octets[200] = {0};
    uint8_t tag[64] = {0};
    struct cfr_aead_start start = {.iv = {octets, iv_len}, .tag_len = tag_len, .data_len = 20};
    CK_RV want = right ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
    uint8_t text[20] = {0};

    ASSERT_RV(cfr_aead_seal(sealing, &start, cfr_span_of(text, 20), text, tag), want);
    ASSERT_RV(cfr_aead_open(opening, &start, cfr_span_of(text, 20), text, cfr_span_of(tag, tag_len)), want);
}

START_TEST(lengths_of_nonce_and_tag)
{
    for (size_t len = 0; len <= 140; len++) {
        check_lengths(CFR_AEAD_GCM, len, 16, len >= 1 && len <= 128);
        check_lengths(CFR_AEAD_CCM, len, 16, len >= 7 && len <= 13);
        check_lengths(CFR_AEAD_CHACHA20_POLY1305, len, 16, len == 12);
    }
    for (size_t len = 0; len <= 40; len++) {
        check_lengths(CFR_AEAD_GCM, 12, len, len >= 4 && len <= 16);
        check_lengths(CFR_AEAD_CCM, 12, len, len >= 4 && len <= 16 && len % 2 == 0);
        check_lengths(CFR_AEAD_CHACHA20_POLY1305, 12, len, len == 16);
    }
}
END_TEST

START_TEST(tag_has_the_stated_length)
{
    enum cfr_aead_kind kind = (enum cfr_aead_kind)_i;
    AUTO(aead) *sealing = new_aead(kind, true, cfr_span_of(key_octets, 32));
    AUTO(aead) *opening = new_aead(kind, false, cfr_span_of(key_octets, 32));
    struct cfr_aead_start start = {.iv = {key_octets, 12}, .tag_len = 16, .data_len = 10};
    uint8_t text[10] = {0};
    uint8_t tag[16];

    ASSERT_OK(cfr_aead_seal(sealing, &start, cfr_span_of(text, 10), text, tag));
    for (size_t len = 0; len < 16; len++) {
        uint8_t out[10];

        ck_assert_uint_ne(cfr_aead_open(opening, &start, cfr_span_of(text, 10), out, cfr_span_of(tag, len)),
                          CKR_OK);
    }
}
END_TEST

START_TEST(ccm_text_has_the_stated_length)
{
    AUTO(aead) *sealing = new_aead(CFR_AEAD_CCM, true, cfr_span_of(key_octets, 32));
    AUTO(aead) *opening = new_aead(CFR_AEAD_CCM, false, cfr_span_of(key_octets, 32));
    struct cfr_aead_start start = {.iv = {key_octets, 12}, .tag_len = 16, .data_len = 10};
    uint8_t text[20] = {0};
    uint8_t tag[16] = {0};

    for (size_t len = 0; len <= sizeof(text); len++) {
        ASSERT_RV(cfr_aead_seal(sealing, &start, cfr_span_of(text, len), text, tag),
                  len == 10 ? CKR_OK : CKR_DATA_LEN_RANGE);
        if (len != 10) {
            ck_assert_uint_ne(
                cfr_aead_open(opening, &start, cfr_span_of(text, len), text, cfr_span_of(tag, 16)), CKR_OK);
        }
    }
    start.data_len = SIZE_MAX;
    ASSERT_RV(cfr_aead_seal(sealing, &start, cfr_span_of(text, SIZE_MAX), text, tag), CKR_DATA_LEN_RANGE);
    /* 4 GiB more than stated, which is the same as an int. */
    start.data_len = 10;
    ASSERT_RV(cfr_aead_seal(sealing, &start, cfr_span_of(text, ((size_t)1 << 32) + 10), text, tag),
              CKR_DATA_LEN_RANGE);
}
END_TEST

/* A nonce of 13 octets leaves two for the length (SP 800-38C A.1). */
START_TEST(ccm_text_fits_its_length_field)
{
    AUTO(aead) *sealing = new_aead(CFR_AEAD_CCM, true, cfr_span_of(key_octets, 32));
    static uint8_t text[65536];
    uint8_t tag[16];
    struct cfr_aead_start start = {.iv = {key_octets, 13}, .tag_len = 16, .data_len = 65535};

    ASSERT_OK(cfr_aead_seal(sealing, &start, cfr_span_of(text, 65535), text, tag));
    start.data_len = 65536;
    ck_assert_uint_ne(cfr_aead_seal(sealing, &start, cfr_span_of(text, 65536), text, tag), CKR_OK);
    start.iv.len = 12;
    ASSERT_OK(cfr_aead_seal(sealing, &start, cfr_span_of(text, 65536), text, tag));
}
END_TEST

START_TEST(gcm_parts_give_the_same_as_the_whole)
{
    struct cfr_span key = cfr_span_of(key_octets, 32);
    AUTO(aead) *sealing = new_aead(CFR_AEAD_GCM, true, key);
    AUTO(aead) *opening = new_aead(CFR_AEAD_GCM, false, key);
    struct message message = {0};
    uint8_t want[TEXT_MAX_LEN];
    uint8_t got[TEXT_MAX_LEN];
    uint8_t want_tag[16];
    uint8_t got_tag[16];

    for (int round = 0; round < 200; round++) {
        size_t at = 0;

        make_message(CFR_AEAD_GCM, &message);
        ASSERT_OK(cfr_aead_seal(sealing, &message.start, message.text, want, want_tag));
        ASSERT_OK(cfr_aead_begin(sealing, &message.start));
        ASSERT_OK(cfr_aead_begin(opening, &message.start));
        while (at < message.text.len) {
            size_t step = harness_number((uint32_t)(message.text.len - at) + 1);

            ASSERT_OK(cfr_aead_update(sealing, cfr_span_of(message.text.ptr + at, step), got + at));
            ASSERT_OK(cfr_aead_update(opening, cfr_span_of(got + at, step), got + at));
            at += step;
        }
        ASSERT_OK(cfr_aead_seal_finish(sealing, got_tag, message.start.tag_len));
        ASSERT_SPAN(cfr_span_of(got_tag, message.start.tag_len),
                    cfr_span_of(want_tag, message.start.tag_len));
        ASSERT_SPAN(cfr_span_of(got, at), message.text);
        ASSERT_OK(cfr_aead_open_finish(opening, cfr_span_of(want_tag, message.start.tag_len)));
    }
}
END_TEST

START_TEST(gcm_parts_refuse_wrong_tags)
{
    AUTO(aead) *opening = new_aead(CFR_AEAD_GCM, false, cfr_span_of(key_octets, 32));
    AUTO(aead) *sealing = new_aead(CFR_AEAD_GCM, true, cfr_span_of(key_octets, 32));
    struct cfr_aead_start start = {.iv = {key_octets, 12}, .tag_len = 16};
    uint8_t tag[17] = {0};

    for (size_t len = 0; len <= 17; len++) {
        ASSERT_OK(cfr_aead_begin(opening, &start));
        ck_assert_uint_ne(cfr_aead_open_finish(opening, cfr_span_of(tag, len)), CKR_OK);
        ASSERT_OK(cfr_aead_begin(sealing, &start));
        ASSERT_RV(cfr_aead_seal_finish(sealing, tag, len),
                  len >= 4 && len <= 16 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
        /* Fewer than four octets are no tag, right or not. */
        ASSERT_OK(cfr_aead_begin(opening, &start));
        ck_assert_int_eq(cfr_aead_open_finish(opening, cfr_span_of(tag, len)) == CKR_OK,
                         len >= 4 && len <= 16);
        memset(tag, 0, sizeof(tag));
    }
}
END_TEST

START_TEST(copy_goes_its_own_way)
{
    enum cfr_aead_kind kind = (enum cfr_aead_kind)_i;
    AUTO(aead) *aead = new_aead(kind, true, cfr_span_of(key_octets, 32));
    AUTO(aead) *copy = NULL;
    size_t other_iv_len = kind == CFR_AEAD_CHACHA20_POLY1305 ? 12 : 13;
    struct cfr_aead_start start = {.iv = {key_octets, other_iv_len}, .tag_len = 16, .data_len = 20};
    uint8_t want[20];
    uint8_t got[20];
    uint8_t want_tag[16];
    uint8_t got_tag[16];

    /* A nonce length other than the first, so that a copy which has forgotten it shows. */
    ASSERT_OK(cfr_aead_seal(aead, &start, cfr_span_of(key_octets, 20), want, want_tag));
    ASSERT_OK(cfr_aead_dup(aead, &copy));
    cfr_aead_drop(aead);
    aead = NULL;
    ASSERT_OK(cfr_aead_seal(copy, &start, cfr_span_of(key_octets, 20), got, got_tag));
    ck_assert_mem_eq(got, want, 20);
    ck_assert_mem_eq(got_tag, want_tag, 16);
    start.iv.len = 12;
    ASSERT_OK(cfr_aead_seal(copy, &start, cfr_span_of(key_octets, 20), got, got_tag));
    seal_direct(kind, cfr_span_of(key_octets, 32), &start, cfr_span_of(key_octets, 20), want, want_tag);
    ck_assert_mem_eq(got_tag, want_tag, 16);
}
END_TEST

START_TEST(copy_in_the_middle)
{
    enum cfr_aead_kind kind = _i == 0 ? CFR_AEAD_GCM : CFR_AEAD_CHACHA20_POLY1305;
    AUTO(aead) *aead = new_aead(kind, true, cfr_span_of(key_octets, 32));
    AUTO(aead) *copy = NULL;
    struct cfr_aead_start start = {.iv = {key_octets, 12}, .aad = {key_octets, 5}, .tag_len = 16};
    uint8_t out[16];
    uint8_t tags[2][16];

    ASSERT_OK(cfr_aead_begin(aead, &start));
    ASSERT_OK(cfr_aead_update(aead, cfr_span_of(key_octets, 7), out));
    ASSERT_OK(cfr_aead_dup(aead, &copy));
    ASSERT_OK(cfr_aead_update(aead, cfr_span_of(key_octets + 7, 9), out));
    ASSERT_OK(cfr_aead_seal_finish(aead, tags[0], 16));
    ASSERT_OK(cfr_aead_update(copy, cfr_span_of(key_octets + 7, 9), out));
    ASSERT_OK(cfr_aead_seal_finish(copy, tags[1], 16));
    ck_assert_mem_eq(tags[0], tags[1], 16);
}
END_TEST

static CK_RV attempt(void *arg)
{
    enum cfr_aead_kind kind = *(const enum cfr_aead_kind *)arg;
    AUTO(aead) *sealing = NULL;
    AUTO(aead) *opening = NULL;
    AUTO(aead) *copy = NULL;
    size_t iv_len = kind == CFR_AEAD_CHACHA20_POLY1305 ? 12 : 13;
    struct cfr_aead_start start = {
        .iv = {key_octets, iv_len}, .aad = {key_octets, 5}, .tag_len = 16, .data_len = 20};
    uint8_t text[20] = "plain text plain te";
    uint8_t tag[16];

    TRY(cfr_aead_new(kind, true, cfr_span_of(key_octets, 32), &sealing));
    TRY(cfr_aead_dup(sealing, &copy));
    TRY(cfr_aead_seal(copy, &start, cfr_span_of(text, 20), text, tag));
    TRY(cfr_aead_new(kind, false, cfr_span_of(key_octets, 32), &opening));
    TRY(cfr_aead_open(opening, &start, cfr_span_of(text, 20), text, cfr_span_of(tag, 16)));
    ck_assert_mem_eq(text, "plain text plain te", 20);
    return CKR_OK;
}

START_TEST(each_call_may_fail)
{
    enum cfr_aead_kind kind = (enum cfr_aead_kind)_i;

    nth_failure_both(attempt, &kind, 3, 14);
}
END_TEST

static Suite *suite(void)
{
    Suite *aead = suite_create("aead");
    TCase *tcase = tcase_create("aead");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, published_gcm);
    tcase_add_test(tcase, published_ccm);
    tcase_add_test(tcase, published_chacha20_poly1305);
    tcase_add_loop_test(tcase, agrees_with_libcrypto_and_comes_back, 0, 7);
    tcase_add_loop_test(tcase, every_change_is_noticed, CFR_AEAD_GCM, CFR_AEAD_CHACHA20_POLY1305 + 1);
    tcase_add_loop_test(tcase, failure_in_place_leaves_no_plaintext, CFR_AEAD_GCM,
                        CFR_AEAD_CHACHA20_POLY1305 + 1);
    tcase_add_test(tcase, wrong_key_lengths_are_refused);
    tcase_add_test(tcase, lengths_of_nonce_and_tag);
    tcase_add_loop_test(tcase, tag_has_the_stated_length, CFR_AEAD_GCM, CFR_AEAD_CHACHA20_POLY1305 + 1);
    tcase_add_test(tcase, ccm_text_has_the_stated_length);
    tcase_add_test(tcase, ccm_text_fits_its_length_field);
    tcase_add_test(tcase, gcm_parts_give_the_same_as_the_whole);
    tcase_add_test(tcase, gcm_parts_refuse_wrong_tags);
    tcase_add_loop_test(tcase, copy_goes_its_own_way, CFR_AEAD_GCM, CFR_AEAD_CHACHA20_POLY1305 + 1);
    tcase_add_loop_test(tcase, copy_in_the_middle, 0, 2);
    tcase_add_loop_test(tcase, each_call_may_fail, CFR_AEAD_GCM, CFR_AEAD_CHACHA20_POLY1305 + 1);
    suite_add_tcase(aead, tcase);
    return aead;
}

TEST_MAIN(suite)
