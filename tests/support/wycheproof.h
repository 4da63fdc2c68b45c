/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the files of Project Wycheproof, and others of their form, from the folder that the environment variable
 * COFFER_VECTORS names. A check says what became of a case; that is compared with what the case expects.
 */
#ifndef CFR_TESTS_SUPPORT_WYCHEPROOF_H
#define CFR_TESTS_SUPPORT_WYCHEPROOF_H

#include "support/vectors.h"

#include <jansson.h>

enum { WYCHEPROOF_OCTETS_MAX = 32 };

/** What was made of a case. */
enum verdict {
    ACCEPTED,  /**< works, with the very result that is stated */
    REJECTED,  /**< an error, or another result */
    BY_DESIGN, /**< decided otherwise than Wycheproof, for a reason that stands beside the line that says so */
    NOT_RUN    /**< cannot be said in the interface, for a reason that stands there too */
};

/** A case, with its group and file. */
struct wycheproof_case {
    const json_t *file;
    const json_t *group;
    const json_t *test;
    uint8_t *octets[WYCHEPROOF_OCTETS_MAX]; /* decoded so far; freed by wycheproof_forget() */
    size_t count;
};

/** What became of the cases of a file. */
struct wycheproof_counts {
    unsigned valid;
    unsigned invalid;
    unsigned acceptable_taken;
    unsigned acceptable_refused;
    unsigned by_design;
    unsigned not_run;
    unsigned wrong;
};

typedef enum verdict (*wycheproof_check_fn)(struct wycheproof_case *wc);

/** Octets of a hexadecimal member; the test, the group, or a member of the group's object @p object. */
struct cfr_span wycheproof_octets(struct wycheproof_case *wc, const char *key);
struct cfr_span wycheproof_group_octets(struct wycheproof_case *wc, const char *object, const char *key);

/** Whether the group's object has a member. */
bool wycheproof_group_has(const struct wycheproof_case *wc, const char *object, const char *key);

/** A text member of the group, and a number; a number of the test. */
const char *wycheproof_group_word(const struct wycheproof_case *wc, const char *object, const char *key);
size_t wycheproof_group_number(const struct wycheproof_case *wc, const char *key);
size_t wycheproof_number(const struct wycheproof_case *wc, const char *key);

/** The file's algorithm. */
const char *wycheproof_algorithm(const struct wycheproof_case *wc);

/** Whether the test's result is "valid"; whether it has a flag. */
bool wycheproof_is_valid(const struct wycheproof_case *wc);
bool wycheproof_has_flag(const struct wycheproof_case *wc, const char *flag);

/** Free what was decoded. */
void wycheproof_forget(struct wycheproof_case *wc);

/** A JSON file of a folder below COFFER_VECTORS; NULL, and a line that says so, when there is none. */
json_t *wycheproof_load(const char *folder, const char *name);

/**
 * Run the cases of <name>_test.json. Fails the running test when a verdict is not the expected one, after all
 * cases were run, and when there are fewer than the file says. Nothing when the file is not there.
 */
void wycheproof_run(const char *name, wycheproof_check_fn check);

#endif
