/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc.h"

#define ECMA_182 UINT64_C(0x42f0e1eba9ea3693)

uint64_t cfr_crc64_ecma(struct cfr_span octets)
{
    uint64_t crc = 0;

    for (size_t i = 0; i < octets.len; i++) {
        crc ^= (uint64_t)octets.ptr[i] << 56;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc << 1) ^ ((crc >> 63) != 0 ? ECMA_182 : 0);
        }
    }
    return crc;
}
