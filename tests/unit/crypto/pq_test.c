/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post-quantum keys, signatures and encapsulation. With a libcrypto before 3.5 the program says so, and what is
 * tested is that nothing is found.
 */
#include "crypto/digest.h"
#include "crypto/pkcs8.h"
#include "crypto/pq.h"
#include "unit/crypto/fixture.h"

#include <openssl/x509.h>
#include <string.h>

enum { FAMILY_COUNT = 3, OUTPUT_MAX_LEN = 49856 };

static const enum cfr_key_family families[FAMILY_COUNT] = {CFR_KEY_ML_KEM, CFR_KEY_ML_DSA, CFR_KEY_SLH_DSA};
static uint8_t output[OUTPUT_MAX_LEN];

static bool is_there(void)
{
    return cfr_pq_is_available(CFR_KEY_ML_KEM);
}

static const struct cfr_pq_set *set_named(const char *name)
{
    for (size_t i = 0; i < CFR_PQ_SET_COUNT; i++) {
        if (strcmp(cfr_pq_set_row(i)->name, name) == 0) {
            return cfr_pq_set_row(i);
        }
    }
    ck_abort_msg("no set %s", name);
}

/* A third of a second for a signature, and the same code as the sets whose names end in f. */
static bool is_slow(const struct cfr_pq_set *set)
{
    return set->family == CFR_KEY_SLH_DSA && set->name[strlen(set->name) - 1] == 's';
}

/* A key of libcrypto's default context, for comparison. */
static EVP_PKEY *direct_key(const struct cfr_keymat *keymat)
{
    AUTO(secret) *spki = NULL;
    const uint8_t *at;
    EVP_PKEY *direct;

    ASSERT_OK(cfr_keymat_spki(keymat, &spki));
    at = cfr_secret_view(spki).ptr;
    direct = d2i_PUBKEY(NULL, &at, (long)cfr_secret_view(spki).len);
    ck_assert_ptr_nonnull(direct);
    return direct;
}

START_TEST(a_libcrypto_without_them_has_none)
{
    const struct cfr_pq_set *set = NULL;
    int available = 0;

    for (int i = 0; i < FAMILY_COUNT; i++) {
        available += cfr_pq_is_available(families[i]);
        ASSERT_RV(cfr_pq_find(families[i], 0, &set), CKR_PARAMETER_SET_NOT_SUPPORTED);
        ASSERT_RV(cfr_pq_find(families[i], 13, &set), CKR_PARAMETER_SET_NOT_SUPPORTED);
        if (!is_there()) {
            ASSERT_RV(cfr_pq_find(families[i], 1, &set), CKR_PARAMETER_SET_NOT_SUPPORTED);
        }
    }
    ck_assert_int_eq(available, is_there() ? FAMILY_COUNT : 0);
    if (!is_there()) {
        printf("pq: NOT TESTED: %s has no post-quantum algorithms\n", cfr_ossl_version_text());
    }
}
END_TEST

/* --- Published vectors --- */

static void check_keygen(struct vectors *vectors, const struct cfr_pq_set *set)
{
    struct cfr_span seed =
        vectors_has(vectors, "seed") ? vectors_octets(vectors, "seed") : cfr_span_of(NULL, 0);
    struct cfr_span value = vectors_octets(vectors, "private");
    AUTO(keymat) *from_value = NULL;
    AUTO(keymat) *from_seed = NULL;
    AUTO(keymat) *from_both = NULL;
    AUTO(secret) *made = NULL;

    ASSERT_OK(cfr_pq_import_private(set, cfr_span_of(NULL, 0), value, &from_value));
    ASSERT_OK(cfr_pq_public(from_value, &made));
    ASSERT_SPAN(cfr_secret_view(made), vectors_octets(vectors, "public"));
    cfr_secret_drop(MOVE(made));
    ASSERT_RV(cfr_pq_seed(from_value, &made), CKR_ATTRIBUTE_TYPE_INVALID);
    if (seed.len == 0) {
        return;
    }
    ASSERT_OK(cfr_pq_import_private(set, seed, cfr_span_of(NULL, 0), &from_seed));
    ASSERT_OK(cfr_pq_private(from_seed, &made));
    ASSERT_SPAN(cfr_secret_view(made), value);
    cfr_secret_drop(MOVE(made));
    ASSERT_OK(cfr_pq_import_private(set, seed, value, &from_both));
    ASSERT_OK(cfr_pq_public(from_both, &made));
    ASSERT_SPAN(cfr_secret_view(made), vectors_octets(vectors, "public"));
}

