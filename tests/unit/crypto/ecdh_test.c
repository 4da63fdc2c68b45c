/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec.h"
#include "unit/crypto/fixture.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <string.h>

static struct cfr_span point_of(const struct cfr_keymat *keymat, uint8_t *out)
{
    size_t len = 0;

    ASSERT_OK(cfr_ec_point(keymat, out, &len));
    return cfr_span_of(out, len);
}

START_TEST(published_ecdh)
{
    struct vectors *vectors = vectors_open("ecdh_cavp");

    while (vectors_next(vectors)) {
        const struct cfr_curve *curve = fixture_curve(vectors_word(vectors, "curve"));
        AUTO(keymat) *keymat = NULL;

        ASSERT_OK(cfr_ec_import_private(curve, vectors_octets(vectors, "d"), &keymat));
        for (int cofactor = 0; cofactor <= 1; cofactor++) {
            AUTO(secret) *shared = NULL;

            ASSERT_OK(cfr_ec_derive(keymat, vectors_octets(vectors, "peer"), cofactor == 1, &shared));
            ASSERT_SPAN(cfr_secret_view(shared), vectors_octets(vectors, "z"));
        }
    }
    vectors_close(vectors, 4);
}
END_TEST

START_TEST(published_x25519_and_x448)
{
    struct vectors *vectors = vectors_open("xdh_rfc7748");

    while (vectors_next(vectors)) {
        const struct cfr_curve *curve = fixture_curve(vectors_word(vectors, "curve"));
        AUTO(keymat) *keymat = NULL;
        AUTO(secret) *shared = NULL;

        ASSERT_OK(cfr_ec_import_private(curve, vectors_octets(vectors, "scalar"), &keymat));
        ASSERT_OK(cfr_ec_derive(keymat, vectors_octets(vectors, "u"), false, &shared));
        ASSERT_SPAN(cfr_secret_view(shared), vectors_octets(vectors, "out"));
    }
    vectors_close(vectors, 6);
}
END_TEST

/* RFC 7748 5.2: the result becomes the scalar and the scalar the coordinate, from 9 (5) on; after 1 and 1,000
 * rounds. */
static const struct {
    const char *curve;
    uint8_t start;
    const char *after_one;
    const char *after_thousand;
} iterations[] = {
    {"X25519", 9, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
     "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"},
    {"X448", 5,
     "3f482c8a9f19b01e6c46ee9711d9dc14fd4bf67af30765c2ae2b846a4d23a8cd0db897086239492caf350b51f833868b9bc2b3b"
     "ca9cf4113",
     "aa3b4749d55b9daf1e5b00288826c467274ce3ebbdd5c17b975e09d4af6c67cf10d087202db88286e2b79fceea3ec353ef54faa"
     "26e219f38"},
};

START_TEST(published_iterations)
{
    const struct cfr_curve *curve = fixture_curve(iterations[_i].curve);
    size_t len = cfr_curve_field_len(curve);
    uint8_t scalar[56] = {iterations[_i].start};
    uint8_t coordinate[56] = {iterations[_i].start};
    uint8_t want[56];
    size_t want_len = 0;

    for (int round = 1; round <= 1000; round++) {
        AUTO(keymat) *keymat = NULL;
        AUTO(secret) *shared = NULL;

        ASSERT_OK(cfr_ec_import_private(curve, cfr_span_of(scalar, len), &keymat));
        ASSERT_OK(cfr_ec_derive(keymat, cfr_span_of(coordinate, len), false, &shared));
        cfr_copy(coordinate, scalar, len);
        cfr_copy(scalar, cfr_secret_view(shared).ptr, len);
        if (round == 1 || round == 1000) {
            ck_assert(vectors_from_hex(round == 1 ? iterations[_i].after_one : iterations[_i].after_thousand,
                                       want, sizeof(want), &want_len));
            ASSERT_SPAN(cfr_span_of(scalar, len), cfr_span_of(want, want_len));
        }
    }
}
END_TEST

/* Both sides get the same, of the right length, with and without cofactor. */
static void check_agreement(const struct cfr_curve *curve, void *arg)
{
    AUTO(keymat) *one = NULL;
    AUTO(keymat) *two = NULL;
    uint8_t points[2][CFR_EC_POINT_MAX_LEN];

    (void)arg;
    ASSERT_OK(cfr_ec_generate(curve, &one));
    ASSERT_OK(cfr_ec_generate(curve, &two));
    for (int cofactor = 0; cofactor <= 1; cofactor++) {
        AUTO(secret) *here = NULL;
        AUTO(secret) *there = NULL;

        ASSERT_OK(cfr_ec_derive(one, point_of(two, points[0]), cofactor == 1, &here));
        ASSERT_OK(cfr_ec_derive(two, point_of(one, points[1]), cofactor == 1, &there));
        ck_assert_uint_eq(cfr_secret_view(here).len, cfr_curve_field_len(curve));
        ASSERT_SPAN(cfr_secret_view(here), cfr_secret_view(there));
    }
}

