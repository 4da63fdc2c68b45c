/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "coverage.h"
#include "known.h"
#include "names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void diff_hint(struct diff_world *world, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(world->hint, sizeof(world->hint), format, args);
    va_end(args);
    memcpy(world->shared->hint, world->hint, sizeof(world->hint));
}

void diff_trace(const struct diff_world *world, const char *format, ...)
{
    va_list args;

    if (!world->is_traced) {
        return;
    }
    (void)printf("%5u ", world->shared->step);
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    (void)printf("\n");
    (void)fflush(stdout);
}

void diff_mark(struct diff_world *world, unsigned side, const char *call)
{
    world->call = call;
    world->shared->side = side;
    (void)snprintf(world->shared->call, sizeof(world->shared->call), "%s", call);
    world->shared->calls++;
}

/* --- Judging --- */

static void record(struct diff_world *world, const char *text)
{
    struct diff_shared *shared = world->shared;

    for (unsigned i = 0; i < shared->finding_count; i++) {
        if (strcmp(shared->findings[i].text, text) == 0) {
            shared->findings[i].count++;
            return;
        }
    }
    if (shared->finding_count < DIFF_FINDINGS) {
        struct diff_finding *finding = &shared->findings[shared->finding_count++];

        (void)snprintf(finding->text, sizeof(finding->text), "%s", text);
        finding->seed = world->seed;
        finding->step = shared->step;
        finding->count = 1;
    }
}

/* A difference: counted for the row that names it, or recorded. */
static void differ(struct diff_world *world, const char *when, CK_RV coffer, CK_RV softhsm)
{
    const int row = diff_known_find(world->call, when, coffer, softhsm);
    char text[320];

    if (row >= 0) {
        world->shared->met[row]++;
        diff_trace(world, "      known: %s", diff_known_at((size_t)row)->tag);
        return;
    }
    if (coffer == DIFF_SUCCESS) {
        (void)snprintf(text, sizeof(text), "%s [%s]", world->call, when);
    } else {
        (void)snprintf(text, sizeof(text), "%s [%s]: %s, SoftHSM %s", world->call, when, diff_rv_name(coffer),
                       diff_rv_name(softhsm));
    }
    diff_trace(world, "      DIFFERENT: %s", text);
    record(world, text);
}

CK_RV diff_judge(struct diff_world *world)
{
    const CK_RV *rv = world->rv;

    diff_cover(world->shared, world->call, world->hint, rv[COFFER] == CKR_OK && rv[SOFTHSM] == CKR_OK);
    if (rv[COFFER] == rv[SOFTHSM]) {
        diff_trace(world, "%s [%s]: %s", world->call, world->hint, diff_rv_name(rv[COFFER]));
        return rv[COFFER];
    }
    diff_trace(world, "%s [%s]: %s, SoftHSM %s", world->call, world->hint, diff_rv_name(rv[COFFER]),
               diff_rv_name(rv[SOFTHSM]));
    differ(world, world->hint, rv[COFFER], rv[SOFTHSM]);
    return DIFF_SPLIT;
}

bool diff_same(struct diff_world *world, bool is_same, const char *what)
{
    char when[240];

    if (!is_same) {
        (void)snprintf(when, sizeof(when), "%s: %s", world->hint, what);
        differ(world, when, DIFF_SUCCESS, DIFF_SUCCESS);
    }
    return is_same;
}

/* The first octets, in hexadecimal. */
static const char *shown(char to[40], const uint8_t *octets, CK_ULONG len)
{
    to[0] = '\0';
    for (CK_ULONG i = 0; i < len && i < 16; i++) {
        (void)snprintf(to + 2 * i, 3, "%02x", octets[i]);
    }
    return to;
}

bool diff_same_octets(struct diff_world *world, const struct diff_output *output, const char *what)
{
    char text[SIDES][40];

    diff_trace(world, "      %s: %lu %s, SoftHSM %lu %s", what, output->len[COFFER],
               shown(text[COFFER], output->octets[COFFER], output->len[COFFER]), output->len[SOFTHSM],
               shown(text[SOFTHSM], output->octets[SOFTHSM], output->len[SOFTHSM]));
    return diff_same(world,
                     output->len[COFFER] == output->len[SOFTHSM] &&
                         memcmp(output->octets[COFFER], output->octets[SOFTHSM], output->len[COFFER]) == 0,
                     what);
}

/* --- Sessions --- */

static CK_FLAGS session_flags(bool is_rw)
{
    return CKF_SERIAL_SESSION | (is_rw ? CKF_RW_SESSION : 0);
}

void diff_session_open(struct diff_world *world, size_t index, bool is_rw)
{
    struct diff_session *session = &world->sessions[index];

    CALL(world, C_OpenSession, world->slot[s], session_flags(is_rw), NULL, NULL, &session->handle[s]);
    const CK_RV rv = diff_judge(world);

    session->is_open = rv == CKR_OK;
    session->is_rw = is_rw;
    world->is_over = world->is_over || rv == DIFF_SPLIT;
}

void diff_session_renew(struct diff_world *world, struct diff_session *session)
{
    diff_hint(world, "renew");
    CALL(world, C_CloseSession, session->handle[s]);
    (void)diff_judge(world);
    diff_session_open(world, (size_t)(session - world->sessions), session->is_rw);
    diff_objects_sweep(world);
}

struct diff_session *diff_session_pick(struct diff_world *world)
{
    const size_t first = diff_below(&world->random, DIFF_SESSIONS - 1);

