/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of base/secret.h share: secrets of every size class, filled and compared. */
#ifndef CFR_TESTS_UNIT_BASE_SECRET_SAMPLES_H
#define CFR_TESTS_UNIT_BASE_SECRET_SAMPLES_H

#include "base/secret.h"
#include "unit/base/harness.h"

#include <string.h>

enum { LARGE_LEN = 10000, PAGE = 4096 };

static inline bool is_all(struct cfr_span span, uint8_t value)
{
    for (size_t i = 0; i < span.len; i++) {
        if (span.ptr[i] != value) {
            return false;
        }
    }
    return true;
}

static inline struct cfr_secret *new_secret(size_t len)
{
    struct cfr_secret *secret = NULL;

    ASSERT_OK(cfr_secret_new(len, &secret));
    return secret;
}

static inline struct cfr_secret *filled_secret(size_t len, uint8_t value)
{
    struct cfr_secret *secret = new_secret(len);

    if (len != 0) {
        memset(cfr_secret_edit(secret), value, len);
    }
    return secret;
}

/* Lengths on both sides of every size class and of a page. */
static const size_t lengths[] = {0,    1,    8,    55,   56,   57,   64,    119,   120,   121,    247,
                                 248,  249,  503,  504,  505,  1015, 1016,  1017,  2039,  2040,   2041,
                                 4087, 4088, 4089, 4096, 8184, 8185, 16376, 16384, 65536, 100000, 1 << 20};
enum { LENGTHS = sizeof(lengths) / sizeof(lengths[0]) };

#endif
