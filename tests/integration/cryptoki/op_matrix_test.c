/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every mechanism of C_GetMechanismList with every function that it claims: whole and in parts, with all ways
 * to give an output buffer, against libcrypto in both directions.
 */
#include "integration/cryptoki/subject.h"
#include "support/main.h"

#include <stdlib.h>

static const size_t chunks[] = {1, 7, 16, 4096};

static CK_SESSION_HANDLE session;
static struct octets made;
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

/* And with every length of data. */
static void each_length(struct subject *subject, void (*check)(struct subject *subject, struct cfr_span data))
{
    size_t lengths[SUBJECT_LENGTHS_MAX];
    size_t count = subject_lengths(subject, lengths);

    for (size_t i = 0; i < count; i++) {
        check(subject, subject_data(subject, lengths[i]));
    }
}

static bool claims(const struct subject *subject, CK_FLAGS function)
{
    return (subject->row->functions & function) != 0;
}

/* What comes back of data: raw RSA gives the whole modulus' length. */
static struct cfr_span returned(const struct subject *subject, struct cfr_span data)
{
    static struct octets padded;

    if (!subject_pads_in_front(subject)) {
        return data;
    }
    padded.len = (CK_ULONG)EVP_PKEY_get_size(subject->pkey);
    memset(padded.at, 0, padded.len);
    cfr_copy(padded.at + padded.len - data.len, data.ptr, data.len);
    return octets_view(&padded);
}

/* --- The list --- */

/* ML-KEM, ML-DSA and SLH-DSA have a program of their own: pq_test.c. */
static bool is_post_quantum(CK_MECHANISM_TYPE type)
{
    return type >= CKM_ML_KEM_KEY_PAIR_GEN && type <= CKM_HASH_SLH_DSA_SHAKE256;
}

