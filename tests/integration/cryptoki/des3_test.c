/* SPDX-License-Identifier: Apache-2.0 */
/* Triple-DES, which tokens of the legacy profile have and no others. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/keys.h"
#include "support/main.h"

#include <openssl/evp.h>

enum { KEY_LEN = 24 };

static const CK_MECHANISM_TYPE mechanisms[] = {CKM_DES3_KEY_GEN, CKM_DES3_ECB,          CKM_DES3_CBC,
                                               CKM_DES3_CBC_PAD, CKM_DES3_CMAC_GENERAL, CKM_DES3_CMAC};

/* Of SP 800-38B; its parity is right. */
static const uint8_t key_octets[KEY_LEN] = {0x8a, 0xa8, 0x3b, 0xf8, 0xcb, 0xda, 0x10, 0x62,
                                            0x0b, 0xc1, 0xbf, 0x19, 0xfb, 0xb6, 0xcd, 0x58,
                                            0xbc, 0x31, 0x3d, 0x4a, 0x37, 0x1c, 0xa8, 0xb5};
static uint8_t iv[8] = "8 octets";

static CK_SESSION_HANDLE session;
static struct octets value;
static struct octets made;
static struct bag bag;

static CK_SESSION_HANDLE token_of(const char *profile)
{
    char line[64];
    CK_SESSION_HANDLE opened;

    (void)snprintf(line, sizeof(line), "token.profile = %s\n", profile);
    scratch_configure(line);
    module_start();
    opened = session_open(token_make(profile));
    login_user(opened);
    return opened;
}

static void set_up(void)
{
    scratch_setup();
    session = token_of("legacy");
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

static CK_OBJECT_HANDLE des3_make(struct cfr_span octets)
{
    return secret_make(session, CKK_DES3, octets.ptr, octets.len);
}

/* --- Profiles --- */

static bool is_listed(CK_SESSION_HANDLE where, CK_MECHANISM_TYPE type)
{
    static CK_MECHANISM_TYPE list[512];
    CK_ULONG count = COUNT(list);

    OK(p11->C_GetMechanismList(slot_of(where), list, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        if (list[i] == type) {
            return true;
        }
    }
    return false;
}

static size_t mechanism_objects(CK_SESSION_HANDLE where, CK_MECHANISM_TYPE type)
{
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, CKO_MECHANISM), ATTR_ULONG(CKA_MECHANISM_TYPE, type)};
    CK_OBJECT_HANDLE found[2];

    return find_all(where, TEMPLATE(template), found, COUNT(found));
}

START_TEST(the_legacy_profile_has_triple_des)
{
    CK_TOKEN_INFO info;

    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        CK_MECHANISM_INFO mechanism_info;

        ck_assert(is_listed(session, mechanisms[i]));
        OK(p11->C_GetMechanismInfo(slot_of(session), mechanisms[i], &mechanism_info));
        ck_assert_uint_ne(mechanism_info.flags, 0);
        ck_assert_uint_eq(mechanism_objects(session, mechanisms[i]), 1);
    }
    OK(p11->C_GetTokenInfo(slot_of(session), &info));
    ck_assert_int_eq(memcmp(info.model, "Coffer legacy   ", sizeof(info.model)), 0);
    /* The rest is the standard's. */
    ck_assert(is_listed(session, CKM_AES_ECB) && is_listed(session, CKM_RSA_X_509));
}
END_TEST

static const char *const others[] = {"standard", "strict"};

/* Whatever the mechanism is given, it is as unknown as any that does not exist. */
START_TEST(other_profiles_have_it_not)
{
    CK_SESSION_HANDLE other;
    CK_OBJECT_HANDLE aes;
    CK_OBJECT_HANDLE none = CK_INVALID_HANDLE;
    CK_MECHANISM_INFO info;
    CK_MECHANISM mechanism = {CKM_DES3_CBC, iv, sizeof(iv)};
    CK_MECHANISM keygen = MECHANISM(CKM_DES3_KEY_GEN);
    CK_MECHANISM derive;

    module_stop();
    other = token_of(others[_i]);
    aes = aes_make(other, false, "aes");
    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        ck_assert(!is_listed(other, mechanisms[i]));
        EXPECT(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(slot_of(other), mechanisms[i], &info));
        ck_assert_uint_eq(mechanism_objects(other, mechanisms[i]), 0);
        mechanism.mechanism = mechanisms[i];
        for (CK_ULONG len = 0; len <= sizeof(iv); len += sizeof(iv)) {
            mechanism.ulParameterLen = len;
            EXPECT(CKR_MECHANISM_INVALID, p11->C_EncryptInit(other, &mechanism, aes));
            EXPECT(CKR_MECHANISM_INVALID, p11->C_DecryptInit(other, &mechanism, CK_INVALID_HANDLE));
            EXPECT(CKR_MECHANISM_INVALID, p11->C_SignInit(other, &mechanism, aes));
            EXPECT(CKR_MECHANISM_INVALID, p11->C_VerifyInit(other, &mechanism, aes));
            EXPECT(CKR_MECHANISM_INVALID, p11->C_MessageSignInit(other, &mechanism, aes));
            EXPECT(CKR_MECHANISM_INVALID,
                   p11->C_WrapKey(other, &mechanism, aes, aes, value.at, &(CK_ULONG){sizeof(value.at)}));
            EXPECT(CKR_MECHANISM_INVALID,
                   p11->C_UnwrapKey(other, &mechanism, aes, value.at, 24, BAG(&bag), &none));
        }
    }
    EXPECT(CKR_MECHANISM_INVALID, p11->C_GenerateKey(other, &keygen, NULL, 0, &none));
    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_DES3);
    bag_octets(&bag, CKA_VALUE, key_octets, KEY_LEN);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(other, &bag));
    /* Nor is one derived; the helper's key is no key for a strict token. */
    if (_i == 0) {
        bag_remove(&bag, CKA_VALUE);
        aes = secret_make(other, CKK_GENERIC_SECRET, key_octets, KEY_LEN);
        derive = MECHANISM(CKM_SHA256_KEY_DERIVATION);
        OK(try_set_bool(other, aes, CKA_DERIVE, true));
        EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, p11->C_DeriveKey(other, &derive, aes, BAG(&bag), &none));
    }
    ck_assert_uint_eq(none, CK_INVALID_HANDLE);
}
END_TEST

