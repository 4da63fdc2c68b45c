/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation inside libcrypto, failed in turn. Unlike the fault hooks, which fail whole calls, this
 * ends calls in the middle: none may crash, none may succeed with another result, and what libcrypto copes
 * with by itself is as good as undisturbed.
 */
#include "crypto/aead.h"
#include "crypto/cipher.h"
#include "crypto/digest.h"
#include "crypto/ec.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "crypto/mac.h"
#include "crypto/pkcs8.h"
#include "crypto/rng.h"
#include "crypto/xaes.h"
#include "unit/crypto/fixture.h"

#include <openssl/crypto.h>
#include <stdatomic.h>
#include <string.h>

enum { OUT_MAX_LEN = 512, ATTEMPTS_MAX = 20000 };

static atomic_long left; /* allocations until the one that fails, that one included; 0: none fails */

static bool is_to_fail(void)
{
    long before = atomic_load(&left);

    if (before > 0) {
        atomic_store(&left, before - 1);
    }
    return before == 1;
}

static void *failing_malloc(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return len == 0 || is_to_fail() ? NULL : malloc(len);
}

static void *failing_realloc(void *memory, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    if (len == 0) {
        free(memory);
        return NULL;
    }
    return is_to_fail() ? NULL : realloc(memory, len);
}

static void plain_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

/* Before anything in libcrypto allocates, or it is refused. */
__attribute__((constructor)) static void replace_memory_functions(void)
{
    if (CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) != 1) {
        abort();
    }
}

/* Keys that the uses share, made undisturbed. */
static struct cfr_keymat *rsa;
static struct cfr_keymat *ec;
static struct cfr_keymat *ed;
static uint8_t rsa_signature[128];
static struct cfr_secret *rsa_text;
static struct cfr_secret *ec_text;

static const uint8_t octets[64] = "octets for keys, nonces, digests and messages: sixty-four of it";

static void setup(void)
{
    static const struct cfr_rsa_scheme v15 = {.padding = CFR_RSA_V15, .hash = CFR_HASH_SHA256};
    AUTO(rsa_op) *signing = NULL;

    fixture_up();
    rsa = fixture_rsa_private("rsa1024_2");
    ASSERT_OK(cfr_ec_import_private(fixture_curve("prime256v1"), cfr_span_of(octets, 32), &ec));
    ASSERT_OK(cfr_ec_import_private(fixture_curve("ED25519"), cfr_span_of(octets, 32), &ed));
    ASSERT_OK(cfr_pkcs8_encode(rsa, &rsa_text));
    ASSERT_OK(cfr_pkcs8_encode(ec, &ec_text));
    ASSERT_OK(cfr_rsa_op_new(rsa, CFR_RSA_SIGN, &v15, &signing));
    ASSERT_OK(cfr_rsa_sign(signing, cfr_span_of(octets, 32), rsa_signature));
}

static void teardown(void)
{
    cfr_keymat_drop(rsa);
    cfr_keymat_drop(ec);
    cfr_keymat_drop(ed);
    cfr_secret_drop(rsa_text);
    cfr_secret_drop(ec_text);
}

/* Each fills @p out with what does not change from one run to the next. */
typedef CK_RV (*use_fn)(uint8_t *out);

static CK_RV use_digest(uint8_t *out)
{
    AUTO(digest) *digest = NULL;
    AUTO(digest) *copy = NULL;

    TRY(cfr_digest_new(CFR_HASH_SHA3_256, &digest));
    TRY(cfr_digest_start(digest));
    TRY(cfr_digest_update(digest, cfr_span_of(octets, 64)));
    TRY(cfr_digest_dup(digest, &copy));
    return cfr_digest_finish(copy, out);
}

static CK_RV use_cipher(uint8_t *out)
{
    AUTO(cipher) *cipher = NULL;
    AUTO(cipher) *copy = NULL;
    size_t len = 0;

    TRY(cfr_cipher_new(CFR_CIPHER_CTR, true, cfr_span_of(octets, 32), &cipher));
    TRY(cfr_cipher_start(cipher, cfr_span_of(octets, 16)));
    TRY(cfr_cipher_dup(cipher, &copy));
    return cfr_cipher_update(copy, cfr_span_of(octets, 40), out, &len);
}

