/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec.h"
#include "crypto/keymat.h"
#include "crypto/pq.h"
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

/* Two keys and their public points. */
struct agreement {
    struct cfr_keymat *keys[2];
    struct cfr_span points[2];
};

/* Contexts are kept with the key: neither another thread's nor another peer's may come through. */
static void agree_both_ways(unsigned index, void *arg)
{
    const struct agreement *pair = arg;

    for (unsigned i = 0; i < 40; i++) {
        AUTO(secret) *here = NULL;
        AUTO(secret) *there = NULL;
        unsigned own = (index + i) & 1;
        bool cofactor = (i & 2) != 0;

        if (cfr_ec_derive(pair->keys[own], pair->points[1 - own], cofactor, &here) != CKR_OK ||
            cfr_ec_derive(pair->keys[1 - own], pair->points[own], cofactor, &there) != CKR_OK ||
            !cfr_span_equal(cfr_secret_view(here), cfr_secret_view(there))) {
            ck_abort_msg("the two sides differ");
        }
    }
}

START_TEST(threads_agree_with_one_key)
{
    AUTO(keymat) *one = NULL;
    AUTO(keymat) *two = NULL;
    uint8_t points[2][CFR_EC_POINT_MAX_LEN];
    size_t lens[2];

    ASSERT_OK(cfr_ec_generate(fixture_curve("prime256v1"), &one));
    ASSERT_OK(cfr_ec_generate(fixture_curve("prime256v1"), &two));
    ASSERT_OK(cfr_ec_point(one, points[0], &lens[0]));
    ASSERT_OK(cfr_ec_point(two, points[1], &lens[1]));
    harness_threads(
        4, agree_both_ways,
        &(struct agreement){{one, two}, {cfr_span_of(points[0], lens[0]), cfr_span_of(points[1], lens[1])}});
}
END_TEST

static void encapsulate_and_back(unsigned index, void *arg)
{
    uint8_t ciphertext[1088];

    (void)index;
    for (int i = 0; i < 40; i++) {
        AUTO(secret) *sent = NULL;
        AUTO(secret) *got = NULL;

        if (cfr_pq_encapsulate(arg, ciphertext, &sent) != CKR_OK ||
            cfr_pq_decapsulate(arg, cfr_span_of(ciphertext, sizeof(ciphertext)), &got) != CKR_OK ||
            !cfr_span_equal(cfr_secret_view(sent), cfr_secret_view(got))) {
            ck_abort_msg("the two sides differ");
        }
    }
}

START_TEST(threads_encapsulate_with_one_key)
{
    AUTO(keymat) *keymat = NULL;
    const struct cfr_pq_set *set = NULL;

    if (!cfr_pq_is_available(CFR_KEY_ML_KEM)) {
        return;
    }
    ASSERT_OK(cfr_pq_find(CFR_KEY_ML_KEM, CKP_ML_KEM_768, &set));
    ASSERT_OK(cfr_pq_generate(set, &keymat));
    harness_threads(4, encapsulate_and_back, keymat);
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
    tcase_add_test(tcase, threads_agree_with_one_key);
    tcase_add_test(tcase, threads_encapsulate_with_one_key);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(keymat, tcase);
    return keymat;
}

TEST_MAIN(suite)
