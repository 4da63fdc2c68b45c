/* SPDX-License-Identifier: Apache-2.0 */
/* RSA operations. The padding of PKCS#1 v1.5 decryption is taken off in rsa_v15.c, never by libcrypto. */
#include "base/alloc.h"
#include "crypto/keymat_private.h"
#include "crypto/rsa.h"
#include "crypto/rsa_v15.h"

#include <openssl/rsa.h>

enum { V15_OVERHEAD_LEN = 11, PARAMS_MAX = 8 };

struct cfr_rsa_op {
    struct cfr_keymat *keymat;
    EVP_PKEY_CTX *ctx;
    enum cfr_rsa_use use;
    enum cfr_rsa_padding padding;
    enum cfr_hash hash;
    size_t len;                          /* octets of the modulus */
    struct cfr_secret *rejection_secret; /* V15 decryption only */
};

static CK_RV check_scheme(const struct cfr_rsa_op *op, const struct cfr_rsa_scheme *scheme)
{
    size_t hash_len = cfr_hash_len(scheme->hash);

    switch (scheme->padding) {
    case CFR_RSA_PSS:
        FAIL_UNLESS(op->len >= hash_len + 2, CKR_KEY_SIZE_RANGE);
        /* The encoded message has one bit less than the modulus. */
        FAIL_UNLESS(scheme->salt_len <= (op->keymat->bits + 6) / 8 - hash_len - 2,
                    CKR_MECHANISM_PARAM_INVALID);
        return CKR_OK;
    case CFR_RSA_OAEP:
        FAIL_UNLESS(op->len >= 2 * hash_len + 2, CKR_KEY_SIZE_RANGE);
        return CKR_OK;
    case CFR_RSA_V15:
        /* DigestInfo is at most 19 octets longer than the digest. */
        FAIL_UNLESS(scheme->hash == CFR_HASH_NONE || op->len >= hash_len + 19 + V15_OVERHEAD_LEN,
                    CKR_KEY_SIZE_RANGE);
        return CKR_OK;
    case CFR_RSA_RAW:
        return CKR_OK;
    }
    return CKR_GENERAL_ERROR;
}

/*
 * Whether the signed block is recovered, and compared with what it should be, as RFC 8017 8.2.2 does it:
 * libcrypto has no other way for raw RSA, and refuses a V15 signature over no data.
 */
static bool recovers_blocks(const struct cfr_rsa_op *op)
{
    return (op->use == CFR_RSA_VERIFY || op->use == CFR_RSA_RECOVER) &&
           (op->padding == CFR_RSA_RAW || (op->padding == CFR_RSA_V15 && op->hash == CFR_HASH_NONE));
}

static OSSL_PARAM text(const char *name, const char *value)
{
    return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

/* What the operation needs to know, by the names of libcrypto's RSA signature or cipher implementation. */
static size_t fill_params(const struct cfr_rsa_op *op, const struct cfr_rsa_scheme *scheme, int *salt_len,
                          OSSL_PARAM *params)
{
    static const char *const modes[] = {
        [CFR_RSA_RAW] = OSSL_PKEY_RSA_PAD_MODE_NONE,
        [CFR_RSA_V15] = OSSL_PKEY_RSA_PAD_MODE_PKCSV15,
        [CFR_RSA_PSS] = OSSL_PKEY_RSA_PAD_MODE_PSS,
        [CFR_RSA_OAEP] = OSSL_PKEY_RSA_PAD_MODE_OAEP,
    };
    /* Decryption with V15 asks libcrypto for the bare block. */
    bool bare = recovers_blocks(op) || (op->use == CFR_RSA_DECRYPT && scheme->padding == CFR_RSA_V15);
    size_t count = 0;

    params[count++] = text(OSSL_PKEY_PARAM_PAD_MODE, modes[bare ? CFR_RSA_RAW : scheme->padding]);
    if (scheme->padding == CFR_RSA_OAEP) {
        params[count++] = text(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, cfr_hash_name(scheme->hash));
        params[count++] = text(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, cfr_hash_name(scheme->mgf_hash));
        params[count++] = OSSL_PARAM_construct_octet_string(
            OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
            scheme->label.len == 0 ? (void *)(uintptr_t) "" : (void *)(uintptr_t)scheme->label.ptr,
            scheme->label.len);
    } else if (scheme->hash != CFR_HASH_NONE) {
        params[count++] = text(OSSL_SIGNATURE_PARAM_DIGEST, cfr_hash_name(scheme->hash));
    }
    if (scheme->padding == CFR_RSA_PSS) {
        params[count++] = text(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, cfr_hash_name(scheme->mgf_hash));
        params[count++] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt_len);
    }
    params[count] = OSSL_PARAM_construct_end();
    return count;
}

