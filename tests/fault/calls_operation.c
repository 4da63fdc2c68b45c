/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encryption, decryption, digests, signatures and verifications (PKCS #11 5.8 to 5.15), each from its Init to
 * its end: whichever step fails, the operation is over and the whole begins again.
 */
#include "fault/stage.h"
#include "support/module_fixture.h"

#include <string.h>

static CK_BYTE message[] = "forty octets of text, which is no block.";
static CK_BYTE iv[16] = {7};

enum { MESSAGE_LEN = sizeof(message) - 1, PART_LEN = 21 };

static CK_MECHANISM gcm(CK_GCM_PARAMS *params)
{
    *params = (CK_GCM_PARAMS){.pIv = iv, .ulIvLen = 12, .ulIvBits = 96, .ulTagBits = 128};
    return (CK_MECHANISM){CKM_AES_GCM, params, sizeof(*params)};
}

static CK_MECHANISM cbc_pad(void)
{
    return (CK_MECHANISM){CKM_AES_CBC_PAD, iv, sizeof(iv)};
}

static CK_MECHANISM oaep(CK_RSA_PKCS_OAEP_PARAMS *params)
{
    *params = (CK_RSA_PKCS_OAEP_PARAMS){
        .hashAlg = CKM_SHA256, .mgf = CKG_MGF1_SHA256, .source = CKZ_DATA_SPECIFIED};
    return (CK_MECHANISM){CKM_RSA_PKCS_OAEP, params, sizeof(*params)};
}

static CK_MECHANISM pss(CK_RSA_PKCS_PSS_PARAMS *params)
{
    *params = (CK_RSA_PKCS_PSS_PARAMS){.hashAlg = CKM_SHA256, .mgf = CKG_MGF1_SHA256, .sLen = 32};
    return (CK_MECHANISM){CKM_SHA256_RSA_PKCS_PSS, params, sizeof(*params)};
}

static void choose_rsa(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_PRIVATE_KEY, "rsa");
    stage->second = stage_find(stage, CKO_PUBLIC_KEY, "rsa");
}

static CK_RV encrypt_gcm(struct stage *stage)
{
    CK_GCM_PARAMS params;
    CK_MECHANISM mechanism = gcm(&params);

    stage->len = sizeof(stage->octets);
    TRY(C_EncryptInit(stage->session, &mechanism, stage->key));
    return C_Encrypt(stage->session, message, MESSAGE_LEN, stage->octets, &stage->len);
}

static CK_RV encrypt_parts(struct stage *stage)
{
    CK_MECHANISM mechanism = cbc_pad();
    CK_ULONG done = sizeof(stage->octets);
    CK_ULONG last;

    TRY(C_EncryptInit(stage->session, &mechanism, stage->key));
    TRY(C_EncryptUpdate(stage->session, message, PART_LEN, stage->octets, &done));
    last = sizeof(stage->octets) - done;
    TRY(C_EncryptUpdate(stage->session, message + PART_LEN, MESSAGE_LEN - PART_LEN, stage->octets + done,
                        &last));
    done += last;
    last = sizeof(stage->octets) - done;
    TRY(C_EncryptFinal(stage->session, stage->octets + done, &last));
    stage->len = done + last;
    return CKR_OK;
}

static CK_RV encrypt_oaep(struct stage *stage)
{
    CK_RSA_PKCS_OAEP_PARAMS params;
    CK_MECHANISM mechanism = oaep(&params);

    stage->len = sizeof(stage->octets);
    TRY(C_EncryptInit(stage->session, &mechanism, stage->second));
    return C_Encrypt(stage->session, message, MESSAGE_LEN, stage->octets, &stage->len);
}

/* Decrypt what is in the stage into @p out. */
static CK_RV decrypt(struct stage *stage, CK_MECHANISM *mechanism, CK_BYTE *out, CK_ULONG *len)
{
    TRY(C_DecryptInit(stage->session, mechanism, stage->key));
    return C_Decrypt(stage->session, stage->octets, stage->len, out, len);
}

