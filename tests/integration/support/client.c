/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/support/client.h"

#include "call/call_table.h"
#include "support/scratch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

CK_FUNCTION_LIST_3_2 *p11;

static char scratch[128];

const char *rv_text(CK_RV rv)
{
    static _Thread_local char numbers[4][32];
    static _Thread_local unsigned next;
    const char *name = cfr_rv_name(rv);

    if (name == NULL) {
        char *number = numbers[next++ % 4];

        (void)snprintf(number, sizeof(numbers[0]), "0x%lx", rv);
        return number;
    }
    return name;
}

/* --- The scratch folder --- */

const char *scratch_file(const char *name)
{
    static _Thread_local char paths[4][256];
    static _Thread_local unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", scratch, name);
    return path;
}

void scratch_configure(const char *lines)
{
    FILE *file = fopen(scratch_file("coffer.conf"), "a");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(lines, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

void scratch_setup(void)
{
    const char *folder = getenv("TMPDIR");
    char log[256];

    (void)snprintf(scratch, sizeof(scratch), "%s/coffer-client-XXXXXX", folder == NULL ? "/tmp" : folder);
    ck_assert_ptr_nonnull(mkdtemp(scratch));
    scratch_configure("pin.kdf.memory_kib = 19456\npin.kdf.passes = 1\n");
    (void)snprintf(log, sizeof(log), "info:%s", scratch_file("log"));
    ck_assert_int_eq(setenv("COFFER_CONF", scratch_file("coffer.conf"), 1), 0);
    ck_assert_int_eq(setenv("COFFER_STORE", scratch_file("store"), 1), 0);
    ck_assert_int_eq(setenv("COFFER_LOG", log, 1), 0);
}

void scratch_teardown(void)
{
    scratch_remove(scratch);
}

unsigned scratch_logged(const char *text)
{
    FILE *file = fopen(scratch_file("log"), "r");
    char line[1100];
    unsigned count = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        count += strstr(line, text) != NULL;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return count;
}

void scratch_copy(const char *from, const char *to)
{
    char buffer[2048];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    ssize_t len;

    ck_assert_msg(in >= 0 && out >= 0, "%s to %s: %s", from, to, strerror(errno));
    while ((len = read(in, buffer, sizeof(buffer))) > 0) {
        ck_assert_int_eq(write(out, buffer, (size_t)len), len);
    }
    ck_assert_int_eq(len, 0);
    close(in);
    ck_assert_int_eq(close(out), 0);
}

/* --- The module --- */

const char *module_path(void)
{
    const char *other = getenv("COFFER_TEST_MODULE");

    return other == NULL ? MODULE_PATH : other;
}

static void *symbol(void *library, const char *name)
{
    return dlsym(library, name);
}

CK_FUNCTION_LIST_3_2 *module_open(const char *path, int flags, void **ret_library)
{
    void *library = dlopen(path, flags);
    CK_C_GetInterface get_interface;
    CK_C_GetFunctionList get_list;
    CK_INTERFACE *interface = NULL;
    CK_FUNCTION_LIST *list = NULL;

    ck_assert_msg(library != NULL, "%s", dlerror());
    if (ret_library != NULL) {
        *ret_library = library;
    }
    *(void **)&get_interface = symbol(library, "C_GetInterface");
    if (get_interface != NULL) {
        OK(get_interface(NULL, NULL, &interface, 0));
        return interface->pFunctionList;
    }
    *(void **)&get_list = symbol(library, "C_GetFunctionList");
    ck_assert(get_list != NULL);
    OK(get_list(&list));
    /* The later lists begin with the earlier ones. */
    return (CK_FUNCTION_LIST_3_2 *)(void *)list;
}

void module_load(void)
{
    if (p11 == NULL) {
        p11 = module_open(module_path(), RTLD_NOW | RTLD_LOCAL, NULL);
    }
}

void module_start(void)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

    module_load();
    OK(p11->C_Initialize(&args));
}

void module_stop(void)
{
    OK(p11->C_Finalize(NULL));
}

/* --- Slots, tokens, sessions --- */

static CK_ULONG list_slots(CK_SLOT_ID *slots, CK_ULONG room)
{
    CK_ULONG count = 0;

    OK(p11->C_GetSlotList(CK_FALSE, NULL, &count));
    ck_assert_uint_le(count, room);
    count = room;
    OK(p11->C_GetSlotList(CK_FALSE, slots, &count));
    return count;
}

enum { SLOTS_MAX = 256, LABEL_LEN = 32 };

CK_SLOT_ID slot_empty(void)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = list_slots(slots, SLOTS_MAX);
    CK_TOKEN_INFO info;

    for (CK_ULONG i = 0; i < count; i++) {
        CK_RV rv = p11->C_GetTokenInfo(slots[i], &info);

        if (rv == CKR_TOKEN_NOT_PRESENT || (rv == CKR_OK && (info.flags & CKF_TOKEN_INITIALIZED) == 0)) {
            return slots[i];
        }
    }
    ck_abort_msg("there is no empty slot");
}

