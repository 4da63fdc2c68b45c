/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and their PINs: C_InitToken, C_InitPIN, C_SetPIN, C_GetTokenInfo (5.5). */
#include "integration/cryptoki/support.h"
#include "support/main.h"

#include <ctype.h>

#define NEW_PIN "another pin 4711"

static void pad(const char *label, CK_UTF8CHAR padded[32])
{
    memset(padded, ' ', 32);
    memcpy(padded, label, strlen(label));
}

static CK_RV try_init_token(CK_SLOT_ID slot, const char *pin, const char *label)
{
    CK_UTF8CHAR padded[32];

    pad(label, padded);
    return p11->C_InitToken(slot, octets_of(pin), strlen(pin), padded);
}

static CK_RV try_init_pin(CK_SESSION_HANDLE session, const char *pin)
{
    return p11->C_InitPIN(session, octets_of(pin), strlen(pin));
}

static CK_RV try_set_pin(CK_SESSION_HANDLE session, const char *old_pin, const char *new_pin)
{
    return p11->C_SetPIN(session, octets_of(old_pin), strlen(old_pin), octets_of(new_pin), strlen(new_pin));
}

static CK_TOKEN_INFO info_of(CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;

    OK(p11->C_GetTokenInfo(slot, &info));
    return info;
}

/* --- C_InitToken --- */

START_TEST(a_new_token_says_what_it_is)
{
    CK_UTF8CHAR label[32];
    CK_TOKEN_INFO info;
    CK_SLOT_ID slot;

    module_start();
    slot = slot_empty();
    info = info_of(slot);
    ck_assert_uint_eq(info.flags & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED), 0);
    OK(try_init_token(slot, SO_PIN, "a label"));
    info = info_of(slot);
    pad("a label", label);
    ck_assert_mem_eq(info.label, label, sizeof(label));
    ck_assert_uint_eq(info.flags & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_LOGIN_REQUIRED),
                      CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED);
    ck_assert_uint_ne(info.flags & CKF_RNG, 0);
    ck_assert_uint_ne(info.flags & CKF_DUAL_CRYPTO_OPERATIONS, 0);
    ck_assert_uint_eq(info.flags & (CKF_WRITE_PROTECTED | CKF_PROTECTED_AUTHENTICATION_PATH), 0);
    for (size_t i = 0; i < sizeof(info.serialNumber); i++) {
        ck_assert(isprint(info.serialNumber[i]));
    }
    for (size_t i = 0; i < sizeof(info.manufacturerID); i++) {
        ck_assert(info.manufacturerID[i] != 0);
    }
    ck_assert_uint_le(info.ulMinPinLen, strlen(USER_PIN));
    ck_assert_uint_ge(info.ulMaxPinLen, strlen(USER_PIN));
    module_stop();
}
END_TEST

START_TEST(tokens_have_serial_numbers_of_their_own)
{
    CK_TOKEN_INFO a;
    CK_TOKEN_INFO b;
    CK_SLOT_ID slot;

    module_start();
    a = info_of(token_make("the same label"));
    OK(try_init_token(slot_empty(), SO_PIN, "other"));
    ck_assert(slot_find("other", &slot));
    b = info_of(slot);
    ck_assert_mem_ne(a.serialNumber, b.serialNumber, sizeof(a.serialNumber));
    module_stop();
}
END_TEST

START_TEST(a_label_of_full_length_and_of_other_alphabets_is_kept)
{
    static const char *const labels[] = {"0123456789abcdef0123456789abcdef", "Schl\xc3\xbcssel \xe2\x82\xac",
                                         ""};
    CK_UTF8CHAR padded[32];
    CK_SLOT_ID slot;

    module_start();
    slot = slot_empty();
    for (size_t i = 0; i < COUNT(labels); i++) {
        CK_TOKEN_INFO info;

        OK(try_init_token(slot, SO_PIN, labels[i]));
        info = info_of(slot);
        pad(labels[i], padded);
        ck_assert_mem_eq(info.label, padded, sizeof(padded));
    }
    module_stop();
}
END_TEST

