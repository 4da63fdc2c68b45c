/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of a secret in this process's memory once everything that held it has been dropped. A secret
 * comes from a forked child, masked, and is unmasked only into the arena, so that whatever is found of it
 * later was left by the code under test. Sanitizers keep freed memory and map terabytes: not run under them.
 */
#include "crypto/aead.h"
#include "crypto/cipher.h"
#include "crypto/ec.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "crypto/mac.h"
#include "crypto/pinkdf.h"
#include "crypto/pkcs8.h"
#include "crypto/rng.h"
#include "crypto/xaes.h"
#include "unit/crypto/fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MASK = 0x5c, NEEDLE_LEN = 16, SECRET_MAX_LEN = 4096, CHUNK_LEN = 1 << 16 };

/* Masked octets, and how many. */
struct masked {
    uint8_t octets[SECRET_MAX_LEN];
    size_t len;
};

static void mask(const struct cfr_secret *secret, struct masked *masked)
{
    struct cfr_span view = cfr_secret_view(secret);

    masked->len = view.len;
    for (size_t i = 0; i < view.len; i++) {
        masked->octets[i] = view.ptr[i] ^ MASK;
    }
}

static struct cfr_secret *unmask(const struct masked *masked)
{
    struct cfr_secret *secret = NULL;

    ASSERT_OK(cfr_secret_new(masked->len, &secret));
    for (size_t i = 0; i < masked->len; i++) {
        cfr_secret_edit(secret)[i] = masked->octets[i] ^ MASK;
    }
    return secret;
}

/* Makes a secret, in the child. */
typedef CK_RV (*make_fn)(struct cfr_secret **ret_secret);

struct making {
    make_fn make;
    int fd;
};

static int make_in_child(void *arg)
{
    const struct making *making = arg;
    static struct masked masked;
    struct cfr_secret *secret = NULL;

    if (making->make(&secret) != CKR_OK) {
        return 1;
    }
    mask(secret, &masked);
    return write(making->fd, masked.octets, masked.len) == (ssize_t)masked.len ? 0 : 2;
}