START_TEST(list_is_the_table)
{
    CK_MECHANISM_TYPE list[MECHANISM_COUNT + POST_QUANTUM_COUNT + 1];
    CK_ULONG count = COUNT(list);
    CK_ULONG post_quantum_count = 0;

    OK(p11->C_GetMechanismList(slot_of(session), list, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        const struct mechanism_row *row = mechanism_find(list[i]);
        CK_MECHANISM_INFO info;

        if (row == NULL && is_post_quantum(list[i])) {
            post_quantum_count++;
            continue;
        }
        ck_assert_msg(row != NULL, "mechanism 0x%lx has no test", list[i]);
        OK(p11->C_GetMechanismInfo(slot_of(session), list[i], &info));
        ck_assert_msg((info.flags & FUNCTION_FLAGS) == row->functions, "%s (0x%lx): flags 0x%lx", row->name,
                      list[i], info.flags);
        ck_assert_msg(info.ulMinKeySize == row->min_size && info.ulMaxKeySize == row->max_size,
                      "%s (0x%lx): sizes %lu to %lu", row->name, list[i], info.ulMinKeySize,
                      info.ulMaxKeySize);
    }
    ck_assert(post_quantum_count == 0 || post_quantum_count == POST_QUANTUM_COUNT);
    ck_assert_uint_eq(count, MECHANISM_COUNT + post_quantum_count);
}
END_TEST

/* --- Against libcrypto, both ways --- */

static void check_crypt(struct subject *subject, struct cfr_span data)
{
    struct operation encrypt = subject_op(subject, CKF_ENCRYPT, data.len);
    struct operation decrypt = subject_op(subject, CKF_DECRYPT, data.len);

    OK(run_once(&encrypt, data, &made));
    reference_decrypt(subject, octets_view(&made), &back);
    expect_octets(octets_view(&back), returned(subject, data), "%s: libcrypto decrypts %zu", subject->name,
                  data.len);
    reference_encrypt(subject, data, &made);
    OK(run_once(&decrypt, octets_view(&made), &back));
    expect_octets(octets_view(&back), returned(subject, data), "%s: C_Decrypt of %zu", subject->name,
                  data.len);
}

static void check_signature(struct subject *subject, struct cfr_span data)
{
    struct operation sign = subject_op(subject, CKF_SIGN, data.len);
    struct operation verify = subject_op(subject, CKF_VERIFY, data.len);

    OK(run_once(&sign, data, &made));
    ck_assert_msg(reference_verify(subject, data, octets_view(&made)), "%s: libcrypto verifies %zu",
                  subject->name, data.len);
    reference_sign(subject, data, &made);
    OK(run_verify(&verify, data, octets_view(&made)));
}

static void check_digest(struct subject *subject, struct cfr_span data)
{
    struct operation digest = subject_op(subject, CKF_DIGEST, data.len);
    uint8_t wanted[64];

    OK(run_once(&digest, data, &made));
    expect_octets(octets_view(&made), hash_digest(subject->row->hash, data, wanted), "%s of %zu",
                  subject->name, data.len);
}

static void check_against_libcrypto(struct subject *subject)
{
    if (claims(subject, CKF_ENCRYPT)) {
        each_length(subject, check_crypt);
    }
    if (claims(subject, CKF_SIGN)) {
        each_length(subject, check_signature);
    }
    if (claims(subject, CKF_DIGEST)) {
        each_length(subject, check_digest);
    }
}

START_TEST(agrees_with_libcrypto)
{
    subject_each(session, (enum family)_i, 0, check_against_libcrypto);
}
END_TEST

/* --- In parts --- */

/* Parts by the thousand take long and show nothing more than those by the hundred. */
static bool is_worth(size_t len, size_t chunk)
{
    return len / chunk <= 300;
}

static void expect_parts(const struct operation *op, struct cfr_span in, struct cfr_span wanted)
{
    for (size_t i = 0; i < COUNT(chunks); i++) {
        if (!is_worth(in.len, chunks[i])) {
            continue;
        }
        OK(run_parts(op, in, chunks[i], &back));
        expect_octets(octets_view(&back), wanted, "%s 0x%lx of %zu in parts of %zu", op_name(op->function),
                      op->mechanism.mechanism, in.len, chunks[i]);
    }
}

static void check_crypt_parts(struct subject *subject, struct cfr_span data)
{
    struct operation encrypt = subject_op(subject, CKF_ENCRYPT, data.len);
    struct operation decrypt = subject_op(subject, CKF_DECRYPT, data.len);

    OK(run_once(&encrypt, data, &made));
    expect_parts(&encrypt, data, octets_view(&made));
    expect_parts(&decrypt, octets_view(&made), data);
}

static void check_signature_parts(struct subject *subject, struct cfr_span data)
{
    struct operation sign = subject_op(subject, CKF_SIGN, data.len);
    struct operation verify = subject_op(subject, CKF_VERIFY, data.len);

    OK(run_once(&sign, data, &made));
    for (size_t i = 0; i < COUNT(chunks); i++) {
        if (!is_worth(data.len, chunks[i])) {
            continue;
        }
        OK(run_verify_parts(&verify, data, chunks[i], octets_view(&made)));
        OK(run_parts(&sign, data, chunks[i], &back));
        OK(run_verify(&verify, data, octets_view(&back)));
    }
}

static void check_digest_parts(struct subject *subject, struct cfr_span data)
{
    struct operation digest = subject_op(subject, CKF_DIGEST, data.len);

    OK(run_once(&digest, data, &made));
    expect_parts(&digest, data, octets_view(&made));
}

/* Where there are no parts, the first ends the operation. */
static void expect_no_parts(struct subject *subject, CK_FLAGS function)
{
    struct operation op = subject_op(subject, function, 16);
    CK_ULONG len = sizeof(back.at);

    OK(op_init(&op));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, op_update(&op, pattern(16), back.at, &len));
    expect_idle(&op, "a part");
    OK(op_init(&op));
    len = sizeof(back.at);
    EXPECT(CKR_OPERATION_NOT_INITIALIZED,
           function == CKF_VERIFY ? op_verify_final(&op, pattern(256)) : op_final(&op, back.at, &len));
    expect_idle(&op, "the end of no parts");
}

static void check_parts(struct subject *subject)
{
    static const CK_FLAGS functions[] = {CKF_ENCRYPT, CKF_DECRYPT, CKF_SIGN, CKF_VERIFY};

    for (size_t i = 0; !subject->row->in_parts && i < COUNT(functions); i++) {
        if (claims(subject, functions[i])) {
            expect_no_parts(subject, functions[i]);
        }
    }
    if (subject->row->in_parts && claims(subject, CKF_ENCRYPT)) {
        each_length(subject, check_crypt_parts);
    }
    if (subject->row->in_parts && claims(subject, CKF_SIGN)) {
        each_length(subject, check_signature_parts);
    }
    if (subject->row->in_parts && claims(subject, CKF_DIGEST)) {
        each_length(subject, check_digest_parts);
    }
}

