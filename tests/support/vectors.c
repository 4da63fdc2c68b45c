/* SPDX-License-Identifier: Apache-2.0 */
#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 32, NAME_MAX_LEN = 256 };

struct field {
    char *key; /* in the line's own memory */
    char *value;
    uint8_t *octets; /* made when asked for */
    unsigned line;
};

struct vectors {
    char name[NAME_MAX_LEN];
    FILE *file;
    unsigned line;
    size_t cases;
    size_t fields;
    struct field field[FIELDS_MAX];
};

struct vectors *vectors_open(const char *name)
{
    struct vectors *vectors = calloc(1, sizeof(*vectors));

    ck_assert_ptr_nonnull(vectors);
    (void)snprintf(vectors->name, sizeof(vectors->name), CFR_VECTORS_DIR "/%s.txt", name);
    vectors->file = fopen(vectors->name, "r");
    ck_assert_msg(vectors->file != NULL, "%s cannot be opened", vectors->name);
    return vectors;
}

static void forget_case(struct vectors *vectors)
{
    for (size_t i = 0; i < vectors->fields; i++) {
        free(vectors->field[i].key);
        free(vectors->field[i].octets);
        vectors->field[i] = (struct field){0};
    }
    vectors->fields = 0;
}

static void add_field(struct vectors *vectors, const char *line)
{
    struct field *field = &vectors->field[vectors->fields];
    char *equals;

    ck_assert_msg(vectors->fields < FIELDS_MAX, "%s:%u: too many lines in a case", vectors->name,
                  vectors->line);
    field->key = strdup(line);
    ck_assert_ptr_nonnull(field->key);
    field->line = vectors->line;
    equals = strstr(field->key, " =");
    ck_assert_msg(equals != NULL && equals != field->key, "%s:%u: not `key = value`", vectors->name,
                  vectors->line);
    *equals = '\0';
    field->value = equals + 2;
    field->value += *field->value == ' ';
    vectors->fields++;
}

bool vectors_next(struct vectors *vectors)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    forget_case(vectors);
    while ((len = getline(&line, &room, vectors->file)) > 0) {
        vectors->line++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#') {
            continue;
        }
        if (line[0] != '\0') {
            add_field(vectors, line);
        } else if (vectors->fields != 0) {
            break;
        }
    }
    free(line);
    vectors->cases += vectors->fields != 0;
    return vectors->fields != 0;
}

void vectors_close(struct vectors *vectors, size_t count)
{
    ck_assert_msg(vectors->cases == count, "%s: %zu cases and not %zu", vectors->name, vectors->cases, count);
    forget_case(vectors);
    (void)fclose(vectors->file);
    free(vectors);
}

/* --- NIST's CAVP --- */

struct vectors *vectors_open_cavp(const char *path)
{
    struct vectors *vectors = calloc(1, sizeof(*vectors));

    ck_assert_ptr_nonnull(vectors);
    (void)snprintf(vectors->name, sizeof(vectors->name), "%s", path);
    vectors->file = fopen(vectors->name, "r");
    if (vectors->file == NULL) {
        free(vectors);
        return NULL;
    }
    return vectors;
}

size_t vectors_seen(const struct vectors *vectors)
{
    return vectors->cases;
}

static char *trimmed(char *text)
{
    size_t len;

    text += strspn(text, " \t");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL) {
        text[--len] = '\0';
    }
    return text;
}

/* In place of a field of the same name. */
static void set_field(struct vectors *vectors, const char *key, const char *value)
{
    struct field *field = vectors->field;
    size_t key_len = strlen(key);

    while (field < vectors->field + vectors->fields && strcmp(field->key, key) != 0) {
        field++;
    }
    ck_assert_msg(field < vectors->field + FIELDS_MAX, "%s:%u: too many names", vectors->name, vectors->line);
    vectors->fields += field == vectors->field + vectors->fields;
    free(field->key);
    free(field->octets);
    *field = (struct field){.key = calloc(1, key_len + strlen(value) + 2), .line = vectors->line};
    ck_assert_ptr_nonnull(field->key);
    memcpy(field->key, key, key_len);
    field->value = field->key + key_len + 1;
    memcpy(field->value, value, strlen(value));
}

