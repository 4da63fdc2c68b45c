/* SPDX-License-Identifier: Apache-2.0 */
/* What is a group, and what is not. */
#include "crypto/ffc.h"
#include "unit/crypto/fixture.h"

#include <openssl/bn.h>
#include <time.h>

enum { NUMBER_MAX_LEN = CFR_FFC_MAX_BITS / 8 + 16 };

/* Domain parameters to be spoilt. */
struct group {
    enum cfr_key_family family;
    BIGNUM *p;
    BIGNUM *q; /* NULL for CFR_KEY_DH */
    BIGNUM *g;
    uint8_t octets[3][NUMBER_MAX_LEN];
};

static struct group known; /* ffdhe2048 */
static struct group other; /* one of RFC 5114, with a subprime of 224 bits */
static struct group dsa;   /* of NIST's vectors, 1024 and 160 bits */

static BIGNUM *number_of(struct vectors *vectors, const char *name)
{
    struct cfr_span octets = vectors_octets(vectors, name);

    return BN_bin2bn(octets.ptr, (int)octets.len, NULL);
}

static void read_group(const char *file, enum cfr_key_family family, struct group *group)
{
    struct vectors *vectors = vectors_open(file);
    size_t cases = 1;

    ck_assert(vectors_next(vectors));
    *group = (struct group){.family = family};
    group->p = number_of(vectors, "p");
    group->g = number_of(vectors, "g");
    group->q = family == CFR_KEY_DH ? NULL : number_of(vectors, "q");
    while (vectors_next(vectors)) {
        cases++;
    }
    vectors_close(vectors, cases);
}

static void up(void)
{
    fixture_up();
    read_group("dh_acvp", CFR_KEY_DH, &known);
    read_group("x942_dh_rfc5114", CFR_KEY_X942_DH, &other);
    read_group("dsa", CFR_KEY_DSA, &dsa);
}

static void free_group(struct group *group)
{
    BN_free(group->p);
    BN_free(group->q);
    BN_free(group->g);
}

static void down(void)
{
    free_group(&known);
    free_group(&other);
    free_group(&dsa);
}

static struct cfr_span octets_of(const BIGNUM *number, uint8_t *out)
{
    return number == NULL ? cfr_span_of(NULL, 0) : cfr_span_of(out, (size_t)BN_bn2bin(number, out));
}

/* As C_CreateObject does: cheap checks, then the others. */
static CK_RV check(struct group *group)
{
    struct cfr_ffc_domain domain = {.prime = octets_of(group->p, group->octets[0]),
                                    .subprime = octets_of(group->q, group->octets[1]),
                                    .base = octets_of(group->g, group->octets[2])};
    AUTO(keymat) *keymat = NULL;

    TRY(cfr_ffc_import_domain(group->family, &domain, &keymat));
    return cfr_ffc_validate(keymat);
}

START_TEST(known_groups_are_groups)
{
    ASSERT_OK(check(&known));
    ASSERT_OK(check(&other));
    ASSERT_OK(check(&dsa));
}
END_TEST

/* A safe prime that libcrypto knows, with a generator that it does not: so it has to be tested. */
START_TEST(unknown_safe_primes_are_tested)
{
    bool saw_square = false;
    bool saw_other = false;
    BN_CTX *ctx = BN_CTX_new();

    for (BN_ULONG base = 3; base < 20 && !(saw_square && saw_other); base++) {
        uint8_t less_two[NUMBER_MAX_LEN];
        struct cfr_ffc_domain domain;
        AUTO(keymat) *key = NULL;
        bool is_square;
        BIGNUM *y = BN_dup(known.p);

        ck_assert_int_eq(BN_set_word(known.g, base), 1);
        is_square = BN_kronecker(known.g, known.p, ctx) == 1;
        if (is_square ? saw_square : saw_other) {
            BN_free(y);
            continue;
        }
        ASSERT_OK(check(&known));
        /* -2 is no square: right only where the group is everything. */
        ck_assert_int_eq(BN_sub_word(y, 2), 1);
        domain = (struct cfr_ffc_domain){.prime = octets_of(known.p, known.octets[0]),
                                         .base = octets_of(known.g, known.octets[2])};
        ASSERT_RV(cfr_ffc_import_public(CFR_KEY_DH, &domain, octets_of(y, less_two), &key),
                  is_square ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK);
        saw_square = saw_square || is_square;
        saw_other = saw_other || !is_square;
        BN_free(y);
    }
    ck_assert(saw_square && saw_other);
    BN_CTX_free(ctx);
}
END_TEST

static double seconds_of_check(struct group *group)
{
    struct timespec from;
    struct timespec to;

    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &from), 0);
    ASSERT_OK(check(group));
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &to), 0);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

START_TEST(a_group_is_tested_once)
{
    double first;

    ck_assert_int_eq(BN_set_word(known.g, 23), 1);
    first = seconds_of_check(&known);
    ck_assert(seconds_of_check(&known) < first / 4);
    /* The same prime with another generator is another group, and a composite one never passes. */
    ck_assert_int_eq(BN_add_word(known.p, 2), 1);
    ASSERT_RV(check(&known), CKR_DOMAIN_PARAMS_INVALID);
    ASSERT_RV(check(&known), CKR_DOMAIN_PARAMS_INVALID);
}
END_TEST

