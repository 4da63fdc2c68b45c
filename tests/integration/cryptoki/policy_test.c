/* SPDX-License-Identifier: Apache-2.0 */
/* What attributes allow and forbid: secrecy, one-way changes, history, uses, trust (4.4, 4.7 to 4.10). */
#include "integration/cryptoki/keys.h"
#include "support/main.h"

#define VALUE "0123456789abcdef"

/* An AES key made by C_CreateObject or C_GenerateKey, with two booleans of the test's choice. */
static CK_OBJECT_HANDLE make_key(CK_SESSION_HANDLE session, bool is_generated, bool is_sensitive,
                                 bool is_extractable)
{
    CK_MECHANISM keygen = {CKM_AES_KEY_GEN, NULL, 0};
    static struct bag bag;
    CK_OBJECT_HANDLE key;

    bag_clear(&bag);
    bag_bool(&bag, CKA_SENSITIVE, is_sensitive);
    bag_bool(&bag, CKA_EXTRACTABLE, is_extractable);
    bag_bool(&bag, CKA_ENCRYPT, true);
    bag_bool(&bag, CKA_DECRYPT, true);
    if (is_generated) {
        bag_ulong(&bag, CKA_VALUE_LEN, 16);
        OK(p11->C_GenerateKey(session, &keygen, BAG(&bag), &key));
        return key;
    }
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_AES);
    bag_octets(&bag, CKA_VALUE, VALUE, 16);
    return object_make(session, &bag);
}

/* --- Secrecy --- */

START_TEST(a_value_is_shown_only_if_not_sensitive_and_extractable)
{
    static struct octets value;
    CK_SESSION_HANDLE session = client_ready();

    for (unsigned bits = 0; bits < 8; bits++) {
        bool is_sensitive = (bits & 1) != 0;
        bool is_extractable = (bits & 2) != 0;
        CK_OBJECT_HANDLE key = make_key(session, (bits & 4) != 0, is_sensitive, is_extractable);

        EXPECT(!is_sensitive && is_extractable ? CKR_OK : CKR_ATTRIBUTE_SENSITIVE,
               try_read(session, key, CKA_VALUE, &value));
        OK(try_read(session, key, CKA_VALUE_LEN, &value));
    }
    module_stop();
}
END_TEST

static const CK_ATTRIBUTE_TYPE rsa_secrets[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1,    CKA_PRIME_2,
                                                CKA_EXPONENT_1,       CKA_EXPONENT_2, CKA_COEFFICIENT};

START_TEST(private_numbers_are_shown_only_if_not_sensitive_and_extractable)
{
    static struct bag bag;
    static struct octets value;
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *rsa = pkey_rsa("rsa2048_1");
    EVP_PKEY *ec = pkey_new("P-256");

    for (unsigned bits = 0; bits < 4; bits++) {
        CK_RV rv = bits == 2 ? CKR_OK : CKR_ATTRIBUTE_SENSITIVE;
        CK_OBJECT_HANDLE key;

        bag_clear(&bag);
        bag_private_key(&bag, rsa);
        bag_bool(&bag, CKA_SENSITIVE, (bits & 1) != 0);
        bag_bool(&bag, CKA_EXTRACTABLE, (bits & 2) != 0);
        key = object_make(session, &bag);
        for (size_t i = 0; i < COUNT(rsa_secrets); i++) {
            EXPECT(rv, try_read(session, key, rsa_secrets[i], &value));
        }
        OK(try_read(session, key, CKA_MODULUS, &value));
        OK(try_read(session, key, CKA_PUBLIC_EXPONENT, &value));
        bag_clear(&bag);
        bag_private_key(&bag, ec);
        bag_bool(&bag, CKA_SENSITIVE, (bits & 1) != 0);
        bag_bool(&bag, CKA_EXTRACTABLE, (bits & 2) != 0);
        key = object_make(session, &bag);
        EXPECT(rv, try_read(session, key, CKA_VALUE, &value));
        OK(try_read(session, key, CKA_EC_PARAMS, &value));
    }
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    module_stop();
}
END_TEST

