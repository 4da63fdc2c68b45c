/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/ec.h"
#include "unit/crypto/fixture.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/objects.h>
#include <string.h>

enum { SIGNATURE_MAX_LEN = 2 * CFR_EC_FIELD_MAX_LEN };

static struct cfr_ecdsa *new_ecdsa(struct cfr_keymat *keymat, bool sign)
{
    struct cfr_ecdsa *ecdsa = NULL;

    ASSERT_OK(cfr_ecdsa_new(keymat, sign, &ecdsa));
    return ecdsa;
}

static struct cfr_keymat *generate(const struct cfr_curve *curve)
{
    struct cfr_keymat *keymat = NULL;

    ASSERT_OK(cfr_ec_generate(curve, &keymat));
    return keymat;
}

START_TEST(published_signatures)
{
    struct vectors *vectors = vectors_open("ecdsa_rfc6979");

    while (vectors_next(vectors)) {
        const struct cfr_curve *curve = fixture_curve(vectors_word(vectors, "curve"));
        uint8_t octets[CFR_HASH_MAX_LEN];
        struct cfr_span digest = fixture_digest(fixture_hash(vectors_word(vectors, "hash")),
                                                vectors_octets(vectors, "msg"), octets);
        AUTO(keymat) *public_key = NULL;
        AUTO(keymat) *private_key = NULL;
        AUTO(ecdsa) *verifying = NULL;
        AUTO(ecdsa) *verifying_too = NULL;

        ASSERT_OK(cfr_ec_import_public(curve, vectors_octets(vectors, "point"), &public_key));
        verifying = new_ecdsa(public_key, false);
        ASSERT_OK(cfr_ecdsa_verify(verifying, digest, vectors_octets(vectors, "sig")));
        ASSERT_OK(cfr_ec_import_private(curve, vectors_octets(vectors, "d"), &private_key));
        verifying_too = new_ecdsa(private_key, false);
        ASSERT_OK(cfr_ecdsa_verify(verifying_too, digest, vectors_octets(vectors, "sig")));
        octets[0] ^= 1;
        ASSERT_RV(cfr_ecdsa_verify(verifying, digest, vectors_octets(vectors, "sig")), CKR_SIGNATURE_INVALID);
    }
    vectors_close(vectors, 118);
}
END_TEST

/* libcrypto's own key object of the same key. */
static EC_KEY *key_direct(const struct cfr_curve *curve, const struct cfr_keymat *keymat)
{
    EC_KEY *key = EC_KEY_new_by_curve_name(OBJ_sn2nid(cfr_curve_name(curve)));
    AUTO(secret) *value = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    size_t len = 0;

    ASSERT_OK(cfr_ec_value(keymat, &value));
    ASSERT_OK(cfr_ec_point(keymat, point, &len));
    ck_assert_int_eq(EC_KEY_oct2priv(key, cfr_secret_view(value).ptr, cfr_secret_view(value).len), 1);
    ck_assert_int_eq(EC_KEY_oct2key(key, point, len, NULL), 1);
    return key;
}

static int verify_direct(EC_KEY *key, struct cfr_span digest, struct cfr_span signature)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    size_t half = signature.len / 2;
    int result;

    ck_assert_int_eq(ECDSA_SIG_set0(sig, BN_bin2bn(signature.ptr, (int)half, NULL),
                                    BN_bin2bn(signature.ptr + half, (int)half, NULL)),
                     1);
    result = ECDSA_do_verify(digest.ptr, (int)digest.len, sig, key);
    ECDSA_SIG_free(sig);
    return result;
}

static void sign_direct(EC_KEY *key, struct cfr_span digest, uint8_t *out, size_t half)
{
    ECDSA_SIG *sig = ECDSA_do_sign(digest.ptr, (int)digest.len, key);

    ck_assert_ptr_nonnull(sig);
    ck_assert_int_ge(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half), 0);
    ck_assert_int_ge(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half), 0);
    ECDSA_SIG_free(sig);
}

/* Our signatures satisfy libcrypto, and its signatures us; digests of every kind of length. */
static void check_curve(const struct cfr_curve *curve, void *arg)
{
    AUTO(keymat) *pair = generate(curve);
    AUTO(ecdsa) *signing = new_ecdsa(pair, true);
    AUTO(ecdsa) *verifying = new_ecdsa(pair, false);
    EC_KEY *key = key_direct(curve, pair);
    uint8_t digest[100];
    uint8_t octets[SIGNATURE_MAX_LEN];
    struct cfr_span signature = cfr_span_of(octets, 2 * cfr_curve_order_len(curve));
    static const size_t lens[] = {1, 13, 20, 32, 64, 72, 100};

    (void)arg;
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        struct cfr_span span = cfr_span_of(digest, lens[i]);

        harness_fill(digest, sizeof(digest));
        ASSERT_OK(cfr_ecdsa_sign(signing, span, octets));
        ASSERT_OK(cfr_ecdsa_verify(verifying, span, signature));
        ck_assert_int_eq(verify_direct(key, span, signature), 1);
        digest[0] ^= 0x80;
        ASSERT_RV(cfr_ecdsa_verify(verifying, span, signature), CKR_SIGNATURE_INVALID);
        sign_direct(key, span, octets, signature.len / 2);
        ASSERT_OK(cfr_ecdsa_verify(verifying, span, signature));
    }
    EC_KEY_free(key);
}

