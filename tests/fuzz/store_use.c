/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/store_use.h"

#include "call/call_table.h"
#include "fuzz/input.h"
#include "object/attr_table.h"
#include "support/module_fixture.h"

enum { OBJECTS_MAX = 16, ATTRIBUTES_MAX = 128, VALUE_MAX = 128, ID_LEN = 36, SLOTS_MAX = 8 };

/* What an object shows, by the rows of the attribute table. */
struct view {
    const uint8_t *id; /* CKA_UNIQUE_ID, or NULL */
    size_t count;
    CK_ULONG lengths[ATTRIBUTES_MAX];
    uint8_t values[ATTRIBUTES_MAX][VALUE_MAX];
};

/* What a token showed to everybody [0], and to its user [1]. */
static struct known {
    CK_UTF8CHAR label[32];
    CK_CHAR serial[16];
    struct view views[2][OBJECTS_MAX];
    CK_ULONG count[2];
} known[USE_TOKENS];

static enum use_trust trusted;

static CK_RV check(CK_RV rv, const char *call)
{
    bool is_strange = rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED || rv == CKR_CANT_LOCK;

    if (cfr_rv_name(rv) == NULL || (is_strange && trusted != USE_FORGED)) {
        (void)fprintf(stderr, "%s gave 0x%lx\n", call, rv);
        abort();
    }
    return rv;
}
#define TRIED(call) check((call), #call)

static CK_OBJECT_HANDLE create(CK_SESSION_HANDLE session, const char *label, CK_BBOOL is_private)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_TOKEN, &yes, sizeof(yes)},
                               {CKA_PRIVATE, &is_private, sizeof(is_private)},
                               {CKA_LABEL, (CK_VOID_PTR)(uintptr_t)label, strlen(label)},
                               {CKA_VALUE, (CK_VOID_PTR)(uintptr_t)label, strlen(label)}};
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

    return TRIED(C_CreateObject(session, template, 5, &object)) == CKR_OK ? object : CK_INVALID_HANDLE;
}

static void make_keys(CK_SESSION_HANDLE session)
{
    static CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static CK_BYTE id[] = "key";
    CK_MECHANISM pair = {.mechanism = CKM_EC_KEY_PAIR_GEN};
    CK_MECHANISM aes = {.mechanism = CKM_AES_KEY_GEN};
    CK_ULONG len = 32;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE public_template[] = {
        {CKA_EC_PARAMS, p256, sizeof(p256)}, {CKA_TOKEN, &yes, sizeof(yes)}, {CKA_ID, id, 3}};
    CK_ATTRIBUTE private_template[] = {{CKA_TOKEN, &yes, sizeof(yes)}, {CKA_ID, id, 3}};
    CK_ATTRIBUTE secret_template[] = {{CKA_VALUE_LEN, &len, sizeof(len)},
                                      {CKA_TOKEN, &yes, sizeof(yes)},
                                      {CKA_SENSITIVE, &no, sizeof(no)},
                                      {CKA_EXTRACTABLE, &yes, sizeof(yes)},
                                      {CKA_ID, id, 3}};
    CK_OBJECT_HANDLE keys[3];

    MUST(C_GenerateKeyPair(session, &pair, public_template, 3, private_template, 2, &keys[0], &keys[1]));
    MUST(C_GenerateKey(session, &aes, secret_template, 5, &keys[2]));
}

void use_make(void)
{
    for (CK_SLOT_ID slot = 0; slot < USE_TOKENS; slot++) {
        CK_SESSION_HANDLE session;

        ORACLE(module_new_token(slot == 0 ? "first" : "second") == slot);
        session = module_open(slot, CKF_RW_SESSION);
        module_login(session, CKU_USER);
        ORACLE(create(session, "public data", CK_FALSE) != CK_INVALID_HANDLE);
        ORACLE(create(session, "private data", CK_TRUE) != CK_INVALID_HANDLE);
        make_keys(session);
        MUST(C_CloseSession(session));
    }
}

static CK_RV find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG template_count,
                  CK_OBJECT_HANDLE *found, CK_ULONG *ret_count)
{
    CK_RV rv = TRIED(C_FindObjectsInit(session, template, template_count));

    if (rv == CKR_OK) {
        ORACLE(C_FindObjects(session, found, OBJECTS_MAX, ret_count) == CKR_OK && *ret_count <= OBJECTS_MAX);
        ORACLE(C_FindObjectsFinal(session) == CKR_OK);
    }
    return rv;
}

