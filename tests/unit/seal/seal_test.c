/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed records: whatever is changed, cut, moved or put under another key is found out. */
#include "crypto/ossl.h"
#include "token-store/tagger.h"
#include "unit/seal/fixture.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { SEALED_MAX_LEN = 1 << 17, OVERHEAD = 1 + 24 + 16 };

static const uint8_t uuid[CFR_STORE_UUID_LEN] = "sixteen octets.";
static const uint8_t other_uuid[CFR_STORE_UUID_LEN] = "another sixteen";

static struct cfr_sealer *new_sealer(uint8_t first, const uint8_t *store)
{
    AUTO(secret) *key = NULL;
    struct cfr_sealer *sealer = NULL;
    uint8_t octets[32] = {first, 2, 3};

    ASSERT_OK(cfr_secret_from(cfr_span_of(octets, sizeof(octets)), &key));
    ASSERT_OK(cfr_sealer_new(key, store, &sealer));
    return sealer;
}

static struct cfr_sealer *sealer;
static struct cfr_buf sealed;

static void up(void)
{
    ASSERT_OK(cfr_ossl_up());
    sealer = new_sealer(1, uuid);
    sealed = CFR_BUF(SEALED_MAX_LEN);
}

static void down(void)
{
    cfr_sealer_drop(sealer);
    cfr_buf_clear(&sealed);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}

static const struct cfr_seal_header first_header = {.epoch = 3, .revision = 300};

static void seal_text(const char *key, const char *text)
{
    ASSERT_OK(cfr_seal(sealer, cfr_span_text(key), &first_header, cfr_span_text(text), &sealed));
}

/* Unsealing from the heap and of the exact length, so that AddressSanitizer sees every octet too many. */
static CK_RV unseal(struct cfr_sealer *with, struct cfr_span key, struct cfr_span record)
{
    uint8_t *copy = malloc(record.len + (record.len == 0));
    struct cfr_seal_header header = {.epoch = 77, .revision = 77};
    AUTO(secret) *text = NULL;
    CK_RV rv;

    cfr_copy(copy, record.ptr, record.len);
    rv = cfr_unseal(with, key, cfr_span_of(copy, record.len), &header, &text);
    free(copy);
    ck_assert_int_eq(rv == CKR_OK, text != NULL);
    ck_assert(rv == CKR_OK || (header.epoch == 77 && header.revision == 77));
    return rv;
}

START_TEST(what_is_sealed_comes_back)
{
    static const size_t lens[] = {0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 1000, 65536};
    static const struct {
        struct cfr_seal_header header;
        size_t len; /* octets of both varints */
    } headers[] = {{{0, 0}, 2}, {{1, 127}, 2}, {{128, 1}, 3}, {{UINT32_MAX, UINT32_MAX}, 10}};
    static uint8_t octets[65536];

    harness_fill(octets, sizeof(octets));
    for (size_t i = 0; i < COUNT_OF(lens) * COUNT_OF(headers); i++) {
        size_t len = lens[i % COUNT_OF(lens)];
        const struct cfr_seal_header *header = &headers[i / COUNT_OF(lens)].header;
        AUTO(buf) record = CFR_BUF(SEALED_MAX_LEN);
        AUTO(secret) *text = NULL;
        struct cfr_seal_header got;
        struct cfr_seal_header peeked;

        ASSERT_OK(cfr_seal(sealer, cfr_span_text("key"), header, cfr_span_of(octets, len), &record));
        ck_assert_uint_eq(record.len, len + headers[i / COUNT_OF(lens)].len + OVERHEAD);
        ck_assert_uint_eq(record.ptr[0], 1);
        ASSERT_OK(cfr_unseal(sealer, cfr_span_text("key"), cfr_buf_view(&record), &got, &text));
        ASSERT_OK(cfr_seal_peek(cfr_buf_view(&record), &peeked));
        ASSERT_SPAN(cfr_secret_view(text), cfr_span_of(octets, len));
        ck_assert(got.epoch == header->epoch && got.revision == header->revision);
        ck_assert(peeked.epoch == header->epoch && peeked.revision == header->revision);
    }
}
END_TEST

