/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each mechanism that wraps, with keys of each kind. What comes out is taken apart by libcrypto, and what
 * libcrypto made is unwrapped.
 */
#include "integration/cryptoki/subject.h"
#include "support/main.h"

#include <openssl/x509.h>

static CK_SESSION_HANDLE session;
static struct octets wrapped;
static struct octets plain;
static struct octets value;

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

/* CCM's length of the data is to be ignored when a key is wrapped. */
static CK_MECHANISM wrap_mechanism(struct subject *subject)
{
    return subject_op(subject, CKF_ENCRYPT, 12345).mechanism;
}

/* By the rules for output. */
static void wrap(struct subject *subject, CK_OBJECT_HANDLE target)
{
    CK_MECHANISM mechanism = wrap_mechanism(subject);
    CK_ULONG need = 0;

    OK(p11->C_WrapKey(session, &mechanism, subject->public, target, NULL, &need));
    ck_assert_uint_le(need, sizeof(wrapped.at));
    wrapped.len = need - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL,
           p11->C_WrapKey(session, &mechanism, subject->public, target, wrapped.at, &wrapped.len));
    ck_assert_uint_eq(wrapped.len, need);
    OK(p11->C_WrapKey(session, &mechanism, subject->public, target, wrapped.at, &wrapped.len));
    ck_assert_uint_eq(wrapped.len, need);
}

static CK_RV try_unwrap(struct subject *subject, struct cfr_span text, const struct bag *template,
                        CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = wrap_mechanism(subject);

    return p11->C_UnwrapKey(session, &mechanism, subject->private, UNCONST(text.ptr), text.len,
                            (CK_ATTRIBUTE_PTR)(uintptr_t) template->attrs, template->count, ret_key);
}

/* A template for a key that can be read. */
static void begin_template(struct bag *template, CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
    bag_clear(template);
    bag_ulong(template, CKA_CLASS, class);
    bag_ulong(template, CKA_KEY_TYPE, type);
    bag_bool(template, CKA_SENSITIVE, false);
    bag_bool(template, CKA_EXTRACTABLE, true);
}

/* Octets that the mechanism's input must divide by, with zeros behind a key that does not. */
static size_t unit_of(const struct subject *subject)
{
    switch ((int)subject->row->family) {
    case FAMILY_ECB:
    case FAMILY_CBC:
        return 16;
    case FAMILY_KW:
        return 8;
    default:
        return 1;
    }
}

/* The value with the zeros that the mechanism puts to it. */
static struct cfr_span filled(const struct subject *subject, struct cfr_span key)
{
    static struct octets full;
    size_t unit = unit_of(subject);
    size_t len = (key.len + unit - 1) / unit * unit;
    size_t front = 0;

    if (subject_pads_in_front(subject)) {
        len = (size_t)EVP_PKEY_get_size(subject->pkey);
        front = len - key.len;
    }
    memset(full.at, 0, len);
    cfr_copy(full.at + front, key.ptr, key.len);
    full.len = len;
    return octets_view(&full);
}

/* --- Secret keys --- */

static const struct {
    CK_KEY_TYPE type;
    size_t len;
} secrets[] = {
    {CKK_AES, 16},
    {CKK_AES, 24},
    {CKK_AES, 32},
    {CKK_AES_XTS, 64},
    {CKK_GENERIC_SECRET, 1},
    {CKK_GENERIC_SECRET, 9},
    {CKK_GENERIC_SECRET, 33},
    {CKK_SHA512_HMAC, 77},
};

static void expect_unwrapped(CK_OBJECT_HANDLE key, struct cfr_span wanted, const char *what)
{
    read_octets(session, key, CKA_VALUE, &value);
    expect_octets(octets_view(&value), wanted, "%s unwraps", what);
    ck_assert(!read_bool(session, key, CKA_LOCAL));
    ck_assert(!read_bool(session, key, CKA_ALWAYS_SENSITIVE));
    ck_assert(!read_bool(session, key, CKA_NEVER_EXTRACTABLE));
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
    OK(p11->C_DestroyObject(session, key));
}

