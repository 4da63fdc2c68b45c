/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of the post-quantum mechanisms: messages within a run, signatures of every length, seeds and sets that do not fit,
 * and the public half of a private key. Without the algorithms nothing is run; pq_test.c says so.
 */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/messages.h"
#include "integration/cryptoki/pq_keys.h"
#include "support/main.h"

static CK_SESSION_HANDLE session;
static bool is_there;
static struct octets value;
static struct octets other;
static struct octets signature;
static struct bag public_bag;
static struct bag private_bag;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
    is_there = pq_is_there(session);
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

/* --- Messages --- */

static CK_RV sign_message(struct cfr_span data, struct octets *ret)
{
    ret->len = sizeof(ret->at);
    return p11->C_SignMessage(session, NULL, 0, UNCONST(data.ptr), data.len, ret->at, &ret->len);
}

static CK_RV verify_message(struct cfr_span data, struct cfr_span made)
{
    return p11->C_VerifyMessage(session, NULL, 0, UNCONST(data.ptr), data.len, UNCONST(made.ptr), made.len);
}

static CK_RV sign_parts(struct cfr_span data, struct octets *ret)
{
    ret->len = sizeof(ret->at);
    OK(p11->C_SignMessageBegin(session, NULL, 0));
    OK(p11->C_SignMessageNext(session, NULL, 0, UNCONST(data.ptr), 7, NULL, NULL));
    return p11->C_SignMessageNext(session, NULL, 0, UNCONST(data.ptr) + 7, data.len - 7, ret->at, &ret->len);
}

static CK_RV verify_parts(struct cfr_span data, struct cfr_span made)
{
    OK(p11->C_VerifyMessageBegin(session, NULL, 0));
    OK(p11->C_VerifyMessageNext(session, NULL, 0, UNCONST(data.ptr), 9, NULL, 0));
    return p11->C_VerifyMessageNext(session, NULL, 0, UNCONST(data.ptr) + 9, data.len - 9, UNCONST(made.ptr),
                                    made.len);
}

static const struct {
    size_t kind;
    CK_MECHANISM_TYPE type;
    CK_MECHANISM_TYPE hash; /* that the parameter names; 0: the parameter has none */
    size_t data_len;
} runs[] = {
    {PQ_SIGNER, CKM_ML_DSA, 0, 100},
    {PQ_SIGNER, CKM_HASH_ML_DSA_SHA3_384, 0, 100},
    {PQ_SIGNER, CKM_HASH_ML_DSA, CKM_SHA512, 64},
    {PQ_TREE, CKM_SLH_DSA, 0, 100},
    {PQ_TREE, CKM_HASH_SLH_DSA_SHAKE128, 0, 100},
    {PQ_TREE, CKM_HASH_SLH_DSA, CKM_SHA256, 32},
};

static void expect_flags(CK_MECHANISM_TYPE type, bool in_parts)
{
    CK_MECHANISM_INFO info;

    OK(p11->C_GetMechanismInfo(slot_of(session), type, &info));
    ck_assert_uint_eq(info.flags, CKF_SIGN | CKF_VERIFY | CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY |
                                      (in_parts ? CKF_MULTI_MESSAGE : 0));
}

static void check_parts(const struct operation *verify, struct cfr_span data)
{
    OK(sign_parts(data, &signature));
    OK(verify_parts(data, octets_view(&signature)));
    OK(verify_message(data, octets_view(&signature)));
    OK(run_verify(verify, data, octets_view(&signature)));
    OK(sign_message(data, &signature));
    OK(verify_parts(data, octets_view(&signature)));
}

