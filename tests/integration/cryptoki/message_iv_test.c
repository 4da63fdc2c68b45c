/* SPDX-License-Identifier: Apache-2.0 */
/* What comes with a message of AES-GCM or AES-CCM: IVs that are given or made, and bad input (6.13.3, 6.13.4). */
#include "integration/cryptoki/messages.h"
#include "support/main.h"

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE aes;
static struct octets out;

static void set_up(void)
{
    CK_BYTE value[32];

    scratch_setup();
    session = client_ready();
    random_octets(value, sizeof(value));
    aes = secret_make(session, CKK_AES, value, sizeof(value));
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

/* --- IVs --- */

START_TEST(an_iv_twice_in_a_row_is_refused)
{
    struct message message = message_of(CKM_AES_GCM, 0);

    OK(messages_init(session, CKF_ENCRYPT, MECHANISM(CKM_AES_GCM), aes));
    OK(messages_init(session, CKF_DECRYPT, MECHANISM(CKM_AES_GCM), aes));
    OK(run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, message_begin(session, CKF_ENCRYPT, &message));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED,
           message_next(session, CKF_ENCRYPT, &message, pattern(1), out.at, &out.len, 0));
    message.iv[11]++;
    OK(run_message_parts(session, CKF_ENCRYPT, &message, pattern(16), 5, &out));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
}
END_TEST

/* What each generator writes back decrypts what it made, also with a fixed part; the counter's value is known. */
START_TEST(generators_write_what_they_used)
{
    static const struct {
        CK_GENERATOR_FUNCTION generator;
        CK_MECHANISM_TYPE type;
    } cases[] = {{CKG_GENERATE, CKM_AES_GCM},        {CKG_GENERATE_COUNTER, CKM_AES_GCM},
                 {CKG_GENERATE_RANDOM, CKM_AES_GCM}, {CKG_GENERATE_COUNTER_XOR, CKM_AES_GCM},
                 {CKG_GENERATE, CKM_AES_CCM},        {CKG_GENERATE_COUNTER, CKM_AES_CCM},
                 {CKG_GENERATE_RANDOM, CKM_AES_CCM}, {CKG_GENERATE_COUNTER_XOR, CKM_AES_CCM}};
    struct message message = message_of(cases[_i].type, 50);
    struct message fresh;
    static struct octets back;
    CK_BYTE wanted[8] = {0};

    message.generator = cases[_i].generator;
    message.fixed_bits = 32;
    fresh = message;
    OK(messages_init(session, CKF_ENCRYPT, MECHANISM(cases[_i].type), aes));
    OK(messages_init(session, CKF_DECRYPT, MECHANISM(cases[_i].type), aes));
    for (CK_BYTE i = 0; i < 5; i++) {
        message = fresh;
        OK(i % 2 == 0 ? run_message(session, CKF_ENCRYPT, &message, pattern(50), &out)
                      : run_message_parts(session, CKF_ENCRYPT, &message, pattern(50), 20, &out));
        ck_assert_int_eq(memcmp(message.iv, fresh.iv, 4), 0);
        if (message.generator == CKG_GENERATE_COUNTER) {
            wanted[7] = i;
            expect_octets(cfr_span_of(message.iv + 4, 8), cfr_span_of(wanted, 8), "counter %u", i);
        }
        if (message.generator == CKG_GENERATE_COUNTER_XOR) {
            ck_assert_int_eq(memcmp(message.iv, fresh.iv, 11), 0);
            ck_assert_uint_eq(message.iv[11] ^ fresh.iv[11], i);
        }
        OK(run_message(session, CKF_DECRYPT, &message, octets_view(&out), &back));
        expect_octets(octets_view(&back), pattern(50), "message %u", i);
    }
}
END_TEST

