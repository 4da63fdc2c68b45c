/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key material, as libcrypto uses it: made once for each object, then shared, unchanged, by every thread and
 * session that uses the key. Asymmetric keys are an EVP_PKEY; symmetric ones are a secret.
 */
#ifndef CFR_CRYPTO_KEYMAT_H
#define CFR_CRYPTO_KEYMAT_H

#include "base/secret.h"
#include "crypto/ossl.h"

struct cfr_keymat;

enum cfr_key_family {
    CFR_KEY_SECRET,
    CFR_KEY_RSA,
    CFR_KEY_EC,
    CFR_KEY_EDWARDS,
    CFR_KEY_MONTGOMERY,
    CFR_KEY_ML_KEM,
    CFR_KEY_ML_DSA,
    CFR_KEY_SLH_DSA,
    CFR_KEY_DH,      /**< PKCS #3: prime and base */
    CFR_KEY_X942_DH, /**< X9.42: subprime, too */
    CFR_KEY_DSA
};

/** One more share. Returns @p keymat; NULL gives NULL. */
struct cfr_keymat *cfr_keymat_share(struct cfr_keymat *keymat);

/** Give up a share; the last one wipes and frees. NULL is accepted. */
void cfr_keymat_drop(struct cfr_keymat *keymat);
CFR_DEFINE_DROPP(keymat)

/** Material of a symmetric key; takes a share of @p secret. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_keymat_from_secret(struct cfr_secret *secret, struct cfr_keymat **ret_keymat);

enum cfr_key_family cfr_keymat_family(const struct cfr_keymat *keymat);

bool cfr_keymat_is_private(const struct cfr_keymat *keymat);

/** Octets of a symmetric key; empty for the others. */
struct cfr_span cfr_keymat_secret(const struct cfr_keymat *keymat);

/**
 * Size as mechanisms state it, in bits: modulus, prime of a finite field, order of the curve's field, or 8 times the octets of a secret or of a
 * post-quantum public key.
 */
size_t cfr_keymat_bits(const struct cfr_keymat *keymat);

/**
 * The public half as SubjectPublicKeyInfo (RFC 5280), DER. Asymmetric only.
 *
 * @retval CKR_HOST_MEMORY  out of memory
 */
NODISCARD CK_RV cfr_keymat_spki(const struct cfr_keymat *keymat, struct cfr_secret **ret_spki);

#endif