/* --- Spoilt groups --- */

static void p_plus_two(struct group *group)
{
    ck_assert_int_eq(BN_add_word(group->p, 2), 1);
}

static void p_even(struct group *group)
{
    ck_assert_int_eq(BN_add_word(group->p, 1), 1);
}

static void p_short(struct group *group)
{
    ck_assert_int_eq(BN_rshift1(group->p, group->p), 1);
    ck_assert_int_eq(BN_set_bit(group->p, 0), 1);
}

static void p_long(struct group *group)
{
    ck_assert_int_eq(BN_set_bit(group->p, CFR_FFC_MAX_BITS), 1);
}

/* Odd, of a size that is allowed, and more than is tested. */
static void p_unknown(struct group *group)
{
    ck_assert_int_eq(BN_set_bit(group->p, CFR_FFC_UNKNOWN_BITS), 1);
}

static void p_zero(struct group *group)
{
    BN_zero(group->p);
}

static void g_zero(struct group *group)
{
    BN_zero(group->g);
}

static void g_one(struct group *group)
{
    ck_assert_int_eq(BN_one(group->g), 1);
}

static void g_less_one(struct group *group)
{
    ck_assert_ptr_nonnull(BN_copy(group->g, group->p));
    ck_assert_int_eq(BN_sub_word(group->g, 1), 1);
}

static void g_is_p(struct group *group)
{
    ck_assert_ptr_nonnull(BN_copy(group->g, group->p));
}

/* Of a prime p = 2qj + 1: (p - 1) / 2 is not prime. */
static void p_not_safe(struct group *group)
{
    if (group->q == NULL) {
        ck_assert_ptr_nonnull(BN_copy(group->p, other.p));
    }
}

static void q_plus_two(struct group *group)
{
    ck_assert_int_eq(BN_add_word(group->q, 2), 1);
}

static void q_one(struct group *group)
{
    ck_assert_int_eq(BN_one(group->q), 1);
}

/* Divides p - 1, with a small factor: 2 is no subprime, nor is twice the subprime. */
static void q_twice(struct group *group)
{
    ck_assert_int_eq(BN_lshift1(group->q, group->q), 1);
}

static void g_two(struct group *group)
{
    ck_assert_int_eq(BN_set_word(group->g, 2), 1);
}

static const struct {
    const char *what;
    struct group *group;
    void (*spoil)(struct group *group);
} spoilt[] = {
    {"p + 2", &known, p_plus_two},
    {"p + 1", &known, p_even},
    {"p of 2047 bits", &known, p_short},
    {"p of 8193 bits", &known, p_long},
    {"p of 4097 bits", &known, p_unknown},
    {"p = 0", &known, p_zero},
    {"g = 0", &known, g_zero},
    {"g = 1", &known, g_one},
    {"g = p - 1", &known, g_less_one},
    {"g = p", &known, g_is_p},
    {"p not safe", &known, p_not_safe},
    {"X9.42 p + 2", &other, p_plus_two},
    {"X9.42 g = 1", &other, g_one},
    {"X9.42 g = p - 1", &other, g_less_one},
    {"X9.42 g = 2", &other, g_two},
    {"X9.42 q + 2", &other, q_plus_two},
    {"X9.42 q = 1", &other, q_one},
    {"X9.42 2q", &other, q_twice},
    {"DSA p + 2", &dsa, p_plus_two},
    {"DSA p of 1023 bits", &dsa, p_short},
    {"DSA g = 1", &dsa, g_one},
    {"DSA g = 2", &dsa, g_two},
    {"DSA q + 2", &dsa, q_plus_two},
    {"DSA 2q", &dsa, q_twice},
};

START_TEST(other_numbers_are_none)
{
    CK_RV rv;

    spoilt[_i].spoil(spoilt[_i].group);
    rv = check(spoilt[_i].group);
    ck_assert_msg(rv == CKR_DOMAIN_PARAMS_INVALID, "%s: 0x%lx", spoilt[_i].what, rv);
}
END_TEST

/* p - 1 = 2qr, with a composite q of the right size: an element of order r that q hides. */
START_TEST(composite_subprimes_are_refused)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *rest = BN_dup(other.p);
    BIGNUM *composite = BN_dup(other.q);

    /* 3 * 5 * 7 … of what is left of p - 1 makes q composite, when anything small divides it. */
    ck_assert(BN_sub_word(rest, 1) == 1 && BN_div(rest, NULL, rest, other.q, ctx) == 1);
    for (BN_ULONG factor = 3; factor < 5000; factor += 2) {
        if (BN_mod_word(rest, factor) == 0) {
            ck_assert_int_eq(BN_mul_word(composite, factor), 1);
            break;
        }
    }
    if (BN_cmp(composite, other.q) != 0) {
        BN_free(other.q);
        other.q = BN_dup(composite);
        ASSERT_RV(check(&other), CKR_DOMAIN_PARAMS_INVALID);
    }
    BN_free(composite);
    BN_free(rest);
    BN_CTX_free(ctx);
}
END_TEST

