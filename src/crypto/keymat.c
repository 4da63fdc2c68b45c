/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keymat.h"

#include "base/alloc.h"
#include "crypto/keymat_private.h"

#include <openssl/x509.h>

static CK_RV new_keymat(enum cfr_key_family family, bool is_private, struct cfr_keymat **ret_keymat)
{
    struct cfr_keymat *keymat = cfr_alloc(sizeof(*keymat));

    FAIL_UNLESS(keymat != NULL, CKR_HOST_MEMORY);
    atomic_store_explicit(&keymat->shares, 1, memory_order_relaxed);
    keymat->family = family;
    keymat->is_private = is_private;
    *ret_keymat = keymat;
    return CKR_OK;
}

CK_RV cfr_keymat_from_pkey_take(enum cfr_key_family family, bool is_private, EVP_PKEY *pkey,
                                struct cfr_keymat **ret_keymat)
{
    CK_RV rv = new_keymat(family, is_private, ret_keymat);

    if (rv != CKR_OK) {
        EVP_PKEY_free(pkey);
        return rv;
    }
    (*ret_keymat)->pkey = pkey;
    (*ret_keymat)->bits = (size_t)EVP_PKEY_get_bits(pkey);
    return CKR_OK;
}

CK_RV cfr_keymat_from_secret(struct cfr_secret *secret, struct cfr_keymat **ret_keymat)
{
    TRY(new_keymat(CFR_KEY_SECRET, true, ret_keymat));
    (*ret_keymat)->secret = cfr_secret_share(secret);
    (*ret_keymat)->bits = 8 * cfr_secret_view(secret).len;
    return CKR_OK;
}

struct cfr_keymat *cfr_keymat_share(struct cfr_keymat *keymat)
{
    if (keymat != NULL) {
        atomic_fetch_add_explicit(&keymat->shares, 1, memory_order_relaxed);
    }
    return keymat;
}

void cfr_keymat_drop(struct cfr_keymat *keymat)
{
    if (keymat != NULL && atomic_fetch_sub_explicit(&keymat->shares, 1, memory_order_acq_rel) == 1) {
        for (int way = 0; way < CFR_WAY_COUNT; way++) {
            EVP_PKEY_CTX_free(atomic_load_explicit(&keymat->kept[way], memory_order_relaxed));
        }
        EVP_PKEY_free(keymat->pkey);
        cfr_secret_drop(keymat->secret);
        cfr_free(keymat);
    }
}

enum cfr_key_family cfr_keymat_family(const struct cfr_keymat *keymat)
{
    return keymat->family;
}

bool cfr_keymat_is_private(const struct cfr_keymat *keymat)
{
    return keymat->is_private;
}

struct cfr_span cfr_keymat_secret(const struct cfr_keymat *keymat)
{
    return cfr_secret_view(keymat->secret);
}

size_t cfr_keymat_bits(const struct cfr_keymat *keymat)
{
    return keymat->bits;
}

CK_RV cfr_keymat_context(const struct cfr_keymat *keymat, EVP_PKEY_CTX **ret_ctx)
{
    EVP_PKEY_CTX *ctx = cfr_fault_hit(CFR_FAULT_CRYPTO)
                            ? NULL
                            : EVP_PKEY_CTX_new_from_pkey(cfr_ossl.context, keymat->pkey, NULL);

    FAIL_UNLESS(ctx != NULL, CKR_HOST_MEMORY);
    *ret_ctx = ctx;
    return CKR_OK;
}

EVP_PKEY_CTX *cfr_keymat_take(struct cfr_keymat *keymat, enum cfr_way way)
{
    return atomic_exchange_explicit(&keymat->kept[way], NULL, memory_order_acquire);
}

void cfr_keymat_keep(struct cfr_keymat *keymat, enum cfr_way way, EVP_PKEY_CTX *ctx)
{
    EVP_PKEY_CTX_free(atomic_exchange_explicit(&keymat->kept[way], ctx, memory_order_acq_rel));
}

/* libcrypto gives numbers in the machine's byte order. */
static void to_big_endian(uint8_t *octets, size_t len)
{
    for (size_t i = 0; __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && i < len / 2; i++) {
        uint8_t octet = octets[i];

        octets[i] = octets[len - 1 - i];
        octets[len - 1 - i] = octet;
    }
}

/* Straight into a secret: EVP_PKEY_get_bn_param() would leave a copy on the stack. */
CK_RV cfr_keymat_number(const struct cfr_keymat *keymat, const char *name, const char *companion, size_t len,
                        struct cfr_secret **ret_number)
{
    OSSL_PARAM params[3] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end(),
                            OSSL_PARAM_construct_end()};
    AUTO(secret) *number = NULL;
    AUTO(secret) *unused = NULL;

    TRY(cfr_secret_new(len, &number));
    params[0] = OSSL_PARAM_construct_BN(name, cfr_secret_edit(number), len);
    if (companion != NULL) {
        TRY(cfr_secret_new(len, &unused));
        params[1] = OSSL_PARAM_construct_BN(companion, cfr_secret_edit(unused), len);
    }
    OSSL_TRY(EVP_PKEY_get_params(keymat->pkey, params), CKR_HOST_MEMORY);
    for (const OSSL_PARAM *param = params; param->key != NULL; param++) {
        FAIL_UNLESS(OSSL_PARAM_modified(param) && param->return_size == len, CKR_ATTRIBUTE_TYPE_INVALID);
    }
    to_big_endian(cfr_secret_edit(number), len);
    *ret_number = MOVE(number);
    return CKR_OK;
}

EVP_PKEY *cfr_pkey_from_params_take(const char *type, int selection, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = params == NULL || cfr_fault_hit(CFR_FAULT_CRYPTO)
                            ? NULL
                            : EVP_PKEY_CTX_new_from_name(cfr_ossl.context, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &pkey, selection, params) <= 0) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pkey;
}

CK_RV cfr_keymat_spki(const struct cfr_keymat *keymat, struct cfr_secret **ret_spki)
{
    int len = i2d_PUBKEY(keymat->pkey, NULL);
    AUTO(secret) *spki = NULL;
    uint8_t *end;

    OSSL_TRY(len, CKR_HOST_MEMORY);
    TRY(cfr_secret_new((size_t)len, &spki));
    end = cfr_secret_edit(spki);
    OSSL_TRY(i2d_PUBKEY(keymat->pkey, &end), CKR_HOST_MEMORY);
    *ret_spki = MOVE(spki);
    return CKR_OK;
}
