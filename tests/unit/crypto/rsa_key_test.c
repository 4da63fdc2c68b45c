/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsa.h"
#include "unit/crypto/fixture.h"

#include <openssl/bn.h>
#include <string.h>

enum { LEN = 256 };

/* Keys of tests/vectors/rsa_keys.txt: one with all its numbers, others with n, e and d. */
static const char full_key[] = "rsa2048_1";
static const char *const plain_keys[] = {"rsa1024_2", "rsa1536_3", "rsa2048_4"};

static struct cfr_span number_of(const struct cfr_keymat *keymat, enum cfr_rsa_part part)
{
    static uint8_t octets[CFR_RSA_PARTS][CFR_RSA_MAX_BITS / 8];
    AUTO(secret) *number = NULL;

    ASSERT_OK(cfr_rsa_number(keymat, part, &number));
    ck_assert_uint_le(cfr_secret_view(number).len, sizeof(octets[part]));
    ck_assert_uint_ne(cfr_secret_view(number).ptr[0], 0);
    cfr_copy(octets[part], cfr_secret_view(number).ptr, cfr_secret_view(number).len);
    return cfr_span_of(octets[part], cfr_secret_view(number).len);
}

static CK_RV import_private(const struct cfr_rsa_numbers *numbers)
{
    AUTO(keymat) *keymat = NULL;
    CK_RV rv = cfr_rsa_import_private(numbers, &keymat);

    ck_assert_int_eq(rv == CKR_OK, keymat != NULL);
    return rv;
}

static CK_RV import_public(struct cfr_span n, struct cfr_span e)
{
    struct cfr_rsa_numbers numbers = {.part = {[CFR_RSA_N] = n, [CFR_RSA_E] = e}};
    AUTO(keymat) *keymat = NULL;
    CK_RV rv = cfr_rsa_import_public(&numbers, &keymat);

    ck_assert_int_eq(rv == CKR_OK, keymat != NULL);
    return rv;
}