static void fetch(make_fn make, struct masked *ret_masked)
{
    struct making making = {.make = make};
    int ends[2];
    ssize_t len;

    ck_assert_int_eq(pipe(ends), 0);
    making.fd = ends[1];
    ck_assert_int_eq(harness_child(make_in_child, &making), 0);
    len = read(ends[0], ret_masked->octets, sizeof(ret_masked->octets));
    ck_assert_int_ge(len, NEEDLE_LEN);
    ret_masked->len = (size_t)len;
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static CK_RV make_random(struct cfr_secret **ret_secret)
{
    return cfr_rng_secret(32, ret_secret);
}

static CK_RV make_rsa(struct cfr_secret **ret_secret)
{
    AUTO(keymat) *keymat = NULL;

    TRY(cfr_rsa_generate(1024, cfr_span_of("\1\0\1", 3), &keymat));
    return cfr_pkcs8_encode(keymat, ret_secret);
}

static CK_RV make_curve_key(const char *curve, struct cfr_secret **ret_secret)
{
    AUTO(keymat) *keymat = NULL;

    TRY(cfr_ec_generate(fixture_curve(curve), &keymat));
    return cfr_ec_value(keymat, ret_secret);
}

static CK_RV make_p256(struct cfr_secret **ret_secret)
{
    return make_curve_key("prime256v1", ret_secret);
}

static CK_RV make_ed25519(struct cfr_secret **ret_secret)
{
    return make_curve_key("ED25519", ret_secret);
}

/* Where the needle is, or 0. Numbers are also looked for backwards, as libcrypto keeps them. */
static size_t find_in(const uint8_t *text, size_t len, const uint8_t *masked)
{
    for (size_t at = 0; at + NEEDLE_LEN <= len; at++) {
        size_t forward = 0;
        size_t backward = 0;

        while (forward < NEEDLE_LEN && text[at + forward] == (masked[forward] ^ MASK)) {
            forward++;
        }
        while (backward < NEEDLE_LEN && text[at + backward] == (masked[NEEDLE_LEN - 1 - backward] ^ MASK)) {
            backward++;
        }
        if (forward == NEEDLE_LEN || backward == NEEDLE_LEN) {
            return at + 1;
        }
    }
    return 0;
}

/* Static, so that its address is known and the copy in it is not taken for a finding. */
static uint8_t chunk[CHUNK_LEN];

static bool search_region(int memory, uintptr_t start, uintptr_t end, const uint8_t *masked)
{
    for (uintptr_t at = start; at < end; at += CHUNK_LEN - NEEDLE_LEN) {
        size_t step = end - at < CHUNK_LEN ? end - at : CHUNK_LEN;
        ssize_t len;

        if (at < (uintptr_t)chunk + sizeof(chunk) && at + step > (uintptr_t)chunk) {
            continue;
        }
        len = pread(memory, chunk, step, (off_t)at);
        if (len > 0 && find_in(chunk, (size_t)len, masked) != 0) {
            return true;
        }
    }
    return false;
}

/* The name of a writable mapping that has the needle, or NULL. */
static const char *search_memory(const uint8_t *masked)
{
    static char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    bool found = false;

    ck_assert(maps != NULL && memory >= 0);
    while (!found && fgets(line, sizeof(line), maps) != NULL) {
        uintptr_t start = 0;
        uintptr_t end = 0;
        char access[8] = "";

        if (sscanf(line, "%lx-%lx %7s", &start, &end, access) == 3 && access[0] == 'r' && access[1] == 'w') {
            found = search_region(memory, start, end, masked);
        }
    }
    (void)fclose(maps);
    (void)close(memory);
    memset(chunk, 0, sizeof(chunk));
    return found ? line : NULL;
}

/* Uses of a secret, each from nothing to nothing. */
static CK_RV use_cipher(struct cfr_span key)
{
    AUTO(cipher) *cipher = NULL;
    AUTO(cipher) *copy = NULL;
    uint8_t text[16] = {0};
    size_t len = 0;

    TRY(cfr_cipher_new(CFR_CIPHER_CBC, true, key, &cipher));
    TRY(cfr_cipher_start(cipher, cfr_span_of(text, 16)));
    TRY(cfr_cipher_dup(cipher, &copy));
    return cfr_cipher_update(copy, cfr_span_of(text, 16), text, &len);
}

static CK_RV use_plaintext(struct cfr_span text)
{
    AUTO(cipher) *encrypting = NULL;
    AUTO(cipher) *decrypting = NULL;
    AUTO(secret) *opened = NULL;
    uint8_t coded[48];
    size_t len = 0;
    size_t tail = 0;

    TRY(cfr_cipher_new(CFR_CIPHER_CBC_PAD, true, cfr_span_text("0123456789abcdef"), &encrypting));
    TRY(cfr_cipher_start(encrypting, cfr_span_text("0123456789abcdef")));
    TRY(cfr_cipher_update(encrypting, text, coded, &len));
    TRY(cfr_cipher_finish(encrypting, coded + len, &tail));
    TRY(cfr_cipher_new(CFR_CIPHER_CBC_PAD, false, cfr_span_text("0123456789abcdef"), &decrypting));
    TRY(cfr_cipher_start(decrypting, cfr_span_text("0123456789abcdef")));
    TRY(cfr_secret_new(64, &opened));
    TRY(cfr_cipher_update(decrypting, cfr_span_of(coded, len + tail), cfr_secret_edit(opened), &len));
    return cfr_cipher_finish(decrypting, cfr_secret_edit(opened) + len, &tail);
}

static CK_RV use_aead(struct cfr_span key)
{
    struct cfr_aead_start start = {.iv = cfr_span_text("nonce of 12!"), .tag_len = 16, .data_len = 16};
    uint8_t text[16] = {0};
    uint8_t tag[16];

    for (int kind = CFR_AEAD_GCM; kind <= CFR_AEAD_CCM; kind++) {
        AUTO(aead) *aead = NULL;

        TRY(cfr_aead_new((enum cfr_aead_kind)kind, true, key, &aead));
        TRY(cfr_aead_seal(aead, &start, cfr_span_of(text, 16), text, tag));
    }
    return CKR_OK;
}

static CK_RV use_xaes(struct cfr_span key)
{
    AUTO(xaes) *xaes = NULL;
    uint8_t text[16] = {0};
    uint8_t tag[CFR_XAES_TAG_LEN];

    TRY(cfr_xaes_new(key, &xaes));
    return cfr_xaes_seal(xaes, (const uint8_t *)"nonce of 192 bits is 24", cfr_span_text("aad"),
                         cfr_span_of(text, 16), text, tag);
}

static CK_RV use_mac(struct cfr_span key)
{
    static const enum cfr_mac_kind kinds[] = {CFR_MAC_HMAC, CFR_MAC_CMAC, CFR_MAC_GMAC};

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        AUTO(mac) *mac = NULL;
        uint8_t out[CFR_MAC_MAX_LEN];

        TRY(cfr_mac_new(kinds[i], kinds[i] == CFR_MAC_HMAC ? CFR_HASH_SHA256 : CFR_HASH_NONE, key, &mac));
        TRY(cfr_mac_start(mac, cfr_span_text("nonce of 12!")));
        TRY(cfr_mac_finish(mac, out));
    }
    return CKR_OK;
}

