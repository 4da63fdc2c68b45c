/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the integration tests share: a scratch folder for each test, the module loaded as an application loads
 * it, and one-line forms of the calls that most tests need. A helper that says it "has to succeed" fails the
 * test otherwise; try_… returns the code.
 */
#ifndef CFR_TESTS_INTEGRATION_SUPPORT_CLIENT_H
#define CFR_TESTS_INTEGRATION_SUPPORT_CLIENT_H

#include "support/scratch.h"

#include <check.h>
#include <pkcs11/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** PINs of the tokens that token_make() makes. */
#define SO_PIN   "so pin 87654321"
#define USER_PIN "user pin 12345678"

/* --- Codes --- */

/** "CKR_…"; static, good until the fourth call after this one. */
const char *rv_text(CK_RV rv);

/** Fail the test unless @p call returns @p rv; both are named. */
#define EXPECT(rv, call)                                                                                     \
    do {                                                                                                     \
        CK_RV expected_rv = (rv);                                                                            \
        CK_RV actual_rv = (call);                                                                            \
        ck_assert_msg(actual_rv == expected_rv, "%s: %s, not %s", #call, rv_text(actual_rv),                 \
                      rv_text(expected_rv));                                                                 \
    } while (0)
#define OK(call) EXPECT(CKR_OK, call)

/* --- The scratch folder --- */

/**
 * Check fixtures. The folder holds the configuration that COFFER_CONF names, with PINs that cost little, the
 * log at level info, and the store, which COFFER_STORE names and nobody has made yet.
 */
void scratch_setup(void);
void scratch_teardown(void);

/** A path in it; static, good until the fourth call after this one. "" is the folder itself. */
const char *scratch_file(const char *name);

/** Add lines to the configuration, "name = value\n". */
void scratch_configure(const char *lines);

/** How often @p text stands in the log. */
unsigned scratch_logged(const char *text);

/** Copy a file; it has to succeed. */
void scratch_copy(const char *from, const char *to);

/* --- The module --- */

/** The functions of the module under test; a module that has interface 2.40 only has only those. */
extern CK_FUNCTION_LIST_3_2 *p11;

/** Its file. */
const char *module_path(void);

/** Load a module with dlopen(); it has to succeed. @p ret_library may be NULL. */
CK_FUNCTION_LIST_3_2 *module_open(const char *path, int flags, void **ret_library);

/** Load the module under test and set @c p11, unless that was done. Nothing is initialised. */
void module_load(void);

/** module_load() and C_Initialize with CKF_OS_LOCKING_OK. */
void module_start(void);

/** C_Finalize. */
void module_stop(void);

/* --- Slots, tokens, sessions --- */

/** The slot whose token is not initialised. */
CK_SLOT_ID slot_empty(void);

/** The slot of the token with a label; false: there is none. */
bool slot_find(const char *label, CK_SLOT_ID *ret_slot);

/** Initialise a token in the empty slot and set both PINs. */
CK_SLOT_ID token_make(const char *label);

/** An open session, read-write or read-only. */
CK_SESSION_HANDLE session_open(CK_SLOT_ID slot);
CK_SESSION_HANDLE session_open_ro(CK_SLOT_ID slot);

/** C_Login with a PIN that is text. */
CK_RV try_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin);

/** The normal user, with USER_PIN; it has to succeed. */
void login_user(CK_SESSION_HANDLE session);

/** module_start(), token_make("token"), a read-write session, and the normal user logged in. */
CK_SESSION_HANDLE client_ready(void);

/* --- Templates --- */

/** @p text as the interface wants it; nothing is ever written there. */
CK_BYTE_PTR octets_of(const char *text);

#define ATTR_BOOL(type, value)                                                                               \
    {                                                                                                        \
        (type), &(CK_BBOOL){(value) ? CK_TRUE : CK_FALSE}, sizeof(CK_BBOOL)                                  \
    }
#define ATTR_ULONG(type, value)                                                                              \
    {                                                                                                        \
        (type), &(CK_ULONG){value}, sizeof(CK_ULONG)                                                         \
    }
#define ATTR_TEXT(type, text)                                                                                \
    {                                                                                                        \
        (type), octets_of(text), strlen(text)                                                                \
    }
#define ATTR_OCTETS(type, pointer, len)                                                                      \
    {                                                                                                        \
        (type), (pointer), (len)                                                                             \
    }

/** Elements of an array; and an array with its count, as two arguments. */
#define COUNT(array)    (sizeof(array) / sizeof((array)[0]))
#define TEMPLATE(array) (array), COUNT(array)

/* --- Keys --- */

struct key_pair {
    CK_OBJECT_HANDLE public;
    CK_OBJECT_HANDLE private;
};

/** New keys with a label, which is their CKA_ID too; private and sensitive. aes: 256 bits, ec: P-256. */
CK_OBJECT_HANDLE aes_make(CK_SESSION_HANDLE session, bool is_token, const char *label);
struct key_pair ec_make(CK_SESSION_HANDLE session, bool is_token, const char *label);
struct key_pair rsa_make(CK_SESSION_HANDLE session, bool is_token, const char *label, CK_ULONG bits);

/** The same, with the code. */
CK_RV try_aes_make(CK_SESSION_HANDLE session, bool is_token, const char *label, CK_OBJECT_HANDLE *ret_key);
CK_RV try_ec_make(CK_SESSION_HANDLE session, bool is_token, const char *label, struct key_pair *ret_pair);

/** How many objects a template matches, and the first @p room of them. The search has to succeed. */
size_t find_all(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *ret,
                size_t room);

/** The one object with a class and a label, or CK_INVALID_HANDLE; two are a failure. */
CK_OBJECT_HANDLE find_one(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label);

/* --- Operations, one-shot --- */

struct result {
    CK_BYTE octets[1024];
    CK_ULONG len;
};

/** C_SignInit and C_Sign, and so on, with a mechanism that has no parameter. */
CK_RV try_sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key, const char *text,
               struct result *ret_signature);
CK_RV try_verify(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key,
                 const char *text, const struct result *signature);

/** AES-CBC with padding and an IV of zeros. */
CK_RV try_encrypt(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const char *text,
                  struct result *ret_cipher);
CK_RV try_decrypt(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const struct result *cipher,
                  struct result *ret_text);

/** Sign and verify; encrypt, compare with nothing, and decrypt: it has to succeed and come out right. */
void expect_pair_works(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, struct key_pair pair);
void expect_aes_works(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key);

#endif
