/* SPDX-License-Identifier: Apache-2.0 */
#include "work.h"

#include "support.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_EXTRA_LEN = 4096, MIB = 1048576 };

/* clang-format off */
const struct bench_case bench_case_table[] = {
    /* id                 key                         mechanism                octets prepare                     module                    raw                     check */
    {"rsa2048-sign",      BENCH_KEY_RSA2048,          CKM_SHA256_RSA_PKCS,     32,   bench_prepare_rsa_sign,      bench_module_sign,        bench_raw_sign_message, bench_check_signature},
    {"rsa3072-pss",       BENCH_KEY_RSA3072,          CKM_SHA256_RSA_PKCS_PSS, 32,   bench_prepare_pss,           bench_module_sign,        bench_raw_sign_message, bench_check_signature},
    {"ecdsa-p256",        BENCH_KEY_P256,             CKM_ECDSA,               32,   bench_prepare_ecdsa,         bench_module_sign,        bench_raw_sign_digest,  bench_check_ecdsa},
    {"ed25519",           BENCH_KEY_ED25519,          CKM_EDDSA,               32,   bench_prepare_ed25519,       bench_module_sign,        bench_raw_sign_pure,    bench_check_pure},
    {"rsa2048-verify",    BENCH_KEY_RSA2048_PUBLIC,   CKM_SHA256_RSA_PKCS,     32,   bench_prepare_verify,        bench_module_verify,      bench_raw_verify,       bench_check_verify},
    {"rsa2048-oaep",      BENCH_KEY_RSA2048,          CKM_RSA_PKCS_OAEP,       32,   bench_prepare_oaep,          bench_module_decrypt,     bench_raw_decrypt,      bench_check_decrypt},
    {"ecdh-p256",         BENCH_KEY_P256,             CKM_ECDH1_DERIVE,        32,   bench_prepare_ecdh,          bench_module_derive,      bench_raw_derive,       bench_check_derive},
    {"ml-dsa-65-sign",    BENCH_KEY_ML_DSA65,         CKM_ML_DSA,              32,   bench_prepare_ml_dsa_sign,   bench_module_sign,        bench_raw_sign_pure,    bench_check_pure},
    {"ml-dsa-65-verify",  BENCH_KEY_ML_DSA65_PUBLIC,  CKM_ML_DSA,              32,   bench_prepare_ml_dsa_verify, bench_module_verify,      bench_raw_verify_pure,  bench_check_verify},
    {"ml-kem-768-encaps", BENCH_KEY_ML_KEM768_PUBLIC, CKM_ML_KEM,              0,    bench_prepare_encapsulate,   bench_module_encapsulate, bench_raw_encapsulate,  bench_check_encapsulate},
    {"ml-kem-768-decaps", BENCH_KEY_ML_KEM768,        CKM_ML_KEM,              0,    bench_prepare_decapsulate,   bench_module_decapsulate, bench_raw_decapsulate,  bench_check_decapsulate},
    {"gcm-16",            BENCH_KEY_AES,              CKM_AES_GCM,             16,   bench_prepare_gcm,           bench_module_encrypt,     bench_raw_gcm,          bench_check_same},
    {"gcm-4k",            BENCH_KEY_AES,              CKM_AES_GCM,             4096, bench_prepare_gcm,           bench_module_encrypt,     bench_raw_gcm,          bench_check_same},
    {"gcm-1m",            BENCH_KEY_AES,              CKM_AES_GCM,             MIB,  bench_prepare_gcm,           bench_module_encrypt,     bench_raw_gcm,          bench_check_same},
    {"gcm-message-16",    BENCH_KEY_AES,              CKM_AES_GCM,             16,   bench_prepare_message,       bench_module_message,     bench_raw_gcm,          bench_check_message},
    {"gcm-message-4k",    BENCH_KEY_AES,              CKM_AES_GCM,             4096, bench_prepare_message,       bench_module_message,     bench_raw_gcm,          bench_check_message},
    {"chacha20-64",       BENCH_KEY_CHACHA20,         CKM_CHACHA20_POLY1305,   64,   bench_prepare_chacha20,      bench_module_encrypt,     bench_raw_gcm,          bench_check_same},
    {"chacha20-4k",       BENCH_KEY_CHACHA20,         CKM_CHACHA20_POLY1305,   4096, bench_prepare_chacha20,      bench_module_encrypt,     bench_raw_gcm,          bench_check_same},
    {"cbc-4k",            BENCH_KEY_AES,              CKM_AES_CBC,             4096, bench_prepare_cbc,           bench_module_encrypt,     bench_raw_cbc,          bench_check_same},
    {"hmac-64",           BENCH_KEY_HMAC,             CKM_SHA256_HMAC,         64,   bench_prepare_hmac,          bench_module_sign,        bench_raw_hmac,         bench_check_same},
    {"sha256-64",         BENCH_KEY_NONE,             CKM_SHA256,              64,   bench_prepare_digest,        bench_module_digest,      bench_raw_digest,       bench_check_same},
    {"random-32",         BENCH_KEY_NONE,             0,                       32,   bench_prepare_random,        bench_module_random,      bench_raw_random,       bench_check_random},
};
/* clang-format on */

