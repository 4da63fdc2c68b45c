/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/rng.h"
#include "unit/crypto/fixture.h"

#include <openssl/rand.h>
#include <string.h>
#include <unistd.h>

enum { DRAW_LEN = 32 };

START_TEST(fills_exactly_what_it_is_given)
{
    uint8_t octets[300];

    for (size_t len = 0; len < sizeof(octets) - 16; len++) {
        memset(octets, 0xa7, sizeof(octets));
        ASSERT_OK(cfr_rng_fill(octets, len));
        for (size_t i = len; i < sizeof(octets); i++) {
            if (octets[i] != 0xa7) {
                ck_abort_msg("octet %zu of %zu was written", i, len);
            }
        }
    }
    ASSERT_OK(cfr_rng_fill(NULL, 0));
}
END_TEST

/* The right number of ones within ten standard deviations, and no run of zeros where a request was split. */
START_TEST(long_output_looks_random)
{
    enum { LEN = 1 << 20 };
    uint8_t *octets = calloc(1, LEN);
    unsigned long ones = 0;
    unsigned zeros = 0;
    unsigned longest = 0;

    ASSERT_OK(cfr_rng_fill(octets, LEN));
    for (size_t i = 0; i < LEN; i++) {
        ones += (unsigned)__builtin_popcount(octets[i]);
        zeros = octets[i] == 0 ? zeros + 1 : 0;
        longest = zeros > longest ? zeros : longest;
    }
    free(octets);
    ck_assert_uint_gt(ones, 4UL * LEN - 15000);
    ck_assert_uint_lt(ones, 4UL * LEN + 15000);
    ck_assert_uint_lt(longest, 10);
}
END_TEST

START_TEST(secrets_differ)
{
    AUTO(secret) *one = NULL;
    AUTO(secret) *two = NULL;
    AUTO(secret) *empty = NULL;

    ASSERT_OK(cfr_rng_secret(DRAW_LEN, &one));
    ASSERT_OK(cfr_rng_secret(DRAW_LEN, &two));
    ck_assert_uint_eq(cfr_secret_view(one).len, DRAW_LEN);
    ck_assert(!cfr_span_equal(cfr_secret_view(one), cfr_secret_view(two)));
    ASSERT_OK(cfr_rng_secret(0, &empty));
    ck_assert_uint_eq(cfr_secret_view(empty).len, 0);
}
END_TEST

START_TEST(absurd_secret_is_refused)
{
    struct cfr_secret *secret = NULL;

    ASSERT_RV(cfr_rng_secret(SIZE_MAX, &secret), CKR_HOST_MEMORY);
    ck_assert_ptr_null(secret);
}
END_TEST

START_TEST(seed_is_only_added)
{
    uint8_t seed[1000] = {0};
    uint8_t one[DRAW_LEN];
    uint8_t two[DRAW_LEN];

    ASSERT_OK(cfr_rng_add(cfr_span_of(seed, sizeof(seed))));
    ASSERT_OK(cfr_rng_fill(one, sizeof(one)));
    ASSERT_OK(cfr_rng_add(cfr_span_of(seed, sizeof(seed))));
    ASSERT_OK(cfr_rng_fill(two, sizeof(two)));
    ck_assert_mem_ne(one, two, sizeof(one));
    ASSERT_OK(cfr_rng_add(cfr_span_of(NULL, 0)));
    ASSERT_OK(cfr_rng_add(cfr_span_of(seed, 1)));
}
END_TEST

static int draw_to_pipe(void *arg)
{
    int fd = *(const int *)arg;
    uint8_t octets[2 * DRAW_LEN];
    AUTO(secret) *secret = NULL;

    if (cfr_rng_fill(octets, DRAW_LEN) != CKR_OK || cfr_rng_secret(DRAW_LEN, &secret) != CKR_OK) {
        return 1;
    }
    cfr_copy(octets + DRAW_LEN, cfr_secret_view(secret).ptr, DRAW_LEN);
    return write(fd, octets, sizeof(octets)) == sizeof(octets) ? 0 : 2;
}

START_TEST(forks_draw_apart)
{
    enum { CHILDREN = 4, DRAWS = 2 * (CHILDREN + 1) };
    uint8_t draws[DRAWS * DRAW_LEN];
    AUTO(secret) *secret = NULL;
    int ends[2];

    /* The generators exist before the fork, so that the children inherit their state. */
    ASSERT_OK(cfr_rng_fill(draws, DRAW_LEN));
    ASSERT_OK(cfr_rng_secret(DRAW_LEN, &secret));
    ck_assert_int_eq(pipe(ends), 0);
    for (int i = 0; i < CHILDREN; i++) {
        ck_assert_int_eq(harness_child(draw_to_pipe, &ends[1]), 0);
    }
    ck_assert_int_eq(draw_to_pipe(&ends[1]), 0);
    ck_assert_int_eq(read(ends[0], draws, sizeof(draws)), sizeof(draws));
    for (size_t i = 0; i < DRAWS; i++) {
        for (size_t j = i + 1; j < DRAWS; j++) {
            ck_assert_mem_ne(draws + i * DRAW_LEN, draws + j * DRAW_LEN, DRAW_LEN);
        }
    }
}
END_TEST

static int id_to_pipe(void *arg)
{
    uint8_t id[CFR_RNG_ID_LEN];

    return cfr_rng_id(id) == CKR_OK && write(*(const int *)arg, id, sizeof(id)) == sizeof(id) ? 0 : 1;
}

