/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include "base/fault.h"

#include <stdlib.h>
#include <string.h>

void *cfr_alloc(size_t size)
{
    return cfr_alloc_array(1, size);
}

/* glibc keeps small blocks for each thread, and its calloc() passes them by. */
enum { CACHED_MAX_LEN = 1024 };

void *cfr_alloc_array(size_t count, size_t size)
{
    if (cfr_fault_hit(CFR_FAULT_MEMORY)) {
        return NULL;
    }
    if (count <= CACHED_MAX_LEN && size <= CACHED_MAX_LEN && count * size <= CACHED_MAX_LEN) {
        void *memory = malloc(count * size == 0 ? 1 : count * size);

        return memory == NULL ? NULL : memset(memory, 0, count * size);
    }
    return calloc(count, size == 0 ? 1 : size);
}

void *cfr_alloc_aligned(size_t alignment, size_t size)
{
    void *memory = NULL;

    if (cfr_fault_hit(CFR_FAULT_MEMORY) || posix_memalign(&memory, alignment, size) != 0) {
        return NULL;
    }
    return memset(memory, 0, size);
}

void cfr_free(void *memory)
{
    free(memory);
}

char *cfr_alloc_text(const char *text)
{
    size_t len = strlen(text);
    char *copy = cfr_alloc(len + 1);

    if (copy != NULL) {
        memcpy(copy, text, len);
    }
    return copy;
}
