/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of derivations share: calls that leave nothing when they fail, results that are read back, and
 * the rules by which the specification hands on CKA_SENSITIVE and its like.
 */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_DERIVATION_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_DERIVATION_H

#include "integration/cryptoki/operations.h"

/** A template of a secret key that may be read; @p len 0: without CKA_VALUE_LEN. What was in @p bag is gone. */
void derived_template(struct bag *bag, CK_KEY_TYPE type, size_t len);

/** C_DeriveKey; a call that fails must leave no object and no handle, one that succeeds leaves one object. */
CK_RV derive_try(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
                 const struct bag *bag, CK_OBJECT_HANDLE *ret_key);

/** Derive, compare CKA_VALUE, destroy. */
void derive_expect(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base,
                   const struct bag *bag, struct cfr_span wanted, const char *what);

/** Derive, which must be refused with this code. */
void derive_refused(CK_SESSION_HANDLE session, CK_RV wanted, const CK_MECHANISM *mechanism,
                    CK_OBJECT_HANDLE base, const struct bag *bag, const char *what);

/** The rules that end the sections of the derivations. */
enum heritage {
    HERITAGE_HISTORY,  /* HKDF, digests, encryption of data, key agreement */
    HERITAGE_SECRECY,  /* concatenation, XOR, extraction */
    HERITAGE_DEFAULTS, /* SP 800-108 */
    HERITAGE_KEPT,     /* exporters of TLS */
};

enum { HERITAGE_KINDS = 5 };

/** A key of 32 octets of one of HERITAGE_KINDS kinds: generated or created, sensitive or not … */
CK_OBJECT_HANDLE heritage_key(CK_SESSION_HANDLE session, CK_KEY_TYPE type, size_t kind);

/**
 * Derive from a key of each kind with each template, and compare all four attributes with what the rule says.
 *
 * @param other     where the mechanism's parameter has the handle of a second key, which is varied too; or NULL
 * @param key_type  of the base key, and of the second key
 */
void heritage_check(CK_SESSION_HANDLE session, enum heritage rule, const CK_MECHANISM *mechanism,
                    CK_OBJECT_HANDLE *other, CK_KEY_TYPE key_type);

/** The same with a generic secret for a base key, and @p len octets derived instead of 16. */
void heritage_check_len(CK_SESSION_HANDLE session, enum heritage rule, const CK_MECHANISM *mechanism,
                        size_t len);

#endif
