/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/dsa.h"
#include "integration/cryptoki/fields.h"
#include "integration/evidence/published.h"
#include "integration/evidence/wycheproof.h"

#include <openssl/ec.h>
#include <openssl/x509.h>

static struct octets out;

/* X9.62 and SEC 2 have two names for it. */
static const char *curve_name(const char *name)
{
    return strcmp(name, "secp256r1") == 0 ? "P-256" : name;
}

static enum verdict verdict_of(CK_RV rv, const struct wycheproof_case *wc)
{
    return rv == CKR_OK ? ACCEPTED : refused(rv, wc);
}

/* --- Key agreement --- */

/* The point of a SubjectPublicKeyInfo of a named curve; empty when it is nothing of the sort. */
static struct cfr_span point_of_spki(const char *curve, struct cfr_span spki, X509_PUBKEY **ret_owner)
{
    const uint8_t *at = spki.ptr;
    X509_PUBKEY *info = d2i_X509_PUBKEY(NULL, &at, (long)spki.len);
    struct cfr_span params = ec_params(curve);
    X509_ALGOR *algorithm = NULL;
    const uint8_t *point = NULL;
    const void *value = NULL;
    int len = 0;
    int type = 0;

    *ret_owner = info;
    if (info == NULL || at != spki.ptr + spki.len ||
        X509_PUBKEY_get0_param(NULL, &point, &len, &algorithm, info) != 1) {
        return cfr_span_of(NULL, 0);
    }
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type != V_ASN1_OBJECT || OBJ_length(value) != params.len - 2 ||
        memcmp(OBJ_get0_data(value), params.ptr + 2, params.len - 2) != 0) {
        return cfr_span_of(NULL, 0);
    }
    return cfr_span_of(point, (size_t)len);
}

static enum verdict try_agreement(CK_SESSION_HANDLE session, struct wycheproof_case *wc, const char *curve,
                                  struct cfr_span peer)
{
    struct cfr_span wanted = wycheproof_octets(wc, "shared");
    CK_OBJECT_HANDLE private = CK_INVALID_HANDLE;
    CK_RV rv = try_ec_private(session, curve, wycheproof_octets(wc, "private"), &private);

    if (rv == CKR_OK) {
        rv = try_agree(session, CKM_ECDH1_DERIVE, private, peer, wanted.len == 0 ? 1 : wanted.len, &out);
    }
    if (rv != CKR_OK) {
        return refused(rv, wc);
    }
    return cfr_span_equal(octets_view(&out), wanted) ? ACCEPTED : REJECTED;
}

/* A key that is no point on the named curve in the first place cannot be given to C_DeriveKey. */
enum verdict try_ecdh(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const char *curve = curve_name(wycheproof_group_word(wc, NULL, "curve"));
    struct cfr_span peer = wycheproof_octets(wc, "public");
    bool is_bare = strcmp(wycheproof_group_word(wc, NULL, "encoding"), "ecpoint") == 0;
    X509_PUBKEY *info = NULL;
    enum verdict verdict;

    if (!is_bare) {
        peer = point_of_spki(curve, peer, &info);
    }
    verdict = is_bare || peer.len != 0 ? try_agreement(session, wc, curve, peer) : NOT_RUN;
    X509_PUBKEY_free(info);
    return verdict;
}

enum verdict try_xdh(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    bool is_25519 = strcmp(wycheproof_group_word(wc, NULL, "curve"), "curve25519") == 0;

    return try_agreement(session, wc, is_25519 ? "X25519" : "X448", wycheproof_octets(wc, "public"));
}

/* --- Signatures over curves --- */

static CK_RV verify_ecdsa(CK_SESSION_HANDLE session, struct wycheproof_case *wc, const char *curve,
                          struct cfr_span signature)
{
    const struct hash_row *hash = hash_find(wycheproof_group_word(wc, NULL, "sha"));
    struct cfr_span message = wycheproof_octets(wc, "msg");
    struct operation verify = {session, CKF_VERIFY, MECHANISM(hash->ecdsa), CK_INVALID_HANDLE};
    struct operation bare;
    uint8_t md[64];
    CK_RV rv;

