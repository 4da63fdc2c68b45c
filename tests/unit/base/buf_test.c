/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "support/main.h"
#include "support/nth.h"
#include "unit/base/harness.h"

START_TEST(empty_buffer_is_fine)
{
    struct cfr_buf buf = CFR_BUF(0);

    ASSERT_OK(cfr_buf_check(&buf));
    ck_assert_uint_eq(cfr_buf_view(&buf).len, 0);
    cfr_buf_put(&buf, cfr_span_of(NULL, 0));
    ASSERT_OK(cfr_buf_check(&buf));
    cfr_buf_clear(&buf);
    cfr_buf_clear(&buf);
}
END_TEST

START_TEST(octets_keep_their_order_while_it_grows)
{
    struct cfr_buf buf = CFR_BUF(100000);
    uint8_t expected[3000];
    size_t at = 0;

    harness_fill(expected, sizeof(expected));
    while (at < sizeof(expected)) {
        size_t step = harness_number(97);

        step = step < sizeof(expected) - at ? step : sizeof(expected) - at;
        cfr_buf_put(&buf, cfr_span_of(expected + at, step));
        at += step;
        ck_assert_uint_eq(buf.len, at);
    }
    ASSERT_OK(cfr_buf_check(&buf));
    ASSERT_SPAN(cfr_buf_view(&buf), cfr_span_of(expected, sizeof(expected)));
    cfr_buf_clear(&buf);
}
END_TEST

START_TEST(room_is_reserved_up_to_the_ceiling)
{
    struct cfr_buf buf = CFR_BUF(100);
    const uint8_t *place;

    ASSERT_OK(cfr_buf_reserve(&buf, 0));
    ASSERT_OK(cfr_buf_reserve(&buf, 90));
    place = buf.ptr;
    cfr_buf_put_zeros(&buf, 90);
    ck_assert_ptr_eq(buf.ptr, place);
    ASSERT_RV(cfr_buf_reserve(&buf, 11), CKR_HOST_MEMORY);
    ASSERT_OK(cfr_buf_check(&buf));
    ASSERT_OK(cfr_buf_reserve(&buf, 10));
    cfr_buf_put_zeros(&buf, 10);
    ASSERT_OK(cfr_buf_check(&buf));
    cfr_buf_clear(&buf);
}
END_TEST

START_TEST(ceiling_is_exact_and_failure_sticks)
{
    static const uint8_t octets[200] = {1};

    for (size_t limit = 0; limit < 150; limit++) {
        struct cfr_buf buf = CFR_BUF(limit);

        cfr_buf_put(&buf, cfr_span_of(octets, limit));
        ASSERT_OK(cfr_buf_check(&buf));
        cfr_buf_put_u8(&buf, 7);
        ASSERT_RV(cfr_buf_check(&buf), CKR_HOST_MEMORY);
        ck_assert_uint_eq(buf.len, limit);
        cfr_buf_put(&buf, cfr_span_of(octets, 0));
        ASSERT_RV(cfr_buf_check(&buf), CKR_HOST_MEMORY);
        cfr_buf_clear(&buf);
        ASSERT_OK(cfr_buf_check(&buf));
        ck_assert_uint_eq(buf.limit, limit);
        cfr_buf_put(&buf, cfr_span_of(octets, limit));
        ASSERT_OK(cfr_buf_check(&buf));
        cfr_buf_clear(&buf);
    }
}
END_TEST

START_TEST(length_over_the_ceiling_reads_nothing)
{
    struct cfr_buf buf = CFR_BUF(16);
    uint8_t octet = 1;

    cfr_buf_put_u8(&buf, octet);
    cfr_buf_put(&buf, cfr_span_of(&octet, SIZE_MAX));
    ASSERT_RV(cfr_buf_check(&buf), CKR_HOST_MEMORY);
    ck_assert_uint_eq(buf.len, 1);
    cfr_buf_clear(&buf);
}
END_TEST

/* Doubling must stop when it would overflow. */
START_TEST(absurd_length_under_no_ceiling_is_refused)
{
    struct cfr_buf buf = CFR_BUF(SIZE_MAX);
    uint8_t octet = 1;

    cfr_buf_put(&buf, cfr_span_of(&octet, SIZE_MAX / 2 + 2));
    ASSERT_RV(cfr_buf_check(&buf), CKR_HOST_MEMORY);
    cfr_buf_clear(&buf);
}
END_TEST

