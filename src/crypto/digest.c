/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include "base/alloc.h"
#include "crypto/ossl_private.h"

struct cfr_digest {
    EVP_MD_CTX *ctx;
    enum cfr_hash hash;
};

CK_RV cfr_digest_new(enum cfr_hash hash, struct cfr_digest **ret_digest)
{
    AUTO(digest) *digest = cfr_alloc(sizeof(*digest));

    FAIL_UNLESS(digest != NULL, CKR_HOST_MEMORY);
    digest->hash = hash;
    digest->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_MD_CTX_new();
    FAIL_UNLESS(digest->ctx != NULL, CKR_HOST_MEMORY);
    *ret_digest = MOVE(digest);
    return CKR_OK;
}

void cfr_digest_drop(struct cfr_digest *digest)
{
    if (digest != NULL) {
        EVP_MD_CTX_free(digest->ctx);
        cfr_free(digest);
    }
}

CK_RV cfr_digest_start(struct cfr_digest *digest)
{
    OSSL_TRY(EVP_DigestInit_ex2(digest->ctx, cfr_ossl.digest[digest->hash], NULL), CKR_HOST_MEMORY);
    return CKR_OK;
}

CK_RV cfr_digest_update(struct cfr_digest *digest, struct cfr_span data)
{
    OSSL_TRY(EVP_DigestUpdate(digest->ctx, data.ptr, data.len), CKR_GENERAL_ERROR);
    return CKR_OK;
}

CK_RV cfr_digest_finish(struct cfr_digest *digest, uint8_t *out)
{
    if (digest->hash >= CFR_HASH_COUNT) {
        OSSL_TRY(EVP_DigestFinalXOF(digest->ctx, out, cfr_hash_len(digest->hash)), CKR_GENERAL_ERROR);
        return CKR_OK;
    }
    OSSL_TRY(EVP_DigestFinal_ex(digest->ctx, out, NULL), CKR_GENERAL_ERROR);
    return CKR_OK;
}

CK_RV cfr_digest_once(struct cfr_digest *digest, struct cfr_span data, uint8_t *out)
{
    TRY(cfr_digest_start(digest));
    TRY(cfr_digest_update(digest, data));
    return cfr_digest_finish(digest, out);
}

CK_RV cfr_digest_dup(const struct cfr_digest *digest, struct cfr_digest **ret_digest)
{
    AUTO(digest) *copy = NULL;

    TRY(cfr_digest_new(digest->hash, &copy));
    OSSL_TRY(EVP_MD_CTX_copy_ex(copy->ctx, digest->ctx), CKR_HOST_MEMORY);
    *ret_digest = MOVE(copy);
    return CKR_OK;
}

enum cfr_hash cfr_digest_hash(const struct cfr_digest *digest)
{
    return digest->hash;
}

CK_RV cfr_xof_once(enum cfr_xof xof, struct cfr_span data, uint8_t *out, size_t len)
{
    AUTO(digest) *digest = NULL;

    TRY(cfr_digest_new(CFR_HASH_NONE, &digest));
    OSSL_TRY(EVP_DigestInit_ex2(digest->ctx, cfr_ossl.xof[xof], NULL), CKR_GENERAL_ERROR);
    TRY(cfr_digest_update(digest, data));
    OSSL_TRY(EVP_DigestFinalXOF(digest->ctx, out, len), CKR_GENERAL_ERROR);
    return CKR_OK;
}