static void check_signature(struct vectors *vectors, struct cfr_span signature)
{
    AUTO(digest) *digest = NULL;
    uint8_t hash[CFR_HASH_MAX_LEN];

    if (vectors_has(vectors, "sig")) {
        ASSERT_SPAN(signature, vectors_octets(vectors, "sig"));
        return;
    }
    ASSERT_OK(cfr_digest_new(CFR_HASH_SHA256, &digest));
    ASSERT_OK(cfr_digest_once(digest, signature, hash));
    ASSERT_SPAN(cfr_span_of(hash, 32), vectors_octets(vectors, "sig_sha256"));
}

static void check_sign(struct vectors *vectors, const struct cfr_pq_set *set)
{
    struct cfr_pq_signing how = {.context = vectors_octets(vectors, "context"), .is_deterministic = true};
    struct cfr_span message = vectors_octets(vectors, "msg");
    struct cfr_span signature = cfr_span_of(output, set->output_len);
    AUTO(keymat) *keymat = NULL;
    AUTO(pq_signer) *signer = NULL;
    AUTO(pq_signer) *verifier = NULL;

    ASSERT_OK(cfr_pq_import_private(set, cfr_span_of(NULL, 0), vectors_octets(vectors, "private"), &keymat));
    ASSERT_OK(cfr_pq_signer_new(keymat, true, &how, &signer));
    ASSERT_OK(cfr_pq_signer_new(keymat, false, &how, &verifier));
    ASSERT_OK(cfr_pq_sign(signer, message, output));
    check_signature(vectors, signature);
    ASSERT_OK(cfr_pq_verify(verifier, message, signature));
    output[set->output_len / 2] ^= 1;
    ASSERT_RV(cfr_pq_verify(verifier, message, signature), CKR_SIGNATURE_INVALID);
    ASSERT_RV(cfr_pq_verify(verifier, message, cfr_span_of(output, set->output_len - 1U)),
              CKR_SIGNATURE_LEN_RANGE);
    output[set->output_len / 2] ^= 1;
    ASSERT_OK(cfr_pq_verify(verifier, message, signature));
}

static void check_decap(struct vectors *vectors, const struct cfr_pq_set *set)
{
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *shared = NULL;

    ASSERT_OK(cfr_pq_import_private(set, cfr_span_of(NULL, 0), vectors_octets(vectors, "private"), &keymat));
    ASSERT_OK(cfr_pq_decapsulate(keymat, vectors_octets(vectors, "ciphertext"), &shared));
    ASSERT_SPAN(cfr_secret_view(shared), vectors_octets(vectors, "shared"));
}

static const struct {
    const char *file;
    size_t count;
} files[] = {{"mldsa", 6}, {"mlkem", 12}, {"slhdsa", 18}};

START_TEST(published_vectors)
{
    struct vectors *vectors = vectors_open(files[_i].file);

    while (vectors_next(vectors)) {
        const struct cfr_pq_set *set = set_named(vectors_word(vectors, "set"));
        const char *kind = vectors_word(vectors, "kind");

        if (!is_there()) {
            continue;
        }
        if (strcmp(kind, "keygen") == 0) {
            check_keygen(vectors, set);
        } else if (strcmp(kind, "sign") == 0) {
            check_sign(vectors, set);
        } else {
            ck_assert_str_eq(kind, "decap");
            check_decap(vectors, set);
        }
    }
    vectors_close(vectors, files[_i].count);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

/* --- Against libcrypto's default context --- */

static void expect_direct_verifies(EVP_PKEY *direct, struct cfr_span message, struct cfr_span context,
                                   int encoding, struct cfr_span signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    OSSL_PARAM params[3] = {
        OSSL_PARAM_construct_int("message-encoding", &encoding),
        OSSL_PARAM_construct_octet_string("context-string", (void *)(uintptr_t)context.ptr, context.len),
        OSSL_PARAM_construct_end()};

    ck_assert_int_eq(EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, direct, params), 1);
    ck_assert_int_eq(EVP_DigestVerify(ctx, signature.ptr, signature.len, message.ptr, message.len), 1);
    EVP_MD_CTX_free(ctx);
}

