/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot and the token in it. Slots are numbered as the store numbers tokens and keep their number for ever;
 * the last one holds a token that is not initialised yet. What other processes change in the store shows here
 * at the next use: cfr_token_refresh() compares one number and, when it differs, two records.
 *
 * Locks: `login_lock` is held through a login, with its slow key derivation; `lock` guards everything below
 * it and is never held through cryptography. The atomics are read without either.
 */
#ifndef CFR_SESSION_TOKEN_H
#define CFR_SESSION_TOKEN_H

#include "base/hashmap.h"
#include "base/lock.h"
#include "object/policy.h"
#include "object/space.h"
#include "token-store/keyslot.h"

#include <stdatomic.h>

enum { CFR_LABEL_LEN = 32, CFR_SERIAL_LEN = 16 };

/** The record T: what is kept of a token beside its objects. */
struct cfr_token_record {
    uint8_t label[CFR_LABEL_LEN]; /**< padded with blanks */
    uint8_t serial[CFR_SERIAL_LEN];
    uint32_t space;
    uint32_t revision; /**< of the stored record */
    enum cfr_profile profile;
    uint32_t pin_min_len; /**< octets */
    uint32_t pin_max_len;
    uint32_t pin_attempts; /**< wrong ones until a PIN is locked */
};

enum cfr_user { CFR_USER_NONE, CFR_USER_SO, CFR_USER_NORMAL };

/** A login; shared by whoever needs its keys beyond the token's lock. */
struct cfr_login {
    atomic_uint shares;
    enum cfr_user user;
    uint32_t slot_epoch; /**< of the keyslot that was opened; another one there means the PIN was changed */
    uint32_t next_slot_epoch; /**< the one that this process is about to give it, or the same */
    struct cfr_secret *space_key;
    struct cfr_space_half half; /**< normal user only */
};

struct cfr_login *cfr_login_share(struct cfr_login *login);
void cfr_login_drop(struct cfr_login *login);
CFR_DEFINE_DROPP(login)

/** An open space, shared likewise. */
struct cfr_open_space {
    atomic_uint shares;
    struct cfr_space *space;
};

struct cfr_open_space *cfr_open_space_share(struct cfr_open_space *open);
void cfr_open_space_drop(struct cfr_open_space *open);
CFR_DEFINE_DROPP(open_space)

struct cfr_saved;

struct cfr_token {
    CK_SLOT_ID id;

    /* Read on every use of a key, without a lock; on a cache line that only changes when they do. */
    _Alignas(64) _Atomic(uint64_t) seen_version; /**< the store's version that the members below agree with */
    _Atomic(uint64_t) epoch;                     /**< login epoch: rises with each login and logout */
    _Atomic(uint64_t) stamp; /**< rises with that, and with each change of an object or of its rights */

    _Alignas(64) struct cfr_lock login_lock; /**< rank LOGIN */
    struct cfr_lock lock;                    /**< rank TOKEN; guards the rest */
    bool is_initialized;
    struct cfr_token_record record;
    struct cfr_open_space *open; /**< NULL: not initialised, or not used yet */
    struct cfr_login *login;     /**< NULL: nobody */
    uint64_t generation;         /**< of the space, as last seen */
    uint64_t valid_from;         /**< cached objects checked at an earlier generation must be checked again */
    struct cfr_hashmap cache;    /**< struct cfr_cached by object number */
    size_t cache_hand;           /**< clock hand of the eviction */
    struct cfr_hashmap session_objects; /**< struct cfr_object by serial number */
    uint64_t next_session_object;
    struct cfr_saved *saved; /**< saved operation states, the youngest first */
    unsigned sessions;       /**< open sessions of this process */
    unsigned ro_sessions;    /**< of them, read-only ones */
};

/** Make a slot without a token. CKR_HOST_MEMORY, CKR_CANT_LOCK. */
NODISCARD CK_RV cfr_token_new(CK_SLOT_ID id, struct cfr_token **ret_token);
void cfr_token_drop(struct cfr_token *token);

/** Encode and decode the record T's text. CKR_DEVICE_ERROR. */
void cfr_token_record_encode(const struct cfr_token_record *record, struct cfr_buf *out);
NODISCARD CK_RV cfr_token_record_decode(struct cfr_span text, struct cfr_token_record *ret_record);

/** Read the record of a slot. CKR_TOKEN_NOT_PRESENT: there is none; CKR_DEVICE_ERROR. */
NODISCARD CK_RV cfr_token_record_read(const struct cfr_master *master, struct cfr_store_txn *txn,
                                      CK_SLOT_ID id, struct cfr_token_record *ret_record);

/**
 * See what other processes have changed: another label, a new PIN, a new life of the token, other objects. A
 * login that a change of PIN or a new life has ended is over when this returns. Costs a few nanoseconds when
 * nothing has changed. The caller holds neither lock.
 *
 * @retval CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_token_refresh(struct cfr_token *token);

/** Whether cfr_token_refresh() would find nothing new. */
bool cfr_token_is_current(struct cfr_token *token);

/**
 * Take note of a new record, under the token's lock: a new life of the token ends the login and forgets
 * objects.
 */
void cfr_token_adopt_locked(struct cfr_token *token, const struct cfr_token_record *record);

/** End the login, under the token's lock: private session objects go, private handles die. */
void cfr_token_logout_locked(struct cfr_token *token);

/** Who is logged in, and the profile. */
struct cfr_actor cfr_token_actor(struct cfr_token *token);

/**
 * Shares of the space and the login as they are now; the login may be NULL. What an access to the store
 * needs.
 */
struct cfr_access {
    struct cfr_open_space *open;
    struct cfr_login *login;
    struct cfr_view view;
    struct cfr_token_record record;
};

/**
 * @retval CKR_TOKEN_NOT_INITIALIZED  the slot is empty
 * @retval CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_token_access(struct cfr_token *token, struct cfr_access *ret_access);

static inline void cfr_access_dropp(struct cfr_access *access)
{
    cfr_open_space_drop(access->open);
    cfr_login_drop(access->login);
}

/**
 * Read a keyslot. CKR_USER_PIN_NOT_INITIALIZED: there is none; CKR_DEVICE_ERROR. @p ret_revision may be NULL.
 */
NODISCARD CK_RV cfr_token_read_keyslot(const struct cfr_space *space, struct cfr_store_txn *txn,
                                       uint32_t principal, struct cfr_keyslot *ret_slot,
                                       uint32_t *ret_revision);

/** After a change of this process was committed, in which the space got @p generation. Under the lock. */
void cfr_token_committed_locked(struct cfr_token *token, uint64_t generation);

#endif
