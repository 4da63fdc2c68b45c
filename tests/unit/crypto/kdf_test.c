/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"
#include "unit/crypto/fixture.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

enum { HKDF_MAX_LEN = 255 * 32 };

typedef CK_RV (*after_agreement_fn)(enum cfr_hash hash, struct cfr_span shared, struct cfr_span info,
                                    size_t len, struct cfr_secret **ret_key);

START_TEST(published_hkdf)
{
    struct vectors *vectors = vectors_open("hkdf_rfc5869");

    while (vectors_next(vectors)) {
        struct cfr_span want = vectors_octets(vectors, "okm");
        AUTO(secret) *key = NULL;

        ASSERT_OK(cfr_kdf_hkdf_sha256(vectors_octets(vectors, "ikm"), vectors_octets(vectors, "salt"),
                                      vectors_octets(vectors, "info"), want.len, &key));
        ASSERT_SPAN(cfr_secret_view(key), want);
    }
    vectors_close(vectors, 3);
}
END_TEST

/* With the seed in one piece, and cut into as many as are taken. */
static void check_tls(struct vectors *vectors, struct cfr_tls_prf prf)
{
    struct cfr_span want = vectors_octets(vectors, "out");
    AUTO(secret) *key = NULL;
    AUTO(secret) *cut = NULL;

    ASSERT_OK(cfr_kdf_tls(&prf, want.len, &key));
    ASSERT_SPAN(cfr_secret_view(key), want);
    prf.seeds[4] = cfr_span_after(prf.seeds[2], 5);
    prf.seeds[3] = cfr_span_of(prf.seeds[2].ptr, prf.seeds[2].len < 5 ? prf.seeds[2].len : 5);
    prf.seeds[2] = cfr_span_of(NULL, 0);
    ASSERT_OK(cfr_kdf_tls(&prf, want.len, &cut));
    ASSERT_SPAN(cfr_secret_view(cut), want);
}

START_TEST(published_tls)
{
    struct vectors *vectors = vectors_open("tls_prf");

    ck_assert(cfr_kdf_has_tls());
    while (vectors_next(vectors)) {
        const char *hash = vectors_word(vectors, "hash");
        char kind = vectors_word(vectors, "kind")[0];
        struct cfr_tls_prf prf = {.secret = vectors_octets(vectors, "secret")};

        prf.hash = strcmp(hash, "TLS10") == 0 ? CFR_HASH_NONE : fixture_hash(hash);
        prf.seeds[0] = cfr_span_text(kind == 'e'   ? "extended master secret"
                                     : kind == 'b' ? "key expansion"
                                                   : "master secret");
        if (kind == 'e') {
            prf.seeds[2] = vectors_octets(vectors, "session");
        } else {
            prf.seeds[1] = vectors_octets(vectors, kind == 'b' ? "server" : "client");
            prf.seeds[2] = vectors_octets(vectors, kind == 'b' ? "client" : "server");
        }
        check_tls(vectors, prf);
    }
    vectors_close(vectors, 14);
}
END_TEST

/* The longest seed that every libcrypto takes. */
START_TEST(tls_seeds_have_a_ceiling)
{
    uint8_t octets[CFR_TLS_SEED_MAX_LEN] = {0};
    struct cfr_tls_prf prf = {.hash = CFR_HASH_SHA256, .secret = cfr_span_of(octets, 48)};
    AUTO(secret) *key = NULL;

    harness_fill(octets, sizeof(octets));
    prf.seeds[0] = cfr_span_of(octets, sizeof(octets));
    ASSERT_OK(cfr_kdf_tls(&prf, 1, &key));
    ck_assert_uint_eq(cfr_secret_view(key).len, 1);
}
END_TEST

static void check_agreement_file(const char *name, after_agreement_fn derive, size_t cases)
{
    struct vectors *vectors = vectors_open(name);

    while (vectors_next(vectors)) {
        struct cfr_span want = vectors_octets(vectors, "key");
        AUTO(secret) *key = NULL;

        ASSERT_OK(derive(fixture_hash(vectors_word(vectors, "hash")), vectors_octets(vectors, "shared"),
                         vectors_octets(vectors, "info"), want.len, &key));
        ASSERT_SPAN(cfr_secret_view(key), want);
    }
    vectors_close(vectors, cases);
}

START_TEST(published_x963_and_one_step)
{
    check_agreement_file("kdf_x963", cfr_kdf_x963, 4);
    check_agreement_file("kdf_one_step", cfr_kdf_one_step, 5);
}
END_TEST

