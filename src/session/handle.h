/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Object handles. A handle says by itself which object it means and in which login it was given out, so that
 * a hundred thousand of them take no memory, the same object always has the same handle, and a handle of a
 * private object is dead for good after logout.
 *
 *   bits 62-63  kind        token object, session object, built-in object
 *   bits 40-61  login       private objects: the token's login epoch; public ones: 0
 *   bits  0-39  number      in the store, or of the session object, or of the built-in object
 */
#ifndef CFR_SESSION_HANDLE_H
#define CFR_SESSION_HANDLE_H

#include <pkcs11/pkcs11.h>
#include <stdbool.h>
#include <stdint.h>

_Static_assert(sizeof(CK_OBJECT_HANDLE) == 8, "handles carry 64 bits: Coffer runs where CK_ULONG has them");

enum cfr_handle_kind { CFR_HANDLE_TOKEN, CFR_HANDLE_SESSION, CFR_HANDLE_BUILT_IN };

#define CFR_HANDLE_NUMBER_BITS 40
#define CFR_HANDLE_LOGIN_BITS  22
#define CFR_HANDLE_NUMBER_MAX  (((uint64_t)1 << CFR_HANDLE_NUMBER_BITS) - 1)
#define CFR_HANDLE_LOGIN_MAX   (((uint64_t)1 << CFR_HANDLE_LOGIN_BITS) - 1)

static inline CK_OBJECT_HANDLE cfr_handle_make(enum cfr_handle_kind kind, uint64_t login, uint64_t number)
{
    return (uint64_t)kind << (CFR_HANDLE_NUMBER_BITS + CFR_HANDLE_LOGIN_BITS) |
           login << CFR_HANDLE_NUMBER_BITS | number;
}

static inline enum cfr_handle_kind cfr_handle_kind(CK_OBJECT_HANDLE handle)
{
    return (enum cfr_handle_kind)(handle >> (CFR_HANDLE_NUMBER_BITS + CFR_HANDLE_LOGIN_BITS));
}

static inline uint64_t cfr_handle_login(CK_OBJECT_HANDLE handle)
{
    return handle >> CFR_HANDLE_NUMBER_BITS & CFR_HANDLE_LOGIN_MAX;
}

static inline uint64_t cfr_handle_number(CK_OBJECT_HANDLE handle)
{
    return handle & CFR_HANDLE_NUMBER_MAX;
}

#endif
