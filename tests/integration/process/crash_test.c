/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that are killed while they change the store. What a call said it had done is done, what it had
 * not said yet is done whole or not at all, and nobody else is kept from the store.
 */
#include "integration/process/quiet.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum {
    KILLS = UNDER_ASAN || UNDER_TSAN ? 20 : 200,
    KILLS_OF_READERS = UNDER_ASAN || UNDER_TSAN ? 10 : 60,
    KILLS_OF_CHANGES = UNDER_ASAN || UNDER_TSAN ? 10 : 60,
    THREADS = 4, /* of a writer */
    KEYS_MAX = 60000,
    DELAY_MAX_CHANGE_US = UNDER_ASAN || UNDER_TSAN ? 1000000 : 150000, /* two slow key derivations and more */
    DELAY_MAX_US = 30000,                                              /* a dozen keys */
    DELAY_MAX_START_US = 60000, /* C_Initialize and C_Login, and a little */
};

/* What became of a key, as far as whoever made it could tell. */
enum fate { NOT_BEGUN, BEGUN, MADE, DOOMED, DESTROYED };

/* Shared with the processes that are killed, and kept by them in step with the answers they get. */
struct journal {
    CK_SLOT_ID slot;
    atomic_uint begun;   /* keys, and the number of the next one */
    atomic_uint checked; /* the keys below it were found to be right */
    atomic_uint ready;   /* writers that have checked and are making keys */
    _Atomic(unsigned char) fates[KEYS_MAX];
};

static void *shared_new(size_t len)
{
    void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(memory, MAP_FAILED);
    return memory;
}

static void sleep_us(long us)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

static void kill_and_expect_it_lived(pid_t pid)
{
    int ended;

    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ended = child_end(pid);
    quiet_verdict();
    ck_assert_int_eq(ended, -SIGKILL);
}

static int make_the_token(void *arg)
{
    struct journal *journal = arg;

    module_start();
    journal->slot = token_make("token");
    module_stop();
    return 0;
}

/* --- Keys --- */

static bool is_pair(unsigned number)
{
    return number % 2 == 1;
}

/* Of two AES keys one is destroyed again. */
static bool is_for_destruction(unsigned number)
{
    return number % 4 == 2;
}

static void name_key(unsigned number, char name[16])
{
    (void)snprintf(name, 16, "key-%06u", number);
}

static bool destroy(CK_SESSION_HANDLE session, struct journal *journal, unsigned number, CK_OBJECT_HANDLE key)
{
    atomic_store(&journal->fates[number], DOOMED);
    if (!QUIET(CKR_OK, p11->C_DestroyObject(session, key))) {
        return false;
    }
    atomic_store(&journal->fates[number], DESTROYED);
    return true;
}

static bool make(CK_SESSION_HANDLE session, struct journal *journal)
{
    unsigned number =
        atomic_fetch_add(&journal->begun, 1); /* one that is not begun either, when killed here */
    struct key_pair pair;
    CK_OBJECT_HANDLE key;
    char name[16];

    if (!QUIET_TRUE(number < KEYS_MAX)) {
        return false;
    }
    name_key(number, name);
    atomic_store(&journal->fates[number], BEGUN);
    if (is_pair(number)) {
        if (!QUIET(CKR_OK, try_ec_make(session, true, name, &pair))) {
            return false;
        }
    } else if (!QUIET(CKR_OK, try_aes_make(session, true, name, &key))) {
        return false;
    }
    atomic_store(&journal->fates[number], MADE);
    return !is_for_destruction(number) || destroy(session, journal, number, key);
}

static bool is_as_told(const char *name, bool is_there, enum fate fate)
{
    if ((fate == MADE && !is_there) || (fate == DESTROYED && is_there)) {
        quiet_note("%s is %s", name, is_there ? "there again" : "lost");
        return false;
    }
    return true;
}

static bool check_key(CK_SESSION_HANDLE session, const char *name, enum fate fate)
{
    CK_OBJECT_HANDLE key = quiet_find(session, CKO_SECRET_KEY, name);

    return is_as_told(name, key != CK_INVALID_HANDLE, fate) &&
           (key == CK_INVALID_HANDLE || quiet_aes_works(session, key));
}