START_TEST(room_stays_under_the_ceiling)
{
    struct cfr_buf buf = CFR_BUF(100);
    uint8_t octets[100] = {0};

    cfr_buf_put(&buf, cfr_span_of(octets, 70));
    ASSERT_OK(cfr_buf_check(&buf));
    ck_assert_uint_le(buf.room, 100);
    cfr_buf_put(&buf, cfr_span_of(octets, 30));
    ASSERT_OK(cfr_buf_check(&buf));
    ck_assert_uint_le(buf.room, 100);
    cfr_buf_clear(&buf);
}
END_TEST

START_TEST(fixed_integers_are_big_endian)
{
    struct cfr_buf buf = CFR_BUF(64);
    struct cfr_reader reader;

    cfr_buf_put_u8(&buf, 0xfe);
    cfr_buf_put_be32(&buf, 0x80010203);
    cfr_buf_put_be64(&buf, 0x8001020304050607);
    ASSERT_OK(cfr_buf_check(&buf));
    ASSERT_SPAN(cfr_buf_view(&buf), cfr_span_of("\xfe\x80\1\2\3\x80\1\2\3\4\5\6\7", 13));
    reader = cfr_reader_of(cfr_buf_view(&buf));
    ck_assert_uint_eq(cfr_read_u8(&reader), 0xfe);
    ck_assert_uint_eq(cfr_read_be32(&reader), 0x80010203);
    ck_assert_uint_eq(cfr_read_be64(&reader), 0x8001020304050607);
    ck_assert(cfr_reader_done(&reader));
    cfr_buf_clear(&buf);
}
END_TEST

static const struct {
    uint64_t value;
    size_t len;
    const char *octets;
} varints[] = {
    {0, 1, "\0"},
    {1, 1, "\1"},
    {127, 1, "\x7f"},
    {128, 2, "\x80\1"},
    {300, 2, "\xac\2"},
    {16383, 2, "\xff\x7f"},
    {16384, 3, "\x80\x80\1"},
    {UINT32_MAX, 5, "\xff\xff\xff\xff\x0f"},
    {UINT64_MAX >> 1, 9, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
    {UINT64_MAX, 10, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"},
};

START_TEST(varints_have_one_form)
{
    struct cfr_span form = cfr_span_of(varints[_i].octets, varints[_i].len);
    struct cfr_reader reader = cfr_reader_of(form);
    struct cfr_buf buf = CFR_BUF(10);

    cfr_buf_put_varint(&buf, varints[_i].value);
    ASSERT_SPAN(cfr_buf_view(&buf), form);
    ck_assert_uint_eq(cfr_read_varint(&reader), varints[_i].value);
    ck_assert(cfr_reader_done(&reader));
    cfr_buf_clear(&buf);
    for (size_t len = 0; len < form.len; len++) {
        reader = cfr_reader_of(cfr_span_of(form.ptr, len));
        ck_assert_uint_eq(cfr_read_varint(&reader), 0);
        ck_assert(reader.failed);
    }
}
END_TEST

START_TEST(varints_come_back)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int step = -1; step <= 1; step++) {
            uint64_t value = ((uint64_t)1 << bit) + (uint64_t)(int64_t)step;
            struct cfr_buf buf = CFR_BUF(10);
            struct cfr_reader reader;

            cfr_buf_put_varint(&buf, value);
            ASSERT_OK(cfr_buf_check(&buf));
            reader = cfr_reader_of(cfr_buf_view(&buf));
            ck_assert_uint_eq(cfr_read_varint(&reader), value);
            ck_assert(cfr_reader_done(&reader));
            cfr_buf_clear(&buf);
        }
    }
}
END_TEST

