/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of src/object share: templates in one line, objects made of them. */
#ifndef CFR_TESTS_UNIT_OBJECT_FIXTURE_H
#define CFR_TESTS_UNIT_OBJECT_FIXTURE_H

#include "object/build.h"
#include "object/template.h"
#include "support/main.h"
#include "support/nth.h"
#include "unit/base/harness.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** Elements of a CK_ATTRIBUTE array. */
#define BOOL(type, value)                                                                                    \
    {                                                                                                        \
        (type), &(CK_BBOOL){(value) ? CK_TRUE : CK_FALSE}, sizeof(CK_BBOOL)                                  \
    }
#define ULONG(type, value)                                                                                   \
    {                                                                                                        \
        (type), &(CK_ULONG){value}, sizeof(CK_ULONG)                                                         \
    }
#define TEXT(type, text)                                                                                     \
    {                                                                                                        \
        (type), (CK_VOID_PTR)(uintptr_t)(text), sizeof(text) - 1                                             \
    }
#define TEMPLATE(array) (array), COUNT_OF(array)

/** Who acts: nobody, the normal user, the SO; the user of a token with the strict profile. */
extern const struct cfr_actor nobody;
extern const struct cfr_actor user;
extern const struct cfr_actor officer;
extern const struct cfr_actor strict_user;

/** For tcase_add_checked_fixture(). */
void object_up(void);

/** The object that C_CreateObject makes; it has to succeed. */
struct cfr_object *object_new(const CK_ATTRIBUTE *template, CK_ULONG count, const struct cfr_actor *actor);

/** The same with the code. */
CK_RV object_try(enum cfr_action action, const CK_ATTRIBUTE *template, CK_ULONG count,
                 const struct cfr_actor *actor, struct cfr_object **ret_object);

/** An AES key of 16 octets with CKA_SENSITIVE and CKA_EXTRACTABLE as given. */
struct cfr_object *object_aes(bool sensitive, bool extractable);

#endif
