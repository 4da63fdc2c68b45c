/* SPDX-License-Identifier: Apache-2.0 */
/* RSA operations held against published vectors and against libcrypto's own interface. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "unit/crypto/rsa_samples.h"

#include <openssl/bn.h>
#include <openssl/rsa.h>
#include <string.h>

enum { MAX_LEN = 512 };

static struct cfr_keymat *public_of(struct vectors *vectors)
{
    struct cfr_rsa_numbers numbers = {
        .part = {[CFR_RSA_N] = vectors_octets(vectors, "n"), [CFR_RSA_E] = vectors_octets(vectors, "e")}};
    struct cfr_keymat *keymat = NULL;

    ASSERT_OK(cfr_rsa_import_public(&numbers, &keymat));
    return keymat;
}

START_TEST(published_v15_signatures)
{
    struct vectors *vectors = vectors_open("rsa_v15_sign");

    while (vectors_next(vectors)) {
        struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_V15,
                                        .hash = fixture_hash(vectors_word(vectors, "hash"))};
        struct cfr_span want = vectors_octets(vectors, "sig");
        AUTO(keymat) *private_key = fixture_rsa_private(vectors_word(vectors, "key"));
        AUTO(keymat) *public_key = fixture_rsa_public(vectors_word(vectors, "key"));
        AUTO(rsa_op) *signing = new_op(private_key, CFR_RSA_SIGN, &scheme);
        AUTO(rsa_op) *verifying = new_op(public_key, CFR_RSA_VERIFY, &scheme);
        uint8_t octets[CFR_HASH_MAX_LEN];
        struct cfr_span digest = fixture_digest(scheme.hash, vectors_octets(vectors, "msg"), octets);
        uint8_t got[MAX_LEN];

        ASSERT_OK(cfr_rsa_sign(signing, digest, got));
        ASSERT_SPAN(cfr_span_of(got, cfr_rsa_len(private_key)), want);
        ASSERT_OK(cfr_rsa_verify(verifying, digest, want));
        octets[0] ^= 1;
        ASSERT_RV(cfr_rsa_verify(verifying, digest, want), CKR_SIGNATURE_INVALID);
    }
    vectors_close(vectors, 8);
}
END_TEST

/* "acceptable" is a DigestInfo without its NULL, which RFC 8017 allows to refuse. */
START_TEST(published_v15_forgeries)
{
    struct vectors *vectors = vectors_open("rsa_v15_verify");
    AUTO(keymat) *keymat = NULL;
    AUTO(rsa_op) *verifying = NULL;
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_V15, .hash = CFR_HASH_SHA256};

    ck_assert(vectors_next(vectors));
    keymat = public_of(vectors);
    verifying = new_op(keymat, CFR_RSA_VERIFY, &scheme);
    while (vectors_next(vectors)) {
        bool valid = strcmp(vectors_word(vectors, "result"), "valid") == 0;
        uint8_t octets[CFR_HASH_MAX_LEN];
        struct cfr_span digest = fixture_digest(CFR_HASH_SHA256, vectors_octets(vectors, "msg"), octets);
        CK_RV rv = cfr_rsa_verify(verifying, digest, vectors_octets(vectors, "sig"));

        ck_assert_msg((rv == CKR_OK) == valid, "case %s", vectors_word(vectors, "id"));
        ck_assert(valid || rv == CKR_SIGNATURE_INVALID || rv == CKR_SIGNATURE_LEN_RANGE);
    }
    vectors_close(vectors, 45);
}
END_TEST

START_TEST(published_pss)
{
    struct vectors *vectors = vectors_open("rsa_pss");

    while (vectors_next(vectors)) {
        struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_PSS,
                                        .hash = fixture_hash(vectors_word(vectors, "hash")),
                                        .mgf_hash = fixture_hash(vectors_word(vectors, "mgf")),
                                        .salt_len = vectors_number(vectors, "salt")};
        AUTO(keymat) *keymat = public_of(vectors);
        AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, &scheme);
        uint8_t octets[CFR_HASH_MAX_LEN];
        struct cfr_span digest = fixture_digest(scheme.hash, vectors_octets(vectors, "msg"), octets);

        ck_assert_msg((cfr_rsa_verify(verifying, digest, vectors_octets(vectors, "sig")) == CKR_OK) ==
                          (vectors_number(vectors, "valid") == 1),
                      "case %s", vectors_word(vectors, "id"));
    }
    vectors_close(vectors, 30);
}
END_TEST

