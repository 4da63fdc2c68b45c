/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of struct cfr_keymat, for the files of crypto/ that make and use asymmetric keys. */
#ifndef CFR_CRYPTO_KEYMAT_PRIVATE_H
#define CFR_CRYPTO_KEYMAT_PRIVATE_H

#include "crypto/keymat.h"
#include "crypto/ossl_private.h"

#include <stdatomic.h>

struct cfr_curve;
struct cfr_pq_set;

/** What a context is initialised for. A key has use for those of its family. */
enum cfr_way {
    CFR_WAY_ENCAPSULATE = 0,
    CFR_WAY_DECAPSULATE = 1,
    CFR_WAY_AGREE = 0,
    CFR_WAY_AGREE_COFACTOR = 1,
    CFR_WAY_COUNT = 2,
};

struct cfr_keymat {
    atomic_uint shares;
    enum cfr_key_family family;
    bool is_private;
    size_t bits;
    EVP_PKEY *pkey;                              /* NULL for CFR_KEY_SECRET */
    struct cfr_secret *secret;                   /* CFR_KEY_SECRET only */
    const struct cfr_curve *curve;               /* CFR_KEY_EC, _EDWARDS, _MONTGOMERY; static */
    const struct cfr_pq_set *set;                /* CFR_KEY_ML_KEM, _ML_DSA, _SLH_DSA; static */
    _Atomic(EVP_PKEY_CTX *) kept[CFR_WAY_COUNT]; /* initialised, of no thread; or NULL */
    bool has_seed; /* of a private key of the first two: libcrypto knows what it is made from */
};

/** Material around @p pkey, whose reference is taken over, also on failure. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_keymat_from_pkey_take(enum cfr_key_family family, bool is_private, EVP_PKEY *pkey,
                                          struct cfr_keymat **ret_keymat);

/** A context for one operation with the key, in our library context. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_keymat_context(const struct cfr_keymat *keymat, EVP_PKEY_CTX **ret_ctx);

/** Take the context that was kept for @p way, initialised as it was then; NULL: there is none at the moment. */
EVP_PKEY_CTX *cfr_keymat_take(struct cfr_keymat *keymat, enum cfr_way way);

/** Keep a context whose last operation went well for the next one, of any thread; it is given up. */
void cfr_keymat_keep(struct cfr_keymat *keymat, enum cfr_way way, EVP_PKEY_CTX *ctx);

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
