/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rng.h"

#include "base/proc.h"
#include "crypto/ossl_private.h"

#include <openssl/rand.h>
#include <stdatomic.h>

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

/* A draw costs about the same for 16 octets as for 256. */
enum { STOCK_IDS = 16 };

static struct {
    atomic_flag is_taken; /* in a child that was forked meanwhile for good: it then goes without a stock */
    uint32_t forks;       /* fork count of the process that drew it */
    size_t left;
    uint8_t ids[STOCK_IDS][CFR_RNG_ID_LEN];
} stock = {.is_taken = ATOMIC_FLAG_INIT};

static CK_RV take_from_stock(uint8_t *out)
{
    if (stock.left == 0 || stock.forks != cfr_proc_fork_count()) {
        stock.left = 0;
        TRY(cfr_rng_fill(stock.ids[0], sizeof(stock.ids)));
        stock.forks = cfr_proc_fork_count();
        stock.left = STOCK_IDS;
    }
    cfr_copy(out, stock.ids[--stock.left], CFR_RNG_ID_LEN);
    return CKR_OK;
}

CK_RV cfr_rng_id(uint8_t *out)
{
    CK_RV rv;

    if (cfr_proc_watch() != CKR_OK ||
        atomic_flag_test_and_set_explicit(&stock.is_taken, memory_order_acquire)) {
        return cfr_rng_fill(out, CFR_RNG_ID_LEN);
    }
    rv = take_from_stock(out);
    atomic_flag_clear_explicit(&stock.is_taken, memory_order_release);
    return rv;
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
