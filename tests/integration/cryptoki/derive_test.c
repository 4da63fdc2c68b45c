/* SPDX-License-Identifier: Apache-2.0 */
/* Key agreement: every curve, every derivation function, against libcrypto; and what is refused. */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

static const char *const curves[] = {
    "P-192",           "P-224",           "P-256",           "P-384",           "P-521",
    "secp256k1",       "brainpoolP160r1", "brainpoolP192r1", "brainpoolP224r1", "brainpoolP256r1",
    "brainpoolP320r1", "brainpoolP384r1", "brainpoolP512r1", "brainpoolP160t1", "brainpoolP192t1",
    "brainpoolP224t1", "brainpoolP256t1", "brainpoolP320t1", "brainpoolP384t1", "brainpoolP512t1",
    "sect283k1",       "sect571r1",
};
static const char *const modern[] = {"X25519", "X448"};

static CK_SESSION_HANDLE session;
static struct octets value;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

/* --- libcrypto's side --- */

static struct cfr_span agreed(EVP_PKEY *pkey, EVP_PKEY *peer, bool cofactor)
{
    static uint8_t shared[128];
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    size_t len = sizeof(shared);

    ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
    if (EVP_PKEY_is_a(pkey, "EC")) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_ecdh_cofactor_mode(ctx, cofactor ? 1 : 0), 1);
    }
    ck_assert_int_eq(EVP_PKEY_derive_set_peer(ctx, peer), 1);
    ck_assert_int_eq(EVP_PKEY_derive(ctx, shared, &len), 1);
    EVP_PKEY_CTX_free(ctx);
    return cfr_span_of(shared, len);
}

