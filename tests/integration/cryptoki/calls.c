/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/calls.h"

/* As many zeros as a list in parentheses has members. */
/* clang-format off */
#define COUNT_ARGS(...) COUNT_ARGS_(__VA_ARGS__, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define COUNT_ARGS_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, n, ...) n
#define ZEROS_1 0
#define ZEROS_2 0, ZEROS_1
#define ZEROS_3 0, ZEROS_2
#define ZEROS_4 0, ZEROS_3
#define ZEROS_5 0, ZEROS_4
#define ZEROS_6 0, ZEROS_5
#define ZEROS_7 0, ZEROS_6
#define ZEROS_8 0, ZEROS_7
#define ZEROS_9 0, ZEROS_8
#define ZEROS_10 0, ZEROS_9
#define JOIN(a, b) a##b
#define ZEROS(n) JOIN(ZEROS_, n)
#define ZEROS_FOR(list) ZEROS(COUNT_ARGS list)
/* clang-format on */

#define OWN(name, since, section)
#define LIBRARY(name, since, section, parameters, arguments)                                                 \
    static CK_RV with_##name(CK_SESSION_HANDLE session)                                                      \
    {                                                                                                        \
        (void)session;                                                                                       \
        return p11->name(ZEROS_FOR(parameters));                                                             \
    }
#define SESSION(name, since, section, parameters, arguments)                                                 \
    static CK_RV with_##name(CK_SESSION_HANDLE session)                                                      \
    {                                                                                                        \
        return p11->name(session, ZEROS_FOR(parameters));                                                    \
    }
#define SESSION0(name, since, section)                                                                       \
    static CK_RV with_##name(CK_SESSION_HANDLE session)                                                      \
    {                                                                                                        \
        return p11->name(session);                                                                           \
    }
#define ABSENT(name, since, section, parameters) LIBRARY(name, since, section, parameters, ())
#include "call/call_table.def"
#undef OWN
#undef LIBRARY
#undef SESSION
#undef SESSION0
#undef ABSENT

#define OWN(name, since, section)                            {#name, CALL_OWN, since, NULL},
#define LIBRARY(name, since, section, parameters, arguments) {#name, CALL_LIBRARY, since, with_##name},
#define SESSION(name, since, section, parameters, arguments) {#name, CALL_SESSION, since, with_##name},
#define SESSION0(name, since, section)                       {#name, CALL_SESSION, since, with_##name},
#define ABSENT(name, since, section, parameters)             {#name, CALL_ABSENT, since, with_##name},

static const struct call_case cases[] = {
#include "call/call_table.def"
};

const struct call_case *call_case(size_t index)
{
    return index < COUNT(cases) ? &cases[index] : NULL;
}

bool call_wants_session(const struct call_case *call)
{
    return call->kind == CALL_SESSION;
}