    OK(try_ec_public(session, curve, wycheproof_group_octets(wc, "publicKey", "uncompressed"), &verify.key));
    bare = verify;
    bare.mechanism = MECHANISM(CKM_ECDSA);
    rv = run_verify(&verify, message, signature);
    EXPECT(rv, run_verify(&bare, hash_digest(hash, message, md), signature));
    return rv;
}

static size_t order_len(const char *curve)
{
    int nid = EC_curve_nist2nid(curve);
    EC_GROUP *group = EC_GROUP_new_by_curve_name(nid == NID_undef ? OBJ_txt2nid(curve) : nid);
    size_t len = ((size_t)EC_GROUP_order_bits(group) + 7) / 8;

    EC_GROUP_free(group);
    return len;
}

enum verdict try_ecdsa_p1363(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const char *curve = curve_name(wycheproof_group_word(wc, "publicKey", "curve"));
    struct cfr_span signature = wycheproof_octets(wc, "sig");
    CK_RV rv = verify_ecdsa(session, wc, curve, signature);

    if (rv == CKR_OK && signature.len < 2 * order_len(curve) && !wycheproof_is_valid(wc)) {
        /* "EC Signatures" of PKCS#11: the halves may be shorter than the order, as some tokens make them. */
        return BY_DESIGN;
    }
    return verdict_of(rv, wc);
}

/* Both numbers, each of the order's length; false when this is not their DER, or they are longer. */
static bool to_p1363(struct cfr_span der, uint8_t *octets, size_t half)
{
    const uint8_t *at = der.ptr;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    uint8_t *again = NULL;
    bool ok = false;

    if (signature != NULL && i2d_ECDSA_SIG(signature, &again) == (int)der.len &&
        memcmp(again, der.ptr, der.len) == 0 && !BN_is_negative(ECDSA_SIG_get0_r(signature)) &&
        !BN_is_negative(ECDSA_SIG_get0_s(signature))) {
        ok = BN_bn2binpad(ECDSA_SIG_get0_r(signature), octets, (int)half) == (int)half &&
             BN_bn2binpad(ECDSA_SIG_get0_s(signature), octets + half, (int)half) == (int)half;
    }
    OPENSSL_free(again);
    ECDSA_SIG_free(signature);
    return ok;
}

/* Signatures have no DER in PKCS#11: what is wrong with that of a case cannot be shown to C_Verify. */
enum verdict try_ecdsa_der(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const char *curve = curve_name(wycheproof_group_word(wc, "publicKey", "curve"));
    size_t half = order_len(curve);
    uint8_t octets[256];

    if (!to_p1363(wycheproof_octets(wc, "sig"), octets, half)) {
        return wycheproof_is_valid(wc) ? REJECTED : NOT_RUN;
    }
    return verdict_of(verify_ecdsa(session, wc, curve, cfr_span_of(octets, 2 * half)), wc);
}

/* A number of the group's key, without the zero that DER has in front. */
static struct cfr_span group_number(struct wycheproof_case *wc, const char *name)
{
    struct cfr_span number = wycheproof_group_octets(wc, "publicKey", name);

    return number.len != 0 && number.ptr[0] == 0 ? cfr_span_after(number, 1) : number;
}

static CK_OBJECT_HANDLE group_dsa(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    static const struct {
        const char *name;
        CK_ATTRIBUTE_TYPE type;
    } numbers[] = {{"p", CKA_PRIME}, {"q", CKA_SUBPRIME}, {"g", CKA_BASE}};
    static struct bag bag;

    bag_clear(&bag);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        struct cfr_span number = group_number(wc, numbers[i].name);

        bag_octets(&bag, numbers[i].type, number.ptr, number.len);
    }
    bag_field_public(&bag, CKK_DSA, group_number(wc, "y"));
    return object_make(session, &bag);
}

