/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/process/calls.h"

#include "call/call_table.h"

enum { ROOM = 512 };

/* What calls write to, and where they read what nobody checks. */
static CK_BYTE octets[ROOM];
static CK_ULONG len;
static CK_OBJECT_HANDLE made[2];

static call_answer_fn tell;
static unsigned count;

#define CALL(name, ...)                                                                                      \
    do {                                                                                                     \
        len = ROOM;                                                                                          \
        count++;                                                                                             \
        tell(#name, p11->name(__VA_ARGS__));                                                                 \
    } while (0)

static void call_library(CK_SLOT_ID slot)
{
    static CK_MECHANISM_TYPE mechanisms[ROOM];
    CK_MECHANISM_INFO mechanism_info;
    static CK_SLOT_ID slots[ROOM];
    CK_TOKEN_INFO token_info;
    CK_SLOT_INFO slot_info;
    CK_INFO info;

    CALL(C_GetInfo, &info);
    CALL(C_GetSlotList, CK_TRUE, slots, &len);
    CALL(C_GetSlotInfo, slot, &slot_info);
    CALL(C_GetTokenInfo, slot, &token_info);
    CALL(C_GetMechanismList, slot, mechanisms, &len);
    CALL(C_GetMechanismInfo, slot, CKM_AES_CBC, &mechanism_info);
    CALL(C_WaitForSlotEvent, CKF_DONT_BLOCK, slots, NULL);
    CALL(C_InitToken, slot, octets_of(SO_PIN), strlen(SO_PIN), octets_of("12345678901234567890123456789012"));
}

static void call_session(const struct call_target *target)
{
    CK_SESSION_HANDLE session = target->session;
    CK_SESSION_HANDLE other;
    CK_SESSION_INFO info;

    CALL(C_OpenSession, target->slot, CKF_SERIAL_SESSION, NULL, NULL, &other);
    CALL(C_GetSessionInfo, session, &info);
    CALL(C_GetOperationState, session, octets, &len);
    CALL(C_SetOperationState, session, octets, 16, 0, 0);
    CALL(C_Login, session, CKU_SO, octets_of("not the PIN"), 11);
    CALL(C_InitPIN, session, octets_of("whatever"), 8);
    CALL(C_SetPIN, session, octets_of("not the PIN"), 11, octets_of("whatever"), 8);
    CALL(C_LoginUser, session, CKU_USER, octets_of("not the PIN"), 11, octets_of("nobody"), 6);
    CALL(C_GetSessionValidationFlags, session, CKS_LAST_VALIDATION_OK, &len);
    CALL(C_AsyncComplete, session, octets_of("C_Sign"), &(CK_ASYNC_DATA){0});
    CALL(C_AsyncGetID, session, octets_of("C_Sign"), &len);
    CALL(C_AsyncJoin, session, octets_of("C_Sign"), 1, octets, ROOM);
    CALL(C_SessionCancel, session, CKF_SIGN | CKF_FIND_OBJECTS);
    CALL(C_GetFunctionStatus, session);
    CALL(C_CancelFunction, session);
    CALL(C_SeedRandom, session, octets, 16);
    CALL(C_GenerateRandom, session, octets, 16);
}

static void call_objects(const struct call_target *target)
{
    CK_ATTRIBUTE label[] = {ATTR_TEXT(CKA_LABEL, "another label")};
    CK_ATTRIBUTE data[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_TEXT(CKA_LABEL, "data")};
    CK_ATTRIBUTE value[] = {ATTR_OCTETS(CKA_VALUE, octets, ROOM)};
    CK_SESSION_HANDLE session = target->session;

    CALL(C_CreateObject, session, TEMPLATE(data), &made[0]);
    CALL(C_CopyObject, session, target->key, TEMPLATE(label), &made[1]);
    CALL(C_DestroyObject, session, made[1]);
    CALL(C_GetObjectSize, session, target->key, &len);
    CALL(C_GetAttributeValue, session, target->key, TEMPLATE(value));
    CALL(C_SetAttributeValue, session, target->key, TEMPLATE(label));
    CALL(C_FindObjectsInit, session, TEMPLATE(label));
    CALL(C_FindObjects, session, made, COUNT(made), &len);
    CALL(C_FindObjectsFinal, session);
}

static void call_ciphers(const struct call_target *target)
{
    static CK_BYTE iv[16];
    CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof(iv)};
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_SESSION_HANDLE session = target->session;

    CALL(C_EncryptInit, session, &cbc, target->key);
    CALL(C_Encrypt, session, octets, 16, octets, &len);
    CALL(C_EncryptUpdate, session, octets, 16, octets, &len);
    CALL(C_EncryptFinal, session, octets, &len);
    CALL(C_DecryptInit, session, &cbc, target->key);
    CALL(C_Decrypt, session, octets, 17, octets, &len);
    CALL(C_DecryptUpdate, session, octets, 16, octets, &len);
    CALL(C_DecryptFinal, session, octets, &len);
    CALL(C_DigestInit, session, &sha256);
    CALL(C_Digest, session, octets, 16, octets, &len);
    CALL(C_DigestUpdate, session, octets, 16);
    CALL(C_DigestKey, session, target->key);
    CALL(C_DigestFinal, session, octets, &len);
}