/* Several messages in one run: each has the parameter of the Init, and nothing of the one before. */
START_TEST(messages_are_signed_within_a_run)
{
    CK_SIGN_ADDITIONAL_CONTEXT plain = {CKH_HEDGE_REQUIRED, UNCONST("context"), 7};
    CK_HASH_SIGN_ADDITIONAL_CONTEXT with_hash = {CKH_HEDGE_REQUIRED, UNCONST("context"), 7, runs[_i].hash};
    bool has_hash = runs[_i].hash != 0;
    struct cfr_span data = pattern(runs[_i].data_len);
    struct operation verify = {.session = session, .function = CKF_VERIFY};
    struct key_pair pair;

    if (!is_there) {
        return;
    }
    expect_flags(runs[_i].type, !has_hash);
    pair = pq_make_pair(session, &pq_kinds[runs[_i].kind]);
    verify.key = pair.public;
    verify.mechanism =
        has_hash ? MECHANISM_WITH(runs[_i].type, &with_hash) : MECHANISM_WITH(runs[_i].type, &plain);
    OK(messages_init(session, CKF_SIGN, verify.mechanism, pair.private));
    OK(messages_init(session, CKF_VERIFY, verify.mechanism, pair.public));
    OK(sign_message(data, &signature));
    OK(verify_message(data, octets_view(&signature)));
    OK(run_verify(&verify, data, octets_view(&signature)));
    OK(sign_message(data, &other));
    ck_assert_mem_ne(other.at, signature.at, other.len);
    signature.at[signature.len / 2] ^= 1;
    EXPECT(CKR_SIGNATURE_INVALID, verify_message(data, octets_view(&signature)));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, verify_message(data, cfr_span_of(other.at, other.len - 1)));
    OK(verify_message(data, octets_view(&other)));
    if (has_hash) {
        EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignMessageBegin(session, NULL, 0));
    } else {
        check_parts(&verify, data);
    }
    OK(messages_final(session, CKF_SIGN));
    OK(messages_final(session, CKF_VERIFY));
}
END_TEST

/* --- Signatures of every length --- */

START_TEST(no_length_keeps_an_operation)
{
    struct cfr_span data = pattern(40);
    struct operation op = {session, CKF_SIGN, MECHANISM(_i == 0 ? CKM_ML_DSA : CKM_SLH_DSA), 0};
    struct key_pair pair;
    CK_ULONG right;

    if (!is_there) {
        return;
    }
    pair = pq_make_pair(session, &pq_kinds[_i == 0 ? PQ_SIGNER : PQ_TREE]);
    op.key = pair.private;
    OK(run_once(&op, data, &signature));
    right = signature.len;
    op.function = CKF_VERIFY;
    op.key = pair.public;
    for (size_t i = 0; i <= 6; i++) {
        const CK_ULONG lengths[] = {1, 64, right / 2, right - 1, right, right + 1, sizeof(signature.at)};
        struct cfr_span given = cfr_span_of(signature.at, lengths[i]);
        CK_RV wanted = lengths[i] == right ? CKR_OK : CKR_SIGNATURE_LEN_RANGE;

        EXPECT(wanted, run_verify(&op, data, given));
        expect_idle(&op, "C_Verify");
        EXPECT(wanted, run_verify_parts(&op, data, 13, given));
        expect_idle(&op, "C_VerifyFinal");
    }
    EXPECT(CKR_SIGNATURE_LEN_RANGE, run_verify(&op, data, cfr_span_of(signature.at, 0)));
    expect_idle(&op, "C_Verify of no octets");
    OK(op_init(&op));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Verify(session, UNCONST(data.ptr), data.len, NULL, right));
    expect_idle(&op, "C_Verify of NULL");
    OK(run_verify(&op, data, cfr_span_of(signature.at, right)));
}
END_TEST

/* The signature first: with the Init, and then the data. */
static CK_RV verify_signature(const struct operation *op, struct cfr_span data, struct cfr_span given)
{
    CK_MECHANISM mechanism = op->mechanism;
    CK_RV rv =
        p11->C_VerifySignatureInit(session, &mechanism, op->key, UNCONST(given.ptr), (CK_ULONG)given.len);

    return rv == CKR_OK ? p11->C_VerifySignature(session, UNCONST(data.ptr), data.len) : rv;
}

