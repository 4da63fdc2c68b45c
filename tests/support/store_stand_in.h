/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory store in the place of LMDB: it defines cfr_store_lmdb, and a program links it instead of the
 * layer store_lmdb. What is in it outlives a close, so that C_Finalize and C_Initialize find the same tokens;
 * a file "coffer.mdb" in the configured folder says that there is something. Its calls fail by
 * CFR_FAULT_STORE, as those of LMDB do.
 */
#ifndef CFR_TESTS_SUPPORT_STORE_STAND_IN_H
#define CFR_TESTS_SUPPORT_STORE_STAND_IN_H

#include "token-store/store.h"

/** The memory store itself, made if need be: whatever is changed in it has been changed behind the module. */
struct cfr_store *stand_in_inner(void);

/** Forget everything in it. It is not open. */
void stand_in_reset(void);

/** Keep a copy of all records in it, and put them back, and nothing else. It is not open. */
void stand_in_save(void);
void stand_in_restore(void);

#endif
