/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file anchor: 32 random octets, beside the store or elsewhere, under which the store's master key is
 * wrapped.
 */
#ifndef CFR_TOKEN_STORE_ANCHOR_H
#define CFR_TOKEN_STORE_ANCHOR_H

#include "base/secret.h"

enum { CFR_ANCHOR_LEN = 32 };

/**
 * Read the anchor, and make it first when it is missing and @p may_create.
 *
 * @param path  the file; mode 0600, or 0660 in a folder that its group may write
 *
 * @retval CKR_OK
 * @retval CKR_DEVICE_ERROR  missing, unreadable, of the wrong form, or others may read it; the log says which
 */
NODISCARD CK_RV cfr_anchor_read(const char *path, bool may_create, struct cfr_secret **ret_anchor);

#endif
