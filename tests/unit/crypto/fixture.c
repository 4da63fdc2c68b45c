/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/fixture.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

void fixture_up(void)
{
    ASSERT_OK(cfr_ossl_up());
}

static const struct {
    const char *name;
    const EVP_MD *(*md)(void);
} hashes[CFR_HASH_COUNT] = {
    [CFR_HASH_NONE] = {"NONE", EVP_md_null},
    [CFR_HASH_SHA1] = {"SHA1", EVP_sha1},
    [CFR_HASH_SHA224] = {"SHA224", EVP_sha224},
    [CFR_HASH_SHA256] = {"SHA256", EVP_sha256},
    [CFR_HASH_SHA384] = {"SHA384", EVP_sha384},
    [CFR_HASH_SHA512] = {"SHA512", EVP_sha512},
    [CFR_HASH_SHA512_224] = {"SHA512_224", EVP_sha512_224},
    [CFR_HASH_SHA512_256] = {"SHA512_256", EVP_sha512_256},
    [CFR_HASH_SHA3_224] = {"SHA3_224", EVP_sha3_224},
    [CFR_HASH_SHA3_256] = {"SHA3_256", EVP_sha3_256},
    [CFR_HASH_SHA3_384] = {"SHA3_384", EVP_sha3_384},
    [CFR_HASH_SHA3_512] = {"SHA3_512", EVP_sha3_512},
};

enum cfr_hash fixture_hash(const char *name)
{
    char plain[32] = "";
    size_t len = 0;

    /* "SHA-512/224" and "SHA3-224" are written SHA512_224 and SHA3_224 here; "SHA-1" SHA1. */
    for (const char *at = name; *at != '\0' && len < sizeof(plain) - 1; at++) {
        if (*at != '-') {
            plain[len++] = *at == '/' ? '_' : *at;
        } else if (at > name && at[-1] == '3') {
            plain[len++] = '_';
        }
    }
    plain[len] = '\0';
    for (int hash = CFR_HASH_SHA1; hash < CFR_HASH_COUNT; hash++) {
        if (strcmp(hashes[hash].name, plain) == 0) {
            return (enum cfr_hash)hash;
        }
    }
    return CFR_HASH_NONE;
}

const EVP_MD *fixture_md(enum cfr_hash hash)
{
    return hashes[hash].md();
}

struct cfr_span fixture_digest(enum cfr_hash hash, struct cfr_span data, uint8_t *out)
{
    unsigned len = 0;

    ck_assert_int_eq(EVP_Digest(data.ptr, data.len, out, &len, fixture_md(hash), NULL), 1);
    return cfr_span_of(out, len);
}

bool fixture_is_same_key(EVP_PKEY *direct, const struct cfr_keymat *keymat)
{
    AUTO(secret) *spki = NULL;
    uint8_t *octets = NULL;
    int len = i2d_PUBKEY(direct, &octets);
    bool is_same;

    ck_assert_int_gt(len, 0);
    ASSERT_OK(cfr_keymat_spki(keymat, &spki));
    is_same = cfr_span_equal(cfr_secret_view(spki), cfr_span_of(octets, (size_t)len));
    OPENSSL_free(octets);
    return is_same;
}

const struct cfr_curve *fixture_curve(const char *name)
{
    static const struct {
        const char *from;
        const char *to;
        enum cfr_key_family family;
    } modern[] = {
        {"ED25519", "edwards25519", CFR_KEY_EDWARDS},
        {"ED448", "edwards448", CFR_KEY_EDWARDS},
        {"X25519", "curve25519", CFR_KEY_MONTGOMERY},
        {"X448", "curve448", CFR_KEY_MONTGOMERY},
    };
    enum cfr_key_family family = CFR_KEY_EC;
    const struct cfr_curve *curve = NULL;
    uint8_t params[64];
    size_t len;

    for (size_t i = 0; i < COUNT_OF(modern); i++) {
        if (strcmp(name, modern[i].from) == 0) {
            name = modern[i].to;
            family = modern[i].family;
            break;
        }
    }
    len = strlen(name);
    ck_assert_uint_lt(len, sizeof(params) - 2);
    params[0] = 0x13;
    params[1] = (uint8_t)len;
    cfr_copy(params + 2, name, len);
    ASSERT_OK(cfr_curve_find(family, cfr_span_of(params, len + 2), &curve));
    return curve;
}

static const char *const part_keys[CFR_RSA_PARTS] = {"n", "e", "d", "p", "q", "dp", "dq", "qi"};

struct cfr_rsa_numbers fixture_rsa_numbers(const char *id)
{
    static uint8_t storage[CFR_RSA_PARTS][512];
    struct cfr_rsa_numbers numbers = {0};
    struct vectors *vectors = vectors_open("rsa_keys");
    size_t cases = 0;

    for (; vectors_next(vectors); cases++) {
        if (strcmp(vectors_word(vectors, "id"), id) != 0) {
            continue;
        }
        for (int part = 0; part < CFR_RSA_PARTS; part++) {
            struct cfr_span octets = {0};

            if (vectors_has(vectors, part_keys[part])) {
                octets = vectors_octets(vectors, part_keys[part]);
            }
            ck_assert_uint_le(octets.len, sizeof(storage[part]));
            cfr_copy(storage[part], octets.ptr, octets.len);
            numbers.part[part] = cfr_span_of(octets.len == 0 ? NULL : storage[part], octets.len);
        }
    }
    ck_assert_msg(numbers.part[CFR_RSA_N].len != 0, "no RSA key %s", id);
    vectors_close(vectors, cases);
    return numbers;
}

struct cfr_keymat *fixture_rsa_private(const char *id)
{
    struct cfr_rsa_numbers numbers = fixture_rsa_numbers(id);
    struct cfr_keymat *keymat = NULL;

    ASSERT_OK(cfr_rsa_import_private(&numbers, &keymat));
    return keymat;
}

struct cfr_keymat *fixture_rsa_public(const char *id)
{
    struct cfr_rsa_numbers numbers = fixture_rsa_numbers(id);
    struct cfr_keymat *keymat = NULL;

    ASSERT_OK(cfr_rsa_import_public(&numbers, &keymat));
    return keymat;
}