/*
 * Both functions by their definition, in the default context: hash(shared || counter || info) for X9.63 and
 * hash(counter || shared || info) for SP 800-56C, counted from 1.
 */
static void derive_by_definition(enum cfr_hash hash, bool counter_first, struct cfr_span shared,
                                 struct cfr_span info, uint8_t *out, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t block[CFR_HASH_MAX_LEN];
    size_t at = 0;

    for (uint32_t counter = 1; at < len; counter++) {
        size_t step = cfr_hash_len(hash) < len - at ? cfr_hash_len(hash) : len - at;
        uint8_t octets[4];

        cfr_store_be32(octets, counter);
        ck_assert_int_eq(EVP_DigestInit_ex(ctx, fixture_md(hash), NULL), 1);
        ck_assert_int_eq(EVP_DigestUpdate(ctx, octets, counter_first ? 4 : 0), 1);
        ck_assert_int_eq(EVP_DigestUpdate(ctx, shared.ptr, shared.len), 1);
        ck_assert_int_eq(EVP_DigestUpdate(ctx, octets, counter_first ? 0 : 4), 1);
        ck_assert_int_eq(EVP_DigestUpdate(ctx, info.ptr, info.len), 1);
        ck_assert_int_eq(EVP_DigestFinal_ex(ctx, block, NULL), 1);
        cfr_copy(out + at, block, step);
        at += step;
    }
    EVP_MD_CTX_free(ctx);
}

START_TEST(x963_and_one_step_agree_with_their_definition)
{
    enum cfr_hash hash = (enum cfr_hash)_i;
    uint8_t octets[300];
    uint8_t want[400];

    for (int round = 0; round < 150; round++) {
        struct cfr_span shared = cfr_span_of(octets, 1 + harness_number(150));
        struct cfr_span info = cfr_span_of(octets + 150, harness_number(150));
        size_t len = 1 + harness_number(sizeof(want));
        AUTO(secret) *x963 = NULL;
        AUTO(secret) *one_step = NULL;

        harness_fill(octets, sizeof(octets));
        ASSERT_OK(cfr_kdf_x963(hash, shared, info, len, &x963));
        derive_by_definition(hash, false, shared, info, want, len);
        ASSERT_SPAN(cfr_secret_view(x963), cfr_span_of(want, len));
        ASSERT_OK(cfr_kdf_one_step(hash, shared, info, len, &one_step));
        derive_by_definition(hash, true, shared, info, want, len);
        ASSERT_SPAN(cfr_secret_view(one_step), cfr_span_of(want, len));
    }
}
END_TEST

/* HKDF in the default context, by its legacy interface. */
static void hkdf_direct(struct cfr_span key, struct cfr_span salt, struct cfr_span info, uint8_t *out,
                        size_t len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);

    ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_hkdf_md(ctx, EVP_sha256()), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set1_hkdf_salt(ctx, salt.ptr, (int)salt.len), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set1_hkdf_key(ctx, key.ptr, (int)key.len), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_add1_hkdf_info(ctx, info.ptr, (int)info.len), 1);
    ck_assert_int_eq(EVP_PKEY_derive(ctx, out, &len), 1);
    EVP_PKEY_CTX_free(ctx);
}

START_TEST(hkdf_agrees_with_libcrypto)
{
    uint8_t octets[600];
    uint8_t want[500];

    for (int round = 0; round < 200; round++) {
        struct cfr_span key = cfr_span_of(octets, 1 + harness_number(200));
        struct cfr_span salt = cfr_span_of(octets + 200, harness_number(200));
        struct cfr_span info = cfr_span_of(octets + 400, harness_number(200));
        size_t len = 1 + harness_number(sizeof(want));
        AUTO(secret) *derived = NULL;

        harness_fill(octets, sizeof(octets));
        hkdf_direct(key, salt, info, want, len);
        ASSERT_OK(cfr_kdf_hkdf_sha256(key, salt, info, len, &derived));
        ASSERT_SPAN(cfr_secret_view(derived), cfr_span_of(want, len));
    }
}
END_TEST