START_TEST(parts_are_the_whole)
{
    subject_each(session, (enum family)_i, 0, check_parts);
}
END_TEST

/* --- Room for the result --- */

typedef CK_RV (*put_fn)(const struct operation *op, struct cfr_span in, CK_BYTE_PTR out, CK_ULONG_PTR len);

static CK_RV put_final(const struct operation *op, struct cfr_span in, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
    (void)in;
    return op_final(op, out, len);
}

/*
 * Ask for the length, offer one octet less than the result has, then exactly as much: the operation goes on
 * until the result is there. @p wanted is that result, or only its length counts.
 */
static void expect_room_rules(const struct operation *op, put_fn put, struct cfr_span in,
                              struct cfr_span wanted, bool is_random)
{
    CK_ULONG len = 12345;
    CK_BYTE *small = malloc(wanted.len + 1);
    CK_BYTE *exact = malloc(wanted.len + 1);

    ck_assert(small != NULL && exact != NULL);
    OK(put(op, in, NULL, &len));
    ck_assert_msg(len >= wanted.len && len <= wanted.len + 512, "%s 0x%lx: asks for %lu, gives %zu",
                  op_name(op->function), op->mechanism.mechanism, len, wanted.len);
    if (wanted.len != 0) {
        small = realloc(small, wanted.len - 1 + (wanted.len == 1));
        len = wanted.len - 1;
        EXPECT(CKR_BUFFER_TOO_SMALL, put(op, in, small, &len));
        ck_assert_uint_ge(len, wanted.len);
        len = 0;
        EXPECT(CKR_BUFFER_TOO_SMALL, put(op, in, small, &len));
        ck_assert_uint_ge(len, wanted.len);
    }
    exact = realloc(exact, wanted.len + (wanted.len == 0));
    len = wanted.len;
    OK(put(op, in, exact, &len));
    ck_assert_uint_eq(len, wanted.len);
    if (!is_random) {
        expect_octets(cfr_span_of(exact, len), wanted, "%s 0x%lx after too little room",
                      op_name(op->function), op->mechanism.mechanism);
    }
    free(small);
    free(exact);
    expect_idle(op, "a result");
}

static void check_room_of(struct subject *subject, CK_FLAGS function, struct cfr_span in,
                          struct cfr_span wanted)
{
    struct operation op = subject_op(subject, function, in.len);
    bool is_random = subject_is_random(subject) && function != CKF_DECRYPT;

    if (function == CKF_DECRYPT) {
        op = subject_op(subject, function, wanted.len);
    }
    if (subject->row->family == FAMILY_RSA_V15 && function == CKF_ENCRYPT) {
        is_random = true;
    }
    OK(op_init(&op));
    expect_room_rules(&op, op_once, in, wanted, is_random);
}

/* The same for the end of parts, when all of the result comes then. */
static void check_room_at_end(struct subject *subject, CK_FLAGS function, struct cfr_span in, size_t data_len)
{
    struct operation op = subject_op(subject, function, data_len);
    static struct octets whole;
    static struct octets tail;
    CK_ULONG len = sizeof(tail.at);

    OK(run_once(&op, in, &whole));
    OK(op_init(&op));
    OK(op_update(&op, in, tail.at, &len));
    expect_room_rules(&op, put_final, in, cfr_span_of(whole.at + len, whole.len - len),
                      subject_is_random(subject));
}

static void check_room_crypt(struct subject *subject, struct cfr_span data)
{
    struct operation encrypt = subject_op(subject, CKF_ENCRYPT, data.len);
    static struct octets coded;

    OK(run_once(&encrypt, data, &coded));
    check_room_of(subject, CKF_ENCRYPT, data, octets_view(&coded));
    check_room_of(subject, CKF_DECRYPT, octets_view(&coded), returned(subject, data));
    if (subject->row->in_parts) {
        check_room_at_end(subject, CKF_ENCRYPT, data, data.len);
        check_room_at_end(subject, CKF_DECRYPT, octets_view(&coded), data.len);
    }
}

