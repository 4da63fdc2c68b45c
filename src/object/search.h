/* SPDX-License-Identifier: Apache-2.0 */
/* Finding token objects: the most selective index first, then the rest of the template on each candidate. */
#ifndef CFR_OBJECT_SEARCH_H
#define CFR_OBJECT_SEARCH_H

#include "base/buf.h"
#include "object/persist.h"

/** Gives the object with a number, from a cache or the store. What it gives, the search drops. */
typedef CK_RV (*cfr_search_load_fn)(void *arg, struct cfr_store_txn *txn, uint64_t number,
                                    struct cfr_object **ret_object);

enum { CFR_SEARCH_MAX_LEN = 1 << 30 /* octets of numbers found */ };

/**
 * Numbers of the token objects that match, as octets of uint64_t, appended to @p numbers in the order of
 * creation.
 *
 * @param view   public objects, and private ones when it has that half
 * @param load   called only where the index alone cannot decide
 *
 * @retval CKR_DEVICE_ERROR  the store is damaged: what should be there is not
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_search(const struct cfr_view *view, struct cfr_store_txn *txn,
                           const struct cfr_attrs *template, cfr_search_load_fn load, void *load_arg,
                           struct cfr_buf *numbers);

#endif
