/* SPDX-License-Identifier: Apache-2.0 */
/* Token objects in the store: they come back, are found by their indexes, and damage to them is found out. */
#include "crypto/rng.h"
#include "object/persist.h"
#include "object/search.h"
#include "unit/object/fixture.h"
#include "unit/seal/fixture.h"

#include <string.h>

enum { SPACE = 2, VALUE_MAX_LEN = 1024 };

static struct cfr_space *space;
static struct cfr_space_half half;
static struct cfr_view view; /* logged in */
static struct cfr_view public_view;

static void up(void)
{
    AUTO(secret) *key = NULL;

    seal_up();
    object_up();
    ASSERT_OK(cfr_space_open(world.store, world.master, SPACE, &space));
    ASSERT_OK(cfr_rng_secret(32, &key));
    ASSERT_OK(cfr_space_unlock(space, key, &half));
    view = (struct cfr_view){.space = space, .private_half = &half};
    public_view = (struct cfr_view){.space = space};
}

static void down(void)
{
    cfr_space_half_clear(&half);
    cfr_space_drop(space);
    seal_down();
}

/* What a transaction does, with the view it does it in. */
struct work {
    const struct cfr_view *view;
    struct cfr_object *added;
    struct cfr_object *replacing;
    uint64_t removed;
};

static CK_RV work_body(struct cfr_store_txn *txn, void *arg)
{
    struct work *work = arg;
    struct cfr_changes changes;

    TRY(cfr_changes_begin(&space->catalogue, txn, &changes));
    if (work->added != NULL) {
        TRY(cfr_persist_add(work->view, &changes, work->added));
    }
    if (work->replacing != NULL) {
        TRY(cfr_persist_replace(work->view, &changes, work->replacing));
    }
    if (work->removed != 0) {
        TRY(cfr_persist_remove(work->view, &changes, work->removed));
    }
    return cfr_changes_finish(&changes, true);
}

static CK_RV run(struct work work)
{
    return cfr_store_run(world.store, work_body, &work);
}

static uint64_t add(const char *label, bool is_private)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_DATA),
                               BOOL(CKA_TOKEN, true),
                               BOOL(CKA_PRIVATE, is_private),
                               {CKA_LABEL, (CK_VOID_PTR)(uintptr_t)label, strlen(label)},
                               TEXT(CKA_VALUE, "a value to be found nowhere")};
    AUTO(object) *object = object_new(TEMPLATE(template), &user);

    ASSERT_OK(run((struct work){.view = &view, .added = object}));
    return object->id;
}

static CK_RV load(const struct cfr_view *from, uint64_t number, struct cfr_object **ret_object)
{
    struct cfr_store_txn *txn = NULL;
    CK_RV rv;

    ck_assert_int_eq(world.store->ops->begin(world.store, CFR_STORE_READ, &txn), CFR_STORE_OK);
    rv = cfr_persist_load(from, txn, number, ret_object);
    world.store->ops->abort(txn);
    return rv;
}

static CK_RV try_load(const struct cfr_view *from, uint64_t number)
{
    AUTO(object) *object = NULL;
    CK_RV rv = load(from, number, &object);

    ck_assert_int_eq(rv == CKR_OK, object != NULL);
    return rv;
}

static CK_RV load_for_search(void *arg, struct cfr_store_txn *txn, uint64_t number,
                             struct cfr_object **ret_object)
{
    return cfr_persist_load(arg, txn, number, ret_object);
}

/* How many objects a template finds. */
static CK_RV search(struct cfr_view *from, const CK_ATTRIBUTE *template, CK_ULONG count, size_t *ret_found)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(buf) numbers = CFR_BUF(CFR_SEARCH_MAX_LEN);
    struct cfr_store_txn *txn = NULL;
    CK_RV rv;

    ASSERT_OK(cfr_template_read(template, count, &attrs));
    ck_assert_int_eq(world.store->ops->begin(world.store, CFR_STORE_READ, &txn), CFR_STORE_OK);
    rv = cfr_search(from, txn, &attrs, load_for_search, from, &numbers);
    world.store->ops->abort(txn);
    *ret_found = numbers.len / sizeof(uint64_t);
    return rv;
}

