/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/asn1.h"
#include "crypto/ec.h"
#include "crypto/ffc.h"
#include "unit/crypto/wycheproof.h"

#include <string.h>

enum { SIGNATURE_MAX_LEN = 2 * CFR_EC_FIELD_MAX_LEN, RSA_MAX_LEN = 1024 };

static const struct cfr_curve *curve_of(const char *name)
{
    /* X9.62 and SEC 2 have two names for it, and libcrypto the first. */
    return fixture_curve(strcmp(name, "secp256r1") == 0 ? "prime256v1" : name);
}

/* The point of a SubjectPublicKeyInfo, if it is one on @p curve; empty if not. */
static struct cfr_span point_of_spki(const struct cfr_curve *curve, struct cfr_span spki)
{
    static const uint8_t oid_ec[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    struct cfr_der outer = cfr_der_of(spki);
    struct cfr_der info = cfr_der_enter(&outer, CFR_DER_SEQUENCE);
    struct cfr_der algorithm = cfr_der_enter(&info, CFR_DER_SEQUENCE);
    struct cfr_span oid = cfr_der_take_any(&algorithm);
    struct cfr_span params = cfr_der_take_any(&algorithm);
    struct cfr_span point = cfr_der_take_bits(&info);
    const struct cfr_curve *found = NULL;

    if (!cfr_der_done(&outer) || !cfr_der_done(&info) || !cfr_der_done(&algorithm) ||
        !cfr_span_equal(oid, cfr_span_of(oid_ec, sizeof(oid_ec))) ||
        cfr_curve_find(CFR_KEY_EC, params, &found) != CKR_OK || found != curve) {
        return cfr_span_of(NULL, 0);
    }
    return point;
}

enum verdict check_ecdh(struct wycheproof_case *wc)
{
    const struct cfr_curve *curve = curve_of(wycheproof_group_word(wc, NULL, "curve"));
    struct cfr_span peer = wycheproof_octets(wc, "public");
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *shared = NULL;

    if (strcmp(wycheproof_group_word(wc, NULL, "encoding"), "ecpoint") != 0) {
        peer = point_of_spki(curve, peer);
    }
    ASSERT_OK(cfr_ec_import_private(curve, wycheproof_octets(wc, "private"), &keymat));
    if (cfr_ec_derive(keymat, peer, false, &shared) != CKR_OK) {
        return REJECTED;
    }
    return cfr_span_equal(cfr_secret_view(shared), wycheproof_octets(wc, "shared")) ? ACCEPTED : REJECTED;
}

enum verdict check_xdh(struct wycheproof_case *wc)
{
    const char *name = wycheproof_group_word(wc, NULL, "curve");
    const struct cfr_curve *curve = fixture_curve(strcmp(name, "curve25519") == 0 ? "X25519" : "X448");
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *shared = NULL;

    if (cfr_ec_import_private(curve, wycheproof_octets(wc, "private"), &keymat) != CKR_OK ||
        cfr_ec_derive(keymat, wycheproof_octets(wc, "public"), false, &shared) != CKR_OK) {
        return REJECTED;
    }
    return cfr_span_equal(cfr_secret_view(shared), wycheproof_octets(wc, "shared")) ? ACCEPTED : REJECTED;
}

/* Verify the message with the group's key; @p signature as PKCS#11 has it. */
static CK_RV verify_ecdsa(struct wycheproof_case *wc, const struct cfr_curve *curve,
                          struct cfr_span signature)
{
    uint8_t octets[CFR_HASH_MAX_LEN];
    enum cfr_hash hash = fixture_hash(wycheproof_group_word(wc, NULL, "sha"));
    AUTO(keymat) *keymat = NULL;
    AUTO(ecdsa) *verifying = NULL;

    ck_assert_int_ne(hash, CFR_HASH_NONE);
    ASSERT_OK(cfr_ec_import_public(curve, wycheproof_group_octets(wc, "publicKey", "uncompressed"), &keymat));
    ASSERT_OK(cfr_ecdsa_new(keymat, false, &verifying));
    return cfr_ecdsa_verify(verifying, fixture_digest(hash, wycheproof_octets(wc, "msg"), octets), signature);
}

enum verdict check_ecdsa_p1363(struct wycheproof_case *wc)
{
    const struct cfr_curve *curve = curve_of(wycheproof_group_word(wc, "publicKey", "curve"));
    struct cfr_span signature = wycheproof_octets(wc, "sig");
    CK_RV rv = verify_ecdsa(wc, curve, signature);

