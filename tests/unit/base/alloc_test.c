/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "support/main.h"
#include "support/nth.h"
#include "unit/base/harness.h"

#include <stdalign.h>
#include <string.h>

static bool is_zero(const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (octets[i] != 0) {
            return false;
        }
    }
    return true;
}

START_TEST(memory_is_zeroed_aligned_and_writable)
{
    static const size_t sizes[] = {1, 7, 64, 4096, 1 << 20};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *memory = cfr_alloc(sizes[i]);

        ck_assert_ptr_nonnull(memory);
        ck_assert(is_zero(memory, sizes[i]));
        ck_assert_uint_eq((uintptr_t)memory % alignof(max_align_t), 0);
        memset(memory, 0xa5, sizes[i]);
        cfr_free(memory);
    }
}
END_TEST

START_TEST(no_octets_are_a_valid_pointer)
{
    void *one = cfr_alloc(0);
    void *two = cfr_alloc_array(0, 16);
    void *three = cfr_alloc_array(16, 0);

    ck_assert_ptr_nonnull(one);
    ck_assert_ptr_nonnull(two);
    ck_assert_ptr_nonnull(three);
    cfr_free(one);
    cfr_free(two);
    cfr_free(three);
}
END_TEST

START_TEST(array_is_zeroed)
{
    uint8_t *memory = cfr_alloc_array(33, 65);

    ck_assert_ptr_nonnull(memory);
    ck_assert(is_zero(memory, (size_t)33 * 65));
    cfr_free(memory);
}
END_TEST

START_TEST(aligned_memory_is_zeroed_and_aligned)
{
    for (size_t alignment = sizeof(void *); alignment <= 4096; alignment *= 2) {
        uint8_t *memory = cfr_alloc_aligned(alignment, 100);

        ck_assert_ptr_nonnull(memory);
        ck_assert_uint_eq((uintptr_t)memory % alignment, 0);
        ck_assert(is_zero(memory, 100));
        memset(memory, 0xa5, 100);
        cfr_free(memory);
    }
    cfr_free(cfr_alloc_aligned(64, 0));
}
END_TEST

START_TEST(product_that_does_not_fit_is_refused)
{
    volatile size_t half = SIZE_MAX / 2 + 1;
    volatile size_t root = (size_t)1 << 32;

    ck_assert_ptr_null(cfr_alloc_array(half, 2));
    ck_assert_ptr_null(cfr_alloc_array(2, half));
    ck_assert_ptr_null(cfr_alloc_array(root, root));
    ck_assert_ptr_null(cfr_alloc(half));
    ck_assert_ptr_null(cfr_alloc_aligned(64, half));
}
END_TEST

START_TEST(text_is_copied_with_its_end)
{
    char original[] = "a text";
    char *copy = cfr_alloc_text(original);
    char *empty = cfr_alloc_text("");

    original[0] = 'x';
    ck_assert_str_eq(copy, "a text");
    ck_assert_str_eq(empty, "");
    cfr_free(copy);
    cfr_free(empty);
}
END_TEST

START_TEST(nothing_may_be_freed)
{
    cfr_free(NULL);
}
END_TEST

static CK_RV attempt(void *arg)
{
    void *first = cfr_alloc(16);
    void *second = first == NULL ? NULL : cfr_alloc_array(4, 4);
    char *third = second == NULL ? NULL : cfr_alloc_text("text");
    void *fourth = third == NULL ? NULL : cfr_alloc_aligned(64, 64);
    bool all = fourth != NULL;

    (void)arg;
    cfr_free(first);
    cfr_free(second);
    cfr_free(third);
    cfr_free(fourth);
    return all ? CKR_OK : CKR_HOST_MEMORY;
}

START_TEST(each_allocation_can_be_made_to_fail)
{
#ifdef CFR_FAULTS
    ck_assert_uint_eq(nth_failure(CFR_FAULT_MEMORY, attempt, NULL), 4);
#else
    ck_assert_uint_eq(nth_failure(CFR_FAULT_MEMORY, attempt, NULL), 0);
#endif
}
END_TEST

static Suite *suite(void)
{
    Suite *alloc = suite_create("alloc");
    TCase *tcase = tcase_create("alloc");

    tcase_add_test(tcase, memory_is_zeroed_aligned_and_writable);
    tcase_add_test(tcase, no_octets_are_a_valid_pointer);
    tcase_add_test(tcase, array_is_zeroed);
    tcase_add_test(tcase, aligned_memory_is_zeroed_and_aligned);
    tcase_add_test(tcase, product_that_does_not_fit_is_refused);
    tcase_add_test(tcase, text_is_copied_with_its_end);
    tcase_add_test(tcase, nothing_may_be_freed);
    tcase_add_test(tcase, each_allocation_can_be_made_to_fail);
    suite_add_tcase(alloc, tcase);
    return alloc;
}

TEST_MAIN(suite)
