/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations beside each other, cancelled, saved and restored; random numbers; and the functions that the
 * module does not have.
 */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

enum { STATE_MAX_LEN = 4096, MEBIBYTE = 1 << 20 };

static CK_SESSION_HANDLE session;
static struct octets out;
static struct octets wanted;
static CK_BYTE iv[16] = {1, 2, 3};

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

static CK_OBJECT_HANDLE key_of(CK_KEY_TYPE type)
{
    return secret_make(session, type, pattern(32).ptr, 32);
}

static struct operation digest_op(CK_SESSION_HANDLE in)
{
    return (struct operation){in, CKF_DIGEST, MECHANISM(CKM_SHA384), 0};
}

static struct operation hmac_op(CK_SESSION_HANDLE in, CK_OBJECT_HANDLE key)
{
    return (struct operation){in, CKF_SIGN, MECHANISM(CKM_SHA256_HMAC), key};
}

static struct operation cbc_op(CK_SESSION_HANDLE in, CK_FLAGS function, CK_OBJECT_HANDLE key)
{
    return (struct operation){in, function, {CKM_AES_CBC_PAD, iv, sizeof(iv)}, key};
}

static void give(const struct operation *op, struct cfr_span part, struct octets *ret)
{
    CK_ULONG len = sizeof(ret->at) - ret->len;

    OK(op_update(op, part, ret->at + ret->len, &len));
    ret->len += len;
}

static void end(const struct operation *op, struct octets *ret)
{
    CK_ULONG len = sizeof(ret->at) - ret->len;

    OK(op_final(op, ret->at + ret->len, &len));
    ret->len += len;
}

/* --- Beside each other --- */

/* One of each kind in one session, fed in turn; none disturbs another. */
START_TEST(one_operation_of_each_kind)
{
    CK_OBJECT_HANDLE aes = key_of(CKK_AES);
    CK_OBJECT_HANDLE generic = key_of(CKK_GENERIC_SECRET);
    struct operation ops[] = {cbc_op(session, CKF_ENCRYPT, aes), cbc_op(session, CKF_DECRYPT, aes),
                              digest_op(session), hmac_op(session, generic)};
    struct cfr_span ins[4] = {pattern(500), {0}, pattern(500), pattern(500)};
    static struct octets coded;
    static struct octets outs[4];
    struct operation verify = {session, CKF_VERIFY, MECHANISM(CKM_SHA256_HMAC), generic};

    OK(run_once(&ops[0], pattern(480), &coded));
    ins[1] = octets_view(&coded);
    OK(op_init(&verify));
    for (size_t i = 0; i < COUNT(ops); i++) {
        OK(op_init(&ops[i]));
    }
    for (size_t at = 0; at < 500; at += 20) {
        for (size_t i = 0; i < COUNT(ops); i++) {
            if (at < ins[i].len) {
                struct cfr_span rest = cfr_span_after(ins[i], at);

                give(&ops[i], cfr_span_of(rest.ptr, rest.len < 20 ? rest.len : 20), &outs[i]);
            }
        }
        OK(p11->C_VerifyUpdate(session, UNCONST(pattern(500).ptr + at), 20));
    }
    for (size_t i = 0; i < COUNT(ops); i++) {
        end(&ops[i], &outs[i]);
    }
    OK(op_verify_final(&verify, octets_view(&outs[3])));
    for (size_t i = 0; i < COUNT(ops); i++) {
        OK(run_once(&ops[i], ins[i], &wanted));
        expect_octets(octets_view(&outs[i]), octets_view(&wanted), "%s beside others",
                      op_name(ops[i].function));
    }
}
END_TEST

/* The same in two sessions, and one of them is closed under way. */
START_TEST(sessions_have_their_own)
{
    CK_SESSION_HANDLE other = session_open(slot_of(session));
    CK_OBJECT_HANDLE aes = key_of(CKK_AES);
    struct operation here = cbc_op(session, CKF_ENCRYPT, aes);
    struct operation there = cbc_op(other, CKF_ENCRYPT, aes);

    out.len = 0;
    OK(op_init(&here));
    expect_idle(&there, "an Init in another session");
    OK(op_init(&there));
    give(&here, pattern(100), &out);
    give(&there, pattern(30), &wanted);
    OK(p11->C_CloseSession(other));
    EXPECT(CKR_SESSION_HANDLE_INVALID, op_cancel(&there));
    end(&here, &out);
    OK(run_once(&here, pattern(100), &wanted));
    expect_octets(octets_view(&out), octets_view(&wanted), "beside a session that was closed");
}
END_TEST

