/* SPDX-License-Identifier: Apache-2.0 */
/* Post-quantum mechanisms, both ways: pairs of the module in libcrypto, and pairs of libcrypto in the module. */
#include "integration/evidence/random.h"

#include <openssl/core_names.h>

static struct octets out;
static struct octets value;
static struct bag bag;

/* Sets that are quick enough; names for libcrypto. */
static const struct set {
    const char *name;
    CK_KEY_TYPE type;
    CK_ULONG set;
    CK_MECHANISM_TYPE generator;
} sets[] = {
    {"ML-KEM-512", CKK_ML_KEM, CKP_ML_KEM_512, CKM_ML_KEM_KEY_PAIR_GEN},
    {"ML-KEM-768", CKK_ML_KEM, CKP_ML_KEM_768, CKM_ML_KEM_KEY_PAIR_GEN},
    {"ML-KEM-1024", CKK_ML_KEM, CKP_ML_KEM_1024, CKM_ML_KEM_KEY_PAIR_GEN},
    {"ML-DSA-44", CKK_ML_DSA, CKP_ML_DSA_44, CKM_ML_DSA_KEY_PAIR_GEN},
    {"ML-DSA-65", CKK_ML_DSA, CKP_ML_DSA_65, CKM_ML_DSA_KEY_PAIR_GEN},
    {"ML-DSA-87", CKK_ML_DSA, CKP_ML_DSA_87, CKM_ML_DSA_KEY_PAIR_GEN},
    {"SLH-DSA-SHA2-128f", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128F, CKM_SLH_DSA_KEY_PAIR_GEN},
    {"SLH-DSA-SHAKE-128f", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_128F, CKM_SLH_DSA_KEY_PAIR_GEN},
    {"SLH-DSA-SHA2-192f", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_192F, CKM_SLH_DSA_KEY_PAIR_GEN},
};

static const struct set *any_set(CK_KEY_TYPE type)
{
    size_t at = random_below(COUNT(sets));

    while (sets[at].type != type) {
        at = (at + 1) % COUNT(sets);
    }
    return &sets[at];
}

static CK_KEY_TYPE type_of(CK_MECHANISM_TYPE mechanism)
{
    return mechanism >= CKM_SLH_DSA_KEY_PAIR_GEN ? CKK_SLH_DSA : CKK_ML_DSA;
}

/* A pair that the module makes; libcrypto's half of it. */
static struct key_pair module_pair(CK_SESSION_HANDLE session, const struct set *set, EVP_PKEY **ret_pkey)
{
    struct key_pair pair;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_PARAMETER_SET, set->set);
    pair = random_pair(session, set->generator, &bag, ret_pkey);
    ck_assert(EVP_PKEY_is_a(*ret_pkey, set->name));
    return pair;
}

/* The public half of libcrypto's pair, in the module. */
static CK_OBJECT_HANDLE import_public(CK_SESSION_HANDLE session, const struct set *set, EVP_PKEY *pkey)
{
    size_t len = sizeof(value.at);

    ck_assert_int_eq(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, value.at, len, &len), 1);
    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_PUBLIC_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, set->type);
    bag_ulong(&bag, CKA_PARAMETER_SET, set->set);
    bag_octets(&bag, CKA_VALUE, value.at, len);
    return object_make(session, &bag);
}

static EVP_PKEY *libcrypto_pair(const struct set *set)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, set->name);

    ck_assert_msg(pkey != NULL, "libcrypto makes no %s", set->name);
    return pkey;
}

/* --- Encapsulation --- */

static void secret_template(void)
{
    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    bag_bool(&bag, CKA_SENSITIVE, false);
    bag_bool(&bag, CKA_EXTRACTABLE, true);
}

static void expect_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const uint8_t *wanted, size_t len)
{
    read_octets(session, key, CKA_VALUE, &value);
    expect_octets(octets_view(&value), cfr_span_of(wanted, len), "the shared secret");
}

