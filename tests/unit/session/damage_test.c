/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole module over a store in which somebody has been at work: what is missing or does not belong there is an
 * error of the device, and nothing is taken for what it is not.
 */
#include "support/main.h"
#include "support/module_fixture.h"
#include "support/store_stand_in.h"
#include "token-store/keyspace.h"
#include "unit/base/harness.h"

static CK_SLOT_ID slot;

/* A token with one public object, in space 1 of the store; the module is down. */
static void up(void)
{
    static CK_OBJECT_CLASS class = CKO_DATA;
    static CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_TOKEN, &yes, sizeof(yes)},
                               {CKA_LABEL, (void *)(uintptr_t) "kept", 4}};
    CK_OBJECT_HANDLE object = 0;
    CK_SESSION_HANDLE session;

    module_fixture_up();
    module_up();
    slot = module_new_token("damaged");
    session = module_open(slot, CKF_RW_SESSION);
    MUST(C_CreateObject(session, template, 3, &object));
    module_down();
}

static void down(void)
{
    module_down();
    stand_in_reset();
    module_fixture_down();
}

/* Write a record with no contents, or remove one, behind the module's back. */
static void poke(struct cfr_span key, bool is_there)
{
    struct cfr_store *store = stand_in_inner();
    struct cfr_store_txn *txn = NULL;

    ck_assert_int_eq(store->ops->begin(store, CFR_STORE_WRITE, &txn), CFR_STORE_OK);
    ck_assert_int_eq(is_there ? store->ops->put(txn, key, cfr_span_of("x", 1)) : store->ops->del(txn, key),
                     CFR_STORE_OK);
    ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
}

enum { KEYS_MAX = 16 };

/* The records of a kind in space 1. */
struct keys {
    struct cfr_record_key at[KEYS_MAX];
    size_t count;
};

static bool note(void *arg, struct cfr_span key, struct cfr_span value)
{
    struct keys *keys = arg;

    (void)value;
    ck_assert(keys->count < KEYS_MAX && key.len <= CFR_KEY_MAX_LEN);
    memcpy(keys->at[keys->count].octets, key.ptr, key.len);
    keys->at[keys->count++].len = key.len;
    return true;
}

static struct keys keys_of(char kind)
{
    struct cfr_store *store = stand_in_inner();
    struct cfr_record_key low = cfr_key_in_space(kind, 1);
    struct cfr_record_key high = cfr_key_after_prefix(&low);
    struct cfr_store_txn *txn = NULL;
    struct keys keys = {.count = 0};

    ck_assert_int_eq(store->ops->begin(store, CFR_STORE_READ, &txn), CFR_STORE_OK);
    ck_assert_int_eq(
        store->ops->range(txn, cfr_record_key_view(&low), cfr_record_key_view(&high), note, &keys),
        CFR_STORE_OK);
    store->ops->abort(txn);
    return keys;
}

/* Keys with one octet more, which sort among those that are right. */
static void poke_longer(const struct keys *keys, bool is_there)
{
    ck_assert_uint_gt(keys->count, 0);
    for (size_t i = 0; i < keys->count; i++) {
        struct cfr_record_key odd = keys->at[i];

        odd.octets[odd.len++] = 0;
        poke(cfr_record_key_view(&odd), is_there);
    }
}

static CK_RV search(const char *label)
{
    CK_ATTRIBUTE template = {CKA_LABEL, (void *)(uintptr_t)label, label == NULL ? 0 : strlen(label)};
    CK_SESSION_HANDLE session = 0;
    CK_RV rv = C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session);

    if (rv != CKR_OK) {
        return rv;
    }
    rv = C_FindObjectsInit(session, &template, label != NULL);
    MUST(C_CloseSession(session));
    return rv;
}

START_TEST(what_is_whole_is_found)
{
    module_up();
    ASSERT_OK(search("kept"));
    ASSERT_OK(search(NULL));
}
END_TEST

START_TEST(a_space_without_its_generation_is_refused)
{
    struct cfr_record_key generation = cfr_key_in_space('G', 1);

    poke(cfr_record_key_view(&generation), false);
    module_up();
    ASSERT_RV(search("kept"), CKR_DEVICE_ERROR);
    ASSERT_RV(search(NULL), CKR_DEVICE_ERROR);
}
END_TEST

/* They appear when the module has verified the space already. */
static void expect_refused(char kind, const char *label)
{
    struct keys keys = keys_of(kind);

    module_up();
    ASSERT_OK(search(label));
    poke_longer(&keys, true);
    ASSERT_RV(search(label), CKR_DEVICE_ERROR);
    poke_longer(&keys, false);
    ASSERT_OK(search(label));
}

START_TEST(odd_keys_among_objects_are_refused)
{
    expect_refused('O', NULL);
}
END_TEST

START_TEST(odd_keys_among_indexes_are_refused)
{
    expect_refused('X', "kept");
}
END_TEST

/* C_InitToken gives the space up; every record of it goes, whatever its key looks like. */
START_TEST(a_space_that_was_given_up_goes_with_what_does_not_belong_there)
{
    struct keys objects = keys_of('O');
    struct cfr_record_key strange = cfr_key_in_space('X', 1);
    CK_UTF8CHAR label[32];

    strange.octets[strange.len++] = 1;
    memset(label, ' ', sizeof(label));
    module_up();
    ASSERT_OK(search(NULL));
    poke_longer(&objects, true);
    poke(cfr_record_key_view(&strange), true);
    MUST(C_InitToken(slot, (CK_UTF8CHAR_PTR)(uintptr_t)MODULE_SO_PIN, strlen(MODULE_SO_PIN), label));
    for (const char *kind = "OXUGZ"; *kind != '\0'; kind++) {
        ck_assert_msg(keys_of(*kind).count == 0, "a record %c is left", *kind);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *damage = suite_create("damage");
    TCase *tcase = tcase_create("damage");

    tcase_add_checked_fixture(tcase, up, down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_is_whole_is_found);
    tcase_add_test(tcase, a_space_without_its_generation_is_refused);
    tcase_add_test(tcase, odd_keys_among_objects_are_refused);
    tcase_add_test(tcase, odd_keys_among_indexes_are_refused);
    tcase_add_test(tcase, a_space_that_was_given_up_goes_with_what_does_not_belong_there);
    suite_add_tcase(damage, tcase);
    return damage;
}

TEST_MAIN(suite)
