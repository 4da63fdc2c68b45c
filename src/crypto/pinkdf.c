/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pinkdf.h"

#include "crypto/ossl_private.h"

#include <argon2.h>

static CK_RV by_libargon2(struct cfr_span pin, struct cfr_span salt, const struct cfr_pinkdf_cost *cost,
                          struct cfr_secret *key)
{
    int result = cfr_fault_hit(CFR_FAULT_MEMORY)
                     ? ARGON2_MEMORY_ALLOCATION_ERROR
                     : argon2id_hash_raw(cost->passes, cost->memory_kib, 1, pin.ptr, pin.len, salt.ptr,
                                         salt.len, cfr_secret_edit(key), CFR_PINKDF_KEY_LEN);

    if (result == ARGON2_MEMORY_ALLOCATION_ERROR) {
        return cfr_fail(CKR_HOST_MEMORY, "no %u KiB of memory to derive a key from a PIN", cost->memory_kib);
    }
    FAIL_UNLESS(result == ARGON2_OK, CKR_GENERAL_ERROR);
    return CKR_OK;
}

#ifdef OSSL_KDF_PARAM_ARGON2_MEMCOST
static CK_RV by_libcrypto(struct cfr_span pin, struct cfr_span salt, const struct cfr_pinkdf_cost *cost,
                          struct cfr_secret *key)
{
    struct cfr_pinkdf_cost chosen = *cost;
    const uint8_t *password = pin.len == 0 ? (const uint8_t *)"" : pin.ptr;
    uint32_t one = 1;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)password, pin.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt.ptr, salt.len),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ITER, &chosen.passes),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_MEMCOST, &chosen.memory_kib),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_ARGON2_LANES, &one),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_THREADS, &one),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(cfr_ossl.argon2id);
    int derived = EVP_KDF_derive(ctx, cfr_secret_edit(key), CFR_PINKDF_KEY_LEN, params);

    EVP_KDF_CTX_free(ctx);
    OSSL_TRY(derived, CKR_HOST_MEMORY);
    return CKR_OK;
}
#else
static CK_RV by_libcrypto(struct cfr_span pin, struct cfr_span salt, const struct cfr_pinkdf_cost *cost,
                          struct cfr_secret *key)
{
    return by_libargon2(pin, salt, cost, key);
}
#endif

CK_RV cfr_pinkdf_derive(struct cfr_span pin, struct cfr_span salt, const struct cfr_pinkdf_cost *cost,
                        struct cfr_secret **ret_key)
{
    AUTO(secret) *key = NULL;

    FAIL_UNLESS(salt.len == CFR_PINKDF_SALT_LEN, CKR_GENERAL_ERROR);
    FAIL_UNLESS(cost->passes != 0 && cost->memory_kib >= ARGON2_MIN_MEMORY, CKR_GENERAL_ERROR);
    TRY(cfr_secret_new(CFR_PINKDF_KEY_LEN, &key));
    if (cfr_ossl.argon2id != NULL) {
        TRY(by_libcrypto(pin, salt, cost, key));
    } else {
        TRY(by_libargon2(pin, salt, cost, key));
    }
    *ret_key = MOVE(key);
    return CKR_OK;
}
