/* SPDX-License-Identifier: Apache-2.0 */
/* The IVs of a run of messages: what generators make, when they have no more, and what repeats. */
#include "crypto/ossl.h"
#include "mech/nonce.h"
#include "mech/params_message.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <stdio.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t given[CFR_GCM_IV_MAX_LEN];
static uint8_t made[CFR_GCM_IV_MAX_LEN];
static uint8_t tag[16];

static void up(void)
{
    ASSERT_OK(cfr_ossl_up());
    memset(given, 0xa5, sizeof(given));
}

static CK_RV next_iv(struct cfr_nonce *nonce, const struct cfr_message_params *params, uint8_t *out)
{
    TRY(cfr_nonce_next(nonce, params));
    ck_assert_uint_eq(nonce->last_len, params->iv_len);
    memcpy(out, nonce->last, params->iv_len);
    return CKR_OK;
}

static CK_RV read_gcm(CK_GENERATOR_FUNCTION generator, CK_ULONG iv_len, CK_ULONG fixed_bits,
                      struct cfr_message_params *ret_params)
{
    CK_GCM_MESSAGE_PARAMS params = {given, iv_len, fixed_bits, generator, tag, 128};

    return cfr_params_message_gcm(cfr_span_of(&params, sizeof(params)), CFR_USE_ENCRYPT, ret_params);
}

static CK_RV read_ccm(CK_GENERATOR_FUNCTION generator, CK_ULONG nonce_len, CK_ULONG fixed_bits,
                      struct cfr_message_params *ret_params)
{
    CK_CCM_MESSAGE_PARAMS params = {0, given, nonce_len, fixed_bits, generator, tag, 16};

    return cfr_params_message_ccm(cfr_span_of(&params, sizeof(params)), CFR_USE_ENCRYPT, ret_params);
}

static struct cfr_message_params gcm(CK_GENERATOR_FUNCTION generator, CK_ULONG iv_len, CK_ULONG fixed_bits)
{
    struct cfr_message_params params = {0};

    ASSERT_OK(read_gcm(generator, iv_len, fixed_bits, &params));
    return params;
}

static void expect_made(const char *hex_free, size_t iv_len, size_t fixed_len)
{
    uint8_t want[CFR_GCM_IV_MAX_LEN];

    memset(want, 0xa5, fixed_len);
    for (size_t i = fixed_len; i < iv_len; i++) {
        unsigned octet = 0;

        ck_assert_int_eq(sscanf(hex_free + 2 * (i - fixed_len), "%2x", &octet), 1);
        want[i] = (uint8_t)octet;
    }
    ASSERT_SPAN(cfr_span_of(made, iv_len), cfr_span_of(want, iv_len));
}

/* --- Counters: from zero, in the rightmost bits --- */

START_TEST(a_counter_begins_at_zero)
{
    struct cfr_nonce nonce = {0};
    struct cfr_message_params params = gcm(CKG_GENERATE_COUNTER, 12, 32);

    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("0000000000000000", 12, 4);
    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("0000000000000001", 12, 4);
    nonce.count = 0x01ff;
    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("00000000000001ff", 12, 4);
    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("0000000000000200", 12, 4);
}
END_TEST

