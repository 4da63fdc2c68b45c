/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of call_table.def as data, for traces and documents. */
#ifndef CFR_CALL_CALL_TABLE_H
#define CFR_CALL_CALL_TABLE_H

#include <pkcs11/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>

/** Functions, in the order of the table: CFR_CALL_C_Initialize … */
enum cfr_call_id {
#define OWN(name, since, section)                            CFR_CALL_##name,
#define LIBRARY(name, since, section, parameters, arguments) CFR_CALL_##name,
#define SESSION(name, since, section, parameters, arguments) CFR_CALL_##name,
#define SESSION0(name, since, section)                       CFR_CALL_##name,
#define ABSENT(name, since, section, parameters)             CFR_CALL_##name,
#include "call/call_table.def"
#undef OWN
#undef LIBRARY
#undef SESSION
#undef SESSION0
#undef ABSENT
    CFR_CALL_COUNT
};

struct cfr_call_row {
    const char *name;
    unsigned since; /**< 256 * major + minor version */
    const char *section;
    bool is_supported;
    bool needs_session;
};

/** Whether a function marks libcrypto's error queue only where libcrypto may refuse; by cfr_call_id. */
extern const bool cfr_call_is_quick[CFR_CALL_COUNT];

/** The row of a function; static. */
const struct cfr_call_row *cfr_call_row(enum cfr_call_id id);

/** "CKR_ARGUMENTS_BAD" for a code, or NULL for one that Coffer never returns; static. */
const char *cfr_rv_name(CK_RV rv);

#endif
