/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF: both parts alone and together, salts of every kind, keys and data objects; and what is refused. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/keys.h"
#include "support/main.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

static CK_SESSION_HANDLE session;
static struct bag template;

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

static CK_HKDF_PARAMS params_of(const struct hash_row *hash, bool extract, bool expand)
{
    return (CK_HKDF_PARAMS){.bExtract = extract,
                            .bExpand = expand,
                            .prfHashMechanism = hash->digest,
                            .ulSaltType = CKF_HKDF_SALT_NULL};
}

static void set_salt(CK_HKDF_PARAMS *params, struct cfr_span salt)
{
    params->ulSaltType = salt.len == 0 ? CKF_HKDF_SALT_NULL : CKF_HKDF_SALT_DATA;
    params->pSalt = salt.len == 0 ? NULL : UNCONST(salt.ptr);
    params->ulSaltLen = salt.len;
}

static void set_info(CK_HKDF_PARAMS *params, struct cfr_span info)
{
    params->pInfo = info.len == 0 ? NULL : UNCONST(info.ptr);
    params->ulInfoLen = info.len;
}

static CK_OBJECT_HANDLE base_of(CK_KEY_TYPE type, struct cfr_span value)
{
    return secret_make(session, type, value.ptr, value.len);
}

/* --- Results --- */

static struct cfr_span by_libcrypto(const struct hash_row *hash, struct cfr_span key, struct cfr_span salt,
                                    struct cfr_span info, size_t len)
{
    static uint8_t out[OCTETS_MAX];
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)hash->md, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, UNCONST(key.ptr), key.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, UNCONST(salt.ptr), salt.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, UNCONST(info.ptr), info.len),
        OSSL_PARAM_END,
    };

    ck_assert_uint_le(len, sizeof(out));
    ck_assert_int_eq(EVP_KDF_derive(ctx, out, len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return cfr_span_of(out, len);
}

/* Every hash, with the key type of its HMAC; the salt as octets and as a key; up to the longest output. */
START_TEST(every_hash)
{
    for (size_t i = 0; i < HASH_COUNT; i++) {
        const struct hash_row *hash = &hashes[i];
        uint8_t key[40];
        uint8_t salt[33];
        size_t lens[] = {1,
                         16,
                         hash->len,
                         hash->len + 1,
                         5 * hash->len,
                         OCTETS_MAX < 255 * hash->len ? 4000 : 255 * hash->len};
        CK_HKDF_PARAMS params = params_of(hash, true, true);
        CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);
        CK_OBJECT_HANDLE base;

        random_octets(key, sizeof(key));
        random_octets(salt, sizeof(salt));
        base = base_of(hash->key_type, cfr_span_of(key, sizeof(key)));
        params.hSaltKey = base_of(hash->key_type, cfr_span_of(salt, sizeof(salt)));
        set_info(&params, pattern(50));
        for (size_t at = 0; at < COUNT(lens); at++) {
            struct cfr_span want = by_libcrypto(hash, cfr_span_of(key, sizeof(key)),
                                                cfr_span_of(salt, sizeof(salt)), pattern(50), lens[at]);

            derived_template(&template, CKK_GENERIC_SECRET, lens[at]);
            set_salt(&params, cfr_span_of(salt, sizeof(salt)));
            derive_expect(session, &mechanism, base, &template, want, hash->name);
            params.ulSaltType = CKF_HKDF_SALT_KEY;
            derive_expect(session, &mechanism, base, &template, want, "the salt is a key");
        }
        bag_ulong(&template, CKA_VALUE_LEN, 255 * hash->len + 1);
        derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base, &template, "more than RFC 5869 allows");
        OK(p11->C_DestroyObject(session, base));
        OK(p11->C_DestroyObject(session, params.hSaltKey));
    }
}
END_TEST

