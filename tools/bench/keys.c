/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include "support.h"

#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <unistd.h>

void bench_raw_open(struct bench_raw *ret_raw)
{
    ret_raw->lib = OSSL_LIB_CTX_new();
    ret_raw->sha256 = EVP_MD_fetch(ret_raw->lib, "SHA256", NULL);
    ret_raw->gcm = EVP_CIPHER_fetch(ret_raw->lib, "AES-256-GCM", NULL);
    ret_raw->cbc = EVP_CIPHER_fetch(ret_raw->lib, "AES-256-CBC", NULL);
    ret_raw->chacha20_poly1305 = EVP_CIPHER_fetch(ret_raw->lib, "ChaCha20-Poly1305", NULL);
    ret_raw->hmac = EVP_MAC_fetch(ret_raw->lib, "HMAC", NULL);
    if (ret_raw->sha256 == NULL || ret_raw->gcm == NULL || ret_raw->cbc == NULL ||
        ret_raw->chacha20_poly1305 == NULL || ret_raw->hmac == NULL) {
        bench_die("libcrypto lacks an algorithm");
    }
}

void bench_raw_close(struct bench_raw *raw)
{
    EVP_MD_free(raw->sha256);
    EVP_CIPHER_free(raw->gcm);
    EVP_CIPHER_free(raw->cbc);
    EVP_CIPHER_free(raw->chacha20_poly1305);
    EVP_MAC_free(raw->hmac);
    OSSL_LIB_CTX_free(raw->lib);
    *raw = (struct bench_raw){0};
}

static EVP_PKEY *key_make(const struct bench_raw *raw, const char *name)
{
    EVP_PKEY *key = NULL;

    switch (name[0]) {
    case 'r':
        key = EVP_PKEY_Q_keygen(raw->lib, NULL, "RSA", (size_t)strtoul(name + 3, NULL, 10));
        break;
    case 'p':
        key = EVP_PKEY_Q_keygen(raw->lib, NULL, "EC", "P-256");
        break;
    default: /* the name is the algorithm's */
        key = EVP_PKEY_Q_keygen(raw->lib, NULL, name);
    }
    if (key == NULL) {
        bench_die("cannot make the key %s", name);
    }
    return key;
}

static void key_save(EVP_PKEY *key, const char *path)
{
    char *draft = bench_text("%s.%ld", path, (long)getpid());
    const int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    if (file == NULL || PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        fclose(file) != 0 || rename(draft, path) != 0) {
        bench_die("cannot write %s", path);
    }
    free(draft);
}

/* Files are named for the key: rsa2048.pem, p256.pem, … */
static EVP_PKEY *key_load(const struct bench_raw *raw, const char *scratch, const char *name)
{
    char *path = bench_text("%s/%s.pem", scratch, name);
    FILE *file = fopen(path, "re");
    EVP_PKEY *key = NULL;

    if (file != NULL) {
        key = PEM_read_PrivateKey_ex(file, NULL, NULL, NULL, raw->lib, NULL);
        fclose(file);
    } else {
        key = key_make(raw, name);
        key_save(key, path);
    }
    if (key == NULL) {
        bench_die("cannot read %s", path);
    }
    free(path);
    return key;
}

/* NULL when libcrypto lacks the algorithm, which has the key's name. */
static EVP_PKEY *key_load_if_any(const struct bench_raw *raw, const char *scratch, const char *name)
{
    EVP_PKEY_CTX *probe = EVP_PKEY_CTX_new_from_name(raw->lib, name, NULL);

    if (probe == NULL) {
        return NULL;
    }
    EVP_PKEY_CTX_free(probe);
    return key_load(raw, scratch, name);
}

EVP_PKEY *bench_keys_p256(const struct bench_raw *raw, const char *scratch)
{
    return key_load(raw, scratch, "p256");
}