static size_t found_by_label(struct cfr_view *from, const char *label)
{
    CK_ATTRIBUTE template[] = {{CKA_LABEL, (CK_VOID_PTR)(uintptr_t)label, strlen(label)}};
    size_t found = 0;

    ASSERT_OK(search(from, TEMPLATE(template), &found));
    return found;
}

static CK_RV verify(void)
{
    struct cfr_store_txn *txn = NULL;
    CK_RV rv;

    ck_assert_int_eq(world.store->ops->begin(world.store, CFR_STORE_READ, &txn), CFR_STORE_OK);
    rv = cfr_catalogue_verify(&space->catalogue, txn, "UOX");
    world.store->ops->abort(txn);
    return rv;
}

START_TEST(objects_come_back)
{
    for (int i = 0; i < 2; i++) {
        uint64_t number = add("label", i == 1);
        AUTO(object) *object = NULL;

        ck_assert_int_eq(cfr_object_number_is_private(number), i == 1);
        ASSERT_OK(load(&view, number, &object));
        ASSERT_SPAN(cfr_attrs_value(&object->attrs, CKA_LABEL), cfr_span_text("label"));
        ASSERT_SPAN(cfr_attrs_value(&object->attrs, CKA_VALUE), cfr_span_text("a value to be found nowhere"));
        ck_assert_uint_eq(object->id, number);
        ck_assert_uint_eq(object->revision, 1);
        ck_assert_uint_eq(object->class->class, CKO_DATA);
    }
    ASSERT_OK(verify());
}
END_TEST

START_TEST(private_objects_need_the_login)
{
    uint64_t secret = add("secret", true);
    uint64_t open = add("open", false);
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_DATA), BOOL(CKA_TOKEN, true), BOOL(CKA_PRIVATE, true)};
    AUTO(object) *object = object_new(TEMPLATE(template), &user);
    size_t found = 9;

    ASSERT_RV(try_load(&public_view, secret), CKR_OBJECT_HANDLE_INVALID);
    ASSERT_OK(try_load(&public_view, open));
    ck_assert_uint_eq(found_by_label(&public_view, "secret"), 0);
    ck_assert_uint_eq(found_by_label(&view, "secret"), 1);
    ASSERT_OK(search(&public_view, NULL, 0, &found));
    ck_assert_uint_eq(found, 1);
    ASSERT_RV(run((struct work){.view = &public_view, .added = object}), CKR_USER_NOT_LOGGED_IN);
    ASSERT_RV(run((struct work){.view = &public_view, .removed = secret}), CKR_OBJECT_HANDLE_INVALID);
    ASSERT_OK(verify());
}
END_TEST

/* Another login's key, after another PIN of another life: nothing opens, and nothing is found. */
START_TEST(another_key_opens_nothing)
{
    uint64_t secret = add("secret", true);
    AUTO(secret) *key = NULL;
    struct cfr_space_half other = {0};
    struct cfr_view wrong = {.space = space, .private_half = &other};

    ASSERT_OK(cfr_rng_secret(32, &key));
    ASSERT_OK(cfr_space_unlock(space, key, &other));
    ASSERT_RV(try_load(&wrong, secret), CKR_DEVICE_ERROR);
    ck_assert_uint_eq(found_by_label(&wrong, "secret"), 0);
    cfr_space_half_clear(&other);
}
END_TEST

/* Neither labels nor values stand in the store, in any record or key. */
static bool note_plain(void *arg, struct cfr_span key, struct cfr_span value)
{
    static const char *const words[] = {"unmistakable", "found nowhere"};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        *(unsigned *)arg += memmem(key.ptr, key.len, words[i], strlen(words[i])) != NULL;
        *(unsigned *)arg +=
            value.len != 0 && memmem(value.ptr, value.len, words[i], strlen(words[i])) != NULL;
    }
    return true;
}