static struct cfr_span stretched(const char *kdf_name, const struct hash_row *hash, struct cfr_span shared,
                                 struct cfr_span info, size_t len)
{
    static uint8_t out[256];
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, kdf_name, NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)hash->md, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, UNCONST(shared.ptr), shared.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, UNCONST(info.ptr), info.len),
        OSSL_PARAM_END,
    };

    ck_assert_int_eq(EVP_KDF_derive(ctx, out, len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return cfr_span_of(out, len);
}

/* --- The module's side --- */

static void begin_template(struct bag *template, CK_KEY_TYPE type, size_t len)
{
    bag_clear(template);
    bag_ulong(template, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(template, CKA_KEY_TYPE, type);
    bag_bool(template, CKA_SENSITIVE, false);
    bag_bool(template, CKA_EXTRACTABLE, true);
    if (len != 0) {
        bag_ulong(template, CKA_VALUE_LEN, len);
    }
}

/* Fails without leaving an object. */
static CK_RV try_derive(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base, const CK_ECDH1_DERIVE_PARAMS *params,
                        const struct bag *template, CK_OBJECT_HANDLE *ret_key)
{
    CK_MECHANISM mechanism = {type, UNCONST(params), sizeof(*params)};
    size_t before = objects_seen(session);
    CK_RV rv = p11->C_DeriveKey(session, &mechanism, base, (CK_ATTRIBUTE_PTR)(uintptr_t) template->attrs,
                                template->count, ret_key);

    ck_assert_uint_eq(objects_seen(session), before + (rv == CKR_OK));
    return rv;
}

static void expect_derived(CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE base,
                           const CK_ECDH1_DERIVE_PARAMS *params, CK_KEY_TYPE key_type, size_t len,
                           struct cfr_span wanted, const char *what)
{
    static struct bag template;
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    begin_template(&template, key_type, len);
    OK(try_derive(type, base, params, &template, &key));
    read_octets(session, key, CKA_VALUE, &value);
    expect_octets(octets_view(&value), wanted, "%s by 0x%lx", what, type);
    OK(p11->C_DestroyObject(session, key));
}

static CK_ECDH1_DERIVE_PARAMS params_of(const struct octets *point)
{
    return (CK_ECDH1_DERIVE_PARAMS){
        .kdf = CKD_NULL, .ulPublicDataLen = point->len, .pPublicData = UNCONST(point->at)};
}

/* DER of an OCTET STRING of a point shorter than 256 octets. */
static void to_der(const struct octets *point, struct octets *ret)
{
    size_t head = point->len > 127 ? 3 : 2;

    ret->at[0] = 0x04;
    ret->at[1] = 0x81;
    ret->at[head - 1] = (CK_BYTE)point->len;
    memcpy(ret->at + head, point->at, point->len);
    ret->len = head + point->len;
}

/* --- Every curve --- */

static struct cfr_span last(struct cfr_span span, size_t len)
{
    return cfr_span_after(span, span.len - len);
}

static void check_agreement(const char *name, CK_MECHANISM_TYPE type)
{
    EVP_PKEY *pkey = pkey_new(name);
    EVP_PKEY *peer = pkey_new(name);
    CK_OBJECT_HANDLE base = private_make(session, pkey);
    struct cfr_span shared = agreed(pkey, peer, type == CKM_ECDH1_COFACTOR_DERIVE);
    static struct octets points[2];

    pkey_point(peer, &points[0]);
    to_der(&points[0], &points[1]);
    for (size_t i = 0; i < COUNT(points); i++) {
        CK_ECDH1_DERIVE_PARAMS params = params_of(&points[i]);

        expect_derived(type, base, &params, CKK_GENERIC_SECRET, 0, shared, name);
        expect_derived(type, base, &params, CKK_GENERIC_SECRET, shared.len, shared, name);
        expect_derived(type, base, &params, CKK_GENERIC_SECRET, 1, last(shared, 1), name);
        expect_derived(type, base, &params, CKK_AES, 16, last(shared, 16), name);
        expect_derived(type, base, &params, CKK_SHA256_HMAC, 20, last(shared, 20), name);
    }
    OK(p11->C_DestroyObject(session, base));
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(peer);
}

START_TEST(weierstrass_curves)
{
    for (size_t i = 0; i < COUNT(curves); i++) {
        check_agreement(curves[i], CKM_ECDH1_DERIVE);
        check_agreement(curves[i], CKM_ECDH1_COFACTOR_DERIVE);
    }
}
END_TEST

START_TEST(montgomery_curves)
{
    for (size_t i = 0; i < COUNT(modern); i++) {
        check_agreement(modern[i], CKM_ECDH1_DERIVE);
    }
}
END_TEST

/* Compressed points are claimed by the mechanism's information. */
START_TEST(compressed_points)
{
    EVP_PKEY *pkey = pkey_new("P-256");
    EVP_PKEY *peer = pkey_new("P-256");
    CK_OBJECT_HANDLE base = private_make(session, pkey);
    static struct octets point;
    CK_ECDH1_DERIVE_PARAMS params;

    pkey_point(peer, &point);
    point.at[0] = (CK_BYTE)(2 + (point.at[64] & 1));
    point.len = 33;
    params = params_of(&point);
    expect_derived(CKM_ECDH1_DERIVE, base, &params, CKK_AES, 32, agreed(pkey, peer, false), "compressed");
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(peer);
}
END_TEST

/* --- Every derivation function --- */

static void check_kdf(const struct hash_row *hash, CK_EC_KDF_TYPE kdf, const char *name)
{
    static const size_t lens[] = {1, 16, 32, 77, 200};
    EVP_PKEY *pkey = pkey_new("P-384");
    EVP_PKEY *peer = pkey_new("P-384");
    CK_OBJECT_HANDLE base = private_make(session, pkey);
    struct cfr_span shared = agreed(pkey, peer, false);
    static struct octets point;
    CK_ECDH1_DERIVE_PARAMS params;

    pkey_point(peer, &point);
    params = params_of(&point);
    params.kdf = kdf;
    for (size_t i = 0; i < COUNT(lens); i++) {
        struct cfr_span info = pattern(i * 13);

        params.pSharedData = info.len == 0 ? NULL : UNCONST(info.ptr);
        params.ulSharedDataLen = info.len;
        expect_derived(CKM_ECDH1_DERIVE, base, &params, CKK_GENERIC_SECRET, lens[i],
                       stretched(name, hash, shared, info, lens[i]), name);
    }
    expect_derived(CKM_ECDH1_COFACTOR_DERIVE, base, &params, CKK_AES, 32,
                   stretched(name, hash, shared, pattern(4 * 13), 32), name);
    OK(p11->C_DestroyObject(session, base));
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(peer);
}

START_TEST(derivation_functions)
{
    size_t checked = 0;

    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (hashes[i].kdf != 0) {
            check_kdf(&hashes[i], hashes[i].kdf, "X963KDF");
            check_kdf(&hashes[i], hashes[i].kdf_sp800, "SSKDF");
            checked++;
        }
    }
    ck_assert_uint_eq(checked, 9);
}
END_TEST

/* --- Refusals --- */

static EVP_PKEY *own;
static CK_OBJECT_HANDLE base_key;
static struct octets peer_point;

static void make_pair(const char *name)
{
    EVP_PKEY *peer = pkey_new(name);

    own = pkey_new(name);
    base_key = private_make(session, own);
    pkey_point(peer, &peer_point);
    EVP_PKEY_free(peer);
}

static void expect_refused(CK_RV wanted, const CK_ECDH1_DERIVE_PARAMS *params, const char *what)
{
    static struct bag template;
    CK_OBJECT_HANDLE key;
    CK_RV rv;

    begin_template(&template, CKK_GENERIC_SECRET, 16);
    rv = try_derive(CKM_ECDH1_DERIVE, base_key, params, &template, &key);
    ck_assert_msg(rv == wanted, "%s: %s, not %s", what, rv_text(rv), rv_text(wanted));
}

/* CKR_PUBLIC_KEY_INVALID is what C_DeriveKey says "in preference to CKR_MECHANISM_PARAM_INVALID". */
static void expect_no_point(const void *octets, size_t len, const char *what)
{
    static struct octets point;
    static struct octets der;
    CK_ECDH1_DERIVE_PARAMS params;

    memcpy(point.at, octets, len);
    point.len = len;
    params = params_of(&point);
    expect_refused(CKR_PUBLIC_KEY_INVALID, &params, what);
    to_der(&point, &der);
    params = params_of(&der);
    expect_refused(CKR_PUBLIC_KEY_INVALID, &params, what);
}

START_TEST(points_that_are_none)
{
    static struct octets other;
    EVP_PKEY *stranger = pkey_new("brainpoolP256r1");
    uint8_t changed[65];

    make_pair("P-256");
    memcpy(changed, peer_point.at, sizeof(changed));
    changed[64] ^= 1;
    expect_no_point(changed, 65, "beside the curve");
    expect_no_point(peer_point.at, 64, "too short");
    memcpy(other.at, peer_point.at, 65);
    other.at[65] = 0;
    expect_no_point(other.at, 66, "too long");
    expect_no_point("", 1, "infinity");
    expect_no_point("\x04", 1, "nothing but the form");
    pkey_point(stranger, &other);
    expect_no_point(other.at, other.len, "of another curve");
    memset(changed, 0, sizeof(changed));
    changed[0] = 0x04;
    expect_no_point(changed, 65, "zeros");
    memset(changed + 1, 0xff, 64);
    expect_no_point(changed, 65, "coordinates above the field's prime");
    EVP_PKEY_free(stranger);
    EVP_PKEY_free(own);
}
END_TEST

/* Points of small order would make a shared secret that everybody knows (RFC 7748 6.1). */
START_TEST(montgomery_points_that_are_none)
{
    static const uint8_t zeros[56];
    static const uint8_t one[56] = {1};

    for (size_t i = 0; i < COUNT(modern); i++) {
        make_pair(modern[i]);
        expect_no_point(zeros, peer_point.len, "zero");
        expect_no_point(one, peer_point.len, "one");
        expect_no_point(peer_point.at, peer_point.len - 1, "too short");
        EVP_PKEY_free(own);
    }
}
END_TEST

START_TEST(parameters_refused)
{
    CK_ECDH1_DERIVE_PARAMS good;
    CK_ECDH1_DERIVE_PARAMS params;

    make_pair("P-256");
    good = params_of(&peer_point);
    expect_refused(CKR_OK, &good, "a good one");
    params = good;
    params.kdf = 0;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "no KDF");
    params.kdf = CKD_CPDIVERSIFY_KDF;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "a KDF that the module has not");
    params = good;
    params.pSharedData = peer_point.at;
    params.ulSharedDataLen = 4;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "shared data without a KDF");
    params.kdf = CKD_SHA256_KDF;
    params.pSharedData = NULL;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "shared data at NULL");
    params = good;
    params.pPublicData = NULL;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "a point at NULL");
    params.ulPublicDataLen = 0;
    expect_refused(CKR_MECHANISM_PARAM_INVALID, &params, "no point");
    EVP_PKEY_free(own);
}
END_TEST

