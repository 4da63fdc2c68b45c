/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of object management (PKCS #11 5.7). */
#include "fault/stage.h"
#include "support/module_fixture.h"

#include <string.h>

static const char value[] = "a value that is kept";

/* Whether an object has this label and value, and is found by the label, once. */
static void check_is(struct stage *stage, CK_OBJECT_HANDLE object, const char *label, const char *wanted)
{
    char octets[64];
    CK_ATTRIBUTE read = {CKA_VALUE, octets, sizeof(octets)};

    ck_assert_uint_eq(stage_find(stage, CKO_DATA, label), object);
    MUST(C_GetAttributeValue(stage->session, object, &read, 1));
    ck_assert_uint_eq(read.ulValueLen, strlen(wanted));
    ck_assert_int_eq(memcmp(octets, wanted, strlen(wanted)), 0);
}

static CK_RV create(struct stage *stage, bool is_token, bool is_private)
{
    CK_ATTRIBUTE template[] = {
        ULONG(CKA_CLASS, CKO_DATA), BOOL(CKA_TOKEN, is_token), BOOL(CKA_PRIVATE, is_private),
        TEXT(CKA_LABEL, "new"),     TEXT(CKA_VALUE, value),
    };

    return C_CreateObject(stage->session, TEMPLATE(template), &stage->made[0]);
}

static CK_RV create_private_token(struct stage *stage)
{
    return create(stage, true, true);
}

static CK_RV create_public_token(struct stage *stage)
{
    return create(stage, true, false);
}

static CK_RV create_private_session(struct stage *stage)
{
    return create(stage, false, true);
}

static CK_RV create_public_session(struct stage *stage)
{
    return create(stage, false, false);
}

static void check_created(struct stage *stage)
{
    check_is(stage, stage->made[0], "new", value);
}

static CK_RV create_key(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY), ULONG(CKA_KEY_TYPE, CKK_AES),
                               BOOL(CKA_TOKEN, true), TEXT(CKA_LABEL, "new"),
                               TEXT(CKA_VALUE, "0123456789abcdef")};

    return C_CreateObject(stage->session, TEMPLATE(template), &stage->made[0]);
}

static void check_key_created(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_SECRET_KEY, "new"), stage->made[0]);
}

static void choose_data(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_DATA, "data");
}

static CK_RV copy(struct stage *stage, bool is_token)
{
    CK_ATTRIBUTE template[] = {BOOL(CKA_TOKEN, is_token), TEXT(CKA_LABEL, "new")};

    return C_CopyObject(stage->session, stage->key, TEMPLATE(template), &stage->made[0]);
}

static CK_RV copy_to_token(struct stage *stage)
{
    return copy(stage, true);
}

static CK_RV copy_to_session(struct stage *stage)
{
    return copy(stage, false);
}

static void check_copied(struct stage *stage)
{
    check_is(stage, stage->made[0], "new", "what the object holds");
    check_is(stage, stage->key, "data", "what the object holds");
}

static void make_session_object(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_DATA), TEXT(CKA_LABEL, "old"), TEXT(CKA_VALUE, value)};

    MUST(C_CreateObject(stage->session, TEMPLATE(template), &stage->key));
}

static CK_RV destroy(struct stage *stage)
{
    return C_DestroyObject(stage->session, stage->key);
}

static void check_destroyed(struct stage *stage)
{
    CK_ULONG size;

    ck_assert_uint_eq(C_GetObjectSize(stage->session, stage->key, &size), CKR_OBJECT_HANDLE_INVALID);
}

static CK_RV set(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {TEXT(CKA_LABEL, "renamed"), TEXT(CKA_VALUE, "changed")};

    return C_SetAttributeValue(stage->session, stage->key, TEMPLATE(template));
}

static void check_set(struct stage *stage)
{
    check_is(stage, stage->key, "renamed", "changed");
}

static CK_RV get(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {{CKA_VALUE, stage->octets, sizeof(stage->octets)},
                               {CKA_LABEL, stage->octets + 64, 64}};

    TRY(C_GetAttributeValue(stage->session, stage->key, TEMPLATE(template)));
    ck_assert_uint_eq(template[0].ulValueLen, sizeof("what the object holds") - 1);
    return CKR_OK;
}

static void choose_counter(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_HW_FEATURE),
                               ULONG(CKA_HW_FEATURE_TYPE, CKH_MONOTONIC_COUNTER)};
    CK_ULONG count = 0;

    MUST(C_FindObjectsInit(stage->session, TEMPLATE(template)));
    MUST(C_FindObjects(stage->session, &stage->key, 1, &count));
    MUST(C_FindObjectsFinal(stage->session));
    ck_assert_uint_eq(count, 1);
}

static CK_RV count(struct stage *stage)
{
    CK_ATTRIBUTE read = {CKA_VALUE, stage->octets, sizeof(stage->octets)};

    TRY(C_GetAttributeValue(stage->session, stage->key, &read, 1));
    ck_assert_uint_eq(read.ulValueLen, 8);
    return CKR_OK;
}

