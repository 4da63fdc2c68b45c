/* SPDX-License-Identifier: Apache-2.0 */
#include "store/guard_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/vfs.h>

enum { SHORT_LEN = 512 };

static struct {
    atomic_uint calls;
    atomic_uint left; /* calls until the failure, the failing one included; 0: disarmed */
    atomic_int error;
    atomic_bool fired;
} plan;

static atomic_ulong allocations;
static unsigned long pretended_fs;

void guard_io_fail(unsigned calls, unsigned nth, int error)
{
    atomic_store(&plan.left, 0);
    atomic_store(&plan.calls, calls);
    atomic_store(&plan.error, error);
    atomic_store(&plan.fired, false);
    atomic_store(&plan.left, nth);
}

bool guard_io_fired(void)
{
    return atomic_load(&plan.fired);
}

void guard_io_pretend_fs(unsigned long magic)
{
    pretended_fs = magic;
}

unsigned long guard_io_allocations(void)
{
    return atomic_load(&allocations);
}

static bool hit(enum guard_io_call call)
{
    unsigned left = atomic_load(&plan.left);

    if ((atomic_load(&plan.calls) & (unsigned)call) == 0) {
        return false;
    }
    while (left != 0) {
        if (atomic_compare_exchange_weak(&plan.left, &left, left - 1)) {
            if (left == 1) {
                atomic_store(&plan.fired, true);
                errno = atomic_load(&plan.error);
            }
            return left == 1;
        }
    }
    return false;
}

/* name, what fails it, what a failure returns, result, parameters, arguments */
#define WRAP(name, call, failure, result, parameters, arguments)                                             \
    result __real_##name parameters;                                                                         \
    result __wrap_##name parameters;                                                                         \
    result __wrap_##name parameters                                                                          \
    {                                                                                                        \
        return hit(call) ? (failure) : __real_##name arguments;                                              \
    }

/* clang-format off */
WRAP(mkdir,     GUARD_IO_OPEN,  -1, int, (const char *path, mode_t mode), (path, mode))
WRAP(fstat,     GUARD_IO_STAT,  -1, int, (int fd, struct stat *info), (fd, info))
WRAP(mmap,      GUARD_IO_MAP,   MAP_FAILED, void *,
     (void *address, size_t len, int protection, int flags, int fd, off_t at), (address, len, protection, flags, fd, at))
WRAP(pread,     GUARD_IO_READ,  -1, ssize_t, (int fd, void *to, size_t len, off_t at), (fd, to, len, at))
WRAP(pwrite,    len < SHORT_LEN ? GUARD_IO_META : GUARD_IO_WRITE, -1, ssize_t, (int fd, const void *from, size_t len, off_t at),
     (fd, from, len, at))
WRAP(writev,    GUARD_IO_WRITE, -1, ssize_t, (int fd, const struct iovec *from, int count), (fd, from, count))
WRAP(fsync,     GUARD_IO_SYNC,  -1, int, (int fd), (fd))
WRAP(fdatasync, GUARD_IO_SYNC,  -1, int, (int fd), (fd))
WRAP(ftruncate, GUARD_IO_FILE,  -1, int, (int fd, off_t len), (fd, len))
WRAP(fchmod,    GUARD_IO_FILE,  -1, int, (int fd, mode_t mode), (fd, mode))
WRAP(lseek,     GUARD_IO_FILE,  -1, off_t, (int fd, off_t at, int whence), (fd, at, whence))
/* clang-format on */

int __real_fstatfs(int fd, struct statfs *fs);
int __wrap_fstatfs(int fd, struct statfs *fs);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

int __wrap_fstatfs(int fd, struct statfs *fs)
{
    int failed = hit(GUARD_IO_STAT) ? -1 : __real_fstatfs(fd, fs);

    if (failed == 0 && pretended_fs != 0) {
        fs->f_type = (__typeof__(fs->f_type))pretended_fs;
    }
    return failed;
}

/* A mode that is not there is not looked at. */
int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    int mode = 0;

    va_start(args, flags);
    if ((flags & O_CREAT) != 0) {
        mode = va_arg(args, int);
    }
    va_end(args);
    return hit(GUARD_IO_OPEN) ? -1 : __real_open(path, flags, mode);
}

int __wrap_openat(int folder, const char *path, int flags, ...)
{
    va_list args;
    int mode = 0;

    va_start(args, flags);
    if ((flags & O_CREAT) != 0) {
        mode = va_arg(args, int);
    }
    va_end(args);
    return hit(GUARD_IO_OPEN) ? -1 : __real_openat(folder, path, flags, mode);
}

/* The commands in use have a pointer, a number or nothing; each fits a pointer. */
int __wrap_fcntl(int fd, int command, ...)
{
    va_list args;
    void *argument;

    va_start(args, command);
    argument = va_arg(args, void *);
    va_end(args);
    return hit(GUARD_IO_FILE) ? -1 : __real_fcntl(fd, command, argument);
}

void *__wrap_malloc(size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    atomic_fetch_add(&allocations, 1);
    return __real_realloc(memory, size);
}
