/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Project Wycheproof's files that map to src/crypto, valid and invalid cases alike, from the folder that the
 * environment variable COFFER_VECTORS names (<folder>/wycheproof/…); and C2SP CCTV's Ed25519 file beside it.
 * Without it nothing is run: the vectors of tests/vectors do not need it.
 */
#include "crypto/ec.h"
#include "unit/crypto/wycheproof.h"

#include <string.h>
#include <unistd.h>

static const struct {
    const char *name; /* of <name>_test.json */
    wycheproof_check_fn check;
} files[] = {
    {"aes_cbc_pkcs5", check_cbc_pad},
    {"aes_ccm", check_aead},
    {"aes_cmac", check_mac},
    {"aes_gcm", check_aead},
    {"aes_gmac", check_mac},
    {"aes_kwp", check_keywrap},
    {"aes_wrap", check_keywrap},
    {"aes_xts", check_xts},
    {"chacha20_poly1305", check_aead},
    {"dsa_2048_224_sha224", check_dsa},
    {"dsa_2048_224_sha256", check_dsa},
    {"dsa_2048_256_sha256", check_dsa},
    {"dsa_3072_256_sha256", check_dsa},
    {"ecdh_brainpoolP256r1", check_ecdh},
    {"ecdh_brainpoolP384r1", check_ecdh},
    {"ecdh_brainpoolP512r1", check_ecdh},
    {"ecdh_secp224r1_ecpoint", check_ecdh},
    {"ecdh_secp224r1", check_ecdh},
    {"ecdh_secp256k1", check_ecdh},
    {"ecdh_secp256r1_ecpoint", check_ecdh},
    {"ecdh_secp256r1", check_ecdh},
    {"ecdh_secp384r1_ecpoint", check_ecdh},
    {"ecdh_secp384r1", check_ecdh},
    {"ecdh_secp521r1_ecpoint", check_ecdh},
    {"ecdh_secp521r1", check_ecdh},
    {"ecdsa_brainpoolP256r1_sha256_p1363", check_ecdsa_p1363},
    {"ecdsa_brainpoolP256r1_sha256", check_ecdsa_der},
    {"ecdsa_brainpoolP384r1_sha384_p1363", check_ecdsa_p1363},
    {"ecdsa_brainpoolP384r1_sha384", check_ecdsa_der},
    {"ecdsa_brainpoolP512r1_sha512_p1363", check_ecdsa_p1363},
    {"ecdsa_brainpoolP512r1_sha512", check_ecdsa_der},
    {"ecdsa_secp224r1_sha224_p1363", check_ecdsa_p1363},
    {"ecdsa_secp224r1_sha224", check_ecdsa_der},
    {"ecdsa_secp224r1_sha256_p1363", check_ecdsa_p1363},
    {"ecdsa_secp224r1_sha256", check_ecdsa_der},
    {"ecdsa_secp224r1_sha3_224", check_ecdsa_der},
    {"ecdsa_secp224r1_sha3_256", check_ecdsa_der},
    {"ecdsa_secp224r1_sha3_512", check_ecdsa_der},
    {"ecdsa_secp224r1_sha512_p1363", check_ecdsa_p1363},
    {"ecdsa_secp224r1_sha512", check_ecdsa_der},
    {"ecdsa_secp256k1_sha256_p1363", check_ecdsa_p1363},
    {"ecdsa_secp256k1_sha256", check_ecdsa_der},
    {"ecdsa_secp256k1_sha3_256", check_ecdsa_der},
    {"ecdsa_secp256k1_sha3_512", check_ecdsa_der},
    {"ecdsa_secp256k1_sha512_p1363", check_ecdsa_p1363},
    {"ecdsa_secp256k1_sha512", check_ecdsa_der},
    {"ecdsa_secp256r1_sha256_p1363", check_ecdsa_p1363},
    {"ecdsa_secp256r1_sha256", check_ecdsa_der},
    {"ecdsa_secp256r1_sha3_256", check_ecdsa_der},
    {"ecdsa_secp256r1_sha3_512", check_ecdsa_der},
    {"ecdsa_secp256r1_sha512_p1363", check_ecdsa_p1363},
    {"ecdsa_secp256r1_sha512", check_ecdsa_der},
    {"ecdsa_secp384r1_sha256", check_ecdsa_der},
    {"ecdsa_secp384r1_sha384_p1363", check_ecdsa_p1363},
    {"ecdsa_secp384r1_sha384", check_ecdsa_der},
    {"ecdsa_secp384r1_sha3_384", check_ecdsa_der},
    {"ecdsa_secp384r1_sha3_512", check_ecdsa_der},
    {"ecdsa_secp384r1_sha512_p1363", check_ecdsa_p1363},
    {"ecdsa_secp384r1_sha512", check_ecdsa_der},
    {"ecdsa_secp521r1_sha3_512", check_ecdsa_der},
    {"ecdsa_secp521r1_sha512_p1363", check_ecdsa_p1363},
    {"ecdsa_secp521r1_sha512", check_ecdsa_der},
    {"ed25519", check_eddsa},
    {"ed448", check_eddsa},
    {"hkdf_sha1", check_hkdf},
    {"hkdf_sha256", check_hkdf},
    {"hkdf_sha384", check_hkdf},
    {"hkdf_sha512", check_hkdf},
    {"hmac_sha1", check_mac},
    {"hmac_sha224", check_mac},
    {"hmac_sha256", check_mac},
    {"hmac_sha384", check_mac},
    {"hmac_sha3_224", check_mac},
    {"hmac_sha3_256", check_mac},
    {"hmac_sha3_384", check_mac},
    {"hmac_sha3_512", check_mac},
    {"hmac_sha512_224", check_mac},
    {"hmac_sha512_256", check_mac},
    {"hmac_sha512", check_mac},
    {"pbkdf2_hmacsha1", check_pbkdf2},
    {"pbkdf2_hmacsha224", check_pbkdf2},
    {"pbkdf2_hmacsha256", check_pbkdf2},
    {"pbkdf2_hmacsha384", check_pbkdf2},
    {"pbkdf2_hmacsha512", check_pbkdf2},
    {"rsa_oaep_2048_sha1_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_2048_sha224_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_2048_sha224_mgf1sha224", check_rsa_oaep},
    {"rsa_oaep_2048_sha256_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_2048_sha256_mgf1sha256", check_rsa_oaep},
    {"rsa_oaep_2048_sha384_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_2048_sha384_mgf1sha384", check_rsa_oaep},
    {"rsa_oaep_2048_sha512_224_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_2048_sha512_224_mgf1sha512_224", check_rsa_oaep},
    {"rsa_oaep_2048_sha512_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_2048_sha512_mgf1sha512", check_rsa_oaep},
    {"rsa_oaep_3072_sha256_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_3072_sha256_mgf1sha256", check_rsa_oaep},
    {"rsa_oaep_3072_sha512_256_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_3072_sha512_256_mgf1sha512_256", check_rsa_oaep},
    {"rsa_oaep_3072_sha512_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_3072_sha512_mgf1sha512", check_rsa_oaep},
    {"rsa_oaep_4096_sha256_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_4096_sha256_mgf1sha256", check_rsa_oaep},
    {"rsa_oaep_4096_sha512_mgf1sha1", check_rsa_oaep},
    {"rsa_oaep_4096_sha512_mgf1sha512", check_rsa_oaep},
    {"rsa_oaep_misc", check_rsa_oaep},
    {"rsa_pkcs1_1024_sig_gen", check_rsa_v15_sign},
    {"rsa_pkcs1_1536_sig_gen", check_rsa_v15_sign},
    {"rsa_pkcs1_2048_sig_gen", check_rsa_v15_sign},
    {"rsa_pkcs1_2048", check_rsa_v15_decrypt},
    {"rsa_pkcs1_3072_sig_gen", check_rsa_v15_sign},
    {"rsa_pkcs1_3072", check_rsa_v15_decrypt},
    {"rsa_pkcs1_4096_sig_gen", check_rsa_v15_sign},
    {"rsa_pkcs1_4096", check_rsa_v15_decrypt},
    {"rsa_pss_2048_sha1_mgf1_20_params", check_rsa_pss},
    {"rsa_pss_2048_sha1_mgf1_20", check_rsa_pss},
    {"rsa_pss_2048_sha256_mgf1_0_params", check_rsa_pss},
    {"rsa_pss_2048_sha256_mgf1_0", check_rsa_pss},
    {"rsa_pss_2048_sha256_mgf1_32_params", check_rsa_pss},
    {"rsa_pss_2048_sha256_mgf1_32", check_rsa_pss},
    {"rsa_pss_2048_sha256_mgf1sha1_20", check_rsa_pss},
    {"rsa_pss_2048_sha384_mgf1_48", check_rsa_pss},
    {"rsa_pss_2048_sha512_224_mgf1_28", check_rsa_pss},
    {"rsa_pss_2048_sha512_256_mgf1_32", check_rsa_pss},
    {"rsa_pss_2048_sha512_mgf1sha256_32_params", check_rsa_pss},
    {"rsa_pss_3072_sha256_mgf1_32_params", check_rsa_pss},
    {"rsa_pss_3072_sha256_mgf1_32", check_rsa_pss},
    {"rsa_pss_4096_sha256_mgf1_32", check_rsa_pss},
    {"rsa_pss_4096_sha384_mgf1_48", check_rsa_pss},
    {"rsa_pss_4096_sha512_mgf1_32_params", check_rsa_pss},
    {"rsa_pss_4096_sha512_mgf1_32", check_rsa_pss},
    {"rsa_pss_4096_sha512_mgf1_64_params", check_rsa_pss},
    {"rsa_pss_4096_sha512_mgf1_64", check_rsa_pss},
    {"rsa_pss_misc_params", check_rsa_pss},
    {"rsa_pss_misc", check_rsa_pss},
    {"rsa_signature_2048_sha224", check_rsa_v15_verify},
    {"rsa_signature_2048_sha256", check_rsa_v15_verify},
    {"rsa_signature_2048_sha384", check_rsa_v15_verify},
    {"rsa_signature_2048_sha3_224", check_rsa_v15_verify},
    {"rsa_signature_2048_sha3_256", check_rsa_v15_verify},
    {"rsa_signature_2048_sha3_384", check_rsa_v15_verify},
    {"rsa_signature_2048_sha3_512", check_rsa_v15_verify},
    {"rsa_signature_2048_sha512_224", check_rsa_v15_verify},
    {"rsa_signature_2048_sha512_256", check_rsa_v15_verify},
    {"rsa_signature_2048_sha512", check_rsa_v15_verify},
    {"rsa_signature_3072_sha256", check_rsa_v15_verify},
    {"rsa_signature_3072_sha384", check_rsa_v15_verify},
    {"rsa_signature_3072_sha3_256", check_rsa_v15_verify},
    {"rsa_signature_3072_sha3_384", check_rsa_v15_verify},
    {"rsa_signature_3072_sha3_512", check_rsa_v15_verify},
    {"rsa_signature_3072_sha512_256", check_rsa_v15_verify},
    {"rsa_signature_3072_sha512", check_rsa_v15_verify},
    {"rsa_signature_4096_sha256", check_rsa_v15_verify},
    {"rsa_signature_4096_sha384", check_rsa_v15_verify},
    {"rsa_signature_4096_sha512_256", check_rsa_v15_verify},
    {"rsa_signature_4096_sha512", check_rsa_v15_verify},
    {"x25519", check_xdh},
    {"x448", check_xdh},
};

