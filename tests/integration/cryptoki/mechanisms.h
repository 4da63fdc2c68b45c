/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mechanisms that the module is to have, as the specification's chapters describe them: for which
 * functions, with which keys and parameters. C_GetMechanismList must be this table and nothing else, so that
 * a new mechanism without a test is a failure.
 */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_MECHANISMS_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_MECHANISMS_H

#include "integration/cryptoki/keys.h"

/** Mechanisms that differ in a hash or a mode only. */
enum family {
    FAMILY_DIGEST,
    FAMILY_HMAC,
    FAMILY_CMAC,
    FAMILY_GMAC,
    FAMILY_TLS_MAC,
    FAMILY_RSA_V15,
    FAMILY_RSA_RAW,
    FAMILY_RSA_OAEP,
    FAMILY_RSA_PSS,
    FAMILY_ECDSA,
    FAMILY_EDDSA,
    FAMILY_ECB,
    FAMILY_CBC,
    FAMILY_CBC_PAD,
    FAMILY_CTR,
    FAMILY_GCM,
    FAMILY_CCM,
    FAMILY_XTS,
    FAMILY_STREAM, /* AES in OFB and CFB */
    FAMILY_CTS,
    FAMILY_CHACHA20,
    FAMILY_CHACHA20_POLY1305,
    FAMILY_KW,
    FAMILY_KWP,
    FAMILY_ENVELOPE, /* a key pair and AES-KWP: wrapping alone */
    FAMILY_ECDH,
    FAMILY_FINITE_FIELD, /* Diffie-Hellman and DSA: dh_test.c, dsa_test.c */
    FAMILY_DERIVATION,
    FAMILY_SECRET_KEYGEN,
    FAMILY_RSA_KEYGEN,
    FAMILY_EC_KEYGEN,
};

struct mechanism_row {
    CK_MECHANISM_TYPE type;
    const char *name;
    enum family family;
    CK_FLAGS functions; /**< CKF_ENCRYPT … CKF_DERIVE */
    CK_FLAGS strict;    /**< those that a token with the strict profile leaves */
    CK_FLAGS curves;    /**< CKF_EC_… that C_GetMechanismInfo reports besides */
    CK_ULONG min_size;  /**< of keys, in the mechanism's unit */
    CK_ULONG max_size;
    CK_KEY_TYPE key_type;        /**< of the key used, or made */
    const struct hash_row *hash; /**< or NULL */
    bool is_general;             /**< a MAC whose length is its parameter */
    bool in_parts;               /**< Update and Final work */
    bool has_bare_hash;          /**< PSS: the input is a digest */
};

enum { MECHANISM_COUNT = 166, POST_QUANTUM_COUNT = 28 };

/** Row by index, up to MECHANISM_COUNT - 1. */
const struct mechanism_row *mechanism_row(size_t index);

/** The row of a mechanism, or NULL. */
const struct mechanism_row *mechanism_find(CK_MECHANISM_TYPE type);

#define FUNCTION_FLAGS                                                                                       \
    (CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN | CKF_SIGN_RECOVER | CKF_VERIFY |                     \
     CKF_VERIFY_RECOVER | CKF_GENERATE | CKF_GENERATE_KEY_PAIR | CKF_WRAP | CKF_UNWRAP | CKF_DERIVE)

#endif