START_TEST(every_curve_agrees)
{
    ck_assert_uint_gt(cfr_curve_each((enum cfr_key_family)_i, check_agreement, NULL), 0);
}
END_TEST

/* The x coordinate of (cofactor times) value times point, by libcrypto's points. */
static size_t multiply(const struct cfr_curve *curve, struct cfr_span value, bool cofactor,
                       struct cfr_span peer, uint8_t *out)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(cfr_curve_name(curve)));
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *scalar = BN_bin2bn(value.ptr, (int)value.len, NULL);
    BIGNUM *x = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    int len;

    ck_assert(!cofactor || BN_mul(scalar, scalar, EC_GROUP_get0_cofactor(group), ctx));
    ck_assert_int_eq(EC_POINT_oct2point(group, point, peer.ptr, peer.len, ctx), 1);
    ck_assert_int_eq(EC_POINT_mul(group, point, NULL, point, scalar, ctx), 1);
    ck_assert_int_eq(EC_POINT_get_affine_coordinates(group, point, x, NULL, ctx), 1);
    len = BN_bn2binpad(x, out, (int)cfr_curve_field_len(curve));
    BN_CTX_free(ctx);
    BN_free(x);
    BN_free(scalar);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return (size_t)len;
}

static void compare_with_points(const struct cfr_curve *curve, void *arg)
{
    AUTO(keymat) *own = NULL;
    AUTO(keymat) *peer = NULL;
    AUTO(secret) *value = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    uint8_t want[CFR_EC_FIELD_MAX_LEN];

    (void)arg;
    ASSERT_OK(cfr_ec_generate(curve, &own));
    ASSERT_OK(cfr_ec_generate(curve, &peer));
    ASSERT_OK(cfr_ec_value(own, &value));
    for (int cofactor = 0; cofactor <= 1; cofactor++) {
        AUTO(secret) *shared = NULL;
        struct cfr_span peer_point = point_of(peer, point);
        size_t len = multiply(curve, cfr_secret_view(value), cofactor == 1, peer_point, want);

        ASSERT_OK(cfr_ec_derive(own, peer_point, cofactor == 1, &shared));
        ASSERT_SPAN(cfr_secret_view(shared), cfr_span_of(want, len));
    }
}

START_TEST(every_curve_agrees_with_libcryptos_points)
{
    ck_assert_uint_gt(cfr_curve_each(CFR_KEY_EC, compare_with_points, NULL), 0);
}
END_TEST

START_TEST(compressed_peer_is_the_same_peer)
{
    const struct cfr_curve *curve = fixture_curve("secp384r1");
    AUTO(keymat) *own = NULL;
    AUTO(keymat) *peer = NULL;
    AUTO(secret) *want = NULL;
    AUTO(secret) *got = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    struct cfr_span span;

    ASSERT_OK(cfr_ec_generate(curve, &own));
    ASSERT_OK(cfr_ec_generate(curve, &peer));
    span = point_of(peer, point);
    ASSERT_OK(cfr_ec_derive(own, span, false, &want));
    point[0] = (uint8_t)(2 + (point[span.len - 1] & 1));
    ASSERT_OK(cfr_ec_derive(own, cfr_span_of(point, 49), false, &got));
    ASSERT_SPAN(cfr_secret_view(got), cfr_secret_view(want));
}
END_TEST

static void refuse(struct cfr_keymat *own, struct cfr_span peer)
{
    struct cfr_secret *shared = NULL;

    ASSERT_RV(cfr_ec_derive(own, peer, false, &shared), CKR_PUBLIC_KEY_INVALID);
    ASSERT_RV(cfr_ec_derive(own, peer, true, &shared), CKR_PUBLIC_KEY_INVALID);
    ck_assert_ptr_null(shared);
}

START_TEST(bad_peers_are_refused)
{
    static const char *const curves[] = {"prime256v1", "secp521r1", "sect283k1", "secp256k1"};
    AUTO(keymat) *own = NULL;
    AUTO(keymat) *other = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    struct cfr_span span;

    ASSERT_OK(cfr_ec_generate(fixture_curve(curves[_i]), &own));
    span = point_of(own, point);
    point[span.len - 1] ^= 1;
    refuse(own, span);
    refuse(own, cfr_span_of("", 1));
    refuse(own, cfr_span_of(NULL, 0));
    refuse(own, cfr_span_of(point, span.len - 1));
    /* A point of another curve with fields of the same length, if only by its octets. */
    ASSERT_OK(cfr_ec_generate(fixture_curve(curves[3 - _i]), &other));
    refuse(own, point_of(other, point));
}
END_TEST

