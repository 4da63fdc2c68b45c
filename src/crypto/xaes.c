/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/xaes.h"

#include "base/alloc.h"
#include "crypto/ossl_private.h"

enum { BLOCK_LEN = 16, HALF_NONCE_LEN = 12 };

struct cfr_xaes {
    EVP_CIPHER_CTX *derive;     /* AES-256-ECB under the long-lived key */
    EVP_CIPHER_CTX *message[2]; /* AES-256-GCM, keyed anew for each message: opening, sealing */
    struct cfr_secret *subkey;  /* CMAC's K1 */
    struct cfr_secret *derived; /* key of the message at hand */
};

static EVP_CIPHER_CTX *new_ctx(void)
{
    return cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_CIPHER_CTX_new();
}

/* K1 = E(0) times x in GF(2^128) (SP 800-38B 6.1). */
static CK_RV make_subkey(struct cfr_xaes *xaes)
{
    uint8_t *k1 = cfr_secret_edit(xaes->subkey);
    uint8_t carry;
    int len = 0;

    OSSL_TRY(EVP_EncryptUpdate(xaes->derive, k1, &len, k1, BLOCK_LEN), CKR_GENERAL_ERROR);
    carry = (uint8_t)(k1[0] >> 7);
    for (int i = 0; i < BLOCK_LEN - 1; i++) {
        k1[i] = (uint8_t)(k1[i] << 1 | k1[i + 1] >> 7);
    }
    k1[BLOCK_LEN - 1] = (uint8_t)(k1[BLOCK_LEN - 1] << 1 ^ (0x87 & (0 - carry)));
    return CKR_OK;
}

CK_RV cfr_xaes_new(struct cfr_span key, struct cfr_xaes **ret_xaes)
{
    AUTO(xaes) *xaes = cfr_alloc(sizeof(*xaes));

    FAIL_UNLESS(xaes != NULL, CKR_HOST_MEMORY);
    FAIL_UNLESS(key.len == CFR_XAES_KEY_LEN, CKR_GENERAL_ERROR);
    TRY(cfr_secret_new(BLOCK_LEN, &xaes->subkey));
    TRY(cfr_secret_new(CFR_XAES_KEY_LEN, &xaes->derived));
    xaes->derive = new_ctx();
    xaes->message[0] = new_ctx();
    xaes->message[1] = new_ctx();
    FAIL_UNLESS(xaes->derive != NULL && xaes->message[0] != NULL && xaes->message[1] != NULL,
                CKR_HOST_MEMORY);
    OSSL_TRY(EVP_EncryptInit_ex2(xaes->derive, cfr_ossl_aes(CFR_AES_ECB, 32), key.ptr, NULL, NULL),
             CKR_HOST_MEMORY);
    OSSL_TRY(EVP_CIPHER_CTX_set_padding(xaes->derive, 0), CKR_GENERAL_ERROR);
    for (int encrypt = 0; encrypt < 2; encrypt++) {
        OSSL_TRY(EVP_CipherInit_ex2(xaes->message[encrypt], cfr_ossl_aes(CFR_AES_GCM, 32), NULL, NULL,
                                    encrypt, NULL),
                 CKR_HOST_MEMORY);
    }
    TRY(make_subkey(xaes));
    *ret_xaes = MOVE(xaes);
    return CKR_OK;
}

void cfr_xaes_drop(struct cfr_xaes *xaes)
{
    if (xaes != NULL) {
        EVP_CIPHER_CTX_free(xaes->derive);
        EVP_CIPHER_CTX_free(xaes->message[0]);
        EVP_CIPHER_CTX_free(xaes->message[1]);
        cfr_secret_drop(xaes->subkey);
        cfr_secret_drop(xaes->derived);
        cfr_free(xaes);
    }
}

/*
 * Two CMAC blocks: counter 1 or 2, label "X", and the first half of the nonce. Then key the message context.
 */
