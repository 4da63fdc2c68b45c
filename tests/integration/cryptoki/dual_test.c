/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two operations fed by one call (5.17), against the same data given to each alone; and keys as parts of what
 * is digested (5.12.4), against libcrypto.
 */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

enum { TOTAL_LEN = 500 };

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE aes;
static CK_OBJECT_HANDLE generic;
static CK_BYTE iv[16] = {4, 5, 6};
static struct octets coded;
static struct octets out;
static struct octets wanted;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
    aes = secret_make(session, CKK_AES, pattern(32).ptr, 32);
    generic = secret_make(session, CKK_GENERIC_SECRET, pattern(40).ptr, 40);
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

static CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 128};
static CK_GCM_PARAMS gcm = {.pIv = iv, .ulIvLen = 12, .ulTagBits = 128};
static const CK_MECHANISM modes[] = {
    {CKM_AES_CBC_PAD, iv, sizeof(iv)}, {CKM_AES_CTR, &ctr, sizeof(ctr)}, {CKM_AES_GCM, &gcm, sizeof(gcm)}};
static const CK_MECHANISM *mode = modes;

static struct operation cipher(CK_FLAGS function)
{
    return (struct operation){session, function, *mode, aes};
}

static struct operation digest(void)
{
    return (struct operation){session, CKF_DIGEST, MECHANISM(CKM_SHA256), 0};
}

static struct operation mac(CK_FLAGS function)
{
    return (struct operation){session, function, MECHANISM(CKM_SHA256_HMAC), generic};
}

typedef CK_RV (*dual_fn)(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
                         CK_ULONG_PTR out_len);

struct dual {
    const char *name;
    dual_fn update;
    struct operation first; /* with output */
    struct operation other;
};

enum { DUAL_COUNT = 4 };

static struct dual dual_of(int index)
{
    switch (index) {
    case 0:
        return (struct dual){"C_DigestEncryptUpdate", p11->C_DigestEncryptUpdate, cipher(CKF_ENCRYPT),
                             digest()};
    case 1:
        return (struct dual){"C_DecryptDigestUpdate", p11->C_DecryptDigestUpdate, cipher(CKF_DECRYPT),
                             digest()};
    case 2:
        return (struct dual){"C_SignEncryptUpdate", p11->C_SignEncryptUpdate, cipher(CKF_ENCRYPT),
                             mac(CKF_SIGN)};
    default:
        return (struct dual){"C_DecryptVerifyUpdate", p11->C_DecryptVerifyUpdate, cipher(CKF_DECRYPT),
                             mac(CKF_VERIFY)};
    }
}

/* What goes in: plain data, or what it encrypts to. */
static struct cfr_span input_of(const struct dual *dual)
{
    struct operation encrypt = cipher(CKF_ENCRYPT);

    if (dual->first.function == CKF_ENCRYPT) {
        return pattern(TOTAL_LEN);
    }
    OK(run_once(&encrypt, pattern(TOTAL_LEN), &coded));
    return octets_view(&coded);
}

static CK_RV give(const struct dual *dual, struct cfr_span part)
{
    CK_ULONG len = sizeof(out.at) - out.len;
    CK_RV rv = dual->update(session, UNCONST(part.ptr), part.len, out.at + out.len, &len);

    out.len += rv == CKR_OK ? len : 0;
    return rv;
}

/* The first operation alone comes to its end, with what it still has. */
static void end_first(const struct dual *dual)
{
    CK_ULONG len = sizeof(out.at) - out.len;

    OK(op_final(&dual->first, out.at + out.len, &len));
    out.len += len;
}

