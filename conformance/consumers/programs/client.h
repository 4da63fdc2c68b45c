/* SPDX-License-Identifier: Apache-2.0
 *
 * What the small clients share: load a module, find the token, log in, make keys. Any
 * unexpected return value ends the program with status 1 and says where and what. */

#ifndef COFFER_CONSUMERS_CLIENT_H
#define COFFER_CONSUMERS_CLIENT_H

#include <dlfcn.h>
#include <pkcs11/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct client {
    CK_FUNCTION_LIST_PTR p11;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
    const char *label;
    const char *pin;
};

static inline void client_fail(const char *file, int line, const char *what, CK_RV rv)
{
    fprintf(stderr, "%s:%d: %s: %#lx\n", file, line, what, rv);
    _exit(1);
}

#define EXPECT(rv, call)                                                                                     \
    do {                                                                                                     \
        CK_RV got_ = (call);                                                                                 \
        if (got_ != (rv)) {                                                                                  \
            client_fail(__FILE__, __LINE__, #call " instead of " #rv, got_);                                 \
        }                                                                                                    \
    } while (0)

#define OK(call) EXPECT(CKR_OK, call)

#define SHOW(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            client_fail(__FILE__, __LINE__, "not so: " #condition, 0);                                       \
        }                                                                                                    \
    } while (0)

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static inline CK_FUNCTION_LIST_PTR client_load(const char *path, int flags)
{
    void *handle = dlopen(path, flags);
    if (handle == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        _exit(1);
    }
    CK_RV(*get_function_list)
    (CK_FUNCTION_LIST_PTR_PTR) = (CK_RV(*)(CK_FUNCTION_LIST_PTR_PTR))dlsym(handle, "C_GetFunctionList");
    SHOW(get_function_list != NULL);
    CK_FUNCTION_LIST_PTR p11 = NULL;
    OK(get_function_list(&p11));
    SHOW(p11 != NULL && p11->version.major >= 2);
    return p11;
}

/* Labels are padded with blanks to 32 bytes and compared whole. */
static inline CK_SLOT_ID client_slot(CK_FUNCTION_LIST_PTR p11, const char *label)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = LEN(slots);
    CK_UTF8CHAR padded[32];

    memset(padded, ' ', sizeof(padded));
    memcpy(padded, label, strlen(label));
    OK(p11->C_GetSlotList(CK_TRUE, slots, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        OK(p11->C_GetTokenInfo(slots[i], &info));
        if (memcmp(info.label, padded, sizeof(padded)) == 0) {
            return slots[i];
        }
    }
    fprintf(stderr, "no token %s\n", label);
    _exit(1);
}

static inline void client_open(struct client *client)
{
    client->slot = client_slot(client->p11, client->label);
    OK(client->p11->C_OpenSession(client->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                                  &client->session));
}

static inline void client_login(struct client *client)
{
    client_open(client);
    OK(client->p11->C_Login(client->session, CKU_USER, (CK_UTF8CHAR_PTR)client->pin, strlen(client->pin)));
}

static inline void client_start(struct client *client, void *init_args)
{
    OK(client->p11->C_Initialize(init_args));
    client_login(client);
}

/* Values to point at from templates. */
#define UNUSED __attribute__((unused))
static UNUSED CK_BBOOL yes = CK_TRUE;
static UNUSED CK_BBOOL no = CK_FALSE;
static UNUSED CK_BYTE p256_params[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static UNUSED CK_BYTE p521_params[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};

struct key_pair {
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
};

static inline struct key_pair client_ec_pair(struct client *client, CK_BYTE *params, CK_ULONG params_len,
                                             CK_ATTRIBUTE *extra, CK_ULONG extra_count)
{
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public_template[] = {{CKA_EC_PARAMS, params, params_len}, {CKA_TOKEN, &no, 1}};
    struct key_pair pair;

    OK(client->p11->C_GenerateKeyPair(client->session, &mechanism, public_template, LEN(public_template),
                                      extra, extra_count, &pair.public_key, &pair.private_key));
    return pair;
}

static inline struct key_pair client_rsa_pair(struct client *client, CK_ATTRIBUTE *extra,
                                              CK_ULONG extra_count)
{
    CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ULONG bits = 2048;
    CK_BYTE exponent[] = {1, 0, 1};
    CK_ATTRIBUTE public_template[] = {{CKA_MODULUS_BITS, &bits, sizeof(bits)},
                                      {CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)},
                                      {CKA_VERIFY, &yes, 1},
                                      {CKA_ENCRYPT, &yes, 1},
                                      {CKA_WRAP, &yes, 1}};
    struct key_pair pair;

    OK(client->p11->C_GenerateKeyPair(client->session, &mechanism, public_template, LEN(public_template),
                                      extra, extra_count, &pair.public_key, &pair.private_key));
    return pair;
}

/* Signs 32 bytes by CKM_ECDSA or CKM_RSA_PKCS and verifies the signature. */
static inline void client_sign_verify(struct client *client, CK_MECHANISM_TYPE type, struct key_pair pair)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_BYTE digest[32];
    CK_BYTE signature[1024];
    CK_ULONG len = sizeof(signature);

    memset(digest, 0x5a, sizeof(digest));
    OK(client->p11->C_SignInit(client->session, &mechanism, pair.private_key));
    OK(client->p11->C_Sign(client->session, digest, sizeof(digest), signature, &len));
    OK(client->p11->C_VerifyInit(client->session, &mechanism, pair.public_key));
    OK(client->p11->C_Verify(client->session, digest, sizeof(digest), signature, len));
    digest[0] ^= 1;
    OK(client->p11->C_VerifyInit(client->session, &mechanism, pair.public_key));
    EXPECT(CKR_SIGNATURE_INVALID,
           client->p11->C_Verify(client->session, digest, sizeof(digest), signature, len));
}

/* The first object of a class with this label. */
static inline CK_OBJECT_HANDLE client_find(struct client *client, CK_OBJECT_CLASS class, const char *label)
{
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}, {CKA_LABEL, (void *)label, strlen(label)}};
    CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
    CK_ULONG count = 0;

    OK(client->p11->C_FindObjectsInit(client->session, template, LEN(template)));
    OK(client->p11->C_FindObjects(client->session, &found, 1, &count));
    OK(client->p11->C_FindObjectsFinal(client->session));
    SHOW(count == 1);
    return found;
}

/* A program of cases: PROGRAM MODULE TOKEN PIN CASE. */
struct client_case {
    const char *name;
    void (*run)(struct client *client);
};

/* With the client given, for handlers that run after main, and dlopen's flags. */
static inline int client_main_keeping(int argc, char **argv, const struct client_case *cases, size_t count,
                                      struct client *client, int load_flags)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s MODULE TOKEN PIN CASE\n", argv[0]);
        return 2;
    }
    client->label = argv[2];
    client->pin = argv[3];
    client->p11 = client_load(argv[1], RTLD_NOW | load_flags);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(cases[i].name, argv[4]) == 0) {
            cases[i].run(client);
            printf("ok\n");
            return 0;
        }
    }
    fprintf(stderr, "no such case: %s\n", argv[4]);
    return 2;
}

static inline int client_main(int argc, char **argv, const struct client_case *cases, size_t count)
{
    struct client client = {0};
    return client_main_keeping(argc, argv, cases, count, &client, RTLD_GLOBAL);
}

#endif
