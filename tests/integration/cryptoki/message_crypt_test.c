/* SPDX-License-Identifier: Apache-2.0 */
/* AES-GCM, AES-CCM and ChaCha20-Poly1305 message by message (PKCS #11 5.9, 5.11): vectors, IV generators, lengths, and bad input. */
#include "integration/cryptoki/messages.h"
#include "support/main.h"
#include "support/vectors.h"

static CK_SESSION_HANDLE session;
static struct octets out;
static struct octets back;

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

static CK_KEY_TYPE key_type_of(CK_MECHANISM_TYPE type)
{
    return type == CKM_CHACHA20_POLY1305 ? CKK_CHACHA20 : CKK_AES;
}

static CK_OBJECT_HANDLE any_key(CK_MECHANISM_TYPE type)
{
    CK_BYTE value[32];

    random_octets(value, sizeof(value));
    return secret_make(session, key_type_of(type), value, sizeof(value));
}

/* A run of encryption and one of decryption with the same key. */
static CK_OBJECT_HANDLE both_runs(CK_MECHANISM_TYPE type)
{
    CK_OBJECT_HANDLE key = any_key(type);

    OK(messages_init(session, CKF_ENCRYPT, MECHANISM(type), key));
    OK(messages_init(session, CKF_DECRYPT, MECHANISM(type), key));
    return key;
}

static const CK_MECHANISM_TYPE types[] = {CKM_AES_GCM, CKM_AES_CCM, CKM_CHACHA20_POLY1305};

/* --- What C_GetMechanismInfo says --- */

static CK_FLAGS message_flags(CK_MECHANISM_TYPE type)
{
    CK_MECHANISM_INFO info;

    OK(p11->C_GetMechanismInfo(slot_of(session), type, &info));
    return info.flags & (CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY |
                         CKF_MULTI_MESSAGE);
}

START_TEST(flags_say_what_runs)
{
    static const CK_MECHANISM_TYPE others[] = {CKM_AES_CBC, CKM_AES_CTR, CKM_AES_GMAC,     CKM_RSA_PKCS_OAEP,
                                               CKM_SHA256,  CKM_AES_ECB, CKM_AES_KEY_WRAP, CKM_AES_KEY_GEN};

    for (size_t i = 0; i < COUNT(types); i++) {
        ck_assert_uint_eq(message_flags(types[i]),
                          CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MULTI_MESSAGE);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        ck_assert_uint_eq(message_flags(others[i]), 0);
        EXPECT(CKR_MECHANISM_INVALID,
               messages_init(session, CKF_ENCRYPT, MECHANISM(others[i]), any_key(CKM_AES_GCM)));
    }
}
END_TEST

/* --- Published vectors --- */

static const size_t chunks[] = {1, 7, 16, 4096};

static void expect_encrypted(struct message message, struct cfr_span text, struct cfr_span coded,
                             struct cfr_span tag, size_t chunk)
{
    struct message made = message;

    memset(made.tag, 0, sizeof(made.tag));
    OK(chunk == 0 ? run_message(session, CKF_ENCRYPT, &made, text, &out)
                  : run_message_parts(session, CKF_ENCRYPT, &made, text, chunk, &out));
    expect_octets(octets_view(&out), coded, "ciphertext, chunk %zu", chunk);
    expect_octets(cfr_span_of(made.tag, made.tag_len), tag, "tag, chunk %zu", chunk);
}

static void expect_decrypted(struct message message, struct cfr_span text, struct cfr_span coded,
                             size_t chunk)
{
    OK(chunk == 0 ? run_message(session, CKF_DECRYPT, &message, coded, &out)
                  : run_message_parts(session, CKF_DECRYPT, &message, coded, chunk, &out));
    expect_octets(octets_view(&out), text, "text, chunk %zu", chunk);
}