static const struct cfr_span bad_varints[] = {
    {NULL, 0},
    {(const uint8_t *)"\x80", 1},   /* goes on, but nothing follows */
    {(const uint8_t *)"\x80\0", 2}, /* needless last octet */
    {(const uint8_t *)"\xff\0", 2},
    {(const uint8_t *)"\x80\x80\0", 3},
    {(const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\2", 10}, /* over 64 bits */
    {(const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10},
    {(const uint8_t *)"\x80\x80\x80\x80\x80\x80\x80\x80\x80\0", 10},
    {(const uint8_t *)"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x81\0", 11}, /* eleven octets */
    {(const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 11},
};

START_TEST(bad_varints_are_refused)
{
    struct cfr_reader reader = cfr_reader_of(bad_varints[_i]);

    ck_assert_uint_eq(cfr_read_varint(&reader), 0);
    ck_assert(reader.failed);
    ck_assert(!cfr_reader_done(&reader));
}
END_TEST

START_TEST(first_short_read_fails_for_good)
{
    struct cfr_reader reader = cfr_reader_of(cfr_span_of("\1\2\3", 3));

    ck_assert_uint_eq(cfr_read_be32(&reader), 0);
    ck_assert(reader.failed);
    ck_assert_uint_eq(cfr_read_u8(&reader), 0);
    ck_assert_uint_eq(cfr_read_be64(&reader), 0);
    ck_assert_uint_eq(cfr_read_varint(&reader), 0);
    ck_assert_uint_eq(cfr_read_octets(&reader, 0).len, 0);
    ck_assert_uint_eq(cfr_read_counted(&reader).len, 0);
    ck_assert(!cfr_reader_done(&reader));
}
END_TEST

START_TEST(reads_end_at_the_end)
{
    struct cfr_reader reader = cfr_reader_of(cfr_span_of("\1\2\3", 3));

    ASSERT_SPAN(cfr_read_octets(&reader, 3), cfr_span_of("\1\2\3", 3));
    ck_assert(cfr_reader_done(&reader));
    ck_assert_uint_eq(cfr_read_octets(&reader, 0).len, 0);
    ck_assert(cfr_reader_done(&reader));
    ck_assert_uint_eq(cfr_read_octets(&reader, 1).len, 0);
    ck_assert(reader.failed);
    reader = cfr_reader_of(cfr_span_of("\1\2\3", 3));
    ck_assert_uint_eq(cfr_read_octets(&reader, SIZE_MAX).len, 0);
    ck_assert(reader.failed);
}
END_TEST

START_TEST(left_over_octets_are_not_done)
{
    struct cfr_reader reader = cfr_reader_of(cfr_span_of("\1\2", 2));

    ck_assert_uint_eq(cfr_read_u8(&reader), 1);
    ck_assert(!reader.failed);
    ck_assert(!cfr_reader_done(&reader));
}
END_TEST

START_TEST(counted_octets_come_back)
{
    static const uint8_t octets[300] = {9, 8, 7};

    for (size_t len = 0; len <= sizeof(octets); len++) {
        struct cfr_buf buf = CFR_BUF(400);
        struct cfr_reader reader;

        cfr_buf_put_counted(&buf, cfr_span_of(octets, len));
        ASSERT_OK(cfr_buf_check(&buf));
        ck_assert_uint_eq(buf.len, len + (len < 128 ? 1 : 2));
        reader = cfr_reader_of(cfr_buf_view(&buf));
        ASSERT_SPAN(cfr_read_counted(&reader), cfr_span_of(octets, len));
        ck_assert(cfr_reader_done(&reader));
        cfr_buf_clear(&buf);
    }
}
END_TEST

static const struct cfr_span bad_counted[] = {
    {NULL, 0},
    {(const uint8_t *)"\1", 1},
    {(const uint8_t *)"\3ab", 3},
    {(const uint8_t *)"\x80\0a", 3},
    {(const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\1a", 11},
};

START_TEST(bad_counts_are_refused)
{
    struct cfr_reader reader = cfr_reader_of(bad_counted[_i]);

    ck_assert_uint_eq(cfr_read_counted(&reader).len, 0);
    ck_assert(reader.failed);
}
END_TEST

/* Whatever the octets are, what was read is inside them and writing it again gives the same octets. */
START_TEST(random_octets_are_read_safely)
{
    uint8_t octets[32];

    for (int round = 0; round < 20000; round++) {
        size_t len = harness_number(sizeof(octets) + 1);
        struct cfr_reader reader = cfr_reader_of(cfr_span_of(octets, len));
        struct cfr_buf again = CFR_BUF(sizeof(octets));

        harness_fill(octets, len);
        while (!reader.failed && reader.rest.len != 0) {
            size_t before = reader.rest.len;
            struct cfr_span part = cfr_read_counted(&reader);

            if (!reader.failed) {
                cfr_buf_put_counted(&again, part);
            }
            if (reader.rest.len > before) {
                ck_abort_msg("the rest grew");
            }
        }
        if (!again.failed && !cfr_span_equal(cfr_buf_view(&again), cfr_span_of(octets, again.len))) {
            ck_abort_msg("round %d was read in a second form", round);
        }
        cfr_buf_clear(&again);
    }
}
END_TEST

START_TEST(zeros_are_put_like_octets)
{
    struct cfr_buf buf = CFR_BUF(5);

    cfr_buf_put_zeros(&buf, 0);
    ASSERT_OK(cfr_buf_check(&buf));
    cfr_buf_put_u8(&buf, 7);
    cfr_buf_put_zeros(&buf, 3);
    ASSERT_SPAN(cfr_buf_view(&buf), cfr_span_of("\7\0\0\0", 4));
    cfr_buf_put_zeros(&buf, 2);
    ASSERT_RV(cfr_buf_check(&buf), CKR_HOST_MEMORY);
    ck_assert_uint_eq(buf.len, 4);
    cfr_buf_put_zeros(&buf, 1);
    ck_assert_uint_eq(buf.len, 4);
    cfr_buf_clear(&buf);
}
END_TEST

START_TEST(read_into_is_whole_or_nothing)
{
    struct cfr_reader reader = cfr_reader_of(cfr_span_of("\1\2\3", 3));
    uint8_t to[4] = {9, 9, 9, 9};

    cfr_read_into(&reader, to, 0);
    cfr_read_into(&reader, NULL, 0);
    cfr_read_into(&reader, to, 2);
    ck_assert_mem_eq(to, "\1\2\x09\x09", 4);
    ck_assert(!reader.failed);
    cfr_read_into(&reader, to, 2);
    ck_assert_mem_eq(to, "\1\2\x09\x09", 4);
    ck_assert(reader.failed);
    cfr_read_into(&reader, to, 1);
    ck_assert_mem_eq(to, "\1\2\x09\x09", 4);
}
END_TEST

static CK_RV fill_and_drop(void *arg)
{
    static const uint8_t octets[64] = {1};
    __attribute__((cleanup(cfr_buf_dropp))) struct cfr_buf buf = CFR_BUF(10000);

    (void)arg;
    for (int i = 0; i < 50; i++) {
        cfr_buf_put_counted(&buf, cfr_span_of(octets, sizeof(octets)));
    }
    ck_assert_uint_le(buf.len, 50 * 65);
    return cfr_buf_check(&buf);
}

START_TEST(each_growth_may_fail)
{
    unsigned failures = nth_failure(CFR_FAULT_MEMORY, fill_and_drop, NULL);

#ifdef CFR_FAULTS
    ck_assert_uint_ge(failures, 6);
#else
    (void)failures;
#endif
}
END_TEST

static Suite *suite(void)
{
    Suite *buf = suite_create("buf");
    TCase *writing = tcase_create("writing");
    TCase *reading = tcase_create("reading");

    tcase_add_test(writing, empty_buffer_is_fine);
    tcase_add_test(writing, octets_keep_their_order_while_it_grows);
    tcase_add_test(writing, room_is_reserved_up_to_the_ceiling);
    tcase_add_test(writing, ceiling_is_exact_and_failure_sticks);
    tcase_add_test(writing, length_over_the_ceiling_reads_nothing);
    tcase_add_test(writing, absurd_length_under_no_ceiling_is_refused);
    tcase_add_test(writing, room_stays_under_the_ceiling);
    tcase_add_test(writing, fixed_integers_are_big_endian);
    tcase_add_test(writing, zeros_are_put_like_octets);
    tcase_add_test(writing, each_growth_may_fail);
    suite_add_tcase(buf, writing);
    tcase_add_loop_test(reading, varints_have_one_form, 0, sizeof(varints) / sizeof(varints[0]));
    tcase_add_test(reading, varints_come_back);
    tcase_add_loop_test(reading, bad_varints_are_refused, 0, sizeof(bad_varints) / sizeof(bad_varints[0]));
    tcase_add_test(reading, first_short_read_fails_for_good);
    tcase_add_test(reading, reads_end_at_the_end);
    tcase_add_test(reading, read_into_is_whole_or_nothing);
    tcase_add_test(reading, left_over_octets_are_not_done);
    tcase_add_test(reading, counted_octets_come_back);
    tcase_add_loop_test(reading, bad_counts_are_refused, 0, sizeof(bad_counted) / sizeof(bad_counted[0]));
    tcase_add_test(reading, random_octets_are_read_safely);
    suite_add_tcase(buf, reading);
    return buf;
}

TEST_MAIN(suite)
