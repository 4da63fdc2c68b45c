/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing and selecting without branches or addresses that depend on the octets. */
#ifndef CFR_BASE_CT_H
#define CFR_BASE_CT_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/** Equality in time that depends on the lengths alone. */
bool cfr_ct_equal(struct cfr_span a, struct cfr_span b);

/** All ones when @p value is zero, else zero. */
static inline uint32_t cfr_ct_is_zero(uint32_t value)
{
    return 0U - ((~value & (value - 1U)) >> 31);
}

/** All ones when @p a equals @p b, else zero. */
static inline uint32_t cfr_ct_mask_eq(uint32_t a, uint32_t b)
{
    return cfr_ct_is_zero(a ^ b);
}

/** All ones when @p a is less than @p b (both below 2^31), else zero. */
static inline uint32_t cfr_ct_mask_lt(uint32_t a, uint32_t b)
{
    return 0U - ((a - b) >> 31);
}

/** @p a where the mask is ones, @p b where it is zero. */
static inline uint32_t cfr_ct_select(uint32_t mask, uint32_t a, uint32_t b)
{
    return (mask & a) | (~mask & b);
}

#endif