START_TEST(initialising_again_wants_the_officers_pin_and_no_sessions)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);

    (void)data_make(session, "kept", true, false);
    EXPECT(CKR_SESSION_EXISTS, try_init_token(slot, SO_PIN, "again"));
    EXPECT(CKR_SESSION_EXISTS, try_init_token(slot, "wrong pin", "again"));
    OK(p11->C_CloseSession(session));
    ck_assert_uint_eq(token_flags(slot) & CKF_SO_PIN_COUNT_LOW, 0);
    EXPECT(CKR_PIN_INCORRECT, try_init_token(slot, "wrong pin", "again"));
    EXPECT(CKR_PIN_INCORRECT, try_init_token(slot, USER_PIN, "again"));
    ck_assert_uint_ne(token_flags(slot) & CKF_SO_PIN_COUNT_LOW, 0);
    session = session_open(slot);
    ck_assert_uint_ne(find_one(session, CKO_DATA, "kept"), CK_INVALID_HANDLE);
    login_user(session);
    module_stop();
}
END_TEST

START_TEST(initialising_again_begins_a_new_life)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);
    CK_SLOT_ID found;
    CK_OBJECT_HANDLE old = data_make(session, "public", true, false);
    CK_ULONG size;

    (void)data_make(session, "private", true, true);
    (void)aes_make(session, true, "key");
    OK(p11->C_CloseSession(session));
    OK(try_init_token(slot, SO_PIN, "again"));
    ck_assert(slot_find("again", &found));
    ck_assert_uint_eq(found, slot);
    ck_assert_uint_eq(token_flags(slot) & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED),
                      CKF_TOKEN_INITIALIZED);
    session = session_open(slot);
    EXPECT(CKR_USER_PIN_NOT_INITIALIZED, try_login(session, CKU_USER, USER_PIN));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(session, old, &size));
    login_so(session);
    OK(try_init_pin(session, NEW_PIN));
    OK(p11->C_Logout(session));
    OK(try_login(session, CKU_USER, NEW_PIN));
    ck_assert_uint_eq(find_one(session, CKO_DATA, "public"), CK_INVALID_HANDLE);
    ck_assert_uint_eq(find_one(session, CKO_DATA, "private"), CK_INVALID_HANDLE);
    ck_assert_uint_eq(find_one(session, CKO_SECRET_KEY, "key"), CK_INVALID_HANDLE);
    module_stop();
}
END_TEST

START_TEST(a_locked_officer_cannot_initialise)
{
    CK_SLOT_ID slot;

    scratch_configure("pin.attempts = 2\n");
    module_start();
    slot = token_make("token");
    EXPECT(CKR_PIN_INCORRECT, try_init_token(slot, "wrong pin", "again"));
    EXPECT(CKR_PIN_INCORRECT, try_init_token(slot, "wrong pin", "again"));
    EXPECT(CKR_PIN_LOCKED, try_init_token(slot, SO_PIN, "again"));
    ck_assert_uint_ne(token_flags(slot) & CKF_SO_PIN_LOCKED, 0);
    login_user(session_open(slot));
    module_stop();
}
END_TEST

START_TEST(init_token_refuses_what_is_no_pin_no_label_no_slot)
{
    CK_UTF8CHAR label[32] = "";
    CK_SLOT_ID slot;

    module_start();
    slot = slot_empty();
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_InitToken(slot, NULL, 8, label));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_InitToken(slot, octets_of(SO_PIN), strlen(SO_PIN), NULL));
    EXPECT(CKR_SLOT_ID_INVALID, try_init_token(slot + 1000, SO_PIN, "token"));
    EXPECT(CKR_PIN_LEN_RANGE, try_init_token(slot, "abc", "token"));
    EXPECT(CKR_PIN_LEN_RANGE, try_init_token(slot, "", "token"));
    ck_assert_uint_eq(token_flags(slot) & CKF_TOKEN_INITIALIZED, 0);
    OK(try_init_token(slot, "abcd", "token"));
    module_stop();
}
END_TEST

/* --- C_InitPIN --- */

START_TEST(init_pin_is_the_officers)
{
    CK_SESSION_HANDLE session;
    CK_SLOT_ID slot;

    module_start();
    slot = token_make("token");
    session = session_open_ro(slot);
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_init_pin(session, NEW_PIN));
    login_user(session);
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_init_pin(session, NEW_PIN));
    OK(p11->C_CloseSession(session));
    session = session_open(slot);
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_init_pin(session, NEW_PIN));
    login_user(session);
    EXPECT(CKR_USER_NOT_LOGGED_IN, try_init_pin(session, NEW_PIN));
    OK(p11->C_Logout(session));
    login_so(session);
    OK(try_init_pin(session, NEW_PIN));
    OK(p11->C_Logout(session));
    EXPECT(CKR_PIN_INCORRECT, try_login(session, CKU_USER, USER_PIN));
    OK(try_login(session, CKU_USER, NEW_PIN));
    module_stop();
}
END_TEST

