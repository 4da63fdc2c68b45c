/* SPDX-License-Identifier: Apache-2.0 */
/* Scratch folders; and what the build checks by itself, for tests that have to stand back from it. */
#ifndef CFR_TESTS_SUPPORT_SCRATCH_H
#define CFR_TESTS_SUPPORT_SCRATCH_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN true
#else
#define UNDER_ASAN false
#endif
#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN true
#else
#define UNDER_TSAN false
#endif

/** Remove a folder with all that is in it, as far as that can be done. */
static inline void scratch_remove(const char *path)
{
    struct dirent *entry;
    DIR *folder = opendir(path);
    char name[512];

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if ((size_t)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >= sizeof(name)) {
            continue;
        }
        if (unlink(name) != 0 && errno == EISDIR) {
            scratch_remove(name);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    (void)rmdir(path);
}

#endif