/* A data object comes out, with the same octets as a key would have, and can be read. */
START_TEST(data_object)
{
    CK_HKDF_PARAMS params = params_of(hash_find("SHA256"), true, true);
    CK_MECHANISM key_mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DATA, &params);
    CK_OBJECT_HANDLE base = base_of(CKK_HKDF, pattern(32));
    static struct octets value;
    CK_OBJECT_HANDLE data;

    set_info(&params, pattern(7));
    bag_clear(&template);
    bag_ulong(&template, CKA_VALUE_LEN, 50);
    bag_text(&template, CKA_LABEL, "derived");
    OK(derive_try(session, &mechanism, base, &template, &data));
    ck_assert_uint_eq(read_ulong(session, data, CKA_CLASS), CKO_DATA);
    ck_assert(!read_bool(session, data, CKA_TOKEN));
    read_octets(session, data, CKA_VALUE, &value);
    derived_template(&template, CKK_GENERIC_SECRET, 50);
    derive_expect(session, &key_mechanism, base, &template, octets_view(&value), "as a key");
    EXPECT(CKR_ATTRIBUTE_TYPE_INVALID, try_read(session, data, CKA_KEY_TYPE, &value));
    /* The length of extraction is the hash's. */
    params.bExpand = CK_FALSE;
    bag_clear(&template);
    bag_ulong(&template, CKA_CLASS, CKO_DATA);
    bag_bool(&template, CKA_TOKEN, true);
    bag_text(&template, CKA_APPLICATION, "here");
    OK(derive_try(session, &mechanism, base, &template, &data));
    read_octets(session, data, CKA_VALUE, &value);
    ck_assert_uint_eq(value.len, 32);
}
END_TEST

START_TEST(data_object_templates)
{
    CK_HKDF_PARAMS params = params_of(hash_find("SHA256"), true, true);
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DATA, &params);
    CK_OBJECT_HANDLE base = base_of(CKK_HKDF, pattern(32));

    bag_clear(&template);
    derive_refused(session, CKR_TEMPLATE_INCOMPLETE, &mechanism, base, &template, "no length");
    bag_ulong(&template, CKA_VALUE_LEN, 255 * 32 + 1);
    derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base, &template, "too long");
    bag_ulong(&template, CKA_VALUE_LEN, 32);
    bag_octets(&template, CKA_VALUE, "mine", 4);
    derive_refused(session, CKR_ATTRIBUTE_READ_ONLY, &mechanism, base, &template, "a value");
    bag_remove(&template, CKA_VALUE);
    bag_bool(&template, CKA_SENSITIVE, true);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, base, &template, "an attribute of keys");
    bag_remove(&template, CKA_SENSITIVE);
    bag_ulong(&template, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_AES);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, base, &template, "another class");
}
END_TEST

/* "The exception is a data object which has the same size as the underlying hash function" (HKDF derive). */
START_TEST(data_object_as_base)
{
    const struct hash_row *hash = hash_find("SHA256");
    CK_HKDF_PARAMS params = params_of(hash, true, true);
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);
    CK_OBJECT_HANDLE base[2];
    CK_OBJECT_HANDLE key;

    for (size_t i = 0; i < 2; i++) {
        bag_clear(&template);
        bag_ulong(&template, CKA_CLASS, CKO_DATA);
        bag_octets(&template, CKA_VALUE, pattern(32).ptr, 32 - i);
        base[i] = object_make(session, &template);
    }
    set_salt(&params, pattern(20));
    derived_template(&template, CKK_GENERIC_SECRET, 32);
    derive_expect(session, &mechanism, base[0], &template,
                  by_libcrypto(hash, pattern(32), pattern(20), cfr_span_of(NULL, 0), 32), "from data");
    bag_bool(&template, CKA_SENSITIVE, true);
    bag_bool(&template, CKA_EXTRACTABLE, false);
    OK(derive_try(session, &mechanism, base[0], &template, &key));
    ck_assert(!read_bool(session, key, CKA_ALWAYS_SENSITIVE));
    ck_assert(!read_bool(session, key, CKA_NEVER_EXTRACTABLE));
    derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base[1], &template, "31 octets");
    set_salt(&params, cfr_span_of(NULL, 0));
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base[0], &template, "no salt");
    set_salt(&params, pattern(20));
    params.bExtract = CK_FALSE;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base[0], &template, "no extraction");
}
END_TEST

