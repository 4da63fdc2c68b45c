/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of key management (PKCS #11 5.18). */
#include "fault/stage.h"
#include "support/module_fixture.h"

#include <string.h>

static const CK_BYTE prime256v1[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

static CK_RV generate(struct stage *stage, bool is_token)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_AES_KEY_GEN};
    CK_ATTRIBUTE template[] = {BOOL(CKA_TOKEN, is_token), ULONG(CKA_VALUE_LEN, 16), TEXT(CKA_LABEL, "new")};

    return C_GenerateKey(stage->session, &mechanism, TEMPLATE(template), &stage->made[0]);
}

static CK_RV generate_in_token(struct stage *stage)
{
    return generate(stage, true);
}

static CK_RV generate_in_session(struct stage *stage)
{
    return generate(stage, false);
}

static void check_secret(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_SECRET_KEY, "new"), stage->made[0]);
}

static CK_RV generate_pair(struct stage *stage, CK_MECHANISM_TYPE type, bool public_is_token,
                           bool private_is_token)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    CK_ATTRIBUTE curve = {CKA_EC_PARAMS, (CK_VOID_PTR)(uintptr_t)prime256v1, sizeof(prime256v1)};
    CK_ATTRIBUTE bits = ULONG(CKA_MODULUS_BITS, 1024);
    CK_ATTRIBUTE public_template[] = {type == CKM_EC_KEY_PAIR_GEN ? curve : bits,
                                      BOOL(CKA_TOKEN, public_is_token), TEXT(CKA_LABEL, "new")};
    CK_ATTRIBUTE private_template[] = {BOOL(CKA_TOKEN, private_is_token), TEXT(CKA_LABEL, "new")};

    return C_GenerateKeyPair(stage->session, &mechanism, TEMPLATE(public_template),
                             TEMPLATE(private_template), &stage->made[0], &stage->made[1]);
}

static CK_RV generate_ec_in_token(struct stage *stage)
{
    return generate_pair(stage, CKM_EC_KEY_PAIR_GEN, true, true);
}

static CK_RV generate_ec_in_both(struct stage *stage)
{
    return generate_pair(stage, CKM_EC_KEY_PAIR_GEN, false, true);
}

static CK_RV generate_ec_in_session(struct stage *stage)
{
    return generate_pair(stage, CKM_EC_KEY_PAIR_GEN, false, false);
}

static CK_RV generate_rsa(struct stage *stage)
{
    return generate_pair(stage, CKM_RSA_PKCS_KEY_PAIR_GEN, true, true);
}

static void check_pair(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_PUBLIC_KEY, "new"), stage->made[0]);
    ck_assert_uint_eq(stage_find(stage, CKO_PRIVATE_KEY, "new"), stage->made[1]);
}

static void choose_secret(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_SECRET_KEY, "aes");
    stage->second = stage_find(stage, CKO_SECRET_KEY, "wrapped");
}

static void choose_private(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_SECRET_KEY, "aes");
    stage->second = stage_find(stage, CKO_PRIVATE_KEY, "ec");
}

static CK_RV wrap_by(struct stage *stage, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    CK_ULONG len = sizeof(stage->octets);

    TRY(C_WrapKey(stage->session, &mechanism, stage->key, stage->second, stage->octets, &len));
    stage->len = len;
    return CKR_OK;
}

static CK_RV wrap_secret(struct stage *stage)
{
    return wrap_by(stage, CKM_AES_KEY_WRAP);
}

static CK_RV wrap_private(struct stage *stage)
{
    return wrap_by(stage, CKM_AES_KEY_WRAP_KWP);
}

/* Tag and nonce come behind the wrapped key, where unwrap_authenticated() finds them. */
enum { APART_TAG = 900, APART_NONCE = 950 };

static CK_GCM_MESSAGE_PARAMS apart(struct stage *stage)
{
    return (CK_GCM_MESSAGE_PARAMS){stage->octets + APART_NONCE, 12, 0, CKG_GENERATE,
                                   stage->octets + APART_TAG,   128};
}

