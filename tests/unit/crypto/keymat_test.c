/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec.h"
#include "crypto/keymat.h"
#include "unit/crypto/fixture.h"

#include <openssl/x509.h>
#include <string.h>

static struct cfr_keymat *new_secret_key(const char *text)
{
    AUTO(secret) *secret = NULL;
    struct cfr_keymat *keymat = NULL;

    ASSERT_OK(cfr_secret_from(cfr_span_text(text), &secret));
    ASSERT_OK(cfr_keymat_from_secret(secret, &keymat));
    return keymat;
}

START_TEST(symmetric_key_is_its_octets)
{
    AUTO(keymat) *keymat = new_secret_key("0123456789abcdef");

    ck_assert_int_eq(cfr_keymat_family(keymat), CFR_KEY_SECRET);
    ck_assert(cfr_keymat_is_private(keymat));
    ck_assert_uint_eq(cfr_keymat_bits(keymat), 128);
    ASSERT_SPAN(cfr_keymat_secret(keymat), cfr_span_text("0123456789abcdef"));
}
END_TEST

START_TEST(symmetric_key_may_be_empty)
{
    AUTO(keymat) *keymat = new_secret_key("");

    ck_assert_uint_eq(cfr_keymat_bits(keymat), 0);
    ck_assert_uint_eq(cfr_keymat_secret(keymat).len, 0);
}
END_TEST

START_TEST(last_share_wipes)
{
    struct cfr_keymat *keymat = new_secret_key("0123456789abcdef");
    const uint8_t *octets = cfr_keymat_secret(keymat).ptr;

    ck_assert_ptr_eq(cfr_keymat_share(keymat), keymat);
    cfr_keymat_drop(keymat);
    ck_assert_mem_eq(octets, "0123456789abcdef", 16);
    cfr_keymat_drop(keymat);
    ck_assert_mem_eq(octets, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(null_is_no_key)
{
    ck_assert_ptr_null(cfr_keymat_share(NULL));
    cfr_keymat_drop(NULL);
}
END_TEST

/* libcrypto reads what we write and finds the same key. */
static void check_spki(struct cfr_keymat *keymat, int type)
{
    AUTO(secret) *spki = NULL;
    const uint8_t *at;
    EVP_PKEY *pkey;

    ASSERT_OK(cfr_keymat_spki(keymat, &spki));
    at = cfr_secret_view(spki).ptr;
    pkey = d2i_PUBKEY(NULL, &at, (long)cfr_secret_view(spki).len);
    ck_assert_ptr_nonnull(pkey);
    ck_assert_ptr_eq(at, cfr_secret_view(spki).ptr + cfr_secret_view(spki).len);
    ck_assert_int_eq(EVP_PKEY_get_base_id(pkey), type);
    ck_assert(fixture_is_same_key(pkey, keymat));
    EVP_PKEY_free(pkey);
    cfr_keymat_drop(keymat);
}

START_TEST(public_half_is_written_for_every_family)
{
    static const struct {
        const char *curve;
        int type;
    } curves[] = {
        {"prime256v1", EVP_PKEY_EC}, {"secp521r1", EVP_PKEY_EC},    {"brainpoolP384r1", EVP_PKEY_EC},
        {"sect283k1", EVP_PKEY_EC},  {"ED25519", EVP_PKEY_ED25519}, {"ED448", EVP_PKEY_ED448},
        {"X25519", EVP_PKEY_X25519}, {"X448", EVP_PKEY_X448},
    };

    check_spki(fixture_rsa_private("rsa2048_1"), EVP_PKEY_RSA);
    check_spki(fixture_rsa_public("rsa2048_1"), EVP_PKEY_RSA);
    for (size_t i = 0; i < COUNT_OF(curves); i++) {
        struct cfr_keymat *keymat = NULL;

        ASSERT_OK(cfr_ec_generate(fixture_curve(curves[i].curve), &keymat));
        check_spki(keymat, curves[i].type);
    }
}
END_TEST

START_TEST(symmetric_key_has_no_public_half)
{
    AUTO(keymat) *keymat = new_secret_key("0123456789abcdef");
    struct cfr_secret *spki = NULL;

    ck_assert_uint_ne(cfr_keymat_spki(keymat, &spki), CKR_OK);
    ck_assert_ptr_null(spki);
}
END_TEST

START_TEST(asymmetric_keys_have_no_octets)
{
    AUTO(keymat) *private_key = fixture_rsa_private("rsa2048_1");
    AUTO(keymat) *public_key = fixture_rsa_public("rsa2048_1");

    ck_assert_int_eq(cfr_keymat_family(private_key), CFR_KEY_RSA);
    ck_assert(cfr_keymat_is_private(private_key));
    ck_assert(!cfr_keymat_is_private(public_key));
    ck_assert_uint_eq(cfr_keymat_bits(private_key), 2048);
    ck_assert_uint_eq(cfr_keymat_secret(private_key).len, 0);
}
END_TEST

static void share_and_drop(unsigned index, void *arg)
{
    struct cfr_keymat *keymat = arg;

    (void)index;
    for (int i = 0; i < 2000; i++) {
        AUTO(keymat) *share = cfr_keymat_share(keymat);

        if (cfr_keymat_secret(share).len != 16) {
            ck_abort_msg("the key went away");
        }
    }
}

START_TEST(threads_share)
{
    struct cfr_keymat *keymat = new_secret_key("0123456789abcdef");

    harness_threads(8, share_and_drop, keymat);
    ck_assert_uint_eq(cfr_secret_in_use(), 16);
    cfr_keymat_drop(keymat);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(secret) *secret = NULL;
    AUTO(secret) *spki = NULL;
    AUTO(keymat) *symmetric = NULL;

    TRY(cfr_secret_from(cfr_span_text("key"), &secret));
    TRY(cfr_keymat_from_secret(secret, &symmetric));
    return cfr_keymat_spki(arg, &spki);
}

START_TEST(each_call_may_fail)
{
    AUTO(keymat) *keymat = fixture_rsa_public("rsa2048_1");

    nth_failure_both(attempt, keymat, 3, 2);
}
END_TEST

static Suite *suite(void)
{
    Suite *keymat = suite_create("keymat");
    TCase *tcase = tcase_create("keymat");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, symmetric_key_is_its_octets);
    tcase_add_test(tcase, symmetric_key_may_be_empty);
    tcase_add_test(tcase, last_share_wipes);
    tcase_add_test(tcase, null_is_no_key);
    tcase_add_test(tcase, public_half_is_written_for_every_family);
    tcase_add_test(tcase, symmetric_key_has_no_public_half);
    tcase_add_test(tcase, asymmetric_keys_have_no_octets);
    tcase_add_test(tcase, threads_share);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(keymat, tcase);
    return keymat;
}

TEST_MAIN(suite)
