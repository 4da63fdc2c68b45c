/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for what is not secret. Everything that is allocated here is freed here, and nothing that libc or
 * libcrypto allocated is: under RTLD_DEEPBIND their allocator and ours may be two different ones.
 */
#ifndef CFR_BASE_ALLOC_H
#define CFR_BASE_ALLOC_H

#include "base/rv.h"

#include <stddef.h>

/** @p size zeroed octets, or NULL. Aligned for any type. @p size 0 gives a valid pointer. */
void *cfr_alloc(size_t size);

/** @p count zeroed elements of @p size octets, or NULL, also when the product overflows. */
void *cfr_alloc_array(size_t count, size_t size);

/** @p size zeroed octets at a multiple of @p alignment, a power of two; or NULL. */
void *cfr_alloc_aligned(size_t alignment, size_t size);

/** Memory that came from cfr_alloc*; NULL is accepted. */
void cfr_free(void *memory);

/** A NUL-terminated copy of @p text, or NULL. */
char *cfr_alloc_text(const char *text);

#endif
