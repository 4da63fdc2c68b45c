/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from 64-bit keys to pointers; open addressing, linear probing. Key 0 is not allowed. No lock inside.
 */
#ifndef CFR_BASE_HASHMAP_H
#define CFR_BASE_HASHMAP_H

#include "base/rv.h"

#include <stddef.h>
#include <stdint.h>

/** Zero-initialised means empty. */
struct cfr_hashmap {
    struct cfr_hashmap_entry {
        uint64_t key;
        void *value;
    } * entries;
    size_t room; /**< power of two, or 0 */
    size_t count;
};

/** Free the table; the values are the caller's. */
void cfr_hashmap_clear(struct cfr_hashmap *map);

/** The value of @p key, or NULL. */
void *cfr_hashmap_get(const struct cfr_hashmap *map, uint64_t key);

/**
 * Set the value of @p key, replacing what it had. @p value is not NULL.
 *
 * @retval CKR_HOST_MEMORY  the table could not grow; the map is unchanged
 */
NODISCARD CK_RV cfr_hashmap_put(struct cfr_hashmap *map, uint64_t key, void *value);

/** Remove @p key; returns its value, or NULL when it was not there. */
void *cfr_hashmap_take(struct cfr_hashmap *map, uint64_t key);

/**
 * Walk the map: start with *cursor 0; NULL at the end. The map may not change meanwhile, but that the entry just
 * given may be taken out: the walk then goes on from *cursor - 1, and may give some entries twice.
 */
void *cfr_hashmap_next(const struct cfr_hashmap *map, size_t *cursor);

#endif