/* Each octet of tag and text counts, and after a refusal the run goes on. */
static void expect_forgeries_seen(struct message message, struct cfr_span coded)
{
    for (size_t at = 0; at < message.tag_len; at += 3) {
        struct message forged = message;

        forged.tag[at] ^= 0x40;
        EXPECT(CKR_AEAD_DECRYPT_FAILED, run_message(session, CKF_DECRYPT, &forged, coded, &out));
        EXPECT(CKR_AEAD_DECRYPT_FAILED, run_message_parts(session, CKF_DECRYPT, &forged, coded, 16, &out));
    }
    for (size_t at = 0; at < coded.len; at += 5) {
        cfr_copy(back.at, coded.ptr, coded.len);
        back.at[at] ^= 0x10;
        EXPECT(CKR_AEAD_DECRYPT_FAILED,
               run_message(session, CKF_DECRYPT, &message, cfr_span_of(back.at, coded.len), &out));
        EXPECT(CKR_AEAD_DECRYPT_FAILED,
               run_message_parts(session, CKF_DECRYPT, &message, cfr_span_of(back.at, coded.len), 7, &out));
    }
}

/* Whole, and in parts of several sizes; another IV in between, since the same one twice is refused. */
static void check_vector(struct vectors *vectors, struct message message)
{
    struct cfr_span key = vectors_octets(vectors, "key");
    struct cfr_span text = vectors_octets(vectors, "pt");
    struct cfr_span coded = vectors_octets(vectors, "ct");
    struct cfr_span tag = vectors_octets(vectors, "tag");
    CK_OBJECT_HANDLE handle = secret_make(session, key_type_of(message.type), key.ptr, key.len);
    struct message other = message;

    other.iv[0] ^= 0xff;
    OK(messages_init(session, CKF_ENCRYPT, MECHANISM(message.type), handle));
    OK(messages_init(session, CKF_DECRYPT, MECHANISM(message.type), handle));
    cfr_copy(message.tag, tag.ptr, tag.len);
    for (size_t i = 0; i <= COUNT(chunks); i++) {
        size_t chunk = i == 0 ? 0 : chunks[i - 1];

        expect_encrypted(message, text, coded, tag, chunk);
        expect_decrypted(message, text, coded, chunk);
        other.iv[1]++;
        OK(run_message(session, CKF_ENCRYPT, &other, text, &out));
    }
    expect_forgeries_seen(message, coded);
    OK(messages_final(session, CKF_ENCRYPT));
    OK(messages_final(session, CKF_DECRYPT));
    OK(p11->C_DestroyObject(session, handle));
}

START_TEST(gcm_vectors)
{
    struct vectors *vectors = vectors_open("aes_gcm");

    while (vectors_next(vectors)) {
        struct cfr_span iv = vectors_octets(vectors, "iv");
        struct message message = message_of(CKM_AES_GCM, 0);

        message.iv_len = iv.len;
        cfr_copy(message.iv, iv.ptr, iv.len);
        message.aad = vectors_octets(vectors, "aad");
        check_vector(vectors, message);
    }
    vectors_close(vectors, 18);
}
END_TEST

START_TEST(chacha20_poly1305_vectors)
{
    struct vectors *vectors = vectors_open("chacha20_poly1305");

    while (vectors_next(vectors)) {
        struct message message = message_of(CKM_CHACHA20_POLY1305, 0);

        cfr_copy(message.iv, vectors_octets(vectors, "iv").ptr, message.iv_len);
        message.aad = vectors_octets(vectors, "aad");
        check_vector(vectors, message);
    }
    vectors_close(vectors, 2);
}
END_TEST

