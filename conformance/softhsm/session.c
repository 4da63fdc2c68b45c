/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions, login, PINs and the token. */
#include "world.h"

#include <stdio.h>
#include <string.h>

static const char *const wrong_pins[] = {"", "1", "123", "wrong pin", "0123456789012345"};

static const char *user_name(CK_USER_TYPE user)
{
    return user == CKU_SO                 ? "SO"
           : user == CKU_USER             ? "user"
           : user == CKU_CONTEXT_SPECIFIC ? "context"
                                          : "nobody";
}

static void close_one(struct diff_world *world)
{
    struct diff_session *session = &world->sessions[1 + diff_below(&world->random, DIFF_SESSIONS - 1)];

    diff_hint(world, "%s session", session->is_open ? "open" : "closed");
    CALL(world, C_CloseSession, session->handle[s]);
    (void)diff_judge(world);
    session->is_open = false;
    diff_objects_sweep(world);
}

static void open_one(struct diff_world *world)
{
    const bool is_rw = diff_chance(&world->random, 70);

    for (size_t i = 1; i < DIFF_SESSIONS; i++) {
        if (!world->sessions[i].is_open) {
            diff_hint(world, "%s as %s", is_rw ? "read-write" : "read-only", user_name(world->user));
            diff_session_open(world, i, is_rw);
            return;
        }
    }
    CK_SESSION_HANDLE handle[SIDES];

    diff_hint(world, "parallel session");
    CALL(world, C_OpenSession, world->slot[s], CKF_RW_SESSION, NULL, NULL, &handle[s]);
    (void)diff_judge(world);
    diff_hint(world, "no such slot");
    CALL(world, C_OpenSession, 4711, CKF_SERIAL_SESSION, NULL, NULL, &handle[s]);
    (void)diff_judge(world);
}

static void info(struct diff_world *world)
{
    const struct diff_session *session = diff_session_pick(world);
    CK_SESSION_INFO infos[SIDES];

    if (session == NULL) {
        return;
    }
    diff_hint(world, "%s as %s", session->is_rw ? "read-write" : "read-only", user_name(world->user));
    CALL(world, C_GetSessionInfo, session->handle[s], &infos[s]);
    if (diff_judge(world) == CKR_OK) {
        (void)diff_same(world, infos[COFFER].state == infos[SOFTHSM].state, "state");
        (void)diff_same(world, infos[COFFER].flags == infos[SOFTHSM].flags, "flags");
    }
}

static void close_all(struct diff_world *world)
{
    if (world->user == CKU_USER || diff_chance(&world->random, 50)) {
        world->user = CK_UNAVAILABLE_INFORMATION;
    }
    diff_sessions_restart(world);
}

void diff_act_session(struct diff_world *world)
{
    switch (diff_below(&world->random, 8)) {
    case 0:
        close_all(world);
        break;
    case 1:
    case 2:
        close_one(world);
        break;
    case 3:
    case 4:
        info(world);
        break;
    default:
        open_one(world);
        break;
    }
}

/* --- Login --- */

static const char *right_pin(const struct diff_world *world, CK_USER_TYPE user)
{
    return user == CKU_SO ? world->so_pin : world->user_pin;
}

/* A PIN, right or not, and what to call it. */
static const char *some_pin(struct diff_world *world, CK_USER_TYPE user, unsigned wrong_percent,
                            const char **ret_what)
{
    if (diff_chance(&world->random, wrong_percent)) {
        const char *pin = DIFF_PICK(&world->random, wrong_pins);

        *ret_what = pin[0] == '\0' ? "empty" : strlen(pin) < 4 ? "short" : "wrong";
        return pin;
    }
    *ret_what = "right";
    return right_pin(world, user);
}

static void login(struct diff_world *world, const struct diff_session *session)
{
    static const CK_USER_TYPE users[] = {CKU_USER, CKU_USER, CKU_USER, CKU_USER, CKU_SO, CKU_CONTEXT_SPECIFIC,
                                         99};
    const CK_USER_TYPE user = DIFF_PICK(&world->random, users);
    const char *what;
    const char *pin = some_pin(world, user, 30, &what);

    diff_hint(world, "%s with %s PIN, %s in, %s%s", user == 99 ? "no such user" : user_name(user), what,
              user_name(world->user), session->is_rw ? "read-write" : "read-only",
              world->has_user_pin ? "" : ", no user PIN");
    CALL(world, C_Login, session->handle[s], user, (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin));
    const CK_RV rv = diff_judge(world);

    if (rv == CKR_OK && user != CKU_CONTEXT_SPECIFIC) {
        world->user = user;
    }
    if (rv == DIFF_SPLIT && (world->rv[COFFER] == CKR_OK || world->rv[SOFTHSM] == CKR_OK)) {
        diff_sessions_restart(world);
    }
}

void diff_act_login(struct diff_world *world)
{
    const struct diff_session *session = diff_session_pick(world);

    if (session == NULL) {
        return;
    }
    const bool is_in = world->user != CK_UNAVAILABLE_INFORMATION;

    if (!diff_chance(&world->random, is_in ? 40 : 5)) {
        login(world, session);
        return;
    }
    diff_hint(world, "%s in", user_name(world->user));
    CALL(world, C_Logout, session->handle[s]);
    if (diff_judge(world) == CKR_OK) {
        world->user = CK_UNAVAILABLE_INFORMATION;
    }
    diff_objects_sweep(world);
}

/* --- PINs --- */

