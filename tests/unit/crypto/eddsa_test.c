/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec.h"
#include "unit/crypto/fixture.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <string.h>

enum { SIGNATURE_MAX_LEN = 114, FIRST_WITH_VARIANTS = 0x30200000 };

static const struct cfr_eddsa_variant pure = {0};
static const char *const names[] = {"ED25519", "ED448"};

static struct cfr_keymat *generate(const char *curve)
{
    struct cfr_keymat *keymat = NULL;

    ASSERT_OK(cfr_ec_generate(fixture_curve(curve), &keymat));
    return keymat;
}

static struct cfr_eddsa *new_eddsa(struct cfr_keymat *keymat, bool sign)
{
    struct cfr_eddsa *eddsa = NULL;

    ASSERT_OK(cfr_eddsa_new(keymat, sign, &pure, &eddsa));
    return eddsa;
}

/* A published case; the variants with parameters may be refused, by a libcrypto that lacks them. */
static void check_case(struct vectors *vectors)
{
    const struct cfr_curve *curve = fixture_curve(vectors_word(vectors, "curve"));
    struct cfr_eddsa_variant variant = {.has_params = vectors_number(vectors, "has_params") == 1,
                                        .prehash = vectors_number(vectors, "prehash") == 1,
                                        .context = vectors_octets(vectors, "context")};
    struct cfr_span message = vectors_octets(vectors, "msg");
    struct cfr_span want = vectors_octets(vectors, "sig");
    AUTO(keymat) *private_key = NULL;
    AUTO(keymat) *public_key = NULL;
    AUTO(eddsa) *signing = NULL;
    AUTO(eddsa) *verifying = NULL;
    uint8_t got[SIGNATURE_MAX_LEN];

    ASSERT_OK(cfr_ec_import_private(curve, vectors_octets(vectors, "secret"), &private_key));
    ASSERT_OK(cfr_ec_import_public(curve, vectors_octets(vectors, "public"), &public_key));
    if (variant.has_params && OpenSSL_version_num() < FIRST_WITH_VARIANTS) {
        ASSERT_RV(cfr_eddsa_new(private_key, true, &variant, &signing), CKR_MECHANISM_PARAM_INVALID);
        ASSERT_RV(cfr_eddsa_new(public_key, false, &variant, &verifying), CKR_MECHANISM_PARAM_INVALID);
        return;
    }
    ASSERT_OK(cfr_eddsa_new(private_key, true, &variant, &signing));
    ASSERT_OK(cfr_eddsa_new(public_key, false, &variant, &verifying));
    ck_assert_uint_eq(cfr_eddsa_len(signing), want.len);
    ASSERT_OK(cfr_eddsa_sign(signing, message, got));
    ASSERT_SPAN(cfr_span_of(got, cfr_eddsa_len(signing)), want);
    ASSERT_OK(cfr_eddsa_verify(verifying, message, want));
}

START_TEST(published_signatures)
{
    struct vectors *vectors = vectors_open("eddsa_rfc8032");
    unsigned with_params = 0;

    while (vectors_next(vectors)) {
        with_params += vectors_number(vectors, "has_params") == 1;
        check_case(vectors);
    }
    ck_assert_uint_eq(with_params, 8);
    vectors_close(vectors, 21);
}
END_TEST

