/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a new key takes over from the keys that it was derived from: CKA_SENSITIVE, CKA_EXTRACTABLE and their
 * history. The rules are those at the end of each derivation's section; a mechanism's row names its own.
 */
#ifndef CFR_OBJECT_INHERIT_H
#define CFR_OBJECT_INHERIT_H

#include "object/build.h"

/**
 * Settle CKA_SENSITIVE and CKA_EXTRACTABLE as far as the origin's keys decide, before the defaults do.
 *
 * @retval CKR_TEMPLATE_INCONSISTENT  the template would make the new key less secret than it has to be
 */
NODISCARD CK_RV cfr_inherit_secrecy(const struct cfr_origin *origin, struct cfr_attrs *attrs);

/** Set CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE where the class has them, once the other two are set. */
void cfr_inherit_history(const struct cfr_origin *origin, struct cfr_attrs *attrs);

#endif
