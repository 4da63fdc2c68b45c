/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys may wrap and be wrapped, and what a template does to what is unwrapped. */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

static CK_SESSION_HANDLE session;
static struct octets wrapped;
static CK_MECHANISM kwp = {CKM_AES_KEY_WRAP_KWP, NULL, 0};

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

static CK_OBJECT_HANDLE key_of(CK_KEY_TYPE type)
{
    return secret_make(session, type, pattern(32).ptr, 32);
}

/* A secret key with attributes of its own besides. */
static CK_OBJECT_HANDLE key_with(CK_KEY_TYPE type, const struct bag *more)
{
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, type);
    bag_octets(&bag, CKA_VALUE, pattern(32).ptr, 32);
    bag_bool(&bag, CKA_SENSITIVE, false);
    bag_bool(&bag, CKA_EXTRACTABLE, true);
    bag_bool(&bag, CKA_WRAP, true);
    bag_bool(&bag, CKA_UNWRAP, true);
    bag_add(&bag, more);
    return object_make(session, &bag);
}

static CK_OBJECT_HANDLE key_with_bool(CK_ATTRIBUTE_TYPE type, bool value)
{
    static struct bag more;

    bag_clear(&more);
    bag_bool(&more, type, value);
    return key_with(CKK_AES, &more);
}

static CK_RV try_wrap(CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE target)
{
    wrapped.len = sizeof(wrapped.at);
    return p11->C_WrapKey(session, &kwp, wrapping, target, wrapped.at, &wrapped.len);
}

static void begin_template(struct bag *template)
{
    bag_clear(template);
    bag_ulong(template, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(template, CKA_KEY_TYPE, CKK_AES);
}

/* Fails without leaving an object. */
static CK_RV try_unwrap(CK_OBJECT_HANDLE unwrapping, const struct bag *template, CK_OBJECT_HANDLE *ret_key)
{
    size_t before = objects_seen(session);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_RV rv = p11->C_UnwrapKey(session, &kwp, unwrapping, wrapped.at, wrapped.len,
                                (CK_ATTRIBUTE_PTR)(uintptr_t) template->attrs, template->count, &key);

    ck_assert_uint_eq(objects_seen(session), before + (rv == CKR_OK));
    ck_assert((key != CK_INVALID_HANDLE) == (rv == CKR_OK));
    if (ret_key != NULL) {
        *ret_key = key;
    }
    return rv;
}

/* --- The key that wraps --- */

START_TEST(wrapping_key_codes)
{
    EVP_PKEY *pkey = pkey_rsa("rsa2048_1");
    CK_OBJECT_HANDLE target = key_of(CKK_AES);
    const CK_OBJECT_HANDLE no_keys[] = {CK_INVALID_HANDLE, 999999, data_make(session, "x", false, false)};
    const CK_OBJECT_HANDLE wrong[] = {key_of(CKK_GENERIC_SECRET), public_make(session, pkey),
                                      private_make(session, pkey)};
    static struct bag template;

    begin_template(&template);
    OK(try_wrap(target, target));
    for (size_t i = 0; i < COUNT(no_keys); i++) {
        EXPECT(CKR_UNWRAPPING_KEY_HANDLE_INVALID, try_unwrap(no_keys[i], &template, NULL));
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        EXPECT(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, try_unwrap(wrong[i], &template, NULL));
    }
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, try_unwrap(key_with_bool(CKA_UNWRAP, false), &template, NULL));
    for (size_t i = 0; i < COUNT(no_keys); i++) {
        EXPECT(CKR_WRAPPING_KEY_HANDLE_INVALID, try_wrap(no_keys[i], target));
        EXPECT(CKR_KEY_HANDLE_INVALID, try_wrap(target, no_keys[i]));
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        EXPECT(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, try_wrap(wrong[i], target));
    }
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, try_wrap(key_with_bool(CKA_WRAP, false), target));
    EVP_PKEY_free(pkey);
}
END_TEST

/* RSA: the public half wraps and the private half unwraps. */
START_TEST(halves_of_a_pair)
{
    EVP_PKEY *pkey = pkey_rsa("rsa2048_1");
    CK_MECHANISM mechanism = MECHANISM(CKM_RSA_PKCS);
    CK_OBJECT_HANDLE public = public_make(session, pkey);
    CK_OBJECT_HANDLE private = private_make(session, pkey);
    CK_OBJECT_HANDLE target = key_of(CKK_AES);
    CK_OBJECT_HANDLE key;
    static struct bag template;

    begin_template(&template);
    wrapped.len = sizeof(wrapped.at);
    EXPECT(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
           p11->C_WrapKey(session, &mechanism, private, target, wrapped.at, &wrapped.len));
    OK(p11->C_WrapKey(session, &mechanism, public, target, wrapped.at, &wrapped.len));
    EXPECT(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
           p11->C_UnwrapKey(session, &mechanism, public, wrapped.at, wrapped.len, BAG(&template), &key));
    OK(p11->C_UnwrapKey(session, &mechanism, private, wrapped.at, wrapped.len, BAG(&template), &key));
    EVP_PKEY_free(pkey);
}
END_TEST