/* What became of the cases of a file. */
struct counts {
    unsigned valid;
    unsigned invalid;
    unsigned acceptable_taken;
    unsigned acceptable_refused;
    unsigned by_design;
    unsigned wrong;
};

static struct cfr_span decode_octets(struct wycheproof_case *wc, const json_t *value, const char *key)
{
    const char *text = json_string_value(value);
    size_t room = text == NULL ? 0 : strlen(text) / 2 + 1;
    size_t len = 0;

    ck_assert_msg(text != NULL, "no text member %s", key);
    ck_assert_uint_lt(wc->count, WYCHEPROOF_OCTETS_MAX);
    wc->octets[wc->count] = malloc(room);
    ck_assert_ptr_nonnull(wc->octets[wc->count]);
    ck_assert_msg(vectors_from_hex(text, wc->octets[wc->count], room, &len), "%s is %s", key, text);
    wc->count++;
    return cfr_span_of(len == 0 ? NULL : wc->octets[wc->count - 1], len);
}

struct cfr_span wycheproof_octets(struct wycheproof_case *wc, const char *key)
{
    return decode_octets(wc, json_object_get(wc->test, key), key);
}

static const json_t *member_of_group(const struct wycheproof_case *wc, const char *object, const char *key)
{
    const json_t *from = object == NULL ? wc->group : json_object_get(wc->group, object);

    return json_object_get(from, key);
}

