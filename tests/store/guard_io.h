/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that fail on purpose: guard_test is linked with --wrap for each of them, LMDB's calls
 * included. */
#ifndef CFR_TESTS_STORE_GUARD_IO_H
#define CFR_TESTS_STORE_GUARD_IO_H

#include <stdbool.h>

/** Which calls; joined by |. */
enum guard_io_call {
    GUARD_IO_OPEN = 1,   /* open, openat, mkdir */
    GUARD_IO_STAT = 2,   /* fstat, fstatfs */
    GUARD_IO_MAP = 4,    /* mmap */
    GUARD_IO_READ = 8,   /* pread */
    GUARD_IO_WRITE = 16, /* pwrite, writev */
    GUARD_IO_META = 128, /* the one of LMDB's writes that is shorter than a page */
    GUARD_IO_SYNC = 32,  /* fsync, fdatasync */
    GUARD_IO_FILE = 64,  /* ftruncate, fchmod, lseek, fcntl */
    GUARD_IO_ANY = 255
};

/** Let call number @p nth of @p calls from now on fail with @p error, once; 0 disarms. */
void guard_io_fail(unsigned calls, unsigned nth, int error);

/** Whether it has. */
bool guard_io_fired(void);

/** What fstatfs(2) tells from now on; 0 for the truth. */
void guard_io_pretend_fs(unsigned long magic);

/** Calls of malloc, calloc and realloc by the backend and by LMDB since the program began. */
unsigned long guard_io_allocations(void);

#endif
