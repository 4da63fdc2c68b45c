/* SPDX-License-Identifier: Apache-2.0 */
/* Engines as a host's openssl.cnf may make them default. Each test is a process of its own. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/log.h"
#include "unit/crypto/fixture.h"

#include <openssl/dh.h>
#include <openssl/dsa.h>
#include <openssl/engine.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef OPENSSL_NO_ENGINE

static int wanted_nid;

static int give_digest(ENGINE *engine, const EVP_MD **ret_md, const int **ret_nids, int nid)
{
    (void)engine;
    if (ret_md == NULL) {
        *ret_nids = &wanted_nid;
        return 1;
    }
    *ret_md = EVP_get_digestbynid(nid);
    return *ret_md != NULL;
}

static int give_cipher(ENGINE *engine, const EVP_CIPHER **ret_cipher, const int **ret_nids, int nid)
{
    (void)engine;
    if (ret_cipher == NULL) {
        *ret_nids = &wanted_nid;
        return 1;
    }
    *ret_cipher = EVP_get_cipherbynid(nid);
    return *ret_cipher != NULL;
}

static int refuse_pkey(ENGINE *engine, EVP_PKEY_METHOD **ret_method, const int **ret_nids, int nid)
{
    (void)engine;
    (void)nid;
    if (ret_method == NULL) {
        *ret_nids = &wanted_nid;
        return 1;
    }
    *ret_method = NULL;
    return 0;
}

static ENGINE *new_engine(void)
{
    ENGINE *engine = ENGINE_new();

    ck_assert_ptr_nonnull(engine);
    ck_assert_int_eq(ENGINE_set_id(engine, "coffer-test"), 1);
    ck_assert_int_eq(ENGINE_set_name(engine, "an engine of a test"), 1);
    return engine;
}

/* Loaded is no harm; what being the default is, the caller says. */
static void make_default(ENGINE *engine, CK_RV want)
{
    ck_assert_int_eq(ENGINE_add(engine), 1);
    ASSERT_OK(cfr_ossl_check_engines());
    ck_assert_int_eq(ENGINE_set_default(engine, ENGINE_METHOD_ALL), 1);
    ASSERT_RV(cfr_ossl_check_engines(), want);
    if (want != CKR_OK) {
        ck_assert_ptr_nonnull(strstr(cfr_note_last()->words, "coffer-test"));
    }
    ENGINE_unregister_RSA(engine);
    ENGINE_unregister_EC(engine);
    ENGINE_unregister_DH(engine);
    ENGINE_unregister_DSA(engine);
    ENGINE_unregister_RAND(engine);
    ENGINE_unregister_digests(engine);
    ENGINE_unregister_ciphers(engine);
    ENGINE_unregister_pkey_meths(engine);
    ASSERT_OK(cfr_ossl_check_engines());
    ck_assert_int_eq(ENGINE_remove(engine), 1);
    ENGINE_free(engine);
}

START_TEST(no_engine_is_no_reason)
{
    ASSERT_OK(cfr_ossl_check_engines());
    ASSERT_OK(cfr_ossl_check_engines());
}
END_TEST

static int wrong_private(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
    (void)from;
    (void)padding;
    memset(to, 1, (size_t)RSA_size(rsa));
    return len > 0 ? RSA_size(rsa) : -1;
}

START_TEST(engine_for_rsa_must_answer_rightly)
{
    RSA_METHOD *wrong = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    ENGINE *good_engine = new_engine();
    ENGINE *bad_engine = new_engine();

    ck_assert_int_eq(ENGINE_set_RSA(good_engine, RSA_PKCS1_OpenSSL()), 1);
    make_default(good_engine, CKR_OK);
    ck_assert(RSA_meth_set_priv_enc(wrong, wrong_private) && RSA_meth_set_priv_dec(wrong, wrong_private));
    ck_assert_int_eq(ENGINE_set_RSA(bad_engine, wrong), 1);
    make_default(bad_engine, CKR_GENERAL_ERROR);
    RSA_meth_free(wrong);
}
END_TEST

static int wrong_secret(unsigned char **ret_secret, size_t *ret_len, const EC_POINT *point, const EC_KEY *key)
{
    (void)point;
    (void)key;
    *ret_len = 32;
    *ret_secret = OPENSSL_zalloc(32);
    return *ret_secret != NULL;
}

