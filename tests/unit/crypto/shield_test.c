/* SPDX-License-Identifier: Apache-2.0 */
/* An engine of the host that is the default for kinds of keys, and is never asked for ours. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/ec.h"
#include "crypto/ossl_private.h"
#include "crypto/pkcs8.h"
#include "unit/crypto/fixture.h"

#include <openssl/engine.h>
#include <string.h>

static const char *const key_types[] = {CFR_PKEY_RSA,   CFR_PKEY_EC,     CFR_PKEY_ED25519,
                                        CFR_PKEY_ED448, CFR_PKEY_X25519, CFR_PKEY_X448};

START_TEST(names_of_ours_are_known_to_our_context_alone)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(cfr_ossl.context, key_types[_i], NULL);

    ck_assert_ptr_nonnull(ctx);
    EVP_PKEY_CTX_free(ctx);
    ck_assert_ptr_null(EVP_PKEY_CTX_new_from_name(NULL, key_types[_i], NULL));
}
END_TEST

#ifndef OPENSSL_NO_ENGINE

static const int nids[] = {EVP_PKEY_RSA,   EVP_PKEY_EC,     EVP_PKEY_ED25519,
                           EVP_PKEY_ED448, EVP_PKEY_X25519, EVP_PKEY_X448};
static unsigned times_asked;

static int refuse(ENGINE *engine, EVP_PKEY_METHOD **ret_method, const int **ret_nids, int nid)
{
    (void)engine;
    (void)nid;
    if (ret_method == NULL) {
        *ret_nids = nids;
        return (int)COUNT_OF(nids);
    }
    times_asked++;
    *ret_method = NULL;
    return 0;
}

static void raise_engine(void)
{
    ENGINE *engine = ENGINE_new();

    fixture_up();
    ck_assert(ENGINE_set_id(engine, "coffer-test") && ENGINE_set_name(engine, "an engine of a test") &&
              ENGINE_set_pkey_meths(engine, refuse) && ENGINE_add(engine) &&
              ENGINE_set_default(engine, ENGINE_METHOD_ALL));
    ENGINE_free(engine);
}

static void lower_engine(void)
{
    ENGINE *engine = ENGINE_by_id("coffer-test");

    ENGINE_unregister_pkey_meths(engine);
    ck_assert_int_eq(ENGINE_remove(engine), 1);
    ENGINE_free(engine);
}

START_TEST(host_itself_meets_the_engine)
{
    /* Or the tests below would show nothing. */
    EVP_PKEY_CTX_free(EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL));
    ck_assert_uint_gt(times_asked, 0);
}
END_TEST

START_TEST(rsa_keys_do_not)
{
    static const struct cfr_rsa_scheme schemes[] = {
        {.padding = CFR_RSA_V15, .hash = CFR_HASH_SHA256},
        {.padding = CFR_RSA_PSS, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA256, .salt_len = 32},
    };
    static const struct cfr_rsa_scheme oaep = {
        .padding = CFR_RSA_OAEP, .hash = CFR_HASH_SHA1, .mgf_hash = CFR_HASH_SHA1};
    struct cfr_span digest = cfr_span_text("a digest of thirty-two octets!!!");
    AUTO(keymat) *keymat = fixture_rsa_private("rsa1024_2");
    AUTO(keymat) *generated = NULL;
    AUTO(rsa_op) *encrypting = NULL;
    AUTO(rsa_op) *decrypting = NULL;
    AUTO(secret) *opened = NULL;
    uint8_t out[128];

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        AUTO(rsa_op) *signing = NULL;
        AUTO(rsa_op) *verifying = NULL;

        ASSERT_OK(cfr_rsa_op_new(keymat, CFR_RSA_SIGN, &schemes[i], &signing));
        ASSERT_OK(cfr_rsa_op_new(keymat, CFR_RSA_VERIFY, &schemes[i], &verifying));
        ASSERT_OK(cfr_rsa_sign(signing, digest, out));
        ASSERT_OK(cfr_rsa_verify(verifying, digest, cfr_span_of(out, sizeof(out))));
    }
    ASSERT_OK(cfr_rsa_op_new(keymat, CFR_RSA_ENCRYPT, &oaep, &encrypting));
    ASSERT_OK(cfr_rsa_op_new(keymat, CFR_RSA_DECRYPT, &oaep, &decrypting));
    ASSERT_OK(cfr_rsa_encrypt(encrypting, digest, out));
    ASSERT_OK(cfr_rsa_decrypt(decrypting, cfr_span_of(out, sizeof(out)), &opened));
    ASSERT_SPAN(cfr_secret_view(opened), digest);
    ASSERT_OK(cfr_rsa_generate(1024, cfr_span_of("\1\0\1", 3), &generated));
    ck_assert_uint_eq(times_asked, 0);
}
END_TEST

