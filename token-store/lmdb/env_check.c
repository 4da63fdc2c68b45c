/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/lmdb/env_check.h"

#include "base/alloc.h"

enum {
    NODE_BIG = 0x01, /* the data is in overflow pages */
    NODE_HEAD_LEN = 8,
    VALUE_PREFIX_LEN = 8 /* the revision */
};

/* A walk over one snapshot. */
struct walk {
    const struct cfr_image *image;
    const struct cfr_image_meta *meta;
    struct cfr_image_flaw *flaw;
    uint64_t *seen; /* a bit per page */
    bool in_free_tree;
    struct cfr_image_tree found; /* pages and entries met in the tree being walked */
    struct cfr_span last_key;    /* of the leaves, so far */
    struct cfr_span floor_key;   /* a separator just passed: the next leaf key is not below it */
    uint8_t starts[CFR_IMAGE_PAGE_MAX_LEN / 2 /
                   8]; /* of the page being checked: a bit per even offset at which a node starts */
};

/* A node, taken apart and known to lie within its page. */
struct node {
    struct cfr_span key;
    struct cfr_span data; /* what is in the page; empty in a branch */
    size_t data_len;      /* of a leaf; may be more than what is in the page */
    size_t child;         /* of a branch */
    uint16_t flags;
    size_t len; /* in the page, padding included */
};

static uint16_t load16(const uint8_t *from)
{
    uint16_t value;

    cfr_copy(&value, from, sizeof(value));
    return value;
}

static size_t load_size(const uint8_t *from)
{
    size_t value;

    cfr_copy(&value, from, sizeof(value));
    return value;
}

static bool bad(struct walk *walk, size_t page, const char *what)
{
    *walk->flaw = (struct cfr_image_flaw){.page = page, .what = what};
    return false;
}

/* Note that @p count pages from @p first on are used; each may be so once. */
static bool mark(struct walk *walk, size_t first, size_t count)
{
    if (first < 2 || first > walk->meta->last_page || count > walk->meta->last_page - first + 1) {
        return false;
    }
    for (size_t page = first; page < first + count; page++) {
        uint64_t bit = UINT64_C(1) << (page % 64);

        if ((walk->seen[page / 64] & bit) != 0) {
            return false;
        }
        walk->seen[page / 64] |= bit;
    }
    return true;
}

/*
 * Mark @p count pages that begin with a header of @p number, and see that the file has them. NULL when not
 * so.
 */
static const uint8_t *enter_page(struct walk *walk, size_t number, size_t count,
                                 struct cfr_image_page *ret_page)
{
    size_t file_pages = walk->image->len / walk->meta->page_len;
    const uint8_t *octets;

    if (!mark(walk, number, count)) {
        (void)bad(walk, number, "used twice or out of range");
        return NULL;
    }
    if (number + count > file_pages) {
        (void)bad(walk, number, "beyond the end of the file");
        return NULL;
    }
    octets = walk->image->octets + number * walk->meta->page_len;
    cfr_copy(ret_page, octets, sizeof(*ret_page));
    if (ret_page->number != number) {
        (void)bad(walk, number, "bears another number");
        return NULL;
    }
    return octets;
}

/* Take the node at @p at apart. False when it does not lie within the page. */
static bool read_node(const struct walk *walk, const uint8_t *page, size_t at, bool is_leaf,
                      struct node *ret_node)
{
    size_t room = walk->meta->page_len - at;
    uint32_t word;
    size_t key_len;
    size_t in_page;

