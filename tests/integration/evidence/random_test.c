/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/evidence/evidence.h"
#include "integration/evidence/random.h"

enum { ROUNDS = 6, PARTS_MAX = 300, LIST_MAX = 512, BATCHES = 12 };

static struct octets made;
static struct octets back;

static const struct {
    CK_MECHANISM_TYPE type;
    random_check_fn check;
} checks[] = {
#define RANDOM(mechanism, check) {mechanism, cross_##check},
#include "integration/evidence/random.def"
#undef RANDOM
};

size_t random_below(size_t below)
{
    uint32_t number;

    random_octets(&number, sizeof(number));
    return number % below;
}

struct cfr_span random_span(size_t len)
{
    static struct octets spans[8];
    static unsigned next;
    struct octets *span = &spans[next++ % COUNT(spans)];

    ck_assert_uint_le(len, sizeof(span->at));
    random_octets(span->at, len);
    return cfr_span_of(span->at, len);
}

/* --- Encryption, signatures, MACs, digests --- */

/* A length between the least and the greatest that the subject takes. */
static size_t any_length(const struct subject *subject)
{
    size_t lengths[SUBJECT_LENGTHS_MAX];
    size_t count = subject_lengths(subject, lengths);
    size_t least = lengths[0];
    size_t most = lengths[0];
    size_t unit = subject->row->family == FAMILY_KW                                          ? 8
                  : subject->row->family == FAMILY_ECB || subject->row->family == FAMILY_CBC ? 16
                                                                                             : 1;

    for (size_t i = 1; i < count; i++) {
        least = lengths[i] < least ? lengths[i] : least;
        most = lengths[i] > most ? lengths[i] : most;
    }
    return least + random_below((most - least) / unit + 1) * unit;
}

static struct cfr_span any_data(const struct subject *subject, size_t len)
{
    static struct octets data;

    random_octets(data.at, len);
    if (subject->row->family == FAMILY_RSA_RAW) {
        data.at[0] = 0x7f; /* below the modulus, and no zero in front that would not come back */
    }
    return cfr_span_of(data.at, len);
}

static size_t any_chunk(size_t len)
{
    return len / PARTS_MAX + 1 + random_below(200);
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

static void compare_crypt(struct subject *subject, struct cfr_span data)
{
    struct operation encrypt = subject_op(subject, CKF_ENCRYPT, data.len);
    struct operation decrypt = subject_op(subject, CKF_DECRYPT, data.len);
    size_t chunk = any_chunk(data.len);

    OK(run_once(&encrypt, data, &made));
    reference_decrypt(subject, octets_view(&made), &back);
    expect_octets(octets_view(&back), returned(subject, data), "%s: libcrypto decrypts", subject->name);
    reference_encrypt(subject, data, &made);
    OK(run_once(&decrypt, octets_view(&made), &back));
    expect_octets(octets_view(&back), returned(subject, data), "%s: C_Decrypt", subject->name);
    if (subject->row->in_parts) {
        OK(run_parts(&decrypt, octets_view(&made), chunk, &back));
        expect_octets(octets_view(&back), data, "%s: C_Decrypt in parts of %zu", subject->name, chunk);
        OK(run_parts(&encrypt, data, chunk, &made));
        reference_decrypt(subject, octets_view(&made), &back);
        expect_octets(octets_view(&back), data, "%s: C_Encrypt in parts of %zu", subject->name, chunk);
    }
}

static void compare_signature(struct subject *subject, struct cfr_span data)
{
    struct operation sign = subject_op(subject, CKF_SIGN, data.len);
    struct operation verify = subject_op(subject, CKF_VERIFY, data.len);
    size_t chunk = any_chunk(data.len);

    OK(run_once(&sign, data, &made));
    ck_assert_msg(reference_verify(subject, data, octets_view(&made)), "%s: libcrypto verifies",
                  subject->name);
    if (subject->row->in_parts) {
        OK(run_parts(&sign, data, chunk, &made));
        ck_assert_msg(reference_verify(subject, data, octets_view(&made)), "%s: C_Sign in parts of %zu",
                      subject->name, chunk);
        OK(run_verify_parts(&verify, data, chunk, octets_view(&made)));
    }
    reference_sign(subject, data, &made);
    OK(run_verify(&verify, data, octets_view(&made)));
}

static void compare_digest(struct subject *subject, struct cfr_span data)
{
    struct operation digest = subject_op(subject, CKF_DIGEST, data.len);
    uint8_t md[64];
    struct cfr_span wanted = hash_digest(subject->row->hash, data, md);

    OK(run_once(&digest, data, &made));
    expect_octets(octets_view(&made), wanted, "%s of %zu", subject->name, data.len);
    OK(run_parts(&digest, data, any_chunk(data.len), &made));
    expect_octets(octets_view(&made), wanted, "%s of %zu in parts", subject->name, data.len);
}

static void compare(struct subject *subject)
{
    CK_FLAGS functions = subject->row->functions;
    struct cfr_span data = any_data(subject, any_length(subject));

    if ((functions & CKF_ENCRYPT) != 0) {
        compare_crypt(subject, data);
    }
    if ((functions & CKF_SIGN) != 0) {
        compare_signature(subject, data);
    }
    if ((functions & CKF_DIGEST) != 0) {
        compare_digest(subject, data);
    }
}

void cross_operation(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    static struct subject subject;
    const struct mechanism_row *row = mechanism_find(type);

    subject_make(&subject, session, row, random_below(subject_count(row)));
    compare(&subject);
    subject_drop(&subject);
}

/* --- Secret keys --- */

CK_OBJECT_HANDLE random_key(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, struct bag *bag,
                            struct octets *ret_value)
{
    CK_MECHANISM mechanism = MECHANISM(type);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    bag_bool(bag, CKA_SENSITIVE, false);
    bag_bool(bag, CKA_EXTRACTABLE, true);
    OK(p11->C_GenerateKey(session, &mechanism, BAG(bag), &key));
    read_octets(session, key, CKA_VALUE, ret_value);
    return key;
}

/* What takes keys of a type. */
static const struct mechanism_row *user_of(CK_KEY_TYPE key_type)
{
    switch (key_type) {
    case CKK_AES:
        return mechanism_find(CKM_AES_CBC_PAD);
    case CKK_AES_XTS:
        return mechanism_find(CKM_AES_XTS);
    case CKK_CHACHA20:
        return mechanism_find(CKM_CHACHA20_POLY1305);
    default:
        break;
    }
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (hashes[i].key_type == key_type) {
            return mechanism_find(hashes[i].hmac);
        }
    }
    return mechanism_find(CKM_SHA256_HMAC);
}

