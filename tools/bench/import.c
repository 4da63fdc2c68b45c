/* SPDX-License-Identifier: Apache-2.0 */
/* From libcrypto keys to PKCS#11 templates: the only place that knows both forms. */
#include "keys.h"
#include "support.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <stdlib.h>
#include <string.h>

enum { ATTRIBUTES_MAX = 24, ARENA_LEN = 8192 };

/* A template that owns its values. */
struct draft {
    CK_ATTRIBUTE attributes[ATTRIBUTES_MAX];
    CK_ULONG count;
    unsigned char arena[ARENA_LEN];
    size_t used;
};

static unsigned char *draft_add(struct draft *draft, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    if (draft->count == ATTRIBUTES_MAX || len > ARENA_LEN - draft->used) {
        bench_die("template too long");
    }
    unsigned char *at = draft->arena + draft->used;
    memcpy(at, value, len);
    draft->used += (len + 7) / 8 * 8; /* values keep the alignment of a CK_ULONG */
    draft->attributes[draft->count++] = (CK_ATTRIBUTE){type, at, len};
    return at;
}

static void draft_ulong(struct draft *draft, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    draft_add(draft, type, &value, sizeof(value));
}

static void draft_bool(struct draft *draft, CK_ATTRIBUTE_TYPE type, CK_BBOOL value)
{
    draft_add(draft, type, &value, sizeof(value));
}

static void draft_number(struct draft *draft, CK_ATTRIBUTE_TYPE type, const EVP_PKEY *key, const char *param)
{
    BIGNUM *number = NULL;
    unsigned char octets[512];

    if (EVP_PKEY_get_bn_param(key, param, &number) != 1 || BN_num_bytes(number) > (int)sizeof(octets)) {
        bench_die("no %s in the key", param);
    }
    draft_add(draft, type, octets, (size_t)BN_bn2bin(number, octets));
    BN_clear_free(number);
}

static void draft_begin(struct draft *draft, CK_OBJECT_CLASS class, CK_KEY_TYPE key_type,
                        const struct bench_import *import)
{
    memset(draft, 0, sizeof(*draft));
    draft_ulong(draft, CKA_CLASS, class);
    draft_ulong(draft, CKA_KEY_TYPE, key_type);
    draft_bool(draft, CKA_TOKEN, import->is_token);
    draft_bool(draft, CKA_PRIVATE, class != CKO_PUBLIC_KEY);
    draft_add(draft, CKA_LABEL, import->label, strlen(import->label));
    draft_add(draft, CKA_ID, import->label, strlen(import->label));
    if (class != CKO_PUBLIC_KEY) {
        draft_bool(draft, CKA_SENSITIVE, CK_TRUE);
        draft_bool(draft, CKA_EXTRACTABLE, CK_FALSE);
    }
}