/* FIPS 204, 5.4.1, and FIPS 205, 10.2.2, written down by hand: 1, length, context, identifier of SHA-256, digest. */
static void check_prehash(struct cfr_keymat *pair, EVP_PKEY *direct)
{
    uint8_t by_hand[2 + 3 + 11 + 32] = {1,    3,    'c',  't',  'x',  0x06, 0x09, 0x60,
                                        0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
    const struct cfr_pq_signing how = {.is_encoded = true};
    struct cfr_span digest = cfr_span_of(by_hand + 16, 32);
    AUTO(buf) encoded = CFR_BUF(512);
    AUTO(pq_signer) *signer = NULL;

    memset(by_hand + 16, 7, 32);
    ASSERT_OK(cfr_pq_encode_digest(CFR_HASH_SHA256, digest, cfr_span_text("ctx"), &encoded));
    ASSERT_SPAN(cfr_buf_view(&encoded), cfr_span_of(by_hand, sizeof(by_hand)));
    ASSERT_OK(cfr_pq_signer_new(pair, true, &how, &signer));
    ASSERT_OK(cfr_pq_sign(signer, cfr_buf_view(&encoded), output));
    expect_direct_verifies(direct, cfr_span_of(by_hand, sizeof(by_hand)), cfr_span_text("x"), 0,
                           cfr_span_of(output, cfr_pq_set_of(pair)->output_len));
}

static void check_signing(struct cfr_keymat *pair, EVP_PKEY *direct)
{
    const struct cfr_pq_signing how = {.context = cfr_span_text("ctx")};
    struct cfr_span signature = cfr_span_of(output, cfr_pq_set_of(pair)->output_len);
    AUTO(pq_signer) *signer = NULL;
    AUTO(pq_signer) *verifier = NULL;

    ASSERT_OK(cfr_pq_signer_new(pair, true, &how, &signer));
    ASSERT_OK(cfr_pq_signer_new(pair, false, &how, &verifier));
    for (int i = 0; i < (is_slow(cfr_pq_set_of(pair)) ? 1 : 2); i++) {
        ASSERT_OK(cfr_pq_sign(signer, cfr_span_text("message"), output));
        expect_direct_verifies(direct, cfr_span_text("message"), how.context, 1, signature);
        ASSERT_OK(cfr_pq_verify(verifier, cfr_span_text("message"), signature));
        ASSERT_RV(cfr_pq_verify(verifier, cfr_span_text("Message"), signature), CKR_SIGNATURE_INVALID);
    }
    if (!is_slow(cfr_pq_set_of(pair))) {
        check_prehash(pair, direct);
    }
}

static void check_kem(struct cfr_keymat *pair)
{
    size_t len = cfr_pq_set_of(pair)->output_len;
    AUTO(secret) *sent = NULL;
    AUTO(secret) *got = NULL;
    AUTO(secret) *other = NULL;

    ASSERT_OK(cfr_pq_encapsulate(pair, output, &sent));
    ASSERT_OK(cfr_pq_decapsulate(pair, cfr_span_of(output, len), &got));
    ASSERT_SPAN(cfr_secret_view(sent), cfr_secret_view(got));
    ASSERT_RV(cfr_pq_decapsulate(pair, cfr_span_of(output, len - 1), &other), CKR_WRAPPED_KEY_LEN_RANGE);
    output[0] ^= 1;
    ASSERT_OK(cfr_pq_decapsulate(pair, cfr_span_of(output, len), &other));
    ck_assert(!cfr_span_equal(cfr_secret_view(sent), cfr_secret_view(other)));
}

/* What is wrapped reads back, and libcrypto reads it too. */
static void check_pkcs8(struct cfr_keymat *pair)
{
    AUTO(secret) *text = NULL;
    AUTO(keymat) *back = NULL;
    struct cfr_secret *values[2] = {NULL};
    const uint8_t *at;
    EVP_PKEY *direct;

    ASSERT_OK(cfr_pkcs8_encode(pair, &text));
    ASSERT_OK(cfr_pkcs8_decode(cfr_secret_view(text), &back));
    ASSERT_OK(cfr_pq_private(pair, &values[0]));
    ASSERT_OK(cfr_pq_private(back, &values[1]));
    ASSERT_SPAN(cfr_secret_view(values[0]), cfr_secret_view(values[1]));
    at = cfr_secret_view(text).ptr;
    direct = d2i_AutoPrivateKey(NULL, &at, (long)cfr_secret_view(text).len);
    ck_assert_ptr_nonnull(direct);
    ck_assert(fixture_is_same_key(direct, pair));
    EVP_PKEY_free(direct);
    cfr_secret_drop(values[0]);
    cfr_secret_drop(values[1]);
}

START_TEST(every_set_works_with_libcrypto)
{
    const struct cfr_pq_set *set = cfr_pq_set_row((size_t)_i);
    AUTO(keymat) *pair = NULL;
    AUTO(keymat) *public_key = NULL;
    AUTO(secret) *value = NULL;
    EVP_PKEY *direct;

    if (!is_there()) {
        return;
    }
    ASSERT_OK(cfr_pq_generate(set, &pair));
    ck_assert_uint_eq(cfr_keymat_bits(pair), 8U * set->public_len);
    ASSERT_OK(cfr_pq_public(pair, &value));
    ASSERT_OK(cfr_pq_import_public(set, cfr_secret_view(value), &public_key));
    direct = direct_key(public_key);
    ck_assert(EVP_PKEY_is_a(direct, set->name));
    ck_assert(fixture_is_same_key(direct, pair));
    check_pkcs8(pair);
    if (set->family == CFR_KEY_ML_KEM) {
        check_kem(pair);
    } else {
        check_signing(pair, direct);
    }
    EVP_PKEY_free(direct);
}
END_TEST

/* --- What is no key --- */

START_TEST(bad_keys_are_refused)
{
    const struct cfr_pq_set *set = cfr_pq_set_row((size_t)_i);
    struct cfr_span none = cfr_span_of(NULL, 0);
    static uint8_t octets[8192];
    AUTO(keymat) *keymat = NULL;
    AUTO(keymat) *pair = NULL;
    AUTO(secret) *value = NULL;
    AUTO(secret) *seed = NULL;

    if (!is_there()) {
        return;
    }
    ASSERT_RV(cfr_pq_import_private(set, none, none, &keymat), CKR_TEMPLATE_INCOMPLETE);
    for (size_t len = 0; len < sizeof(octets); len += 1 + len / 3) {
        if (len != set->public_len) {
            ASSERT_RV(cfr_pq_import_public(set, cfr_span_of(octets, len), &keymat),
                      CKR_ATTRIBUTE_VALUE_INVALID);
        }
        if (len != 0 && len != set->private_len) {
            ASSERT_RV(cfr_pq_import_private(set, none, cfr_span_of(octets, len), &keymat),
                      CKR_ATTRIBUTE_VALUE_INVALID);
        }
        if (len != 0 && len != set->seed_len) {
            ASSERT_RV(cfr_pq_import_private(set, cfr_span_of(octets, len), none, &keymat),
                      CKR_ATTRIBUTE_VALUE_INVALID);
        }
    }
    if (set->seed_len == 0) {
        return;
    }
    ASSERT_OK(cfr_pq_generate(set, &pair));
    ASSERT_OK(cfr_pq_private(pair, &value));
    ASSERT_OK(cfr_pq_seed(pair, &seed));
    cfr_secret_edit(seed)[0] ^= 1;
    ASSERT_RV(cfr_pq_import_private(set, cfr_secret_view(seed), cfr_secret_view(value), &keymat),
              CKR_ATTRIBUTE_VALUE_INVALID);
}
END_TEST

/* A private key out of its seed and back to octets: no failure may pass for a key without a seed. */
static CK_RV attempt_seed(void *arg)
{
    static const uint8_t octets[32] = {1, 2, 3};
    struct cfr_span given = cfr_span_of(octets, sizeof(octets));
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *value = NULL;
    AUTO(secret) *seed = NULL;
    AUTO(secret) *text = NULL;

    (void)arg;
    TRY(cfr_pq_import_private(set_named("ML-DSA-44"), given, cfr_span_of(NULL, 0), &keymat));
    TRY(cfr_pq_private(keymat, &value));
    TRY(cfr_pq_seed(keymat, &seed));
    ASSERT_SPAN(cfr_secret_view(seed), given);
    TRY(cfr_pkcs8_encode(keymat, &text));
    ck_assert_uint_gt(cfr_secret_view(text).len, cfr_secret_view(value).len + sizeof(octets));
    return CKR_OK;
}

START_TEST(failures_are_no_answers)
{
    if (is_there()) {
        nth_failure_both(attempt_seed, NULL, 5, 5);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pq");
    TCase *tcase = tcase_create("pq");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_libcrypto_without_them_has_none);
    tcase_add_loop_test(tcase, published_vectors, 0, (int)COUNT_OF(files));
    tcase_add_loop_test(tcase, every_set_works_with_libcrypto, 0, CFR_PQ_SET_COUNT);
    tcase_add_loop_test(tcase, bad_keys_are_refused, 0, CFR_PQ_SET_COUNT);
    tcase_add_test(tcase, failures_are_no_answers);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