/* The other one has seen @p data and nothing else. */
static void expect_seen(const struct dual *dual, struct cfr_span data)
{
    struct operation alone = dual->other;
    CK_ULONG len = sizeof(wanted.at);
    static struct octets got;

    if (dual->other.function == CKF_VERIFY) {
        struct operation sign = mac(CKF_SIGN);

        OK(run_once(&sign, data, &wanted));
        OK(op_verify_final(&dual->other, octets_view(&wanted)));
        return;
    }
    OK(op_final(&dual->other, got.at, &len));
    got.len = len;
    OK(run_once(&alone, data, &wanted));
    expect_octets(octets_view(&got), octets_view(&wanted), "%s: the other operation", dual->name);
}

/* --- What comes out --- */

/* In parts of every length up to a block and beyond; the output is that of the first operation alone. */
static void try_chunks(int index)
{
    struct dual dual = dual_of(index);
    static const size_t chunks[] = {1, 7, 15, 16, 17, 33, 100, TOTAL_LEN};
    struct cfr_span all = input_of(&dual);
    static struct octets alone;

    OK(run_once(&dual.first, all, &alone));
    for (size_t i = 0; i < COUNT(chunks); i++) {
        struct cfr_span rest = all;
        size_t streamed;

        OK(op_init(&dual.first));
        OK(op_init(&dual.other));
        out.len = 0;
        while (rest.len != 0) {
            struct cfr_span part = cfr_span_of(rest.ptr, rest.len < chunks[i] ? rest.len : chunks[i]);

            OK(give(&dual, part));
            rest = cfr_span_after(rest, part.len);
        }
        streamed = dual.first.function == CKF_ENCRYPT ? TOTAL_LEN : out.len;
        end_first(&dual);
        expect_octets(octets_view(&out), octets_view(&alone), "%s", dual.name);
        expect_seen(&dual, pattern(streamed));
    }
}

/* A block mode, a stream, and one that gives nothing before it has seen the tag. */
START_TEST(both_see_the_same_data)
{
    for (size_t i = 0; i < COUNT(modes); i++) {
        mode = &modes[i];
        try_chunks(_i);
    }
}
END_TEST

/* Output over input: what is digested or signed is still what came in. */
START_TEST(in_place)
{
    struct dual dual = dual_of(_i);
    struct cfr_span all = input_of(&dual);
    static struct octets alone;
    CK_ULONG len = sizeof(out.at);

    OK(run_once(&dual.first, all, &alone));
    OK(op_init(&dual.first));
    OK(op_init(&dual.other));
    memcpy(out.at, all.ptr, all.len);
    OK(dual.update(session, out.at, all.len, out.at, &len));
    out.len = len;
    len = dual.first.function == CKF_ENCRYPT ? TOTAL_LEN : len;
    end_first(&dual);
    expect_octets(octets_view(&out), octets_view(&alone), "%s in place", dual.name);
    expect_seen(&dual, pattern(len));
}
END_TEST

/* Parts given to one alone, in between. */
START_TEST(interspersed_with_single_updates)
{
    struct dual dual = dual_of(0);
    CK_ULONG len = sizeof(out.at);

    OK(op_init(&dual.first));
    OK(op_init(&dual.other));
    out.len = 0;
    OK(give(&dual, pattern(16)));
    OK(op_update(&dual.first, pattern(32), out.at, &len));
    OK(p11->C_DigestUpdate(session, UNCONST(pattern(48).ptr) + 16, 32));
    OK(p11->C_DigestEncryptUpdate(session, UNCONST(pattern(64).ptr) + 48, 16, out.at, &len));
    end_first(&dual);
    expect_seen(&dual, pattern(64));
}
END_TEST

/* --- Length queries and short buffers: neither takes the part --- */