START_TEST(a_hidden_value_is_not_found_by_guessing)
{
    CK_OBJECT_HANDLE found[4];
    CK_SESSION_HANDLE session = client_ready();
    CK_ATTRIBUTE guess = ATTR_OCTETS(CKA_VALUE, UNCONST(VALUE), 16);
    CK_OBJECT_HANDLE open = make_key(session, false, false, true);

    (void)make_key(session, false, true, true);
    (void)make_key(session, false, false, false);
    ck_assert_uint_eq(find_all(session, &guess, 1, found, COUNT(found)), 1);
    ck_assert_uint_eq(found[0], open);
    module_stop();
}
END_TEST

/* --- One-way changes --- */

START_TEST(some_attributes_change_in_one_direction_only)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        bool last; /* what it cannot be changed from */
    } latches[] = {{CKA_SENSITIVE, true},
                   {CKA_EXTRACTABLE, false},
                   {CKA_WRAP_WITH_TRUSTED, true},
                   {CKA_COPYABLE, false}};
    CK_SESSION_HANDLE session = client_ready();

    for (size_t i = 0; i < COUNT(latches); i++) {
        CK_OBJECT_HANDLE key = make_key(session, i % 2 == 0, false, true);
        CK_OBJECT_HANDLE copy;
        CK_RV rv;

        OK(try_copy_bool(session, key, latches[i].type, latches[i].last, &copy));
        ck_assert(read_bool(session, copy, latches[i].type) == latches[i].last);
        EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set_bool(session, copy, latches[i].type, !latches[i].last));
        OK(try_set_bool(session, key, latches[i].type, latches[i].last));
        EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set_bool(session, key, latches[i].type, !latches[i].last));
        rv = try_copy_bool(session, key, latches[i].type, !latches[i].last, NULL);
        ck_assert_msg(rv ==
                          (latches[i].type == CKA_COPYABLE ? CKR_ACTION_PROHIBITED : CKR_ATTRIBUTE_READ_ONLY),
                      "copy, 0x%lx: %s", latches[i].type, rv_text(rv));
        OK(try_set_bool(session, key, latches[i].type, latches[i].last));
        ck_assert(read_bool(session, key, latches[i].type) == latches[i].last);
    }
    module_stop();
}
END_TEST

START_TEST(what_no_change_may_touch)
{
    static const CK_ATTRIBUTE_TYPE types[] = {
        CKA_TOKEN, CKA_PRIVATE,          CKA_MODIFIABLE,       CKA_DESTROYABLE,
        CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE};
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = make_key(session, true, true, false);
    CK_ULONG other = CKK_GENERIC_SECRET;

    for (size_t i = 0; i < COUNT(types); i++) {
        EXPECT(CKR_ATTRIBUTE_READ_ONLY,
               try_set_bool(session, key, types[i], !read_bool(session, key, types[i])));
    }
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, key, CKA_VALUE, VALUE, 16));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, key, CKA_KEY_TYPE, &other, sizeof(other)));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, key, CKA_CLASS, &other, sizeof(other)));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, key, CKA_KEY_GEN_MECHANISM, &other, sizeof(other)));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, key, CKA_UNIQUE_ID, VALUE, 16));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_copy_bool(session, key, CKA_LOCAL, false, NULL));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_copy_bool(session, key, CKA_ALWAYS_SENSITIVE, false, NULL));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_copy_bool(session, key, CKA_NEVER_EXTRACTABLE, false, NULL));
    module_stop();
}
END_TEST

/* --- History --- */