START_TEST(engine_for_ec_must_answer_rightly)
{
    EC_KEY_METHOD *wrong = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    ENGINE *good_engine = new_engine();
    ENGINE *bad_engine = new_engine();

    ck_assert_int_eq(ENGINE_set_EC(good_engine, EC_KEY_OpenSSL()), 1);
    make_default(good_engine, CKR_OK);
    EC_KEY_METHOD_set_compute_key(wrong, wrong_secret);
    ck_assert_int_eq(ENGINE_set_EC(bad_engine, wrong), 1);
    make_default(bad_engine, CKR_GENERAL_ERROR);
    EC_KEY_METHOD_free(wrong);
}
END_TEST

static int wrong_agreement(unsigned char *out, const BIGNUM *peer, DH *dh)
{
    (void)peer;
    memset(out, 0, (size_t)DH_size(dh));
    out[0] = 4;
    return DH_size(dh);
}

START_TEST(engine_for_dh_must_answer_rightly)
{
    DH_METHOD *wrong = DH_meth_dup(DH_OpenSSL());
    ENGINE *good_engine = new_engine();
    ENGINE *bad_engine = new_engine();

    ck_assert_int_eq(ENGINE_set_DH(good_engine, DH_OpenSSL()), 1);
    make_default(good_engine, CKR_OK);
    ck_assert_int_eq(DH_meth_set_compute_key(wrong, wrong_agreement), 1);
    ck_assert_int_eq(ENGINE_set_DH(bad_engine, wrong), 1);
    make_default(bad_engine, CKR_GENERAL_ERROR);
    DH_meth_free(wrong);
}
END_TEST

static int verify_all(const unsigned char *digest, int len, DSA_SIG *signature, DSA *dsa)
{
    (void)digest;
    (void)len;
    (void)signature;
    (void)dsa;
    return 1;
}

START_TEST(engine_for_dsa_must_answer_rightly)
{
    DSA_METHOD *wrong = DSA_meth_dup(DSA_OpenSSL());
    ENGINE *good_engine = new_engine();
    ENGINE *bad_engine = new_engine();

    ck_assert_int_eq(ENGINE_set_DSA(good_engine, DSA_OpenSSL()), 1);
    make_default(good_engine, CKR_OK);
    ck_assert_int_eq(DSA_meth_set_verify(wrong, verify_all), 1);
    ck_assert_int_eq(ENGINE_set_DSA(bad_engine, wrong), 1);
    make_default(bad_engine, CKR_GENERAL_ERROR);
    DSA_meth_free(wrong);
}
END_TEST

static int give_zeros(unsigned char *out, int len)
{
    memset(out, 0, (size_t)len);
    return 1;
}

static int say_yes(void)
{
    return 1;
}

static const RAND_METHOD zeros = {.bytes = give_zeros, .pseudorand = give_zeros, .status = say_yes};
static const RAND_METHOD nothing = {0};

/* libcrypto asks for the default engine when it needs a method and has none yet. */
START_TEST(engine_for_random_numbers_must_give_some)
{
    ENGINE *good_engine = new_engine();
    ENGINE *bad_engine = new_engine();

    ck_assert_int_eq(ENGINE_set_RAND(good_engine, RAND_OpenSSL()), 1);
    make_default(good_engine, CKR_OK);
    ck_assert_int_eq(ENGINE_set_RAND(bad_engine, &zeros), 1);
    ck_assert_int_eq(ENGINE_set_default(bad_engine, ENGINE_METHOD_RAND), 1);
    ck_assert_int_eq(RAND_set_rand_method(NULL), 1);
    ASSERT_RV(cfr_ossl_check_engines(), CKR_GENERAL_ERROR);
    ck_assert_ptr_nonnull(strstr(cfr_note_last()->words, "coffer-test"));
    ENGINE_unregister_RAND(bad_engine);
    ck_assert_int_eq(RAND_set_rand_method(RAND_OpenSSL()), 1);
    ENGINE_free(bad_engine);
}
END_TEST

START_TEST(random_method_of_the_host_must_give_some)
{
    ck_assert_int_eq(RAND_set_rand_method(&zeros), 1);
    ASSERT_RV(cfr_ossl_check_engines(), CKR_GENERAL_ERROR);
    ck_assert_int_eq(RAND_set_rand_method(&nothing), 1);
    ASSERT_RV(cfr_ossl_check_engines(), CKR_GENERAL_ERROR);
    ck_assert_int_eq(RAND_set_rand_method(RAND_OpenSSL()), 1);
    ASSERT_OK(cfr_ossl_check_engines());
}
END_TEST

static const int digests[] = {NID_sha1,     NID_sha224,     NID_sha256,     NID_sha384,
                              NID_sha512,   NID_sha512_224, NID_sha512_256, NID_sha3_224,
                              NID_sha3_256, NID_sha3_384,   NID_sha3_512};

