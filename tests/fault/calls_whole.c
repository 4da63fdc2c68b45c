/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations that calls_operation.c has not: two at once, keys that are digested, data recovered from a
 * signature, and a signature that is given first (PKCS #11 5.12, 5.13, 5.15, 5.17).
 */
#include "fault/stage.h"
#include "support/module_fixture.h"

#include <string.h>

static CK_BYTE message[] = "forty octets of text, which is no block.";
static CK_BYTE iv[16] = {7};

enum { MESSAGE_LEN = sizeof(message) - 1, CODED_LEN = 48 };

static CK_MECHANISM cbc_pad = {CKM_AES_CBC_PAD, iv, sizeof(iv)};
static CK_MECHANISM sha256 = {.mechanism = CKM_SHA256};
static CK_MECHANISM hmac = {.mechanism = CKM_SHA256_HMAC};
static CK_MECHANISM v15 = {.mechanism = CKM_RSA_PKCS};

static void choose_secrets(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_SECRET_KEY, "aes");
    stage->second = stage_find(stage, CKO_SECRET_KEY, "secret");
}

static void choose_rsa(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_PRIVATE_KEY, "rsa");
    stage->second = stage_find(stage, CKO_PUBLIC_KEY, "rsa");
}

/* Whatever an attempt that failed has left active. */
static void cancel(struct stage *stage)
{
    MUST(C_SessionCancel(stage->session, ~(CK_FLAGS)0));
}

static CK_RV sign_and_encrypt(struct stage *stage)
{
    CK_ULONG done = CODED_LEN;
    CK_ULONG last;

    cancel(stage);
    TRY(C_EncryptInit(stage->session, &cbc_pad, stage->key));
    TRY(C_SignInit(stage->session, &hmac, stage->second));
    /* Over the input: the plain text is kept for the signature. */
    memcpy(stage->octets, message, MESSAGE_LEN);
    TRY(C_SignEncryptUpdate(stage->session, stage->octets, MESSAGE_LEN, stage->octets, &done));
    last = CODED_LEN - done;
    TRY(C_EncryptFinal(stage->session, stage->octets + done, &last));
    stage->len = 32;
    return C_SignFinal(stage->session, stage->octets + done + last, &stage->len);
}

static CK_RV decrypt_and_verify(struct stage *stage)
{
    CK_BYTE got[CODED_LEN];
    CK_ULONG done = sizeof(got);
    CK_ULONG last;

    cancel(stage);
    TRY(C_DecryptInit(stage->session, &cbc_pad, stage->key));
    TRY(C_VerifyInit(stage->session, &hmac, stage->second));
    TRY(C_DecryptVerifyUpdate(stage->session, stage->octets, CODED_LEN, got, &done));
    last = sizeof(got) - done;
    TRY(C_DecryptFinal(stage->session, got + done, &last));
    TRY(C_VerifyUpdate(stage->session, got + done, last));
    ck_assert_uint_eq(done + last, MESSAGE_LEN);
    ck_assert_int_eq(memcmp(got, message, MESSAGE_LEN), 0);
    return C_VerifyFinal(stage->session, stage->octets + CODED_LEN, stage->len);
}

static void check_dual(struct stage *stage)
{
    MUST(decrypt_and_verify(stage));
}

static void prepare_dual(struct stage *stage)
{
    choose_secrets(stage);
    MUST(sign_and_encrypt(stage));
}

static CK_RV digest_key(struct stage *stage)
{
    stage->len = sizeof(stage->octets);
    cancel(stage);
    TRY(C_DigestInit(stage->session, &sha256));
    TRY(C_DigestKey(stage->session, stage->second));
    return C_DigestFinal(stage->session, stage->octets, &stage->len);
}

static void check_digest(struct stage *stage)
{
    CK_BYTE first[32];

    ck_assert_uint_eq(stage->len, sizeof(first));
    memcpy(first, stage->octets, sizeof(first));
    MUST(digest_key(stage));
    ck_assert_int_eq(memcmp(first, stage->octets, sizeof(first)), 0);
}

static CK_RV sign_recover(struct stage *stage)
{
    stage->len = sizeof(stage->octets);
    cancel(stage);
    TRY(C_SignRecoverInit(stage->session, &v15, stage->key));
    return C_SignRecover(stage->session, message, MESSAGE_LEN, stage->octets, &stage->len);
}

/* With just enough room: the data wait in a secret to be measured. */
static CK_RV verify_recover(struct stage *stage)
{
    CK_BYTE got[MESSAGE_LEN];
    CK_ULONG len = sizeof(got);

    cancel(stage);
    TRY(C_VerifyRecoverInit(stage->session, &v15, stage->second));
    TRY(C_VerifyRecover(stage->session, stage->octets, stage->len, got, &len));
    ck_assert_uint_eq(len, MESSAGE_LEN);
    ck_assert_int_eq(memcmp(got, message, MESSAGE_LEN), 0);
    return CKR_OK;
}

static void check_recover(struct stage *stage)
{
    MUST(verify_recover(stage));
}

static void prepare_recover(struct stage *stage)
{
    choose_rsa(stage);
    MUST(sign_recover(stage));
}

static CK_RV verify_signature(struct stage *stage)
{
    cancel(stage);
    TRY(C_VerifySignatureInit(stage->session, &v15, stage->second, stage->octets, stage->len));
    return C_VerifySignature(stage->session, message, MESSAGE_LEN);
}

/* clang-format off */
const struct fault_call fault_calls_whole[] = {
    {"C_SignEncryptUpdate", SCENE_USER, choose_secrets, sign_and_encrypt,
     check_dual, 0, 0, {CKR_DATA_LEN_RANGE}, {8, 6, 2}},
    {"C_DecryptVerifyUpdate", SCENE_USER, prepare_dual, decrypt_and_verify,
     NULL, 0, 0, {CKR_ENCRYPTED_DATA_INVALID}, {0, 4, 0}},
    {"C_DigestKey", SCENE_USER, choose_secrets, digest_key, check_digest, 0, 0, {0}, {2, 3, 1}},
    {"C_SignRecover", SCENE_USER, choose_rsa, sign_recover, check_recover, 0, 0, {CKR_MECHANISM_PARAM_INVALID}, {4, 3, 2}},
    {"C_VerifyRecover", SCENE_USER, prepare_recover, verify_recover,
     NULL, 0, 0, {CKR_SIGNATURE_INVALID, CKR_MECHANISM_PARAM_INVALID}, {3, 2, 1}},
    {"C_VerifySignature", SCENE_USER, prepare_recover, verify_signature,
     NULL, 0, 0, {CKR_SIGNATURE_INVALID, CKR_MECHANISM_PARAM_INVALID}, {4, 2, 1}},
    {0},
};
/* clang-format on */