START_TEST(generated)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_HKDF_KEY_GEN);
    CK_OBJECT_HANDLE key;

    bag_clear(&template);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, p11->C_GenerateKey(session, &mechanism, BAG(&template), &key));
    bag_ulong(&template, CKA_VALUE_LEN, 48);
    bag_bool(&template, CKA_SENSITIVE, true);
    OK(p11->C_GenerateKey(session, &mechanism, BAG(&template), &key));
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_TYPE), CKK_HKDF);
    ck_assert_uint_eq(read_ulong(session, key, CKA_VALUE_LEN), 48);
    ck_assert(read_bool(session, key, CKA_LOCAL));
    ck_assert(read_bool(session, key, CKA_ALWAYS_SENSITIVE));
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_GEN_MECHANISM), CKM_HKDF_KEY_GEN);
}
END_TEST

START_TEST(secrecy)
{
    CK_HKDF_PARAMS params = params_of(hash_find("SHA256"), true, true);
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);

    heritage_check(session, HERITAGE_HISTORY, &mechanism, NULL, CKK_GENERIC_SECRET);
}
END_TEST

/* --- Refusals --- */

START_TEST(parameters)
{
    const CK_HKDF_PARAMS right = params_of(hash_find("SHA256"), true, true);
    CK_HKDF_PARAMS params = right;
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);
    CK_OBJECT_HANDLE base = base_of(CKK_HKDF, pattern(32));
    CK_OBJECT_HANDLE key;

    derived_template(&template, CKK_GENERIC_SECRET, 32);
    params.bExtract = params.bExpand = CK_FALSE;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "neither part");
    params = right;
    params.bExpand = 2;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "no CK_BBOOL");
    params = right;
    params.prfHashMechanism = CKM_MD5;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "MD5");
    params.prfHashMechanism = CKM_SHA256_HMAC_GENERAL;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "a part of an HMAC");
    params.prfHashMechanism = CKM_AES_CMAC;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "a MAC without a hash");
    params = right;
    params.ulSaltType = 0;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "no kind of salt");
    params.ulSaltType = CKF_HKDF_SALT_DATA | CKF_HKDF_SALT_KEY;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "two kinds of salt");
    params.ulSaltType = CKF_HKDF_SALT_DATA;
    params.ulSaltLen = 5;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "salt at NULL");
    params = right;
    params.ulInfoLen = (CK_ULONG)-1;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "info at NULL");
    params.pInfo = UNCONST("x");
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "info without end");
    params = right;
    params.ulSaltType = 77;
    params.bExtract = CK_FALSE;
    OK(derive_try(session, &mechanism, base, &template, &key));
    mechanism.ulParameterLen--;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "a short parameter");
}
END_TEST

START_TEST(lengths)
{
    CK_HKDF_PARAMS params = params_of(hash_find("SHA384"), true, true);
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);
    CK_OBJECT_HANDLE base = base_of(CKK_HKDF, pattern(47));

    derived_template(&template, CKK_GENERIC_SECRET, 0);
    derive_refused(session, CKR_TEMPLATE_INCOMPLETE, &mechanism, base, &template, "no length");
    derived_template(&template, CKK_AES, 20);
    derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base, &template, "no AES key");
    derived_template(&template, CKK_GENERIC_SECRET, 32);
    params.bExtract = CK_FALSE;
    derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base, &template, "a short pseudorandom key");
    params.bExtract = CK_TRUE;
    params.bExpand = CK_FALSE;
    derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base, &template, "part of an extraction");
    derived_template(&template, CKK_AES, 0);
    derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base, &template, "48 octets are no AES key");
}
END_TEST

