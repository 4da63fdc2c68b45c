/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA with signatures as PKCS#11 has them, r and s side by side; libcrypto's are DER. */
#include "base/alloc.h"
#include "crypto/asn1.h"
#include "crypto/curve_private.h"
#include "crypto/ec.h"
#include "crypto/keymat_private.h"
#include "crypto/rs_der.h"

#include <openssl/ec.h>

_Static_assert((int)CFR_EC_FIELD_MAX_LEN <= (int)CFR_RS_NUMBER_MAX_LEN,
               "signatures of every curve have room");

struct cfr_ecdsa {
    struct cfr_keymat *keymat;
    EVP_PKEY_CTX *ctx;
    size_t order_len;
};

CK_RV cfr_ecdsa_new(struct cfr_keymat *keymat, bool sign, struct cfr_ecdsa **ret_ecdsa)
{
    AUTO(ecdsa) *ecdsa = cfr_alloc(sizeof(*ecdsa));

    FAIL_UNLESS(ecdsa != NULL, CKR_HOST_MEMORY);
    ecdsa->keymat = cfr_keymat_share(keymat);
    ecdsa->order_len = keymat->curve->order_len;
    TRY(cfr_keymat_context(keymat, &ecdsa->ctx));
    OSSL_TRY(sign ? EVP_PKEY_sign_init(ecdsa->ctx) : EVP_PKEY_verify_init(ecdsa->ctx), CKR_FUNCTION_FAILED);
    *ret_ecdsa = MOVE(ecdsa);
    return CKR_OK;
}

void cfr_ecdsa_drop(struct cfr_ecdsa *ecdsa)
{
    if (ecdsa != NULL) {
        EVP_PKEY_CTX_free(ecdsa->ctx);
        cfr_keymat_drop(ecdsa->keymat);
        cfr_free(ecdsa);
    }
}

/* @p number, at most @p len octets, to exactly @p len. */
static bool put_padded(struct cfr_span number, uint8_t *out, size_t len)
{
    if (number.len > len) {
        return false;
    }
    memset(out, 0, len - number.len);
    cfr_copy(out + len - number.len, number.ptr, number.len);
    return true;
}

CK_RV cfr_ecdsa_sign(struct cfr_ecdsa *ecdsa, struct cfr_span digest, uint8_t *out)
{
    uint8_t der[CFR_RS_DER_MAX_LEN];
    size_t der_len = sizeof(der);
    struct cfr_der outer;
    struct cfr_der inner;
    bool fits;

    OSSL_TRY(EVP_PKEY_sign(ecdsa->ctx, der, &der_len, digest.len == 0 ? (const uint8_t *)"" : digest.ptr,
                           digest.len),
             CKR_FUNCTION_FAILED);
    outer = cfr_der_of(cfr_span_of(der, der_len));
    inner = cfr_der_enter(&outer, CFR_DER_SEQUENCE);
    fits = put_padded(cfr_der_take_unsigned(&inner), out, ecdsa->order_len);
    fits = fits && put_padded(cfr_der_take_unsigned(&inner), out + ecdsa->order_len, ecdsa->order_len);
    FAIL_UNLESS(fits && cfr_der_done(&inner), CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV cfr_ecdsa_verify(struct cfr_ecdsa *ecdsa, struct cfr_span digest, struct cfr_span signature)
{
    uint8_t der[CFR_RS_DER_MAX_LEN];
    size_t der_len;

    FAIL_UNLESS(signature.len != 0 && signature.len % 2 == 0 && signature.len / 2 <= ecdsa->order_len,
                CKR_SIGNATURE_LEN_RANGE);
    der_len = cfr_rs_to_der(signature, der);
    OSSL_TRY(EVP_PKEY_verify(ecdsa->ctx, der, der_len, digest.len == 0 ? (const uint8_t *)"" : digest.ptr,
                             digest.len),
             CKR_SIGNATURE_INVALID);
    return CKR_OK;
}
