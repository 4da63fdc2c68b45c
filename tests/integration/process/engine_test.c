/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that the host has made default: borne if they do their work, refused by name if not. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "integration/support/client.h"
#include "support/main.h"

#include <dlfcn.h>
#include <openssl/engine.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#define LIBP11 "/usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so"

/* libcrypto never frees an engine that is the default for something, nor what it points to. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* How often the engine was asked: a test in which it is not proves nothing. */
static unsigned asked;

#define EXPECT_ASKED(more_than) ck_assert(CFR_BUNDLED ? asked == 0 : asked > (more_than))

static ENGINE *engine_new(void)
{
    ENGINE *engine = ENGINE_new();

    ck_assert_ptr_nonnull(engine);
    ck_assert(ENGINE_set_id(engine, "test-engine") && ENGINE_set_name(engine, "an engine of a test"));
    return engine;
}

static void expect_everything_works(void)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_BYTE random[2][16] = {{0}};

    expect_pair_works(session, CKM_SHA256_RSA_PKCS, rsa_make(session, false, "rsa", 2048));
    expect_pair_works(session, CKM_SHA256_RSA_PKCS, rsa_make(session, true, "rsa in the token", 2048));
    expect_pair_works(session, CKM_ECDSA_SHA256, ec_make(session, true, "ec"));
    expect_aes_works(session, aes_make(session, true, "aes"));
    OK(p11->C_GenerateRandom(session, random[0], sizeof(random[0])));
    OK(p11->C_GenerateRandom(session, random[1], sizeof(random[1])));
    ck_assert_mem_ne(random[0], random[1], sizeof(random[0]));
    module_stop();
}

/* A module with a libcrypto of its own has nothing to bear. */
static void expect_borne(const char *algorithm)
{
    char line[128];

    expect_everything_works();
    if (CFR_BUNDLED) {
        ck_assert_uint_eq(scratch_logged("\"test-engine\""), 0);
        return;
    }
    (void)snprintf(line, sizeof(line), "\"test-engine\" is the default for %s; a trial", algorithm);
    ck_assert_uint_eq(scratch_logged(line), 1);
}

static void expect_refused(void)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_INFO info;

    if (CFR_BUNDLED) {
        expect_everything_works();
        return;
    }
    module_load();
    EXPECT(CKR_GENERAL_ERROR, p11->C_Initialize(&args));
    ck_assert_uint_eq(scratch_logged("\"test-engine\""), 1);
    ck_assert_uint_eq(scratch_logged("error: C_Initialize: CKR_GENERAL_ERROR"), 1);
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetInfo(&info));
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
}

/* --- RSA --- */

static const RSA_METHOD *plain_rsa(void)
{
    asked++;
    return RSA_PKCS1_OpenSSL();
}

static int through_priv_enc(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
    return RSA_meth_get_priv_enc(plain_rsa())(len, from, to, rsa, padding);
}

static int through_pub_dec(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
    return RSA_meth_get_pub_dec(plain_rsa())(len, from, to, rsa, padding);
}

static int wrong_private(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
    asked++;
    (void)from;
    (void)padding;
    memset(to, 1, (size_t)RSA_size(rsa));
    return len > 0 ? RSA_size(rsa) : -1;
}

static int agreeable_public(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
    asked++;
    (void)from;
    (void)rsa;
    (void)padding;
    memset(to, 0, (size_t)len);
    return len;
}

/* What libp11's engine does with a key of its own: log in and have the token sign. */
static int private_by_the_module(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    CK_RV rv = p11->C_Initialize(NULL);

    asked++;
    ck_assert_msg(rv == CKR_CRYPTOKI_ALREADY_INITIALIZED, "C_Initialize within C_Initialize: %s",
                  rv_text(rv));
    rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session);
    if (rv != CKR_OK) {
        return -1;
    }
    return RSA_meth_get_priv_enc(RSA_PKCS1_OpenSSL())(len, from, to, rsa, padding);
}

typedef int (*rsa_fn)(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding);

static void make_rsa_default(rsa_fn private_enc, rsa_fn public_dec)
{
    RSA_METHOD *method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    ENGINE *engine = engine_new();

    ck_assert(RSA_meth_set_priv_enc(method, private_enc) && RSA_meth_set_pub_dec(method, public_dec));
    ck_assert(ENGINE_set_RSA(engine, method) && ENGINE_add(engine) && ENGINE_set_default_RSA(engine));
}

START_TEST(an_rsa_engine_that_passes_through_is_borne)
{
    make_rsa_default(through_priv_enc, through_pub_dec);
    expect_borne("RSA");
    EXPECT_ASKED(2);
}
END_TEST

START_TEST(an_rsa_engine_that_signs_wrongly_is_refused)
{
    make_rsa_default(wrong_private, through_pub_dec);
    expect_refused();
    EXPECT_ASKED(0);
}
END_TEST

