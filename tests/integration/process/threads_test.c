/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that use the library at once, and one that ends what the others are at. A call that began before the
 * end of what it uses may still succeed; one that began after that must not.
 */
#include "integration/process/quiet.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    THREADS = 8,
    ROUNDS = UNDER_ASAN || UNDER_TSAN ? 6 : 40,
    LIVES = UNDER_ASAN || UNDER_TSAN ? 5 : 30,
};

static CK_SLOT_ID slot;
static struct key_pair pair;
static CK_OBJECT_HANDLE aes;

/* The test's last word to its threads. */
static atomic_bool is_over;

static void start(void)
{
    CK_SESSION_HANDLE session = client_ready();

    ck_assert(slot_find("token", &slot));
    pair = ec_make(session, true, "ec");
    aes = aes_make(session, true, "aes");
}

/* --- Threads --- */

struct crew {
    pthread_t threads[THREADS];
    unsigned count;
};

/* Each thread is given its number, as a pointer. */
static void crew_start(struct crew *crew, unsigned count, void *(*body)(void *number))
{
    crew->count = count;
    for (uintptr_t i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_create(&crew->threads[i], NULL, body, (void *)i), 0);
    }
}

static void crew_join(struct crew *crew)
{
    for (unsigned i = 0; i < crew->count; i++) {
        ck_assert_int_eq(pthread_join(crew->threads[i], NULL), 0);
    }
    quiet_verdict();
}

static bool open_session(CK_SESSION_HANDLE *ret_session)
{
    return QUIET(CKR_OK,
                 p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret_session));
}

/* Whether a code is one of those that end with CKR_OK, which is one of them; noted if not. */
static bool is_one_of(CK_RV rv, const char *what, const CK_RV *legal)
{
    for (; *legal != CKR_OK; legal++) {
        if (rv == *legal) {
            return true;
        }
    }
    return quiet_rv(CKR_OK, rv, what);
}

#define ONE_OF(call, ...) is_one_of((call), #call, (const CK_RV[]){__VA_ARGS__, CKR_OK})

/* --- Each its own session --- */

static bool make_use_and_destroy(CK_SESSION_HANDLE session, bool is_token, const char *label)
{
    struct key_pair own;
    CK_OBJECT_HANDLE key;

    return QUIET(CKR_OK, try_aes_make(session, is_token, label, &key)) && quiet_aes_works(session, key) &&
           QUIET_TRUE(quiet_find(session, CKO_SECRET_KEY, label) == key) &&
           QUIET(CKR_OK, p11->C_DestroyObject(session, key)) &&
           QUIET_TRUE(quiet_find(session, CKO_SECRET_KEY, label) == CK_INVALID_HANDLE) &&
           QUIET(CKR_OK, try_ec_make(session, is_token, label, &own)) && quiet_pair_works(session, own) &&
           QUIET(CKR_OK, p11->C_DestroyObject(session, own.private)) &&
           QUIET(CKR_OK, p11->C_DestroyObject(session, own.public));
}

static bool digest_and_draw(CK_SESSION_HANDLE session)
{
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    CK_BYTE random[40];
    CK_BYTE digest[32];
    CK_ULONG len = sizeof(digest);

    return QUIET(CKR_OK, p11->C_GenerateRandom(session, random, sizeof(random))) &&
           QUIET(CKR_OK, p11->C_DigestInit(session, &mechanism)) &&
           QUIET(CKR_OK, p11->C_DigestUpdate(session, random, sizeof(random))) &&
           QUIET(CKR_OK, p11->C_DigestFinal(session, digest, &len));
}

static void *do_everything(void *number)
{
    CK_SESSION_HANDLE session;
    char label[16];

    (void)snprintf(label, sizeof(label), "thread-%zu", (size_t)(uintptr_t)number);
    for (unsigned i = 0; i < ROUNDS && !quiet_is_wrong(); i++) {
        if (!open_session(&session) || !quiet_pair_works(session, pair) || !quiet_aes_works(session, aes) ||
            !make_use_and_destroy(session, false, label) || !make_use_and_destroy(session, true, label) ||
            !digest_and_draw(session) || !QUIET(CKR_OK, p11->C_CloseSession(session))) {
            return NULL;
        }
    }
    return NULL;
}

START_TEST(eight_threads_with_a_session_each)
{
    struct crew crew;

    start();
    crew_start(&crew, THREADS, do_everything);
    crew_join(&crew);
    module_stop();
}
END_TEST

/* --- One session --- */

static CK_SESSION_HANDLE common;

