/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: what each option takes, which file counts, and whose file is believed. */
#include "config/config.h"
#include "support/main.h"
#include "support/nth.h"
#include "unit/base/harness.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { NOBODY = 65534 };

static char folder[64];
static char path[96];

static void up(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/coffer-config-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/coffer.conf", folder);
    ck_assert_int_eq(setenv("COFFER_CONF", path, 1), 0);
    (void)unsetenv("COFFER_STORE");
    (void)unsetenv("COFFER_LOG");
    (void)unsetenv("XDG_CONFIG_HOME");
    (void)unsetenv("XDG_DATA_HOME");
}

static void down(void)
{
    (void)unlink(path);
    (void)rmdir(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void write_octets(const char *to, struct cfr_span octets)
{
    FILE *file = fopen(to, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(octets.ptr, 1, octets.len, file), octets.len);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(to, 0644), 0);
}

static void write_file(const char *text)
{
    write_octets(path, cfr_span_text(text));
}

static CK_RV try_read(void)
{
    AUTO(config) config = {0};

    return cfr_config_read(&config);
}

static struct cfr_config read_ok(void)
{
    struct cfr_config config = {0};

    ASSERT_OK(cfr_config_read(&config));
    return config;
}

/* What each option takes, and what it becomes. */
static const struct {
    const char *line;
    CK_RV rv;
    enum cfr_option_id id;
    uint32_t number;
    const char *text;
} lines[] = {
    /* clang-format off */
    {"store = /a/b",                CKR_OK, CFR_OPT_STORE, 0, "/a/b"},
    {"store=/a/b",                  CKR_OK, CFR_OPT_STORE, 0, "/a/b"},
    {"\t store \t=\t /a b/c \t\r",  CKR_OK, CFR_OPT_STORE, 0, "/a b/c"},
    {"store = /a=b",                CKR_OK, CFR_OPT_STORE, 0, "/a=b"},
    {"store = /a # where it is",    CKR_OK, CFR_OPT_STORE, 0, "/a"},
    {"store = a/b",                 CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"store = ",                    CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"store = ~/b",                 CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"anchor = /k",                 CKR_OK, CFR_OPT_ANCHOR, 0, "/k"},
    {"anchor = k",                  CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"log = warn:/x",               CKR_OK, CFR_OPT_LOG, 0, "warn:/x"},
    {"token.profile = standard",    CKR_OK, CFR_OPT_PROFILE, 0, NULL},
    {"token.profile = strict",      CKR_OK, CFR_OPT_PROFILE, 1, NULL},
    {"token.profile = Strict",      CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"token.profile = stric",       CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"token.profile = strict1",     CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"token.profile = standard strict", CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"token.profile =",             CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"token.profile = 1",           CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"store.remote_fs = allow",     CKR_OK, CFR_OPT_REMOTE_FS, 1, NULL},
    {"store.remote_fs = refuse",    CKR_OK, CFR_OPT_REMOTE_FS, 0, NULL},
    {"store.remote_fs = yes",       CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts = 1",            CKR_OK, CFR_OPT_PIN_ATTEMPTS, 1, NULL},
    {"pin.attempts = 1000",         CKR_OK, CFR_OPT_PIN_ATTEMPTS, 1000, NULL},
    {"pin.attempts = 0",            CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts = 1001",         CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts = -1",           CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts = +1",           CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts = 0x10",         CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts = 1 0",          CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts = 5.0",          CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts = ten",          CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts =",              CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts = 4294967297",   CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.attempts = 18446744073709551617", CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.min_len = 1",             CKR_OK, CFR_OPT_PIN_MIN_LEN, 1, NULL},
    {"pin.min_len = 0",             CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.max_len = 255",           CKR_OK, CFR_OPT_PIN_MAX_LEN, 255, NULL},
    {"pin.max_len = 256",           CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.kdf.memory_kib = 19456",  CKR_OK, CFR_OPT_KDF_MEMORY, 19456, NULL},
    {"pin.kdf.memory_kib = 19455",  CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.kdf.memory_kib = 4194305", CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.kdf.passes = 64",         CKR_OK, CFR_OPT_KDF_PASSES, 64, NULL},
    {"pin.kdf.passes = 0",          CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin.kdf.passes = 65",         CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"",                            CKR_OK, CFR_OPT_COUNT, 0, NULL},
    {" \t\r",                       CKR_OK, CFR_OPT_COUNT, 0, NULL},
    {"# store = a",                 CKR_OK, CFR_OPT_COUNT, 0, NULL},
    {"store",                       CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"= /a",                        CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"Store = /a",                  CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"store.path = /a",             CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    {"pin = 1234",                  CKR_GENERAL_ERROR, CFR_OPT_COUNT, 0, NULL},
    /* clang-format on */
};

START_TEST(lines_are_read_strictly)
{
    AUTO(config) config = {0};
    char line[64];
    CK_RV rv;

    (void)snprintf(line, sizeof(line), "%s", lines[_i].line);
    rv = cfr_config_apply_line(&config, line);
    ck_assert_msg(rv == lines[_i].rv, "\"%s\": 0x%lx", lines[_i].line, rv);
    for (int id = 0; id < CFR_OPT_COUNT; id++) {
        bool is_it = rv == CKR_OK && id == (int)lines[_i].id;

        ck_assert_uint_eq(config.number[id], is_it ? lines[_i].number : 0);
        ck_assert_int_eq(config.text[id] != NULL, is_it && lines[_i].text != NULL);
        if (is_it && lines[_i].text != NULL) {
            ck_assert_str_eq(config.text[id], lines[_i].text);
        }
    }
}
END_TEST

START_TEST(every_option_has_a_row)
{
    for (int id = 0; id < CFR_OPT_COUNT; id++) {
        const struct cfr_option *option = cfr_option((enum cfr_option_id)id);

        ck_assert_ptr_nonnull(option->name);
        ck_assert_ptr_nonnull(option->text);
        ck_assert_int_eq(option->choices != NULL, option->kind == CFR_OPTION_CHOICE);
        ck_assert(option->kind != CFR_OPTION_NUMBER ||
                  (option->min <= option->otherwise && option->otherwise <= option->max));
        for (int other = 0; other < id; other++) {
            ck_assert_str_ne(option->name, cfr_option((enum cfr_option_id)other)->name);
        }
    }
    ck_assert_uint_eq(cfr_option(CFR_OPT_PIN_MAX_LEN)->max, CFR_PIN_MAX_LEN);
}
END_TEST

START_TEST(empty_file_gives_the_defaults)
{
    AUTO(config) config = {0};

    write_file("");
    ck_assert_int_eq(setenv("COFFER_STORE", "/place", 1), 0);
    config = read_ok();
    for (int id = 0; id < CFR_OPT_COUNT; id++) {
        ck_assert_uint_eq(config.number[id], cfr_option((enum cfr_option_id)id)->otherwise);
    }
    ck_assert_str_eq(config.text[CFR_OPT_STORE], "/place");
    ck_assert_str_eq(config.text[CFR_OPT_ANCHOR], "/place/anchor");
    ck_assert_ptr_null(config.text[CFR_OPT_LOG]);
    ck_assert_str_eq(config.file, path);
}
END_TEST

START_TEST(the_last_line_counts)
{
    AUTO(config) config = {0};

    write_file("# what is kept where\n\nstore = /one\r\npin.attempts = 3\nstore = /two\nanchor = /three");
    config = read_ok();
    ck_assert_str_eq(config.text[CFR_OPT_STORE], "/two");
    ck_assert_str_eq(config.text[CFR_OPT_ANCHOR], "/three");
    ck_assert_uint_eq(config.number[CFR_OPT_PIN_ATTEMPTS], 3);
}
END_TEST

START_TEST(environment_overrides_the_file)
{
    AUTO(config) config = {0};
    AUTO(config) again = {0};

    write_file("store = /file\nlog = warn\n");
    ck_assert_int_eq(setenv("COFFER_STORE", "/environment", 1) | setenv("COFFER_LOG", "debug", 1), 0);
    config = read_ok();
    ck_assert_str_eq(config.text[CFR_OPT_STORE], "/environment");
    ck_assert_str_eq(config.text[CFR_OPT_ANCHOR], "/environment/anchor");
    ck_assert_str_eq(config.text[CFR_OPT_LOG], "debug");
    /* An empty variable is none; a wrong one is an error. */
    ck_assert_int_eq(setenv("COFFER_STORE", "", 1), 0);
    again = read_ok();
    ck_assert_str_eq(again.text[CFR_OPT_STORE], "/file");
    ck_assert_int_eq(setenv("COFFER_STORE", "relative", 1), 0);
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
}
END_TEST

START_TEST(errors_name_file_line_and_reason)
{
    char want[128];

    write_file("store = /a\n# nothing\npin.attempts = many\nstore = /b\n");
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
    (void)snprintf(want, sizeof(want), "%s:3: ", path);
    ck_assert_msg(strncmp(cfr_note_last()->words, want, strlen(want)) == 0, "%s", cfr_note_last()->words);
    ck_assert_ptr_nonnull(strstr(cfr_note_last()->words, "pin.attempts"));
}
END_TEST

START_TEST(lengths_of_pins_must_fit)
{
    write_file("store = /a\npin.min_len = 9\npin.max_len = 8\n");
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
    write_file("store = /a\npin.min_len = 8\npin.max_len = 8\n");
    ASSERT_OK(try_read());
}
END_TEST

START_TEST(file_that_is_named_must_be_there)
{
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
}
END_TEST

/* Whoever may write the file decides where keys are kept. */
START_TEST(only_the_owner_may_write_the_file)
{
    static const struct {
        mode_t mode;
        CK_RV rv;
    } modes[] = {{0400, CKR_OK},
                 {0600, CKR_OK},
                 {0644, CKR_OK},
                 {0444, CKR_OK},
                 {0620, CKR_GENERAL_ERROR},
                 {0602, CKR_GENERAL_ERROR},
                 {0664, CKR_GENERAL_ERROR},
                 {0666, CKR_GENERAL_ERROR},
                 {0777, CKR_GENERAL_ERROR}};

    write_file("store = /a\n");
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        ck_assert_int_eq(chmod(path, modes[i].mode), 0);
        ASSERT_RV(try_read(), modes[i].rv);
    }
}
END_TEST

START_TEST(file_of_another_user_is_not_believed)
{
    write_file("store = /a\n");
    if (chown(path, NOBODY, (gid_t)-1) != 0) {
        ck_assert_int_eq(errno, EPERM);
        return;
    }
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
}
END_TEST

START_TEST(file_is_a_text_of_moderate_length)
{
    enum { LIMIT = 65536 };
    static char text[LIMIT + 1];
    static const char with_nul[] = "store = /a\n\0token.profile = strict\n";

    memset(text, '#', sizeof(text));
    ck_assert_int_eq(setenv("COFFER_STORE", "/a", 1), 0);
    write_octets(path, cfr_span_of(text, LIMIT - 1));
    ASSERT_OK(try_read());
    write_octets(path, cfr_span_of(text, LIMIT));
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
    write_octets(path, cfr_span_of(text, LIMIT + 1));
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
    /* A setting behind a NUL must not be lost in silence. */
    write_octets(path, cfr_span_of(with_nul, sizeof(with_nul) - 1));
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
}
END_TEST

START_TEST(path_that_is_too_long_is_refused)
{
    static char store[PATH_MAX + 8] = "/";

    write_file("");
    memset(store + 1, 'a', sizeof(store) - 2);
    ck_assert_int_eq(setenv("COFFER_STORE", store, 1), 0);
    ASSERT_RV(try_read(), CKR_GENERAL_ERROR);
}
END_TEST

/* The places of a user without privileges, in a child; the code says which check failed. */
static int read_as_user(void *arg)
{
    AUTO(config) config = {0};
    char home[128];
    char want[160];

    (void)arg;
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
        return 2;
    }
    (void)snprintf(home, sizeof(home), "%s/home", folder);
    (void)unsetenv("COFFER_CONF");
    if (setenv("HOME", home, 1) != 0 || cfr_config_read(&config) != CKR_OK || config.file == NULL) {
        return 3;
    }
    (void)snprintf(want, sizeof(want), "%s/.config/coffer/coffer.conf", home);
    if (strcmp(config.file, want) != 0 || config.number[CFR_OPT_PIN_ATTEMPTS] != 5) {
        return 4;
    }
    (void)snprintf(want, sizeof(want), "%s/.local/share/coffer", home);
    if (strcmp(config.text[CFR_OPT_STORE], want) != 0) {
        return 5;
    }
    cfr_config_clear(&config);
    if (setenv("XDG_DATA_HOME", "/data", 1) != 0 || setenv("XDG_CONFIG_HOME", "relative", 1) != 0 ||
        cfr_config_read(&config) != CKR_OK || strcmp(config.text[CFR_OPT_STORE], "/data/coffer") != 0) {
        return 6;
    }
    /* A variable that is no absolute path counts for nothing (XDG base directory specification). */
    if (config.file == NULL || config.number[CFR_OPT_PIN_ATTEMPTS] != 5) {
        return 7;
    }
    cfr_config_clear(&config);
    (void)snprintf(want, sizeof(want), "%s/xdg", folder);
    if (setenv("XDG_CONFIG_HOME", want, 1) != 0 || cfr_config_read(&config) != CKR_OK ||
        config.number[CFR_OPT_PIN_ATTEMPTS] != 6) {
        return 8;
    }
    return 0;
}

static void make_user_file(const char *parents[], size_t count, const char *text)
{
    char file[160];

    for (size_t i = 0; i < count; i++) {
        (void)snprintf(file, sizeof(file), "%s/%s", folder, parents[i]);
        ck_assert_int_eq(mkdir(file, 0755), 0);
        ck_assert_int_eq(chmod(file, 0755), 0);
    }
    (void)snprintf(file, sizeof(file), "%s/%s/coffer.conf", folder, parents[count - 1]);
    write_octets(file, cfr_span_text(text));
}

static void remove_user_file(const char *parents[], size_t count)
{
    char file[160];

    (void)snprintf(file, sizeof(file), "%s/%s/coffer.conf", folder, parents[count - 1]);
    (void)unlink(file);
    while (count-- > 0) {
        (void)snprintf(file, sizeof(file), "%s/%s", folder, parents[count]);
        (void)rmdir(file);
    }
}

START_TEST(users_have_a_file_of_their_own)
{
    const char *under_home[] = {"home", "home/.config", "home/.config/coffer"};
    const char *under_xdg[] = {"xdg", "xdg/coffer"};

    ck_assert_int_eq(chmod(folder, 0755), 0);
    make_user_file(under_home, COUNT_OF(under_home), "pin.attempts = 5\n");
    make_user_file(under_xdg, COUNT_OF(under_xdg), "pin.attempts = 6\n");
    ck_assert_int_eq(harness_child(read_as_user, NULL), 0);
    remove_user_file(under_home, COUNT_OF(under_home));
    remove_user_file(under_xdg, COUNT_OF(under_xdg));
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(config) config = {0};
    CK_RV rv = cfr_config_read(&config);

    (void)arg;
    ck_assert_int_eq(rv == CKR_OK, config.text[CFR_OPT_STORE] != NULL);
    ck_assert(rv == CKR_OK || rv == CKR_HOST_MEMORY);
    return rv;
}

START_TEST(each_allocation_may_fail)
{
    unsigned failures;

    write_file("store = /a\nlog = warn\n");
    failures = nth_failure(CFR_FAULT_MEMORY, attempt, NULL);
#ifdef CFR_FAULTS
    ck_assert_uint_ge(failures, 5);
#else
    (void)failures;
#endif
}
END_TEST

static Suite *suite(void)
{
    Suite *config = suite_create("config");
    TCase *tcase = tcase_create("config");

    tcase_add_checked_fixture(tcase, up, down);
    tcase_add_loop_test(tcase, lines_are_read_strictly, 0, COUNT_OF(lines));
    tcase_add_test(tcase, every_option_has_a_row);
    tcase_add_test(tcase, empty_file_gives_the_defaults);
    tcase_add_test(tcase, the_last_line_counts);
    tcase_add_test(tcase, environment_overrides_the_file);
    tcase_add_test(tcase, errors_name_file_line_and_reason);
    tcase_add_test(tcase, lengths_of_pins_must_fit);
    tcase_add_test(tcase, file_that_is_named_must_be_there);
    tcase_add_test(tcase, only_the_owner_may_write_the_file);
    tcase_add_test(tcase, file_of_another_user_is_not_believed);
    tcase_add_test(tcase, file_is_a_text_of_moderate_length);
    tcase_add_test(tcase, path_that_is_too_long_is_refused);
    tcase_add_test(tcase, users_have_a_file_of_their_own);
    tcase_add_test(tcase, each_allocation_may_fail);
    suite_add_tcase(config, tcase);
    return config;
}

TEST_MAIN(suite)
