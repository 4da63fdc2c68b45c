/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"
#include "unit/crypto/fixture.h"

START_TEST(published_digests)
{
    struct vectors *vectors = vectors_open("digest");

    while (vectors_next(vectors)) {
        enum cfr_hash hash = fixture_hash(vectors_word(vectors, "hash"));
        size_t repeat = vectors_has(vectors, "repeat") ? vectors_number(vectors, "repeat") : 1;
        struct cfr_span message = vectors_octets(vectors, "msg");
        AUTO(digest) *digest = NULL;
        uint8_t out[CFR_HASH_MAX_LEN];

        ck_assert_int_ne(hash, CFR_HASH_NONE);
        ASSERT_OK(cfr_digest_new(hash, &digest));
        ck_assert_int_eq(cfr_digest_hash(digest), hash);
        ASSERT_OK(cfr_digest_start(digest));
        for (size_t i = 0; i < repeat; i++) {
            if (cfr_digest_update(digest, message) != CKR_OK) {
                ck_abort_msg("update failed");
            }
        }
        ASSERT_OK(cfr_digest_finish(digest, out));
        ASSERT_SPAN(cfr_span_of(out, cfr_hash_len(hash)), vectors_octets(vectors, "md"));
    }
    vectors_close(vectors, 55);
}
END_TEST

/* One context for all lengths; each message once whole and once in pieces. */
START_TEST(agrees_with_libcrypto)
{
    enum cfr_hash hash = (enum cfr_hash)_i;
    static uint8_t message[5000];
    AUTO(digest) *digest = NULL;
    uint8_t expected[CFR_HASH_MAX_LEN];
    uint8_t out[CFR_HASH_MAX_LEN];

    ASSERT_OK(cfr_digest_new(hash, &digest));
    harness_fill(message, sizeof(message));
    for (size_t len = 0; len <= sizeof(message); len += len < 300 ? 1 : 313) {
        struct cfr_span data = cfr_span_of(message, len);
        struct cfr_span want = fixture_digest(hash, data, expected);

        ck_assert_uint_eq(want.len, cfr_hash_len(hash));
        ASSERT_OK(cfr_digest_once(digest, data, out));
        ASSERT_SPAN(cfr_span_of(out, want.len), want);
        ASSERT_OK(cfr_digest_start(digest));
        while (data.len != 0) {
            size_t step = harness_number((uint32_t)data.len + 1);

            ASSERT_OK(cfr_digest_update(digest, cfr_span_of(data.ptr, step)));
            data = cfr_span_after(data, step);
        }
        ASSERT_OK(cfr_digest_finish(digest, out));
        ASSERT_SPAN(cfr_span_of(out, want.len), want);
    }
}
END_TEST

START_TEST(nothing_may_be_added)
{
    AUTO(digest) *digest = NULL;
    uint8_t expected[CFR_HASH_MAX_LEN];
    uint8_t out[CFR_HASH_MAX_LEN];

    ASSERT_OK(cfr_digest_new((enum cfr_hash)_i, &digest));
    ASSERT_OK(cfr_digest_once(digest, cfr_span_of(NULL, 0), out));
    ASSERT_SPAN(cfr_span_of(out, cfr_hash_len((enum cfr_hash)_i)),
                fixture_digest((enum cfr_hash)_i, cfr_span_of("", 0), expected));
}
END_TEST

START_TEST(start_forgets)
{
    AUTO(digest) *digest = NULL;
    uint8_t out[CFR_HASH_MAX_LEN];
    uint8_t expected[CFR_HASH_MAX_LEN];

    ASSERT_OK(cfr_digest_new(CFR_HASH_SHA256, &digest));
    ASSERT_OK(cfr_digest_start(digest));
    ASSERT_OK(cfr_digest_update(digest, cfr_span_text("forgotten")));
    ASSERT_OK(cfr_digest_start(digest));
    ASSERT_OK(cfr_digest_update(digest, cfr_span_text("abc")));
    ASSERT_OK(cfr_digest_finish(digest, out));
    ASSERT_SPAN(cfr_span_of(out, 32), fixture_digest(CFR_HASH_SHA256, cfr_span_text("abc"), expected));
}
END_TEST

