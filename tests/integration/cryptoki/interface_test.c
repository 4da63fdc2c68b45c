/* SPDX-License-Identifier: Apache-2.0 */
/* The function lists and interfaces (5.4), functions that are not supported, and the legacy ones (5.20). */
#include "integration/cryptoki/calls.h"
#include "integration/cryptoki/support.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

static const CK_VERSION versions[] = {{3, 2}, {3, 0}, {2, 40}};

/* Pointers after the version of each list, as the specification's headers have them. */
static const size_t lens[] = {
    (sizeof(CK_FUNCTION_LIST_3_2) - sizeof(CK_VERSION)) / sizeof(void *),
    (sizeof(CK_FUNCTION_LIST_3_0) - sizeof(CK_VERSION)) / sizeof(void *),
    (sizeof(CK_FUNCTION_LIST) - sizeof(CK_VERSION)) / sizeof(void *),
};

static size_t index_of(const CK_VERSION *version)
{
    for (size_t i = 0; i < COUNT(versions); i++) {
        if (memcmp(version, &versions[i], sizeof(*version)) == 0) {
            return i;
        }
    }
    ck_abort_msg("an unknown version %u.%u", version->major, version->minor);
}

/* --- Interfaces --- */

START_TEST(the_list_of_interfaces_has_three_versions_of_one_name_twice)
{
    CK_INTERFACE list[8];
    CK_ULONG count = 0;
    unsigned seen = 0;

    module_load();
    OK(p11->C_GetInterfaceList(NULL, &count));
    ck_assert_uint_eq(count, 2 * COUNT(versions));
    count = 1;
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_GetInterfaceList(list, &count));
    ck_assert_uint_eq(count, 2 * COUNT(versions));
    OK(p11->C_GetInterfaceList(list, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        ck_assert_str_eq((const char *)list[i].pInterfaceName, "PKCS 11");
        ck_assert_uint_eq(list[i].flags & ~(CK_FLAGS)CKF_INTERFACE_FORK_SAFE, 0);
        seen |= 1U << (index_of(list[i].pFunctionList) + 3 * (list[i].flags & CKF_INTERFACE_FORK_SAFE));
    }
    ck_assert_uint_eq(seen, 63);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetInterfaceList(list, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetInterfaceList(NULL, NULL));
}
END_TEST

START_TEST(an_interface_is_got_by_name_and_version)
{
    CK_UTF8CHAR name[] = "PKCS 11";
    CK_INTERFACE *interface;

    module_load();
    for (size_t i = 0; i < COUNT(versions); i++) {
        CK_VERSION version = versions[i];

        OK(p11->C_GetInterface(name, &version, &interface, 0));
        ck_assert_uint_eq(index_of(interface->pFunctionList), i);
        OK(p11->C_GetInterface(NULL, &version, &interface, 0));
        ck_assert_uint_eq(index_of(interface->pFunctionList), i);
        ck_assert_uint_eq(interface->flags, 0);
        OK(p11->C_GetInterface(NULL, &version, &interface, CKF_INTERFACE_FORK_SAFE));
        ck_assert_uint_eq(index_of(interface->pFunctionList), i);
        ck_assert_uint_eq(interface->flags, CKF_INTERFACE_FORK_SAFE);
    }
    OK(p11->C_GetInterface(name, NULL, &interface, 0));
    ck_assert_uint_eq(index_of(interface->pFunctionList), 0);
    ck_assert_uint_eq(interface->flags, 0);
    OK(p11->C_GetInterface(NULL, NULL, &interface, 0));
    ck_assert_uint_eq(index_of(interface->pFunctionList), 0);
}
END_TEST