void use_relabel(void)
{
    for (CK_SLOT_ID slot = 0; slot < USE_TOKENS; slot++) {
        CK_SESSION_HANDLE session = module_open(slot, CKF_RW_SESSION);
        CK_BBOOL yes = CK_TRUE;
        CK_OBJECT_HANDLE found[OBJECTS_MAX];
        CK_ULONG count = 0;

        module_login(session, CKU_USER);
        MUST(find(session, &(CK_ATTRIBUTE){CKA_TOKEN, &yes, sizeof(yes)}, 1, found, &count));
        for (CK_ULONG i = 0; i < count; i++) {
            char label[] = "relabelled 0";

            label[sizeof(label) - 2] = (char)('0' + i);
            MUST(C_SetAttributeValue(session, found[i], &(CK_ATTRIBUTE){CKA_LABEL, label, sizeof(label) - 1},
                                     1));
        }
        MUST(C_CloseSession(session));
    }
}

/* False: the object's record is refused. */
static bool view_read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, struct view *view)
{
    CK_ATTRIBUTE wanted[ATTRIBUTES_MAX];
    const struct cfr_attr_row *row;
    CK_RV rv;

    memset(view, 0, sizeof(*view));
    for (size_t i = 0; (row = cfr_attr_row(i)) != NULL; i++) {
        ORACLE(i < ATTRIBUTES_MAX);
        wanted[i] = (CK_ATTRIBUTE){row->type, view->values[i], VALUE_MAX};
        view->count = i + 1;
    }
    rv = TRIED(C_GetAttributeValue(session, object, wanted, view->count));
    for (size_t i = 0; i < view->count; i++) {
        view->lengths[i] = wanted[i].ulValueLen;
        if (wanted[i].type == CKA_UNIQUE_ID && wanted[i].ulValueLen == ID_LEN) {
            view->id = view->values[i];
        }
    }
    return rv == CKR_OK || rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID;
}

static bool same_view(const struct view *a, const struct view *b)
{
    return memcmp(a->lengths, b->lengths, sizeof(a->lengths)) == 0 &&
           memcmp(a->values, b->values, sizeof(a->values)) == 0;
}

static bool is_known(const struct known *token, bool is_user, const struct view *view)
{
    for (CK_ULONG i = 0; i < token->count[is_user]; i++) {
        if (same_view(&token->views[is_user][i], view)) {
            return true;
        }
    }
    return false;
}

/* Each object by its own identifier: an index that lost an entry must not go unnoticed. */
static void look_up(CK_SESSION_HANDLE session, const struct view *view)
{
    CK_ATTRIBUTE by_id = {CKA_UNIQUE_ID, (CK_VOID_PTR)(uintptr_t)view->id, ID_LEN};
    CK_OBJECT_HANDLE found[OBJECTS_MAX];
    CK_ULONG count = 0;

    /* The token's own objects have none. */
    if (view->id != NULL && find(session, &by_id, 1, found, &count) == CKR_OK) {
        ORACLE(count == 1);
    }
}

static void look(CK_SESSION_HANDLE session, const struct known *token, bool is_user)
{
    static struct view view;
    CK_OBJECT_HANDLE found[OBJECTS_MAX];
    CK_ULONG count = 0;

    if (find(session, NULL, 0, found, &count) != CKR_OK) {
        return;
    }
    ORACLE(trusted == USE_FORGED || count == token->count[is_user]);
    for (CK_ULONG i = 0; i < count; i++) {
        if (view_read(session, found[i], &view) && trusted != USE_FORGED) {
            ORACLE(is_known(token, is_user, &view));
        }
    }
    for (CK_ULONG i = 0; trusted != USE_FORGED && i < token->count[is_user]; i++) {
        look_up(session, &token->views[is_user][i]);
    }
}

static void remember(CK_SESSION_HANDLE session, struct known *token, bool is_user)
{
    CK_OBJECT_HANDLE found[OBJECTS_MAX];

    MUST(find(session, NULL, 0, found, &token->count[is_user]));
    for (CK_ULONG i = 0; i < token->count[is_user]; i++) {
        ORACLE(view_read(session, found[i], &token->views[is_user][i]));
    }
}

void use_remember(void)
{
    trusted = USE_CHANGED;
    for (CK_SLOT_ID slot = 0; slot < USE_TOKENS; slot++) {
        CK_SESSION_HANDLE session = module_open(slot, CKF_RW_SESSION);
        CK_TOKEN_INFO info;

        MUST(C_GetTokenInfo(slot, &info));
        memcpy(known[slot].label, info.label, sizeof(info.label));
        memcpy(known[slot].serial, info.serialNumber, sizeof(info.serialNumber));
        remember(session, &known[slot], false);
        module_login(session, CKU_USER);
        remember(session, &known[slot], true);
        ORACLE(known[slot].count[true] >= known[slot].count[false] + 3);
        MUST(C_CloseSession(session));
    }
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
    return TRIED(C_Login(session, user, (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin)));
}

