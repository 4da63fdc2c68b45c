/* SPDX-License-Identifier: Apache-2.0 */
/* Post-quantum keys for the tests of their rules and encodings: one parameter set of each type, and another. */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_PQ_KEYS_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_PQ_KEYS_H

#include "integration/cryptoki/support.h"

/** A type of key with one of its sets; lengths in octets. */
struct pq_kind {
    CK_MECHANISM_TYPE generator;
    CK_KEY_TYPE type;
    CK_ULONG set;
    CK_ULONG other_set;
    size_t public_len;
    size_t private_len;
    size_t seed_len; /**< 0: none */
    uint8_t arcs[2]; /**< the end of the set's object identifier */
};

enum { PQ_KEM, PQ_SIGNER, PQ_TREE, PQ_KINDS };
extern const struct pq_kind pq_kinds[PQ_KINDS];

/** Whether the module lists the mechanisms. */
bool pq_is_there(CK_SESSION_HANDLE session);

/** A new pair of session keys; the private one can be read. */
struct key_pair pq_make_pair(CK_SESSION_HANDLE session, const struct pq_kind *kind);

/** The template of a private key that can be read, without its value. */
void pq_begin_private(struct bag *bag, const struct pq_kind *kind, CK_ULONG set);

/** Fail the test unless both objects have the same value of an attribute. */
void pq_expect_same(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE one, CK_OBJECT_HANDLE two,
                    CK_ATTRIBUTE_TYPE type);

#endif