/* The stock is there before the forks; parent and children must not name things alike. */
START_TEST(forks_name_things_apart)
{
    enum { CHILDREN = 4, IDS = 2 * (CHILDREN + 1) };
    uint8_t ids[IDS][CFR_RNG_ID_LEN];
    uint8_t first[CFR_RNG_ID_LEN];
    int ends[2];

    ASSERT_OK(cfr_rng_id(first));
    ck_assert_int_eq(pipe(ends), 0);
    for (int i = 0; i < CHILDREN; i++) {
        ck_assert_int_eq(harness_child(id_to_pipe, &ends[1]), 0);
        ck_assert_int_eq(id_to_pipe(&ends[1]), 0);
    }
    ck_assert_int_eq(id_to_pipe(&ends[1]), 0);
    ck_assert_int_eq(id_to_pipe(&ends[1]), 0);
    ck_assert_int_eq(read(ends[0], ids, sizeof(ids)), sizeof(ids));
    for (size_t i = 0; i < IDS; i++) {
        ck_assert_mem_ne(ids[i], first, sizeof(first));
        for (size_t j = i + 1; j < IDS; j++) {
            ck_assert_mem_ne(ids[i], ids[j], sizeof(ids[i]));
        }
    }
}
END_TEST

enum { THREADS = 8, DRAWS_OF_THREAD = 500 };
static uint64_t drawn[THREADS * DRAWS_OF_THREAD];

static void draw_often(unsigned index, void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < DRAWS_OF_THREAD; i++) {
        uint8_t octets[8];

        ASSERT_OK(cfr_rng_fill(octets, sizeof(octets)));
        drawn[index * DRAWS_OF_THREAD + i] = cfr_load_be64(octets);
        if (i % 100 == 0) {
            ASSERT_OK(cfr_rng_add(cfr_span_of(octets, sizeof(octets))));
        }
    }
}

static void name_often(unsigned index, void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < DRAWS_OF_THREAD; i++) {
        uint8_t id[CFR_RNG_ID_LEN];

        ASSERT_OK(cfr_rng_id(id));
        drawn[index * DRAWS_OF_THREAD + i] = cfr_load_be64(id);
    }
}

static int compare_draws(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a;
    uint64_t two = *(const uint64_t *)b;

    return (one > two) - (one < two);
}

START_TEST(threads_draw_apart)
{
    harness_threads(THREADS, draw_often, NULL);
    qsort(drawn, COUNT_OF(drawn), sizeof(drawn[0]), compare_draws);
    for (size_t i = 1; i < COUNT_OF(drawn); i++) {
        ck_assert_uint_ne(drawn[i - 1], drawn[i]);
    }
}
END_TEST

START_TEST(threads_name_things_apart)
{
    harness_threads(THREADS, name_often, NULL);
    qsort(drawn, COUNT_OF(drawn), sizeof(drawn[0]), compare_draws);
    for (size_t i = 1; i < COUNT_OF(drawn); i++) {
        ck_assert_uint_ne(drawn[i - 1], drawn[i]);
    }
}
END_TEST

static int give_zeros(unsigned char *out, int len)
{
    memset(out, 0, (size_t)len);
    return 1;
}

static int say_yes(void)
{
    return 1;
}

/* A host that replaces the random generator gets its own, not ours. */
START_TEST(method_of_the_host_is_not_used)
{
    static const RAND_METHOD zeros = {.bytes = give_zeros, .pseudorand = give_zeros, .status = say_yes};
    uint8_t octets[DRAW_LEN] = {0};
    uint8_t none[DRAW_LEN] = {0};
    AUTO(secret) *secret = NULL;

    ck_assert_int_eq(RAND_set_rand_method(&zeros), 1);
    ASSERT_OK(cfr_rng_fill(octets, sizeof(octets)));
    ck_assert_mem_ne(octets, none, sizeof(octets));
    ASSERT_OK(cfr_rng_secret(DRAW_LEN, &secret));
    ck_assert(!cfr_span_equal(cfr_secret_view(secret), cfr_span_of(none, DRAW_LEN)));
    ck_assert_int_eq(RAND_set_rand_method(RAND_OpenSSL()), 1);
}
END_TEST

static CK_RV attempt(void *arg)
{
    uint8_t octets[DRAW_LEN];
    AUTO(secret) *secret = NULL;
    CK_RV rv;

    (void)arg;
    TRY(cfr_rng_add(cfr_span_text("seed")));
    TRY(cfr_rng_fill(octets, sizeof(octets)));
    rv = cfr_rng_secret(DRAW_LEN, &secret);
    ck_assert_int_eq(rv == CKR_OK, secret != NULL);
    return rv;
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, NULL, 1, 3);
}
END_TEST

static Suite *suite(void)
{
    Suite *rng = suite_create("rng");
    TCase *tcase = tcase_create("rng");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, fills_exactly_what_it_is_given);
    tcase_add_test(tcase, long_output_looks_random);
    tcase_add_test(tcase, secrets_differ);
    tcase_add_test(tcase, absurd_secret_is_refused);
    tcase_add_test(tcase, seed_is_only_added);
    tcase_add_test(tcase, forks_draw_apart);
    tcase_add_test(tcase, threads_draw_apart);
    tcase_add_test(tcase, threads_name_things_apart);
    tcase_add_test(tcase, forks_name_things_apart);
    tcase_add_test(tcase, method_of_the_host_is_not_used);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(rng, tcase);
    return rng;
}

TEST_MAIN(suite)