static void use_keys(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE found[OBJECTS_MAX];
    CK_ULONG count = 0;
    CK_BYTE text[32] = {0};
    CK_BYTE out[512];

    if (find(session, NULL, 0, found, &count) != CKR_OK) {
        return;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        CK_MECHANISM sign = {.mechanism = CKM_ECDSA};
        CK_MECHANISM seal = {.mechanism = CKM_AES_KEY_WRAP};
        CK_ULONG len = sizeof(out);

        if (TRIED(C_SignInit(session, &sign, found[i])) == CKR_OK) {
            (void)TRIED(C_Sign(session, text, sizeof(text), out, &len));
        }
        len = sizeof(out);
        if (TRIED(C_EncryptInit(session, &seal, found[i])) == CKR_OK) {
            (void)TRIED(C_Encrypt(session, text, sizeof(text), out, &len));
        }
    }
}

/* A new object that stays, one that goes, and changes to all. */
static void write_objects(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE found[OBJECTS_MAX];
    CK_ULONG count = 0;
    CK_OBJECT_HANDLE made = create(session, "new", CK_TRUE);

    (void)create(session, "public and new", CK_FALSE);
    if (made != CK_INVALID_HANDLE) {
        (void)TRIED(C_DestroyObject(session, made));
    }
    if (find(session, NULL, 0, found, &count) == CKR_OK) {
        for (CK_ULONG i = 0; i < count; i++) {
            CK_BYTE id = 7;

            (void)TRIED(C_SetAttributeValue(session, found[i], &(CK_ATTRIBUTE){CKA_ID, &id, 1}, 1));
        }
        for (CK_ULONG i = 0; i < count; i += 2) {
            (void)TRIED(C_DestroyObject(session, found[i]));
        }
    }
}

static void write_all(CK_SLOT_ID slot, CK_SESSION_HANDLE session)
{
    CK_UTF8CHAR user_pin[] = MODULE_USER_PIN;
    CK_UTF8CHAR so_pin[] = MODULE_SO_PIN;
    CK_UTF8CHAR label[33] = "again                           ";

    write_objects(session);
    (void)TRIED(C_SetPIN(session, user_pin, sizeof(user_pin) - 1, user_pin, sizeof(user_pin) - 1));
    (void)TRIED(C_Logout(session));
    if (login(session, CKU_SO, MODULE_SO_PIN) == CKR_OK) {
        (void)TRIED(C_InitPIN(session, user_pin, sizeof(user_pin) - 1));
    }
    ORACLE(C_CloseSession(session) == CKR_OK);
    (void)TRIED(C_InitToken(slot, so_pin, sizeof(so_pin) - 1, label));
}

/* Whether there is a token in the slot, which must then be the one that was there. */
static bool has_token(CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;

    if (TRIED(C_GetTokenInfo(slot, &info)) != CKR_OK || (info.flags & CKF_TOKEN_INITIALIZED) == 0) {
        return false;
    }
    if (trusted != USE_FORGED) {
        ORACLE(slot < USE_TOKENS);
        ORACLE(memcmp(info.label, known[slot].label, sizeof(info.label)) == 0);
        ORACLE(memcmp(info.serialNumber, known[slot].serial, sizeof(info.serialNumber)) == 0);
    }
    return true;
}

static void use_token(CK_SLOT_ID slot, bool writes, void (*interfere)(void))
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

    if (TRIED(C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session)) != CKR_OK) {
        return;
    }
    if (has_token(slot)) {
        look(session, &known[slot], false);
    }
    ORACLE(login(session, CKU_USER, "wrong pin") != CKR_OK);
    if (login(session, CKU_USER, MODULE_USER_PIN) == CKR_OK) {
        look(session, &known[slot], true);
    }
    if (interfere != NULL) {
        interfere();
        look(session, &known[slot], true);
    }
    use_keys(session);
    if (writes) {
        write_all(slot, session);
    } else {
        ORACLE(C_CloseSession(session) == CKR_OK);
    }
}

void use_all(enum use_trust trust, CK_SLOT_ID slot, bool writes, void (*interfere)(void))
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;

    trusted = trust;
    if (TRIED(C_GetSlotList(CK_FALSE, slots, &count)) == CKR_OK) {
        for (CK_ULONG i = 0; i < count; i++) {
            (void)has_token(slots[i]);
        }
    }
    use_token(slot, writes, interfere);
}