START_TEST(keys_refused)
{
    CK_ECDH1_DERIVE_PARAMS params;
    static struct bag template;
    EVP_PKEY *ed = pkey_new("ED25519");
    EVP_PKEY *x = pkey_new("X25519");
    CK_OBJECT_HANDLE key;

    make_pair("P-256");
    params = params_of(&peer_point);
    begin_template(&template, CKK_AES, 16);
    EXPECT(CKR_KEY_HANDLE_INVALID, try_derive(CKM_ECDH1_DERIVE, 999999, &params, &template, &key));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT,
           try_derive(CKM_ECDH1_DERIVE, public_make(session, own), &params, &template, &key));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT,
           try_derive(CKM_ECDH1_DERIVE, private_make(session, ed), &params, &template, &key));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT,
           try_derive(CKM_ECDH1_COFACTOR_DERIVE, private_make(session, x), &params, &template, &key));
    OK(try_set_bool(session, base_key, CKA_DERIVE, false));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, try_derive(CKM_ECDH1_DERIVE, base_key, &params, &template, &key));
    EVP_PKEY_free(own);
    EVP_PKEY_free(ed);
    EVP_PKEY_free(x);
}
END_TEST

static CK_RV derive_as(const struct bag *template)
{
    CK_ECDH1_DERIVE_PARAMS params = params_of(&peer_point);
    CK_OBJECT_HANDLE key;

    return try_derive(CKM_ECDH1_DERIVE, base_key, &params, template, &key);
}

