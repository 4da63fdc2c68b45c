/* SPDX-License-Identifier: Apache-2.0 */
/* The set hash: records that were removed, added, renamed or put back as they were earlier are found out. */
#include "unit/seal/fixture.h"

#include <string.h>

enum { SPACE = 7, RECORDS = 5, VALUE_MAX_LEN = 512 };

static struct cfr_catalogue catalogue;

static void up(void)
{
    seal_up();
    ASSERT_OK(cfr_catalogue_open(world.master, SPACE, &catalogue));
}

static void down(void)
{
    cfr_catalogue_close(&catalogue);
    seal_down();
}

/* A change in a transaction of its own. */
struct edit {
    const struct cfr_catalogue *in;
    struct cfr_record_key key;
    const char *text; /* NULL: remove; "": an index entry */
    uint32_t revision;
    bool is_visible;
};

static CK_RV edit_body(struct cfr_store_txn *txn, void *arg)
{
    const struct edit *edit = arg;
    struct cfr_seal_header header = {.revision = edit->revision};
    struct cfr_changes changes;

    TRY(cfr_changes_begin(edit->in, txn, &changes));
    if (edit->text == NULL) {
        TRY(cfr_changes_del(&changes, &edit->key));
    } else if (edit->text[0] == '\0') {
        TRY(cfr_changes_put(&changes, &edit->key, cfr_span_of(NULL, 0)));
    } else {
        TRY(cfr_changes_put_sealed(&changes, &edit->key, cfr_master_records(world.master), &header,
                                   cfr_span_text(edit->text)));
    }
    return cfr_changes_finish(&changes, edit->is_visible);
}

static CK_RV edit(struct cfr_record_key key, const char *text, uint32_t revision)
{
    struct edit change = {&catalogue, key, text, revision, true};

    return cfr_store_run(world.store, edit_body, &change);
}

static struct cfr_record_key object_key(unsigned number)
{
    return cfr_key_of_object(SPACE, number);
}

static struct cfr_record_key index_key(unsigned number)
{
    const uint8_t tag[CFR_INDEX_TAG_LEN] = {(uint8_t)number};

    return cfr_key_of_index(SPACE, tag, number);
}

static void fill(void)
{
    for (unsigned number = 1; number <= RECORDS; number++) {
        ASSERT_OK(edit(object_key(number), "an object", 1));
        ASSERT_OK(edit(index_key(number), "", 0));
    }
}

static CK_RV verify(void)
{
    struct cfr_store_txn *txn = NULL;
    CK_RV rv;

    ck_assert_int_eq(world.store->ops->begin(world.store, CFR_STORE_READ, &txn), CFR_STORE_OK);
    rv = cfr_catalogue_verify(&catalogue, txn, "UOX");
    world.store->ops->abort(txn);
    return rv;
}

static CK_RV read_generation(const struct cfr_catalogue *of, struct cfr_generation *ret_generation)
{
    struct cfr_store_txn *txn = NULL;
    CK_RV rv;

    ck_assert_int_eq(world.store->ops->begin(world.store, CFR_STORE_READ, &txn), CFR_STORE_OK);
    rv = cfr_catalogue_read(of, txn, ret_generation);
    world.store->ops->abort(txn);
    return rv;
}

static struct cfr_generation generation(void)
{
    struct cfr_generation read;

    ASSERT_OK(read_generation(&catalogue, &read));
    return read;
}

START_TEST(changes_keep_the_hash_right)
{
    ASSERT_OK(verify());
    ck_assert_uint_eq(generation().generation, 0);
    fill();
    ASSERT_OK(verify());
    ck_assert_uint_eq(generation().counters[CFR_COUNT_RECORDS], 2 * RECORDS);
    ck_assert_uint_eq(generation().generation, 2 * RECORDS);
    /* Written again: no record more. */
    ASSERT_OK(edit(object_key(2), "another text", 2));
    ASSERT_OK(edit(index_key(2), "", 0));
    ASSERT_OK(verify());
    ck_assert_uint_eq(generation().counters[CFR_COUNT_RECORDS], 2 * RECORDS);
    for (unsigned number = 1; number <= RECORDS; number++) {
        ASSERT_OK(edit(object_key(number), NULL, 0));
        ASSERT_OK(edit(index_key(number), NULL, 0));
        ASSERT_OK(verify());
    }
    ck_assert_uint_eq(generation().counters[CFR_COUNT_RECORDS], 0);
}
END_TEST

START_TEST(only_visible_changes_raise_the_generation)
{
    struct edit quiet = {&catalogue, object_key(1), "text", 1, false};

    fill();
    quiet.revision = 2;
    ASSERT_OK(cfr_store_run(world.store, edit_body, &quiet));
    ck_assert_uint_eq(generation().generation, 2 * RECORDS);
    ASSERT_OK(verify());
}
END_TEST

