/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions. Their records are made in pages and never freed before C_Finalize, so that looking one up takes
 * no lock: the handle tells the record, and the record's lock whether it is still that session. A handle is
 * not used again in the life of the process.
 */
#ifndef CFR_SESSION_SESSION_H
#define CFR_SESSION_SESSION_H

#include "base/lock.h"
#include "session/find.h"
#include "session/job.h"
#include "session/message.h"
#include "session/operation.h"
#include "session/token.h"

enum { CFR_SESSIONS_MAX = 65536 };

struct cfr_session {
    struct cfr_lock lock;     /**< rank SESSION; guards the rest */
    CK_SESSION_HANDLE handle; /**< 0: closed */
    struct cfr_token *token;
    bool is_rw;
    bool is_async;
    unsigned owned_objects; /**< session objects made here; an upper bound */
    struct cfr_operation operations[CFR_USE_COUNT];
    struct cfr_operation messages[CFR_MESSAGE_USES]; /**< message by message; digests have none */
    struct cfr_find find;
    struct cfr_job *job; /**< of a pending C_GenerateKeyPair; NULL: none */
    uint32_t index;      /**< of the record */
    uint32_t next_free;  /**< under the table's lock: 1 + index of the next closed record */
    uint64_t uses;       /**< how often the record was opened: the handle's upper part */
};

/** Make the table. CKR_HOST_MEMORY, CKR_CANT_LOCK. */
NODISCARD CK_RV cfr_session_table_up(void);

/** Close all sessions and free the table; nobody is inside the module. */
void cfr_session_table_clear(void);

/** In a forked child that goes on with the sessions: let go of locks that threads of the parent hold. */
void cfr_session_table_forked(void);

/** In a forked child that does not: forget the table. */
void cfr_session_table_abandon(void);

/**
 * C_OpenSession.
 *
 * @retval CKR_SESSION_READ_WRITE_SO_EXISTS  read-only, while the SO is logged in
 * @retval CKR_SESSION_COUNT                 CFR_SESSIONS_MAX are open
 * @retval CKR_SESSION_ASYNC_NOT_SUPPORTED   @p is_async, and the application wants no threads of the library
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_session_open(struct cfr_token *token, bool is_rw, bool is_async,
                                 CK_SESSION_HANDLE *ret_handle);

/** The session with a handle, locked. CKR_SESSION_HANDLE_INVALID. */
NODISCARD CK_RV cfr_session_acquire(CK_SESSION_HANDLE handle, struct cfr_session **ret_session);
void cfr_session_release(struct cfr_session *session);

/** C_CloseSession; the session is locked. Its objects go; the last one of a token logs out. */
void cfr_session_close_locked(struct cfr_session *session);

/** C_CloseAllSessions. No session is locked by the caller. */
void cfr_session_close_all(struct cfr_token *token);

/** Session state for C_GetSessionInfo: CKS_… */
CK_STATE cfr_session_state(const struct cfr_session *session);

/**
 * Wipe what other sessions of a token keep of keys: after logout everything that used a private one, after
 * the destruction of an object what used that. The caller holds no session.
 *
 * @param key  handle of the key, or 0 after logout
 */
void cfr_session_sweep(struct cfr_token *token, CK_OBJECT_HANDLE key);

#endif