START_TEST(templates_refused)
{
    static struct bag template;

    make_pair("P-256");
    begin_template(&template, CKK_GENERIC_SECRET, 33);
    EXPECT(CKR_KEY_SIZE_RANGE, derive_as(&template));
    begin_template(&template, CKK_AES, 20);
    EXPECT(CKR_KEY_SIZE_RANGE, derive_as(&template));
    begin_template(&template, CKK_AES, 16);
    bag_ulong(&template, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_EC);
    bag_remove(&template, CKA_VALUE_LEN);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, derive_as(&template));
    begin_template(&template, CKK_AES, 16);
    bag_octets(&template, CKA_VALUE, pattern(16).ptr, 16);
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, derive_as(&template));
    begin_template(&template, CKK_AES, 16);
    bag_octets(&template, CKA_MODULUS, pattern(16).ptr, 16);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, derive_as(&template));
    begin_template(&template, CKK_AES, 16);
    OK(derive_as(&template));
    EVP_PKEY_free(own);
}
END_TEST

/* --- CKA_DERIVE_TEMPLATE --- */

START_TEST(derive_template)
{
    CK_ATTRIBUTE added[] = {ATTR_BOOL(CKA_EXTRACTABLE, false), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    EVP_PKEY *pkey = pkey_new("P-256");
    static struct bag bag;
    static struct bag template;
    CK_ECDH1_DERIVE_PARAMS params;
    CK_OBJECT_HANDLE key;

    bag_private_key(&bag, pkey);
    bag_octets(&bag, CKA_DERIVE_TEMPLATE, added, sizeof(added));
    base_key = object_make(session, &bag);
    pkey_point(pkey, &peer_point);
    params = params_of(&peer_point);
    bag_ulong(&template, CKA_VALUE_LEN, 32);
    OK(try_derive(CKM_ECDH1_DERIVE, base_key, &params, &template, &key));
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_TYPE), CKK_AES);
    ck_assert(!read_bool(session, key, CKA_EXTRACTABLE));
    bag_bool(&template, CKA_EXTRACTABLE, true);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, derive_as(&template));
    bag_bool(&template, CKA_EXTRACTABLE, false);
    OK(derive_as(&template));
    bag_ulong(&template, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, derive_as(&template));
    EVP_PKEY_free(pkey);
}
END_TEST