static bool sign_on_common(CK_SESSION_HANDLE own)
{
    CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
    struct result signature = {.len = sizeof(signature.octets)};
    CK_RV rv = p11->C_SignInit(common, &mechanism, pair.private);

    if (!ONE_OF(rv, CKR_OPERATION_ACTIVE)) {
        return false;
    }
    rv = p11->C_Sign(common, octets_of("text"), 4, signature.octets, &signature.len);
    return ONE_OF(rv, CKR_OPERATION_NOT_INITIALIZED) &&
           (rv != CKR_OK ||
            QUIET(CKR_OK, try_verify(own, CKM_ECDSA_SHA256, pair.public, "text", &signature)));
}

static bool encrypt_on_common(CK_SESSION_HANDLE own)
{
    struct result expected;
    struct result cipher;
    CK_RV rv = try_encrypt(common, aes, "text", &cipher);

    return ONE_OF(rv, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED) &&
           QUIET(CKR_OK, try_encrypt(own, aes, "text", &expected)) &&
           (rv != CKR_OK || QUIET_TRUE(cipher.len == expected.len &&
                                       memcmp(cipher.octets, expected.octets, cipher.len) == 0));
}

static bool find_on_common(CK_SESSION_HANDLE own)
{
    CK_OBJECT_HANDLE found[4];
    CK_ULONG count = 0;

    (void)own;
    return ONE_OF(p11->C_FindObjectsInit(common, NULL, 0), CKR_OPERATION_ACTIVE) &&
           ONE_OF(p11->C_FindObjects(common, found, COUNT(found), &count), CKR_OPERATION_NOT_INITIALIZED) &&
           QUIET_TRUE(count <= COUNT(found)) &&
           ONE_OF(p11->C_FindObjectsFinal(common), CKR_OPERATION_NOT_INITIALIZED);
}

static void *share_a_session(void *number)
{
    CK_SESSION_HANDLE own;
    bool goes_well = open_session(&own);

    (void)number;
    for (unsigned i = 0; goes_well && i < 10 * ROUNDS; i++) {
        goes_well = sign_on_common(own) && encrypt_on_common(own) && find_on_common(own);
    }
    return NULL;
}

START_TEST(threads_on_one_session)
{
    struct crew crew;

    start();
    common = session_open(slot);
    crew_start(&crew, 3, share_a_session);
    crew_join(&crew);
    OK(p11->C_SessionCancel(common, CKF_SIGN | CKF_ENCRYPT | CKF_FIND_OBJECTS));
    expect_pair_works(common, CKM_ECDSA_SHA256, pair);
    module_stop();
}
END_TEST

/* --- Initialize and Finalize --- */

static atomic_uint succeeded;
static pthread_barrier_t barrier;

/* Whoever is told that another one did it finds the library usable. */
static void *initialize_at_once(void *number)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_ULONG count = 0;
    CK_RV rv;

    (void)number;
    (void)pthread_barrier_wait(&barrier);
    rv = p11->C_Initialize(&args);
    atomic_fetch_add(&succeeded, rv == CKR_OK);
    if (ONE_OF(rv, CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
        (void)QUIET(CKR_OK, p11->C_GetSlotList(CK_TRUE, NULL, &count));
    }
    return NULL;
}

static void *finalize_at_once(void *number)
{
    CK_RV rv;

    (void)number;
    (void)pthread_barrier_wait(&barrier);
    rv = p11->C_Finalize(NULL);
    atomic_fetch_add(&succeeded, rv == CKR_OK);
    (void)ONE_OF(rv, CKR_CRYPTOKI_NOT_INITIALIZED);
    return NULL;
}

static void expect_one_succeeds(void *(*body)(void *))
{
    struct crew crew;

    atomic_store(&succeeded, 0);
    crew_start(&crew, THREADS, body);
    crew_join(&crew);
    ck_assert_uint_eq(atomic_load(&succeeded), 1);
}

START_TEST(one_of_many_initializes_and_one_finalizes)
{
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (unsigned i = 0; i < LIVES; i++) {
        expect_one_succeeds(initialize_at_once);
        expect_one_succeeds(finalize_at_once);
    }
    (void)pthread_barrier_destroy(&barrier);
}
END_TEST

/* What the threads below may count on, and a number that rises before and after each change of it. */
static atomic_bool is_usable;
static atomic_uint changes;

static void change_begins(void)
{
    atomic_fetch_add(&changes, 1);
}

static void change_ends(bool usable)
{
    atomic_store(&is_usable, usable);
    atomic_fetch_add(&changes, 1);
}

/* One look at it: only between two that are the same, and not amid a change, is anything certain. */
struct glance {
    unsigned changes;
    bool is_usable;
};

static struct glance glance(void)
{
    struct glance now = {.changes = atomic_load(&changes)};

