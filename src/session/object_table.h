/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a token that this process knows: token objects that were used lately, and all session
 * objects. Token objects are read from the store when they are needed, so that their number costs neither
 * time nor memory.
 */
#ifndef CFR_SESSION_OBJECT_TABLE_H
#define CFR_SESSION_OBJECT_TABLE_H

#include "object/object.h"
#include "session/handle.h"
#include "session/token.h"

enum {
    CFR_CACHE_MAX = 1024,    /* token objects kept ready */
    CFR_CACHE_FOUND_MAX = 64 /* of them, those that one search may put there */
};

/**
 * The object that a handle means, if the caller may see it now.
 *
 * @retval CKR_OBJECT_HANDLE_INVALID  no such object, or a private one of another login
 * @retval CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_objects_find(struct cfr_token *token, CK_OBJECT_HANDLE handle,
                                 struct cfr_object **ret_object);

/** The handle of an object that was placed in a token. */
CK_OBJECT_HANDLE cfr_objects_handle(struct cfr_token *token, const struct cfr_object *object);

/** Place a session object; shares it. CKR_HOST_MEMORY, CKR_DEVICE_MEMORY. */
NODISCARD CK_RV cfr_objects_add_session(struct cfr_token *token, struct cfr_object *object);

/** Put a changed session object in the place of the old one. CKR_OBJECT_HANDLE_INVALID: that one is gone. */
NODISCARD CK_RV cfr_objects_replace_session(struct cfr_token *token, struct cfr_object *changed);

/** Remove a session object. CKR_OBJECT_HANDLE_INVALID. */
NODISCARD CK_RV cfr_objects_remove_session(struct cfr_token *token, uint64_t number);

/**
 * Remove all session objects of a session, or the private ones of all sessions (@p owner 0). Under the lock.
 */
void cfr_objects_sweep_locked(struct cfr_token *token, CK_SESSION_HANDLE owner);

/**
 * Keep a token object that was just read with @p access, as of the space's @p generation; shares it. One that was
 * read before the last commit that is known, or in another life or login of the token, is not kept.
 */
void cfr_objects_cache(struct cfr_token *token, const struct cfr_access *access, struct cfr_object *object,
                       uint64_t generation);

/** A committed change: objects that were added, one that was replaced, the number of one that was removed. */
struct cfr_objects_change {
    struct cfr_object *const *added;
    size_t added_count;
    struct cfr_object *replacing; /**< NULL: none */
    uint64_t removed;             /**< 0: none */
};

/**
 * After a change of this process was committed, in which the space got @p generation. In one step, so that nobody
 * takes what was replaced for what is stored.
 */
void cfr_objects_committed(struct cfr_token *token, const struct cfr_access *access,
                           const struct cfr_objects_change *change, uint64_t generation);

/** A snapshot of the store through which objects are read, or taken from the cache if they are the same there. */
struct cfr_objects_snapshot {
    struct cfr_token *token;
    const struct cfr_access *access;
    struct cfr_store_txn *txn;
    uint64_t
        generation; /**< of the space; 0: not known, then each cached object is compared with its record */
};

/** Fill @p ret_snapshot; @p access and @p txn are borrowed, and the transaction was begun with that access. */
void cfr_objects_snapshot(struct cfr_token *token, const struct cfr_access *access, struct cfr_store_txn *txn,
                          struct cfr_objects_snapshot *ret_snapshot);

/**
 * A token object as it is in a snapshot.
 *
 * @param is_kept  put it into the cache, if the snapshot's generation is known
 *
 * @retval CKR_OBJECT_HANDLE_INVALID  no such object for that access
 * @retval CKR_DEVICE_ERROR, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_objects_read(const struct cfr_objects_snapshot *snapshot, uint64_t number, bool is_kept,
                                 struct cfr_object **ret_object);

/** Forget a token object, or all of them (@p number 0). Under the lock. */
void cfr_objects_forget_locked(struct cfr_token *token, uint64_t number);

/** Whether an object's number means a token object: CKA_TOKEN of it is true. */
static inline bool cfr_object_is_token(const struct cfr_object *object)
{
    return cfr_object_bool(object, CFR_B_TOKEN);
}

#endif
