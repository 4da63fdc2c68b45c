/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module: the one object that lives from C_Initialize to C_Finalize, and the only mutable state of the
 * layers above base/ and crypto/.
 *
 * A forked child has none of it: cfr_module_enter() answers CKR_CRYPTOKI_NOT_INITIALIZED there, and
 * C_Initialize starts afresh, abandoning what the parent has open. But when the module keeps forks, the fork
 * waits until nobody is inside, and the child goes on with a copy of everything, beginning with its first call.
 * After libcrypto has been cleaned up nothing is touched.
 */
#ifndef CFR_SESSION_MODULE_H
#define CFR_SESSION_MODULE_H

#include "base/gate.h"
#include "base/lock.h"
#include "config/config.h"
#include "session/token.h"
#include "token-store/master.h"
#include "token-store/store.h"

enum { CFR_SLOTS_MAX = 4096 };

struct cfr_module {
    struct cfr_gate gate;     /**< passed by every call; closed by C_Finalize */
    atomic_uint forks;        /**< process generation that initialised */
    bool keeps_forks;         /**< a child goes on with all this; written while the gate is closed */
    atomic_bool is_inherited; /**< this is a child that has not made it its own yet; the gate is closed */
    struct cfr_config config;
    struct cfr_lock lock;    /**< rank MODULE; guards the rest */
    struct cfr_store *store; /**< NULL until there is one */
    struct cfr_master *master;
    struct cfr_catalogue tokens; /**< of space 0 */
    struct cfr_token *slots[CFR_SLOTS_MAX];
    size_t slot_count;       /**< grows only */
    size_t listed_count;     /**< of them, what C_GetSlotList reports until it is asked for a new list */
    size_t noted_count;      /**< tokens that have been made, by their events */
    uint64_t listed_version; /**< the store's version at the last look at its tokens */
};

extern struct cfr_module cfr_module;

/**
 * C_Initialize.
 *
 * @param args       NULL, or the application's, already checked for form
 * @param fork_safe  the application has chosen the interface with CKF_INTERFACE_FORK_SAFE
 *
 * @retval CKR_CRYPTOKI_ALREADY_INITIALIZED  also for a call from within a call
 * @retval CKR_GENERAL_ERROR                 configuration, libcrypto, or a capturing engine; see the log
 * @retval CKR_CANT_LOCK                     the store is open in another copy of the module in this process
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_module_up(const CK_C_INITIALIZE_ARGS *args, bool fork_safe);

/** C_Finalize. CKR_CRYPTOKI_NOT_INITIALIZED. Waits for calls that are running. */
NODISCARD CK_RV cfr_module_down(void);

/** Begin a call of the API. CKR_CRYPTOKI_NOT_INITIALIZED; nothing is to be left then. */
NODISCARD CK_RV cfr_module_enter(void);

/** End it. */
void cfr_module_leave(void);

/** A point within long work where a fork may take place; the thread is inside and holds its session at most. */
void cfr_module_rest(void);

/** Whether C_Finalize waits for the calls that are running. */
bool cfr_module_is_closing(void);

/**
 * Open the store if it exists, or make it when @p may_create. Under the module's lock. CKR_OK with none, too.
 */
NODISCARD CK_RV cfr_module_open_store_locked(bool may_create);

#endif