static char *set_pair(struct vectors *vectors, char *text)
{
    char *equals = strchr(text, '=');
    char *key = text;

    if (equals != NULL) {
        *equals = '\0';
    }
    key = trimmed(text);
    set_field(vectors, key, equals == NULL ? key + strlen(key) : trimmed(equals + 1));
    return key;
}

/* What is between the brackets, whole as "section" and by its pairs. */
static void set_section(struct vectors *vectors, char *line)
{
    char *rest = NULL;

    line[strcspn(line, "]")] = '\0';
    set_field(vectors, "section", line + 1);
    for (char *part = strtok_r(line + 1, ",", &rest); part != NULL; part = strtok_r(NULL, ",", &rest)) {
        if (strchr(part, '=') != NULL) {
            (void)set_pair(vectors, part);
        }
    }
}

static void remove_field(struct vectors *vectors, const char *key)
{
    for (size_t i = 0; i < vectors->fields; i++) {
        if (strcmp(vectors->field[i].key, key) == 0) {
            free(vectors->field[i].key);
            free(vectors->field[i].octets);
            vectors->field[i] = vectors->field[--vectors->fields];
            vectors->field[vectors->fields] = (struct field){0};
            return;
        }
    }
}

bool vectors_next_cavp(struct vectors *vectors, const char *last)
{
    char *line = NULL;
    size_t room = 0;
    bool found = false;

    remove_field(vectors, "FAIL");
    remove_field(vectors, last);
    while (!found && getline(&line, &room, vectors->file) > 0) {
        char *text = trimmed(line);

        vectors->line++;
        if (text[0] == '[') {
            set_section(vectors, text);
        } else if (text[0] != '#' && text[0] != '\0') {
            const char *key = set_pair(vectors, text);

            found = strcmp(key, last) == 0 || strcmp(key, "FAIL") == 0;
        }
    }
    free(line);
    vectors->cases += found;
    return found;
}

static const struct field *find(const struct vectors *vectors, const char *key)
{
    for (size_t i = 0; i < vectors->fields; i++) {
        if (strcmp(vectors->field[i].key, key) == 0) {
            return &vectors->field[i];
        }
    }
    return NULL;
}

bool vectors_has(const struct vectors *vectors, const char *key)
{
    return find(vectors, key) != NULL;
}

static const struct field *get(const struct vectors *vectors, const char *key)
{
    const struct field *field = find(vectors, key);

    ck_assert_msg(field != NULL, "%s:%u: the case before has no %s", vectors->name, vectors->line, key);
    return field;
}

static int digit_of(char character)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = character == '\0' ? NULL : strchr(digits, character);

    return at == NULL ? -1 : (int)((at - digits) % 16);
}

bool vectors_from_hex(const char *text, uint8_t *out, size_t room, size_t *ret_len)
{
    size_t len = 0;

    for (; text[0] != '\0'; text += 2) {
        int high = digit_of(text[0]);
        int low = high < 0 ? -1 : digit_of(text[1]);

        if (low < 0 || len == room) {
            return false;
        }
        out[len++] = (uint8_t)(high * 16 + low);
    }
    *ret_len = len;
    return true;
}

struct cfr_span vectors_octets(struct vectors *vectors, const char *key)
{
    struct field *field = &vectors->field[get(vectors, key) - vectors->field];
    size_t room = strlen(field->value) / 2 + 1;
    size_t len = 0;

    if (field->octets == NULL) {
        field->octets = calloc(1, room);
    }
    ck_assert_ptr_nonnull(field->octets);
    ck_assert_msg(vectors_from_hex(field->value, field->octets, room, &len), "%s:%u: not hexadecimal",
                  vectors->name, field->line);
    return cfr_span_of(len == 0 ? NULL : field->octets, len);
}

size_t vectors_number(const struct vectors *vectors, const char *key)
{
    const struct field *field = get(vectors, key);
    char *end = NULL;
    size_t number = strtoul(field->value, &end, 10);

    ck_assert_msg(end != field->value && *end == '\0', "%s:%u: not a number", vectors->name, field->line);
    return number;
}

const char *vectors_word(const struct vectors *vectors, const char *key)
{
    return get(vectors, key)->value;
}
