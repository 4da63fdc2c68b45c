/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failing on purpose: the nth-failure tests make the first, second, third … allocation, libcrypto call or
 * store call fail and check that nothing is lost or leaked. Without CFR_FAULTS the hook is the constant
 * false.
 */
#ifndef CFR_BASE_FAULT_H
#define CFR_BASE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum cfr_fault_kind { CFR_FAULT_MEMORY, CFR_FAULT_CRYPTO, CFR_FAULT_STORE, CFR_FAULT_KINDS };

#ifdef CFR_FAULTS
/** True when the thing about to be done is to fail. Counts it otherwise. Any thread. */
bool cfr_fault_hit(enum cfr_fault_kind kind);

/** Let call number @p nth of @p kind from now on fail, once; 0 disarms. */
void cfr_fault_arm(enum cfr_fault_kind kind, uint64_t nth);

/** Whether the armed failure has happened since cfr_fault_arm(). */
bool cfr_fault_fired(enum cfr_fault_kind kind);
#else
static inline bool cfr_fault_hit(enum cfr_fault_kind kind)
{
    (void)kind;
    return false;
}
#endif

#endif
