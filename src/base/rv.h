/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole error and ownership idiom: CK_RV everywhere, and five words.
 *
 *   TRY(call)                 leave with the call's code unless it is CKR_OK
 *   TRY_MAP(call, from, to)   the same, one code renamed on the way
 *   FAIL_UNLESS(fact, code)   leave with the code unless the fact holds
 *   AUTO(noun) *p = NULL      p is dropped on every path out of its scope, by cfr_<noun>_dropp(&p)
 *   MOVE(p)                   the value of p; p is NULL afterwards
 *
 * They hide a return and nothing else. Where the reason wants words, cfr_fail() of note.h makes the code.
 * GCC and Clang only (cleanup attribute, statement expressions).
 */
#ifndef CFR_BASE_RV_H
#define CFR_BASE_RV_H

#include "base/note.h"

#include <pkcs11/pkcs11.h>

#define NODISCARD       __attribute__((warn_unused_result))
#define CFR_LIKELY(x)   __builtin_expect(!!(x), 1)
#define CFR_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define TRY(call)                                                                                            \
    do {                                                                                                     \
        CK_RV try_rv_ = (call);                                                                              \
        if (CFR_UNLIKELY(try_rv_ != CKR_OK)) {                                                               \
            return try_rv_;                                                                                  \
        }                                                                                                    \
    } while (0)

#define TRY_MAP(call, from, to)                                                                              \
    do {                                                                                                     \
        CK_RV try_rv_ = (call);                                                                              \
        if (CFR_UNLIKELY(try_rv_ != CKR_OK)) {                                                               \
            return try_rv_ == (from) ? (to) : try_rv_;                                                       \
        }                                                                                                    \
    } while (0)

#define FAIL_UNLESS(fact, code)                                                                              \
    do {                                                                                                     \
        if (CFR_UNLIKELY(!(fact))) {                                                                         \
            return cfr_note_here((code), __FILE__, __LINE__, #fact);                                         \
        }                                                                                                    \
    } while (0)

#define AUTO(noun) __attribute__((cleanup(cfr_##noun##_dropp), unused)) struct cfr_##noun

#define MOVE(p)                                                                                              \
    (__extension__({                                                                                         \
        __typeof__(p) move_ = (p);                                                                           \
        (p) = NULL;                                                                                          \
        move_;                                                                                               \
    }))

/** Defines cfr_<noun>_dropp() for AUTO from cfr_<noun>_drop(), which accepts NULL. */
#define CFR_DEFINE_DROPP(noun)                                                                               \
    static inline void cfr_##noun##_dropp(struct cfr_##noun **p)                                             \
    {                                                                                                        \
        cfr_##noun##_drop(*p);                                                                               \
    }

#endif
