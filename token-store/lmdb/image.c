/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format, as far as this and env_check.c rely on it (LMDB 0.9, MDB_DATA_VERSION 1). All integers are
 * in the machine's byte order; page numbers and transaction ids have the size of a size_t.
 *
 * - A file has pages of one length, a power of two. Pages 0 and 1 are meta pages; transaction n writes n %
 *   2.
 * - A page begins with its number, a pad, its kind, and the lower and upper bound of its free space (or,
 *   in an overflow page, the count of pages that belong together). Up to lower there are 16-bit offsets of
 *   nodes, in the order of the keys; the nodes fill the page from upper to its end, in any order, without
 *   gaps.
 * - A node has 8 octets of header, the key, and the data, padded to an even length. In a branch it has a
 *   page number and no data; the first key of a branch counts as lower than any. In a leaf it has the
 *   length of its data, and flag 1 when the data is the number of the first overflow page that holds it.
 * - In a tree all leaves are at one depth. The main tree orders keys by octets. The free tree maps the id
 *   of a transaction to the pages that it freed: a count and as many numbers, falling, without repetition.
 * - A meta page has, behind the head of a page, what raw_meta has. Its transaction id makes it count.
 */
#include "token-store/lmdb/image.h"

#include <sys/mman.h>
#include <sys/stat.h>

#define META_MAGIC UINT32_C(0xBEEFC0DE)

enum {
    DATA_VERSION = 1,
    TREE_INTEGER_KEY = 0x08, /* of the free tree, always */
    TREE_ENV_FLAGS = 0x4000, /* MDB_NOSUBDIR, which LMDB keeps in the free tree's flags */
    NUMBERS_LIMIT_BITS = 46  /* octets in the file and transaction ids stay below two to this power */
};

struct raw_tree {
    uint32_t pad;
    uint16_t flags;
    uint16_t depth;
    size_t branch_pages;
    size_t leaf_pages;
    size_t overflow_pages;
    size_t entries;
    size_t root;
};

struct raw_meta {
    uint32_t magic;
    uint32_t version;
    size_t address;
    size_t map_size;
    struct raw_tree trees[2]; /* free, main; the free tree's pad is the page length */
    size_t last_page;
    size_t txnid;
};

enum cfr_store_status cfr_image_map(int fd, struct cfr_image *ret_image)
{
    struct cfr_image image = {NULL, 0};
    struct stat info;
    void *map;

    if (fstat(fd, &info) != 0) {
        return CFR_STORE_UNAVAIL;
    }
    if (info.st_size > 0) {
        map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED) {
            return CFR_STORE_UNAVAIL;
        }
        image = (struct cfr_image){map, (size_t)info.st_size};
    }
    *ret_image = image;
    return CFR_STORE_OK;
}

void cfr_image_unmap(struct cfr_image *image)
{
    if (image->octets != NULL) {
        (void)munmap((void *)(uintptr_t)image->octets, image->len);
    }
    *image = (struct cfr_image){NULL, 0};
}

bool cfr_image_is_blank(const struct cfr_image *image)
{
    if (image->len > 2 * (size_t)CFR_IMAGE_PAGE_MAX_LEN) {
        return false;
    }
    for (size_t i = 0; i < image->len; i++) {
        if (image->octets[i] != 0) {
            return false;
        }
    }
    return true;
}

static struct cfr_image_tree tree_of(const struct raw_tree *raw)
{
    return (struct cfr_image_tree){
        .depth = raw->depth,
        .branch_pages = raw->branch_pages,
        .leaf_pages = raw->leaf_pages,
        .overflow_pages = raw->overflow_pages,
        .entries = raw->entries,
        .root = raw->root,
    };
}

static bool check_root(const struct raw_tree *tree, size_t last_page)
{
    if (tree->root == CFR_IMAGE_NO_PAGE) {
        return tree->depth == 0 && tree->entries == 0;
    }
    return tree->root >= 2 && tree->root <= last_page && tree->depth >= 1 &&
           tree->depth <= CFR_IMAGE_DEPTH_MAX;
}

