/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ec.h"
#include "unit/crypto/fixture.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <string.h>

static struct cfr_keymat *generate(const struct cfr_curve *curve)
{
    struct cfr_keymat *keymat = NULL;

    ASSERT_OK(cfr_ec_generate(curve, &keymat));
    return keymat;
}

static struct cfr_span point_of(const struct cfr_keymat *keymat, uint8_t *out)
{
    size_t len = 0;

    ASSERT_OK(cfr_ec_point(keymat, out, &len));
    ck_assert_uint_le(len, CFR_EC_POINT_MAX_LEN);
    return cfr_span_of(out, len);
}

/* What may be asked of a key, asked of it and of its halves taken apart and put together again. */
static void check_round_trip(const struct cfr_curve *curve, void *arg)
{
    AUTO(keymat) *pair = generate(curve);
    AUTO(keymat) *private_key = NULL;
    AUTO(keymat) *public_key = NULL;
    AUTO(secret) *value = NULL;
    AUTO(secret) *value_again = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    uint8_t point_again[CFR_EC_POINT_MAX_LEN];
    struct cfr_span want = point_of(pair, point);

    (void)arg;
    ck_assert_ptr_eq(cfr_ec_curve(pair), curve);
    ck_assert_int_eq(cfr_keymat_family(pair), cfr_curve_family(curve));
    ck_assert_uint_eq(cfr_keymat_bits(pair), cfr_curve_bits(curve));
    ck_assert(cfr_keymat_is_private(pair));
    if (cfr_curve_family(curve) == CFR_KEY_EC) {
        ck_assert_uint_eq(want.len, 1 + 2 * cfr_curve_field_len(curve));
        ck_assert_uint_eq(point[0], 4);
    } else {
        ck_assert_uint_eq(want.len, cfr_curve_order_len(curve));
    }
    ASSERT_OK(cfr_ec_value(pair, &value));
    ck_assert_uint_eq(cfr_secret_view(value).len, cfr_curve_order_len(curve));
    ASSERT_OK(cfr_ec_import_private(curve, cfr_secret_view(value), &private_key));
    ck_assert(cfr_keymat_is_private(private_key));
    ck_assert_uint_eq(cfr_keymat_bits(private_key), cfr_curve_bits(curve));
    ASSERT_SPAN(point_of(private_key, point_again), want);
    ASSERT_OK(cfr_ec_value(private_key, &value_again));
    ASSERT_SPAN(cfr_secret_view(value_again), cfr_secret_view(value));
    ASSERT_OK(cfr_ec_import_public(curve, want, &public_key));
    ck_assert(!cfr_keymat_is_private(public_key));
    ck_assert_ptr_eq(cfr_ec_curve(public_key), curve);
    ASSERT_SPAN(point_of(public_key, point_again), want);
}

START_TEST(every_curve_generates_exports_and_imports)
{
    ck_assert_uint_gt(cfr_curve_each((enum cfr_key_family)_i, check_round_trip, NULL), 0);
}
END_TEST

START_TEST(pairs_differ)
{
    AUTO(keymat) *one = generate(fixture_curve("prime256v1"));
    AUTO(keymat) *two = generate(fixture_curve("prime256v1"));
    uint8_t points[2][CFR_EC_POINT_MAX_LEN];

    ck_assert(!cfr_span_equal(point_of(one, points[0]), point_of(two, points[1])));
}
END_TEST

/* Compressed, uncompressed and hybrid, all giving the same key. */
static void check_forms(const struct cfr_curve *curve, void *arg)
{
    static const point_conversion_form_t forms[] = {POINT_CONVERSION_COMPRESSED,
                                                    POINT_CONVERSION_UNCOMPRESSED, POINT_CONVERSION_HYBRID};
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(cfr_curve_name(curve)));
    EC_POINT *point = EC_POINT_new(group);
    AUTO(keymat) *pair = generate(curve);
    uint8_t octets[CFR_EC_POINT_MAX_LEN];
    uint8_t form[CFR_EC_POINT_MAX_LEN + 1];
    uint8_t again[CFR_EC_POINT_MAX_LEN];
    struct cfr_span want = point_of(pair, octets);

    (void)arg;
    ck_assert_int_eq(EC_POINT_oct2point(group, point, want.ptr, want.len, NULL), 1);
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        AUTO(keymat) *imported = NULL;
        size_t len = EC_POINT_point2oct(group, point, forms[i], form, CFR_EC_POINT_MAX_LEN, NULL);

        ASSERT_OK(cfr_ec_import_public(curve, cfr_span_of(form, len), &imported));
        ASSERT_SPAN(point_of(imported, again), want);
        /* Lengths are exact. */
        cfr_keymat_drop(MOVE(imported));
        ASSERT_RV(cfr_ec_import_public(curve, cfr_span_of(form, len - 1), &imported),
                  CKR_ATTRIBUTE_VALUE_INVALID);
        form[len] = 0;
        ASSERT_RV(cfr_ec_import_public(curve, cfr_span_of(form, len + 1), &imported),
                  CKR_ATTRIBUTE_VALUE_INVALID);
    }
    EC_POINT_free(point);
    EC_GROUP_free(group);
}