START_TEST(copy_goes_its_own_way)
{
    enum cfr_hash hash = (enum cfr_hash)_i;
    AUTO(digest) *digest = NULL;
    AUTO(digest) *copy = NULL;
    uint8_t out[CFR_HASH_MAX_LEN];
    uint8_t expected[CFR_HASH_MAX_LEN];

    ASSERT_OK(cfr_digest_new(hash, &digest));
    ASSERT_OK(cfr_digest_start(digest));
    ASSERT_OK(cfr_digest_update(digest, cfr_span_text("ab")));
    ASSERT_OK(cfr_digest_dup(digest, &copy));
    ck_assert_int_eq(cfr_digest_hash(copy), hash);
    ASSERT_OK(cfr_digest_update(digest, cfr_span_text("X")));
    ASSERT_OK(cfr_digest_update(copy, cfr_span_text("c")));
    ASSERT_OK(cfr_digest_finish(digest, out));
    ASSERT_SPAN(cfr_span_of(out, cfr_hash_len(hash)), fixture_digest(hash, cfr_span_text("abX"), expected));
    cfr_digest_drop(digest);
    digest = NULL;
    ASSERT_OK(cfr_digest_finish(copy, out));
    ASSERT_SPAN(cfr_span_of(out, cfr_hash_len(hash)), fixture_digest(hash, cfr_span_text("abc"), expected));
}
END_TEST

START_TEST(copy_of_what_is_not_started)
{
    AUTO(digest) *digest = NULL;
    AUTO(digest) *copy = NULL;
    uint8_t out[CFR_HASH_MAX_LEN];
    uint8_t expected[CFR_HASH_MAX_LEN];

    ASSERT_OK(cfr_digest_new(CFR_HASH_SHA3_256, &digest));
    ASSERT_OK(cfr_digest_dup(digest, &copy));
    ASSERT_OK(cfr_digest_once(copy, cfr_span_text("abc"), out));
    ASSERT_SPAN(cfr_span_of(out, 32), fixture_digest(CFR_HASH_SHA3_256, cfr_span_text("abc"), expected));
}
END_TEST

START_TEST(end_without_beginning_is_an_error)
{
    AUTO(digest) *digest = NULL;
    uint8_t out[CFR_HASH_MAX_LEN];

    ASSERT_OK(cfr_digest_new(CFR_HASH_SHA256, &digest));
    ASSERT_RV(cfr_digest_finish(digest, out), CKR_GENERAL_ERROR);
    cfr_digest_drop(NULL);
}
END_TEST

static void digest_much(unsigned index, void *arg)
{
    enum cfr_hash hash = (enum cfr_hash)(CFR_HASH_SHA1 + index % (CFR_HASH_COUNT - 1));
    uint8_t expected[CFR_HASH_MAX_LEN];
    uint8_t out[CFR_HASH_MAX_LEN];

    (void)arg;
    for (unsigned i = 0; i < 200; i++) {
        AUTO(digest) *digest = NULL;
        struct cfr_span data = cfr_span_of(&i, sizeof(i));

        ASSERT_OK(cfr_digest_new(hash, &digest));
        ASSERT_OK(cfr_digest_once(digest, data, out));
        ASSERT_SPAN(cfr_span_of(out, cfr_hash_len(hash)), fixture_digest(hash, data, expected));
    }
}

START_TEST(threads_have_contexts_of_their_own)
{
    harness_threads(8, digest_much, NULL);
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(digest) *digest = NULL;
    AUTO(digest) *copy = NULL;
    uint8_t out[CFR_HASH_MAX_LEN];
    uint8_t expected[CFR_HASH_MAX_LEN];

    (void)arg;
    TRY(cfr_digest_new(CFR_HASH_SHA256, &digest));
    TRY(cfr_digest_start(digest));
    TRY(cfr_digest_update(digest, cfr_span_text("abc")));
    TRY(cfr_digest_dup(digest, &copy));
    TRY(cfr_digest_finish(digest, out));
    TRY(cfr_digest_finish(copy, out));
    ASSERT_SPAN(cfr_span_of(out, 32), fixture_digest(CFR_HASH_SHA256, cfr_span_text("abc"), expected));
    return CKR_OK;
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, NULL, 2, 7);
}
END_TEST

static Suite *suite(void)
{
    Suite *digest = suite_create("digest");
    TCase *tcase = tcase_create("digest");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, published_digests);
    tcase_add_loop_test(tcase, agrees_with_libcrypto, CFR_HASH_SHA1, CFR_HASH_COUNT);
    tcase_add_loop_test(tcase, nothing_may_be_added, CFR_HASH_SHA1, CFR_HASH_COUNT);
    tcase_add_test(tcase, start_forgets);
    tcase_add_loop_test(tcase, copy_goes_its_own_way, CFR_HASH_SHA1, CFR_HASH_COUNT);
    tcase_add_test(tcase, copy_of_what_is_not_started);
    tcase_add_test(tcase, end_without_beginning_is_an_error);
    tcase_add_test(tcase, threads_have_contexts_of_their_own);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(digest, tcase);
    return digest;
}

TEST_MAIN(suite)
