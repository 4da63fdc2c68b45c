/* SPDX-License-Identifier: Apache-2.0 */
/* Key pairs that the module makes, in libcrypto; key agreement; wrapping with a pair. */
#include "integration/cryptoki/envelope.h"
#include "integration/evidence/published.h"
#include "integration/evidence/random.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/x509.h>

static struct octets out;
static struct bag bag;

static const char *const weierstrass[] = {"P-224",           "P-256",     "P-384",           "P-521",
                                          "brainpoolP256r1", "secp256k1", "brainpoolP512r1", "sect283k1"};
static const char *const edwards[] = {"ED25519", "ED448"};
static const char *const montgomery[] = {"X25519", "X448"};

struct key_pair random_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, struct bag *public_bag,
                            EVP_PKEY **ret_pkey)
{
    CK_MECHANISM mechanism = MECHANISM(type);
    CK_ATTRIBUTE readable[] = {ATTR_BOOL(CKA_SENSITIVE, false), ATTR_BOOL(CKA_EXTRACTABLE, true),
                               ATTR_BOOL(CKA_DERIVE, type == CKM_EC_MONTGOMERY_KEY_PAIR_GEN)};
    const uint8_t *at = out.at;
    struct key_pair pair = {0};

    OK(p11->C_GenerateKeyPair(session, &mechanism, BAG(public_bag), TEMPLATE(readable), &pair.public,
                              &pair.private));
    read_octets(session, pair.public, CKA_PUBLIC_KEY_INFO, &out);
    *ret_pkey = d2i_PUBKEY(NULL, &at, (long)out.len);
    ck_assert_msg(*ret_pkey != NULL, "libcrypto does not know a key of 0x%lx", type);
    return pair;
}

/* libcrypto verifies what the private half signs. */
static void expect_pair_signs(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE user, struct key_pair pair,
                              EVP_PKEY *pkey)
{
    static struct subject subject;
    struct cfr_span data = random_span(random_below(2000));
    struct operation sign;

    subject_make(&subject, session, mechanism_find(user), 0);
    sign = subject_op(&subject, CKF_SIGN, data.len);
    sign.key = pair.private;
    OK(run_once(&sign, data, &out));
    EVP_PKEY_free(subject.pkey);
    subject.pkey = pkey;
    ck_assert_msg(reference_verify(&subject, data, octets_view(&out)), "libcrypto verifies with 0x%lx", user);
    subject_drop(&subject);
}

void cross_rsa_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct key_pair pair;
    EVP_PKEY *pkey;
    CK_ULONG bits = 1024 + 256 * random_below(5);

    bag_clear(&bag);
    bag_ulong(&bag, CKA_MODULUS_BITS, bits);
    pair = random_pair(session, type, &bag, &pkey);
    ck_assert_int_eq(EVP_PKEY_get_bits(pkey), (int)bits);
    expect_pair_signs(session, CKM_SHA256_RSA_PKCS, pair, pkey);
}

static struct key_pair curve_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, const char *curve,
                                  EVP_PKEY **ret_pkey)
{
    struct cfr_span params = ec_params(curve);

    bag_clear(&bag);
    bag_octets(&bag, CKA_EC_PARAMS, params.ptr, params.len);
    return random_pair(session, type, &bag, ret_pkey);
}

void cross_ec_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    EVP_PKEY *pkey;
    struct key_pair pair = curve_pair(session, type, weierstrass[random_below(COUNT(weierstrass))], &pkey);

    expect_pair_signs(session, CKM_ECDSA_SHA256, pair, pkey);
}

void cross_edwards_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    EVP_PKEY *pkey;
    struct key_pair pair = curve_pair(session, type, edwards[random_below(COUNT(edwards))], &pkey);

    expect_pair_signs(session, CKM_EDDSA, pair, pkey);
}

/* --- Key agreement --- */

static size_t agree(EVP_PKEY *own, EVP_PKEY *peer, bool cofactor, uint8_t secret[128])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    size_t len = 128;

    ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
    if (cofactor) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_ecdh_cofactor_mode(ctx, 1), 1);
    }
    ck_assert_int_eq(EVP_PKEY_derive_set_peer(ctx, peer), 1);
    ck_assert_int_eq(EVP_PKEY_derive(ctx, secret, &len), 1);
    EVP_PKEY_CTX_free(ctx);
    return len;
}

void cross_montgomery_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    const char *curve = montgomery[random_below(COUNT(montgomery))];
    static struct octets point;
    EVP_PKEY *pkey;
    EVP_PKEY *peer = pkey_new(curve);
    struct key_pair pair = curve_pair(session, type, curve, &pkey);
    uint8_t secret[128];
    size_t len = agree(peer, pkey, false, secret);

    pkey_point(peer, &point);
    OK(try_agree(session, CKM_ECDH1_DERIVE, pair.private, octets_view(&point), len, &out));
    expect_octets(octets_view(&out), cfr_span_of(secret, len), "%s", curve);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(pkey);
}