/* A key too long for a modulus. */
START_TEST(target_too_long)
{
    EVP_PKEY *pkey = pkey_rsa("rsa1024_2");
    CK_MECHANISM mechanism = MECHANISM(CKM_RSA_PKCS);
    CK_OBJECT_HANDLE target = secret_make(session, CKK_GENERIC_SECRET, pattern(118).ptr, 118);

    wrapped.len = sizeof(wrapped.at);
    EXPECT(CKR_KEY_SIZE_RANGE,
           p11->C_WrapKey(session, &mechanism, public_make(session, pkey), target, wrapped.at, &wrapped.len));
    EVP_PKEY_free(pkey);
}
END_TEST

/* --- The key that is wrapped --- */

START_TEST(target_codes)
{
    EVP_PKEY *pkey = pkey_new("P-256");
    CK_OBJECT_HANDLE wrapping = key_of(CKK_AES);

    EXPECT(CKR_KEY_UNEXTRACTABLE, try_wrap(wrapping, key_with_bool(CKA_EXTRACTABLE, false)));
    OK(try_wrap(wrapping, key_with_bool(CKA_SENSITIVE, true)));
    EXPECT(CKR_KEY_NOT_WRAPPABLE, try_wrap(wrapping, public_make(session, pkey)));
    /* The usual way to make a key unextractable. */
    OK(try_set_bool(session, wrapping, CKA_EXTRACTABLE, false));
    EXPECT(CKR_KEY_UNEXTRACTABLE, try_wrap(wrapping, wrapping));
    EVP_PKEY_free(pkey);
}
END_TEST

static CK_OBJECT_HANDLE trusted_make(void)
{
    CK_ATTRIBUTE template[] = {ATTR_BOOL(CKA_TOKEN, true), ATTR_BOOL(CKA_PRIVATE, false),
                               ATTR_BOOL(CKA_WRAP, true), ATTR_ULONG(CKA_VALUE_LEN, 32),
                               ATTR_TEXT(CKA_LABEL, "trusted")};
    CK_MECHANISM mechanism = MECHANISM(CKM_AES_KEY_GEN);
    CK_OBJECT_HANDLE key;

    OK(p11->C_GenerateKey(session, &mechanism, TEMPLATE(template), &key));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set_bool(session, key, CKA_TRUSTED, true));
    OK(p11->C_Logout(session));
    OK(try_login(session, CKU_SO, SO_PIN));
    key = find_one(session, CKO_SECRET_KEY, "trusted");
    OK(try_set_bool(session, key, CKA_TRUSTED, true));
    OK(p11->C_Logout(session));
    login_user(session);
    key = find_one(session, CKO_SECRET_KEY, "trusted");
    ck_assert(read_bool(session, key, CKA_TRUSTED));
    return key;
}

START_TEST(wrap_with_trusted)
{
    CK_OBJECT_HANDLE trusted = trusted_make();
    CK_OBJECT_HANDLE other = key_of(CKK_AES);
    CK_OBJECT_HANDLE target = key_with_bool(CKA_WRAP_WITH_TRUSTED, true);
    CK_OBJECT_HANDLE key;

    EXPECT(CKR_KEY_NOT_WRAPPABLE, try_wrap(other, target));
    OK(try_wrap(trusted, target));
    OK(try_wrap(trusted, other));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set_bool(session, target, CKA_WRAP_WITH_TRUSTED, false));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_copy_bool(session, target, CKA_WRAP_WITH_TRUSTED, false, &key));
}
END_TEST

/* --- CKA_WRAP_TEMPLATE and CKA_UNWRAP_TEMPLATE --- */

START_TEST(wrap_template)
{
    CK_ATTRIBUTE only[] = {ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_BOOL(CKA_SENSITIVE, true)};
    static struct bag more;
    CK_OBJECT_HANDLE wrapping;
    CK_OBJECT_HANDLE generic;

    bag_clear(&more);
    bag_octets(&more, CKA_WRAP_TEMPLATE, only, sizeof(only));
    wrapping = key_with(CKK_AES, &more);
    generic = key_of(CKK_GENERIC_SECRET);
    EXPECT(CKR_KEY_HANDLE_INVALID, try_wrap(wrapping, key_with_bool(CKA_SENSITIVE, true)));
    EXPECT(CKR_KEY_HANDLE_INVALID, try_wrap(wrapping, generic));
    OK(try_set_bool(session, generic, CKA_SENSITIVE, true));
    OK(try_wrap(wrapping, generic));
}
END_TEST

