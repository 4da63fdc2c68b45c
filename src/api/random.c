/* SPDX-License-Identifier: Apache-2.0 */
/* Random number generation functions (PKCS#11 5.19). */
#include "api/args.h"
#include "api/call.h"
#include "crypto/rng.h"

CK_RV cfr_do_C_SeedRandom(struct cfr_session *session, CK_BYTE_PTR pSeed, CK_ULONG ulSeedLen)
{
    (void)session;
    FAIL_UNLESS(pSeed != NULL || ulSeedLen == 0, CKR_ARGUMENTS_BAD);
    FAIL_UNLESS(ulSeedLen <= INT32_MAX, CKR_ARGUMENTS_BAD);
    return cfr_rng_add(cfr_span_of(pSeed, ulSeedLen));
}

CK_RV cfr_do_C_GenerateRandom(struct cfr_session *session, CK_BYTE_PTR RandomData, CK_ULONG ulRandomLen)
{
    (void)session;
    FAIL_UNLESS(RandomData != NULL || ulRandomLen == 0, CKR_ARGUMENTS_BAD);
    FAIL_UNLESS(ulRandomLen <= INT32_MAX, CKR_ARGUMENTS_BAD);
    return cfr_rng_fill(RandomData, ulRandomLen);
}
