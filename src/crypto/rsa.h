/* SPDX-License-Identifier: Apache-2.0 */
/* RSA, RFC 8017: keys by their numbers, and operations with a padding scheme. */
#ifndef CFR_CRYPTO_RSA_H
#define CFR_CRYPTO_RSA_H

#include "base/progress.h"
#include "crypto/keymat.h"

enum {
    CFR_RSA_MIN_BITS = 1024,
    CFR_RSA_MAX_BITS = 16384,
    CFR_RSA_EXPONENT_MAX_BITS = 256, /* public exponent (SP 800-56B) */
};

/** The numbers of a key, big-endian. Empty means not given. */
enum cfr_rsa_part {
    CFR_RSA_N,
    CFR_RSA_E,
    CFR_RSA_D,
    CFR_RSA_P,
    CFR_RSA_Q,
    CFR_RSA_DP,
    CFR_RSA_DQ,
    CFR_RSA_QI,
    CFR_RSA_PARTS
};

struct cfr_rsa_numbers {
    struct cfr_span part[CFR_RSA_PARTS];
};

/**
 * A public key from n and e.
 *
 * @retval CKR_TEMPLATE_INCOMPLETE      one of them is missing
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  n even or out of range, e even, 1, or too long
 * @retval CKR_HOST_MEMORY              out of memory
 */
NODISCARD CK_RV cfr_rsa_import_public(const struct cfr_rsa_numbers *numbers, struct cfr_keymat **ret_keymat);

/**
 * A private key. n and d are needed; e, or p and q; dP, dQ and qInv only with p and q. What is missing is
 * computed, what is given must agree: n = pq, ed = 1 mod p-1 and q-1, dP, dQ, qInv. Primality is not tested.
 *
 * @retval CKR_TEMPLATE_INCOMPLETE      too few numbers
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  out of range, or the numbers do not agree
 * @retval CKR_HOST_MEMORY              out of memory
 */
NODISCARD CK_RV cfr_rsa_import_private(const struct cfr_rsa_numbers *numbers, struct cfr_keymat **ret_keymat);

/**
 * A new key pair, FIPS 186-4 B.3.6 as libcrypto does it, tested pairwise.
 *
 * @param bits      CFR_RSA_MIN_BITS to CFR_RSA_MAX_BITS, a multiple of 8
 * @param exponent  odd, at least 3, big-endian
 *
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  bits or exponent refused
 * @retval CKR_FUNCTION_FAILED          the pair failed its test
 */
NODISCARD CK_RV cfr_rsa_generate(size_t bits, struct cfr_span exponent, struct cfr_keymat **ret_keymat);

/** The same for as long as @p progress, asked at each candidate for a prime, says so; NULL: always. CKR_FUNCTION_CANCELED. */
NODISCARD CK_RV cfr_rsa_generate_while(size_t bits, struct cfr_span exponent,
                                       const struct cfr_progress *progress, struct cfr_keymat **ret_keymat);

/** A number of the key, without leading zeros. CKR_ATTRIBUTE_TYPE_INVALID: it has none; CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_rsa_number(const struct cfr_keymat *keymat, enum cfr_rsa_part part,
                               struct cfr_secret **ret_number);

/** Octets of the modulus: length of signatures and ciphertexts. */
size_t cfr_rsa_len(const struct cfr_keymat *keymat);

enum cfr_rsa_padding {
    CFR_RSA_RAW, /**< no padding: X.509 raw; shorter input counts as padded with zeros in front */
    CFR_RSA_V15, /**< RSASSA-PKCS1-v1_5, RSAES-PKCS1-v1_5 */
    CFR_RSA_PSS,
    CFR_RSA_OAEP
};

/** A padding scheme with its parameters. */
struct cfr_rsa_scheme {
    enum cfr_rsa_padding padding;
    enum cfr_hash hash;     /**< V15: of the DigestInfo, NONE for none; PSS, OAEP: of the scheme */
    enum cfr_hash mgf_hash; /**< PSS, OAEP */
    size_t salt_len;        /**< PSS, octets; exact when verifying */
    struct cfr_span label;  /**< OAEP; copied */
};

enum cfr_rsa_use { CFR_RSA_SIGN, CFR_RSA_VERIFY, CFR_RSA_RECOVER, CFR_RSA_ENCRYPT, CFR_RSA_DECRYPT };

/** A prepared operation; may be used any number of times, by one thread at a time. */
struct cfr_rsa_op;

/**
 * Prepare.
 *
 * @retval CKR_MECHANISM_PARAM_INVALID  the scheme's parameters do not go with this key: a PSS salt too long,
 * say
 * @retval CKR_KEY_SIZE_RANGE           the key is too small for the scheme's hash
 * @retval CKR_HOST_MEMORY              out of memory
 */
NODISCARD CK_RV cfr_rsa_op_new(struct cfr_keymat *keymat, enum cfr_rsa_use use,
                               const struct cfr_rsa_scheme *scheme, struct cfr_rsa_op **ret_op);
void cfr_rsa_op_drop(struct cfr_rsa_op *op);
CFR_DEFINE_DROPP(rsa_op)

/** Longest input of an encryption, or of a signature over unhashed data, octets. */
size_t cfr_rsa_op_max_in(const struct cfr_rsa_op *op);

/** Sign a digest, or data when the scheme has no hash; writes cfr_rsa_len() octets. CKR_DATA_LEN_RANGE. */
NODISCARD CK_RV cfr_rsa_sign(struct cfr_rsa_op *op, struct cfr_span data, uint8_t *out);

/** Verify. CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE, CKR_DATA_LEN_RANGE. */
NODISCARD CK_RV cfr_rsa_verify(struct cfr_rsa_op *op, struct cfr_span data, struct cfr_span signature);

/**
 * What was signed, out of a signature: with V15 without hash the data, with RAW the whole block.
 *
 * @param out  room for cfr_rsa_len() octets
 *
 * @retval CKR_SIGNATURE_INVALID    not below the modulus, or no padding of RFC 8017 9.2 in it
 * @retval CKR_SIGNATURE_LEN_RANGE  not as long as the modulus
 */
NODISCARD CK_RV cfr_rsa_recover(struct cfr_rsa_op *op, struct cfr_span signature, uint8_t *out,
                                size_t *ret_len);

/** Encrypt; writes cfr_rsa_len() octets. CKR_DATA_LEN_RANGE. */
NODISCARD CK_RV cfr_rsa_encrypt(struct cfr_rsa_op *op, struct cfr_span data, uint8_t *out);

/**
 * Decrypt. For V15 wrong padding is not an error: the result is then random octets that depend on key and
 * ciphertext alone (implicit rejection), made in the same time.
 *
 * @retval CKR_ENCRYPTED_DATA_LEN_RANGE  not as long as the modulus
 * @retval CKR_ENCRYPTED_DATA_INVALID    not below the modulus; OAEP: any failure
 */
NODISCARD CK_RV cfr_rsa_decrypt(struct cfr_rsa_op *op, struct cfr_span data, struct cfr_secret **ret_out);

#endif
