/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a read-write transaction has gathered until its commit: the keys that it read, with the revision
 * found, and its writes in key order. Memory only.
 */
#ifndef CFR_LMDB_CHANGE_H
#define CFR_LMDB_CHANGE_H

#include "token-store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * When a key was written: the LMDB transaction id of the commit, or one of these. An empty value has no room
 * for its revision; that it is there is all that can be known, and all that can change.
 */
#define CFR_REVISION_ABSENT UINT64_C(0)
#define CFR_REVISION_EMPTY  UINT64_MAX

/** A key that was read. */
struct cfr_change_read {
    uint64_t revision;
    size_t key_len;
    uint8_t key[];
};

/** A record to be written, or removed. */
struct cfr_change_write {
    bool is_removal;
    size_t key_len;
    size_t value_len;
    uint8_t octets[]; /**< key, then value */
};

/** Made by cfr_change_new(). */
struct cfr_change {
    struct cfr_change_read **reads;
    size_t read_count;
    size_t read_room;
    struct cfr_change_write *writes[CFR_STORE_WRITES_MAX]; /**< rising keys */
    size_t write_count;
    size_t write_len; /**< octets of keys and values */
};

static inline struct cfr_span cfr_change_read_key(const struct cfr_change_read *read)
{
    return cfr_span_of(read->key, read->key_len);
}

static inline struct cfr_span cfr_change_write_key(const struct cfr_change_write *write)
{
    return cfr_span_of(write->octets, write->key_len);
}

static inline struct cfr_span cfr_change_write_value(const struct cfr_change_write *write)
{
    return cfr_span_of(write->octets + write->key_len, write->value_len);
}

/** With nothing read and nothing written; NULL without memory. */
struct cfr_change *cfr_change_new(void);

/** Free it; NULL is accepted. */
void cfr_change_drop(struct cfr_change *change);

/** Note that @p key was read. OK, UNAVAIL (no memory). */
enum cfr_store_status cfr_change_note_read(struct cfr_change *change, struct cfr_span key, uint64_t revision);

/**
 * Put a write in its place, instead of an earlier one of that key. Copies. OK, LIMIT, UNAVAIL (no memory).
 */
enum cfr_store_status cfr_change_add_write(struct cfr_change *change, struct cfr_span key,
                                           struct cfr_span value, bool is_removal);

/** Index of the first write whose key is not below @p key; write_count when there is none. */
size_t cfr_change_seek(const struct cfr_change *change, struct cfr_span key);

/** The write of @p key, or NULL. */
const struct cfr_change_write *cfr_change_find(const struct cfr_change *change, struct cfr_span key);

#endif
