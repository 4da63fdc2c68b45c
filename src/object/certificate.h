/* SPDX-License-Identifier: Apache-2.0 */
/* What the module reads in X.509 certificates. */
#ifndef CFR_OBJECT_CERTIFICATE_H
#define CFR_OBJECT_CERTIFICATE_H

#include "object/attrs.h"

/**
 * Give a new X.509 certificate its CKA_PUBLIC_KEY_INFO, from CKA_VALUE. Cryptoki lets any octets be a certificate's
 * value: where they are none, and where they are elsewhere (CKA_URL), the attribute stays as it was given.
 * PKCS#11 4.6.2, RFC 5280 section 4.1.
 *
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  the one that was given is not that of the certificate
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_certificate_settle(struct cfr_attrs *attrs);

#endif
