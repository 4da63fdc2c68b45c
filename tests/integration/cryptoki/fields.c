/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/fields.h"

#include "integration/cryptoki/derivation.h"

#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/param_build.h>

EVP_PKEY *field_key(const char *group)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, strncmp(group, "dh_", 3) == 0 ? "DHX" : "DH", NULL);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0),
        OSSL_PARAM_END};
    EVP_PKEY *pkey = NULL;

    ck_assert_int_eq(EVP_PKEY_keygen_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_params(ctx, params), 1);
    ck_assert_int_eq(EVP_PKEY_generate(ctx, &pkey), 1);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

void field_number(EVP_PKEY *pkey, const char *name, struct octets *ret)
{
    BIGNUM *number = NULL;

    ck_assert_int_eq(EVP_PKEY_get_bn_param(pkey, name, &number), 1);
    ret->len = (CK_ULONG)BN_bn2bin(number, ret->at);
    BN_clear_free(number);
}

static void add_number(struct bag *bag, CK_ATTRIBUTE_TYPE type, EVP_PKEY *pkey, const char *name)
{
    static struct octets number;

    field_number(pkey, name, &number);
    bag_octets(bag, type, number.at, number.len);
}

void bag_group(struct bag *bag, CK_KEY_TYPE type, EVP_PKEY *pkey)
{
    add_number(bag, CKA_PRIME, pkey, OSSL_PKEY_PARAM_FFC_P);
    add_number(bag, CKA_BASE, pkey, OSSL_PKEY_PARAM_FFC_G);
    if (type != CKK_DH) {
        add_number(bag, CKA_SUBPRIME, pkey, OSSL_PKEY_PARAM_FFC_Q);
    }
}

static void add_case(struct bag *bag, CK_ATTRIBUTE_TYPE type, struct vectors *vectors, const char *name)
{
    struct cfr_span octets = vectors_octets(vectors, name);

    bag_octets(bag, type, octets.ptr, octets.len);
}

void bag_group_of_case(struct bag *bag, struct vectors *vectors)
{
    add_case(bag, CKA_PRIME, vectors, "p");
    add_case(bag, CKA_BASE, vectors, "g");
    if (vectors_has(vectors, "q")) {
        add_case(bag, CKA_SUBPRIME, vectors, "q");
    }
}

void bag_field_public(struct bag *bag, CK_KEY_TYPE type, struct cfr_span value)
{
    bag_ulong(bag, CKA_CLASS, CKO_PUBLIC_KEY);
    bag_ulong(bag, CKA_KEY_TYPE, type);
    bag_octets(bag, CKA_VALUE, value.ptr, value.len);
}

