/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pinkdf.h"
#include "unit/crypto/fixture.h"

#include <sys/resource.h>

static const struct cfr_pinkdf_cost cheap = {.memory_kib = 64, .passes = 1};
static const struct cfr_span salt = {(const uint8_t *)"0123456789abcdef", CFR_PINKDF_SALT_LEN};

START_TEST(published_keys)
{
    struct vectors *vectors = vectors_open("argon2id");

    while (vectors_next(vectors)) {
        struct cfr_pinkdf_cost cost = {.memory_kib = (uint32_t)vectors_number(vectors, "memory_kib"),
                                       .passes = (uint32_t)vectors_number(vectors, "passes")};
        AUTO(secret) *key = NULL;

        ASSERT_OK(
            cfr_pinkdf_derive(vectors_octets(vectors, "pin"), vectors_octets(vectors, "salt"), &cost, &key));
        ASSERT_SPAN(cfr_secret_view(key), vectors_octets(vectors, "key"));
    }
    vectors_close(vectors, 6);
}
END_TEST

START_TEST(every_input_matters)
{
    static const struct cfr_pinkdf_cost more_memory = {.memory_kib = 72, .passes = 1};
    static const struct cfr_pinkdf_cost more_passes = {.memory_kib = 64, .passes = 2};
    const struct {
        struct cfr_span pin;
        struct cfr_span salt;
        const struct cfr_pinkdf_cost *cost;
    } inputs[] = {
        {cfr_span_text("1234"), salt, &cheap},
        {cfr_span_text("1235"), salt, &cheap},
        {cfr_span_of("1234", 5), salt, &cheap},
        {cfr_span_of(NULL, 0), salt, &cheap},
        {cfr_span_text("1234"), cfr_span_text("0123456789abcdeg"), &cheap},
        {cfr_span_text("1234"), salt, &more_memory},
        {cfr_span_text("1234"), salt, &more_passes},
    };
    struct cfr_secret *keys[COUNT_OF(inputs)] = {NULL};

    for (size_t i = 0; i < COUNT_OF(inputs); i++) {
        ASSERT_OK(cfr_pinkdf_derive(inputs[i].pin, inputs[i].salt, inputs[i].cost, &keys[i]));
        ck_assert_uint_eq(cfr_secret_view(keys[i]).len, CFR_PINKDF_KEY_LEN);
        for (size_t j = 0; j < i; j++) {
            ck_assert(!cfr_span_equal(cfr_secret_view(keys[i]), cfr_secret_view(keys[j])));
        }
    }
    for (size_t i = 0; i < COUNT_OF(inputs); i++) {
        cfr_secret_drop(keys[i]);
    }
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
    static const struct cfr_pinkdf_cost bad[] = {{0, 1}, {7, 1}, {64, 0}, {0, 0}};
    static const uint8_t octets[40] = {0};
    struct cfr_secret *key = NULL;

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        ASSERT_RV(cfr_pinkdf_derive(cfr_span_text("1234"), salt, &bad[i], &key), CKR_GENERAL_ERROR);
    }
    for (size_t len = 0; len <= sizeof(octets); len++) {
        if (len != CFR_PINKDF_SALT_LEN) {
            ASSERT_RV(cfr_pinkdf_derive(cfr_span_text("1234"), cfr_span_of(octets, len), &cheap, &key),
                      CKR_GENERAL_ERROR);
        }
    }
    ck_assert_ptr_null(key);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

static int derive_beyond_memory(void *arg)
{
    static const struct cfr_pinkdf_cost dear = {.memory_kib = 1 << 20, .passes = 1};
    struct cfr_secret *key = NULL;

    (void)arg;
    if (setrlimit(RLIMIT_AS, &(struct rlimit){512 << 20, 512 << 20}) != 0) {
        return 2;
    }
    return cfr_pinkdf_derive(cfr_span_text("1234"), salt, &dear, &key) == CKR_HOST_MEMORY && key == NULL ? 0
                                                                                                         : 1;
}

START_TEST(memory_that_is_not_to_be_had_is_an_error)
{
    if (!HARNESS_SANITIZED) {
        ck_assert_int_eq(harness_child(derive_beyond_memory, NULL), 0);
    }
}
END_TEST

static struct cfr_secret *expected;

static void derive_same(unsigned index, void *arg)
{
    (void)index;
    (void)arg;
    for (int i = 0; i < 10; i++) {
        AUTO(secret) *key = NULL;

        ASSERT_OK(cfr_pinkdf_derive(cfr_span_text("1234"), salt, &cheap, &key));
        ASSERT_SPAN(cfr_secret_view(key), cfr_secret_view(expected));
    }
}

START_TEST(threads_derive_the_same)
{
    ASSERT_OK(cfr_pinkdf_derive(cfr_span_text("1234"), salt, &cheap, &expected));
    harness_threads(8, derive_same, NULL);
    cfr_secret_drop(expected);
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(secret) *key = NULL;
    CK_RV rv = cfr_pinkdf_derive(cfr_span_text("1234"), salt, &cheap, &key);

    (void)arg;
    ck_assert_int_eq(rv == CKR_OK, key != NULL);
    return rv;
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, NULL, 1, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *pinkdf = suite_create("pinkdf");
    TCase *tcase = tcase_create("pinkdf");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, published_keys);
    tcase_add_test(tcase, every_input_matters);
    tcase_add_test(tcase, bad_parameters_are_refused);
    tcase_add_test(tcase, memory_that_is_not_to_be_had_is_an_error);
    tcase_add_test(tcase, threads_derive_the_same);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(pinkdf, tcase);
    return pinkdf;
}

TEST_MAIN(suite)