static bool check_pair(CK_SESSION_HANDLE session, const char *name, enum fate fate)
{
    struct key_pair pair = {.public = quiet_find(session, CKO_PUBLIC_KEY, name),
                            .private = quiet_find(session, CKO_PRIVATE_KEY, name)};
    bool is_there = pair.public != CK_INVALID_HANDLE;

    if (is_there != (pair.private != CK_INVALID_HANDLE)) {
        quiet_note("of %s there is only the %s key", name, is_there ? "public" : "private");
        return false;
    }
    return is_as_told(name, is_there, fate) && (!is_there || quiet_pair_works(session, pair));
}

static bool check_from(CK_SESSION_HANDLE session, struct journal *journal, unsigned number)
{
    unsigned end = atomic_load(&journal->begun);
    char name[16];

    for (; number < end; number++) {
        enum fate fate = atomic_load(&journal->fates[number]);

        name_key(number, name);
        if (is_pair(number) ? !check_pair(session, name, fate) : !check_key(session, name, fate)) {
            return false;
        }
        atomic_store(&journal->checked, number + 1);
    }
    return !quiet_is_wrong();
}

static void *make_beside(void *arg)
{
    struct journal *journal = arg;
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    CK_SESSION_HANDLE session;

    if (QUIET(CKR_OK, p11->C_OpenSession(journal->slot, flags, NULL, NULL, &session))) {
        while (make(session, journal)) {
        }
    }
    return NULL;
}

/*
 * It opens the store afresh, looks what its dead predecessor has left, and goes on, with threads whose changes
 * share commits.
 */
static int make_until_killed(void *arg)
{
    struct journal *journal = arg;
    CK_SESSION_HANDLE session;
    pthread_t beside[THREADS - 1];

    if (!quiet_ready(journal->slot, &session) ||
        !check_from(session, journal, atomic_load(&journal->checked))) {
        return 1;
    }
    for (size_t i = 0; i < COUNT(beside); i++) {
        if (!QUIET_TRUE(pthread_create(&beside[i], NULL, make_beside, journal) == 0)) {
            return 1;
        }
    }
    atomic_fetch_add(&journal->ready, 1);
    while (make(session, journal)) {
    }
    return 1;
}

static int check_everything(void *arg)
{
    struct journal *journal = arg;
    CK_SESSION_HANDLE session;

    return quiet_ready(journal->slot, &session) && check_from(session, journal, 0) &&
                   QUIET(CKR_OK, p11->C_Finalize(NULL))
               ? 0
               : 1;
}

/* Wait until a writer makes keys, or has ended because something is wrong. */
static void await_ready(const struct journal *journal, unsigned count)
{
    for (unsigned waited = 0; atomic_load(&journal->ready) < count; waited++) {
        quiet_verdict();
        ck_assert_uint_lt(waited, 30000);
        sleep_ms(1);
    }
}

START_TEST(a_killed_writer_loses_no_key_and_leaves_no_half_pair)
{
    struct journal *journal = shared_new(sizeof(*journal));

    ck_assert_int_eq(child_run(make_the_token, journal), 0);
    for (unsigned i = 0; i < KILLS; i++) {
        unsigned ready = atomic_load(&journal->ready);
        pid_t pid = child_start(make_until_killed, journal);

        /* Every fourth at any time, while it starts or looks back too. */
        if (i % 4 == 3) {
            sleep_us(random() % DELAY_MAX_START_US);
        } else {
            await_ready(journal, ready + 1);
            sleep_us(random() % DELAY_MAX_US);
        }
        kill_and_expect_it_lived(pid);
    }
    quiet_run(check_everything, journal);
    ck_assert_uint_gt(atomic_load(&journal->begun), KILLS);
}
END_TEST

/* --- Readers --- */

static int search_until_killed(void *arg)
{
    struct journal *journal = arg;
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_OBJECT_HANDLE found[16];
    CK_SESSION_HANDLE session;
    CK_ULONG count;

    if (!quiet_ready(journal->slot, &session)) {
        return 1;
    }
    atomic_fetch_add(&journal->ready, 1);
    for (;;) {
        count = COUNT(found);
        if (!QUIET(CKR_OK, p11->C_FindObjectsInit(session, TEMPLATE(template)))) {
            return 1;
        }
        while (count != 0) {
            if (!QUIET(CKR_OK, p11->C_FindObjects(session, found, COUNT(found), &count)) ||
                (count != 0 && !quiet_aes_works(session, found[0]))) {
                return 1;
            }
        }
        if (!QUIET(CKR_OK, p11->C_FindObjectsFinal(session))) {
            return 1;
        }
    }
}

