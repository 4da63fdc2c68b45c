/* SPDX-License-Identifier: Apache-2.0 */
/* EdDSA. Variants other than the pure ones need libcrypto 3.2 and are asked for by parameter. */
#include "base/alloc.h"
#include "crypto/curve_private.h"
#include "crypto/ec.h"
#include "crypto/keymat_private.h"

#include <openssl/crypto.h>

#ifndef OSSL_SIGNATURE_PARAM_INSTANCE
#define OSSL_SIGNATURE_PARAM_INSTANCE "instance"
#endif
#ifndef OSSL_SIGNATURE_PARAM_CONTEXT_STRING
#define OSSL_SIGNATURE_PARAM_CONTEXT_STRING "context-string"
#endif

/* From 3.2 on libcrypto has the variants; from 3.4 or so on it takes one message for each beginning. */
enum { CONTEXT_MAX_LEN = 255, FIRST_TO_BEGIN_AGAIN = 0x30200000 };

struct cfr_eddsa {
    struct cfr_keymat *keymat;
    EVP_MD_CTX *ctx;
    size_t len;
    bool sign;
    bool is_fresh;                    /* begun, and not used */
    struct cfr_eddsa_variant variant; /* its context is the copy below */
    uint8_t context[CONTEXT_MAX_LEN];
};

static const char *instance_name(bool is_25519, const struct cfr_eddsa_variant *variant)
{
    if (!is_25519) {
        return variant->prehash ? "Ed448ph" : "Ed448";
    }
    return variant->prehash ? "Ed25519ph" : variant->has_params ? "Ed25519ctx" : "Ed25519";
}

/* Whether this libcrypto's signature implementation takes an instance at all. */
static bool has_variants(EVP_PKEY_CTX *pkey_ctx)
{
    const OSSL_PARAM *settable = EVP_PKEY_CTX_settable_params(pkey_ctx);

    return settable != NULL && OSSL_PARAM_locate_const(settable, OSSL_SIGNATURE_PARAM_INSTANCE) != NULL;
}

static CK_RV set_variant(const struct cfr_eddsa *eddsa, EVP_PKEY_CTX *pkey_ctx,
                         const struct cfr_eddsa_variant *variant)
{
    bool is_25519 = eddsa->keymat->curve->nid == NID_ED25519;
    bool is_pure = !variant->prehash && variant->context.len == 0 && (!is_25519 || !variant->has_params);
    OSSL_PARAM params[3] = {
        OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_INSTANCE,
                                         (char *)(uintptr_t)instance_name(is_25519, variant), 0),
        OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };

    if (is_pure) {
        return CKR_OK;
    }
    /* Ed25519ctx has a context: RFC 8032, 5.1; libcrypto would find that out when it signs. */
    FAIL_UNLESS(!is_25519 || variant->prehash || variant->context.len != 0, CKR_MECHANISM_PARAM_INVALID);
    FAIL_UNLESS(has_variants(pkey_ctx), CKR_MECHANISM_PARAM_INVALID);
    if (variant->context.len != 0) {
        params[1] =
            OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_CONTEXT_STRING,
                                              (void *)(uintptr_t)variant->context.ptr, variant->context.len);
    }
    OSSL_TRY(EVP_PKEY_CTX_set_params(pkey_ctx, params), CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

static CK_RV begin(struct cfr_eddsa *eddsa)
{
    EVP_PKEY *pkey = eddsa->keymat->pkey;
    EVP_PKEY_CTX *pkey_ctx = NULL;

    if (eddsa->sign) {
        OSSL_TRY(EVP_DigestSignInit_ex(eddsa->ctx, &pkey_ctx, NULL, cfr_ossl.context, NULL, pkey, NULL),
                 CKR_FUNCTION_FAILED);
    } else {
        OSSL_TRY(EVP_DigestVerifyInit_ex(eddsa->ctx, &pkey_ctx, NULL, cfr_ossl.context, NULL, pkey, NULL),
                 CKR_FUNCTION_FAILED);
    }
    TRY(set_variant(eddsa, pkey_ctx, &eddsa->variant));
    eddsa->is_fresh = true;
    return CKR_OK;
}

static CK_RV begin_again(struct cfr_eddsa *eddsa)
{
    if (!eddsa->is_fresh && OpenSSL_version_num() >= FIRST_TO_BEGIN_AGAIN) {
        TRY(begin(eddsa));
    }
    eddsa->is_fresh = false;
    return CKR_OK;
}

CK_RV cfr_eddsa_new(struct cfr_keymat *keymat, bool sign, const struct cfr_eddsa_variant *variant,
                    struct cfr_eddsa **ret_eddsa)
{
    AUTO(eddsa) *eddsa = NULL;

    FAIL_UNLESS(variant->context.len <= CONTEXT_MAX_LEN, CKR_MECHANISM_PARAM_INVALID);
    eddsa = cfr_alloc(sizeof(*eddsa));
    FAIL_UNLESS(eddsa != NULL, CKR_HOST_MEMORY);
    eddsa->variant = *variant;
    cfr_copy(eddsa->context, variant->context.ptr, variant->context.len);
    eddsa->variant.context = cfr_span_of(eddsa->context, variant->context.len);
    eddsa->keymat = cfr_keymat_share(keymat);
    eddsa->sign = sign;
    eddsa->len = 2 * keymat->curve->order_len;
    eddsa->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_MD_CTX_new();
    FAIL_UNLESS(eddsa->ctx != NULL, CKR_HOST_MEMORY);
    TRY(begin(eddsa));
    *ret_eddsa = MOVE(eddsa);
    return CKR_OK;
}

void cfr_eddsa_drop(struct cfr_eddsa *eddsa)
{
    if (eddsa != NULL) {
        EVP_MD_CTX_free(eddsa->ctx);
        cfr_keymat_drop(eddsa->keymat);
        cfr_free(eddsa);
    }
}

size_t cfr_eddsa_len(const struct cfr_eddsa *eddsa)
{
    return eddsa->len;
}

CK_RV cfr_eddsa_sign(struct cfr_eddsa *eddsa, struct cfr_span message, uint8_t *out)
{
    size_t len = eddsa->len;

    TRY(begin_again(eddsa));
    OSSL_TRY(EVP_DigestSign(eddsa->ctx, out, &len, message.len == 0 ? (const uint8_t *)"" : message.ptr,
                            message.len),
             CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV cfr_eddsa_verify(struct cfr_eddsa *eddsa, struct cfr_span message, struct cfr_span signature)
{
    FAIL_UNLESS(signature.len == eddsa->len, CKR_SIGNATURE_LEN_RANGE);
    TRY(begin_again(eddsa));
    OSSL_TRY(EVP_DigestVerify(eddsa->ctx, signature.ptr, signature.len,
                              message.len == 0 ? (const uint8_t *)"" : message.ptr, message.len),
             CKR_SIGNATURE_INVALID);
    return CKR_OK;
}