/* The nonce has 96 bits, however its length is counted; every message brings its own, and none twice in a row. */
START_TEST(chacha20_poly1305_nonces)
{
    struct message message = message_of(CKM_CHACHA20_POLY1305, 0);
    CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS params = {message.iv, 12, message.tag};
    static const CK_ULONG wrong[] = {0, 8, 11, 13, 64, 95, 97, 192, ~0UL};
    CK_ULONG len = sizeof(out.at);

    both_runs(CKM_CHACHA20_POLY1305);
    OK(p11->C_EncryptMessage(session, &params, sizeof(params), NULL, 0, UNCONST(pattern(20).ptr), 20, out.at,
                             &len));
    OK(run_message(session, CKF_DECRYPT, &message, cfr_span_of(out.at, len), &back));
    expect_octets(octets_view(&back), pattern(20), "a length in octets");
    EXPECT(CKR_MECHANISM_PARAM_INVALID, run_message(session, CKF_ENCRYPT, &message, pattern(20), &out));
    message.iv[11]++;
    OK(run_message(session, CKF_ENCRYPT, &message, pattern(20), &out));
    for (size_t i = 0; i < COUNT(wrong); i++) {
        params.ulNonceLen = wrong[i];
        len = sizeof(out.at);
        EXPECT(CKR_MECHANISM_PARAM_INVALID,
               p11->C_EncryptMessage(session, &params, sizeof(params), NULL, 0, UNCONST(pattern(20).ptr), 20,
                                     out.at, &len));
    }
    params = (CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS){NULL, 96, message.tag};
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptMessage(session, &params, sizeof(params), NULL, 0,
                                                              UNCONST(pattern(20).ptr), 20, out.at, &len));
    params = (CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS){message.iv, 96, NULL};
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptMessage(session, &params, sizeof(params), NULL, 0,
                                                              UNCONST(pattern(20).ptr), 20, out.at, &len));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_EncryptMessage(session, &params, sizeof(params) - 1, NULL, 0,
                                                              UNCONST(pattern(20).ptr), 20, out.at, &len));
}
END_TEST

START_TEST(ccm_vectors)
{
    static CK_BYTE aad[65536];
    struct vectors *vectors = vectors_open("aes_ccm");

    while (vectors_next(vectors)) {
        struct cfr_span iv = vectors_octets(vectors, "iv");
        struct cfr_span part = vectors_octets(vectors, "aad");
        size_t repeat = vectors_number(vectors, "repeat");
        struct message message = message_of(CKM_AES_CCM, vectors_octets(vectors, "pt").len);

        for (size_t i = 0; i < repeat; i++) {
            cfr_copy(aad + i * part.len, part.ptr, part.len);
        }
        message.aad = cfr_span_of(aad, repeat * part.len);
        message.iv_len = iv.len;
        cfr_copy(message.iv, iv.ptr, iv.len);
        message.tag_len = vectors_octets(vectors, "tag").len;
        check_vector(vectors, message);
    }
    vectors_close(vectors, 4);
}
END_TEST

/* The example of the specification: one message with an IV that is given, one in two steps with one that is not. */
START_TEST(the_specifications_example)
{
    CK_OBJECT_HANDLE key = any_key(CKM_AES_GCM);
    struct message message = message_of(CKM_AES_GCM, 0);
    CK_ULONG params_len = 0;
    CK_VOID_PTR params = message_params(&message, &params_len);
    struct message sent;

    OK(messages_init(session, CKF_ENCRYPT, (CK_MECHANISM){CKM_AES_GCM, params, params_len}, key));
    OK(messages_init(session, CKF_DECRYPT, MECHANISM(CKM_AES_GCM), key));
    message.aad = cfr_span_text("one hundred octets of associated data");
    OK(run_message(session, CKF_ENCRYPT, &message, pattern(200), &out));
    OK(run_message(session, CKF_DECRYPT, &message, octets_view(&out), &back));
    expect_octets(octets_view(&back), pattern(200), "en bloc");
    message.generator = CKG_GENERATE;
    sent = message;
    OK(run_message_parts(session, CKF_ENCRYPT, &message, pattern(200), 100, &out));
    ck_assert_int_ne(memcmp(message.iv, sent.iv, 12), 0);
    OK(run_message(session, CKF_DECRYPT, &message, octets_view(&out), &back));
    expect_octets(octets_view(&back), pattern(200), "in two steps");
    OK(messages_final(session, CKF_ENCRYPT));
}
END_TEST

