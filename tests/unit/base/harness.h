/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of src/base and src/crypto share: return codes compared with their reason shown, octets
 * compared and made up, bodies run in a forked child or in several threads at once. Needs base only.
 */
#ifndef CFR_TESTS_UNIT_BASE_HARNESS_H
#define CFR_TESTS_UNIT_BASE_HARNESS_H

#include "base/bytes.h"
#include "base/rv.h"

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* GCC defines a macro for each sanitizer, Clang answers a question. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { HARNESS_SANITIZED = 1 };
#elif defined(__clang__)
enum { HARNESS_SANITIZED = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) };
#else
enum { HARNESS_SANITIZED = 0 };
#endif

/** Fail the test, naming the call and this thread's note, unless @p call returns @p code. */
#define ASSERT_RV(call, code) harness_assert_rv((call), (code), #call, __FILE__, __LINE__)
#define ASSERT_OK(call)       ASSERT_RV(call, CKR_OK)
void harness_assert_rv(CK_RV got, CK_RV want, const char *call, const char *file, int line);

/** Fail the test, showing the first difference, unless both spans have the same octets. */
#define ASSERT_SPAN(got, want) harness_assert_span((got), (want), #got, __FILE__, __LINE__)
void harness_assert_span(struct cfr_span got, struct cfr_span want, const char *what, const char *file,
                         int line);

/** Octets and numbers that are the same in every run. Not thread-safe. */
void harness_fill(uint8_t *out, size_t len);
uint32_t harness_number(uint32_t below);

/** Runs in a forked child; the result is its exit code. No assertions inside. */
typedef int (*harness_child_fn)(void *arg);

/** The child's exit code; fails the test when a signal ended it, or when it has not ended after 30 s. */
int harness_child(harness_child_fn body, void *arg);

/** Fails the test unless @p signal_number ends the child; its stderr is thrown away. */
void harness_child_dies(harness_child_fn body, void *arg, int signal_number);

typedef void (*harness_thread_fn)(unsigned index, void *arg);

enum { HARNESS_THREADS_MAX = 64 };

/** Run @p body in @p count threads that begin together, and wait for all. */
void harness_threads(unsigned count, harness_thread_fn body, void *arg);

#endif
