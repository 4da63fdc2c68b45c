/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys under which records stand. Numbers are big-endian, so that records of one kind and space lie
 * together and rise. FORMAT.md describes every record octet by octet.
 *
 *   M                          the store: uuid, wrapped master key
 *   T slot(4)                  a token: label, serial number, space it now uses
 *   Z space(4)                 a space that C_InitToken has given up and whose records are being removed
 *   U space(4) principal(4)    keyslot of SO, user or named user
 *   G space(4)                 generation, counters, set hash; space 0 is the store itself, with T and Z
 *   O space(4) object(8)       an object
 *   X space(4) tag(8) object(8)  index entry; empty
 *
 * A space is one life of a token: initialising it again moves the token to a new space with new keys in one
 * commit.
 */
#ifndef CFR_TOKEN_STORE_KEYSPACE_H
#define CFR_TOKEN_STORE_KEYSPACE_H

#include "base/bytes.h"

enum {
    CFR_KEY_MAX_LEN = 24,  /* octets of the longest key below */
    CFR_INDEX_TAG_LEN = 8, /* octets of a blind index tag */
    CFR_PRINCIPAL_SO = 0,  /* principal numbers */
    CFR_PRINCIPAL_USER = 1,
};

/** A record's key. */
struct cfr_record_key {
    uint8_t octets[CFR_KEY_MAX_LEN];
    size_t len;
};

static inline struct cfr_span cfr_record_key_view(const struct cfr_record_key *key)
{
    return cfr_span_of(key->octets, key->len);
}

static inline struct cfr_record_key cfr_key_of_kind(char kind)
{
    return (struct cfr_record_key){.octets = {(uint8_t)kind}, .len = 1};
}

static inline struct cfr_record_key cfr_key_in_space(char kind, uint32_t space)
{
    struct cfr_record_key key = cfr_key_of_kind(kind);

    cfr_store_be32(key.octets + 1, space);
    key.len = 5;
    return key;
}

static inline struct cfr_record_key cfr_key_of_principal(uint32_t space, uint32_t principal)
{
    struct cfr_record_key key = cfr_key_in_space('U', space);

    cfr_store_be32(key.octets + 5, principal);
    key.len = 9;
    return key;
}

static inline struct cfr_record_key cfr_key_of_object(uint32_t space, uint64_t object)
{
    struct cfr_record_key key = cfr_key_in_space('O', space);

    cfr_store_be64(key.octets + 5, object);
    key.len = 13;
    return key;
}

static inline struct cfr_record_key cfr_key_of_index(uint32_t space, const uint8_t *tag, uint64_t object)
{
    struct cfr_record_key key = cfr_key_in_space('X', space);

    cfr_copy(key.octets + 5, tag, CFR_INDEX_TAG_LEN);
    cfr_store_be64(key.octets + 13, object);
    key.len = 21;
    return key;
}

/** The first key above all that begin with @p prefix; it must not be all 0xff. */
static inline struct cfr_record_key cfr_key_after_prefix(const struct cfr_record_key *prefix)
{
    struct cfr_record_key key = *prefix;

    while (key.len > 0 && key.octets[key.len - 1] == 0xff) {
        key.len--;
    }
    if (key.len > 0) {
        key.octets[key.len - 1]++;
    }
    return key;
}

#endif