static CK_RV wrap_authenticated(struct stage *stage)
{
    CK_GCM_MESSAGE_PARAMS params = apart(stage);
    CK_MECHANISM mechanism = {CKM_AES_GCM, &params, sizeof(params)};
    CK_ULONG len = APART_TAG;

    TRY(C_WrapKeyAuthenticated(stage->session, &mechanism, stage->key, stage->second, TEXT_OCTETS("data"), 4,
                               stage->octets, &len));
    stage->len = len;
    return CKR_OK;
}

static CK_RV unwrap_authenticated(struct stage *stage)
{
    CK_GCM_MESSAGE_PARAMS params = apart(stage);
    CK_MECHANISM mechanism = {CKM_AES_GCM, &params, sizeof(params)};
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY), ULONG(CKA_KEY_TYPE, CKK_AES),
                               BOOL(CKA_TOKEN, true), TEXT(CKA_LABEL, "new")};

    return C_UnwrapKeyAuthenticated(stage->session, &mechanism, stage->key, stage->octets, stage->len,
                                    TEMPLATE(template), TEXT_OCTETS("data"), 4, &stage->made[0]);
}

static void check_wrapped_authenticated(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, 32);
    MUST(unwrap_authenticated(stage));
}

static void prepare_wrapped_authenticated(struct stage *stage)
{
    choose_secret(stage);
    MUST(wrap_authenticated(stage));
}

static CK_RV unwrap_by(struct stage *stage, CK_MECHANISM_TYPE type, CK_OBJECT_CLASS class,
                       CK_KEY_TYPE key_type, bool is_token)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, class), ULONG(CKA_KEY_TYPE, key_type),
                               BOOL(CKA_TOKEN, is_token), TEXT(CKA_LABEL, "new")};

    return C_UnwrapKey(stage->session, &mechanism, stage->key, stage->octets, stage->len, TEMPLATE(template),
                       &stage->made[0]);
}

static CK_RV unwrap_secret(struct stage *stage)
{
    return unwrap_by(stage, CKM_AES_KEY_WRAP, CKO_SECRET_KEY, CKK_AES, true);
}

static CK_RV unwrap_secret_in_session(struct stage *stage)
{
    return unwrap_by(stage, CKM_AES_KEY_WRAP, CKO_SECRET_KEY, CKK_AES, false);
}

static CK_RV unwrap_private(struct stage *stage)
{
    return unwrap_by(stage, CKM_AES_KEY_WRAP_KWP, CKO_PRIVATE_KEY, CKK_EC, true);
}

/* RFC 3394: eight octets longer. */
static void check_wrapped_secret(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, 40);
    MUST(unwrap_secret(stage));
}

static void check_wrapped_private(struct stage *stage)
{
    MUST(unwrap_private(stage));
}

static void prepare_wrapped_secret(struct stage *stage)
{
    choose_secret(stage);
    MUST(wrap_secret(stage));
}

static void prepare_wrapped_private(struct stage *stage)
{
    choose_private(stage);
    MUST(wrap_private(stage));
}

/* Envelopes: by the pair "rsa" and, with cofactor, by the pair "ec". */
static CK_RV wrap_in_envelope(struct stage *stage, CK_MECHANISM mechanism)
{
    CK_ULONG len = sizeof(stage->octets);

    TRY(C_WrapKey(stage->session, &mechanism, stage->key, stage->second, stage->octets, &len));
    stage->len = len;
    return CKR_OK;
}

static CK_RV unwrap_from_envelope(struct stage *stage, CK_MECHANISM mechanism)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY), ULONG(CKA_KEY_TYPE, CKK_AES),
                               BOOL(CKA_TOKEN, true), TEXT(CKA_LABEL, "new")};

    return C_UnwrapKey(stage->session, &mechanism, stage->second, stage->octets, stage->len,
                       TEMPLATE(template), &stage->made[0]);
}

