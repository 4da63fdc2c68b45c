/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: their five states, what read-only ones refuse, and what goes when they go (5.6, 4.4). */
#include "integration/cryptoki/keys.h"
#include "support/main.h"

/* --- States --- */

START_TEST(the_five_states_in_all_transitions)
{
    static const struct {
        CK_USER_TYPE user;
        const char *pin;
        CK_STATE rw;
    } logins[] = {
        {CKU_USER, USER_PIN, CKS_RW_USER_FUNCTIONS},
        {CKU_SO, SO_PIN, CKS_RW_SO_FUNCTIONS},
        {CKU_USER, USER_PIN, CKS_RW_USER_FUNCTIONS},
    };
    CK_SESSION_HANDLE rw;
    CK_SESSION_HANDLE ro;
    CK_SLOT_ID slot;

    module_start();
    slot = token_make("token");
    rw = session_open(slot);
    for (size_t i = 0; i < COUNT(logins); i++) {
        ck_assert_uint_eq(state_of(rw), CKS_RW_PUBLIC_SESSION);
        OK(try_login(rw, logins[i].user, logins[i].pin));
        ck_assert_uint_eq(state_of(rw), logins[i].rw);
        OK(p11->C_Logout(rw));
    }
    ro = session_open_ro(slot);
    ck_assert_uint_eq(state_of(ro), CKS_RO_PUBLIC_SESSION);
    login_user(ro);
    ck_assert_uint_eq(state_of(ro), CKS_RO_USER_FUNCTIONS);
    ck_assert_uint_eq(state_of(rw), CKS_RW_USER_FUNCTIONS);
    OK(p11->C_Logout(rw));
    ck_assert_uint_eq(state_of(ro), CKS_RO_PUBLIC_SESSION);
    ck_assert_uint_eq(state_of(rw), CKS_RW_PUBLIC_SESSION);
    module_stop();
}
END_TEST

START_TEST(a_session_opened_after_the_login_is_logged_in)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);

    ck_assert_uint_eq(state_of(session_open(slot)), CKS_RW_USER_FUNCTIONS);
    ck_assert_uint_eq(state_of(session_open_ro(slot)), CKS_RO_USER_FUNCTIONS);
    module_stop();
}
END_TEST

START_TEST(the_officer_and_read_only_sessions_exclude_each_other)
{
    CK_SESSION_HANDLE rw;
    CK_SESSION_HANDLE ro;
    CK_SLOT_ID slot;

    module_start();
    slot = token_make("token");
    rw = session_open(slot);
    ro = session_open_ro(slot);
    EXPECT(CKR_SESSION_READ_ONLY_EXISTS, try_login(rw, CKU_SO, SO_PIN));
    EXPECT(CKR_SESSION_READ_ONLY_EXISTS, try_login(ro, CKU_SO, SO_PIN));
    OK(p11->C_CloseSession(ro));
    login_so(rw);
    ro = 7;
    EXPECT(CKR_SESSION_READ_WRITE_SO_EXISTS, p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &ro));
    ck_assert_uint_eq(state_of(session_open(slot)), CKS_RW_SO_FUNCTIONS);
    OK(p11->C_Logout(rw));
    (void)session_open_ro(slot);
    EXPECT(CKR_SESSION_READ_ONLY_EXISTS, try_login(rw, CKU_SO, SO_PIN));
    module_stop();
}
END_TEST

START_TEST(open_wants_the_serial_flag_and_no_other_that_is_unknown_to_it)
{
    CK_SESSION_HANDLE session = 7;
    CK_SLOT_ID slot;

    module_start();
    slot = token_make("token");
    EXPECT(CKR_SESSION_PARALLEL_NOT_SUPPORTED, p11->C_OpenSession(slot, 0, NULL, NULL, &session));
    EXPECT(CKR_SESSION_PARALLEL_NOT_SUPPORTED,
           p11->C_OpenSession(slot, CKF_RW_SESSION, NULL, NULL, &session));
    EXPECT(CKR_SESSION_PARALLEL_NOT_SUPPORTED,
           p11->C_OpenSession(slot, CKF_ASYNC_SESSION, NULL, NULL, &session));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, NULL));
    EXPECT(CKR_SLOT_ID_INVALID, p11->C_OpenSession(slot + 1000, CKF_SERIAL_SESSION, NULL, NULL, &session));
    EXPECT(CKR_SLOT_ID_INVALID,
           p11->C_OpenSession(CK_UNAVAILABLE_INFORMATION, CKF_SERIAL_SESSION, NULL, NULL, &session));
    ck_assert_uint_eq(session, 7);
    module_stop();
}
END_TEST