/* A running operation keeps the key that it was begun with. */
START_TEST(key_destroyed_under_way)
{
    CK_OBJECT_HANDLE generic = key_of(CKK_GENERIC_SECRET);
    struct operation op = hmac_op(session, generic);

    OK(run_once(&op, pattern(100), &wanted));
    OK(op_init(&op));
    out.len = 0;
    give(&op, pattern(100), &out);
    OK(p11->C_DestroyObject(session, generic));
    end(&op, &out);
    expect_octets(octets_view(&out), octets_view(&wanted), "after C_DestroyObject");
    EXPECT(CKR_KEY_HANDLE_INVALID, op_init(&op));
}
END_TEST

/* As much output as can be computed (5.2): a decryption holds back one block at most, and not longer. */
START_TEST(output_comes_as_soon_as_it_can)
{
    CK_OBJECT_HANDLE aes = key_of(CKK_AES);
    struct operation encrypt = cbc_op(session, CKF_ENCRYPT, aes);
    struct operation decrypt = cbc_op(session, CKF_DECRYPT, aes);
    static struct octets coded;

    OK(run_once(&encrypt, pattern(40), &coded));
    OK(op_init(&decrypt));
    out.len = 0;
    give(&decrypt, cfr_span_of(coded.at, 16), &out);
    ck_assert_uint_eq(out.len, 0);
    give(&decrypt, cfr_span_of(coded.at + 16, 1), &out);
    ck_assert_uint_eq(out.len, 16);
    give(&decrypt, cfr_span_of(coded.at + 17, 31), &out);
    ck_assert_uint_eq(out.len, 32);
    end(&decrypt, &out);
    expect_octets(octets_view(&out), pattern(40), "decrypted");
    OK(op_init(&encrypt));
    out.len = 0;
    give(&encrypt, pattern(31), &out);
    ck_assert_uint_eq(out.len, 16);
    OK(op_cancel(&encrypt));
}
END_TEST

/* --- C_SessionCancel --- */

START_TEST(cancel_what_the_flags_say)
{
    CK_OBJECT_HANDLE aes = key_of(CKK_AES);
    CK_OBJECT_HANDLE generic = key_of(CKK_GENERIC_SECRET);
    struct operation ops[] = {cbc_op(session, CKF_ENCRYPT, aes), cbc_op(session, CKF_DECRYPT, aes),
                              digest_op(session), hmac_op(session, generic)};
    CK_OBJECT_HANDLE found;
    CK_ULONG count = 0;

    for (size_t i = 0; i < COUNT(ops); i++) {
        OK(op_init(&ops[i]));
    }
    OK(p11->C_FindObjectsInit(session, NULL, 0));
    OK(p11->C_SessionCancel(session, 0));
    OK(p11->C_SessionCancel(session, CKF_VERIFY | CKF_GENERATE | CKF_WRAP));
    OK(p11->C_SessionCancel(session, CKF_DECRYPT | CKF_SIGN));
    expect_idle(&ops[1], "C_SessionCancel");
    expect_idle(&ops[3], "C_SessionCancel");
    EXPECT(CKR_OPERATION_ACTIVE, op_init(&ops[0]));
    EXPECT(CKR_OPERATION_ACTIVE, op_init(&ops[2]));
    OK(p11->C_FindObjects(session, &found, 1, &count));
    OK(p11->C_SessionCancel(session, CKF_FIND_OBJECTS | CKF_ENCRYPT | CKF_DIGEST));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(session, &found, 1, &count));
    expect_idle(&ops[0], "C_SessionCancel");
    expect_idle(&ops[2], "C_SessionCancel");
}
END_TEST

/* --- C_GetOperationState and C_SetOperationState --- */

static CK_BYTE state[STATE_MAX_LEN];
static CK_ULONG state_len;

/* By the rules for output: asked for, too little room, enough. */
static void save(CK_SESSION_HANDLE from)
{
    OK(p11->C_GetOperationState(from, NULL, &state_len));
    ck_assert_uint_gt(state_len, 0);
    ck_assert_uint_le(state_len, sizeof(state));
    state_len--;
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_GetOperationState(from, state, &state_len));
    OK(p11->C_GetOperationState(from, state, &state_len));
}