static CK_RV rsa_envelope(struct stage *stage, CK_RV (*run)(struct stage *stage, CK_MECHANISM mechanism))
{
    CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, TEXT_OCTETS("label"), 5};
    CK_RSA_AES_KEY_WRAP_PARAMS params = {256, &oaep};

    return run(stage, (CK_MECHANISM){CKM_RSA_AES_KEY_WRAP, &params, sizeof(params)});
}

static CK_RV ec_envelope(struct stage *stage, CK_RV (*run)(struct stage *stage, CK_MECHANISM mechanism))
{
    CK_ECDH_AES_KEY_WRAP_PARAMS params = {256, CKD_SHA256_KDF, 4, TEXT_OCTETS("data")};

    return run(stage, (CK_MECHANISM){CKM_ECDH_COF_AES_KEY_WRAP, &params, sizeof(params)});
}

static CK_RV wrap_by_rsa(struct stage *stage)
{
    return rsa_envelope(stage, wrap_in_envelope);
}

static CK_RV unwrap_by_rsa(struct stage *stage)
{
    return rsa_envelope(stage, unwrap_from_envelope);
}

static CK_RV wrap_by_ec(struct stage *stage)
{
    return ec_envelope(stage, wrap_in_envelope);
}

static CK_RV unwrap_by_ec(struct stage *stage)
{
    return ec_envelope(stage, unwrap_from_envelope);
}

static void choose_envelope(struct stage *stage, const char *label)
{
    CK_ATTRIBUTE may_wrap = BOOL(CKA_WRAP, true);

    stage->key = stage_find(stage, CKO_PUBLIC_KEY, label);
    stage->second = stage_find(stage, CKO_SECRET_KEY, "wrapped");
    MUST(C_SetAttributeValue(stage->session, stage->key, &may_wrap, 1));
}

static void choose_rsa_envelope(struct stage *stage)
{
    choose_envelope(stage, "rsa");
}

static void choose_ec_envelope(struct stage *stage)
{
    choose_envelope(stage, "ec");
}

/* Turn to the private half. */
static void open_envelope(struct stage *stage, const char *label)
{
    CK_ATTRIBUTE may_unwrap = BOOL(CKA_UNWRAP, true);

    stage->second = stage_find(stage, CKO_PRIVATE_KEY, label);
    MUST(C_SetAttributeValue(stage->session, stage->second, &may_unwrap, 1));
}

static void prepare_rsa_envelope(struct stage *stage)
{
    choose_rsa_envelope(stage);
    MUST(wrap_by_rsa(stage));
    open_envelope(stage, "rsa");
}

static void prepare_ec_envelope(struct stage *stage)
{
    choose_ec_envelope(stage);
    MUST(wrap_by_ec(stage));
    open_envelope(stage, "ec");
}

static void check_rsa_envelope(struct stage *stage)
{
    open_envelope(stage, "rsa");
    MUST(unwrap_by_rsa(stage));
}

static void check_ec_envelope(struct stage *stage)
{
    open_envelope(stage, "ec");
    MUST(unwrap_by_ec(stage));
}

static void check_private(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_PRIVATE_KEY, "new"), stage->made[0]);
}

/* The public point of the pair "ec", without its OCTET STRING. */
static void prepare_agreement(struct stage *stage)
{
    CK_ATTRIBUTE point = {CKA_EC_POINT, stage->octets, sizeof(stage->octets)};

    MUST(C_GetAttributeValue(stage->session, stage_find(stage, CKO_PUBLIC_KEY, "ec"), &point, 1));
    stage->len = point.ulValueLen;
    stage->key = stage_find(stage, CKO_PRIVATE_KEY, "ec");
}

static CK_RV derive(struct stage *stage, bool is_token)
{
    CK_ECDH1_DERIVE_PARAMS params = {
        .kdf = CKD_SHA256_KDF, .pPublicData = stage->octets, .ulPublicDataLen = stage->len};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof(params)};
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY), ULONG(CKA_KEY_TYPE, CKK_AES),
                               ULONG(CKA_VALUE_LEN, 32), BOOL(CKA_TOKEN, is_token), TEXT(CKA_LABEL, "new")};

    return C_DeriveKey(stage->session, &mechanism, stage->key, TEMPLATE(template), &stage->made[0]);
}