START_TEST(session_info_tells_slot_flags_and_state)
{
    CK_SESSION_INFO info;
    CK_SESSION_HANDLE rw;
    CK_SLOT_ID slot;

    module_start();
    (void)token_make("another");
    slot = token_make("token");
    rw = session_open(slot);
    OK(p11->C_GetSessionInfo(rw, &info));
    ck_assert_uint_eq(info.slotID, slot);
    ck_assert_uint_eq(info.flags, CKF_SERIAL_SESSION | CKF_RW_SESSION);
    ck_assert_uint_eq(info.ulDeviceError, 0);
    OK(p11->C_GetSessionInfo(session_open_ro(slot), &info));
    ck_assert_uint_eq(info.flags, CKF_SERIAL_SESSION);
    module_stop();
}
END_TEST

START_TEST(the_token_counts_its_sessions)
{
    CK_TOKEN_INFO info;
    CK_SESSION_HANDLE ro;
    CK_SLOT_ID slot;

    module_start();
    slot = token_make("token");
    (void)session_open(slot);
    ro = session_open_ro(slot);
    (void)session_open_ro(slot);
    OK(p11->C_GetTokenInfo(slot, &info));
    ck_assert_uint_eq(info.ulSessionCount, 3);
    ck_assert_uint_eq(info.ulRwSessionCount, 1);
    OK(p11->C_CloseSession(ro));
    OK(p11->C_GetTokenInfo(slot, &info));
    ck_assert_uint_eq(info.ulSessionCount, 2);
    OK(p11->C_CloseAllSessions(slot));
    OK(p11->C_GetTokenInfo(slot, &info));
    ck_assert_uint_eq(info.ulSessionCount, 0);
    ck_assert_uint_eq(info.ulRwSessionCount, 0);
    module_stop();
}
END_TEST

/* --- Read-only sessions --- */

static CK_RV generate_pair(CK_SESSION_HANDLE session, bool is_public_token, bool is_private_token)
{
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    struct cfr_span params = ec_params("P-256");
    CK_ATTRIBUTE public[] = {ATTR_BOOL(CKA_TOKEN, is_public_token),
                             ATTR_OCTETS(CKA_EC_PARAMS, UNCONST(params.ptr), params.len)};
    CK_ATTRIBUTE private[] = {ATTR_BOOL(CKA_TOKEN, is_private_token)};
    struct key_pair pair;

    return p11->C_GenerateKeyPair(session, &mechanism, TEMPLATE(public), TEMPLATE(private), &pair.public,
                                  &pair.private);
}

