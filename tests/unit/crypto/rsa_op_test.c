/* SPDX-License-Identifier: Apache-2.0 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/rsa.h"
#include "unit/crypto/fixture.h"

#include <openssl/bn.h>
#include <openssl/rsa.h>
#include <string.h>

enum { MAX_LEN = 512 };

static const char key_id[] = "rsa2048_1";
static const struct cfr_rsa_scheme raw = {.padding = CFR_RSA_RAW};
static const struct cfr_rsa_scheme v15 = {.padding = CFR_RSA_V15};

static struct cfr_rsa_op *new_op(struct cfr_keymat *keymat, enum cfr_rsa_use use,
                                 const struct cfr_rsa_scheme *scheme)
{
    struct cfr_rsa_op *op = NULL;

    ASSERT_OK(cfr_rsa_op_new(keymat, use, scheme, &op));
    return op;
}

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

START_TEST(pss_salt_is_exact)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    struct cfr_span digest = cfr_span_text("a digest of thirty-two octets!!!");
    static const size_t salts[] = {0, 1, 20, 32, 222};

    for (size_t i = 0; i < COUNT_OF(salts); i++) {
        struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_PSS,
                                        .hash = CFR_HASH_SHA256,
                                        .mgf_hash = CFR_HASH_SHA256,
                                        .salt_len = salts[i]};
        AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, &scheme);
        uint8_t signature[256];

        ASSERT_OK(cfr_rsa_sign(signing, digest, signature));
        for (size_t j = 0; j < COUNT_OF(salts); j++) {
            struct cfr_rsa_scheme other = scheme;
            AUTO(rsa_op) *verifying = NULL;

            other.salt_len = salts[j];
            verifying = new_op(keymat, CFR_RSA_VERIFY, &other);
            ASSERT_RV(cfr_rsa_verify(verifying, digest, cfr_span_of(signature, 256)),
                      i == j ? CKR_OK : CKR_SIGNATURE_INVALID);
        }
    }
}
END_TEST

static const struct {
    const char *key;
    enum cfr_rsa_padding padding;
    enum cfr_hash hash;
    size_t salt_len;
    CK_RV rv;
} fits[] = {
    {"rsa1024_2", CFR_RSA_OAEP, CFR_HASH_SHA384, 0, CKR_OK},
    {"rsa1024_2", CFR_RSA_OAEP, CFR_HASH_SHA512, 0, CKR_KEY_SIZE_RANGE},
    {"rsa1024_2", CFR_RSA_OAEP, CFR_HASH_SHA3_512, 0, CKR_KEY_SIZE_RANGE},
    {"rsa1024_2", CFR_RSA_PSS, CFR_HASH_SHA512, 62, CKR_OK},
    {"rsa1024_2", CFR_RSA_PSS, CFR_HASH_SHA512, 63, CKR_MECHANISM_PARAM_INVALID},
    {"rsa1024_2", CFR_RSA_PSS, CFR_HASH_SHA512, SIZE_MAX, CKR_MECHANISM_PARAM_INVALID},
    {"rsa1024_2", CFR_RSA_PSS, CFR_HASH_SHA1, (size_t)1 << 32, CKR_MECHANISM_PARAM_INVALID},
    {"rsa1024_2", CFR_RSA_V15, CFR_HASH_SHA512, 0, CKR_OK},
};

START_TEST(schemes_must_fit_the_key)
{
    AUTO(keymat) *keymat = fixture_rsa_private(fits[_i].key);
    struct cfr_rsa_scheme scheme = {.padding = fits[_i].padding,
                                    .hash = fits[_i].hash,
                                    .mgf_hash = fits[_i].hash,
                                    .salt_len = fits[_i].salt_len};
    AUTO(rsa_op) *op = NULL;

    ASSERT_RV(cfr_rsa_op_new(keymat, fits[_i].padding == CFR_RSA_OAEP ? CFR_RSA_ENCRYPT : CFR_RSA_SIGN,
                             &scheme, &op),
              fits[_i].rv);
    ck_assert_int_eq(op != NULL, fits[_i].rv == CKR_OK);
}
END_TEST

START_TEST(longest_inputs)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    struct cfr_rsa_scheme oaep = {
        .padding = CFR_RSA_OAEP, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA1};
    AUTO(rsa_op) *raw_op = new_op(keymat, CFR_RSA_SIGN, &raw);
    AUTO(rsa_op) *v15_op = new_op(keymat, CFR_RSA_SIGN, &v15);
    AUTO(rsa_op) *oaep_op = new_op(keymat, CFR_RSA_ENCRYPT, &oaep);

    ck_assert_uint_eq(cfr_rsa_op_max_in(raw_op), 256);
    ck_assert_uint_eq(cfr_rsa_op_max_in(v15_op), 245);
    ck_assert_uint_eq(cfr_rsa_op_max_in(oaep_op), 190);
    cfr_rsa_op_drop(NULL);
}
END_TEST

START_TEST(digests_have_the_length_of_their_hash)
{
    static const enum cfr_rsa_padding paddings[] = {CFR_RSA_V15, CFR_RSA_PSS};
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    uint8_t octets[256] = {1};

    for (size_t i = 0; i < COUNT_OF(paddings); i++) {
        struct cfr_rsa_scheme scheme = {
            .padding = paddings[i], .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA256, .salt_len = 10};
        AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, &scheme);
        AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, &scheme);

        for (size_t len = 0; len <= 70; len++) {
            uint8_t out[256];

            if (len != 32) {
                ASSERT_RV(cfr_rsa_sign(signing, cfr_span_of(octets, len), out), CKR_DATA_LEN_RANGE);
                ASSERT_RV(cfr_rsa_verify(verifying, cfr_span_of(octets, len), cfr_span_of(octets, 256)),
                          CKR_DATA_LEN_RANGE);
            }
        }
    }
}
END_TEST

START_TEST(signatures_are_as_long_as_the_modulus)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    const struct cfr_rsa_scheme schemes[] = {
        {.padding = CFR_RSA_V15, .hash = CFR_HASH_SHA256},
        {.padding = CFR_RSA_PSS, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA256, .salt_len = 32},
        {.padding = CFR_RSA_RAW},
    };
    static const size_t lens[] = {0, 1, 255, 257, 512};
    uint8_t octets[512] = {0};

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, &schemes[i]);
        struct cfr_span digest = cfr_span_text("a digest of thirty-two octets!!!");

        for (size_t j = 0; j < COUNT_OF(lens); j++) {
            ASSERT_RV(cfr_rsa_verify(verifying, digest, cfr_span_of(octets, lens[j])),
                      CKR_SIGNATURE_LEN_RANGE);
        }
        ASSERT_RV(cfr_rsa_verify(verifying, digest, cfr_span_of(octets, 256)), CKR_SIGNATURE_INVALID);
        memset(octets, 0xff, 256);
        ASSERT_RV(cfr_rsa_verify(verifying, digest, cfr_span_of(octets, 256)), CKR_SIGNATURE_INVALID);
        memset(octets, 0, 256);
    }
}
END_TEST

/* V15 without a hash signs what it is given, of any length that leaves room for the padding. */
START_TEST(v15_signs_data_without_a_hash)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, &v15);
    AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, &v15);
    uint8_t data[300];
    uint8_t signature[256];

    harness_fill(data, sizeof(data));
    for (size_t len = 0; len <= 245; len += 7) {
        struct cfr_span span = cfr_span_of(len == 0 ? NULL : data, len);

        ASSERT_OK(cfr_rsa_sign(signing, span, signature));
        ASSERT_OK(cfr_rsa_verify(verifying, span, cfr_span_of(signature, 256)));
        ASSERT_RV(cfr_rsa_verify(verifying, cfr_span_of(data, len + (len == 245 ? 0 : 1)),
                                 cfr_span_of(signature, 256)),
                  len == 245 ? CKR_OK : CKR_SIGNATURE_INVALID);
    }
    ASSERT_RV(cfr_rsa_sign(signing, cfr_span_of(data, 246), signature), CKR_DATA_LEN_RANGE);
    ASSERT_RV(cfr_rsa_verify(verifying, cfr_span_of(data, 246), cfr_span_of(signature, 256)),
              CKR_DATA_LEN_RANGE);
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

