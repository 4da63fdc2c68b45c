/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this what LMDB would have written? LMDB trusts its file: one changed octet can make it read or write
 * outside its map, loop, or abort the process. This looks at the pages first, read-only and without LMDB, and
 * calls corrupt whatever LMDB would not have written for one unnamed database without options, which is what
 * this backend has. What the records say is not looked at: they are sealed by the layer above.
 */
#ifndef CFR_LMDB_ENV_CHECK_H
#define CFR_LMDB_ENV_CHECK_H

#include "token-store/lmdb/image.h"
#include "token-store/store.h"

/**
 * Files up to this length are checked whole each time they are opened: about a millisecond at 10,000 records.
 */
enum { CFR_ENV_CHECK_OPEN_MAX_LEN = 16 * 1048576 };

/**
 * Check every page that is reachable from @p meta, both trees, and that no page is used twice. The caller
 * holds a read transaction on that snapshot, or nobody writes.
 *
 * @return OK; CORRUPT, with @p ret_flaw set; UNAVAIL without memory
 */
enum cfr_store_status cfr_env_check_pages(const struct cfr_image *image, const struct cfr_image_meta *meta,
                                          struct cfr_image_flaw *ret_flaw);

#endif