START_TEST(published_oaep)
{
    struct vectors *vectors = vectors_open("rsa_oaep");

    while (vectors_next(vectors)) {
        struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_OAEP,
                                        .hash = fixture_hash(vectors_word(vectors, "hash")),
                                        .mgf_hash = fixture_hash(vectors_word(vectors, "mgf")),
                                        .label = vectors_octets(vectors, "label")};
        AUTO(keymat) *keymat = fixture_rsa_private(vectors_word(vectors, "key"));
        AUTO(rsa_op) *decrypting = new_op(keymat, CFR_RSA_DECRYPT, &scheme);
        AUTO(secret) *message = NULL;
        CK_RV rv = cfr_rsa_decrypt(decrypting, vectors_octets(vectors, "ct"), &message);

        if (vectors_number(vectors, "valid") == 1) {
            ASSERT_OK(rv);
            ASSERT_SPAN(cfr_secret_view(message), vectors_octets(vectors, "msg"));
        } else {
            ck_assert_msg(rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_ENCRYPTED_DATA_LEN_RANGE, "case %s",
                          vectors_word(vectors, "id"));
            ck_assert_ptr_null(message);
        }
    }
    vectors_close(vectors, 32);
}
END_TEST

/* The same key in the default context. */
static EVP_PKEY *pkey_direct(const struct cfr_keymat *keymat)
{
    RSA *rsa = RSA_new();
    BIGNUM *part[CFR_RSA_PARTS];
    EVP_PKEY *pkey = EVP_PKEY_new();

    for (int i = 0; i < CFR_RSA_PARTS; i++) {
        AUTO(secret) *number = NULL;

        ASSERT_OK(cfr_rsa_number(keymat, (enum cfr_rsa_part)i, &number));
        part[i] = BN_bin2bn(cfr_secret_view(number).ptr, (int)cfr_secret_view(number).len, NULL);
    }
    ck_assert(RSA_set0_key(rsa, part[CFR_RSA_N], part[CFR_RSA_E], part[CFR_RSA_D]) &&
              RSA_set0_factors(rsa, part[CFR_RSA_P], part[CFR_RSA_Q]) &&
              RSA_set0_crt_params(rsa, part[CFR_RSA_DP], part[CFR_RSA_DQ], part[CFR_RSA_QI]) &&
              EVP_PKEY_assign_RSA(pkey, rsa));
    return pkey;
}

/* Settings of libcrypto's own interface; called after the context was begun. */
static void set_up(EVP_PKEY_CTX *ctx, const struct cfr_rsa_scheme *scheme)
{
    static const int paddings[] = {[CFR_RSA_RAW] = RSA_NO_PADDING,
                                   [CFR_RSA_V15] = RSA_PKCS1_PADDING,
                                   [CFR_RSA_PSS] = RSA_PKCS1_PSS_PADDING,
                                   [CFR_RSA_OAEP] = RSA_PKCS1_OAEP_PADDING};

    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, paddings[scheme->padding]), 1);
    if (scheme->padding == CFR_RSA_OAEP) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, fixture_md(scheme->hash)), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, fixture_md(scheme->mgf_hash)), 1);
        if (scheme->label.len != 0) {
            void *label = OPENSSL_memdup(scheme->label.ptr, scheme->label.len);

            ck_assert_int_eq(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)scheme->label.len), 1);
        }
        return;
    }
    if (scheme->hash != CFR_HASH_NONE) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_signature_md(ctx, fixture_md(scheme->hash)), 1);
    }
    if (scheme->padding == CFR_RSA_PSS) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, fixture_md(scheme->mgf_hash)), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)scheme->salt_len), 1);
    }
}

