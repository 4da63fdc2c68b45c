/* SPDX-License-Identifier: Apache-2.0 */
/* Forks beside threads that are at work, what parent and children must not both have, and what is hardly a fork. */
#include "integration/process/keep.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- Fork beside threads --- */

static atomic_bool is_over;

static void *use_keys(void *arg)
{
    CK_SESSION_HANDLE own;
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    unsigned turn = (unsigned)(uintptr_t)arg;
    struct key_pair pair;

    while (!atomic_load(&is_over)) {
        if (!QUIET(CKR_OK, p11->C_OpenSession(slot, flags, NULL, NULL, &own)) || !quiet_aes_works(own, aes) ||
            !quiet_pair_works(own, ec) ||
            (turn++ % 8 == 0 && !QUIET(CKR_OK, try_ec_make(own, false, "of a thread", &pair))) ||
            !QUIET(CKR_OK, p11->C_CloseSession(own))) {
            return NULL;
        }
    }
    return NULL;
}

static void *make_rsa_keys(void *arg)
{
    CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_MODULUS_BITS, 3072)};
    CK_SESSION_HANDLE own = *(const CK_SESSION_HANDLE *)arg;
    struct key_pair pair;

    while (!atomic_load(&is_over)) {
        if (!QUIET(CKR_OK, p11->C_GenerateKeyPair(own, &mechanism, TEMPLATE(template), NULL, 0, &pair.public,
                                                  &pair.private))) {
            return NULL;
        }
    }
    return NULL;
}

static void *wait_for_event(void *arg)
{
    CK_SLOT_ID event;

    (void)arg;
    (void)QUIET(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_WaitForSlotEvent(0, &event, NULL));
    return NULL;
}

/* The session in which a thread of the parent is at work is free in the child. */
static int work_in_the_session_of_a_thread(void *arg)
{
    CK_SESSION_HANDLE of_thread = *(const CK_SESSION_HANDLE *)arg;

    return quiet_aes_works(of_thread, aes) && keep_all_works() &&
                   QUIET(CKR_OK, p11->C_CloseSession(of_thread)) && QUIET(CKR_OK, p11->C_Finalize(NULL))
               ? 0
               : 1;
}

START_TEST(threads_are_at_work)
{
    CK_SESSION_HANDLE of_thread;
    CK_SLOT_ID event;
    pthread_t threads[5];

    keep_begin(_i);
    while (p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, NULL) == CKR_OK) {
    }
    of_thread = session_open(slot);
    atomic_store(&is_over, false);
    for (uintptr_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_keys, (void *)i), 0);
    }
    ck_assert_int_eq(pthread_create(&threads[3], NULL, make_rsa_keys, &of_thread), 0);
    ck_assert_int_eq(pthread_create(&threads[4], NULL, wait_for_event, NULL), 0);
    for (int i = 0; i < 12; i++) {
        quiet_run(work_in_the_session_of_a_thread, &of_thread);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    OK(p11->C_Finalize(NULL));
    ck_assert_int_eq(pthread_join(threads[4], NULL), 0);
    quiet_verdict();
}
END_TEST

static void *fork_and_work(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            _exit(keep_all_works() ? 0 : 1);
        }
        if (!QUIET_TRUE(child_end(pid) == 0)) {
            return NULL;
        }
    }
    return NULL;
}