    now.is_usable = atomic_load(&is_usable);
    return now;
}

static bool is_certain_since(struct glance before)
{
    return before.changes % 2 == 0 && atomic_load(&changes) == before.changes;
}

static bool is_as_seen(CK_RV rv, const char *what, struct glance before, const CK_RV *refusals)
{
    if (!is_certain_since(before)) {
        return is_one_of(rv, what, refusals);
    }
    if (before.is_usable) {
        return quiet_rv(CKR_OK, rv, what);
    }
    if (rv == CKR_OK) {
        quiet_note("%s succeeded afterwards", what);
        return false;
    }
    return is_one_of(rv, what, refusals);
}

/* Reads what needs no session: those of before are gone after a new C_Initialize. */
static void *list_for_ever(void *number)
{
    static const CK_RV refusals[] = {CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OK};
    bool goes_well = true;

    (void)number;
    while (goes_well && !atomic_load(&is_over)) {
        struct glance before = glance();
        CK_TOKEN_INFO info;

        goes_well = is_as_seen(p11->C_GetTokenInfo(slot, &info), "C_GetTokenInfo", before, refusals);
    }
    return NULL;
}

/* Opens sessions, and uses each until it is gone. */
static void *sign_for_ever(void *number)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    CK_BYTE digest[32];
    CK_ULONG len;
    bool goes_well = true;

    (void)number;
    while (goes_well && !atomic_load(&is_over)) {
        CK_RV rv = p11->C_OpenSession(slot, flags, NULL, NULL, &session);

        goes_well = ONE_OF(rv, CKR_CRYPTOKI_NOT_INITIALIZED);
        for (unsigned i = 0; goes_well && rv == CKR_OK && i < 100; i++) {
            len = sizeof(digest);
            rv = p11->C_DigestInit(session, &mechanism);
            rv = rv == CKR_OK ? p11->C_Digest(session, octets_of("text"), 4, digest, &len) : rv;
            goes_well = ONE_OF(rv, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID,
                               CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED);
        }
    }
    return NULL;
}

START_TEST(threads_outlive_finalize)
{
    struct crew listers;
    struct crew signers;

    start();
    atomic_store(&is_usable, true);
    crew_start(&listers, 2, list_for_ever);
    crew_start(&signers, 4, sign_for_ever);
    for (unsigned i = 0; i < LIVES && !quiet_is_wrong(); i++) {
        sleep_ms(2);
        change_begins();
        module_stop();
        change_ends(false);
        sleep_ms(2);
        change_begins();
        module_start();
        change_ends(true);
    }
    atomic_store(&is_over, true);
    crew_join(&listers);
    crew_join(&signers);
    module_stop();
}
END_TEST

/* --- Login and logout --- */

/* The private key as it is now or, when it is not to be seen, by the handle that it had last. */
static CK_OBJECT_HANDLE private_key(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE last)
{
    CK_OBJECT_HANDLE found = quiet_find(session, CKO_PRIVATE_KEY, "ec");

    return found == CK_INVALID_HANDLE ? last : found;
}

static const CK_RV logged_out[] = {CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID,
                                   CKR_OPERATION_NOT_INITIALIZED, CKR_OK};

static void *sign_while_logged_in(void *number)
{
    CK_OBJECT_HANDLE private = pair.private;
    CK_SESSION_HANDLE session;
    bool goes_well = open_session(&session);

    (void)number;
    while (goes_well && !atomic_load(&is_over)) {
        struct glance before = glance();
        struct result signature;

        private = private_key(session, private);
        goes_well = is_as_seen(try_sign(session, CKM_ECDSA_SHA256, private, "text", &signature), "C_Sign",
                               before, logged_out);
    }
    return NULL;
}

/* An operation that began before the logout does not outlast it; it need not outlast a later login either. */
static void *sign_in_two_calls(void *number)
{
    CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
    CK_OBJECT_HANDLE private = pair.private;
    CK_SESSION_HANDLE session;
    bool goes_well = open_session(&session);

    (void)number;
    while (goes_well && !atomic_load(&is_over)) {
        struct result signature = {.len = sizeof(signature.octets)};
        struct glance amid;
        CK_RV rv;

        private = private_key(session, private);
        goes_well = is_one_of(p11->C_SignInit(session, &mechanism, private), "C_SignInit", logged_out);
        sleep_ms(1);
        amid = glance();
        rv = p11->C_Sign(session, octets_of("text"), 4, signature.octets, &signature.len);
        goes_well = goes_well && (is_certain_since(amid) && amid.is_usable
                                      ? is_one_of(rv, "C_Sign", logged_out)
                                      : is_as_seen(rv, "C_Sign of before", amid, logged_out));
    }
    return NULL;
}

