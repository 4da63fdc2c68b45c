/* SPDX-License-Identifier: Apache-2.0 */
/* Raw side and checks of the cases with a key pair. */
#include "support.h"
#include "work.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <string.h>

enum { DIGEST_LEN = 32 };

static EVP_PKEY *own_key(const struct bench_work *work)
{
    return bench_keys_pick(&work->b->keys, work->c->key);
}

static EVP_PKEY_CTX *pkey_ctx_new(const struct bench_work *work)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(work->b->raw.lib, own_key(work), NULL);

    if (ctx == NULL) {
        bench_die("no key context");
    }
    return ctx;
}

static void need(int done)
{
    if (done != 1) {
        bench_die("libcrypto refuses to prepare a case");
    }
}

/* A digest context that is only ever reset. */
static void md_keep(struct bench_work *work)
{
    work->md_ctx = EVP_MD_CTX_new();
    need(work->md_ctx != NULL && EVP_DigestInit_ex2(work->md_ctx, work->b->raw.sha256, NULL));
}

static bool message_digest(struct bench_work *w, unsigned char digest[DIGEST_LEN])
{
    return EVP_DigestInit_ex2(w->md_ctx, w->b->raw.sha256, NULL) == 1 &&
           EVP_DigestUpdate(w->md_ctx, w->in, w->in_len) == 1 &&
           EVP_DigestFinal_ex(w->md_ctx, digest, NULL) == 1;
}

/* The padding that the case's mechanism names, on a context initialised to sign or to verify. */
static void padding_set(const struct bench_work *work, EVP_PKEY_CTX *ctx)
{
    need(EVP_PKEY_CTX_set_signature_md(ctx, work->b->raw.sha256));
    if (work->c->mechanism == CKM_SHA256_RSA_PKCS_PSS) {
        need(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING));
        need(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, DIGEST_LEN));
        need(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, work->b->raw.sha256));
    } else {
        need(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING));
    }
}

void bench_prepare_rsa_sign(struct bench_work *work)
{
    md_keep(work);
    work->pkey_ctx = pkey_ctx_new(work);
    need(EVP_PKEY_sign_init(work->pkey_ctx));
    padding_set(work, work->pkey_ctx);
}

void bench_prepare_pss(struct bench_work *work)
{
    work->params.pss = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, DIGEST_LEN};
    work->mechanism.pParameter = &work->params.pss;
    work->mechanism.ulParameterLen = sizeof(work->params.pss);
    bench_prepare_rsa_sign(work);
}

void bench_prepare_ecdsa(struct bench_work *work)
{
    work->pkey_ctx = pkey_ctx_new(work);
    need(EVP_PKEY_sign_init(work->pkey_ctx));
}

void bench_prepare_ed25519(struct bench_work *work)
{
    work->md_ctx = EVP_MD_CTX_new();
    need(work->md_ctx != NULL &&
         EVP_DigestSignInit_ex(work->md_ctx, NULL, NULL, work->b->raw.lib, NULL, own_key(work), NULL));
    need(bench_raw_sign_pure(work) && bench_raw_sign_pure(work));
}

void bench_prepare_verify(struct bench_work *work)
{
    bench_prepare_rsa_sign(work);
    need(bench_raw_sign_message(work));
    memcpy(work->out, work->raw_out, work->raw_out_len);
    work->out_len = work->raw_out_len;
    need(EVP_PKEY_verify_init(work->pkey_ctx));
    padding_set(work, work->pkey_ctx);
}

static void oaep_set(EVP_PKEY_CTX *ctx)
{
    need(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING));
    need(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, "SHA1", NULL)); /* the one hash that all modules take */
}

/* The ciphertext is made here; a module and libcrypto then both decrypt what lies in "in". */
void bench_prepare_oaep(struct bench_work *work)
{
    unsigned char plain[32];
    size_t len = work->c->input_len + 512;

    work->params.oaep = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0};
    work->mechanism.pParameter = &work->params.oaep;
    work->mechanism.ulParameterLen = sizeof(work->params.oaep);
    memcpy(plain, work->in, sizeof(plain));
    work->pkey_ctx = pkey_ctx_new(work);
    need(EVP_PKEY_encrypt_init(work->pkey_ctx));
    oaep_set(work->pkey_ctx);
    need(EVP_PKEY_encrypt(work->pkey_ctx, work->in, &len, plain, sizeof(plain)));
    work->in_len = len;
    need(EVP_PKEY_decrypt_init(work->pkey_ctx));
    oaep_set(work->pkey_ctx);
}

