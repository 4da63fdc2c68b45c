/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Project Wycheproof's files that map to src/crypto, valid and invalid cases alike, from the folder that the
 * environment variable COFFER_VECTORS names (<folder>/wycheproof/…); and C2SP CCTV's Ed25519 file beside it.
 * Without it nothing is run: the vectors of tests/vectors do not need it.
 */
#include "crypto/ec.h"
#include "unit/crypto/wycheproof.h"

#include <string.h>

static const struct {
    const char *name; /* of <name>_test.json */
    wycheproof_check_fn check;
} files[] = {
#define WYCHEPROOF(file, kind) {#file, check_##kind},
#define WYCHEPROOF_LEFT_OUT(file, reason)
#include "support/wycheproof.def"
#undef WYCHEPROOF_LEFT_OUT
#undef WYCHEPROOF
};

START_TEST(wycheproof)
{
    wycheproof_run(files[_i].name, files[_i].check);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

/*
 * CCTV's cases satisfy one equation of Ed25519 or another. Ours refuses keys of small order and encodings
 * that are not canonical (RFC 8032 5.1.3) and, like libcrypto, checks without the cofactor.
 */
static bool is_good_cctv(const struct wycheproof_case *wc)
{
    return !wycheproof_has_flag(wc, "low_order_A") && !wycheproof_has_flag(wc, "non_canonical_A") &&
           !wycheproof_has_flag(wc, "non_canonical_R") && !wycheproof_has_flag(wc, "low_order_residue");
}

static bool verify_cctv(struct wycheproof_case *wc)
{
    static const struct cfr_eddsa_variant pure = {0};
    const char *message = json_string_value(json_object_get(wc->test, "msg"));
    AUTO(keymat) *keymat = NULL;
    AUTO(eddsa) *verifying = NULL;

    if (cfr_ec_import_public(fixture_curve("ED25519"), wycheproof_octets(wc, "key"), &keymat) != CKR_OK) {
        return false;
    }
    ASSERT_OK(cfr_eddsa_new(keymat, false, &pure, &verifying));
    return cfr_eddsa_verify(verifying, cfr_span_text(message), wycheproof_octets(wc, "sig")) == CKR_OK;
}

START_TEST(cctv_ed25519)
{
    json_t *file = wycheproof_load("cctv/ed25519", "ed25519vectors.json");
    struct wycheproof_case wc = {0};
    unsigned good = 0;

    if (file == NULL) {
        return;
    }
    for (size_t i = 0; i < json_array_size(file); i++) {
        wc.test = json_array_get(file, i);
        good += is_good_cctv(&wc);
        ck_assert_msg(verify_cctv(&wc) == is_good_cctv(&wc), "case %zu", i);
        wycheproof_forget(&wc);
    }
    (void)printf("%-45s valid %4u  invalid %4u\n", "ed25519vectors.json", good,
                 (unsigned)json_array_size(file) - good);
    ck_assert_uint_gt(good, 0);
    json_decref(file);
}
END_TEST

static Suite *suite(void)
{
    Suite *wycheproof_suite = suite_create("wycheproof");
    TCase *tcase = tcase_create("wycheproof");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, wycheproof, 0, COUNT_OF(files));
    tcase_add_test(tcase, cctv_ed25519);
    wycheproof_add_pq(tcase);
    cctv_add_mlkem(tcase);
    suite_add_tcase(wycheproof_suite, tcase);
    return wycheproof_suite;
}

TEST_MAIN(suite)
