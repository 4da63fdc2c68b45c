/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the C_ functions, held against the function lists of the header; and the names of codes. */
#include "call/call_table.h"
#include "support/main.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* A function list is its version and one pointer for each function. */
enum {
    PADDED_VERSION = sizeof(void *),
    FUNCTIONS_2_40 = (sizeof(CK_FUNCTION_LIST) - PADDED_VERSION) / sizeof(void *),
    FUNCTIONS_3_0 = (sizeof(CK_FUNCTION_LIST_3_0) - PADDED_VERSION) / sizeof(void *),
    FUNCTIONS_3_2 = (sizeof(CK_FUNCTION_LIST_3_2) - PADDED_VERSION) / sizeof(void *)
};

static unsigned count_since(unsigned version)
{
    unsigned count = 0;

    for (int id = 0; id < CFR_CALL_COUNT; id++) {
        count += cfr_call_row((enum cfr_call_id)id)->since <= version;
    }
    return count;
}

START_TEST(every_function_of_every_version_is_there)
{
    ck_assert_uint_eq(count_since(0x0228), FUNCTIONS_2_40);
    ck_assert_uint_eq(count_since(0x0300), FUNCTIONS_3_0);
    ck_assert_uint_eq(count_since(0x0302), FUNCTIONS_3_2);
    ck_assert_uint_eq(CFR_CALL_COUNT, FUNCTIONS_3_2);
    ck_assert_uint_eq(CFR_CALL_COUNT, 104);
}
END_TEST

START_TEST(rows_are_whole_and_names_unique)
{
    for (int id = 0; id < CFR_CALL_COUNT; id++) {
        const struct cfr_call_row *row = cfr_call_row((enum cfr_call_id)id);

        ck_assert_int_eq(strncmp(row->name, "C_", 2), 0);
        ck_assert_uint_gt(strlen(row->section), 0);
        ck_assert(row->since == 0x0228 || row->since == 0x0300 || row->since == 0x0302);
        ck_assert(row->is_supported || !row->needs_session);
        for (int other = 0; other < id; other++) {
            ck_assert_str_ne(row->name, cfr_call_row((enum cfr_call_id)other)->name);
        }
    }
}
END_TEST

/* Functions of 2.40 that are part of the Baseline Provider and of what applications use are supported. */
START_TEST(what_applications_need_is_supported)
{
    static const enum cfr_call_id needed[] = {CFR_CALL_C_Initialize,
                                              CFR_CALL_C_Finalize,
                                              CFR_CALL_C_GetInfo,
                                              CFR_CALL_C_GetSlotList,
                                              CFR_CALL_C_GetTokenInfo,
                                              CFR_CALL_C_InitToken,
                                              CFR_CALL_C_OpenSession,
                                              CFR_CALL_C_Login,
                                              CFR_CALL_C_CreateObject,
                                              CFR_CALL_C_FindObjects,
                                              CFR_CALL_C_GetAttributeValue,
                                              CFR_CALL_C_Encrypt,
                                              CFR_CALL_C_Decrypt,
                                              CFR_CALL_C_Digest,
                                              CFR_CALL_C_Sign,
                                              CFR_CALL_C_Verify,
                                              CFR_CALL_C_GenerateKey,
                                              CFR_CALL_C_GenerateKeyPair,
                                              CFR_CALL_C_WrapKey,
                                              CFR_CALL_C_UnwrapKey,
                                              CFR_CALL_C_DeriveKey,
                                              CFR_CALL_C_GenerateRandom,
                                              CFR_CALL_C_GetInterface,
                                              CFR_CALL_C_GetInterfaceList};

    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        ck_assert_msg(cfr_call_row(needed[i])->is_supported, "%s", cfr_call_row(needed[i])->name);
    }
}
END_TEST

START_TEST(codes_have_their_names)
{
    static const struct {
        CK_RV rv;
        const char *name;
    } codes[] = {
        {0x000, "CKR_OK"},
        {0x002, "CKR_HOST_MEMORY"},
        {0x005, "CKR_GENERAL_ERROR"},
        {0x007, "CKR_ARGUMENTS_BAD"},
        {0x010, "CKR_ATTRIBUTE_READ_ONLY"},
        {0x012, "CKR_ATTRIBUTE_TYPE_INVALID"},
        {0x030, "CKR_DEVICE_ERROR"},
        {0x060, "CKR_KEY_HANDLE_INVALID"},
        {0x0a0, "CKR_PIN_INCORRECT"},
        {0x0a4, "CKR_PIN_LOCKED"},
        {0x0b3, "CKR_SESSION_HANDLE_INVALID"},
        {0x0d1, "CKR_TEMPLATE_INCONSISTENT"},
        {0x101, "CKR_USER_NOT_LOGGED_IN"},
        {0x150, "CKR_BUFFER_TOO_SMALL"},
        {0x190, "CKR_CRYPTOKI_NOT_INITIALIZED"},
    };

    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        ck_assert_str_eq(cfr_rv_name(codes[i].rv), codes[i].name);
    }
    ck_assert_ptr_null(cfr_rv_name(CKR_VENDOR_DEFINED));
    ck_assert_ptr_null(cfr_rv_name(CK_UNAVAILABLE_INFORMATION));
    ck_assert_ptr_null(cfr_rv_name(4));
}
END_TEST

static Suite *suite(void)
{
    Suite *call = suite_create("call");
    TCase *tcase = tcase_create("call");

    tcase_add_test(tcase, every_function_of_every_version_is_there);
    tcase_add_test(tcase, rows_are_whole_and_names_unique);
    tcase_add_test(tcase, what_applications_need_is_supported);
    tcase_add_test(tcase, codes_have_their_names);
    suite_add_tcase(call, tcase);
    return call;
}

TEST_MAIN(suite)