static CK_RV begin(struct cfr_xaes *xaes, bool encrypt, const uint8_t *nonce, struct cfr_span aad)
{
    const uint8_t *k1 = cfr_secret_view(xaes->subkey).ptr;
    uint8_t *blocks = cfr_secret_edit(xaes->derived);
    EVP_CIPHER_CTX *ctx = xaes->message[encrypt];
    int len = 0;

    for (int i = 0; i < 2; i++) {
        uint8_t *block = blocks + i * BLOCK_LEN;
        const uint8_t prefix[4] = {0, (uint8_t)(i + 1), 'X', 0};

        cfr_copy(block, prefix, sizeof(prefix));
        cfr_copy(block + sizeof(prefix), nonce, HALF_NONCE_LEN);
        for (int j = 0; j < BLOCK_LEN; j++) {
            block[j] ^= k1[j];
        }
    }
    OSSL_TRY(EVP_EncryptUpdate(xaes->derive, blocks, &len, blocks, CFR_XAES_KEY_LEN), CKR_GENERAL_ERROR);
    OSSL_TRY(EVP_CipherInit_ex2(ctx, NULL, blocks, nonce + HALF_NONCE_LEN, -1, NULL), CKR_GENERAL_ERROR);
    FAIL_UNLESS(aad.len <= INT32_MAX, CKR_GENERAL_ERROR);
    if (aad.len != 0) {
        OSSL_TRY(EVP_CipherUpdate(ctx, NULL, &len, aad.ptr, (int)aad.len), CKR_GENERAL_ERROR);
    }
    return CKR_OK;
}

CK_RV cfr_xaes_seal(struct cfr_xaes *xaes, const uint8_t *nonce, struct cfr_span aad, struct cfr_span in,
                    uint8_t *out, uint8_t *tag)
{
    EVP_CIPHER_CTX *ctx = xaes->message[1];
    uint8_t none[BLOCK_LEN];
    int len = 0;

    FAIL_UNLESS(in.len <= INT32_MAX, CKR_GENERAL_ERROR);
    TRY(begin(xaes, true, nonce, aad));
    if (in.len != 0) {
        OSSL_TRY(EVP_CipherUpdate(ctx, out, &len, in.ptr, (int)in.len), CKR_GENERAL_ERROR);
    }
    OSSL_TRY(EVP_CipherFinal_ex(ctx, none, &len), CKR_GENERAL_ERROR);
    OSSL_TRY(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, CFR_XAES_TAG_LEN, tag), CKR_GENERAL_ERROR);
    return CKR_OK;
}

static CK_RV decrypt_and_check(EVP_CIPHER_CTX *ctx, struct cfr_span in, uint8_t *out, const uint8_t *tag)
{
    uint8_t none[BLOCK_LEN];
    int len = 0;

    if (in.len != 0) {
        OSSL_TRY(EVP_CipherUpdate(ctx, out, &len, in.ptr, (int)in.len), CKR_GENERAL_ERROR);
    }
    OSSL_TRY(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, CFR_XAES_TAG_LEN, (void *)(uintptr_t)tag),
             CKR_GENERAL_ERROR);
    OSSL_TRY(EVP_CipherFinal_ex(ctx, none, &len), CKR_ENCRYPTED_DATA_INVALID);
    return CKR_OK;
}

CK_RV cfr_xaes_open(struct cfr_xaes *xaes, const uint8_t *nonce, struct cfr_span aad, struct cfr_span in,
                    uint8_t *out, const uint8_t *tag)
{
    CK_RV rv;

    FAIL_UNLESS(in.len <= INT32_MAX, CKR_ENCRYPTED_DATA_INVALID);
    TRY(begin(xaes, false, nonce, aad));
    rv = decrypt_and_check(xaes->message[0], in, out, tag);
    if (rv != CKR_OK && in.len != 0) {
        explicit_bzero(out, in.len);
    }
    return rv;
}
