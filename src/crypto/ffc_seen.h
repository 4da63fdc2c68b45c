/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups that this process has tested: who makes a pair for each handshake, in a group of his own, waits for the test
 * once. No lock: a place that is read while it is written matches nothing. Safe from any thread.
 */
#ifndef CFR_CRYPTO_FFC_SEEN_H
#define CFR_CRYPTO_FFC_SEEN_H

#include "crypto/ffc_private.h"

enum { CFR_FFC_SEEN_WORDS = 4 };

/** SHA-256 of the family and the numbers of a group. */
struct cfr_ffc_print {
    uint64_t words[CFR_FFC_SEEN_WORDS];
};

/** CKR_HOST_MEMORY, CKR_GENERAL_ERROR. */
NODISCARD CK_RV cfr_ffc_print_of(const struct cfr_ffc *ffc, struct cfr_ffc_print *ret_print);

bool cfr_ffc_seen(const struct cfr_ffc_print *print);

/** Remember a group that is one, in place of the one that was remembered first. */
void cfr_ffc_remember(const struct cfr_ffc_print *print);

#endif
