/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code of each refusal, for every mechanism and function: what is not claimed, keys that do not fit,
 * parameters of a wrong size, and the life of an operation up to its end by an error.
 */
#include "integration/cryptoki/subject.h"
#include "support/main.h"

static const CK_FLAGS functions[] = {CKF_ENCRYPT, CKF_DECRYPT, CKF_DIGEST, CKF_SIGN, CKF_VERIFY};

static CK_SESSION_HANDLE session;
static struct octets out;

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

/* Run a check with the first subject of each mechanism of a family, and each function that it claims. */
static void each_function(enum family family, void (*check)(struct subject *subject, CK_FLAGS function))
{
    static struct subject subject;

    for (size_t i = 0; i < MECHANISM_COUNT; i++) {
        const struct mechanism_row *row = mechanism_row(i);

        if (row->family != family || subject_count(row) == 0) {
            continue;
        }
        subject_make(&subject, session, row, 0);
        for (size_t at = 0; at < COUNT(functions); at++) {
            if ((row->functions & functions[at]) != 0) {
                check(&subject, functions[at]);
            }
        }
        subject_drop(&subject);
    }
}

/* Data that the subject's function takes: plain, coded or to be verified. */
static struct cfr_span good_input(struct subject *subject, CK_FLAGS function)
{
    static struct octets coded;
    size_t lengths[SUBJECT_LENGTHS_MAX];
    size_t count = subject_lengths(subject, lengths);
    struct cfr_span data = subject_data(subject, lengths[count / 2]);

    if (function != CKF_DECRYPT) {
        return data;
    }
    (void)subject_op(subject, function, data.len);
    reference_encrypt(subject, data, &coded);
    return octets_view(&coded);
}

static struct operation good_op(struct subject *subject, CK_FLAGS function)
{
    size_t lengths[SUBJECT_LENGTHS_MAX];
    size_t count = subject_lengths(subject, lengths);

    return subject_op(subject, function, lengths[count / 2]);
}

/* The active operation still gives a result: the call before did it no harm. */
static void expect_goes_on(struct subject *subject, const struct operation *op)
{
    struct cfr_span in = good_input(subject, op->function);

    if (op->function == CKF_VERIFY) {
        reference_sign(subject, in, &out);
        OK(op_verify(op, in, octets_view(&out)));
        return;
    }
    out.len = sizeof(out.at);
    OK(op_once(op, in, out.at, &out.len));
}

/* --- Life --- */

static void check_life(struct subject *subject, CK_FLAGS function)
{
    struct operation op = good_op(subject, function);
    struct operation other = op;

    expect_idle(&op, "nothing");
    OK(op_init(&op));
    EXPECT(CKR_OPERATION_ACTIVE, op_init(&op));
    other.mechanism = MECHANISM(CKM_VENDOR_DEFINED);
    EXPECT(CKR_OPERATION_ACTIVE, op_init(&other));
    expect_goes_on(subject, &op);
    expect_idle(&op, "the result");
    OK(op_init(&op));
    OK(op_cancel(&op));
    expect_idle(&op, "cancelling");
    OK(op_init(&op));
    expect_goes_on(subject, &op);
    OK(op_init(&op));
    OK(p11->C_SessionCancel(session, function));
    expect_idle(&op, "C_SessionCancel");
}

START_TEST(operations_begin_and_end)
{
    each_function((enum family)_i, check_life);
}
END_TEST

/* --- Errors end it --- */

static CK_RV once_with(const struct operation *op, struct cfr_span in, CK_ULONG_PTR len)
{
    return op->function == CKF_VERIFY ? op_verify(op, in, pattern(64)) : op_once(op, in, out.at, len);
}

static void check_bad_arguments(struct subject *subject, CK_FLAGS function)
{
    struct operation op = good_op(subject, function);
    CK_ULONG len = sizeof(out.at);

    OK(op_init(&op));
    EXPECT(CKR_ARGUMENTS_BAD, once_with(&op, cfr_span_of(NULL, 16), &len));
    expect_idle(&op, "data at NULL");
    if (function == CKF_VERIFY) {
        OK(op_init(&op));
        EXPECT(CKR_ARGUMENTS_BAD, op_verify(&op, good_input(subject, function), cfr_span_of(NULL, 64)));
        expect_idle(&op, "a signature at NULL");
        return;
    }
    OK(op_init(&op));
    EXPECT(CKR_ARGUMENTS_BAD, op_once(&op, good_input(subject, function), out.at, NULL));
    expect_idle(&op, "no length");
    if (subject->row->in_parts) {
        OK(op_init(&op));
        EXPECT(CKR_ARGUMENTS_BAD, op_final(&op, out.at, NULL));
        expect_idle(&op, "no length at the end");
    }
}