START_TEST(history_is_told_of_generated_and_imported_keys)
{
    CK_SESSION_HANDLE session = client_ready();

    for (unsigned bits = 0; bits < 4; bits++) {
        bool is_sensitive = (bits & 1) != 0;
        bool is_extractable = (bits & 2) != 0;
        CK_OBJECT_HANDLE made = make_key(session, true, is_sensitive, is_extractable);
        CK_OBJECT_HANDLE imported = make_key(session, false, is_sensitive, is_extractable);

        ck_assert(read_bool(session, made, CKA_LOCAL));
        ck_assert(read_bool(session, made, CKA_ALWAYS_SENSITIVE) == is_sensitive);
        ck_assert(read_bool(session, made, CKA_NEVER_EXTRACTABLE) == !is_extractable);
        ck_assert_uint_eq(read_ulong(session, made, CKA_KEY_GEN_MECHANISM), CKM_AES_KEY_GEN);
        ck_assert(!read_bool(session, imported, CKA_LOCAL));
        ck_assert(!read_bool(session, imported, CKA_ALWAYS_SENSITIVE));
        ck_assert(!read_bool(session, imported, CKA_NEVER_EXTRACTABLE));
        ck_assert_uint_eq(read_ulong(session, imported, CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
    }
    module_stop();
}
END_TEST

START_TEST(history_is_not_rewritten_by_set_or_copy)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = make_key(session, true, false, true);
    CK_OBJECT_HANDLE copy;

    OK(try_copy_bool(session, key, CKA_SENSITIVE, true, &copy));
    ck_assert(!read_bool(session, copy, CKA_ALWAYS_SENSITIVE));
    OK(try_copy_bool(session, key, CKA_EXTRACTABLE, false, &copy));
    ck_assert(!read_bool(session, copy, CKA_NEVER_EXTRACTABLE));
    ck_assert(read_bool(session, copy, CKA_LOCAL));
    ck_assert_uint_eq(read_ulong(session, copy, CKA_KEY_GEN_MECHANISM), CKM_AES_KEY_GEN);
    OK(try_set_bool(session, key, CKA_SENSITIVE, true));
    OK(try_set_bool(session, key, CKA_EXTRACTABLE, false));
    ck_assert(!read_bool(session, key, CKA_ALWAYS_SENSITIVE));
    ck_assert(!read_bool(session, key, CKA_NEVER_EXTRACTABLE));
    key = make_key(session, true, true, false);
    OK(p11->C_CopyObject(session, key, NULL, 0, &copy));
    ck_assert(read_bool(session, copy, CKA_ALWAYS_SENSITIVE));
    ck_assert(read_bool(session, copy, CKA_NEVER_EXTRACTABLE));
    module_stop();
}
END_TEST

START_TEST(pairs_tell_their_history_too)
{
    static struct octets value;
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = ec_make(session, false, "pair");

    ck_assert(read_bool(session, pair.public, CKA_LOCAL));
    ck_assert(read_bool(session, pair.private, CKA_LOCAL));
    ck_assert_uint_eq(read_ulong(session, pair.public, CKA_KEY_GEN_MECHANISM), CKM_EC_KEY_PAIR_GEN);
    ck_assert_uint_eq(read_ulong(session, pair.private, CKA_KEY_GEN_MECHANISM), CKM_EC_KEY_PAIR_GEN);
    ck_assert(read_bool(session, pair.private, CKA_ALWAYS_SENSITIVE));
    ck_assert(read_bool(session, pair.private, CKA_NEVER_EXTRACTABLE) ==
              !read_bool(session, pair.private, CKA_EXTRACTABLE));
    EXPECT(CKR_ATTRIBUTE_TYPE_INVALID, try_read(session, pair.public, CKA_SENSITIVE, &value));
    module_stop();
}
END_TEST

/* --- May be modified, copied, destroyed --- */

static CK_OBJECT_HANDLE data_with(CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE type, bool value)
{
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_DATA);
    bag_bool(&bag, CKA_TOKEN, true);
    bag_bool(&bag, type, value);
    return object_make(session, &bag);
}

