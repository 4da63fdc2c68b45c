/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post-quantum files of Project Wycheproof, and NIST's ACVP files of signatures (<COFFER_VECTORS>/acvp, with the folders of
 * ACVP-Server's gen-val/json-files), which alone have the variants that sign a hash.
 */
#include "crypto/digest.h"
#include "crypto/pkcs8.h"
#include "crypto/pq.h"
#include "unit/crypto/wycheproof.h"

#include <string.h>

enum { OUTPUT_MAX_LEN = 49856, ENCODED_MAX_LEN = 512 };

static uint8_t output[OUTPUT_MAX_LEN];

static const struct cfr_pq_set *set_named(const char *name)
{
    for (size_t i = 0; name != NULL && i < CFR_PQ_SET_COUNT; i++) {
        if (strcmp(cfr_pq_set_row(i)->name, name) == 0) {
            return cfr_pq_set_row(i);
        }
    }
    ck_abort_msg("no set %s", name == NULL ? "is named" : name);
}

static bool has(const struct wycheproof_case *wc, const char *key)
{
    return json_object_get(wc->test, key) != NULL;
}

static struct cfr_span octets_or_none(struct wycheproof_case *wc, const char *key)
{
    return has(wc, key) ? wycheproof_octets(wc, key) : cfr_span_of(NULL, 0);
}

/* --- ML-DSA --- */

static const struct cfr_pq_set *signing_set(const struct wycheproof_case *wc)
{
    return set_named(json_string_value(json_object_get(wc->file, "algorithm")));
}

enum verdict check_mldsa_verify(struct wycheproof_case *wc)
{
    const struct cfr_pq_signing how = {.context = octets_or_none(wc, "ctx")};
    AUTO(keymat) *keymat = NULL;
    AUTO(pq_signer) *verifier = NULL;

    if (!cfr_pq_is_available(CFR_KEY_ML_KEM)) {
        return NOT_RUN;
    }
    /* Longer ones are refused with the parameter (params_pq.c). */
    if (how.context.len > CFR_PQ_CONTEXT_MAX_LEN ||
        cfr_pq_import_public(signing_set(wc), wycheproof_group_octets(wc, NULL, "publicKey"), &keymat) !=
            CKR_OK) {
        return REJECTED;
    }
    ASSERT_OK(cfr_pq_signer_new(keymat, false, &how, &verifier));
    return cfr_pq_verify(verifier, wycheproof_octets(wc, "msg"), wycheproof_octets(wc, "sig")) == CKR_OK
               ? ACCEPTED
               : REJECTED;
}

/* The key as it comes, and out of a PrivateKeyInfo where the group has one. */
static CK_RV import_signer(struct wycheproof_case *wc, struct cfr_keymat **ret_keymat)
{
    struct cfr_span none = cfr_span_of(NULL, 0);

    if (json_object_get(wc->group, "privateSeed") == NULL) {
        return cfr_pq_import_private(signing_set(wc), none, wycheproof_group_octets(wc, NULL, "privateKey"),
                                     ret_keymat);
    }
    if (json_object_get(wc->group, "privateKeyPkcs8") != NULL) {
        return cfr_pkcs8_decode(wycheproof_group_octets(wc, NULL, "privateKeyPkcs8"), ret_keymat);
    }
    return cfr_pq_import_private(signing_set(wc), wycheproof_group_octets(wc, NULL, "privateSeed"), none,
                                 ret_keymat);
}

enum verdict check_mldsa_sign(struct wycheproof_case *wc)
{
    const struct cfr_pq_signing how = {.context = octets_or_none(wc, "ctx"), .is_deterministic = true};
    const struct cfr_pq_set *set = signing_set(wc);
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *public_key = NULL;
    AUTO(pq_signer) *signer = NULL;

    if (!cfr_pq_is_available(CFR_KEY_ML_KEM)) {
        return NOT_RUN;
    }
    if (!has(wc, "msg") || has(wc, "rnd")) {
        return BY_DESIGN; /* mu and randomness are no inputs of PKCS#11 */
    }
    if (how.context.len > CFR_PQ_CONTEXT_MAX_LEN || import_signer(wc, &keymat) != CKR_OK) {
        return REJECTED;
    }
    ASSERT_OK(cfr_pq_public(keymat, &public_key));
    ASSERT_SPAN(cfr_secret_view(public_key), wycheproof_group_octets(wc, NULL, "publicKey"));
    ASSERT_OK(cfr_pq_signer_new(keymat, true, &how, &signer));
    ASSERT_OK(cfr_pq_sign(signer, wycheproof_octets(wc, "msg"), output));
    return cfr_span_equal(cfr_span_of(output, set->output_len), wycheproof_octets(wc, "sig")) ? ACCEPTED
                                                                                              : REJECTED;
}

/* --- ML-KEM --- */

static const struct cfr_pq_set *kem_set(const struct wycheproof_case *wc)
{
    return set_named(wycheproof_group_word(wc, NULL, "parameterSet"));
}

/* Encapsulation draws its own randomness: what is seen here is whether the key is taken. */
enum verdict check_mlkem_encaps(struct wycheproof_case *wc)
{
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *shared = NULL;