START_TEST(raw_numbers_are_below_the_modulus)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    AUTO(rsa_op) *signing = new_op(keymat, CFR_RSA_SIGN, &raw);
    AUTO(rsa_op) *encrypting = new_op(keymat, CFR_RSA_ENCRYPT, &raw);
    AUTO(rsa_op) *decrypting = new_op(keymat, CFR_RSA_DECRYPT, &raw);
    AUTO(rsa_op) *verifying = new_op(keymat, CFR_RSA_VERIFY, &raw);
    AUTO(secret) *n = NULL;
    struct cfr_secret *opened = NULL;
    uint8_t out[257] = {0};

    ASSERT_OK(cfr_rsa_number(keymat, CFR_RSA_N, &n));
    ASSERT_RV(cfr_rsa_sign(signing, cfr_secret_view(n), out), CKR_DATA_INVALID);
    ASSERT_RV(cfr_rsa_encrypt(encrypting, cfr_secret_view(n), out), CKR_DATA_INVALID);
    ASSERT_RV(cfr_rsa_decrypt(decrypting, cfr_secret_view(n), &opened), CKR_ENCRYPTED_DATA_INVALID);
    ASSERT_RV(cfr_rsa_verify(verifying, cfr_span_of(out, 10), cfr_secret_view(n)), CKR_SIGNATURE_INVALID);
    ASSERT_RV(cfr_rsa_sign(signing, cfr_span_of(out, 257), out), CKR_DATA_LEN_RANGE);
    ASSERT_RV(cfr_rsa_encrypt(encrypting, cfr_span_of(out, 257), out), CKR_DATA_LEN_RANGE);
    ck_assert_ptr_null(opened);
    /* The operations go on. */
    ASSERT_OK(cfr_rsa_sign(signing, cfr_span_of("1", 1), out));
    ASSERT_OK(cfr_rsa_verify(verifying, cfr_span_of("1", 1), cfr_span_of(out, 256)));
    ASSERT_RV(cfr_rsa_verify(verifying, cfr_span_of("2", 1), cfr_span_of(out, 256)), CKR_SIGNATURE_INVALID);
}
END_TEST

