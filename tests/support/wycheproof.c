/* SPDX-License-Identifier: Apache-2.0 */
#include "support/wycheproof.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct cfr_span decode_octets(struct wycheproof_case *wc, const json_t *value, const char *key)
{
    const char *text = json_string_value(value);
    size_t room = text == NULL ? 0 : strlen(text) / 2 + 1;
    size_t len = 0;

    ck_assert_msg(text != NULL, "no text member %s", key);
    ck_assert_uint_lt(wc->count, WYCHEPROOF_OCTETS_MAX);
    wc->octets[wc->count] = malloc(room);
    ck_assert_ptr_nonnull(wc->octets[wc->count]);
    ck_assert_msg(vectors_from_hex(text, wc->octets[wc->count], room, &len), "%s is %s", key, text);
    wc->count++;
    return cfr_span_of(len == 0 ? NULL : wc->octets[wc->count - 1], len);
}

struct cfr_span wycheproof_octets(struct wycheproof_case *wc, const char *key)
{
    return decode_octets(wc, json_object_get(wc->test, key), key);
}

static const json_t *member_of_group(const struct wycheproof_case *wc, const char *object, const char *key)
{
    const json_t *from = object == NULL ? wc->group : json_object_get(wc->group, object);

    return json_object_get(from, key);
}

struct cfr_span wycheproof_group_octets(struct wycheproof_case *wc, const char *object, const char *key)
{
    return decode_octets(wc, member_of_group(wc, object, key), key);
}

bool wycheproof_group_has(const struct wycheproof_case *wc, const char *object, const char *key)
{
    return member_of_group(wc, object, key) != NULL;
}

const char *wycheproof_group_word(const struct wycheproof_case *wc, const char *object, const char *key)
{
    const char *word = json_string_value(member_of_group(wc, object, key));

    ck_assert_msg(word != NULL, "no text member %s", key);
    return word;
}

static size_t number_of(const json_t *from, const char *key)
{
    const json_t *number = json_object_get(from, key);

    ck_assert_msg(json_is_integer(number), "no number %s", key);
    return (size_t)json_integer_value(number);
}

size_t wycheproof_group_number(const struct wycheproof_case *wc, const char *key)
{
    return number_of(wc->group, key);
}

size_t wycheproof_number(const struct wycheproof_case *wc, const char *key)
{
    return number_of(wc->test, key);
}

const char *wycheproof_algorithm(const struct wycheproof_case *wc)
{
    const char *name = json_string_value(json_object_get(wc->file, "algorithm"));

    ck_assert_ptr_nonnull(name);
    return name;
}

bool wycheproof_has_flag(const struct wycheproof_case *wc, const char *flag)
{
    const json_t *flags = json_object_get(wc->test, "flags");

    for (size_t i = 0; i < json_array_size(flags); i++) {
        if (strcmp(json_string_value(json_array_get(flags, i)), flag) == 0) {
            return true;
        }
    }
    return false;
}

static const char *result_of(const struct wycheproof_case *wc)
{
    const char *result = json_string_value(json_object_get(wc->test, "result"));

    ck_assert_ptr_nonnull(result);
    return result;
}

bool wycheproof_is_valid(const struct wycheproof_case *wc)
{
    return strcmp(result_of(wc), "valid") == 0;
}

void wycheproof_forget(struct wycheproof_case *wc)
{
    while (wc->count > 0) {
        free(wc->octets[--wc->count]);
    }
}

static void judge(const struct wycheproof_case *wc, enum verdict verdict, struct wycheproof_counts *counts)
{
    const char *result = result_of(wc);
    bool is_acceptable = strcmp(result, "acceptable") == 0;

    if (verdict == BY_DESIGN || verdict == NOT_RUN) {
        counts->by_design += verdict == BY_DESIGN;
        counts->not_run += verdict == NOT_RUN;
    } else if (is_acceptable) {
        counts->acceptable_taken += verdict == ACCEPTED;
        counts->acceptable_refused += verdict == REJECTED;
    } else if (verdict == ACCEPTED && wycheproof_is_valid(wc)) {
        counts->valid++;
    } else if (verdict == REJECTED && !wycheproof_is_valid(wc)) {
        counts->invalid++;
    } else {
        counts->wrong++;
        (void)fprintf(stderr, "  case %d is %s and was %s: %s\n",
                      (int)json_integer_value(json_object_get(wc->test, "tcId")), result,
                      verdict == ACCEPTED ? "accepted" : "refused",
                      json_string_value(json_object_get(wc->test, "comment")));
    }
}

json_t *wycheproof_load(const char *folder, const char *name)
{
    const char *vectors = getenv("COFFER_VECTORS");
    json_error_t error;
    char path[1024];
    json_t *file;

    if (vectors == NULL) {
        (void)printf("COFFER_VECTORS is not set: %s is skipped\n", name);
        return NULL;
    }
    (void)snprintf(path, sizeof(path), "%s/%s/%s", vectors, folder, name);
    if (access(path, R_OK) != 0) {
        (void)printf("%s is not there: skipped\n", path);
        return NULL;
    }
    file = json_load_file(path, 0, &error);
    ck_assert_msg(file != NULL, "%s:%d: %s", path, error.line, error.text);
    return file;
}

static unsigned run_group(struct wycheproof_case *wc, wycheproof_check_fn check,
                          struct wycheproof_counts *counts)
{
    const json_t *tests = json_object_get(wc->group, "tests");

    for (size_t i = 0; i < json_array_size(tests); i++) {
        wc->test = json_array_get(tests, i);
        judge(wc, check(wc), counts);
        wycheproof_forget(wc);
    }
    return (unsigned)json_array_size(tests);
}

void wycheproof_run(const char *name, wycheproof_check_fn check)
{
    struct wycheproof_case wc = {0};
    struct wycheproof_counts counts = {0};
    char file_name[128];
    json_t *file;
    const json_t *groups;
    unsigned total = 0;

    (void)snprintf(file_name, sizeof(file_name), "%s_test.json", name);
    file = wycheproof_load("wycheproof", file_name);
    if (file == NULL) {
        return;
    }
    wc.file = file;
    groups = json_object_get(file, "testGroups");
    for (size_t i = 0; i < json_array_size(groups); i++) {
        wc.group = json_array_get(groups, i);
        total += run_group(&wc, check, &counts);
    }
    (void)printf("%-45s valid %4u  invalid %4u  acceptable: taken %3u, refused %3u  by design %3u  not run "
                 "%3u  wrong %u\n",
                 file_name, counts.valid, counts.invalid, counts.acceptable_taken, counts.acceptable_refused,
                 counts.by_design, counts.not_run, counts.wrong);
    ck_assert_uint_eq(total, (unsigned)json_integer_value(json_object_get(file, "numberOfTests")));
    ck_assert_uint_gt(total, 0);
    ck_assert_uint_eq(counts.wrong, 0);
    json_decref(file);
}
