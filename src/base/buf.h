/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable buffer of octets that are not secret, with a ceiling that its owner declares, and the two
 * cursors that write and read fixed-width and variable-width integers in it. Reading never runs past the end:
 * the first short read makes the reader fail for good, and the caller asks once, at the end.
 */
#ifndef CFR_BASE_BUF_H
#define CFR_BASE_BUF_H

#include "base/bytes.h"
#include "base/rv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Growable octets. Make it with CFR_BUF(limit); give it up with cfr_buf_clear(). */
struct cfr_buf {
    uint8_t *ptr;
    size_t len;
    size_t room;
    size_t limit; /**< octets it may never exceed */
    bool failed;  /**< an append did not fit or found no memory; len is then what fitted before */
};

#define CFR_BUF(max_len) ((struct cfr_buf){.limit = (max_len)})

/** Free the octets; @p buf is then empty and usable. */
void cfr_buf_clear(struct cfr_buf *buf);

static inline void cfr_buf_dropp(struct cfr_buf *buf)
{
    cfr_buf_clear(buf);
}

/** Make room for @p len octets more, in one piece. CKR_HOST_MEMORY: none, or over the ceiling; no failure sticks. */
NODISCARD CK_RV cfr_buf_reserve(struct cfr_buf *buf, size_t len);

/** Append octets. A failure is sticky and reported by cfr_buf_check(). */
void cfr_buf_put(struct cfr_buf *buf, struct cfr_span octets);
/** Append @p len zero octets, to be overwritten in place. */
void cfr_buf_put_zeros(struct cfr_buf *buf, size_t len);
void cfr_buf_put_u8(struct cfr_buf *buf, uint8_t value);
void cfr_buf_put_be32(struct cfr_buf *buf, uint32_t value);
void cfr_buf_put_be64(struct cfr_buf *buf, uint64_t value);
/** Little-endian groups of seven bits, least first, the high bit set on all but the last: 1 to 10 octets. */
void cfr_buf_put_varint(struct cfr_buf *buf, uint64_t value);
/** A varint length and the octets. */
void cfr_buf_put_counted(struct cfr_buf *buf, struct cfr_span octets);

/**
 * Whether everything was appended.
 *
 * @retval CKR_OK           yes
 * @retval CKR_HOST_MEMORY  out of memory, or over the ceiling
 */
NODISCARD CK_RV cfr_buf_check(const struct cfr_buf *buf);

static inline struct cfr_span cfr_buf_view(const struct cfr_buf *buf)
{
    return cfr_span_of(buf->ptr, buf->len);
}

/** Reads a span from its start. */
struct cfr_reader {
    struct cfr_span rest;
    bool failed; /**< something did not fit; every later read gives zero or an empty span */
};

static inline struct cfr_reader cfr_reader_of(struct cfr_span span)
{
    return (struct cfr_reader){.rest = span};
}

uint8_t cfr_read_u8(struct cfr_reader *reader);
uint32_t cfr_read_be32(struct cfr_reader *reader);
uint64_t cfr_read_be64(struct cfr_reader *reader);
/** Refuses more than ten octets, overflow, and a needless last octet of zero: one value has one form. */
uint64_t cfr_read_varint(struct cfr_reader *reader);
struct cfr_span cfr_read_octets(struct cfr_reader *reader, size_t len);
/** Copy the next @p len octets to @p to, which is untouched when they are not there. */
void cfr_read_into(struct cfr_reader *reader, void *to, size_t len);
struct cfr_span cfr_read_counted(struct cfr_reader *reader);

/** Whether all reads succeeded and nothing is left over. */
static inline bool cfr_reader_done(const struct cfr_reader *reader)
{
    return !reader->failed && reader->rest.len == 0;
}

#endif
