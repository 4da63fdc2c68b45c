/* SPDX-License-Identifier: Apache-2.0 */
/* What the lmdb backend offers beyond store.h. */
#ifndef CFR_LMDB_STORE_LMDB_H
#define CFR_LMDB_STORE_LMDB_H

#include "token-store/store.h"

/**
 * Check the structure of the whole store, of any size; opening does so for small ones only. Commits of this
 * process wait meanwhile, about 40 ms for each 100 MB. @p store is one of cfr_store_lmdb; this thread has no
 * transaction open.
 *
 * @return OK, CORRUPT, UNAVAIL; the log says where
 */
enum cfr_store_status cfr_store_lmdb_check(struct cfr_store *store);

#endif