START_TEST(signatures_may_come_first)
{
    struct cfr_span data = pattern(40);
    struct operation op = {session, CKF_SIGN, MECHANISM(_i == 0 ? CKM_ML_DSA : CKM_HASH_SLH_DSA_SHA512), 0};
    struct key_pair pair;
    CK_ULONG right;

    if (!is_there) {
        return;
    }
    pair = pq_make_pair(session, &pq_kinds[_i == 0 ? PQ_SIGNER : PQ_TREE]);
    op.key = pair.private;
    OK(run_once(&op, data, &signature));
    right = signature.len;
    op.key = pair.public;
    OK(verify_signature(&op, data, cfr_span_of(signature.at, right)));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, verify_signature(&op, data, cfr_span_of(signature.at, right - 1)));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, verify_signature(&op, data, cfr_span_of(signature.at, right + 1)));
    signature.at[right - 1] ^= 1;
    EXPECT(CKR_SIGNATURE_INVALID, verify_signature(&op, data, cfr_span_of(signature.at, right)));
    signature.at[right - 1] ^= 1;
    OK(verify_signature(&op, data, cfr_span_of(signature.at, right)));
}
END_TEST

/* A length that is asked for, and a buffer that is too small, change nothing. */
START_TEST(short_buffers_keep_the_operation)
{
    struct cfr_span data = pattern(40);
    struct operation op = {session, CKF_SIGN, MECHANISM(CKM_ML_DSA), 0};
    struct key_pair pair;
    CK_ULONG len = 0;

    if (!is_there) {
        return;
    }
    pair = pq_make_pair(session, &pq_kinds[PQ_SIGNER]);
    op.key = pair.private;
    OK(op_init(&op));
    OK(op_once(&op, data, NULL, &len));
    ck_assert_uint_eq(len, 2420);
    len--;
    EXPECT(CKR_BUFFER_TOO_SMALL, op_once(&op, data, signature.at, &len));
    ck_assert_uint_eq(len, 2420);
    OK(op_once(&op, data, signature.at, &len));
    expect_idle(&op, "C_Sign");
    op.function = CKF_VERIFY;
    op.key = pair.public;
    OK(run_verify(&op, data, cfr_span_of(signature.at, len)));
}
END_TEST

/* --- Seeds and sets --- */

START_TEST(seeds_have_one_length)
{
    const struct pq_kind *kind = &pq_kinds[_i];

    if (!is_there) {
        return;
    }
    for (size_t len = 0; len <= 130; len++) {
        CK_RV wanted = len == 0                ? CKR_TEMPLATE_INCOMPLETE
                       : len == kind->seed_len ? CKR_OK
                                               : CKR_ATTRIBUTE_VALUE_INVALID;

        pq_begin_private(&private_bag, kind, kind->set);
        bag_octets(&private_bag, CKA_SEED, pattern(len).ptr, len);
        EXPECT(wanted, try_object_once(session, &private_bag));
    }
}
END_TEST

START_TEST(sets_do_not_mix)
{
    const struct pq_kind *kind = &pq_kinds[_i];
    struct key_pair pair;

    if (!is_there) {
        return;
    }
    pair = pq_make_pair(session, kind);
    read_octets(session, pair.private, CKA_VALUE, &value);
    pq_begin_private(&private_bag, kind, kind->other_set);
    bag_octets(&private_bag, CKA_VALUE, value.at, value.len);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &private_bag));
    read_octets(session, pair.public, CKA_VALUE, &value);
    bag_clear(&public_bag);
    bag_ulong(&public_bag, CKA_CLASS, CKO_PUBLIC_KEY);
    bag_ulong(&public_bag, CKA_KEY_TYPE, kind->type);
    bag_octets(&public_bag, CKA_VALUE, value.at, value.len);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &public_bag));
    bag_ulong(&public_bag, CKA_PARAMETER_SET, kind->other_set);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &public_bag));
    bag_ulong(&public_bag, CKA_PARAMETER_SET, kind->set);
    OK(try_object_once(session, &public_bag));
}
END_TEST

