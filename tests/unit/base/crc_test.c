/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc.h"
#include "support/main.h"
#include "unit/base/harness.h"

/* The check value that catalogues of these codes give for CRC-64/ECMA-182. */
START_TEST(ecma_182)
{
    ck_assert(cfr_crc64_ecma(cfr_span_of("123456789", 9)) == UINT64_C(0x6c40df5f0b497347));
    ck_assert(cfr_crc64_ecma(cfr_span_of(NULL, 0)) == 0);
}
END_TEST

/* A register that begins as zero does not see leading zeros, and what is appended brings it back to zero. */
START_TEST(the_remainder)
{
    uint8_t text[3 + 9 + 8] = {0};
    uint64_t crc = cfr_crc64_ecma(cfr_span_of("123456789", 9));

    memcpy(text + 3, "123456789", 9);
    ck_assert(cfr_crc64_ecma(cfr_span_of(text, 12)) == crc);
    for (int i = 0; i < 8; i++) {
        text[12 + i] = (uint8_t)(crc >> (56 - 8 * i));
    }
    ck_assert(cfr_crc64_ecma(cfr_span_of(text, sizeof(text))) == 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *crc = suite_create("crc");
    TCase *tcase = tcase_create("crc");

    tcase_add_test(tcase, ecma_182);
    tcase_add_test(tcase, the_remainder);
    suite_add_tcase(crc, tcase);
    return crc;
}

TEST_MAIN(suite)