static int verify_direct(EVP_PKEY *pkey, const struct cfr_rsa_scheme *scheme, struct cfr_span digest,
                         struct cfr_span signature)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    int result;

    ck_assert_int_eq(EVP_PKEY_verify_init(ctx), 1);
    set_up(ctx, scheme);
    result = EVP_PKEY_verify(ctx, signature.ptr, signature.len, digest.ptr, digest.len);
    EVP_PKEY_CTX_free(ctx);
    return result;
}

static void sign_direct(EVP_PKEY *pkey, const struct cfr_rsa_scheme *scheme, struct cfr_span digest,
                        uint8_t *out, size_t len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);

    ck_assert_int_eq(EVP_PKEY_sign_init(ctx), 1);
    set_up(ctx, scheme);
    ck_assert_int_eq(EVP_PKEY_sign(ctx, out, &len, digest.ptr, digest.len), 1);
    EVP_PKEY_CTX_free(ctx);
}

static void compare_signatures(struct cfr_keymat *keymat, EVP_PKEY *pkey, const struct cfr_rsa_scheme *scheme)
{
    AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, scheme);
    AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, scheme);
    uint8_t digest[CFR_HASH_MAX_LEN];
    uint8_t octets[MAX_LEN];
    struct cfr_span data = cfr_span_of(digest, cfr_hash_len(scheme->hash));
    struct cfr_span signature = cfr_span_of(octets, cfr_rsa_len(keymat));

    for (int round = 0; round < 2; round++) {
        harness_fill(digest, sizeof(digest));
        ASSERT_OK(cfr_rsa_sign(signing, data, octets));
        ck_assert_int_eq(verify_direct(pkey, scheme, data, signature), 1);
        sign_direct(pkey, scheme, data, octets, signature.len);
        ASSERT_OK(cfr_rsa_verify(verifying, data, signature));
        octets[harness_number((uint32_t)signature.len)] ^= 1;
        ASSERT_RV(cfr_rsa_verify(verifying, data, signature), CKR_SIGNATURE_INVALID);
    }
}

START_TEST(signatures_agree_with_libcrypto)
{
    enum cfr_hash hash = (enum cfr_hash)_i;
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    EVP_PKEY *pkey = pkey_direct(keymat);
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_V15, .hash = hash};

    compare_signatures(keymat, pkey, &scheme);
    scheme.padding = CFR_RSA_PSS;
    for (int mgf_hash = CFR_HASH_SHA1; mgf_hash < CFR_HASH_COUNT; mgf_hash += 3) {
        scheme.mgf_hash = (enum cfr_hash)mgf_hash;
        scheme.salt_len = harness_number((uint32_t)(256 - cfr_hash_len(hash) - 1));
        compare_signatures(keymat, pkey, &scheme);
    }
    EVP_PKEY_free(pkey);
}
END_TEST

static void compare_encryption(struct cfr_keymat *keymat, EVP_PKEY *pkey, const struct cfr_rsa_scheme *scheme)
{
    AUTO(rsa_op) *encrypting = new_op(keymat, CFR_RSA_ENCRYPT, scheme);
    AUTO(rsa_op) *decrypting = new_op(keymat, CFR_RSA_DECRYPT, scheme);
    size_t max_in = cfr_rsa_op_max_in(encrypting);
    uint8_t message[MAX_LEN];
    uint8_t coded[MAX_LEN];
    uint8_t direct[MAX_LEN];

    ck_assert_uint_eq(cfr_rsa_op_max_in(decrypting), max_in);
    for (size_t len = 0; len <= max_in; len += len < max_in && len + 37 > max_in ? max_in - len : 37) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
        struct cfr_span span = cfr_span_of(len == 0 ? NULL : message, len);
        AUTO(secret) *opened = NULL;
        AUTO(secret) *opened_too = NULL;
        size_t direct_len = sizeof(direct);

        harness_fill(message, len);
        ASSERT_OK(cfr_rsa_encrypt(encrypting, span, coded));
        ASSERT_OK(cfr_rsa_decrypt(decrypting, cfr_span_of(coded, cfr_rsa_len(keymat)), &opened));
        ASSERT_SPAN(cfr_secret_view(opened), span);
        ck_assert_int_eq(EVP_PKEY_decrypt_init(ctx), 1);
        set_up(ctx, scheme);
        ck_assert_int_eq(EVP_PKEY_decrypt(ctx, direct, &direct_len, coded, cfr_rsa_len(keymat)), 1);
        ASSERT_SPAN(cfr_span_of(direct, direct_len), span);
        ck_assert_int_eq(EVP_PKEY_encrypt_init(ctx), 1);
        set_up(ctx, scheme);
        direct_len = sizeof(direct);
        ck_assert_int_eq(EVP_PKEY_encrypt(ctx, direct, &direct_len, message, len), 1);
        ASSERT_OK(cfr_rsa_decrypt(decrypting, cfr_span_of(direct, direct_len), &opened_too));
        ASSERT_SPAN(cfr_secret_view(opened_too), span);
        EVP_PKEY_CTX_free(ctx);
    }
    ASSERT_RV(cfr_rsa_encrypt(encrypting, cfr_span_of(message, max_in + 1), coded), CKR_DATA_LEN_RANGE);
    ASSERT_RV(cfr_rsa_encrypt(encrypting, cfr_span_of(message, SIZE_MAX), coded), CKR_DATA_LEN_RANGE);
}