START_TEST(no_output_no_input)
{
    struct dual dual = dual_of(_i);
    struct cfr_span all = input_of(&dual);
    static struct octets alone;
    CK_ULONG len = 0;

    OK(run_once(&dual.first, all, &alone));
    OK(op_init(&dual.first));
    OK(op_init(&dual.other));
    OK(dual.update(session, UNCONST(all.ptr), 100, NULL, &len));
    ck_assert_uint_ge(len, 80);
    for (CK_ULONG room = 0; room < 80; room += 79) {
        len = room;
        EXPECT(CKR_BUFFER_TOO_SMALL, dual.update(session, UNCONST(all.ptr), 100, out.at, &len));
        ck_assert_uint_ge(len, 80);
    }
    out.len = 0;
    OK(give(&dual, all));
    len = dual.first.function == CKF_ENCRYPT ? TOTAL_LEN : out.len;
    end_first(&dual);
    expect_octets(octets_view(&out), octets_view(&alone), "%s after short buffers", dual.name);
    expect_seen(&dual, pattern(len));
}
END_TEST

/* --- Errors --- */

START_TEST(both_must_be_active)
{
    struct dual dual = dual_of(_i);
    struct cfr_span all = input_of(&dual);

    out.len = 0;
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, give(&dual, all));
    OK(op_init(&dual.first));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, give(&dual, all));
    EXPECT(CKR_OPERATION_ACTIVE, op_init(&dual.first));
    OK(op_cancel(&dual.first));
    OK(op_init(&dual.other));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, give(&dual, all));
    EXPECT(CKR_OPERATION_ACTIVE, op_init(&dual.other));
    ck_assert_uint_eq(out.len, 0);
    OK(op_init(&dual.first));
    OK(give(&dual, all));
}
END_TEST

/* Bad arguments end the operation with the output, as they do in its own Update; the other goes on. */
START_TEST(bad_arguments)
{
    struct dual dual = dual_of(_i);
    struct cfr_span all = input_of(&dual);
    CK_ULONG len;

    OK(op_init(&dual.other));
    OK(op_init(&dual.first));
    EXPECT(CKR_ARGUMENTS_BAD, dual.update(session, UNCONST(all.ptr), 16, out.at, NULL));
    OK(op_init(&dual.first));
    len = sizeof(out.at);
    EXPECT(CKR_ARGUMENTS_BAD, dual.update(session, NULL, 16, out.at, &len));
    OK(op_init(&dual.first));
    len = sizeof(out.at);
    EXPECT(CKR_ARGUMENTS_BAD, dual.update(session, UNCONST(all.ptr), ~(CK_ULONG)0, out.at, &len));
    OK(op_init(&dual.first));
    out.len = 0;
    OK(give(&dual, all));
    len = dual.first.function == CKF_ENCRYPT ? TOTAL_LEN : out.len;
    end_first(&dual);
    expect_seen(&dual, pattern(len));
}
END_TEST

/* A partner that takes whole messages only ends, and the first operation has taken nothing. */
START_TEST(a_partner_that_takes_no_parts)
{
    struct key_pair pair = ec_make(session, false, "pair");
    struct operation sign = {session, CKF_SIGN, MECHANISM(CKM_ECDSA), pair.private};
    struct dual dual = dual_of(2);
    static struct octets alone;

    OK(run_once(&dual.first, pattern(TOTAL_LEN), &alone));
    OK(op_init(&dual.first));
    OK(op_init(&sign));
    out.len = 0;
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, give(&dual, pattern(100)));
    expect_idle(&sign, "a dual-function call");
    OK(op_init(&dual.other));
    OK(give(&dual, pattern(TOTAL_LEN)));
    end_first(&dual);
    expect_octets(octets_view(&out), octets_view(&alone), "the encryption went on");
    expect_seen(&dual, pattern(TOTAL_LEN));
}
END_TEST

/* 5.6.7: one half cancelled leaves the other active. */
START_TEST(one_half_cancelled)
{
    struct dual dual = dual_of(0);

    OK(op_init(&dual.first));
    OK(op_init(&dual.other));
    out.len = 0;
    OK(give(&dual, pattern(100)));
    OK(p11->C_SessionCancel(session, CKF_ENCRYPT));
    expect_idle(&dual.first, "C_SessionCancel");
    expect_seen(&dual, pattern(100));
}
END_TEST

