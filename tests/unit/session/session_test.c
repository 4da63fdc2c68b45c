/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and handles: what was closed stays closed, and what one session owns goes with that one alone. */
#include "base/alloc.h"
#include "session/handle.h"
#include "session/object_table.h"
#include "session/output.h"
#include "session/session.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct cfr_token *token;

static void up(void)
{
    ASSERT_OK(cfr_session_table_up());
    ASSERT_OK(cfr_token_new(3, &token));
}

static void down(void)
{
    cfr_session_table_clear();
    cfr_token_drop(token);
}

static CK_SESSION_HANDLE open_session(bool is_rw)
{
    CK_SESSION_HANDLE handle = 0;

    ASSERT_OK(cfr_session_open(token, is_rw, false, &handle));
    ck_assert_uint_ne(handle, CK_INVALID_HANDLE);
    return handle;
}

static CK_RV look_up(CK_SESSION_HANDLE handle)
{
    struct cfr_session *session = NULL;
    CK_RV rv = cfr_session_acquire(handle, &session);

    if (rv == CKR_OK) {
        ck_assert_uint_eq(session->handle, handle);
        ck_assert_ptr_eq(session->token, token);
        cfr_session_release(session);
    }
    return rv;
}

static void close_session(CK_SESSION_HANDLE handle)
{
    struct cfr_session *session = NULL;

    ASSERT_OK(cfr_session_acquire(handle, &session));
    cfr_session_close_locked(session);
    cfr_session_release(session);
}

START_TEST(closed_handles_stay_dead)
{
    enum { ROUNDS = 1000 };
    static CK_SESSION_HANDLE old[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        old[i] = open_session(i % 2 == 0);
        ASSERT_OK(look_up(old[i]));
        close_session(old[i]);
        for (int j = 0; j <= i; j++) {
            ASSERT_RV(look_up(old[j]), CKR_SESSION_HANDLE_INVALID);
        }
    }
    ck_assert_uint_eq(token->sessions, 0);
    ck_assert_uint_eq(token->ro_sessions, 0);
}
END_TEST

START_TEST(handles_cannot_be_guessed_wrong)
{
    CK_SESSION_HANDLE handles[3] = {open_session(true), open_session(false), open_session(true)};

    for (int bit = 0; bit < 64; bit++) {
        CK_SESSION_HANDLE forged = handles[1] ^ (CK_SESSION_HANDLE)1 << bit;

        if (forged != handles[0] && forged != handles[2]) {
            ASSERT_RV(look_up(forged), CKR_SESSION_HANDLE_INVALID);
        }
    }
    ASSERT_RV(look_up(CK_INVALID_HANDLE), CKR_SESSION_HANDLE_INVALID);
    ASSERT_RV(look_up((CK_SESSION_HANDLE)-1), CKR_SESSION_HANDLE_INVALID);
}
END_TEST

START_TEST(many_sessions_are_all_different)
{
    enum { MANY = 300 };
    CK_SESSION_HANDLE handles[MANY];

    for (int i = 0; i < MANY; i++) {
        handles[i] = open_session(i % 3 == 0);
    }
    ck_assert_uint_eq(token->sessions, MANY);
    ck_assert_uint_eq(token->ro_sessions, 200);
    for (int i = 0; i < MANY; i++) {
        ASSERT_OK(look_up(handles[i]));
        for (int j = 0; j < i; j++) {
            ck_assert_uint_ne(handles[i], handles[j]);
        }
    }
    cfr_session_close_all(token);
    for (int i = 0; i < MANY; i++) {
        ASSERT_RV(look_up(handles[i]), CKR_SESSION_HANDLE_INVALID);
    }
    ck_assert_uint_eq(token->sessions, 0);
    ck_assert_uint_eq(token->ro_sessions, 0);
}
END_TEST

