/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nth-failure tests: an attempt is run again and again, and its first, second, third … allocation (or
 * libcrypto or store call) is made to fail, until a run has none left to fail.
 *
 * An attempt does one thing from nothing to nothing: it frees what it made, whether the thing worked or not,
 * and returns the code of the first call that failed. It asserts by itself that what it got on success is
 * right and that outputs were left alone on failure. Without CFR_FAULTS it is run once, undisturbed.
 */
#ifndef CFR_TESTS_SUPPORT_NTH_H
#define CFR_TESTS_SUPPORT_NTH_H

#include "base/fault.h"
#include "base/rv.h"
#include "base/secret.h"

#include <check.h>

/** Does the thing under test once. */
typedef CK_RV (*nth_attempt_fn)(void *arg);

enum { NTH_LIMIT = 100000 };

/**
 * Fail each call of @p kind in turn.
 *
 * Fails the test when an attempt succeeds although one of its calls failed, when it fails although none did,
 * or when it leaves secrets behind. Leaks of other memory are LeakSanitizer's to find.
 *
 * @return how many calls there were to fail; 0 without CFR_FAULTS
 */
static inline unsigned nth_failure(enum cfr_fault_kind kind, nth_attempt_fn attempt, void *arg)
{
    size_t in_use = cfr_secret_in_use();
    unsigned failures = 0;

#ifdef CFR_FAULTS
    for (bool fired = true; fired && failures < NTH_LIMIT; failures += fired) {
        CK_RV rv;

        cfr_fault_arm(kind, failures + 1);
        rv = attempt(arg);
        fired = cfr_fault_fired(kind);
        cfr_fault_arm(kind, 0);
        ck_assert_msg(fired == (rv != CKR_OK), "failure %u of kind %d: attempt gave 0x%lx%s", failures + 1,
                      (int)kind, rv, fired ? "" : " undisturbed");
        ck_assert_uint_eq(cfr_secret_in_use(), in_use);
    }
    ck_assert_uint_lt(failures, NTH_LIMIT);
#else
    (void)kind;
    ck_assert_uint_eq(attempt(arg), CKR_OK);
    ck_assert_uint_eq(cfr_secret_in_use(), in_use);
#endif
    return failures;
}

/**
 * Fail each allocation, then each libcrypto call, of @p attempt. @p least_memory and @p least_crypto say how
 * many there are at the least, so that a lost hook does not make the test pass for nothing.
 */
static inline void nth_failure_both(nth_attempt_fn attempt, void *arg, unsigned least_memory,
                                    unsigned least_crypto)
{
    unsigned memory = nth_failure(CFR_FAULT_MEMORY, attempt, arg);
    unsigned crypto = nth_failure(CFR_FAULT_CRYPTO, attempt, arg);

#ifdef CFR_FAULTS
    ck_assert_uint_ge(memory, least_memory);
    ck_assert_uint_ge(crypto, least_crypto);
#else
    (void)least_memory, (void)least_crypto, (void)memory, (void)crypto;
#endif
}

#endif
