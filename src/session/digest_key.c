/* SPDX-License-Identifier: Apache-2.0 */
#include "session/digest_key.h"

#include "object/usage.h"
#include "session/object_table.h"

CK_RV cfr_digest_key(struct cfr_session *session, CK_OBJECT_HANDLE handle)
{
    AUTO(object) *key = NULL;
    AUTO(keymat) *keymat = NULL;
    struct cfr_operation *operation = &session->operations[CFR_USE_DIGEST];
    struct cfr_token *token = session->token;
    uint64_t epoch = atomic_load(&token->epoch); /* before the key is found in it */

    TRY(cfr_operation_check_part(session, CFR_USE_DIGEST));
    TRY_MAP(cfr_objects_find(token, handle, &key), CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID);
    TRY(cfr_usage_check_digest(key, cfr_token_actor(token).profile));
    TRY(cfr_object_keymat(key, &keymat));
    TRY(cfr_operation_update(session, CFR_USE_DIGEST, cfr_keymat_secret(keymat), NULL));
    if (cfr_object_bool(key, CFR_B_PRIVATE)) {
        operation->is_private_key = true;
        operation->epoch = epoch;
    }
    return CKR_OK;
}
