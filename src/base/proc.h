/* SPDX-License-Identifier: Apache-2.0 */
/* Which process this is. A forked child must not touch what its parent opened, locked or unlocked. */
#ifndef CFR_BASE_PROC_H
#define CFR_BASE_PROC_H

#include "base/rv.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
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

/**
 * Read memory of this process of which nobody knows whether it is there: an address that came as a number. One system
 * call.
 *
 * @retval false  it cannot be read, or the system does not let us try
 */
NODISCARD bool cfr_proc_read(uintptr_t address, void *to, size_t len);

/** The count; differs between a parent and its children. Lock-free, no system call. */
static inline uint32_t cfr_proc_generation(void)
{
    return atomic_load_explicit(&cfr_proc_forks, memory_order_relaxed);
}

#endif
