/* SPDX-License-Identifier: Apache-2.0 */
/* C_Login and C_Logout: who is in, what a wrong PIN costs, and what a logout takes away (5.6, 4.9). */
#include "integration/cryptoki/keys.h"
#include "integration/support/process.h"
#include "support/main.h"

/* Three wrong PINs lock. */
static CK_SESSION_HANDLE ready_with_three_attempts(void)
{
    scratch_configure("pin.attempts = 3\n");
    module_start();
    return session_open(token_make("token"));
}

/* --- The code of each case --- */

START_TEST(login_says_who_is_logged_in_already)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open(slot_of(session));

    EXPECT(CKR_USER_ALREADY_LOGGED_IN, try_login(session, CKU_USER, USER_PIN));
    EXPECT(CKR_USER_ALREADY_LOGGED_IN, try_login(other, CKU_USER, USER_PIN));
    EXPECT(CKR_USER_ALREADY_LOGGED_IN, try_login(other, CKU_USER, "a wrong one"));
    EXPECT(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, try_login(session, CKU_SO, SO_PIN));
    OK(p11->C_Logout(other));
    login_so(session);
    EXPECT(CKR_USER_ALREADY_LOGGED_IN, try_login(other, CKU_SO, SO_PIN));
    EXPECT(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, try_login(other, CKU_USER, USER_PIN));
    ck_assert_uint_eq(token_flags(slot_of(session)) & (CKF_USER_PIN_COUNT_LOW | CKF_SO_PIN_COUNT_LOW), 0);
    module_stop();
}
END_TEST

START_TEST(logout_needs_a_login)
{
    CK_SESSION_HANDLE session = client_ready();

    OK(p11->C_Logout(session));
    EXPECT(CKR_USER_NOT_LOGGED_IN, p11->C_Logout(session));
    login_user(session);
    OK(p11->C_Logout(session));
    module_stop();
}
END_TEST

START_TEST(a_user_type_that_is_none_is_refused)
{
    static const CK_USER_TYPE types[] = {3, 4, 255, 0xffffffffUL, CK_UNAVAILABLE_INFORMATION};
    CK_SESSION_HANDLE session;

    module_start();
    session = session_open(token_make("token"));
    for (size_t i = 0; i < COUNT(types); i++) {
        EXPECT(CKR_USER_TYPE_INVALID, try_login(session, types[i], USER_PIN));
    }
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, try_login(session, CKU_CONTEXT_SPECIFIC, USER_PIN));
    ck_assert_uint_eq(state_of(session), CKS_RW_PUBLIC_SESSION);
    module_stop();
}
END_TEST

START_TEST(a_user_without_a_pin_cannot_log_in)
{
    CK_UTF8CHAR label[32];
    CK_SESSION_HANDLE session;
    CK_SLOT_ID slot;

    module_start();
    memset(label, ' ', sizeof(label));
    slot = slot_empty();
    OK(p11->C_InitToken(slot, octets_of(SO_PIN), strlen(SO_PIN), label));
    session = session_open(slot);
    ck_assert_uint_eq(token_flags(slot) & CKF_USER_PIN_INITIALIZED, 0);
    EXPECT(CKR_USER_PIN_NOT_INITIALIZED, try_login(session, CKU_USER, USER_PIN));
    EXPECT(CKR_USER_PIN_NOT_INITIALIZED, try_login(session, CKU_USER, SO_PIN));
    login_so(session);
    OK(p11->C_InitPIN(session, octets_of(USER_PIN), strlen(USER_PIN)));
    ck_assert_uint_ne(token_flags(slot) & CKF_USER_PIN_INITIALIZED, 0);
    OK(p11->C_Logout(session));
    login_user(session);
    module_stop();
}
END_TEST

static CK_RV try_login_user(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin, const char *name)
{
    return p11->C_LoginUser(session, user, octets_of(pin), strlen(pin), name == NULL ? NULL : octets_of(name),
                            name == NULL ? 0 : strlen(name));
}

