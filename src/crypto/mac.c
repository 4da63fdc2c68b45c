/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/mac.h"

#include "base/alloc.h"
#include "crypto/des.h"
#include "crypto/ossl_private.h"

struct cfr_mac {
    EVP_MAC_CTX *ctx;
    enum cfr_mac_kind kind;
    size_t len;
};

static const EVP_CIPHER *cipher_of(enum cfr_mac_kind kind, size_t key_len)
{
    if (kind == CFR_MAC_CMAC_DES3) {
        return key_len == CFR_DES3_KEY_LEN ? cfr_ossl.des3[1] : NULL;
    }
    return cfr_ossl_aes(kind == CFR_MAC_CMAC ? CFR_AES_CBC : CFR_AES_GCM, key_len);
}

static size_t len_of(enum cfr_mac_kind kind, enum cfr_hash hash)
{
    return kind == CFR_MAC_HMAC        ? cfr_hash_len(hash)
           : kind == CFR_MAC_CMAC_DES3 ? CFR_CMAC_DES3_LEN
                                       : CFR_CMAC_LEN;
}

static EVP_MAC *algorithm(enum cfr_mac_kind kind)
{
    return kind == CFR_MAC_HMAC ? cfr_ossl.hmac : kind == CFR_MAC_GMAC ? cfr_ossl.gmac : cfr_ossl.cmac;
}

/* The digest or cipher under the MAC. EVP_MAC takes it by name, and fetches it from our context. */
static OSSL_PARAM primitive(enum cfr_mac_kind kind, enum cfr_hash hash, size_t key_len)
{
    const EVP_CIPHER *cipher;

    if (kind == CFR_MAC_HMAC) {
        return OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)cfr_hash_name(hash),
                                                0);
    }
    cipher = cipher_of(kind, key_len);
    return OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER,
                                            (char *)(uintptr_t)EVP_CIPHER_get0_name(cipher), 0);
}

CK_RV cfr_mac_new(enum cfr_mac_kind kind, enum cfr_hash hash, struct cfr_span key, struct cfr_mac **ret_mac)
{
    AUTO(mac) *mac = cfr_alloc(sizeof(*mac));
    OSSL_PARAM params[2];

    FAIL_UNLESS(mac != NULL, CKR_HOST_MEMORY);
    FAIL_UNLESS(kind == CFR_MAC_HMAC || cipher_of(kind, key.len) != NULL, CKR_KEY_SIZE_RANGE);
    mac->kind = kind;
    mac->len = len_of(kind, hash);
    mac->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_MAC_CTX_new(algorithm(kind));
    FAIL_UNLESS(mac->ctx != NULL, CKR_HOST_MEMORY);

    params[0] = primitive(kind, hash, key.len);
    params[1] = OSSL_PARAM_construct_end();
    /* An HMAC key of no octets is legal; libcrypto wants a pointer all the same. */
    OSSL_TRY(EVP_MAC_init(mac->ctx, key.len == 0 ? (const uint8_t *)"" : key.ptr, key.len, params),
             CKR_HOST_MEMORY);
    *ret_mac = MOVE(mac);
    return CKR_OK;
}

void cfr_mac_drop(struct cfr_mac *mac)
{
    if (mac != NULL) {
        EVP_MAC_CTX_free(mac->ctx);
        cfr_free(mac);
    }
}

CK_RV cfr_mac_start(struct cfr_mac *mac, struct cfr_span iv)
{
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};

    if (mac->kind == CFR_MAC_GMAC) {
        FAIL_UNLESS(iv.len != 0, CKR_MECHANISM_PARAM_INVALID);
        params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, (void *)(uintptr_t)iv.ptr, iv.len);
        OSSL_TRY(EVP_MAC_init(mac->ctx, NULL, 0, params), CKR_MECHANISM_PARAM_INVALID);
        return CKR_OK;
    }
    OSSL_TRY(EVP_MAC_init(mac->ctx, NULL, 0, NULL), CKR_GENERAL_ERROR);
    return CKR_OK;
}

CK_RV cfr_mac_update(struct cfr_mac *mac, struct cfr_span data)
{
    /* EVP_MAC_update() of OpenSSL 3.0's CMAC dereferences the pointer even when the length is 0. */
    if (data.len != 0) {
        OSSL_TRY(EVP_MAC_update(mac->ctx, data.ptr, data.len), CKR_GENERAL_ERROR);
    }
    return CKR_OK;
}

CK_RV cfr_mac_finish(struct cfr_mac *mac, uint8_t *out)
{
    size_t written = 0;

    OSSL_TRY(EVP_MAC_final(mac->ctx, out, &written, mac->len), CKR_GENERAL_ERROR);
    return CKR_OK;
}

size_t cfr_mac_len(const struct cfr_mac *mac)
{
    return mac->len;
}

CK_RV cfr_mac_dup(const struct cfr_mac *mac, struct cfr_mac **ret_mac)
{
    AUTO(mac) *copy = cfr_alloc(sizeof(*copy));

    FAIL_UNLESS(copy != NULL, CKR_HOST_MEMORY);
    copy->kind = mac->kind;
    copy->len = mac->len;
    copy->ctx = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : EVP_MAC_CTX_dup(mac->ctx);
    FAIL_UNLESS(copy->ctx != NULL, CKR_HOST_MEMORY);
    *ret_mac = MOVE(copy);
    return CKR_OK;
}