static CK_RV use_kdfs(struct cfr_span key)
{
    AUTO(secret) *hkdf = NULL;
    AUTO(secret) *x963 = NULL;
    AUTO(secret) *one_step = NULL;

    TRY(cfr_kdf_hkdf_sha256(key, cfr_span_text("salt"), cfr_span_text("info"), 32, &hkdf));
    TRY(cfr_kdf_x963(CFR_HASH_SHA256, key, cfr_span_text("info"), 32, &x963));
    return cfr_kdf_one_step(CFR_HASH_SHA256, key, cfr_span_text("info"), 32, &one_step);
}

static CK_RV use_keywrap(struct cfr_span key)
{
    for (int padded = 0; padded <= 1; padded++) {
        struct cfr_keywrap wrap = {.key = cfr_span_text("0123456789abcdef"), .padded = padded == 1};
        AUTO(secret) *opened = NULL;
        uint8_t wrapped[40];

        TRY(cfr_keywrap_seal(&wrap, key, wrapped));
        TRY(cfr_keywrap_open(&wrap, cfr_span_of(wrapped, sizeof(wrapped)), &opened));
        wrap.key = key;
        TRY(cfr_keywrap_seal(&wrap, cfr_span_text("what is wrapped!"), wrapped));
    }
    return CKR_OK;
}

static CK_RV use_pin(struct cfr_span pin)
{
    static const struct cfr_pinkdf_cost cost = {.memory_kib = 1024, .passes = 1};
    AUTO(secret) *key = NULL;

    return cfr_pinkdf_derive(pin, cfr_span_text("0123456789abcdef"), &cost, &key);
}

static CK_RV use_rsa(struct cfr_span text)
{
    static const struct cfr_rsa_scheme pss = {
        .padding = CFR_RSA_PSS, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA256, .salt_len = 32};
    static const struct cfr_rsa_scheme v15 = {.padding = CFR_RSA_V15};
    AUTO(keymat) *keymat = NULL;
    AUTO(rsa_op) *signing = NULL;
    AUTO(rsa_op) *decrypting = NULL;
    AUTO(secret) *encoded = NULL;
    AUTO(secret) *message = NULL;
    uint8_t out[128];

    TRY(cfr_pkcs8_decode(text, &keymat));
    TRY(cfr_rsa_op_new(keymat, CFR_RSA_SIGN, &pss, &signing));
    TRY(cfr_rsa_sign(signing, cfr_span_text("a digest of thirty-two octets!!!"), out));
    TRY(cfr_rsa_op_new(keymat, CFR_RSA_DECRYPT, &v15, &decrypting));
    TRY(cfr_rsa_decrypt(decrypting, cfr_span_of(out, sizeof(out)), &message));
    return cfr_pkcs8_encode(keymat, &encoded);
}

