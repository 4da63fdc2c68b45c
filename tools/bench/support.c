/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bench_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t bench_thread_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void bench_sleep_until(int64_t at_ns)
{
    struct timespec at = {.tv_sec = (time_t)(at_ns / 1000000000), .tv_nsec = (long)(at_ns % 1000000000)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
    }
}

static void say(const char *before, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static void say(const char *before, const char *format, va_list args)
{
    fputs(before, stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void bench_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("coffer-bench: ", format, args);
    va_end(args);
    exit(BENCH_EXIT_FATAL);
}

void bench_wrong(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("coffer-bench: WRONG RESULT: ", format, args);
    va_end(args);
    exit(BENCH_EXIT_WRONG);
}

void bench_say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("", format, args);
    va_end(args);
}

void *bench_alloc(size_t len)
{
    void *memory = calloc(1, len == 0 ? 1 : len);

    if (memory == NULL) {
        bench_die("out of memory");
    }
    return memory;
}

void *bench_copy(const void *from, size_t len)
{
    void *memory = bench_alloc(len);

    if (len != 0) {
        memcpy(memory, from, len);
    }
    return memory;
}

char *bench_text(const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        bench_die("out of memory");
    }
    va_end(args);
    return text;
}

/* The figure in kB that follows @p field in a file of /proc, in octets. */
static size_t proc_field(const char *path, const char *field)
{
    FILE *file = fopen(path, "re");
    char line[256];
    size_t found = 0;
    const size_t field_len = strlen(field);

    if (file == NULL) {
        return 0;
    }
    while (found == 0 && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, field, field_len) == 0) {
            found = strtoul(line + field_len, NULL, 10) * 1024;
        }
    }
    fclose(file);
    return found;
}

size_t bench_anon_len(void)
{
    /* The counters in "status" lag by up to 64 pages a CPU; this file is summed up when it is read. */
    const size_t exact = proc_field("/proc/self/smaps_rollup", "Anonymous:");

    return exact != 0 ? exact : proc_field("/proc/self/status", "RssAnon:");
}

size_t bench_peak_len(void)
{
    return proc_field("/proc/self/status", "VmHWM:");
}

static uint64_t disk_total; /* nftw() hands its callback no context */

static int disk_add(const char *path, const struct stat *entry, int kind, struct FTW *place)
{
    (void)path;
    (void)place;
    if (kind == FTW_F) {
        disk_total += (uint64_t)entry->st_blocks * 512;
    }
    return 0;
}

uint64_t bench_disk_len(const char *folder)
{
    disk_total = 0;
    return nftw(folder, disk_add, 16, FTW_PHYS) == 0 ? disk_total : 0;
}

double bench_load(void)
{
    double load = 0;

    return getloadavg(&load, 1) == 1 ? load : 0;
}

bool bench_read_all(int fd, void *to, size_t len)
{
    unsigned char *at = to;

    while (len != 0) {
        const ssize_t got = read(fd, at, len);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
    }
    return true;
}

bool bench_write_all(int fd, const void *from, size_t len)
{
    const unsigned char *at = from;

    while (len != 0) {
        const ssize_t put = write(fd, at, len);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        if (put > 0) {
            at += put;
            len -= (size_t)put;
        }
    }
    return true;
}