START_TEST(sizes_of_numbers_are_bounded)
{
    static uint8_t octets[1 << 16];
    struct cfr_ffc_domain domain = {.prime = octets_of(known.p, known.octets[0]),
                                    .base = octets_of(known.g, known.octets[2])};
    struct cfr_ffc_domain changed = domain;
    AUTO(keymat) *none = NULL;

    memset(octets, 0xff, sizeof(octets));
    changed.prime = cfr_span_of(octets, sizeof(octets));
    ASSERT_RV(cfr_ffc_import_domain(CFR_KEY_DH, &changed, &none), CKR_DOMAIN_PARAMS_INVALID);
    changed = domain;
    changed.base = cfr_span_of(octets, sizeof(octets));
    ASSERT_RV(cfr_ffc_import_domain(CFR_KEY_DH, &changed, &none), CKR_DOMAIN_PARAMS_INVALID);
    changed = domain;
    changed.base = cfr_span_of(NULL, 0);
    ASSERT_RV(cfr_ffc_import_domain(CFR_KEY_DH, &changed, &none), CKR_DOMAIN_PARAMS_INVALID);
    ASSERT_RV(cfr_ffc_import_domain(CFR_KEY_X942_DH, &domain, &none), CKR_DOMAIN_PARAMS_INVALID);
    ASSERT_RV(cfr_ffc_import_public(CFR_KEY_DH, &domain, cfr_span_of(octets, sizeof(octets)), &none),
              CKR_ATTRIBUTE_VALUE_INVALID);
    ASSERT_RV(cfr_ffc_import_private(CFR_KEY_DH, &domain, cfr_span_of(octets, sizeof(octets)), &none),
              CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_ptr_null(none);
}
END_TEST

/* --- New groups --- */

static const struct {
    enum cfr_key_family family;
    size_t prime_bits;
    size_t subprime_bits;
} impossible[] = {
    {CFR_KEY_DH, 0, 0},           {CFR_KEY_DH, 1024, 0},          {CFR_KEY_DH, 2047, 0},
    {CFR_KEY_DH, 2049, 0},        {CFR_KEY_DH, 5120, 0},          {CFR_KEY_DH, 8193, 0},
    {CFR_KEY_DH, SIZE_MAX, 0},    {CFR_KEY_X942_DH, 2048, 0},     {CFR_KEY_X942_DH, 2048, 160},
    {CFR_KEY_X942_DH, 2048, 255}, {CFR_KEY_X942_DH, 1024, 160},   {CFR_KEY_X942_DH, 3072, 256},
    {CFR_KEY_X942_DH, 0, 0},      {CFR_KEY_X942_DH, 0, SIZE_MAX}, {CFR_KEY_X942_DH, 2048, 2048},
};

START_TEST(other_sizes_are_not_made)
{
    AUTO(keymat) *none = NULL;

    ASSERT_RV(cfr_ffc_generate_domain(impossible[_i].family, impossible[_i].prime_bits,
                                      impossible[_i].subprime_bits, &none),
              CKR_KEY_SIZE_RANGE);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(groups_with_a_subprime_are_made)
{
    AUTO(keymat) *group = NULL;
    AUTO(secret) *subprime = NULL;

    ASSERT_OK(cfr_ffc_generate_domain(CFR_KEY_X942_DH, 2048, 224, &group));
    ck_assert_uint_eq(cfr_keymat_bits(group), 2048);
    ASSERT_OK(cfr_ffc_number(group, CFR_FFC_SUBPRIME, &subprime));
    ck_assert_uint_eq(cfr_secret_view(subprime).len, 28);
    ASSERT_OK(cfr_ffc_validate(group));
}
END_TEST

static CK_RV attempt_domain(void *arg)
{
    AUTO(keymat) *group = NULL;

    (void)arg;
    return cfr_ffc_generate_domain(CFR_KEY_DH, 3072, 0, &group);
}

static CK_RV attempt_check(void *arg)
{
    return check(arg);
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt_domain, NULL, 1, 2);
    nth_failure_both(attempt_check, &dsa, 1, 8);
}
END_TEST

static Suite *suite(void)
{
    Suite *ffc = suite_create("ffc groups");
    TCase *tcase = tcase_create("groups");

    tcase_add_checked_fixture(tcase, up, down);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, known_groups_are_groups);
    tcase_add_test(tcase, unknown_safe_primes_are_tested);
    tcase_add_test(tcase, a_group_is_tested_once);
    tcase_add_loop_test(tcase, other_numbers_are_none, 0, COUNT_OF(spoilt));
    tcase_add_test(tcase, composite_subprimes_are_refused);
    tcase_add_test(tcase, sizes_of_numbers_are_bounded);
    tcase_add_loop_test(tcase, other_sizes_are_not_made, 0, COUNT_OF(impossible));
    tcase_add_test(tcase, groups_with_a_subprime_are_made);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(ffc, tcase);
    return ffc;
}

TEST_MAIN(suite)