static CK_RV prepare(struct cfr_rsa_op *op, const struct cfr_rsa_scheme *scheme)
{
    OSSL_PARAM params[PARAMS_MAX];
    int salt_len = (int)scheme->salt_len;

    (void)fill_params(op, scheme, &salt_len, params);
    switch (op->use) {
    case CFR_RSA_SIGN:
        OSSL_TRY(EVP_PKEY_sign_init_ex(op->ctx, params), CKR_MECHANISM_PARAM_INVALID);
        return CKR_OK;
    case CFR_RSA_RECOVER:
    case CFR_RSA_VERIFY:
        if (recovers_blocks(op)) {
            OSSL_TRY(EVP_PKEY_verify_recover_init_ex(op->ctx, params), CKR_MECHANISM_PARAM_INVALID);
            return CKR_OK;
        }
        OSSL_TRY(EVP_PKEY_verify_init_ex(op->ctx, params), CKR_MECHANISM_PARAM_INVALID);
        return CKR_OK;
    case CFR_RSA_ENCRYPT:
        OSSL_TRY(EVP_PKEY_encrypt_init_ex(op->ctx, params), CKR_MECHANISM_PARAM_INVALID);
        return CKR_OK;
    case CFR_RSA_DECRYPT:
        OSSL_TRY(EVP_PKEY_decrypt_init_ex(op->ctx, params), CKR_MECHANISM_PARAM_INVALID);
        return CKR_OK;
    }
    return CKR_GENERAL_ERROR;
}

CK_RV cfr_rsa_op_new(struct cfr_keymat *keymat, enum cfr_rsa_use use, const struct cfr_rsa_scheme *scheme,
                     struct cfr_rsa_op **ret_op)
{
    AUTO(rsa_op) *op = cfr_alloc(sizeof(*op));

    FAIL_UNLESS(op != NULL, CKR_HOST_MEMORY);
    op->keymat = cfr_keymat_share(keymat);
    op->use = use;
    op->padding = scheme->padding;
    op->hash = scheme->hash;
    op->len = cfr_rsa_len(keymat);
    TRY(check_scheme(op, scheme));
    TRY(cfr_keymat_context(keymat, &op->ctx));
    TRY(prepare(op, scheme));
    if (use == CFR_RSA_DECRYPT && scheme->padding == CFR_RSA_V15) {
        TRY(cfr_rsa_v15_secret(keymat, &op->rejection_secret));
    }
    *ret_op = MOVE(op);
    return CKR_OK;
}

void cfr_rsa_op_drop(struct cfr_rsa_op *op)
{
    if (op != NULL) {
        EVP_PKEY_CTX_free(op->ctx);
        cfr_keymat_drop(op->keymat);
        cfr_secret_drop(op->rejection_secret);
        cfr_free(op);
    }
}

size_t cfr_rsa_op_max_in(const struct cfr_rsa_op *op)
{
    switch (op->padding) {
    case CFR_RSA_V15:
        return op->len < V15_OVERHEAD_LEN ? 0 : op->len - V15_OVERHEAD_LEN;
    case CFR_RSA_OAEP:
        return op->len - 2 * cfr_hash_len(op->hash) - 2;
    case CFR_RSA_PSS:
        return cfr_hash_len(op->hash);
    case CFR_RSA_RAW:
        return op->len;
    }
    return 0;
}

/* Input of a signature: a digest of the right length, or data that fits. */
static CK_RV check_data(const struct cfr_rsa_op *op, struct cfr_span data)
{
    if (op->hash != CFR_HASH_NONE) {
        FAIL_UNLESS(data.len == cfr_hash_len(op->hash), CKR_DATA_LEN_RANGE);
        return CKR_OK;
    }
    FAIL_UNLESS(data.len <= cfr_rsa_op_max_in(op), CKR_DATA_LEN_RANGE);
    return CKR_OK;
}

/*
 * Raw input shorter than the modulus counts as a number: zeros go in front. *block then owns what data views.
 */
static CK_RV pad_left(const struct cfr_rsa_op *op, struct cfr_span *data, struct cfr_secret **block)
{
    if (op->padding != CFR_RSA_RAW || data->len == op->len) {
        return CKR_OK;
    }
    TRY(cfr_secret_new(op->len, block));
    cfr_copy(cfr_secret_edit(*block) + op->len - data->len, data->ptr, data->len);
    *data = cfr_secret_view(*block);
    return CKR_OK;
}

static const uint8_t *pointer_of(struct cfr_span data)
{
    return data.len == 0 ? (const uint8_t *)"" : data.ptr;
}

CK_RV cfr_rsa_sign(struct cfr_rsa_op *op, struct cfr_span data, uint8_t *out)
{
    AUTO(secret) *block = NULL;
    size_t out_len = op->len;

    TRY(check_data(op, data));
    TRY(pad_left(op, &data, &block));
    /* Only a number that is not below the modulus is left to be refused. */
    OSSL_TRY(EVP_PKEY_sign(op->ctx, out, &out_len, pointer_of(data), data.len),
             op->padding == CFR_RSA_RAW ? CKR_DATA_INVALID : CKR_FUNCTION_FAILED);
    return CKR_OK;
}

