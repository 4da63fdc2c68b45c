/* SPDX-License-Identifier: Apache-2.0 */
/* Derivations from secret keys, against libcrypto's KDFs, digests and ciphers. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/kbkdf.h"
#include "integration/evidence/derive.h"
#include "integration/evidence/random.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>

static struct bag template;
static struct octets out;

/* A readable key; of no stated length when @p len is 0, and then of no stated type either. */
static void readable(size_t len)
{
    derived_template(&template, CKK_GENERIC_SECRET, len);
    if (len == 0) {
        bag_remove(&template, CKA_KEY_TYPE);
        bag_remove(&template, CKA_CLASS);
    }
}

static CK_OBJECT_HANDLE generic(CK_SESSION_HANDLE session, struct cfr_span value)
{
    return secret_make(session, CKK_GENERIC_SECRET, value.ptr, value.len);
}

static struct cfr_span any_span(size_t most)
{
    return random_span(random_below(most + 1));
}

/* --- HKDF --- */

static struct cfr_span hkdf_by_libcrypto(const struct hash_row *hash, struct cfr_span key,
                                         struct cfr_span salt, struct cfr_span info, size_t len)
{
    static uint8_t octets[OCTETS_MAX];
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)hash->md, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, UNCONST(key.ptr), key.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, UNCONST(salt.ptr), salt.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, UNCONST(info.ptr), info.len),
        OSSL_PARAM_END,
    };

    ck_assert_int_eq(EVP_KDF_derive(ctx, octets, len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return cfr_span_of(octets, len);
}

static void compare_hkdf(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key,
                         struct cfr_span value)
{
    const struct hash_row *hash = &hashes[random_below(HASH_COUNT)];
    struct cfr_span salt = any_span(100);
    struct cfr_span info = any_span(100);
    size_t len = 1 + random_below(255 * hash->len);
    CK_HKDF_PARAMS params = hkdf_params(hash, salt, info);
    CK_MECHANISM mechanism = MECHANISM_WITH(type, &params);
    struct cfr_span wanted = hkdf_by_libcrypto(hash, value, salt, info, len);

    if (type == CKM_HKDF_DATA) {
        OK(hkdf_data_make(session, key, &params, len, &out));
        expect_octets(octets_view(&out), wanted, "%s as data", hash->name);
        return;
    }
    readable(len);
    derive_expect(session, &mechanism, key, &template, wanted, hash->name);
}

void cross_hkdf(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct cfr_span value = random_span(1 + random_below(200));

    compare_hkdf(session, type, generic(session, value), value);
}

void cross_hkdf_key(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    static struct octets value;
    CK_OBJECT_HANDLE key;

    bag_clear(&template);
    bag_ulong(&template, CKA_VALUE_LEN, 1 + random_below(200));
    bag_bool(&template, CKA_DERIVE, true);
    key = random_key(session, type, &template, &value);
    compare_hkdf(session, CKM_HKDF_DERIVE, key, octets_view(&value));
}

/* --- PBKDF2 --- */

void cross_pbkdf2(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct pbkdf2 from = {&hashes[random_below(HASH_COUNT)], any_span(200), any_span(100),
                          1 + random_below(2000)};
    size_t len = 1 + random_below(200);
    uint8_t wanted[200];
    EVP_MD *md;

    ck_assert_uint_eq(type, CKM_PKCS5_PBKD2);
    from.hash = from.hash->pbkdf2 == 0 ? hash_find("SHA256") : from.hash;
    md = EVP_MD_fetch(NULL, from.hash->md, NULL);
    ck_assert_int_eq(PKCS5_PBKDF2_HMAC((const char *)from.password.ptr, (int)from.password.len, from.salt.ptr,
                                       (int)from.salt.len, (int)from.iterations, md, (int)len, wanted),
                     1);
    OK(pbkdf2_make(session, &from, len, &out));
    expect_octets(octets_view(&out), cfr_span_of(wanted, len), "%s", from.hash->name);
    EVP_MD_free(md);
}

/* --- SP 800-108: any order of fields is the subject of cryptoki_derive_kbkdf_test --- */

void cross_kbkdf(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    const struct hash_row *hash = random_below(4) == 0 ? NULL : &hashes[random_below(HASH_COUNT)];
    struct cfr_span key = random_span(32);
    size_t len = 1 + random_below(300);
    CK_OBJECT_HANDLE base;

    hash = hash != NULL && strncmp(hash->name, "SHA512_", 7) == 0 ? hash_find("SHA3_256") : hash;
    base = secret_make(session, hash == NULL ? CKK_AES : hash->key_type, key.ptr, key.len);
    kbkdf_begin(type, hash == NULL ? CKM_AES_CMAC : hash->hmac, 8 + 8 * random_below(4));
    kbkdf_call.iv = random_span(1 + random_below(70));
    kbkdf_iteration();
    kbkdf_counter();
    kbkdf_octets(random_span(1 + random_below(60)));
    kbkdf_octets(random_span(1 + random_below(60)));
    readable(len);
    derive_expect(session, kbkdf_end(), base, &template, kbkdf_by_definition(hash, key, &len, 1),
                  hash == NULL ? "CMAC" : hash->name);
}

/* --- Combinations --- */

void cross_combination(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct cfr_span base = random_span(1 + random_below(200));
    struct cfr_span other = random_span(1 + random_below(200));
    bool is_in_front = type == CKM_CONCATENATE_DATA_AND_BASE;
    struct cfr_span first = is_in_front ? other : base;
    struct cfr_span last = is_in_front ? base : other;
    CK_KEY_DERIVATION_STRING_DATA data = {UNCONST(other.ptr), other.len};
    CK_OBJECT_HANDLE other_key = generic(session, other);
    CK_MECHANISM mechanism =
        type == CKM_CONCATENATE_BASE_AND_KEY ? MECHANISM_WITH(type, &other_key) : MECHANISM_WITH(type, &data);
    uint8_t wanted[400];
    size_t len = base.len + other.len;

    cfr_copy(wanted, first.ptr, first.len);
    cfr_copy(wanted + first.len, last.ptr, last.len);
    if (type == CKM_XOR_BASE_AND_DATA) {
        len = base.len < other.len ? base.len : other.len;
        for (size_t i = 0; i < len; i++) {
            wanted[i] = base.ptr[i] ^ other.ptr[i];
        }
    }
    readable(0);
    derive_expect(session, &mechanism, generic(session, base), &template, cfr_span_of(wanted, len),
                  "the whole");
    len = 1 + random_below(len);
    readable(len);
    derive_expect(session, &mechanism, generic(session, base), &template, cfr_span_of(wanted, len),
                  "leading octets");
}

/* Bits are numbered from the first octet's highest one, and go round. */
void cross_extraction(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct cfr_span base = random_span(1 + random_below(100));
    CK_EXTRACT_PARAMS from = random_below(8 * base.len);
    CK_MECHANISM mechanism = MECHANISM_WITH(type, &from);
    size_t len = 1 + random_below(base.len);
    uint8_t wanted[100] = {0};

    for (size_t bit = 0; bit < 8 * len; bit++) {
        size_t at = (from + bit) % (8 * base.len);

        wanted[bit / 8] |= (uint8_t)((base.ptr[at / 8] >> (7 - at % 8) & 1) << (7 - bit % 8));
    }
    readable(len);
    derive_expect(session, &mechanism, generic(session, base), &template, cfr_span_of(wanted, len), "bits");
}

/* --- Digests of keys --- */

static const struct hash_row *hash_of(CK_MECHANISM_TYPE derivation)
{
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (hashes[i].derivation == derivation) {
            return &hashes[i];
        }
    }
    ck_abort_msg("no hash derives by 0x%lx", derivation);
}

