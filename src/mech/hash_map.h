/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that Cryptoki gives hash functions when they are part of something else. */
#ifndef CFR_MECH_HASH_MAP_H
#define CFR_MECH_HASH_MAP_H

#include "crypto/ossl.h"

/** Of a digest mechanism (CKM_SHA256 …), as PSS and OAEP name their hash. NONE: unknown. */
enum cfr_hash cfr_hash_of_mechanism(CK_MECHANISM_TYPE type);

/** Of a mask generation function (CKG_MGF1_SHA256 …). NONE: unknown. */
enum cfr_hash cfr_hash_of_mgf(CK_RSA_PKCS_MGF_TYPE mgf);

/** Of a key derivation function (CKD_SHA256_KDF …). NONE: unknown. */
enum cfr_hash cfr_hash_of_kdf(CK_EC_KDF_TYPE kdf, bool *ret_is_sp800);

#endif