/* The data with zeros in front, or with the padding of RFC 8017 9.2. */
static CK_RV encode_block(const struct cfr_rsa_op *op, struct cfr_span data, struct cfr_secret **ret_block)
{
    AUTO(secret) *block = NULL;
    size_t at = op->len - data.len;

    TRY(cfr_secret_new(op->len, &block));
    cfr_copy(cfr_secret_edit(block) + at, data.ptr, data.len);
    if (op->padding == CFR_RSA_V15) {
        cfr_secret_edit(block)[1] = 1;
        memset(cfr_secret_edit(block) + 2, 0xff, at - 3);
    }
    *ret_block = MOVE(block);
    return CKR_OK;
}

static CK_RV verify_block(struct cfr_rsa_op *op, struct cfr_span data, struct cfr_span signature)
{
    AUTO(secret) *block = NULL;
    uint8_t recovered[CFR_RSA_MAX_BITS / 8];
    size_t out_len = op->len;

    TRY(encode_block(op, data, &block));
    OSSL_TRY(EVP_PKEY_verify_recover(op->ctx, recovered, &out_len, signature.ptr, signature.len),
             CKR_SIGNATURE_INVALID);
    FAIL_UNLESS(cfr_span_equal(cfr_secret_view(block), cfr_span_of(recovered, out_len)),
                CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

CK_RV cfr_rsa_verify(struct cfr_rsa_op *op, struct cfr_span data, struct cfr_span signature)
{
    TRY(check_data(op, data));
    FAIL_UNLESS(signature.len == op->len, CKR_SIGNATURE_LEN_RANGE);
    if (recovers_blocks(op)) {
        return verify_block(op, data, signature);
    }
    OSSL_TRY(EVP_PKEY_verify(op->ctx, signature.ptr, signature.len, pointer_of(data), data.len),
             CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

/* Where the data begins after 0 1, eight or more octets of ones, 0; or 0. */
static size_t find_data(const uint8_t *block, size_t len)
{
    size_t at = 2;

    while (at < len && block[at] == 0xff) {
        at++;
    }
    return block[0] == 0 && block[1] == 1 && at >= V15_OVERHEAD_LEN - 1 && at < len && block[at] == 0 ? at + 1
                                                                                                      : 0;
}

CK_RV cfr_rsa_recover(struct cfr_rsa_op *op, struct cfr_span signature, uint8_t *out, size_t *ret_len)
{
    uint8_t block[CFR_RSA_MAX_BITS / 8];
    size_t len = op->len;
    size_t start = 0;

    FAIL_UNLESS(recovers_blocks(op), CKR_GENERAL_ERROR);
    FAIL_UNLESS(signature.len == op->len, CKR_SIGNATURE_LEN_RANGE);
    OSSL_TRY(EVP_PKEY_verify_recover(op->ctx, block, &len, signature.ptr, signature.len),
             CKR_SIGNATURE_INVALID);
    if (op->padding == CFR_RSA_V15) {
        start = find_data(block, len);
        FAIL_UNLESS(start != 0, CKR_SIGNATURE_INVALID);
    }
    cfr_copy(out, block + start, len - start);
    *ret_len = len - start;
    return CKR_OK;
}

CK_RV cfr_rsa_encrypt(struct cfr_rsa_op *op, struct cfr_span data, uint8_t *out)
{
    AUTO(secret) *block = NULL;
    size_t out_len = op->len;

    FAIL_UNLESS(data.len <= cfr_rsa_op_max_in(op), CKR_DATA_LEN_RANGE);
    TRY(pad_left(op, &data, &block));
    OSSL_TRY(EVP_PKEY_encrypt(op->ctx, out, &out_len, pointer_of(data), data.len),
             op->padding == CFR_RSA_RAW ? CKR_DATA_INVALID : CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV cfr_rsa_decrypt(struct cfr_rsa_op *op, struct cfr_span data, struct cfr_secret **ret_out)
{
    AUTO(secret) *out = NULL;
    size_t out_len = op->len;

    FAIL_UNLESS(data.len == op->len, CKR_ENCRYPTED_DATA_LEN_RANGE);
    TRY(cfr_secret_new(op->len, &out));
    OSSL_TRY(EVP_PKEY_decrypt(op->ctx, cfr_secret_edit(out), &out_len, data.ptr, data.len),
             CKR_ENCRYPTED_DATA_INVALID);
    if (op->padding == CFR_RSA_V15) {
        return cfr_rsa_v15_unpad(cfr_secret_view(op->rejection_secret), data, out, ret_out);
    }
    cfr_secret_trim(out, out_len);
    *ret_out = MOVE(out);
    return CKR_OK;
}
