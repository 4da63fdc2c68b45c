/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/lmdb/guard.h"

#include "base/log.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    STORES_MAX = 32, /* open stores of one process */
    STAT_TRIES_MAX = 3,
    SCAN_MAX_FDS =
        1 << 20 /* bound on the walk where RLIMIT_NOFILE has none; it ends at the last one looked for */
};

/*
 * The stores that this copy of the module has open in this process. A forked child inherits the entries of
 * its parent and knows them by their pid and generation. No lock: a child may find one held for ever.
 */
static struct entry {
    atomic_int state;
    struct cfr_guard guard; /* read by other threads while LIVE: process, and identity of the data file */
} entries[STORES_MAX];

enum { FREE, FILLING, LIVE };

static bool is_own(const struct cfr_guard *guard)
{
    return guard->generation == cfr_proc_generation() && guard->pid == getpid();
}

/* A passing failure, for want of memory say, is no sign that the descriptor is another's. */
static bool is_file(const struct cfr_guard_file *file, struct stat *ret_info)
{
    int failed = -1;

    for (int i = 0; file->fd >= 0 && failed != 0 && i < STAT_TRIES_MAX; i++) {
        failed = fstat(file->fd, ret_info);
        if (failed != 0 && errno == EBADF) {
            return false;
        }
    }
    return failed == 0 && ret_info->st_dev == file->dev && ret_info->st_ino == file->ino;
}

static void close_if_same(struct cfr_guard_file *file)
{
    struct stat info;

    if (is_file(file, &info)) {
        close(file->fd);
    }
    file->fd = -1;
}

void cfr_guard_close_files(struct cfr_guard *guard)
{
    for (int role = CFR_GUARD_LOCK; role < CFR_GUARD_FILES; role++) {
        close_if_same(&guard->files[role]);
    }
}

static struct entry *entry_of(struct cfr_guard *guard)
{
    return (struct entry *)(void *)((uint8_t *)guard - offsetof(struct entry, guard));
}

/*
 * A child closes what it inherited before it opens the store itself: its parent's locks do not hang on the
 * child's descriptors, except that a description shared with a parent that has died would keep that pid's
 * octet locked.
 */
static void close_inherited(void)
{
    for (int i = 0; i < STORES_MAX; i++) {
        struct cfr_guard *guard = &entries[i].guard;

        if (atomic_load(&entries[i].state) != LIVE || is_own(guard)) {
            continue;
        }
        cfr_guard_close_files(guard);
        close_if_same(&guard->files[CFR_GUARD_OWN]);
        atomic_store(&entries[i].state, FREE);
    }
}

static bool is_open_here(const struct stat *data)
{
    for (int i = 0; i < STORES_MAX; i++) {
        const struct cfr_guard_file *file = &entries[i].guard.files[CFR_GUARD_DATA];

        if (atomic_load(&entries[i].state) == LIVE && file->dev == data->st_dev &&
            file->ino == data->st_ino) {
            return true;
        }
    }
    return false;
}

static struct entry *entry_take(void)
{
    for (int i = 0; i < STORES_MAX; i++) {
        int expected = FREE;

        if (atomic_compare_exchange_strong(&entries[i].state, &expected, FILLING)) {
            return &entries[i];
        }
    }
    return NULL;
}

static int lock_octet(int fd, pid_t pid, short type)
{
    struct flock octet = {.l_type = type, .l_whence = SEEK_SET, .l_start = pid, .l_len = 1};
    int failed;

    do {
        failed = fcntl(fd, F_OFD_SETLK, &octet);
    } while (failed != 0 && errno == EINTR);
    return failed;
}

static enum cfr_store_status explain_lock(const struct cfr_place *place, pid_t pid)
{
    if (errno != EAGAIN && errno != EACCES) {
        cfr_log(CFR_LOG_ERROR, "store %s: cannot lock %s: %s", place->path, CFR_PLACE_GUARD_FILE,
                strerror(errno));
        return CFR_STORE_UNAVAIL;
    }
    cfr_log(
        CFR_LOG_ERROR,
        "store %s: in use: octet %ld of %s is locked. Either another copy of this module has the store open "
        "in this process, or another process that also has pid %ld has it open, in another container (pid "
        "namespace). Load one copy only; share a store between containers through the broker's socket",
        place->path, (long)pid, CFR_PLACE_GUARD_FILE, (long)pid);
    return CFR_STORE_INUSE;
}