static void check_secret(struct subject *subject, CK_KEY_TYPE type, struct cfr_span key)
{
    CK_OBJECT_HANDLE target = secret_make(session, type, key.ptr, key.len);
    static struct bag template;
    CK_MECHANISM mechanism = wrap_mechanism(subject);
    CK_OBJECT_HANDLE back;

    if ((subject->row->family == FAMILY_KW && key.len <= 8) ||
        (subject->row->family == FAMILY_CTS && key.len < 16)) {
        /* RFC 3394 has no wrapping of a single semiblock, and ciphertext is stolen from a whole block. */
        EXPECT(CKR_KEY_SIZE_RANGE,
               p11->C_WrapKey(session, &mechanism, subject->public, target, NULL, &wrapped.len));
        OK(p11->C_DestroyObject(session, target));
        return;
    }
    wrap(subject, target);
    reference_decrypt(subject, octets_view(&wrapped), &plain);
    expect_octets(octets_view(&plain), filled(subject, key), "%s: libcrypto unwraps %zu", subject->name,
                  key.len);
    begin_template(&template, CKO_SECRET_KEY, type);
    if (filled(subject, key).len != key.len) {
        bag_ulong(&template, CKA_VALUE_LEN, key.len);
    }
    OK(try_unwrap(subject, octets_view(&wrapped), &template, &back));
    expect_unwrapped(back, key, subject->name);
    reference_encrypt(subject, filled(subject, key), &wrapped);
    OK(try_unwrap(subject, octets_view(&wrapped), &template, &back));
    expect_unwrapped(back, key, subject->name);
    OK(p11->C_DestroyObject(session, target));
}

static void check_secrets(struct subject *subject)
{
    uint8_t key[128];

    for (size_t i = 0; i < COUNT(secrets); i++) {
        random_octets(key, secrets[i].len);
        key[0] |= 1; /* raw RSA cannot tell zeros in front */
        check_secret(subject, secrets[i].type, cfr_span_of(key, secrets[i].len));
    }
}

static const enum family families[] = {FAMILY_RSA_V15, FAMILY_RSA_RAW, FAMILY_RSA_OAEP, FAMILY_ECB,
                                       FAMILY_CBC,     FAMILY_CBC_PAD, FAMILY_CTR,      FAMILY_GCM,
                                       FAMILY_CCM,     FAMILY_KW,      FAMILY_KWP,      FAMILY_STREAM,
                                       FAMILY_CTS,     FAMILY_CHACHA20};

START_TEST(secret_keys)
{
    subject_each(session, families[_i], CKF_WRAP, check_secrets);
}
END_TEST

/* The table above has every mechanism that claims to wrap, but those that wrap_envelope_test.c is about. */
START_TEST(every_family_that_wraps)
{
    for (size_t i = 0; i < MECHANISM_COUNT; i++) {
        bool is_listed = mechanism_row(i)->family == FAMILY_ENVELOPE;

        for (size_t at = 0; at < COUNT(families); at++) {
            is_listed = is_listed || mechanism_row(i)->family == families[at];
        }
        ck_assert(is_listed || (mechanism_row(i)->functions & (CKF_WRAP | CKF_UNWRAP)) == 0);
    }
}
END_TEST

/* --- Private keys --- */

static const char *const pairs[] = {"rsa2048_1", "P-256", "P-521",  "brainpoolP256r1",
                                    "ED25519",   "ED448", "X25519", "X448"};

static EVP_PKEY *pair_of(const char *name)
{
    return strncmp(name, "rsa", 3) == 0 ? pkey_rsa(name) : pkey_new(name);
}

static CK_KEY_TYPE type_of(CK_OBJECT_HANDLE key)
{
    return read_ulong(session, key, CKA_KEY_TYPE);
}

static bool wraps_private(const struct subject *subject)
{
    switch ((int)subject->row->family) {
    case FAMILY_CBC_PAD:
    case FAMILY_GCM:
    case FAMILY_CCM:
    case FAMILY_KW:
    case FAMILY_KWP:
        return true;
    default:
        return false;
    }
}