static CK_RV use_aead(uint8_t *out)
{
    struct cfr_aead_start start = {.iv = {octets, 12}, .aad = {octets, 64}, .tag_len = 16, .data_len = 40};

    for (int kind = CFR_AEAD_GCM; kind <= CFR_AEAD_CCM; kind++) {
        AUTO(aead) *aead = NULL;
        AUTO(aead) *copy = NULL;

        TRY(cfr_aead_new((enum cfr_aead_kind)kind, true, cfr_span_of(octets, 32), &aead));
        TRY(cfr_aead_dup(aead, &copy));
        TRY(cfr_aead_seal(copy, &start, cfr_span_of(octets, 40), out + 64 * kind, out + 64 * kind + 40));
    }
    return CKR_OK;
}

static CK_RV use_xaes(uint8_t *out)
{
    AUTO(xaes) *xaes = NULL;

    TRY(cfr_xaes_new(cfr_span_of(octets, 32), &xaes));
    return cfr_xaes_seal(xaes, octets, cfr_span_of(octets, 9), cfr_span_of(octets, 40), out, out + 40);
}

static CK_RV use_mac(uint8_t *out)
{
    static const enum cfr_mac_kind kinds[] = {CFR_MAC_HMAC, CFR_MAC_CMAC, CFR_MAC_GMAC};

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        AUTO(mac) *mac = NULL;
        AUTO(mac) *copy = NULL;

        TRY(cfr_mac_new(kinds[i], i == 0 ? CFR_HASH_SHA256 : CFR_HASH_NONE, cfr_span_of(octets, 32), &mac));
        TRY(cfr_mac_start(mac, cfr_span_of(octets, 12)));
        TRY(cfr_mac_update(mac, cfr_span_of(octets, 64)));
        TRY(cfr_mac_dup(mac, &copy));
        TRY(cfr_mac_finish(copy, out + 64 * i));
    }
    return CKR_OK;
}

static CK_RV use_kdf(uint8_t *out)
{
    struct cfr_span span = cfr_span_of(octets, 32);
    AUTO(secret) *hkdf = NULL;

    TRY(cfr_kdf_hkdf_sha256(span, span, span, 40, &hkdf));
    cfr_copy(out, cfr_secret_view(hkdf).ptr, 40);
    return CKR_OK;
}

static CK_RV use_keywrap(uint8_t *out)
{
    struct cfr_keywrap wrap = {.key = {octets, 32}, .padded = true};
    AUTO(secret) *opened = NULL;

    TRY(cfr_keywrap_seal(&wrap, cfr_span_of(octets, 33), out));
    TRY(cfr_keywrap_open(&wrap, cfr_span_of(out, 48), &opened));
    ASSERT_SPAN(cfr_secret_view(opened), cfr_span_of(octets, 33));
    return CKR_OK;
}

static CK_RV use_rng(uint8_t *out)
{
    AUTO(secret) *secret = NULL;
    uint8_t drawn[16];

    (void)out;
    TRY(cfr_rng_fill(drawn, sizeof(drawn)));
    TRY(cfr_rng_add(cfr_span_of(octets, 64)));
    return cfr_rng_secret(16, &secret);
}

static CK_RV use_rsa(uint8_t *out)
{
    static const struct cfr_rsa_scheme v15 = {.padding = CFR_RSA_V15, .hash = CFR_HASH_SHA256};
    static const struct cfr_rsa_scheme oaep = {
        .padding = CFR_RSA_OAEP, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA1, .label = {octets, 10}};
    AUTO(rsa_op) *verifying = NULL;
    AUTO(rsa_op) *encrypting = NULL;
    uint8_t text[128];

    (void)out;
    TRY(cfr_rsa_op_new(rsa, CFR_RSA_VERIFY, &v15, &verifying));
    TRY(cfr_rsa_verify(verifying, cfr_span_of(octets, 32), cfr_span_of(rsa_signature, 128)));
    TRY(cfr_rsa_op_new(rsa, CFR_RSA_ENCRYPT, &oaep, &encrypting));
    return cfr_rsa_encrypt(encrypting, cfr_span_of(octets, 20), text);
}