/* A counter of two bits is good for four messages of a run. */
START_TEST(a_generator_comes_to_its_end)
{
    struct message message = message_of(CKM_AES_GCM, 0);
    struct message fresh = message;

    fresh.iv[0] ^= 1; /* not what the counter may come to */
    message.generator = CKG_GENERATE_COUNTER;
    message.fixed_bits = 94;
    for (int round = 0; round < 2; round++) {
        OK(messages_init(session, CKF_ENCRYPT, MECHANISM(CKM_AES_GCM), aes));
        for (int i = 0; i < 4; i++) {
            OK(run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
        }
        EXPECT(CKR_MECHANISM_PARAM_INVALID, run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
        OK(run_message(session, CKF_ENCRYPT, &fresh, pattern(16), &out));
        OK(messages_final(session, CKF_ENCRYPT));
    }
}
END_TEST

/* --- Bad input: the code, nothing written, and the run goes on --- */

static void both_runs(CK_MECHANISM_TYPE type)
{
    OK(messages_init(session, CKF_ENCRYPT, MECHANISM(type), aes));
    OK(messages_init(session, CKF_DECRYPT, MECHANISM(type), aes));
}

static const CK_MECHANISM_TYPE types[] = {CKM_AES_GCM, CKM_AES_CCM};

static void expect_refused(struct message message)
{
    static const CK_FLAGS functions[] = {CKF_ENCRYPT, CKF_DECRYPT};
    struct message sent = message;

    for (size_t i = 0; i < COUNT(functions); i++) {
        memset(out.at, 0x77, 16);
        out.len = sizeof(out.at);
        EXPECT(CKR_MECHANISM_PARAM_INVALID,
               message_once(session, functions[i], &message, pattern(16), out.at, &out.len));
        EXPECT(CKR_MECHANISM_PARAM_INVALID,
               message_once(session, functions[i], &message, pattern(16), NULL, &out.len));
        EXPECT(CKR_MECHANISM_PARAM_INVALID, message_begin(session, functions[i], &message));
        ck_assert_uint_eq(out.at[0], 0x77);
        ck_assert_int_eq(memcmp(message.iv, sent.iv, sizeof(sent.iv)), 0);
        ck_assert_int_eq(memcmp(message.tag, sent.tag, sizeof(sent.tag)), 0);
    }
}

START_TEST(gcm_parameters_out_of_range)
{
    static const CK_ULONG tag_lens[] = {0, 4, 8, 11, 17, 128, SIZE_MAX / 8};
    static const CK_ULONG iv_lens[] = {0, 129, 1UL << 32, SIZE_MAX};
    struct message message = message_of(CKM_AES_GCM, 0);

    both_runs(CKM_AES_GCM);
    for (size_t i = 0; i < COUNT(tag_lens); i++) {
        message.tag_len = tag_lens[i];
        expect_refused(message);
    }
    message.tag_len = 16;
    for (size_t i = 0; i < COUNT(iv_lens); i++) {
        message.iv_len = iv_lens[i];
        expect_refused(message);
    }
    message.iv_len = 128;
    OK(run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
    OK(run_message(session, CKF_DECRYPT, &message, octets_view(&out), &out));
}
END_TEST

START_TEST(ccm_parameters_out_of_range)
{
    static const CK_ULONG tag_lens[] = {0, 2, 5, 15, 18, SIZE_MAX};
    static const CK_ULONG iv_lens[] = {0, 6, 14, 16, SIZE_MAX};
    struct message message = message_of(CKM_AES_CCM, 16);

    both_runs(CKM_AES_CCM);
    for (size_t i = 0; i < COUNT(tag_lens); i++) {
        message.tag_len = tag_lens[i];
        expect_refused(message);
    }
    message.tag_len = 16;
    for (size_t i = 0; i < COUNT(iv_lens); i++) {
        message.iv_len = iv_lens[i];
        expect_refused(message);
    }
    message.iv_len = 13;
    message.data_len = 65536; /* 13 octets of nonce leave two for the length */
    expect_refused(message);
    message.data_len = SIZE_MAX;
    expect_refused(message);
    message.data_len = 16;
    OK(run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
}
END_TEST

START_TEST(generators_are_for_encryption_alone)
{
    struct message message = message_of(CKM_AES_GCM, 0);
    static struct octets back;

    both_runs(CKM_AES_GCM);
    message.generator = 99;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
    message.generator = CKG_GENERATE;
    message.fixed_bits = 97;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
    message.fixed_bits = 65; /* 31 bits are too few to be random */
    EXPECT(CKR_MECHANISM_PARAM_INVALID, run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
    message.fixed_bits = 64;
    OK(run_message(session, CKF_ENCRYPT, &message, pattern(16), &out));
    message.generator = 99;
    message.fixed_bits = SIZE_MAX;
    OK(run_message(session, CKF_DECRYPT, &message, octets_view(&out), &back));
    expect_octets(octets_view(&back), pattern(16), "decryption ignores the generator");
}
END_TEST

/* The same, with pointers that are NULL, and at an odd address. */
START_TEST(pointers)
{
    struct message message = message_of(CKM_AES_GCM, 0);
    CK_GCM_MESSAGE_PARAMS params = {message.iv, 12, 0, CKG_NO_GENERATE, message.tag, 128};
    CK_GCM_MESSAGE_PARAMS bad = params;
    CK_BYTE odd[sizeof(params) + 1];
    CK_BYTE text[16] = {0};
    CK_ULONG len = 16;

    both_runs(CKM_AES_GCM);
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           p11->C_EncryptMessage(session, NULL, 0, NULL, 0, text, 16, text, &len));
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           p11->C_EncryptMessage(session, NULL, sizeof(params), NULL, 0, text, 16, text, &len));
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           p11->C_EncryptMessage(session, &params, sizeof(params) - 1, NULL, 0, text, 16, text, &len));
    bad.pIv = NULL;
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           p11->C_EncryptMessage(session, &bad, sizeof(bad), NULL, 0, text, 16, text, &len));
    bad = params;
    bad.pTag = NULL;
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           p11->C_EncryptMessage(session, &bad, sizeof(bad), NULL, 0, text, 16, text, &len));
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           p11->C_DecryptMessage(session, &bad, sizeof(bad), NULL, 0, text, 16, text, &len));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_EncryptMessage(session, &params, sizeof(params), NULL, 1, text, 16, text, &len));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_EncryptMessage(session, &params, sizeof(params), text, SIZE_MAX, text, 16, text, &len));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_EncryptMessage(session, &params, sizeof(params), NULL, 0, NULL, 16, text, &len));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_EncryptMessage(session, &params, sizeof(params), NULL, 0, text, SIZE_MAX, text, &len));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_EncryptMessage(session, &params, sizeof(params), NULL, 0, text, 16, text, NULL));
    cfr_copy(odd + 1, &params, sizeof(params));
    OK(p11->C_EncryptMessage(session, odd + 1, sizeof(params), NULL, 0, text, 16, text, &len));
    OK(p11->C_DecryptMessage(session, odd + 1, sizeof(params), NULL, 0, text, 16, text, &len));
    expect_octets(cfr_span_of(text, 16), cfr_span_of((CK_BYTE[16]){0}, 16), "at an odd address");
}
END_TEST

