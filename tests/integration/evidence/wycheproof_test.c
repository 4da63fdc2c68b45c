/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/evidence/evidence.h"
#include "integration/evidence/wycheproof.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCHES = 16 };

static const struct {
    const char *name; /* of <name>_test.json */
    wycheproof_try_fn try;
} files[] = {
#define WYCHEPROOF(file, kind) {#file, try_##kind},
#define WYCHEPROOF_LEFT_OUT(file, reason)
#include "support/wycheproof.def"
#undef WYCHEPROOF_LEFT_OUT
#undef WYCHEPROOF
};

static const struct {
    const char *name;
    const char *reason;
} left_out[] = {
#define WYCHEPROOF(file, kind)
#define WYCHEPROOF_LEFT_OUT(file, reason) {#file, reason},
#include "support/wycheproof.def"
#undef WYCHEPROOF_LEFT_OUT
#undef WYCHEPROOF
    {NULL, NULL}, /* none may be left out */
};

enum verdict refused(CK_RV rv, const struct wycheproof_case *wc)
{
    static const CK_RV codes[] = {
        CKR_SIGNATURE_INVALID,        CKR_SIGNATURE_LEN_RANGE,     CKR_ENCRYPTED_DATA_INVALID,
        CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_MECHANISM_PARAM_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
        CKR_KEY_SIZE_RANGE,           CKR_PUBLIC_KEY_INVALID,      CKR_WRAPPED_KEY_INVALID,
        CKR_WRAPPED_KEY_LEN_RANGE,    CKR_DATA_LEN_RANGE,
    };

    for (size_t i = 0; i < COUNT(codes); i++) {
        if (codes[i] == rv) {
            return REJECTED;
        }
    }
    ck_abort_msg("case %zu: %s", wycheproof_number(wc, "tcId"), rv_text(rv));
}

/* The file that runs; one in each of Check's children. */
static wycheproof_try_fn running;

/* The objects of a case go with its session. */
static enum verdict run_case(struct wycheproof_case *wc)
{
    CK_SESSION_HANDLE session = case_begin();
    enum verdict verdict = running(session, wc);

    case_end(session, EVIDENCE_WYCHEPROOF, 0);
    return verdict;
}

/* Every test makes a token: so there are fewer tests than files. */
START_TEST(wycheproof)
{
    for (size_t i = (size_t)_i; i < COUNT(files); i += BATCHES) {
        running = files[i].try;
        wycheproof_run(files[i].name, run_case);
    }
}
END_TEST

static bool is_known(const char *name)
{
    for (size_t i = 0; i < COUNT(files); i++) {
        if (strcmp(files[i].name, name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; left_out[i].name != NULL; i++) {
        if (strcmp(left_out[i].name, name) == 0) {
            (void)printf("%s is left out: %s\n", name, left_out[i].reason);
            return true;
        }
    }
    return false;
}

START_TEST(every_file_is_known)
{
    const char *vectors = getenv("COFFER_VECTORS");
    const struct dirent *file;
    char path[1024];
    DIR *folder;

    if (vectors == NULL) {
        return;
    }
    (void)snprintf(path, sizeof(path), "%s/wycheproof", vectors);
    folder = opendir(path);
    while (folder != NULL && (file = readdir(folder)) != NULL) {
        char name[256];
        char *end;

        (void)snprintf(name, sizeof(name), "%s", file->d_name);
        end = strstr(name, "_test.json");
        if (end != NULL) {
            *end = '\0';
            ck_assert_msg(is_known(name), "wycheproof.def does not name %s", file->d_name);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}
END_TEST

TCase *wycheproof_tcase(void)
{
    TCase *tcase = tcase_create("wycheproof");

    tcase_add_checked_fixture(tcase, evidence_setup, evidence_teardown);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, wycheproof, 0, getenv("COFFER_VECTORS") == NULL ? 0 : BATCHES);
    tcase_add_test(tcase, every_file_is_known);
    return tcase;
}
