/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"
#include "crypto/ossl.h"
#include "crypto/ossl_private.h"
#include "unit/crypto/fixture.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

START_TEST(coming_up_twice_is_once)
{
    OSSL_LIB_CTX *context;

    ASSERT_OK(cfr_ossl_up());
    context = cfr_ossl.context;
    ck_assert_ptr_nonnull(context);
    ASSERT_OK(cfr_ossl_up());
    ck_assert_ptr_eq(cfr_ossl.context, context);
    ck_assert(!cfr_ossl_is_gone());
}
END_TEST

START_TEST(everything_of_openssl_3_is_there)
{
    ASSERT_OK(cfr_ossl_up());
    for (int mode = 0; mode < CFR_AES_MODE_COUNT; mode++) {
        for (size_t len = 0; len <= 80; len++) {
            bool right = mode == CFR_AES_XTS ? len == 32 || len == 64 : len == 16 || len == 24 || len == 32;

            ck_assert_int_eq(cfr_ossl_aes((enum cfr_aes_mode)mode, len) != NULL, right);
        }
    }
    ck_assert_ptr_nonnull(cfr_ossl.hmac);
    ck_assert_ptr_nonnull(cfr_ossl.cmac);
    ck_assert_ptr_nonnull(cfr_ossl.gmac);
    ck_assert_ptr_nonnull(cfr_ossl.hkdf);
    ck_assert_ptr_nonnull(cfr_ossl.x963kdf);
    ck_assert_ptr_nonnull(cfr_ossl.sskdf);
}
END_TEST

START_TEST(hashes_are_as_libcrypto_has_them)
{
    enum cfr_hash hash = (enum cfr_hash)_i;

    ASSERT_OK(cfr_ossl_up());
    ck_assert(cfr_hash_is_available(hash));
    ck_assert_uint_eq(cfr_hash_len(hash), (size_t)EVP_MD_get_size(fixture_md(hash)));
    ck_assert_uint_le(cfr_hash_len(hash), CFR_HASH_MAX_LEN);
    ck_assert_uint_eq(cfr_hash_block_len(hash), (size_t)EVP_MD_get_block_size(fixture_md(hash)));
    ck_assert(EVP_MD_is_a(cfr_ossl.digest[hash], cfr_hash_name(hash)));
    ck_assert(EVP_MD_is_a(cfr_ossl.digest[hash], EVP_MD_get0_name(fixture_md(hash))));
}
END_TEST

START_TEST(no_hash_is_not_available)
{
    ASSERT_OK(cfr_ossl_up());
    ck_assert(!cfr_hash_is_available(CFR_HASH_NONE));
    ck_assert_uint_eq(cfr_hash_len(CFR_HASH_NONE), 0);
}
END_TEST

START_TEST(version_is_libcryptos)
{
    ck_assert_str_eq(cfr_ossl_version_text(), OpenSSL_version(OPENSSL_VERSION));
    ck_assert_ptr_eq(strstr(cfr_ossl_version_text(), "OpenSSL "), cfr_ossl_version_text());
}
END_TEST

static void come_up(unsigned index, void *arg)
{
    AUTO(digest) *digest = NULL;
    uint8_t out[CFR_HASH_MAX_LEN];

    (void)index;
    (void)arg;
    ASSERT_OK(cfr_ossl_up());
    ASSERT_OK(cfr_digest_new(CFR_HASH_SHA256, &digest));
    ASSERT_OK(cfr_digest_once(digest, cfr_span_text("abc"), out));
}

START_TEST(threads_may_come_up_together)
{
    harness_threads(8, come_up, NULL);
}
END_TEST

static int digest_in_child(void *arg)
{
    AUTO(digest) *digest = NULL;
    uint8_t out[CFR_HASH_MAX_LEN];

    (void)arg;
    return cfr_ossl_up() == CKR_OK && cfr_digest_new(CFR_HASH_SHA256, &digest) == CKR_OK &&
                   cfr_digest_once(digest, cfr_span_text("abc"), out) == CKR_OK && out[0] == 0xba
               ? 0
               : 1;
}

START_TEST(children_inherit_it)
{
    ASSERT_OK(cfr_ossl_up());
    ck_assert_int_eq(harness_child(digest_in_child, NULL), 0);
}
END_TEST

static unsigned count_errors(void)
{
    unsigned count = 0;

    while (ERR_get_error() != 0) {
        count++;
    }
    return count;
}

START_TEST(host_keeps_its_errors_and_sees_none_of_ours)
{
    bool outer;

    ASSERT_OK(cfr_ossl_up());
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, ERR_R_PASSED_NULL_PARAMETER);
    outer = cfr_ossl_errors_begin();
    cfr_ossl_errors_keep();
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    cfr_ossl_errors_keep();
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    cfr_ossl_errors_end(outer);
    ck_assert_int_eq(ERR_GET_REASON(ERR_peek_last_error()), ERR_R_PASSED_NULL_PARAMETER);
    ck_assert_uint_eq(count_errors(), 1);
}
END_TEST