START_TEST(the_store_sees_nothing)
{
    struct cfr_store_txn *txn = NULL;
    unsigned plain = 0;

    (void)add("an unmistakable label", false);
    (void)add("an unmistakable label", true);
    ck_assert_int_eq(world.store->ops->begin(world.store, CFR_STORE_READ, &txn), CFR_STORE_OK);
    ck_assert_int_eq(
        world.store->ops->range(txn, cfr_span_of(NULL, 0), cfr_span_of(NULL, 0), note_plain, &plain),
        CFR_STORE_OK);
    world.store->ops->abort(txn);
    ck_assert_uint_eq(plain, 0);
}
END_TEST

START_TEST(every_bit_of_a_record_counts)
{
    uint64_t number = add("label", true);
    struct cfr_record_key key = cfr_key_of_object(SPACE, number);
    uint8_t octets[VALUE_MAX_LEN];
    struct cfr_span value = seal_peek_record(cfr_record_key_view(&key), octets, sizeof(octets));

    for (size_t at = 0; at < value.len; at++) {
        octets[at] ^= 1;
        seal_poke_record(cfr_record_key_view(&key), &value);
        ASSERT_RV(try_load(&view, number), CKR_DEVICE_ERROR);
        octets[at] ^= 1;
    }
    seal_poke_record(cfr_record_key_view(&key), &value);
    ASSERT_OK(try_load(&view, number));
}
END_TEST

/* One object's record under another's number: neither for the public nor for the private ones. */
START_TEST(records_cannot_be_exchanged)
{
    uint64_t numbers[4] = {add("a", false), add("b", false), add("c", true), add("d", true)};

    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
            struct cfr_record_key from = cfr_key_of_object(SPACE, numbers[i]);
            struct cfr_record_key to = cfr_key_of_object(SPACE, numbers[j]);
            uint8_t octets[VALUE_MAX_LEN];
            uint8_t kept[VALUE_MAX_LEN];
            struct cfr_span value = seal_peek_record(cfr_record_key_view(&from), octets, sizeof(octets));
            struct cfr_span old = seal_peek_record(cfr_record_key_view(&to), kept, sizeof(kept));

            seal_poke_record(cfr_record_key_view(&to), &value);
            ASSERT_RV(try_load(&view, numbers[j]), i == j ? CKR_OK : CKR_DEVICE_ERROR);
            seal_poke_record(cfr_record_key_view(&to), &old);
        }
    }
}
END_TEST

static struct cfr_object *renamed(uint64_t number, const char *label)
{
    AUTO(object) *object = NULL;
    AUTO(attrs) given = CFR_ATTRS;
    struct cfr_object *changed = NULL;

    ASSERT_OK(load(&view, number, &object));
    ASSERT_OK(cfr_attrs_set(&given, CKA_LABEL, cfr_span_text(label)));
    ASSERT_OK(cfr_build_changed(CFR_ACTION_SET, object, &given, &user, &changed));
    return changed;
}

START_TEST(indexes_follow_changes)
{
    uint64_t number = add("before", true);
    AUTO(object) *changed = renamed(number, "after");
    AUTO(object) *emptied = NULL;

    ASSERT_OK(run((struct work){.view = &view, .replacing = changed}));
    ck_assert_uint_eq(found_by_label(&view, "before"), 0);
    ck_assert_uint_eq(found_by_label(&view, "after"), 1);
    ASSERT_OK(verify());
    emptied = renamed(number, "");
    ck_assert_uint_eq(emptied->revision, 2);
    ASSERT_OK(run((struct work){.view = &view, .replacing = emptied}));
    ck_assert_uint_eq(found_by_label(&view, "after"), 0);
    ASSERT_OK(verify());
    ASSERT_OK(run((struct work){.view = &view, .removed = number}));
    ASSERT_RV(try_load(&view, number), CKR_OBJECT_HANDLE_INVALID);
    ASSERT_RV(run((struct work){.view = &view, .removed = number}), CKR_OBJECT_HANDLE_INVALID);
    ASSERT_OK(verify());
}
END_TEST