static void check_message(const CK_BYTE *got, CK_ULONG len)
{
    ck_assert_uint_eq(len, MESSAGE_LEN);
    ck_assert_int_eq(memcmp(got, message, MESSAGE_LEN), 0);
}

static CK_RV decrypt_gcm(struct stage *stage)
{
    CK_GCM_PARAMS params;
    CK_MECHANISM mechanism = gcm(&params);
    CK_BYTE got[64];
    CK_ULONG len = sizeof(got);

    TRY(decrypt(stage, &mechanism, got, &len));
    check_message(got, len);
    return CKR_OK;
}

static CK_RV decrypt_oaep(struct stage *stage)
{
    CK_RSA_PKCS_OAEP_PARAMS params;
    CK_MECHANISM mechanism = oaep(&params);
    CK_BYTE got[256];
    CK_ULONG len = sizeof(got);

    TRY(decrypt(stage, &mechanism, got, &len));
    check_message(got, len);
    return CKR_OK;
}

/* With room for the message alone: the result waits in a secret to be measured. */
static CK_RV decrypt_tight(struct stage *stage)
{
    CK_MECHANISM mechanism = cbc_pad();
    CK_BYTE got[MESSAGE_LEN];
    CK_ULONG len = sizeof(got);

    TRY(decrypt(stage, &mechanism, got, &len));
    check_message(got, len);
    return CKR_OK;
}

static CK_RV decrypt_parts(struct stage *stage)
{
    CK_MECHANISM mechanism = cbc_pad();
    CK_BYTE got[64];
    CK_ULONG done = sizeof(got);
    CK_ULONG last;

    TRY(C_DecryptInit(stage->session, &mechanism, stage->key));
    TRY(C_DecryptUpdate(stage->session, stage->octets, stage->len, got, &done));
    last = MESSAGE_LEN - done;
    TRY(C_DecryptFinal(stage->session, got + done, &last));
    check_message(got, done + last);
    return CKR_OK;
}

static void check_gcm(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, MESSAGE_LEN + 16);
    MUST(decrypt_gcm(stage));
}

static void check_parts(struct stage *stage)
{
    ck_assert_uint_eq(stage->len, 48);
    MUST(decrypt_parts(stage));
}

static void check_oaep(struct stage *stage)
{
    MUST(decrypt_oaep(stage));
}

static void prepare_gcm(struct stage *stage)
{
    stage_choose_aes(stage);
    MUST(encrypt_gcm(stage));
}

static void prepare_parts(struct stage *stage)
{
    stage_choose_aes(stage);
    MUST(encrypt_parts(stage));
}

static void prepare_oaep(struct stage *stage)
{
    choose_rsa(stage);
    MUST(encrypt_oaep(stage));
}

static CK_RV digest(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_SHA256};

    stage->len = sizeof(stage->octets);
    TRY(C_DigestInit(stage->session, &mechanism));
    return C_Digest(stage->session, message, MESSAGE_LEN, stage->octets, &stage->len);
}

static CK_RV digest_parts(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_SHA256};

    stage->len = sizeof(stage->octets);
    TRY(C_DigestInit(stage->session, &mechanism));
    TRY(C_DigestUpdate(stage->session, message, PART_LEN));
    TRY(C_DigestUpdate(stage->session, message + PART_LEN, MESSAGE_LEN - PART_LEN));
    return C_DigestFinal(stage->session, stage->octets, &stage->len);
}

static void check_digest(struct stage *stage)
{
    CK_BYTE first[32];

    ck_assert_uint_eq(stage->len, sizeof(first));
    memcpy(first, stage->octets, sizeof(first));
    MUST(digest(stage));
    ck_assert_int_eq(memcmp(first, stage->octets, sizeof(first)), 0);
}

