/* SPDX-License-Identifier: Apache-2.0 */
/* The list of slots, and the making of tokens in them. */
#ifndef CFR_SESSION_SLOT_H
#define CFR_SESSION_SLOT_H

#include "session/token.h"

/**
 * Look at the store's tokens again and list them: what C_GetSlotList does when it is asked for their number.
 * The empty slot is the last one. CKR_DEVICE_ERROR, CKR_HOST_MEMORY.
 */
NODISCARD CK_RV cfr_slots_refresh(void);

/** Number of slots in the list, and the slot at an index of it. */
size_t cfr_slots_listed(void);
struct cfr_token *cfr_slots_at(size_t index);

/**
 * The next slot whose token was made, by whatever process, since C_Initialize: each is told once. CKR_NO_EVENT,
 * CKR_HOST_MEMORY.
 */
NODISCARD CK_RV cfr_slots_next_event(CK_SLOT_ID *ret_slot);

/** Forget the events so far. */
void cfr_slots_note_all(void);

/**
 * The slot with an id; one that another process has made since the last list is found too.
 * CKR_SLOT_ID_INVALID.
 */
NODISCARD CK_RV cfr_slot_find(CK_SLOT_ID id, struct cfr_token **ret_token);

/**
 * C_InitToken: make a token in the empty slot, or give an existing one a new life without objects and user
 * PIN.
 *
 * @param label  CFR_LABEL_LEN octets
 *
 * @retval CKR_SESSION_EXISTS                   this process has a session with it
 * @retval CKR_PIN_INCORRECT, CKR_PIN_LOCKED    existing token: wrong SO PIN
 * @retval CKR_PIN_LEN_RANGE                    new token: PIN too short or too long
 * @retval CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_slot_init_token(struct cfr_token *token, struct cfr_span pin, const uint8_t *label);

/**
 * What C_GetTokenInfo reports of the store: keyslots for the PIN flags. @p slots: SO, user; has_pin tells
 * which.
 */
NODISCARD CK_RV cfr_slot_pin_state(struct cfr_token *token, struct cfr_keyslot slots[2]);

#endif
