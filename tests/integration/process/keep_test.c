/* SPDX-License-Identifier: Apache-2.0 */
/* What the children of a process have that go on with what it has open. */
#include "integration/process/keep.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <stdio.h>
#include <unistd.h>

static int work(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        if (!keep_all_works()) {
            return 1;
        }
    }
    return 0;
}

START_TEST(children_sign_in_the_session_of_the_parent)
{
    keep_begin(_i);
    keep_with_children(work, NULL);
    keep_with_children(work, NULL);
    module_stop();
}
END_TEST

static int initialize_again(void *arg)
{
    (void)arg;
    return QUIET(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(NULL)) && keep_all_works() &&
                   QUIET(CKR_OK, p11->C_Finalize(NULL)) &&
                   QUIET(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_CloseSession(session)) &&
                   quiet_ready(slot, &session) && QUIET(CKR_OK, p11->C_Finalize(NULL))
               ? 0
               : 1;
}

static int finalize_at_once(void *arg)
{
    (void)arg;
    return QUIET(CKR_OK, p11->C_Finalize(NULL)) && QUIET(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL))
               ? 0
               : 1;
}

START_TEST(a_child_is_initialized_and_may_finalize)
{
    keep_begin(_i);
    quiet_run(initialize_again, NULL);
    quiet_run(finalize_at_once, NULL);
    ck_assert(keep_all_works());
    module_stop();
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_CloseSession(session));
}
END_TEST

static int expect_forgotten(void *arg)
{
    (void)arg;
    return QUIET(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_CloseSession(session)) && quiet_ready(slot, &session)
               ? 0
               : 1;
}

/* Through the other interfaces everything is as it was, also after the fork-safe one has been in use. */
START_TEST(the_plain_interface_forgets)
{
    keep_begin(BY_INTERFACE);
    module_stop();
    p11 = keep_plain;
    ck_assert(quiet_ready(slot, &session));
    quiet_run(expect_forgotten, NULL);
    module_stop();
    quiet_run(expect_forgotten, NULL);
}
END_TEST

/* --- Operations --- */

static const char first[] = "begun before the fork, ";
static const char second[] = "ended after it";

static int finish(void *arg)
{
    struct result signature = {.len = sizeof(signature.octets)};
    struct result cipher = {.len = sizeof(cipher.octets)};
    struct result expected;
    char whole[sizeof(first) + sizeof(second)];
    CK_ULONG cipher_len = *(const CK_ULONG *)arg;
    CK_OBJECT_HANDLE found[8];
    CK_ULONG count = 0;

    (void)snprintf(whole, sizeof(whole), "%s%s", first, second);
    if (!QUIET(CKR_OK, p11->C_SignUpdate(session, octets_of(second), strlen(second))) ||
        !QUIET(CKR_OK, p11->C_SignFinal(session, signature.octets, &signature.len)) ||
        !QUIET(CKR_OK, try_verify(session, CKM_ECDSA_SHA256, ec.public, whole, &signature)) ||
        !QUIET(CKR_OK, p11->C_EncryptUpdate(session, octets_of(second), strlen(second), cipher.octets,
                                            &cipher.len))) {
        return 1;
    }
    cipher_len += cipher.len;
    cipher.len = sizeof(cipher.octets);
    if (!QUIET(CKR_OK, p11->C_EncryptFinal(session, cipher.octets, &cipher.len)) ||
        !QUIET(CKR_OK, try_encrypt(session, aes, whole, &expected)) ||
        !QUIET_TRUE(expected.len == cipher_len + cipher.len) ||
        !QUIET_TRUE(memcmp(expected.octets + cipher_len, cipher.octets, cipher.len) == 0)) {
        return 1;
    }
    return QUIET(CKR_OK, p11->C_FindObjects(session, found, COUNT(found), &count)) && QUIET_TRUE(count > 2) &&
                   QUIET(CKR_OK, p11->C_FindObjectsFinal(session))
               ? 0
               : 1;
}

