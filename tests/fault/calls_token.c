/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the library, slots, tokens, PINs and sessions (PKCS #11 5.4 to 5.6, 5.20). */
#include "fault/stage.h"
#include "support/module_fixture.h"

#include <string.h>

#define NEW_PIN "another pin"

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
    return C_Login(session, user, TEXT_OCTETS(pin), strlen(pin));
}

static CK_STATE state_of(CK_SESSION_HANDLE session)
{
    CK_SESSION_INFO info;

    MUST(C_GetSessionInfo(session, &info));
    return info.state;
}

static CK_RV initialize(struct stage *stage)
{
    (void)stage;
    return C_Initialize(NULL);
}

/* Up is not enough: the token is there, and its user gets in. */
static void check_initialized(struct stage *stage)
{
    stage->session = module_open(stage->slot, CKF_RW_SESSION);
    module_login(stage->session, CKU_USER);
    ck_assert_uint_ne(stage_find(stage, CKO_SECRET_KEY, "aes"), CK_INVALID_HANDLE);
}

static CK_RV finalize(struct stage *stage)
{
    (void)stage;
    return C_Finalize(NULL);
}

static void check_finalized(struct stage *stage)
{
    CK_INFO info;

    (void)stage;
    ck_assert_uint_eq(C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static CK_RV list_slots(struct stage *stage)
{
    CK_SLOT_ID slots[4];
    CK_ULONG count = 0;

    stage->len = 0;
    TRY(C_GetSlotList(CK_FALSE, NULL, &count));
    ck_assert_uint_eq(count, 2);
    TRY(C_GetSlotList(CK_FALSE, slots, &count));
    ck_assert_uint_eq(count, 2);
    stage->len = count;
    return CKR_OK;
}

static void check_len_2(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, 2);
}

static CK_RV ask_slot(struct stage *stage)
{
    CK_SLOT_INFO info;

    return C_GetSlotInfo(stage->slot, &info);
}

static CK_RV ask_token(struct stage *stage)
{
    CK_TOKEN_INFO info;

    TRY(C_GetTokenInfo(stage->slot, &info));
    ck_assert(memcmp(info.label, "stage                           ", 32) == 0);
    ck_assert_uint_ne(info.flags & CKF_USER_PIN_INITIALIZED, 0);
    return CKR_OK;
}

static CK_RV ask_mechanisms(struct stage *stage)
{
    CK_MECHANISM_INFO info;
    CK_ULONG count = 0;

    TRY(C_GetMechanismList(stage->slot, NULL, &count));
    ck_assert_uint_gt(count, 0);
    return C_GetMechanismInfo(stage->slot, CKM_AES_GCM, &info);
}

static CK_RV init_token(struct stage *stage)
{
    CK_UTF8CHAR label[] = "born again                      ";

    return C_InitToken(stage->slot, TEXT_OCTETS(MODULE_SO_PIN), sizeof(MODULE_SO_PIN) - 1, label);
}

static CK_ULONG count_keys(CK_SESSION_HANDLE session)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY)};
    CK_OBJECT_HANDLE found[4];
    CK_ULONG count = 0;

    MUST(C_FindObjectsInit(session, TEMPLATE(template)));
    MUST(C_FindObjects(session, found, COUNT(found), &count));
    MUST(C_FindObjectsFinal(session));
    return count;
}

static void check_born(struct stage *stage)
{
    CK_SESSION_HANDLE session = module_open(stage->slot, CKF_RW_SESSION);
    CK_TOKEN_INFO info;

    MUST(C_GetTokenInfo(stage->slot, &info));
    ck_assert(memcmp(info.label, "born again                      ", 32) == 0);
    ck_assert_uint_eq(info.flags & CKF_USER_PIN_INITIALIZED, 0);
    module_login(session, CKU_SO);
    MUST(C_InitPIN(session, TEXT_OCTETS(MODULE_USER_PIN), sizeof(MODULE_USER_PIN) - 1));
    MUST(C_Logout(session));
    module_login(session, CKU_USER);
    ck_assert_uint_eq(count_keys(session), 0);
}

static void choose_empty_slot(struct stage *stage)
{
    stage->slot = 1;
}

static CK_RV init_pin(struct stage *stage)
{
    return C_InitPIN(stage->session, TEXT_OCTETS(NEW_PIN), sizeof(NEW_PIN) - 1);
}

/* The new PIN opens the user's objects, and the old one nothing. */
static void check_new_pin(struct stage *stage)
{
    (void)C_Logout(stage->session);
    ck_assert_uint_eq(login(stage->session, CKU_USER, MODULE_USER_PIN), CKR_PIN_INCORRECT);
    MUST(login(stage->session, CKU_USER, NEW_PIN));
    ck_assert_uint_ne(stage_find(stage, CKO_SECRET_KEY, "aes"), CK_INVALID_HANDLE);
}

