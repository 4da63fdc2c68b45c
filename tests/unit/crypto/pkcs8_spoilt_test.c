/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings cut short, changed and put together wrongly: none is accepted, and none is read past its end. */
#include "crypto/asn1.h"
#include "unit/crypto/pkcs8_samples.h"

START_TEST(truncated_anywhere_is_refused)
{
    AUTO(keymat) *keymat = new_key(key_names[_i]);
    AUTO(secret) *text = encode(keymat);

    for (size_t len = 0; len < cfr_secret_view(text).len; len++) {
        ASSERT_RV(try_decode(cfr_span_of(cfr_secret_view(text).ptr, len)), CKR_WRAPPED_KEY_INVALID);
    }
    ASSERT_OK(cfr_secret_grow(&text, cfr_secret_view(text).len + 1));
    ASSERT_RV(try_decode(cfr_secret_view(text)), CKR_WRAPPED_KEY_INVALID);
}
END_TEST

/* Version 2 without what it brings is the only change that leaves these texts as they were. */
static bool is_version_2(struct cfr_span text, size_t at)
{
    return at > 2 && at < 8 && text.ptr[at - 2] == CFR_DER_INTEGER && text.ptr[at] == 1;
}

/* Any octet changed: whatever is still accepted is a key that encodes and decodes again. */
START_TEST(changed_octets_never_make_a_key_that_does_not_come_back)
{
    AUTO(keymat) *keymat = new_key(key_names[_i]);
    AUTO(secret) *text = encode(keymat);
    uint8_t *octets = cfr_secret_edit(text);
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x20};

    for (size_t at = 0; at < cfr_secret_view(text).len; at++) {
        for (size_t i = 0; i < COUNT_OF(changes); i++) {
            AUTO(keymat) *decoded = NULL;

            octets[at] ^= changes[i];
            if (decode(cfr_secret_view(text), &decoded) == CKR_OK) {
                AUTO(secret) *again = encode(decoded);

                ASSERT_OK(try_decode(cfr_secret_view(again)));
                ck_assert_msg(_i >= 4 || is_version_2(cfr_secret_view(text), at), "octet %zu of a key of %s",
                              at, key_names[_i]);
            }
            octets[at] ^= changes[i];
        }
    }
}
END_TEST

/*
 * A text as a tree, so that one element at a time can be spoilt while everything around it stays right: every
 * header outside is written anew.
 */
struct node {
    unsigned tag;
    struct cfr_span contents;
    unsigned parent;
    bool has_children;
};

enum { NODES_MAX = 40, NO_NODE = NODES_MAX };

enum spoiling {
    SPOIL_TAG,
    SPOIL_REMOVE,
    SPOIL_TWICE,
    SPOIL_EMPTY,
    SPOIL_LONG_LENGTH,
    SPOIL_EXTRA,
    SPOIL_LAST_BIT,
    SPOILINGS
};

struct tree {
    struct node node[NODES_MAX];
    unsigned count;
    unsigned spoilt;
    enum spoiling how;
};

static bool is_one_element(struct cfr_span contents)
{
    struct cfr_der der = cfr_der_of(contents);
    unsigned tag = cfr_der_peek(&der);

    (void)cfr_der_take_any(&der);
    return cfr_der_done(&der) && (tag == CFR_DER_SEQUENCE || tag == CFR_DER_OCTET_STRING);
}

static void grow_tree(struct tree *tree, struct cfr_span text, unsigned parent)
{
    struct cfr_der der = cfr_der_of(text);

    while (der.rest.len != 0) {
        unsigned own = tree->count++;
        struct node *node = &tree->node[own];

        ck_assert_uint_lt(own, NODES_MAX);
        node->tag = cfr_der_peek(&der);
        node->contents = cfr_der_take(&der, node->tag);
        node->parent = parent;
        ck_assert(!der.failed);
        node->has_children =
            (node->tag & 0x20) != 0 || (node->tag == CFR_DER_OCTET_STRING && is_one_element(node->contents));
        if (node->has_children) {
            grow_tree(tree, node->contents, own);
        }
    }
}

static void put_tree(const struct tree *tree, unsigned parent, struct cfr_der_out *out);

