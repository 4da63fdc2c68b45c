/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 1000 };

atomic_int cfr_log_threshold;

static atomic_int log_fd = STDERR_FILENO;
static atomic_bool use_syslog;

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

static void replace_descriptor(int fd)
{
    fd = atomic_exchange(&log_fd, fd);
    if (fd > STDERR_FILENO) {
        close(fd);
    }
}

static bool set_target(const char *target)
{
    int fd;

    atomic_store(&use_syslog, false);
    replace_descriptor(STDERR_FILENO);
    if (target == NULL || strcmp(target, "stderr") == 0) {
        return true;
    }
    if (strcmp(target, "syslog") == 0) {
        atomic_store(&use_syslog, true);
        return true;
    }
    if (target[0] != '/') {
        return false;
    }
    fd = open(target, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (fd < 0) {
        return false;
    }
    replace_descriptor(fd);
    return true;
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
    if (atomic_load(&use_syslog)) {
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
        if (write(atomic_load(&log_fd), line, len + 1) < 0) {
            /* A log that cannot be written must not change what the call does. */
            errno = saved_errno;
        }
    }
    va_end(args);
    errno = saved_errno;
}
