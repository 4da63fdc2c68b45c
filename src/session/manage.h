/* SPDX-License-Identifier: Apache-2.0 */
/* What sessions do with objects as such: create, copy, change, destroy, read. */
#ifndef CFR_SESSION_MANAGE_H
#define CFR_SESSION_MANAGE_H

#include "object/build.h"
#include "session/session.h"

enum { CFR_PLACE_MAX = 17 /* objects of one call: a derived key and 16 additional ones */ };

/**
 * Put new objects where they belong, all or none: token objects into the store in one transaction, session
 * objects into the token's table. At most CFR_PLACE_MAX. Sets the handles.
 *
 * @retval CKR_SESSION_READ_ONLY     a token object in a read-only session
 * @retval CKR_USER_NOT_LOGGED_IN    a private object, and the normal user is not logged in
 * @retval CKR_TOKEN_NOT_INITIALIZED a token object in an empty slot
 * @retval CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_manage_place(struct cfr_session *session, struct cfr_object *const *objects, size_t count,
                                 CK_OBJECT_HANDLE *ret_handles);

/** The checks of cfr_manage_place() that need no object, for templates: before slow work is begun. */
NODISCARD CK_RV cfr_manage_check_place(const struct cfr_session *session, const struct cfr_attrs *given,
                                       const struct cfr_actor *actor);

NODISCARD CK_RV cfr_manage_create(struct cfr_session *session, const CK_ATTRIBUTE *template, CK_ULONG count,
                                  CK_OBJECT_HANDLE *ret_handle);
NODISCARD CK_RV cfr_manage_copy(struct cfr_session *session, CK_OBJECT_HANDLE source,
                                const CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *ret_handle);
/** @p ret_is_kept: operations may keep the object, and cfr_session_sweep() is to follow. */
NODISCARD CK_RV cfr_manage_destroy(struct cfr_session *session, CK_OBJECT_HANDLE handle, bool *ret_is_kept);
/** C_GetAttributeValue: see cfr_template_fill(). */
NODISCARD CK_RV cfr_manage_get(struct cfr_session *session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *template,
                               CK_ULONG count);
NODISCARD CK_RV cfr_manage_set(struct cfr_session *session, CK_OBJECT_HANDLE handle,
                               const CK_ATTRIBUTE *template, CK_ULONG count);

#endif
