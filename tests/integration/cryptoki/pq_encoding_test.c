/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodings of post-quantum keys, put together by hand: CKA_PUBLIC_KEY_INFO, and what is wrapped and unwrapped (RFC 9881, 9935,
 * 9909). Without the algorithms nothing is run; pq_test.c says so.
 */
#include "integration/cryptoki/operations.h"
#include "integration/cryptoki/pq_keys.h"
#include "support/main.h"

static CK_SESSION_HANDLE session;
static bool is_there;
static struct octets value;
static struct octets other;
static struct octets signature;
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

/* Put a header in front of what is there. */
static void der_wrap(struct octets *text, uint8_t tag)
{
    uint8_t header[4] = {tag, 0x82, (uint8_t)(text->len >> 8), (uint8_t)text->len};
    size_t len = 4;

    if (text->len < 128) {
        header[1] = (uint8_t)text->len;
        len = 2;
    } else if (text->len < 256) {
        header[1] = 0x81;
        header[2] = (uint8_t)text->len;
        len = 3;
    }
    memmove(text->at + len, text->at, text->len);
    memcpy(text->at, header, len);
    text->len += len;
}

static void put_in_front(struct octets *text, const void *octets, size_t len)
{
    memmove(text->at + len, text->at, text->len);
    memcpy(text->at, octets, len);
    text->len += len;
}

/* AlgorithmIdentifier without parameters. */
static void put_algorithm(struct octets *text, const struct pq_kind *kind)
{
    uint8_t algorithm[] = {0x30, 0x0b, 0x06, 0x09, 0x60,          0x86,         0x48,
                           0x01, 0x65, 0x03, 0x04, kind->arcs[0], kind->arcs[1]};

    put_in_front(text, algorithm, sizeof(algorithm));
}

START_TEST(public_key_info_is_the_encoding)
{
    const struct pq_kind *kind = &pq_kinds[_i];
    struct key_pair pair;

    if (!is_there) {
        return;
    }
    pair = pq_make_pair(session, kind);
    read_octets(session, pair.public, CKA_VALUE, &value);
    ck_assert_uint_eq(value.len, kind->public_len);
    put_in_front(&value, "", 1);
    der_wrap(&value, 0x03);
    put_algorithm(&value, kind);
    der_wrap(&value, 0x30);
    read_octets(session, pair.public, CKA_PUBLIC_KEY_INFO, &other);
    expect_octets(octets_view(&other), octets_view(&value), "of the public key");
    read_octets(session, pair.private, CKA_PUBLIC_KEY_INFO, &other);
    expect_octets(octets_view(&other), octets_view(&value), "of the private key");
}
END_TEST

enum form { FORM_SEED, FORM_EXPANDED, FORM_BOTH, FORM_COUNT };

/* What privateKey holds, from what can be read of the key. */
static void put_private(struct octets *text, CK_OBJECT_HANDLE key, const struct pq_kind *kind, enum form form)
{
    text->len = 0;
    if (kind->seed_len == 0 || form != FORM_SEED) {
        read_octets(session, key, CKA_VALUE, text);
    }
    if (kind->seed_len == 0) {
        return;
    }
    if (form != FORM_SEED) {
        der_wrap(text, 0x04);
    }
    if (form != FORM_EXPANDED) {
        static struct octets seed;

        read_octets(session, key, CKA_SEED, &seed);
        der_wrap(&seed, form == FORM_SEED ? 0x80 : 0x04);
        put_in_front(text, seed.at, seed.len);
    }
    if (form == FORM_BOTH) {
        der_wrap(text, 0x30);
    }
}

static void put_private_info(struct octets *text, const struct pq_kind *kind)
{
    der_wrap(text, 0x04);
    put_algorithm(text, kind);
    put_in_front(text, "\x02\x01\x00", 3);
    der_wrap(text, 0x30);
}

static CK_BYTE iv[16];
static const CK_MECHANISM wrapping = {CKM_AES_CBC_PAD, iv, sizeof(iv)};

static CK_RV try_unwrap(CK_OBJECT_HANDLE aes, const struct octets *text, CK_OBJECT_HANDLE *ret_key)
{
    struct operation encrypt = {session, CKF_ENCRYPT, wrapping, aes};
    static struct octets wrapped;
    CK_MECHANISM mechanism = wrapping;

    OK(run_once(&encrypt, octets_view(text), &wrapped));
    return p11->C_UnwrapKey(session, &mechanism, aes, wrapped.at, wrapped.len, BAG(&private_bag), ret_key);
}