START_TEST(a_read_only_session_makes_no_token_objects)
{
    CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_BBOOL yes = CK_TRUE;
    CK_OBJECT_HANDLE made;
    static struct bag bag;
    struct picture before;
    CK_SESSION_HANDLE rw = client_ready();
    CK_SESSION_HANDLE ro = session_open_ro(slot_of(rw));
    CK_OBJECT_HANDLE key = secret_make(ro, CKK_AES, "0123456789abcdef", 16);
    CK_ATTRIBUTE token[] = {
        {CKA_TOKEN, &yes, 1}, ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_BYTE wrapped[64];
    CK_ULONG len = sizeof(wrapped);

    OK(p11->C_WrapKey(ro, &wrap, key, key, wrapped, &len));
    bag_ulong(&bag, CKA_CLASS, CKO_DATA);
    bag_bool(&bag, CKA_TOKEN, true);
    picture_take(ro, &before);
    EXPECT(CKR_SESSION_READ_ONLY, try_object(ro, &bag, &made));
    EXPECT(CKR_SESSION_READ_ONLY, p11->C_CopyObject(ro, key, token, 1, &made));
    EXPECT(CKR_SESSION_READ_ONLY, try_aes_make(ro, true, "key", &made));
    EXPECT(CKR_SESSION_READ_ONLY, generate_pair(ro, true, true));
    EXPECT(CKR_SESSION_READ_ONLY, generate_pair(ro, true, false));
    EXPECT(CKR_SESSION_READ_ONLY, generate_pair(ro, false, true));
    EXPECT(CKR_SESSION_READ_ONLY, p11->C_UnwrapKey(ro, &wrap, key, wrapped, len, TEMPLATE(token), &made));
    expect_unchanged(ro, &before, "token objects in a read-only session");
    module_stop();
}
END_TEST

START_TEST(a_read_only_session_changes_no_token_objects)
{
    CK_SESSION_HANDLE rw = client_ready();
    CK_SESSION_HANDLE ro = session_open_ro(slot_of(rw));
    CK_OBJECT_HANDLE object = data_make(rw, "data", true, false);
    CK_OBJECT_HANDLE key = aes_make(rw, true, "key");
    static struct octets label;

    EXPECT(CKR_SESSION_READ_ONLY, try_set(ro, object, CKA_LABEL, "new", 3));
    EXPECT(CKR_SESSION_READ_ONLY, p11->C_DestroyObject(ro, object));
    EXPECT(CKR_SESSION_READ_ONLY, try_set(ro, key, CKA_LABEL, "new", 3));
    EXPECT(CKR_SESSION_READ_ONLY, p11->C_DestroyObject(ro, key));
    read_octets(rw, object, CKA_LABEL, &label);
    expect_octets(cfr_span_of(label.at, label.len), cfr_span_of("data", 4), "the label");
    OK(try_set(rw, object, CKA_LABEL, "new", 3));
    OK(p11->C_DestroyObject(rw, object));
    expect_aes_works(ro, key);
    module_stop();
}
END_TEST

START_TEST(a_read_only_session_is_free_with_session_objects)
{
    CK_OBJECT_HANDLE copy;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE session_object = {CKA_TOKEN, &no, sizeof(no)};
    CK_SESSION_HANDLE rw = client_ready();
    CK_SESSION_HANDLE ro = session_open_ro(slot_of(rw));
    CK_OBJECT_HANDLE object = data_make(ro, "data", false, false);
    CK_OBJECT_HANDLE stored = data_make(rw, "stored", true, false);

    OK(try_set(ro, object, CKA_LABEL, "new", 3));
    OK(p11->C_DestroyObject(ro, object));
    OK(p11->C_CopyObject(ro, stored, &session_object, 1, &copy));
    OK(generate_pair(ro, false, false));
    expect_aes_works(ro, aes_make(ro, false, "key"));
    module_stop();
}
END_TEST

/* --- What goes when a session goes --- */

START_TEST(session_objects_are_seen_by_the_tokens_sessions_and_go_with_theirs)
{
    CK_ULONG size;
    CK_SESSION_HANDLE mine = client_ready();
    CK_SESSION_HANDLE other = session_open_ro(slot_of(mine));
    CK_SESSION_HANDLE elsewhere = session_open(token_make("elsewhere"));
    CK_OBJECT_HANDLE object = data_make(mine, "object", false, false);
    CK_OBJECT_HANDLE kept = data_make(other, "kept", false, false);
    CK_OBJECT_HANDLE key = aes_make(mine, false, "key");

    ck_assert_uint_eq(find_one(other, CKO_DATA, "object"), object);
    OK(p11->C_GetObjectSize(other, object, &size));
    expect_aes_works(other, key);
    ck_assert_uint_eq(find_one(elsewhere, CKO_DATA, "object"), CK_INVALID_HANDLE);
    OK(p11->C_CloseSession(mine));
    ck_assert_uint_eq(find_one(other, CKO_DATA, "object"), CK_INVALID_HANDLE);
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(other, object, &size));
    EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(other, key, &size));
    OK(p11->C_GetObjectSize(other, kept, &size));
    ck_assert_uint_eq(state_of(other), CKS_RO_USER_FUNCTIONS);
    module_stop();
}
END_TEST