    for (size_t i = 0; i < DIFF_SESSIONS - 1; i++) {
        struct diff_session *session = &world->sessions[1 + (first + i) % (DIFF_SESSIONS - 1)];

        if (session->is_open) {
            return session;
        }
    }
    return NULL;
}

void diff_sessions_restart(struct diff_world *world)
{
    const bool is_so = world->user == CKU_SO;
    char *pin = is_so ? world->so_pin : world->user_pin;

    diff_hint(world, "restart");
    CALL(world, C_CloseAllSessions, world->slot[s]);
    (void)diff_judge(world);
    for (size_t i = 0; i < DIFF_SESSIONS; i++) {
        world->sessions[i].is_open = false;
    }
    diff_session_open(world, 0, true);
    if (world->user != CK_UNAVAILABLE_INFORMATION) {
        CALL(world, C_Login, world->sessions[0].handle[s], world->user, (CK_UTF8CHAR_PTR)pin, strlen(pin));
        world->is_over = world->is_over || diff_judge(world) != CKR_OK;
    }
    for (size_t i = 1; i < DIFF_SESSIONS; i++) {
        diff_session_open(world, i, i != 1 || is_so);
    }
    diff_objects_sweep(world);
}

/* --- Objects --- */

struct diff_object *diff_object_place(struct diff_world *world)
{
    for (size_t i = 0; i < DIFF_OBJECTS; i++) {
        if (!world->objects[i].is_used) {
            memset(&world->objects[i], 0, sizeof(world->objects[i]));
            world->objects[i].key_type = CK_UNAVAILABLE_INFORMATION;
            world->objects[i].pair = -1;
            return &world->objects[i];
        }
    }
    return NULL;
}

struct diff_object *diff_object_pick(struct diff_world *world, CK_OBJECT_CLASS class, CK_KEY_TYPE key_type)
{
    const size_t first = diff_below(&world->random, DIFF_OBJECTS);

    for (size_t i = 0; i < DIFF_OBJECTS; i++) {
        struct diff_object *object = &world->objects[(first + i) % DIFF_OBJECTS];

        if (object->is_used && (class == CK_UNAVAILABLE_INFORMATION || object->class == class) &&
            (key_type == CK_UNAVAILABLE_INFORMATION || object->key_type == key_type)) {
            return object;
        }
    }
    return NULL;
}

static bool is_of_token(struct diff_world *world, const struct diff_object *object)
{
    CK_BBOOL is_token[SIDES] = {CK_FALSE, CK_FALSE};
    CK_ATTRIBUTE attrs[SIDES] = {{CKA_TOKEN, &is_token[COFFER], sizeof(CK_BBOOL)},
                                 {CKA_TOKEN, &is_token[SOFTHSM], sizeof(CK_BBOOL)}};

    CALL(world, C_GetAttributeValue, world->sessions[0].handle[s], object->handle[s], &attrs[s], 1);
    return is_token[COFFER] == CK_TRUE || is_token[SOFTHSM] == CK_TRUE;
}

void diff_object_drop(struct diff_world *world, struct diff_object *object)
{
    bool is_kept = false;

    for (unsigned s = 0; s < SIDES; s++) {
        if (object->handle[s] == CK_INVALID_HANDLE) {
            continue;
        }
        diff_mark(world, s, "C_DestroyObject");
        const CK_RV rv = world->at[s]->C_DestroyObject(world->sessions[0].handle[s], object->handle[s]);

        is_kept = is_kept || rv != CKR_OK;
    }
    object->is_used = false;
    if (is_kept && is_of_token(world, object)) {
        /* It stays, on one side perhaps: the two tokens are not alike any more. */
        world->is_over = true;
    } else if (is_kept) {
        diff_sessions_restart(world);
    }
}

/* The handle by the label: what an object of the token is known by when its handles are not valid any more. */
static bool bind(struct diff_world *world, struct diff_object *object)
{
    CK_ATTRIBUTE attr = {CKA_LABEL, object->label, strlen(object->label)};
    CK_ULONG count[SIDES] = {0, 0};

    diff_hint(world, "by label again");
    CALL(world, C_FindObjectsInit, world->sessions[0].handle[s], &attr, 1);
    (void)diff_judge(world);
    CALL(world, C_FindObjects, world->sessions[0].handle[s], &object->handle[s], 1, &count[s]);
    (void)diff_judge(world);
    const bool is_same = diff_same(world, count[COFFER] == count[SOFTHSM], "count");

    CALL(world, C_FindObjectsFinal, world->sessions[0].handle[s]);
    (void)diff_judge(world);
    return is_same && count[COFFER] == 1;
}

void diff_objects_sweep(struct diff_world *world)
{
    CK_OBJECT_CLASS class = 0;
    CK_ATTRIBUTE attr = {CKA_CLASS, &class, sizeof(class)};

    for (size_t i = 0; i < DIFF_OBJECTS; i++) {
        struct diff_object *object = &world->objects[i];

        if (!object->is_used) {
            continue;
        }
        diff_hint(world, "sweep, %s %s object", object->is_token ? "token" : "session",
                  object->is_private ? "private" : "public");
        CALL(world, C_GetAttributeValue, world->sessions[0].handle[s], object->handle[s], &attr, 1);
        const CK_RV rv = diff_judge(world);

        object->is_used = rv == CKR_OK || (object->is_token && bind(world, object));
        world->is_over = world->is_over || (rv == DIFF_SPLIT && !object->is_used);
    }
}
