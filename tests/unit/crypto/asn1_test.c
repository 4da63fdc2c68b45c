/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/asn1.h"
#include "unit/crypto/fixture.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <string.h>

enum { TEXT_MAX_LEN = 64 };

/* Hexadecimal text to octets in static storage, good for one more call. */
static struct cfr_span octets_of(const char *text)
{
    static uint8_t octets[2][TEXT_MAX_LEN];
    static unsigned turn;
    size_t len = 0;

    turn = 1 - turn;
    ck_assert(vectors_from_hex(text, octets[turn], TEXT_MAX_LEN, &len));
    return cfr_span_of(octets[turn], len);
}

/* An element of tag 04 (OCTET STRING) as it may and may not be; NULL contents: refused. */
static const struct {
    const char *text;
    const char *contents;
} elements[] = {
    {"0400", ""},
    {"0401aa", "aa"},
    {"0403aabbcc", "aabbcc"},
    {"", NULL},
    {"04", NULL},
    {"0401", NULL}, /* shorter than it says */
    {"0402aa", NULL},
    {"0480aa0000", NULL}, /* indefinite length */
    {"04810100", NULL},   /* long form for what fits the short one */
    {"04817f", NULL},
    {"048101aa", NULL},
    {"0481", NULL},
    {"0482", NULL},
    {"048200", NULL},
    {"0482000100", NULL}, /* leading zero in the length */
    {"04820080", NULL},
    {"048300008000", NULL},
    {"0484ffffffff", NULL},
    {"04850000000001aa", NULL},
    {"0485ffffffffff", NULL},
    {"0488ffffffffffffffff", NULL},
    {"04ff", NULL},   /* reserved */
    {"0301aa", NULL}, /* other tags */
    {"2401aa", NULL},
    {"8401aa", NULL},
    {"1f0401aa", NULL}, /* tags of more octets */
    {"3f0401aa", NULL},
    {"bf840401aa", NULL},
    {"0000", NULL},
};

START_TEST(elements_are_read_strictly)
{
    struct cfr_der der = cfr_der_of(octets_of(elements[_i].text));
    struct cfr_span contents = cfr_der_take(&der, CFR_DER_OCTET_STRING);

    ck_assert_int_eq(der.failed, elements[_i].contents == NULL);
    ck_assert_int_eq(cfr_der_done(&der), elements[_i].contents != NULL);
    if (elements[_i].contents == NULL) {
        ck_assert_uint_eq(contents.len, 0);
        ck_assert_uint_eq(cfr_der_peek(&der), 0);
        return;
    }
    ck_assert_uint_eq(contents.len, strlen(elements[_i].contents) / 2);
    ASSERT_SPAN(contents, octets_of(elements[_i].contents));
}
END_TEST

/* INTEGER of a non-negative number. */
static const struct {
    const char *text;
    const char *number;
} integers[] = {
    {"020100", "00"},     {"020101", "01"},       {"02017f", "7f"},   {"02020080", "80"}, {"020200ff", "ff"},
    {"02020100", "0100"}, {"0203008000", "8000"}, {"0200", NULL},     /* no octets */
    {"020180", NULL},                                                 /* negative */
    {"0201ff", NULL},     {"0202ff7f", NULL},     {"02020000", NULL}, /* not the shortest */
    {"0202007f", NULL},   {"0203000080", NULL},   {"0202ffff", NULL}, {"030100", NULL},   {"0202", NULL},
};

START_TEST(integers_are_read_strictly)
{
    struct cfr_der der = cfr_der_of(octets_of(integers[_i].text));
    struct cfr_span number = cfr_der_take_unsigned(&der);

    ck_assert_int_eq(cfr_der_done(&der), integers[_i].number != NULL);
    ck_assert_int_eq(der.failed, integers[_i].number == NULL);
    if (integers[_i].number != NULL) {
        ck_assert_uint_eq(number.len, strlen(integers[_i].number) / 2);
        ASSERT_SPAN(number, octets_of(integers[_i].number));
    }
}
END_TEST