START_TEST(every_bit_counts)
{
    seal_text("O....12345678", "the text of a record");
    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        sealed.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ASSERT_RV(unseal(sealer, cfr_span_text("O....12345678"), cfr_buf_view(&sealed)), CKR_DEVICE_ERROR);
        sealed.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    ASSERT_OK(unseal(sealer, cfr_span_text("O....12345678"), cfr_buf_view(&sealed)));
}
END_TEST

START_TEST(truncated_or_longer_is_refused)
{
    seal_text("key", "the text of a record");
    for (size_t len = 0; len < sealed.len; len++) {
        ASSERT_RV(unseal(sealer, cfr_span_text("key"), cfr_span_of(sealed.ptr, len)), CKR_DEVICE_ERROR);
        ASSERT_RV(unseal(sealer, cfr_span_text("key"), cfr_span_of(sealed.ptr + sealed.len - len, len)),
                  CKR_DEVICE_ERROR);
    }
    cfr_buf_put_u8(&sealed, 0);
    ASSERT_RV(unseal(sealer, cfr_span_text("key"), cfr_buf_view(&sealed)), CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(no_record_stands_in_anothers_place)
{
    static const char *const keys[] = {
        "O\1\1\1\1\2", "O\1\1\1\1\3", "X\1\1\1\1\2", "O\1\1\1\2\2", "O\1\1\1\1", "O\1\1\1\1\2\2", ""};

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        AUTO(buf) record = CFR_BUF(SEALED_MAX_LEN);

        ASSERT_OK(cfr_seal(sealer, cfr_span_text(keys[i]), &first_header, cfr_span_text("text"), &record));
        for (size_t j = 0; j < COUNT_OF(keys); j++) {
            ASSERT_RV(unseal(sealer, cfr_span_text(keys[j]), cfr_buf_view(&record)),
                      i == j ? CKR_OK : CKR_DEVICE_ERROR);
        }
    }
}
END_TEST

/* What moves from the key into the header, or the other way, is another record. */
START_TEST(key_and_header_do_not_run_into_each_other)
{
    AUTO(buf) other = CFR_BUF(SEALED_MAX_LEN);

    seal_text("ab", "text");
    ASSERT_RV(unseal(sealer, cfr_span_text("ab\1"), cfr_buf_view(&sealed)), CKR_DEVICE_ERROR);
    ASSERT_OK(cfr_seal(sealer, cfr_span_text("ab"), &(struct cfr_seal_header){.epoch = 3, .revision = 301},
                       cfr_span_text("text"), &other));
    /* One octet of format and epoch each, two of the revision: another record's header before this text. */
    cfr_copy(sealed.ptr, other.ptr, 4);
    ASSERT_RV(unseal(sealer, cfr_span_text("ab"), cfr_buf_view(&sealed)), CKR_DEVICE_ERROR);
    ASSERT_OK(unseal(sealer, cfr_span_text("ab"), cfr_buf_view(&other)));
}
END_TEST

START_TEST(other_keys_and_other_stores_open_nothing)
{
    AUTO(sealer) *other_key = new_sealer(2, uuid);
    AUTO(sealer) *other_store = new_sealer(1, other_uuid);
    AUTO(sealer) *same = new_sealer(1, uuid);

    seal_text("key", "text");
    ASSERT_RV(unseal(other_key, cfr_span_text("key"), cfr_buf_view(&sealed)), CKR_DEVICE_ERROR);
    ASSERT_RV(unseal(other_store, cfr_span_text("key"), cfr_buf_view(&sealed)), CKR_DEVICE_ERROR);
    ASSERT_OK(unseal(same, cfr_span_text("key"), cfr_buf_view(&sealed)));
}
END_TEST

START_TEST(same_text_is_never_sealed_alike)
{
    static const char text[] = "a text that must not be seen in the store";
    AUTO(buf) again = CFR_BUF(SEALED_MAX_LEN);

    seal_text("key", text);
    ASSERT_OK(cfr_seal(sealer, cfr_span_text("key"), &first_header, cfr_span_text(text), &again));
    ck_assert_uint_eq(sealed.len, again.len);
    /* The header alone is the same. */
    ck_assert_int_eq(memcmp(sealed.ptr, again.ptr, 4), 0);
    ck_assert_int_ne(memcmp(sealed.ptr + 4, again.ptr + 4, 24), 0);
    ck_assert_int_ne(memcmp(sealed.ptr + 28, again.ptr + 28, sizeof(text) - 1), 0);
    ck_assert_ptr_null(memmem(sealed.ptr, sealed.len, "must not be seen", 16));
}
END_TEST

START_TEST(header_is_read_strictly)
{
    static const struct {
        const char *octets;
        size_t len;
        CK_RV rv;
    } cases[] = {
        {"\1\0\0", 3, CKR_OK},
        {"\1\x7f\x80\1", 4, CKR_OK},
        {"\1\xff\xff\xff\xff\x0f\xff\xff\xff\xff\x0f", 11, CKR_OK},
        {"", 0, CKR_DEVICE_ERROR},
        {"\1", 1, CKR_DEVICE_ERROR},
        {"\1\0", 2, CKR_DEVICE_ERROR},
        {"\1\x80", 2, CKR_DEVICE_ERROR},
        {"\0\0\0", 3, CKR_DEVICE_ERROR},
        {"\2\0\0", 3, CKR_DEVICE_ERROR},
        /* beyond 32 bits, and a number in more octets than it needs */
        {"\1\x80\x80\x80\x80\x10\0", 7, CKR_DEVICE_ERROR},
        {"\1\0\x80\x80\x80\x80\x10", 7, CKR_DEVICE_ERROR},
        {"\1\x81\0\0", 4, CKR_DEVICE_ERROR},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cfr_seal_header header;

        ASSERT_RV(cfr_seal_peek(cfr_span_of(cases[i].octets, cases[i].len), &header), cases[i].rv);
        ASSERT_RV(unseal(sealer, cfr_span_text("key"), cfr_span_of(cases[i].octets, cases[i].len)),
                  CKR_DEVICE_ERROR);
    }
}
END_TEST

START_TEST(limits_are_kept)
{
    uint8_t key[129] = {0};
    AUTO(buf) small = CFR_BUF(OVERHEAD + 2 + 9);
    AUTO(buf) after = CFR_BUF(SEALED_MAX_LEN);

    ASSERT_OK(cfr_seal(sealer, cfr_span_of(key, 128), &first_header, cfr_span_text("text"), &sealed));
    ASSERT_OK(unseal(sealer, cfr_span_of(key, 128), cfr_buf_view(&sealed)));
    ASSERT_RV(cfr_seal(sealer, cfr_span_of(key, 129), &first_header, cfr_span_text("text"), &after),
              CKR_GENERAL_ERROR);
    ASSERT_RV(unseal(sealer, cfr_span_of(key, 129), cfr_buf_view(&sealed)), CKR_DEVICE_ERROR);
    ASSERT_RV(cfr_seal(sealer, cfr_span_text("key"), &first_header, cfr_span_text("ten octets"), &small),
              CKR_HOST_MEMORY);
    /* It is appended to what is there. */
    cfr_buf_put(&after, cfr_span_text("before"));
    ASSERT_OK(cfr_seal(sealer, cfr_span_text("key"), &first_header, cfr_span_text("text"), &after));
    ASSERT_OK(unseal(sealer, cfr_span_text("key"), cfr_span_after(cfr_buf_view(&after), 6)));
}
END_TEST

static void seal_often(unsigned index, void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        AUTO(buf) record = CFR_BUF(SEALED_MAX_LEN);
        char key[2] = {(char)('a' + index), '\0'};

        ASSERT_OK(cfr_seal(sealer, cfr_span_text(key), &first_header, cfr_span_text(key), &record));
        ASSERT_OK(unseal(sealer, cfr_span_text(key), cfr_buf_view(&record)));
        ASSERT_RV(unseal(sealer, cfr_span_text("z"), cfr_buf_view(&record)), CKR_DEVICE_ERROR);
    }
}