/* C_LoginUser without a name is C_Login. */
START_TEST(login_user_without_a_name)
{
    CK_SESSION_HANDLE session = client_ready();

    EXPECT(CKR_USER_ALREADY_LOGGED_IN, try_login_user(session, CKU_USER, USER_PIN, NULL));
    EXPECT(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, try_login_user(session, CKU_SO, SO_PIN, NULL));
    OK(p11->C_Logout(session));
    EXPECT(CKR_PIN_INCORRECT, try_login_user(session, CKU_USER, "a wrong one", NULL));
    ck_assert_uint_ne(token_flags(slot_of(session)) & CKF_USER_PIN_COUNT_LOW, 0);
    OK(try_login_user(session, CKU_USER, USER_PIN, ""));
    ck_assert_uint_eq(state_of(session), CKS_RW_USER_FUNCTIONS);
    ck_assert_uint_eq(token_flags(slot_of(session)) & CKF_USER_PIN_COUNT_LOW, 0);
    OK(p11->C_Logout(session));
    OK(try_login_user(session, CKU_SO, SO_PIN, NULL));
    ck_assert_uint_eq(state_of(session), CKS_RW_SO_FUNCTIONS);
    EXPECT(CKR_USER_TYPE_INVALID, try_login_user(session, 3, SO_PIN, NULL));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, try_login_user(session, CKU_CONTEXT_SPECIFIC, USER_PIN, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_LoginUser(session, CKU_USER, NULL, 4, NULL, 0));
    module_stop();
}
END_TEST

/* Nobody has a name: the right PIN of somebody else lets nobody in, and a wrong one counts against nobody. */
START_TEST(login_user_with_a_name)
{
    static const CK_USER_TYPE types[] = {CKU_SO, CKU_USER, CKU_CONTEXT_SPECIFIC};
    CK_SESSION_HANDLE session = client_ready();

    OK(p11->C_Logout(session));
    for (size_t i = 0; i < COUNT(types); i++) {
        EXPECT(CKR_PIN_INCORRECT, try_login_user(session, types[i], USER_PIN, "alice"));
        EXPECT(CKR_PIN_INCORRECT, try_login_user(session, types[i], SO_PIN, "SO"));
        EXPECT(CKR_PIN_INCORRECT, try_login_user(session, types[i], "wrong", "user"));
        EXPECT(CKR_ARGUMENTS_BAD,
               p11->C_LoginUser(session, types[i], octets_of(USER_PIN), strlen(USER_PIN), NULL, 5));
        EXPECT(CKR_ARGUMENTS_BAD, p11->C_LoginUser(session, types[i], NULL, 4, octets_of("alice"), 5));
        EXPECT(CKR_PIN_INCORRECT,
               p11->C_LoginUser(session, types[i], octets_of(USER_PIN), 4, octets_of("a"), ~(CK_ULONG)0));
    }
    EXPECT(CKR_USER_TYPE_INVALID, try_login_user(session, 3, USER_PIN, "alice"));
    ck_assert_uint_eq(state_of(session), CKS_RW_PUBLIC_SESSION);
    ck_assert_uint_eq(token_flags(slot_of(session)) & (CKF_USER_PIN_COUNT_LOW | CKF_SO_PIN_COUNT_LOW), 0);
    module_stop();
}
END_TEST