static const struct {
    const char *text;
    const char *bits;
} bit_strings[] = {
    {"030100", ""},   {"030200aa", "aa"}, {"0300", NULL},     {"030101", NULL}, {"030201aa", NULL},
    {"030207", NULL}, {"030208aa", NULL}, {"0302ffaa", NULL}, {"040100", NULL},
};

START_TEST(bit_strings_have_whole_octets)
{
    struct cfr_der der = cfr_der_of(octets_of(bit_strings[_i].text));
    struct cfr_span bits = cfr_der_take_bits(&der);

    ck_assert_int_eq(cfr_der_done(&der), bit_strings[_i].bits != NULL);
    if (bit_strings[_i].bits != NULL) {
        ck_assert_uint_eq(bits.len, strlen(bit_strings[_i].bits) / 2);
        ASSERT_SPAN(bits, octets_of(bit_strings[_i].bits));
    }
}
END_TEST

START_TEST(failure_is_for_good)
{
    struct cfr_der der = cfr_der_of(octets_of("0401aa0401bb"));
    struct cfr_der inner;

    ck_assert_uint_eq(cfr_der_peek(&der), CFR_DER_OCTET_STRING);
    (void)cfr_der_take(&der, CFR_DER_SEQUENCE);
    ck_assert(der.failed);
    ck_assert_uint_eq(cfr_der_peek(&der), 0);
    ck_assert_uint_eq(cfr_der_take(&der, CFR_DER_OCTET_STRING).len, 0);
    ck_assert_uint_eq(cfr_der_take_any(&der).len, 0);
    ck_assert_uint_eq(cfr_der_take_unsigned(&der).len, 0);
    ck_assert_uint_eq(cfr_der_take_bits(&der).len, 0);
    inner = cfr_der_enter(&der, CFR_DER_OCTET_STRING);
    ck_assert(inner.failed);
    ck_assert(!cfr_der_done(&inner));
    ck_assert(!cfr_der_done(&der));
    /* At the end there is no element, not even one with tag 0. */
    der = cfr_der_of(cfr_span_of(NULL, 0));
    ck_assert(cfr_der_done(&der));
    ck_assert_uint_eq(cfr_der_peek(&der), 0);
    (void)cfr_der_take(&der, 0);
    ck_assert(der.failed);
}
END_TEST

START_TEST(elements_follow_and_nest)
{
    struct cfr_der der = cfr_der_of(octets_of("300802010530030401010500"));
    struct cfr_der outer;
    struct cfr_der inner;

    outer = cfr_der_enter(&der, CFR_DER_SEQUENCE);
    ASSERT_SPAN(cfr_der_take_unsigned(&outer), cfr_span_of("\5", 1));
    inner = cfr_der_enter(&outer, CFR_DER_SEQUENCE);
    ck_assert(cfr_der_done(&outer));
    ASSERT_SPAN(cfr_der_take(&inner, CFR_DER_OCTET_STRING), cfr_span_of("\1", 1));
    ck_assert(cfr_der_done(&inner));
    ck_assert(!cfr_der_done(&der));
    ASSERT_SPAN(cfr_der_take_any(&der), cfr_span_of("\5\0", 2));
    ck_assert(cfr_der_done(&der));
}
END_TEST

/* Lengths on both sides of every change of form. */
static const size_t lengths[] = {0,   1,     127,   128,   129,     255,           256,
                                 257, 65535, 65536, 65537, 1 << 20, (1 << 24) - 1, 1 << 24};

