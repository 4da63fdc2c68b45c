/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that forks. The child has an uninitialised library, may initialise it and work, and whatever it does
 * the parent goes on undisturbed (PKCS#11 3.2, "Applications and processes").
 */
#include "integration/process/calls.h"
#include "integration/process/quiet.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What a child inherits it gives up, and cannot free: its parent's threads may have been at it. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static struct call_target target;

static void expect_not_initialized(const char *call, CK_RV rv)
{
    (void)quiet_rv(CKR_CRYPTOKI_NOT_INITIALIZED, rv, call);
}

static void start(void)
{
    target.session = client_ready();
    ck_assert(slot_find("token", &target.slot));
    target.key = aes_make(target.session, true, "aes");
    target.pair = ec_make(target.session, true, "ec");
}

/* --- What a child may do --- */

/* All that the parent had open is not there. */
static bool has_nothing(void)
{
    return QUIET_TRUE(call_everything(&target, expect_not_initialized) == call_count()) &&
           QUIET(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL)) && !quiet_is_wrong();
}

/* The child's own sessions are new, the objects of the parent's are gone, and token keys work. */
static bool can_work(void)
{
    CK_SESSION_HANDLE session;
    CK_SESSION_INFO info;
    struct key_pair pair;

    if (!quiet_ready(target.slot, &session)) {
        return false;
    }
    pair.public = quiet_find(session, CKO_PUBLIC_KEY, "ec");
    pair.private = quiet_find(session, CKO_PRIVATE_KEY, "ec");
    return quiet_pair_works(session, pair) &&
           quiet_aes_works(session, quiet_find(session, CKO_SECRET_KEY, "aes")) &&
           QUIET(CKR_OK, p11->C_GetSessionInfo(session, &info)) &&
           QUIET_TRUE(info.state == CKS_RW_USER_FUNCTIONS) && QUIET(CKR_OK, p11->C_Finalize(NULL));
}

static int look_only(void *arg)
{
    (void)arg;
    return has_nothing() ? 0 : 1;
}

static int never_call(void *arg)
{
    (void)arg;
    return 0;
}

static int initialize_and_work(void *arg)
{
    (void)arg;
    return has_nothing() && can_work() && has_nothing() ? 0 : 1;
}

/* What daemons do: two forks, with the library initialised in between, so that the grandchild inherits. */
static int fork_again(void *arg)
{
    CK_SESSION_HANDLE session;
    pid_t pid;

    (void)arg;
    if (!has_nothing() || !quiet_ready(target.slot, &session)) {
        return 1;
    }
    pid = fork();
    if (pid == 0) {
        _exit(initialize_and_work(NULL));
    }
    return QUIET_TRUE(child_end(pid) == 0) &&
                   quiet_aes_works(session, quiet_find(session, CKO_SECRET_KEY, "aes"))
               ? 0
               : 1;
}

/* The child does not clean up behind itself. */
static int initialize_and_leave(void *arg)
{
    CK_SESSION_HANDLE session;

    (void)arg;
    return quiet_ready(target.slot, &session) ? 0 : 1;
}

static int destroy_the_key(void *arg)
{
    CK_SESSION_HANDLE session;

    (void)arg;
    return quiet_ready(target.slot, &session) &&
                   QUIET(CKR_OK, p11->C_DestroyObject(session, quiet_find(session, CKO_SECRET_KEY, "doomed")))
               ? 0
               : 1;
}

static const struct {
    int (*body)(void *);
    bool ends_by_exit; /* with the handlers that the parent has registered */
} children[] = {
    {never_call, false},
    {never_call, true},
    {look_only, false},
    {look_only, true},
    {initialize_and_work, false},
    {initialize_and_work, true},
    {initialize_and_leave, false},
    {initialize_and_leave, true},
    {fork_again, false},
    {fork_again, true},
};

static void expect_child_is_well(int index)
{
    int ended = child_end(children[index].ends_by_exit ? child_start_exiting(children[index].body, NULL)
                                                       : child_start(children[index].body, NULL));

    quiet_verdict();
    ck_assert_int_eq(ended, 0);
}

