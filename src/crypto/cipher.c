/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cipher.h"

#include "base/alloc.h"
#include "base/ct.h"
#include "crypto/des.h"
#include "crypto/ossl_private.h"

#include <limits.h>

struct cfr_cipher {
    EVP_CIPHER_CTX *ctx;
    enum cfr_cipher_mode mode;
    size_t held;  /* octets of the message that went in and have not come out yet */
    bool is_used; /* the message has octets */
};

static const enum cfr_aes_mode aes_modes[CFR_CIPHER_MODE_COUNT] = {
    [CFR_CIPHER_ECB] = CFR_AES_ECB,   [CFR_CIPHER_CBC] = CFR_AES_CBC,   [CFR_CIPHER_CBC_PAD] = CFR_AES_CBC,
    [CFR_CIPHER_CTR] = CFR_AES_CTR,   [CFR_CIPHER_XTS] = CFR_AES_XTS,   [CFR_CIPHER_OFB] = CFR_AES_OFB,
    [CFR_CIPHER_CFB1] = CFR_AES_CFB1, [CFR_CIPHER_CFB8] = CFR_AES_CFB8, [CFR_CIPHER_CFB128] = CFR_AES_CFB128,
    [CFR_CIPHER_CTS] = CFR_AES_CTS,
};

static bool is_des3(enum cfr_cipher_mode mode)
{
    return mode == CFR_CIPHER_DES3_ECB || mode == CFR_CIPHER_DES3_CBC || mode == CFR_CIPHER_DES3_CBC_PAD;
}

/* Octets of the IV. */
static size_t iv_len_of(enum cfr_cipher_mode mode)
{
    return mode == CFR_CIPHER_ECB || mode == CFR_CIPHER_DES3_ECB ? 0
           : is_des3(mode)                                       ? CFR_DES_BLOCK_LEN
                                                                 : CFR_AES_BLOCK_LEN;
}

static const EVP_CIPHER *algorithm_of(enum cfr_cipher_mode mode, size_t key_len)
{
    if (mode == CFR_CIPHER_CHACHA20) {
        return key_len == 32 ? cfr_ossl.chacha20 : NULL;
    }
    if (is_des3(mode)) {
        return key_len == CFR_DES3_KEY_LEN ? cfr_ossl.des3[mode != CFR_CIPHER_DES3_ECB] : NULL;
    }
    return cfr_ossl_aes(aes_modes[mode], key_len);
}

bool cfr_cipher_is_available(enum cfr_cipher_mode mode)
{
    return algorithm_of(mode, is_des3(mode) ? CFR_DES3_KEY_LEN : 32) != NULL;
}

/* Modes whose last two blocks depend on each other, which libcrypto therefore takes in one piece. */
static bool is_whole(enum cfr_cipher_mode mode)
{
    return mode == CFR_CIPHER_XTS || mode == CFR_CIPHER_CTS;
}

/* libcrypto refuses to encrypt under two equal halves, but decrypts. */
static bool has_equal_halves(struct cfr_span key)
{
    return cfr_ct_equal(cfr_span_of(key.ptr, key.len / 2), cfr_span_after(key, key.len / 2));
}

CK_RV cfr_cipher_new(enum cfr_cipher_mode mode, bool encrypt, struct cfr_span key,
                     struct cfr_cipher **ret_cipher)
{
    AUTO(cipher) *cipher = cfr_alloc(sizeof(*cipher));
    const EVP_CIPHER *algorithm = algorithm_of(mode, key.len);