START_TEST(encryption_agrees_with_libcrypto)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    EVP_PKEY *pkey = pkey_direct(keymat);
    char label[] = "a label";
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_OAEP, .hash = (enum cfr_hash)_i};

    for (int mgf_hash = CFR_HASH_SHA1; mgf_hash < CFR_HASH_COUNT; mgf_hash += 4) {
        scheme.mgf_hash = (enum cfr_hash)mgf_hash;
        scheme.label = mgf_hash == CFR_HASH_SHA1 ? cfr_span_of(NULL, 0) : cfr_span_text(label);
        compare_encryption(keymat, pkey, &scheme);
    }
    if (_i == CFR_HASH_SHA1) {
        compare_encryption(keymat, pkey, &v15);
    }
    EVP_PKEY_free(pkey);
}
END_TEST

/* Moduli whose length is not a multiple of eight bits: their encoded messages may be an octet shorter. */
START_TEST(odd_modulus_lengths)
{
    EVP_PKEY *pkey = EVP_RSA_gen((unsigned)(1024 + _i));
    static const char *const names[] = {"n", "e", "d"};
    static uint8_t octets[3][256];
    struct cfr_rsa_numbers numbers = {0};
    AUTO(keymat) *keymat = NULL;
    struct cfr_rsa_scheme scheme = {
        .padding = CFR_RSA_V15, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA256};
    size_t len = (1024 + (size_t)_i + 7) / 8;

    for (int part = CFR_RSA_N; part <= CFR_RSA_D; part++) {
        BIGNUM *number = NULL;

        ck_assert_int_eq(EVP_PKEY_get_bn_param(pkey, names[part], &number), 1);
        numbers.part[part] = cfr_span_of(octets[part], (size_t)BN_bn2bin(number, octets[part]));
        BN_free(number);
    }
    ASSERT_OK(cfr_rsa_import_private(&numbers, &keymat));
    ck_assert_uint_eq(cfr_rsa_len(keymat), len);
    compare_signatures(keymat, pkey, &scheme);
    scheme.padding = CFR_RSA_PSS;
    for (size_t salt = (1024 + (size_t)_i + 6) / 8 - 34; salt > 0; salt /= 3) {
        scheme.salt_len = salt;
        compare_signatures(keymat, pkey, &scheme);
    }
    scheme.salt_len = (1024 + (size_t)_i + 6) / 8 - 33;
    for (int use = CFR_RSA_SIGN; use <= CFR_RSA_VERIFY; use++) {
        struct cfr_rsa_op *refused = NULL;

        ASSERT_RV(cfr_rsa_op_new(keymat, (enum cfr_rsa_use)use, &scheme, &refused),
                  CKR_MECHANISM_PARAM_INVALID);
        ck_assert_ptr_null(refused);
    }
    scheme.padding = CFR_RSA_OAEP;
    compare_encryption(keymat, pkey, &scheme);
    compare_encryption(keymat, pkey, &v15);
    EVP_PKEY_free(pkey);
}
END_TEST