START_TEST(an_unknown_interface_is_refused)
{
    static const char *const names[] = {"", "PKCS 1", "PKCS 11 ", "pkcs 11", "Vendor"};
    CK_VERSION none[] = {{3, 3}, {2, 20}, {0, 0}, {255, 255}, {40, 2}};
    CK_INTERFACE *interface = NULL;
    CK_RV rv;

    module_load();
    for (size_t i = 0; i < COUNT(names); i++) {
        rv = p11->C_GetInterface(octets_of(names[i]), NULL, &interface, 0);
        ck_assert_msg(rv == CKR_FUNCTION_FAILED || rv == CKR_ARGUMENTS_BAD, "\"%s\": %s", names[i],
                      rv_text(rv));
    }
    for (size_t i = 0; i < COUNT(none); i++) {
        rv = p11->C_GetInterface(octets_of("PKCS 11"), &none[i], &interface, 0);
        ck_assert_msg(rv == CKR_FUNCTION_FAILED || rv == CKR_ARGUMENTS_BAD, "%u.%u: %s", none[i].major,
                      none[i].minor, rv_text(rv));
    }
    rv = p11->C_GetInterface(NULL, NULL, &interface, ~(CK_FLAGS)0);
    ck_assert_msg(rv == CKR_FUNCTION_FAILED || rv == CKR_ARGUMENTS_BAD, "%s", rv_text(rv));
    ck_assert_ptr_null(interface);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetInterface(octets_of("PKCS 11"), NULL, NULL, 0));
}
END_TEST

/* --- Function lists --- */

START_TEST(every_list_is_full_and_begins_with_the_earlier_ones)
{
    CK_INTERFACE list[2 * COUNT(versions)];
    CK_ULONG count = COUNT(list);
    static void *all[2][COUNT(versions)][128];

    module_load();
    OK(p11->C_GetInterfaceList(list, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        size_t version = index_of(list[i].pFunctionList);
        void **functions = all[list[i].flags & CKF_INTERFACE_FORK_SAFE][version];
        const uint8_t *first =
            (const uint8_t *)list[i].pFunctionList + offsetof(CK_FUNCTION_LIST, C_Initialize);

        memcpy(functions, first, lens[version] * sizeof(void *));
        for (size_t j = 0; j < lens[version]; j++) {
            ck_assert_msg(functions[j] != NULL, "version %zu lacks function %zu", version, j);
        }
    }
    ck_assert_uint_eq(lens[2], 68);
    ck_assert_uint_eq(lens[1], 92);
    for (int flags = 0; flags < 2; flags++) {
        ck_assert_mem_eq(all[flags][2], all[flags][1], lens[2] * sizeof(void *));
        ck_assert_mem_eq(all[flags][1], all[flags][0], lens[1] * sizeof(void *));
    }
    /* C_Initialize alone is another function. */
    ck_assert_ptr_ne(all[0][0][0], all[1][0][0]);
    ck_assert_mem_eq(&all[0][0][1], &all[1][0][1], (lens[0] - 1) * sizeof(void *));
}
END_TEST

START_TEST(c_get_function_list_gives_the_list_of_2_40)
{
    CK_FUNCTION_LIST *list = NULL;
    CK_INTERFACE *interface;
    CK_VERSION version = {2, 40};

    module_load();
    OK(p11->C_GetFunctionList(&list));
    ck_assert_uint_eq(list->version.major, 2);
    ck_assert_uint_eq(list->version.minor, 40);
    OK(p11->C_GetInterface(NULL, &version, &interface, 0));
    ck_assert_ptr_eq(interface->pFunctionList, list);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetFunctionList(NULL));
}
END_TEST

START_TEST(every_function_is_exported_and_the_one_in_the_list)
{
    void *library = NULL;
    const struct call_case *call;
    CK_FUNCTION_LIST_3_2 *list = module_open(module_path(), RTLD_NOW | RTLD_LOCAL, &library);
    static void *functions[128];
    size_t count = 0;

    memcpy(functions, (const uint8_t *)list + offsetof(CK_FUNCTION_LIST, C_Initialize),
           lens[0] * sizeof(void *));
    for (size_t i = 0; (call = call_case(i)) != NULL; i++) {
        void *exported = dlsym(library, call->name);

        ck_assert_msg(exported != NULL, "%s is not exported", call->name);
        ck_assert_msg(exported == functions[i], "%s is not at place %zu of the list", call->name, i);
        count++;
    }
    ck_assert_uint_eq(count, lens[0]);
}
END_TEST