/* --- When the parent forks --- */

static int make_keys(void *arg)
{
    (void)arg;
    start();
    module_stop();
    return 0;
}

/* The parent itself has not initialised, and may do so afterwards. */
START_TEST(before_initialize)
{
    CK_SLOT_ID slot;

    target.slot = 0;
    ck_assert_int_eq(child_run(make_keys, NULL), 0);
    expect_child_is_well(_i);
    module_start();
    ck_assert(slot_find("token", &slot));
    module_stop();
}
END_TEST

START_TEST(after_initialize)
{
    CK_SESSION_HANDLE session;

    start();
    module_stop();
    module_start();
    expect_child_is_well(_i);
    session = session_open(target.slot);
    login_user(session);
    expect_aes_works(session, find_one(session, CKO_SECRET_KEY, "aes"));
}
END_TEST

START_TEST(after_login)
{
    CK_OBJECT_HANDLE own;

    start();
    own = aes_make(target.session, false, "session object");
    expect_child_is_well(_i);
    expect_aes_works(target.session, target.key);
    expect_aes_works(target.session, own);
    expect_pair_works(target.session, CKM_ECDSA_SHA256, target.pair);
    (void)aes_make(target.session, true, "after the fork");
    module_stop();
}
END_TEST

START_TEST(amid_operations)
{
    CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
    struct result signature = {.len = sizeof(signature.octets)};
    CK_OBJECT_HANDLE found[1];
    CK_ULONG count = 0;

    start();
    OK(p11->C_FindObjectsInit(target.session, NULL, 0));
    OK(p11->C_SignInit(target.session, &mechanism, target.pair.private));
    OK(p11->C_SignUpdate(target.session, octets_of("first, "), 7));
    expect_child_is_well(_i);
    OK(p11->C_SignUpdate(target.session, octets_of("second"), 6));
    OK(p11->C_SignFinal(target.session, signature.octets, &signature.len));
    OK(try_verify(target.session, CKM_ECDSA_SHA256, target.pair.public, "first, second", &signature));
    for (unsigned i = 0; i < 3; i++) {
        OK(p11->C_FindObjects(target.session, found, 1, &count));
        ck_assert_uint_eq(count, 1);
    }
}
END_TEST

/* The library is down again, but what it once opened must not come back. */
START_TEST(after_finalize)
{
    start();
    module_stop();
    expect_child_is_well(_i);
}
END_TEST

START_TEST(what_a_child_destroys_is_gone_for_the_parent)
{
    CK_OBJECT_HANDLE key;
    struct result cipher;

    start();
    key = aes_make(target.session, true, "doomed");
    expect_aes_works(target.session, key);
    quiet_run(destroy_the_key, NULL);
    EXPECT(CKR_KEY_HANDLE_INVALID, try_encrypt(target.session, key, "text", &cipher));
    ck_assert_uint_eq(find_one(target.session, CKO_SECRET_KEY, "doomed"), CK_INVALID_HANDLE);
}
END_TEST

static bool give_label(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const char *label)
{
    CK_ATTRIBUTE change[] = {ATTR_TEXT(CKA_LABEL, label)};

    return QUIET(CKR_OK, p11->C_SetAttributeValue(session, key, change, 1));
}

static int rename_the_key(void *to)
{
    const char *from = strcmp(to, "here") == 0 ? "there" : "here";
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;

    if (!quiet_ready(target.slot, &session)) {
        return 1;
    }
    key = quiet_find(session, CKO_SECRET_KEY, from);
    return QUIET_TRUE(key != CK_INVALID_HANDLE) && give_label(session, key, to) ? 0 : 1;
}