/* --- What a derived key inherits --- */

static CK_OBJECT_HANDLE generate(bool sensitive, bool extractable)
{
    struct cfr_span curve = ec_params("P-256");
    CK_ATTRIBUTE public[] = {ATTR_OCTETS(CKA_EC_PARAMS, UNCONST(curve.ptr), curve.len)};
    CK_ATTRIBUTE private[] = {ATTR_BOOL(CKA_SENSITIVE, sensitive), ATTR_BOOL(CKA_EXTRACTABLE, extractable),
                              ATTR_BOOL(CKA_DERIVE, true)};
    CK_MECHANISM mechanism = MECHANISM(CKM_EC_KEY_PAIR_GEN);
    CK_OBJECT_HANDLE halves[2];

    OK(p11->C_GenerateKeyPair(session, &mechanism, TEMPLATE(public), TEMPLATE(private), &halves[0],
                              &halves[1]));
    return halves[1];
}

START_TEST(sensitivity_is_inherited)
{
    EVP_PKEY *peer = pkey_new("P-256");
    static struct bag template;
    CK_ECDH1_DERIVE_PARAMS params;

    pkey_point(peer, &peer_point);
    params = params_of(&peer_point);
    for (unsigned bits = 0; bits < 16; bits++) {
        bool base_sensitive = (bits & 1) != 0;
        bool base_extractable = (bits & 2) != 0;
        bool sensitive = (bits & 4) != 0;
        bool extractable = (bits & 8) != 0;
        CK_OBJECT_HANDLE key;

        begin_template(&template, CKK_AES, 16);
        bag_bool(&template, CKA_SENSITIVE, sensitive);
        bag_bool(&template, CKA_EXTRACTABLE, extractable);
        OK(try_derive(CKM_ECDH1_DERIVE, generate(base_sensitive, base_extractable), &params, &template,
                      &key));
        ck_assert(read_bool(session, key, CKA_SENSITIVE) == sensitive);
        ck_assert(read_bool(session, key, CKA_EXTRACTABLE) == extractable);
        ck_assert(read_bool(session, key, CKA_ALWAYS_SENSITIVE) == (base_sensitive && sensitive));
        ck_assert(read_bool(session, key, CKA_NEVER_EXTRACTABLE) == (!base_extractable && !extractable));
        ck_assert(!read_bool(session, key, CKA_LOCAL));
    }
    EVP_PKEY_free(peer);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("derive");
    TCase *tcase = tcase_create("ecdh");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, weierstrass_curves);
    tcase_add_test(tcase, montgomery_curves);
    tcase_add_test(tcase, compressed_points);
    tcase_add_test(tcase, derivation_functions);
    tcase_add_test(tcase, points_that_are_none);
    tcase_add_test(tcase, montgomery_points_that_are_none);
    tcase_add_test(tcase, parameters_refused);
    tcase_add_test(tcase, keys_refused);
    tcase_add_test(tcase, templates_refused);
    tcase_add_test(tcase, derive_template);
    tcase_add_test(tcase, sensitivity_is_inherited);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