START_TEST(a_pin_must_be_there_and_whole)
{
    CK_BYTE longer[sizeof(USER_PIN) + 1] = USER_PIN;
    CK_SESSION_HANDLE session;

    module_start();
    session = session_open(token_make("token"));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Login(session, CKU_USER, NULL, 0));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_Login(session, CKU_USER, NULL, 8));
    ck_assert_uint_eq(token_flags(slot_of(session)) & CKF_USER_PIN_COUNT_LOW, 0);
    EXPECT(CKR_PIN_INCORRECT, p11->C_Login(session, CKU_USER, longer, 0));
    EXPECT(CKR_PIN_INCORRECT, p11->C_Login(session, CKU_USER, longer, sizeof(USER_PIN) - 2));
    EXPECT(CKR_PIN_INCORRECT, p11->C_Login(session, CKU_USER, longer, sizeof(USER_PIN)));
    EXPECT(CKR_PIN_INCORRECT, try_login(session, CKU_USER, SO_PIN));
    EXPECT(CKR_PIN_INCORRECT, try_login(session, CKU_SO, USER_PIN));
    login_user(session);
    module_stop();
}
END_TEST

START_TEST(the_empty_slot_has_nobody_to_log_in)
{
    CK_SESSION_HANDLE session;
    CK_RV rv;

    module_start();
    rv = p11->C_OpenSession(slot_empty(), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
    if (rv == CKR_OK) {
        rv = try_login(session, CKU_USER, USER_PIN);
        ck_assert_msg(rv == CKR_USER_PIN_NOT_INITIALIZED || rv == CKR_TOKEN_NOT_INITIALIZED, "%s",
                      rv_text(rv));
    } else {
        ck_assert_msg(rv == CKR_TOKEN_NOT_RECOGNIZED || rv == CKR_TOKEN_NOT_PRESENT, "%s", rv_text(rv));
    }
    module_stop();
}
END_TEST

/* --- Wrong PINs --- */

static const struct pin_case {
    CK_USER_TYPE user;
    const char *pin;
    CK_FLAGS low;
    CK_FLAGS final;
    CK_FLAGS locked;
} pin_cases[] = {
    {CKU_USER, USER_PIN, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED},
    {CKU_SO, SO_PIN, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED},
};

#define PIN_FLAGS                                                                                            \
    (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED | CKF_SO_PIN_COUNT_LOW |          \
     CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED)

static void expect_pin_flags(CK_SLOT_ID slot, CK_FLAGS wanted, const char *when)
{
    CK_FLAGS flags = token_flags(slot) & PIN_FLAGS;

    ck_assert_msg(flags == wanted, "%s: PIN flags 0x%lx, not 0x%lx", when, flags, wanted);
}

START_TEST(wrong_pins_are_counted_and_lock)
{
    const struct pin_case *c = &pin_cases[_i];
    CK_SESSION_HANDLE session = ready_with_three_attempts();
    CK_SLOT_ID slot = slot_of(session);

    expect_pin_flags(slot, 0, "before");
    EXPECT(CKR_PIN_INCORRECT, try_login(session, c->user, "wrong"));
    expect_pin_flags(slot, c->low, "after one");
    EXPECT(CKR_PIN_INCORRECT, try_login(session, c->user, "wrong"));
    expect_pin_flags(slot, c->low | c->final, "after two");
    EXPECT(CKR_PIN_INCORRECT, try_login(session, c->user, "wrong"));
    expect_pin_flags(slot, c->locked, "after three");
    EXPECT(CKR_PIN_LOCKED, try_login(session, c->user, "wrong"));
    EXPECT(CKR_PIN_LOCKED, try_login(session, c->user, c->pin));
    ck_assert_uint_eq(state_of(session), CKS_RW_PUBLIC_SESSION);
    /* The other one's PIN is not concerned. */
    OK(try_login(session, pin_cases[1 - _i].user, pin_cases[1 - _i].pin));
    expect_pin_flags(slot, c->locked, "after the other's login");
    module_stop();
}
END_TEST

START_TEST(the_right_pin_clears_the_count)
{
    const struct pin_case *c = &pin_cases[_i];
    CK_SESSION_HANDLE session = ready_with_three_attempts();

    for (int round = 0; round < 3; round++) {
        EXPECT(CKR_PIN_INCORRECT, try_login(session, c->user, "wrong"));
        EXPECT(CKR_PIN_INCORRECT, try_login(session, c->user, "wrong"));
        OK(try_login(session, c->user, c->pin));
        expect_pin_flags(slot_of(session), 0, "after the right one");
        OK(p11->C_Logout(session));
    }
    module_stop();
}
END_TEST

START_TEST(the_count_outlives_the_library)
{
    const struct pin_case *c = &pin_cases[_i];
    CK_SESSION_HANDLE session = ready_with_three_attempts();
    CK_SLOT_ID slot = slot_of(session);

    for (int attempt = 0; attempt < 3; attempt++) {
        EXPECT(CKR_PIN_INCORRECT, try_login(session, c->user, "wrong"));
        module_stop();
        module_start();
        session = session_open(slot);
    }
    expect_pin_flags(slot, c->locked, "after three starts");
    EXPECT(CKR_PIN_LOCKED, try_login(session, c->user, c->pin));
    module_stop();
}
END_TEST

/* A process that ends without a word after a wrong PIN. */
static int guess_and_die(void *arg)
{
    CK_SESSION_HANDLE session;

    module_start();
    session = session_open(*(const CK_SLOT_ID *)arg);
    return try_login(session, CKU_USER, "wrong") == CKR_PIN_INCORRECT ? 0 : 1;
}

START_TEST(the_count_is_the_tokens_and_not_the_processes)
{
    CK_SLOT_ID slot = slot_of(ready_with_three_attempts());

    module_stop();
    for (int attempt = 0; attempt < 3; attempt++) {
        ck_assert_int_eq(child_run(guess_and_die, &slot), 0);
    }
    module_start();
    EXPECT(CKR_PIN_LOCKED, try_login(session_open(slot), CKU_USER, USER_PIN));
    module_stop();
}
END_TEST

START_TEST(the_limit_is_the_configured_one)
{
    static const char *const lines[] = {"pin.attempts = 1\n", "pin.attempts = 5\n"};
    static const int limits[] = {1, 5};
    CK_SESSION_HANDLE session;

    scratch_configure(lines[_i]);
    module_start();
    session = session_open(token_make("token"));
    for (int attempt = 0; attempt < limits[_i]; attempt++) {
        EXPECT(CKR_PIN_INCORRECT, try_login(session, CKU_USER, "wrong"));
    }
    EXPECT(CKR_PIN_LOCKED, try_login(session, CKU_USER, USER_PIN));
    module_stop();
}
END_TEST

START_TEST(a_wrong_old_pin_counts_too)
{
    CK_SESSION_HANDLE session = ready_with_three_attempts();

    for (int attempt = 0; attempt < 3; attempt++) {
        EXPECT(CKR_PIN_INCORRECT, p11->C_SetPIN(session, octets_of("wrong"), 5, octets_of("another"), 7));
    }
    EXPECT(CKR_PIN_LOCKED,
           p11->C_SetPIN(session, octets_of(USER_PIN), strlen(USER_PIN), octets_of("another"), 7));
    EXPECT(CKR_PIN_LOCKED, try_login(session, CKU_USER, USER_PIN));
    expect_pin_flags(slot_of(session), CKF_USER_PIN_LOCKED, "after C_SetPIN");
    module_stop();
}
END_TEST

START_TEST(a_wrong_pin_is_told_in_the_log_without_the_pin)
{
    CK_SESSION_HANDLE session = ready_with_three_attempts();

    EXPECT(CKR_PIN_INCORRECT, try_login(session, CKU_USER, "a guessed word"));
    ck_assert_uint_ge(scratch_logged("wrong user PIN, attempt 1 of 3"), 1);
    ck_assert_uint_eq(scratch_logged("a guessed word"), 0);
    login_user(session);
    ck_assert_uint_eq(scratch_logged(USER_PIN), 0);
    ck_assert_uint_eq(scratch_logged(SO_PIN), 0);
    module_stop();
}
END_TEST

/* --- Tokens and processes apart --- */

START_TEST(tokens_are_logged_in_to_each_for_itself)
{
    CK_SESSION_HANDLE a;
    CK_SESSION_HANDLE b;

    scratch_configure("pin.attempts = 3\n");
    module_start();
    a = session_open(token_make("a"));
    b = session_open(token_make("b"));
    login_user(a);
    ck_assert_uint_eq(state_of(b), CKS_RW_PUBLIC_SESSION);
    login_so(b);
    ck_assert_uint_eq(state_of(a), CKS_RW_USER_FUNCTIONS);
    OK(p11->C_Logout(a));
    ck_assert_uint_eq(state_of(b), CKS_RW_SO_FUNCTIONS);
    EXPECT(CKR_PIN_INCORRECT, try_login(a, CKU_USER, "wrong"));
    expect_pin_flags(slot_of(b), 0, "of the other token");
    OK(p11->C_CloseAllSessions(slot_of(a)));
    ck_assert_uint_eq(state_of(b), CKS_RW_SO_FUNCTIONS);
    module_stop();
}
END_TEST

static int look_at_state(void *arg)
{
    module_start();
    return state_of(session_open(*(const CK_SLOT_ID *)arg)) == CKS_RW_PUBLIC_SESSION ? 0 : 1;
}

START_TEST(a_login_is_one_processes)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);

    ck_assert_int_eq(child_run(look_at_state, &slot), 0);
    ck_assert_uint_eq(state_of(session), CKS_RW_USER_FUNCTIONS);
    module_stop();
}
END_TEST