START_TEST(there_is_a_last_session)
{
    CK_SESSION_HANDLE handle = 0;
    CK_SESSION_HANDLE last = 0;

    for (int i = 0; i < CFR_SESSIONS_MAX; i++) {
        ASSERT_OK(cfr_session_open(token, true, false, &last));
    }
    ASSERT_RV(cfr_session_open(token, true, false, &handle), CKR_SESSION_COUNT);
    ck_assert_uint_eq(handle, 0);
    ck_assert_uint_eq(token->sessions, CFR_SESSIONS_MAX);
    close_session(last);
    ASSERT_OK(cfr_session_open(token, true, false, &handle));
}
END_TEST

/* PKCS #11 5.6.8: five states, of who is logged in and what the session may write. */
START_TEST(states_follow_the_login)
{
    static const struct {
        enum cfr_user user;
        bool is_rw;
        CK_STATE state;
    } states[] = {
        {CFR_USER_NONE, false, CKS_RO_PUBLIC_SESSION},   {CFR_USER_NONE, true, CKS_RW_PUBLIC_SESSION},
        {CFR_USER_NORMAL, false, CKS_RO_USER_FUNCTIONS}, {CFR_USER_NORMAL, true, CKS_RW_USER_FUNCTIONS},
        {CFR_USER_SO, true, CKS_RW_SO_FUNCTIONS},
    };

    for (size_t i = 0; i < COUNT_OF(states); i++) {
        struct cfr_session *session = NULL;
        struct cfr_login login = {.shares = 1, .user = states[i].user};
        CK_SESSION_HANDLE handle = open_session(states[i].is_rw);

        token->login = states[i].user == CFR_USER_NONE ? NULL : &login;
        ASSERT_OK(cfr_session_acquire(handle, &session));
        ck_assert_uint_eq(cfr_session_state(session), states[i].state);
        cfr_session_release(session);
        token->login = NULL;
    }
}
END_TEST

START_TEST(read_only_sessions_and_the_officer_exclude_each_other)
{
    struct cfr_login login = {.shares = 1, .user = CFR_USER_SO};
    CK_SESSION_HANDLE handle = 0;

    token->login = &login;
    ASSERT_RV(cfr_session_open(token, false, false, &handle), CKR_SESSION_READ_WRITE_SO_EXISTS);
    ck_assert_uint_eq(handle, 0);
    ASSERT_OK(cfr_session_open(token, true, false, &handle));
    ck_assert_uint_eq(token->sessions, 1);
    token->login = NULL;
}
END_TEST

static void add_object(CK_SESSION_HANDLE owner, bool is_private)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(object) *object = NULL;

    cfr_attrs_set_bool(&attrs, CFR_B_TOKEN, false);
    cfr_attrs_set_bool(&attrs, CFR_B_PRIVATE, is_private);
    ASSERT_OK(cfr_object_new_take(cfr_class_find(CKO_DATA, CK_UNAVAILABLE_INFORMATION), &attrs, &object));
    object->owner = owner;
    ASSERT_OK(cfr_objects_add_session(token, object));
}

static void sweep(CK_SESSION_HANDLE owner)
{
    cfr_lock_acquire(&token->lock);
    cfr_objects_sweep_locked(token, owner);
    cfr_lock_release(&token->lock);
}

/* Objects of a session, or private ones, that are still there, each found by its number. */
static unsigned count_left(unsigned objects, CK_SESSION_HANDLE owner, bool only_private)
{
    unsigned count = 0;

    for (uint64_t number = 1; number <= objects; number++) {
        const struct cfr_object *object = cfr_hashmap_get(&token->session_objects, number);

        ck_assert(object == NULL || object->id == number);
        count += object != NULL && object->owner == owner &&
                 (!only_private || cfr_object_bool(object, CFR_B_PRIVATE));
    }
    return count;
}