/* libcrypto encapsulates for the module. */
static void compare_decapsulation(CK_SESSION_HANDLE session, const struct set *set)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_ML_KEM);
    EVP_PKEY *pkey;
    struct key_pair pair = module_pair(session, set, &pkey);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    uint8_t secret[32];
    size_t secret_len = sizeof(secret);
    size_t len = sizeof(out.at);

    ck_assert_int_eq(EVP_PKEY_encapsulate_init(ctx, NULL), 1);
    ck_assert_int_eq(EVP_PKEY_encapsulate(ctx, out.at, &len, secret, &secret_len), 1);
    secret_template();
    OK(p11->C_DecapsulateKey(session, &mechanism, pair.private, BAG(&bag), out.at, len, &key));
    expect_value(session, key, secret, secret_len);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

/* The module encapsulates for libcrypto. */
static void compare_encapsulation(CK_SESSION_HANDLE session, const struct set *set)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_ML_KEM);
    EVP_PKEY *pkey = libcrypto_pair(set);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    CK_OBJECT_HANDLE public = import_public(session, set, pkey);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    uint8_t secret[32];
    size_t len = sizeof(secret);

    secret_template();
    out.len = sizeof(out.at);
    OK(p11->C_EncapsulateKey(session, &mechanism, public, BAG(&bag), out.at, &out.len, &key));
    ck_assert_int_eq(EVP_PKEY_decapsulate_init(ctx, NULL), 1);
    ck_assert_int_eq(EVP_PKEY_decapsulate(ctx, secret, &len, out.at, out.len), 1);
    expect_value(session, key, secret, len);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

void cross_kem(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    const struct set *set = any_set(CKK_ML_KEM);

    (void)type;
    compare_decapsulation(session, set);
    compare_encapsulation(session, set);
}

/* --- Signatures --- */

/* Of libcrypto, which takes a context or, with @p is_encoded, what FIPS 204 and 205 make of a message. */
struct by_libcrypto {
    struct cfr_span context;
    bool is_encoded;
};

static EVP_MD_CTX *begin(EVP_PKEY *pkey, const struct by_libcrypto *how, bool sign)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int encoding = how->is_encoded ? 0 : 1;
    OSSL_PARAM params[3] = {OSSL_PARAM_construct_int("message-encoding", &encoding), OSSL_PARAM_END,
                            OSSL_PARAM_END};

    if (!how->is_encoded) {
        params[1] =
            OSSL_PARAM_construct_octet_string("context-string", UNCONST(how->context.ptr), how->context.len);
    }
    ck_assert_int_eq(
        (sign ? EVP_DigestSignInit_ex : EVP_DigestVerifyInit_ex)(ctx, NULL, NULL, NULL, NULL, pkey, params),
        1);
    return ctx;
}

/* The module signs @p data, which to libcrypto is @p message; and the other way round. */
static void compare_signatures(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, struct cfr_span data,
                               struct cfr_span message, const struct by_libcrypto *how)
{
    const struct set *set = any_set(type_of(mechanism.mechanism));
    EVP_PKEY *theirs;
    struct key_pair pair = module_pair(session, set, &theirs);
    EVP_PKEY *pkey = libcrypto_pair(set);
    struct operation sign = {session, CKF_SIGN, mechanism, pair.private};
    struct operation verify = {session, CKF_VERIFY, mechanism, import_public(session, set, pkey)};
    EVP_MD_CTX *ctx = begin(theirs, how, false);
    size_t len = sizeof(out.at);

