/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cipher.h"

#include <limits.h>

#include "base/alloc.h"
#include "crypto/ossl_private.h"

struct cfr_cipher {
    EVP_CIPHER_CTX *ctx;
    enum cfr_cipher_mode mode;
};

static const enum cfr_aes_mode aes_modes[] = {
    [CFR_CIPHER_ECB] = CFR_AES_ECB, [CFR_CIPHER_CBC] = CFR_AES_CBC, [CFR_CIPHER_CBC_PAD] = CFR_AES_CBC,
    [CFR_CIPHER_CTR] = CFR_AES_CTR, [CFR_CIPHER_XTS] = CFR_AES_XTS,
};

CK_RV cfr_cipher_new(enum cfr_cipher_mode mode, bool encrypt, struct cfr_span key, struct cfr_cipher **ret_cipher)
{
    AUTO(cipher) *cipher = cfr_alloc(sizeof(*cipher));
    const EVP_CIPHER *algorithm = cfr_ossl_aes(aes_modes[mode], key.len);

    FAIL_UNLESS(cipher != NULL, CKR_HOST_MEMORY);
    FAIL_UNLESS(algorithm != NULL, CKR_KEY_SIZE_RANGE);
    cipher->mode = mode;
    cipher->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_CIPHER_CTX_new();
    FAIL_UNLESS(cipher->ctx != NULL, CKR_HOST_MEMORY);
    /* XTS with two equal halves is refused here. */
    OSSL_TRY(EVP_CipherInit_ex2(cipher->ctx, algorithm, key.ptr, NULL, encrypt ? 1 : 0, NULL),
             CKR_KEY_SIZE_RANGE);
    OSSL_TRY(EVP_CIPHER_CTX_set_padding(cipher->ctx, mode == CFR_CIPHER_CBC_PAD), CKR_GENERAL_ERROR);
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
    FAIL_UNLESS(cipher->mode == CFR_CIPHER_ECB || iv.len == CFR_AES_BLOCK_LEN, CKR_MECHANISM_PARAM_INVALID);
    OSSL_TRY(EVP_CipherInit_ex2(cipher->ctx, NULL, NULL, cipher->mode == CFR_CIPHER_ECB ? NULL : iv.ptr, -1, NULL),
             CKR_GENERAL_ERROR);
    return CKR_OK;
}

/* libcrypto counts in int; go in steps of 1 GiB, a multiple of the block. */
CK_RV cfr_cipher_update(struct cfr_cipher *cipher, struct cfr_span in, uint8_t *out, size_t *ret_len)
{
    size_t written = 0;

    while (in.len != 0) {
        size_t step = in.len < (1U << 30) ? in.len : (1U << 30);
        int out_len = 0;

        OSSL_TRY(EVP_CipherUpdate(cipher->ctx, out + written, &out_len, in.ptr, (int)step), CKR_GENERAL_ERROR);
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
    copy->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_CIPHER_CTX_new();
    FAIL_UNLESS(copy->ctx != NULL, CKR_HOST_MEMORY);
    OSSL_TRY(EVP_CIPHER_CTX_copy(copy->ctx, cipher->ctx), CKR_HOST_MEMORY);
    *ret_cipher = MOVE(copy);
    return CKR_OK;
}