START_TEST(an_object_says_what_may_be_done_to_it)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE fixed = data_with(session, CKA_MODIFIABLE, false);
    CK_OBJECT_HANDLE single = data_with(session, CKA_COPYABLE, false);
    CK_OBJECT_HANDLE lasting = data_with(session, CKA_DESTROYABLE, false);
    CK_OBJECT_HANDLE copy;

    EXPECT(CKR_ACTION_PROHIBITED, try_set(session, fixed, CKA_LABEL, "new", 3));
    EXPECT(CKR_ACTION_PROHIBITED, try_set_bool(session, fixed, CKA_MODIFIABLE, true));
    /* 4.1.3: a copy may be made that can be modified. */
    OK(try_copy_bool(session, fixed, CKA_MODIFIABLE, true, &copy));
    OK(try_set(session, copy, CKA_LABEL, "new", 3));
    OK(p11->C_DestroyObject(session, fixed));
    EXPECT(CKR_ACTION_PROHIBITED, p11->C_CopyObject(session, single, NULL, 0, &copy));
    EXPECT(CKR_ACTION_PROHIBITED, try_copy_bool(session, single, CKA_COPYABLE, true, NULL));
    OK(try_set(session, single, CKA_LABEL, "new", 3));
    OK(p11->C_DestroyObject(session, single));
    EXPECT(CKR_ACTION_PROHIBITED, p11->C_DestroyObject(session, lasting));
    OK(try_set(session, lasting, CKA_LABEL, "new", 3));
    OK(try_copy_bool(session, lasting, CKA_DESTROYABLE, true, &copy));
    OK(p11->C_DestroyObject(session, copy));
    EXPECT(CKR_ACTION_PROHIBITED, p11->C_DestroyObject(session, lasting));
    module_stop();
}
END_TEST

START_TEST(a_private_object_does_not_become_public)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE private = data_make(session, "private", false, true);
    CK_OBJECT_HANDLE copy;

    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_copy_bool(session, private, CKA_PRIVATE, false, NULL));
    OK(try_copy_bool(session, data_make(session, "public", false, false), CKA_PRIVATE, true, &copy));
    OK(p11->C_Logout(session));
    ck_assert_uint_ne(find_one(session, CKO_DATA, "public"), CK_INVALID_HANDLE);
    module_stop();
}
END_TEST

/* --- Uses --- */

static const struct use_case {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
    CK_MECHANISM_TYPE mechanism;
} use_cases[] = {
    {CKA_ENCRYPT, "CKA_ENCRYPT", CKM_AES_ECB}, {CKA_DECRYPT, "CKA_DECRYPT", CKM_AES_ECB},
    {CKA_SIGN, "CKA_SIGN", CKM_AES_CMAC},      {CKA_VERIFY, "CKA_VERIFY", CKM_AES_CMAC},
    {CKA_WRAP, "CKA_WRAP", CKM_AES_KEY_WRAP},  {CKA_UNWRAP, "CKA_UNWRAP", CKM_AES_KEY_WRAP},
};

static CK_RV try_use(CK_SESSION_HANDLE session, const struct use_case *use, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mechanism = {use->mechanism, NULL, 0};
    CK_OBJECT_HANDLE made;
    CK_BYTE out[64] = {0};
    CK_ULONG len = sizeof(out);

    OK(p11->C_SessionCancel(session, ~(CK_FLAGS)0));
    switch (use->type) {
    case CKA_ENCRYPT:
        return p11->C_EncryptInit(session, &mechanism, key);
    case CKA_DECRYPT:
        return p11->C_DecryptInit(session, &mechanism, key);
    case CKA_SIGN:
        return p11->C_SignInit(session, &mechanism, key);
    case CKA_VERIFY:
        return p11->C_VerifyInit(session, &mechanism, key);
    case CKA_WRAP:
        return p11->C_WrapKey(session, &mechanism, key, key, out, &len);
    default:
        return p11->C_UnwrapKey(session, &mechanism, key, out, 24, NULL, 0, &made);
    }
}