static CK_RV restore(CK_SESSION_HANDLE to, CK_OBJECT_HANDLE encryption, CK_OBJECT_HANDLE authentication)
{
    return p11->C_SetOperationState(to, state, state_len, encryption, authentication);
}

/* Saved after 100 octets; that goes on, and what is restored, here or elsewhere, ends otherwise. */
static void check_saving(struct operation op, CK_SESSION_HANDLE to, CK_OBJECT_HANDLE encryption,
                         CK_OBJECT_HANDLE authentication)
{
    static struct octets head;
    struct operation there = op;

    there.session = to;
    head.len = 0;
    OK(op_init(&op));
    give(&op, pattern(100), &head);
    save(op.session);
    out = head;
    give(&op, pattern(500), &out);
    if (to == op.session) {
        OK(restore(to, encryption, authentication));
    } else {
        OK(restore(to, encryption, authentication));
        end(&op, &out);
    }
    out = head;
    give(&there, cfr_span_after(pattern(300), 100), &out);
    end(&there, &out);
    OK(run_once(&op, pattern(300), &wanted));
    expect_octets(octets_view(&out), octets_view(&wanted), "%s restored", op_name(op.function));
    expect_idle(&there, "the end of what was restored");
    expect_idle(&op, "the end of what was saved");
}

START_TEST(states_are_saved_and_restored)
{
    CK_SESSION_HANDLE other = session_open(slot_of(session));
    CK_OBJECT_HANDLE aes = key_of(CKK_AES);
    CK_OBJECT_HANDLE generic = key_of(CKK_GENERIC_SECRET);
    const CK_SESSION_HANDLE targets[] = {session, other};

    for (size_t i = 0; i < COUNT(targets); i++) {
        check_saving(digest_op(session), targets[i], 0, 0);
        check_saving(hmac_op(session, generic), targets[i], 0, generic);
        check_saving(hmac_op(session, generic), targets[i], 0, 0);
        check_saving(cbc_op(session, CKF_ENCRYPT, aes), targets[i], aes, 0);
        check_saving(cbc_op(session, CKF_ENCRYPT, aes), targets[i], 0, 0);
    }
}
END_TEST

START_TEST(two_operations_are_saved_together)
{
    CK_SESSION_HANDLE other = session_open(slot_of(session));
    CK_OBJECT_HANDLE aes = key_of(CKK_AES);
    struct operation encrypt = cbc_op(session, CKF_ENCRYPT, aes);
    struct operation digest = digest_op(session);
    static struct octets coded;

    OK(op_init(&encrypt));
    OK(op_init(&digest));
    coded.len = 0;
    give(&encrypt, pattern(50), &coded);
    give(&digest, pattern(50), &out);
    save(session);
    OK(restore(other, aes, 0));
    encrypt.session = other;
    digest.session = other;
    end(&encrypt, &coded);
    out.len = 0;
    end(&digest, &out);
    OK(run_once(&digest, pattern(50), &wanted));
    expect_octets(octets_view(&out), octets_view(&wanted), "the digest");
    OK(run_once(&encrypt, pattern(50), &wanted));
    expect_octets(octets_view(&coded), octets_view(&wanted), "the encryption");
}
END_TEST

START_TEST(states_that_are_refused)
{
    CK_SESSION_HANDLE read_only = session_open_ro(slot_of(session));
    CK_OBJECT_HANDLE aes = key_of(CKK_AES);
    CK_OBJECT_HANDLE generic = key_of(CKK_GENERIC_SECRET);
    CK_OBJECT_HANDLE another = key_of(CKK_GENERIC_SECRET);
    struct operation op = hmac_op(session, generic);

    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_GetOperationState(session, NULL, &state_len));
    OK(op_init(&op));
    save(session);
    EXPECT(CKR_KEY_NOT_NEEDED, restore(session, aes, 0));
    EXPECT(CKR_KEY_CHANGED, restore(session, 0, another));
    EXPECT(CKR_SAVED_STATE_INVALID, restore(read_only, 0, 0));
    EXPECT(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, state, state_len - 1, 0, 0));
    EXPECT(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, state, 0, 0, 0));
    state[state_len / 2] ^= 1;
    EXPECT(CKR_SAVED_STATE_INVALID, restore(session, 0, 0));
    state[state_len / 2] ^= 1;
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SetOperationState(session, NULL, state_len, 0, 0));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetOperationState(session, state, NULL));
    OK(restore(session, 0, generic));
    OK(op_cancel(&op));
}
END_TEST