/* However many there are, and wherever they lie in the table, the right ones go. */
START_TEST(sweeping_takes_exactly_what_it_should)
{
    enum { OBJECTS = 5000, OWNERS = 5 };
    unsigned of[OWNERS + 1] = {0};

    for (int i = 0; i < OBJECTS; i++) {
        CK_SESSION_HANDLE owner = 1 + harness_number(OWNERS);

        add_object(owner, i % 3 == 0);
        of[owner]++;
    }
    for (CK_SESSION_HANDLE gone = 1; gone < OWNERS; gone++) {
        sweep(gone);
        for (CK_SESSION_HANDLE owner = 1; owner <= OWNERS; owner++) {
            ck_assert_uint_eq(count_left(OBJECTS, owner, false), owner <= gone ? 0 : of[owner]);
        }
    }
    ck_assert_uint_eq(token->session_objects.count, of[OWNERS]);
    sweep(0);
    ck_assert_uint_eq(count_left(OBJECTS, OWNERS, true), 0);
    ck_assert_uint_gt(count_left(OBJECTS, OWNERS, false), of[OWNERS] / 2);
    sweep(OWNERS);
    ck_assert_uint_eq(token->session_objects.count, 0);
}
END_TEST

START_TEST(closing_takes_the_sessions_objects)
{
    CK_SESSION_HANDLE first = open_session(true);
    CK_SESSION_HANDLE second = open_session(true);
    struct cfr_session *session = NULL;

    add_object(first, false);
    add_object(second, false);
    ASSERT_OK(cfr_session_acquire(first, &session));
    session->owned_objects = 1;
    cfr_session_release(session);
    close_session(first);
    ck_assert_uint_eq(count_left(2, first, false), 0);
    ck_assert_uint_eq(count_left(2, second, false), 1);
}
END_TEST

START_TEST(object_handles_hold_their_parts)
{
    static const uint64_t logins[] = {0, 1, CFR_HANDLE_LOGIN_MAX};
    static const uint64_t numbers[] = {1, 2, CFR_HANDLE_NUMBER_MAX};

    for (int kind = CFR_HANDLE_TOKEN; kind <= CFR_HANDLE_BUILT_IN; kind++) {
        for (size_t i = 0; i < COUNT_OF(logins) * COUNT_OF(numbers); i++) {
            uint64_t login = logins[i % COUNT_OF(logins)];
            uint64_t number = numbers[i / COUNT_OF(logins)];
            CK_OBJECT_HANDLE handle = cfr_handle_make((enum cfr_handle_kind)kind, login, number);

            ck_assert_uint_ne(handle, CK_INVALID_HANDLE);
            ck_assert_int_eq((int)cfr_handle_kind(handle), kind);
            ck_assert_uint_eq(cfr_handle_login(handle), login);
            ck_assert_uint_eq(cfr_handle_number(handle), number);
        }
    }
}
END_TEST

/* A handle of a private object dies with the login in which it was given out. */
START_TEST(private_handles_die_with_the_login)
{
    AUTO(object) *found = NULL;
    CK_OBJECT_HANDLE old;

    atomic_store(&token->epoch, 5);
    add_object(1, true);
    old = cfr_handle_make(CFR_HANDLE_SESSION, 5, 1);
    ASSERT_OK(cfr_objects_find(token, old, &found));
    ck_assert_uint_eq(cfr_objects_handle(token, found), old);
    for (uint64_t login = 0; login < 8; login++) {
        AUTO(object) *none = NULL;

        if (login != 5) {
            ASSERT_RV(cfr_objects_find(token, cfr_handle_make(CFR_HANDLE_SESSION, login, 1), &none),
                      CKR_OBJECT_HANDLE_INVALID);
        }
    }
    atomic_store(&token->epoch, 6);
    cfr_object_drop(found);
    found = NULL;
    ASSERT_RV(cfr_objects_find(token, old, &found), CKR_OBJECT_HANDLE_INVALID);
}
END_TEST

/* 5.2: NULL asks for the length; too little room says it too; enough room is used. */
START_TEST(output_convention)
{
    CK_BYTE room[8];
    CK_ULONG len = 3;
    struct cfr_output query = {NULL, &len};
    struct cfr_output small = {room, &len};

    ck_assert(cfr_output_is_query(&query) && !cfr_output_fits(&query, 0));
    ASSERT_OK(cfr_output_need(&query, 7));
    ck_assert_uint_eq(len, 7);
    len = 6;
    ck_assert(!cfr_output_fits(&small, 7) && cfr_output_fits(&small, 6) && cfr_output_fits(&small, 0));
    ASSERT_RV(cfr_output_need(&small, 7), CKR_BUFFER_TOO_SMALL);
    ck_assert_uint_eq(len, 7);
}
END_TEST

