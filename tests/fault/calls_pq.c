/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post-quantum keys, signatures and encapsulation. SLH-DSA differs from ML-DSA in nothing that is ours, and takes a hundred
 * times as long.
 */
#include "fault/stage.h"
#include "support/module_fixture.h"

#include <string.h>

static CK_BYTE message[] = "forty octets of text, which is no block.";

enum { MESSAGE_LEN = sizeof(message) - 1, PART_LEN = 21, ML_DSA_44_LEN = 2420, ML_KEM_512_LEN = 768 };

static CK_RV generate(struct stage *stage, CK_MECHANISM_TYPE type, bool is_token)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    CK_ATTRIBUTE public_template[] = {ULONG(CKA_PARAMETER_SET, 1), BOOL(CKA_TOKEN, is_token),
                                      TEXT(CKA_LABEL, "new")};
    CK_ATTRIBUTE private_template[] = {BOOL(CKA_TOKEN, is_token), TEXT(CKA_LABEL, "new"),
                                       BOOL(CKA_EXTRACTABLE, true)};

    return C_GenerateKeyPair(stage->session, &mechanism, TEMPLATE(public_template),
                             TEMPLATE(private_template), &stage->made[0], &stage->made[1]);
}

static CK_RV generate_kem(struct stage *stage)
{
    return generate(stage, CKM_ML_KEM_KEY_PAIR_GEN, true);
}

static CK_RV generate_signer(struct stage *stage)
{
    return generate(stage, CKM_ML_DSA_KEY_PAIR_GEN, false);
}

static void check_pair(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_PUBLIC_KEY, "new"), stage->made[0]);
    ck_assert_uint_eq(stage_find(stage, CKO_PRIVATE_KEY, "new"), stage->made[1]);
}

/* A pair of its own for each attempt: key is private, second is public. */
static void prepare(struct stage *stage, CK_MECHANISM_TYPE type)
{
    MUST(generate(stage, type, true));
    stage->second = stage->made[0];
    stage->key = stage->made[1];
    stage->made[0] = CK_INVALID_HANDLE;
    stage->made[1] = CK_INVALID_HANDLE;
}

static void prepare_kem(struct stage *stage)
{
    prepare(stage, CKM_ML_KEM_KEY_PAIR_GEN);
}

static void prepare_signer(struct stage *stage)
{
    prepare(stage, CKM_ML_DSA_KEY_PAIR_GEN);
}

static CK_RV encapsulate(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_ML_KEM};
    CK_ATTRIBUTE template[] = {ULONG(CKA_KEY_TYPE, CKK_AES), BOOL(CKA_TOKEN, true),
                               TEXT(CKA_LABEL, "shared")};
    CK_ULONG len = sizeof(stage->octets);

    TRY(C_EncapsulateKey(stage->session, &mechanism, stage->second, TEMPLATE(template), stage->octets, &len,
                         &stage->made[0]));
    stage->len = len;
    return CKR_OK;
}

static CK_RV decapsulate(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_ML_KEM};
    CK_ATTRIBUTE template[] = {ULONG(CKA_KEY_TYPE, CKK_AES), BOOL(CKA_TOKEN, true), TEXT(CKA_LABEL, "got")};

    return C_DecapsulateKey(stage->session, &mechanism, stage->key, TEMPLATE(template), stage->octets,
                            stage->len, &stage->made[0]);
}

static void check_encapsulated(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, ML_KEM_512_LEN);
    ck_assert_uint_eq(stage_find(stage, CKO_SECRET_KEY, "shared"), stage->made[0]);
    MUST(decapsulate(stage));
}

static void prepare_decapsulation(struct stage *stage)
{
    prepare_kem(stage);
    MUST(encapsulate(stage));
    stage->made[0] = CK_INVALID_HANDLE;
}

static void check_decapsulated(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_SECRET_KEY, "got"), stage->made[0]);
}

static CK_RV verify(struct stage *stage, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = {.mechanism = type};

    TRY(C_VerifyInit(stage->session, &mechanism, stage->second));
    TRY(C_VerifyUpdate(stage->session, message, PART_LEN));
    TRY(C_VerifyUpdate(stage->session, message + PART_LEN, MESSAGE_LEN - PART_LEN));
    return C_VerifyFinal(stage->session, stage->octets, stage->len);
}

static CK_RV sign(struct stage *stage, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = {.mechanism = type};

    stage->len = sizeof(stage->octets);
    TRY(C_SignInit(stage->session, &mechanism, stage->key));
    TRY(C_SignUpdate(stage->session, message, PART_LEN));
    TRY(C_SignUpdate(stage->session, message + PART_LEN, MESSAGE_LEN - PART_LEN));
    return C_SignFinal(stage->session, stage->octets, &stage->len);
}

static CK_RV sign_pure(struct stage *stage)
{
    return sign(stage, CKM_ML_DSA);
}

static CK_RV sign_hash(struct stage *stage)
{
    return sign(stage, CKM_HASH_ML_DSA_SHA3_256);
}

static CK_RV verify_pure(struct stage *stage)
{
    return verify(stage, CKM_ML_DSA);
}

static CK_RV verify_hash(struct stage *stage)
{
    return verify(stage, CKM_HASH_ML_DSA_SHA3_256);
}

