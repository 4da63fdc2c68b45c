/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#ifdef CFR_FAULTS
#include <stdatomic.h>

static struct {
    atomic_ulong left; /* calls until the failure, the failing one included; 0: disarmed */
    atomic_bool fired;
} faults[CFR_FAULT_KINDS];

bool cfr_fault_hit(enum cfr_fault_kind kind)
{
    unsigned long left = atomic_load_explicit(&faults[kind].left, memory_order_relaxed);

    while (left != 0) {
        if (atomic_compare_exchange_weak(&faults[kind].left, &left, left - 1)) {
            if (left == 1) {
                atomic_store(&faults[kind].fired, true);
            }
            return left == 1;
        }
    }
    return false;
}

void cfr_fault_arm(enum cfr_fault_kind kind, uint64_t nth)
{
    atomic_store(&faults[kind].fired, false);
    atomic_store(&faults[kind].left, nth);
}

bool cfr_fault_fired(enum cfr_fault_kind kind)
{
    return atomic_load(&faults[kind].fired);
}
#endif