    if (rv == CKR_OK && signature.len < 2 * cfr_curve_order_len(curve) && !wycheproof_is_valid(wc)) {
        /* PKCS#11 6.3.1: the halves of a signature may be shorter than the order, as some tokens make them.
         */
        return BY_DESIGN;
    }
    return rv == CKR_OK ? ACCEPTED : REJECTED;
}

/* The two numbers of a DER signature side by side, each of the order's length; false when it is not DER. */
static bool to_p1363(struct cfr_span der_text, uint8_t *out, size_t half)
{
    struct cfr_der outer = cfr_der_of(der_text);
    struct cfr_der inner = cfr_der_enter(&outer, CFR_DER_SEQUENCE);
    struct cfr_span numbers[2];

    numbers[0] = cfr_der_take_unsigned(&inner);
    numbers[1] = cfr_der_take_unsigned(&inner);
    if (!cfr_der_done(&inner) || !cfr_der_done(&outer) || numbers[0].len > half || numbers[1].len > half) {
        return false;
    }
    memset(out, 0, 2 * half);
    cfr_copy(out + half - numbers[0].len, numbers[0].ptr, numbers[0].len);
    cfr_copy(out + 2 * half - numbers[1].len, numbers[1].ptr, numbers[1].len);
    return true;
}

enum verdict check_ecdsa_der(struct wycheproof_case *wc)
{
    const struct cfr_curve *curve = curve_of(wycheproof_group_word(wc, "publicKey", "curve"));
    uint8_t octets[SIGNATURE_MAX_LEN];
    size_t half = cfr_curve_order_len(curve);

    if (!to_p1363(wycheproof_octets(wc, "sig"), octets, half)) {
        return REJECTED;
    }
    return verify_ecdsa(wc, curve, cfr_span_of(octets, 2 * half)) == CKR_OK ? ACCEPTED : REJECTED;
}

enum verdict check_dsa(struct wycheproof_case *wc)
{
    struct cfr_ffc_domain domain = {.prime = wycheproof_group_octets(wc, "publicKey", "p"),
                                    .subprime = wycheproof_group_octets(wc, "publicKey", "q"),
                                    .base = wycheproof_group_octets(wc, "publicKey", "g")};
    enum cfr_hash hash = fixture_hash(wycheproof_group_word(wc, NULL, "sha"));
    size_t half = domain.subprime.len - (domain.subprime.ptr[0] == 0);
    AUTO(keymat) *keymat = NULL;
    AUTO(dsa) *verifying = NULL;
    uint8_t digest[CFR_HASH_MAX_LEN];
    uint8_t octets[SIGNATURE_MAX_LEN];

    if (!to_p1363(wycheproof_octets(wc, "sig"), octets, half)) {
        return REJECTED;
    }
    ASSERT_OK(
        cfr_ffc_import_public(CFR_KEY_DSA, &domain, wycheproof_group_octets(wc, "publicKey", "y"), &keymat));
    ASSERT_OK(cfr_dsa_new(keymat, &verifying));
    return cfr_dsa_verify(verifying, fixture_digest(hash, wycheproof_octets(wc, "msg"), digest),
                          cfr_span_of(octets, 2 * half)) == CKR_OK
               ? ACCEPTED
               : REJECTED;
}

enum verdict check_eddsa(struct wycheproof_case *wc)
{
    static const struct cfr_eddsa_variant pure = {0};
    const char *name = wycheproof_group_word(wc, "publicKey", "curve");
    const struct cfr_curve *curve = fixture_curve(strcmp(name, "edwards25519") == 0 ? "ED25519" : "ED448");
    AUTO(keymat) *keymat = NULL;
    AUTO(eddsa) *verifying = NULL;

    if (cfr_ec_import_public(curve, wycheproof_group_octets(wc, "publicKey", "pk"), &keymat) != CKR_OK) {
        return REJECTED;
    }
    ASSERT_OK(cfr_eddsa_new(keymat, false, &pure, &verifying));
    return cfr_eddsa_verify(verifying, wycheproof_octets(wc, "msg"), wycheproof_octets(wc, "sig")) == CKR_OK
               ? ACCEPTED
               : REJECTED;
}

static struct cfr_keymat *rsa_public(struct wycheproof_case *wc)
{
    struct cfr_rsa_numbers numbers = {
        .part = {[CFR_RSA_N] = wycheproof_group_octets(wc, "publicKey", "modulus"),
                 [CFR_RSA_E] = wycheproof_group_octets(wc, "publicKey", "publicExponent")}};
    struct cfr_keymat *keymat = NULL;

    ASSERT_OK(cfr_rsa_import_public(&numbers, &keymat));
    return keymat;
}

static struct cfr_keymat *rsa_private(struct wycheproof_case *wc)
{
    static const char *const keys[CFR_RSA_PARTS] = {"modulus",   "publicExponent", "privateExponent",
                                                    "prime1",    "prime2",         "exponent1",
                                                    "exponent2", "coefficient"};
    const json_t *object = json_object_get(wc->group, "privateKey");
    struct cfr_rsa_numbers numbers = {0};
    struct cfr_keymat *keymat = NULL;