static void new_pin(struct diff_world *world, char *pin, const char **ret_what)
{
    if (diff_chance(&world->random, 15)) {
        memcpy(pin, "123", 4);
        *ret_what = "short";
    } else {
        (void)snprintf(pin, 16, "pin %zu", 1000 + diff_below(&world->random, 9000));
        *ret_what = "good";
    }
}

static void init_pin(struct diff_world *world, const struct diff_session *session)
{
    char pin[16];
    const char *what;

    new_pin(world, pin, &what);
    diff_hint(world, "%s PIN as %s, %s", what, user_name(world->user),
              session->is_rw ? "read-write" : "read-only");
    CALL(world, C_InitPIN, session->handle[s], (CK_UTF8CHAR_PTR)pin, strlen(pin));
    const CK_RV rv = diff_judge(world);

    if (rv == CKR_OK) {
        memcpy(world->user_pin, pin, sizeof(pin));
        world->has_user_pin = true;
    }
    world->is_over =
        world->is_over || (rv == DIFF_SPLIT && (world->rv[0] == CKR_OK || world->rv[1] == CKR_OK));
}

void diff_act_pin(struct diff_world *world)
{
    const struct diff_session *session = diff_session_pick(world);
    const CK_USER_TYPE user = world->user == CKU_SO ? CKU_SO : CKU_USER;
    const char *old_what;
    const char *what;
    char pin[16];

    if (session == NULL) {
        return;
    }
    if (diff_chance(&world->random, world->user == CKU_SO ? 70 : 10)) {
        init_pin(world, session);
        return;
    }
    const char *old = some_pin(world, user, 30, &old_what);

    new_pin(world, pin, &what);
    diff_hint(world, "%s old, %s new PIN as %s, %s%s", old_what, what, user_name(world->user),
              session->is_rw ? "read-write" : "read-only", world->has_user_pin ? "" : ", no user PIN");
    CALL(world, C_SetPIN, session->handle[s], (CK_UTF8CHAR_PTR)(uintptr_t)old, strlen(old),
         (CK_UTF8CHAR_PTR)pin, strlen(pin));
    const CK_RV rv = diff_judge(world);

    if (rv == CKR_OK) {
        memcpy(user == CKU_SO ? world->so_pin : world->user_pin, pin, sizeof(pin));
    }
    world->is_over =
        world->is_over || (rv == DIFF_SPLIT && (world->rv[0] == CKR_OK || world->rv[1] == CKR_OK));
}

/* --- The token --- */

static void token_info(struct diff_world *world)
{
    static const struct {
        CK_FLAGS flag;
        const char *name;
    } flags[] = {
        {CKF_RNG, "CKF_RNG"},
        {CKF_LOGIN_REQUIRED, "CKF_LOGIN_REQUIRED"},
        {CKF_USER_PIN_INITIALIZED, "CKF_USER_PIN_INITIALIZED"},
        {CKF_TOKEN_INITIALIZED, "CKF_TOKEN_INITIALIZED"},
        {CKF_WRITE_PROTECTED, "CKF_WRITE_PROTECTED"},
        {CKF_USER_PIN_COUNT_LOW, "CKF_USER_PIN_COUNT_LOW"},
        {CKF_SO_PIN_COUNT_LOW, "CKF_SO_PIN_COUNT_LOW"},
        {CKF_RESTORE_KEY_NOT_NEEDED, "CKF_RESTORE_KEY_NOT_NEEDED"},
        {CKF_DUAL_CRYPTO_OPERATIONS, "CKF_DUAL_CRYPTO_OPERATIONS"},
        {CKF_CLOCK_ON_TOKEN, "CKF_CLOCK_ON_TOKEN"},
        {CKF_PROTECTED_AUTHENTICATION_PATH, "CKF_PROTECTED_AUTHENTICATION_PATH"},
    };
    CK_TOKEN_INFO infos[SIDES];

    diff_hint(world, "token");
    CALL(world, C_GetTokenInfo, world->slot[s], &infos[s]);
    if (diff_judge(world) != CKR_OK) {
        return;
    }
    (void)diff_same(world, memcmp(infos[0].label, infos[1].label, sizeof(infos[0].label)) == 0, "label");
    (void)diff_same(world, infos[0].ulMinPinLen == infos[1].ulMinPinLen, "ulMinPinLen");
    (void)diff_same(world, infos[0].ulMaxPinLen == infos[1].ulMaxPinLen, "ulMaxPinLen");
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        (void)diff_same(world, ((infos[0].flags ^ infos[1].flags) & flags[i].flag) == 0, flags[i].name);
    }
}

static void init_token(struct diff_world *world)
{
    const bool has_sessions = diff_chance(&world->random, 50);
    const char *what;
    const char *pin = some_pin(world, CKU_SO, 50, &what);
    CK_UTF8CHAR label[32];

    memset(label, ' ', sizeof(label));
    memcpy(label, "another label", 13);
    diff_hint(world, "%s PIN, %s sessions", what, has_sessions ? "with" : "without");
    if (!has_sessions) {
        CALL(world, C_CloseAllSessions, world->slot[s]);
        (void)diff_judge(world);
        world->user = CK_UNAVAILABLE_INFORMATION;
    }
    CALL(world, C_InitToken, world->slot[s], (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin), label);
    const CK_RV rv = diff_judge(world);

    if (rv == CKR_OK) {
        world->has_user_pin = false;
    }
    world->is_over =
        world->is_over || (rv == DIFF_SPLIT && (world->rv[0] == CKR_OK || world->rv[1] == CKR_OK));
    diff_sessions_restart(world);
}

void diff_act_token(struct diff_world *world)
{
    if (diff_chance(&world->random, 10)) {
        init_token(world);
        return;
    }
    token_info(world);
}
