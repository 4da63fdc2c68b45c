/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/keys.h"
#include "support/main.h"

START_TEST(smoke)
{
    CK_SESSION_HANDLE session = client_ready();
    EVP_PKEY *rsa = pkey_rsa("rsa2048_1");
    CK_OBJECT_HANDLE pub = public_make(session, rsa);
    CK_OBJECT_HANDLE priv = private_make(session, rsa);
    struct key_pair pair = {pub, priv};
    struct picture pic;

    expect_pair_works(session, CKM_SHA256_RSA_PKCS, pair);
    picture_take(session, &pic);
    ck_assert_uint_eq(pic.objects, 3);
    expect_unchanged(session, &pic, "x");
    EVP_PKEY_free(rsa);
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("login");
    TCase *tcase = tcase_create("login");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_test(tcase, smoke);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
