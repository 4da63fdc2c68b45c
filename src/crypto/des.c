/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/des.h"

/* 1 when the number of ones is odd. */
static unsigned parity_of(uint8_t octet)
{
    unsigned folded = octet;

    folded ^= folded >> 4;
    folded ^= folded >> 2;
    folded ^= folded >> 1;
    return folded & 1;
}

bool cfr_des_has_parity(struct cfr_span key)
{
    unsigned all = 1;

    for (size_t i = 0; i < key.len; i++) {
        all &= parity_of(key.ptr[i]);
    }
    return all == 1;
}

void cfr_des_set_parity(uint8_t *key, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        key[i] = (uint8_t)(key[i] ^ (parity_of(key[i]) ^ 1));
    }
}