/* --- Logout --- */

START_TEST(logout_kills_handles_to_private_objects)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE private = data_make(session, "private", true, true);
    CK_OBJECT_HANDLE public = data_make(session, "public", true, false);
    CK_ULONG size;

    OK(p11->C_Logout(session));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(session, private, &size));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(session, private));
    OK(p11->C_GetObjectSize(session, public, &size));
    ck_assert_uint_eq(find_one(session, CKO_DATA, "private"), CK_INVALID_HANDLE);
    login_user(session);
    /* 5.6.9: even if a user is later logged back in, those handles remain invalid. */
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(session, private, &size));
    private = find_one(session, CKO_DATA, "private");
    ck_assert_uint_ne(private, CK_INVALID_HANDLE);
    OK(p11->C_GetObjectSize(session, private, &size));
    OK(p11->C_GetObjectSize(session, public, &size));
    module_stop();
}
END_TEST

START_TEST(logout_destroys_private_session_objects)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open_ro(slot_of(session));
    CK_OBJECT_HANDLE public = data_make(session, "public", false, false);
    CK_ULONG size;

    (void)data_make(session, "mine", false, true);
    (void)data_make(other, "the other session's", false, true);
    OK(p11->C_Logout(other));
    OK(p11->C_GetObjectSize(session, public, &size));
    login_user(session);
    ck_assert_uint_eq(find_one(session, CKO_DATA, "mine"), CK_INVALID_HANDLE);
    ck_assert_uint_eq(find_one(session, CKO_DATA, "the other session's"), CK_INVALID_HANDLE);
    ck_assert_uint_eq(find_one(session, CKO_DATA, "public"), public);
    module_stop();
}
END_TEST

