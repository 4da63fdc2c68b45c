/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of messages (PKCS #11 5.9, 5.11, 5.14, 5.16): whichever step fails, the run can be cancelled and the whole
 * begins again.
 */
#include "fault/stage.h"
#include "support/module_fixture.h"

#include <string.h>

static CK_BYTE text[] = "forty octets of text, which is no block.";

enum { TEXT_LEN = sizeof(text) - 1, PART_LEN = 21 };

/* IV and tag are in the stage, behind the ciphertext, so that what decrypts finds what encrypted. */
static CK_GCM_MESSAGE_PARAMS gcm(struct stage *stage, CK_GENERATOR_FUNCTION generator)
{
    return (CK_GCM_MESSAGE_PARAMS){.pIv = stage->octets + 512,
                                   .ulIvLen = 12,
                                   .ivGenerator = generator,
                                   .pTag = stage->octets + 544,
                                   .ulTagBits = 128};
}

static CK_CCM_MESSAGE_PARAMS ccm(struct stage *stage, CK_GENERATOR_FUNCTION generator)
{
    return (CK_CCM_MESSAGE_PARAMS){.ulDataLen = TEXT_LEN,
                                   .pNonce = stage->octets + 512,
                                   .ulNonceLen = 12,
                                   .nonceGenerator = generator,
                                   .pMAC = stage->octets + 544,
                                   .ulMACLen = 16};
}

static CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS chacha20(struct stage *stage)
{
    return (CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS){stage->octets + 512, 96, stage->octets + 544};
}

static CK_RV begin_encryption(struct stage *stage, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = {.mechanism = type};

    (void)C_MessageEncryptInit(stage->session, NULL, CK_INVALID_HANDLE);
    stage->len = TEXT_LEN;
    return C_MessageEncryptInit(stage->session, &mechanism, stage->key);
}

static CK_RV encrypt_whole(struct stage *stage)
{
    CK_GCM_MESSAGE_PARAMS params = gcm(stage, CKG_GENERATE_RANDOM);

    TRY(begin_encryption(stage, CKM_AES_GCM));
    TRY(C_EncryptMessage(stage->session, &params, sizeof(params), text, 5, text, TEXT_LEN, stage->octets,
                         &stage->len));
    return C_MessageEncryptFinal(stage->session);
}

static CK_RV encrypt_parts(struct stage *stage, CK_VOID_PTR params, CK_ULONG params_len)
{
    CK_ULONG done = TEXT_LEN;

    TRY(C_EncryptMessageBegin(stage->session, params, params_len, text, 5));
    TRY(C_EncryptMessageNext(stage->session, params, params_len, text, PART_LEN, stage->octets, &done, 0));
    stage->len = TEXT_LEN;
    TRY(C_EncryptMessageNext(stage->session, params, params_len, text + PART_LEN, TEXT_LEN - PART_LEN,
                             stage->octets + done, &stage->len, CKF_END_OF_MESSAGE));
    stage->len += done;
    return C_MessageEncryptFinal(stage->session);
}

static CK_RV encrypt_gcm_parts(struct stage *stage)
{
    CK_GCM_MESSAGE_PARAMS params = gcm(stage, CKG_GENERATE);

    TRY(begin_encryption(stage, CKM_AES_GCM));
    return encrypt_parts(stage, &params, sizeof(params));
}

static CK_RV encrypt_ccm_parts(struct stage *stage)
{
    CK_CCM_MESSAGE_PARAMS params = ccm(stage, CKG_GENERATE);

    TRY(begin_encryption(stage, CKM_AES_CCM));
    return encrypt_parts(stage, &params, sizeof(params));
}

static CK_RV encrypt_chacha20_parts(struct stage *stage)
{
    CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS params = chacha20(stage);

    TRY(begin_encryption(stage, CKM_CHACHA20_POLY1305));
    return encrypt_parts(stage, &params, sizeof(params));
}

/* Whole, and in parts. */
static CK_RV decrypt(struct stage *stage, CK_MECHANISM_TYPE type, CK_VOID_PTR params, CK_ULONG params_len)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    CK_BYTE got[64];
    CK_ULONG len = sizeof(got);

    (void)C_MessageDecryptInit(stage->session, NULL, CK_INVALID_HANDLE);
    TRY(C_MessageDecryptInit(stage->session, &mechanism, stage->key));
    TRY(C_DecryptMessage(stage->session, params, params_len, text, 5, stage->octets, TEXT_LEN, got, &len));
    ck_assert_int_eq(memcmp(got, text, TEXT_LEN), 0);
    TRY(C_DecryptMessageBegin(stage->session, params, params_len, text, 5));
    len = sizeof(got);
    TRY(C_DecryptMessageNext(stage->session, params, params_len, stage->octets, PART_LEN, got, &len, 0));
    len = sizeof(got);
    TRY(C_DecryptMessageNext(stage->session, params, params_len, stage->octets + PART_LEN,
                             TEXT_LEN - PART_LEN, got, &len, CKF_END_OF_MESSAGE));
    ck_assert_uint_eq(len, TEXT_LEN);
    ck_assert_int_eq(memcmp(got, text, TEXT_LEN), 0);
    return C_MessageDecryptFinal(stage->session);
}