enum verdict try_dsa(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const struct hash_row *hash = hash_find(wycheproof_group_word(wc, NULL, "sha"));
    size_t half = group_number(wc, "q").len;
    struct cfr_span message = wycheproof_octets(wc, "msg");
    struct operation verify = {session, CKF_VERIFY, MECHANISM(dsa_mechanism(hash->name)), CK_INVALID_HANDLE};
    struct operation bare = {session, CKF_VERIFY, MECHANISM(CKM_DSA), CK_INVALID_HANDLE};
    uint8_t octets[64];
    uint8_t md[64];
    struct cfr_span signature = cfr_span_of(octets, 2 * half);
    CK_RV rv;

    if (!to_p1363(wycheproof_octets(wc, "sig"), octets, half)) {
        return wycheproof_is_valid(wc) ? REJECTED : NOT_RUN;
    }
    verify.key = group_dsa(session, wc);
    bare.key = verify.key;
    rv = run_verify(&verify, message, signature);
    EXPECT(rv, run_verify(&bare, hash_digest(hash, message, md), signature));
    return verdict_of(rv, wc);
}

enum verdict try_eddsa(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    bool is_25519 = strcmp(wycheproof_group_word(wc, "publicKey", "curve"), "edwards25519") == 0;
    struct operation verify = {session, CKF_VERIFY, MECHANISM(CKM_EDDSA), CK_INVALID_HANDLE};
    CK_RV rv = try_ec_public(session, is_25519 ? "ED25519" : "ED448",
                             wycheproof_group_octets(wc, "publicKey", "pk"), &verify.key);

    if (rv == CKR_OK) {
        rv = run_verify(&verify, wycheproof_octets(wc, "msg"), wycheproof_octets(wc, "sig"));
    }
    return verdict_of(rv, wc);
}

/* --- RSA --- */

static CK_OBJECT_HANDLE group_public(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    return rsa_public(session, wycheproof_group_octets(wc, "publicKey", "modulus"),
                      wycheproof_group_octets(wc, "publicKey", "publicExponent"));
}

static CK_OBJECT_HANDLE group_private(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    static const struct {
        const char *name;
        CK_ATTRIBUTE_TYPE type;
    } numbers[] = {{"modulus", CKA_MODULUS},
                   {"publicExponent", CKA_PUBLIC_EXPONENT},
                   {"privateExponent", CKA_PRIVATE_EXPONENT},
                   {"prime1", CKA_PRIME_1},
                   {"prime2", CKA_PRIME_2},
                   {"exponent1", CKA_EXPONENT_1},
                   {"exponent2", CKA_EXPONENT_2},
                   {"coefficient", CKA_COEFFICIENT}};
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_RSA);
    bag_bool(&bag, CKA_SIGN, true);
    bag_bool(&bag, CKA_DECRYPT, true);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (wycheproof_group_has(wc, "privateKey", numbers[i].name)) {
            struct cfr_span octets = wycheproof_group_octets(wc, "privateKey", numbers[i].name);

            bag_octets(&bag, numbers[i].type, octets.ptr, octets.len);
        }
    }
    return object_make(session, &bag);
}

/* DigestInfo of a hash that has no mechanism of its own: SHA-512/224 and SHA-512/256 (RFC 8017, B.1). */
static struct cfr_span digest_info(const struct hash_row *hash, struct cfr_span message, uint8_t info[128])
{
    uint8_t head[] = {0x30,
                      (uint8_t)(17 + hash->len),
                      0x30,
                      0x0d,
                      0x06,
                      0x09,
                      0x60,
                      0x86,
                      0x48,
                      0x01,
                      0x65,
                      0x03,
                      0x04,
                      0x02,
                      hash->len == 28 ? 0x05 : 0x06,
                      0x05,
                      0x00,
                      0x04,
                      (uint8_t)hash->len};

    memcpy(info, head, sizeof(head));
    (void)hash_digest(hash, message, info + sizeof(head));
    return cfr_span_of(info, sizeof(head) + hash->len);
}