    if (!cfr_pq_is_available(CFR_KEY_ML_KEM)) {
        return NOT_RUN;
    }
    if (cfr_pq_import_public(kem_set(wc), wycheproof_octets(wc, "ek"), &keymat) != CKR_OK) {
        return REJECTED;
    }
    return cfr_pq_encapsulate(keymat, output, &shared) == CKR_OK ? ACCEPTED : REJECTED;
}

enum verdict check_mlkem_keygen(struct wycheproof_case *wc)
{
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *public_key = NULL;
    AUTO(secret) *private_key = NULL;

    if (!cfr_pq_is_available(CFR_KEY_ML_KEM)) {
        return NOT_RUN;
    }
    if (cfr_pq_import_private(kem_set(wc), wycheproof_octets(wc, "seed"), cfr_span_of(NULL, 0), &keymat) !=
        CKR_OK) {
        return REJECTED;
    }
    ASSERT_OK(cfr_pq_public(keymat, &public_key));
    ASSERT_OK(cfr_pq_private(keymat, &private_key));
    return cfr_span_equal(cfr_secret_view(public_key), wycheproof_octets(wc, "ek")) &&
                   cfr_span_equal(cfr_secret_view(private_key), wycheproof_octets(wc, "dk"))
               ? ACCEPTED
               : REJECTED;
}

enum verdict check_mlkem_decaps(struct wycheproof_case *wc)
{
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *public_key = NULL;
    AUTO(secret) *shared = NULL;

    if (!cfr_pq_is_available(CFR_KEY_ML_KEM)) {
        return NOT_RUN;
    }
    if (cfr_pq_import_private(kem_set(wc), octets_or_none(wc, "seed"), octets_or_none(wc, "dk"), &keymat) !=
        CKR_OK) {
        return REJECTED;
    }
    ASSERT_OK(cfr_pq_public(keymat, &public_key));
    if (has(wc, "ek") && wycheproof_is_valid(wc)) {
        ASSERT_SPAN(cfr_secret_view(public_key), wycheproof_octets(wc, "ek"));
    }
    if (cfr_pq_decapsulate(keymat, wycheproof_octets(wc, "c"), &shared) != CKR_OK) {
        return REJECTED;
    }
    return cfr_span_equal(cfr_secret_view(shared), octets_or_none(wc, "K")) ? ACCEPTED : REJECTED;
}

/* --- ACVP --- */

static const char *group_word(const struct wycheproof_case *wc, const char *key)
{
    const char *word = json_string_value(json_object_get(wc->group, key));

    return word == NULL ? "" : word;
}

/* "SHA2-512/256", "SHA3-384", "SHAKE-128". */
static enum cfr_hash acvp_hash(const char *name)
{
    char other[32];

    if (strncmp(name, "SHAKE-", 6) == 0) {
        return name[6] == '1' ? CFR_HASH_SHAKE128 : CFR_HASH_SHAKE256;
    }
    (void)snprintf(other, sizeof(other), "SHA%s", strncmp(name, "SHA2", 4) == 0 ? name + 4 : name + 3);
    return fixture_hash(other);
}

/* What is given to libcrypto: the message, or what stands for its hash. */
static struct cfr_span acvp_message(struct wycheproof_case *wc, struct cfr_pq_signing *how,
                                    struct cfr_buf *encoded)
{
    struct cfr_span message = wycheproof_octets(wc, "message");
    AUTO(digest) *digest = NULL;
    uint8_t octets[CFR_HASH_MAX_LEN];
    enum cfr_hash hash;

    how->context = octets_or_none(wc, "context");
    if (strcmp(group_word(wc, "preHash"), "preHash") != 0) {
        return message;
    }
    hash = acvp_hash(json_string_value(json_object_get(wc->test, "hashAlg")));
    ck_assert(cfr_pq_takes_hash(hash));
    ASSERT_OK(cfr_digest_new(hash, &digest));
    ASSERT_OK(cfr_digest_once(digest, message, octets));
    ASSERT_OK(cfr_pq_encode_digest(hash, cfr_span_of(octets, cfr_hash_len(hash)), how->context, encoded));
    how->is_encoded = true;
    return cfr_buf_view(encoded);
}

static void expect_signature(struct wycheproof_case *wc, const json_t *expected)
{
    const struct cfr_pq_set *set = set_named(group_word(wc, "parameterSet"));
    bool is_deterministic = json_is_true(json_object_get(wc->group, "deterministic"));
    struct cfr_pq_signing how = {.is_deterministic = true};
    AUTO(buf) encoded = CFR_BUF(ENCODED_MAX_LEN);
    struct cfr_span message = acvp_message(wc, &how, &encoded);
    AUTO(keymat) *keymat = NULL;
    AUTO(pq_signer) *signer = NULL;
    AUTO(pq_signer) *verifier = NULL;
    struct cfr_span private_key = wycheproof_octets(wc, "sk");
    struct cfr_span signature;

    ck_assert_int_eq(json_integer_value(json_object_get(wc->test, "tcId")),
                     json_integer_value(json_object_get(expected, "tcId")));
    wc->test = expected;
    signature = wycheproof_octets(wc, "signature");
    ASSERT_OK(cfr_pq_import_private(set, cfr_span_of(NULL, 0), private_key, &keymat));
    ASSERT_OK(cfr_pq_signer_new(keymat, false, &how, &verifier));
    ASSERT_OK(cfr_pq_verify(verifier, message, signature));
    if (is_deterministic) {
        ASSERT_OK(cfr_pq_signer_new(keymat, true, &how, &signer));
        ASSERT_OK(cfr_pq_sign(signer, message, output));
        ASSERT_SPAN(cfr_span_of(output, set->output_len), signature);
    }
}

