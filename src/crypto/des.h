/* SPDX-License-Identifier: Apache-2.0 */
/* The parity of DES keys (FIPS 46-3): the lowest bit of each octet makes the number of its ones odd. */
#ifndef CFR_CRYPTO_DES_H
#define CFR_CRYPTO_DES_H

#include "base/bytes.h"

enum { CFR_DES3_KEY_LEN = 24, CFR_DES_BLOCK_LEN = 8 };

/** Whether every octet has it. Takes the same time for every key. */
bool cfr_des_has_parity(struct cfr_span key);

/** Give it to @p len octets. */
void cfr_des_set_parity(uint8_t *key, size_t len);

#endif