static CK_RV use_rsa_without_factors(struct cfr_span text)
{
    AUTO(keymat) *keymat = NULL;
    AUTO(keymat) *again = NULL;
    AUTO(secret) *n = NULL;
    AUTO(secret) *e = NULL;
    AUTO(secret) *d = NULL;
    struct cfr_rsa_numbers numbers = {0};

    TRY(cfr_pkcs8_decode(text, &keymat));
    TRY(cfr_rsa_number(keymat, CFR_RSA_N, &n));
    TRY(cfr_rsa_number(keymat, CFR_RSA_E, &e));
    TRY(cfr_rsa_number(keymat, CFR_RSA_D, &d));
    numbers.part[CFR_RSA_N] = cfr_secret_view(n);
    numbers.part[CFR_RSA_E] = cfr_secret_view(e);
    numbers.part[CFR_RSA_D] = cfr_secret_view(d);
    return cfr_rsa_import_private(&numbers, &again);
}

static CK_RV use_rsa_plaintext(struct cfr_span text)
{
    static const struct cfr_rsa_scheme schemes[] = {
        {.padding = CFR_RSA_V15},
        {.padding = CFR_RSA_OAEP, .hash = CFR_HASH_SHA1, .mgf_hash = CFR_HASH_SHA1}};
    AUTO(keymat) *keymat = fixture_rsa_private("rsa2048_1");
    uint8_t coded[256];

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        AUTO(rsa_op) *encrypting = NULL;
        AUTO(rsa_op) *decrypting = NULL;
        AUTO(secret) *opened = NULL;

        TRY(cfr_rsa_op_new(keymat, CFR_RSA_ENCRYPT, &schemes[i], &encrypting));
        TRY(cfr_rsa_encrypt(encrypting, text, coded));
        TRY(cfr_rsa_op_new(keymat, CFR_RSA_DECRYPT, &schemes[i], &decrypting));
        TRY(cfr_rsa_decrypt(decrypting, cfr_span_of(coded, sizeof(coded)), &opened));
    }
    return CKR_OK;
}

static CK_RV use_curve_key(struct cfr_span value, const char *name)
{
    const struct cfr_curve *curve = fixture_curve(name);
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *encoded = NULL;
    AUTO(secret) *again = NULL;

    TRY(cfr_ec_import_private(curve, value, &keymat));
    TRY(cfr_pkcs8_encode(keymat, &encoded));
    return cfr_ec_value(keymat, &again);
}

static CK_RV use_p256(struct cfr_span value)
{
    AUTO(keymat) *keymat = NULL;
    AUTO(ecdsa) *signing = NULL;
    uint8_t signature[64];

    TRY(use_curve_key(value, "prime256v1"));
    TRY(cfr_ec_import_private(fixture_curve("prime256v1"), value, &keymat));
    TRY(cfr_ecdsa_new(keymat, true, &signing));
    return cfr_ecdsa_sign(signing, cfr_span_text("digest"), signature);
}

static CK_RV use_ed25519(struct cfr_span value)
{
    return use_curve_key(value, "ED25519");
}

static CK_RV use_keymat(struct cfr_span octets)
{
    AUTO(secret) *secret = NULL;
    AUTO(keymat) *keymat = NULL;

    TRY(cfr_secret_from(octets, &secret));
    TRY(cfr_secret_append(&secret, octets));
    TRY(cfr_secret_grow(&secret, 5000));
    return cfr_keymat_from_secret(secret, &keymat);
}

/* @c at: octets of the secret that are looked for; the interior of d and of p in the encoding of an RSA key.
 */