static CK_RV sign_by(struct stage *stage, CK_MECHANISM mechanism)
{
    stage->len = sizeof(stage->octets);
    TRY(C_SignInit(stage->session, &mechanism, stage->key));
    TRY(C_SignUpdate(stage->session, message, PART_LEN));
    TRY(C_SignUpdate(stage->session, message + PART_LEN, MESSAGE_LEN - PART_LEN));
    return C_SignFinal(stage->session, stage->octets, &stage->len);
}

static CK_RV verify_by(struct stage *stage, CK_MECHANISM mechanism)
{
    TRY(C_VerifyInit(stage->session, &mechanism, stage->second));
    return C_Verify(stage->session, message, MESSAGE_LEN, stage->octets, stage->len);
}

static CK_RV sign_ecdsa(struct stage *stage)
{
    return sign_by(stage, (CK_MECHANISM){.mechanism = CKM_ECDSA_SHA256});
}

static CK_RV verify_ecdsa(struct stage *stage)
{
    return verify_by(stage, (CK_MECHANISM){.mechanism = CKM_ECDSA_SHA256});
}

static CK_RV sign_pss(struct stage *stage)
{
    CK_RSA_PKCS_PSS_PARAMS params;

    return sign_by(stage, pss(&params));
}

static CK_RV verify_pss(struct stage *stage)
{
    CK_RSA_PKCS_PSS_PARAMS params;

    return verify_by(stage, pss(&params));
}

static CK_RV sign_hmac(struct stage *stage)
{
    return sign_by(stage, (CK_MECHANISM){.mechanism = CKM_SHA256_HMAC});
}

static CK_TLS_MAC_PARAMS tls_mac = {CKM_SHA256, 12, 1};

static CK_RV sign_tls(struct stage *stage)
{
    return sign_by(stage, (CK_MECHANISM){CKM_TLS_MAC, &tls_mac, sizeof(tls_mac)});
}

static void check_tls(struct stage *stage)
{
    MUST(verify_by(stage, (CK_MECHANISM){CKM_TLS_MAC, &tls_mac, sizeof(tls_mac)}));
}

static CK_RV verify_hmac(struct stage *stage)
{
    return verify_by(stage, (CK_MECHANISM){.mechanism = CKM_SHA256_HMAC});
}

static void check_ecdsa(struct stage *stage)
{
    MUST(verify_ecdsa(stage));
}

static void check_pss(struct stage *stage)
{
    MUST(verify_pss(stage));
}

static void check_hmac(struct stage *stage)
{
    MUST(verify_hmac(stage));
}

static void prepare_ecdsa(struct stage *stage)
{
    stage_choose_ec(stage);
    MUST(sign_ecdsa(stage));
}

static void prepare_pss(struct stage *stage)
{
    choose_rsa(stage);
    MUST(sign_pss(stage));
}

static void prepare_hmac(struct stage *stage)
{
    stage_choose_secret(stage);
    MUST(sign_hmac(stage));
}

/* The second time, Init finds the context that the first has left. */
static CK_RV sign_twice(struct stage *stage)
{
    TRY(sign_ecdsa(stage));
    return sign_ecdsa(stage);
}

/* A state is saved halfway, restored in the other session, and both end with the same digest. */
static CK_RV move_state(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_SHA256};
    CK_BYTE state[256];
    CK_ULONG len = sizeof(state);
    CK_RV rv;

    stage->len = sizeof(stage->octets);
    (void)C_SessionCancel(stage->session, CKF_DIGEST);
    TRY(C_DigestInit(stage->session, &mechanism));
    TRY(C_DigestUpdate(stage->session, message, PART_LEN));
    TRY(C_GetOperationState(stage->session, state, &len));
    rv = C_SetOperationState(stage->session, state, len, CK_INVALID_HANDLE, CK_INVALID_HANDLE);
    TRY(rv);
    TRY(C_DigestUpdate(stage->session, message + PART_LEN, MESSAGE_LEN - PART_LEN));
    return C_DigestFinal(stage->session, stage->octets, &stage->len);
}

