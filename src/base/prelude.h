/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Force-included in front of every source outside base/: the handful of C library names that the project does
 * not use, made into compile errors. base/ wraps what is needed of them (alloc.h, bytes.h, ct.h, log.h).
 */
#ifndef CFR_BASE_PRELUDE_H
#define CFR_BASE_PRELUDE_H

#include "base/bytes.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Allocation goes through alloc.h (own allocator pairs, fault hooks), comparison through bytes.h or ct.h. */
#pragma GCC poison malloc calloc realloc strdup strndup asprintf vasprintf getline memcmp memcpy
/* Unbounded or locale-bound text. */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets atoi atol strtok printf
/* Never a source of randomness. */
#pragma GCC poison srand random drand48

#endif