void bench_keys_open(const struct bench_raw *raw, const char *scratch, struct bench_keys *ret_keys)
{
    ret_keys->rsa2048 = key_load(raw, scratch, "rsa2048");
    ret_keys->rsa3072 = key_load(raw, scratch, "rsa3072");
    ret_keys->p256 = key_load(raw, scratch, "p256");
    ret_keys->ed25519 = key_load(raw, scratch, "ed25519");
    ret_keys->ml_dsa65 = key_load_if_any(raw, scratch, "ml-dsa-65");
    ret_keys->ml_kem768 = key_load_if_any(raw, scratch, "ml-kem-768");
    ret_keys->peer = key_load(raw, scratch, "p256-peer");
    if (RAND_bytes_ex(raw->lib, ret_keys->secret, BENCH_SECRET_LEN, 0) != 1) {
        bench_die("no random octets");
    }
}

void bench_keys_close(struct bench_keys *keys)
{
    EVP_PKEY_free(keys->rsa2048);
    EVP_PKEY_free(keys->rsa3072);
    EVP_PKEY_free(keys->p256);
    EVP_PKEY_free(keys->ed25519);
    EVP_PKEY_free(keys->ml_dsa65);
    EVP_PKEY_free(keys->ml_kem768);
    EVP_PKEY_free(keys->peer);
    OPENSSL_cleanse(keys, sizeof(*keys));
}

EVP_PKEY *bench_keys_pick(const struct bench_keys *keys, enum bench_key_kind kind)
{
    EVP_PKEY *const of_kind[] = {
        [BENCH_KEY_RSA2048] = keys->rsa2048,
        [BENCH_KEY_RSA3072] = keys->rsa3072,
        [BENCH_KEY_P256] = keys->p256,
        [BENCH_KEY_ED25519] = keys->ed25519,
        [BENCH_KEY_RSA2048_PUBLIC] = keys->rsa2048,
        [BENCH_KEY_ML_DSA65] = keys->ml_dsa65,
        [BENCH_KEY_ML_DSA65_PUBLIC] = keys->ml_dsa65,
        [BENCH_KEY_ML_KEM768] = keys->ml_kem768,
        [BENCH_KEY_ML_KEM768_PUBLIC] = keys->ml_kem768,
        [BENCH_KEY_HMAC] = NULL,
        [BENCH_KEY_CHACHA20] = NULL,
    };

    return of_kind[kind];
}

bool bench_keys_has(const struct bench_keys *keys, enum bench_key_kind kind)
{
    const bool is_optional = kind == BENCH_KEY_ML_DSA65 || kind == BENCH_KEY_ML_DSA65_PUBLIC ||
                             kind == BENCH_KEY_ML_KEM768 || kind == BENCH_KEY_ML_KEM768_PUBLIC;

    return !is_optional || bench_keys_pick(keys, kind) != NULL;
}

void bench_keys_point(EVP_PKEY *key, unsigned char ret_point[BENCH_POINT_LEN])
{
    size_t len = 0;

    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, ret_point, BENCH_POINT_LEN, &len) !=
            1 ||
        len != BENCH_POINT_LEN) {
        bench_die("no public point");
    }
}

bool bench_ecdsa_check(const struct bench_raw *raw, EVP_PKEY *key, const unsigned char digest[32],
                       const unsigned char signature[64])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(raw->lib, key, NULL);
    unsigned char *der = NULL;

    if (pair == NULL || ctx == NULL ||
        ECDSA_SIG_set0(pair, BN_bin2bn(signature, 32, NULL), BN_bin2bn(signature + 32, 32, NULL)) != 1) {
        bench_die("out of memory");
    }
    const int der_len = i2d_ECDSA_SIG(pair, &der);
    const bool is_good = der_len > 0 && EVP_PKEY_verify_init(ctx) == 1 &&
                         EVP_PKEY_verify(ctx, der, (size_t)der_len, digest, 32) == 1;
    OPENSSL_free(der);
    EVP_PKEY_CTX_free(ctx);
    ECDSA_SIG_free(pair);
    return is_good;
}
