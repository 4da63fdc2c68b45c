/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "support/main.h"
#include "unit/base/harness.h"

START_TEST(text_is_viewed_without_its_end)
{
    ck_assert_uint_eq(cfr_span_text("").len, 0);
    ck_assert_uint_eq(cfr_span_text("abc").len, 3);
    ck_assert_mem_eq(cfr_span_text("abc").ptr, "abc", 3);
}
END_TEST

START_TEST(copy_of_nothing_takes_null)
{
    uint8_t to[4] = {1, 2, 3, 4};

    cfr_copy(NULL, NULL, 0);
    cfr_copy(to, NULL, 0);
    cfr_copy(NULL, to, 0);
    ck_assert_mem_eq(to, "\1\2\3\4", 4);
    cfr_copy(to, "\5\6", 2);
    ck_assert_mem_eq(to, "\5\6\3\4", 4);
}
END_TEST

/* In rising order: by octets as unsigned numbers, a prefix before what it begins. */
static const struct cfr_span ordered[] = {
    {NULL, 0},
    {(const uint8_t *)"\0", 1},
    {(const uint8_t *)"\0\0", 2},
    {(const uint8_t *)"\0\1", 2},
    {(const uint8_t *)"\1", 1},
    {(const uint8_t *)"\x7f", 1},
    {(const uint8_t *)"\x80", 1},
    {(const uint8_t *)"\x80\0", 2},
    {(const uint8_t *)"\xff", 1},
    {(const uint8_t *)"\xff\xff", 2},
};

START_TEST(order_is_total)
{
    enum { COUNT = sizeof(ordered) / sizeof(ordered[0]) };

    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            int order = cfr_span_compare(ordered[i], ordered[j]);

            ck_assert_int_eq((order > 0) - (order < 0), (i > j) - (i < j));
            ck_assert_int_eq(cfr_span_equal(ordered[i], ordered[j]), i == j);
        }
    }
    ck_assert_int_eq(cfr_span_compare(cfr_span_of("", 0), cfr_span_of(NULL, 0)), 0);
    ck_assert(cfr_span_equal(cfr_span_of("", 0), cfr_span_of(NULL, 0)));
}
END_TEST

START_TEST(after_never_leaves_the_span)
{
    struct cfr_span span = cfr_span_text("abc");

    ASSERT_SPAN(cfr_span_after(span, 0), span);
    ASSERT_SPAN(cfr_span_after(span, 2), cfr_span_text("c"));
    ck_assert_uint_eq(cfr_span_after(span, 3).len, 0);
    ck_assert_uint_eq(cfr_span_after(span, 4).len, 0);
    ck_assert_uint_eq(cfr_span_after(span, SIZE_MAX).len, 0);
    ck_assert_uint_eq(cfr_span_after(cfr_span_of(NULL, 0), 0).len, 0);
}
END_TEST

START_TEST(integers_have_the_stated_byte_order)
{
    uint8_t octets[9] = {0};

    cfr_store_be32(octets + 1, 0x01020380U);
    ck_assert_mem_eq(octets, "\0\1\2\3\x80", 5);
    ck_assert_uint_eq(cfr_load_be32(octets + 1), 0x01020380U);
    cfr_store_be64(octets + 1, 0x8102030405060708ULL);
    ck_assert_mem_eq(octets, "\0\x81\2\3\4\5\6\7\x08", 9);
    ck_assert_uint_eq(cfr_load_be64(octets + 1), 0x8102030405060708ULL);
    cfr_store_le64(octets + 1, 0x8102030405060708ULL);
    ck_assert_mem_eq(octets, "\0\x08\7\6\5\4\3\2\x81", 9);
    ck_assert_uint_eq(cfr_load_le64(octets + 1), 0x8102030405060708ULL);
}
END_TEST

START_TEST(integers_come_back)
{
    uint8_t octets[8];

    for (unsigned bit = 0; bit < 64; bit++) {
        for (int step = -1; step <= 1; step++) {
            uint64_t value = ((uint64_t)1 << bit) + (uint64_t)(int64_t)step;

            cfr_store_be64(octets, value);
            ck_assert_uint_eq(cfr_load_be64(octets), value);
            cfr_store_le64(octets, value);
            ck_assert_uint_eq(cfr_load_le64(octets), value);
            cfr_store_be32(octets, (uint32_t)value);
            ck_assert_uint_eq(cfr_load_be32(octets), (uint32_t)value);
        }
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *bytes = suite_create("bytes");
    TCase *tcase = tcase_create("bytes");

    tcase_add_test(tcase, text_is_viewed_without_its_end);
    tcase_add_test(tcase, copy_of_nothing_takes_null);
    tcase_add_test(tcase, order_is_total);
    tcase_add_test(tcase, after_never_leaves_the_span);
    tcase_add_test(tcase, integers_have_the_stated_byte_order);
    tcase_add_test(tcase, integers_come_back);
    suite_add_tcase(bytes, tcase);
    return bytes;
}

TEST_MAIN(suite)
