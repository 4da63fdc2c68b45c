/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token's own objects: its clock and counter, which profiles it provides, and its mechanisms. The same on every token;
 * constant, but for the time and the count.
 */
#ifndef CFR_SESSION_BUILT_IN_H
#define CFR_SESSION_BUILT_IN_H

#include "object/policy.h"
#include "session/token.h"

/** Make them; once, while the module initialises. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_built_in_up(void);
void cfr_built_in_down(void);

/** The object with a number, 1 up; shared. CKR_OBJECT_HANDLE_INVALID. */
NODISCARD CK_RV cfr_built_in_find(uint64_t number, struct cfr_object **ret_object);

/**
 * The monotonic counter with its next value as CKA_VALUE: 8 octets, big-endian, durable before it is seen. One counter
 * serves all tokens of the store, and C_InitToken does not reset it.
 *
 * @retval CKR_TOKEN_NOT_INITIALIZED  nothing is stored yet that could count
 * @retval CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY, CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_built_in_count(struct cfr_token *token, const struct cfr_object *counter,
                                   struct cfr_object **ret_counted);

/**
 * Numbers of those that match a search, as octets of uint64_t, appended to @p numbers. Mechanism objects and
 * hardware features are found only by a template with their class (PKCS#11 4.14 and C_FindObjectsInit), and the
 * former only where the token's profile has the mechanism.
 */
NODISCARD CK_RV cfr_built_in_search(const struct cfr_attrs *template, enum cfr_profile profile,
                                    struct cfr_buf *numbers);

#endif
