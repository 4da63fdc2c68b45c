/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/asn1.h"
#include "crypto/ec.h"
#include "crypto/pkcs8.h"
#include "unit/crypto/fixture.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_MAX_LEN = 2048 };

static const char *const key_names[] = {"RSA",     "prime256v1", "secp521r1", "sect283k1",
                                        "ED25519", "ED448",      "X25519",    "X448"};
enum { KEY_NAMES = sizeof(key_names) / sizeof(key_names[0]) };

static struct cfr_keymat *new_key(const char *name)
{
    struct cfr_keymat *keymat = NULL;

    if (strcmp(name, "RSA") == 0) {
        return fixture_rsa_private("rsa2048_1");
    }
    ASSERT_OK(cfr_ec_generate(fixture_curve(name), &keymat));
    return keymat;
}

static struct cfr_secret *encode(const struct cfr_keymat *keymat)
{
    struct cfr_secret *text = NULL;

    ASSERT_OK(cfr_pkcs8_encode(keymat, &text));
    return text;
}

/* Decoding from the heap and of the exact length, so that AddressSanitizer sees every octet too many. */
static CK_RV decode(struct cfr_span text, struct cfr_keymat **ret_keymat)
{
    uint8_t *copy = malloc(text.len + (text.len == 0));
    CK_RV rv;

    cfr_copy(copy, text.ptr, text.len);
    rv = cfr_pkcs8_decode(cfr_span_of(copy, text.len), ret_keymat);
    free(copy);
    return rv;
}

static CK_RV try_decode(struct cfr_span text)
{
    AUTO(keymat) *keymat = NULL;
    CK_RV rv = decode(text, &keymat);

    ck_assert_int_eq(rv == CKR_OK, keymat != NULL);
    return rv;
}

static EVP_PKEY *read_direct(struct cfr_span text)
{
    const uint8_t *at = text.ptr;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)text.len);
    EVP_PKEY *pkey = info == NULL ? NULL : EVP_PKCS82PKEY(info);

    ck_assert_ptr_eq(at, text.ptr + text.len);
    PKCS8_PRIV_KEY_INFO_free(info);
    return pkey;
}

static size_t write_direct(EVP_PKEY *pkey, uint8_t *out)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);

    ck_assert(len > 0 && len <= TEXT_MAX_LEN);
    ck_assert_int_eq(i2d_PKCS8_PRIV_KEY_INFO(info, &out), len);
    PKCS8_PRIV_KEY_INFO_free(info);
    return (size_t)len;
}

static void check_round_trip(struct cfr_keymat *keymat)
{
    AUTO(secret) *text = encode(keymat);
    AUTO(secret) *again = NULL;
    AUTO(keymat) *decoded = NULL;
    AUTO(keymat) *from_direct = NULL;
    EVP_PKEY *direct = read_direct(cfr_secret_view(text));
    uint8_t written[TEXT_MAX_LEN];

    ASSERT_OK(decode(cfr_secret_view(text), &decoded));
    ck_assert_int_eq(cfr_keymat_family(decoded), cfr_keymat_family(keymat));
    ck_assert(cfr_keymat_is_private(decoded));
    ck_assert_uint_eq(cfr_keymat_bits(decoded), cfr_keymat_bits(keymat));
    again = encode(decoded);
    ASSERT_SPAN(cfr_secret_view(again), cfr_secret_view(text));
    ck_assert_ptr_nonnull(direct);
    ck_assert(fixture_is_same_key(direct, keymat));
    ASSERT_OK(decode(cfr_span_of(written, write_direct(direct, written)), &from_direct));
    ck_assert(fixture_is_same_key(direct, from_direct));
    EVP_PKEY_free(direct);
    cfr_keymat_drop(keymat);
}

static void check_curve(const struct cfr_curve *curve, void *arg)
{
    struct cfr_keymat *keymat = NULL;

    (void)arg;
    ASSERT_OK(cfr_ec_generate(curve, &keymat));
    check_round_trip(keymat);
}

