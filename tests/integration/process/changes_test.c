/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that change the objects of a token at once. Their changes may share a commit; each has a result of its own
 * nonetheless, and whoever looks sees all of a change or nothing.
 */
#include "integration/process/quiet.h"
#include "support/main.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 6, KEYS = UNDER_ASAN || UNDER_TSAN ? 8 : 30 };

static CK_SLOT_ID slot;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE keys[KEYS];
static atomic_uint destroyed[KEYS];
static atomic_bool is_over;

static void start(void)
{
    session = client_ready();
    ck_assert(slot_find("token", &slot));
    atomic_store(&is_over, false);
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = aes_make(session, true, "key");
        atomic_store(&destroyed[i], 0);
    }
}

static bool open_session(CK_SESSION_HANDLE *ret_session)
{
    return QUIET(CKR_OK,
                 p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret_session));
}

/* Each thread is given its number, as a pointer. */
static void crew_start(pthread_t *threads, uintptr_t count, void *(*body)(void *number))
{
    for (uintptr_t i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, body, (void *)i), 0);
    }
}

static void crew_join(const pthread_t *threads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    quiet_verdict();
}

/* All threads destroy the same keys at about the same time, and make and destroy their own in between. */
static void *destroy_what_others_destroy(void *number)
{
    CK_SESSION_HANDLE own_session;
    bool goes_well = open_session(&own_session);

    (void)number;
    for (size_t i = 0; i < KEYS && goes_well; i++) {
        CK_RV rv = p11->C_DestroyObject(own_session, keys[i]);
        CK_OBJECT_HANDLE own;

        goes_well = (rv == CKR_OK || QUIET(CKR_OBJECT_HANDLE_INVALID, rv)) &&
                    QUIET(CKR_OK, try_aes_make(own_session, true, "own", &own)) &&
                    quiet_aes_works(own_session, own) &&
                    QUIET(CKR_OK, p11->C_DestroyObject(own_session, own));
        atomic_fetch_add(&destroyed[i], rv == CKR_OK);
    }
    return NULL;
}

START_TEST(one_of_many_destroys_a_key)
{
    pthread_t threads[THREADS];

    start();
    crew_start(threads, THREADS, destroy_what_others_destroy);
    crew_join(threads, THREADS);
    for (size_t i = 0; i < KEYS; i++) {
        ck_assert_uint_eq(atomic_load(&destroyed[i]), 1);
    }
    ck_assert_uint_eq(find_one(session, CKO_SECRET_KEY, "key"), CK_INVALID_HANDLE);
    ck_assert_uint_eq(find_one(session, CKO_SECRET_KEY, "own"), CK_INVALID_HANDLE);
    module_stop();
}
END_TEST

static bool find_by_id(CK_SESSION_HANDLE own_session, CK_BYTE *id, CK_OBJECT_HANDLE *ret_found)
{
    CK_ATTRIBUTE template[] = {ATTR_OCTETS(CKA_ID, id, 2)};
    CK_ULONG count = 0;

    return QUIET(CKR_OK, p11->C_FindObjectsInit(own_session, TEMPLATE(template))) &&
           QUIET(CKR_OK, p11->C_FindObjects(own_session, ret_found, 1, &count)) &&
           QUIET(CKR_OK, p11->C_FindObjectsFinal(own_session)) && QUIET_TRUE(count == 1);
}

/* Each renames keys that others do not, and finds each by its new name at once. */
static void *rename_and_find(void *number)
{
    CK_SESSION_HANDLE own_session;
    bool goes_well = open_session(&own_session);

    for (size_t i = 0; i < 3 * KEYS && goes_well; i++) {
        CK_OBJECT_HANDLE key = keys[(uintptr_t)number];
        CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
        CK_BYTE id[2] = {(CK_BYTE)(uintptr_t)number, (CK_BYTE)i};
        CK_ATTRIBUTE change[] = {ATTR_OCTETS(CKA_ID, id, sizeof(id))};

        goes_well = QUIET(CKR_OK, p11->C_SetAttributeValue(own_session, key, TEMPLATE(change))) &&
                    find_by_id(own_session, id, &found) && QUIET_TRUE(found == key);
    }
    return NULL;
}

START_TEST(what_a_thread_renames_it_finds)
{
    pthread_t threads[THREADS];

    start();
    crew_start(threads, THREADS, rename_and_find);
    crew_join(threads, THREADS);
    module_stop();
}
END_TEST

static void *rename_the_first(void *number)
{
    CK_SESSION_HANDLE own_session;
    bool goes_well = open_session(&own_session);

    for (size_t i = 0; i < KEYS && goes_well; i++) {
        CK_BYTE id[2] = {(CK_BYTE)(uintptr_t)number, (CK_BYTE)i};
        CK_ATTRIBUTE change[] = {ATTR_OCTETS(CKA_ID, id, sizeof(id))};

        goes_well = QUIET(CKR_OK, p11->C_SetAttributeValue(own_session, keys[0], TEMPLATE(change))) &&
                    quiet_aes_works(own_session, keys[0]);
    }
    return NULL;
}

static void *look_for_all(void *number)
{
    CK_SESSION_HANDLE own_session;
    bool goes_well = open_session(&own_session);

    (void)number;
    while (goes_well && !atomic_load(&is_over)) {
        CK_ATTRIBUTE template[] = {ATTR_TEXT(CKA_LABEL, "key")};
        CK_OBJECT_HANDLE found[KEYS + 1];
        CK_ULONG count = 0;

        goes_well = QUIET(CKR_OK, p11->C_FindObjectsInit(own_session, TEMPLATE(template))) &&
                    QUIET(CKR_OK, p11->C_FindObjects(own_session, found, COUNT(found), &count)) &&
                    QUIET(CKR_OK, p11->C_FindObjectsFinal(own_session)) && QUIET_TRUE(count == KEYS);
    }
    return NULL;
}

START_TEST(many_change_one_key_and_it_is_found_all_the_time)
{
    pthread_t threads[THREADS];
    pthread_t lookers[2];

    start();
    crew_start(lookers, COUNT(lookers), look_for_all);
    crew_start(threads, THREADS, rename_the_first);
    crew_join(threads, THREADS);
    atomic_store(&is_over, true);
    crew_join(lookers, COUNT(lookers));
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("process/changes");
    TCase *tests = tcase_create("changes");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, quiet_setup, quiet_teardown);
    tcase_add_test(tests, one_of_many_destroys_a_key);
    tcase_add_test(tests, what_a_thread_renames_it_finds);
    tcase_add_test(tests, many_change_one_key_and_it_is_found_all_the_time);
    suite_add_tcase(made, tests);
    return made;
}

TEST_MAIN(suite)
