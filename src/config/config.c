/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_LEN = 65536, PATH_MAX_LEN = 4096 };

void cfr_config_clear(struct cfr_config *config)
{
    for (int id = 0; id < CFR_OPT_COUNT; id++) {
        cfr_free(config->text[id]);
    }
    cfr_free(config->file);
    *config = (struct cfr_config){0};
}

static CK_RV set_text(char **text, const char *value)
{
    char *copy = cfr_alloc_text(value);

    FAIL_UNLESS(copy != NULL, CKR_HOST_MEMORY);
    cfr_free(*text);
    *text = copy;
    return CKR_OK;
}

static CK_RV set_number(struct cfr_config *config, enum cfr_option_id id, const char *value)
{
    const struct cfr_option *option = cfr_option(id);
    char *end = NULL;
    unsigned long number;

    errno = 0;
    number = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number < option->min ||
        number > option->max) {
        return cfr_fail(CKR_GENERAL_ERROR, "%s is a number from %u to %u, not \"%.32s\"", option->name,
                        option->min, option->max, value);
    }
    config->number[id] = (uint32_t)number;
    return CKR_OK;
}

static CK_RV set_choice(struct cfr_config *config, enum cfr_option_id id, const char *value)
{
    const struct cfr_option *option = cfr_option(id);
    const char *word = option->choices;

    for (uint32_t index = 0; *word != '\0'; index++) {
        size_t len = strcspn(word, " ");

        if (strlen(value) == len && strncmp(word, value, len) == 0) {
            config->number[id] = index;
            return CKR_OK;
        }
        word += len + (word[len] == ' ');
    }
    return cfr_fail(CKR_GENERAL_ERROR, "%s is one of \"%s\", not \"%.32s\"", option->name, option->choices,
                    value);
}

static CK_RV set_option(struct cfr_config *config, enum cfr_option_id id, const char *value)
{
    const struct cfr_option *option = cfr_option(id);

    switch (option->kind) {
    case CFR_OPTION_PATH:
        if (value[0] != '/') {
            return cfr_fail(CKR_GENERAL_ERROR, "%s is an absolute path, not \"%.64s\"", option->name, value);
        }
        return set_text(&config->text[id], value);
    case CFR_OPTION_TEXT:
        return set_text(&config->text[id], value);
    case CFR_OPTION_NUMBER:
        return set_number(config, id, value);
    case CFR_OPTION_CHOICE:
        return set_choice(config, id, value);
    }
    return CKR_GENERAL_ERROR;
}

static char *trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r");
    for (len = strlen(text); len > 0 && strchr(" \t\r", text[len - 1]) != NULL; len--) {
        text[len - 1] = '\0';
    }
    return text;
}

CK_RV cfr_config_apply_line(struct cfr_config *config, char *line)
{
    char *equals;
    char *name;

    line[strcspn(line, "#")] = '\0';
    name = trim(line);
    if (*name == '\0') {
        return CKR_OK;
    }
    equals = strchr(name, '=');
    if (equals == NULL) {
        return cfr_fail(CKR_GENERAL_ERROR, "\"%.64s\" is not of the form name = value", name);
    }
    *equals = '\0';
    name = trim(name);
    for (int id = 0; id < CFR_OPT_COUNT; id++) {
        if (strcmp(cfr_option((enum cfr_option_id)id)->name, name) == 0) {
            return set_option(config, (enum cfr_option_id)id, trim(equals + 1));
        }
    }
    return cfr_fail(CKR_GENERAL_ERROR, "\"%.64s\" is no option", name);
}

/* Whoever may write the configuration decides where keys are kept: that is root or the user, and nobody else. */
static CK_RV check_file(int fd, const char *path)
{
    struct stat status;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        return cfr_fail(CKR_GENERAL_ERROR, "%.120s is not a regular file", path);
    }
    if (status.st_uid != 0 && status.st_uid != geteuid()) {
        return cfr_fail(CKR_GENERAL_ERROR, "%.120s belongs neither to root nor to the user", path);
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return cfr_fail(CKR_GENERAL_ERROR, "%.120s may be written by others than its owner", path);
    }
    if (status.st_size >= FILE_MAX_LEN) {
        return cfr_fail(CKR_GENERAL_ERROR, "%.120s is longer than %d octets", path, FILE_MAX_LEN - 1);
    }
    return CKR_OK;
}

/* The whole file, NUL-terminated. CKR_OK with an empty @p text: there is no such file. */
static CK_RV load_file(const char *path, struct cfr_buf *text, bool *ret_found)
{
    uint8_t chunk[1024];
    ssize_t len;
    CK_RV rv;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    *ret_found = fd >= 0;
    if (fd < 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return CKR_OK;
        }
        return cfr_fail(CKR_GENERAL_ERROR, "%.120s: %s", path,
                        errno == EACCES ? "no permission" : "cannot be opened");
    }
    rv = check_file(fd, path);
    if (rv != CKR_OK) {
        close(fd);
        return rv;
    }
    while ((len = read(fd, chunk, sizeof(chunk))) > 0) {
        cfr_buf_put(text, cfr_span_of(chunk, (size_t)len));
    }
    close(fd);
    if (len < 0) {
        return cfr_fail(CKR_GENERAL_ERROR, "%.120s cannot be read", path);
    }
    cfr_buf_put_u8(text, 0);
    TRY(cfr_buf_check(text));
    /* Whatever came after it would be passed over in silence. */
    if (strlen((const char *)text->ptr) + 1 != text->len) {
        return cfr_fail(CKR_GENERAL_ERROR, "%.120s is not a text: it has a NUL", path);
    }
    return CKR_OK;
}

