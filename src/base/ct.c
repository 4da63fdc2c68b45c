/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ct.h"

bool cfr_ct_equal(struct cfr_span a, struct cfr_span b)
{
    volatile uint8_t difference = 0;

    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        difference = (uint8_t)(difference | (a.ptr[i] ^ b.ptr[i]));
    }
    return difference == 0;
}