/* base^exponent mod n, with zeros in front. */
static void power(const struct cfr_keymat *keymat, enum cfr_rsa_part exponent, struct cfr_span base,
                  uint8_t *out)
{
    AUTO(secret) *n = NULL;
    AUTO(secret) *e = NULL;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *number[3];

    ASSERT_OK(cfr_rsa_number(keymat, CFR_RSA_N, &n));
    ASSERT_OK(cfr_rsa_number(keymat, exponent, &e));
    number[0] = BN_bin2bn(base.ptr, (int)base.len, NULL);
    number[1] = BN_bin2bn(cfr_secret_view(e).ptr, (int)cfr_secret_view(e).len, NULL);
    number[2] = BN_bin2bn(cfr_secret_view(n).ptr, (int)cfr_secret_view(n).len, NULL);
    ck_assert_int_eq(BN_mod_exp(number[0], number[0], number[1], number[2], ctx), 1);
    ck_assert_int_ge(BN_bn2binpad(number[0], out, (int)cfr_rsa_len(keymat)), 0);
    for (int i = 0; i < 3; i++) {
        BN_free(number[i]);
    }
    BN_CTX_free(ctx);
}

START_TEST(raw_is_exponentiation)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, &raw);
    AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, &raw);
    AUTO(rsa_op) *encrypting = new_op(keymat, CFR_RSA_ENCRYPT, &raw);
    AUTO(rsa_op) *decrypting = new_op(keymat, CFR_RSA_DECRYPT, &raw);
    uint8_t data[256];
    uint8_t want[256];
    uint8_t got[256];

    for (size_t len = 0; len <= 256; len += 16) {
        struct cfr_span span = cfr_span_of(len == 0 ? NULL : data, len);
        AUTO(secret) *opened = NULL;

        harness_fill(data, sizeof(data));
        data[0] &= len == 256 ? 0x3f : 0xff;
        power(keymat, CFR_RSA_D, span, want);
        ASSERT_OK(cfr_rsa_sign(signing, span, got));
        ASSERT_SPAN(cfr_span_of(got, 256), cfr_span_of(want, 256));
        ASSERT_OK(cfr_rsa_verify(verifying, span, cfr_span_of(got, 256)));
        power(keymat, CFR_RSA_E, span, want);
        ASSERT_OK(cfr_rsa_encrypt(encrypting, span, got));
        ASSERT_SPAN(cfr_span_of(got, 256), cfr_span_of(want, 256));
        ASSERT_OK(cfr_rsa_decrypt(decrypting, cfr_span_of(got, 256), &opened));
        ck_assert_uint_eq(cfr_secret_view(opened).len, 256);
        ASSERT_SPAN(cfr_span_after(cfr_secret_view(opened), 256 - len), span);
    }
}
END_TEST

static TCase *agreement_case(void)
{
    TCase *agreement = tcase_create("agreement");

    tcase_add_checked_fixture(agreement, fixture_up, NULL);
    tcase_set_timeout(agreement, 240);
    tcase_add_test(agreement, published_v15_signatures);
    tcase_add_test(agreement, published_v15_forgeries);
    tcase_add_test(agreement, published_pss);
    tcase_add_test(agreement, published_oaep);
    tcase_add_loop_test(agreement, signatures_agree_with_libcrypto, CFR_HASH_SHA1, CFR_HASH_COUNT);
    tcase_add_loop_test(agreement, encryption_agrees_with_libcrypto, CFR_HASH_SHA1, CFR_HASH_COUNT);
    tcase_add_loop_test(agreement, odd_modulus_lengths, 1, 9);
    tcase_add_test(agreement, raw_is_exponentiation);
    return agreement;
}

static Suite *suite(void)
{
    Suite *rsa_agreement = suite_create("rsa_agreement");

    suite_add_tcase(rsa_agreement, agreement_case());
    return rsa_agreement;
}

TEST_MAIN(suite)