START_TEST(ciphertexts_are_as_long_as_the_modulus)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    const struct cfr_rsa_scheme schemes[] = {
        raw, v15, {.padding = CFR_RSA_OAEP, .hash = CFR_HASH_SHA1, .mgf_hash = CFR_HASH_SHA1}};
    static const size_t lens[] = {0, 1, 255, 257, 512};
    static uint8_t octets[512] = {1};

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        AUTO(rsa_op) *decrypting = new_op(keymat, CFR_RSA_DECRYPT, &schemes[i]);
        struct cfr_secret *opened = NULL;

        for (size_t j = 0; j < COUNT_OF(lens); j++) {
            ASSERT_RV(cfr_rsa_decrypt(decrypting, cfr_span_of(octets, lens[j]), &opened),
                      CKR_ENCRYPTED_DATA_LEN_RANGE);
        }
        memset(octets, 0xff, 256);
        ASSERT_RV(cfr_rsa_decrypt(decrypting, cfr_span_of(octets, 256), &opened), CKR_ENCRYPTED_DATA_INVALID);
        memset(octets, 0, 256);
        ck_assert_ptr_null(opened);
    }
}
END_TEST

/* Every failure of OAEP is one code: label, hash and padding are not told apart (Manger 2001). */
START_TEST(oaep_failures_are_one)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);
    char label[] = "label";
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_OAEP,
                                    .hash = CFR_HASH_SHA256,
                                    .mgf_hash = CFR_HASH_SHA256,
                                    .label = cfr_span_text(label)};
    struct cfr_rsa_scheme others[] = {scheme, scheme, scheme, scheme};
    AUTO(rsa_op) *encrypting = new_op(keymat, CFR_RSA_ENCRYPT, &scheme);
    uint8_t coded[256];
    AUTO(secret) *opened = NULL;
    AUTO(rsa_op) *right = new_op(keymat, CFR_RSA_DECRYPT, &scheme);

    /* The label was copied. */
    label[0] = 'x';
    ASSERT_OK(cfr_rsa_encrypt(encrypting, cfr_span_text("message"), coded));
    ASSERT_OK(cfr_rsa_decrypt(right, cfr_span_of(coded, 256), &opened));
    ASSERT_SPAN(cfr_secret_view(opened), cfr_span_text("message"));
    others[1].label = cfr_span_of(NULL, 0);
    others[2].hash = CFR_HASH_SHA1;
    others[3].mgf_hash = CFR_HASH_SHA1;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        AUTO(rsa_op) *wrong = new_op(keymat, CFR_RSA_DECRYPT, &others[i]);
        struct cfr_secret *none = NULL;

        ASSERT_RV(cfr_rsa_decrypt(wrong, cfr_span_of(coded, 256), &none), CKR_ENCRYPTED_DATA_INVALID);
        ck_assert_ptr_null(none);
    }
    for (size_t bit = 0; bit < 2048; bit += 61) {
        struct cfr_secret *none = NULL;

        coded[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ASSERT_RV(cfr_rsa_decrypt(right, cfr_span_of(coded, 256), &none), CKR_ENCRYPTED_DATA_INVALID);
        coded[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}
END_TEST

START_TEST(public_key_does_neither_sign_nor_decrypt)
{
    AUTO(keymat) *keymat = fixture_rsa_public(key_id);
    const struct cfr_rsa_scheme schemes[] = {raw, v15};
    uint8_t octets[256] = {0, 1};

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        AUTO(rsa_op) *signing = NULL;
        AUTO(rsa_op) *decrypting = NULL;
        struct cfr_secret *opened = NULL;

        ck_assert(cfr_rsa_op_new(keymat, CFR_RSA_SIGN, &schemes[i], &signing) != CKR_OK ||
                  cfr_rsa_sign(signing, cfr_span_of(octets, 32), octets) != CKR_OK);
        ck_assert(cfr_rsa_op_new(keymat, CFR_RSA_DECRYPT, &schemes[i], &decrypting) != CKR_OK ||
                  cfr_rsa_decrypt(decrypting, cfr_span_of(octets, 256), &opened) != CKR_OK);
        ck_assert_ptr_null(opened);
    }
}
END_TEST

static void sign_often(unsigned index, void *arg)
{
    struct cfr_rsa_scheme scheme = {.padding = index % 2 == 0 ? CFR_RSA_V15 : CFR_RSA_PSS,
                                    .hash = CFR_HASH_SHA256,
                                    .mgf_hash = CFR_HASH_SHA256,
                                    .salt_len = 32};
    AUTO(rsa_op) *signing = new_op(arg, CFR_RSA_SIGN, &scheme);
    AUTO(rsa_op) *verifying = new_op(arg, CFR_RSA_VERIFY, &scheme);
    uint8_t digest[32] = {(uint8_t)index};
    uint8_t signature[256];

    for (int i = 0; i < 10; i++) {
        ASSERT_OK(cfr_rsa_sign(signing, cfr_span_of(digest, 32), signature));
        ASSERT_OK(cfr_rsa_verify(verifying, cfr_span_of(digest, 32), cfr_span_of(signature, 256)));
    }
}

START_TEST(threads_share_a_key)
{
    AUTO(keymat) *keymat = fixture_rsa_private(key_id);

    harness_threads(8, sign_often, keymat);
}
END_TEST

struct attempt {
    struct cfr_keymat *keymat;
    struct cfr_rsa_scheme scheme;
};

static CK_RV attempt_signature(void *arg)
{
    const struct attempt *attempt = arg;
    struct cfr_span digest = cfr_span_text("a digest of thirty-two octets!!!");
    AUTO(rsa_op) *signing = NULL;
    AUTO(rsa_op) *verifying = NULL;
    uint8_t signature[256];

    TRY(cfr_rsa_op_new(attempt->keymat, CFR_RSA_SIGN, &attempt->scheme, &signing));
    TRY(cfr_rsa_sign(signing, digest, signature));
    TRY(cfr_rsa_op_new(attempt->keymat, CFR_RSA_VERIFY, &attempt->scheme, &verifying));
    return cfr_rsa_verify(verifying, digest, cfr_span_of(signature, 256));
}

static CK_RV attempt_encryption(void *arg)
{
    const struct attempt *attempt = arg;
    AUTO(rsa_op) *encrypting = NULL;
    AUTO(rsa_op) *decrypting = NULL;
    AUTO(secret) *opened = NULL;
    uint8_t coded[256];
    CK_RV rv;

    TRY(cfr_rsa_op_new(attempt->keymat, CFR_RSA_ENCRYPT, &attempt->scheme, &encrypting));
    TRY(cfr_rsa_encrypt(encrypting, cfr_span_text("message"), coded));
    TRY(cfr_rsa_op_new(attempt->keymat, CFR_RSA_DECRYPT, &attempt->scheme, &decrypting));
    rv = cfr_rsa_decrypt(decrypting, cfr_span_of(coded, 256), &opened);
    ck_assert_int_eq(rv == CKR_OK, opened != NULL);
    return rv;
}

START_TEST(each_call_may_fail)
{
    static const struct cfr_rsa_scheme schemes[] = {
        {.padding = CFR_RSA_RAW},
        {.padding = CFR_RSA_V15},
        {.padding = CFR_RSA_PSS, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA1, .salt_len = 8},
        {.padding = CFR_RSA_OAEP, .hash = CFR_HASH_SHA256, .mgf_hash = CFR_HASH_SHA1},
    };
    struct attempt attempt = {.keymat = fixture_rsa_private(key_id), .scheme = schemes[_i]};

    if (attempt.scheme.padding != CFR_RSA_OAEP) {
        nth_failure_both(attempt_signature, &attempt, 2, 6);
    }
    if (attempt.scheme.padding != CFR_RSA_PSS) {
        nth_failure_both(attempt_encryption, &attempt, 3, 6);
    }
    cfr_keymat_drop(attempt.keymat);
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
    Suite *rsa_op = suite_create("rsa_op");
    TCase *contract = tcase_create("contract");

    suite_add_tcase(rsa_op, agreement_case());
    tcase_add_checked_fixture(contract, fixture_up, NULL);
    tcase_set_timeout(contract, 240);
    tcase_add_test(contract, pss_salt_is_exact);
    tcase_add_loop_test(contract, schemes_must_fit_the_key, 0, COUNT_OF(fits));
    tcase_add_test(contract, longest_inputs);
    tcase_add_test(contract, digests_have_the_length_of_their_hash);
    tcase_add_test(contract, signatures_are_as_long_as_the_modulus);
    tcase_add_test(contract, v15_signs_data_without_a_hash);
    tcase_add_test(contract, raw_numbers_are_below_the_modulus);
    tcase_add_test(contract, ciphertexts_are_as_long_as_the_modulus);
    tcase_add_test(contract, oaep_failures_are_one);
    tcase_add_test(contract, public_key_does_neither_sign_nor_decrypt);
    tcase_add_test(contract, threads_share_a_key);
    tcase_add_loop_test(contract, each_call_may_fail, 0, 4);
    suite_add_tcase(rsa_op, contract);
    return rsa_op;
}

TEST_MAIN(suite)