/* Coordinates that every scalar takes to zero (RFC 7748 6.1, 7): of small order, also not reduced or with bit
 * 255. */
static const struct {
    const char *curve;
    const char *u;
} zeros[] = {
    {"X25519", "0000000000000000000000000000000000000000000000000000000000000000"},
    {"X25519", "0100000000000000000000000000000000000000000000000000000000000000"},
    {"X25519", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"},
    {"X25519", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"},
    {"X25519", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {"X25519", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {"X25519", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {"X25519", "0000000000000000000000000000000000000000000000000000000000000080"},
    {"X25519", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {"X448", "00000000000000000000000000000000000000000000000000000000"
             "00000000000000000000000000000000000000000000000000000000"},
    {"X448", "01000000000000000000000000000000000000000000000000000000"
             "00000000000000000000000000000000000000000000000000000000"},
    {"X448", "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
             "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {"X448", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
             "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {"X448", "00000000000000000000000000000000000000000000000000000000"
             "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
};

START_TEST(shared_secret_of_zero_is_refused)
{
    const struct cfr_curve *curve = fixture_curve(zeros[_i].curve);
    AUTO(keymat) *own = NULL;
    uint8_t u[56];
    size_t len = 0;

    ck_assert(vectors_from_hex(zeros[_i].u, u, sizeof(u), &len));
    ck_assert_uint_eq(len, cfr_curve_field_len(curve));
    ASSERT_OK(cfr_ec_generate(curve, &own));
    refuse(own, cfr_span_of(u, len));
}
END_TEST

START_TEST(modern_peers_have_one_length)
{
    AUTO(keymat) *own = NULL;
    uint8_t octets[80] = {9};

    ASSERT_OK(cfr_ec_generate(fixture_curve("X25519"), &own));
    for (size_t len = 0; len <= sizeof(octets); len++) {
        if (len != 32) {
            refuse(own, cfr_span_of(octets, len));
        }
    }
}
END_TEST

START_TEST(public_key_does_not_derive)
{
    AUTO(keymat) *pair = NULL;
    AUTO(keymat) *public_key = NULL;
    struct cfr_secret *shared = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    struct cfr_span span;

    ASSERT_OK(cfr_ec_generate(fixture_curve("prime256v1"), &pair));
    span = point_of(pair, point);
    ASSERT_OK(cfr_ec_import_public(fixture_curve("prime256v1"), span, &public_key));
    ck_assert_uint_ne(cfr_ec_derive(public_key, span, false, &shared), CKR_OK);
    ck_assert_ptr_null(shared);
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(secret) *shared = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    size_t len = 0;
    CK_RV rv;

    TRY(cfr_ec_point(arg, point, &len));
    rv = cfr_ec_derive(arg, cfr_span_of(point, len), true, &shared);
    ck_assert_int_eq(rv == CKR_OK, shared != NULL);
    return rv;
}

START_TEST(each_call_may_fail)
{
    static const char *const curves[] = {"prime256v1", "sect163k1", "X25519"};
    AUTO(keymat) *pair = NULL;

    ASSERT_OK(cfr_ec_generate(fixture_curve(curves[_i]), &pair));
    nth_failure_both(attempt, pair, 2, 6);
}
END_TEST

static Suite *suite(void)
{
    Suite *ecdh = suite_create("ecdh");
    TCase *tcase = tcase_create("ecdh");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, published_ecdh);
    tcase_add_test(tcase, published_x25519_and_x448);
    tcase_add_loop_test(tcase, published_iterations, 0, COUNT_OF(iterations));
    tcase_add_test(tcase, compressed_peer_is_the_same_peer);
    tcase_add_loop_test(tcase, every_curve_agrees, CFR_KEY_EC, CFR_KEY_EC + 1);
    tcase_add_loop_test(tcase, every_curve_agrees, CFR_KEY_MONTGOMERY, CFR_KEY_MONTGOMERY + 1);
    tcase_add_test(tcase, every_curve_agrees_with_libcryptos_points);
    tcase_add_loop_test(tcase, bad_peers_are_refused, 0, 4);
    tcase_add_loop_test(tcase, shared_secret_of_zero_is_refused, 0, COUNT_OF(zeros));
    tcase_add_test(tcase, modern_peers_have_one_length);
    tcase_add_test(tcase, public_key_does_not_derive);
    tcase_add_loop_test(tcase, each_call_may_fail, 0, 3);
    suite_add_tcase(ecdh, tcase);
    return ecdh;
}

TEST_MAIN(suite)