static void pad_label(const char *label, CK_UTF8CHAR padded[LABEL_LEN])
{
    size_t len = strlen(label);

    memset(padded, ' ', LABEL_LEN);
    memcpy(padded, label, len < LABEL_LEN ? len : LABEL_LEN);
}

bool slot_find(const char *label, CK_SLOT_ID *ret_slot)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = list_slots(slots, SLOTS_MAX);
    CK_UTF8CHAR padded[LABEL_LEN];
    CK_TOKEN_INFO info;

    pad_label(label, padded);
    for (CK_ULONG i = 0; i < count; i++) {
        if (p11->C_GetTokenInfo(slots[i], &info) == CKR_OK && (info.flags & CKF_TOKEN_INITIALIZED) != 0 &&
            memcmp(info.label, padded, LABEL_LEN) == 0) {
            *ret_slot = slots[i];
            return true;
        }
    }
    return false;
}

CK_SLOT_ID token_make(const char *label)
{
    CK_UTF8CHAR padded[LABEL_LEN];
    CK_SESSION_HANDLE session;
    CK_SLOT_ID slot;

    pad_label(label, padded);
    OK(p11->C_InitToken(slot_empty(), octets_of(SO_PIN), strlen(SO_PIN), padded));
    ck_assert_msg(slot_find(label, &slot), "the token \"%s\" is not to be seen", label);
    session = session_open(slot);
    OK(try_login(session, CKU_SO, SO_PIN));
    OK(p11->C_InitPIN(session, octets_of(USER_PIN), strlen(USER_PIN)));
    OK(p11->C_Logout(session));
    OK(p11->C_CloseSession(session));
    return slot;
}

CK_SESSION_HANDLE session_open(CK_SLOT_ID slot)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

    OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    return session;
}

CK_SESSION_HANDLE session_open_ro(CK_SLOT_ID slot)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

    OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
    return session;
}

CK_RV try_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
    return p11->C_Login(session, user, octets_of(pin), strlen(pin));
}

void login_user(CK_SESSION_HANDLE session)
{
    OK(try_login(session, CKU_USER, USER_PIN));
}

CK_SESSION_HANDLE client_ready(void)
{
    CK_SESSION_HANDLE session;

    module_start();
    session = session_open(token_make("token"));
    login_user(session);
    return session;
}

/* --- Keys --- */

CK_BYTE_PTR octets_of(const char *text)
{
    return (CK_BYTE_PTR)(uintptr_t)text;
}

CK_RV try_aes_make(CK_SESSION_HANDLE session, bool is_token, const char *label, CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE template[] = {
        ATTR_BOOL(CKA_TOKEN, is_token), ATTR_BOOL(CKA_PRIVATE, true), ATTR_BOOL(CKA_SENSITIVE, true),
        ATTR_BOOL(CKA_ENCRYPT, true),   ATTR_BOOL(CKA_DECRYPT, true), ATTR_ULONG(CKA_VALUE_LEN, 32),
        ATTR_TEXT(CKA_LABEL, label),    ATTR_TEXT(CKA_ID, label),
    };

    return p11->C_GenerateKey(session, &mechanism, TEMPLATE(template), ret_key);
}

CK_OBJECT_HANDLE aes_make(CK_SESSION_HANDLE session, bool is_token, const char *label)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    OK(try_aes_make(session, is_token, label, &key));
    return key;
}

CK_RV try_ec_make(CK_SESSION_HANDLE session, bool is_token, const char *label, struct key_pair *ret_pair)
{
    static CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public[] = {
        ATTR_BOOL(CKA_TOKEN, is_token),
        ATTR_BOOL(CKA_VERIFY, true),
        ATTR_TEXT(CKA_LABEL, label),
        ATTR_TEXT(CKA_ID, label),
        ATTR_OCTETS(CKA_EC_PARAMS, p256, sizeof(p256)),
    };
    CK_ATTRIBUTE private[] = {
        ATTR_BOOL(CKA_TOKEN, is_token), ATTR_BOOL(CKA_PRIVATE, true), ATTR_BOOL(CKA_SENSITIVE, true),
        ATTR_BOOL(CKA_SIGN, true),      ATTR_TEXT(CKA_LABEL, label),  ATTR_TEXT(CKA_ID, label),
    };

    return p11->C_GenerateKeyPair(session, &mechanism, TEMPLATE(public), TEMPLATE(private), &ret_pair->public,
                                  &ret_pair->private);
}

struct key_pair ec_make(CK_SESSION_HANDLE session, bool is_token, const char *label)
{
    struct key_pair pair = {CK_INVALID_HANDLE, CK_INVALID_HANDLE};

    OK(try_ec_make(session, is_token, label, &pair));
    return pair;
}

