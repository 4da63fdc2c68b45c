/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

void *cfr_alloc(size_t size)
{
    return cfr_alloc_array(1, size);
}

void *cfr_alloc_array(size_t count, size_t size)
{
    if (cfr_fault_hit(CFR_FAULT_MEMORY)) {
        return NULL;
    }
    return calloc(count, size == 0 ? 1 : size);
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