static CK_RV derive_in_token(struct stage *stage)
{
    return derive(stage, true);
}

static CK_RV derive_in_session(struct stage *stage)
{
    return derive(stage, false);
}

static void choose_generic(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_SECRET_KEY, "secret");
    stage->second = stage_find(stage, CKO_SECRET_KEY, "secret");
}

static CK_RV derive_hkdf(struct stage *stage, CK_MECHANISM_TYPE type)
{
    CK_HKDF_PARAMS params = {.bExtract = CK_TRUE,
                             .bExpand = CK_TRUE,
                             .prfHashMechanism = CKM_SHA256,
                             .ulSaltType = CKF_HKDF_SALT_KEY,
                             .hSaltKey = stage->second};
    CK_MECHANISM mechanism = {type, &params, sizeof(params)};
    CK_ATTRIBUTE template[] = {ULONG(CKA_VALUE_LEN, 32), BOOL(CKA_TOKEN, true), TEXT(CKA_LABEL, "new"),
                               ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_ULONG count = type == CKM_HKDF_DATA ? 3 : 4;

    return C_DeriveKey(stage->session, &mechanism, stage->key, template, count, &stage->made[0]);
}

static CK_RV derive_hkdf_key(struct stage *stage)
{
    return derive_hkdf(stage, CKM_HKDF_DERIVE);
}

static CK_RV derive_hkdf_data(struct stage *stage)
{
    return derive_hkdf(stage, CKM_HKDF_DATA);
}

static void check_data(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_DATA, "new"), stage->made[0]);
}

/* One key in the token, and one in the session. A failure may name the second one, but makes neither. */
static CK_RV derive_two(struct stage *stage)
{
    CK_OBJECT_HANDLE second = CK_INVALID_HANDLE;
    CK_ATTRIBUTE more[] = {ULONG(CKA_KEY_TYPE, CKK_AES), ULONG(CKA_VALUE_LEN, 16), BOOL(CKA_TOKEN, false),
                           TEXT(CKA_LABEL, "new")};
    CK_ATTRIBUTE template[] = {ULONG(CKA_KEY_TYPE, CKK_SHA256_HMAC), ULONG(CKA_VALUE_LEN, 48),
                               BOOL(CKA_TOKEN, true), TEXT(CKA_LABEL, "new")};
    CK_DERIVED_KEY derived[] = {{TEMPLATE(more), &second}};
    CK_PRF_DATA_PARAM fields[] = {
        {CK_SP800_108_ITERATION_VARIABLE, NULL, 0},
        {CK_SP800_108_KEY_HANDLE, &stage->second, sizeof(stage->second)},
    };
    CK_SP800_108_KDF_PARAMS params = {CKM_SHA256_HMAC, COUNT(fields), fields, COUNT(derived), derived};
    CK_MECHANISM mechanism = {CKM_SP800_108_DOUBLE_PIPELINE_KDF, &params, sizeof(params)};

    TRY(C_DeriveKey(stage->session, &mechanism, stage->key, TEMPLATE(template), &stage->made[0]));
    stage->made[1] = second;
    return CKR_OK;
}

static void check_two(struct stage *stage)
{
    ck_assert_uint_ne(stage->made[0], stage->made[1]);
    ck_assert_uint_ne(stage->made[1], CK_INVALID_HANDLE);
}

static CK_RV derive_simple(struct stage *stage, CK_MECHANISM_TYPE type, void *params, CK_ULONG len)
{
    CK_MECHANISM mechanism = {type, params, len};
    CK_ATTRIBUTE template[] = {BOOL(CKA_TOKEN, false), TEXT(CKA_LABEL, "new"), ULONG(CKA_VALUE_LEN, 16)};

    return C_DeriveKey(stage->session, &mechanism, stage->key, TEMPLATE(template), &stage->made[0]);
}