    if (room < NODE_HEAD_LEN) {
        return false;
    }
    cfr_copy(&word, page + at, sizeof(word));
    ret_node->flags = load16(page + at + 4);
    key_len = load16(page + at + 6);
    ret_node->data_len = is_leaf ? word : 0;
    ret_node->child = word;
    if (sizeof(size_t) > sizeof(uint32_t)) {
        ret_node->child |= (size_t)((uint64_t)ret_node->flags << 32);
    }
    in_page = is_leaf && (ret_node->flags & NODE_BIG) != 0 ? sizeof(size_t) : ret_node->data_len;
    if (in_page > room || NODE_HEAD_LEN + key_len + in_page > room) {
        return false;
    }
    ret_node->key = cfr_span_of(page + at + NODE_HEAD_LEN, key_len);
    ret_node->data = cfr_span_of(page + at + NODE_HEAD_LEN + key_len, in_page);
    ret_node->len = (NODE_HEAD_LEN + key_len + in_page + 1) & ~(size_t)1;
    return ret_node->len <= room;
}

/*
 * The nodes must tile the page from upper to its end: LMDB moves them by these bounds when it deletes one,
 * and would move too much if two overlapped. Leaves the starts in walk->starts.
 */
static bool check_tiling(struct walk *walk, const uint8_t *page, const struct cfr_image_page *head,
                         bool is_leaf)
{
    size_t count = (head->lower - (size_t)CFR_IMAGE_PAGE_HEAD_LEN) / 2;
    size_t at = head->upper;
    struct node node;

    for (size_t i = 0; i < walk->meta->page_len / 16; i++) {
        walk->starts[i] = 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_node(walk, page, at, is_leaf, &node)) {
            return false;
        }
        walk->starts[at / 16] |= (uint8_t)(1U << (at / 2 % 8));
        at += node.len;
    }
    return at == walk->meta->page_len;
}

/* The node that offset @p index refers to; each node is referred to once. */
static bool take_node(struct walk *walk, const uint8_t *page, size_t index, bool is_leaf,
                      struct node *ret_node)
{
    size_t at = load16(page + CFR_IMAGE_PAGE_HEAD_LEN + 2 * index);
    uint8_t bit = (uint8_t)(1U << (at / 2 % 8));

    if (at % 2 != 0 || at >= walk->meta->page_len || (walk->starts[at / 16] & bit) == 0) {
        return false;
    }
    walk->starts[at / 16] &= (uint8_t)~bit;
    return read_node(walk, page, at, is_leaf, ret_node);
}

static int compare_keys(const struct walk *walk, struct cfr_span a, struct cfr_span b)
{
    if (walk->in_free_tree) {
        size_t x = load_size(a.ptr);
        size_t y = load_size(b.ptr);

        return (x > y) - (x < y);
    }
    return cfr_span_compare(a, b);
}

static bool check_key_len(const struct walk *walk, struct cfr_span key)
{
    return walk->in_free_tree ? key.len == sizeof(size_t) : key.len >= 1 && key.len <= CFR_STORE_KEY_MAX_LEN;
}

/* Mark the overflow pages of a value and see that they hold it. @p ret_octets is where it starts. */
static bool check_overflow(struct walk *walk, const struct node *node, const uint8_t **ret_octets)
{
    size_t number = load_size(node->data.ptr);
    size_t page_len = walk->meta->page_len;
    size_t file_pages = walk->image->len / page_len;
    const uint8_t *octets;
    struct cfr_image_page head;
    uint32_t count;

    if (number < 2 || number >= file_pages) {
        return bad(walk, number, "an overflow page out of range");
    }
    cfr_copy(&count, walk->image->octets + number * page_len + offsetof(struct cfr_image_page, lower),
             sizeof(count));
    octets = enter_page(walk, number, count, &head);
    if (octets == NULL) {
        return false;
    }
    if (head.flags != CFR_IMAGE_OVERFLOW || count * page_len < CFR_IMAGE_PAGE_HEAD_LEN + node->data_len) {
        return bad(walk, number, "not the overflow pages of this value");
    }
    walk->found.overflow_pages += count;
    *ret_octets = octets + CFR_IMAGE_PAGE_HEAD_LEN;
    return true;
}