START_TEST(keys_on_curves_do_not)
{
    static const char *const curves[] = {"prime256v1", "ED25519", "ED448", "X25519", "X448"};
    const struct cfr_curve *curve = fixture_curve(curves[_i]);
    AUTO(keymat) *pair = NULL;
    AUTO(keymat) *decoded = NULL;
    AUTO(keymat) *public_key = NULL;
    AUTO(secret) *text = NULL;
    AUTO(secret) *spki = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    uint8_t signature[114];
    size_t len = 0;

    ASSERT_OK(cfr_ec_generate(curve, &pair));
    ASSERT_OK(cfr_pkcs8_encode(pair, &text));
    ASSERT_OK(cfr_pkcs8_decode(cfr_secret_view(text), &decoded));
    ASSERT_OK(cfr_keymat_spki(decoded, &spki));
    ASSERT_OK(cfr_ec_point(decoded, point, &len));
    ASSERT_OK(cfr_ec_import_public(curve, cfr_span_of(point, len), &public_key));
    if (cfr_curve_family(curve) == CFR_KEY_EDWARDS) {
        static const struct cfr_eddsa_variant pure = {0};
        AUTO(eddsa) *signing = NULL;

        ASSERT_OK(cfr_eddsa_new(decoded, true, &pure, &signing));
        ASSERT_OK(cfr_eddsa_sign(signing, cfr_span_text("message"), signature));
    } else {
        AUTO(secret) *shared = NULL;

        ASSERT_OK(cfr_ec_derive(decoded, cfr_span_of(point, len), false, &shared));
    }
    if (cfr_curve_family(curve) == CFR_KEY_EC) {
        AUTO(ecdsa) *signing = NULL;

        ASSERT_OK(cfr_ecdsa_new(decoded, true, &signing));
        ASSERT_OK(cfr_ecdsa_sign(signing, cfr_span_text("digest"), signature));
    }
    ck_assert_uint_eq(times_asked, 0);
}
END_TEST

static void add_engine_tests(Suite *shield)
{
    TCase *engine = tcase_create("engine");

    tcase_add_checked_fixture(engine, raise_engine, lower_engine);
    tcase_add_test(engine, host_itself_meets_the_engine);
    tcase_add_test(engine, rsa_keys_do_not);
    tcase_add_loop_test(engine, keys_on_curves_do_not, 0, 5);
    suite_add_tcase(shield, engine);
}

#else

static void add_engine_tests(Suite *shield)
{
    (void)shield;
}

#endif

static Suite *suite(void)
{
    Suite *shield = suite_create("shield");
    TCase *names = tcase_create("names");

    tcase_add_checked_fixture(names, fixture_up, NULL);
    tcase_add_loop_test(names, names_of_ours_are_known_to_our_context_alone, 0, COUNT_OF(key_types));
    suite_add_tcase(shield, names);
    add_engine_tests(shield);
    return shield;
}

TEST_MAIN(suite)
