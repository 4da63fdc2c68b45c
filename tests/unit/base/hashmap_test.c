/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/hashmap.h"
#include "support/main.h"
#include "support/nth.h"
#include "unit/base/harness.h"

enum { MODEL_KEYS = 500 };

static int things[MODEL_KEYS];

START_TEST(empty_map_has_nothing)
{
    struct cfr_hashmap map = {0};
    size_t cursor = 0;

    ck_assert_ptr_null(cfr_hashmap_get(&map, 1));
    ck_assert_ptr_null(cfr_hashmap_take(&map, 1));
    ck_assert_ptr_null(cfr_hashmap_next(&map, &cursor));
    cfr_hashmap_clear(&map);
    cfr_hashmap_clear(&map);
}
END_TEST

START_TEST(put_replaces)
{
    struct cfr_hashmap map = {0};

    ASSERT_OK(cfr_hashmap_put(&map, UINT64_MAX, &things[0]));
    ASSERT_OK(cfr_hashmap_put(&map, 1, &things[1]));
    ASSERT_OK(cfr_hashmap_put(&map, UINT64_MAX, &things[2]));
    ck_assert_uint_eq(map.count, 2);
    ck_assert_ptr_eq(cfr_hashmap_get(&map, UINT64_MAX), &things[2]);
    ck_assert_ptr_eq(cfr_hashmap_take(&map, UINT64_MAX), &things[2]);
    ck_assert_ptr_null(cfr_hashmap_take(&map, UINT64_MAX));
    ck_assert_ptr_null(cfr_hashmap_get(&map, UINT64_MAX));
    ck_assert_ptr_eq(cfr_hashmap_get(&map, 1), &things[1]);
    cfr_hashmap_clear(&map);
    ck_assert_ptr_null(cfr_hashmap_get(&map, 1));
    ASSERT_OK(cfr_hashmap_put(&map, 1, &things[3]));
    ck_assert_ptr_eq(cfr_hashmap_get(&map, 1), &things[3]);
    cfr_hashmap_clear(&map);
}
END_TEST

/* The key of a model slot; @p spread decides how badly they cluster. */
static uint64_t key_of(unsigned slot, unsigned spread)
{
    return ((uint64_t)slot + 1) << spread;
}

static void compare_with_model(const struct cfr_hashmap *map, int *const *model, unsigned spread)
{
    size_t expected = 0;
    size_t cursor = 0;
    size_t walked = 0;
    bool right = true;

    for (unsigned slot = 0; slot < MODEL_KEYS; slot++) {
        right &= cfr_hashmap_get(map, key_of(slot, spread)) == model[slot];
        expected += model[slot] != NULL;
    }
    for (int *thing = NULL; (thing = cfr_hashmap_next(map, &cursor)) != NULL; walked++) {
        right &= model[thing - things] == thing;
    }
    ck_assert(right);
    ck_assert_uint_eq(walked, expected);
    ck_assert_uint_eq(map->count, expected);
}

START_TEST(agrees_with_a_plain_table)
{
    static const unsigned spreads[] = {0, 1, 20, 44, 55};
    unsigned spread = spreads[_i];
    struct cfr_hashmap map = {0};
    static int *model[MODEL_KEYS];

    for (unsigned round = 0; round < 20000; round++) {
        unsigned slot = harness_number(MODEL_KEYS);
        bool right = true;

        /* Long runs of mostly adding, then mostly taking. */
        if (harness_number(10) < (round / 2000 % 2 == 0 ? 7 : 3)) {
            right = cfr_hashmap_put(&map, key_of(slot, spread), &things[slot]) == CKR_OK;
            model[slot] = &things[slot];
        } else {
            right = cfr_hashmap_take(&map, key_of(slot, spread)) == model[slot];
            model[slot] = NULL;
        }
        if (!right || round % 500 == 0) {
            ck_assert(right);
            compare_with_model(&map, model, spread);
        }
    }
    compare_with_model(&map, model, spread);
    cfr_hashmap_clear(&map);
}
END_TEST

static CK_RV fill_and_clear(void *arg)
{
    struct cfr_hashmap map = {0};
    CK_RV rv = CKR_OK;
    unsigned count = 0;

    (void)arg;
    while (rv == CKR_OK && count < 200) {
        rv = cfr_hashmap_put(&map, count + 1, &things[count]);
        count += rv == CKR_OK;
    }
    /* After a failure the map is as it was before the call. */
    ck_assert_uint_eq(map.count, count);
    ck_assert_ptr_null(cfr_hashmap_get(&map, count + 1));
    for (unsigned i = 0; i < count; i++) {
        ck_assert_ptr_eq(cfr_hashmap_get(&map, i + 1), &things[i]);
    }
    cfr_hashmap_clear(&map);
    return rv;
}

START_TEST(failed_growth_changes_nothing)
{
    unsigned failures = nth_failure(CFR_FAULT_MEMORY, fill_and_clear, NULL);

#ifdef CFR_FAULTS
    ck_assert_uint_ge(failures, 5);
#else
    (void)failures;
#endif
}
END_TEST

static Suite *suite(void)
{
    Suite *hashmap = suite_create("hashmap");
    TCase *tcase = tcase_create("hashmap");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, empty_map_has_nothing);
    tcase_add_test(tcase, put_replaces);
    tcase_add_loop_test(tcase, agrees_with_a_plain_table, 0, 5);
    tcase_add_test(tcase, failed_growth_changes_nothing);
    suite_add_tcase(hashmap, tcase);
    return hashmap;
}

TEST_MAIN(suite)