START_TEST(threads_share_a_sealer)
{
    harness_threads(6, seal_often, NULL);
}
END_TEST

/* HMAC-SHA256 of the first string's length, 8 octets, and both strings: what is on disk depends on it. */
START_TEST(tags_are_hmac_with_lengths)
{
    static const char *const texts[][2] = {{"", ""}, {"a", ""}, {"", "a"}, {"ab", "c"}, {"a", "bc"}};
    static const uint8_t octets[32] = {9};
    AUTO(secret) *key = NULL;
    AUTO(tagger) *tagger = NULL;
    uint8_t tags[COUNT_OF(texts)][CFR_TAG_LEN];

    ASSERT_OK(cfr_secret_from(cfr_span_of(octets, sizeof(octets)), &key));
    ASSERT_OK(cfr_tagger_new(key, &tagger));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        uint8_t input[16] = {0};
        uint8_t want[CFR_TAG_LEN];
        size_t first = strlen(texts[i][0]);
        size_t second = strlen(texts[i][1]);

        input[7] = (uint8_t)first;
        cfr_copy(input + 8, texts[i][0], first);
        cfr_copy(input + 8 + first, texts[i][1], second);
        ck_assert_ptr_nonnull(
            HMAC(EVP_sha256(), octets, sizeof(octets), input, 8 + first + second, want, NULL));
        ASSERT_OK(cfr_tagger_tag(tagger, cfr_span_text(texts[i][0]), cfr_span_text(texts[i][1]), tags[i]));
        ASSERT_SPAN(cfr_span_of(tags[i], CFR_TAG_LEN), cfr_span_of(want, CFR_TAG_LEN));
        for (size_t j = 0; j < i; j++) {
            ck_assert_int_ne(memcmp(tags[i], tags[j], CFR_TAG_LEN), 0);
        }
    }
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(sealer) *own = NULL;
    AUTO(buf) record = CFR_BUF(SEALED_MAX_LEN);
    AUTO(secret) *key = NULL;
    AUTO(secret) *text = NULL;
    struct cfr_seal_header header;
    CK_RV rv;

    (void)arg;
    TRY(cfr_secret_new(32, &key));
    TRY(cfr_sealer_new(key, uuid, &own));
    TRY(cfr_seal(own, cfr_span_text("key"), &first_header, cfr_span_text("text"), &record));
    rv = cfr_unseal(own, cfr_span_text("key"), cfr_buf_view(&record), &header, &text);
    ck_assert_int_eq(rv == CKR_OK, text != NULL);
    return rv;
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, NULL, 5, 10);
}
END_TEST

static Suite *suite(void)
{
    Suite *seal = suite_create("seal");
    TCase *tcase = tcase_create("seal");

    tcase_add_checked_fixture(tcase, up, down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, what_is_sealed_comes_back);
    tcase_add_test(tcase, every_bit_counts);
    tcase_add_test(tcase, truncated_or_longer_is_refused);
    tcase_add_test(tcase, no_record_stands_in_anothers_place);
    tcase_add_test(tcase, key_and_header_do_not_run_into_each_other);
    tcase_add_test(tcase, other_keys_and_other_stores_open_nothing);
    tcase_add_test(tcase, same_text_is_never_sealed_alike);
    tcase_add_test(tcase, header_is_read_strictly);
    tcase_add_test(tcase, limits_are_kept);
    tcase_add_test(tcase, threads_share_a_sealer);
    tcase_add_test(tcase, tags_are_hmac_with_lengths);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(seal, tcase);
    return seal;
}

TEST_MAIN(suite)
