/* SPDX-License-Identifier: Apache-2.0 */
/* Which process this is. A forked child must not touch what its parent opened, locked or unlocked. */
#ifndef CFR_BASE_PROC_H
#define CFR_BASE_PROC_H

#include "base/rv.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Private to proc.c and the functions below. */
extern atomic_uint cfr_proc_lives;
extern atomic_uint cfr_proc_forks;

/**
 * Start counting forks. Idempotent, any thread. Without a keeper the handlers only add: they take no lock and call
 * nothing, so a child of a multi-threaded host cannot hang in them. They stay for the life of the process (-z
 * nodelete).
 *
 * @retval CKR_HOST_MEMORY  the handlers could not be registered
 */
NODISCARD CK_RV cfr_proc_watch(void);

/** Who makes what is open survive a fork. All three are called by the thread that forks. */
struct cfr_proc_keeper {
    /** Before it: bring everything into a state that the child can go on with. False: this fork is not kept. */
    bool (*prepare)(void);
    void (*parent)(void); /**< after a fork that prepare() said true to, or that failed then */
    void (*child)(void);  /**< likewise; may only do what a signal handler may */
};

/** Who keeps; NULL, as at first: nobody. @p keeper is constant data. */
void cfr_proc_keep(const struct cfr_proc_keeper *keeper);

/**
 * Read memory of this process of which nobody knows whether it is there: an address that came as a number. One system
 * call.
 *
 * @retval false  it cannot be read, or the system does not let us try
 */
NODISCARD bool cfr_proc_read(uintptr_t address, void *to, size_t len);

/**
 * The process generation: differs between a parent and its children that cannot use what it had open. Lock-free, no
 * system call.
 */
static inline uint32_t cfr_proc_generation(void)
{
    return atomic_load_explicit(&cfr_proc_lives, memory_order_relaxed);
}

/**
 * The same, but differs between a parent and every child: for what two processes must not both use, although both
 * have it.
 */
static inline uint32_t cfr_proc_fork_count(void)
{
    return atomic_load_explicit(&cfr_proc_forks, memory_order_relaxed);
}

#endif
