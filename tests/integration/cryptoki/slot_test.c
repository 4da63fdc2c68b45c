/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: the two-call convention, an empty slot for ever, numbers that stay (5.5). */
#include "integration/cryptoki/support.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <stdio.h>

enum { SLOTS_MAX = 64 };

static CK_ULONG list_slots(CK_BBOOL token_present, CK_SLOT_ID slots[SLOTS_MAX])
{
    CK_ULONG count = 0;

    OK(p11->C_GetSlotList(token_present, NULL, &count));
    ck_assert_uint_le(count, SLOTS_MAX);
    count = SLOTS_MAX;
    OK(p11->C_GetSlotList(token_present, slots, &count));
    return count;
}

static bool is_listed(CK_SLOT_ID slot)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = list_slots(CK_FALSE, slots);

    for (CK_ULONG i = 0; i < count; i++) {
        if (slots[i] == slot) {
            return true;
        }
    }
    return false;
}

START_TEST(there_is_one_slot_at_first_and_nothing_is_written)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_SLOT_INFO info;

    module_start();
    ck_assert_uint_eq(list_slots(CK_FALSE, slots), 1);
    ck_assert_uint_eq(list_slots(CK_TRUE, slots), 1);
    OK(p11->C_GetSlotInfo(slots[0], &info));
    ck_assert_uint_eq(info.flags & CKF_TOKEN_PRESENT, CKF_TOKEN_PRESENT);
    ck_assert_uint_eq(info.flags & (CKF_HW_SLOT | CKF_REMOVABLE_DEVICE), 0);
    for (size_t i = 0; i < sizeof(info.slotDescription); i++) {
        ck_assert(info.slotDescription[i] != 0);
    }
    module_stop();
    ck_assert_ptr_null(fopen(scratch_file("store/coffer.mdb"), "r"));
}
END_TEST

START_TEST(an_empty_slot_is_there_after_every_new_token_and_numbers_stay)
{
    CK_SLOT_ID made[5];
    CK_SLOT_ID found;
    char label[16];

    module_start();
    for (size_t i = 0; i < COUNT(made); i++) {
        CK_SLOT_ID empty = slot_empty();

        (void)snprintf(label, sizeof(label), "token %zu", i);
        made[i] = token_make(label);
        ck_assert_uint_eq(made[i], empty);
        ck_assert_uint_ne(slot_empty(), empty);
        for (size_t j = 0; j <= i; j++) {
            (void)snprintf(label, sizeof(label), "token %zu", j);
            ck_assert(slot_find(label, &found) && found == made[j]);
        }
    }
    module_stop();
    module_start();
    for (size_t j = 0; j < COUNT(made); j++) {
        (void)snprintf(label, sizeof(label), "token %zu", j);
        ck_assert(slot_find(label, &found) && found == made[j]);
    }
    module_stop();
}
END_TEST

START_TEST(the_list_is_got_in_two_calls)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = 77;

    module_start();
    (void)token_make("a");
    (void)token_make("b");
    OK(p11->C_GetSlotList(CK_TRUE, NULL, &count));
    ck_assert_uint_eq(count, 3);
    for (CK_ULONG room = 0; room < 3; room++) {
        memset(slots, 0xa5, sizeof(slots));
        count = room;
        EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_GetSlotList(CK_TRUE, slots, &count));
        ck_assert_uint_eq(count, 3);
    }
    memset(slots, 0xa5, sizeof(slots));
    OK(p11->C_GetSlotList(CK_TRUE, slots, &count));
    ck_assert_uint_eq(slots[3], 0xa5a5a5a5a5a5a5a5UL);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetSlotList(CK_TRUE, NULL, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_GetSlotList(CK_TRUE, slots, NULL));
    module_stop();
}
END_TEST

static int make_token(void *arg)
{
    module_start();
    (void)token_make(arg);
    module_stop();
    return 0;
}

/* 5.5: what is new shows after a call with NULL, so that both calls of a client agree. */
START_TEST(the_two_calls_agree_while_tokens_appear)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = 0;
    CK_ULONG second;
    char label[] = "of another process";

    module_start();
    (void)token_make("mine");
    OK(p11->C_GetSlotList(CK_FALSE, NULL, &count));
    ck_assert_int_eq(child_run(make_token, label), 0);
    second = count;
    OK(p11->C_GetSlotList(CK_FALSE, slots, &second));
    ck_assert_uint_eq(second, count);
    OK(p11->C_GetSlotList(CK_FALSE, NULL, &second));
    ck_assert_uint_eq(second, count + 1);
    OK(p11->C_GetSlotList(CK_FALSE, slots, &second));
    ck_assert(slot_find(label, &slots[0]));
    login_user(session_open(slots[0]));
    module_stop();
}
END_TEST

