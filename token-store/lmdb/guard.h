/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps LMDB and its surroundings from harming each other: one environment per data file and process,
 * and descriptors that are still the files they were when LMDB opened them.
 *
 * LMDB's record locks belong to the process: opening a store twice in it and closing one of the two silently
 * unlocks the other, also when the two belong to two copies of this module. Each instance therefore holds an
 * open file description lock on one octet of the file `guard`, at the offset of its pid. A forked child has
 * its own pid and so its own octet; two processes with one pid, in two pid namespaces, exclude each other, as
 * they must, because LMDB tells readers apart by pid.
 *
 * A host that closes descriptors it does not know (daemons do) makes LMDB write pages into whatever file gets
 * the number next. That is why they are compared with the files before each write and before they are closed.
 */
#ifndef CFR_LMDB_GUARD_H
#define CFR_LMDB_GUARD_H

#include "token-store/lmdb/place.h"
#include "token-store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/** A descriptor and the file that it is to be. @c fd is -1 for none. */
struct cfr_guard_file {
    int fd;
    dev_t dev;
    ino_t ino;
};

/**
 * The descriptors of one store. LMDB opens the data file twice: to write, and to write meta pages in sync.
 */
enum cfr_guard_role { CFR_GUARD_OWN, CFR_GUARD_LOCK, CFR_GUARD_DATA, CFR_GUARD_META, CFR_GUARD_FILES };

/** One open store of this process. */
struct cfr_guard {
    struct cfr_guard_file files[CFR_GUARD_FILES];
    pid_t pid;
    uint32_t generation; /**< cfr_proc_generation() when taken */
};

/**
 * Become the only instance in this process that has the store in @p place open. What a parent process or a
 * forgotten instance of this one left in the descriptor table is closed first, where it is still the same
 * file.
 *
 * @param data  the data file's identity
 * @return OK, INUSE, UNAVAIL, FULL; the log says which
 */
enum cfr_store_status cfr_guard_take(const struct cfr_place *place, const struct stat *data,
                                     struct cfr_guard **ret_guard);

/**
 * Find the descriptors that LMDB has just opened. No system interface tells them, so the descriptor table is
 * walked; cfr_guard_take() has closed what could be taken for them.
 *
 * @param data_fd  as mdb_env_get_fd() has it
 * @param lock     the lock file's identity
 * @return OK, UNAVAIL
 */
enum cfr_store_status cfr_guard_learn(struct cfr_guard *guard, int data_fd, const struct stat *lock);

/**
 * Whether every descriptor is still the file it was and this is still the process that opened them.
 *
 * @param[out] ret_data  the data file's state, when true
 */
bool cfr_guard_is_intact(const struct cfr_guard *guard, struct stat *ret_data);

/**
 * Close those of LMDB's descriptors that are still its files: for an environment that is given up without
 * mdb_env_close(), which would close numbers that now belong to the host.
 */
void cfr_guard_close_files(struct cfr_guard *guard);

/**
 * Give the store up for others to open. The lock is undone by name and not by closing, because a forked child
 * may still hold a share of the description. LMDB's descriptors are not closed. NULL is accepted.
 */
void cfr_guard_drop(struct cfr_guard *guard);

#endif
