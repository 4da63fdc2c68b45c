/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 1000 };
enum { TO_STDERR, TO_SYSLOG, TO_FILE };

atomic_int cfr_log_threshold;

static atomic_int log_target = TO_STDERR;

/*
 * The file, and its descriptor, which a host may close or give away at any time: by its device and inode we know
 * whether it is ours yet.
 */
static struct {
    struct cfr_turn turn; /* guards the rest */
    char path[PATH_MAX];
    int fd; /* above stderr's; 0: not open */
    dev_t device;
    ino_t inode;
} file;

static const struct {
    const char *name;
    int syslog_priority;
} levels[] = {
    [CFR_LOG_OFF] = {"off", 0},
    [CFR_LOG_ERROR] = {"error", LOG_ERR},
    [CFR_LOG_WARN] = {"warn", LOG_WARNING},
    [CFR_LOG_INFO] = {"info", LOG_INFO},
    [CFR_LOG_DEBUG] = {"debug", LOG_DEBUG},
};

static int level_of(const char *name, size_t len)
{
    for (int i = 0; i <= CFR_LOG_DEBUG; i++) {
        if (strlen(levels[i].name) == len && strncmp(levels[i].name, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

static bool is_file_open(void)
{
    struct stat status;

    return file.fd != 0 && fstat(file.fd, &status) == 0 && status.st_dev == file.device &&
           status.st_ino == file.inode;
}

/* In turn. What is no longer ours is left alone. */
static void close_file(void)
{
    if (is_file_open()) {
        close(file.fd);
    }
    file.fd = 0;
}

/* In turn. A host that has closed its standard descriptors does not get the log as one of them. */
static bool open_file(void)
{
    struct stat status;
    int fd = open(file.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

    if (fd >= 0 && fd <= STDERR_FILENO) {
        int low = fd;

        fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(low);
    }
    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &status) != 0) {
        close(fd);
        return false;
    }
    file.fd = fd;
    file.device = status.st_dev;
    file.inode = status.st_ino;
    return true;
}

static bool set_file(const char *path)
{
    size_t len = strlen(path);
    bool is_open = false;

    cfr_turn_take(&file.turn);
    close_file();
    if (path[0] == '/' && len < sizeof(file.path)) {
        memcpy(file.path, path, len + 1);
        is_open = open_file();
    }
    cfr_turn_give(&file.turn);
    return is_open;
}

static bool set_target(const char *target)
{
    int to = target == NULL || strcmp(target, "stderr") == 0 ? TO_STDERR
             : strcmp(target, "syslog") == 0                 ? TO_SYSLOG
                                                             : TO_FILE;

    if (to == TO_FILE && !set_file(target)) {
        return false;
    }
    atomic_store(&log_target, to);
    if (to != TO_FILE) {
        cfr_log_rest();
    }
    return true;
}

void cfr_log_rest(void)
{
    cfr_turn_take(&file.turn);
    close_file();
    cfr_turn_give(&file.turn);
}

bool cfr_log_configure(const char *setting)
{
    const char *colon = strchr(setting, ':');
    int level = level_of(setting, colon == NULL ? strlen(setting) : (size_t)(colon - setting));

    atomic_store(&cfr_log_threshold, CFR_LOG_OFF);
    if (level < 0 || !set_target(colon == NULL ? NULL : colon + 1)) {
        return false;
    }
    atomic_store(&cfr_log_threshold, level);
    return true;
}

static size_t stamp(char *line, size_t room, enum cfr_log_level level)
{
    struct timespec now;
    struct tm utc;
    int len;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    len = snprintf(line, room, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ coffer[%ld] %s: ", utc.tm_year + 1900,
                   utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000,
                   (long)getpid(), levels[level].name);
    return len < 0 ? 0 : (size_t)len;
}

/* A label or a path that is quoted in a message cannot forge a line or drive a terminal. */
static void blank_control_characters(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

/* A log that cannot be written must not change what the call does. */
static void write_line(const char *line, size_t len)
{
    int cancel_state;
    ssize_t written = 0;

    if (atomic_load(&log_target) != TO_FILE) {
        written = write(STDERR_FILENO, line, len);
        (void)written;
        return;
    }
    /* open() and write() are where a thread is cancelled; it would keep the turn. */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    cfr_turn_take(&file.turn);
    if (is_file_open() || open_file()) {
        written = write(file.fd, line, len);
        (void)written;
    }
    cfr_turn_give(&file.turn);
    (void)pthread_setcancelstate(cancel_state, NULL);
}

void cfr_log(enum cfr_log_level level, const char *format, ...)
{
    char line[LINE_MAX_LEN + 1];
    int saved_errno = errno;
    size_t len = 0;
    va_list args;
    int body;

    if (!cfr_log_enabled(level)) {
        return;
    }
    va_start(args, format);
    if (atomic_load(&log_target) == TO_SYSLOG) {
        (void)vsnprintf(line, sizeof(line), format, args);
        blank_control_characters(line);
        syslog(LOG_AUTHPRIV | levels[level].syslog_priority, "coffer: %s", line);
    } else {
        len = stamp(line, sizeof(line), level);
        body = vsnprintf(line + len, sizeof(line) - len, format, args);
        blank_control_characters(line + len);
        len += body < 0 ? 0 : (size_t)body;
        len = len < LINE_MAX_LEN ? len : LINE_MAX_LEN;
        line[len] = '\n';
        write_line(line, len + 1);
    }
    va_end(args);
    errno = saved_errno;
}