    FAIL_UNLESS(cipher != NULL, CKR_HOST_MEMORY);
    FAIL_UNLESS(algorithm != NULL, CKR_KEY_SIZE_RANGE);
    FAIL_UNLESS(mode != CFR_CIPHER_XTS || !has_equal_halves(key), CKR_KEY_SIZE_RANGE);
    cipher->mode = mode;
    cipher->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_CIPHER_CTX_new();
    FAIL_UNLESS(cipher->ctx != NULL, CKR_HOST_MEMORY);
    OSSL_TRY(EVP_CipherInit_ex2(cipher->ctx, algorithm, key.ptr, NULL, encrypt ? 1 : 0, NULL),
             CKR_HOST_MEMORY);
    OSSL_TRY(EVP_CIPHER_CTX_set_padding(cipher->ctx,
                                        mode == CFR_CIPHER_CBC_PAD || mode == CFR_CIPHER_DES3_CBC_PAD),
             CKR_GENERAL_ERROR);
    *ret_cipher = MOVE(cipher);
    return CKR_OK;
}

void cfr_cipher_drop(struct cfr_cipher *cipher)
{
    if (cipher != NULL) {
        EVP_CIPHER_CTX_free(cipher->ctx);
        cfr_free(cipher);
    }
}

CK_RV cfr_cipher_start(struct cfr_cipher *cipher, struct cfr_span iv)
{
    size_t iv_len = iv_len_of(cipher->mode);

    FAIL_UNLESS(iv_len == 0 || iv.len == iv_len, CKR_MECHANISM_PARAM_INVALID);
    OSSL_TRY(EVP_CipherInit_ex2(cipher->ctx, NULL, NULL, iv_len == 0 ? NULL : iv.ptr, -1, NULL),
             CKR_GENERAL_ERROR);
    cipher->held = 0;
    cipher->is_used = false;
    return CKR_OK;
}

/* libcrypto counts in int; go in steps of 1 GiB, a multiple of the block. */
CK_RV cfr_cipher_update(struct cfr_cipher *cipher, struct cfr_span in, uint8_t *out, size_t *ret_len)
{
    AUTO(secret) *copy = NULL;
    size_t written = 0;

    /* XTS would begin a data unit anew, with the same tweak. */
    FAIL_UNLESS(!is_whole(cipher->mode) || !cipher->is_used || in.len == 0, CKR_GENERAL_ERROR);
    cipher->is_used = cipher->is_used || in.len != 0;
    if (cipher->held != 0 && in.len != 0 && out == in.ptr) {
        /* What was held back would be written over octets that are not read yet. */
        TRY(cfr_secret_from(in, &copy));
        in = cfr_secret_view(copy);
    }
    while (in.len != 0) {
        size_t step = in.len < (1U << 30) ? in.len : (1U << 30);
        int out_len = 0;

        OSSL_TRY(EVP_CipherUpdate(cipher->ctx, out + written, &out_len, in.ptr, (int)step),
                 CKR_GENERAL_ERROR);
        cipher->held += step - (size_t)out_len;
        written += (size_t)out_len;
        in = cfr_span_after(in, step);
    }
    *ret_len = written;
    return CKR_OK;
}

CK_RV cfr_cipher_finish(struct cfr_cipher *cipher, uint8_t *out, size_t *ret_len)
{
    int out_len = 0;

    OSSL_TRY(EVP_CipherFinal_ex(cipher->ctx, out, &out_len), CKR_DATA_LEN_RANGE);
    *ret_len = (size_t)out_len;
    return CKR_OK;
}

CK_RV cfr_cipher_dup(const struct cfr_cipher *cipher, struct cfr_cipher **ret_cipher)
{
    AUTO(cipher) *copy = cfr_alloc(sizeof(*copy));

    FAIL_UNLESS(copy != NULL, CKR_HOST_MEMORY);
    copy->mode = cipher->mode;
    copy->held = cipher->held;
    copy->is_used = cipher->is_used;
    copy->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_CIPHER_CTX_new();
    FAIL_UNLESS(copy->ctx != NULL, CKR_HOST_MEMORY);
    OSSL_TRY(EVP_CIPHER_CTX_copy(copy->ctx, cipher->ctx), CKR_HOST_MEMORY);
    *ret_cipher = MOVE(copy);
    return CKR_OK;
}