static void call_dual(const struct call_target *target)
{
    CK_SESSION_HANDLE session = target->session;

    CALL(C_DigestEncryptUpdate, session, octets, 16, octets, &len);
    CALL(C_DecryptDigestUpdate, session, octets, 16, octets, &len);
    CALL(C_SignEncryptUpdate, session, octets, 16, octets, &len);
    CALL(C_DecryptVerifyUpdate, session, octets, 16, octets, &len);
}

static void call_signatures(const struct call_target *target)
{
    CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    CK_SESSION_HANDLE session = target->session;

    CALL(C_SignInit, session, &ecdsa, target->pair.private);
    CALL(C_Sign, session, octets, 16, octets, &len);
    CALL(C_SignUpdate, session, octets, 16);
    CALL(C_SignFinal, session, octets, &len);
    CALL(C_VerifyInit, session, &ecdsa, target->pair.public);
    CALL(C_Verify, session, octets, 16, octets, 64);
    CALL(C_VerifyUpdate, session, octets, 16);
    CALL(C_VerifyFinal, session, octets, 64);
    CALL(C_VerifySignatureInit, session, &ecdsa, target->pair.public, octets, 64);
    CALL(C_VerifySignature, session, octets, 16);
    CALL(C_VerifySignatureUpdate, session, octets, 16);
    CALL(C_VerifySignatureFinal, session);
}

/* Of a key that cannot do it. */
static void call_recovery(const struct call_target *target)
{
    CK_MECHANISM rsa = {CKM_RSA_PKCS, NULL, 0};
    CK_SESSION_HANDLE session = target->session;

    CALL(C_SignRecoverInit, session, &rsa, target->pair.private);
    CALL(C_SignRecover, session, octets, 16, octets, &len);
    CALL(C_VerifyRecoverInit, session, &rsa, target->pair.public);
    CALL(C_VerifyRecover, session, octets, 64, octets, &len);
}

static void call_messages(const struct call_target *target)
{
    CK_GCM_MESSAGE_PARAMS params = {octets, 12, 0, CKG_GENERATE, octets + 16, 128};
    CK_MECHANISM gcm = {CKM_AES_GCM, NULL, 0};
    CK_SESSION_HANDLE session = target->session;

    CALL(C_MessageEncryptInit, session, &gcm, target->key);
    CALL(C_EncryptMessage, session, &params, sizeof(params), NULL, 0, octets + 32, 16, octets + 32, &len);
    CALL(C_EncryptMessageBegin, session, &params, sizeof(params), NULL, 0);
    CALL(C_EncryptMessageNext, session, &params, sizeof(params), octets + 32, 16, octets + 32, &len, 0);
    CALL(C_MessageEncryptFinal, session);
    CALL(C_MessageDecryptInit, session, &gcm, target->key);
    CALL(C_DecryptMessage, session, &params, sizeof(params), NULL, 0, octets + 32, 16, octets + 32, &len);
    CALL(C_DecryptMessageBegin, session, &params, sizeof(params), NULL, 0);
    CALL(C_DecryptMessageNext, session, &params, sizeof(params), octets + 32, 16, octets + 32, &len, 0);
    CALL(C_MessageDecryptFinal, session);
}