START_TEST(every_key_comes_back_and_libcrypto_reads_it)
{
    static const char *const ids[] = {"rsa2048_1", "rsa1024_2", "rsa1536_3", "rsa3072_9"};

    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        check_round_trip(fixture_rsa_private(ids[i]));
    }
    for (enum cfr_key_family family = CFR_KEY_EC; family <= CFR_KEY_MONTGOMERY; family++) {
        ck_assert_uint_gt(cfr_curve_each(family, check_curve, NULL), 0);
    }
}
END_TEST

START_TEST(other_keys_are_not_encoded)
{
    AUTO(secret) *octets = NULL;
    AUTO(keymat) *symmetric = NULL;
    AUTO(keymat) *public_key = fixture_rsa_public("rsa2048_1");
    AUTO(keymat) *pair = new_key("prime256v1");
    AUTO(keymat) *public_ec = NULL;
    struct cfr_secret *text = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    size_t len = 0;

    ASSERT_OK(cfr_secret_new(16, &octets));
    ASSERT_OK(cfr_keymat_from_secret(octets, &symmetric));
    ASSERT_RV(cfr_pkcs8_encode(symmetric, &text), CKR_KEY_NOT_WRAPPABLE);
    ck_assert_uint_ne(cfr_pkcs8_encode(public_key, &text), CKR_OK);
    ASSERT_OK(cfr_ec_point(pair, point, &len));
    ASSERT_OK(cfr_ec_import_public(fixture_curve("prime256v1"), cfr_span_of(point, len), &public_ec));
    ck_assert_uint_ne(cfr_pkcs8_encode(public_ec, &text), CKR_OK);
    ck_assert_ptr_null(text);
}
END_TEST

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

