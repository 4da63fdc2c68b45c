/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post-quantum keys: ML-KEM (FIPS 203), ML-DSA (FIPS 204) and SLH-DSA (FIPS 205). libcrypto has them since 3.5;
 * everything is asked for by name, so that this is built, and finds nothing, with older ones.
 */
#ifndef CFR_CRYPTO_PQ_H
#define CFR_CRYPTO_PQ_H

#include "base/buf.h"
#include "crypto/keymat.h"

enum {
    CFR_PQ_CONTEXT_MAX_LEN = 255, /* octets of a signature's context */
    CFR_PQ_SHARED_LEN = 32,       /* octets of a shared secret */
    CFR_PQ_SET_COUNT = 18
};

/** A parameter set; static. */
struct cfr_pq_set {
    enum cfr_key_family family; /**< CFR_KEY_ML_KEM, _ML_DSA, _SLH_DSA */
    unsigned number;            /**< its CKP_ value: from 1 in each family */
    const char *name;           /**< libcrypto's, and NIST's */
    uint8_t arcs[2];            /**< the end of its object identifier, below 2.16.840.1.101.3.4 */
    uint16_t public_len;        /**< octets of a public key, */
    uint16_t private_len;       /**< of a private one, */
    uint16_t seed_len;          /**< of what both are made from (0: SLH-DSA, which has it in the key), */
    uint16_t output_len;        /**< and of a signature or ciphertext */
};

/** Sets by index, for tests and documents; NULL at the end. */
const struct cfr_pq_set *cfr_pq_set_row(size_t index);

/** Whether libcrypto has the family. */
bool cfr_pq_is_available(enum cfr_key_family family);

/** The set with a number. CKR_PARAMETER_SET_NOT_SUPPORTED: no such set, or libcrypto lacks it. */
NODISCARD CK_RV cfr_pq_find(enum cfr_key_family family, CK_ULONG number, const struct cfr_pq_set **ret_set);

/** The set whose object identifier, DER with header, is @p oid; NULL: none. */
const struct cfr_pq_set *cfr_pq_find_oid(struct cfr_span oid);

/** The object identifier of a set, DER with header. */
enum { CFR_PQ_OID_LEN = 11 };
void cfr_pq_oid(const struct cfr_pq_set *set, uint8_t ret_oid[CFR_PQ_OID_LEN]);

/** The set of a key of these families. */
const struct cfr_pq_set *cfr_pq_set_of(const struct cfr_keymat *keymat);

/**
 * A public key in the standard's encoding.
 *
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  wrong length, or not a key of the set (ML-KEM: 7.2 of FIPS 203)
 * @retval CKR_HOST_MEMORY              out of memory
 */
NODISCARD CK_RV cfr_pq_import_public(const struct cfr_pq_set *set, struct cfr_span value,
                                     struct cfr_keymat **ret_keymat);

/**
 * A private key from its seed, its encoding, or both, which must then agree; empty: not given.
 *
 * @retval CKR_TEMPLATE_INCOMPLETE      neither
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  wrong length, not a key of the set, or they do not agree
 * @retval CKR_HOST_MEMORY              out of memory
 */
NODISCARD CK_RV cfr_pq_import_private(const struct cfr_pq_set *set, struct cfr_span seed,
                                      struct cfr_span value, struct cfr_keymat **ret_keymat);

/** A new pair, tested pairwise. CKR_FUNCTION_FAILED, CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_pq_generate(const struct cfr_pq_set *set, struct cfr_keymat **ret_keymat);

/** The public key. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_pq_public(const struct cfr_keymat *keymat, struct cfr_secret **ret_value);

/** The private key. CKR_ATTRIBUTE_TYPE_INVALID: a public key; CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_pq_private(const struct cfr_keymat *keymat, struct cfr_secret **ret_value);

/** The seed. CKR_ATTRIBUTE_TYPE_INVALID: not known, or a public key; CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_pq_seed(const struct cfr_keymat *keymat, struct cfr_secret **ret_seed);

/** A prepared signature operation; any number of uses, one thread at a time. */
struct cfr_pq_signer;

struct cfr_pq_signing {
    struct cfr_span context; /**< at most CFR_PQ_CONTEXT_MAX_LEN octets; libcrypto copies them */
    bool is_deterministic;   /**< else hedged */
    bool is_encoded;         /**< messages come from cfr_pq_encode_digest(), which has the context in it */
};

/** CKR_FUNCTION_FAILED, CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_pq_signer_new(struct cfr_keymat *keymat, bool sign, const struct cfr_pq_signing *how,
                                  struct cfr_pq_signer **ret_signer);
void cfr_pq_signer_drop(struct cfr_pq_signer *signer);
CFR_DEFINE_DROPP(pq_signer)

/** Sign a message; writes the set's output_len octets. CKR_FUNCTION_FAILED. */
NODISCARD CK_RV cfr_pq_sign(struct cfr_pq_signer *signer, struct cfr_span message, uint8_t *out);

/** CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID. */
NODISCARD CK_RV cfr_pq_verify(struct cfr_pq_signer *signer, struct cfr_span message,
                              struct cfr_span signature);

/** Whether the pre-hash variants can take digests of @p hash. */
bool cfr_pq_takes_hash(enum cfr_hash hash);

/**
 * What is signed of a message whose digest is known: FIPS 204, 5.4.1; FIPS 205, 10.2.2. Appends to @p out.
 *
 * @retval CKR_HOST_MEMORY  out of memory
 */
NODISCARD CK_RV cfr_pq_encode_digest(enum cfr_hash hash, struct cfr_span digest, struct cfr_span context,
                                     struct cfr_buf *out);

/** A new shared secret for an ML-KEM public key; writes output_len octets. CKR_FUNCTION_FAILED. */
NODISCARD CK_RV cfr_pq_encapsulate(struct cfr_keymat *keymat, uint8_t *ret_ciphertext,
                                   struct cfr_secret **ret_shared);

/**
 * The shared secret for a ciphertext; another one, always the same, for a ciphertext that was never made for this key.
 *
 * @retval CKR_WRAPPED_KEY_LEN_RANGE  not output_len octets
 * @retval CKR_FUNCTION_FAILED
 */
NODISCARD CK_RV cfr_pq_decapsulate(struct cfr_keymat *keymat, struct cfr_span ciphertext,
                                   struct cfr_secret **ret_shared);

#endif