/* --- Lengths, padding, parameters --- */

static size_t pad_direct(struct cfr_span text, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    int tail = 0;

    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, EVP_des_ede3_cbc(), NULL, key_octets, iv), 1);
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, out, &len, text.ptr, (int)text.len), 1);
    ck_assert_int_eq(EVP_EncryptFinal_ex(ctx, out + len, &tail), 1);
    EVP_CIPHER_CTX_free(ctx);
    return (size_t)(len + tail);
}

START_TEST(padding_is_that_of_pkcs7)
{
    CK_OBJECT_HANDLE key = des3_make(cfr_span_of(key_octets, KEY_LEN));
    struct operation encrypt = {session, CKF_ENCRYPT, {CKM_DES3_CBC_PAD, iv, sizeof(iv)}, key};
    struct operation decrypt = {session, CKF_DECRYPT, {CKM_DES3_CBC_PAD, iv, sizeof(iv)}, key};
    static uint8_t direct[128];

    for (size_t len = 0; len <= 40; len++) {
        size_t direct_len = pad_direct(pattern(len), direct);

        OK(run_once(&encrypt, pattern(len), &made));
        expect_octets(octets_view(&made), cfr_span_of(direct, direct_len), "%zu octets", len);
        OK(run_once(&decrypt, cfr_span_of(direct, direct_len), &made));
        expect_octets(octets_view(&made), pattern(len), "%zu octets back", len);
        OK(run_parts(&decrypt, cfr_span_of(direct, direct_len), 3, &made));
        expect_octets(octets_view(&made), pattern(len), "%zu octets back in parts", len);
        if (len % 8 != 0) {
            encrypt.mechanism.mechanism = CKM_DES3_CBC;
            decrypt.mechanism.mechanism = CKM_DES3_CBC;
            EXPECT(CKR_DATA_LEN_RANGE, run_once(&encrypt, pattern(len), &made));
            EXPECT(CKR_ENCRYPTED_DATA_LEN_RANGE, run_once(&decrypt, pattern(len), &made));
            encrypt.mechanism.mechanism = CKM_DES3_CBC_PAD;
            decrypt.mechanism.mechanism = CKM_DES3_CBC_PAD;
            EXPECT(CKR_ENCRYPTED_DATA_LEN_RANGE, run_once(&decrypt, pattern(len), &made));
        }
    }
    direct[0] ^= 1;
    EXPECT(CKR_ENCRYPTED_DATA_INVALID, run_once(&decrypt, cfr_span_of(direct, 8), &made));
    for (CK_ULONG len = 0; len <= 16; len++) {
        encrypt.mechanism.ulParameterLen = len;
        EXPECT(len == 8 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID, op_init(&encrypt));
        if (len == 8) {
            OK(op_cancel(&encrypt));
        }
    }
}
END_TEST

/* --- Keys --- */

static bool has_parity(struct cfr_span key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (__builtin_popcount(key.ptr[i]) % 2 == 0) {
            return false;
        }
    }
    return true;
}