const size_t bench_case_count = sizeof(bench_case_table) / sizeof(bench_case_table[0]);

const struct bench_case *bench_case_find(const char *id)
{
    for (size_t i = 0; i < bench_case_count; i++) {
        if (strcmp(bench_case_table[i].id, id) == 0) {
            return &bench_case_table[i];
        }
    }
    return NULL;
}

struct bench_work *bench_work_open(const struct bench *b, const struct bench_case *c,
                                   CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    struct bench_work *work = bench_alloc(sizeof(*work));

    work->b = b;
    work->c = c;
    work->f = b->module.f;
    work->session = session;
    work->key = key;
    work->mechanism.mechanism = c->mechanism;
    work->in = bench_alloc(c->input_len + OUTPUT_EXTRA_LEN);
    work->in_len = c->input_len;
    work->out_room = c->input_len + OUTPUT_EXTRA_LEN;
    work->out = bench_alloc(work->out_room);
    work->raw_out = bench_alloc(work->out_room);
    for (size_t i = 0; i < work->in_len; i++) {
        work->in[i] = (unsigned char)(i * 131 + 7);
    }
    if (RAND_bytes_ex(b->raw.lib, (unsigned char *)work->iv, sizeof(work->iv), 0) != 1) {
        bench_die("no random octets");
    }
    c->prepare(work);
    return work;
}

void bench_work_close(struct bench_work *work)
{
    if (work != NULL) {
        EVP_PKEY_CTX_free(work->pkey_ctx);
        EVP_MD_CTX_free(work->md_ctx);
        EVP_CIPHER_CTX_free(work->cipher_ctx);
        EVP_MAC_CTX_free(work->mac_ctx);
        free(work->in);
        free(work->out);
        free(work->raw_out);
        free(work);
    }
}

CK_RV bench_work_try(struct bench_work *work)
{
    if (!work->c->module_op(work)) {
        return work->rv;
    }
    if (!work->c->check(work)) {
        bench_wrong("%s, case %s", work->b->options->name, work->c->id);
    }
    return CKR_OK;
}

static bool passed(struct bench_work *work, CK_RV rv)
{
    work->rv = rv;
    return rv == CKR_OK;
}

bool bench_module_sign(void *work)
{
    struct bench_work *w = work;
    const CK_RV rv = w->f->C_SignInit(w->session, &w->mechanism, w->key);

    w->out_len = w->out_room;
    return passed(w, rv != CKR_OK ? rv : w->f->C_Sign(w->session, w->in, w->in_len, w->out, &w->out_len));
}