START_TEST(lengths_come_back)
{
    size_t len = lengths[_i];
    size_t header_len = len < 0x80 ? 2 : len < 0x100 ? 3 : len < 0x10000 ? 4 : len < 0x1000000 ? 5 : 6;
    uint8_t *contents = calloc(1, len + 1);
    struct cfr_der_out out = {0};
    AUTO(secret) *text = NULL;
    struct cfr_der der;

    ck_assert_ptr_nonnull(contents);
    memset(contents, 0xc5, len);
    ASSERT_OK(cfr_der_out_begin(len + header_len, &out));
    cfr_der_prepend_element(&out, CFR_DER_OCTET_STRING, cfr_span_of(contents, len));
    ASSERT_OK(cfr_der_out_finish(&out, &text));
    cfr_der_out_dropp(&out);
    ck_assert_uint_eq(cfr_secret_view(text).len, len + header_len);
    der = cfr_der_of(cfr_secret_view(text));
    ASSERT_SPAN(cfr_der_take(&der, CFR_DER_OCTET_STRING), cfr_span_of(contents, len));
    ck_assert(cfr_der_done(&der));
    /* One octet less room is too little. */
    ASSERT_OK(cfr_der_out_begin(len + header_len - 1, &out));
    cfr_der_prepend_element(&out, CFR_DER_OCTET_STRING, cfr_span_of(contents, len));
    ck_assert(out.failed);
    cfr_der_out_dropp(&out);
    free(contents);
}
END_TEST