/* "Attempting to create or unwrap a DES3 key with incorrect parity will return an error." */
START_TEST(parity_is_checked_and_set)
{
    CK_MECHANISM keygen = MECHANISM(CKM_DES3_KEY_GEN);
    CK_MECHANISM kw = MECHANISM(CKM_AES_KEY_WRAP);
    CK_MECHANISM derive = MECHANISM(CKM_SHA256_KEY_DERIVATION);
    CK_OBJECT_HANDLE aes = secret_make(session, CKK_AES, key_octets, 16);
    CK_OBJECT_HANDLE key;
    uint8_t odd[KEY_LEN];

    for (size_t at = 0; at < KEY_LEN; at++) {
        CK_OBJECT_HANDLE generic;

        memcpy(odd, key_octets, KEY_LEN);
        odd[at] ^= 1;
        bag_clear(&bag);
        bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
        bag_ulong(&bag, CKA_KEY_TYPE, CKK_DES3);
        bag_octets(&bag, CKA_VALUE, odd, KEY_LEN);
        EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
        generic = secret_make(session, CKK_GENERIC_SECRET, odd, KEY_LEN);
        made.len = sizeof(made.at);
        OK(p11->C_WrapKey(session, &kw, aes, generic, made.at, &made.len));
        bag_remove(&bag, CKA_VALUE);
        EXPECT(CKR_WRAPPED_KEY_INVALID,
               p11->C_UnwrapKey(session, &kw, aes, made.at, made.len, BAG(&bag), &key));
        OK(p11->C_DestroyObject(session, generic));
    }
    bag_clear(&bag);
    bag_bool(&bag, CKA_SENSITIVE, false);
    bag_bool(&bag, CKA_EXTRACTABLE, true);
    for (int i = 0; i < 20; i++) {
        OK(p11->C_GenerateKey(session, &keygen, BAG(&bag), &key));
        read_octets(session, key, CKA_VALUE, &value);
        ck_assert_uint_eq(value.len, KEY_LEN);
        ck_assert(has_parity(octets_view(&value)));
        ck_assert(read_bool(session, key, CKA_ENCRYPT) && read_bool(session, key, CKA_SIGN));
        OK(p11->C_DestroyObject(session, key));
    }
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_DES3);
    OK(try_set_bool(session, aes, CKA_DERIVE, true));
    OK(p11->C_DeriveKey(session, &derive, aes, BAG(&bag), &key));
    read_octets(session, key, CKA_VALUE, &value);
    ck_assert(value.len == KEY_LEN && has_parity(octets_view(&value)));
}
END_TEST

START_TEST(lengths_and_check_values_are_fixed)
{
    CK_OBJECT_HANDLE key = des3_make(cfr_span_of(key_octets, KEY_LEN));
    struct operation encrypt = {session, CKF_ENCRYPT, MECHANISM(CKM_DES3_ECB), key};
    static const uint8_t zeros[8];

    OK(run_once(&encrypt, cfr_span_of(zeros, 8), &made));
    read_octets(session, key, CKA_CHECK_VALUE, &value);
    expect_octets(octets_view(&value), cfr_span_of(made.at, 3), "CKA_CHECK_VALUE");
    for (size_t len = 1; len <= 32; len++) {
        bag_clear(&bag);
        bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
        bag_ulong(&bag, CKA_KEY_TYPE, CKK_DES3);
        bag_octets(&bag, CKA_VALUE, "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", len);
        EXPECT(len == KEY_LEN ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    }
    encrypt.mechanism = MECHANISM(CKM_AES_ECB);
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, op_init(&encrypt));
}
END_TEST

START_TEST(keys_are_wrapped_under_triple_des)
{
    CK_OBJECT_HANDLE key = des3_make(cfr_span_of(key_octets, KEY_LEN));
    CK_OBJECT_HANDLE target = secret_make(session, CKK_AES, key_octets, 16);
    CK_OBJECT_HANDLE back;
    static const CK_MECHANISM_TYPE types[] = {CKM_DES3_ECB, CKM_DES3_CBC, CKM_DES3_CBC_PAD};

    for (size_t i = 0; i < COUNT(types); i++) {
        CK_MECHANISM mechanism = {types[i], i == 0 ? NULL : iv, i == 0 ? 0 : sizeof(iv)};

        made.len = sizeof(made.at);
        OK(p11->C_WrapKey(session, &mechanism, key, target, made.at, &made.len));
        ck_assert_uint_eq(made.len, i == 2 ? 24 : 16);
        derived_template(&bag, CKK_AES, 0);
        bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
        OK(p11->C_UnwrapKey(session, &mechanism, key, made.at, made.len, BAG(&bag), &back));
        read_octets(session, back, CKA_VALUE, &value);
        expect_octets(octets_view(&value), cfr_span_of(key_octets, 16), "0x%lx", types[i]);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *des3 = suite_create("Triple-DES");
    TCase *tcase = tcase_create("des3");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, the_legacy_profile_has_triple_des);
    tcase_add_loop_test(tcase, other_profiles_have_it_not, 0, COUNT(others));
    tcase_add_test(tcase, padding_is_that_of_pkcs7);
    tcase_add_test(tcase, parity_is_checked_and_set);
    tcase_add_test(tcase, lengths_and_check_values_are_fixed);
    tcase_add_test(tcase, keys_are_wrapped_under_triple_des);
    suite_add_tcase(des3, tcase);
    return des3;
}

TEST_MAIN(suite)