/* A list of free pages; @p list is readable for @p len octets. */
static bool check_free_list(struct walk *walk, size_t page, const uint8_t *list, size_t len)
{
    size_t count;
    size_t above = SIZE_MAX;

    if (len < sizeof(size_t) || len % sizeof(size_t) != 0) {
        return bad(walk, page, "a list of free pages has a broken length");
    }
    count = load_size(list);
    if (count > len / sizeof(size_t) - 1) {
        return bad(walk, page, "a list of free pages is longer than its record");
    }
    for (size_t i = 1; i <= count; i++) {
        size_t number = load_size(list + i * sizeof(size_t));

        if (number >= above || !mark(walk, number, 1)) {
            return bad(walk, page, "a free page is out of order, out of range or in use");
        }
        above = number;
    }
    return true;
}

/* A record of the main tree: empty, or a revision that was given out, and a value. */
static bool check_value(struct walk *walk, size_t page, const uint8_t *octets, size_t len)
{
    if (len == 0) {
        return true;
    }
    if (len <= VALUE_PREFIX_LEN || len > VALUE_PREFIX_LEN + (size_t)CFR_STORE_VALUE_MAX_LEN) {
        return bad(walk, page, "a value of impossible length");
    }
    if (cfr_load_be64(octets) > walk->meta->txnid) {
        return bad(walk, page, "a value from the future");
    }
    return true;
}

static bool check_leaf_node(struct walk *walk, size_t page, const struct node *node)
{
    /* What LMDB puts in a page at most, so that two nodes always fit. */
    size_t node_max_len = (((walk->meta->page_len - CFR_IMAGE_PAGE_HEAD_LEN) / 2) & ~(size_t)1) - 2;
    const uint8_t *octets = node->data.ptr;

    if (!check_key_len(walk, node->key) || (node->flags & ~NODE_BIG) != 0 ||
        NODE_HEAD_LEN + node->key.len + node->data.len > node_max_len) {
        return bad(walk, page, "a node of impossible size or kind");
    }
    if ((walk->last_key.ptr != NULL && compare_keys(walk, walk->last_key, node->key) >= 0) ||
        (walk->floor_key.ptr != NULL && compare_keys(walk, walk->floor_key, node->key) > 0)) {
        return bad(walk, page, "keys out of order");
    }
    walk->last_key = node->key;
    walk->floor_key.ptr = NULL;
    walk->found.entries++;
    if ((node->flags & NODE_BIG) != 0 && !check_overflow(walk, node, &octets)) {
        return false;
    }
    if (!walk->in_free_tree) {
        return check_value(walk, page, octets, node->data_len);
    }
    if (load_size(node->key.ptr) - 1 >= walk->meta->txnid) {
        return bad(walk, page, "pages freed by a transaction that has not been");
    }
    return check_free_list(walk, page, octets, node->data_len);
}

static bool check_leaf(struct walk *walk, size_t number, const uint8_t *page, size_t count)
{
    struct node node;

    walk->found.leaf_pages++;
    for (size_t i = 0; i < count; i++) {
        if (!take_node(walk, page, i, true, &node)) {
            return bad(walk, number, "two offsets for one node");
        }
        if (!check_leaf_node(walk, number, &node)) {
            return false;
        }
    }
    return true;
}

static bool check_page(struct walk *walk, size_t number, size_t depth);

/* All offsets first: the children need walk->starts for themselves. */
static bool check_branch(struct walk *walk, size_t number, const uint8_t *page, size_t count, size_t depth)
{
    struct node node = {0};

    walk->found.branch_pages++;
    for (size_t i = 0; i < count; i++) {
        if (!take_node(walk, page, i, false, &node) || (i > 0 && !check_key_len(walk, node.key))) {
            return bad(walk, number, "two offsets for one node, or a key of impossible length");
        }
    }
    for (size_t i = 0; i < count; i++) {
        (void)read_node(walk, page, load16(page + CFR_IMAGE_PAGE_HEAD_LEN + 2 * i), false, &node);
        if (i > 0) {
            /* There is a last key, not below the last separator: the first child had at least one record. */
            if (compare_keys(walk, walk->last_key, node.key) >= 0) {
                return bad(walk, number, "keys out of order");
            }
            walk->floor_key = node.key;
        }
        if (!check_page(walk, node.child, depth - 1)) {
            return false;
        }
    }
    return true;
}

