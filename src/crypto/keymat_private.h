/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of struct cfr_keymat, for the files of crypto/ that make and use asymmetric keys. */
#ifndef CFR_CRYPTO_KEYMAT_PRIVATE_H
#define CFR_CRYPTO_KEYMAT_PRIVATE_H

#include "crypto/keymat.h"
#include "crypto/ossl_private.h"

#include <stdatomic.h>

struct cfr_curve;
struct cfr_pq_set;

struct cfr_keymat {
    atomic_uint shares;
    enum cfr_key_family family;
    bool is_private;
    size_t bits;
    EVP_PKEY *pkey;                /* NULL for CFR_KEY_SECRET */
    struct cfr_secret *secret;     /* CFR_KEY_SECRET only */
    const struct cfr_curve *curve; /* CFR_KEY_EC, _EDWARDS, _MONTGOMERY; static */
    const struct cfr_pq_set *set;  /* CFR_KEY_ML_KEM, _ML_DSA, _SLH_DSA; static */
    bool has_seed; /* of a private key of the first two: libcrypto knows what it is made from */
};

/** Material around @p pkey, whose reference is taken over, also on failure. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_keymat_from_pkey_take(enum cfr_key_family family, bool is_private, EVP_PKEY *pkey,
                                          struct cfr_keymat **ret_keymat);

/** A context for one operation with the key, in our library context. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_keymat_context(const struct cfr_keymat *keymat, EVP_PKEY_CTX **ret_ctx);

/**
 * A number of an asymmetric key, big-endian, with zeros in front to @p len octets.
 *
 * @param name       libcrypto's name for it
 * @param companion  another number that is there when this one is, or NULL. Of the prime factors of an RSA key, and
 *                   of their exponents, libcrypto gives the second for the first when it is out of memory; that both
 *                   are there rules it out.
 *
 * @retval CKR_ATTRIBUTE_TYPE_INVALID  the key has no such number
 * @retval CKR_HOST_MEMORY             out of memory
 */
NODISCARD CK_RV cfr_keymat_number(const struct cfr_keymat *keymat, const char *name, const char *companion,
                                  size_t len, struct cfr_secret **ret_number);

/**
 * EVP_PKEY from numbers: @p type is one of CFR_PKEY_…, @p selection EVP_PKEY_KEYPAIR, EVP_PKEY_PUBLIC_KEY or
 * EVP_PKEY_KEY_PARAMETERS. Frees @p params. NULL on failure.
 */
EVP_PKEY *cfr_pkey_from_params_take(const char *type, int selection, OSSL_PARAM *params);

#endif