static void run_kdf(const char *name, const struct hash_row *hash, struct cfr_span secret,
                    struct cfr_span info, struct cfr_span *key)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)hash->md, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, UNCONST(secret.ptr), secret.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, UNCONST(info.ptr), info.len),
        OSSL_PARAM_construct_end(),
    };

    ck_assert_int_eq(EVP_KDF_derive(ctx, UNCONST(key->ptr), key->len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

/* What libcrypto makes of a shared secret, by the KDF of @p params; the hash NULL: its last octets. */
static struct cfr_span derived(struct cfr_span secret, const struct hash_row *hash,
                               const CK_ECDH1_DERIVE_PARAMS *params, size_t len)
{
    static uint8_t octets[256];
    struct cfr_span key = cfr_span_of(octets, len);

    if (hash == NULL) {
        return cfr_span_of(secret.ptr + (secret.len - len), len);
    }
    run_kdf(params->kdf == hash->kdf ? "X963KDF" : "SSKDF", hash, secret,
            cfr_span_of(params->pSharedData, params->ulSharedDataLen), &key);
    return key;
}

void cross_agreement(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    bool cofactor = type == CKM_ECDH1_COFACTOR_DERIVE;
    size_t which = random_below(COUNT(weierstrass) + (cofactor ? 0 : COUNT(montgomery)));
    const char *curve =
        which < COUNT(weierstrass) ? weierstrass[which] : montgomery[which - COUNT(weierstrass)];
    const struct hash_row *hash = random_below(3) == 0 ? NULL : &hashes[random_below(HASH_COUNT)];
    EVP_PKEY *own = pkey_new(curve);
    EVP_PKEY *peer = pkey_new(curve);
    static struct octets point;
    uint8_t secret[128];
    size_t secret_len = agree(own, peer, cofactor, secret);
    CK_ECDH1_DERIVE_PARAMS params = {.kdf = CKD_NULL};
    CK_MECHANISM mechanism = MECHANISM_WITH(type, &params);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    size_t len;

    hash = hash != NULL && hash->kdf == 0 ? NULL : hash;
    len = 1 + random_below(hash == NULL ? secret_len : 100);
    if (hash != NULL) {
        struct cfr_span shared = random_span(1 + random_below(60));

        params.kdf = random_below(2) == 0 ? hash->kdf : hash->kdf_sp800;
        params.pSharedData = UNCONST(shared.ptr);
        params.ulSharedDataLen = shared.len;
    }
    pkey_point(peer, &point);
    params.pPublicData = point.at;
    params.ulPublicDataLen = point.len;
    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    bag_ulong(&bag, CKA_VALUE_LEN, len);
    bag_bool(&bag, CKA_SENSITIVE, false);
    bag_bool(&bag, CKA_EXTRACTABLE, true);
    OK(p11->C_DeriveKey(session, &mechanism, private_make(session, own), BAG(&bag), &key));
    read_octets(session, key, CKA_VALUE, &out);
    expect_octets(octets_view(&out), derived(cfr_span_of(secret, secret_len), hash, &params, len), "%s",
                  curve);
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
}

/* --- Wrapping with a pair --- */

static void expect_unwrapped(struct envelope *e, CK_SESSION_HANDLE session, struct cfr_span wanted)
{
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    OK(envelope_try_unwrap(e, CKO_SECRET_KEY, CKK_GENERIC_SECRET, &key));
    read_octets(session, key, CKA_VALUE, &out);
    expect_octets(octets_view(&out), wanted, "%s", e->form->pair);
}

void cross_envelope(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    struct envelope e;
    struct cfr_span value = random_span(1 + random_below(300));
    CK_OBJECT_HANDLE target = secret_make(session, CKK_GENERIC_SECRET, value.ptr, value.len);
    size_t form = random_below(ENVELOPE_FORMS);

    while (envelope_forms[form].type != type) {
        form = (form + 1) % ENVELOPE_FORMS;
    }
    envelope_prepare(&e, session, &envelope_forms[form]);
    envelope_wrapped.len = sizeof(envelope_wrapped.at);
    OK(p11->C_WrapKey(session, &e.mechanism, e.public, target, envelope_wrapped.at, &envelope_wrapped.len));
    envelope_open(&e);
    expect_octets(octets_view(&envelope_plain), value, "%s: libcrypto opens", e.form->pair);
    envelope_seal(&e, value);
    expect_unwrapped(&e, session, value);
    envelope_forget(&e);
}

/* --- Public keys from private ones --- */

void cross_public(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    static const char *const names[] = {"P-256", "P-521", "secp256k1", "ED25519", "ED448", "X25519", "X448"};
    size_t which = random_below(COUNT(names) + 1);
    EVP_PKEY *pkey = which == COUNT(names) ? pkey_rsa("rsa1536_3") : pkey_new(names[which]);
    uint8_t *info = NULL;
    int len = i2d_PUBKEY(pkey, &info);

    ck_assert_uint_eq(type, CKM_PUB_KEY_FROM_PRIV_KEY);
    ck_assert_int_gt(len, 0);
    read_octets(session, public_from_private(session, private_make(session, pkey)), CKA_PUBLIC_KEY_INFO,
                &out);
    expect_octets(octets_view(&out), cfr_span_of(info, (size_t)len), "the public half");
    OPENSSL_free(info);
    EVP_PKEY_free(pkey);
}
