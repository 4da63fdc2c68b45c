/* SPDX-License-Identifier: Apache-2.0 */
/* Loading both modules, each with a store and a configuration of its own, and their first token. */
#ifndef DIFF_MODULE_H
#define DIFF_MODULE_H

#include "world.h"

/** A new scratch folder; the name is static. */
const char *diff_scratch_make(void);
void diff_scratch_remove(const char *folder);

/** Load, initialise, make a token with both PINs and open the sessions. False: said on standard error. */
bool diff_modules_start(struct diff_world *world, const char *folder, const char *const paths[SIDES]);

#endif