START_TEST(no_engine_is_borne_for_a_digest)
{
    ENGINE *engine = new_engine();

    wanted_nid = digests[_i];
    ck_assert_int_eq(ENGINE_set_digests(engine, give_digest), 1);
    make_default(engine, CKR_GENERAL_ERROR);
}
END_TEST

static const int ciphers[] = {
    NID_aes_128_ecb,        NID_aes_192_ecb,        NID_aes_256_ecb,        NID_aes_128_cbc,
    NID_aes_192_cbc,        NID_aes_256_cbc,        NID_aes_128_ctr,        NID_aes_192_ctr,
    NID_aes_256_ctr,        NID_aes_128_gcm,        NID_aes_192_gcm,        NID_aes_256_gcm,
    NID_aes_128_ccm,        NID_aes_192_ccm,        NID_aes_256_ccm,        NID_aes_128_xts,
    NID_aes_256_xts,        NID_id_aes128_wrap,     NID_id_aes192_wrap,     NID_id_aes256_wrap,
    NID_id_aes128_wrap_pad, NID_id_aes192_wrap_pad, NID_id_aes256_wrap_pad, NID_des_ede3_ecb,
    NID_des_ede3_cbc};

START_TEST(no_engine_is_borne_for_a_cipher)
{
    ENGINE *engine = new_engine();

    wanted_nid = ciphers[_i];
    ck_assert_int_eq(ENGINE_set_ciphers(engine, give_cipher), 1);
    make_default(engine, CKR_GENERAL_ERROR);
}
END_TEST

/* These do not come near our keys: shield_test.c. */
static const int pkeys[] = {EVP_PKEY_RSA,   EVP_PKEY_EC,     EVP_PKEY_ED25519,
                            EVP_PKEY_ED448, EVP_PKEY_X25519, EVP_PKEY_X448};

START_TEST(engine_for_a_kind_of_key_is_borne)
{
    ENGINE *engine = new_engine();

    wanted_nid = pkeys[_i];
    ck_assert_int_eq(ENGINE_set_pkey_meths(engine, refuse_pkey), 1);
    make_default(engine, CKR_OK);
}
END_TEST

START_TEST(engine_for_what_is_not_used_is_borne)
{
    ENGINE *engine = new_engine();

    wanted_nid = NID_md5;
    ck_assert_int_eq(ENGINE_set_digests(engine, give_digest), 1);
    make_default(engine, CKR_OK);
}
END_TEST

START_TEST(engine_that_is_borne_is_logged)
{
    char path[] = "/tmp/coffer-engine-test-XXXXXX";
    char setting[64];
    char text[512] = "";
    int fd = mkstemp(path);
    ENGINE *engine = new_engine();

    (void)snprintf(setting, sizeof(setting), "warn:%s", path);
    ck_assert(cfr_log_configure(setting));
    ck_assert_int_eq(ENGINE_set_RSA(engine, RSA_PKCS1_OpenSSL()), 1);
    make_default(engine, CKR_OK);
    ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
    ck_assert_ptr_nonnull(strstr(text, "coffer-test"));
    ck_assert(cfr_log_configure("off"));
    (void)close(fd);
    (void)unlink(path);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, no_engine_is_no_reason);
    tcase_add_test(tcase, engine_for_rsa_must_answer_rightly);
    tcase_add_test(tcase, engine_for_ec_must_answer_rightly);
    tcase_add_test(tcase, engine_for_dh_must_answer_rightly);
    tcase_add_test(tcase, engine_for_dsa_must_answer_rightly);
    tcase_add_test(tcase, engine_for_random_numbers_must_give_some);
    tcase_add_test(tcase, random_method_of_the_host_must_give_some);
    tcase_add_loop_test(tcase, no_engine_is_borne_for_a_digest, 0, COUNT_OF(digests));
    tcase_add_loop_test(tcase, no_engine_is_borne_for_a_cipher, 0, COUNT_OF(ciphers));
    tcase_add_loop_test(tcase, engine_for_a_kind_of_key_is_borne, 0, COUNT_OF(pkeys));
    tcase_add_test(tcase, engine_for_what_is_not_used_is_borne);
    tcase_add_test(tcase, engine_that_is_borne_is_logged);
}

#else

START_TEST(there_are_no_engines)
{
    ASSERT_OK(cfr_ossl_check_engines());
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, there_are_no_engines);
}

#endif

static Suite *suite(void)
{
    Suite *engine_guard = suite_create("engine_guard");
    TCase *tcase = tcase_create("engine_guard");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    add_tests(tcase);
    suite_add_tcase(engine_guard, tcase);
    return engine_guard;
}

TEST_MAIN(suite)
