/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/edwards_point.h"
#include "unit/crypto/fixture.h"

#include <openssl/bn.h>
#include <string.h>

enum { MAX_LEN = 57 };

static size_t len_of(bool is_25519)
{
    return is_25519 ? 32 : 57;
}

static CK_RV check_hex(bool is_25519, const char *text)
{
    uint8_t octets[MAX_LEN];
    size_t len = 0;

    ck_assert(vectors_from_hex(text, octets, sizeof(octets), &len));
    ck_assert_uint_eq(len, len_of(is_25519));
    return cfr_edwards_point_check(is_25519, cfr_span_of(octets, len));
}

START_TEST(published_keys_are_good)
{
    struct vectors *vectors = vectors_open("eddsa_rfc8032");

    while (vectors_next(vectors)) {
        ASSERT_OK(cfr_edwards_point_check(strcmp(vectors_word(vectors, "curve"), "ED25519") == 0,
                                          vectors_octets(vectors, "public")));
    }
    vectors_close(vectors, 21);
}
END_TEST

START_TEST(base_points_are_good)
{
    ASSERT_OK(check_hex(true, "5866666666666666666666666666666666666666666666666666666666666666"));
    ASSERT_OK(check_hex(false,
                        "14fa30f25b790898adc8d74e2c13bdfdc4397ce61cffd33ad7c2a0051e9c78874098a36c7373ea4b62"
                        "c7c9563720768824bcb66e71463f6900"));
}
END_TEST

/* The eight points of small order of edwards25519, also with the sign bit and y + p where these are
 * encodings. */
