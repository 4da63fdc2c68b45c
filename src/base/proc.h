/* SPDX-License-Identifier: Apache-2.0 */
/* Which process this is. A forked child must not touch what its parent opened, locked or unlocked. */
#ifndef CFR_BASE_PROC_H
#define CFR_BASE_PROC_H

#include "base/rv.h"

#include <stdatomic.h>
#include <stdint.h>

/** Number of forks between the process that called cfr_proc_watch() and this one; private to proc.c. */
extern atomic_uint cfr_proc_forks;

/**
 * Start counting forks. Idempotent, any thread. The handler only adds one: it takes no lock and calls
 * nothing, so a child of a multi-threaded host cannot hang in it. It stays for the life of the process (-z
 * nodelete).
 *
 * @retval CKR_HOST_MEMORY  the handler could not be registered
 */
NODISCARD CK_RV cfr_proc_watch(void);

/** The count; differs between a parent and its children. Lock-free, no system call. */
static inline uint32_t cfr_proc_generation(void)
{
    return atomic_load_explicit(&cfr_proc_forks, memory_order_relaxed);
}

#endif
