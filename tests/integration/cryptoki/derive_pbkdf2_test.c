/* SPDX-License-Identifier: Apache-2.0 */
/* Keys from passwords: CKM_PKCS5_PBKD2 with C_GenerateKey. */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOW_S = 60 /* iterations by the ten thousand, under a sanitizer, on a busy machine */ };

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

static const struct {
    const char *hash;
    CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf;
} prfs[] = {
    {"SHA1", CKP_PKCS5_PBKD2_HMAC_SHA1},
    {"SHA224", CKP_PKCS5_PBKD2_HMAC_SHA224},
    {"SHA256", CKP_PKCS5_PBKD2_HMAC_SHA256},
    {"SHA384", CKP_PKCS5_PBKD2_HMAC_SHA384},
    {"SHA512", CKP_PKCS5_PBKD2_HMAC_SHA512},
    {"SHA512_224", CKP_PKCS5_PBKD2_HMAC_SHA512_224},
    {"SHA512_256", CKP_PKCS5_PBKD2_HMAC_SHA512_256},
};

static CK_PKCS5_PBKD2_PARAMS2 params_of(CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf,
                                        struct cfr_span password, struct cfr_span salt, CK_ULONG iterations)
{
    return (CK_PKCS5_PBKD2_PARAMS2){.saltSource = CKZ_SALT_SPECIFIED,
                                    .pSaltSourceData = UNCONST(salt.ptr),
                                    .ulSaltSourceDataLen = salt.len,
                                    .iterations = iterations,
                                    .prf = prf,
                                    .pPassword = UNCONST(password.ptr),
                                    .ulPasswordLen = password.len};
}

static void readable(CK_KEY_TYPE type, size_t len)
{
    bag_clear(&template);
    bag_ulong(&template, CKA_KEY_TYPE, type);
    bag_ulong(&template, CKA_VALUE_LEN, len);
    bag_bool(&template, CKA_SENSITIVE, false);
    bag_bool(&template, CKA_EXTRACTABLE, true);
}

static CK_RV try_generate(const CK_PKCS5_PBKD2_PARAMS2 *params, CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = {CKM_PKCS5_PBKD2, UNCONST(params), sizeof(*params)};
    size_t before = objects_seen(session);
    CK_RV rv = p11->C_GenerateKey(session, &mechanism, BAG(&template), ret_key);

    ck_assert_uint_eq(objects_seen(session), before + (rv == CKR_OK));
    return rv;
}

static void expect_key(const CK_PKCS5_PBKD2_PARAMS2 *params, struct cfr_span wanted, const char *what)
{
    static struct octets value;
    CK_OBJECT_HANDLE key;

    OK(try_generate(params, &key));
    read_octets(session, key, CKA_VALUE, &value);
    expect_octets(octets_view(&value), wanted, "%s", what);
}

static void expect_refused(CK_RV wanted, const CK_PKCS5_PBKD2_PARAMS2 *params, const char *what)
{
    CK_OBJECT_HANDLE key;
    CK_RV rv = try_generate(params, &key);

    ck_assert_msg(rv == wanted, "%s: %s, not %s", what, rv_text(rv), rv_text(wanted));
}

/* Every PRF, against libcrypto; no password and no salt are legal. */
START_TEST(every_prf)
{
    for (size_t i = 0; i < COUNT(prfs); i++) {
        const struct hash_row *hash = hash_find(prfs[i].hash);
        EVP_MD *md = EVP_MD_fetch(NULL, hash->md, NULL);

        for (size_t len = 0; len <= 60; len += 20) {
            CK_PKCS5_PBKD2_PARAMS2 params = params_of(prfs[i].prf, pattern(len), pattern(2 * len), 10 + len);
            uint8_t want[100];

            params.pPassword = len == 0 ? NULL : params.pPassword;
            params.pSaltSourceData = len == 0 ? NULL : params.pSaltSourceData;
            ck_assert_int_eq(PKCS5_PBKDF2_HMAC((const char *)pattern(len).ptr, (int)len, pattern(2 * len).ptr,
                                               (int)(2 * len), (int)(10 + len), md, sizeof(want), want),
                             1);
            readable(CKK_SHA256_HMAC, sizeof(want));
            expect_key(&params, cfr_span_of(want, sizeof(want)), hash->name);
            readable(CKK_AES, 32);
            expect_key(&params, cfr_span_of(want, 32), hash->name);
        }
        EVP_MD_free(md);
    }
}
END_TEST

START_TEST(attributes)
{
    CK_PKCS5_PBKD2_PARAMS2 params = params_of(CKP_PKCS5_PBKD2_HMAC_SHA256, pattern(8), pattern(16), 1000);
    CK_OBJECT_HANDLE key;

    bag_clear(&template);
    bag_ulong(&template, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_AES);
    bag_ulong(&template, CKA_VALUE_LEN, 16);
    bag_bool(&template, CKA_SENSITIVE, true);
    bag_bool(&template, CKA_TOKEN, true);
    OK(try_generate(&params, &key));
    ck_assert(read_bool(session, key, CKA_LOCAL));
    ck_assert(read_bool(session, key, CKA_ALWAYS_SENSITIVE));
    ck_assert(read_bool(session, key, CKA_NEVER_EXTRACTABLE));
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_GEN_MECHANISM), CKM_PKCS5_PBKD2);
    ck_assert_uint_eq(read_ulong(session, key, CKA_VALUE_LEN), 16);
}
END_TEST