/*
 * A page and what hangs on it, @p depth levels with its own. Recursion ends with depth, at most
 * CFR_IMAGE_DEPTH_MAX.
 */
static bool check_page(struct walk *walk, size_t number, size_t depth)
{
    bool is_leaf = depth == 1;
    struct cfr_image_page head;
    const uint8_t *page = enter_page(walk, number, 1, &head);
    size_t count;

    if (page == NULL) {
        return false;
    }
    if (head.flags != (is_leaf ? CFR_IMAGE_LEAF : CFR_IMAGE_BRANCH)) {
        return bad(walk, number, "not of the kind that belongs here");
    }
    if (head.lower < CFR_IMAGE_PAGE_HEAD_LEN || head.lower % 2 != 0 || head.upper % 2 != 0 ||
        head.lower > head.upper || head.upper > walk->meta->page_len) {
        return bad(walk, number, "impossible bounds");
    }
    count = (head.lower - (size_t)CFR_IMAGE_PAGE_HEAD_LEN) / 2;
    /* A branch of the free tree may for a while have one child; LMDB aborts on one in the main tree. */
    if (count < (is_leaf || walk->in_free_tree ? 1 : 2)) {
        return bad(walk, number, "too few nodes");
    }
    if (!check_tiling(walk, page, &head, is_leaf)) {
        return bad(walk, number, "the nodes do not fill the page");
    }
    return is_leaf ? check_leaf(walk, number, page, count) : check_branch(walk, number, page, count, depth);
}

static bool check_tree(struct walk *walk, const struct cfr_image_tree *tree)
{
    walk->found = (struct cfr_image_tree){.depth = tree->depth, .root = tree->root};
    walk->last_key = walk->floor_key = cfr_span_of(NULL, 0);
    if (tree->root != CFR_IMAGE_NO_PAGE && !check_page(walk, tree->root, tree->depth)) {
        return false;
    }
    if (walk->found.entries != tree->entries || walk->found.branch_pages != tree->branch_pages ||
        walk->found.leaf_pages != tree->leaf_pages || walk->found.overflow_pages != tree->overflow_pages) {
        return bad(walk, walk->meta->txnid % 2, "counts of pages or records that are not so");
    }
    return true;
}

static bool walk_trees(struct walk *walk)
{
    size_t file_pages = walk->image->len / walk->meta->page_len;

    walk->in_free_tree = true;
    if (!check_tree(walk, &walk->meta->free)) {
        return false;
    }
    walk->in_free_tree = false;
    if (!check_tree(walk, &walk->meta->main)) {
        return false;
    }
    /*
     * LMDB does not write a page that is freed by the transaction that took it: the file may lack free pages.
     */
    for (size_t page = file_pages; page <= walk->meta->last_page; page++) {
        if ((walk->seen[page / 64] >> (page % 64) & 1) == 0) {
            return bad(walk, page, "beyond the end of the file");
        }
    }
    return true;
}

enum cfr_store_status cfr_env_check_pages(const struct cfr_image *image, const struct cfr_image_meta *meta,
                                          struct cfr_image_flaw *ret_flaw)
{
    struct walk *walk;
    bool is_sound;

    walk = cfr_alloc(sizeof(*walk));
    if (walk == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    walk->seen = cfr_alloc_array(meta->last_page / 64 + 1, sizeof(uint64_t));
    if (walk->seen == NULL) {
        cfr_free(walk);
        return CFR_STORE_UNAVAIL;
    }
    walk->image = image;
    walk->meta = meta;
    walk->flaw = ret_flaw;
    is_sound = walk_trees(walk);
    cfr_free(walk->seen);
    cfr_free(walk);
    return is_sound ? CFR_STORE_OK : CFR_STORE_CORRUPT;
}