START_TEST(an_rsa_engine_that_verifies_wrongly_is_refused)
{
    make_rsa_default(through_priv_enc, agreeable_public);
    expect_refused();
    EXPECT_ASKED(0);
}
END_TEST

START_TEST(an_rsa_engine_that_calls_the_module_is_refused)
{
    make_rsa_default(private_by_the_module, through_pub_dec);
    expect_refused();
    EXPECT_ASKED(0);
}
END_TEST

/* --- EC --- */

typedef int (*ecdh_fn)(unsigned char **secret, size_t *len, const EC_POINT *point, const EC_KEY *key);
typedef ECDSA_SIG *(*ecdsa_sign_fn)(const unsigned char *digest, int len, const BIGNUM *inverse,
                                    const BIGNUM *r, EC_KEY *key);

static int through_ecdh(unsigned char **secret, size_t *len, const EC_POINT *point, const EC_KEY *key)
{
    ecdh_fn plain = NULL;

    asked++;
    EC_KEY_METHOD_get_compute_key(EC_KEY_OpenSSL(), &plain);
    return plain(secret, len, point, key);
}

static int wrong_ecdh(unsigned char **secret, size_t *len, const EC_POINT *point, const EC_KEY *key)
{
    (void)point;
    (void)key;
    asked++;
    *len = 32;
    *secret = OPENSSL_zalloc(32);
    return *secret != NULL;
}

static ecdsa_sign_fn plain_sign(void)
{
    ecdsa_sign_fn sign = NULL;

    asked++;
    EC_KEY_METHOD_get_sign(EC_KEY_OpenSSL(), NULL, NULL, &sign);
    return sign;
}

static int sign_der(int type, const unsigned char *digest, int len, unsigned char *signature,
                    unsigned *signature_len, const BIGNUM *inverse, const BIGNUM *r, EC_KEY *key,
                    ecdsa_sign_fn sign)
{
    ECDSA_SIG *raw = sign(digest, len, inverse, r, key);
    int der_len = raw == NULL ? 0 : i2d_ECDSA_SIG(raw, signature == NULL ? NULL : &signature);

    (void)type;
    ECDSA_SIG_free(raw);
    *signature_len = (unsigned)(der_len < 0 ? 0 : der_len);
    return der_len > 0;
}

static ECDSA_SIG *through_sign_sig(const unsigned char *digest, int len, const BIGNUM *inverse,
                                   const BIGNUM *r, EC_KEY *key)
{
    return plain_sign()(digest, len, inverse, r, key);
}

static int through_sign(int type, const unsigned char *digest, int len, unsigned char *signature,
                        unsigned *signature_len, const BIGNUM *inverse, const BIGNUM *r, EC_KEY *key)
{
    return sign_der(type, digest, len, signature, signature_len, inverse, r, key, through_sign_sig);
}

/* A signature of other data. */
static ECDSA_SIG *wrong_sign_sig(const unsigned char *digest, int len, const BIGNUM *inverse, const BIGNUM *r,
                                 EC_KEY *key)
{
    static const unsigned char other[32] = {1, 2, 3};

    (void)digest;
    (void)len;
    return plain_sign()(other, sizeof(other), inverse, r, key);
}

static int wrong_sign(int type, const unsigned char *digest, int len, unsigned char *signature,
                      unsigned *signature_len, const BIGNUM *inverse, const BIGNUM *r, EC_KEY *key)
{
    return sign_der(type, digest, len, signature, signature_len, inverse, r, key, wrong_sign_sig);
}

static int agreeable_verify(int type, const unsigned char *digest, int len, const unsigned char *signature,
                            int signature_len, EC_KEY *key)
{
    (void)type;
    (void)digest;
    (void)len;
    (void)signature;
    (void)signature_len;
    (void)key;
    asked++;
    return 1;
}

static int agreeable_verify_sig(const unsigned char *digest, int len, const ECDSA_SIG *signature, EC_KEY *key)
{
    (void)digest;
    (void)len;
    (void)signature;
    (void)key;
    asked++;
    return 1;
}

static void make_ec_default(const EC_KEY_METHOD *method)
{
    ENGINE *engine = engine_new();

    ck_assert(ENGINE_set_EC(engine, method) && ENGINE_add(engine) && ENGINE_set_default_EC(engine));
}

START_TEST(an_ec_engine_that_passes_through_is_borne)
{
    EC_KEY_METHOD *method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());

    EC_KEY_METHOD_set_compute_key(method, through_ecdh);
    EC_KEY_METHOD_set_sign(method, through_sign, NULL, through_sign_sig);
    make_ec_default(method);
    expect_borne("EC");
    EXPECT_ASKED(1);
}
END_TEST