/* Groups of the functions that applications call; the others sign mu, or something that is encoded already. */
static bool is_external(const struct wycheproof_case *wc)
{
    return strcmp(group_word(wc, "signatureInterface"), "external") == 0;
}

static unsigned sign_group(struct wycheproof_case *wc, const json_t *expected)
{
    const json_t *tests = json_object_get(wc->group, "tests");

    for (size_t i = 0; i < json_array_size(tests); i++) {
        wc->test = json_array_get(tests, i);
        expect_signature(wc, json_array_get(json_object_get(expected, "tests"), i));
        wycheproof_forget(wc);
    }
    return (unsigned)json_array_size(tests);
}

static const char *const folders[][2] = {{"acvp/ML-DSA-sigGen-FIPS204", "acvp/ML-DSA-sigVer-FIPS204"},
                                         {"acvp/SLH-DSA-sigGen-FIPS205", "acvp/SLH-DSA-sigVer-FIPS205"}};

START_TEST(acvp_signs)
{
    struct wycheproof_case wc = {0};
    json_t *prompt = wycheproof_load(folders[_i][0], "prompt.json");
    json_t *expected = wycheproof_load(folders[_i][0], "expectedResults.json");
    const json_t *groups = json_object_get(prompt, "testGroups");
    unsigned total = 0;

    if (prompt != NULL && expected != NULL && cfr_pq_is_available(CFR_KEY_ML_DSA)) {
        for (size_t i = 0; i < json_array_size(groups); i++) {
            wc.group = json_array_get(groups, i);
            total += is_external(&wc)
                         ? sign_group(&wc, json_array_get(json_object_get(expected, "testGroups"), i))
                         : 0;
        }
        (void)printf("%-45s valid %4u\n", folders[_i][0], total);
        ck_assert_uint_gt(total, 0);
        ck_assert_uint_eq(cfr_secret_in_use(), 0);
    }
    json_decref(prompt);
    json_decref(expected);
}
END_TEST

static bool acvp_verifies(struct wycheproof_case *wc)
{
    struct cfr_pq_signing how = {0};
    AUTO(buf) encoded = CFR_BUF(ENCODED_MAX_LEN);
    struct cfr_span message = acvp_message(wc, &how, &encoded);
    AUTO(keymat) *keymat = NULL;
    AUTO(pq_signer) *verifier = NULL;

    ASSERT_OK(cfr_pq_import_public(set_named(group_word(wc, "parameterSet")), wycheproof_octets(wc, "pk"),
                                   &keymat));
    ASSERT_OK(cfr_pq_signer_new(keymat, false, &how, &verifier));
    return cfr_pq_verify(verifier, message, wycheproof_octets(wc, "signature")) == CKR_OK;
}

static void verify_group(struct wycheproof_case *wc, unsigned counts[2])
{
    const json_t *tests = json_object_get(wc->group, "tests");

    for (size_t i = 0; i < json_array_size(tests); i++) {
        bool is_good;

        wc->test = json_array_get(tests, i);
        is_good = json_is_true(json_object_get(wc->test, "testPassed"));
        ck_assert_msg(acvp_verifies(wc) == is_good, "case %d",
                      (int)json_integer_value(json_object_get(wc->test, "tcId")));
        counts[is_good]++;
        wycheproof_forget(wc);
    }
}

START_TEST(acvp_verifies_what_is_right)
{
    struct wycheproof_case wc = {0};
    json_t *file = wycheproof_load(folders[_i][1], "internalProjection.json");
    const json_t *groups = json_object_get(file, "testGroups");
    unsigned counts[2] = {0};

    if (file != NULL && cfr_pq_is_available(CFR_KEY_ML_DSA)) {
        for (size_t i = 0; i < json_array_size(groups); i++) {
            wc.group = json_array_get(groups, i);
            if (is_external(&wc)) {
                verify_group(&wc, counts);
            }
        }
        (void)printf("%-45s valid %4u  invalid %4u\n", folders[_i][1], counts[1], counts[0]);
        ck_assert(counts[0] > 0 && counts[1] > 0);
        ck_assert_uint_eq(cfr_secret_in_use(), 0);
    }
    json_decref(file);
}
END_TEST

void wycheproof_add_pq(TCase *tcase)
{
    tcase_add_loop_test(tcase, acvp_signs, 0, (int)COUNT_OF(folders));
    tcase_add_loop_test(tcase, acvp_verifies_what_is_right, 0, (int)COUNT_OF(folders));
}