/* The parent has the key at hand each time, under the name that it had. */
START_TEST(what_a_child_renames_is_found_by_its_new_name)
{
    static const char *const names[] = {"here", "there"};
    CK_OBJECT_HANDLE key;

    start();
    key = aes_make(target.session, true, "here");
    for (size_t i = 1; i < 6; i++) {
        const char *old_name = names[(i - 1) % 2];
        const char *new_name = names[i % 2];

        ck_assert_uint_eq(find_one(target.session, CKO_SECRET_KEY, old_name), key);
        quiet_run(rename_the_key, (void *)(uintptr_t)new_name);
        ck_assert_uint_eq(find_one(target.session, CKO_SECRET_KEY, old_name), CK_INVALID_HANDLE);
        ck_assert_uint_eq(find_one(target.session, CKO_SECRET_KEY, new_name), key);
        expect_aes_works(target.session, key);
    }
}
END_TEST

/* --- Random numbers --- */

enum { DRAW_LEN = 32, DRAWERS = 4, DRAWS = 8 };

struct draws {
    CK_BYTE octets[DRAWERS * DRAWS][DRAW_LEN];
};

static bool draw(struct draws *draws, unsigned drawer, CK_SESSION_HANDLE session)
{
    for (unsigned i = 0; i < DRAWS; i++) {
        if (!QUIET(CKR_OK, p11->C_GenerateRandom(session, draws->octets[drawer * DRAWS + i], DRAW_LEN))) {
            return false;
        }
    }
    return true;
}

struct drawing {
    struct draws *draws;
    unsigned drawer;
};

static int draw_in_child(void *arg)
{
    struct drawing *drawing = arg;
    CK_SESSION_HANDLE session;

    return quiet_ready(target.slot, &session) && draw(drawing->draws, drawing->drawer, session) ? 0 : 1;
}

START_TEST(random_numbers_of_parent_and_children_differ)
{
    struct draws *draws =
        mmap(NULL, sizeof(*draws), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(draws, MAP_FAILED);
    start();
    ck_assert(draw(draws, 0, target.session));
    for (unsigned drawer = 1; drawer < DRAWERS - 1; drawer++) {
        quiet_run(draw_in_child, &(struct drawing){draws, drawer});
    }
    ck_assert(draw(draws, DRAWERS - 1, target.session));
    for (unsigned i = 0; i < DRAWERS * DRAWS; i++) {
        for (unsigned j = 0; j < i; j++) {
            ck_assert_mem_ne(draws->octets[i], draws->octets[j], DRAW_LEN);
        }
    }
}
END_TEST

/* --- Forks beside threads that are in calls --- */

enum { BUSY_THREADS = 4, FORKS = 30 };

static atomic_bool is_over;

static bool sign_once(CK_SESSION_HANDLE session)
{
    return quiet_pair_works(session, target.pair);
}

static bool make_and_destroy(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE key;

    return QUIET(CKR_OK, try_aes_make(session, true, "short-lived", &key)) &&
           QUIET(CKR_OK, p11->C_DestroyObject(session, key));
}

static bool search_and_draw(CK_SESSION_HANDLE session)
{
    CK_BYTE octets[64];

    return quiet_aes_works(session, quiet_find(session, CKO_SECRET_KEY, "aes")) &&
           QUIET(CKR_OK, p11->C_GenerateRandom(session, octets, sizeof(octets)));
}

static bool make_a_session_pair(CK_SESSION_HANDLE session)
{
    struct key_pair pair;

    return QUIET(CKR_OK, try_ec_make(session, false, "short-lived", &pair)) &&
           QUIET(CKR_OK, p11->C_DestroyObject(session, pair.private)) &&
           QUIET(CKR_OK, p11->C_DestroyObject(session, pair.public));
}

static bool (*const deeds[BUSY_THREADS])(CK_SESSION_HANDLE) = {sign_once, make_and_destroy, search_and_draw,
                                                               make_a_session_pair};

static void *be_busy(void *arg)
{
    bool (*const *deed)(CK_SESSION_HANDLE) = arg;
    CK_SESSION_HANDLE session;
    bool goes_well = QUIET(
        CKR_OK, p11->C_OpenSession(target.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));

    while (goes_well && !atomic_load(&is_over)) {
        goes_well = (*deed)(session);
    }
    return NULL;
}

static void *start_and_stop(void *arg)
{
    (void)arg;
    while (!atomic_load(&is_over) && QUIET(CKR_OK, p11->C_Initialize(NULL)) &&
           QUIET(CKR_OK, p11->C_Finalize(NULL))) {
    }
    return NULL;
}

static void fork_often(void)
{
    for (unsigned i = 0; i < FORKS && !quiet_is_wrong(); i++) {
        int ended = child_run(initialize_and_work, NULL);

        quiet_verdict();
        ck_assert_int_eq(ended, 0);
        sleep_ms(i % 7);
    }
}

START_TEST(while_threads_are_in_calls)
{
    pthread_t threads[BUSY_THREADS];

    start();
    for (unsigned i = 0; i < BUSY_THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, be_busy, (void *)(uintptr_t)&deeds[i]), 0);
    }
    fork_often();
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < BUSY_THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    quiet_verdict();
    module_stop();
}
END_TEST