/* One context for all, signing and verifying again and again, as a session does. */
START_TEST(agrees_with_libcrypto)
{
    AUTO(keymat) *pair = generate(names[_i]);
    AUTO(eddsa) *signing = new_eddsa(pair, true);
    AUTO(eddsa) *verifying = new_eddsa(pair, false);
    AUTO(secret) *value = NULL;
    uint8_t message[300];
    uint8_t got[SIGNATURE_MAX_LEN];
    uint8_t want[SIGNATURE_MAX_LEN];
    EVP_PKEY *pkey;

    ASSERT_OK(cfr_ec_value(pair, &value));
    pkey = EVP_PKEY_new_raw_private_key_ex(NULL, names[_i], NULL, cfr_secret_view(value).ptr,
                                           cfr_secret_view(value).len);
    for (size_t len = 0; len <= sizeof(message); len += 7) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        struct cfr_span span = cfr_span_of(len == 0 ? NULL : message, len);
        size_t want_len = sizeof(want);

        harness_fill(message, len);
        ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey), 1);
        ck_assert_int_eq(EVP_DigestSign(ctx, want, &want_len, message, len), 1);
        EVP_MD_CTX_free(ctx);
        ASSERT_OK(cfr_eddsa_sign(signing, span, got));
        ASSERT_SPAN(cfr_span_of(got, cfr_eddsa_len(signing)), cfr_span_of(want, want_len));
        ASSERT_OK(cfr_eddsa_verify(verifying, span, cfr_span_of(want, want_len)));
        got[len % want_len] ^= 4;
        ASSERT_RV(cfr_eddsa_verify(verifying, span, cfr_span_of(got, want_len)), CKR_SIGNATURE_INVALID);
    }
    EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(every_changed_bit_is_noticed)
{
    AUTO(keymat) *pair = generate(names[_i]);
    AUTO(eddsa) *signing = new_eddsa(pair, true);
    AUTO(eddsa) *verifying = new_eddsa(pair, false);
    struct cfr_span message = cfr_span_text("message");
    uint8_t octets[SIGNATURE_MAX_LEN];
    struct cfr_span signature = cfr_span_of(octets, cfr_eddsa_len(signing));

    ck_assert_uint_eq(signature.len, _i == 0 ? 64 : 114);
    ASSERT_OK(cfr_eddsa_sign(signing, message, octets));
    for (size_t bit = 0; bit < 8 * signature.len; bit++) {
        octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ASSERT_RV(cfr_eddsa_verify(verifying, message, signature), CKR_SIGNATURE_INVALID);
        octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    ASSERT_OK(cfr_eddsa_verify(verifying, message, signature));
    ASSERT_RV(cfr_eddsa_verify(verifying, cfr_span_text("Message"), signature), CKR_SIGNATURE_INVALID);
    ASSERT_RV(cfr_eddsa_verify(verifying, cfr_span_text("message "), signature), CKR_SIGNATURE_INVALID);
}
END_TEST

/* s + order satisfies the equation and is not a signature (RFC 8032 5.1.7, 5.2.7). */
START_TEST(second_form_of_s_is_refused)
{
    static const char *const orders[] = {
        "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed",
        "3fffffffffffffffffffffffffffffffffffffffffffffffffffffff7cca23e9c44edb49aed63690216cc2728dc58f552378"
        "c292ab5844f3",
    };
    AUTO(keymat) *pair = generate(names[_i]);
    AUTO(eddsa) *signing = new_eddsa(pair, true);
    AUTO(eddsa) *verifying = new_eddsa(pair, false);
    uint8_t octets[SIGNATURE_MAX_LEN];
    size_t len = cfr_eddsa_len(signing);
    BIGNUM *order = NULL;
    BIGNUM *s;

    ck_assert_int_gt(BN_hex2bn(&order, orders[_i]), 0);
    ASSERT_OK(cfr_eddsa_sign(signing, cfr_span_text("message"), octets));
    s = BN_lebin2bn(octets + len / 2, (int)(len / 2), NULL);
    ck_assert_int_eq(BN_add(s, s, order), 1);
    ck_assert_int_gt(BN_bn2lebinpad(s, octets + len / 2, (int)(len / 2)), 0);
    ASSERT_RV(cfr_eddsa_verify(verifying, cfr_span_text("message"), cfr_span_of(octets, len)),
              CKR_SIGNATURE_INVALID);
    BN_free(s);
    BN_free(order);
}
END_TEST

START_TEST(lengths_of_signatures)
{
    AUTO(keymat) *pair = generate(names[_i]);
    AUTO(eddsa) *verifying = new_eddsa(pair, false);
    uint8_t octets[130] = {1};

    for (size_t len = 0; len <= sizeof(octets); len++) {
        ASSERT_RV(cfr_eddsa_verify(verifying, cfr_span_text("m"), cfr_span_of(octets, len)),
                  len == cfr_eddsa_len(verifying) ? CKR_SIGNATURE_INVALID : CKR_SIGNATURE_LEN_RANGE);
    }
}
END_TEST

START_TEST(contexts_have_at_most_255_octets)
{
    static const uint8_t octets[256] = {1};
    struct cfr_eddsa_variant variant = {.has_params = true, .context = cfr_span_of(octets, 256)};
    AUTO(keymat) *pair = generate(names[_i]);
    struct cfr_eddsa *eddsa = NULL;

    ASSERT_RV(cfr_eddsa_new(pair, true, &variant, &eddsa), CKR_MECHANISM_PARAM_INVALID);
    variant.prehash = true;
    ASSERT_RV(cfr_eddsa_new(pair, true, &variant, &eddsa), CKR_MECHANISM_PARAM_INVALID);
    ck_assert_ptr_null(eddsa);
}
END_TEST

/* Ed448 always has a context, the empty one by default; Ed25519 with an empty one is another scheme. */
START_TEST(empty_context_of_ed448_is_the_default)
{
    struct cfr_eddsa_variant variant = {.has_params = true};
    AUTO(keymat) *pair = generate("ED448");
    AUTO(eddsa) *with = NULL;
    AUTO(eddsa) *without = new_eddsa(pair, true);
    uint8_t signatures[2][SIGNATURE_MAX_LEN];

    ASSERT_OK(cfr_eddsa_new(pair, true, &variant, &with));
    ASSERT_OK(cfr_eddsa_sign(with, cfr_span_text("m"), signatures[0]));
    ASSERT_OK(cfr_eddsa_sign(without, cfr_span_text("m"), signatures[1]));
    ck_assert_mem_eq(signatures[0], signatures[1], SIGNATURE_MAX_LEN);
}
END_TEST

START_TEST(ed25519ctx_is_never_taken_for_ed25519)
{
    struct cfr_eddsa_variant variant = {.has_params = true};
    AUTO(keymat) *pair = generate("ED25519");
    AUTO(eddsa) *eddsa = NULL;
    CK_RV rv = cfr_eddsa_new(pair, true, &variant, &eddsa);
    uint8_t signatures[2][SIGNATURE_MAX_LEN];

    if (rv == CKR_OK) {
        AUTO(eddsa) *plain = new_eddsa(pair, true);

        ASSERT_OK(cfr_eddsa_sign(eddsa, cfr_span_text("m"), signatures[0]));
        ASSERT_OK(cfr_eddsa_sign(plain, cfr_span_text("m"), signatures[1]));
        ck_assert_mem_ne(signatures[0], signatures[1], 64);
        return;
    }
    ASSERT_RV(rv, CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(public_key_does_not_sign)
{
    AUTO(keymat) *pair = generate(names[_i]);
    AUTO(keymat) *public_key = NULL;
    AUTO(eddsa) *eddsa = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    uint8_t signature[SIGNATURE_MAX_LEN];
    size_t len = 0;

    ASSERT_OK(cfr_ec_point(pair, point, &len));
    ASSERT_OK(cfr_ec_import_public(fixture_curve(names[_i]), cfr_span_of(point, len), &public_key));
    ck_assert(cfr_eddsa_new(public_key, true, &pure, &eddsa) != CKR_OK ||
              cfr_eddsa_sign(eddsa, cfr_span_text("m"), signature) != CKR_OK);
    cfr_eddsa_drop(NULL);
}
END_TEST

static void sign_often(unsigned index, void *arg)
{
    AUTO(eddsa) *signing = new_eddsa(arg, true);
    AUTO(eddsa) *verifying = new_eddsa(arg, false);
    uint8_t signature[SIGNATURE_MAX_LEN];

    for (int i = 0; i < 50; i++) {
        struct cfr_span message = cfr_span_of(&index, sizeof(index));

        ASSERT_OK(cfr_eddsa_sign(signing, message, signature));
        ASSERT_OK(cfr_eddsa_verify(verifying, message, cfr_span_of(signature, cfr_eddsa_len(signing))));
    }
}

START_TEST(threads_share_a_key)
{
    AUTO(keymat) *pair = generate(names[_i]);

    harness_threads(8, sign_often, pair);
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(eddsa) *signing = NULL;
    AUTO(eddsa) *verifying = NULL;
    uint8_t signature[SIGNATURE_MAX_LEN];

    TRY(cfr_eddsa_new(arg, true, &pure, &signing));
    TRY(cfr_eddsa_new(arg, false, &pure, &verifying));
    TRY(cfr_eddsa_sign(signing, cfr_span_text("m"), signature));
    return cfr_eddsa_verify(verifying, cfr_span_text("m"), cfr_span_of(signature, cfr_eddsa_len(signing)));
}

START_TEST(each_call_may_fail)
{
    AUTO(keymat) *pair = generate(names[_i]);

    nth_failure_both(attempt, pair, 2, 6);
}
END_TEST

static Suite *suite(void)
{
    Suite *eddsa = suite_create("eddsa");
    TCase *tcase = tcase_create("eddsa");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, published_signatures);
    tcase_add_loop_test(tcase, agrees_with_libcrypto, 0, 2);
    tcase_add_loop_test(tcase, every_changed_bit_is_noticed, 0, 2);
    tcase_add_loop_test(tcase, second_form_of_s_is_refused, 0, 2);
    tcase_add_loop_test(tcase, lengths_of_signatures, 0, 2);
    tcase_add_loop_test(tcase, contexts_have_at_most_255_octets, 0, 2);
    tcase_add_test(tcase, empty_context_of_ed448_is_the_default);
    tcase_add_test(tcase, ed25519ctx_is_never_taken_for_ed25519);
    tcase_add_loop_test(tcase, public_key_does_not_sign, 0, 2);
    tcase_add_loop_test(tcase, threads_share_a_key, 0, 2);
    tcase_add_loop_test(tcase, each_call_may_fail, 0, 2);
    suite_add_tcase(eddsa, tcase);
    return eddsa;
}

TEST_MAIN(suite)
