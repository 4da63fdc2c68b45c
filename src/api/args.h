/* SPDX-License-Identifier: Apache-2.0 */
/* Small things that the entry functions share. */
#ifndef CFR_API_ARGS_H
#define CFR_API_ARGS_H

#include "base/rv.h"
#include "config/option_table.h"
#include "session/output.h"

/** Copy text into a fixed field padded with blanks, as the CK_..._INFO structures have them. */
static inline void cfr_put_padded(CK_UTF8CHAR *field, size_t room, const char *text)
{
    size_t len = strlen(text);

    memset(field, ' ', room);
    cfr_copy(field, text, len < room ? len : room);
}

/** Input octets of a call: NULL is right for none. */
static inline struct cfr_span cfr_input(const CK_BYTE *ptr, CK_ULONG len)
{
    return cfr_span_of(ptr, len);
}

/** Required octets. CKR_ARGUMENTS_BAD: NULL. */
static inline CK_RV cfr_required(const CK_BYTE *ptr, CK_ULONG len, struct cfr_span *ret_span)
{
    FAIL_UNLESS(ptr != NULL, CKR_ARGUMENTS_BAD);
    *ret_span = cfr_span_of(ptr, len);
    return CKR_OK;
}

/**
 * A PIN. One longer than any can be is taken for none at all, which is never right: its octets may not even be
 * there. CKR_ARGUMENTS_BAD: NULL.
 */
static inline CK_RV cfr_pin(const CK_UTF8CHAR *ptr, CK_ULONG len, struct cfr_span *ret_pin)
{
    return cfr_required(ptr, len > CFR_PIN_MAX_LEN ? 0 : len, ret_pin);
}

#define CFR_MANUFACTURER "Coffer"

#endif
