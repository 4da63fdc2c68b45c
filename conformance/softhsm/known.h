/* SPDX-License-Identifier: Apache-2.0 */
/* The differences that are known; conformance/deviations.md says of each what the specification says. */
#ifndef DIFF_KNOWN_H
#define DIFF_KNOWN_H

#include <pkcs11/pkcs11.h>
#include <stddef.h>

struct diff_known {
    const char *call;
    const char *when; /**< pattern (fnmatch) of the circumstances */
    CK_RV coffer;
    CK_RV softhsm;
    const char *tag; /**< heading of the paragraph */
};

size_t diff_known_count(void);
const struct diff_known *diff_known_at(size_t index);

/** The row that allows it: its number, or -1. */
int diff_known_find(const char *call, const char *when, CK_RV coffer, CK_RV softhsm);

#endif
