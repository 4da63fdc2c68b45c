/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/tls.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

struct tls_call tls_call;

void tls_begin(void)
{
    static CK_BYTE label[] = "EXPERIMENTAL label";
    CK_SSL3_RANDOM_DATA randoms = {tls_call.client, TLS_RANDOM_LEN, tls_call.server, TLS_RANDOM_LEN};

    memset(&tls_call, 0, sizeof(tls_call));
    random_octets(tls_call.client, sizeof(tls_call.client));
    random_octets(tls_call.server, sizeof(tls_call.server));
    random_octets(tls_call.session_hash, sizeof(tls_call.session_hash));
    tls_call.master = (CK_TLS12_MASTER_KEY_DERIVE_PARAMS){randoms, NULL, CKM_SHA256};
    tls_call.extended =
        (CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS){CKM_SHA256, tls_call.session_hash, 32, NULL};
    tls_call.block = (CK_TLS12_KEY_MAT_PARAMS){
        .RandomInfo = randoms, .pReturnedKeyMaterial = &tls_call.out, .prfHashMechanism = CKM_SHA256};
    tls_call.kdf = (CK_TLS_KDF_PARAMS){CKM_SHA256, label, sizeof(label) - 1, randoms, NULL, 0};
    tls_call.out.pIVClient = tls_call.ivs[0];
    tls_call.out.pIVServer = tls_call.ivs[1];
    tls_block_lens(20, 16, 16);
}

void tls_randoms(struct cfr_span client, struct cfr_span server)
{
    ck_assert_uint_eq(client.len, TLS_RANDOM_LEN);
    ck_assert_uint_eq(server.len, TLS_RANDOM_LEN);
    cfr_copy(tls_call.client, client.ptr, client.len);
    cfr_copy(tls_call.server, server.ptr, server.len);
}

void tls_block_lens(size_t mac, size_t key, size_t iv)
{
    tls_call.block.ulMacSizeInBits = 8 * mac;
    tls_call.block.ulKeySizeInBits = 8 * key;
    tls_call.block.ulIVSizeInBits = 8 * iv;
}

CK_RV tls_derive_block(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE master,
                       const struct bag *bag)
{
    CK_MECHANISM mechanism = MECHANISM_WITH(type, &tls_call.block);

    return p11->C_DeriveKey(session, &mechanism, master, (CK_ATTRIBUTE_PTR)(uintptr_t)bag->attrs, bag->count,
                            NULL);
}

void tls_destroy_block(CK_SESSION_HANDLE session, size_t count)
{
    const CK_OBJECT_HANDLE keys[] = {tls_call.out.hClientMacSecret, tls_call.out.hServerMacSecret,
                                     tls_call.out.hClientKey, tls_call.out.hServerKey};
    size_t found = 0;

    for (size_t i = 0; i < COUNT(keys); i++) {
        if (keys[i] != CK_INVALID_HANDLE) {
            OK(p11->C_DestroyObject(session, keys[i]));
            found++;
        }
    }
    ck_assert_uint_eq(found, count);
    tls_call.out = (CK_SSL3_KEY_MAT_OUT){.pIVClient = tls_call.ivs[0], .pIVServer = tls_call.ivs[1]};
    memset(tls_call.ivs, 0, sizeof(tls_call.ivs));
}

void tls_expect_block(CK_SESSION_HANDLE session, struct cfr_span out, size_t mac, size_t key, size_t iv)
{
    const CK_OBJECT_HANDLE keys[] = {tls_call.out.hClientMacSecret, tls_call.out.hServerMacSecret,
                                     tls_call.out.hClientKey, tls_call.out.hServerKey};
    static struct octets value;

    for (size_t i = 0; i < COUNT(keys); i++) {
        size_t len = i < 2 ? mac : key;

        ck_assert_int_eq(len != 0, keys[i] != CK_INVALID_HANDLE);
        if (len != 0) {
            read_octets(session, keys[i], CKA_VALUE, &value);
            expect_octets(octets_view(&value), cfr_span_of(out.ptr, len), "part of a block");
        }
        out = cfr_span_after(out, len);
    }
    for (size_t i = 0; i < 2 && iv != 0; i++) {
        expect_octets(cfr_span_of(tls_call.ivs[i], iv), cfr_span_of(out.ptr, iv), "IV");
        out = cfr_span_after(out, iv);
    }
}

CK_OBJECT_HANDLE tls_master(CK_SESSION_HANDLE session, bool sensitive, bool extractable)
{
    static struct bag bag;
    CK_MECHANISM mechanism = MECHANISM(CKM_GENERIC_SECRET_KEY_GEN);
    CK_OBJECT_HANDLE key;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_VALUE_LEN, TLS_MASTER_LEN);
    bag_bool(&bag, CKA_SENSITIVE, sensitive);
    bag_bool(&bag, CKA_EXTRACTABLE, extractable);
    bag_bool(&bag, CKA_DERIVE, true);
    bag_bool(&bag, CKA_SIGN, true);
    OK(p11->C_GenerateKey(session, &mechanism, BAG(&bag), &key));
    return key;
}

struct cfr_span tls_prf_direct(const char *md, struct cfr_span secret, struct cfr_span label,
                               struct cfr_span seed, size_t len)
{
    static uint8_t out[1024];
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)md, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, UNCONST(secret.ptr), secret.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, UNCONST(label.ptr), label.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, UNCONST(seed.ptr), seed.len),
        OSSL_PARAM_END,
    };

    ck_assert_uint_le(len, sizeof(out));
    ck_assert_int_eq(EVP_KDF_derive(ctx, out, len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return cfr_span_of(out, len);
}

CK_HKDF_PARAMS tls13_expansion(struct cfr_span label, struct cfr_span context, size_t len)
{
    static const char prefix[] = "tls13 ";
    static CK_BYTE info[128];
    size_t at = 0;

    info[at++] = 0;
    info[at++] = (CK_BYTE)len;
    info[at++] = (CK_BYTE)(strlen(prefix) + label.len);
    memcpy(info + at, prefix, strlen(prefix));
    at += strlen(prefix);
    cfr_copy(info + at, label.ptr, label.len);
    at += label.len;
    info[at++] = (CK_BYTE)context.len;
    cfr_copy(info + at, context.ptr, context.len);
    return (CK_HKDF_PARAMS){.bExpand = CK_TRUE,
                            .prfHashMechanism = CKM_SHA256,
                            .ulSaltType = CKF_HKDF_SALT_NULL,
                            .pInfo = info,
                            .ulInfoLen = at + context.len};
}