START_TEST(points_are_taken_in_every_form)
{
    ck_assert_uint_gt(cfr_curve_each(CFR_KEY_EC, check_forms, NULL), 0);
}
END_TEST

/* A point of the curve, changed so that it is none. */
static void check_bad_points(const struct cfr_curve *curve, void *arg)
{
    AUTO(keymat) *pair = generate(curve);
    uint8_t octets[CFR_EC_POINT_MAX_LEN];
    struct cfr_span point = point_of(pair, octets);
    struct cfr_keymat *imported = NULL;
    static const uint8_t prefixes[] = {0x00, 0x01, 0x05, 0x08, 0x80, 0xff};

    (void)arg;
    octets[point.len - 1] ^= 1;
    ASSERT_RV(cfr_ec_import_public(curve, point, &imported), CKR_ATTRIBUTE_VALUE_INVALID);
    octets[point.len - 1] ^= 1;
    /* Hybrid, with the wrong sign of y. */
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        octets[0] = prefixes[i];
        ASSERT_RV(cfr_ec_import_public(curve, point, &imported), CKR_ATTRIBUTE_VALUE_INVALID);
    }
    octets[0] = 0;
    ASSERT_RV(cfr_ec_import_public(curve, cfr_span_of(octets, 1), &imported), CKR_ATTRIBUTE_VALUE_INVALID);
    ASSERT_RV(cfr_ec_import_public(curve, cfr_span_of(NULL, 0), &imported), CKR_ATTRIBUTE_VALUE_INVALID);
    memset(octets, 0xff, sizeof(octets));
    octets[0] = 4;
    ASSERT_RV(cfr_ec_import_public(curve, point, &imported), CKR_ATTRIBUTE_VALUE_INVALID);
    memset(octets, 0, sizeof(octets));
    octets[0] = 4;
    ASSERT_RV(cfr_ec_import_public(curve, point, &imported), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_ptr_null(imported);
}

START_TEST(points_off_the_curve_and_infinity_are_refused)
{
    ck_assert_uint_gt(cfr_curve_each(CFR_KEY_EC, check_bad_points, NULL), 0);
}
END_TEST

/* On binary curves x = 0 has order 2: it is on the curve and outside the group that keys are of. */
static void check_small_order(const struct cfr_curve *curve, void *arg)
{
    uint8_t octets[1 + CFR_EC_FIELD_MAX_LEN] = {2};
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(cfr_curve_name(curve)));
    struct cfr_keymat *imported = NULL;

    if (EC_GROUP_get_field_type(group) == NID_X9_62_characteristic_two_field) {
        EC_POINT *point = EC_POINT_new(group);
        struct cfr_span span = cfr_span_of(octets, 1 + cfr_curve_field_len(curve));

        ck_assert_int_eq(EC_POINT_oct2point(group, point, span.ptr, span.len, NULL), 1);
        ck_assert_int_eq(EC_POINT_is_on_curve(group, point, NULL), 1);
        ASSERT_RV(cfr_ec_import_public(curve, span, &imported), CKR_ATTRIBUTE_VALUE_INVALID);
        EC_POINT_free(point);
        (*(unsigned *)arg)++;
    }
    EC_GROUP_free(group);
}

START_TEST(points_of_small_order_are_refused)
{
    unsigned seen = 0;

    (void)cfr_curve_each(CFR_KEY_EC, check_small_order, &seen);
    ck_assert_uint_gt(seen, 10);
}
END_TEST

/* Values at the ends of the range, with zeros in front; @p delta is added to the order. */
static CK_RV import_near_order(const struct cfr_curve *curve, int delta, size_t zeros)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(cfr_curve_name(curve)));
    BIGNUM *value = BN_dup(EC_GROUP_get0_order(group));
    AUTO(keymat) *imported = NULL;
    uint8_t octets[200];
    size_t len = cfr_curve_order_len(curve) + zeros;
    CK_RV rv;

    ck_assert_int_eq(delta < 0 ? BN_sub_word(value, (unsigned)-delta) : BN_add_word(value, (unsigned)delta),
                     1);
    ck_assert_int_ge(BN_bn2binpad(value, octets, (int)len), 0);
    rv = cfr_ec_import_private(curve, cfr_span_of(octets, len), &imported);
    BN_free(value);
    EC_GROUP_free(group);
    return rv;
}

