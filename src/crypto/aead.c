/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include "base/alloc.h"
#include "crypto/ossl_private.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

struct cfr_aead {
    EVP_CIPHER_CTX *ctx;
    enum cfr_aead_kind kind;
    size_t iv_len;          /* what the context is set to, so that it is set again only when it changes */
    struct cfr_secret *key; /* CCM only: its context must be keyed anew for each message */
};

enum { NONCE_LEN = 12 /* octets, as libcrypto has it unless told */, TAG_LEN = 16 };

static const EVP_CIPHER *algorithm_of(enum cfr_aead_kind kind, size_t key_len)
{
    if (kind == CFR_AEAD_CHACHA20_POLY1305) {
        return key_len == 32 ? cfr_ossl.chacha20_poly1305 : NULL;
    }
    return cfr_ossl_aes(kind == CFR_AEAD_GCM ? CFR_AES_GCM : CFR_AES_CCM, key_len);
}

bool cfr_aead_is_available(enum cfr_aead_kind kind)
{
    return algorithm_of(kind, 32) != NULL;
}

CK_RV cfr_aead_new(enum cfr_aead_kind kind, bool encrypt, struct cfr_span key, struct cfr_aead **ret_aead)
{
    AUTO(aead) *aead = cfr_alloc(sizeof(*aead));
    const EVP_CIPHER *algorithm = algorithm_of(kind, key.len);

    FAIL_UNLESS(aead != NULL, CKR_HOST_MEMORY);
    FAIL_UNLESS(algorithm != NULL, CKR_KEY_SIZE_RANGE);
    aead->kind = kind;
    aead->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_CIPHER_CTX_new();
    FAIL_UNLESS(aead->ctx != NULL, CKR_HOST_MEMORY);
    if (kind == CFR_AEAD_CCM) {
        TRY(cfr_secret_from(key, &aead->key));
        OSSL_TRY(EVP_CipherInit_ex2(aead->ctx, algorithm, NULL, NULL, encrypt, NULL), CKR_GENERAL_ERROR);
    } else {
        OSSL_TRY(EVP_CipherInit_ex2(aead->ctx, algorithm, key.ptr, NULL, encrypt, NULL), CKR_GENERAL_ERROR);
        aead->iv_len = NONCE_LEN;
    }
    *ret_aead = MOVE(aead);
    return CKR_OK;
}

void cfr_aead_drop(struct cfr_aead *aead)
{
    if (aead != NULL) {
        EVP_CIPHER_CTX_free(aead->ctx);
        cfr_secret_drop(aead->key);
        cfr_free(aead);
    }
}

/* CCM: lengths first, then key and nonce, then the length of the text, then the associated data. */
static CK_RV begin_ccm(struct cfr_aead *aead, const struct cfr_aead_start *start, struct cfr_span open_tag)
{
    int unused;

    FAIL_UNLESS(start->data_len <= INT32_MAX, CKR_DATA_LEN_RANGE);
    OSSL_TRY(EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)start->iv.len, NULL),
             CKR_MECHANISM_PARAM_INVALID);
    OSSL_TRY(EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_SET_TAG, (int)start->tag_len,
                                 (void *)(uintptr_t)open_tag.ptr),
             CKR_MECHANISM_PARAM_INVALID);
    OSSL_TRY(EVP_CipherInit_ex2(aead->ctx, NULL, cfr_secret_view(aead->key).ptr, start->iv.ptr, -1, NULL),
             CKR_MECHANISM_PARAM_INVALID);
    OSSL_TRY(EVP_CipherUpdate(aead->ctx, NULL, &unused, NULL, (int)start->data_len), CKR_DATA_LEN_RANGE);
    if (start->aad.len != 0) {
        OSSL_TRY(EVP_CipherUpdate(aead->ctx, NULL, &unused, start->aad.ptr, (int)start->aad.len),
                 CKR_MECHANISM_PARAM_INVALID);
    }
    return CKR_OK;
}

static CK_RV begin_stream(struct cfr_aead *aead, const struct cfr_aead_start *start)
{
    int unused;

    FAIL_UNLESS(start->iv.len != 0, CKR_MECHANISM_PARAM_INVALID);
    if (start->iv.len != aead->iv_len) {
        OSSL_TRY(EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)start->iv.len, NULL),
                 CKR_MECHANISM_PARAM_INVALID);
        aead->iv_len = start->iv.len;
    }
    OSSL_TRY(EVP_CipherInit_ex2(aead->ctx, NULL, NULL, start->iv.ptr, -1, NULL), CKR_MECHANISM_PARAM_INVALID);
    if (start->aad.len != 0) {
        OSSL_TRY(EVP_CipherUpdate(aead->ctx, NULL, &unused, start->aad.ptr, (int)start->aad.len),
                 CKR_MECHANISM_PARAM_INVALID);
    }
    return CKR_OK;
}

/*
 * What libcrypto does not check, or not before it converts to int. A tag is 32 to 128 bits (SP 800-38D
 * 5.2.1.2).
 */