static CK_RV derive_concatenated(struct stage *stage)
{
    return derive_simple(stage, CKM_CONCATENATE_BASE_AND_KEY, &stage->second, sizeof(stage->second));
}

static CK_RV derive_digest(struct stage *stage)
{
    return derive_simple(stage, CKM_SHA256_KEY_DERIVATION, NULL, 0);
}

static CK_RV derive_expansion(struct stage *stage)
{
    return derive_simple(stage, CKM_SHAKE_256_KEY_DERIVATION, NULL, 0);
}

static CK_RV derive_encrypted(struct stage *stage)
{
    CK_KEY_DERIVATION_STRING_DATA data = {stage->octets, 32};

    return derive_simple(stage, CKM_AES_ECB_ENCRYPT_DATA, &data, sizeof(data));
}

static void choose_aes(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_SECRET_KEY, "aes");
}

static CK_RV derive_public(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_PUB_KEY_FROM_PRIV_KEY};
    CK_ATTRIBUTE template[] = {BOOL(CKA_TOKEN, true), TEXT(CKA_LABEL, "new")};

    return C_DeriveKey(stage->session, &mechanism, stage->key, TEMPLATE(template), &stage->made[0]);
}

static void choose_ec(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_PRIVATE_KEY, "ec");
}

static void check_public(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_PUBLIC_KEY, "new"), stage->made[0]);
}

static CK_RV generate_from_password(struct stage *stage)
{
    CK_PKCS5_PBKD2_PARAMS2 params = {.saltSource = CKZ_SALT_SPECIFIED,
                                     .pSaltSourceData = TEXT_OCTETS("salt"),
                                     .ulSaltSourceDataLen = 4,
                                     .iterations = 2,
                                     .prf = CKP_PKCS5_PBKD2_HMAC_SHA256,
                                     .pPassword = TEXT_OCTETS("password"),
                                     .ulPasswordLen = 8};
    CK_MECHANISM mechanism = {CKM_PKCS5_PBKD2, &params, sizeof(params)};
    CK_ATTRIBUTE template[] = {ULONG(CKA_KEY_TYPE, CKK_AES), BOOL(CKA_TOKEN, true), ULONG(CKA_VALUE_LEN, 16),
                               TEXT(CKA_LABEL, "new")};

    return C_GenerateKey(stage->session, &mechanism, TEMPLATE(template), &stage->made[0]);
}