START_TEST(no_private_key_is_used_after_logout)
{
    CK_SESSION_HANDLE session;
    struct crew whole;
    struct crew parts;

    start();
    session = session_open(slot);
    atomic_store(&is_usable, true);
    crew_start(&whole, 3, sign_while_logged_in);
    crew_start(&parts, 3, sign_in_two_calls);
    for (unsigned i = 0; i < LIVES && !quiet_is_wrong(); i++) {
        sleep_ms(3);
        change_begins();
        OK(p11->C_Logout(session));
        change_ends(false);
        sleep_ms(3);
        change_begins();
        login_user(session);
        change_ends(true);
    }
    atomic_store(&is_over, true);
    crew_join(&whole);
    crew_join(&parts);
    module_stop();
}
END_TEST

/* --- Objects and sessions that end --- */

static _Atomic(CK_OBJECT_HANDLE) short_lived;

static void *encrypt_with_the_short_lived(void *number)
{
    static const CK_RV refusals[] = {CKR_KEY_HANDLE_INVALID, CKR_OPERATION_NOT_INITIALIZED, CKR_OK};
    CK_SESSION_HANDLE session;
    bool goes_well = open_session(&session);

    (void)number;
    while (goes_well && !atomic_load(&is_over)) {
        struct glance before = glance();
        struct result cipher;
        CK_RV rv = try_encrypt(session, atomic_load(&short_lived), "text", &cipher);

        goes_well = is_as_seen(rv, "C_Encrypt", before, refusals);
    }
    return NULL;
}

START_TEST(no_key_is_used_after_its_destruction)
{
    CK_SESSION_HANDLE session;
    struct crew crew;

    start();
    session = session_open(slot);
    change_begins();
    crew_start(&crew, 4, encrypt_with_the_short_lived);
    for (unsigned i = 0; i < 4 * LIVES && !quiet_is_wrong(); i++) {
        bool is_token = i % 2 == 0;

        atomic_store(&short_lived, aes_make(session, is_token, "short-lived"));
        change_ends(true);
        sleep_ms(1);
        change_begins();
        OK(p11->C_DestroyObject(session, atomic_load(&short_lived)));
        change_ends(false);
        sleep_ms(1);
        change_begins();
    }
    atomic_store(&is_over, true);
    crew_join(&crew);
    module_stop();
}
END_TEST

/* The sessions of all threads end at once, again and again; each opens another. */
static void *use_and_reopen(void *number)
{
    static const CK_RV refusals[] = {CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED, CKR_OK};
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    unsigned opened_at = 0;
    bool goes_well = true;

    (void)number;
    while (goes_well && !atomic_load(&is_over)) {
        struct glance before = glance();
        CK_BYTE digest[32];
        CK_ULONG len = sizeof(digest);
        CK_RV rv = p11->C_DigestInit(session, &mechanism);

        rv = rv == CKR_OK ? p11->C_Digest(session, octets_of("text"), 4, digest, &len) : rv;
        goes_well = is_one_of(rv, "C_Digest", refusals);
        if (rv == CKR_OK && before.changes % 2 == 0 && opened_at < before.changes - 1) {
            quiet_note("a session has outlived C_CloseAllSessions");
            goes_well = false;
        }
        if (rv != CKR_OK) {
            goes_well = goes_well && open_session(&session);
            opened_at = atomic_load(&changes);
        }
    }
    return NULL;
}

START_TEST(no_session_is_used_after_close_all)
{
    struct crew crew;

    start();
    change_begins();
    change_ends(true);
    crew_start(&crew, 4, use_and_reopen);
    for (unsigned i = 0; i < 4 * LIVES && !quiet_is_wrong(); i++) {
        sleep_ms(1);
        change_begins();
        OK(p11->C_CloseAllSessions(slot));
        change_ends(true);
    }
    atomic_store(&is_over, true);
    crew_join(&crew);
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("process/threads");
    TCase *tests = tcase_create("threads");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, quiet_setup, quiet_teardown);
    tcase_add_test(tests, eight_threads_with_a_session_each);
    tcase_add_test(tests, threads_on_one_session);
    tcase_add_test(tests, one_of_many_initializes_and_one_finalizes);
    tcase_add_test(tests, threads_outlive_finalize);
    tcase_add_test(tests, no_private_key_is_used_after_logout);
    tcase_add_test(tests, no_key_is_used_after_its_destruction);
    tcase_add_test(tests, no_session_is_used_after_close_all);
    suite_add_tcase(made, tests);
    return made;
}

TEST_MAIN(suite)