/* A part at NULL ends it, and so does the whole message after a part. */
static void check_bad_parts(struct subject *subject, CK_FLAGS function)
{
    struct operation op = good_op(subject, function);
    CK_ULONG len = sizeof(out.at);

    if (!subject->row->in_parts) {
        return;
    }
    OK(op_init(&op));
    EXPECT(CKR_ARGUMENTS_BAD, op_update(&op, cfr_span_of(NULL, 16), out.at, &len));
    expect_idle(&op, "a part at NULL");
    OK(op_init(&op));
    len = sizeof(out.at);
    OK(op_update(&op, pattern(16), out.at, &len));
    len = sizeof(out.at);
    EXPECT(CKR_OPERATION_ACTIVE, once_with(&op, good_input(subject, function), &len));
    expect_idle(&op, "the whole after a part");
}

static void check_errors_end(struct subject *subject, CK_FLAGS function)
{
    check_bad_arguments(subject, function);
    check_bad_parts(subject, function);
}

START_TEST(errors_end_operations)
{
    each_function((enum family)_i, check_errors_end);
}
END_TEST

/* --- Nothing at all is data too --- */

static void check_nothing(struct subject *subject, CK_FLAGS function)
{
    size_t lengths[SUBJECT_LENGTHS_MAX];
    bool takes_nothing = subject_lengths(subject, lengths) > 0 && lengths[0] == 0;
    struct operation op = subject_op(subject, function, 0);
    struct cfr_span nothing = cfr_span_of(NULL, 0);
    CK_ULONG len = sizeof(out.at);

    if (!takes_nothing || function == CKF_DECRYPT) {
        return;
    }
    if (function == CKF_VERIFY) {
        reference_sign(subject, nothing, &out);
        OK(run_verify(&op, nothing, octets_view(&out)));
        return;
    }
    OK(run_once(&op, nothing, &out));
    if (subject->row->in_parts) {
        OK(op_init(&op));
        OK(op_update(&op, nothing, out.at, &len));
        ck_assert_uint_eq(len, 0);
        len = sizeof(out.at);
        OK(op_final(&op, out.at, &len));
    }
}

/* Parts of no octets anywhere change nothing. */
static void check_empty_parts(struct subject *subject, CK_FLAGS function)
{
    struct operation op = subject_op(subject, function, 32);
    static struct octets whole;
    CK_ULONG len;

    if (!subject->row->in_parts || function == CKF_DECRYPT || function == CKF_VERIFY ||
        subject_is_random(subject)) {
        return;
    }
    OK(run_once(&op, pattern(32), &whole));
    OK(op_init(&op));
    out.len = 0;
    for (size_t at = 0; at <= 32; at += 16) {
        len = sizeof(out.at) - out.len;
        OK(op_update(&op, cfr_span_of(NULL, 0), out.at + out.len, &len));
        ck_assert_uint_eq(len, 0);
        len = sizeof(out.at) - out.len;
        OK(op_update(&op, cfr_span_of(pattern(32).ptr + at % 32, at < 32 ? 16 : 0), out.at + out.len, &len));
        out.len += len;
    }
    len = sizeof(out.at) - out.len;
    OK(op_final(&op, out.at + out.len, &len));
    out.len += len;
    expect_octets(octets_view(&out), octets_view(&whole), "%s with empty parts", subject->name);
}

START_TEST(no_octets_at_null_are_data)
{
    each_function((enum family)_i, check_nothing);
    each_function((enum family)_i, check_empty_parts);
}
END_TEST

/* --- Keys --- */

static void check_handles(struct subject *subject, CK_FLAGS function)
{
    struct operation op = good_op(subject, function);
    CK_OBJECT_HANDLE data;
    const CK_OBJECT_HANDLE handles[] = {CK_INVALID_HANDLE, 999999, ~(CK_OBJECT_HANDLE)0,
                                        data = data_make(session, "no key", false, false)};

    if (function == CKF_DIGEST) {
        return;
    }
    for (size_t i = 0; i < COUNT(handles); i++) {
        op.key = handles[i];
        EXPECT(CKR_KEY_HANDLE_INVALID, op_init(&op));
        expect_idle(&op, "an Init that failed");
    }
    OK(p11->C_DestroyObject(session, data));
}

