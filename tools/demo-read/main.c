/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demo-read MODULE TOKEN LABEL < PIN: logs in and asks for every secret number of the private keys with a
 * label, as any application could, and for the key wrapped under an AES key of its own. Prints what the module
 * answers; exit status 0 when each was refused.
 */
#include <dlfcn.h>
#include <pkcs11/pkcs11.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = 64, PIN_MAX = 255, KEYS_MAX = 8 };

static CK_FUNCTION_LIST *p11;

static void need(CK_RV rv, const char *call)
{
    if (rv != CKR_OK) {
        fprintf(stderr, "demo-read: %s: CKR 0x%lx\n", call, rv);
        exit(2);
    }
}

static void load(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = NULL;

    if (module != NULL) {
        *(void **)&get = dlsym(module, "C_GetFunctionList");
    }
    if (get == NULL) {
        fprintf(stderr, "demo-read: %s\n", dlerror());
        exit(2);
    }
    need(get(&p11), "C_GetFunctionList");
    need(p11->C_Initialize(NULL), "C_Initialize");
}

static CK_SESSION_HANDLE open_session(const char *label)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    char padded[33];

    snprintf(padded, sizeof(padded), "%-32s", label);
    need(p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;

        need(p11->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
        if (memcmp(info.label, padded, sizeof(info.label)) == 0) {
            need(p11->C_OpenSession(slots[i], CKF_SERIAL_SESSION, NULL, NULL, &session), "C_OpenSession");
            return session;
        }
    }
    fprintf(stderr, "demo-read: no token \"%s\"\n", label);
    exit(2);
}

static void login(CK_SESSION_HANDLE session)
{
    CK_UTF8CHAR pin[PIN_MAX];
    size_t len = fread(pin, 1, sizeof(pin), stdin);

    need(p11->C_Login(session, CKU_USER, pin, len), "C_Login");
}

/* Whether every secret number of the key is withheld. */
static bool is_withheld(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        const char *name;
    } secrets[] = {
        {CKA_PRIVATE_EXPONENT, "CKA_PRIVATE_EXPONENT"},
        {CKA_PRIME_1, "CKA_PRIME_1"},
        {CKA_PRIME_2, "CKA_PRIME_2"},
        {CKA_EXPONENT_1, "CKA_EXPONENT_1"},
        {CKA_EXPONENT_2, "CKA_EXPONENT_2"},
        {CKA_COEFFICIENT, "CKA_COEFFICIENT"},
        {CKA_VALUE, "CKA_VALUE"},
    };
    CK_BYTE value[4096];
    bool all = true;

    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        CK_ATTRIBUTE attribute = {secrets[i].type, value, sizeof(value)};
        CK_RV rv = p11->C_GetAttributeValue(session, key, &attribute, 1);

        if (rv == CKR_ATTRIBUTE_TYPE_INVALID) {
            continue;
        }
        printf("  %-22s %s\n", secrets[i].name,
               rv == CKR_ATTRIBUTE_SENSITIVE ? "CKR_ATTRIBUTE_SENSITIVE" : "READ OUT!");
        all = all && rv == CKR_ATTRIBUTE_SENSITIVE && attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION;
    }
    return all;
}

/* Whether the key is not to be had wrapped under a key that we know. */
static bool is_unwrappable(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    CK_BYTE value[32] = "a key that everybody may know...";
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_KEY_TYPE, &type, sizeof(type)},
                               {CKA_WRAP, &yes, sizeof(yes)},
                               {CKA_VALUE, value, sizeof(value)}};
    CK_MECHANISM mechanism = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
    CK_OBJECT_HANDLE wrapper = CK_INVALID_HANDLE;
    CK_BYTE wrapped[4096];
    CK_ULONG len = sizeof(wrapped);
    CK_RV rv;

    need(p11->C_CreateObject(session, template, sizeof(template) / sizeof(template[0]), &wrapper),
         "C_CreateObject");
    rv = p11->C_WrapKey(session, &mechanism, wrapper, key, wrapped, &len);
    printf("  %-22s %s\n", "C_WrapKey",
           rv == CKR_KEY_UNEXTRACTABLE ? "CKR_KEY_UNEXTRACTABLE" : "CARRIED OUT!");
    return rv == CKR_KEY_UNEXTRACTABLE;
}

int main(int argc, char **argv)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_OBJECT_HANDLE keys[KEYS_MAX];
    CK_ULONG count = 0;
    CK_SESSION_HANDLE session;
    bool all = true;

    if (argc != 4) {
        fprintf(stderr, "usage: demo-read MODULE TOKEN LABEL < PIN\n");
        return 2;
    }
    load(argv[1]);
    session = open_session(argv[2]);
    login(session);
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}, {CKA_LABEL, argv[3], strlen(argv[3])}};

    need(p11->C_FindObjectsInit(session, template, 2), "C_FindObjectsInit");
    need(p11->C_FindObjects(session, keys, KEYS_MAX, &count), "C_FindObjects");
    need(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    for (CK_ULONG i = 0; i < count; i++) {
        all = is_withheld(session, keys[i]) && all;
        all = is_unwrappable(session, keys[i]) && all;
    }
    need(p11->C_Finalize(NULL), "C_Finalize");
    return all && count > 0 ? 0 : 1;
}