static void check_values(const struct cfr_curve *curve, void *arg)
{
    uint8_t octets[200] = {0};
    size_t len = cfr_curve_order_len(curve);
    AUTO(keymat) *one = NULL;
    AUTO(keymat) *padded = NULL;
    struct cfr_keymat *refused = NULL;
    uint8_t points[2][CFR_EC_POINT_MAX_LEN];

    (void)arg;
    for (size_t zeros = 0; zeros <= 3; zeros++) {
        ASSERT_OK(import_near_order(curve, -1, zeros));
        ASSERT_RV(import_near_order(curve, 0, zeros), CKR_ATTRIBUTE_VALUE_INVALID);
        ASSERT_RV(import_near_order(curve, 1, zeros), CKR_ATTRIBUTE_VALUE_INVALID);
        ASSERT_RV(cfr_ec_import_private(curve, cfr_span_of(octets, len + zeros), &refused),
                  CKR_ATTRIBUTE_VALUE_INVALID);
    }
    ASSERT_RV(cfr_ec_import_private(curve, cfr_span_of(NULL, 0), &refused), CKR_ATTRIBUTE_VALUE_INVALID);
    octets[0] = 1;
    ASSERT_OK(cfr_ec_import_private(curve, cfr_span_of(octets, 1), &one));
    ASSERT_RV(cfr_ec_import_private(curve, cfr_span_of(octets, len + 1), &refused),
              CKR_ATTRIBUTE_VALUE_INVALID);
    octets[0] = 0;
    octets[sizeof(octets) - 1] = 1;
    ASSERT_OK(cfr_ec_import_private(curve, cfr_span_of(octets, sizeof(octets)), &padded));
    ASSERT_SPAN(point_of(padded, points[0]), point_of(one, points[1]));
    ck_assert_ptr_null(refused);
}

START_TEST(values_are_from_one_to_the_order)
{
    ck_assert_uint_gt(cfr_curve_each(CFR_KEY_EC, check_values, NULL), 0);
}
END_TEST

/* The public half is the private value times the generator. */
START_TEST(public_half_agrees_with_libcrypto)
{
    static const char *const curves[] = {"secp224r1", "prime256v1",      "secp384r1", "secp521r1",
                                         "secp256k1", "brainpoolP320t1", "sect571r1", "sect163k1"};

    for (size_t i = 0; i < COUNT_OF(curves); i++) {
        const struct cfr_curve *curve = fixture_curve(curves[i]);
        EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curves[i]));
        EC_POINT *point = EC_POINT_new(group);
        AUTO(keymat) *pair = generate(curve);
        AUTO(secret) *value = NULL;
        uint8_t octets[2][CFR_EC_POINT_MAX_LEN];
        BIGNUM *number;
        size_t len;

        ASSERT_OK(cfr_ec_value(pair, &value));
        number = BN_bin2bn(cfr_secret_view(value).ptr, (int)cfr_secret_view(value).len, NULL);
        ck_assert_int_eq(EC_POINT_mul(group, point, number, NULL, NULL, NULL), 1);
        len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, octets[0], CFR_EC_POINT_MAX_LEN,
                                 NULL);
        ASSERT_SPAN(point_of(pair, octets[1]), cfr_span_of(octets[0], len));
        BN_free(number);
        EC_POINT_free(point);
        EC_GROUP_free(group);
    }
}
END_TEST

START_TEST(published_edwards_keys)
{
    struct vectors *vectors = vectors_open("eddsa_rfc8032");

    while (vectors_next(vectors)) {
        const struct cfr_curve *curve = fixture_curve(vectors_word(vectors, "curve"));
        AUTO(keymat) *keymat = NULL;
        uint8_t point[CFR_EC_POINT_MAX_LEN];

        ASSERT_OK(cfr_ec_import_private(curve, vectors_octets(vectors, "secret"), &keymat));
        ASSERT_SPAN(point_of(keymat, point), vectors_octets(vectors, "public"));
    }
    vectors_close(vectors, 21);
}
END_TEST

START_TEST(modern_keys_have_one_length)
{
    static const char *const curves[] = {"ED25519", "ED448", "X25519", "X448"};
    const struct cfr_curve *curve = fixture_curve(curves[_i]);
    static uint8_t octets[80] = {9, 1};

    for (size_t len = 0; len <= sizeof(octets); len++) {
        struct cfr_keymat *keymat = NULL;

        if (len != cfr_curve_order_len(curve)) {
            ASSERT_RV(cfr_ec_import_private(curve, cfr_span_of(octets, len), &keymat),
                      CKR_ATTRIBUTE_VALUE_INVALID);
            ASSERT_RV(cfr_ec_import_public(curve, cfr_span_of(octets, len), &keymat),
                      CKR_ATTRIBUTE_VALUE_INVALID);
            ck_assert_ptr_null(keymat);
        }
    }
}
END_TEST

