/* SPDX-License-Identifier: Apache-2.0 */
/* Raw side and checks of the cases with a secret key or none. */
#include "support.h"
#include "work.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <string.h>

enum { TAG_LEN = 16, GCM_IV_LEN = 12, CBC_IV_LEN = 16, DRAWS = 64 };

static void need(int done)
{
    if (done != 1) {
        bench_die("libcrypto refuses to prepare a case");
    }
}

static void cipher_keep(struct bench_work *work, const EVP_CIPHER *cipher)
{
    work->cipher_ctx = EVP_CIPHER_CTX_new();
    need(work->cipher_ctx != NULL && EVP_EncryptInit_ex2(work->cipher_ctx, cipher, work->b->keys.secret,
                                                         (unsigned char *)work->iv, NULL));
    need(EVP_CIPHER_CTX_set_padding(work->cipher_ctx, 0));
}

void bench_prepare_gcm(struct bench_work *work)
{
    work->params.gcm = (CK_GCM_PARAMS){.pIv = (unsigned char *)work->iv,
                                       .ulIvLen = GCM_IV_LEN,
                                       .ulIvBits = GCM_IV_LEN * 8,
                                       .ulTagBits = TAG_LEN * 8};
    work->mechanism.pParameter = &work->params.gcm;
    work->mechanism.ulParameterLen = sizeof(work->params.gcm);
    cipher_keep(work, work->b->raw.gcm);
}

/* The run of the case before, if there is one, ends. */
static CK_RV begin_messages(struct bench_work *work)
{
    const CK_FUNCTION_LIST_3_0 *f = work->b->module.f3;

    if (f == NULL) {
        return CKR_FUNCTION_NOT_SUPPORTED;
    }
    f->C_MessageEncryptInit(work->session, NULL, CK_INVALID_HANDLE);
    return f->C_MessageEncryptInit(work->session, &work->mechanism, work->key);
}

void bench_prepare_message(struct bench_work *work)
{
    work->params.gcm_message = (CK_GCM_MESSAGE_PARAMS){.pIv = (unsigned char *)work->iv,
                                                       .ulIvLen = GCM_IV_LEN,
                                                       .ivGenerator = CKG_NO_GENERATE,
                                                       .pTag = work->out + work->in_len,
                                                       .ulTagBits = TAG_LEN * 8};
    cipher_keep(work, work->b->raw.gcm);
    work->rv_begin = begin_messages(work);
}

/* Run by bench_raw_gcm() as well: nonce, text and tag are the same calls. */
void bench_prepare_chacha20(struct bench_work *work)
{
    work->params.chacha20 = (CK_SALSA20_CHACHA20_POLY1305_PARAMS){.pNonce = (unsigned char *)work->iv,
                                                                  .ulNonceLen = GCM_IV_LEN * 8};
    work->mechanism.pParameter = &work->params.chacha20;
    work->mechanism.ulParameterLen = sizeof(work->params.chacha20);
    cipher_keep(work, work->b->raw.chacha20_poly1305);
}

void bench_prepare_cbc(struct bench_work *work)
{
    work->mechanism.pParameter = work->iv;
    work->mechanism.ulParameterLen = CBC_IV_LEN;
    cipher_keep(work, work->b->raw.cbc);
}

void bench_prepare_hmac(struct bench_work *work)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end(),
    };

    work->mac_ctx = EVP_MAC_CTX_new(work->b->raw.hmac);
    need(work->mac_ctx != NULL &&
         EVP_MAC_init(work->mac_ctx, work->b->keys.secret, sizeof(work->b->keys.secret), params));
}

void bench_prepare_digest(struct bench_work *work)
{
    work->md_ctx = EVP_MD_CTX_new();
    need(work->md_ctx != NULL && EVP_DigestInit_ex2(work->md_ctx, work->b->raw.sha256, NULL));
}

void bench_prepare_random(struct bench_work *work)
{
    need(bench_raw_random(work)); /* seeds the generator of this thread */
}

bool bench_raw_gcm(void *work)
{
    struct bench_work *w = work;
    unsigned char *tag = w->raw_out + w->in_len;
    OSSL_PARAM get_tag[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, TAG_LEN),
                            OSSL_PARAM_END};
    int len = 0;
    int rest = 0;

    w->iv[0]++;
    w->raw_out_len = w->in_len + TAG_LEN;
    return EVP_EncryptInit_ex2(w->cipher_ctx, NULL, NULL, (unsigned char *)w->iv, NULL) == 1 &&
           EVP_EncryptUpdate(w->cipher_ctx, w->raw_out, &len, w->in, (int)w->in_len) == 1 &&
           EVP_EncryptFinal_ex(w->cipher_ctx, w->raw_out + len, &rest) == 1 &&
           EVP_CIPHER_CTX_get_params(w->cipher_ctx, get_tag) == 1;
}

bool bench_raw_cbc(void *work)
{
    struct bench_work *w = work;
    int len = 0;
    int rest = 0;

    w->iv[0]++;
    w->raw_out_len = w->in_len;
    return EVP_EncryptInit_ex2(w->cipher_ctx, NULL, NULL, (unsigned char *)w->iv, NULL) == 1 &&
           EVP_EncryptUpdate(w->cipher_ctx, w->raw_out, &len, w->in, (int)w->in_len) == 1 &&
           EVP_EncryptFinal_ex(w->cipher_ctx, w->raw_out + len, &rest) == 1;
}

bool bench_raw_hmac(void *work)
{
    struct bench_work *w = work;

    return EVP_MAC_init(w->mac_ctx, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(w->mac_ctx, w->in, w->in_len) == 1 &&
           EVP_MAC_final(w->mac_ctx, w->raw_out, &w->raw_out_len, w->out_room) == 1;
}

bool bench_raw_digest(void *work)
{
    struct bench_work *w = work;
    unsigned int len = 0;
    const bool is_good = EVP_DigestInit_ex2(w->md_ctx, w->b->raw.sha256, NULL) == 1 &&
                         EVP_DigestUpdate(w->md_ctx, w->in, w->in_len) == 1 &&
                         EVP_DigestFinal_ex(w->md_ctx, w->raw_out, &len) == 1;

    w->raw_out_len = len;
    return is_good;
}

bool bench_raw_random(void *work)
{
    struct bench_work *w = work;

    w->raw_out_len = w->in_len;
    return RAND_bytes_ex(w->b->raw.lib, w->raw_out, w->in_len, 0) == 1;
}

/* The raw side with the same input, and the same IV where there is one, gives the same octets. */
bool bench_check_same(struct bench_work *work)
{
    work->iv[0]--; /* the raw side counts up before it uses the IV, as the module's side did */
    return work->c->raw_op(work) && work->out_len == work->raw_out_len &&
           memcmp(work->out, work->raw_out, work->raw_out_len) == 0;
}

/* The module counts the text alone; the tag lies behind it. */
bool bench_check_message(struct bench_work *work)
{
    work->out_len += TAG_LEN;
    return bench_check_same(work);
}

/* There is no right answer to compare with; but draws that repeat, or are all zero, are wrong. */
bool bench_check_random(struct bench_work *work)
{
    unsigned char seen[DRAWS + 1][32] = {{0}};

    for (size_t i = 1; i <= DRAWS; i++) {
        if (!bench_module_random(work)) {
            return false;
        }
        memcpy(seen[i], work->out, sizeof(seen[i]));
        for (size_t j = 0; j < i; j++) {
            if (memcmp(seen[i], seen[j], sizeof(seen[i])) == 0) {
                return false;
            }
        }
    }
    return true;
}
