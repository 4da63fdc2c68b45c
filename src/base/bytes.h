/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views of octets, copying, comparing, and fixed-width integers in a stated byte order.
 *
 * Nothing here is constant-time: secrets are compared with ct.h. No function allocates or locks.
 */
#ifndef CFR_BASE_BYTES_H
#define CFR_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** A borrowed, read-only view of @c len octets. @c ptr may be NULL when @c len is 0. */
struct cfr_span {
    const uint8_t *ptr;
    size_t len;
};

static inline struct cfr_span cfr_span_of(const void *ptr, size_t len)
{
    return (struct cfr_span){.ptr = ptr, .len = len};
}

/** The octets of a NUL-terminated string, without the NUL. */
static inline struct cfr_span cfr_span_text(const char *text)
{
    return cfr_span_of(text, strlen(text));
}

/** Copy @p len octets between areas that do not overlap; either pointer may be NULL when @p len is 0. */
static inline void cfr_copy(void *to, const void *from, size_t len)
{
    if (len != 0) {
        memcpy(to, from, len);
    }
}

/** Order of two octet strings: by octets, then a prefix before the longer one. Not for secrets. */
static inline int cfr_span_compare(struct cfr_span a, struct cfr_span b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);

    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/** Equality of two octet strings. Not for secrets. */
static inline bool cfr_span_equal(struct cfr_span a, struct cfr_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/** @p span without its first @p count octets; empty when it is shorter. */
static inline struct cfr_span cfr_span_after(struct cfr_span span, size_t count)
{
    return count >= span.len ? cfr_span_of(NULL, 0) : cfr_span_of(span.ptr + count, span.len - count);
}

static inline void cfr_store_be32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static inline void cfr_store_be64(uint8_t *to, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        to[i] = (uint8_t)(value >> (56 - 8 * i));
    }
}

static inline uint32_t cfr_load_be32(const uint8_t *from)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        value = (value << 8) | from[i];
    }
    return value;
}

static inline uint64_t cfr_load_be64(const uint8_t *from)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++) {
        value = (value << 8) | from[i];
    }
    return value;
}

static inline void cfr_store_le64(uint8_t *to, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static inline uint64_t cfr_load_le64(const uint8_t *from)
{
    uint64_t value = 0;

    for (int i = 8; i-- > 0;) {
        value = (value << 8) | from[i];
    }
    return value;
}

#endif
