/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both sides of the post-quantum cases. Signatures are deterministic: how often ML-DSA has to try again depends on
 * message and randomness, and so both sides do the same work.
 */
#include "support.h"
#include "work.h"

#include <openssl/params.h>
#include <string.h>

static EVP_PKEY *own_key(const struct bench_work *work)
{
    return bench_keys_pick(&work->b->keys, work->c->key);
}

static void need(int done)
{
    if (done != 1) {
        bench_die("libcrypto refuses to prepare a case");
    }
}

static EVP_PKEY_CTX *pkey_ctx_new(const struct bench_work *work)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(work->b->raw.lib, own_key(work), NULL);

    need(ctx != NULL);
    return ctx;
}

/* --- ML-DSA --- */

static void sign_begin(struct bench_work *work)
{
    int deterministic = 1;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_int("deterministic", &deterministic),
                                 OSSL_PARAM_construct_end()};

    work->md_ctx = EVP_MD_CTX_new();
    need(work->md_ctx != NULL &&
         EVP_DigestSignInit_ex(work->md_ctx, NULL, NULL, work->b->raw.lib, NULL, own_key(work), params) == 1);
    need(bench_raw_sign_pure(work) && bench_raw_sign_pure(work));
}

void bench_prepare_ml_dsa_sign(struct bench_work *work)
{
    work->params.sign = (CK_SIGN_ADDITIONAL_CONTEXT){.hedgeVariant = CKH_DETERMINISTIC_REQUIRED};
    work->mechanism.pParameter = &work->params.sign;
    work->mechanism.ulParameterLen = sizeof(work->params.sign);
    sign_begin(work);
}

void bench_prepare_ml_dsa_verify(struct bench_work *work)
{
    sign_begin(work);
    memcpy(work->out, work->raw_out, work->raw_out_len);
    work->out_len = work->raw_out_len;
    EVP_MD_CTX_free(work->md_ctx);
    work->md_ctx = EVP_MD_CTX_new();
    need(work->md_ctx != NULL &&
         EVP_DigestVerifyInit_ex(work->md_ctx, NULL, NULL, work->b->raw.lib, NULL, own_key(work), NULL) == 1);
}

/* libcrypto takes one message for each beginning. */
bool bench_raw_verify_pure(void *work)
{
    struct bench_work *w = work;

    return EVP_DigestVerifyInit(w->md_ctx, NULL, NULL, NULL, NULL) == 1 &&
           EVP_DigestVerify(w->md_ctx, w->out, w->out_len, w->in, w->in_len) == 1;
}

/* --- ML-KEM --- */

void bench_prepare_encapsulate(struct bench_work *work)
{
    work->pkey_ctx = pkey_ctx_new(work);
    need(EVP_PKEY_encapsulate_init(work->pkey_ctx, NULL));
}

bool bench_raw_encapsulate(void *work)
{
    struct bench_work *w = work;
    size_t shared_len = sizeof(w->shared);

    w->raw_out_len = w->out_room;
    return EVP_PKEY_encapsulate(w->pkey_ctx, w->raw_out, &w->raw_out_len, w->shared, &shared_len) == 1 &&
           shared_len == sizeof(w->shared);
}

/* The ciphertext is made here; a module and libcrypto then both open what lies in "in". */
void bench_prepare_decapsulate(struct bench_work *work)
{
    bench_prepare_encapsulate(work);
    need(bench_raw_encapsulate(work));
    memcpy(work->in, work->raw_out, work->raw_out_len);
    work->in_len = work->raw_out_len;
    need(EVP_PKEY_decapsulate_init(work->pkey_ctx, NULL));
}

bool bench_raw_decapsulate(void *work)
{
    struct bench_work *w = work;
    size_t shared_len = sizeof(w->shared);

    return EVP_PKEY_decapsulate(w->pkey_ctx, w->shared, &shared_len, w->in, w->in_len) == 1 &&
           shared_len == sizeof(w->shared);
}