static CK_RV use_pkcs8(uint8_t *out)
{
    AUTO(keymat) *first = NULL;
    AUTO(keymat) *second = NULL;
    AUTO(secret) *text = NULL;
    AUTO(secret) *spki = NULL;

    (void)out;
    TRY(cfr_pkcs8_decode(cfr_secret_view(rsa_text), &first));
    TRY(cfr_pkcs8_encode(first, &text));
    ASSERT_SPAN(cfr_secret_view(text), cfr_secret_view(rsa_text));
    TRY(cfr_pkcs8_decode(cfr_secret_view(ec_text), &second));
    return cfr_keymat_spki(second, &spki);
}

static CK_RV use_ec(uint8_t *out)
{
    AUTO(ecdsa) *signing = NULL;
    AUTO(ecdsa) *verifying = NULL;
    AUTO(secret) *shared = NULL;
    uint8_t signature[64];
    size_t len = 0;

    TRY(cfr_ecdsa_new(ec, true, &signing));
    TRY(cfr_ecdsa_sign(signing, cfr_span_of(octets, 32), signature));
    TRY(cfr_ecdsa_new(ec, false, &verifying));
    TRY(cfr_ecdsa_verify(verifying, cfr_span_of(octets, 32), cfr_span_of(signature, 64)));
    TRY(cfr_ec_point(ec, out, &len));
    TRY(cfr_ec_derive(ec, cfr_span_of(out, len), false, &shared));
    cfr_copy(out + len, cfr_secret_view(shared).ptr, 32);
    return CKR_OK;
}

static CK_RV use_ed(uint8_t *out)
{
    static const struct cfr_eddsa_variant pure = {0};
    AUTO(eddsa) *signing = NULL;
    AUTO(eddsa) *verifying = NULL;
    AUTO(keymat) *public_key = NULL;
    size_t len = 0;

    TRY(cfr_eddsa_new(ed, true, &pure, &signing));
    TRY(cfr_eddsa_sign(signing, cfr_span_of(octets, 32), out));
    TRY(cfr_ec_point(ed, out + 64, &len));
    TRY(cfr_ec_import_public(cfr_ec_curve(ed), cfr_span_of(out + 64, len), &public_key));
    TRY(cfr_eddsa_new(public_key, false, &pure, &verifying));
    return cfr_eddsa_verify(verifying, cfr_span_of(octets, 32), cfr_span_of(out, 64));
}

static CK_RV use_generation(uint8_t *out)
{
    AUTO(keymat) *p256 = NULL;
    AUTO(keymat) *x448 = NULL;
    AUTO(secret) *value = NULL;

    (void)out;
    TRY(cfr_ec_generate(cfr_ec_curve(ec), &p256));
    TRY(cfr_ec_value(p256, &value));
    return cfr_ec_generate(fixture_curve("X448"), &x448);
}

static const use_fn uses[] = {use_digest, use_cipher,  use_aead,      use_xaes, use_mac,
                              use_kdf,    use_keywrap, use_rng,       use_rsa,  use_pkcs8,
                              use_ec,     use_ed,      use_generation};

START_TEST(no_allocation_is_trusted)
{
    static uint8_t want[OUT_MAX_LEN];
    static uint8_t got[OUT_MAX_LEN];
    size_t in_use = cfr_secret_in_use();
    long attempts = 0;
    bool failed = true;

    memset(want, 0, sizeof(want));
    ASSERT_OK(uses[_i](want));
    while (failed && attempts < ATTEMPTS_MAX) {
        CK_RV rv;

        memset(got, 0, sizeof(got));
        atomic_store(&left, ++attempts);
        rv = uses[_i](got);
        failed = atomic_exchange(&left, 0) == 0;
        ck_assert_msg(failed || rv == CKR_OK, "0x%lx without a failure", rv);
        ck_assert_msg(rv != CKR_OK || memcmp(got, want, sizeof(got)) == 0, "allocation %ld: another result",
                      attempts);
        ck_assert_uint_eq(cfr_secret_in_use(), in_use);
    }
    ck_assert_int_lt(attempts, ATTEMPTS_MAX);
    ck_assert_int_gt(attempts, 1);
    ASSERT_OK(uses[_i](got));
}
END_TEST

static Suite *suite(void)
{
    Suite *libcrypto_memory = suite_create("libcrypto_memory");
    TCase *tcase = tcase_create("libcrypto_memory");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_loop_test(tcase, no_allocation_is_trusted, 0, COUNT_OF(uses));
    suite_add_tcase(libcrypto_memory, tcase);
    return libcrypto_memory;
}

TEST_MAIN(suite)
