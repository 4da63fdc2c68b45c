/* SPDX-License-Identifier: Apache-2.0 */
/* The entry points that call_table.def describes: enter, do, leave. */
#include "api/call.h"

#define OWN(name, since, section)

#define LIBRARY(name, since, section, parameters, arguments)                                                 \
    CK_DEFINE_FUNCTION(CK_RV, name) parameters                                                               \
    {                                                                                                        \
        struct cfr_call call;                                                                                \
        CK_RV rv = cfr_call_enter(&call, CFR_CALL_##name);                                                   \
                                                                                                             \
        if (CFR_UNLIKELY(rv != CKR_OK)) {                                                                    \
            return cfr_call_report(CFR_CALL_##name, rv);                                                     \
        }                                                                                                    \
        return cfr_call_leave(&call, cfr_do_##name arguments);                                               \
    }

#define SESSION(name, since, section, parameters, arguments)                                                 \
    CK_DEFINE_FUNCTION(CK_RV, name)(CK_SESSION_HANDLE hSession, CFR_UNWRAP parameters)                       \
    {                                                                                                        \
        struct cfr_call call;                                                                                \
        CK_RV rv = cfr_call_enter_session(&call, CFR_CALL_##name, hSession);                                 \
                                                                                                             \
        if (CFR_UNLIKELY(rv != CKR_OK)) {                                                                    \
            return cfr_call_report(CFR_CALL_##name, rv);                                                     \
        }                                                                                                    \
        return cfr_call_leave(&call, cfr_do_##name(call.session, CFR_UNWRAP arguments));                     \
    }

#define SESSION0(name, since, section)                                                                       \
    CK_DEFINE_FUNCTION(CK_RV, name)(CK_SESSION_HANDLE hSession)                                              \
    {                                                                                                        \
        struct cfr_call call;                                                                                \
        CK_RV rv = cfr_call_enter_session(&call, CFR_CALL_##name, hSession);                                 \
                                                                                                             \
        if (CFR_UNLIKELY(rv != CKR_OK)) {                                                                    \
            return cfr_call_report(CFR_CALL_##name, rv);                                                     \
        }                                                                                                    \
        return cfr_call_leave(&call, cfr_do_##name(call.session));                                           \
    }

#define ABSENT(name, since, section, parameters)                                                             \
    CK_DEFINE_FUNCTION(CK_RV, name) parameters                                                               \
    {                                                                                                        \
        return CKR_FUNCTION_NOT_SUPPORTED;                                                                   \
    }

/* What is not supported looks at none of its arguments. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include "call/call_table.def"