static bool is_kept(const struct cfr_access *access, bool is_private, uint64_t read_at,
                    uint64_t known_generation)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(object) *object = NULL;
    bool is_kept;

    cfr_attrs_set_bool(&attrs, CFR_B_TOKEN, true);
    ASSERT_OK(cfr_object_new_take(cfr_class_find(CKO_DATA, CK_UNAVAILABLE_INFORMATION), &attrs, &object));
    object->id = is_private ? 3 : 2;
    token->generation = known_generation;
    cfr_objects_cache(token, access, object, read_at);
    cfr_lock_acquire(&token->lock);
    is_kept = cfr_hashmap_get(&token->cache, object->id) != NULL;
    cfr_objects_forget_locked(token, 0);
    cfr_lock_release(&token->lock);
    return is_kept;
}

/* Another thread may have destroyed what this one has just read. */
START_TEST(what_was_read_before_a_commit_is_not_kept)
{
    struct cfr_access access = {0};

    ck_assert(!is_kept(&access, false, 4, 5));
    ck_assert(is_kept(&access, false, 5, 5));
    ck_assert(is_kept(&access, false, 6, 5));
}
END_TEST

/* Between reading and keeping, another thread may log out, or find that the token has a new life. */
START_TEST(what_was_read_in_another_login_or_life_is_not_kept)
{
    struct cfr_open_space other_life = {0};
    struct cfr_login ended = {0};
    struct cfr_access access = {0};

    ck_assert(is_kept(&access, true, 5, 5));
    access.login = &ended;
    ck_assert(!is_kept(&access, true, 5, 5));
    ck_assert(is_kept(&access, false, 5, 5));
    access = (struct cfr_access){.open = &other_life};
    ck_assert(!is_kept(&access, true, 5, 5));
    ck_assert(!is_kept(&access, false, 5, 5));
}
END_TEST

/* The new one belongs to a login that has ended; what the present one has read is not as stored any more. */
START_TEST(what_a_commit_replaces_is_forgotten)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(object) *object = NULL;
    struct cfr_login ended = {0};
    struct cfr_access now = {0};
    struct cfr_access then = {.login = &ended};

    ASSERT_OK(cfr_object_new_take(cfr_class_find(CKO_DATA, CK_UNAVAILABLE_INFORMATION), &attrs, &object));
    object->id = 3;
    token->generation = 5;
    cfr_objects_cache(token, &now, object, 5);
    ck_assert_uint_eq(token->cache.count, 1);
    cfr_objects_committed(token, &now, &(struct cfr_objects_change){.replacing = object}, 6);
    ck_assert_uint_eq(token->cache.count, 1);
    ck_assert_uint_eq(token->generation, 6);
    cfr_objects_committed(token, &then, &(struct cfr_objects_change){.replacing = object}, 7);
    ck_assert_uint_eq(token->cache.count, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *session = suite_create("session");
    TCase *tcase = tcase_create("session");

    tcase_add_checked_fixture(tcase, up, down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, closed_handles_stay_dead);
    tcase_add_test(tcase, handles_cannot_be_guessed_wrong);
    tcase_add_test(tcase, many_sessions_are_all_different);
    tcase_add_test(tcase, there_is_a_last_session);
    tcase_add_test(tcase, states_follow_the_login);
    tcase_add_test(tcase, read_only_sessions_and_the_officer_exclude_each_other);
    tcase_add_test(tcase, sweeping_takes_exactly_what_it_should);
    tcase_add_test(tcase, closing_takes_the_sessions_objects);
    tcase_add_test(tcase, what_was_read_before_a_commit_is_not_kept);
    tcase_add_test(tcase, what_was_read_in_another_login_or_life_is_not_kept);
    tcase_add_test(tcase, what_a_commit_replaces_is_forgotten);
    tcase_add_test(tcase, object_handles_hold_their_parts);
    tcase_add_test(tcase, private_handles_die_with_the_login);
    tcase_add_test(tcase, output_convention);
    suite_add_tcase(session, tcase);
    return session;
}

TEST_MAIN(suite)