    OK(run_once(&sign, data, &out));
    ck_assert_msg(EVP_DigestVerify(ctx, out.at, out.len, message.ptr, message.len) == 1,
                  "%s: libcrypto verifies 0x%lx", set->name, mechanism.mechanism);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(theirs);
    ctx = begin(pkey, how, true);
    ck_assert_int_eq(EVP_DigestSign(ctx, out.at, &len, message.ptr, message.len), 1);
    OK(run_verify(&verify, data, cfr_span_of(out.at, len)));
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

void cross_pq_signature(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct by_libcrypto how = {.context = random_span(random_below(256))};
    CK_SIGN_ADDITIONAL_CONTEXT context = {CKH_HEDGE_PREFERRED, UNCONST(how.context.ptr), how.context.len};
    struct cfr_span message = random_span(random_below(3000));

    compare_signatures(session,
                       MECHANISM_WITH(type_of(type) == CKK_SLH_DSA ? CKM_SLH_DSA : CKM_ML_DSA, &context),
                       message, message, &how);
}

/* --- With a hash: FIPS 204, algorithm 4, and FIPS 205, algorithm 23 --- */

static const struct prehash {
    CK_MECHANISM_TYPE ml_dsa;
    CK_MECHANISM_TYPE slh_dsa;
    CK_MECHANISM_TYPE digest; /* for the mechanism that is given the digest; 0: not for it */
    const char *md;
    size_t len;
    uint8_t last; /* arc of the object identifier 2.16.840.1.101.3.4.2 */
} prehashes[] = {
    {CKM_HASH_ML_DSA_SHA224, CKM_HASH_SLH_DSA_SHA224, CKM_SHA224, "SHA2-224", 28, 4},
    {CKM_HASH_ML_DSA_SHA256, CKM_HASH_SLH_DSA_SHA256, CKM_SHA256, "SHA2-256", 32, 1},
    {CKM_HASH_ML_DSA_SHA384, CKM_HASH_SLH_DSA_SHA384, CKM_SHA384, "SHA2-384", 48, 2},
    {CKM_HASH_ML_DSA_SHA512, CKM_HASH_SLH_DSA_SHA512, CKM_SHA512, "SHA2-512", 64, 3},
    {CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_SLH_DSA_SHA3_224, CKM_SHA3_224, "SHA3-224", 28, 7},
    {CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_256, CKM_SHA3_256, "SHA3-256", 32, 8},
    {CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_384, CKM_SHA3_384, "SHA3-384", 48, 9},
    {CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA3_512, CKM_SHA3_512, "SHA3-512", 64, 10},
    {CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_SLH_DSA_SHAKE128, 0, "SHAKE128", 32, 11},
    {CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA_SHAKE256, 0, "SHAKE256", 64, 12},
};

static struct cfr_span prehash(const struct prehash *hash, struct cfr_span message, uint8_t digest[64])
{
    EVP_MD *md = EVP_MD_fetch(NULL, hash->md, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    ck_assert_int_eq(EVP_DigestInit_ex(ctx, md, NULL), 1);
    ck_assert_int_eq(EVP_DigestUpdate(ctx, message.ptr, message.len), 1);
    ck_assert_int_eq(hash->digest == 0 ? EVP_DigestFinalXOF(ctx, digest, hash->len)
                                       : EVP_DigestFinal_ex(ctx, digest, NULL),
                     1);
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
    return cfr_span_of(digest, hash->len);
}

/* 1, the length of the context, the context, the identifier of the hash, the digest. */
static struct cfr_span encoded(const struct prehash *hash, struct cfr_span context, struct cfr_span digest)
{
    static uint8_t octets[2 + 255 + 11 + 64];
    uint8_t oid[11] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, hash->last};

    octets[0] = 1;
    octets[1] = (uint8_t)context.len;
    cfr_copy(octets + 2, context.ptr, context.len);
    memcpy(octets + 2 + context.len, oid, sizeof(oid));
    cfr_copy(octets + 2 + context.len + sizeof(oid), digest.ptr, digest.len);
    return cfr_span_of(octets, 2 + context.len + sizeof(oid) + digest.len);
}

void cross_pq_hash(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    const struct by_libcrypto how = {.is_encoded = true};
    struct cfr_span octets = random_span(random_below(256));
    CK_SIGN_ADDITIONAL_CONTEXT context = {CKH_HEDGE_PREFERRED, UNCONST(octets.ptr), octets.len};
    struct cfr_span message = random_span(random_below(3000));
    size_t at = 0;
    uint8_t digest[64];

    while (prehashes[at].ml_dsa != type && prehashes[at].slh_dsa != type) {
        at++;
        ck_assert_uint_lt(at, COUNT(prehashes));
    }
    compare_signatures(session, MECHANISM_WITH(type, &context), message,
                       encoded(&prehashes[at], octets, prehash(&prehashes[at], message, digest)), &how);
}

void cross_pq_digest(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    const struct by_libcrypto how = {.is_encoded = true};
    const struct prehash *hash = &prehashes[random_below(8)];
    struct cfr_span octets = random_span(random_below(256));
    CK_HASH_SIGN_ADDITIONAL_CONTEXT given = {CKH_HEDGE_PREFERRED, UNCONST(octets.ptr), octets.len,
                                             hash->digest};
    struct cfr_span digest = random_span(hash->len);

    compare_signatures(session, MECHANISM_WITH(type, &given), digest, encoded(hash, octets, digest), &how);
}