START_TEST(order_does_not_matter)
{
    struct cfr_generation forwards;

    fill();
    forwards = generation();
    for (unsigned number = 1; number <= RECORDS; number++) {
        ASSERT_OK(edit(object_key(number), NULL, 0));
        ASSERT_OK(edit(index_key(number), NULL, 0));
    }
    for (unsigned number = RECORDS; number > 0; number--) {
        ASSERT_OK(edit(index_key(number), "", 0));
        ASSERT_OK(edit(object_key(number), "other words", 1));
    }
    ck_assert_int_eq(memcmp(forwards.set_hash, generation().set_hash, CFR_SET_HASH_LEN), 0);
}
END_TEST

START_TEST(removed_record_is_found_out)
{
    fill();
    for (unsigned number = 1; number <= RECORDS; number++) {
        struct cfr_record_key keys[2] = {object_key(number), index_key(number)};

        for (int i = 0; i < 2; i++) {
            uint8_t octets[VALUE_MAX_LEN];
            struct cfr_span value = seal_peek_record(cfr_record_key_view(&keys[i]), octets, sizeof(octets));

            seal_poke_record(cfr_record_key_view(&keys[i]), NULL);
            ASSERT_RV(verify(), CKR_DEVICE_ERROR);
            seal_poke_record(cfr_record_key_view(&keys[i]), &value);
            ASSERT_OK(verify());
        }
    }
}
END_TEST

START_TEST(added_record_is_found_out)
{
    struct cfr_record_key keys[2] = {object_key(99), index_key(99)};
    struct cfr_span nothing = {0};

    fill();
    for (int i = 0; i < 2; i++) {
        seal_poke_record(cfr_record_key_view(&keys[i]), &nothing);
        ASSERT_RV(verify(), CKR_DEVICE_ERROR);
        seal_poke_record(cfr_record_key_view(&keys[i]), NULL);
        ASSERT_OK(verify());
    }
}
END_TEST