START_TEST(unwrap_template)
{
    CK_ATTRIBUTE added[] = {ATTR_BOOL(CKA_EXTRACTABLE, false), ATTR_BOOL(CKA_SENSITIVE, true),
                            ATTR_TEXT(CKA_LABEL, "from the template")};
    static struct bag more;
    static struct bag template;
    static struct octets label;
    CK_OBJECT_HANDLE unwrapping;
    CK_OBJECT_HANDLE key;

    bag_clear(&more);
    bag_octets(&more, CKA_UNWRAP_TEMPLATE, added, sizeof(added));
    unwrapping = key_with(CKK_AES, &more);
    OK(try_wrap(unwrapping, key_of(CKK_AES)));
    begin_template(&template);
    OK(try_unwrap(unwrapping, &template, &key));
    ck_assert(!read_bool(session, key, CKA_EXTRACTABLE));
    ck_assert(read_bool(session, key, CKA_SENSITIVE));
    read_octets(session, key, CKA_LABEL, &label);
    expect_octets(octets_view(&label), cfr_span_of((const uint8_t *)"from the template", 17), "label");
    bag_bool(&template, CKA_SENSITIVE, true);
    OK(try_unwrap(unwrapping, &template, &key));
    bag_bool(&template, CKA_EXTRACTABLE, true);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_unwrap(unwrapping, &template, NULL));
    bag_bool(&template, CKA_EXTRACTABLE, false);
    bag_text(&template, CKA_LABEL, "another");
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_unwrap(unwrapping, &template, NULL));
}
END_TEST

/* --- The template of C_UnwrapKey --- */

START_TEST(unwrapped_attributes)
{
    CK_OBJECT_HANDLE wrapping = key_of(CKK_AES);
    static struct bag template;
    CK_OBJECT_HANDLE key;

    OK(try_wrap(wrapping, wrapping));
    begin_template(&template);
    OK(try_unwrap(wrapping, &template, &key));
    ck_assert(read_bool(session, key, CKA_EXTRACTABLE));
    ck_assert_uint_eq(read_ulong(session, key, CKA_VALUE_LEN), 32);
    bag_bool(&template, CKA_SENSITIVE, true);
    bag_bool(&template, CKA_EXTRACTABLE, false);
    bag_bool(&template, CKA_TOKEN, true);
    OK(try_unwrap(wrapping, &template, &key));
    /* Protected now, and yet its value has been elsewhere. */
    ck_assert(read_bool(session, key, CKA_SENSITIVE));
    ck_assert(!read_bool(session, key, CKA_EXTRACTABLE));
    ck_assert(!read_bool(session, key, CKA_ALWAYS_SENSITIVE));
    ck_assert(!read_bool(session, key, CKA_NEVER_EXTRACTABLE));
    ck_assert(!read_bool(session, key, CKA_LOCAL));
    ck_assert(read_bool(session, key, CKA_TOKEN));
    EXPECT(CKR_ATTRIBUTE_SENSITIVE, try_read(session, key, CKA_VALUE, &wrapped));
}
END_TEST

static CK_RV unwrap_with(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    static struct bag template;

    begin_template(&template);
    bag_octets(&template, type, value, len);
    return try_unwrap(key, &template, NULL);
}

START_TEST(templates_refused)
{
    CK_OBJECT_HANDLE wrapping = key_of(CKK_AES);
    CK_BBOOL yes = CK_TRUE;
    static struct bag template;

    OK(try_wrap(wrapping, wrapping));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, unwrap_with(wrapping, CKA_VALUE, pattern(32).ptr, 32));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, unwrap_with(wrapping, CKA_LOCAL, &yes, 1));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, unwrap_with(wrapping, CKA_ALWAYS_SENSITIVE, &yes, 1));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, unwrap_with(wrapping, CKA_TRUSTED, &yes, 1));
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, unwrap_with(wrapping, CKA_SENSITIVE, &yes, 0));
    EXPECT(CKR_TEMPLATE_INCONSISTENT, unwrap_with(wrapping, CKA_MODULUS, &yes, 1));
    begin_template(&template);
    bag_ulong(&template, CKA_CLASS, CKO_PUBLIC_KEY);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_RSA);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_unwrap(wrapping, &template, NULL));
    begin_template(&template);
    bag_remove(&template, CKA_KEY_TYPE);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, try_unwrap(wrapping, &template, NULL));
    begin_template(&template);
    bag_remove(&template, CKA_CLASS);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, try_unwrap(wrapping, &template, NULL));
}
END_TEST