static CK_RV decrypt_gcm(struct stage *stage)
{
    CK_GCM_MESSAGE_PARAMS params = gcm(stage, CKG_NO_GENERATE);

    return decrypt(stage, CKM_AES_GCM, &params, sizeof(params));
}

static CK_RV decrypt_ccm(struct stage *stage)
{
    CK_CCM_MESSAGE_PARAMS params = ccm(stage, CKG_NO_GENERATE);

    return decrypt(stage, CKM_AES_CCM, &params, sizeof(params));
}

static CK_RV decrypt_chacha20(struct stage *stage)
{
    CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS params = chacha20(stage);

    return decrypt(stage, CKM_CHACHA20_POLY1305, &params, sizeof(params));
}

static CK_RV sign_by(struct stage *stage, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = {.mechanism = type};

    (void)C_MessageSignInit(stage->session, NULL, CK_INVALID_HANDLE);
    TRY(C_MessageSignInit(stage->session, &mechanism, stage->key));
    stage->len = sizeof(stage->octets);
    TRY(C_SignMessage(stage->session, NULL, 0, text, TEXT_LEN, stage->octets, &stage->len));
    TRY(C_SignMessageBegin(stage->session, NULL, 0));
    TRY(C_SignMessageNext(stage->session, NULL, 0, text, PART_LEN, NULL, NULL));
    stage->len = sizeof(stage->octets);
    TRY(C_SignMessageNext(stage->session, NULL, 0, text + PART_LEN, TEXT_LEN - PART_LEN, stage->octets,
                          &stage->len));
    return C_MessageSignFinal(stage->session);
}

static CK_RV verify_by(struct stage *stage, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = {.mechanism = type};

    (void)C_MessageVerifyInit(stage->session, NULL, CK_INVALID_HANDLE);
    TRY(C_MessageVerifyInit(stage->session, &mechanism, stage->second));
    TRY(C_VerifyMessage(stage->session, NULL, 0, text, TEXT_LEN, stage->octets, stage->len));
    TRY(C_VerifyMessageBegin(stage->session, NULL, 0));
    TRY(C_VerifyMessageNext(stage->session, NULL, 0, text, PART_LEN, NULL, 0));
    TRY(C_VerifyMessageNext(stage->session, NULL, 0, text + PART_LEN, TEXT_LEN - PART_LEN, stage->octets,
                            stage->len));
    return C_MessageVerifyFinal(stage->session);
}

static CK_RV sign_ecdsa(struct stage *stage)
{
    return sign_by(stage, CKM_ECDSA_SHA256);
}

static CK_RV verify_ecdsa(struct stage *stage)
{
    return verify_by(stage, CKM_ECDSA_SHA256);
}

