/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IVs and nonces of one run of messages under one key (CKG_…; SP 800-38D 8.2). What repeats one is refused as far
 * as little memory shows it:
 *
 *   CKG_NO_GENERATE           given; refused if it is the one that was used last
 *   CKG_GENERATE              random at first, then counted up (8.2.2, second form of the random field)
 *   CKG_GENERATE_RANDOM       random each time (8.2.2, first form)
 *   CKG_GENERATE_COUNTER      0, 1, 2, …
 *   CKG_GENERATE_COUNTER_XOR  the same, XORed with what is given, which must stay what it was
 *
 * When a process forks within a run, CKG_GENERATE begins at another random place in the child, and the two that count
 * are refused there: the parent goes on with them.
 *
 * A run has one generator, with one length and one number of fixed bits; given IVs may come in between. A run that
 * comes later, or goes on elsewhere, counts from 0 too: the fixed bits are there to tell runs apart.
 */
#ifndef CFR_MECH_NONCE_H
#define CFR_MECH_NONCE_H

#include "mech/message.h"

/** Zero-initialised: a run that begins. Used by one thread at a time. */
struct cfr_nonce {
    CK_GENERATOR_FUNCTION
    generator;  /**< CKG_NO_GENERATE: none was used yet; else the next two were with it */
    size_t len; /**< octets */
    size_t fixed_bits;
    uint32_t forks;                   /**< fork count of the process whose IVs the generator's are */
    uint64_t count;                   /**< IVs that the generator made */
    uint8_t base[CFR_GCM_IV_MAX_LEN]; /**< what is counted up or XORed */
    uint8_t last[CFR_GCM_IV_MAX_LEN]; /**< the IV that was used last, of whatever origin */
    size_t last_len;                  /**< octets; 0: none */
};

/**
 * Make the IV of the next message: nonce->last, of params->iv_len octets. It counts as used from now on,
 * whatever becomes of the message.
 *
 * @retval CKR_MECHANISM_PARAM_INVALID  it was used last, the generator has no more, or it is not the run's
 * @retval CKR_FUNCTION_FAILED          no random octets
 */
NODISCARD CK_RV cfr_nonce_next(struct cfr_nonce *nonce, const struct cfr_message_params *params);

#endif