static CK_RV get_size(struct stage *stage)
{
    return C_GetObjectSize(stage->session, stage->key, &stage->len);
}

/* All three calls; a search that could not begin is not active. */
static CK_RV find(struct stage *stage, CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_OBJECT_HANDLE found[64];
    CK_RV rv = C_FindObjectsInit(stage->session, template, count);

    stage->len = 0;
    if (rv != CKR_OK) {
        ck_assert_uint_eq(C_FindObjects(stage->session, found, COUNT(found), &stage->len),
                          CKR_OPERATION_NOT_INITIALIZED);
        return rv;
    }
    rv = C_FindObjects(stage->session, found, COUNT(found), &stage->len);
    TRY(C_FindObjectsFinal(stage->session));
    return rv;
}

static CK_RV find_all(struct stage *stage)
{
    return find(stage, NULL, 0);
}

static void check_all_found(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, stage_count(stage->session));
    ck_assert_uint_ge(stage->len, 10);
}

static CK_RV find_by_label(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY), TEXT(CKA_LABEL, "aes")};

    return find(stage, TEMPLATE(template));
}

static CK_RV find_by_value(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {TEXT(CKA_VALUE, "what the object holds")};

    return find(stage, TEMPLATE(template));
}

/* A value that is not kept: it is computed for each candidate. */
static void take_check_value(struct stage *stage)
{
    CK_ATTRIBUTE wanted = {CKA_CHECK_VALUE, stage->octets, sizeof(stage->octets)};

    MUST(C_GetAttributeValue(stage->session, stage_find(stage, CKO_SECRET_KEY, "secret"), &wanted, 1));
    ck_assert_uint_eq(wanted.ulValueLen, 3);
}

static CK_RV find_by_check_value(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {{CKA_CHECK_VALUE, stage->octets, 3}};

    return find(stage, TEMPLATE(template));
}

static void check_one_found(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, 1);
}

/* clang-format off */
const struct fault_call fault_calls_object[] = {
    {"C_CreateObject, private token object", SCENE_USER, NULL, create_private_token,
     check_created, 1, 0, {0}, {10, 5, 5}},
    {"C_CreateObject, public token object", SCENE_PUBLIC, NULL, create_public_token,
     check_created, 1, 0, {0}, {10, 5, 5}},
    {"C_CreateObject, private session object", SCENE_USER, NULL, create_private_session,
     check_created, 1, 0, {0}, {4, 0, 0}},
    {"C_CreateObject, public session object", SCENE_PUBLIC, NULL, create_public_session,
     check_created, 1, 0, {0}, {4, 0, 0}},
    {"C_CreateObject, key", SCENE_USER, NULL, create_key, check_key_created, 1, 0, {0}, {10, 5, 5}},
    {"C_CopyObject to the token", SCENE_USER, choose_data, copy_to_token,
     check_copied, 1, 0, {0}, {10, 5, 5}},
    {"C_CopyObject to the session", SCENE_USER, choose_data, copy_to_session,
     check_copied, 1, 0, {0}, {5, 0, 1}},
    {"C_DestroyObject, token object", SCENE_USER, choose_data, destroy,
     check_destroyed, -1, 0, {0}, {5, 5, 5}},
    {"C_DestroyObject, session object", SCENE_USER, make_session_object, destroy,
     check_destroyed, -1, 0, {0},
    {0}},
    {"C_SetAttributeValue, token object", SCENE_USER, choose_data, set, check_set, 0, 0, {0}, {10, 5, 5}},
    {"C_SetAttributeValue, session object", SCENE_USER, make_session_object, set,
     check_set, 0, 0, {0}, {4, 0, 0}},
    {"C_GetAttributeValue", SCENE_USER, choose_data, get, NULL, 0, 0, {0}, {2, 1, 2}},
    {"C_GetAttributeValue, monotonic counter", SCENE_USER, choose_counter, count, NULL, 0, 0, {0}, {2, 1, 2}},
    {"C_GetObjectSize", SCENE_USER, choose_data, get_size, NULL, 0, 0, {0}, {2, 1, 2}},
    {"C_FindObjects, all", SCENE_USER, NULL, find_all, check_all_found, 0, 0, {0}, {2, 0, 2}},
    {"C_FindObjects, by label", SCENE_USER, NULL, find_by_label, check_one_found, 0, 0, {0}, {2, 1, 2}},
    {"C_FindObjects, by a computed value", SCENE_USER, take_check_value, find_by_check_value, check_one_found,
     0, 0, {0}, {5, 10, 2}},
    {"C_FindObjects, by value", SCENE_USER, NULL, find_by_value, check_one_found, 0, 0, {0}, {2, 1, 2}},
    {0},
};
/* clang-format on */