START_TEST(fixed_bits_may_end_within_an_octet)
{
    struct cfr_nonce nonce = {0};
    struct cfr_message_params params = gcm(CKG_GENERATE_COUNTER, 12, 91);

    /* 0xa5 is 101 00101: three bits stay, five count. */
    for (unsigned i = 0; i < 32; i++) {
        ASSERT_OK(next_iv(&nonce, &params, made));
        ck_assert_uint_eq(made[11], 0xa0U | i);
        ck_assert_uint_eq(made[10], 0xa5);
    }
    ASSERT_RV(next_iv(&nonce, &params, made), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(next_iv(&nonce, &params, made), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(a_counter_is_xored)
{
    struct cfr_nonce nonce = {0};
    struct cfr_message_params params = gcm(CKG_GENERATE_COUNTER_XOR, 12, 32);

    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("a5a5a5a5a5a5a5a5", 12, 4);
    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("a5a5a5a5a5a5a5a4", 12, 4);
    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("a5a5a5a5a5a5a5a7", 12, 4);
    /* What came back is passed again, and does not add up. */
    memcpy(given, made, 12);
    ASSERT_OK(next_iv(&nonce, &params, made));
    memset(given, 0xa5, sizeof(given));
    expect_made("a5a5a5a5a5a5a5a6", 12, 4);
    given[8] ^= 1;
    ASSERT_RV(next_iv(&nonce, &params, made), CKR_MECHANISM_PARAM_INVALID);
    given[8] ^= 1;
    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("a5a5a5a5a5a5a5a1", 12, 4);
}
END_TEST

/* --- Random ones --- */

START_TEST(random_ones_keep_what_is_fixed)
{
    static const CK_GENERATOR_FUNCTION generators[] = {CKG_GENERATE, CKG_GENERATE_RANDOM};
    struct cfr_nonce nonce = {0};
    struct cfr_nonce other = {0};
    struct cfr_message_params params = gcm(generators[_i], 12, 12);
    uint8_t first[12];

    ASSERT_OK(next_iv(&nonce, &params, first));
    ck_assert_uint_eq(first[0], 0xa5);
    ck_assert_uint_eq(first[1] >> 4, 0xa);
    for (int i = 0; i < 300; i++) {
        ASSERT_OK(next_iv(&nonce, &params, made));
        ck_assert_uint_eq(made[0], 0xa5);
        ck_assert_uint_eq(made[1] >> 4, 0xa);
        ck_assert_int_ne(memcmp(made, first, 12), 0);
        /* CKG_GENERATE counts up. */
        ck_assert(generators[_i] == CKG_GENERATE_RANDOM || made[11] == (uint8_t)(first[11] + i + 1));
    }
    ASSERT_OK(next_iv(&other, &params, made));
    ck_assert_int_ne(memcmp(made, first, 12), 0);
}
END_TEST

START_TEST(a_random_beginning_wraps_around)
{
    struct cfr_nonce nonce = {0};
    struct cfr_message_params params = gcm(CKG_GENERATE, 12, 32);

    ASSERT_OK(next_iv(&nonce, &params, made));
    memset(nonce.base, 0xff, 12);
    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("0000000000000000", 12, 4);
    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("0000000000000001", 12, 4);
}
END_TEST

/* --- The end --- */

START_TEST(generators_come_to_an_end)
{
    static const struct {
        CK_GENERATOR_FUNCTION generator;
        CK_ULONG iv_len;
        CK_ULONG fixed_bits;
        unsigned limit_bits;
    } cases[] = {
        {CKG_GENERATE_COUNTER, 12, 0, 63},   {CKG_GENERATE_COUNTER, 12, 32, 63},
        {CKG_GENERATE_COUNTER, 12, 64, 32},  {CKG_GENERATE_COUNTER, 12, 96, 0},
        {CKG_GENERATE_COUNTER, 16, 0, 32},   {CKG_GENERATE_COUNTER_XOR, 12, 88, 8},
        {CKG_GENERATE_COUNTER_XOR, 1, 0, 8}, {CKG_GENERATE, 12, 0, 32},
        {CKG_GENERATE, 12, 64, 32},          {CKG_GENERATE_RANDOM, 12, 0, 32},
        {CKG_GENERATE_RANDOM, 12, 32, 16},   {CKG_GENERATE_RANDOM, 12, 64, 0},
        {CKG_GENERATE_RANDOM, 128, 0, 32},
    };
    struct cfr_message_params params = gcm(cases[_i].generator, cases[_i].iv_len, cases[_i].fixed_bits);
    struct cfr_nonce nonce = {0};

    ck_assert_uint_eq(params.limit_bits, cases[_i].limit_bits);
    ASSERT_OK(next_iv(&nonce, &params, made));
    nonce.count = (1ULL << cases[_i].limit_bits) - 1;
    nonce.last_len = 0;
    ASSERT_OK(next_iv(&nonce, &params, made));
    ASSERT_RV(next_iv(&nonce, &params, made), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(too_little_room_is_refused)
{
    struct cfr_message_params params;

    ASSERT_RV(read_gcm(CKG_GENERATE, 12, 65, &params), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(read_gcm(CKG_GENERATE_RANDOM, 12, 65, &params), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(read_gcm(CKG_GENERATE, 3, 0, &params), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(read_gcm(CKG_GENERATE_COUNTER, 12, 97, &params), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(read_gcm(CKG_GENERATE_COUNTER, 12, SIZE_MAX, &params), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(read_gcm(5, 12, 0, &params), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(read_gcm(SIZE_MAX, 12, 0, &params), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_OK(read_ccm(CKG_GENERATE, 7, 0, &params));
    ASSERT_OK(read_ccm(CKG_GENERATE_RANDOM, 7, 0, &params));
    ck_assert_uint_eq(params.limit_bits, 12);
    ASSERT_RV(read_ccm(CKG_GENERATE, 7, 25, &params), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(read_ccm(CKG_GENERATE_COUNTER, 7, 57, &params), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

/* --- What repeats --- */

START_TEST(the_last_one_is_refused)
{
    struct cfr_nonce nonce = {0};
    struct cfr_message_params params = gcm(CKG_NO_GENERATE, 12, 0);
    struct cfr_message_params longer = gcm(CKG_NO_GENERATE, 13, 0);
    struct cfr_message_params counter = gcm(CKG_GENERATE_COUNTER, 12, 32);

    ASSERT_OK(next_iv(&nonce, &params, made));
    ASSERT_RV(next_iv(&nonce, &params, made), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_OK(next_iv(&nonce, &longer, made));
    given[11] ^= 1;
    ASSERT_OK(next_iv(&nonce, &params, made));
    ASSERT_OK(next_iv(&nonce, &counter, made));
    /* What a generator made is not given back. */
    memcpy(given, made, 12);
    ASSERT_RV(next_iv(&nonce, &params, made), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(a_run_has_one_generator)
{
    struct cfr_nonce nonce = {0};
    struct cfr_message_params params = gcm(CKG_GENERATE_COUNTER, 12, 32);
    struct cfr_message_params others[] = {
        gcm(CKG_GENERATE_RANDOM, 12, 32),
        gcm(CKG_GENERATE_COUNTER, 12, 33),
        gcm(CKG_GENERATE_COUNTER, 13, 32),
        gcm(CKG_GENERATE, 12, 32),
    };

    ASSERT_OK(next_iv(&nonce, &params, made));
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        ASSERT_RV(next_iv(&nonce, &others[i], made), CKR_MECHANISM_PARAM_INVALID);
    }
    ASSERT_OK(next_iv(&nonce, &params, made));
    expect_made("0000000000000001", 12, 4);
}
END_TEST

static Suite *suite(void)
{
    Suite *nonce = suite_create("nonce");
    TCase *tcase = tcase_create("nonce");

    tcase_add_checked_fixture(tcase, up, NULL);
    tcase_add_test(tcase, a_counter_begins_at_zero);
    tcase_add_test(tcase, fixed_bits_may_end_within_an_octet);
    tcase_add_test(tcase, a_counter_is_xored);
    tcase_add_loop_test(tcase, random_ones_keep_what_is_fixed, 0, 2);
    tcase_add_test(tcase, a_random_beginning_wraps_around);
    tcase_add_loop_test(tcase, generators_come_to_an_end, 0, 13);
    tcase_add_test(tcase, too_little_room_is_refused);
    tcase_add_test(tcase, the_last_one_is_refused);
    tcase_add_test(tcase, a_run_has_one_generator);
    suite_add_tcase(nonce, tcase);
    return nonce;
}

TEST_MAIN(suite)