START_TEST(public_key_has_two_numbers)
{
    struct cfr_rsa_numbers numbers = fixture_rsa_numbers(full_key);
    AUTO(keymat) *keymat = NULL;
    struct cfr_secret *none = NULL;

    ASSERT_OK(cfr_rsa_import_public(&numbers, &keymat));
    ck_assert(!cfr_keymat_is_private(keymat));
    ck_assert_uint_eq(cfr_keymat_bits(keymat), 2048);
    ck_assert_uint_eq(cfr_rsa_len(keymat), LEN);
    ASSERT_SPAN(number_of(keymat, CFR_RSA_N), numbers.part[CFR_RSA_N]);
    ASSERT_SPAN(number_of(keymat, CFR_RSA_E), numbers.part[CFR_RSA_E]);
    for (int part = CFR_RSA_D; part < CFR_RSA_PARTS; part++) {
        ASSERT_RV(cfr_rsa_number(keymat, (enum cfr_rsa_part)part, &none), CKR_ATTRIBUTE_TYPE_INVALID);
    }
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(private_key_has_eight_numbers)
{
    struct cfr_rsa_numbers numbers = fixture_rsa_numbers(full_key);
    AUTO(keymat) *keymat = NULL;

    ASSERT_OK(cfr_rsa_import_private(&numbers, &keymat));
    ck_assert(cfr_keymat_is_private(keymat));
    for (int part = CFR_RSA_N; part < CFR_RSA_PARTS; part++) {
        ASSERT_SPAN(number_of(keymat, (enum cfr_rsa_part)part), numbers.part[part]);
    }
}
END_TEST

START_TEST(leading_zeros_do_not_matter)
{
    struct cfr_rsa_numbers numbers = fixture_rsa_numbers(full_key);
    static uint8_t padded[CFR_RSA_PARTS][LEN + 8];
    AUTO(keymat) *keymat = NULL;
    struct cfr_rsa_numbers with_zeros = numbers;

    for (int part = CFR_RSA_N; part < CFR_RSA_PARTS; part++) {
        size_t zeros = 1 + (size_t)part;

        zeros = zeros > 8 ? 8 : zeros;
        cfr_copy(padded[part] + zeros, numbers.part[part].ptr, numbers.part[part].len);
        with_zeros.part[part] = cfr_span_of(padded[part], zeros + numbers.part[part].len);
    }
    ASSERT_OK(cfr_rsa_import_private(&with_zeros, &keymat));
    ck_assert_uint_eq(cfr_keymat_bits(keymat), 2048);
    for (int part = CFR_RSA_N; part < CFR_RSA_PARTS; part++) {
        ASSERT_SPAN(number_of(keymat, (enum cfr_rsa_part)part), numbers.part[part]);
    }
}
END_TEST

/* Whatever may be left out is computed; which numbers are given is a bit for each. */
START_TEST(missing_numbers_are_computed)
{
    const struct cfr_rsa_numbers numbers = fixture_rsa_numbers(full_key);
    unsigned accepted = 0;

    for (unsigned given = 0; given < 1U << CFR_RSA_PARTS; given++) {
        struct cfr_rsa_numbers some = numbers;
        AUTO(keymat) *keymat = NULL;
        bool has_p = (given & 1U << CFR_RSA_P) != 0;
        bool has_q = (given & 1U << CFR_RSA_Q) != 0;
        bool has_crt = (given >> CFR_RSA_DP) != 0;
        bool enough = (given & 1U << CFR_RSA_N) != 0 && (given & 1U << CFR_RSA_D) != 0 && has_p == has_q &&
                      (has_p || ((given & 1U << CFR_RSA_E) != 0 && !has_crt));

        for (int part = CFR_RSA_N; part < CFR_RSA_PARTS; part++) {
            if ((given & 1U << part) == 0) {
                some.part[part] = cfr_span_of(NULL, 0);
            }
        }
        ASSERT_RV(cfr_rsa_import_private(&some, &keymat), enough ? CKR_OK : CKR_TEMPLATE_INCOMPLETE);
        if (!enough) {
            continue;
        }
        accepted++;
        for (int part = CFR_RSA_N; part < CFR_RSA_PARTS; part++) {
            ASSERT_SPAN(number_of(keymat, (enum cfr_rsa_part)part), numbers.part[part]);
        }
    }
    ck_assert_uint_eq(accepted, 17);
}
END_TEST

START_TEST(factors_are_found_from_the_exponents)
{
    AUTO(keymat) *keymat = fixture_rsa_private(plain_keys[_i]);
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *part[CFR_RSA_PARTS];
    BIGNUM *t = BN_new();

    for (int i = 0; i < CFR_RSA_PARTS; i++) {
        struct cfr_span number = number_of(keymat, (enum cfr_rsa_part)i);

        part[i] = BN_bin2bn(number.ptr, (int)number.len, NULL);
    }
    ck_assert(BN_mul(t, part[CFR_RSA_P], part[CFR_RSA_Q], ctx) && BN_cmp(t, part[CFR_RSA_N]) == 0);
    ck_assert_int_eq(BN_check_prime(part[CFR_RSA_P], ctx, NULL), 1);
    ck_assert_int_eq(BN_check_prime(part[CFR_RSA_Q], ctx, NULL), 1);
    /* The greater is p, so that a key imported twice is the same key twice. */
    ck_assert_int_gt(BN_cmp(part[CFR_RSA_P], part[CFR_RSA_Q]), 0);
    ck_assert(BN_mod_mul(t, part[CFR_RSA_QI], part[CFR_RSA_Q], part[CFR_RSA_P], ctx) && BN_is_one(t));
    ck_assert(BN_sub_word(part[CFR_RSA_P], 1) && BN_sub_word(part[CFR_RSA_Q], 1));
    ck_assert(BN_mod_mul(t, part[CFR_RSA_DP], part[CFR_RSA_E], part[CFR_RSA_P], ctx) && BN_is_one(t));
    ck_assert(BN_mod_mul(t, part[CFR_RSA_DQ], part[CFR_RSA_E], part[CFR_RSA_Q], ctx) && BN_is_one(t));
    for (int i = 0; i < CFR_RSA_PARTS; i++) {
        BN_free(part[i]);
    }
    BN_free(t);
    BN_CTX_free(ctx);
}
END_TEST

/* Each number in turn, each with some bits changed, with and without the others that could give it away. */
START_TEST(numbers_that_do_not_agree_are_refused)
{
    const struct cfr_rsa_numbers numbers = fixture_rsa_numbers(full_key);
    uint8_t changed[LEN];

    for (int part = CFR_RSA_N; part < CFR_RSA_PARTS; part++) {
        struct cfr_span right = numbers.part[part];

        for (size_t bit = 1; bit < 8 * right.len; bit += bit < 8 ? 1 : 101) {
            struct cfr_rsa_numbers wrong = numbers;

            cfr_copy(changed, right.ptr, right.len);
            changed[right.len - 1 - bit / 8] ^= (uint8_t)(1U << bit % 8);
            wrong.part[part] = cfr_span_of(changed, right.len);
            ASSERT_RV(import_private(&wrong), CKR_ATTRIBUTE_VALUE_INVALID);
            for (int crt = CFR_RSA_DP; crt < CFR_RSA_PARTS && part < CFR_RSA_DP; crt++) {
                wrong.part[crt] = cfr_span_of(NULL, 0);
            }
            ASSERT_RV(import_private(&wrong), CKR_ATTRIBUTE_VALUE_INVALID);
        }
    }
}
END_TEST

START_TEST(wrong_exponent_without_factors_is_refused)
{
    struct cfr_rsa_numbers numbers = fixture_rsa_numbers(plain_keys[_i]);
    uint8_t d[LEN];
    struct cfr_span right = numbers.part[CFR_RSA_D];

    cfr_copy(d, right.ptr, right.len);
    numbers.part[CFR_RSA_D] = cfr_span_of(d, right.len);
    ASSERT_OK(import_private(&numbers));
    d[right.len - 1] ^= 2;
    ASSERT_RV(import_private(&numbers), CKR_ATTRIBUTE_VALUE_INVALID);
    d[right.len - 1] ^= 3;
    ASSERT_RV(import_private(&numbers), CKR_ATTRIBUTE_VALUE_INVALID);
    memset(d, 0, sizeof(d));
    ASSERT_RV(import_private(&numbers), CKR_ATTRIBUTE_VALUE_INVALID);
    d[right.len - 1] = 1;
    ASSERT_RV(import_private(&numbers), CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

START_TEST(swapped_factors_are_another_key)
{
    const struct cfr_rsa_numbers numbers = fixture_rsa_numbers(full_key);
    struct cfr_rsa_numbers swapped = numbers;

    swapped.part[CFR_RSA_P] = numbers.part[CFR_RSA_Q];
    swapped.part[CFR_RSA_Q] = numbers.part[CFR_RSA_P];
    ASSERT_RV(import_private(&swapped), CKR_ATTRIBUTE_VALUE_INVALID);
    swapped.part[CFR_RSA_DP] = numbers.part[CFR_RSA_DQ];
    swapped.part[CFR_RSA_DQ] = numbers.part[CFR_RSA_DP];
    ASSERT_RV(import_private(&swapped), CKR_ATTRIBUTE_VALUE_INVALID);
    swapped.part[CFR_RSA_QI] = cfr_span_of(NULL, 0);
    ASSERT_OK(import_private(&swapped));
}
END_TEST

/* n = 1 n, n = n 1, n = p p: products that are right and no factorisation. */
START_TEST(trivial_factors_are_refused)
{
    const struct cfr_rsa_numbers numbers = fixture_rsa_numbers(full_key);
    struct cfr_rsa_numbers wrong = {.part = {[CFR_RSA_N] = numbers.part[CFR_RSA_N],
                                             [CFR_RSA_E] = numbers.part[CFR_RSA_E],
                                             [CFR_RSA_D] = numbers.part[CFR_RSA_D]}};
    struct cfr_span one = cfr_span_of("\1", 1);
    struct cfr_span p = numbers.part[CFR_RSA_P];
    BIGNUM *square = BN_bin2bn(p.ptr, (int)p.len, NULL);
    BN_CTX *ctx = BN_CTX_new();
    uint8_t octets[LEN];

    wrong.part[CFR_RSA_P] = one;
    wrong.part[CFR_RSA_Q] = numbers.part[CFR_RSA_N];
    ASSERT_RV(import_private(&wrong), CKR_ATTRIBUTE_VALUE_INVALID);
    wrong.part[CFR_RSA_P] = numbers.part[CFR_RSA_N];
    wrong.part[CFR_RSA_Q] = one;
    ASSERT_RV(import_private(&wrong), CKR_ATTRIBUTE_VALUE_INVALID);
    wrong.part[CFR_RSA_P] = cfr_span_of("\0", 1);
    ASSERT_RV(import_private(&wrong), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_int_eq(BN_sqr(square, square, ctx), 1);
    ck_assert_int_eq(BN_bn2binpad(square, octets, LEN), LEN);
    wrong.part[CFR_RSA_N] = cfr_span_of(octets, LEN);
    wrong.part[CFR_RSA_P] = p;
    wrong.part[CFR_RSA_Q] = p;
    ASSERT_RV(import_private(&wrong), CKR_ATTRIBUTE_VALUE_INVALID);
    BN_free(square);
    BN_CTX_free(ctx);
}
END_TEST

/* e = d = 1 agree with every n: encryption would be the identity. */
START_TEST(exponents_of_one_are_refused)
{
    struct cfr_rsa_numbers numbers = fixture_rsa_numbers(full_key);

    numbers.part[CFR_RSA_E] = cfr_span_of("\1", 1);
    for (int part = CFR_RSA_DP; part < CFR_RSA_PARTS; part++) {
        numbers.part[part] = cfr_span_of(NULL, 0);
    }
    numbers.part[CFR_RSA_D] = cfr_span_of("\1", 1);
    ASSERT_RV(import_private(&numbers), CKR_ATTRIBUTE_VALUE_INVALID);
    numbers.part[CFR_RSA_E] = cfr_span_of(NULL, 0);
    ASSERT_RV(import_private(&numbers), CKR_ATTRIBUTE_VALUE_INVALID);
    numbers.part[CFR_RSA_D] = cfr_span_of("\2", 1);
    ASSERT_RV(import_private(&numbers), CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

START_TEST(bounds_of_the_modulus)
{
    static uint8_t n[CFR_RSA_MAX_BITS / 8 + 16];
    struct cfr_span e = cfr_span_of("\1\0\1", 3);
    static const struct {
        size_t bits;
        CK_RV rv;
    } sizes[] = {
        {64, CKR_ATTRIBUTE_VALUE_INVALID},
        {CFR_RSA_MIN_BITS - 1, CKR_ATTRIBUTE_VALUE_INVALID},
        {CFR_RSA_MIN_BITS, CKR_OK},
        {CFR_RSA_MIN_BITS + 1, CKR_OK},
        {2047, CKR_OK},
        {4096, CKR_OK},
        {CFR_RSA_MAX_BITS, CKR_OK},
        {CFR_RSA_MAX_BITS + 1, CKR_ATTRIBUTE_VALUE_INVALID},
        {8 * sizeof(n), CKR_ATTRIBUTE_VALUE_INVALID},
    };

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_t len = (sizes[i].bits + 7) / 8;

        memset(n, 0, sizeof(n));
        n[0] = (uint8_t)(1U << (sizes[i].bits - 1) % 8);
        n[len - 1] |= 1;
        ASSERT_RV(import_public(cfr_span_of(n, len), e), sizes[i].rv);
        n[len - 1] &= 0xfe;
        ASSERT_RV(import_public(cfr_span_of(n, len), e), CKR_ATTRIBUTE_VALUE_INVALID);
    }
    memset(n, 0, sizeof(n));
    ASSERT_RV(import_public(cfr_span_of(n, 256), e), CKR_ATTRIBUTE_VALUE_INVALID);
    ASSERT_RV(import_public(cfr_span_of(NULL, 0), e), CKR_TEMPLATE_INCOMPLETE);
    ASSERT_RV(import_public(cfr_span_of(n, 256), cfr_span_of(NULL, 0)), CKR_TEMPLATE_INCOMPLETE);
}
END_TEST

START_TEST(bounds_of_the_public_exponent)
{
    struct cfr_span n = fixture_rsa_numbers(full_key).part[CFR_RSA_N];
    static uint8_t e[64];
    static const struct {
        uint8_t last;
        CK_RV rv;
    } small[] = {{0, CKR_ATTRIBUTE_VALUE_INVALID}, {1, CKR_ATTRIBUTE_VALUE_INVALID},
                 {2, CKR_ATTRIBUTE_VALUE_INVALID}, {3, CKR_OK},
                 {4, CKR_ATTRIBUTE_VALUE_INVALID}, {17, CKR_OK}};

    for (size_t i = 0; i < COUNT_OF(small); i++) {
        ASSERT_RV(import_public(n, cfr_span_of(&small[i].last, 1)), small[i].rv);
    }
    e[0] = 0x80;
    e[31] = 1;
    ASSERT_OK(import_public(n, cfr_span_of(e, 32)));
    e[32] = 1;
    ASSERT_RV(import_public(n, cfr_span_of(e, 33)), CKR_ATTRIBUTE_VALUE_INVALID);
    ASSERT_RV(import_public(n, n), CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

/* The numbers fit together as PKCS #1 says and the modulus has exactly the bits that were asked for. */
START_TEST(generated_keys_are_importable)
{
    static const struct {
        size_t bits;
        const char *e;
        size_t e_len;
    } kinds[] = {{1024, "\1\0\1", 3},
                 {1024, "\3", 1},
                 {1032, "\1\0\1", 3},
                 {2048, "\1\0\1", 3},
                 {2048, "\0\0\x11", 3}};
    AUTO(keymat) *keymat = NULL;
    AUTO(keymat) *again = NULL;
    struct cfr_rsa_numbers numbers = {0};
    struct cfr_span e = cfr_span_of(kinds[_i].e, kinds[_i].e_len);

    ASSERT_OK(cfr_rsa_generate(kinds[_i].bits, e, &keymat));
    ck_assert_uint_eq(cfr_keymat_bits(keymat), kinds[_i].bits);
    ck_assert(cfr_keymat_is_private(keymat));
    for (int part = CFR_RSA_N; part < CFR_RSA_PARTS; part++) {
        numbers.part[part] = number_of(keymat, (enum cfr_rsa_part)part);
    }
    while (e.ptr[0] == 0) {
        e = cfr_span_after(e, 1);
    }
    ASSERT_SPAN(numbers.part[CFR_RSA_E], e);
    ck_assert_uint_eq(numbers.part[CFR_RSA_N].len, kinds[_i].bits / 8);
    ck_assert_uint_ge(numbers.part[CFR_RSA_N].ptr[0], 0x80);
    ASSERT_OK(cfr_rsa_import_private(&numbers, &again));
}
END_TEST

START_TEST(generation_refuses_bad_parameters)
{
    static const size_t bad_bits[] = {0, 8, 512, 1016, 1023, 1025, 1028, 16385, 16392, 1 << 20, SIZE_MAX};
    static const struct cfr_span bad_exponents[] = {
        {NULL, 0},
        {(const uint8_t *)"\0", 1},
        {(const uint8_t *)"\1", 1},
        {(const uint8_t *)"\0\0\1", 3},
        {(const uint8_t *)"\2", 1},
        {(const uint8_t *)"\1\0\0", 3},
        {(const uint8_t *)"0123456789abcdef0123456789abcdef1", 33},
    };
    struct cfr_keymat *keymat = NULL;

    for (size_t i = 0; i < COUNT_OF(bad_bits); i++) {
        ASSERT_RV(cfr_rsa_generate(bad_bits[i], cfr_span_of("\1\0\1", 3), &keymat),
                  CKR_ATTRIBUTE_VALUE_INVALID);
    }
    for (size_t i = 0; i < COUNT_OF(bad_exponents); i++) {
        ASSERT_RV(cfr_rsa_generate(1024, bad_exponents[i], &keymat), CKR_ATTRIBUTE_VALUE_INVALID);
    }
    ck_assert_ptr_null(keymat);
}
END_TEST

static CK_RV attempt_import(void *arg)
{
    struct cfr_rsa_numbers numbers = *(const struct cfr_rsa_numbers *)arg;
    AUTO(keymat) *private_key = NULL;
    AUTO(keymat) *public_key = NULL;
    AUTO(secret) *number = NULL;

    TRY(cfr_rsa_import_private(&numbers, &private_key));
    TRY(cfr_rsa_number(private_key, CFR_RSA_D, &number));
    if (numbers.part[CFR_RSA_E].len != 0) {
        TRY(cfr_rsa_import_public(&numbers, &public_key));
    }
    return CKR_OK;
}

START_TEST(each_call_of_an_import_may_fail)
{
    struct cfr_rsa_numbers numbers = fixture_rsa_numbers(full_key);
    int first = _i == 0 ? CFR_RSA_PARTS : _i == 1 ? CFR_RSA_DP : CFR_RSA_P;

    for (int part = first; part < CFR_RSA_PARTS; part++) {
        numbers.part[part] = cfr_span_of(NULL, 0);
    }
    if (_i == 1) {
        numbers.part[CFR_RSA_E] = cfr_span_of(NULL, 0);
    }
    nth_failure_both(attempt_import, &numbers, 2, 15);
}
END_TEST

static CK_RV attempt_generate(void *arg)
{
    AUTO(keymat) *keymat = NULL;

    (void)arg;
    return cfr_rsa_generate(1024, cfr_span_of("\1\0\1", 3), &keymat);
}

START_TEST(each_call_of_a_generation_may_fail)
{
    nth_failure_both(attempt_generate, NULL, 1, 6);
}
END_TEST

static TCase *import_case(void)
{
    TCase *import = tcase_create("import");

    tcase_add_checked_fixture(import, fixture_up, NULL);
    tcase_set_timeout(import, 240);
    tcase_add_test(import, public_key_has_two_numbers);
    tcase_add_test(import, private_key_has_eight_numbers);
    tcase_add_test(import, leading_zeros_do_not_matter);
    tcase_add_test(import, missing_numbers_are_computed);
    tcase_add_loop_test(import, factors_are_found_from_the_exponents, 0, COUNT_OF(plain_keys));
    tcase_add_test(import, numbers_that_do_not_agree_are_refused);
    tcase_add_loop_test(import, wrong_exponent_without_factors_is_refused, 0, COUNT_OF(plain_keys));
    tcase_add_test(import, swapped_factors_are_another_key);
    tcase_add_test(import, trivial_factors_are_refused);
    tcase_add_test(import, exponents_of_one_are_refused);
    tcase_add_test(import, bounds_of_the_modulus);
    tcase_add_test(import, bounds_of_the_public_exponent);
    tcase_add_loop_test(import, each_call_of_an_import_may_fail, 0, 3);
    return import;
}

static Suite *suite(void)
{
    Suite *rsa_key = suite_create("rsa_key");
    TCase *generation = tcase_create("generation");

    suite_add_tcase(rsa_key, import_case());
    tcase_add_checked_fixture(generation, fixture_up, NULL);
    tcase_set_timeout(generation, 240);
    tcase_add_loop_test(generation, generated_keys_are_importable, 0, 5);
    tcase_add_test(generation, generation_refuses_bad_parameters);
    tcase_add_test(generation, each_call_of_a_generation_may_fail);
    suite_add_tcase(rsa_key, generation);
    return rsa_key;
}

TEST_MAIN(suite)