START_TEST(while_a_thread_initializes_and_finalizes)
{
    pthread_t thread;

    start();
    module_stop();
    ck_assert_int_eq(pthread_create(&thread, NULL, start_and_stop, NULL), 0);
    fork_often();
    atomic_store(&is_over, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    quiet_verdict();
}
END_TEST

struct race {
    atomic_bool is_on;
};

static void *initialize_once(void *arg)
{
    struct race *race = arg;

    while (!atomic_load(&race->is_on)) {
    }
    (void)QUIET(CKR_OK, p11->C_Initialize(NULL));
    return NULL;
}

/*
 * The first C_Initialize of a process takes the longest. libcrypto has done its own first steps by then: a child
 * of a fork amid those waits for ever in libcrypto itself.
 */
static int fork_amid_the_first(void *arg)
{
    struct race race = {false};
    pthread_t thread;
    pid_t pid;

    (void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_LOAD_CONFIG |
                                  OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS,
                              NULL);
    if (!QUIET_TRUE(pthread_create(&thread, NULL, initialize_once, &race) == 0)) {
        return 1;
    }
    atomic_store(&race.is_on, true);
    for (volatile unsigned spins = 0; spins < *(unsigned *)arg; spins++) {
    }
    pid = fork();
    if (pid == 0) {
        _exit(can_work() ? 0 : 1);
    }
    return QUIET_TRUE(child_end(pid) == 0) && pthread_join(thread, NULL) == 0 ? 0 : 1;
}

START_TEST(while_the_first_initialize_runs)
{
    ck_assert_int_eq(child_run(make_keys, NULL), 0);
    for (unsigned i = 0; i < FORKS; i++) {
        unsigned spins = (unsigned)random() % 20000000;

        quiet_run(fork_amid_the_first, &spins);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("process/fork");
    TCase *tests = tcase_create("fork");
    TCase *threads = tcase_create("threads");

    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, quiet_setup, quiet_teardown);
    tcase_add_loop_test(tests, before_initialize, 0, (int)COUNT(children));
    tcase_add_loop_test(tests, after_initialize, 0, (int)COUNT(children));
    tcase_add_loop_test(tests, after_login, 0, (int)COUNT(children));
    tcase_add_loop_test(tests, amid_operations, 0, (int)COUNT(children));
    tcase_add_loop_test(tests, after_finalize, 0, (int)COUNT(children));
    tcase_add_test(tests, what_a_child_destroys_is_gone_for_the_parent);
    tcase_add_test(tests, what_a_child_renames_is_found_by_its_new_name);
    tcase_add_test(tests, random_numbers_of_parent_and_children_differ);
    tcase_set_timeout(threads, 100);
    tcase_add_checked_fixture(threads, quiet_setup, quiet_teardown);
    /* The allocators of sanitizers have locks of their own, which such a child may find held. */
    if (!UNDER_ASAN && !UNDER_TSAN) {
        tcase_add_test(threads, while_threads_are_in_calls);
        tcase_add_test(threads, while_a_thread_initializes_and_finalizes);
        tcase_add_test(threads, while_the_first_initialize_runs);
    }
    suite_add_tcase(made, threads);
    suite_add_tcase(made, tests);
    return made;
}

TEST_MAIN(suite)
