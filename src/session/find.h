/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Object searches. All numbers are collected by C_FindObjectsInit, in one snapshot; handles are made as they
 * go out.
 */
#ifndef CFR_SESSION_FIND_H
#define CFR_SESSION_FIND_H

#include "base/buf.h"
#include "base/rv.h"

struct cfr_session;

/** A search's place in a session; zero-initialised means none. */
struct cfr_find {
    bool is_active;
    struct cfr_buf handles; /**< octets of CK_OBJECT_HANDLE */
    size_t at;              /**< octets of them that have gone out */
};

/**
 * C_FindObjectsInit.
 *
 * @retval CKR_OPERATION_ACTIVE  a search is active
 * @retval CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID  see cfr_template_read_search()
 * @retval CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_find_begin(struct cfr_session *session, const CK_ATTRIBUTE *template, CK_ULONG count);

/** C_FindObjects: at most @p max more handles. CKR_OPERATION_NOT_INITIALIZED. */
NODISCARD CK_RV cfr_find_next(struct cfr_session *session, CK_OBJECT_HANDLE *handles, CK_ULONG max,
                              CK_ULONG *ret_count);

/** End a search, active or not. */
void cfr_find_end(struct cfr_find *find);

#endif
