/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 1000, CONTENT_MAX_LEN = 1 << 20 };

static char folder[64];
static char path[96];
static char setting[128];
static char content[CONTENT_MAX_LEN];

static void setup(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/coffer-log-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/log", folder);
}

static void teardown(void)
{
    (void)cfr_log_configure("off");
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static bool configure(const char *level)
{
    (void)snprintf(setting, sizeof(setting), "%s:%s", level, path);
    return cfr_log_configure(setting);
}

/* What the log file has now, as text. */
static const char *read_log(void)
{
    FILE *file = fopen(path, "r");
    size_t len;

    ck_assert_ptr_nonnull(file);
    len = fread(content, 1, sizeof(content) - 1, file);
    content[len] = '\0';
    (void)fclose(file);
    return content;
}

static unsigned count_open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    (void)closedir(dir);
    return count;
}

static bool matches(const char *text, const char *pattern)
{
    regex_t regex;
    bool matched;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    matched = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return matched;
}

START_TEST(off_by_default)
{
    ck_assert(!cfr_log_enabled(CFR_LOG_ERROR));
    cfr_log(CFR_LOG_ERROR, "nobody reads this");
}
END_TEST

static const char *const bad_settings[] = {
    "",
    ":",
    "loud",
    "ERROR",
    "error ",
    " error",
    "errors",
    "debug:",
    "debug:x/",
    "debug:./log",
    "debug:Stderr",
    "debug:none",
    "4",
    "error:stderr ",
    "off:",
    ":stderr",
    "error,stderr",
    "error:/",
    "error:/tmp",
    "error:/nonexistent/folder/log",
};

START_TEST(bad_settings_turn_it_off)
{
    ck_assert(configure("debug"));
    ck_assert(!cfr_log_configure(bad_settings[_i]));
    ck_assert(!cfr_log_enabled(CFR_LOG_ERROR));
    cfr_log(CFR_LOG_ERROR, "lost");
    ck_assert_str_eq(read_log(), "");
}
END_TEST

START_TEST(levels_are_thresholds)
{
    static const char *const names[] = {"off", "error", "warn", "info", "debug"};

    for (int threshold = CFR_LOG_OFF; threshold <= CFR_LOG_DEBUG; threshold++) {
        ck_assert(cfr_log_configure(names[threshold]));
        for (int level = CFR_LOG_ERROR; level <= CFR_LOG_DEBUG; level++) {
            ck_assert_int_eq(cfr_log_enabled((enum cfr_log_level)level), level <= threshold);
        }
    }
}
END_TEST

START_TEST(line_has_time_process_level_and_text)
{
    char expected[256];

    ck_assert(configure("info"));
    cfr_log(CFR_LOG_WARN, "slot %d has %s", 7, "no token");
    cfr_log(CFR_LOG_DEBUG, "not written");
    (void)snprintf(expected, sizeof(expected),
                   "^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z "
                   "coffer\\[%ld\\] warn: slot 7 has no token\n$",
                   (long)getpid());
    ck_assert_msg(matches(read_log(), expected), "%s", content);
}
END_TEST

START_TEST(file_is_private_and_appended_to)
{
    struct stat status;

    ck_assert(configure("error"));
    cfr_log(CFR_LOG_ERROR, "first");
    ck_assert(cfr_log_configure("off"));
    ck_assert(configure("error"));
    cfr_log(CFR_LOG_ERROR, "second");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert(matches(read_log(), "first\n.*second\n$"));
}
END_TEST

START_TEST(symbolic_link_is_not_followed)
{
    char target[128];

    (void)snprintf(target, sizeof(target), "%s/target", folder);
    ck_assert_int_eq(symlink(target, path), 0);
    ck_assert(!configure("error"));
    ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

START_TEST(descriptor_is_not_inherited_nor_leaked)
{
    unsigned before = count_open_files();

    for (int i = 0; i < 5; i++) {
        ck_assert(configure("error"));
    }
    ck_assert_uint_eq(count_open_files(), before + 1);
    for (int fd = 3; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);
        struct stat status;
        struct stat log_status;

        if (flags >= 0 && fstat(fd, &status) == 0 && stat(path, &log_status) == 0 &&
            status.st_ino == log_status.st_ino && status.st_dev == log_status.st_dev) {
            ck_assert_int_ne(flags & FD_CLOEXEC, 0);
        }
    }
    ck_assert(cfr_log_configure("error:stderr"));
    ck_assert_uint_eq(count_open_files(), before);
    ck_assert(configure("error"));
    ck_assert(cfr_log_configure("error:syslog"));
    ck_assert_uint_eq(count_open_files(), before);
    ck_assert(configure("error"));
    ck_assert(!cfr_log_configure("error:/nonexistent/folder/log"));
    ck_assert_uint_eq(count_open_files(), before);
}
END_TEST

/* stderr is what the two tests below catch. */
static void stderr_to_file(void)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    (void)close(fd);
}

START_TEST(stderr_is_the_default)
{
    stderr_to_file();
    ck_assert(cfr_log_configure("info"));
    cfr_log(CFR_LOG_INFO, "one");
    ck_assert(cfr_log_configure("info:stderr"));
    cfr_log(CFR_LOG_INFO, "two");
    ck_assert(matches(read_log(), "info: one\n.*info: two\n$"));
}
END_TEST