void bench_prepare_ecdh(struct bench_work *work)
{
    bench_keys_point(work->b->keys.peer, work->point);
    work->params.ecdh = (CK_ECDH1_DERIVE_PARAMS){
        .kdf = CKD_NULL, .ulPublicDataLen = sizeof(work->point), .pPublicData = work->point};
    work->mechanism.pParameter = &work->params.ecdh;
    work->mechanism.ulParameterLen = sizeof(work->params.ecdh);
    work->pkey_ctx = pkey_ctx_new(work);
    need(EVP_PKEY_derive_init(work->pkey_ctx));
    need(EVP_PKEY_derive_set_peer(work->pkey_ctx, work->b->keys.peer));
}

bool bench_raw_sign_message(void *work)
{
    struct bench_work *w = work;
    unsigned char digest[DIGEST_LEN];

    w->raw_out_len = w->out_room;
    return message_digest(w, digest) &&
           EVP_PKEY_sign(w->pkey_ctx, w->raw_out, &w->raw_out_len, digest, sizeof(digest)) == 1;
}

bool bench_raw_sign_digest(void *work)
{
    struct bench_work *w = work;

    w->raw_out_len = w->out_room;
    return EVP_PKEY_sign(w->pkey_ctx, w->raw_out, &w->raw_out_len, w->in, w->in_len) == 1;
}

bool bench_raw_sign_pure(void *work)
{
    struct bench_work *w = work;

    w->raw_out_len = w->out_room;
    if (EVP_DigestSign(w->md_ctx, w->raw_out, &w->raw_out_len, w->in, w->in_len) == 1) {
        return true;
    }
    /* Newer libcrypto finishes the context with each signature: it has to be begun anew. */
    return EVP_DigestSignInit(w->md_ctx, NULL, NULL, NULL, NULL) == 1 &&
           EVP_DigestSign(w->md_ctx, w->raw_out, &w->raw_out_len, w->in, w->in_len) == 1;
}

bool bench_raw_verify(void *work)
{
    struct bench_work *w = work;
    unsigned char digest[DIGEST_LEN];

    return message_digest(w, digest) &&
           EVP_PKEY_verify(w->pkey_ctx, w->out, w->out_len, digest, sizeof(digest)) == 1;
}

bool bench_raw_decrypt(void *work)
{
    struct bench_work *w = work;

    w->raw_out_len = w->out_room;
    return EVP_PKEY_decrypt(w->pkey_ctx, w->raw_out, &w->raw_out_len, w->in, w->in_len) == 1;
}

bool bench_raw_derive(void *work)
{
    struct bench_work *w = work;

    w->raw_out_len = w->out_room;
    return EVP_PKEY_derive(w->pkey_ctx, w->raw_out, &w->raw_out_len) == 1;
}

bool bench_check_signature(struct bench_work *work)
{
    EVP_PKEY_CTX *ctx = pkey_ctx_new(work);
    unsigned char digest[DIGEST_LEN];

    need(EVP_PKEY_verify_init(ctx));
    padding_set(work, ctx);
    const bool is_good = message_digest(work, digest) &&
                         EVP_PKEY_verify(ctx, work->out, work->out_len, digest, sizeof(digest)) == 1;
    EVP_PKEY_CTX_free(ctx);
    return is_good;
}

bool bench_check_ecdsa(struct bench_work *work)
{
    return work->out_len == 64 && bench_ecdsa_check(&work->b->raw, own_key(work), work->in, work->out);
}

bool bench_check_pure(struct bench_work *work)
{
    return bench_raw_sign_pure(work) && work->out_len == work->raw_out_len &&
           memcmp(work->out, work->raw_out, work->raw_out_len) == 0;
}

/* The module has accepted a good signature; it must also refuse a bad one. */
bool bench_check_verify(struct bench_work *work)
{
    work->out[work->out_len - 1] ^= 1;
    const bool accepts_bad = bench_module_verify(work);
    work->out[work->out_len - 1] ^= 1;
    return !accepts_bad && work->c->raw_op(work);
}

bool bench_check_decrypt(struct bench_work *work)
{
    return bench_raw_decrypt(work) && work->out_len == work->raw_out_len &&
           work->out_len == work->c->input_len && memcmp(work->out, work->raw_out, work->raw_out_len) == 0;
}
