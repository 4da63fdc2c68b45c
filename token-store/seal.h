/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing of records: XAES-256-GCM under a key of one purpose, bound to the store, the record's full key, and
 * the record's clear header. A sealed record is
 *
 *   format(1) epoch(varint) revision(varint) nonce(24) text tag(16)
 *
 * so that no record can stand in another's place, and no attribute, count or flag can be changed unseen.
 */
#ifndef CFR_TOKEN_STORE_SEAL_H
#define CFR_TOKEN_STORE_SEAL_H

#include "base/buf.h"
#include "base/secret.h"

enum { CFR_SEAL_FORMAT = 1, CFR_STORE_UUID_LEN = 16 };

/** A sealing key; any number of threads. */
struct cfr_sealer;

/**
 * A sealer with a key of 32 octets. Shares @p key.
 *
 * @param uuid  of the store, CFR_STORE_UUID_LEN octets
 */
NODISCARD CK_RV cfr_sealer_new(struct cfr_secret *key, const uint8_t *uuid, struct cfr_sealer **ret_sealer);
void cfr_sealer_drop(struct cfr_sealer *sealer);
CFR_DEFINE_DROPP(sealer)

/** The clear part of a sealed record. */
struct cfr_seal_header {
    uint32_t epoch;    /**< of the space's keys */
    uint32_t revision; /**< of the record: rises by one each time it is written */
};

/** Seal @p text for the record under @p key and append the sealed record to @p out. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_seal(struct cfr_sealer *sealer, struct cfr_span key, const struct cfr_seal_header *header,
                         struct cfr_span text, struct cfr_buf *out);

/**
 * Open a sealed record.
 *
 * @retval CKR_DEVICE_ERROR  it is damaged, or not the record that belongs under @p key; the log names the key
 * @retval CKR_HOST_MEMORY   out of memory
 */
NODISCARD CK_RV cfr_unseal(struct cfr_sealer *sealer, struct cfr_span key, struct cfr_span sealed,
                           struct cfr_seal_header *ret_header, struct cfr_secret **ret_text);

/**
 * Read the clear part alone; CKR_DEVICE_ERROR when it is not a record of a known format. Not authenticated.
 */
NODISCARD CK_RV cfr_seal_peek(struct cfr_span sealed, struct cfr_seal_header *ret_header);

#endif