START_TEST(key_handle_invalid)
{
    each_function((enum family)_i, check_handles);
}
END_TEST

static CK_ATTRIBUTE_TYPE usage_of(CK_FLAGS function)
{
    switch (function) {
    case CKF_ENCRYPT:
        return CKA_ENCRYPT;
    case CKF_DECRYPT:
        return CKA_DECRYPT;
    case CKF_SIGN:
        return CKA_SIGN;
    default:
        return CKA_VERIFY;
    }
}

/* Also when the same key and mechanism have just been used: nothing kept of that may outlive the right. */
static void check_usage(struct subject *subject, CK_FLAGS function)
{
    struct operation op = good_op(subject, function);

    if (function == CKF_DIGEST) {
        return;
    }
    OK(op_init(&op));
    expect_goes_on(subject, &op);
    OK(try_set_bool(session, op.key, usage_of(function), false));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, op_init(&op));
    expect_idle(&op, "an Init that failed");
    OK(try_set_bool(session, op.key, usage_of(function), true));
    OK(op_init(&op));
    expect_goes_on(subject, &op);
}

START_TEST(key_function_not_permitted)
{
    each_function((enum family)_i, check_usage);
}
END_TEST

/* One key of each kind, with every use that its kind has. */
struct kind {
    CK_KEY_TYPE type;
    CK_OBJECT_CLASS class;
    CK_OBJECT_HANDLE key;
};

static struct kind zoo[16];
static size_t zoo_count;

static void keep(CK_KEY_TYPE type, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE key)
{
    ck_assert_uint_lt(zoo_count, COUNT(zoo));
    zoo[zoo_count++] = (struct kind){type, class, key};
}

static void fill_zoo(void)
{
    static const CK_KEY_TYPE secrets[] = {CKK_AES,        CKK_AES_XTS,       CKK_GENERIC_SECRET,
                                          CKK_SHA_1_HMAC, CKK_SHA3_512_HMAC, CKK_CHACHA20};
    static const CK_KEY_TYPE types[] = {CKK_RSA, CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY};
    EVP_PKEY *pkeys[] = {pkey_rsa("rsa2048_1"), pkey_new("P-256"), pkey_new("ED25519"), pkey_new("X25519")};
    uint8_t value[32];

    random_octets(value, sizeof(value));
    for (size_t i = 0; i < COUNT(secrets); i++) {
        keep(secrets[i], CKO_SECRET_KEY, secret_make(session, secrets[i], value, sizeof(value)));
    }
    for (size_t i = 0; i < COUNT(types); i++) {
        keep(types[i], CKO_PUBLIC_KEY, public_make(session, pkeys[i]));
        keep(types[i], CKO_PRIVATE_KEY, private_make(session, pkeys[i]));
        EVP_PKEY_free(pkeys[i]);
    }
}

static bool fits(const struct mechanism_row *row, CK_FLAGS function, const struct kind *kind)
{
    bool wants_public = (function & (CKF_ENCRYPT | CKF_VERIFY)) != 0;

    if (kind->class == CKO_SECRET_KEY) {
        return kind->type == row->key_type ||
               (row->family == FAMILY_HMAC && kind->type == CKK_GENERIC_SECRET);
    }
    return kind->type == row->key_type && wants_public == (kind->class == CKO_PUBLIC_KEY);
}

static void check_types(struct subject *subject, CK_FLAGS function)
{
    struct operation op = good_op(subject, function);

    for (size_t i = 0; i < zoo_count && function != CKF_DIGEST; i++) {
        CK_RV rv;

        op.key = zoo[i].key;
        rv = op_init(&op);
        ck_assert_msg(rv == (fits(subject->row, function, &zoo[i]) ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT),
                      "%s: %sInit with a key of class %lu, type 0x%lx: %s", subject->name, op_name(function),
                      zoo[i].class, zoo[i].type, rv_text(rv));
        if (rv == CKR_OK) {
            OK(op_cancel(&op));
        }
    }
}

START_TEST(key_type_inconsistent)
{
    fill_zoo();
    each_function((enum family)_i, check_types);
}
END_TEST

