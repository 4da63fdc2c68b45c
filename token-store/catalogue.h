/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generation record G of a space: how often the space has changed, its counters, and a keyed hash over
 * the set of its records, so that a record that was removed, or put back as it was earlier, is found out. The
 * hash is the sum, modulo 2^256, of a pseudo-random function of every record's key and revision; each write
 * adjusts it. What a record says is not part of it: that is authenticated with key and revision by the
 * record's seal, and damage there concerns that record alone.
 *
 * Not detected by it: an older copy of the whole store. That takes a counter outside the store.
 */
#ifndef CFR_TOKEN_STORE_CATALOGUE_H
#define CFR_TOKEN_STORE_CATALOGUE_H

#include "token-store/keyspace.h"
#include "token-store/master.h"
#include "token-store/tagger.h"

enum {
    CFR_STORE_SPACE = 0,
    CFR_SET_HASH_LEN = 32,
    CFR_VERIFY_AT_OPEN_MAX =
        4096, /* records: up to so many are verified whenever a space is opened (1.5 ms) */
};

/** Beyond that, a space is verified in full by the first login after so many seconds. */
#define CFR_VERIFY_INTERVAL_S ((int64_t)86400)

/** Counters of G. Space 0 numbers slots and spaces with the first two, and counts for applications with the third. */
enum cfr_counter {
    CFR_COUNT_NEXT_OBJECT = 0, /**< number of the next object */
    CFR_COUNT_NEXT_SLOT = 0,
    CFR_COUNT_PUBLIC = 1, /**< public objects in the space */
    CFR_COUNT_NEXT_SPACE = 1,
    CFR_COUNT_PRIVATE = 2,   /**< private objects in the space */
    CFR_COUNT_MONOTONIC = 2, /**< space 0: last value of the monotonic counter */
    CFR_COUNT_RECORDS = 3,   /**< records that the set hash covers */
    CFR_COUNTERS = 4
};

/** The record G, opened. */
struct cfr_generation {
    uint64_t generation; /**< rises whenever objects, names or PINs of the space change */
    uint64_t counters[CFR_COUNTERS];
    uint8_t set_hash[CFR_SET_HASH_LEN];
    int64_t verified_at; /**< UTC seconds: when the set hash was last verified in full */
};

/** A space's keys for its own bookkeeping; any thread. */
struct cfr_catalogue {
    struct cfr_master *master; /**< borrowed */
    struct cfr_tagger *set;
    uint32_t space;
};

/** Make the keys. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_catalogue_open(struct cfr_master *master, uint32_t space,
                                   struct cfr_catalogue *ret_catalogue);
void cfr_catalogue_close(struct cfr_catalogue *catalogue);

/** Read G. A space without one is as if new. CKR_DEVICE_ERROR. */
NODISCARD CK_RV cfr_catalogue_read(const struct cfr_catalogue *catalogue, struct cfr_store_txn *txn,
                                   struct cfr_generation *ret_generation);

/** Changes to a space within one read-write transaction. */
struct cfr_changes {
    const struct cfr_catalogue *catalogue;
    struct cfr_store_txn *txn;
    struct cfr_generation generation;
    uint32_t revision; /**< of G as read */
};

/** Begin: reads G, which joins what commit checks. */
NODISCARD CK_RV cfr_changes_begin(const struct cfr_catalogue *catalogue, struct cfr_store_txn *txn,
                                  struct cfr_changes *ret_changes);

/** Write a record under @p key; @p value is complete (sealed, or empty for an index entry). */
NODISCARD CK_RV cfr_changes_put(struct cfr_changes *changes, const struct cfr_record_key *key,
                                struct cfr_span value);

/** Remove a record. CKR_DEVICE_ERROR when it is not there: the caller has just read what says it is. */
NODISCARD CK_RV cfr_changes_del(struct cfr_changes *changes, const struct cfr_record_key *key);

/** Seal @p text and write it; @p header as for cfr_seal(). */
NODISCARD CK_RV cfr_changes_put_sealed(struct cfr_changes *changes, const struct cfr_record_key *key,
                                       struct cfr_sealer *sealer, const struct cfr_seal_header *header,
                                       struct cfr_span text);

/** End: writes G, with a new generation if @p is_visible (attempt counters and the like are not). */
NODISCARD CK_RV cfr_changes_finish(struct cfr_changes *changes, bool is_visible);

/**
 * Compare the set hash with all records of the space, about 0.4 microseconds each.
 *
 * @param kinds  the record kinds that belong to the space: "UOX", or "TZ" for space 0
 *
 * @retval CKR_OK            they agree
 * @retval CKR_DEVICE_ERROR  records were removed, added or put back; the log says so
 */
NODISCARD CK_RV cfr_catalogue_verify(const struct cfr_catalogue *catalogue, struct cfr_store_txn *txn,
                                     const char *kinds);

#endif