static void check_room_out(struct subject *subject, struct cfr_span data)
{
    CK_FLAGS function = claims(subject, CKF_DIGEST) ? CKF_DIGEST : CKF_SIGN;
    struct operation op = subject_op(subject, function, data.len);

    OK(run_once(&op, data, &made));
    check_room_of(subject, function, data, octets_view(&made));
    if (subject->row->in_parts) {
        check_room_at_end(subject, function, data, data.len);
    }
}

static void check_room(struct subject *subject)
{
    if (claims(subject, CKF_ENCRYPT)) {
        each_length(subject, check_room_crypt);
    }
    if (claims(subject, CKF_SIGN) || claims(subject, CKF_DIGEST)) {
        each_length(subject, check_room_out);
    }
}

START_TEST(output_has_the_room_it_needs)
{
    subject_each(session, (enum family)_i, 0, check_room);
}
END_TEST

/* --- Input and output in the same place (PKCS#11 5.8 ff.) --- */

static void expect_in_place(const struct operation *op, struct cfr_span in, struct cfr_span wanted)
{
    static CK_BYTE place[OCTETS_MAX];
    CK_ULONG len = sizeof(place);

    cfr_copy(place, in.ptr, in.len);
    OK(op_init(op));
    OK(op_once(op, cfr_span_of(place, in.len), place, &len));
    expect_octets(cfr_span_of(place, len), wanted, "%s 0x%lx of %zu in place", op_name(op->function),
                  op->mechanism.mechanism, in.len);
}

/* Each part is put where its input was, and gives what it gives elsewhere. */
static void expect_parts_in_place(const struct operation *op, struct cfr_span in, size_t chunk,
                                  struct cfr_span wanted)
{
    static CK_BYTE place[OCTETS_MAX];
    CK_ULONG len;

    back.len = 0;
    OK(op_init(op));
    for (size_t left = in.len; left != 0; left -= left < chunk ? left : chunk) {
        size_t part = left < chunk ? left : chunk;

        cfr_copy(place, in.ptr + (in.len - left), part);
        len = sizeof(place);
        OK(op_update(op, cfr_span_of(place, part), place, &len));
        cfr_copy(back.at + back.len, place, len);
        back.len += len;
    }
    len = sizeof(back.at) - back.len;
    OK(op_final(op, back.at + back.len, &len));
    back.len += len;
    expect_octets(octets_view(&back), wanted, "%s 0x%lx of %zu in place in parts of %zu",
                  op_name(op->function), op->mechanism.mechanism, in.len, chunk);
}

static void check_in_place_crypt(struct subject *subject, struct cfr_span data)
{
    static const size_t part_lens[] = {7, 16, 40};
    struct operation encrypt = subject_op(subject, CKF_ENCRYPT, data.len);
    struct operation decrypt = subject_op(subject, CKF_DECRYPT, data.len);

    OK(run_once(&encrypt, data, &made));
    expect_in_place(&decrypt, octets_view(&made), returned(subject, data));
    for (size_t i = 0; subject->row->in_parts && i < COUNT(part_lens); i++) {
        expect_parts_in_place(&encrypt, data, part_lens[i], octets_view(&made));
        expect_parts_in_place(&decrypt, octets_view(&made), part_lens[i], data);
    }
    if (subject->pkey == NULL) {
        expect_in_place(&encrypt, data, octets_view(&made));
    }
}

static void check_in_place(struct subject *subject)
{
    if (claims(subject, CKF_ENCRYPT)) {
        each_length(subject, check_in_place_crypt);
    }
}

START_TEST(input_may_be_output)
{
    subject_each(session, (enum family)_i, 0, check_in_place);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("op_matrix");
    TCase *list = tcase_create("list");
    TCase *tcase = tcase_create("matrix");

    tcase_add_checked_fixture(list, set_up, tear_down);
    tcase_set_timeout(list, 60);
    tcase_add_test(list, list_is_the_table);
    suite_add_tcase(s, list);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 180);
    tcase_add_loop_test(tcase, agrees_with_libcrypto, 0, FAMILY_KWP + 1);
    tcase_add_loop_test(tcase, parts_are_the_whole, 0, FAMILY_KWP + 1);
    tcase_add_loop_test(tcase, output_has_the_room_it_needs, 0, FAMILY_KWP + 1);
    tcase_add_loop_test(tcase, input_may_be_output, 0, FAMILY_KWP + 1);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
