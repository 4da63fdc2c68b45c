/* SPDX-License-Identifier: Apache-2.0 */
/* Finite fields: pairs, groups and agreements in libcrypto, and libcrypto's signatures by DSA. */
#include "integration/cryptoki/dsa.h"
#include "integration/cryptoki/fields.h"
#include "integration/evidence/random.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

static struct bag template;

static bool is_x942(CK_MECHANISM_TYPE type)
{
    return type == CKM_X9_42_DH_KEY_PAIR_GEN || type == CKM_X9_42_DH_DERIVE ||
           type == CKM_X9_42_DH_PARAMETER_GEN;
}

/* A pair of the module's agrees with one of libcrypto's in its group. */
void cross_field_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    static const char *const groups[2][3] = {{"ffdhe2048", "modp_2048", "ffdhe3072"},
                                             {"ffdhe2048", "dh_2048_224", "dh_2048_256"}};
    CK_KEY_TYPE key_type = is_x942(type) ? CKK_X9_42_DH : CKK_DH;
    EVP_PKEY *pkey = field_key(groups[is_x942(type)][random_below(3)]);
    struct key_pair pair = {0};

    OK(try_field_pair(session, key_type, pkey, 0, &pair));
    expect_field_agreement(session, key_type, pair, pkey);
    EVP_PKEY_free(pkey);
}

/* --- Groups --- */

static const struct {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
} numbers[] = {{CKA_PRIME, OSSL_PKEY_PARAM_FFC_P},
               {CKA_BASE, OSSL_PKEY_PARAM_FFC_G},
               {CKA_SUBPRIME, OSSL_PKEY_PARAM_FFC_Q}};

static EVP_PKEY *group_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, bool has_subprime)
{
    static struct octets value;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, has_subprime ? "DHX" : "DH", NULL);
    BIGNUM *held[COUNT(numbers)] = {NULL};
    EVP_PKEY *group = NULL;
    OSSL_PARAM *params;

    for (size_t i = 0; i < (has_subprime ? 3U : 2U); i++) {
        read_octets(session, object, numbers[i].type, &value);
        held[i] = BN_bin2bn(value.at, (int)value.len, NULL);
        ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, numbers[i].name, held[i]), 1);
    }
    params = OSSL_PARAM_BLD_to_param(builder);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &group, EVP_PKEY_KEY_PARAMETERS, params), 1);
    for (size_t i = 0; i < COUNT(held); i++) {
        BN_free(held[i]);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    return group;
}

/* libcrypto finds the group good, and makes a key in it. */
static EVP_PKEY *key_in(EVP_PKEY *group)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, group, NULL);
    EVP_PKEY *pkey = NULL;

    ck_assert_int_eq(EVP_PKEY_param_check(ctx), 1);
    ck_assert(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_generate(ctx, &pkey) == 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(group);
    return pkey;
}

void cross_domain(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    CK_KEY_TYPE key_type = is_x942(type) ? CKK_X9_42_DH : CKK_DH;
    CK_MECHANISM mechanism = MECHANISM(type);
    CK_ULONG bits = is_x942(type) || random_below(2) == 0 ? 2048 : 3072;
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    struct key_pair pair = {0};
    EVP_PKEY *pkey;

    bag_clear(&template);
    bag_ulong(&template, CKA_PRIME_BITS, bits);
    if (is_x942(type)) {
        bag_ulong(&template, CKA_SUBPRIME_BITS, random_below(2) == 0 ? 256 : 2047);
    }
    OK(p11->C_GenerateKey(session, &mechanism, BAG(&template), &object));
    pkey = key_in(group_of(session, object, is_x942(type)));
    ck_assert_int_eq(EVP_PKEY_get_bits(pkey), (int)bits);
    OK(try_field_pair(session, key_type, pkey, 0, &pair));
    expect_field_agreement(session, key_type, pair, pkey);
    EVP_PKEY_free(pkey);
}

/* --- DSA --- */

void cross_dsa(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct cfr_span message = random_span(random_below(2000));
    const struct dsa_hash *hash = &dsa_hashes[random_below(DSA_HASH_COUNT)];
    uint8_t signature[DSA_SIGNATURE_LEN];
    uint8_t digest[64];
    struct operation verify = {session, CKF_VERIFY, MECHANISM(type), CK_INVALID_HANDLE};
    EVP_PKEY *pkey = dsa_pair(session, &verify.key);
    struct cfr_span digested;

    for (size_t i = 0; i < DSA_HASH_COUNT; i++) {
        hash = dsa_hashes[i].type == type ? &dsa_hashes[i] : hash;
    }
    digested = hash_digest(hash_find(hash->hash), message, digest);
    dsa_sign(pkey, digested, signature);
    if (type == CKM_DSA) {
        message = digested;
    } else {
        OK(run_verify_parts(&verify, message, message.len / 100 + 1 + random_below(100),
                            cfr_span_of(signature, sizeof(signature))));
    }
    OK(run_verify(&verify, message, cfr_span_of(signature, sizeof(signature))));
    signature[random_below(sizeof(signature))] ^= 1;
    EXPECT(CKR_SIGNATURE_INVALID, run_verify(&verify, message, cfr_span_of(signature, sizeof(signature))));
    EVP_PKEY_free(pkey);
}