static const struct {
    const char *name;
    make_fn make;
    CK_RV (*use)(struct cfr_span secret);
    size_t at;
} uses[] = {
    {"secret", make_random, use_keymat, 8},
    {"cipher key", make_random, use_cipher, 0},
    {"plaintext", make_random, use_plaintext, 0},
    {"AEAD key", make_random, use_aead, 0},
    {"XAES key", make_random, use_xaes, 0},
    {"MAC key", make_random, use_mac, 0},
    {"KDF secret", make_random, use_kdfs, 8},
    {"wrapped key", make_random, use_keywrap, 8},
    {"PIN", make_random, use_pin, 8},
    {"RSA plaintext", make_random, use_rsa_plaintext, 8},
    {"RSA d", make_rsa, use_rsa, 220},
    {"RSA p", make_rsa, use_rsa, 340},
    {"RSA d, factors to be found", make_rsa, use_rsa_without_factors, 220},
    {"EC value", make_p256, use_p256, 8},
    {"Ed25519 value", make_ed25519, use_ed25519, 8},
};

START_TEST(nothing_is_left)
{
    static struct masked masked;
    struct cfr_secret *secret;
    const char *where;

    if (HARNESS_SANITIZED) {
        return;
    }
    fetch(uses[_i].make, &masked);
    ck_assert_uint_gt(masked.len, uses[_i].at + NEEDLE_LEN);
    ck_assert_ptr_null(search_memory(masked.octets + uses[_i].at));
    secret = unmask(&masked);
    ck_assert_ptr_nonnull(search_memory(masked.octets + uses[_i].at));
    ASSERT_OK(uses[_i].use(cfr_secret_view(secret)));
    cfr_secret_drop(secret);
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
    where = search_memory(masked.octets + uses[_i].at);
    ck_assert_msg(where == NULL, "%s is left in %s", uses[_i].name, where);
}
END_TEST

/* A key that was made here, whose number is masked while it lives. */
static CK_RV generate_and_mask(int kind, struct masked *masked)
{
    static const char *const curves[] = {"prime256v1", "ED25519", "X448"};
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *number = NULL;

    if (kind == 0) {
        TRY(cfr_rsa_generate(1024, cfr_span_of("\1\0\1", 3), &keymat));
        TRY(cfr_rsa_number(keymat, CFR_RSA_P, &number));
    } else {
        TRY(cfr_ec_generate(fixture_curve(curves[kind - 1]), &keymat));
        TRY(cfr_ec_value(keymat, &number));
    }
    mask(number, masked);
    return CKR_OK;
}

START_TEST(nothing_is_left_of_a_generated_key)
{
    static struct masked masked;
    const char *where;

    if (HARNESS_SANITIZED) {
        return;
    }
    ASSERT_OK(generate_and_mask(_i, &masked));
    where = search_memory(masked.octets + 8);
    ck_assert_msg(where == NULL, "left in %s", where);
}
END_TEST

/* Notes say what went wrong and never with which octets. */
START_TEST(notes_have_no_octets)
{
    static struct masked masked;
    struct cfr_keymat *keymat = NULL;
    AUTO(secret) *secret = NULL;

    fetch(make_rsa, &masked);
    secret = unmask(&masked);
    for (size_t cut = 1; cut < 600; cut += 7) {
        struct cfr_span part = cfr_span_of(cfr_secret_view(secret).ptr, cfr_secret_view(secret).len - cut);

        ck_assert_uint_ne(cfr_pkcs8_decode(part, &keymat), CKR_OK);
        ck_assert_uint_eq(find_in((const uint8_t *)cfr_note_last()->text, sizeof(cfr_note_last()->text),
                                  masked.octets + 220),
                          0);
        for (const char *at = cfr_note_last()->words; *at != '\0'; at++) {
            ck_assert((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f);
        }
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *residue = suite_create("residue");
    TCase *tcase = tcase_create("residue");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, nothing_is_left, 0, COUNT_OF(uses));
    tcase_add_loop_test(tcase, nothing_is_left_of_a_generated_key, 0, 4);
    tcase_add_test(tcase, notes_have_no_octets);
    suite_add_tcase(residue, tcase);
    return residue;
}

TEST_MAIN(suite)