START_TEST(writing_that_does_not_fit_sticks)
{
    struct cfr_der_out out = {0};
    struct cfr_secret *text = NULL;

    ASSERT_OK(cfr_der_out_begin(4, &out));
    cfr_der_prepend(&out, cfr_span_of("abcde", 5));
    ck_assert(out.failed);
    cfr_der_prepend(&out, cfr_span_of("a", 1));
    cfr_der_wrap(&out, CFR_DER_SEQUENCE, 0);
    cfr_der_prepend_unsigned(&out, cfr_span_of("\1", 1));
    ASSERT_RV(cfr_der_out_finish(&out, &text), CKR_HOST_MEMORY);
    ck_assert_ptr_null(text);
    cfr_der_out_dropp(&out);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

START_TEST(writing_nothing_gives_nothing)
{
    struct cfr_der_out out = {0};
    AUTO(secret) *text = NULL;

    ASSERT_OK(cfr_der_out_begin(10, &out));
    ck_assert_uint_eq(cfr_der_mark(&out), 0);
    ASSERT_OK(cfr_der_out_finish(&out, &text));
    ck_assert_uint_eq(cfr_secret_view(text).len, 0);
    ck_assert_ptr_null(out.secret);
    cfr_der_out_dropp(&out);
}
END_TEST

/* INTEGERs of libcrypto are the model, with any number of zeros in front on our side. */
START_TEST(integers_agree_with_libcrypto)
{
    uint8_t magnitude[80] = {0};

    for (int round = 0; round < 2000; round++) {
        size_t zeros = harness_number(4);
        size_t len = harness_number(60);
        struct cfr_der_out out = {0};
        AUTO(secret) *text = NULL;
        uint8_t *want = NULL;
        BIGNUM *number;
        ASN1_INTEGER *integer;
        int want_len;

        memset(magnitude, 0, sizeof(magnitude));
        harness_fill(magnitude + zeros, len);
        number = BN_bin2bn(magnitude, (int)(zeros + len), NULL);
        integer = BN_to_ASN1_INTEGER(number, NULL);
        want_len = i2d_ASN1_INTEGER(integer, &want);
        ASSERT_OK(cfr_der_out_begin(100, &out));
        cfr_der_prepend_unsigned(&out, cfr_span_of(magnitude, zeros + len));
        ASSERT_OK(cfr_der_out_finish(&out, &text));
        ASSERT_SPAN(cfr_secret_view(text), cfr_span_of(want, (size_t)want_len));
        OPENSSL_free(want);
        ASN1_INTEGER_free(integer);
        BN_free(number);
    }
}
END_TEST

static bool is_inside(struct cfr_span part, struct cfr_span whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

/* Read all that is in a span, at random; each element read is written again and must be the same. */
static void walk(struct cfr_span text, unsigned depth)
{
    struct cfr_der der = cfr_der_of(text);

    while (!der.failed && der.rest.len != 0) {
        unsigned tag = cfr_der_peek(&der);
        struct cfr_der copy = der;
        struct cfr_span contents = cfr_der_take(&copy, tag);
        struct cfr_span whole = cfr_der_take_any(&der);
        struct cfr_der_out out = {0};
        AUTO(secret) *again = NULL;

        ck_assert_int_eq(copy.failed, der.failed);
        if (der.failed) {
            return;
        }
        ck_assert(is_inside(whole, text) && is_inside(contents, whole));
        ASSERT_OK(cfr_der_out_begin(whole.len, &out));
        cfr_der_prepend_element(&out, tag, contents);
        ASSERT_OK(cfr_der_out_finish(&out, &again));
        ASSERT_SPAN(cfr_secret_view(again), whole);
        if (depth < 8) {
            walk(contents, depth + 1);
        }
    }
}

START_TEST(random_octets_are_read_safely)
{
    static const uint8_t likely[] = {0x30, 0x02, 0x03, 0x04, 0x05, 0x06, 0xa0, 0xa1,
                                     0x80, 0x81, 0x82, 0x84, 0x00, 0x01, 0x7f};
    /* From the heap and of the exact length, so that AddressSanitizer sees every octet too many. */
    for (int round = 0; round < 3000; round++) {
        size_t len = harness_number(60);
        uint8_t *octets = malloc(len + (len == 0));

        harness_fill(octets, len);
        for (size_t i = 0; i < len; i++) {
            if (octets[i] % 4 != 0) {
                octets[i] =
                    octets[i] % 3 == 0 ? (uint8_t)(octets[i] % 16) : likely[octets[i] % sizeof(likely)];
            }
        }
        walk(cfr_span_of(octets, len), 0);
        free(octets);
    }
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(der_out) out = {0};
    AUTO(secret) *text = NULL;

    (void)arg;
    TRY(cfr_der_out_begin(100, &out));
    cfr_der_prepend_unsigned(&out, cfr_span_of("\x80", 1));
    cfr_der_wrap(&out, CFR_DER_SEQUENCE, 0);
    TRY(cfr_der_out_finish(&out, &text));
    ASSERT_SPAN(cfr_secret_view(text), cfr_span_of("\x30\4\2\2\0\x80", 6));
    return CKR_OK;
}

START_TEST(each_allocation_may_fail)
{
    nth_failure_both(attempt, NULL, 1, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *asn1 = suite_create("asn1");
    TCase *reading = tcase_create("reading");
    TCase *writing = tcase_create("writing");

    tcase_set_timeout(reading, 60);
    tcase_add_loop_test(reading, elements_are_read_strictly, 0, COUNT_OF(elements));
    tcase_add_loop_test(reading, integers_are_read_strictly, 0, COUNT_OF(integers));
    tcase_add_loop_test(reading, bit_strings_have_whole_octets, 0, COUNT_OF(bit_strings));
    tcase_add_test(reading, failure_is_for_good);
    tcase_add_test(reading, elements_follow_and_nest);
    tcase_add_test(reading, random_octets_are_read_safely);
    suite_add_tcase(asn1, reading);
    tcase_set_timeout(writing, 60);
    tcase_add_loop_test(writing, lengths_come_back, 0, COUNT_OF(lengths));
    tcase_add_test(writing, writing_that_does_not_fit_sticks);
    tcase_add_test(writing, writing_nothing_gives_nothing);
    tcase_add_test(writing, integers_agree_with_libcrypto);
    tcase_add_test(writing, each_allocation_may_fail);
    suite_add_tcase(asn1, writing);
    return asn1;
}

TEST_MAIN(suite)