/* Expansion ends at 255 times the hash (RFC 5869, 2.3); extraction takes material and salt of any length. */
START_TEST(limits)
{
    static const size_t lens[] = {1, 31, 129, 1000};
    const struct hash_row *hash = &hashes[_i];
    CK_HKDF_PARAMS params = params_of(hash, true, true);
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);
    CK_OBJECT_HANDLE key;

    if (hash->hmac == 0) {
        return;
    }
    for (size_t i = 0; i < COUNT(lens); i++) {
        CK_OBJECT_HANDLE base = base_of(CKK_GENERIC_SECRET, pattern(lens[i]));

        set_salt(&params, pattern(lens[COUNT(lens) - 1 - i]));
        derived_template(&template, CKK_GENERIC_SECRET, 255 * hash->len);
        OK(derive_try(session, &mechanism, base, &template, &key));
        derived_template(&template, CKK_GENERIC_SECRET, 255 * hash->len + 1);
        derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, base, &template, "more than 255 blocks");
    }
}
END_TEST

START_TEST(keys_that_do_not_fit)
{
    CK_HKDF_PARAMS params = params_of(hash_find("SHA256"), true, true);
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);
    CK_OBJECT_HANDLE right = base_of(CKK_HKDF, pattern(32));
    CK_OBJECT_HANDLE fixed = base_of(CKK_HKDF, pattern(32));
    CK_OBJECT_HANDLE aes = base_of(CKK_AES, pattern(32));
    static struct bag bag;
    CK_MECHANISM_TYPE allowed = CKM_HKDF_DATA;
    CK_OBJECT_HANDLE key;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_HKDF);
    bag_octets(&bag, CKA_VALUE, pattern(32).ptr, 32);
    bag_bool(&bag, CKA_DERIVE, true);
    bag_octets(&bag, CKA_ALLOWED_MECHANISMS, &allowed, sizeof(allowed));
    key = object_make(session, &bag);
    OK(try_set_bool(session, fixed, CKA_DERIVE, false));
    derived_template(&template, CKK_GENERIC_SECRET, 32);
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &mechanism, aes, &template, "an AES key");
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &mechanism, base_of(CKK_SHA512_HMAC, pattern(32)),
                   &template, "a key of another hash");
    derive_refused(session, CKR_KEY_FUNCTION_NOT_PERMITTED, &mechanism, fixed, &template, "CKA_DERIVE");
    derive_refused(session, CKR_MECHANISM_INVALID, &mechanism, key, &template, "CKA_ALLOWED_MECHANISMS");
    derive_refused(session, CKR_KEY_HANDLE_INVALID, &mechanism, 0, &template, "no key");
    params.ulSaltType = CKF_HKDF_SALT_KEY;
    derive_refused(session, CKR_KEY_HANDLE_INVALID, &mechanism, right, &template, "no salt key");
    params.hSaltKey = fixed;
    derive_refused(session, CKR_KEY_FUNCTION_NOT_PERMITTED, &mechanism, right, &template, "salt, CKA_DERIVE");
    params.hSaltKey = key;
    derive_refused(session, CKR_MECHANISM_INVALID, &mechanism, right, &template, "salt, allowed mechanisms");
    params.hSaltKey = data_make(session, "salt", false, false);
    derive_refused(session, CKR_KEY_HANDLE_INVALID, &mechanism, right, &template, "salt of data");
}
END_TEST

static Suite *suite(void)
{
    Suite *hkdf = suite_create("derive_hkdf");
    TCase *results = tcase_create("results");
    TCase *refusals = tcase_create("refusals");

    tcase_add_checked_fixture(results, set_up, tear_down);
    tcase_add_test(results, every_hash);
    tcase_add_test(results, data_object);
    tcase_add_test(results, data_object_templates);
    tcase_add_test(results, data_object_as_base);
    tcase_add_test(results, generated);
    tcase_add_test(results, secrecy);
    tcase_add_checked_fixture(refusals, set_up, tear_down);
    tcase_add_test(refusals, parameters);
    tcase_add_test(refusals, lengths);
    tcase_add_loop_test(refusals, limits, 0, HASH_COUNT);
    tcase_add_test(refusals, keys_that_do_not_fit);
    suite_add_tcase(hkdf, results);
    suite_add_tcase(hkdf, refusals);
    return hkdf;
}

TEST_MAIN(suite)
