/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A data file of LMDB looked at without LMDB: the map of it, and its two meta pages. The data format is
 * described in image.c; it is that of LMDB 0.9 (MDB_DATA_VERSION 1), and any other is refused.
 */
#ifndef CFR_LMDB_IMAGE_H
#define CFR_LMDB_IMAGE_H

#include "token-store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What is wrong, for the log. */
struct cfr_image_flaw {
    uint64_t page;    /**< page number; 0 and 1 are the meta pages */
    const char *what; /**< static text */
};

/** A data file, mapped read-only. It may not become shorter meanwhile. */
struct cfr_image {
    const uint8_t *octets; /**< NULL when @c len is 0 */
    size_t len;
};

/** The head of a page. */
struct cfr_image_page {
    size_t number;
    uint16_t pad;
    uint16_t flags;
    uint16_t lower; /**< with @c upper: the count of pages, in an overflow page */
    uint16_t upper;
};

enum {
    CFR_IMAGE_PAGE_HEAD_LEN = offsetof(struct cfr_image_page, upper) + sizeof(uint16_t),
    CFR_IMAGE_PAGE_MIN_LEN = 4096,  /* LMDB takes the machine's page, … */
    CFR_IMAGE_PAGE_MAX_LEN = 32768, /* … but no longer one than this */
    CFR_IMAGE_DEPTH_MAX = 32,       /* LMDB's cursors have room for as many */

    CFR_IMAGE_BRANCH = 0x01, /* kinds of page; other flags are for pages in memory */
    CFR_IMAGE_LEAF = 0x02,
    CFR_IMAGE_OVERFLOW = 0x04,
    CFR_IMAGE_META = 0x08
};

/** One of the two trees of a snapshot. */
struct cfr_image_tree {
    size_t depth;
    size_t branch_pages;
    size_t leaf_pages;
    size_t overflow_pages;
    size_t entries;
    size_t root; /**< page number; CFR_IMAGE_NO_PAGE when empty */
};

#define CFR_IMAGE_NO_PAGE SIZE_MAX

/** What a meta page says: the start of one snapshot. */
struct cfr_image_meta {
    size_t page_len;
    size_t last_page;
    size_t txnid;
    struct cfr_image_tree free; /**< free pages, by the transaction that freed them */
    struct cfr_image_tree main; /**< the records */
};

/** Map the file of descriptor @p fd. OK, UNAVAIL (errno says why). */
enum cfr_store_status cfr_image_map(int fd, struct cfr_image *ret_image);

/** Unmap it. */
void cfr_image_unmap(struct cfr_image *image);

/**
 * Whether nothing was ever stored: an empty file, or two pages of zeros that a crash left of its creation.
 */
bool cfr_image_is_blank(const struct cfr_image *image);

/** For cfr_image_check_header(): the snapshot that LMDB would take after a restart. */
#define CFR_IMAGE_NEWEST SIZE_MAX

/**
 * Check both meta pages, which is what LMDB reads when it opens a file that is not blank.
 *
 * @param txnid          which snapshot is wanted, or CFR_IMAGE_NEWEST
 * @param[out] ret_meta  its meta page
 * @return OK; CORRUPT, also when that snapshot has no meta page (any more), with @p ret_flaw set
 */
enum cfr_store_status cfr_image_check_header(const struct cfr_image *image, size_t txnid,
                                             struct cfr_image_meta *ret_meta,
                                             struct cfr_image_flaw *ret_flaw);

#endif