START_TEST(init_pin_unlocks_the_user_who_keeps_the_objects)
{
    CK_SESSION_HANDLE session;

    scratch_configure("pin.attempts = 2\n");
    session = client_ready();
    (void)data_make(session, "private", true, true);
    (void)aes_make(session, true, "key");
    OK(p11->C_Logout(session));
    EXPECT(CKR_PIN_INCORRECT, try_login(session, CKU_USER, "wrong"));
    EXPECT(CKR_PIN_INCORRECT, try_login(session, CKU_USER, "wrong"));
    EXPECT(CKR_PIN_LOCKED, try_login(session, CKU_USER, USER_PIN));
    login_so(session);
    OK(try_init_pin(session, NEW_PIN));
    ck_assert_uint_eq(token_flags(slot_of(session)) & CKF_USER_PIN_LOCKED, 0);
    OK(p11->C_Logout(session));
    OK(try_login(session, CKU_USER, NEW_PIN));
    ck_assert_uint_ne(find_one(session, CKO_DATA, "private"), CK_INVALID_HANDLE);
    expect_aes_works(session, find_one(session, CKO_SECRET_KEY, "key"));
    module_stop();
}
END_TEST

/* --- The form of PINs --- */

static const struct pin_form {
    const char *pin;
    CK_RV rv;
} pin_forms[] = {
    {"", CKR_PIN_LEN_RANGE},
    {"12345", CKR_PIN_LEN_RANGE},
    {"123456", CKR_OK},
    {"123456789012", CKR_OK},
    {"1234567890123", CKR_PIN_LEN_RANGE},
    {"\xc3\xbc\xe2\x82\xac\xf0\x9f\x94\x91", CKR_OK},
    {"abcdef\xff", CKR_PIN_INVALID},
    {"abcdef\xc3", CKR_PIN_INVALID},
    {"\x80"
     "abcdef",
     CKR_PIN_INVALID},
    {"abcd\xc0\x80"
     "ef",
     CKR_PIN_INVALID},
};

START_TEST(a_pin_has_the_configured_length_and_is_utf8)
{
    const struct pin_form *form = &pin_forms[_i];
    const char *now = form->rv == CKR_OK ? form->pin : USER_PIN;
    CK_SESSION_HANDLE session;
    CK_SLOT_ID slot;

    module_start();
    slot = slot_empty();
    module_stop();
    scratch_configure("pin.min_len = 6\npin.max_len = 12\n");
    module_start();
    EXPECT(form->rv, try_init_token(slot, form->pin, "token"));
    if (form->rv != CKR_OK) {
        OK(try_init_token(slot, "123456", "token"));
    }
    session = session_open(slot);
    OK(try_login(session, CKU_SO, form->rv == CKR_OK ? form->pin : "123456"));
    ck_assert_uint_eq(info_of(slot).ulMinPinLen, 6);
    ck_assert_uint_eq(info_of(slot).ulMaxPinLen, 12);
    EXPECT(form->rv, try_init_pin(session, form->pin));
    if (form->rv != CKR_OK) {
        now = "654321";
        OK(try_init_pin(session, now));
    }
    OK(p11->C_Logout(session));
    EXPECT(form->rv, try_set_pin(session, now, form->pin));
    OK(try_login(session, CKU_USER, now));
    module_stop();
}
END_TEST

/* --- C_SetPIN --- */

START_TEST(set_pin_changes_the_users_in_a_public_session)
{
    CK_SESSION_HANDLE session;

    module_start();
    session = session_open(token_make("token"));
    EXPECT(CKR_PIN_INCORRECT, try_set_pin(session, SO_PIN, NEW_PIN));
    OK(try_set_pin(session, USER_PIN, NEW_PIN));
    ck_assert_uint_eq(state_of(session), CKS_RW_PUBLIC_SESSION);
    EXPECT(CKR_PIN_INCORRECT, try_login(session, CKU_USER, USER_PIN));
    OK(try_login(session, CKU_USER, NEW_PIN));
    module_stop();
}
END_TEST

START_TEST(set_pin_changes_the_pin_of_who_is_logged_in)
{
    CK_SESSION_HANDLE session;

    module_start();
    session = session_open(token_make("token"));
    login_so(session);
    EXPECT(CKR_PIN_INCORRECT, try_set_pin(session, USER_PIN, NEW_PIN));
    OK(try_set_pin(session, SO_PIN, NEW_PIN));
    ck_assert_uint_eq(state_of(session), CKS_RW_SO_FUNCTIONS);
    OK(p11->C_Logout(session));
    EXPECT(CKR_PIN_INCORRECT, try_login(session, CKU_SO, SO_PIN));
    OK(try_login(session, CKU_SO, NEW_PIN));
    OK(p11->C_Logout(session));
    login_user(session);
    OK(try_set_pin(session, USER_PIN, "the third pin"));
    ck_assert_uint_eq(state_of(session), CKS_RW_USER_FUNCTIONS);
    OK(p11->C_Logout(session));
    OK(try_login(session, CKU_USER, "the third pin"));
    OK(p11->C_CloseAllSessions(slot_of(session)));
    module_stop();
}
END_TEST