static size_t any_key_length(const struct mechanism_row *row)
{
    switch (row->key_type) {
    case CKK_AES:
        return 16 + 8 * random_below(3);
    case CKK_AES_XTS:
        return 32 + 32 * random_below(2);
    case CKK_CHACHA20:
        return 32;
    default:
        return 1 + random_below(200);
    }
}

/* The key that was made does what libcrypto does with its value. */
void cross_secret_key(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    static struct subject subject;
    static struct bag bag;
    static struct octets value;
    const struct mechanism_row *row = mechanism_find(type);
    size_t len = any_key_length(row);

    bag_clear(&bag);
    bag_ulong(&bag, CKA_VALUE_LEN, len);
    subject_make(&subject, session, user_of(row->key_type), 0);
    OK(p11->C_DestroyObject(session, subject.public));
    subject.public = random_key(session, type, &bag, &value);
    subject.private = subject.public;
    ck_assert_uint_eq(value.len, len);
    ck_assert_uint_le(len, sizeof(subject.secret));
    cfr_copy(subject.secret, value.at, len);
    subject.secret_len = len;
    compare(&subject);
    subject_drop(&subject);
}

/* --- All of them --- */

static random_check_fn check_of(CK_MECHANISM_TYPE type)
{
    const struct mechanism_row *row = mechanism_find(type);

    for (size_t i = 0; i < COUNT(checks); i++) {
        if (checks[i].type == type) {
            return checks[i].check;
        }
    }
    ck_assert_msg(row != NULL, "nothing compares mechanism 0x%lx with libcrypto: random.def", type);
    if (row->family == FAMILY_SECRET_KEYGEN) {
        return cross_secret_key;
    }
    ck_assert_msg(subject_count(row) != 0, "nothing compares %s with libcrypto: random.def", row->name);
    return cross_operation;
}

static void compare_type(CK_MECHANISM_TYPE type)
{
    random_check_fn check = check_of(type);

    for (int round = 0; round < ROUNDS; round++) {
        CK_SESSION_HANDLE session = case_begin();

        check(session, type);
        case_end(session, EVIDENCE_RANDOM, 0);
    }
}

START_TEST(agrees_with_libcrypto)
{
    static CK_MECHANISM_TYPE list[LIST_MAX];
    CK_ULONG count = COUNT(list);

    OK(p11->C_GetMechanismList(slot_of(evidence_session), list, &count));
    for (CK_ULONG i = (CK_ULONG)_i; i < count; i += BATCHES) {
        compare_type(list[i]);
    }
}
END_TEST

START_TEST(legacy_agrees_with_libcrypto)
{
    static CK_MECHANISM_TYPE list[LIST_MAX];
    CK_ULONG count = COUNT(list);

    OK(p11->C_GetMechanismList(slot_of(evidence_session), list, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        if (is_legacy(list[i])) {
            compare_type(list[i]);
        }
    }
}
END_TEST

TCase *random_tcase(void)
{
    TCase *tcase = tcase_create("random");

    tcase_add_checked_fixture(tcase, evidence_setup, evidence_teardown);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, agrees_with_libcrypto, 0, BATCHES);
    return tcase;
}

TCase *random_legacy_tcase(void)
{
    TCase *tcase = tcase_create("random, legacy");

    tcase_add_checked_fixture(tcase, evidence_setup_legacy, evidence_teardown);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, legacy_agrees_with_libcrypto);
    return tcase;
}