START_TEST(edwards_public_keys_are_points)
{
    uint8_t octets[57] = {2};
    struct cfr_keymat *keymat = NULL;

    /* y = 2 is not on edwards25519; 0 and 1 are of small order. */
    for (uint8_t y = 0; y <= 2; y++) {
        octets[0] = y;
        ASSERT_RV(cfr_ec_import_public(fixture_curve("ED25519"), cfr_span_of(octets, 32), &keymat),
                  CKR_ATTRIBUTE_VALUE_INVALID);
    }
    for (uint8_t y = 0; y <= 1; y++) {
        octets[0] = y;
        ASSERT_RV(cfr_ec_import_public(fixture_curve("ED448"), cfr_span_of(octets, 57), &keymat),
                  CKR_ATTRIBUTE_VALUE_INVALID);
    }
    ck_assert_ptr_null(keymat);
}
END_TEST

START_TEST(public_key_has_no_value)
{
    static const char *const curves[] = {"prime256v1", "ED25519", "ED448", "X25519", "X448"};
    AUTO(keymat) *pair = generate(fixture_curve(curves[_i]));
    AUTO(keymat) *public_key = NULL;
    struct cfr_secret *value = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];

    ASSERT_OK(cfr_ec_import_public(fixture_curve(curves[_i]), point_of(pair, point), &public_key));
    ck_assert_uint_ne(cfr_ec_value(public_key, &value), CKR_OK);
    ck_assert_ptr_null(value);
}
END_TEST

static void generate_often(unsigned index, void *arg)
{
    static const char *const curves[] = {"prime256v1", "ED25519", "X448", "secp384r1"};
    const struct cfr_curve *curve = fixture_curve(curves[index % 4]);

    (void)arg;
    for (int i = 0; i < 10; i++) {
        AUTO(keymat) *pair = generate(curve);
        AUTO(secret) *value = NULL;

        ASSERT_OK(cfr_ec_value(pair, &value));
    }
}

START_TEST(threads_generate)
{
    harness_threads(8, generate_often, NULL);
}
END_TEST

static CK_RV attempt(void *arg)
{
    const struct cfr_curve *curve = arg;
    AUTO(keymat) *pair = NULL;
    AUTO(keymat) *private_key = NULL;
    AUTO(keymat) *public_key = NULL;
    AUTO(secret) *value = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    size_t len = 0;

    TRY(cfr_ec_generate(curve, &pair));
    TRY(cfr_ec_value(pair, &value));
    TRY(cfr_ec_point(pair, point, &len));
    TRY(cfr_ec_import_public(curve, cfr_span_of(point, len), &public_key));
    return cfr_ec_import_private(curve, cfr_secret_view(value), &private_key);
}

START_TEST(each_call_may_fail)
{
    static const char *const curves[] = {"prime256v1", "sect163k1", "ED25519", "X25519"};

    nth_failure_both(attempt, (void *)(uintptr_t)fixture_curve(curves[_i]), 4, 5);
}
END_TEST

static TCase *points_case(void)
{
    TCase *points = tcase_create("points");

    tcase_add_checked_fixture(points, fixture_up, NULL);
    tcase_set_timeout(points, 240);
    tcase_add_test(points, points_are_taken_in_every_form);
    tcase_add_test(points, points_off_the_curve_and_infinity_are_refused);
    tcase_add_test(points, points_of_small_order_are_refused);
    tcase_add_test(points, values_are_from_one_to_the_order);
    tcase_add_test(points, public_half_agrees_with_libcrypto);
    tcase_add_test(points, edwards_public_keys_are_points);
    return points;
}

static Suite *suite(void)
{
    Suite *ec_key = suite_create("ec_key");
    TCase *keys = tcase_create("keys");

    tcase_add_checked_fixture(keys, fixture_up, NULL);
    tcase_set_timeout(keys, 240);
    tcase_add_loop_test(keys, every_curve_generates_exports_and_imports, CFR_KEY_EC, CFR_KEY_MONTGOMERY + 1);
    tcase_add_test(keys, pairs_differ);
    tcase_add_test(keys, published_edwards_keys);
    tcase_add_loop_test(keys, modern_keys_have_one_length, 0, 4);
    tcase_add_loop_test(keys, public_key_has_no_value, 0, 5);
    tcase_add_test(keys, threads_generate);
    tcase_add_loop_test(keys, each_call_may_fail, 0, 4);
    suite_add_tcase(ec_key, keys);
    suite_add_tcase(ec_key, points_case());
    return ec_key;
}

TEST_MAIN(suite)