START_TEST(an_operation_is_finished_by_parent_and_children)
{
    CK_BYTE iv[16] = {0};
    CK_MECHANISM signing = {CKM_ECDSA_SHA256, NULL, 0};
    CK_MECHANISM encrypting = {CKM_AES_CBC_PAD, iv, sizeof(iv)};
    struct result cipher = {.len = sizeof(cipher.octets)};

    keep_begin(_i);
    OK(p11->C_SignInit(session, &signing, ec.private));
    OK(p11->C_SignUpdate(session, octets_of(first), strlen(first)));
    OK(p11->C_EncryptInit(session, &encrypting, aes));
    OK(p11->C_EncryptUpdate(session, octets_of(first), strlen(first), cipher.octets, &cipher.len));
    OK(p11->C_FindObjectsInit(session, NULL, 0));
    keep_with_children(finish, &cipher.len);
    module_stop();
}
END_TEST

/* --- Objects and logins --- */

static int change_own_copy(void *arg)
{
    CK_OBJECT_HANDLE own = *(const CK_OBJECT_HANDLE *)arg;
    CK_ATTRIBUTE label = ATTR_TEXT(CKA_LABEL, "the child's");

    return quiet_aes_works(session, own) &&
                   QUIET(CKR_OK, p11->C_SetAttributeValue(session, own, &label, 1)) &&
                   QUIET_TRUE(quiet_find(session, CKO_SECRET_KEY, "the child's") == own) &&
                   QUIET(CKR_OK, p11->C_DestroyObject(session, own)) &&
                   QUIET_TRUE(quiet_find(session, CKO_SECRET_KEY, "the parent's") == CK_INVALID_HANDLE)
               ? 0
               : 1;
}

START_TEST(session_objects_are_copied)
{
    CK_OBJECT_HANDLE own;

    keep_begin(_i);
    own = aes_make(session, false, "the parent's");
    quiet_run(change_own_copy, &own);
    quiet_run(change_own_copy, &own);
    ck_assert_uint_eq(find_one(session, CKO_SECRET_KEY, "the parent's"), own);
    expect_aes_works(session, own);
}
END_TEST

static int log_out(void *arg)
{
    struct result cipher;

    (void)arg;
    return QUIET(CKR_OK, p11->C_Logout(session)) &&
                   QUIET(CKR_KEY_HANDLE_INVALID, try_encrypt(session, aes, "text", &cipher)) &&
                   QUIET(CKR_PIN_INCORRECT, try_login(session, CKU_USER, "wrong")) &&
                   QUIET(CKR_OK, try_login(session, CKU_USER, USER_PIN)) &&
                   quiet_aes_works(session, quiet_find(session, CKO_SECRET_KEY, "aes")) &&
                   QUIET(CKR_OK, p11->C_CloseAllSessions(slot))
               ? 0
               : 1;
}

START_TEST(a_child_logs_out_for_itself)
{
    keep_begin(_i);
    quiet_run(log_out, NULL);
    ck_assert(keep_all_works());
    quiet_verdict();
}
END_TEST

static int change_token_objects(void *arg)
{
    CK_ATTRIBUTE label = ATTR_TEXT(CKA_LABEL, "renamed");
    CK_OBJECT_HANDLE doomed = *(const CK_OBJECT_HANDLE *)arg;
    CK_OBJECT_HANDLE made;

    return QUIET(CKR_OK, p11->C_SetAttributeValue(session, aes, &label, 1)) &&
                   QUIET(CKR_OK, p11->C_DestroyObject(session, doomed)) &&
                   QUIET(CKR_OK, try_aes_make(session, true, "made by the child", &made))
               ? 0
               : 1;
}

START_TEST(token_objects_are_shared)
{
    CK_OBJECT_HANDLE doomed;
    struct result cipher;

    keep_begin(_i);
    doomed = aes_make(session, true, "doomed");
    quiet_run(change_token_objects, &doomed);
    ck_assert_uint_eq(find_one(session, CKO_SECRET_KEY, "renamed"), aes);
    expect_aes_works(session, aes);
    EXPECT(CKR_KEY_HANDLE_INVALID, try_encrypt(session, doomed, "text", &cipher));
    expect_aes_works(session, find_one(session, CKO_SECRET_KEY, "made by the child"));
}
END_TEST

