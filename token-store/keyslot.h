/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A keyslot: one principal's way to the space's private key. The key is wrapped under what only PIN and
 * master key together give: files without the anchor allow no search for the PIN, the anchor without a PIN
 * opens nothing. A change of PIN rewrites one slot and no object.
 */
#ifndef CFR_TOKEN_STORE_KEYSLOT_H
#define CFR_TOKEN_STORE_KEYSLOT_H

#include "crypto/pinkdf.h"
#include "crypto/xaes.h"
#include "token-store/master.h"

enum { CFR_SPACE_KEY_LEN = 32 };

/** The record U, opened. */
struct cfr_keyslot {
    uint32_t principal;
    uint32_t epoch;    /**< rises with each change of the PIN; a login under another epoch is over */
    uint32_t attempts; /**< wrong PINs since the last right one; committed before each try */
    bool has_pin;      /**< false: no PIN was set yet, and nothing is wrapped */
    struct cfr_pinkdf_cost cost;
    uint8_t salt[CFR_PINKDF_SALT_LEN];
    uint8_t nonce[CFR_XAES_NONCE_LEN];
    uint8_t wrapped[CFR_SPACE_KEY_LEN + CFR_XAES_TAG_LEN];
};

/** Wrap @p space_key under @p pin; raises the epoch and clears the attempts. Takes the time of the KDF. */
NODISCARD CK_RV cfr_keyslot_set_pin(const struct cfr_master *master, uint32_t space, struct cfr_span pin,
                                    const struct cfr_pinkdf_cost *cost, struct cfr_secret *space_key,
                                    struct cfr_keyslot *slot);

/**
 * Unwrap. Does not look at the attempts: the caller has counted and committed this one.
 *
 * @retval CKR_PIN_INCORRECT  wrong PIN
 * @retval CKR_HOST_MEMORY    no memory for the KDF
 */
NODISCARD CK_RV cfr_keyslot_open(const struct cfr_master *master, uint32_t space,
                                 const struct cfr_keyslot *slot, struct cfr_span pin,
                                 struct cfr_secret **ret_space_key);

/** The record's text, to be sealed. */
void cfr_keyslot_encode(const struct cfr_keyslot *slot, struct cfr_buf *out);

/** CKR_DEVICE_ERROR: not a keyslot's text. */
NODISCARD CK_RV cfr_keyslot_decode(struct cfr_span text, uint32_t principal, struct cfr_keyslot *ret_slot);

#endif