START_TEST(several_threads_fork)
{
    pthread_t threads[4];

    keep_begin(_i);
    for (size_t i = 0; i < COUNT(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fork_and_work, NULL), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    quiet_verdict();
    module_stop();
}
END_TEST

/* The threads of a child of its own. */
static int work_in_threads(void *arg)
{
    pthread_t threads[4];

    (void)arg;
    atomic_store(&is_over, false);
    for (uintptr_t i = 0; i < COUNT(threads); i++) {
        if (!QUIET_TRUE(pthread_create(&threads[i], NULL, use_keys, (void *)i) == 0)) {
            return 1;
        }
    }
    sleep_ms(200);
    atomic_store(&is_over, true);
    for (size_t i = 0; i < COUNT(threads); i++) {
        (void)pthread_join(threads[i], NULL);
    }
    return keep_all_works() ? 0 : 1;
}

START_TEST(a_child_has_threads_of_its_own)
{
    keep_begin(_i);
    keep_with_children(work_in_threads, NULL);
}
END_TEST

/* --- What two processes must not both have --- */

enum { DRAW_LEN = 16, DRAWS = 24, DRAWERS = CHILDREN + 1, KINDS = 4 };

struct draws {
    atomic_uint count;
    CK_BYTE octets[KINDS * DRAWS * DRAWERS][DRAW_LEN];
};

static bool note_draw(struct draws *draws, const CK_BYTE *octets, size_t len)
{
    unsigned at = atomic_fetch_add(&draws->count, 1);

    if (!QUIET_TRUE(at < COUNT(draws->octets))) {
        return false;
    }
    memset(draws->octets[at], 0, DRAW_LEN);
    memcpy(draws->octets[at], octets, len);
    return true;
}

static bool encrypt_message(CK_GENERATOR_FUNCTION generator, CK_RV rv, CK_BYTE iv[12])
{
    CK_BYTE tag[16];
    CK_BYTE cipher[16];
    CK_ULONG len = sizeof(cipher);
    CK_GCM_MESSAGE_PARAMS params = {iv, 12, 0, generator, tag, 128};

    return QUIET(rv, p11->C_EncryptMessage(session, &params, sizeof(params), NULL, 0, octets_of("text"), 4,
                                           cipher, &len));
}

static int draw(void *arg)
{
    struct draws *draws = arg;
    CK_BYTE octets[64];
    CK_ATTRIBUTE id = {CKA_UNIQUE_ID, octets, sizeof(octets)};
    CK_OBJECT_HANDLE key;

    for (int i = 0; i < DRAWS; i++) {
        struct result signature;

        id.ulValueLen = sizeof(octets);
        if (!QUIET(CKR_OK, p11->C_GenerateRandom(session, octets, DRAW_LEN)) ||
            !note_draw(draws, octets, DRAW_LEN) ||
            !QUIET(CKR_OK, try_aes_make(session, false, "drawn", &key)) ||
            !QUIET(CKR_OK, p11->C_GetAttributeValue(session, key, &id, 1)) ||
            !note_draw(draws, octets + id.ulValueLen - DRAW_LEN, DRAW_LEN) ||
            !QUIET(CKR_OK, try_sign(session, CKM_ECDSA_SHA256, ec.private, "text", &signature)) ||
            !note_draw(draws, signature.octets, DRAW_LEN) || !encrypt_message(CKG_GENERATE, CKR_OK, octets) ||
            !note_draw(draws, octets, 12)) {
            return 1;
        }
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, DRAW_LEN);
}

/* Random octets, CKA_UNIQUE_ID, the r of signatures, and the IVs of a run of messages that began before the fork. */
START_TEST(nothing_is_drawn_twice)
{
    struct draws *draws =
        mmap(NULL, sizeof(*draws), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CK_MECHANISM mechanism = {CKM_AES_GCM, NULL, 0};
    CK_BYTE iv[12];

    ck_assert_ptr_ne(draws, MAP_FAILED);
    keep_begin(_i);
    OK(p11->C_MessageEncryptInit(session, &mechanism, aes));
    ck_assert(encrypt_message(CKG_GENERATE, CKR_OK, iv));
    keep_with_children(draw, draws);
    ck_assert_uint_eq(atomic_load(&draws->count), COUNT(draws->octets));
    qsort(draws->octets, COUNT(draws->octets), DRAW_LEN, compare);
    for (size_t i = 1; i < COUNT(draws->octets); i++) {
        ck_assert_int_ne(compare(draws->octets[i - 1], draws->octets[i]), 0);
    }
}
END_TEST

static int count_on(void *arg)
{
    CK_BYTE iv[12] = {0};

    (void)arg;
    return encrypt_message(CKG_GENERATE_COUNTER, CKR_MECHANISM_PARAM_INVALID, iv) ? 0 : 1;
}

START_TEST(counted_ivs_stay_with_the_parent)
{
    CK_MECHANISM mechanism = {CKM_AES_GCM, NULL, 0};
    CK_BYTE iv[12] = {0};

    keep_begin(_i);
    OK(p11->C_MessageEncryptInit(session, &mechanism, aes));
    ck_assert(encrypt_message(CKG_GENERATE_COUNTER, CKR_OK, iv));
    quiet_run(count_on, NULL);
    ck_assert(encrypt_message(CKG_GENERATE_COUNTER, CKR_OK, iv));
    quiet_verdict();
}
END_TEST

/* --- What is not a fork --- */

START_TEST(a_child_may_execute_something_else)
{
    keep_begin(_i);
    for (int i = 0; i < 5; i++) {
        pid_t pid = i % 2 == 0 ? vfork() : fork();

        if (pid == 0) {
            (void)execl("/bin/true", "true", (char *)NULL);
            _exit(1);
        }
        ck_assert_int_eq(child_end(pid), 0);
        ck_assert(keep_all_works());
    }
    ck_assert_int_eq(system("true"), 0);
    ck_assert(keep_all_works());
    quiet_verdict();
}
END_TEST

static int leave(void *arg)
{
    (void)arg;
    return keep_all_works() ? 0 : 1;
}

START_TEST(children_exit_with_handlers)
{
    keep_begin(_i);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(child_end(child_start_exiting(leave, NULL)), 0);
    }
    quiet_verdict();
    ck_assert(keep_all_works());
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        a_child_has_threads_of_its_own,     nothing_is_drawn_twice,      counted_ivs_stay_with_the_parent,
        a_child_may_execute_something_else, children_exit_with_handlers,
    };
    Suite *made = suite_create("process/keep_threads");
    TCase *tcase = tcase_create("keep_threads");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, keep_setup, keep_teardown);
    for (size_t i = 0; i < COUNT(tests); i++) {
        tcase_add_loop_test(tcase, tests[i], 0, WAYS);
    }
    /* The allocators of sanitizers have locks of their own, which a child may find held. */
    if (!UNDER_ASAN && !UNDER_TSAN) {
        tcase_add_loop_test(tcase, threads_are_at_work, 0, WAYS);
        tcase_add_loop_test(tcase, several_threads_fork, 0, WAYS);
    }
    suite_add_tcase(made, tcase);
    return made;
}

TEST_MAIN(suite)
