/* SPDX-License-Identifier: Apache-2.0 */
/* Key pairs and a certificate that both modules are given. All values are hexadecimal text. */
#ifndef DIFF_VALUES_H
#define DIFF_VALUES_H

#include <pkcs11/pkcs11.h>
#include <stddef.h>

struct diff_pair {
    CK_KEY_TYPE key_type;
    CK_ULONG bits;
    const char *params; /**< CKA_EC_PARAMS; RSA keys have the numbers instead */
    const char *prime;  /**< of Diffie-Hellman */
    const char *base;
    const char *point; /**< CKA_EC_POINT; of Diffie-Hellman CKA_VALUE of the public key */
    const char *value; /**< private value, private exponent */
    const char *modulus;
    const char *exponent;
    const char *prime_1;
    const char *prime_2;
    const char *exponent_1;
    const char *exponent_2;
    const char *coefficient;
};

size_t diff_pair_count(void);
const struct diff_pair *diff_pair_at(size_t index);

/** An X.509 certificate over the first P-256 key, with its subject (and issuer) and serial number. */
extern const char diff_certificate[];
extern const char diff_subject[];
extern const char diff_serial[];

#endif