START_TEST(every_listed_slot_can_be_asked)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_MECHANISM_INFO mechanism;
    CK_SLOT_INFO slot;
    CK_TOKEN_INFO token;
    CK_ULONG mechanisms;
    CK_ULONG count;

    module_start();
    (void)token_make("a");
    count = list_slots(CK_FALSE, slots);
    for (CK_ULONG i = 0; i < count; i++) {
        OK(p11->C_GetSlotInfo(slots[i], &slot));
        OK(p11->C_GetTokenInfo(slots[i], &token));
        OK(p11->C_GetMechanismList(slots[i], NULL, &mechanisms));
        ck_assert_uint_ge(mechanisms, 50);
        OK(p11->C_GetMechanismInfo(slots[i], CKM_AES_GCM, &mechanism));
        EXPECT(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(slots[i], CKM_RC4, &mechanism));
        EXPECT(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(slots[i], 0x80000001UL, &mechanism));
        EXPECT(CKR_MECHANISM_INVALID,
               p11->C_GetMechanismInfo(slots[i], CK_UNAVAILABLE_INFORMATION, &mechanism));
    }
    module_stop();
}
END_TEST

START_TEST(a_slot_that_is_not_listed_is_refused)
{
    static const CK_SLOT_ID ids[] = {4711,         0x7fffffff, 0x80000000UL,
                                     0xffffffffUL, 1UL << 32,  CK_UNAVAILABLE_INFORMATION};
    CK_MECHANISM_INFO mechanism;
    CK_SLOT_INFO slot;
    CK_TOKEN_INFO token;
    CK_SESSION_HANDLE session;
    CK_UTF8CHAR label[32] = "";
    CK_ULONG count;

    module_start();
    for (size_t i = 0; i < COUNT(ids); i++) {
        ck_assert(!is_listed(ids[i]));
        EXPECT(CKR_SLOT_ID_INVALID, p11->C_GetSlotInfo(ids[i], &slot));
        EXPECT(CKR_SLOT_ID_INVALID, p11->C_GetTokenInfo(ids[i], &token));
        EXPECT(CKR_SLOT_ID_INVALID, p11->C_GetMechanismList(ids[i], NULL, &count));
        EXPECT(CKR_SLOT_ID_INVALID, p11->C_GetMechanismInfo(ids[i], CKM_AES_GCM, &mechanism));
        EXPECT(CKR_SLOT_ID_INVALID, p11->C_OpenSession(ids[i], CKF_SERIAL_SESSION, NULL, NULL, &session));
        EXPECT(CKR_SLOT_ID_INVALID, p11->C_CloseAllSessions(ids[i]));
        EXPECT(CKR_SLOT_ID_INVALID, p11->C_InitToken(ids[i], octets_of(SO_PIN), strlen(SO_PIN), label));
    }
    module_stop();
}
END_TEST

START_TEST(the_list_of_mechanisms_is_got_in_two_calls)
{
    static CK_MECHANISM_TYPE list[512];
    CK_MECHANISM_INFO info;
    CK_ULONG count = 0;
    CK_ULONG room;
    CK_SLOT_ID slot;

    module_start();
    slot = token_make("token");
    OK(p11->C_GetMechanismList(slot, NULL, &count));
    ck_assert(count != 0 && count < COUNT(list));
    room = count - 1;
    memset(list, 0xa5, sizeof(list));
    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_GetMechanismList(slot, list, &room));
    ck_assert_uint_eq(room, count);
    ck_assert_uint_eq(list[0], 0xa5a5a5a5a5a5a5a5UL);
    OK(p11->C_GetMechanismList(slot, list, &room));
    ck_assert_uint_eq(list[count], 0xa5a5a5a5a5a5a5a5UL);
    for (CK_ULONG i = 0; i < count; i++) {
        OK(p11->C_GetMechanismInfo(slot, list[i], &info));
        ck_assert_uint_ne(info.flags, 0);
        ck_assert_uint_eq(info.flags & CKF_HW, 0);
        ck_assert_uint_le(info.ulMinKeySize, info.ulMaxKeySize);
        for (CK_ULONG j = 0; j < i; j++) {
            ck_assert_msg(list[i] != list[j], "mechanism 0x%lx is listed twice", list[i]);
        }
    }
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("slot");
    TCase *tcase = tcase_create("slot");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, there_is_one_slot_at_first_and_nothing_is_written);
    tcase_add_test(tcase, an_empty_slot_is_there_after_every_new_token_and_numbers_stay);
    tcase_add_test(tcase, the_list_is_got_in_two_calls);
    tcase_add_test(tcase, the_two_calls_agree_while_tokens_appear);
    tcase_add_test(tcase, every_listed_slot_can_be_asked);
    tcase_add_test(tcase, a_slot_that_is_not_listed_is_refused);
    tcase_add_test(tcase, the_list_of_mechanisms_is_got_in_two_calls);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