/* --- In place --- */

START_TEST(text_may_be_in_one_place)
{
    CK_MECHANISM_TYPE type = types[_i];
    struct message message = message_of(type, 100);
    CK_BYTE place[100];
    CK_ULONG len = sizeof(place);
    CK_ULONG half = 60;

    both_runs(type);
    cfr_copy(place, pattern(100).ptr, 100);
    OK(message_once(session, CKF_ENCRYPT, &message, cfr_span_of(place, 100), place, &len));
    OK(message_once(session, CKF_DECRYPT, &message, cfr_span_of(place, 100), place, &len));
    expect_octets(cfr_span_of(place, len), pattern(100), "in one place");
    message.iv[0] ^= 1;
    OK(message_begin(session, CKF_ENCRYPT, &message));
    OK(message_next(session, CKF_ENCRYPT, &message, cfr_span_of(place, 60), back.at, &half, 0));
    len = sizeof(place);
    OK(message_next(session, CKF_ENCRYPT, &message, cfr_span_of(place + 60, 40), back.at + half, &len,
                    CKF_END_OF_MESSAGE));
    ck_assert_uint_eq(half + len, 100);
    cfr_copy(place, back.at, 100);
    OK(message_begin(session, CKF_DECRYPT, &message));
    half = 60;
    OK(message_next(session, CKF_DECRYPT, &message, cfr_span_of(place, 60), place, &half, 0));
    ck_assert_uint_eq(half, 0);
    len = sizeof(place);
    /* The result is written over the second part, which is read before. */
    OK(message_next(session, CKF_DECRYPT, &message, cfr_span_of(place + 60, 40), place, &len,
                    CKF_END_OF_MESSAGE));
    expect_octets(cfr_span_of(place, len), pattern(100), "in one place, in parts");
}
END_TEST

/* --- No plaintext before the tag --- */

START_TEST(nothing_leaves_before_the_tag_is_checked)
{
    CK_MECHANISM_TYPE type = types[_i];
    struct message message = message_of(type, 64);
    CK_BYTE place[64];
    CK_ULONG len = sizeof(place);

    both_runs(type);
    OK(run_message(session, CKF_ENCRYPT, &message, pattern(64), &out));
    message.tag[15] ^= 1;
    memset(place, 0, sizeof(place));
    OK(message_begin(session, CKF_DECRYPT, &message));
    OK(message_next(session, CKF_DECRYPT, &message, cfr_span_of(out.at, 48), place, &len, 0));
    ck_assert_uint_eq(len, 0);
    len = sizeof(place);
    EXPECT(CKR_AEAD_DECRYPT_FAILED, message_next(session, CKF_DECRYPT, &message, cfr_span_of(out.at + 48, 16),
                                                 place, &len, CKF_END_OF_MESSAGE));
    for (size_t i = 0; i < sizeof(place); i++) {
        ck_assert_uint_eq(place[i], 0);
    }
    len = sizeof(place);
    EXPECT(CKR_AEAD_DECRYPT_FAILED,
           message_once(session, CKF_DECRYPT, &message, octets_view(&out), place, &len));
    ck_assert_int_ne(memcmp(place, pattern(64).ptr, 16), 0);
    /* The tag counts when the last part comes, not before. */
    OK(message_begin(session, CKF_DECRYPT, &message));
    message.tag[15] ^= 1;
    len = sizeof(place);
    OK(message_next(session, CKF_DECRYPT, &message, octets_view(&out), place, &len, CKF_END_OF_MESSAGE));
    expect_octets(cfr_span_of(place, len), pattern(64), "with the right tag");
}
END_TEST

/* --- Lengths --- */

