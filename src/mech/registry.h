/* SPDX-License-Identifier: Apache-2.0 */
/* The mechanisms that run here: rows of the table whose adapters find their algorithms in this libcrypto. */
#ifndef CFR_MECH_REGISTRY_H
#define CFR_MECH_REGISTRY_H

#include "mech/mechanism_table.h"

/**
 * Ask each row's adapter whether it can run; once, after cfr_ossl_up(). What cannot is not found from then
 * on.
 */
void cfr_registry_probe(void);

/**
 * The row of a mechanism that can run and has all of @p flags.
 *
 * @retval CKR_MECHANISM_INVALID  unknown, not runnable here, or not for this function
 */
NODISCARD CK_RV cfr_registry_find(CK_MECHANISM_TYPE type, CK_FLAGS flags,
                                  const struct cfr_mechanism **ret_mechanism);

/** The runnable row with number @p index, 0 up; NULL at the end. */
const struct cfr_mechanism *cfr_registry_next(size_t *index);

/** Name of any mechanism in the table, runnable or not, or NULL; for logs. */
const char *cfr_registry_name(CK_MECHANISM_TYPE type);

/** What keys of a type can do here: the flags of all runnable mechanisms that take it, CKF_ENCRYPT … */
CK_FLAGS cfr_registry_capabilities(CK_KEY_TYPE type);

/** Whether a key of this type and size (bits, as cfr_keymat_bits) is one for the row. */
bool cfr_mechanism_takes_type(const struct cfr_mechanism *mechanism, CK_KEY_TYPE type);
bool cfr_mechanism_takes_size(const struct cfr_mechanism *mechanism, size_t bits);

#endif