/* clang-format off */
const struct fault_call fault_calls_key[] = {
    {"C_GenerateKey in the token", SCENE_USER, NULL, generate_in_token,
     check_secret, 1, 0, {0}, {10, 5, 5}},
    {"C_GenerateKey in the session", SCENE_USER, NULL, generate_in_session,
     check_secret, 1, 0, {0}, {4, 1, 0}},
    {"C_GenerateKeyPair, EC, in the token", SCENE_USER, NULL, generate_ec_in_token,
     check_pair, 2, 0, {0}, {20, 10, 5}},
    {"C_GenerateKeyPair, EC, public half in the session", SCENE_USER, NULL, generate_ec_in_both,
     check_pair, 2, 0, {0}, {20, 10, 5}},
    {"C_GenerateKeyPair, EC, in the session", SCENE_USER, NULL, generate_ec_in_session,
     check_pair, 2, 0, {0}, {10, 5, 0}},
    {"C_GenerateKeyPair, RSA", SCENE_USER, NULL, generate_rsa, check_pair, 2, 0, {0}, {20, 10, 5}},
    {"C_WrapKey, secret key", SCENE_USER, choose_secret, wrap_secret,
     check_wrapped_secret, 0, 0, {0}, {5, 3, 4}},
    {"C_WrapKey, private key", SCENE_USER, choose_private, wrap_private,
     check_wrapped_private, 0, 0, {0}, {5, 5, 4}},
    {"C_UnwrapKey, secret key", SCENE_USER, prepare_wrapped_secret, unwrap_secret,
     check_secret, 1, 0, {CKR_WRAPPED_KEY_INVALID}, {10, 5, 5}},
    {"C_UnwrapKey, secret key in the session", SCENE_USER, prepare_wrapped_secret, unwrap_secret_in_session,
     check_secret, 1, 0, {CKR_WRAPPED_KEY_INVALID}, {5, 2, 0}},
    {"C_UnwrapKey, private key", SCENE_USER, prepare_wrapped_private, unwrap_private,
     check_private, 1, 0, {CKR_WRAPPED_KEY_INVALID}, {10, 5, 5}},
    {"C_WrapKeyAuthenticated", SCENE_USER, choose_secret, wrap_authenticated,
     check_wrapped_authenticated, 0, 0, {CKR_MECHANISM_PARAM_INVALID}, {5, 5, 4}},
    {"C_UnwrapKeyAuthenticated", SCENE_USER, prepare_wrapped_authenticated, unwrap_authenticated,
     check_secret, 1, 0, {CKR_WRAPPED_KEY_INVALID, CKR_MECHANISM_PARAM_INVALID}, {10, 5, 5}},
    {"C_WrapKey, RSA and AES", SCENE_USER, choose_rsa_envelope, wrap_by_rsa,
     check_rsa_envelope, 0, 0, {CKR_MECHANISM_PARAM_INVALID}, {5, 5, 4}},
    {"C_UnwrapKey, RSA and AES", SCENE_USER, prepare_rsa_envelope, unwrap_by_rsa,
     check_secret, 1, 0, {CKR_WRAPPED_KEY_INVALID, CKR_MECHANISM_PARAM_INVALID}, {10, 5, 5}},
    {"C_WrapKey, ECDH and AES", SCENE_USER, choose_ec_envelope, wrap_by_ec,
     check_ec_envelope, 0, 0, {CKR_PUBLIC_KEY_INVALID}, {5, 5, 4}},
    {"C_UnwrapKey, ECDH and AES", SCENE_USER, prepare_ec_envelope, unwrap_by_ec,
     check_secret, 1, 0, {CKR_WRAPPED_KEY_INVALID}, {10, 5, 5}},
    {"C_DeriveKey in the token", SCENE_USER, prepare_agreement, derive_in_token,
     check_secret, 1, 0, {CKR_PUBLIC_KEY_INVALID}, {10, 5, 5}},
    {"C_DeriveKey in the session", SCENE_USER, prepare_agreement, derive_in_session,
     check_secret, 1, 0, {CKR_PUBLIC_KEY_INVALID}, {5, 5, 2}},
    {"C_DeriveKey, HKDF with a salt that is a key", SCENE_USER, choose_generic, derive_hkdf_key,
     check_secret, 1, 0, {0}, {10, 5, 5}},
    {"C_DeriveKey, HKDF to a data object", SCENE_USER, choose_generic, derive_hkdf_data,
     check_data, 1, 0, {0}, {10, 5, 5}},
    {"C_DeriveKey, two keys", SCENE_USER, choose_generic, derive_two, check_two, 2, 0, {0}, {10, 10, 5}},
    {"C_DeriveKey, concatenation", SCENE_USER, choose_generic, derive_concatenated,
     check_secret, 1, 0, {0}, {5, 1, 2}},
    {"C_DeriveKey, digest of a key", SCENE_USER, choose_generic, derive_digest,
     check_secret, 1, 0, {0}, {5, 4, 2}},
    {"C_DeriveKey, expansion of a key", SCENE_USER, choose_generic, derive_expansion,
     check_secret, 1, 0, {0}, {5, 4, 2}},
    {"C_DeriveKey, encrypted data", SCENE_USER, choose_aes, derive_encrypted,
     check_secret, 1, 0, {0}, {5, 4, 2}},
    {"C_DeriveKey, public half", SCENE_USER, choose_ec, derive_public, check_public, 1, 0, {0}, {10, 5, 5}},
    {"C_GenerateKey from a password", SCENE_USER, NULL, generate_from_password,
     check_secret, 1, 0, {0}, {10, 5, 5}},
    {0},
};
/* clang-format on */