static void call_signed_messages(const struct call_target *target)
{
    CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    CK_SESSION_HANDLE session = target->session;

    CALL(C_MessageSignInit, session, &ecdsa, target->pair.private);
    CALL(C_SignMessage, session, NULL, 0, octets, 16, octets, &len);
    CALL(C_SignMessageBegin, session, NULL, 0);
    CALL(C_SignMessageNext, session, NULL, 0, octets, 16, octets, &len);
    CALL(C_MessageSignFinal, session);
    CALL(C_MessageVerifyInit, session, &ecdsa, target->pair.public);
    CALL(C_VerifyMessage, session, NULL, 0, octets, 16, octets, 64);
    CALL(C_VerifyMessageBegin, session, NULL, 0);
    CALL(C_VerifyMessageNext, session, NULL, 0, octets, 16, octets, 64);
    CALL(C_MessageVerifyFinal, session);
}

/* An unwrapping of octets that are no wrapped key, and a derivation with a point that is none. */
static void call_keys(const struct call_target *target)
{
    static CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    CK_ECDH1_DERIVE_PARAMS agreement = {CKD_NULL, 0, NULL, 65, octets};
    CK_MECHANISM aes = {CKM_AES_KEY_GEN, NULL, 0};
    CK_MECHANISM ec = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_MECHANISM ecdh = {CKM_ECDH1_DERIVE, &agreement, sizeof(agreement)};
    CK_MECHANISM kem = {CKM_ML_KEM, NULL, 0};
    CK_ATTRIBUTE sized[] = {ATTR_ULONG(CKA_VALUE_LEN, 16)};
    CK_ATTRIBUTE curve[] = {ATTR_OCTETS(CKA_EC_PARAMS, p256, sizeof(p256))};
    CK_ATTRIBUTE aes_key[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_SESSION_HANDLE session = target->session;

    CALL(C_GenerateKey, session, &aes, TEMPLATE(sized), &made[0]);
    CALL(C_GenerateKeyPair, session, &ec, TEMPLATE(curve), NULL, 0, &made[0], &made[1]);
    CALL(C_WrapKey, session, &wrap, target->key, target->key, octets, &len);
    CALL(C_UnwrapKey, session, &wrap, target->key, octets, 24, TEMPLATE(aes_key), &made[0]);
    CALL(C_WrapKeyAuthenticated, session, &wrap, target->key, target->key, octets, 16, octets + 32, &len);
    CALL(C_UnwrapKeyAuthenticated, session, &wrap, target->key, octets, 24, TEMPLATE(aes_key), octets, 16,
         &made[0]);
    CALL(C_DeriveKey, session, &ecdh, target->pair.private, TEMPLATE(aes_key), &made[0]);
    CALL(C_EncapsulateKey, session, &kem, target->pair.public, TEMPLATE(aes_key), octets, &len, &made[0]);
    CALL(C_DecapsulateKey, session, &kem, target->pair.private, TEMPLATE(aes_key), octets, 24, &made[0]);
}

unsigned call_everything(const struct call_target *target, call_answer_fn answer)
{
    count = 0;
    tell = answer;
    memset(octets, 0x5a, sizeof(octets));
    call_library(target->slot);
    call_session(target);
    call_objects(target);
    call_ciphers(target);
    call_dual(target);
    call_signatures(target);
    call_recovery(target);
    call_messages(target);
    call_signed_messages(target);
    call_keys(target);
    CALL(C_Logout, target->session);
    CALL(C_CloseSession, target->session);
    CALL(C_CloseAllSessions, target->slot);
    return count;
}

unsigned call_count(void)
{
#define OWN(name, since, section)
#define LIBRARY(name, since, section, parameters, arguments) +1
#define SESSION(name, since, section, parameters, arguments) +1
#define SESSION0(name, since, section)                       +1
#define ABSENT(name, since, section, parameters)
    return 0
#include "call/call_table.def"
        ;
#undef OWN
#undef LIBRARY
#undef SESSION
#undef SESSION0
#undef ABSENT
}