/* A size that no mechanism takes does not even come in; what comes in can be used. */
START_TEST(no_key_outside_the_range)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)768);
    static struct bag bag;
    CK_OBJECT_HANDLE key;

    bag_public_key(&bag, pkey);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object(session, &bag, &key));
    bag_clear(&bag);
    bag_private_key(&bag, pkey);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object(session, &bag, &key));
    EVP_PKEY_free(pkey);
}
END_TEST

/* --- Parameters of another size --- */

static void refuse(struct operation op, const void *param, CK_ULONG len)
{
    op.mechanism.pParameter = UNCONST(param);
    op.mechanism.ulParameterLen = len;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&op));
    expect_idle(&op, "an Init that failed");
}

static void check_params(struct subject *subject, CK_FLAGS function)
{
    static CK_BYTE room[256];
    struct operation op = good_op(subject, function);
    CK_ULONG len = op.mechanism.ulParameterLen;

    if (len == 0) {
        refuse(op, room, 1);
        refuse(op, NULL, 1);
        return;
    }
    memcpy(room, op.mechanism.pParameter, len);
    refuse(op, NULL, 0);
    refuse(op, NULL, len);
    refuse(op, room, len - 1);
    refuse(op, room, len + 1);
    refuse(op, room, 0);
}

START_TEST(mechanism_param_invalid)
{
    each_function((enum family)_i, check_params);
}
END_TEST

/* --- Functions that a mechanism does not claim --- */

static void expect_invalid(const struct mechanism_row *row, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = MECHANISM(row->type);
    CK_OBJECT_HANDLE made[2];
    CK_ULONG len = sizeof(out.at);

    for (size_t i = 0; i < COUNT(functions); i++) {
        struct operation op = {session, functions[i], mechanism, key};

        if ((row->functions & functions[i]) == 0) {
            EXPECT(CKR_MECHANISM_INVALID, op_init(&op));
            expect_idle(&op, "an Init that failed");
        }
    }
    if ((row->functions & CKF_WRAP) == 0) {
        EXPECT(CKR_MECHANISM_INVALID, p11->C_WrapKey(session, &mechanism, key, key, out.at, &len));
        EXPECT(CKR_MECHANISM_INVALID,
               p11->C_UnwrapKey(session, &mechanism, key, out.at, 32, NULL, 0, &made[0]));
    }
    if ((row->functions & CKF_DERIVE) == 0) {
        EXPECT(CKR_MECHANISM_INVALID, p11->C_DeriveKey(session, &mechanism, key, NULL, 0, &made[0]));
    }
    if ((row->functions & CKF_GENERATE) == 0) {
        EXPECT(CKR_MECHANISM_INVALID, p11->C_GenerateKey(session, &mechanism, NULL, 0, &made[0]));
    }
    if ((row->functions & CKF_GENERATE_KEY_PAIR) == 0) {
        EXPECT(CKR_MECHANISM_INVALID,
               p11->C_GenerateKeyPair(session, &mechanism, NULL, 0, NULL, 0, &made[0], &made[1]));
    }
}

START_TEST(mechanism_invalid)
{
    static const struct mechanism_row unknown = {.type = CKM_DES3_CBC, .name = "CKM_DES3_CBC"};
    static const struct mechanism_row vendor = {.type = CKM_VENDOR_DEFINED | 77, .name = "a vendor's"};
    uint8_t value[32] = {1};
    CK_OBJECT_HANDLE key = secret_make(session, CKK_AES, value, sizeof(value));

    for (size_t i = 0; i < MECHANISM_COUNT; i++) {
        expect_invalid(mechanism_row(i), key);
    }
    expect_invalid(&unknown, key);
    expect_invalid(&vendor, key);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("op_codes");
    TCase *tcase = tcase_create("codes");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, operations_begin_and_end, 0, FAMILY_KWP + 1);
    tcase_add_loop_test(tcase, errors_end_operations, 0, FAMILY_KWP + 1);
    tcase_add_loop_test(tcase, no_octets_at_null_are_data, 0, FAMILY_KWP + 1);
    tcase_add_loop_test(tcase, key_handle_invalid, 0, FAMILY_KWP + 1);
    tcase_add_loop_test(tcase, key_function_not_permitted, 0, FAMILY_KWP + 1);
    tcase_add_loop_test(tcase, key_type_inconsistent, 0, FAMILY_KWP + 1);
    tcase_add_test(tcase, no_key_outside_the_range);
    tcase_add_loop_test(tcase, mechanism_param_invalid, 0, FAMILY_KWP + 1);
    tcase_add_test(tcase, mechanism_invalid);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