static CK_RV sign_hmac(struct stage *stage)
{
    return sign_by(stage, CKM_SHA256_HMAC);
}

static void make_chacha20(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY), ULONG(CKA_KEY_TYPE, CKK_CHACHA20),
                               TEXT(CKA_VALUE, "thirty-two octets of a stream ci")};

    MUST(C_CreateObject(stage->session, TEMPLATE(template), &stage->key));
}

static void prepare_chacha20(struct stage *stage)
{
    make_chacha20(stage);
    MUST(encrypt_chacha20_parts(stage));
}

static void prepare_gcm(struct stage *stage)
{
    stage_choose_aes(stage);
    MUST(encrypt_gcm_parts(stage));
}

static void prepare_ccm(struct stage *stage)
{
    stage_choose_aes(stage);
    MUST(encrypt_ccm_parts(stage));
}

static void prepare_ecdsa(struct stage *stage)
{
    stage_choose_ec(stage);
    MUST(sign_ecdsa(stage));
}

static void check_gcm(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, TEXT_LEN);
    MUST(decrypt_gcm(stage));
}

static void check_chacha20(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, TEXT_LEN);
    MUST(decrypt_chacha20(stage));
}

static void check_ccm(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, TEXT_LEN);
    MUST(decrypt_ccm(stage));
}

static void check_ecdsa(struct stage *stage)
{
    MUST(verify_ecdsa(stage));
}

static void check_hmac(struct stage *stage)
{
    MUST(verify_by(stage, CKM_SHA256_HMAC));
}

/* clang-format off */
const struct fault_call fault_calls_message[] = {
    {"C_EncryptMessage, GCM", SCENE_USER, stage_choose_aes, encrypt_whole,
     check_gcm, 0, 0, {CKR_MECHANISM_PARAM_INVALID}, {4, 6, 2}},
    {"C_EncryptMessageNext, GCM", SCENE_USER, stage_choose_aes, encrypt_gcm_parts,
     check_gcm, 0, 0, {CKR_MECHANISM_PARAM_INVALID}, {4, 7, 2}},
    {"C_EncryptMessageNext, CCM", SCENE_USER, stage_choose_aes, encrypt_ccm_parts,
     check_ccm, 0, 0, {CKR_MECHANISM_PARAM_INVALID, CKR_DATA_LEN_RANGE}, {6, 9, 2}},
    {"C_EncryptMessageNext, ChaCha20", SCENE_USER, make_chacha20, encrypt_chacha20_parts,
     check_chacha20, 0, 0, {CKR_MECHANISM_PARAM_INVALID}, {1, 6, 0}},
    {"C_DecryptMessage, ChaCha20", SCENE_USER, prepare_chacha20, decrypt_chacha20,
     NULL, 0, 0, {CKR_AEAD_DECRYPT_FAILED, CKR_MECHANISM_PARAM_INVALID}, {2, 8, 0}},
    {"C_DecryptMessage, GCM", SCENE_USER, prepare_gcm, decrypt_gcm,
     NULL, 0, 0, {CKR_AEAD_DECRYPT_FAILED, CKR_MECHANISM_PARAM_INVALID}, {2, 8, 0}},
    {"C_DecryptMessage, CCM", SCENE_USER, prepare_ccm, decrypt_ccm, NULL, 0, 0,
     {CKR_AEAD_DECRYPT_FAILED, CKR_MECHANISM_PARAM_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE}, {2, 8, 0}},
    {"C_SignMessage, ECDSA", SCENE_USER, stage_choose_ec, sign_ecdsa, check_ecdsa, 0, 0, {0}, {4, 6, 2}},
    {"C_SignMessage, HMAC", SCENE_USER, stage_choose_secret, sign_hmac, check_hmac, 0, 0, {0}, {4, 6, 2}},
    {"C_VerifyMessage, ECDSA", SCENE_USER, prepare_ecdsa, verify_ecdsa,
     NULL, 0, 0, {CKR_SIGNATURE_INVALID}, {4, 6, 2}},
    {0},
};
/* clang-format on */