/* One octet apart, in either direction, is neither one place nor two. */
START_TEST(places_that_overlap)
{
    struct message message = message_of(types[_i], 32);
    CK_ULONG len = 40;

    both_runs(types[_i]);
    EXPECT(CKR_ARGUMENTS_BAD,
           message_once(session, CKF_ENCRYPT, &message, cfr_span_of(out.at, 32), out.at + 1, &len));
    EXPECT(CKR_ARGUMENTS_BAD,
           message_once(session, CKF_ENCRYPT, &message, cfr_span_of(out.at + 31, 32), out.at, &len));
    EXPECT(CKR_ARGUMENTS_BAD,
           message_once(session, CKF_DECRYPT, &message, cfr_span_of(out.at, 32), out.at + 1, &len));
    OK(message_once(session, CKF_ENCRYPT, &message, cfr_span_of(out.at, 32), out.at + 32, &len));
    message.iv[0]++;
    OK(message_begin(session, CKF_ENCRYPT, &message));
    EXPECT(CKR_ARGUMENTS_BAD, message_next(session, CKF_ENCRYPT, &message, cfr_span_of(out.at, 32),
                                           out.at + 1, &len, CKF_END_OF_MESSAGE));
    OK(message_begin(session, CKF_DECRYPT, &message));
    EXPECT(CKR_ARGUMENTS_BAD, message_next(session, CKF_DECRYPT, &message, cfr_span_of(out.at + 1, 32),
                                           out.at, &len, CKF_END_OF_MESSAGE));
    message.iv[0]++;
    OK(message_begin(session, CKF_ENCRYPT, &message));
    OK(message_next(session, CKF_ENCRYPT, &message, cfr_span_of(out.at, 32), out.at, &len,
                    CKF_END_OF_MESSAGE));
}
END_TEST

