/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include "base/log.h"
#include "crypto/ossl.h"
#include "session/module.h"

CK_RV cfr_call_enter(struct cfr_call *call, enum cfr_call_id id)
{
    call->id = id;
    call->session = NULL;
    TRY(cfr_module_enter());
    call->outer_keeps = cfr_ossl_errors_begin();
    if (!cfr_call_is_quick[id]) {
        cfr_ossl_errors_keep();
    }
    return CKR_OK;
}

static void leave(struct cfr_call *call)
{
    if (call->session != NULL) {
        cfr_session_release(call->session);
    }
    cfr_ossl_errors_end(call->outer_keeps);
    cfr_module_leave();
}

CK_RV cfr_call_enter_session(struct cfr_call *call, enum cfr_call_id id, CK_SESSION_HANDLE handle)
{
    CK_RV rv;

    TRY(cfr_call_enter(call, id));
    rv = cfr_session_acquire(handle, &call->session);
    if (CFR_UNLIKELY(rv != CKR_OK)) {
        leave(call);
    }
    return rv;
}

/*
 * Faults of the device or the host are errors; a refusal is what the caller asked for, and of interest to
 * him.
 */
static enum cfr_log_level level_of(CK_RV rv)
{
    return rv == CKR_DEVICE_ERROR || rv == CKR_GENERAL_ERROR || rv == CKR_HOST_MEMORY ||
                   rv == CKR_DEVICE_MEMORY || rv == CKR_FUNCTION_FAILED
               ? CFR_LOG_ERROR
               : CFR_LOG_INFO;
}

CK_RV cfr_call_report(enum cfr_call_id id, CK_RV rv)
{
    const struct cfr_note *note = cfr_note_last();
    const char *name = cfr_rv_name(rv);

    if (rv == CKR_OK || !cfr_log_enabled(level_of(rv))) {
        return rv;
    }
    if (note->file != NULL && note->words != NULL) {
        const char *file = strrchr(note->file, '/');

        cfr_log(level_of(rv), "%s: %s: %s [%s:%d]", cfr_call_row(id)->name, name == NULL ? "?" : name,
                note->words, file == NULL ? note->file : file + 1, note->line);
    } else {
        cfr_log(level_of(rv), "%s: %s", cfr_call_row(id)->name, name == NULL ? "?" : name);
    }
    cfr_note_clear();
    return rv;
}

CK_RV cfr_call_leave(struct cfr_call *call, CK_RV rv)
{
    leave(call);
    return CFR_LIKELY(rv == CKR_OK) ? CKR_OK : cfr_call_report(call->id, rv);
}
