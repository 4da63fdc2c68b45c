/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was run through which mechanism. The functions of the module are watched, so that a case counts for the
 * mechanisms that it really used, and no test says so by hand. The ledger is memory that Check's children share.
 */
#ifndef CFR_TESTS_INTEGRATION_EVIDENCE_LEDGER_H
#define CFR_TESTS_INTEGRATION_EVIDENCE_LEDGER_H

#include "integration/support/client.h"

/** Where the expectation of a case comes from. */
enum evidence {
    EVIDENCE_PUBLISHED,  /**< a file of tests/vectors */
    EVIDENCE_WYCHEPROOF, /**< a file of Project Wycheproof */
    EVIDENCE_CAVP,       /**< a file of NIST's CAVP, from Debian's python3-cryptography-vectors */
    EVIDENCE_RANDOM,     /**< libcrypto, with random keys and data */
    EVIDENCE_KINDS
};

enum { LEDGER_SOURCES_MAX = 128 };

/** Make it; once, before Check forks. */
void ledger_open(void);

/** Load the module, and let @c p11 be functions that write down the mechanisms they are called with. */
void ledger_watch(void);

/**
 * Between these is one case. It counts for each mechanism that a function took meanwhile; not for one that was
 * answered with CKR_MECHANISM_INVALID or CKR_MECHANISM_PARAM_INVALID. @p source: the number of its file, below
 * LEDGER_SOURCES_MAX.
 */
void ledger_begin(void);
void ledger_end(enum evidence kind, size_t source);

/** Cases of a mechanism; and of all of them, each counted once. */
size_t ledger_cases(CK_MECHANISM_TYPE type, enum evidence kind);
size_t ledger_total(enum evidence kind);

/** Whether a published case of that source ran through a mechanism. */
bool ledger_has_source(CK_MECHANISM_TYPE type, size_t source);

/** Mechanisms in it, by index; false: there are no more. */
bool ledger_mechanism(size_t index, CK_MECHANISM_TYPE *ret_type);

#endif