START_TEST(the_library_tells_its_version)
{
    CK_INFO info;

    module_start();
    OK(p11->C_GetInfo(&info));
    ck_assert_uint_eq(info.cryptokiVersion.major, 3);
    ck_assert_uint_eq(info.cryptokiVersion.minor, 2);
    ck_assert_uint_eq(info.flags, 0);
    for (size_t i = 0; i < sizeof(info.libraryDescription); i++) {
        ck_assert(info.libraryDescription[i] != 0 && info.manufacturerID[i] != 0);
    }
    module_stop();
}
END_TEST

/* --- What is not there --- */

START_TEST(a_function_that_is_not_supported_says_so)
{
    CK_SESSION_HANDLE session = client_ready();
    const struct call_case *call;
    struct picture before;

    picture_take(session, &before);
    for (size_t i = 0; (call = call_case(i)) != NULL; i++) {
        CK_RV rv = call->kind == CALL_ABSENT ? call->with(session) : CKR_FUNCTION_NOT_SUPPORTED;

        ck_assert_msg(rv == CKR_FUNCTION_NOT_SUPPORTED, "%s: %s", call->name, rv_text(rv));
    }
    expect_unchanged(session, &before, "functions that are not supported");
    module_stop();
}
END_TEST

START_TEST(a_supported_function_does_not_say_that_it_is_not)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);
    const struct call_case *call;

    for (size_t i = 0; (call = call_case(i)) != NULL; i++) {
        CK_SESSION_HANDLE other = session_open(slot);

        if (call_wants_session(call)) {
            ck_assert_msg(call->with(other) != CKR_FUNCTION_NOT_SUPPORTED, "%s", call->name);
        }
        (void)p11->C_CloseSession(other);
    }
    module_stop();
}
END_TEST

/* --- Legacy --- */

START_TEST(parallel_functions_say_that_nothing_is_parallel)
{
    CK_SESSION_HANDLE session = client_ready();
    const CK_SESSION_HANDLE handles[] = {session, CK_INVALID_HANDLE, session + 1, CK_UNAVAILABLE_INFORMATION};

    for (size_t i = 0; i < COUNT(handles); i++) {
        EXPECT(CKR_FUNCTION_NOT_PARALLEL, p11->C_GetFunctionStatus(handles[i]));
        EXPECT(CKR_FUNCTION_NOT_PARALLEL, p11->C_CancelFunction(handles[i]));
    }
    module_stop();
}
END_TEST

START_TEST(waiting_for_a_slot_event_checks_its_arguments)
{
    CK_SLOT_ID slot;

    module_load();
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL));
    module_start();
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_WaitForSlotEvent(0, NULL, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, &slot));
    module_stop();
}
END_TEST

START_TEST(a_new_token_is_an_event_once)
{
    CK_SLOT_ID event = CK_UNAVAILABLE_INFORMATION, made;

    module_start();
    (void)token_make("before");
    module_stop();
    module_start();
    EXPECT(CKR_NO_EVENT, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, NULL));
    ck_assert_uint_eq(event, CK_UNAVAILABLE_INFORMATION);
    made = token_make("now");
    OK(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, NULL));
    ck_assert_uint_eq(event, made);
    EXPECT(CKR_NO_EVENT, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, NULL));
    made = token_make("waited for");
    OK(p11->C_WaitForSlotEvent(0, &event, NULL));
    ck_assert_uint_eq(event, made);
    module_stop();
}
END_TEST

static CK_SLOT_ID waited_for;

static void *wait_for_token(void *arg)
{
    *(CK_RV *)arg = p11->C_WaitForSlotEvent(0, &waited_for, NULL);
    return NULL;
}

static int make_token(void *label)
{
    module_start();
    (void)token_make(label);
    module_stop();
    return 0;
}

