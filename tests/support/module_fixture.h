/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole module, linked into the program and called by its C_ functions, in a scratch folder with a
 * configuration of its own. What the fixture does has to succeed: it ends the program where it does not. It
 * needs neither Check nor a backend: the program links store_lmdb or support/store_stand_in.c.
 */
#ifndef CFR_TESTS_SUPPORT_MODULE_FIXTURE_H
#define CFR_TESTS_SUPPORT_MODULE_FIXTURE_H

#include <pkcs11/pkcs11.h>
#include <stddef.h>

#define MODULE_SO_PIN   "so-pin-of-tests"
#define MODULE_USER_PIN "user-pin-of-tests"

/** End the program with words when @p rv, of @p what, is not CKR_OK. */
void module_must(CK_RV rv, const char *what);
#define MUST(call) module_must((call), #call)

/** Make the scratch folder, on a file system in memory where there is one, and point COFFER_CONF into it. */
void module_fixture_up(void);

/** Remove the folder and what is in it. The module is down. */
void module_fixture_down(void);

/** A path in the folder; static, good until the next call. */
const char *module_fixture_path(const char *name);

/** Write the configuration: the cheapest key derivation that is allowed, the store, and @p more lines. */
void module_fixture_configure(const char *more);

/** C_Initialize and C_Finalize. */
void module_up(void);
void module_down(void);

/** C_InitToken in the empty slot and C_InitPIN; the token's slot. */
CK_SLOT_ID module_new_token(const char *label);

/** C_OpenSession with @p flags beside CKF_SERIAL_SESSION; C_Login as CKU_SO or CKU_USER. */
CK_SESSION_HANDLE module_open(CK_SLOT_ID slot, CK_FLAGS flags);
void module_login(CK_SESSION_HANDLE session, CK_USER_TYPE user);

#endif
