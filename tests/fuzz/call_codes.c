/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/call_model.h"

/* 5.1.1 to 5.1.3, 5.1.6: any function; any but those before C_Initialize; any that takes a session. */
static bool is_common(enum cfr_call_id id, CK_RV rv)
{
    bool is_unopened = id == CFR_CALL_C_Initialize || id == CFR_CALL_C_GetFunctionList ||
                       id == CFR_CALL_C_GetInterfaceList || id == CFR_CALL_C_GetInterface;

    return rv == CKR_OK || rv == CKR_HOST_MEMORY || rv == CKR_ARGUMENTS_BAD ||
           (rv == CKR_CRYPTOKI_NOT_INITIALIZED && !is_unopened) ||
           (rv == CKR_SESSION_HANDLE_INVALID && call_shapes[id].kinds[0] == ARG_SESSION);
}

static const struct {
    enum cfr_call_id id;
    CK_RV codes[24];
} lists[] = {
#define CODES(name, ...) {CFR_CALL_##name, {__VA_ARGS__}},
#define ALSO(name, ...)  {CFR_CALL_##name, {__VA_ARGS__}},
#include "fuzz/call_codes.def"
};

void call_code_check(enum cfr_call_id id, CK_RV rv)
{
    if (is_common(id, rv)) {
        return;
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (size_t k = 0; lists[i].id == id && lists[i].codes[k] != CKR_OK; k++) {
            if (lists[i].codes[k] == rv) {
                return;
            }
        }
    }
    (void)fprintf(stderr, "broken: %s gave %s (0x%lx)\n", cfr_call_row(id)->name,
                  cfr_rv_name(rv) == NULL ? "an unknown code" : cfr_rv_name(rv), rv);
    abort();
}