START_TEST(a_key_does_what_its_attributes_allow)
{
    const struct use_case *use = &use_cases[_i];
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = secret_make(session, CKK_AES, VALUE, 16);

    ck_assert(try_use(session, use, key) != CKR_KEY_FUNCTION_NOT_PERMITTED);
    OK(try_set_bool(session, key, use->type, false));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, try_use(session, use, key));
    ck_assert_uint_ge(scratch_logged(use->name), 1);
    for (size_t i = 0; i < COUNT(use_cases); i++) {
        ck_assert(i == (size_t)_i || try_use(session, &use_cases[i], key) != CKR_KEY_FUNCTION_NOT_PERMITTED);
    }
    OK(try_set_bool(session, key, use->type, true));
    ck_assert(try_use(session, use, key) != CKR_KEY_FUNCTION_NOT_PERMITTED);
    module_stop();
}
END_TEST

static CK_OBJECT_HANDLE key_allowing(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE *list, CK_ULONG count)
{
    CK_MECHANISM keygen = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_VALUE_LEN, 16), ATTR_BOOL(CKA_ENCRYPT, true),
                               ATTR_BOOL(CKA_SIGN, true),
                               ATTR_OCTETS(CKA_ALLOWED_MECHANISMS, list, count * sizeof(*list))};
    CK_OBJECT_HANDLE key;

    OK(p11->C_GenerateKey(session, &keygen, TEMPLATE(template), &key));
    return key;
}

START_TEST(only_allowed_mechanisms_use_a_key)
{
    CK_MECHANISM_TYPE list[] = {CKM_AES_ECB, CKM_AES_CMAC};
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};
    CK_MECHANISM cmac = {CKM_AES_CMAC, NULL, 0};
    CK_MECHANISM cbc = {CKM_AES_CBC, UNCONST(VALUE), 16};
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = key_allowing(session, list, 2);
    static struct octets value;

    read_octets(session, key, CKA_ALLOWED_MECHANISMS, &value);
    expect_octets(cfr_span_of(value.at, value.len), cfr_span_of(list, sizeof(list)),
                  "CKA_ALLOWED_MECHANISMS");
    OK(p11->C_EncryptInit(session, &ecb, key));
    OK(p11->C_SignInit(session, &cmac, key));
    OK(p11->C_SessionCancel(session, CKF_ENCRYPT | CKF_SIGN));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_EncryptInit(session, &cbc, key));
    key = key_allowing(session, list, 0);
    EXPECT(CKR_MECHANISM_INVALID, p11->C_EncryptInit(session, &ecb, key));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, key, CKA_ALLOWED_MECHANISMS, list, sizeof(list)));
    module_stop();
}
END_TEST

/* --- Trust --- */

static CK_OBJECT_HANDLE wrapping_key(CK_SESSION_HANDLE session, bool is_trusted)
{
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_AES);
    bag_octets(&bag, CKA_VALUE, VALUE, 16);
    bag_bool(&bag, CKA_TOKEN, true);
    bag_bool(&bag, CKA_PRIVATE, false);
    bag_bool(&bag, CKA_WRAP, true);
    bag_bool(&bag, CKA_TRUSTED, is_trusted);
    bag_text(&bag, CKA_LABEL, is_trusted ? "trusted" : "untrusted");
    return object_make(session, &bag);
}

START_TEST(trust_is_the_officers_to_give)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = wrapping_key(session, false);
    CK_OBJECT_HANDLE copy;

    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set_bool(session, key, CKA_TRUSTED, true));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_copy_bool(session, key, CKA_TRUSTED, true, NULL));
    OK(p11->C_Logout(session));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set_bool(session, key, CKA_TRUSTED, true));
    login_so(session);
    OK(try_set_bool(session, key, CKA_TRUSTED, true));
    ck_assert(read_bool(session, key, CKA_TRUSTED));
    OK(p11->C_Logout(session));
    login_user(session);
    ck_assert(read_bool(session, key, CKA_TRUSTED));
    /* What the officer trusts is that key; a copy that the user makes could be given other uses. */
    OK(p11->C_CopyObject(session, key, NULL, 0, &copy));
    ck_assert(!read_bool(session, copy, CKA_TRUSTED));
    module_stop();
}
END_TEST