void bag_field_private(struct bag *bag, CK_KEY_TYPE type, struct cfr_span value)
{
    bag_ulong(bag, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(bag, CKA_KEY_TYPE, type);
    bag_octets(bag, CKA_VALUE, value.ptr, value.len);
    bag_bool(bag, CKA_SENSITIVE, false);
    bag_bool(bag, CKA_EXTRACTABLE, true);
    bag_bool(bag, CKA_DERIVE, true);
}

CK_RV try_field_pair(CK_SESSION_HANDLE session, CK_KEY_TYPE type, EVP_PKEY *group, CK_ULONG value_bits,
                     struct key_pair *ret_pair)
{
    static struct bag public;
    static struct bag private;
    CK_MECHANISM mechanism = MECHANISM(type == CKK_DH ? CKM_DH_PKCS_KEY_PAIR_GEN : CKM_X9_42_DH_KEY_PAIR_GEN);

    bag_clear(&public);
    bag_clear(&private);
    bag_group(&public, type, group);
    bag_bool(&private, CKA_SENSITIVE, false);
    bag_bool(&private, CKA_EXTRACTABLE, true);
    bag_bool(&private, CKA_DERIVE, true);
    if (value_bits != 0) {
        bag_ulong(&private, CKA_VALUE_BITS, value_bits);
    }
    return p11->C_GenerateKeyPair(session, &mechanism, BAG(&public), BAG(&private), &ret_pair->public,
                                  &ret_pair->private);
}

/* The peer's key: the same group with another value. */
static EVP_PKEY *peer_of(EVP_PKEY *pkey, struct cfr_span value)
{
    EVP_PKEY *peer = EVP_PKEY_new();
    uint8_t padded[1024] = {0};
    size_t len = (size_t)EVP_PKEY_get_size(pkey);

    ck_assert(value.len <= len && len <= sizeof(padded));
    cfr_copy(padded + len - value.len, value.ptr, value.len);
    ck_assert_int_eq(EVP_PKEY_copy_parameters(peer, pkey), 1);
    ck_assert_int_eq(EVP_PKEY_set1_encoded_public_key(peer, padded, len), 1);
    return peer;
}

void field_agree(EVP_PKEY *pkey, struct cfr_span value, struct octets *ret)
{
    EVP_PKEY *peer = peer_of(pkey, value);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    size_t len = sizeof(ret->at);

    ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_dh_pad(ctx, 1), 1);
    ck_assert_int_eq(EVP_PKEY_derive_set_peer(ctx, peer), 1);
    ck_assert_int_eq(EVP_PKEY_derive(ctx, ret->at, &len), 1);
    ret->len = len;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
}

CK_MECHANISM dh_with(struct cfr_span peer)
{
    return (CK_MECHANISM){CKM_DH_PKCS_DERIVE, UNCONST(peer.ptr), peer.len};
}

CK_X9_42_DH1_DERIVE_PARAMS x942_with(struct cfr_span peer)
{
    return (CK_X9_42_DH1_DERIVE_PARAMS){
        .kdf = CKD_NULL, .pPublicData = UNCONST(peer.ptr), .ulPublicDataLen = peer.len};
}

CK_OBJECT_HANDLE field_make_of_case(CK_SESSION_HANDLE session, struct vectors *vectors, bool is_private)
{
    CK_KEY_TYPE type = vectors_has(vectors, "sig") ? CKK_DSA
                       : vectors_has(vectors, "q") ? CKK_X9_42_DH
                                                   : CKK_DH;
    static struct bag bag;

    bag_clear(&bag);
    bag_group_of_case(&bag, vectors);
    if (is_private) {
        bag_field_private(&bag, type, vectors_octets(vectors, "x"));
    } else {
        bag_field_public(&bag, type, vectors_octets(vectors, "y"));
    }
    return object_make(session, &bag);
}

CK_MECHANISM field_agreement_of_case(struct vectors *vectors, CK_X9_42_DH1_DERIVE_PARAMS *params)
{
    struct cfr_span peer = vectors_octets(vectors, "peer");

    *params = x942_with(peer);
    return vectors_has(vectors, "q") ? MECHANISM_WITH(CKM_X9_42_DH_DERIVE, params) : dh_with(peer);
}

void expect_field_agreement(CK_SESSION_HANDLE session, CK_KEY_TYPE type, struct key_pair pair, EVP_PKEY *pkey)
{
    static struct octets peer;
    static struct octets value;
    static struct octets wanted;
    static struct bag bag;
    CK_X9_42_DH1_DERIVE_PARAMS params;
    CK_MECHANISM mechanism;

    field_number(pkey, OSSL_PKEY_PARAM_PUB_KEY, &peer);
    params = x942_with(octets_view(&peer));
    mechanism = type == CKK_DH ? dh_with(octets_view(&peer)) : MECHANISM_WITH(CKM_X9_42_DH_DERIVE, &params);
    read_octets(session, pair.public, CKA_VALUE, &value);
    field_agree(pkey, octets_view(&value), &wanted);
    derived_template(&bag, CKK_GENERIC_SECRET, 0);
    derive_expect(session, &mechanism, pair.private, &bag, octets_view(&wanted), "agreement");
}
