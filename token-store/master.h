/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's master key: made with the store, wrapped under the anchor, and the root of every other key in
 * it.
 */
#ifndef CFR_TOKEN_STORE_MASTER_H
#define CFR_TOKEN_STORE_MASTER_H

#include "token-store/seal.h"
#include "token-store/store.h"

/** An opened master key; constant, any thread. */
struct cfr_master;

/**
 * Read the master key of a store, or make it and its anchor when the store is new.
 *
 * @param anchor_path  file of the anchor
 *
 * @retval CKR_OK
 * @retval CKR_DEVICE_ERROR  anchor missing or not this store's, record damaged, store unavailable; see the
 * log
 * @retval CKR_HOST_MEMORY   out of memory
 */
NODISCARD CK_RV cfr_master_open(struct cfr_store *store, const char *anchor_path,
                                struct cfr_master **ret_master);
void cfr_master_drop(struct cfr_master *master);
CFR_DEFINE_DROPP(master)

/** A key of 32 octets for one purpose in one space. CKR_HOST_MEMORY, CKR_GENERAL_ERROR. */
NODISCARD CK_RV cfr_master_derive(const struct cfr_master *master, const char *purpose, uint32_t space,
                                  struct cfr_secret **ret_key);

/** CFR_STORE_UUID_LEN octets that name the store. */
const uint8_t *cfr_master_uuid(const struct cfr_master *master);

/** The sealer of records that are no objects: tokens, keyslots, generations. Lives as long as @p master. */
struct cfr_sealer *cfr_master_records(const struct cfr_master *master);

#endif