struct key_pair rsa_make(CK_SESSION_HANDLE session, bool is_token, const char *label, CK_ULONG bits)
{
    static CK_BYTE exponent[] = {0x01, 0x00, 0x01};
    CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public[] = {
        ATTR_BOOL(CKA_TOKEN, is_token),
        ATTR_BOOL(CKA_VERIFY, true),
        ATTR_BOOL(CKA_ENCRYPT, true),
        ATTR_TEXT(CKA_LABEL, label),
        ATTR_TEXT(CKA_ID, label),
        ATTR_ULONG(CKA_MODULUS_BITS, bits),
        ATTR_OCTETS(CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)),
    };
    CK_ATTRIBUTE private[] = {
        ATTR_BOOL(CKA_TOKEN, is_token), ATTR_BOOL(CKA_PRIVATE, true), ATTR_BOOL(CKA_SENSITIVE, true),
        ATTR_BOOL(CKA_SIGN, true),      ATTR_BOOL(CKA_DECRYPT, true), ATTR_TEXT(CKA_LABEL, label),
        ATTR_TEXT(CKA_ID, label),
    };
    struct key_pair pair = {CK_INVALID_HANDLE, CK_INVALID_HANDLE};

    OK(p11->C_GenerateKeyPair(session, &mechanism, TEMPLATE(public), TEMPLATE(private), &pair.public,
                              &pair.private));
    return pair;
}

size_t find_all(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *ret,
                size_t room)
{
    CK_OBJECT_HANDLE found[64];
    size_t total = 0;
    CK_ULONG now = 0;

    OK(p11->C_FindObjectsInit(session, template, count));
    do {
        OK(p11->C_FindObjects(session, found, COUNT(found), &now));
        for (CK_ULONG i = 0; i < now; i++, total++) {
            if (total < room) {
                ret[total] = found[i];
            }
        }
    } while (now != 0);
    OK(p11->C_FindObjectsFinal(session));
    return total;
}

CK_OBJECT_HANDLE find_one(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label)
{
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, class), ATTR_TEXT(CKA_LABEL, label)};
    CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
    size_t count = find_all(session, TEMPLATE(template), &found, 1);

    ck_assert_msg(count <= 1, "%zu objects with class %lu and label \"%s\"", count, class, label);
    return found;
}

/* --- Operations --- */

CK_RV try_sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key, const char *text,
               struct result *ret_signature)
{
    CK_MECHANISM given = {mechanism, NULL, 0};
    CK_RV rv = p11->C_SignInit(session, &given, key);

    ret_signature->len = sizeof(ret_signature->octets);
    return rv != CKR_OK ? rv
                        : p11->C_Sign(session, octets_of(text), strlen(text), ret_signature->octets,
                                      &ret_signature->len);
}

CK_RV try_verify(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key,
                 const char *text, const struct result *signature)
{
    CK_MECHANISM given = {mechanism, NULL, 0};
    CK_RV rv = p11->C_VerifyInit(session, &given, key);

    return rv != CKR_OK ? rv
                        : p11->C_Verify(session, octets_of(text), strlen(text),
                                        (CK_BYTE_PTR)(uintptr_t)signature->octets, signature->len);
}

CK_RV try_encrypt(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const char *text,
                  struct result *ret_cipher)
{
    CK_BYTE iv[16] = {0};
    CK_MECHANISM mechanism = {CKM_AES_CBC_PAD, iv, sizeof(iv)};
    CK_RV rv = p11->C_EncryptInit(session, &mechanism, key);

    ret_cipher->len = sizeof(ret_cipher->octets);
    return rv != CKR_OK
               ? rv
               : p11->C_Encrypt(session, octets_of(text), strlen(text), ret_cipher->octets, &ret_cipher->len);
}

CK_RV try_decrypt(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const struct result *cipher,
                  struct result *ret_text)
{
    CK_BYTE iv[16] = {0};
    CK_MECHANISM mechanism = {CKM_AES_CBC_PAD, iv, sizeof(iv)};
    CK_RV rv = p11->C_DecryptInit(session, &mechanism, key);

    ret_text->len = sizeof(ret_text->octets);
    return rv != CKR_OK ? rv
                        : p11->C_Decrypt(session, (CK_BYTE_PTR)(uintptr_t)cipher->octets, cipher->len,
                                         ret_text->octets, &ret_text->len);
}

static const char message[] = "the message of the integration tests";

void expect_pair_works(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, struct key_pair pair)
{
    struct result signature;

    OK(try_sign(session, mechanism, pair.private, message, &signature));
    OK(try_verify(session, mechanism, pair.public, message, &signature));
    signature.octets[signature.len / 2] ^= 1;
    EXPECT(CKR_SIGNATURE_INVALID, try_verify(session, mechanism, pair.public, message, &signature));
}

void expect_aes_works(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    struct result cipher;
    struct result text;

    OK(try_encrypt(session, key, message, &cipher));
    ck_assert_uint_gt(cipher.len, strlen(message));
    OK(try_decrypt(session, key, &cipher, &text));
    ck_assert_mem_eq(text.octets, message, strlen(message));
    ck_assert_uint_eq(text.len, strlen(message));
}
