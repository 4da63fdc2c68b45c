/* SPDX-License-Identifier: Apache-2.0 */
/* Cyclic redundancy checks: they find things again and protect nothing. */
#ifndef CFR_BASE_CRC_H
#define CFR_BASE_CRC_H

#include "base/bytes.h"

/** CRC-64 of ECMA-182, annex B: the register begins as zero, bits are taken high first, nothing is inverted. */
uint64_t cfr_crc64_ecma(struct cfr_span octets);

#endif
