/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/des.h"
#include "unit/crypto/fixture.h"

START_TEST(every_octet_has_one_right_form)
{
    for (unsigned octet = 0; octet < 256; octet++) {
        uint8_t key[3] = {1, (uint8_t)octet, 0xfe};
        bool right = __builtin_popcount(octet) % 2 == 1;

        ck_assert_int_eq(cfr_des_has_parity(cfr_span_of(key, sizeof(key))), right);
        cfr_des_set_parity(key, sizeof(key));
        ck_assert(cfr_des_has_parity(cfr_span_of(key, sizeof(key))));
        ck_assert_uint_eq(key[1], right ? octet : octet ^ 1);
        ck_assert_uint_eq(key[0], 1);
        ck_assert_uint_eq(key[2], 0xfe);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *des = suite_create("des");
    TCase *tcase = tcase_create("parity");

    tcase_add_test(tcase, every_octet_has_one_right_form);
    suite_add_tcase(des, tcase);
    return des;
}

TEST_MAIN(suite)