/* The private number, by whatever attribute a type has for it. */
static void expect_same_key(CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE wanted, const char *what)
{
    CK_ATTRIBUTE_TYPE type = type_of(wanted) == CKK_RSA ? CKA_PRIVATE_EXPONENT : CKA_VALUE;
    static struct octets other;

    ck_assert_uint_eq(type_of(key), type_of(wanted));
    read_octets(session, wanted, type, &other);
    read_octets(session, key, type, &value);
    expect_octets(octets_view(&value), octets_view(&other), "%s unwraps", what);
    ck_assert(!read_bool(session, key, CKA_LOCAL));
    ck_assert(!read_bool(session, key, CKA_ALWAYS_SENSITIVE));
    ck_assert(!read_bool(session, key, CKA_NEVER_EXTRACTABLE));
}

/* Octets as PKCS #8, whatever zeros follow it. */
static EVP_PKEY *decode(const struct octets *text)
{
    const uint8_t *at = text->at;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)text->len);
    EVP_PKEY *pkey;

    ck_assert_ptr_nonnull(info);
    for (; at < text->at + text->len; at++) {
        ck_assert_uint_eq(*at, 0);
    }
    pkey = EVP_PKCS82PKEY(info);
    ck_assert_ptr_nonnull(pkey);
    PKCS8_PRIV_KEY_INFO_free(info);
    return pkey;
}

/* libcrypto's own form: with parameters or public keys where it puts them. Filled up for AES-KW. */
static struct cfr_span encode(const struct subject *subject, EVP_PKEY *pkey)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    uint8_t *at = plain.at;
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, &at);

    ck_assert_int_gt(len, 0);
    PKCS8_PRIV_KEY_INFO_free(info);
    plain.len = (CK_ULONG)len;
    return filled(subject, octets_view(&plain));
}

static void check_private(struct subject *subject, const char *name)
{
    EVP_PKEY *pkey = pair_of(name);
    CK_OBJECT_HANDLE target = private_make(session, pkey);
    CK_MECHANISM mechanism = wrap_mechanism(subject);
    static struct bag template;
    CK_OBJECT_HANDLE back;
    EVP_PKEY *decoded;

    begin_template(&template, CKO_PRIVATE_KEY, type_of(target));
    if (!wraps_private(subject)) {
        wrapped.len = sizeof(wrapped.at);
        EXPECT(CKR_KEY_NOT_WRAPPABLE,
               p11->C_WrapKey(session, &mechanism, subject->public, target, wrapped.at, &wrapped.len));
    } else {
        wrap(subject, target);
        reference_decrypt(subject, octets_view(&wrapped), &plain);
        decoded = decode(&plain);
        ck_assert_int_eq(EVP_PKEY_eq(decoded, pkey), 1);
        EVP_PKEY_free(decoded);
        OK(try_unwrap(subject, octets_view(&wrapped), &template, &back));
        expect_same_key(back, target, name);
        OK(p11->C_DestroyObject(session, back));
        reference_encrypt(subject, encode(subject, pkey), &wrapped);
        OK(try_unwrap(subject, octets_view(&wrapped), &template, &back));
        expect_same_key(back, target, name);
        OK(p11->C_DestroyObject(session, back));
    }
    OK(p11->C_DestroyObject(session, target));
    EVP_PKEY_free(pkey);
}

static void check_privates(struct subject *subject)
{
    for (size_t i = 0; i < COUNT(pairs); i++) {
        check_private(subject, pairs[i]);
    }
}

START_TEST(private_keys)
{
    subject_each(session, families[_i], CKF_WRAP, check_privates);
}
END_TEST

/* --- What was wrapped is not as it should be --- */

static CK_RV unwrap_as(struct subject *subject, struct cfr_span text, CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
    static struct bag template;
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    size_t before = objects_seen(session);
    CK_RV rv;

    begin_template(&template, class, type);
    if (subject_pads_in_front(subject) && class == CKO_SECRET_KEY) {
        bag_ulong(&template, CKA_VALUE_LEN, 16);
    }
    rv = try_unwrap(subject, text, &template, &key);
    ck_assert_uint_eq(objects_seen(session), before + (rv == CKR_OK));
    return rv;
}