/* The element itself, as it was or spoilt. */
static void put_node(const struct tree *tree, unsigned own, struct cfr_der_out *out)
{
    const struct node *node = &tree->node[own];
    bool is_spoilt = tree->spoilt == own;
    size_t mark = cfr_der_mark(out);
    uint8_t last;

    if (is_spoilt && tree->how == SPOIL_REMOVE) {
        return;
    }
    if (is_spoilt && tree->how == SPOIL_EXTRA) {
        cfr_der_prepend(out, cfr_span_of("\x05\x00", 2));
        mark = cfr_der_mark(out);
    }
    if (node->has_children && !(is_spoilt && tree->how == SPOIL_EMPTY)) {
        put_tree(tree, own, out);
    } else if (!(is_spoilt && tree->how == SPOIL_EMPTY) && node->contents.len != 0) {
        last =
            node->contents.ptr[node->contents.len - 1] ^ (is_spoilt && tree->how == SPOIL_LAST_BIT ? 2 : 0);
        cfr_der_prepend(out, cfr_span_of(&last, 1));
        cfr_der_prepend(out, cfr_span_of(node->contents.ptr, node->contents.len - 1));
    }
    if (is_spoilt && tree->how == SPOIL_LONG_LENGTH) {
        size_t len = cfr_der_mark(out) - mark;
        uint8_t header[] = {(uint8_t)node->tag, 0x83, (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                            (uint8_t)len};

        cfr_der_prepend(out, cfr_span_of(header, sizeof(header)));
        return;
    }
    cfr_der_wrap(out, node->tag ^ (is_spoilt && tree->how == SPOIL_TAG ? 0x40U : 0), mark);
}

static void put_tree(const struct tree *tree, unsigned parent, struct cfr_der_out *out)
{
    for (unsigned own = tree->count; own-- > 0;) {
        if (tree->node[own].parent == parent) {
            put_node(tree, own, out);
            if (tree->spoilt == own && tree->how == SPOIL_TWICE) {
                put_node(tree, own, out);
            }
        }
    }
}

static struct cfr_secret *text_of_tree(const struct tree *tree)
{
    struct cfr_der_out out = {0};
    struct cfr_secret *text = NULL;

    ASSERT_OK(cfr_der_out_begin(2 * TEXT_MAX_LEN, &out));
    put_tree(tree, NO_NODE, &out);
    ASSERT_OK(cfr_der_out_finish(&out, &text));
    return text;
}

/* The few changes that leave a key: no public half in an EC key, another seed. */
static bool may_pass(const struct tree *tree, const char *name)
{
    const struct node *node = &tree->node[tree->spoilt];
    bool is_ec = cfr_curve_family(fixture_curve(name)) == CFR_KEY_EC;

    if (is_ec) {
        return node->tag == CFR_DER_CONTEXT_1 && tree->how == SPOIL_REMOVE;
    }
    return node->tag == CFR_DER_OCTET_STRING && !node->has_children && tree->how == SPOIL_LAST_BIT;
}

START_TEST(every_field_spoilt_once_is_refused)
{
    AUTO(keymat) *keymat = new_key(key_names[_i]);
    AUTO(secret) *text = encode(keymat);
    AUTO(secret) *same = NULL;
    struct tree tree = {.spoilt = NO_NODE};
    unsigned passed = 0;

    grow_tree(&tree, cfr_secret_view(text), NO_NODE);
    same = text_of_tree(&tree);
    ASSERT_SPAN(cfr_secret_view(same), cfr_secret_view(text));
    for (tree.spoilt = 0; tree.spoilt < tree.count; tree.spoilt++) {
        for (int how = 0; how < SPOILINGS; how++) {
            AUTO(secret) *spoilt = NULL;
            CK_RV rv;

            tree.how = (enum spoiling)how;
            spoilt = text_of_tree(&tree);
            if (cfr_span_equal(cfr_secret_view(spoilt), cfr_secret_view(text))) {
                continue;
            }
            rv = try_decode(cfr_secret_view(spoilt));
            passed += rv == CKR_OK;
            ck_assert_msg(rv == CKR_WRAPPED_KEY_INVALID || rv == CKR_CURVE_NOT_SUPPORTED ||
                              (rv == CKR_OK && _i > 0 && may_pass(&tree, key_names[_i])),
                          "%s: element %u (tag %02x) spoilt in way %d gave 0x%lx", key_names[_i], tree.spoilt,
                          tree.node[tree.spoilt].tag, how, rv);
        }
    }
    ck_assert_uint_eq(passed, _i == 0 ? 0 : 1);
}
END_TEST

START_TEST(random_octets_are_read_safely)
{
    AUTO(keymat) *keymat = new_key(key_names[_i]);
    AUTO(secret) *text = encode(keymat);
    uint8_t octets[TEXT_MAX_LEN];
    size_t len = cfr_secret_view(text).len;

    for (int round = 0; round < 500; round++) {
        unsigned changes = 1 + harness_number(4);

        cfr_copy(octets, cfr_secret_view(text).ptr, len);
        for (unsigned i = 0; i < changes; i++) {
            /* Mostly in the headers. */
            octets[harness_number(harness_number(3) == 0 ? (uint32_t)len : 40)] =
                (uint8_t)harness_number(256);
        }
        (void)try_decode(cfr_span_of(octets, len));
    }
    ck_assert_uint_eq(cfr_secret_in_use(), len);
}
END_TEST

static Suite *suite(void)
{
    Suite *spoilt = suite_create("pkcs8_spoilt");
    TCase *tcase = tcase_create("spoilt");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 240);
    tcase_add_loop_test(tcase, truncated_anywhere_is_refused, 0, KEY_NAMES);
    tcase_add_loop_test(tcase, changed_octets_never_make_a_key_that_does_not_come_back, 0, KEY_NAMES);
    tcase_add_loop_test(tcase, every_field_spoilt_once_is_refused, 0, KEY_NAMES);
    tcase_add_loop_test(tcase, random_octets_are_read_safely, 0, KEY_NAMES);
    suite_add_tcase(spoilt, tcase);
    return spoilt;
}

TEST_MAIN(suite)