/* A context, deterministically, of a hash that is given; then the same operation again. */
static CK_RV sign_given(struct stage *stage)
{
    CK_HASH_SIGN_ADDITIONAL_CONTEXT params = {CKH_DETERMINISTIC_REQUIRED, TEXT_OCTETS("context"), 7,
                                              CKM_SHA256};
    CK_MECHANISM mechanism = {CKM_HASH_ML_DSA, &params, sizeof(params)};

    for (int i = 0; i < 2; i++) {
        stage->len = sizeof(stage->octets);
        TRY(C_SignInit(stage->session, &mechanism, stage->key));
        TRY(C_Sign(stage->session, message, 32, stage->octets, &stage->len));
    }
    return CKR_OK;
}

static CK_RV sign_messages(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_ML_DSA};

    (void)C_MessageSignInit(stage->session, NULL, CK_INVALID_HANDLE);
    TRY(C_MessageSignInit(stage->session, &mechanism, stage->key));
    for (int i = 0; i < 2; i++) {
        stage->len = sizeof(stage->octets);
        TRY(C_SignMessage(stage->session, NULL, 0, message, MESSAGE_LEN, stage->octets, &stage->len));
    }
    return C_MessageSignFinal(stage->session);
}

static void check_pure(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, ML_DSA_44_LEN);
    MUST(verify_pure(stage));
}

static void check_hash(struct stage *stage)
{
    MUST(verify_hash(stage));
}

static void check_given(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, ML_DSA_44_LEN);
}

static void prepare_pure(struct stage *stage)
{
    prepare_signer(stage);
    MUST(sign_pure(stage));
}

static void prepare_hash(struct stage *stage)
{
    prepare_signer(stage);
    MUST(sign_hash(stage));
}

static void prepare_wrap(struct stage *stage)
{
    prepare_signer(stage);
    stage->second = stage_find(stage, CKO_SECRET_KEY, "aes");
}

static CK_RV wrap_signer(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_AES_KEY_WRAP_KWP};
    CK_ULONG len = sizeof(stage->octets);

    TRY(C_WrapKey(stage->session, &mechanism, stage->second, stage->key, stage->octets, &len));
    stage->len = len;
    return CKR_OK;
}

static CK_RV unwrap_signer(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_AES_KEY_WRAP_KWP};
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_PRIVATE_KEY), ULONG(CKA_KEY_TYPE, CKK_ML_DSA),
                               BOOL(CKA_TOKEN, true), TEXT(CKA_LABEL, "back")};

    return C_UnwrapKey(stage->session, &mechanism, stage->second, stage->octets, stage->len,
                       TEMPLATE(template), &stage->made[0]);
}

static void prepare_unwrap(struct stage *stage)
{
    prepare_wrap(stage);
    MUST(wrap_signer(stage));
}

static void check_unwrapped(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_PRIVATE_KEY, "back"), stage->made[0]);
}

static void check_wrapped(struct stage *stage)
{
    MUST(unwrap_signer(stage));
}

/* clang-format off */
const struct fault_call fault_calls_pq[] = {
    {"C_GenerateKeyPair, ML-KEM, in the token", SCENE_USER, NULL, generate_kem,
     check_pair, 2, FAULT_PQ, {0}, {20, 10, 5}},
    {"C_GenerateKeyPair, ML-DSA, in the session", SCENE_USER, NULL, generate_signer,
     check_pair, 2, FAULT_PQ, {0}, {10, 5, 0}},
    {"C_EncapsulateKey", SCENE_USER, prepare_kem, encapsulate,
     check_encapsulated, 1, FAULT_PQ, {0}, {10, 5, 5}},
    {"C_DecapsulateKey", SCENE_USER, prepare_decapsulation, decapsulate,
     check_decapsulated, 1, FAULT_PQ, {0}, {10, 5, 5}},
    {"C_Sign, ML-DSA", SCENE_USER, prepare_signer, sign_pure,
     check_pure, 0, FAULT_PQ, {0}, {4, 3, 0}},
    {"C_Sign, HashML-DSA", SCENE_USER, prepare_signer, sign_hash,
     check_hash, 0, FAULT_PQ, {0}, {4, 4, 0}},
    {"C_Sign, HashML-DSA of a hash, twice", SCENE_USER, prepare_signer, sign_given,
     check_given, 0, FAULT_PQ, {0}, {3, 4, 0}},
    {"C_SignMessage, ML-DSA", SCENE_USER, prepare_signer, sign_messages,
     check_pure, 0, FAULT_PQ, {0}, {3, 4, 0}},
    {"C_Verify, ML-DSA", SCENE_USER, prepare_pure, verify_pure,
     NULL, 0, FAULT_PQ, {CKR_SIGNATURE_INVALID}, {3, 3, 0}},
    {"C_Verify, HashML-DSA", SCENE_USER, prepare_hash, verify_hash,
     NULL, 0, FAULT_PQ, {CKR_SIGNATURE_INVALID}, {3, 4, 0}},
    {"C_WrapKey, ML-DSA", SCENE_USER, prepare_wrap, wrap_signer,
     check_wrapped, 0, FAULT_PQ, {0}, {4, 3, 0}},
    {"C_UnwrapKey, ML-DSA", SCENE_USER, prepare_unwrap, unwrap_signer,
     check_unwrapped, 1, FAULT_PQ, {CKR_WRAPPED_KEY_INVALID}, {10, 5, 5}},
    {0},
};
/* clang-format on */