/* Versions, attributes and the public key of RFC 5958, around an Ed25519 key of RFC 8410 section 10.3. */
static const struct {
    const char *text;
    CK_RV rv;
} variants[] = {
    {"302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_OK},
    /* RFC 8410's second: version 2, attributes, public key */
    {"3072020101300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842"
     "a01f301d060a2a864886f70d01090914310f0c0d437572646c65204368616972738121001"
     "9bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
     CKR_OK},
    /* attributes in version 1 */
    {"3030020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842a000",
     CKR_OK},
    /* a public key in version 1 */
    {"3051020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842"
     "81210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
     CKR_WRAPPED_KEY_INVALID},
    /* versions 3 and -1, and of two octets */
    {"302e020102300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    {"302e0201ff300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    {"302f02020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    /* parameters, NULL, with the identifier (RFC 8410 section 3) */
    {"3030020100300706032b6570050004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    /* the seed without its own OCTET STRING, and one octet short */
    {"302c020100300506032b65700420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    {"302d020100300506032b65700421041fd4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f447558",
     CKR_WRAPPED_KEY_INVALID},
    /* "edwards25519" as a PrintableString in place of the identifier */
    {"3037020100300e130c656477617264733235353139"
     "04220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    /* prime256v1's identifier as the algorithm; DSA's without parameters */
    {"3033020100300a06082a8648ce3d03010704220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755"
     "842",
     CKR_CURVE_NOT_SUPPORTED},
    {"3032020100300906072a8648ce38040104220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f4475584"
     "2",
     CKR_CURVE_NOT_SUPPORTED},
};

START_TEST(variants_of_the_outer_structure)
{
    uint8_t octets[256];
    size_t len = 0;

    ck_assert(vectors_from_hex(variants[_i].text, octets, sizeof(octets), &len));
    ASSERT_RV(try_decode(cfr_span_of(octets, len)), variants[_i].rv);
}
END_TEST

/* An EC key put together from parts; lengths as they come. */
struct ec_parts {
    struct cfr_span params; /* of the algorithm, DER */
    struct cfr_span value;
    struct cfr_span inner_params; /* DER, or empty for none */
    struct cfr_span point;        /* or empty for none */
};

static CK_RV decode_ec(const struct ec_parts *parts)
{
    static const uint8_t oid_ec[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    AUTO(der_out) out = {0};
    AUTO(secret) *text = NULL;
    size_t mark;

    ASSERT_OK(cfr_der_out_begin(TEXT_MAX_LEN, &out));
    if (parts->point.len != 0) {
        cfr_der_prepend(&out, parts->point);
        cfr_der_prepend(&out, cfr_span_of("\0", 1));
        cfr_der_wrap(&out, CFR_DER_BIT_STRING, 0);
        cfr_der_wrap(&out, CFR_DER_CONTEXT_1, 0);
    }
    if (parts->inner_params.len != 0) {
        cfr_der_prepend_element(&out, CFR_DER_CONTEXT_0, parts->inner_params);
    }
    cfr_der_prepend_element(&out, CFR_DER_OCTET_STRING, parts->value);
    cfr_der_prepend_unsigned(&out, cfr_span_of("\1", 1));
    cfr_der_wrap(&out, CFR_DER_SEQUENCE, 0);
    cfr_der_wrap(&out, CFR_DER_OCTET_STRING, 0);
    mark = cfr_der_mark(&out);
    cfr_der_prepend(&out, parts->params);
    cfr_der_prepend(&out, cfr_span_of(oid_ec, sizeof(oid_ec)));
    cfr_der_wrap(&out, CFR_DER_SEQUENCE, mark);
    cfr_der_prepend_unsigned(&out, cfr_span_of("\0", 1));
    cfr_der_wrap(&out, CFR_DER_SEQUENCE, 0);
    ASSERT_OK(cfr_der_out_finish(&out, &text));
    return try_decode(cfr_secret_view(text));
}

START_TEST(parts_of_an_ec_key_must_agree)
{
    static const uint8_t oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const uint8_t other_oid[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
    static const uint8_t name[] = "\x13\x0aprime256v1";
    AUTO(keymat) *pair = new_key("prime256v1");
    AUTO(keymat) *other = new_key("prime256v1");
    AUTO(secret) *value = NULL;
    uint8_t points[2][CFR_EC_POINT_MAX_LEN];
    uint8_t zeros[40] = {0};
    size_t len = 0;
    struct ec_parts right = {.params = {oid, sizeof(oid)}};
    struct ec_parts parts;

    ASSERT_OK(cfr_ec_value(pair, &value));
    ASSERT_OK(cfr_ec_point(pair, points[0], &len));
    ASSERT_OK(cfr_ec_point(other, points[1], &len));
    right.value = cfr_secret_view(value);
    ASSERT_OK(decode_ec(&right));
    right.point = cfr_span_of(points[0], len);
    right.inner_params = right.params;
    ASSERT_OK(decode_ec(&right));
    parts = right;
    parts.point = cfr_span_of(points[1], len);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    parts.point = cfr_span_of(points[1], len - 1);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    points[0][0] = (uint8_t)(2 + (points[0][len - 1] & 1));
    parts.point = cfr_span_of(points[0], 33);
    ASSERT_OK(decode_ec(&parts));
    points[0][0] = 4;
    parts = right;
    parts.inner_params = cfr_span_of(other_oid, sizeof(other_oid));
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    parts = right;
    parts.params = cfr_span_of(other_oid, sizeof(other_oid));
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    /* RFC 5480 2.1.1: a namedCurve is an object identifier. */
    parts = right;
    parts.inner_params = cfr_span_of(NULL, 0);
    parts.params = cfr_span_of(name, sizeof(name) - 1);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    parts.params = cfr_span_of(NULL, 0);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    parts.params = cfr_span_of("\x05\x00", 2);
    ASSERT_RV(decode_ec(&parts), CKR_CURVE_NOT_SUPPORTED);
    parts = (struct ec_parts){.params = right.params, .value = cfr_span_of(zeros, 32)};
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    parts.value = cfr_span_of(NULL, 0);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    memset(zeros, 0xff, sizeof(zeros));
    parts.value = cfr_span_of(zeros, 32);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
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

extern char **environ;

/* Run the openssl command; false when there is none. */
static bool run_openssl(const char *const *arguments)
{
    pid_t pid;
    int status = 0;

    if (posix_spawnp(&pid, "openssl", NULL, NULL, (char *const *)(uintptr_t)arguments, environ) != 0) {
        return false;
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "openssl was ended by a signal");
    if (WEXITSTATUS(status) == 127) {
        return false;
    }
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    return true;
}

static size_t read_pem(const char *path, uint8_t *out)
{
    FILE *file = fopen(path, "r");
    uint8_t *octets = NULL;
    char *name = NULL;
    char *header = NULL;
    long len = 0;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_read(file, &name, &header, &octets, &len), 1);
    ck_assert_str_eq(name, PEM_STRING_PKCS8INF);
    ck_assert_int_le(len, TEXT_MAX_LEN);
    cfr_copy(out, octets, (size_t)len);
    OPENSSL_free(octets);
    OPENSSL_free(name);
    OPENSSL_free(header);
    (void)fclose(file);
    return (size_t)len;
}

static void write_file(const char *path, struct cfr_span octets)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_eq(write(fd, octets.ptr, octets.len), (ssize_t)octets.len);
    (void)close(fd);
}

/* It reads what we write, and we read what it writes: PEM, because its DER is another format for some keys.
 */
START_TEST(openssl_command_reads_and_writes_the_same)
{
    char folder[] = "/tmp/coffer-pkcs8-test-XXXXXX";
    char in[64];
    char out[64];
    const char *const arguments[] = {"openssl",  "pkey", "-inform", "DER", "-in", in,
                                     "-outform", "PEM",  "-out",    out,   NULL};
    AUTO(keymat) *keymat = new_key(key_names[_i]);
    AUTO(secret) *text = encode(keymat);
    AUTO(keymat) *decoded = NULL;
    AUTO(secret) *again = NULL;
    uint8_t octets[TEXT_MAX_LEN];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(in, sizeof(in), "%s/in", folder);
    (void)snprintf(out, sizeof(out), "%s/out", folder);
    write_file(in, cfr_secret_view(text));
    if (run_openssl(arguments)) {
        ASSERT_OK(decode(cfr_span_of(octets, read_pem(out, octets)), &decoded));
        again = encode(decoded);
        ASSERT_SPAN(cfr_secret_view(again), cfr_secret_view(text));
    } else {
        (void)fprintf(stderr, "there is no openssl command: skipped\n");
    }
    (void)unlink(in);
    (void)unlink(out);
    (void)rmdir(folder);
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(secret) *text = NULL;
    AUTO(keymat) *decoded = NULL;
    CK_RV rv;

    TRY(cfr_pkcs8_encode(arg, &text));
    rv = cfr_pkcs8_decode(cfr_secret_view(text), &decoded);
    ck_assert_int_eq(rv == CKR_OK, decoded != NULL);
    return rv;
}

START_TEST(each_call_may_fail)
{
    AUTO(keymat) *keymat = new_key(key_names[_i]);

    nth_failure_both(attempt, keymat, 3, 2);
}
END_TEST

static Suite *suite(void)
{
    Suite *pkcs8 = suite_create("pkcs8");
    TCase *tcase = tcase_create("pkcs8");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, every_key_comes_back_and_libcrypto_reads_it);
    tcase_add_test(tcase, other_keys_are_not_encoded);
    tcase_add_loop_test(tcase, truncated_anywhere_is_refused, 0, KEY_NAMES);
    tcase_add_loop_test(tcase, changed_octets_never_make_a_key_that_does_not_come_back, 0, KEY_NAMES);
    tcase_add_loop_test(tcase, every_field_spoilt_once_is_refused, 0, KEY_NAMES);
    tcase_add_loop_test(tcase, variants_of_the_outer_structure, 0, COUNT_OF(variants));
    tcase_add_test(tcase, parts_of_an_ec_key_must_agree);
    tcase_add_loop_test(tcase, random_octets_are_read_safely, 0, KEY_NAMES);
    tcase_add_loop_test(tcase, openssl_command_reads_and_writes_the_same, 0, KEY_NAMES);
    tcase_add_loop_test(tcase, each_call_may_fail, 0, KEY_NAMES);
    suite_add_tcase(pkcs8, tcase);
    return pkcs8;
}

TEST_MAIN(suite)
