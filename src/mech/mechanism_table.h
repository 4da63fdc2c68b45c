/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access to the rows of the mechanism table; constant, any thread. registry.h is what the layers above use.
 */
#ifndef CFR_MECH_MECHANISM_TABLE_H
#define CFR_MECH_MECHANISM_TABLE_H

#include "mech/mechanism.h"

/** Longest secret key that is generated, created or unwrapped, octets. */
#define CFR_SECRET_KEY_MAX_LEN 65536

/** Number of rows, whether this libcrypto can run them or not. */
size_t cfr_mechanism_count(void);

/** A row by index, 0 to cfr_mechanism_count() - 1; rows rise by type. */
const struct cfr_mechanism *cfr_mechanism_row(size_t index);

#endif
