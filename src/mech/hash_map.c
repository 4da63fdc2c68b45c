/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/hash_map.h"

/* CK_UNAVAILABLE_INFORMATION where Cryptoki has no number. */
#define NONE CK_UNAVAILABLE_INFORMATION

static const struct {
    CK_MECHANISM_TYPE mechanism;
    CK_RSA_PKCS_MGF_TYPE mgf;
    CK_EC_KDF_TYPE x963_kdf;
    CK_EC_KDF_TYPE sp800_kdf;
} numbers[CFR_HASH_COUNT] = {
    /* clang-format off */
    [CFR_HASH_NONE]       = {NONE,           NONE,              NONE,             NONE},
    [CFR_HASH_SHA1]       = {CKM_SHA_1,      CKG_MGF1_SHA1,     CKD_SHA1_KDF,     CKD_SHA1_KDF_SP800},
    [CFR_HASH_SHA224]     = {CKM_SHA224,     CKG_MGF1_SHA224,   CKD_SHA224_KDF,   CKD_SHA224_KDF_SP800},
    [CFR_HASH_SHA256]     = {CKM_SHA256,     CKG_MGF1_SHA256,   CKD_SHA256_KDF,   CKD_SHA256_KDF_SP800},
    [CFR_HASH_SHA384]     = {CKM_SHA384,     CKG_MGF1_SHA384,   CKD_SHA384_KDF,   CKD_SHA384_KDF_SP800},
    [CFR_HASH_SHA512]     = {CKM_SHA512,     CKG_MGF1_SHA512,   CKD_SHA512_KDF,   CKD_SHA512_KDF_SP800},
    [CFR_HASH_SHA512_224] = {CKM_SHA512_224, NONE,              NONE,             NONE},
    [CFR_HASH_SHA512_256] = {CKM_SHA512_256, NONE,              NONE,             NONE},
    [CFR_HASH_SHA3_224]   = {CKM_SHA3_224,   CKG_MGF1_SHA3_224, CKD_SHA3_224_KDF, CKD_SHA3_224_KDF_SP800},
    [CFR_HASH_SHA3_256]   = {CKM_SHA3_256,   CKG_MGF1_SHA3_256, CKD_SHA3_256_KDF, CKD_SHA3_256_KDF_SP800},
    [CFR_HASH_SHA3_384]   = {CKM_SHA3_384,   CKG_MGF1_SHA3_384, CKD_SHA3_384_KDF, CKD_SHA3_384_KDF_SP800},
    [CFR_HASH_SHA3_512]   = {CKM_SHA3_512,   CKG_MGF1_SHA3_512, CKD_SHA3_512_KDF, CKD_SHA3_512_KDF_SP800},
    /* clang-format on */
};

enum cfr_hash cfr_hash_of_mechanism(CK_MECHANISM_TYPE type)
{
    for (int hash = CFR_HASH_SHA1; hash < CFR_HASH_COUNT; hash++) {
        if (numbers[hash].mechanism == type && cfr_hash_is_available((enum cfr_hash)hash)) {
            return (enum cfr_hash)hash;
        }
    }
    return CFR_HASH_NONE;
}

enum cfr_hash cfr_hash_of_mgf(CK_RSA_PKCS_MGF_TYPE mgf)
{
    for (int hash = CFR_HASH_SHA1; hash < CFR_HASH_COUNT; hash++) {
        if (numbers[hash].mgf == mgf && mgf != NONE && cfr_hash_is_available((enum cfr_hash)hash)) {
            return (enum cfr_hash)hash;
        }
    }
    return CFR_HASH_NONE;
}

enum cfr_hash cfr_hash_of_kdf(CK_EC_KDF_TYPE kdf, bool *ret_is_sp800)
{
    for (int hash = CFR_HASH_SHA1; kdf != NONE && hash < CFR_HASH_COUNT; hash++) {
        if ((numbers[hash].x963_kdf == kdf || numbers[hash].sp800_kdf == kdf) &&
            cfr_hash_is_available((enum cfr_hash)hash)) {
            *ret_is_sp800 = numbers[hash].sp800_kdf == kdf;
            return (enum cfr_hash)hash;
        }
    }
    return CFR_HASH_NONE;
}
