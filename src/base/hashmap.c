/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hashmap.h"

#include "base/alloc.h"

static size_t home_of(const struct cfr_hashmap *map, uint64_t key)
{
    return (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 20) & (map->room - 1);
}

static size_t find(const struct cfr_hashmap *map, uint64_t key)
{
    size_t at = home_of(map, key);

    while (map->entries[at].key != 0 && map->entries[at].key != key) {
        at = (at + 1) & (map->room - 1);
    }
    return at;
}

void cfr_hashmap_clear(struct cfr_hashmap *map)
{
    cfr_free(map->entries);
    *map = (struct cfr_hashmap){0};
}

void *cfr_hashmap_get(const struct cfr_hashmap *map, uint64_t key)
{
    return map->count == 0 ? NULL : map->entries[find(map, key)].value;
}

static CK_RV grow(struct cfr_hashmap *map)
{
    struct cfr_hashmap larger = {.room = map->room == 0 ? 16 : 2 * map->room, .count = map->count};

    larger.entries = cfr_alloc_array(larger.room, sizeof(*larger.entries));
    FAIL_UNLESS(larger.entries != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < map->room; i++) {
        if (map->entries[i].key != 0) {
            larger.entries[find(&larger, map->entries[i].key)] = map->entries[i];
        }
    }
    cfr_free(map->entries);
    *map = larger;
    return CKR_OK;
}

CK_RV cfr_hashmap_put(struct cfr_hashmap *map, uint64_t key, void *value)
{
    size_t at;

    if (4 * (map->count + 1) > 3 * map->room) {
        TRY(grow(map));
    }
    at = find(map, key);
    map->count += map->entries[at].key == 0;
    map->entries[at].key = key;
    map->entries[at].value = value;
    return CKR_OK;
}

void *cfr_hashmap_take(struct cfr_hashmap *map, uint64_t key)
{
    size_t hole = map->count == 0 ? 0 : find(map, key);
    size_t at = hole;
    size_t home;
    void *value;

    if (map->count == 0 || map->entries[hole].key == 0) {
        return NULL;
    }
    value = map->entries[hole].value;
    map->count--;
    /* Close the gap: move back every later entry of the run that may stand in the hole. */
    for (;;) {
        at = (at + 1) & (map->room - 1);
        if (map->entries[at].key == 0) {
            break;
        }
        home = home_of(map, map->entries[at].key);
        if (((at - home) & (map->room - 1)) >= ((at - hole) & (map->room - 1))) {
            map->entries[hole] = map->entries[at];
            hole = at;
        }
    }
    map->entries[hole] = (struct cfr_hashmap_entry){0};
    return value;
}

void *cfr_hashmap_next(const struct cfr_hashmap *map, size_t *cursor)
{
    while (*cursor < map->room) {
        struct cfr_hashmap_entry *entry = &map->entries[(*cursor)++];

        if (entry->key != 0) {
            return entry->value;
        }
    }
    return NULL;
}
