/* SPDX-License-Identifier: Apache-2.0 */
/* Object management functions (PKCS#11 5.7). */
#include "api/args.h"
#include "api/call.h"
#include "session/manage.h"
#include "session/object_table.h"

CK_RV cfr_do_C_CreateObject(struct cfr_session *session, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount,
                            CK_OBJECT_HANDLE_PTR phObject)
{
    FAIL_UNLESS(pTemplate != NULL && phObject != NULL, CKR_ARGUMENTS_BAD);
    return cfr_manage_create(session, pTemplate, ulCount, phObject);
}

CK_RV cfr_do_C_CopyObject(struct cfr_session *session, CK_OBJECT_HANDLE hObject, CK_ATTRIBUTE_PTR pTemplate,
                          CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phNewObject)
{
    FAIL_UNLESS(phNewObject != NULL, CKR_ARGUMENTS_BAD);
    return cfr_manage_copy(session, hObject, pTemplate, ulCount, phNewObject);
}

/* The other sessions let go of a destroyed key when this one is no longer locked. */
CK_RV cfr_do_C_DestroyObject(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject)
{
    struct cfr_session *session = NULL;
    struct cfr_token *token;
    bool is_kept = false;
    CK_RV rv;

    TRY(cfr_session_acquire(hSession, &session));
    token = session->token;
    rv = cfr_manage_destroy(session, hObject, &is_kept);
    cfr_session_release(session);
    if (is_kept) {
        cfr_session_sweep(token, hObject);
    }
    return rv;
}

CK_RV cfr_do_C_GetObjectSize(struct cfr_session *session, CK_OBJECT_HANDLE hObject, CK_ULONG_PTR pulSize)
{
    AUTO(object) *object = NULL;

    FAIL_UNLESS(pulSize != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_objects_find(session->token, hObject, &object));
    *pulSize = cfr_object_size(object);
    return CKR_OK;
}

CK_RV cfr_do_C_GetAttributeValue(struct cfr_session *session, CK_OBJECT_HANDLE hObject,
                                 CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
    FAIL_UNLESS(pTemplate != NULL, CKR_ARGUMENTS_BAD);
    return cfr_manage_get(session, hObject, pTemplate, ulCount);
}

CK_RV cfr_do_C_SetAttributeValue(struct cfr_session *session, CK_OBJECT_HANDLE hObject,
                                 CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
    FAIL_UNLESS(pTemplate != NULL, CKR_ARGUMENTS_BAD);
    return cfr_manage_set(session, hObject, pTemplate, ulCount);
}

CK_RV cfr_do_C_FindObjectsInit(struct cfr_session *session, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
    return cfr_find_begin(session, pTemplate, ulCount);
}

CK_RV cfr_do_C_FindObjects(struct cfr_session *session, CK_OBJECT_HANDLE_PTR phObject,
                           CK_ULONG ulMaxObjectCount, CK_ULONG_PTR pulObjectCount)
{
    FAIL_UNLESS(pulObjectCount != NULL && (phObject != NULL || ulMaxObjectCount == 0), CKR_ARGUMENTS_BAD);
    return cfr_find_next(session, phObject, ulMaxObjectCount, pulObjectCount);
}

CK_RV cfr_do_C_FindObjectsFinal(struct cfr_session *session)
{
    FAIL_UNLESS(session->find.is_active, CKR_OPERATION_NOT_INITIALIZED);
    cfr_find_end(&session->find);
    return CKR_OK;
}