/* What runs in the session when a state comes is cancelled, searches too. */
START_TEST(restoring_cancels_what_runs)
{
    CK_OBJECT_HANDLE aes = key_of(CKK_AES);
    struct operation digest = digest_op(session);
    struct operation encrypt = cbc_op(session, CKF_ENCRYPT, aes);
    CK_OBJECT_HANDLE found;
    CK_ULONG count;

    OK(op_init(&digest));
    save(session);
    OK(op_init(&encrypt));
    OK(p11->C_FindObjectsInit(session, NULL, 0));
    OK(restore(session, 0, 0));
    expect_idle(&encrypt, "C_SetOperationState");
    EXPECT(CKR_OPERATION_ACTIVE, op_init(&digest));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(session, &found, 1, &count));
}
END_TEST

/* A private key does not leave in a state. */
START_TEST(unsaveable_states)
{
    EVP_PKEY *pkey = pkey_rsa("rsa2048_1");
    struct operation op = {session, CKF_SIGN, MECHANISM(CKM_SHA256_RSA_PKCS), private_make(session, pkey)};

    EVP_PKEY_free(pkey);
    OK(op_init(&op));
    EXPECT(CKR_STATE_UNSAVEABLE, p11->C_GetOperationState(session, NULL, &state_len));
    out.len = sizeof(out.at);
    OK(op_once(&op, pattern(10), out.at, &out.len));
}
END_TEST

/* --- Random numbers --- */

START_TEST(random_numbers)
{
    static CK_BYTE one[MEBIBYTE + 1];
    static CK_BYTE other[MEBIBYTE];
    unsigned counts[256] = {0};

    OK(p11->C_GenerateRandom(session, NULL, 0));
    OK(p11->C_GenerateRandom(session, one, 0));
    ck_assert_uint_eq(one[0], 0);
    OK(p11->C_GenerateRandom(session, one, 1));
    OK(p11->C_GenerateRandom(session, one, MEBIBYTE));
    ck_assert_uint_eq(one[MEBIBYTE], 0);
    OK(p11->C_GenerateRandom(session, other, MEBIBYTE));
    ck_assert_int_ne(memcmp(one, other, 64), 0);
    ck_assert_int_ne(memcmp(one + MEBIBYTE - 64, other + MEBIBYTE - 64, 64), 0);
    for (size_t i = 0; i < MEBIBYTE; i++) {
        counts[one[i]]++;
    }
    /* 4096 expected, standard deviation 64: ten of them would be a broken generator. */
    for (size_t i = 0; i < COUNT(counts); i++) {
        ck_assert(counts[i] > 4096 - 640 && counts[i] < 4096 + 640);
    }
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GenerateRandom(session, NULL, 1));
}
END_TEST

START_TEST(seeds)
{
    OK(p11->C_SeedRandom(session, NULL, 0));
    OK(p11->C_SeedRandom(session, UNCONST(pattern(1).ptr), 1));
    OK(p11->C_SeedRandom(session, UNCONST(pattern(4096).ptr), 4096));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SeedRandom(session, NULL, 1));
    /* The same seed twice does not give the same numbers twice. */
    OK(p11->C_SeedRandom(session, UNCONST(pattern(32).ptr), 32));
    OK(p11->C_GenerateRandom(session, out.at, 32));
    OK(p11->C_SeedRandom(session, UNCONST(pattern(32).ptr), 32));
    OK(p11->C_GenerateRandom(session, wanted.at, 32));
    ck_assert_int_ne(memcmp(out.at, wanted.at, 32), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("op_rules");
    TCase *tcase = tcase_create("rules");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, one_operation_of_each_kind);
    tcase_add_test(tcase, sessions_have_their_own);
    tcase_add_test(tcase, key_destroyed_under_way);
    tcase_add_test(tcase, output_comes_as_soon_as_it_can);
    tcase_add_test(tcase, cancel_what_the_flags_say);
    tcase_add_test(tcase, states_are_saved_and_restored);
    tcase_add_test(tcase, two_operations_are_saved_together);
    tcase_add_test(tcase, states_that_are_refused);
    tcase_add_test(tcase, restoring_cancels_what_runs);
    tcase_add_test(tcase, unsaveable_states);
    tcase_add_test(tcase, random_numbers);
    tcase_add_test(tcase, seeds);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