static CK_RV apply_file(struct cfr_config *config, const char *path, bool *ret_found)
{
    AUTO(buf) text = CFR_BUF(FILE_MAX_LEN);
    char *line;
    unsigned number = 0;
    CK_RV rv;

    TRY(load_file(path, &text, ret_found));
    if (!*ret_found) {
        return CKR_OK;
    }
    TRY(set_text(&config->file, path));
    for (line = (char *)text.ptr; line != NULL;) {
        char *next = strchr(line, '\n');
        char reason[128];

        number++;
        if (next != NULL) {
            *next++ = '\0';
        }
        rv = cfr_config_apply_line(config, line);
        if (rv != CKR_OK) {
            (void)snprintf(reason, sizeof(reason), "%s", cfr_note_last()->words);
            return cfr_fail(rv, "%.60s:%u: %s", path, number, reason);
        }
        line = next;
    }
    return CKR_OK;
}

/* $<variable>/<tail>, or <home>/<fallback>/<tail>; false when there is neither variable nor home. */
static bool user_path(const char *variable, const char *fallback, const char *tail, char *out, size_t room)
{
    const char *base = secure_getenv(variable);
    const char *home = secure_getenv("HOME");
    const struct passwd *entry;
    int len;

    if (base != NULL && base[0] == '/') {
        len = snprintf(out, room, "%s/%s", base, tail);
        return len > 0 && (size_t)len < room;
    }
    if (home == NULL || home[0] != '/') {
        entry = getpwuid(geteuid());
        home = entry == NULL ? NULL : entry->pw_dir;
    }
    if (home == NULL || home[0] != '/') {
        return false;
    }
    len = snprintf(out, room, "%s/%s/%s", home, fallback, tail);
    return len > 0 && (size_t)len < room;
}

static CK_RV apply_files(struct cfr_config *config)
{
    const char *named = secure_getenv("COFFER_CONF");
    char *path;
    bool found = false;
    CK_RV rv = CKR_OK;

    if (named != NULL) {
        TRY(apply_file(config, named, &found));
        return found ? CKR_OK
                     : cfr_fail(CKR_GENERAL_ERROR, "COFFER_CONF names %.120s, which does not exist", named);
    }
    path = cfr_alloc(PATH_MAX_LEN);
    FAIL_UNLESS(path != NULL, CKR_HOST_MEMORY);
    if (geteuid() != 0 && user_path("XDG_CONFIG_HOME", ".config", "coffer/coffer.conf", path, PATH_MAX_LEN)) {
        rv = apply_file(config, path, &found);
    }
    cfr_free(path);
    if (rv == CKR_OK && !found) {
        rv = apply_file(config, "/etc/coffer/coffer.conf", &found);
    }
    return rv;
}

static CK_RV apply_environment(struct cfr_config *config)
{
    for (int id = 0; id < CFR_OPT_COUNT; id++) {
        const char *variable = cfr_option((enum cfr_option_id)id)->environment;
        const char *value = variable == NULL ? NULL : secure_getenv(variable);

        if (value != NULL && value[0] != '\0') {
            TRY(set_option(config, (enum cfr_option_id)id, value));
        }
    }
    return CKR_OK;
}

static CK_RV settle_paths(struct cfr_config *config)
{
    char *path = cfr_alloc(PATH_MAX_LEN);
    CK_RV rv = CKR_OK;

    FAIL_UNLESS(path != NULL, CKR_HOST_MEMORY);
    if (config->text[CFR_OPT_STORE] == NULL) {
        (void)snprintf(path, PATH_MAX_LEN, "/var/lib/coffer");
        if (geteuid() != 0 && !user_path("XDG_DATA_HOME", ".local/share", "coffer", path, PATH_MAX_LEN)) {
            rv = cfr_fail(CKR_GENERAL_ERROR, "no place for a store: neither HOME nor COFFER_STORE is set");
        }
        rv = rv == CKR_OK ? set_text(&config->text[CFR_OPT_STORE], path) : rv;
    }
    if (rv == CKR_OK && config->text[CFR_OPT_ANCHOR] == NULL) {
        int len = snprintf(path, PATH_MAX_LEN, "%s/anchor", config->text[CFR_OPT_STORE]);

        rv = len > 0 && len < PATH_MAX_LEN ? set_text(&config->text[CFR_OPT_ANCHOR], path)
                                           : cfr_fail(CKR_GENERAL_ERROR, "the store's path is too long");
    }
    cfr_free(path);
    return rv;
}

CK_RV cfr_config_read(struct cfr_config *ret_config)
{
    AUTO(config) config = {0};

    for (int id = 0; id < CFR_OPT_COUNT; id++) {
        config.number[id] = cfr_option((enum cfr_option_id)id)->otherwise;
    }
    TRY(apply_files(&config));
    TRY(apply_environment(&config));
    TRY(settle_paths(&config));
    if (config.number[CFR_OPT_PIN_MIN_LEN] > config.number[CFR_OPT_PIN_MAX_LEN]) {
        return cfr_fail(CKR_GENERAL_ERROR, "pin.min_len is above pin.max_len");
    }
    *ret_config = config;
    config = (struct cfr_config){0};
    return CKR_OK;
}