struct new_key {
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE key_type;
    CK_BBOOL yes;
    CK_BBOOL no;
    CK_ATTRIBUTE template[6];
};

static void new_key_describe(struct new_key *key)
{
    *key = (struct new_key){CKO_SECRET_KEY, CKK_GENERIC_SECRET, CK_TRUE, CK_FALSE, {{0}}};
    const CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &key->class, sizeof(key->class)}, {CKA_KEY_TYPE, &key->key_type, sizeof(key->key_type)},
        {CKA_TOKEN, &key->no, sizeof(key->no)},       {CKA_PRIVATE, &key->yes, sizeof(key->yes)},
        {CKA_SENSITIVE, &key->no, sizeof(key->no)},   {CKA_EXTRACTABLE, &key->yes, sizeof(key->yes)},
    };
    memcpy(key->template, template, sizeof(template));
}

static CK_RV encapsulate(struct bench_work *w, CK_OBJECT_HANDLE *ret_key)
{
    struct new_key key;

    if (w->b->module.f32 == NULL) {
        return CKR_FUNCTION_NOT_SUPPORTED;
    }
    new_key_describe(&key);
    w->out_len = w->out_room;
    return w->b->module.f32->C_EncapsulateKey(w->session, &w->mechanism, w->key, key.template, 6, w->out,
                                              &w->out_len, ret_key);
}

static CK_RV decapsulate(struct bench_work *w, CK_OBJECT_HANDLE *ret_key)
{
    struct new_key key;

    if (w->b->module.f32 == NULL) {
        return CKR_FUNCTION_NOT_SUPPORTED;
    }
    new_key_describe(&key);
    return w->b->module.f32->C_DecapsulateKey(w->session, &w->mechanism, w->key, key.template, 6, w->in,
                                              w->in_len, ret_key);
}

static bool made(struct bench_work *w, CK_RV rv, CK_OBJECT_HANDLE key)
{
    w->rv = rv != CKR_OK ? rv : w->f->C_DestroyObject(w->session, key);
    return w->rv == CKR_OK;
}

bool bench_module_encapsulate(void *work)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const CK_RV rv = encapsulate(work, &key);

    return made(work, rv, key);
}

bool bench_module_decapsulate(void *work)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const CK_RV rv = decapsulate(work, &key);

    return made(work, rv, key);
}

/* Whether the module's new key is what the raw side agreed on; destroys it. */
static bool is_shared(struct bench_work *work, CK_OBJECT_HANDLE key)
{
    unsigned char value[BENCH_SECRET_LEN + 1];
    CK_ATTRIBUTE wanted = {CKA_VALUE, value, sizeof(value)};

    bench_rv_need(work->f->C_GetAttributeValue(work->session, key, &wanted, 1), "C_GetAttributeValue");
    bench_rv_need(work->f->C_DestroyObject(work->session, key), "C_DestroyObject");
    return wanted.ulValueLen == sizeof(work->shared) &&
           memcmp(value, work->shared, sizeof(work->shared)) == 0;
}

/* libcrypto opens the module's ciphertext. */
bool bench_check_encapsulate(struct bench_work *work)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    EVP_PKEY_CTX *ctx = pkey_ctx_new(work);
    size_t shared_len = sizeof(work->shared);

    bench_rv_need(encapsulate(work, &key), "C_EncapsulateKey");
    need(EVP_PKEY_decapsulate_init(ctx, NULL));
    const bool is_opened =
        EVP_PKEY_decapsulate(ctx, work->shared, &shared_len, work->out, work->out_len) == 1 &&
        shared_len == sizeof(work->shared);
    EVP_PKEY_CTX_free(ctx);
    return is_shared(work, key) && is_opened;
}

bool bench_check_decapsulate(struct bench_work *work)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    bench_rv_need(decapsulate(work, &key), "C_DecapsulateKey");
    return bench_raw_decapsulate(work) && is_shared(work, key);
}