START_TEST(templates)
{
    CK_PKCS5_PBKD2_PARAMS2 params = params_of(CKP_PKCS5_PBKD2_HMAC_SHA256, pattern(8), pattern(16), 1000);

    readable(CKK_AES, 16);
    bag_remove(&template, CKA_KEY_TYPE);
    expect_refused(CKR_TEMPLATE_INCOMPLETE, &params, "no type");
    readable(CKK_AES, 16);
    bag_remove(&template, CKA_VALUE_LEN);
    expect_refused(CKR_TEMPLATE_INCOMPLETE, &params, "no length");
    readable(CKK_AES, 17);
    expect_refused(CKR_KEY_SIZE_RANGE, &params, "no AES key");
    readable(CKK_GENERIC_SECRET, 65537);
    expect_refused(CKR_KEY_SIZE_RANGE, &params, "too long");
    readable(CKK_RSA, 16);
    expect_refused(CKR_ATTRIBUTE_VALUE_INVALID, &params, "no secret key's type");
    readable(CKK_EC, 16);
    bag_ulong(&template, CKA_CLASS, CKO_PRIVATE_KEY);
    expect_refused(CKR_TEMPLATE_INCONSISTENT, &params, "no secret key");
    readable(CKK_AES, 16);
    bag_octets(&template, CKA_VALUE, pattern(16).ptr, 16);
    expect_refused(CKR_ATTRIBUTE_READ_ONLY, &params, "a value");
}
END_TEST

START_TEST(parameters)
{
    const CK_PKCS5_PBKD2_PARAMS2 right =
        params_of(CKP_PKCS5_PBKD2_HMAC_SHA256, pattern(8), pattern(16), 1000);
    CK_PKCS5_PBKD2_PARAMS2 params = right;

    readable(CKK_AES, 16);
    params.saltSource = 2;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "another source of salt");
    params = right;
    params.pSaltSourceData = NULL;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "salt at NULL");
    params = right;
    params.iterations = 0;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "no iterations");
    params.iterations = 10000001;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "too many iterations");
    params.iterations = (CK_ULONG)-1;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "endless iterations");
    params = right;
    params.prf = CKP_PKCS5_PBKD2_HMAC_GOSTR3411;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "GOST");
    params.prf = 0;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "no PRF");
    params = right;
    params.ulPrfDataLen = 1;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "data for the PRF");
    params = right;
    params.pPassword = NULL;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "a password at NULL");
    params = right;
    params.iterations = 10000000;
    readable(CKK_GENERIC_SECRET, 11 * 32);
    expect_refused(CKR_KEY_SIZE_RANGE, &params, "too much work");
}
END_TEST

/* NSS gives it: the same key comes of it, and an address that leads nowhere does no harm. */
START_TEST(structure_of_2_40)
{
    const CK_PKCS5_PBKD2_PARAMS2 right =
        params_of(CKP_PKCS5_PBKD2_HMAC_SHA256, pattern(8), pattern(16), 1000);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *nowhere = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const CK_ULONG wrong[] = {65537, 65544, UINT32_MAX, ULONG_MAX, ULONG_MAX - 7, (CK_ULONG)nowhere};
    static struct octets wanted;
    CK_ULONG len = right.ulPasswordLen;
    CK_PKCS5_PBKD2_PARAMS2 old = right;
    CK_OBJECT_HANDLE key;

    ck_assert_ptr_ne(nowhere, MAP_FAILED);
    readable(CKK_AES, 16);
    OK(try_generate(&right, &key));
    read_octets(session, key, CKA_VALUE, &wanted);
    old.ulPasswordLen = (CK_ULONG)&len;
    expect_key(&old, octets_view(&wanted), "the structure of 2.40");
    len = 65537;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &old, "a long password");
    for (size_t i = 0; i < COUNT(wrong); i++) {
        old.ulPasswordLen = wrong[i];
        expect_refused(CKR_MECHANISM_PARAM_INVALID, &old, "no address of a length");
    }
    ck_assert_int_eq(munmap(nowhere, page), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *pbkdf2 = suite_create("derive_pbkdf2");
    TCase *tcase = tcase_create("pbkdf2");

    tcase_set_timeout(tcase, SLOW_S);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, every_prf);
    tcase_add_test(tcase, attributes);
    tcase_add_test(tcase, templates);
    tcase_add_test(tcase, parameters);
    tcase_add_test(tcase, structure_of_2_40);
    suite_add_tcase(pbkdf2, tcase);
    return pbkdf2;
}

TEST_MAIN(suite)