static const char *const small_25519[] = {
    "0100000000000000000000000000000000000000000000000000000000000000", /* order 1 */
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* order 2 */
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000", /* order 4 */
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", /* order 8 */
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* not reduced: 0 and 1 */
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

START_TEST(small_order_of_25519_is_refused)
{
    ASSERT_RV(check_hex(true, small_25519[_i]), CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

/* y = 1, -1, 0 of edwards448, the same not reduced, and bits that must be zero. */
START_TEST(small_order_of_448_is_refused)
{
    uint8_t octets[57];

    for (int sign = 0; sign <= 0x80; sign += 0x80) {
        memset(octets, 0, sizeof(octets));
        octets[56] = (uint8_t)sign;
        ASSERT_RV(cfr_edwards_point_check(false, cfr_span_of(octets, 57)), CKR_ATTRIBUTE_VALUE_INVALID);
        octets[0] = 1;
        ASSERT_RV(cfr_edwards_point_check(false, cfr_span_of(octets, 57)), CKR_ATTRIBUTE_VALUE_INVALID);
        for (int above = -1; above <= 1; above++) {
            memset(octets, 0xff, 56);
            octets[28] = 0xfe;
            octets[0] = (uint8_t)(0xff + above);
            if (above > 0) {
                memset(octets, 0, 28);
                octets[28] = 0xff;
            }
            ASSERT_RV(cfr_edwards_point_check(false, cfr_span_of(octets, 57)), CKR_ATTRIBUTE_VALUE_INVALID);
        }
    }
}
END_TEST

START_TEST(y_that_is_not_reduced_is_refused)
{
    uint8_t octets[57];

    /* 2^255 - 19 + n for the n that fit, all with a y that may be on the curve once reduced. */
    for (int low = 0xed; low <= 0xff; low++) {
        memset(octets, 0xff, 31);
        octets[0] = (uint8_t)low;
        octets[31] = 0x7f;
        ASSERT_RV(cfr_edwards_point_check(true, cfr_span_of(octets, 32)), CKR_ATTRIBUTE_VALUE_INVALID);
    }
    /* The last octet of edwards448 has the sign and nothing else. */
    for (int last = 1; last < 0x80; last++) {
        memset(octets, 0x11, 56);
        octets[56] = (uint8_t)last;
        ASSERT_RV(cfr_edwards_point_check(false, cfr_span_of(octets, 57)), CKR_ATTRIBUTE_VALUE_INVALID);
    }
}
END_TEST

/* The curve by its equation, with square roots and additions: slower than what is tested and built otherwise.
 */
struct model {
    BN_CTX *ctx;
    BIGNUM *p;
    BIGNUM *a;
    BIGNUM *d;
};

static void begin_model(struct model *model, bool is_25519)
{
    BIGNUM *t = BN_new();

    *model = (struct model){.ctx = BN_CTX_new(), .p = BN_new(), .a = BN_new(), .d = BN_new()};
    ck_assert_int_eq(
        BN_hex2bn(&model->p, is_25519 ? "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"
                                      : "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
                                        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff") > 0,
        1);
    ck_assert_int_eq(BN_set_word(model->a, 1), 1);
    if (is_25519) {
        ck_assert_int_eq(BN_sub(model->a, model->p, BN_value_one()), 1);
        ck_assert(BN_hex2bn(&model->d, "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3") >
                  0);
    } else {
        ck_assert(BN_set_word(t, 39081) && BN_sub(model->d, model->p, t));
    }
    BN_free(t);
}

static void end_model(struct model *model)
{
    BN_free(model->p);
    BN_free(model->a);
    BN_free(model->d);
    BN_CTX_free(model->ctx);
}

/* x = x y', twice: (x, y) becomes its double. */
static void double_point(const struct model *m, BIGNUM *x, BIGNUM *y)
{
    BIGNUM *xy = BN_new();
    BIGNUM *dxxyy = BN_new();
    BIGNUM *t = BN_new();
    BIGNUM *new_x = BN_new();

    ck_assert(BN_mod_mul(xy, x, y, m->p, m->ctx) && BN_mod_sqr(dxxyy, xy, m->p, m->ctx) &&
              BN_mod_mul(dxxyy, dxxyy, m->d, m->p, m->ctx));
    ck_assert(BN_mod_add(t, dxxyy, BN_value_one(), m->p, m->ctx) && BN_mod_inverse(t, t, m->p, m->ctx) &&
              BN_mod_add(new_x, xy, xy, m->p, m->ctx) && BN_mod_mul(new_x, new_x, t, m->p, m->ctx));
    ck_assert(BN_mod_sqr(x, x, m->p, m->ctx) && BN_mod_mul(x, x, m->a, m->p, m->ctx) &&
              BN_mod_sqr(y, y, m->p, m->ctx) && BN_mod_sub(y, y, x, m->p, m->ctx));
    ck_assert(BN_mod_sub(t, BN_value_one(), dxxyy, m->p, m->ctx) && BN_mod_inverse(t, t, m->p, m->ctx) &&
              BN_mod_mul(y, y, t, m->p, m->ctx) && BN_copy(x, new_x) != NULL);
    BN_free(xy);
    BN_free(dxxyy);
    BN_free(t);
    BN_free(new_x);
}

/* Whether octets are an encoding of a point of which eight times is not the neutral one. */
static bool model_accepts(const struct model *m, struct cfr_span octets)
{
    uint8_t copy[MAX_LEN];
    BIGNUM *x = BN_new();
    BIGNUM *y = BN_new();
    BIGNUM *v = BN_new();
    bool good;

    cfr_copy(copy, octets.ptr, octets.len);
    copy[octets.len - 1] &= 0x7f;
    ck_assert_ptr_nonnull(BN_lebin2bn(copy, (int)octets.len, y));
    good = BN_cmp(y, m->p) < 0;
    /* x^2 = (1 - y^2) / (a - d y^2) */
    ck_assert(BN_mod_sqr(x, y, m->p, m->ctx) && BN_mod_mul(v, x, m->d, m->p, m->ctx) &&
              BN_mod_sub(v, m->a, v, m->p, m->ctx) && BN_mod_inverse(v, v, m->p, m->ctx) &&
              BN_mod_sub(x, BN_value_one(), x, m->p, m->ctx) && BN_mod_mul(x, x, v, m->p, m->ctx));
    good = good && BN_mod_sqrt(x, x, m->p, m->ctx) != NULL;
    for (int i = 0; good && i < 3; i++) {
        double_point(m, x, y);
    }
    good = good && !(BN_is_zero(x) && BN_is_one(y));
    BN_free(x);
    BN_free(y);
    BN_free(v);
    return good;
}

START_TEST(random_octets_are_judged_as_the_equation_does)
{
    bool is_25519 = _i == 1;
    uint8_t octets[MAX_LEN];
    struct cfr_span span = cfr_span_of(octets, len_of(is_25519));
    unsigned accepted = 0;
    struct model model;

    begin_model(&model, is_25519);
    for (unsigned round = 0; round < 400; round++) {
        bool good;

        harness_fill(octets, sizeof(octets));
        if (round % 4 == 0) {
            memset(octets + 1, 0, sizeof(octets) - 1);
        }
        octets[56] &= is_25519 ? 0xff : 0x80;
        good = model_accepts(&model, span);
        accepted += good;
        ASSERT_RV(cfr_edwards_point_check(is_25519, span), good ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID);
    }
    /* Half of all y are on the curve. */
    ck_assert_uint_gt(accepted, 100);
    ck_assert_uint_lt(accepted, 300);
    end_model(&model);
}
END_TEST

START_TEST(model_knows_the_points_of_small_order)
{
    struct model model;

    begin_model(&model, true);
    for (size_t i = 0; i < COUNT_OF(small_25519); i++) {
        uint8_t octets[MAX_LEN];
        size_t len = 0;

        ck_assert(vectors_from_hex(small_25519[i], octets, sizeof(octets), &len));
        ck_assert(!model_accepts(&model, cfr_span_of(octets, len)));
    }
    end_model(&model);
}
END_TEST

static CK_RV attempt(void *arg)
{
    (void)arg;
    return check_hex(true, "5866666666666666666666666666666666666666666666666666666666666666");
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, NULL, 0, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *edwards_point = suite_create("edwards_point");
    TCase *tcase = tcase_create("edwards_point");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, published_keys_are_good);
    tcase_add_test(tcase, base_points_are_good);
    tcase_add_loop_test(tcase, small_order_of_25519_is_refused, 0, COUNT_OF(small_25519));
    tcase_add_test(tcase, small_order_of_448_is_refused);
    tcase_add_test(tcase, y_that_is_not_reduced_is_refused);
    tcase_add_test(tcase, model_knows_the_points_of_small_order);
    tcase_add_loop_test(tcase, random_octets_are_judged_as_the_equation_does, 0, 2);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(edwards_point, tcase);
    return edwards_point;
}

TEST_MAIN(suite)
