/* SPDX-License-Identifier: Apache-2.0 */
#include "coverage.h"

#include <stdio.h>
#include <string.h>

/* "CKM_AES_GCM" of "CKM_AES_GCM plain, ..."; empty when there is none. */
static void copy_mechanism(char to[DIFF_NAME_LEN], const char *hint)
{
    const size_t len = strcspn(hint, " ,:");

    to[0] = '\0';
    if (strncmp(hint, "CKM_", 4) == 0 && len < DIFF_NAME_LEN) {
        memcpy(to, hint, len);
        to[len] = '\0';
    }
}

void diff_cover(struct diff_shared *shared, const char *call, const char *hint, bool both_ok)
{
    char mechanism[DIFF_NAME_LEN];
    unsigned i = 0;

    copy_mechanism(mechanism, hint);
    while (i < shared->covered_count && (strcmp(shared->covered[i].call, call) != 0 ||
                                         strcmp(shared->covered[i].mechanism, mechanism) != 0)) {
        i++;
    }
    if (i == DIFF_COVERED_MAX) {
        return;
    }
    if (i == shared->covered_count) {
        shared->covered_count++;
        (void)snprintf(shared->covered[i].call, DIFF_NAME_LEN, "%s", call);
        (void)snprintf(shared->covered[i].mechanism, DIFF_NAME_LEN, "%s", mechanism);
    }
    shared->covered[i].count++;
    shared->covered[i].ok += both_ok;
}

/* The first row of its function. */
static bool is_first(const struct diff_shared *shared, unsigned index)
{
    for (unsigned i = 0; i < index; i++) {
        if (strcmp(shared->covered[i].call, shared->covered[index].call) == 0) {
            return false;
        }
    }
    return true;
}

static void print_function(const struct diff_shared *shared, const char *call)
{
    (void)printf("compared: %s:", call);
    for (unsigned i = 0; i < shared->covered_count; i++) {
        const struct diff_covered *row = &shared->covered[i];

        if (strcmp(row->call, call) == 0) {
            (void)printf(" %s%s%lu/%lu", row->mechanism, row->mechanism[0] == '\0' ? "" : " ", row->ok,
                         row->count);
        }
    }
    (void)printf("\n");
}

void diff_coverage_print(const struct diff_shared *shared)
{
    unsigned functions = 0;
    unsigned pairs = 0;

    for (unsigned i = 0; i < shared->covered_count; i++) {
        pairs += shared->covered[i].mechanism[0] != '\0' && shared->covered[i].ok != 0;
        if (is_first(shared, i)) {
            functions++;
            print_function(shared, shared->covered[i].call);
        }
    }
    (void)printf("%u functions compared, %u pairs of a function and a mechanism with success on both sides\n",
                 functions, pairs);
}
