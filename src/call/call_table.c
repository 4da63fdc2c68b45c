/* SPDX-License-Identifier: Apache-2.0 */
#include "call/call_table.h"

/* clang-format off */
static const struct cfr_call_row rows[CFR_CALL_COUNT] = {
#define OWN(name, since, section) {#name, since, section, true, false},
#define LIBRARY(name, since, section, parameters, arguments) {#name, since, section, true, false},
#define SESSION(name, since, section, parameters, arguments) {#name, since, section, true, true},
#define SESSION0(name, since, section) {#name, since, section, true, true},
#define ABSENT(name, since, section, parameters) {#name, since, section, false, false},
#include "call/call_table.def"
#undef OWN
#undef LIBRARY
#undef SESSION
#undef SESSION0
#undef ABSENT
};

const bool cfr_call_is_quick[CFR_CALL_COUNT] = {
#define OWN(name, since, section)
#define LIBRARY(name, since, section, parameters, arguments)
#define SESSION(name, since, section, parameters, arguments)
#define SESSION0(name, since, section)
#define ABSENT(name, since, section, parameters)
#define QUICK(name) [CFR_CALL_##name] = true,
#include "call/call_table.def"
};
/* clang-format on */

const struct cfr_call_row *cfr_call_row(enum cfr_call_id id)
{
    return &rows[id];
}
