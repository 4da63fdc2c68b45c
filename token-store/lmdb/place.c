/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/lmdb/place.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

/*
 * <linux/magic.h> has most of these, but not all, and not on every machine that has a kernel which knows
 * them.
 */
static const unsigned long local_fs[] = {
    0x0000EF53UL, /* ext2, ext3, ext4 */
    0x58465342UL, /* xfs */
    0x9123683EUL, /* btrfs */
    0x2FC12FC1UL, /* zfs */
    0x01021994UL, /* tmpfs */
    0x858458F6UL, /* ramfs */
    0x794C7630UL, /* overlayfs: containers */
    0xF2F52010UL, /* f2fs */
    0xCA451A4EUL, /* bcachefs */
    0x3153464AUL, /* jfs */
    0x52654973UL, /* reiserfs */
    0x00003434UL, /* nilfs */
    0x24051905UL, /* ubifs */
};

bool cfr_place_fs_is_local(unsigned long magic)
{
    for (size_t i = 0; i < sizeof(local_fs) / sizeof(local_fs[0]); i++) {
        if (local_fs[i] == magic) {
            return true;
        }
    }
    return false;
}

enum cfr_store_status cfr_place_status(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG ? CFR_STORE_FULL : CFR_STORE_UNAVAIL;
}

static enum cfr_store_status refuse(const char *path, const char *name, const char *why)
{
    cfr_log(CFR_LOG_ERROR, "store %s: refused: %s%s%s", path, name, *name == '\0' ? "" : " ", why);
    return CFR_STORE_UNAVAIL;
}

static enum cfr_store_status fail(const char *path, const char *name, const char *what)
{
    enum cfr_store_status status = cfr_place_status(errno);

    cfr_log(CFR_LOG_ERROR, "store %s: %s%s%s: %s", path, what, *name == '\0' ? "" : " ", name,
            strerror(errno));
    return status;
}

static enum cfr_store_status check_folder(const struct cfr_place *place, bool allow_remote_fs)
{
    const struct stat *info = &place->info;
    struct stat parent;
    struct statfs fs;

    if ((info->st_mode & S_IWOTH) != 0 && ((info->st_mode & S_ISVTX) == 0 || info->st_uid != geteuid())) {
        return refuse(place->path, "", "anyone may write in this folder");
    }
    if (fstatat(place->fd, "..", &parent, 0) != 0) {
        return fail(place->path, "", "cannot examine the parent folder");
    }
    if ((parent.st_mode & S_IWOTH) != 0 && (parent.st_mode & S_ISVTX) == 0) {
        return refuse(place->path, "", "anyone may write in the parent folder and so replace this one");
    }
    if (allow_remote_fs) {
        return CFR_STORE_OK;
    }
    if (fstatfs(place->fd, &fs) != 0) {
        return fail(place->path, "", "cannot examine the file system");
    }
    if (!cfr_place_fs_is_local((unsigned long)fs.f_type)) {
        cfr_log(
            CFR_LOG_ERROR,
            "store %s: refused: file system type %#lx is not known to be local; LMDB must not be used on a "
            "network file system: share the store through the broker instead",
            place->path, (unsigned long)fs.f_type);
        return CFR_STORE_UNAVAIL;
    }
    return CFR_STORE_OK;
}

enum cfr_store_status cfr_place_open(const char *path, bool allow_remote_fs, struct cfr_place *ret_place)
{
    struct cfr_place place = {.path = path};
    enum cfr_store_status status;

    if (mkdir(path, 0700) == 0) {
        place.is_made = true;
    } else if (errno != EEXIST) {
        return fail(path, "", "cannot make the folder");
    }
    place.fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place.fd < 0) {
        return fail(path, "", "cannot open the folder (a symbolic link is not followed)");
    }
    if (fstat(place.fd, &place.info) != 0) {
        status = fail(path, "", "cannot examine the folder");
    } else {
        status = check_folder(&place, allow_remote_fs);
    }
    if (status != CFR_STORE_OK) {
        close(place.fd);
        return status;
    }
    place.file_mode = (place.info.st_mode & S_IWGRP) != 0 ? 0660 : 0600;
    *ret_place = place;
    return CFR_STORE_OK;
}

void cfr_place_close(struct cfr_place *place)
{
    if (place->fd >= 0) {
        close(place->fd);
        place->fd = -1;
    }
}

/* Whatever the umask is. What root makes in another's folder stays usable for that folder's owner. */
static enum cfr_store_status settle_new_file(const struct cfr_place *place, const char *name, int fd)
{
    if (fchmod(fd, place->file_mode) != 0) {
        return fail(place->path, name, "cannot set the mode of");
    }
    if (geteuid() == 0 && place->info.st_uid != 0 &&
        fchown(fd, place->info.st_uid, place->info.st_gid) != 0) {
        return fail(place->path, name, "cannot give the folder's owner the file");
    }
    return CFR_STORE_OK;
}

static enum cfr_store_status check_file(const struct cfr_place *place, const char *name, int fd,
                                        const struct stat *info)
{
    if (!S_ISREG(info->st_mode)) {
        return refuse(place->path, name, "is not a regular file");
    }
    if ((info->st_mode & S_IRWXO) == 0) {
        return CFR_STORE_OK;
    }
    if (fchmod(fd, info->st_mode & 0770) != 0) {
        if ((info->st_mode & S_IWOTH) != 0) {
            return refuse(place->path, name, "may be written by anyone and belongs to someone else");
        }
        cfr_log(CFR_LOG_WARN, "store %s: %s may be read by anyone: %s", place->path, name, strerror(errno));
        return CFR_STORE_OK;
    }
    cfr_log(CFR_LOG_WARN, "store %s: %s had mode %04o, is now closed to others", place->path, name,
            (unsigned)info->st_mode & 07777U);
    return CFR_STORE_OK;
}

enum cfr_store_status cfr_place_open_file(const struct cfr_place *place, const char *name, int *ret_fd,
                                          struct stat *ret_info)
{
    /* O_NONBLOCK: a named pipe in place of the file must not hang us before it is seen to be one. */
    int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = openat(place->fd, name, flags | O_CREAT | O_EXCL, place->file_mode);
    bool is_new = fd >= 0;
    enum cfr_store_status status;
    struct stat info;

    if (!is_new && errno == EEXIST) {
        fd = openat(place->fd, name, flags);
    }
    if (fd < 0) {
        return fail(place->path, name, "cannot open (a symbolic link is not followed)");
    }
    status = is_new ? settle_new_file(place, name, fd) : CFR_STORE_OK;
    if (status == CFR_STORE_OK) {
        status = fstat(fd, &info) == 0 ? check_file(place, name, fd, &info)
                                       : fail(place->path, name, "cannot examine");
    }
    if (status != CFR_STORE_OK) {
        close(fd);
        return status;
    }
    *ret_fd = fd;
    *ret_info = info;
    return CFR_STORE_OK;
}

enum cfr_store_status cfr_place_sync(const struct cfr_place *place, int fd)
{
    int parent;
    int failed;

    if (fsync(fd) != 0 || fsync(place->fd) != 0) {
        return fail(place->path, "", "cannot sync");
    }
    if (!place->is_made) {
        return CFR_STORE_OK;
    }
    parent = openat(place->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0) {
        /* Not readable for us; the folder's own entry is then as durable as the file system makes it. */
        return CFR_STORE_OK;
    }
    failed = fsync(parent);
    close(parent);
    return failed == 0 ? CFR_STORE_OK : fail(place->path, "", "cannot sync the parent folder");
}