START_TEST(an_ec_engine_that_derives_wrongly_is_refused)
{
    EC_KEY_METHOD *method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());

    EC_KEY_METHOD_set_compute_key(method, wrong_ecdh);
    make_ec_default(method);
    expect_refused();
    EXPECT_ASKED(0);
}
END_TEST

START_TEST(an_ec_engine_that_signs_wrongly_is_refused)
{
    EC_KEY_METHOD *method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());

    EC_KEY_METHOD_set_sign(method, wrong_sign, NULL, wrong_sign_sig);
    make_ec_default(method);
    expect_refused();
    EXPECT_ASKED(0);
}
END_TEST

START_TEST(an_ec_engine_that_finds_every_signature_right_is_refused)
{
    EC_KEY_METHOD *method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());

    EC_KEY_METHOD_set_verify(method, agreeable_verify, agreeable_verify_sig);
    make_ec_default(method);
    expect_refused();
    EXPECT_ASKED(0);
}
END_TEST

/* --- Random numbers --- */

static int draw_through(unsigned char *out, int len)
{
    asked++;
    return RAND_OpenSSL()->bytes(out, len);
}

static int draw_zeros(unsigned char *out, int len)
{
    asked++;
    memset(out, 0, (size_t)len);
    return 1;
}

static int draw_from_the_module(unsigned char *out, int len)
{
    CK_RV rv = p11->C_Initialize(NULL);

    asked++;
    ck_assert_msg(rv == CKR_CRYPTOKI_ALREADY_INITIALIZED, "C_Initialize within C_Initialize: %s",
                  rv_text(rv));
    return p11->C_GenerateRandom(1, out, (CK_ULONG)len) == CKR_OK;
}

static int ready(void)
{
    return 1;
}

static void make_random_default(const RAND_METHOD *method)
{
    ENGINE *engine = engine_new();

    ck_assert(ENGINE_set_RAND(engine, method) && ENGINE_add(engine) && ENGINE_set_default_RAND(engine));
}

START_TEST(a_random_engine_that_passes_through_is_borne)
{
    static const RAND_METHOD method = {.bytes = draw_through, .pseudorand = draw_through, .status = ready};

    make_random_default(&method);
    expect_borne("random numbers");
    EXPECT_ASKED(2);
}
END_TEST

START_TEST(a_random_engine_that_draws_nothing_is_refused)
{
    static const RAND_METHOD method = {.bytes = draw_zeros, .pseudorand = draw_zeros, .status = ready};

    make_random_default(&method);
    expect_refused();
    EXPECT_ASKED(0);
}
END_TEST

START_TEST(a_random_engine_that_calls_the_module_is_refused)
{
    static const RAND_METHOD method = {
        .bytes = draw_from_the_module, .pseudorand = draw_from_the_module, .status = ready};

    make_random_default(&method);
    expect_refused();
    EXPECT_ASKED(0);
}
END_TEST

/* --- Digests, ciphers, kinds of key --- */

static int give_sha256(ENGINE *engine, const EVP_MD **ret_md, const int **ret_nids, int nid)
{
    static const int nids[] = {NID_sha256};

    (void)engine;
    asked++;
    if (ret_md == NULL) {
        *ret_nids = nids;
        return 1;
    }
    *ret_md = EVP_get_digestbynid(nid);
    return *ret_md != NULL;
}

static int give_aes(ENGINE *engine, const EVP_CIPHER **ret_cipher, const int **ret_nids, int nid)
{
    static const int nids[] = {NID_aes_256_gcm};

    (void)engine;
    asked++;
    if (ret_cipher == NULL) {
        *ret_nids = nids;
        return 1;
    }
    *ret_cipher = EVP_get_cipherbynid(nid);
    return *ret_cipher != NULL;
}

START_TEST(an_engine_for_digests_is_refused)
{
    ENGINE *engine = engine_new();

    ck_assert(ENGINE_set_digests(engine, give_sha256) && ENGINE_add(engine));
    ck_assert(ENGINE_set_default_digests(engine));
    expect_refused();
}
END_TEST

START_TEST(an_engine_for_ciphers_is_refused)
{
    ENGINE *engine = engine_new();

    ck_assert(ENGINE_set_ciphers(engine, give_aes) && ENGINE_add(engine));
    ck_assert(ENGINE_set_default_ciphers(engine));
    expect_refused();
}
END_TEST

static int fail_init(EVP_PKEY_CTX *ctx)
{
    (void)ctx;
    asked++;
    return 0;
}