static void check_changed(struct subject *subject)
{
    uint8_t key[32];

    random_octets(key, sizeof(key));
    reference_encrypt(subject, cfr_span_of(key, sizeof(key)), &wrapped);
    for (size_t at = 0; at < wrapped.len; at += wrapped.len / 5 + 1) {
        wrapped.at[at] ^= 0x40;
        EXPECT(CKR_WRAPPED_KEY_INVALID,
               unwrap_as(subject, octets_view(&wrapped), CKO_SECRET_KEY, CKK_GENERIC_SECRET));
        wrapped.at[at] ^= 0x40;
    }
    EXPECT(CKR_OK, unwrap_as(subject, octets_view(&wrapped), CKO_SECRET_KEY, CKK_GENERIC_SECRET));
}

START_TEST(changed_on_the_way)
{
    static const enum family authentic[] = {FAMILY_GCM, FAMILY_CCM, FAMILY_KW, FAMILY_KWP, FAMILY_RSA_OAEP};

    subject_each(session, authentic[_i], CKF_WRAP, check_changed);
}
END_TEST

/* Each mechanism has lengths that nothing wrapped can have. */
static void check_lengths(struct subject *subject)
{
    size_t modulus = subject->pkey == NULL ? 0 : (size_t)EVP_PKEY_get_size(subject->pkey);
    bool is_stream = subject->row->family == FAMILY_CTR || subject->row->family == FAMILY_STREAM ||
                     subject->row->family == FAMILY_CHACHA20;
    size_t short_len = modulus != 0 ? modulus - 1 : 7;

    EXPECT(CKR_WRAPPED_KEY_LEN_RANGE,
           unwrap_as(subject, cfr_span_of(pattern(1).ptr, 0), CKO_SECRET_KEY, CKK_GENERIC_SECRET));
    if (!is_stream && subject->row->family != FAMILY_GCM && subject->row->family != FAMILY_CCM) {
        EXPECT(CKR_WRAPPED_KEY_LEN_RANGE,
               unwrap_as(subject, pattern(short_len), CKO_SECRET_KEY, CKK_GENERIC_SECRET));
    }
    /* 20 octets are no AES key. */
    if (unit_of(subject) == 1 && !subject_pads_in_front(subject)) {
        reference_encrypt(subject, pattern(20), &wrapped);
        EXPECT(CKR_WRAPPED_KEY_LEN_RANGE, unwrap_as(subject, octets_view(&wrapped), CKO_SECRET_KEY, CKK_AES));
        EXPECT(CKR_OK, unwrap_as(subject, octets_view(&wrapped), CKO_SECRET_KEY, CKK_GENERIC_SECRET));
    }
}

START_TEST(wrapped_key_len_range)
{
    subject_each(session, families[_i], CKF_WRAP, check_lengths);
}
END_TEST

/* Zeros in front do not say how long the key was: the template has to, and takes what is at the end. */
static void check_value_len_wanted(struct subject *subject)
{
    static struct bag template;
    CK_OBJECT_HANDLE key;

    reference_encrypt(subject, filled(subject, pattern(32)), &wrapped);
    begin_template(&template, CKO_SECRET_KEY, CKK_AES);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, try_unwrap(subject, octets_view(&wrapped), &template, &key));
    bag_ulong(&template, CKA_VALUE_LEN, 20);
    EXPECT(CKR_WRAPPED_KEY_LEN_RANGE, try_unwrap(subject, octets_view(&wrapped), &template, &key));
    bag_ulong(&template, CKA_VALUE_LEN, 16);
    OK(try_unwrap(subject, octets_view(&wrapped), &template, &key));
    expect_unwrapped(key, cfr_span_after(pattern(32), 16), subject->name);
}

