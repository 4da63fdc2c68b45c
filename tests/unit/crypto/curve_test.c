/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/curve.h"
#include "crypto/ec.h"
#include "unit/crypto/fixture.h"

#include <openssl/ec.h>
#include <openssl/objects.h>
#include <string.h>

static CK_RV find(enum cfr_key_family family, const char *octets, size_t len)
{
    const struct cfr_curve *curve = NULL;
    CK_RV rv = cfr_curve_find(family, cfr_span_of(octets, len), &curve);

    ck_assert_int_eq(rv == CKR_OK, curve != NULL);
    return rv;
}

/* Every curve is found by its identifier and by its name, as itself, and only in its own family. */
static void check_curve(const struct cfr_curve *curve, void *arg)
{
    const struct cfr_curve *found = NULL;
    struct cfr_span name = cfr_span_text(cfr_curve_name(curve));
    struct cfr_span oid = cfr_curve_params(curve);
    uint8_t printable[64];

    ck_assert_int_eq(cfr_curve_family(curve), *(enum cfr_key_family *)arg);
    ASSERT_OK(cfr_curve_find(cfr_curve_family(curve), oid, &found));
    ck_assert_ptr_eq(found, curve);
    ck_assert_uint_eq(oid.ptr[0], 0x06);
    ck_assert_uint_eq(oid.ptr[1], oid.len - 2);
    ck_assert_uint_lt(name.len, sizeof(printable) - 2);
    printable[0] = 0x13;
    printable[1] = (uint8_t)name.len;
    cfr_copy(printable + 2, name.ptr, name.len);
    found = NULL;
    ASSERT_OK(cfr_curve_find(cfr_curve_family(curve), cfr_span_of(printable, name.len + 2), &found));
    ck_assert_ptr_eq(found, curve);
    for (int family = CFR_KEY_SECRET; family <= CFR_KEY_MONTGOMERY; family++) {
        if (family != (int)cfr_curve_family(curve)) {
            ASSERT_RV(cfr_curve_find((enum cfr_key_family)family, oid, &found), CKR_CURVE_NOT_SUPPORTED);
        }
    }
    ck_assert_uint_gt(cfr_curve_bits(curve), 0);
    ck_assert_uint_le(cfr_curve_field_len(curve), CFR_EC_FIELD_MAX_LEN);
    ck_assert_uint_le(cfr_curve_order_len(curve), CFR_EC_FIELD_MAX_LEN);
}

START_TEST(every_curve_is_found)
{
    static const size_t least[] = {[CFR_KEY_EC] = 70, [CFR_KEY_EDWARDS] = 2, [CFR_KEY_MONTGOMERY] = 2};

    for (enum cfr_key_family family = CFR_KEY_EC; family <= CFR_KEY_MONTGOMERY; family++) {
        ck_assert_uint_ge(cfr_curve_each(family, check_curve, &family), least[family]);
    }
}
END_TEST

static void refuse_visit(const struct cfr_curve *curve, void *arg)
{
    (void)curve;
    (void)arg;
    ck_abort_msg("a curve of no family");
}

START_TEST(other_families_have_no_curves)
{
    ck_assert_uint_eq(cfr_curve_each(CFR_KEY_RSA, refuse_visit, NULL), 0);
    ck_assert_uint_eq(cfr_curve_each(CFR_KEY_SECRET, refuse_visit, NULL), 0);
}
END_TEST

static void compare_with_group(const struct cfr_curve *curve, void *arg)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(cfr_curve_name(curve)));

    (void)arg;
    ck_assert_ptr_nonnull(group);
    ck_assert_uint_eq(cfr_curve_bits(curve), (size_t)EC_GROUP_get_degree(group));
    ck_assert_uint_eq(cfr_curve_field_len(curve), ((size_t)EC_GROUP_get_degree(group) + 7) / 8);
    ck_assert_uint_eq(cfr_curve_order_len(curve), ((size_t)EC_GROUP_order_bits(group) + 7) / 8);
    EC_GROUP_free(group);
}

START_TEST(sizes_are_those_of_libcrypto)
{
    ck_assert_uint_gt(cfr_curve_each(CFR_KEY_EC, compare_with_group, NULL), 0);
}
END_TEST

START_TEST(sizes_of_the_modern_curves)
{
    static const struct {
        const char *name;
        size_t bits;
        size_t len;
        const char *own_name;
    } curves[] = {{"ED25519", 255, 32, "edwards25519"},
                  {"ED448", 448, 57, "edwards448"},
                  {"X25519", 255, 32, "curve25519"},
                  {"X448", 448, 56, "curve448"}};

    for (size_t i = 0; i < COUNT_OF(curves); i++) {
        const struct cfr_curve *curve = fixture_curve(curves[i].name);

        ck_assert_str_eq(cfr_curve_name(curve), curves[i].own_name);
        ck_assert_uint_eq(cfr_curve_bits(curve), curves[i].bits);
        ck_assert_uint_eq(cfr_curve_order_len(curve), curves[i].len);
        ck_assert_uint_eq(cfr_curve_field_len(curve), curves[i].len);
    }
}
END_TEST