/* What is authenticated only may lie where the text goes: it is read first. */
START_TEST(associated_data_may_be_overwritten)
{
    struct message message = message_of(types[_i], 16);
    static struct octets back;
    CK_ULONG len = 16;

    both_runs(types[_i]);
    cfr_copy(out.at, pattern(16).ptr, 16);
    message.aad = cfr_span_of(out.at, 16);
    OK(message_once(session, CKF_ENCRYPT, &message, cfr_span_of(out.at, 16), out.at, &len));
    message.aad = pattern(16);
    OK(message_once(session, CKF_DECRYPT, &message, cfr_span_of(out.at, 16), back.at, &len));
    expect_octets(cfr_span_of(back.at, len), pattern(16), "over its associated data");
}
END_TEST

/* An error of a part ends its message, and the run goes on. */
START_TEST(parts_that_will_not_do)
{
    static const CK_FLAGS functions[] = {CKF_ENCRYPT, CKF_DECRYPT};
    CK_FLAGS function = functions[_i];
    struct message message = message_of(CKM_AES_GCM, 0);
    struct message other;
    CK_ULONG params_len = 0;
    CK_VOID_PTR params = message_params(&message, &params_len);

    both_runs(CKM_AES_GCM);
    OK(message_begin(session, function, &message));
    EXPECT(CKR_ARGUMENTS_BAD, message_next(session, function, &message, pattern(8), out.at, &out.len, 2));
    message.iv[0]++;
    OK(message_begin(session, function, &message));
    EXPECT(CKR_ARGUMENTS_BAD, message_next(session, function, &message, pattern(8), out.at, NULL, 0));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED,
           message_next(session, function, &message, pattern(8), out.at, &out.len, 0));
    message.iv[0]++;
    OK(message_begin(session, function, &message));
    other = message;
    other.tag_len = 12;
    out.len = sizeof(out.at);
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           message_next(session, function, &other, pattern(8), out.at, &out.len, 0));
    message.iv[0]++;
    OK(message_begin(session, function, &message));
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           function == CKF_ENCRYPT
               ? p11->C_EncryptMessageNext(session, params, params_len - 1, out.at, 8, out.at, &out.len, 0)
               : p11->C_DecryptMessageNext(session, params, params_len - 1, out.at, 8, out.at, &out.len, 0));
    message.iv[0]++;
    OK(run_message_parts(session, CKF_ENCRYPT, &message, pattern(30), 8, &out));
    OK(run_message_parts(session, CKF_DECRYPT, &message, octets_view(&out), 8, &out));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("message_iv");
    TCase *tcase = tcase_create("parameters");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, an_iv_twice_in_a_row_is_refused);
    tcase_add_loop_test(tcase, generators_write_what_they_used, 0, 8);
    tcase_add_test(tcase, a_generator_comes_to_its_end);
    tcase_add_test(tcase, gcm_parameters_out_of_range);
    tcase_add_test(tcase, ccm_parameters_out_of_range);
    tcase_add_test(tcase, generators_are_for_encryption_alone);
    tcase_add_test(tcase, pointers);
    tcase_add_loop_test(tcase, places_that_overlap, 0, COUNT(types));
    tcase_add_loop_test(tcase, associated_data_may_be_overwritten, 0, COUNT(types));
    tcase_add_loop_test(tcase, parts_that_will_not_do, 0, 2);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