struct cfr_span wycheproof_group_octets(struct wycheproof_case *wc, const char *object, const char *key)
{
    return decode_octets(wc, member_of_group(wc, object, key), key);
}

const char *wycheproof_group_word(const struct wycheproof_case *wc, const char *object, const char *key)
{
    const char *word = json_string_value(member_of_group(wc, object, key));

    ck_assert_msg(word != NULL, "no text member %s", key);
    return word;
}

size_t wycheproof_group_number(const struct wycheproof_case *wc, const char *key)
{
    const json_t *number = json_object_get(wc->group, key);

    ck_assert_msg(json_is_integer(number), "no number %s", key);
    return (size_t)json_integer_value(number);
}

static bool has_flag(const json_t *test, const char *flag)
{
    const json_t *flags = json_object_get(test, "flags");

    for (size_t i = 0; i < json_array_size(flags); i++) {
        if (strcmp(json_string_value(json_array_get(flags, i)), flag) == 0) {
            return true;
        }
    }
    return false;
}

static const char *result_of(const struct wycheproof_case *wc)
{
    const char *result = json_string_value(json_object_get(wc->test, "result"));

    ck_assert_ptr_nonnull(result);
    return result;
}

bool wycheproof_is_valid(const struct wycheproof_case *wc)
{
    return strcmp(result_of(wc), "valid") == 0;
}