START_TEST(closing_the_last_session_logs_out)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open_ro(slot_of(session));
    CK_SLOT_ID slot = slot_of(session);

    (void)data_make(session, "private", true, true);
    OK(p11->C_CloseSession(session));
    ck_assert_uint_eq(state_of(other), CKS_RO_USER_FUNCTIONS);
    OK(p11->C_CloseSession(other));
    session = session_open(slot);
    ck_assert_uint_eq(state_of(session), CKS_RW_PUBLIC_SESSION);
    ck_assert_uint_eq(find_one(session, CKO_DATA, "private"), CK_INVALID_HANDLE);
    EXPECT(CKR_USER_NOT_LOGGED_IN, p11->C_Logout(session));
    login_user(session);
    OK(p11->C_CloseAllSessions(slot));
    ck_assert_uint_eq(state_of(session_open_ro(slot)), CKS_RO_PUBLIC_SESSION);
    module_stop();
}
END_TEST

START_TEST(closing_all_sessions_leaves_the_other_tokens)
{
    CK_SESSION_INFO info;
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open(token_make("other"));
    CK_SLOT_ID slot = slot_of(session);
    CK_SESSION_HANDLE second = session_open_ro(slot);

    login_user(other);
    OK(p11->C_CloseAllSessions(slot));
    EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(session, &info));
    EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(second, &info));
    ck_assert_uint_eq(state_of(other), CKS_RW_USER_FUNCTIONS);
    OK(p11->C_CloseAllSessions(slot));
    EXPECT(CKR_SLOT_ID_INVALID, p11->C_CloseAllSessions(slot + 1000));
    module_stop();
}
END_TEST

START_TEST(a_closed_sessions_handle_is_dead)
{
    CK_SESSION_INFO info;
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE closed = session_open(slot_of(session));

    OK(p11->C_CloseSession(closed));
    EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_CloseSession(closed));
    for (int i = 0; i < 300; i++) {
        CK_SESSION_HANDLE next = session_open(slot_of(session));

        ck_assert_uint_ne(next, closed);
        ck_assert_uint_ne(next, CK_INVALID_HANDLE);
        EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(closed, &info));
        OK(p11->C_CloseSession(next));
    }
    module_stop();
    module_start();
    EXPECT(CKR_SESSION_HANDLE_INVALID, p11->C_GetSessionInfo(session, &info));
    module_stop();
}
END_TEST

START_TEST(sessions_by_the_thousand)
{
    enum { MANY = 2000 };
    static CK_SESSION_HANDLE sessions[MANY];
    CK_SESSION_HANDLE first = client_ready();
    CK_SLOT_ID slot = slot_of(first);

    for (size_t i = 0; i < MANY; i++) {
        sessions[i] = i % 2 == 0 ? session_open(slot) : session_open_ro(slot);
        ck_assert(i == 0 || sessions[i] != sessions[i - 1]);
    }
    ck_assert_uint_eq(state_of(sessions[MANY - 1]), CKS_RO_USER_FUNCTIONS);
    for (size_t i = 0; i < MANY; i++) {
        OK(p11->C_CloseSession(sessions[i]));
    }
    ck_assert_uint_eq(state_of(first), CKS_RW_USER_FUNCTIONS);
    module_stop();
}
END_TEST

START_TEST(a_session_closes_with_operations_active)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open(slot_of(session));

    OK(p11->C_DigestInit(other, &sha256));
    OK(p11->C_FindObjectsInit(other, NULL, 0));
    OK(p11->C_CloseSession(other));
    other = session_open(slot_of(session));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(other));
    OK(p11->C_DigestInit(other, &sha256));
    module_stop();
}
END_TEST

/* --- C_SessionCancel --- */

