/* SPDX-License-Identifier: Apache-2.0 */
/* The convention for output of variable length (PKCS#11 5.2), written once. */
#ifndef CFR_SESSION_OUTPUT_H
#define CFR_SESSION_OUTPUT_H

#include "base/rv.h"

/**
 * What a caller passes for output: where it goes, or NULL to ask for the length, and how much room there is.
 */
struct cfr_output {
    CK_BYTE_PTR ptr;
    CK_ULONG_PTR len; /**< in: room at ptr, octets; out: octets written or needed */
};

/** Whether the caller asks for the length only. */
static inline bool cfr_output_is_query(const struct cfr_output *output)
{
    return output->ptr == NULL;
}

/** Report @p need octets: CKR_OK for a query, else CKR_BUFFER_TOO_SMALL. */
static inline CK_RV cfr_output_need(const struct cfr_output *output, size_t need)
{
    *output->len = need;
    return output->ptr == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;
}

/** Whether @p need octets have room. */
static inline bool cfr_output_fits(const struct cfr_output *output, size_t need)
{
    return output->ptr != NULL && *output->len >= need;
}

#endif
