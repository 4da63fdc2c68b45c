/* SPDX-License-Identifier: Apache-2.0 */
/* Slot and token management functions (PKCS#11 5.5). */
#include "session/slot.h"

#include "api/args.h"
#include "api/call.h"
#include "base/clock.h"
#include "coffer/version.h"
#include "mech/registry.h"
#include "object/profile.h"
#include "session/job.h"
#include "session/login.h"
#include "session/module.h"

enum { EVENT_PAUSE_MS = 50 /* how late C_WaitForSlotEvent and a C_Finalize that it holds up may be */ };

CK_RV cfr_do_C_GetSlotList(CK_BBOOL tokenPresent, CK_SLOT_ID_PTR pSlotList, CK_ULONG_PTR pulCount)
{
    CK_ULONG room;
    CK_ULONG count;

    (void)tokenPresent; /* every slot has a token in it, if only one that waits to be initialised */
    FAIL_UNLESS(pulCount != NULL, CKR_ARGUMENTS_BAD);
    room = *pulCount;
    if (pSlotList == NULL) {
        TRY(cfr_slots_refresh());
    }
    count = cfr_slots_listed();
    *pulCount = count;
    if (pSlotList == NULL) {
        return CKR_OK;
    }
    FAIL_UNLESS(room >= count, CKR_BUFFER_TOO_SMALL);
    for (CK_ULONG i = 0; i < count; i++) {
        pSlotList[i] = cfr_slots_at(i)->id;
    }
    return CKR_OK;
}

CK_RV cfr_do_C_GetSlotInfo(CK_SLOT_ID slotID, CK_SLOT_INFO_PTR pInfo)
{
    struct cfr_token *token = NULL;
    char description[65];

    FAIL_UNLESS(pInfo != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_slot_find(slotID, &token));
    (void)snprintf(description, sizeof(description), "Coffer slot %lu", slotID);
    memset(pInfo, 0, sizeof(*pInfo));
    cfr_put_padded(pInfo->slotDescription, sizeof(pInfo->slotDescription), description);
    cfr_put_padded(pInfo->manufacturerID, sizeof(pInfo->manufacturerID), CFR_MANUFACTURER);
    pInfo->flags = CKF_TOKEN_PRESENT;
    pInfo->firmwareVersion = (CK_VERSION){COFFER_VERSION_MAJOR, COFFER_VERSION_MINOR};
    return CKR_OK;
}

/* How near a PIN is to being locked. */
static CK_FLAGS pin_flags(const struct cfr_keyslot *slot, uint32_t limit, CK_FLAGS low, CK_FLAGS final,
                          CK_FLAGS locked)
{
    if (!slot->has_pin || slot->attempts == 0) {
        return 0;
    }
    if (slot->attempts >= limit) {
        return locked;
    }
    return slot->attempts + 1 == limit ? low | final : low;
}

static CK_FLAGS token_flags(const struct cfr_token_record *record, const struct cfr_keyslot slots[2])
{
    CK_FLAGS flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED | CKF_RESTORE_KEY_NOT_NEEDED |
                     CKF_DUAL_CRYPTO_OPERATIONS;

    if (cfr_jobs_are_allowed()) {
        flags |= CKF_ASYNC_SESSION_SUPPORTED;
    }
    if (slots[CFR_PRINCIPAL_USER].has_pin) {
        flags |= CKF_USER_PIN_INITIALIZED;
    }
    flags |= pin_flags(&slots[CFR_PRINCIPAL_SO], record->pin_attempts, CKF_SO_PIN_COUNT_LOW,
                       CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED);
    return flags | pin_flags(&slots[CFR_PRINCIPAL_USER], record->pin_attempts, CKF_USER_PIN_COUNT_LOW,
                             CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED);
}

/* What is the same for every token, and all there is to say of one that is not initialised. */
static void describe_empty(CK_TOKEN_INFO_PTR info)
{
    memset(info, 0, sizeof(*info));
    cfr_put_padded(info->label, sizeof(info->label), "");
    cfr_put_padded(info->manufacturerID, sizeof(info->manufacturerID), CFR_MANUFACTURER);
    cfr_put_padded(info->model, sizeof(info->model), "Coffer");
    cfr_put_padded(info->serialNumber, sizeof(info->serialNumber), "");
    cfr_clock_utc_text((char *)info->utcTime);
    info->flags = CKF_RNG;
    info->ulMaxSessionCount = CFR_SESSIONS_MAX;
    info->ulMaxRwSessionCount = CFR_SESSIONS_MAX;
    info->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
    info->firmwareVersion = (CK_VERSION){COFFER_VERSION_MAJOR, COFFER_VERSION_MINOR};
}

CK_RV cfr_do_C_GetTokenInfo(CK_SLOT_ID slotID, CK_TOKEN_INFO_PTR pInfo)
{
    struct cfr_token *token = NULL;
    struct cfr_keyslot slots[2];
    struct cfr_token_record record;
    CK_RV rv;

    FAIL_UNLESS(pInfo != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_slot_find(slotID, &token));
    TRY(cfr_token_refresh(token));
    rv = cfr_slot_pin_state(token, slots);
    describe_empty(pInfo);

    AUTO(hold) hold = cfr_hold_take(&token->lock);

    pInfo->ulSessionCount = token->sessions;
    pInfo->ulRwSessionCount = token->sessions - token->ro_sessions;
    pInfo->ulMinPinLen = 1;
    pInfo->ulMaxPinLen = CFR_PIN_MAX_LEN;
    if (rv == CKR_TOKEN_NOT_INITIALIZED) {
        return CKR_OK;
    }
    TRY(rv);
    record = token->record;
    cfr_copy(pInfo->label, record.label, sizeof(pInfo->label));
    cfr_copy(pInfo->serialNumber, record.serial, sizeof(pInfo->serialNumber));
    if (record.profile == CFR_PROFILE_STRICT) {
        cfr_put_padded(pInfo->model, sizeof(pInfo->model), "Coffer strict");
    } else if (record.profile == CFR_PROFILE_LEGACY) {
        cfr_put_padded(pInfo->model, sizeof(pInfo->model), "Coffer legacy");
    }
    pInfo->ulMinPinLen = record.pin_min_len;
    pInfo->ulMaxPinLen = record.pin_max_len;
    pInfo->flags = token_flags(&record, slots);
    return CKR_OK;
}