/* CKA_VALUE_LEN that is against what came out; less than a unit of zeros may be cut, and no more. */
static void check_value_len(struct subject *subject)
{
    static struct bag template;
    size_t unit = unit_of(subject);
    CK_OBJECT_HANDLE key;

    if (subject_pads_in_front(subject)) {
        check_value_len_wanted(subject);
        return;
    }
    reference_encrypt(subject, pattern(32), &wrapped);
    begin_template(&template, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    bag_ulong(&template, CKA_VALUE_LEN, 33);
    EXPECT(CKR_WRAPPED_KEY_LEN_RANGE, try_unwrap(subject, octets_view(&wrapped), &template, &key));
    bag_ulong(&template, CKA_VALUE_LEN, 32 - unit);
    EXPECT(CKR_WRAPPED_KEY_LEN_RANGE, try_unwrap(subject, octets_view(&wrapped), &template, &key));
    bag_ulong(&template, CKA_VALUE_LEN, 32 - unit + 1);
    OK(try_unwrap(subject, octets_view(&wrapped), &template, &key));
    ck_assert_uint_eq(read_ulong(session, key, CKA_VALUE_LEN), 32 - unit + 1);
    OK(p11->C_DestroyObject(session, key));
}

START_TEST(value_len_conflicts)
{
    subject_each(session, families[_i], CKF_WRAP, check_value_len);
}
END_TEST

/* What unwraps well and is no key of the type. */
static void check_no_key(struct subject *subject)
{
    EVP_PKEY *pkey = pkey_new("P-256");

    if (!wraps_private(subject)) {
        reference_encrypt(subject, filled(subject, pattern(32)), &wrapped);
        EXPECT(CKR_WRAPPED_KEY_INVALID, unwrap_as(subject, octets_view(&wrapped), CKO_PRIVATE_KEY, CKK_EC));
        EVP_PKEY_free(pkey);
        return;
    }
    reference_encrypt(subject, pattern(64), &wrapped);
    EXPECT(CKR_WRAPPED_KEY_INVALID, unwrap_as(subject, octets_view(&wrapped), CKO_PRIVATE_KEY, CKK_EC));
    reference_encrypt(subject, encode(subject, pkey), &wrapped);
    EXPECT(CKR_WRAPPED_KEY_INVALID, unwrap_as(subject, octets_view(&wrapped), CKO_PRIVATE_KEY, CKK_RSA));
    EXPECT(CKR_WRAPPED_KEY_INVALID,
           unwrap_as(subject, octets_view(&wrapped), CKO_PRIVATE_KEY, CKK_EC_EDWARDS));
    EXPECT(CKR_OK, unwrap_as(subject, octets_view(&wrapped), CKO_PRIVATE_KEY, CKK_EC));
    EVP_PKEY_free(pkey);
}

START_TEST(no_key_of_the_type)
{
    subject_each(session, families[_i], CKF_WRAP, check_no_key);
}
END_TEST

/* A padding that is none: libcrypto's AES-CBC without padding of zeros. */
static void check_bad_padding(struct subject *subject)
{
    static const uint8_t zeros[32];
    static struct subject unpadded;
    struct mechanism_row cbc = *subject->row;

    unpadded = *subject;
    cbc.family = FAMILY_CBC;
    unpadded.row = &cbc;
    reference_encrypt(&unpadded, cfr_span_of(zeros, sizeof(zeros)), &wrapped);
    EXPECT(CKR_WRAPPED_KEY_INVALID,
           unwrap_as(subject, octets_view(&wrapped), CKO_SECRET_KEY, CKK_GENERIC_SECRET));
}

START_TEST(bad_padding)
{
    subject_each(session, FAMILY_CBC_PAD, CKF_WRAP, check_bad_padding);
}
END_TEST

/* An RSA key outside the sizes of every mechanism does not come in by this door either. */
static void check_small_rsa(struct subject *subject)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)768);

    reference_encrypt(subject, encode(subject, pkey), &wrapped);
    EXPECT(CKR_WRAPPED_KEY_INVALID, unwrap_as(subject, octets_view(&wrapped), CKO_PRIVATE_KEY, CKK_RSA));
    EVP_PKEY_free(pkey);
}

START_TEST(small_rsa_key)
{
    subject_each(session, FAMILY_KWP, CKF_WRAP, check_small_rsa);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("wrap");
    TCase *tcase = tcase_create("wrap");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, every_family_that_wraps);
    tcase_add_loop_test(tcase, secret_keys, 0, COUNT(families));
    tcase_add_loop_test(tcase, private_keys, 0, COUNT(families));
    tcase_add_loop_test(tcase, changed_on_the_way, 0, 5);
    tcase_add_loop_test(tcase, wrapped_key_len_range, 0, COUNT(families));
    tcase_add_loop_test(tcase, value_len_conflicts, 0, COUNT(families));
    tcase_add_loop_test(tcase, no_key_of_the_type, 0, COUNT(families));
    tcase_add_test(tcase, bad_padding);
    tcase_add_test(tcase, small_rsa_key);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