START_TEST(lengths_are_told_and_change_nothing)
{
    CK_MECHANISM_TYPE type = types[_i];
    struct message message = message_of(type, 100);
    struct message sent = message;
    CK_BYTE place[100];
    CK_ULONG len = 0;

    both_runs(type);
    for (int i = 0; i < 2; i++) {
        OK(message_once(session, CKF_ENCRYPT, &message, pattern(100), NULL, &len));
        ck_assert_uint_eq(len, 100);
        len = 99;
        EXPECT(CKR_BUFFER_TOO_SMALL, message_once(session, CKF_ENCRYPT, &message, pattern(100), place, &len));
        ck_assert_uint_eq(len, 100);
    }
    ck_assert_int_eq(memcmp(message.tag, sent.tag, sizeof(sent.tag)), 0);
    OK(run_message_parts(session, CKF_ENCRYPT, &message, pattern(100), 30, &out));
    OK(message_begin(session, CKF_DECRYPT, &message));
    len = 0;
    OK(message_next(session, CKF_DECRYPT, &message, cfr_span_of(out.at, 30), place, &len, 0));
    for (int i = 0; i < 2; i++) {
        OK(message_next(session, CKF_DECRYPT, &message, cfr_span_of(out.at + 30, 70), NULL, &len,
                        CKF_END_OF_MESSAGE));
        ck_assert_uint_eq(len, 100);
        len = 99;
        EXPECT(CKR_BUFFER_TOO_SMALL,
               message_next(session, CKF_DECRYPT, &message, cfr_span_of(out.at + 30, 70), place, &len,
                            CKF_END_OF_MESSAGE));
    }
    OK(message_next(session, CKF_DECRYPT, &message, cfr_span_of(out.at + 30, 70), place, &len,
                    CKF_END_OF_MESSAGE));
    expect_octets(cfr_span_of(place, len), pattern(100), "after all questions");
}
END_TEST

START_TEST(ccm_messages_have_the_stated_length)
{
    struct message message = message_of(CKM_AES_CCM, 20);
    CK_ULONG len = 64;

    both_runs(CKM_AES_CCM);
    EXPECT(CKR_DATA_LEN_RANGE, run_message(session, CKF_ENCRYPT, &message, pattern(19), &out));
    EXPECT(CKR_DATA_LEN_RANGE, run_message(session, CKF_ENCRYPT, &message, pattern(21), &out));
    EXPECT(CKR_DATA_LEN_RANGE, run_message_parts(session, CKF_ENCRYPT, &message, pattern(19), 8, &out));
    EXPECT(CKR_ENCRYPTED_DATA_LEN_RANGE, run_message(session, CKF_DECRYPT, &message, pattern(19), &out));
    EXPECT(CKR_ENCRYPTED_DATA_LEN_RANGE,
           run_message_parts(session, CKF_DECRYPT, &message, pattern(21), 8, &out));
    message.iv[0] ^= 1;
    OK(message_begin(session, CKF_ENCRYPT, &message));
    OK(message_next(session, CKF_ENCRYPT, &message, pattern(20), out.at, &len, 0));
    EXPECT(CKR_DATA_LEN_RANGE, message_next(session, CKF_ENCRYPT, &message, pattern(1), out.at, &len, 0));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED,
           message_next(session, CKF_ENCRYPT, &message, pattern(1), out.at, &len, 0));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("message_crypt");
    TCase *tcase = tcase_create("messages");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, flags_say_what_runs);
    tcase_add_test(tcase, gcm_vectors);
    tcase_add_test(tcase, chacha20_poly1305_vectors);
    tcase_add_test(tcase, chacha20_poly1305_nonces);
    tcase_add_test(tcase, ccm_vectors);
    tcase_add_test(tcase, the_specifications_example);
    tcase_add_loop_test(tcase, text_may_be_in_one_place, 0, COUNT(types));
    tcase_add_loop_test(tcase, nothing_leaves_before_the_tag_is_checked, 0, COUNT(types));
    tcase_add_loop_test(tcase, lengths_are_told_and_change_nothing, 0, COUNT(types));
    tcase_add_test(tcase, ccm_messages_have_the_stated_length);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
