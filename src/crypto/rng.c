/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rng.h"

#include "crypto/ossl_private.h"

#include <openssl/rand.h>

/* Asking the DRBG itself, not RAND_bytes(): a RAND method that the host installs later does not reach it. */
static CK_RV generate(EVP_RAND_CTX *generator, uint8_t *out, size_t len)
{
    FAIL_UNLESS(generator != NULL, CKR_FUNCTION_FAILED);
    OSSL_TRY(EVP_RAND_generate(generator, out, len, 0, 0, NULL, 0), CKR_FUNCTION_FAILED);
    return CKR_OK;
}

CK_RV cfr_rng_fill(uint8_t *out, size_t len)
{
    return len == 0 ? CKR_OK : generate(RAND_get0_public(cfr_ossl.context), out, len);
}

CK_RV cfr_rng_secret(size_t len, struct cfr_secret **ret_secret)
{
    AUTO(secret) *secret = NULL;

    TRY(cfr_secret_new(len, &secret));
    if (len != 0) {
        TRY(generate(RAND_get0_private(cfr_ossl.context), cfr_secret_edit(secret), len));
    }
    *ret_secret = MOVE(secret);
    return CKR_OK;
}

CK_RV cfr_rng_add(struct cfr_span seed)
{
    EVP_RAND_CTX *primary = RAND_get0_primary(cfr_ossl.context);

    FAIL_UNLESS(primary != NULL, CKR_FUNCTION_FAILED);
    OSSL_TRY(EVP_RAND_reseed(primary, 0, NULL, 0, seed.ptr, seed.len), CKR_FUNCTION_FAILED);
    return CKR_OK;
}
