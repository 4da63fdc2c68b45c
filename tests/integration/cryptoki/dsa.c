/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/dsa.h"

#include "integration/cryptoki/fields.h"
#include "integration/cryptoki/operations.h"

#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/param_build.h>

const struct dsa_hash dsa_hashes[DSA_HASH_COUNT] = {
    {CKM_DSA_SHA1, "SHA1"},         {CKM_DSA_SHA224, "SHA224"},     {CKM_DSA_SHA256, "SHA256"},
    {CKM_DSA_SHA384, "SHA384"},     {CKM_DSA_SHA512, "SHA512"},     {CKM_DSA_SHA3_224, "SHA3_224"},
    {CKM_DSA_SHA3_256, "SHA3_256"}, {CKM_DSA_SHA3_384, "SHA3_384"}, {CKM_DSA_SHA3_512, "SHA3_512"},
};

CK_MECHANISM_TYPE dsa_mechanism(const char *hash)
{
    size_t i = 0;

    while (strcmp(dsa_hashes[i].hash, hash) != 0) {
        i++;
        ck_assert_uint_lt(i, DSA_HASH_COUNT);
    }
    return dsa_hashes[i].type;
}

/* The group of NIST's first case with a subprime of 224 bits, for libcrypto. */
static EVP_PKEY *published_group(void)
{
    struct vectors *vectors = vectors_open("dsa");
    static const char *const names[] = {"p", "q", "g"};
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
    BIGNUM *numbers[3] = {NULL};
    EVP_PKEY *group = NULL;
    OSSL_PARAM *params;

    while (vectors_next(vectors)) {
        bool is_first = numbers[2] == NULL && vectors_octets(vectors, "q").len == 28;

        for (int i = 0; is_first && i < 3; i++) {
            struct cfr_span octets = vectors_octets(vectors, names[i]);

            numbers[i] = BN_bin2bn(octets.ptr, (int)octets.len, NULL);
            ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, names[i], numbers[i]), 1);
        }
    }
    vectors_close(vectors, 12);
    params = OSSL_PARAM_BLD_to_param(builder);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &group, EVP_PKEY_KEY_PARAMETERS, params), 1);
    for (int i = 0; i < 3; i++) {
        BN_free(numbers[i]);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    return group;
}

EVP_PKEY *dsa_pair(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *ret_key)
{
    EVP_PKEY *group = published_group();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, group, NULL);
    EVP_PKEY *pkey = NULL;
    static struct octets value;
    static struct bag bag;

    ck_assert(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_generate(ctx, &pkey) == 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(group);
    bag_clear(&bag);
    bag_group(&bag, CKK_DSA, pkey);
    field_number(pkey, OSSL_PKEY_PARAM_PUB_KEY, &value);
    bag_field_public(&bag, CKK_DSA, octets_view(&value));
    *ret_key = object_make(session, &bag);
    return pkey;
}

void dsa_sign(EVP_PKEY *pkey, struct cfr_span digest, uint8_t out[DSA_SIGNATURE_LEN])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    uint8_t der[128];
    const uint8_t *at = der;
    size_t len = sizeof(der);
    const BIGNUM *r;
    const BIGNUM *s;
    DSA_SIG *signature;

    ck_assert(EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, der, &len, digest.ptr, digest.len) == 1);
    signature = d2i_DSA_SIG(NULL, &at, (long)len);
    DSA_SIG_get0(signature, &r, &s);
    ck_assert(BN_bn2binpad(r, out, 28) == 28 && BN_bn2binpad(s, out + 28, 28) == 28);
    DSA_SIG_free(signature);
    EVP_PKEY_CTX_free(ctx);
}