START_TEST(syslog_leaves_stderr_alone)
{
    stderr_to_file();
    ck_assert(cfr_log_configure("error:syslog"));
    errno = EXDEV;
    cfr_log(CFR_LOG_ERROR, "coffer's own test");
    ck_assert_int_eq(errno, EXDEV);
    ck_assert_str_eq(read_log(), "");
}
END_TEST

START_TEST(long_message_is_cut)
{
    static char text[4000];

    memset(text, 'x', sizeof(text) - 1);
    ck_assert(configure("error"));
    for (int i = 0; i < 3; i++) {
        cfr_log(CFR_LOG_ERROR, "%s", text);
    }
    ck_assert_uint_eq(strlen(read_log()), 3 * (LINE_MAX_LEN + 1));
    for (size_t i = 1; i <= 3; i++) {
        ck_assert_int_eq(content[i * (LINE_MAX_LEN + 1) - 1], '\n');
    }
}
END_TEST

START_TEST(message_of_every_length_is_one_line)
{
    static char text[1100];

    for (size_t len = 900; len < sizeof(text) - 1; len++) {
        const char *log;

        memset(text, 'y', len);
        text[len] = '\0';
        (void)unlink(path);
        ck_assert(configure("error"));
        cfr_log(CFR_LOG_ERROR, "%s", text);
        log = read_log();
        ck_assert_uint_le(strlen(log), LINE_MAX_LEN + 1);
        ck_assert_ptr_eq(strchr(log, '\n'), log + strlen(log) - 1);
    }
}
END_TEST

/* A label or a path in a message must not be able to forge a second line, or to drive a terminal. */
START_TEST(control_characters_make_no_lines)
{
    ck_assert(configure("error"));
    cfr_log(CFR_LOG_ERROR, "label \"%s\"",
            "a\nb\rc\033[2Jd\x7f"
            "e\tf\001");
    ck_assert_ptr_eq(strchr(read_log(), '\n'), content + strlen(content) - 1);
    for (const char *at = content; *at != '\n'; at++) {
        ck_assert_msg((unsigned char)*at >= 0x20 && *at != 0x7f, "octet %02x in the log", (unsigned char)*at);
    }
    ck_assert_ptr_nonnull(strstr(content, "label \"a"));
}
END_TEST

START_TEST(utf8_passes)
{
    ck_assert(configure("error"));
    cfr_log(CFR_LOG_ERROR, "%s", "Tresor \xc3\xa4\xe2\x82\xac");
    ck_assert_ptr_nonnull(strstr(read_log(), "Tresor \xc3\xa4\xe2\x82\xac\n"));
}
END_TEST

START_TEST(errno_is_kept_also_when_writing_fails)
{
    ck_assert(configure("error"));
    errno = EXDEV;
    cfr_log(CFR_LOG_ERROR, "%s", "text");
    ck_assert_int_eq(errno, EXDEV);
    ck_assert(cfr_log_configure("error:/dev/full"));
    errno = EXDEV;
    cfr_log(CFR_LOG_ERROR, "%s", "text");
    ck_assert_int_eq(errno, EXDEV);
}
END_TEST

static void log_lines(unsigned index, void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++) {
        cfr_log(CFR_LOG_INFO, "thread %u line %d ends here", index, i);
    }
}

START_TEST(lines_of_threads_do_not_mix)
{
    unsigned lines = 0;

    ck_assert(configure("info"));
    harness_threads(8, log_lines, NULL);
    (void)read_log();
    for (char *line = strtok(content, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (!matches(line, "^20[^ ]*Z coffer\\[[0-9]+\\] info: thread [0-7] line [0-9]+ ends here$")) {
            ck_abort_msg("mixed line: %s", line);
        }
        lines++;
    }
    ck_assert_uint_eq(lines, 8 * 200);
}
END_TEST

static Suite *suite(void)
{
    Suite *log_suite = suite_create("log");
    TCase *settings = tcase_create("settings");
    TCase *lines = tcase_create("lines");

    tcase_add_checked_fixture(settings, setup, teardown);
    tcase_add_test(settings, off_by_default);
    tcase_add_loop_test(settings, bad_settings_turn_it_off, 0,
                        sizeof(bad_settings) / sizeof(bad_settings[0]));
    tcase_add_test(settings, levels_are_thresholds);
    tcase_add_test(settings, file_is_private_and_appended_to);
    tcase_add_test(settings, symbolic_link_is_not_followed);
    tcase_add_test(settings, descriptor_is_not_inherited_nor_leaked);
    tcase_add_test(settings, stderr_is_the_default);
    tcase_add_test(settings, syslog_leaves_stderr_alone);
    suite_add_tcase(log_suite, settings);
    tcase_add_checked_fixture(lines, setup, teardown);
    tcase_set_timeout(lines, 60);
    tcase_add_test(lines, line_has_time_process_level_and_text);
    tcase_add_test(lines, long_message_is_cut);
    tcase_add_test(lines, message_of_every_length_is_one_line);
    tcase_add_test(lines, control_characters_make_no_lines);
    tcase_add_test(lines, utf8_passes);
    tcase_add_test(lines, errno_is_kept_also_when_writing_fails);
    tcase_add_test(lines, lines_of_threads_do_not_mix);
    suite_add_tcase(log_suite, lines);
    return log_suite;
}

TEST_MAIN(suite)