static CK_RV check_tag_len(size_t tag_len)
{
    FAIL_UNLESS(tag_len >= 4 && tag_len <= 16, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

static CK_RV check_start(const struct cfr_aead *aead, const struct cfr_aead_start *start)
{
    /* libcrypto would fill a shorter nonce up with zeros. */
    FAIL_UNLESS(aead->kind != CFR_AEAD_CHACHA20_POLY1305 || start->iv.len == NONCE_LEN,
                CKR_MECHANISM_PARAM_INVALID);
    FAIL_UNLESS(start->aad.len <= INT32_MAX, CKR_MECHANISM_PARAM_INVALID);
    FAIL_UNLESS(start->iv.len <= 128, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

static CK_RV check_message(const struct cfr_aead *aead, const struct cfr_aead_start *start, size_t text_len)
{
    TRY(check_start(aead, start));
    TRY(check_tag_len(start->tag_len));
    FAIL_UNLESS(aead->kind != CFR_AEAD_CHACHA20_POLY1305 || start->tag_len == TAG_LEN,
                CKR_MECHANISM_PARAM_INVALID);
    FAIL_UNLESS(aead->kind != CFR_AEAD_CCM || text_len == start->data_len, CKR_DATA_LEN_RANGE);
    return CKR_OK;
}

CK_RV cfr_aead_begin(struct cfr_aead *aead, const struct cfr_aead_start *start)
{
    TRY(check_start(aead, start));
    return begin_stream(aead, start);
}

CK_RV cfr_aead_update(struct cfr_aead *aead, struct cfr_span in, uint8_t *out)
{
    size_t written = 0;

    while (in.len != 0) {
        size_t step = in.len < (1U << 30) ? in.len : (1U << 30);
        int out_len = 0;

        OSSL_TRY(EVP_CipherUpdate(aead->ctx, out + written, &out_len, in.ptr, (int)step), CKR_GENERAL_ERROR);
        written += (size_t)out_len;
        in = cfr_span_after(in, step);
    }
    return CKR_OK;
}

/* What EVP_CTRL_AEAD_GET_TAG does by way of a longer list of parameters. */
static int get_tag(struct cfr_aead *aead, uint8_t *tag, size_t tag_len)
{
    OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, tag_len), OSSL_PARAM_END};

    return EVP_CIPHER_CTX_get_params(aead->ctx, params);
}

CK_RV cfr_aead_seal_finish(struct cfr_aead *aead, uint8_t *tag, size_t tag_len)
{
    uint8_t none[16];
    int out_len = 0;

    TRY(check_tag_len(tag_len));
    OSSL_TRY(EVP_CipherFinal_ex(aead->ctx, none, &out_len), CKR_GENERAL_ERROR);
    OSSL_TRY(get_tag(aead, tag, tag_len), CKR_GENERAL_ERROR);
    return CKR_OK;
}

CK_RV cfr_aead_open_finish(struct cfr_aead *aead, struct cfr_span tag)
{
    uint8_t none[CFR_HASH_MAX_LEN];
    int out_len = 0;

    TRY(check_tag_len(tag.len));
    OSSL_TRY(EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag.len, (void *)(uintptr_t)tag.ptr),
             CKR_GENERAL_ERROR);
    OSSL_TRY(EVP_CipherFinal_ex(aead->ctx, none, &out_len), CKR_ENCRYPTED_DATA_INVALID);
    return CKR_OK;
}

/* libcrypto's CCM wants exactly one call for the text, also when there is none. */
static int ccm_text(struct cfr_aead *aead, struct cfr_span in, uint8_t *out)
{
    uint8_t none = 0;
    int out_len = 0;

    return EVP_CipherUpdate(aead->ctx, in.len == 0 ? &none : out, &out_len, in.len == 0 ? &none : in.ptr,
                            (int)in.len);
}

CK_RV cfr_aead_seal(struct cfr_aead *aead, const struct cfr_aead_start *start, struct cfr_span in,
                    uint8_t *out, uint8_t *tag)
{
    TRY(check_message(aead, start, in.len));
    if (aead->kind == CFR_AEAD_CCM) {
        TRY(begin_ccm(aead, start, cfr_span_of(NULL, 0)));
        OSSL_TRY(ccm_text(aead, in, out), CKR_GENERAL_ERROR);
        OSSL_TRY(EVP_CIPHER_CTX_ctrl(aead->ctx, EVP_CTRL_AEAD_GET_TAG, (int)start->tag_len, tag),
                 CKR_GENERAL_ERROR);
        return CKR_OK;
    }
    TRY(begin_stream(aead, start));
    TRY(cfr_aead_update(aead, in, out));
    return cfr_aead_seal_finish(aead, tag, start->tag_len);
}

CK_RV cfr_aead_open(struct cfr_aead *aead, const struct cfr_aead_start *start, struct cfr_span in,
                    uint8_t *out, struct cfr_span tag)
{
    CK_RV rv;

    TRY(check_message(aead, start, in.len));
    FAIL_UNLESS(tag.len == start->tag_len, CKR_MECHANISM_PARAM_INVALID);
    if (aead->kind == CFR_AEAD_CCM) {
        TRY(begin_ccm(aead, start, tag));
        OSSL_TRY(ccm_text(aead, in, out), CKR_ENCRYPTED_DATA_INVALID);
        return CKR_OK;
    }
    TRY(begin_stream(aead, start));
    rv = cfr_aead_update(aead, in, out);
    rv = rv == CKR_OK ? cfr_aead_open_finish(aead, tag) : rv;
    if (rv != CKR_OK && in.len != 0) {
        explicit_bzero(out, in.len);
    }
    return rv;
}

CK_RV cfr_aead_dup(const struct cfr_aead *aead, struct cfr_aead **ret_aead)
{
    AUTO(aead) *copy = cfr_alloc(sizeof(*copy));

    FAIL_UNLESS(copy != NULL, CKR_HOST_MEMORY);
    *copy = *aead;
    copy->key = cfr_secret_share(aead->key);
    copy->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_CIPHER_CTX_new();
    FAIL_UNLESS(copy->ctx != NULL, CKR_HOST_MEMORY);
    OSSL_TRY(EVP_CIPHER_CTX_copy(copy->ctx, aead->ctx), CKR_HOST_MEMORY);
    *ret_aead = MOVE(copy);
    return CKR_OK;
}
