/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entering and leaving a call. entry.c makes every C_ function of call_table.def; each finds its work in a
 * function cfr_do_<name> of the file for its section, which gets a locked session instead of a handle.
 */
#ifndef CFR_API_CALL_H
#define CFR_API_CALL_H

#include "base/rv.h"
#include "call/call_table.h"
#include "session/session.h"

/** A call in progress. */
struct cfr_call {
    enum cfr_call_id id;
    struct cfr_session *session; /**< locked, or NULL */
    bool outer_keeps;            /**< the call within which this one was made keeps the error queue */
};

/** Enter the library. CKR_CRYPTOKI_NOT_INITIALIZED. */
NODISCARD CK_RV cfr_call_enter(struct cfr_call *call, enum cfr_call_id id);

/** Enter the library and lock a session. CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID. */
NODISCARD CK_RV cfr_call_enter_session(struct cfr_call *call, enum cfr_call_id id, CK_SESSION_HANDLE handle);

/** Leave: unlock, restore libcrypto's error queue, log a failure with its reason. Returns @p rv. */
CK_RV cfr_call_leave(struct cfr_call *call, CK_RV rv);

/** Log a failure of a call that enters nothing. Returns @p rv. */
CK_RV cfr_call_report(enum cfr_call_id id, CK_RV rv);

/** C_Initialize of the interfaces with CKF_INTERFACE_FORK_SAFE. */
CK_RV cfr_initialize_fork_safe(CK_VOID_PTR pInitArgs);

#define CFR_UNWRAP(...) __VA_ARGS__
#define OWN(name, since, section)
#define LIBRARY(name, since, section, parameters, arguments) CK_RV cfr_do_##name parameters;
#define SESSION(name, since, section, parameters, arguments)                                                 \
    CK_RV cfr_do_##name(struct cfr_session *session, CFR_UNWRAP parameters);
#define SESSION0(name, since, section) CK_RV cfr_do_##name(struct cfr_session *session);
#define ABSENT(name, since, section, parameters)
#include "call/call_table.def"
#undef OWN
#undef LIBRARY
#undef SESSION
#undef SESSION0
#undef ABSENT

#endif