    for (int part = 0; part < CFR_RSA_PARTS; part++) {
        if (json_object_get(object, keys[part]) != NULL) {
            numbers.part[part] = wycheproof_group_octets(wc, "privateKey", keys[part]);
        }
    }
    ASSERT_OK(cfr_rsa_import_private(&numbers, &keymat));
    return keymat;
}

static enum verdict verify_rsa(struct wycheproof_case *wc, struct cfr_keymat *keymat,
                               const struct cfr_rsa_scheme *scheme)
{
    AUTO(rsa_op) *verifying = NULL;
    uint8_t octets[CFR_HASH_MAX_LEN];
    struct cfr_span digest = fixture_digest(scheme->hash, wycheproof_octets(wc, "msg"), octets);

    ck_assert_int_ne(scheme->hash, CFR_HASH_NONE);
    ASSERT_OK(cfr_rsa_op_new(keymat, CFR_RSA_VERIFY, scheme, &verifying));
    return cfr_rsa_verify(verifying, digest, wycheproof_octets(wc, "sig")) == CKR_OK ? ACCEPTED : REJECTED;
}

enum verdict check_rsa_v15_verify(struct wycheproof_case *wc)
{
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_V15,
                                    .hash = fixture_hash(wycheproof_group_word(wc, NULL, "sha"))};
    AUTO(keymat) *keymat = rsa_public(wc);

    return verify_rsa(wc, keymat, &scheme);
}

enum verdict check_rsa_pss(struct wycheproof_case *wc)
{
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_PSS,
                                    .hash = fixture_hash(wycheproof_group_word(wc, NULL, "sha")),
                                    .mgf_hash = fixture_hash(wycheproof_group_word(wc, NULL, "mgfSha")),
                                    .salt_len = wycheproof_group_number(wc, "sLen")};
    AUTO(keymat) *keymat = rsa_public(wc);

    ck_assert_int_ne(scheme.mgf_hash, CFR_HASH_NONE);
    return verify_rsa(wc, keymat, &scheme);
}

enum verdict check_rsa_v15_sign(struct wycheproof_case *wc)
{
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_V15,
                                    .hash = fixture_hash(wycheproof_group_word(wc, NULL, "sha"))};
    AUTO(keymat) *keymat = rsa_private(wc);
    AUTO(rsa_op) *signing = NULL;
    uint8_t octets[CFR_HASH_MAX_LEN];
    uint8_t signature[RSA_MAX_LEN];

    ASSERT_OK(cfr_rsa_op_new(keymat, CFR_RSA_SIGN, &scheme, &signing));
    ASSERT_OK(
        cfr_rsa_sign(signing, fixture_digest(scheme.hash, wycheproof_octets(wc, "msg"), octets), signature));
    ASSERT_SPAN(cfr_span_of(signature, cfr_rsa_len(keymat)), wycheproof_octets(wc, "sig"));
    return verify_rsa(wc, keymat, &scheme);
}

static enum verdict decrypt(struct wycheproof_case *wc, const struct cfr_rsa_scheme *scheme)
{
    AUTO(keymat) *keymat = rsa_private(wc);
    AUTO(rsa_op) *decrypting = NULL;
    AUTO(secret) *message = NULL;

    ASSERT_OK(cfr_rsa_op_new(keymat, CFR_RSA_DECRYPT, scheme, &decrypting));
    if (cfr_rsa_decrypt(decrypting, wycheproof_octets(wc, "ct"), &message) != CKR_OK) {
        return REJECTED;
    }
    return cfr_span_equal(cfr_secret_view(message), wycheproof_octets(wc, "msg")) ? ACCEPTED : REJECTED;
}

/* Implicit rejection: wrong padding shows as another message. */
enum verdict check_rsa_v15_decrypt(struct wycheproof_case *wc)
{
    static const struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_V15};

    return decrypt(wc, &scheme);
}

enum verdict check_rsa_oaep(struct wycheproof_case *wc)
{
    struct cfr_rsa_scheme scheme = {.padding = CFR_RSA_OAEP,
                                    .hash = fixture_hash(wycheproof_group_word(wc, NULL, "sha")),
                                    .mgf_hash = fixture_hash(wycheproof_group_word(wc, NULL, "mgfSha")),
                                    .label = wycheproof_octets(wc, "label")};

    ck_assert(scheme.hash != CFR_HASH_NONE && scheme.mgf_hash != CFR_HASH_NONE);
    return decrypt(wc, &scheme);
}
