/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/evidence/evidence.h"
#include "integration/evidence/published.h"

#include <dirent.h>
#include <stdio.h>

static const struct {
    const char *name;
    size_t cases;
    published_run_fn run;
} files[] = {
#define PUBLISHED(file, cases, runner) {#file, cases, run_##runner},
#define PUBLISHED_LEGACY               PUBLISHED
#define NOT_PUBLISHED(file, reason)
#include "integration/evidence/published.def"
#undef NOT_PUBLISHED
#undef PUBLISHED_LEGACY
#undef PUBLISHED
};

static const char *const left_out[] = {
#define PUBLISHED(file, cases, runner)
#define PUBLISHED_LEGACY            PUBLISHED
#define NOT_PUBLISHED(file, reason) #file,
#include "integration/evidence/published.def"
#undef NOT_PUBLISHED
#undef PUBLISHED_LEGACY
#undef PUBLISHED
};

/* Files in front of those of the legacy profile. */
enum {
    STANDARD_COUNT = 0
#define PUBLISHED(file, cases, runner) +1
#define PUBLISHED_LEGACY(file, cases, runner)
#define NOT_PUBLISHED(file, reason)
#include "integration/evidence/published.def"
#undef NOT_PUBLISHED
#undef PUBLISHED_LEGACY
#undef PUBLISHED
};

size_t published_source(const char *prefix, size_t from)
{
    for (size_t i = from; i < COUNT(files); i++) {
        if (strncmp(files[i].name, prefix, strlen(prefix)) == 0) {
            return i;
        }
    }
    return LEDGER_SOURCES_MAX;
}

START_TEST(published)
{
    struct vectors *vectors = vectors_open(files[_i].name);

    while (vectors_next(vectors)) {
        CK_SESSION_HANDLE session = case_begin();

        files[_i].run(session, vectors);
        case_end(session, EVIDENCE_PUBLISHED, (size_t)_i);
    }
    vectors_close(vectors, files[_i].cases);
}
END_TEST

static bool is_known(const char *name)
{
    for (size_t i = 0; i < COUNT(files); i++) {
        if (strcmp(files[i].name, name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT(left_out); i++) {
        if (strcmp(left_out[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A file that nobody reads is no evidence. */
START_TEST(every_file_is_known)
{
    DIR *folder = opendir(CFR_VECTORS_DIR);
    const struct dirent *file;

    ck_assert_ptr_nonnull(folder);
    while ((file = readdir(folder)) != NULL) {
        char name[256];
        char *end;

        (void)snprintf(name, sizeof(name), "%s", file->d_name);
        end = strstr(name, ".txt");
        if (end != NULL) {
            *end = '\0';
            ck_assert_msg(is_known(name), "published.def does not name %s", file->d_name);
        }
    }
    (void)closedir(folder);
}
END_TEST

TCase *published_tcase(void)
{
    TCase *tcase = tcase_create("published");

    tcase_add_checked_fixture(tcase, evidence_setup, evidence_teardown);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, published, 0, STANDARD_COUNT);
    tcase_add_test(tcase, every_file_is_known);
    return tcase;
}

TCase *published_legacy_tcase(void)
{
    TCase *tcase = tcase_create("published, legacy");

    tcase_add_checked_fixture(tcase, evidence_setup_legacy, evidence_teardown);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, published, STANDARD_COUNT, (int)COUNT(files));
    return tcase;
}
