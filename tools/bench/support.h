/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks, fatal errors, allocation, and what the system says about this process, its load and a folder.
 * Knows nothing of PKCS#11 or OpenSSL.
 */
#ifndef BENCH_SUPPORT_H
#define BENCH_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BENCH_EXIT_FATAL = 2,      /* the benchmark itself cannot go on */
    BENCH_EXIT_INCOMPLETE = 3, /* the token could not be filled as asked */
    BENCH_EXIT_WRONG = 4,      /* the module gave a wrong result: no figure of the run counts */
};

/** Monotonic time in ns, the same for all processes of the machine. */
int64_t bench_now_ns(void);

/** CPU time of the calling thread, ns. */
int64_t bench_thread_cpu_ns(void);

/** Sleep until @p at_ns of bench_now_ns(); returns at once if that is past. */
void bench_sleep_until(int64_t at_ns);

/** Print one line to stderr and end the process with BENCH_EXIT_FATAL. */
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The same for a wrong result, with BENCH_EXIT_WRONG. */
_Noreturn void bench_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Print one line to stderr. */
void bench_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Zeroed memory; ends the process when there is none. Released with free(). */
void *bench_alloc(size_t len);

/** A copy of @p len octets made with bench_alloc(). */
void *bench_copy(const void *from, size_t len);

/** printf into fresh memory, released with free(). */
char *bench_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Anonymous (private, written) memory of this process in octets; 0 when the kernel does not say. */
size_t bench_anon_len(void);

/** Peak resident memory of this process in octets; 0 when the kernel does not say. */
size_t bench_peak_len(void);

/** Octets that the blocks of all files under @p folder take on disk. */
uint64_t bench_disk_len(const char *folder);

/** Load average of the last minute. */
double bench_load(void);

/** Read exactly @p len octets; false at the end of the stream or on an error. */
bool bench_read_all(int fd, void *to, size_t len);

/** Write exactly @p len octets. */
bool bench_write_all(int fd, const void *from, size_t len);

#endif
