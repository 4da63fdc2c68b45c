/* SPDX-License-Identifier: Apache-2.0 */
#include "known.h"

#include "world.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>

static const struct diff_known rows[] = {
    /* Templates */
    {"C_*", "*CKA_*", CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID, "attributes of another class"},
    {"C_*", "*@(long|empty) CKA_*", DIFF_ERROR, DIFF_ANY, "values of the wrong length"},
    {"C_CreateObject", "CKO_SECRET_KEY CKK_AES, *", CKR_ATTRIBUTE_VALUE_INVALID, DIFF_ANY, "key lengths"},
    {"C_GenerateKey", "CKM_AES_KEY_GEN, *", CKR_KEY_SIZE_RANGE, DIFF_ANY, "key lengths"},
    {"C_GenerateKeyPair", "CKM_RSA_*", CKR_KEY_SIZE_RANGE, DIFF_ANY, "key lengths"},
    {"C_DeriveKey", "* length, *", CKR_KEY_SIZE_RANGE, DIFF_ANY, "key lengths"},
    {"C_*", "*@(sparse|without CKA_PRIVATE)*", CKR_OK, CKR_USER_NOT_LOGGED_IN, "defaults"},
    {"C_GetAttributeValue", "CKA_* of *, sparse: value", DIFF_SUCCESS, DIFF_SUCCESS, "defaults"},
    {"C_GetAttributeValue", "CKA_* of *, sparse", DIFF_ANY, DIFF_ANY, "defaults"},
    {"C_GenerateKeyPair", "CKM_RSA_*, public empty CKA_PUBLIC_EXPONENT, *", CKR_OK, DIFF_ERROR, "defaults"},
    {"C_DeriveKey", "*without CKA_CLASS*", DIFF_ANY, CKR_TEMPLATE_INCOMPLETE, "class of a new key"},
    {"C_@(Derive|Unwrap)Key", "*@(unmodifiable|sparse)*", CKR_OK, CKR_ATTRIBUTE_READ_ONLY,
     "unmodifiable objects"},
    {"C_CopyObject", "*, unmodifiable, *", CKR_OK, CKR_ATTRIBUTE_READ_ONLY, "unmodifiable objects"},
    {"C_@(CopyObject|SetAttributeValue)", "CKA_* (same) of *", CKR_OK, CKR_ATTRIBUTE_READ_ONLY, "same value"},
    {"C_@(CopyObject|SetAttributeValue)", "CKA_COPYABLE=0 of *", CKR_OK, CKR_ATTRIBUTE_READ_ONLY,
     "CKA_COPYABLE"},
    {"C_@(CreateObject|UnwrapKey)", "*with CKA_VALUE_LEN,*", DIFF_ANY, CKR_ATTRIBUTE_READ_ONLY,
     "CKA_VALUE_LEN given"},
    {"C_CopyObject", "no such object, *", CKR_OBJECT_HANDLE_INVALID, CKR_ARGUMENTS_BAD, "copying nothing"},
    {"C_FindObjects", "by *: left over", DIFF_SUCCESS, DIFF_SUCCESS, "what a failed call leaves"},
    {"C_@(CopyObject|SetAttributeValue)", "CKA_VALUE?(=) of CKO_DATA *", CKR_OK, CKR_ATTRIBUTE_READ_ONLY,
     "values of data objects"},
    {"C_@(CopyObject|SetAttributeValue)", "CKA_TRUSTED=1 of * rw SO", CKR_OK, CKR_ATTRIBUTE_READ_ONLY,
     "trust in public keys"},
    {"C_CopyObject", "*, unmodifiable, *", CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_READ_ONLY,
     "unmodifiable objects"},
    {"C_FindObjectsInit", "by *", CKR_OK, CKR_GENERAL_ERROR, "what a failed call leaves"},
    {"C_CreateObject", "CKO_PRIVATE_KEY CKK_RSA, without *", CKR_TEMPLATE_INCOMPLETE, CKR_OK,
     "incomplete RSA keys"},

    /* Attributes */
    {"C_GetAttributeValue", "CKA_UNIQUE_ID of *", CKR_OK, CKR_ATTRIBUTE_TYPE_INVALID, "newer attributes"},
    {"C_GetAttributeValue", "CKA_PUBLIC_KEY_INFO of *: value", DIFF_SUCCESS, DIFF_SUCCESS,
     "newer attributes"},
    {"C_GetAttributeValue", "CKA_ALLOWED_MECHANISMS of *", CKR_ATTRIBUTE_TYPE_INVALID, CKR_OK,
     "allowed mechanisms"},
    {"C_GetAttributeValue", "CKA_@(CHECK_VALUE|VALUE_LEN) of *: value", DIFF_SUCCESS, DIFF_SUCCESS,
     "computed attributes"},
    {"C_GetAttributeValue", "CKA_EC_PARAMS of * CKK_EC_EDWARDS, *: value", DIFF_SUCCESS, DIFF_SUCCESS,
     "Edwards parameters"},
    {"C_GetAttributeValue", "CKA_START_DATE of *", CKR_OK, CKR_GENERAL_ERROR, "dates of private objects"},
    {"C_GetAttributeValue", "short of three *", CKR_BUFFER_TOO_SMALL, DIFF_ERROR, "which of several errors"},
    {"C_GetAttributeValue", "sweep, token public object", CKR_OK, CKR_OBJECT_HANDLE_INVALID,
     "handles and sessions"},

    /* Mechanisms and their parameters */
    {"C_*", "*@(no parameter|long parameter|short parameter|long salt|136-bit tag)*",
     CKR_MECHANISM_PARAM_INVALID, DIFF_ANY, "bad parameters"},
    {"C_*", "CKM_AES_GCM 64-bit tag*", CKR_MECHANISM_PARAM_INVALID, DIFF_ANY, "short GCM tags"},
    {"C_*", "CKM_RSA_PKCS_OAEP @(not SHA-1|label)*", DIFF_ANY, CKR_ARGUMENTS_BAD, "OAEP hashes and labels"},
    {"C_*", "*_PSS other MGF*", DIFF_ANY, CKR_ARGUMENTS_BAD, "PSS mask functions"},
    {"C_*", "*", CKR_KEY_TYPE_INCONSISTENT, DIFF_ANY, "keys of the wrong type"},
    {"C_WrapKey", "*", CKR_WRAPPING_KEY_HANDLE_INVALID, CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
     "keys of the wrong type"},
    {"C_UnwrapKey", "*", CKR_UNWRAPPING_KEY_HANDLE_INVALID, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
     "keys of the wrong type"},
    {"C_@(*Init|DeriveKey)", "*", CKR_KEY_HANDLE_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED,
     "keys of the wrong type"},
    {"C_@(Sign|Verify)Init", "CKM_*_HMAC *", CKR_OK, CKR_KEY_SIZE_RANGE, "short HMAC keys"},
    {"C_@(Encrypt|Decrypt|Sign|Verify)@(Update|Final)", "CKM_*", CKR_OPERATION_NOT_INITIALIZED,
     CKR_FUNCTION_NOT_SUPPORTED, "single-part mechanisms"},
    {"C_@(Encrypt|Decrypt|Sign)", "CKM_*, after the end", CKR_OPERATION_NOT_INITIALIZED, CKR_OK,
     "single-part mechanisms"},
    {"C_@(Sign|Verify)Update", "CKM_EDDSA *", CKR_OK, CKR_OPERATION_NOT_INITIALIZED, "EdDSA in parts"},
    {"C_@(Encrypt|Decrypt)?(Final)", "CKM_*, length query", CKR_OK, CKR_DATA_LEN_RANGE, "length queries"},
    {"C_@(Encrypt|Decrypt)?(Final)", "CKM_*, length query", CKR_OK, CKR_ENCRYPTED_DATA_LEN_RANGE,
     "length queries"},
    {"C_Decrypt?(Final)", "CKM_*, short buffer", DIFF_ANY, CKR_BUFFER_TOO_SMALL, "length queries"},
    {"C_Decrypt", "CKM_RSA_PKCS plain, *", CKR_OK, CKR_GENERAL_ERROR, "implicit rejection"},
    {"C_Verify", "CKM_ECDSA *", CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE, "short ECDSA signatures"},
    {"C_UnwrapKey", "CKM_RSA_PKCS plain, *, random octets", DIFF_ANY, DIFF_ANY, "implicit rejection"},
    {"C_WrapKey", "* CKO_PRIVATE_KEY CKK_EC*: *", DIFF_SUCCESS, DIFF_SUCCESS, "wrapped elliptic curve keys"},
    {"C_WrapKey", "* CKO_PRIVATE_KEY CKK_EC_EDWARDS*", DIFF_ANY, CKR_KEY_NOT_WRAPPABLE,
     "wrapped elliptic curve keys"},
    {"C_UnwrapKey", "CKM_AES_CBC *", DIFF_ANY, CKR_MECHANISM_INVALID, "wrapping by CBC"},
    {"C_WrapKey", "CKM_AES_CBC *", CKR_OK, CKR_GENERAL_ERROR, "wrapping by CBC"},
    {"C_WrapKey", "CKM_AES_CBC * CKO_PRIVATE_KEY *", CKR_KEY_NOT_WRAPPABLE, DIFF_ANY, "wrapping by CBC"},
    {"C_DeriveKey", "CKM_AES_*_ENCRYPT_DATA *, unsaid length, *", CKR_TEMPLATE_INCOMPLETE, DIFF_ERROR,
     "keys from encrypted data"},
    {"C_DeriveKey", "CKM_AES_*_ENCRYPT_DATA *, long length, *", CKR_DATA_LEN_RANGE, CKR_FUNCTION_FAILED,
     "keys from encrypted data"},
    {"C_DeriveKey", "CKM_AES_*_ENCRYPT_DATA *, without CKA_KEY_TYPE *", CKR_OK, CKR_TEMPLATE_INCOMPLETE,
     "keys from encrypted data"},
    {"C_DeriveKey", "CKM_AES_*_ENCRYPT_DATA @(part of a block|no data), *", CKR_MECHANISM_PARAM_INVALID,
     DIFF_ERROR, "which of several errors"},
    {"C_DeriveKey", "CKM_AES_*_ENCRYPT_DATA *, long length, *", CKR_DATA_LEN_RANGE, DIFF_ERROR,
     "which of several errors"},
    {"C_DeriveKey", "CKM_DH_PKCS_DERIVE *, CKK_GENERIC_SECRET, unsaid length, *", CKR_OK,
     CKR_TEMPLATE_INCOMPLETE, "keys from Diffie-Hellman"},
    {"C_DeriveKey", "CKM_DH_PKCS_DERIVE * @(one|the prime), *", CKR_PUBLIC_KEY_INVALID, DIFF_ERROR,
     "which of several errors"},
    {"C_DigestKey", "* CKO_PRIVATE_KEY", CKR_KEY_INDIGESTIBLE, CKR_OK, "keys that are digested"},
    {"C_WrapKey", "CKM_RSA_*@(length query|short buffer)", DIFF_ANY, CKR_KEY_SIZE_RANGE, "length queries"},
    {"C_WrapKey", "* wrapped * CKO_@(PUBLIC_KEY|DATA|CERTIFICATE) *", DIFF_ERROR, CKR_KEY_UNEXTRACTABLE,
     "what cannot be wrapped"},
    {"C_*", "*", DIFF_ERROR, CKR_GENERAL_ERROR, "general errors"},
    {"C_DecryptFinal", "CKM_AES_CBC_PAD *", DIFF_ERROR, CKR_BUFFER_TOO_SMALL, "general errors"},

    /* Sessions */
    {"C_Logout", "nobody in", CKR_USER_NOT_LOGGED_IN, CKR_OK, "logging out twice"},
    {"C_GetTokenInfo", "token: CKF_DUAL_CRYPTO_OPERATIONS", DIFF_SUCCESS, DIFF_SUCCESS, "dual operations"},
    {"C_GetTokenInfo", "token: CKF_*_PIN_COUNT_LOW", DIFF_SUCCESS, DIFF_SUCCESS, "PIN counters"},
    {"C_Login", "SO with *, user in, *", CKR_USER_ANOTHER_ALREADY_LOGGED_IN, CKR_SESSION_READ_ONLY_EXISTS,
     "which of several errors"},
    {"C_SetPIN", "*, short new PIN as *, read-only*", CKR_SESSION_READ_ONLY, CKR_PIN_LEN_RANGE,
     "which of several errors"},
    {"C_@(GenerateKey|UnwrapKey|DeriveKey)", "*with CKA_*", DIFF_ERROR, DIFF_ERROR,
     "which of several errors"},
    {"C_CreateObject", "* without CKA_*", DIFF_ERROR, CKR_TEMPLATE_INCOMPLETE, "which of several errors"},
    {"C_CreateObject", "* @(with|without) CKA_*", DIFF_ERROR, CKR_TEMPLATE_INCONSISTENT,
     "which of several errors"},
    {"C_UnwrapKey", "*, random octets", DIFF_ERROR, CKR_WRAPPED_KEY_LEN_RANGE, "which of several errors"},
    {"C_Verify", "*, random signature", CKR_DATA_LEN_RANGE, DIFF_ERROR, "which of several errors"},
    {"C_@(DeriveKey|UnwrapKey)", "* user*", CKR_USER_NOT_LOGGED_IN, DIFF_ANY, "the PIN for each use"},
    {"C_*", "*", DIFF_ERROR, CKR_USER_NOT_LOGGED_IN, "which of several errors"},
    {"C_*", "*", DIFF_ERROR, CKR_SESSION_READ_ONLY, "which of several errors"},
};

static bool allows(CK_RV row, CK_RV rv)
{
    return row == rv || row == DIFF_ANY || (row == DIFF_ERROR && rv != CKR_OK && rv != DIFF_SUCCESS);
}

size_t diff_known_count(void)
{
    return sizeof(rows) / sizeof(rows[0]);
}

const struct diff_known *diff_known_at(size_t index)
{
    return &rows[index];
}

int diff_known_find(const char *call, const char *when, CK_RV coffer, CK_RV softhsm)
{
    for (size_t i = 0; i < diff_known_count(); i++) {
        if (fnmatch(rows[i].call, call, FNM_EXTMATCH) == 0 && allows(rows[i].coffer, coffer) &&
            allows(rows[i].softhsm, softhsm) && fnmatch(rows[i].when, when, FNM_EXTMATCH) == 0) {
            return (int)i;
        }
    }
    return -1;
}
