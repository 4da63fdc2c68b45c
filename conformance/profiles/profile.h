/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test cases of the OASIS PKCS #11 Profiles: XML documents in which each call is an element with what goes
 * in, followed by an element of the same name with what must come out. A case is run in a process of its own,
 * over a store that is made for it.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include <libxml/tree.h>
#include <openssl/evp.h>
#include <pkcs11/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>

enum { PROFILE_VARIABLES_MAX = 64, PROFILE_TEXT_MAX = 16384 };

#define PROFILE_USER_PIN "12345678"
#define PROFILE_SO_PIN   "87654321"
#define PROFILE_LABEL    "token1"

/** "${name}" in a case, bound to a value when it comes out of a call. */
struct profile_variable {
    char name[64];
    char value[64];
};

/** A case that is run. */
struct profile_run {
    CK_FUNCTION_LIST_3_2 *p11;
    const char *name; /**< of the case, without path and ending */
    EVP_PKEY *key;    /**< stands in for the key of the case, which is not published; NULL: none is needed */
    struct profile_variable variables[PROFILE_VARIABLES_MAX];
    size_t variable_count;
    CK_SLOT_ID slot;               /**< of the token that was made for it */
    char expected_signature[1024]; /**< hexadecimal: what libcrypto makes of the data and the key */
    unsigned calls;
    unsigned varied; /**< values that differ as the profiles permit */
    unsigned known;  /**< values that differ as a row of compare.c says */
    unsigned wrong;
};

/* --- names.c --- */

enum profile_kind {
    PROFILE_USER,
    PROFILE_CLASS,
    PROFILE_ATTRIBUTE,
    PROFILE_MECHANISM,
    PROFILE_SESSION_FLAGS,
    PROFILE_SLOT_FLAGS,
    PROFILE_TOKEN_FLAGS,
    PROFILE_MECHANISM_FLAGS,
};

/** The value of a name, a number, or of flags joined by | or blanks. False: unknown. */
bool profile_value(enum profile_kind kind, const char *text, CK_ULONG *ret_value);

/** The name of a value, or hexadecimal; flags in the order of their bits. @p text has room for 512. */
void profile_name(enum profile_kind kind, CK_ULONG value, char *text);

/* --- tree.c --- */

/** The first child element with a name; NULL: none. */
xmlNode *profile_child(const xmlNode *node, const char *name);

/** The next element at or after @p node. */
xmlNode *profile_element(xmlNode *node);

/** An XML attribute as it stands in the document, or NULL. */
const char *profile_text(const xmlNode *node, const char *name);

/** Add an element, and one with a "value". */
xmlNode *profile_add(xmlNode *parent, const char *name);
xmlNode *profile_add_value(xmlNode *parent, const char *name, const char *value);
xmlNode *profile_add_number(xmlNode *parent, const char *name, CK_ULONG value);

/** Octets as hexadecimal text, and back; lengths in octets. False: not hexadecimal, or no room. */
void profile_to_hex(const CK_BYTE *octets, size_t len, char *text);
bool profile_from_hex(const char *text, CK_BYTE *octets, size_t room, size_t *ret_len);

/* --- calls.c --- */

/**
 * Make the call that @p request describes, and add what comes out to @p answer, in the form of the cases.
 * False: the case asks for something that the runner does not know; said on standard error.
 */
bool profile_call(struct profile_run *run, const xmlNode *request, xmlNode *answer, CK_RV *ret_rv);

/* --- compare.c --- */

/** The value of a variable; NULL: not bound. */
const char *profile_variable(const struct profile_run *run, const char *name);
void profile_bind(struct profile_run *run, const char *name, const char *value);

/** Compare what came out with what the case says, and report the differences. */
void profile_compare(struct profile_run *run, const xmlNode *expected, const xmlNode *actual, CK_RV rv);

/* --- prepare.c --- */

/** Make the token and the objects that the case takes for granted. The module is finalised again. */
bool profile_prepare(struct profile_run *run, xmlDoc *document);

/** Sign data with the stand-in key, as SHA-256 with RSA (PKCS #1 v1.5), into expected_signature. */
void profile_sign(struct profile_run *run, const CK_BYTE *data, size_t len);

/** Put the stand-in key's modulus and signature in the place of the case's. */
void profile_stand_in(const struct profile_run *run, xmlNode *expected);

#endif