START_TEST(cancel_ends_what_its_flags_name_and_nothing_else)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = ec_make(session, false, "pair");
    CK_BYTE out[64];
    CK_ULONG len = sizeof(out);
    CK_ULONG count;

    OK(p11->C_SignInit(session, &ecdsa, pair.private));
    OK(p11->C_SessionCancel(session, 0));
    OK(p11->C_SessionCancel(session, CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_VERIFY | CKF_FIND_OBJECTS));
    OK(p11->C_Sign(session, octets_of("abc"), 3, out, &len));
    OK(p11->C_SignInit(session, &ecdsa, pair.private));
    OK(p11->C_SessionCancel(session, CKF_SIGN));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(session, octets_of("abc"), 3, out, &len));
    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_SessionCancel(session, CKF_DIGEST));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_Digest(session, octets_of("abc"), 3, out, &len));
    OK(p11->C_VerifyInit(session, &ecdsa, pair.public));
    OK(p11->C_SessionCancel(session, CKF_VERIFY));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_Verify(session, octets_of("abc"), 3, out, 64));
    OK(p11->C_FindObjectsInit(session, NULL, 0));
    OK(p11->C_SessionCancel(session, CKF_FIND_OBJECTS));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(session, NULL, 0, &count));
    OK(p11->C_SessionCancel(session, ~(CK_FLAGS)0));
    module_stop();
}
END_TEST

/* --- C_GetSessionValidationFlags --- */

/* The module has no validation, so no operation conforms to one (4.16.3.1). */
START_TEST(no_operation_is_validated)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_CLASS class = CKO_VALIDATION;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_FLAGS flags = 1;

    OK(p11->C_GetSessionValidationFlags(session, CKS_LAST_VALIDATION_OK, &flags));
    ck_assert_uint_eq(flags, 0);
    expect_aes_works(session, aes_make(session, false, "aes"));
    flags = 1;
    OK(p11->C_GetSessionValidationFlags(session, CKS_LAST_VALIDATION_OK, &flags));
    ck_assert_uint_eq(flags, 0);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetSessionValidationFlags(session, CKS_LAST_VALIDATION_OK, NULL));
    flags = 1;
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetSessionValidationFlags(session, CKS_LAST_VALIDATION_OK + 1, &flags));
    ck_assert_uint_eq(flags, 1);
    ck_assert_uint_eq(find_all(session, TEMPLATE(template), NULL, 0), 0);
    module_stop();
}
END_TEST

START_TEST(cancel_is_one_sessions)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open(slot_of(session));
    CK_BYTE digest[32];
    CK_ULONG len = sizeof(digest);

    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_SessionCancel(other, CKF_DIGEST));
    OK(p11->C_Digest(session, octets_of("abc"), 3, digest, &len));
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("session");
    TCase *tcase = tcase_create("session");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_five_states_in_all_transitions);
    tcase_add_test(tcase, a_session_opened_after_the_login_is_logged_in);
    tcase_add_test(tcase, the_officer_and_read_only_sessions_exclude_each_other);
    tcase_add_test(tcase, open_wants_the_serial_flag_and_no_other_that_is_unknown_to_it);
    tcase_add_test(tcase, session_info_tells_slot_flags_and_state);
    tcase_add_test(tcase, the_token_counts_its_sessions);
    tcase_add_test(tcase, a_read_only_session_makes_no_token_objects);
    tcase_add_test(tcase, a_read_only_session_changes_no_token_objects);
    tcase_add_test(tcase, a_read_only_session_is_free_with_session_objects);
    tcase_add_test(tcase, session_objects_are_seen_by_the_tokens_sessions_and_go_with_theirs);
    tcase_add_test(tcase, closing_the_last_session_logs_out);
    tcase_add_test(tcase, closing_all_sessions_leaves_the_other_tokens);
    tcase_add_test(tcase, a_closed_sessions_handle_is_dead);
    tcase_add_test(tcase, sessions_by_the_thousand);
    tcase_add_test(tcase, a_session_closes_with_operations_active);
    tcase_add_test(tcase, cancel_ends_what_its_flags_name_and_nothing_else);
    tcase_add_test(tcase, cancel_is_one_sessions);
    tcase_add_test(tcase, no_operation_is_validated);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
