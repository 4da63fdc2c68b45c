/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens for a store that is going to be changed behind the module, and their use by C_ functions. What they
 * showed when the store was whole is remembered; whatever a call gives without an error later must be that.
 */
#ifndef CFR_TESTS_FUZZ_STORE_USE_H
#define CFR_TESTS_FUZZ_STORE_USE_H

#include <pkcs11/pkcs11.h>
#include <stdbool.h>

enum { USE_TOKENS = 2 };

/** Make the tokens and their objects. The module is up. */
void use_make(void);

/** Change a label of each object, so that records of before are recognised. */
void use_relabel(void);

/** Remember what is seen. The module is up. */
void use_remember(void);

/** What may have happened to the store. */
enum use_trust {
    USE_CHANGED, /**< by somebody who has no keys, while nobody used it: what is seen is as remembered */
    USE_FORGED   /**< by somebody with keys, or in use: anything may be seen, and nothing may break */
};

/**
 * Look at the slots and at everything in the token of one; then, if @p writes, write. Calls @p interfere,
 * unless NULL, after the login.
 */
void use_all(enum use_trust trust, CK_SLOT_ID slot, bool writes, void (*interfere)(void));

#endif