static int remake_token(void *arg)
{
    CK_UTF8CHAR label[32];

    memset(label, ' ', sizeof(label));
    module_start();
    OK(p11->C_InitToken(*(const CK_SLOT_ID *)arg, octets_of(SO_PIN), strlen(SO_PIN), label));
    module_stop();
    return 0;
}

/* It blocks until there is one, made by another thread or by another process. A new life of a token is none. */
START_TEST(who_waits_is_told_of_a_new_token)
{
    CK_SLOT_ID first;
    pthread_t waiting;
    CK_RV rv = CKR_FUNCTION_FAILED;

    ck_assert_int_eq(child_run(make_token, (void *)(uintptr_t) "first"), 0);
    module_start();
    ck_assert(slot_find("first", &first));
    ck_assert_int_eq(pthread_create(&waiting, NULL, wait_for_token, &rv), 0);
    ck_assert_int_eq(child_run(remake_token, &first), 0);
    sleep_ms(200);
    ck_assert_int_eq(pthread_tryjoin_np(waiting, NULL), EBUSY);
    if (_i == 0) {
        (void)token_make("second");
    } else {
        ck_assert_int_eq(child_run(make_token, (void *)(uintptr_t) "second"), 0);
    }
    ck_assert_int_eq(pthread_join(waiting, NULL), 0);
    OK(rv);
    ck_assert_uint_ne(waited_for, first);
    ck_assert_uint_eq(slot_find("second", &first) ? first : CK_UNAVAILABLE_INFORMATION, waited_for);
    EXPECT(CKR_NO_EVENT, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &waited_for, NULL));
    module_stop();
}
END_TEST

static void *wait_for_event(void *arg)
{
    CK_SLOT_ID slot;

    *(CK_RV *)arg = p11->C_WaitForSlotEvent(0, &slot, NULL);
    return NULL;
}

START_TEST(finalize_releases_who_waits_for_an_event)
{
    pthread_t waiting;
    CK_RV rv = CKR_OK;

    module_start();
    ck_assert_int_eq(pthread_create(&waiting, NULL, wait_for_event, &rv), 0);
    sleep_ms(120);
    module_stop();
    ck_assert_int_eq(pthread_join(waiting, NULL), 0);
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, rv);
}
END_TEST

/* --- C_Initialize by several --- */

static void *initialize(void *arg)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

    *(CK_RV *)arg = p11->C_Initialize(&args);
    return NULL;
}

START_TEST(of_many_threads_one_initializes)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    CK_RV rvs[THREADS];
    CK_INFO info;
    unsigned won = 0;

    module_load();
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, initialize, &rvs[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert(rvs[i] == CKR_OK || rvs[i] == CKR_CRYPTOKI_ALREADY_INITIALIZED);
        won += rvs[i] == CKR_OK;
    }
    ck_assert_uint_eq(won, 1);
    OK(p11->C_GetInfo(&info));
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("interface");
    TCase *tcase = tcase_create("interface");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_list_of_interfaces_has_three_versions_of_one_name_twice);
    tcase_add_test(tcase, an_interface_is_got_by_name_and_version);
    tcase_add_test(tcase, an_unknown_interface_is_refused);
    tcase_add_test(tcase, every_list_is_full_and_begins_with_the_earlier_ones);
    tcase_add_test(tcase, c_get_function_list_gives_the_list_of_2_40);
    tcase_add_test(tcase, every_function_is_exported_and_the_one_in_the_list);
    tcase_add_test(tcase, the_library_tells_its_version);
    tcase_add_test(tcase, a_function_that_is_not_supported_says_so);
    tcase_add_test(tcase, a_supported_function_does_not_say_that_it_is_not);
    tcase_add_test(tcase, parallel_functions_say_that_nothing_is_parallel);
    tcase_add_test(tcase, waiting_for_a_slot_event_checks_its_arguments);
    tcase_add_test(tcase, a_new_token_is_an_event_once);
    tcase_add_loop_test(tcase, who_waits_is_told_of_a_new_token, 0, 2);
    tcase_add_test(tcase, finalize_releases_who_waits_for_an_event);
    tcase_add_test(tcase, of_many_threads_one_initializes);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