START_TEST(a_key_that_wants_trust_is_wrapped_by_trusted_keys_only)
{
    CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_BYTE out[64];
    CK_ULONG len = sizeof(out);
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE untrusted = wrapping_key(session, false);
    CK_OBJECT_HANDLE target = make_key(session, true, true, true);
    CK_OBJECT_HANDLE inside = make_key(session, true, true, false);
    CK_OBJECT_HANDLE trusted;

    OK(p11->C_WrapKey(session, &wrap, untrusted, target, out, &len));
    OK(try_set_bool(session, target, CKA_WRAP_WITH_TRUSTED, true));
    EXPECT(CKR_KEY_NOT_WRAPPABLE, p11->C_WrapKey(session, &wrap, untrusted, target, out, &len));
    ck_assert_uint_ge(scratch_logged("CKA_WRAP_WITH_TRUSTED"), 1);
    OK(p11->C_Logout(session));
    login_so(session);
    trusted = wrapping_key(session, true);
    OK(p11->C_Logout(session));
    login_user(session);
    target = make_key(session, true, true, true);
    OK(try_set_bool(session, target, CKA_WRAP_WITH_TRUSTED, true));
    inside = make_key(session, true, true, false);
    OK(p11->C_WrapKey(session, &wrap, trusted, target, out, &len));
    EXPECT(CKR_KEY_UNEXTRACTABLE, p11->C_WrapKey(session, &wrap, trusted, inside, out, &len));
    module_stop();
}
END_TEST

/* --- CKA_UNIQUE_ID --- */

START_TEST(unique_ids_are_unique_and_last)
{
    enum { MANY = 60 };
    static struct octets ids[MANY];
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);
    CK_OBJECT_HANDLE found;

    for (size_t i = 0; i < MANY; i++) {
        CK_OBJECT_HANDLE object = data_make(session, "object", i % 2 == 0, false);

        read_octets(session, object, CKA_UNIQUE_ID, &ids[i]);
        ck_assert_uint_ne(ids[i].len, 0);
        for (size_t j = 0; j < i; j++) {
            ck_assert(ids[i].len != ids[j].len || memcmp(ids[i].at, ids[j].at, ids[i].len) != 0);
        }
    }
    module_stop();
    module_start();
    session = session_open(slot);
    for (size_t i = 0; i < MANY; i++) {
        CK_ATTRIBUTE wanted = ATTR_OCTETS(CKA_UNIQUE_ID, ids[i].at, ids[i].len);

        ck_assert_uint_eq(find_all(session, &wanted, 1, &found, 1), i % 2 == 0);
    }
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("policy");
    TCase *tcase = tcase_create("policy");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_value_is_shown_only_if_not_sensitive_and_extractable);
    tcase_add_test(tcase, private_numbers_are_shown_only_if_not_sensitive_and_extractable);
    tcase_add_test(tcase, a_hidden_value_is_not_found_by_guessing);
    tcase_add_test(tcase, some_attributes_change_in_one_direction_only);
    tcase_add_test(tcase, what_no_change_may_touch);
    tcase_add_test(tcase, history_is_told_of_generated_and_imported_keys);
    tcase_add_test(tcase, history_is_not_rewritten_by_set_or_copy);
    tcase_add_test(tcase, pairs_tell_their_history_too);
    tcase_add_test(tcase, an_object_says_what_may_be_done_to_it);
    tcase_add_test(tcase, a_private_object_does_not_become_public);
    tcase_add_loop_test(tcase, a_key_does_what_its_attributes_allow, 0, COUNT(use_cases));
    tcase_add_test(tcase, only_allowed_mechanisms_use_a_key);
    tcase_add_test(tcase, trust_is_the_officers_to_give);
    tcase_add_test(tcase, a_key_that_wants_trust_is_wrapped_by_trusted_keys_only);
    tcase_add_test(tcase, unique_ids_are_unique_and_last);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