/* clang-format off */
const struct fault_call fault_calls_operation[] = {
    {"C_Encrypt, GCM", SCENE_USER, stage_choose_aes, encrypt_gcm,
     check_gcm, 0, 0, {CKR_MECHANISM_PARAM_INVALID}, {4, 4, 2}},
    {"C_EncryptUpdate, CBC", SCENE_USER, stage_choose_aes, encrypt_parts,
     check_parts, 0, 0, {CKR_DATA_LEN_RANGE}, {4, 4, 2}},
    {"C_Encrypt, OAEP", SCENE_USER, choose_rsa, encrypt_oaep,
     check_oaep, 0, 0, {CKR_MECHANISM_PARAM_INVALID}, {4, 4, 2}},
    {"C_Decrypt, GCM", SCENE_USER, prepare_gcm, decrypt_gcm,
     NULL, 0, 0, {CKR_ENCRYPTED_DATA_INVALID, CKR_MECHANISM_PARAM_INVALID}, {1, 3, 0}},
    {"C_Decrypt, CBC in tight room", SCENE_USER, prepare_parts, decrypt_tight,
     NULL, 0, 0, {CKR_ENCRYPTED_DATA_INVALID}, {2, 3, 0}},
    {"C_DecryptUpdate, CBC", SCENE_USER, prepare_parts, decrypt_parts,
     NULL, 0, 0, {CKR_ENCRYPTED_DATA_INVALID}, {2, 3, 0}},
    {"C_Decrypt, OAEP", SCENE_USER, prepare_oaep, decrypt_oaep,
     NULL, 0, 0, {CKR_ENCRYPTED_DATA_INVALID, CKR_MECHANISM_PARAM_INVALID}, {5, 4, 2}},
    {"C_Digest", SCENE_PUBLIC, NULL, digest, check_digest, 0, 0, {0}, {1, 2, 0}},
    {"C_DigestUpdate", SCENE_PUBLIC, NULL, digest_parts, check_digest, 0, 0, {0}, {1, 3, 0}},
    {"C_Sign, ECDSA", SCENE_USER, stage_choose_ec, sign_ecdsa, check_ecdsa, 0, 0, {0}, {5, 5, 2}},
    {"C_Sign, ECDSA again", SCENE_USER, stage_choose_ec, sign_twice, check_ecdsa, 0, 0, {0}, {5, 5, 2}},
    {"C_Sign, PSS", SCENE_USER, choose_rsa, sign_pss,
     check_pss, 0, 0, {CKR_MECHANISM_PARAM_INVALID}, {5, 5, 2}},
    {"C_Sign, HMAC", SCENE_USER, stage_choose_secret, sign_hmac, check_hmac, 0, 0, {0}, {4, 4, 2}},
    {"C_Sign, TLS", SCENE_USER, stage_choose_secret, sign_tls, check_tls, 0, 0, {0}, {4, 2, 2}},
    {"C_Verify, ECDSA", SCENE_USER, prepare_ecdsa, verify_ecdsa,
     NULL, 0, 0, {CKR_SIGNATURE_INVALID}, {4, 4, 2}},
    {"C_Verify, PSS", SCENE_USER, prepare_pss, verify_pss,
     NULL, 0, 0, {CKR_SIGNATURE_INVALID, CKR_MECHANISM_PARAM_INVALID}, {4, 4, 2}},
    {"C_Verify, HMAC", SCENE_USER, prepare_hmac, verify_hmac, NULL, 0, 0, {0},
    {0, 1, 0}},
    {"C_GetOperationState", SCENE_PUBLIC, NULL, move_state, check_digest, 0, 0, {0}, {3, 5, 0}},
    {0},
};
/* clang-format on */
