/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapping with a key pair and AES at once. What comes out is opened by libcrypto, step by step as the specification
 * has it, and what libcrypto puts together in the same way is unwrapped.
 */
#include "integration/cryptoki/envelope.h"
#include "support/main.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static CK_SESSION_HANDLE session;

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

static bool is_rsa(const struct envelope *e)
{
    return e->form->type == CKM_RSA_AES_KEY_WRAP;
}

static void wrap(struct envelope *e, CK_OBJECT_HANDLE target)
{
    CK_ULONG need = 0;

    OK(p11->C_WrapKey(session, &e->mechanism, e->public, target, NULL, &need));
    envelope_wrapped.len = need - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_WrapKey(session, &e->mechanism, e->public, target,
                                                envelope_wrapped.at, &envelope_wrapped.len));
    ck_assert_uint_eq(envelope_wrapped.len, need);
    OK(p11->C_WrapKey(session, &e->mechanism, e->public, target, envelope_wrapped.at, &envelope_wrapped.len));
    ck_assert_uint_eq(envelope_wrapped.len, need);
}

static void expect_value(CK_OBJECT_HANDLE key, struct cfr_span wanted, const char *what)
{
    static struct octets value;

    read_octets(session, key, CKA_VALUE, &value);
    expect_octets(octets_view(&value), wanted, "%s", what);
    ck_assert(!read_bool(session, key, CKA_LOCAL));
    OK(p11->C_DestroyObject(session, key));
}

static void check_secret(struct envelope *e, CK_KEY_TYPE type, size_t len)
{
    uint8_t value[64];
    CK_OBJECT_HANDLE target;
    CK_OBJECT_HANDLE back;

    random_octets(value, len);
    target = secret_make(session, type, value, len);
    wrap(e, target);
    envelope_open(e);
    expect_octets(octets_view(&envelope_plain), cfr_span_of(value, len), "%s: libcrypto opens",
                  e->form->pair);
    OK(envelope_try_unwrap(e, CKO_SECRET_KEY, type, &back));
    expect_value(back, cfr_span_of(value, len), "own envelope");
    envelope_seal(e, cfr_span_of(value, len));
    OK(envelope_try_unwrap(e, CKO_SECRET_KEY, type, &back));
    expect_value(back, cfr_span_of(value, len), "libcrypto's envelope");
    OK(p11->C_DestroyObject(session, target));
}

START_TEST(secret_keys)
{
    struct envelope e;

    envelope_prepare(&e, session, &envelope_forms[_i]);
    check_secret(&e, CKK_AES, 16);
    check_secret(&e, CKK_AES, 32);
    check_secret(&e, CKK_GENERIC_SECRET, 1);
    check_secret(&e, CKK_GENERIC_SECRET, 33);
    check_secret(&e, CKK_AES_XTS, 64);
    envelope_forget(&e);
}
END_TEST

static void check_private(struct envelope *e, const char *name)
{
    EVP_PKEY *pkey = strncmp(name, "rsa", 3) == 0 ? pkey_rsa(name) : pkey_new(name);
    CK_OBJECT_HANDLE target = private_make(session, pkey);
    CK_KEY_TYPE type = read_ulong(session, target, CKA_KEY_TYPE);
    CK_OBJECT_HANDLE back;
    const uint8_t *at = envelope_plain.at;
    uint8_t *to = envelope_plain.at;
    EVP_PKEY *opened;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);

    wrap(e, target);
    envelope_open(e);
    opened = d2i_AutoPrivateKey(NULL, &at, (long)envelope_plain.len);
    ck_assert_int_eq(EVP_PKEY_eq(opened, pkey), 1);
    EVP_PKEY_free(opened);
    OK(envelope_try_unwrap(e, CKO_PRIVATE_KEY, type, &back));
    OK(p11->C_DestroyObject(session, back));
    envelope_plain.len = (CK_ULONG)i2d_PKCS8_PRIV_KEY_INFO(info, &to);
    PKCS8_PRIV_KEY_INFO_free(info);
    envelope_seal(e, octets_view(&envelope_plain));
    OK(envelope_try_unwrap(e, CKO_PRIVATE_KEY, type, &back));
    OK(p11->C_DestroyObject(session, back));
    OK(p11->C_DestroyObject(session, target));
    EVP_PKEY_free(pkey);
}

START_TEST(private_keys)
{
    static const char *const names[] = {"rsa2048_1", "P-256", "P-521", "ED25519", "ED448", "X25519", "X448"};
    struct envelope e;

    envelope_prepare(&e, session, &envelope_forms[_i]);
    for (size_t i = 0; i < COUNT(names); i++) {
        check_private(&e, names[i]);
    }
    envelope_forget(&e);
}
END_TEST

