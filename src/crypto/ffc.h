/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys over finite fields: Diffie-Hellman (PKCS #3, X9.42, SP 800-56A) and DSA (FIPS 186-4), the latter to verify
 * alone. Numbers come big-endian, with any number of leading zeros, and are given without any.
 *
 * A group costs next to nothing to check when libcrypto knows it (RFC 7919, RFC 3526, RFC 5114), and up to seconds
 * otherwise, the first time. So the numbers of a key are checked in two steps: what is cheap whenever a key is made of numbers,
 * cfr_ffc_validate() only when it comes from outside.
 */
#ifndef CFR_CRYPTO_FFC_H
#define CFR_CRYPTO_FFC_H

#include "crypto/keymat.h"

enum {
    CFR_FFC_MIN_BITS = 2048,     /* of the prime: 112 bits of security */
    CFR_FFC_MAX_BITS = 8192,     /* the largest named group */
    CFR_FFC_UNKNOWN_BITS = 4096, /* of a prime that has to be tested: some seconds */
    CFR_FFC_SUBPRIME_BITS = 224, /* least, of a subprime */
    CFR_DSA_MIN_BITS = 1024,
    CFR_DSA_MAX_BITS = 3072,
    CFR_DSA_ORDER_MAX_LEN = 32,
};

/** Domain parameters. A CFR_KEY_DH has no subprime. */
struct cfr_ffc_domain {
    struct cfr_span prime;
    struct cfr_span subprime;
    struct cfr_span base;
};

/** Numbers of a key. */
enum cfr_ffc_part { CFR_FFC_PRIME, CFR_FFC_SUBPRIME, CFR_FFC_BASE, CFR_FFC_PUBLIC, CFR_FFC_PRIVATE };

/** Whether this libcrypto has the family. */
bool cfr_ffc_is_available(enum cfr_key_family family);

/**
 * Key material of domain parameters alone, or with a public value y, or with a private value x, whose y is computed.
 *
 * Sizes are as above; DSA: the pairs of FIPS 186-4, 4.2. 1 < g < p - 1. y is in the group that g generates, and is
 * neither 1 nor -1 (SP 800-56A, 5.6.2.3.1); x is below the order of the group, if that is known, or p - 1.
 *
 * @retval CKR_DOMAIN_PARAMS_INVALID    the domain parameters
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  y or x
 * @retval CKR_HOST_MEMORY              out of memory
 */
NODISCARD CK_RV cfr_ffc_import_domain(enum cfr_key_family family, const struct cfr_ffc_domain *domain,
                                      struct cfr_keymat **ret_keymat);
NODISCARD CK_RV cfr_ffc_import_public(enum cfr_key_family family, const struct cfr_ffc_domain *domain,
                                      struct cfr_span value, struct cfr_keymat **ret_keymat);
NODISCARD CK_RV cfr_ffc_import_private(enum cfr_key_family family, const struct cfr_ffc_domain *domain,
                                       struct cfr_span value, struct cfr_keymat **ret_keymat);

/**
 * Whether the domain parameters are a group: p and q are prime, g generates what q says. Without q, p = 2q + 1 with a
 * prime q, because otherwise nobody can tell small subgroups. Of DSA, the order of g alone.
 *
 * @retval CKR_DOMAIN_PARAMS_INVALID  they are not, or p is unknown and above CFR_FFC_UNKNOWN_BITS
 * @retval CKR_HOST_MEMORY            out of memory
 */
NODISCARD CK_RV cfr_ffc_validate(const struct cfr_keymat *keymat);

/**
 * Domain parameters for Diffie-Hellman. Without subprime, or with one of a bit less than the prime: the group of
 * RFC 7919; otherwise new ones (FIPS 186-4, A.1.1 and A.2.1), which takes seconds.
 *
 * @param subprime_bits  0 for CFR_KEY_DH
 *
 * @retval CKR_KEY_SIZE_RANGE  no group of these sizes
 * @retval CKR_FUNCTION_FAILED, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_ffc_generate_domain(enum cfr_key_family family, size_t prime_bits, size_t subprime_bits,
                                        struct cfr_keymat **ret_keymat);

/**
 * A new pair in a group that cfr_ffc_validate() accepts.
 *
 * @param value_bits  exact length of x, or 0: as SP 800-56A 5.6.1.1 has it, of twice the group's strength
 *
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  value_bits
 * @retval CKR_DOMAIN_PARAMS_INVALID, CKR_FUNCTION_FAILED, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_ffc_generate(enum cfr_key_family family, const struct cfr_ffc_domain *domain,
                                 size_t value_bits, struct cfr_keymat **ret_keymat);

/**
 * A number of the key, at least one octet. CKR_ATTRIBUTE_TYPE_INVALID: it has no such number; CKR_HOST_MEMORY.
 */
NODISCARD CK_RV cfr_ffc_number(const struct cfr_keymat *keymat, enum cfr_ffc_part part,
                               struct cfr_secret **ret_number);

/**
 * Agree on a secret with a peer's public value: as many octets as the prime has.
 *
 * @retval CKR_PUBLIC_KEY_INVALID  @p peer is not in the group, or the result would be 1
 * @retval CKR_HOST_MEMORY         out of memory
 */
NODISCARD CK_RV cfr_dh_derive(const struct cfr_keymat *keymat, struct cfr_span peer,
                              struct cfr_secret **ret_shared);

/** A prepared DSA verification; any number of uses, one thread at a time. */
struct cfr_dsa;

NODISCARD CK_RV cfr_dsa_new(struct cfr_keymat *keymat, struct cfr_dsa **ret_dsa);
void cfr_dsa_drop(struct cfr_dsa *dsa);
CFR_DEFINE_DROPP(dsa)

/**
 * Verify r and s, each as long as the subprime, over a digest of any length.
 *
 * @retval CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID
 */
NODISCARD CK_RV cfr_dsa_verify(struct cfr_dsa *dsa, struct cfr_span digest, struct cfr_span signature);

#endif