enum verdict try_rsa_v15_verify(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const struct hash_row *hash = hash_find(wycheproof_group_word(wc, NULL, "sha"));
    struct operation verify = {session, CKF_VERIFY, MECHANISM(hash->rsa == 0 ? CKM_RSA_PKCS : hash->rsa),
                               group_public(session, wc)};
    struct cfr_span message = wycheproof_octets(wc, "msg");
    uint8_t info[128];

    if (hash->rsa == 0) {
        message = digest_info(hash, message, info);
    }
    return verdict_of(run_verify(&verify, message, wycheproof_octets(wc, "sig")), wc);
}

enum verdict try_rsa_v15_sign(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const struct hash_row *hash = hash_find(wycheproof_group_word(wc, NULL, "sha"));
    struct operation sign = {session, CKF_SIGN, MECHANISM(hash->rsa == 0 ? CKM_RSA_PKCS : hash->rsa),
                             group_private(session, wc)};
    struct cfr_span message = wycheproof_octets(wc, "msg");
    uint8_t info[128];

    if (hash->rsa == 0) {
        message = digest_info(hash, message, info);
    }
    OK(run_once(&sign, message, &out));
    return cfr_span_equal(octets_view(&out), wycheproof_octets(wc, "sig")) ? ACCEPTED : REJECTED;
}

/* Implicit rejection: wrong padding shows as another message. */
enum verdict try_rsa_v15_decrypt(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    struct operation decrypt = {session, CKF_DECRYPT, MECHANISM(CKM_RSA_PKCS), group_private(session, wc)};
    CK_RV rv = run_once(&decrypt, wycheproof_octets(wc, "ct"), &out);

    if (rv != CKR_OK) {
        return refused(rv, wc);
    }
    return cfr_span_equal(octets_view(&out), wycheproof_octets(wc, "msg")) ? ACCEPTED : REJECTED;
}

/* CKG_MGF1_ exists for neither SHA-512/224 nor SHA-512/256. */
enum verdict try_rsa_pss(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const struct hash_row *hash = hash_find(wycheproof_group_word(wc, NULL, "sha"));
    const struct hash_row *mgf = hash_find(wycheproof_group_word(wc, NULL, "mgfSha"));
    CK_RSA_PKCS_PSS_PARAMS params = {hash->digest, mgf->mgf, wycheproof_group_number(wc, "sLen")};
    struct cfr_span message = wycheproof_octets(wc, "msg");
    struct cfr_span signature = wycheproof_octets(wc, "sig");
    struct operation bare = {session, CKF_VERIFY, MECHANISM_WITH(CKM_RSA_PKCS_PSS, &params),
                             CK_INVALID_HANDLE};
    struct operation whole;
    uint8_t md[64];
    CK_RV rv;

    if (mgf->mgf == 0) {
        return NOT_RUN;
    }
    bare.key = group_public(session, wc);
    rv = run_verify(&bare, hash_digest(hash, message, md), signature);
    if (hash->pss != 0) {
        whole = bare;
        whole.mechanism.mechanism = hash->pss;
        EXPECT(rv, run_verify(&whole, message, signature));
    }
    return verdict_of(rv, wc);
}

enum verdict try_rsa_oaep(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const struct hash_row *hash = hash_find(wycheproof_group_word(wc, NULL, "sha"));
    const struct hash_row *mgf = hash_find(wycheproof_group_word(wc, NULL, "mgfSha"));
    struct cfr_span label = wycheproof_octets(wc, "label");
    CK_RSA_PKCS_OAEP_PARAMS params = {hash->digest, mgf->mgf, CKZ_DATA_SPECIFIED, UNCONST(label.ptr),
                                      label.len};
    struct operation decrypt = {session, CKF_DECRYPT, MECHANISM_WITH(CKM_RSA_PKCS_OAEP, &params),
                                CK_INVALID_HANDLE};
    CK_RV rv;

    if (mgf->mgf == 0) {
        return NOT_RUN;
    }
    decrypt.key = group_private(session, wc);
    rv = run_once(&decrypt, wycheproof_octets(wc, "ct"), &out);
    if (rv != CKR_OK) {
        return refused(rv, wc);
    }
    return cfr_span_equal(octets_view(&out), wycheproof_octets(wc, "msg")) ? ACCEPTED : REJECTED;
}
