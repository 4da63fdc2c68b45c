/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of struct cfr_curve. */
#ifndef CFR_CRYPTO_CURVE_PRIVATE_H
#define CFR_CRYPTO_CURVE_PRIVATE_H

#include "crypto/curve.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdatomic.h>

enum { CFR_CURVE_OID_MAX_LEN = 16 };

/** What is known before the curve is used: its identifier. The rest is filled at first use. */
struct cfr_curve {
    int nid;
    enum cfr_key_family family;
    uint8_t oid[CFR_CURVE_OID_MAX_LEN];
    size_t oid_len;
    atomic_bool is_ready; /* the members below are set */
    size_t bits;
    size_t order_len;
    size_t field_len;
    bool cofactor_is_one;
    /* CFR_KEY_EC; never freed, like the library context they belong to */
    EC_GROUP *group;
    EVP_PKEY
    *blank; /* a key with the curve and no point: copying it is three times quicker than making one */
};

/** Fill the curve table; once, from cfr_ossl_up(). CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_curve_load(void);

#endif
