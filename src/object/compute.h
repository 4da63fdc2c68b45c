/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes that follow from others and are made when they are read, and checks of single values. */
#ifndef CFR_OBJECT_COMPUTE_H
#define CFR_OBJECT_COMPUTE_H

#include "base/buf.h"

struct cfr_object;

/** Append the value to @p out. CKR_ATTRIBUTE_TYPE_INVALID: this object has none; CKR_HOST_MEMORY. */
CK_RV cfr_compute_modulus_bits(struct cfr_object *object, struct cfr_buf *out);
CK_RV cfr_compute_prime_bits(struct cfr_object *object, struct cfr_buf *out);
CK_RV cfr_compute_subprime_bits(struct cfr_object *object, struct cfr_buf *out);
CK_RV cfr_compute_value_bits(struct cfr_object *object, struct cfr_buf *out);
CK_RV cfr_compute_value_len(struct cfr_object *object, struct cfr_buf *out);
CK_RV cfr_compute_public_key_info(struct cfr_object *object, struct cfr_buf *out);
/**
 * CRC-64 of ECMA-182, eight octets, high one first: over the public key's modulus, CKA_EC_POINT or CKA_VALUE,
 * of a private key too (PKCS#11 4.8, 4.9, 6.1.2; for points the specification names no attribute).
 */
CK_RV cfr_compute_public_crc64(struct cfr_object *object, struct cfr_buf *out);
/** Three octets: of an AES or DES3 encryption of zeros, or of SHA-1 of the value (PKCS#11 4.10, 6.8.2). */
CK_RV cfr_compute_key_check(struct cfr_object *object, struct cfr_buf *out);
/** The first three octets of SHA-1 of the certificate (PKCS#11 4.6.1). */
CK_RV cfr_compute_certificate_check(struct cfr_object *object, struct cfr_buf *out);
/** The time of the system's clock, UTC: the 16 digits of CK_TOKEN_INFO's utcTime. */
CK_RV cfr_compute_time(struct cfr_object *object, struct cfr_buf *out);

/** CKR_ATTRIBUTE_VALUE_INVALID: not empty and not a CK_DATE of digits with month 1 to 12 and day 1 to 31. */
CK_RV cfr_check_date(struct cfr_span value);
/** CKR_ATTRIBUTE_VALUE_INVALID: above 3 (certificate categories and MIDP domains). */
CK_RV cfr_check_category(struct cfr_span value);
/** CKR_ATTRIBUTE_VALUE_INVALID: no CKT_ value. */
CK_RV cfr_check_trust(struct cfr_span value);

#endif