/* Two changes made from one reading: the second must look again. */
START_TEST(changes_are_not_lost)
{
    uint64_t number = add("before", false);
    AUTO(object) *first = renamed(number, "first");
    AUTO(object) *second = renamed(number, "second");

    ASSERT_OK(run((struct work){.view = &view, .replacing = first}));
    ASSERT_RV(run((struct work){.view = &view, .replacing = second}), CKR_FUNCTION_FAILED);
    ck_assert_uint_eq(found_by_label(&view, "first"), 1);
    ck_assert_uint_eq(found_by_label(&view, "second"), 0);
}
END_TEST

START_TEST(searches_find_by_every_way)
{
    static CK_ULONG data_class = CKO_DATA;
    static CK_ULONG key_class = CKO_SECRET_KEY;
    static CK_BBOOL yes = CK_TRUE;
    static CK_BBOOL no = CK_FALSE;
    struct {
        CK_ATTRIBUTE template[3];
        CK_ULONG count;
        size_t found;
    } cases[] = {
        {{{0}}, 0, 3},
        {{{CKA_CLASS, &data_class, sizeof(data_class)}}, 1, 3},
        {{{CKA_CLASS, &key_class, sizeof(key_class)}}, 1, 0},
        {{{CKA_PRIVATE, &yes, 1}}, 1, 2},
        {{{CKA_PRIVATE, &no, 1}}, 1, 1},
        {{{CKA_CLASS, &data_class, sizeof(data_class)}, {CKA_PRIVATE, &yes, 1}}, 2, 2},
        {{TEXT(CKA_LABEL, "one")}, 1, 2},
        {{TEXT(CKA_LABEL, "one"), {CKA_PRIVATE, &yes, 1}}, 2, 1},
        {{TEXT(CKA_LABEL, "one"), {CKA_MODIFIABLE, &no, 1}}, 2, 0},
        {{TEXT(CKA_LABEL, "none")}, 1, 0},
        {{TEXT(CKA_LABEL, "")}, 1, 0},
        {{TEXT(CKA_VALUE, "a value to be found nowhere")}, 1, 3},
        {{TEXT(CKA_VALUE, "a value")}, 1, 0},
        {{{CKA_TOKEN, &yes, 1}}, 1, 3},
        {{{CKA_TOKEN, &no, 1}}, 1, 0},
    };

    (void)add("one", true);
    (void)add("one", false);
    (void)add("two", true);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t found = 99;

        ASSERT_OK(search(&view, cases[i].template, cases[i].count, &found));
        ck_assert_msg(found == cases[i].found, "case %zu: %zu, not %zu", i, found, cases[i].found);
    }
}
END_TEST

/* A record that was removed behind our back is missed by the search that looks at everything. */
START_TEST(missing_objects_are_missed)
{
    uint64_t number = add("label", true);
    struct cfr_record_key key = cfr_key_of_object(SPACE, number);
    size_t found;

    (void)add("other", false);
    seal_poke_record(cfr_record_key_view(&key), NULL);
    ASSERT_RV(search(&view, NULL, 0, &found), CKR_DEVICE_ERROR);
    ASSERT_RV(verify(), CKR_DEVICE_ERROR);
}
END_TEST

static Suite *suite(void)
{
    Suite *persist = suite_create("persist");
    TCase *tcase = tcase_create("persist");

    tcase_add_checked_fixture(tcase, up, down);
    tcase_add_test(tcase, objects_come_back);
    tcase_add_test(tcase, private_objects_need_the_login);
    tcase_add_test(tcase, another_key_opens_nothing);
    tcase_add_test(tcase, the_store_sees_nothing);
    tcase_add_test(tcase, every_bit_of_a_record_counts);
    tcase_add_test(tcase, records_cannot_be_exchanged);
    tcase_add_test(tcase, indexes_follow_changes);
    tcase_add_test(tcase, changes_are_not_lost);
    tcase_add_test(tcase, searches_find_by_every_way);
    tcase_add_test(tcase, missing_objects_are_missed);
    suite_add_tcase(persist, tcase);
    return persist;
}

TEST_MAIN(suite)