START_TEST(logout_ends_what_private_keys_are_doing)
{
    CK_MECHANISM mechanism = {CKM_ECDSA_SHA256, NULL, 0};
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open(slot_of(session));
    struct key_pair pair = ec_make(session, true, "pair");
    CK_BYTE signature[64];
    CK_ULONG len = sizeof(signature);

    OK(p11->C_SignInit(session, &mechanism, pair.private));
    OK(p11->C_SignInit(other, &mechanism, pair.private));
    OK(p11->C_SignUpdate(other, octets_of("abc"), 3));
    OK(p11->C_Logout(session));
    /* The next call says why; with any error the operation is over. */
    EXPECT(CKR_USER_NOT_LOGGED_IN, p11->C_Sign(session, octets_of("abc"), 3, signature, &len));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(session, octets_of("abc"), 3, signature, &len));
    login_user(session);
    EXPECT(CKR_USER_NOT_LOGGED_IN, p11->C_SignFinal(other, signature, &len));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignFinal(other, signature, &len));
    pair.private = find_one(other, CKO_PRIVATE_KEY, "pair");
    OK(p11->C_SignInit(other, &mechanism, pair.private));
    OK(p11->C_Sign(other, octets_of("abc"), 3, signature, &len));
    module_stop();
}
END_TEST