/* A wrong MAC is told at the end, and the decryption goes its own way. */
START_TEST(a_wrong_mac)
{
    struct dual dual = dual_of(3);
    struct cfr_span all = input_of(&dual);

    OK(op_init(&dual.first));
    OK(op_init(&dual.other));
    out.len = 0;
    OK(give(&dual, all));
    EXPECT(CKR_SIGNATURE_INVALID, op_verify_final(&dual.other, pattern(32)));
    end_first(&dual);
    expect_octets(octets_view(&out), pattern(TOTAL_LEN), "decrypted");
}
END_TEST

/* --- C_DigestKey --- */

/* SHA-256 of @p head octets, a key, and @p tail octets of the pattern. */
static void expect_digest(size_t head, struct cfr_span key, size_t tail)
{
    static struct octets whole;
    uint8_t md[64];
    CK_ULONG len = sizeof(out.at);

    memcpy(whole.at, pattern(head).ptr, head);
    cfr_copy(whole.at + head, key.ptr, key.len);
    memcpy(whole.at + head + key.len, pattern(tail).ptr, tail);
    OK(p11->C_DigestFinal(session, out.at, &len));
    expect_octets(cfr_span_of(out.at, len),
                  hash_digest(hash_find("SHA256"), cfr_span_of(whole.at, head + key.len + tail), md),
                  "%zu, key, %zu", head, tail);
}

static CK_OBJECT_HANDLE sensitive_make(bool is_private)
{
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    bag_octets(&bag, CKA_VALUE, pattern(24).ptr, 24);
    bag_bool(&bag, CKA_SENSITIVE, true);
    bag_bool(&bag, CKA_EXTRACTABLE, false);
    bag_bool(&bag, CKA_PRIVATE, is_private);
    return object_make(session, &bag);
}

START_TEST(keys_are_digested)
{
    struct operation op = digest();

    OK(op_init(&op));
    OK(p11->C_DigestKey(session, generic));
    expect_digest(0, pattern(40), 0);
    OK(op_init(&op));
    OK(p11->C_DigestUpdate(session, UNCONST(pattern(70).ptr), 70));
    OK(p11->C_DigestKey(session, aes));
    OK(p11->C_DigestUpdate(session, UNCONST(pattern(10).ptr), 10));
    expect_digest(70, pattern(32), 10);
    /* Nothing says that a sensitive one may not be; see deviations.md. */
    OK(op_init(&op));
    OK(p11->C_DigestKey(session, sensitive_make(true)));
    expect_digest(0, pattern(24), 0);
}
END_TEST

START_TEST(keys_that_are_not_digested)
{
    struct key_pair pair = ec_make(session, false, "pair");
    CK_OBJECT_HANDLE data = data_make(session, "data", false, false);
    CK_ULONG len = sizeof(out.at);
    struct operation op = digest();

    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_DigestKey(session, generic));
    OK(op_init(&op));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_DigestKey(session, CK_INVALID_HANDLE));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_DigestKey(session, ~(CK_OBJECT_HANDLE)0));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_DigestKey(session, data));
    EXPECT(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(session, pair.private));
    EXPECT(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(session, pair.public));
    /* None of them was taken in, and the digest goes on. */
    OK(p11->C_DigestKey(session, generic));
    EXPECT(CKR_OPERATION_ACTIVE, p11->C_Digest(session, UNCONST(pattern(1).ptr), 1, out.at, &len));
    expect_idle(&op, "C_Digest after C_DigestKey");
}
END_TEST

