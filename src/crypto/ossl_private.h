/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of crypto/ share among themselves: the fetched algorithms and the way to say what failed. */
#ifndef CFR_CRYPTO_OSSL_PRIVATE_H
#define CFR_CRYPTO_OSSL_PRIVATE_H

#include "base/fault.h"
#include "crypto/ossl.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/** Cipher modes of AES that are fetched, each for 16, 24 and 32 octets of key (XTS: 32 and 64). */
enum cfr_aes_mode {
    CFR_AES_ECB,
    CFR_AES_CBC,
    CFR_AES_CTR,
    CFR_AES_GCM,
    CFR_AES_CCM,
    CFR_AES_XTS,
    CFR_AES_WRAP,
    CFR_AES_WRAP_PAD,
    CFR_AES_OFB,
    CFR_AES_CFB1,
    CFR_AES_CFB8,
    CFR_AES_CFB128,
    CFR_AES_CTS,
    CFR_AES_MODE_COUNT
};

/** Everything fetched at start; constant afterwards. Absent algorithms are NULL. */
struct cfr_ossl {
    OSSL_LIB_CTX *context;
    EVP_MD *digest[CFR_HASH_ALL_COUNT];
    EVP_MD *xof[2];                         /* SHAKE128, SHAKE256 */
    EVP_CIPHER *aes[CFR_AES_MODE_COUNT][3]; /* by key length 16, 24, 32 octets; XTS 32, -, 64 */
    EVP_CIPHER *des3[2];                    /* ECB, CBC */
    EVP_CIPHER *chacha20;
    EVP_CIPHER *chacha20_poly1305;
    EVP_MAC *hmac;
    EVP_MAC *cmac;
    EVP_MAC *gmac;
    EVP_KDF *x963kdf;
    EVP_KDF *sskdf;
    EVP_KDF *hkdf;
    EVP_KDF *pbkdf2;
    EVP_KDF *tls1_prf;
    EVP_KDF *argon2id; /* OpenSSL 3.2 and later */
};

extern struct cfr_ossl cfr_ossl;

/**
 * Key types by the names that shield.c gives them: EVP_PKEY_CTX_new_from_name() is called with these, and with those
 * of pq_set.c, alone.
 */
#define CFR_PKEY_RSA     "CFR-RSA"
#define CFR_PKEY_EC      "CFR-EC"
#define CFR_PKEY_ED25519 "CFR-ED25519"
#define CFR_PKEY_ED448   "CFR-ED448"
#define CFR_PKEY_X25519  "CFR-X25519"
#define CFR_PKEY_X448    "CFR-X448"
#define CFR_PKEY_DH      "CFR-DH"
#define CFR_PKEY_DHX     "CFR-DHX"
#define CFR_PKEY_DSA     "CFR-DSA"

/**
 * Put the names above into a fresh @p context, over the implementations of its @p provider.
 *
 * @retval CKR_OK
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_shield_raise(OSSL_LIB_CTX *context, const OSSL_PROVIDER *provider);

/** The name that libcrypto's parameters take for a hash. */
const char *cfr_hash_name(enum cfr_hash hash);

/** The fetched AES cipher for a key length in octets, or NULL. */
const EVP_CIPHER *cfr_ossl_aes(enum cfr_aes_mode mode, size_t key_len);

/** Make @p rv with libcrypto's own reason for the failure of @p what in the note. */
CK_RV cfr_ossl_fail(CK_RV rv, const char *what, const char *file, int line);

/** True when a libcrypto call returned success; the fault hook of the nth-failure tests sits here. */
#define OSSL_OK(call) (!cfr_fault_hit(CFR_FAULT_CRYPTO) && (call) > 0)

/** FAIL_UNLESS for libcrypto: leave with @p rv and libcrypto's reason. */
#define OSSL_TRY(call, rv)                                                                                   \
    do {                                                                                                     \
        if (CFR_UNLIKELY(!OSSL_OK(call))) {                                                                  \
            return cfr_ossl_fail((rv), #call, __FILE__, __LINE__);                                           \
        }                                                                                                    \
    } while (0)

#endif