static CK_RV set_user_pin(struct stage *stage)
{
    return C_SetPIN(stage->session, TEXT_OCTETS(MODULE_USER_PIN), sizeof(MODULE_USER_PIN) - 1,
                    TEXT_OCTETS(NEW_PIN), sizeof(NEW_PIN) - 1);
}

static CK_RV set_so_pin(struct stage *stage)
{
    return C_SetPIN(stage->session, TEXT_OCTETS(MODULE_SO_PIN), sizeof(MODULE_SO_PIN) - 1,
                    TEXT_OCTETS(NEW_PIN), sizeof(NEW_PIN) - 1);
}

static void check_new_so_pin(struct stage *stage)
{
    MUST(C_Logout(stage->session));
    ck_assert_uint_eq(login(stage->session, CKU_SO, MODULE_SO_PIN), CKR_PIN_INCORRECT);
    MUST(login(stage->session, CKU_SO, NEW_PIN));
}

static CK_RV login_user(struct stage *stage)
{
    return login(stage->session, CKU_USER, MODULE_USER_PIN);
}

static CK_FLAGS pin_flags(const struct stage *stage)
{
    CK_TOKEN_INFO info;

    MUST(C_GetTokenInfo(stage->slot, &info));
    return info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_SO_PIN_COUNT_LOW);
}

static void check_user(struct stage *stage)
{
    ck_assert_uint_eq(state_of(stage->session), CKS_RW_USER_FUNCTIONS);
    ck_assert_uint_eq(state_of(stage->other), CKS_RO_USER_FUNCTIONS);
    ck_assert_uint_eq(pin_flags(stage), 0);
}

static void close_other(struct stage *stage)
{
    MUST(C_CloseSession(stage->other));
    stage->other = CK_INVALID_HANDLE;
}

static CK_RV login_so(struct stage *stage)
{
    return login(stage->session, CKU_SO, MODULE_SO_PIN);
}

static void check_so(struct stage *stage)
{
    ck_assert_uint_eq(state_of(stage->session), CKS_RW_SO_FUNCTIONS);
    ck_assert_uint_eq(pin_flags(stage), 0);
}

/* A signature that waits for the user to prove himself again. */
static void begin_careful(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_ECDSA};

    stage->key = stage_find(stage, CKO_PRIVATE_KEY, "careful");
    MUST(C_SignInit(stage->session, &mechanism, stage->key));
}

static CK_RV login_again(struct stage *stage)
{
    return login(stage->session, CKU_CONTEXT_SPECIFIC, MODULE_USER_PIN);
}

static void check_signs(struct stage *stage)
{
    CK_BYTE digest[32] = {1};

    stage->len = sizeof(stage->octets);
    MUST(C_Sign(stage->session, digest, sizeof(digest), stage->octets, &stage->len));
    ck_assert_uint_eq(pin_flags(stage), 0);
}

static CK_OBJECT_HANDLE make_data(CK_SESSION_HANDLE session, CK_ATTRIBUTE label, bool is_private)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_DATA), BOOL(CKA_PRIVATE, is_private), label};
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

    MUST(C_CreateObject(session, TEMPLATE(template), &object));
    return object;
}

/* Session objects of both sessions; only the private ones go with the login. */
static void make_session_objects(struct stage *stage)
{
    (void)make_data(stage->session, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "public"), false);
    (void)make_data(stage->session, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "private"), true);
    (void)make_data(stage->other, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "others"), false);
}

static CK_RV logout(struct stage *stage)
{
    return C_Logout(stage->session);
}

static void check_logged_out(struct stage *stage)
{
    ck_assert_uint_eq(state_of(stage->session), CKS_RW_PUBLIC_SESSION);
    ck_assert_uint_ne(stage_find(stage, CKO_DATA, "public"), CK_INVALID_HANDLE);
    ck_assert_uint_ne(stage_find(stage, CKO_DATA, "others"), CK_INVALID_HANDLE);
}

static CK_RV open_session(struct stage *stage)
{
    return C_OpenSession(stage->slot, CKF_SERIAL_SESSION, NULL, NULL, &stage->made[0]);
}

static void check_opened(struct stage *stage)
{
    ck_assert_uint_eq(state_of(stage->made[0]), state_of(stage->session) == CKS_RW_USER_FUNCTIONS
                                                    ? CKS_RO_USER_FUNCTIONS
                                                    : CKS_RO_PUBLIC_SESSION);
}

/* As many as a page of the table holds, so that the next needs another one. */
static void open_many(struct stage *stage)
{
    for (int i = 2; i < 64; i++) {
        (void)module_open(stage->slot, 0);
    }
}

static CK_RV close_session(struct stage *stage)
{
    return C_CloseSession(stage->other);
}

static void check_other_closed(struct stage *stage)
{
    CK_SESSION_INFO info;

    ck_assert_uint_eq(C_GetSessionInfo(stage->other, &info), CKR_SESSION_HANDLE_INVALID);
    ck_assert_uint_ne(stage_find(stage, CKO_DATA, "public"), CK_INVALID_HANDLE);
    ck_assert_uint_ne(stage_find(stage, CKO_DATA, "private"), CK_INVALID_HANDLE);
}

