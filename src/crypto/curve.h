/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elliptic curves by the parameters that PKCS#11 and X.509 give them: the DER of an object identifier, or of
 * a PrintableString with a name. Curves are static and compared by address.
 */
#ifndef CFR_CRYPTO_CURVE_H
#define CFR_CRYPTO_CURVE_H

#include "crypto/keymat.h"

struct cfr_curve;

/**
 * The curve that CKA_EC_PARAMS names, when it is one of @p family. Explicit and implicit parameters are
 * refused.
 *
 * @retval CKR_CURVE_NOT_SUPPORTED    a curve that libcrypto lacks, or not of this family, or given explicitly
 * @retval CKR_DOMAIN_PARAMS_INVALID  not DER of one of the three forms
 */
NODISCARD CK_RV cfr_curve_find(enum cfr_key_family family, struct cfr_span params,
                               const struct cfr_curve **ret_curve);

/** The curve's object identifier, DER with header; static. */
struct cfr_span cfr_curve_params(const struct cfr_curve *curve);

/** libcrypto's name for it; static. */
const char *cfr_curve_name(const struct cfr_curve *curve);

enum cfr_key_family cfr_curve_family(const struct cfr_curve *curve);

/** Bits of the field, as mechanism sizes count. */
size_t cfr_curve_bits(const struct cfr_curve *curve);

/** Octets of a private value and, for ECDSA, of r and of s. */
size_t cfr_curve_order_len(const struct cfr_curve *curve);

/** Octets of a coordinate: of a shared secret. */
size_t cfr_curve_field_len(const struct cfr_curve *curve);

/** Calls @p visit for every curve of a family; returns how many. For tests and documents. */
size_t cfr_curve_each(enum cfr_key_family family, void (*visit)(const struct cfr_curve *curve, void *arg),
                      void *arg);

#endif
