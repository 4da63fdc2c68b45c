/* SPDX-License-Identifier: Apache-2.0 */
/* The public half of a private key: the table of the section "Public key from private key". */
#ifndef CFR_OBJECT_PUBLIC_HALF_H
#define CFR_OBJECT_PUBLIC_HALF_H

#include "object/object.h"

/**
 * Add to a template what the public key takes from the private one, where the template is silent.
 *
 * @retval CKR_TEMPLATE_INCONSISTENT  CKA_EC_PARAMS is given, and is another curve or has another form
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_public_half_settle(const struct cfr_object *private_key, struct cfr_attrs *template);

#endif
