/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer-docgen FOLDER: writes every document that is made from the tables, under its place in FOLDER.
 * tools/dev/docs runs it on the source tree; a test runs it elsewhere and compares.
 */
#include "docgen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *path;
    void (*write)(FILE *out);
} documents[] = {
    {"conformance/calls.md", docgen_calls},
    {"conformance/mechanisms.md", docgen_mechanisms},
    {"conformance/attributes.md", docgen_attributes},
    {"tools/man/coffer.conf.5", docgen_options},
};

static void fail(const char *path)
{
    fprintf(stderr, "coffer-docgen: %s: %s\n", path, strerror(errno));
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: coffer-docgen FOLDER\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        char path[1024];
        FILE *out;

        snprintf(path, sizeof(path), "%s/%s", argv[1], documents[i].path);
        out = fopen(path, "w");
        if (out == NULL) {
            fail(path);
        }
        documents[i].write(out);
        if (ferror(out) != 0 || fclose(out) != 0) {
            fail(path);
        }
        puts(documents[i].path);
    }
    return 0;
}