/* Without destruction, so that what a reader finds it can also use. */
static int write_beside_readers(void *arg)
{
    struct journal *journal = arg;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    char name[16];

    if (!quiet_ready(journal->slot, &session)) {
        return 1;
    }
    for (unsigned number = 0; atomic_load(&journal->checked) == 0; number++) {
        name_key(number, name);
        if (!QUIET(CKR_OK, try_aes_make(session, true, name, &key))) {
            return 1;
        }
        atomic_fetch_add(&journal->begun, 1);
        sleep_ms(2);
    }
    return QUIET(CKR_OK, p11->C_Finalize(NULL)) ? 0 : 1;
}

static void await_more_keys(const struct journal *journal, unsigned more)
{
    unsigned target = atomic_load(&journal->begun) + more;

    for (unsigned waited = 0; atomic_load(&journal->begun) < target; waited++) {
        quiet_verdict();
        ck_assert_uint_lt(waited, 30000);
        sleep_ms(1);
    }
}

START_TEST(killed_readers_do_not_hold_up_a_writer)
{
    struct journal *journal = shared_new(sizeof(*journal));
    pid_t writer;

    ck_assert_int_eq(child_run(make_the_token, journal), 0);
    writer = child_start(write_beside_readers, journal);
    for (unsigned i = 0; i < KILLS_OF_READERS; i += 2) {
        pid_t pids[2] = {child_start(search_until_killed, journal),
                         child_start(search_until_killed, journal)};

        await_ready(journal, i + 2);
        sleep_us(random() % DELAY_MAX_US);
        kill_and_expect_it_lived(pids[0]);
        kill_and_expect_it_lived(pids[1]);
        await_more_keys(journal, 2);
    }
    atomic_store(&journal->checked, 1);
    ck_assert_int_eq(child_end(writer), 0);
    quiet_verdict();
}
END_TEST

/* --- PINs and tokens --- */

static const char *const pins[2] = {USER_PIN, "another pin 0815"};

/* What the process that changes PINs and makes tokens was told. */
struct ledger {
    CK_SLOT_ID slot;
    atomic_uint asked;  /* changes asked for */
    atomic_uint done;   /* changes that returned CKR_OK */
    atomic_uint checks; /* the end of the check of what a dead process left */
};

static void name_life(unsigned number, char name[16])
{
    (void)snprintf(name, 16, "life-%06u", number);
}

static int make_a_token_with_a_key(void *arg)
{
    struct ledger *ledger = arg;
    CK_SESSION_HANDLE session;
    char name[16];

    name_life(0, name);
    module_start();
    ledger->slot = token_make(name);
    session = session_open(ledger->slot);
    login_user(session);
    (void)aes_make(session, true, "kept");
    module_stop();
    return 0;
}

static bool open_session(CK_SLOT_ID slot, CK_SESSION_HANDLE *ret_session)
{
    return QUIET(CKR_OK,
                 p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret_session));
}

/*
 * Of the PIN that was set and the one that was being set, one opens the token, and not both. From then on that
 * one is the PIN that is set.
 */
static bool check_pin(struct ledger *ledger, CK_SESSION_HANDLE session)
{
    unsigned done = atomic_load(&ledger->done);
    CK_RV rv = try_login(session, CKU_USER, pins[done % 2]);
    CK_OBJECT_HANDLE key;

    if (rv == CKR_PIN_INCORRECT && atomic_load(&ledger->asked) == done + 1) {
        done++;
        rv = try_login(session, CKU_USER, pins[done % 2]);
    }
    if (!QUIET(CKR_OK, rv)) {
        return false;
    }
    atomic_store(&ledger->done, done);
    atomic_store(&ledger->asked, done);
    key = quiet_find(session, CKO_SECRET_KEY, "kept");
    return QUIET_TRUE(key != CK_INVALID_HANDLE) && quiet_aes_works(session, key);
}

static int change_pins_until_killed(void *arg)
{
    struct ledger *ledger = arg;
    CK_SESSION_HANDLE session;

    if (!QUIET(CKR_OK, p11->C_Initialize(NULL)) || !open_session(ledger->slot, &session) ||
        !check_pin(ledger, session)) {
        return 1;
    }
    atomic_fetch_add(&ledger->checks, 1);
    for (;;) {
        unsigned number = atomic_fetch_add(&ledger->asked, 1);
        const char *from = pins[number % 2];
        const char *to = pins[(number + 1) % 2];

        if (!QUIET(CKR_OK,
                   p11->C_SetPIN(session, octets_of(from), strlen(from), octets_of(to), strlen(to)))) {
            return 1;
        }
        atomic_store(&ledger->done, number + 1);
    }
}