/* The signature was made by libcrypto and lies in out. */
bool bench_module_verify(void *work)
{
    struct bench_work *w = work;
    const CK_RV rv = w->f->C_VerifyInit(w->session, &w->mechanism, w->key);

    return passed(w, rv != CKR_OK ? rv : w->f->C_Verify(w->session, w->in, w->in_len, w->out, w->out_len));
}

bool bench_module_decrypt(void *work)
{
    struct bench_work *w = work;
    const CK_RV rv = w->f->C_DecryptInit(w->session, &w->mechanism, w->key);

    w->out_len = w->out_room;
    return passed(w, rv != CKR_OK ? rv : w->f->C_Decrypt(w->session, w->in, w->in_len, w->out, &w->out_len));
}

bool bench_module_encrypt(void *work)
{
    struct bench_work *w = work;

    w->iv[0]++;
    const CK_RV rv = w->f->C_EncryptInit(w->session, &w->mechanism, w->key);
    w->out_len = w->out_room;
    return passed(w, rv != CKR_OK ? rv : w->f->C_Encrypt(w->session, w->in, w->in_len, w->out, &w->out_len));
}

/* One message of a run that began when the working set was made; the tag goes behind the ciphertext. */
bool bench_module_message(void *work)
{
    struct bench_work *w = work;

    w->iv[0]++;
    w->out_len = w->out_room;
    return passed(w, w->rv_begin != CKR_OK
                         ? w->rv_begin
                         : w->b->module.f3->C_EncryptMessage(w->session, &w->params.gcm_message,
                                                             sizeof(w->params.gcm_message), NULL, 0, w->in,
                                                             w->in_len, w->out, &w->out_len));
}

bool bench_module_digest(void *work)
{
    struct bench_work *w = work;
    const CK_RV rv = w->f->C_DigestInit(w->session, &w->mechanism);

    w->out_len = w->out_room;
    return passed(w, rv != CKR_OK ? rv : w->f->C_Digest(w->session, w->in, w->in_len, w->out, &w->out_len));
}

bool bench_module_random(void *work)
{
    struct bench_work *w = work;

    w->out_len = w->in_len;
    return passed(w, w->f->C_GenerateRandom(w->session, w->out, w->out_len));
}

static CK_RV derive(struct bench_work *w, CK_OBJECT_HANDLE *ret_key)
{
    static CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    static CK_KEY_TYPE key_type = CKK_GENERIC_SECRET;
    static CK_ULONG len = 32;
    static CK_BBOOL yes = CK_TRUE;
    static CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof(class)}, {CKA_KEY_TYPE, &key_type, sizeof(key_type)},
        {CKA_TOKEN, &no, sizeof(no)},       {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SENSITIVE, &no, sizeof(no)},   {CKA_EXTRACTABLE, &yes, sizeof(yes)},
        {CKA_VALUE_LEN, &len, sizeof(len)},
    };

    return w->f->C_DeriveKey(w->session, &w->mechanism, w->key, template,
                             sizeof(template) / sizeof(template[0]), ret_key);
}

bool bench_module_derive(void *work)
{
    struct bench_work *w = work;
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const CK_RV rv = derive(w, &key);

    return passed(w, rv != CKR_OK ? rv : w->f->C_DestroyObject(w->session, key));
}

bool bench_check_derive(struct bench_work *work)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_ATTRIBUTE value = {CKA_VALUE, work->out, work->out_room};

    bench_rv_need(derive(work, &key), "C_DeriveKey");
    bench_rv_need(work->f->C_GetAttributeValue(work->session, key, &value, 1), "C_GetAttributeValue");
    bench_rv_need(work->f->C_DestroyObject(work->session, key), "C_DestroyObject");
    return bench_raw_derive(work) && value.ulValueLen == work->raw_out_len &&
           memcmp(work->out, work->raw_out, work->raw_out_len) == 0;
}
