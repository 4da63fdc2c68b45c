/* SPDX-License-Identifier: Apache-2.0 */
/* Triple-DES, on a token of the legacy profile. */
#include "integration/evidence/random.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

enum { KEY_LEN = 24, BLOCK_LEN = 8 };

static struct octets out;
static struct octets back;

static bool has_parity(struct cfr_span key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (__builtin_popcount(key.ptr[i]) % 2 == 0) {
            return false;
        }
    }
    return true;
}

static struct cfr_span any_key(void)
{
    struct cfr_span key = random_span(KEY_LEN);

    for (size_t i = 0; i < KEY_LEN; i++) {
        UNCONST(key.ptr)[i] ^= __builtin_popcount(key.ptr[i]) % 2 == 0;
    }
    return key;
}

static struct cfr_span encrypt_direct(CK_MECHANISM_TYPE type, struct cfr_span key, const uint8_t *iv,
                                      struct cfr_span plain)
{
    static struct octets coded;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    int tail = 0;

    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, type == CKM_DES3_ECB ? EVP_des_ede3_ecb() : EVP_des_ede3_cbc(),
                                        NULL, key.ptr, iv),
                     1);
    ck_assert_int_eq(EVP_CIPHER_CTX_set_padding(ctx, type == CKM_DES3_CBC_PAD), 1);
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, coded.at, &len, plain.ptr, (int)plain.len), 1);
    ck_assert_int_eq(EVP_EncryptFinal_ex(ctx, coded.at + len, &tail), 1);
    coded.len = (CK_ULONG)(len + tail);
    EVP_CIPHER_CTX_free(ctx);
    return octets_view(&coded);
}

static void compare(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE handle,
                    struct cfr_span key)
{
    struct cfr_span iv = random_span(BLOCK_LEN);
    struct cfr_span plain =
        random_span(type == CKM_DES3_CBC_PAD ? random_below(2000) : BLOCK_LEN * (1 + random_below(200)));
    struct cfr_span coded = encrypt_direct(type, key, iv.ptr, plain);
    size_t chunk = 8 + random_below(200);
    CK_MECHANISM mechanism =
        type == CKM_DES3_ECB ? MECHANISM(type) : (CK_MECHANISM){type, UNCONST(iv.ptr), iv.len};
    struct operation encrypt = {session, CKF_ENCRYPT, mechanism, handle};
    struct operation decrypt = {session, CKF_DECRYPT, mechanism, handle};

    OK(run_once(&encrypt, plain, &out));
    expect_octets(octets_view(&out), coded, "C_Encrypt by 0x%lx", type);
    OK(run_parts(&encrypt, plain, chunk, &out));
    expect_octets(octets_view(&out), coded, "C_Encrypt by 0x%lx in parts of %zu", type, chunk);
    OK(run_once(&decrypt, coded, &back));
    expect_octets(octets_view(&back), plain, "C_Decrypt by 0x%lx", type);
    OK(run_parts(&decrypt, coded, chunk, &back));
    expect_octets(octets_view(&back), plain, "C_Decrypt by 0x%lx in parts of %zu", type, chunk);
}

void cross_des3(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct cfr_span key = any_key();

    compare(session, type, secret_make(session, CKK_DES3, key.ptr, key.len), key);
}

void cross_des3_key(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    static struct octets value;
    static struct bag bag;
    CK_OBJECT_HANDLE key;

    bag_clear(&bag);
    key = random_key(session, type, &bag, &value);
    ck_assert_uint_eq(value.len, KEY_LEN);
    ck_assert(has_parity(octets_view(&value)));
    compare(session, CKM_DES3_CBC, key, octets_view(&value));
}

static struct cfr_span mac_direct(struct cfr_span key, struct cfr_span message)
{
    static uint8_t code[BLOCK_LEN];
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, (char *)(uintptr_t) "DES-EDE3-CBC", 0),
        OSSL_PARAM_END};
    size_t len = 0;

    ck_assert_int_eq(EVP_MAC_init(ctx, key.ptr, key.len, params), 1);
    ck_assert_int_eq(EVP_MAC_update(ctx, message.ptr, message.len), 1);
    ck_assert_int_eq(EVP_MAC_final(ctx, code, &len, sizeof(code)), 1);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    return cfr_span_of(code, len);
}

void cross_des3_cmac(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct cfr_span key = any_key();
    struct cfr_span message = random_span(random_below(2000));
    CK_MAC_GENERAL_PARAMS len = type == CKM_DES3_CMAC ? BLOCK_LEN : 1 + random_below(BLOCK_LEN);
    struct cfr_span wanted = cfr_span_of(mac_direct(key, message).ptr, len);
    CK_MECHANISM mechanism = type == CKM_DES3_CMAC ? MECHANISM(type) : MECHANISM_WITH(type, &len);
    CK_OBJECT_HANDLE handle = secret_make(session, CKK_DES3, key.ptr, key.len);
    struct operation sign = {session, CKF_SIGN, mechanism, handle};
    struct operation verify = {session, CKF_VERIFY, mechanism, handle};

    OK(run_once(&sign, message, &out));
    expect_octets(octets_view(&out), wanted, "C_Sign by 0x%lx", type);
    OK(run_parts(&sign, message, 8 + random_below(200), &out));
    expect_octets(octets_view(&out), wanted, "C_Sign by 0x%lx in parts", type);
    OK(run_verify(&verify, message, wanted));
    OK(run_verify_parts(&verify, message, 8 + random_below(200), wanted));
}