static void label_life(unsigned number, CK_UTF8CHAR label[32])
{
    char text[16];

    memset(label, ' ', 32);
    name_life(number, text);
    memcpy(label, text, strlen(text));
}

/* The token is in its last life, or in the one that was being begun, with nothing from the one before. */
static bool check_life(struct ledger *ledger)
{
    unsigned done = atomic_load(&ledger->done);
    CK_SESSION_HANDLE session;
    CK_UTF8CHAR label[32];
    CK_TOKEN_INFO info;
    char earlier[16];

    if (!QUIET(CKR_OK, p11->C_GetTokenInfo(ledger->slot, &info)) ||
        !QUIET_TRUE((info.flags & CKF_TOKEN_INITIALIZED) != 0)) {
        return false;
    }
    label_life(done, label);
    if (memcmp(info.label, label, sizeof(label)) != 0 && atomic_load(&ledger->asked) == done + 1) {
        label_life(++done, label);
    }
    atomic_store(&ledger->done, done);
    atomic_store(&ledger->asked, done);
    name_life(done == 0 ? 0 : done - 1, earlier);
    return QUIET_TRUE(memcmp(info.label, label, sizeof(label)) == 0) &&
           open_session(ledger->slot, &session) &&
           QUIET_TRUE(done == 0 || quiet_find(session, CKO_DATA, earlier) == CK_INVALID_HANDLE) &&
           QUIET(CKR_OK, try_login(session, CKU_SO, SO_PIN)) && QUIET(CKR_OK, p11->C_CloseSession(session));
}

/* A public object, which any session may make and see, and which the next life must not have. */
static bool leave_data(CK_SLOT_ID slot, const char *name)
{
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_BOOL(CKA_TOKEN, true),
                               ATTR_BOOL(CKA_PRIVATE, false), ATTR_TEXT(CKA_LABEL, name)};
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object;

    return open_session(slot, &session) &&
           QUIET(CKR_OK, p11->C_CreateObject(session, TEMPLATE(template), &object)) &&
           QUIET(CKR_OK, p11->C_CloseSession(session));
}

static int begin_lives_until_killed(void *arg)
{
    struct ledger *ledger = arg;

    if (!QUIET(CKR_OK, p11->C_Initialize(NULL)) || !check_life(ledger)) {
        return 1;
    }
    atomic_fetch_add(&ledger->checks, 1);
    for (;;) {
        CK_UTF8CHAR label[32];
        unsigned number = atomic_load(&ledger->done);
        char name[16];

        name_life(number, name);
        if (!leave_data(ledger->slot, name)) {
            return 1;
        }
        number++;
        atomic_store(&ledger->asked, number);
        label_life(number, label);
        if (!QUIET(CKR_OK, p11->C_InitToken(ledger->slot, octets_of(SO_PIN), strlen(SO_PIN), label))) {
            return 1;
        }
        atomic_store(&ledger->done, number);
    }
}

static int (*const changes[])(void *) = {change_pins_until_killed, begin_lives_until_killed};

START_TEST(a_killed_change_of_a_token_is_whole_or_not_at_all)
{
    struct ledger *ledger = shared_new(sizeof(*ledger));

    ck_assert_int_eq(child_run(make_a_token_with_a_key, ledger), 0);
    for (unsigned i = 0; i < KILLS_OF_CHANGES; i++) {
        pid_t pid = child_start(changes[_i], ledger);

        for (unsigned waited = 0; atomic_load(&ledger->checks) <= i; waited++) {
            quiet_verdict();
            ck_assert_uint_lt(waited, 30000);
            sleep_ms(1);
        }
        sleep_us(random() % DELAY_MAX_CHANGE_US);
        kill_and_expect_it_lived(pid);
    }
    ck_assert_uint_ne(atomic_load(&ledger->done), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *made = suite_create("process/crash");
    TCase *tests = tcase_create("crash");

    tcase_set_timeout(tests, 200);
    tcase_add_checked_fixture(tests, quiet_setup, quiet_teardown);
    tcase_add_test(tests, a_killed_writer_loses_no_key_and_leaves_no_half_pair);
    tcase_add_test(tests, killed_readers_do_not_hold_up_a_writer);
    tcase_add_loop_test(tests, a_killed_change_of_a_token_is_whole_or_not_at_all, 0, (int)COUNT(changes));
    suite_add_tcase(made, tests);
    return made;
}

TEST_MAIN(suite)