START_TEST(every_curve_agrees_with_libcrypto)
{
    ck_assert_uint_gt(cfr_curve_each(CFR_KEY_EC, check_curve, NULL), 0);
}
END_TEST

START_TEST(empty_digest_is_a_digest)
{
    AUTO(keymat) *pair = generate(fixture_curve("prime256v1"));
    AUTO(ecdsa) *signing = new_ecdsa(pair, true);
    AUTO(ecdsa) *verifying = new_ecdsa(pair, false);
    uint8_t signature[64];

    ASSERT_OK(cfr_ecdsa_sign(signing, cfr_span_of(NULL, 0), signature));
    ASSERT_OK(cfr_ecdsa_verify(verifying, cfr_span_of(NULL, 0), cfr_span_of(signature, 64)));
}
END_TEST

START_TEST(every_changed_bit_is_noticed)
{
    AUTO(keymat) *pair = generate(fixture_curve("prime256v1"));
    AUTO(ecdsa) *signing = new_ecdsa(pair, true);
    AUTO(ecdsa) *verifying = new_ecdsa(pair, false);
    struct cfr_span digest = cfr_span_text("a digest of thirty-two octets!!!");
    uint8_t signature[64];

    ASSERT_OK(cfr_ecdsa_sign(signing, digest, signature));
    for (size_t bit = 0; bit < 512; bit++) {
        signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ASSERT_RV(cfr_ecdsa_verify(verifying, digest, cfr_span_of(signature, 64)), CKR_SIGNATURE_INVALID);
        signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    ASSERT_OK(cfr_ecdsa_verify(verifying, digest, cfr_span_of(signature, 64)));
}
END_TEST

/* r or s of 0, of the order, above it; negative as a number of the same octets. */
START_TEST(degenerate_signatures_are_refused)
{
    const struct cfr_curve *curve = fixture_curve("prime256v1");
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    AUTO(keymat) *pair = generate(curve);
    AUTO(ecdsa) *signing = new_ecdsa(pair, true);
    AUTO(ecdsa) *verifying = new_ecdsa(pair, false);
    struct cfr_span digest = cfr_span_text("a digest of thirty-two octets!!!");
    uint8_t right[64];
    uint8_t wrong[3][32] = {{0}};

    ASSERT_OK(cfr_ecdsa_sign(signing, digest, right));
    ck_assert_int_eq(BN_bn2binpad(EC_GROUP_get0_order(group), wrong[1], 32), 32);
    memset(wrong[2], 0xff, 32);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        uint8_t octets[64];

        for (size_t at = 0; at <= 32; at += 32) {
            cfr_copy(octets, right, 64);
            cfr_copy(octets + at, wrong[i], 32);
            ASSERT_RV(cfr_ecdsa_verify(verifying, digest, cfr_span_of(octets, 64)), CKR_SIGNATURE_INVALID);
        }
        for (size_t j = 0; j < COUNT_OF(wrong); j++) {
            cfr_copy(octets, wrong[i], 32);
            cfr_copy(octets + 32, wrong[j], 32);
            ASSERT_RV(cfr_ecdsa_verify(verifying, digest, cfr_span_of(octets, 64)), CKR_SIGNATURE_INVALID);
        }
    }
    EC_GROUP_free(group);
}
END_TEST

START_TEST(lengths_of_signatures)
{
    AUTO(keymat) *pair = generate(fixture_curve("secp384r1"));
    AUTO(ecdsa) *verifying = new_ecdsa(pair, false);
    uint8_t octets[200] = {1};

    for (size_t len = 0; len <= sizeof(octets); len++) {
        bool possible = len != 0 && len % 2 == 0 && len <= 96;

        ASSERT_RV(cfr_ecdsa_verify(verifying, cfr_span_text("digest"), cfr_span_of(octets, len)),
                  possible ? CKR_SIGNATURE_INVALID : CKR_SIGNATURE_LEN_RANGE);
    }
}
END_TEST

/* Of signatures whose two numbers both begin with a zero octet, the shorter form is as good (PKCS#11 6.3.1).
 */
