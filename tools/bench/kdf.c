/* SPDX-License-Identifier: Apache-2.0 */
#include "kdf.h"

#include "support.h"

#include <dlfcn.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SALT_LEN = 16, KEY_LEN = 32 };

/* argon2id_hash_raw() of libargon2. */
typedef int (*argon2id_fn)(uint32_t passes, uint32_t memory_kib, uint32_t lanes, const void *secret,
                           size_t secret_len, const void *salt, size_t salt_len, void *out, size_t out_len);

struct bench_kdf {
    EVP_KDF_CTX *ctx;     /* libcrypto's, or … */
    argon2id_fn argon2id; /* … libargon2's */
    void *library;
    OSSL_PARAM params[8]; /* point into this structure */
    uint32_t memory_kib;
    uint32_t passes;
    uint32_t lanes;
    unsigned int rounds;
    unsigned char salt[SALT_LEN];
    char secret[sizeof(BENCH_USER_PIN)];
};

static EVP_KDF_CTX *kdf_ctx_new(const struct bench_raw *raw, const char *name)
{
    EVP_KDF *algorithm = EVP_KDF_fetch(raw->lib, name, NULL);
    EVP_KDF_CTX *ctx = algorithm == NULL ? NULL : EVP_KDF_CTX_new(algorithm);

    EVP_KDF_free(algorithm);
    return ctx;
}

static void params_common(struct bench_kdf *kdf, size_t at)
{
    memcpy(kdf->secret, BENCH_USER_PIN, sizeof(kdf->secret));
    kdf->params[at] =
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, kdf->secret, strlen(kdf->secret));
    kdf->params[at + 1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, kdf->salt, SALT_LEN);
    kdf->params[at + 2] = OSSL_PARAM_construct_end();
}

static bool argon2id_prepare(struct bench_kdf *kdf, const struct bench_raw *raw)
{
    kdf->lanes = 1;
    kdf->ctx = kdf_ctx_new(raw, "ARGON2ID");
    if (kdf->ctx != NULL) {
        kdf->params[0] = OSSL_PARAM_construct_uint32("memcost", &kdf->memory_kib);
        kdf->params[1] = OSSL_PARAM_construct_uint32("iter", &kdf->passes);
        kdf->params[2] = OSSL_PARAM_construct_uint32("lanes", &kdf->lanes);
        params_common(kdf, 3);
        return true;
    }
    kdf->library = dlopen("libargon2.so.1", RTLD_NOW | RTLD_LOCAL);
    if (kdf->library != NULL) {
        *(void **)&kdf->argon2id = dlsym(kdf->library, "argon2id_hash_raw");
    }
    params_common(kdf, 0);
    return kdf->argon2id != NULL;
}

static bool pbkdf2_prepare(struct bench_kdf *kdf, const struct bench_raw *raw)
{
    kdf->ctx = kdf_ctx_new(raw, "PBKDF2");
    kdf->params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0);
    kdf->params[1] = OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_ITER, &kdf->rounds);
    params_common(kdf, 2);
    return kdf->ctx != NULL;
}

struct bench_kdf *bench_kdf_open(const struct bench_raw *raw, const char *spec)
{
    struct bench_kdf *kdf = bench_alloc(sizeof(*kdf));
    bool is_ready = false;

    if (spec != NULL && sscanf(spec, "argon2id:%u:%u", &kdf->memory_kib, &kdf->passes) == 2) {
        is_ready = argon2id_prepare(kdf, raw);
    } else if (spec != NULL && sscanf(spec, "pbkdf2:%u", &kdf->rounds) == 1) {
        is_ready = pbkdf2_prepare(kdf, raw);
    } else if (spec != NULL) {
        bench_die("--kdf: not understood: %s", spec);
    }
    if (is_ready) {
        return kdf;
    }
    bench_kdf_close(kdf);
    return NULL;
}

void bench_kdf_close(struct bench_kdf *kdf)
{
    if (kdf != NULL) {
        EVP_KDF_CTX_free(kdf->ctx);
        if (kdf->library != NULL) {
            dlclose(kdf->library);
        }
        free(kdf);
    }
}

static bool kdf_op(void *work)
{
    struct bench_kdf *kdf = work;
    unsigned char key[KEY_LEN];

    if (kdf->ctx != NULL) {
        return EVP_KDF_derive(kdf->ctx, key, sizeof(key), kdf->params) == 1;
    }
    return kdf->argon2id(kdf->passes, kdf->memory_kib, kdf->lanes, kdf->secret, strlen(kdf->secret),
                         kdf->salt, SALT_LEN, key, sizeof(key)) == 0;
}

struct bench_side bench_kdf_side(struct bench_kdf *kdf)
{
    return (struct bench_side){.op = kdf_op, .work = kdf};
}