static void begin_unwrapping(const struct pq_kind *kind)
{
    bag_clear(&private_bag);
    bag_ulong(&private_bag, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(&private_bag, CKA_KEY_TYPE, kind->type);
    bag_bool(&private_bag, CKA_SENSITIVE, false);
}

START_TEST(every_form_is_unwrapped)
{
    const struct pq_kind *kind = &pq_kinds[_i / FORM_COUNT];
    enum form form = (enum form)(_i % FORM_COUNT);
    CK_OBJECT_HANDLE aes = secret_make(session, CKK_AES, "0123456789abcdef", 16);
    static struct octets text;
    CK_OBJECT_HANDLE key;
    struct key_pair pair;

    if (!is_there) {
        return;
    }
    pair = pq_make_pair(session, kind);
    put_private(&text, pair.private, kind, form);
    put_private_info(&text, kind);
    begin_unwrapping(kind);
    OK(try_unwrap(aes, &text, &key));
    pq_expect_same(session, pair.private, key, CKA_VALUE);
    pq_expect_same(session, pair.private, key, CKA_PUBLIC_KEY_INFO);
    pq_expect_same(session, pair.private, key, CKA_PARAMETER_SET);
    if (kind->seed_len != 0 && form != FORM_EXPANDED) {
        pq_expect_same(session, pair.private, key, CKA_SEED);
    } else {
        EXPECT(CKR_ATTRIBUTE_TYPE_INVALID, try_read(session, key, CKA_SEED, &value));
    }
    bag_ulong(&private_bag, CKA_PARAMETER_SET, kind->set);
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_unwrap(aes, &text, &key));
    begin_unwrapping(kind);
    bag_ulong(&private_bag, CKA_KEY_TYPE, CKK_EC);
    EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(aes, &text, &key));
}
END_TEST

/* With the seed where it is known, and without. */
START_TEST(wrapping_writes_all_that_is_known)
{
    const struct pq_kind *kind = &pq_kinds[_i / 2];
    bool has_seed = _i % 2 == 0 && kind->seed_len != 0;
    CK_OBJECT_HANDLE aes = secret_make(session, CKK_AES, "0123456789abcdef", 16);
    struct operation decrypt = {session, CKF_DECRYPT, wrapping, aes};
    CK_MECHANISM mechanism = wrapping;
    static struct octets text;
    CK_OBJECT_HANDLE key;
    struct key_pair pair;

    if (!is_there) {
        return;
    }
    pair = pq_make_pair(session, kind);
    key = pair.private;
    if (!has_seed) {
        read_octets(session, key, CKA_VALUE, &value);
        pq_begin_private(&private_bag, kind, kind->set);
        bag_octets(&private_bag, CKA_VALUE, value.at, value.len);
        key = object_make(session, &private_bag);
    }
    signature.len = sizeof(signature.at);
    OK(p11->C_WrapKey(session, &mechanism, aes, key, signature.at, &signature.len));
    OK(run_once(&decrypt, octets_view(&signature), &other));
    put_private(&text, key, kind, has_seed ? FORM_BOTH : FORM_EXPANDED);
    put_private_info(&text, kind);
    expect_octets(octets_view(&other), octets_view(&text), "PrivateKeyInfo");
}
END_TEST

/* Whatever is wrong with it, one answer, and no key. */
START_TEST(spoilt_forms_are_refused)
{
    const struct pq_kind *kind = &pq_kinds[_i];
    CK_OBJECT_HANDLE aes = secret_make(session, CKK_AES, "0123456789abcdef", 16);
    CK_OBJECT_HANDLE key = 77;
    static struct octets text;
    struct key_pair pair;
    size_t before;

    if (!is_there) {
        return;
    }
    pair = pq_make_pair(session, kind);
    begin_unwrapping(kind);
    before = objects_seen(session);
    for (size_t len = 0; len <= 160; len++) {
        text.len = len;
        memcpy(text.at, pattern(len).ptr, len);
        if (kind->seed_len != 0) {
            der_wrap(&text, 0x80);
        }
        put_private_info(&text, kind);
        if (len != kind->seed_len && len != kind->private_len) {
            EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(aes, &text, &key));
        }
    }
    if (kind->seed_len != 0) {
        put_private(&text, pair.private, kind, FORM_BOTH);
        text.at[12] ^= 1; /* of the seed */
        put_private_info(&text, kind);
        EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(aes, &text, &key));
    }
    put_private(&text, pair.private, kind, FORM_EXPANDED);
    text.len--;
    put_private_info(&text, kind);
    EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(aes, &text, &key));
    ck_assert_uint_eq(key, 77);
    ck_assert_uint_eq(objects_seen(session), before);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pq_encoding");
    TCase *tcase = tcase_create("pq_encoding");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, public_key_info_is_the_encoding, 0, (int)PQ_KINDS);
    tcase_add_loop_test(tcase, every_form_is_unwrapped, 0, (int)PQ_KINDS * FORM_COUNT);
    tcase_add_loop_test(tcase, wrapping_writes_all_that_is_known, 0, (int)PQ_KINDS * 2);
    tcase_add_loop_test(tcase, spoilt_forms_are_refused, 0, (int)PQ_KINDS);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
