/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of Cryptoki's semantics share besides integration/support: templates that are built up and
 * changed, one-line readers of attributes, and a picture of a token that shows whether a call changed it.
 */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_SUPPORT_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_SUPPORT_H

#include "base/bytes.h"
#include "integration/support/client.h"

enum { BAG_ATTRS_MAX = 64, BAG_MEMORY_LEN = 16384, OCTETS_MAX = 51200 /* the longest signature */ };

/** Octets with room of their own. */
struct octets {
    CK_BYTE at[OCTETS_MAX];
    CK_ULONG len;
};

/** A template in the making; values are copied. Too large for a stack: make it static. Zeroed is empty. */
struct bag {
    CK_ATTRIBUTE attrs[BAG_ATTRS_MAX];
    CK_ULONG count;
    size_t used;
    _Alignas(16) uint8_t memory[BAG_MEMORY_LEN];
};

void bag_clear(struct bag *bag);

/** Set an attribute, in place of a value that is there. */
void bag_octets(struct bag *bag, CK_ATTRIBUTE_TYPE type, const void *value, size_t len);
void bag_bool(struct bag *bag, CK_ATTRIBUTE_TYPE type, bool value);
void bag_ulong(struct bag *bag, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void bag_text(struct bag *bag, CK_ATTRIBUTE_TYPE type, const char *value);

/** Take an attribute out, if it is there. */
void bag_remove(struct bag *bag, CK_ATTRIBUTE_TYPE type);

/** Every attribute of @p from, in place of those that are there. */
void bag_add(struct bag *bag, const struct bag *from);

/** A bag, or an array, as the two arguments of a template. */
#define BAG(bag) (bag)->attrs, (bag)->count

/** C_CreateObject, which has to succeed. */
CK_OBJECT_HANDLE object_make(CK_SESSION_HANDLE session, const struct bag *bag);
CK_RV try_object(CK_SESSION_HANDLE session, const struct bag *bag, CK_OBJECT_HANDLE *ret_object);

/** A secret key of a type with a value: extractable, not sensitive, with every use. */
CK_OBJECT_HANDLE secret_make(CK_SESSION_HANDLE session, CK_KEY_TYPE type, const void *value, size_t len);

/** A data object; private or not. */
CK_OBJECT_HANDLE data_make(CK_SESSION_HANDLE session, const char *label, bool is_token, bool is_private);

/** Read an attribute; it has to be there. Text of octets goes to @p ret. */
bool read_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
CK_ULONG read_ulong(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
void read_octets(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                 struct octets *ret);

/** The same with the code; CKR_OK and the value, or not. */
CK_RV try_read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
               struct octets *ret);

/** C_SetAttributeValue with one attribute. */
CK_RV try_set(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, const void *value,
              size_t len);
CK_RV try_set_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool value);

/** C_CopyObject with one attribute; the copy's handle is forgotten when @p ret is NULL. */
CK_RV try_copy_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool value,
                    CK_OBJECT_HANDLE *ret);

/** Objects that a session sees. */
size_t objects_seen(CK_SESSION_HANDLE session);

/** Whether an empty search finds @p object. */
bool is_found(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);

/** The slot of a session, and its state. */
CK_SLOT_ID slot_of(CK_SESSION_HANDLE session);
CK_STATE state_of(CK_SESSION_HANDLE session);

/** CK_TOKEN_INFO's flags. */
CK_FLAGS token_flags(CK_SLOT_ID slot);

/** Log in as security officer, with SO_PIN; it has to succeed. */
void login_so(CK_SESSION_HANDLE session);

/** C_CreateObject, after which the object is destroyed again: only the code matters. */
CK_RV try_object_once(CK_SESSION_HANDLE session, const struct bag *bag);

/** What must be as before after a call that failed. */
struct picture {
    size_t objects;
    CK_STATE state;
    CK_TOKEN_INFO token;
    uint8_t store[32]; /**< SHA-256 of the store's file */
};

void picture_take(CK_SESSION_HANDLE session, struct picture *ret);

/** Fail the test, with @p what, unless the token looks as it did and the session still works. */
void expect_unchanged(CK_SESSION_HANDLE session, const struct picture *before, const char *what);

/** Octets that differ from one run to the next. */
void random_octets(void *out, size_t len);

/** Two octet strings are equal; with words that say which case it is. */
void expect_octets(struct cfr_span got, struct cfr_span wanted, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** A C_ function wants pointers to what it does not write as if it wrote there. */
#define UNCONST(pointer) ((CK_BYTE_PTR)(uintptr_t)(pointer))

#endif