static CK_RV close_all(struct stage *stage)
{
    return C_CloseAllSessions(stage->slot);
}

static void check_all_closed(struct stage *stage)
{
    CK_SESSION_INFO info;

    ck_assert_uint_eq(C_GetSessionInfo(stage->session, &info), CKR_SESSION_HANDLE_INVALID);
    stage->session = module_open(stage->slot, CKF_RW_SESSION);
    ck_assert_uint_eq(state_of(stage->session), CKS_RW_PUBLIC_SESSION);
}

static CK_RV ask_session(struct stage *stage)
{
    CK_SESSION_INFO info;

    return C_GetSessionInfo(stage->session, &info);
}

static CK_RV random_octets(struct stage *stage)
{
    TRY(C_SeedRandom(stage->session, stage->octets, 16));
    return C_GenerateRandom(stage->session, stage->octets, 16);
}

/* clang-format off */
const struct fault_call fault_calls_token[] = {
    {"C_Initialize", SCENE_DOWN, NULL, initialize,
     check_initialized, 0, FAULT_LIBRARY | FAULT_ENDS, {0}, {10, 0, 3}},
    {"C_Finalize", SCENE_USER, make_session_objects, finalize,
     check_finalized, 0, FAULT_LIBRARY | FAULT_ENDS, {0},
    {0}},
    {"C_GetSlotList", SCENE_UP, NULL, list_slots, check_len_2, 0, FAULT_LIBRARY, {0},
    {0}},
    {"C_GetSlotInfo", SCENE_UP, NULL, ask_slot, NULL, 0, 0, {0},
    {0}},
    {"C_GetTokenInfo", SCENE_UP, NULL, ask_token, NULL, 0, 0, {0}, {5, 5, 4}},
    {"C_GetMechanismList", SCENE_UP, NULL, ask_mechanisms, NULL, 0, 0, {0},
    {0}},
    {"C_InitToken of the first token", SCENE_NEW, NULL, init_token, check_born, 0, 0, {0}, {10, 10, 10}},
    {"C_InitToken of another token", SCENE_UP, choose_empty_slot, init_token,
     check_born, 0, 0, {0}, {10, 10, 10}},
    {"C_InitToken of a token that has objects", SCENE_UP, NULL, init_token,
     check_born, 0, FAULT_COUNTS_PIN, {CKR_PIN_INCORRECT}, {10, 10, 10}},
    {"C_InitPIN", SCENE_SO, NULL, init_pin, check_new_pin, 0, FAULT_ENDS, {0}, {5, 5, 5}},
    {"C_SetPIN of the user", SCENE_USER, NULL, set_user_pin,
     check_new_pin, 0, FAULT_COUNTS_PIN, {CKR_PIN_INCORRECT}, {10, 10, 10}},
    {"C_SetPIN of the user without a login", SCENE_PUBLIC, NULL, set_user_pin,
     check_new_pin, 0, FAULT_COUNTS_PIN, {CKR_PIN_INCORRECT}, {10, 10, 10}},
    {"C_SetPIN of the SO", SCENE_SO, NULL, set_so_pin,
     check_new_so_pin, 0, FAULT_COUNTS_PIN, {CKR_PIN_INCORRECT}, {10, 10, 10}},
    {"C_Login of the user", SCENE_PUBLIC, NULL, login_user,
     check_user, 0, FAULT_COUNTS_PIN | FAULT_ENDS, {CKR_PIN_INCORRECT}, {5, 5, 5}},
    {"C_Login of the SO", SCENE_PUBLIC, close_other, login_so,
     check_so, 0, FAULT_COUNTS_PIN | FAULT_ENDS, {CKR_PIN_INCORRECT}, {5, 5, 5}},
    {"C_Login for one signature", SCENE_USER, begin_careful, login_again,
     check_signs, 0, FAULT_COUNTS_PIN, {CKR_PIN_INCORRECT}, {5, 5, 5}},
    {"C_Logout", SCENE_USER, make_session_objects, logout, check_logged_out, 0, FAULT_ENDS, {0},
    {0}},
    {"C_OpenSession", SCENE_USER, NULL, open_session, check_opened, 0, 0, {0},
    {0}},
    {"C_OpenSession of the 65th", SCENE_PUBLIC, open_many, open_session,
     check_opened, 0, 0, {0}, {1, 0, 0}},
    {"C_CloseSession", SCENE_USER, make_session_objects, close_session, check_other_closed, -1, 0, {0},
    {0}},
    {"C_CloseAllSessions", SCENE_USER, make_session_objects, close_all,
     check_all_closed, 0, FAULT_ENDS, {0},
    {0}},
    {"C_GetSessionInfo", SCENE_USER, NULL, ask_session, NULL, 0, 0, {0},
    {0}},
    {"C_GenerateRandom", SCENE_PUBLIC, NULL, random_octets, NULL, 0, 0, {0},
    {0, 1, 0}},
    {0},
};
/* clang-format on */