/* libcrypto may load a provider that calls the module, from within a call of the module. */
START_TEST(a_call_within_a_call_takes_out_its_own_errors)
{
    bool outer, inner;

    ASSERT_OK(cfr_ossl_up());
    ERR_clear_error();
    outer = cfr_ossl_errors_begin();
    cfr_ossl_errors_keep();
    ERR_raise(ERR_LIB_USER, ERR_R_PASSED_NULL_PARAMETER);
    inner = cfr_ossl_errors_begin();
    cfr_ossl_errors_keep();
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    cfr_ossl_errors_end(inner);
    ck_assert_int_eq(ERR_GET_REASON(ERR_peek_last_error()), ERR_R_PASSED_NULL_PARAMETER);
    cfr_ossl_errors_end(outer);
    ck_assert_uint_eq(count_errors(), 0);
}
END_TEST

START_TEST(failure_names_libcryptos_reason)
{
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, ERR_R_PASSED_NULL_PARAMETER);
    ck_assert_uint_eq(cfr_ossl_fail(CKR_FUNCTION_FAILED, "a call", "file.c", 7), CKR_FUNCTION_FAILED);
    ck_assert_ptr_nonnull(strstr(cfr_note_last()->words, "a call"));
    ck_assert_ptr_nonnull(strstr(cfr_note_last()->words, "passed a null parameter"));
    ERR_clear_error();
    ck_assert_uint_eq(cfr_ossl_fail(CKR_FUNCTION_FAILED, "a call", "file.c", 7), CKR_FUNCTION_FAILED);
    ck_assert_ptr_nonnull(strstr(cfr_note_last()->words, "failed"));
}
END_TEST

static int clean_up(void *arg)
{
    (void)arg;
    if (cfr_ossl_up() != CKR_OK || cfr_ossl_is_gone()) {
        return 1;
    }
    OPENSSL_cleanup();
    cfr_ossl_load_config();
    return cfr_ossl_is_gone() && cfr_ossl_up() == CKR_GENERAL_ERROR ? 0 : 2;
}

START_TEST(nothing_is_done_after_libcrypto_has_gone)
{
    ck_assert_int_eq(harness_child(clean_up, NULL), 0);
}
END_TEST

/* A configuration that would leave an ordinary application without SHA-256. */
static int with_hostile_configuration(void *arg)
{
    AUTO(digest) *digest = NULL;
    uint8_t out[CFR_HASH_MAX_LEN];

    if (setenv("OPENSSL_CONF", arg, 1) != 0) {
        return 1;
    }
    cfr_ossl_load_config();
    if (cfr_ossl_up() != CKR_OK) {
        return 1;
    }
    if (EVP_MD_fetch(NULL, "SHA256", NULL) != NULL) {
        return 2;
    }
    return cfr_digest_new(CFR_HASH_SHA256, &digest) == CKR_OK &&
                   cfr_digest_once(digest, cfr_span_text("abc"), out) == CKR_OK
               ? 0
               : 3;
}

START_TEST(configuration_of_the_host_does_not_reach_us)
{
    char path[] = "/tmp/coffer-ossl-test-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");

    ck_assert_ptr_nonnull(file);
    (void)fputs("openssl_conf = init\n[init]\nalg_section = algorithms\nproviders = list\n"
                "[algorithms]\ndefault_properties = fips=yes\n[list]\nbase = on\n[on]\nactivate = 1\n",
                file);
    (void)fclose(file);
    ck_assert_int_eq(harness_child(with_hostile_configuration, path), 0);
    (void)unlink(path);
}
END_TEST

static CK_RV attempt(void *arg)
{
    (void)arg;
    return cfr_ossl_up();
}

/* The attempt that succeeds leaves it up, so that the second kind is tried in another process. */
START_TEST(coming_up_may_fail_and_be_tried_again)
{
    unsigned failures = nth_failure(_i == 0 ? CFR_FAULT_MEMORY : CFR_FAULT_CRYPTO, attempt, NULL);

#ifdef CFR_FAULTS
    ck_assert_uint_ge(failures, 1);
#else
    (void)failures;
#endif
    ASSERT_OK(cfr_ossl_up());
}
END_TEST

static Suite *suite(void)
{
    Suite *ossl = suite_create("ossl");
    TCase *tcase = tcase_create("ossl");

    tcase_add_test(tcase, coming_up_twice_is_once);
    tcase_add_test(tcase, everything_of_openssl_3_is_there);
    tcase_add_loop_test(tcase, hashes_are_as_libcrypto_has_them, CFR_HASH_SHA1, CFR_HASH_COUNT);
    tcase_add_test(tcase, no_hash_is_not_available);
    tcase_add_test(tcase, version_is_libcryptos);
    tcase_add_test(tcase, threads_may_come_up_together);
    tcase_add_test(tcase, children_inherit_it);
    tcase_add_test(tcase, host_keeps_its_errors_and_sees_none_of_ours);
    tcase_add_test(tcase, a_call_within_a_call_takes_out_its_own_errors);
    tcase_add_test(tcase, failure_names_libcryptos_reason);
    tcase_add_test(tcase, nothing_is_done_after_libcrypto_has_gone);
    tcase_add_test(tcase, configuration_of_the_host_does_not_reach_us);
    tcase_add_loop_test(tcase, coming_up_may_fail_and_be_tried_again, 0, 2);
    suite_add_tcase(ossl, tcase);
    return ossl;
}

TEST_MAIN(suite)
