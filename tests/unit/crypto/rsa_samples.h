/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of RSA operations share: the key they use and an operation that can be made. */
#ifndef CFR_TESTS_UNIT_CRYPTO_RSA_SAMPLES_H
#define CFR_TESTS_UNIT_CRYPTO_RSA_SAMPLES_H

#include "crypto/rsa.h"
#include "unit/crypto/fixture.h"

static const char key_id[] = "rsa2048_1";
static const struct cfr_rsa_scheme raw = {.padding = CFR_RSA_RAW};
static const struct cfr_rsa_scheme v15 = {.padding = CFR_RSA_V15};

static inline struct cfr_rsa_op *new_op(struct cfr_keymat *keymat, enum cfr_rsa_use use,
                                        const struct cfr_rsa_scheme *scheme)
{
    struct cfr_rsa_op *op = NULL;

    ASSERT_OK(cfr_rsa_op_new(keymat, use, scheme, &op));
    return op;
}

#endif