static void expect_digest(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, struct cfr_span key,
                          struct cfr_span digest)
{
    CK_MECHANISM mechanism = MECHANISM(type);
    size_t len = 1 + random_below(digest.len);

    readable(0);
    derive_expect(session, &mechanism, generic(session, key), &template, digest, "the whole");
    readable(len);
    derive_expect(session, &mechanism, generic(session, key), &template, cfr_span_of(digest.ptr, len),
                  "leading octets");
}

void cross_key_digest(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct cfr_span key = random_span(1 + random_below(300));
    uint8_t md[64];

    expect_digest(session, type, key, hash_digest(hash_of(type), key, md));
}

void cross_shake(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    bool is_128 = type == CKM_SHAKE_128_KEY_DERIVATION;
    struct cfr_span key = random_span(1 + random_below(300));
    size_t len = is_128 ? 32 : 64;
    EVP_MD *md = EVP_MD_fetch(NULL, is_128 ? "SHAKE128" : "SHAKE256", NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t digest[64];

    ck_assert_int_eq(EVP_DigestInit_ex(ctx, md, NULL), 1);
    ck_assert_int_eq(EVP_DigestUpdate(ctx, key.ptr, key.len), 1);
    ck_assert_int_eq(EVP_DigestFinalXOF(ctx, digest, len), 1);
    expect_digest(session, type, key, cfr_span_of(digest, len));
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
}

/* --- Encrypted data --- */

void cross_encrypted_data(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    static const char *const names[2][3] = {{"AES-128-ECB", "AES-192-ECB", "AES-256-ECB"},
                                            {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"}};
    bool is_cbc = type == CKM_AES_CBC_ENCRYPT_DATA;
    struct cfr_span key = random_span(16 + 8 * random_below(3));
    struct cfr_span data = random_span(16 + 16 * random_below(20));
    CK_KEY_DERIVATION_STRING_DATA ecb = {UNCONST(data.ptr), data.len};
    CK_AES_CBC_ENCRYPT_DATA_PARAMS cbc = {.pData = UNCONST(data.ptr), .length = data.len};
    CK_MECHANISM mechanism = is_cbc ? MECHANISM_WITH(type, &cbc) : MECHANISM_WITH(type, &ecb);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, names[is_cbc][key.len / 8 - 2], NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;

    random_octets(cbc.iv, sizeof(cbc.iv));
    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, cipher, NULL, key.ptr, is_cbc ? cbc.iv : NULL), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, out.at, &len, data.ptr, (int)data.len), 1);
    ck_assert_int_eq(len, (int)data.len);
    readable(0);
    derive_expect(session, &mechanism, secret_make(session, CKK_AES, key.ptr, key.len), &template,
                  cfr_span_of(out.at, data.len), names[is_cbc][0]);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
}