START_TEST(hkdf_lengths)
{
    struct cfr_span key = cfr_span_text("input key material");
    struct cfr_span none = {NULL, 0};
    AUTO(secret) *longest = NULL;
    AUTO(secret) *shorter = NULL;
    struct cfr_secret *refused = NULL;

    ASSERT_OK(cfr_kdf_hkdf_sha256(key, none, none, HKDF_MAX_LEN, &longest));
    ASSERT_OK(cfr_kdf_hkdf_sha256(key, none, none, HKDF_MAX_LEN - 1, &shorter));
    ck_assert_uint_eq(cfr_secret_view(longest).len, HKDF_MAX_LEN);
    ASSERT_SPAN(cfr_span_of(cfr_secret_view(longest).ptr, HKDF_MAX_LEN - 1), cfr_secret_view(shorter));
    ASSERT_RV(cfr_kdf_hkdf_sha256(key, none, none, HKDF_MAX_LEN + 1, &refused), CKR_GENERAL_ERROR);
    ck_assert_ptr_null(refused);
}
END_TEST

START_TEST(hkdf_of_empty_inputs)
{
    /* RFC 5869 allows all three to be empty: HMAC(0^32, "") is extracted. */
    static const uint8_t want[] = {0xeb, 0x70, 0xf0, 0x1d, 0xed, 0xe9, 0xaf, 0xaf,
                                   0xa4, 0x49, 0xee, 0xe1, 0xb1, 0x28, 0x65, 0x04};
    struct cfr_span none = {NULL, 0};
    AUTO(secret) *derived = NULL;

    ASSERT_OK(cfr_kdf_hkdf_sha256(none, none, none, sizeof(want), &derived));
    ASSERT_SPAN(cfr_secret_view(derived), cfr_span_of(want, sizeof(want)));
}
END_TEST

START_TEST(absurd_lengths_are_refused)
{
    struct cfr_span shared = cfr_span_text("shared secret");
    struct cfr_span none = {NULL, 0};
    struct cfr_secret *refused = NULL;

    ck_assert_uint_ne(cfr_kdf_x963(CFR_HASH_SHA256, shared, none, 0, &refused), CKR_OK);
    ck_assert_uint_ne(cfr_kdf_one_step(CFR_HASH_SHA256, shared, none, 0, &refused), CKR_OK);
    ck_assert_uint_ne(cfr_kdf_hkdf_sha256(shared, none, none, 0, &refused), CKR_OK);
    ck_assert_uint_ne(cfr_kdf_x963(CFR_HASH_SHA256, shared, none, SIZE_MAX, &refused), CKR_OK);
    ck_assert_uint_ne(cfr_kdf_one_step(CFR_HASH_SHA256, shared, none, SIZE_MAX / 2, &refused), CKR_OK);
    ck_assert_uint_ne(cfr_kdf_hkdf_sha256(shared, none, none, SIZE_MAX - 8, &refused), CKR_OK);
    ck_assert_ptr_null(refused);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

static CK_RV attempt_hkdf(void *arg)
{
    struct cfr_span text = cfr_span_text("text");
    AUTO(secret) *key = NULL;
    CK_RV rv = cfr_kdf_hkdf_sha256(text, text, text, 40, &key);

    (void)arg;
    ck_assert_int_eq(rv == CKR_OK, key != NULL);
    return rv;
}

static CK_RV attempt_agreements(void *arg)
{
    struct cfr_span text = cfr_span_text("text");
    AUTO(secret) *x963 = NULL;
    AUTO(secret) *one_step = NULL;

    (void)arg;
    TRY(cfr_kdf_x963(CFR_HASH_SHA256, text, text, 40, &x963));
    TRY(cfr_kdf_one_step(CFR_HASH_SHA256, text, text, 40, &one_step));
    return CKR_OK;
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt_hkdf, NULL, 1, 2);
    nth_failure_both(attempt_agreements, NULL, 2, 4);
}
END_TEST

static Suite *suite(void)
{
    Suite *kdf = suite_create("kdf");
    TCase *tcase = tcase_create("kdf");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, published_hkdf);
    tcase_add_test(tcase, published_tls);
    tcase_add_test(tcase, tls_seeds_have_a_ceiling);
    tcase_add_test(tcase, published_x963_and_one_step);
    tcase_add_loop_test(tcase, x963_and_one_step_agree_with_their_definition, CFR_HASH_SHA1, CFR_HASH_COUNT);
    tcase_add_test(tcase, hkdf_agrees_with_libcrypto);
    tcase_add_test(tcase, hkdf_lengths);
    tcase_add_test(tcase, hkdf_of_empty_inputs);
    tcase_add_test(tcase, absurd_lengths_are_refused);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(kdf, tcase);
    return kdf;
}

TEST_MAIN(suite)