START_TEST(arguments_bad)
{
    CK_OBJECT_HANDLE wrapping = key_of(CKK_AES);
    CK_OBJECT_HANDLE key;
    static struct bag template;

    OK(try_wrap(wrapping, wrapping));
    begin_template(&template);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_WrapKey(session, &kwp, wrapping, wrapping, wrapped.at, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_WrapKey(session, NULL, wrapping, wrapping, wrapped.at, &wrapped.len));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_UnwrapKey(session, NULL, wrapping, wrapped.at, wrapped.len, BAG(&template), &key));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_UnwrapKey(session, &kwp, wrapping, NULL, wrapped.len, BAG(&template), &key));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_UnwrapKey(session, &kwp, wrapping, wrapped.at, wrapped.len, BAG(&template), NULL));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_UnwrapKey(session, &kwp, wrapping, wrapped.at, wrapped.len, NULL, 2, &key));
}
END_TEST

START_TEST(read_only_session)
{
    CK_SESSION_HANDLE read_only = session_open_ro(slot_of(session));
    CK_OBJECT_HANDLE wrapping = key_of(CKK_AES);
    CK_OBJECT_HANDLE key;
    static struct bag template;

    OK(try_wrap(wrapping, wrapping));
    begin_template(&template);
    OK(p11->C_UnwrapKey(read_only, &kwp, wrapping, wrapped.at, wrapped.len, BAG(&template), &key));
    bag_bool(&template, CKA_TOKEN, true);
    EXPECT(CKR_SESSION_READ_ONLY,
           p11->C_UnwrapKey(read_only, &kwp, wrapping, wrapped.at, wrapped.len, BAG(&template), &key));
}
END_TEST

/* --- A token with the strict profile --- */

static void strict_set_up(void)
{
    scratch_setup();
    scratch_configure("token.profile = strict\n");
    session = client_ready();
}

static CK_OBJECT_HANDLE strict_key(CK_ATTRIBUTE_TYPE one_use, CK_ATTRIBUTE_TYPE other_use, bool extractable)
{
    CK_ATTRIBUTE template[] = {ATTR_BOOL(one_use, true), ATTR_BOOL(other_use, true),
                               ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_BOOL(CKA_EXTRACTABLE, extractable),
                               ATTR_BOOL(CKA_SENSITIVE, true)};
    CK_MECHANISM mechanism = MECHANISM(CKM_AES_KEY_GEN);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    OK(p11->C_GenerateKey(session, &mechanism, TEMPLATE(template), &key));
    return key;
}

START_TEST(strict_rules)
{
    CK_MECHANISM ecb = MECHANISM(CKM_AES_ECB);
    CK_OBJECT_HANDLE wrapping = strict_key(CKA_WRAP, CKA_UNWRAP, false);
    CK_OBJECT_HANDLE target = strict_key(CKA_ENCRYPT, CKA_DECRYPT, true);
    static struct bag template;
    CK_OBJECT_HANDLE key;

    EXPECT(CKR_MECHANISM_INVALID, p11->C_WrapKey(session, &ecb, wrapping, target, wrapped.at, &wrapped.len));
    /* It was made inside and never left: as good as trusted. */
    OK(try_wrap(wrapping, target));
    EXPECT(CKR_KEY_NOT_WRAPPABLE, try_wrap(strict_key(CKA_WRAP, CKA_UNWRAP, true), target));
    OK(try_wrap(wrapping, target));
    begin_template(&template);
    bag_bool(&template, CKA_EXTRACTABLE, true);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_unwrap(wrapping, &template, NULL));
    begin_template(&template);
    OK(try_unwrap(wrapping, &template, &key));
    ck_assert(read_bool(session, key, CKA_SENSITIVE));
    ck_assert(!read_bool(session, key, CKA_EXTRACTABLE));
    wrapped.at[0] ^= 1;
    EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(wrapping, &template, NULL));
    wrapped.len--;
    EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(wrapping, &template, NULL));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("wrap_policy");
    TCase *tcase = tcase_create("standard");
    TCase *strict = tcase_create("strict");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, wrapping_key_codes);
    tcase_add_test(tcase, halves_of_a_pair);
    tcase_add_test(tcase, target_too_long);
    tcase_add_test(tcase, target_codes);
    tcase_add_test(tcase, wrap_with_trusted);
    tcase_add_test(tcase, wrap_template);
    tcase_add_test(tcase, unwrap_template);
    tcase_add_test(tcase, unwrapped_attributes);
    tcase_add_test(tcase, templates_refused);
    tcase_add_test(tcase, arguments_bad);
    tcase_add_test(tcase, read_only_session);
    suite_add_tcase(s, tcase);
    tcase_add_checked_fixture(strict, strict_set_up, tear_down);
    tcase_set_timeout(strict, 60);
    tcase_add_test(strict, strict_rules);
    suite_add_tcase(s, strict);
    return s;
}

TEST_MAIN(suite)