/* What LMDB compares when it chooses between the two. */
static const char *flaw_of_either(const struct raw_meta *meta)
{
    size_t page_len = meta->trees[0].pad;

    if (meta->magic != META_MAGIC) {
        return "no LMDB file";
    }
    if (meta->version != DATA_VERSION) {
        return "unknown version of LMDB's format";
    }
    if (page_len < CFR_IMAGE_PAGE_MIN_LEN || page_len > CFR_IMAGE_PAGE_MAX_LEN ||
        (page_len & (page_len - 1)) != 0) {
        return "impossible page length";
    }
    return (meta->txnid >> NUMBERS_LIMIT_BITS) != 0 ? "impossible transaction id" : NULL;
}

/*
 * What it then uses of the chosen one. The other one need not be sound: when a meta page cannot be written,
 * LMDB puts back the old transaction id, but not the old trees.
 */
static const char *flaw_of_chosen(const struct raw_meta *meta, size_t file_len)
{
    const struct raw_tree *free_tree = &meta->trees[0];
    const struct raw_tree *main_tree = &meta->trees[1];

    if ((meta->map_size >> NUMBERS_LIMIT_BITS) != 0 || meta->last_page < 1) {
        return "impossible map size or last page";
    }
    if (meta->last_page / 2 > file_len / sizeof(size_t)) {
        /* Pages that the file lacks are free, and each is named in the file, in a size_t. */
        return "a last page far beyond the end of the file";
    }
    if ((free_tree->flags & ~TREE_ENV_FLAGS) != TREE_INTEGER_KEY || main_tree->flags != 0 ||
        main_tree->pad != 0) {
        return "a tree has options that are never set";
    }
    if (!check_root(free_tree, meta->last_page) || !check_root(main_tree, meta->last_page)) {
        return "impossible root or depth of a tree";
    }
    return NULL;
}

/* @p at is the meta page's offset. Its page header is part of what LMDB checks at open. */
static const char *read_meta(const struct cfr_image *image, size_t at, struct raw_meta *ret_meta)
{
    struct cfr_image_page page;

    if (image->len < at + CFR_IMAGE_PAGE_HEAD_LEN + sizeof(*ret_meta)) {
        return "too short for its meta pages";
    }
    cfr_copy(&page, image->octets + at, sizeof(page));
    cfr_copy(ret_meta, image->octets + at + CFR_IMAGE_PAGE_HEAD_LEN, sizeof(*ret_meta));
    return page.flags == CFR_IMAGE_META ? flaw_of_either(ret_meta) : "not a meta page";
}

static enum cfr_store_status flawed(struct cfr_image_flaw *flaw, size_t page, const char *what)
{
    *flaw = (struct cfr_image_flaw){.page = page, .what = what};
    return CFR_STORE_CORRUPT;
}

enum cfr_store_status cfr_image_check_header(const struct cfr_image *image, size_t txnid,
                                             struct cfr_image_meta *ret_meta, struct cfr_image_flaw *ret_flaw)
{
    struct raw_meta metas[2] = {0};
    const char *what = NULL;
    size_t chosen;

    for (size_t i = 0; i < 2; i++) {
        what = read_meta(image, i * metas[0].trees[0].pad, &metas[i]);
        if (what != NULL) {
            return flawed(ret_flaw, i, what);
        }
    }
    chosen = txnid == CFR_IMAGE_NEWEST ? (metas[1].txnid > metas[0].txnid ? 1 : 0) : txnid % 2;
    if (metas[0].trees[0].pad != metas[1].trees[0].pad || image->len < 2 * (size_t)metas[0].trees[0].pad) {
        return flawed(ret_flaw, chosen, "the page lengths differ, or the file is shorter than two pages");
    }
    if ((metas[chosen].txnid != 0 && metas[chosen].txnid % 2 != chosen) ||
        (txnid != CFR_IMAGE_NEWEST && metas[chosen].txnid != txnid)) {
        return flawed(ret_flaw, chosen, "the meta page of another transaction");
    }
    what = flaw_of_chosen(&metas[chosen], image->len);
    if (what != NULL) {
        return flawed(ret_flaw, chosen, what);
    }
    *ret_meta = (struct cfr_image_meta){
        .page_len = metas[chosen].trees[0].pad,
        .last_page = metas[chosen].last_page,
        .txnid = metas[chosen].txnid,
        .free = tree_of(&metas[chosen].trees[0]),
        .main = tree_of(&metas[chosen].trees[1]),
    };
    return CFR_STORE_OK;
}