/* What has taken in a private key ends with the login; what has not goes on, also in a saved state. */
START_TEST(private_keys_and_logout)
{
    CK_BYTE state[2][256];
    CK_ULONG len[2] = {sizeof(state[0]), sizeof(state[1])};
    CK_OBJECT_HANDLE public = sensitive_make(false);
    struct operation op = digest();
    CK_ULONG out_len = sizeof(out.at);

    OK(op_init(&op));
    OK(p11->C_DigestKey(session, public));
    OK(p11->C_GetOperationState(session, state[0], &len[0]));
    OK(op_cancel(&op));
    OK(op_init(&op));
    OK(p11->C_DigestKey(session, sensitive_make(true)));
    OK(p11->C_GetOperationState(session, state[1], &len[1]));
    OK(p11->C_Logout(session));
    EXPECT(CKR_USER_NOT_LOGGED_IN, p11->C_DigestFinal(session, out.at, &out_len));
    expect_idle(&op, "a digest that the logout ended");
    EXPECT(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, state[1], len[1], 0, 0));
    OK(p11->C_SetOperationState(session, state[0], len[0], 0, 0));
    expect_digest(0, pattern(24), 0);
    login_user(session);
    EXPECT(CKR_SAVED_STATE_INVALID, p11->C_SetOperationState(session, state[1], len[1], 0, 0));
    /* The next digest in the same place has nothing of the private key about it. */
    OK(op_init(&op));
    OK(p11->C_DigestKey(session, sensitive_make(true)));
    out_len = sizeof(out.at);
    OK(p11->C_DigestFinal(session, out.at, &out_len));
    OK(op_init(&op));
    OK(p11->C_DigestUpdate(session, UNCONST(pattern(5).ptr), 5));
    OK(p11->C_Logout(session));
    expect_digest(5, cfr_span_of(NULL, 0), 0);
}
END_TEST

/* --- A token with the strict profile --- */

static void strict_set_up(void)
{
    scratch_setup();
    scratch_configure("token.profile = strict\n");
    session = client_ready();
}

static CK_OBJECT_HANDLE generate(bool sensitive, bool extractable)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_GENERIC_SECRET_KEY_GEN);
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_VALUE_LEN, 16), ATTR_BOOL(CKA_SENSITIVE, sensitive),
                               ATTR_BOOL(CKA_EXTRACTABLE, extractable)};
    CK_OBJECT_HANDLE key;

    OK(p11->C_GenerateKey(session, &mechanism, TEMPLATE(template), &key));
    return key;
}

START_TEST(strict_tokens_digest_no_sensitive_key)
{
    struct operation op = digest();

    OK(op_init(&op));
    EXPECT(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(session, generate(true, true)));
    EXPECT(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(session, generate(true, false)));
    EXPECT(CKR_KEY_INDIGESTIBLE, p11->C_DigestKey(session, generate(false, false)));
    OK(p11->C_DigestKey(session, generate(false, true)));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("dual");
    TCase *tcase = tcase_create("dual");
    TCase *strict = tcase_create("strict");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, both_see_the_same_data, 0, DUAL_COUNT);
    tcase_add_loop_test(tcase, in_place, 0, DUAL_COUNT);
    tcase_add_test(tcase, interspersed_with_single_updates);
    tcase_add_loop_test(tcase, no_output_no_input, 0, DUAL_COUNT);
    tcase_add_loop_test(tcase, both_must_be_active, 0, DUAL_COUNT);
    tcase_add_loop_test(tcase, bad_arguments, 0, DUAL_COUNT);
    tcase_add_test(tcase, a_partner_that_takes_no_parts);
    tcase_add_test(tcase, one_half_cancelled);
    tcase_add_test(tcase, a_wrong_mac);
    tcase_add_test(tcase, keys_are_digested);
    tcase_add_test(tcase, keys_that_are_not_digested);
    tcase_add_test(tcase, private_keys_and_logout);
    suite_add_tcase(s, tcase);
    tcase_add_checked_fixture(strict, strict_set_up, tear_down);
    tcase_add_test(strict, strict_tokens_digest_no_sensitive_key);
    suite_add_tcase(s, strict);
    return s;
}

TEST_MAIN(suite)