/* A token's view of the mechanisms: what its profile leaves. */
static CK_FLAGS flags_of(const struct cfr_mechanism *row, const struct cfr_actor *actor)
{
    static const CK_FLAGS functions = CKF_ENCRYPT | CKF_DECRYPT | CKF_DIGEST | CKF_SIGN | CKF_VERIFY |
                                      CKF_GENERATE | CKF_GENERATE_KEY_PAIR | CKF_WRAP | CKF_UNWRAP |
                                      CKF_DERIVE | CKF_ENCAPSULATE | CKF_DECAPSULATE;
    CK_FLAGS flags = cfr_profile_flags(row, actor->profile);

    return (flags & functions) == 0 ? 0 : flags | cfr_message_flags(row, flags);
}

/* The mechanisms that @p actor may use: how many; and which, unless @p list is NULL. */
static CK_ULONG list_mechanisms(const struct cfr_actor *actor, CK_MECHANISM_TYPE_PTR list)
{
    const struct cfr_mechanism *row;
    CK_ULONG count = 0;
    size_t index = 0;

    while ((row = cfr_registry_next(&index)) != NULL) {
        if (flags_of(row, actor) == 0) {
            continue;
        }
        if (list != NULL) {
            list[count] = row->type;
        }
        count++;
    }
    return count;
}

CK_RV cfr_do_C_GetMechanismList(CK_SLOT_ID slotID, CK_MECHANISM_TYPE_PTR pMechanismList,
                                CK_ULONG_PTR pulCount)
{
    struct cfr_token *token = NULL;
    struct cfr_actor actor;
    CK_ULONG room;

    FAIL_UNLESS(pulCount != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_slot_find(slotID, &token));
    actor = cfr_token_actor(token);
    room = *pulCount;
    *pulCount = list_mechanisms(&actor, NULL);
    if (pMechanismList == NULL) {
        return CKR_OK;
    }
    FAIL_UNLESS(*pulCount <= room, CKR_BUFFER_TOO_SMALL);
    (void)list_mechanisms(&actor, pMechanismList);
    return CKR_OK;
}

CK_RV cfr_do_C_GetMechanismInfo(CK_SLOT_ID slotID, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR pInfo)
{
    struct cfr_token *token = NULL;
    const struct cfr_mechanism *row = NULL;
    struct cfr_actor actor;

    FAIL_UNLESS(pInfo != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_slot_find(slotID, &token));
    actor = cfr_token_actor(token);
    TRY(cfr_profile_find_mechanism(type, 0, actor.profile, &row));
    FAIL_UNLESS(flags_of(row, &actor) != 0, CKR_MECHANISM_INVALID);
    *pInfo = (CK_MECHANISM_INFO){
        .ulMinKeySize = row->size.min, .ulMaxKeySize = row->size.max, .flags = flags_of(row, &actor)};
    return CKR_OK;
}

CK_RV cfr_do_C_InitToken(CK_SLOT_ID slotID, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pLabel)
{
    struct cfr_token *token = NULL;
    struct cfr_span pin;

    TRY(cfr_pin(pPin, ulPinLen, &pin));
    FAIL_UNLESS(pLabel != NULL, CKR_ARGUMENTS_BAD);
    TRY(cfr_slot_find(slotID, &token));
    return cfr_slot_init_token(token, pin, pLabel);
}

CK_RV cfr_do_C_InitPIN(struct cfr_session *session, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen)
{
    struct cfr_span pin;

    TRY(cfr_pin(pPin, ulPinLen, &pin));
    return cfr_login_init_pin(session->token, pin);
}

CK_RV cfr_do_C_SetPIN(struct cfr_session *session, CK_UTF8CHAR_PTR pOldPin, CK_ULONG ulOldLen,
                      CK_UTF8CHAR_PTR pNewPin, CK_ULONG ulNewLen)
{
    struct cfr_span old_pin;
    struct cfr_span new_pin;

    TRY(cfr_pin(pOldPin, ulOldLen, &old_pin));
    TRY(cfr_pin(pNewPin, ulNewLen, &new_pin));
    FAIL_UNLESS(session->is_rw, CKR_SESSION_READ_ONLY);
    return cfr_login_set_pin(session->token, old_pin, new_pin);
}

CK_RV cfr_do_C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR pSlot, CK_VOID_PTR pReserved)
{
    CK_SLOT_ID slot = 0;
    CK_RV rv;

    FAIL_UNLESS(pSlot != NULL && pReserved == NULL, CKR_ARGUMENTS_BAD);
    rv = cfr_slots_next_event(&slot);
    while (rv == CKR_NO_EVENT && (flags & CKF_DONT_BLOCK) == 0) {
        if (cfr_module_is_closing()) {
            return CKR_CRYPTOKI_NOT_INITIALIZED;
        }
        cfr_clock_sleep_ms(EVENT_PAUSE_MS);
        cfr_module_rest();
        rv = cfr_slots_next_event(&slot);
    }
    TRY(rv);
    *pSlot = slot;
    return CKR_OK;
}