/* Every operation that begins with a key of these kinds fails. */
static int give_pkey(ENGINE *engine, EVP_PKEY_METHOD **ret_method, const int **ret_nids, int nid)
{
    static const int nids[] = {EVP_PKEY_RSA, EVP_PKEY_EC, EVP_PKEY_ED25519};
    static EVP_PKEY_METHOD *method;

    (void)engine;
    if (ret_method == NULL) {
        *ret_nids = nids;
        return (int)COUNT(nids);
    }
    if (method == NULL) {
        method = EVP_PKEY_meth_new(nid, 0);
        EVP_PKEY_meth_set_init(method, fail_init);
    }
    *ret_method = method;
    return 1;
}

START_TEST(an_engine_for_kinds_of_key_does_not_reach_ours)
{
    ENGINE *engine = engine_new();
    EVP_PKEY_CTX *ctx;

    ck_assert(ENGINE_set_pkey_meths(engine, give_pkey) && ENGINE_add(engine));
    ck_assert(ENGINE_set_default_pkey_meths(engine));
    ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    ck_assert_msg(ctx == NULL && asked == 1, "the host's own keys do not go to the engine");
    expect_everything_works();
    ck_assert_uint_eq(asked, 1);
}
END_TEST

/* --- libp11's --- */

static ENGINE *load_libp11(void)
{
    ENGINE *engine = NULL;

    ENGINE_load_dynamic();
    engine = ENGINE_by_id("dynamic");
    ck_assert_ptr_nonnull(engine);
    ck_assert(ENGINE_ctrl_cmd_string(engine, "SO_PATH", LIBP11, 0));
    ck_assert(ENGINE_ctrl_cmd_string(engine, "ID", "pkcs11", 0));
    ck_assert(ENGINE_ctrl_cmd_string(engine, "LOAD", NULL, 0));
    ck_assert(ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", module_path(), 0));
    return engine;
}

START_TEST(libp11_as_the_default_for_all_is_borne)
{
    ENGINE *engine;

    if (access(LIBP11, R_OK) != 0) {
        return;
    }
    engine = load_libp11();
    ck_assert(ENGINE_set_default(engine, ENGINE_METHOD_ALL));
    expect_everything_works();
    ck_assert((scratch_logged("the OpenSSL engine \"pkcs11\" is the default for RSA") > 0) == !CFR_BUNDLED);
}
END_TEST

/* The engine signs with a key of the very module that it stands before. */
START_TEST(libp11_signs_with_a_key_of_the_module)
{
    CK_SESSION_HANDLE session;
    ENGINE *engine;
    EVP_PKEY *key;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char signature[256];
    size_t len = sizeof(signature);

    if (access(LIBP11, R_OK) != 0) {
        return;
    }
    session = client_ready();
    (void)rsa_make(session, true, "tls", 2048);
    module_stop();
    engine = load_libp11();
    ck_assert(ENGINE_set_default(engine, ENGINE_METHOD_ALL) && ENGINE_init(engine));
    ck_assert(ENGINE_ctrl_cmd_string(engine, "PIN", USER_PIN, 0));
    key = ENGINE_load_private_key(engine, "pkcs11:token=token;object=tls;type=private", NULL, NULL);
    ck_assert_ptr_nonnull(key);
    ck_assert(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
    ck_assert(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)"text", 4) == 1);
    EVP_MD_CTX_free(ctx);
    ck_assert_uint_eq(len, sizeof(signature));
    EVP_PKEY_free(key);
    ENGINE_finish(engine);
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("process/engine");
    TCase *tests = tcase_create("engine");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, scratch_setup, scratch_teardown);
    tcase_add_test(tests, an_rsa_engine_that_passes_through_is_borne);
    tcase_add_test(tests, an_rsa_engine_that_signs_wrongly_is_refused);
    tcase_add_test(tests, an_rsa_engine_that_verifies_wrongly_is_refused);
    tcase_add_test(tests, an_rsa_engine_that_calls_the_module_is_refused);
    tcase_add_test(tests, an_ec_engine_that_passes_through_is_borne);
    tcase_add_test(tests, an_ec_engine_that_derives_wrongly_is_refused);
    tcase_add_test(tests, an_ec_engine_that_signs_wrongly_is_refused);
    tcase_add_test(tests, an_ec_engine_that_finds_every_signature_right_is_refused);
    tcase_add_test(tests, a_random_engine_that_passes_through_is_borne);
    tcase_add_test(tests, a_random_engine_that_draws_nothing_is_refused);
    tcase_add_test(tests, a_random_engine_that_calls_the_module_is_refused);
    tcase_add_test(tests, an_engine_for_digests_is_refused);
    tcase_add_test(tests, an_engine_for_ciphers_is_refused);
    tcase_add_test(tests, an_engine_for_kinds_of_key_does_not_reach_ours);
    tcase_add_test(tests, libp11_as_the_default_for_all_is_borne);
    tcase_add_test(tests, libp11_signs_with_a_key_of_the_module);
    suite_add_tcase(made, tests);
    return made;
}

TEST_MAIN(suite)