void wycheproof_forget(struct wycheproof_case *wc)
{
    while (wc->count > 0) {
        free(wc->octets[--wc->count]);
    }
}

static void judge(struct wycheproof_case *wc, enum verdict verdict, struct counts *counts)
{
    const char *result = result_of(wc);
    bool is_acceptable = strcmp(result, "acceptable") == 0;

    if (verdict == BY_DESIGN) {
        counts->by_design++;
    } else if (is_acceptable) {
        counts->acceptable_taken += verdict == ACCEPTED;
        counts->acceptable_refused += verdict == REJECTED;
    } else if (verdict == ACCEPTED && wycheproof_is_valid(wc)) {
        counts->valid++;
    } else if (verdict == REJECTED && !wycheproof_is_valid(wc)) {
        counts->invalid++;
    } else {
        counts->wrong++;
        (void)fprintf(stderr, "  case %d is %s and was %s: %s\n",
                      (int)json_integer_value(json_object_get(wc->test, "tcId")), result,
                      verdict == ACCEPTED ? "accepted" : "refused",
                      json_string_value(json_object_get(wc->test, "comment")));
    }
}

static json_t *load(const char *folder, const char *name)
{
    const char *vectors = getenv("COFFER_VECTORS");
    json_error_t error;
    char path[1024];
    json_t *file;

    if (vectors == NULL) {
        (void)printf("COFFER_VECTORS is not set: %s is skipped\n", name);
        return NULL;
    }
    (void)snprintf(path, sizeof(path), "%s/%s/%s", vectors, folder, name);
    if (access(path, R_OK) != 0) {
        (void)printf("%s is not there: skipped\n", path);
        return NULL;
    }
    file = json_load_file(path, 0, &error);
    ck_assert_msg(file != NULL, "%s:%d: %s", path, error.line, error.text);
    return file;
}

static unsigned run_group(struct wycheproof_case *wc, wycheproof_check_fn check, struct counts *counts)
{
    const json_t *tests = json_object_get(wc->group, "tests");

    for (size_t i = 0; i < json_array_size(tests); i++) {
        wc->test = json_array_get(tests, i);
        judge(wc, check(wc), counts);
        wycheproof_forget(wc);
    }
    return (unsigned)json_array_size(tests);
}

START_TEST(wycheproof)
{
    struct wycheproof_case wc = {0};
    struct counts counts = {0};
    char name[128];
    json_t *file;
    const json_t *groups;
    unsigned total = 0;

    (void)snprintf(name, sizeof(name), "%s_test.json", files[_i].name);
    file = load("wycheproof", name);
    if (file == NULL) {
        return;
    }
    wc.file = file;
    groups = json_object_get(file, "testGroups");
    for (size_t i = 0; i < json_array_size(groups); i++) {
        wc.group = json_array_get(groups, i);
        total += run_group(&wc, files[_i].check, &counts);
    }
    (void)printf(
        "%-45s valid %4u  invalid %4u  acceptable: taken %3u, refused %3u  by design %3u  wrong %u\n", name,
        counts.valid, counts.invalid, counts.acceptable_taken, counts.acceptable_refused, counts.by_design,
        counts.wrong);
    ck_assert_uint_eq(total, (unsigned)json_integer_value(json_object_get(file, "numberOfTests")));
    ck_assert_uint_gt(total, 0);
    ck_assert_uint_eq(counts.wrong, 0);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
    json_decref(file);
}
END_TEST

/*
 * CCTV's cases satisfy one equation of Ed25519 or another. Ours refuses keys of small order and encodings
 * that are not canonical (RFC 8032 5.1.3) and, like libcrypto, checks without the cofactor.
 */
static bool is_good_cctv(const json_t *test)
{
    return !has_flag(test, "low_order_A") && !has_flag(test, "non_canonical_A") &&
           !has_flag(test, "non_canonical_R") && !has_flag(test, "low_order_residue");
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
    json_t *file = load("cctv/ed25519", "ed25519vectors.json");
    struct wycheproof_case wc = {0};
    unsigned good = 0;

    if (file == NULL) {
        return;
    }
    for (size_t i = 0; i < json_array_size(file); i++) {
        wc.test = json_array_get(file, i);
        good += is_good_cctv(wc.test);
        ck_assert_msg(verify_cctv(&wc) == is_good_cctv(wc.test), "case %zu", i);
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
    suite_add_tcase(wycheproof_suite, tcase);
    return wycheproof_suite;
}

TEST_MAIN(suite)
