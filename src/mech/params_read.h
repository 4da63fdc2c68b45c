/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of parameters are made of. Included by params*.c alone. */
#ifndef CFR_MECH_PARAMS_READ_H
#define CFR_MECH_PARAMS_READ_H

#include "mech/params.h"

/** The parameter as a structure of exactly @p len octets, copied because the application may not align it. */
static inline CK_RV cfr_params_struct(const CK_MECHANISM *mechanism, void *to, size_t len)
{
    if (mechanism->pParameter == NULL || mechanism->ulParameterLen != len) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "parameter of mechanism 0x%lx has %lu octets, not %zu",
                        mechanism->mechanism, mechanism->ulParameterLen, len);
    }
    cfr_copy(to, mechanism->pParameter, len);
    return CKR_OK;
}

/** A view of octets that a parameter points to. */
static inline CK_RV cfr_params_octets(const void *ptr, CK_ULONG len, const char *what,
                                      struct cfr_span *ret_span)
{
    if ((ptr == NULL && len != 0) || len > CFR_PARAM_MAX_LEN) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "%s: %lu octets at %s", what, len,
                        ptr == NULL ? "NULL" : "a pointer");
    }
    *ret_span = cfr_span_of(ptr, len);
    return CKR_OK;
}

#endif
