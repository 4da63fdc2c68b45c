/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token's own objects: its clock, which profiles it provides, and its mechanisms. The same on every token;
 * constant, but for the time.
 */
#ifndef CFR_SESSION_BUILT_IN_H
#define CFR_SESSION_BUILT_IN_H

#include "object/object.h"

/** Make them; once, while the module initialises. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_built_in_up(void);
void cfr_built_in_down(void);

/** The object with a number, 1 up; shared. CKR_OBJECT_HANDLE_INVALID. */
NODISCARD CK_RV cfr_built_in_find(uint64_t number, struct cfr_object **ret_object);

/**
 * Numbers of those that match a search, as octets of uint64_t, appended to @p numbers. Mechanism objects and
 * hardware features are found only by a template with their class (PKCS#11 4.14 and C_FindObjectsInit).
 */
NODISCARD CK_RV cfr_built_in_search(const struct cfr_attrs *template, struct cfr_buf *numbers);

#endif
