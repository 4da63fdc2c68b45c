/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/registry.h"

enum { ROWS_MAX = 256, KEY_TYPES_MAX = 64 };

/* Written once by cfr_registry_probe(), before any other thread is in the module. */
static bool runs[ROWS_MAX];
static struct {
    CK_KEY_TYPE type;
    CK_FLAGS flags;
} capabilities[KEY_TYPES_MAX];
static size_t capability_count;

static void add_capability(CK_KEY_TYPE type, CK_FLAGS flags)
{
    size_t at = 0;

    while (at < capability_count && capabilities[at].type != type) {
        at++;
    }
    if (at < KEY_TYPES_MAX) {
        capability_count = at == capability_count ? at + 1 : capability_count;
        capabilities[at].type = type;
        capabilities[at].flags |= flags;
    }
}

static bool can_run(const struct cfr_mechanism *row)
{
    bool has_parts = row->op == NULL ? row->hash == CFR_HASH_NONE || cfr_hash_is_available(row->hash)
                                     : row->op->probe == NULL || row->op->probe(row);

    return has_parts && (row->probe == NULL || row->probe(row));
}

void cfr_registry_probe(void)
{
    for (size_t i = 0; i < cfr_mechanism_count() && i < ROWS_MAX; i++) {
        const struct cfr_mechanism *row = cfr_mechanism_row(i);

        runs[i] = can_run(row);
        if (runs[i]) {
            add_capability(row->key_types[0], row->flags);
            add_capability(row->key_types[1], row->flags);
        }
    }
}

/* Index of the row with @p type, or the number of rows. */
static size_t find_index(CK_MECHANISM_TYPE type)
{
    size_t low = 0;
    size_t high = cfr_mechanism_count();

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        CK_MECHANISM_TYPE found = cfr_mechanism_row(middle)->type;

        if (found == type) {
            return middle;
        }
        if (found < type) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return cfr_mechanism_count();
}

CK_RV cfr_registry_find(CK_MECHANISM_TYPE type, CK_FLAGS flags, const struct cfr_mechanism **ret_mechanism)
{
    size_t index = find_index(type);
    const struct cfr_mechanism *row;

    if (index == cfr_mechanism_count() || !runs[index]) {
        return cfr_fail(CKR_MECHANISM_INVALID, "mechanism 0x%lx is not supported", type);
    }
    row = cfr_mechanism_row(index);
    if ((row->flags & flags) != flags) {
        return cfr_fail(CKR_MECHANISM_INVALID, "%s is not for this function", row->name);
    }
    *ret_mechanism = row;
    return CKR_OK;
}

const struct cfr_mechanism *cfr_registry_next(size_t *index)
{
    while (*index < cfr_mechanism_count()) {
        size_t at = (*index)++;

        if (runs[at]) {
            return cfr_mechanism_row(at);
        }
    }
    return NULL;
}

const char *cfr_registry_name(CK_MECHANISM_TYPE type)
{
    size_t index = find_index(type);

    return index == cfr_mechanism_count() ? NULL : cfr_mechanism_row(index)->name;
}

bool cfr_mechanism_takes_type(const struct cfr_mechanism *mechanism, CK_KEY_TYPE type)
{
    return mechanism->key_types[0] == type || mechanism->key_types[1] == type;
}

bool cfr_mechanism_takes_size(const struct cfr_mechanism *mechanism, size_t bits)
{
    size_t size = mechanism->size.unit == CFR_SIZE_OCTETS ? bits / 8 : bits;

    return mechanism->size.unit == CFR_SIZE_NONE ||
           (size >= mechanism->size.min && size <= mechanism->size.max);
}

CK_FLAGS cfr_registry_capabilities(CK_KEY_TYPE type)
{
    for (size_t i = 0; i < capability_count; i++) {
        if (capabilities[i].type == type) {
            return capabilities[i].flags;
        }
    }
    return 0;
}
