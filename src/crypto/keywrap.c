/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keywrap.h"

#include "crypto/ossl_private.h"

enum { SEMIBLOCK_LEN = 8, WRAP_MAX_LEN = 1 << 30 };

/* An EVP_CIPHER_CTX that AUTO() can drop. */
struct cfr_wrap_ctx {
    EVP_CIPHER_CTX *ctx;
};

static void cfr_wrap_ctx_dropp(struct cfr_wrap_ctx *wrap)
{
    EVP_CIPHER_CTX_free(wrap->ctx);
}

size_t cfr_keywrap_len(bool padded, size_t len)
{
    if (len > WRAP_MAX_LEN || len == 0 || (!padded && (len % SEMIBLOCK_LEN != 0 || len < 16))) {
        return 0;
    }
    return (len + SEMIBLOCK_LEN - 1) / SEMIBLOCK_LEN * SEMIBLOCK_LEN + SEMIBLOCK_LEN;
}

static CK_RV keyed_context(const struct cfr_keywrap *wrap, bool encrypt, EVP_CIPHER_CTX **ret_ctx)
{
    AUTO(wrap_ctx) wrapper = {NULL};
    const EVP_CIPHER *algorithm = cfr_ossl_aes(wrap->padded ? CFR_AES_WRAP_PAD : CFR_AES_WRAP, wrap->key.len);

    FAIL_UNLESS(algorithm != NULL, CKR_KEY_SIZE_RANGE);
    FAIL_UNLESS(wrap->iv.len == 0 || wrap->iv.len == (wrap->padded ? 4 : 8), CKR_MECHANISM_PARAM_INVALID);
    wrapper.ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_CIPHER_CTX_new();
    FAIL_UNLESS(wrapper.ctx != NULL, CKR_HOST_MEMORY);
    EVP_CIPHER_CTX_set_flags(wrapper.ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    OSSL_TRY(EVP_CipherInit_ex2(wrapper.ctx, algorithm, wrap->key.ptr,
                                wrap->iv.len == 0 ? NULL : wrap->iv.ptr, encrypt, NULL),
             CKR_GENERAL_ERROR);
    *ret_ctx = MOVE(wrapper.ctx);
    return CKR_OK;
}

CK_RV cfr_keywrap_seal(const struct cfr_keywrap *wrap, struct cfr_span in, uint8_t *out)
{
    AUTO(wrap_ctx) wrapper = {NULL};
    int out_len = 0;

    FAIL_UNLESS(cfr_keywrap_len(wrap->padded, in.len) != 0, CKR_DATA_LEN_RANGE);
    TRY(keyed_context(wrap, true, &wrapper.ctx));
    OSSL_TRY(EVP_CipherUpdate(wrapper.ctx, out, &out_len, in.ptr, (int)in.len), CKR_GENERAL_ERROR);
    return CKR_OK;
}

CK_RV cfr_keywrap_open(const struct cfr_keywrap *wrap, struct cfr_span in, struct cfr_secret **ret_out)
{
    AUTO(wrap_ctx) wrapper = {NULL};
    AUTO(secret) *out = NULL;
    size_t least = wrap->padded ? 16 : 24;
    int out_len = 0;

    FAIL_UNLESS(in.len % SEMIBLOCK_LEN == 0 && in.len >= least && in.len <= WRAP_MAX_LEN,
                CKR_ENCRYPTED_DATA_LEN_RANGE);
    TRY(keyed_context(wrap, false, &wrapper.ctx));
    /* libcrypto writes whole blocks before it checks: room for the input is room enough. */
    TRY(cfr_secret_new(in.len, &out));
    OSSL_TRY(EVP_CipherUpdate(wrapper.ctx, cfr_secret_edit(out), &out_len, in.ptr, (int)in.len),
             CKR_ENCRYPTED_DATA_INVALID);
    cfr_secret_trim(out, (size_t)out_len);
    *ret_out = MOVE(out);
    return CKR_OK;
}
