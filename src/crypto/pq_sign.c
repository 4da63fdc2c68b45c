/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of ML-DSA and SLH-DSA. libcrypto has the pure variants; the others are encoded here. */
#include "base/alloc.h"
#include "crypto/keymat_private.h"
#include "crypto/pq.h"

/* Names that headers before 3.5 lack. */
#define PARAM_CONTEXT       "context-string"
#define PARAM_DETERMINISTIC "deterministic"
#define PARAM_ENCODING      "message-encoding" /* 0: the message is encoded */

struct cfr_pq_signer {
    struct cfr_keymat *keymat;
    EVP_MD_CTX *ctx;
    bool sign;
    bool is_used;
};

/* The first time with the key, then without: libcrypto takes one message for each. */
static CK_RV begin(struct cfr_pq_signer *signer, EVP_PKEY *pkey, const OSSL_PARAM *params)
{
    if (signer->sign) {
        OSSL_TRY(EVP_DigestSignInit_ex(signer->ctx, NULL, NULL, cfr_ossl.context, NULL, pkey, params),
                 CKR_FUNCTION_FAILED);
    } else {
        OSSL_TRY(EVP_DigestVerifyInit_ex(signer->ctx, NULL, NULL, cfr_ossl.context, NULL, pkey, params),
                 CKR_FUNCTION_FAILED);
    }
    return CKR_OK;
}

static CK_RV begin_first(struct cfr_pq_signer *signer, const struct cfr_pq_signing *how)
{
    int deterministic = how->is_deterministic;
    int encoding = how->is_encoded ? 0 : 1;
    OSSL_PARAM params[4] = {
        OSSL_PARAM_construct_int(PARAM_DETERMINISTIC, &deterministic),
        OSSL_PARAM_construct_int(PARAM_ENCODING, &encoding),
        OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };

    if (!how->is_encoded && how->context.len != 0) {
        params[2] = OSSL_PARAM_construct_octet_string(PARAM_CONTEXT, (void *)(uintptr_t)how->context.ptr,
                                                      how->context.len);
    }
    return begin(signer, signer->keymat->pkey, params);
}

CK_RV cfr_pq_signer_new(struct cfr_keymat *keymat, bool sign, const struct cfr_pq_signing *how,
                        struct cfr_pq_signer **ret_signer)
{
    AUTO(pq_signer) *signer = cfr_alloc(sizeof(*signer));

    FAIL_UNLESS(signer != NULL, CKR_HOST_MEMORY);
    signer->keymat = cfr_keymat_share(keymat);
    signer->sign = sign;
    signer->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_MD_CTX_new();
    FAIL_UNLESS(signer->ctx != NULL, CKR_HOST_MEMORY);
    TRY(begin_first(signer, how));
    *ret_signer = MOVE(signer);
    return CKR_OK;
}

void cfr_pq_signer_drop(struct cfr_pq_signer *signer)
{
    if (signer != NULL) {
        EVP_MD_CTX_free(signer->ctx);
        cfr_keymat_drop(signer->keymat);
        cfr_free(signer);
    }
}

static CK_RV begin_again(struct cfr_pq_signer *signer)
{
    if (signer->is_used) {
        TRY(begin(signer, NULL, NULL));
    }
    signer->is_used = true;
    return CKR_OK;
}

static const uint8_t *octets_of(struct cfr_span message)
{
    return message.len == 0 ? (const uint8_t *)"" : message.ptr;
}

CK_RV cfr_pq_sign(struct cfr_pq_signer *signer, struct cfr_span message, uint8_t *out)
{
    size_t len = signer->keymat->set->output_len;

    TRY(begin_again(signer));
    OSSL_TRY(EVP_DigestSign(signer->ctx, out, &len, octets_of(message), message.len), CKR_FUNCTION_FAILED);
    FAIL_UNLESS(len == signer->keymat->set->output_len, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV cfr_pq_verify(struct cfr_pq_signer *signer, struct cfr_span message, struct cfr_span signature)
{
    FAIL_UNLESS(signature.len == signer->keymat->set->output_len, CKR_SIGNATURE_LEN_RANGE);
    TRY(begin_again(signer));
    OSSL_TRY(EVP_DigestVerify(signer->ctx, signature.ptr, signature.len, octets_of(message), message.len),
             CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

/* Last arc of a hash function's identifier below 2.16.840.1.101.3.4.2; 0: it has none there. */
static const uint8_t hash_arcs[CFR_HASH_ALL_COUNT] = {
    [CFR_HASH_SHA256] = 1,     [CFR_HASH_SHA384] = 2,     [CFR_HASH_SHA512] = 3,    [CFR_HASH_SHA224] = 4,
    [CFR_HASH_SHA512_224] = 5, [CFR_HASH_SHA512_256] = 6, [CFR_HASH_SHA3_224] = 7,  [CFR_HASH_SHA3_256] = 8,
    [CFR_HASH_SHA3_384] = 9,   [CFR_HASH_SHA3_512] = 10,  [CFR_HASH_SHAKE128] = 11, [CFR_HASH_SHAKE256] = 12,
};

bool cfr_pq_takes_hash(enum cfr_hash hash)
{
    return hash_arcs[hash] != 0 && cfr_hash_is_available(hash);
}

CK_RV cfr_pq_encode_digest(enum cfr_hash hash, struct cfr_span digest, struct cfr_span context,
                           struct cfr_buf *out)
{
    const uint8_t oid[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, hash_arcs[hash]};

    cfr_buf_put_u8(out, 1);
    cfr_buf_put_u8(out, (uint8_t)context.len);
    cfr_buf_put(out, context);
    cfr_buf_put(out, cfr_span_of(oid, sizeof(oid)));
    cfr_buf_put(out, digest);
    return cfr_buf_check(out);
}