START_TEST(shorter_signature_is_the_same)
{
    AUTO(keymat) *pair = generate(fixture_curve("secp521r1"));
    AUTO(ecdsa) *signing = new_ecdsa(pair, true);
    AUTO(ecdsa) *verifying = new_ecdsa(pair, false);
    struct cfr_span digest = cfr_span_text("a digest of thirty-two octets!!!");
    uint8_t octets[132] = {1};

    for (int round = 0; round < 200 && (octets[0] != 0 || octets[66] != 0); round++) {
        ASSERT_OK(cfr_ecdsa_sign(signing, digest, octets));
    }
    ck_assert(octets[0] == 0 && octets[66] == 0);
    memmove(octets, octets + 1, 65);
    memmove(octets + 65, octets + 67, 65);
    ASSERT_OK(cfr_ecdsa_verify(verifying, digest, cfr_span_of(octets, 130)));
}
END_TEST

START_TEST(signatures_are_randomised)
{
    AUTO(keymat) *pair = generate(fixture_curve("prime256v1"));
    AUTO(ecdsa) *signing = new_ecdsa(pair, true);
    uint8_t signatures[2][64];

    ASSERT_OK(cfr_ecdsa_sign(signing, cfr_span_text("digest"), signatures[0]));
    ASSERT_OK(cfr_ecdsa_sign(signing, cfr_span_text("digest"), signatures[1]));
    ck_assert_mem_ne(signatures[0], signatures[1], 32);
}
END_TEST

START_TEST(operation_outlives_the_last_other_share_of_its_key)
{
    struct cfr_keymat *pair = generate(fixture_curve("prime256v1"));
    AUTO(ecdsa) *signing = new_ecdsa(pair, true);
    AUTO(ecdsa) *verifying = new_ecdsa(pair, false);
    uint8_t signature[64];

    cfr_keymat_drop(pair);
    ASSERT_OK(cfr_ecdsa_sign(signing, cfr_span_text("digest"), signature));
    ASSERT_OK(cfr_ecdsa_verify(verifying, cfr_span_text("digest"), cfr_span_of(signature, 64)));
    cfr_ecdsa_drop(NULL);
}
END_TEST

START_TEST(public_key_does_not_sign)
{
    AUTO(keymat) *pair = generate(fixture_curve("prime256v1"));
    AUTO(keymat) *public_key = NULL;
    AUTO(ecdsa) *signing = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    uint8_t signature[64];
    size_t len = 0;

    ASSERT_OK(cfr_ec_point(pair, point, &len));
    ASSERT_OK(cfr_ec_import_public(fixture_curve("prime256v1"), cfr_span_of(point, len), &public_key));
    ck_assert(cfr_ecdsa_new(public_key, true, &signing) != CKR_OK ||
              cfr_ecdsa_sign(signing, cfr_span_text("digest"), signature) != CKR_OK);
}
END_TEST

static void sign_often(unsigned index, void *arg)
{
    AUTO(ecdsa) *signing = new_ecdsa(arg, true);
    AUTO(ecdsa) *verifying = new_ecdsa(arg, false);
    uint8_t signature[64];

    for (int i = 0; i < 50; i++) {
        struct cfr_span digest = cfr_span_of(&index, sizeof(index));

        ASSERT_OK(cfr_ecdsa_sign(signing, digest, signature));
        ASSERT_OK(cfr_ecdsa_verify(verifying, digest, cfr_span_of(signature, 64)));
    }
}

START_TEST(threads_share_a_key)
{
    AUTO(keymat) *pair = generate(fixture_curve("prime256v1"));

    harness_threads(8, sign_often, pair);
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(ecdsa) *signing = NULL;
    AUTO(ecdsa) *verifying = NULL;
    uint8_t signature[64];

    TRY(cfr_ecdsa_new(arg, true, &signing));
    TRY(cfr_ecdsa_new(arg, false, &verifying));
    TRY(cfr_ecdsa_sign(signing, cfr_span_text("digest"), signature));
    return cfr_ecdsa_verify(verifying, cfr_span_text("digest"), cfr_span_of(signature, 64));
}

START_TEST(each_call_may_fail)
{
    AUTO(keymat) *pair = generate(fixture_curve("prime256v1"));

    nth_failure_both(attempt, pair, 2, 6);
}
END_TEST

static Suite *suite(void)
{
    Suite *ecdsa = suite_create("ecdsa");
    TCase *tcase = tcase_create("ecdsa");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, published_signatures);
    tcase_add_test(tcase, every_curve_agrees_with_libcrypto);
    tcase_add_test(tcase, empty_digest_is_a_digest);
    tcase_add_test(tcase, every_changed_bit_is_noticed);
    tcase_add_test(tcase, degenerate_signatures_are_refused);
    tcase_add_test(tcase, lengths_of_signatures);
    tcase_add_test(tcase, shorter_signature_is_the_same);
    tcase_add_test(tcase, signatures_are_randomised);
    tcase_add_test(tcase, operation_outlives_the_last_other_share_of_its_key);
    tcase_add_test(tcase, public_key_does_not_sign);
    tcase_add_test(tcase, threads_share_a_key);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(ecdsa, tcase);
    return ecdsa;
}

TEST_MAIN(suite)