START_TEST(set_pin_needs_a_read_write_session)
{
    CK_SESSION_HANDLE session;

    module_start();
    session = session_open_ro(token_make("token"));
    EXPECT(CKR_SESSION_READ_ONLY, try_set_pin(session, USER_PIN, NEW_PIN));
    login_user(session);
    EXPECT(CKR_SESSION_READ_ONLY, try_set_pin(session, USER_PIN, NEW_PIN));
    OK(p11->C_Logout(session));
    login_user(session);
    module_stop();
}
END_TEST

START_TEST(set_pin_refuses_null_pins)
{
    CK_SESSION_HANDLE session;

    module_start();
    session = session_open(token_make("token"));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SetPIN(session, NULL, 4, octets_of(NEW_PIN), strlen(NEW_PIN)));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_SetPIN(session, octets_of(USER_PIN), strlen(USER_PIN), NULL, 4));
    login_so(session);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_InitPIN(session, NULL, 4));
    module_stop();
}
END_TEST

START_TEST(objects_survive_a_new_pin)
{
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = ec_make(session, true, "pair");
    CK_OBJECT_HANDLE key = aes_make(session, true, "key");
    CK_SLOT_ID slot;

    (void)data_make(session, "private", true, true);
    OK(try_set_pin(session, USER_PIN, NEW_PIN));
    expect_aes_works(session, key);
    expect_pair_works(session, CKM_ECDSA_SHA256, pair);
    module_stop();
    module_start();
    ck_assert(slot_find("token", &slot));
    session = session_open(slot);
    OK(try_login(session, CKU_USER, NEW_PIN));
    ck_assert_uint_ne(find_one(session, CKO_DATA, "private"), CK_INVALID_HANDLE);
    expect_aes_works(session, find_one(session, CKO_SECRET_KEY, "key"));
    pair.public = find_one(session, CKO_PUBLIC_KEY, "pair");
    pair.private = find_one(session, CKO_PRIVATE_KEY, "pair");
    expect_pair_works(session, CKM_ECDSA_SHA256, pair);
    module_stop();
}
END_TEST

START_TEST(a_refused_pin_changes_nothing)
{
    CK_SESSION_HANDLE session = client_ready();
    struct picture before;

    picture_take(session, &before);
    EXPECT(CKR_PIN_LEN_RANGE, try_set_pin(session, USER_PIN, "abc"));
    EXPECT(CKR_PIN_INVALID, try_set_pin(session, USER_PIN, "abcdef\xff"));
    expect_unchanged(session, &before, "a PIN of a wrong form");
    OK(p11->C_Logout(session));
    login_user(session);
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("token");
    TCase *tcase = tcase_create("token");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_new_token_says_what_it_is);
    tcase_add_test(tcase, tokens_have_serial_numbers_of_their_own);
    tcase_add_test(tcase, a_label_of_full_length_and_of_other_alphabets_is_kept);
    tcase_add_test(tcase, initialising_again_wants_the_officers_pin_and_no_sessions);
    tcase_add_test(tcase, initialising_again_begins_a_new_life);
    tcase_add_test(tcase, a_locked_officer_cannot_initialise);
    tcase_add_test(tcase, init_token_refuses_what_is_no_pin_no_label_no_slot);
    tcase_add_test(tcase, init_pin_is_the_officers);
    tcase_add_test(tcase, init_pin_unlocks_the_user_who_keeps_the_objects);
    tcase_add_loop_test(tcase, a_pin_has_the_configured_length_and_is_utf8, 0, COUNT(pin_forms));
    tcase_add_test(tcase, set_pin_changes_the_users_in_a_public_session);
    tcase_add_test(tcase, set_pin_changes_the_pin_of_who_is_logged_in);
    tcase_add_test(tcase, set_pin_needs_a_read_write_session);
    tcase_add_test(tcase, set_pin_refuses_null_pins);
    tcase_add_test(tcase, objects_survive_a_new_pin);
    tcase_add_test(tcase, a_refused_pin_changes_nothing);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