START_TEST(record_put_back_as_it_was_is_found_out)
{
    struct cfr_record_key key = object_key(3);
    uint8_t octets[VALUE_MAX_LEN];
    uint8_t octets_now[VALUE_MAX_LEN];
    struct cfr_span old;
    struct cfr_span now;

    fill();
    old = seal_peek_record(cfr_record_key_view(&key), octets, sizeof(octets));
    ASSERT_OK(edit(key, "the new text", 2));
    now = seal_peek_record(cfr_record_key_view(&key), octets_now, sizeof(octets_now));
    seal_poke_record(cfr_record_key_view(&key), &old);
    ASSERT_RV(verify(), CKR_DEVICE_ERROR);
    /* One that was removed, too. */
    seal_poke_record(cfr_record_key_view(&key), &now);
    ASSERT_OK(edit(key, NULL, 0));
    ASSERT_OK(verify());
    seal_poke_record(cfr_record_key_view(&key), &now);
    ASSERT_RV(verify(), CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(generation_put_back_is_found_out)
{
    struct cfr_record_key key = cfr_key_in_space('G', SPACE);
    uint8_t octets[VALUE_MAX_LEN];
    struct cfr_span old;

    fill();
    old = seal_peek_record(cfr_record_key_view(&key), octets, sizeof(octets));
    ASSERT_OK(edit(object_key(1), NULL, 0));
    seal_poke_record(cfr_record_key_view(&key), &old);
    ASSERT_RV(verify(), CKR_DEVICE_ERROR);
    seal_poke_record(cfr_record_key_view(&key), NULL);
    ASSERT_RV(verify(), CKR_DEVICE_ERROR);
}
END_TEST

/* Two records of one revision in each other's place: the set is the same, but neither can be opened. */
START_TEST(swapped_records_do_not_open)
{
    struct cfr_record_key keys[2] = {object_key(1), object_key(2)};
    uint8_t octets[2][VALUE_MAX_LEN];
    struct cfr_span values[2];

    fill();
    for (int i = 0; i < 2; i++) {
        values[i] = seal_peek_record(cfr_record_key_view(&keys[i]), octets[i], sizeof(octets[i]));
    }
    for (int i = 0; i < 2; i++) {
        AUTO(secret) *text = NULL;
        struct cfr_seal_header header;

        ASSERT_RV(cfr_unseal(cfr_master_records(world.master), cfr_record_key_view(&keys[i]), values[1 - i],
                             &header, &text),
                  CKR_DEVICE_ERROR);
    }
}
END_TEST

START_TEST(generation_of_another_space_is_no_generation)
{
    struct cfr_record_key from = cfr_key_in_space('G', SPACE);
    struct cfr_record_key to = cfr_key_in_space('G', SPACE + 1);
    struct cfr_catalogue other = {0};
    struct cfr_generation read;
    uint8_t octets[VALUE_MAX_LEN];
    struct cfr_span value;

    fill();
    value = seal_peek_record(cfr_record_key_view(&from), octets, sizeof(octets));
    ASSERT_OK(cfr_catalogue_open(world.master, SPACE + 1, &other));
    ASSERT_OK(read_generation(&other, &read));
    ck_assert_uint_eq(read.generation, 0);
    seal_poke_record(cfr_record_key_view(&to), &value);
    ASSERT_RV(read_generation(&other, &read), CKR_DEVICE_ERROR);
    cfr_catalogue_close(&other);
}
END_TEST

START_TEST(damaged_generation_is_an_error_for_all)
{
    struct cfr_record_key key = cfr_key_in_space('G', SPACE);
    uint8_t octets[VALUE_MAX_LEN];
    struct cfr_generation read;
    struct cfr_span value;

    fill();
    value = seal_peek_record(cfr_record_key_view(&key), octets, sizeof(octets));
    octets[value.len / 2] ^= 1;
    seal_poke_record(cfr_record_key_view(&key), &value);
    ASSERT_RV(read_generation(&catalogue, &read), CKR_DEVICE_ERROR);
    ASSERT_RV(verify(), CKR_DEVICE_ERROR);
    ASSERT_RV(edit(object_key(50), "text", 1), CKR_DEVICE_ERROR);
}
END_TEST

START_TEST(removing_what_is_not_there_is_an_error)
{
    fill();
    ASSERT_RV(edit(object_key(50), NULL, 0), CKR_DEVICE_ERROR);
    ASSERT_OK(verify());
    ck_assert_uint_eq(generation().counters[CFR_COUNT_RECORDS], 2 * RECORDS);
}
END_TEST

/* The first key beyond a prefix: nothing of the prefix is missed, nothing of the next is taken. */
START_TEST(prefixes_end_where_the_next_begins)
{
    static const struct {
        uint32_t space;
        struct cfr_record_key after;
    } cases[] = {
        {0, {.octets = {'O', 0, 0, 0, 1}, .len = 5}},
        {0x01020304, {.octets = {'O', 1, 2, 3, 5}, .len = 5}},
        {0x000000ff, {.octets = {'O', 0, 0, 1}, .len = 4}},
        {0x01ffffff, {.octets = {'O', 2}, .len = 2}},
        {UINT32_MAX, {.octets = {'P'}, .len = 1}},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct cfr_record_key prefix = cfr_key_in_space('O', cases[i].space);
        struct cfr_record_key after = cfr_key_after_prefix(&prefix);

        ASSERT_SPAN(cfr_record_key_view(&after), cfr_record_key_view(&cases[i].after));
    }
}
END_TEST

static CK_RV attempt(void *arg)
{
    struct cfr_catalogue own = {0};
    struct edit change = {&own, object_key(1), "text", 1, true};
    CK_RV rv = cfr_catalogue_open(world.master, SPACE, &own);

    (void)arg;
    rv = rv == CKR_OK ? cfr_store_run(world.store, edit_body, &change) : rv;
    rv = rv == CKR_OK ? verify() : rv;
    cfr_catalogue_close(&own);
    return rv;
}

START_TEST(each_libcrypto_call_may_fail)
{
    unsigned failures;

    /* The sealer of the master key keeps a context from now on. */
    ASSERT_OK(attempt(NULL));
    failures = nth_failure(CFR_FAULT_CRYPTO, attempt, NULL);

#ifdef CFR_FAULTS
    ck_assert_uint_ge(failures, 10);
#else
    (void)failures;
#endif
    ASSERT_OK(verify());
}
END_TEST

static Suite *suite(void)
{
    Suite *set = suite_create("catalogue");
    TCase *tcase = tcase_create("catalogue");

    tcase_add_checked_fixture(tcase, up, down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, changes_keep_the_hash_right);
    tcase_add_test(tcase, only_visible_changes_raise_the_generation);
    tcase_add_test(tcase, order_does_not_matter);
    tcase_add_test(tcase, removed_record_is_found_out);
    tcase_add_test(tcase, added_record_is_found_out);
    tcase_add_test(tcase, record_put_back_as_it_was_is_found_out);
    tcase_add_test(tcase, generation_put_back_is_found_out);
    tcase_add_test(tcase, swapped_records_do_not_open);
    tcase_add_test(tcase, generation_of_another_space_is_no_generation);
    tcase_add_test(tcase, damaged_generation_is_an_error_for_all);
    tcase_add_test(tcase, removing_what_is_not_there_is_an_error);
    tcase_add_test(tcase, prefixes_end_where_the_next_begins);
    tcase_add_test(tcase, each_libcrypto_call_may_fail);
    suite_add_tcase(set, tcase);
    return set;
}

TEST_MAIN(suite)
