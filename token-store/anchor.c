/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/anchor.h"

#include "base/buf.h"
#include "base/log.h"
#include "crypto/rng.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t magic[8] = {'C', 'F', 'R', 'A', 'N', 'C', 'H', '1'};

enum { FILE_LEN = sizeof(magic) + CFR_ANCHOR_LEN };

/* Whatever stands there is opened at once and looked at then: a pipe would wait for its other end. */
enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK };

/* A descriptor that AUTO(file) closes. */
struct cfr_file {
    int fd;
};

static void cfr_file_dropp(struct cfr_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
}

static CK_RV refuse(const char *path, const char *why)
{
    cfr_log(CFR_LOG_ERROR, "anchor %s: %s", path, why);
    return cfr_fail(CKR_DEVICE_ERROR, "anchor %.120s: %s", path, why);
}

static CK_RV read_open_file(int fd, const char *path, struct cfr_secret **ret_anchor)
{
    AUTO(secret) *content = NULL;
    struct stat status;
    ssize_t len;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        return refuse(path, "not a regular file");
    }
    if ((status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        return refuse(path, "others may read or write it");
    }
    TRY(cfr_secret_new(FILE_LEN + 1, &content));
    len = read(fd, cfr_secret_edit(content), FILE_LEN + 1);
    if (len != FILE_LEN || !cfr_span_equal(cfr_span_of(magic, sizeof(magic)),
                                           cfr_span_of(cfr_secret_view(content).ptr, sizeof(magic)))) {
        return refuse(path, "not an anchor file");
    }
    return cfr_secret_from(cfr_span_of(cfr_secret_view(content).ptr + sizeof(magic), CFR_ANCHOR_LEN),
                           ret_anchor);
}

/* The mode of the folder's other files: the group may write where it may write the folder. */
static mode_t mode_beside(const char *folder)
{
    struct stat status;

    return stat(folder, &status) == 0 && (status.st_mode & S_IWGRP) != 0 ? 0660 : 0600;
}

static bool write_new(const char *path, mode_t mode, struct cfr_span content)
{
    AUTO(file) file = {open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)};

    return file.fd >= 0 && fchmod(file.fd, mode) == 0 &&
           write(file.fd, content.ptr, content.len) == (ssize_t)content.len && fsync(file.fd) == 0;
}

static void sync_folder(const char *folder)
{
    AUTO(file) file = {open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

    if (file.fd >= 0) {
        (void)fsync(file.fd);
    }
}

/* "<folder of path>", NUL-terminated. */
static void put_folder(const char *path, struct cfr_buf *out)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL || slash == path) {
        cfr_buf_put(out, cfr_span_text(slash == NULL ? "." : "/"));
    } else {
        cfr_buf_put(out, cfr_span_of(path, (size_t)(slash - path)));
    }
    cfr_buf_put_u8(out, 0);
}

/* "<path>.new.<pid>", NUL-terminated. */
static void put_temporary(const char *path, struct cfr_buf *out)
{
    char suffix[32];

    (void)snprintf(suffix, sizeof(suffix), ".new.%ld", (long)getpid());
    cfr_buf_put(out, cfr_span_text(path));
    cfr_buf_put(out, cfr_span_of(suffix, strlen(suffix) + 1));
}

/*
 * Written whole under another name and then linked: of two processes at it, one wins, and no reader sees a
 * half.
 */
static CK_RV create(const char *path)
{
    AUTO(secret) *content = NULL;
    AUTO(secret) *anchor = NULL;
    AUTO(buf) folder = CFR_BUF(PATH_MAX);
    AUTO(buf) temporary = CFR_BUF(PATH_MAX + 32);
    const char *new_path;
    bool made;

    TRY(cfr_rng_secret(CFR_ANCHOR_LEN, &anchor));
    TRY(cfr_secret_from(cfr_span_of(magic, sizeof(magic)), &content));
    TRY(cfr_secret_append(&content, cfr_secret_view(anchor)));
    put_folder(path, &folder);
    put_temporary(path, &temporary);
    TRY(cfr_buf_check(&folder));
    TRY(cfr_buf_check(&temporary));
    new_path = (const char *)temporary.ptr;
    (void)unlink(new_path);
    made = write_new(new_path, mode_beside((const char *)folder.ptr), cfr_secret_view(content)) &&
           (link(new_path, path) == 0 || errno == EEXIST);
    (void)unlink(new_path);
    if (!made) {
        return refuse(path, "cannot be made");
    }
    sync_folder((const char *)folder.ptr);
    return CKR_OK;
}

CK_RV cfr_anchor_read(const char *path, bool may_create, struct cfr_secret **ret_anchor)
{
    AUTO(file) file = {open(path, OPEN_FLAGS)};

    if (file.fd < 0 && errno == ENOENT && may_create) {
        TRY(create(path));
        file.fd = open(path, OPEN_FLAGS);
    }
    if (file.fd < 0) {
        return refuse(path,
                      errno == ENOENT ? "missing: the store cannot be read without it" : "cannot be opened");
    }
    return read_open_file(file.fd, path, ret_anchor);
}
