/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that wraps another and lets a chosen call fail, to see what the layers above make of it. Unarmed it
 * passes the contract of the store that it wraps.
 */
#ifndef CFR_TESTS_SUPPORT_STORE_FAULT_H
#define CFR_TESTS_SUPPORT_STORE_FAULT_H

#include "token-store/store.h"

#include <stdbool.h>

/** The calls that can fail; several may be joined by |. */
enum store_fault_call {
    STORE_FAULT_BEGIN = 1,
    STORE_FAULT_GET = 2,
    STORE_FAULT_RANGE = 4,
    STORE_FAULT_PUT = 8,
    STORE_FAULT_DEL = 16,
    STORE_FAULT_COMMIT = 32,
    STORE_FAULT_ANY = 63
};

/** What is to fail, and how. */
struct store_fault_plan {
    unsigned calls;               /**< joined enum store_fault_call */
    unsigned nth;                 /**< which of these calls, from now on; 1 is the next one */
    unsigned times;               /**< how many in a row from there; 0 counts as 1 */
    enum cfr_store_status status; /**< what it returns */
    bool is_done;                 /**< a commit that fails has happened all the same */
};

/** Wrap @p inner, which is then closed with the wrapper. Aborts the program without memory. */
struct cfr_store *store_fault_wrap(struct cfr_store *inner);

/** Arm @p store, which store_fault_wrap() made; NULL disarms. Not while other threads use it. */
void store_fault_arm(struct cfr_store *store, const struct store_fault_plan *plan);

/** Calls that have failed on purpose since store_fault_arm(). */
unsigned store_fault_fired(struct cfr_store *store);

#endif