/* Two wrappings of a key share nothing. */
START_TEST(keys_are_used_once)
{
    static struct octets first;
    CK_OBJECT_HANDLE target;
    struct envelope e;

    envelope_prepare(&e, session, &envelope_forms[_i]);
    target = secret_make(session, CKK_AES, pattern(32).ptr, 32);
    wrap(&e, target);
    first = envelope_wrapped;
    wrap(&e, target);
    ck_assert_uint_eq(first.len, envelope_wrapped.len);
    ck_assert_mem_ne(first.at + 4, envelope_wrapped.at + 4, 16);
    ck_assert_mem_ne(first.at + first.len - 40, envelope_wrapped.at + first.len - 40, 40);
    envelope_forget(&e);
}
END_TEST

/* One code for whatever is wrong inside, wherever it is. */
START_TEST(changed_on_the_way)
{
    CK_OBJECT_HANDLE back = 0;
    size_t before;
    struct envelope e;

    envelope_prepare(&e, session, &envelope_forms[_i]);
    envelope_seal(&e, pattern(32));
    before = objects_seen(session);
    for (size_t at = 0; at < envelope_wrapped.len; at += 1 + envelope_wrapped.len / 40) {
        envelope_wrapped.at[at] ^= 0x20;
        EXPECT(CKR_WRAPPED_KEY_INVALID, envelope_try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
        envelope_wrapped.at[at] ^= 0x20;
    }
    ck_assert_uint_eq(objects_seen(session), before);
    OK(envelope_try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    EXPECT(CKR_WRAPPED_KEY_INVALID, envelope_try_unwrap(&e, CKO_PRIVATE_KEY, CKK_EC, &back));
    envelope_forget(&e);
}
END_TEST

/* Another AES key length, envelope_label, hash or shared data: the same code again. */
START_TEST(other_parameters)
{
    CK_OBJECT_HANDLE back;
    struct envelope e;

    envelope_prepare(&e, session, &envelope_forms[_i]);
    envelope_seal(&e, pattern(32));
    e.params.rsa.ulAESKeyBits = e.form->aes_bits == 128 ? 256 : 128;
    EXPECT(CKR_WRAPPED_KEY_INVALID, envelope_try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    e.params.rsa.ulAESKeyBits = e.form->aes_bits;
    if (is_rsa(&e)) {
        e.oaep.ulSourceDataLen--;
    } else if (e.form->hash != NULL) {
        e.params.ecdh.ulSharedDataLen--;
    } else {
        e.params.ecdh.kdf = CKD_SHA256_KDF;
    }
    EXPECT(CKR_WRAPPED_KEY_INVALID, envelope_try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    envelope_forget(&e);
}
END_TEST

/* Too short for the head, for a key under it, or no whole semiblocks. */
START_TEST(wrapped_key_len_range)
{
    CK_OBJECT_HANDLE back;
    CK_ULONG whole;
    struct envelope e;

    envelope_prepare(&e, session, &envelope_forms[_i]);
    envelope_seal(&e, pattern(32));
    whole = envelope_wrapped.len;
    for (envelope_wrapped.len = whole - 1; envelope_wrapped.len > whole - 8; envelope_wrapped.len--) {
        EXPECT(CKR_WRAPPED_KEY_LEN_RANGE, envelope_try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    }
    envelope_wrapped.len = whole - 40;
    EXPECT(CKR_WRAPPED_KEY_LEN_RANGE, envelope_try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    envelope_wrapped.len = 1;
    EXPECT(e.form->type == CKM_ECDH_COF_AES_KEY_WRAP ? CKR_WRAPPED_KEY_INVALID : CKR_WRAPPED_KEY_LEN_RANGE,
           envelope_try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    envelope_forget(&e);
}
END_TEST

static void refuse(struct envelope *e, CK_RV rv)
{
    CK_OBJECT_HANDLE target = secret_make(session, CKK_AES, pattern(16).ptr, 16);
    CK_OBJECT_HANDLE back;

    envelope_wrapped.len = sizeof(envelope_wrapped.at);
    EXPECT(rv, p11->C_WrapKey(session, &e->mechanism, e->public, target, envelope_wrapped.at,
                              &envelope_wrapped.len));
    ck_assert_uint_eq(envelope_wrapped.len, sizeof(envelope_wrapped.at));
    envelope_wrapped.len = 400;
    EXPECT(rv, envelope_try_unwrap(e, CKO_SECRET_KEY, CKK_AES, &back));
    OK(p11->C_DestroyObject(session, target));
}

START_TEST(mechanism_param_invalid)
{
    static const CK_ULONG bits[] = {0, 64, 127, 512, (CK_ULONG)-1};
    struct envelope good;
    struct envelope e;

    envelope_prepare(&e, session, &envelope_forms[_i]);
    good = e;
    good.mechanism.pParameter = &good.params;
    e.mechanism.pParameter = NULL;
    refuse(&e, CKR_MECHANISM_PARAM_INVALID);
    e.mechanism = (CK_MECHANISM){good.mechanism.mechanism, &e.params, good.mechanism.ulParameterLen - 1};
    refuse(&e, CKR_MECHANISM_PARAM_INVALID);
    e.mechanism = (CK_MECHANISM){good.mechanism.mechanism, NULL, 0};
    refuse(&e, CKR_MECHANISM_PARAM_INVALID);
    e.mechanism = (CK_MECHANISM){good.mechanism.mechanism, &e.params, good.mechanism.ulParameterLen};
    for (size_t i = 0; i < COUNT(bits); i++) {
        e.params.rsa.ulAESKeyBits = bits[i];
        refuse(&e, CKR_MECHANISM_PARAM_INVALID);
    }
    e.params = good.params;
    if (is_rsa(&e)) {
        e.params.rsa.pOAEPParams = NULL;
        refuse(&e, CKR_MECHANISM_PARAM_INVALID);
        e.params = good.params;
        e.params.rsa.pOAEPParams = &e.oaep;
        e.oaep.hashAlg = CKM_MD5;
    } else {
        e.params.ecdh.kdf = 0x7777;
        refuse(&e, CKR_MECHANISM_PARAM_INVALID);
        e.params.ecdh.kdf = CKD_NULL;
        e.params.ecdh.pSharedData = envelope_shared_data;
        e.params.ecdh.ulSharedDataLen = 1;
        refuse(&e, CKR_MECHANISM_PARAM_INVALID);
        e.params.ecdh.kdf = CKD_SHA256_KDF;
        e.params.ecdh.pSharedData = NULL;
    }
    refuse(&e, CKR_MECHANISM_PARAM_INVALID);
    envelope_forget(&e);
}
END_TEST

/* An RSA key too small for the hash, and a secret too short for the AES key. */
START_TEST(keys_too_small)
{
    static const struct envelope_form rsa = {CKM_RSA_AES_KEY_WRAP, "rsa1536_3", 256, "SHA512", false};
    static const struct envelope_form ecdh = {CKM_ECDH_AES_KEY_WRAP, "P-192", 256, NULL, false};
    CK_OBJECT_HANDLE target = secret_make(session, CKK_AES, pattern(16).ptr, 16);
    struct envelope e;

    envelope_wrapped.len = sizeof(envelope_wrapped.at);
    envelope_prepare(&e, session, &ecdh);
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_WrapKey(session, &e.mechanism, e.public, target,
                                                       envelope_wrapped.at, &envelope_wrapped.len));
    envelope_forget(&e);
    /* 192 octets, less 2 * 64 + 2: room for 62, so that a key of 32 goes. */
    envelope_prepare(&e, session, &rsa);
    OK(p11->C_WrapKey(session, &e.mechanism, e.public, target, envelope_wrapped.at, &envelope_wrapped.len));
    envelope_forget(&e);
}
END_TEST

START_TEST(keys_of_the_wrong_type)
{
    CK_OBJECT_HANDLE aes = secret_make(session, CKK_AES, pattern(16).ptr, 16);
    CK_OBJECT_HANDLE back;
    struct envelope e;
    struct envelope other;

    envelope_prepare(&e, session, &envelope_forms[_i]);
    envelope_prepare(&other, session, is_rsa(&e) ? &envelope_forms[3] : &envelope_forms[0]);
    envelope_wrapped.len = sizeof(envelope_wrapped.at);
    EXPECT(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, p11->C_WrapKey(session, &e.mechanism, other.public, aes,
                                                              envelope_wrapped.at, &envelope_wrapped.len));
    EXPECT(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
           p11->C_WrapKey(session, &e.mechanism, aes, aes, envelope_wrapped.at, &envelope_wrapped.len));
    EXPECT(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
           p11->C_WrapKey(session, &e.mechanism, e.private, aes, envelope_wrapped.at, &envelope_wrapped.len));
    EXPECT(CKR_WRAPPING_KEY_HANDLE_INVALID,
           p11->C_WrapKey(session, &e.mechanism, 0, aes, envelope_wrapped.at, &envelope_wrapped.len));
    OK(try_set_bool(session, e.public, CKA_WRAP, false));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED,
           p11->C_WrapKey(session, &e.mechanism, e.public, aes, envelope_wrapped.at, &envelope_wrapped.len));
    envelope_wrapped.len = 400;
    other.mechanism = e.mechanism;
    EXPECT(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, envelope_try_unwrap(&other, CKO_SECRET_KEY, CKK_AES, &back));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_EncryptInit(session, &e.mechanism, e.public));
    envelope_forget(&e);
    envelope_forget(&other);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("wrap_envelope");
    TCase *tcase = tcase_create("wrap_envelope");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, secret_keys, 0, COUNT(envelope_forms));
    tcase_add_loop_test(tcase, private_keys, 0, COUNT(envelope_forms));
    tcase_add_loop_test(tcase, keys_are_used_once, 0, COUNT(envelope_forms));
    tcase_add_loop_test(tcase, changed_on_the_way, 0, COUNT(envelope_forms));
    tcase_add_loop_test(tcase, other_parameters, 0, COUNT(envelope_forms));
    tcase_add_loop_test(tcase, wrapped_key_len_range, 0, COUNT(envelope_forms));
    tcase_add_loop_test(tcase, mechanism_param_invalid, 0, COUNT(envelope_forms));
    tcase_add_test(tcase, keys_too_small);
    tcase_add_loop_test(tcase, keys_of_the_wrong_type, 0, COUNT(envelope_forms));
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