static void draft_rsa(struct draft *draft, const EVP_PKEY *key, const struct bench_import *import)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        const char *param;
    } private_part[] = {
        {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},   {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
        {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},      {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
        {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2}, {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
    };
    const bool is_public = import->kind == BENCH_KEY_RSA2048_PUBLIC;

    draft_begin(draft, is_public ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY, CKK_RSA, import);
    draft_number(draft, CKA_MODULUS, key, OSSL_PKEY_PARAM_RSA_N);
    draft_number(draft, CKA_PUBLIC_EXPONENT, key, OSSL_PKEY_PARAM_RSA_E);
    if (is_public) {
        draft_bool(draft, CKA_VERIFY, CK_TRUE);
        return;
    }
    for (size_t i = 0; i < sizeof(private_part) / sizeof(private_part[0]); i++) {
        draft_number(draft, private_part[i].type, key, private_part[i].param);
    }
    draft_bool(draft, CKA_SIGN, CK_TRUE);
    draft_bool(draft, CKA_DECRYPT, CK_TRUE);
}

static void draft_p256(struct draft *draft, EVP_PKEY *key, const struct bench_import *import)
{
    static const unsigned char oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    BIGNUM *number = NULL;
    unsigned char octets[32];

    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1 ||
        BN_bn2binpad(number, octets, sizeof(octets)) != (int)sizeof(octets)) {
        bench_die("no private value in the key");
    }
    BN_clear_free(number);
    draft_begin(draft, CKO_PRIVATE_KEY, CKK_EC, import);
    draft_add(draft, CKA_EC_PARAMS, oid, sizeof(oid));
    draft_add(draft, CKA_VALUE, octets, sizeof(octets));
    draft_bool(draft, CKA_SIGN, CK_TRUE);
    draft_bool(draft, CKA_DERIVE, CK_TRUE);
}

static void draft_ed25519(struct draft *draft, EVP_PKEY *key, const struct bench_import *import)
{
    static const unsigned char oid[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
    unsigned char octets[32];
    size_t len = sizeof(octets);

    if (EVP_PKEY_get_raw_private_key(key, octets, &len) != 1) {
        bench_die("no private value in the key");
    }
    draft_begin(draft, CKO_PRIVATE_KEY, CKK_EC_EDWARDS, import);
    draft_add(draft, CKA_EC_PARAMS, oid, sizeof(oid));
    draft_add(draft, CKA_VALUE, octets, len);
    draft_bool(draft, CKA_SIGN, CK_TRUE);
}

static void draft_octets(struct draft *draft, CK_ATTRIBUTE_TYPE type, const EVP_PKEY *key, const char *param)
{
    unsigned char *octets = bench_alloc(ARENA_LEN);
    size_t len = 0;

    if (EVP_PKEY_get_octet_string_param(key, param, octets, ARENA_LEN, &len) != 1) {
        bench_die("no %s in the key", param);
    }
    draft_add(draft, type, octets, len);
    OPENSSL_cleanse(octets, len);
    free(octets);
}

/* ML-DSA and ML-KEM; the names of parameters are libcrypto's, older headers of which lack them. */
static void draft_pq(struct draft *draft, const EVP_PKEY *key, const struct bench_import *import)
{
    const bool is_dsa = import->kind == BENCH_KEY_ML_DSA65 || import->kind == BENCH_KEY_ML_DSA65_PUBLIC;
    const bool is_public =
        import->kind == BENCH_KEY_ML_DSA65_PUBLIC || import->kind == BENCH_KEY_ML_KEM768_PUBLIC;
    const CK_ULONG sets[] = {CKP_ML_KEM_768, CKP_ML_DSA_65};

    draft_begin(draft, is_public ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY, is_dsa ? CKK_ML_DSA : CKK_ML_KEM,
                import);
    draft_ulong(draft, CKA_PARAMETER_SET, sets[is_dsa]);
    if (is_public) {
        draft_octets(draft, CKA_VALUE, key, OSSL_PKEY_PARAM_PUB_KEY);
        draft_bool(draft, is_dsa ? CKA_VERIFY : CKA_ENCAPSULATE, CK_TRUE);
        return;
    }
    draft_octets(draft, CKA_SEED, key, "seed");
    draft_octets(draft, CKA_VALUE, key, OSSL_PKEY_PARAM_PRIV_KEY);
    draft_bool(draft, is_dsa ? CKA_SIGN : CKA_DECAPSULATE, CK_TRUE);
}

static void draft_secret(struct draft *draft, const struct bench_keys *keys,
                         const struct bench_import *import)
{
    const bool is_cipher = import->kind != BENCH_KEY_HMAC;
    const CK_KEY_TYPE type = import->kind == BENCH_KEY_AES        ? CKK_AES
                             : import->kind == BENCH_KEY_CHACHA20 ? CKK_CHACHA20
                                                                  : CKK_GENERIC_SECRET;

    draft_begin(draft, CKO_SECRET_KEY, type, import);
    draft_add(draft, CKA_VALUE, keys->secret, BENCH_SECRET_LEN);
    draft_bool(draft, is_cipher ? CKA_ENCRYPT : CKA_SIGN, CK_TRUE);
    draft_bool(draft, is_cipher ? CKA_DECRYPT : CKA_VERIFY, CK_TRUE);
}

CK_RV bench_key_import(const struct bench_module *module, CK_SESSION_HANDLE session,
                       const struct bench_keys *keys, const struct bench_import *import,
                       CK_OBJECT_HANDLE *ret_key)
{
    struct draft *draft = bench_alloc(sizeof(*draft));
    EVP_PKEY *key = bench_keys_pick(keys, import->kind);

    switch (import->kind) {
    case BENCH_KEY_P256:
        draft_p256(draft, key, import);
        break;
    case BENCH_KEY_ED25519:
        draft_ed25519(draft, key, import);
        break;
    case BENCH_KEY_ML_DSA65:
    case BENCH_KEY_ML_DSA65_PUBLIC:
    case BENCH_KEY_ML_KEM768:
    case BENCH_KEY_ML_KEM768_PUBLIC:
        draft_pq(draft, key, import);
        break;
    case BENCH_KEY_RSA2048:
    case BENCH_KEY_RSA2048_PUBLIC:
    case BENCH_KEY_RSA3072:
        draft_rsa(draft, key, import);
        break;
    case BENCH_KEY_NONE:
    case BENCH_KEY_AES:
    case BENCH_KEY_HMAC:
    case BENCH_KEY_CHACHA20:
        draft_secret(draft, keys, import);
        break;
    }
    CK_OBJECT_HANDLE created = CK_INVALID_HANDLE;
    const CK_RV rv = module->f->C_CreateObject(session, draft->attributes, draft->count, &created);
    if (rv == CKR_OK) { /* some modules set the handle and then fail */
        *ret_key = created;
    }
    OPENSSL_cleanse(draft, sizeof(*draft));
    free(draft);
    return rv;
}