/* @p file->fd is closed again unless the octet of @p pid was locked. */
static enum cfr_store_status take_octet(const struct cfr_place *place, pid_t pid, struct cfr_guard_file *file)
{
    enum cfr_store_status status;
    struct stat info;

    status = cfr_place_open_file(place, CFR_PLACE_GUARD_FILE, &file->fd, &info);
    if (status != CFR_STORE_OK) {
        return status;
    }
    file->dev = info.st_dev;
    file->ino = info.st_ino;
    if (lock_octet(file->fd, pid, F_WRLCK) != 0) {
        status = explain_lock(place, pid);
        close(file->fd);
        file->fd = -1;
    }
    return status;
}

enum cfr_store_status cfr_guard_take(const struct cfr_place *place, const struct stat *data,
                                     struct cfr_guard **ret_guard)
{
    enum cfr_store_status status;
    struct entry *entry;

    close_inherited();
    if (is_open_here(data)) {
        cfr_log(CFR_LOG_ERROR, "store %s: in use: this process has it open already", place->path);
        return CFR_STORE_INUSE;
    }
    entry = entry_take();
    if (entry == NULL) {
        cfr_log(CFR_LOG_ERROR, "store %s: this process has %d other stores open", place->path, STORES_MAX);
        return CFR_STORE_UNAVAIL;
    }
    entry->guard = (struct cfr_guard){.pid = getpid(), .generation = cfr_proc_generation()};
    for (int role = 0; role < CFR_GUARD_FILES; role++) {
        entry->guard.files[role].fd = -1;
    }
    status = take_octet(place, entry->guard.pid, &entry->guard.files[CFR_GUARD_OWN]);
    if (status != CFR_STORE_OK) {
        atomic_store(&entry->state, FREE);
        return status;
    }
    entry->guard.files[CFR_GUARD_DATA] = (struct cfr_guard_file){-1, data->st_dev, data->st_ino};
    atomic_store(&entry->state, LIVE);
    *ret_guard = &entry->guard;
    return CFR_STORE_OK;
}

/* LMDB's second descriptor on the data file only writes; the one on the lock file reads and writes. */
static bool claim(struct cfr_guard *guard, int fd, const struct stat *lock)
{
    const struct cfr_guard_file *data = &guard->files[CFR_GUARD_DATA];
    struct cfr_guard_file *role = NULL;
    struct stat info;
    int mode;

    if (fd == data->fd || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return false;
    }
    mode = fcntl(fd, F_GETFL) & O_ACCMODE;
    if (info.st_dev == data->dev && info.st_ino == data->ino && mode == O_WRONLY) {
        role = &guard->files[CFR_GUARD_META];
    } else if (info.st_dev == lock->st_dev && info.st_ino == lock->st_ino && mode == O_RDWR) {
        role = &guard->files[CFR_GUARD_LOCK];
    }
    if (role == NULL || role->fd >= 0) {
        return false;
    }
    *role = (struct cfr_guard_file){fd, info.st_dev, info.st_ino};
    return true;
}

enum cfr_store_status cfr_guard_learn(struct cfr_guard *guard, int data_fd, const struct stat *lock)
{
    struct rlimit limit;
    int last = SCAN_MAX_FDS;
    int wanted = 2;

    guard->files[CFR_GUARD_DATA].fd = data_fd;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)last) {
        last = (int)limit.rlim_cur;
    }
    for (int fd = 0; fd < last && wanted > 0; fd++) {
        wanted -= claim(guard, fd, lock) ? 1 : 0;
    }
    if (wanted > 0) {
        cfr_log(CFR_LOG_ERROR,
                "store: LMDB's descriptors are not where they were opened; the host closes them?");
        return CFR_STORE_UNAVAIL;
    }
    return CFR_STORE_OK;
}

bool cfr_guard_is_intact(const struct cfr_guard *guard, struct stat *ret_data)
{
    struct stat info;

    if (!is_own(guard)) {
        return false;
    }
    for (int role = 0; role < CFR_GUARD_FILES; role++) {
        if (!is_file(&guard->files[role], role == CFR_GUARD_DATA ? ret_data : &info)) {
            return false;
        }
    }
    return true;
}

void cfr_guard_drop(struct cfr_guard *guard)
{
    struct cfr_guard_file *own;
    struct stat info;

    if (guard == NULL) {
        return;
    }
    own = &guard->files[CFR_GUARD_OWN];
    if (is_own(guard) && is_file(own, &info)) {
        (void)lock_octet(own->fd, guard->pid, F_UNLCK);
        close(own->fd);
    }
    atomic_store(&entry_of(guard)->state, FREE);
}