START_TEST(ciphertexts_of_another_set_are_refused)
{
    struct pq_kind small = pq_kinds[PQ_KEM];
    CK_MECHANISM mechanism = MECHANISM(CKM_ML_KEM);
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    struct key_pair pairs[2];

    if (!is_there) {
        return;
    }
    small.set = CKP_ML_KEM_512;
    pairs[0] = pq_make_pair(session, &pq_kinds[PQ_KEM]);
    pairs[1] = pq_make_pair(session, &small);
    bag_clear(&public_bag);
    bag_ulong(&public_bag, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    other.len = sizeof(other.at);
    OK(p11->C_EncapsulateKey(session, &mechanism, pairs[1].public, BAG(&public_bag), other.at, &other.len,
                             &made));
    ck_assert_uint_eq(other.len, 768);
    for (size_t len = 0; len <= 2 * other.len; len += 64) {
        made = CK_INVALID_HANDLE;
        EXPECT(len == 1088 ? CKR_OK : CKR_WRAPPED_KEY_LEN_RANGE,
               p11->C_DecapsulateKey(session, &mechanism, pairs[0].private, BAG(&public_bag), other.at, len,
                                     &made));
    }
    OK(p11->C_DecapsulateKey(session, &mechanism, pairs[1].private, BAG(&public_bag), other.at, other.len,
                             &made));
}
END_TEST

/* --- The public half --- */

START_TEST(public_halves_are_derived)
{
    const struct pq_kind *kind = &pq_kinds[_i];
    CK_MECHANISM mechanism = MECHANISM(CKM_PUB_KEY_FROM_PRIV_KEY);
    CK_OBJECT_HANDLE key;
    struct key_pair pair;
    bool is_kem = kind->type == CKK_ML_KEM;

    if (!is_there) {
        return;
    }
    pair = pq_make_pair(session, kind);
    bag_clear(&public_bag);
    OK(derive_try(session, &mechanism, pair.private, &public_bag, &key));
    pq_expect_same(session, pair.public, key, CKA_VALUE);
    pq_expect_same(session, pair.public, key, CKA_PARAMETER_SET);
    pq_expect_same(session, pair.public, key, CKA_KEY_TYPE);
    pq_expect_same(session, pair.public, key, CKA_PUBLIC_KEY_INFO);
    ck_assert(read_bool(session, key, CKA_ENCAPSULATE) == is_kem);
    ck_assert(read_bool(session, key, CKA_VERIFY) == !is_kem);
    OK(try_set_bool(session, pair.private, is_kem ? CKA_DECAPSULATE : CKA_SIGN, false));
    OK(derive_try(session, &mechanism, pair.private, &public_bag, &key));
    ck_assert(!read_bool(session, key, CKA_ENCAPSULATE) && !read_bool(session, key, CKA_VERIFY));
    bag_ulong(&public_bag, CKA_PARAMETER_SET, kind->set);
    OK(derive_try(session, &mechanism, pair.private, &public_bag, &key));
    bag_ulong(&public_bag, CKA_PARAMETER_SET, kind->other_set);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, pair.private, &public_bag, "another set");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pq_rules");
    TCase *tcase = tcase_create("pq_rules");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, messages_are_signed_within_a_run, 0, (int)COUNT(runs));
    tcase_add_loop_test(tcase, no_length_keeps_an_operation, 0, 2);
    tcase_add_loop_test(tcase, signatures_may_come_first, 0, 2);
    tcase_add_test(tcase, short_buffers_keep_the_operation);
    tcase_add_loop_test(tcase, seeds_have_one_length, PQ_KEM, PQ_SIGNER + 1);
    tcase_add_loop_test(tcase, sets_do_not_mix, 0, (int)PQ_KINDS);
    tcase_add_test(tcase, ciphertexts_of_another_set_are_refused);
    tcase_add_loop_test(tcase, public_halves_are_derived, 0, (int)PQ_KINDS);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
