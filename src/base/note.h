/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the last call of this thread failed: code, place, and words. Never data: no value of an attribute, no
 * PIN, no octets of a message. Read once, by the API layer when a call ends with an error; it then goes to
 * the log.
 */
#ifndef CFR_BASE_NOTE_H
#define CFR_BASE_NOTE_H

#include <pkcs11/pkcs11.h>

/** The reason kept for a thread. @c file and @c words point to static storage or into @c text. */
struct cfr_note {
    CK_RV rv;          /**< CKR_ code that was made here */
    const char *file;  /**< source file, as the compiler names it; NULL when there is no note */
    int line;          /**< source line */
    const char *words; /**< the fact that did not hold, or what cfr_fail() was told */
    char text[192];    /**< room for cfr_fail(); cut at its end */
};

/** Keep a reason without formatting anything. Returns @p rv. For FAIL_UNLESS. */
CK_RV cfr_note_here(CK_RV rv, const char *file, int line, const char *words);

/** Keep a reason in words, printf-formatted. Returns @p rv. Call it as cfr_fail(). */
CK_RV cfr_note_fail(CK_RV rv, const char *file, int line, const char *format, ...)
    __attribute__((format(__printf__, 4, 5)));

/** Make an error code and say why: `return cfr_fail(CKR_ATTRIBUTE_VALUE_INVALID, "%s has %zu octets", …)`. */
#define cfr_fail(rv, ...) cfr_note_fail((rv), __FILE__, __LINE__, __VA_ARGS__)

/**
 * The reason of this thread's last failure; @c file is NULL when there is none. Valid until the next failure.
 */
const struct cfr_note *cfr_note_last(void);

/** Forget it. */
void cfr_note_clear(void);

#endif