START_TEST(logout_leaves_what_needs_no_login)
{
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    CK_SESSION_HANDLE session = client_ready();
    CK_BYTE digest[32];
    CK_ULONG len = sizeof(digest);

    OK(p11->C_DigestInit(session, &mechanism));
    OK(p11->C_Logout(session));
    OK(p11->C_Digest(session, octets_of("abc"), 3, digest, &len));
    module_stop();
}
END_TEST

START_TEST(private_objects_need_the_user)
{
    CK_OBJECT_HANDLE made;
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();

    (void)aes_make(session, true, "key");
    bag_ulong(&bag, CKA_CLASS, CKO_DATA);
    bag_bool(&bag, CKA_PRIVATE, true);
    OK(p11->C_Logout(session));
    ck_assert_uint_eq(find_one(session, CKO_SECRET_KEY, "key"), CK_INVALID_HANDLE);
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_object(session, &bag, &made));
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_aes_make(session, false, "another", &made));
    login_so(session);
    ck_assert_uint_eq(find_one(session, CKO_SECRET_KEY, "key"), CK_INVALID_HANDLE);
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_object(session, &bag, &made));
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_aes_make(session, true, "another", &made));
    OK(p11->C_Logout(session));
    login_user(session);
    ck_assert_uint_ne(find_one(session, CKO_SECRET_KEY, "key"), CK_INVALID_HANDLE);
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("login");
    TCase *tcase = tcase_create("login");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, login_says_who_is_logged_in_already);
    tcase_add_test(tcase, logout_needs_a_login);
    tcase_add_test(tcase, a_user_type_that_is_none_is_refused);
    tcase_add_test(tcase, a_user_without_a_pin_cannot_log_in);
    tcase_add_test(tcase, login_user_without_a_name);
    tcase_add_test(tcase, login_user_with_a_name);
    tcase_add_test(tcase, a_pin_must_be_there_and_whole);
    tcase_add_test(tcase, the_empty_slot_has_nobody_to_log_in);
    tcase_add_loop_test(tcase, wrong_pins_are_counted_and_lock, 0, COUNT(pin_cases));
    tcase_add_loop_test(tcase, the_right_pin_clears_the_count, 0, COUNT(pin_cases));
    tcase_add_loop_test(tcase, the_count_outlives_the_library, 0, COUNT(pin_cases));
    tcase_add_test(tcase, the_count_is_the_tokens_and_not_the_processes);
    tcase_add_loop_test(tcase, the_limit_is_the_configured_one, 0, 2);
    tcase_add_test(tcase, a_wrong_old_pin_counts_too);
    tcase_add_test(tcase, a_wrong_pin_is_told_in_the_log_without_the_pin);
    tcase_add_test(tcase, tokens_are_logged_in_to_each_for_itself);
    tcase_add_test(tcase, a_login_is_one_processes);
    tcase_add_test(tcase, logout_kills_handles_to_private_objects);
    tcase_add_test(tcase, logout_destroys_private_session_objects);
    tcase_add_test(tcase, logout_ends_what_private_keys_are_doing);
    tcase_add_test(tcase, logout_leaves_what_needs_no_login);
    tcase_add_test(tcase, private_objects_need_the_user);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