START_TEST(unknown_curves_are_not_supported)
{
    ASSERT_RV(find(CFR_KEY_EC, "\x06\x03\x55\x04\x03", 5), CKR_CURVE_NOT_SUPPORTED);
    /* SM2's curve makes other signatures than ECDSA. */
    ASSERT_RV(find(CFR_KEY_EC, "\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d", 10), CKR_CURVE_NOT_SUPPORTED);
    ASSERT_RV(find(CFR_KEY_EC, "\x13\x05no_ec", 7), CKR_CURVE_NOT_SUPPORTED);
    ASSERT_RV(find(CFR_KEY_EC, "\x13\x0aPRIME256V1", 12), CKR_CURVE_NOT_SUPPORTED);
    ASSERT_RV(find(CFR_KEY_EC, "\x13\x09prime256v", 11), CKR_CURVE_NOT_SUPPORTED);
    ASSERT_RV(find(CFR_KEY_EC, "\x13\x0bprime256v1\0", 13), CKR_CURVE_NOT_SUPPORTED);
    ASSERT_RV(find(CFR_KEY_EC, "\x13\x00", 2), CKR_CURVE_NOT_SUPPORTED);
    ASSERT_RV(find(CFR_KEY_EC, "\x13\x03SM2", 5), CKR_CURVE_NOT_SUPPORTED);
    ASSERT_RV(find(CFR_KEY_EC, "\x05\x00", 2), CKR_CURVE_NOT_SUPPORTED);
    ASSERT_RV(find(CFR_KEY_EC, "\x30\x00", 2), CKR_CURVE_NOT_SUPPORTED);
}
END_TEST

START_TEST(explicit_parameters_are_refused)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    uint8_t *der = NULL;
    int len;

    EC_GROUP_set_asn1_flag(group, OPENSSL_EC_EXPLICIT_CURVE);
    len = i2d_ECPKParameters(group, &der);
    ck_assert_int_gt(len, 100);
    ASSERT_RV(find(CFR_KEY_EC, (const char *)der, (size_t)len), CKR_CURVE_NOT_SUPPORTED);
    ASSERT_RV(find(CFR_KEY_EC, (const char *)der, (size_t)len - 1), CKR_DOMAIN_PARAMS_INVALID);
    OPENSSL_free(der);
    EC_GROUP_free(group);
}
END_TEST

/* prime256v1, broken in every way that DER can be. */
static const struct {
    const char *octets;
    size_t len;
} broken[] = {
    {"", 0},
    {"\x06", 1},
    {"\x06\x08", 2},
    {"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01", 9},
    {"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x00", 11},
    {"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x05\x00", 12},
    {"\x06\x81\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 11},
    {"\x06\x80\x2a\x86\x48\xce\x3d\x03\x01\x07\x00\x00", 12},
    {"\x26\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10},
    {"\x04\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10},
    {"\x0c\x0aprime256v1", 12},
    {"\x13\x0aprime256v1\x00", 13},
    {"\x13\x0bprime256v1", 12},
    {"\x05\x00\x00", 3},
    {"\x30\x01", 2},
    {"\x30\x00\x00", 3},
    {"prime256v1", 10},
};

START_TEST(what_is_not_der_is_invalid)
{
    ASSERT_RV(find(CFR_KEY_EC, broken[_i].octets, broken[_i].len), CKR_DOMAIN_PARAMS_INVALID);
}
END_TEST

START_TEST(null_is_invalid)
{
    ASSERT_RV(find(CFR_KEY_EC, NULL, 0), CKR_DOMAIN_PARAMS_INVALID);
}
END_TEST

static void add_bits(const struct cfr_curve *curve, void *arg)
{
    *(size_t *)arg += cfr_curve_bits(curve) + cfr_curve_order_len(curve);
}

static size_t bits_of_threads[8];

static void use_all_curves(unsigned index, void *arg)
{
    (void)arg;
    (void)cfr_curve_each(CFR_KEY_EC, add_bits, &bits_of_threads[index]);
    (void)cfr_curve_each(CFR_KEY_EDWARDS, add_bits, &bits_of_threads[index]);
}

START_TEST(threads_may_use_a_curve_first_together)
{
    harness_threads(8, use_all_curves, NULL);
    for (int i = 1; i < 8; i++) {
        ck_assert_uint_eq(bits_of_threads[i], bits_of_threads[0]);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *curve = suite_create("curve");
    TCase *tcase = tcase_create("curve");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_curve_is_found);
    tcase_add_test(tcase, other_families_have_no_curves);
    tcase_add_test(tcase, sizes_are_those_of_libcrypto);
    tcase_add_test(tcase, sizes_of_the_modern_curves);
    tcase_add_test(tcase, unknown_curves_are_not_supported);
    tcase_add_test(tcase, explicit_parameters_are_refused);
    tcase_add_loop_test(tcase, what_is_not_der_is_invalid, 0, COUNT_OF(broken));
    tcase_add_test(tcase, null_is_invalid);
    tcase_add_test(tcase, threads_may_use_a_curve_first_together);
    suite_add_tcase(curve, tcase);
    return curve;
}

TEST_MAIN(suite)
