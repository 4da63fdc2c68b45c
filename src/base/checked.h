/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that come from outside: sums and products that say when they do not fit. */
#ifndef CFR_BASE_CHECKED_H
#define CFR_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>

/** a + b into @p ret; false, with @p ret untouched, when it does not fit. */
static inline bool cfr_checked_add(size_t a, size_t b, size_t *ret)
{
    size_t sum;

    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *ret = sum;
    return true;
}

/** a * b into @p ret; false, with @p ret untouched, when it does not fit. */
static inline bool cfr_checked_mul(size_t a, size_t b, size_t *ret)
{
    size_t product;

    if (__builtin_mul_overflow(a, b, &product)) {
        return false;
    }
    *ret = product;
    return true;
}

#endif