static int make_many(void *arg)
{
    CK_OBJECT_HANDLE made;

    (void)arg;
    for (int i = 0; i < 10; i++) {
        if (!QUIET(CKR_OK, try_aes_make(session, true, "many", &made)) || !quiet_aes_works(session, made)) {
            return 1;
        }
    }
    return 0;
}

START_TEST(all_write_to_the_store)
{
    CK_ATTRIBUTE template[] = {ATTR_TEXT(CKA_LABEL, "many")};
    CK_OBJECT_HANDLE found[10 * (CHILDREN + 1) + 1];

    keep_begin(_i);
    keep_with_children(make_many, NULL);
    ck_assert_uint_eq(find_all(session, TEMPLATE(template), found, COUNT(found)), 10 * (CHILDREN + 1));
    module_stop();
    ck_assert(quiet_ready(slot, &session));
    expect_aes_works(session, find_one(session, CKO_SECRET_KEY, "aes"));
}
END_TEST

enum { NOBODY = 65534 };

/* What web servers do: the child gives up the rights to the store. Keys that were in use go on, until it changes. */
static int work_without_rights(void *arg)
{
    CK_RV rv;
    struct result signature;
    const struct tally *changed = arg;

    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0) {
        return 2;
    }
    if (!quiet_pair_works(session, ec) || !quiet_aes_works(session, aes)) {
        return 1;
    }
    (void)tally_add(arg);
    tally_await(changed, 2);
    rv = try_sign(session, CKM_ECDSA_SHA256, ec.private, "text", &signature);
    return QUIET(CKR_DEVICE_ERROR, rv) ? 0 : 1;
}

START_TEST(a_child_gives_up_the_rights_to_the_store)
{
    struct tally *changed = tally_new();
    pid_t child;

    keep_begin(_i);
    ck_assert(keep_all_works());
    child = child_start(work_without_rights, changed);
    tally_await(changed, 1);
    (void)aes_make(session, true, "changes the store");
    (void)tally_add(changed);
    ck_assert_int_eq(child_end(child), 0);
    quiet_verdict();
}
END_TEST

/* --- Children of children --- */

static int fork_down(void *arg)
{
    int left = *(const int *)arg - 1;
    pid_t pid;

    /* One generation makes no call before it forks. */
    if (left != 1 && !keep_all_works()) {
        return 1;
    }
    if (left == 0) {
        return QUIET(CKR_OK, p11->C_Finalize(NULL)) ? 0 : 1;
    }
    pid = child_start(fork_down, &left);
    return QUIET_TRUE(child_end(pid) == 0) && keep_all_works() ? 0 : 1;
}

START_TEST(children_fork_too)
{
    keep_begin(_i);
    quiet_run(fork_down, &(int){4});
    ck_assert(keep_all_works());
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        children_sign_in_the_session_of_the_parent,
        a_child_is_initialized_and_may_finalize,
        an_operation_is_finished_by_parent_and_children,
        session_objects_are_copied,
        a_child_logs_out_for_itself,
        token_objects_are_shared,
        all_write_to_the_store,
        children_fork_too,
    };
    Suite *made = suite_create("process/keep");
    TCase *tcase = tcase_create("keep");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, keep_setup, keep_teardown);
    for (size_t i = 0; i < COUNT(tests); i++) {
        tcase_add_loop_test(tcase, tests[i], 0, WAYS);
    }
    tcase_add_test(tcase, the_plain_interface_forgets);
    if (geteuid() == 0) {
        tcase_add_loop_test(tcase, a_child_gives_up_the_rights_to_the_store, 0, WAYS);
    }
    suite_add_tcase(made, tcase);
    return made;
}

TEST_MAIN(suite)
